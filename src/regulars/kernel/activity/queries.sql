-- name: find_keys
-- Activities that came in under these names before, with their stored answers.
SELECT wanted.place, key.member_id, key.activity_id, key.digest, journal.receipt
FROM unnest(cast(:sources AS text[]), cast(:ids AS text[])) WITH ORDINALITY AS wanted (source, id, place)
INNER JOIN activity.key AS key ON wanted.source = key.source AND wanted.id = key.id
INNER JOIN activity.journal AS journal ON key.member_id = journal.member_id AND key.activity_id = journal.id;

-- name: originals
-- Activities by name, whole: what a return or a reversal speaks of.
SELECT wanted.place, key.member_id, key.activity_id, journal.body, journal.receipt
FROM unnest(cast(:sources AS text[]), cast(:ids AS text[])) WITH ORDINALITY AS wanted (source, id, place)
INNER JOIN activity.key AS key ON wanted.source = key.source AND wanted.id = key.id
INNER JOIN activity.journal AS journal ON key.member_id = journal.member_id AND key.activity_id = journal.id;

-- name: answers_to
-- What was recorded about earlier activities since, oldest first, and for whomever: a purchase may come back to one
-- member while a merge stands, and once more to the other when it is undone.
SELECT journal.origin_id, journal.receipt
FROM activity.journal AS journal
WHERE journal.origin_id = ANY(cast(:origins AS uuid[]))
ORDER BY journal.seq;

-- name: is_decided_since
-- Whether a programme has decided anything that happened at a moment or later.
SELECT count(*) > 0 AS is_decided
FROM (SELECT id FROM activity.journal WHERE occurred_at >= :since AND program <> '' LIMIT 1) AS first;

-- name: last_seq
SELECT coalesce(max(seq), 0)::bigint AS seq
FROM activity.journal
WHERE member_id = :member;

-- name: since
SELECT later.id, later.body, later.receipt
FROM activity.journal AS first
INNER JOIN activity.journal AS later ON first.member_id = later.member_id AND first.seq < later.seq
WHERE first.member_id = :member AND first.id = :activity
ORDER BY later.seq
LIMIT :most;

-- name: open_dues
SELECT member_id, parent_id, name, kind, at, data
FROM activity.due
WHERE member_id = ANY(cast(:members AS uuid[])) AND state = 'open'
ORDER BY at, parent_id, name;

-- name: due_members
-- Members for whom something is due, soonest first, as far as so many things go. The index gives them in order.
SELECT DISTINCT soonest.member_id
FROM (
    SELECT member_id
    FROM activity.due
    WHERE state = 'open' AND at <= :at
    ORDER BY at
    LIMIT :most
) AS soonest;

-- name: add_dues
INSERT INTO activity.due (member_id, parent_id, name, kind, at, data, state)
SELECT member_id, parent_id, name, kind, at, data, state
FROM unnest(
    cast(:members AS uuid[]), cast(:parents AS uuid[]), cast(:names AS text[]), cast(:kinds AS text[]),
    cast(:ats AS timestamptz[]), cast(:datas AS jsonb[]), cast(:states AS text[])
) AS added (member_id, parent_id, name, kind, at, data, state);

-- name: end_dues
UPDATE activity.due AS kept
SET state = ended.state
FROM
    unnest(cast(:members AS uuid[]), cast(:parents AS uuid[]), cast(:names AS text[]), cast(:states AS text[]))
    AS ended (member_id, parent_id, name, state)
WHERE
    kept.member_id = ended.member_id AND kept.parent_id = ended.parent_id AND kept.name = ended.name
    AND kept.state = 'open';

-- name: receipts
SELECT journal.member_id, journal.id, journal.receipt
FROM unnest(cast(:members AS uuid[]), cast(:ids AS uuid[])) AS wanted (member_id, id)
INNER JOIN activity.journal AS journal ON wanted.member_id = journal.member_id AND wanted.id = journal.id;

-- name: count_by_kind
SELECT kind, count(*) AS activities
FROM activity.journal
GROUP BY kind
ORDER BY kind;

-- name: of_kinds
-- What came in from outside of some kinds and happened in a span, in the order in which it was recorded.
SELECT member_id, body
FROM activity.journal
WHERE
    kind = ANY(cast(:kinds AS text[])) AND parent_id IS NULL
    AND occurred_at >= :since AND occurred_at < :until
