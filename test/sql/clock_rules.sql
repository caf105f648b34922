--
-- Each rule of clocks as a small example.  What must come of it is said above
-- each query.
--
-- 2020-06-01 is a Monday; the desk is open Mo-Fr 09:00-17:00 UTC.  A ticket's
-- status is a list of words.  Which policy holds is a ticket's "section", so
-- that each section of this test has metrics of its own.  Everything lies in
-- the past: a clock that still runs is breached.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
\set ECHO all
\set SHOW_CONTEXT never
INSERT INTO sla.calendar (name, hours) VALUES
	('desk', 'TZ=UTC Mo-Fr 09:00-17:00'),
	('evening', 'TZ=UTC Mo-Fr 13:00-21:00');
CREATE TABLE ticket (
	id text PRIMARY KEY,
	section text,
	at timestamptz NOT NULL,		-- when this write happened
	opened timestamptz,
	done timestamptz,
	status text NOT NULL DEFAULT 'open',
	reason text,
	prio int NOT NULL DEFAULT 2,
	promised timestamptz,
	team text,
	party text,
	note text
);
SELECT sla.track('ticket', at => 'at', labels => 'jsonb_build_object(''team'', team)', owner => 'team', party => 'party');
CREATE FUNCTION hm(t timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT to_char(t, 'Dy DD HH24:MI')
$$;
-- used: minutes, where time does not go on; paused: of the pauses that are over
CREATE VIEW shown AS
	SELECT item, metric, per, cycle AS n, state, hm(started_at) AS started, hm(coalesce(stopped_at, cancelled_at)) AS ended,
		hm(due_at) AS due, hm(breached_at) AS breached, verdict,
		CASE WHEN state <> 'running' THEN elapsed_seconds / 60 END AS used,
		CASE WHEN state <> 'paused' THEN paused_seconds / 60 END AS paused
	FROM sla.clock WHERE relation = 'ticket'::regclass;

--
-- Start and stop
--
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at, pause_when, pause_reason, cancel_when) VALUES
	('ticket', 'resolution', 'opened', 'status LIKE ''%done%''', 'done', 'status LIKE ''%waiting%''', 'reason', 'status LIKE ''%void%''');
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('ticket', 'plain', 'section = ''plain''');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'plain', 'resolution', '4 bh @desk');
INSERT INTO ticket (id, section, at, opened) VALUES
	('a on time', 'plain', '2020-06-01 10:05', '2020-06-01 10:00'),
	('b late', 'plain', '2020-06-01 10:05', '2020-06-01 10:00'),
	('c Friday', 'plain', '2020-06-05 13:00', '2020-06-05 13:00'),
	('d Saturday', 'plain', '2020-06-06 10:00', '2020-06-06 10:00'),
	('e no start_at', 'plain', '2020-06-01 10:05', NULL),
	('f no policy', 'nothing', '2020-06-01 10:05', NULL);
-- due Mon 14:00, Mon 14:00, Fri 17:00 (the closing, not the next opening), Mon 8 13:00, Mon 14:05; "f" has no clock
SELECT item, state, started, due, verdict FROM shown WHERE metric = 'resolution' ORDER BY item;
-- exactly on the deadline is met; a microsecond later is not, nor is Saturday after Friday's closing
UPDATE ticket SET at = '2020-06-02 09:00', status = 'done', done = '2020-06-01 14:00' WHERE id = 'a on time';
UPDATE ticket SET at = '2020-06-02 09:00', status = 'done', done = '2020-06-01 14:00:00.000001' WHERE id = 'b late';
UPDATE ticket SET at = '2020-06-08 09:00', status = 'done', done = '2020-06-06 12:00' WHERE id = 'c Friday';
UPDATE ticket SET at = '2020-06-08 12:00', status = 'done' WHERE id = 'd Saturday';	-- no stop_at: the event time
-- met; breached Mon 14:00; breached Fri 17:00, with 240 minutes used; met, 180 used; runs, breached Mon 14:05
SELECT item, state, ended, due, breached, verdict, floor(used) AS used FROM shown WHERE metric = 'resolution' ORDER BY item;
-- the event is what a done ticket says: that it goes on being done changes nothing
UPDATE ticket SET at = '2020-06-10 12:00', note = 'thanks', done = '2020-06-09 12:00' WHERE id = 'a on time';
SELECT item, state, ended, verdict FROM shown WHERE item = 'a on time';
-- start and stop at once, and no clock: finished from the outset; met, and breached Mon 14:00
INSERT INTO ticket (id, section, at, opened, status, done) VALUES
	('g imported', 'plain', '2020-06-12 10:00', '2020-06-01 10:00', 'done', '2020-06-01 12:00'),
	('h imported late', 'plain', '2020-06-12 10:00', '2020-06-01 10:00', 'done', '2020-06-02 12:00'),
	('i imported, no dates', 'plain', '2020-06-12 10:00', NULL, 'done', NULL);
SELECT item, n, state, started, ended, due, breached, verdict, used FROM shown WHERE item LIKE '_ imported%' ORDER BY item;

--
-- start_when only begins a cycle
--
INSERT INTO sla.metric (relation, name, start_when, stop_when) VALUES
	('ticket', 'work', 'status = ''working''', 'status = ''done''');
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('ticket', 'work', 'section = ''work''');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'work', 'work', '4 bh @desk');
INSERT INTO ticket (id, section, at, status) VALUES ('work', 'work', '2020-06-01 10:00', 'new');
-- none yet
SELECT count(*) FROM shown WHERE item = 'work';
UPDATE ticket SET at = '2020-06-01 11:00', status = 'working' WHERE id = 'work';
UPDATE ticket SET at = '2020-06-01 12:00', status = 'new' WHERE id = 'work';
-- from 11:00, due 15:00, still running
SELECT n, state, started, due FROM shown WHERE item = 'work';
UPDATE ticket SET at = '2020-06-01 15:00', status = 'done' WHERE id = 'work';
-- met, 240 used
SELECT n, state, ended, verdict, used FROM shown WHERE item = 'work';
-- it had never begun: done without a clock is no clock
INSERT INTO ticket (id, section, at, status) VALUES ('work 2', 'work', '2020-06-01 10:00', 'new');
UPDATE ticket SET at = '2020-06-01 11:00', status = 'done' WHERE id = 'work 2';
SELECT count(*) FROM shown WHERE item = 'work 2';

--
-- When several hold: cancel, stop, pause, start
--
INSERT INTO ticket (id, section, at, status) VALUES
	('o1 all', 'plain', '2020-06-01 10:00', 'void done waiting'),
	('o2 cancel', 'plain', '2020-06-01 10:00', 'open'),
	('o3 stop', 'plain', '2020-06-01 10:00', 'open'),
	('o4 pause', 'plain', '2020-06-01 10:00', 'waiting'),
	('o5 paused', 'plain', '2020-06-01 10:00', 'open'),
	('o6 paused', 'plain', '2020-06-01 10:00', 'open');
UPDATE ticket SET at = '2020-06-01 12:00', status = 'void done waiting' WHERE id = 'o2 cancel';
UPDATE ticket SET at = '2020-06-01 12:00', status = 'done waiting' WHERE id = 'o3 stop';
UPDATE ticket SET at = '2020-06-01 11:00', status = 'waiting' WHERE id IN ('o5 paused', 'o6 paused');
UPDATE ticket SET at = '2020-06-01 12:00', status = 'waiting done' WHERE id = 'o5 paused';
UPDATE ticket SET at = '2020-06-01 12:00', status = 'waiting void' WHERE id = 'o6 paused';
-- o1: nothing that counts
SELECT count(*) FROM shown WHERE item = 'o1 all' AND state <> 'cancelled';
-- o2 cancelled, no verdict; o3 stopped, met, 120 used; o4 paused from its start, no deadline, nothing used;
-- o5 stopped, met, 60 used and 60 paused; o6 cancelled
SELECT item, state, started, ended, due, verdict, CASE WHEN state <> 'cancelled' THEN used END AS used FROM shown WHERE item LIKE 'o%' AND item <> 'o1 all' ORDER BY item;

--
-- Pauses
--
INSERT INTO ticket (id, section, at, status, reason) VALUES
	('p1 reasons', 'plain', '2020-06-01 10:00', 'open', NULL),
	('p2 overnight', 'plain', '2020-06-01 15:00', 'open', NULL),
	('p3 too late', 'plain', '2020-06-01 09:00', 'open', NULL),
	('p4 lasts', 'plain', '2020-06-01 10:00', 'open', NULL),
	('p5 just used up', 'plain', '2020-06-01 09:00', 'open', NULL),
	('p6 no length', 'plain', '2020-06-01 10:00', 'open', NULL),
	('p7 closed', 'plain', '2020-06-01 15:00', 'open', NULL);
UPDATE ticket SET at = '2020-06-01 12:00', status = 'waiting', reason = 'customer' WHERE id = 'p1 reasons';
UPDATE ticket SET at = '2020-06-01 13:00', reason = 'vendor' WHERE id = 'p1 reasons';
UPDATE ticket SET at = '2020-06-01 13:30', note = 'called them' WHERE id = 'p1 reasons';
UPDATE ticket SET at = '2020-06-01 14:00', status = 'open' WHERE id = 'p1 reasons';
UPDATE ticket SET at = '2020-06-01 16:00', status = 'waiting' WHERE id = 'p2 overnight';
UPDATE ticket SET at = '2020-06-02 11:00', status = 'open' WHERE id = 'p2 overnight';
UPDATE ticket SET at = '2020-06-01 15:00', status = 'waiting' WHERE id = 'p3 too late';
UPDATE ticket SET at = '2020-06-01 12:00', status = 'waiting' WHERE id = 'p4 lasts';
UPDATE ticket SET at = '2020-06-01 13:00', status = 'waiting' WHERE id = 'p5 just used up';
UPDATE ticket SET at = '2020-06-01 11:00', status = 'waiting' WHERE id = 'p6 no length';
UPDATE ticket SET at = '2020-06-01 11:00', status = 'open' WHERE id = 'p6 no length';
UPDATE ticket SET at = '2020-06-01 17:30', status = 'waiting' WHERE id = 'p7 closed';
UPDATE ticket SET at = '2020-06-02 08:00', status = 'open' WHERE id = 'p7 closed';
-- p1 due Mon 16:00 after 120 paused; p2 an hour used, 3 from Tue 11:00: due Tue 14:00, 180 paused; p3 due stays Mon 13:00, breached;
-- p4 no deadline, pending however long it lasts, 120 used; p5 the budget was used up: due Mon 13:00; p6 due Mon 14:00; p7 due Tue 11:00, 0 paused
SELECT item, state, due, breached, verdict, used, paused FROM shown WHERE item LIKE 'p%' ORDER BY item;
-- each pause and its reason; a changed reason ends one and begins the next; the one that lasts has no end
SELECT item, hm(lower(during)) AS from, hm(upper(during)) AS to, reason FROM sla.pause WHERE relation = 'ticket'::regclass
	AND item IN ('p1 reasons', 'p2 overnight', 'p4 lasts') ORDER BY item, lower(during);
UPDATE ticket SET at = '2020-06-01 16:00', status = 'done' WHERE id = 'p1 reasons';
-- met on the deadline, 240 used
SELECT item, state, ended, due, verdict, used, paused FROM shown WHERE item = 'p1 reasons';

--
-- Business days: not before start + goal, as "+" says
--
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('ticket', 'days', 'section = ''days''');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'days', 'resolution', '1 bd @desk');
INSERT INTO ticket (id, section, at) VALUES
	('d1 Saturday', 'days', '2020-06-06 12:00'),
	('d2 Saturday, paused 1 bh', 'days', '2020-06-06 12:00'),
	('d3 Saturday, paused on Sunday', 'days', '2020-06-06 12:00'),
	('d4 Monday', 'days', '2020-06-01 15:00'),
	('d5 Monday, paused 2 bh', 'days', '2020-06-01 15:00'),
	('d6 Friday', 'days', '2020-06-05 15:00');
UPDATE ticket SET at = '2020-06-08 10:00', status = 'waiting' WHERE id LIKE 'd2%';
UPDATE ticket SET at = '2020-06-08 11:00', status = 'open' WHERE id LIKE 'd2%';
UPDATE ticket SET at = '2020-06-07 10:00', status = 'waiting' WHERE id LIKE 'd3%';
UPDATE ticket SET at = '2020-06-07 20:00', status = 'open' WHERE id LIKE 'd3%';
UPDATE ticket SET at = '2020-06-01 16:00', status = 'waiting' WHERE id LIKE 'd5%';
UPDATE ticket SET at = '2020-06-02 10:00', status = 'open' WHERE id LIKE 'd5%';
-- Tue 09:00, not Monday's closing; Tue 10:00; Tue 09:00; Tue 15:00; Tue 17:00; Mon 15:00
SELECT item, hm(started_at) AS started, hm(due_at) AS due, hm(started_at + business_interval '1 bd @desk') AS by_plus, budget_seconds / 3600 AS budget
FROM sla.clock WHERE relation = 'ticket'::regclass AND item LIKE 'd_ %day%' AND policy = 'days' ORDER BY item;

