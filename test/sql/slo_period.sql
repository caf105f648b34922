-- Closed periods: what was told of them stays, with its revisions.
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
CREATE ROLE regress_sp_owner;
CREATE ROLE regress_sp_other;
CREATE ROLE regress_sp_reader;
GRANT USAGE ON SCHEMA sla, test TO regress_sp_owner, regress_sp_other, regress_sp_reader;
GRANT CREATE ON SCHEMA public TO regress_sp_owner, regress_sp_other;
SET ROLE regress_sp_owner;
CREATE TABLE public.sp_request (at timestamptz, ok bool, region text);
INSERT INTO sp_request SELECT timestamptz '2026-01-01' + i * interval '6 hours', i % 10 > 0, CASE WHEN i % 3 = 0 THEN 'eu' ELSE 'us' END FROM generate_series(0, 999) i;
CREATE TABLE public.sp_outage (began timestamptz, ended timestamptz);
INSERT INTO sp_outage VALUES ('2026-01-10', '2026-01-10 01:00'), ('2026-02-10', '2026-02-10 02:00');
INSERT INTO sla.objective (name, relation, at, good_when, group_by, target_percent, window_length, time_zone) VALUES
	('req', 'sp_request', 'at', 'ok', NULL, 85, 'month', 'Europe/Berlin'), ('by_region', 'sp_request', 'at', 'ok', 'region', 85, 'week', 'UTC'), ('rolling', 'sp_request', 'at', 'ok', NULL, 85, '28 days', 'UTC');
INSERT INTO sla.objective (name, kind, relation, outage_from, outage_to, target_percent, window_length) VALUES ('up', 'outage', 'sp_outage', 'began', 'ended', 99.9, 'month');
RESET ROLE;
-- nothing that ended before the name was taken is closed, and nothing before its time
SELECT sla.close_periods(now(), 100), sla.close_periods('2100-01-01', 100);
UPDATE sla.objective_name SET taken_at = '2026-01-15';
-- close_after its end, so many at most, the oldest first
SELECT sla.close_periods('2026-02-05 22:59:59', 100) AS none, sla.close_periods('2026-02-05 23:00', 0) AS zero, sla.close_periods('2026-02-06', 2) AS two, sla.close_periods('2026-02-06', 100) AS others, sla.close_periods('2026-02-06', 100) AS again;
SELECT objective, period_start, from_at, to_at, revision, closed_by = current_user AS by_me, closed_at > now() - interval '1 hour' AS just_now, reason FROM sla.closed_period ORDER BY 1, 2;
-- they are what the periods were
SELECT count(*) AS closed, count(*) FILTER (WHERE (c.total, c.good, c.bad, c.budget, c.is_met, c.coverage_percent, c.target_percent) IS DISTINCT FROM (p.total, p.good, p.bad, p.budget, p.is_met, p.coverage_percent, p.target_percent)) AS other
FROM sla.report_slo_closed c LEFT JOIN LATERAL sla.slo_periods(c.objective, '2026-03-01') p ON p.from_at = c.from_at AND p.group_value IS NOT DISTINCT FROM c.group_value;
SELECT sla.close_periods('2026-07-01', 1000);
SELECT c.objective, count(DISTINCT c.from_at) AS periods, count(DISTINCT g.group_value) AS groups, min(c.from_at), max(c.to_at), sum(g.total) AS total, sum(g.good) AS good FROM sla.closed_period c JOIN sla.closed_group g USING (objective, from_at, revision) GROUP BY 1 ORDER BY 1;
-- without gap or overlap
SELECT objective, from_at, to_at FROM (SELECT *, lead(from_at) OVER (PARTITION BY objective ORDER BY from_at) AS next FROM sla.closed_period) c WHERE next <> to_at;
SELECT count(*) FROM sla.objective o, LATERAL sla.verify_periods(o.name) v WHERE v.problem IS NOT NULL;

