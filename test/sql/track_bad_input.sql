-- Bad input to tracked tables: an error, or an exception that is recorded and healed; never a
-- lost write without a trace, never a wrong clock.
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

--
-- What is asked of a table that there is not, that is not tracked, or has no such metric
--

CREATE TABLE asked (id int PRIMARY KEY);
SELECT q, f.state, f.message, f.hint FROM unnest(ARRAY['verify(%s)', 'recompute(%s, NULL)', 'recompute(%s, ''(,)'')', 'clock_at(%s, now())', 'forecast(%s)', 'forecast_backtest(%s, ''{2026-01-01}'')',
	'suggest_goal(%s, ''solve'', 90, ''24/7'')', 'what_if(%s, ''solve'', ''1 bh @24/7'', ''(,)'')', 'untrack(%s)']) q, unnest('{asked,1}'::regclass[]) t, fails(format('SELECT * FROM sla.' || q, quote_literal(t))) f;
SELECT f.state, f.message FROM unnest('{0,1}'::oid[]) t, unnest(ARRAY['sla.metric (relation, name) VALUES (%s, ''x'')', 'sla.policy (relation, name) VALUES (%s, ''x'')']) q, fails(format('INSERT INTO ' || q, t)) f;
SELECT sla.track('asked');
INSERT INTO sla.metric (relation, name) VALUES ('asked', 'look');
SELECT f.state, f.message FROM unnest('{0,1}'::oid[]) t, fails(format('INSERT INTO sla.source (source, relation, item, metric, action) VALUES (%s, ''asked'', ''1'', ''look'', ''stop'')', t)) f;
SELECT q, f.state, f.message, f.hint FROM unnest(ARRAY['verify(%s)', 'clock_at(%s, now())', 'suggest_goal(%s, ''solve'', 90, ''24/7'')', 'what_if(%s, ''solve'', ''1 bh @24/7'', ''(,)'')', 'untrack(%s)']) q, fails(format('SELECT * FROM sla.' || q, '''asked''')) f;
DROP TABLE asked;

--
-- What cannot be tracked
--

-- a row is followed for one table only
CREATE TABLE root (id int, region text, PRIMARY KEY (region, id)) PARTITION BY LIST (region);
CREATE TABLE root_eu PARTITION OF root FOR VALUES IN ('eu') PARTITION BY RANGE (id);
CREATE TABLE root_eu_1 PARTITION OF root_eu FOR VALUES FROM (0) TO (1000);
CREATE TABLE base (id int PRIMARY KEY);
CREATE TABLE child (more int) INHERITS (base);
SELECT sla.track('root_eu');
SELECT t, f.state, f.message, f.detail, f.hint FROM unnest('{root,root_eu_1}'::text[]) t, fails(format('SELECT sla.track(%L)', t)) f;
SELECT sla.track('root_eu', labels => '''{}''');
SELECT sla.untrack('root_eu', false);
SELECT sla.track('root');
SELECT f.state, f.message FROM fails('SELECT sla.track(''root_eu_1'')') f;
SELECT sla.track('base');
SELECT f.state, f.message FROM fails('SELECT sla.track(''child'')') f;
SELECT f.state, f.message, f.hint FROM fails('SELECT sla.track(''sla.calendar'')') f;
DROP TABLE root, base CASCADE;

