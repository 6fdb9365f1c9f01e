-- What a tablet said of itself when it last spoke: its program with the version, and how many changes it had not handed in.
ALTER TABLE devices ADD COLUMN program TEXT;
ALTER TABLE devices ADD COLUMN unsent BIGINT;
