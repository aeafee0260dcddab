-- name: begin_reading
INSERT INTO messages.reader (id, low, high, seq)
VALUES (1, :low, :high, 0)
ON CONFLICT (id) DO NOTHING;

-- name: take_reader
-- Whoever reads already is not waited for.
SELECT low, high, seq
FROM messages.reader
WHERE id = 1
FOR UPDATE SKIP LOCKED;

-- name: has_reader
SELECT count(*) AS readers FROM messages.reader;

-- name: move_reader
UPDATE messages.reader SET low = :low, high = :high, seq = :seq WHERE id = 1;

-- name: templates
SELECT DISTINCT ON (template.kind, template.language)
    template.kind, template.language, template.version, template.subject, template.body, template.short
FROM messages.template AS template
ORDER BY template.kind, template.language, template.version DESC;

-- name: take_turn_to_write
-- Whoever writes words at the same time waits: versions are counted.
SELECT pg_advisory_xact_lock(hashtext('messages.template'));

-- name: add_template
INSERT INTO messages.template (kind, language, version, subject, body, short, written_at, written_by)
SELECT
    cast(:kind AS text), cast(:language AS text), 1 + coalesce(max(template.version), 0), cast(:subject AS text),
    cast(:body AS text), cast(:short AS text), cast(:at AS timestamptz), cast(:by AS text)
FROM messages.template AS template
WHERE template.kind = cast(:kind AS text) AND template.language = cast(:language AS text)
RETURNING kind, language, version, subject, body, short;

-- name: rules
SELECT kind, channels, quiet_from, quiet_until, cap_most, cap_days FROM messages.rule ORDER BY kind;

-- name: put_rule
INSERT INTO messages.rule (kind, channels, quiet_from, quiet_until, cap_most, cap_days, changed_at)
VALUES (:kind, cast(:channels AS text[]), :quiet_from, :quiet_until, :cap_most, :cap_days, :at)
ON CONFLICT (kind) DO UPDATE
SET
    channels = excluded.channels, quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until,
    cap_most = excluded.cap_most, cap_days = excluded.cap_days, changed_at = excluded.changed_at;

-- name: add_messages
-- In the order in which they are given; those that are known already are left out.
INSERT INTO messages.message (
    id, member_id, kind, purpose, channel, reference, content, created_at, due_at, useful_until
)
SELECT
    id, member_id, kind, purpose, channel, reference, content, cast(:at AS timestamptz), cast(:at AS timestamptz),
    useful_until
FROM unnest(
    cast(:ids AS uuid[]), cast(:members AS uuid[]), cast(:kinds AS text[]), cast(:purposes AS text[]),
    cast(:channels AS text[]), cast(:refs AS text[]), cast(:contents AS jsonb[]), cast(:untils AS timestamptz[])
) WITH ORDINALITY AS told (id, member_id, kind, purpose, channel, reference, content, useful_until, place)
ORDER BY place
ON CONFLICT (member_id, reference, kind, channel) DO NOTHING;

-- name: let_go
-- What was taken and not begun goes back.
UPDATE messages.message
SET state = 'waiting', holder = NULL, held_until = NULL
WHERE state = 'claimed' AND held_until <= :at;

-- name: doubt
-- What was begun and never ended may have arrived or not: nobody sends it again unasked.
UPDATE messages.message
SET state = 'doubtful', reason = 'cut_off', holder = NULL, held_until = NULL, ended_at = :at
WHERE state = 'sending' AND held_until <= :at;

-- name: take_turn_to_claim
-- One at a time, so that what is counted against caps is all there is.
SELECT pg_advisory_xact_lock(hashtext('messages.claim'));

-- name: due
SELECT
    message.id, message.number, message.member_id, message.kind, message.purpose, message.channel, message.content,
    message.state, message.reason, message.tries, message.version, message.language, message.created_at,
    message.due_at, message.useful_until, message.ended_at, message.read_at