CREATE TABLE no_key (id int, status text);
CREATE UNIQUE INDEX ON no_key (id) WHERE status = 'new';
CREATE TABLE half_key (a int, b int, c int UNIQUE, d int, PRIMARY KEY (a, b));
CREATE VIEW a_view AS SELECT * FROM half_key;
CREATE MATERIALIZED VIEW a_matview AS SELECT * FROM half_key;
CREATE SEQUENCE a_sequence;
CREATE TYPE a_type AS (id int);
CREATE TEMP TABLE a_temp (id int PRIMARY KEY);
CREATE UNLOGGED TABLE an_unlogged (id int PRIMARY KEY);
\x on
SELECT s, f.* FROM unnest(ARRAY[
	$$SELECT sla.track('no_such_table')$$,
	$$SELECT sla.track('no_key')$$,
	$$SELECT sla.track('no_key', item => 'id')$$,
	$$SELECT sla.track('half_key', item => 'a')$$,
	$$SELECT sla.track('half_key', item => 'd')$$,
	$$SELECT sla.track('half_key', item => $i$'one'$i$)$$,
	$$SELECT sla.track('half_key', item => 'no_such_column')$$,
	$$SELECT sla.track('a_view')$$,
	$$SELECT sla.track('a_matview')$$,
	$$SELECT sla.track('a_sequence')$$,
	$$SELECT sla.track('a_type')$$,
	$$SELECT sla.track('half_key_pkey')$$,
	$$SELECT sla.track('pg_catalog.pg_class')$$,
	$$SELECT sla.track(NULL)$$,
	$$SELECT sla.track(0)$$,
	$$SELECT sla.track('half_key', at => 'a')$$,
	$$SELECT sla.track('half_key', labels => 'a')$$,
	$$SELECT sla.track('half_key', labels => '(SELECT NULL::jsonb)')$$,
	$$SELECT sla.track('half_key', owner => 'a +')$$,
	$$SELECT sla.track('half_key', time_zone => 'Nowhere/Nothing')$$,
	$$SELECT sla.track('half_key', time_zone => 'UTC+5')$$,
	$$SELECT sla.track('half_key', time_zone => 'CET')$$,
	$$SELECT sla.untrack('half_key')$$,
	$$SELECT * FROM sla.sync('half_key')$$,
	$$SELECT sla.signal('half_key', '1', 'resolution', 'pause')$$,
	$$SELECT sla.correct(4711, '2020-11-20 09:00Z', NULL, 'x')$$]) WITH ORDINALITY AS s(s, k), LATERAL fails(s) AS f ORDER BY k;
\x off
-- an index that covers it is enough
SELECT state($$SELECT sla.track('half_key', item => 'c')$$), state($$SELECT sla.track('an_unlogged')$$);
SELECT state($$SELECT sla.track('half_key', on_error => 'ignore')$$);
SELECT item FROM sla.tracked WHERE relation = 'half_key'::regclass;
-- a temporary table would vanish without a word
SELECT state($$SELECT sla.track('a_temp')$$) <> 'none' AS refused;
DROP TABLE a_temp, an_unlogged;
SELECT sla.untrack('half_key', false);
DROP TABLE no_key;
DROP TABLE half_key CASCADE;
DROP SEQUENCE a_sequence;
DROP TYPE a_type;
SELECT * FROM left_behind();

--
-- Definitions that do not fit
--

CREATE TABLE ticket (
	id int UNIQUE,
	status text DEFAULT 'new',
	n int DEFAULT 1,
	j jsonb DEFAULT '{}',
	day date,
	closed_at timestamptz,
	created_at timestamptz DEFAULT '2020-11-20 09:00Z',
	changed_at timestamptz DEFAULT '2020-11-20 09:00Z'
);
SELECT sla.track('ticket', item => 'id', at => 'changed_at', labels => 'j');
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at, pause_when)
	VALUES ('ticket', 'resolution', 'created_at', $$status = 'done'$$, 'closed_at', $$status = 'waiting'$$);
