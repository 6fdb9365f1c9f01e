DROP TABLE known_addresses;
DROP TABLE sign_in_limits;
