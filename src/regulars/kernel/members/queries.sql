-- name: find_identifiers
-- Asked by the blind indexes under every key of the keyring.
SELECT
    identifier.kind,
    identifier.blind,
    identifier.member_id
FROM members.identifier AS identifier
INNER JOIN unnest(cast(:kinds AS text[]), cast(:blinds AS bytea[])) AS sought (kind, blind)
    ON identifier.kind = sought.kind AND identifier.blind = sought.blind;

-- name: take_turns
-- Locks until the transaction ends, one after the other, in the order in which they come.
SELECT pg_advisory_xact_lock(turn.number)
FROM unnest(cast(:numbers AS bigint[])) AS turn (number);

-- name: insert_identifiers
-- In one order, so that two batches that bring the same cards wait for each other and never cross. What another
-- transaction put there first stays; the answer tells which rows are ours.
INSERT INTO members.identifier (kind, blind, blind_key_id, member_id, cipher, added_at)
SELECT
    arrived.kind,
    arrived.blind,
    cast(:blind_key_id AS smallint),
    arrived.member_id,
    arrived.cipher,
    cast(:added_at AS timestamptz)
FROM unnest(
    cast(:kinds AS text[]), cast(:blinds AS bytea[]), cast(:member_ids AS uuid[]), cast(:ciphers AS bytea[])
) AS arrived (kind, blind, member_id, cipher)
ORDER BY arrived.kind, arrived.blind
ON CONFLICT (kind, blind) DO NOTHING
RETURNING kind, blind, member_id;

-- name: insert_members
INSERT INTO members.member (id, state, region, joined_at, enrolled_by, wrapped_key)
SELECT
    arrived.id,
    'active',
    cast(:region AS text),
    arrived.joined_at,
    cast(:enrolled_by AS text),
    arrived.wrapped_key
FROM unnest(cast(:ids AS uuid[]), cast(:joined_ats AS timestamptz[]), cast(:wrapped_keys AS bytea[]))
    AS arrived (id, joined_at, wrapped_key);

-- name: find_members
SELECT
    id,
    merged_into
FROM members.member
WHERE id = any(cast(:ids AS uuid[]));

-- name: list_merged
-- Who has become part of these members, also through others.
WITH RECURSIVE gone AS (
    SELECT member.id
    FROM members.member AS member
    WHERE member.merged_into = any(cast(:ids AS uuid[]))
    UNION
    SELECT member.id
    FROM members.member AS member
    INNER JOIN gone ON member.merged_into = gone.id
)

SELECT gone.id
FROM gone
ORDER BY gone.id;

-- name: get_member
SELECT
    id,
    state,
    region,
    household_id,
    joined_at,
    merged_into
FROM members.member
WHERE id = cast(:id AS uuid);

-- name: lock_members
SELECT
    id,
    state,
    region,
    household_id,
    joined_at,
    merged_into
FROM members.member
WHERE id = any(cast(:ids AS uuid[]))
ORDER BY id
FOR UPDATE;

-- name: look_at_members
SELECT
    id,
    state,
    region,
    household_id,
    joined_at,
    merged_into
FROM members.member
WHERE id = any(cast(:ids AS uuid[]))
ORDER BY id;

-- name: page
-- Members in the order of their ids, from after one of them on.
SELECT
    id,
    state,
    region,
    household_id,
    joined_at,
    merged_into
FROM members.member
WHERE id > :after
ORDER BY id
LIMIT :most;

-- name: count
SELECT count(*) AS members
FROM members.member;

-- name: get_key
SELECT
    state,
    wrapped_key
FROM members.member
WHERE id = cast(:id AS uuid);

-- name: list_identifiers
SELECT
    kind,
    blind,
    cipher,
    added_at
FROM members.identifier
WHERE member_id = cast(:member_id AS uuid)
ORDER BY added_at, kind, blind;

-- name: count_identifiers
SELECT count(*) AS identifiers
FROM members.identifier
WHERE member_id = cast(:member_id AS uuid);

-- name: find_traits
-- Everything after the given time, and of each name the last one before: what was in force when it began.
SELECT
    member_id,
    name,
    since,
    value
FROM members.trait
WHERE member_id = any(cast(:ids AS uuid[])) AND since > cast(:since AS timestamptz)
UNION ALL
(
    SELECT DISTINCT ON (member_id, name)
        member_id,
        name,
        since,
        value
    FROM members.trait
    WHERE member_id = any(cast(:ids AS uuid[])) AND since <= cast(:since AS timestamptz)
    ORDER BY member_id ASC, name ASC, since DESC
);

-- name: set_traits
INSERT INTO members.trait (member_id, name, since, value, activity_id)
SELECT
    arrived.member_id,
    arrived.name,
    arrived.since,
    arrived.value,
    arrived.activity_id
