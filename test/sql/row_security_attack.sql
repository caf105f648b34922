--
-- Ways around row-level security of tracked tables, and ways that it opens
--
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET client_min_messages = warning;
\set SHOW_CONTEXT never
-- (clocks of parties whose agreements other tests have changed would be asked about as well)
DELETE FROM sla.moved_party;
CREATE ROLE regress_sla_owner;
CREATE ROLE regress_sla_reader;
CREATE ROLE regress_sla_friend;
CREATE SCHEMA desk AUTHORIZATION regress_sla_owner;
CREATE SCHEMA lab AUTHORIZATION regress_sla_reader;
GRANT USAGE ON SCHEMA desk, lab TO PUBLIC;
SELECT sla.grant_to('regress_sla_reader', 'reader'), sla.grant_to('regress_sla_friend', 'reader');
SET SESSION AUTHORIZATION regress_sla_owner;
CREATE TABLE desk.ticket (id int PRIMARY KEY, team text, party text, created_at timestamptz NOT NULL DEFAULT now() - interval '1 hour');
ALTER TABLE desk.ticket ENABLE ROW LEVEL SECURITY;
CREATE POLICY team ON desk.ticket USING (team = current_user);
GRANT SELECT ON desk.ticket TO regress_sla_reader, regress_sla_friend;
SELECT sla.track('desk.ticket', party => 'party', owner => 'party', labels => 'jsonb_build_object(''party'', party)');
INSERT INTO sla.metric (relation, name, start_at) VALUES ('desk.ticket', 'repair', 'created_at');
INSERT INTO sla.policy (relation, name) VALUES ('desk.ticket', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('desk.ticket', 'all', 'repair', '30 business minutes @24/7');
INSERT INTO desk.ticket (id, team, party) SELECT i, 'regress_sla_reader', 'mine' FROM generate_series(1, 3) AS i;
INSERT INTO desk.ticket (id, team, party) SELECT i, 'regress_sla_friend', 'secret' FROM generate_series(11, 60) AS i;
RESET SESSION AUTHORIZATION;
ANALYZE sla.clock_state;

-- functions that tell what they are given, and cost nothing
SET SESSION AUTHORIZATION regress_sla_reader;
CREATE TABLE lab.told (what text);
CREATE FUNCTION lab.planned(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN ' || query; END $$;
CREATE FUNCTION lab.tell(what text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$
BEGIN
	IF what !~ '^([123]+|mine|)$' THEN
		RAISE WARNING 'told of %', what;
		PERFORM set_config('lab.told', what, false);
	END IF;
	RETURN true;
END
$$;
CREATE FUNCTION lab.tell2(a text, b text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN RETURN lab.tell(a); END $$;
CREATE OPERATOR lab.=== (FUNCTION = lab.tell2, LEFTARG = text, RIGHTARG = text, RESTRICT = eqsel, JOIN = eqjoinsel);
SET cpu_operator_cost = 0;
-- they do where it is not asked for, when run and when planned
SET client_min_messages = error;
SET lab.told = '';
SELECT count(*) >= 53 AS counted FROM sla.clock WHERE lab.tell(item);
SELECT current_setting('lab.told') <> '' AS told;
SET lab.told = '';
SELECT count(*) > 0 AS planned FROM lab.planned('SELECT FROM sla.clock WHERE party OPERATOR(lab.===) ''x''');
SELECT current_setting('lab.told') AS told;
SET lab.told = '';
SET client_min_messages = warning;
RESET SESSION AUTHORIZATION;
INSERT INTO sla.row_security VALUES ('desk.ticket');
SET SESSION AUTHORIZATION regress_sla_reader;
SELECT count(*) FROM sla.clock WHERE lab.tell(item);
SELECT count(*) FROM sla.report_open WHERE lab.tell(party);
SELECT count(*) FROM sla.report_clock WHERE lab.tell(item) AND started_at < now();
SELECT count(*) FROM sla.report_breach WHERE lab.tell(owner);
SELECT count(*) FROM sla.report_forecast WHERE lab.tell(item);
SELECT count(*) FROM sla.report_alert WHERE lab.tell(item);
SELECT count(*) FROM sla.report_pause WHERE lab.tell(item);
SELECT count(*) FROM sla.report_exception WHERE lab.tell(item);
SELECT count(*) FROM sla.report_annotation WHERE lab.tell(text);
SELECT count(*) FROM sla.report_attainment_by_label WHERE lab.tell(value);
-- above joins, in outer joins, lateral, in sublinks
SELECT count(*) FROM desk.ticket AS t LEFT JOIN sla.clock AS c ON c.item = t.id::text AND lab.tell(c.item) WHERE t.id = 1;
SELECT count(*) FROM generate_series(10, 12) AS i LEFT JOIN sla.clock AS c ON c.item = i::text AND lab.tell(c.item);
SELECT count(*) FROM generate_series(10, 12) AS i CROSS JOIN LATERAL (SELECT FROM sla.clock AS c WHERE c.item = i::text AND lab.tell(c.item)) AS x;
SELECT count(*) FROM generate_series(10, 12) AS i WHERE EXISTS (SELECT FROM sla.clock AS c WHERE c.item = i::text AND lab.tell(c.item));
SELECT count(*) FROM generate_series(10, 12) AS i WHERE i::text IN (SELECT c.item FROM sla.clock AS c WHERE lab.tell(c.item));
SELECT count(*) FROM sla.clock AS a JOIN sla.clock AS b USING (clock_id) WHERE lab.tell(a.item || b.item);
-- an error tells, too
SELECT count(*) FROM sla.clock WHERE 1 / (item::int - 11) > 5;
SELECT count(*) FROM sla.report_open WHERE 1 / (CASE party WHEN 'secret' THEN 0 ELSE 1 END) = 1;
-- an operator of one's own: the planner would ask it about the most common values
SELECT count(*) FROM sla.clock WHERE party OPERATOR(lab.===) 'x';
SELECT count(*) > 0 AS planned FROM lab.planned('SELECT FROM sla.clock WHERE party OPERATOR(lab.===) ''x''');
SELECT count(*) > 0 AS planned FROM lab.planned('SELECT FROM sla.report_open WHERE owner OPERATOR(lab.===) ''x''');
SELECT count(*) > 0 AS planned FROM lab.planned('SELECT FROM sla.report_open AS a JOIN sla.report_open AS b ON a.owner OPERATOR(lab.===) b.owner');
RESET cpu_operator_cost;
SELECT current_setting('lab.told') <> '' AS told;
-- what is private cannot be read past the views
SELECT count(*) FROM sla.clock_state;
SELECT count(*) FROM sla.clock_seen;
SELECT count(*) FROM sla.clock_fresh;
SELECT count(*) FROM sla.clock_at_answer('desk.ticket', now(), now(), NULL);
SELECT count(*) FROM sla.explain_answer('desk.ticket', '11', 'repair', NULL, NULL);
INSERT INTO sla.row_security VALUES ('desk.ticket');
DELETE FROM sla.row_security;
TRUNCATE sla.row_security;
-- conditions of one's own change nothing
SELECT count(*) FROM sla.clock AS c WHERE sla.seen(NULL, NULL) OR sla.seen('pg_class', c.item) OR sla.may_see(NULL, c.item);
SELECT sla.may_see('desk.ticket', '1'), sla.may_see('desk.ticket', '11'), sla.may_see('desk.ticket', 'no number'), sla.may_see('desk.ticket', ''), sla.may_see('pg_class', 'x');
SELECT sla.may_see_clock(clock_id) FROM sla.clock ORDER BY 1;
SELECT bool_or(sla.may_see_clock(i)) AS beyond FROM generate_series(1, 100000) AS i WHERE i NOT IN (SELECT clock_id FROM sla.clock);

-- whose rights count: those of whoever reads, also in a view or function of others
RESET SESSION AUTHORIZATION;
GRANT CREATE ON SCHEMA lab TO regress_sla_friend;
SET SESSION AUTHORIZATION regress_sla_friend;
CREATE VIEW lab.friends AS SELECT * FROM sla.clock;
CREATE FUNCTION lab.friends_count() RETURNS bigint LANGUAGE sql SECURITY DEFINER RETURN (SELECT count(*) FROM sla.clock);
CREATE FUNCTION lab.friends_clocks() RETURNS bigint LANGUAGE sql SECURITY DEFINER RETURN (SELECT count(*) FROM sla.clock_at('desk.ticket', now()));
GRANT SELECT ON lab.friends TO regress_sla_reader;
SET SESSION AUTHORIZATION regress_sla_reader;
SELECT count(*) FROM lab.friends;
-- a function of the friend's own runs as he: what he shows is his to say
SELECT lab.friends_count(), lab.friends_clocks();
RESET SESSION AUTHORIZATION;
-- a superuser's view and function: the former as who reads, the latter as he
CREATE VIEW lab.all_clocks AS SELECT * FROM sla.report_clock;
CREATE FUNCTION lab.all_count() RETURNS bigint LANGUAGE sql SECURITY DEFINER RETURN (SELECT count(*) FROM sla.clock);
GRANT SELECT ON lab.all_clocks TO PUBLIC;
SET SESSION AUTHORIZATION regress_sla_reader;
SELECT count(*) FROM lab.all_clocks;
SELECT lab.all_count();
-- one who runs a function of a reader lends it nothing but his rights to its caller
CREATE FUNCTION lab.as_reader() RETURNS bigint LANGUAGE sql SECURITY DEFINER RETURN (SELECT count(*) FROM sla.clock_at('desk.ticket', now()));
RESET SESSION AUTHORIZATION;
SELECT lab.as_reader();
SELECT count(*) FROM sla.clock_at('desk.ticket', now());

-- a plan or a cursor made as one role and used as another
SET plan_cache_mode = force_generic_plan;
PREPARE p AS SELECT count(*) FROM sla.clock;
EXECUTE p;
SET ROLE regress_sla_reader;
EXECUTE p;
SET ROLE regress_sla_friend;
EXECUTE p;
RESET ROLE;
EXECUTE p;
BEGIN;
DECLARE c CURSOR FOR SELECT party, item FROM sla.clock ORDER BY clock_id;
FETCH 1 FROM c;
SET LOCAL ROLE regress_sla_reader;
DECLARE d CURSOR FOR SELECT party FROM sla.report_open;
FETCH 1 FROM d;
SET LOCAL ROLE regress_sla_friend;
FETCH ALL FROM d;
ROLLBACK;
SET ROLE regress_sla_reader;
CREATE FUNCTION lab.kept() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM sla.clock); END $$;
SELECT lab.kept();
RESET ROLE;
SELECT lab.kept();
SET ROLE regress_sla_reader;
SELECT lab.kept();
RESET ROLE;
RESET plan_cache_mode;

-- parallel workers know who reads
SET ROLE regress_sla_reader;
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET max_parallel_workers_per_gather = 2;
SELECT count(*) FROM sla.clock;
SELECT count(*) FROM sla.report_pause;
SELECT count(*) FROM sla.report_exception;
SELECT sum(clocks) FROM sla.report_attainment_history;
RESET min_parallel_table_scan_size;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET max_parallel_workers_per_gather;
RESET ROLE;

-- The owner's policies are evaluated as the reader, as when he reads the table:
-- but they can write nothing as he, take no role, and leave nothing behind.
CREATE TABLE lab.safe (secret text);
ALTER TABLE lab.safe OWNER TO regress_sla_reader;
SET SESSION AUTHORIZATION regress_sla_owner;
CREATE TABLE desk.loot (what text);
GRANT INSERT ON desk.loot TO PUBLIC;
CREATE FUNCTION desk.trick(what text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE what;
	RAISE WARNING '% did: %', current_user, what;
	RETURN true;
EXCEPTION WHEN OTHERS THEN
	RAISE WARNING '% could not: % (%)', current_user, what, SQLERRM;
	RETURN true;
END
$$;
CREATE TABLE desk.tricks (n int, what text);
INSERT INTO desk.tricks VALUES
	(1, 'INSERT INTO desk.loot SELECT secret FROM lab.safe'),
	(2, 'GRANT ALL ON lab.safe TO regress_sla_owner'),
	(3, 'SET ROLE regress_sla_owner'),
	(4, 'SET SESSION AUTHORIZATION regress_sla_owner'),
	(5, 'SET TRANSACTION READ WRITE'),
	(6, 'SET transaction_read_only = off'),
	(7, 'CREATE TEMP TABLE x (y int)'),
	(8, 'CREATE FUNCTION lab.mine() RETURNS int LANGUAGE sql RETURN 1'),
	(9, 'DECLARE c CURSOR WITH HOLD FOR SELECT 1'),
	(10, 'SELECT setval(''desk.s'', 5)'),
	(11, 'SELECT set_config(''search_path'', ''desk'', false)'),
	(12, 'DELETE FROM sla.row_security');
GRANT SELECT ON desk.tricks TO PUBLIC;
CREATE SEQUENCE desk.s;
GRANT ALL ON desk.s TO PUBLIC;
CREATE POLICY trick ON desk.ticket AS RESTRICTIVE USING (id <> 1 OR (SELECT bool_and(desk.trick(t.what) IS NOT NULL) FROM (SELECT * FROM desk.tricks ORDER BY n) AS t));
SET SESSION AUTHORIZATION regress_sla_reader;
SELECT count(*) FROM sla.clock WHERE item = '1';
SHOW search_path;
SHOW transaction_read_only;
SELECT count(*) FROM desk.loot;
-- who is not bound by policies is not tricked
RESET SESSION AUTHORIZATION;
SELECT count(*) FROM sla.clock WHERE item = '1';
SELECT count(*) FROM desk.loot;
-- a transaction can be written to after it has read, also after an error
SET SESSION AUTHORIZATION regress_sla_owner;
DROP POLICY trick ON desk.ticket;
CREATE FUNCTION desk.fail() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
CREATE POLICY fail ON desk.ticket AS RESTRICTIVE USING (id <> 1 OR desk.fail());
SET SESSION AUTHORIZATION regress_sla_reader;
DO $$
BEGIN
	PERFORM count(*) FROM sla.clock;
EXCEPTION WHEN OTHERS THEN
	INSERT INTO lab.told VALUES (SQLERRM || current_user);
END
$$;
SELECT count(*) FROM sla.clock WHERE item = '1';
SELECT * FROM lab.told;

-- the owner's code is not run as the reader where that is not asked for
SET SESSION AUTHORIZATION regress_sla_owner;
DROP POLICY fail ON desk.ticket;
CREATE FUNCTION desk.who() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'run as %', current_user; RETURN true; END $$;
CREATE TABLE desk.other (id int PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now());
ALTER TABLE desk.other ENABLE ROW LEVEL SECURITY;
CREATE POLICY who ON desk.other USING (desk.who());
GRANT SELECT ON desk.other TO PUBLIC;
SELECT sla.track('desk.other');
INSERT INTO sla.metric (relation, name, start_at) VALUES ('desk.other', 'repair', 'created_at');
INSERT INTO sla.policy (relation, name) VALUES ('desk.other', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('desk.other', 'all', 'repair', '30 business minutes @24/7');
INSERT INTO desk.other VALUES (1);
SET SESSION AUTHORIZATION regress_sla_reader;
SELECT item FROM sla.clock WHERE relation = 'desk.other'::regclass;

-- a policy that reads the clocks it is to guard
SET SESSION AUTHORIZATION regress_sla_owner;
CREATE POLICY circle ON desk.ticket AS RESTRICTIVE USING (EXISTS (SELECT FROM sla.report_clock AS c WHERE c.relation = 'desk.ticket' AND c.item = id::text));
SET SESSION AUTHORIZATION regress_sla_reader;
\set VERBOSITY terse
SELECT count(*) FROM sla.clock WHERE item = '1';
\set VERBOSITY default
SET SESSION AUTHORIZATION regress_sla_owner;
DROP POLICY circle ON desk.ticket;
-- one that reads clocks of another table
CREATE POLICY other ON desk.ticket AS RESTRICTIVE USING (EXISTS (SELECT FROM sla.clock AS c WHERE c.relation = 'desk.other'::regclass));
SET SESSION AUTHORIZATION regress_sla_reader;
SELECT count(*) FROM sla.clock WHERE relation = 'desk.ticket'::regclass;
-- an owner who gives the table away takes its definitions along: nothing is shown till they are confirmed
RESET SESSION AUTHORIZATION;
DROP POLICY other ON desk.ticket;
CREATE ROLE regress_sla_heir;
GRANT CREATE ON SCHEMA desk TO regress_sla_heir;
ALTER TABLE desk.ticket OWNER TO regress_sla_heir;
SET SESSION AUTHORIZATION regress_sla_reader;
SELECT count(*) FROM sla.clock WHERE relation = 'desk.ticket'::regclass;
RESET SESSION AUTHORIZATION;
SET ROLE regress_sla_heir;
SELECT sla.track('desk.ticket');
RESET ROLE;
SET SESSION AUTHORIZATION regress_sla_reader;
SELECT count(*) FROM sla.clock WHERE relation = 'desk.ticket'::regclass;
RESET SESSION AUTHORIZATION;

DEALLOCATE p;
DROP VIEW lab.all_clocks, lab.friends;
SELECT sla.revoke_from('regress_sla_reader', 'reader'), sla.revoke_from('regress_sla_friend', 'reader');
DROP SCHEMA desk, lab CASCADE;
DROP OWNED BY regress_sla_owner, regress_sla_reader, regress_sla_friend, regress_sla_heir;
DROP ROLE regress_sla_owner, regress_sla_reader, regress_sla_friend, regress_sla_heir;
SELECT count(*) FROM sla.row_security;
