-- Who does what, where and when: of each group that exists what all members of the partnership may know (level I), and what two partners
-- said about groups of theirs that overlap.

-- How the organisation is reached: the e-mail address or telephone number of an office, not of a person.
ALTER TABLE organisations ADD COLUMN contact TEXT;

-- Computed from the record of a group that is neither void nor erased. `id` is made of the group's id, and does not lead back to it.
CREATE TABLE coverage (
    id              BLOB    NOT NULL PRIMARY KEY,
    organisation_id BLOB    NOT NULL,
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
    id                     BLOB   NOT NULL PRIMARY KEY,
    overlap_id             BLOB   NOT NULL,
    first_id               BLOB   NOT NULL,
    second_id              BLOB   NOT NULL,
    first_organisation_id  BLOB   NOT NULL,
    second_organisation_id BLOB   NOT NULL,
    said                   TEXT   NOT NULL,
    words                  TEXT,
    -- Who said it; the secretariat belongs to no organisation.
    organisation_id        BLOB,
    role                   TEXT   NOT NULL,
    user_id                BLOB   NOT NULL,
    said_at                BIGINT NOT NULL
);
CREATE INDEX overlap_statements_by_overlap ON overlap_statements (overlap_id, id);
CREATE INDEX overlap_statements_by_first ON overlap_statements (first_id);
CREATE INDEX overlap_statements_by_second ON overlap_statements (second_id);
