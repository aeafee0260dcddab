-- Proofs of what offers remember. Each `fault_` query is empty when all is well.

-- name: fault_i12_memory
SELECT
    format('The memory of offer %s of member %s is no longer what was written.', offer, member_id) AS sentence
FROM program.memory
WHERE digest <> sha256(convert_to(data, 'UTF8'))
ORDER BY member_id, offer
LIMIT :most;

-- name: fingerprint_memories
SELECT
    memory.member_id,
    count(*) AS memories,
    sum(
        cast(hash_record_extended(row(memory.offer, sha256(convert_to(memory.data, 'UTF8'))), 0) AS numeric)
    ) AS memories_mark
FROM program.memory AS memory
GROUP BY memory.member_id;

-- name: owners
SELECT DISTINCT memory.member_id
FROM program.memory AS memory;

-- name: counts
SELECT 'program.version' AS name, count(*) AS count FROM program.version
UNION ALL
SELECT 'program.release' AS name, count(*) AS count FROM program.release
UNION ALL
SELECT 'program.memory' AS name, count(*) AS count FROM program.memory;

-- name: versions
SELECT hash, document
FROM program.version
ORDER BY created_at, hash;

-- name: releases
SELECT hash
FROM program.release
ORDER BY number;
