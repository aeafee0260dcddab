-- name: stops
-- What stops these members, and what stops everybody.
SELECT id, member_id, cause, reason, stopped_by, since, until
FROM members.burning
WHERE
    (member_id IS NULL OR member_id = ANY(cast(:ids AS uuid[])))
    AND ended_at IS NULL AND since <= :at AND (until IS NULL OR until > :at)
ORDER BY since, id;

-- name: list_switches
SELECT id, member_id, cause, reason, stopped_by, since, until
FROM members.burning
WHERE cause = 'switch' AND ended_at IS NULL
ORDER BY member_id NULLS FIRST
LIMIT :most;

-- name: add_stop
-- A switch that is off already stays as it was turned.
INSERT INTO members.burning (id, member_id, cause, reason, stopped_by, since, until)
VALUES (:id, :member_id, :cause, :reason, :stopped_by, :at, :until)
ON CONFLICT (coalesce(member_id, '00000000-0000-0000-0000-000000000000'))
WHERE cause = 'switch' AND ended_at IS NULL DO NOTHING
RETURNING id;

-- name: end_switch
UPDATE members.burning
SET ended_at = :at, ended_by = :ended_by
WHERE cause = 'switch' AND member_id IS NOT DISTINCT FROM cast(:member_id AS uuid) AND ended_at IS NULL
RETURNING id;
