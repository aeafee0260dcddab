-- What happened. The journal is the audit, the outbox and the store of answers; nothing in it is changed.
CREATE SCHEMA activity;

-- The names under which activities came in. One per source for ever, whoever the member is today.
CREATE TABLE activity.key (
    source text NOT NULL,
    id text NOT NULL,
    member_id uuid NOT NULL,
    activity_id uuid NOT NULL,
    digest bytea NOT NULL,
    CONSTRAINT key_pkey PRIMARY KEY (source, id)
);

CREATE TABLE activity.journal (
    member_id uuid NOT NULL,
    id uuid NOT NULL,
    -- Given after the member is locked, so that one member's rows are in the order of their effects.
    seq bigint GENERATED ALWAYS AS IDENTITY,
    -- Readers follow windows of transactions that have all ended, and order them by seq.
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    kind text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    program text NOT NULL,
    -- The earlier activity that this one undoes or answers, and the one that left it behind.
    origin_id uuid,
    parent_id uuid,
    -- Both exactly as they were written: the digest of the key is the body's, the seal is over digest and receipt.
    body json NOT NULL,
    receipt json NOT NULL,
    seal bytea NOT NULL,
    CONSTRAINT journal_pkey PRIMARY KEY (member_id, id)
);
-- Most rows are between two and four kilobytes. To press each together costs more time than the rest of its writing.
ALTER TABLE activity.journal SET (toast_tuple_target = 8160);
CREATE INDEX journal_window ON activity.journal (xid, seq);
CREATE INDEX journal_origin ON activity.journal (member_id, origin_id) WHERE origin_id IS NOT NULL;

-- Personal fields of an activity, sealed under the member's key with a salt: to forget the key is to erase them.
CREATE TABLE activity.personal (
    member_id uuid NOT NULL,
    activity_id uuid NOT NULL,
    salt bytea NOT NULL,
    cipher bytea NOT NULL,
    CONSTRAINT personal_pkey PRIMARY KEY (member_id, activity_id)
);

-- What the clock will bring. Named by its parent, so it comes once.
CREATE TABLE activity.due (
    member_id uuid NOT NULL,
    parent_id uuid NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    at timestamptz NOT NULL,
    data jsonb NOT NULL,
    state text NOT NULL DEFAULT 'open',
    CONSTRAINT due_pkey PRIMARY KEY (member_id, parent_id, name),
    CONSTRAINT due_state_known CHECK (state IN ('open', 'done', 'cancelled'))
);
CREATE INDEX due_open ON activity.due (at) WHERE state = 'open';
