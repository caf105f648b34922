-- Burn rules: what fires when, at any instant.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set check :abs_srcdir '/sql/include/check.sql'
\set ECHO none
\i :setup
\i :check
\set ECHO all
SET extra_float_digits = 0;
CREATE TABLE public.br_request (at timestamptz, ok bool, region text);
-- a request a minute for 30 days; one in a thousand is bad, but for an outage from 12:00 to 12:40 on the 20th, a slow leak of 4 in 1000 on the 10th to the 12th, and nothing on the 25th
INSERT INTO br_request
	SELECT m, NOT (n % 1000 = 0
		OR m >= '2026-03-20 12:00' AND m < '2026-03-20 12:40'
		OR m >= '2026-03-10' AND m < '2026-03-13' AND n % 250 = 0), CASE WHEN n % 2 = 0 THEN 'eu' ELSE 'us' END
	FROM generate_series(0, 43199) n, LATERAL (SELECT timestamptz '2026-03-01' + n * interval '1 minute') t (m)
	WHERE m::date <> '2026-03-25';
CREATE INDEX ON br_request (at);
INSERT INTO sla.objective (name, relation, at, good_when, target_percent, window_length) VALUES
	('quick', 'br_request', 'at', 'ok', 99.9, '30 days'), ('desk', 'br_request', 'at', 'ok', 95, 'month'), ('low', 'br_request', 'at', 'ok', 30, '30 days');
SELECT name, budget_percent, long_window, short_window, min_events, severity FROM sla.add_burn_rules('quick');
SELECT name, budget_percent, long_window, short_window, min_events, severity FROM sla.add_burn_rules('desk');
-- in a year, a set of which one could never fire looks farther back: it burns as it would in a month
BEGIN;
INSERT INTO sla.objective (name, relation, at, good_when, target_percent, window_length) VALUES
	('year', 'br_request', 'at', 'ok', 99, '365 days'), ('slow year', 'br_request', 'at', 'ok', 90, '365 days'), ('this year', 'br_request', 'at', 'ok', 90, 'year');
SELECT objective, name, budget_percent, long_window, short_window FROM sla.add_burn_rules('year');
SELECT objective, name, budget_percent, long_window, short_window FROM sla.add_burn_rules('slow year');
SELECT count(*) FROM sla.add_burn_rules('this year');
SELECT rule, round(factor::numeric, 2) AS factor FROM sla.slo_alerts('year', '2026-03-20 12:10');
-- no window is shorter than a slice: within one, the short ones would tell nothing
INSERT INTO sla.objective (name, kind, relation, at, good_when, slice, target_percent, window_length) VALUES ('hours', 'slice', 'br_request', 'at', 'ok', '1 hour', 99, '30 days');
SELECT name, long_window, short_window FROM sla.add_burn_rules('hours');
SELECT rule, short_total, is_firing FROM sla.slo_alerts('hours', '2026-03-20 12:50');
ROLLBACK;
-- the factors
SELECT rule, severity, round(factor::numeric, 4) AS factor FROM sla.slo_alerts('quick', '2026-03-20 12:10');
SELECT rule, severity, round(factor::numeric, 4) AS factor FROM sla.slo_alerts('desk', '2026-03-20 12:10');
-- burn rates are those of plain SQL
SELECT a.rule, a.long_total = l.total AND a.short_total = s.total AS totals, abs(a.long_burn_rate - l.burn) < 1e-9 AND abs(a.short_burn_rate - s.burn) < 1e-9 AS rates, a.is_firing = (l.burn > a.factor AND s.burn > a.factor) AS fires
FROM sla.slo_alerts('quick', '2026-03-20 12:35') a,
	LATERAL (SELECT count(*) AS total, count(*) FILTER (WHERE NOT ok) / (count(*) * 0.001::float8) AS burn FROM br_request WHERE at >= a.long_from AND at < '2026-03-20 12:35') l,
	LATERAL (SELECT count(*) AS total, count(*) FILTER (WHERE NOT ok) / (count(*) * 0.001::float8) AS burn FROM br_request WHERE at >= a.short_from AND at < '2026-03-20 12:35') s;
