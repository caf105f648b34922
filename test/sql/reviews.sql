-- What people say: annotations, reviews of breaches, agreements due for review, and patterns.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
CREATE SCHEMA test;
SET search_path = test, public;
CREATE FUNCTION test.refusal(command text, OUT state text, OUT message text, OUT detail text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
	state := 'none';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END
$$;
\set ECHO all
-- A desk whose tickets are to be solved in four hours.  Of twelve that Acme and
-- Bolt opened in March the first six were late: no item of Bolt's is Acme's.
CREATE ROLE regress_rv_owner;
CREATE ROLE regress_rv_agent;
CREATE ROLE regress_rv_quality;
CREATE ROLE regress_rv_account;
CREATE ROLE regress_rv_stranger;
CREATE ROLE regress_rv_operator;
GRANT USAGE ON SCHEMA test, sla TO regress_rv_owner, regress_rv_agent, regress_rv_quality, regress_rv_account, regress_rv_stranger, regress_rv_operator;
CREATE TABLE public.rv_ticket (id int PRIMARY KEY, customer text, team text, opened timestamptz, closed timestamptz);
ALTER TABLE rv_ticket OWNER TO regress_rv_owner;
GRANT SELECT, UPDATE ON rv_ticket TO regress_rv_agent;
CREATE TABLE public.rv_secret (id int PRIMARY KEY, opened timestamptz, closed timestamptz);
\set VERBOSITY terse
INSERT INTO sla.agreement (party, name, valid_from, review_every) VALUES ('Acme', 'ages', '2020-01-01', '178000000 years');
-- (in a time zone the last instants there are would be none)
INSERT INTO sla.agreement (party, name, ends_at) VALUES ('Acme', 'ages', '294276-12-31 23:59:59.999999+00');
INSERT INTO sla.agreement (party, name, valid_from) VALUES ('Acme', 'ages', '4713-01-01 BC');
INSERT INTO sla.policy (relation, name, valid_from) VALUES ('rv_ticket', 'ages', '10000-01-01');
\set VERBOSITY default
INSERT INTO sla.agreement (party, name, valid_from, ends_at, time_zone, review_every) VALUES
	('Acme', 'main', '2025-01-01', NULL, 'Europe/Berlin', '3 months'),
	('Bolt', 'main', '-infinity', NULL, NULL, '1 year'),
	('Cole', 'main', '2025-01-01', NULL, NULL, NULL);
SELECT sla.track('rv_ticket', party => 'customer', owner => 'team', labels => 'jsonb_build_object(''team'', team, ''size'', id % 2)', time_zone => 'America/New_York');
SELECT sla.track('rv_secret');
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at)
	SELECT t, 'solve', 'opened', 'closed IS NOT NULL', 'closed' FROM unnest('{rv_ticket,rv_secret}'::regclass[]) t;
