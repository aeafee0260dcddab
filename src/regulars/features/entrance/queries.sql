-- name: add_attempt
INSERT INTO entrance.attempt (
    id, digest, member_id, purpose, session_id, code_digest, contact_wrapped, tries, created_at, ends_at
)
VALUES (:id, :digest, :member_id, :purpose, :session_id, :code_digest, :contact_wrapped, 0, :at, :ends_at);

-- name: try_attempt
-- Counted before the code is looked at, so that guesses that come all at once are not all tried.
UPDATE entrance.attempt
SET tries = tries + 1
WHERE
    digest = :digest AND purpose = :purpose AND session_id IS NOT DISTINCT FROM cast(:session_id AS uuid)
    AND used_at IS NULL AND ends_at > :at AND tries < :tries_max
RETURNING id, member_id, code_digest, contact_wrapped;

-- name: use_attempt
UPDATE entrance.attempt
SET used_at = :at, contact_wrapped = NULL
WHERE id = :id AND used_at IS NULL
RETURNING id;

-- name: count_pace
INSERT INTO entrance.pace AS known (digest, tries, since)
VALUES (:digest, 1, :at)
ON CONFLICT (digest) DO UPDATE
SET
    tries = CASE WHEN known.since < :since THEN 1 ELSE known.tries + 1 END,
    since = CASE WHEN known.since < :since THEN cast(:at AS timestamptz) ELSE known.since END
RETURNING tries, since;

-- name: excuse_pace
UPDATE entrance.pace
SET tries = greatest(tries - 2, 0)
WHERE digest = :digest;

-- name: add_message
INSERT INTO entrance.message (id, channel, body_wrapped, state, attempts, created_at, due_at, ends_at)
VALUES (:id, :channel, :body_wrapped, :state, 0, :at, :at, :ends_at);

-- name: take_messages
-- Whoever takes one has it until then; after that somebody else may, for whoever had it is taken to be dead.
UPDATE entrance.message AS message
SET attempts = message.attempts + 1, due_at = :until
FROM (
    SELECT waiting.id
    FROM entrance.message AS waiting
    WHERE waiting.state = 'waiting' AND waiting.due_at <= :at AND waiting.ends_at > :at
    ORDER BY waiting.due_at, waiting.id
    LIMIT :most
    FOR UPDATE SKIP LOCKED
) AS due
WHERE message.id = due.id
RETURNING message.id, message.channel, message.body_wrapped, message.attempts;

-- name: end_message
UPDATE entrance.message
SET state = :state, body_wrapped = NULL
WHERE id = :id AND state = 'waiting';

-- name: put_off_message
UPDATE entrance.message
SET due_at = :due_at
WHERE id = :id AND state = 'waiting';

-- name: end_late_messages
UPDATE entrance.message
SET state = 'failed', body_wrapped = NULL
WHERE state = 'waiting' AND ends_at <= :at;

-- name: add_session
INSERT INTO entrance.session (id, member_id, digest, created_at, seen_at, rotated_at, proved_at, ends_at, agent)
VALUES (:id, :member_id, :digest, :at, :at, :at, :at, :ends_at, :agent);

-- name: find_session
-- By its token, or by the one before the last change for a moment more.
SELECT id, member_id, created_at, seen_at, rotated_at, proved_at, ends_at, agent, (digest = :digest) AS is_current
FROM entrance.session
WHERE
    (digest = :digest OR (last_digest = :digest AND last_until > :at))
    AND ended_at IS NULL AND ends_at > :at AND seen_at > :idle_since;

-- name: see_session
UPDATE entrance.session
SET seen_at = :at
WHERE id = :id AND seen_at < :at;

-- name: prove_session
UPDATE entrance.session
SET proved_at = :at
WHERE id = :id AND proved_at < :at;

-- name: rotate_session
-- Of two requests that come at the hour one changes the token; the other goes on with the old one.
UPDATE entrance.session
SET digest = :fresh, last_digest = digest, last_until = :last_until, rotated_at = :at, seen_at = :at
WHERE id = :id AND digest = :digest AND ended_at IS NULL
RETURNING id;

-- name: list_sessions
SELECT id, member_id, created_at, seen_at, rotated_at, proved_at, ends_at, agent, TRUE AS is_current
FROM entrance.session
WHERE member_id = :member_id AND ended_at IS NULL AND ends_at > :at AND seen_at > :idle_since
ORDER BY created_at, id
LIMIT :most;

