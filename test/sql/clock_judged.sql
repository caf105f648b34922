--
-- Finished clocks keep the verdict that was true when they finished, and its
-- calendar: exceptions, corrections and explanations go by the hours that judged
-- them, however the calendar has changed since.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
\set ECHO all
CREATE SCHEMA judged;
SET search_path = judged, public;
INSERT INTO sla.calendar (name, hours) VALUES ('desk', 'TZ=UTC Mo-Fr 09:00-17:00');
INSERT INTO sla.calendar (name, combines) VALUES ('both', 'desk * 24/7');
CREATE TABLE ticket (id int PRIMARY KEY, opened timestamptz, done timestamptz, kind text DEFAULT 'desk');
SELECT sla.track('ticket', at => 'opened');
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at) VALUES ('ticket', 'm', 'opened', 'done IS NOT NULL', 'done');
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('ticket', 'desk', 'kind = ''desk'''), ('ticket', 'both', 'kind = ''both''');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'desk', 'm', '8 bh @desk'), ('ticket', 'both', 'm', '8 bh @both');
CREATE VIEW shown AS
	SELECT item AS id, to_char(due_at, 'Dy HH24:MI') AS due, verdict, to_char(gross_due_at, 'Dy HH24:MI') AS gross_due, gross_verdict, elapsed_seconds / 3600 AS used
	FROM sla.clock WHERE relation = 'ticket'::regclass;
-- Monday 10:00 to Tuesday 12:00, and to 10:00
INSERT INTO ticket VALUES
	(1, '2026-06-01 10:00', '2026-06-02 12:00', 'desk'), (2, '2026-06-01 10:00', '2026-06-02 10:00', 'desk'),
	(3, '2026-06-01 10:00', '2026-06-02 12:00', 'both');
TABLE shown ORDER BY id;
-- other hours, a holiday, another one and none again: nothing moves
UPDATE sla.calendar SET hours = 'TZ=UTC Mo-Fr 08:00-20:00' WHERE name = 'desk';
INSERT INTO sla.holiday (calendar, day, name) VALUES ('desk', '2026-06-01', 'x');
INSERT INTO sla.holiday (calendar, day, name) VALUES ('desk', '2026-06-02', 'y');
DELETE FROM sla.holiday WHERE day = '2026-06-02';
TABLE shown ORDER BY id;
-- nor does what they were when they were open
CREATE VIEW at_noon AS
	SELECT item, state, to_char(due_at, 'Dy HH24:MI') AS due, verdict, elapsed_seconds / 3600 AS used
	FROM sla.clock_at('ticket', '2026-06-01 12:00');
SELECT * FROM at_noon ORDER BY item;
-- under those hours this one was due on Tuesday at 16:00
INSERT INTO ticket VALUES (4, '2026-06-01 10:00', '2026-06-02 18:00');
-- three hours of Monday excepted: 1 and 3 due Tue 13:00 by 09:00-17:00 and met with 7 used; 4 not touched, that was a holiday
INSERT INTO sla.exception (kind, relation, during, approved_by, approved_at) VALUES ('outage', 'ticket', '[2026-06-01 12:00,2026-06-01 15:00)', 'x', '2026-06-03');
TABLE shown ORDER BY id;
SELECT to_char(from_at, 'Dy HH24:MI') AS from, to_char(to_at, 'Dy HH24:MI') AS to, what, regexp_replace(detail, 'version of .* \d\d:\d\d:', 'version of ... until ...:') AS detail, used_seconds / 3600 AS used
FROM sla.explain('ticket', '1', 'm') ORDER BY seq;
SELECT what, regexp_replace(detail, 'version of .* \d\d:\d\d:', 'version of ...:') AS detail FROM sla.explain('ticket', '4', 'm') WHERE detail LIKE 'cal%' OR what = 'holiday' ORDER BY seq;
SELECT * FROM sla.verify('ticket');
-- corrected: still by its own hours
SELECT sla.correct(clock_id, '2026-06-01 09:00', '2026-06-02 09:30', 'told by phone') FROM sla.clock WHERE relation = 'ticket'::regclass AND item = '2';
SELECT * FROM shown WHERE id = '2';
SELECT * FROM sla.verify('ticket');
DELETE FROM sla.exception;
TABLE shown ORDER BY id;
-- also when the calendar is gone
DELETE FROM sla.target;
DELETE FROM sla.calendar WHERE name = 'both';
DELETE FROM sla.calendar;
INSERT INTO sla.exception (kind, relation, during, approved_by, approved_at) VALUES ('outage', 'ticket', '[2026-06-01 12:00,2026-06-01 15:00)', 'x', '2026-06-03');
TABLE shown ORDER BY id;
SELECT * FROM at_noon ORDER BY item;
SELECT what, to_char(to_at, 'Dy HH24:MI') AS to FROM sla.explain('ticket', '3', 'm') WHERE what IN ('open', 'due') ORDER BY seq;
DELETE FROM sla.exception;
-- judging again on demand goes by what is there now
INSERT INTO sla.calendar (name, hours) VALUES ('desk', 'TZ=UTC Mo-Fr 09:00-11:00'), ('both', '24/7');
SELECT item, to_char(before_due_at, 'Dy HH24:MI') AS before, to_char(after_due_at, 'Dy DD HH24:MI') AS after FROM sla.recompute('ticket', '(,)', false) ORDER BY item;
SELECT * FROM sla.verify('ticket');

