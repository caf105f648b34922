-- script/sql/replay-report.sql: what became of the promises.
--
-- psql variables: calendar, zone, top, handoff, bad (lines skipped), played and
-- seconds (of replay-play.sql).

\pset border 1
\pset footer off
\pset null '-'

-- The views of sla tell how it is now.  What is open at the end of the log has
-- been late since, though nobody wrote any more: it is judged here as it was at
-- the log's last event, so that the answers do not depend on the day of the
-- replay.
CREATE TABLE log_end AS
SELECT max(at) AT TIME ZONE :'zone' AS at FROM event;

CREATE VIEW verdict AS
SELECT c.clock_id, c.item, c.metric, c.per, c.policy, c.owner, c.started_at, c.stopped_at, c.due_at,
	   c.paused_seconds, met,
	   CASE WHEN met THEN c.stopped_at ELSE c.breached_at END AT TIME ZONE :'zone' AS verdict_at
FROM sla.report_clock AS c CROSS JOIN log_end,
	 LATERAL (SELECT CASE WHEN c.due_at < coalesce(c.stopped_at, log_end.at) THEN false
						  WHEN c.stopped_at IS NOT NULL THEN true
					 END) AS judged (met)
WHERE c.relation = 'incident'::regclass::text;

CREATE TABLE judged AS SELECT * FROM verdict;
CREATE TABLE late_since AS
SELECT date_trunc('month', b.breached_at AT TIME ZONE :'zone')::date AS period_start,
	   b.policy, b.metric, b.owner, count(*) AS clocks
FROM sla.report_breach AS b CROSS JOIN log_end
WHERE b.relation = 'incident'::regclass::text AND b.is_open AND b.breached_at >= log_end.at
GROUP BY 1, 2, 3, 4;

SELECT to_char(min(at), 'YYYY-MM-DD HH24:MI') AS first_at,
	   to_char(max(at), 'YYYY-MM-DD HH24:MI') AS last_at,
	   date_trunc('month', min(at))::date AS first_month,
	   date_trunc('month', max(at))::date AS last_month,
	   max(at) AT TIME ZONE :'zone' > now() AS in_future
FROM event \gset
SELECT to_char(:played, 'FM999,999,999') AS events_shown,
	   to_char(count(*), 'FM999,999,999') AS incidents,
	   to_char(count(*) FILTER (WHERE resolved_at IS NULL), 'FM999,999,990') AS open,
	   count(*) FILTER (WHERE resolved_at IS NULL) > 0 AS any_open
FROM incident \gset
SELECT to_char(count(*), 'FM999,999,999') AS clocks,
	   to_char(count(*) FILTER (WHERE met IS NOT NULL), 'FM999,999,990') AS judged,
	   to_char(count(*) FILTER (WHERE NOT met AND metric = 'resolution'), 'FM999,999,990') AS breaches_shown,
	   round(attainment(met)::numeric, 1) AS attained
FROM judged \gset
SELECT coalesce(hours::text, combines) AS hours FROM sla.calendar WHERE name = :'calendar' \gset
SELECT count(*) AS holidays FROM sla.holiday WHERE calendar = :'calendar' \gset
SELECT string_agg('P' || priority || ' ' || replace(goal::text, ' @' || :'calendar', ''), ', ' ORDER BY priority)
		   FILTER (WHERE metric = 'first_response') AS responses,
	   string_agg('P' || priority || ' ' || replace(goal::text, ' @' || :'calendar', ''), ', ' ORDER BY priority)
		   FILTER (WHERE metric = 'resolution') AS goals
FROM goal WHERE priority IN (SELECT priority FROM incident) \gset
SELECT replace(goal_text, ' @' || :'calendar', '') AS handoff
FROM sla.report_promise
WHERE relation = 'incident'::regclass::text AND metric = 'group_time' \gset

\echo 'Log            ' :events_shown 'events of' :incidents 'incidents,' :first_at 'to' :last_at
\echo 'Skipped        ' :bad 'bad lines'
\echo 'Calendar       ' :calendar '=' :hours
\echo 'Holidays       ' :holidays
\echo 'First response ' :responses
\echo 'Resolution     ' :goals
\echo 'Group time     ' :handoff 'for each group that has the incident in turn'
\echo

\if :in_future
\echo 'The log ends in days to come: reports by month know only those that have begun.'
\echo
\endif