--
-- Signals: what no row shows; a clock is paused while either says so
--
INSERT INTO ticket (id, section, at, opened) VALUES
	('s1', 'plain', '2020-06-01 10:00', NULL),
	('s2', 'plain', '2020-06-01 10:00', NULL),
	('s3', 'plain', '2020-06-01 10:00', '2020-06-01 10:00'),
	('s4', 'plain', '2020-06-01 10:00', NULL),
	('s5', 'plain', '2020-06-01 10:00', NULL),
	('s6', 'plain', '2020-06-01 10:00', NULL);
-- s1: the signal first, and gone first
SELECT sla.signal('ticket', 's1', 'resolution', 'pause', '2020-06-01 11:00', 'phone');
UPDATE ticket SET at = '2020-06-01 12:00', status = 'waiting' WHERE id = 's1';
SELECT sla.signal('ticket', 's1', 'resolution', 'resume', '2020-06-01 13:00');
SELECT item, state, due FROM shown WHERE item = 's1';		-- paused still, by the row
UPDATE ticket SET at = '2020-06-01 14:00', status = 'open' WHERE id = 's1';
-- s2: the row first, and gone first
UPDATE ticket SET at = '2020-06-01 11:00', status = 'waiting' WHERE id = 's2';
SELECT sla.signal('ticket', 's2', 'resolution', 'pause', '2020-06-01 12:00', 'phone');
UPDATE ticket SET at = '2020-06-01 13:00', status = 'open' WHERE id = 's2';
UPDATE ticket SET at = '2020-06-01 13:10', note = 'x' WHERE id = 's2';
SELECT FROM sla.sync('ticket', '{s2}');
SELECT item, state, due FROM shown WHERE item = 's2';		-- paused still, by the signal
SELECT sla.signal('ticket', 's2', 'resolution', 'resume', '2020-06-01 14:00');
-- both: 60 used when the pause began, due Mon 17:00
SELECT item, state, due, paused FROM shown WHERE item IN ('s1', 's2') ORDER BY item;
SELECT reason FROM sla.pause WHERE relation = 'ticket'::regclass AND item = 's1' ORDER BY lower(during) LIMIT 1;
-- s3: start while running changes nothing; stop; the row does not undo it; start begins the next cycle
SELECT sla.signal('ticket', 's3', 'resolution', 'start', '2020-06-01 10:30');
SELECT sla.signal('ticket', 's3', 'resolution', 'stop', '2020-06-01 12:00');
UPDATE ticket SET at = '2020-06-01 12:30', note = 'x' WHERE id = 's3';
SELECT FROM sla.sync('ticket', '{s3}');
SELECT item, n, state, started, ended, verdict, used FROM shown WHERE item = 's3';	-- one, 10:00 to 12:00
SELECT sla.signal('ticket', 's3', 'resolution', 'start', '2020-06-01 13:00');
SELECT item, n, state, started, ended, due FROM shown WHERE item = 's3' ORDER BY n;	-- and another, from 13:00
-- s4: cancel; s5: reset starts anew and drops the pauses: from 13:00, due 17:00
SELECT sla.signal('ticket', 's4', 'resolution', 'cancel', '2020-06-01 12:00', 'a duplicate');
SELECT sla.signal('ticket', 's5', 'resolution', 'pause', '2020-06-01 11:00');
SELECT sla.signal('ticket', 's5', 'resolution', 'resume', '2020-06-01 12:00');
SELECT sla.signal('ticket', 's5', 'resolution', 'reset', '2020-06-01 13:00');
SELECT item, n, state, started, ended, due, verdict, paused FROM shown WHERE item IN ('s4', 's5') ORDER BY item;
-- s6: the row is done, and open again while the signal pauses: paused by the signal since 11:00; the closed time is paused as well
SELECT sla.signal('ticket', 's6', 'resolution', 'pause', '2020-06-01 11:00');
UPDATE ticket SET at = '2020-06-01 12:00', status = 'done' WHERE id = 's6';
SELECT item, n, state, ended, verdict, used, paused FROM shown WHERE item = 's6';
-- refused: an action, a metric, a table that is not
SELECT sla.signal('ticket', 's1', 'resolution', 'halt');
SELECT sla.signal('ticket', 's1', 'no metric', 'pause');
SELECT sla.signal('pg_class', 's1', 'resolution', 'pause');

--
-- Sources: rows of another table are events
--
CREATE TABLE log (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ticket text, at timestamptz, what text, why text);
INSERT INTO sla.metric (relation, name, start_at, stop_when) VALUES ('ticket', 'sourced', 'opened', 'status = ''done''');
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('ticket', 'sourced', 'section = ''sourced''');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'sourced', 'sourced', '4 bh @desk');
INSERT INTO sla.source (source, relation, item, metric, action, applies_when, at, reason)
	SELECT 'log', 'ticket', 'ticket', 'sourced', a, format('what = %L', w), 'at', 'why'
	FROM (VALUES ('begin', 'start'), ('hold', 'pause'), ('go', 'resume'), ('end', 'stop'), ('drop', 'cancel'), ('again', 'reset')) x(w, a);
INSERT INTO ticket (id, section, at, opened) SELECT id, 'sourced', '2020-06-01 10:00', '2020-06-01 10:00' FROM unnest('{l1,l2,l3,l4,l5,l6}'::text[]) id;
INSERT INTO log (ticket, at, what, why) VALUES
	('l1', '2020-06-01 11:00', 'hold', 'parts'), ('l1', '2020-06-01 12:00', 'go', NULL), ('l1', '2020-06-01 12:30', 'look', NULL), ('l1', '2020-06-01 15:00', 'end', NULL),
	('l2', '2020-06-01 12:00', 'drop', 'a duplicate'),
	('l3', '2020-06-01 11:00', 'hold', NULL), ('l3', '2020-06-01 12:00', 'again', NULL), ('l3', '2020-06-01 13:00', 'go', NULL),
	('l4', '2020-06-01 11:00', 'end', NULL), ('l4', '2020-06-01 12:00', 'begin', NULL), ('l4', '2020-06-01 12:30', 'begin', NULL),
	('nobody', '2020-06-01 11:00', 'hold', NULL);
UPDATE log SET what = 'end' WHERE what = 'look';
DELETE FROM log WHERE ticket = 'nobody';
-- l1 paused an hour, met on its deadline; l2 cancelled; l3 from 12:00, paused an hour since, due Mon 17:00; l4 stopped at 11:00, and a second from 12:00
SELECT item, n, state, started, ended, due, verdict, CASE WHEN state = 'stopped' THEN used END AS used, paused FROM shown WHERE item LIKE 'l_' ORDER BY item, n;
SELECT item, hm(lower(during)) AS from, hm(upper(during)) AS to, reason FROM sla.pause WHERE relation = 'ticket'::regclass AND item LIKE 'l_' ORDER BY item, lower(during);
-- sync reads them in the order of "at", whatever the order in which they came: as l1
SET session_replication_role = replica;
INSERT INTO log (ticket, at, what, why) VALUES
	('l5', '2020-06-01 15:00', 'end', NULL), ('l5', '2020-06-01 12:00', 'go', NULL), ('l5', '2020-06-01 11:00', 'hold', 'parts');
SET session_replication_role = origin;
SELECT started, changed > 0 AS changed, cancelled, errors FROM sla.sync('ticket', '{l5}');
SELECT item, n, state, started, ended, due, verdict, used, paused FROM shown WHERE item = 'l5' ORDER BY item, n;
-- and again changes nothing, also of those that were stopped and started
SELECT started, changed, cancelled, errors FROM sla.sync('ticket', '{l1,l2,l3,l4,l5}');
SELECT item, n, state, started, ended, due, verdict FROM shown WHERE item LIKE 'l_' ORDER BY item, n;
-- in other order than they happened: what runs backwards is late
INSERT INTO log (ticket, at, what) VALUES ('l6', '2020-06-01 12:00', 'hold'), ('l6', '2020-06-01 11:00', 'end');
SELECT item, n, state, started, ended, due, verdict, used FROM shown WHERE item = 'l6' ORDER BY n;
SELECT kind FROM sla.clock_change x JOIN sla.clock c ON c.clock_id = x.clock WHERE c.relation = 'ticket'::regclass AND item = 'l6';

--
-- Reopened: continue, new_cycle, ignore
--
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at, pause_when, pause_reason, on_reopen) VALUES
	('ticket', 'continue', 'opened', 'status = ''done''', 'done', 'status = ''waiting''', 'reason', 'continue'),
	('ticket', 'new_cycle', 'opened', 'status = ''done''', 'done', 'status = ''waiting''', 'reason', 'new_cycle'),
	('ticket', 'ignore', 'opened', 'status = ''done''', 'done', 'status = ''waiting''', 'reason', 'ignore');
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('ticket', 'reopen', 'section = ''reopen''');
INSERT INTO sla.target (relation, policy, metric, goal)
	SELECT 'ticket', 'reopen', m, '4 bh @desk' FROM unnest('{continue,new_cycle,ignore}'::text[]) m;
INSERT INTO ticket (id, section, at, opened) SELECT id, 'reopen', '2020-06-01 10:05', '2020-06-01 10:00' FROM unnest('{r1,r2,r3}'::text[]) id;
UPDATE ticket SET at = '2020-06-01 12:05', status = 'done', done = '2020-06-01 12:00' WHERE id IN ('r1', 'r2');
UPDATE ticket SET at = '2020-06-02 10:00', status = 'open' WHERE id IN ('r1', 'r2');
UPDATE ticket SET at = '2020-06-02 10:05', status = 'done', done = '2020-06-02 10:00' WHERE id = 'r3';
UPDATE ticket SET at = '2020-06-03 10:00', status = 'open' WHERE id = 'r3';
-- r1, r2 continue: 120 used, the closed 360 are a pause, 2 bh from Tue 10:00: due Tue 12:00; new_cycle: the first met with 120 used,
-- a second from Tue 10:00 (opened is stale), due Tue 14:00; ignore: stopped, met.
-- r3, late at Mon 14:00: continue goes on and stays breached; new_cycle's second is due Wed 14:00; ignore: breached
SELECT item, metric, n, state, started, ended, due, breached, verdict, used, paused FROM shown WHERE item LIKE 'r_' ORDER BY item, metric, n;
SELECT hm(lower(during)) AS from, hm(upper(during)) AS to FROM sla.pause WHERE relation = 'ticket'::regclass AND item = 'r1' AND metric = 'continue';
-- r1: done again, but "done" still says Monday 12:00, which is stale: the event time, Tue 11:00; continue 180 used, new_cycle 60
-- r2: "done" says Tue 10:30, later than the reopening: it counts; continue 150 used, new_cycle 30
UPDATE ticket SET at = '2020-06-02 11:00', status = 'done' WHERE id = 'r1';
UPDATE ticket SET at = '2020-06-02 11:00', status = 'done', done = '2020-06-02 10:30' WHERE id = 'r2';
SELECT item, metric, n, state, started, ended, due, verdict, used, paused FROM shown WHERE item IN ('r1', 'r2') ORDER BY item, metric, n;
-- reopened into a pause, a third time: new_cycle has a third, paused from Wed 09:00; no deadlines while paused
UPDATE ticket SET at = '2020-06-03 09:00', status = 'waiting', reason = 'parts' WHERE id = 'r1';
SELECT item, metric, n, state, started, ended, due, used FROM shown WHERE item = 'r1' ORDER BY item, metric, n;