-- name: end_session
UPDATE entrance.session
SET ended_at = :at
WHERE id = :id AND member_id = :member_id AND ended_at IS NULL
RETURNING id;

-- name: end_sessions
UPDATE entrance.session
SET ended_at = :at
WHERE member_id = :member_id AND ended_at IS NULL AND id IS DISTINCT FROM cast(:but AS uuid)
RETURNING id;

-- name: add_ceremony
INSERT INTO entrance.ceremony (digest, purpose, session_id, ends_at)
VALUES (:digest, :purpose, :session_id, :ends_at);

-- name: take_ceremony
DELETE FROM entrance.ceremony
WHERE digest = :digest AND purpose = :purpose AND session_id IS NOT DISTINCT FROM cast(:session_id AS uuid)
RETURNING ends_at;

-- name: add_passkey
INSERT INTO entrance.passkey (id, member_id, credential_id, public_key, sign_count, name, is_backed_up, created_at)
VALUES (:id, :member_id, :credential_id, :public_key, :sign_count, :called, :is_backed_up, :at)
ON CONFLICT (credential_id) DO NOTHING
RETURNING id;

-- name: list_passkeys
SELECT id, member_id, credential_id, name, is_backed_up, created_at, used_at
FROM entrance.passkey
WHERE member_id = :member_id
ORDER BY created_at, id;

-- name: lock_passkey
SELECT id, member_id, public_key, sign_count
FROM entrance.passkey
WHERE credential_id = :credential_id
FOR UPDATE;

-- name: use_passkey
UPDATE entrance.passkey
SET sign_count = :sign_count, is_backed_up = :is_backed_up, used_at = :at
WHERE id = :id;

-- name: rename_passkey
UPDATE entrance.passkey
SET name = :called
WHERE id = :id AND member_id = :member_id
RETURNING id, member_id, credential_id, name, is_backed_up, created_at, used_at;

-- name: drop_passkeys_since
DELETE FROM entrance.passkey
WHERE member_id = :member_id AND created_at >= :since;

-- name: drop_passkey
DELETE FROM entrance.passkey
WHERE id = :id AND member_id = :member_id
RETURNING id;

-- name: add_change
INSERT INTO entrance.change (
    id, member_id, digest, old_wrapped, new_wrapped, changed_at, undo_until
)
VALUES (:id, :member_id, :digest, :old_wrapped, :new_wrapped, :at, :undo_until);

-- name: undo_change
UPDATE entrance.change
SET undone_at = :at
WHERE digest = :digest AND undone_at IS NULL AND undo_until > :at
RETURNING id, member_id, old_wrapped, new_wrapped, changed_at;

-- name: forget_change
UPDATE entrance.change
SET old_wrapped = NULL, new_wrapped = NULL
WHERE (undo_until <= :at OR undone_at IS NOT NULL) AND old_wrapped IS NOT NULL;

-- name: forget_attempts
DELETE FROM entrance.attempt
WHERE ends_at < :before;

-- name: forget_joining
-- Whom nobody knows yet, nobody erases: the contact of whoever did not join goes as soon as the code is of no use.
DELETE FROM entrance.attempt
WHERE purpose = 'join' AND ends_at <= :at;

-- name: forget_sessions
DELETE FROM entrance.session
WHERE ends_at < :before;

-- name: forget_ceremonies
DELETE FROM entrance.ceremony
WHERE ends_at < :before;

-- name: forget_pace
DELETE FROM entrance.pace
WHERE since < :before;

-- name: forget_messages
DELETE FROM entrance.message
WHERE ends_at < :before AND state <> 'waiting';

-- name: drop_attempts_of
DELETE FROM entrance.attempt WHERE member_id = ANY(cast(:members AS uuid[]))
RETURNING id;

-- name: drop_ceremonies_of
DELETE FROM entrance.ceremony AS ceremony
USING entrance.session AS session
WHERE ceremony.session_id = session.id AND session.member_id = ANY(cast(:members AS uuid[]));

-- name: drop_sessions_of
DELETE FROM entrance.session WHERE member_id = ANY(cast(:members AS uuid[]))
RETURNING id;

-- name: drop_passkeys_of
DELETE FROM entrance.passkey WHERE member_id = ANY(cast(:members AS uuid[]))
RETURNING id;

-- name: drop_changes_of
DELETE FROM entrance.change WHERE member_id = ANY(cast(:members AS uuid[]))
RETURNING id;
