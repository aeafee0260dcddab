-- name: told
-- Activities by which somebody told facts about these members.
SELECT
    journal.member_id, journal.id, journal.body, journal.receipt
FROM activity.journal AS journal
WHERE journal.member_id = ANY(cast(:ids AS uuid[])) AND journal.kind = :kind
ORDER BY journal.seq;

-- name: rewrite
UPDATE activity.journal AS journal
SET body = cast(told.body AS json), receipt = cast(told.receipt AS json), seal = told.seal
FROM unnest(
    cast(:members AS uuid[]), cast(:ids AS uuid[]), cast(:bodies AS text[]), cast(:receipts AS text[]),
    cast(:seals AS bytea[])
) AS told (member_id, id, body, receipt, seal)
WHERE journal.member_id = told.member_id AND journal.id = told.id;

-- name: rename
UPDATE activity.key AS key
SET digest = told.digest
FROM unnest(cast(:members AS uuid[]), cast(:ids AS uuid[]), cast(:digests AS bytea[])) AS told (member_id, id, digest)
WHERE key.member_id = told.member_id AND key.activity_id = told.id;

-- name: drop_personal
DELETE FROM activity.personal WHERE member_id = ANY(cast(:ids AS uuid[]));

-- name: last_seen
-- Of these members: when they last did something. What the clock brought is nothing that they did.
SELECT journal.member_id, max(journal.occurred_at) AS at
FROM activity.journal AS journal
WHERE
    journal.member_id = ANY(cast(:ids AS uuid[])) AND journal.parent_id IS NULL
    AND journal.kind <> ALL(cast(:but AS text[]))
GROUP BY journal.member_id;