-- open clocks: excepted time that lies ahead is not taken out of what was used so far, nor that in a pause
CREATE TABLE job (id int PRIMARY KEY, at timestamptz, waits boolean DEFAULT false);
SELECT sla.track('job', at => 'at');
INSERT INTO sla.metric (relation, name, start_at, pause_when) VALUES ('job', 'm', 'at', 'waits');
INSERT INTO sla.policy (relation, name) VALUES ('job', 'p');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('job', 'p', 'm', '240 bh @24/7');
BEGIN;
INSERT INTO job SELECT id, now() - interval '10 hours' FROM generate_series(1, 2) id;
UPDATE job SET waits = true, at = now() - interval '5 hours' WHERE id = 2;
INSERT INTO sla.exception (relation, during, approved_by, approved_at) VALUES
	('job', tstzrange(now() - interval '8 hours', now() - interval '6 hours'), 'x', now()),
	('job', tstzrange(now() - interval '3 hours', now() - interval '2 hours'), 'x', now()),
	('job', tstzrange(now() + interval '20 hours', now() + interval '26 hours'), 'x', now());
-- used 10 - 3, and 5 - 2 until the pause
SELECT item, state, due_at - started_at AS due_in, elapsed_seconds / 3600 AS used FROM sla.clock WHERE relation = 'job'::regclass ORDER BY item;
SELECT item, round((used_percent * 2.4)::numeric, 6) AS used FROM sla.report_open ORDER BY item;
SELECT item, elapsed_seconds / 3600 AS used FROM sla.clock_at('job', now() - interval '7 hours') ORDER BY item;
-- whoever does not know the clock learns nothing
SELECT sla.excepted_elapsed(clock_id, relation, item, started_at + '1 us', now()), sla.excepted_elapsed(clock_id, relation, '3', started_at, now())
FROM sla.clock WHERE relation = 'job'::regclass AND item = '1';
ROLLBACK;

-- an exception that was there and took nothing out is gone: that changes nothing
BEGIN;
INSERT INTO sla.exception (relation, during, approved_by, approved_at) VALUES ('job', '[2026-01-01,2026-01-02)', 'x', '2026-01-03');
INSERT INTO job VALUES (3, '2026-06-01 10:00');
DELETE FROM job WHERE id = 3;
DELETE FROM sla.exception;
SELECT * FROM sla.recompute('job', '(,)', false);
SELECT count(*) FROM sla.clock_change AS h JOIN sla.clock AS c ON c.clock_id = h.clock WHERE c.relation = 'job'::regclass;
ROLLBACK;

