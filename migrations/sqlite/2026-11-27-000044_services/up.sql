-- The directory of services that people are sent to: of all members of the partnership, kept by the secretariat.
CREATE TABLE services (
    id              BLOB    NOT NULL PRIMARY KEY,
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
    organisation_id BLOB,
    -- Since when nobody is sent there any more.
    ended           TEXT
);
CREATE INDEX services_by_area ON services (area, id);

-- The entry of the directory that was chosen.
ALTER TABLE referrals ADD COLUMN to_service BLOB;

-- Whether they took their consent back.
ALTER TABLE participants ADD COLUMN withdrawn BOOLEAN NOT NULL DEFAULT FALSE;

-- What other members of the partnership refer to an organisation, once somebody is sent: what it may know of them. Computed from the referral, its
-- participant and its group.
CREATE TABLE received_referrals (
    id                BLOB NOT NULL PRIMARY KEY,
    -- By which the rows are computed again; whoever receives the referral is not told it.
    group_id          BLOB NOT NULL,
    -- Who receives it.
    organisation_id   BLOB NOT NULL,
    from_organisation BLOB NOT NULL,
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
