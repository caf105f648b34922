-- sla.explain, sla.what_if, sla.suggest_goal, sla.clock_at
\set SHOW_CONTEXT never
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
\set ECHO all
INSERT INTO sla.calendar (name, hours, holidays_until) VALUES ('office', 'TZ=Europe/Berlin Mo-Fr 09:00-17:30; PH off', '2026-12-31');
INSERT INTO sla.holiday (calendar, day, name) VALUES ('office', '2026-05-14', 'Ascension Day');
-- (a calendar that was always so, whatever another test has called by that name)
DELETE FROM sla.calendar_history WHERE calendar = 'office';
ALTER TABLE sla.calendar DISABLE TRIGGER stamp_version, DISABLE TRIGGER keep_version;
ALTER TABLE sla.holiday DISABLE TRIGGER stamp_version, DISABLE TRIGGER keep_version;
UPDATE sla.calendar SET since = '2025-01-01';
UPDATE sla.holiday SET since = '2025-01-02';
ALTER TABLE sla.calendar ENABLE TRIGGER stamp_version, ENABLE TRIGGER keep_version;
ALTER TABLE sla.holiday ENABLE TRIGGER stamp_version, ENABLE TRIGGER keep_version;
CREATE TABLE qu_ticket (id bigint PRIMARY KEY, tier text, status text, team text, customer text,
	opened_at timestamptz, closed_at timestamptz, changed_at timestamptz);
SELECT sla.track('qu_ticket', at => 'changed_at', labels => 'jsonb_build_object(''team'', team)', owner => 'team', party => 'customer', time_zone => 'Europe/Berlin');
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at, pause_when, pause_reason) VALUES
	('qu_ticket', 'solve', 'opened_at', 'closed_at IS NOT NULL', 'closed_at', 'status = ''waiting''', '''for the customer'''),
	('qu_ticket', 'look', 'opened_at', 'closed_at IS NOT NULL', 'closed_at', NULL, NULL);
INSERT INTO sla.agreement (party, name, plan, calendar) VALUES ('acme', 'main', 'basic', 'office');
INSERT INTO sla.policy (relation, name, applies_when, plan, rank) VALUES
	('qu_ticket', 'gold', 'tier = ''gold''', NULL, 1), ('qu_ticket', 'planned', 'true', 'pro', 2),
	('qu_ticket', 'standard', 'true', NULL, 9), ('qu_ticket', 'other', 'true', NULL, 10);
INSERT INTO sla.target (relation, policy, metric, goal, threshold) VALUES
	('qu_ticket', 'gold', 'solve', '4 bh @office', NULL), ('qu_ticket', 'planned', 'solve', '4 bh @office', NULL),
	('qu_ticket', 'standard', 'solve', '8 bh', '12 bh'), ('qu_ticket', 'standard', 'look', NULL, NULL);

-- one disputed deadline
INSERT INTO qu_ticket VALUES (1, 'std', 'new', 'red', 'acme', '2026-05-12 13:00Z', NULL, '2026-05-12 13:00Z');
UPDATE qu_ticket SET status = 'waiting', changed_at = '2026-05-13 08:00Z' WHERE id = 1;
UPDATE qu_ticket SET status = 'open', changed_at = '2026-05-13 09:00Z' WHERE id = 1;
UPDATE qu_ticket SET closed_at = '2026-05-18 10:00Z', changed_at = '2026-05-18 10:00Z' WHERE id = 1;
INSERT INTO sla.exception (kind, relation, metric, during, reason, approved_by, approved_at)
	VALUES ('maintenance', 'qu_ticket', 'solve', '[2026-05-13 12:00Z,2026-05-13 12:30Z)', 'database move', 'boss', now());
INSERT INTO sla.exception (kind, relation, item, extend_by, reason, approved_by, approved_at)
	VALUES ('customer_delay', 'qu_ticket', '1', '1 bh', 'late data', 'boss', now());
