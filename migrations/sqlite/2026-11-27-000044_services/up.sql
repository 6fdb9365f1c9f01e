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
