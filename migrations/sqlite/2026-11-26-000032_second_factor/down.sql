ALTER TABLE refresh_tokens DROP COLUMN client;
DROP TABLE recovery_codes;
DROP TABLE second_factors;
