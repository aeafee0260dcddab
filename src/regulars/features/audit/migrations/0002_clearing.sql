-- That entries were cleared away when their time was over: up to which, and how many. Their links stay.
CREATE TABLE audit.clearing (
    id bigint GENERATED ALWAYS AS IDENTITY,
    through_id bigint NOT NULL,
    cleared integer NOT NULL,
    -- Nothing younger than this was cleared.
    before timestamptz NOT NULL,
    CONSTRAINT clearing_pkey PRIMARY KEY (id)
);
