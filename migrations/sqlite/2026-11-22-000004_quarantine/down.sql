CREATE TABLE quarantine_old (
    digest      BLOB   NOT NULL,
    stream_id   BLOB   NOT NULL,
    document_id BLOB   NOT NULL,
    kind        TEXT   NOT NULL,
    device_id   BLOB   NOT NULL REFERENCES devices (id),
    schema      INTEGER NOT NULL,
    batch_id    BLOB   NOT NULL REFERENCES batches (id),
    reason      TEXT   NOT NULL,
    field       TEXT,
    detail      TEXT   NOT NULL,
    received_at BIGINT NOT NULL,
    released_at BIGINT,
    bytes       BLOB   NOT NULL,
    PRIMARY KEY (document_id, digest)
);
INSERT INTO quarantine_old
    SELECT digest, stream_id, document_id, kind, device_id, schema, batch_id, reason, field, detail, received_at,
        released_at, bytes
    FROM quarantine;
DROP TABLE quarantine;
ALTER TABLE quarantine_old RENAME TO quarantine;
CREATE INDEX quarantine_by_document ON quarantine (document_id) WHERE released_at IS NULL;
