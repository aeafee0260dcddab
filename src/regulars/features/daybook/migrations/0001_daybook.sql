-- What happened by day, summed from the journal as it grows: figures of a year are read from here in a moment.
CREATE SCHEMA daybook;

CREATE TABLE daybook.reader (
    id integer NOT NULL,
    low bigint NOT NULL,
    high bigint NOT NULL,
    seq bigint NOT NULL,
    CONSTRAINT reader_pkey PRIMARY KEY (id),
    CONSTRAINT reader_only_one CHECK (id = 1)
);
INSERT INTO daybook.reader (id, low, high, seq) VALUES (1, 0, 0, 0);

-- Days are local ones of the programme that decided.
CREATE TABLE daybook.visit (
    day date NOT NULL,
    member_id uuid NOT NULL,
    store text NOT NULL,
    purchases integer NOT NULL,
    sales_minor bigint NOT NULL,
    returned_minor bigint NOT NULL,
    CONSTRAINT visit_pkey PRIMARY KEY (day, member_id, store)
);

CREATE TABLE daybook.points (
    day date NOT NULL,
    currency text NOT NULL,
    kind text NOT NULL,
    offer text NOT NULL,
    store text NOT NULL,
    -- As members see them: what is taken is negative.
    points bigint NOT NULL,
    times bigint NOT NULL,
    CONSTRAINT points_pkey PRIMARY KEY (day, currency, kind, offer, store)
);

-- Levels that members have now, to know from which one they come when it changes; and how many changed, by day.
CREATE TABLE daybook.standing (
    member_id uuid NOT NULL,
    trait text NOT NULL,
    level text NOT NULL,
    CONSTRAINT standing_pkey PRIMARY KEY (member_id, trait)
);

CREATE TABLE daybook.flow (
    day date NOT NULL,
    trait text NOT NULL,
    before text NOT NULL,
    after text NOT NULL,
    members bigint NOT NULL,
    CONSTRAINT flow_pkey PRIMARY KEY (day, trait, before, after)
);
