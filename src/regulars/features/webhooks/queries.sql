-- name: endpoints
SELECT id, url, description, kinds, is_enabled, reason, failing_since, version, created_at, changed_at
FROM webhooks.endpoint
WHERE id > :after
ORDER BY id
LIMIT :most;

-- name: endpoint
SELECT id, url, description, kinds, is_enabled, reason, failing_since, version, created_at, changed_at
FROM webhooks.endpoint
WHERE id = :id;

-- name: lock_endpoint
SELECT id, url, description, kinds, is_enabled, reason, failing_since, version, created_at, changed_at
FROM webhooks.endpoint
WHERE id = :id
FOR UPDATE;

-- name: add_endpoint
INSERT INTO webhooks.endpoint (
    id, url, description, kinds, is_enabled, reason, failing_since, version, created_at, changed_at
)
VALUES (
    :id, :url, :description, cast(:kinds AS text[]), :is_enabled, :reason, NULL, 1,
    cast(:at AS timestamptz), cast(:at AS timestamptz)
);

-- name: change_endpoint
UPDATE webhooks.endpoint
SET
    url = :url, description = :description, kinds = cast(:kinds AS text[]), is_enabled = :is_enabled,
    reason = :reason, failing_since = NULL, version = version + 1, changed_at = :at
WHERE id = :id;

-- name: remove_endpoint
DELETE FROM webhooks.endpoint WHERE id = :id;

-- name: note_success
UPDATE webhooks.endpoint
SET failing_since = NULL
WHERE id = ANY(cast(:endpoints AS uuid[])) AND failing_since IS NOT NULL;

-- name: note_failure
UPDATE webhooks.endpoint SET failing_since = coalesce(failing_since, cast(:at AS timestamptz)) WHERE id = :id;

-- name: disable
-- What somebody changed meanwhile stays changed.
UPDATE webhooks.endpoint
SET is_enabled = FALSE, reason = cast(:reason AS text), version = version + 1, changed_at = :at
WHERE id = :id AND is_enabled AND (cast(:reason AS text) = 'gone' OR failing_since <= :before);

-- name: secrets
SELECT endpoint_id, number, sealed, since, ends_at
FROM webhooks.secret
WHERE endpoint_id = ANY(cast(:endpoints AS uuid[]))
ORDER BY endpoint_id, number;

-- name: add_secret
INSERT INTO webhooks.secret (endpoint_id, number, sealed, since, ends_at)
VALUES (:endpoint, :number, :sealed, :since, NULL);

-- name: end_secrets
-- The last before this one signs on until `ends`; the others end now.
UPDATE webhooks.secret
SET
    ends_at = least(
        ends_at,
        CASE WHEN number = :number - 1 THEN cast(:ends AS timestamptz) ELSE cast(:at AS timestamptz) END
    )
WHERE endpoint_id = :endpoint AND number < :number;

-- name: add_wish
INSERT INTO webhooks.wish (endpoint_id, number, kinds, low, high, seq)
VALUES (:endpoint, :number, cast(:kinds AS text[]), :low, :high, :seq);

-- name: wishes
SELECT endpoint_id, number, kinds, low, high, seq
FROM webhooks.wish
ORDER BY endpoint_id, number;

-- name: begin_reading
INSERT INTO webhooks.reader (id, endpoint_id, low, high, seq, until)
VALUES (:id, NULL, :low, :high, 0, NULL)
ON CONFLICT (id) DO NOTHING;

-- name: lock_reader
SELECT id, endpoint_id, low, high, seq, until, forgotten
FROM webhooks.reader
WHERE id = :id
FOR UPDATE;

-- name: take_reader
-- Whoever reads already is not waited for.
SELECT id, endpoint_id, low, high, seq, until, forgotten
FROM webhooks.reader
WHERE id = :id
FOR UPDATE SKIP LOCKED;

-- name: readers
SELECT id, endpoint_id, low, high, seq, until, forgotten
FROM webhooks.reader
ORDER BY id;

