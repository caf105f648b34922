-- Errors that no other test reaches: triggers put on a table by hand, and what the
-- extension's own functions are given by somebody else than the extension.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
CREATE SCHEMA test;
SET search_path = test, public;
CREATE FUNCTION refusal(command text, OUT state text, OUT message text, OUT detail text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
	state := 'none';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END
$$;
-- one trigger on the table, fired once
CREATE FUNCTION fired(event text, function text, relation text DEFAULT 'other', OUT state text, OUT message text, OUT detail text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TRIGGER by_hand %s ON %s %s', split_part(event, ', ', 1), relation, split_part(event, ', ', 2)) || ' EXECUTE FUNCTION ' || function;
	SELECT r.* INTO state, message, detail, hint FROM refusal(format('INSERT INTO %s VALUES (1)', relation)) AS r;
	EXECUTE format('DROP TRIGGER by_hand ON %s', relation);
END
$$;
\set ECHO all
\pset format unaligned
CREATE TABLE ticket (id int PRIMARY KEY, opened timestamptz DEFAULT '2026-01-05 10:00', closed timestamptz);
CREATE TABLE other (id int, opened timestamptz DEFAULT '2026-01-05 10:00', due timestamptz, made timestamptz GENERATED ALWAYS AS (opened) STORED);
CREATE TABLE message (ticket int, at timestamptz);
SELECT sla.track('ticket', item => 'id', at => 'opened');
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at) VALUES ('ticket', 'solve', 'opened', 'closed IS NOT NULL', 'closed');
INSERT INTO sla.policy (relation, name) VALUES ('ticket', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'all', 'solve', '4 bh @24/7');
SELECT id AS tracked FROM sla.tracked WHERE relation = 'ticket'::regclass \gset
-- triggers of tracked tables, by hand
SELECT * FROM fired('AFTER INSERT, FOR EACH ROW', 'sla.track_row()');
SELECT * FROM fired('BEFORE INSERT, FOR EACH ROW', format('sla.track_row(%L)', :tracked));
SELECT * FROM fired('AFTER INSERT, FOR EACH ROW', format('sla.track_row(%L)', :tracked));
SELECT * FROM fired('AFTER INSERT, FOR EACH ROW', $$sla.track_row('none')$$);
SELECT * FROM fired('AFTER INSERT, FOR EACH ROW', format('sla.track_statement(%L)', :tracked));
SELECT * FROM fired('BEFORE INSERT, FOR EACH ROW', 'sla.track_source()');
SELECT * FROM fired('AFTER INSERT, FOR EACH STATEMENT', 'sla.track_source()');
SELECT * FROM fired('BEFORE INSERT, FOR EACH ROW', 'sla.check_rules()');
SELECT * FROM fired('AFTER INSERT, FOR EACH ROW', 'sla.rollup_row()');
SELECT * FROM fired('BEFORE INSERT, FOR EACH ROW', $$sla.rollup_row('1')$$);
-- sla_deadline
SELECT * FROM fired('BEFORE INSERT, FOR EACH ROW', $$sla_deadline('opened', '4 bh @24/7', 'made')$$);
SELECT * FROM fired('BEFORE INSERT, FOR EACH ROW', $$sla_deadline('opened', '4 bh @24/7', 'opened')$$);
-- functions
SELECT r.* FROM unnest(ARRAY[
	$$SELECT with_holidays('Mo-Fr 09:00-17:00; PH off', '{2026-01-01,NULL}')$$,
	$$SELECT with_holidays('Mo-Fr 09:00-17:00; PH off', '{infinity}')$$,
	$$SELECT business_timeline('infinity', '1 bh', '24/7')$$,
	$$SELECT sla.sync(NULL)$$,
	$$SELECT sla.survival('{1,1,NULL}', 1, 'l', 1, 1, 1, true, now(), NULL, NULL, 1)$$,
	$$SELECT sla.survival('{1,1,1,2}', 2, 'l', 1, 1, 1, true, now(), NULL, NULL, 1)$$,
	$$SELECT sla.survival('{1,1,1}', 1, 'l', 1, 1, 1, true, now(), array_fill(NULL::timestamptz, '{1000}'), NULL, 1)$$,
	$$SELECT sla.survival('{1,1,1}', 1, 'l', n, n, n, true, now(), ARRAY[now(), '-infinity', now(), now() - n * interval '1 day'], NULL, 1) FROM generate_series(1, 100) AS n$$,
	$$SELECT sla.sync(0)$$,
	$$SELECT sla.look_at_clocks('{1}', '{}', '{}', '{}', '{}', '{}', now(), '{}', '{}')$$,
	$$SELECT sla.look_at_clocks('{NULL}', '{}', '{}', '{}', '{}', '{}', now(), '{}', '{}')$$,
	$$SELECT sla.used_time('-infinity', now(), '{}', '24/7')$$,
	$$SELECT sla.untrack(0)$$,
	$$SELECT sla.clock_as_of(NULL, now(), NULL, NULL, NULL, NULL, NULL, NULL, NULL)$$,
	$$SELECT sla.correct(1, NULL, '2026-01-01', NULL)$$,
	$$SELECT sla.clock_spans('2026-01-01', '2026-01-02', '{NULL}', NULL, NULL, NULL, NULL, '24/7', 'infinity')$$,
	$$SELECT sla.clock_spans('2026-01-01', '2026-01-02', NULL, '{2026-01-01}', NULL, NULL, NULL, '24/7', 'infinity')$$]) WITH ORDINALITY u (command, n),
	LATERAL refusal(u.command) AS r ORDER BY n;
-- definitions
INSERT INTO sla.agreement (party, name) VALUES ('acme', 'main');
INSERT INTO sla.calendar (name, hours) VALUES ('base', 'TZ=UTC Mo-Fr 09:00-17:00; PH off');
INSERT INTO sla.calendar (name, combines) VALUES ('sum', 'base + 24/7');
INSERT INTO sla.holiday (calendar, day) VALUES ('base', '2026-12-25');
INSERT INTO sla.objective (name, relation, at, good_when, target_percent, party) VALUES ('events', 'message', 'at', 'ticket > 0', 90, 'bcme');
INSERT INTO sla.burn_rule (objective, name, budget_percent, long_window, short_window) VALUES ('events', 'burn', 1, '1 hour', '5 minutes');
SELECT r.* FROM unnest(ARRAY[
	$$UPDATE sla.calendar SET hours = NULL, combines = '24/7' WHERE name = 'base'$$,
	$$UPDATE sla.calendar SET combines = 'sum - 24/7' WHERE name = 'sum'$$,
	$$INSERT INTO sla.holiday (calendar, day) VALUES ('sum', '2026-12-25')$$,
	$$INSERT INTO sla.target (relation, policy, metric, goal, threshold, valid_from) VALUES ('ticket', 'all', 'solve', NULL, '4 bh', '2030-01-01')$$,
	$$INSERT INTO sla.target (relation, policy, metric, goal, threshold, valid_from) VALUES ('ticket', 'all', 'solve', '4 bh @24/7', '3 bh', '2030-01-01')$$,
	$$DELETE FROM sla.metric WHERE relation = 'ticket'::regclass$$,
	$$DELETE FROM sla.policy WHERE relation = 'ticket'::regclass$$,
	$$UPDATE sla.burn_rule SET cooldown = '11 years'$$,
	$$INSERT INTO sla.credit (party, agreement, objective, below_percent, credit_percent) VALUES ('acme', 'main', 'events', 90, 5)$$]) WITH ORDINALITY u (command, n),
	LATERAL refusal(u.command) AS r ORDER BY n;
SELECT is_built FROM sla.rebuild('events');
BEGIN;
INSERT INTO message VALUES (1, '2026-01-05 10:00Z');
SELECT * FROM refusal($$SELECT FROM sla.verify_objective('events')$$);
ROLLBACK;
DELETE FROM sla.objective WHERE name = 'events';
DELETE FROM sla.calendar WHERE name = 'sum';
DELETE FROM sla.calendar WHERE name = 'base';
DELETE FROM sla.agreement;
-- a source whose event is at no instant
INSERT INTO sla.source (relation, source, item, metric, action, at) VALUES ('ticket', 'message', 'ticket', 'solve', 'stop', 'at');
INSERT INTO ticket (id) VALUES (1);
SELECT * FROM refusal($$INSERT INTO message VALUES (1, '-infinity')$$);
SELECT ticket, at FROM message;
-- tables of the extension that somebody emptied
BEGIN;
DELETE FROM sla.revision;
SELECT * FROM refusal('UPDATE ticket SET closed = opened WHERE id = 1');
ROLLBACK;
\c -
SET search_path = test, public;
BEGIN;
DELETE FROM sla.promise;
SELECT state, regexp_replace(message, '\d+', 'N') AS message, detail, hint FROM refusal('UPDATE ticket SET closed = opened WHERE id = 1');
ROLLBACK;
SELECT sla.untrack('ticket', false);
SET client_min_messages = warning;
DROP SCHEMA test CASCADE;
