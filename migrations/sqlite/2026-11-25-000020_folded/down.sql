ALTER TABLE sessions RENAME COLUMN summary_folded TO summary;
ALTER TABLE groups DROP COLUMN name_folded;
