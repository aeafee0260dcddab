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

-- name: own_codes
-- Those added last, if there are more than so many. What is reserved for a purchase that is under way is not used yet.
SELECT
    code.digest, code.ceiling_id, code.batch, code.member_id, code.valid_from, code.valid_until, code.added_at,
    code.sealed, ceiling.taken >= ceiling.amount AS is_used
FROM limits.code AS code
INNER JOIN limits.ceiling AS ceiling ON code.ceiling_id = ceiling.id
WHERE code.member_id = :member AND code.sealed IS NOT NULL
ORDER BY code.added_at DESC, code.ceiling_id
LIMIT :most;

-- name: forget_codes
UPDATE limits.code
SET sealed = NULL
WHERE member_id = ANY(cast(:members AS uuid[])) AND sealed IS NOT NULL;

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
-- A code that begins later, or at this very moment, is valid at none.
UPDATE limits.code
SET valid_until = greatest(cast(:at AS timestamptz), valid_from)
WHERE batch = :batch AND (valid_until IS NULL OR valid_until > :at);

-- name: begin_pool
INSERT INTO limits.ceiling (id, amount)
VALUES (:pool, 0)
ON CONFLICT (id) DO NOTHING;

-- name: count_pooled
SELECT count(*)
FROM limits.pooled_code
WHERE ceiling_id = :pool AND digest = ANY(cast(:digests AS bytea[]));

-- name: last_pooled
SELECT coalesce(max(number), 0)
FROM limits.pooled_code
WHERE ceiling_id = :pool;

-- name: add_pool_list
INSERT INTO limits.pool_list (ceiling_id, batch, wrapped_key, valid_until, added_at)
VALUES (:pool, :batch, :wrapped_key, :valid_until, :at);

-- name: has_pool_list
SELECT exists(SELECT 1 FROM limits.pool_list WHERE ceiling_id = :pool AND batch = :batch);

-- name: hand_out
-- The lowest numbers first. Their ceilings are locked, so nobody else picks at the same time.
WITH wanted AS (
    SELECT
        claimed.ceiling_id,
        claimed.activity_id,
        claimed.amount,
        sum(claimed.amount) OVER (PARTITION BY claimed.ceiling_id ORDER BY claimed.place) AS up_to
    FROM
        unnest(cast(:ceilings AS text[]), cast(:activities AS uuid[]), cast(:amounts AS bigint[]))
        WITH ORDINALITY AS claimed (ceiling_id, activity_id, amount, place)
),

needed AS (
    SELECT wanted.ceiling_id, cast(max(wanted.up_to) AS bigint) AS total
    FROM wanted
    GROUP BY wanted.ceiling_id
),

picked AS (
    SELECT
        needed.ceiling_id,
        free.number,
        row_number() OVER (PARTITION BY needed.ceiling_id ORDER BY free.number) AS place
    FROM needed
    CROSS JOIN LATERAL (
        SELECT pooled.number
        FROM limits.pooled_code AS pooled
        WHERE pooled.ceiling_id = needed.ceiling_id AND pooled.activity_id IS NULL
        ORDER BY pooled.number
        LIMIT needed.total
    ) AS free
)

UPDATE limits.pooled_code AS kept
SET activity_id = wanted.activity_id
FROM picked
INNER JOIN wanted
    ON
        picked.ceiling_id = wanted.ceiling_id
        AND picked.place > wanted.up_to - wanted.amount
        AND picked.place <= wanted.up_to
WHERE kept.ceiling_id = picked.ceiling_id AND kept.number = picked.number;

-- name: end_pool_list
DELETE FROM limits.pooled_code
WHERE ceiling_id = :pool AND batch = :batch AND activity_id IS NULL;

-- name: pool_lists
SELECT
    list.ceiling_id, list.batch, list.valid_until,
    count(code.number) AS codes,
    count(code.activity_id) AS handed
FROM limits.pool_list AS list
LEFT JOIN limits.pooled_code AS code ON list.ceiling_id = code.ceiling_id AND list.batch = code.batch
GROUP BY list.ceiling_id, list.batch
ORDER BY list.ceiling_id, list.batch;

-- name: handed_codes
-- Those handed out last, if there are more than so many.
SELECT
    pooled.ceiling_id, pooled.number, pooled.batch, pooled.digest, pooled.cipher, claim.at,
    list.wrapped_key, list.valid_until
FROM limits.claim AS claim
INNER JOIN limits.pooled_code AS pooled
    ON claim.ceiling_id = pooled.ceiling_id AND claim.activity_id = pooled.activity_id
INNER JOIN limits.pool_list AS list ON pooled.ceiling_id = list.ceiling_id AND pooled.batch = list.batch
WHERE claim.member_id = ANY(cast(:members AS uuid[]))
ORDER BY claim.at DESC, pooled.ceiling_id, pooled.number DESC
LIMIT :most;
