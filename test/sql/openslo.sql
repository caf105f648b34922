-- OpenSLO v1 documents: in, out, and there again.
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
CREATE TABLE public.os_request (at timestamptz, status int, ms float8, region text);
INSERT INTO os_request SELECT timestamptz '2026-03-01' + i * interval '1 hour', CASE WHEN i % 10 = 0 THEN 500 ELSE 200 END, i % 400, 'eu' FROM generate_series(0, 499) i;
CREATE TABLE public.os_outage (began timestamptz, ended timestamptz);
INSERT INTO sla.calendar (name, hours) VALUES ('os_office', 'TZ=Europe/Berlin Mo-Fr 09:00-17:00');
-- an SLO with its indicator inline, two targets, and a policy with its condition beside it
CREATE TEMP TABLE doc AS SELECT $$[
	{"apiVersion": "openslo/v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {}},
	{"apiVersion": "openslo/v1", "kind": "SLO", "metadata": {"name": "web-good", "displayName": "Web", "labels": {"team": ["a", "b"]}, "annotations": {"x": "y"}},
	 "spec": {"description": "requests that go well", "service": "web",
		"indicator": {"metadata": {"name": "good"}, "spec": {"ratioMetric": {"counter": true,
			"good": {"metricSource": {"type": "sla_tracker", "spec": {"when": "status < 500"}}},
			"total": {"metricSource": {"metricSourceRef": "here", "spec": {"relation": "os_request", "at": "at", "when": "region = 'eu'"}}}}}},
		"timeWindow": [{"duration": "1M", "isRolling": false, "calendar": {"startTime": "2026-01-15 00:00:00", "timeZone": "Europe/Berlin"}}],
		"budgetingMethod": "Occurrences",
		"objectives": [{"displayName": "most", "target": 0.85}, {"targetPercent": 95}],
		"alertPolicies": [{"alertPolicyRef": "fast"}]}},
	{"apiVersion": "openslo/v1", "kind": "DataSource", "metadata": {"name": "here"}, "spec": {"type": "sla_tracker"}},
	{"apiVersion": "openslo/v1", "kind": "AlertPolicy", "metadata": {"name": "fast"}, "spec": {"description": "d", "alertWhenBreaching": true, "alertWhenResolved": false, "alertWhenNoData": false,
		"conditions": [{"conditionRef": "burns"}], "notificationTargets": [{"targetRef": "mail"}]}},
	{"apiVersion": "openslo/v1", "kind": "AlertCondition", "metadata": {"name": "burns", "annotations": {"shortWindow": "02:00", "minEvents": "5", "cooldown": "1 hour"}},
	 "spec": {"severity": "page", "condition": {"kind": "burnrate", "op": "gte", "threshold": 2, "lookbackWindow": "1d", "alertAfter": "5m"}}},
	{"apiVersion": "openslo/v1", "kind": "AlertNotificationTarget", "metadata": {"name": "mail"}, "spec": {"target": "email"}}
]$$::jsonb AS d;
SELECT name, kind, relation, at, total_when, good_when, target_percent, window_length, window_start, time_zone, description FROM doc, sla.import_openslo(d);
SELECT objective, name, budget_percent, long_window, short_window, min_events, hold_for, cooldown, severity FROM sla.burn_rule ORDER BY 1;
SELECT o.name, s.factor FROM sla.objective o, LATERAL sla.slo_alerts(o.name, '2026-03-10') s ORDER BY 1;
SELECT o.name, s.window_from, s.total, s.good, s.status FROM sla.objective o, LATERAL sla.slo_status(o.name, '2026-03-10') s ORDER BY 1;
-- the search path is that of who imports, here and in expressions
SELECT current_setting('search_path');
CREATE FUNCTION test.os_good(status int) RETURNS bool LANGUAGE sql IMMUTABLE RETURN status < 400;
-- other kinds: values, slices, outages
CREATE FUNCTION test.slo(name text, metric jsonb, change jsonb) RETURNS jsonb LANGUAGE sql RETURN jsonb_build_object('apiVersion', 'openslo/v1', 'kind', 'SLO', 'metadata', jsonb_build_object('name', name),
	'spec', '{"budgetingMethod": "Occurrences", "objectives": [{"target": 0.999}], "timeWindow": [{"duration": "4w", "isRolling": true}]}'::jsonb || jsonb_build_object('indicator', jsonb_build_object('metadata', jsonb_build_object('name', 'i'), 'spec', metric)) || change);
CREATE FUNCTION test.source(spec jsonb) RETURNS jsonb LANGUAGE sql RETURN jsonb_build_object('metricSource', jsonb_build_object('type', 'sla_tracker', 'spec', spec));
CREATE TEMP TABLE slo (n int GENERATED ALWAYS AS IDENTITY, d jsonb);
INSERT INTO slo (d) VALUES
	(slo('bad', jsonb_build_object('ratioMetric', jsonb_build_object('bad', source('{"when": "NOT os_good(status)"}'), 'total', source('{"relation": "public.os_request", "at": "at", "group_by": "region", "valid_from": "2026-01-01 00:00:00+00", "close_after": "3 days", "time_zone": "Asia/Tokyo"}'))), '{}')),
	(slo('fast', jsonb_build_object('thresholdMetric', source('{"relation": "os_request", "at": "at", "value": "ms", "at_least": 1}')), '{"objectives": [{"op": "lte", "value": 300, "targetPercent": 95.5}], "timeWindow": [{"duration": "1Q", "calendar": {"timeZone": "UTC"}}]}')),
	(slo('slow', jsonb_build_object('thresholdMetric', source('{"relation": "os_request", "at": "at", "value": "ms"}')), '{"objectives": [{"op": "gte", "value": 3.5, "target": 0}], "timeWindow": [{"duration": "1w", "calendar": {"startTime": "2001-01-01 00:00:00", "timeZone": "UTC"}}]}')),
	(slo('slices', jsonb_build_object('ratioMetric', jsonb_build_object('good', source('{"when": "status < 500"}'), 'total', source('{"relation": "os_request", "at": "at", "calendar": "os_office"}'))), '{"budgetingMethod": "Timeslices", "objectives": [{"target": 0.99, "timeSliceTarget": 0.95, "timeSliceWindow": "10m"}]}')),
	(slo('minutes', jsonb_build_object('thresholdMetric', source('{"relation": "os_request", "at": "at", "value": "ms"}')), '{"budgetingMethod": "Timeslices", "objectives": [{"op": "lte", "value": 100, "target": 0.9, "timeSliceTarget": 0.9, "timeSliceWindow": 5}]}')),
	(slo('ratios', jsonb_build_object('ratioMetric', jsonb_build_object('good', source('{"when": "status < 500"}'), 'total', source('{"relation": "os_request", "at": "at"}'))), '{"budgetingMethod": "RatioTimeslices", "objectives": [{"target": 0.99, "timeSliceWindow": "1h"}]}')),
	(slo('up', jsonb_build_object('ratioMetric', jsonb_build_object('rawType', 'success', 'raw', source('{"relation": "os_outage", "outage_from": "began", "outage_to": "ended", "when": "began > ''2020-01-01''"}'))), '{"timeWindow": [{"duration": "1Y", "calendar": {"startTime": "2026-04-01", "timeZone": "UTC"}}]}'));
SELECT o.name, o.kind, o.at, o.total_when, o.good_when, o.value, o.at_most, o.at_least, o.outage_from, o.outage_to, o.group_by FROM slo, LATERAL sla.import_openslo(d) o ORDER BY n;
SELECT name, target_percent, window_length, window_start, time_zone, calendar, slice, slice_target_percent, slice_ratio, close_after, valid_from FROM sla.objective ORDER BY id;
-- clocks
CREATE TABLE public.os_ticket (id int PRIMARY KEY, closed timestamptz);
SELECT sla.track('os_ticket');
INSERT INTO sla.metric (relation, name, stop_when) VALUES ('os_ticket', 'solve', 'closed IS NOT NULL');
SELECT o.name, o.kind, o.metric, o.group_by FROM sla.import_openslo(slo('clocks', jsonb_build_object('ratioMetric', jsonb_build_object('rawType', 'success', 'raw', source('{"relation": "os_ticket", "metric": "solve", "group_by": "team"}'))), '{}')) o;
SELECT count(*) AS rules FROM sla.add_burn_rules('up');
INSERT INTO sla.burn_rule (objective, name, budget_percent, long_window, short_window, hold_for) VALUES ('slices', 'office', 30, '10 hours', '90 min', '1 hour');

-- out, and in again under the same names: nothing is lost
CREATE TEMP TABLE had AS SELECT to_jsonb(o) - 'id' AS o FROM sla.objective o;
CREATE TEMP TABLE had_rule AS SELECT to_jsonb(r) - 'budget_percent' AS r, r.budget_percent FROM sla.burn_rule r;
CREATE TEMP TABLE exported AS SELECT name, sla.export_openslo(name) AS d FROM sla.objective;
SELECT jsonb_pretty(d) FROM exported WHERE name = 'slices';
DELETE FROM sla.objective;
SELECT count(*) FROM (SELECT sla.import_openslo(jsonb_agg(d)) FROM exported) x;
SELECT name, had.o - array(SELECT k.key FROM jsonb_each(to_jsonb(n) - 'id') k WHERE k.value = had.o -> k.key) AS had, (to_jsonb(n) - 'id') - array(SELECT k.key FROM jsonb_each(had.o) k WHERE k.value = to_jsonb(n) -> k.key) AS has
FROM sla.objective n JOIN had ON had.o ->> 'name' = n.name WHERE to_jsonb(n) - 'id' <> had.o;
SELECT count(*) AS rules, count(*) FILTER (WHERE h.r IS NULL OR h.budget_percent <> n.budget_percent) AS other FROM sla.burn_rule n LEFT JOIN had_rule h ON h.r = to_jsonb(n) - 'budget_percent';
SELECT count(*) AS differ FROM exported e WHERE sla.export_openslo(e.name) <> e.d;

-- bad input: each by its path
DELETE FROM sla.objective WHERE name LIKE 'web%';
\pset format unaligned
CREATE FUNCTION test.broken(change text, value text) RETURNS TABLE (change text, state text, message text, detail text, hint text) LANGUAGE sql AS $$
	SELECT concat_ws(' = ', change, value), r.* FROM doc, test.refusal(format('SELECT sla.import_openslo(%L)', CASE WHEN value IS NULL THEN d #- change::text[] ELSE jsonb_set(d, change::text[], value::jsonb) END)) r $$;
SELECT b.* FROM (VALUES
	('{1,apiVersion}', '"openslo/v2alpha"'), ('{1,kind}', '"SLOs"'), ('{1,kind}', '"Service"'), ('{1,foo}', '1'), ('{1,metadata}', NULL), ('{1,metadata,name}', NULL), ('{1,metadata,name}', '3'), ('{1,spec,foo}', '{}'), ('{1,spec}', '[]'),
	('{1,spec,budgetingMethod}', NULL), ('{1,spec,budgetingMethod}', '"Sometimes"'), ('{1,spec,budgetingMethod}', '"RatioTimeslices"'), ('{1,spec,objectives,0,timeSliceTarget}', '0.9'), ('{1,spec,budgetingMethod}', '"Timeslices"'),
	('{1,spec,indicator}', NULL), ('{1,spec,indicatorRef}', '"x"'), ('{1,spec,indicator,spec,thresholdMetric}', '{}'), ('{1,spec,indicator,spec,ratioMetric,bad}', '{}'), ('{1,spec,indicator,spec,ratioMetric,good}', NULL), ('{1,spec,indicator,spec,ratioMetric,raw}', '{}'),
	('{1,spec,indicator,spec,ratioMetric,good,metricSource,type}', '"Datadog"'), ('{1,spec,indicator,spec,ratioMetric,total,metricSource,metricSourceRef}', '"there"'), ('{2,spec,type}', '"Prometheus"'), ('{1,spec,indicator,spec,ratioMetric,good,metricSource,spec,query}', '"sum"'), ('{1,spec,indicator,spec,ratioMetric,total,metricSource,spec,relation}', '"os_none"'), ('{1,spec,indicator,spec,ratioMetric,total,metricSource,spec,at}', NULL), ('{1,spec,indicator,spec,ratioMetric,good,metricSource,spec,when}', '"okay"'),
	('{1,spec,timeWindow,0,duration}', '"1 month"'), ('{1,spec,timeWindow,0,duration}', '"2M"'), ('{1,spec,timeWindow,0,isRolling}', 'true'), ('{1,spec,timeWindow}', '[]'), ('{1,spec,timeWindow,0,calendar,startTime}', '"2026-01-01 12:30:00"'), ('{1,spec,timeWindow,0,calendar,timeZone}', '"Mars/Crater"'), ('{1,spec,timeWindow,0,calendar,timeZone}', NULL),
	('{1,spec,objectives}', '[]'), ('{1,spec,objectives,0,target}', '1'), ('{1,spec,objectives,0,target}', '-0.1'), ('{1,spec,objectives,0,target}', '"0.9"'), ('{1,spec,objectives,0,targetPercent}', '90'), ('{1,spec,objectives,0,target}', NULL), ('{1,spec,objectives,0,op}', '"lte"'), ('{1,spec,objectives,0,indicator}', '{}'), ('{1,spec,objectives,0,compositeWeight}', '2'),
	('{1,spec,alertPolicies,0,alertPolicyRef}', '"none"'), ('{1,spec,alertPolicies,0,spec}', '{}'), ('{3,spec,alertWhenNoData}', 'true'), ('{3,spec,conditions}', '[]'), ('{3,spec,conditions,0,conditionRef}', '"none"'), ('{4,spec,severity}', NULL), ('{4,spec,condition,kind}', '"budget"'), ('{4,spec,condition,op}', '"lte"'), ('{4,spec,condition,threshold}', '1000'), ('{4,spec,condition,threshold}', '"2"'), ('{4,spec,condition,lookbackWindow}', '"1d12h"'), ('{4,spec,condition,window}', '"1d"'), ('{4,metadata,annotations,shortWindow}', '"2 days"'), ('{4,metadata,annotations,other}', '"2 days"'),
	('{4,metadata,annotations,shortWindow}', '"soon"'), ('{4,metadata,annotations,minEvents}', '"many"'), ('{4,metadata,annotations,minEvents}', '5'), ('{4,metadata,annotations,cooldown}', '"1e400 hours"'),
	('{1,spec,indicator,spec,ratioMetric,total,metricSource,spec,valid_from}', '"2026-02-30"'), ('{1,spec,indicator,spec,ratioMetric,total,metricSource,spec,close_after}', '"later"'), ('{1,spec,timeWindow,0,calendar,startTime}', '"2026-02-30 00:00:00"'),
	('{0,foo}', '1'), ('{0,metadata,name}', NULL), ('{0,spec,descripton}', '"d"'), ('{2,spec,conectionDetails}', '{}'), ('{2,spec,type}', NULL), ('{5,spec,targets}', '"email"'), ('{1,spec,indicator,metadata,foo}', '1'), ('{1,spec,indicator,kind}', '"SLO"'), ('{3,metadata,foo}', '1'), ('{3,spec,notificationTargets,0,foo}', '1'), ('{4,spec,condition,foo}', '1'),
	('{6}', '{"apiVersion": "openslo/v1", "kind": "DataSource", "metadata": {"name": "here"}, "spec": {"type": "Prometheus"}}'), ('{6}', '{"apiVersion": "openslo/v1", "kind": "SLI", "metadata": {"name": "unused"}, "spec": {"ratio": {}}}'),
	('{1,spec,indicator,spec,ratioMetric,total,metricSource,spec,time_zone}', '"Asia/Tokyo"')
) v (change, value), LATERAL test.broken(v.change, v.value) b;
SELECT r.* FROM (VALUES
	(1, '{"thresholdMetric": %s}', '{"relation": "os_request", "at": "at", "value": "ms"}', '{"objectives": [{"op": "gt", "value": 3.5, "target": 0.9}]}'),
	(2, '{"ratioMetric": {"rawType": "success", "raw": %s}}', '{"relation": "os_outage", "outage_from": "began", "outage_to": "ended"}', '{"budgetingMethod": "Timeslices", "objectives": [{"target": 0.9, "timeSliceTarget": 0.9, "timeSliceWindow": 5}]}'),
	(3, '{"ratioMetric": {"good": 3, "total": %s}}', '{}', '{}'),
	(4, '{"thresholdMetric": %s}', '{"relation": "os_request", "at": "at", "value": "ms", "at_most": 9}', '{"objectives": [{"op": "lte", "value": 3.5, "target": 0.9}]}'),
	(5, '{"thresholdMetric": %s}', '{"relation": "os_request", "at": "at", "value": "ms", "at_least": 1}', '{"objectives": [{"op": "gte", "value": 3.5, "target": 0.9}]}')) v (n, metric, spec, change),
	LATERAL refusal(format('SELECT sla.import_openslo(%L)', slo('v', format(metric, source(spec::jsonb))::jsonb, change::jsonb))) r ORDER BY n;
SELECT r.* FROM unnest(ARRAY['null', '1', '[]', '{}', '[1]', '{"apiVersion": "openslo/v1"}', '{"apiVersion": "openslo/v1", "kind": "SLO"}']) d, LATERAL refusal(format('SELECT sla.import_openslo(%L)', d)) r;
\pset format aligned
SELECT count(*) FROM sla.objective WHERE name LIKE 'web%';
-- what OpenSLO cannot say
INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('all', 'os_request', 'at', 'status < 500', 100);
INSERT INTO sla.objective (name, relation, at, good_when, target_percent, window_length) VALUES ('odd', 'os_request', 'at', 'status < 500', 90, '1 mon 3 days'), ('half', 'os_request', 'at', 'status < 500', 90, '1 day 12 hours');
INSERT INTO sla.objective (name, kind, relation, at, value, at_most, at_least, target_percent) VALUES ('any', 'value', 'os_request', 'at', 'ms', 'Infinity', 5, 90);
INSERT INTO sla.objective (name, relation, at, good_when, target_percent, valid_from) VALUES ('later', 'os_request', 'at', 'status < 500', 90, '2099-01-01 00:00:00+00');
SELECT r.* FROM unnest('{all,odd,half,any,none,later}'::text[]) n, LATERAL refusal(format('SELECT sla.export_openslo(%L, %L)', n, timestamptz '2026-01-01 00:00:00+00')) r;
-- with the rights of the caller
CREATE ROLE regress_os_other;
GRANT USAGE ON SCHEMA sla, test TO regress_os_other;
GRANT SELECT ON doc TO regress_os_other;
SET ROLE regress_os_other;
SELECT state, message FROM refusal($$SELECT sla.import_openslo(d) FROM doc$$);
SELECT state, message FROM refusal($$SELECT sla.export_openslo('all')$$);
RESET ROLE;
DROP OWNED BY regress_os_other;
DROP ROLE regress_os_other;
-- a condition need not name its kind, its operator or for how long it holds
BEGIN;
SELECT count(*) FROM sla.import_openslo(slo('plain', jsonb_build_object('ratioMetric', jsonb_build_object('good', source('{"when": "status < 500"}'), 'total', source('{"relation": "os_request", "at": "at"}'))),
	'{"alertPolicies": [{"kind": "AlertPolicy", "metadata": {"name": "p"}, "spec": {"conditions": [{"kind": "AlertCondition", "metadata": {"name": "burns"}, "spec": {"severity": "page", "condition": {"threshold": 2, "lookbackWindow": "1d"}}}]}}]}'));
SELECT name, budget_percent, long_window, short_window, hold_for, severity FROM sla.burn_rule WHERE objective = 'plain';
ROLLBACK;
-- versions of one objective bring the same rules; another of that name is refused
BEGIN;
INSERT INTO sla.objective (name, valid_from, relation, at, good_when, target_percent, window_length) VALUES ('renewed', '-infinity', 'os_request', 'at', 'status < 500', 99, '28 days'), ('renewed', '2026-05-01', 'os_request', 'at', 'status < 500', 99.5, 'month');
SELECT count(*) FROM sla.add_burn_rules('renewed');
CREATE TEMP TABLE was ON COMMIT DROP AS SELECT * FROM sla.burn_rule WHERE objective = 'renewed';
CREATE TEMP TABLE versions ON COMMIT DROP AS SELECT jsonb_build_array(sla.export_openslo('renewed', '2026-04-01'), sla.export_openslo('renewed', '2026-06-01')) AS d;
DELETE FROM sla.objective WHERE name = 'renewed';
SELECT o.name, o.valid_from, o.target_percent FROM versions, sla.import_openslo(d) AS o;
SELECT count(*), count(w) AS same FROM sla.burn_rule AS r LEFT JOIN was AS w ON w = r WHERE r.objective = 'renewed';
DELETE FROM sla.objective WHERE name = 'renewed' AND valid_from > '-infinity';
UPDATE sla.burn_rule SET severity = 'ticket' WHERE objective = 'renewed' AND name = 'page_fast';
SELECT state FROM refusal($$SELECT sla.import_openslo(d -> 1) FROM versions$$);
ROLLBACK;
SELECT sla.untrack('os_ticket', false);
DROP TABLE os_request, os_outage, os_ticket;
DELETE FROM sla.objective;
DELETE FROM sla.calendar WHERE name = 'os_office';
SET client_min_messages = warning;
DROP SCHEMA test CASCADE;
