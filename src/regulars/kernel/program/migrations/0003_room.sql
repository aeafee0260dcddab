-- A memory is written again with nearly each activity. With room left on its page the new row lies beside the old one,
-- and no index is written.
ALTER TABLE program.memory SET (fillfactor = 60);
