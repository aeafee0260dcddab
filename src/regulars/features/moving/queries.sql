-- name: find_move
SELECT
    source,
    mapping,
    as_of,
    began_at,
    ended_at
FROM moving.move
WHERE source = :source;

-- name: list_moves
SELECT
    source,
    mapping,
    as_of,
    began_at,
    ended_at
FROM moving.move
ORDER BY began_at, source;

-- name: begin_move
INSERT INTO moving.move (source, mapping, as_of, began_at)
VALUES (:source, :mapping, cast(:as_of AS timestamptz), cast(:at AS timestamptz))
ON CONFLICT (source) DO UPDATE SET mapping = excluded.mapping, ended_at = NULL;

-- name: end_move
UPDATE moving.move
SET ended_at = cast(:at AS timestamptz)
WHERE source = :source;

-- name: find_part
SELECT
    digest,
    line,
    tally::text AS tally
FROM moving.part
WHERE source = :source AND part = :part;

-- name: put_part
INSERT INTO moving.part (source, part, digest, line, tally, changed_at)
VALUES (:source, :part, :digest, :line, cast(:tally AS jsonb), cast(:at AS timestamptz))
ON CONFLICT (source, part)
DO UPDATE SET digest = excluded.digest, line = excluded.line, tally = excluded.tally, changed_at = excluded.changed_at;
