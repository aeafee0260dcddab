-- What the ledger keeps, summed up by member so that it can be laid beside what receipts tell of.

-- name: fingerprint_entries
-- The entries that receipts tell of: the members' own accounts, and points that ended and were then forgiven.
SELECT
    entry.member_id,
    count(*) AS entries,
    sum(
        entry.amount * cast(
            hash_record_extended(
                row(
                    entry.activity_id, entry.currency, entry.account, entry.kind, entry.at,
                    CASE WHEN entry.account = 'points' AND entry.kind <> 'settle' THEN entry.version ELSE 0 END
                ), 0
            ) AS numeric
        )
    ) AS entries_mark
FROM ledger.entry AS entry
WHERE entry.account IN ('points', 'arrears') OR (entry.account = 'breakage' AND entry.kind <> 'expire')
GROUP BY entry.member_id;

-- name: fingerprint_lots
-- A child lot keeps the programme of its parent, and waits as long: only a new issue has both from its activity.
SELECT
    lot.member_id,
    count(*) AS lots,
    sum(
        lot.amount * cast(
            hash_record_extended(
                row(
                    lot.activity_id, lot.currency, lot.number, lot.offer, lot.expires_at, entry.kind,
                    CASE WHEN entry.kind NOT IN ('gift', 'merge', 'unmerge', 'reinstate') THEN lot.usable_from END,
                    CASE WHEN entry.kind = 'issue' THEN lot.program END
                ), 0
            ) AS numeric
        )
    ) AS lots_mark
FROM ledger.lot AS lot
LEFT JOIN ledger.entry AS entry
    ON
        lot.member_id = entry.member_id AND lot.currency = entry.currency AND entry.account = 'points'
        AND lot.number = entry.version
GROUP BY lot.member_id;

-- name: fingerprint_holds
SELECT
    member_id,
    count(*) AS holds,
    sum(
        amount * cast(hash_record_extended(row(id, currency, cast('hold' AS text), held_at), 0) AS numeric)
        + captured * cast(hash_record_extended(row(id, currency, cast('redeem' AS text)), 0) AS numeric)
        + released * cast(hash_record_extended(row(id, currency, cast('release' AS text)), 0) AS numeric)
    ) AS holds_mark
FROM ledger.hold
GROUP BY member_id;

-- name: terms
-- On which terms lots were issued: as many rows as programme versions have offers.
SELECT DISTINCT program, offer, currency, priority, funder, value_micro
FROM ledger.lot
ORDER BY program, offer, currency, priority, funder, value_micro;

-- name: owners
SELECT member_id
FROM ledger.account
UNION
SELECT member_id
FROM ledger.hold
UNION
SELECT owner_id AS member_id
FROM ledger.hold_lot;

-- name: counts
SELECT 'ledger.account' AS name, count(*) AS count FROM ledger.account
UNION ALL
SELECT 'ledger.entry' AS name, count(*) AS count FROM ledger.entry
UNION ALL
SELECT 'ledger.lot' AS name, count(*) AS count FROM ledger.lot
UNION ALL
SELECT 'ledger.allocation' AS name, count(*) AS count FROM ledger.allocation
UNION ALL
SELECT 'ledger.hold' AS name, count(*) AS count FROM ledger.hold
UNION ALL
SELECT 'ledger.hold_lot' AS name, count(*) AS count FROM ledger.hold_lot;
