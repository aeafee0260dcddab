-- Long work that people start, watch, leave and come back to.
CREATE SCHEMA tasks;

CREATE TABLE tasks.task (
    id uuid NOT NULL,
    kind text NOT NULL,
    title text NOT NULL,
    asked json NOT NULL,
    state text NOT NULL,
    done bigint NOT NULL DEFAULT 0,
    total bigint NOT NULL DEFAULT 0,
    result json,
    code text NOT NULL DEFAULT '',
    error text NOT NULL DEFAULT '',
    by text NOT NULL,
    asked_at timestamptz NOT NULL,
    begun_at timestamptz,
    ended_at timestamptz,
    -- Whoever works on it says so again and again. It is taken up anew by the next where this grows old.
    beat_at timestamptz,
    runs integer NOT NULL DEFAULT 0,
    is_stopping boolean NOT NULL DEFAULT FALSE,
    CONSTRAINT task_pkey PRIMARY KEY (id),
    CONSTRAINT task_state_known CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
    CONSTRAINT task_done_not_negative CHECK (done >= 0 AND total >= 0)
);
CREATE INDEX task_open ON tasks.task (asked_at) WHERE state IN ('waiting', 'running');
CREATE INDEX task_asked ON tasks.task (asked_at, id);

-- What a task was given or has made, sealed under a key of its own; and that key, under the master key.
CREATE TABLE tasks.file (
    task_id uuid NOT NULL,
    name text NOT NULL,
    wrapped bytea NOT NULL,
    sealed bytea NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT file_pkey PRIMARY KEY (task_id, name),
    CONSTRAINT file_of_a_task FOREIGN KEY (task_id) REFERENCES tasks.task (id) ON DELETE CASCADE
);
CREATE INDEX file_at ON tasks.file (at);
