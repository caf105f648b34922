-- Section "parallel": wall time of two workers (and an idle leader) against
-- one process, also right after the same transaction changed the calendar.
CREATE TABLE bench.big AS
SELECT t.id, opened_at, closed_at FROM t, generate_series(1, :parallel_factor);
VACUUM (FREEZE, ANALYZE) bench.big;
SET parallel_leader_participation = off;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;

SELECT format('CALL bench.add_statement(%L, %L, %L, %s, %L)',
              s.section, e.name || s.label || w.label,
              'SELECT ' || e.sql || ' FROM bench.big', :rows * :parallel_factor,
              'SET max_parallel_workers_per_gather = ' || w.n)
FROM (VALUES ('parallel', ''), ('parallel, changed', ', calendar just changed')) s(section, label),
     (VALUES ('max(opened_at)',   'max(opened_at)'),
             ('+ 8 bh',           $$max(opened_at + business_interval '8 bh @support')$$),
             ('business_seconds', $$max(business_seconds(opened_at, closed_at, 'support'))$$)) e(name, sql),
     (VALUES (0, ', one process'), (2, ', two workers')) w(n, label) \gexec

-- A sum that is the same in any order.
CREATE FUNCTION bench.total(workers int) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    total numeric;
BEGIN
    PERFORM set_config('max_parallel_workers_per_gather', workers::text, false);
    EXECUTE $q$SELECT sum((business_seconds(opened_at, closed_at, 'support') * 1000000)::int8
                          + extract(epoch FROM opened_at + business_interval '8 bh @support')::int8)
               FROM bench.big$q$ INTO total;
    RETURN total;
END $$;

CREATE FUNCTION bench.plan_is_parallel(query text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    PERFORM set_config('max_parallel_workers_per_gather', '2', false);
    FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
        IF line ~ 'Gather' THEN RETURN true; END IF;
    END LOOP;
    RETURN false;
END $$;
INSERT INTO bench.checked
SELECT 'parallel plan: ' || name, 1, (NOT bench.plan_is_parallel(sql))::int
FROM bench.statement WHERE section = 'parallel' AND name LIKE '%two workers';

SELECT bench.total(0) AS total_before \gset
INSERT INTO bench.checked SELECT 'parallel sum', 1, (bench.total(2) <> :total_before)::int;
CALL bench.measure('parallel', :rounds);

BEGIN;
INSERT INTO sla.holiday (calendar, day, name) SELECT 'support', min(d)::date, 'just declared'
FROM generate_series(timestamp '2025-01-01', '2025-12-31', '1 day') d
WHERE extract(isodow FROM d) = 3 AND d::date NOT IN (SELECT day FROM bench.holiday);
INSERT INTO bench.checked SELECT 'parallel sum, calendar just changed', 1, (bench.total(2) <> bench.total(0))::int;
INSERT INTO bench.checked SELECT 'the change is seen', 1, (bench.total(2) = :total_before)::int;
CALL bench.measure('parallel, changed', :rounds, p_commit => false);
DELETE FROM sla.holiday WHERE calendar = 'support' AND name = 'just declared';
COMMIT;
INSERT INTO bench.checked SELECT 'parallel sum, change taken back', 1, (bench.total(2) <> :total_before)::int;

-- Our speed-up beside the built-in's.
INSERT INTO bench.figure (section, label, value, unit, against, base, goal, times)
SELECT 'parallel', 'speed-up by two workers, ' || o.name, o.one / o.two, 'x', 'the same of max(opened_at)', b.one / b.two, 0.9, true
FROM (SELECT e.name, e.n,
             (SELECT wall FROM bench.median m WHERE m.name = e.name || ', one process') AS one,
             (SELECT wall FROM bench.median m WHERE m.name = e.name || ', two workers') AS two
      FROM unnest(ARRAY['+ 8 bh', 'business_seconds', '+ 8 bh, calendar just changed',
                        'business_seconds, calendar just changed']) WITH ORDINALITY e(name, n)) o,
     LATERAL (SELECT (SELECT wall FROM bench.median m WHERE m.name = e.name || ', one process') AS one,
                     (SELECT wall FROM bench.median m WHERE m.name = e.name || ', two workers') AS two
              FROM (SELECT 'max(opened_at)' || CASE WHEN o.name LIKE '%changed' THEN ', calendar just changed' ELSE '' END AS name) e) b
ORDER BY o.n;
INSERT INTO bench.figure (section, label, value, unit, against, base, goal)
SELECT 'parallel', c.name, c.wall, 'ns/row', m.name, m.wall, 1.1
FROM bench.median c JOIN bench.median m ON c.name = replace(m.name, ', two', ', calendar just changed, two')
WHERE m.name LIKE '%two workers' AND m.name <> c.name AND m.name NOT LIKE 'max%';
DROP TABLE bench.big;
