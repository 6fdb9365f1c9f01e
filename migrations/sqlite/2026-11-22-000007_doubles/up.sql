-- Of which meeting a session is a second record; when its day begins in Rwanda, in UTC milliseconds; and which change dated
-- it, by its hash. Computed from the documents, like all that is asked of.
ALTER TABLE sessions ADD COLUMN double_of BLOB;
ALTER TABLE sessions ADD COLUMN begins_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN dated_by BLOB;
CREATE INDEX sessions_double ON sessions (double_of) WHERE double_of IS NOT NULL;

-- Sessions of one group that look like records of one meeting; each pair stands both ways round.
CREATE TABLE possible_doubles (
    session_id BLOB NOT NULL REFERENCES sessions (id),
    other_id   BLOB NOT NULL REFERENCES sessions (id),
    PRIMARY KEY (session_id, other_id)
);
CREATE INDEX possible_doubles_by_other ON possible_doubles (other_id);
