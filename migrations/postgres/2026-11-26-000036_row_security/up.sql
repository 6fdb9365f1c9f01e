-- A second wall: the database itself gives whoever asks only rows of their organisation, also where a query forgets to ask for no others.
-- A request takes the role `ihuriro_caller` on for its transaction, and says who asks in settings of the transaction (`store::wall`). What
-- the service does by itself needs all rows: its login is a member of `ihuriro_worker`.

-- Roles belong to the whole server: other databases may have made them, and another one may make them at this moment.
DO $$
DECLARE one TEXT;
BEGIN
    FOREACH one IN ARRAY ARRAY['ihuriro_caller', 'ihuriro_worker'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = one) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', one);
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN NULL;
                WHEN insufficient_privilege THEN
                    RAISE EXCEPTION 'the login % may make no roles; as a superuser: CREATE ROLE ihuriro_caller NOLOGIN; CREATE ROLE ihuriro_worker NOLOGIN; GRANT ihuriro_caller, ihuriro_worker TO %', current_user, current_user;
            END;
        END IF;
        IF NOT pg_has_role(current_user, one, 'MEMBER') THEN
            BEGIN
                EXECUTE format('GRANT %I TO %I', one, current_user);
            EXCEPTION WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'the login % is no member of %; as a superuser: GRANT ihuriro_caller, ihuriro_worker TO %', current_user, one, current_user;
            END;
        END IF;
    END LOOP;
END $$;

-- A table that a later migration makes is open to the service, and closed to callers until that migration opens it.
DO $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO ihuriro_caller, ihuriro_worker', current_schema());
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO ihuriro_caller, ihuriro_worker', current_schema());
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ihuriro_worker', current_schema());
END $$;

-- What no request needs: keys, exact counts behind published figures, the tree of the audit log; and what none may change.
REVOKE ALL ON store_keys, token_keys, held_counts, audit_tiles FROM ihuriro_caller;
REVOKE INSERT, UPDATE, DELETE ON __diesel_schema_migrations, settings, releases, published_nodes, published_places FROM ihuriro_caller;
REVOKE UPDATE, DELETE ON audit_entries FROM ihuriro_caller;
REVOKE DELETE ON audit_entries FROM ihuriro_worker;
-- All columns of a stream but its key.
REVOKE SELECT ON streams FROM ihuriro_caller;
GRANT SELECT (id, kind, organisation_id, last_seq, fingerprint, created_at, compacted_to, key_number) ON streams TO ihuriro_caller;

-- Who asks. Where nobody said so, the settings are missing or empty, and equal to nothing.
CREATE FUNCTION caller_user() RETURNS BYTEA LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT decode(current_setting('ihuriro.user_id', true), 'hex') $$;
CREATE FUNCTION caller_organisation() RETURNS BYTEA LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT decode(current_setting('ihuriro.organisation_id', true), 'hex') $$;
CREATE FUNCTION caller_role() RETURNS TEXT LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT current_setting('ihuriro.user_role', true) $$;
CREATE FUNCTION caller_protects() RETURNS BOOLEAN LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(current_setting('ihuriro.protects', true) = 'true', false) $$;
-- The groups that the caller leads or, as a supervisor, people of their teams.
CREATE FUNCTION caller_groups() RETURNS SETOF BYTEA LANGUAGE sql STABLE PARALLEL SAFE SET search_path FROM CURRENT
    AS $$
    SELECT group_id FROM assignments WHERE user_id = caller_user() AND ended_at IS NULL
    UNION ALL
    SELECT a.group_id
    FROM team_members mine
    JOIN team_members mates ON mates.team_id = mine.team_id AND mates.ended_at IS NULL
    JOIN assignments a ON a.user_id = mates.user_id AND a.ended_at IS NULL
    WHERE caller_role() = 'supervisor' AND mine.user_id = caller_user() AND mine.ended_at IS NULL
    $$;

