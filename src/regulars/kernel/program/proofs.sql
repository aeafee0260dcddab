-- Proofs of what offers remember. Each `fault_` query is empty when all is well.

-- name: fault_i12_memory
SELECT
    format('The memory of offer %s of member %s is no longer what was written.', offer, member_id) AS sentence
FROM program.memory
WHERE digest <> sha256(convert_to(data, 'UTF8'))
ORDER BY member_id, offer
LIMIT :most;
