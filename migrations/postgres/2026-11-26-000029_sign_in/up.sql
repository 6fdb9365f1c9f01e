-- How many passwords may still be tried, by account, by address, by both and by device. Names are keyed hashes: nobody's
-- address is kept.
CREATE TABLE sign_in_limits (
    name    BYTEA  NOT NULL PRIMARY KEY,
    -- When all attempts are there again: the theoretical arrival time of GCRA, in milliseconds.
    full_at BIGINT NOT NULL
);
CREATE INDEX sign_in_limits_by_time ON sign_in_limits (full_at);

-- From where each person has signed in.
CREATE TABLE known_addresses (
    -- A keyed hash of the person's login and the address.
    hash    BYTEA  NOT NULL PRIMARY KEY,
    user_id BYTEA  NOT NULL REFERENCES users (id),
    last_at BIGINT NOT NULL
);
CREATE INDEX known_addresses_by_user ON known_addresses (user_id, last_at);
