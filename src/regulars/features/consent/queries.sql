-- name: publish
INSERT INTO consent.notice (purpose, version, words_en, words_zh, published_at, published_by)
SELECT
    cast(:purpose AS text), 1 + coalesce(max(notice.version), 0), cast(:en AS text), cast(:zh AS text),
    cast(:at AS timestamptz), cast(:by AS text)
FROM consent.notice AS notice
WHERE notice.purpose = cast(:purpose AS text)
RETURNING purpose, version, words_en, words_zh, published_at;

-- name: take_turn
-- Whoever publishes at the same time waits: versions are counted.
SELECT pg_advisory_xact_lock(hashtext('consent.notice'));

-- name: notices
SELECT notice.purpose, notice.version, notice.words_en, notice.words_zh, notice.published_at
FROM consent.notice AS notice
WHERE
    cast(:history AS boolean)
    OR notice.version = (SELECT max(other.version) FROM consent.notice AS other WHERE other.purpose = notice.purpose)
ORDER BY notice.purpose, notice.version DESC;

-- name: known_notices
SELECT notice.purpose, notice.version
FROM consent.notice AS notice
INNER JOIN unnest(cast(:purposes AS text[]), cast(:versions AS integer[])) AS told (purpose, version)
    ON notice.purpose = told.purpose AND notice.version = told.version;

-- name: add
-- Those whose reference is known already are left out.
INSERT INTO consent.entry (
    member_id, id, purpose, channel, is_given, version, language, door, told_by, reference, proof, occurred_at,
    recorded_at
)
SELECT
    member_id, id, purpose, channel, is_given, version, language, door, told_by, reference, proof, occurred_at,
    cast(:at AS timestamptz)
FROM unnest(
    cast(:members AS uuid[]), cast(:ids AS uuid[]), cast(:purposes AS text[]), cast(:channels AS text[]),
    cast(:givens AS boolean[]), cast(:versions AS integer[]), cast(:languages AS text[]), cast(:doors AS text[]),
    cast(:bys AS text[]), cast(:refs AS text[]), cast(:proofs AS text[]), cast(:ats AS timestamptz[])
) WITH ORDINALITY AS told (
    member_id, id, purpose, channel, is_given, version, language, door, told_by, reference, proof, occurred_at, place
)
ORDER BY place
ON CONFLICT DO NOTHING
RETURNING id, member_id, purpose;

-- name: find_references
SELECT
    entry.member_id, entry.id, entry.purpose, entry.channel, entry.is_given, entry.version, entry.language, entry.door,
    entry.told_by, entry.reference, entry.proof, entry.occurred_at, entry.recorded_at
FROM consent.entry AS entry
INNER JOIN unnest(cast(:members AS uuid[]), cast(:doors AS text[]), cast(:refs AS text[]))
    AS told (member_id, door, reference)
    ON entry.member_id = told.member_id AND entry.door = told.door AND entry.reference = told.reference
WHERE told.reference <> '';

-- name: entries
-- In the order in which they hold.
SELECT
    entry.member_id, entry.id, entry.purpose, entry.channel, entry.is_given, entry.version, entry.language, entry.door,
    entry.told_by, entry.reference, entry.proof, entry.occurred_at, entry.recorded_at
FROM consent.entry AS entry
WHERE entry.member_id = ANY(cast(:members AS uuid[]))
ORDER BY entry.occurred_at, entry.seq;

-- name: in_force
-- Of each member, purpose and channel the last choice.
SELECT DISTINCT ON (entry.member_id, entry.purpose, entry.channel)
    entry.member_id, entry.id, entry.purpose, entry.channel, entry.is_given, entry.version, entry.language, entry.door,
    entry.told_by, entry.reference, entry.proof, entry.occurred_at, entry.recorded_at, entry.seq
FROM consent.entry AS entry
WHERE entry.member_id = ANY(cast(:members AS uuid[])) AND entry.purpose = ANY(cast(:purposes AS text[]))
ORDER BY entry.member_id, entry.purpose, entry.channel, entry.occurred_at DESC, entry.seq DESC;

-- name: ask_telling
INSERT INTO consent.telling (member_id)
SELECT told.member_id
FROM unnest(cast(:members AS uuid[])) AS told (member_id)
ORDER BY told.member_id
ON CONFLICT DO NOTHING;

-- name: untold
SELECT telling.member_id
FROM consent.telling AS telling
ORDER BY telling.member_id
LIMIT :most;

-- name: end_telling
DELETE FROM consent.telling WHERE member_id = ANY(cast(:members AS uuid[]));
