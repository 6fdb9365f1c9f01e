-- Whether something was recorded in it since a move made it: lost to totals, should that move have been taken back.
ALTER TABLE sessions ADD COLUMN recorded_since_moved BOOLEAN NOT NULL DEFAULT FALSE;

-- Since when a version of a framework is withdrawn, which was drawn up or put in force by mistake. It stays readable.
ALTER TABLE frameworks ADD COLUMN withdrawn_at INTEGER;
ALTER TABLE frameworks ADD COLUMN withdrawn_by BLOB;

-- Since when a group is phased out, or has graduated.
ALTER TABLE groups ADD COLUMN phased_out_on TEXT;
