-- What points are worth in the books: estimates, and the amount deferred for each lot on the day of its issue.
CREATE SCHEMA money;

-- How many of a thousand points will be used, in somebody's judgement. Never changed: a new one follows.
CREATE TABLE money.estimate (
    currency text NOT NULL,
    number integer NOT NULL,
    rate_permille integer NOT NULL,
    effective_from timestamptz NOT NULL,
    made_by text NOT NULL,
    at timestamptz NOT NULL,
    note text NOT NULL,
    CONSTRAINT estimate_pkey PRIMARY KEY (currency, number),
    CONSTRAINT estimate_number_positive CHECK (number > 0),
    CONSTRAINT estimate_rate_within CHECK (rate_permille BETWEEN 0 AND 1000)
);

-- Written once, by the estimate that held when the lot was issued. Later estimates change revenue, never this.
CREATE TABLE money.deferral (
    member_id uuid NOT NULL,
    currency text NOT NULL,
    lot bigint NOT NULL,
    -- sale: a share of its price; cost: given without one; funded: owed by another; moved: carried on from a parent.
    basis text NOT NULL,
    sale_minor bigint NOT NULL,
    -- Stand-alone selling price and deferred amount, in millionths of a minor unit of money.
    ssp_micro numeric(40, 0) NOT NULL,
    deferred_micro numeric(40, 0) NOT NULL,
    -- Number of the estimate; 0 for what was moved.
    estimate integer NOT NULL,
    CONSTRAINT deferral_pkey PRIMARY KEY (member_id, currency, lot),
    CONSTRAINT deferral_basis_known CHECK (basis IN ('sale', 'cost', 'funded', 'moved')),
    CONSTRAINT deferral_not_negative CHECK (sale_minor >= 0 AND ssp_micro >= 0 AND deferred_micro >= 0),
    CONSTRAINT deferral_within_sale CHECK (basis <> 'sale' OR deferred_micro <= ssp_micro)
);

-- Until when lots have been taken into the books: no estimate may speak of an earlier time any more. One row.
CREATE TABLE money.book (
    id smallint NOT NULL,
    taken_until timestamptz NOT NULL,
    CONSTRAINT book_pkey PRIMARY KEY (id),
    CONSTRAINT book_is_one CHECK (id = 1)
);
INSERT INTO money.book (id, taken_until) VALUES (1, '-infinity');
