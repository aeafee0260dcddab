-- A code that one member alone may use is shown in that member's wallet: it is kept beside its digest, sealed, until
-- the member is forgotten. Codes that anybody may use stay digests.
ALTER TABLE limits.code ADD COLUMN sealed bytea;
ALTER TABLE limits.code ADD CONSTRAINT code_sealed_for_one CHECK (sealed IS NULL OR member_id IS NOT NULL);
CREATE INDEX code_member ON limits.code (member_id) WHERE member_id IS NOT NULL;
