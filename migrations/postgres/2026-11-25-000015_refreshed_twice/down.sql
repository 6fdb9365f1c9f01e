DROP INDEX refresh_tokens_by_parent;
ALTER TABLE refresh_tokens DROP COLUMN superseded_at;
ALTER TABLE refresh_tokens DROP COLUMN parent;
