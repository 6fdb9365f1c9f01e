-- What was published of a quarter, and when. Nothing of it changes ever after.
CREATE TABLE releases (
    -- 2026-Q1, 2026-Q1-revised or 2026-Q2-to-05
    name        TEXT   NOT NULL PRIMARY KEY,
    released_at BIGINT NOT NULL
);

-- The figures of a release, protected where they count people. A place is one or more districts that are told of together; what is not told
-- apart is empty.
CREATE TABLE published_nodes (
    release         TEXT   NOT NULL REFERENCES releases (name),
    organisation_id BYTEA NOT NULL REFERENCES organisations (id),
    measure         TEXT   NOT NULL,
    place           TEXT   NOT NULL,
    split           TEXT   NOT NULL,
    word            TEXT   NOT NULL,
    figure          BIGINT NOT NULL,
    PRIMARY KEY (release, organisation_id, measure, place, split, word)
);

-- In which place each district stands in a release.
CREATE TABLE published_places (
    release         TEXT NOT NULL REFERENCES releases (name),
    organisation_id BYTEA NOT NULL REFERENCES organisations (id),
    district        TEXT NOT NULL,
    place           TEXT NOT NULL,
    PRIMARY KEY (release, organisation_id, district)
);

-- What the figures of a first release count, exactly, by finest cell: numbers, never people. The revision is compared with it; after that
-- it is gone.
CREATE TABLE held_counts (
    quarter         TEXT   NOT NULL,
    organisation_id BYTEA NOT NULL REFERENCES organisations (id),
    measure         TEXT   NOT NULL,
    place           TEXT   NOT NULL,
    cell            TEXT   NOT NULL,
    people          BIGINT NOT NULL,
    PRIMARY KEY (quarter, organisation_id, measure, place, cell)
);
