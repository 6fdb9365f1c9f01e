-- Who does what, where and when: of each group that exists what all members of the partnership may know (level I), and what two partners
-- said about groups of theirs that overlap.

-- How the organisation is reached: the e-mail address or telephone number of an office, not of a person.
ALTER TABLE organisations ADD COLUMN contact TEXT;

-- Computed from the record of a group that is neither void nor erased. `id` is made of the group's id, and does not lead back to it.
CREATE TABLE coverage (
    id              BYTEA    NOT NULL PRIMARY KEY,
    organisation_id BYTEA    NOT NULL,
    kind            TEXT    NOT NULL,
    modality        TEXT    NOT NULL,
    pillar          TEXT,
    mhpss_4w        TEXT,
    setting         TEXT,
    cohort          TEXT,
    -- NISR code of the village, and of the sector around it.
    area            TEXT    NOT NULL,
    sector          TEXT    NOT NULL,
    -- As the record says it.
    starts_on       TEXT,
    -- The same, or the day on which the record was begun.
    began_on        TEXT,
    -- The day on which it was said to be over; absent while it goes on.
    ended_on        TEXT,
    status          TEXT    NOT NULL,
    -- Whether a session of it counts: written with the facts.
    met             BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX coverage_by_area ON coverage (area, id);
CREATE INDEX coverage_by_sector ON coverage (sector, id);
CREATE INDEX coverage_by_organisation ON coverage (organisation_id, sector);
CREATE INDEX coverage_going_on ON coverage (sector, pillar) WHERE ended_on IS NULL;

-- What the partners of an overlap said of it, and the secretariat: why somebody went on, and how it was settled. Rows are only added; the last
-- one of a kind counts. `first_id` and `second_id` are rows of coverage, also such as are gone.
CREATE TABLE overlap_statements (
    id                     BYTEA   NOT NULL PRIMARY KEY,
    overlap_id             BYTEA   NOT NULL,
    first_id               BYTEA   NOT NULL,
    second_id              BYTEA   NOT NULL,
    first_organisation_id  BYTEA   NOT NULL,
    second_organisation_id BYTEA   NOT NULL,
    said                   TEXT   NOT NULL,
    words                  TEXT,
    -- Who said it; the secretariat belongs to no organisation.
    organisation_id        BYTEA,
    role                   TEXT   NOT NULL,
    user_id                BYTEA   NOT NULL,
    said_at                BIGINT NOT NULL
);
CREATE INDEX overlap_statements_by_overlap ON overlap_statements (overlap_id, id);
CREATE INDEX overlap_statements_by_first ON overlap_statements (first_id);
CREATE INDEX overlap_statements_by_second ON overlap_statements (second_id);

-- Level I: every member of the partnership sees that a group exists. A row is written by whoever may write the group's record. What was said of
-- an overlap is for its two partners and the secretariat.
GRANT SELECT, INSERT, UPDATE, DELETE ON coverage TO ihuriro_caller;
GRANT SELECT, INSERT ON overlap_statements TO ihuriro_caller;
DO $$
DECLARE one TEXT;
BEGIN
    FOREACH one IN ARRAY ARRAY['coverage', 'overlap_statements'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', one);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', one);
        EXECUTE format('CREATE POLICY worker ON %I TO ihuriro_worker USING (true) WITH CHECK (true)', one);
    END LOOP;
END $$;
CREATE POLICY members ON coverage FOR SELECT TO ihuriro_caller
    USING ((SELECT caller_role()) IN ('facilitator', 'supervisor', 'manager', 'secretariat'));
CREATE POLICY organisation ON coverage TO ihuriro_caller USING (organisation_id = (SELECT caller_organisation()));
CREATE POLICY partners ON overlap_statements TO ihuriro_caller
    USING ((SELECT caller_organisation()) IN (first_organisation_id, second_organisation_id) OR (SELECT caller_role()) = 'secretariat')
    WITH CHECK ((SELECT caller_organisation()) IN (first_organisation_id, second_organisation_id) OR (SELECT caller_role()) = 'secretariat');
