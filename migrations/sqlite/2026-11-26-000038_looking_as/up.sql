-- As whom somebody looked, who asked with View-As. Entries from before have none, and keep their line and its hash.
ALTER TABLE audit_entries ADD COLUMN viewed_as_id BLOB;
