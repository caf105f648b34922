-- What was told of a month stays: credits and the client's page follow closed periods.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
\set ECHO all
SET timezone = 'UTC';
-- the month before the last, which is closed in any time zone
SELECT date_trunc('month', now() - interval '2 months') AS month, date_trunc('month', now() - interval '2 months')::date AS day \gset
CREATE TABLE public.td_outage (began timestamptz, ended timestamptz, service text);
INSERT INTO td_outage VALUES (:'month'::timestamptz + interval '9 days', :'month'::timestamptz + interval '9 days 2 hours', 'web');
INSERT INTO sla.agreement (party, name, valid_from, monthly_fee, currency, plan) VALUES ('td', 'main', '2020-01-01', 1000, 'EUR', 'basic');
INSERT INTO sla.objective (name, kind, relation, outage_from, outage_to, party, agreement, target_percent, window_length, valid_from)
	VALUES ('td up', 'outage', 'td_outage', 'began', 'ended', 'td', 'main', 99.9, 'month', '2020-01-01');
INSERT INTO sla.objective (name, kind, relation, outage_from, outage_to, target_percent, window_length, valid_from)
	VALUES ('td all', 'outage', 'td_outage', 'began', 'ended', 99, '30 days', '2020-01-01');
INSERT INTO sla.credit (party, agreement, objective, below_percent, credit_percent) VALUES
	('td', 'main', 'td up', 99.9, 10), ('td', 'main', 'td up', 99, 25), ('td', 'main', 'td all', 99, 5);
UPDATE sla.objective_name SET taken_at = :'month' WHERE name LIKE 'td %';
CREATE TEMP VIEW credit AS
	SELECT objective, round(bad / 3600) AS hours, credit_percent, tier_amount, is_frozen
	FROM sla.report_service_credit_objective WHERE party = 'td' AND period_start = :'day';
CREATE TEMP VIEW page AS
	SELECT section, label, round(number::numeric, 1) AS number, CASE WHEN number IS NULL THEN value END AS value
	FROM sla.monthly_summary('td', 'main', :'day')
	WHERE section IN ('objective', 'credit_total') AND label IN ('amount', 'target_percent', 'status');
SELECT * FROM credit ORDER BY 1;
SELECT * FROM page ORDER BY 1, 2;
SELECT count(*) > 0 AS closed FROM sla.tick() WHERE step = 'close periods' AND done > 0;
-- what comes late changes nothing
INSERT INTO td_outage VALUES (:'month'::timestamptz + interval '12 days', :'month'::timestamptz + interval '12 days 10 hours', 'web');
UPDATE sla.objective SET target_percent = 50 WHERE name = 'td up';
SELECT * FROM credit ORDER BY 1;
SELECT amount, is_frozen FROM sla.report_service_credit WHERE party = 'td' AND period_start = :'day';
SELECT * FROM page ORDER BY 1, 2;
-- until the period is closed anew
SELECT sla.reclose('td up', :'day', 'the outage of the 13th was told of late') AS revision;
SELECT * FROM credit ORDER BY 1;
SELECT amount, is_frozen FROM sla.report_service_credit WHERE party = 'td' AND period_start = :'day';
SELECT * FROM page ORDER BY 1, 2;
-- the present month is not
SELECT DISTINCT is_frozen FROM sla.report_service_credit_objective WHERE party = 'td' AND period_start = date_trunc('month', now());
-- what was promised in a month is told by what held at its end
INSERT INTO sla.calendar (name, hours) VALUES ('td_desk', 'TZ=UTC Mo-Fr 08:00-16:00; PH off');
CREATE TABLE public.td_ticket (id int PRIMARY KEY, customer text, opened timestamptz, closed timestamptz);
SELECT sla.track('td_ticket', party => 'customer', at => 'opened');
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at) VALUES ('td_ticket', 'solve', 'opened', 'closed IS NOT NULL', 'closed');
INSERT INTO sla.policy (relation, name, plan) VALUES ('td_ticket', 'basic', 'basic'), ('td_ticket', 'better', 'better');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('td_ticket', 'basic', 'solve', '8 bh @td_desk'), ('td_ticket', 'better', 'solve', '4 bh @td_desk');
SELECT label, value FROM sla.monthly_summary('td', 'main', :'day') WHERE section = 'promise' ORDER BY row_number, label;
INSERT INTO sla.target (relation, policy, metric, valid_from, goal) VALUES ('td_ticket', 'basic', 'solve', date_trunc('month', now()), '6 bh @td_desk');
SELECT label, value FROM sla.monthly_summary('td', 'main', :'day') WHERE section = 'promise' AND label = 'goal';
SELECT label, value FROM sla.monthly_summary('td', 'main', now()::date) WHERE section = 'promise' AND label = 'goal';
UPDATE sla.calendar SET hours = 'TZ=UTC Mo-Fr 09:00-12:00' WHERE name = 'td_desk';
UPDATE sla.calendar_history SET since = :'month', until = date_trunc('month', now()) WHERE calendar = 'td_desk';
SELECT label, value FROM sla.monthly_summary('td', 'main', :'day') WHERE section = 'promise' AND label = 'hours';
SELECT label, value FROM sla.monthly_summary('td', 'main', now()::date) WHERE section = 'promise' AND label = 'hours';
INSERT INTO sla.agreement (party, name, valid_from, monthly_fee, currency, plan) VALUES ('td', 'main', date_trunc('month', now()), 1000, 'EUR', 'better');
SELECT label, value FROM sla.monthly_summary('td', 'main', :'day') WHERE section = 'promise' AND label = 'goal';
SELECT label, value FROM sla.monthly_summary('td', 'main', now()::date) WHERE section = 'promise' AND label = 'goal';
SELECT sla.report_html('td', 'main', :'day') LIKE '%<h2>What was promised</h2>%' AS was, sla.report_html('td', 'main', now()::date) LIKE '%<h2>What is promised</h2>%' AS is;

DELETE FROM sla.credit WHERE party = 'td';
DELETE FROM sla.objective;
SELECT sla.untrack('td_ticket', false);
DELETE FROM sla.closed_group WHERE objective LIKE 'td %';
DELETE FROM sla.closed_period WHERE objective LIKE 'td %';
DELETE FROM sla.agreement WHERE party = 'td';
DELETE FROM sla.calendar WHERE name = 'td_desk';
DROP TABLE td_outage, td_ticket;
