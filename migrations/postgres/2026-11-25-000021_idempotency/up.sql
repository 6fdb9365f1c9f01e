-- Requests with an Idempotency-Key that did something, and their answers, for a day.
CREATE TABLE idempotency_keys (
    -- A hash of the caller and the key, which itself is not kept.
    name    BYTEA NOT NULL PRIMARY KEY,
    request BYTEA NOT NULL,
    run     BYTEA NOT NULL,
    at      BIGINT NOT NULL,
    answer  BYTEA
);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (at);
