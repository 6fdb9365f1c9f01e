DROP INDEX quarantine_by_time;
DROP INDEX quarantine_by_id;
ALTER TABLE quarantine DROP COLUMN rejected_because;
ALTER TABLE quarantine DROP COLUMN rejected_at;
ALTER TABLE quarantine DROP COLUMN rejected_by;
ALTER TABLE quarantine DROP COLUMN waived_at;
ALTER TABLE quarantine DROP COLUMN waived_by;
ALTER TABLE quarantine DROP COLUMN id;
