ALTER TABLE refresh_tokens DROP COLUMN factor_at_provider;
DROP TABLE finished_sign_ins;
DROP TABLE provider_links;
DROP TABLE identity_providers;
