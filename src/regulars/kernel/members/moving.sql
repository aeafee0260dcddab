-- What comes along from another system, and what is taken along to the next: many members in one statement.

-- name: insert_members
-- Each with the day on which they joined there.
INSERT INTO members.member (id, state, region, joined_at, enrolled_by, wrapped_key)
SELECT
    arrived.id,
    'active',
    arrived.region,
    arrived.joined_at,
    cast(:enrolled_by AS text),
    arrived.wrapped_key
FROM unnest(
    cast(:ids AS uuid[]), cast(:regions AS text[]), cast(:joined_ats AS timestamptz[]), cast(:wrapped_keys AS bytea[])
) AS arrived (id, region, joined_at, wrapped_key);

-- name: keys_of
SELECT
    id,
    wrapped_key
FROM members.member
WHERE id = any(cast(:ids AS uuid[]));

-- name: members_of
SELECT
    id,
    state,
    region,
    joined_at,
    enrolled_by,
    merged_into,
    household_id
FROM members.member
WHERE id = any(cast(:ids AS uuid[]))
ORDER BY id;

-- name: identifiers_of
SELECT
    member_id,
    kind,
    cipher,
    added_at
FROM members.identifier
WHERE member_id = any(cast(:ids AS uuid[]))
ORDER BY member_id, added_at, kind, blind;

-- name: traits_of
SELECT
    member_id,
    name,
    since,
    value,
    activity_id
FROM members.trait
WHERE member_id = any(cast(:ids AS uuid[]))
ORDER BY member_id, name, since;

-- name: homes_of
SELECT
    member_id,
    household_id,
    since,
    until
FROM members.household_member
WHERE member_id = any(cast(:ids AS uuid[]))
ORDER BY member_id, since, household_id;
