-- name: append
INSERT INTO audit.entry (
    at, actor_kind, actor_id, actor_name, agreed_by, network, agent, what, route, object, changes, reason,
    outcome, status, code, request_id
)
VALUES (
    :at, :actor_kind, :actor_id, :actor_name, :agreed_by, :network, :agent, :what, :route, :object,
    cast(:changes AS json), :reason, :outcome, :status, :code, :request_id
);

-- name: search
-- The newest first.
SELECT
    id, at, actor_kind, actor_id, actor_name, agreed_by, network, agent, what, route, object,
    changes::text AS changes, reason, outcome, status, code, request_id
FROM audit.entry
WHERE
    id < :before
    AND at >= cast(:since AS timestamptz) AND at < cast(:until AS timestamptz)
    AND (cast(:actor AS uuid) IS NULL OR actor_id = cast(:actor AS uuid) OR agreed_by = cast(:actor AS uuid))
    AND (cast(:object AS text) = '' OR object = cast(:object AS text))
    AND (cast(:what AS text) = '' OR what = cast(:what AS text))
    AND (cast(:outcome AS text) = '' OR outcome = cast(:outcome AS text))
ORDER BY id DESC
LIMIT :most;

-- name: take_turn
-- Whoever seals or follows already is not waited for. Ends with the transaction.
SELECT pg_try_advisory_xact_lock(hashtext(cast(:turn AS text)));

-- name: last_seal
SELECT number, horizon, hash
FROM audit.seal
ORDER BY number DESC
LIMIT 1;

-- name: horizon
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint;

-- name: unsealed
-- What is seen and yet of a transaction that is still to begin was put back from a copy: it ended long ago.
SELECT
    noted.id, noted.at, noted.actor_kind, noted.actor_id, noted.actor_name, noted.agreed_by, noted.network,
    noted.agent, noted.what, noted.route, noted.object, noted.changes::text AS changes, noted.reason, noted.outcome,
    noted.status, noted.code, noted.request_id
FROM audit.entry AS noted
WHERE
    noted.id > :after
    AND (
        noted.xid < cast(cast(:horizon AS text) AS xid8)
        OR noted.xid >= pg_snapshot_xmax(pg_current_snapshot())
    )
    AND NOT EXISTS (SELECT seal.number FROM audit.seal AS seal WHERE seal.entry_id = noted.id)
ORDER BY noted.id
LIMIT :most;

-- name: all_sealed_until
-- Whatever is open is newer than this. Looked for from the end, where nearly always all of it is.
SELECT coalesce(min(noted.id) - 1, 9223372036854775806)
FROM audit.entry AS noted
WHERE
    noted.id > (SELECT coalesce(max(seal.entry_id), 0) FROM audit.seal AS seal) - cast(:back AS bigint)
    AND NOT EXISTS (SELECT seal.number FROM audit.seal AS seal WHERE seal.entry_id = noted.id);

-- name: add_seals
INSERT INTO audit.seal (number, entry_id, horizon, digest, hash)
SELECT
    made.place,
    made.entry_id,
    cast(:horizon AS bigint),
    made.digest,
    made.link
FROM unnest(cast(:places AS bigint[]), cast(:entry_ids AS bigint[]), cast(:digests AS bytea[]), cast(:links AS bytea[]))
    AS made (place, entry_id, digest, link);

-- name: chain
SELECT
    seal.number, seal.entry_id, seal.digest, seal.hash,
    noted.id, noted.at, noted.actor_kind, noted.actor_id, noted.actor_name, noted.agreed_by, noted.network,
    noted.agent, noted.what, noted.route, noted.object, noted.changes::text AS changes, noted.reason, noted.outcome,
    noted.status, noted.code, noted.request_id
FROM audit.seal AS seal
LEFT JOIN audit.entry AS noted ON seal.entry_id = noted.id
WHERE seal.number > :after
ORDER BY seal.number
LIMIT :most;

-- name: inserted
-- Older than what is sealed, of a transaction that had ended by then, and yet it was not there.
SELECT noted.id
FROM audit.entry AS noted
WHERE
    noted.id < (SELECT max(seal.entry_id) FROM audit.seal AS seal)
    AND noted.xid < (
        SELECT cast(cast(seal.horizon AS text) AS xid8)
        FROM audit.seal AS seal
        ORDER BY seal.number DESC
        LIMIT 1
    )
    AND NOT EXISTS (SELECT seal.number FROM audit.seal AS seal WHERE seal.entry_id = noted.id)
ORDER BY noted.id
LIMIT :most;

-- name: count_unsealed
SELECT count(*)
FROM audit.entry AS noted
WHERE NOT EXISTS (SELECT seal.number FROM audit.seal AS seal WHERE seal.entry_id = noted.id);

-- name: settle_entries
UPDATE audit.entry SET xid = cast(cast(cast(:settled AS bigint) AS text) AS xid8)
WHERE xid <> cast(cast(cast(:settled AS bigint) AS text) AS xid8);

-- name: settle_seals
-- The hash of a link does not hold it: what it says is of the server that sealed.
UPDATE audit.seal SET horizon = :settled WHERE horizon > :settled;

-- name: place
SELECT low, high, seq
FROM audit.place
ORDER BY id DESC
LIMIT 1;

-- name: add_place
INSERT INTO audit.place (low, high, seq) VALUES (:low, :high, :seq);

-- name: add_acts
INSERT INTO audit.act (actor_id, seq, at, member_id, activity_id, kind, source, name)
SELECT done.actor_id, done.seq, done.at, done.member_id, done.activity_id, done.kind, done.source, done.name
FROM unnest(
    cast(:actors AS uuid[]), cast(:seqs AS bigint[]), cast(:ats AS timestamptz[]), cast(:members AS uuid[]),
    cast(:activities AS uuid[]), cast(:kinds AS text[]), cast(:sources AS text[]), cast(:names AS text[])
) AS done (actor_id, seq, at, member_id, activity_id, kind, source, name)
ON CONFLICT (actor_id, seq) DO NOTHING;

-- name: acts
SELECT actor_id, seq, at, member_id, activity_id, kind, source, name
FROM audit.act
WHERE actor_id = :actor AND seq < :before
ORDER BY seq DESC
LIMIT :most;

-- name: drop_old_entries
-- Sealed ones only: the links stay, so the chain stays whole.
DELETE FROM audit.entry AS noted
USING (
    SELECT old.id
    FROM audit.entry AS old
    INNER JOIN audit.seal AS seal ON old.id = seal.entry_id
    WHERE
        old.at < :before
        AND NOT EXISTS (
            SELECT
            FROM unnest(cast(:spared AS uuid[])) AS held (member_id)
            WHERE old.object LIKE '%' || held.member_id || '%' OR old.actor_id = held.member_id
        )
    ORDER BY old.id
    LIMIT :most
) AS gone
WHERE noted.id = gone.id
RETURNING noted.id;

-- name: drop_old_acts
DELETE FROM audit.act AS done
USING (
    SELECT old.actor_id, old.seq
    FROM audit.act AS old
    WHERE old.at < :before AND old.member_id <> ALL(cast(:spared AS uuid[]))
    LIMIT :most
) AS gone
WHERE done.actor_id = gone.actor_id AND done.seq = gone.seq
RETURNING done.seq;

-- name: add_clearing
INSERT INTO audit.clearing (through_id, cleared, before) VALUES (:through_id, :cleared, :before);

-- name: cleared_through
SELECT coalesce(max(through_id), 0) AS through_id
FROM audit.clearing;
