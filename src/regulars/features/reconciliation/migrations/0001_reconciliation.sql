-- What tills say they sold, what their files list, and what the journal has: compared by store and day.
CREATE SCHEMA reconciliation;

-- A store's business day. Its row is locked by whoever compares it.
CREATE TABLE reconciliation.day (
    store text NOT NULL,
    day date NOT NULL,
    -- The first instant of the day and the end of it, by the clock of the store when it was first told of.
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    -- The list of sales that is held against the journal; empty for none. Another name takes the place of it.
    file text NOT NULL,
    compared_at timestamptz,
    file_sales integer NOT NULL,
    ledger_sales integer NOT NULL,
    CONSTRAINT day_pkey PRIMARY KEY (store, day),
    CONSTRAINT day_has_hours CHECK (until > since)
);

-- What a till counted on a day, in its own words. Told again, the later word counts.
CREATE TABLE reconciliation.report (
    store text NOT NULL,
    day date NOT NULL,
    till text NOT NULL,
    source text NOT NULL,
    -- The first and the last of its running numbers of the day; 0 for none.
    first_number bigint NOT NULL,
    last_number bigint NOT NULL,
    sales integer NOT NULL,
    gross_minor bigint NOT NULL,
    due_minor bigint NOT NULL,
    reported_at timestamptz NOT NULL,
    CONSTRAINT report_pkey PRIMARY KEY (store, day, till),
    CONSTRAINT report_not_negative CHECK (first_number >= 0 AND last_number >= first_number AND sales >= 0)
);

-- The sales that a file lists. A file comes in parts, and a part that comes again takes the place of itself.
CREATE TABLE reconciliation.sale (
    store text NOT NULL,
    day date NOT NULL,
    part integer NOT NULL,
    number integer NOT NULL,
    source text NOT NULL,
    id text NOT NULL,
    till text NOT NULL,
    kind text NOT NULL,
    occurred_at timestamptz NOT NULL,
    due_minor bigint NOT NULL,
    -- Whether a member was shown. Who it was is nobody's business here.
    is_shown boolean NOT NULL,
    CONSTRAINT sale_pkey PRIMARY KEY (store, day, part, number),
    CONSTRAINT sale_kind_known CHECK (kind IN ('purchase', 'return'))
);

CREATE TABLE reconciliation.difference (
    -- Made of what names it, so that it is the same whenever it is found again.
    id uuid NOT NULL,
    store text NOT NULL,
    day date NOT NULL,
    kind text NOT NULL,
    till text NOT NULL,
    source text NOT NULL,
    name text NOT NULL,
    expected_minor bigint,
    ledger_minor bigint,
    amount_minor bigint NOT NULL,
    detail text NOT NULL,
    state text NOT NULL,
    owner text NOT NULL,
    note text NOT NULL,
    found_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT difference_pkey PRIMARY KEY (id),
    CONSTRAINT difference_state_known CHECK (
        state IN ('found', 'auto_fixed', 'assigned', 'accepted_loss', 'resolved')
    ),
    CONSTRAINT difference_assigned_to_somebody CHECK (state <> 'assigned' OR owner <> '')
);
CREATE INDEX difference_day ON reconciliation.difference (store, day);
CREATE INDEX difference_open ON reconciliation.difference (day, store) WHERE state IN ('found', 'assigned');