--
-- Stale, backwards, late: never an error and never a negative duration
--
INSERT INTO ticket (id, section, at, opened) SELECT id, 'plain', '2020-06-01 10:00', '2020-06-01 10:00' FROM unnest('{b1,b2,b3,b4,b5}'::text[]) id;
-- b1: start_at is read once a cycle
UPDATE ticket SET at = '2020-06-01 11:00', opened = '2020-06-01 09:00' WHERE id = 'b1';
-- b2: stopped before it started: at its start, nothing used, late
UPDATE ticket SET at = '2020-06-01 12:00', status = 'done', done = '2020-06-01 08:00' WHERE id = 'b2';
-- b3: resumed before it was paused: at the time of the pause, late; due Mon 14:00
UPDATE ticket SET at = '2020-06-01 12:00', status = 'waiting' WHERE id = 'b3';
UPDATE ticket SET at = '2020-06-01 11:00', status = 'open' WHERE id = 'b3';
-- b4: stopped before it was resumed: at the time of the resumption, late
UPDATE ticket SET at = '2020-06-01 11:00', status = 'waiting' WHERE id = 'b4';
UPDATE ticket SET at = '2020-06-01 12:00', status = 'open' WHERE id = 'b4';
UPDATE ticket SET at = '2020-06-01 11:30', status = 'done' WHERE id = 'b4';
-- b5: stop_at before the event is no going back
UPDATE ticket SET at = '2020-06-01 15:00', status = 'done', done = '2020-06-01 13:00' WHERE id = 'b5';
-- b1 from 10:00, due 14:00; b2 10:00, 0 used; b3 due 14:00, 0 paused; b4 12:00, 60 used; b5 13:00
SELECT item, n, state, started, ended, due, verdict, used, paused FROM shown WHERE item LIKE 'b_' ORDER BY item;
-- marked late: b2, b3, b4
SELECT item, kind, count(*) FROM sla.clock_change x JOIN sla.clock c ON c.clock_id = x.clock
WHERE relation = 'ticket'::regclass AND item LIKE 'b_' GROUP BY item, kind ORDER BY item, kind;

--
-- Another promise: keep, restart, ignore
--
INSERT INTO sla.metric (relation, name, start_at, stop_when, pause_when, on_retarget) VALUES
	('ticket', 'keep', 'opened', 'status = ''done''', 'status = ''waiting''', 'keep'),
	('ticket', 'restart', 'opened', 'status = ''done''', 'status = ''waiting''', 'restart'),
	('ticket', 'stay', 'opened', 'status = ''done''', 'status = ''waiting''', 'ignore');
INSERT INTO sla.policy (relation, name, applies_when, rank) VALUES
	('ticket', 'urgent', 'section = ''retarget'' AND prio = 1', 1),
	('ticket', 'normal', 'section = ''retarget'' AND prio <= 2', 2);
INSERT INTO sla.target (relation, policy, metric, goal)
	SELECT 'ticket', p, m, g::business_interval FROM unnest('{keep,restart,stay}'::text[]) m, (VALUES ('urgent', '2 bh @desk'), ('normal', '8 bh @desk')) p(p, g);
INSERT INTO ticket (id, section, at, opened, prio) VALUES
	('t1', 'retarget', '2020-06-01 10:00', '2020-06-01 10:00', 2),
	('t2', 'retarget', '2020-06-01 10:00', '2020-06-01 10:00', 1),
	('t3', 'retarget', '2020-06-01 10:00', '2020-06-01 10:00', 2),
	('t4', 'retarget', '2020-06-01 10:00', '2020-06-01 10:00', 2),
	('t5', 'retarget', '2020-06-01 10:00', '2020-06-01 10:00', 2),
	('t6', NULL, '2020-06-01 10:00', '2020-06-01 10:00', 2);
-- the lowest rank that holds: urgent wins where both hold
SELECT item, metric, policy, goal, hm(due_at) AS due FROM sla.clock WHERE relation = 'ticket'::regclass AND item IN ('t1', 't2') ORDER BY item, metric;
-- t1: an hour's pause, then urgent at 12:30
UPDATE ticket SET at = '2020-06-01 11:00', status = 'waiting' WHERE id = 't1';
UPDATE ticket SET at = '2020-06-01 12:00', status = 'open' WHERE id = 't1';
UPDATE ticket SET at = '2020-06-01 12:30', prio = 1 WHERE id = 't1';
-- keep: from 10:00 with its pause, 2 bh: due 13:00; restart: from 12:30 without, due 14:30; stay: 8 bh and a pause, Tue 11:00
SELECT item, metric, n, state, started, due, paused FROM shown WHERE item = 't1' ORDER BY metric;
UPDATE ticket SET at = '2020-06-01 13:30', status = 'done' WHERE id = 't1';
-- keep breached at 13:00, 150 used; restart met, 60 used; stay met, 150 used
SELECT item, metric, n, state, ended, breached, verdict, used FROM shown WHERE item = 't1' ORDER BY metric;
-- t2: breached as urgent at Mon 12:00, then made normal; keep: due Tue 10:00, and met; the breach is listed among the changes
UPDATE ticket SET at = '2020-06-01 14:00', prio = 2 WHERE id = 't2';
UPDATE ticket SET at = '2020-06-01 16:00', status = 'done' WHERE id = 't2';
SELECT item, metric, n, started, ended, due, breached, verdict, used FROM shown WHERE item = 't2' ORDER BY metric;
SELECT c.item, c.metric, x.kind, hm(x.at) AS at, x.before ->> 'policy' AS before, x.after ->> 'policy' AS after
FROM sla.clock_change x JOIN sla.clock c ON c.clock_id = x.clock WHERE relation = 'ticket'::regclass AND item IN ('t1', 't2') ORDER BY item, metric;
-- t3: retargeted while paused: keep and stay are paused since 11:00, 60 used; restart from 12:00, nothing used
UPDATE ticket SET at = '2020-06-01 11:00', status = 'waiting' WHERE id = 't3';
UPDATE ticket SET at = '2020-06-01 12:00', prio = 1 WHERE id = 't3';
SELECT item, metric, n, state, started, due, used FROM shown WHERE item = 't3' ORDER BY metric;
UPDATE ticket SET at = '2020-06-01 13:00', status = 'open' WHERE id = 't3';
-- keep: due 14:00; restart: due 15:00; stay: 7 bh left from 13:00, Tue 12:00
SELECT item, metric, n, state, started, due, paused FROM shown WHERE item = 't3' ORDER BY metric;
-- t4: no policy holds any more, in time: cancelled, no verdict; t5: after the breach at Tue 10:00: it stays breached
UPDATE ticket SET at = '2020-06-01 15:00', prio = 3 WHERE id = 't4';
UPDATE ticket SET at = '2020-06-03 15:00', section = 'nothing' WHERE id = 't5';
-- t6: the policy holds later: from start_at
UPDATE ticket SET at = '2020-06-01 12:00', section = 'retarget' WHERE id = 't6';
SELECT item, metric, n, state, started, ended, due, breached, verdict FROM shown WHERE item IN ('t4', 't5', 't6') ORDER BY item, metric;
-- t7: a target that was edited while it was done is no other promise when it is opened again: all go on from 10:00, an hour paused, due Mon 17:00
INSERT INTO ticket (id, section, at, opened, prio) VALUES ('t7', 'retarget', '2020-06-01 10:00', '2020-06-01 10:00', 2);
UPDATE ticket SET at = '2020-06-01 11:00', status = 'done' WHERE id = 't7';
UPDATE sla.target SET goal = '6 bh @desk' WHERE policy = 'normal';
SELECT item, metric, n, state, started, due, paused FROM shown WHERE item = 't7' ORDER BY metric;	-- as they were, Tue 10:00
UPDATE ticket SET at = '2020-06-01 12:00', status = 'open' WHERE id = 't7';
SELECT item, metric, n, state, started, due, paused FROM shown WHERE item = 't7' ORDER BY metric;
SELECT metric, hm(t) AS at, state, goal FROM unnest('{2020-06-01 10:30,2020-06-01 11:30,2020-06-01 12:30}'::timestamptz[]) t, sla.clock_at('ticket', t, item => 't7') ORDER BY metric, t;
UPDATE sla.target SET goal = '8 bh @desk' WHERE policy = 'normal';

--
-- Repeats: a stop begins the next cycle at once
--
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at, cancel_when, repeats) VALUES
	('ticket', 'update', 'opened', 'status LIKE ''%updated%''', NULL, 'status = ''void''', true),
	('ticket', 'keep in loop', 'opened', 'done IS NOT NULL', 'done', 'status = ''void''', true);
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('ticket', 'repeats', 'section = ''repeats''');
INSERT INTO sla.target (relation, policy, metric, goal)
	SELECT 'ticket', 'repeats', m, '4 bh @desk' FROM unnest('{update,keep in loop}'::text[]) m;
INSERT INTO ticket (id, section, at, opened) VALUES ('u1', 'repeats', '2020-06-01 09:00', '2020-06-01 09:00'), ('u2', 'repeats', '2020-06-01 09:00', '2020-06-01 09:00');
UPDATE ticket SET at = '2020-06-01 11:00', status = 'updated' WHERE id = 'u1';
UPDATE ticket SET at = '2020-06-01 12:00', note = 'x' WHERE id = 'u1';			-- the same condition holds on: no event
UPDATE ticket SET at = '2020-06-01 12:30', status = 'open' WHERE id = 'u1';
UPDATE ticket SET at = '2020-06-01 16:00', status = 'updated' WHERE id = 'u1';
UPDATE ticket SET at = '2020-06-01 16:30', status = 'open' WHERE id = 'u1';
-- 09:00-11:00 met; 11:00-16:00 breached at 15:00; a third from 16:00, due Tue 12:00
SELECT item, n, state, started, ended, due, breached, verdict, used FROM shown WHERE item = 'u1' AND metric = 'update' ORDER BY n;
-- a ticket whose column says when the last update was
UPDATE ticket SET at = '2020-06-01 11:00', done = '2020-06-01 11:00' WHERE id = 'u2';
UPDATE ticket SET at = '2020-06-01 12:00', note = 'x' WHERE id = 'u2';
UPDATE ticket SET at = '2020-06-01 13:00', done = '2020-06-01 13:00' WHERE id = 'u2';
SELECT FROM sla.sync('ticket', '{u2}');
-- 09:00-11:00, 11:00-13:00, and a third from 13:00, due Mon 17:00
SELECT item, n, state, started, ended, due, verdict, used FROM shown WHERE item = 'u2' AND metric = 'keep in loop' ORDER BY n;
-- cancelled: no next cycle
UPDATE ticket SET at = '2020-06-01 16:45', status = 'void' WHERE id = 'u1';
SELECT item, n, state, started, ended, verdict FROM shown WHERE item = 'u1' AND metric = 'update' ORDER BY n;
-- told of at 11:00, with a pause that begins then: the next cycle, from 10:00, has run for an hour; u4 was paused before
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at, pause_when, repeats) VALUES
	('ticket', 'repeats paused', 'opened', 'done IS NOT NULL', 'done', 'status = ''waiting''', true);
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('ticket', 'repeats paused', 'section = ''repeats paused''');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'repeats paused', 'repeats paused', '4 bh @desk');
INSERT INTO ticket (id, section, at, opened, status) VALUES
	('u3', 'repeats paused', '2020-06-01 09:00', '2020-06-01 09:00', 'open'),
	('u4', 'repeats paused', '2020-06-01 09:00', '2020-06-01 09:00', 'waiting');
UPDATE ticket SET at = '2020-06-01 11:00', done = '2020-06-01 10:00', status = 'waiting' WHERE id IN ('u3', 'u4');
SELECT item, n, state, started, ended, used FROM shown WHERE item IN ('u3', 'u4') ORDER BY item, n;

--
-- A date promised by hand replaces the goal; pauses do not move it
--
INSERT INTO sla.metric (relation, name, stop_when, pause_when, due_at) VALUES
	('ticket', 'by hand', 'status = ''done''', 'status = ''waiting''', 'promised');
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('ticket', 'by hand', 'section = ''by hand''');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'by hand', 'by hand', '4 bh @desk');
INSERT INTO ticket (id, section, at, promised) VALUES
	('h1', 'by hand', '2020-06-01 10:00', NULL),
	('h2', 'by hand', '2020-06-01 10:00', '2020-06-06 12:00'),
	('h3', 'by hand', '2020-06-01 10:00', '2020-06-03 12:00');
