ALTER TABLE organisations DROP COLUMN left_at;
