-- sla.forecast, sla.report_forecast, sla.forecast_backtest
\set SHOW_CONTEXT never
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
\set ECHO all
CREATE TABLE fc_ticket (id int PRIMARY KEY, tier text, team text, status text, promised timestamptz,
	opened_at timestamptz, closed_at timestamptz, changed_at timestamptz);
SELECT sla.track('fc_ticket', at => 'changed_at', labels => 'jsonb_build_object(''team'', team)', owner => 'team', time_zone => 'UTC');
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at, pause_when, cancel_when, due_at, on_reopen) VALUES
	('fc_ticket', 'solve', 'opened_at', 'closed_at IS NOT NULL', 'closed_at', 'status = ''waiting''', 'status = ''void''', 'promised', 'continue');
INSERT INTO sla.policy (relation, name, applies_when, rank) VALUES
	('fc_ticket', 'gold', 'tier = ''gold''', 1), ('fc_ticket', 'measured', 'tier = ''none''', 2), ('fc_ticket', 'standard', 'true', 9);
INSERT INTO sla.target (relation, policy, metric, goal, threshold) VALUES
	('fc_ticket', 'gold', 'solve', '10 bh @24/7', NULL), ('fc_ticket', 'measured', 'solve', NULL, NULL),
	('fc_ticket', 'standard', 'solve', '10 bh @24/7', '16 bh @24/7');

/*
 * By hand.  Gold: stopped after 2, 4, 4, 6, 8, 12 and 20 hours, cancelled after
 * 5; open are one that has used 3 and one that has used 9.  At risk are 10, so
 * the curve falls to 9/10 at 2, to 9/10 x 6/8 at 4, by 4/5 at 6, 3/4 at 8, 1/2
 * at 12 and to nothing at 20.
 */
CREATE FUNCTION pg_temp.took(id int, tier text, team text, hours int, gone text DEFAULT 'done') RETURNS void LANGUAGE sql AS $$
	INSERT INTO fc_ticket VALUES (id, tier, team, 'new', NULL, '2026-03-01 00:00Z', NULL, '2026-03-01 00:00Z');
	UPDATE fc_ticket SET status = gone, closed_at = CASE gone WHEN 'done' THEN opened_at + hours * interval '1 hour' END,
		changed_at = opened_at + hours * interval '1 hour' WHERE fc_ticket.id = took.id;
$$;
SELECT count(*) FROM unnest('{2,4,4,6,8,12,20}'::int[]) WITH ORDINALITY h (hours, n), LATERAL pg_temp.took(n::int, 'gold', 'red', hours);
SELECT pg_temp.took(8, 'gold', 'red', 5, 'void');
INSERT INTO fc_ticket VALUES (9, 'gold', 'red', 'new', NULL, '2026-03-01 21:00Z', NULL, '2026-03-01 21:00Z'),
	(10, 'gold', 'blue', 'new', NULL, '2026-03-01 15:00Z', NULL, '2026-03-01 15:00Z');
\pset null '-'
SELECT item, elapsed_text, budget_text, round(breach_probability::numeric, 9) AS probability, left_text, compared_by, compared, compared_stopped
FROM sla.forecast('fc_ticket', '2026-03-02', at_least => 2, known_at => now()) ORDER BY item::int;
-- too few of a label, of a policy
SELECT at_least, by, item, round(breach_probability::numeric, 9) AS probability, compared_by, compared, compared_stopped
FROM (VALUES (1, 'team'), (3, 'team'), (7, 'team'), (1, 'nothing')) v (at_least, by),
	LATERAL sla.forecast('fc_ticket', '2026-03-02', v.by, at_least => v.at_least, known_at => now()) ORDER BY 1, 2, item::int;