FROM messages.message AS message
WHERE message.state = 'waiting' AND message.due_at <= :at
ORDER BY message.due_at, message.number
LIMIT :most
FOR UPDATE SKIP LOCKED;

-- name: counts
-- How much members were sent lately, or are being sent, beside the inbox.
SELECT message.member_id, message.purpose, count(*) AS sent
FROM messages.message AS message
INNER JOIN unnest(cast(:members AS uuid[]), cast(:purposes AS text[]), cast(:sinces AS timestamptz[]))
    AS asked (member_id, purpose, since)
    ON message.member_id = asked.member_id AND message.purpose = asked.purpose
WHERE
    message.channel <> 'inbox' AND message.state IN ('claimed', 'sending', 'sent', 'doubtful')
    AND coalesce(message.ended_at, message.held_until) > asked.since
GROUP BY message.member_id, message.purpose;

-- name: claim
UPDATE messages.message
SET state = 'claimed', holder = :holder, held_until = :until
WHERE id = ANY(cast(:ids AS uuid[]));

-- name: put_off
UPDATE messages.message AS message
SET due_at = told.due_at
FROM unnest(cast(:ids AS uuid[]), cast(:dues AS timestamptz[])) AS told (id, due_at)
WHERE message.id = told.id;

-- name: leave_out
UPDATE messages.message AS message
SET state = told.state, reason = told.reason, ended_at = cast(:at AS timestamptz)
FROM unnest(cast(:ids AS uuid[]), cast(:states AS text[]), cast(:reasons AS text[])) AS told (id, state, reason)
WHERE message.id = told.id;

-- name: mark_begun
-- From here on it may arrive. Only what is still ours.
UPDATE messages.message AS message
SET state = 'sending', held_until = :until, version = told.version, language = told.language
FROM unnest(cast(:ids AS uuid[]), cast(:versions AS integer[]), cast(:languages AS text[]))
    AS told (id, version, language)
WHERE message.id = told.id AND message.state = 'claimed' AND message.holder = :holder
RETURNING message.id;

-- name: settle
UPDATE messages.message AS message
SET
    state = told.state, reason = told.reason, tries = message.tries + told.tried, due_at = told.due_at,
    ended_at = told.ended_at, holder = NULL, held_until = NULL
FROM unnest(
    cast(:ids AS uuid[]), cast(:states AS text[]), cast(:reasons AS text[]), cast(:trieds AS integer[]),
    cast(:dues AS timestamptz[]), cast(:ends AS timestamptz[])
) AS told (id, state, reason, tried, due_at, ended_at)
WHERE message.id = told.id AND message.state = 'sending' AND message.holder = :holder;

-- name: give_back
UPDATE messages.message
SET state = 'waiting', holder = NULL, held_until = NULL
WHERE state = 'claimed' AND holder = :holder;

-- name: messages
SELECT
    message.id, message.number, message.member_id, message.kind, message.purpose, message.channel, message.content,
    message.state, message.reason, message.tries, message.version, message.language, message.created_at,
    message.due_at, message.useful_until, message.ended_at, message.read_at
FROM messages.message AS message
WHERE
    message.number < :before
    AND (cast(:state AS text) = '' OR message.state = cast(:state AS text))
    AND (cast(:member AS uuid) IS NULL OR message.member_id = cast(:member AS uuid))
ORDER BY message.number DESC
LIMIT :most;

-- name: inbox
SELECT
    message.id, message.number, message.member_id, message.kind, message.purpose, message.channel, message.content,
    message.state, message.reason, message.tries, message.version, message.language, message.created_at,
    message.due_at, message.useful_until, message.ended_at, message.read_at
FROM messages.message AS message
WHERE
    message.member_id = ANY(cast(:members AS uuid[])) AND message.channel = 'inbox' AND message.state = 'sent'
    AND message.number < :before
