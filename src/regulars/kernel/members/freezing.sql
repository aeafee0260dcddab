-- name: set_state
-- Only from the state that is told: who left, was merged or was forgotten stays so.
UPDATE members.member SET state = :state WHERE id = :id AND state = :was
RETURNING id;
