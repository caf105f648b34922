-- script/sql/replay-report.sql: what became of the promises.
--
-- psql variables: calendar, zone, top, bad (lines skipped), events and
-- seconds (of replay-play.sql).

\pset border 1
\pset footer off
\pset null '-'

-- An incident that is still open is judged at the log's last event, not at the
-- time of this run, and the trigger's breached, which says how it stood at the
-- last write, is asked only about those that are resolved.  So the answers do
-- not depend on the day of the replay.
CREATE TABLE log_end AS
SELECT max(at) AT TIME ZONE :'zone' AS at FROM event;

CREATE VIEW verdict AS
SELECT i.*, met,
	   CASE WHEN met THEN resolved_at ELSE due_at END AT TIME ZONE :'zone' AS verdict_at,
	   CASE WHEN NOT met
			THEN business_seconds(due_at, coalesce(resolved_at, log_end.at), calendar(goal)) / 3600
	   END AS hours_late
FROM incident AS i CROSS JOIN log_end,
	 LATERAL (SELECT CASE WHEN resolved_at IS NOT NULL THEN NOT breached
						  WHEN due_at < log_end.at THEN false
					 END) AS judged (met);

SELECT to_char(min(at), 'YYYY-MM-DD HH24:MI') AS first_at,
	   to_char(max(at), 'YYYY-MM-DD HH24:MI') AS last_at
FROM event \gset
SELECT to_char(:events, 'FM999,999,999') AS events_shown,
	   to_char(count(*), 'FM999,999,999') AS incidents,
	   to_char(count(*) FILTER (WHERE resolved_at IS NULL), 'FM999,999,990') AS open,
	   count(*) FILTER (WHERE resolved_at IS NULL) > 0 AS any_open,
	   to_char(count(*) FILTER (WHERE met IS NOT NULL), 'FM999,999,990') AS judged,
	   to_char(count(*) FILTER (WHERE NOT met), 'FM999,999,990') AS breaches_shown,
	   round(attainment(met)::numeric, 1) AS attained
FROM verdict \gset
SELECT coalesce(hours::text, combines) AS hours FROM sla.calendar WHERE name = :'calendar' \gset
SELECT count(*) AS holidays FROM sla.holiday WHERE calendar = :'calendar' \gset
SELECT string_agg('P' || priority || ' ' || replace(goal::text, ' @' || :'calendar', ''), ', '
				  ORDER BY priority) AS goals
FROM goal WHERE priority IN (SELECT priority FROM verdict) \gset

\echo 'Log        ' :events_shown 'events of' :incidents 'incidents,' :first_at 'to' :last_at
\echo 'Skipped    ' :bad 'bad lines'
\echo 'Calendar   ' :calendar '=' :hours
\echo 'Holidays   ' :holidays
\echo 'Goals      ' :goals
\echo

\echo 'Attainment: percent of incidents resolved in time, by month and priority'
WITH cell AS (
	SELECT to_char(verdict_at, 'YYYY-MM') AS month, priority,
		   attainment(met) AS attained, count(*) AS judged,
		   count(*) FILTER (WHERE NOT met) AS breached
	FROM verdict
	WHERE met IS NOT NULL
	GROUP BY CUBE (to_char(verdict_at, 'YYYY-MM'), priority))
SELECT coalesce(month, 'all') AS month, heading, value, place
FROM (SELECT month, coalesce('P' || priority, 'all') AS heading,
			 coalesce(priority, 6) AS place, round(attained::numeric, 1) AS value
	  FROM cell
	  UNION ALL
	  SELECT month, 'judged', 7, judged FROM cell WHERE priority IS NULL
	  UNION ALL
	  SELECT month, 'breached', 8, breached FROM cell WHERE priority IS NULL) AS answer
ORDER BY answer.month NULLS LAST, place
\crosstabview month heading value place
\echo 'A month is that of the verdict: of the resolution when met, of the deadline when not.'
\echo

\echo 'The desk''s own verdict (made_sla) against ours, resolved incidents'
SELECT coalesce('P' || priority, 'all') AS priority, count(*) AS resolved,
	   count(*) FILTER (WHERE made_sla AND met) AS "both met",
	   count(*) FILTER (WHERE NOT made_sla AND NOT met) AS "both missed",
	   count(*) FILTER (WHERE NOT made_sla AND met) AS "desk: missed",
	   count(*) FILTER (WHERE made_sla AND NOT met) AS "desk: met",
	   round(attainment(made_sla = met)::numeric, 1) AS "% agree"
FROM verdict
WHERE resolved_at IS NOT NULL AND made_sla IS NOT NULL
GROUP BY ROLLUP (priority)
ORDER BY verdict.priority NULLS LAST;

\echo 'Breaches:' :breaches_shown '(the worst first, by opening hours late)'
SELECT number, 'P' || priority AS prio, left(assignment_group, 16) AS "group",
	   to_char(opened_at, 'YYYY-MM-DD HH24:MI') AS opened,
	   to_char(due_at, 'YYYY-MM-DD HH24:MI') AS due,
	   coalesce(to_char(resolved_at, 'YYYY-MM-DD HH24:MI'), 'still open') AS resolved,
	   round(hours_late::numeric, 1) AS "bh late"
FROM verdict
WHERE NOT met
ORDER BY hours_late DESC, due_at, number
LIMIT :top;

\echo 'Open at the end of the log:' :open '(the longest late first, then the first to be due)'
\if :any_open
SELECT number, 'P' || priority AS prio, left(assignment_group, 16) AS "group", left(state, 20) AS state,
	   to_char(opened_at, 'YYYY-MM-DD HH24:MI') AS opened,
	   to_char(due_at, 'YYYY-MM-DD HH24:MI') AS due,
	   round(business_seconds(log_end.at, due_at, calendar(goal))::numeric / 3600, 1) AS "bh left"
FROM verdict CROSS JOIN log_end
WHERE resolved_at IS NULL
ORDER BY due_at, number
LIMIT :top;
\else
\echo
\endif

SELECT to_char(:seconds, 'FM999990.00') AS seconds,
	   to_char(:events / greatest(:seconds, 0.001), 'FM999,999,990') AS rate \gset
\echo 'Kept' :attained 'percent of' :judged 'promises.'
\echo 'Replayed' :events_shown 'events in' :seconds 's:' :rate 'events a second.'
