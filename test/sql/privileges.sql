-- What PUBLIC, a reader, an operator and the owner of a table may do: each thing
-- that the extension has, by name.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
CREATE ROLE regress_sla_public;
CREATE ROLE regress_sla_reader;
CREATE ROLE regress_sla_operator;
CREATE ROLE "regress_sla Odd ""role""";
CREATE ROLE regress_sla_owner;
SELECT sla.grant_to('regress_sla_reader', 'reader');
SELECT sla.grant_to('regress_sla_operator', 'operator');

CREATE TEMP VIEW may AS
SELECT r.role, o.*
FROM unnest('{regress_sla_public,regress_sla_reader,regress_sla_operator}'::text[]) WITH ORDINALITY AS r (role, n)
CROSS JOIN LATERAL (
	SELECT r.n, c.oid::regclass::text AS what, p.privilege
	FROM pg_class c
	CROSS JOIN unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS p (privilege)
	WHERE c.relnamespace = 'sla'::regnamespace AND c.relkind IN ('r', 'v', 'p', 'm', 'f')
		AND has_table_privilege(r.role, c.oid, p.privilege)
	UNION ALL
	SELECT r.n, c.oid::regclass::text, p.privilege
	FROM pg_class c
	CROSS JOIN unnest('{USAGE,SELECT,UPDATE}'::text[]) AS p (privilege)
	WHERE c.relnamespace = 'sla'::regnamespace AND c.relkind = 'S'
		AND has_sequence_privilege(r.role, c.oid, p.privilege)
	UNION ALL
	SELECT r.n, p.oid::regprocedure::text, 'EXECUTE'
	FROM pg_proc p
	JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	WHERE p.pronamespace = 'sla'::regnamespace
		AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
		AND has_function_privilege(r.role, p.oid, 'EXECUTE')
	UNION ALL
	SELECT r.n, n.nspname, p.privilege
	FROM pg_namespace n
	CROSS JOIN unnest('{USAGE,CREATE}'::text[]) AS p (privilege)
	WHERE n.nspname = 'sla' AND has_schema_privilege(r.role, n.oid, p.privilege)
) AS o;
\pset format unaligned
\pset tuples_only on
\pset fieldsep ' '
\echo everybody
SELECT string_agg(privilege, ',' ORDER BY privilege), what FROM may WHERE role = 'regress_sla_public' GROUP BY what ORDER BY what COLLATE "C";
\echo a reader besides
SELECT string_agg(privilege, ',' ORDER BY privilege), what FROM may m
WHERE role = 'regress_sla_reader' AND NOT EXISTS (SELECT FROM may p WHERE p.what = m.what AND p.privilege = m.privilege AND p.n = m.n - 1)
GROUP BY what ORDER BY what COLLATE "C";
\echo an operator besides
SELECT string_agg(privilege, ',' ORDER BY privilege), what FROM may m
WHERE role = 'regress_sla_operator' AND NOT EXISTS (SELECT FROM may p WHERE p.what = m.what AND p.privilege = m.privilege AND p.n = m.n - 1)
GROUP BY what ORDER BY what COLLATE "C";
\echo what a level has and the one above lacks
SELECT role, privilege, what FROM may m
WHERE n < 3 AND NOT EXISTS (SELECT FROM may p WHERE p.what = m.what AND p.privilege = m.privilege AND p.n = m.n + 1);
\echo private and yet of a level; a table or view without a comment
SELECT what FROM may m
WHERE n > 1
	AND CASE WHEN what LIKE '%(%' THEN obj_description(what::regprocedure, 'pg_proc')
		WHEN what <> 'sla' THEN obj_description(what::regclass, 'pg_class') END LIKE 'private: %'
	AND NOT EXISTS (SELECT FROM may p WHERE p.what = m.what AND p.privilege = m.privilege AND p.n = 1);
SELECT oid::regclass FROM pg_class WHERE relnamespace = 'sla'::regnamespace AND relkind IN ('r', 'v') AND obj_description(oid, 'pg_class') IS NULL;
\echo what a reader may write
SELECT privilege, what FROM may m WHERE role = 'regress_sla_reader' AND privilege NOT IN ('SELECT', 'EXECUTE', 'USAGE')
	AND NOT EXISTS (SELECT FROM may p WHERE p.what = m.what AND p.privilege = m.privilege AND p.n = 1);
\pset format aligned
\pset tuples_only off

