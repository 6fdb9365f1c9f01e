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

-- The sums of facts over the groups of an organisation in a sector. A row holds what there is to add: whoever writes the facts of a
-- group adds rows of a `part` of their own, so that nobody waits for anybody, and the service adds them up afterwards, into the part
-- without a name. A question sums over all.
CREATE TABLE sector_facts (
    organisation_id BYTEA   NOT NULL REFERENCES organisations (id),
    sex             TEXT   NOT NULL,
    age_band        TEXT   NOT NULL,
    month           TEXT   NOT NULL,
    sector          TEXT   NOT NULL,
    kind            TEXT   NOT NULL,
    modality        TEXT   NOT NULL,
    part            BYTEA   NOT NULL,
    sessions        BIGINT NOT NULL,
    by_register     BIGINT NOT NULL,
    by_headcount    BIGINT NOT NULL,
    attendances     BIGINT NOT NULL,
    heads           BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, sex, age_band, month, sector, kind, modality, part)
);
CREATE INDEX sector_facts_parts ON sector_facts (part) WHERE length(part) > 0;

-- The same for the months of people.
CREATE TABLE sector_people (
    organisation_id BYTEA    NOT NULL REFERENCES organisations (id),
    month           TEXT    NOT NULL,
    before          TEXT    NOT NULL,
    sector          TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    modality        TEXT    NOT NULL,
    sex             TEXT    NOT NULL,
    age_band        TEXT    NOT NULL,
    consents        BOOLEAN NOT NULL,
    part            BYTEA    NOT NULL,
    people          BIGINT  NOT NULL,
    PRIMARY KEY (organisation_id, month, before, sector, kind, modality, sex, age_band, consents, part)
);
CREATE INDEX sector_people_parts ON sector_people (part) WHERE length(part) > 0;

-- Groups of which the facts wait to be counted again, as that was too much work for whoever wrote what changed.
CREATE TABLE facts_due (
    group_id BYTEA NOT NULL PRIMARY KEY REFERENCES streams (id),
    -- Another one each time that it is said.
    token    BYTEA NOT NULL
);
