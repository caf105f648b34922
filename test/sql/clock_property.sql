--
-- Clocks against a slow, independent reference: random tickets over random
-- calendars, changed at random, also backwards in time.  The reference knows
-- which minutes are open by asking what the local clock shows, keeps each
-- clock's story by itself, and counts minutes one by one.  Nothing of it uses
-- the extension.
--
-- A choice that the contract leaves is not made here: an event that runs
-- backwards comes right after one that changed a fact, and no ticket changes
-- its priority in the write that stops it.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
\set ECHO all
CREATE SCHEMA walk;
SET search_path = walk, public;
SELECT setseed(0.20260601);
CREATE FUNCTION rnd(n int) RETURNS int LANGUAGE sql VOLATILE AS $$
	SELECT floor(random() * n)::int
$$;

--
-- Calendars: each weekday has hours of its own
--
CREATE TABLE hours (cal text, zone text, isodow int, lo time, hi time);
CREATE TABLE off (cal text, day date);
DO $$
DECLARE
	zones text[] := '{UTC,Europe/Berlin,America/New_York,Asia/Kolkata,Australia/Lord_Howe,Pacific/Chatham}';
	lo time;
	hi time;
BEGIN
	FOR c IN 1 .. 6 LOOP
		FOR dow IN 1 .. 7 LOOP
			CONTINUE WHEN dow <> 2 AND rnd(10) < CASE WHEN dow > 5 THEN 7 ELSE 2 END;
			lo := make_time(6 + rnd(6), 15 * rnd(4), 0);
			hi := lo + make_interval(mins => 120 + 15 * rnd(16));
			INSERT INTO hours VALUES ('c' || c, zones[c], dow, lo, hi);
			IF rnd(2) = 0 THEN
				lo := hi + make_interval(mins => 15 + 15 * rnd(7));
				INSERT INTO hours VALUES ('c' || c, zones[c], dow, lo, lo + make_interval(mins => 60 + 15 * rnd(12)));
			END IF;
		END LOOP;
		INSERT INTO off SELECT DISTINCT 'c' || c, date '2021-03-22' + rnd(25) FROM generate_series(1, 3);
	END LOOP;
END
$$;
INSERT INTO sla.calendar (name, hours)
	SELECT cal, ('TZ=' || zone || ' ' || string_agg(('{Mo,Tu,We,Th,Fr,Sa,Su}'::text[])[isodow] || ' ' || spans, '; ' ORDER BY isodow))::business_hours
	FROM (SELECT cal, zone, isodow, string_agg(to_char(lo, 'HH24:MI') || '-' || to_char(hi, 'HH24:MI'), ',' ORDER BY lo) AS spans FROM hours GROUP BY cal, zone, isodow) d
	GROUP BY cal, zone;
INSERT INTO sla.holiday (calendar, day) TABLE off;
-- the open minutes
CREATE TABLE minute AS
	SELECT h.cal, m, (m AT TIME ZONE h.zone)::date AS day, (m AT TIME ZONE h.zone)::time AS clock
	FROM (SELECT DISTINCT cal, zone FROM hours) h, generate_series(timestamptz '2021-03-19', '2021-06-10', interval '1 min') m
	WHERE EXISTS (SELECT FROM hours x WHERE x.cal = h.cal AND x.isodow = extract(isodow FROM m AT TIME ZONE h.zone)
				  AND (m AT TIME ZONE h.zone)::time >= x.lo AND (m AT TIME ZONE h.zone)::time < x.hi)
	AND NOT EXISTS (SELECT FROM off WHERE off.cal = h.cal AND off.day = (m AT TIME ZONE h.zone)::date);
ALTER TABLE minute ADD PRIMARY KEY (cal, m);
CREATE INDEX ON minute (cal, day, m);
CREATE TABLE business_date AS
	SELECT cal, day, max(clock) AS last_minute, max(m) + interval '1 min' AS closes FROM minute GROUP BY cal, day;
ALTER TABLE business_date ADD PRIMARY KEY (cal, day);
ANALYZE minute, business_date;

