-- Vouchers that were used are few, and looked through for those that were used twice.
CREATE INDEX journal_voucher_used ON activity.journal (seq) WHERE kind = 'voucher_used';
