-- What two people set differently, and nobody has settled. Computed from the documents, like all that is asked of.
CREATE TABLE conflicts (
    id          BYTEA  NOT NULL PRIMARY KEY,
    document_id BYTEA  NOT NULL REFERENCES documents (id),
    kind        TEXT   NOT NULL,
    group_id    BYTEA  NOT NULL REFERENCES streams (id),
    date        TEXT,
    field       TEXT   NOT NULL,
    UNIQUE (document_id, field)
);
CREATE INDEX conflicts_by_group ON conflicts (group_id, id);

-- The values, in the order in which they are shown: the last is the one that stands where there is room for one.
CREATE TABLE conflict_claims (
    conflict_id BYTEA   NOT NULL REFERENCES conflicts (id),
    place       INTEGER NOT NULL,
    value       TEXT    NOT NULL,
    author      BYTEA   NOT NULL,
    written_at  BIGINT  NOT NULL,
    hash        BYTEA   NOT NULL,
    PRIMARY KEY (conflict_id, place)
);

ALTER TABLE groups ADD COLUMN was_in_conflict BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE participants ADD COLUMN was_in_conflict BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE sessions ADD COLUMN was_in_conflict BOOLEAN NOT NULL DEFAULT FALSE;
