-- name: rules
SELECT version, document::text AS document
FROM fraud.rules
ORDER BY version DESC
LIMIT 1;

-- name: add_rules
-- Nothing where somebody else wrote this version first.
INSERT INTO fraud.rules (version, document, changed_at, changed_by)
VALUES (:version, cast(:document AS json), :at, :by)
ON CONFLICT (version) DO NOTHING
RETURNING version;

-- name: take_reader
-- Whoever reads already is not waited for.
SELECT low, high, seq
FROM fraud.reader
WHERE id = 1
FOR UPDATE SKIP LOCKED;

-- name: move_reader
UPDATE fraud.reader SET low = :low, high = :high, seq = :seq WHERE id = 1;

-- name: add_signals
INSERT INTO fraud.signal (
    dimension, subject, at, seq, member_id, activity_id, kind, till, device, address, points, amount_minor
)
SELECT
    seen.dimension, seen.subject, seen.at, seen.seq, seen.member_id, seen.activity_id, seen.kind, seen.till,
    seen.device, seen.address, seen.points, seen.amount_minor
FROM unnest(
    cast(:dimensions AS text[]), cast(:subjects AS text[]), cast(:ats AS timestamptz[]), cast(:seqs AS bigint[]),
    cast(:members AS uuid[]), cast(:activities AS uuid[]), cast(:kinds AS text[]), cast(:tills AS text[]),
    cast(:devices AS text[]), cast(:addresses AS text[]), cast(:points AS bigint[]), cast(:amounts AS bigint[])
) AS seen (
    dimension, subject, at, seq, member_id, activity_id, kind, till, device, address, points, amount_minor
)
ON CONFLICT (dimension, subject, at, seq) DO NOTHING;

-- name: measure
-- What there is in the window that ends with each of these moments.
SELECT
    fresh.subject, fresh.at, count(*) AS activities, coalesce(sum(seen.points), 0)::bigint AS points,
    count(DISTINCT seen.till) FILTER (WHERE seen.till <> '') AS tills, count(DISTINCT seen.member_id) AS members
FROM unnest(cast(:subjects AS text[]), cast(:ats AS timestamptz[])) AS fresh (subject, at)
INNER JOIN fraud.signal AS seen
    ON
        seen.dimension = :dimension AND seen.subject = fresh.subject
        AND seen.at > fresh.at - make_interval(mins => cast(:minutes AS integer)) AND seen.at <= fresh.at
WHERE cardinality(cast(:kinds AS text[])) = 0 OR seen.kind = ANY(cast(:kinds AS text[]))
GROUP BY fresh.subject, fresh.at;

-- name: witnesses
-- The last that were counted.
SELECT seen.activity_id, seen.member_id, seen.at
FROM fraud.signal AS seen
WHERE
    seen.dimension = :dimension AND seen.subject = :subject
    AND seen.at > cast(:until AS timestamptz) - make_interval(mins => cast(:minutes AS integer)) AND seen.at <= :until
    AND (cardinality(cast(:kinds AS text[])) = 0 OR seen.kind = ANY(cast(:kinds AS text[])))
ORDER BY seen.at DESC, seen.seq DESC
LIMIT :most;

-- name: add_referrals
INSERT INTO fraud.referral (newcomer_id, referrer_id, at, activity_id)
SELECT told.newcomer_id, told.referrer_id, told.at, told.activity_id
FROM unnest(
    cast(:newcomers AS uuid[]), cast(:referrers AS uuid[]), cast(:ats AS timestamptz[]), cast(:activities AS uuid[])
) AS told (newcomer_id, referrer_id, at, activity_id)
ON CONFLICT (newcomer_id) DO NOTHING;

-- name: referrers_of
SELECT DISTINCT referrer_id
FROM fraud.referral
WHERE newcomer_id = ANY(cast(:members AS uuid[]));

-- name: newcomers
-- Of each newcomer of a referrer: how often they bought and for how much at least, and by which devices and addresses.
SELECT
    sent.newcomer_id, sent.activity_id, sent.at,
    count(seen.seq) FILTER (WHERE seen.kind = 'purchase') AS purchases,
    coalesce(min(seen.amount_minor) FILTER (WHERE seen.kind = 'purchase'), 0)::bigint AS least_minor,
    coalesce(array_agg(DISTINCT seen.device) FILTER (WHERE seen.device <> ''), ARRAY[]::text[]) AS devices,
    coalesce(array_agg(DISTINCT seen.address) FILTER (WHERE seen.address <> ''), ARRAY[]::text[]) AS addresses
FROM fraud.referral AS sent
LEFT JOIN fraud.signal AS seen
    ON seen.dimension = 'member' AND seen.subject = sent.newcomer_id::text
WHERE sent.referrer_id = :referrer AND sent.at > :since
GROUP BY sent.newcomer_id, sent.activity_id, sent.at
ORDER BY sent.at DESC
LIMIT :most;

-- name: find_last
-- The case of this subject that was opened last.
SELECT
    id, rule, dimension, subject, member_id, state, score, measured, allowed, opened_at, changed_at, seen_at,
    assigned_to, frozen_by, is_holding, version
