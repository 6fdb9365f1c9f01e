-- Requests with an Idempotency-Key that did something, and their answers, for a day.
CREATE TABLE idempotency_keys (
    -- A hash of the caller and the key, which itself is not kept.
    name    BLOB NOT NULL PRIMARY KEY,
    request BLOB NOT NULL,
    run     BLOB NOT NULL,
    at      BIGINT NOT NULL,
    answer  BLOB
);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (at);
