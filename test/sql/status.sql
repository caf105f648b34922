-- What sla.status() tells of goals that promise nothing, since nobody names a calendar.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
BEGIN;
INSERT INTO sla.calendar (name, hours) VALUES ('status_desk', 'Mo-Fr 09:00-17:00');
CREATE TABLE status_job (id int PRIMARY KEY, customer text, done boolean, opened_at timestamptz);
SELECT sla.track('status_job', party => 'customer');
INSERT INTO sla.metric (relation, name, start_at, stop_when) VALUES ('status_job', 'done', 'opened_at', 'done');
INSERT INTO sla.policy (relation, name) VALUES ('status_job', 'all'), ('status_job', 'measured'), ('status_job', 'desk');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES
	('status_job', 'all', 'done', '4 bh'),
	('status_job', 'measured', 'done', NULL),
	('status_job', 'desk', 'done', '4 bh @status_desk');
SELECT status, detail FROM sla.status() WHERE subject = 'promises';
INSERT INTO status_job VALUES (1, 'A', false, '2020-11-20 09:00Z');
SELECT count(*) AS clocks FROM sla.clock WHERE relation = 'status_job'::regclass AND policy = 'all';
-- an agreement without a calendar is no help
INSERT INTO sla.agreement (party, name) VALUES ('A', 'support');
SELECT status, detail FROM sla.status() WHERE subject = 'promises';
UPDATE sla.agreement SET calendar = 'status_desk' WHERE party = 'A';
SELECT status, detail FROM sla.status() WHERE subject = 'promises';
-- nor is another party's
INSERT INTO sla.agreement (party, name) VALUES ('B', 'support'), ('C', 'old');
INSERT INTO sla.agreement (party, name, valid_from, calendar) VALUES ('C', 'old', '2020-01-01', 'status_desk');
SELECT status, detail FROM sla.status() WHERE subject = 'promises';
DELETE FROM sla.agreement WHERE party <> 'A';
UPDATE status_job SET done = false;
SELECT policy, goal FROM sla.clock WHERE relation = 'status_job'::regclass;
UPDATE sla.agreement SET calendar = NULL WHERE party = 'A';
UPDATE sla.target SET goal = '5 bh @status_desk' WHERE policy = 'all';
SELECT status, detail FROM sla.status() WHERE subject = 'promises';
ROLLBACK;

-- Definitions of a table that nobody tracks, and what is for something that is not there.
BEGIN;
CREATE TABLE status_task (id int PRIMARY KEY, done boolean);
INSERT INTO sla.metric (relation, name, stop_when) VALUES ('status_task', 'done', 'done'), ('status_task', 'seen', 'done');
INSERT INTO sla.policy (relation, name) VALUES ('status_task', 'all');
SELECT * FROM sla.status() WHERE subject ~ 'task';
SELECT sla.track('status_task');
SELECT * FROM sla.status() WHERE subject ~ 'task';
INSERT INTO sla.exception (id, relation, policy, metric, objective, waive) VALUES
	(1, 'status_task', 'all', 'dun', NULL, true),
	(2, 'status_task', 'al', 'done', NULL, true),
	(3, NULL, NULL, NULL, 'status', true),
	(4, NULL, 'all', 'done', NULL, true);
INSERT INTO sla.silence (id, relation, metric, during) VALUES
	(1, 'status_task', 'dun', '(,)'), (2, 'status_task', 'dun', '(,2020-01-01)'), (3, NULL, 'done', '(,)');
INSERT INTO sla.escalation (id, relation, policy, notify) VALUES (1, 'status_task', 'al', 'boss'), (2, 'status_task', 'all', 'boss');
SELECT * FROM sla.status() WHERE status = 'missing' ORDER BY subject;
-- what clocks of before go by is there still
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('status_task', 'all', 'done', '1 bh @24/7');
DELETE FROM sla.target;
DELETE FROM sla.policy;
INSERT INTO sla.objective (name, kind, relation, metric, target_percent) VALUES
	('status_done', 'clock', 'status_task', 'done', 90), ('status_seen', 'clock', 'status_task', 'seen', 90);
DELETE FROM sla.metric;
SELECT * FROM sla.status() WHERE status = 'missing' ORDER BY subject;
ROLLBACK;