INSERT INTO sla.policy (relation, name) VALUES ('rv_ticket', 'all'), ('rv_secret', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('rv_ticket', 'all', 'solve', '4 bh @24/7'), ('rv_secret', 'all', 'solve', '4 bh @24/7');
\set VERBOSITY terse
INSERT INTO sla.target (relation, policy, metric, valid_from) VALUES ('rv_ticket', 'all', 'solve', '10000-01-01');
\set VERBOSITY default
INSERT INTO rv_ticket
	SELECT i, CASE WHEN i % 3 = 0 THEN 'Bolt' ELSE 'Acme' END, CASE WHEN i <= 4 THEN 'red' WHEN i = 5 THEN NULL ELSE 'blue' END, s, s + CASE WHEN i <= 6 THEN interval '10 hours' ELSE interval '1 hour' END
	FROM generate_series(1, 12) i, LATERAL (SELECT timestamptz '2025-03-02 06:00' + i * interval '2 days') x (s);
INSERT INTO rv_secret VALUES (1, '2025-03-02', '2025-03-03');
INSERT INTO sla.objective (name, kind, relation, metric, target_percent, window_length, valid_from, time_zone) VALUES
	('solved', 'clock', 'rv_ticket', 'solve', 90, 'month', '2025-02-10 12:00', 'Europe/Berlin'), ('hidden', 'clock', 'rv_secret', 'solve', 90, 'week', '-infinity', 'UTC');
INSERT INTO sla.exception (relation, item, waive, reason, approved_by, approved_at) VALUES ('rv_ticket', '6', true, 'agreed on the phone', 'boss', '2025-03-20');
SELECT clock_id FROM sla.clock WHERE relation = 'rv_ticket'::regclass AND item = '1' \gset c1_
SELECT clock_id FROM sla.clock WHERE relation = 'rv_ticket'::regclass AND item = '2' \gset c2_
SELECT clock_id FROM sla.clock WHERE relation = 'rv_ticket'::regclass AND item = '12' \gset c12_
SELECT clock_id FROM sla.clock WHERE relation = 'rv_secret'::regclass \gset secret_
SELECT id FROM sla.exception WHERE item = '6' \gset exception_
-- An agent, who may UPDATE the table, writes that the customer was told: before, and twice after.
SET ROLE regress_rv_agent;
INSERT INTO sla.annotation (subject, key, at, kind, text) VALUES
	('clock', :'c1_clock_id', '2025-03-04 09:00', 'customer_notice', 'It will be late.'),
	('breach', :'c1_clock_id', '2025-03-04 10:20', 'customer_notice', 'It is late.'),
	('breach', :'c1_clock_id', '2025-03-04 12:00', 'customer_notice', 'Still at it.'),
	('breach', :'c1_clock_id', '2025-03-05 08:00', 'feedback', 'Thank you for telling me.'),
	('clock', :'c12_clock_id', '2025-03-27', 'note', 'an easy one');
SELECT subject, at, kind, text, author FROM sla.annotation ORDER BY id;
-- nobody writes in another's name, at another time, about another's, or about nothing; and nobody is told what is there
SELECT r.* FROM unnest(ARRAY[
	$$(subject, key, text, author) VALUES ('clock', '$$ || :'c1_clock_id' || $$', 'x', 'boss')$$,
	$$(subject, key, text, recorded_at) VALUES ('clock', '$$ || :'c1_clock_id' || $$', 'x', '2020-01-01')$$,
	$$(subject, key, text) VALUES ('clock', '9999999', 'x')$$,
	$$(subject, key, text) VALUES ('clock', 'x; DROP', 'x')$$,
	$$(subject, key, party, text) VALUES ('agreement', 'main', 'Acme', 'x')$$,
	$$(subject, key, party, text) VALUES ('agreement', 'main', 'Nobody', 'x')$$,
	$$(subject, key, text) VALUES ('objective', 'solved', 'x')$$,
	$$(subject, key, text) VALUES ('objective', 'none', 'x')$$,
	$$(subject, key, text) VALUES ('exception', '$$ || :'exception_id' || $$', 'x')$$]) WITH ORDINALITY u (row, n),
	LATERAL (SELECT state, replace(message, '"' || :'exception_id' || '"', 'N') AS message, detail FROM refusal('INSERT INTO sla.annotation ' || u.row)) r ORDER BY n;
SELECT state, replace(message, :'secret_clock_id', 'N') AS message, detail FROM refusal($$INSERT INTO sla.annotation (subject, key, text) VALUES ('clock', '$$ || :'secret_clock_id' || $$', 'x')$$);
SELECT state, message FROM refusal($$UPDATE sla.annotation SET text = 'never said'$$);
SELECT state, message FROM refusal($$DELETE FROM sla.annotation$$);
-- an agent reviews nothing
SELECT state, replace(message, :'c1_clock_id', 'N') AS message, detail, hint FROM refusal($$INSERT INTO sla.breach_review (clock_id, cause) VALUES ($$ || :'c1_clock_id' || $$, 'x')$$);
-- The owner of the table reads what is said about his, and reviews breaches.
RESET ROLE;
INSERT INTO sla.annotation (subject, key, text) VALUES ('clock', :'secret_clock_id', 'secret');
SET ROLE regress_rv_owner;
SELECT count(*), count(*) FILTER (WHERE text = 'secret') AS secrets FROM sla.annotation;
INSERT INTO sla.breach_review (clock_id, cause, root_cause) VALUES (:c1_clock_id, 'staffing', 'two were ill');
INSERT INTO sla.breach_review (clock_id, cause, root_cause, corrective_action, preventive_action) VALUES (:c2_clock_id, 'network', 'a line was cut', 'another line', 'two lines');
INSERT INTO sla.annotation (subject, key, text) VALUES ('objective', 'solved', 'hard to reach'), ('exception', :'exception_id', 'as agreed');
INSERT INTO sla.annotation (subject, key, period_start, text) VALUES ('period', 'solved', '2025-03-01', 'a bad month'), ('period', 'solved', '2025-02-10', 'the month of its beginning');
SELECT r.* FROM unnest(ARRAY[
	$$INSERT INTO sla.breach_review (clock_id) VALUES ($$ || :'c12_clock_id' || $$)$$,
	$$INSERT INTO sla.annotation (subject, key, text) VALUES ('breach', '$$ || :'c12_clock_id' || $$', 'x')$$,
	$$INSERT INTO sla.annotation (subject, key, period_start, text) VALUES ('period', 'solved', '2025-03-02', 'x')$$,
	$$INSERT INTO sla.annotation (subject, key, period_start, text) VALUES ('period', 'solved', '2025-02-01', 'x')$$,
	$$INSERT INTO sla.annotation (subject, key, period_start, text) VALUES ('period', 'solved', 'infinity', 'x')$$,
	$$INSERT INTO sla.annotation (subject, key, period_start, text) VALUES ('objective', 'solved', '2025-03-01', 'x')$$,
	$$INSERT INTO sla.annotation (subject, key, text) VALUES ('objective', 'hidden', 'x')$$,
	$$INSERT INTO sla.annotation (subject, key, text) VALUES ('weather', 'fine', 'x')$$,
	$$INSERT INTO sla.annotation (subject, key, text) VALUES ('objective', 'solved', E' \n')$$,
	$$INSERT INTO sla.annotation (subject, key, at, text) VALUES ('objective', 'solved', 'infinity', 'x')$$]) WITH ORDINALITY u (command, n),
	LATERAL (SELECT state, replace(message, :'c12_clock_id', 'N') AS message, left(hint, 60) AS hint FROM refusal(u.command)) r ORDER BY n;
-- what a review said before is kept
UPDATE sla.breach_review SET root_cause = 'three were ill', corrective_action = 'others helped' WHERE clock_id = :c1_clock_id;
UPDATE sla.breach_review SET cause = cause WHERE clock_id = :c1_clock_id;
SELECT kind, author, text FROM sla.annotation WHERE kind = 'change';
-- Who was granted the tables writes and reads about everything, in no other name than his.
RESET ROLE;
GRANT SELECT, INSERT ON sla.annotation TO regress_rv_quality;
GRANT SELECT, INSERT, UPDATE ON sla.breach_review TO regress_rv_quality;
GRANT SELECT, UPDATE ON sla.agreement TO regress_rv_account;
SET ROLE regress_rv_quality;
INSERT INTO sla.annotation (subject, key, text, author, recorded_at) VALUES ('clock', :'secret_clock_id', 'looked at', 'boss', '2020-01-01');
SELECT author, recorded_at > now() - interval '1 hour' AS is_now FROM sla.annotation WHERE text = 'looked at';
INSERT INTO sla.breach_review (clock_id, cause, reviewed_by) VALUES (:secret_clock_id, 'staffing', 'boss')
	ON CONFLICT (clock_id) DO UPDATE SET cause = EXCLUDED.cause;
UPDATE sla.breach_review SET clock_id = 1, relation = 'pg_class', reviewed_by = 'boss', preventive_action = 'hire' WHERE clock_id = :c1_clock_id;
SELECT clock_id = :c1_clock_id AS same_clock, relation, reviewed_by FROM sla.breach_review WHERE preventive_action = 'hire';
UPDATE sla.annotation SET text = 'never said';
DELETE FROM sla.annotation;
SELECT count(*) FROM sla.annotation;
SELECT r.* FROM unnest(ARRAY[
	$$('clock', NULL, '9999999', 'x')$$, $$('clock', NULL, '007', 'x')$$, $$('objective', NULL, 'none', 'x')$$, $$('exception', NULL, '99999', 'x')$$, $$('agreement', 'Acme', 'none', 'x')$$]) WITH ORDINALITY u (row, n),
	LATERAL refusal('INSERT INTO sla.annotation (subject, party, key, text) VALUES ' || u.row) r ORDER BY n;
-- Who may UPDATE agreements writes about them: reviews held.
SET ROLE regress_rv_account;
INSERT INTO sla.annotation (subject, party, key, at, kind, text) VALUES ('agreement', 'Acme', 'main', '2025-04-02 10:00+02', 'review', 'held; response is to be faster');
SELECT subject, party, key, text FROM sla.annotation;
-- An operator writes and reads about everything.
RESET ROLE;
SET client_min_messages = warning;
SELECT sla.grant_to('regress_rv_operator', 'operator');
RESET client_min_messages;
SET ROLE regress_rv_operator;
INSERT INTO sla.annotation (subject, key, text) VALUES ('clock', :'secret_clock_id', 'an operator''s');
UPDATE sla.breach_review SET cause = 'staffing' WHERE clock_id = :secret_clock_id;
SELECT count(*) FROM sla.annotation;
SET ROLE regress_rv_stranger;
SELECT count(*) FROM sla.annotation;
SELECT count(*) FROM sla.breach_review;
UPDATE sla.breach_review SET cause = 'x';
SELECT state, message FROM refusal('SELECT FROM sla.report_breach_review');
SELECT state, message FROM refusal('SELECT FROM sla.report_annotation');
SELECT state, message FROM refusal($$SELECT sla.breach_pareto('cause', NULL)$$);
RESET ROLE;
-- Breaches with their reviews: told before and after, 20 minutes after the first.
SELECT item, cause, root_cause, corrective_action, preventive_action, reviewed_by, notices_before AS before, notices_after AS after, first_notice_at, first_notice_seconds AS seconds, first_notice_text AS text, feedback, is_waived, has_review, is_reviewed
FROM sla.report_breach_review WHERE relation = 'rv_ticket' ORDER BY item;
SELECT subject, party, regexp_replace(key, '^\d+$', 'N') AS key, period_start, relation, kind, author FROM sla.report_annotation ORDER BY annotation;
-- Patterns; the waived breach does not count, and days are those of Berlin for Acme, else of New York
SELECT dimension, label, value, rank, breaches, breaches_percent, cumulative_percent, "time"
FROM sla.report_breach_pareto WHERE relation = 'rv_ticket' AND period_start = '2025-03-01' ORDER BY 1, 2, 4;
SELECT * FROM sla.breach_pareto('cause', '[2025-03-01,2025-04-01)');
SELECT * FROM sla.breach_pareto('cause', '[2025-03-01,2025-04-01)', party => 'Acme');
SELECT * FROM sla.breach_pareto('label', '[2025-03-04 10:00,2025-03-06 10:00)', 'rv_ticket', label => 'size');
SELECT * FROM sla.breach_pareto('hour_of_week', '[2025-03-04 10:00,2025-03-06 10:00]', 'rv_ticket');
SELECT * FROM sla.breach_pareto('label', '[2025-03-01,2025-04-01)', 'rv_ticket', label => 'none');
SELECT * FROM sla.breach_pareto('owner', 'empty');
SELECT count(*) AS everything FROM sla.breach_pareto('policy', NULL);
SELECT r.* FROM unnest(ARRAY[$$'weather', NULL$$, 'NULL, NULL', $$'label', NULL$$, $$'cause', NULL, label => 'x'$$]) WITH ORDINALITY u (arguments, n),
	LATERAL refusal('SELECT sla.breach_pareto(' || u.arguments || ')') r ORDER BY n;
-- Agreements due for review: three months of Berlin after the last, which was in summer time; one that was never reviewed
SELECT party, name, valid_from, due_at, last_review_at FROM sla.review_due ORDER BY 1;
SELECT party, version, is_in_force, last_review_at, next_review_at, is_review_due, days_left FROM sla.report_agreement ORDER BY 1, 2;
-- a renewal begins the time anew; the present version tells how it stands
INSERT INTO sla.agreement (party, name, valid_from, ends_at, time_zone, review_every) VALUES
	('Acme', 'main', now() - interval '10 days', date_trunc('day', now()) + interval '40 days 22:00', NULL, '1 month');
SELECT version, is_in_force, last_review_at, next_review_at = valid_from + interval '1 month' AS is_month_after, is_review_due, days_left, last_month_percent FROM sla.report_agreement WHERE party = 'Acme' ORDER BY 2;
INSERT INTO sla.annotation (subject, party, key, at, kind, text) VALUES ('agreement', 'Acme', 'main', now() - interval '40 days', 'review', 'before'), ('agreement', 'Acme', 'main', now() + interval '1 day', 'review', 'announced');
SELECT last_review_at > now() - interval '41 days' AND last_review_at < now() AS is_last, due_at = valid_from + interval '1 month' AS is_of_renewal FROM sla.review_due WHERE party = 'Acme';
-- attainment of last month: one of two, by the version then in force
INSERT INTO rv_ticket SELECT i, 'Acme', 'red', m, m + (i - 100) * interval '3 hours' FROM generate_series(101, 102) i, LATERAL (SELECT date_trunc('month', now()) - interval '15 days') x (m);
SELECT last_month_clocks, last_month_percent FROM sla.report_agreement WHERE party = 'Acme' AND is_in_force;
-- a version that is never in force: no report has an infinite instant
BEGIN;
INSERT INTO sla.agreement (party, name, valid_from) VALUES ('Never', 'main', '2020-01-01'), ('Never', 'main', 'infinity');
SELECT version, valid_from, valid_until, is_in_force FROM sla.report_agreement WHERE party = 'Never' ORDER BY 1;
ROLLBACK;
-- What is written follows, and goes with, what it is about.
UPDATE sla.objective SET name = 'solved in time' WHERE name = 'solved';
UPDATE sla.agreement SET name = 'prime' WHERE party = 'Acme';
SELECT subject, party, key, count(*) FROM sla.annotation WHERE subject IN ('objective', 'period', 'agreement') GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
DELETE FROM sla.agreement WHERE party = 'Acme' AND valid_from > '2025-02-01';
SELECT count(*) AS stay FROM sla.annotation WHERE subject = 'agreement';
DELETE FROM sla.exception WHERE id = :exception_id;
DELETE FROM sla.agreement WHERE party = 'Acme';
DELETE FROM sla.objective WHERE name = 'solved in time';
SELECT subject, count(*) FROM sla.annotation GROUP BY 1 ORDER BY 1;
DROP TABLE rv_ticket;
SELECT relation, text FROM sla.annotation;
SELECT relation, cause FROM sla.breach_review;
SELECT sla.untrack('rv_secret', false);
SELECT count(*) FROM sla.annotation;
SELECT count(*) FROM sla.breach_review;
DROP TABLE rv_secret;
DELETE FROM sla.agreement WHERE party IN ('Bolt', 'Cole');
DROP OWNED BY regress_rv_owner, regress_rv_agent, regress_rv_quality, regress_rv_account, regress_rv_stranger, regress_rv_operator;
DROP ROLE regress_rv_owner, regress_rv_agent, regress_rv_quality, regress_rv_account, regress_rv_stranger, regress_rv_operator;
SET client_min_messages = warning;
DROP SCHEMA test CASCADE;
