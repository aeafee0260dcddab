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
WHERE journal.id IS NULL
LIMIT :most;

-- name: fault_i8_row
-- The columns of an activity and its name are what its sealed words say.
SELECT
    format(
        'Activity %s of member %s (%s, number %s) is kept or named otherwise than its body and receipt say.',
        journal.id, journal.member_id, journal.kind, journal.seq
    ) AS sentence
FROM activity.journal AS journal
CROSS JOIN LATERAL json_to_record(journal.receipt) AS answer (
    activity uuid, member uuid, source text, id text, kind text, occurred_at timestamptz, recorded_at timestamptz,
    program text
)
CROSS JOIN LATERAL json_to_record(journal.body) AS fact (
    source text, id text, kind text, occurred_at timestamptz, origin text
)
LEFT JOIN activity.key AS key ON journal.id = key.activity_id
LEFT JOIN activity.key AS earlier ON fact.origin <> '' AND fact.source = earlier.source AND fact.origin = earlier.id
WHERE
    journal.id <> ALL(cast(:unsealed AS uuid[]))
    AND (
        row(
            answer.activity, answer.member, answer.kind, answer.occurred_at, answer.recorded_at, answer.program,
            answer.source, answer.id, fact.source, fact.id, fact.kind, fact.occurred_at
        ) IS DISTINCT FROM row(
            journal.id, journal.member_id, journal.kind, journal.occurred_at, journal.recorded_at, journal.program,
            key.source, key.id, key.source, key.id, journal.kind, journal.occurred_at
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
-- What is due is what its parent's receipt says.
SELECT
    format(
        'Due %s of activity %s for member %s is not what the receipt of that activity says.',
        coalesce(due.name, told.name), coalesce(due.parent_id, told.parent_id), coalesce(due.member_id, told.member_id)
    ) AS sentence
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
    SELECT DISTINCT journal.id AS parent_id, posted.owner
    FROM activity.journal AS journal
    CROSS JOIN LATERAL json_to_recordset(journal.receipt -> 'postings') AS posted (owner uuid)
    WHERE
        strpos(cast(journal.receipt AS text), '"owner":') > 0 AND posted.owner IS NOT NULL
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
-- What is due is cancelled when later work takes its place or its parent is returned, and only then.
SELECT
    format(
        'Due %s of activity %s for member %s is %s, %s.', due.name, due.parent_id, due.member_id, due.state,
        CASE WHEN due.state = 'open' THEN 'though other work took its place' ELSE 'though nothing took its place' END
    ) AS sentence
FROM activity.due AS due
INNER JOIN activity.journal AS parent ON due.parent_id = parent.id
LEFT JOIN (
    SELECT journal.member_id, later.replaces AS name, max(journal.seq) AS seq
    FROM activity.journal AS journal
    CROSS JOIN LATERAL json_to_recordset(journal.receipt -> 'later') AS later (replaces text)
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
        due.state = 'cancelled' AND coalesce(replaced.seq, 0) < parent.seq
        AND NOT EXISTS (
            SELECT 1
            FROM activity.journal AS answer
            WHERE answer.member_id = parent.member_id AND answer.origin_id = parent.id
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

-- name: fingerprint_postings
-- The entries and lots that receipts tell of. An entry that settles, forgives or owes has no version of its own there.
-- Where a posting is another member's, that member's own receipt has it too, and counts. Misplaced is what has a later
-- number than something that was done after it.
WITH freed AS (
    SELECT journal.member_id, posted.currency, posted.lot, max(journal.recorded_at) AS at
    FROM activity.journal AS journal
    CROSS JOIN LATERAL json_to_recordset(journal.receipt -> 'postings') AS posted (currency text, lot bigint, kind text)
    WHERE
        strpos(cast(journal.receipt AS text), '"activate"') > 0 AND posted.kind = 'activate'
        AND journal.id <> ALL(cast(:unsealed AS uuid[]))
    GROUP BY journal.member_id, posted.currency, posted.lot
),

posted AS (
    SELECT
        journal.member_id, journal.id, journal.seq, answer.recorded_at, answer.program, line.currency, line.points,
        line.offer, line.kind, line.lot, line.version, line.settled, line.arrears, line.forgiven, line.usable_from,
        line.expires_at,
        CASE WHEN line.version > 0
            THEN
                lag(line.version) OVER (
                    PARTITION BY journal.member_id, line.currency, line.version > 0 ORDER BY journal.seq, line.version
                )
        END AS before
    FROM activity.journal AS journal
    CROSS JOIN LATERAL json_to_record(journal.receipt) AS answer (
        recorded_at timestamptz, program text, postings json
    )
    CROSS JOIN LATERAL json_to_recordset(answer.postings) AS line (
        currency text, points bigint, offer text, kind text, lot bigint, version bigint, settled bigint,
        arrears bigint, forgiven bigint, owner uuid, usable_from timestamptz, expires_at timestamptz
    )
    WHERE line.owner IS NULL AND journal.id <> ALL(cast(:unsealed AS uuid[]))
)

SELECT
    posted.member_id,
    sum(
        CASE WHEN posted.version > 0 THEN 1 ELSE 0 END + CASE WHEN posted.settled > 0 THEN 2 ELSE 0 END
        + CASE WHEN posted.arrears > 0 THEN 1 ELSE 0 END + CASE WHEN posted.forgiven > 0 THEN 1 ELSE 0 END
    ) AS entries,
    sum(
        CASE WHEN posted.version > 0
            THEN
                (posted.points + coalesce(posted.arrears, 0) + coalesce(posted.forgiven, 0)) * cast(
                    hash_record_extended(
                        row(
                            posted.id, posted.currency, cast('points' AS text), coalesce(posted.kind, 'issue'),
                            posted.recorded_at, posted.version
                        ), 0
                    ) AS numeric
                )
            ELSE 0
        END
        + CASE WHEN posted.settled > 0
            THEN
                posted.settled * (
                    cast(
                        hash_record_extended(
                            row(
                                posted.id, posted.currency, cast('arrears' AS text), cast('settle' AS text),
                                posted.recorded_at, cast(0 AS bigint)
                            ), 0
                        ) AS numeric
                    ) - cast(
                        hash_record_extended(
                            row(
                                posted.id, posted.currency, cast('points' AS text), cast('settle' AS text),
                                posted.recorded_at, cast(0 AS bigint)
                            ), 0
                        ) AS numeric
                    )
                )
            ELSE 0
        END
        - CASE WHEN posted.arrears > 0
            THEN
                posted.arrears * cast(
                    hash_record_extended(
                        row(
                            posted.id, posted.currency, cast('arrears' AS text), cast('arrears' AS text),
                            posted.recorded_at, cast(0 AS bigint)
                        ), 0
                    ) AS numeric
                )
            ELSE 0
        END
        - CASE WHEN posted.forgiven > 0
            THEN
                posted.forgiven * cast(
                    hash_record_extended(
                        row(
                            posted.id, posted.currency, cast('breakage' AS text), coalesce(posted.kind, 'issue'),
                            posted.recorded_at, cast(0 AS bigint)
                        ), 0
                    ) AS numeric
                )
            ELSE 0
        END
    ) AS entries_mark,
    count(*) FILTER (WHERE posted.lot = posted.version AND posted.points > 0) AS lots,
    sum(
        posted.points * cast(
            hash_record_extended(
                row(
                    posted.id, posted.currency, posted.lot, coalesce(posted.offer, ''),
                    coalesce(freed.at, posted.usable_from, posted.recorded_at), posted.expires_at,
                    coalesce(posted.kind, 'issue'),
                    CASE WHEN coalesce(posted.kind, 'issue') = 'issue' THEN posted.program END
                ), 0
            ) AS numeric
        )
    ) FILTER (WHERE posted.lot = posted.version AND posted.points > 0) AS lots_mark,
    count(*) FILTER (WHERE posted.version <= posted.before) AS misplaced,
    coalesce(min(posted.seq) FILTER (WHERE posted.version <= posted.before), 0) AS misplaced_mark
FROM posted
LEFT JOIN freed
    ON posted.member_id = freed.member_id AND posted.currency = freed.currency AND posted.lot = freed.lot
GROUP BY posted.member_id;

-- name: fingerprint_holds
-- What was held, used of it and given back. Owners of a pool are told of their part too, which is not counted twice.
SELECT
    journal.member_id,
    count(*) FILTER (WHERE posted.kind = 'hold') AS holds,
    sum(
        CASE WHEN posted.kind = 'release' THEN posted.points ELSE -posted.points END
        * cast(
            CASE
                WHEN posted.kind = 'hold'
                    THEN
                        hash_record_extended(
                            row(posted.hold, posted.currency, posted.kind, journal.recorded_at), 0
                        )
                ELSE hash_record_extended(row(posted.hold, posted.currency, posted.kind), 0)
            END AS numeric
        )
    ) AS holds_mark
FROM activity.journal AS journal
CROSS JOIN LATERAL json_to_recordset(journal.receipt -> 'postings') AS posted (
    currency text, points bigint, kind text, hold uuid
)
WHERE
    strpos(cast(journal.receipt AS text), '"hold":') > 0 AND posted.hold IS NOT NULL
    AND journal.kind <> 'pool_used'
    AND journal.id <> ALL(cast(:unsealed AS uuid[]))
GROUP BY journal.member_id;

-- name: fingerprint_claims
SELECT
    journal.member_id,
    count(*) AS claims,
    sum(
        claim.amount
        * cast(hash_record_extended(row(claim.ceiling, journal.id, journal.recorded_at), 0) AS numeric)
    ) AS claims_mark
FROM activity.journal AS journal
CROSS JOIN LATERAL json_to_recordset(journal.receipt -> 'claims') AS claim (ceiling text, amount bigint)
WHERE
    strpos(cast(journal.receipt AS text), '"claims":') > 0
    AND journal.id <> ALL(cast(:unsealed AS uuid[]))
GROUP BY journal.member_id;

-- name: fingerprint_traits
-- At one instant a trait has one value: the last one given.
SELECT
    latest.member_id,
    count(*) AS traits,
    sum(
        cast(
            hash_record_extended(row(latest.name, latest.since, latest.value, latest.activity_id), 0) AS numeric
        )
    ) AS traits_mark
FROM (
    SELECT DISTINCT ON (journal.member_id, trait.name, trait.since)
        journal.member_id, trait.name, trait.since, coalesce(trait.value, cast('null' AS jsonb)) AS value,
        journal.id AS activity_id
    FROM activity.journal AS journal
    CROSS JOIN LATERAL json_array_elements(journal.receipt -> 'traits') WITH ORDINALITY AS listed (item, place)
    CROSS JOIN LATERAL json_to_record(listed.item) AS trait (name text, since timestamptz, value jsonb)
    WHERE
        strpos(cast(journal.receipt AS text), '"traits":') > 0
        AND journal.id <> ALL(cast(:unsealed AS uuid[]))
    ORDER BY journal.member_id, trait.name, trait.since, journal.seq DESC, listed.place DESC
) AS latest
GROUP BY latest.member_id;

-- name: fingerprint_memories
-- What the last receipt that names it says of each memory.
SELECT
    latest.member_id,
    count(*) AS memories,
    sum(cast(hash_record_extended(row(latest.offer, decode(latest.digest, 'hex')), 0) AS numeric)) AS memories_mark
FROM (
    SELECT DISTINCT ON (journal.member_id, memory.offer)
        journal.member_id, memory.offer, memory.digest
    FROM activity.journal AS journal
    CROSS JOIN LATERAL json_each_text(journal.receipt -> 'memories') AS memory (offer, digest)
    WHERE journal.id <> ALL(cast(:unsealed AS uuid[]))
    ORDER BY journal.member_id, memory.offer, journal.seq DESC
) AS latest
GROUP BY latest.member_id;

-- name: programs
-- The programme versions that decided anything.
SELECT DISTINCT program
FROM activity.journal;

-- name: owners
SELECT journal.member_id
FROM activity.journal AS journal
UNION
SELECT due.member_id
FROM activity.due AS due;

-- name: counts
SELECT 'activity.journal' AS name, count(*) AS count FROM activity.journal
UNION ALL
SELECT 'activity.key' AS name, count(*) AS count FROM activity.key
UNION ALL
SELECT 'activity.due' AS name, count(*) AS count FROM activity.due
UNION ALL
SELECT 'activity.personal' AS name, count(*) AS count FROM activity.personal;
