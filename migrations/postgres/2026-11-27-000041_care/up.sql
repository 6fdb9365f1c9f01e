-- Referrals, incidents and screenings as rows (level S). Everything here is computed from the documents and can be computed again.
CREATE TABLE referrals (
    id                BYTEA   NOT NULL PRIMARY KEY REFERENCES documents (id),
    group_id          BYTEA   NOT NULL REFERENCES streams (id),
    participant_id    BYTEA   NOT NULL,
    from_organisation BYTEA,
    service           TEXT    NOT NULL,
    to_organisation   BYTEA,
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
    referral_id BYTEA NOT NULL REFERENCES referrals (id),
    step        TEXT NOT NULL,
    day         TEXT NOT NULL,
    PRIMARY KEY (referral_id, step, day)
);

CREATE TABLE incidents (
    id              BYTEA   NOT NULL PRIMARY KEY REFERENCES documents (id),
    group_id        BYTEA   NOT NULL REFERENCES streams (id),
    session_id      BYTEA   NOT NULL,
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
    id              BYTEA   NOT NULL PRIMARY KEY REFERENCES documents (id),
    group_id        BYTEA   NOT NULL REFERENCES streams (id),
    participant_id  BYTEA   NOT NULL,
    instrument      TEXT    NOT NULL,
    version         TEXT,
    timepoint       TEXT    NOT NULL,
    date            TEXT,
    score           INTEGER NOT NULL,
    max             INTEGER NOT NULL,
    risk            BOOLEAN,
    corrects        BYTEA,
    conflicts       INTEGER NOT NULL,
    was_in_conflict BOOLEAN NOT NULL,
    void            TEXT
);
CREATE INDEX screenings_by_group ON screenings (group_id, id);
CREATE INDEX screenings_by_corrected ON screenings (corrects) WHERE corrects IS NOT NULL;

-- The second wall: of the caller's organisation those of groups that the caller or their teams lead, or all to protection officers.
GRANT SELECT, INSERT, UPDATE, DELETE ON referrals, referral_steps, incidents, screenings TO ihuriro_caller;
DO $$
DECLARE one TEXT;
BEGIN
    FOREACH one IN ARRAY ARRAY['referrals', 'referral_steps', 'incidents', 'screenings'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', one);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', one);
        EXECUTE format('CREATE POLICY worker ON %I TO ihuriro_worker USING (true) WITH CHECK (true)', one);
    END LOOP;
    FOREACH one IN ARRAY ARRAY['referrals', 'incidents', 'screenings'] LOOP
        EXECUTE format(
            'CREATE POLICY organisation ON %1$I TO ihuriro_caller USING (
                EXISTS (SELECT FROM streams s WHERE s.id = %1$I.group_id AND s.organisation_id = (SELECT caller_organisation()) OFFSET 0)
                AND ((SELECT caller_protects()) OR group_id IN (SELECT caller_groups())))', one);
    END LOOP;
END $$;
CREATE POLICY organisation ON referral_steps TO ihuriro_caller
    USING (EXISTS (SELECT FROM referrals r WHERE r.id = referral_steps.referral_id OFFSET 0));
