-- name: list_contacts
-- The last one that was added is the one by which a member is reached.
SELECT kind, cipher
FROM members.identifier
WHERE member_id = :member_id AND kind = ANY(cast(:kinds AS text[]))
ORDER BY added_at DESC, kind, blind;

-- name: named
SELECT kind, blind
FROM members.identifier
WHERE member_id = :member_id;

-- name: drop_identifier
DELETE FROM members.identifier
WHERE member_id = :member_id AND kind = :kind AND blind = ANY(cast(:blinds AS bytea[]))
RETURNING kind;
