-- Objectives: what is refused, whose they are, and what becomes of their relation.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set check :abs_srcdir '/sql/include/check.sql'
\set ECHO none
\i :setup
\i :check
CREATE FUNCTION test.refusal(command text, OUT state text, OUT message text, OUT detail text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
	state := 'none';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END
$$;
\set ECHO all
CREATE TABLE public.oi_request (id int PRIMARY KEY, at timestamptz, ok bool, ms float8, "group" text);
INSERT INTO oi_request SELECT i, timestamptz '2026-03-01' + i * interval '1 hour', i % 10 > 0, i, 'g' FROM generate_series(1, 100) i;
INSERT INTO sla.agreement (party, name) VALUES ('oi', 'main');
\pset format unaligned
-- an objective that is good, changed in one place
CREATE FUNCTION test.define(change jsonb) RETURNS TABLE (change text, state text, message text, detail text, hint text) LANGUAGE sql AS $$
	SELECT left(change::text, 100), r.state, r.message, CASE WHEN r.state NOT LIKE '23%' THEN r.detail END, r.hint FROM test.refusal(format('INSERT INTO sla.objective OVERRIDING USER VALUE SELECT (jsonb_populate_record(NULL::sla.objective, %L)).*',
		'{"name": "x", "kind": "event", "valid_from": "-infinity", "relation": "oi_request", "at": "at", "good_when": "ok", "target_percent": 99, "window_length": "28 days", "time_zone": "UTC", "close_after": "5 days"}'::jsonb || change)) r;
$$;
SELECT d.* FROM unnest(ARRAY[
	'{"target_percent": 100.1}', '{"target_percent": -1}', '{"target_percent": "NaN"}', '{"target_percent": null}',
	'{"window_length": "0"}', '{"window_length": "-1 day"}', '{"window_length": "fortnight"}', '{"window_length": "11 years"}', '{"window_length": ""}',
	'{"window_start": "2026-01-01"}', '{"window_length": "month", "window_start": "infinity"}',
	'{"time_zone": "Mars/Crater"}', '{"time_zone": ""}', '{"time_zone": "CET"}', '{"calendar": "oi_none"}', '{"close_after": "-1 day"}',
	'{"kind": "sum"}', '{"kind": "event", "good_when": null}', '{"at": null}', '{"kind": "value"}', '{"kind": "value", "good_when": null, "value": "ms"}',
	'{"kind": "value", "good_when": null, "value": "ms", "at_most": 1, "at_least": 2}', '{"kind": "value", "good_when": null, "value": "ms", "at_most": "NaN"}',
	'{"value": "ms"}', '{"slice": "1 hour"}', '{"kind": "slice"}', '{"kind": "slice", "slice": "0"}', '{"kind": "slice", "slice": "36 hours"}', '{"kind": "slice", "slice": "1 month"}', '{"kind": "slice", "slice": "45 s"}', '{"kind": "slice", "slice": "10 min", "window_length": "year"}',
	'{"kind": "slice", "slice": "1 hour", "slice_target_percent": 101}', '{"kind": "slice", "slice": "1 hour", "slice_target_percent": 99, "slice_ratio": true}', '{"slice_ratio": true}', '{"kind": "outage"}', '{"kind": "outage", "at": null, "good_when": null}',
	'{"kind": "clock", "at": null, "good_when": null}', '{"kind": "clock", "at": null, "good_when": null, "metric": "solve"}', '{"metric": "solve"}',
	'{"party": "oi", "agreement": "other"}', '{"agreement": "main"}', '{"name": ""}',
	'{"good_when": "okay"}', '{"good_when": "ok AND"}', '{"good_when": "ms"}', '{"at": "ms"}', '{"at": "now() + id"}', '{"good_when": "(SELECT ok)"}', '{"good_when": "count(*) > 1"}', '{"good_when": "ok; DROP TABLE oi_request"}', '{"group_by": "*"}',
	'{"relation": null}',
	'{"target_percent": 1e-400}', '{"target_percent": 99.9999999999999}', '{"kind": "slice", "slice": "1 hour", "slice_target_percent": 1e-400}',
	'{"valid_from": "294000-01-01"}', '{"window_length": "month", "window_start": "294000-01-01"}', '{"window_length": "month", "window_start": "4700-01-01 BC"}',
	'{"window_length": "178000000 years"}', '{"window_length": "999999999999 years"}', '{"window_length": "1 mon -30 days 1 hour"}', '{"window_length": "2 days -1 hour"}', '{"close_after": "11 years"}'
]::jsonb[]) WITH ORDINALITY u (change, n), LATERAL test.define(u.change) d ORDER BY n;
SELECT d.state, d.message FROM unnest(ARRAY[
	'{}', '{"name": "y", "group_by": "\"group\"", "window_length": "1 mon"}', '{"name": "z", "window_length": "year", "window_start": "2026-04-01"}', '{"name": "u", "party": "oi", "agreement": "main"}', '{"name": "days", "kind": "slice", "slice": "7 days"}'
]::jsonb[]) WITH ORDINALITY u (change, n), LATERAL test.define(u.change) d ORDER BY n;
SELECT name, window_length FROM sla.objective ORDER BY 1;
SELECT * FROM refusal($$UPDATE sla.objective SET relation = 'pg_class' WHERE name = 'x'$$);
SELECT * FROM refusal($$UPDATE sla.objective SET kind = 'outage' WHERE name = 'x'$$);
SELECT * FROM refusal($$UPDATE sla.objective SET target_percent = 1e-400 WHERE name = 'x'$$);
-- only from 17 on is there an infinite interval: it is refused with another message
SELECT e.length, r.state FROM unnest('{infinity,-infinity}'::text[]) e (length), refusal(format('UPDATE sla.objective SET window_length = %L WHERE name = ''x''', e.length)) r;
CREATE SEQUENCE oi_seq;
SELECT * FROM define('{"name": "seq", "relation": "oi_seq"}');
CREATE TEMP TABLE oi_temp (at timestamptz, ok bool);
SELECT * FROM define('{"name": "temp", "relation": "oi_temp"}');
\pset format aligned
-- a condition that fails on some rows says where
UPDATE sla.objective SET good_when = '100 / (id - 50) > 0' WHERE name = 'x';
SELECT total FROM sla.slo_status('x', '2026-03-02');
SELECT * FROM refusal($$SELECT FROM sla.slo_status('x', '2026-03-20')$$);
SELECT state, message FROM unnest('{-infinity,infinity}'::text[]) at, refusal(format('SELECT FROM sla.slo_status(''u'', %L)', at));
SELECT state, message FROM refusal($$SELECT FROM sla.service_credits('oi', 'main', 'infinity')$$);
-- in the views it says so, and the others are there; a bad one is left out
UPDATE oi_request SET at = now() - (100 - id) * interval '1 minute';
SELECT objective, sli_percent, status, problem FROM sla.report_slo_status WHERE objective IN ('x', 'u') ORDER BY 1;
SELECT objective, total FROM sla.report_slo_period WHERE objective = 'x';
SELECT objective, total FROM sla.report_slo_series WHERE objective = 'x';
SELECT subject, status, detail FROM sla.status() WHERE subject LIKE 'objective%';
UPDATE oi_request SET at = timestamptz '2026-03-01' + id * interval '1 hour';
UPDATE sla.objective SET good_when = 'ok', at = 'at' WHERE name = 'x';
-- columns: a renamed one is followed, a dropped one refused
ALTER TABLE oi_request RENAME ok TO fine;
SELECT total, good FROM sla.slo_status('x', '2026-03-20');
SELECT state, message FROM refusal('ALTER TABLE oi_request DROP fine');
SELECT state, message FROM refusal('ALTER TABLE oi_request ALTER fine TYPE text');
ALTER TABLE oi_request ADD other text;
SELECT total, good FROM sla.slo_status('x', '2026-03-20');

-- whose they are
CREATE ROLE regress_oi_owner;
CREATE ROLE regress_oi_other;
CREATE ROLE regress_oi_reader;
GRANT USAGE ON SCHEMA sla, test TO regress_oi_owner, regress_oi_other, regress_oi_reader;
GRANT CREATE ON SCHEMA public TO regress_oi_owner;
GRANT SELECT ON sla.report_slo_status, sla.report_slo_period, sla.report_slo_series TO regress_oi_reader;
SET ROLE regress_oi_owner;
CREATE TABLE public.oi_mine (at timestamptz, ok bool, hidden bool DEFAULT false);
ALTER TABLE oi_mine ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON oi_mine USING (NOT hidden);
INSERT INTO oi_mine SELECT timestamptz '2026-03-01' + i * interval '1 hour', i % 10 > 0 FROM generate_series(1, 100) i;
CREATE FUNCTION public.oi_who() RETURNS text LANGUAGE plpgsql AS 'BEGIN PERFORM set_config(''timezone'', ''Asia/Tokyo'', false); RETURN current_user || '' '' || current_setting(''search_path''); END';
INSERT INTO sla.objective (name, relation, at, good_when, group_by, target_percent) VALUES ('mine', 'oi_mine', 'at', 'ok', 'oi_who()', 90);
SELECT name FROM sla.objective;
SELECT * FROM refusal($$INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('not mine', 'oi_request', 'at', 'fine', 90)$$);
SELECT * FROM refusal($$INSERT INTO sla.objective (name, kind, relation, metric, target_percent) VALUES ('not mine', 'clock', 'oi_request', 'x', 90)$$);
UPDATE sla.objective SET target_percent = 1 WHERE name = 'x';
DELETE FROM sla.objective WHERE name = 'x';
-- of another's objective no error tells anything, not even that it is there
\pset format unaligned
SELECT * FROM refusal($$INSERT INTO sla.burn_rule (objective, name, budget_percent, long_window, short_window) VALUES ('x', 'r', 100, '1 hour', '5 min')$$);
SELECT * FROM refusal($$INSERT INTO sla.burn_rule (objective, name, budget_percent, long_window, short_window) VALUES ('there is none', 'r', 100, '1 hour', '5 min')$$);
SELECT * FROM refusal($$INSERT INTO sla.burn_rule (objective, name, budget_percent, long_window, short_window) VALUES ('mine', 'r', 100, '1 hour', '5 min')$$);
\pset format aligned
-- the owner may ask for his own, and nobody else's
SELECT group_value, total, good FROM sla.slo_status('mine', '2026-03-20');
SHOW timezone;
SELECT * FROM refusal($$SELECT FROM sla.slo_status('x', '2026-03-20')$$);
SELECT * FROM refusal($$SELECT FROM sla.report_slo_status$$);
-- a reader sees reports, and nothing else; expressions are the owner's
SET ROLE regress_oi_reader;
SELECT objective, status FROM sla.report_slo_status WHERE objective IN ('x', 'mine') ORDER BY 1;
SELECT group_value, total, good FROM sla.slo_status('mine', '2026-03-20');
SELECT count(*) >= 0 AS readable FROM sla.report_slo_period;
SELECT count(*) >= 0 AS readable FROM sla.report_slo_series;
SELECT name FROM sla.objective;
SELECT * FROM refusal('SELECT FROM oi_mine');
SELECT * FROM refusal($$SELECT sla.objective_status('x', now())$$);
SELECT * FROM refusal($$SELECT sla.objective_counts(1, '{2026-01-01,2027-01-01}')$$);
SET ROLE regress_oi_other;
SELECT * FROM refusal($$SELECT FROM sla.slo_status('mine', '2026-03-20')$$);
SELECT * FROM refusal($$SELECT FROM sla.slo_periods('mine', '2026-03-20')$$);
SELECT * FROM refusal($$SELECT FROM sla.slo_series('mine', '2026-03-20')$$);
SELECT * FROM refusal($$SELECT FROM sla.slo_status('there is none')$$);
RESET ROLE;
-- definitions by which nothing would ever happen, or all the time
\pset format unaligned
SELECT d.state, d.message, d.hint FROM unnest(ARRAY[
	'INSERT INTO sla.burn_rule (objective, name, budget_percent, long_window, short_window, min_events) VALUES (''x'', ''r'', 1, ''1 hour'', ''5 min'', ''Infinity'')',
	'INSERT INTO sla.burn_rule (objective, name, budget_percent, long_window, short_window) VALUES (''x'', ''r'', 100, ''29 days'', ''5 min'')',
	'INSERT INTO sla.agreement (party, name, review_every) VALUES (''oi'', ''never'', ''-1 day'')',
	'INSERT INTO sla.exception (objective, during, reason) VALUES (''x'', ''empty'', ''none'')',
	'INSERT INTO sla.escalation (relation, at_fraction, notify) VALUES (''oi_request'', ''NaN'', ''x'')',
	'INSERT INTO sla.escalation (relation, at_fraction) VALUES (''oi_request'', 1)']) WITH ORDINALITY AS c (command, n), refusal(c.command) AS d ORDER BY n;
\pset format aligned
-- a name that there is none of
\pset format unaligned
SELECT c.call, r.* FROM unnest(ARRAY[
	'slo_status(''none'')', 'slo_periods(''none'')', 'slo_series(''none'')', 'slo_slots(''none'')', 'slo_alerts(''none'')', 'slo_status(''none'', now(), true)',
	'verify_periods(''none'')', 'verify_objective(''none'')', 'rebuild(''none'')', 'reclose(''none'', ''2026-01-01'', ''x'')',
	'service_credits(''oi'', ''none'')', 'service_credits(''none'', ''main'', now(), true)', 'monthly_summary(''oi'', ''none'', ''2026-01-01'')', 'monthly_summary(''oi'', ''main'', NULL)',
	'calendar_window(''fortnight'', NULL, ''UTC'', now())', 'acknowledge(0)', 'fold(-1)', 'fold(NULL)', 'refresh(NULL)', 'tick(NULL)', 'tick(now(), NULL)', 'add_burn_rules(NULL)', 'import_openslo(NULL)', 'export_openslo(NULL)', 'grant_to(1, ''reader'')', 'revoke_from(1, ''reader'')', 'forecast(''oi_request'')'
]) WITH ORDINALITY AS c (call, n), refusal('SELECT FROM sla.' || c.call) AS r ORDER BY n;
\pset format aligned
-- what an error says of the rows is the owner's alone
SET ROLE regress_oi_owner;
UPDATE sla.objective SET good_when = '(''secret '' || ok)::integer > 0' WHERE name = 'mine';
\pset format unaligned
SELECT * FROM refusal($$SELECT FROM sla.slo_status('mine', '2026-03-20')$$);
SET ROLE regress_oi_reader;
SELECT * FROM refusal($$SELECT FROM sla.slo_status('mine', '2026-03-20')$$);
SELECT * FROM refusal($$SELECT FROM sla.slo_periods('mine', '2026-03-20')$$);
SELECT * FROM refusal($$SELECT FROM sla.slo_series('mine', '2026-03-20')$$);
\pset format aligned
SET ROLE regress_oi_owner;
UPDATE sla.objective SET good_when = 'ok' WHERE name = 'mine';
RESET ROLE;
-- what an owner's expression does, it does as the owner, restricted, whoever reads
SET ROLE regress_oi_owner;
CREATE FUNCTION public.oi_evil(what text) RETURNS text LANGUAGE plpgsql AS 'BEGIN EXECUTE what; RETURN what; END';
RESET ROLE;
CREATE TEMP TABLE evil (n int GENERATED ALWAYS AS IDENTITY, what text);
INSERT INTO evil (what) VALUES ('CREATE ROLE regress_oi_evil'), ('RESET ROLE'), ('SET ROLE postgres'), ('SET SESSION AUTHORIZATION DEFAULT'), ('CREATE TEMP TABLE oi_trap ()'), ('UPDATE sla.objective SET target_percent = 1'), ('SELECT * FROM public.oi_request');
CREATE FUNCTION test.read_evil(what text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	UPDATE sla.objective SET group_by = format('oi_evil(%L)', what) WHERE name = 'mine';
	SELECT concat_ws(' ', state, message) INTO answer FROM test.refusal($r$SELECT FROM sla.slo_status('mine', '2026-03-20')$r$);
	RETURN answer;
END
$$;
SELECT what, read_evil(what) FROM evil ORDER BY n;
UPDATE sla.objective SET group_by = 'oi_who()' WHERE name = 'mine';
-- another owner of the relation confirms
GRANT CREATE ON SCHEMA public TO regress_oi_other;
ALTER TABLE oi_mine OWNER TO regress_oi_other;
\pset format unaligned
SELECT subject, status, detail FROM sla.status() WHERE subject LIKE 'objective%';
SELECT * FROM refusal($$SELECT FROM sla.slo_status('mine', '2026-03-20')$$);
\pset format aligned
SET ROLE regress_oi_other;
UPDATE sla.objective SET name = name WHERE name = 'mine';
SELECT group_value, total, good FROM sla.slo_status('mine', '2026-03-20');
RESET ROLE;

-- a calendar in use stays; a relation that is dropped takes its objectives along
INSERT INTO sla.calendar (name, hours) VALUES ('oi', 'TZ=UTC 24/7');
UPDATE sla.objective SET calendar = 'oi' WHERE name = 'x';
SELECT state, message, detail FROM refusal($$DELETE FROM sla.calendar WHERE name = 'oi'$$);
SELECT state, message, detail FROM refusal($$UPDATE sla.calendar SET name = 'oj' WHERE name = 'oi'$$);
CREATE VIEW oi_view AS SELECT at, fine FROM oi_request;
INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('view', 'oi_view', 'at', 'fine', 90);
DROP VIEW oi_view;
-- and one that went while nobody was told
CREATE TABLE oi_unseen (at timestamptz);
INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('unseen', 'oi_unseen', 'at', 'true', 90);
ALTER EVENT TRIGGER sla_tracker_forget_dropped DISABLE;
DROP TABLE oi_unseen CASCADE;
ALTER EVENT TRIGGER sla_tracker_forget_dropped ENABLE;
SELECT status, problem FROM sla.report_slo_status WHERE objective = 'unseen';
SELECT state, regexp_replace(message, '[0-9]+', 'N') AS message, hint FROM test.refusal($$SELECT * FROM sla.slo_status('unseen')$$);
DELETE FROM sla.objective WHERE name = 'unseen';
-- a window is written the same whatever the session's style
SET intervalstyle = 'iso_8601';
INSERT INTO sla.objective (name, relation, at, good_when, target_percent, window_length) VALUES ('styled', 'oi_request', 'at', 'true', 90, 'P1M3D') RETURNING window_length;
SET intervalstyle = 'postgres';
DELETE FROM sla.objective WHERE name = 'styled';
SELECT name FROM sla.objective ORDER BY 1;
DROP TABLE oi_mine, oi_request;
SELECT name FROM sla.objective ORDER BY 1;
SELECT proname FROM pg_proc WHERE pronamespace = 'sla'::regnamespace AND proname ~ '^objective_[0-9]';
DELETE FROM sla.calendar WHERE name = 'oi';
DELETE FROM sla.agreement WHERE party = 'oi';
DROP FUNCTION oi_who, oi_evil;
DROP SEQUENCE oi_seq;
DROP OWNED BY regress_oi_owner, regress_oi_other, regress_oi_reader;
DROP ROLE regress_oi_owner, regress_oi_other, regress_oi_reader;
SET client_min_messages = warning;
DROP SCHEMA test CASCADE;
