-- What members allow: a ledger in which nothing is ever changed, and the words that they were shown.
CREATE SCHEMA consent;

-- The words of a purpose, in both languages. A new version is a new row.
CREATE TABLE consent.notice (
    purpose text NOT NULL,
    version integer NOT NULL,
    words_en text NOT NULL,
    words_zh text NOT NULL,
    published_at timestamptz NOT NULL,
    published_by text NOT NULL,
    CONSTRAINT notice_pkey PRIMARY KEY (purpose, version),
    CONSTRAINT notice_version_counts CHECK (version > 0)
);

CREATE TABLE consent.entry (
    member_id uuid NOT NULL,
    id uuid NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    purpose text NOT NULL,
    channel text NOT NULL,
    is_given boolean NOT NULL,
    -- Of the words that were shown; 0 where none of ours were.
    version integer NOT NULL,
    language text NOT NULL,
    -- Through which door it came in, and who said it there: our ids, never a name.
    door text NOT NULL,
    told_by text NOT NULL,
    -- The sender's own name of it, so that it counts once; empty for none.
    reference text NOT NULL,
    -- Where a proof is kept that is not here.
    proof text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT entry_pkey PRIMARY KEY (member_id, id),
    CONSTRAINT entry_door_known CHECK (door IN ('member', 'link', 'staff', 'import', 'gpc')),
    CONSTRAINT entry_version_counts CHECK (version >= 0)
);
CREATE INDEX entry_in_force ON consent.entry (member_id, purpose, channel, occurred_at DESC, seq DESC);
CREATE UNIQUE INDEX entry_reference_once ON consent.entry (member_id, door, reference) WHERE reference <> '';

-- Members whose rules have still to learn of a choice.
CREATE TABLE consent.telling (
    member_id uuid NOT NULL,
    CONSTRAINT telling_pkey PRIMARY KEY (member_id)
) WITH (fillfactor = 70);
