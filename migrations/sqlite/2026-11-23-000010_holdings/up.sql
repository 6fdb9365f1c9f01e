-- What a tablet holds, from when it was first sent until it says that it has dropped it.
ALTER TABLE readings ADD COLUMN since BIGINT NOT NULL DEFAULT 0;
ALTER TABLE readings ADD COLUMN told_at BIGINT;
CREATE INDEX readings_by_device ON readings (device_id);

-- A receipt tells the whole story; of earlier ones only the end is known.
ALTER TABLE purges ADD COLUMN since BIGINT;
ALTER TABLE purges ADD COLUMN told_at BIGINT;
CREATE INDEX purges_by_stream ON purges (stream_id);
