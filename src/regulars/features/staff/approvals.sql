-- name: add_approval
INSERT INTO staff.approval (
    id, action, scope, method, path, query, content_type, body_wrapped, body_digest, state, asked_by, asked_at, ends_at,
    note, outcome_code
)
VALUES (
    :id, :action, :scope, :method, :path, :query, :content_type, :body_wrapped, :body_digest, 'waiting', :asked_by,
    :at, :ends_at, '', ''
);

-- name: find_same
-- What is asked again while it waits is the same request.
SELECT
    id, action, scope, method, path, query, content_type, body_wrapped, state, asked_by, asked_at, ends_at, decided_by,
    decided_at, note, outcome_status, outcome_code
FROM staff.approval
WHERE
    asked_by = :asked_by AND method = :method AND path = :path AND query = :query AND body_digest = :body_digest
    AND state = 'waiting' AND ends_at > :at;

-- name: find_approval
SELECT
    id, action, scope, method, path, query, content_type, body_wrapped, state, asked_by, asked_at, ends_at, decided_by,
    decided_at, note, outcome_status, outcome_code
FROM staff.approval
WHERE id = :id;

-- name: list_approvals
SELECT
    id, action, scope, method, path, query, content_type, body_wrapped, state, asked_by, asked_at, ends_at, decided_by,
    decided_at, note, outcome_status, outcome_code
FROM staff.approval
WHERE
    id < :before
    AND (cast(:state AS text) = '' OR state = :state)
    AND (NOT :only_live OR (state = 'waiting' AND ends_at > :at))
ORDER BY id DESC
LIMIT :most;

-- name: take_approval
-- One wins. What was taken and never ended, because its server died, may be taken again later.
UPDATE staff.approval
SET state = 'approved', decided_by = :decided_by, decided_at = :at, note = :note, taken_until = :taken_until
WHERE
    id = :id AND asked_by <> :decided_by
    AND ((state = 'waiting' AND ends_at > :at) OR (state = 'approved' AND taken_until < :at))
RETURNING id;

-- name: refuse_approval
UPDATE staff.approval
SET state = 'refused', decided_by = :decided_by, decided_at = :at, note = :note
WHERE id = :id AND state = 'waiting' AND ends_at > :at
RETURNING id;

-- name: end_approval
UPDATE staff.approval
SET state = :state, outcome_status = :status, outcome_code = :code, taken_until = NULL
WHERE id = :id AND state = 'approved' AND decided_by = :decided_by;

-- name: drop_old_approvals
-- Whatever became of them: what they asked for is sealed in the row, and may name members.
DELETE FROM staff.approval AS approval
USING (
    SELECT old.id
    FROM staff.approval AS old
    WHERE old.asked_at < :before AND old.ends_at < :before
    ORDER BY old.asked_at, old.id
    LIMIT :most
) AS gone
WHERE approval.id = gone.id
RETURNING approval.id;