-- name: read_again
INSERT INTO webhooks.reader (id, endpoint_id, low, high, seq, until)
VALUES (:id, :endpoint, :low, :high, 0, :until);

-- name: move_reader
UPDATE webhooks.reader SET low = :low, high = :high, seq = :seq WHERE id = :id;

-- name: settle_reader
UPDATE webhooks.reader
SET low = :low, high = :high, seq = :seq, until = CASE WHEN until IS NOT NULL THEN cast(:high AS bigint) END
WHERE id = :id;

-- name: settle_wish
UPDATE webhooks.wish SET low = :low, high = :high, seq = :seq
WHERE endpoint_id = :endpoint AND number = :number;

-- name: end_reader
DELETE FROM webhooks.reader WHERE id = :id;

-- name: add_events
INSERT INTO webhooks.event (id, member_id, seq, kind, at, body)
SELECT id, member_id, seq, kind, at, body
FROM unnest(
    cast(:ids AS text[]), cast(:members AS uuid[]), cast(:seqs AS bigint[]),
    cast(:kinds AS text[]), cast(:ats AS timestamptz[]),
    cast(:bodies AS text[])
) AS told (id, member_id, seq, kind, at, body)
ON CONFLICT (id) DO NOTHING;

-- name: add_deliveries
-- In the order in which they are given, which is the order of their numbers.
INSERT INTO webhooks.delivery (id, endpoint_id, member_id, event_id, created_at)
SELECT id, endpoint_id, member_id, event_id, cast(:at AS timestamptz)
FROM unnest(
    cast(:ids AS uuid[]), cast(:endpoints AS uuid[]), cast(:members AS uuid[]), cast(:events AS text[])
) WITH ORDINALITY AS told (id, endpoint_id, member_id, event_id, place)
ORDER BY place
ON CONFLICT (endpoint_id, event_id) DO NOTHING;

-- name: send_again
-- What ended is to be sent once more. What waits is left as it is.
UPDATE webhooks.delivery
SET state = 'waiting', reason = '', tries = 0, first_at = NULL, ended_at = NULL
WHERE endpoint_id = :endpoint AND event_id = ANY(cast(:events AS text[])) AND state <> 'waiting'
RETURNING member_id;

-- name: send_failed_again
UPDATE webhooks.delivery
SET state = 'waiting', reason = '', tries = 0, first_at = NULL, ended_at = NULL
WHERE
    id IN (
        SELECT failed.id
        FROM webhooks.delivery AS failed
        WHERE failed.endpoint_id = :endpoint AND failed.state = 'failed' AND failed.reason <> 'test_failed'
        ORDER BY failed.number
        LIMIT :most
    )
RETURNING member_id;

-- name: open_lanes
-- Locked where they are there already: whoever ends one waits for us, and then sees what was added.
INSERT INTO webhooks.lane AS kept (endpoint_id, member_id, due_at)
SELECT endpoint_id, member_id, cast(:at AS timestamptz)
FROM unnest(cast(:endpoints AS uuid[]), cast(:members AS uuid[])) AS told (endpoint_id, member_id)
ORDER BY endpoint_id, member_id
ON CONFLICT (endpoint_id, member_id) DO UPDATE SET endpoint_id = kept.endpoint_id;

-- name: due_endpoints
SELECT
    endpoint.id, endpoint.url, endpoint.description, endpoint.kinds, endpoint.is_enabled, endpoint.reason,
    endpoint.failing_since, endpoint.version, endpoint.created_at, endpoint.changed_at
FROM webhooks.endpoint AS endpoint
WHERE
    endpoint.is_enabled
    AND EXISTS (
        SELECT 1 FROM webhooks.lane AS lane
        WHERE lane.endpoint_id = endpoint.id AND lane.due_at <= :at
    )
ORDER BY endpoint.id;

