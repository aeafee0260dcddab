-- name: list_releases
SELECT
    number,
    hash,
    live_from,
    by,
    at,
    kind,
    pilot,
    note
FROM program.release
ORDER BY live_from, number;

-- name: list_marks
SELECT
    number,
    hash,
    kind,
    by,
    at,
    note,
    report
FROM program.mark
ORDER BY number;

-- name: get_documents
SELECT
    version.hash,
    version.document
FROM program.version AS version
INNER JOIN unnest(cast(:versions AS text[])) AS sought (hash) ON version.hash = sought.hash;

-- name: find_named
SELECT hash
FROM program.version
WHERE starts_with(hash, cast(:beginning AS text))
ORDER BY hash
LIMIT cast(:most AS integer);

-- name: get_source
SELECT text
FROM program.source
WHERE hash = cast(:hash AS text)
ORDER BY number DESC
LIMIT 1;

-- name: get_policy
SELECT
    review,
    simulation
FROM program.policy
ORDER BY number DESC
LIMIT 1;

-- name: lock_releases
-- Whoever publishes waits here for whoever is publishing.
SELECT pg_advisory_xact_lock(hashtextextended('program.release', 0));

-- name: insert_version
INSERT INTO program.version (hash, document, created_at)
VALUES (cast(:hash AS text), cast(:document AS jsonb), cast(:at AS timestamptz))
ON CONFLICT (hash) DO NOTHING;

-- name: insert_release
INSERT INTO program.release (hash, live_from, by, at, kind, pilot, note)
VALUES (
    cast(:hash AS text), cast(:live_from AS timestamptz), cast(:by AS text), cast(:at AS timestamptz),
    cast(:kind AS text), cast(:pilot AS jsonb), cast(:note AS text)
)
RETURNING number;

-- name: insert_mark
INSERT INTO program.mark (hash, kind, by, at, note, report)
VALUES (
    cast(:hash AS text), cast(:kind AS text), cast(:by AS text), cast(:at AS timestamptz), cast(:note AS text),
    cast(:report AS text)
);

-- name: insert_source
-- Of the texts of a version the last counts, so the same again is not kept twice.
INSERT INTO program.source (hash, text, digest, at)
SELECT
    cast(:hash AS text) AS hash,
    cast(:text AS text) AS text,
    cast(:digest AS bytea) AS digest,
    cast(:at AS timestamptz) AS at
WHERE
    cast(:digest AS bytea) IS DISTINCT FROM (
        SELECT source.digest
        FROM program.source AS source
        WHERE source.hash = cast(:hash AS text)
        ORDER BY source.number DESC
        LIMIT 1
    );

-- name: insert_policy
INSERT INTO program.policy (review, simulation, by, at)
VALUES (
    cast(:review AS boolean), cast(:simulation AS boolean), cast(:by AS text), cast(:at AS timestamptz)
);

-- name: list_mechanics
-- Which mechanic each offer id was ever released with: a memory belongs to both. What was only drafted has none.
SELECT DISTINCT
    offer.data ->> 'id' AS id,
    offer.data ->> 'mechanic' AS mechanic
FROM program.version AS version
INNER JOIN program.release AS release ON version.hash = release.hash
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
