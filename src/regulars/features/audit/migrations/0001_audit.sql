-- Who did what: appended by whoever does it, sealed afterwards in one chain, never changed.
CREATE SCHEMA audit;

CREATE TABLE audit.entry (
    id bigint GENERATED ALWAYS AS IDENTITY,
    -- Sealed are windows of transactions that have all ended: no writer waits for another.
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL,
    actor_kind text NOT NULL,
    -- Null where nobody was let in.
    actor_id uuid,
    actor_name text NOT NULL,
    -- The second person, where there was one.
    agreed_by uuid,
    -- A network and not an address: /24, or /48.
    network text NOT NULL,
    agent text NOT NULL,
    -- The name of the route or the command, and its pattern.
    what text NOT NULL,
    route text NOT NULL,
    object text NOT NULL,
    -- Of configuration: by field, [before, after]. What is personal or secret is not in it.
    changes json NOT NULL,
    reason text NOT NULL,
    outcome text NOT NULL,
    status integer NOT NULL,
    code text NOT NULL,
    request_id text NOT NULL,
    CONSTRAINT entry_pkey PRIMARY KEY (id),
    CONSTRAINT entry_outcome_known CHECK (outcome IN ('done', 'refused', 'failed', 'waiting'))
);
CREATE INDEX entry_actor ON audit.entry (actor_id, id) WHERE actor_id IS NOT NULL;
CREATE INDEX entry_object ON audit.entry (object, id) WHERE object <> '';
CREATE INDEX entry_what ON audit.entry (what, id);

-- One link of the chain for each entry. It stays when the entry is forgotten, so the chain stays whole.
CREATE TABLE audit.seal (
    number bigint NOT NULL,
    entry_id bigint NOT NULL,
    -- Every transaction below this had ended when the link was made.
    horizon bigint NOT NULL,
    digest bytea NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT seal_pkey PRIMARY KEY (number),
    CONSTRAINT seal_once UNIQUE (entry_id),
    CONSTRAINT seal_whole CHECK (octet_length(digest) = 32 AND octet_length(hash) = 32)
);

-- What people did in the journal, found by the person. The journal itself tells what it was.
CREATE TABLE audit.act (
    actor_id uuid NOT NULL,
    seq bigint NOT NULL,
    at timestamptz NOT NULL,
    member_id uuid NOT NULL,
    activity_id uuid NOT NULL,
    kind text NOT NULL,
    source text NOT NULL,
    name text NOT NULL,
    CONSTRAINT act_pkey PRIMARY KEY (actor_id, seq)
);

-- How far the journal was read. The last row counts.
CREATE TABLE audit.place (
    id bigint GENERATED ALWAYS AS IDENTITY,
    low bigint NOT NULL,
    high bigint NOT NULL,
    seq bigint NOT NULL,
    CONSTRAINT place_pkey PRIMARY KEY (id)
);
