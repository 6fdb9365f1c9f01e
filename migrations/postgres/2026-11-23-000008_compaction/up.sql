-- Up to which change the stream has given up its changes one by one: their documents hold them.
ALTER TABLE streams ADD COLUMN compacted_to BIGINT NOT NULL DEFAULT 0;

-- How far each tablet has read each stream, as it last said.
CREATE TABLE readings (
    device_id BYTEA   NOT NULL REFERENCES devices (id),
    stream_id BYTEA   NOT NULL REFERENCES streams (id),
    position  BIGINT NOT NULL,
    seen_at   BIGINT NOT NULL,
    PRIMARY KEY (stream_id, device_id)
);
