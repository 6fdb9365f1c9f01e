ALTER TABLE batches DROP COLUMN carrier_id;
ALTER TABLE streams DROP COLUMN key_identity;
ALTER TABLE streams DROP COLUMN key_number;
DROP TABLE store_keys;
