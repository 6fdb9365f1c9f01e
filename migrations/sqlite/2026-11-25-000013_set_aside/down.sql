DROP INDEX sessions_moved_from;
DROP INDEX sessions_void;
