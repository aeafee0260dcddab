-- What members hold. Entries, allocations: appended, never changed. Accounts, lots, holds: what they add up to.
CREATE SCHEMA ledger;

-- Every account is a member's: `points` and `arrears` are what the member sees; the others (issuance, redemption,
-- breakage, …) are the house's side of this member, so that no row is shared by all and each member's books balance
-- alone. The house's total is their sum.
CREATE TABLE ledger.account (
    member_id uuid NOT NULL,
    currency text NOT NULL,
    account text NOT NULL,
    version bigint NOT NULL,
    balance bigint NOT NULL,
    -- Ledger time of the last entry: it never goes back.
    at timestamptz NOT NULL,
    -- For `points`: no lot ends before this; NULL when none ends at all. The sweeper looks here.
    due_at timestamptz,
    CONSTRAINT account_pkey PRIMARY KEY (member_id, currency, account),
    CONSTRAINT account_version_positive CHECK (version >= 0),
    CONSTRAINT account_points_not_negative CHECK (account <> 'points' OR balance >= 0),
    CONSTRAINT account_arrears_not_positive CHECK (account <> 'arrears' OR balance <= 0)
);
CREATE INDEX account_due ON ledger.account (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE ledger.entry (
    member_id uuid NOT NULL,
    currency text NOT NULL,
    account text NOT NULL,
    version bigint NOT NULL,
    activity_id uuid NOT NULL,
    kind text NOT NULL,
    amount bigint NOT NULL,
    balance bigint NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT entry_pkey PRIMARY KEY (member_id, currency, account, version),
    CONSTRAINT entry_version_positive CHECK (version > 0),
    CONSTRAINT entry_moves_something CHECK (amount <> 0)
);

-- A lot is named by the version of the points entry that issued it.
CREATE TABLE ledger.lot (
    member_id uuid NOT NULL,
    currency text NOT NULL,
    number bigint NOT NULL,
    amount bigint NOT NULL,
    remaining bigint NOT NULL,
    -- Ended unused and still counted as breakage.
    expired bigint NOT NULL DEFAULT 0,
    issued_at timestamptz NOT NULL,
    -- The end of the year 9999 waits for an activating event.
    usable_from timestamptz NOT NULL,
    expires_at timestamptz,
    priority smallint NOT NULL DEFAULT 0,
    activity_id uuid NOT NULL,
    offer text NOT NULL,
    program text NOT NULL,
    funder text NOT NULL,
    -- Fair value of one point in millionths of a minor unit of money.
    value_micro bigint NOT NULL,
    parent_member uuid,
    parent_number bigint,
    CONSTRAINT lot_pkey PRIMARY KEY (member_id, currency, number),
    CONSTRAINT lot_amount_positive CHECK (amount > 0),
    CONSTRAINT lot_remaining_within CHECK (remaining >= 0 AND expired >= 0 AND remaining + expired <= amount),
    CONSTRAINT lot_ends_after_issue CHECK (expires_at > issued_at),
    CONSTRAINT lot_value_not_negative CHECK (value_micro >= 0)
);

-- Lots come in about the order in which they become usable, so a few pages tell which do on a day.
CREATE INDEX lot_usable ON ledger.lot USING brin (usable_from);

-- Which entry moved how much of which lot: negative takes, positive restores. The issue itself is the lot's amount.
CREATE TABLE ledger.allocation (
    member_id uuid NOT NULL,
    currency text NOT NULL,
    lot bigint NOT NULL,
    account text NOT NULL,
    version bigint NOT NULL,
    amount bigint NOT NULL,
    -- For a restore: the version of the entry whose taking it undoes.
    undoes bigint,
    CONSTRAINT allocation_pkey PRIMARY KEY (member_id, currency, lot, account, version),
    CONSTRAINT allocation_moves_something CHECK (amount <> 0),
    CONSTRAINT allocation_undoes_when_restoring CHECK (undoes IS NULL OR (amount > 0 AND undoes < version))
);

CREATE TABLE ledger.hold (
    member_id uuid NOT NULL,
    id uuid NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL,
    captured bigint NOT NULL DEFAULT 0,
    released bigint NOT NULL DEFAULT 0,
    state text NOT NULL,
    held_at timestamptz NOT NULL,
    -- Last use, and last moment at which a use made in time may still be uploaded.
    valid_until timestamptz NOT NULL,
    settle_until timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT hold_pkey PRIMARY KEY (member_id, id),
    CONSTRAINT hold_state_known CHECK (state IN ('open', 'captured', 'released', 'expired')),
    CONSTRAINT hold_parts_within CHECK (captured >= 0 AND released >= 0 AND captured + released <= amount),
    CONSTRAINT hold_open_until_used_up CHECK ((state = 'open') = (captured + released < amount)),
    CONSTRAINT hold_times_in_order CHECK (settle_until >= valid_until AND valid_until > held_at),
    CONSTRAINT hold_amount_positive CHECK (amount > 0)
);
CREATE INDEX hold_open ON ledger.hold (settle_until) WHERE state = 'open';

-- The lots that a hold names, with their owners (another member's in a household pool).
CREATE TABLE ledger.hold_lot (
    member_id uuid NOT NULL,
    hold_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    currency text NOT NULL,
    lot bigint NOT NULL,
    amount bigint NOT NULL,
    captured bigint NOT NULL DEFAULT 0,
    released bigint NOT NULL DEFAULT 0,
    CONSTRAINT hold_lot_pkey PRIMARY KEY (member_id, hold_id, owner_id, lot),
    CONSTRAINT hold_lot_parts_within CHECK (captured >= 0 AND released >= 0 AND captured + released <= amount),
    CONSTRAINT hold_lot_amount_positive CHECK (amount > 0)
);
CREATE INDEX hold_lot_owner ON ledger.hold_lot (owner_id, currency, lot);
