-- The keys by which tills know, without asking, what this installation has said: vouchers and members' codes.
CREATE SCHEMA signing;

CREATE TABLE signing.key (
    -- Counted up: of two processes that make the same one, one wins.
    number integer NOT NULL,
    -- The first four bytes of the SHA-256 of the public key, in hexadecimal.
    kid text NOT NULL,
    public bytea NOT NULL,
    -- The private key, sealed under the master key of the installation.
    wrapped bytea NOT NULL,
    -- Signs from then on, until the next key does. Tills hear of it before.
    since timestamptz NOT NULL,
    -- Nothing that it signed counts any more.
    distrusted_at timestamptz,
    CONSTRAINT key_pkey PRIMARY KEY (number),
    CONSTRAINT key_kid_once UNIQUE (kid),
    CONSTRAINT key_kid_short CHECK (length(kid) = 8),
    CONSTRAINT key_public_whole CHECK (octet_length(public) = 32)
);

-- Codes by which points were used: whoever looks over a shoulder cannot use the same one again.
CREATE TABLE signing.shown (
    -- SHA-256 of the code.
    code bytea NOT NULL,
    source text NOT NULL,
    id text NOT NULL,
    issued_at timestamptz NOT NULL,
    CONSTRAINT shown_pkey PRIMARY KEY (code)
);
CREATE INDEX shown_issued ON signing.shown (issued_at);
