-- How many operations a snapshot holds: what opening it costs is known before. Of those from before it is not known, and they count
-- as none until somebody writes to them.
ALTER TABLE documents ADD COLUMN operations BIGINT NOT NULL DEFAULT 0;
