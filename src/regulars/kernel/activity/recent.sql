-- What happened to members lately: from the newest on, by the ids of activities, which sort by when they were recorded.

-- name: last_purchases
SELECT wanted.member_id, last.occurred_at
FROM unnest(cast(:members AS uuid[])) AS wanted (member_id)
CROSS JOIN LATERAL (
    SELECT journal.occurred_at
    FROM activity.journal AS journal
    WHERE journal.member_id = wanted.member_id AND journal.kind IN ('purchase', 'past_purchase')
    ORDER BY journal.id DESC
    LIMIT 1
) AS last;

-- name: newest
SELECT id, body, receipt
FROM activity.journal
WHERE
    member_id = :member AND id < :before
    AND (cast(:kinds AS text[]) IS NULL OR kind = ANY(cast(:kinds AS text[])))
ORDER BY id DESC
LIMIT :most;

-- name: one
SELECT id, body, receipt
FROM activity.journal
WHERE member_id = :member AND id = :activity;
