-- name: lock
SELECT id, amount, taken, reserved
FROM limits.ceiling
WHERE id = ANY(cast(:ids AS text[]))
ORDER BY id
FOR UPDATE;

-- name: set_ceilings
-- A ceiling never goes below what is already promised: the constraint says so.
INSERT INTO limits.ceiling (id, amount)
SELECT id, amount
FROM unnest(cast(:ids AS text[]), cast(:amounts AS bigint[])) AS given (id, amount)
ORDER BY id
ON CONFLICT (id) DO UPDATE SET amount = excluded.amount;

-- name: add_claims
INSERT INTO limits.claim (ceiling_id, activity_id, member_id, amount, state, at, until)
SELECT ceiling_id, activity_id, member_id, amount, state, at, until
FROM unnest(
    cast(:ceilings AS text[]), cast(:activities AS uuid[]), cast(:members AS uuid[]), cast(:amounts AS bigint[]),
    cast(:states AS text[]), cast(:ats AS timestamptz[]), cast(:untils AS timestamptz[])
) AS added (ceiling_id, activity_id, member_id, amount, state, at, until);

-- name: move_ceilings
UPDATE limits.ceiling AS kept
SET taken = moved.taken, reserved = moved.reserved
FROM
    unnest(cast(:ids AS text[]), cast(:takens AS bigint[]), cast(:reserveds AS bigint[]))
    AS moved (id, taken, reserved)
WHERE kept.id = moved.id;

-- name: ceilings
SELECT id, amount, taken, reserved
FROM limits.ceiling
ORDER BY id;
