-- The keys by which tablets know the store and seal work for it; they outlive a restore.
CREATE TABLE store_keys (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
);

-- The key to what colleagues seal for whoever holds the stream; another one follows when somebody leaves.
ALTER TABLE streams ADD COLUMN key_number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE streams ADD COLUMN key_identity TEXT;

-- The tablet that carried a batch, where it is not the one that signed it.
ALTER TABLE batches ADD COLUMN carrier_id BLOB REFERENCES devices (id);
