-- Tracked tables under attack: by who writes rows, by who owns the table, by
-- another owner.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set check :abs_srcdir '/sql/include/check.sql'
\set follow :abs_srcdir '/sql/include/follow.sql'
\set ECHO none
\i :setup
\i :check
\i :follow
\set ECHO all
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET statement_timeout = '60s';
CREATE ROLE regress_sla_owner;		-- hostile, owns a tracked table
CREATE ROLE regress_sla_victim;		-- owns another
CREATE ROLE regress_sla_writer;		-- may write tickets, nothing else
CREATE ROLE regress_sla_nobody;
GRANT USAGE ON SCHEMA test TO PUBLIC;

--
-- A role that may write the table and nothing else
--

CREATE SCHEMA help AUTHORIZATION regress_sla_victim;
GRANT USAGE ON SCHEMA help TO regress_sla_writer;
SET ROLE regress_sla_victim;
CREATE TABLE help.ticket (id int PRIMARY KEY, status text DEFAULT 'new', divisor int DEFAULT 1, secret_column text, created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z');
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON help.ticket TO regress_sla_writer;
SELECT follow('help.ticket');
INSERT INTO help.ticket VALUES (1);
RESET ROLE;
SELECT clock_id AS victims_clock FROM sla.clock WHERE relation = 'help.ticket'::regclass \gset
SET ROLE regress_sla_writer;
INSERT INTO help.ticket (id, status) VALUES (2, 'new'), (3, 'waiting');
UPDATE help.ticket SET status = 'done', changed_at = '2020-11-20 12:00Z' WHERE id = 2;
DELETE FROM help.ticket WHERE id = 3;
MERGE INTO help.ticket t USING (VALUES (4)) v(id) ON t.id = v.id WHEN NOT MATCHED THEN INSERT (id) VALUES (v.id);
COPY help.ticket (id) FROM stdin;
5
\.
SET row_security = off;
INSERT INTO help.ticket VALUES (6) ON CONFLICT (id) DO UPDATE SET status = 'done';
RESET row_security;
-- reads nothing in sla but calendars
CREATE FUNCTION pg_temp.rows_of(r text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM %s', r) INTO n;
	RETURN n;
EXCEPTION WHEN insufficient_privilege THEN
	RETURN 'refused';
END
$$;
SELECT c.oid::regclass AS shown, r FROM pg_class c, pg_temp.rows_of(c.oid::regclass::text) r
WHERE relnamespace = 'sla'::regnamespace AND relkind IN ('r', 'v', 'm', 'p', 'f') AND relname <> 'calendar_history' AND r NOT IN ('refused', '0') ORDER BY relname;
SELECT count(*) AS sequences_read FROM pg_class c WHERE relnamespace = 'sla'::regnamespace AND CASE WHEN relkind = 'S' THEN has_sequence_privilege(oid, 'SELECT, USAGE, UPDATE') END;
-- writes nothing there, either
SELECT r, state(format(s, r))
FROM unnest('{sla.tracked,sla.metric,sla.policy,sla.target,sla.source,sla.exception,sla.agreement,sla.calendar,sla.holiday,sla.revision,sla.promise,sla.clock_state,sla.clock_change,sla.sync_error}'::text[]) WITH ORDINALITY AS r(r, n),
	LATERAL (SELECT CASE WHEN r IN ('sla.tracked', 'sla.metric', 'sla.policy', 'sla.target') THEN 'INSERT INTO %s (relation) VALUES (''help.ticket'')'
		ELSE 'DELETE FROM %s' END AS s) x
WHERE state(format(s, r)) <> '42501' AND r NOT IN ('sla.source', 'sla.exception') ORDER BY n;
DELETE FROM sla.tracked;
UPDATE sla.metric SET stop_when = 'true';
DELETE FROM sla.policy;
UPDATE sla.target SET goal = '1 bh @track_desk';
DELETE FROM sla.source;
DELETE FROM sla.exception;
-- what runs with the rights of another, or goes behind the rights, is not to be called by everybody
SELECT p.proname FROM pg_proc p WHERE pronamespace = 'sla'::regnamespace AND (prosecdef OR proname IN ('refresh_clocks', 'forget', 'check_rules'))
	AND has_function_privilege(oid, 'EXECUTE') ORDER BY 1;
-- (the views call this one as who reads them: it answers for no row that is not stored)
SELECT pg_temp.rows_of($$(SELECT (sla.derived(json_populate_record(NULL::sla.clock_state, json_build_object('relation', 'help.ticket'::regclass::oid, 'promise_id', p, 'metric_id', 1,
		'started_at', '2020-11-20 09:00Z', 'last_at', '2020-11-20 09:00Z', 'state', 'r', 'cycle', 1, 'levels', 0, 'item', '1', 'per', '', 'paused', 0, 'revision', 0, 'is_excepted', false, 'is_waived', false)))).due_at
	FROM generate_series(1, 3000) AS p) AS x (due_at) WHERE due_at IS NOT NULL$$) AS promises_told;
-- what may be called by everybody looks at who calls
SELECT c, state(c) FROM unnest(ARRAY[
	$$SELECT sla.track('help.ticket', on_error => 'warn')$$,
	$$SELECT sla.untrack('help.ticket')$$,
	$$SELECT sla.detach()$$,
	$$SELECT * FROM sla.sync('help.ticket')$$,
	$$SELECT * FROM sla.verify('help.ticket')$$,
	$$SELECT * FROM sla.recompute('help.ticket', '(,)')$$,
	$$SELECT * FROM sla.recompute('help.ticket', '(,)', false)$$,
	$$SELECT sla.refresh()$$]) WITH ORDINALITY AS c(c, n) ORDER BY n;
SELECT state(format('SELECT sla.correct(%s, ''2020-11-20 09:00Z'', ''2020-11-20 10:00Z'', ''no reason'')', :victims_clock)) AS correct;
SELECT pg_temp.rows_of('sla.status()') IN ('refused', '0') AS status_tells_nothing;
-- a signal is for who may UPDATE the table
SELECT sla.signal('help.ticket', '2', 'resolution', 'pause');
SELECT sla.signal('help.ticket', '4', 'resolution', 'pause', '2020-11-20 10:00Z', 'by the writer');
SET ROLE regress_sla_nobody;
SELECT state($$SELECT sla.signal('help.ticket', '4', 'resolution', 'resume')$$);
SET ROLE regress_sla_victim;
GRANT SELECT, INSERT ON help.ticket TO regress_sla_nobody;
SET ROLE regress_sla_nobody;
SELECT state($$SELECT sla.signal('help.ticket', '4', 'resolution', 'resume')$$);
-- an error in the owner's expression tells of the row, not of the definition
SET ROLE regress_sla_victim;
UPDATE sla.metric SET stop_when = $$status = 'done' AND 1 / divisor > 0 OR secret_column = 'secret value'$$;
SET ROLE regress_sla_writer;
DO $$
DECLARE
	state text;
	a text;
	b text;
	c text;
	d text;
BEGIN
	UPDATE help.ticket SET status = 'done', divisor = 0 WHERE id = 4;
	RAISE NOTICE 'the write was lost on us';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, a = MESSAGE_TEXT, b = PG_EXCEPTION_DETAIL, c = PG_EXCEPTION_HINT, d = PG_EXCEPTION_CONTEXT;
	RAISE NOTICE '%: %', state, CASE WHEN concat_ws(' ', a, b, c, d) ~ 'secret value|secret_column' THEN 'tells ' || concat_ws(' ', a, b, c, d) ELSE 'tells nothing' END;
END
$$;
-- on_error is not the writer's to choose
SELECT state($$SELECT set_config('sla_tracker.on_error', 'warn', false)$$) <> 'none' OR state('UPDATE help.ticket SET status = ''done'', divisor = 0 WHERE id = 4') = '22012' AS not_his_to_choose;
RESET ROLE;
SELECT item, state FROM clocks('help.ticket');
SET ROLE regress_sla_victim;
UPDATE sla.metric SET stop_when = $$status = 'done'$$;
RESET ROLE;
SELECT errors FROM sla.sync('help.ticket');
SELECT synced('help.ticket');

--
-- A hostile writer: names and settings of his own
--

CREATE SCHEMA hostile AUTHORIZATION regress_sla_writer;
SET ROLE regress_sla_writer;
CREATE SEQUENCE hostile.escaped;
GRANT ALL ON SCHEMA hostile TO PUBLIC;
GRANT ALL ON SEQUENCE hostile.escaped TO PUBLIC;
CREATE FUNCTION hostile.count(x anyelement) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM nextval('hostile.escaped');
	RETURN true;
END
$$;
CREATE FUNCTION hostile.eq(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT hostile.count(1)';
CREATE FUNCTION hostile.eq(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT hostile.count(1)';
CREATE FUNCTION hostile.eq(oid, oid) RETURNS boolean LANGUAGE sql AS 'SELECT hostile.count(1)';
CREATE FUNCTION hostile.eq(regclass, regclass) RETURNS boolean LANGUAGE sql AS 'SELECT hostile.count(1)';
CREATE FUNCTION hostile.eq(bigint, bigint) RETURNS boolean LANGUAGE sql AS 'SELECT hostile.count(1)';
CREATE FUNCTION hostile.eq(timestamptz, timestamptz) RETURNS boolean LANGUAGE sql AS 'SELECT hostile.count(1)';
CREATE OPERATOR hostile.= (FUNCTION = hostile.eq, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR hostile.= (FUNCTION = hostile.eq, LEFTARG = int, RIGHTARG = int);
CREATE OPERATOR hostile.= (FUNCTION = hostile.eq, LEFTARG = oid, RIGHTARG = oid);
CREATE OPERATOR hostile.= (FUNCTION = hostile.eq, LEFTARG = regclass, RIGHTARG = regclass);
CREATE OPERATOR hostile.= (FUNCTION = hostile.eq, LEFTARG = bigint, RIGHTARG = bigint);
CREATE OPERATOR hostile.= (FUNCTION = hostile.eq, LEFTARG = timestamptz, RIGHTARG = timestamptz);
CREATE OPERATOR hostile.< (FUNCTION = hostile.eq, LEFTARG = timestamptz, RIGHTARG = timestamptz);
CREATE OPERATOR hostile.<= (FUNCTION = hostile.eq, LEFTARG = timestamptz, RIGHTARG = timestamptz);
CREATE OPERATOR hostile.> (FUNCTION = hostile.eq, LEFTARG = bigint, RIGHTARG = bigint);
CREATE OPERATOR hostile.<> (FUNCTION = hostile.eq, LEFTARG = text, RIGHTARG = text);
CREATE FUNCTION hostile.now() RETURNS timestamptz LANGUAGE sql AS $$SELECT CASE WHEN hostile.count(1) THEN pg_catalog.now() END$$;
CREATE FUNCTION hostile.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$SELECT CASE WHEN hostile.count(1) THEN pg_catalog.now() END$$;
CREATE FUNCTION hostile.coalesce(text, text) RETURNS text LANGUAGE sql AS $$SELECT hostile.count(1)::text$$;
CREATE FUNCTION hostile.pg_has_role(oid, text) RETURNS boolean LANGUAGE sql AS $$SELECT hostile.count(1)$$;
CREATE FUNCTION hostile.has_table_privilege(regclass, text) RETURNS boolean LANGUAGE sql AS $$SELECT hostile.count(1)$$;
CREATE FUNCTION hostile.format(text, text) RETURNS text LANGUAGE sql AS $$SELECT hostile.count(1)::text$$;
CREATE FUNCTION hostile.format(text, regclass) RETURNS text LANGUAGE sql AS $$SELECT hostile.count(1)::text$$;
CREATE FUNCTION hostile.trapped(text) RETURNS boolean LANGUAGE sql AS $$SELECT hostile.count(1)$$;
CREATE DOMAIN hostile.text AS pg_catalog.text CHECK (hostile.trapped(VALUE));
CREATE DOMAIN hostile.timestamptz AS pg_catalog.timestamptz CHECK (hostile.count(VALUE));
CREATE DOMAIN hostile.regclass AS pg_catalog.regclass CHECK (hostile.count(VALUE));
CREATE TABLE hostile.clock_state (LIKE help.ticket);
CREATE VIEW hostile.pg_class AS SELECT c.* FROM pg_catalog.pg_class c WHERE hostile.count(oid);
CREATE VIEW hostile.pg_trigger AS SELECT c.* FROM pg_catalog.pg_trigger c WHERE hostile.count(oid);
CREATE VIEW hostile.pg_proc AS SELECT c.* FROM pg_catalog.pg_proc c WHERE hostile.count(oid);
CREATE VIEW hostile.pg_inherits AS SELECT c.* FROM pg_catalog.pg_inherits c WHERE hostile.count(inhrelid);
CREATE TEMP TABLE ticket (LIKE help.ticket);
CREATE TEMP TABLE clock_state (LIKE help.ticket);
CREATE TEMP TABLE metric (LIKE help.ticket);
CREATE TEMP VIEW pg_class AS SELECT c.* FROM pg_catalog.pg_class c WHERE hostile.count(oid);
SET search_path = pg_temp, hostile, pg_catalog;
INSERT INTO help.ticket (id) VALUES (11), (12);
UPDATE help.ticket SET status = 'done' WHERE id OPERATOR(pg_catalog.=) 11;
DELETE FROM help.ticket WHERE id OPERATOR(pg_catalog.=) 12;
SELECT sla.signal('help.ticket', '11', 'resolution', 'pause', '2020-11-20 10:00Z'::pg_catalog.timestamptz, 'x');
-- settings: how expressions are read and what they see is not the session's
SET timezone = 'Asia/Tokyo';
SET datestyle = 'SQL, DMY';
SET intervalstyle = 'sql_standard';
SET bytea_output = 'escape';
SET default_transaction_isolation = 'serializable';
SET check_function_bodies = off;
SET standard_conforming_strings = off;
SET backslash_quote = on;
SET enable_indexscan = off;
SET plan_cache_mode = force_generic_plan;
SET sla_tracker.calendar = '24/7';
INSERT INTO help.ticket (id, created_at, changed_at) VALUES (13, '2020-11-20 09:00Z', '2020-11-20 09:00Z');
RESET ALL;
SET statement_timeout = '60s';
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET search_path = test, public;
RESET ROLE;
SELECT is_called AS writers_code_ran FROM hostile.escaped;
-- ... nor that of who syncs, tracks, edits and asks
SET search_path = hostile, pg_catalog;
SELECT errors FROM sla.sync('help.ticket');
SELECT count(*) FROM sla.verify('help.ticket');
SELECT sla.track('help.ticket', on_error => 'warn');
SELECT sla.track('help.ticket', on_error => 'error');
UPDATE sla.calendar SET hours = 'TZ=UTC Mo-Su 08:00-17:00' WHERE name OPERATOR(pg_catalog.=) 'track_desk';
SELECT count(*) OPERATOR(pg_catalog.>=) 0 FROM sla.clock;
SELECT count(*) OPERATOR(pg_catalog.>=) 0 FROM sla.status();
SELECT sla.refresh() OPERATOR(pg_catalog.>=) 0;
SET search_path = test, public;
SELECT is_called AS writers_code_ran FROM hostile.escaped;
UPDATE sla.calendar SET hours = 'TZ=UTC Mo-Su 09:00-17:00' WHERE name = 'track_desk';
SELECT item, state, due FROM clocks('help.ticket') WHERE item::int > 10;
SELECT sla.refresh() >= 0;
SELECT synced('help.ticket');
-- an owner whose schema of temporary tables shadows what he defines on
SET ROLE regress_sla_writer;
DROP VIEW pg_temp.pg_class;
DISCARD TEMP;
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA hostile CASCADE;
RESET client_min_messages;

--
-- A hostile owner: what he writes runs as he, or not at all
--

CREATE SCHEMA evil AUTHORIZATION regress_sla_owner;
GRANT USAGE ON SCHEMA evil TO regress_sla_writer;
CREATE TABLE prize (who text);
SET ROLE regress_sla_owner;
CREATE SEQUENCE evil.escaped;
GRANT ALL ON SEQUENCE evil.escaped TO PUBLIC;
GRANT ALL ON SCHEMA evil TO PUBLIC;
CREATE TABLE evil.log (what text PRIMARY KEY);
GRANT ALL ON evil.log TO PUBLIC;
-- counts when it runs as anybody else; survives a rollback
CREATE FUNCTION evil.look(what text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	IF current_user <> 'regress_sla_owner' THEN
		PERFORM nextval('evil.escaped');
		RAISE NOTICE '% ran as %', what, current_user;
	END IF;
	RETURN true;
END
$$;
CREATE FUNCTION evil.at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM evil.look('a deferred trigger');
	RETURN NULL;
END
$$;
CREATE TABLE evil.deferred (n int);
CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON evil.deferred DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION evil.at_commit();
CREATE FUNCTION evil.attempt(statements text[]) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	s text;
	what text;
BEGIN
	-- (what he does to himself without end is no matter of ours)
	IF current_setting('evil.depth', true) = 'xx' THEN
		RETURN true;
	END IF;
	PERFORM set_config('evil.depth', concat(current_setting('evil.depth', true), 'x'), false);
	FOREACH s IN ARRAY statements LOOP
		what := s || ': done';
		BEGIN
			EXECUTE s;
		EXCEPTION WHEN OTHERS THEN
			what := s || ': refused';
		END;
		IF evil.look(s) THEN
			INSERT INTO evil.log VALUES (what) ON CONFLICT DO NOTHING;
		END IF;
	END LOOP;
	PERFORM set_config('evil.depth', substr(current_setting('evil.depth', true), 2), false);
	RETURN true;
END
$$;
CREATE FUNCTION evil.attack(id int) RETURNS boolean LANGUAGE sql AS $$
	SELECT evil.attempt(ARRAY[
		'SET ROLE NONE', 'RESET ROLE', 'RESET ALL', 'SET SESSION AUTHORIZATION DEFAULT', 'SET LOCAL ROLE regress_sla_victim',
		'SELECT set_config(''role'', ''none'', false)', 'SELECT set_config(''session_authorization'', session_user, true)',
		'INSERT INTO evil.deferred VALUES (1)', 'SET CONSTRAINTS ALL DEFERRED',
		'CREATE TEMP TABLE trap (n int)',
		'DECLARE held CURSOR WITH HOLD FOR SELECT evil.look(''a cursor'')', 'PREPARE trap AS SELECT evil.look(''a prepared statement'')',
		'LISTEN trap', 'DISCARD PLANS',
		'INSERT INTO test.prize VALUES (''owner'')', 'CREATE ROLE regress_sla_more SUPERUSER', 'ALTER ROLE regress_sla_owner SUPERUSER',
		'DELETE FROM help.ticket', 'SELECT count(*) FROM sla.clock_state', 'SELECT pg_read_file(''PG_VERSION'')',
		'SELECT set_config(''search_path'', ''evil'', false)', 'SELECT set_config(''work_mem'', ''77kB'', false)', 'SET statement_timeout = ''77min''', 'SET timezone = ''Asia/Tokyo''',
		'SET sla_tracker.calendar = ''24/7'''])
$$;
-- casts, domains and views that call it
CREATE TYPE evil.colour AS ENUM ('red');
CREATE FUNCTION evil.to_json(evil.colour) RETURNS json LANGUAGE sql AS $$SELECT CASE WHEN evil.look('a cast to json') THEN '"red"'::json END$$;
CREATE CAST (evil.colour AS json) WITH FUNCTION evil.to_json;
CREATE DOMAIN evil.checked AS int CHECK (evil.look('a domain'));
CREATE TYPE evil.pair AS (a evil.checked);
CREATE FUNCTION evil.to_text(evil.pair) RETURNS text LANGUAGE sql AS $$SELECT CASE WHEN evil.look('a cast to text') THEN 'red' END$$;
CREATE CAST (evil.pair AS text) WITH FUNCTION evil.to_text AS ASSIGNMENT;
CREATE FUNCTION evil.eq(evil.colour, evil.colour) RETURNS boolean LANGUAGE sql AS $$SELECT evil.look('an operator')$$;
CREATE OPERATOR evil.=== (FUNCTION = evil.eq, LEFTARG = evil.colour, RIGHTARG = evil.colour);
CREATE VIEW evil.trap AS SELECT evil.look('a view') AS a;
GRANT SELECT ON evil.trap TO PUBLIC;
CREATE FUNCTION evil.folded(int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN evil.look('a constant'); END$$;
CREATE FUNCTION evil.costly(text) RETURNS boolean IMMUTABLE COST 0.0001 LANGUAGE plpgsql AS $$BEGIN RETURN evil.look('an immutable function'); END$$;
CREATE FUNCTION evil.first_of(evil.colour[]) RETURNS evil.colour LANGUAGE sql IMMUTABLE AS $$SELECT CASE WHEN evil.look('an inlined function') THEN $1[1] END$$;
CREATE TABLE evil.ticket (id int PRIMARY KEY, status text DEFAULT 'new', colour evil.colour DEFAULT 'red', pair evil.pair DEFAULT '(1)', n int DEFAULT 1, created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z');
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON evil.ticket TO regress_sla_writer;
-- (the defaults above are the owner's own to evaluate: written without him they would be core's matter)
ALTER TABLE evil.ticket ALTER COLUMN pair DROP DEFAULT;
SELECT follow('evil.ticket');
-- each place in which an expression can stand
UPDATE sla.metric SET stop_when = $$status = 'done' AND evil.look('stop_when')$$, pause_when = $$status = 'waiting' AND evil.attack(id)$$,
	cancel_when = $$status = 'void' AND evil.folded(1)$$, start_when = $$evil.costly(status)$$,
	start_at = $$CASE WHEN evil.look('start_at') THEN created_at END$$, stop_at = $$CASE WHEN evil.look('stop_at') THEN changed_at END$$,
	pause_reason = $$'reason' || evil.look('pause_reason')$$, due_at = $$CASE WHEN NOT evil.look('due_at') THEN changed_at END$$;
UPDATE sla.policy SET applies_when = $$evil.look('applies_when') AND colour OPERATOR(evil.===) 'red'$$;
SELECT sla.track('evil.ticket', item => $$CASE WHEN evil.look('item') THEN id::text END$$,
	at => $$CASE WHEN evil.look('at') THEN changed_at END$$,
	labels => $$jsonb_build_object('colour', colour, 'me', current_user, 'them', session_user <> 'regress_sla_owner')$$,
	owner => $$CASE WHEN evil.look('owner') THEN current_user::text END$$, party => $$pair::text$$);
SET ROLE regress_sla_writer;
INSERT INTO evil.ticket (id) VALUES (1), (2), (3), (4);
UPDATE evil.ticket SET status = 'waiting' WHERE id = 1;
SET ROLE regress_sla_owner;
INSERT INTO evil.ticket (id, pair) VALUES (5, '(1)');
RESET ROLE;
-- as the superuser writes, it is still the owner
INSERT INTO evil.ticket (id) VALUES (6);
UPDATE evil.ticket SET n = 2;
UPDATE evil.ticket SET status = 'waiting', changed_at = '2020-11-20 10:00Z' WHERE id IN (1, 2);
UPDATE evil.ticket SET status = 'done', changed_at = '2020-11-20 12:00Z' WHERE id = 3;
DELETE FROM evil.ticket WHERE id = 4;
SELECT current_user = session_user AS still_who, current_setting('search_path') AS path, current_setting('work_mem') <> '77kB' AS memory, current_setting('statement_timeout') <> '77min' AS timeout, current_setting('timezone') AS zone, current_setting('sla_tracker.calendar') AS calendar;
SELECT errors FROM sla.sync('evil.ticket');
UPDATE sla.calendar SET hours = 'TZ=UTC Mo-Su 08:00-17:00' WHERE name = 'track_desk';
SELECT sla.refresh() >= 0;
UPDATE sla.calendar SET hours = 'TZ=UTC Mo-Su 09:00-17:00' WHERE name = 'track_desk';
SELECT sla.refresh() >= 0;
SELECT synced('evil.ticket');
SELECT count(*) > 0 AS recomputed FROM sla.recompute('evil.ticket', '(,)', false) HAVING count(*) >= 0;
SELECT item, state, owner, party, labels FROM sla.clock WHERE relation = 'evil.ticket'::regclass ORDER BY item;
-- ("done" is what he may do himself, and settings that do not leave the fence)
SELECT what FROM evil.log ORDER BY what COLLATE "C";
SELECT count(*) AS temporary FROM pg_class WHERE relname = 'trap' AND relpersistence = 't';
SELECT count(*) AS held FROM pg_cursors WHERE name = 'held';
SELECT count(*) AS prepared FROM pg_prepared_statements WHERE name = 'trap';
SELECT pg_listening_channels();
SELECT count(*) AS prizes FROM prize;
SELECT rolsuper FROM pg_roles WHERE rolname = 'regress_sla_owner';
SELECT is_called AS owners_code_ran_as_another FROM evil.escaped;

-- functions of the server that run code of his: not to be taken for harmless
SET ROLE regress_sla_owner;
UPDATE sla.policy SET applies_when = 'true';
UPDATE sla.metric SET start_when = NULL, cancel_when = NULL, pause_when = NULL, start_at = NULL, stop_at = NULL, pause_reason = NULL, due_at = NULL, stop_when = NULL;
SELECT sla.track('evil.ticket', item => 'id::text', at => 'changed_at', owner => '''x''', party => '''y''', labels => '''{}''::jsonb');
CREATE FUNCTION evil.define(e text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	UPDATE sla.metric SET stop_when = e WHERE relation = 'evil.ticket'::regclass;
	RETURN 'stored';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
RESET ROLE;
CREATE FUNCTION probe(e text, OUT stored text, OUT written text, OUT escaped boolean) LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL ROLE regress_sla_owner;
	stored := evil.define(e);
	RESET ROLE;
	BEGIN
		UPDATE evil.ticket SET n = n + 1, status = status || 'x';
		PERFORM sla.sync('evil.ticket');
		written := 'written';
	EXCEPTION
		WHEN feature_not_supported THEN
			-- (a server without libxml)
			written := 'written';
		WHEN OTHERS THEN
			written := SQLSTATE;
	END;
	SELECT is_called INTO escaped FROM evil.escaped;
END
$$;
SELECT e, p.* FROM unnest(ARRAY[
	$$to_jsonb(colour) IS NULL$$,
	$$jsonb_build_array(colour)::text = ''$$,
	$$row_to_json(ROW(colour))::text = ''$$,
	$$format('%s', pair) = ''$$,
	$$(n::evil.checked) IS NULL$$,
	$$('(' || n || ')')::evil.pair IS NULL$$,
	$$'(7)'::evil.pair IS NULL$$,
	$$jsonb_populate_record(NULL::evil.pair, jsonb_build_object('a', n)) IS NULL$$,
	$$table_to_xml('evil.trap'::regclass, true, true, '')::text = ''$$,
	$$query_to_xml('SELECT evil.look(''a query'')', true, true, '')::text = ''$$,
	$$schema_to_xml('evil', true, true, '')::text = ''$$,
	$$ts_rewrite('a'::tsquery, 'SELECT ''a''::tsquery, ''b''::tsquery WHERE evil.look(''ts_rewrite'')')::text = ''$$,
	$$cursor_to_xml('c', 1, true, true, '')::text = ''$$,
	$$evil.first_of(ARRAY[colour]) IS NULL$$,
	$$evil.folded(n) AND false$$,
	$$(colour OPERATOR(evil.===) ANY (ARRAY['red'::evil.colour])) IS NULL$$,
	$$current_user <> 'regress_sla_owner'$$,
	$$current_setting('is_superuser') = 'on'$$,
	$$pg_has_role('pg_read_all_data', 'USAGE')$$,
	$$has_table_privilege('test.prize', 'INSERT')$$]) WITH ORDINALITY AS e(e, k), LATERAL probe(e) AS p ORDER BY k;
-- (none of these conditions holds)
SELECT item, state FROM clocks('evil.ticket') WHERE state <> 'running' AND item NOT IN ('3', '4');
SELECT count(*) AS prizes FROM prize;

-- an expression that pulls the ground away from under its own evaluation
CREATE FUNCTION pulled(s text, OUT stored text, OUT alive boolean) LANGUAGE plpgsql AS $$
DECLARE
	written text;
BEGIN
	SELECT p.stored, p.written INTO stored, written FROM probe(format('evil.attempt(ARRAY[%L])', s)) p;
	alive := written IS NOT NULL;
	RAISE EXCEPTION 'undo' USING ERRCODE = 'UNDOX';
EXCEPTION WHEN SQLSTATE 'UNDOX' THEN
	NULL;
END
$$;
SET client_min_messages = warning;
SELECT s, p.* FROM unnest(ARRAY[
	$$UPDATE sla.metric SET stop_when = 'false'$$,
	$$DELETE FROM sla.metric$$,
	$$DELETE FROM sla.policy$$,
	$$UPDATE sla.target SET goal = goal + '1 bh'::business_interval$$,
	$$INSERT INTO sla.metric (relation, name) SELECT 'evil.ticket', 'm' || count(*) FROM sla.metric$$,
	$$SELECT sla.untrack('evil.ticket', false)$$,
	$$SELECT sla.track('evil.ticket', labels => 'NULL')$$,
	$$SELECT * FROM sla.sync('evil.ticket')$$,
	$$SELECT sla.signal('evil.ticket', '1', 'resolution', 'pause')$$,
	$$UPDATE evil.ticket SET n = n + 1$$,
	$$DELETE FROM evil.ticket$$,
	$$INSERT INTO evil.ticket (id) SELECT max(id) + 1 FROM evil.ticket$$,
	$$TRUNCATE evil.ticket$$,
	$$ALTER TABLE evil.ticket ADD COLUMN IF NOT EXISTS late int$$,
	$$ALTER TABLE evil.ticket DISABLE TRIGGER ALL$$,
	$$DROP TABLE evil.ticket$$,
	$$DROP SCHEMA evil CASCADE$$]) WITH ORDINALITY AS s(s, k),
	LATERAL pulled(s) AS p ORDER BY k;
SELECT pulled('UPDATE evil.ticket SET n = n + 1'), pulled('SELECT sla.untrack(''evil.ticket'')');
RESET client_min_messages;
SELECT is_called AS owners_code_ran_as_another FROM evil.escaped;
DROP TABLE evil.ticket;
SELECT count(*) FROM sla.tracked WHERE relation::text LIKE 'evil.%';

--
-- Text that is more than an expression
--

CREATE TABLE plain (id int PRIMARY KEY, status text DEFAULT 'new', a int[] DEFAULT '{1}', created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z');
SELECT follow('plain');
CREATE FUNCTION sub() RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE PROCEDURE doit() LANGUAGE sql AS 'SELECT 1';
SELECT left(e, 60) AS e, f.state FROM unnest(ARRAY[
	'true; DROP TABLE prize',
	'true; END; DROP TABLE prize; --',
	'true; END; $$ LANGUAGE sql; DROP TABLE prize; --',
	'true) ; DROP TABLE prize; SELECT (true',
	'true) OR (true',
	'(true',
	'true)',
	'true -- comment',
	'true /* comment',
	'/* comment */ true /* and */',
	'--',
	'',
	'  ',
	'true UNION SELECT true',
	'true FROM prize',
	'true WHERE false',
	'true, false',
	'true AS a',
	'*',
	'plain.*',
	'(SELECT true)',
	'EXISTS (SELECT FROM prize)',
	'id IN (SELECT 1)',
	'ARRAY(SELECT 1) IS NULL',
	'count(*) > 0',
	'bool_or(status = ''done'')',
	'row_number() OVER () = 1',
	'generate_series(1, 2) = 1',
	'unnest(a) = 1',
	'grouping(id) = 1',
	'$1',
	'$1 IS NULL',
	'DEFAULT',
	'doit()',
	'CURRENT OF c',
	'no_such_column = 1',
	'other.status = ''x''',
	'no_such_function(id)',
	'status',
	'id',
	'status = 1',
	'NULL',
	'nextval(''no_such_sequence'') > 0',
	'ctid IS NULL',
	'xmin IS NULL',
	'tableoid = 0',
	'plain IS NULL',
	'plain.status = ''done''',
	'test.plain.status = ''done''',
	'status = ''it''''s $$ $x$ done''',
	$$status = E'\'; DROP TABLE prize; --'$$,
	$$status = U&'\0027'$$,
	'"status" = ''a"b''',
	'sub()',
	E'true\n;',
	'true;',
	repeat('(', 3000) || 'true' || repeat(')', 3000)]) WITH ORDINALITY AS e(e, k),
	LATERAL fails(format('UPDATE sla.metric SET stop_when = %L WHERE relation = ''plain''::regclass', e)) AS f
ORDER BY k;
SELECT count(*) AS there FROM prize;
-- names as well
SELECT left(n, 60) AS n, f.state FROM unnest(ARRAY['"; DROP TABLE prize; --', '''; DROP TABLE prize; --', '$$; DROP TABLE prize; --', repeat('long', 100)]) WITH ORDINALITY AS n(n, k),
	LATERAL fails(format('UPDATE sla.metric SET name = %L WHERE relation = ''plain''::regclass', n)) AS f ORDER BY k;
SELECT count(*) AS there FROM prize;
DROP TABLE plain;
DROP FUNCTION sub();
DROP PROCEDURE doit();

--
-- Memory: an expression is compiled once a session and evaluated in many statements, also inside itself
--

CREATE TABLE deep (id int PRIMARY KEY, r int DEFAULT 1, status text DEFAULT 'new', n int DEFAULT 1, created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z');
CREATE FUNCTION whole(deep) RETURNS text LANGUAGE sql SET work_mem = '1MB' AS $$SELECT 'id ' || $1.id || ' ' || $1.status$$;
CREATE FUNCTION several(n int) RETURNS boolean LANGUAGE sql VOLATILE AS $$SELECT 1; SELECT 10 / n > 100$$;
CREATE FUNCTION inner_write(id int, s text) RETURNS text LANGUAGE plpgsql SET search_path = test AS $$
BEGIN
	IF id < 100 AND s = 'deep' THEN
		UPDATE deep SET status = repeat('inner', 1000) || inner_write.id, n = n + 1 WHERE deep.id = inner_write.id + 100;
	END IF;
	RETURN ' of ' || id;
END
$$;
SELECT follow('deep');
-- whole rows, in one statement after another
SELECT sla.track('deep', labels => $$jsonb_build_object('whole', whole(deep), 'row', deep::text)$$, owner => $$to_jsonb(deep) ->> 'status'$$, on_error => 'warn');
SET client_min_messages = error;
INSERT INTO deep (id) VALUES (1);
INSERT INTO deep (id) VALUES (2), (3);
SELECT count(*) FROM generate_series(1, 1000) i WHERE length(repeat('x', i * 10)) > 0;
UPDATE deep SET status = 'waiting' WHERE id = 2;
UPDATE deep SET status = 'other' WHERE id = 3;
SELECT item, owner, labels FROM sla.clock WHERE relation = 'deep'::regclass ORDER BY item;
SELECT synced('deep');
-- an error in the middle of an evaluation, and the next one
UPDATE sla.metric SET stop_when = 'several(n)' WHERE relation = 'deep'::regclass;
UPDATE deep SET n = id - 2;
UPDATE deep SET n = 5;
UPDATE deep SET n = 0;
UPDATE deep SET n = 5;
BEGIN;
UPDATE deep SET n = 4 WHERE id = 1;
SAVEPOINT a;
UPDATE deep SET n = 0 WHERE id = 1;
ROLLBACK TO a;
UPDATE deep SET n = 3 WHERE id = 1;
COMMIT;
SELECT item, state FROM clocks('deep');
SELECT errors FROM sla.sync('deep');
SELECT count(*) FROM sla.sync_error WHERE relation = 'deep'::regclass AND NOT is_healed;
-- evaluated inside its own evaluation: each has its own row
INSERT INTO deep (id) SELECT 100 + i FROM generate_series(1, 3) i;
UPDATE sla.metric SET stop_when = $$'[' || status || inner_write(id, status) || ']' = '[deep of ' || id || ']'$$ WHERE relation = 'deep'::regclass;
SELECT sla.track('deep', labels => $$jsonb_build_object('text', '[' || status || inner_write(id, status) || ']')$$);
UPDATE deep SET status = 'deep' WHERE id < 100;
RESET client_min_messages;
SELECT item, state, left(labels ->> 'text', 12) AS text, right(labels ->> 'text', 8) AS of FROM sla.clock WHERE relation = 'deep'::regclass ORDER BY item;
-- another column is the row's name in our own queries
SELECT sla.signal('deep', '101', 'resolution', 'pause', '2020-11-20 10:00Z');
DROP TABLE deep CASCADE;
DROP FUNCTION several(int), inner_write(int, text);

--
-- Another owner's definitions
--

GRANT USAGE ON SCHEMA help TO regress_sla_owner;
SET ROLE regress_sla_owner;
SELECT count(*) FROM sla.tracked;
SELECT count(*) FROM sla.metric;
SELECT count(*) FROM sla.policy;
SELECT count(*) FROM sla.target;
UPDATE sla.metric SET stop_when = 'true';
DELETE FROM sla.tracked;
CREATE FUNCTION evil.as_victim(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN evil.look('a definition on another''s table'); END$$;
GRANT ALL ON ALL FUNCTIONS IN SCHEMA evil TO PUBLIC;
-- nothing of the text is looked at before it is refused: not its columns, not the code in it
SELECT s, f.state FROM unnest(ARRAY[
	$$INSERT INTO sla.metric (relation, name, stop_when) VALUES ('help.ticket', 'mine', 'secret_column IS NULL')$$,
	$$INSERT INTO sla.metric (relation, name, stop_when) VALUES ('help.ticket', 'mine', 'no_such_column IS NULL')$$,
	$$INSERT INTO sla.metric (relation, name, stop_when) VALUES ('help.ticket', 'mine', '*')$$,
	$$INSERT INTO sla.metric (relation, name, stop_when) VALUES ('help.ticket', 'resolution', 'true')$$,
	$$INSERT INTO sla.metric (relation, name, stop_when) VALUES ('help.ticket', 'mine', '''(1)''::evil.pair IS NULL')$$,
	$$INSERT INTO sla.metric (relation, name, stop_when) VALUES ('help.ticket', 'mine', 'evil.as_victim(''x'')')$$,
	$$INSERT INTO sla.policy (relation, name, applies_when) VALUES ('help.ticket', 'mine', '''(1)''::evil.pair IS NULL')$$,
	$$INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('help.ticket', 'all', 'resolution', '1 bh @track_desk')$$,
	$$INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('help.ticket', 'no such policy', 'resolution', '1 bh @no_such_calendar')$$,
	$$INSERT INTO sla.tracked (relation, item, labels) VALUES ('help.ticket', 'id', '''(1)''::evil.pair::text')$$,
	$$INSERT INTO sla.exception (during, reason) VALUES ('[2020-01-01,2021-01-01)', 'everybody''s')$$,
	$$INSERT INTO sla.exception (relation, during) VALUES ('help.ticket', '[2020-01-01,2021-01-01)')$$,
	$$SELECT sla.track('help.ticket', labels => '''(1)''::evil.pair::text')$$,
	$$SELECT sla.untrack('help.ticket')$$]) WITH ORDINALITY AS s(s, k), LATERAL fails(s) AS f ORDER BY k;
-- a table of his own made over to another's definitions, and the other way
CREATE TABLE evil.own (id int PRIMARY KEY, status text DEFAULT 'new', created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z');
SELECT follow('evil.own');
SELECT s, f.state FROM unnest(ARRAY[
	$$UPDATE sla.metric SET relation = 'help.ticket', name = 'mine'$$,
	$$UPDATE sla.tracked SET relation = 'help.ticket'$$,
	$$UPDATE sla.policy SET relation = 'help.ticket', name = 'mine'$$,
	$$INSERT INTO sla.source (source, relation, item, metric, action) VALUES ('evil.own', 'help.ticket', 'id', 'resolution', 'stop')$$,
	$$INSERT INTO sla.source (source, relation, item, metric, action) VALUES ('help.ticket', 'evil.own', 'id', 'resolution', 'stop')$$]) WITH ORDINALITY AS s(s, k), LATERAL fails(s) AS f ORDER BY k;
SELECT count(*) AS own FROM sla.metric;
-- a number of his choice does not make another's definition his
RESET ROLE;
SELECT id AS victims FROM sla.metric WHERE relation = 'help.ticket'::regclass \gset
SELECT id AS victims_policy FROM sla.policy WHERE relation = 'help.ticket'::regclass \gset
SET ROLE regress_sla_owner;
SELECT state(format('UPDATE sla.metric SET id = %s WHERE relation = ''evil.own''::regclass', :victims)) <> 'none' AS refused;
SELECT state(format('UPDATE sla.policy SET id = %s WHERE relation = ''evil.own''::regclass', :victims_policy)) <> 'none' AS refused;
RESET ROLE;
INSERT INTO help.ticket (id) VALUES (90);
INSERT INTO evil.own (id) VALUES (90);
SELECT relation, item, state FROM sla.clock WHERE item = '90' ORDER BY relation::text;
SELECT is_called AS ran_as_another FROM evil.escaped;

-- the extension's trigger functions on tables of his own, which are named like its tables
CREATE FUNCTION evil.borrow(t regclass, args text, statements text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	f regproc;
	w text;
	s text;
BEGIN
	FOR f IN SELECT p.oid FROM pg_proc p WHERE pronamespace = 'sla'::regnamespace AND prorettype = 'trigger'::regtype ORDER BY proname LOOP
		FOREACH w IN ARRAY ARRAY['BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW', 'AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW', 'BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT', 'AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT', 'AFTER TRUNCATE ON %s FOR EACH STATEMENT', 'AFTER INSERT ON %s FOR EACH ROW'] LOOP
			BEGIN
				EXECUTE format('CREATE TRIGGER borrowed ' || w || ' EXECUTE FUNCTION %s(%s)', t, f, args);
				FOREACH s IN ARRAY statements LOOP
					BEGIN
						EXECUTE s;
					EXCEPTION WHEN OTHERS THEN
						NULL;
					END;
				END LOOP;
				EXECUTE format('DROP TRIGGER borrowed ON %s', t);
			EXCEPTION WHEN OTHERS THEN
				NULL;
			END;
		END LOOP;
	END LOOP;
END
$$;
CREATE TABLE evil.metric (relation regclass, name text, start_when text, stop_when text, pause_when text, cancel_when text, start_at text, stop_at text, due_at text, per text, pause_reason text, id int);
CREATE TABLE evil.policy (relation regclass, name text, applies_when text, plan text, id int);
CREATE TABLE evil.tracked (relation regclass, item text, at text, labels text, owner text, party text, time_zone text DEFAULT 'UTC', on_error text DEFAULT 'error', id int);
CREATE TABLE evil.forged (id int PRIMARY KEY, status text, divisor int DEFAULT 1, secret_column text, created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z');
RESET ROLE;
SELECT id AS victims_metric FROM sla.metric WHERE relation = 'help.ticket'::regclass \gset
SELECT id AS victims_policy FROM sla.policy WHERE relation = 'help.ticket'::regclass \gset
SELECT id AS victims_table FROM sla.tracked WHERE relation = 'help.ticket'::regclass \gset
INSERT INTO help.ticket (id) VALUES (80), (81);
CREATE FUNCTION victims() RETURNS text LANGUAGE sql AS $$
	SELECT md5(string_agg(pg_get_functiondef(oid), '' ORDER BY proname) || (SELECT string_agg(c::text, '' ORDER BY item) FROM clocks('help.ticket') c) || (SELECT string_agg(m::text, '') FROM sla.metric m WHERE relation = 'help.ticket'::regclass))
	FROM pg_proc WHERE pronamespace = 'sla'::regnamespace AND proowner = 'regress_sla_victim'::regrole
$$;
SELECT victims() AS before \gset
SET ROLE regress_sla_owner;
\set ECHO none
SELECT evil.borrow('evil.metric', '', ARRAY[format('INSERT INTO evil.metric (relation, name, stop_when, id) VALUES (''help.ticket'', ''resolution'', ''evil.look(''''borrowed'''')'', %s)', :victims_metric), 'UPDATE evil.metric SET stop_when = ''evil.look(''''a borrowed trigger'''')''', 'DELETE FROM evil.metric']);
SELECT evil.borrow('evil.policy', '', ARRAY[format('INSERT INTO evil.policy (relation, name, applies_when, id) VALUES (''help.ticket'', ''all'', ''evil.look(''''borrowed'''')'', %s)', :victims_policy), 'UPDATE evil.policy SET applies_when = ''evil.look(''''a borrowed trigger'''')''', 'DELETE FROM evil.policy']);
SELECT evil.borrow('evil.tracked', '', ARRAY[format('INSERT INTO evil.tracked (relation, item, id) VALUES (''help.ticket'', ''CASE WHEN evil.look(''''borrowed'''') THEN id::text END'', %s)', :victims_table), 'UPDATE evil.tracked SET labels = ''to_jsonb(evil.look(''''a borrowed trigger''''))''', 'DELETE FROM evil.tracked']);
SELECT evil.borrow('evil.forged', quote_literal(:victims_table), ARRAY['INSERT INTO evil.forged VALUES (80, ''done'')', 'UPDATE evil.forged SET status = ''void''', 'DELETE FROM evil.forged', 'INSERT INTO evil.forged VALUES (81, ''done'')', 'TRUNCATE evil.forged']);
\set ECHO all
RESET ROLE;
SELECT errors FROM sla.sync('help.ticket');
SELECT victims() = :'before' AS untouched;
SELECT item, state FROM clocks('help.ticket') WHERE item IN ('80', '81');
SELECT is_called AS ran_as_another FROM evil.escaped;
DROP FUNCTION victims();
DROP TABLE evil.metric, evil.policy, evil.tracked, evil.forged;

-- the functions that hold the expressions are his: changed or gone they give an error or nothing, and run as he
SET ROLE regress_sla_owner;
UPDATE sla.metric SET stop_when = $$status = 'done' AND evil.look('kept in a function')$$;
RESET ROLE;
CREATE TABLE held AS SELECT p.oid::regprocedure::text AS f FROM pg_proc p WHERE pronamespace = 'sla'::regnamespace AND proowner = 'regress_sla_owner'::regrole;
GRANT SELECT ON held TO PUBLIC;
SET ROLE regress_sla_owner;
SELECT a, bool_and(f.state IN ('none', '42501', '42883', '2BP01')) FROM unnest(ARRAY['SECURITY DEFINER', 'SECURITY INVOKER', 'SET search_path = evil', 'RESET ALL', 'STRICT', 'VOLATILE', 'COST 100000', 'RENAME TO owned', 'SET SCHEMA evil', 'OWNER TO regress_sla_victim']) WITH ORDINALITY AS a(a, k),
	held, LATERAL fails(format('ALTER FUNCTION %s %s', held.f, a)) AS f GROUP BY a, k ORDER BY k;
RESET ROLE;
SELECT state('UPDATE evil.own SET status = ''done''') IN ('none', '55000', '42883') AS told;
SELECT state('SELECT sla.sync(''evil.own'')') IN ('none', '55000', '42883') AS told;
SELECT is_called AS ran_as_another FROM evil.escaped;
DROP TABLE evil.own;

--
-- Another owner: suspended until he confirms
--

SET ROLE regress_sla_owner;
CREATE TABLE evil.given (id int PRIMARY KEY, status text DEFAULT 'new', created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z');
SELECT follow('evil.given');
UPDATE sla.metric SET stop_when = $$status = 'done' AND evil.look('what the one before wrote')$$, start_at = $$CASE WHEN evil.look('what the one before wrote') THEN created_at END$$ WHERE relation = 'evil.given'::regclass;
INSERT INTO evil.given VALUES (1), (2);
RESET ROLE;
ALTER TABLE evil.given OWNER TO regress_sla_victim;
UPDATE evil.given SET status = 'done', changed_at = '2020-11-20 12:00Z' WHERE id = 1;
INSERT INTO evil.given VALUES (3);
DELETE FROM evil.given WHERE id = 2;
SELECT is_called AS ran_as_another FROM evil.escaped;
SELECT item, state FROM clocks('evil.given');
SELECT count(*) > 0 AS told FROM sla.status() WHERE subject LIKE '%given%' AND (status || detail) ~* 'suspend|owner';
SELECT state('SELECT sla.sync(''evil.given'')') AS sync_meanwhile;
SELECT state('SELECT sla.verify(''evil.given'')') AS verify_meanwhile;
SELECT is_called AS ran_as_another FROM evil.escaped;
SELECT item, state FROM clocks('evil.given');
-- the one before can neither confirm nor see it
SET ROLE regress_sla_owner;
SELECT state('SELECT sla.track(''evil.given'')');
SELECT count(*) FROM sla.metric WHERE relation = 'evil.given'::regclass;
-- the new one changes what he does not want, and confirms
SET ROLE regress_sla_victim;
UPDATE sla.metric SET stop_when = $$status = 'done'$$, start_at = 'created_at' WHERE relation = 'evil.given'::regclass;
SELECT sla.track('evil.given');
RESET ROLE;
SELECT errors FROM sla.sync('evil.given');
SELECT item, state FROM clocks('evil.given');
SELECT synced('evil.given');
INSERT INTO evil.given VALUES (4);
SELECT item, state FROM clocks('evil.given') WHERE item = '4';
SELECT count(*) AS told FROM sla.status() WHERE subject LIKE '%given%' AND (status || detail) ~* 'suspend|owner';
-- REASSIGN OWNED is the same
REASSIGN OWNED BY regress_sla_victim TO regress_sla_nobody;
UPDATE evil.given SET status = 'done', changed_at = '2020-11-20 12:00Z' WHERE id = 4;
SELECT item, state FROM clocks('evil.given') WHERE item = '4';
SELECT count(DISTINCT subject) AS told FROM sla.status() WHERE (status || detail) ~* 'suspend|owner';
SET ROLE regress_sla_nobody;
SELECT sla.track('evil.given');
RESET ROLE;
SELECT errors FROM sla.sync('evil.given');
SELECT item, state FROM clocks('evil.given') WHERE item = '4';
SELECT is_called AS ran_as_another FROM evil.escaped;

SET client_min_messages = warning;
DROP SCHEMA evil CASCADE;
DROP SCHEMA help CASCADE;
SELECT * FROM left_behind();
DROP SCHEMA test CASCADE;
DROP OWNED BY regress_sla_owner, regress_sla_victim, regress_sla_writer, regress_sla_nobody;
DROP ROLE regress_sla_owner, regress_sla_victim, regress_sla_writer, regress_sla_nobody;
DELETE FROM sla.calendar;
DELETE FROM sla.calendar_history;
