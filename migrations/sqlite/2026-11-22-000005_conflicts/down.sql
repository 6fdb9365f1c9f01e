ALTER TABLE sessions DROP COLUMN was_in_conflict;
ALTER TABLE participants DROP COLUMN was_in_conflict;
ALTER TABLE groups DROP COLUMN was_in_conflict;
DROP TABLE conflict_claims;
DROP TABLE conflicts;
