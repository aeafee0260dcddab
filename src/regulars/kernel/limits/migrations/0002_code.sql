-- Codes that somebody shows. Each stands for a ceiling, which is claimed when it is used; only its digest is kept.
CREATE TABLE limits.code (
    -- Keyed: who reads the table cannot try codes.
    digest bytea NOT NULL,
    ceiling_id text NOT NULL,
    -- The list that it came in.
    batch text NOT NULL,
    -- The only one who may use it.
    member_id uuid,
    valid_from timestamptz,
    -- It is valid before this moment.
    valid_until timestamptz,
    added_at timestamptz NOT NULL,
    CONSTRAINT code_pkey PRIMARY KEY (digest),
    CONSTRAINT code_valid_until_later CHECK (valid_until > valid_from)
);
CREATE INDEX code_batch ON limits.code (batch);
CREATE INDEX code_ceiling ON limits.code (ceiling_id);
