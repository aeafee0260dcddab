-- What the accounts of some members came to, summed up before it is read. Everything stops before `:until`.

-- name: moved
-- What moved the points that members see, by the month in which it did.
SELECT
    to_char(entry.at AT TIME ZONE cast(:zone AS text), 'YYYY-MM') AS month, entry.currency, entry.kind,
    cast(sum(entry.amount) AS bigint) AS points
FROM ledger.entry AS entry
WHERE entry.member_id = ANY(cast(:members AS uuid[])) AND entry.account = 'points' AND entry.at < :until
GROUP BY month, entry.currency, entry.kind;

-- name: issued
-- Lots, and what they are worth: by month, from the first; and by offer and by member, those from `:since` on.
SELECT
    lot.month,
    lot.offer,
    lot.currency,
    lot.member_id,
    cast(sum(lot.amount) AS bigint) AS points,
    count(*) AS times,
    cast(sum(lot.amount * lot.value_micro) AS bigint) AS worth
FROM (
    SELECT
        issued.amount, issued.value_micro, issued.issued_at >= :since AS counts,
        to_char(issued.issued_at AT TIME ZONE cast(:zone AS text), 'YYYY-MM') AS month,
        CASE WHEN issued.issued_at >= :since THEN issued.offer END AS offer,
        CASE WHEN issued.issued_at >= :since THEN issued.currency END AS currency,
        CASE WHEN issued.issued_at >= :since THEN issued.member_id END AS member_id
    FROM ledger.lot AS issued
    WHERE issued.member_id = ANY(cast(:members AS uuid[])) AND issued.issued_at < :until
) AS lot
GROUP BY GROUPING SETS ((lot.month), (lot.offer, lot.currency), (lot.member_id));

-- name: taken
-- What entries took from lots and gave back to them, in the same way; by offer and by member only what returns took.
SELECT
    part.month,
    part.offer,
    part.currency,
    part.member_id,
    cast(sum(part.amount) AS bigint) AS points,
    cast(sum(part.amount * part.value_micro) AS bigint) AS worth
FROM (
    SELECT
        taken.amount, lot.value_micro,
        to_char(entry.at AT TIME ZONE cast(:zone AS text), 'YYYY-MM') AS month,
        CASE WHEN entry.kind = 'return' AND entry.at >= :since THEN lot.offer END AS offer,
        CASE WHEN entry.kind = 'return' AND entry.at >= :since THEN lot.currency END AS currency,
        CASE WHEN entry.kind = 'return' AND entry.at >= :since THEN lot.member_id END AS member_id
    FROM ledger.allocation AS taken
    INNER JOIN ledger.entry AS entry
        ON
            taken.member_id = entry.member_id AND taken.currency = entry.currency AND taken.account = entry.account
            AND taken.version = entry.version
    INNER JOIN ledger.lot AS lot
        ON taken.member_id = lot.member_id AND taken.currency = lot.currency AND taken.lot = lot.number
    WHERE
        taken.member_id = ANY(cast(:members AS uuid[])) AND entry.account = 'points' AND entry.at < :until
) AS part
GROUP BY GROUPING SETS ((part.month), (part.offer, part.currency), (part.member_id));

-- name: waiting
-- Members with points of which something becomes due before a time.
SELECT DISTINCT member_id
FROM ledger.account
WHERE member_id = ANY(cast(:members AS uuid[])) AND due_at < :until;
