-- Traits, summed up by member so that they can be laid beside what receipts tell of.

-- name: fingerprint_traits
SELECT
    trait.member_id,
    count(*) AS traits,
    sum(
        cast(hash_record_extended(row(trait.name, trait.since, trait.value, trait.activity_id), 0) AS numeric)
    ) AS traits_mark
FROM members.trait AS trait
GROUP BY trait.member_id;

-- name: owners
SELECT id AS member_id
FROM members.member;

-- name: counts
SELECT 'members.member' AS name, count(*) AS count FROM members.member
UNION ALL
SELECT 'members.identifier' AS name, count(*) AS count FROM members.identifier
UNION ALL
SELECT 'members.trait' AS name, count(*) AS count FROM members.trait
UNION ALL
SELECT 'members.household' AS name, count(*) AS count FROM members.household
UNION ALL
SELECT 'members.household_member' AS name, count(*) AS count FROM members.household_member;
