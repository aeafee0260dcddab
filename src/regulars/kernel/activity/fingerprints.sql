-- What receipts tell of, summed up by member so that it can be laid beside what other rooms keep.

-- name: fingerprint_postings
-- The entries and lots that receipts tell of. An entry that settles, forgives or owes has no version of its own there,
-- and one by which a return leaves the member in debt has a kind of its own.
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
        + CASE WHEN posted.arrears <> 0 THEN 1 ELSE 0 END + CASE WHEN posted.forgiven > 0 THEN 1 ELSE 0 END
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
        - CASE WHEN posted.arrears <> 0
            THEN
                posted.arrears * cast(
                    hash_record_extended(
                        row(
                            posted.id, posted.currency, cast('arrears' AS text),
                            CASE WHEN posted.kind = 'return' THEN 'arrears' ELSE posted.kind END,
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
                    posted.id, posted.currency, posted.lot, coalesce(posted.offer, ''), posted.expires_at,
                    coalesce(posted.kind, 'issue'),
                    CASE WHEN coalesce(posted.kind, 'issue') NOT IN ('gift', 'merge', 'unmerge', 'reinstate')
                        THEN coalesce(freed.at, posted.usable_from, posted.recorded_at)
                    END,
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