-- the goal: Mon 14:00; Sat 12:00, as it was said; Wed 12:00
SELECT item, state, due FROM shown WHERE item LIKE 'h_' ORDER BY item;
UPDATE ticket SET at = '2020-06-01 11:00', status = 'waiting' WHERE id LIKE 'h_';
UPDATE ticket SET at = '2020-06-01 12:00', status = 'open' WHERE id LIKE 'h_';
UPDATE ticket SET at = '2020-06-01 12:30', promised = '2020-06-02 16:00' WHERE id = 'h1';
UPDATE ticket SET at = '2020-06-01 12:30', promised = NULL WHERE id = 'h3';
-- Tue 16:00; Sat 12:00; the goal again, with its pause: Mon 15:00
SELECT item, state, due FROM shown WHERE item LIKE 'h_' ORDER BY item;
UPDATE ticket SET at = '2020-06-02 16:00', status = 'done' WHERE id = 'h1';
UPDATE ticket SET at = '2020-06-06 12:01', status = 'done' WHERE id = 'h2';
-- met, exactly; breached Sat 12:00
SELECT item, state, ended, due, breached, verdict FROM shown WHERE item IN ('h1', 'h2') ORDER BY item;
-- A write that ends a clock leaves it judged by the date under which it ran
INSERT INTO ticket (id, section, at, promised) SELECT 'h' || n, 'by hand', '2020-06-01 10:00', '2020-06-02 12:00' FROM generate_series(4, 6) n;
UPDATE ticket SET at = '2020-06-02 13:00', status = 'done', promised = '2020-06-05 12:00' WHERE id = 'h4';
UPDATE ticket SET at = '2020-06-02 13:00', section = 'none', promised = NULL WHERE id = 'h5';
-- moved after it was breached: that it was stays told, and it can be asked how it stood
UPDATE ticket SET at = '2020-06-02 14:00', promised = '2020-06-05 12:00' WHERE id = 'h6';
UPDATE ticket SET at = '2020-06-02 15:00', promised = NULL WHERE id = 'h6';
UPDATE ticket SET at = '2020-06-03 12:00', status = 'done' WHERE id = 'h6';
SELECT item, state, ended, due, breached, verdict FROM shown WHERE item IN ('h4', 'h5', 'h6') ORDER BY item;
SELECT c.item, hm(h.at) AS at, h.kind, hm((h.before->>'promised_at')::timestamptz) AS promised_before, hm((h.before->>'breached_at')::timestamptz) AS breached_before,
	hm((h.after->>'promised_at')::timestamptz) AS promised_after, hm((h.after->>'due_at')::timestamptz) AS due_after
	FROM sla.clock_change h JOIN sla.clock c ON c.clock_id = h.clock WHERE c.item LIKE 'h_' ORDER BY c.item, h.id;
SELECT hm(t) AS at, state, hm(due_at) AS due, hm(breached_at) AS breached
	FROM unnest('{2020-06-02 11:00,2020-06-02 13:00,2020-06-02 14:30,2020-06-02 16:00}'::timestamptz[]) t, sla.clock_at('ticket', t, item => 'h6');
-- Reopened under another promise: until then it had stopped, and the closed time, a pause now, had not moved its deadline
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('ticket', 'by hand, too', 'section = ''by hand, too''');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'by hand, too', 'by hand', '6 bh @desk');
INSERT INTO ticket (id, section, at) VALUES ('h7', 'by hand', '2020-06-01 10:00');
UPDATE ticket SET at = '2020-06-01 12:00', status = 'done' WHERE id = 'h7';
UPDATE ticket SET at = '2020-06-01 15:00', status = 'open', section = 'by hand, too' WHERE id = 'h7';
SELECT hm(t) AS at, policy, state, hm(stopped_at) AS stopped, hm(due_at) AS due, verdict, elapsed_seconds / 3600 AS used, paused_seconds / 3600 AS paused
	FROM unnest('{2020-06-01 11:00,2020-06-01 14:00,2020-06-01 16:00}'::timestamptz[]) t, sla.clock_at('ticket', t, item => 'h7');
-- under the same one too, and when it is cancelled in the end
INSERT INTO ticket (id, section, at) SELECT id, 'by hand', '2020-06-01 10:00' FROM unnest('{h8,h9}'::text[]) id;
UPDATE ticket SET at = '2020-06-01 12:00', status = 'done' WHERE id IN ('h8', 'h9');
UPDATE ticket SET at = '2020-06-01 15:00', status = 'open', section = CASE id WHEN 'h8' THEN section ELSE 'by hand, too' END WHERE id IN ('h8', 'h9');
UPDATE ticket SET at = '2020-06-01 17:00', section = 'none' WHERE id = 'h9';
SELECT item, hm(t) AS at, state, hm(stopped_at) AS stopped, hm(cancelled_at) AS cancelled, hm(due_at) AS due, verdict, paused_seconds / 3600 AS paused
	FROM unnest('{2020-06-01 11:00,2020-06-01 12:00,2020-06-01 14:00,2020-06-01 15:00,2020-06-01 18:00}'::timestamptz[]) t, unnest('{h8,h9}'::text[]) i,
		sla.clock_at('ticket', t, item => i)
	ORDER BY item, t;

--
-- due_by and cutoff
--
INSERT INTO sla.metric (relation, name, stop_when, pause_when) VALUES ('ticket', 'next day', 'status = ''done''', 'status = ''waiting''');
INSERT INTO sla.policy (relation, name, applies_when)
	SELECT 'ticket', p, format('section = %L', p) FROM unnest('{close,at 16,cut 12,cut 24,two days,at 20}'::text[]) p;
INSERT INTO sla.target (relation, policy, metric, goal, due_by, cutoff) VALUES
	('ticket', 'close', 'next day', '1 bd @desk', 'close', NULL),
	('ticket', 'at 16', 'next day', '1 bd @desk', '16:00', NULL),
	('ticket', 'cut 12', 'next day', '1 bd @desk', '16:00', '12:00'),
	('ticket', 'cut 24', 'next day', '1 bd @desk', '16:00', '24:00'),
	('ticket', 'two days', 'next day', '2 bd @desk', 'close', NULL),
	('ticket', 'at 20', 'next day', '1 bd @desk', '20:00', NULL);
INSERT INTO ticket (id, section, at)
	SELECT 'n ' || t || p, p, t::timestamptz
	FROM unnest('{2020-06-01 08:00,2020-06-01 10:00,2020-06-01 11:59:59,2020-06-01 12:00,2020-06-01 16:30,2020-06-01 17:00,2020-06-01 22:00,2020-06-05 10:00,2020-06-05 18:00,2020-06-06 10:00,2020-06-07 23:00}'::text[]) t,
		unnest('{close,at 16,cut 12,cut 24,two days,at 20}'::text[]) p;
-- Received from the cutoff on (by default the last closing) counts as the next business date.
-- Before an explicit cutoff it counts as received that date, also on a closed one: Saturday 10:00 is before 12:00 and before 24:00.
SELECT hm(started_at) AS received,
	max(hm(due_at)) FILTER (WHERE policy = 'close') AS "close",
	max(hm(due_at)) FILTER (WHERE policy = 'at 16') AS "16:00",
	max(hm(due_at)) FILTER (WHERE policy = 'cut 12') AS "16:00, before 12:00",
	max(hm(due_at)) FILTER (WHERE policy = 'cut 24') AS "16:00, before 24:00",
	max(hm(due_at)) FILTER (WHERE policy = 'two days') AS "2 bd, close",
	max(hm(due_at)) FILTER (WHERE policy = 'at 20') AS "20:00"
FROM sla.clock WHERE relation = 'ticket'::regclass AND metric = 'next day' GROUP BY started_at ORDER BY started_at;
-- a pause of 1 bh moves Tue 16:00 to 17:00, one of 2 bh to Wed 10:00
UPDATE ticket SET at = '2020-06-01 13:00', status = 'waiting' WHERE id IN ('n 2020-06-01 10:00at 16', 'n 2020-06-01 12:00at 16');
UPDATE ticket SET at = '2020-06-01 14:00', status = 'open' WHERE id = 'n 2020-06-01 10:00at 16';
UPDATE ticket SET at = '2020-06-01 15:00', status = 'open' WHERE id = 'n 2020-06-01 12:00at 16';
SELECT item, due, paused FROM shown WHERE item IN ('n 2020-06-01 10:00at 16', 'n 2020-06-01 12:00at 16') ORDER BY item;
-- whole business days only, and a time that is one
INSERT INTO sla.target (relation, policy, metric, goal, due_by) VALUES ('ticket', 'plain', 'next day', '4 bh @desk', 'close');
INSERT INTO sla.target (relation, policy, metric, goal, due_by) VALUES ('ticket', 'plain', 'next day', '1 bd 1 bh @desk', 'close');
INSERT INTO sla.target (relation, policy, metric, goal, due_by) VALUES ('ticket', 'plain', 'next day', '1 bd @desk', 'noon');

--
-- Goal and threshold
--
INSERT INTO sla.metric (relation, name, stop_when) VALUES ('ticket', 'reply', 'status = ''done''');
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('ticket', 'threshold', 'section = ''threshold''');
INSERT INTO sla.target (relation, policy, metric, goal, threshold) VALUES ('ticket', 'threshold', 'reply', '15 bm @desk', '30 bm @desk');
INSERT INTO ticket (id, section, at) SELECT 'g' || m, 'threshold', '2020-06-01 10:00' FROM unnest('{10,15,20,30,31,99}'::int[]) m;
UPDATE ticket SET at = '2020-06-01 10:00'::timestamptz + substr(id, 2)::int * interval '1 min', status = 'done' WHERE id LIKE 'g__' AND id <> 'g99';
-- met, met, tolerated, tolerated, breached at 10:30; g99 still runs: breached at 10:30
SELECT c.item, hm(c.due_at) AS due, hm(c.threshold_at) AS threshold, s.state, s.ended, s.breached, c.verdict
FROM sla.clock c JOIN shown s USING (item, metric) WHERE c.relation = 'ticket'::regclass AND metric = 'reply' ORDER BY item;

--
-- Measure, judge nothing
--
INSERT INTO sla.agreement (party, name, calendar) VALUES ('measured', 'contract', 'desk');
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('ticket', 'measure', 'section = ''measure''');
INSERT INTO sla.target (relation, policy, metric) VALUES ('ticket', 'measure', 'resolution');
INSERT INTO ticket (id, section, at, opened, party) VALUES ('m1', 'measure', '2020-06-01 10:00', '2020-06-01 10:00', 'measured'), ('m2', 'measure', '2020-06-01 10:00', '2020-06-01 10:00', 'measured');
UPDATE ticket SET at = '2020-06-01 12:00', status = 'waiting' WHERE id = 'm1';
UPDATE ticket SET at = '2020-06-01 13:00', status = 'open' WHERE id = 'm1';
UPDATE ticket SET at = '2020-06-02 10:00', status = 'done' WHERE id = 'm1';
-- no deadline and no verdict, open or stopped; 2 + 4 + 1 hours used by the agreement's calendar
SELECT item, state, due, breached, verdict, used, paused FROM shown WHERE item IN ('m1', 'm2') ORDER BY item;