-- facts come late, are corrected, deleted: what was told stays, and beside it stands what is
INSERT INTO sp_request VALUES ('2026-02-10', false, 'eu'), ('2026-02-10', false, 'asia');
UPDATE sp_request SET ok = false WHERE at = '2026-03-10';
DELETE FROM sp_request WHERE at >= '2026-04-10' AND at < '2026-04-11';
SELECT period_start, total, good, total_now, good_now, problem FROM sla.verify_periods('req') WHERE problem IS NOT NULL ORDER BY 1;
SELECT period_start, group_value, total, total_now, problem FROM sla.verify_periods('by_region') WHERE problem IS NOT NULL ORDER BY 1, 2;
SELECT period_start, total, good, is_met, is_frozen, revision FROM sla.report_slo_period WHERE objective = 'req' AND period_start < '2026-06-01' ORDER BY 1;
SELECT period_start, total, good FROM sla.slo_periods('req', '2026-05-01') ORDER BY 1;
SELECT sla.close_periods('2026-07-01', 1000);
-- an edited definition changes what is not closed yet
UPDATE sla.objective SET target_percent = 95 WHERE name = 'req';
SELECT period_start, target_percent, is_met, is_frozen FROM sla.report_slo_period WHERE objective = 'req' AND period_start = '2026-05-01';
SELECT period_start, target_percent, is_met FROM sla.slo_periods('req', '2026-08-01', since => '2026-05-31 22:00') ORDER BY 1;
SELECT DISTINCT target_percent, target_now_percent, problem FROM sla.verify_periods('req');

-- closed anew: by the owner, for a reason; both stay
SET ROLE regress_sp_other;
SELECT * FROM refusal($$SELECT sla.reclose('req', '2026-02-01', 'mine')$$);
SELECT * FROM refusal($$SELECT FROM sla.verify_periods('req')$$);
SELECT * FROM refusal($$SELECT FROM sla.closed_period$$);
SELECT * FROM refusal($$SELECT sla.close_periods(now(), 1)$$);
SET ROLE regress_sp_owner;
SELECT sla.reclose('req', '2026-02-01', 'late events of the 10th'), sla.reclose('req', '2026-02-01', 'once more'), sla.reclose('by_region', '2026-02-09', 'late');
SELECT * FROM refusal($$SELECT sla.reclose('req', '2026-02-02', 'x')$$);
SELECT * FROM refusal($$SELECT sla.reclose('req', '2026-02-01', ' ')$$);
SELECT * FROM refusal($$SELECT sla.reclose('none', '2026-02-01', 'x')$$);
SELECT * FROM refusal($$UPDATE sla.closed_period SET reason = 'x'$$);
SELECT * FROM refusal($$DELETE FROM sla.closed_group$$);
SELECT period_start, total, good, total_now, good_now, problem FROM sla.verify_periods('req') WHERE period_start < '2026-04-01' ORDER BY 1;
RESET ROLE;
SELECT period_start, revision, target_percent, total, good, is_met, closed_by, reason, is_current FROM sla.report_slo_closed WHERE objective = 'req' AND period_start = '2026-02-01' ORDER BY revision;
SELECT period_start, group_value, revision, total, is_current FROM sla.report_slo_closed WHERE objective = 'by_region' AND period_start = '2026-02-09' ORDER BY revision, group_value;
SELECT period_start, total, good, target_percent, is_frozen, revision FROM sla.report_slo_period WHERE objective = 'req' AND period_start = '2026-02-01';

-- an objective that fails closes nothing, and holds up nobody; what the owner raises is not obeyed
INSERT INTO sla.objective (name, relation, at, good_when, target_percent, window_length) VALUES ('a_fails', 'sp_request', 'at', 'ok', 85, 'month'), ('later', 'sp_request', 'at', 'ok', 85, 'month');
UPDATE sla.objective_name SET taken_at = '2026-02-15' WHERE name IN ('a_fails', 'later');
SET ROLE regress_sp_owner;
CREATE FUNCTION public.sp_evil(ok bool) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RAISE 'stop' USING ERRCODE = '40001'; END$$;
UPDATE sla.objective SET good_when = 'sp_evil(ok)' WHERE name = 'a_fails';
RESET ROLE;
SELECT sla.close_periods('2026-04-10', 100);
SELECT objective, period_start FROM sla.closed_period WHERE objective IN ('a_fails', 'later') ORDER BY 1, 2;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT sla.close_periods('2026-06-10', 100);
COMMIT;
-- what a reader may see
GRANT SELECT ON sla.report_slo_period TO regress_sp_reader;
SET ROLE regress_sp_reader;
SELECT count(*) > 0 AS readable FROM sla.report_slo_period WHERE is_frozen;
SELECT count(*) > 0 AS readable FROM sla.verify_periods('req');
SELECT * FROM refusal($$SELECT sla.reclose('req', '2026-02-01', 'x')$$);
RESET ROLE;

