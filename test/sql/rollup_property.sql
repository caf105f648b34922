-- Rollups of objectives: whatever is written in whatever way, reading them says
-- what the facts do, exactly; with and without folding.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
CREATE SCHEMA test;
SET search_path = public, test;
SELECT sla.fold() \g /dev/null
\set ECHO all
CREATE TABLE rp_event (id int PRIMARY KEY, at timestamptz, local_at timestamp, status int, ms numeric, region text, note text);
CREATE TABLE rp_parted (id int, at timestamptz, local_at timestamp, status int, ms numeric, region text, note text) PARTITION BY RANGE (id);
CREATE TABLE rp_parted_1 PARTITION OF rp_parted FOR VALUES FROM (0) TO (400);
-- columns in another order, and one that is gone
CREATE TABLE rp_parted_2 (note text, gone int, region text, id int, status int, ms numeric, local_at timestamp, at timestamptz);
ALTER TABLE rp_parted_2 DROP gone;
ALTER TABLE rp_parted ATTACH PARTITION rp_parted_2 FOR VALUES FROM (400) TO (100000);
CREATE INDEX ON rp_event (at);
CREATE INDEX ON rp_parted (at);
INSERT INTO sla.objective (name, kind, relation, at, total_when, good_when, value, at_most, at_least, slice, group_by, target_percent, time_zone)
SELECT o.name || r, o.kind, r::regclass, o.at, o.total_when, o.good_when, o.value, o.at_most, o.at_least, o.slice, o.group_by, 99, coalesce(o.zone, 'UTC')
FROM unnest('{rp_event,rp_parted}'::text[]) r,
	(VALUES ('plain ', 'event', 'at', NULL, 'status < 500', NULL, NULL::float8, NULL::float8, NULL::interval, NULL, NULL),
		('grouped ', 'event', 'at', 'region IS DISTINCT FROM ''xx''', 'status < 500', NULL, NULL, NULL, NULL, 'region', NULL),
		('value ', 'value', 'at', NULL, NULL, 'ms', 300, 20, NULL, 'status::text', NULL),
		('local ', 'event', 'local_at', NULL, 'status < 500', NULL, NULL, NULL, NULL, NULL, 'Europe/Berlin'),
		('slice ', 'slice', 'at', NULL, 'status < 500', NULL, NULL, NULL, '10 min', NULL, 'Asia/Kolkata'),
		('careful ', 'event', 'at', 'status / 2 > 50', 'ms + status < 800', NULL, NULL, NULL, NULL, 'upper(region)', NULL)
	) o (name, kind, at, total_when, good_when, value, at_most, at_least, slice, group_by, zone);
SELECT tgrelid::regclass, tgname ~ '^sla_rollup_\d+$' AS named, tgenabled, tgparentid <> 0 AS is_cloned FROM pg_trigger WHERE tgfoid = 'sla.rollup_row()'::regprocedure ORDER BY 1;
SELECT sla.fold();
SELECT name, sla.rollup_problem(id) FROM sla.objective WHERE sla.rollup_problem(id) IS NOT NULL;

/*
 * A random statement over one of the tables.  Instants are over three days, some
 * on the bounds of buckets, some infinite or none.
 */
CREATE FUNCTION test.any_at() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
	SELECT CASE floor(random() * 12)::int WHEN 0 THEN NULL WHEN 1 THEN 'infinity'
		WHEN 2 THEN timestamptz '2026-03-28' + floor(random() * 900) * interval '5 minutes'
		ELSE timestamptz '2026-03-28' + random() * interval '3 days' END $$;
CREATE FUNCTION test.any_row(id int, OUT id int, OUT at timestamptz, OUT local_at timestamp, OUT status int, OUT ms numeric, OUT region text, OUT note text) LANGUAGE sql VOLATILE AS $$
	SELECT id, test.any_at(), timezone('UTC', test.any_at()), (ARRAY[200, 200, 404, 500, NULL])[1 + floor(random() * 5)::int],
		(ARRAY[round((random() * 400)::numeric, 2), 300, 'NaN', NULL])[1 + floor(random() * 4)::int],
		(ARRAY['eu', 'us', '', 'xx', NULL])[1 + floor(random() * 5)::int], md5(random()::text) $$;
