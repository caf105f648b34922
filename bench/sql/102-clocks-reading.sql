-- Section "clocks: reading": ten clocks a row of the main table, one of a
-- hundred open.  The hand-written queries read the stored rows.
SELECT desk.empty() \g /dev/null
CALL desk.make_history(:rows * 10, :rows / 10);
VACUUM (FREEZE, ANALYZE) sla.clock_state;
-- months are kept when all know of it
SELECT sla.fold() \g /dev/null
SELECT sla.fold() \g /dev/null
VACUUM (FREEZE, ANALYZE) sla.month_kept;

CREATE PROCEDURE desk.add_reading(name text, sql text) LANGUAGE sql AS $$
    CALL bench.add_statement('reading', name, sql, 1)
$$;
SELECT date_trunc('week', now() - interval '200 days') + interval '2 days' AS day,
       date_trunc('month', now() - interval '200 days')::date AS month \gset
CALL desk.add_reading('count(*) of all clocks', 'SELECT count(*) FROM sla.clock_state');
CALL desk.add_reading('100 next due', $$
    SELECT item, metric, policy, owner, due_at, remaining_text, is_breached FROM sla.report_open ORDER BY due_at LIMIT 100$$);
CALL desk.add_reading('100 next due, by hand', $$
    SELECT c.item, p.metric, p.policy, c.owner, c.due_at, c.late_at < now()
    FROM sla.clock_state c JOIN sla.promise p ON p.id = c.promise_id
    WHERE c.ended_at IS NULL ORDER BY c.due_at LIMIT 100$$);
CALL desk.add_reading('open by policy', 'SELECT policy AS id, count(*) AS answer FROM sla.report_open GROUP BY policy');
CALL desk.add_reading('open by policy, by hand', $$
    SELECT p.policy AS id, sum(n) AS answer
    FROM (SELECT promise_id, count(*) AS n FROM sla.clock_state WHERE ended_at IS NULL GROUP BY promise_id) c
    JOIN sla.promise p ON p.id = c.promise_id GROUP BY p.policy$$);
SELECT format('CALL desk.add_reading(%L, %L)', x.name, replace(replace(x.sql, '%DAY%', quote_literal(:'day')), '%MONTH%', quote_literal(:'month')))
FROM (VALUES
    (1, 'breaches of a day', $$
    SELECT clock_id AS id, breached_at AS answer, item, metric, policy, late_seconds, late_text FROM sla.report_breach
    WHERE "time" >= %DAY%::timestamptz AND "time" < %DAY%::timestamptz + interval '1 day'$$),
    (2, 'breaches of a day, by hand', $$
    SELECT c.clock_id AS id, c.late_at AS answer, c.item, p.metric, p.policy,
           business_seconds(c.late_at, coalesce(c.ended_at, now()), 'support') AS late_seconds
    FROM sla.clock_state c JOIN sla.promise p ON p.id = c.promise_id
    WHERE c.ended_at > c.late_at AND c.late_at >= %DAY%::timestamptz AND c.late_at < %DAY%::timestamptz + interval '1 day'
    UNION ALL
    SELECT c.clock_id, c.due_at, c.item, p.metric, p.policy, business_seconds(c.due_at, now(), 'support')
    FROM sla.clock_state c JOIN sla.promise p ON p.id = c.promise_id
    WHERE c.ended_at IS NULL AND c.due_at >= %DAY%::timestamptz AND c.due_at < %DAY%::timestamptz + interval '1 day'$$),
    (3, 'attainment of a month by policy', $$
    SELECT policy || metric AS id, (clocks, met, breached)::text AS answer, net_percent FROM sla.report_attainment
    WHERE period_start = %MONTH%$$),
    (4, 'attainment of a month by policy, by hand', $$
    SELECT p.policy || p.metric AS id, (count(*), count(*) FILTER (WHERE c.met), count(*) FILTER (WHERE NOT c.met))::text AS answer,
           100.0 * count(*) FILTER (WHERE c.met) / count(*) AS net_percent
    FROM (SELECT promise_id, true AS met FROM sla.clock_state
          WHERE ended_at >= %MONTH%::timestamptz AND ended_at < %MONTH%::timestamptz + interval '1 month' AND ended_at <= late_at
          UNION ALL
          SELECT promise_id, false FROM sla.clock_state
          WHERE late_at >= %MONTH%::timestamptz AND late_at < %MONTH%::timestamptz + interval '1 month' AND ended_at > late_at
          UNION ALL
          SELECT promise_id, false FROM sla.clock_state
          WHERE due_at >= %MONTH%::timestamptz AND due_at < %MONTH%::timestamptz + interval '1 month' AND ended_at IS NULL) c
    JOIN sla.promise p ON p.id = c.promise_id GROUP BY p.policy, p.metric$$),
    (5, 'attainment of all history', $$
    SELECT policy || metric || period_start AS id, (clocks, met, breached)::text AS answer, net_percent FROM sla.report_attainment$$),
    (6, 'attainment of all history at once', $$
    SELECT policy || metric || period_start AS id, (clocks, met, breached)::text AS answer, net_percent FROM sla.report_attainment_history$$),
    (7, 'attainment of all history, by hand', $$
    SELECT p.policy || p.metric || c.month AS id, (sum(n), sum(n) FILTER (WHERE met), coalesce(sum(n) FILTER (WHERE NOT met), 0))::text AS answer,
           100.0 * sum(n) FILTER (WHERE met) / sum(n) AS net_percent
    FROM (SELECT promise_id, ended_at <= late_at AS met, count(*) AS n,
                 date_trunc('month', least(ended_at, late_at))::date AS month
          FROM sla.clock_state WHERE ended_at IS NOT NULL OR late_at < now() GROUP BY 1, 2, 4) c
    JOIN sla.promise p ON p.id = c.promise_id GROUP BY p.policy, p.metric, c.month$$)) x(n, name, sql)
