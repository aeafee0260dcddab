-- name: count_open
SELECT count(*) AS tasks
FROM tasks.task
WHERE state IN ('waiting', 'running');

-- name: add_task
INSERT INTO tasks.task (id, kind, title, asked, state, by, asked_at)
VALUES (:id, :kind, :title, cast(cast(:asked AS text) AS json), 'waiting', :by, :at);

-- name: find_task
SELECT
    id, kind, title, cast(asked AS text) AS asked, state, done, total, cast(result AS text) AS result,
    code, error, by, asked_at, begun_at, ended_at, runs, is_stopping
FROM tasks.task
WHERE id = :id;

-- name: tasks
SELECT
    id, kind, title, cast(asked AS text) AS asked, state, done, total, NULL AS result,
    code, error, by, asked_at, begun_at, ended_at, runs, is_stopping
FROM tasks.task
WHERE
    kind = ANY(cast(:kinds AS text[]))
    AND (
        cast(:before_at AS timestamptz) IS NULL
        OR (asked_at, id) < (cast(:before_at AS timestamptz), cast(:before AS uuid))
    )
ORDER BY asked_at DESC, id DESC
LIMIT :most;

-- name: take_alone
-- Until the transaction ends: whoever takes a task sees what others have taken.
SELECT pg_advisory_xact_lock(hashtextextended('tasks/take', 0)) IS NULL AS waited;

-- name: take_task
-- One at a time: nothing is taken while somebody works on another, and has lately said so.
UPDATE tasks.task AS task
SET
    state = 'running', beat_at = :at, runs = task.runs + 1, done = 0,
    begun_at = coalesce(task.begun_at, cast(:at AS timestamptz))
FROM (
    SELECT next.id
    FROM tasks.task AS next
    WHERE
        next.kind = ANY(cast(:kinds AS text[]))
        AND (next.state = 'waiting' OR (next.state = 'running' AND next.beat_at < :stale))
        AND NOT EXISTS (
            SELECT 1 FROM tasks.task AS busy WHERE busy.state = 'running' AND busy.beat_at >= :stale
        )
    ORDER BY next.asked_at, next.id
    LIMIT 1
) AS chosen
WHERE task.id = chosen.id
RETURNING
    task.id, task.kind, task.title, cast(task.asked AS text) AS asked, task.state, task.done, task.total,
    cast(task.result AS text) AS result, task.code, task.error, task.by, task.asked_at, task.begun_at,
    task.ended_at, task.runs, task.is_stopping;

-- name: beat
-- Only whoever took it last: another may have taken it up meanwhile.
UPDATE tasks.task
SET done = :done, total = :total, beat_at = :at
WHERE id = :id AND runs = :runs AND state = 'running'
RETURNING is_stopping;

-- name: end_task
UPDATE tasks.task
SET
    state = :state, result = cast(cast(:result AS text) AS json), code = :code, error = :error, ended_at = :at,
    done = CASE WHEN :state = 'done' THEN greatest(done, total) ELSE done END
WHERE id = :id AND runs = :runs AND state = 'running'
RETURNING id;

-- name: put_back
-- Told to stop: it was nobody's fault, and does not count.
UPDATE tasks.task
SET state = 'waiting', beat_at = NULL, runs = runs - 1
WHERE id = :id AND runs = :runs AND state = 'running'
RETURNING id;

-- name: cancel_task
-- What waits ends at once; what runs is stopped by whoever works on it.
UPDATE tasks.task
SET
    is_stopping = TRUE,
    state = CASE WHEN state = 'waiting' THEN 'cancelled' ELSE state END,
    ended_at = CASE WHEN state = 'waiting' THEN cast(:at AS timestamptz) ELSE ended_at END
WHERE id = :id AND state IN ('waiting', 'running')
RETURNING id;

-- name: find_file
SELECT wrapped, sealed
FROM tasks.file
WHERE task_id = :id AND name = :called;

-- name: put_file
INSERT INTO tasks.file (task_id, name, wrapped, sealed, at)
VALUES (:id, :called, :wrapped, :sealed, :at)
ON CONFLICT (task_id, name) DO UPDATE
SET wrapped = excluded.wrapped, sealed = excluded.sealed, at = excluded.at;

-- name: drop_files
DELETE FROM tasks.file AS file
USING (
    SELECT old.task_id, old.name
    FROM tasks.file AS old
    INNER JOIN tasks.task AS task ON old.task_id = task.id
    WHERE old.at < :before AND task.state NOT IN ('waiting', 'running')
    LIMIT :most
) AS gone
WHERE file.task_id = gone.task_id AND file.name = gone.name
RETURNING file.at;

-- name: drop_tasks
DELETE FROM tasks.task AS task
USING (
    SELECT old.id
    FROM tasks.task AS old
    WHERE old.ended_at < :before
    LIMIT :most
) AS gone
WHERE task.id = gone.id
RETURNING task.id;
