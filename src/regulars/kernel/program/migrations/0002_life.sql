-- A version's life before and beside its releases: drafts, marks, pilots, the author's own text, the house's policy.
-- All of it is appended only. A shop that publishes in one step never notices.

-- `publish` and `back` let a version decide for everybody from `live_from` on; `pilot` lets one decide for some,
-- beside the one that decides for everybody, until anything else is released; `end` ends that.
ALTER TABLE program.release
ADD COLUMN kind text NOT NULL DEFAULT 'publish',
ADD COLUMN pilot jsonb,
ADD COLUMN note text NOT NULL DEFAULT '',
ADD CONSTRAINT release_kind_known CHECK (kind IN ('publish', 'back', 'pilot', 'end')),
ADD CONSTRAINT release_says_on_whom_it_is_tried CHECK ((kind = 'pilot') = (pilot IS NOT NULL));

CREATE TABLE program.mark (
    number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    hash text NOT NULL,
    kind text NOT NULL,
    by text NOT NULL,
    at timestamptz NOT NULL,
    note text NOT NULL DEFAULT '',
    -- SHA-256 of the report of a simulation.
    report text,
    CONSTRAINT mark_pkey PRIMARY KEY (number),
    CONSTRAINT mark_hash_fkey FOREIGN KEY (hash) REFERENCES program.version (hash),
    CONSTRAINT mark_kind_known CHECK (kind IN ('drafted', 'simulated', 'reviewed', 'retired')),
    CONSTRAINT mark_says_by_whom CHECK (by <> ''),
    CONSTRAINT mark_report_is_sha256 CHECK ((kind = 'simulated') = (report IS NOT NULL) AND report ~ '^[0-9a-f]{64}$')
);
CREATE INDEX mark_hash ON program.mark (hash, number);

-- The text that a version was written in, comments and all; of several, the last is the author's. The version itself
-- is the content, so no text changes what it means.
CREATE TABLE program.source (
    number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    hash text NOT NULL,
    text text NOT NULL,
    digest bytea NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT source_pkey PRIMARY KEY (number),
    CONSTRAINT source_hash_fkey FOREIGN KEY (hash) REFERENCES program.version (hash),
    CONSTRAINT source_digest_is_sha256 CHECK (octet_length(digest) = 32)
);
CREATE INDEX source_hash ON program.source (hash, number);

-- What a version needs before it may decide. The last row counts; none: nothing.
CREATE TABLE program.policy (
    number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    review boolean NOT NULL,
    simulation boolean NOT NULL,
    by text NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT policy_pkey PRIMARY KEY (number),
    CONSTRAINT policy_says_by_whom CHECK (by <> '')
);

-- Versions that are there already were drafted by whoever released them first.
INSERT INTO program.mark (hash, kind, by, at)
SELECT
    first.hash,
    'drafted' AS kind,
    first.by,
    first.at
FROM (
    SELECT DISTINCT ON (hash)
        hash,
        by,
        at,
        number
    FROM program.release
    ORDER BY hash, number
) AS first
ORDER BY first.number;