INSERT INTO sla.policy (relation, name) VALUES ('ticket', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'all', 'resolution', '4 bh @track_desk');
CREATE TABLE event (id int, ticket int, at timestamptz);
\x on
SELECT s, f.* FROM unnest(ARRAY[
	-- an expression: unknown column, wrong type, none at all
	$$UPDATE sla.metric SET stop_when = 'statos = ''done'''$$,
	$$UPDATE sla.metric SET stop_when = 'status'$$,
	$$UPDATE sla.metric SET stop_when = 'n'$$,
	$$UPDATE sla.metric SET stop_when = ''$$,
	$$UPDATE sla.metric SET stop_when = 'status = '$$,
	$$UPDATE sla.metric SET start_at = 'status'$$,
	$$UPDATE sla.metric SET start_at = 'n'$$,
	$$UPDATE sla.metric SET stop_at = 'true'$$,
	$$UPDATE sla.metric SET due_at = 'n * interval ''1 day'''$$,
	$$UPDATE sla.metric SET per = 'j ->'$$,
	$$UPDATE sla.metric SET pause_reason = 'no_such_function(id)'$$,
	$$UPDATE sla.metric SET stop_when = '(SELECT true)'$$,
	$$UPDATE sla.metric SET stop_when = 'max(n) > 1'$$,
	-- a table that is not there, or not tracked
	$$INSERT INTO sla.metric (relation, name) VALUES ('no_such_table', 'x')$$,
	$$INSERT INTO sla.metric (relation, name) VALUES (4711, 'x')$$,
	$$INSERT INTO sla.metric (relation, name) VALUES ('event', 'x')$$,
	$$INSERT INTO sla.policy (relation, name) VALUES ('event', 'x')$$,
	-- a target: no such metric, no such policy, no calendar, nonsense
	$$INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'all', 'resolutoin', '4 bh @track_desk')$$,
	$$INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'al', 'resolution', '4 bh @track_desk')$$,
	$$UPDATE sla.target SET goal = '4 bh'$$,
	$$UPDATE sla.target SET goal = '4 bh @no_such_calendar'$$,
	$$UPDATE sla.target SET goal = '-4 bh @track_desk'$$,
	$$UPDATE sla.target SET threshold = '8 bh @no_such_calendar'$$,
	$$UPDATE sla.target SET due_by = 'noon'$$,
	$$UPDATE sla.target SET due_by = 'now'$$,
	$$UPDATE sla.target SET due_by = '25:00'$$,
	$$UPDATE sla.target SET due_by = '16:00'$$,
	$$UPDATE sla.target SET due_by = '16:00', goal = '1 bd 1 bh @track_desk'$$,
	$$UPDATE sla.target SET cutoff = '16:00'$$,
	$$UPDATE sla.target SET alert_at = '{0.5,NULL}'$$,
	$$UPDATE sla.target SET alert_at = '{-1}'$$,
	$$UPDATE sla.target SET alert_at = '{NaN}'$$,
	$$UPDATE sla.target SET alert_at = '{100,75}'$$,
	-- agreements
	$$INSERT INTO sla.agreement (party, name, calendar) VALUES ('p', 'a', 'no_such_calendar')$$,
	$$INSERT INTO sla.agreement (party, name, time_zone) VALUES ('p', 'a', 'Nowhere/Nothing')$$,
	-- sources
	$$INSERT INTO sla.source (source, relation, item, metric, action) VALUES ('event', 'ticket', 'tickets', 'resolution', 'pause')$$,
	$$INSERT INTO sla.source (source, relation, item, metric, action) VALUES ('event', 'ticket', 'ticket', 'no_such_metric', 'pause')$$,
	$$INSERT INTO sla.source (source, relation, item, metric, action) VALUES ('ticket', 'event', 'id', 'resolution', 'pause')$$,
	$$INSERT INTO sla.source (source, relation, item, metric, action, at) VALUES ('event', 'ticket', 'ticket', 'resolution', 'pause', 'id')$$,
	-- exceptions
	$$INSERT INTO sla.exception (relation, during, rrule) VALUES ('ticket', '[2020-01-01,2020-01-02)', 'FREQ=SOMETIMES')$$]) WITH ORDINALITY AS s(s, k), LATERAL fails(s) AS f ORDER BY k;
\x off
-- what plain constraints of these tables refuse
SELECT s, state(s) FROM unnest(ARRAY[
	$$INSERT INTO sla.metric (relation, name) VALUES (NULL, 'x')$$,
	$$UPDATE sla.metric SET name = NULL$$,
	$$UPDATE sla.metric SET name = ''$$,
	$$UPDATE sla.metric SET on_reopen = 'whatever'$$,
	$$UPDATE sla.metric SET kind = 'slo'$$,
	$$INSERT INTO sla.metric (relation, name) VALUES ('ticket', 'resolution')$$,
	$$INSERT INTO sla.agreement (party, name, ends_at) VALUES ('p', 'a', '-infinity')$$,
	$$INSERT INTO sla.agreement (party, name, credit_cap_percent) VALUES ('p', 'a', 101)$$,
	$$INSERT INTO sla.source (source, relation, item, metric, action) VALUES ('event', 'ticket', 'ticket', 'resolution', 'explode')$$,
	$$INSERT INTO sla.exception (relation) VALUES ('ticket')$$,
	$$INSERT INTO sla.exception (relation, extend_by) VALUES ('ticket', '-1 bh')$$,
	$$INSERT INTO sla.exception (relation, extend_by) VALUES ('ticket', '1 bh @24/7')$$,
	$$INSERT INTO sla.exception (relation, extend_by) VALUES ('ticket', '1000000 bh')$$,
	$$UPDATE sla.target SET goal = '1000000 bh @track_desk'$$,
	$$UPDATE sla.target SET goal = '40000 bd @track_desk', threshold = '50000 bd'$$,
	$$UPDATE sla.target SET threshold = '1000000 bh'$$,
	$$INSERT INTO sla.exception (relation, during, approved_by) VALUES ('ticket', '[2020-01-01,2021-01-01)', 'me')$$,
	$$INSERT INTO sla.exception (relation, during, labels) VALUES ('ticket', '[2020-01-01,2021-01-01)', '[]')$$]) WITH ORDINALITY AS s(s, k) ORDER BY k;
