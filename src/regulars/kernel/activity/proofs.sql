-- Proofs of what happened. Each `fault_` query is empty when all is well. A text that is not what was sealed is told by
-- `doubtful`, and its row is then left out of all that reads it (`:unsealed`): nobody can say what was in it.

-- name: doubtful
-- Every activity has its one name, of the same member, with the digest of its words; the seal is over that and the
-- answer. In one go, because it is the words that take long to read.
SELECT
    journal.member_id,
    journal.id,
    key.member_id AS key_member,
    key.digest,
    journal.seal = sha256(
        sha256(convert_to(cast(journal.body AS text), 'UTF8')) || convert_to(cast(journal.receipt AS text), 'UTF8')
    ) AS is_sealed
FROM activity.journal AS journal
LEFT JOIN activity.key AS key ON journal.id = key.activity_id
WHERE
    key.member_id IS DISTINCT FROM journal.member_id
    OR key.digest IS DISTINCT FROM sha256(convert_to(cast(journal.body AS text), 'UTF8'))
    OR journal.seal <> sha256(key.digest || convert_to(cast(journal.receipt AS text), 'UTF8'))
ORDER BY journal.seq;

-- name: fault_i8_name
SELECT format('A key of %s names activity %s, of which there is none.', key.source, key.activity_id) AS sentence
FROM activity.key AS key
LEFT JOIN activity.journal AS journal ON key.activity_id = journal.id
LEFT JOIN activity.archived AS archived
    ON key.activity_id = archived.activity_id AND key.member_id = archived.member_id
WHERE journal.id IS NULL AND archived.activity_id IS NULL
LIMIT :most;

-- name: fault_i12_archive
-- What the journal has of a month, with the seals of what only a file has, is what was written into files: nothing of
-- it was changed, and nothing was put between. Where nothing was archived, nothing is read.
SELECT
    format(
        'Part %s of the archive of %s has %s activities; the journal has %s, or others.',
        archive.part, to_char(archive.month, 'YYYY-MM'), archive.activities, coalesce(found.activities, 0)
    ) AS sentence
FROM activity.archive AS archive
LEFT JOIN (
    SELECT
        part.month, part.part, count(*) AS activities,
        sha256(string_agg(kept.seal, ''::bytea ORDER BY kept.seq)) AS digest
    FROM activity.archive AS part
    INNER JOIN (
        SELECT
            cast(date_trunc('month', journal.occurred_at AT TIME ZONE 'UTC') AS date) AS month,
            journal.seq, journal.seal
        FROM activity.journal AS journal
        WHERE journal.kind <> 'traits'
        UNION ALL
        SELECT archived.month, archived.seq, archived.seal
        FROM activity.archived AS archived
    ) AS kept ON part.month = kept.month AND kept.seq >= part.first_seq AND kept.seq <= part.last_seq
    GROUP BY part.month, part.part
) AS found ON archive.month = found.month AND archive.part = found.part
WHERE found.activities IS DISTINCT FROM archive.activities OR found.digest IS DISTINCT FROM archive.digest
ORDER BY archive.month, archive.part
LIMIT :most;

-- name: fault_i8_archived
-- Whatever only a file has is named as ever, is in the journal no more, and belongs to a part.
SELECT
    format(
        'Activity %s of member %s is archived, and has no name or no part, or is there as well.',
        archived.activity_id, archived.member_id
    ) AS sentence
FROM activity.archived AS archived
LEFT JOIN activity.key AS key ON archived.activity_id = key.activity_id AND archived.member_id = key.member_id
LEFT JOIN activity.archive AS archive ON archived.month = archive.month AND archived.part = archive.part
LEFT JOIN activity.journal AS journal ON archived.activity_id = journal.id
WHERE key.activity_id IS NULL OR archive.part IS NULL OR journal.id IS NOT NULL
LIMIT :most;

-- name: fault_i8_row
-- The columns of an activity and its name are what its sealed answer says. (The seal ties that to the body.)
SELECT
    format(
        'Activity %s of member %s (%s, number %s) is kept or named otherwise than its words say.',
        journal.id, journal.member_id, journal.kind, journal.seq
    ) AS sentence
FROM activity.journal AS journal
CROSS JOIN LATERAL json_to_record(journal.receipt) AS answer (
    activity uuid, member uuid, source text, id text, kind text, occurred_at timestamptz, recorded_at timestamptz,
    program text
)
LEFT JOIN activity.key AS key ON journal.id = key.activity_id
LEFT JOIN activity.key AS earlier
    ON
        -- Few activities speak of an earlier one: the others are not taken apart.
        CASE
            WHEN strpos(cast(journal.body AS text), '"origin":') > 0 AND journal.id <> ALL(cast(:unsealed AS uuid[]))
                THEN journal.body ->> 'origin'
        END = earlier.id
        AND answer.source = earlier.source