CREATE FUNCTION test.any_statement(tab text) RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT regexp_replace(regexp_replace(CASE floor(random() * 16)::int
		WHEN 0 THEN 'INSERT INTO TAB SELECT r.* FROM generate_series(A, A + 20) i, test.any_row(i) r WHERE NOT EXISTS (SELECT FROM TAB t WHERE t.id = i)'
		WHEN 1 THEN 'INSERT INTO TAB SELECT r.* FROM generate_series(A, A + 60) i, test.any_row(i) r WHERE NOT EXISTS (SELECT FROM TAB t WHERE t.id = i)'
		WHEN 2 THEN 'UPDATE TAB SET at = test.any_at() WHERE id BETWEEN A AND A + 30'
		WHEN 3 THEN 'UPDATE TAB SET status = 200 WHERE status = 500 AND id > A'
		WHEN 4 THEN 'UPDATE TAB SET note = note || 1 WHERE id > A'
		WHEN 5 THEN 'UPDATE TAB SET region = NULL, ms = ms + 1 WHERE id BETWEEN A AND A + 50'
		WHEN 6 THEN 'DELETE FROM TAB WHERE id BETWEEN A AND A + 25'
		WHEN 7 THEN 'UPDATE TAB SET id = id + 1000 WHERE id BETWEEN A AND A + 5 AND NOT EXISTS (SELECT FROM TAB t WHERE t.id = TAB.id + 1000)'
		WHEN 8 THEN 'MERGE INTO TAB t USING (SELECT * FROM generate_series(A, A + 20) i, test.any_row(i)) s ON s.id = t.id WHEN MATCHED AND t.status = 404 THEN DELETE WHEN MATCHED THEN UPDATE SET status = s.status, at = s.at WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.at, s.local_at, s.status, s.ms, s.region, s.note)'
		WHEN 9 THEN CASE WHEN tab = 'rp_event' THEN 'INSERT INTO TAB SELECT r.* FROM generate_series(A, A + 20) i, test.any_row(i) r ON CONFLICT (id) DO UPDATE SET at = excluded.at, ms = excluded.ms'
			ELSE 'UPDATE rp_parted_2 SET status = 404, at = test.any_at() WHERE id BETWEEN A AND A + 90' END
		WHEN 10 THEN CASE WHEN tab = 'rp_event' THEN 'INSERT INTO TAB SELECT r.* FROM generate_series(A, A + 20) i, test.any_row(i) r ON CONFLICT DO NOTHING'
			ELSE 'DELETE FROM rp_parted_1 WHERE id BETWEEN A AND A + 9' END
		WHEN 11 THEN 'DO $x$ BEGIN FOR i IN A .. A + 8 LOOP BEGIN UPDATE TAB SET at = test.any_at(), status = 500 WHERE id = i; IF i % 2 = 0 THEN RAISE EXCEPTION ''x''; END IF; EXCEPTION WHEN raise_exception THEN DELETE FROM TAB WHERE id = i + 300; END; END LOOP; END $x$'
		WHEN 12 THEN 'DO $x$ BEGIN UPDATE TAB SET status = 500 WHERE id > A; RAISE EXCEPTION ''x''; EXCEPTION WHEN raise_exception THEN NULL; END $x$'
		WHEN 13 THEN 'COPY TAB FROM PROGRAM ''true'''
		WHEN 14 THEN 'INSERT INTO TAB SELECT r.* FROM generate_series(3000 + A, 3000 + A) i, test.any_row(i) r WHERE NOT EXISTS (SELECT FROM TAB t WHERE t.id = i)'
		ELSE 'WITH d AS (DELETE FROM TAB WHERE id BETWEEN A AND A + 9 RETURNING *) INSERT INTO TAB SELECT id + 2000, at, local_at, status, ms, region, note FROM d d WHERE NOT EXISTS (SELECT FROM TAB t WHERE t.id = d.id + 2000)'
	END, '\mTAB\M', tab, 'g'), '\mA\M', floor(random() * 800)::int::text, 'g') $$;