-- judging again goes by the goals that are there now: written over, of a version told later, of an agreement's calendar
INSERT INTO sla.calendar (name, hours) VALUES ('short', 'TZ=UTC Mo-Fr 09:00-10:30');
CREATE TABLE claim (id int PRIMARY KEY, opened timestamptz, done timestamptz, party text);
SELECT sla.track('claim', at => 'opened', party => 'party');
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at) VALUES ('claim', 'm', 'opened', 'done IS NOT NULL', 'done');
INSERT INTO sla.policy (relation, name) VALUES ('claim', 'p');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('claim', 'p', 'm', '1 bh');
INSERT INTO sla.agreement (party, name, calendar) VALUES ('a', 'x', 'desk'), ('b', 'x', 'both');
INSERT INTO claim VALUES (1, '2026-06-01 09:00', '2026-06-01 11:00', 'a'), (2, '2026-06-01 09:00', '2026-06-01 11:00', 'b'),
	(3, '2026-06-08 09:00', '2026-06-08 12:00', 'a'), (4, '2026-06-01 09:00', '2026-06-03 09:00', 'a');
CREATE VIEW anew AS
	SELECT item, to_char(before_due_at, 'Dy HH24:MI') AS before, to_char(after_due_at, 'Dy HH24:MI') AS after, before_verdict, after_verdict
	FROM sla.recompute('claim', '(,)', false);
TABLE anew;
UPDATE sla.target SET goal = '2 bh' WHERE relation = 'claim'::regclass;
SELECT * FROM sla.recompute('claim', '[2026-06-07,2026-06-07]');
SELECT item, goal, verdict FROM sla.clock WHERE relation = 'claim'::regclass ORDER BY item;
SELECT * FROM anew ORDER BY item;
INSERT INTO sla.target (relation, policy, metric, goal, valid_from) VALUES ('claim', 'p', 'm', '3 bh', '2026-06-05');
SELECT * FROM anew ORDER BY item;
UPDATE sla.agreement SET calendar = 'short' WHERE party = 'a';
SELECT * FROM anew ORDER BY item;
-- what promises nothing now stays as it was promised
DELETE FROM sla.target WHERE relation = 'claim'::regclass AND valid_from = '2026-06-05';
UPDATE sla.policy SET plan = 'gold' WHERE relation = 'claim'::regclass;
SELECT * FROM anew ORDER BY item;
TABLE anew;
SELECT item, goal, verdict FROM sla.clock WHERE relation = 'claim'::regclass ORDER BY item;
SELECT c.item, h.before ->> 'goal' AS before, h.after ->> 'goal' AS after FROM sla.clock_change AS h JOIN sla.clock AS c ON c.clock_id = h.clock
WHERE c.relation = 'claim'::regclass AND h.kind = 'recompute' ORDER BY h.clock, h.recorded_at;
SELECT what, detail FROM sla.explain('claim', '1', 'm') WHERE (what = 'promise' AND detail NOT LIKE 'cal%') OR what = 'retarget';
SELECT * FROM sla.verify('claim');

-- a goal that loses its calendar is counted in that of each agreement, at once, and promises nothing to whom has none; and back
UPDATE sla.policy SET plan = NULL WHERE relation = 'claim'::regclass;
UPDATE sla.target SET goal = '1 bh @desk' WHERE relation = 'claim'::regclass;
INSERT INTO claim VALUES (5, '2026-06-01 09:00', NULL, 'a'), (6, '2026-06-01 09:00', NULL, 'b'), (7, '2026-06-01 09:00', NULL, NULL);
CREATE VIEW open_claims AS
	SELECT item, cycle, state, goal, to_char(due_at, 'Dy HH24:MI') AS due, is_stale FROM sla.clock
	WHERE relation = 'claim'::regclass AND stopped_at IS NULL ORDER BY item, cycle;
UPDATE sla.target SET goal = '2 bh' WHERE relation = 'claim'::regclass;
TABLE open_claims;
SELECT sla.refresh();
TABLE open_claims;
UPDATE sla.target SET goal = '3 bh @desk' WHERE relation = 'claim'::regclass;
TABLE open_claims;
SELECT sla.refresh();
TABLE open_claims;

