-- What is claimed, summed up by member so that it can be laid beside what receipts tell of.

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
SELECT claim.member_id
FROM limits.claim AS claim
UNION
SELECT code.member_id
FROM limits.code AS code
WHERE code.member_id IS NOT NULL;

-- name: counts
SELECT 'limits.ceiling' AS name, count(*) AS count FROM limits.ceiling
UNION ALL
SELECT 'limits.claim' AS name, count(*) AS count FROM limits.claim
UNION ALL
SELECT 'limits.code' AS name, count(*) AS count FROM limits.code
UNION ALL
SELECT 'limits.pool_list' AS name, count(*) AS count FROM limits.pool_list
UNION ALL
SELECT 'limits.pooled_code' AS name, count(*) AS count FROM limits.pooled_code;

-- name: amounts
SELECT id, amount
FROM limits.ceiling;
