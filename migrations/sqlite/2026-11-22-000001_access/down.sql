DROP TABLE enrolment_codes;
DROP TABLE devices;
DROP TABLE refresh_tokens;
DROP TABLE users;
DROP TABLE organisations;
DROP TABLE settings;
