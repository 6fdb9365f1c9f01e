-- Who came is asked of the marks, as totals ask: of whom a mark is may change without the session.
ALTER TABLE sessions DROP COLUMN attended;
-- Under which codes tablets marked somebody to whom these were given.
CREATE INDEX participant_origins_split ON participant_origins (split_to, participant_id, device_id) WHERE split_to IS NOT NULL;
