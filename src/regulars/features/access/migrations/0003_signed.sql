-- A key that is never sent: requests are signed with it. What checks signatures is sealed; null for keys that are sent.
ALTER TABLE access.key ADD COLUMN signing bytea;
