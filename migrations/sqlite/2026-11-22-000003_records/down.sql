DROP TABLE headcounts;
DROP TABLE attendances;
DROP TABLE session_themes;
DROP TABLE sessions;
DROP TABLE participants;
DROP TABLE groups;
