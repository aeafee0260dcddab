-- How members sign in and what they have open: codes that are sent once, passkeys, sessions, changes of contact.
CREATE SCHEMA entrance;

-- A code that was asked for. There is a row for those, too, whom nobody knows: what is answered, and how fast, is the
-- same.
CREATE TABLE entrance.attempt (
    id uuid NOT NULL,
    -- SHA-256 of the token that whoever asked got back.
    digest bytea NOT NULL,
    member_id uuid,
    purpose text NOT NULL,
    -- The session that asked, for a proof or a change of contact.
    session_id uuid,
    code_digest bytea NOT NULL,
    -- The new contact, for a change of it: {"kind", "value"}, sealed.
    contact_wrapped bytea,
    tries integer NOT NULL,
    created_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT attempt_pkey PRIMARY KEY (id),
    CONSTRAINT attempt_digest_once UNIQUE (digest),
    CONSTRAINT attempt_purpose_known CHECK (purpose IN ('sign_in', 'step_up', 'contact')),
    CONSTRAINT attempt_of_session CHECK ((purpose = 'sign_in') = (session_id IS NULL)),
    CONSTRAINT attempt_contact CHECK ((purpose = 'contact') = (contact_wrapped IS NOT NULL) OR used_at IS NOT NULL)
);
CREATE INDEX attempt_by_end ON entrance.attempt (ends_at);

-- What is to be sent, by the worker, after whoever asked for it has committed.
CREATE TABLE entrance.message (
    id uuid NOT NULL,
    channel text NOT NULL,
    -- To whom and what, sealed; forgotten once it was sent or came to nothing.
    body_wrapped bytea,
    state text NOT NULL,
    attempts integer NOT NULL,
    created_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    CONSTRAINT message_pkey PRIMARY KEY (id),
    CONSTRAINT message_channel_known CHECK (channel IN ('email', 'sms')),
    CONSTRAINT message_state_known CHECK (state IN ('waiting', 'sent', 'failed', 'void')),
    CONSTRAINT message_body_kept CHECK ((state = 'waiting') = (body_wrapped IS NOT NULL))
);
CREATE INDEX message_due ON entrance.message (due_at) WHERE state = 'waiting';

CREATE TABLE entrance.session (
    id uuid NOT NULL,
    member_id uuid NOT NULL,
    digest bytea NOT NULL,
    -- The token before the last change; good for a moment more, for requests that were under way.
    last_digest bytea,
    last_until timestamptz,
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    rotated_at timestamptz NOT NULL,
    -- When the member last showed that they are there: by a passkey or a code.
    proved_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    ended_at timestamptz,
    agent text NOT NULL,
    CONSTRAINT session_pkey PRIMARY KEY (id),
    CONSTRAINT session_digest_once UNIQUE (digest)
);
CREATE INDEX session_by_last ON entrance.session (last_digest);
CREATE INDEX session_by_member ON entrance.session (member_id);
CREATE INDEX session_by_end ON entrance.session (ends_at);

CREATE TABLE entrance.passkey (
    id uuid NOT NULL,
    member_id uuid NOT NULL,
    credential_id bytea NOT NULL,
    public_key bytea NOT NULL,
    -- As the authenticator last told it; 0 for those that do not count.
    sign_count bigint NOT NULL,
    name text NOT NULL,
    is_backed_up boolean NOT NULL,
    created_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT passkey_pkey PRIMARY KEY (id),
    CONSTRAINT passkey_credential_once UNIQUE (credential_id)
);
CREATE INDEX passkey_by_member ON entrance.passkey (member_id);

-- Challenges that were given out; each is taken once.
CREATE TABLE entrance.ceremony (
    digest bytea NOT NULL,
    purpose text NOT NULL,
    session_id uuid,
    ends_at timestamptz NOT NULL,
    CONSTRAINT ceremony_pkey PRIMARY KEY (digest),
    CONSTRAINT ceremony_purpose_known CHECK (purpose IN ('register', 'sign_in', 'step_up')),
    CONSTRAINT ceremony_of_session CHECK ((purpose = 'sign_in') = (session_id IS NULL))
);
CREATE INDEX ceremony_by_end ON entrance.ceremony (ends_at);

-- How often somebody tried, by a keyed digest of an address or of an identifier.
CREATE TABLE entrance.pace (
    digest bytea NOT NULL,
    tries integer NOT NULL,
    since timestamptz NOT NULL,
    CONSTRAINT pace_pkey PRIMARY KEY (digest)
);

-- A contact that was put in the place of another, while the old one has a word in it.
CREATE TABLE entrance.change (
    id uuid NOT NULL,
    member_id uuid NOT NULL,
    -- Of the link in the notice.
    digest bytea NOT NULL,
    -- {"kind", "value"} of both, sealed; forgotten when nothing can be undone any more.
    old_wrapped bytea,
    new_wrapped bytea,
    changed_at timestamptz NOT NULL,
    undo_until timestamptz NOT NULL,
    undone_at timestamptz,
    CONSTRAINT change_pkey PRIMARY KEY (id),
    CONSTRAINT change_digest_once UNIQUE (digest)
);
CREATE INDEX change_by_member ON entrance.change (member_id);