--
-- Promises: three priorities a calendar, all options of reopening and retargeting
--
CREATE TABLE goal AS
	SELECT c AS cal, p AS prio,
		CASE p WHEN 2 THEN 1 + rnd(2) ELSE 0 END AS days,
		CASE p WHEN 1 THEN 30 + rnd(150) WHEN 2 THEN rnd(2) * rnd(200) ELSE 480 + rnd(600) END AS mins,
		CASE rnd(3) WHEN 0 THEN 0 ELSE rnd(400) END AS more	/* acceptable beyond the goal */
	FROM (SELECT DISTINCT cal FROM hours) h(c), generate_series(1, 3) p ORDER BY c, p;
CREATE TABLE metric AS
	SELECT reopen || ' ' || retarget AS name, reopen, retarget
	FROM unnest('{continue,new_cycle,ignore}'::text[]) reopen, unnest('{keep,restart,ignore}'::text[]) retarget;
-- priorities 11 to 13 are of tickets that are handed from team to team
INSERT INTO goal SELECT cal, prio + 10, days, mins, more FROM goal;
CREATE TABLE ticket (id int PRIMARY KEY, at timestamptz, cal text, prio int, status text, team text, note int);
SELECT sla.track('ticket', at => 'at');
INSERT INTO sla.metric (relation, name, stop_when, pause_when, cancel_when, on_reopen, on_retarget)
	SELECT 'ticket', name, 'status = ''done''', 'status = ''wait''', 'status = ''void''', reopen, retarget FROM metric;
INSERT INTO sla.metric (relation, name, stop_when, pause_when, cancel_when, per) VALUES
	('ticket', 'team time', 'status = ''done''', 'status = ''wait''', 'status = ''void''', 'team');
INSERT INTO sla.policy (relation, name, applies_when)
	SELECT 'ticket', cal || '/' || prio, format('cal = %L AND prio = %s', cal, prio) FROM goal;
INSERT INTO sla.target (relation, policy, metric, goal, threshold)
	SELECT 'ticket', cal || '/' || prio, m, make_business_interval(days => days, mins => mins, calendar => cal),
		CASE WHEN more > 0 THEN make_business_interval(days => days, mins => mins + more, calendar => cal) END
	FROM goal, LATERAL (SELECT name FROM metric WHERE prio <= 3 UNION ALL SELECT 'team time' WHERE prio > 10) x(m);

--
-- Events: writes of the row, and signals that pause one metric
--
CREATE TABLE event (ticket int, ord int, at timestamptz, kind text, metric text, cal text, prio int, status text, team text, PRIMARY KEY (ticket, ord));
DO $$
DECLARE
	at timestamptz;
	e event;
	signalled text;		/* the metric that signals pause */
	changed bool;		/* the last event changed a fact of every open clock */
	n int;
