-- With what an organisation signs in, beside passwords or in their place.
CREATE TABLE identity_providers (
    organisation_id  BYTEA   NOT NULL PRIMARY KEY REFERENCES organisations (id),
    issuer           TEXT    NOT NULL,
    client_id        TEXT    NOT NULL,
    sealed_secret    BYTEA,
    hosts            TEXT    NOT NULL,
    required         INTEGER NOT NULL,
    set_at           BIGINT  NOT NULL
);

-- Who is meant by an account at a provider: a keyed hash of issuer and subject, so that nothing here tells who somebody is elsewhere.
CREATE TABLE provider_links (
    account    BYTEA   NOT NULL PRIMARY KEY,
    user_id    BYTEA   NOT NULL UNIQUE REFERENCES users (id),
    linked_at  BIGINT NOT NULL
);

-- Sign-ins with a provider that were finished, until their tickets hold no longer: none is finished twice.
CREATE TABLE finished_sign_ins (
    state       BYTEA   NOT NULL PRIMARY KEY,
    expires_at  BIGINT NOT NULL
);

-- Whether an identity provider says that two factors were shown there.
ALTER TABLE refresh_tokens ADD COLUMN factor_at_provider BOOLEAN NOT NULL DEFAULT FALSE;