-- (whatever was taken is taken back)
DELETE FROM sla.agreement;
DELETE FROM sla.source;
DELETE FROM sla.exception;
DELETE FROM sla.metric WHERE relation <> 'ticket'::regclass;
DELETE FROM sla.policy WHERE relation <> 'ticket'::regclass;
DELETE FROM sla.target WHERE metric <> 'resolution' OR policy <> 'all';
UPDATE sla.target SET goal = '4 bh @track_desk', threshold = NULL, due_by = NULL, cutoff = NULL, alert_at = '{0.75,1}';
DROP TABLE event;

--
-- Rows that cannot be followed, where an error is an error
--

INSERT INTO ticket (id) VALUES (1), (2);
SELECT * FROM clocks('ticket');
\x on
SELECT s, f.* FROM unnest(ARRAY[
	$$SELECT sla.signal('ticket', '4711', 'resolution', 'pause')$$,
	$$SELECT sla.signal('ticket', '1', 'no_such_metric', 'pause')$$,
	$$SELECT sla.signal('ticket', '1', 'resolution', 'explode')$$,
	$$SELECT sla.signal('ticket', '1', 'resolution', NULL)$$,
	$$SELECT sla.signal('ticket', NULL, 'resolution', 'pause')$$,
	$$SELECT sla.signal('ticket', '1', 'resolution', 'pause', NULL)$$,
	$$SELECT sla.signal('ticket', '1', 'resolution', 'pause', 'infinity')$$]) WITH ORDINALITY AS s(s, k), LATERAL fails(s) AS f ORDER BY k;
\x off
UPDATE sla.metric SET stop_when = $$status = 'done' AND 1 / n > 0$$;
\x on
SELECT * FROM fails('UPDATE ticket SET status = ''done'', n = 0 WHERE id = 1');
SELECT * FROM fails('INSERT INTO ticket (id, status, n) VALUES (3, ''done'', 0)');
\x off
SELECT id, status, n FROM ticket ORDER BY id;
SELECT item, state FROM clocks('ticket');
-- a transaction that goes on after it
BEGIN;
UPDATE ticket SET status = 'waiting', changed_at = '2020-11-20 10:00Z' WHERE id = 2;
SAVEPOINT a;
UPDATE ticket SET status = 'done', n = 0;
ROLLBACK TO a;
UPDATE ticket SET status = 'done', changed_at = '2020-11-20 12:00Z' WHERE id = 1;
COMMIT;
SELECT item, state FROM clocks('ticket');
SELECT count(*) FROM sla.sync_error;
SELECT synced('ticket');
-- a key that is NULL: no item; a key that becomes one, or is one no more, is a delete and an insert
\x on
SELECT * FROM fails('INSERT INTO ticket (id) VALUES (NULL)');
SELECT * FROM fails('UPDATE ticket SET id = NULL WHERE id = 2');
\x off
-- labels that are no object
\x on
SELECT f.* FROM unnest('{1,"\"x\"","[]","null","true"}'::jsonb[]) AS j, LATERAL fails(format('UPDATE ticket SET j = %L WHERE id = 2', j)) AS f;
\x off
SELECT state('UPDATE ticket SET j = NULL WHERE id = 2') AS no_labels;
SELECT item, state, labels FROM sla.clock ORDER BY item;
DELETE FROM ticket;
SELECT synced('ticket');

--
-- ... and where it is a warning: the write succeeds, the item is noted, sync heals it
--

