-- What a money view reads of the ledger, a window of members at a time. Everything stops before `:until`, so that a
-- past moment can be told again.

-- name: first_at
-- When the first points were issued.
SELECT min(issued_at) AS at FROM ledger.lot;

-- name: members
-- Members who ever had points, in the order of their ids.
SELECT DISTINCT member_id
FROM ledger.lot
WHERE member_id > :after
ORDER BY member_id
LIMIT :most;

-- name: lots
-- Lots with the kind of entry that issued each.
SELECT
    lot.member_id, lot.currency, lot.number, lot.amount, lot.issued_at, lot.activity_id, entry.kind, lot.funder,
    lot.value_micro, lot.parent_member, lot.parent_number
FROM ledger.lot AS lot
INNER JOIN ledger.entry AS entry
    ON
        lot.member_id = entry.member_id AND lot.currency = entry.currency AND entry.account = 'points'
        AND lot.number = entry.version
WHERE lot.member_id = ANY(cast(:members AS uuid[])) AND lot.issued_at < :until
ORDER BY lot.member_id, lot.currency, lot.number;

-- name: parts
-- What entries took from lots and gave back to them, lot by lot, in the order in which it happened.
SELECT
    part.member_id, part.currency, part.lot, part.account, part.version, part.amount, entry.kind, entry.at
FROM ledger.allocation AS part
INNER JOIN ledger.entry AS entry
    ON
        part.member_id = entry.member_id AND part.currency = entry.currency AND part.account = entry.account
        AND part.version = entry.version
WHERE part.member_id = ANY(cast(:members AS uuid[])) AND entry.at < :until
ORDER BY part.member_id, part.currency, part.lot, part.account, part.version;

-- name: parts_of_lots
-- The same of single lots, with what each lot was issued with: what was handed on out of them.
SELECT
    part.member_id, part.currency, part.lot, part.account, part.version, part.amount, entry.kind, entry.at,
    lot.amount AS issued
FROM
    unnest(cast(:members AS uuid[]), cast(:currencies AS text[]), cast(:numbers AS bigint[]))
    AS wanted (member_id, currency, lot)
INNER JOIN ledger.lot AS lot
    ON wanted.member_id = lot.member_id AND wanted.currency = lot.currency AND wanted.lot = lot.number
INNER JOIN ledger.allocation AS part
    ON wanted.member_id = part.member_id AND wanted.currency = part.currency AND wanted.lot = part.lot
INNER JOIN ledger.entry AS entry
    ON
        part.member_id = entry.member_id AND part.currency = entry.currency AND part.account = entry.account
        AND part.version = entry.version
WHERE part.account = 'points'
ORDER BY part.member_id, part.currency, part.lot, part.version;

-- name: children
-- Lots that were handed on out of these lots.
SELECT
    lot.member_id, lot.currency, lot.number, lot.amount, lot.issued_at, lot.activity_id, entry.kind, lot.funder,
    lot.value_micro, lot.parent_member, lot.parent_number
FROM ledger.lot AS lot
INNER JOIN
    unnest(cast(:members AS uuid[]), cast(:currencies AS text[]), cast(:numbers AS bigint[]))
    AS wanted (member_id, currency, lot)
    ON
        lot.parent_member = wanted.member_id AND lot.currency = wanted.currency
        AND lot.parent_number = wanted.lot
INNER JOIN ledger.entry AS entry
    ON
        lot.member_id = entry.member_id AND lot.currency = entry.currency AND entry.account = 'points'
        AND lot.number = entry.version
ORDER BY lot.member_id, lot.currency, lot.number;

-- name: balances
-- How the members' own accounts stood, all together, by the running balance of each one's last entry.
SELECT stood.currency, stood.account, sum(stood.balance) AS points
FROM (
    SELECT DISTINCT ON (entry.member_id, entry.currency, entry.account) entry.currency, entry.account, entry.balance
    FROM ledger.entry AS entry
    WHERE entry.account IN ('points', 'arrears') AND entry.at < :until
    ORDER BY entry.member_id ASC, entry.currency ASC, entry.account ASC, entry.version DESC
) AS stood
GROUP BY stood.currency, stood.account
ORDER BY stood.currency, stood.account;

-- name: rewound
-- What is left in lots and open holds, as stored today, less all that happened since.
SELECT standing.currency, standing.funder, sum(standing.points) AS points, sum(standing.value) AS value
FROM (
    SELECT lot.currency, lot.funder, lot.remaining AS points, cast(lot.remaining AS numeric) * lot.value_micro AS value
    FROM ledger.lot AS lot
    UNION ALL
    SELECT
        held.currency, lot.funder, held.amount - held.captured - held.released AS points,
        cast(held.amount - held.captured - held.released AS numeric) * lot.value_micro AS value
    FROM ledger.hold_lot AS held
    INNER JOIN ledger.lot AS lot
        ON held.owner_id = lot.member_id AND held.currency = lot.currency AND held.lot = lot.number
    UNION ALL
    SELECT lot.currency, lot.funder, -lot.amount AS points, -cast(lot.amount AS numeric) * lot.value_micro AS value
    FROM ledger.lot AS lot
    WHERE lot.issued_at >= :until
    UNION ALL
    SELECT
        part.currency, lot.funder, -part.amount AS points, -cast(part.amount AS numeric) * lot.value_micro AS value
    FROM ledger.allocation AS part
    INNER JOIN ledger.entry AS entry
        ON
            part.member_id = entry.member_id AND part.currency = entry.currency AND part.account = entry.account
            AND part.version = entry.version
    INNER JOIN ledger.lot AS lot
        ON part.member_id = lot.member_id AND part.currency = lot.currency AND part.lot = lot.number
    WHERE part.account = 'points' AND entry.at >= :until
) AS standing
GROUP BY standing.currency, standing.funder
ORDER BY standing.currency, standing.funder;
