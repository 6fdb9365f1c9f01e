DROP INDEX batches_by_time;
ALTER TABLE batches DROP COLUMN received_in_doubt;
ALTER TABLE groups DROP COLUMN began_on;
ALTER TABLE sessions ADD COLUMN begins_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN dated_by BYTEA;
DROP TABLE days;
