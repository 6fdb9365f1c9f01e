DELETE FROM facts WHERE state <> '';
CREATE TABLE facts_untold (
    group_id     BLOB   NOT NULL REFERENCES streams (id),
    month        TEXT   NOT NULL,
    sex          TEXT   NOT NULL,
    age_band     TEXT   NOT NULL,
    sessions     BIGINT NOT NULL,
    by_register  BIGINT NOT NULL,
    by_headcount BIGINT NOT NULL,
    attendances  BIGINT NOT NULL,
    heads        BIGINT NOT NULL,
    PRIMARY KEY (group_id, month, sex, age_band)
) WITHOUT ROWID;
INSERT INTO facts_untold SELECT group_id, month, sex, age_band, sessions, by_register, by_headcount, attendances, heads FROM facts;
DROP TABLE facts;
ALTER TABLE facts_untold RENAME TO facts;
DELETE FROM fact_sums WHERE plane = 4;
CREATE TABLE fact_sums_untold (
    organisation_id BLOB   NOT NULL REFERENCES organisations (id),
    level           INTEGER NOT NULL,
    plane           INTEGER NOT NULL,
    area            TEXT   NOT NULL,
    kind            TEXT   NOT NULL,
    modality        TEXT   NOT NULL,
    sex             TEXT   NOT NULL,
    age_band        TEXT   NOT NULL,
    month           TEXT   NOT NULL,
    part            BLOB   NOT NULL,
    sessions        BIGINT NOT NULL,
    by_register     BIGINT NOT NULL,
    by_headcount    BIGINT NOT NULL,
    attendances     BIGINT NOT NULL,
    heads           BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, level, plane, area, kind, modality, sex, age_band, month, part)
) WITHOUT ROWID;
INSERT INTO fact_sums_untold
SELECT organisation_id, level, plane, area, kind, modality, sex, age_band, month, part,
       sessions, by_register, by_headcount, attendances, heads FROM fact_sums;
DROP TABLE fact_sums;
ALTER TABLE fact_sums_untold RENAME TO fact_sums;
CREATE INDEX fact_sums_parts ON fact_sums (part) WHERE length(part) > 0;
