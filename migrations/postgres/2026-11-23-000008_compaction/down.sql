DROP TABLE readings;
ALTER TABLE streams DROP COLUMN compacted_to;
