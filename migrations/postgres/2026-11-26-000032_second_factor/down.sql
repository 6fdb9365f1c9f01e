INSERT INTO settings (name, value) SELECT 'token_key', seed FROM token_keys ORDER BY made_at DESC LIMIT 1;
DROP TABLE token_keys;
ALTER TABLE refresh_tokens DROP COLUMN client;
DROP TABLE recovery_codes;
DROP TABLE second_factors;
