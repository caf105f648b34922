-- Ways around the triggers, into what others read, and out of the fence of an
-- owner: by who writes rows, by who may UPDATE some of them, by who owns a table
-- that the administrator alters.
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
CREATE ROLE regress_sla_owner;
CREATE ROLE regress_sla_writer;
GRANT USAGE ON SCHEMA test TO PUBLIC;
CREATE SCHEMA help AUTHORIZATION regress_sla_owner;
GRANT USAGE ON SCHEMA help TO regress_sla_writer;

--
-- A statement that begins on a table of the writer's own, and does not end
--

SET ROLE regress_sla_owner;
CREATE TABLE help.ticket (id int PRIMARY KEY, status text DEFAULT 'new', created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z') PARTITION BY RANGE (id);
CREATE TABLE help.ticket_1 PARTITION OF help.ticket FOR VALUES FROM (0) TO (100);
CREATE TABLE help.ticket_2 PARTITION OF help.ticket FOR VALUES FROM (100) TO (200);
GRANT SELECT, INSERT, UPDATE, DELETE ON help.ticket, help.ticket_1, help.ticket_2 TO regress_sla_writer;
SELECT follow('help.ticket');
RESET ROLE;
SELECT id AS tracked FROM sla.tracked \gset
SET ROLE regress_sla_writer;
BEGIN;
CREATE TEMP TABLE own (n int);
CREATE TRIGGER begins BEFORE INSERT ON own FOR EACH STATEMENT EXECUTE FUNCTION sla.track_statement(:'tracked');
INSERT INTO own VALUES (1), (2);
INSERT INTO own VALUES (3);
INSERT INTO help.ticket_1 (id) VALUES (1), (2);
UPDATE help.ticket_1 SET status = 'done', changed_at = '2020-11-20 10:00Z' WHERE id = 2;
INSERT INTO help.ticket (id) VALUES (3), (101);
COMMIT;
-- ends one that is not its own: what was noted is followed
DROP TRIGGER begins ON own;
CREATE TRIGGER ends AFTER INSERT ON own FOR EACH STATEMENT EXECUTE FUNCTION sla.track_statement(:'tracked');
WITH a AS (INSERT INTO own VALUES (1) RETURNING n), b AS (INSERT INTO help.ticket (id) VALUES (4) RETURNING id) SELECT FROM a, b;
RESET ROLE;
SELECT item, state FROM clocks('help.ticket');
SELECT synced('help.ticket');
-- begun on a partition whose owner leaves out the end: not without a word
ALTER TABLE help.ticket_2 OWNER TO regress_sla_writer;
SET ROLE regress_sla_writer;
CREATE TRIGGER begins BEFORE INSERT ON help.ticket_2 FOR EACH STATEMENT EXECUTE FUNCTION sla.track_statement(:'tracked');
BEGIN;
INSERT INTO help.ticket_2 (id) VALUES (102);
INSERT INTO help.ticket_1 (id) VALUES (5);
COMMIT;
DROP TRIGGER begins ON help.ticket_2;
RESET ROLE;
SELECT count(*) FROM help.ticket WHERE id IN (5, 102);
SELECT synced('help.ticket');

--
-- The text of a key is not the session's to choose
--

CREATE TABLE measure (id float8 PRIMARY KEY, status text DEFAULT 'new', created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z');
CREATE TABLE blob (id bytea PRIMARY KEY, status text DEFAULT 'new', created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z');
CREATE TABLE span (id interval PRIMARY KEY, status text DEFAULT 'new', created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z');
CREATE TABLE class (id regclass PRIMARY KEY, status text DEFAULT 'new', created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z');
SELECT follow(t) FROM unnest('{measure,blob,span,class}'::regclass[]) t;
INSERT INTO measure VALUES (1.25), (1.5);
INSERT INTO blob VALUES ('\x61');
INSERT INTO span VALUES ('1 day 02:00');
INSERT INTO class VALUES ('pg_class');
SET extra_float_digits = -15;
SET bytea_output = 'escape';
SET intervalstyle = 'iso_8601';
SET quote_all_identifiers = on;
UPDATE measure SET status = 'done';
UPDATE blob SET status = 'done';
UPDATE span SET status = 'done';
UPDATE class SET status = 'done';
INSERT INTO measure VALUES (2.25), (2.5);
SELECT sla.signal('measure', '2.25', 'resolution', 'pause', '2020-11-20 10:00Z');
RESET extra_float_digits;
RESET bytea_output;
SET intervalstyle = 'postgres';
RESET quote_all_identifiers;
SELECT relation, item, state FROM sla.clock WHERE relation <> 'help.ticket'::regclass ORDER BY relation::text, item COLLATE "C";
SELECT t, synced(t) FROM unnest('{measure,blob,span,class}'::regclass[]) t;
DROP TABLE measure, blob, span, class;

--
-- Rows that are one item by a NULL that their unique index takes for many
--

CREATE TABLE pair (a int, b int, status text DEFAULT 'new', created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z', UNIQUE (a, b));
SELECT follow('pair', 'ROW(a, b)::text');
INSERT INTO pair VALUES (1, 1);
SELECT s, f.state, f.message FROM unnest('{"INSERT INTO pair VALUES (1, NULL)","UPDATE pair SET a = NULL"}'::text[]) AS s, fails(s) AS f;
SELECT sla.track('pair', item => 'coalesce(a, 0) || ''/'' || coalesce(b, 0)');
SELECT errors FROM sla.sync('pair');
SELECT s, f.state FROM unnest('{"INSERT INTO pair VALUES (0, 0)","INSERT INTO pair VALUES (0, NULL)"}'::text[]) AS s, fails(s) AS f;
-- but not for one, or where it cannot be
ALTER TABLE pair ADD UNIQUE NULLS NOT DISTINCT (a, b);
INSERT INTO pair VALUES (2, NULL);
SELECT state('INSERT INTO pair VALUES (2, NULL, ''done'')');
SELECT item, state FROM clocks('pair');
SELECT synced('pair');
DROP TABLE pair;

--
-- Instants from which no business time can be computed: no row has one, so that
-- nobody's report fails for it
--

CREATE TABLE due (id int PRIMARY KEY, status text DEFAULT 'new', created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z', promised timestamptz);
SELECT follow('due');
UPDATE sla.metric SET due_at = 'promised' WHERE relation = 'due'::regclass;
INSERT INTO due (id) VALUES (1);
CREATE TABLE measured (LIKE due INCLUDING ALL);
SELECT follow('measured');
UPDATE sla.target SET goal = NULL WHERE relation = 'measured'::regclass;
INSERT INTO measured (id) VALUES (1), (2);
SELECT t, c, at, f.state FROM unnest('{due,measured}'::text[]) WITH ORDINALITY AS t(t, i), unnest('{created_at,changed_at,promised}'::text[]) WITH ORDINALITY AS c(c, j), unnest('{4713-01-01 BC,0001-01-01,2500-01-01,294276-12-31}'::text[]) WITH ORDINALITY AS at(at, k),
	LATERAL fails(format('INSERT INTO %s (id, promised, %2$I) VALUES (9, ''2020-11-20 17:00Z'', %3$L)', t, CASE c WHEN 'promised' THEN 'status' ELSE c END, CASE c WHEN 'promised' THEN 'new' ELSE at END)) AS g,
	LATERAL fails(format('INSERT INTO %s (id, %I) VALUES (10, %L)', t, c, at)) AS f
WHERE f.state <> '22008' AND NOT (t = 'measured' AND c = 'promised') ORDER BY i, j, k;
DELETE FROM measured WHERE id > 2;
SELECT a, at, f.state FROM unnest('{pause,stop}'::text[]) a, unnest('{4713-01-01 BC,294276-12-31}'::text[]) at, fails(format('SELECT sla.signal(''measured'', ''1'', ''resolution'', %L, %L)', a, at)) f ORDER BY a, at;
SELECT f.state FROM sla.clock, fails(format('SELECT sla.correct(%s, ''4713-01-01 BC'', NULL, ''wrong'')', clock_id)) f WHERE relation = 'measured'::regclass;
SELECT v.oid::regclass AS broken FROM pg_class v, fails(format('SELECT * FROM %s', v.oid::regclass)) f WHERE relnamespace = 'sla'::regnamespace AND relkind = 'v' AND f.state <> 'none';
DROP TABLE due, measured;

--
-- Signals of rows that row-level security keeps from who tells of them
--

SET ROLE regress_sla_owner;
CREATE TABLE help.case (id int PRIMARY KEY, tenant text, status text DEFAULT 'new', created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z');
SELECT follow('help.case');
ALTER TABLE help.case ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON help.case USING (tenant = current_setting('help.tenant', true));
CREATE POLICY seen ON help.case FOR SELECT USING (tenant = 'shared');
GRANT SELECT, UPDATE ON help.case TO regress_sla_writer;
INSERT INTO help.case VALUES (1, 'mine'), (2, 'theirs'), (3, 'shared');
SET ROLE regress_sla_writer;
SET help.tenant = 'mine';
SELECT id, f.state, f.message FROM generate_series(1, 4) id, fails(format('SELECT sla.signal(''help.case'', %L, ''resolution'', ''stop'', ''2020-11-20 10:00Z'')', id)) f ORDER BY id;
SET row_security = off;
SELECT state('SELECT sla.signal(''help.case'', ''1'', ''resolution'', ''resume'', ''2020-11-20 10:00Z'')');
RESET row_security;
SET ROLE regress_sla_owner;
SELECT sla.signal('help.case', '2', 'resolution', 'pause', '2020-11-20 10:00Z');
RESET ROLE;
SELECT item, state FROM clocks('help.case');

--
-- Readers do not wait without end for what an owner wrote
--

SET ROLE regress_sla_owner;
CREATE TABLE help.armed ();
CREATE FUNCTION help.nap() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT FROM help.armed) THEN
		PERFORM pg_sleep(100);
	END IF;
	RETURN false;
END
$$;
CREATE TABLE help.slow (id int PRIMARY KEY, status text DEFAULT 'new', created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z');
SELECT follow('help.slow');
UPDATE sla.metric SET pause_when = 'help.nap()' WHERE relation = 'help.slow'::regclass;
INSERT INTO help.slow SELECT generate_series(1, 20);
RESET ROLE;
SET sla_tracker.owner_limit = '1s';
INSERT INTO help.armed DEFAULT VALUES;
UPDATE sla.target SET goal = '5 bh @track_desk';
UPDATE sla.metric SET stop_when = 'status = ''over''' WHERE relation IN ('help.slow'::regclass, 'help.ticket'::regclass);
SELECT relation, count(*), clock_timestamp() - statement_timestamp() < interval '15 s' AS soon FROM sla.clock WHERE relation IN ('help.slow'::regclass, 'help.ticket'::regclass) AND state = 'running' GROUP BY relation ORDER BY relation::text;
-- a cancel of the reader's own is one
SET statement_timeout = '200ms';
SELECT count(state) FROM sla.clock;
RESET statement_timeout;
RESET sla_tracker.owner_limit;
DELETE FROM help.armed;
SELECT relation, due_at, count(*) FROM sla.clock WHERE relation IN ('help.slow'::regclass) AND state = 'running' GROUP BY 1, 2;
DROP TABLE help.slow;

--
-- sla.detach() alters tables as their owners, and what was written follows renamed columns
--

CREATE SCHEMA evil AUTHORIZATION regress_sla_owner;
SET ROLE regress_sla_owner;
CREATE TABLE evil.log (who text);
GRANT USAGE ON SCHEMA evil TO PUBLIC;
GRANT INSERT ON evil.log TO PUBLIC;
CREATE FUNCTION evil.check(text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO evil.log VALUES (current_user::text);
	RETURN true;
END
$$;
CREATE TABLE evil.plan (id int, goal business_interval DEFAULT '4 bh' CHECK (evil.check(goal::text)), goals business_interval[] DEFAULT '{1 bh,2 bh}');
INSERT INTO evil.plan VALUES (1);
CREATE FUNCTION evil.is_open(text) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$SELECT $1 = 'open'$$;
CREATE TABLE evil.job (id int PRIMARY KEY, status text DEFAULT 'new', created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z', "other one" text);
CREATE TABLE evil.event (n int, job int);
SELECT follow('evil.job');
INSERT INTO sla.metric (relation, name, id, stop_when, pause_when) VALUES ('evil.job', 'negative', -7, 'status = ''done''', '"other one" = ''x'' AND job.changed_at IS NULL');
SET search_path = evil, test, public;
UPDATE sla.metric SET cancel_when = 'evil.job.status = ''void'' OR is_open(status)' WHERE id = -7;
RESET search_path;
SET search_path = test, public;
INSERT INTO sla.source (source, relation, item, metric, action) VALUES ('evil.event', 'evil.job', 'job', 'resolution', 'stop');
INSERT INTO evil.job (id) VALUES (1), (2);
ALTER TABLE evil.job RENAME COLUMN status TO "The state";
ALTER TABLE evil.job ADD COLUMN status text;
ALTER TABLE evil.job RENAME COLUMN id TO number;
ALTER TABLE evil.event RENAME COLUMN job TO number;
RESET ROLE;
SELECT sla.detach();
SELECT DISTINCT who FROM evil.log;
SELECT attname, atttypid::regtype, pg_get_expr(adbin, adrelid) FROM pg_attribute JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attrelid = 'evil.plan'::regclass ORDER BY attnum;
SELECT proname FROM pg_proc p WHERE pronamespace = 'sla'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e');
SELECT item, at, confirmed_by FROM sla.tracked WHERE relation = 'evil.job'::regclass;
SELECT name, start_at, stop_when, pause_when, cancel_when FROM sla.metric WHERE relation = 'evil.job'::regclass ORDER BY name;
SELECT item FROM sla.source;
SET ROLE regress_sla_owner;
SELECT sla.track('evil.job');
UPDATE sla.source SET action = action;
UPDATE evil.job SET "The state" = 'done', changed_at = '2020-11-20 12:00Z' WHERE number = 1;
INSERT INTO evil.event VALUES (1, 2);
RESET ROLE;
SELECT item, metric, state FROM clocks('evil.job');
-- what another owner has not confirmed is not confirmed by that
ALTER TABLE evil.job RENAME COLUMN number TO id;
REASSIGN OWNED BY regress_sla_owner TO regress_sla_writer;
SELECT sla.detach();
SELECT item, confirmed_by FROM sla.tracked WHERE relation = 'evil.job'::regclass;

--
-- A table that is untracked goes on being a source of another
--

CREATE TABLE talk (id int PRIMARY KEY, talks_of int, status text, created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z');
CREATE TABLE talked_of (id int PRIMARY KEY, status text, created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z');
SELECT follow(t) FROM unnest('{talk,talked_of}'::regclass[]) t;
INSERT INTO sla.source (source, relation, item, metric, action) VALUES ('talk', 'talked_of', 'talks_of', 'resolution', 'stop');
INSERT INTO talked_of VALUES (1), (2);
SELECT sla.untrack('talk');
INSERT INTO talk VALUES (1, 1);
SELECT item, state FROM clocks('talked_of');
SELECT sla.untrack('talked_of');
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid IN ('talk'::regclass, 'talked_of'::regclass);
DROP TABLE talk, talked_of;

SET client_min_messages = warning;
DROP SCHEMA evil CASCADE;
DROP SCHEMA help CASCADE;
SELECT * FROM left_behind();
DROP SCHEMA test CASCADE;
DROP OWNED BY regress_sla_owner, regress_sla_writer;
DROP ROLE regress_sla_owner, regress_sla_writer;
DELETE FROM sla.calendar;
DELETE FROM sla.calendar_history;
