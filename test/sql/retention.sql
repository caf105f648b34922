-- What is finished is deleted by age: never what is open, what a period that is
-- not over needs, or what would begin anew.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
CREATE ROLE regress_sla_owner;
CREATE ROLE regress_sla_other;
CREATE SCHEMA kept;
INSERT INTO sla.calendar (name, hours) VALUES ('all', '24/7');
CREATE TABLE kept.ticket (id int PRIMARY KEY, status text DEFAULT 'new', created_at timestamptz, changed_at timestamptz);
CREATE TABLE kept.pair (a int, b text, status text DEFAULT 'new', created_at timestamptz, changed_at timestamptz, PRIMARY KEY (a, b));
GRANT USAGE ON SCHEMA kept TO regress_sla_owner;
ALTER TABLE kept.pair OWNER TO regress_sla_owner;
SELECT sla.track('kept.ticket', at => 'changed_at');
SELECT sla.track('kept.pair', item => 'a || b', at => 'changed_at');
INSERT INTO sla.metric (relation, name, start_at, stop_when) SELECT r, 'done', 'created_at', 'status = ''done''' FROM unnest('{kept.ticket,kept.pair}'::regclass[]) r;
INSERT INTO sla.policy (relation, name) SELECT r, 'any' FROM unnest('{kept.ticket,kept.pair}'::regclass[]) r;
INSERT INTO sla.target (relation, policy, metric, goal) SELECT r, 'any', 'done', '1 bh @all' FROM unnest('{kept.ticket,kept.pair}'::regclass[]) r;

-- a ticket a day of 2020, done after two hours; some stay open
INSERT INTO kept.ticket (id, created_at, changed_at) SELECT i, t, t FROM (SELECT i, '2020-01-01 09:00'::timestamptz + i * interval '1 day' AS t FROM generate_series(0, 364) i) x;
UPDATE kept.ticket SET status = 'done', changed_at = created_at + interval '2 hours' WHERE id % 10 <> 0;
INSERT INTO kept.pair (a, b, created_at, changed_at) SELECT i, 'x"', t, t FROM (SELECT i, '2020-01-01 09:00'::timestamptz + i * interval '1 day' AS t FROM generate_series(0, 364) i) x;
UPDATE kept.pair SET status = 'done', changed_at = created_at + interval '2 hours';
SELECT sla.correct(clock_id, NULL, '2020-01-02 09:30', 'as it was') FROM sla.clock WHERE relation = 'kept.ticket'::regclass AND item = '1';
CREATE VIEW kept.clocks AS
SELECT relation, count(*) AS clocks, count(*) FILTER (WHERE state IN ('running', 'paused')) AS open, (min(coalesce(stopped_at, cancelled_at)) FILTER (WHERE coalesce(stopped_at, cancelled_at) < '2026-01-01'))::date AS first
FROM sla.clock WHERE relation::text LIKE 'kept.%' GROUP BY relation ORDER BY relation::text;

