-- Programmes that are being worked on, and every page of them: who changed what, and when.
CREATE SCHEMA sketches;

CREATE TABLE sketches.sketch (
    id uuid NOT NULL,
    name text NOT NULL,
    page integer NOT NULL,
    -- Hashes of versions: of that from which it began, and of that which was made of it last.
    base text NOT NULL,
    drafted text NOT NULL,
    begun_by text NOT NULL,
    begun_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT sketch_pkey PRIMARY KEY (id),
    CONSTRAINT sketch_page_positive CHECK (page > 0)
);
CREATE INDEX sketch_changed ON sketches.sketch (changed_at, id);

CREATE TABLE sketches.page (
    sketch_id uuid NOT NULL,
    number integer NOT NULL,
    program text NOT NULL,
    note text NOT NULL,
    by text NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT page_pkey PRIMARY KEY (sketch_id, number),
    CONSTRAINT page_of_a_sketch FOREIGN KEY (sketch_id) REFERENCES sketches.sketch (id) ON DELETE CASCADE
);