-- name: claim
-- Take lanes for a while: whoever dies with one leaves it to others when the while is over.
UPDATE webhooks.lane AS lane
SET due_at = :until, holder = :holder
FROM (
    SELECT ready.endpoint_id, ready.member_id
    FROM webhooks.lane AS ready
    WHERE ready.endpoint_id = :endpoint AND ready.due_at <= :at
    ORDER BY ready.due_at
    LIMIT :most
    FOR UPDATE SKIP LOCKED
) AS taken
WHERE lane.endpoint_id = taken.endpoint_id AND lane.member_id = taken.member_id
RETURNING lane.member_id;

-- name: heads
-- The first of each lane.
SELECT
    delivery.id, delivery.endpoint_id, delivery.member_id, delivery.attempts, delivery.tries, delivery.first_at,
    event.id AS event_id, event.kind, event.body
FROM unnest(cast(:members AS uuid[])) AS lane (member_id)
CROSS JOIN LATERAL (
    SELECT first.id, first.endpoint_id, first.member_id, first.attempts, first.tries, first.first_at, first.event_id
    FROM webhooks.delivery AS first
    WHERE first.endpoint_id = :endpoint AND first.member_id = lane.member_id AND first.state = 'waiting'
    ORDER BY first.number
    LIMIT 1
) AS delivery
INNER JOIN webhooks.event AS event ON delivery.event_id = event.id;

-- name: lock_lanes
-- Those that are still ours: who was too slow has lost them.
SELECT lane.endpoint_id, lane.member_id
FROM webhooks.lane AS lane
INNER JOIN
    unnest(cast(:endpoints AS uuid[]), cast(:members AS uuid[])) AS told (endpoint_id, member_id)
    ON lane.endpoint_id = told.endpoint_id AND lane.member_id = told.member_id
WHERE lane.holder = :holder
ORDER BY lane.endpoint_id, lane.member_id
FOR UPDATE OF lane;

-- name: note_attempts
INSERT INTO webhooks.attempt (delivery_id, number, at, status, error, duration_ms)
SELECT
    told.delivery_id,
    1 + coalesce(
        (SELECT max(earlier.number) FROM webhooks.attempt AS earlier WHERE earlier.delivery_id = told.delivery_id), 0
    ),
    told.at, told.status, told.error, told.duration_ms
FROM unnest(
    cast(:deliveries AS uuid[]), cast(:ats AS timestamptz[]), cast(:statuses AS integer[]), cast(:errors AS text[]),
    cast(:durations AS integer[])
) AS told (delivery_id, at, status, error, duration_ms)
INNER JOIN webhooks.delivery AS delivery ON told.delivery_id = delivery.id
ON CONFLICT (delivery_id, number) DO NOTHING;

-- name: settle
UPDATE webhooks.delivery AS delivery
SET
    state = told.state, reason = told.reason, attempts = delivery.attempts + 1, tries = delivery.tries + 1,
    first_at = coalesce(delivery.first_at, told.at), ended_at = told.ended_at
FROM unnest(
    cast(:deliveries AS uuid[]), cast(:states AS text[]), cast(:reasons AS text[]), cast(:ats AS timestamptz[]),
    cast(:ends AS timestamptz[])
) AS told (id, state, reason, at, ended_at)
WHERE delivery.id = told.id AND delivery.state = 'waiting';

-- name: free_lanes
-- Those with more to send are due again, the others end.
WITH told AS (
    SELECT given.endpoint_id, given.member_id, given.due_at
    FROM unnest(cast(:endpoints AS uuid[]), cast(:members AS uuid[]), cast(:dues AS timestamptz[]))
        AS given (endpoint_id, member_id, due_at)
),

ended AS (
    DELETE FROM webhooks.lane AS lane
    USING told
    WHERE
        lane.endpoint_id = told.endpoint_id AND lane.member_id = told.member_id
        AND NOT EXISTS (
            SELECT 1 FROM webhooks.delivery AS more
            WHERE
                more.endpoint_id = lane.endpoint_id AND more.member_id = lane.member_id AND more.state = 'waiting'
        )
    RETURNING lane.endpoint_id, lane.member_id
)

