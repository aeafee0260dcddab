-- name: lock_book
-- Whoever takes lots into the books or makes an estimate waits for the other.
SELECT nullif(taken_until, '-infinity') AS taken_until
FROM money.book
WHERE id = 1
FOR UPDATE;

-- name: move_book
UPDATE money.book
SET taken_until = greatest(taken_until, cast(:until AS timestamptz))
WHERE id = 1;

-- name: estimates
SELECT currency, number, rate_permille, effective_from, made_by, at, note
FROM money.estimate
ORDER BY currency, number;

-- name: add_estimate
INSERT INTO money.estimate (currency, number, rate_permille, effective_from, made_by, at, note)
VALUES (:currency, :number, :rate_permille, :effective_from, :made_by, :at, :note);

-- name: deferrals
SELECT member_id, currency, lot, basis, sale_minor, ssp_micro, deferred_micro, estimate
FROM money.deferral
WHERE member_id = ANY(cast(:members AS uuid[]));

-- name: deferrals_of
SELECT
    kept.member_id, kept.currency, kept.lot, kept.basis, kept.sale_minor, kept.ssp_micro, kept.deferred_micro,
    kept.estimate
FROM money.deferral AS kept
INNER JOIN
    unnest(cast(:members AS uuid[]), cast(:currencies AS text[]), cast(:lots AS bigint[]))
    AS wanted (member_id, currency, lot)
    ON kept.member_id = wanted.member_id AND kept.currency = wanted.currency AND kept.lot = wanted.lot;

-- name: add_deferrals
-- What another process has just written is the same.
INSERT INTO money.deferral (member_id, currency, lot, basis, sale_minor, ssp_micro, deferred_micro, estimate)
SELECT member_id, currency, lot, basis, sale_minor, ssp_micro, deferred_micro, estimate
FROM unnest(
    cast(:members AS uuid[]), cast(:currencies AS text[]), cast(:lots AS bigint[]), cast(:bases AS text[]),
    cast(:sales AS bigint[]), cast(:ssps AS numeric[]), cast(:deferreds AS numeric[]), cast(:estimates AS integer[])
) AS added (member_id, currency, lot, basis, sale_minor, ssp_micro, deferred_micro, estimate)
ON CONFLICT (member_id, currency, lot) DO NOTHING;
