-- Codes of partners, lists of which are handed out one by one: each to one claim, and never to another.
CREATE TABLE limits.pool_list (
    -- Of the pool: how many codes there are, and how many are handed out.
    ceiling_id text NOT NULL,
    batch text NOT NULL,
    -- The key that its codes are sealed with, itself sealed under a master key.
    wrapped_key bytea NOT NULL,
    -- What the partner says of them: for people to read.
    valid_until timestamptz,
    added_at timestamptz NOT NULL,
    CONSTRAINT pool_list_pkey PRIMARY KEY (ceiling_id, batch)
);

CREATE TABLE limits.pooled_code (
    ceiling_id text NOT NULL,
    -- They are handed out in this order.
    number bigint NOT NULL,
    batch text NOT NULL,
    -- Keyed, so that none is taken in twice.
    digest bytea NOT NULL,
    -- Sealed: it is shown to whoever it was handed to, and to nobody else.
    cipher bytea NOT NULL,
    -- With the ceiling, the claim that it was handed to.
    activity_id uuid,
    CONSTRAINT pooled_code_pkey PRIMARY KEY (ceiling_id, number),
    CONSTRAINT pooled_code_once UNIQUE (ceiling_id, digest)
);
CREATE INDEX pooled_code_free ON limits.pooled_code (ceiling_id, number) WHERE activity_id IS NULL;
CREATE INDEX pooled_code_handed ON limits.pooled_code (ceiling_id, activity_id) WHERE activity_id IS NOT NULL;

-- A code that was ended before it began is valid at no moment: it ends at the one at which it would have begun.
ALTER TABLE limits.code DROP CONSTRAINT code_valid_until_later;
ALTER TABLE limits.code ADD CONSTRAINT code_valid_until_not_earlier CHECK (valid_until >= valid_from);
