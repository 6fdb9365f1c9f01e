-- These tables are kept in the order of their keys here (WITHOUT ROWID): there is nothing to do.
SELECT 1;
