-- attainment(boolean): percent met, NULL over nothing; parallel, and in windows.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
\set ECHO all
SELECT attainment(x) FROM unnest('{t,f,t,t}'::bool[]) x;
SELECT attainment(x) FROM unnest('{t,t}'::bool[]) x;
SELECT attainment(x) FROM unnest('{f}'::bool[]) x;
SELECT attainment(x) IS NULL AS of_nothing FROM unnest('{}'::bool[]) x;
SELECT attainment(x) IS NULL AS of_nulls FROM unnest('{NULL,NULL}'::bool[]) x;
SELECT attainment(x) FROM unnest('{t,NULL,f,NULL}'::bool[]) x;
SELECT attainment(x), pg_typeof(attainment(x)) FROM unnest('{t,f,f}'::bool[]) x;
SELECT attainment(x) FILTER (WHERE i > 2), attainment(DISTINCT x) FROM unnest('{t,f,t,t}'::bool[]) WITH ORDINALITY u(x, i);
-- moving windows give what a new sum over each frame gives
CREATE TABLE verdict AS
	SELECT i, i % 5 AS team, CASE WHEN i % 11 = 0 THEN NULL ELSE i % 7 < 5 END AS met FROM generate_series(1, 2000) i;
SELECT count(*) AS rows, count(*) FILTER (WHERE moving IS DISTINCT FROM again) AS wrong, count(moving) AS known
FROM (SELECT attainment(met) OVER w AS moving,
			100.0::float8 * count(*) FILTER (WHERE met) OVER w / nullif(count(met) OVER w, 0) AS again
	  FROM verdict WINDOW w AS (PARTITION BY team ORDER BY i ROWS BETWEEN 3 PRECEDING AND 2 FOLLOWING)) x;
SELECT i, attainment(met) OVER (ORDER BY i ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING) FROM verdict WHERE i < 4 ORDER BY i;
SELECT i, attainment(met) OVER (ORDER BY i ROWS BETWEEN CURRENT ROW AND CURRENT ROW) FROM verdict WHERE i BETWEEN 10 AND 12 ORDER BY i;
-- a parallel plan exists and gives the same
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
ALTER TABLE verdict SET (parallel_workers = 2);
EXPLAIN (COSTS OFF) SELECT attainment(met) FROM verdict;
SELECT attainment(met) = 100.0::float8 * count(*) FILTER (WHERE met) / count(met) AS same FROM verdict;
SELECT team, round(attainment(met)::numeric, 6) FROM verdict GROUP BY team ORDER BY team;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;
DROP TABLE verdict;