SELECT due_at, gross_due_at, threshold_at, breached_at, verdict, gross_verdict, elapsed_seconds, budget_seconds FROM sla.clock WHERE metric = 'solve';
SELECT * FROM sla.explain('qu_ticket', '1', 'solve');
-- what is counted is what was used, at the deadline the budget, and spans are without gaps
SELECT (SELECT used_seconds FROM sla.explain('qu_ticket', '1', 'solve') WHERE to_at = '2026-05-18 10:00Z' AND what = 'open') = elapsed_seconds AS used,
	(SELECT used_seconds FROM sla.explain('qu_ticket', '1', 'solve') WHERE what = 'due') = budget_seconds AS budget,
	(SELECT used_seconds FROM sla.explain('qu_ticket', '1', 'solve') WHERE what = 'open' AND to_at = due_at) = budget_seconds AS counted,
	(SELECT range_agg(tstzrange(from_at, to_at)) FROM sla.explain('qu_ticket', '1', 'solve') WHERE counted_seconds IS NOT NULL)
		= tstzmultirange(tstzrange(started_at, stopped_at)) AS whole
FROM sla.clock WHERE metric = 'solve';
SELECT seq, from_at, to_at, what, detail FROM sla.explain('qu_ticket', '1', 'look', 1, 'America/New_York') LIMIT 4;
SELECT * FROM sla.explain('qu_ticket', '2', 'solve');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM sla.explain('qu_ticket', '1', 'solve', 2);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM sla.explain('qu_ticket', '1', 'solv');
SELECT sla.explain('qu_ticket', NULL, 'solve');
SELECT sla.explain('qu_ticket', '1', NULL);
SELECT * FROM sla.explain('pg_class', '1', 'solve');
SELECT * FROM sla.explain('qu_ticket', '1', 'solve', time_zone => 'Nowhere/Land');
-- (before any has stopped, too)
SELECT sla.suggest_goal('qu_ticket', 'solve', 90, 'nowhere');

-- time that recurs
UPDATE sla.exception SET rrule = 'FREQ=DAILY;COUNT=4' WHERE kind = 'maintenance';
SELECT from_at, to_at, what, detail, used_seconds FROM sla.explain('qu_ticket', '1', 'solve') WHERE what IN ('excluded', 'due', 'extended', 'breach');
UPDATE sla.exception SET rrule = NULL WHERE kind = 'maintenance';

-- another tier: what was promised before is told
INSERT INTO qu_ticket VALUES (2, 'std', 'new', 'red', 'acme', '2026-05-12 13:00Z', NULL, '2026-05-12 13:00Z');
UPDATE qu_ticket SET tier = 'gold', changed_at = '2026-05-13 08:00Z' WHERE id = 2;
UPDATE qu_ticket SET closed_at = '2026-05-13 10:00Z', changed_at = '2026-05-13 10:00Z' WHERE id = 2;
SELECT from_at, to_at, what, detail, counted_seconds, used_seconds FROM sla.explain('qu_ticket', '2', 'solve') WHERE what <> 'promise';

/*
 * At an instant
 */
SELECT item, metric, policy, state, due_at, breached_at, verdict, elapsed_seconds, paused_seconds FROM sla.clock_at('qu_ticket', '2026-05-12 13:30Z') ORDER BY 1, 2;
SELECT item, metric, policy, state, due_at, breached_at, verdict, elapsed_seconds, paused_seconds FROM sla.clock_at('qu_ticket', '2026-05-13 08:30Z') ORDER BY 1, 2;
SELECT item, metric, policy, state, due_at, breached_at, verdict, elapsed_seconds, paused_seconds FROM sla.clock_at('qu_ticket', '2026-05-15 12:00Z') ORDER BY 1, 2;
SELECT count(*) FROM sla.clock_at('qu_ticket', '2026-05-12 12:59Z');
-- of one item
SELECT count(*) AS clocks, count(*) FILTER (WHERE item <> '2') AS others FROM sla.clock_at('qu_ticket', '2026-05-13 08:30Z', item => '2');
SELECT count(*) AS differ FROM (SELECT * FROM sla.clock_at('qu_ticket', '2026-05-13 08:30Z') WHERE item = '2' EXCEPT SELECT * FROM sla.clock_at('qu_ticket', '2026-05-13 08:30Z', now(), '2')) x;
SELECT count(*) FROM sla.clock_at('qu_ticket', now(), item => 'none such');
-- of nothing
SELECT (SELECT count(*) FROM sla.clock_at(NULL, now())) AS relation_null, (SELECT count(*) FROM sla.clock_at('qu_ticket', NULL)) AS at_null,
	(SELECT count(*) FROM sla.clock_at('qu_ticket', now(), NULL)) AS known_at_null;
