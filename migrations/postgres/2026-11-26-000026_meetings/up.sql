-- Facts tell meetings apart by phase, part of the day and state, too, and how many minutes they took. A row tells apart either people or
-- meetings; what it does not tell apart is empty. Until a group is counted again, its facts say neither.
CREATE TABLE facts_told (
    group_id     BYTEA  NOT NULL REFERENCES streams (id),
    month        TEXT   NOT NULL,
    sex          TEXT   NOT NULL,
    age_band     TEXT   NOT NULL,
    phase        TEXT   NOT NULL,
    part_of_day  TEXT   NOT NULL,
    state        TEXT   NOT NULL,
    sessions     BIGINT NOT NULL,
    by_register  BIGINT NOT NULL,
    by_headcount BIGINT NOT NULL,
    attendances  BIGINT NOT NULL,
    heads        BIGINT NOT NULL,
    minutes      BIGINT NOT NULL,
    PRIMARY KEY (group_id, month, sex, age_band, phase, part_of_day, state)
);
INSERT INTO facts_told (group_id, month, sex, age_band, phase, part_of_day, state, sessions, by_register, by_headcount, attendances, heads, minutes)
SELECT group_id, month, sex, age_band, '', '', '', sessions, by_register, by_headcount, attendances, heads, 0 FROM facts;
DROP TABLE facts;
ALTER TABLE facts_told RENAME TO facts;

-- `plane` 4 tells meetings apart.
CREATE TABLE fact_sums_told (
    organisation_id BYTEA  NOT NULL REFERENCES organisations (id),
    level           INTEGER NOT NULL,
    plane           INTEGER NOT NULL,
    area            TEXT   NOT NULL,
    kind            TEXT   NOT NULL,
    modality        TEXT   NOT NULL,
    sex             TEXT   NOT NULL,
    age_band        TEXT   NOT NULL,
    phase           TEXT   NOT NULL,
    part_of_day     TEXT   NOT NULL,
    state           TEXT   NOT NULL,
    month           TEXT   NOT NULL,
    part            BYTEA  NOT NULL,
    sessions        BIGINT NOT NULL,
    by_register     BIGINT NOT NULL,
    by_headcount    BIGINT NOT NULL,
    attendances     BIGINT NOT NULL,
    heads           BIGINT NOT NULL,
    minutes         BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, level, plane, area, kind, modality, sex, age_band, phase, part_of_day, state, month, part)
);
INSERT INTO fact_sums_told (organisation_id, level, plane, area, kind, modality, sex, age_band, phase, part_of_day, state, month, part,
                            sessions, by_register, by_headcount, attendances, heads, minutes)
SELECT organisation_id, level, plane, area, kind, modality, sex, age_band, '', '', '', month, part,
       sessions, by_register, by_headcount, attendances, heads, 0 FROM fact_sums;
DROP TABLE fact_sums;
ALTER TABLE fact_sums_told RENAME TO fact_sums;
CREATE INDEX fact_sums_parts ON fact_sums (part) WHERE length(part) > 0;

INSERT INTO facts_due (group_id, token) SELECT group_id, group_id FROM strata WHERE group_id NOT IN (SELECT group_id FROM facts_due);
