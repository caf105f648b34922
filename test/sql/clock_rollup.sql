-- Rollups of objectives over clocks: whatever happens to clocks in whatever way,
-- reading them says what the clocks do, exactly; with and without folding.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
CREATE SCHEMA test;
SET search_path = public, test;
SELECT sla.fold() \g /dev/null
\set ECHO all
INSERT INTO sla.calendar (name, hours) VALUES ('cr_desk', 'TZ=Europe/Berlin Mo-Fr 09:00-17:00'), ('cr_late', 'TZ=UTC Mo-Su 12:00-20:00');
CREATE TABLE cr_ticket (id int PRIMARY KEY, at timestamptz NOT NULL, opened timestamptz, status text, prio int, team text, customer text);
SELECT sla.track('cr_ticket', at => 'at', labels => 'jsonb_build_object(''team'', team)', party => 'customer');
INSERT INTO sla.metric (relation, name, start_when, stop_when, pause_when, cancel_when, start_at, on_reopen) VALUES
	('cr_ticket', 'fix', 'status <> ''new''', 'status = ''done''', 'status = ''wait''', 'status = ''void''', 'opened', 'continue'),
	('cr_ticket', 'answer', 'true', 'status IN (''work'', ''done'')', NULL, NULL, 'opened', 'new_cycle');
INSERT INTO sla.policy (relation, name, rank, applies_when) VALUES
	('cr_ticket', 'urgent', 1, 'prio = 1'), ('cr_ticket', 'normal', 2, 'true');
INSERT INTO sla.target (relation, policy, metric, goal, threshold) VALUES
	('cr_ticket', 'urgent', 'fix', '4 bh @cr_desk', NULL), ('cr_ticket', 'normal', 'fix', '2 bd', '3 bd'),
	('cr_ticket', 'urgent', 'answer', '30 bm @cr_late', '45 bm @cr_late'), ('cr_ticket', 'normal', 'answer', '6 bh', NULL);
INSERT INTO sla.agreement (party, name, plan, calendar) VALUES ('acme', 'gold', NULL, 'cr_late'), ('brill', 'basic', NULL, 'cr_desk');
INSERT INTO sla.objective (name, kind, relation, metric, party, group_by, target_percent) VALUES
	('cr plain', 'clock', 'cr_ticket', 'fix', NULL, NULL, 90),
	('cr teams', 'clock', 'cr_ticket', 'fix', NULL, 'team', 90),
	('cr acme', 'clock', 'cr_ticket', 'answer', 'acme', NULL, 90),
	('cr brill', 'clock', 'cr_ticket', 'answer', 'brill', 'team', 90);
SELECT name, sla.rollup_problem(id) FROM sla.objective WHERE name LIKE 'cr %' ORDER BY 1;
SELECT sla.fold();
SELECT name, sla.rollup_problem(id) FROM sla.objective WHERE name LIKE 'cr %' AND sla.rollup_problem(id) IS NOT NULL;

/*
 * A random statement.  Instants are over four weeks, so that some clocks are late
 * and open, and many are told of long after they ended.
 */
CREATE FUNCTION test.any_at() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
	SELECT timestamptz '2026-03-16' + CASE WHEN random() < 0.3 THEN floor(random() * 8000) * interval '5 minutes' ELSE random() * interval '28 days' END $$;
CREATE FUNCTION test.any_of(VARIADIC choices text[]) RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT choices[1 + floor(random() * cardinality(choices))::int] $$;
CREATE FUNCTION test.any_ticket(id int) RETURNS cr_ticket LANGUAGE sql VOLATILE AS $$
	SELECT (id, a, a - random() * interval '5 days', test.any_of('new', 'work', 'wait', 'done', 'done', 'void'), 1 + floor(random() * 2)::int,
		test.any_of('blue', 'red', '', NULL), test.any_of('acme', 'brill', NULL))::cr_ticket FROM (SELECT test.any_at() AS a OFFSET 0) x $$;
