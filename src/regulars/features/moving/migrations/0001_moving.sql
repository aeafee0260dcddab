-- What was brought along from another system, and how far an import has come: one that was cut short goes on there.
CREATE SCHEMA moving;

CREATE TABLE moving.move (
    -- What the other system is called here.
    source text NOT NULL,
    mapping text NOT NULL,
    -- The moment at which everything changed hands: openings are booked at it.
    as_of timestamptz NOT NULL,
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT move_pkey PRIMARY KEY (source)
);

CREATE TABLE moving.part (
    source text NOT NULL,
    part text NOT NULL,
    -- SHA-256 of the file and of how it was read: another file begins anew.
    digest bytea NOT NULL,
    -- Up to which line all is done, and what became of it.
    line bigint NOT NULL,
    tally jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT part_pkey PRIMARY KEY (source, part),
    CONSTRAINT part_move FOREIGN KEY (source) REFERENCES moving.move (source),
    CONSTRAINT part_digest_whole CHECK (octet_length(digest) = 32)
);
-- A row is written again after each batch.
ALTER TABLE moving.part SET (fillfactor = 50);
