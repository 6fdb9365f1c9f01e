-- SQLite knows neither roles nor row-level security: there is nothing to do.
SELECT 1;
