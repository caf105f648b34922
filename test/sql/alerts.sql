--
-- Alerts: each threshold of a clock is told once while it is true.
--
-- 2020-06-01 is a Monday; the desk is open Mo-Fr 09:00-17:00 UTC.  Ticks are as
-- of instants of that week, so that everything is late when it becomes known
-- and is looked at by the next tick.  What the clock of the wall decides is in
-- the last part, and in test/t/tick.pl.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
\set ECHO all
\set SHOW_CONTEXT never
INSERT INTO sla.calendar (name, hours) VALUES ('desk', 'TZ=UTC Mo-Fr 09:00-17:00');
CREATE TABLE ticket (
	id text PRIMARY KEY,
	at timestamptz NOT NULL DEFAULT '2020-06-01 09:00',
	opened timestamptz NOT NULL DEFAULT '2020-06-01 09:00',
	done timestamptz,
	status text NOT NULL DEFAULT 'open',
	tier text NOT NULL DEFAULT 'plain',
	promised timestamptz,
	team text
);
SELECT sla.track('ticket', at => 'at', labels => 'jsonb_build_object(''team'', team)', owner => 'team', party => 'tier');
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at, pause_when, cancel_when, due_at) VALUES
	('ticket', 'resolution', 'opened', 'status = ''done''', 'done', 'status = ''waiting''', 'status = ''void''', 'promised');
INSERT INTO sla.policy (relation, name, applies_when, rank) VALUES
	('ticket', 'gold', 'tier = ''gold''', 1),
	('ticket', 'silver', 'tier = ''silver''', 2),
	('ticket', 'plain', 'true', 9);
-- alerts at 50 %, 100 % and 150 % of four hours; gold has a threshold beyond its goal; silver has no fractions
INSERT INTO sla.target (relation, policy, metric, goal, threshold, alert_at) VALUES
	('ticket', 'plain', 'resolution', '4 bh @desk', NULL, '{0.5,1,1.5}'),
	('ticket', 'gold', 'resolution', '2 bh @desk', '3 bh @desk', '{0.5,1}'),
	('ticket', 'silver', 'resolution', '4 bh @desk', NULL, '{}');