SELECT sla.track('ticket', on_error => 'warn');
SET client_min_messages = error;
INSERT INTO ticket (id) VALUES (11), (12);
UPDATE ticket SET status = 'done', n = 0 WHERE id = 11;
INSERT INTO ticket (id, status, n) VALUES (13, 'done', 0), (14, 'new', 1), (15, 'done', 1);
COPY ticket (id, status, n) FROM stdin;
16	done	0
17	new	1
\.
RESET client_min_messages;
SELECT id, status, n FROM ticket ORDER BY id;
SELECT item, state FROM clocks('ticket') WHERE item::int > 10;
-- the item and the SQLSTATE, and no values of the row
SELECT relation, item, sqlstate, is_healed FROM sla.sync_error ORDER BY item;
SELECT count(*) > 0 AS told FROM sla.status() WHERE subject LIKE '%ticket%';
-- not healed while it still fails
SET client_min_messages = error;
SELECT errors FROM sla.sync('ticket');
SELECT items, errors FROM sla.sync('ticket', ARRAY['11', '12', 'none', NULL]);
RESET client_min_messages;
SELECT item, sqlstate, bool_and(is_healed) AS healed FROM sla.sync_error GROUP BY 1, 2 ORDER BY 1;
-- healed by the definition or by the row
UPDATE sla.metric SET stop_when = $$status = 'done'$$;
SELECT started, cancelled, errors FROM sla.sync('ticket');
SELECT item, bool_and(is_healed) AS healed FROM sla.sync_error GROUP BY 1 ORDER BY 1;
SELECT item, state FROM clocks('ticket') WHERE item::int > 10;
SELECT synced('ticket');
-- some of a statement's rows fail, the others are followed, in a subtransaction as well
UPDATE sla.metric SET stop_when = $$status = 'done' AND 1 / n > 0$$;
SET client_min_messages = error;
BEGIN;
SAVEPOINT a;
UPDATE ticket SET status = 'waiting', changed_at = '2020-11-20 10:00Z', n = CASE id WHEN 12 THEN 0 ELSE 1 END WHERE id IN (12, 14, 17);
INSERT INTO ticket (id, status, n) SELECT i, CASE WHEN i % 100 = 0 THEN 'done' ELSE 'new' END, i % 100 FROM generate_series(1001, 2000) i;
RELEASE a;
SAVEPOINT b;
UPDATE ticket SET n = 0 WHERE id = 14;
ROLLBACK TO b;
COMMIT;
RESET client_min_messages;
SELECT item, state FROM clocks('ticket') WHERE item IN ('12', '14', '17');
SELECT count(*) FROM clocks('ticket') WHERE item::int > 1000;
SELECT count(*), count(DISTINCT item), bool_and(sqlstate = '22012') FROM sla.sync_error WHERE NOT is_healed;
UPDATE ticket SET n = 1 WHERE n = 0;
SELECT errors FROM sla.sync('ticket');
SELECT synced('ticket');
SELECT count(*) FROM sla.sync_error WHERE NOT is_healed;
-- NULL keys and labels
SET client_min_messages = error;
INSERT INTO ticket (id) VALUES (NULL), (21);
UPDATE ticket SET j = '[1]' WHERE id = 21;
UPDATE ticket SET id = NULL WHERE id = 17;
RESET client_min_messages;
SELECT count(*) FROM ticket WHERE id IS NULL;
SELECT item, count(*) FROM sla.sync_error WHERE NOT is_healed GROUP BY 1 ORDER BY 1;
SELECT item, state, labels FROM sla.clock WHERE item = '21';
SET client_min_messages = error;
SELECT started, cancelled, errors FROM sla.sync('ticket');
RESET client_min_messages;
-- a cancelled statement is no warning
SET client_min_messages = error;
UPDATE sla.metric SET stop_when = 'pg_sleep(n) IS NULL';
SET statement_timeout = '200ms';
\set VERBOSITY sqlstate
UPDATE ticket SET n = 30 WHERE id = 12;
\set VERBOSITY default
RESET statement_timeout;
UPDATE sla.metric SET stop_when = $$status = 'done'$$;
RESET client_min_messages;
SELECT n FROM ticket WHERE id = 12;
SET client_min_messages = error;
DELETE FROM ticket WHERE id IS NULL OR id > 1000;
RESET client_min_messages;
UPDATE ticket SET j = '{}';
SELECT errors FROM sla.sync('ticket');
SELECT synced('ticket');
SELECT count(*) FROM sla.sync_error WHERE NOT is_healed;
SELECT sla.track('ticket', on_error => 'error');
DELETE FROM ticket;

