-- The directory of services that people are sent to: of all members of the partnership, kept by the secretariat.
CREATE TABLE services (
    id              BYTEA   NOT NULL PRIMARY KEY,
    name            TEXT    NOT NULL,
    -- Name and note, as they are searched.
    folded          TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    -- NISR code, of any level.
    area            TEXT    NOT NULL,
    phone           TEXT,
    hours           TEXT,
    note            TEXT,
    -- Which member of the partnership runs it.
    organisation_id BYTEA,
    -- Since when nobody is sent there any more.
    ended           TEXT
);
CREATE INDEX services_by_area ON services (area, id);

-- The entry of the directory that was chosen.
ALTER TABLE referrals ADD COLUMN to_service BYTEA;

-- Whether they took their consent back.
ALTER TABLE participants ADD COLUMN withdrawn BOOLEAN NOT NULL DEFAULT FALSE;

-- What other members of the partnership refer to an organisation, once somebody is sent: what it may know of them. Computed from the referral, its
-- participant and its group.
CREATE TABLE received_referrals (
    id                BYTEA NOT NULL PRIMARY KEY,
    -- By which the rows are computed again; whoever receives the referral is not told it.
    group_id          BYTEA NOT NULL,
    -- Who receives it.
    organisation_id   BYTEA NOT NULL,
    from_organisation BYTEA NOT NULL,
    service           TEXT NOT NULL,
    reason            TEXT,
    urgency           TEXT,
    sex               TEXT,
    age_band          TEXT,
    -- NISR code of the sector in which the group is.
    sector            TEXT,
    -- The last day on which they were sent.
    sent_on           TEXT NOT NULL,
    -- The day from which it is overdue, while they are on their way.
    overdue_from      TEXT,
    -- The latest step, and its day.
    state             TEXT NOT NULL,
    state_on          TEXT NOT NULL
);
CREATE INDEX received_referrals_by_organisation ON received_referrals (organisation_id, overdue_from, id);
CREATE INDEX received_referrals_by_group ON received_referrals (group_id);

-- The second wall: every member of the partnership reads the directory. The service writes it, once it let the secretariat.
GRANT SELECT ON services TO ihuriro_caller;
ALTER TABLE services ENABLE ROW LEVEL SECURITY;
ALTER TABLE services FORCE ROW LEVEL SECURITY;
CREATE POLICY worker ON services TO ihuriro_worker USING (true) WITH CHECK (true);
CREATE POLICY members ON services FOR SELECT TO ihuriro_caller
    USING ((SELECT caller_role()) IN ('facilitator', 'supervisor', 'manager', 'secretariat'));
CREATE POLICY services ON documents FOR SELECT TO ihuriro_caller
    USING (kind = 'service' AND (SELECT caller_role()) IN ('facilitator', 'supervisor', 'manager', 'secretariat'));
CREATE POLICY services ON changes FOR SELECT TO ihuriro_caller
    USING (kind = 'service' AND (SELECT caller_role()) IN ('facilitator', 'supervisor', 'manager', 'secretariat'));

-- Who receives a referral reads it, if they are a protection officer, and never of which group it is. The service writes it.
GRANT SELECT (id, organisation_id, from_organisation, service, reason, urgency, sex, age_band, sector, sent_on, overdue_from, state, state_on)
    ON received_referrals TO ihuriro_caller;
ALTER TABLE received_referrals ENABLE ROW LEVEL SECURITY;
ALTER TABLE received_referrals FORCE ROW LEVEL SECURITY;
CREATE POLICY worker ON received_referrals TO ihuriro_worker USING (true) WITH CHECK (true);
CREATE POLICY receiver ON received_referrals FOR SELECT TO ihuriro_caller
    USING (organisation_id = (SELECT caller_organisation()) AND (SELECT caller_protects()));
