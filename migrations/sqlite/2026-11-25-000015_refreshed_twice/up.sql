-- A refresh token comes twice where an answer was lost, and then has two successors. Once one of them is used, the others are
-- superseded.
ALTER TABLE refresh_tokens ADD COLUMN parent BLOB;
ALTER TABLE refresh_tokens ADD COLUMN superseded_at BIGINT;
CREATE INDEX refresh_tokens_by_parent ON refresh_tokens (parent) WHERE parent IS NOT NULL;
