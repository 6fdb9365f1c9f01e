-- What an organisation writes that belongs to no group, and what all of them share, travel in streams of their own. The stream of an
-- organisation bears its id; that of the partnership has one that is the same everywhere, and begins with the first organisation.
INSERT INTO streams (id, kind, organisation_id, last_seq, fingerprint, created_at)
SELECT id, 'organisation', id, 0, zeroblob(16), created_at FROM organisations WHERE left_at IS NULL;
INSERT INTO streams (id, kind, last_seq, fingerprint, created_at)
SELECT x'1b1b1b1b000080008000000000000001', 'partnership', 0, zeroblob(16), min(created_at) FROM organisations
HAVING count(*) > 0;

-- Up to which number the service has shared what stands in it.
ALTER TABLE streams ADD COLUMN shared_to BIGINT NOT NULL DEFAULT 0;

-- What organisations learned: as they write it, and as all members read what is published of it.
CREATE TABLE lessons (
    id              BLOB    NOT NULL PRIMARY KEY,
    organisation_id BLOB    NOT NULL REFERENCES organisations (id),
    shared          BOOLEAN NOT NULL,
    title           TEXT    NOT NULL,
    -- All that it says, as it is searched.
    folded          TEXT    NOT NULL,
    pillar          TEXT,
    modality        TEXT,
    area            TEXT,
    status          TEXT    NOT NULL,
    published_on    TEXT,
    adopted         INTEGER NOT NULL,
    conflicts       INTEGER NOT NULL,
    was_in_conflict BOOLEAN NOT NULL
);
CREATE INDEX lessons_by_organisation ON lessons (organisation_id, id);