\echo 'Attainment: percent of incidents resolved in time, by month and priority (sla.report_attainment)'
WITH month AS (
	SELECT a.period_start, a.policy, a.met, a.clocks - coalesce(sum(s.clocks), 0) AS clocks
	FROM sla.report_attainment AS a
	LEFT JOIN late_since AS s USING (period_start, policy, metric)
	WHERE a.relation = 'incident'::regclass::text AND a.metric = 'resolution'
		AND a.period_start BETWEEN :'first_month' AND :'last_month'
	GROUP BY a.period_start, a.policy, a.met, a.clocks
), cell AS (
	SELECT to_char(period_start, 'YYYY-MM') AS month, policy, sum(met) AS met, sum(clocks) AS clocks
	FROM month
	WHERE clocks > 0
	GROUP BY CUBE (to_char(period_start, 'YYYY-MM'), policy))
SELECT coalesce(month, 'all') AS month, heading, value, place
FROM (SELECT month, coalesce(policy, 'all') AS heading,
			 coalesce(substr(policy, 2)::int, 6) AS place, round(100 * met / clocks, 1) AS value
	  FROM cell
	  UNION ALL
	  SELECT month, 'judged', 7, clocks FROM cell WHERE policy IS NULL
	  UNION ALL
	  SELECT month, 'breached', 8, clocks - met FROM cell WHERE policy IS NULL) AS answer
ORDER BY answer.month NULLS LAST, place
\crosstabview month heading value place
\echo 'A month is that of the verdict: of the resolution when met, of the breach when not.'
\echo

\echo 'All promises'
SELECT metric, count(*) AS clocks, count(met) AS judged,
	   count(*) FILTER (WHERE NOT met) AS breached,
	   round(attainment(met)::numeric, 1) AS "% met"
FROM judged
GROUP BY metric
ORDER BY array_position(ARRAY['first_response', 'resolution', 'group_time'], metric);

\echo 'The desk''s own verdict (made_sla) against ours, resolved incidents'
SELECT coalesce('P' || priority, 'all') AS priority, count(*) AS resolved,
	   count(*) FILTER (WHERE made_sla AND met) AS "both met",
	   count(*) FILTER (WHERE NOT made_sla AND NOT met) AS "both missed",
	   count(*) FILTER (WHERE NOT made_sla AND met) AS "desk: missed",
	   count(*) FILTER (WHERE made_sla AND NOT met) AS "desk: met",
	   round(attainment(made_sla = met)::numeric, 1) AS "% agree"
FROM incident AS i JOIN judged AS j ON j.item = i.number AND j.metric = 'resolution'
WHERE stopped_at IS NOT NULL AND made_sla IS NOT NULL
GROUP BY ROLLUP (priority)
ORDER BY i.priority NULLS LAST;

\echo 'Not resolved in time:' :breaches_shown '(the worst first, by opening hours late; sla.report_breach)'
SELECT b.item AS number, b.policy AS prio, left(b.owner, 16) AS "group",
	   to_char(b.started_at, 'YYYY-MM-DD HH24:MI') AS opened,
	   to_char(b.breached_at, 'YYYY-MM-DD HH24:MI') AS due,
	   coalesce(to_char(b.stopped_at, 'YYYY-MM-DD HH24:MI'), 'still open') AS resolved,
	   round(hours_late::numeric, 1) AS "bh late"
FROM sla.report_breach AS b CROSS JOIN log_end,
	 LATERAL (SELECT business_seconds(b.breached_at, coalesce(b.stopped_at, log_end.at), :'calendar') / 3600) AS l (hours_late)
WHERE b.relation = 'incident'::regclass::text AND b.metric = 'resolution' AND b.breached_at < log_end.at
ORDER BY hours_late DESC, b.breached_at, b.item
LIMIT :top;

\echo 'Who kept resolutions waiting, in opening hours until the end of the log (sla.report_pause)'
SELECT p.reason AS waiting, count(*) AS pauses,
	   count(DISTINCT p.item) AS incidents,
	   round(sum(hours)::numeric, 1) AS "bh",
	   round((percentile_cont(0.5) WITHIN GROUP (ORDER BY hours))::numeric, 1) AS median
FROM sla.report_pause AS p CROSS JOIN log_end,
	 LATERAL (SELECT business_seconds(p.from_at, coalesce(p.to_at, log_end.at), :'calendar') / 3600) AS l (hours)
WHERE p.relation = 'incident'::regclass::text AND p.metric = 'resolution'
GROUP BY 1
ORDER BY sum(hours) DESC, 1;

