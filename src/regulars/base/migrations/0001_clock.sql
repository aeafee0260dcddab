-- Ledger time is the database's clock plus this; zero unless the database is a sandbox.
CREATE TABLE base.clock (
    one boolean NOT NULL DEFAULT TRUE,
    ahead interval NOT NULL DEFAULT interval '0',
    CONSTRAINT clock_pkey PRIMARY KEY (one),
    CONSTRAINT clock_has_one_row CHECK (one),
    CONSTRAINT clock_never_behind CHECK (ahead >= interval '0')
);

INSERT INTO base.clock (one) VALUES (TRUE);
