-- name: add_session
INSERT INTO staff.session (
    id, account_id, stage, digest, created_at, seen_at, rotated_at, proved_at, ends_at, failures, agent
)
VALUES (:id, :account_id, :stage, :digest, :at, :at, :at, :at, :ends_at, 0, :agent);

-- name: find_session
-- By its token, or by the one before the last change for a moment more.
SELECT
    id, account_id, stage, created_at, seen_at, rotated_at, proved_at, ends_at, agent, failures,
    (digest = :digest) AS is_current
FROM staff.session
WHERE
    (digest = :digest OR (last_digest = :digest AND last_until > :at))
    AND stage = :stage AND ended_at IS NULL AND ends_at > :at AND seen_at > :idle_since;

-- name: see_session
UPDATE staff.session
SET seen_at = :at
WHERE id = :id AND seen_at < :at;

-- name: rotate_session
-- Of two requests that come at the hour one changes the token; the other goes on with the old one.
UPDATE staff.session
SET
    digest = :fresh, last_digest = digest, last_until = :last_until, rotated_at = :at, seen_at = :at,
    proved_at = coalesce(cast(:proved_at AS timestamptz), proved_at)
WHERE id = :id AND digest = :digest AND ended_at IS NULL
RETURNING id;

-- name: count_wrong
UPDATE staff.session
SET failures = failures + 1
WHERE id = :id
RETURNING failures;

-- name: list_sessions
SELECT
    id, account_id, stage, created_at, seen_at, rotated_at, proved_at, ends_at, agent, failures, TRUE AS is_current
FROM staff.session
WHERE
    account_id = :account_id AND stage = 'open' AND ended_at IS NULL AND ends_at > :at AND seen_at > :idle_since
ORDER BY created_at, id
LIMIT :most;

-- name: end_session
UPDATE staff.session
SET ended_at = :at
WHERE id = :id AND account_id = :account_id AND ended_at IS NULL
RETURNING id;

-- name: end_sessions
UPDATE staff.session
SET ended_at = :at
WHERE account_id = :account_id AND ended_at IS NULL AND id IS DISTINCT FROM cast(:but AS uuid)
RETURNING id;

-- name: forget_sessions
DELETE FROM staff.session
WHERE ends_at < :before
RETURNING id;
