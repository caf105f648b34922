--
-- The same history makes the same clocks, in however many transactions and
-- statements it is written; sync afterwards, or the same written again, changes
-- nothing.  First what random histories have found, as examples.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
\set ECHO all
CREATE SCHEMA groups;
SET search_path = groups, public;
INSERT INTO sla.calendar (name, hours) VALUES
	('berlin', 'TZ=Europe/Berlin Mo-Fr 09:00-17:30'),
	('night', 'TZ=America/New_York 22:00-06:00'),
	('customer', 'TZ=Asia/Kolkata Mo-Sa 10:00-19:00');

CREATE TABLE example (id int PRIMARY KEY, at timestamptz, opened timestamptz, done timestamptz, status text, team text, party text, promised timestamptz);
SELECT sla.track('example', at => 'at', labels => 'CASE WHEN team IS NOT NULL THEN jsonb_build_object(''team'', team) END', owner => 'team', party => 'party');
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at, due_at) VALUES ('example', 'm', 'opened', 'status = ''done''', 'done', 'promised');
INSERT INTO sla.policy (relation, name) VALUES ('example', 'p');
INSERT INTO sla.target (relation, policy, metric, goal, valid_from) VALUES
	('example', 'p', 'm', '4 bh @24/7', '-infinity'),
	('example', 'p', 'm', '8 bh @24/7', '2020-06-02');
-- reopened by a write that changes owner, labels, party and the promised date: they are the row's again, and 2 is late no more
INSERT INTO example VALUES
	(1, '2020-06-01 10:00', '2020-06-01 10:00', NULL, 'open', 'A', 'acme'),
	(2, '2020-06-01 10:00', '2020-06-01 10:00', NULL, 'open', 'A', 'acme');
UPDATE example SET at = '2020-06-01 11:00', status = 'done' WHERE id = 1;
UPDATE example SET at = '2020-06-01 19:00', status = 'done' WHERE id = 2;
UPDATE example SET at = '2120-06-01 12:00', status = 'open', team = 'B', party = 'beta', promised = '2120-06-01 15:00';
SELECT c.item, c.state, c.owner, c.labels, c.party, c.due_at, s.breach_owner, s.breach_labels
FROM sla.clock c JOIN sla.clock_state s USING (clock_id) WHERE c.relation = 'example'::regclass ORDER BY c.item;
SELECT started, changed FROM sla.sync('example');
-- a breach is of who had it then, or of nobody; and not of who had it at one that was undone by a later date
INSERT INTO example VALUES
	(7, '2020-06-01 10:00', '2020-06-01 10:00', NULL, 'open', NULL, 'acme'),
	(8, '2020-06-01 10:00', '2020-06-01 10:00', NULL, 'open', 'A', 'acme');
UPDATE example SET at = '2020-06-01 15:00', team = 'B' WHERE id IN (7, 8);
UPDATE example SET at = '2020-06-01 16:00', team = 'C' WHERE id = 7;
SELECT item, owner, labels, breached_at FROM sla.report_breach WHERE relation = 'example' AND item IN ('7', '8') ORDER BY item;
UPDATE example SET at = '2020-06-01 16:00', promised = '2020-06-01 20:00' WHERE id = 8;
UPDATE example SET at = '2020-06-01 21:00', team = 'C' WHERE id = 8;
SELECT item, owner, labels, breached_at FROM sla.report_breach WHERE relation = 'example' AND item = '8';
SELECT started, changed FROM sla.sync('example');
DELETE FROM example WHERE id IN (7, 8);
-- imported, done before it began: at its start, and late; so is what is told to be before the last fact
INSERT INTO example VALUES (3, '2020-06-01 12:00', '2020-06-01 10:00', '2020-06-01 08:00', 'done');
INSERT INTO example VALUES (4, '2020-06-01 12:00', '2020-06-01 10:00', NULL, 'open');
UPDATE example SET at = '2020-06-01 13:00', done = '2020-06-01 08:00', status = 'done' WHERE id = 4;
SELECT c.item, c.stopped_at, c.elapsed_seconds, x.kind, x.at, x.before, x.after
FROM sla.clock c LEFT JOIN sla.clock_change x ON x.clock = c.clock_id WHERE c.relation = 'example'::regclass AND c.item IN ('3', '4') ORDER BY c.item;
-- a reset clock has the promise for its new start
INSERT INTO example VALUES (5, '2020-06-01 10:00', '2020-06-01 10:00', NULL, 'open');
SELECT sla.signal('example', '5', 'm', 'reset', '2020-06-02 10:00');
SELECT item, started_at, goal, due_at FROM sla.clock WHERE relation = 'example'::regclass AND item = '5';
SELECT started, changed FROM sla.sync('example');

