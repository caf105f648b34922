-- What is written to the indexes of sla.clock_state is gathered and sorted: they
-- have every row then, in however many goes that was.
SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres';
SET client_min_messages = warning;
CREATE EXTENSION amcheck;
CREATE TABLE task (id int PRIMARY KEY, kind int NOT NULL, opened_at timestamptz, done_at timestamptz);
SELECT sla.track('task', at => 'coalesce(done_at, opened_at)') \g /dev/null
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at) VALUES
	('task', 'look', 'opened_at', 'done_at IS NOT NULL', 'done_at'),
	('task', 'done', 'opened_at', 'done_at IS NOT NULL', 'done_at');
INSERT INTO sla.policy (relation, name, applies_when)
	SELECT 'task', 'kind ' || k, 'kind = ' || k FROM generate_series(1, 3) k;
INSERT INTO sla.target (relation, policy, metric, goal, threshold)
	SELECT 'task', 'kind ' || k, m, (k || ' business hours @24/7')::business_interval, (k * 2 || ' business hours @24/7')::business_interval
	FROM generate_series(1, 3) k, unnest(ARRAY['look', 'done']) m;

CREATE FUNCTION some_tasks(int, int) RETURNS SETOF task LANGUAGE sql AS $$
	SELECT i, 1 + i % 3, at, CASE WHEN i % 4 = 0 THEN at + i % 7 * interval '1 hour' END
	FROM generate_series($1, $2) i, LATERAL (SELECT timestamptz '2026-01-01 00:00Z' + (i * 7919 % 100000) * interval '1 minute') s(at)
$$;

-- All indexes are sound, and have every row.
CREATE FUNCTION check_indexes() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s%s', c.relname, bt_index_check(c.oid, true)), ' ' ORDER BY c.relname)
	FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = 'sla.clock_state'::regclass
$$;
SELECT check_indexes() ~ 'clock_state_due_idx.*clock_state_pkey' AS checked;

-- few rows, and many
INSERT INTO task SELECT * FROM some_tasks(1, 3);
INSERT INTO task SELECT * FROM some_tasks(4, 1500);
SET work_mem = '64kB';
INSERT INTO task SELECT * FROM some_tasks(1501, 3000);
RESET work_mem;
SELECT check_indexes() IS NOT NULL AS checked, count(*), count(*) FILTER (WHERE ended_at IS NULL) AS open FROM sla.clock_state;

-- all of them by sla.sync(), in three goes
TRUNCATE sla.clock_state CASCADE;
SET maintenance_work_mem = '1MB';
SELECT items, started, changed FROM sla.sync('task');
RESET maintenance_work_mem;
SELECT check_indexes() IS NOT NULL AS checked, count(*), count(*) FILTER (WHERE ended_at IS NULL) AS open FROM sla.clock_state;
SELECT count(*) FROM sla.verify('task');

-- an index that somebody has added with an expression, and one of another kind
CREATE INDEX more_idx ON sla.clock_state ((cycle + metric_id)) WHERE cycle > 0;
CREATE INDEX hash_idx ON sla.clock_state USING hash (due_at);
INSERT INTO task SELECT * FROM some_tasks(3001, 4000);
SET enable_seqscan = off;
SELECT count(*) FROM sla.clock_state WHERE due_at = '2026-03-09 04:55Z';
SET enable_seqscan = on; SET enable_indexscan = off; SET enable_bitmapscan = off;
SELECT count(*) FROM sla.clock_state WHERE due_at = '2026-03-09 04:55Z';
RESET enable_seqscan; RESET enable_indexscan; RESET enable_bitmapscan;
DROP INDEX sla.hash_idx;
SELECT check_indexes() LIKE '%more_idx%' AS checked;
DROP INDEX sla.more_idx;

-- (the hints are many, and other tests would wait for their own)
SELECT sla.untrack('task', false) \g /dev/null
TRUNCATE sla.clock_due_new, sla.clock_due;
DROP TABLE task CASCADE;
DROP FUNCTION check_indexes();
DROP EXTENSION amcheck;
