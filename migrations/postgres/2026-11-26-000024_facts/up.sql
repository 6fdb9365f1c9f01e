-- Facts: what questions are answered from, so that they need not count all records again. Everything here is computed from the
-- rows of a group, and can be computed again.

-- What was counted of a group in a month, by sex and age band; an empty one stands for all. A session of women and men is one in
-- the row of either, and one in the row of all.
CREATE TABLE facts (
    group_id     BYTEA   NOT NULL REFERENCES streams (id),
    month        TEXT   NOT NULL,
    sex          TEXT   NOT NULL,
    age_band     TEXT   NOT NULL,
    sessions     BIGINT NOT NULL,
    by_register  BIGINT NOT NULL,
    by_headcount BIGINT NOT NULL,
    attendances  BIGINT NOT NULL,
    heads        BIGINT NOT NULL,
    PRIMARY KEY (group_id, month, sex, age_band)
);

-- Each month in which a person came, with the month before it in which they did (empty for the first): of the months from a to b
-- those with `before < a` are each another person.
CREATE TABLE person_months (
    group_id  BYTEA    NOT NULL REFERENCES streams (id),
    person_id BYTEA    NOT NULL,
    month     TEXT    NOT NULL,
    before    TEXT    NOT NULL,
    sex       TEXT    NOT NULL,
    age_band  TEXT    NOT NULL,
    consents  BOOLEAN NOT NULL,
    PRIMARY KEY (group_id, person_id, month)
);
CREATE INDEX person_months_by_month ON person_months (group_id, month);

-- What should be known of the totals of a group and month; of its people, whatever the month, where the month is empty.
CREATE TABLE fact_doubts (
    group_id            BYTEA   NOT NULL REFERENCES streams (id),
    month               TEXT   NOT NULL,
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
    PRIMARY KEY (group_id, month)
);

-- Under what the facts of a group stand in the sums below.
CREATE TABLE strata (
    group_id        BYTEA NOT NULL PRIMARY KEY REFERENCES streams (id),
    organisation_id BYTEA NOT NULL REFERENCES organisations (id),
    sector          TEXT NOT NULL,
    kind            TEXT NOT NULL,
    modality        TEXT NOT NULL
);

-- The sums of facts over the groups of an organisation. `level` says how far areas, kinds and modalities are told apart (0: not at all, 2: by
-- district, 4: by sector; one more: by kind and modality too), `plane` whether sexes (1) and age bands (2) are; what is not is empty.
-- Whoever writes the facts of a group adds rows of the finest level under a `part` of their own, so that nobody waits for anybody; the
-- service adds them up afterwards, into the part without a name, at each level.
CREATE TABLE fact_sums (
    organisation_id BYTEA    NOT NULL REFERENCES organisations (id),
    level           INTEGER NOT NULL,
    plane           INTEGER NOT NULL,
    month           TEXT    NOT NULL,
    area            TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    modality        TEXT    NOT NULL,
    sex             TEXT    NOT NULL,
    age_band        TEXT    NOT NULL,
    part            BYTEA    NOT NULL,
    sessions        BIGINT  NOT NULL,
    by_register     BIGINT  NOT NULL,
    by_headcount    BIGINT  NOT NULL,
    attendances     BIGINT  NOT NULL,
    heads           BIGINT  NOT NULL,
    PRIMARY KEY (organisation_id, level, plane, month, area, kind, modality, sex, age_band, part)
);
CREATE INDEX fact_sums_parts ON fact_sums (part) WHERE length(part) > 0;

-- The same for the months of people.
CREATE TABLE people_sums (
    organisation_id BYTEA    NOT NULL REFERENCES organisations (id),
    level           INTEGER NOT NULL,
    plane           INTEGER NOT NULL,
    month           TEXT    NOT NULL,
    before          TEXT    NOT NULL,
    area            TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    modality        TEXT    NOT NULL,
    sex             TEXT    NOT NULL,
    age_band        TEXT    NOT NULL,
    consents        BOOLEAN NOT NULL,
    part            BYTEA    NOT NULL,
    people          BIGINT  NOT NULL,
    PRIMARY KEY (organisation_id, level, plane, month, before, area, kind, modality, sex, age_band, consents, part)
);
CREATE INDEX people_sums_parts ON people_sums (part) WHERE length(part) > 0;

-- Groups of which the facts wait to be counted again, as that was too much work for whoever wrote what changed.
CREATE TABLE facts_due (
    group_id BYTEA NOT NULL PRIMARY KEY REFERENCES streams (id),
    -- Another one each time that it is said.
    token    BYTEA NOT NULL
);
