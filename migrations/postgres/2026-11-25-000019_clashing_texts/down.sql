ALTER TABLE conflicts DROP COLUMN reads;