-- the series of reports has both, and none twice
SELECT objective, from_at FROM sla.report_slo_period GROUP BY objective, from_at, group_value HAVING count(*) > 1;

-- a version that comes into force divides its period; each part is closed by its own
INSERT INTO sla.objective (name, valid_from, relation, at, good_when, target_percent, window_length) VALUES ('later', '2026-05-10 12:00', 'sp_request', 'at', 'ok', 60, 'month');
SELECT sla.close_periods('2026-06-06', 100);
SELECT period_start, from_at, to_at, valid_from, target_percent, total, is_met FROM sla.report_slo_closed WHERE objective = 'later' ORDER BY from_at;
-- one that would have been in force is too late for what is closed
INSERT INTO sla.objective (name, valid_from, relation, at, good_when, target_percent, window_length) VALUES ('later', '2026-03-10', 'sp_request', 'at', 'true', 99, 'month');
SELECT period_start, to_at, target_percent, good, is_frozen FROM sla.report_slo_period WHERE objective = 'later' AND period_start BETWEEN '2026-02-01' AND '2026-05-31' ORDER BY from_at;
SELECT period_start, to_at, target_percent, good FROM sla.slo_periods('later', '2026-06-01') WHERE good > 0 ORDER BY from_at;

-- a version ends with the next: so does its period, whose budget is of that time alone, before and after
INSERT INTO sla.objective (name, valid_from, kind, relation, outage_from, outage_to, target_percent, window_length) VALUES
	('parts', '-infinity', 'outage', 'sp_outage', 'began', 'ended', 99, 'month'), ('parts', '2026-05-11', 'outage', 'sp_outage', 'began', 'ended', 99, 'month');
UPDATE sla.objective_name SET taken_at = '2026-05-01' WHERE name = 'parts';
SELECT from_at, to_at, budget, is_over FROM sla.slo_periods('parts', '2026-05-05') WHERE period_start >= '2026-05-01';
SELECT sla.close_periods('2026-06-06', 1000);
SELECT from_at, to_at, budget FROM sla.report_slo_closed WHERE objective = 'parts' ORDER BY from_at;
SELECT count(*) AS other FROM sla.verify_periods('parts') WHERE problem IS NOT NULL;
DELETE FROM sla.objective WHERE name = 'parts';
DELETE FROM sla.closed_group WHERE objective = 'parts';
DELETE FROM sla.closed_period WHERE objective = 'parts';

-- where the window or the time zone is another since, the present period is what is not closed of it
BEGIN;
SET LOCAL client_min_messages = error;
INSERT INTO sp_request VALUES (now() - interval '1 us', true, 'eu');
UPDATE sla.objective_name SET taken_at = now() - interval '80 days' WHERE name = 'rolling';
UPDATE sla.objective SET close_after = '0' WHERE name = 'rolling';
SELECT sla.close_periods(now(), 1000) > 0 AS closes;
SELECT max(to_at) AS until FROM sla.closed_period WHERE objective = 'rolling' \gset
INSERT INTO sp_request VALUES (:'until', true, 'eu');
UPDATE sla.objective SET time_zone = 'Asia/Tokyo' WHERE name = 'rolling';
SELECT min(from_at) = :'until' AS from_there, count(*) FILTER (WHERE from_at <= now() AND to_at > now()) AS present FROM sla.report_slo_period WHERE objective = 'rolling' AND to_at > :'until';
-- and the one in which the first closed period begins is not told beside that
SELECT a.from_at, b.from_at FROM sla.report_slo_period a JOIN sla.report_slo_period b ON b.objective = a.objective AND b.group_value IS NOT DISTINCT FROM a.group_value AND b.from_at > a.from_at AND b.from_at < a.to_at;
UPDATE sla.objective SET window_length = 'year' WHERE name = 'rolling';
SELECT min(from_at) = :'until' AS from_there, count(*) FILTER (WHERE from_at <= now() AND to_at > now()) AS present FROM sla.report_slo_period WHERE objective = 'rolling' AND to_at > :'until';
SELECT objective, from_at FROM sla.report_slo_period GROUP BY objective, from_at, group_value HAVING count(*) > 1;
-- what was closed can be spoken of
INSERT INTO sla.annotation (subject, key, period_start, text)
	SELECT 'period', 'rolling', min(period_start), 'by the window of then' FROM sla.closed_period WHERE objective = 'rolling';
