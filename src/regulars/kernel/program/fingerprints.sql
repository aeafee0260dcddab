-- Memories, summed up by member so that they can be laid beside what receipts tell of.

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
SELECT 'program.mark' AS name, count(*) AS count FROM program.mark
UNION ALL
SELECT 'program.source' AS name, count(*) AS count FROM program.source
UNION ALL
SELECT 'program.policy' AS name, count(*) AS count FROM program.policy
UNION ALL
SELECT 'program.memory' AS name, count(*) AS count FROM program.memory;

-- name: versions
SELECT hash, document
FROM program.version
ORDER BY created_at, hash;