-- nothing is deleted unless that is said
SELECT sla.retain('2021-01-31', 1000);
INSERT INTO sla.retention (kind, keep) VALUES ('clock', '90 days');
-- nor what has its row still
SELECT sla.retain('2021-01-31', 1000);
SELECT * FROM kept.clocks;
-- but a pass goes on until it has seen all, where there is one to be
BEGIN;
SELECT done FROM sla.tick(max_items => 10) WHERE step = 'retain';
SELECT next_at < clock_timestamp() + interval '1 minute' AS goes_on, sla.is_retaining() FROM sla.tick_state WHERE step = 'retain';
DELETE FROM sla.retention;
SELECT sla.is_retaining();
ROLLBACK;
-- what is gone goes, the oldest first, so much at a time
DELETE FROM kept.ticket WHERE created_at < '2020-12-01' AND id % 7 <> 0;
DELETE FROM kept.pair WHERE a <> 2;
SELECT sla.retain('2021-02-01 00:01', 100), sla.retain('2021-02-01 00:02', 100);
SELECT * FROM kept.clocks;
SELECT sum(sla.retain('2021-02-01 00:03', 1000)) > 0 AS more FROM generate_series(1, 3);
SELECT * FROM kept.clocks;
SELECT sla.retain('2021-02-01 00:04', 1000);
-- their changes went along
SELECT count(*) FROM sla.clock_change h WHERE NOT EXISTS (SELECT FROM sla.clock c WHERE c.clock_id = h.clock);
-- what is left is what sla.sync() would make, but for what has no row any more
SELECT * FROM sla.sync('kept.ticket');
SELECT * FROM sla.sync('kept.pair');
SELECT count(*) FROM sla.verify('kept.ticket');
-- an objective whose window is the year needs the year, until it is over
INSERT INTO sla.objective (name, kind, relation, metric, target_percent, window_length) VALUES ('of the year', 'clock', 'kept.ticket', 'done', 95, 'year');
DELETE FROM kept.ticket WHERE created_at < '2020-12-01' AND id % 10 <> 0;
SELECT sla.retain('2021-01-04', 1000);
SELECT * FROM kept.clocks;
SELECT sla.retain('2021-01-07', 1000);
SELECT * FROM kept.clocks;
DELETE FROM sla.objective WHERE name = 'of the year';
-- and a burn rule its long window, which begins in the window before; with a calendar all of that
BEGIN;
INSERT INTO sla.objective (name, kind, relation, metric, target_percent, window_length, close_after) VALUES ('burns', 'clock', 'kept.ticket', 'done', 95, 'month', '0');
SELECT sla.needed_from('kept.ticket', '2020-12-09 12:00');
INSERT INTO sla.burn_rule (objective, name, budget_percent, long_window, short_window, hold_for) VALUES ('burns', 'slow', 30, '21 days', '1 day', '12 hours');
SELECT sla.needed_from('kept.ticket', '2020-12-09 12:00');
UPDATE sla.burn_rule SET long_window = '2 days' WHERE objective = 'burns';
UPDATE sla.objective SET calendar = 'all' WHERE name = 'burns';
SELECT sla.needed_from('kept.ticket', '2020-12-09 12:00');
ROLLBACK;
-- a period that should have been closed and is not needs its clocks, however long ago it was
BEGIN;
INSERT INTO sla.objective (name, kind, relation, metric, target_percent, window_length) VALUES ('of the month', 'clock', 'kept.ticket', 'done', 95, 'month');
UPDATE sla.objective_name SET taken_at = '2020-12-10' WHERE name = 'of the month';
DELETE FROM kept.ticket WHERE id > 0;
SELECT sla.retain('2021-08-01', 1000);
SELECT * FROM kept.clocks;
SET LOCAL client_min_messages = error;
INSERT INTO sla.closed_period SELECT 'of the month', '2020-12-01', 1, '2021-02-01', '2020-12-01', o.valid_from, o.id, o.kind, false, NULL, NULL, 95, now(), 'x', NULL FROM sla.objective AS o WHERE o.name = 'of the month';
SELECT sla.retain('2021-08-03', 1000);
SELECT * FROM kept.clocks;
ROLLBACK;
-- and one of weeks the month of service credits that it begins in, by the agreement's time
BEGIN;
INSERT INTO sla.objective (name, kind, relation, metric, target_percent, window_length) VALUES ('of the week', 'clock', 'kept.ticket', 'done', 95, 'week');
UPDATE sla.objective_name SET taken_at = '2020-11-30' WHERE name = 'of the week';
SELECT sla.needed_from('kept.ticket', '2020-12-11');
INSERT INTO sla.agreement (party, name, time_zone) VALUES ('acme', 'main', 'Europe/Berlin');
INSERT INTO sla.credit (party, agreement, objective, per_breach) VALUES ('acme', 'main', 'of the week', 10);
SELECT sla.needed_from('kept.ticket', '2020-12-11');
ROLLBACK;
-- the present month is needed, and the one before for five days
DELETE FROM kept.ticket WHERE id > 0;
UPDATE sla.retention SET keep = '1 day';
SELECT sla.retain('2020-12-05 23:00', 1000);
SELECT * FROM kept.clocks;
SELECT sla.retain('2020-12-08', 1000);
SELECT * FROM kept.clocks;
-- a table's own row comes before that of all
INSERT INTO sla.retention VALUES ('clock', 'kept.ticket', '10 years');
SELECT sla.retain('2021-06-01', 1000);
SELECT * FROM kept.clocks;
-- an item that cannot be told is not deleted
DELETE FROM kept.pair;
INSERT INTO kept.pair (a, b, status, created_at, changed_at) VALUES (1, 'y', 'done', '2020-01-01', '2020-01-01'), (2, 'y', 'done', '2020-01-01', '2020-01-01');
ALTER TABLE kept.pair OWNER TO regress_sla_other;
DELETE FROM kept.pair;
SELECT sla.retain('2022-01-01', 1000);
SELECT * FROM kept.clocks;
ALTER TABLE kept.pair OWNER TO regress_sla_owner;
SELECT sla.retain('2023-01-03', 1000);
SELECT * FROM kept.clocks;
-- the history of a table that is not tracked any more
SELECT sla.untrack('kept.ticket');
UPDATE sla.retention SET keep = '10 days' WHERE relation = 'kept.ticket'::regclass;
SELECT sla.retain('2030-01-01', 1000) > 0 AS deleted;
SELECT * FROM kept.clocks;

