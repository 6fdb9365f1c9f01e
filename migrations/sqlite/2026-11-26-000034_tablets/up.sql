-- What a tablet said of itself when it last spoke: its program with the version, and how many changes it had not handed in.
ALTER TABLE devices ADD COLUMN program TEXT;
ALTER TABLE devices ADD COLUMN unsent BIGINT;
-- What opens the tablet's folder, sealed for the store, and the code with which its holder may have it back.
ALTER TABLE devices ADD COLUMN folder_key BLOB;
ALTER TABLE devices ADD COLUMN unlock_hash BLOB;
ALTER TABLE devices ADD COLUMN unlock_expires_at BIGINT;
