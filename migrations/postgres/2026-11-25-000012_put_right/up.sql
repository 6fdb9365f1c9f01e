-- What is put right: records that are void or moved, people that are one or two, and who made each mark. Computed from the
-- documents, like all that is asked of.
ALTER TABLE groups ADD COLUMN void TEXT;

ALTER TABLE participants ADD COLUMN void TEXT;
ALTER TABLE participants ADD COLUMN same_as BYTEA;
CREATE INDEX participants_same ON participants (same_as) WHERE same_as IS NOT NULL;

-- The devices that began a participant's record, not knowing of each other, or gave its code to somebody else: whether
-- somebody said that those who began it mean one person, and to whom the marks of such a device belong.
CREATE TABLE participant_origins (
    participant_id BYTEA    NOT NULL REFERENCES participants (id),
    device_id      BYTEA    NOT NULL,
    began          BOOLEAN NOT NULL,
    confirmed      BOOLEAN NOT NULL,
    split_to       BYTEA,
    PRIMARY KEY (participant_id, device_id)
);

ALTER TABLE sessions ADD COLUMN nth INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN void TEXT;
ALTER TABLE sessions ADD COLUMN moved_to BYTEA;
ALTER TABLE sessions ADD COLUMN moved_from BYTEA;
ALTER TABLE sessions ADD COLUMN returned TEXT;
-- Whether something was recorded that whoever verified it had not seen.
ALTER TABLE sessions ADD COLUMN changed_since_verified BOOLEAN NOT NULL DEFAULT FALSE;
-- Whether something was recorded that whoever set it aside (void, moved or a double) had not seen.
ALTER TABLE sessions ADD COLUMN recorded_since BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX sessions_moved ON sessions (moved_to) WHERE moved_to IS NOT NULL;

-- One row for each mark: where several stand at the same time one is shown, and each says which device made it.
DROP TABLE attendances;
CREATE TABLE attendances (
    session_id     BYTEA    NOT NULL REFERENCES sessions (id),
    participant_id BYTEA    NOT NULL,
    author         BYTEA    NOT NULL,
    mark           TEXT    NOT NULL,
    shown          BOOLEAN NOT NULL,
    PRIMARY KEY (session_id, participant_id, author, mark)
);
CREATE INDEX attendances_by_participant ON attendances (participant_id);