-- of another policy: a threshold, a goal that is none, a deadline that has passed, what is not begun yet
INSERT INTO fc_ticket SELECT 10 + n, tier, 'red', 'new', promised::timestamptz, opened, NULL, opened
FROM (VALUES (1, 'basic', NULL, timestamptz '2026-03-01 23:00Z'), (2, 'none', NULL, '2026-03-01 23:00Z'), (3, 'basic', NULL, '2026-03-01 07:00Z'),
	(4, 'gold', '2026-03-02 03:00Z', '2026-03-01 20:00Z'), (5, 'gold', '2026-03-01 23:00Z', '2026-03-01 20:00Z'),
	(6, 'none', '2026-03-02 07:00Z', '2026-03-01 20:00Z'), (7, 'gold', NULL, '2026-03-01 01:00Z'),
	(8, 'gold', NULL, '2026-02-27 01:00Z'), (9, 'gold', NULL, '2026-03-02 00:00Z')) v (n, tier, promised, opened);
SELECT item, policy, elapsed_text, budget_text, round(breach_probability::numeric, 4) AS probability, compared_by, compared, compared_stopped, is_breached
FROM sla.forecast('fc_ticket', '2026-03-02', at_least => 3, known_at => now()) WHERE item::int > 10 ORDER BY item::int;
-- those that started long ago ask, and are not compared with
SELECT item, round(breach_probability::numeric, 4) AS probability, compared, compared_stopped
FROM sla.forecast('fc_ticket', '2026-03-02', look_back => '22 hours', known_at => now()) WHERE item::int IN (9, 11, 17) ORDER BY item::int;
-- exceptions: another hour, a breach forgiven
INSERT INTO sla.exception (relation, item, extend_by, approved_by, approved_at) VALUES ('fc_ticket', '9', '2 bh', 'boss', now());
INSERT INTO sla.exception (relation, item, waive, approved_by, approved_at) VALUES ('fc_ticket', '17', true, 'boss', now());
SELECT item, elapsed_text, budget_text, round(breach_probability::numeric, 4) AS probability, is_breached, is_waived
FROM sla.forecast('fc_ticket', '2026-03-02', at_least => 3, known_at => now()) WHERE item IN ('9', '17') ORDER BY item::int;
DELETE FROM sla.exception;

/*
 * Paused.  Three pauses are over: after 1 hour it ran on, after 3 it was
 * stopped, after 5 it ran on; one more was cancelled, which tells nothing.  Who
 * has been paused for 2 hours runs on with 1/2.
 */