WHERE
    journal.id <> ALL(cast(:unsealed AS uuid[]))
    AND (
        (
            answer.activity, answer.member, answer.kind, answer.occurred_at, answer.recorded_at, answer.program,
            answer.source, answer.id
        ) IS DISTINCT FROM (
            journal.id, journal.member_id, journal.kind, journal.occurred_at, journal.recorded_at, journal.program,
            key.source, key.id
        )
        OR journal.origin_id IS DISTINCT FROM earlier.activity_id
    )
LIMIT :most;

-- name: fault_i8_number
SELECT format('Number %s stands %s times in the journal.', seq, count(*)) AS sentence
FROM activity.journal
GROUP BY seq
HAVING count(*) > 1
ORDER BY seq
LIMIT :most;

-- name: fault_i8_due
-- What is due is what its parent's receipt says; or, after a merge, what was due for the member who is gone.
SELECT
    format(
        'Due %s of activity %s for member %s is not what the receipt of that activity says.',
        coalesce(due.name, told.name), coalesce(due.parent_id, told.parent_id), coalesce(due.member_id, told.member_id)
    ) AS sentence
FROM (
    SELECT handed.member_id, handed.parent_id, handed.name, waiting.kind, waiting.at, waiting.data
    FROM activity.due AS handed
    INNER JOIN activity.due AS waiting
        ON handed.name = concat(waiting.name, '@', waiting.parent_id) AND waiting.state = 'cancelled'
    UNION ALL
    SELECT said.member_id, said.parent_id, said.name, said.kind, said.at, said.data
    FROM (
        SELECT DISTINCT ON (coalesce(later.member, journal.member_id), journal.id, later.name)
            coalesce(later.member, journal.member_id) AS member_id, journal.id AS parent_id, later.name, later.kind,
            later.at, coalesce(later.data, cast('{}' AS jsonb)) AS data
        FROM activity.journal AS journal
        CROSS JOIN LATERAL json_array_elements(journal.receipt -> 'later') WITH ORDINALITY AS listed (item, place)
        CROSS JOIN LATERAL json_to_record(listed.item) AS later (
            name text, kind text, at timestamptz, data jsonb, member uuid
        )
        WHERE
            strpos(cast(journal.receipt AS text), '"later":') > 0
            AND journal.id <> ALL(cast(:unsealed AS uuid[]))
        ORDER BY coalesce(later.member, journal.member_id), journal.id, later.name, listed.place DESC
    ) AS said
) AS told
FULL JOIN (
    SELECT kept.member_id, kept.parent_id, kept.name, kept.kind, kept.at, kept.data
    FROM activity.due AS kept
    WHERE kept.parent_id <> ALL(cast(:unsealed AS uuid[]))
) AS due
    ON told.member_id = due.member_id AND told.parent_id = due.parent_id AND told.name = due.name
WHERE
    told.kind IS DISTINCT FROM due.kind
    OR told.at IS DISTINCT FROM due.at
    OR told.data IS DISTINCT FROM due.data
ORDER BY 1
LIMIT :most;

-- name: fault_i8_brought
-- What was due and is done was recorded, once, as it was due. What the clock recorded answers to something due, or
-- tells another member of their part in its parent.
SELECT
    format(
        'Due %s of activity %s for member %s is %s; the clock recorded %s for it.',
        coalesce(due.name, brought.name), coalesce(cast(due.parent_id AS text), brought.parent),
        coalesce(due.member_id, brought.member_id), coalesce(due.state, 'not there'),
        coalesce('activity ' || brought.id, 'nothing')
    ) AS sentence
FROM (
    SELECT kept.member_id, kept.parent_id, kept.name, kept.kind, kept.at, kept.state
    FROM activity.due AS kept
    WHERE kept.state = 'done'
) AS due
FULL JOIN (
    SELECT
        journal.member_id, journal.id, journal.kind, journal.occurred_at, journal.parent_id,
        substr(key.id, 1, 36) AS parent, substr(key.id, 38) AS name
    FROM activity.key AS key
    INNER JOIN activity.journal AS journal ON key.activity_id = journal.id
    WHERE
        ((key.source = 'clock' AND key.id ~ '^[0-9a-f-]{36}:') OR journal.parent_id IS NOT NULL)
        AND key.id <> concat(journal.parent_id, ':', journal.member_id)
) AS brought
    ON
        due.member_id = brought.member_id AND cast(due.parent_id AS text) = brought.parent
        AND due.name = brought.name