--
-- Times
--

-- no start: the event; a start after the stop, a stop before the start, an infinite one: never negative
INSERT INTO ticket (id, status, created_at, closed_at, changed_at) VALUES
	(31, 'new', NULL, NULL, '2020-11-20 10:00Z'),
	(32, 'done', '2020-11-20 12:00Z', '2020-11-20 11:00Z', '2020-11-20 13:00Z'),
	(33, 'done', '2020-11-20 09:00Z', NULL, '2020-11-20 11:00Z'),
	(38, 'new', '2020-11-20 12:00Z', NULL, '2020-11-20 10:00Z'),
	(39, 'done', '2020-11-20 12:00Z', NULL, '2020-11-20 10:00Z');
SELECT item, state, started, due, stopped, verdict FROM clocks('ticket') WHERE item::int BETWEEN 31 AND 39;
-- an infinite time is no time
\x on
SELECT c, i, f.* FROM unnest('{created_at,closed_at,changed_at}'::text[]) WITH ORDINALITY AS c(c, k), unnest('{infinity,-infinity}'::text[]) i,
	LATERAL fails(format('INSERT INTO ticket (id, status, %I) VALUES (34, ''done'', %L)', c, i)) AS f ORDER BY k, i;
\x off
SELECT count(*) AS negative FROM sla.clock WHERE elapsed_seconds < 0 OR stopped_at < started_at OR paused_seconds < 0 OR NOT isfinite(started_at) OR NOT isfinite(stopped_at);
SELECT synced('ticket');
-- the event time itself is none
INSERT INTO ticket (id, changed_at) VALUES (41, NULL);
SELECT count(*) AS infinite FROM sla.clock WHERE NOT isfinite(started_at) OR NOT isfinite(stopped_at);
SELECT state('INSERT INTO ticket (id, changed_at, created_at) VALUES (44, ''4000-01-01'', ''4000-01-01'')') AS out_of_range, state('INSERT INTO ticket (id, changed_at, created_at) VALUES (45, ''1000-01-01'', ''1000-01-01'')') AS out_of_range;
SELECT errors FROM sla.sync('ticket');
DELETE FROM ticket WHERE id > 40;
-- times that run backwards: at the last fact's time, and marked
INSERT INTO ticket (id, changed_at) VALUES (51, '2020-11-20 10:00Z');
UPDATE ticket SET status = 'waiting', changed_at = '2020-11-20 11:00Z' WHERE id = 51;
UPDATE ticket SET status = 'new', changed_at = '2020-11-20 10:30Z' WHERE id = 51;
UPDATE ticket SET status = 'done', changed_at = '2020-11-20 08:00Z' WHERE id = 51;
SELECT item, state, started, stopped, pauses FROM clocks('ticket') WHERE item = '51';
SELECT kind, count(*) > 0 AS told FROM sla.clock_change WHERE clock = (SELECT clock_id FROM sla.clock WHERE item = '51') GROUP BY kind;
-- before the start, too, if that was an event
CREATE TABLE begun (id int PRIMARY KEY, at timestamptz, waits boolean);
SELECT sla.track('begun', at => 'at');
INSERT INTO sla.metric (relation, name, pause_when) VALUES ('begun', 'm', 'waits');
INSERT INTO sla.policy (relation, name) VALUES ('begun', 'p');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('begun', 'p', 'm', '1 bh @24/7');
INSERT INTO begun VALUES (1, '2020-11-20 10:00Z', false);
UPDATE begun SET waits = true, at = '2020-11-20 09:00Z';
SELECT c.state, c.started_at, c.elapsed_seconds, x.kind, x.before, x.after
FROM sla.clock AS c LEFT JOIN sla.clock_change AS x ON x.clock = c.clock_id WHERE c.relation = 'begun'::regclass;
DROP TABLE begun;
SELECT count(*) AS negative FROM sla.clock WHERE elapsed_seconds < 0 OR stopped_at < started_at OR paused_seconds < 0;
SELECT sla.signal('ticket', '31', 'resolution', 'pause', '2020-11-20 09:30Z');
SELECT sla.signal('ticket', '31', 'resolution', 'resume', '2020-11-20 09:00Z');
SELECT item, state, started, due, pauses FROM clocks('ticket') WHERE item = '31';
-- corrections that cannot be
SELECT state(format('SELECT sla.correct(%s, ''2020-11-20 12:00Z'', ''2020-11-20 11:00Z'', ''x'')', clock_id)), state(format('SELECT sla.correct(%s, ''infinity'', NULL, ''x'')', clock_id)), state(format('SELECT sla.correct(%s, NULL, NULL, NULL)', clock_id))
FROM sla.clock WHERE item = '51';
SELECT state, started, stopped FROM clocks('ticket') WHERE item = '51';
SELECT synced('ticket');
DELETE FROM ticket;