UPDATE webhooks.lane AS lane
SET due_at = told.due_at, holder = NULL
FROM told
WHERE
    lane.endpoint_id = told.endpoint_id AND lane.member_id = told.member_id
    AND NOT EXISTS (
        SELECT 1 FROM ended WHERE ended.endpoint_id = lane.endpoint_id AND ended.member_id = lane.member_id
    );

-- name: deliveries
SELECT
    delivery.id, delivery.event_id, event.kind, delivery.member_id, delivery.state, delivery.reason,
    delivery.attempts, delivery.created_at, delivery.ended_at, delivery.number
FROM webhooks.delivery AS delivery
INNER JOIN webhooks.event AS event ON delivery.event_id = event.id
WHERE
    delivery.endpoint_id = :endpoint AND delivery.number < :before
    AND (cast(:state AS text) = '' OR delivery.state = cast(:state AS text))
ORDER BY delivery.number DESC
LIMIT :most;

-- name: attempts
SELECT delivery_id, number, at, status, error, duration_ms
FROM webhooks.attempt
WHERE delivery_id = ANY(cast(:deliveries AS uuid[]))
ORDER BY delivery_id, number;

-- name: figures
SELECT
    count(*) FILTER (WHERE delivery.state = 'waiting') AS waiting,
    count(*) FILTER (WHERE delivery.state = 'delivered') AS delivered,
    count(*) FILTER (WHERE delivery.state = 'failed') AS failed,
    min(delivery.created_at) FILTER (WHERE delivery.state = 'waiting') AS oldest,
    (SELECT count(*) FROM webhooks.endpoint AS endpoint WHERE NOT endpoint.is_enabled) AS disabled
FROM webhooks.delivery AS delivery;

-- name: missing
-- Of the events that should be on their way to an endpoint, those that are not.
SELECT told.event_id
FROM unnest(cast(:events AS text[])) AS told (event_id)
WHERE
    NOT EXISTS (
        SELECT 1 FROM webhooks.delivery AS delivery
        WHERE delivery.endpoint_id = :endpoint AND delivery.event_id = told.event_id
    );

-- name: stuck
-- What waits has its lane, and every lane has something that waits.
SELECT
    count(*) FILTER (WHERE lane.member_id IS NULL) AS without_lane,
    count(*) FILTER (WHERE waiting.member_id IS NULL) AS without_waiting
FROM (
    SELECT DISTINCT endpoint_id, member_id FROM webhooks.delivery WHERE state = 'waiting'
) AS waiting
FULL JOIN webhooks.lane AS lane
    ON waiting.endpoint_id = lane.endpoint_id AND waiting.member_id = lane.member_id;

-- name: forget_deliveries
WITH gone AS (
    DELETE FROM webhooks.delivery
    WHERE
        id IN (
            SELECT old.id
            FROM webhooks.delivery AS old
            WHERE old.state <> 'waiting' AND old.ended_at < :before
            LIMIT :most
        )
        -- Said again for what somebody sends once more at this moment.
        AND state <> 'waiting' AND ended_at < :before
    RETURNING event_id
)

SELECT count(*) AS deliveries, coalesce(max(event.seq), 0)::bigint AS seq
FROM gone
INNER JOIN webhooks.event AS event ON gone.event_id = event.id;

-- name: forget_events
-- Nothing refers to them any more. Nobody gathers meanwhile: the reader is locked.
DELETE FROM webhooks.event AS event
WHERE
    event.id IN (
        SELECT old.id
        FROM webhooks.event AS old
        WHERE NOT EXISTS (SELECT 1 FROM webhooks.delivery AS delivery WHERE delivery.event_id = old.id)
        LIMIT :most
    );

-- name: note_forgotten
UPDATE webhooks.reader SET forgotten = greatest(forgotten, cast(:seq AS bigint)) WHERE id = :id;
