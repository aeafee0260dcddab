-- A hold may be a voucher: a signed promise that tills take while nobody can be asked. Who has it in hand may still
-- show it, so it ends otherwise than other holds do.
ALTER TABLE ledger.hold
ADD COLUMN purpose text NOT NULL DEFAULT '',
-- Since when tills are told to refuse it. What it holds stays held until nobody can tell of a use any more.
ADD COLUMN revoked_at timestamptz,
-- The activity that used it up; another that tells of a use speaks of a second one.
ADD COLUMN used_by uuid,
ADD CONSTRAINT hold_purpose_known CHECK (purpose IN ('', 'voucher')),
ADD CONSTRAINT hold_used_when_captured CHECK (used_by IS NULL OR captured > 0);

CREATE INDEX hold_voucher ON ledger.hold (valid_until) WHERE purpose = 'voucher';
