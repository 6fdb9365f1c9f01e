ALTER TABLE devices DROP COLUMN unsent;
ALTER TABLE devices DROP COLUMN program;
