-- Frameworks of indicators: each version is one text, which never changes once it is in force.
CREATE TABLE frameworks (
    id              BLOB    NOT NULL PRIMARY KEY,
    -- Whose it is; null: a common one, which the secretariat draws up.
    organisation_id BLOB    REFERENCES organisations (id),
    code            TEXT    NOT NULL,
    version         INTEGER NOT NULL,
    title           TEXT    NOT NULL,
    -- JSON: title and indicators.
    content         TEXT    NOT NULL,
    drawn_up_at     INTEGER NOT NULL,
    drawn_up_by     BLOB    NOT NULL,
    in_force_at     INTEGER,
    in_force_by     BLOB
);
CREATE UNIQUE INDEX frameworks_by_code ON frameworks (code, version);

-- What an organisation means to reach of an indicator.
CREATE TABLE targets (
    id              BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL REFERENCES organisations (id),
    framework_id    BLOB NOT NULL REFERENCES frameworks (id),
    indicator       TEXT NOT NULL,
    -- NISR code; empty: the whole organisation.
    area            TEXT NOT NULL,
    -- As 2026-03: the first and the last month.
    from_month      TEXT NOT NULL,
    to_month        TEXT NOT NULL,
    -- In thousandths.
    value           BIGINT NOT NULL,
    set_at          INTEGER NOT NULL,
    set_by          BLOB NOT NULL
);
CREATE UNIQUE INDEX targets_of_one ON targets (organisation_id, framework_id, indicator, area, from_month, to_month);

-- What an organisation has for its work. A line is not changed: it is taken back with a new one in its place.
CREATE TABLE budget_lines (
    id              BLOB   NOT NULL PRIMARY KEY,
    organisation_id BLOB   NOT NULL REFERENCES organisations (id),
    -- Null: all methods together.
    modality        TEXT,
    from_month      TEXT   NOT NULL,
    to_month        TEXT   NOT NULL,
    -- ISO 4217.
    currency        TEXT   NOT NULL,
    -- In whole units of the currency.
    amount          BIGINT NOT NULL,
    source          TEXT   NOT NULL,
    entered_at      INTEGER NOT NULL,
    entered_by      BLOB   NOT NULL,
    taken_back_at   INTEGER,
    taken_back_by   BLOB
);
CREATE INDEX budget_lines_by_organisation ON budget_lines (organisation_id, id);