-- changes and errors by themselves
SELECT sla.track('kept.ticket', at => 'changed_at', on_error => 'warn');
INSERT INTO sla.metric (relation, name, start_at, stop_when) VALUES ('kept.ticket', 'done', 'created_at', '10 / (id - 3) > 0 AND status = ''done''');
INSERT INTO sla.policy (relation, name) VALUES ('kept.ticket', 'any');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('kept.ticket', 'any', 'done', '1 bh @all');
SET client_min_messages = error;
INSERT INTO kept.ticket (id, status, created_at, changed_at) SELECT i, 'done', '2020-01-01', '2020-01-01' FROM generate_series(3, 4) i;
RESET client_min_messages;
SELECT sla.correct(clock_id, '2020-01-01', NULL, 'a change') FROM sla.clock WHERE relation = 'kept.ticket'::regclass AND item = '4';
INSERT INTO sla.retention VALUES ('change', 'kept.ticket', '30 days'), ('error', '-', '30 days');
SELECT sla.retain(now() + interval '29 days', 1000), sla.retain(now() + interval '31 days', 1000);
SELECT (SELECT count(*) FROM sla.clock_change h JOIN sla.clock c ON c.clock_id = h.clock AND c.relation = 'kept.ticket'::regclass) AS changes,
	(SELECT count(*) FROM sla.sync_error WHERE relation = 'kept.ticket'::regclass) AS errors;
UPDATE kept.ticket SET id = 5 WHERE id = 3;
SELECT errors FROM sla.sync('kept.ticket');
-- a rehearsal deletes nothing before its time
BEGIN;
SELECT done FROM sla.tick(now() + interval '31 days') WHERE step = 'retain';
ROLLBACK;
SELECT sla.retain(now() + interval '31 days', 1000);
SELECT count(*) AS errors FROM sla.sync_error WHERE relation = 'kept.ticket'::regclass;

-- alerts: what is withdrawn, or whose clock is not there any more
INSERT INTO sla.alert (kind, at, raised_at, relation, clock_id, withdrawn_at)
SELECT 'breach', t, t, 'kept.ticket', c, w
FROM (VALUES
	('2020-01-01'::timestamptz, -1::bigint, NULL::timestamptz),
	('2020-01-01', (SELECT min(clock_id) FROM sla.clock WHERE relation = 'kept.ticket'::regclass), NULL),
	('2020-01-01', (SELECT max(clock_id) FROM sla.clock WHERE relation = 'kept.ticket'::regclass), '2020-01-02'),
	('2020-03-01', -2, NULL)) AS v (t, c, w);
