-- Codes of an app (TOTP, RFC 6238), beside the password.
CREATE TABLE second_factors (
    user_id     BLOB   NOT NULL PRIMARY KEY REFERENCES users (id),
    -- Sealed, as is the one that waits until a code of it was shown.
    secret      BLOB ,
    next_secret BLOB ,
    -- That of the last code that was taken: none is taken twice.
    last_step   BIGINT
);

-- What people sign in with who have lost their app: each is for one use, and removed then.
CREATE TABLE recovery_codes (
    hash    BLOB   NOT NULL PRIMARY KEY,
    user_id BLOB   NOT NULL REFERENCES users (id)
);
CREATE INDEX recovery_codes_by_user ON recovery_codes (user_id);

-- What somebody signed in with: the family of a browser, or of another program.
ALTER TABLE refresh_tokens ADD COLUMN client TEXT;

-- The keys that sign access tokens: the one made last signs, the others are believed until their tokens have expired.
CREATE TABLE token_keys (
    id      TEXT   NOT NULL PRIMARY KEY,
    -- Ed25519.
    seed    BLOB   NOT NULL,
    -- Missing of the first one of a store, until a service sees it.
    made_at BIGINT
);
INSERT INTO token_keys (id, seed) SELECT 'first', value FROM settings WHERE name = 'token_key';
DELETE FROM settings WHERE name = 'token_key';
