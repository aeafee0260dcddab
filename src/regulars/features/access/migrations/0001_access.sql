-- Who may call from outside. A key is shown once, when it is issued; what is kept here can only recognise it.
CREATE SCHEMA access;

CREATE TABLE access.key (
    id uuid NOT NULL,
    -- The part of the key that may be shown and written down.
    prefix text NOT NULL,
    -- SHA-256 of the whole key. It holds 256 random bits, so nothing slower is needed to keep it from being guessed.
    digest bytea NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL,
    -- The one store for which the key may speak; null for any.
    store text,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    -- To the minute: nobody writes it on the way of a request.
    last_used_at timestamptz,
    CONSTRAINT key_pkey PRIMARY KEY (id),
    CONSTRAINT key_prefix_once UNIQUE (prefix),
    CONSTRAINT key_digest_whole CHECK (octet_length(digest) = 32),
    CONSTRAINT key_may_something CHECK (cardinality(scopes) > 0),
    CONSTRAINT key_ends_later CHECK (expires_at > created_at)
);
