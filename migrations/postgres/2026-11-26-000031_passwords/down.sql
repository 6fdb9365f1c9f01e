DROP TABLE password_codes;
ALTER TABLE users DROP COLUMN password_given_at;