CREATE FUNCTION hm(t timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT to_char(t, 'Dy HH24:MI')
$$;
CREATE VIEW told AS
	SELECT item, kind, at_fraction AS part, policy, hm(at) AS at, hm(due_at) AS due, hm(raised_at) AS raised, hm(withdrawn_at) AS withdrawn
	FROM sla.alert ORDER BY item, id;
CREATE FUNCTION tick(at timestamptz) RETURNS bigint LANGUAGE sql AS $$
	SELECT coalesce(sum(done), 0) FROM sla.tick(tick.at) WHERE step = 'clocks'
$$;

--
-- One clock from its start to its breach and beyond
--
INSERT INTO ticket (id, team) VALUES ('a', 'print');
SELECT tick('2020-06-01 10:00');
-- nothing at the very instant of a threshold, something a microsecond later
SELECT tick('2020-06-01 11:00');
SELECT tick('2020-06-01 11:00:00.000001');
-- the same again changes nothing
SELECT tick('2020-06-01 11:00:00.000001'), tick('2020-06-01 12:59');
SELECT * FROM told;
-- the goal is the threshold here: at 100 % there is one alert, the breach
SELECT tick('2020-06-01 13:00'), tick('2020-06-01 13:01');
-- fractions above 1 escalate
SELECT tick('2020-06-01 15:00'), tick('2020-06-01 15:00:01'), tick('2020-06-02 15:00');
SELECT * FROM told;
SELECT kind, relation, item, metric, per, cycle, policy, at_fraction, party, owner, labels, notify, silence, delivered_at FROM sla.alert ORDER BY id;

--
-- Who comes late hears the highest, once
--
INSERT INTO ticket (id) VALUES ('b');
SELECT tick('2020-06-01 14:00'), tick('2020-06-01 14:10');
SELECT * FROM told WHERE item = 'b';
INSERT INTO ticket (id) VALUES ('c');
SELECT tick('2020-06-03 09:00'), tick('2020-06-03 09:10');
SELECT * FROM told WHERE item IN ('b', 'c');
-- no storm of what arrives finished
INSERT INTO ticket (id, status, done) SELECT 'f' || i, 'done', '2020-06-02 16:00' FROM generate_series(1, 5) i;
SELECT tick('2020-06-03 09:00');
-- nor of what ended before it was looked at
INSERT INTO ticket (id) VALUES ('g');
UPDATE ticket SET status = 'done', done = '2020-06-02 16:00', at = '2020-06-02 16:00' WHERE id = 'g';
SELECT tick('2020-06-03 09:00');
SELECT count(*) FROM told WHERE item LIKE 'f%' OR item = 'g';

--
-- A threshold beyond the goal: the breach is at it
--
INSERT INTO ticket (id, tier) VALUES ('h', 'gold');
SELECT tick('2020-06-01 10:01'), tick('2020-06-01 11:01'), tick('2020-06-01 12:01');
SELECT * FROM told WHERE item = 'h';
-- without fractions the breach alone
INSERT INTO ticket (id, tier) VALUES ('i', 'silver');
SELECT tick('2020-06-01 12:59'), tick('2020-06-01 13:01'), tick('2020-06-03 13:01');
SELECT * FROM told WHERE item = 'i';

--
-- Pauses: time stands still, and what was told stays true
--
INSERT INTO ticket (id) VALUES ('p');
UPDATE ticket SET status = 'waiting', at = '2020-06-01 10:00' WHERE id = 'p';
SELECT tick('2020-06-01 16:00');
UPDATE ticket SET status = 'open', at = '2020-06-01 16:00' WHERE id = 'p';
SELECT tick('2020-06-01 16:59'), tick('2020-06-02 09:01');
UPDATE ticket SET status = 'waiting', at = '2020-06-02 10:00' WHERE id = 'p';
SELECT tick('2020-06-04 09:00');
UPDATE ticket SET status = 'open', at = '2020-06-04 10:00' WHERE id = 'p';
SELECT tick('2020-06-04 10:59'), tick('2020-06-04 11:01');
SELECT * FROM told WHERE item = 'p';
-- a pause that is told of late takes an alert back, and arms it again
INSERT INTO ticket (id) VALUES ('q');
SELECT tick('2020-06-01 11:05');
UPDATE ticket SET status = 'waiting', at = '2020-06-01 10:30' WHERE id = 'q';
SELECT tick('2020-06-01 11:06'), tick('2020-06-01 16:00');
UPDATE ticket SET status = 'open', at = '2020-06-01 15:00' WHERE id = 'q';
SELECT tick('2020-06-01 15:20'), tick('2020-06-01 15:31');
SELECT * FROM told WHERE item = 'q';
-- nor does a pause after the deadline, though that stays where it was: time stands still for the fractions beyond
INSERT INTO ticket (id) VALUES ('r');
SELECT tick('2020-06-01 13:01');
UPDATE ticket SET status = 'waiting', at = '2020-06-01 14:00' WHERE id = 'r';
SELECT tick('2020-06-01 15:01'), tick('2020-06-02 10:00');
UPDATE ticket SET status = 'open', at = '2020-06-02 11:00' WHERE id = 'r';
SELECT tick('2020-06-02 12:00'), tick('2020-06-02 12:01');
UPDATE ticket SET status = 'waiting', at = '2020-06-02 11:30' WHERE id = 'r';
SELECT tick('2020-06-02 12:02');
SELECT * FROM told WHERE item = 'r';
INSERT INTO sla.exception (relation, item, during, reason, approved_by, approved_at)
VALUES ('ticket', 'r', '[2020-06-01 13:30,2020-06-01 13:45)', 'after the deadline', 'test', '2020-06-02');
UPDATE ticket SET status = 'open', at = '2020-06-02 13:00' WHERE id = 'r';
SELECT tick('2020-06-02 13:45'), tick('2020-06-02 13:46');
-- (by an exception of what was told before, too)
INSERT INTO sla.exception (relation, item, during, reason, approved_by, approved_at)
VALUES ('ticket', 'r', '[2020-06-01 13:00,2020-06-01 13:30)', 'the same', 'test', '2020-06-02');
SELECT tick('2020-06-02 13:47'), tick('2020-06-02 14:15:01');
SELECT * FROM told WHERE item = 'r';
-- an end that is told of late takes back what is beyond it, and the breach is told instead
INSERT INTO ticket (id) VALUES ('r2');
SELECT tick('2020-06-02 14:15:02');
UPDATE ticket SET status = 'done', done = '2020-06-01 14:30', at = '2020-06-02 14:15' WHERE id = 'r2';
SELECT tick('2020-06-02 14:15:03'), tick('2020-06-02 14:15:04');
SELECT * FROM told WHERE item = 'r2';
DELETE FROM sla.exception WHERE item = 'r';
DELETE FROM ticket WHERE id IN ('r', 'r2');
SELECT tick('2020-06-02 14:16');

--
-- Ends: on time, in arrears, cancelled
--
INSERT INTO ticket (id) VALUES ('s1'), ('s2'), ('s3'), ('s4');
SELECT tick('2020-06-01 11:05');
UPDATE ticket SET status = 'done', done = '2020-06-01 11:10', at = '2020-06-01 11:10' WHERE id = 's1';
UPDATE ticket SET status = 'done', done = '2020-06-01 10:59', at = '2020-06-01 11:10' WHERE id = 's2';
UPDATE ticket SET status = 'void', at = '2020-06-01 11:10' WHERE id = 's3';
SELECT tick('2020-06-01 13:05');
UPDATE ticket SET status = 'void', at = '2020-06-01 13:10' WHERE id = 's4';
SELECT tick('2020-06-01 13:15');
-- s1 stays, s2 was done before, s3 counts nowhere, s4 was breached and stays so
SELECT * FROM told WHERE item LIKE 's_';
-- reopened: the closed time is a pause, and what is left is told
UPDATE ticket SET status = 'open', at = '2020-06-02 09:00' WHERE id IN ('s1', 's2');
SELECT tick('2020-06-02 09:00:30'), tick('2020-06-02 09:01:30'), tick('2020-06-02 11:00');
SELECT * FROM told WHERE item IN ('s1', 's2');

--
-- Another promise
--
INSERT INTO ticket (id) VALUES ('t1'), ('t2'), ('t3');
SELECT tick('2020-06-01 11:30');
-- gold has two hours: at 11:30 its 100 % is passed; silver tells the breach alone
UPDATE ticket SET tier = 'gold', at = '2020-06-01 11:30' WHERE id = 't1';
UPDATE ticket SET tier = 'silver', at = '2020-06-01 11:30' WHERE id = 't2';
SELECT tick('2020-06-01 11:31'), tick('2020-06-01 11:59');
-- back to four hours, of which 150 minutes are used: 50 % are still true, and 100 % will be told again
UPDATE ticket SET tier = 'plain', at = '2020-06-01 11:59' WHERE id = 't1';
SELECT tick('2020-06-01 12:01'), tick('2020-06-01 13:01');
SELECT * FROM told WHERE item LIKE 't_';
-- a date promised by hand
UPDATE ticket SET promised = '2020-06-05 12:00', at = '2020-06-01 13:02' WHERE id = 't3';
SELECT tick('2020-06-01 13:02'), tick('2020-06-05 12:01');
SELECT * FROM told WHERE item = 't3';
-- one that was over before the start is a breach, and not a fraction of nothing
INSERT INTO ticket (id, promised) VALUES ('t4', '2020-05-29 12:00');
SELECT tick('2020-06-05 12:02');
SELECT * FROM told WHERE item = 't4';

--
-- The ground moves
--
INSERT INTO ticket (id) VALUES ('u'), ('u2');
SELECT tick('2020-06-01 11:30');
-- an edit of a target
UPDATE sla.target SET goal = '6 bh @desk' WHERE policy = 'plain';
SELECT tick('2020-06-01 11:31') > 0 AS is_withdrawn, tick('2020-06-01 12:01') > 0 AS is_told_again;
SELECT * FROM told WHERE item = 'u';
-- other fractions raise nothing of what was told, and no storm
UPDATE sla.target SET alert_at = '{0.4,0.9}' WHERE policy = 'plain';
SELECT tick('2020-06-01 12:02');
SELECT * FROM told WHERE item = 'u';
-- a holiday, in arrears; not for what ended before it was known
UPDATE ticket SET status = 'done', at = '2020-06-01 12:02:30' WHERE id = 'u2';
INSERT INTO sla.holiday (calendar, day) VALUES ('desk', '2020-06-01');
SELECT tick('2020-06-01 12:03') > 0 AS is_withdrawn;
SELECT * FROM told WHERE item IN ('u', 'u2');
DELETE FROM sla.holiday;
UPDATE sla.target SET goal = '4 bh @desk', alert_at = '{0.5,1,1.5}' WHERE policy = 'plain';
SELECT count(*) > 0 AS ticked FROM sla.tick('2020-06-01 11:31');
-- a waiver takes the breach back, and what would follow it
SELECT tick('2020-06-01 13:05') > 0 AS is_breached;
INSERT INTO sla.exception (relation, kind, item, waive, approved_by, approved_at) VALUES ('ticket', 'force_majeure', 'u', true, 'me', '2020-06-01');
SELECT tick('2020-06-01 13:06') > 0 AS is_withdrawn, tick('2020-06-02 13:06') > 0 AS others;
SELECT * FROM told WHERE item = 'u';
DELETE FROM sla.exception;

--
-- Silences
--
INSERT INTO sla.silence (relation, item, during, reason) VALUES ('ticket', 'v1', '[2020-06-01 11:00,2020-06-01 12:00)', 'moving house');
INSERT INTO sla.silence (relation, labels, during) VALUES ('ticket', '{"team": "moles"}', '[2020-06-01 11:00,2020-06-01 12:00)');
INSERT INTO sla.silence (relation, party, during) VALUES ('ticket', 'plain', '[2020-06-02,)'), ('ticket', 'nobody', '(,)');
INSERT INTO ticket (id, team) VALUES ('v1', 'print'), ('v2', 'moles'), ('v3', 'print');
SELECT tick('2020-06-01 11:30'), tick('2020-06-01 13:30'), tick('2020-06-02 09:00');
SELECT item, at_fraction, hm(raised_at) AS raised, silence - (SELECT min(id) FROM sla.silence) + 1 AS silence FROM sla.alert WHERE item LIKE 'v_' ORDER BY item, id;
DELETE FROM sla.silence;

--
-- Acknowledging
--
SELECT min(id) AS alert FROM sla.alert WHERE item = 'v1' \gset
SELECT sla.acknowledge(:alert, 'looking', 'ann'), sla.acknowledge(:alert, 'me too', 'bob');
SELECT sla.acknowledge(-1);
SELECT item, used_percent, is_true, is_silenced, is_acknowledged, acknowledged_by, acknowledged_role = session_user AS is_me, note FROM sla.report_alert WHERE alert = :alert;

--
-- What a tick says, and when the next is wanted
--
SELECT step, problem FROM sla.tick('2020-06-02 09:00') WHERE step IN ('refresh', 'clocks');
SELECT * FROM sla.tick('infinity');
SELECT * FROM sla.tick(max_items => 0);
-- bounded (a definition that changed takes three ticks to settle)
SELECT tick('2020-06-02 09:00');
SELECT tick('2020-06-02 09:00');
TRUNCATE sla.clock_due, sla.clock_due_new;
SELECT sla.next_tick();
-- an alert of a burn rule that is gone is to be withdrawn
INSERT INTO sla.alert (kind, at, raised_at, objective, rule) VALUES ('burn_rate', '2020-06-02', '2020-06-02', 'gone', 'fast');
SELECT sla.next_tick() <= now() AS now;
SELECT done FROM sla.tick('2020-06-02 09:00') WHERE step = 'burn rates';
SELECT sla.next_tick();
DELETE FROM sla.alert WHERE objective = 'gone';
INSERT INTO ticket (id) SELECT 'w' || i FROM generate_series(1, 5) i;
SELECT sla.next_tick();
SELECT done FROM sla.tick('2020-06-01 11:30', 2) WHERE step = 'clocks';
SELECT done FROM sla.tick('2020-06-01 11:30', 2) WHERE step = 'clocks';
SELECT sla.next_tick();
SELECT done FROM sla.tick('2020-06-01 11:30', 2) WHERE step = 'clocks';
SELECT sla.next_tick();
-- stale clocks are to be stored
UPDATE sla.target SET goal = '5 bh @desk' WHERE policy = 'plain';
SELECT sla.next_tick() <= now() AS now;
SELECT done > 0 AS refreshed FROM sla.tick('2020-06-01 11:30') WHERE step = 'refresh';
SELECT count(*) FROM sla.verify('ticket');

--
-- A step that fails does not keep the others from their work
--
ALTER TABLE sla.clock_due RENAME TO clock_due_gone;
SELECT step, problem FROM sla.tick('2020-06-01 11:40') WHERE step IN ('refresh', 'clocks');
SELECT step, sqlstate, message, failed_at IS NOT NULL AS failed, next_at > now() AS waits FROM sla.tick_state WHERE sqlstate IS NOT NULL;
ALTER TABLE sla.clock_due_gone RENAME TO clock_due;
SELECT step, problem FROM sla.tick('2020-06-01 11:40') WHERE problem IS NOT NULL;
SELECT step, sqlstate FROM sla.tick_state WHERE sqlstate IS NOT NULL;

--
-- The clock of the wall
--
INSERT INTO sla.policy (relation, name, applies_when, rank) VALUES ('ticket', 'now', 'tier = ''now''', 0);
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'now', 'resolution', '4 bh @24/7');
SELECT tick('2020-06-01 11:40');
SELECT tick('2020-06-01 11:40');
SELECT tick('2020-06-01 11:40');
TRUNCATE sla.clock_due, sla.clock_due_new;
-- due in an hour: the hint waits for 75 %; a pause and going on need no look
INSERT INTO ticket (id, tier, opened, at) VALUES ('x1', 'now', now() - interval '2 hours', now());
SELECT count(*), min(at) = (SELECT risk_at FROM sla.clock_state WHERE item = 'x1') AS at_risk FROM sla.clock_hint;
SELECT sla.next_tick() - (SELECT risk_at FROM sla.clock_state WHERE item = 'x1') AS later;
SELECT tick(now());
UPDATE ticket SET status = 'waiting', at = now() + interval '1 minute' WHERE id = 'x1';
SELECT count(*) FROM sla.clock_hint;
UPDATE ticket SET status = 'open', at = now() + interval '2 minutes' WHERE id = 'x1';
SELECT count(*) FROM sla.clock_hint;
-- nor does an ordinary end, and the end of what was told of
UPDATE ticket SET status = 'done', done = now() + interval '2 minutes', at = now() + interval '2 minutes' WHERE id = 'x1';
SELECT count(*) FROM sla.clock_hint;
INSERT INTO ticket (id, tier, opened, at) VALUES ('x2', 'now', now() - interval '200 minutes', now());
SELECT tick(now());
UPDATE ticket SET status = 'done', done = now(), at = now() WHERE id = 'x2';
SELECT count(*) FROM sla.clock_hint WHERE at <= now();
SELECT item, at_fraction, withdrawn_at IS NULL AS is_true FROM sla.alert WHERE item LIKE 'x_';
-- an instant in the future is a rehearsal, after which all goes on as it was
INSERT INTO ticket (id, tier, opened, at) VALUES ('x3', 'now', now() - interval '2 hours', now());
BEGIN;
SELECT tick(now() + interval '90 minutes'), tick(now() + interval '3 hours');
SELECT kind, at_fraction, withdrawn_at IS NULL AS is_true FROM sla.alert WHERE item = 'x3' ORDER BY id;
UPDATE ticket SET status = 'void' WHERE id = 'x3';
SELECT tick(now() + interval '3 hours');
SELECT kind, at_fraction, withdrawn_at IS NULL AS is_true FROM sla.alert WHERE item = 'x3' ORDER BY id;
ROLLBACK;
-- which is to be rolled back: it would keep what is to come from being told
SELECT count(*) > 0 AS ticked FROM sla.tick('2100-01-01 00:00Z');
BEGIN;
SAVEPOINT rehearsal;
SELECT count(*) > 0 AS ticked FROM sla.tick('2100-01-01 00:00Z');
ROLLBACK TO rehearsal;
COMMIT;
SELECT count(*) FROM sla.alert WHERE item = 'x3';
UPDATE ticket SET status = 'void' WHERE id = 'x3';
-- of a clock that was known in time and ended late its breach is told, though nobody looked in between
INSERT INTO ticket (id, tier, opened, at) VALUES ('x4', 'now', now() - interval '2 hours', now());
DELETE FROM sla.clock_due_new;
INSERT INTO sla.clock_due SELECT now() - interval '10 minutes', clock_id FROM sla.clock WHERE item = 'x4';
UPDATE ticket SET opened = now() - interval '5 hours' WHERE id = 'x4';
SELECT sla.correct(clock_id, now() - interval '5 hours', NULL, 'it was earlier') FROM sla.clock WHERE item = 'x4';
UPDATE ticket SET status = 'done', done = now(), at = now() WHERE id = 'x4';
SELECT tick(now());
SELECT kind, withdrawn_at IS NULL AS is_true FROM sla.alert WHERE item = 'x4';
-- also of one that was at risk when it became known
INSERT INTO ticket (id, tier, opened, at) VALUES ('x5', 'now', now() - interval '200 minutes', now());
UPDATE ticket SET opened = now() - interval '5 hours' WHERE id = 'x5';
SELECT sla.correct(clock_id, now() - interval '5 hours', NULL, 'it was earlier') FROM sla.clock WHERE item = 'x5';
UPDATE ticket SET status = 'done', done = now(), at = now() WHERE id = 'x5';
SELECT tick(now());
SELECT kind, withdrawn_at IS NULL AS is_true FROM sla.alert WHERE item = 'x5';
-- and of one whose goal was shortened after its first alert, before anything has stored that
INSERT INTO ticket (id, tier, opened, at) VALUES ('x6', 'now', now() - interval '200 minutes', now());
SELECT tick(now());
UPDATE sla.target SET goal = '3 bh @24/7' WHERE policy = 'now';
UPDATE ticket SET status = 'done', done = now(), at = now() WHERE id = 'x6';
SELECT tick(now());
SELECT kind, at_fraction, withdrawn_at IS NULL AS is_true FROM sla.alert WHERE item = 'x6' ORDER BY id;
UPDATE sla.target SET goal = '4 bh @24/7' WHERE policy = 'now';
-- what was told at a fraction that the target has no more is withdrawn when the clock is cancelled
INSERT INTO ticket (id, tier, opened, at) VALUES ('x7', 'now', now() - interval '200 minutes', now());
SELECT tick(now());
UPDATE sla.target SET alert_at = '{1}' WHERE policy = 'now';
SELECT tick(now());
SELECT tick(now());
SELECT tick(now());
SELECT at_fraction, withdrawn_at IS NULL AS is_true FROM sla.alert WHERE item = 'x7';
DELETE FROM ticket WHERE id = 'x7';
SELECT tick(now());
SELECT at_fraction, withdrawn_at IS NULL AS is_true FROM sla.alert WHERE item = 'x7';
-- clocks whose owner is left alone are looked at as soon as he is not
BEGIN;
TRUNCATE sla.clock_due, sla.clock_due_new;
INSERT INTO ticket (id) VALUES ('x8');
SELECT sla.pause_role(current_user::regrole);
SELECT tick(now());
SELECT h.at = p.until AS when_it_ends FROM sla.clock_hint AS h, sla.role_pause AS p;
ROLLBACK;