--
-- Hand-offs: one clock per item and value
--
INSERT INTO sla.metric (relation, name, stop_when, pause_when, pause_reason, per) VALUES
	('ticket', 'team time', 'status = ''done''', 'status = ''waiting''', '''customer''', 'team');
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('ticket', 'teams', 'section = ''teams''');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'teams', 'team time', '2 bh @desk');
INSERT INTO ticket (id, section, at, team) VALUES ('x1', 'teams', '2020-06-01 09:00', 'A'), ('x2', 'teams', '2020-06-01 09:00', 'A');
UPDATE ticket SET at = '2020-06-01 10:00', team = 'B' WHERE id IN ('x1', 'x2');
-- A is paused with 60 used, B runs from 10:00
SELECT item, per, n, state, started, due, used FROM shown WHERE item = 'x1' AND metric = 'team time' ORDER BY per;
UPDATE ticket SET at = '2020-06-01 13:00', team = 'A' WHERE id = 'x1';
UPDATE ticket SET at = '2020-06-01 13:30', status = 'waiting' WHERE id = 'x1';
UPDATE ticket SET at = '2020-06-01 14:30', status = 'open' WHERE id = 'x1';
UPDATE ticket SET at = '2020-06-01 15:00', status = 'done' WHERE id = 'x1';
-- A 09:00-10:00, 13:00-13:30 and 14:30-15:00: 120 used, met on its deadline; B used 180, breached at 12:00
SELECT item, per, n, state, started, ended, due, breached, verdict, used, paused FROM shown WHERE item = 'x1' AND metric = 'team time' ORDER BY per;
SELECT per, hm(lower(during)) AS from, hm(upper(during)) AS to, reason FROM sla.pause WHERE relation = 'ticket'::regclass AND item = 'x1' AND metric = 'team time' ORDER BY per, lower(during);
-- x2 is done while B has it: B is judged, A stops with what it used
UPDATE ticket SET at = '2020-06-01 11:00', status = 'done' WHERE id = 'x2';
SELECT item, per, n, state, started, ended, breached, used FROM shown WHERE item = 'x2' AND metric = 'team time' ORDER BY per;
-- each clock is of its own team, also while another has the ticket
SELECT item, per, owner, labels FROM sla.clock WHERE relation = 'ticket'::regclass AND item IN ('x1', 'x2') AND metric = 'team time' ORDER BY item, per;
-- done already when it is handed on: C's clock is of no time; who reopens what is measured once only has none
INSERT INTO sla.metric (relation, name, stop_when, per, on_reopen) VALUES ('ticket', 'team once', 'status = ''done''', 'team', 'ignore');
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('ticket', 'once', 'section = ''once''');
INSERT INTO sla.target (relation, policy, metric, goal) SELECT 'ticket', 'once', m, '2 bh @desk' FROM unnest('{team time,team once}'::text[]) m;
INSERT INTO ticket (id, section, at, team) VALUES ('x3', 'once', '2020-06-01 09:00', 'A'), ('x3b', 'once', '2020-06-01 09:00', 'A');
UPDATE ticket SET at = '2020-06-01 10:00', status = 'done' WHERE id IN ('x3', 'x3b');
UPDATE ticket SET at = '2020-06-01 11:00', team = 'C' WHERE id = 'x3';
SELECT metric, per, n, state, started, ended, used FROM shown WHERE item = 'x3' ORDER BY metric, per;
UPDATE ticket SET at = '2020-06-01 12:00', status = 'open' WHERE id = 'x3';
UPDATE ticket SET at = '2020-06-01 12:00', status = 'open', team = 'C' WHERE id = 'x3b';
SELECT item, metric, per, n, state, started, ended FROM shown WHERE item LIKE 'x3%' ORDER BY item, metric, per;
-- x4: that C has it is told late, and holds from 12:00, when B got it; x5: the stop of before the reopening is stale, also
-- for B, who is new and has it from 12:00 to 15:00
INSERT INTO sla.metric (relation, name, stop_when, stop_at, per) VALUES ('ticket', 'team told', 'status = ''done''', 'done', 'team');
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('ticket', 'told teams', 'section = ''told teams''');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'told teams', 'team told', '2 bh @desk');
INSERT INTO ticket (id, section, at, team) VALUES ('x4', 'told teams', '2020-06-01 09:00', 'A'), ('x5', 'told teams', '2020-06-01 09:00', 'A');
UPDATE ticket SET at = '2020-06-01 12:00', team = 'B' WHERE id = 'x4';
UPDATE ticket SET at = '2020-06-01 11:00', team = 'C' WHERE id = 'x4';
UPDATE ticket SET at = '2020-06-01 10:00', status = 'done', done = '2020-06-01 10:00' WHERE id = 'x5';
UPDATE ticket SET at = '2020-06-01 12:00', status = 'open', team = 'B' WHERE id = 'x5';
UPDATE ticket SET at = '2020-06-01 15:00', status = 'done' WHERE id = 'x5';
SELECT item, per, n, state, started, ended, verdict, used FROM shown WHERE item IN ('x4', 'x5') ORDER BY item, per;
-- x6 begins anew at 13:00, as told, with C, who is new, and so does x7 with A; x8 repeats: its stop of 10:00 is none of
-- B's, who has it from 11:00; x9 is done at 11:30, as told: nothing of A's second cycle, from 12:00; x10 is open again
-- when C has had it; x11 was told to begin before the stop of 11:00, which is stale for A, too
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at, per, on_reopen, repeats) VALUES
	('ticket', 'team anew', 'opened', 'status = ''done''', 'done', 'team', 'new_cycle', false), ('ticket', 'team again', NULL, 'status = ''done''', NULL, 'team', 'continue', true);
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('ticket', 'anew', 'section = ''anew'''), ('ticket', 'again', 'section = ''again''');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'anew', 'team anew', '2 bh @desk'), ('ticket', 'again', 'team again', '2 bh @desk');
INSERT INTO ticket (id, section, at, opened, team) VALUES ('x6', 'anew', '2020-06-01 09:00', '2020-06-01 09:00', 'A'),
	('x7', 'anew', '2020-06-01 09:00', '2020-06-01 09:00', 'A'), ('x8', 'again', '2020-06-01 09:00', NULL, 'A'),
	('x9', 'anew', '2020-06-01 09:00', NULL, 'A'), ('x10', 'told teams', '2020-06-01 09:00', NULL, 'A'),
	('x11', 'anew', '2020-06-01 09:00', NULL, 'A');
UPDATE ticket SET at = '2020-06-01 10:00', status = 'done' WHERE id IN ('x6', 'x7', 'x8');
UPDATE ticket SET at = '2020-06-01 13:30', opened = '2020-06-01 13:00', status = 'open', team = 'C' WHERE id = 'x6';
UPDATE ticket SET at = '2020-06-01 13:30', opened = '2020-06-01 13:00', status = 'open' WHERE id = 'x7';
UPDATE ticket SET at = '2020-06-01 11:00', team = 'B' WHERE id = 'x8';
UPDATE ticket SET at = '2020-06-01 14:00', note = 'x' WHERE id IN ('x6', 'x7', 'x8');
UPDATE ticket SET at = '2020-06-01 09:20', team = 'B' WHERE id = 'x9';
UPDATE ticket SET at = '2020-06-01 09:30', status = 'done', done = '2020-06-01 09:30' WHERE id = 'x9';
UPDATE ticket SET at = '2020-06-01 10:00', status = 'open' WHERE id = 'x9';
UPDATE ticket SET at = '2020-06-01 12:00', team = 'A' WHERE id = 'x9';
UPDATE ticket SET at = '2020-06-01 15:00', status = 'done', done = '2020-06-01 11:30' WHERE id = 'x9';
UPDATE ticket SET at = '2020-06-01 14:00', status = 'done', done = '2020-06-01 11:00', team = 'C' WHERE id = 'x10';
UPDATE ticket SET at = '2020-06-01 13:00', status = 'open', team = 'A' WHERE id = 'x10';
UPDATE ticket SET at = '2020-06-01 15:00', status = 'done', done = NULL WHERE id = 'x10';
UPDATE ticket SET at = '2020-06-01 10:00', status = 'done' WHERE id = 'x11';
UPDATE ticket SET at = '2020-06-01 10:30', status = 'open', team = 'B' WHERE id = 'x11';
UPDATE ticket SET at = '2020-06-01 11:00', status = 'done' WHERE id = 'x11';
UPDATE ticket SET at = '2020-06-01 13:00', status = 'open', team = 'A', opened = '2020-06-01 10:45' WHERE id = 'x11';
SELECT item, per, n, state, started, ended, used FROM shown WHERE item IN ('x11', 'x6', 'x7', 'x8', 'x9', 'x10') ORDER BY item, per, n;
-- start_when only begins a cycle, be it that of x12, or of x13, which a signal begins: whoever has it next has a clock
INSERT INTO sla.metric (relation, name, start_when, stop_when, per) VALUES ('ticket', 'team new', 'note IS NULL', 'status = ''done''', 'team');
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('ticket', 'new', 'section = ''new''');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'new', 'team new', '2 bh @desk');
INSERT INTO ticket (id, section, at, note, team) VALUES ('x12', 'new', '2020-06-01 09:00', NULL, 'A'), ('x13', 'new', '2020-06-01 09:00', 'x', 'A');
SELECT sla.signal('ticket', 'x13', 'team new', 'start', '2020-06-01 09:30');
UPDATE ticket SET at = '2020-06-01 10:00', note = 'x' WHERE id = 'x12';
UPDATE ticket SET at = '2020-06-01 11:00', team = 'B' WHERE id IN ('x12', 'x13');
UPDATE ticket SET at = '2020-06-01 12:00', status = 'done' WHERE id IN ('x12', 'x13');
UPDATE ticket SET at = '2020-06-01 12:30', team = 'C' WHERE id IN ('x12', 'x13');
SELECT item, per, n, state, started, ended, used FROM shown WHERE item IN ('x12', 'x13') ORDER BY item, per, n;
-- a cycle that goes on in spite of the row's "done" is handed on to A, who had finished: that of x14, which a signal
-- begins, and those of x16 and x17, which repeat; x15 was cancelled, and is done when B gets it: no clock
INSERT INTO ticket (id, section, at, team) SELECT 'x' || n, CASE n WHEN 14 THEN 'new' ELSE 'again' END, '2020-06-01 09:00', 'A' FROM generate_series(14, 17) n;
UPDATE ticket SET at = '2020-06-01 10:00', section = 'nothing' WHERE id IN ('x15', 'x16', 'x17');
UPDATE ticket SET at = '2020-06-01 11:00', team = 'B' WHERE id IN ('x14', 'x15', 'x16', 'x17');
UPDATE ticket SET at = '2020-06-01 11:00', section = 'again' WHERE id IN ('x16', 'x17');
UPDATE ticket SET at = '2020-06-01 12:00', section = CASE id WHEN 'x14' THEN 'new' ELSE 'again' END, status = 'done' WHERE id IN ('x14', 'x15', 'x16');
UPDATE ticket SET at = '2020-06-01 12:00', status = 'done', team = 'A' WHERE id = 'x17';
SELECT sla.signal('ticket', 'x14', 'team new', 'start', '2020-06-01 12:30');
UPDATE ticket SET at = '2020-06-01 13:00', team = 'A' WHERE id IN ('x14', 'x16');
UPDATE ticket SET at = '2020-06-01 14:00', note = 'x' WHERE id IN ('x14', 'x15', 'x16', 'x17');
SELECT item, per, n, state, started, ended, used FROM shown WHERE item IN ('x14', 'x15', 'x16', 'x17') ORDER BY item, per, n;

--
-- Cancelled or deleted: counts nowhere, but what was breached stays breached
--
INSERT INTO ticket (id, section, at) VALUES
	('c1 void in time', 'plain', '2020-06-01 10:00'), ('c2 void too late', 'plain', '2020-06-01 10:00'),
	('c3 void on the deadline', 'plain', '2020-06-01 10:00'),
	('c4 deleted in time', 'plain', '2120-06-03 10:00'), ('c5 deleted too late', 'plain', '2020-06-01 10:00');
UPDATE ticket SET at = '2020-06-01 13:00', status = 'void' WHERE id = 'c1 void in time';
UPDATE ticket SET at = '2020-06-01 15:00', status = 'void' WHERE id = 'c2 void too late';
UPDATE ticket SET at = '2020-06-01 14:00', status = 'void' WHERE id = 'c3 void on the deadline';
UPDATE ticket SET at = '2020-06-01 15:00', note = 'x' WHERE id = 'c5 deleted too late';
DELETE FROM ticket WHERE id LIKE 'c_ deleted%';
-- no verdict; breached Mon 14:00; no verdict; no verdict; breached
SELECT item, n, state, breached, verdict FROM shown WHERE item LIKE 'c_ %' ORDER BY item;
-- another key: the old item ends, not yet breached, when the row says that it changed
INSERT INTO ticket (id, section, at) VALUES ('key 1', 'plain', '2020-06-01 10:00');
UPDATE ticket SET at = '2020-06-01 12:00', id = 'key 2' WHERE id = 'key 1';
SELECT item, state, started, ended, verdict FROM shown WHERE item IN ('key 1', 'key 2') AND metric = 'resolution' ORDER BY item;

--
-- Versions: judged by what was promised when the clock started
--
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('ticket', 'versions', 'section = ''versions''');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'versions', 'resolution', '4 bh @desk');
INSERT INTO ticket (id, section, at, opened) VALUES
	('v1', 'versions', '2020-06-01 10:00', '2020-06-01 10:00'), ('v2', 'versions', '2020-06-01 10:00', '2020-06-01 10:00'), ('v3', 'versions', '2020-06-04 10:00', '2020-06-04 10:00');
UPDATE ticket SET at = '2020-06-01 14:00', status = 'done' WHERE id = 'v1';
-- another target from Wednesday on: what started before is not touched
INSERT INTO sla.target (relation, policy, metric, valid_from, goal) VALUES ('ticket', 'versions', 'resolution', '2020-06-03 00:00', '2 bh @desk');
INSERT INTO ticket (id, section, at, opened) VALUES ('v4', 'versions', '2020-06-03 10:00', '2020-06-03 10:00'), ('v5', 'versions', '2020-06-03 10:00', '2020-06-02 16:00');
-- v2 4 bh, Mon 14:00; v3, which started after Wednesday, 2 bh, Thu 12:00; v4 2 bh, Wed 12:00; v5 started on Tuesday: 4 bh, Wed 12:00
SELECT item, hm(started_at) AS started, goal, target_from, hm(due_at) AS due, verdict FROM sla.clock WHERE relation = 'ticket'::regclass AND item IN ('v1', 'v2', 'v3', 'v4', 'v5') ORDER BY item;
-- it was always so: 3 bh.  Its open clocks move (v2 Mon 13:00, v5 Wed 11:00), the finished one stays met
UPDATE sla.target SET goal = '3 bh @desk' WHERE policy = 'versions' AND valid_from = '-infinity';
SELECT item, hm(started_at) AS started, goal, target_from, hm(due_at) AS due, verdict FROM sla.clock WHERE relation = 'ticket'::regclass AND item IN ('v1', 'v2', 'v3', 'v4', 'v5') ORDER BY item;
-- another policy of that name from Friday on, for urgent ones only: v6 has a clock by the old, v7 none, v8 by the new
INSERT INTO sla.policy (relation, name, valid_from, applies_when) VALUES ('ticket', 'versions', '2020-06-05 00:00', 'section = ''versions'' AND prio = 1');
INSERT INTO ticket (id, section, at, opened, prio) VALUES
	('v6', 'versions', '2020-06-05 10:00', '2020-06-04 10:00', 2), ('v7', 'versions', '2020-06-05 10:00', '2020-06-05 10:00', 2), ('v8', 'versions', '2020-06-05 10:00', '2020-06-05 10:00', 1);