CREATE FUNCTION pg_temp.waits(id int, hours int, gone text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO fc_ticket VALUES (id, 'gold', 'red', 'new', NULL, '2026-03-01 00:00Z', NULL, '2026-03-01 00:00Z');
	UPDATE fc_ticket SET status = 'waiting', changed_at = '2026-03-01 03:00Z' WHERE fc_ticket.id = waits.id;
	UPDATE fc_ticket SET status = gone, closed_at = CASE gone WHEN 'done' THEN opened_at + (3 + hours) * interval '1 hour' END,
		changed_at = opened_at + (3 + hours) * interval '1 hour' WHERE fc_ticket.id = waits.id;
$$;
DELETE FROM fc_ticket WHERE id > 8;
DELETE FROM sla.clock_state WHERE state = 'c' AND item <> '8';
SELECT pg_temp.waits(21, 1, 'new'), pg_temp.waits(22, 3, 'done'), pg_temp.waits(23, 5, 'new'), pg_temp.waits(24, 9, 'void');
UPDATE fc_ticket SET status = 'done', closed_at = '2026-03-01 12:00Z', changed_at = '2026-03-01 12:00Z' WHERE id IN (21, 23);
INSERT INTO fc_ticket VALUES (25, 'gold', 'red', 'new', NULL, '2026-03-01 19:00Z', NULL, '2026-03-01 19:00Z');
UPDATE fc_ticket SET status = 'waiting', changed_at = '2026-03-01 22:00Z' WHERE id = 25;
INSERT INTO fc_ticket VALUES (26, 'gold', 'red', 'new', NULL, '2026-03-01 21:00Z', NULL, '2026-03-01 21:00Z');
SELECT item, elapsed_text, due_at, round(breach_probability::numeric, 9) AS probability, resume_probability, left_text, compared, compared_stopped, is_paused
FROM sla.forecast('fc_ticket', '2026-03-02', known_at => now()) ORDER BY item::int;
-- one that is closed and opened again was not paused
UPDATE fc_ticket SET status = 'new', closed_at = NULL, changed_at = '2026-03-01 20:00Z' WHERE id = 1;
UPDATE fc_ticket SET status = 'done', closed_at = '2026-03-01 21:00Z', changed_at = '2026-03-01 21:00Z' WHERE id = 1;
SELECT reason, paused_text FROM sla.report_pause WHERE item = '1';
SELECT resume_probability FROM sla.forecast('fc_ticket', '2026-03-02', known_at => now()) WHERE item = '25';

-- what was not known then does not count: the correction of a stop, another promise
SELECT item, round(breach_probability::numeric, 9) AS probability FROM sla.forecast('fc_ticket', '2026-03-02', known_at => now()) WHERE item = '26';
SELECT pg_sleep(0.01);
SELECT now() AS before \gset
SELECT sla.correct(clock_id, NULL, '2026-03-01 23:00Z', 'closed late') FROM sla.clock WHERE item = '5';
SELECT known, item, round(breach_probability::numeric, 9) AS probability
FROM (VALUES (1, :'before'::timestamptz), (2, now())) k (known, at), LATERAL sla.forecast('fc_ticket', '2026-03-02', known_at => k.at) f
WHERE item = '26' ORDER BY known;

/*
 * A random history against the definition, worked out one clock at a time
 */
TRUNCATE fc_ticket;
DELETE FROM sla.clock_state;
INSERT INTO sla.calendar (name, hours) VALUES ('fc_desk', 'TZ=UTC Mo-Su 09:00-17:00');
UPDATE sla.target SET goal = '20 bh @fc_desk', threshold = NULL WHERE policy = 'gold';
UPDATE sla.target SET goal = '30 bh @fc_desk', threshold = '35 bh @fc_desk' WHERE policy = 'standard';
SELECT setseed(0.7);
CREATE TEMP TABLE plan AS
SELECT id, (ARRAY['gold', 'basic', 'basic', 'none'])[1 + floor(random() * 4)::int] AS tier, (ARRAY['red', 'blue', 'green', NULL])[1 + floor(random() * 4)::int] AS team,
	date_trunc('hour', now()) - random() * interval '40 days' AS opened, -ln(1 - random()) * interval '7 days' AS lasts,
	CASE WHEN random() < 0.6 THEN random() END AS waits, random() < 0.1 AS gone
FROM generate_series(1, 400) id;
INSERT INTO fc_ticket SELECT id, tier, team, 'new', NULL, opened, NULL, opened FROM plan;
UPDATE fc_ticket t SET status = 'waiting', changed_at = opened + waits * lasts FROM plan p WHERE p.id = t.id AND opened + waits * lasts < now();
UPDATE fc_ticket t SET status = 'new', changed_at = opened + (waits + 1) / 2 * lasts FROM plan p
WHERE p.id = t.id AND opened + (waits + 1) / 2 * lasts < now() AND waits < 0.5;
UPDATE fc_ticket t SET status = CASE WHEN gone THEN 'void' ELSE 'done' END, closed_at = CASE WHEN NOT gone THEN opened + lasts END, changed_at = opened + lasts
FROM plan p WHERE p.id = t.id AND opened + lasts < now();
SELECT state, count(*) > 5 AS some FROM sla.clock GROUP BY state ORDER BY state;

-- clocks that took so long, by policy and label, or fewer of these
CREATE FUNCTION pg_temp.comparable(c sla.clock, level int) RETURNS SETOF sla.clock LANGUAGE sql AS $$
	SELECT o.* FROM sla.clock o
	WHERE o.relation = c.relation AND o.metric = c.metric AND o.clock_id <> c.clock_id
		AND (level > 1 OR o.policy = c.policy) AND (level > 0 OR o.labels ->> 'team' = c.labels ->> 'team')
		AND o.elapsed_seconds >= c.elapsed_seconds
$$;
CREATE FUNCTION pg_temp.slow_forecast(c sla.clock, allowed float8, OUT probability float8, OUT level int, OUT compared bigint, OUT stopped bigint)
LANGUAGE plpgsql AS $$
DECLARE
	t float8;
	at_risk bigint;
	ended bigint;
	pauses bigint;
	resumed bigint;
BEGIN
	FOR l IN CASE WHEN c.labels ->> 'team' IS NULL THEN 1 ELSE 0 END .. 2 LOOP
		level := l;
		SELECT count(*), count(*) FILTER (WHERE state = 'stopped') INTO compared, stopped FROM pg_temp.comparable(c, level);
		EXIT WHEN stopped >= 20;
	END LOOP;
	probability := CASE WHEN stopped > 0 THEN 1 END;
	FOR t IN SELECT DISTINCT elapsed_seconds FROM pg_temp.comparable(c, level) WHERE state = 'stopped' AND elapsed_seconds <= allowed ORDER BY 1 LOOP
		SELECT count(*), count(*) FILTER (WHERE state = 'stopped' AND elapsed_seconds = t) INTO at_risk, ended
		FROM pg_temp.comparable(c, level) WHERE elapsed_seconds >= t;
		-- (what asks is at risk itself)
		at_risk := at_risk + (c.elapsed_seconds >= t)::int;
		probability := probability * (1 - ended::float8 / at_risk);
	END LOOP;
	IF c.state = 'paused' THEN
		FOR l IN CASE WHEN c.labels ->> 'team' IS NULL THEN 1 ELSE 0 END .. 2 LOOP
			SELECT count(*), count(*) FILTER (WHERE upper(p.during) < coalesce(o.stopped_at, o.cancelled_at, now())) INTO pauses, resumed
			FROM sla.clock o JOIN sla.pause p ON p.clock = o.clock_id
			WHERE o.metric = c.metric AND (l > 1 OR o.policy = c.policy) AND (l > 0 OR o.labels ->> 'team' = c.labels ->> 'team')
				AND NOT upper_inf(p.during) AND (upper(p.during) < o.cancelled_at) IS NOT FALSE
				AND upper(p.during) - lower(p.during) >= now() - (SELECT max(lower(m.during)) FROM sla.pause m WHERE m.clock = c.clock_id);
			EXIT WHEN pauses >= 20;
		END LOOP;
		IF pauses > 0 THEN
			probability := probability * resumed / pauses;
		END IF;
	END IF;
END
$$;
BEGIN;
CREATE TEMP TABLE slow AS
SELECT c.clock_id, c.state, s.*, c.threshold_at < now() AS late
FROM sla.clock c, LATERAL pg_temp.slow_forecast(c, c.budget_seconds + CASE c.policy WHEN 'standard' THEN 5 * 3600 ELSE 0 END) s
WHERE c.state IN ('running', 'paused') AND c.goal IS NOT NULL;
CREATE TEMP TABLE quick AS SELECT * FROM sla.forecast('fc_ticket', by => 'team', at_least => 20);
SELECT f.compared_by, count(*) > 0 AS some,
	count(*) FILTER (WHERE abs(f.breach_probability - CASE WHEN s.late THEN 1 ELSE s.probability END) < 1e-9
		OR num_nulls(f.breach_probability, s.probability) = 2) = count(*) AS right,
	bool_and(f.compared = s.compared AND f.compared_stopped = s.stopped) AS right_counts,
	bool_and(CASE s.level WHEN 0 THEN 'label' WHEN 1 THEN 'policy' ELSE 'metric' END = f.compared_by OR s.stopped = 0) AS right_level
FROM quick f FULL JOIN slow s USING (clock_id) GROUP BY 1 ORDER BY 1;
-- the view is that without a label (the function's table is qualified), and going back to now comes to the same
CREATE TEMP TABLE by_policy AS SELECT to_jsonb(f) - 'relation' AS f, relation FROM sla.forecast('fc_ticket') f;
SELECT count(*) AS differ FROM (SELECT f, relation::regclass FROM by_policy EXCEPT SELECT to_jsonb(f) - 'relation', relation::regclass FROM sla.report_forecast f) x;
SELECT count(*) AS differ FROM (SELECT to_jsonb(f) - 'relation', relation::regclass FROM sla.report_forecast f EXCEPT SELECT f, relation::regclass FROM by_policy) x;
CREATE TEMP TABLE gone_back AS SELECT * FROM sla.forecast('fc_ticket', by => 'team', at_least => 20, known_at => now() - interval '1 us');
SELECT count(*) > 20 AS many, count(*) FILTER (WHERE is_paused) > 3 AS many_paused FROM quick;
SELECT count(*) AS differ FROM (TABLE quick EXCEPT TABLE gone_back) x;
SELECT count(*) AS differ FROM (TABLE gone_back EXCEPT TABLE quick) x;
COMMIT;
-- a stale clock is derived afresh
UPDATE sla.target SET goal = '1 bm @fc_desk', threshold = NULL WHERE policy = 'gold' AND relation = 'fc_ticket'::regclass;
SELECT bool_and(is_breached AND breach_probability = 1) AS late FROM sla.report_forecast WHERE policy = 'gold' AND elapsed_seconds > 60;

/*
 * What came of forecasts: by hand.  On the 2nd ticket 3 asks after 1 hour: of
 * the two stopped ones that took no less, one took longer than 10 hours.
 */
TRUNCATE fc_ticket;
DELETE FROM sla.clock_state;
UPDATE sla.target SET goal = '10 bh @24/7' WHERE policy = 'gold';
SELECT pg_temp.took(1, 'gold', 'red', 5), pg_temp.took(2, 'gold', 'red', 20);
INSERT INTO fc_ticket VALUES (3, 'gold', 'red', 'new', NULL, '2026-03-02 00:00Z', NULL, '2026-03-02 00:00Z'), (4, 'gold', 'red', 'new', NULL, '2026-03-02 00:30Z', NULL, '2026-03-02 00:30Z');
SELECT item, breach_probability FROM sla.forecast('fc_ticket', '2026-03-02 01:00Z', known_at => now()) ORDER BY item;
UPDATE fc_ticket SET status = 'done', closed_at = '2026-03-02 14:00Z', changed_at = '2026-03-02 14:00Z' WHERE id = 3;
UPDATE fc_ticket SET status = 'done', closed_at = '2026-03-02 04:00Z', changed_at = '2026-03-02 04:00Z' WHERE id = 4;
SELECT * FROM sla.forecast_backtest('fc_ticket', '{2026-03-02 01:00Z}', known_at => now());
-- of 3 nothing was known until it was late
SELECT until, clocks, predicted, breached, brier FROM (VALUES ('2026-03-02 03:00Z'::timestamptz), ('2026-03-02 05:00Z'), ('2026-03-02 11:00Z')) u (until),
	LATERAL sla.forecast_backtest('fc_ticket', '{2026-03-02 01:00Z}', known_at => now(), until => u.until) b WHERE metric IS NULL ORDER BY until;
SELECT count(*) FROM sla.forecast_backtest('fc_ticket', '{}');

-- of ten that took no less eight took longer: that is 8/10, whatever the error of rounding
BEGIN;
TRUNCATE fc_ticket;
DELETE FROM sla.clock_state;
SELECT count(pg_temp.took(n::int, 'gold', 'red', hours)) FROM unnest('{1,3,3,20,20,20,20,20,20,20,20}'::int[]) WITH ORDINALITY h (hours, n);
INSERT INTO fc_ticket VALUES (12, 'gold', 'red', 'new', NULL, '2026-03-02 00:00Z', NULL, '2026-03-02 00:00Z');
UPDATE fc_ticket SET status = 'done', closed_at = '2026-03-02 14:00Z', changed_at = '2026-03-02 14:00Z' WHERE id = 12;
SELECT bin, clocks, round(predicted::numeric, 9) AS predicted FROM sla.forecast_backtest('fc_ticket', '{2026-03-02 02:00Z}', known_at => now() + interval '1 hour')
WHERE bin IS NOT NULL;
ROLLBACK;

-- a threshold by the close of its day: the day after tomorrow is short
INSERT INTO sla.calendar (name, hours) VALUES ('fc_short', 'TZ=UTC Mo-Th 09:00-17:00; Fr 09:00-12:00');
CREATE TABLE fc_day (id int PRIMARY KEY, at timestamptz);
SELECT sla.track('fc_day', at => 'at');
INSERT INTO sla.metric (relation, name) VALUES ('fc_day', 'm');
INSERT INTO sla.policy (relation, name) VALUES ('fc_day', 'p');
INSERT INTO sla.target (relation, policy, metric, goal, threshold, due_by) VALUES ('fc_day', 'p', 'm', '1 bd @fc_short', '2 bd @fc_short', 'close');
INSERT INTO fc_day VALUES (1, '2026-03-04 10:00Z');
SELECT f.budget_text, business_between(c.started_at, c.threshold_at, 'fc_short') AS until_late FROM sla.forecast('fc_day', '2026-03-04 12:00Z', known_at => now()) f JOIN sla.clock c USING (clock_id);
SELECT budget_text FROM sla.report_forecast WHERE metric = 'm';
UPDATE sla.target SET due_by = '11:00', cutoff = '09:30' WHERE relation = 'fc_day'::regclass;
SELECT f.budget_text, business_between(c.started_at, c.threshold_at, 'fc_short') AS until_late FROM sla.forecast('fc_day', '2026-03-04 12:00Z', known_at => now()) f JOIN sla.clock c USING (clock_id);
DROP TABLE fc_day;
-- what cannot be asked
SELECT count(*) FROM sla.forecast('pg_class');
SELECT sla.forecast('fc_ticket', 'infinity');
SELECT sla.forecast('fc_ticket', NULL);
SELECT sla.forecast_backtest('fc_ticket', ARRAY[NULL, '2026-03-02 01:00Z']::timestamptz[]);
SELECT sla.forecast('fc_ticket', look_back => '-1 day');
SELECT sla.forecast('fc_ticket', look_back => NULL);
SELECT sla.forecast('fc_ticket', at_least => 0);
-- who may ask
CREATE ROLE regress_fc_reader;
GRANT SELECT ON sla.report_forecast TO regress_fc_reader;
SET ROLE regress_fc_reader;
SELECT count(*) FROM sla.report_forecast;
SELECT sla.forecast('fc_ticket');
SELECT sla.forecast_backtest('fc_ticket', '{}');
SELECT sla.clocks_as_of('fc_ticket', now(), now());
SELECT sla.clock_time_as_of('fc_ticket', now(), now(), now());
SELECT count(*) FROM sla.clock_time;
RESET ROLE;
GRANT EXECUTE ON FUNCTION sla.forecast, sla.forecast_backtest TO regress_fc_reader;
SET ROLE regress_fc_reader;
SELECT count(*) FROM sla.forecast('fc_ticket');
SELECT count(*) FROM sla.forecast_backtest('fc_ticket', '{2026-03-02 01:00Z}');
RESET ROLE;
DROP OWNED BY regress_fc_reader;
DROP ROLE regress_fc_reader;
DROP TABLE fc_ticket;
DELETE FROM sla.clock_change;
DELETE FROM sla.clock_state;
DELETE FROM sla.calendar;
