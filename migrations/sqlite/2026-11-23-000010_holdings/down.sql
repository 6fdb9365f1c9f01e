DROP INDEX purges_by_stream;
ALTER TABLE purges DROP COLUMN told_at;
ALTER TABLE purges DROP COLUMN since;
DROP INDEX readings_by_device;
ALTER TABLE readings DROP COLUMN told_at;
ALTER TABLE readings DROP COLUMN since;
