-- What is taken along of the journal.

-- name: activities_of
SELECT
    member_id,
    id,
    seq,
    kind,
    occurred_at,
    recorded_at,
    program,
    origin_id,
    body::text AS body,
    receipt::text AS receipt
FROM activity.journal
WHERE member_id = any(cast(:ids AS uuid[]))
ORDER BY member_id, seq;
