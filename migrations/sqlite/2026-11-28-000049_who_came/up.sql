-- Who came is asked of the marks, as totals ask: of whom a mark is may change without the session.
ALTER TABLE sessions DROP COLUMN attended;
