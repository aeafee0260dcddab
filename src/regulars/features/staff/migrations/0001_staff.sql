-- Who works here: accounts, how they sign in, what they have open, and what waits for a second person.
CREATE SCHEMA staff;

CREATE TABLE staff.account (
    id uuid NOT NULL,
    -- The account's own key, wrapped; the address, the name and the second factor are sealed under it.
    wrapped_key bytea NOT NULL,
    email_blind bytea NOT NULL,
    email_blind_key_id smallint NOT NULL,
    email_cipher bytea NOT NULL,
    name_cipher bytea NOT NULL,
    roles text[] NOT NULL,
    -- The one store for which the person may speak; null for any.
    store text,
    state text NOT NULL,
    -- argon2id, as the library writes it with its settings and salt; null for who only signs on elsewhere.
    password text,
    totp_cipher bytea,
    -- The last step of thirty seconds whose code was taken: none is taken twice.
    totp_step bigint NOT NULL,
    -- The person at the identity provider, once linked.
    issuer text,
    subject text,
    failures integer NOT NULL,
    failing_since timestamptz,
    lock_outs integer NOT NULL,
    locked_until timestamptz,
    invited_by text NOT NULL,
    created_at timestamptz NOT NULL,
    signed_in_at timestamptz,
    CONSTRAINT account_pkey PRIMARY KEY (id),
    CONSTRAINT account_email_once UNIQUE (email_blind),
    CONSTRAINT account_subject_once UNIQUE (issuer, subject),
    CONSTRAINT account_state_known CHECK (state IN ('invited', 'active', 'disabled')),
    CONSTRAINT account_has_a_role CHECK (cardinality(roles) > 0),
    CONSTRAINT account_subject_whole CHECK ((issuer IS NULL) = (subject IS NULL)),
    CONSTRAINT account_second_factor CHECK ((password IS NULL) = (totp_cipher IS NULL))
);

CREATE TABLE staff.recovery (
    account_id uuid NOT NULL,
    digest bytea NOT NULL,
    used_at timestamptz,
    CONSTRAINT recovery_pkey PRIMARY KEY (account_id, digest),
    CONSTRAINT recovery_of_account FOREIGN KEY (account_id) REFERENCES staff.account (id)
);

-- One-time links. One without an account makes the first owner.
CREATE TABLE staff.link (
    digest bytea NOT NULL,
    account_id uuid,
    -- What was drawn for the second factor, while the person sets it up; wrapped.
    totp_wrapped bytea,
    created_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT link_pkey PRIMARY KEY (digest),
    CONSTRAINT link_of_account FOREIGN KEY (account_id) REFERENCES staff.account (id)
);
CREATE INDEX link_by_account ON staff.link (account_id);

CREATE TABLE staff.session (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    -- pending: the password was right, the second factor is still to come.
    stage text NOT NULL,
    digest bytea NOT NULL,
    -- The token before the last change; good for a moment more, for requests that were under way.
    last_digest bytea,
    last_until timestamptz,
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    rotated_at timestamptz NOT NULL,
    -- When the person last showed more than the token.
    proved_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    ended_at timestamptz,
    -- Wrong codes, while pending.
    failures integer NOT NULL,
    agent text NOT NULL,
    CONSTRAINT session_pkey PRIMARY KEY (id),
    CONSTRAINT session_digest_once UNIQUE (digest),
    CONSTRAINT session_stage_known CHECK (stage IN ('pending', 'open')),
    CONSTRAINT session_of_account FOREIGN KEY (account_id) REFERENCES staff.account (id)
);
CREATE INDEX session_by_last ON staff.session (last_digest);
CREATE INDEX session_by_account ON staff.session (account_id);
CREATE INDEX session_by_end ON staff.session (ends_at);

-- Addresses that failed to sign in, by a keyed digest.
CREATE TABLE staff.address (
    digest bytea NOT NULL,
    failures integer NOT NULL,
    failing_since timestamptz NOT NULL,
    lock_outs integer NOT NULL,
    locked_until timestamptz,
    CONSTRAINT address_pkey PRIMARY KEY (digest)
);

-- People on their way to the identity provider and back.
CREATE TABLE staff.errand (
    digest bytea NOT NULL,
    nonce text NOT NULL,
    verifier_wrapped bytea NOT NULL,
    ends_at timestamptz NOT NULL,
    CONSTRAINT errand_pkey PRIMARY KEY (digest)
);

CREATE TABLE staff.approval (
    id uuid NOT NULL,
    action text NOT NULL,
    scope text NOT NULL,
    method text NOT NULL,
    path text NOT NULL,
    query text NOT NULL,
    content_type text NOT NULL,
    -- The request as it came, sealed: it may name members.
    body_wrapped bytea NOT NULL,
    body_digest bytea NOT NULL,
    state text NOT NULL,
    asked_by uuid NOT NULL,
    asked_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    decided_by uuid,
    decided_at timestamptz,
    note text NOT NULL,
    -- Who carries it out has it until then; after that somebody else may try again.
    taken_until timestamptz,
    outcome_status integer,
    outcome_code text NOT NULL,
    CONSTRAINT approval_pkey PRIMARY KEY (id),
    CONSTRAINT approval_state_known CHECK (state IN ('waiting', 'approved', 'done', 'failed', 'refused')),
    CONSTRAINT approval_by_another CHECK (state = 'waiting' OR state = 'refused' OR decided_by <> asked_by),
    CONSTRAINT approval_asked_by_account FOREIGN KEY (asked_by) REFERENCES staff.account (id),
    CONSTRAINT approval_decided_by_account FOREIGN KEY (decided_by) REFERENCES staff.account (id)
);
CREATE INDEX approval_by_time ON staff.approval (asked_at, id);
