-- Proofs of what members hold. Each `fault_` query is empty when all is well.

-- name: fault_i1_sum
-- Every move has two legs, of one kind and at one time.
SELECT
    format(
        'Entries of kind %s by activity %s of member %s at %s add up to %s %s instead of nothing.',
        kind, activity_id, member_id, at, sum(amount), currency
    ) AS sentence
FROM ledger.entry
GROUP BY member_id, activity_id, currency, kind, at
HAVING sum(amount) <> 0
ORDER BY 1
LIMIT :most;

-- name: fault_i2_balance
SELECT
    format(
        'Account %s of member %s in %s stands at %s, version %s, %s; its %s entries come to %s, version %s, %s.',
        account, member_id, currency, account.balance, account.version, account.at,
        coalesce(booked.entries, 0), coalesce(booked.balance, 0), coalesce(booked.version, 0), booked.at
    ) AS sentence
FROM ledger.account AS account
FULL JOIN (
    SELECT
        member_id, currency, account, count(*) AS entries, sum(amount) AS balance, max(version) AS version,
        max(at) AS at
    FROM ledger.entry
    GROUP BY member_id, currency, account
) AS booked
    USING (member_id, currency, account)
WHERE
    account.balance IS DISTINCT FROM coalesce(booked.balance, 0)
    OR account.version IS DISTINCT FROM coalesce(booked.version, 0)
    OR account.version IS DISTINCT FROM coalesce(booked.entries, 0)
    OR account.at <> booked.at
ORDER BY 1
LIMIT :most;

-- name: fault_i2_chain
SELECT
    format(
        'Entry %s of account %s of member %s in %s (%s, balance %s, %s) does not go on from the one before '
        || '(version %s, balance %s, %s).',
        version, account, member_id, currency, amount, balance, at, before_version, before_balance, before_at
    ) AS sentence
FROM (
    SELECT
        member_id, currency, account, version, amount, balance, at,
        lag(version, 1, cast(0 AS bigint)) OVER chain AS before_version,
        lag(balance, 1, cast(0 AS bigint)) OVER chain AS before_balance,
        lag(at) OVER chain AS before_at
    FROM ledger.entry
    WINDOW chain AS (PARTITION BY member_id, currency, account ORDER BY version)
) AS chained
WHERE version <> before_version + 1 OR balance <> before_balance + amount OR at < before_at
LIMIT :most;

-- name: fault_i3_points
-- What a member has is in lots, or held.
SELECT
    format(
        'Member %s has %s points in %s, but lots and open holds come to %s.',
        member_id, coalesce(points.balance, 0), currency, coalesce(kept.points, 0)
    ) AS sentence
FROM (
    SELECT member_id, currency, balance
    FROM ledger.account
    WHERE account = 'points'
) AS points
FULL JOIN (
    SELECT part.member_id, part.currency, sum(part.points) AS points
    FROM (
        SELECT member_id, currency, remaining AS points
        FROM ledger.lot
        WHERE remaining <> 0
        UNION ALL
        SELECT owner_id AS member_id, currency, amount - captured - released AS points
        FROM ledger.hold_lot
    ) AS part
    GROUP BY part.member_id, part.currency
) AS kept
    USING (member_id, currency)
WHERE coalesce(points.balance, 0) <> coalesce(kept.points, 0)
ORDER BY 1
LIMIT :most;

-- name: fault_i3_sign
SELECT
    format(
        'Entry %s leaves account %s of member %s in %s at %s.', version, account, member_id, currency, balance
    ) AS sentence
FROM ledger.entry
WHERE (account = 'points' AND balance < 0) OR (account = 'arrears' AND balance > 0)
LIMIT :most;

-- name: fault_i4_lot
SELECT
    format(
        'Lot %s of member %s in %s: %s were issued, %s remain, %s ended.',
        number, member_id, currency, amount, remaining, expired
    ) AS sentence
FROM ledger.lot
WHERE remaining < 0 OR expired < 0 OR remaining + expired > amount
LIMIT :most;

-- name: fault_i5_entry
-- What moved points, moved lots: it took from them, gave back to them, or issued one.
SELECT
    format(
        'Entry %s (%s) of account %s of member %s in %s moves %s, but its lots move by %s.',
        entry.version, entry.kind, entry.account, entry.member_id, entry.currency, entry.amount,
        coalesce(moved.points, 0) + coalesce(lot.amount, 0)
    ) AS sentence
FROM ledger.entry AS entry
LEFT JOIN (
    SELECT member_id, currency, account, version, sum(amount) AS points
    FROM ledger.allocation
    GROUP BY member_id, currency, account, version
) AS moved
    USING (member_id, currency, account, version)
LEFT JOIN ledger.lot AS lot
    ON
        entry.account = 'points' AND entry.member_id = lot.member_id AND entry.currency = lot.currency
        AND entry.version = lot.number
