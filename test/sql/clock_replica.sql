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

-- a tracked table whose triggers are enabled for replication: what is written to its
-- partitions, which is where a publisher of partitions has it written, TRUNCATE included
CREATE TABLE replica_job (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE replica_job_1 PARTITION OF replica_job FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (id);
CREATE TABLE replica_job_1a PARTITION OF replica_job_1 FOR VALUES FROM (0) TO (5);
CREATE TABLE replica_case (id int PRIMARY KEY);
CREATE TABLE replica_case_child (PRIMARY KEY (id)) INHERITS (replica_case);
SELECT sla.track(r) FROM unnest('{replica_job,replica_case}'::regclass[]) AS r;
INSERT INTO sla.metric (relation, name) SELECT relation, 'answer' FROM sla.tracked WHERE relation::text LIKE 'replica%';
INSERT INTO sla.policy (relation, name) SELECT relation, 'all' FROM sla.tracked WHERE relation::text LIKE 'replica%';
INSERT INTO sla.target (relation, policy, metric) SELECT relation, 'all', 'answer' FROM sla.tracked WHERE relation::text LIKE 'replica%';
ALTER TABLE replica_job ENABLE ALWAYS TRIGGER sla_track_begin, ENABLE ALWAYS TRIGGER sla_track_row, ENABLE ALWAYS TRIGGER sla_track_end, ENABLE ALWAYS TRIGGER sla_track_truncate;
ALTER TABLE replica_case ENABLE ALWAYS TRIGGER sla_track_begin, ENABLE ALWAYS TRIGGER sla_track_row, ENABLE ALWAYS TRIGGER sla_track_end, ENABLE ALWAYS TRIGGER sla_track_truncate;
SELECT sla.track('replica_case');
CREATE TABLE replica_job_1b PARTITION OF replica_job_1 FOR VALUES FROM (5) TO (10);
CREATE TABLE replica_job_2 (id int PRIMARY KEY);
ALTER TABLE replica_job ATTACH PARTITION replica_job_2 FOR VALUES FROM (10) TO (20);
SELECT count(*) FILTER (WHERE tgenabled = 'A') AS always, count(*) FILTER (WHERE tgenabled <> 'A') AS others
FROM pg_trigger WHERE tgname LIKE 'sla_track_%' AND tgrelid::regclass::text LIKE 'replica%';
SET session_replication_role = replica;
INSERT INTO replica_job_1a VALUES (1), (2);
INSERT INTO replica_job_1b VALUES (6);
INSERT INTO replica_job_2 VALUES (11);
INSERT INTO replica_case_child VALUES (1);
SELECT string_agg(item, ',' ORDER BY item) AS open FROM sla.clock WHERE metric = 'answer' AND state = 'running';
TRUNCATE replica_job_1a, replica_case_child;
SELECT string_agg(item, ',' ORDER BY item) AS open FROM sla.clock WHERE metric = 'answer' AND state = 'running';
TRUNCATE replica_job_1b, replica_job_2;
SELECT string_agg(item, ',' ORDER BY item) AS open FROM sla.clock WHERE metric = 'answer' AND state = 'running';
RESET session_replication_role;
SELECT sla.untrack(r, false) FROM unnest('{replica_job,replica_case}'::regclass[]) AS r;
DROP TABLE replica_job, replica_case, replica_case_child;
DELETE FROM sla.calendar WHERE name = 'replica';
DELETE FROM sla.calendar_history WHERE calendar = 'replica';
