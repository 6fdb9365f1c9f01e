-- Of how many people and heads a session says something: only so large ones are compared with another. The rows are computed anew.
ALTER TABLE sessions ADD COLUMN marked INTEGER NOT NULL DEFAULT 0;
