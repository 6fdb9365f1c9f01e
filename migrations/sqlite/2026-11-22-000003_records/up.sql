-- Everything here is computed from the documents and can be computed again.
CREATE TABLE groups (
    id               BLOB    NOT NULL PRIMARY KEY REFERENCES documents (id),
    organisation_id  BLOB    NOT NULL REFERENCES organisations (id),
    name             TEXT    NOT NULL,
    kind             TEXT    NOT NULL,
    modality         TEXT    NOT NULL,
    pillar           TEXT,
    setting          TEXT,
    cohort           TEXT,
    area             TEXT    NOT NULL,
    planned_sessions INTEGER,
    starts_on        TEXT,
    status           TEXT    NOT NULL,
    conflicts        INTEGER NOT NULL
);
CREATE INDEX groups_by_organisation ON groups (organisation_id, id);
CREATE INDEX groups_by_area ON groups (area);

CREATE TABLE participants (
    id        BLOB    NOT NULL PRIMARY KEY REFERENCES documents (id),
    group_id  BLOB    NOT NULL REFERENCES streams (id),
    code      TEXT    NOT NULL,
    sex       TEXT,
    age_band  TEXT,
    family    TEXT,
    consents  BOOLEAN NOT NULL,
    exit      TEXT,
    erased    BOOLEAN NOT NULL,
    conflicts INTEGER NOT NULL
);
CREATE INDEX participants_by_group ON participants (group_id, code);

CREATE TABLE sessions (
    id             BLOB    NOT NULL PRIMARY KEY REFERENCES documents (id),
    group_id       BLOB    NOT NULL REFERENCES streams (id),
    date           TEXT    NOT NULL,
    part           TEXT    NOT NULL,
    starts_at      TEXT,
    minutes        INTEGER,
    phase          TEXT,
    state          TEXT    NOT NULL,
    commemoration  BOOLEAN NOT NULL,
    attended       INTEGER NOT NULL,
    summary        TEXT    NOT NULL,
    conflicts      INTEGER NOT NULL
);
CREATE INDEX sessions_by_group ON sessions (group_id, date);
CREATE INDEX sessions_by_date ON sessions (date, id);

CREATE TABLE session_themes (
    session_id BLOB NOT NULL REFERENCES sessions (id),
    theme      TEXT NOT NULL,
    PRIMARY KEY (session_id, theme)
);

-- One row for each mark.
CREATE TABLE attendances (
    session_id     BLOB NOT NULL REFERENCES sessions (id),
    participant_id BLOB NOT NULL,
    mark           TEXT NOT NULL,
    PRIMARY KEY (session_id, participant_id)
);
CREATE INDEX attendances_by_participant ON attendances (participant_id);

CREATE TABLE headcounts (
    session_id BLOB    NOT NULL REFERENCES sessions (id),
    sex        TEXT    NOT NULL,
    age_band   TEXT    NOT NULL,
    heads      INTEGER NOT NULL,
    PRIMARY KEY (session_id, sex, age_band)
);