INSERT INTO sla.escalation_run (alert, escalation, next_at) SELECT id, -1, NULL FROM sla.alert WHERE relation = 'kept.ticket'::regclass;
INSERT INTO sla.retention VALUES ('alert', '-', '30 days');
SELECT sla.retain('2020-01-15', 1000), sla.retain('2020-02-15', 1), sla.retain('2020-02-15', 1000), sla.retain('2020-02-15', 1000);
SELECT raised_at, clock_id = -2 AS is_young FROM sla.alert WHERE relation = 'kept.ticket'::regclass ORDER BY id;
-- the calls of escalations go with them
SELECT count(*) FROM sla.escalation_run WHERE escalation = -1;
-- those of tables that are not tracked, and of none; a table's own row comes before that of all
CREATE TABLE kept.request (at timestamptz);
INSERT INTO sla.alert (kind, at, raised_at, relation, objective, rule, withdrawn_at)
VALUES ('burn_rate', '2020-01-01', '2020-01-01', 'kept.request', 'o', 'r', '2020-01-02'), ('review', '2020-01-01', '2020-01-01', NULL, NULL, NULL, '2020-01-02');
SELECT sla.retain('2020-01-15', 1000), sla.retain('2020-02-15', 1000);
INSERT INTO sla.alert (kind, at, raised_at, relation, objective, rule, withdrawn_at)
VALUES ('burn_rate', '2020-01-01', '2020-01-01', 'kept.request', 'o', 'r', '2020-01-02');
INSERT INTO sla.retention VALUES ('alert', 'kept.request', '90 days');
SELECT sla.retain('2020-02-15', 1000), sla.retain('2020-04-15', 1000);
DELETE FROM sla.retention WHERE relation = 'kept.request'::regclass;
-- one stays for the cooldown of its rule
INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('o', 'kept.request', 'at', 'true', 99);
INSERT INTO sla.burn_rule (objective, name, budget_percent, long_window, short_window, cooldown) VALUES ('o', 'r', 2, '1 hour', '5 minutes', '60 days');
INSERT INTO sla.alert (kind, at, raised_at, relation, objective, rule, withdrawn_at)
VALUES ('burn_rate', '2020-01-01', '2020-01-01', 'kept.request', 'o', 'r', '2020-01-02'), ('burn_rate', '2020-01-01', '2020-01-01', 'kept.request', 'o', 'other', '2020-01-02');
SELECT sla.retain('2020-02-16', 1000), sla.retain('2020-02-29', 1000), sla.retain('2020-03-02', 1000);
DELETE FROM sla.objective;
DELETE FROM sla.escalation_run WHERE escalation = -1;
DELETE FROM sla.alert WHERE relation = 'kept.ticket'::regclass;
-- a pass goes on where it has come to, past what a rehearsal left, and is over where alerts are young
INSERT INTO sla.alert (kind, at, raised_at, relation, clock_id)
SELECT 'breach', t, t, 'kept.ticket', c
FROM (VALUES ('2020-01-01'::timestamptz, -1), ('2099-01-01', -2), ('2020-01-01', -3), ('2020-02-10', -4), ('2020-01-01', -5)) AS v (t, c);
SELECT sla.retain('2020-02-20', 2), sla.retain('2020-02-20', 2), sla.retain('2020-02-20', 1000);
SELECT clock_id FROM sla.alert WHERE relation = 'kept.ticket'::regclass ORDER BY id;
SELECT sla.retain('2020-02-22', 1000);
SELECT clock_id FROM sla.alert WHERE relation = 'kept.ticket'::regclass ORDER BY id;
DELETE FROM sla.alert WHERE relation = 'kept.ticket'::regclass;
-- 30 days are no shorter for a session whose clock was put forward in between
INSERT INTO sla.alert (kind, at, raised_at, relation, clock_id) VALUES ('breach', '2020-03-16 00:30', '2020-03-16 00:30', 'kept.ticket', -1);
SET timezone = 'Europe/Berlin';
SELECT sla.retain('2020-04-15 00:00Z', 1000), sla.retain('2020-04-16 00:01Z', 1000);
SET timezone = 'UTC';

-- who may say so
SET ROLE regress_sla_owner;
INSERT INTO sla.retention VALUES ('clock', 'kept.pair', '30 days');
INSERT INTO sla.retention VALUES ('clock', 'kept.ticket', '30 days');
INSERT INTO sla.retention VALUES ('change', '-', '30 days');
SELECT * FROM sla.retention;
SELECT sla.retain(now(), 1);
SELECT sla.items_present('kept.pair', '{1y}');
RESET ROLE;
INSERT INTO sla.retention VALUES ('clock', 'kept.pair', '1 hour');
INSERT INTO sla.retention VALUES ('clock', 'kept.pair', '300000 years');
INSERT INTO sla.retention VALUES ('nothing', 'kept.pair', '1 day');
-- an owner who drops the functions of his expressions keeps nobody else's clocks
SET ROLE regress_sla_owner;
DO $$
DECLARE
	f regprocedure;
BEGIN
	FOR f IN SELECT oid FROM pg_proc WHERE proowner = 'regress_sla_owner'::regrole AND pronamespace = 'sla'::regnamespace LOOP
		EXECUTE format('DROP FUNCTION %s', f);
	END LOOP;
END
$$;
RESET ROLE;
SELECT sla.items_present('kept.pair', '{1y}');
DELETE FROM kept.ticket;
SELECT relation, clocks FROM kept.clocks;
SELECT sla.retain('2021-06-01', 1000) > 0 AS retained;
SELECT relation, clocks, open FROM kept.clocks;
-- a dropped table takes its row along
DROP TABLE kept.pair;
SELECT kind, relation, keep FROM sla.retention ORDER BY kind, relation::text;

DELETE FROM sla.retention;
SELECT sla.untrack('kept.ticket', false);
DROP SCHEMA kept CASCADE;
DELETE FROM sla.calendar WHERE name = 'all';
DROP ROLE regress_sla_owner;
DROP ROLE regress_sla_other;
