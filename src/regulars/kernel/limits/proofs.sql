-- Proofs of what is scarce. Each `fault_` query is empty when all is well.

-- name: fault_i13_ceiling
-- What is taken and reserved is what the claims say, and never more than there is.
SELECT
    format(
        'Ceiling %s of %s says %s are taken and %s reserved; its claims say %s and %s.',
        coalesce(ceiling.id, claimed.ceiling_id), ceiling.amount, ceiling.taken, ceiling.reserved,
        coalesce(claimed.taken, 0), coalesce(claimed.reserved, 0)
    ) AS sentence
FROM limits.ceiling AS ceiling
FULL JOIN (
    SELECT
        claim.ceiling_id,
        sum(CASE WHEN claim.state = 'taken' THEN claim.amount - claim.returned ELSE 0 END) AS taken,
        sum(CASE WHEN claim.state = 'reserved' THEN claim.amount - claim.returned ELSE 0 END) AS reserved
    FROM limits.claim AS claim
    GROUP BY claim.ceiling_id
) AS claimed
    ON ceiling.id = claimed.ceiling_id
WHERE
    ceiling.taken IS DISTINCT FROM coalesce(claimed.taken, 0)
    OR ceiling.reserved IS DISTINCT FROM coalesce(claimed.reserved, 0)
    OR ceiling.taken + ceiling.reserved > ceiling.amount
ORDER BY 1
LIMIT :most;

-- name: fault_i13_claim
-- A claim that has ended gave everything back, and says when; only a reservation has a last moment, and one that was
-- let go of ended no later than that.
SELECT
    format(
        'The claim of activity %s under %s is %s: %s claimed, %s came back, until %s, ended %s.',
        activity_id, ceiling_id, state, amount, returned, until, ended_at
    ) AS sentence
FROM limits.claim
WHERE
    (state IN ('released', 'returned')) <> (returned = amount)
    OR (state IN ('released', 'returned')) <> (ended_at IS NOT NULL)
    OR (state = 'reserved' AND returned <> 0)
    OR (state IN ('reserved', 'released') AND until IS NULL)
    OR (state = 'released' AND ended_at > until)
    OR ended_at < at
    OR until <= at
ORDER BY ceiling_id, activity_id
LIMIT :most;

-- name: fault_i13_code
-- A code stands for something that is there, and for something else than any other code.
SELECT
    CASE
        WHEN count(ceiling.id) = 0 THEN format('Code %s stands for nothing.', code.ceiling_id)
        ELSE format('%s codes stand for %s.', count(*), code.ceiling_id)
    END AS sentence
FROM limits.code AS code
LEFT JOIN limits.ceiling AS ceiling ON code.ceiling_id = ceiling.id
GROUP BY code.ceiling_id
HAVING count(ceiling.id) <> 1
ORDER BY code.ceiling_id
LIMIT :most;

-- name: fault_i13_pool
-- Each claim on a pool was handed as many codes as it claims, and there are as many codes as the pool says.
SELECT
    format(
        'Activity %s claims %s codes of %s, and was handed %s.',
        coalesce(claimed.activity_id, handed.activity_id), coalesce(claimed.amount, 0),
        coalesce(claimed.ceiling_id, handed.ceiling_id), coalesce(handed.codes, 0)
    ) AS sentence
FROM (
    SELECT claim.ceiling_id, claim.activity_id, claim.amount
    FROM limits.claim AS claim
    WHERE starts_with(claim.ceiling_id, 'pool:')
) AS claimed
FULL JOIN (
    SELECT code.ceiling_id, code.activity_id, count(*) AS codes
    FROM limits.pooled_code AS code
    WHERE code.activity_id IS NOT NULL
    GROUP BY code.ceiling_id, code.activity_id
) AS handed
    ON claimed.ceiling_id = handed.ceiling_id AND claimed.activity_id = handed.activity_id
WHERE claimed.amount IS DISTINCT FROM handed.codes
UNION ALL
SELECT
    format(
        'The pool %s says %s codes, and has %s.',
        coalesce(ceiling.id, pooled.ceiling_id), ceiling.amount, coalesce(pooled.codes, 0)
    ) AS sentence
FROM (
    SELECT pool.id, pool.amount
    FROM limits.ceiling AS pool
    WHERE starts_with(pool.id, 'pool:')
) AS ceiling
FULL JOIN (
    SELECT code.ceiling_id, count(*) AS codes
    FROM limits.pooled_code AS code
    GROUP BY code.ceiling_id
) AS pooled
    ON ceiling.id = pooled.ceiling_id
WHERE ceiling.amount IS DISTINCT FROM coalesce(pooled.codes, 0)
ORDER BY 1
LIMIT :most;
