-- People look at what waits, release it or reject it. Whoever waives says that it may go in though its author was not
-- assigned; it is released when it is merged, which may be later. SQLite adds no column that must be given, so the
-- table is made anew.
CREATE TABLE quarantine_new (
    digest           BLOB   NOT NULL,
    stream_id        BLOB   NOT NULL,
    document_id      BLOB   NOT NULL,
    kind             TEXT   NOT NULL,
    device_id        BLOB   NOT NULL REFERENCES devices (id),
    schema           INTEGER NOT NULL,
    batch_id         BLOB   NOT NULL REFERENCES batches (id),
    reason           TEXT   NOT NULL,
    field            TEXT,
    detail           TEXT   NOT NULL,
    received_at      BIGINT NOT NULL,
    released_at      BIGINT,
    bytes            BLOB   NOT NULL,
    id               BLOB   NOT NULL,
    waived_by        BLOB   REFERENCES users (id),
    waived_at        BIGINT,
    rejected_by      BLOB   REFERENCES users (id),
    rejected_at      BIGINT,
    rejected_because TEXT,
    PRIMARY KEY (document_id, digest)
);
INSERT INTO quarantine_new
    SELECT digest, stream_id, document_id, kind, device_id, schema, batch_id, reason, field, detail, received_at,
        released_at, bytes, randomblob(16), NULL, NULL, NULL, NULL, NULL
    FROM quarantine;
DROP TABLE quarantine;
ALTER TABLE quarantine_new RENAME TO quarantine;
CREATE INDEX quarantine_by_document ON quarantine (document_id) WHERE released_at IS NULL;
CREATE UNIQUE INDEX quarantine_by_id ON quarantine (id);
CREATE INDEX quarantine_by_time ON quarantine (received_at, id);
-- The detail of an invalid change is what its field must be; the words for people are made when they are shown.
UPDATE quarantine SET detail = CASE WHEN reason = 'invalid'
    THEN replace(substr(detail, length(field) + 2), '; your supervisor can correct it', '')
    ELSE '' END;