FROM fraud.suspicion
WHERE rule = :rule AND dimension = :dimension AND subject = :subject
ORDER BY opened_at DESC, id DESC
LIMIT 1;

-- name: open
INSERT INTO fraud.suspicion (
    id, rule, dimension, subject, member_id, state, score, measured, allowed, opened_at, changed_at, seen_at,
    assigned_to, frozen_by, is_holding, version
)
VALUES (
    :id, :rule, :dimension, :subject, :member, 'open', :score, :measured, :allowed, cast(:at AS timestamptz),
    cast(:at AS timestamptz), :seen_at, '', '', FALSE, 1
);

-- name: grow
UPDATE fraud.suspicion
SET
    measured = greatest(measured, cast(:measured AS bigint)), score = greatest(score, cast(:score AS integer)),
    seen_at = greatest(seen_at, cast(:seen_at AS timestamptz))
WHERE id = :id;

-- name: add_evidence
INSERT INTO fraud.evidence (suspicion_id, activity_id, member_id, at)
SELECT :id, seen.activity_id, seen.member_id, seen.at
FROM unnest(cast(:activities AS uuid[]), cast(:members AS uuid[]), cast(:ats AS timestamptz[]))
    AS seen (activity_id, member_id, at)
ON CONFLICT (suspicion_id, activity_id) DO NOTHING;

-- name: count_evidence
SELECT count(*) FROM fraud.evidence WHERE suspicion_id = :id;

-- name: evidence
SELECT activity_id, member_id, at
FROM fraud.evidence
WHERE suspicion_id = :id
ORDER BY at, activity_id;

-- name: deeds
SELECT version, at, what, done_by, reason
FROM fraud.deed
WHERE suspicion_id = :id
ORDER BY version;

-- name: appeals
SELECT id, at, text_wrapped
FROM fraud.appeal
WHERE suspicion_id = :id
ORDER BY at, id;

-- name: find
SELECT
    id, rule, dimension, subject, member_id, state, score, measured, allowed, opened_at, changed_at, seen_at,
    assigned_to, frozen_by, is_holding, version
FROM fraud.suspicion
WHERE id = :id;

-- name: lock
SELECT
    id, rule, dimension, subject, member_id, state, score, measured, allowed, opened_at, changed_at, seen_at,
    assigned_to, frozen_by, is_holding, version
FROM fraud.suspicion
WHERE id = :id
FOR UPDATE;

-- name: list
-- What weighs most comes first.
SELECT
    id, rule, dimension, subject, member_id, state, score, measured, allowed, opened_at, changed_at, seen_at,
    assigned_to, frozen_by, is_holding, version
FROM fraud.suspicion
WHERE
    state = ANY(cast(:states AS text[]))
    AND (cast(:assigned AS text) = '' OR assigned_to = cast(:assigned AS text))
    AND (cast(:member AS uuid) IS NULL OR member_id = cast(:member AS uuid))
    AND (score, id) < (cast(:score AS integer), cast(:before AS uuid))
ORDER BY score DESC, id DESC
LIMIT :most;

-- name: change
UPDATE fraud.suspicion
SET
    state = :state, assigned_to = :assigned_to, frozen_by = :frozen_by, is_holding = :is_holding,
    version = version + 1, changed_at = :at
WHERE id = :id;

-- name: add_deed
INSERT INTO fraud.deed (suspicion_id, version, at, what, done_by, reason)
VALUES (:id, :version, :at, :what, :by, :reason);

-- name: add_appeal
INSERT INTO fraud.appeal (id, suspicion_id, at, text_wrapped) VALUES (:id, :suspicion, :at, :text_wrapped);

-- name: add_notice
INSERT INTO fraud.notice (id, member_id, suspicion_id, what, at) VALUES (:id, :member, :suspicion, :what, :at);

-- name: notices
SELECT id, member_id, suspicion_id, what, at
FROM fraud.notice
WHERE member_id = :member
ORDER BY at, id;

-- name: is_held_for_another
SELECT count(*) > 0
FROM fraud.suspicion
WHERE member_id = :member AND is_holding AND id <> :but;

-- name: forget_signals
DELETE FROM fraud.signal WHERE at < :before;

-- name: drop_signals_of
DELETE FROM fraud.signal WHERE member_id = ANY(cast(:members AS uuid[]))
RETURNING seq;

-- name: drop_appeals_of
DELETE FROM fraud.appeal AS appeal
USING fraud.suspicion AS suspicion
WHERE appeal.suspicion_id = suspicion.id AND suspicion.member_id = ANY(cast(:members AS uuid[]))
RETURNING appeal.id;

-- name: drop_old_appeals
-- Of cases that were decided long ago.
DELETE FROM fraud.appeal AS appeal
USING (
    SELECT old.id
    FROM fraud.appeal AS old
    INNER JOIN fraud.suspicion AS suspicion ON old.suspicion_id = suspicion.id
    WHERE
        suspicion.state IN ('cleared', 'confirmed') AND suspicion.changed_at < :before
        AND NOT coalesce(suspicion.member_id = ANY(cast(:spared AS uuid[])), FALSE)
    LIMIT :most
) AS gone
WHERE appeal.id = gone.id
RETURNING appeal.id;
