--
-- Row-level security of a tracked table, honoured by what shows its clocks
--
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE ROLE regress_sla_owner;
CREATE ROLE regress_sla_red;
CREATE ROLE regress_sla_blue;
CREATE ROLE regress_sla_stranger;
CREATE ROLE regress_sla_bypass BYPASSRLS;
CREATE ROLE regress_sla_blind BYPASSRLS;
CREATE SCHEMA desk AUTHORIZATION regress_sla_owner;
SELECT sla.grant_to(r::regrole, 'operator') FROM unnest('{regress_sla_red,regress_sla_blue,regress_sla_stranger,regress_sla_bypass,regress_sla_blind,regress_sla_owner}'::text[]) AS r;

SET SESSION AUTHORIZATION regress_sla_owner;
-- a table with policies; one with a composite key and partitions; one of which
-- the item is an expression; one whose row-level security nobody asks for
CREATE TABLE desk.ticket (id int PRIMARY KEY, team text, status text NOT NULL DEFAULT 'open', created_at timestamptz NOT NULL);
CREATE TABLE desk.part (site text, id int, team text, status text NOT NULL DEFAULT 'open', created_at timestamptz NOT NULL, PRIMARY KEY (site, id)) PARTITION BY LIST (site);
CREATE TABLE desk.part_north PARTITION OF desk.part FOR VALUES IN ('north');
CREATE TABLE desk.part_south (dropped int, created_at timestamptz NOT NULL, team text, id int NOT NULL, site text NOT NULL, status text NOT NULL DEFAULT 'open');
ALTER TABLE desk.part_south DROP COLUMN dropped;
ALTER TABLE desk.part ATTACH PARTITION desk.part_south FOR VALUES IN ('south');
CREATE TABLE desk.code (name text UNIQUE NOT NULL, team text, status text NOT NULL DEFAULT 'open', created_at timestamptz NOT NULL);
CREATE TABLE desk.plain (id int PRIMARY KEY, team text, status text NOT NULL DEFAULT 'open', created_at timestamptz NOT NULL);
GRANT USAGE ON SCHEMA desk TO regress_sla_red, regress_sla_blue, regress_sla_bypass;
GRANT SELECT ON desk.ticket, desk.part, desk.code TO regress_sla_red, regress_sla_blue, regress_sla_bypass;
ALTER TABLE desk.ticket ENABLE ROW LEVEL SECURITY;
ALTER TABLE desk.part ENABLE ROW LEVEL SECURITY;
ALTER TABLE desk.code ENABLE ROW LEVEL SECURITY;
CREATE POLICY team ON desk.ticket USING (team = current_user);
CREATE POLICY team ON desk.part USING (team = current_user);
CREATE POLICY team ON desk.code USING (team = current_user);
SELECT sla.track('desk.ticket', labels => 'jsonb_build_object(''team'', team)', owner => 'team', party => '''acme''');
SELECT sla.track('desk.part');
SELECT sla.track('desk.code', item => 'upper(name)');
SELECT sla.track('desk.plain');
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at, pause_when)
SELECT r::regclass, 'repair', 'created_at', 'status = ''done''', 'created_at + interval ''1 hour''', 'status = ''waiting'''
FROM unnest('{desk.ticket,desk.part,desk.code,desk.plain}'::text[]) AS r;
INSERT INTO sla.policy (relation, name) SELECT r::regclass, 'all' FROM unnest('{desk.ticket,desk.part,desk.code,desk.plain}'::text[]) AS r;
INSERT INTO sla.target (relation, policy, metric, goal)
SELECT r::regclass, 'all', 'repair', '30 business minutes @24/7' FROM unnest('{desk.ticket,desk.part,desk.code,desk.plain}'::text[]) AS r;
RESET SESSION AUTHORIZATION;
INSERT INTO sla.agreement (party, name) VALUES ('acme', 'contract');
SET SESSION AUTHORIZATION regress_sla_owner;
-- 1, 2 red and 3, 4, 5 blue: open, done, waiting
INSERT INTO desk.ticket (id, team, created_at) SELECT i, CASE WHEN i < 3 THEN 'regress_sla_red' ELSE 'regress_sla_blue' END, now() - interval '2 hours' - i * interval '1 second' FROM generate_series(1, 5) AS i;
UPDATE desk.ticket SET status = 'done' WHERE id IN (2, 4);
UPDATE desk.ticket SET status = 'waiting' WHERE id = 5;
INSERT INTO desk.part (site, id, team, created_at) VALUES ('north', 1, 'regress_sla_red', now()), ('north', 2, 'regress_sla_blue', now()), ('south', 1, 'regress_sla_red', now()), ('south', 2, 'regress_sla_blue', now());
INSERT INTO desk.code VALUES ('a', 'regress_sla_red', 'open', now()), ('b', 'regress_sla_blue', 'open', now());
INSERT INTO desk.plain VALUES (1, 'regress_sla_red', 'open', now()), (2, 'regress_sla_blue', 'open', now());
RESET SESSION AUTHORIZATION;

