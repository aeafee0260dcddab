-- name: open_day
-- The hours of a day stay those with which it was first told of.
INSERT INTO reconciliation.day AS kept (store, day, since, until, file, file_sales, ledger_sales)
VALUES (:store, :day, :since, :until, '', 0, 0)
ON CONFLICT (store, day) DO UPDATE
SET file = kept.file
RETURNING store, day, since, until, file, compared_at, file_sales, ledger_sales;

-- name: find_day
SELECT store, day, since, until, file, compared_at, file_sales, ledger_sales
FROM reconciliation.day
WHERE store = :store AND day = :day;

-- name: days
SELECT store, day, since, until, file, compared_at, file_sales, ledger_sales
FROM reconciliation.day
WHERE
    day BETWEEN :first AND :last AND (cast(:store AS text) = '' OR store = :store)
    AND (day, store) > (cast(:after_day AS date), cast(:after_store AS text))
ORDER BY day, store
LIMIT :most;

-- name: name_file
UPDATE reconciliation.day
SET file = :file
WHERE store = :store AND day = :day;

-- name: note_compared
UPDATE reconciliation.day
SET compared_at = :at, file_sales = :file_sales, ledger_sales = :ledger_sales
WHERE store = :store AND day = :day;

-- name: put_report
INSERT INTO reconciliation.report
(store, day, till, source, first_number, last_number, sales, gross_minor, due_minor, reported_at)
VALUES (:store, :day, :till, :source, :first_number, :last_number, :sales, :gross_minor, :due_minor, :at)
ON CONFLICT (store, day, till) DO UPDATE
SET
    source = excluded.source, first_number = excluded.first_number, last_number = excluded.last_number,
    sales = excluded.sales, gross_minor = excluded.gross_minor, due_minor = excluded.due_minor,
    reported_at = excluded.reported_at;

-- name: reports
SELECT till, source, first_number, last_number, sales, gross_minor, due_minor
FROM reconciliation.report
WHERE store = :store AND day = :day
ORDER BY till;

-- name: forget_sales
DELETE FROM reconciliation.sale
WHERE store = :store AND day = :day AND (cast(:part AS integer) = 0 OR part = :part);

-- name: sales
SELECT source, id, till, kind, occurred_at, due_minor, is_shown
FROM reconciliation.sale
WHERE store = :store AND day = :day
ORDER BY part, number;

-- name: differences
SELECT
    id, store, day, kind, till, source, name, expected_minor, ledger_minor, amount_minor, detail, state, owner, note,
    found_at, changed_at
FROM reconciliation.difference
WHERE store = :store AND day = :day
ORDER BY id
FOR UPDATE;

-- name: list_differences
SELECT
    id, store, day, kind, till, source, name, expected_minor, ledger_minor, amount_minor, detail, state, owner, note,
    found_at, changed_at
FROM reconciliation.difference
WHERE
    day BETWEEN :first AND :last AND state = ANY(cast(:states AS text[]))
    AND (cast(:store AS text) = '' OR store = :store)
    AND (cast(:owner AS text) = '' OR owner = :owner)
    AND (day, id) > (cast(:after_day AS date), cast(:after AS uuid))
ORDER BY day, id
LIMIT :most;

-- name: lock_differences
SELECT
    id, store, day, kind, till, source, name, expected_minor, ledger_minor, amount_minor, detail, state, owner, note,
    found_at, changed_at
FROM reconciliation.difference
WHERE id = ANY(cast(:ids AS uuid[]))
ORDER BY id
FOR UPDATE;

-- name: put_differences
INSERT INTO reconciliation.difference
(
    id, store, day, kind, till, source, name, expected_minor, ledger_minor, amount_minor, detail, state, owner, note,
    found_at, changed_at
)
SELECT
    id, :store, :day, kind, till, source, name, expected_minor, ledger_minor, amount_minor, detail, state, owner, note,
    found_at, changed_at
FROM unnest(
    cast(:ids AS uuid[]), cast(:kinds AS text[]), cast(:tills AS text[]), cast(:sources AS text[]),
    cast(:names AS text[]), cast(:expecteds AS bigint[]), cast(:ledgers AS bigint[]), cast(:amounts AS bigint[]),
    cast(:details AS text[]), cast(:states AS text[]), cast(:owners AS text[]), cast(:notes AS text[]),
    cast(:founds AS timestamptz[]), cast(:changeds AS timestamptz[])
) AS told (
    id, kind, till, source, name, expected_minor, ledger_minor, amount_minor, detail, state, owner, note, found_at,
    changed_at
)
ON CONFLICT (id) DO UPDATE
SET
    till = excluded.till, expected_minor = excluded.expected_minor, ledger_minor = excluded.ledger_minor,
    amount_minor = excluded.amount_minor, detail = excluded.detail, state = excluded.state, owner = excluded.owner,
    note = excluded.note, changed_at = excluded.changed_at;

-- name: decide
UPDATE reconciliation.difference
SET state = :state, owner = :owner, note = :note, changed_at = :at
WHERE id = ANY(cast(:ids AS uuid[]));

-- name: counts
-- How many differences of each state and kind, and what they come to.
SELECT store, day, kind, state, count(*)::bigint AS differences, sum(amount_minor)::bigint AS amount_minor
FROM reconciliation.difference
WHERE day BETWEEN :first AND :last AND (cast(:store AS text) = '' OR store = :store)
GROUP BY store, day, kind, state
ORDER BY day, store, kind, state;
