-- name: add_account
INSERT INTO staff.account (
    id, wrapped_key, email_blind, email_blind_key_id, email_cipher, name_cipher, roles, store, state, totp_step,
    failures, lock_outs, invited_by, created_at
)
VALUES (
    :id, :wrapped_key, :email_blind, :email_blind_key_id, :email_cipher, :name_cipher, :roles, :store, 'invited', 0,
    0, 0, :invited_by, :at
)
ON CONFLICT (email_blind) DO NOTHING
RETURNING id;

-- name: find_by_email
SELECT
    id, wrapped_key, email_cipher, name_cipher, roles, store, state, password, totp_cipher, issuer, subject,
    locked_until, invited_by, created_at, signed_in_at
FROM staff.account
WHERE email_blind = ANY(cast(:blinds AS bytea[]));

-- name: find_account
SELECT
    id, wrapped_key, email_cipher, name_cipher, roles, store, state, password, totp_cipher, issuer, subject,
    locked_until, invited_by, created_at, signed_in_at
FROM staff.account
WHERE id = :id;

-- name: lock_account
SELECT
    id, wrapped_key, email_cipher, name_cipher, roles, store, state, password, totp_cipher, issuer, subject,
    locked_until, invited_by, created_at, signed_in_at
FROM staff.account
WHERE id = :id
FOR UPDATE;

-- name: find_by_subject
SELECT
    id, wrapped_key, email_cipher, name_cipher, roles, store, state, password, totp_cipher, issuer, subject,
    locked_until, invited_by, created_at, signed_in_at
FROM staff.account
WHERE issuer = :issuer AND subject = :subject;

-- name: list_accounts
SELECT
    id, wrapped_key, email_cipher, name_cipher, roles, store, state, password, totp_cipher, issuer, subject,
    locked_until, invited_by, created_at, signed_in_at
FROM staff.account
WHERE id > :after
ORDER BY id
LIMIT :most;

-- name: owners
-- Locked: of two owners who disable each other, one stays.
SELECT id
FROM staff.account
WHERE state = 'active' AND 'owner' = ANY(roles)
ORDER BY id
FOR UPDATE;

-- name: has_owner
SELECT count(*) > 0 AS found
FROM staff.account
WHERE state = 'active' AND 'owner' = ANY(roles);

-- name: put_credentials
UPDATE staff.account
SET
    state = 'active', name_cipher = :name_cipher, password = :password, totp_cipher = :totp_cipher,
    totp_step = :totp_step, failures = 0, failing_since = NULL, lock_outs = 0, locked_until = NULL
WHERE id = :id;

-- name: put_password
UPDATE staff.account
SET password = :password
WHERE id = :id;

-- name: put_state
UPDATE staff.account
SET state = :state
WHERE id = :id;

-- name: put_roles
UPDATE staff.account
SET roles = :roles, store = :store
WHERE id = :id;

-- name: link_subject
UPDATE staff.account
SET issuer = :issuer, subject = :subject, state = 'active'
WHERE id = :id;

-- name: note_sign_in
UPDATE staff.account
SET signed_in_at = :at, failures = 0, failing_since = NULL, lock_outs = 0, locked_until = NULL
WHERE id = :id;

-- name: unlock
UPDATE staff.account
SET failures = 0, failing_since = NULL, lock_outs = 0, locked_until = NULL
WHERE id = :id;

-- name: take_step
-- A code that was taken is not taken again, nor is one from before it.
UPDATE staff.account
SET totp_step = :step
WHERE id = :id AND totp_step < :step
RETURNING id;

-- name: count_failure
-- Counted before the password is looked at, so that guesses that come all at once are not all tried. The count begins
-- anew where the last one is long ago, and where a lock has ended.
UPDATE staff.account
SET
    failures = CASE
        WHEN failing_since IS NULL OR failing_since < :since OR locked_until <= :at THEN 1 ELSE failures + 1
    END,
    failing_since = CASE
        WHEN failing_since IS NULL OR failing_since < :since OR locked_until <= :at THEN cast(:at AS timestamptz)
        ELSE failing_since
    END,
    locked_until = CASE WHEN locked_until <= :at THEN NULL ELSE locked_until END
