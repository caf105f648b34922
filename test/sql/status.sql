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
