-- What was sold and what came back, for whoever reckons over the whole history: the view is what is promised to them,
-- while the tables behind it may change. Whoever reads it needs the right to the journal, too. It holds no personal
-- field: those are sealed, in a table of their own.
CREATE VIEW activity.sold WITH (security_invoker = TRUE) AS
SELECT
    journal.seq,
    journal.member_id,
    journal.id AS activity_id,
    journal.kind,
    journal.occurred_at,
    -- Of a return: the purchase.
    journal.origin_id,
    coalesce(journal.body ->> 'store', '') AS store,
    coalesce(journal.body ->> 'channel', '') AS channel,
    journal.body -> 'lines' AS lines,
    journal.receipt -> 'discounts' AS discounts,
    journal.receipt -> 'returned' AS returned
FROM activity.journal AS journal
WHERE journal.kind IN ('purchase', 'return');