-- Expressions that went with a column.
BEGIN;
CREATE TABLE status_task (id int PRIMARY KEY, done boolean, kind text);
CREATE TABLE status_event (of int, kind text);
SELECT sla.track('status_task', labels => 'jsonb_build_object(''kind'', kind)', owner => 'kind');
INSERT INTO sla.metric (relation, name, stop_when, pause_when) VALUES ('status_task', 'done', 'done', 'kind = ''wait'''), ('status_task', 'seen', 'done', NULL);
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('status_task', 'all', 'kind IS NOT NULL');
INSERT INTO sla.source (source, relation, item, metric, action, applies_when) VALUES ('status_event', 'status_task', 'of::text', 'done', 'pause', 'kind = ''wait''');
SET client_min_messages = warning;
ALTER TABLE status_task DROP COLUMN kind CASCADE;
ALTER TABLE status_event DROP COLUMN kind CASCADE;
SELECT * FROM sla.status() WHERE status = 'missing' ORDER BY 1, 3;
UPDATE sla.tracked SET labels = NULL, owner = NULL WHERE relation = 'status_task'::regclass;
UPDATE sla.metric SET pause_when = 'id = 0' WHERE relation = 'status_task'::regclass AND name = 'done';
UPDATE sla.policy SET applies_when = 'true' WHERE relation = 'status_task'::regclass;
UPDATE sla.source SET applies_when = 'true' WHERE relation = 'status_task'::regclass;
SELECT * FROM sla.status() WHERE status = 'missing' ORDER BY 1, 3;
ROLLBACK;

-- What waits for sla.tick() where nobody has called it: no fault for who asked for nothing that a tick does.
CREATE TABLE status_visit (id int PRIMARY KEY, opened timestamptz DEFAULT now() - interval '2 hours');
SELECT sla.track('status_visit');
INSERT INTO sla.metric (relation, name, start_at) VALUES ('status_visit', 'done', 'opened');
INSERT INTO sla.policy (relation, name) VALUES ('status_visit', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('status_visit', 'all', 'done', '1 bh @24/7');
INSERT INTO status_visit VALUES (1), (2);
UPDATE sla.tick_state SET done_at = NULL WHERE step = 'tick';
SELECT status, detail ~ 'infinity' AS is_infinite, detail ~ 'Nobody has called it' AS says FROM sla.status() WHERE subject = 'backlog';
INSERT INTO sla.escalation (relation, notify) VALUES ('status_visit', 'boss');
SELECT status, detail ~ 'infinity' AS is_infinite, detail ~ 'Nobody has called it' AS says FROM sla.status() WHERE subject = 'backlog';
UPDATE sla.tick_state SET done_at = now() WHERE step = 'tick';
SELECT status, detail ~ 'infinity' AS is_infinite, detail ~ 'Nobody has called it' AS says FROM sla.status() WHERE subject = 'backlog';
UPDATE sla.tick_state SET done_at = now() - interval '2 hours' WHERE step = 'tick';
DELETE FROM sla.escalation WHERE relation = 'status_visit'::regclass;
SELECT status FROM sla.status() WHERE subject = 'backlog';
SELECT sla.untrack('status_visit', false);
DROP TABLE status_visit;
-- nor are burn rules looked at where nobody ticks
CREATE TABLE status_request (at timestamptz, ok boolean);
INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('status_web', 'status_request', 'at', 'ok', 99.9);
DELETE FROM sla.clock_due;
DELETE FROM sla.clock_due_new;
SELECT count(*) FROM sla.add_burn_rules('status_web');
SELECT status, detail ~ 'burn rules of 1 objectives' AS says FROM sla.status() WHERE subject = 'backlog';
UPDATE sla.tick_state SET done_at = now() WHERE step = 'tick';
SELECT status FROM sla.status() WHERE subject = 'backlog';
INSERT INTO sla.burn_look (objective, looked_at) VALUES ('status_web', now());
SELECT status FROM sla.status() WHERE subject = 'backlog';
-- what calls nobody any more: the role that wrote an escalation is gone, owns the table no more, or may not execute what it named
CREATE ROLE regress_status_desk;
CREATE ROLE regress_status_ann IN ROLE regress_status_desk;
CREATE FUNCTION status_page(bigint) RETURNS void LANGUAGE sql AS '';
ALTER TABLE status_request OWNER TO regress_status_desk;
UPDATE sla.objective SET name = name WHERE name = 'status_web';
GRANT USAGE ON SCHEMA sla TO regress_status_ann;
SET ROLE regress_status_ann;
INSERT INTO sla.escalation (id, relation, objective, run) VALUES (1, 'status_request', NULL, 'public.status_page'), (2, NULL, 'status_web', 'public.status_page');
RESET ROLE;
SELECT subject, detail FROM sla.status() WHERE subject LIKE 'escalation%' ORDER BY 1;
REVOKE regress_status_desk FROM regress_status_ann;
SELECT subject, detail FROM sla.status() WHERE subject LIKE 'escalation%' ORDER BY 1;
REVOKE EXECUTE ON FUNCTION status_page FROM PUBLIC;
SELECT subject, detail FROM sla.status() WHERE subject LIKE 'escalation%' ORDER BY 1;
DROP OWNED BY regress_status_ann;
DROP ROLE regress_status_ann;
SELECT subject, status, detail FROM sla.status() WHERE subject LIKE 'escalation%' ORDER BY 1;
DELETE FROM sla.escalation;
DROP TABLE status_request;
DROP FUNCTION status_page;
DROP ROLE regress_status_desk;