-- restarted by an edit: so it reads before that is stored, and after
INSERT INTO sla.metric (relation, name, start_at, on_retarget) VALUES ('example', 'anew', 'opened', 'restart');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('example', 'p', 'anew', '4 bh @24/7');
INSERT INTO example VALUES (6, '2020-06-01 10:00', '2020-06-01 10:00', NULL, 'open');
BEGIN;
INSERT INTO sla.policy (relation, name, rank) VALUES ('example', 'better', 1);
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('example', 'better', 'anew', '2 bh @24/7');
SELECT policy, started_at = now() AS now, due_at - started_at AS due_in, elapsed_seconds, is_stale FROM sla.clock WHERE relation = 'example'::regclass AND item = '6' AND metric = 'anew';
SELECT sla.refresh() > 0 AS stored;
SELECT policy, started_at >= now() AS now, due_at - started_at AS due_in, is_stale FROM sla.clock WHERE relation = 'example'::regclass AND item = '6' AND metric = 'anew';
ROLLBACK;

--
-- Random histories
--
SELECT setseed(0.20261125);
CREATE FUNCTION rnd(n int) RETURNS int LANGUAGE sql VOLATILE AS $$
	SELECT floor(random() * n)::int
$$;
INSERT INTO sla.agreement (party, name, valid_from, plan, calendar) VALUES
	('acme', 'c', '-infinity', 'gold', 'customer'),
	('acme', 'c', '2026-01-12', 'silver', 'customer'),
	('beta', 'c', '2026-01-09', 'gold', 'night');
CREATE PROCEDURE make_table(name text) LANGUAGE plpgsql AS $$
DECLARE
	r regclass;
BEGIN
	EXECUTE format('CREATE TABLE %I (id int PRIMARY KEY, at timestamptz, status text, prio int, team text, party text, created timestamptz, done timestamptz, promised timestamptz, replied timestamptz, why text)', name);
	r := name::regclass;
	PERFORM sla.track(r, at => 'at', labels => 'jsonb_build_object(''prio'', prio)', owner => 'team', party => 'party');
	INSERT INTO sla.metric (relation, name, start_when, stop_when, pause_when, cancel_when, start_at, stop_at, due_at, pause_reason, on_reopen, on_retarget)
	SELECT r, 'm' || n, CASE WHEN n % 3 = 1 THEN 'status <> ''new''' END, 'status = ''done''', 'status IN (''wait'', ''hold'')', 'status = ''void''',
		CASE WHEN n % 2 = 1 THEN 'created' END, CASE WHEN n % 4 < 2 THEN 'done' END, CASE WHEN n % 5 = 0 THEN 'promised' END,
		CASE WHEN n % 2 = 0 THEN 'status || coalesce(why, '''')' END, (ARRAY['continue', 'new_cycle', 'ignore'])[1 + n / 3], (ARRAY['keep', 'restart', 'ignore'])[1 + n % 3]
	FROM generate_series(0, 8) n;
	INSERT INTO sla.metric (relation, name, stop_when, stop_at, pause_when, cancel_when, repeats, on_retarget, on_reopen, per, start_at) VALUES
		(r, 'replies', 'replied IS NOT NULL AND status <> ''new''', 'replied', 'status = ''wait''', NULL, true, 'keep', 'continue', NULL, NULL),
		(r, 'rounds', 'status = ''done''', NULL, NULL, NULL, true, 'restart', 'new_cycle', NULL, NULL),
		(r, 'team', 'status = ''done''', NULL, 'status = ''wait''', 'status = ''void''', false, 'keep', 'continue', 'team', 'created'),
		(r, 'team anew', 'status = ''done''', NULL, 'status = ''wait''', NULL, false, 'restart', 'new_cycle', 'team', NULL),
		(r, 'team rounds', 'status = ''done''', NULL, NULL, NULL, true, 'keep', 'continue', 'team', NULL);
	INSERT INTO sla.policy (relation, name, applies_when, rank, plan, valid_from) VALUES
		(r, 'p1', 'prio = 1', 1, NULL, '-infinity'),
		(r, 'p1', 'prio = 1', 20, NULL, '2026-01-10'),
		(r, 'gold', 'prio <= 2', 5, 'gold', '-infinity'),
		(r, 'p2', 'prio = 2', 6, NULL, '-infinity'),
		(r, 'rest', 'prio BETWEEN 3 AND 8', 9, NULL, '-infinity');
	INSERT INTO sla.target (relation, policy, metric, goal, threshold)
	SELECT r, p, m.name, g::business_interval, t::business_interval
	FROM sla.metric m, (VALUES ('p1', '4 bh @berlin', '20 bh'), ('gold', '1 bd', NULL), ('p2', '1 bd 2 bh @night', NULL), ('rest', '6 bh @24/7', '20 bh')) v (p, g, t)
	WHERE m.relation = r AND (p = 'rest' OR m.name <> 'm4');
	INSERT INTO sla.target (relation, policy, metric, goal, valid_from)
	SELECT r, 'rest', m.name, '9 bh @berlin', '2026-01-11' FROM sla.metric m WHERE m.relation = r AND m.name IN ('m1', 'replies', 'team');