ORDER BY x.n \gexec

-- an objective over clocks, from its rollup
INSERT INTO sla.objective (name, kind, relation, metric, target_percent, window_length) VALUES ('desk', 'clock', 'desk.ticket', 'resolution', 90, '365 days');
SELECT sla.rebuild('desk') \g /dev/null
VACUUM (FREEZE, ANALYZE) sla.rollup_bucket;
CALL desk.add_reading('objective over a year', $$
    SELECT objective AS id, (total, good)::text AS answer, sli_percent, budget_remaining, burn_rate, status FROM sla.report_slo_status WHERE objective = 'desk'$$);
CALL desk.add_reading('objective over a year, by hand', $$
    SELECT 'desk' AS id, (count(*), count(*) FILTER (WHERE c.met))::text AS answer
    FROM (SELECT promise_id, true AS met FROM sla.clock_state
          WHERE ended_at >= now() - interval '365 days' AND ended_at < now() AND ended_at <= late_at
          UNION ALL
          SELECT promise_id, false FROM sla.clock_state
          WHERE late_at >= now() - interval '365 days' AND late_at < now() AND ended_at > late_at
          UNION ALL
          SELECT promise_id, false FROM sla.clock_state
          WHERE due_at >= now() - interval '365 days' AND due_at < now() AND ended_at IS NULL) c
    JOIN sla.promise p ON p.id = c.promise_id WHERE p.metric = 'resolution'$$);

SELECT format('CALL bench.check_equal(%L, %L, %L)', o.name, h.sql, o.sql)
FROM bench.statement o JOIN bench.statement h ON h.name = o.name || ', by hand'
WHERE o.section = 'reading' AND o.name LIKE ANY (ARRAY['open by%', 'breaches%', 'attainment of a month%', 'objective%']) ORDER BY o.ord \gexec
SELECT format('CALL bench.check_equal(%L, %L, %L)', o.name, h.sql, o.sql)
FROM bench.statement o JOIN bench.statement h ON h.name = 'attainment of all history'
WHERE o.name = 'attainment of all history at once' \gexec
CALL bench.measure('reading', :rounds);

INSERT INTO bench.figure (section, label, value, unit, goal, against, base)
SELECT 'clocks: reading', x.name, o.cpu / 1e6, 'ms', x.goal, x.against, h.cpu / 1e6
FROM (VALUES
    (1, '100 next due', NULL::float8, '100 next due, by hand'),
    (2, 'open by policy', 30, NULL), (3, 'open by policy', NULL, 'open by policy, by hand'),
    (4, 'breaches of a day', 10, NULL), (5, 'breaches of a day', NULL, 'breaches of a day, by hand'),
    (6, 'attainment of a month by policy', 100, NULL),
    (7, 'attainment of a month by policy', NULL, 'attainment of a month by policy, by hand'),
    (8, 'attainment of all history', NULL, 'count(*) of all clocks'),
    (9, 'attainment of all history at once', 1.6, 'count(*) of all clocks'),
    (10, 'attainment of all history at once', NULL, 'attainment of all history, by hand'),
    (11, 'objective over a year', NULL, 'objective over a year, by hand')) x(n, name, goal, against)
JOIN bench.median o ON o.name = x.name
LEFT JOIN bench.median h ON h.name = x.against
ORDER BY x.n;

DELETE FROM sla.objective WHERE name = 'desk';
