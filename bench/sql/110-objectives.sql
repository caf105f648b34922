-- Section "objectives": ten objectives over five events for each row of the main
-- table, of the last thirty days; and over a tenth of them.
CREATE FUNCTION bench.make_events(p_table text, p_count int8) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE %s (id int8 GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL, status int NOT NULL, ms int NOT NULL)', p_table);
    EXECUTE format('INSERT INTO %s (at, status, ms)
        SELECT now() - (%s - i) * (interval ''30 days'' / %s), CASE WHEN i %% 1000 = 0 THEN 500 ELSE 200 END, i * 7919 %% 400
        FROM generate_series(1::int8, %s) i', p_table, p_count, p_count, p_count);
    EXECUTE format('CREATE INDEX ON %s (at)', p_table);
    INSERT INTO sla.objective (name, relation, kind, at, good_when, value, at_most, target_percent)
    SELECT format('%s %s', p_table, i), p_table::regclass, k.kind, 'at', CASE k.kind WHEN 'event' THEN 'status < ' || 499 + i END,
           CASE k.kind WHEN 'value' THEN 'ms' END, CASE k.kind WHEN 'value' THEN i * 40 END, 99.5
    FROM generate_series(1, 10) i, LATERAL (SELECT CASE WHEN i <= 5 THEN 'event' ELSE 'value' END) k (kind);
    PERFORM sla.add_burn_rules(o.name, 'high') FROM sla.objective o WHERE o.name LIKE p_table || ' %';
END $$;
SELECT bench.make_events('bench.event', :rows * 5) \g /dev/null
SELECT bench.make_events('bench.event_few', :rows / 2) \g /dev/null
-- the one whose deltas are folded
SELECT bench.make_events('bench.folded', 1000) \g /dev/null
VACUUM (FREEZE, ANALYZE) bench.event, bench.event_few, bench.folded;
SELECT extract(epoch FROM clock_timestamp()) AS began \gset
SELECT sla.fold() FROM generate_series(1, 30) \g /dev/null
INSERT INTO bench.figure (section, label, value, unit)
SELECT 'objectives', 'building, an event of an objective', (extract(epoch FROM clock_timestamp()) - :began) * 1e9 / (:rows * 55.0), 'ns';
VACUUM (FREEZE, ANALYZE) sla.rollup_bucket;

-- by hand: a scan of the window with a count for each objective, or for each
-- objective and window
SELECT string_agg(format('count(*) FILTER (WHERE %s)', CASE WHEN i <= 5 THEN format('status < %s', 499 + i) ELSE format('ms <= %s', i * 40) END), ', ' ORDER BY i) AS goods,
       string_agg(format('(''bench.event %s'', g[%s])', i, i), ', ') AS names
FROM generate_series(1, 10) i \gset
SELECT string_agg(format('count(*) FILTER (WHERE at >= now() - interval ''%s'' AND %s)', w, CASE WHEN i <= 5 THEN format('status < %s', 499 + i) ELSE format('ms <= %s', i * 40) END), ', ') AS windows
FROM generate_series(1, 10) i, unnest('{1 hour,5 minutes,6 hours,30 minutes,1 day,2 hours,3 days,6 hours}'::text[]) w \gset
CALL bench.add_statement('objectives', 'status of ten objectives', $$
    SELECT objective AS id, (total, good)::text AS answer, sli_percent, budget_remaining, burn_rate, coverage_percent, status
    FROM sla.report_slo_status WHERE objective LIKE 'bench.event %'$$, 1);
SELECT format('CALL bench.add_statement(''objectives'', %L, %L, 1)', 'status of ten objectives, by hand', format($$
    SELECT n.id, (total, n.good)::text AS answer
    FROM (SELECT count(*) AS total, ARRAY[%s] AS g FROM bench.event WHERE at >= now() - interval '28 days' AND at < now()) e,
        LATERAL (VALUES %s) n (id, good)$$, :'goods', :'names')) \gexec
CALL bench.add_statement('objectives', 'status of ten objectives, a tenth of the events', $$
    SELECT objective, total, good, sli_percent, budget_remaining, burn_rate, coverage_percent, status
    FROM sla.report_slo_status WHERE objective LIKE 'bench.event_few %'$$, 1);
CALL bench.add_statement('objectives', 'eight burn windows of ten objectives', $$
    SELECT objective, rule, long_burn_rate, short_burn_rate, is_firing FROM sla.report_slo_alert WHERE objective LIKE 'bench.event %'$$, 1);
SELECT format('CALL bench.add_statement(''objectives'', %L, %L, 1)', 'eight burn windows of ten objectives, by hand',
    format('SELECT count(*), %s FROM bench.event WHERE at >= now() - interval ''3 days'' AND at < now()', :'windows')) \gexec
CALL bench.add_statement('objectives', 'folding, a delta', 'SELECT sla.fold(2 * ' || :rows || ')', :rows, format($$
    INSERT INTO sla.rollup_delta (objective, total, good, generation, bucket, grp)
    SELECT r.objective, 1 - 2 * (i %% 2), 1 - 2 * (i %% 2), r.generation, date_bin('5 minutes', now() - i / 2 * interval '1 s', '2000-01-01'), ''
    FROM sla.rollup r JOIN sla.objective o ON o.id = r.objective AND o.name LIKE 'bench.folded %%', generate_series(1, %s / 10) i$$, :rows));
CALL bench.measure('objectives', :rounds);
SELECT format('CALL bench.check_equal(''status of ten objectives'', %L, %L)', t.sql, o.sql)
FROM bench.statement t, bench.statement o
WHERE t.name = 'status of ten objectives, by hand' AND o.name = 'status of ten objectives' \gexec
INSERT INTO bench.figure (section, label, value, unit, goal, against, base)
SELECT 'objectives', m.name, m.cpu / 1e6, 'ms', f.goal, NULL, NULL
FROM (VALUES ('status of ten objectives', 2), ('eight burn windows of ten objectives', 5)) f (name, goal) JOIN bench.median m USING (name);
INSERT INTO bench.figure (section, label, value, unit, goal, against, base)
SELECT 'objectives', m.name, m.cpu / 1e6, 'ms', f.goal, b.name, b.cpu / 1e6
FROM (VALUES ('status of ten objectives', 'status of ten objectives, by hand', NULL), ('eight burn windows of ten objectives', 'eight burn windows of ten objectives, by hand', NULL),
    ('status of ten objectives', 'status of ten objectives, a tenth of the events', 3)) f (name, base, goal)
JOIN bench.median m USING (name) JOIN bench.median b ON b.name = f.base;
INSERT INTO bench.figure (section, label, value, unit, goal)
SELECT 'objectives', name, cpu, 'ns', 5000 FROM bench.median WHERE name = 'folding, a delta';

-- tables to write to: without objectives, with ten, and with a shared row for each
CREATE TABLE bench.held_plain (id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL, status int NOT NULL, ms int NOT NULL);
CREATE INDEX ON bench.held_plain (at);
CREATE TABLE bench.held_objectives (LIKE bench.held_plain INCLUDING ALL);
CREATE TABLE bench.held_counter (LIKE bench.held_plain INCLUDING ALL);
INSERT INTO sla.objective (name, relation, kind, at, good_when, value, at_most, target_percent)
SELECT 'held ' || i, 'bench.held_objectives', o.kind, o.at, o.good_when, o.value, o.at_most, o.target_percent
FROM generate_series(1, 10) i JOIN sla.objective o ON o.name = 'bench.event ' || i;
CREATE TABLE bench.counter (objective int PRIMARY KEY, total int8 NOT NULL, good int8 NOT NULL);
INSERT INTO bench.counter SELECT i, 0, 0 FROM generate_series(1, 10) i;
CREATE FUNCTION bench.count_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE bench.counter SET total = total + 1, good = good + (CASE WHEN objective <= 5 THEN NEW.status < 499 + objective ELSE NEW.ms <= objective * 40 END)::int;
    RETURN NULL;
END $$;
CREATE TRIGGER count_event AFTER INSERT ON bench.held_counter FOR EACH ROW EXECUTE FUNCTION bench.count_event();
SELECT sla.fold() \g /dev/null
