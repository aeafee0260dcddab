-- Proofs of who they are. Each `fault_` query is empty when all is well.

-- name: fault_i12_owner
-- Whatever names a member or a household names one that is there.
SELECT format('%s %s names member %s, who is not there.', named.what, named.id, named.member_id) AS sentence
FROM (
    SELECT 'Merged member' AS what, cast(gone.id AS text) AS id, gone.merged_into AS member_id
    FROM members.member AS gone
    WHERE gone.merged_into IS NOT NULL
    UNION ALL
    SELECT 'Identifier of kind' AS what, identifier.kind AS id, identifier.member_id
    FROM members.identifier AS identifier
    UNION ALL
    SELECT 'Trait' AS what, trait.name AS id, trait.member_id
    FROM members.trait AS trait
    UNION ALL
    SELECT 'Household' AS what, cast(joined.household_id AS text) AS id, joined.member_id
    FROM members.household_member AS joined
) AS named
LEFT JOIN members.member AS member ON named.member_id = member.id
WHERE member.id IS NULL
LIMIT :most;
