-- Section "clocks: forecast": as many finished clocks as the main table has rows, and a tenth of that open, all of
-- the last year.  By hand there is one curve for each policy and metric, by window functions: clocks and questions in
-- one order of time.
SELECT desk.empty() \g /dev/null
CALL desk.make_history(:rows + :rows / 10, :rows / 10, 350);
VACUUM (FREEZE, ANALYZE) sla.clock_state;

CALL bench.add_statement('forecast', 'forecast of open clocks', $$
    SELECT clock_id AS id, round(breach_probability::numeric, 9) AS answer, compared_by FROM sla.forecast('desk.ticket')
    WHERE NOT is_breached$$, 1);
CALL bench.add_statement('forecast', 'forecast of open clocks, by team', $$
    SELECT clock_id AS id, round(breach_probability::numeric, 9) AS answer FROM sla.forecast('desk.ticket', by => 'team')$$, 1);
CALL bench.add_statement('forecast', 'report_forecast', 'SELECT * FROM sla.report_forecast', 1);
CALL bench.add_statement('forecast', 'forecast of open clocks, by hand', $$
    WITH open AS (
        SELECT clock_id, promise_id, (1000000 * business_seconds(started_at, now(), 'support'))::int8 AS used, budget
        FROM sla.clock_state WHERE ended_at IS NULL
    ), event AS (
        SELECT promise_id, elapsed AS t, 1 AS o, true AS stop, NULL::int8 AS id FROM sla.clock_state WHERE state = 's'
        UNION ALL SELECT promise_id, used, 2, false, NULL FROM open
        UNION ALL SELECT promise_id, used, 0, NULL, clock_id FROM open
        UNION ALL SELECT promise_id, budget, 3, NULL, clock_id FROM open
    ), risk AS (
        SELECT promise_id, t, o, stop, id, count(stop) OVER (PARTITION BY promise_id ORDER BY t DESC, o DESC ROWS UNBOUNDED PRECEDING) AS n
        FROM event
    ), curve AS (
        SELECT o, id, sum(CASE WHEN stop THEN CASE n WHEN 1 THEN '-infinity' ELSE ln((n - 1) / n::float8) END ELSE 0 END)
                      OVER (PARTITION BY promise_id ORDER BY t, o ROWS UNBOUNDED PRECEDING) AS l
        FROM risk
    )
    SELECT c.id, round(exp(sum(c.l) FILTER (WHERE o = 3) - sum(c.l) FILTER (WHERE o = 0))::numeric, 9) AS answer
    FROM curve c JOIN open ON open.clock_id = c.id
    WHERE c.id IS NOT NULL AND open.used < open.budget GROUP BY c.id$$, 1);

CREATE TEMP TABLE ours AS
SELECT clock_id AS id, breach_probability AS answer FROM sla.forecast('desk.ticket')
WHERE compared_by = 'policy' AND elapsed_seconds < budget_seconds;
SELECT format('CALL bench.check_equal(%L, %L, %L)', 'forecast of open clocks',
    format('SELECT h.id, h.answer FROM (%s) h JOIN ours USING (id)', sql), 'SELECT id, round(answer::numeric, 9) AS answer FROM ours')
FROM bench.statement WHERE name = 'forecast of open clocks, by hand' \gexec
CALL bench.measure('forecast', :rounds);

INSERT INTO bench.figure (section, label, value, unit, goal, against, base)
SELECT 'clocks: forecast', x.name, o.cpu / 1e6, 'ms', x.goal, x.against, h.cpu / 1e6
FROM (VALUES
    (1, 'forecast of open clocks', 2000, NULL),
    (2, 'forecast of open clocks', NULL::float8, 'forecast of open clocks, by hand'),
    (3, 'forecast of open clocks, by team', 2000, NULL),
    (4, 'report_forecast', 2000, NULL)) x(n, name, goal, against)
JOIN bench.median o ON o.name = x.name
LEFT JOIN bench.median h ON h.name = x.against
ORDER BY x.n;
