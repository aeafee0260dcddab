-- name: keys
SELECT number, kid, public, wrapped, since, distrusted_at
FROM signing.key
ORDER BY number;

-- name: add_key
-- Whoever was faster with this number made the key that counts.
INSERT INTO signing.key (number, kid, public, wrapped, since)
VALUES (:number, :kid, :public, :wrapped, :since)
ON CONFLICT (number) DO NOTHING;

-- name: distrust
UPDATE signing.key
SET distrusted_at = :at
WHERE number < :below AND distrusted_at IS NULL;

-- name: note_shown
INSERT INTO signing.shown (code, source, id, issued_at)
VALUES (:code, :source, :id, :issued_at)
ON CONFLICT (code) DO NOTHING;

-- name: shown
SELECT source, id
FROM signing.shown
WHERE code = :code;

-- name: forget_shown
DELETE FROM signing.shown
WHERE issued_at < :before;
