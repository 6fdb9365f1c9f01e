DROP INDEX sessions_returned;
DROP INDEX sessions_changed;
DROP INDEX sessions_recorded_since;
DROP INDEX sessions_recorded_since_moved;
