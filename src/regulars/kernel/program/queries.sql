-- name: list_releases
SELECT
    number,
    hash,
    live_from,
    by,
    at
FROM program.release
ORDER BY live_from, number;

-- name: get_documents
SELECT
    version.hash,
    version.document
FROM program.version AS version
INNER JOIN unnest(cast(:versions AS text[])) AS sought (hash) ON version.hash = sought.hash;

-- name: lock_releases
-- Whoever publishes waits here for whoever is publishing.
SELECT pg_advisory_xact_lock(hashtextextended('program.release', 0));

-- name: insert_version
INSERT INTO program.version (hash, document, created_at)
VALUES (cast(:hash AS text), cast(:document AS jsonb), cast(:at AS timestamptz))
ON CONFLICT (hash) DO NOTHING;

-- name: insert_release
INSERT INTO program.release (hash, live_from, by, at)
VALUES (cast(:hash AS text), cast(:live_from AS timestamptz), cast(:by AS text), cast(:at AS timestamptz))
RETURNING number;

-- name: list_mechanics
-- Which mechanic each offer id was ever used with: a memory belongs to both.
SELECT DISTINCT
    offer.data ->> 'id' AS id,
    offer.data ->> 'mechanic' AS mechanic
FROM program.version AS version
CROSS JOIN LATERAL jsonb_array_elements(version.document -> 'offers') AS offer (data)
WHERE offer.data ->> 'id' = any(cast(:ids AS text[]));

-- name: get_memories
SELECT
    member_id,
    offer,
    data
FROM program.memory
WHERE member_id = any(cast(:member_ids AS uuid[]));

-- name: save_memories
INSERT INTO program.memory (member_id, offer, data, digest, updated_at)
SELECT
    fresh.member_id,
    fresh.offer,
    fresh.data,
    fresh.digest,
    cast(:at AS timestamptz)
FROM unnest(
    cast(:member_ids AS uuid[]), cast(:offers AS text[]), cast(:datas AS text[]), cast(:digests AS bytea[])
) AS fresh (member_id, offer, data, digest)
ON CONFLICT (member_id, offer) DO UPDATE
SET
    data = excluded.data,
    digest = excluded.digest,
    updated_at = excluded.updated_at;

-- name: find_damaged_memories
SELECT
    member_id,
    offer
FROM program.memory
WHERE digest <> sha256(convert_to(data, 'UTF8'))
ORDER BY member_id, offer
LIMIT cast(:most AS integer);

-- name: list_versions
SELECT
    hash,
    document
FROM program.version
ORDER BY created_at, hash;
