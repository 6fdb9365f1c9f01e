-- What the lines concerned read now, where the versions of a text stand against each other.
ALTER TABLE conflicts ADD COLUMN reads TEXT;
