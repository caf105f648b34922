--
-- Definitions that logical replication brings: triggers run as there
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
\set ECHO all
INSERT INTO sla.calendar (name, hours) VALUES ('replica', 'Mo-Fr 09:00-17:00');
CREATE TABLE replica_ticket (id int PRIMARY KEY, at timestamptz, team text);
SELECT sla.track('replica_ticket', at => 'at', owner => 'team');
INSERT INTO sla.metric (relation, name) VALUES ('replica_ticket', 'answer');
INSERT INTO sla.policy (relation, name) VALUES ('replica_ticket', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('replica_ticket', 'all', 'answer', '12 bh @replica');
INSERT INTO replica_ticket VALUES (1, '2026-05-04 09:00Z');
SELECT due_at, is_stale FROM sla.clock WHERE relation = 'replica_ticket'::regclass;

-- a holiday, other hours, another holiday taken back
SET session_replication_role = replica;
INSERT INTO sla.holiday (calendar, day) VALUES ('replica', '2026-05-05');
SELECT due_at, is_stale FROM sla.clock WHERE relation = 'replica_ticket'::regclass;
UPDATE sla.calendar SET hours = 'Mo-Fr 10:00-17:00' WHERE name = 'replica';
SELECT due_at, is_stale FROM sla.clock WHERE relation = 'replica_ticket'::regclass;
DELETE FROM sla.holiday WHERE calendar = 'replica';
SELECT due_at, is_stale FROM sla.clock WHERE relation = 'replica_ticket'::regclass;

-- a metric's condition: the next write goes by it
UPDATE sla.metric SET stop_when = 'true' WHERE relation = 'replica_ticket'::regclass;
RESET session_replication_role;
UPDATE replica_ticket SET at = '2026-05-04 11:00Z', team = 'desk';
SELECT state, stopped_at FROM sla.clock WHERE relation = 'replica_ticket'::regclass;
SELECT sla.untrack('replica_ticket', false);
DROP TABLE replica_ticket;
DELETE FROM sla.calendar WHERE name = 'replica';
DELETE FROM sla.calendar_history WHERE calendar = 'replica';