-- a test over the past: when each begins and ends to fire
SELECT rule, min(at) FILTER (WHERE is_firing) AS first, max(at) FILTER (WHERE is_firing) AS last
FROM generate_series(timestamptz '2026-03-20 11:30', '2026-03-20 19:30', '5 minutes') at, LATERAL sla.slo_alerts('quick', at)
GROUP BY rule ORDER BY rule;
-- a slow leak is a ticket's
SELECT rule, is_above, is_firing FROM sla.slo_alerts('quick', '2026-03-12 23:00');
-- no data freezes: nothing is said, not "no"; a long window that still sees the day before says no
SELECT at, rule, long_total, short_total, long_burn_rate IS NULL AS no_long, short_burn_rate IS NULL AS no_short, is_firing, coverage_percent
FROM unnest('{2026-03-25 00:03,2026-03-25 12:00,2026-03-26 00:30}'::timestamptz[]) at, LATERAL sla.slo_alerts('quick', at) ORDER BY at, rule;
SELECT rule, long_total, is_above, is_firing FROM sla.slo_alerts('quick', '2020-01-01');
-- min_events
UPDATE sla.burn_rule SET min_events = 61 WHERE objective = 'quick' AND name = 'page_fast';
SELECT rule, long_total, is_above, is_firing FROM sla.slo_alerts('quick', '2026-03-20 12:30') WHERE rule LIKE 'page%';
UPDATE sla.burn_rule SET min_events = 1 WHERE objective = 'quick' AND name = 'page_fast';
-- it must have held
UPDATE sla.burn_rule SET hold_for = '20 minutes' WHERE objective = 'quick' AND name = 'page_fast';
SELECT min(at) FILTER (WHERE is_above) AS above, min(at) FILTER (WHERE is_firing) AS firing, max(at) FILTER (WHERE is_firing) AS last
FROM generate_series(timestamptz '2026-03-20 11:50', '2026-03-20 13:10', '2 minutes') at, LATERAL sla.slo_alerts('quick', at) WHERE rule = 'page_fast';
-- by group
INSERT INTO sla.objective (name, relation, at, good_when, group_by, target_percent, window_length) VALUES ('grouped', 'br_request', 'at', $$ok OR region = 'us'$$, 'region', 99.9, '30 days');
SELECT count(*) FROM sla.add_burn_rules('grouped', 'high');
SELECT rule, group_value, round(long_burn_rate::numeric, 3) AS long, round(short_burn_rate::numeric, 3) AS short, is_firing FROM sla.slo_alerts('grouped', '2026-03-20 12:30');
-- windows of open time: at Monday's opening the long window reaches into Friday
INSERT INTO sla.calendar (name, hours) VALUES ('br_office', 'TZ=UTC Mo-Fr 08:00-18:00');
INSERT INTO sla.objective (name, relation, at, good_when, target_percent, window_length, calendar) VALUES ('office', 'br_request', 'at', 'ok', 95, 'month', 'br_office');
INSERT INTO sla.burn_rule (objective, name, budget_percent, long_window, short_window) VALUES ('office', 'day', 25, '10 hours', '2 hours');
SELECT long_from, short_from, long_total, short_total, round(factor::numeric, 4) AS factor, is_firing FROM sla.slo_alerts('office', '2026-03-23 09:00');
SELECT long_from, short_from, long_total, short_total, round(factor::numeric, 4) AS factor, is_firing FROM sla.slo_alerts('office', '2026-03-20 13:00');
-- on a Sunday nothing of a day's window is open: that is no budget that burns, and no reason to refuse a rule
INSERT INTO sla.objective (name, relation, at, good_when, target_percent, window_length, calendar) VALUES ('today', 'br_request', 'at', 'ok', 95, '1 day', 'br_office');
INSERT INTO sla.calendar (name, hours) VALUES ('br_one_day', (SELECT format('TZ=UTC %s 00:00-24:00', (ARRAY['Mo','Tu','We','Th','Fr','Sa','Su'])[extract(isodow FROM now() - interval '3 days')]))::business_hours);
INSERT INTO sla.burn_rule (objective, name, budget_percent, long_window, short_window) VALUES ('today', 'hours', 50, '6 hours', '6 hours');
SELECT at, round(factor::numeric, 4) AS factor, long_total, long_burn_rate > 0 AS burns, is_firing FROM unnest('{2026-03-20 18:00,2026-03-22 12:00}'::timestamptz[]) at, LATERAL sla.slo_alerts('today', at) ORDER BY at;
UPDATE sla.objective SET calendar = 'br_one_day' WHERE name = 'today';
DELETE FROM sla.objective WHERE name = 'today';
-- rules that can never fire, and other bad input
\pset format unaligned
CREATE FUNCTION test.refusal(command text, OUT state text, OUT message text, OUT detail text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
	state := 'none';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END
$$;
SELECT r.* FROM unnest(ARRAY[
	$$SELECT sla.add_burn_rules('desk', 'high')$$, $$SELECT sla.add_burn_rules('low', 'high')$$, $$SELECT sla.add_burn_rules('low')$$, $$SELECT sla.add_burn_rules('nobody')$$, $$SELECT sla.add_burn_rules('low', 'best')$$,
	$$INSERT INTO sla.burn_rule VALUES ('low', 'x', 10, '1 day', '1 hour')$$,
	$$INSERT INTO sla.burn_rule VALUES ('low', 'x', 10, '40 days', '1 hour')$$,
	$$INSERT INTO sla.burn_rule VALUES ('quick', 'x', 0, '1 day', '1 hour')$$, $$INSERT INTO sla.burn_rule VALUES ('quick', 'x', 101, '1 day', '1 hour')$$, $$INSERT INTO sla.burn_rule VALUES ('quick', 'x', 'NaN', '1 day', '1 hour')$$,
	$$INSERT INTO sla.burn_rule VALUES ('quick', 'x', 1, '1 day', '2 days')$$, $$INSERT INTO sla.burn_rule VALUES ('quick', 'x', 1, '1 day', '0')$$, $$INSERT INTO sla.burn_rule VALUES ('quick', 'x', 1, '1 day', '-1 day')$$,
	$$INSERT INTO sla.burn_rule (objective, name, budget_percent, long_window, short_window, hold_for) VALUES ('quick', 'x', 1, '1 day', '1 hour', '-1 s')$$,
	$$INSERT INTO sla.burn_rule (objective, name, budget_percent, long_window, short_window, hold_for) VALUES ('quick', 'x', 1, '1 day', '1 hour', '2 days')$$,
	$$INSERT INTO sla.burn_rule (objective, name, budget_percent, long_window, short_window, min_events) VALUES ('quick', 'x', 1, '1 day', '1 hour', -1)$$,
	$$INSERT INTO sla.burn_rule VALUES ('quick', 'x', 100, '43 min 12 s', '1 min')$$,
	$$INSERT INTO sla.burn_rule VALUES ('nobody', 'x', 1, '1 day', '1 hour')$$,
	$$UPDATE sla.objective SET target_percent = 90 WHERE name = 'quick'$$,
	$$INSERT INTO sla.objective (name, valid_from, relation, at, good_when, target_percent) VALUES ('quick', '2036-01-01', 'br_request', 'at', 'ok', 80)$$
]) WITH ORDINALITY u (command, n), LATERAL refusal(command) r ORDER BY n;
\pset format aligned
-- rules follow their objective
UPDATE sla.objective SET name = 'renamed' WHERE name = 'quick';
SELECT objective, count(*) FROM sla.burn_rule GROUP BY objective ORDER BY objective;
SELECT objective, count(*) FROM sla.report_slo_alert GROUP BY objective ORDER BY objective;
-- whose they are
CREATE ROLE regress_br_other;
GRANT USAGE ON SCHEMA sla, test TO regress_br_other;
GRANT CREATE ON SCHEMA public TO regress_br_other;
SET ROLE regress_br_other;
CREATE TABLE public.br_mine (at timestamptz, ok bool);
SELECT name FROM sla.burn_rule;
SELECT state, message, detail FROM refusal($$INSERT INTO sla.objective (name, valid_from, relation, at, good_when, target_percent) VALUES ('renamed', '2030-01-01', 'br_mine', 'at', 'ok', 99.9)$$);
SELECT state, message FROM refusal($$INSERT INTO sla.burn_rule VALUES ('renamed', 'x', 1, '1 day', '1 hour')$$);
SELECT state, message FROM refusal($$SELECT sla.add_burn_rules('renamed')$$);
SELECT state, message FROM refusal($$SELECT FROM sla.slo_alerts('renamed')$$);
INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('mine', 'br_mine', 'at', 'ok', 99.9);
SELECT objective, name FROM sla.add_burn_rules('mine');
DELETE FROM sla.burn_rule WHERE objective = 'renamed';
SELECT rule, is_firing FROM sla.slo_alerts('mine', '2026-03-23');
RESET ROLE;
-- what a session remembers of definitions goes with TRUNCATE, too
BEGIN;
SELECT count(*) FROM sla.slo_alerts('mine', '2026-03-23');
TRUNCATE sla.burn_rule;
SELECT count(*) FROM sla.slo_alerts('mine', '2026-03-23');
TRUNCATE sla.objective;
SELECT state, message FROM refusal($$SELECT FROM sla.slo_status('mine', '2026-03-23')$$);
ROLLBACK;
DELETE FROM sla.objective WHERE name = 'renamed';
DROP TABLE br_mine, br_request;
SELECT count(*) FROM sla.burn_rule;
DELETE FROM sla.calendar WHERE name IN ('br_office', 'br_one_day');
DROP OWNED BY regress_br_other;
DROP ROLE regress_br_other;
SET client_min_messages = warning;
DROP SCHEMA test CASCADE;
