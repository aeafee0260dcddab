-- Closed months of the journal, as they are written into files.

-- name: next_number
-- The number of the last row that is seen, and the transaction that would begin next.
SELECT
    (SELECT coalesce(max(seq), 0) FROM activity.journal) AS seq,
    cast(cast(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint) AS next_transaction;

-- name: find_months
-- Months before a day with activities that no part has yet.
SELECT DISTINCT cast(date_trunc('month', journal.occurred_at AT TIME ZONE 'UTC') AS date) AS month
FROM activity.journal AS journal
LEFT JOIN (SELECT month, max(last_seq) AS last_seq FROM activity.archive GROUP BY month) AS done
    ON cast(date_trunc('month', journal.occurred_at AT TIME ZONE 'UTC') AS date) = done.month
WHERE
    journal.occurred_at < cast(cast(:before AS date) AS timestamp) AT TIME ZONE 'UTC' AND journal.seq <= :until
    AND journal.kind <> :but AND journal.seq > coalesce(done.last_seq, 0)
ORDER BY month;

-- name: list_places
-- The activities of a month, in the order of their numbers.
SELECT seq, member_id, id
FROM activity.journal
WHERE
    occurred_at >= cast(cast(:month AS date) AS timestamp) AT TIME ZONE 'UTC'
    AND occurred_at < (cast(:month AS date) + interval '1 month') AT TIME ZONE 'UTC'
    AND seq > :after AND seq <= :until AND kind <> :but
ORDER BY seq
LIMIT :most;

-- name: read_words
SELECT
    journal.member_id, journal.id, journal.seq, journal.kind, journal.occurred_at, journal.recorded_at, journal.program,
    journal.origin_id, journal.parent_id, journal.body::text AS body, journal.receipt::text AS receipt, journal.seal
FROM unnest(cast(:members AS uuid[]), cast(:ids AS uuid[])) AS wanted (member_id, id)
INNER JOIN activity.journal AS journal ON wanted.member_id = journal.member_id AND wanted.id = journal.id
ORDER BY journal.seq;

-- name: digest
-- What a part of a month has, as the database adds it up itself.
SELECT count(*) AS activities, sha256(coalesce(string_agg(seal, ''::bytea ORDER BY seq), ''::bytea)) AS digest
FROM activity.journal
WHERE
    occurred_at >= cast(cast(:month AS date) AS timestamp) AT TIME ZONE 'UTC'
    AND occurred_at < (cast(:month AS date) + interval '1 month') AT TIME ZONE 'UTC'
    AND seq >= :first AND seq <= :last AND kind <> :but;

-- name: list_parts
SELECT month, part, first_seq, last_seq, activities, digest, file, file_digest, archived_at
FROM activity.archive
ORDER BY month, part;

-- name: add_part
INSERT INTO activity.archive (
    month, part, first_seq, last_seq, activities, digest, file, file_digest, archived_at
)
VALUES (
    :month, :part, :first_seq, :last_seq, :activities, :digest, :file, :file_digest, cast(:archived_at AS timestamptz)
);

-- name: drop_words
-- In one statement: what goes leaves its seal, or neither happens. Nothing goes that anything else speaks of.
WITH gone AS (
    DELETE FROM activity.journal AS journal
    WHERE
        journal.occurred_at >= cast(cast(:month AS date) AS timestamp) AT TIME ZONE 'UTC'
        AND journal.occurred_at < (cast(:month AS date) + interval '1 month') AT TIME ZONE 'UTC'
        AND journal.seq >= :first AND journal.seq <= :last AND journal.kind = ANY(cast(:kinds AS text[]))
        AND journal.origin_id IS NULL AND journal.parent_id IS NULL AND journal.program = ''
        AND NOT EXISTS (SELECT 1 FROM activity.journal AS answer WHERE answer.origin_id = journal.id)
        AND NOT EXISTS (SELECT 1 FROM activity.personal AS personal WHERE personal.activity_id = journal.id)
        AND NOT EXISTS (SELECT 1 FROM activity.due AS due WHERE due.parent_id = journal.id)
    RETURNING journal.id, journal.member_id, journal.seq, journal.seal
)

INSERT INTO activity.archived (activity_id, member_id, seq, month, part, seal)
SELECT id, member_id, seq, cast(:month AS date), cast(:part AS integer), seal
FROM gone;
