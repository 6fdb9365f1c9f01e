-- How much of one tablet was set apart within a day is limited, and counted whenever more is.
CREATE INDEX quarantine_by_device ON quarantine (device_id, received_at);
