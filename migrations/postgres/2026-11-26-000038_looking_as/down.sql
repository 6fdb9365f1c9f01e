ALTER TABLE audit_entries DROP COLUMN viewed_as_id;
