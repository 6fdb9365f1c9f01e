-- Whoever was given a password by somebody else chooses one of their own before anything else.
ALTER TABLE users ADD COLUMN password_given_at BIGINT;

-- Codes with which people choose a new password, handed out by whoever answers for them.
CREATE TABLE password_codes (
    hash       BLOB   NOT NULL PRIMARY KEY,
    user_id    BLOB   NOT NULL REFERENCES users (id),
    issued_at  BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX password_codes_by_user ON password_codes (user_id);
