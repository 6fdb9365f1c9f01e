ALTER TABLE devices DROP COLUMN unlock_expires_at;
ALTER TABLE devices DROP COLUMN unlock_hash;
ALTER TABLE devices DROP COLUMN folder_key;
ALTER TABLE devices DROP COLUMN unsent;
ALTER TABLE devices DROP COLUMN program;
