-- What the deal says: versions by their content, when each was in force, and what offers remember of a member.
CREATE SCHEMA program;

-- A version never changes: its name is the SHA-256 of its canonical JSON.
CREATE TABLE program.version (
    hash text NOT NULL,
    document jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT version_pkey PRIMARY KEY (hash),
    CONSTRAINT version_hash_is_sha256 CHECK (hash ~ '^[0-9a-f]{64}$')
);

-- From `live_from` on, a version decides, until a release with a later one. Appended only: going back to an earlier
-- version is another release of it.
CREATE TABLE program.release (
    number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    hash text NOT NULL,
    live_from timestamptz NOT NULL,
    by text NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT release_pkey PRIMARY KEY (number),
    CONSTRAINT release_hash_fkey FOREIGN KEY (hash) REFERENCES program.version (hash),
    CONSTRAINT release_says_by_whom CHECK (by <> '')
);

-- What one offer remembers of one member. Text, not jsonb: the digest is of these very bytes, and the receipt of the
-- activity that left them names it too.
CREATE TABLE program.memory (
    member_id uuid NOT NULL,
    offer text NOT NULL,
    data text NOT NULL,
    digest bytea NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT memory_pkey PRIMARY KEY (member_id, offer),
    CONSTRAINT memory_digest_is_sha256 CHECK (octet_length(digest) = 32)
);