BEGIN
	FOR id IN 1 .. 60 LOOP
		at := timestamptz '2021-03-22 00:00Z' + rnd(11 * 1440) * interval '1 min';
		e := ROW (id, 1, at, 'row', NULL, 'c' || 1 + rnd(6), 1 + rnd(3), CASE rnd(5) WHEN 0 THEN 'wait' ELSE 'open' END, NULL);
		INSERT INTO event SELECT e.*;
		signalled := NULL;
		changed := true;
		FOR ord IN 2 .. 3 + rnd(9) LOOP
			e.ord := ord;
			e.metric := NULL;
			e.kind := 'row';
			IF changed AND signalled IS NULL AND e.status IN ('open', 'wait') AND rnd(6) = 0 THEN
				/* backwards */
				e.at := at - (1 + rnd(300)) * interval '1 min';
				e.status := CASE e.status WHEN 'open' THEN 'wait' ELSE 'open' END;
				changed := false;
			ELSE
				at := at + (1 + rnd(CASE rnd(3) WHEN 0 THEN 2500 ELSE 500 END)) * interval '1 min';
				e.at := at;
				changed := false;
				n := rnd(12);
				IF signalled IS NOT NULL AND n < 6 THEN
					e.kind := 'resume';
					e.metric := signalled;
					signalled := NULL;
				ELSIF n < 2 AND e.status IN ('open', 'wait') AND signalled IS NULL THEN
					e.kind := 'pause';
					signalled := (SELECT name FROM metric ORDER BY random() LIMIT 1);
					e.metric := signalled;
				ELSIF n < 5 THEN
					e.prio := 1 + rnd(3);		/* also of a ticket that is done */
				ELSIF n = 5 THEN
					NULL;						/* the same once more */
				ELSIF n < 9 AND e.status <> 'done' OR signalled IS NOT NULL THEN
					e.status := CASE e.status WHEN 'open' THEN 'wait' ELSE 'open' END;
					changed := signalled IS NULL;
				ELSIF n = 11 AND rnd(3) = 0 THEN
					e.status := 'void';
				ELSE
					e.status := CASE e.status WHEN 'done' THEN (ARRAY['open', 'wait'])[1 + rnd(2)] ELSE 'done' END;
					changed := e.status <> 'done';
				END IF;
			END IF;
			INSERT INTO event SELECT e.*;
			EXIT WHEN e.status = 'void';
		END LOOP;
	END LOOP;
	/* hand-offs, in order of time, until done */
	FOR id IN 101 .. 140 LOOP
		at := timestamptz '2021-03-22 00:00Z' + rnd(11 * 1440) * interval '1 min';
		e := ROW (id, 1, at, 'row', NULL, 'c' || 1 + rnd(6), 11 + rnd(3), CASE rnd(5) WHEN 0 THEN 'wait' ELSE 'open' END, 'A');
		INSERT INTO event SELECT e.*;
		FOR ord IN 2 .. 3 + rnd(7) LOOP
			e.ord := ord;
			e.at := e.at + (1 + rnd(600)) * interval '1 min';
			n := rnd(8);
			IF n < 4 THEN
				e.team := (ARRAY['A', 'B', 'C'])[1 + rnd(3)];
			ELSIF n < 6 THEN
				e.status := CASE e.status WHEN 'open' THEN 'wait' ELSE 'open' END;
			ELSE
				e.status := (ARRAY['done', 'done', 'done', 'void', 'open'])[1 + rnd(5)];
			END IF;
			INSERT INTO event SELECT e.*;
			EXIT WHEN e.status IN ('done', 'void');
		END LOOP;
	END LOOP;
END
$$;
SELECT count(*) > 500 AS enough, count(*) FILTER (WHERE kind <> 'row') > 40 AS signals,
	count(*) FILTER (WHERE backwards) > 15 AS backwards, count(*) FILTER (WHERE status = 'void') > 5 AS cancelled
FROM (SELECT *, at < lag(at) OVER (PARTITION BY ticket ORDER BY ord) AS backwards FROM event) e;
-- the application; of every other ticket the last write is missed by triggers, and what came before it, too: sync heals that
CREATE VIEW last_row AS
	SELECT DISTINCT ON (ticket) * FROM event WHERE kind = 'row' ORDER BY ticket, ord DESC;
DO $$
DECLARE
	e event;
BEGIN
	FOR e IN SELECT * FROM event ORDER BY ord, ticket LOOP
		CONTINUE WHEN e.ticket % 2 = 0 AND e.ord > 1 AND e.ord = (SELECT max(ord) FROM event x WHERE x.ticket = e.ticket) AND e.kind = 'row';
		IF e.kind <> 'row' THEN
			PERFORM sla.signal('ticket', e.ticket::text, e.metric, e.kind, e.at);
		ELSIF e.ord = 1 THEN
			INSERT INTO ticket VALUES (e.ticket, e.at, e.cal, e.prio, e.status, e.team);
		ELSE
			UPDATE ticket SET at = e.at, prio = e.prio, status = e.status, team = e.team, note = e.ord WHERE id = e.ticket;
		END IF;
	END LOOP;