END
$$;
CALL make_table('apart');		-- each event is a transaction, items in turn
CALL make_table('together');	-- all in one transaction, item after item
CALL make_table('batches');		-- many items in one statement
CREATE TABLE event (id int, step int, at timestamptz, kind text, status text, prio int, team text, party text, created timestamptz, done timestamptz,
	promised timestamptz, replied timestamptz, why text, metric text, action text, PRIMARY KEY (id, step));
DO $$
DECLARE
	e event;
	at timestamptz;
	statuses text[] := '{new,open,open,wait,hold,done,done,void,open}';
BEGIN
	FOR i IN 1 .. 120 LOOP
		at := timestamptz '2026-01-05 00:00Z' + rnd(7 * 1440) * interval '1 min';
		e := ROW (i, 1, at, 'insert', statuses[1 + rnd(9)], 1 + rnd(3), 't' || rnd(3), (ARRAY['acme', 'beta', 'none'])[1 + rnd(3)],
			CASE WHEN rnd(3) > 0 THEN at - rnd(300) * interval '1 min' END, CASE WHEN rnd(4) = 0 THEN at - rnd(500) * interval '1 min' END,
			NULL, NULL, NULL, NULL, NULL);
		INSERT INTO event SELECT e.*;
		FOR step IN 2 .. 3 + rnd(9) LOOP
			at := at + rnd(CASE rnd(3) WHEN 0 THEN 3000 ELSE 400 END) * interval '1 min';
			e.step := step;
			e.at := CASE WHEN rnd(8) = 0 THEN at - rnd(300) * interval '1 min' ELSE at END;
			e.kind := 'update';
			e.metric := NULL;
			e.action := NULL;
			CASE rnd(9)
				WHEN 0 THEN
					e.prio := CASE rnd(8) WHEN 0 THEN 9 ELSE 1 + rnd(3) END;
				WHEN 1 THEN
					e.team := CASE WHEN rnd(8) > 0 THEN 't' || rnd(3) END;
				WHEN 2 THEN
					e.promised := CASE WHEN rnd(3) > 0 THEN at + rnd(3000) * interval '1 min' END;
				WHEN 3 THEN
					e.replied := CASE WHEN rnd(3) > 0 THEN at - rnd(300) * interval '1 min' END;
				WHEN 4 THEN
					e.kind := 'signal';
					e.metric := (ARRAY['m1', 'm2', 'm3', 'm5', 'm8', 'replies', 'rounds', 'team', 'team anew', 'team rounds'])[1 + rnd(10)];
					e.action := (ARRAY['start', 'pause', 'pause', 'resume', 'resume', 'stop', 'cancel', 'reset'])[1 + rnd(8)];
				WHEN 5 THEN
					e.done := CASE WHEN rnd(3) > 0 THEN at - rnd(300) * interval '1 min' END;
				WHEN 6 THEN
					e.why := rnd(2)::text;
				ELSE
					e.status := statuses[1 + rnd(9)];
			END CASE;
			INSERT INTO event SELECT e.*;
		END LOOP;
	END LOOP;
END
$$;
CREATE PROCEDURE write(name text, e event) LANGUAGE plpgsql AS $$
BEGIN
	CASE e.kind
		WHEN 'insert' THEN
			EXECUTE format('INSERT INTO %I SELECT $1.id, $1.at, $1.status, $1.prio, $1.team, $1.party, $1.created, $1.done, $1.promised, $1.replied, $1.why', name) USING e;
		WHEN 'update' THEN
			EXECUTE format('UPDATE %I SET at = $1.at, status = $1.status, prio = $1.prio, team = $1.team, created = $1.created, done = $1.done, promised = $1.promised, replied = $1.replied, why = $1.why WHERE id = $1.id', name) USING e;
		ELSE
			PERFORM sla.signal(name::regclass, e.id::text, e.metric, e.action, e.at, e.why);
	END CASE;
END
$$;
DO $$
DECLARE
	e event;
