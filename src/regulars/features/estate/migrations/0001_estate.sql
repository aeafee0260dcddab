-- Where the house sells: stores, channels and tills. Nothing that happens is refused for being done somewhere else.
CREATE SCHEMA estate;

CREATE TABLE estate.store (
    id text NOT NULL,
    name_en text NOT NULL,
    name_zh text NOT NULL,
    region text NOT NULL,
    -- As in the IANA database: the day of the store ends by its own clock.
    time_zone text NOT NULL,
    is_open boolean NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT store_pkey PRIMARY KEY (id)
);

CREATE TABLE estate.channel (
    id text NOT NULL,
    name_en text NOT NULL,
    name_zh text NOT NULL,
    is_open boolean NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT channel_pkey PRIMARY KEY (id)
);

-- Two stores may both have a till 1.
CREATE TABLE estate.till (
    store text NOT NULL,
    id text NOT NULL,
    name text NOT NULL,
    -- The name under which the till sends what it sells.
    source text NOT NULL,
    retired_at timestamptz,
    changed_at timestamptz NOT NULL,
    CONSTRAINT till_pkey PRIMARY KEY (store, id),
    CONSTRAINT till_of_a_store FOREIGN KEY (store) REFERENCES estate.store (id)
);