-- corrected before clocks are refreshed: by the goal as it was edited
CREATE TABLE call (id int PRIMARY KEY, kind text DEFAULT 'a', at timestamptz DEFAULT '2026-06-01 10:00', done timestamptz);
SELECT sla.track('call', at => 'at');
INSERT INTO sla.metric (relation, name, stop_when, stop_at) VALUES ('call', 'm', 'done IS NOT NULL', 'done');
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('call', 'p', 'kind = ''a''');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('call', 'p', 'm', '4 bh @24/7');
CREATE VIEW calls AS
	SELECT item, state, goal, to_char(due_at, 'HH24:MI') AS due, verdict, cancelled_at > '2026-07-01' AS cancelled_now FROM sla.clock WHERE relation = 'call'::regclass;
INSERT INTO call (id) VALUES (1), (2), (3);
UPDATE sla.target SET goal = '8 bh @24/7' WHERE relation = 'call'::regclass;
SELECT sla.correct(clock_id, NULL, '2026-06-01 16:00', 'by phone') FROM sla.clock WHERE relation = 'call'::regclass AND item = '1';
SELECT * FROM calls WHERE item = '1';
-- and where no policy applies any more, that ends the clock now, and what is breached stays so: corrected, and judged again
UPDATE sla.policy SET applies_when = 'kind = ''b''' WHERE relation = 'call'::regclass;
SELECT * FROM calls WHERE item <> '1' ORDER BY item;
SELECT sla.correct(clock_id, '2026-06-01 10:05', NULL, 'x') FROM sla.clock WHERE relation = 'call'::regclass AND item = '2';
SELECT * FROM calls WHERE item = '2';
UPDATE sla.target SET goal = '9 bh @24/7' WHERE relation = 'call'::regclass;
SELECT FROM sla.recompute('call', '(,)', false);
SELECT * FROM calls WHERE item = '3';
SELECT * FROM sla.verify('call');

-- another calendar of an excepted clock that is open: what it has used, too
INSERT INTO sla.policy (relation, name) VALUES ('call', 'q');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('call', 'q', 'm', '900 bh @desk');
INSERT INTO sla.exception (relation, during, approved_by, approved_at) VALUES ('call', '[2020-01-01,2020-01-02)', 'x', now());
INSERT INTO call VALUES (4, 'c', now() - interval '10 days');
UPDATE sla.target SET goal = '900 bh @24/7' WHERE relation = 'call'::regclass AND policy = 'q';
SELECT goal, round(elapsed_seconds / 3600) AS used FROM sla.clock WHERE relation = 'call'::regclass AND item = '4';

-- an exception from the time between two owners
CREATE ROLE regress_judged;
ALTER TABLE call OWNER TO regress_judged;
INSERT INTO sla.exception (relation, item, waive, approved_by, approved_at) VALUES ('call', '2', true, 'x', now());
SELECT sla.refresh() >= 0, sla.refresh() >= 0, sla.refresh() >= 0;
SELECT item, verdict, is_waived FROM sla.clock WHERE relation = 'call'::regclass AND item = '2';
SELECT sla.track('call');
SELECT item, verdict, is_waived FROM sla.clock WHERE relation = 'call'::regclass AND item = '2';
DELETE FROM sla.exception;

-- Histories by chance: whatever happens later, clock_at shows a clock as it did then, but for labels and owner. (Stops are told in time.)
CREATE TABLE task (id int PRIMARY KEY, prio int NOT NULL, status text NOT NULL, team text, at timestamptz NOT NULL);
SELECT FROM sla.track('task', at => 'at', owner => 'team');
INSERT INTO sla.calendar (name, hours) VALUES ('nine to five', 'TZ=Europe/Berlin Mo-Fr 09:00-17:00');
INSERT INTO sla.metric (relation, name, stop_when, pause_when, pause_reason, per, on_reopen, on_retarget) VALUES
	('task', 'keep', $$status = 'done'$$, $$status IN ('wait', 'hold')$$, 'status', NULL, 'continue', 'keep'),
	('task', 'next', $$status = 'done'$$, $$status = 'wait'$$, NULL, NULL, 'new_cycle', 'ignore'),
	('task', 'once', $$status = 'done'$$, NULL, NULL, NULL, 'ignore', 'keep'),
	('task', 'anew', $$status = 'done'$$, $$status IN ('wait', 'hold')$$, 'status', NULL, 'continue', 'restart'),
	('task', 'team', $$status = 'done'$$, $$status = 'wait'$$, NULL, 'team', 'continue', 'keep');
