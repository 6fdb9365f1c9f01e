-- Every day that a record says something happened on, of which somebody may have mistyped it, or a wrong clock written it: when
-- it begins in Rwanda, in UTC milliseconds, and which change put it, by its hash and by the clock of its author. Computed from
-- the documents.
CREATE TABLE days (
    document_id BYTEA    NOT NULL REFERENCES documents (id),
    field       TEXT    NOT NULL,
    day         TEXT    NOT NULL,
    begins_at   BIGINT  NOT NULL,
    written_by  BYTEA,
    written_at  BIGINT,
    PRIMARY KEY (document_id, field)
);
ALTER TABLE sessions DROP COLUMN begins_at;
ALTER TABLE sessions DROP COLUMN dated_by;

-- The day on which the group began, or its record was begun where it does not say.
ALTER TABLE groups ADD COLUMN began_on TEXT;

-- Whether the service's own clock may have been wrong when it got the batch: 0 or 1.
ALTER TABLE batches ADD COLUMN received_in_doubt INTEGER NOT NULL DEFAULT 0;
CREATE INDEX batches_by_time ON batches (received_at);
