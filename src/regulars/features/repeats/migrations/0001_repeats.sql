-- What senders called their writes, and what was answered.
CREATE SCHEMA repeats;

CREATE TABLE repeats.answer (
    -- Whoever sent it, and their own name of it.
    caller text NOT NULL,
    key text NOT NULL,
    -- SHA-256 of what was asked for.
    digest bytea NOT NULL,
    -- The answer, sealed under a key of its own; and that key, under the master key of the installation.
    wrapped bytea NOT NULL,
    sealed bytea NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT answer_pkey PRIMARY KEY (caller, key),
    CONSTRAINT answer_digest_whole CHECK (octet_length(digest) = 32)
);
CREATE INDEX answer_at ON repeats.answer (at);
