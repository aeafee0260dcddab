-- Forgetting: who was forgotten and what that wrote off, who may not be for the law's sake, how long things are kept,
-- and what was done about it. Nothing in here says who anybody is.
CREATE SCHEMA privacy;

-- That a member was forgotten, for those who must show it. One row for each, for ever.
CREATE TABLE privacy.erasure (
    member_id uuid NOT NULL,
    activity_id uuid NOT NULL,
    erased_at timestamptz NOT NULL,
    -- Who wished it: the member, somebody at the desk for them, the rule for those who never came back, or a restore.
    asked_by text NOT NULL,
    -- Who did it: a key's prefix, an account's id, a program.
    done_by text NOT NULL,
    -- What was written off, and how much each room forgot.
    told json NOT NULL,
    -- Those who had become part of the member, and were forgotten too.
    absorbed uuid[] NOT NULL,
    -- Whether the owner of the tables has yet to take words out of the journal.
    is_whole boolean NOT NULL,
    CONSTRAINT erasure_pkey PRIMARY KEY (member_id),
    CONSTRAINT erasure_asked_known CHECK (asked_by IN ('member', 'desk', 'retention', 'restore'))
);
CREATE INDEX erasure_by_time ON privacy.erasure (erased_at, member_id);
CREATE INDEX erasure_unfinished ON privacy.erasure (member_id) WHERE NOT is_whole;

-- Who must not be forgotten, and nothing of theirs cleared away: a dispute, an order of a court.
CREATE TABLE privacy.legal_hold (
    id uuid NOT NULL,
    member_id uuid NOT NULL,
    -- The number of the matter elsewhere, and no story.
    matter text NOT NULL,
    placed_by text NOT NULL,
    placed_at timestamptz NOT NULL,
    ended_by text,
    ended_at timestamptz,
    CONSTRAINT legal_hold_pkey PRIMARY KEY (id),
    CONSTRAINT legal_hold_end_told CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE UNIQUE INDEX legal_hold_once ON privacy.legal_hold (member_id, matter) WHERE ended_at IS NULL;

-- How long the things of a sort are kept, where it is not as the sort itself says. The last row of a sort counts.
CREATE TABLE privacy.period (
    id bigint GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    -- Null: as the sort itself says.
    days integer,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT period_pkey PRIMARY KEY (id),
    CONSTRAINT period_not_negative CHECK (days >= 0)
);
CREATE INDEX period_by_name ON privacy.period (name, id);

-- Members who have not come for long, and were told that they will be forgotten.
CREATE TABLE privacy.warning (
    member_id uuid NOT NULL,
    warned_at timestamptz NOT NULL,
    erase_at timestamptz NOT NULL,
    CONSTRAINT warning_pkey PRIMARY KEY (member_id),
    CONSTRAINT warning_comes_before CHECK (erase_at > warned_at)
);
CREATE INDEX warning_due ON privacy.warning (erase_at);

-- What a round of clearing did.
CREATE TABLE privacy.round (
    id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL,
    report json NOT NULL,
    CONSTRAINT round_pkey PRIMARY KEY (id)
);