SELECT item, hm(started_at) AS started, policy_from, goal, hm(due_at) AS due FROM sla.clock WHERE relation = 'ticket'::regclass AND item IN ('v6', 'v7', 'v8') ORDER BY item;
-- v2 is written again: by the versions in force at its start
UPDATE ticket SET at = '2020-06-08 10:00', note = 'x' WHERE id = 'v2';
SELECT item, state, policy_from, target_from, hm(due_at) AS due FROM sla.clock WHERE relation = 'ticket'::regclass AND item = 'v2';

--
-- Other policies: open clocks go to the one that holds now
--
INSERT INTO sla.policy (relation, name, applies_when, rank) VALUES
	('ticket', 'first', 'section = ''choice'' AND prio = 1', 11), ('ticket', 'second', 'section = ''choice''', 12);
INSERT INTO sla.target (relation, policy, metric, goal) VALUES
	('ticket', 'first', 'resolution', '2 bh @desk'), ('ticket', 'second', 'resolution', '4 bh @desk');
INSERT INTO ticket (id, section, at, prio) VALUES ('j1', 'choice', '2020-06-01 10:00', 1), ('j2', 'choice', '2020-06-01 10:00', 2), ('j3', 'choice', '2020-06-01 10:00', 2);
UPDATE ticket SET at = '2020-06-01 14:00', status = 'done' WHERE id = 'j3';
CREATE VIEW chosen AS
	SELECT item, cycle AS n, policy, state, hm(started_at) AS started, hm(due_at) AS due, verdict FROM sla.clock
	WHERE relation = 'ticket'::regclass AND item LIKE 'j_' AND metric = 'resolution' ORDER BY item, cycle;
SELECT * FROM chosen;		-- j1 first, Mon 12:00; j2 and j3 second, 14:00
-- another condition: j2 too is of the first; j3 is finished
UPDATE sla.policy SET applies_when = 'section = ''choice'' AND prio <= 2' WHERE name = 'first';
SELECT * FROM chosen;
-- another rank: both of the second
UPDATE sla.policy SET rank = 13 WHERE name = 'first';
SELECT * FROM chosen;
-- a better one that was always there: both of it, 11:00
INSERT INTO sla.policy (relation, name, applies_when, rank) VALUES ('ticket', 'zeroth', 'section = ''choice''', 1);
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'zeroth', 'resolution', '1 bh @desk');
SELECT * FROM chosen;
-- gone again: the second; and what is stored then is that
DELETE FROM sla.target WHERE policy = 'zeroth';
DELETE FROM sla.policy WHERE name = 'zeroth';
SELECT * FROM chosen;
SELECT count(*) FROM (SELECT sla.refresh()) r;
SELECT * FROM chosen;
-- none holds any more: cancelled, and breached before
UPDATE sla.policy SET applies_when = 'false' WHERE name IN ('first', 'second');
SELECT * FROM chosen;
SELECT sla.refresh() > 0 AS stored;
SELECT * FROM chosen;
DROP VIEW chosen;

--
-- Agreements: plan and calendar
--
INSERT INTO sla.agreement (party, name, valid_from, plan, calendar, ends_at) VALUES
	('acme', 'contract', '-infinity', 'gold', 'desk', NULL),
	('acme', 'contract', '2020-06-03 00:00', 'silver', 'evening', NULL),
	('gamma', 'contract', '-infinity', 'gold', 'evening', '2020-06-03 00:00');
INSERT INTO sla.policy (relation, name, applies_when, plan, rank) VALUES
	('ticket', 'gold', 'section = ''contract''', 'gold', 1), ('ticket', 'silver', 'section = ''contract''', 'silver', 1), ('ticket', 'anybody', 'section = ''contract''', NULL, 9);
INSERT INTO sla.target (relation, policy, metric, goal) VALUES
	('ticket', 'gold', 'resolution', '2 bh'), ('ticket', 'silver', 'resolution', '3 bh'), ('ticket', 'anybody', 'resolution', '4 bh @desk');
INSERT INTO ticket (id, section, at, party) VALUES
	('k1', 'contract', '2020-06-01 10:00', 'acme'), ('k2', 'contract', '2020-06-03 10:00', 'acme'), ('k3', 'contract', '2020-06-01 10:00', 'beta'),
	('k4', 'contract', '2020-06-01 10:00', 'gamma'), ('k5', 'contract', '2020-06-03 10:00', 'gamma'), ('k6', 'contract', '2020-06-01 10:00', NULL);
-- k1 gold by the desk: 12:00; k2 silver in the evening: 16:00; k3 has no agreement: 14:00; k4 gold in the evening: 15:00;
-- k5: its agreement has ended: 14:00; k6 14:00
SELECT item, policy, agreement, party, hm(due_at) AS due FROM sla.clock WHERE relation = 'ticket'::regclass AND item LIKE 'k_' ORDER BY item;
-- it was always the evening's calendar: the open clock k1 moves to 15:00
UPDATE sla.agreement SET calendar = 'evening' WHERE party = 'acme' AND valid_from = '-infinity';
SELECT item, policy, hm(due_at) AS due FROM sla.clock WHERE relation = 'ticket'::regclass AND item IN ('k1', 'k2') ORDER BY item;
-- that is no other promise for on_retarget: it neither begins anew nor keeps the old calendar
INSERT INTO sla.metric (relation, name, stop_when, on_retarget) VALUES ('ticket', 'anew', 'status = ''done''', 'restart'), ('ticket', 'first', 'status = ''done''', 'ignore');
INSERT INTO sla.policy (relation, name, applies_when, plan) VALUES ('ticket', 'gold, too', 'section = ''contract, too''', 'gold');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'gold, too', 'anew', '2 bh'), ('ticket', 'gold, too', 'first', '2 bh');
INSERT INTO sla.agreement (party, name, plan, calendar) VALUES ('zeta', 'contract', 'gold', 'desk');
INSERT INTO ticket (id, section, at, party) SELECT id, 'contract, too', '2020-06-01 10:00', 'zeta' FROM unnest('{l8,l9}'::text[]) id;
UPDATE sla.agreement SET calendar = 'evening' WHERE party = 'zeta';
SELECT item, metric, goal, hm(started_at) AS started, hm(due_at) AS due, hm(breached_at) AS breached FROM sla.clock WHERE relation = 'ticket'::regclass AND item IN ('l8', 'l9') ORDER BY item, metric;
UPDATE ticket SET at = '2020-06-01 11:00', note = 'x' WHERE id = 'l9';
SELECT sla.refresh() > 0 AS stored;
SELECT item, metric, goal, hm(started_at) AS started, hm(due_at) AS due, hm(breached_at) AS breached FROM sla.clock WHERE relation = 'ticket'::regclass AND item IN ('l8', 'l9') ORDER BY item, metric;
-- a clock that ignores another party's promise stays under its own agreement, whatever is edited and judged again
INSERT INTO sla.agreement (party, name, plan, calendar) VALUES ('eta', 'contract', 'gold', 'desk');
INSERT INTO ticket (id, section, at, party) VALUES ('l10', 'contract, too', '2020-06-01 10:00', 'zeta'), ('l11', 'contract, too', '2020-06-01 10:00', 'zeta');
UPDATE ticket SET at = '2020-06-01 11:00', party = 'eta' WHERE id IN ('l10', 'l11');
UPDATE sla.agreement SET notes = 'x', ends_at = '2030-01-01' WHERE party = 'eta';
UPDATE ticket SET at = '2020-06-01 11:30', note = 'x' WHERE id = 'l10';
SELECT item, metric, goal, party, (SELECT a.party FROM sla.agreement a JOIN sla.clock_state s ON s.agreement_id = a.id WHERE s.clock_id = c.clock_id) AS of, hm(due_at) AS due
FROM sla.clock c WHERE relation = 'ticket'::regclass AND item IN ('l10', 'l11') ORDER BY item, metric;
UPDATE ticket SET at = '2020-06-01 12:00', status = 'done' WHERE id IN ('l10', 'l11');
SELECT count(*) FROM sla.recompute('ticket', '(,)') AS r JOIN sla.clock AS c USING (clock_id) WHERE c.item IN ('l10', 'l11');
-- so does one that ignores another policy's, but when its agreement gets another calendar it always had that: also if
-- the row is first written after the edit, and to the other policy then
INSERT INTO sla.agreement (party, name, calendar) VALUES ('theta', 'contract', 'desk');
INSERT INTO sla.metric (relation, name, stop_when, on_retarget) VALUES ('ticket', 'stays', 'status = ''done''', 'ignore');
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('ticket', 'stay 1', 'section = ''stay 1'''), ('ticket', 'stay 2', 'section = ''stay 2''');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'stay 1', 'stays', '8 bh'), ('ticket', 'stay 2', 'stays', '2 bh @desk');
INSERT INTO ticket (id, section, at, party) SELECT 'l' || n, 'stay 1', '2020-06-01 10:00', 'theta' FROM generate_series(12, 13) n;
UPDATE ticket SET at = '2020-06-01 11:00', section = 'stay 2' WHERE id = 'l12';
UPDATE sla.agreement SET calendar = 'evening' WHERE party = 'theta';
SELECT item, goal, hm(due_at) AS due FROM sla.clock WHERE relation = 'ticket'::regclass AND item IN ('l12', 'l13') ORDER BY item;
UPDATE ticket SET at = '2020-06-01 11:00', section = 'stay 2' WHERE id = 'l13';
SELECT item, goal, hm(due_at) AS due FROM sla.clock WHERE relation = 'ticket'::regclass AND item IN ('l12', 'l13') ORDER BY item;
-- a session's setting decides nothing
SET sla_tracker.calendar = '24/7';
UPDATE ticket SET at = '2020-06-01 11:00', note = 'x' WHERE id = 'k1';
SELECT item, policy, hm(due_at) AS due FROM sla.clock WHERE relation = 'ticket'::regclass AND item = 'k1';
RESET sla_tracker.calendar;
-- another party, and the policy stays: another agreement
INSERT INTO sla.agreement (party, name) VALUES ('delta', 'delta''s');
UPDATE ticket SET at = '2020-06-01 11:00', party = 'delta' WHERE id = 'k3';
SELECT item, policy, agreement, party, hm(due_at) AS due FROM sla.clock WHERE relation = 'ticket'::regclass AND item = 'k3';
-- another plan, and none
UPDATE sla.agreement SET plan = 'silver', calendar = 'desk' WHERE party = 'delta';
SELECT item, policy, agreement, party, hm(due_at) AS due FROM sla.clock WHERE relation = 'ticket'::regclass AND item = 'k3';	-- 13:00
DELETE FROM sla.agreement WHERE party = 'delta';
SELECT item, policy, agreement, party, hm(due_at) AS due FROM sla.clock WHERE relation = 'ticket'::regclass AND item = 'k3';	-- 14:00
-- a clock that starts anew is under the agreement of then, also where its promise stays
INSERT INTO sla.agreement (party, name, valid_from, ends_at) VALUES ('epsilon', 'first', '-infinity', '2020-06-01 12:00'), ('epsilon', 'second', '2020-06-01 12:00', NULL);
INSERT INTO ticket (id, section, at, party) VALUES ('k7', 'retarget', '2020-06-01 10:00', 'epsilon');
SELECT sla.signal('ticket', 'k7', 'stay', 'reset', '2020-06-01 13:00');
SELECT policy, agreement, hm(started_at) AS started FROM sla.clock WHERE relation = 'ticket'::regclass AND item = 'k7' AND metric = 'stay';
SELECT started, changed, cancelled, errors FROM sla.sync('ticket', '{k7}');
-- and ends where nothing is promised then, as the next write would have it
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('ticket', 'until noon', 'section = ''until noon''');
INSERT INTO sla.policy (relation, name, applies_when, valid_from) VALUES ('ticket', 'until noon', 'false', '2020-06-01 12:00');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'until noon', 'stay', '4 bh @desk');
INSERT INTO ticket (id, section, at) VALUES ('k8', 'until noon', '2020-06-01 10:00');
SELECT sla.signal('ticket', 'k8', 'stay', 'reset', '2020-06-01 13:00');
SELECT state, hm(cancelled_at) AS cancelled FROM sla.clock WHERE relation = 'ticket'::regclass AND item = 'k8';
SELECT started, changed, cancelled, errors FROM sla.sync('ticket', '{k8}');
-- a target that could have no calendar is refused: nobody's tickets have a party
CREATE TABLE nobody (id int PRIMARY KEY);
SELECT sla.track('nobody');
INSERT INTO sla.metric (relation, name) VALUES ('nobody', 'age');
INSERT INTO sla.policy (relation, name) VALUES ('nobody', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('nobody', 'all', 'age', '4 bh');
SELECT sla.untrack('nobody', false);
DROP TABLE nobody;

--
-- Exceptions: gross and net
--
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('ticket', 'excepted', 'section = ''excepted''');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'excepted', 'resolution', '4 bh @desk');
INSERT INTO ticket (id, section, at, team, party) VALUES
	('e1', 'excepted', '2020-06-01 10:00', NULL, NULL), ('e2', 'excepted', '2020-06-01 10:00', NULL, NULL), ('e3', 'excepted', '2020-06-01 10:00', NULL, NULL),
	('e4', 'excepted', '2020-06-01 10:00', NULL, NULL), ('e5', 'excepted', '2020-06-01 10:00', NULL, NULL), ('e6', 'excepted', '2020-06-08 10:00', 'E', NULL),
	('e7', 'excepted', '2020-06-08 10:00', 'F', 'p7');
