-- What looks like fraud: seen in the journal by rules, kept as cases, decided by people.
CREATE SCHEMA fraud;

-- Every version of the rules. The last one counts; with none, those that come with the program.
CREATE TABLE fraud.rules (
    version integer NOT NULL,
    document json NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    CONSTRAINT rules_pkey PRIMARY KEY (version)
);

CREATE TABLE fraud.reader (
    id integer NOT NULL,
    low bigint NOT NULL,
    high bigint NOT NULL,
    seq bigint NOT NULL,
    CONSTRAINT reader_pkey PRIMARY KEY (id),
    CONSTRAINT reader_only_one CHECK (id = 1)
);
INSERT INTO fraud.reader (id, low, high, seq) VALUES (1, 0, 0, 0);

-- One row for each activity and each thing that it is counted by. Forgotten when no window reaches back so far.
CREATE TABLE fraud.signal (
    dimension text NOT NULL,
    subject text NOT NULL,
    at timestamptz NOT NULL,
    seq bigint NOT NULL,
    member_id uuid NOT NULL,
    activity_id uuid NOT NULL,
    kind text NOT NULL,
    till text NOT NULL,
    device text NOT NULL,
    address text NOT NULL,
    points bigint NOT NULL,
    amount_minor bigint NOT NULL,
    CONSTRAINT signal_pkey PRIMARY KEY (dimension, subject, at, seq)
);
CREATE INDEX signal_at ON fraud.signal USING brin (at);

CREATE TABLE fraud.referral (
    newcomer_id uuid NOT NULL,
    referrer_id uuid NOT NULL,
    at timestamptz NOT NULL,
    activity_id uuid NOT NULL,
    CONSTRAINT referral_pkey PRIMARY KEY (newcomer_id)
);
CREATE INDEX referral_referrer ON fraud.referral (referrer_id, at);

CREATE TABLE fraud.suspicion (
    id uuid NOT NULL,
    rule text NOT NULL,
    dimension text NOT NULL,
    subject text NOT NULL,
    -- Whom it is about, where it is about one.
    member_id uuid,
    state text NOT NULL,
    score integer NOT NULL,
    measured bigint NOT NULL,
    allowed bigint NOT NULL,
    opened_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    -- When what was seen last happened.
    seen_at timestamptz NOT NULL,
    assigned_to text NOT NULL,
    frozen_by text NOT NULL,
    -- Whether the member is frozen for this: until it is cleared.
    is_holding boolean NOT NULL,
    version integer NOT NULL,
    CONSTRAINT suspicion_pkey PRIMARY KEY (id),
    CONSTRAINT suspicion_state_known CHECK (state IN ('open', 'frozen', 'cleared', 'confirmed')),
    CONSTRAINT suspicion_holds_a_member CHECK (NOT is_holding OR member_id IS NOT NULL)
);
CREATE UNIQUE INDEX suspicion_one_open ON fraud.suspicion (rule, dimension, subject)
WHERE state IN ('open', 'frozen');
CREATE INDEX suspicion_decided ON fraud.suspicion (rule, dimension, subject, changed_at);
CREATE INDEX suspicion_queue ON fraud.suspicion (state, score DESC, id);
CREATE INDEX suspicion_member ON fraud.suspicion (member_id) WHERE member_id IS NOT NULL;

CREATE TABLE fraud.evidence (
    suspicion_id uuid NOT NULL,
    activity_id uuid NOT NULL,
    member_id uuid NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT evidence_pkey PRIMARY KEY (suspicion_id, activity_id),
    CONSTRAINT evidence_of FOREIGN KEY (suspicion_id) REFERENCES fraud.suspicion (id)
);

-- What people did about it.
CREATE TABLE fraud.deed (
    suspicion_id uuid NOT NULL,
    version integer NOT NULL,
    at timestamptz NOT NULL,
    what text NOT NULL,
    done_by text NOT NULL,
    reason text NOT NULL,
    CONSTRAINT deed_pkey PRIMARY KEY (suspicion_id, version),
    CONSTRAINT deed_of FOREIGN KEY (suspicion_id) REFERENCES fraud.suspicion (id)
);

-- What members say to it, sealed.
CREATE TABLE fraud.appeal (
    id uuid NOT NULL,
    suspicion_id uuid NOT NULL,
    at timestamptz NOT NULL,
    text_wrapped bytea NOT NULL,
    CONSTRAINT appeal_pkey PRIMARY KEY (id),
    CONSTRAINT appeal_of FOREIGN KEY (suspicion_id) REFERENCES fraud.suspicion (id)
);
CREATE INDEX appeal_suspicion ON fraud.appeal (suspicion_id, at);

-- What members are to be told.
CREATE TABLE fraud.notice (
    id uuid NOT NULL,
    member_id uuid NOT NULL,
    suspicion_id uuid NOT NULL,
    what text NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT notice_pkey PRIMARY KEY (id),
    CONSTRAINT notice_known CHECK (what IN ('frozen', 'thawed', 'confirmed'))
);
CREATE INDEX notice_member ON fraud.notice (member_id, at);
