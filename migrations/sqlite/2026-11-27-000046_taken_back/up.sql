-- Whether something was recorded in it since a move made it: lost to totals, should that move have been taken back.
ALTER TABLE sessions ADD COLUMN recorded_since_moved BOOLEAN NOT NULL DEFAULT FALSE;
