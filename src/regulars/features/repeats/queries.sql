-- name: claim
-- Until the transaction ends; nobody waits. Two names that share a number are worked on one after the other.
SELECT pg_try_advisory_xact_lock(hashtextextended('repeats/' || :caller || '/' || :key, 0)) AS claimed;

-- name: find
SELECT digest, wrapped, sealed, at
FROM repeats.answer
WHERE caller = :caller AND key = :key;

-- name: keep
INSERT INTO repeats.answer (caller, key, digest, wrapped, sealed, at)
VALUES (:caller, :key, :digest, :wrapped, :sealed, :at);

-- name: forget
DELETE FROM repeats.answer
WHERE at <= :until;

-- name: drop_old
DELETE FROM repeats.answer AS answer
USING (
    SELECT old.caller, old.key
    FROM repeats.answer AS old
    WHERE old.at < :before
    LIMIT :most
) AS gone
WHERE answer.caller = gone.caller AND answer.key = gone.key
RETURNING answer.at;