--
-- Where nobody ticks
--
UPDATE sla.tick_state SET done_at = now() - interval '2 hours' WHERE step = 'tick';
INSERT INTO ticket (id) SELECT 'n' || i FROM generate_series(1, 3) i;
SELECT status, detail ~ 'Nobody has called it' AS says FROM sla.status() WHERE subject = 'backlog';
-- so much is gathered and no more
SET sla_tracker.queue_limit = '16kB';
DO $$ BEGIN
	FOR i IN 1 .. 1000 LOOP
		INSERT INTO ticket (id) VALUES ('m' || i);
	END LOOP;
END $$;
SELECT pg_relation_size('sla.clock_due_new') AS size, count(*) < 300 AS few FROM sla.clock_due_new;
-- the next tick finds all
SELECT done > 1000 AS told, problem FROM sla.tick('2020-06-01 13:01') WHERE step = 'clocks';
SELECT count(*) FROM sla.alert WHERE item ~ '^[mn][0-9]+$' AND withdrawn_at IS NULL;
SELECT pg_relation_size('sla.clock_due_new') AS size;
RESET sla_tracker.queue_limit;
SELECT status FROM sla.status() WHERE subject = 'backlog' AND status <> 'ok';
DELETE FROM ticket WHERE id ~ '^[mn][0-9]+$';
SELECT count(*) > 0 AS ticked FROM sla.tick('2020-06-01 13:02');