BEGIN
	FOR e IN SELECT * FROM event ORDER BY step, id LOOP
		CALL write('apart', e);
		COMMIT;
	END LOOP;
END
$$;
DO $$
DECLARE
	e event;
BEGIN
	FOR e IN SELECT * FROM event ORDER BY id, step LOOP
		CALL write('together', e);
	END LOOP;
END
$$;
DO $$
DECLARE
	e event;
BEGIN
	INSERT INTO batches SELECT id, at, status, prio, team, party, created, done, promised, replied, why FROM event WHERE step = 1;
	FOR s IN 2 .. (SELECT max(step) FROM event) LOOP
		UPDATE batches b SET at = n.at, status = n.status, prio = n.prio, team = n.team, created = n.created, done = n.done, promised = n.promised, replied = n.replied, why = n.why
		FROM event n WHERE n.id = b.id AND n.step = s AND n.kind = 'update';
		FOR e IN SELECT * FROM event WHERE step = s AND kind = 'signal' LOOP
			CALL write('batches', e);
		END LOOP;
		IF s % 3 = 0 THEN
			COMMIT;
		END IF;
	END LOOP;
END
$$;
CREATE VIEW story AS
	SELECT c.relation, c.item, c.metric, c.per, c.cycle, c.policy, c.policy_from, c.target_from, c.goal, c.agreement, c.party, c.owner, c.labels,
		c.started_at, c.stopped_at, c.cancelled_at, c.state, c.due_at, c.threshold_at, c.breached_at, c.verdict, c.budget_seconds, c.paused_seconds,
		CASE WHEN c.state IN ('stopped', 'cancelled') THEN c.elapsed_seconds END AS elapsed_seconds, s.levels, s.breach_owner, s.breach_labels, s.signal_reason,
		(SELECT array_agg((p.during, p.reason) ORDER BY p.during) FROM sla.pause p WHERE p.clock = c.clock_id)::text AS pauses,
		(SELECT count(*) FROM sla.clock_change x WHERE x.clock = c.clock_id) AS changes
	FROM sla.clock c JOIN sla.clock_state s USING (clock_id);
CREATE FUNCTION stories(name regclass) RETURNS SETOF jsonb LANGUAGE sql STABLE AS $$
	SELECT to_jsonb(s) - 'relation' FROM story s WHERE s.relation = name
$$;
CREATE TABLE made AS SELECT stories('apart') AS story;
SELECT count(*) > 1500 AS clocks, count(*) FILTER (WHERE story ->> 'state' = 'stopped') > 300 AS stopped, count(*) FILTER (WHERE story ->> 'state' = 'paused') > 150 AS paused,
	count(*) FILTER (WHERE story ->> 'state' = 'cancelled') > 80 AS cancelled, count(*) FILTER (WHERE (story ->> 'cycle')::int > 1) > 100 AS cycles,
	count(*) FILTER (WHERE (story ->> 'changes')::int > 0) > 150 AS changes
FROM made;
SELECT story FROM made EXCEPT ALL SELECT stories('together') LIMIT 2;
SELECT stories('together') EXCEPT ALL SELECT story FROM made LIMIT 2;
SELECT story FROM made EXCEPT ALL SELECT stories('batches') LIMIT 2;
SELECT stories('batches') EXCEPT ALL SELECT story FROM made LIMIT 2;
SELECT * FROM sla.verify('apart');
SELECT * FROM sla.verify('batches');
SELECT * FROM sla.recompute('apart', '(,)');
-- again changes nothing
SELECT started, changed, cancelled, errors FROM sla.sync('apart');
SELECT story FROM made EXCEPT ALL SELECT stories('apart') LIMIT 2;
UPDATE together SET why = why || '';
UPDATE together SET id = id;
SELECT story FROM made EXCEPT ALL SELECT stories('together') LIMIT 2;
-- all at once, as the rows stand now, twice: the second changes nothing
CALL make_table('found');
ALTER TABLE found DISABLE TRIGGER ALL;
INSERT INTO found SELECT * FROM apart;
ALTER TABLE found ENABLE TRIGGER ALL;
SELECT items, started > 1000 AS started, cancelled, errors FROM sla.sync('found');
SELECT started, changed, cancelled, errors FROM sla.sync('found');
SELECT * FROM sla.verify('found');

SELECT sla.untrack(t, false) FROM unnest('{example,apart,together,batches,found}'::regclass[]) t;
DELETE FROM sla.agreement;
DELETE FROM sla.calendar;
-- (a tick of another test need not look at all these)
DELETE FROM sla.clock_due;
DELETE FROM sla.clock_due_new;
SET client_min_messages = warning;
DROP SCHEMA groups CASCADE;
