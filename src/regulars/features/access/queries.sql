-- name: add_key
INSERT INTO access.key (id, prefix, digest, name, scopes, store, till, created_at, expires_at, signing)
VALUES (:id, :prefix, :digest, :called, :scopes, :store, :till, :created_at, :expires_at, :signing);

-- name: find_key
SELECT id, prefix, digest, name, scopes, store, till, created_at, expires_at, revoked_at, last_used_at, signing
FROM access.key
WHERE prefix = :prefix;

-- name: list_keys
SELECT id, prefix, digest, name, scopes, store, till, created_at, expires_at, revoked_at, last_used_at, signing
FROM access.key
ORDER BY created_at, id
LIMIT :most;

-- name: revoke_key
-- A key that was revoked before keeps its first time.
UPDATE access.key
SET revoked_at = coalesce(revoked_at, cast(:at AS timestamptz))
WHERE prefix = :prefix
RETURNING id, prefix, digest, name, scopes, store, till, created_at, expires_at, revoked_at, last_used_at, signing;

-- name: revoke_till
UPDATE access.key
SET revoked_at = :at
WHERE store = :store AND till = :till AND revoked_at IS NULL
RETURNING id, prefix, digest, name, scopes, store, till, created_at, expires_at, revoked_at, last_used_at, signing;

-- name: note_uses
UPDATE access.key AS key
SET last_used_at = used.at
FROM unnest(cast(:ids AS uuid[]), cast(:ats AS timestamptz[])) AS used (id, at)
WHERE key.id = used.id AND (key.last_used_at IS NULL OR key.last_used_at < used.at);