-- Forced: the owner of the tables is under it, too, and sees what it sees as a member of `ihuriro_worker`.
DO $$
DECLARE one TEXT;
BEGIN
    FOREACH one IN ARRAY ARRAY[
        'streams', 'groups', 'strata', 'fact_sums', 'people_sums', 'doubt_sums', 'teams',
        'documents', 'changes', 'quarantine', 'readings', 'purges',
        'assignments', 'participants', 'sessions', 'people', 'conflicts', 'facts', 'person_months', 'fact_doubts', 'facts_due',
        'participant_origins', 'possible_doubles', 'session_themes', 'attendances', 'headcounts', 'conflict_claims', 'days', 'team_members',
        'audit_entries'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', one);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', one);
        EXECUTE format('CREATE POLICY worker ON %I TO ihuriro_worker USING (true) WITH CHECK (true)', one);
    END LOOP;

    -- Level O: rows of the caller's organisation. `(SELECT …)` is computed once for each query, not for each row.
    FOREACH one IN ARRAY ARRAY['streams', 'groups', 'strata', 'fact_sums', 'people_sums', 'doubt_sums', 'teams'] LOOP
        EXECUTE format(
            'CREATE POLICY organisation ON %I TO ihuriro_caller USING (organisation_id = (SELECT caller_organisation()))', one);
    END LOOP;
    -- Those of a group of it.
    FOREACH one IN ARRAY ARRAY['assignments', 'participants', 'sessions', 'people', 'facts', 'person_months', 'fact_doubts', 'facts_due'] LOOP
        EXECUTE format(
            'CREATE POLICY organisation ON %I TO ihuriro_caller USING (EXISTS (SELECT FROM streams s
                WHERE s.id = %I.group_id AND s.organisation_id = (SELECT caller_organisation())))', one, one);
    END LOOP;
    FOREACH one IN ARRAY ARRAY['readings', 'purges'] LOOP
        EXECUTE format(
            'CREATE POLICY organisation ON %I TO ihuriro_caller USING (EXISTS (SELECT FROM streams s
                WHERE s.id = %I.stream_id AND s.organisation_id = (SELECT caller_organisation())))', one, one);
    END LOOP;
    -- Those of a session of it. `OFFSET 0` makes it one look for each row: else PostgreSQL plans each such condition twice, and what stands
    -- in it four times, which costs small questions more than their rows do.
    FOREACH one IN ARRAY ARRAY['possible_doubles', 'session_themes', 'attendances', 'headcounts'] LOOP
        EXECUTE format(
            'CREATE POLICY organisation ON %I TO ihuriro_caller USING (EXISTS (SELECT FROM sessions s WHERE s.id = %I.session_id OFFSET 0))', one, one);
    END LOOP;
    -- Level S: of these also only those of groups that the caller or their teams lead, but for protection officers.
    FOREACH one IN ARRAY ARRAY['documents.stream_id', 'changes.stream_id', 'conflicts.group_id'] LOOP
        EXECUTE format(
            'CREATE POLICY organisation ON %1$s TO ihuriro_caller USING (
                EXISTS (SELECT FROM streams s WHERE s.id = %1$s.%2$s AND s.organisation_id = (SELECT caller_organisation()) OFFSET 0)
                AND (kind NOT IN (''referral'', ''incident'', ''screening'')
                     OR (SELECT caller_protects())
                     OR %2$s IN (SELECT caller_groups())))', split_part(one, '.', 1), split_part(one, '.', 2));
    END LOOP;
END $$;
CREATE POLICY organisation ON participant_origins TO ihuriro_caller
    USING (EXISTS (SELECT FROM participants p WHERE p.id = participant_origins.participant_id OFFSET 0));
CREATE POLICY organisation ON conflict_claims TO ihuriro_caller
    USING (EXISTS (SELECT FROM conflicts c WHERE c.id = conflict_claims.conflict_id OFFSET 0));
CREATE POLICY organisation ON days TO ihuriro_caller
    USING (EXISTS (SELECT FROM documents d WHERE d.id = days.document_id OFFSET 0));
CREATE POLICY organisation ON team_members TO ihuriro_caller
    USING (EXISTS (SELECT FROM teams t WHERE t.id = team_members.team_id AND t.organisation_id = (SELECT caller_organisation())));

-- Administrators see which groups there are, who holds them and which teams there are, and nothing of what is recorded.
CREATE POLICY administrator ON streams FOR SELECT TO ihuriro_caller USING (caller_role() = 'administrator');
CREATE POLICY administrator ON readings FOR SELECT TO ihuriro_caller USING ((SELECT caller_role()) = 'administrator');
CREATE POLICY administrator ON purges FOR SELECT TO ihuriro_caller USING ((SELECT caller_role()) = 'administrator');
CREATE POLICY administrator ON teams FOR SELECT TO ihuriro_caller USING ((SELECT caller_role()) = 'administrator');
CREATE POLICY administrator ON team_members FOR SELECT TO ihuriro_caller USING ((SELECT caller_role()) = 'administrator');

-- What waits for a group is listed to whoever keeps it, of every level: which of it they may look into, the service decides. What waits for
-- no group that there is, is for administrators, who see every stream.
CREATE POLICY organisation ON quarantine TO ihuriro_caller
    USING (EXISTS (SELECT FROM streams s WHERE s.id = quarantine.stream_id AND s.organisation_id = (SELECT caller_organisation())));
CREATE POLICY administrator ON quarantine TO ihuriro_caller
    USING ((SELECT caller_role()) = 'administrator' AND NOT EXISTS (SELECT FROM streams s WHERE s.id = quarantine.stream_id));

-- Everybody reads what they did themselves, managers what people of their organisation did, administrators all. It is written by who
-- did it; whoever is signing in is not known yet.
CREATE POLICY readers ON audit_entries FOR SELECT TO ihuriro_caller USING (
    user_id = (SELECT caller_user())
    OR ((SELECT caller_role()) = 'manager' AND organisation_id = (SELECT caller_organisation()))
    OR (SELECT caller_role()) = 'administrator'
);
CREATE POLICY writers ON audit_entries FOR INSERT TO ihuriro_caller
    WITH CHECK (user_id = (SELECT caller_user()) OR coalesce(octet_length((SELECT caller_user())), 0) = 0);
