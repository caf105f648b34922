-- Section "partitions": would it pay to keep finished clocks in a partition for each
-- month of their end?  The same rows in one table with the indexes of sla.clock_state,
-- and in twelve partitions with these and one for what is open.  A clock that ends moves.
CREATE SCHEMA parts;
CREATE TABLE parts.one (LIKE sla.clock_state INCLUDING ALL EXCLUDING IDENTITY) WITH (fillfactor = 80, autovacuum_enabled = off);
CREATE TABLE parts.many (LIKE sla.clock_state INCLUDING DEFAULTS) PARTITION BY RANGE (ended_at);
CREATE TABLE parts.open PARTITION OF parts.many DEFAULT WITH (fillfactor = 80);
SELECT format('CREATE TABLE parts.month_%s PARTITION OF parts.many FOR VALUES FROM (%L) TO (%L) WITH (fillfactor = 80)', m,
              timestamptz '2025-01-01 00:00+00' + (m - 1) * interval '1 month', timestamptz '2025-01-01 00:00+00' + m * interval '1 month')
FROM generate_series(1, 12) m \gexec
CREATE INDEX ON parts.many (clock_id);
CREATE INDEX ON parts.many (relation, item, metric_id, per, cycle);
CREATE INDEX ON parts.many (due_at) WHERE ended_at IS NULL;
CREATE INDEX ON parts.many (promise_id, revision) WHERE ended_at IS NULL;
CREATE INDEX ON parts.many (late_at, ended_at) WHERE ended_at > late_at;
CREATE INDEX ON parts.many (ended_at) WHERE ended_at IS NOT NULL;
SELECT :rows / 2 AS clocks, :rows / 50 AS open \gset
INSERT INTO parts.one (clock_id, started_at, last_at, paused, revision, relation, metric_id, promise_id, cycle, levels, state,
                       is_excepted, is_waived, ended_at, due_at, late_at, risk_at, budget, elapsed, item, per, owner, labels)
SELECT i, started, coalesce(ended, started), 0, 1, 'parts.one'::regclass, 1, 1 + i % 10, 1, 0, CASE WHEN ended IS NULL THEN 'r' ELSE 's' END::"char",
       false, false, ended, started + interval '2 days', started + interval '2 days', started + interval '36 hours', 57600000000,
       CASE WHEN ended IS NOT NULL THEN 36000000000 END, i::text, '', 'agent ' || i % 50, jsonb_build_object('team', 'team ' || i % 7)
FROM (SELECT i, started, CASE WHEN i <= :clocks - :open THEN started + (1 + i * 7919 % 40) * interval '1 hour' END AS ended
      FROM (SELECT i, timestamptz '2025-01-01 00:00+00' + (i - 1) * (interval '362 days' / :clocks) AS started
            FROM generate_series(1::int8, :clocks) i) s) s;
INSERT INTO parts.many TABLE parts.one;
VACUUM (FREEZE, ANALYZE) parts.one, parts.many;

-- Of the table: as every write of a row looks its clocks up, an end, the board, a
-- month's report.  An end is undone in between.
SELECT format('CALL bench.add_statement(''partitions'', %L, %L, %s, %L)', w.name || ', ' || t.label, replace(w.sql, '%T', t.tab), w.n, replace(w.before, '%T', t.tab))
FROM (VALUES
    (1, 'look up the clocks of a row', 1000, $q$DO $b$ DECLARE n int8 := 0; BEGIN FOR i IN 1 .. 1000 LOOP
        PERFORM * FROM %T c WHERE c.relation = 'parts.one'::regclass AND c.item = (i * 37)::text; END LOOP; END $b$$q$, NULL),
    (2, 'a clock ends', 1000, format($q$DO $b$ BEGIN FOR i IN 1 .. 1000 LOOP
        UPDATE %%T c SET ended_at = '2025-12-30', last_at = '2025-12-30', state = 's', elapsed = 1
        WHERE c.relation = 'parts.one'::regclass AND c.item = (%s - i)::text AND c.ended_at IS NULL; END LOOP; END $b$$q$, :clocks),
        format($q$UPDATE %%T c SET ended_at = NULL, last_at = started_at, state = 'r', elapsed = NULL
        WHERE c.ended_at = '2025-12-30' AND c.clock_id >= %s - 1000$q$, :clocks)),
    (3, 'the next 20 deadlines', 20, $q$DO $b$ BEGIN FOR i IN 1 .. 20 LOOP
        PERFORM * FROM %T c WHERE c.ended_at IS NULL ORDER BY c.due_at LIMIT 20; END LOOP; END $b$$q$, NULL),
    (4, 'attainment of a month', 1, $q$SELECT promise_id, count(*), count(*) FILTER (WHERE ended_at > late_at) FROM %T
        WHERE ended_at >= '2025-06-01 00:00+00' AND ended_at < '2025-07-01 00:00+00' GROUP BY 1$q$, NULL)) w (ord, name, n, sql, before),
    (VALUES (1, 'parts.many', 'partitions'), (2, 'parts.one', 'one table')) t (ord, tab, label)
ORDER BY w.ord, t.ord \gexec
CALL bench.measure('partitions', :rounds);
CALL bench.check_equal('partitions', 'SELECT clock_id AS id, to_jsonb(c) AS answer FROM parts.one c', 'SELECT clock_id AS id, to_jsonb(c) AS answer FROM parts.many c');
INSERT INTO bench.figure (section, label, value, unit, against, base)
SELECT 'partitions', m.name, m.cpu / 1e3, 'us', 'one table', b.cpu / 1e3
FROM bench.statement s JOIN bench.median m USING (name) JOIN bench.median b ON b.name = replace(s.name, ', partitions', ', one table')
WHERE s.section = 'partitions' AND s.name LIKE '%, partitions' ORDER BY s.ord;

-- Retention of a month: rows are deleted and their table is vacuumed, or a partition goes.
SELECT count(*) AS gone FROM parts.month_1 \gset
SELECT bench.cpu() AS since \gset
DELETE FROM parts.one WHERE ended_at < '2025-02-01 00:00+00';
VACUUM parts.one;
SELECT bench.cpu() - :since AS deleted \gset
SELECT bench.cpu() AS since \gset
DROP TABLE parts.month_1;
SELECT bench.cpu() - :since AS dropped \gset
INSERT INTO bench.figure (section, label, value, unit, against, base)
VALUES ('partitions', 'a finished clock goes, partitions', :dropped / 1e3 / :gone, 'us', 'one table, DELETE and VACUUM', :deleted / 1e3 / :gone);
SET client_min_messages = warning;
DROP SCHEMA parts CASCADE;
