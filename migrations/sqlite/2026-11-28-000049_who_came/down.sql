DROP INDEX participant_origins_split;
ALTER TABLE sessions ADD COLUMN attended INTEGER NOT NULL DEFAULT 0;