-- whose clocks a role sees
CREATE FUNCTION seen_by(role text) RETURNS TABLE (role_name text, clocks text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', role);
	RETURN QUERY SELECT role, (SELECT string_agg(s.what, ' ' ORDER BY s.what COLLATE "C")
		FROM (SELECT substr(c.relation::text, 6) || ':' || string_agg(c.item, ',' ORDER BY c.item COLLATE "C") AS what FROM sla.clock AS c GROUP BY c.relation) AS s);
	RESET ROLE;
END
$$;
-- what the plan of a query contains
CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query;
END
$$;

-- nobody asks for it: nothing of it is in any plan
SELECT * FROM seen_by('regress_sla_red');
SELECT count(*) FROM plan_of('SELECT * FROM sla.report_clock') AS p (line) WHERE p.line ~ 'may_see|seen';
SELECT count(*) FROM plan_of('SELECT * FROM sla.report_attainment') AS p (line) WHERE p.line ~ 'may_see|seen';
-- a plan that is kept, made now
SET ROLE regress_sla_red;
SET plan_cache_mode = force_generic_plan;
PREPARE kept AS SELECT c.relation, string_agg(c.item, ',' ORDER BY c.item COLLATE "C") AS items FROM sla.clock AS c WHERE c.relation = 'desk.ticket'::regclass GROUP BY 1;
EXECUTE kept;
RESET ROLE;

-- only the administrator asks for it
SET ROLE regress_sla_owner;
INSERT INTO sla.row_security VALUES ('desk.ticket');
RESET ROLE;
INSERT INTO sla.row_security VALUES ('desk.ticket'), ('desk.part'), ('desk.code');
SET ROLE regress_sla_red;
EXECUTE kept;
SET ROLE regress_sla_blue;
EXECUTE kept;
RESET ROLE;
EXECUTE kept;
RESET plan_cache_mode;
SELECT s.* FROM unnest('{regress_sla_red,regress_sla_blue,regress_sla_stranger,regress_sla_bypass,regress_sla_blind,regress_sla_owner}'::text[]) AS r CROSS JOIN LATERAL seen_by(r) AS s;

-- the same in what shows items; the plain table is shown to all
CREATE FUNCTION shown(role text) RETURNS TABLE (what text, items text) LANGUAGE plpgsql AS $$
DECLARE
	item text;
BEGIN
	FOR what, item IN
		SELECT c.oid::regclass::text, a.attname FROM pg_class AS c
		JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'item'
		WHERE c.relnamespace = 'sla'::regnamespace AND c.relkind = 'v' AND has_table_privilege(role, c.oid, 'SELECT')
		ORDER BY c.relname COLLATE "C"
	LOOP
		EXECUTE format('SET LOCAL ROLE %I', role);
		EXECUTE format('SELECT string_agg(DISTINCT item, '','' ORDER BY item) FROM %s WHERE relation::text = ''desk.ticket''', what) INTO items;
		RESET ROLE;
		RETURN NEXT;
	END LOOP;
END
$$;
SET ROLE regress_sla_owner;
INSERT INTO sla.exception (relation, item, extend_by, reason, approved_by, approved_at)
VALUES ('desk.ticket', '1', '1 business minute', 'red', 'me', now()), ('desk.ticket', '4', '1 business minute', 'blue', 'me', now());
RESET ROLE;
SELECT step, done > 0 AS some FROM sla.tick(max_items => 1000000) WHERE step = 'clocks';
SELECT * FROM shown('regress_sla_red');
SELECT count(*) > 0 AND bool_and(m.items IS NULL) AS nothing FROM shown('regress_sla_stranger') AS m;

-- and in what counts
SET ROLE regress_sla_red;
SELECT relation, sum(clocks) AS clocks FROM sla.report_attainment GROUP BY 1 ORDER BY 1;
SELECT relation, sum(clocks) AS clocks FROM sla.report_attainment_history GROUP BY 1 ORDER BY 1;
SELECT DISTINCT value FROM sla.report_attainment_by_label;
SELECT DISTINCT owner FROM sla.report_owner WHERE relation = 'desk.ticket';
SELECT value, sum(breaches) AS breaches FROM sla.report_breach_pareto WHERE dimension = 'owner' GROUP BY 1;
SELECT sum(last_month_clocks) IS NULL OR sum(last_month_clocks) <= 2 AS few FROM sla.report_agreement;
RESET ROLE;

-- objectives are figures of all, for all who may read them
SET ROLE regress_sla_owner;
INSERT INTO sla.objective (name, kind, relation, metric, target_percent, window_length) VALUES ('repairs', 'clock', 'desk.ticket', 'repair', 90, '28 days');
SET ROLE regress_sla_red;
SELECT total, bad FROM sla.report_slo_status WHERE objective = 'repairs';
RESET ROLE;

-- and in questions: who asks is meant, not who answers
SET ROLE regress_sla_red;
SELECT count(*) > 0 AS explained FROM sla.explain('desk.ticket', '1', 'repair');
SELECT * FROM sla.explain('desk.ticket', '3', 'repair');
SELECT item FROM sla.clock_at('desk.ticket', now()) ORDER BY item;
SELECT DISTINCT item FROM sla.clock_at('desk.part', now()) ORDER BY item;
SELECT clocks, met_before, met_after FROM sla.what_if('desk.ticket', 'repair', '3 business hours @24/7', NULL);
SELECT item FROM sla.forecast('desk.ticket') ORDER BY item;
SELECT item FROM sla.forecast('desk.ticket', now() - interval '1 minute') ORDER BY item;
SELECT value, breaches FROM sla.breach_pareto('owner', NULL, 'desk.ticket');
SELECT sla.suggest_goal('desk.ticket', 'repair', 100, '24/7') IS NOT NULL AS some;
SELECT sum(clocks) FROM sla.forecast_backtest('desk.ticket', ARRAY[now() - interval '1 minute']);
SELECT count(*) FROM sla.monthly_summary('acme', 'contract', now()::date);
SELECT sla.report_html('acme', 'contract', now()::date);
RESET ROLE;
SELECT 'desk.ticket'::regclass::oid AS ticket \gset
SET ROLE regress_sla_stranger;
SELECT count(*) FROM sla.clock_at(:ticket, now());
SELECT sla.suggest_goal(:ticket, 'repair', 100, '24/7') IS NULL AS nothing;
SELECT clocks FROM sla.what_if(:ticket, 'repair', '3 business hours @24/7', NULL);
RESET ROLE;
SELECT count(*) > 0 AS shown FROM sla.monthly_summary('acme', 'contract', now()::date);
SELECT item FROM sla.clock_at('desk.ticket', now()) ORDER BY item;
-- (after an error in an answer, too, it is known who asks)
SET ROLE regress_sla_red;
DO $$ BEGIN PERFORM sla.explain('desk.ticket', '3', 'repair'); EXCEPTION WHEN OTHERS THEN NULL; END $$;
SELECT item FROM sla.clock_at('desk.ticket', now()) ORDER BY item;
RESET ROLE;
SELECT count(*) FROM sla.clock_at('desk.ticket', now());

-- and in the tables that operators read
SELECT sla.correct(clock_id, started_at - interval '1 minute', NULL, 'moved') FROM sla.clock WHERE relation = 'desk.ticket'::regclass AND item IN ('1', '3') ORDER BY item;
INSERT INTO sla.annotation (subject, key, text) SELECT 'clock', clock_id::text, 'about ' || item FROM sla.clock WHERE relation = 'desk.ticket'::regclass AND item IN ('1', '3');
INSERT INTO sla.breach_review (clock_id, cause) SELECT clock_id, 'c' || item FROM sla.report_breach WHERE relation = 'desk.ticket' AND item IN ('1', '3');
SET ROLE regress_sla_red;
SELECT c.item, h.reason FROM sla.clock_change AS h JOIN sla.clock AS c ON c.clock_id = h.clock WHERE h.kind = 'correct';
SELECT count(*) FROM sla.clock_change WHERE kind = 'correct';
SELECT DISTINCT item FROM sla.alert WHERE relation = 'desk.ticket'::regclass ORDER BY 1;
-- (and of what he does not see he marks nothing, even if he names nothing)
RESET ROLE;
GRANT UPDATE (delivered_at) ON sla.alert TO regress_sla_red;
BEGIN;
SET ROLE regress_sla_red;
UPDATE sla.alert SET delivered_at = '2020-01-01';
RESET ROLE;
SELECT DISTINCT item FROM sla.alert WHERE relation = 'desk.ticket'::regclass AND delivered_at = '2020-01-01' ORDER BY 1;
ROLLBACK;
REVOKE UPDATE (delivered_at) ON sla.alert FROM regress_sla_red;
SET ROLE regress_sla_red;
SELECT text FROM sla.annotation;
SELECT text FROM sla.report_annotation;
SELECT cause FROM sla.breach_review;
SELECT item, cause FROM sla.report_breach_review WHERE has_review;
RESET ROLE;

-- clocks of rows that are gone: for whom no policy binds
DELETE FROM desk.ticket WHERE id IN (2, 4);
SELECT s.* FROM unnest('{regress_sla_red,regress_sla_blue,regress_sla_bypass,regress_sla_owner}'::text[]) AS r CROSS JOIN LATERAL seen_by(r) AS s;
-- (gone also where another row has an equal key, written differently)
BEGIN;
CREATE TABLE desk.size (id numeric PRIMARY KEY, team text);
GRANT SELECT ON desk.size TO regress_sla_red;
ALTER TABLE desk.size ENABLE ROW LEVEL SECURITY;
CREATE POLICY team ON desk.size USING (team = current_user);
SELECT sla.track('desk.size');
INSERT INTO sla.metric (relation, name) VALUES ('desk.size', 'repair');
INSERT INTO sla.policy (relation, name) VALUES ('desk.size', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('desk.size', 'all', 'repair', '30 business minutes @24/7');
INSERT INTO sla.row_security VALUES ('desk.size');
INSERT INTO desk.size SELECT i + 0.0, 'regress_sla_red' FROM generate_series(1, 20) AS i;
UPDATE desk.size SET id = id + 0.00;
SET LOCAL ROLE regress_sla_red;
SELECT count(*), count(*) FILTER (WHERE item ~ '\.0$') AS gone FROM sla.clock WHERE relation = 'desk.size'::regclass;
ROLLBACK;
-- the owner is bound where he forces himself to be
ALTER TABLE desk.ticket FORCE ROW LEVEL SECURITY;
SELECT * FROM seen_by('regress_sla_owner');
ALTER TABLE desk.ticket NO FORCE ROW LEVEL SECURITY;
-- without row-level security the privilege decides, for deleted rows as well
ALTER TABLE desk.ticket DISABLE ROW LEVEL SECURITY;
SELECT s.* FROM unnest('{regress_sla_red,regress_sla_stranger}'::text[]) AS r CROSS JOIN LATERAL seen_by(r) AS s;
ALTER TABLE desk.ticket ENABLE ROW LEVEL SECURITY;
-- the privilege of a column is none of the row
REVOKE SELECT ON desk.ticket FROM regress_sla_red;
GRANT SELECT (id, team) ON desk.ticket TO regress_sla_red;
SELECT * FROM seen_by('regress_sla_red');
GRANT SELECT ON desk.ticket TO regress_sla_red;
REVOKE USAGE ON SCHEMA desk FROM regress_sla_red;
SELECT * FROM seen_by('regress_sla_red');
GRANT USAGE ON SCHEMA desk TO regress_sla_red;
-- who wants to know when rows are left out is told
SET ROLE regress_sla_red;
SET row_security = off;
SELECT count(*) FROM sla.clock WHERE relation = 'desk.ticket'::regclass;
RESET row_security;
RESET ROLE;

-- a policy that goes by a setting of the session
BEGIN;
ALTER POLICY team ON desk.ticket USING (team = current_setting('desk.team'));
SET LOCAL ROLE regress_sla_red;
SET LOCAL desk.team = 'regress_sla_blue';
SELECT item FROM sla.report_clock WHERE relation = 'desk.ticket' ORDER BY item;
RESET ROLE;
ROLLBACK;

-- policies are evaluated under the settings of who asks, by one who answers, too
BEGIN;
CREATE SCHEMA desk_staff;
CREATE TABLE desk_staff.member (role name, team text);
INSERT INTO desk_staff.member VALUES ('regress_sla_red', 'regress_sla_blue');
GRANT USAGE ON SCHEMA desk_staff TO regress_sla_red;
GRANT SELECT ON desk_staff.member TO regress_sla_red;
CREATE FUNCTION desk_staff.teams() RETURNS SETOF text LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY SELECT team FROM member WHERE role = current_user AND current_setting('timezone') = 'Asia/Tokyo';
END
$$;
ALTER POLICY team ON desk.ticket USING (team IN (SELECT desk_staff.teams()));
SET LOCAL ROLE regress_sla_red;
SET LOCAL search_path = desk_staff;
SET LOCAL timezone = 'Asia/Tokyo';
SELECT id FROM desk.ticket ORDER BY id;
SELECT item FROM sla.clock WHERE relation = 'desk.ticket'::regclass ORDER BY item;
SELECT item FROM sla.clock_at('desk.ticket', now()) ORDER BY item;
SELECT item FROM sla.forecast('desk.ticket') ORDER BY item;
SELECT count(*) > 0 AS explained FROM sla.explain('desk.ticket', '5', 'repair');
SELECT current_setting('search_path'), current_setting('timezone');
ROLLBACK;

-- many clocks: the table is read once, with the same result
INSERT INTO desk.ticket (id, team, created_at) SELECT i, CASE i % 3 WHEN 0 THEN 'regress_sla_red' ELSE 'regress_sla_blue' END, now() FROM generate_series(1001, 1300) AS i;
INSERT INTO desk.code SELECT 'n' || i, CASE i % 3 WHEN 0 THEN 'regress_sla_red' ELSE 'regress_sla_blue' END, 'open', now() FROM generate_series(1001, 1300) AS i;
INSERT INTO desk.part SELECT CASE WHEN i % 2 = 0 THEN 'north' ELSE 'south' END, i, CASE i % 3 WHEN 0 THEN 'regress_sla_red' ELSE 'regress_sla_blue' END, 'open', now() FROM generate_series(1001, 1300) AS i;
SET ROLE regress_sla_red;
SELECT relation, count(*), count(*) FILTER (WHERE item ~ '\d\d\d\d' AND substring(item FROM '\d\d\d\d')::int % 3 <> 0) AS wrong FROM sla.report_open GROUP BY 1 ORDER BY 1;
-- too many for the memory that a hash may take: one by one
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT relation, count(*) FROM sla.report_open GROUP BY 1 ORDER BY 1;
RESET work_mem;
RESET hash_mem_multiplier;
RESET ROLE;
ANALYZE desk.ticket;
SET ROLE regress_sla_red;
SELECT relation, count(*) FROM sla.report_open GROUP BY 1 ORDER BY 1;
-- the first of many are read in order, by the index (once nothing is stale that
-- other tests changed)
RESET ROLE;
DO $$
BEGIN
	FOR i IN 1 .. 1000 LOOP
		PERFORM sla.refresh();
		COMMIT;
		EXIT WHEN NOT EXISTS (SELECT FROM sla.promise WHERE settled < revision) AND NOT EXISTS (SELECT FROM sla.moved_party);
		PERFORM pg_sleep(0.01);
	END LOOP;
END
$$;
ANALYZE sla.clock_state;
SET ROLE regress_sla_red;
SET enable_sort = off;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT count(*) > 0 AS by_index FROM plan_of('SELECT * FROM sla.report_open ORDER BY due_at LIMIT 10') AS p (line) WHERE p.line ~ 'Index Scan using clock_state_due_idx on sla.clock_state';
SELECT count(*) > 0 AS guarded FROM plan_of('SELECT * FROM sla.report_open ORDER BY due_at LIMIT 10') AS p (line) WHERE p.line ~ 'Filter: .*sla\.may_see';
RESET enable_sort;
RESET enable_seqscan;
RESET enable_bitmapscan;
SELECT item FROM sla.report_open WHERE relation = 'desk.ticket' AND due_at < now() - interval '1 hour' ORDER BY due_at LIMIT 10;
RESET ROLE;

-- open clocks that are stale while their promise has moved are no way around
BEGIN;
SET LOCAL ROLE regress_sla_owner;
UPDATE sla.target SET goal = '40 business minutes @24/7' WHERE relation = 'desk.ticket'::regclass;
INSERT INTO sla.exception (relation, extend_by, reason, approved_by, approved_at) VALUES ('desk.ticket', '5 business minutes', 'all', 'me', now());
RESET ROLE;
UPDATE sla.agreement SET plan = 'gold';
SET LOCAL ROLE regress_sla_red;
SELECT is_stale, string_agg(item, ',' ORDER BY item) AS items FROM sla.clock WHERE relation = 'desk.ticket'::regclass AND item::int < 10 GROUP BY 1;
RESET ROLE;
ROLLBACK;

-- untracked, with its history kept: nobody can tell whose rows these were
BEGIN;
SET LOCAL ROLE regress_sla_owner;
SELECT sla.untrack('desk.code', true);
SELECT count(*) > 0 AS some FROM sla.clock WHERE relation = 'desk.code'::regclass;
SET LOCAL ROLE regress_sla_red;
SELECT count(*) FROM sla.clock WHERE relation = 'desk.code'::regclass;
RESET ROLE;
ROLLBACK;

-- taken back, by any way
DELETE FROM sla.row_security WHERE relation = 'desk.part'::regclass;
SET ROLE regress_sla_red;
SELECT count(*) FROM sla.clock WHERE relation = 'desk.part'::regclass;
EXECUTE kept;
RESET ROLE;
BEGIN;
TRUNCATE sla.row_security;
SET LOCAL ROLE regress_sla_red;
SELECT count(*) FROM sla.clock WHERE relation = 'desk.ticket'::regclass AND item::int < 10;
RESET ROLE;
ROLLBACK;
SET session_replication_role = replica;
UPDATE sla.row_security SET relation = 'desk.part' WHERE relation = 'desk.code'::regclass;
RESET session_replication_role;
SET ROLE regress_sla_red;
SELECT count(*) > 300 AS all_codes FROM sla.clock WHERE relation = 'desk.code'::regclass;
SELECT count(*) < 200 AS fewer_parts FROM sla.clock WHERE relation = 'desk.part'::regclass;
RESET ROLE;
-- nobody reads months that are kept, and marks in them are of no use
INSERT INTO sla.rollup_delta (objective, total, good, generation, bucket, grp) VALUES (0, 1, 0, 0, '2020-01-01', '');
SELECT sla.fold() >= 0 AS folded;
SELECT count(*) FROM sla.rollup_delta WHERE objective = 0;
SELECT count(*) FROM sla.month_kept;
-- a table that is dropped is forgotten
CREATE TABLE desk.gone (id int PRIMARY KEY);
INSERT INTO sla.row_security VALUES ('desk.gone');
DROP TABLE desk.gone;
SELECT relation FROM sla.row_security ORDER BY relation::text;

-- leave nothing
DROP FUNCTION seen_by(text), plan_of(text), shown(text);
DEALLOCATE kept;
DELETE FROM sla.annotation;
DELETE FROM sla.breach_review;
DROP SCHEMA desk CASCADE;
DELETE FROM sla.agreement;
SELECT sla.revoke_from(r::regrole, 'reader') FROM unnest('{regress_sla_red,regress_sla_blue,regress_sla_stranger,regress_sla_bypass,regress_sla_blind,regress_sla_owner}'::text[]) AS r;
DROP ROLE regress_sla_owner, regress_sla_red, regress_sla_blue, regress_sla_stranger, regress_sla_bypass, regress_sla_blind;
SELECT count(*) FROM sla.row_security;