INSERT INTO sla.policy (relation, name, applies_when, rank) SELECT 'task', 'p' || p, 'prio = ' || p, p FROM generate_series(1, 3) p;
INSERT INTO sla.target (relation, policy, metric, goal, threshold)
	SELECT 'task', 'p' || p, name, make_business_interval(hours => p * 3, calendar => 'nine to five'), make_business_interval(hours => p * 3 + 1, calendar => 'nine to five')
	FROM generate_series(1, 3) p, sla.metric WHERE relation = 'task'::regclass AND NOT (p = 3 AND name = 'once');
CREATE TABLE shown_then (n int, at timestamptz, c sla.clock);
SELECT setseed(0.31);
DO $$
DECLARE
	t timestamptz := '2026-03-02 06:00Z';
	chosen int;
	what int;
BEGIN
	FOR n IN 1 .. 250 LOOP
		t := t + random() * interval '4 hours';
		chosen := 1 + floor(random() * 8);
		what := floor(random() * 24);
		INSERT INTO task VALUES (chosen, 1 + floor(random() * 3), 'open', (ARRAY['red', 'blue'])[1 + floor(random() * 2)], t)
		ON CONFLICT (id) DO UPDATE SET at = t,
			prio = CASE WHEN what < 6 THEN 1 + floor(random() * 4) ELSE task.prio END,
			status = CASE WHEN what BETWEEN 5 AND 16 THEN (ARRAY['open', 'wait', 'hold', 'done'])[1 + floor(random() * 4)] ELSE task.status END,
			team = CASE WHEN what BETWEEN 16 AND 22 THEN (ARRAY['red', 'blue', NULL])[1 + floor(random() * 3)] ELSE task.team END;
		IF what = 23 THEN
			UPDATE task SET at = t, prio = 4 WHERE id = chosen;
			DELETE FROM task WHERE id = chosen;
		END IF;
		INSERT INTO shown_then SELECT n, t, c FROM sla.clock_at('task', t, clock_timestamp()) c;
	END LOOP;
END
$$;
SELECT count(*) > 5000 AS many, count(DISTINCT (c).state) AS states, count(DISTINCT (c).verdict) AS verdicts FROM shown_then;
SELECT s.n, s.c, c
FROM (SELECT DISTINCT n, at FROM shown_then) i
CROSS JOIN LATERAL sla.clock_at('task', i.at) c
FULL JOIN shown_then s ON s.n = i.n AND (s.c).clock_id = c.clock_id
WHERE to_jsonb(s.c) - 'owner' - 'labels' IS DISTINCT FROM to_jsonb(c) - 'owner' - 'labels';

-- A late event restarts a clock at the last fact: until then it was the clock that it had been
CREATE TABLE errand (id int PRIMARY KEY, prio int NOT NULL, status text NOT NULL, at timestamptz NOT NULL);
SELECT FROM sla.track('errand', at => 'at');
INSERT INTO sla.metric (relation, name, stop_when, pause_when, cancel_when, on_retarget) VALUES
	('errand', 'run', $$status = 'done'$$, $$status = 'wait'$$, $$status = 'void'$$, 'restart');
