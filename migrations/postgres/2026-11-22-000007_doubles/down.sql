DROP TABLE possible_doubles;
DROP INDEX sessions_double;
ALTER TABLE sessions DROP COLUMN dated_by;
ALTER TABLE sessions DROP COLUMN begins_at;
ALTER TABLE sessions DROP COLUMN double_of;