CREATE FUNCTION test.any_statement() RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT regexp_replace(CASE floor(random() * 23)::int
		WHEN 0 THEN 'INSERT INTO cr_ticket SELECT (test.any_ticket(i)).* FROM generate_series(A, A + 30) i WHERE NOT EXISTS (SELECT FROM cr_ticket t WHERE t.id = i)'
		WHEN 1 THEN 'INSERT INTO cr_ticket SELECT (test.any_ticket(i)).* FROM generate_series(A, A + 5) i ON CONFLICT (id) DO UPDATE SET status = excluded.status, at = cr_ticket.at + interval ''1 hour'''
		WHEN 2 THEN 'UPDATE cr_ticket SET status = ''done'', at = at + random() * interval ''3 days'' WHERE id BETWEEN A AND A + 40'
		WHEN 3 THEN 'UPDATE cr_ticket SET status = ''work'', at = at + random() * interval ''3 days'' WHERE id BETWEEN A AND A + 40'
		WHEN 4 THEN 'UPDATE cr_ticket SET status = test.any_of(''work'', ''wait'', ''done'', ''void''), at = test.any_at() WHERE id BETWEEN A AND A + 20'
		WHEN 5 THEN 'UPDATE cr_ticket SET team = test.any_of(''blue'', ''green''), at = at + interval ''1 minute'' WHERE id BETWEEN A AND A + 30'
		WHEN 6 THEN 'UPDATE cr_ticket SET customer = test.any_of(''acme'', ''brill'', NULL), prio = 3 - prio, at = at + interval ''1 minute'' WHERE id BETWEEN A AND A + 20'
		WHEN 7 THEN 'DELETE FROM cr_ticket WHERE id BETWEEN A AND A + 10'
		WHEN 8 THEN 'UPDATE cr_ticket SET id = id + 1000 WHERE id BETWEEN A AND A + 5 AND NOT EXISTS (SELECT FROM cr_ticket t WHERE t.id = cr_ticket.id + 1000)'
		WHEN 9 THEN 'SELECT sla.correct(clock_id, NULL, ended_at + (random() - 0.5) * interval ''2 days'', ''x'') FROM sla.clock_state WHERE relation = ''cr_ticket''::regclass AND state = ''s'' AND clock_id % 50 = A % 50 AND ended_at > started_at + interval ''2 days'''
		WHEN 10 THEN 'SELECT sla.correct(clock_id, started_at - random() * interval ''2 hours'', NULL, ''x'') FROM sla.clock_state WHERE relation = ''cr_ticket''::regclass AND clock_id % 40 = A % 40'
		WHEN 11 THEN 'INSERT INTO sla.exception (relation, item, waive, reason, approved_by, approved_at) SELECT ''cr_ticket'', i::text, true, ''cr'', ''x'', now() FROM generate_series(A, A + 30) i'
		WHEN 12 THEN 'INSERT INTO sla.exception (relation, metric, during, reason, approved_by, approved_at) SELECT ''cr_ticket'', test.any_of(''fix'', ''answer''), tstzrange(a, a + interval ''1 day''), ''cr'', ''x'', now() FROM (SELECT test.any_at() OFFSET 0) x (a)'
		WHEN 13 THEN 'DELETE FROM sla.exception WHERE reason = ''cr'' AND random() < 0.3'
		WHEN 14 THEN 'DELETE FROM sla.clock_state WHERE relation = ''cr_ticket''::regclass AND clock_id % 60 = A % 60'
		WHEN 15 THEN 'DO $x$ BEGIN FOR i IN A .. A + 8 LOOP BEGIN UPDATE cr_ticket SET status = ''done'', at = at + interval ''1 day'' WHERE id = i; IF i % 2 = 0 THEN RAISE EXCEPTION ''x''; END IF; EXCEPTION WHEN raise_exception THEN DELETE FROM cr_ticket WHERE id = i + 300; END; END LOOP; END $x$'
		WHEN 16 THEN 'DO $x$ BEGIN UPDATE cr_ticket SET status = ''done'', at = at + interval ''1 day'' WHERE id > A; RAISE EXCEPTION ''x''; EXCEPTION WHEN raise_exception THEN NULL; END $x$'
		WHEN 17 THEN 'UPDATE sla.target SET goal = test.any_of(''1 bd'', ''2 bd'', ''9 bh'')::business_interval WHERE relation = ''cr_ticket''::regclass AND policy = ''normal'' AND metric = ''fix'''
		WHEN 18 THEN 'UPDATE sla.agreement SET calendar = test.any_of(''cr_late'', ''cr_desk'') WHERE party = ''brill'''
		WHEN 19 THEN 'UPDATE sla.metric SET name = CASE name WHEN ''answer'' THEN ''reply'' ELSE ''answer'' END WHERE relation = ''cr_ticket''::regclass AND name IN (''answer'', ''reply'')'
		WHEN 20 THEN 'SELECT sla.sync(''cr_ticket'')'
		WHEN 21 THEN 'WITH t AS (UPDATE sla.tracked SET time_zone = test.any_of(''UTC'', ''Asia/Tokyo'') WHERE relation = ''cr_ticket''::regclass) UPDATE sla.agreement SET time_zone = test.any_of(''America/Lima'', NULL) WHERE party = ''acme'''
		ELSE 'SELECT sla.recompute(''cr_ticket'', tstzrange(a, a + interval ''3 days''), false) FROM (SELECT test.any_at() OFFSET 0) x (a)'
	END, '\mA\M', floor(random() * 400)::int::text, 'g') $$;