--
-- What names a policy or a metric follows its new name, and clocks of before keep what they have by it
--
INSERT INTO ticket (id, tier, status, done) VALUES ('renamed', 'gold', 'done', '2020-06-02 16:00');
INSERT INTO sla.exception (relation, policy, metric, waive, reason, approved_by, approved_at) VALUES ('ticket', 'gold', 'resolution', true, 'why', 'test', '2020-06-02');
INSERT INTO sla.silence (relation, policy, metric, during) VALUES ('ticket', 'gold', 'resolution', '(,)');
INSERT INTO sla.escalation (relation, policy, metric, notify) VALUES ('ticket', 'gold', 'resolution', 'ann');
SELECT policy, metric, verdict FROM sla.clock WHERE item = 'renamed';
UPDATE sla.policy SET name = 'golden' WHERE relation = 'ticket'::regclass AND name = 'gold';
UPDATE sla.metric SET name = 'solution' WHERE relation = 'ticket'::regclass;
SELECT policy, metric, verdict FROM sla.clock WHERE item = 'renamed';
DELETE FROM sla.exception;
INSERT INTO ticket (id, tier) VALUES ('renamed too', 'gold');
SELECT count(*) > 0 AS ticked FROM sla.tick('2020-06-01 13:02');
SELECT policy, metric, notify, silence IS NOT NULL AS is_silenced FROM sla.alert WHERE item = 'renamed too';
UPDATE sla.policy SET name = 'gold' WHERE relation = 'ticket'::regclass AND name = 'golden';
UPDATE sla.metric SET name = 'resolution' WHERE relation = 'ticket'::regclass;
SELECT * FROM sla.verify('ticket');
-- it is no other promise, either, for a clock that goes on
BEGIN;
UPDATE ticket SET status = 'open', done = NULL, at = '2020-06-03 10:00' WHERE id = 'renamed';
SELECT c.state, h.kind FROM sla.clock AS c LEFT JOIN sla.clock_change AS h ON h.clock = c.clock_id WHERE c.item = 'renamed';
ROLLBACK;
DELETE FROM sla.silence WHERE policy = 'gold';
DELETE FROM sla.escalation WHERE policy = 'gold';

