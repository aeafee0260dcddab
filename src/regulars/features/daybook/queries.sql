-- name: take_reader
-- Whoever reads already is not waited for.
SELECT low, high, seq
FROM daybook.reader
WHERE id = 1
FOR UPDATE SKIP LOCKED;

-- name: find_reader
SELECT low, high, seq
FROM daybook.reader
WHERE id = 1;

-- name: move_reader
UPDATE daybook.reader SET low = :low, high = :high, seq = :seq
WHERE id = 1;

-- name: add_visits
INSERT INTO daybook.visit AS kept (day, member_id, store, purchases, sales_minor, returned_minor)
SELECT told.day, told.member_id, told.store, told.purchases, told.sales_minor, told.returned_minor
FROM unnest(
    cast(:days AS date[]), cast(:members AS uuid[]), cast(:stores AS text[]), cast(:purchases AS integer[]),
    cast(:sales AS bigint[]), cast(:returned AS bigint[])
) AS told (day, member_id, store, purchases, sales_minor, returned_minor)
ON CONFLICT (day, member_id, store) DO UPDATE
SET
    purchases = kept.purchases + excluded.purchases,
    sales_minor = kept.sales_minor + excluded.sales_minor,
    returned_minor = kept.returned_minor + excluded.returned_minor;

-- name: add_points
INSERT INTO daybook.points AS kept (day, currency, kind, offer, store, points, times)
SELECT told.day, told.currency, told.kind, told.offer, told.store, told.points, told.times
FROM unnest(
    cast(:days AS date[]), cast(:currencies AS text[]), cast(:kinds AS text[]), cast(:offers AS text[]),
    cast(:stores AS text[]), cast(:points AS bigint[]), cast(:times AS bigint[])
) AS told (day, currency, kind, offer, store, points, times)
ON CONFLICT (day, currency, kind, offer, store) DO UPDATE
SET points = kept.points + excluded.points, times = kept.times + excluded.times;

-- name: standings
SELECT member_id, trait, level
FROM daybook.standing
WHERE member_id = ANY(cast(:members AS uuid[]));

-- name: put_standings
INSERT INTO daybook.standing AS kept (member_id, trait, level)
SELECT told.member_id, told.trait, told.level
FROM unnest(
    cast(:members AS uuid[]), cast(:traits AS text[]), cast(:levels AS text[])
) AS told (member_id, trait, level)
ON CONFLICT (member_id, trait) DO UPDATE
SET level = excluded.level;

-- name: add_flows
INSERT INTO daybook.flow AS kept (day, trait, before, after, members)
SELECT told.day, told.trait, told.before, told.after, told.members
FROM unnest(
    cast(:days AS date[]), cast(:traits AS text[]), cast(:befores AS text[]), cast(:afters AS text[]),
    cast(:members AS bigint[])
) AS told (day, trait, before, after, members)
ON CONFLICT (day, trait, before, after) DO UPDATE
SET members = kept.members + excluded.members;

-- name: clear_visits
DELETE FROM daybook.visit;

-- name: clear_points
DELETE FROM daybook.points;

-- name: clear_standings
DELETE FROM daybook.standing;

-- name: clear_flows
DELETE FROM daybook.flow;

-- name: span
SELECT min(day) AS first, max(day) AS last
FROM daybook.visit;

-- name: sum_visits
-- By period: who came, how often, and what they paid. Days are told apart by grouping twice: that needs no sorting.
SELECT
    period.first, period.until, count(*) FILTER (WHERE member.days > 0) AS active,
    count(*) FILTER (WHERE member.days > 1) AS again, coalesce(sum(member.purchases), 0)::bigint AS purchases,
    coalesce(sum(member.paid_minor), 0)::bigint AS paid_minor
FROM unnest(cast(:firsts AS date[]), cast(:untils AS date[])) AS period (first, until)
INNER JOIN LATERAL (
    SELECT
        came.member_id, count(*) FILTER (WHERE came.purchases > 0) AS days, sum(came.purchases) AS purchases,
        sum(came.paid_minor) AS paid_minor
    FROM (
        SELECT
            visit.member_id, visit.day, sum(visit.purchases) AS purchases,
            sum(visit.sales_minor - visit.returned_minor) AS paid_minor
        FROM daybook.visit AS visit
        WHERE visit.day >= period.first AND visit.day < period.until
        GROUP BY visit.member_id, visit.day
    ) AS came
    GROUP BY came.member_id
) AS member ON TRUE
GROUP BY period.first, period.until;

-- name: sum_newcomers
-- By day: for how many it was the first.
SELECT came.first AS day, count(*) AS members
FROM (
    SELECT member_id, min(day) AS first
    FROM daybook.visit
    WHERE purchases > 0
    GROUP BY member_id
) AS came
WHERE came.first >= :first AND came.first < :until
GROUP BY came.first;

-- name: sum_points
SELECT day, kind, sum(points)::bigint AS points
FROM daybook.points
WHERE currency = :currency AND day >= :first AND day < :until
GROUP BY day, kind;

-- name: sum_points_before
SELECT coalesce(sum(points), 0)::bigint AS points
FROM daybook.points
WHERE currency = :currency AND day < :until;

-- name: sum_flows
SELECT day, trait, before, after, members
FROM daybook.flow
WHERE day >= :first AND day < :until;

-- name: by_store
SELECT
    store AS key, count(DISTINCT member_id) FILTER (WHERE purchases > 0) AS members,
    sum(purchases)::bigint AS purchases, (sum(sales_minor) - sum(returned_minor))::bigint AS sales_minor
FROM daybook.visit
WHERE day >= :first AND day < :until
GROUP BY store
ORDER BY sales_minor DESC, store
LIMIT :most;

-- name: by_offer
SELECT offer AS key, sum(points)::bigint AS points, sum(times)::bigint AS times
FROM daybook.points
WHERE currency = :currency AND day >= :first AND day < :until AND offer <> ''
GROUP BY offer
ORDER BY points DESC, offer
LIMIT :most;

-- name: by_tier
-- By the level that members have now.
SELECT
    coalesce(standing.level, '') AS key, count(DISTINCT visit.member_id) FILTER (WHERE visit.purchases > 0) AS members,
    sum(visit.purchases)::bigint AS purchases,
    (sum(visit.sales_minor) - sum(visit.returned_minor))::bigint AS sales_minor
FROM daybook.visit AS visit
LEFT JOIN daybook.standing AS standing ON visit.member_id = standing.member_id AND standing.trait = :trait
WHERE visit.day >= :first AND visit.day < :until
GROUP BY coalesce(standing.level, '')
ORDER BY sales_minor DESC
LIMIT :most;