WHERE
    entry.account IN ('points', 'breakage')
    -- What runs out is allocated by its points leg.
    AND CASE WHEN entry.account = 'breakage' AND entry.kind = 'expire' THEN 0 ELSE entry.amount END
    <> coalesce(moved.points, 0) + coalesce(lot.amount, 0)
LIMIT :most;

-- name: fault_i5_lot
SELECT
    format(
        'Lot %s of member %s in %s (%s points by activity %s at %s) is not what entry %s issued.',
        lot.number, lot.member_id, lot.currency, lot.amount, lot.activity_id, lot.issued_at, lot.number
    ) AS sentence
FROM ledger.lot AS lot
LEFT JOIN ledger.entry AS entry
    ON
        lot.member_id = entry.member_id AND lot.currency = entry.currency AND entry.account = 'points'
        AND lot.number = entry.version
WHERE
    lot.amount IS DISTINCT FROM entry.amount
    OR lot.activity_id IS DISTINCT FROM entry.activity_id
    OR lot.issued_at IS DISTINCT FROM entry.at
LIMIT :most;

-- name: fault_i5_parent
-- A lot that goes on from another has its terms, and got what was then taken from it. A new issue has no parent.
SELECT
    format(
        'Lot %s of member %s in %s does not go on from lot %s of member %s as it should.',
        lot.number, lot.member_id, lot.currency, lot.parent_number, lot.parent_member
    ) AS sentence
FROM ledger.lot AS lot
LEFT JOIN ledger.entry AS entry
    ON
        lot.member_id = entry.member_id AND lot.currency = entry.currency AND entry.account = 'points'
        AND lot.number = entry.version
LEFT JOIN ledger.lot AS parent
    ON
        lot.parent_member = parent.member_id AND lot.currency = parent.currency
        AND lot.parent_number = parent.number
WHERE
    (
        lot.parent_member IS NOT NULL OR lot.parent_number IS NOT NULL
        OR entry.kind IN ('gift', 'merge', 'unmerge', 'reinstate')
    )
    AND (
        entry.kind = 'issue'
        OR (lot.offer, lot.program, lot.funder, lot.priority, lot.value_micro)
        IS DISTINCT FROM (parent.offer, parent.program, parent.funder, parent.priority, parent.value_micro)
        OR NOT EXISTS (
            SELECT 1
            FROM ledger.allocation AS taken
            INNER JOIN ledger.entry AS source USING (member_id, currency, account, version)
            WHERE
                taken.member_id = lot.parent_member AND taken.currency = lot.currency
                AND taken.lot = lot.parent_number AND taken.amount = -lot.amount
                AND source.kind = entry.kind AND source.at = lot.issued_at
        )
    )
LIMIT :most;

-- name: fault_i5_allocation
SELECT
    format(
        'Allocation of %s to lot %s by entry %s of account %s of member %s in %s has no such entry or lot.',
        allocation.amount, allocation.lot, allocation.version, allocation.account, allocation.member_id,
        allocation.currency
    ) AS sentence
FROM ledger.allocation AS allocation
LEFT JOIN ledger.entry AS entry USING (member_id, currency, account, version)
LEFT JOIN ledger.lot AS lot
    ON
        allocation.member_id = lot.member_id AND allocation.currency = lot.currency
        AND allocation.lot = lot.number
WHERE
    entry.version IS NULL
    OR lot.number IS NULL
    OR sign(entry.amount) <> sign(allocation.amount)
    OR allocation.account NOT IN ('points', 'breakage')
LIMIT :most;

-- name: fault_i5_lot_state
-- What remains of a lot, and what of it ended unused, can be told from its allocations and open holds.
SELECT
    format(
        'Lot %s of member %s in %s says %s remain and %s ended; its allocations and holds say %s and %s.',
        number, member_id, currency, remaining, expired, amount + moved - held, ended
    ) AS sentence
FROM (
    SELECT
        lot.member_id, lot.currency, lot.number, lot.amount, lot.remaining, lot.expired,
        coalesce(taken.moved, 0) AS moved, coalesce(taken.ended, 0) AS ended, coalesce(holds.held, 0) AS held
    FROM ledger.lot AS lot
    LEFT JOIN (
        SELECT
            allocation.member_id, allocation.currency, allocation.lot,
            sum(CASE WHEN allocation.account = 'points' THEN allocation.amount ELSE 0 END) AS moved,
            sum(
                CASE
                    WHEN allocation.account = 'breakage' THEN allocation.amount
                    WHEN entry.kind = 'expire' THEN -allocation.amount
                    ELSE 0
                END
            ) AS ended
        FROM ledger.allocation AS allocation
        LEFT JOIN ledger.entry AS entry USING (member_id, currency, account, version)
        GROUP BY allocation.member_id, allocation.currency, allocation.lot
    ) AS taken
        ON lot.member_id = taken.member_id AND lot.currency = taken.currency AND lot.number = taken.lot
    LEFT JOIN (
        SELECT owner_id, currency, lot, sum(amount - captured - released) AS held
        FROM ledger.hold_lot
        GROUP BY owner_id, currency, lot
    ) AS holds
        ON lot.member_id = holds.owner_id AND lot.currency = holds.currency AND lot.number = holds.lot
) AS derived
WHERE remaining <> amount + moved - held OR expired <> ended
LIMIT :most;

