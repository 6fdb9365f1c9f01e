ALTER TABLE users DROP COLUMN protects_since;
DROP TABLE team_members;
DROP TABLE teams;