--
-- Calendars
--

-- closed for ever: the clock has no deadline that could be told; it is an error or noted, and heals
INSERT INTO sla.calendar (name, hours) VALUES ('track_never', 'TZ=UTC off'), ('track_gone', 'TZ=UTC 24/7');
UPDATE sla.target SET goal = '4 bh @track_never';
SELECT f.state FROM fails('INSERT INTO ticket (id) VALUES (61)') AS f;
SELECT count(*) FROM ticket WHERE id = 61;
SELECT sla.track('ticket', on_error => 'warn');
SET client_min_messages = error;
INSERT INTO ticket (id) VALUES (62);
RESET client_min_messages;
SELECT count(*) FROM ticket WHERE id = 62;
SELECT count(*) AS noted FROM sla.sync_error WHERE item = '62' AND NOT is_healed;
UPDATE sla.calendar SET hours = 'TZ=UTC Mo-Su 10:00-17:00' WHERE name = 'track_never';
SELECT errors FROM sla.sync('ticket');
SELECT item, state, due FROM clocks('ticket') WHERE item = '62';
SELECT count(*) AS noted FROM sla.sync_error WHERE item = '62' AND NOT is_healed;
-- a calendar that open clocks count in: dropped it would leave them without a deadline
UPDATE sla.target SET goal = '4 bh @track_gone';
SELECT errors FROM sla.sync('ticket');
\x on
SELECT * FROM fails('DELETE FROM sla.calendar WHERE name = ''track_gone''');
SELECT * FROM fails('UPDATE sla.calendar SET name = ''track_other'' WHERE name = ''track_gone''');
SELECT * FROM fails('TRUNCATE sla.calendar CASCADE');
SELECT * FROM fails('SELECT sla.refresh(-1)');
\x off
SELECT item, state, due FROM clocks('ticket') WHERE item = '62';
SET client_min_messages = error;
SELECT state('INSERT INTO ticket (id) VALUES (63)');
RESET client_min_messages;
-- it closes for ever under an open clock: readers get no error, and it heals
UPDATE sla.calendar SET hours = 'TZ=UTC off' WHERE name IN ('track_gone', 'track_other');
SELECT state('SELECT count(due_at) FROM sla.clock') AS readable;
SELECT state('SELECT sla.refresh()') AS refreshed;
UPDATE sla.calendar SET hours = 'TZ=UTC Mo-Su 10:00-17:00' WHERE name IN ('track_gone', 'track_other');
SELECT errors FROM sla.sync('ticket');
SELECT item, state, due FROM clocks('ticket') WHERE item IN ('62', '63');
SELECT synced('ticket');

--
-- Dropped while tracked, by itself and with others
--

