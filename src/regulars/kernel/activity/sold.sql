-- What was sold, by time: the only reader of the published view.

-- name: sold_between
SELECT seq, member_id, activity_id, kind, occurred_at, origin_id, store, channel, lines, discounts, returned
FROM activity.sold
WHERE occurred_at >= :since AND occurred_at < :until
ORDER BY seq;

-- name: sold_span
SELECT min(occurred_at) AS first, max(occurred_at) AS last
FROM activity.sold;
