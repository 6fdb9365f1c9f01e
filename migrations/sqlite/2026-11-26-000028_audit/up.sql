-- Who did what: written with what it tells of, never changed, never deleted. An entry's place in the log is given a moment later, so that
-- those who write do not wait for each other.
CREATE TABLE audit_entries (
    id                  BLOB   NOT NULL PRIMARY KEY,
    place               BIGINT,
    at                  BIGINT NOT NULL,
    user_id             BLOB,
    role                TEXT   NOT NULL,
    organisation_id     BLOB,
    action              TEXT   NOT NULL,
    outcome             TEXT   NOT NULL,
    route               TEXT   NOT NULL,
    of_organisation_id  BLOB,
    object_kind         TEXT,
    object_id           BLOB,
    person_id           BLOB,
    items               BIGINT
);
CREATE UNIQUE INDEX audit_entries_by_place ON audit_entries (place) WHERE place IS NOT NULL;
CREATE INDEX audit_entries_without_place ON audit_entries (id) WHERE place IS NULL;
CREATE INDEX audit_entries_by_user ON audit_entries (user_id, id);
CREATE INDEX audit_entries_by_organisation ON audit_entries (organisation_id, id);
CREATE INDEX audit_entries_by_object ON audit_entries (object_id, id);

-- The hashes of the log's Merkle tree (RFC 6962), in tiles of at most 256 (c2sp.org/tlog-tiles): of the entries at level 0, of whole tiles
-- of the level below above that.
CREATE TABLE audit_tiles (
    level  INTEGER NOT NULL,
    number BIGINT  NOT NULL,
    hashes BLOB    NOT NULL,
    PRIMARY KEY (level, number)
);