-- they can: each view and each question
CREATE TABLE public.work (id int PRIMARY KEY, status text DEFAULT 'new', created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z');
ALTER TABLE public.work OWNER TO regress_sla_owner;
INSERT INTO sla.calendar (name, hours) VALUES ('all', '24/7');
SELECT sla.track('public.work', at => 'changed_at');
INSERT INTO sla.metric (relation, name, start_at, stop_when) VALUES ('public.work', 'done', 'created_at', 'status = ''done''');
INSERT INTO sla.policy (relation, name) VALUES ('public.work', 'any');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('public.work', 'any', 'done', '1 bh @all');
INSERT INTO public.work (id) VALUES (1), (2);
UPDATE public.work SET status = 'done', changed_at = '2020-11-20 12:00Z' WHERE id = 1;
SELECT clock_id AS ended FROM sla.clock WHERE relation = 'public.work'::regclass AND item = '1' \gset
CREATE FUNCTION pg_temp.views() RETURNS TABLE (view text, state text) LANGUAGE plpgsql AS $$
BEGIN
	FOR view IN
		SELECT c.oid::regclass FROM pg_class c
		WHERE c.relnamespace = 'sla'::regnamespace AND c.relkind = 'v' AND obj_description(c.oid, 'pg_class') !~ '^(private|administrator): '
		ORDER BY c.relname COLLATE "C"
	LOOP
		BEGIN
			EXECUTE 'SELECT FROM ' || view;
			CONTINUE;
		EXCEPTION WHEN OTHERS THEN
			state := SQLSTATE || ' ' || SQLERRM;
			RETURN NEXT;
		END;
	END LOOP;
END
$$;
SET ROLE regress_sla_reader;
SELECT * FROM pg_temp.views();
SELECT count(*) FROM sla.report_clock WHERE relation = 'work';
SELECT count(*) > 0 AS explained FROM sla.explain('public.work', '1', 'done');
SELECT clocks FROM sla.what_if('public.work', 'done', '4 bh @all', '(,)');
SELECT count(*) FROM sla.clock_at('public.work', '2020-11-20 10:00Z');
SELECT sla.suggest_goal('public.work', 'done', 95, 'all');
SELECT * FROM sla.status();
SELECT sla.correct(:ended, NULL, '2020-11-20 09:30Z', 'no');
SELECT sla.correct(-1, NULL, '2020-11-20 09:30Z', 'no');
SELECT * FROM sla.clock_change;
SELECT sla.refresh();
SET ROLE regress_sla_operator;
SELECT * FROM pg_temp.views();
SELECT count(*) > 0 AS status FROM sla.status();
SELECT sla.refresh();
SELECT sla.correct(:ended, NULL, '2020-11-20 09:30Z', 'the button was forgotten');
SELECT verdict FROM sla.clock WHERE clock_id = :ended;
SELECT kind, reason FROM sla.clock_change WHERE clock = :ended;
SELECT sla.correct(-1, NULL, '2020-11-20 09:30Z', 'there is none');
SELECT sla.recompute('public.work', '(,)');
SELECT sla.sync('public.work');
SELECT sla.untrack('public.work');
DELETE FROM sla.clock_change;
INSERT INTO sla.exception (kind, relation, waive, approved_by, approved_at) VALUES ('x', 'public.work', true, 'me', '2020-11-20');
SELECT sla.grant_to('regress_sla_operator', 'operator');
SELECT sla.detach();
SELECT sla.retain('2020-11-20', 1);
SET ROLE regress_sla_public;
SELECT count(*) FROM sla.report_open;
SELECT sla.explain('public.work', '1', 'done');
SELECT sla.is_operator();
SET ROLE regress_sla_owner;
SELECT * FROM sla.verify('public.work');
SELECT sla.correct(:ended, NULL, '2020-11-20 09:40Z', 'the owner');
SELECT count(*) FROM sla.report_open;
RESET ROLE;

-- levels are taken away from above; odd names; what is no level
SELECT sla.revoke_from('regress_sla_operator', 'operator');
CREATE TEMP VIEW granted AS
SELECT r.role, count(*) FILTER (WHERE level = 'reader') > 10 AS reader, count(*) FILTER (WHERE level = 'operator') > 2 AS operator
FROM (VALUES ('regress_sla_reader'), ('regress_sla_operator'), ('regress_sla Odd "role"')) AS r (role)
LEFT JOIN sla.level_right l ON CASE WHEN l.grant_text LIKE 'SELECT%' THEN has_table_privilege(r.role, l.what, 'SELECT') ELSE has_function_privilege(r.role, l.what, 'EXECUTE') END
GROUP BY r.role ORDER BY r.role COLLATE "C";
SELECT * FROM granted;
SELECT sla.grant_to('"regress_sla Odd ""role"""', 'operator');
SELECT sla.revoke_from('regress_sla_operator', 'reader');
SELECT * FROM granted;
SELECT sla.revoke_from('"regress_sla Odd ""role"""', 'reader');
SELECT sla.revoke_from('regress_sla_reader', 'reader');
SELECT * FROM granted;
SELECT sla.grant_to('regress_sla_reader', 'owner');
SELECT sla.revoke_from('regress_sla_reader', '');
SELECT sla.grant_to('regress_sla_nobody_at_all', 'reader');

SELECT sla.untrack('public.work', false);
DROP TABLE public.work;
DELETE FROM sla.calendar WHERE name = 'all';
DROP ROLE regress_sla_public;
DROP ROLE regress_sla_reader;
DROP ROLE regress_sla_operator;
DROP ROLE "regress_sla Odd ""role""";
DROP ROLE regress_sla_owner;