ORDER BY seq;

-- name: history
-- What came in from outside for these members, in the order in which it was recorded, up to a number.
SELECT member_id, seq, recorded_at, body
FROM activity.journal
WHERE member_id = ANY(cast(:members AS uuid[])) AND parent_id IS NULL AND seq <= :until
ORDER BY member_id, seq;

-- name: unsettled
-- Members for whom something is due before a time, who have more in the journal than up to a number, or to whom the
-- clock brought what another member's activity led to.
SELECT due.member_id
FROM activity.due AS due
WHERE due.member_id = ANY(cast(:members AS uuid[])) AND due.state = 'open' AND due.at < :at
UNION
SELECT journal.member_id
FROM activity.journal AS journal
WHERE
    journal.member_id = ANY(cast(:members AS uuid[]))
    AND (
        journal.seq > :until
        OR (
            journal.parent_id IS NOT NULL
            AND NOT EXISTS (
                SELECT parent.id
                FROM activity.journal AS parent
                WHERE parent.member_id = journal.member_id AND parent.id = journal.parent_id
            )
        )
    );

-- name: claims
-- What activities of these members, up to a number, took of ceilings.
SELECT journal.member_id, journal.seq, claim.ceiling, claim.amount
FROM activity.journal AS journal
CROSS JOIN LATERAL json_to_recordset(journal.receipt -> 'claims') AS claim (ceiling text, amount bigint)
WHERE
    journal.member_id = ANY(cast(:members AS uuid[])) AND journal.seq <= :until
    AND strpos(cast(journal.receipt AS text), '"claims":') > 0
ORDER BY journal.member_id, journal.seq;

-- name: end
SELECT coalesce(max(seq), 0)::bigint AS seq
FROM activity.journal;

-- name: begins
SELECT min(occurred_at) AS at
FROM activity.journal;

-- name: place
SELECT journal.seq, journal.receipt
FROM activity.journal AS journal
WHERE journal.member_id = :member AND journal.id = :activity;

-- name: horizon
-- Every transaction with a number below this one has ended.
SELECT cast(cast(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint) AS horizon;

-- name: follow
-- What transactions of a window recorded, those after a number. The places are found first, for rows are wide.
WITH page AS (
    SELECT place.xid, place.seq
    FROM activity.journal AS place
    WHERE
        place.xid >= cast(cast(cast(:low AS bigint) AS text) AS xid8)
        AND place.xid < cast(cast(cast(:high AS bigint) AS text) AS xid8)
        AND place.seq > :after
    ORDER BY place.seq
    LIMIT :most
)
SELECT
    journal.seq, cast(cast(journal.xid AS text) AS bigint) AS transaction_id, journal.recorded_at, journal.body,
    journal.receipt
FROM page
INNER JOIN activity.journal AS journal ON page.xid = journal.xid AND page.seq = journal.seq
ORDER BY journal.seq;

-- name: first_since
-- The first transaction that recorded anything at a ledger time or later. Looks at the whole journal.
SELECT min(cast(cast(xid AS text) AS bigint)) AS low
FROM activity.journal
WHERE recorded_at >= :since;

-- name: split
-- The first number of the journal that a reader at a place has yet to read, the one after the last where there is none;
-- and the last number that is not to be read there.
SELECT
    coalesce(min(placed.seq) FILTER (WHERE placed.ahead), coalesce(max(placed.seq), 0) + 1) AS first_unread,
    coalesce(max(placed.seq) FILTER (WHERE NOT placed.ahead), 0) AS last_read
FROM (
    SELECT
        journal.seq,
        journal.xid >= cast(cast(cast(:high AS bigint) AS text) AS xid8)
        OR (journal.xid >= cast(cast(cast(:low AS bigint) AS text) AS xid8) AND journal.seq > :after) AS ahead
    FROM activity.journal AS journal
) AS placed;

-- name: settle_transactions
UPDATE activity.journal SET xid = cast(cast(cast(:settled AS bigint) AS text) AS xid8)
WHERE xid <> cast(cast(cast(:settled AS bigint) AS text) AS xid8);