WHERE id = :id AND (locked_until IS NULL OR locked_until <= :at)
RETURNING failures, lock_outs;

-- name: lock_out
UPDATE staff.account
SET locked_until = :until, lock_outs = lock_outs + 1
WHERE id = :id;

-- name: count_address
INSERT INTO staff.address AS known (digest, failures, failing_since, lock_outs, locked_until)
VALUES (:digest, 1, :at, 0, NULL)
ON CONFLICT (digest) DO UPDATE
SET
    failures = CASE
        WHEN known.failing_since < :since OR known.locked_until <= :at THEN 1 ELSE known.failures + 1
    END,
    failing_since = CASE
        WHEN known.failing_since < :since OR known.locked_until <= :at THEN cast(:at AS timestamptz)
        ELSE known.failing_since
    END,
    locked_until = CASE WHEN known.locked_until <= :at THEN NULL ELSE known.locked_until END
RETURNING failures, lock_outs, locked_until;

-- name: lock_address
UPDATE staff.address
SET locked_until = :until, lock_outs = lock_outs + 1
WHERE digest = :digest;

-- name: excuse_address
-- What was counted beforehand, and went well.
UPDATE staff.address
SET
    failures = greatest(failures - 1, 0),
    lock_outs = CASE WHEN locked_until IS NULL THEN lock_outs ELSE greatest(lock_outs - 1, 0) END,
    locked_until = NULL
WHERE digest = :digest;

-- name: forget_addresses
DELETE FROM staff.address
WHERE failing_since < :before AND (locked_until IS NULL OR locked_until < :before)
RETURNING digest;

-- name: add_recovery
INSERT INTO staff.recovery (account_id, digest)
SELECT cast(:account_id AS uuid), given.digest
FROM unnest(cast(:digests AS bytea[])) AS given (digest);

-- name: drop_recovery
DELETE FROM staff.recovery
WHERE account_id = :account_id;

-- name: use_recovery
UPDATE staff.recovery
SET used_at = :at
WHERE account_id = :account_id AND digest = ANY(cast(:digests AS bytea[])) AND used_at IS NULL
RETURNING account_id;

-- name: count_recovery
SELECT count(*) AS left_over
FROM staff.recovery
WHERE account_id = :account_id AND used_at IS NULL;

-- name: add_link
INSERT INTO staff.link (digest, account_id, created_at, ends_at)
VALUES (:digest, :account_id, :at, :ends_at);

-- name: end_links
UPDATE staff.link
SET used_at = :at
WHERE account_id IS NOT DISTINCT FROM cast(:account_id AS uuid) AND used_at IS NULL;

-- name: find_link
SELECT account_id, totp_wrapped
FROM staff.link
WHERE digest = :digest AND used_at IS NULL AND ends_at > :at;

-- name: begin_link
-- The first look decides what the second factor is; later ones show the same.
UPDATE staff.link
SET totp_wrapped = coalesce(totp_wrapped, :totp_wrapped)
WHERE digest = :digest AND used_at IS NULL AND ends_at > :at
RETURNING account_id, totp_wrapped;

-- name: use_link
UPDATE staff.link
SET used_at = :at, totp_wrapped = NULL
WHERE digest = :digest AND used_at IS NULL AND ends_at > :at
RETURNING account_id;

-- name: add_errand
INSERT INTO staff.errand (digest, nonce, verifier_wrapped, ends_at)
VALUES (:digest, :nonce, :verifier_wrapped, :ends_at);

-- name: take_errand
DELETE FROM staff.errand
WHERE digest = :digest
RETURNING nonce, verifier_wrapped, ends_at;

-- name: forget_errands
DELETE FROM staff.errand
WHERE ends_at < :before
RETURNING digest;

-- name: excuse_failure
-- What was counted beforehand, and went well, with the lock that it brought.
UPDATE staff.account
SET
    failures = greatest(failures - 1, 0),
    lock_outs = CASE WHEN locked_until IS NULL THEN lock_outs ELSE greatest(lock_outs - 1, 0) END,
    locked_until = NULL
WHERE id = :id;
