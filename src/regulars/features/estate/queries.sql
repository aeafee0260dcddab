-- name: stores
SELECT id, name_en, name_zh, region, time_zone, is_open, changed_at
FROM estate.store
WHERE id > :after
ORDER BY id
LIMIT :most;

-- name: find_stores
SELECT id, name_en, name_zh, region, time_zone, is_open, changed_at
FROM estate.store
WHERE id = ANY(cast(:ids AS text[]));

-- name: put_stores
-- What is said again as it is keeps its time.
INSERT INTO estate.store AS kept (id, name_en, name_zh, region, time_zone, is_open, changed_at)
SELECT id, name_en, name_zh, region, time_zone, is_open, cast(:at AS timestamptz)
FROM unnest(
    cast(:ids AS text[]), cast(:names_en AS text[]), cast(:names_zh AS text[]), cast(:regions AS text[]),
    cast(:time_zones AS text[]), cast(:opens AS boolean[])
) AS told (id, name_en, name_zh, region, time_zone, is_open)
ON CONFLICT (id) DO UPDATE
SET
    name_en = excluded.name_en, name_zh = excluded.name_zh, region = excluded.region,
    time_zone = excluded.time_zone, is_open = excluded.is_open, changed_at = excluded.changed_at
WHERE
    (kept.name_en, kept.name_zh, kept.region, kept.time_zone, kept.is_open)
    IS DISTINCT FROM (excluded.name_en, excluded.name_zh, excluded.region, excluded.time_zone, excluded.is_open);

-- name: channels
SELECT id, name_en, name_zh, is_open, changed_at
FROM estate.channel
WHERE id > :after
ORDER BY id
LIMIT :most;

-- name: put_channel
INSERT INTO estate.channel AS kept (id, name_en, name_zh, is_open, changed_at)
VALUES (:id, :name_en, :name_zh, :is_open, :at)
ON CONFLICT (id) DO UPDATE
SET
    name_en = excluded.name_en, name_zh = excluded.name_zh, is_open = excluded.is_open,
    changed_at = excluded.changed_at
WHERE
    (kept.name_en, kept.name_zh, kept.is_open) IS DISTINCT FROM (excluded.name_en, excluded.name_zh, excluded.is_open);

-- name: tills
SELECT store, id, name, source, retired_at, changed_at
FROM estate.till
WHERE (cast(:store AS text) = '' OR store = :store) AND (store, id) > (cast(:after_store AS text), cast(:after AS text))
ORDER BY store, id
LIMIT :most;

-- name: find_till
SELECT store, id, name, source, retired_at, changed_at
FROM estate.till
WHERE store = :store AND id = :id;

-- name: put_till
-- A till that is told of again is in use again.
INSERT INTO estate.till AS kept (store, id, name, source, retired_at, changed_at)
VALUES (:store, :id, :called, :source, NULL, :at)
ON CONFLICT (store, id) DO UPDATE
SET name = excluded.name, source = excluded.source, retired_at = NULL, changed_at = excluded.changed_at
WHERE
    kept.retired_at IS NOT NULL OR (kept.name, kept.source) IS DISTINCT FROM (excluded.name, excluded.source);

-- name: retire_till
UPDATE estate.till
SET retired_at = coalesce(retired_at, cast(:at AS timestamptz)), changed_at = :at
WHERE store = :store AND id = :id
RETURNING store, id, name, source, retired_at, changed_at;