INSERT INTO sla.policy (relation, name, applies_when) SELECT 'errand', 'p' || p, 'prio = ' || p FROM generate_series(1, 2) p;
INSERT INTO sla.target (relation, policy, metric, goal) SELECT 'errand', 'p' || p, 'run', make_business_interval(hours => p * 4, calendar => '24/7') FROM generate_series(1, 2) p;
INSERT INTO errand VALUES (1, 1, 'open', '2026-03-02 09:00');
UPDATE errand SET status = 'wait', at = '2026-03-02 10:00' WHERE id = 1;
UPDATE errand SET status = 'open', at = '2026-03-02 12:00' WHERE id = 1;
UPDATE errand SET prio = 2, at = '2026-03-02 10:30' WHERE id = 1;
SELECT t, policy, started_at, state
FROM unnest('{2026-03-02 10:15,2026-03-02 11:00,2026-03-02 12:00}'::timestamptz[]) t, sla.clock_at('errand', t, item => '1') ORDER BY t;

-- That a clock was cancelled is known of it, as it was before it was corrected
INSERT INTO errand VALUES (2, 1, 'open', '2026-03-02 09:00');
UPDATE errand SET status = 'void', at = '2026-03-02 10:00' WHERE id = 2;
SELECT now() AS before \gset
SELECT sla.correct(clock_id, NULL, stopped, 'it was done') FROM sla.clock, unnest('{2026-03-02 10:00,2026-03-02 11:00}'::timestamptz[]) stopped
WHERE relation = 'errand'::regclass AND item = '2' \g /dev/null
SELECT known = now() AS now, state, stopped_at, cancelled_at, verdict FROM unnest(ARRAY[:'before', now()]::timestamptz[]) known, sla.clock_at('errand', '2026-03-02 12:00', known, '2')
ORDER BY known;

-- A correction cuts the pauses that lie outside; what was known before has them
INSERT INTO errand VALUES (3, 1, 'open', '2026-03-02 09:00');
UPDATE errand SET status = 'wait', at = '2026-03-02 10:00' WHERE id = 3;
UPDATE errand SET status = 'open', at = '2026-03-02 11:00' WHERE id = 3;
UPDATE errand SET status = 'done', at = '2026-03-02 12:00' WHERE id = 3;
SELECT now() AS before \gset
SELECT sla.correct(clock_id, '2026-03-02 10:30', NULL, 'it came later') FROM sla.clock WHERE relation = 'errand'::regclass AND item = '3' \g /dev/null
SELECT known = now() AS now, t, state, started_at, elapsed_seconds / 3600 AS used, paused_seconds / 3600 AS paused
FROM unnest(ARRAY[:'before', now()]::timestamptz[]) known, unnest('{2026-03-02 10:15,2026-03-02 10:45,2026-03-02 13:00}'::timestamptz[]) t, sla.clock_at('errand', t, known, '3')
ORDER BY known, t;
SELECT before -> 'pauses' AS pauses, after -> 'pauses' AS after FROM sla.clock_change h JOIN sla.clock c ON c.clock_id = h.clock
WHERE relation = 'errand'::regclass AND item = '3';
-- So has the signal "reset", which also leaves it told that the clock had stopped before it was reopened
INSERT INTO errand VALUES (4, 1, 'open', '2026-03-02 09:00');
UPDATE errand SET status = 'done', at = '2026-03-02 10:00' WHERE id = 4;
UPDATE errand SET status = 'wait', at = '2026-03-02 12:00' WHERE id = 4;
SELECT FROM sla.signal('errand', '4', 'run', 'reset', '2026-03-02 13:00');
SELECT t, state, started_at, stopped_at, verdict, elapsed_seconds / 3600 AS used
FROM unnest('{2026-03-02 09:30,2026-03-02 11:00,2026-03-02 12:30,2026-03-02 13:00}'::timestamptz[]) t, sla.clock_at('errand', t, item => '4') ORDER BY t;
SELECT from_at, detail FROM sla.explain('errand', '4', 'run') WHERE what = 'retarget';
-- What was known before a correction has no pause that was made after it
INSERT INTO errand VALUES (5, 1, 'open', '2026-03-02 09:00');
UPDATE errand SET status = 'done', at = '2026-03-02 12:00' WHERE id = 5;
SELECT now() AS before \gset
SELECT sla.correct(clock_id, '2026-03-02 07:00', '2026-03-02 08:00', 'yesterday''s clock') FROM sla.clock WHERE relation = 'errand'::regclass AND item = '5' \g /dev/null
UPDATE errand SET status = 'open', at = '2026-03-02 13:00' WHERE id = 5;
SELECT known = now() AS now, state, started_at, stopped_at, elapsed_seconds / 3600 AS used
FROM unnest(ARRAY[:'before', now()]::timestamptz[]) known, sla.clock_at('errand', '2026-03-02 10:00', known, '5') ORDER BY known;
-- A stop before it was reopened and retargeted is none before the corrected start
INSERT INTO sla.metric (relation, name, stop_when) VALUES ('errand', 'walk', $$status = 'done'$$);
INSERT INTO sla.target (relation, policy, metric, goal) SELECT 'errand', 'p' || p, 'walk', make_business_interval(hours => p * 4, calendar => '24/7') FROM generate_series(1, 2) p;
INSERT INTO errand VALUES (6, 1, 'open', '2026-03-02 09:00');
UPDATE errand SET status = 'done', at = '2026-03-02 10:00' WHERE id = 6;
UPDATE errand SET status = 'open', prio = 2, at = '2026-03-02 14:00' WHERE id = 6;
SELECT sla.correct(clock_id, '2026-03-02 12:00', NULL, 'it came later') FROM sla.clock WHERE relation = 'errand'::regclass AND item = '6' AND metric = 'walk' \g /dev/null
SELECT policy, state, started_at, stopped_at, verdict FROM sla.clock_at('errand', '2026-03-02 13:00', item => '6') WHERE metric = 'walk';
-- It has the stop that it was reopened from, also where only the start was corrected
INSERT INTO errand VALUES (7, 1, 'open', '2026-03-02 09:00');
UPDATE errand SET status = 'done', at = '2026-03-02 12:00' WHERE id = 7;
SELECT now() AS before \gset
SELECT sla.correct(clock_id, '2026-03-02 08:00', NULL, 'it came earlier') FROM sla.clock WHERE relation = 'errand'::regclass AND item = '7' AND metric = 'run' \g /dev/null
UPDATE errand SET status = 'open', at = '2026-03-02 14:00' WHERE id = 7;
SELECT known = now() AS now, state, started_at, stopped_at, elapsed_seconds / 3600 AS used
FROM unnest(ARRAY[:'before', now()]::timestamptz[]) known, sla.clock_at('errand', '2026-03-02 13:00', known, '7') WHERE metric = 'run' ORDER BY known;

