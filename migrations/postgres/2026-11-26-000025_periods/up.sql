-- Sums stand by month and of all times (where `month` and `before` are empty), those of all times by village, too; and what should be
-- known of totals has sums of its own. `level` says how finely times and areas are told apart: 30 by month, 0 of all times, and the
-- digits of the area's code (0, 2, 4 or 8), one more where kinds and modalities are told apart. What waits to be added up is of level 39.
-- Rows that a question adds up stand together, in the order of the key.
ALTER TABLE strata RENAME COLUMN sector TO area;
UPDATE strata SET area = coalesce((SELECT groups.area FROM groups WHERE groups.id = strata.group_id), area);

CREATE TABLE doubt_sums (
    organisation_id     BYTEA  NOT NULL REFERENCES organisations (id),
    level               INTEGER NOT NULL,
    month               TEXT   NOT NULL,
    area                TEXT   NOT NULL,
    kind                TEXT   NOT NULL,
    modality            TEXT   NOT NULL,
    part                BYTEA  NOT NULL,
    doubles             BIGINT NOT NULL,
    moved               BIGINT NOT NULL,
    void                BIGINT NOT NULL,
    recorded_since      BIGINT NOT NULL,
    possible_doubles    BIGINT NOT NULL,
    date_doubts         BIGINT NOT NULL,
    void_attendances    BIGINT NOT NULL,
    without_record      BIGINT NOT NULL,
    one_or_two          BIGINT NOT NULL,
    consent_date_doubts BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, level, month, area, kind, modality, part)
);
CREATE INDEX doubt_sums_parts ON doubt_sums (part) WHERE length(part) > 0;

-- All that was added up is added again, from the facts of the groups, in parts of which none is large.
DROP TABLE fact_sums;
CREATE TABLE fact_sums (
    organisation_id BYTEA  NOT NULL REFERENCES organisations (id),
    level           INTEGER NOT NULL,
    plane           INTEGER NOT NULL,
    area            TEXT   NOT NULL,
    kind            TEXT   NOT NULL,
    modality        TEXT   NOT NULL,
    sex             TEXT   NOT NULL,
    age_band        TEXT   NOT NULL,
    month           TEXT   NOT NULL,
    part            BYTEA  NOT NULL,
    sessions        BIGINT NOT NULL,
    by_register     BIGINT NOT NULL,
    by_headcount    BIGINT NOT NULL,
    attendances     BIGINT NOT NULL,
    heads           BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, level, plane, area, kind, modality, sex, age_band, month, part)
);
CREATE INDEX fact_sums_parts ON fact_sums (part) WHERE length(part) > 0;
DROP TABLE people_sums;
CREATE TABLE people_sums (
    organisation_id BYTEA  NOT NULL REFERENCES organisations (id),
    level           INTEGER NOT NULL,
    plane           INTEGER NOT NULL,
    area            TEXT   NOT NULL,
    kind            TEXT   NOT NULL,
    modality        TEXT   NOT NULL,
    sex             TEXT   NOT NULL,
    age_band        TEXT   NOT NULL,
    month           TEXT   NOT NULL,
    before          TEXT   NOT NULL,
    consents        BOOLEAN NOT NULL,
    part            BYTEA  NOT NULL,
    people          BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, level, plane, area, kind, modality, sex, age_band, month, before, consents, part)
);
CREATE INDEX people_sums_parts ON people_sums (part) WHERE length(part) > 0;
INSERT INTO fact_sums (organisation_id, level, plane, month, area, kind, modality, sex, age_band, part,
                       sessions, by_register, by_headcount, attendances, heads)
SELECT s.organisation_id, 39, CASE WHEN f.sex = '' THEN 0 ELSE 1 END + CASE WHEN f.age_band = '' THEN 0 ELSE 2 END,
       f.month, s.area, s.kind, s.modality, f.sex, f.age_band, f.group_id,
       f.sessions, f.by_register, f.by_headcount, f.attendances, f.heads
FROM facts f JOIN strata s ON s.group_id = f.group_id;
INSERT INTO people_sums (organisation_id, level, plane, month, before, area, kind, modality, sex, age_band, consents, part, people)
SELECT s.organisation_id, 39, 3, f.month, f.before, s.area, s.kind, s.modality, f.sex, f.age_band, f.consents, f.group_id, count(*)
FROM person_months f JOIN strata s ON s.group_id = f.group_id
GROUP BY s.organisation_id, f.month, f.before, s.area, s.kind, s.modality, f.sex, f.age_band, f.consents, f.group_id;
INSERT INTO doubt_sums (organisation_id, level, month, area, kind, modality, part, doubles, moved, void, recorded_since, possible_doubles,
                        date_doubts, void_attendances, without_record, one_or_two, consent_date_doubts)
SELECT s.organisation_id, 39, f.month, s.area, s.kind, s.modality, f.group_id, f.doubles, f.moved, f.void, f.recorded_since, f.possible_doubles,
       f.date_doubts, f.void_attendances, f.without_record, f.one_or_two, f.consent_date_doubts
FROM fact_doubts f JOIN strata s ON s.group_id = f.group_id;