WHERE
    due.parent_id IS DISTINCT FROM brought.parent_id
    OR due.kind IS DISTINCT FROM brought.kind
    OR due.at IS DISTINCT FROM brought.occurred_at
ORDER BY 1
LIMIT :most;

-- name: fault_i8_told
-- Members whose points moved by another's activity have it in their own journal, and only they.
SELECT
    format(
        'Activity %s %s member %s of their part, who %s.', coalesce(part.parent_id, told.parent_id),
        CASE WHEN told.id IS NULL THEN 'does not tell' ELSE 'tells' END,
        coalesce(part.owner, told.member_id), CASE WHEN part.owner IS NULL THEN 'has none' ELSE 'has one' END
    ) AS sentence
FROM (
    SELECT DISTINCT journal.id AS parent_id, coalesce(posted.owner, answer.other) AS owner
    FROM activity.journal AS journal
    CROSS JOIN LATERAL json_to_record(journal.receipt) AS answer (other uuid, postings json)
    -- What has no postings still has one empty line, for the other member that it names.
    CROSS JOIN LATERAL json_to_recordset(coalesce(answer.postings, '[{}]')) AS posted (owner uuid)
    WHERE
        (
            strpos(cast(journal.receipt AS text), '"owner":') > 0
            OR strpos(cast(journal.receipt AS text), '"other":') > 0
        )
        AND coalesce(posted.owner, answer.other) IS NOT NULL
        AND journal.id <> ALL(cast(:unsealed AS uuid[]))
) AS part
FULL JOIN (
    SELECT journal.id, journal.member_id, journal.parent_id
    FROM activity.journal AS journal
    INNER JOIN activity.key AS key ON journal.id = key.activity_id
    WHERE
        journal.parent_id <> ALL(cast(:unsealed AS uuid[]))
        AND key.id = concat(journal.parent_id, ':', journal.member_id)
) AS told
    ON part.parent_id = told.parent_id AND part.owner = told.member_id
WHERE told.id IS NULL OR part.owner IS NULL
ORDER BY 1
LIMIT :most;

-- name: fault_i8_replaced
-- What is due is cancelled when later work takes its place, when its parent is returned, or when it is handed on by a
-- merge, and only then.
SELECT
    format(
        'Due %s of activity %s for member %s is %s, %s.', due.name, due.parent_id, due.member_id, due.state,
        CASE WHEN due.state = 'open' THEN 'though other work took its place' ELSE 'though nothing took its place' END
    ) AS sentence
FROM activity.due AS due
INNER JOIN activity.journal AS parent ON due.parent_id = parent.id
LEFT JOIN (
    SELECT
        journal.member_id, later.replaces AS name, max(journal.seq) AS seq,
        max(journal.seq) FILTER (WHERE later.name <> later.replaces) AS seq_of_another
    FROM activity.journal AS journal
    CROSS JOIN LATERAL json_to_recordset(journal.receipt -> 'later') AS later (name text, replaces text)
    WHERE
        strpos(cast(journal.receipt AS text), '"later":') > 0
        AND later.replaces <> ''
        AND journal.id <> ALL(cast(:unsealed AS uuid[]))
    GROUP BY journal.member_id, later.replaces
) AS replaced
    ON due.member_id = replaced.member_id AND due.name = replaced.name
WHERE
    (due.state = 'open' AND replaced.seq > parent.seq)
    OR (
        due.state = 'cancelled' AND coalesce(replaced.seq, 0) <= parent.seq
        -- What one activity leaves behind may take the place of something else that it left behind.
        AND replaced.seq_of_another IS DISTINCT FROM parent.seq
        AND NOT EXISTS (
            SELECT 1
            FROM activity.journal AS answer
            WHERE answer.origin_id = parent.id AND answer.kind = 'return'
        )
        AND NOT EXISTS (
            SELECT 1
            FROM activity.due AS handed
            WHERE handed.name = concat(due.name, '@', due.parent_id)
        )
    )
ORDER BY 1
LIMIT :most;

-- name: fault_i11_personal
SELECT
    format('Personal fields are kept of activity %s of member %s, which is not there.', activity_id, member_id)
    AS sentence
FROM activity.personal AS personal
WHERE NOT EXISTS (
    SELECT 1
    FROM activity.journal AS journal
    WHERE journal.member_id = personal.member_id AND journal.id = personal.activity_id
)
LIMIT :most;