-- The write that ends a clock gives it to another party: judged again, it is by the agreement under which it ran
INSERT INTO sla.calendar (name, hours) VALUES ('late', 'TZ=UTC Mo-Fr 09:00-17:00'), ('early', 'TZ=UTC Mo-Fr 06:00-14:00');
INSERT INTO sla.agreement (party, name, calendar) VALUES ('late', 'x', 'late'), ('early', 'x', 'early');
CREATE TABLE parcel (id int PRIMARY KEY, party text, done boolean NOT NULL, at timestamptz NOT NULL);
SELECT FROM sla.track('parcel', at => 'at', party => 'party');
INSERT INTO sla.metric (relation, name, stop_when) VALUES ('parcel', 'send', 'done');
INSERT INTO sla.policy (relation, name) VALUES ('parcel', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('parcel', 'all', 'send', '4 bh');
INSERT INTO parcel VALUES (1, 'late', false, '2026-03-02 12:00');
UPDATE parcel SET party = 'early', done = true, at = '2026-03-02 15:00';
SELECT goal, party, due_at, verdict FROM sla.clock WHERE relation = 'parcel'::regclass;
SELECT count(*) FROM sla.recompute('parcel', '(,)');

SELECT sla.untrack(t, false) FROM unnest('{ticket,job,claim,call,task,errand,parcel}'::regclass[]) t;
DELETE FROM sla.agreement WHERE name = 'x';
DELETE FROM sla.calendar;
DELETE FROM sla.calendar_history;
SET client_min_messages = warning;
DROP SCHEMA judged CASCADE;
DROP ROLE regress_judged;
