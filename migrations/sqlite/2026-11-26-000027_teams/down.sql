ALTER TABLE users DROP COLUMN protection_officer;
DROP TABLE team_members;
DROP TABLE teams;
