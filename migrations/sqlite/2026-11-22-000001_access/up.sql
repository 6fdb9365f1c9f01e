CREATE TABLE settings (
    name  TEXT  NOT NULL PRIMARY KEY,
    value BLOB  NOT NULL
);

CREATE TABLE organisations (
    id         BLOB   NOT NULL PRIMARY KEY,
    code       TEXT   NOT NULL UNIQUE,
    name       TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE users (
    id              BLOB   NOT NULL PRIMARY KEY,
    organisation_id BLOB   REFERENCES organisations (id),
    login           TEXT   NOT NULL UNIQUE,
    name            TEXT   NOT NULL,
    role            TEXT   NOT NULL,
    password_hash   TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    disabled_at     BIGINT
);
CREATE INDEX users_by_organisation ON users (organisation_id, login);

CREATE TABLE refresh_tokens (
    hash       BLOB   NOT NULL PRIMARY KEY,
    family     BLOB   NOT NULL,
    user_id    BLOB   NOT NULL REFERENCES users (id),
    issued_at  BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT,
    revoked_at BIGINT
);
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family);
CREATE INDEX refresh_tokens_by_user ON refresh_tokens (user_id);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

CREATE TABLE devices (
    id           BLOB   NOT NULL PRIMARY KEY,
    user_id      BLOB   NOT NULL REFERENCES users (id),
    public_key   BLOB   NOT NULL UNIQUE,
    name         TEXT   NOT NULL,
    enrolled_at  BIGINT NOT NULL,
    revoked_at   BIGINT,
    last_request BIGINT NOT NULL DEFAULT 0,
    last_seen_at BIGINT
);
CREATE INDEX devices_by_user ON devices (user_id);

CREATE TABLE enrolment_codes (
    hash       BLOB   NOT NULL PRIMARY KEY,
    user_id    BLOB   NOT NULL REFERENCES users (id),
    issued_by  BLOB   NOT NULL REFERENCES users (id),
    issued_at  BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT,
    device_id  BLOB   REFERENCES devices (id)
);
CREATE INDEX enrolment_codes_by_user ON enrolment_codes (user_id);