CREATE FUNCTION test.any_edges() RETURNS timestamptz[] LANGUAGE sql VOLATILE AS $$
	SELECT array_agg(DISTINCT e ORDER BY e) FROM (
		SELECT CASE floor(random() * 4)::int WHEN 0 THEN date_trunc('day', x) WHEN 1 THEN date_bin('5 minutes', x, '2000-01-01')
			WHEN 2 THEN date_bin('5 minutes', x, '2000-01-01') + interval '1 us' * floor(random() * 3) ELSE x END AS e
		FROM (SELECT timestamptz '2026-03-10' + random() * interval '40 days' AS x FROM generate_series(1, 2 + floor(random() * random() * 20)::int)) s
		UNION ALL SELECT timestamptz '2026-03-10' + floor(random() * 3) * interval '1 day'
		UNION ALL SELECT timestamptz '2026-05-10') s $$;
-- attainment of months, as they are kept or counted, against one pass over all clocks
CREATE VIEW test.by_month AS
	SELECT m.tally[i.i + 1] AS month, m.tally[i.i + 2] AS promise, ARRAY(SELECT sum(m.tally[i.i + j]) FROM generate_series(3, 9) AS j GROUP BY j ORDER BY j) AS counts
	FROM (SELECT m.tally FROM sla.month_state AS m UNION ALL SELECT m.tally FROM sla.month_ended AS m) AS m, generate_series(0, array_upper(m.tally, 1) - 9, 9) AS i (i);
CREATE VIEW test.by_pass AS
	SELECT m.tally[i.i + 1] AS month, m.tally[i.i + 2] AS promise, ARRAY(SELECT sum(m.tally[i.i + j]) FROM generate_series(3, 9) AS j GROUP BY j ORDER BY j) AS counts
	FROM sla.history_ended AS m, generate_series(0, array_upper(m.tally, 1) - 9, 9) AS i (i);
CREATE FUNCTION test.sums(counts text) RETURNS TABLE (month bigint, promise bigint, sums numeric[]) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT m.month, m.promise, array_agg(m.n ORDER BY m.j) FROM (
		SELECT c.month, c.promise, u.j, sum(u.n) AS n FROM %s AS c, unnest(c.counts) WITH ORDINALITY AS u (n, j) GROUP BY 1, 2, 3) AS m GROUP BY 1, 2', counts);
END $$;
CREATE FUNCTION test.months_wrong() RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM test.sums('test.by_month') AS m FULL JOIN test.sums('test.by_pass') AS p ON p.month = m.month AND p.promise = m.promise
	WHERE m.sums IS DISTINCT FROM p.sums $$;
CREATE TABLE test.result (objective text, windows bigint, wrong bigint, by_rollup bigint, clocks bigint, open bigint);
CREATE PROCEDURE test.compare(rounds int) LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO test.result
	SELECT o.name, count(*), count(*) FILTER (WHERE x.wrong > 0), count(*) FILTER (WHERE x.problem IS NULL), sum(x.clocks), sum(x.open)
	FROM sla.objective o,
		LATERAL (SELECT test.any_edges() AS edges, o.id AS id FROM generate_series(1, rounds) OFFSET 0) w,
		LATERAL (SELECT sla.rollup_problem(o.id) AS problem, (
			SELECT count(*) FROM (SELECT * FROM sla.objective_counts(w.id, w.edges)) r
			FULL JOIN (SELECT * FROM sla.objective_facts(w.id, w.edges)) f ON (f.grp, f.bucket) = (r.grp, r.bucket)
			WHERE (r.total, r.good) IS DISTINCT FROM (f.total, f.good)) AS wrong,
			(SELECT sum(f.total) FROM sla.objective_facts(w.id, w.edges) f) AS clocks,
			(SELECT count(*) FROM sla.clock_open c WHERE c.relation = 'cr_ticket'::regclass AND c.late_at < now()) AS open) x
	WHERE o.name LIKE 'cr %'
	GROUP BY o.name;
	INSERT INTO test.result
	SELECT 'months', rounds, test.months_wrong(), rounds * (SELECT count(*) FROM sla.month_state WHERE tally IS NOT NULL) / 3, 1000, 100;
