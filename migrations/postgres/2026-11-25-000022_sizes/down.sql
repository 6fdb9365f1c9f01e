ALTER TABLE documents DROP COLUMN operations;
