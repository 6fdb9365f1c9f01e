DROP TABLE purges;
DROP TABLE quarantine;
DROP TABLE changes;
DROP TABLE batches;
DROP TABLE documents;
DROP TABLE assignments;
DROP TABLE streams;
