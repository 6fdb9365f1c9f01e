DROP INDEX participants_erased;
DROP INDEX attendances_absent;
