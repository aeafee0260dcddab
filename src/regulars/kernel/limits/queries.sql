-- name: lock
SELECT id, amount, taken, reserved
FROM limits.ceiling
WHERE id = ANY(cast(:ids AS text[]))
ORDER BY id
FOR UPDATE;

-- name: look
SELECT id, amount, taken, reserved
FROM limits.ceiling
WHERE id = ANY(cast(:ids AS text[]))
ORDER BY id;

-- name: taken_before
-- How much of ceilings was promised before a moment, whatever became of it since.
SELECT claim.ceiling_id, sum(claim.amount)::bigint AS amount
FROM limits.claim AS claim
WHERE claim.ceiling_id = ANY(cast(:ids AS text[])) AND claim.at < :at
GROUP BY claim.ceiling_id;

-- name: claims
-- Asked after the lock, in a statement of its own: one that waits for a lock still sees the claims of before.
SELECT ceiling_id, activity_id, member_id, amount, returned, state, at, until, ended_at
FROM limits.claim
WHERE ceiling_id = ANY(cast(:ids AS text[])) AND state = 'reserved' AND until <= :at
UNION ALL
SELECT
    claim.ceiling_id, claim.activity_id, claim.member_id, claim.amount, claim.returned, claim.state, claim.at,
    claim.until, claim.ended_at
FROM limits.claim AS claim
INNER JOIN
    unnest(cast(:ceilings AS text[]), cast(:activities AS uuid[])) AS named (ceiling_id, activity_id)
    ON claim.ceiling_id = named.ceiling_id AND claim.activity_id = named.activity_id;

-- name: set_ceilings
-- A ceiling never goes below what is already promised: the constraint says so.
INSERT INTO limits.ceiling (id, amount)
SELECT id, amount
FROM unnest(cast(:ids AS text[]), cast(:amounts AS bigint[])) AS given (id, amount)
ORDER BY id
ON CONFLICT (id) DO UPDATE SET amount = excluded.amount;

-- name: add_ceilings
-- For ceilings that nobody had claimed under. Somebody else's, added at this moment, breaks the primary key: a race.
INSERT INTO limits.ceiling (id, amount, taken, reserved)
SELECT id, amount, taken, reserved
FROM
    unnest(
        cast(:ids AS text[]), cast(:amounts AS bigint[]), cast(:takens AS bigint[]), cast(:reserveds AS bigint[])
    ) AS added (id, amount, taken, reserved)
ORDER BY id;

-- name: move_ceilings
UPDATE limits.ceiling AS kept
SET amount = moved.amount, taken = moved.taken, reserved = moved.reserved
FROM
    unnest(
        cast(:ids AS text[]), cast(:amounts AS bigint[]), cast(:takens AS bigint[]), cast(:reserveds AS bigint[])
    ) AS moved (id, amount, taken, reserved)
WHERE kept.id = moved.id;

-- name: add_claims
INSERT INTO limits.claim (ceiling_id, activity_id, member_id, amount, returned, state, at, until, ended_at)
SELECT ceiling_id, activity_id, member_id, amount, returned, state, at, until, ended_at
FROM unnest(
    cast(:ceilings AS text[]), cast(:activities AS uuid[]), cast(:members AS uuid[]), cast(:amounts AS bigint[]),
    cast(:returneds AS bigint[]), cast(:states AS text[]), cast(:ats AS timestamptz[]),
    cast(:untils AS timestamptz[]), cast(:ends AS timestamptz[])
) AS added (ceiling_id, activity_id, member_id, amount, returned, state, at, until, ended_at);

-- name: move_claims
UPDATE limits.claim AS kept
SET returned = moved.returned, state = moved.state, ended_at = moved.ended_at
FROM unnest(
    cast(:ceilings AS text[]), cast(:activities AS uuid[]), cast(:returneds AS bigint[]), cast(:states AS text[]),
    cast(:ends AS timestamptz[])
) AS moved (ceiling_id, activity_id, returned, state, ended_at)
WHERE kept.ceiling_id = moved.ceiling_id AND kept.activity_id = moved.activity_id;

-- name: ceilings
SELECT id, amount, taken, reserved
FROM limits.ceiling
ORDER BY id;

-- name: left_many
-- Without locks, and in one statement: the ceiling and its claims are of one moment.
SELECT
    ceiling.id,
    ceiling.amount,
    cast(ceiling.taken + ceiling.reserved - coalesce(ended.amount, 0) AS bigint) AS promised
FROM limits.ceiling AS ceiling
LEFT JOIN (
    SELECT claim.ceiling_id, sum(claim.amount) AS amount
    FROM limits.claim AS claim
    WHERE claim.ceiling_id = ANY(cast(:ids AS text[])) AND claim.state = 'reserved' AND claim.until <= :at
    GROUP BY claim.ceiling_id
) AS ended
    ON ceiling.id = ended.ceiling_id
WHERE ceiling.id = ANY(cast(:ids AS text[]));

-- name: existing
SELECT id
FROM limits.ceiling
WHERE id = ANY(cast(:ids AS text[]))
ORDER BY id
LIMIT 1;

-- name: due_ceilings
-- Those that have waited longest first.
SELECT ceiling_id, min(until) AS since
FROM limits.claim
WHERE state = 'reserved' AND until <= :at
GROUP BY ceiling_id
ORDER BY since, ceiling_id
LIMIT :most;

-- name: existing_code
SELECT digest
FROM limits.code
WHERE digest = ANY(cast(:digests AS bytea[]))
LIMIT 1;

-- name: find_codes
SELECT digest, ceiling_id, member_id, valid_from, valid_until
FROM limits.code
WHERE digest = ANY(cast(:digests AS bytea[]));

-- name: count_codes
SELECT
    code.batch, count(*) AS codes,
    count(*) FILTER (WHERE ceiling.taken + ceiling.reserved >= ceiling.amount) AS used
FROM limits.code AS code
INNER JOIN limits.ceiling AS ceiling ON code.ceiling_id = ceiling.id
GROUP BY code.batch
ORDER BY code.batch;

-- name: has_codes
SELECT exists(SELECT 1 FROM limits.code WHERE batch = :batch);

-- name: end_codes
-- A code that begins later ends as soon as it begins.
UPDATE limits.code
SET valid_until = greatest(cast(:at AS timestamptz), valid_from + interval '1 microsecond')
WHERE batch = :batch AND (valid_until IS NULL OR valid_until > :at);
