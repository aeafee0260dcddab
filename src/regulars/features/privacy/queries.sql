-- name: add_erasure
INSERT INTO privacy.erasure (member_id, activity_id, erased_at, asked_by, done_by, told, absorbed, is_whole)
VALUES (:member, :activity, :at, :asked_by, :done_by, cast(:told AS json), cast(:absorbed AS uuid[]), :is_whole);

-- name: list_erasures
-- The newest first.
SELECT member_id, activity_id, erased_at, asked_by, done_by, told::text AS told, absorbed, is_whole
FROM privacy.erasure
WHERE (erased_at, member_id) < (cast(:before AS timestamptz), cast(:before_member AS uuid))
ORDER BY erased_at DESC, member_id DESC
LIMIT :most;

-- name: find_erasure
SELECT member_id, activity_id, erased_at, asked_by, done_by, told::text AS told, absorbed, is_whole
FROM privacy.erasure
WHERE member_id = :member;

-- name: take_unfinished
SELECT member_id, absorbed
FROM privacy.erasure
WHERE NOT is_whole
ORDER BY member_id
LIMIT :most
FOR UPDATE SKIP LOCKED;

-- name: finish_erasures
UPDATE privacy.erasure SET is_whole = TRUE WHERE member_id = ANY(cast(:members AS uuid[]));

-- name: count
SELECT
    (SELECT count(*) FROM privacy.erasure) AS erased,
    (SELECT count(*) FROM privacy.erasure WHERE NOT is_whole) AS unfinished,
    (SELECT count(*) FROM privacy.legal_hold WHERE ended_at IS NULL) AS held,
    (SELECT count(*) FROM privacy.warning) AS warned,
    (SELECT max(at) FROM privacy.round) AS last_round;

-- name: add_hold
INSERT INTO privacy.legal_hold (id, member_id, matter, placed_by, placed_at)
VALUES (:id, :member, :matter, :placed_by, :at)
ON CONFLICT (member_id, matter) WHERE ended_at IS NULL DO NOTHING;

-- name: find_open_hold
SELECT id, member_id, matter, placed_by, placed_at, ended_by, ended_at
FROM privacy.legal_hold
WHERE member_id = :member AND matter = :matter AND ended_at IS NULL;

-- name: end_hold
UPDATE privacy.legal_hold
SET ended_by = :ended_by, ended_at = :at
WHERE id = :id AND ended_at IS NULL
RETURNING id, member_id, matter, placed_by, placed_at, ended_by, ended_at;

-- name: list_holds
SELECT id, member_id, matter, placed_by, placed_at, ended_by, ended_at
FROM privacy.legal_hold
WHERE (cast(:member AS uuid) IS NULL OR member_id = cast(:member AS uuid)) AND (:ended OR ended_at IS NULL)
ORDER BY placed_at, id
LIMIT :most;

-- name: held
-- Of these members, those who are under a hold.
SELECT DISTINCT member_id
FROM privacy.legal_hold
WHERE member_id = ANY(cast(:members AS uuid[])) AND ended_at IS NULL;

-- name: all_held
SELECT DISTINCT member_id
FROM privacy.legal_hold
WHERE ended_at IS NULL;

-- name: set_periods
INSERT INTO privacy.period (name, days, changed_by, changed_at)
SELECT
    told.name,
    told.days,
    cast(:changed_by AS text),
    cast(:at AS timestamptz)
FROM unnest(cast(:names AS text[]), cast(:days AS integer[])) AS told (name, days);

-- name: periods
SELECT DISTINCT ON (name) name, days, changed_by, changed_at
FROM privacy.period
ORDER BY name ASC, id DESC;

-- name: add_warnings
INSERT INTO privacy.warning (member_id, warned_at, erase_at)
SELECT
    warned.member_id,
    cast(:at AS timestamptz),
    cast(:erase_at AS timestamptz)
FROM unnest(cast(:members AS uuid[])) AS warned (member_id)
ON CONFLICT (member_id) DO NOTHING;

-- name: warned
SELECT member_id, warned_at, erase_at
FROM privacy.warning
WHERE member_id = ANY(cast(:members AS uuid[]));

-- name: due_warnings
SELECT member_id, warned_at, erase_at
FROM privacy.warning
WHERE erase_at <= :at
ORDER BY erase_at, member_id
LIMIT :most;

-- name: drop_warnings
DELETE FROM privacy.warning WHERE member_id = ANY(cast(:members AS uuid[]));

-- name: add_round
INSERT INTO privacy.round (at, report) VALUES (:at, cast(:report AS json));

-- name: rounds
-- The newest first.
SELECT id, at, report::text AS report
FROM privacy.round
WHERE id < :before
ORDER BY id DESC
LIMIT :most;
