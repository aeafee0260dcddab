-- name: accounts
-- Every account of the members, who are locked, and where each lies.
SELECT member_id, currency, account, version, balance, at, due_at, ctid AS place
FROM ledger.account
WHERE member_id = ANY(cast(:members AS uuid[]));

-- name: open_lots
-- Lots with something left, and those that are asked for by name.
SELECT
    member_id, currency, number, amount, remaining, expired, issued_at, usable_from, expires_at, priority,
    activity_id, offer, program, funder, value_micro, parent_member, parent_number
FROM ledger.lot
WHERE
    member_id = ANY(cast(:members AS uuid[]))
    AND (
        remaining > 0
        OR (member_id, currency, number) IN (
            SELECT named.member_id, named.currency, named.number
            FROM unnest(cast(:owners AS uuid[]), cast(:currencies AS text[]), cast(:numbers AS bigint[]))
            AS named (member_id, currency, number)
        )
        OR (parent_member, currency, parent_number) IN (
            SELECT named.member_id, named.currency, named.number
            FROM unnest(cast(:owners AS uuid[]), cast(:currencies AS text[]), cast(:numbers AS bigint[]))
            AS named (member_id, currency, number)
        )
    );

-- name: holds
-- Open holds of the members, and those that are asked for by id.
SELECT
    member_id, id, currency, amount, captured, released, state, held_at, valid_until, settle_until, ended_at,
    purpose, revoked_at, used_by
FROM ledger.hold
WHERE
    member_id = ANY(cast(:members AS uuid[]))
    AND (state = 'open' OR id = ANY(cast(:ids AS uuid[])));

-- name: revoked_vouchers
-- Tills need not hear of those whose time is over: they refuse them by themselves.
SELECT id
FROM ledger.hold
WHERE purpose = 'voucher' AND valid_until > :at AND (state <> 'open' OR revoked_at IS NOT NULL)
ORDER BY valid_until DESC, id
LIMIT :most;

-- name: voucher_states
SELECT id, CASE WHEN state = 'open' AND revoked_at IS NOT NULL THEN 'cancelled' ELSE state END AS state
FROM ledger.hold
WHERE member_id = :member AND id = any(cast(:vouchers AS uuid[])) AND purpose = 'voucher';

-- name: hold_lots
SELECT part.member_id, part.hold_id, part.owner_id, part.lot, part.amount, part.captured, part.released
FROM ledger.hold_lot AS part
INNER JOIN unnest(cast(:members AS uuid[]), cast(:ids AS uuid[])) AS wanted (member_id, id)
    ON part.member_id = wanted.member_id AND part.hold_id = wanted.id
ORDER BY part.member_id, part.hold_id, part.owner_id, part.lot;

-- name: add_accounts
INSERT INTO ledger.account (member_id, currency, account, version, balance, at, due_at)
SELECT member_id, currency, account, version, balance, at, due_at
FROM unnest(
    cast(:members AS uuid[]), cast(:currencies AS text[]), cast(:accounts AS text[]), cast(:versions AS bigint[]),
    cast(:balances AS bigint[]), cast(:ats AS timestamptz[]), cast(:due_ats AS timestamptz[])
) AS added (member_id, currency, account, version, balance, at, due_at)
ORDER BY member_id, currency, account;

-- name: move_accounts
-- Only from the version that was read under the lock: a lost lock must never lose a point. Each is found where it lay
-- when this transaction read it, for to look it up by its key once more took half of the time. Nobody moves it
-- meanwhile; if somebody did, fewer are moved than were to be, and that is an error.
UPDATE ledger.account AS kept
SET version = moved.version, balance = moved.balance, at = moved.at, due_at = moved.due_at
FROM
    unnest(
        cast(:places AS tid[]), cast(:members AS uuid[]), cast(:olds AS bigint[]), cast(:versions AS bigint[]),
        cast(:balances AS bigint[]), cast(:ats AS timestamptz[]), cast(:due_ats AS timestamptz[])
    ) AS moved (place, member_id, old, version, balance, at, due_at)
WHERE kept.ctid = moved.place AND kept.member_id = moved.member_id AND kept.version = moved.old;

