-- Holds on points of others, which are few: who is bound to whom is asked of every batch, and must not be looked for
-- among all holds that its members ever had.
CREATE INDEX hold_lot_shared_member ON ledger.hold_lot (member_id) WHERE owner_id <> member_id;
CREATE INDEX hold_lot_shared_owner ON ledger.hold_lot (owner_id) WHERE owner_id <> member_id;
