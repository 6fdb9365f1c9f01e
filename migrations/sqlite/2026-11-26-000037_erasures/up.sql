-- The documents that were erased because the person asked for it. Their content is gone; this list is applied again to a store that
-- is restored from an older backup.
CREATE TABLE erasures (
    document_id BLOB   NOT NULL PRIMARY KEY,
    stream_id   BLOB   NOT NULL,
    kind        TEXT   NOT NULL,
    erased_at   BIGINT NOT NULL,
    erased_by   BLOB
);
