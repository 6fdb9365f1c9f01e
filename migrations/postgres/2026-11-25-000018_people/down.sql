DROP INDEX groups_void;
DROP TABLE people;
