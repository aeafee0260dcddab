-- What is scarce: budgets, stock, codes, seats, caps. A ceiling, and the claims under it.
CREATE SCHEMA limits;

CREATE TABLE limits.ceiling (
    id text NOT NULL,
    amount bigint NOT NULL,
    taken bigint NOT NULL DEFAULT 0,
    reserved bigint NOT NULL DEFAULT 0,
    CONSTRAINT ceiling_pkey PRIMARY KEY (id),
    CONSTRAINT ceiling_not_negative CHECK (taken >= 0 AND reserved >= 0),
    CONSTRAINT ceiling_never_exceeded CHECK (taken + reserved <= amount)
);

CREATE TABLE limits.claim (
    ceiling_id text NOT NULL,
    activity_id uuid NOT NULL,
    member_id uuid NOT NULL,
    amount bigint NOT NULL,
    -- Part of `amount` that came back: a return, or the end of a reservation.
    returned bigint NOT NULL DEFAULT 0,
    state text NOT NULL,
    at timestamptz NOT NULL,
    until timestamptz,
    CONSTRAINT claim_pkey PRIMARY KEY (ceiling_id, activity_id),
    CONSTRAINT claim_amount_positive CHECK (amount > 0),
    CONSTRAINT claim_state_known CHECK (state IN ('reserved', 'taken', 'released', 'returned')),
    CONSTRAINT claim_returned_within CHECK (returned >= 0 AND returned <= amount),
    CONSTRAINT claim_until_when_reserved CHECK (state <> 'reserved' OR until IS NOT NULL)
);
CREATE INDEX claim_member ON limits.claim (member_id);
CREATE INDEX claim_reserved ON limits.claim (until) WHERE state = 'reserved';
