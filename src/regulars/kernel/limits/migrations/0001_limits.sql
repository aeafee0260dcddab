-- What is scarce: budgets, stock, codes, seats, caps. A ceiling, and the claims under it.
CREATE SCHEMA limits;

CREATE TABLE limits.ceiling (
    id text NOT NULL,
    amount bigint NOT NULL,
    taken bigint NOT NULL DEFAULT 0,
    -- Promised until a claim's `until`. Reservations that have ended stay in here until somebody locks the ceiling.
    reserved bigint NOT NULL DEFAULT 0,
    CONSTRAINT ceiling_pkey PRIMARY KEY (id),
    CONSTRAINT ceiling_not_negative CHECK (taken >= 0 AND reserved >= 0),
    CONSTRAINT ceiling_never_exceeded CHECK (taken + reserved <= amount)
);

-- Touched only while its ceiling's row is locked. Named by the ceiling and the activity that made it.
CREATE TABLE limits.claim (
    ceiling_id text NOT NULL,
    activity_id uuid NOT NULL,
    member_id uuid NOT NULL,
    amount bigint NOT NULL,
    -- Part of `amount` that came back: a return, or the end of a reservation.
    returned bigint NOT NULL DEFAULT 0,
    state text NOT NULL,
    at timestamptz NOT NULL,
    -- A reservation counts before this moment, and for nothing from it on.
    until timestamptz,
    -- When all of it had come back. For a reservation that ran out this is `until`, whenever a sweeper noticed.
    ended_at timestamptz,
    CONSTRAINT claim_pkey PRIMARY KEY (ceiling_id, activity_id),
    CONSTRAINT claim_amount_positive CHECK (amount > 0),
    CONSTRAINT claim_state_known CHECK (state IN ('reserved', 'taken', 'released', 'returned')),
    CONSTRAINT claim_returned_within CHECK (returned >= 0 AND returned <= amount),
    CONSTRAINT claim_until_when_reserved CHECK (state <> 'reserved' OR until IS NOT NULL),
    CONSTRAINT claim_until_later CHECK (until > at),
    CONSTRAINT claim_ended_when_back CHECK (
        (state IN ('released', 'returned')) = (returned = amount)
        AND (state IN ('released', 'returned')) = (ended_at IS NOT NULL)
    )
);
CREATE INDEX claim_member ON limits.claim (member_id);
-- What has run out: under one ceiling while it is locked, and anywhere for the sweeper.
CREATE INDEX claim_reserved ON limits.claim (ceiling_id, until) WHERE state = 'reserved';
CREATE INDEX claim_due ON limits.claim (until) WHERE state = 'reserved';