ORDER BY message.number DESC
LIMIT :most;

-- name: unread
SELECT count(*) AS unread
FROM messages.message AS message
WHERE
    message.member_id = ANY(cast(:members AS uuid[])) AND message.channel = 'inbox' AND message.state = 'sent'
    AND message.read_at IS NULL;

-- name: mark_read
UPDATE messages.message
SET read_at = coalesce(read_at, cast(:at AS timestamptz))
WHERE id = :id AND member_id = ANY(cast(:members AS uuid[])) AND channel = 'inbox' AND state = 'sent'
RETURNING id;

-- name: send_again
UPDATE messages.message
SET state = 'waiting', reason = '', tries = 0, due_at = :at, ended_at = NULL
WHERE id = ANY(cast(:ids AS uuid[])) AND state IN ('failed', 'doubtful', 'skipped')
RETURNING id;

-- name: list_dead
SELECT message.id
FROM messages.message AS message
WHERE message.state = :state AND message.state IN ('failed', 'doubtful')
ORDER BY message.number
LIMIT :most;

-- name: bounce
UPDATE messages.message
SET state = 'failed', reason = 'bounced'
WHERE id = :id AND state IN ('sent', 'doubtful')
RETURNING id;

-- name: find_message
SELECT id, channel FROM messages.message WHERE id = :id;

-- name: suppress
INSERT INTO messages.suppressed (channel, digest, reason, since, told_by)
SELECT cast(:channel AS text), digest, cast(:reason AS text), cast(:at AS timestamptz), cast(:by AS text)
FROM unnest(cast(:digests AS bytea[])) AS told (digest)
ON CONFLICT (channel, digest) DO NOTHING;

-- name: unsuppress
DELETE FROM messages.suppressed WHERE channel = :channel AND digest = ANY(cast(:digests AS bytea[]));

-- name: suppressed
SELECT suppressed.channel, suppressed.digest, suppressed.reason
FROM messages.suppressed AS suppressed
INNER JOIN unnest(cast(:channels AS text[]), cast(:digests AS bytea[])) AS asked (channel, digest)
    ON suppressed.channel = asked.channel AND suppressed.digest = asked.digest;

-- name: figures
SELECT
    (SELECT count(*) FROM messages.message AS due WHERE due.state = 'waiting') AS waiting,
    (SELECT count(*) FROM messages.message AS held WHERE held.state IN ('claimed', 'sending')) AS in_hand,
    (SELECT count(*) FROM messages.message AS dead WHERE dead.state = 'failed') AS failed,
    (SELECT count(*) FROM messages.message AS dead WHERE dead.state = 'doubtful') AS doubtful,
    (SELECT min(due.due_at) FROM messages.message AS due WHERE due.state = 'waiting') AS oldest;

-- name: forget
-- What went out or was left out long ago; the inbox is kept as long, and dead letters until somebody looked.
DELETE FROM messages.message
WHERE
    id IN (
        SELECT old.id
        FROM messages.message AS old
        WHERE old.ended_at < :before AND old.state IN ('sent', 'skipped')
        LIMIT :most
    );

-- name: list_caused
-- What was to be said because of an activity, since a moment.
SELECT number, member_id, kind, reference, content ->> 'cause' AS cause
FROM messages.message
WHERE number > :after AND kind <> 'news' AND created_at >= :since
ORDER BY number
LIMIT :most;

-- name: list_doubled
-- What a member would hear twice by one way, or was sent in no words.
SELECT format('%s of member %s by %s stands there %s times.', kind, member_id, channel, count(*)) AS sentence
FROM messages.message
GROUP BY member_id, reference, kind, channel
HAVING count(*) > 1
UNION ALL
SELECT format('Message %s was sent by %s, and nobody began to send it.', id, channel) AS sentence
FROM messages.message
WHERE state = 'sent' AND channel <> 'inbox' AND language = ''
LIMIT :most;
