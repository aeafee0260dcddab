-- The one till of that store for which the key may speak; null for any. The end of a till is the end of its keys.
ALTER TABLE access.key ADD COLUMN till text;
ALTER TABLE access.key ADD CONSTRAINT key_till_in_store CHECK (till IS NULL OR store IS NOT NULL);