--
-- A number that is taken, since the sequence did not come along, loses no alert
--
SELECT last_value AS number FROM sla.alert_id_seq \gset
SELECT setval('sla.alert_id_seq', min(id), false) IS NOT NULL AS is_back FROM sla.alert;
INSERT INTO ticket (id) VALUES ('numbered');
SELECT done, problem FROM sla.tick('2020-06-01 13:03') WHERE step = 'clocks';
SELECT setval('sla.alert_id_seq', :number) IS NOT NULL AS is_forth;
SELECT done, problem FROM sla.tick('2020-06-01 13:03') WHERE step = 'clocks';
SELECT kind FROM sla.alert WHERE item = 'numbered';

--
-- What was told at a fraction that is edited away is looked at when the goal moves
--
CREATE TABLE parcel (id int PRIMARY KEY, sent_at timestamptz, has_arrived boolean NOT NULL DEFAULT false);
SELECT sla.track('parcel');
INSERT INTO sla.metric (relation, name, start_at, stop_when) VALUES ('parcel', 'way', 'sent_at', 'has_arrived');
INSERT INTO sla.policy (relation, name) VALUES ('parcel', 'all');
INSERT INTO sla.target (relation, policy, metric, goal, alert_at) VALUES ('parcel', 'all', 'way', '10 bh @24/7', '{0.5,1}');
INSERT INTO parcel VALUES (1, now() - interval '6 hours');
SELECT count(*) > 0 AS ticked FROM sla.tick();
UPDATE sla.target SET alert_at = '{1}' WHERE relation = 'parcel'::regclass;
SELECT count(*) > 0 AS ticked FROM sla.tick();
SELECT at_fraction, withdrawn_at IS NOT NULL AS is_withdrawn FROM sla.alert WHERE relation = 'parcel'::regclass ORDER BY id;
UPDATE sla.target SET goal = '100 bh @24/7' WHERE relation = 'parcel'::regclass;
SELECT count(*) > 0 AS ticked FROM sla.tick();
SELECT at_fraction, withdrawn_at IS NOT NULL AS is_withdrawn FROM sla.alert WHERE relation = 'parcel'::regclass ORDER BY id;
UPDATE sla.target SET goal = '10 bh @24/7', alert_at = '{0.5,1}' WHERE relation = 'parcel'::regclass;
SELECT count(*) > 0 AS ticked FROM sla.tick();
SELECT at_fraction, withdrawn_at IS NOT NULL AS is_withdrawn FROM sla.alert WHERE relation = 'parcel'::regclass ORDER BY id;
-- a clock that ends after its goal was shortened to less than it has used is told of, though nobody looked in between
INSERT INTO parcel VALUES (2, now() - interval '4 hours'), (3, now() - interval '2 hours');
SELECT count(*) > 0 AS ticked FROM sla.tick();
UPDATE sla.target SET goal = '3 bh @24/7' WHERE relation = 'parcel'::regclass;
UPDATE parcel SET has_arrived = true WHERE id IN (2, 3);
SELECT count(*) > 0 AS ticked FROM sla.tick();
SELECT item, kind, at_fraction FROM sla.alert WHERE relation = 'parcel'::regclass AND item IN ('2', '3') ORDER BY id;
DROP TABLE parcel;