-- some windows: edges anywhere, on bounds of buckets, hours and days
CREATE FUNCTION test.any_edges() RETURNS timestamptz[] LANGUAGE sql VOLATILE AS $$
	SELECT array_agg(DISTINCT e ORDER BY e) FROM (
		SELECT CASE floor(random() * 5)::int WHEN 0 THEN date_trunc('day', x) WHEN 1 THEN date_trunc('hour', x)
			WHEN 2 THEN date_bin('5 minutes', x, '2000-01-01') WHEN 3 THEN date_bin('5 minutes', x, '2000-01-01') + interval '1 us' * floor(random() * 3) ELSE x END AS e
		FROM (SELECT timestamptz '2026-03-27 12:00' + random() * interval '4 days' AS x FROM generate_series(1, 2 + floor(random() * random() * 40)::int)) s
		UNION ALL SELECT timestamptz '2026-03-27 13:07:11' + floor(random() * 3) * interval '1 day') s $$;
CREATE TABLE test.result (objective text, windows bigint, wrong bigint, by_rollup bigint);
CREATE PROCEDURE test.compare(rounds int) LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO test.result
	SELECT o.name, count(*), count(*) FILTER (WHERE x.wrong > 0), count(*) FILTER (WHERE x.problem IS NULL)
	FROM sla.objective o,
		LATERAL (SELECT test.any_edges() AS edges, o.id AS id FROM generate_series(1, rounds) OFFSET 0) w,
		LATERAL (SELECT sla.rollup_problem(o.id) AS problem, (
			SELECT count(*) FROM (SELECT * FROM sla.objective_counts(w.id, w.edges)) r
			FULL JOIN (SELECT * FROM sla.objective_facts(w.id, w.edges)) f ON (f.grp, f.bucket) = (r.grp, r.bucket)
			WHERE (r.total, r.good) IS DISTINCT FROM (f.total, f.good)) AS wrong) x
	WHERE o.name LIKE '% rp\_%'
	GROUP BY o.name;
END $$;
CREATE PROCEDURE test.run(rounds int, folding float8, windows int) LANGUAGE plpgsql AS $$
DECLARE
	tab text;
	command text;
BEGIN
	FOR round IN 1 .. rounds LOOP
		FOREACH tab IN ARRAY '{rp_event,rp_parted}'::text[] LOOP
			FOR i IN 0 .. floor(random() * 4)::int LOOP
				command := test.any_statement(tab);
				EXECUTE command;
				IF random() < 0.2 THEN
					CALL test.compare(1);	-- of what this transaction wrote itself
				END IF;
			END LOOP;
			IF random() < 0.1 THEN
				ROLLBACK;
			ELSE
				COMMIT;
			END IF;
		END LOOP;
		CALL test.compare(windows);
		IF random() < folding THEN
			COMMIT;
			PERFORM sla.fold(CASE WHEN random() < 0.5 THEN 7 ELSE 100000 END);
			CALL test.compare(windows);
		END IF;
		COMMIT;
	END LOOP;
END $$;
SELECT setseed(0.25);
CALL test.run(25, 0, 1);
SELECT count(*) > 1000 AS many FROM sla.rollup_delta;
SELECT objective, sum(windows) > 40 AS compared, sum(wrong) AS wrong, round(sum(by_rollup) / sum(windows), 1) AS share FROM test.result GROUP BY 1 ORDER BY 1;
SELECT sla.fold() > 1000 AS folded, sla.fold() AS again;
SELECT count(*) FROM sla.rollup_delta;
TRUNCATE test.result;
CALL test.run(40, 0.5, 1);
SELECT objective, sum(windows) > 60 AS compared, sum(wrong) AS wrong, round(sum(by_rollup) / sum(windows), 1) AS share FROM test.result GROUP BY 1 ORDER BY 1;
SELECT o.name, v.* FROM sla.objective o, LATERAL sla.verify_objective(o.name) v;
SELECT count(*) > 100 AS rows FROM rp_event;
-- without any trace of folding
SELECT sla.fold() >= 0;
SELECT o.name, v.* FROM sla.objective o, LATERAL sla.verify_objective(o.name) v;
-- and built anew it is the same
CREATE TABLE test.before AS SELECT * FROM sla.rollup_bucket WHERE total <> 0;
SELECT bool_and(r.is_built), count(*) FROM sla.objective o, LATERAL sla.rebuild(o.name) r;
SELECT count(*) > 500 AS many FROM test.before;
SELECT count(*) FROM (TABLE test.before EXCEPT TABLE sla.rollup_bucket) x;
SELECT count(*) FROM (TABLE sla.rollup_bucket EXCEPT TABLE test.before) x;

