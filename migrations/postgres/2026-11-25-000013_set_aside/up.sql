-- Few sessions are set aside; totals and lists look only at those.
CREATE INDEX sessions_void ON sessions (id) WHERE void IS NOT NULL;
CREATE INDEX sessions_moved_from ON sessions (moved_from) WHERE moved_from IS NOT NULL;
