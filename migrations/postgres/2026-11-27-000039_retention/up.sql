-- For how many months records of a kind are kept. The rules of the whole partnership stand under an organisation of sixteen zero bytes; those
-- of an organisation take their place. Where there is no rule, records are kept.
CREATE TABLE retention_rules (
    organisation_id BYTEA   NOT NULL,
    kind            TEXT    NOT NULL,
    months          INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, kind)
);
