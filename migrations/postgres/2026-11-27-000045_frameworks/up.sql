-- Frameworks of indicators: each version is one text, which never changes once it is in force.
CREATE TABLE frameworks (
    id              BYTEA    NOT NULL PRIMARY KEY,
    -- Whose it is; null: a common one, which the secretariat draws up.
    organisation_id BYTEA    REFERENCES organisations (id),
    code            TEXT    NOT NULL,
    version         INTEGER NOT NULL,
    title           TEXT    NOT NULL,
    -- JSON: title and indicators.
    content         TEXT    NOT NULL,
    drawn_up_at     BIGINT NOT NULL,
    drawn_up_by     BYTEA    NOT NULL,
    in_force_at     BIGINT,
    in_force_by     BYTEA
);
CREATE UNIQUE INDEX frameworks_by_code ON frameworks (code, version);

-- What an organisation means to reach of an indicator.
CREATE TABLE targets (
    id              BYTEA NOT NULL PRIMARY KEY,
    organisation_id BYTEA NOT NULL REFERENCES organisations (id),
    framework_id    BYTEA NOT NULL REFERENCES frameworks (id),
    indicator       TEXT NOT NULL,
    -- NISR code; empty: the whole organisation.
    area            TEXT NOT NULL,
    -- As 2026-03: the first and the last month.
    from_month      TEXT NOT NULL,
    to_month        TEXT NOT NULL,
    -- In thousandths.
    value           BIGINT NOT NULL,
    set_at          BIGINT NOT NULL,
    set_by          BYTEA NOT NULL
);
CREATE UNIQUE INDEX targets_of_one ON targets (organisation_id, framework_id, indicator, area, from_month, to_month);

-- What an organisation has for its work. A line is not changed: it is taken back with a new one in its place.
CREATE TABLE budget_lines (
    id              BYTEA   NOT NULL PRIMARY KEY,
    organisation_id BYTEA   NOT NULL REFERENCES organisations (id),
    -- Null: all methods together.
    modality        TEXT,
    from_month      TEXT   NOT NULL,
    to_month        TEXT   NOT NULL,
    -- ISO 4217.
    currency        TEXT   NOT NULL,
    -- In whole units of the currency.
    amount          BIGINT NOT NULL,
    source          TEXT   NOT NULL,
    entered_at      BIGINT NOT NULL,
    entered_by      BYTEA   NOT NULL,
    taken_back_at   BIGINT,
    taken_back_by   BYTEA
);
CREATE INDEX budget_lines_by_organisation ON budget_lines (organisation_id, id);

-- Frameworks and targets are level I: everybody who signs in reads them, and whose they are writes them. Budgets are their organisation's, the
-- secretariat's and the donor's.
GRANT SELECT, INSERT, UPDATE, DELETE ON frameworks, targets, budget_lines TO ihuriro_caller;
DO $$
DECLARE one TEXT;
BEGIN
    FOREACH one IN ARRAY ARRAY['frameworks', 'targets', 'budget_lines'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', one);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', one);
        EXECUTE format('CREATE POLICY worker ON %I TO ihuriro_worker USING (true) WITH CHECK (true)', one);
        EXECUTE format('CREATE POLICY organisation ON %I TO ihuriro_caller USING (organisation_id = (SELECT caller_organisation()))', one);
    END LOOP;
END $$;
CREATE POLICY common ON frameworks TO ihuriro_caller
    USING (organisation_id IS NULL AND (SELECT caller_role()) = 'secretariat')
    WITH CHECK (organisation_id IS NULL AND (SELECT caller_role()) = 'secretariat');
CREATE POLICY members ON frameworks FOR SELECT TO ihuriro_caller
    USING (in_force_at IS NOT NULL AND (SELECT caller_role()) IN ('facilitator', 'supervisor', 'manager', 'secretariat', 'donor'));
CREATE POLICY members ON targets FOR SELECT TO ihuriro_caller
    USING ((SELECT caller_role()) IN ('supervisor', 'manager', 'secretariat', 'donor'));
CREATE POLICY partnership ON budget_lines FOR SELECT TO ihuriro_caller
    USING ((SELECT caller_role()) IN ('secretariat', 'donor'));