-- closed anew by no version
DELETE FROM sla.objective WHERE name = 'rolling';
INSERT INTO sla.objective (name, valid_from, relation, at, good_when, target_percent) VALUES ('rolling', now(), 'sp_request', 'at', 'ok', 85);
SELECT state, regexp_replace(message, '[0-9-]+$', 'N') AS message FROM refusal($$SELECT sla.reclose('rolling', (SELECT min(period_start) FROM sla.closed_period WHERE objective = 'rolling'), 'x')$$);
ROLLBACK;

-- a group of outages has no period before its first, closed or not
BEGIN;
CREATE TABLE public.sp_site (site text, began timestamptz, ended timestamptz);
INSERT INTO sp_site VALUES ('a', '2026-01-10', '2026-01-11'), ('b', '2026-03-10', '2026-03-11'), ('c', '2026-03-31', '2026-04-02');
INSERT INTO sla.objective (name, kind, relation, outage_from, outage_to, group_by, target_percent, window_length)
	VALUES ('sites', 'outage', 'sp_site', 'began', 'ended', 'site', 99, 'month');
SELECT to_char(from_at, 'Mon') AS month, string_agg(format('%s %s', group_value, round(bad / 86400)), ', ' ORDER BY group_value) AS days_down
FROM sla.slo_periods('sites', '2026-05-01') GROUP BY from_at ORDER BY from_at;
SELECT group_value, total = 31 * 86400 AS whole FROM sla.slo_periods('sites', '2026-02-01');
ROLLBACK;

-- they follow a renamed objective, and stay when it goes; only its owner takes the name again
SET ROLE regress_sp_owner;
UPDATE sla.objective SET name = 'later on' WHERE name = 'later';
DELETE FROM sla.objective WHERE name = 'later on';
RESET ROLE;
SELECT objective, count(*) FROM sla.closed_period WHERE objective LIKE 'later%' GROUP BY 1;
-- those of two objectives do not become one's
SELECT * FROM refusal($$UPDATE sla.objective SET name = 'later on' WHERE name = 'req'$$);
SELECT count(*) FROM sla.report_slo_period WHERE objective = 'later on';
SELECT DISTINCT problem FROM sla.verify_periods('later on');
SET ROLE regress_sp_other;
CREATE TABLE public.sp_mine (began timestamptz);
SELECT * FROM refusal($$INSERT INTO sla.objective (name, kind, relation, outage_from, target_percent) VALUES ('later on', 'outage', 'sp_mine', 'began', 0)$$);
INSERT INTO sla.objective (name, kind, relation, outage_from, target_percent) VALUES ('later', 'outage', 'sp_mine', 'began', 0);
SET ROLE regress_sp_owner;
INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('later on', 'sp_request', 'at', 'ok', 85);
RESET ROLE;
DROP TABLE sp_request, sp_outage, sp_mine;
SELECT count(*) FROM sla.objective;
SELECT count(*) > 0 AS kept FROM sla.report_slo_period;
DELETE FROM sla.closed_period;
DELETE FROM sla.closed_group;
DELETE FROM sla.objective_name;
DROP FUNCTION sp_evil;
DROP OWNED BY regress_sp_owner, regress_sp_other, regress_sp_reader;
DROP ROLE regress_sp_owner, regress_sp_other, regress_sp_reader;
SET client_min_messages = warning;
DROP SCHEMA test CASCADE;
