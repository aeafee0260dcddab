-- What members bought while another system kept their points was sold, too: what is known of them begins with it.
CREATE OR REPLACE VIEW activity.sold WITH (security_invoker = TRUE) AS
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
WHERE journal.kind IN ('purchase', 'past_purchase', 'return');
