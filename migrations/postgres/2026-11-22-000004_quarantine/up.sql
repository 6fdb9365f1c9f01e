-- People look at what waits, release it or reject it. Whoever waives says that it may go in though its author was not
-- assigned; it is released when it is merged, which may be later.
ALTER TABLE quarantine ADD COLUMN id BYTEA;
ALTER TABLE quarantine ADD COLUMN waived_by BYTEA REFERENCES users (id);
ALTER TABLE quarantine ADD COLUMN waived_at BIGINT;
ALTER TABLE quarantine ADD COLUMN rejected_by BYTEA REFERENCES users (id);
ALTER TABLE quarantine ADD COLUMN rejected_at BIGINT;
ALTER TABLE quarantine ADD COLUMN rejected_because TEXT;
UPDATE quarantine SET id = uuid_send(gen_random_uuid());
ALTER TABLE quarantine ALTER COLUMN id SET NOT NULL;
CREATE UNIQUE INDEX quarantine_by_id ON quarantine (id);
CREATE INDEX quarantine_by_time ON quarantine (received_at, id);
-- The detail of an invalid change is what its field must be; the words for people are made when they are shown.
UPDATE quarantine SET detail = CASE WHEN reason = 'invalid'
    THEN replace(substr(detail, length(field) + 2), '; your supervisor can correct it', '')
    ELSE '' END;
