-- name: sketches
SELECT id, name, page, base, drafted, begun_by, begun_at, changed_by, changed_at
FROM sketches.sketch
ORDER BY changed_at DESC, id DESC
LIMIT :most;

-- name: find_sketch
SELECT id, name, page, base, drafted, begun_by, begun_at, changed_by, changed_at
FROM sketches.sketch
WHERE id = :id;

-- name: lock_sketch
SELECT id, name, page, base, drafted, begun_by, begun_at, changed_by, changed_at
FROM sketches.sketch
WHERE id = :id
FOR UPDATE;

-- name: count_sketches
SELECT count(*) AS sketches
FROM sketches.sketch;

-- name: add_sketch
INSERT INTO sketches.sketch (id, name, page, base, drafted, begun_by, begun_at, changed_by, changed_at)
VALUES (:id, :called, 1, :base, '', :by, :at, :by, :at);

-- name: turn_page
UPDATE sketches.sketch
SET name = :called, page = :number, changed_by = :by, changed_at = :at
WHERE id = :id;

-- name: add_page
INSERT INTO sketches.page (sketch_id, number, program, note, by, at)
VALUES (:id, :number, :program, :note, :by, :at);

-- name: drop_pages
DELETE FROM sketches.page
WHERE sketch_id = :id AND number <= :until;

-- name: find_page
SELECT number, program, note, by, at
FROM sketches.page
WHERE sketch_id = :id AND number = :number;

-- name: pages
SELECT number, program, note, by, at
FROM sketches.page
WHERE sketch_id = :id
ORDER BY number DESC
LIMIT :most;

-- name: note_drafted
UPDATE sketches.sketch
SET drafted = :hash
WHERE id = :id
RETURNING id;

-- name: drop_sketch
DELETE FROM sketches.sketch
WHERE id = :id;