END
$$;
SET session_replication_role = replica;
UPDATE ticket SET status = CASE status WHEN 'done' THEN 'open' ELSE 'done' END, prio = prio % 3 + 1, team = 'Z', at = at + interval '3 min' WHERE id % 2 = 0;
UPDATE ticket t SET at = e.at, prio = e.prio, status = e.status, team = e.team, note = e.ord FROM last_row e WHERE t.id % 2 = 0 AND e.ticket = t.id;
SET session_replication_role = origin;
SELECT items = (SELECT count(*) FROM ticket) AS all_items, changed > 100 AS changed, errors FROM sla.sync('ticket');

--
-- The reference: facts
--
CREATE TABLE story (ticket int, metric text, cycle int, cal text, prio int, state text, started_at timestamptz, ended_at timestamptz,
	paused_from timestamptz, pauses tstzmultirange, PRIMARY KEY (ticket, metric, cycle));
DO $$
DECLARE
	m metric;
	e event;
	c story;
	last timestamptz;
	at timestamptz;
	row_pause bool;
	signal_pause bool;
	id int;
BEGIN
	FOR id IN 1 .. 60 LOOP
		FOR m IN TABLE metric LOOP
			c := NULL;
			signal_pause := false;
			FOR e IN SELECT * FROM event WHERE ticket = id ORDER BY ord LOOP
				CONTINUE WHEN e.metric <> m.name;
				IF e.ord = 1 THEN
					c := ROW (id, m.name, 1, e.cal, e.prio, 'running', e.at, NULL, NULL, '{}');
					last := e.at;
				END IF;
				at := greatest(e.at, last);
				IF e.kind = 'row' AND e.status IN ('open', 'wait') AND c.state = 'stopped' AND m.reopen <> 'ignore' THEN
					IF m.reopen = 'continue' THEN
						c.pauses := c.pauses + tstzmultirange(tstzrange(c.ended_at, at));
						c.state := 'running';
						c.ended_at := NULL;
					ELSE
						INSERT INTO story SELECT c.*;
						c := ROW (id, m.name, c.cycle + 1, e.cal, e.prio, 'running', at, NULL, NULL, '{}');
					END IF;
					last := at;
				END IF;
				CONTINUE WHEN c.state IN ('stopped', 'cancelled');
				IF e.kind = 'row' THEN
					row_pause := e.status = 'wait';
				ELSE
					signal_pause := e.kind = 'pause';
				END IF;
				IF e.status IN ('done', 'void') OR NOT (row_pause OR signal_pause) THEN
					IF c.paused_from IS NOT NULL THEN
						c.pauses := c.pauses + tstzmultirange(tstzrange(c.paused_from, at));
						c.paused_from := NULL;
						last := at;
					END IF;
				ELSIF c.paused_from IS NULL THEN
					c.paused_from := at;
					last := at;
				END IF;
				c.state := CASE WHEN e.status = 'void' THEN 'cancelled' WHEN e.status = 'done' THEN 'stopped'
					WHEN c.paused_from IS NOT NULL THEN 'paused' ELSE 'running' END;
				IF c.state IN ('stopped', 'cancelled') THEN
					c.ended_at := at;
					last := at;
				ELSIF e.prio <> c.prio AND e.kind = 'row' AND m.retarget <> 'ignore' THEN
					c.prio := e.prio;
					IF m.retarget = 'restart' THEN
						c.started_at := at;
						c.pauses := '{}';
						IF c.paused_from IS NOT NULL THEN
							c.paused_from := at;
						END IF;
						last := at;
					END IF;
				END IF;
			END LOOP;
			INSERT INTO story SELECT c.*;
		END LOOP;
	END LOOP;
END
$$;
-- hand-offs: a clock for each team, paused while another has the ticket
DO $$
DECLARE
	e event;
	c story;
	t text;
	id int;
