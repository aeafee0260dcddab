-- name: drop_identifiers
DELETE FROM members.identifier
WHERE member_id = ANY(cast(:ids AS uuid[]))
RETURNING kind;

-- name: shred_keys
-- Whoever was merged into the member stays so: what they held is told by that. Their key is forgotten all the same.
UPDATE members.member
SET
    state = CASE WHEN state = 'merged' THEN state ELSE 'erased' END,
    wrapped_key = NULL,
    region = '',
    enrolled_by = ''
WHERE id = ANY(cast(:ids AS uuid[]));

-- name: blank_reasons
-- What people wrote when they turned a member's points off may name the member.
UPDATE members.burning
SET reason = '', ended_by = CASE WHEN ended_by IS NULL THEN NULL ELSE '' END
WHERE member_id = ANY(cast(:ids AS uuid[]));

-- name: blank_traits
-- Only what was told by these activities: what offers set themselves, such as a level, says nothing of a person.
UPDATE members.trait AS trait
SET value = 'null'
FROM unnest(cast(:members AS uuid[]), cast(:activities AS uuid[]), cast(:names AS text[]))
    AS told (member_id, activity_id, name)
WHERE
    trait.member_id = told.member_id AND trait.activity_id = told.activity_id AND trait.name = told.name;

-- name: dormant
-- Members who may be forgotten for having done nothing, in the order of their ids: neither merged nor gone.
SELECT member.id
FROM members.member AS member
WHERE member.id > :after AND member.state IN ('active', 'frozen', 'closed') AND member.joined_at < :before
ORDER BY member.id
LIMIT :most;
