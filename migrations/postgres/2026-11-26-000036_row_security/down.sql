-- The roles stay: they may be those of another database, too.
DO $$
DECLARE one RECORD;
BEGIN
    FOR one IN SELECT tablename, policyname FROM pg_policies WHERE schemaname = current_schema() LOOP
        EXECUTE format('DROP POLICY %I ON %I', one.policyname, one.tablename);
        EXECUTE format('ALTER TABLE %I NO FORCE ROW LEVEL SECURITY', one.tablename);
        EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', one.tablename);
    END LOOP;
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM ihuriro_caller, ihuriro_worker', current_schema());
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I REVOKE ALL ON TABLES FROM ihuriro_worker', current_schema());
    EXECUTE format('REVOKE USAGE ON SCHEMA %I FROM ihuriro_caller, ihuriro_worker', current_schema());
END $$;
DROP FUNCTION caller_groups();
DROP FUNCTION caller_protects();
DROP FUNCTION caller_role();
DROP FUNCTION caller_organisation();
DROP FUNCTION caller_user();
