DROP TABLE password_codes;
ALTER TABLE users DROP COLUMN must_change_password;
