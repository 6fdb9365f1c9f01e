DROP TABLE overlap_statements;
DROP TABLE coverage;
ALTER TABLE organisations DROP COLUMN contact;