-- name: move_lots
UPDATE ledger.lot AS kept
SET
    remaining = moved.remaining, expired = moved.expired, usable_from = moved.usable_from,
    expires_at = moved.expires_at
FROM
    unnest(
        cast(:members AS uuid[]), cast(:currencies AS text[]), cast(:numbers AS bigint[]),
        cast(:remainings AS bigint[]), cast(:expireds AS bigint[]), cast(:usable_froms AS timestamptz[]),
        cast(:ends AS timestamptz[])
    ) AS moved (member_id, currency, number, remaining, expired, usable_from, expires_at)
WHERE kept.member_id = moved.member_id AND kept.currency = moved.currency AND kept.number = moved.number;

-- name: move_holds
-- A hold that has ended is never written again.
UPDATE ledger.hold AS kept
SET
    captured = put.captured, released = put.released, state = put.state, ended_at = put.ended_at,
    revoked_at = put.revoked_at, used_by = put.used_by
FROM unnest(
    cast(:members AS uuid[]), cast(:ids AS uuid[]), cast(:captureds AS bigint[]), cast(:releaseds AS bigint[]),
    cast(:states AS text[]), cast(:ended_ats AS timestamptz[]), cast(:revoked_ats AS timestamptz[]),
    cast(:used_bys AS uuid[])
) AS put (member_id, id, captured, released, state, ended_at, revoked_at, used_by)
WHERE kept.member_id = put.member_id AND kept.id = put.id AND kept.state = 'open';

-- name: move_hold_lots
UPDATE ledger.hold_lot AS kept
SET captured = put.captured, released = put.released
FROM unnest(
    cast(:members AS uuid[]), cast(:ids AS uuid[]), cast(:owners AS uuid[]), cast(:lots AS bigint[]),
    cast(:captureds AS bigint[]), cast(:releaseds AS bigint[])
) AS put (member_id, hold_id, owner_id, lot, captured, released)
WHERE
    kept.member_id = put.member_id AND kept.hold_id = put.hold_id AND kept.owner_id = put.owner_id
    AND kept.lot = put.lot;

-- name: allocations_of
-- What an entry took from which lot, and what later entries gave back of it.
SELECT
    allocation.member_id, allocation.currency, allocation.lot, allocation.version, allocation.amount,
    allocation.undoes
FROM ledger.allocation AS allocation
INNER JOIN
    unnest(cast(:members AS uuid[]), cast(:currencies AS text[]), cast(:versions AS bigint[]))
    AS wanted (member_id, currency, version)
    ON
        allocation.member_id = wanted.member_id AND allocation.currency = wanted.currency
        AND allocation.account = 'points'
        AND (allocation.version = wanted.version OR allocation.undoes = wanted.version);

-- name: lineage
-- From which lots these came, and those from others. It never changes, so it may be read of members who are not locked.
WITH RECURSIVE line AS (
    SELECT lot.member_id, lot.currency, lot.number, lot.parent_member, lot.parent_number
    FROM ledger.lot AS lot
    INNER JOIN
        unnest(cast(:members AS uuid[]), cast(:currencies AS text[]), cast(:numbers AS bigint[]))
        AS named (member_id, currency, number)
        ON lot.member_id = named.member_id AND lot.currency = named.currency AND lot.number = named.number
    UNION
    SELECT lot.member_id, lot.currency, lot.number, lot.parent_member, lot.parent_number
    FROM ledger.lot AS lot
    INNER JOIN line
        ON lot.member_id = line.parent_member AND lot.currency = line.currency AND lot.number = line.parent_number
)

SELECT member_id, currency, number, parent_member, parent_number
FROM line
WHERE parent_member IS NOT NULL;

