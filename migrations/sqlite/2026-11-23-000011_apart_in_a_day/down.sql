DROP INDEX quarantine_by_device;
