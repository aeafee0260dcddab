-- Telling members what happened: what is to be said to whom, and what became of it. No address is kept here.
CREATE SCHEMA messages;

-- How far the journal was read.
CREATE TABLE messages.reader (
    id smallint NOT NULL,
    low bigint NOT NULL,
    high bigint NOT NULL,
    seq bigint NOT NULL,
    CONSTRAINT reader_pkey PRIMARY KEY (id),
    CONSTRAINT reader_one CHECK (id = 1)
) WITH (fillfactor = 50);

-- The house's own words. The newest version of a kind and language is used; where there is none, those of the program.
CREATE TABLE messages.template (
    kind text NOT NULL,
    language text NOT NULL,
    version integer NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    short text NOT NULL,
    written_at timestamptz NOT NULL,
    written_by text NOT NULL,
    CONSTRAINT template_pkey PRIMARY KEY (kind, language, version)
);

-- By which ways each kind goes out, when not, and how often at most.
CREATE TABLE messages.rule (
    kind text NOT NULL,
    channels text[] NOT NULL,
    -- Minutes after midnight, where the member is; equal: never quiet.
    quiet_from smallint NOT NULL,
    quiet_until smallint NOT NULL,
    -- 0: no limit.
    cap_most integer NOT NULL,
    cap_days integer NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT rule_pkey PRIMARY KEY (kind),
    CONSTRAINT rule_quiet_in_day CHECK (quiet_from BETWEEN 0 AND 1439 AND quiet_until BETWEEN 0 AND 1439),
    CONSTRAINT rule_cap_counts CHECK (cap_most >= 0 AND cap_days BETWEEN 1 AND 366)
);

CREATE TABLE messages.message (
    id uuid NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    member_id uuid NOT NULL,
    kind text NOT NULL,
    purpose text NOT NULL,
    channel text NOT NULL,
    -- What it is about: of one of these a member hears once by each way.
    reference text NOT NULL,
    -- Numbers, our own words and times; nothing personal.
    content jsonb NOT NULL,
    state text NOT NULL DEFAULT 'waiting',
    reason text NOT NULL DEFAULT '',
    tries integer NOT NULL DEFAULT 0,
    -- Of the words that were sent; 0 for those of the program.
    version integer NOT NULL DEFAULT 0,
    language text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    -- After this it would be of no use.
    useful_until timestamptz,
    -- Who has it in hand, and until when that is believed.
    holder uuid,
    held_until timestamptz,
    ended_at timestamptz,
    read_at timestamptz,
    CONSTRAINT message_pkey PRIMARY KEY (id),
    CONSTRAINT message_state_known CHECK (
        state IN ('waiting', 'claimed', 'sending', 'sent', 'skipped', 'failed', 'doubtful')
    ),
    CONSTRAINT message_held CHECK ((state IN ('claimed', 'sending')) = (holder IS NOT NULL)),
    CONSTRAINT message_ended CHECK ((state IN ('waiting', 'claimed', 'sending')) = (ended_at IS NULL))
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX message_told_once ON messages.message (member_id, reference, kind, channel);
CREATE INDEX message_due ON messages.message (due_at) WHERE state = 'waiting';
CREATE INDEX message_held_until ON messages.message (held_until) WHERE state IN ('claimed', 'sending');
CREATE INDEX message_inbox ON messages.message (member_id, number) WHERE channel = 'inbox' AND state = 'sent';
CREATE INDEX message_dead ON messages.message (number) WHERE state IN ('failed', 'doubtful');
CREATE INDEX message_ended_at ON messages.message (ended_at) WHERE ended_at IS NOT NULL;

-- Addresses that nothing is sent to, by a keyed digest: nobody reads an address here.
CREATE TABLE messages.suppressed (
    channel text NOT NULL,
    digest bytea NOT NULL,
    reason text NOT NULL,
    since timestamptz NOT NULL,
    told_by text NOT NULL,
    CONSTRAINT suppressed_pkey PRIMARY KEY (channel, digest),
    CONSTRAINT suppressed_reason_known CHECK (reason IN ('bounced', 'complained', 'asked'))
);