-- name: fault_i6_restore
-- Nothing comes back to a lot but what a named entry took from it, and no more than that.
SELECT
    format(
        'Lot %s of member %s in %s got %s back of what entry %s of account %s took, which was %s.',
        back.lot, back.member_id, back.currency, back.points, back.undoes, back.account, -coalesce(taken.amount, 0)
    ) AS sentence
FROM (
    SELECT member_id, currency, lot, account, undoes, sum(amount) AS points
    FROM ledger.allocation
    WHERE amount > 0 OR undoes IS NOT NULL
    GROUP BY member_id, currency, lot, account, undoes
) AS back
LEFT JOIN ledger.allocation AS taken
    ON
        back.member_id = taken.member_id AND back.currency = taken.currency AND back.lot = taken.lot
        AND back.account = taken.account AND back.undoes = taken.version
WHERE back.points > -coalesce(taken.amount, 0)
LIMIT :most;

-- name: fault_i7_hold
-- Captured, released and open make up what was held, in all and lot by lot; an end is final and has its time.
SELECT
    format(
        'Hold %s of member %s (%s: %s %s, %s captured, %s released) is not the sum of its lots, or of its state.',
        hold.id, hold.member_id, hold.state, hold.amount, hold.currency, hold.captured, hold.released
    ) AS sentence
FROM ledger.hold AS hold
LEFT JOIN (
    SELECT
        member_id, hold_id, sum(amount) AS amount, sum(captured) AS captured, sum(released) AS released,
        min(currency) AS least_currency, max(currency) AS most_currency
    FROM ledger.hold_lot
    GROUP BY member_id, hold_id
) AS parts
    ON hold.member_id = parts.member_id AND hold.id = parts.hold_id
WHERE
    hold.amount IS DISTINCT FROM parts.amount
    OR hold.captured IS DISTINCT FROM parts.captured
    OR hold.released IS DISTINCT FROM parts.released
    OR hold.currency IS DISTINCT FROM parts.least_currency
    OR hold.currency IS DISTINCT FROM parts.most_currency
    OR (hold.state = 'open') <> (hold.captured + hold.released < hold.amount)
    OR (hold.state = 'captured' AND hold.captured = 0)
    OR (hold.state IN ('released', 'expired') AND hold.released = 0)
    OR (hold.state = 'open') <> (hold.ended_at IS NULL)
    OR hold.ended_at < hold.held_at
    OR (hold.state = 'expired' AND hold.ended_at < hold.settle_until)
    OR (hold.state = 'captured' AND hold.ended_at > hold.settle_until)
ORDER BY hold.member_id, hold.id
LIMIT :most;

-- name: fault_i7_part
SELECT
    format(
        'Hold %s of member %s names %s of lot %s of member %s in %s: there is no such hold or lot.',
        part.hold_id, part.member_id, part.amount, part.lot, part.owner_id, part.currency
    ) AS sentence
FROM ledger.hold_lot AS part
LEFT JOIN ledger.hold AS hold
    ON part.member_id = hold.member_id AND part.hold_id = hold.id
LEFT JOIN ledger.lot AS lot
    ON part.owner_id = lot.member_id AND part.currency = lot.currency AND part.lot = lot.number
WHERE hold.id IS NULL OR lot.number IS NULL
LIMIT :most;

-- name: fault_i9_due
-- The sweeper looks at accounts: one that names a later end than its lots and holds have would be overlooked.
SELECT
    format(
        'Account %s of member %s in %s is due at %s, but its soonest end is %s.',
        account.account, account.member_id, account.currency, account.due_at, ends.at
    ) AS sentence
FROM ledger.account AS account
LEFT JOIN (
    SELECT ending.member_id, ending.currency, min(ending.at) AS at
    FROM (
        SELECT member_id, currency, expires_at AS at
        FROM ledger.lot
        WHERE remaining > 0
        UNION ALL
        SELECT member_id, currency, settle_until AS at
        FROM ledger.hold
        WHERE state = 'open'
    ) AS ending
    GROUP BY ending.member_id, ending.currency
) AS ends
    ON account.account = 'points' AND account.member_id = ends.member_id AND account.currency = ends.currency
WHERE
    account.due_at > ends.at OR (account.due_at IS NULL AND ends.at IS NOT NULL)
    OR (account.account <> 'points' AND account.due_at IS NOT NULL)