-- name: partners
-- Who is bound to whom by an open hold, or by one that is named: whoever holds, and whose points are held. Parts on
-- points of others come first, from indexes of these few: all open holds of the shop, with the traces of those that
-- have ended, would be more to go through. The members come by a sub-query, so that no plan is made for these only,
-- each time anew: that took longer than the answer.
WITH shared AS MATERIALIZED (
    SELECT part.member_id, part.hold_id, part.owner_id
    FROM ledger.hold_lot AS part
    WHERE
        part.owner_id <> part.member_id
        AND (
            part.member_id = ANY(array(SELECT unnest(cast(:members AS uuid[]))))
            OR part.owner_id = ANY(array(SELECT unnest(cast(:members AS uuid[]))))
        )
)
SELECT DISTINCT shared.member_id, shared.owner_id
FROM shared
INNER JOIN ledger.hold AS hold ON shared.member_id = hold.member_id AND shared.hold_id = hold.id
WHERE hold.state = 'open' OR hold.id = ANY(array(SELECT unnest(cast(:ids AS uuid[]))));

-- name: due_members
-- Members with a lot or hold that ends by this moment, soonest first, as far as so many accounts go. The index gives
-- them in order: at the end of a month everybody is due at once, and is not counted and sorted anew for each slice.
SELECT DISTINCT soonest.member_id
FROM (
    SELECT member_id
    FROM ledger.account
    WHERE due_at <= :at
    ORDER BY due_at
    LIMIT :most
) AS soonest;

-- name: ending
-- What ends within a span, by member, currency and moment, after a place in that order.
SELECT lot.member_id, lot.currency, lot.expires_at AS at, sum(lot.remaining)::bigint AS points
FROM ledger.account AS account
INNER JOIN ledger.lot AS lot ON account.member_id = lot.member_id AND account.currency = lot.currency
WHERE
    account.account = 'points' AND account.due_at <= :until
    AND lot.remaining > 0 AND lot.expires_at > :since AND lot.expires_at <= :until
    AND (lot.member_id, lot.currency, lot.expires_at) > (:after_member, :after_currency, :after_at)
GROUP BY lot.member_id, lot.currency, lot.expires_at
ORDER BY lot.member_id, lot.currency, lot.expires_at
LIMIT :most;

-- name: becoming_usable
-- What became usable within a span, by member, currency and moment, after a place in that order.
SELECT lot.member_id, lot.currency, lot.usable_from AS at, sum(lot.remaining)::bigint AS points
FROM ledger.lot AS lot
WHERE
    lot.remaining > 0 AND lot.usable_from > lot.issued_at
    AND lot.usable_from > :since AND lot.usable_from <= :until
    AND (lot.member_id, lot.currency, lot.usable_from) > (:after_member, :after_currency, :after_at)
GROUP BY lot.member_id, lot.currency, lot.usable_from
ORDER BY lot.member_id, lot.currency, lot.usable_from
LIMIT :most;

-- name: statement
-- One member's own entries, newest first, below a place in the order (activity time is the journal's to tell).
SELECT currency, account, version, activity_id, kind, amount, balance, at
FROM ledger.entry
WHERE
    member_id = :member AND account IN ('points', 'arrears')
    AND (cast(:currency AS text) IS NULL OR currency = :currency)
    AND (
        cast(:before_at AS timestamptz) IS NULL
        OR (at, currency, account, version) < (:before_at, :before_currency, :before_account, :before_version)
    )
ORDER BY at DESC, currency DESC, account DESC, version DESC
LIMIT :most;

-- name: lots
-- One member's lots, in the order of use; those that are used up only when asked for.
SELECT
    member_id, currency, number, amount, remaining, expired, issued_at, usable_from, expires_at, priority,
    activity_id, offer, program, funder, value_micro, parent_member, parent_number
FROM ledger.lot
WHERE
    member_id = :member
    AND (remaining > 0 OR :used_up)
    AND (
        cast(:after_currency AS text) IS NULL
        OR (currency, number) > (:after_currency, :after_number)
    )
ORDER BY currency, number
LIMIT :most;

-- name: standing
-- What one member holds at a moment, by currency: shown, usable, not yet usable, held, owed, ended but not swept.
SELECT
    points.currency,
    points.balance + coalesce(arrears.balance, 0) - coalesce(lots.ended, 0) AS shown,
    coalesce(lots.available, 0) AS available,
    coalesce(lots.pending, 0) AS pending,
    coalesce(holds.held, 0) AS held,
    -coalesce(arrears.balance, 0) AS owed,
    lots.next_expiry,
    coalesce(lots.next_expiry_points, 0) AS next_expiry_points,
    points.version
