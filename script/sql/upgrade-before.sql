-- A database of an application, before pg_upgrade: every kind of object that may
-- hold something of the extension.
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA "Odd schema";
CREATE EXTENSION sla_tracker SCHEMA "Odd schema";
CREATE ROLE app_owner;
CREATE ROLE app_reader;
SELECT sla.grant_to('app_reader', 'operator') \g /dev/null
SET search_path = public, "Odd schema";
INSERT INTO sla.calendar (name, hours) VALUES ('desk', 'TZ=Europe/Berlin Mo-Fr 09:00-17:00; PH off'), ('night', 'TZ=UTC 20:00-24:00');
INSERT INTO sla.calendar (name, combines) VALUES ('both', 'desk + night');
INSERT INTO sla.holiday (calendar, day) VALUES ('desk', '2020-12-25');
UPDATE sla.calendar SET hours = 'TZ=Europe/Berlin Mo-Fr 09:00-18:00; PH off' WHERE name = 'desk';
CREATE TABLE ticket (
	dropped int, id int PRIMARY KEY, "select" text DEFAULT 'new', tier text DEFAULT 'gold', customer text DEFAULT 'acme',
	created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z',
	goal business_interval DEFAULT '2 bh @desk', due timestamptz, hours business_hours DEFAULT 'TZ=UTC Mo-Fr 09:00-17:00',
	due_too timestamptz GENERATED ALWAYS AS (business_add(created_at, '3 bh'::business_interval, 'TZ=UTC Mo-Fr 09:00-17:00'::business_hours)) STORED);
ALTER TABLE ticket DROP COLUMN dropped, OWNER TO app_owner;
CREATE INDEX ON ticket (goal);
CREATE INDEX ON ticket USING hash (hours);
CREATE VIEW late AS SELECT id, created_at + goal AS due_at FROM ticket WHERE created_at + goal < '2021-01-01';
CREATE TRIGGER deadline BEFORE INSERT OR UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION sla_deadline(created_at, goal, due);
CREATE TABLE job (id int, region text, status text DEFAULT 'new', created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z',
	PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE job_eu PARTITION OF job FOR VALUES IN ('eu');
CREATE TABLE job_us PARTITION OF job FOR VALUES IN ('us');
CREATE TABLE message (id serial PRIMARY KEY, ticket int, at timestamptz DEFAULT '2020-11-20 10:00Z');
ALTER TABLE message OWNER TO app_owner;
SELECT sla.track('ticket', at => 'changed_at', labels => 'jsonb_build_object(''tier'', tier)', party => 'customer', time_zone => 'Europe/Berlin') \g /dev/null
SELECT sla.track('job', at => 'changed_at', on_error => 'warn') \g /dev/null
INSERT INTO sla.metric (relation, name, start_at, stop_when, pause_when, per) VALUES
	('ticket', 'done', 'created_at', '"select" = ''done''', '"select" = ''waiting''', NULL),
	('ticket', 'tier', 'created_at', '"select" = ''done''', NULL, 'tier'),
	('job', 'done', 'created_at', 'status = ''done''', NULL, NULL);
INSERT INTO sla.policy (relation, name, applies_when, plan, rank) VALUES ('ticket', 'gold', 'tier = ''gold''', 'big', 1), ('ticket', 'any', 'true', NULL, 9), ('job', 'any', 'true', NULL, 9);
INSERT INTO sla.agreement (party, name, plan, calendar, time_zone, monthly_fee, currency) VALUES ('acme', '2020', 'big', 'both', 'America/Denver', 1000, 'EUR');
INSERT INTO sla.target (relation, policy, metric, goal, threshold) VALUES ('ticket', 'gold', 'done', '4 bh', '5 bh'), ('ticket', 'any', 'done', '2 bd @desk', NULL),
	('ticket', 'any', 'tier', '3 bh @night', NULL), ('job', 'any', 'done', '1 bd @desk', NULL);
INSERT INTO sla.source (source, relation, item, metric, action, at) VALUES ('message', 'ticket', 'ticket', 'done', 'pause', 'at');
INSERT INTO sla.objective (name, kind, relation, metric, party, agreement, target_percent, window_length) VALUES ('tickets', 'clock', 'ticket', 'done', 'acme', '2020', 90, 'month');
INSERT INTO sla.objective (name, relation, at, good_when, group_by, target_percent) VALUES ('jobs', 'job', 'changed_at', 'status = ''done''', 'region', 90);
SELECT count(*) FROM sla.add_burn_rules('jobs') \g /dev/null
INSERT INTO sla.credit (party, agreement, objective, below_percent, credit_percent) VALUES ('acme', '2020', 'tickets', 99, 5);
INSERT INTO sla.exception (relation, kind, during, reason, approved_by, approved_at) VALUES ('job', 'maintenance', '[2020-11-20 10:00Z,2020-11-20 11:00Z)', 'x', 'me', '2020-11-20 00:00Z');
INSERT INTO sla.retention (kind, keep) VALUES ('clock', '2 years');
INSERT INTO ticket (id, tier, created_at, changed_at)
	SELECT i, (ARRAY['gold', 'silver'])[1 + i % 2], t, t FROM (SELECT i, timestamptz '2020-11-19 09:00Z' + i * interval '1 hour' AS t FROM generate_series(1, 200) i) x;
UPDATE ticket SET "select" = 'waiting', changed_at = changed_at + interval '1 hour' WHERE id % 3 = 0;
UPDATE ticket SET "select" = 'new', tier = 'silver', changed_at = changed_at + interval '1 hour' WHERE id % 6 = 0;
UPDATE ticket SET "select" = 'done', changed_at = changed_at + interval '2 hours' WHERE id % 5 = 0;
DELETE FROM ticket WHERE id % 17 = 0;
INSERT INTO message (ticket) VALUES (2), (4);
INSERT INTO job (id, region) SELECT i, (ARRAY['eu', 'us'])[1 + i % 2] FROM generate_series(1, 50) i;
UPDATE job SET status = 'done', changed_at = '2020-11-20 15:30Z' WHERE id % 7 = 0;
SELECT sla.correct(clock_id, NULL, '2020-11-20 11:00Z', 'a correction') FROM sla.clock WHERE relation = 'job'::regclass AND item = '(7,us)' \g /dev/null
-- an edit after which clocks are stale
INSERT INTO sla.holiday (calendar, day) VALUES ('desk', '2020-11-23');