CREATE VIEW net_gross AS
	SELECT item, state, hm(stopped_at) AS stopped, hm(due_at) AS due, hm(gross_due_at) AS gross_due, verdict, gross_verdict, hm(breached_at) AS breached,
		hm(gross_breached_at) AS gross_breached, is_waived
	FROM sla.clock WHERE relation = 'ticket'::regclass AND policy = 'excepted' ORDER BY item;
UPDATE ticket SET at = '2020-06-01 14:30', status = 'done' WHERE id IN ('e2', 'e4');
UPDATE ticket SET at = '2020-06-01 11:00', status = 'waiting' WHERE id = 'e5';
UPDATE ticket SET at = '2020-06-01 13:00', status = 'open' WHERE id = 'e5';
-- not approved: nothing changes
INSERT INTO sla.exception (kind, relation, item, during, reason) VALUES
	('force_majeure', 'ticket', 'e1', '[2020-06-01 11:00,2020-06-01 12:00)', 'no power'), ('force_majeure', 'ticket', 'e2', '[2020-06-01 11:00,2020-06-01 12:00)', 'no power');
SELECT * FROM net_gross WHERE item IN ('e1', 'e2');
-- approved: due 15:00 where gross is 14:00; e2, finished, is met, and gross it stays breached at 14:00
UPDATE sla.exception SET approved_by = 'the boss', approved_at = '2020-06-30' WHERE item IN ('e1', 'e2');
SELECT * FROM net_gross WHERE item IN ('e1', 'e2');
UPDATE ticket SET at = '2020-06-01 14:30', status = 'done' WHERE id = 'e1';
-- e1 too: met, gross breached
SELECT * FROM net_gross WHERE item = 'e1';
-- taken back: both are breached
DELETE FROM sla.exception WHERE item = 'e2';
UPDATE sla.exception SET approved_by = NULL, approved_at = NULL WHERE item = 'e1';
SELECT * FROM net_gross WHERE item IN ('e1', 'e2');
-- e3: 2 bh more: due 16:00; e4: waived, the breach stays visible; e5: what is paused and excluded is taken off once: 11:00-14:00, due 17:00, gross 16:00
INSERT INTO sla.exception (kind, relation, item, during, extend_by, waive, approved_by, approved_at) VALUES
	('customer_delay', 'ticket', 'e3', NULL, '2 bh', false, 'the boss', '2020-06-30'),
	('other', 'ticket', 'e4', NULL, NULL, true, 'the boss', '2020-06-30'),
	('force_majeure', 'ticket', 'e5', '[2020-06-01 12:00,2020-06-01 14:00)', NULL, false, 'the boss', '2020-06-30');
SELECT * FROM net_gross WHERE item IN ('e3', 'e4', 'e5');
-- e10: a date promised by hand moves as well, also of what is measured only: Tue 16:00, and Wed 10:00
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('ticket', 'measure by hand', 'section = ''measure by hand''');
INSERT INTO sla.target (relation, policy, metric) VALUES ('ticket', 'measure by hand', 'by hand');
INSERT INTO ticket (id, section, at, promised, party) VALUES ('e10', 'measure by hand', '2020-06-01 10:00', '2020-06-02 16:00', 'measured');
INSERT INTO sla.exception (kind, relation, item, extend_by, approved_by, approved_at) VALUES ('customer_delay', 'ticket', 'e10', '2 bh', 'the boss', '2020-06-30');
SELECT hm(gross_due_at) AS gross_due, hm(due_at) AS due FROM sla.clock WHERE relation = 'ticket'::regclass AND item = 'e10';
-- scopes.  e6 by its labels, weekly maintenance whose second Monday it is: 15:00; e7 by its party and the policy: 16:00
INSERT INTO sla.exception (kind, relation, policy, party, labels, during, rrule, approved_by, approved_at) VALUES
	('maintenance', 'ticket', NULL, NULL, '{"team": "E"}', '[2020-06-01 12:00,2020-06-01 13:00)', 'FREQ=WEEKLY;COUNT=3', 'the boss', '2020-06-30'),
	('maintenance', 'ticket', 'excepted', 'p7', NULL, '[2020-06-08 12:00,2020-06-08 14:00)', NULL, 'the boss', '2020-06-30'),
	('maintenance', 'ticket', 'plain', 'p7', NULL, '[2020-06-08 14:00,2020-06-08 16:00)', NULL, 'the boss', '2020-06-30'),
	('maintenance', 'ticket', 'excepted', 'p8', NULL, '[2020-06-08 09:00,2020-06-08 12:00)', NULL, 'the boss', '2020-06-30');
SELECT * FROM net_gross WHERE item IN ('e6', 'e7');
-- taken back, an exception leaves nothing behind, also where the calendar is another since
INSERT INTO ticket (id, section, at) VALUES ('e9', 'excepted', '2020-06-22 10:00');
UPDATE ticket SET at = '2020-06-22 13:00', status = 'done' WHERE id = 'e9';
UPDATE sla.calendar SET hours = 'TZ=UTC Mo-Fr 08:00-11:00,13:00-17:00' WHERE name = 'desk';
INSERT INTO sla.exception (kind, relation, item, during, approved_by, approved_at) VALUES
	('maintenance', 'ticket', 'e9', '[2020-06-22 10:30,2020-06-22 11:30)', 'the boss', '2020-06-30');
SELECT item, verdict, gross_verdict, hm(gross_due_at) AS gross_due FROM sla.clock WHERE relation = 'ticket'::regclass AND item = 'e9';
DELETE FROM sla.exception WHERE item = 'e9';
SELECT item, due, verdict, used, paused FROM shown WHERE item = 'e9';	-- Mon 14:00, met, 180
UPDATE sla.calendar SET hours = 'TZ=UTC Mo-Fr 09:00-17:00' WHERE name = 'desk';
-- extensions of clocks that run or are over are recorded, also when they change or are taken back; time that does not count is not
INSERT INTO ticket (id, section, at) SELECT id, 'excepted', '2020-06-29 10:00' FROM unnest('{ext1,ext2,ext3}'::text[]) id;
UPDATE ticket SET at = '2020-06-29 15:00', status = 'done' WHERE id = 'ext2';
CREATE VIEW extensions AS
SELECT c.item, x.kind, hm(c.started_at) AS started, x.before ->> 'extended_by' AS was, x.after ->> 'extended_by' AS is,
	hm((x.before ->> 'due_at')::timestamptz) AS due, hm((x.after ->> 'due_at')::timestamptz) AS due_now, x.before ? 'breached_at' AND x.before ->> 'breached_at' IS NOT NULL AS breached
FROM sla.clock_change AS x
JOIN sla.clock AS c ON c.clock_id = x.clock
WHERE c.relation = 'ticket'::regclass AND c.item LIKE 'ext%'
ORDER BY x.id, c.item COLLATE "C";
INSERT INTO sla.exception (kind, relation, labels, extend_by, approved_by, approved_at)
SELECT 'customer_delay', 'ticket', '{"team": "X"}', '1 bh', 'the boss', '2020-06-30';
INSERT INTO sla.exception (kind, relation, item, extend_by, approved_by, approved_at)
SELECT 'customer_delay', 'ticket', item, '2 bh', 'the boss', '2020-06-30' FROM unnest('{ext1,ext2,ext3}'::text[]) item;
SELECT * FROM extensions;
SELECT sla.refresh() > 0 AS stored;
SELECT * FROM extensions;	-- ext1 and ext3 from 14:00 to 16:00, and ext2, which was breached
UPDATE ticket SET at = '2020-06-29 13:00', team = 'X' WHERE id = 'ext3';
UPDATE sla.exception SET during = '[2020-06-29 11:00,2020-06-29 11:30)' WHERE item = 'ext1';
SELECT sla.refresh() > 0 AS stored;
SELECT * FROM extensions OFFSET 3;	-- ext3 by its new label to 17:00
DELETE FROM sla.exception WHERE item IN ('ext1', 'ext2', 'ext3');
UPDATE ticket SET at = '2020-06-29 14:30', status = 'done' WHERE id = 'ext1';	-- stores what was taken back
SELECT sla.refresh() > 0 AS stored;
SELECT * FROM extensions OFFSET 4;	-- ext1 from 16:30 to 14:00 again, and so on
DELETE FROM sla.exception WHERE labels = '{"team": "X"}';
SELECT sla.refresh() > 0 AS stored;
SELECT * FROM extensions OFFSET 7;
SELECT * FROM sla.verify('ticket');
DROP VIEW extensions;
-- a clock that starts under an exception
INSERT INTO ticket (id, section, at, team) VALUES ('e8', 'excepted', '2020-06-15 11:00', 'E');
SELECT * FROM net_gross WHERE item = 'e8';	-- 16:00, gross 15:00

--
-- When the ground moves: open clocks do, finished ones do not
--
INSERT INTO ticket (id, section, at) SELECT id, 'plain', '2020-06-22 15:00' FROM unnest('{y1,y2}'::text[]) id;
UPDATE ticket SET at = '2020-06-23 11:00', status = 'done' WHERE id = 'y2';
SELECT item, state, due, verdict FROM shown WHERE item IN ('y1', 'y2') ORDER BY item;		-- Tue 11:00, both; y2 met
INSERT INTO sla.holiday (calendar, day, name) VALUES ('desk', '2020-06-23', 'Founding Day');
SELECT item, state, due, verdict FROM shown WHERE item IN ('y1', 'y2') ORDER BY item;		-- Wed 11:00; y2 as it was
UPDATE sla.calendar SET hours = 'TZ=UTC Mo-Fr 09:00-16:00' WHERE name = 'desk';
SELECT item, state, due, verdict FROM shown WHERE item IN ('y1', 'y2') ORDER BY item;		-- Wed 12:00
UPDATE ticket SET at = '2020-06-22 15:30', note = 'x' WHERE id = 'y1';
SELECT item, state, due, verdict FROM shown WHERE item = 'y1';
DELETE FROM sla.holiday WHERE day = '2020-06-23';
UPDATE sla.calendar SET hours = 'TZ=UTC Mo-Fr 09:00-17:00' WHERE name = 'desk';
SELECT item, state, due, verdict FROM shown WHERE item IN ('y1', 'y2') ORDER BY item;		-- Tue 11:00 again
-- deleted before what an edit moved is stored, a clock is judged as it read: 2 bh, breached at 12:00
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('ticket', 'deleted', 'section = ''deleted''');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'deleted', 'resolution', '4 bh @desk');
INSERT INTO ticket (id, section, at) VALUES ('y4', 'deleted', '2020-06-22 10:00');
UPDATE sla.target SET goal = '2 bh @desk' WHERE policy = 'deleted';
SELECT item, state, due, breached FROM shown WHERE item = 'y4';
DELETE FROM ticket WHERE id = 'y4';
SELECT item, state, due, breached FROM shown WHERE item = 'y4';
-- nor do they when the item is looked at anew because of another edit: resolution stays due Tue 11:30 and breached, update moves to 14:30
INSERT INTO sla.policy (relation, name, applies_when, rank) VALUES ('ticket', 'ground', 'section = ''ground''', 50);
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'ground', 'resolution', '4 bh @desk'), ('ticket', 'ground', 'update', '4 bh @desk');
INSERT INTO sla.exception (kind, relation, item, during, approved_by, approved_at) VALUES
	('maintenance', 'ticket', 'y3', '[2020-06-22 15:00,2020-06-22 15:30)', 'the boss', '2020-06-30');