FROM ledger.account AS points
LEFT JOIN ledger.account AS arrears
    ON points.member_id = arrears.member_id AND points.currency = arrears.currency AND arrears.account = 'arrears'
LEFT JOIN LATERAL (
    SELECT
        coalesce(sum(free.points) FILTER (WHERE free.expires_at <= :at), 0)::bigint AS ended,
        coalesce(
            sum(free.points) FILTER (
                WHERE free.usable_from <= :at AND (free.expires_at IS NULL OR free.expires_at > :at)
            ), 0
        )::bigint AS available,
        coalesce(
            sum(free.points) FILTER (
                WHERE free.usable_from > :at AND (free.expires_at IS NULL OR free.expires_at > :at)
            ), 0
        )::bigint AS pending,
        min(free.expires_at) FILTER (WHERE free.points > 0 AND free.expires_at > :at) AS next_expiry,
        coalesce(sum(free.points) FILTER (WHERE free.expires_at = free.soonest), 0)::bigint AS next_expiry_points
    FROM (
        SELECT
            lot.usable_from,
            lot.expires_at,
            lot.remaining + coalesce(back.points, 0) AS points,
            min(lot.expires_at) FILTER (
                WHERE lot.remaining + coalesce(back.points, 0) > 0 AND lot.expires_at > :at
            ) OVER () AS soonest
        FROM ledger.lot AS lot
        LEFT JOIN LATERAL (
            -- What is in holds that have run out is the member's again, whether or not a sweeper came by.
            SELECT sum(part.amount - part.captured - part.released)::bigint AS points
            FROM ledger.hold_lot AS part
            INNER JOIN ledger.hold AS hold ON part.member_id = hold.member_id AND part.hold_id = hold.id
            WHERE
                part.owner_id = lot.member_id AND part.currency = lot.currency AND part.lot = lot.number
                AND hold.state = 'open' AND hold.settle_until <= :at
        ) AS back ON TRUE
        WHERE lot.member_id = points.member_id AND lot.currency = points.currency
    ) AS free
) AS lots ON TRUE
LEFT JOIN LATERAL (
    SELECT coalesce(sum(hold.amount - hold.captured - hold.released), 0)::bigint AS held
    FROM ledger.hold AS hold
    WHERE
        hold.member_id = points.member_id AND hold.currency = points.currency AND hold.state = 'open'
        AND hold.settle_until > :at
) AS holds ON TRUE
WHERE points.member_id = :member AND points.account = 'points'
ORDER BY points.currency;

-- name: totals
-- The books of the whole programme, by currency and account.
SELECT currency, account, sum(balance)::bigint AS balance
FROM ledger.account
GROUP BY currency, account
ORDER BY currency, account;

-- name: outstanding
-- What all members hold at a moment and what it is worth, by currency. Money in millionths of a minor unit.
SELECT
    currency,
    coalesce(sum(remaining) FILTER (WHERE usable_from <= :at AND (expires_at IS NULL OR expires_at > :at)), 0)::bigint
        AS available,
    coalesce(sum(remaining) FILTER (WHERE usable_from > :at AND (expires_at IS NULL OR expires_at > :at)), 0)::bigint
        AS pending,
    coalesce(sum(remaining) FILTER (WHERE expires_at <= :at), 0)::bigint AS ended,
    coalesce(sum(remaining::numeric * value_micro) FILTER (WHERE expires_at IS NULL OR expires_at > :at), 0)
        AS value_micro
FROM ledger.lot
WHERE remaining > 0
GROUP BY currency
ORDER BY currency;

-- name: moved
-- Points by currency and kind of entry, as the members' points accounts saw them.
SELECT currency, kind, sum(amount)::bigint AS points, count(*) AS entries
FROM ledger.entry
WHERE account = 'points'
GROUP BY currency, kind
ORDER BY currency, kind;

-- name: issued_by_offer
SELECT currency, offer, sum(amount)::bigint AS points, count(*) AS lots
FROM ledger.lot
GROUP BY currency, offer
ORDER BY points DESC, currency, offer
LIMIT :most;
