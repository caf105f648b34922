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
-- what credits see of a period: months in which the agreement is renewed, weeks, months of another zone, the party's clocks of all
INSERT INTO sla.agreement (party, name, valid_from, monthly_fee, currency, time_zone) VALUES
	('td2', 'main', '2020-01-01', 1000, 'EUR', 'America/New_York'),
	('td2', 'main', :'month'::timestamptz - interval '14 days 5 hours', 2000, 'EUR', 'America/New_York');
CREATE TABLE public.td_event (at timestamptz, ok boolean, region text);
INSERT INTO td_event SELECT :'month'::timestamptz - interval '60 days' + i * interval '1 hour', i % 7 > 0, i % 3 FROM generate_series(0, 2600) i;
CREATE TABLE public.td_order (id int PRIMARY KEY, customer text, opened timestamptz, closed timestamptz);
SELECT sla.track('td_order', party => 'customer', at => 'opened');
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at) VALUES ('td_order', 'solve', 'opened', 'closed IS NOT NULL', 'closed');
INSERT INTO sla.policy (relation, name) VALUES ('td_order', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('td_order', 'all', 'solve', '4 bh @24/7');
INSERT INTO td_order SELECT i, CASE WHEN i % 3 > 0 THEN 'td2' ELSE 'td' END, s, s + i % 8 * interval '1 hour'
	FROM generate_series(0, 400) i, LATERAL (SELECT :'month'::timestamptz - interval '60 days' + i * interval '7 hours') x (s);
INSERT INTO sla.objective (name, kind, relation, outage_from, outage_to, target_percent, window_length, valid_from)
	VALUES ('td out', 'outage', 'td_outage', 'began', 'ended', 99.9, 'month', '2020-01-01');
INSERT INTO sla.objective (name, relation, at, good_when, group_by, target_percent, window_length, time_zone, valid_from)
	VALUES ('td week', 'td_event', 'at', 'ok', 'region', 80, 'week', 'UTC', '2020-01-01'), ('td rare', 'td_event', 'at', 'ok', $$'x' || nullif(region, '1') || nullif(region, '0') || nullif(region, '2')$$, 80, 'month', 'UTC', '2020-01-01');
INSERT INTO sla.objective (name, relation, at, good_when, slice, kind, target_percent, window_length, valid_from)
	VALUES ('td slice', 'td_event', 'at', 'ok', '7 hours', 'slice', 80, '30 days', '2020-01-01');
INSERT INTO sla.objective (name, kind, relation, metric, target_percent, window_length, time_zone, valid_from)
	VALUES ('td clock', 'clock', 'td_order', 'solve', 90, 'quarter', 'Asia/Tokyo', '2020-01-01');
INSERT INTO sla.credit (party, agreement, objective, below_percent, credit_percent) SELECT 'td2', 'main', 'td ' || o, 99, 10 FROM unnest(ARRAY['out', 'week', 'rare', 'slice', 'clock']) o;
INSERT INTO sla.credit (party, agreement, objective, per_breach) VALUES ('td', 'main', 'td clock', 7);
UPDATE sla.objective_name SET taken_at = :'month'::timestamptz - interval '1 year' WHERE name LIKE 'td %' AND name NOT IN ('td up', 'td all');
CREATE TEMP VIEW whole AS
	SELECT c.party, c.period_start, c.from_at, c.to_at, c.objective, c.total, c.good, c.sli_percent, c.tier_amount, c.breach_amount, c.is_frozen
	FROM (VALUES ('td'), ('td2')) p (party), LATERAL (SELECT p.party, * FROM sla.service_credits(p.party, 'main')) c
	WHERE c.period_start < :'day' AND c.objective NOT IN ('td up', 'td all');
CREATE TEMP TABLE before AS SELECT * FROM whole;
SELECT bool_or(is_frozen) AS any_frozen, count(DISTINCT (party, from_at)) - count(DISTINCT (party, period_start)) AS renewals FROM before;
SELECT count(*) > 0 AS closed FROM sla.tick() WHERE step = 'close periods' AND done > 0;
-- what comes late changes nothing (the quarter may not be over)
INSERT INTO td_outage SELECT began + interval '3 hours', began + interval '6 hours' FROM td_outage;
UPDATE td_event SET ok = NOT ok, region = '3' WHERE extract(hour FROM at) = 12;
UPDATE td_order SET closed = opened + interval '9 hours' WHERE id % 5 = 0;
SELECT objective, count(*) > 9 AS many, count(*) FILTER (WHERE w.is_frozen) > 0 AS any_frozen,
	count(*) FILTER (WHERE w.objective <> 'td clock' AND NOT w.is_frozen) AS open,
	count(*) FILTER (WHERE w.is_frozen AND (w.total, w.good, w.sli_percent, w.tier_amount, w.breach_amount)
		IS DISTINCT FROM (b.total, b.good, b.sli_percent, b.tier_amount, b.breach_amount)) AS other
FROM whole w JOIN before b USING (party, from_at, to_at, objective) GROUP BY 1 ORDER BY 1;
-- nor does what its version says in another way
BEGIN;
UPDATE sla.objective SET kind = 'slice', slice = '7 hours', group_by = NULL WHERE name = 'td week';
SELECT count(*) > 9 AS many, count(*) FILTER (WHERE (w.total, w.good, w.sli_percent, w.tier_amount)
	IS DISTINCT FROM (b.total, b.good, b.sli_percent, b.tier_amount)) AS other
FROM whole w JOIN before b USING (party, from_at, to_at, objective) WHERE w.is_frozen AND objective = 'td week';
SELECT DISTINCT problem FROM sla.verify_periods('td week');
ROLLBACK;
-- the parts are the period
SELECT p.objective, count(*) > 1 AS many, count(*) FILTER (WHERE (p.total, p.good) IS DISTINCT FROM (g.total, g.good)) AS other
FROM (SELECT objective, from_at, revision, party, agreement, sum(total) AS total, sum(good) AS good FROM sla.closed_part GROUP BY 1, 2, 3, 4, 5) p
JOIN (SELECT objective, from_at, revision, sum(total) AS total, sum(good) AS good FROM sla.closed_group GROUP BY 1, 2, 3) g USING (objective, from_at, revision)
WHERE p.objective NOT IN ('td clock', 'td slice') GROUP BY 1 ORDER BY 1;
-- closed anew they are what the facts say, and a renamed agreement and objective keep theirs
SELECT count(*) > 30 AS closed_anew, max(sla.reclose(c.objective, c.period_start, 'late')) AS revision
FROM (SELECT DISTINCT objective, period_start FROM sla.closed_period WHERE objective NOT IN ('td up', 'td all')) c;
UPDATE sla.agreement SET name = 'prime' WHERE party = 'td2';
UPDATE sla.agreement SET name = 'main' WHERE party = 'td2';
UPDATE sla.objective SET name = 'td per week' WHERE name = 'td week';
CREATE TEMP TABLE anew AS SELECT * FROM whole;
BEGIN;
DELETE FROM sla.closed_period;
SELECT count(*) FILTER (WHERE a.is_frozen) > 50 AS many, bool_or(w.is_frozen) AS still, count(*) FILTER (WHERE (w.total, w.good, w.sli_percent, w.tier_amount, w.breach_amount)
		IS DISTINCT FROM (a.total, a.good, a.sli_percent, a.tier_amount, a.breach_amount)) AS other,
	count(*) FILTER (WHERE (w.total, w.good) IS DISTINCT FROM (b.total, b.good)) > 10 AS moved
FROM whole w JOIN anew a USING (party, from_at, to_at, objective) LEFT JOIN before b USING (party, from_at, to_at, objective);
ROLLBACK;
DELETE FROM sla.credit WHERE objective IN ('td out', 'td per week', 'td rare', 'td slice', 'td clock');
DELETE FROM sla.credit WHERE party = 'td';
DELETE FROM sla.objective;
SELECT sla.untrack('td_ticket', false);
SELECT sla.untrack('td_order', false);
DELETE FROM sla.closed_part WHERE objective LIKE 'td %';
DELETE FROM sla.closed_group WHERE objective LIKE 'td %';
DELETE FROM sla.closed_period WHERE objective LIKE 'td %';
DELETE FROM sla.agreement WHERE party IN ('td', 'td2');
DELETE FROM sla.calendar WHERE name = 'td_desk';
DROP TABLE td_outage, td_ticket, td_event, td_order;
