DROP TABLE audit_tiles;
DROP TABLE audit_entries;