FROM unnest(
    cast(:member_ids AS uuid[]), cast(:names AS text[]), cast(:sinces AS timestamptz[]),
    cast(:contents AS jsonb[]), cast(:activity_ids AS uuid[])
) AS arrived (member_id, name, since, value, activity_id)
ON CONFLICT (member_id, name, since)
DO UPDATE SET value = excluded.value, activity_id = excluded.activity_id;

-- name: households_of
-- The other members of a member's household, today.
SELECT member.id AS member_id, other.id AS other_id
FROM members.member AS member
INNER JOIN members.member AS other ON member.household_id = other.household_id
WHERE member.id = ANY(cast(:ids AS uuid[])) AND other.id <> member.id
ORDER BY member.id, other.id;

-- name: last_moves
-- When something was last said of members' households, when they joined them, since when they are in the one they are
-- in, and which they left last. (What is said of where they are is a trait; a member who goes on moves nowhere.)
SELECT
    home.member_id,
    greatest(max(coalesce(home.until, home.since)), max(told.since)) AS changed,
    array_agg(home.since) AS joins,
    max(home.since) FILTER (WHERE home.until IS NULL) AS since,
    (array_agg(home.household_id ORDER BY home.until DESC) FILTER (WHERE home.until IS NOT NULL))[1] AS left_last
FROM members.household_member AS home
LEFT JOIN (
    SELECT
        trait.member_id,
        max(trait.since) AS since
    FROM members.trait AS trait
    WHERE trait.member_id = ANY(cast(:ids AS uuid[])) AND trait.name = '#household'
    GROUP BY trait.member_id
) AS told ON home.member_id = told.member_id
WHERE home.member_id = ANY(cast(:ids AS uuid[]))
GROUP BY home.member_id;

-- name: lock_households
-- After the members, in one order. Whoever joins waits here, so that none becomes too large.
SELECT id
FROM members.household
WHERE id = ANY(cast(:ids AS uuid[]))
ORDER BY id
FOR UPDATE;

-- name: household_sizes
SELECT
    household_id,
    count(*) AS members
FROM members.member
WHERE household_id = ANY(cast(:ids AS uuid[])) AND state IN ('active', 'frozen')
GROUP BY household_id;

-- name: add_households
INSERT INTO members.household (id, name, created_at)
SELECT
    founded.id,
    '',
    founded.created_at
FROM unnest(cast(:ids AS uuid[]), cast(:created_ats AS timestamptz[])) AS founded (id, created_at);

-- name: put_homes
-- Those that end come first: a member is in one household at a time.
INSERT INTO members.household_member (member_id, household_id, since, until)
SELECT
    home.member_id,
    home.household_id,
    home.since,
    home.until
FROM unnest(
    cast(:members AS uuid[]), cast(:households AS uuid[]), cast(:sinces AS timestamptz[]),
    cast(:untils AS timestamptz[])
) AS home (member_id, household_id, since, until)
ORDER BY home.since
ON CONFLICT (member_id, household_id, since)
DO UPDATE SET until = excluded.until;

-- name: move_members
UPDATE members.member AS member
SET household_id = moved.household_id
FROM unnest(cast(:ids AS uuid[]), cast(:households AS uuid[])) AS moved (id, household_id)
WHERE member.id = moved.id;

-- name: household
SELECT
    id,
    created_at
FROM members.household
WHERE id = cast(:id AS uuid);

-- name: homes
SELECT
    home.member_id,
    member.state,
    home.since
FROM members.household_member AS home
INNER JOIN members.member AS member ON home.member_id = member.id
WHERE home.household_id = cast(:household AS uuid) AND home.until IS NULL AND member.state IN ('active', 'frozen')
ORDER BY home.since, home.member_id;

-- name: guests
-- Members that a receipt alone leads to.
SELECT member.id
FROM members.member AS member
WHERE
    member.id = ANY(cast(:ids AS uuid[]))
    AND EXISTS (SELECT FROM members.identifier AS identifier WHERE identifier.member_id = member.id)
    AND NOT EXISTS (
        SELECT FROM members.identifier AS identifier
        WHERE identifier.member_id = member.id AND identifier.kind <> 'receipt'
    );

-- name: set_merged
UPDATE members.member AS member
SET state = 'merged', merged_into = merged.kept
FROM unnest(cast(:ids AS uuid[]), cast(:kept AS uuid[])) AS merged (id, kept)
WHERE member.id = merged.id;

-- name: set_parted
UPDATE members.member
SET state = 'active', merged_into = NULL
WHERE id = ANY(cast(:ids AS uuid[]));

-- name: forget_identifiers
DELETE FROM members.identifier WHERE member_id = ANY(cast(:ids AS uuid[]));

-- name: forget_members
DELETE FROM members.member WHERE id = ANY(cast(:ids AS uuid[]));