ORDER BY 1
LIMIT :most;

-- name: fault_i9_end
-- Nothing is used after its end, except under a hold; nothing ends before it.
SELECT
    format(
        'Entry %s (%s, %s) took %s from lot %s of member %s in %s, which ends at %s.',
        entry.version, entry.kind, entry.at, -allocation.amount, lot.number, lot.member_id, lot.currency,
        lot.expires_at
    ) AS sentence
FROM ledger.allocation AS allocation
INNER JOIN ledger.entry AS entry USING (member_id, currency, account, version)
INNER JOIN ledger.lot AS lot
    ON
        allocation.member_id = lot.member_id AND allocation.currency = lot.currency
        AND allocation.lot = lot.number
WHERE
    allocation.account = 'points' AND allocation.amount < 0
    AND CASE
        WHEN entry.kind = 'expire' THEN lot.expires_at IS NULL OR entry.at < lot.expires_at
        WHEN entry.kind = 'reinstate' THEN FALSE
        ELSE
            entry.at >= lot.expires_at
            AND NOT EXISTS (
                SELECT 1
                FROM ledger.hold_lot AS part
                WHERE
                    part.owner_id = lot.member_id AND part.currency = lot.currency
                    AND part.lot = lot.number AND part.captured > 0
            )
    END
LIMIT :most;

-- name: fault_i10_breakage
-- What the house counts as ended unused is what ended unused of the lots.
SELECT
    format(
        'Breakage of member %s in %s stands at %s, but of the lots %s ended unused.',
        member_id, currency, coalesce(account.balance, 0), coalesce(lots.expired, 0)
    ) AS sentence
FROM (
    SELECT member_id, currency, balance
    FROM ledger.account
    WHERE account = 'breakage'
) AS account
FULL JOIN (
    SELECT member_id, currency, sum(expired) AS expired
    FROM ledger.lot
    WHERE expired <> 0
    GROUP BY member_id, currency
) AS lots
    USING (member_id, currency)
WHERE coalesce(account.balance, 0) <> coalesce(lots.expired, 0)
ORDER BY 1
LIMIT :most;

-- name: fault_i10_forward
-- By currency: what was issued, less what left the lots, is what is owed today, in points and in value; and all
-- accounts together come to nothing.
WITH
issued AS (
    SELECT
        currency, sum(amount) AS points, sum(cast(amount AS numeric) * value_micro) AS value,
        sum(remaining) AS remaining, sum(cast(remaining AS numeric) * value_micro) AS remaining_value
    FROM ledger.lot
    GROUP BY currency
),

moved AS (
    SELECT
        allocation.currency, sum(allocation.amount) AS points,
        sum(cast(allocation.amount AS numeric) * lot.value_micro) AS value
    FROM ledger.allocation AS allocation
    INNER JOIN ledger.lot AS lot
        ON
            allocation.member_id = lot.member_id AND allocation.currency = lot.currency
            AND allocation.lot = lot.number
    WHERE allocation.account = 'points'
    GROUP BY allocation.currency
),

held AS (
    SELECT
        part.currency, sum(part.amount - part.captured - part.released) AS points,
        sum(cast(part.amount - part.captured - part.released AS numeric) * lot.value_micro) AS value
    FROM ledger.hold_lot AS part
    INNER JOIN ledger.lot AS lot
        ON part.owner_id = lot.member_id AND part.currency = lot.currency AND part.lot = lot.number
    GROUP BY part.currency
),

stand AS (
    SELECT
        currency, sum(balance) AS all_accounts, sum(CASE WHEN account = 'points' THEN balance ELSE 0 END) AS points
    FROM ledger.account
    GROUP BY currency
),

rolled AS (
    SELECT
        stand.currency, stand.all_accounts, stand.points AS owed,
        coalesce(issued.points, 0) + coalesce(moved.points, 0) AS rolled_points,
        coalesce(issued.remaining, 0) + coalesce(held.points, 0) AS closing_points,
        coalesce(issued.value, 0) + coalesce(moved.value, 0) AS rolled_value,
        coalesce(issued.remaining_value, 0) + coalesce(held.value, 0) AS closing_value
    FROM stand
    LEFT JOIN issued ON stand.currency = issued.currency
    LEFT JOIN moved ON stand.currency = moved.currency
    LEFT JOIN held ON stand.currency = held.currency
)

SELECT
    format(
        '%s: issued less used is %s (worth %s), left in lots %s (worth %s), owed %s; all accounts come to %s.',
        currency, rolled_points, rolled_value, closing_points, closing_value, owed, all_accounts
    ) AS sentence
FROM rolled
WHERE
    rolled_points <> closing_points OR rolled_value <> closing_value OR owed <> closing_points
    OR all_accounts <> 0
ORDER BY currency
LIMIT :most;
