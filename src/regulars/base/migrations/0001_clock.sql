-- Ledger time is the database's clock plus this; zero unless the database is a sandbox, which may live in the past.
CREATE TABLE base.clock (
    one boolean NOT NULL DEFAULT TRUE,
    ahead interval NOT NULL DEFAULT interval '0',
    CONSTRAINT clock_pkey PRIMARY KEY (one),
    CONSTRAINT clock_has_one_row CHECK (one)
);

INSERT INTO base.clock (one) VALUES (TRUE);
