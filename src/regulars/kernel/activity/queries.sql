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
-- Members for whom something is due, soonest first.
SELECT member_id, min(at) AS at
FROM activity.due
WHERE state = 'open' AND at <= :at
GROUP BY member_id
ORDER BY min(at), member_id
LIMIT :most;

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

-- name: history
-- What came in from outside for these members, in the order in which it was recorded, up to a number.
SELECT member_id, seq, recorded_at, body
FROM activity.journal
WHERE member_id = ANY(cast(:members AS uuid[])) AND parent_id IS NULL AND seq <= :until
ORDER BY member_id, seq;

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