BEGIN
	FOR id IN 101 .. 140 LOOP
		FOR t IN SELECT DISTINCT team FROM event WHERE ticket = id LOOP
			c := NULL;
			FOR e IN SELECT * FROM event WHERE ticket = id ORDER BY ord LOOP
				IF c.ticket IS NULL THEN
					CONTINUE WHEN e.team <> t OR e.status IN ('done', 'void');
					c := ROW (id, 'team time/' || t, 1, e.cal, e.prio, 'running', e.at, NULL, NULL, '{}');
				END IF;
				IF e.status IN ('done', 'void') OR e.team = t AND e.status = 'open' THEN
					c.pauses := CASE WHEN c.paused_from IS NULL THEN c.pauses ELSE c.pauses + tstzmultirange(tstzrange(c.paused_from, e.at)) END;
					c.paused_from := NULL;
				ELSE
					c.paused_from := coalesce(c.paused_from, e.at);
				END IF;
				c.state := CASE WHEN e.status = 'void' THEN 'cancelled' WHEN e.status = 'done' THEN 'stopped'
					WHEN c.paused_from IS NOT NULL THEN 'paused' ELSE 'running' END;
				IF c.state IN ('stopped', 'cancelled') THEN
					c.ended_at := e.at;
				END IF;
			END LOOP;
			INSERT INTO story SELECT c.* WHERE c.ticket IS NOT NULL;
		END LOOP;
	END LOOP;
END
$$;

--
-- The reference: what follows, minute by minute
--
-- how many open minutes from a to b, and the end of the n-th from a on (walked in order, as far as needed)
CREATE FUNCTION counted(of text, a timestamptz, b timestamptz, without tstzmultirange DEFAULT '{}') RETURNS int LANGUAGE plpgsql STABLE
	SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
	RETURN (SELECT count(*) FROM minute WHERE cal = of AND m >= a AND m < b AND NOT m <@ without);
END
$$;
CREATE FUNCTION reached(of text, a timestamptz, n int, without tstzmultirange DEFAULT '{}') RETURNS timestamptz LANGUAGE plpgsql STABLE
	SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
BEGIN
	RETURN (SELECT m + interval '1 min' FROM minute WHERE cal = of AND m >= a AND NOT m <@ without ORDER BY m OFFSET n - 1 LIMIT 1);
END
$$;
CREATE FUNCTION judge(s story, without tstzmultirange, OUT due timestamptz, OUT late timestamptz, OUT budget int, OUT elapsed int, OUT paused int) LANGUAGE plpgsql STABLE AS $$
DECLARE
	g goal;
	first minute;
	base timestamptz := s.started_at;
	goal_at timestamptz;
	more int;
	off tstzmultirange := s.pauses + without;
	target date;
BEGIN
	SELECT * INTO STRICT g FROM goal WHERE cal = s.cal AND prio = s.prio;
	IF g.days > 0 THEN
		SELECT * INTO STRICT first FROM minute WHERE cal = s.cal AND m = reached(s.cal, s.started_at, 1) - interval '1 min';
		SELECT day INTO STRICT target FROM business_date WHERE cal = s.cal AND day > first.day ORDER BY day OFFSET g.days - 1 LIMIT 1;
		base := coalesce((SELECT min(m) FROM minute WHERE cal = s.cal AND day = target AND clock >= first.clock),
						 (SELECT closes FROM business_date WHERE cal = s.cal AND day = target));
	END IF;
	IF s.paused_from IS NOT NULL THEN
		off := off + tstzmultirange(tstzrange(s.paused_from, NULL));
	END IF;
	/* the threshold, then the goal */
	FOREACH more IN ARRAY CASE g.more WHEN 0 THEN ARRAY[0] ELSE ARRAY[g.more, 0] END LOOP
		late := due;	/* of the turn before */
		goal_at := CASE g.mins + more WHEN 0 THEN base ELSE reached(s.cal, base, g.mins + more) END;
		budget := counted(s.cal, s.started_at, goal_at);
		due := CASE WHEN counted(s.cal, s.started_at, goal_at, off) = budget THEN goal_at ELSE reached(s.cal, s.started_at, budget, off) END;
	END LOOP;
	IF g.more = 0 THEN
		late := due;
	END IF;
	IF s.state IN ('stopped', 'paused') THEN
		elapsed := counted(s.cal, s.started_at, coalesce(s.ended_at, s.paused_from), off);
	END IF;
	paused := (SELECT coalesce(sum(counted(s.cal, lower(p), upper(p))), 0) FROM unnest(s.pauses) p);