END $$;
CREATE PROCEDURE test.run(rounds int, folding float8, windows int) LANGUAGE plpgsql AS $$
BEGIN
	FOR round IN 1 .. rounds LOOP
		FOR i IN 0 .. floor(random() * 4)::int LOOP
			EXECUTE test.any_statement();
			IF random() < 0.2 THEN
				CALL test.compare(1);	-- of what this transaction wrote itself
			END IF;
		END LOOP;
		IF random() < 0.1 THEN
			ROLLBACK;
		ELSE
			COMMIT;
		END IF;
		CALL test.compare(windows);
		COMMIT;
		IF random() < folding THEN
			PERFORM sla.fold(CASE WHEN random() < 0.5 THEN 7 ELSE 100000 END);
			CALL test.compare(windows);
		END IF;
		IF random() < 0.2 THEN
			PERFORM sla.refresh();
		END IF;
		COMMIT;
	END LOOP;
END $$;
SELECT setseed(0.5);
INSERT INTO cr_ticket SELECT (test.any_ticket(i)).* FROM generate_series(1, 300) i;
CALL test.run(40, 0.4, 1);
SELECT objective, sum(windows) > 60 AS compared, sum(wrong) AS wrong, round(sum(by_rollup) / sum(windows), 1) > 0.2 AS by_rollup, sum(clocks) > 1000 AS clocks, sum(open) > 100 AS open FROM test.result GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM sla.objective o, sla.verify_objective(o.name) v WHERE o.name LIKE 'cr %';

-- what is counted is of the objective as it is now
UPDATE sla.objective SET party = 'acme' WHERE name = 'cr plain';
SELECT sla.rollup_problem(id) FROM sla.objective WHERE name = 'cr plain';
UPDATE sla.objective SET target_percent = 80, window_length = 'month' WHERE name = 'cr teams';
SELECT sla.rollup_problem(id) FROM sla.objective WHERE name = 'cr teams';
SELECT is_built, problem FROM sla.rebuild('cr plain');
CALL test.compare(5);
SELECT sum(wrong) AS wrong FROM test.result;
-- what SQL writes, as logical replication does
SET session_replication_role = replica;
INSERT INTO sla.clock_state
SELECT (jsonb_populate_record(c, jsonb_build_object('clock_id', -c.clock_id, 'item', 'copy of ' || c.item))).*
FROM sla.clock_state AS c WHERE c.relation = 'cr_ticket'::regclass;
UPDATE sla.clock_state SET is_waived = NOT is_waived WHERE clock_id < 0 AND clock_id % 3 = 0;
RESET session_replication_role;
UPDATE sla.clock_state SET due_at = due_at - interval '1 hour', late_at = late_at - interval '1 hour' WHERE clock_id < 0 AND clock_id % 2 = 0;
SELECT sla.rollup_problem(id) FROM sla.objective WHERE name = 'cr teams';
CALL test.compare(5);
DELETE FROM sla.clock_state WHERE clock_id < 0;
CALL test.compare(5);
SELECT sum(wrong) AS wrong FROM test.result;
-- what is loaded is not counted by anybody
INSERT INTO sla.clock_state
SELECT (jsonb_populate_record(c, jsonb_build_object('clock_id', -c.clock_id, 'item', 'copy of ' || c.item))).*
FROM sla.clock_state AS c WHERE c.relation = 'cr_ticket'::regclass;
SELECT sla.rollup_problem(id) FROM sla.objective WHERE name = 'cr teams';
CALL test.compare(5);
SELECT sla.fold() \g /dev/null
SELECT sla.rollup_problem(id) FROM sla.objective WHERE name = 'cr teams';
SELECT count(*) > 0 AS kept FROM sla.month_state WHERE tally IS NOT NULL;
CALL test.compare(5);
DELETE FROM sla.clock_state WHERE clock_id < 0;
CALL test.compare(5);
SELECT sum(wrong) AS wrong FROM test.result;
-- clocks in another file may be other clocks
VACUUM FULL sla.clock_state;
SELECT sla.rollup_problem(id) FROM sla.objective WHERE name = 'cr teams';
SELECT sla.fold() \g /dev/null
SELECT sla.rollup_problem(id) FROM sla.objective WHERE name = 'cr teams';
CALL test.compare(5);
SELECT sum(wrong) AS wrong FROM test.result;
SELECT count(*) FROM sla.objective o, sla.verify_objective(o.name) v WHERE o.name LIKE 'cr %';
-- what a transaction counted is written down after a snapshot was taken, which does not see it there
SET timezone = 'UTC';
INSERT INTO cr_ticket VALUES (9001, '2025-03-04 10:00', '2025-03-04 10:00', 'work', 1, 'old', 'brill');
SELECT sla.fold() \g /dev/null
SELECT tally IS NOT NULL AS is_kept FROM sla.month_state WHERE period_start = '2025-03-01';
BEGIN;
INSERT INTO cr_ticket VALUES (9002, '2025-03-04 10:00', '2025-03-04 10:00', 'work', 1, 'old', 'brill');
DECLARE told CURSOR FOR
	SELECT a.clocks, (SELECT sum(c.total) FROM sla.objective AS o, sla.objective_counts(o.id, '{2025-03-01,2025-04-01}') AS c WHERE o.name = 'cr brill') AS counted
	FROM sla.report_attainment AS a WHERE a.relation = 'cr_ticket' AND a.period_start = '2025-03-01' AND a.metric IN ('answer', 'reply');
