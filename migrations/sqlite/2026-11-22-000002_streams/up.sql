-- The unit of access and of order. Changes of a stream are numbered from 1 without gaps.
CREATE TABLE streams (
    id              BLOB   NOT NULL PRIMARY KEY,
    kind            TEXT   NOT NULL,
    organisation_id BLOB   REFERENCES organisations (id),
    last_seq        BIGINT NOT NULL,
    fingerprint     BLOB   NOT NULL,
    created_at      BIGINT NOT NULL
);

CREATE TABLE assignments (
    id          BLOB   NOT NULL PRIMARY KEY,
    group_id    BLOB   NOT NULL REFERENCES streams (id),
    user_id     BLOB   NOT NULL REFERENCES users (id),
    assigned_by BLOB   NOT NULL REFERENCES users (id),
    assigned_at BIGINT NOT NULL,
    ended_by    BLOB   REFERENCES users (id),
    ended_at    BIGINT
);
CREATE UNIQUE INDEX assignments_in_force ON assignments (group_id, user_id) WHERE ended_at IS NULL;
CREATE INDEX assignments_by_user ON assignments (user_id) WHERE ended_at IS NULL;

-- A record as it stands, with its history, compacted. The version counts its writes.
CREATE TABLE documents (
    id         BLOB   NOT NULL PRIMARY KEY,
    kind       TEXT   NOT NULL,
    stream_id  BLOB   NOT NULL REFERENCES streams (id),
    version    BIGINT NOT NULL,
    snapshot   BLOB   NOT NULL,
    heads      BLOB   NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX documents_by_stream ON documents (stream_id);

-- What a tablet signed: the statement names every change by its digest.
CREATE TABLE batches (
    id          BLOB   NOT NULL PRIMARY KEY,
    device_id   BLOB   NOT NULL REFERENCES devices (id),
    statement   BLOB   NOT NULL,
    claimed_at  BIGINT NOT NULL,
    received_at BIGINT NOT NULL
);

-- The feed of a stream. An author without a batch wrote at the web interface.
CREATE TABLE changes (
    stream_id   BLOB   NOT NULL REFERENCES streams (id),
    seq         BIGINT NOT NULL,
    hash        BLOB   NOT NULL,
    document_id BLOB   NOT NULL REFERENCES documents (id),
    kind        TEXT   NOT NULL,
    author      BLOB   NOT NULL,
    incarnation BIGINT NOT NULL,
    schema      INTEGER NOT NULL,
    batch_id    BLOB   REFERENCES batches (id),
    received_at BIGINT NOT NULL,
    bytes       BLOB   NOT NULL,
    PRIMARY KEY (stream_id, seq),
    -- Two documents that begin alike in the same second, by one author, have the same bytes.
    UNIQUE (document_id, hash)
);
CREATE INDEX changes_by_document ON changes (document_id, seq);

-- Changes that can't be merged now, whole, by the digest of their bytes.
CREATE TABLE quarantine (
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
CREATE INDEX quarantine_by_document ON quarantine (document_id) WHERE released_at IS NULL;

-- Receipts of tablets that dropped a stream as they were told.
CREATE TABLE purges (
    device_id   BLOB   NOT NULL REFERENCES devices (id),
    stream_id   BLOB   NOT NULL REFERENCES streams (id),
    received_at BIGINT NOT NULL,
    PRIMARY KEY (device_id, stream_id, received_at)
);
