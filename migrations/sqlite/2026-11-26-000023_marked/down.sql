ALTER TABLE sessions DROP COLUMN marked;