INSERT INTO cr_ticket VALUES (9003, '2025-03-04 10:00', '2025-03-04 10:00', 'work', 1, 'old', 'brill');
SELECT sla.fold() \g /dev/null
FETCH ALL FROM told;
COMMIT;
-- a month from before the first clock there is, and later not
INSERT INTO cr_ticket VALUES (9004, '1971-03-02 10:00', '1971-03-02 10:00', 'work', 1, 'old', NULL);
SELECT sla.fold() \g /dev/null
SELECT period_start, tally IS NOT NULL AS is_kept FROM sla.month_state WHERE period_start < '1971-05-01' ORDER BY 1;
DELETE FROM sla.clock_state WHERE started_at < '2026-01-01';
SELECT sla.fold() \g /dev/null
INSERT INTO cr_ticket VALUES (9005, '1971-01-05 10:00', '1971-01-05 10:00', 'work', 1, 'old', NULL);
SELECT sla.fold() \g /dev/null
SELECT period_start, clocks FROM sla.report_attainment WHERE period_start < '2026-01-01' AND relation = 'cr_ticket' AND metric IN ('answer', 'reply');
DELETE FROM sla.clock_state WHERE started_at < '2026-01-01';
-- a label that is too long for a bucket
INSERT INTO cr_ticket VALUES (9999, '2026-05-04 10:00', '2026-05-04 10:00', 'work', 1, repeat('x', 1001), NULL);
UPDATE cr_ticket SET status = 'done', at = '2026-05-04 11:00' WHERE id = 9999;
SELECT sla.fold() \g /dev/null
SELECT o.name, sla.rollup_problem(o.id), r.problem FROM sla.objective o JOIN sla.rollup r ON r.objective = o.id WHERE name LIKE 'cr %' ORDER BY 1;
CALL test.compare(5);
SELECT sum(wrong) AS wrong FROM test.result;
-- with the clocks goes what was counted
SELECT sla.untrack('cr_ticket', keep_history => false);
SELECT o.name, c.* FROM sla.objective o LEFT JOIN LATERAL sla.objective_counts(o.id, '{2026-01-01,2027-01-01}') c ON true WHERE o.name LIKE 'cr %' ORDER BY 1;

DELETE FROM sla.objective WHERE name LIKE 'cr %';
DELETE FROM sla.exception WHERE reason = 'cr';
DELETE FROM sla.clock_change AS h WHERE NOT EXISTS (SELECT FROM sla.clock_state AS c WHERE c.clock_id = h.clock);
DELETE FROM sla.agreement WHERE party IN ('acme', 'brill');
-- nothing is left for others to settle, to take for much, nor for sla.tick() to look at
SELECT sla.refresh() \g /dev/null
SELECT sla.refresh() \g /dev/null
SELECT sla.refresh() \g /dev/null
SELECT (SELECT count(*) FROM sla.moved_party) AS parties, (SELECT count(*) FROM sla.promise WHERE settled < revision) AS promises;
TRUNCATE sla.clock_due, sla.clock_due_new;
VACUUM FULL sla.promise;
SET client_min_messages = warning;
DROP SCHEMA test CASCADE;
DROP TABLE cr_ticket;
DELETE FROM sla.calendar WHERE name LIKE 'cr\_%';
SELECT sla.fold() \g /dev/null
SELECT count(*) FROM sla.rollup_bucket AS b WHERE NOT EXISTS (SELECT FROM sla.objective AS o WHERE o.id = b.objective);