END
$$;
-- what is wrong; "net" and "gross" are as expected
CREATE TABLE expected AS
	SELECT s.*, j.due, j.late, j.budget, j.elapsed, j.paused, j.due AS gross_due, j.late AS gross_late FROM story s, LATERAL judge(s, '{}') j;
CREATE FUNCTION verdict(e expected, due timestamptz, late timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN late < coalesce(e.ended_at, now()) THEN 'breached' WHEN e.state = 'cancelled' THEN NULL
		WHEN e.state = 'stopped' THEN CASE WHEN due < e.ended_at THEN 'tolerated' ELSE 'met' END ELSE 'pending' END
$$;
CREATE VIEW compared AS
	SELECT e.ticket, e.metric, e.cycle, e.cal, e.prio,
		ARRAY[e.state, e.started_at::text, e.ended_at::text] AS facts, ARRAY[c.state, c.started_at::text, coalesce(c.stopped_at, c.cancelled_at)::text] AS got_facts,
		ARRAY[e.due, e.late, e.gross_due] AS due, ARRAY[c.due_at, c.threshold_at, c.gross_due_at] AS got_due,
		ARRAY[verdict(e, e.due, e.late), verdict(e, e.gross_due, e.gross_late)] AS verdict, ARRAY[c.verdict, c.gross_verdict] AS got_verdict,
		CASE WHEN e.late < coalesce(e.ended_at, now()) THEN e.late END AS breached, c.breached_at AS got_breached,
		e.budget, c.budget_seconds / 60 AS got_budget, e.elapsed, CASE WHEN e.elapsed IS NOT NULL THEN c.elapsed_seconds / 60 END AS got_elapsed,
		CASE WHEN e.state IN ('running', 'stopped') THEN e.paused END AS paused, CASE WHEN e.state IN ('running', 'stopped') THEN c.paused_seconds / 60 END AS got_paused,
		e.pauses
	FROM expected e FULL JOIN (SELECT * FROM sla.clock WHERE relation = 'ticket'::regclass) c ON c.item = e.ticket::text AND concat_ws('/', c.metric, c.per) = e.metric AND c.cycle = e.cycle;
CREATE VIEW wrong AS
	SELECT * FROM compared
	WHERE facts IS DISTINCT FROM got_facts OR due IS DISTINCT FROM got_due OR verdict IS DISTINCT FROM got_verdict OR breached IS DISTINCT FROM got_breached;
-- enough of each kind to say that nothing is wrong
SELECT count(*) > 600 AS clocks, count(*) FILTER (WHERE state = 'stopped') > 150 AS stopped, count(*) FILTER (WHERE state = 'running') > 80 AS running,
	count(*) FILTER (WHERE state = 'paused') > 80 AS paused, count(*) FILTER (WHERE state = 'cancelled') > 20 AS cancelled, count(*) FILTER (WHERE cycle > 1) > 40 AS cycles,
	count(*) FILTER (WHERE pauses <> '{}') > 200 AS with_pauses, count(*) FILTER (WHERE prio > 10) > 50 AS handed_off
FROM expected e;
SELECT count(*) FILTER (WHERE v = 'met') > 40 AS met, count(*) FILTER (WHERE v = 'tolerated') > 10 AS tolerated, count(*) FILTER (WHERE v = 'breached' AND state = 'stopped') > 8 AS late
FROM expected e, verdict(e, due, late) v;
\x on
SELECT * FROM wrong ORDER BY ticket, metric, cycle LIMIT 3;
SELECT * FROM compared
WHERE budget IS DISTINCT FROM got_budget OR elapsed IS DISTINCT FROM got_elapsed OR paused IS DISTINCT FROM got_paused
ORDER BY ticket, metric, cycle LIMIT 3;
-- the same pauses
SELECT e.ticket, e.metric, e.cycle, e.pauses, p.pauses AS got_pauses
FROM expected e LEFT JOIN (SELECT item, concat_ws('/', metric, per) AS metric, cycle, range_agg(during) AS pauses FROM sla.pause WHERE relation = 'ticket'::regclass GROUP BY 1, 2, 3) p
	ON p.item = e.ticket::text AND p.metric = e.metric AND p.cycle = e.cycle
WHERE e.pauses + CASE WHEN e.paused_from IS NULL THEN '{}' ELSE tstzmultirange(tstzrange(e.paused_from, NULL)) END IS DISTINCT FROM coalesce(p.pauses, '{}')
	AND state <> 'cancelled'
ORDER BY e.ticket, e.metric, e.cycle LIMIT 3;
-- again changes nothing
SELECT started, changed, cancelled, errors FROM sla.sync('ticket');
SELECT * FROM sla.verify('ticket') LIMIT 3;
SELECT * FROM wrong ORDER BY ticket, metric, cycle LIMIT 3;

--
-- Time that does not count: net, also of finished clocks; gross stays
--
INSERT INTO sla.exception (kind, relation, during, rrule, approved_by, approved_at) VALUES
	('force_majeure', 'ticket', '[2021-03-25 06:00Z,2021-03-25 15:10Z)', NULL, 'x', '2021-06-01'),
	('maintenance', 'ticket', '[2021-03-30 09:20Z,2021-03-31 02:00Z)', NULL, 'x', '2021-06-01'),
	('maintenance', 'ticket', '[2021-03-23 10:45Z,2021-03-23 12:00Z)', 'FREQ=DAILY;COUNT=14', 'x', '2021-06-01'),
	('maintenance', 'ticket', '[2021-04-06 00:00Z,2021-04-07 00:00Z)', NULL, NULL, NULL);
CREATE FUNCTION without() RETURNS tstzmultirange LANGUAGE sql AS $$
	SELECT '{[2021-03-25 06:00Z,2021-03-25 15:10Z),[2021-03-30 09:20Z,2021-03-31 02:00Z)}'
		+ (SELECT range_agg(tstzrange(d + interval '10:45', d + interval '12:00')) FROM generate_series(timestamptz '2021-03-23 00:00Z', '2021-04-05 00:00Z', '1 day') d)
$$;
UPDATE expected e SET due = j.due, late = j.late FROM story s, judge(s, without()) j WHERE (s.ticket, s.metric, s.cycle) = (e.ticket, e.metric, e.cycle);
SELECT count(*) FILTER (WHERE due <> gross_due) > 100 AS moved, count(*) FILTER (WHERE verdict(e, due, late) IS DISTINCT FROM verdict(e, gross_due, gross_late)) > 5 AS judged_otherwise FROM expected e;
SELECT * FROM wrong ORDER BY ticket, metric, cycle LIMIT 3;

--
-- A holiday more: open clocks move, finished ones do not
--
INSERT INTO sla.holiday (calendar, day) SELECT DISTINCT cal, date '2021-04-01' FROM hours WHERE cal <> 'c3'
	ON CONFLICT DO NOTHING;
DELETE FROM minute WHERE cal <> 'c3' AND day = '2021-04-01';
DELETE FROM business_date WHERE cal <> 'c3' AND day = '2021-04-01';
UPDATE expected e SET due = j.due, late = j.late, gross_due = g.due, gross_late = g.late, budget = j.budget FROM story s, judge(s, without()) j, judge(s, '{}') g
	WHERE (s.ticket, s.metric, s.cycle) = (e.ticket, e.metric, e.cycle) AND s.state IN ('running', 'paused');
SELECT * FROM wrong ORDER BY ticket, metric, cycle LIMIT 3;

--
-- Other goals
--
UPDATE sla.target SET goal = make_business_interval(mins => 100, calendar => calendar(goal)), threshold = make_business_interval(mins => 115, calendar => calendar(goal))
	WHERE relation = 'ticket'::regclass AND policy ~ '/1?1$';
UPDATE goal SET mins = 100, more = 15 WHERE prio IN (1, 11);
UPDATE expected e SET due = j.due, late = j.late, gross_due = g.due, gross_late = g.late, budget = j.budget FROM story s, judge(s, without()) j, judge(s, '{}') g
	WHERE (s.ticket, s.metric, s.cycle) = (e.ticket, e.metric, e.cycle) AND s.state IN ('running', 'paused');
SELECT * FROM wrong ORDER BY ticket, metric, cycle LIMIT 3;
-- stored, and once more
SELECT sla.refresh() > 0 AS refreshed;
SELECT count(*) AS stale FROM sla.clock WHERE relation = 'ticket'::regclass AND is_stale;
SELECT * FROM wrong ORDER BY ticket, metric, cycle LIMIT 3;
SELECT * FROM sla.verify('ticket') LIMIT 3;

--
-- Deadlines at a time of day
--
DELETE FROM sla.exception;
CREATE TABLE by_day (prio int, days int, due_by text, cutoff time);
INSERT INTO by_day VALUES (21, 1, 'close', NULL), (22, 1, '15:30', NULL), (23, 1, '12:00', '10:00'), (24, 2, 'close', '24:00'), (25, 3, '18:00', '13:00');
INSERT INTO sla.metric (relation, name) VALUES ('ticket', 'by day');
INSERT INTO sla.policy (relation, name, applies_when)
	SELECT DISTINCT 'ticket'::regclass, cal || '/' || prio, format('cal = %L AND prio = %s', cal, prio) FROM hours, by_day;
INSERT INTO sla.target (relation, policy, metric, goal, due_by, cutoff)
	SELECT DISTINCT 'ticket'::regclass, cal || '/' || prio, 'by day', make_business_interval(days => days, calendar => cal), due_by, cutoff FROM hours, by_day;
INSERT INTO ticket (id, at, cal, prio, status)
	SELECT 1000 + row_number() OVER (), timestamptz '2021-03-20 00:00Z' + rnd(18 * 1440) * interval '1 min', cal, prio, 'open'
	FROM (SELECT DISTINCT cal FROM hours ORDER BY cal) c, by_day, generate_series(1, 12);
CREATE FUNCTION due_by_day(start timestamptz, cal text, b by_day) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
DECLARE
	zone text := (SELECT h.zone FROM hours h WHERE h.cal = due_by_day.cal LIMIT 1);
	local timestamp := start AT TIME ZONE zone;
	last_minute time := (SELECT x.last_minute FROM business_date x WHERE x.cal = due_by_day.cal AND day = local::date);
	received date := local::date;
	target date;
BEGIN
	/* (the last open minute begins before the closing, and starts are whole minutes) */
	IF (CASE WHEN b.cutoff IS NULL THEN last_minute IS NULL OR local::time > last_minute ELSE local::time >= b.cutoff END) THEN
		received := (SELECT min(day) FROM business_date x WHERE x.cal = due_by_day.cal AND day > received);
	END IF;
	SELECT day INTO STRICT target FROM business_date x WHERE x.cal = due_by_day.cal AND day > received ORDER BY day OFFSET b.days - 1 LIMIT 1;
	IF b.due_by = 'close' THEN
		RETURN (SELECT closes FROM business_date x WHERE x.cal = due_by_day.cal AND day = target);
	END IF;
	RETURN (target + b.due_by::time) AT TIME ZONE zone;
END
$$;
SELECT t.id, t.cal, t.at, t.prio, due, c.due_at AS got_due, budget, c.budget_seconds / 60 AS got_budget
FROM ticket t JOIN by_day b USING (prio)
CROSS JOIN LATERAL (SELECT due_by_day(t.at, t.cal, b) AS due OFFSET 0) d
CROSS JOIN LATERAL (SELECT counted(t.cal, t.at, due) AS budget OFFSET 0) n
LEFT JOIN sla.clock c ON c.relation = 'ticket'::regclass AND c.item = t.id::text AND c.metric = 'by day'
WHERE due IS DISTINCT FROM c.due_at OR budget IS DISTINCT FROM c.budget_seconds / 60
ORDER BY t.id LIMIT 3;
\x off

SELECT sla.untrack('ticket', false);
DROP VIEW wrong, compared;
DROP TABLE ticket;
DELETE FROM sla.calendar;
DELETE FROM sla.calendar_history;
SET client_min_messages = warning;
DROP SCHEMA walk CASCADE;
