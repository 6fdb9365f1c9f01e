-- The directory of services that people are sent to: of all members of the partnership, kept by the secretariat.
CREATE TABLE services (
    id              BYTEA   NOT NULL PRIMARY KEY,
    name            TEXT    NOT NULL,
    -- Name and note, as they are searched.
    folded          TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    -- NISR code, of any level.
    area            TEXT    NOT NULL,
    phone           TEXT,
    hours           TEXT,
    note            TEXT,
    -- Which member of the partnership runs it.
    organisation_id BYTEA,
    -- Since when nobody is sent there any more.
    ended           TEXT
);
CREATE INDEX services_by_area ON services (area, id);

-- The entry of the directory that was chosen.
ALTER TABLE referrals ADD COLUMN to_service BYTEA;

-- The second wall: every member of the partnership reads the directory. The service writes it, once it let the secretariat.
GRANT SELECT ON services TO ihuriro_caller;
ALTER TABLE services ENABLE ROW LEVEL SECURITY;
ALTER TABLE services FORCE ROW LEVEL SECURITY;
CREATE POLICY worker ON services TO ihuriro_worker USING (true) WITH CHECK (true);
CREATE POLICY members ON services FOR SELECT TO ihuriro_caller
    USING ((SELECT caller_role()) IN ('facilitator', 'supervisor', 'manager', 'secretariat'));
CREATE POLICY services ON documents FOR SELECT TO ihuriro_caller
    USING (kind = 'service' AND (SELECT caller_role()) IN ('facilitator', 'supervisor', 'manager', 'secretariat'));
CREATE POLICY services ON changes FOR SELECT TO ihuriro_caller
    USING (kind = 'service' AND (SELECT caller_role()) IN ('facilitator', 'supervisor', 'manager', 'secretariat'));
