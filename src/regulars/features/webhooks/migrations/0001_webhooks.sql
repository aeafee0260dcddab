-- Telling other systems what happened: to whom, what, and what became of each attempt.
CREATE SCHEMA webhooks;

CREATE TABLE webhooks.endpoint (
    id uuid NOT NULL,
    url text NOT NULL,
    description text NOT NULL,
    kinds text[] NOT NULL,
    is_enabled boolean NOT NULL,
    -- Why it is not enabled: somebody asked, it answered 410, or nothing but failures for days.
    reason text NOT NULL DEFAULT '',
    -- The first failure after the last success.
    failing_since timestamptz,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT endpoint_pkey PRIMARY KEY (id),
    CONSTRAINT endpoint_reason_known CHECK (reason IN ('', 'asked', 'gone', 'failing')),
    CONSTRAINT endpoint_reason_given CHECK (is_enabled = (reason = ''))
);

CREATE TABLE webhooks.secret (
    endpoint_id uuid NOT NULL,
    number integer NOT NULL,
    sealed bytea NOT NULL,
    since timestamptz NOT NULL,
    ends_at timestamptz,
    CONSTRAINT secret_pkey PRIMARY KEY (endpoint_id, number),
    CONSTRAINT secret_endpoint_fkey FOREIGN KEY (endpoint_id) REFERENCES webhooks.endpoint (id) ON DELETE CASCADE
);

-- Which kinds of events an endpoint asked for, and from which place in the journal on: so that it can be proved that
-- it has all of them.
CREATE TABLE webhooks.wish (
    endpoint_id uuid NOT NULL,
    number integer NOT NULL,
    kinds text[] NOT NULL,
    low bigint NOT NULL,
    high bigint NOT NULL,
    seq bigint NOT NULL,
    CONSTRAINT wish_pkey PRIMARY KEY (endpoint_id, number),
    CONSTRAINT wish_endpoint_fkey FOREIGN KEY (endpoint_id) REFERENCES webhooks.endpoint (id) ON DELETE CASCADE
);

-- Who reads the journal: one for all endpoints, which goes on for ever, and those that read once more for one of them.
CREATE TABLE webhooks.reader (
    id uuid NOT NULL,
    endpoint_id uuid,
    low bigint NOT NULL,
    high bigint NOT NULL,
    seq bigint NOT NULL,
    -- A reader for one endpoint ends here: what follows is the other's.
    until bigint,
    -- The highest number of the journal whose events have been forgotten since.
    forgotten bigint NOT NULL DEFAULT 0,
    CONSTRAINT reader_pkey PRIMARY KEY (id),
    CONSTRAINT reader_ends CHECK ((endpoint_id IS NULL) = (until IS NULL)),
    CONSTRAINT reader_endpoint_fkey FOREIGN KEY (endpoint_id) REFERENCES webhooks.endpoint (id) ON DELETE CASCADE
);

-- What is told, once however many are told it. Only events that somebody asked for are kept.
CREATE TABLE webhooks.event (
    id text NOT NULL,
    member_id uuid NOT NULL,
    -- The number of its activity in the journal; 0 for a test.
    seq bigint NOT NULL,
    kind text NOT NULL,
    at timestamptz NOT NULL,
    body text NOT NULL,
    CONSTRAINT event_pkey PRIMARY KEY (id)
);

CREATE TABLE webhooks.delivery (
    id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    -- The order in which one member's events go to one endpoint.
    number bigint GENERATED ALWAYS AS IDENTITY,
    member_id uuid NOT NULL,
    event_id text NOT NULL,
    state text NOT NULL DEFAULT 'waiting',
    reason text NOT NULL DEFAULT '',
    attempts integer NOT NULL DEFAULT 0,
    -- Of this go: a replay begins a new one.
    tries integer NOT NULL DEFAULT 0,
    first_at timestamptz,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT delivery_pkey PRIMARY KEY (id),
    CONSTRAINT delivery_once UNIQUE (endpoint_id, event_id),
    CONSTRAINT delivery_state_known CHECK (state IN ('waiting', 'delivered', 'failed')),
    CONSTRAINT delivery_reason_given CHECK ((state = 'failed') = (reason <> '')),
    CONSTRAINT delivery_end_told CHECK ((state = 'waiting') = (ended_at IS NULL)),
    CONSTRAINT delivery_endpoint_fkey FOREIGN KEY (endpoint_id) REFERENCES webhooks.endpoint (id) ON DELETE CASCADE,
    CONSTRAINT delivery_event_fkey FOREIGN KEY (event_id) REFERENCES webhooks.event (id)
);
CREATE INDEX delivery_waiting ON webhooks.delivery (endpoint_id, member_id, number) WHERE state = 'waiting';
CREATE INDEX delivery_listed ON webhooks.delivery (endpoint_id, number);
CREATE INDEX delivery_event ON webhooks.delivery (event_id);
CREATE INDEX delivery_ended ON webhooks.delivery (ended_at) WHERE state <> 'waiting';

-- One row for each member and endpoint with something waiting. Whoever holds it may send the first of it, until due_at:
-- then somebody else may, for whoever held it is taken to be dead.
CREATE TABLE webhooks.lane (
    endpoint_id uuid NOT NULL,
    member_id uuid NOT NULL,
    due_at timestamptz NOT NULL,
    holder uuid,
    CONSTRAINT lane_pkey PRIMARY KEY (endpoint_id, member_id),
    CONSTRAINT lane_endpoint_fkey FOREIGN KEY (endpoint_id) REFERENCES webhooks.endpoint (id) ON DELETE CASCADE
);
CREATE INDEX lane_due ON webhooks.lane (endpoint_id, due_at);

CREATE TABLE webhooks.attempt (
    delivery_id uuid NOT NULL,
    number integer NOT NULL,
    at timestamptz NOT NULL,
    -- The HTTP status; none where no answer came.
    status integer,
    error text NOT NULL,
    duration_ms integer NOT NULL,
    CONSTRAINT attempt_pkey PRIMARY KEY (delivery_id, number),
    CONSTRAINT attempt_delivery_fkey FOREIGN KEY (delivery_id) REFERENCES webhooks.delivery (id) ON DELETE CASCADE
);
