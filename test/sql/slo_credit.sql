-- Service credits: tiers, breaches, caps, renewals within a month.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set check :abs_srcdir '/sql/include/check.sql'
\set ECHO none
\i :setup
\i :check
CREATE FUNCTION test.refusal(command text, OUT state text, OUT message text, OUT detail text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
	state := 'none';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END
$$;
\set ECHO all
CREATE TABLE public.sc_outage (began timestamptz, ended timestamptz);
-- 45 minutes in March (30 and 15 about the renewal), 8 hours in April, two days in May
INSERT INTO sc_outage VALUES ('2026-03-10 22:15', '2026-03-10 22:45'), ('2026-03-20 10:00', '2026-03-20 10:15'), ('2026-04-05', '2026-04-05 08:00'), ('2026-05-05', '2026-05-07');
CREATE TABLE public.sc_ticket (id int PRIMARY KEY, opened timestamptz, closed timestamptz, customer text);
SELECT sla.track('sc_ticket', party => 'customer');
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at) VALUES ('sc_ticket', 'solve', 'opened', 'closed IS NOT NULL', 'closed');
INSERT INTO sla.policy (relation, name) VALUES ('sc_ticket', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('sc_ticket', 'all', 'solve', '4 bh @24/7');
INSERT INTO sla.agreement (party, name, valid_from, time_zone, monthly_fee, currency, credit_cap_percent, ends_at) VALUES
	('acme', 'main', '2026-01-01', 'Europe/Berlin', 1000, 'EUR', 50, NULL),
	('acme', 'main', '2026-03-15 23:00', 'Europe/Berlin', 3100, 'EUR', 30, '2026-06-10 22:00'),
	('bcme', 'main', '2026-01-01', NULL, 700, 'USD', NULL, NULL),
	('nofee', 'main', '-infinity', NULL, NULL, NULL, NULL, NULL);
INSERT INTO sla.objective (name, kind, relation, outage_from, outage_to, target_percent, window_length, valid_from) VALUES ('up', 'outage', 'sc_outage', 'began', 'ended', 99.9, 'month', '2026-01-01');
INSERT INTO sla.objective (name, kind, relation, metric, target_percent, window_length) VALUES ('solved', 'clock', 'sc_ticket', 'solve', 90, 'month');
INSERT INTO sla.credit (party, agreement, objective, below_percent, credit_percent, remedy) VALUES
	('acme', 'main', 'up', 99.9, 10, NULL), ('acme', 'main', 'up', 99, 25, NULL), ('acme', 'main', 'up', 95, 100, 'right to terminate'),
	('bcme', 'main', 'up', 99, 5, NULL), ('nofee', 'main', 'up', 99, 5, 'an apology');
INSERT INTO sla.credit (party, agreement, objective, per_breach) VALUES ('acme', 'main', 'solved', 40), ('bcme', 'main', 'solved', 12.5);
INSERT INTO sc_ticket
	SELECT i, s, s + CASE WHEN i % 4 = 0 THEN interval '5 hours' ELSE interval '3 hours' END, CASE WHEN i % 8 < 4 THEN 'acme' ELSE 'bcme' END
	FROM generate_series(0, 63) i, LATERAL (SELECT timestamptz '2026-03-02 12:00' + i * interval '1 day') x (s);
\set at '''2026-06-20'''
-- months of Berlin; March is two, by the fee of each version and its days
SELECT period_start, valid_from, from_at, to_at, objective, round(sli_percent::numeric, 5) AS sli, bad, fee, below_percent AS below, credit_percent AS credit, tier_amount, breach_amount, remedy, is_over
FROM sla.service_credits('acme', 'main', :at) ORDER BY from_at, objective;
SELECT period_start, from_at, to_at, objective, total, bad, fee, tier_amount, breach_amount FROM sla.service_credits('bcme', 'main', :at) WHERE total > 0 AND period_start >= '2026-03-01' ORDER BY from_at, objective;
SELECT period_start, objective, fee, credit_percent, tier_amount, remedy FROM sla.service_credits('nofee', 'main', :at) WHERE period_start >= '2026-04-01' ORDER BY from_at, objective;
-- what is paid for each breach, and follows in words, does so where there is one
UPDATE sla.credit SET remedy = 'a call' WHERE party = 'acme' AND objective = 'solved';
SELECT period_start, from_at, total, bad, breach_amount, remedy FROM sla.service_credits('acme', 'main', :at) WHERE objective = 'solved' ORDER BY from_at;
UPDATE sla.credit SET remedy = NULL WHERE party = 'acme' AND objective = 'solved';
-- in words, beside what is promised: those for clocks of a metric with that metric
BEGIN;
UPDATE sla.agreement SET ends_at = NULL;
INSERT INTO sla.metric (relation, name, start_when) VALUES ('sc_ticket', 'reply', 'false');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('sc_ticket', 'all', 'reply', '1 bh');
UPDATE sla.target SET goal = '4 bh' WHERE metric = 'solve';
SELECT party, metric, credit_text FROM sla.report_promise WHERE relation LIKE '%sc_ticket' ORDER BY party, metric;
ROLLBACK;
-- breaches by plain SQL
SELECT customer, date_trunc('month', (opened + interval '4 hours') AT TIME ZONE CASE customer WHEN 'acme' THEN 'Europe/Berlin' ELSE 'UTC' END)::date AS month, count(*) * CASE customer WHEN 'acme' THEN 40 ELSE 12.5 END AS amount
FROM sc_ticket WHERE closed > opened + interval '4 hours' GROUP BY 1, 2 ORDER BY 1, 2;
-- an instant within the month: what is due so far
SELECT period_start, to_at, total / 3600 AS hours, tier_amount, is_over FROM sla.service_credits('acme', 'main', '2026-04-06') WHERE period_start = '2026-04-01' AND objective = 'up';
-- the cap: of the sum of all objectives
CREATE TEMP VIEW capped AS
	SELECT period_start, from_at, fee, sum(tier_amount + breach_amount) AS sum, least(sum(tier_amount + breach_amount), round(fee * cap_percent::numeric / 100, 2)) AS amount
	FROM sla.service_credits('acme', 'main', :at) GROUP BY period_start, from_at, fee, cap_percent;
SELECT * FROM capped WHERE sum > 0 ORDER BY 2;
-- the views are these at now()
SELECT count(*) FROM sla.report_service_credit WHERE amount > round(fee * cap_percent::numeric / 100, 2) OR amount > tier_amount + breach_amount;
SELECT count(*) FROM (
	SELECT period_start, party, agreement, from_at, sum(tier_amount), sum(breach_amount) FROM sla.report_service_credit_objective GROUP BY 1, 2, 3, 4
	EXCEPT SELECT period_start, party, agreement, from_at, tier_amount, breach_amount FROM sla.report_service_credit) x;
-- an objective's versions each count for their time
INSERT INTO sla.objective (name, kind, relation, outage_from, outage_to, total_when, target_percent, window_length, valid_from) VALUES ('up', 'outage', 'sc_outage', 'began', 'ended', 'false', 99.9, 'month', '2026-05-06');
SELECT period_start, bad / 3600 AS down FROM sla.service_credits('acme', 'main', :at) WHERE objective = 'up' AND bad > 7200 ORDER BY 1;
-- bad input
\pset format unaligned
SELECT r.* FROM unnest(ARRAY[
	$$('acme', 'main', 'up', 99.5, 5)$$, $$('acme', 'main', 'up', 90, 50)$$, $$('acme', 'main', 'up', 99, 25)$$, $$('acme', 'main', 'up', 101, 25)$$, $$('acme', 'main', 'up', 0, 25)$$, $$('acme', 'main', 'up', 98, 101)$$, $$('acme', 'main', 'up', 98, -1)$$, $$('acme', 'main', 'up', 'NaN', 1)$$, $$('acme', 'main', 'up', 1e-400, 100)$$,
	$$('acme', 'main', 'up', 98, NULL)$$, $$('acme', 'main', 'up', NULL, 3)$$, $$('acme', 'main', 'up', NULL, NULL)$$,
	$$('acme', 'other', 'up', 98, 30)$$, $$('acme', 'main', 'other', 98, 30)$$]) WITH ORDINALITY u (row, n),
	LATERAL refusal('INSERT INTO sla.credit (party, agreement, objective, below_percent, credit_percent) VALUES ' || u.row) r ORDER BY n;
SELECT r.* FROM unnest(ARRAY[$$('acme', 'main', 'up', 4)$$, $$('bcme', 'main', 'solved', -4)$$, $$('bcme', 'main', 'solved', 'NaN')$$, $$('bcme', 'main', 'solved', 4)$$]) WITH ORDINALITY u (row, n),
	LATERAL refusal('INSERT INTO sla.credit (party, agreement, objective, per_breach) VALUES ' || u.row) r ORDER BY n;
\pset format aligned
-- whose they are
CREATE ROLE regress_sc_reader;
GRANT USAGE ON SCHEMA sla, test TO regress_sc_reader;
SET ROLE regress_sc_reader;
SELECT state, message FROM refusal($$SELECT FROM sla.service_credits('acme', 'main')$$);
SELECT state, message FROM refusal($$SELECT FROM sla.credit$$);
RESET ROLE;
GRANT SELECT ON sla.report_service_credit TO regress_sc_reader;
SET ROLE regress_sc_reader;
SELECT count(*) > 0 AS readable FROM sla.report_service_credit;
RESET ROLE;
-- one objective that fails does not fail the others, and no amount leaves it out unsaid
CREATE TEMP VIEW told AS
	SELECT period_start, party, objective, total IS NOT NULL AS has_total, tier_amount IS NOT NULL AS has_amount, problem
	FROM sla.report_service_credit_objective WHERE period_start = date_trunc('month', now()) AND party = 'bcme';
UPDATE sla.objective SET total_when = '1 / (extract(hour FROM began) - extract(hour FROM began)) > 0' WHERE name = 'up';
SELECT objective, has_total, has_amount, problem FROM told ORDER BY 1;
SELECT party, amount, problem FROM sla.report_service_credit WHERE period_start = date_trunc('month', now()) ORDER BY 1;
SELECT * FROM refusal($$SELECT FROM sla.service_credits('acme', 'main')$$);
GRANT SELECT ON sla.report_service_credit_objective TO regress_sc_reader;
SET ROLE regress_sc_reader;
SELECT * FROM refusal($$SELECT FROM sla.service_credits('acme', 'main')$$);
SELECT count(DISTINCT party) AS parties FROM sla.report_service_credit;
RESET ROLE;
UPDATE sla.objective SET total_when = NULL WHERE name = 'up';
SELECT objective, has_total, has_amount, problem FROM told ORDER BY 1;
-- breaches are paid for also where no fee is known
INSERT INTO sla.agreement (party, name) VALUES ('dcme', 'main');
INSERT INTO sla.credit (party, agreement, objective, per_breach) VALUES ('dcme', 'main', 'solved', 5);
INSERT INTO sc_ticket VALUES (900, now() - interval '6 hours', NULL, 'dcme');
SELECT count(*) AS months, sum(tier_amount) AS tiers, sum(breach_amount) AS breaches, sum(amount) AS amount FROM sla.report_service_credit WHERE party = 'dcme';
-- an agreement that is deleted leaves them, and sla.status() says so
BEGIN;
DELETE FROM sla.agreement WHERE party = 'dcme';
SELECT count(*) FROM sla.report_service_credit WHERE party = 'dcme';
SELECT subject, status, detail FROM sla.status() WHERE subject LIKE 'service credits%';
ROLLBACK;
-- versions that count something else are not added up: the worst decides, and events that are bad are no breaches
BEGIN;
INSERT INTO sla.agreement (party, name, monthly_fee) VALUES ('ecme', 'main', 100);
INSERT INTO sla.objective (name, valid_from, kind, relation, at, good_when, target_percent, window_length) VALUES ('mixed', '-infinity', 'event', 'sc_outage', 'began', 'ended IS NULL', 99, 'month');
INSERT INTO sla.objective (name, valid_from, kind, relation, outage_from, outage_to, target_percent, window_length) VALUES ('mixed', '2026-04-16', 'outage', 'sc_outage', 'began', 'began', 99, 'month');
INSERT INTO sla.credit (party, agreement, objective, below_percent, credit_percent) VALUES ('ecme', 'main', 'mixed', 99, 10);
INSERT INTO sc_outage SELECT timestamptz '2026-04-02' + i * interval '1 hour', '2026-04-05' FROM generate_series(1, 10) i;
SELECT total, bad, sli_percent, tier_amount FROM sla.service_credits('ecme', 'main', '2026-06-20') WHERE period_start = '2026-04-01';
DELETE FROM sla.credit WHERE party = 'dcme';
INSERT INTO sla.credit (party, agreement, objective, per_breach) VALUES ('dcme', 'main', 'solved', 5);
INSERT INTO sla.objective (name, valid_from, kind, relation, at, good_when, target_percent, window_length) VALUES ('solved', date_trunc('month', now()), 'event', 'sc_outage', 'began', 'false', 90, 'month');
INSERT INTO sc_outage VALUES (date_trunc('month', now()), now());
SELECT bad, breach_amount FROM sla.service_credits('dcme', 'main') WHERE period_start = date_trunc('month', now(), 'UTC')::date;
ROLLBACK;
-- nothing of a version that is another party's counts for this one
BEGIN;
SELECT party, sum(total) > 0 AS has_total FROM sla.report_service_credit_objective WHERE objective = 'solved' GROUP BY party ORDER BY party;
UPDATE sla.objective SET party = 'bcme' WHERE name = 'solved';
SELECT party, sum(total) > 0 AS has_total, bool_or(breach_amount > 0) AS has_amount FROM sla.report_service_credit_objective WHERE objective = 'solved' GROUP BY party ORDER BY party;
SELECT DISTINCT p.party FROM sla.objective AS o, sla.credit_parts(o, '2026-01-01', '2026-06-10') AS p WHERE o.name = 'solved' ORDER BY 1;
ROLLBACK;
-- they, and objectives, follow a renamed agreement
INSERT INTO sla.objective (name, kind, relation, metric, party, agreement, target_percent) SELECT 'theirs', kind, relation, metric, 'dcme', 'main', 50 FROM sla.objective WHERE name = 'solved';
UPDATE sla.agreement SET name = 'prime' WHERE party = 'dcme';
SELECT agreement, sum(breach_amount) AS breaches FROM sla.report_service_credit WHERE party = 'dcme' GROUP BY agreement;
SELECT party, agreement FROM sla.objective WHERE name = 'theirs';
-- and a renamed party
INSERT INTO sla.credit (party, agreement, objective, below_percent, credit_percent) VALUES ('dcme', 'prime', 'theirs', 50, 10);
UPDATE sla.agreement SET party = 'fcme' WHERE party = 'dcme';
SELECT party, agreement, objective FROM sla.credit WHERE agreement = 'prime' ORDER BY 3;
UPDATE sla.agreement SET party = 'dcme' WHERE party = 'fcme';
DELETE FROM sla.credit WHERE objective = 'theirs';
DELETE FROM sla.objective WHERE name = 'theirs';
-- months of weeks: a group whose first outage comes late was up before; the month in which the objective came into force is closed, too, and stays when a version goes
BEGIN;
CREATE TABLE sc_group (began timestamptz, ended timestamptz, site text);
INSERT INTO sc_group VALUES ('2026-03-11', '2026-03-11 03:00', 'a'), ('2026-03-26', '2026-03-26 06:00', 'b'), ('2026-04-28', '2026-04-28 06:00', NULL);
INSERT INTO sla.agreement (party, name, monthly_fee) VALUES ('gcme', 'main', 100);
INSERT INTO sla.objective (name, valid_from, kind, relation, outage_from, outage_to, group_by, target_percent, window_length)
	SELECT 'sites', v, 'outage', 'sc_group', 'began', 'ended', 'site', 99, 'week' FROM unnest('{2026-02-10,2026-03-20}'::timestamptz[]) v;
INSERT INTO sla.credit (party, agreement, objective, below_percent, credit_percent) VALUES ('gcme', 'main', 'sites', 99.1, 5), ('gcme', 'main', 'sites', 98, 10);
UPDATE sla.objective_name SET taken_at = '2026-01-01' WHERE name = 'sites';
CREATE TEMP VIEW sites AS
	SELECT period_start, total / 86400 AS days, bad / 3600 AS hours, round(sli_percent::numeric, 4) AS sli, tier_amount, is_frozen
	FROM sla.service_credits('gcme', 'main', '2026-06-10') WHERE period_start BETWEEN '2026-02-01' AND '2026-04-30' ORDER BY 1;
SELECT * FROM sites;
SELECT sla.close_periods('2026-06-10', 100) > 10 AS closed;
SELECT * FROM sites;
INSERT INTO sc_group VALUES ('2026-02-20', '2026-03-20', 'a');
DELETE FROM sla.objective WHERE name = 'sites' AND valid_from = '2026-02-10';
SELECT * FROM sites;
ROLLBACK;
-- where midnight comes twice on the first of a month, months begin with the first of them, as elsewhere
BEGIN;
INSERT INTO sla.agreement (party, name, monthly_fee, time_zone) VALUES ('hcme', 'main', 100, 'America/Havana');
INSERT INTO sla.objective (name, kind, relation, outage_from, outage_to, target_percent, window_length, time_zone, valid_from) VALUES ('twice', 'outage', 'sc_outage', 'began', 'ended', 99, 'month', 'America/Havana', '2020-01-01');
INSERT INTO sla.credit (party, agreement, objective, below_percent, credit_percent) VALUES ('hcme', 'main', 'twice', 99, 5);
INSERT INTO sc_outage VALUES ('2020-11-01 04:00', '2020-11-01 05:00'), ('2020-11-30', '2020-11-30 06:30');
SELECT c.period_start, c.from_at, c.to_at, c.from_at = p.from_at AND c.to_at = p.to_at AS as_periods, c.bad / 3600 AS hours, p.bad / 3600 AS hours, c.tier_amount
FROM sla.service_credits('hcme', 'main', '2020-12-01 05:00') c JOIN sla.slo_periods('twice', '2020-12-01 05:00') p USING (period_start) WHERE c.period_start >= '2020-10-01' ORDER BY 1;
-- a renewal in another time zone does not move the months before it
INSERT INTO sla.agreement (party, name, valid_from, monthly_fee, time_zone) VALUES ('hcme', 'main', '2020-11-20 05:00', 200, 'Asia/Tokyo');
SELECT period_start, from_at, to_at, bad / 3600 AS hours, fee, tier_amount FROM sla.service_credits('hcme', 'main', '2020-12-20') WHERE period_start >= '2020-10-01' ORDER BY from_at;
ROLLBACK;
-- nor does one to come cut slices where its own months begin, when a period is closed
BEGIN;
CREATE TABLE sc_tick AS SELECT timestamptz '2026-02-01' + i * interval '1 hour' AS at, i % 7 > 0 AS ok FROM generate_series(0, 671) i;
INSERT INTO sla.agreement (party, name, valid_from, monthly_fee, time_zone) VALUES ('icme', 'main', '2026-02-10', 100, 'UTC'), ('icme', 'main', '2026-03-20', 100, 'Europe/Berlin');
INSERT INTO sla.objective (name, valid_from, kind, relation, at, good_when, slice, target_percent, window_length) VALUES ('slices', '2026-01-01', 'slice', 'sc_tick', 'at', 'ok', '6 hours', 90, 'month');
INSERT INTO sla.credit (party, agreement, objective, below_percent, credit_percent) VALUES ('icme', 'main', 'slices', 90, 5);
UPDATE sla.objective_name SET taken_at = '2026-01-01' WHERE name = 'slices';
SELECT from_at, to_at, total, good, is_frozen FROM sla.service_credits('icme', 'main', '2026-03-10') WHERE total > 0;
SELECT sla.close_periods('2026-03-10', 100) > 0 AS closed;
SELECT from_at, to_at, total, good, is_frozen FROM sla.service_credits('icme', 'main', '2026-03-10') WHERE total > 0;
ROLLBACK;
-- they follow a renamed objective, and stay when its owner deletes it: they are the administrator's
CREATE ROLE regress_sc_owner;
CREATE ROLE regress_sc_other;
GRANT USAGE ON SCHEMA sla, test TO regress_sc_owner, regress_sc_other;
GRANT CREATE ON SCHEMA public TO regress_sc_owner, regress_sc_other;
ALTER TABLE sc_outage OWNER TO regress_sc_owner;
UPDATE sla.objective SET name = name WHERE name = 'up';
SET ROLE regress_sc_owner;
UPDATE sla.objective SET name = 'online' WHERE name = 'up';
DELETE FROM sla.objective WHERE name = 'online';
RESET ROLE;
SELECT party, objective, count(*) FROM sla.credit GROUP BY 1, 2 ORDER BY 1, 2;
SELECT objective, has_total, has_amount, problem FROM told ORDER BY 1;
SELECT objective, problem FROM sla.service_credits('bcme', 'main') WHERE period_start = date_trunc('month', now()) ORDER BY 1;
SELECT subject, status, detail FROM sla.status() WHERE subject LIKE 'service credits%';
-- nobody else takes the name; the owner may
SET ROLE regress_sc_other;
CREATE TABLE public.sc_mine (began timestamptz);
SELECT * FROM refusal($$INSERT INTO sla.objective (name, kind, relation, outage_from, target_percent) VALUES ('online', 'outage', 'sc_mine', 'began', 0)$$);
INSERT INTO sla.objective (name, kind, relation, outage_from, target_percent) VALUES ('up', 'outage', 'sc_mine', 'began', 0);
SET ROLE regress_sc_owner;
INSERT INTO sla.objective (name, kind, relation, outage_from, target_percent) VALUES ('online', 'outage', 'sc_outage', 'began', 0);
RESET ROLE;
DROP TABLE sc_outage, sc_mine;
SELECT party, objective, count(*) FROM sla.credit GROUP BY 1, 2 ORDER BY 1, 2;
-- Ten tenths of slices are 9.999999999999998 %, by rounding: what meets a target of ten
-- per cent meets a tier of that, and is told as met.
CREATE TABLE public.sc_event (at timestamptz, ok boolean);
INSERT INTO sc_event SELECT timestamptz '2026-03-02' + i * interval '6 min', i % 10 = 0 FROM generate_series(0, 99) i;
INSERT INTO sla.objective (name, kind, relation, at, good_when, slice, slice_ratio, target_percent, window_length, party) VALUES ('tenths', 'slice', 'sc_event', 'at', 'ok', '1 hour', true, 10, 'month', 'dcme');
INSERT INTO sla.agreement (party, name, monthly_fee) VALUES ('dcme', 'tenths', 100);
INSERT INTO sla.credit (party, agreement, objective, below_percent, credit_percent, remedy) VALUES ('dcme', 'tenths', 'tenths', 10, 50, 'half'), ('dcme', 'tenths', 'tenths', 10.1, 5, 'a bit');
SELECT sli_percent < target_percent AS is_below, is_met FROM sla.slo_periods('tenths', '2026-04-01') WHERE total > 0;
SELECT below_percent, tier_amount, remedy FROM sla.service_credits('dcme', 'tenths', '2026-04-01') WHERE total > 0;
SELECT substring(p FROM 'Objectives met</dt><dd>([^<]*)') AS met, regexp_matches(p, '>(10 %|9[.]9\d* %)<', 'g') AS told FROM sla.report_html('dcme', 'tenths', '2026-03-01') p;
DELETE FROM sla.credit WHERE objective = 'tenths';
DROP TABLE sc_event;
SELECT sla.untrack('sc_ticket', false);
DROP TABLE sc_ticket;
SELECT count(*) FROM sla.objective;
DELETE FROM sla.credit;
DELETE FROM sla.agreement WHERE party IN ('acme', 'bcme', 'dcme', 'nofee');
SELECT state, message FROM refusal($$INSERT INTO sla.agreement (party, name, monthly_fee) VALUES ('acme', 'main', 'NaN')$$);
DROP OWNED BY regress_sc_reader, regress_sc_owner, regress_sc_other;
DROP ROLE regress_sc_reader, regress_sc_owner, regress_sc_other;
SET client_min_messages = warning;
DROP SCHEMA test CASCADE;
