DROP TABLE attendances;
CREATE TABLE attendances (
    session_id     BLOB NOT NULL REFERENCES sessions (id),
    participant_id BLOB NOT NULL,
    mark           TEXT NOT NULL,
    PRIMARY KEY (session_id, participant_id)
);
CREATE INDEX attendances_by_participant ON attendances (participant_id);
DROP INDEX sessions_moved;
ALTER TABLE sessions DROP COLUMN recorded_since;
ALTER TABLE sessions DROP COLUMN changed_since_verified;
ALTER TABLE sessions DROP COLUMN returned;
ALTER TABLE sessions DROP COLUMN moved_from;
ALTER TABLE sessions DROP COLUMN moved_to;
ALTER TABLE sessions DROP COLUMN void;
ALTER TABLE sessions DROP COLUMN nth;
DROP TABLE participant_origins;
DROP INDEX participants_same;
ALTER TABLE participants DROP COLUMN same_as;
ALTER TABLE participants DROP COLUMN void;
ALTER TABLE groups DROP COLUMN void;
