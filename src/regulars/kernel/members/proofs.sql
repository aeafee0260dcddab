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

-- name: fault_i12_household
-- A member's household is the one that was joined last and not left, it has begun, and the dated trait says the same.
SELECT
    format(
        'Member %s is in household %s; joined and not left was %s; the trait says %s.', member.id,
        coalesce(cast(member.household_id AS text), 'none'), coalesce(cast(joined.household_id AS text), 'none'),
        coalesce(told.value, 'none')
    ) AS sentence
FROM members.member AS member
LEFT JOIN members.household_member AS joined
    ON member.id = joined.member_id AND joined.until IS NULL
LEFT JOIN members.household AS known ON joined.household_id = known.id
LEFT JOIN (
    SELECT DISTINCT ON (trait.member_id) trait.member_id, trait.value #>> '{}' AS value
    FROM members.trait AS trait
    WHERE trait.name = '#household'
    ORDER BY trait.member_id ASC, trait.since DESC
) AS told
    ON member.id = told.member_id
WHERE
    cast(joined.household_id AS text) IS DISTINCT FROM told.value
    OR joined.household_id IS DISTINCT FROM known.id
    OR member.household_id IS DISTINCT FROM joined.household_id
LIMIT :most;