INSERT INTO ticket (id, section, at) VALUES ('y3', 'ground', '2020-06-22 15:00');
UPDATE ticket SET at = '2020-06-23 12:00', status = 'done' WHERE id = 'y3';
UPDATE sla.calendar SET hours = 'TZ=UTC Mo-Fr 12:00-17:00' WHERE name = 'desk';
UPDATE sla.policy SET rank = 51 WHERE name = 'ground';
SELECT sla.refresh() > 0 AS stored;
SELECT item, metric, state, due, verdict FROM shown WHERE item = 'y3' ORDER BY metric;
SELECT * FROM sla.verify('ticket');
UPDATE sla.calendar SET hours = 'TZ=UTC Mo-Fr 09:00-17:00' WHERE name = 'desk';

--
-- Facts corrected, and history judged again
--
INSERT INTO ticket (id, section, at) SELECT id, 'plain', '2020-06-15 10:00' FROM unnest('{z1,z2}'::text[]) id;
UPDATE ticket SET at = '2020-06-15 15:00', status = 'done' WHERE id IN ('z1', 'z2');
SELECT sla.correct(clock_id, NULL, '2020-06-15 13:30', 'answered by phone') FROM sla.clock WHERE relation = 'ticket'::regclass AND item = 'z1';
-- z1 met, 210 used; z2 breached
SELECT item, state, started, ended, due, breached, verdict, used FROM shown WHERE item IN ('z1', 'z2') ORDER BY item;
SELECT kind, reason, before IS NOT NULL AND after IS NOT NULL AS told FROM sla.clock_change x JOIN sla.clock c ON c.clock_id = x.clock WHERE item = 'z1' AND c.relation = 'ticket'::regclass;
-- the next write does not undo it
UPDATE ticket SET at = '2020-06-16 09:00', note = 'x' WHERE id = 'z1';
SELECT FROM sla.sync('ticket', '{z1}');
SELECT item, ended, verdict FROM shown WHERE item = 'z1';
-- what is told of before is what was: y2 had met its deadline
SELECT sla.correct(clock_id, NULL, '2020-06-23 10:30', 'answered earlier') FROM sla.clock WHERE relation = 'ticket'::regclass AND item = 'y2';
SELECT hm((before ->> 'stopped_at')::timestamptz) AS before, before ->> 'breached_at' AS breached, hm((after ->> 'stopped_at')::timestamptz) AS after
FROM sla.clock_change x JOIN sla.clock c ON c.clock_id = x.clock WHERE item = 'y2' AND c.relation = 'ticket'::regclass;
-- a corrected start may lie in an earlier version: v3 from Tuesday has 3 bh, until 13:00, and no sync finds more to do
SELECT sla.correct(clock_id, '2020-06-02 10:00', NULL, 'phoned on Tuesday') FROM sla.clock WHERE relation = 'ticket'::regclass AND item = 'v3';
SELECT item, hm(started_at) AS started, goal, hm(due_at) AS due FROM sla.clock WHERE relation = 'ticket'::regclass AND item = 'v3';
SELECT started, changed, cancelled, errors FROM sla.sync('ticket', '{v3}');
-- hours that were wrong: first asked, then done; what is before the time asked for is not touched
UPDATE sla.calendar SET hours = 'TZ=UTC Mo-Fr 08:00-12:00,13:00-17:00' WHERE name = 'desk';
SELECT item, metric, hm(before_due_at) AS before_due, hm(after_due_at) AS after_due, before_verdict, after_verdict
FROM sla.recompute('ticket', '[2020-06-15 00:00,2020-06-16 00:00)') WHERE item IN ('z1', 'z2') ORDER BY item;
SELECT item, due, verdict FROM shown WHERE item IN ('z1', 'z2') ORDER BY item;		-- as they were: Mon 14:00
SELECT count(*) > 0 AS done FROM sla.recompute('ticket', '[2020-06-15 00:00,2020-06-16 00:00)', false);
SELECT item, due, verdict FROM shown WHERE item IN ('a on time', 'z1', 'z2') ORDER BY item;	-- z1 met, z2 met at 15:00; "a" as it was
UPDATE sla.calendar SET hours = 'TZ=UTC Mo-Fr 09:00-17:00' WHERE name = 'desk';

--
-- Now: a breach is there at its very instant, with no job running; and who
-- tells no event time means the instant of the write, not the transaction's start
--
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('ticket', 'live', 'section = ''live''');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'live', 'resolution', '100 bm @24/7');
BEGIN;
INSERT INTO ticket (id, section, at)
	SELECT 'live ' || m, 'live', now() - m * interval '1 min' FROM unnest('{74,76,99,100,100.0000001,101}'::numeric[]) m;
-- at risk from three quarters on; breached after 100 minutes, not at their end
SELECT c.item, c.state, c.verdict, r.is_at_risk, r.is_breached, round(r.used_percent::numeric) AS used_percent
FROM sla.clock c JOIN sla.report_open r USING (clock_id) WHERE c.relation = 'ticket'::regclass AND c.item LIKE 'live %' ORDER BY c.started_at DESC;
ROLLBACK;
CREATE TABLE plain (id int PRIMARY KEY, is_done boolean DEFAULT false);
SELECT sla.track('plain');
INSERT INTO sla.metric (relation, name, stop_when) VALUES ('plain', 'age', 'is_done');
INSERT INTO sla.policy (relation, name) VALUES ('plain', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('plain', 'all', 'age', '1 bd @desk');
BEGIN;
SELECT pg_sleep(0.01);
INSERT INTO plain VALUES (1);
UPDATE plain SET is_done = true;
SELECT now() < started_at AS after_the_begin, started_at < stopped_at AS in_order, stopped_at < clock_timestamp() AS before_now FROM sla.clock WHERE relation = 'plain'::regclass;
COMMIT;
SELECT sla.untrack('plain', false);
DROP TABLE plain;

--
-- Expressions are of the tracked table's time zone, whatever the session's
--
CREATE TABLE zoned (id int PRIMARY KEY, opened text, wanted date, note text);
SELECT sla.track('zoned', at => 'opened::timestamptz', time_zone => 'America/New_York', labels => 'jsonb_build_object(''hour'', to_char(opened::timestamptz, ''HH24''))');
INSERT INTO sla.metric (relation, name, start_at, due_at) VALUES ('zoned', 'ready', 'opened::timestamptz', 'wanted + time ''17:00''');
INSERT INTO sla.policy (relation, name) VALUES ('zoned', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('zoned', 'all', 'ready', '4 bh @24/7');
INSERT INTO zoned VALUES (1, '2020-06-01 10:00', '2020-06-02');
SET timezone = 'Asia/Tokyo';
SET datestyle = 'SQL, DMY';
INSERT INTO zoned VALUES (2, '2020-06-01 10:00', '2020-06-02');
UPDATE zoned SET note = 'x', wanted = '2020-06-03' WHERE id = 1;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
-- from 14:00Z, hour 10; due 21:00Z on the 3rd, and on the 2nd
SELECT item, started_at, due_at, labels FROM sla.clock WHERE relation = 'zoned'::regclass ORDER BY item;
SELECT sla.untrack('zoned', false);
DROP TABLE zoned;

--
-- Labels, owner and party follow while the clock runs and freeze when it stops
--
INSERT INTO ticket (id, section, at, team, party) VALUES ('w1', 'plain', '2120-06-03 10:00', 'A', 'acme');
UPDATE ticket SET at = '2120-06-03 11:00', team = 'B', party = 'beta' WHERE id = 'w1';
SELECT item, owner, party, labels FROM sla.clock WHERE relation = 'ticket'::regclass AND item = 'w1';	-- B, beta
UPDATE ticket SET at = '2120-06-03 12:00', status = 'done', team = 'C' WHERE id = 'w1';
UPDATE ticket SET at = '2120-06-03 13:00', team = 'D', party = 'gamma' WHERE id = 'w1';
SELECT item, owner, party, labels FROM sla.clock WHERE relation = 'ticket'::regclass AND item = 'w1';	-- C, beta

--
-- The same once more changes nothing; sync heals what was missed
--
SELECT sla.refresh() > 0 AS stored;
CREATE TABLE before AS SELECT * FROM sla.clock WHERE relation = 'ticket'::regclass;
CREATE TABLE pauses_before AS SELECT * FROM sla.pause WHERE relation = 'ticket'::regclass;
CREATE TABLE changes_before AS SELECT * FROM sla.clock_change;
CREATE FUNCTION nothing_changed() RETURNS boolean LANGUAGE sql AS $$
	SELECT NOT EXISTS (SELECT clock_id, item, metric, per, cycle, state, started_at, stopped_at, cancelled_at, due_at, gross_due_at, threshold_at, breached_at, verdict, gross_verdict, budget_seconds, owner, party, labels
			FROM before EXCEPT SELECT clock_id, item, metric, per, cycle, state, started_at, stopped_at, cancelled_at, due_at, gross_due_at, threshold_at, breached_at, verdict, gross_verdict, budget_seconds, owner, party, labels
			FROM sla.clock WHERE relation = 'ticket'::regclass)
		AND (SELECT count(*) FROM before) = (SELECT count(*) FROM sla.clock WHERE relation = 'ticket'::regclass)
		AND NOT EXISTS (TABLE pauses_before EXCEPT SELECT * FROM sla.pause WHERE relation = 'ticket'::regclass)
		AND (SELECT count(*) FROM pauses_before) = (SELECT count(*) FROM sla.pause WHERE relation = 'ticket'::regclass)
		AND NOT EXISTS (TABLE sla.clock_change EXCEPT TABLE changes_before)
$$;
SELECT count(*) > 150 AS enough FROM before;
SELECT * FROM sla.verify('ticket');
UPDATE ticket SET at = at;
SELECT nothing_changed();
UPDATE ticket SET note = 'written again';
SELECT nothing_changed();
SELECT items = (SELECT count(*) FROM ticket) AS all_items, started, changed, cancelled, errors FROM sla.sync('ticket');
SELECT nothing_changed();
SELECT * FROM sla.sync('ticket', '{a on time,p4 lasts,no such}');
SELECT nothing_changed();
SELECT * FROM sla.verify('ticket');
-- with triggers off: one new, one done, one reopened, one gone
SET session_replication_role = replica;
INSERT INTO ticket (id, section, at) VALUES ('q1', 'plain', '2020-06-01 10:00');
UPDATE ticket SET at = '2020-06-08 12:00', status = 'done' WHERE id = 'e3';
UPDATE ticket SET at = '2020-06-17 12:00', status = 'open' WHERE id = 'z2';
DELETE FROM ticket WHERE id = 'y1';
SET session_replication_role = origin;
SELECT started, cancelled, errors FROM sla.sync('ticket');
SELECT item, n, state, started, ended, due, breached, verdict FROM shown WHERE item IN ('q1', 'e3', 'z2') AND metric = 'resolution' ORDER BY item;
SELECT item, n, state, breached, verdict FROM shown WHERE item = 'y1' ORDER BY item;
SELECT started, changed, cancelled, errors FROM sla.sync('ticket');
SELECT * FROM sla.verify('ticket');
DROP TABLE before, pauses_before, changes_before;
DROP FUNCTION nothing_changed;

-- nothing is left
DROP VIEW shown, net_gross;
SELECT sla.untrack('ticket', false);
DROP FUNCTION hm;
DROP TABLE ticket, log;
DELETE FROM sla.exception;
DELETE FROM sla.agreement;
DELETE FROM sla.calendar;
DELETE FROM sla.calendar_history;
SELECT count(*) AS clocks FROM sla.clock;
SELECT (SELECT count(*) FROM sla.tracked) AS tracked, (SELECT count(*) FROM sla.metric) AS metrics, (SELECT count(*) FROM sla.policy) AS policies,
	(SELECT count(*) FROM sla.target) AS targets, (SELECT count(*) FROM sla.source) AS sources;
