-- What is searched is the folded form of a text: small letters, without accents. Rows are computed again at the start.
ALTER TABLE groups ADD COLUMN name_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions RENAME COLUMN summary TO summary_folded;