SELECT sla.track('ticket', on_error => 'error');
BEGIN;
INSERT INTO ticket (id) VALUES (71);
DROP TABLE ticket;
ROLLBACK;
INSERT INTO ticket (id) VALUES (72);
SELECT item, state FROM clocks('ticket') WHERE item IN ('71', '72');
INSERT INTO sla.exception (relation, during, approved_by, approved_at) VALUES ('ticket', '[2020-11-20 09:00Z,2020-11-20 10:00Z)', 'me', '2020-11-20 09:00Z');
UPDATE ticket SET status = 'done';
DROP TABLE ticket;
SELECT * FROM left_behind();
-- after the watch had ended, with the history kept: its OID may be another's one day, in a dump as well
CREATE TABLE was_tracked (id int PRIMARY KEY, status text DEFAULT 'new', created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z');
SELECT follow('was_tracked');
INSERT INTO was_tracked VALUES (1);
SELECT sla.untrack('was_tracked');
SELECT item, state FROM clocks('was_tracked');
DROP TABLE was_tracked;
-- nor is an exception left of a table that has nothing else
CREATE TABLE excepted (id int PRIMARY KEY);
INSERT INTO sla.exception (relation, during, reason) VALUES ('excepted', '[2020-01-01,2020-01-02)', 'none');
DROP TABLE excepted;
SELECT count(*) FROM sla.exception WHERE relation::oid NOT IN (SELECT oid FROM pg_class);
SELECT count(*) FROM sla.clock_state WHERE relation::oid NOT IN (SELECT oid FROM pg_class);
CREATE SCHEMA part;
CREATE TABLE part.ticket (id int PRIMARY KEY, status text DEFAULT 'new', created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z');
SELECT follow('part.ticket');
INSERT INTO part.ticket VALUES (1);
-- a column taken away with all that hangs on it: reported, and writes are told or go on
SET client_min_messages = error;
ALTER TABLE part.ticket DROP COLUMN changed_at CASCADE;
RESET client_min_messages;
SELECT count(*) > 0 AS told FROM sla.status() WHERE subject LIKE '%ticket%' OR detail LIKE '%ticket%';
SELECT state('INSERT INTO part.ticket VALUES (2)') IN ('none', '55000') AS told_or_goes_on;
SELECT sla.track('part.ticket', at => 'created_at');
INSERT INTO part.ticket VALUES (3);
SELECT item, state FROM clocks('part.ticket') WHERE item = '3';
SET client_min_messages = error;
DROP SCHEMA part CASCADE;
RESET client_min_messages;
SELECT * FROM left_behind();

-- the watch ends also over rows whose expressions fail, and where nothing says any more what an item is
CREATE TABLE failing (id int PRIMARY KEY, status text DEFAULT 'new', n int DEFAULT 1, created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z');
SELECT follow('failing');
SELECT sla.track('failing', labels => 'jsonb_build_object(''n'', 1 / n)', on_error => 'warn');
INSERT INTO failing (id, status) VALUES (1, 'new'), (2, 'waiting'), (3, 'waiting'), (4, 'done');
SELECT sla.signal('failing', '3', 'resolution', 'stop', '2020-11-20 09:00Z');
SET client_min_messages = error;
UPDATE failing SET n = 0 WHERE id <= 2;
-- a bad row among many takes few subtransactions, and no other row
SELECT pg_current_xact_id() AS before \gset
INSERT INTO failing (id, n) SELECT i, CASE WHEN i % 1000 <> 7 THEN 1 ELSE 0 END FROM generate_series(1000, 4999) i;
SELECT pg_current_xact_id()::text::int8 - :before < 300 AS few, (SELECT count(*) FROM clocks('failing') WHERE length(item) = 4) AS clocks,
	(SELECT string_agg(item, ', ' ORDER BY item) FROM sla.sync_error WHERE relation = 'failing'::regclass AND length(item) = 4) AS noted;
DELETE FROM failing WHERE id >= 1000;
DELETE FROM sla.sync_error WHERE length(item) = 4;
DELETE FROM sla.clock_state WHERE relation = 'failing'::regclass AND length(item) = 4;
RESET client_min_messages;
ALTER TABLE failing DROP CONSTRAINT failing_pkey;
SELECT status, detail FROM sla.status() WHERE subject LIKE 'item of %';
SELECT status FROM sla.status() WHERE subject = 'errors of failing';
SELECT sla.untrack('failing');
SELECT subject FROM sla.status() WHERE subject = 'errors of failing';
SELECT item, state, pauses ~ '-$' AS pause_lasts FROM clocks('failing');
SELECT item, problem FROM sla.verify('failing');
SELECT item FROM sla.report_open WHERE relation = 'failing';
DROP TABLE failing;
SELECT * FROM left_behind();

SET client_min_messages = warning;
DROP SCHEMA test CASCADE;
DELETE FROM sla.calendar;
DELETE FROM sla.calendar_history;
