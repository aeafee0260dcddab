-- What answers an earlier activity is looked up by that alone: after a merge is undone, answers stay with both members.
DROP INDEX activity.journal_origin;
CREATE INDEX journal_origin ON activity.journal (origin_id) WHERE origin_id IS NOT NULL;
