-- What receipts tell of, summed up by member so that it can be laid beside what other rooms keep.

-- name: fingerprint_postings
-- The entries and lots that receipts tell of. An entry that settles, forgives or owes has no version of its own there,
-- and one by which a return leaves the member in debt has a kind of its own.
-- Where a posting is another member's, that member's own receipt has it too, and counts. Misplaced is what has a later
-- number than something that was done after it.
-- Points that waited are free from when a receipt says so, and those that would have ended end when the last one says.
WITH freed AS (
    SELECT
        journal.member_id, posted.currency, posted.lot,
        max(journal.recorded_at) FILTER (WHERE posted.kind = 'activate') AS at,
        max(posted.expires_at) FILTER (WHERE posted.kind = 'prolong') AS ends
    FROM activity.journal AS journal
    CROSS JOIN LATERAL json_to_recordset(journal.receipt -> 'postings') AS posted (
        currency text, lot bigint, kind text, expires_at timestamptz
    )
    WHERE
        (
            strpos(cast(journal.receipt AS text), '"activate"') > 0
            OR strpos(cast(journal.receipt AS text), '"prolong"') > 0
        )
        AND posted.kind IN ('activate', 'prolong')
        AND journal.id <> ALL(cast(:unsealed AS uuid[]))
    GROUP BY journal.member_id, posted.currency, posted.lot
),

marked AS (
    SELECT
        journal.member_id, journal.seq, posted.currency, posted.version,
        CASE WHEN posted.version > 0 THEN 1 ELSE 0 END + CASE WHEN posted.settled > 0 THEN 2 ELSE 0 END
        + CASE WHEN posted.arrears <> 0 THEN 1 ELSE 0 END + CASE WHEN posted.forgiven > 0 THEN 1 ELSE 0 END AS entries,
        CASE WHEN posted.version > 0
            THEN
                (posted.points + coalesce(posted.arrears, 0) + coalesce(posted.forgiven, 0)) * cast(
                    hash_record_extended(
                        row(
                            journal.id, posted.currency, cast('points' AS text), coalesce(posted.kind, 'issue'),
                            answer.recorded_at, posted.version
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
                                journal.id, posted.currency, cast('arrears' AS text), cast('settle' AS text),
                                answer.recorded_at, cast(0 AS bigint)
                            ), 0
                        ) AS numeric
                    ) - cast(
                        hash_record_extended(
                            row(
                                journal.id, posted.currency, cast('points' AS text), cast('settle' AS text),
                                answer.recorded_at, cast(0 AS bigint)
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
                            journal.id, posted.currency, cast('arrears' AS text),
                            CASE WHEN posted.kind = 'return' THEN 'arrears' ELSE posted.kind END,
                            answer.recorded_at, cast(0 AS bigint)
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
                            journal.id, posted.currency, cast('breakage' AS text), coalesce(posted.kind, 'issue'),
                            answer.recorded_at, cast(0 AS bigint)
                        ), 0
                    ) AS numeric
                )
            ELSE 0
        END AS entries_mark,
        CASE WHEN posted.lot = posted.version AND posted.points > 0
            THEN
                posted.points * cast(
                    hash_record_extended(
                        row(
                            journal.id, posted.currency, posted.lot, coalesce(posted.offer, ''),
                            greatest(posted.expires_at, freed.ends),
                            coalesce(posted.kind, 'issue'),
                            CASE WHEN coalesce(posted.kind, 'issue') NOT IN ('gift', 'merge', 'unmerge', 'reinstate')
                                THEN coalesce(freed.at, posted.usable_from, answer.recorded_at)
                            END,
                            CASE WHEN coalesce(posted.kind, 'issue') = 'issue' THEN answer.program END
                        ), 0
                    ) AS numeric
                )
        END AS lots_mark
    FROM activity.journal AS journal
    CROSS JOIN LATERAL json_to_record(journal.receipt) AS answer (
        recorded_at timestamptz, program text, postings json
    )
    CROSS JOIN LATERAL json_to_recordset(answer.postings) AS posted (
        currency text, points bigint, offer text, kind text, lot bigint, version bigint, settled bigint,
        arrears bigint, forgiven bigint, owner uuid, usable_from timestamptz, expires_at timestamptz
    )
    LEFT JOIN freed
        ON journal.member_id = freed.member_id AND posted.currency = freed.currency AND posted.lot = freed.lot
    WHERE posted.owner IS NULL AND journal.id <> ALL(cast(:unsealed AS uuid[]))
),

