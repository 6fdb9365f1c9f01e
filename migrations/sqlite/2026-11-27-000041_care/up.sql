-- Referrals, incidents and screenings as rows (level S). Everything here is computed from the documents and can be computed again.
CREATE TABLE referrals (
    id                BLOB    NOT NULL PRIMARY KEY REFERENCES documents (id),
    group_id          BLOB    NOT NULL REFERENCES streams (id),
    participant_id    BLOB    NOT NULL,
    from_organisation BLOB,
    service           TEXT    NOT NULL,
    to_organisation   BLOB,
    reason            TEXT,
    urgency           TEXT,
    -- The latest step, and its day.
    state             TEXT,
    state_on          TEXT,
    -- Whether something is still to be done for it.
    open              BOOLEAN NOT NULL,
    -- The first day of any step.
    begun_on          TEXT,
    -- The day from which it is overdue, where somebody is on their way.
    overdue_from      TEXT,
    conflicts         INTEGER NOT NULL,
    was_in_conflict   BOOLEAN NOT NULL,
    void              TEXT
);
CREATE INDEX referrals_by_group ON referrals (group_id, id);

CREATE TABLE referral_steps (
    referral_id BLOB NOT NULL REFERENCES referrals (id),
    step        TEXT NOT NULL,
    day         TEXT NOT NULL,
    PRIMARY KEY (referral_id, step, day)
);

CREATE TABLE incidents (
    id              BLOB    NOT NULL PRIMARY KEY REFERENCES documents (id),
    group_id        BLOB    NOT NULL REFERENCES streams (id),
    session_id      BLOB    NOT NULL,
    kind            TEXT    NOT NULL,
    severity        TEXT,
    -- Codes with a comma between; so, too, whom it was escalated to.
    actions         TEXT    NOT NULL,
    escalated_to    TEXT    NOT NULL,
    conflicts       INTEGER NOT NULL,
    was_in_conflict BOOLEAN NOT NULL,
    void            TEXT
);
CREATE INDEX incidents_by_group ON incidents (group_id, id);

CREATE TABLE screenings (
    id              BLOB    NOT NULL PRIMARY KEY REFERENCES documents (id),
    group_id        BLOB    NOT NULL REFERENCES streams (id),
    participant_id  BLOB    NOT NULL,
    instrument      TEXT    NOT NULL,
    version         TEXT,
    timepoint       TEXT    NOT NULL,
    date            TEXT,
    score           INTEGER NOT NULL,
    max             INTEGER NOT NULL,
    risk            BOOLEAN,
    corrects        BLOB,
    conflicts       INTEGER NOT NULL,
    was_in_conflict BOOLEAN NOT NULL,
    void            TEXT
);
CREATE INDEX screenings_by_group ON screenings (group_id, id);
CREATE INDEX screenings_by_corrected ON screenings (corrects) WHERE corrects IS NOT NULL;
