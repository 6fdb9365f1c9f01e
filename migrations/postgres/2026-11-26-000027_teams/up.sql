-- Supervisors look after teams: they see the groups that people of their teams lead. Who was in a team stays known.
CREATE TABLE teams (
    id              BYTEA   NOT NULL PRIMARY KEY,
    organisation_id BYTEA   NOT NULL REFERENCES organisations (id),
    name            TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    ended_at        BIGINT
);
CREATE UNIQUE INDEX teams_by_name ON teams (organisation_id, name) WHERE ended_at IS NULL;

CREATE TABLE team_members (
    id        BYTEA   NOT NULL PRIMARY KEY,
    team_id   BYTEA   NOT NULL REFERENCES teams (id),
    user_id   BYTEA   NOT NULL REFERENCES users (id),
    joined_at BIGINT NOT NULL,
    ended_at  BIGINT
);
CREATE UNIQUE INDEX team_members_in_force ON team_members (team_id, user_id) WHERE ended_at IS NULL;
CREATE INDEX team_members_by_user ON team_members (user_id) WHERE ended_at IS NULL;

-- Since when somebody sees the referrals, incidents and screenings of a whole organisation.
ALTER TABLE users ADD COLUMN protects_since BIGINT;
