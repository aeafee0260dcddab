-- What members of a list are shown to have.

-- name: shown
-- Points less what is owed and what has ended, swept or not; as `standing` tells it of one member.
SELECT
    points.member_id,
    points.currency,
    points.balance + coalesce(arrears.balance, 0) - coalesce(ended.points, 0) - coalesce(back.points, 0) AS shown
FROM ledger.account AS points
LEFT JOIN ledger.account AS arrears
    ON points.member_id = arrears.member_id AND points.currency = arrears.currency AND arrears.account = 'arrears'
LEFT JOIN LATERAL (
    SELECT sum(lot.remaining)::bigint AS points
    FROM ledger.lot AS lot
    WHERE
        lot.member_id = points.member_id AND lot.currency = points.currency AND lot.remaining > 0
        AND lot.expires_at <= :at
) AS ended ON TRUE
LEFT JOIN LATERAL (
    -- What holds that have run out gave back to lots that have ended.
    SELECT sum(part.amount - part.captured - part.released)::bigint AS points
    FROM ledger.hold_lot AS part
    INNER JOIN ledger.hold AS hold ON part.member_id = hold.member_id AND part.hold_id = hold.id
    INNER JOIN ledger.lot AS lot
        ON part.owner_id = lot.member_id AND part.currency = lot.currency AND part.lot = lot.number
    WHERE
        part.owner_id = points.member_id AND part.currency = points.currency
        AND hold.state = 'open' AND hold.settle_until <= :at AND lot.expires_at <= :at
) AS back ON TRUE
WHERE points.member_id = ANY(cast(:members AS uuid[])) AND points.account = 'points'
ORDER BY points.member_id, points.currency;
