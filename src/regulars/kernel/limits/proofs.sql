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
-- A claim that has ended gave everything back; only a reservation has a last moment.
SELECT
    format(
        'The claim of activity %s under %s is %s: %s claimed, %s came back.',
        activity_id, ceiling_id, state, amount, returned
    ) AS sentence
FROM limits.claim
WHERE
    (state IN ('released', 'returned')) <> (returned = amount)
    OR (state = 'reserved' AND until IS NULL)
    OR until < at
ORDER BY ceiling_id, activity_id
LIMIT :most;

-- name: fingerprint_claims
SELECT
    claim.member_id,
    count(*) AS claims,
    sum(
        claim.amount
        * cast(hash_record_extended(row(claim.ceiling_id, claim.activity_id, claim.at), 0) AS numeric)
    ) AS claims_mark
FROM limits.claim AS claim
GROUP BY claim.member_id;

-- name: owners
SELECT DISTINCT claim.member_id
FROM limits.claim AS claim;

-- name: counts
SELECT 'limits.ceiling' AS name, count(*) AS count FROM limits.ceiling
UNION ALL
SELECT 'limits.claim' AS name, count(*) AS count FROM limits.claim;

-- name: amounts
SELECT id, amount
FROM limits.ceiling;
