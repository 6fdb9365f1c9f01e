-- What an organisation writes that belongs to no group, and what all of them share, travel in streams of their own. The stream of an
-- organisation bears its id; that of the partnership has one that is the same everywhere, and begins with the first organisation.
INSERT INTO streams (id, kind, organisation_id, last_seq, fingerprint, created_at)
SELECT id, 'organisation', id, 0, decode(repeat('00', 16), 'hex'), created_at FROM organisations WHERE left_at IS NULL;
INSERT INTO streams (id, kind, last_seq, fingerprint, created_at)
SELECT decode('1b1b1b1b000080008000000000000001', 'hex'), 'partnership', 0, decode(repeat('00', 16), 'hex'), min(created_at)
FROM organisations HAVING count(*) > 0;

-- Up to which number the service has shared what stands in it.
ALTER TABLE streams ADD COLUMN shared_to BIGINT NOT NULL DEFAULT 0;

-- What organisations learned: as they write it, and as all members read what is published of it.
CREATE TABLE lessons (
    id              BYTEA    NOT NULL PRIMARY KEY,
    organisation_id BYTEA    NOT NULL REFERENCES organisations (id),
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

-- The second wall: of the own organisation as all else; what is shared to everybody of whom it is known who they are.
ALTER TABLE lessons ENABLE ROW LEVEL SECURITY;
ALTER TABLE lessons FORCE ROW LEVEL SECURITY;
CREATE POLICY worker ON lessons TO ihuriro_worker USING (true) WITH CHECK (true);
CREATE POLICY organisation ON lessons TO ihuriro_caller USING (organisation_id = (SELECT caller_organisation()));
CREATE POLICY partnership ON lessons FOR SELECT TO ihuriro_caller
    USING (shared AND octet_length((SELECT caller_user())) > 0);
CREATE POLICY partnership ON documents FOR SELECT TO ihuriro_caller
    USING (kind = 'shared_lesson' AND octet_length((SELECT caller_user())) > 0);
CREATE POLICY partnership ON changes FOR SELECT TO ihuriro_caller
    USING (kind = 'shared_lesson' AND octet_length((SELECT caller_user())) > 0);
CREATE POLICY partnership ON streams FOR SELECT TO ihuriro_caller
    USING (kind = 'partnership' AND octet_length((SELECT caller_user())) > 0);
GRANT SELECT, INSERT, UPDATE, DELETE ON lessons TO ihuriro_caller, ihuriro_worker;
-- Nobody hands anything in for the partnership; what comes all the same is for administrators.
CREATE POLICY partnership ON quarantine TO ihuriro_caller
    USING ((SELECT caller_role()) = 'administrator'
        AND EXISTS (SELECT FROM streams s WHERE s.id = quarantine.stream_id AND s.kind = 'partnership'));