--
-- Reviews, few at a time
--
INSERT INTO sla.agreement (party, name, valid_from, review_every) SELECT 'party ' || n, 'main', '2019-01-01', '1 month' FROM generate_series(1, 3) n;
SELECT done FROM sla.tick('2020-06-01 13:04', 1) WHERE step = 'reviews';
SELECT done FROM sla.tick('2020-06-01 13:04', 1) WHERE step = 'reviews';
SELECT done FROM sla.tick('2020-06-01 13:04') WHERE step = 'reviews';
SELECT party FROM sla.alert WHERE kind = 'review' ORDER BY party;
-- what is due again, after all, is told again
UPDATE sla.agreement SET review_every = NULL WHERE party = 'party 1';
SELECT done FROM sla.tick('2020-06-01 13:05') WHERE step = 'reviews';
UPDATE sla.agreement SET review_every = '1 month' WHERE party = 'party 1';
SELECT done FROM sla.tick('2020-06-01 13:06') WHERE step = 'reviews';
SELECT withdrawn_at IS NULL AS is_true FROM sla.alert WHERE kind = 'review' AND party = 'party 1' ORDER BY id;
DELETE FROM sla.agreement WHERE party LIKE 'party _';
DELETE FROM sla.alert WHERE kind = 'review';

--
-- Rights
--
CREATE ROLE regress_nobody;
CREATE ROLE regress_operator;
CREATE ROLE regress_owner;
CREATE TABLE theirs (id int PRIMARY KEY);
ALTER TABLE theirs OWNER TO regress_owner;
GRANT USAGE ON SCHEMA sla TO regress_nobody, regress_operator, regress_owner;
SET ROLE regress_nobody;
SELECT * FROM sla.tick();
SELECT sla.next_tick();
SELECT sla.acknowledge(1);
SELECT FROM sla.alert;
SELECT FROM sla.report_alert;
INSERT INTO sla.silence (relation, during) VALUES ('ticket', '(,)');
INSERT INTO sla.silence (during) VALUES ('(,)');
RESET ROLE;
GRANT EXECUTE ON FUNCTION sla.tick(timestamptz, int), sla.next_tick(), sla.acknowledge(bigint, text, text) TO regress_operator;
SET ROLE regress_operator;
SELECT step, problem FROM sla.tick('2020-06-01 11:40') WHERE problem IS NOT NULL;
SELECT sla.next_tick() IS NOT NULL AS has_next;
SELECT sla.acknowledge(:alert);
SET ROLE regress_owner;
INSERT INTO sla.silence (relation, during, author, created_at) VALUES ('theirs', '(,)', 'the boss', '2020-01-01');
SELECT relation, author, created_at > '2020-01-02' AS is_now FROM sla.silence;
UPDATE sla.silence SET author = 'the boss', created_at = '2020-01-01';
SELECT relation, author, created_at > '2020-01-02' AS is_now FROM sla.silence;
RESET ROLE;

DROP VIEW told;
DROP FUNCTION hm, tick;
DROP TABLE ticket, theirs;
SELECT count(*) FROM sla.alert;
SELECT count(*) FROM sla.silence;
SELECT count(*) > 0 AS ticked FROM sla.tick();
SELECT count(*) FROM sla.clock_hint WHERE at < now();
DELETE FROM sla.calendar WHERE name = 'desk';
REVOKE USAGE ON SCHEMA sla FROM regress_nobody, regress_operator, regress_owner;
REVOKE EXECUTE ON FUNCTION sla.tick(timestamptz, int), sla.next_tick(), sla.acknowledge(bigint, text, text) FROM regress_operator;
DROP ROLE regress_nobody, regress_operator, regress_owner;