\echo 'Groups: resolutions that each answered for (sla.report_owner), and its own time'
WITH answered AS (
	SELECT o.owner, sum(o.clocks - coalesce(s.clocks, 0)) AS clocks, sum(o.met) AS met
	FROM sla.report_owner AS o
	LEFT JOIN (SELECT period_start, metric, owner, sum(clocks) AS clocks
			   FROM late_since GROUP BY 1, 2, 3) AS s
		   ON s.period_start = o.period_start AND s.metric = o.metric AND s.owner IS NOT DISTINCT FROM o.owner
	WHERE o.relation = 'incident'::regclass::text AND o.metric = 'resolution'
		AND o.period_start BETWEEN :'first_month' AND :'last_month'
	GROUP BY o.owner
), own AS (
	SELECT per AS owner, count(met) AS clocks, attainment(met) AS met_percent
	FROM judged WHERE metric = 'group_time' GROUP BY per)
SELECT left(a.owner, 24) AS "group", a.clocks AS resolutions, round(100 * a.met / a.clocks, 1) AS "% met",
	   own.clocks AS "own part", round(own.met_percent::numeric, 1) AS "own % met"
FROM answered AS a LEFT JOIN own USING (owner)
WHERE a.clocks > 0
ORDER BY a.clocks - a.met DESC, a.clocks, a.owner
LIMIT :top;

-- At each tenth of the log's events: what would have been forecast of the clocks
-- that were open then, and what came of them by the end of the log.
CREATE TABLE forecast AS
SELECT f.*
FROM (SELECT percentile_disc(ARRAY[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) WITHIN GROUP (ORDER BY at) AS instants FROM event) AS e
CROSS JOIN log_end
CROSS JOIN LATERAL sla.forecast_backtest('incident',
	ARRAY(SELECT DISTINCT i AT TIME ZONE :'zone' FROM unnest(e.instants) AS i ORDER BY 1),
	known_at => 'infinity', until => log_end.at) AS f;

\echo 'Forecasts of breaches, at each tenth of the log, of all clocks open then (sla.forecast_backtest)'
SELECT coalesce(metric, 'all') AS metric, clocks AS forecasts, round(100 * predicted::numeric, 1) AS "% predicted",
	   round(100 * breached::numeric, 1) AS "% breached", round(brier::numeric, 3) AS "Brier score",
	   round(base_brier::numeric, 3) AS "of base rate", round(skill::numeric, 3) AS skill
FROM forecast
WHERE bin IS NULL
ORDER BY array_position(ARRAY['first_response', 'resolution', 'group_time'], metric);

\echo 'Of what was said of resolutions, how much came true'
SELECT 10 * bin - 10 || ' to ' || 10 * bin AS "% said", clocks AS forecasts, round(100 * predicted::numeric, 1) AS "% predicted",
	   round(100 * breached::numeric, 1) AS "% breached"
FROM forecast
WHERE metric = 'resolution' AND bin IS NOT NULL
ORDER BY bin;

\echo 'Open at the end of the log:' :open '(the longest late first, then the first to be due; sla.report_open)'
\if :any_open
SELECT o.item AS number, o.policy AS prio, left(o.owner, 16) AS "group", left(i.state, 20) AS state,
	   to_char(o.started_at, 'YYYY-MM-DD HH24:MI') AS opened,
	   to_char(o.due_at, 'YYYY-MM-DD HH24:MI') AS due,
	   round(business_seconds(log_end.at, o.due_at, :'calendar')::numeric / 3600, 1) AS "bh left"
FROM sla.report_open AS o JOIN incident AS i ON i.number = o.item CROSS JOIN log_end
WHERE o.relation = 'incident'::regclass::text AND o.metric = 'resolution'
ORDER BY o.due_at, o.item
LIMIT :top;
\else
\echo
\endif

-- Every clock is what its facts say, and every row was followed.
SELECT count(*) AS problems, count(*) > 0 AS any_problem FROM sla.verify('incident') \gset
SELECT started + changed + cancelled + errors AS moved,
	   started + changed + cancelled + errors > 0 AS any_moved
FROM sla.sync('incident') \gset
\if :any_problem
SELECT * FROM sla.verify('incident') LIMIT :top;
DO $$BEGIN RAISE EXCEPTION 'clocks differ from their facts (sla.verify)'; END$$;
\endif
\if :any_moved
DO $$BEGIN RAISE EXCEPTION 'clocks did not follow their rows (sla.sync)'; END$$;
\endif

SELECT to_char(:seconds, 'FM999990.00') AS seconds,
	   to_char(:played / greatest(:seconds, 0.001), 'FM999,999,990') AS rate \gset
\echo 'Kept' :attained 'percent of' :judged 'promises.'
\echo 'Verified' :clocks 'clocks: each is what its facts and its row say (sla.verify, sla.sync).'
\echo 'Replayed' :events_shown 'events in' :seconds 's:' :rate 'events a second.'