-- The order is looked at last: by then a row is short.
placed AS (
    SELECT
        marked.member_id, marked.seq, marked.entries, marked.entries_mark, marked.lots_mark,
        marked.version > 0 AND marked.version <= lag(marked.version) OVER (
            PARTITION BY marked.member_id, marked.currency, marked.version > 0 ORDER BY marked.seq, marked.version
        ) AS is_misplaced
    FROM marked
)

SELECT
    member_id, sum(entries) AS entries, sum(entries_mark) AS entries_mark, count(lots_mark) AS lots,
    coalesce(sum(lots_mark), 0) AS lots_mark, count(*) FILTER (WHERE is_misplaced) AS misplaced,
    coalesce(min(seq) FILTER (WHERE is_misplaced), 0) AS misplaced_mark
FROM placed
GROUP BY member_id;

-- name: fingerprint_holds
-- What was held, used of it and given back. It counts for whoever made the hold: after a merge another may use it.
-- Owners of a pool are told of their part too, which is not counted twice.
WITH posted AS (
    SELECT journal.member_id, journal.recorded_at, item.currency, item.points, item.kind, item.hold
    FROM activity.journal AS journal
    CROSS JOIN LATERAL json_to_recordset(journal.receipt -> 'postings') AS item (
        currency text, points bigint, kind text, hold uuid
    )
    WHERE
        strpos(cast(journal.receipt AS text), '"hold":') > 0 AND item.hold IS NOT NULL
        AND journal.kind <> 'pool_used'
        AND journal.id <> ALL(cast(:unsealed AS uuid[]))
)

SELECT
    coalesce(made.member_id, posted.member_id) AS member_id,
    count(*) FILTER (WHERE posted.kind = 'hold') AS holds,
    sum(
        CASE WHEN posted.kind = 'release' THEN posted.points ELSE -posted.points END
        * cast(
            CASE
                WHEN posted.kind = 'hold'
                    THEN
                        hash_record_extended(
                            row(posted.hold, posted.currency, posted.kind, posted.recorded_at), 0
                        )
                ELSE hash_record_extended(row(posted.hold, posted.currency, posted.kind), 0)
            END AS numeric
        )
    ) AS holds_mark
FROM posted
LEFT JOIN posted AS made ON posted.hold = made.hold AND made.kind = 'hold'
GROUP BY coalesce(made.member_id, posted.member_id);

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
    -- Cut out and not taken apart: names of offers and digests have no brackets, and in a text quotes have a backslash.
    CROSS JOIN LATERAL json_each_text(
        cast(
            '{' || split_part(split_part(cast(journal.receipt AS text), '"memories":{', 2), '}', 1) || '}' AS json
        )
    ) AS memory (offer, digest)
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
FROM activity.due AS due
UNION
SELECT archived.member_id
FROM activity.archived AS archived;

-- name: counts
SELECT 'activity.journal' AS name, count(*) AS count FROM activity.journal
UNION ALL
SELECT 'activity.key' AS name, count(*) AS count FROM activity.key
UNION ALL
SELECT 'activity.due' AS name, count(*) AS count FROM activity.due
UNION ALL
SELECT 'activity.personal' AS name, count(*) AS count FROM activity.personal
UNION ALL
SELECT 'activity.archived' AS name, count(*) AS count FROM activity.archived;