SELECT count(*) FROM sla.clock_at('qu_ticket', 'infinity');
-- the views are this at now()
SELECT count(*) AS differ FROM (SELECT * FROM sla.clock EXCEPT SELECT * FROM sla.clock_at('qu_ticket', now())) x;
SELECT count(*) AS differ FROM (SELECT * FROM sla.clock_at('qu_ticket', now()) EXCEPT SELECT * FROM sla.clock) x;

-- a correction is known from when it was recorded
SELECT pg_sleep(0.01);
SELECT now() AS before \gset
SELECT sla.correct(clock_id, '2026-05-12 14:00Z', NULL, 'wrong clock') FROM sla.clock WHERE item = '2' AND metric = 'solve';
SELECT started_at, due_at FROM sla.clock_at('qu_ticket', '2026-05-12 15:00Z') WHERE item = '2' AND metric = 'solve';
SELECT started_at, due_at FROM sla.clock_at('qu_ticket', '2026-05-12 15:00Z', :'before') WHERE item = '2' AND metric = 'solve';

-- histories by chance: whatever happened until then stays what it was
SELECT setseed(0.7);
CREATE TEMP TABLE history AS
	SELECT row_number() OVER (ORDER BY at, id) AS n, * FROM (
		SELECT id, t0 + (k + random()) * interval '5 hours' AS at, k,
			(ARRAY['open', 'waiting'])[1 + floor(random() * 2)::int] AS status, k = 8 AND id % 5 > 0 AS closes, (ARRAY['red', 'blue'])[1 + id % 2] AS team
		FROM (SELECT id, timestamptz '2026-06-01' + id * interval '37 minutes' AS t0 FROM generate_series(100, 219) id) a, generate_series(0, 8) k) b;
