-- What lists ask of all sessions of an organisation, and few say.
CREATE INDEX sessions_returned ON sessions (id) WHERE returned IS NOT NULL;
CREATE INDEX sessions_changed ON sessions (id) WHERE changed_since_verified;
CREATE INDEX sessions_recorded_since ON sessions (id) WHERE recorded_since;
CREATE INDEX sessions_recorded_since_moved ON sessions (id) WHERE recorded_since_moved;
