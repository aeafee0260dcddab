-- name: sales_between
-- What tills sold and took back in one store, and vouchers that they took, by when it happened.
SELECT kind, occurred_at, body, receipt
FROM activity.journal
WHERE
    occurred_at >= :since AND occurred_at < :until
    AND kind IN ('purchase', 'return', 'voucher_used') AND body ->> 'store' = :store
ORDER BY seq;

-- name: sales_named
-- Whatever came in under these names, in whichever store and at whatever time.
SELECT journal.kind, journal.occurred_at, journal.body, journal.receipt
FROM unnest(cast(:sources AS text[]), cast(:ids AS text[])) AS wanted (source, id)
INNER JOIN activity.key AS key ON wanted.source = key.source AND wanted.id = key.id
INNER JOIN activity.journal AS journal ON key.member_id = journal.member_id AND key.activity_id = journal.id
ORDER BY journal.seq;

-- name: conflicts
-- Vouchers that tills took and should not have, the last recorded first.
SELECT member_id, id, seq, occurred_at, recorded_at, body, receipt
FROM activity.journal
WHERE
    kind = 'voucher_used' AND seq < :before AND occurred_at >= :since AND occurred_at < :until
    AND (:store = '' OR body ->> 'store' = :store)
    AND (cast(:member AS uuid) IS NULL OR member_id = cast(:member AS uuid))
    AND EXISTS (
        SELECT 1 FROM json_array_elements(receipt -> 'reasons') AS reason
        WHERE reason ->> 'code' = ANY(cast(:codes AS text[]))
    )
ORDER BY seq DESC
LIMIT :most;

-- name: places
-- The stores, or the channels, that activities of a time name.
SELECT body ->> cast(:part AS text) AS place, count(*) AS activities, max(occurred_at) AS last_at
FROM activity.journal
WHERE occurred_at >= :since AND occurred_at < :until AND body ->> cast(:part AS text) <> ''
GROUP BY body ->> cast(:part AS text)
ORDER BY count(*) DESC, body ->> cast(:part AS text)
LIMIT :most;
