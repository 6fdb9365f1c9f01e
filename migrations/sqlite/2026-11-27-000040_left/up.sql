-- When an organisation left the partnership, and its records were removed.
ALTER TABLE organisations ADD COLUMN left_at BIGINT;