-- what is said without SQL is what SQL says: the status and burn rules, of windows of all kinds, at any instant
UPDATE sla.objective o SET window_length = (ARRAY['36 hours', '1 day', 'week', 'month', '28 days', '50 hours', 'year', 'quarter'])[1 + n % 8],
	valid_from = CASE WHEN n % 5 = 0 THEN timestamptz '2026-03-29 17:03:04' ELSE '-infinity' END
FROM (SELECT id, row_number() OVER (ORDER BY name COLLATE "C") AS n FROM sla.objective) x WHERE x.id = o.id;
INSERT INTO sla.burn_rule (objective, name, budget_percent, long_window, short_window, min_events, hold_for)
	SELECT o.name, r.name, 0.05, r.long_window::interval, r.short_window::interval, r.min_events, r.hold::interval
	FROM sla.objective o, (VALUES ('a', '1 hour', '5 min', 1, '0'), ('b', '75 min', '7 min', 3, '40 min'), ('c', '20 hours', '90 min', 40, '10 min'), ('d', '17 min', '1 s', 0, '0')) r (name, long_window, short_window, min_events, hold);
CREATE TABLE test.instant AS
	SELECT o.name, CASE i % 4 WHEN 0 THEN date_trunc('hour', x) ELSE x END AS at
	FROM sla.objective o, generate_series(1, 25) i, LATERAL (SELECT timestamptz '2026-03-28 01:00' + random() * interval '3 days' + 0 * i * o.id * interval '1 s' AS x) x;
