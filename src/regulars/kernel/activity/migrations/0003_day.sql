-- Days are read back store by store. What happens is recorded nearly in its order, so the extent of each run of pages
-- is all that is needed, and costs next to nothing to keep.
CREATE INDEX journal_occurred ON activity.journal USING brin (occurred_at) WITH (pages_per_range = 32);
