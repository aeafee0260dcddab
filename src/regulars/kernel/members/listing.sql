-- Lists of members, the newest first, from before one of them on. Nothing is counted: a page costs what is on it.

-- name: newest
SELECT id, state, region, household_id, joined_at, merged_into
FROM members.member
WHERE id < :before
ORDER BY id DESC
LIMIT :most;

-- name: of_state
SELECT id, state, region, household_id, joined_at, merged_into
FROM members.member
WHERE state = :state AND id < :before
ORDER BY id DESC
LIMIT :most;

-- name: of_trait
-- Whoever has the trait now: what was said of it last is this value.
SELECT member.id, member.state, member.region, member.household_id, member.joined_at, member.merged_into
FROM members.trait AS trait
INNER JOIN members.member AS member ON trait.member_id = member.id
WHERE
    trait.name = :trait AND trait.value = cast(:value AS jsonb) AND trait.member_id < :before AND trait.since <= :at
    AND (cast(:state AS text) IS NULL OR member.state = :state)
    AND NOT EXISTS (
        SELECT FROM members.trait AS later
        WHERE
            later.member_id = trait.member_id AND later.name = trait.name
            AND later.since > trait.since AND later.since <= :at
    )
ORDER BY trait.member_id DESC
LIMIT :most;

-- name: of_state_and_trait
-- The same, from those of a state that few are in.
SELECT member.id, member.state, member.region, member.household_id, member.joined_at, member.merged_into
FROM members.member AS member
WHERE
    member.state = :state AND member.id < :before
    AND cast(:value AS jsonb) = (
        SELECT trait.value
        FROM members.trait AS trait
        WHERE trait.member_id = member.id AND trait.name = :trait AND trait.since <= :at
        ORDER BY trait.since DESC
        LIMIT 1
    )
ORDER BY member.id DESC
LIMIT :most;

-- name: of_household
SELECT id, state, region, household_id, joined_at, merged_into
FROM members.member
WHERE household_id = :household AND id < :before
ORDER BY id DESC
LIMIT :most;

-- name: kinds
-- By what kinds of identifiers members are found: a step from one to the next, however many there are of each.
WITH RECURSIVE known AS (
    (
        SELECT first.kind
        FROM members.identifier AS first
        ORDER BY first.kind
        LIMIT 1
    )
    UNION ALL
    SELECT (
        SELECT further.kind
        FROM members.identifier AS further
        WHERE further.kind > known.kind
        ORDER BY further.kind
        LIMIT 1
    )
    FROM known
    WHERE known.kind IS NOT NULL
)

SELECT known.kind
FROM known
WHERE known.kind IS NOT NULL
LIMIT :most;

-- name: estimate
-- How many rows PostgreSQL believed there were when it last looked; less than none where it never did.
SELECT cast(reltuples AS bigint) AS members
FROM pg_class
WHERE oid = cast('members.member' AS regclass);