CREATE FUNCTION test.compare_reports(by_c text, by_sql text, OUT rows bigint, OUT only_c bigint, OUT only_sql bigint) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('WITH c AS (SELECT i.name, i.at, s::text FROM test.instant i, LATERAL %s s), q AS (SELECT i.name, i.at, s::text FROM test.instant i, LATERAL %s s)
		SELECT (SELECT count(*) FROM c), (SELECT count(*) FROM (TABLE c EXCEPT ALL TABLE q) x), (SELECT count(*) FROM (TABLE q EXCEPT ALL TABLE c) x)', by_c, by_sql) INTO rows, only_c, only_sql;
END $$;
SELECT r.rows > 300 AS many, r.only_c, r.only_sql FROM compare_reports('sla.slo_status(i.name, i.at)', '(SELECT s.*, NULL::text AS problem FROM sla.objective_status(i.name, i.at) s)') r;
SELECT r.rows > 300 AS many, r.only_c, r.only_sql FROM compare_reports('sla.slo_alerts(i.name, i.at)', 'sla.objective_alerts(i.name, i.at)') r;
-- and of many objectives at one instant, whose pieces of buckets are counted together
INSERT INTO sla.objective (name, kind, relation, at, total_when, good_when, value, at_most, group_by, target_percent)
SELECT o.name || r, o.kind, r::regclass, o.at, o.total_when, o.good_when, o.value, o.at_most, o.group_by, 99
FROM unnest('{rp_event,rp_parted}'::text[]) r,
	(VALUES ('not found ', 'event', 'at', 'status IS NOT NULL', 'status <> 404', NULL, NULL::float8, NULL),
		('regions ', 'event', 'at', NULL, 'status = 200', NULL, NULL, 'region'),
		('numbers ', 'value', 'at', NULL, NULL, 'status', 404, NULL),
		('notes ', 'event', 'at', 'note > ''7''', 'id > 300', NULL, NULL, NULL)) o (name, kind, at, total_when, good_when, value, at_most, group_by);
SELECT count(DISTINCT sla.fold()) > 0 AS built FROM generate_series(1, 10);
SELECT name, sla.rollup_problem(id) FROM sla.objective WHERE sla.rollup_problem(id) IS NOT NULL AND kind <> 'slice';
UPDATE sla.objective SET window_length = '36 hours';
INSERT INTO sla.burn_rule SELECT (jsonb_populate_record(r, jsonb_build_object('objective', o.name))).* FROM sla.burn_rule r, sla.objective o WHERE r.objective = 'plain rp_event' AND o.name ~ '^(not found|regions|numbers|notes) ';
TRUNCATE test.instant;
INSERT INTO test.instant SELECT o.name, x.at FROM (SELECT timestamptz '2026-03-28 01:00' + random() * interval '3 days' AS at FROM generate_series(1, 25)) x, sla.objective o ORDER BY x.at, o.relation, random();
SELECT r.rows > 600 AS many, r.only_c, r.only_sql FROM compare_reports('sla.slo_status(i.name, i.at)', '(SELECT s.*, NULL::text AS problem FROM sla.objective_status(i.name, i.at) s)') r;
SELECT r.rows > 600 AS many, r.only_c, r.only_sql FROM compare_reports('sla.slo_alerts(i.name, i.at)', 'sla.objective_alerts(i.name, i.at)') r;
-- their rows are read for the first of them, and for all others once more
SET enable_seqscan = off;
SET enable_bitmapscan = off;
BEGIN;
CREATE FUNCTION pg_temp.scans() RETURNS bigint LANGUAGE sql VOLATILE AS $$ SELECT pg_stat_get_xact_numscans('rp_event_at_idx'::regclass) $$;
SELECT pg_temp.scans() AS before \gset
SELECT count(*) FROM sla.objective o, LATERAL sla.slo_status(o.name, '2026-03-30 12:34:56.789') s WHERE o.name ~ '^(plain|not found|numbers|notes) rp_event';
SELECT pg_temp.scans() - :before AS scans;
-- who asks for one at a time has each read
SELECT pg_temp.scans() AS before \gset
SELECT count(*) FROM sla.slo_status('plain rp_event', '2026-03-30 12:34:56.789');
SELECT pg_temp.scans() - :before AS scans;
SELECT pg_temp.scans() AS before \gset
SELECT count(*) FROM sla.slo_status('notes rp_event', '2026-03-30 12:34:56.789');
SELECT pg_temp.scans() - :before AS scans;
-- and so has all when no index finds the rows of all (18 skips through one, and counts more)
DROP INDEX rp_event_at_idx;
CREATE INDEX rp_event_at_idx ON rp_event (status, at);
SELECT pg_temp.scans() AS before \gset
SELECT count(*) FROM sla.objective o, LATERAL sla.slo_status(o.name, '2026-03-30 12:34:56.789') s WHERE o.name ~ '^(plain|not found|numbers|notes) rp_event';
SELECT pg_temp.scans() - :before >= 8 AS each;
ROLLBACK;
RESET enable_seqscan;
RESET enable_bitmapscan;
-- with exceptions and calendars it is SQL that says it
INSERT INTO sla.exception (objective, during, approved_by, approved_at) SELECT name, '[2026-03-29 12:00, 2026-03-29 15:00)', 'me', now() FROM sla.objective WHERE name LIKE 'plain %';
SELECT r.rows > 300 AS many, r.only_c, r.only_sql FROM compare_reports('sla.slo_status(i.name, i.at)', '(SELECT s.*, NULL::text AS problem FROM sla.objective_status(i.name, i.at) s)') r;
SELECT o.name, s.window_seconds / 3600 AS hours FROM sla.objective o, LATERAL sla.slo_status(o.name, '2026-03-31 00:00') s WHERE o.window_length IN ('36:00:00', '1 day', '50:00:00') AND o.valid_from = '-infinity' AND o.group_by IS NULL ORDER BY o.name COLLATE "C";
DELETE FROM sla.exception;
DROP TABLE rp_event, rp_parted;
SELECT count(*) FROM sla.rollup;
SELECT sla.fold() >= 0, (SELECT count(*) FROM sla.rollup_bucket) AS buckets;
SET client_min_messages = warning;
DROP SCHEMA test CASCADE;
