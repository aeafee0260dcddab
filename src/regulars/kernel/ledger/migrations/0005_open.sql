-- The open holds of a member, which every batch asks for: found neither among all that the member ever had, nor among
-- all that are open in the shop.
CREATE INDEX hold_open_member ON ledger.hold (member_id) WHERE state = 'open';