CREATE FUNCTION pg_temp.replay(from_n bigint, to_n bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	h record;
BEGIN
	FOR h IN SELECT * FROM history WHERE n BETWEEN from_n AND to_n ORDER BY n LOOP
		IF h.k = 0 THEN
			INSERT INTO qu_ticket VALUES (h.id, 'std', h.status, h.team, 'acme', h.at, NULL, h.at);
		ELSE
			UPDATE qu_ticket SET status = h.status, closed_at = CASE WHEN h.closes THEN h.at END, changed_at = h.at WHERE id = h.id;
		END IF;
	END LOOP;
END
$$;
SELECT pg_temp.replay(1, 500);
CREATE TEMP TABLE middle AS SELECT c.* FROM history h, sla.clock_at('qu_ticket', h.at) c WHERE h.n = 500;
CREATE TEMP TABLE stored AS SELECT * FROM sla.clock WHERE started_at > '2026-06-01';
SELECT pg_temp.replay(501, 2000);
SELECT count(*) > 50 AS many, count(DISTINCT state) AS states FROM middle;
SELECT count(*) AS differ FROM (TABLE middle EXCEPT SELECT c.* FROM history h, sla.clock_at('qu_ticket', h.at) c WHERE h.n = 500) x;
SELECT count(*) AS differ FROM (SELECT c.* FROM history h, sla.clock_at('qu_ticket', h.at) c WHERE h.n = 500 EXCEPT TABLE middle) x;
-- and is what was stored then
SELECT count(*) AS differ FROM (
	SELECT clock_id, policy, state, started_at, stopped_at, due_at, threshold_at, paused_seconds FROM stored
	EXCEPT SELECT clock_id, policy, state, started_at, stopped_at, due_at, threshold_at, paused_seconds FROM middle) x;

/*
 * Another goal
 */
-- kept as it is promised: the same; measured only: no "before"
SELECT label, clocks, met_before = met_after AS same, before_percent = after_percent AS same_percent
FROM sla.what_if('qu_ticket', 'solve', '8 bh', '[2026-06-01,2026-07-01)', by => 'team');
SELECT * FROM sla.what_if('qu_ticket', 'look', '8 bh @office', '[2026-06-01,2026-07-01)');
SELECT * FROM sla.what_if('qu_ticket', 'solve', '1 bd @office', '[2026-06-01,2026-07-01)', '{"team": "red"}');
SELECT * FROM sla.what_if('qu_ticket', 'solve', '8 bh', 'empty');
SELECT clocks FROM sla.what_if('qu_ticket', 'solve', '8 bh', NULL);
SELECT clocks FROM sla.what_if('qu_ticket', 'solve', '8 bh', '(,)', labels => NULL);
SELECT during, clocks FROM unnest('{"[-infinity,294276-12-31 23:59:59.999999Z]","(294276-12-31 23:59:59.999998Z,infinity]","(,2026-06-03 08:00Z)"}'::tstzrange[]) during
LEFT JOIN LATERAL sla.what_if('qu_ticket', 'solve', '8 bh', during) ON true;
SELECT clocks FROM sla.what_if('qu_ticket', 'solve', NULL, '(,)');
SELECT clocks FROM sla.what_if('qu_ticket', NULL, '8 bh', '(,)');
SELECT label, clocks FROM sla.what_if('qu_ticket', 'solve', '8 bh', '(,)', by => 'none');
-- against the deadline that sla.clock would have with that goal, worked out span by span
CREATE FUNCTION pg_temp.kept(c sla.clock_state, goal business_interval, cal text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	due timestamptz := greatest(business_add(c.started_at, goal, cal), c.started_at);
	budget double precision := business_seconds(c.started_at, due, cal);
	used double precision := 0;
	counted tstzmultirange := open_ranges(tstzrange(c.started_at, c.started_at + interval '300 days'), cal);
	r tstzrange;
BEGIN
	FOR i IN 1 .. coalesce(array_upper(c.pauses, 1), 0) / 2 LOOP
		counted := counted - tstzmultirange(tstzrange(c.pauses[2 * i - 1], c.pauses[2 * i]));
	END LOOP;
	IF c.pauses IS NULL OR budget = 0 THEN
		RETURN c.ended_at <= due;
	END IF;
	FOR r IN SELECT * FROM unnest(counted) ORDER BY 1 LOOP
		IF used + extract(epoch FROM upper(r) - lower(r)) >= budget THEN
			RETURN c.ended_at <= greatest(due, lower(r) + (budget - used) * interval '1 second');
		END IF;
		used := used + extract(epoch FROM upper(r) - lower(r));
	END LOOP;
END
$$;
SELECT g.goal, cal, count(*) AS clocks, count(*) FILTER (WHERE pg_temp.kept(c, g.goal, cal)) = max(w.met_after) AS same,
	count(*) FILTER (WHERE pg_temp.kept(c, g.goal, cal) <> sla.kept_by(c.started_at, c.ended_at, c.pauses, g.goal, cal)) AS differ
FROM sla.clock_state c
JOIN sla.promise p ON p.id = c.promise_id AND p.metric = 'solve'
CROSS JOIN (VALUES (business_interval '0 bh', 'office'), ('3 bh', 'office'), ('8 bh', 'office'), ('1 bd', 'office'), ('2 bd', 'office'), ('30 bh', '24/7'), ('1 bd', '24/7')) g (goal, cal),
	LATERAL sla.what_if('qu_ticket', 'solve', at_calendar(g.goal, cal), NULL) w
WHERE c.state = 's'
GROUP BY g.goal, cal ORDER BY cal, g.goal;
-- the goal that would have been met that often: that one, and not a minute less
SELECT percent, suggested, w.after_percent >= percent AS enough, l.after_percent >= percent AS less_is_enough
FROM unnest('{0,10,50,90,95,100}'::float8[]) percent,
	LATERAL (SELECT sla.suggest_goal('qu_ticket', 'solve', percent, 'office') AS suggested) s,
	LATERAL sla.what_if('qu_ticket', 'solve', suggested, NULL) w,
	LATERAL sla.what_if('qu_ticket', 'solve', suggested - business_interval '1 bm @office', NULL) l;
SELECT sla.suggest_goal('qu_ticket', 'none', 90, 'office');
SELECT sla.suggest_goal('qu_ticket', 'solve', 101, 'office');
SELECT sla.suggest_goal('qu_ticket', 'solve', 90, 'nowhere');
SELECT * FROM sla.what_if('qu_ticket', 'solve', '1 bh @nowhere', NULL);
DELETE FROM sla.exception;
DROP TABLE qu_ticket;
DELETE FROM sla.agreement;
DELETE FROM sla.calendar;

-- Time used is exact: as floats a day and a tenth of a second less a day is 0.10000000000582077.
CREATE TABLE qu_exact (id int PRIMARY KEY, status text, opened_at timestamptz, changed_at timestamptz);
SELECT sla.track('qu_exact', at => 'changed_at', time_zone => 'UTC');
INSERT INTO sla.metric (relation, name, start_at, stop_when, pause_when) VALUES ('qu_exact', 'solve', 'opened_at', 'status = ''done''', 'status = ''waiting''');
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('qu_exact', 'all', 'true');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('qu_exact', 'all', 'solve', '3 bh @24/7');
INSERT INTO qu_exact VALUES (1, 'new', '2026-03-01 00:00Z', '2026-03-01 00:00Z');
UPDATE qu_exact SET status = 'waiting', changed_at = '2026-03-01 00:00:00.05Z';
UPDATE qu_exact SET status = 'new', changed_at = '2026-03-02 00:00:00.05Z';
SELECT state, elapsed_seconds, paused_seconds FROM sla.clock_at('qu_exact', '2026-03-02 00:00:00.1Z');
SELECT count(*) AS exact FROM sla.clock WHERE relation = 'qu_exact'::regclass
	AND elapsed_seconds = (extract(epoch FROM now() - started_at) - 86400)::float8;
DROP TABLE qu_exact;

-- A date promised by hand is extended, too.
INSERT INTO sla.calendar (name, hours) VALUES ('qu_desk', 'TZ=UTC Mo-Fr 09:00-18:00');
CREATE TABLE qu_date (id int PRIMARY KEY, at timestamptz, promised timestamptz);
SELECT sla.track('qu_date', at => 'at');
INSERT INTO sla.metric (relation, name, due_at) VALUES ('qu_date', 'm', 'promised');
INSERT INTO sla.policy (relation, name) VALUES ('qu_date', 'p');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('qu_date', 'p', 'm', '8 bh @qu_desk');
INSERT INTO qu_date VALUES (1, '2025-11-03 10:00Z', '2025-11-04 16:00Z');
INSERT INTO sla.exception (relation, extend_by, approved_by, approved_at) VALUES ('qu_date', '2 bh', 'boss', now());
SELECT from_at, to_at, what, detail FROM sla.explain('qu_date', '1', 'm') WHERE what IN ('extended', 'due');
-- Nor does a pause move it: what is left until then goes on getting less.
BEGIN;
SELECT sla.signal('qu_date', '1', 'm', 'pause', '2025-11-03 11:00Z');
SELECT is_paused, is_breached, remaining_seconds < 0 AS is_less, remaining_text LIKE '-%' AS is_less_in_words, used_percent > 100 AS is_more FROM sla.report_open WHERE relation = 'qu_date';
ROLLBACK;
-- What does not count does not move it, and is not used up until then.
INSERT INTO sla.exception (relation, during, approved_by, approved_at) VALUES ('qu_date', '[2025-11-03 12:00Z,2025-11-03 13:00Z)', 'boss', now());
SELECT from_at, to_at, what, detail, counted_seconds, used_seconds FROM sla.explain('qu_date', '1', 'm') WHERE to_at <= '2025-11-04 18:00Z' AND what <> 'extended';
DELETE FROM sla.exception;
DROP TABLE qu_date;

-- An exception for a metric is told also when the metric is gone.
CREATE TABLE qu_gone (id int PRIMARY KEY, at timestamptz);
SELECT sla.track('qu_gone', at => 'at');
INSERT INTO sla.metric (relation, name, stop_when) VALUES ('qu_gone', 'm', 'at > ''2025-11-03 10:00Z''');
INSERT INTO sla.policy (relation, name) VALUES ('qu_gone', 'p');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('qu_gone', 'p', 'm', '8 bh @qu_desk');
INSERT INTO sla.exception (relation, metric, during, reason, approved_by, approved_at) VALUES ('qu_gone', 'm', '[2025-11-03 11:00Z,2025-11-03 12:00Z)', 'drill', 'boss', now());
INSERT INTO qu_gone VALUES (1, '2025-11-03 10:00Z');
UPDATE qu_gone SET at = '2025-11-03 13:00Z';
-- (What a transaction has corrected is known in it.)
BEGIN;
SELECT sla.correct(clock_id, '2025-11-03 09:30Z', NULL, 'typo') FROM sla.clock WHERE relation = 'qu_gone'::regclass;
SELECT started_at FROM sla.clock_at('qu_gone', now());
SELECT started_at FROM sla.clock_at('qu_gone', now(), now() - interval '1 us');
ROLLBACK;
SELECT sla.untrack('qu_gone');
SELECT from_at, to_at, what, detail, used_seconds FROM sla.explain('qu_gone', '1', 'm') WHERE what NOT IN ('promise', 'closed') ORDER BY seq;
DELETE FROM sla.exception;
DROP TABLE qu_gone;

-- Policies that would have come first are those of a lower rank, whatever it is, and of the same one the names before.
CREATE TABLE qu_rank (id int PRIMARY KEY, at timestamptz);
SELECT sla.track('qu_rank', at => 'at');
INSERT INTO sla.metric (relation, name) VALUES ('qu_rank', 'm');
INSERT INTO sla.policy (relation, name, applies_when, rank) VALUES ('qu_rank', 'a', 'id = 2', 2147483647), ('qu_rank', 'b', 'true', 2147483647), ('qu_rank', 'c', 'id = 3', 2147483647),
	('qu_rank', 'd', 'id = 4', -20), ('qu_rank', 'e', 'id = 5', 2147483646);
INSERT INTO sla.target (relation, policy, metric, goal) SELECT 'qu_rank', p, 'm', '8 bh @qu_desk' FROM unnest('{a,b,c,d,e}'::text[]) AS p;
INSERT INTO qu_rank VALUES (1, '2025-11-03 10:00Z');
SELECT seq, detail FROM sla.explain('qu_rank', '1', 'm') WHERE detail LIKE 'policy%' ORDER BY seq;
-- One for a plan does not apply for want of that, which is told also when the row is gone.
INSERT INTO sla.policy (relation, name, plan, rank) VALUES ('qu_rank', 'f', 'gold', -30);
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('qu_rank', 'f', 'm', '8 bh @qu_desk');
DELETE FROM qu_rank;
SELECT detail FROM sla.explain('qu_rank', '1', 'm') WHERE detail LIKE 'policy "f"%';
DROP TABLE qu_rank;
DELETE FROM sla.calendar;
DELETE FROM sla.calendar_history;

-- A combination is as old as the last change of what it combines.
INSERT INTO sla.calendar (name, hours, since) VALUES ('a', 'TZ=UTC Mo-Fr 09:00-17:00', '2025-01-01');
INSERT INTO sla.calendar (name, combines, since) VALUES ('b', 'a + 24/7', '2025-01-01'), ('w', 'b * 24/7', '2025-01-01'), ('x', '24/7', '2025-01-01');
SELECT n, v.* FROM unnest('{w,x,24/7}'::text[]) AS n CROSS JOIN sla.calendar_version(n, 'infinity') AS v;
BEGIN;
UPDATE sla.calendar SET hours = '24/7' WHERE name = 'a';
SELECT n, v.since = now() AS since_now FROM unnest('{a,b,w,x}'::text[]) AS n CROSS JOIN sla.calendar_version(n, 'infinity') AS v;
COMMIT;
SELECT v.* FROM sla.calendar_version('w', '2025-02-01') AS v;
DELETE FROM sla.calendar WHERE name = 'w';
DELETE FROM sla.calendar WHERE name = 'b';
DELETE FROM sla.calendar;
DELETE FROM sla.calendar_history;
