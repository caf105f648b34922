--
-- Ten stories, each as a user would write it.  2026-06-01 is a Monday.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
\set ECHO all
SET datestyle = 'ISO, YMD';
INSERT INTO sla.calendar (name, hours) VALUES
	('support', 'TZ=Europe/Berlin Mo-Fr 09:00-17:30'),
	('office', 'TZ=Europe/Berlin Mo-Fr 08:00-18:00');

--
-- 1. Tickets with a table of messages: an answer to each message of the
--    customer within two hours
--
CREATE TABLE ticket (id int PRIMARY KEY, subject text, is_closed boolean DEFAULT false, updated_at timestamptz);
CREATE TABLE message (id int PRIMARY KEY, ticket_id int REFERENCES ticket, sent_at timestamptz, by_customer boolean, body text);
SELECT sla.track('ticket', at => 'updated_at');
INSERT INTO sla.metric (relation, name, start_when, stop_when) VALUES ('ticket', 'next_response', 'false', 'is_closed');
INSERT INTO sla.policy (relation, name) VALUES ('ticket', 'everybody');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'everybody', 'next_response', '2 business hours @support');
INSERT INTO sla.source (source, relation, item, metric, action, applies_when, at) VALUES
	('message', 'ticket', 'ticket_id', 'next_response', 'start', 'by_customer', 'sent_at'),
	('message', 'ticket', 'ticket_id', 'next_response', 'stop', 'NOT by_customer', 'sent_at');
INSERT INTO ticket VALUES (1, 'Printer on fire', false, '2026-06-01 09:00+02');
INSERT INTO message VALUES
	(1, 1, '2026-06-01 09:00+02', true, 'It burns'),
	(2, 1, '2026-06-01 09:40+02', false, 'Which colour?'),
	(3, 1, '2026-06-01 16:30+02', true, 'Blue'),
	(4, 1, '2026-06-01 17:00+02', true, 'Hello?'),			-- not yet answered: the same clock runs on
	(5, 1, '2026-06-02 11:00+02', false, 'Cyan is out');
-- the second answer was due on Tuesday at 10:00 (an hour on Monday, one on Tuesday) and came at 11:00
SET timezone = 'Europe/Berlin';
SELECT item, cycle, started_at, due_at, stopped_at, verdict, elapsed_seconds / 60 AS minutes
FROM sla.clock WHERE relation = 'ticket'::regclass ORDER BY item, cycle;
SELECT sla.untrack('ticket', keep_history => false);
DROP TABLE message, ticket;

--
-- 2. A ticket becomes urgent after it had waited for its customer: the wait
--    still does not count
--
CREATE TABLE ticket (id int PRIMARY KEY, priority text, status text, updated_at timestamptz);
SELECT sla.track('ticket', at => 'updated_at');
INSERT INTO sla.metric (relation, name, stop_when, pause_when, pause_reason) VALUES
	('ticket', 'resolution', $$status = 'resolved'$$, $$status LIKE 'waiting%'$$, 'status');
INSERT INTO sla.policy (relation, name, applies_when, rank) VALUES
	('ticket', 'urgent', $$priority = 'urgent'$$, 1),
	('ticket', 'standard', 'true', 9);
INSERT INTO sla.target (relation, policy, metric, goal) VALUES
	('ticket', 'urgent', 'resolution', '4 business hours @support'),
	('ticket', 'standard', 'resolution', '2 business days @support');
INSERT INTO ticket VALUES (1, 'normal', 'open', '2026-06-01 10:00+02');
UPDATE ticket SET status = 'waiting for customer', updated_at = '2026-06-01 11:00+02';
UPDATE ticket SET status = 'open', updated_at = '2026-06-01 15:00+02';
SELECT policy, due_at, paused_seconds / 3600 AS hours_paused FROM sla.clock WHERE relation = 'ticket'::regclass;
-- 4 hours from Monday 10:00, less the 4 that it waited: Tuesday 09:30
UPDATE ticket SET priority = 'urgent', updated_at = '2026-06-01 16:00+02';
SELECT policy, due_at, paused_seconds / 3600 AS hours_paused FROM sla.clock WHERE relation = 'ticket'::regclass;
UPDATE ticket SET status = 'resolved', updated_at = '2026-06-02 09:30+02';
SELECT policy, started_at, stopped_at, verdict, elapsed_seconds / 3600 AS hours_used FROM sla.clock WHERE relation = 'ticket'::regclass;
SELECT x.kind, x.at, x.before ->> 'policy' AS before, x.after ->> 'policy' AS after
FROM sla.clock_change x JOIN sla.clock c ON c.clock_id = x.clock WHERE c.relation = 'ticket'::regclass ORDER BY x.at;
SELECT sla.untrack('ticket', keep_history => false);
DROP TABLE ticket;

--
-- 3. What each team promises the others, and who kept the ticket waiting
--
CREATE TABLE ticket (id int PRIMARY KEY, team text, status text, updated_at timestamptz);
SELECT sla.track('ticket', at => 'updated_at', owner => 'team');
INSERT INTO sla.metric (relation, name, per, stop_when, pause_when, pause_reason, kind) VALUES
	('ticket', 'team_time', 'team', $$status = 'resolved'$$, $$status LIKE 'waiting%'$$, 'status', 'ola');
INSERT INTO sla.policy (relation, name) VALUES ('ticket', 'between teams');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'between teams', 'team_time', '3 business hours @support');
INSERT INTO ticket VALUES (1, 'desk', 'open', '2026-06-01 09:00+02');
UPDATE ticket SET team = 'network', updated_at = '2026-06-01 10:00+02';
UPDATE ticket SET team = 'desk', updated_at = '2026-06-01 15:00+02';
UPDATE ticket SET status = 'waiting for vendor', updated_at = '2026-06-01 15:30+02';
UPDATE ticket SET status = 'open', updated_at = '2026-06-01 16:30+02';
UPDATE ticket SET status = 'resolved', updated_at = '2026-06-01 17:00+02';
-- the desk used 2 hours in three parts; the network had it for 5 and had promised 3
SELECT per AS team, elapsed_seconds / 3600 AS hours, state, breached_at, verdict
FROM sla.clock WHERE relation = 'ticket'::regclass ORDER BY per;
SELECT per AS team, reason, from_at, to_at, paused_text FROM sla.report_pause WHERE relation = 'ticket' AND per = 'desk' ORDER BY from_at;
SELECT sla.untrack('ticket', keep_history => false);
DROP TABLE ticket;

--
-- 4. Delivered on the next business day by 16:00, if ordered before 14:00
--
CREATE TABLE delivery (order_no text PRIMARY KEY, ordered_at timestamptz, delivered_at timestamptz);
SELECT sla.track('delivery', at => 'coalesce(delivered_at, ordered_at)');
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at) VALUES
	('delivery', 'delivered', 'ordered_at', 'delivered_at IS NOT NULL', 'delivered_at');
INSERT INTO sla.policy (relation, name) VALUES ('delivery', 'next day');
INSERT INTO sla.target (relation, policy, metric, goal, due_by, cutoff) VALUES
	('delivery', 'next day', 'delivered', '1 business day @support', '16:00', '14:00');
INSERT INTO sla.holiday (calendar, day, name) VALUES ('support', '2026-06-04', 'Corpus Christi');
INSERT INTO delivery (order_no, ordered_at) VALUES
	('Monday morning', '2026-06-01 09:30+02'),
	('Monday at two', '2026-06-01 14:00+02'),
	('Wednesday morning', '2026-06-03 09:30+02'),			-- Thursday is a holiday
	('Friday, too late', '2026-06-05 16:00+02');
SELECT item, to_char(due_at, 'Dy DD Mon HH24:MI') AS due FROM sla.clock WHERE relation = 'delivery'::regclass ORDER BY started_at;
UPDATE delivery SET delivered_at = '2026-06-02 16:00+02' WHERE order_no LIKE 'Monday%';
UPDATE delivery SET delivered_at = '2026-06-05 16:01+02' WHERE order_no LIKE 'Wednesday%';
SELECT item, verdict FROM sla.clock WHERE relation = 'delivery'::regclass AND state = 'stopped' ORDER BY started_at;
SELECT sla.untrack('delivery', keep_history => false);
DROP TABLE delivery;
DELETE FROM sla.holiday WHERE calendar = 'support';

--
-- 5. Follow the sun: three offices, each with its own holidays
--
INSERT INTO sla.calendar (name, hours) VALUES
	('berlin', 'TZ=Europe/Berlin Mo-Fr 09:00-17:00'), ('denver', 'TZ=America/Denver Mo-Fr 09:00-17:00'), ('sydney', 'TZ=Australia/Sydney Mo-Fr 09:00-17:00');
INSERT INTO sla.calendar (name, combines) VALUES ('sun', 'berlin + denver + sydney');
INSERT INTO sla.holiday (calendar, day, name) VALUES ('denver', '2026-06-19', 'Juneteenth'), ('sydney', '2026-06-08', 'King''s Birthday');
CREATE TABLE incident (id int PRIMARY KEY, opened_at timestamptz, closed_at timestamptz);
SELECT sla.track('incident', at => 'coalesce(closed_at, opened_at)');
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at) VALUES ('incident', 'resolution', 'opened_at', 'closed_at IS NOT NULL', 'closed_at');
INSERT INTO sla.policy (relation, name) VALUES ('incident', 'global');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('incident', 'global', 'resolution', '6 business hours @sun');
INSERT INTO incident (id, opened_at) VALUES
	(1, '2026-06-04 14:00Z'),		-- Berlin until 15:00, Denver from 15:00: 20:00
	(2, '2026-06-04 22:00Z'),		-- Denver until 23:00, then Sydney (from 23:00): 04:00
	(3, '2026-06-05 22:00Z'),		-- an hour of Denver's Friday; Sydney has a holiday on Monday: Berlin's Monday, 12:00
	(4, '2026-06-19 14:00Z');		-- Denver has its holiday: Sydney's Monday, which begins on Sunday 23:00Z
SET timezone = 'UTC';
SELECT item, to_char(started_at, 'Dy DD HH24:MI') AS opened, to_char(due_at, 'Dy DD HH24:MI') AS due FROM sla.clock WHERE relation = 'incident'::regclass ORDER BY item;
-- Berlin declares a holiday of its own: only what counts on it moves
INSERT INTO sla.holiday (calendar, day, name) VALUES ('berlin', '2026-06-08', 'Closed for the move');
SELECT item, to_char(started_at, 'Dy DD HH24:MI') AS opened, to_char(due_at, 'Dy DD HH24:MI') AS due FROM sla.clock WHERE relation = 'incident'::regclass ORDER BY item;
SELECT sla.untrack('incident', keep_history => false);
DROP TABLE incident;
DELETE FROM sla.calendar WHERE name = 'sun';
DELETE FROM sla.calendar WHERE name IN ('berlin', 'denver', 'sydney');
SET timezone = 'Europe/Berlin';

--
-- 6. A contract renewed in the middle of a month: each ticket by the plan of
--    its day
--
CREATE TABLE ticket (id int PRIMARY KEY, customer text, opened_at timestamptz, closed_at timestamptz);
SELECT sla.track('ticket', at => 'coalesce(closed_at, opened_at)', party => 'customer', time_zone => 'Europe/Berlin');
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at) VALUES ('ticket', 'resolution', 'opened_at', 'closed_at IS NOT NULL', 'closed_at');
INSERT INTO sla.policy (relation, name, plan, rank) VALUES ('ticket', 'gold', 'gold', 1), ('ticket', 'silver', 'silver', 2);
INSERT INTO sla.target (relation, policy, metric, goal) VALUES
	('ticket', 'gold', 'resolution', '4 business hours'), ('ticket', 'silver', 'resolution', '8 business hours');
INSERT INTO sla.agreement (party, name, plan, calendar, time_zone, ends_at) VALUES ('Acme', 'support', 'silver', 'support', 'Europe/Berlin', '2026-06-15 00:00+02');
INSERT INTO sla.agreement (party, name, valid_from, plan, calendar, time_zone) VALUES ('Acme', 'support', '2026-06-15 00:00+02', 'gold', 'office', 'Europe/Berlin');
INSERT INTO ticket VALUES
	(1, 'Acme', '2026-06-12 15:00+02', '2026-06-15 14:00+02'),		-- silver, 8 hours: until Monday 14:30
	(2, 'Acme', '2026-06-15 09:00+02', '2026-06-15 14:00+02'),		-- gold, 4 hours of the office's: until 13:00
	(3, 'Acme', '2026-06-15 17:00+02', '2026-06-16 10:00+02'),
	(4, 'Nobody', '2026-06-15 17:00+02', '2026-06-16 10:00+02');	-- no contract, no promise
SELECT item, policy, agreement, goal, due_at, stopped_at, verdict FROM sla.clock WHERE relation = 'ticket'::regclass ORDER BY item;
SELECT period_start, policy, clocks, met, breached, net_percent FROM sla.report_attainment WHERE relation = 'ticket' ORDER BY policy;
SELECT sla.untrack('ticket', keep_history => false);
DROP TABLE ticket;
DELETE FROM sla.agreement;

--
-- 7. Force majeure, declared afterwards
--
CREATE TABLE ticket (id int PRIMARY KEY, opened_at timestamptz, closed_at timestamptz);
SELECT sla.track('ticket', at => 'coalesce(closed_at, opened_at)');
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at) VALUES ('ticket', 'resolution', 'opened_at', 'closed_at IS NOT NULL', 'closed_at');
INSERT INTO sla.policy (relation, name) VALUES ('ticket', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'all', 'resolution', '4 business hours @support');
INSERT INTO ticket VALUES
	(1, '2026-06-01 10:00+02', '2026-06-01 16:00+02'), (2, '2026-06-01 11:00+02', '2026-06-01 17:30+02'), (3, '2026-06-02 10:00+02', '2026-06-02 12:00+02');
SELECT item, due_at, stopped_at, verdict, gross_verdict FROM sla.clock WHERE relation = 'ticket'::regclass ORDER BY item;
INSERT INTO sla.exception (kind, relation, during, reason) VALUES
	('force_majeure', 'ticket', '[2026-06-01 12:00+02,2026-06-01 14:00+02)', 'the power company');
-- nothing before it is approved; then the net verdict changes and the gross one does not
SELECT count(*) FILTER (WHERE verdict = 'breached') AS breached FROM sla.clock WHERE relation = 'ticket'::regclass;
UPDATE sla.exception SET approved_by = 'both sides', approved_at = '2026-06-10 12:00+02';
SELECT item, due_at, gross_due_at, verdict, gross_verdict FROM sla.clock WHERE relation = 'ticket'::regclass ORDER BY item;
SELECT period_start, clocks, gross_breached, breached, round(gross_percent::numeric, 1) AS gross_percent, round(net_percent::numeric, 1) AS net_percent
FROM sla.report_attainment WHERE relation = 'ticket';
SELECT sla.untrack('ticket', keep_history => false);
DROP TABLE ticket;
DELETE FROM sla.exception;

--
-- 8. A goal of 15 minutes, 30 are acceptable
--
CREATE TABLE call (id int PRIMARY KEY, rang_at timestamptz, answered_at timestamptz);
SELECT sla.track('call', at => 'coalesce(answered_at, rang_at)');
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at) VALUES ('call', 'answered', 'rang_at', 'answered_at IS NOT NULL', 'answered_at');
INSERT INTO sla.policy (relation, name) VALUES ('call', 'all');
INSERT INTO sla.target (relation, policy, metric, goal, threshold) VALUES ('call', 'all', 'answered', '15 business minutes @support', '30 business minutes @support');
INSERT INTO call SELECT i, '2026-06-01 10:00+02', timestamptz '2026-06-01 10:00+02' + i * interval '1 minute' FROM unnest('{5,15,16,30,31,90}'::int[]) i;
SELECT item AS minutes, due_at, threshold_at, breached_at, verdict FROM sla.clock WHERE relation = 'call'::regclass ORDER BY elapsed_seconds;
SELECT verdict, count(*) FROM sla.clock WHERE relation = 'call'::regclass GROUP BY verdict ORDER BY min(elapsed_seconds);
SELECT sla.untrack('call', keep_history => false);
DROP TABLE call;

--
-- 9. Three years of closed tickets are imported: what would a promise of six
--    hours have meant?
--
CREATE TABLE ticket (id int PRIMARY KEY, team text, opened_at timestamptz, closed_at timestamptz);
INSERT INTO ticket
	SELECT i, (ARRAY['north', 'south'])[1 + i % 2], t, t + make_interval(mins => 75 * (i % 40))
	FROM generate_series(1, 3000) i, LATERAL (SELECT timestamptz '2023-01-02 09:00+01' + i * interval '8 hours 17 minutes') o(t);
SELECT sla.track('ticket', labels => $$jsonb_build_object('team', team)$$);
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at) VALUES ('ticket', 'resolution', 'opened_at', 'closed_at IS NOT NULL', 'closed_at');
INSERT INTO sla.policy (relation, name) VALUES ('ticket', 'measured');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'measured', 'resolution', '1 business day @support');
SELECT items, started, errors FROM sla.sync('ticket');
SELECT label, clocks, met_before, met_after, round(before_percent::numeric, 1) AS before_percent, round(after_percent::numeric, 1) AS after_percent
FROM sla.what_if('ticket', 'resolution', '6 business hours @support', '[2023-01-01 00:00+01,2026-01-01 00:00+01)', by => 'team') ORDER BY label;
-- the same, asked by hand
SELECT team, count(*) AS clocks, count(*) FILTER (WHERE closed_at <= opened_at + business_interval '1 bd @support') AS met_before,
	count(*) FILTER (WHERE closed_at <= opened_at + business_interval '6 bh @support') AS met_after
FROM ticket WHERE closed_at < '2026-01-01 00:00+01' GROUP BY team ORDER BY team;
SELECT sla.suggest_goal('ticket', 'resolution', 90, 'support') AS kept_by_90_percent;
SELECT round(attainment(closed_at <= opened_at + business_interval '15 bh 15 bm @support')::numeric, 1) AS kept,
	round(attainment(closed_at <= opened_at + business_interval '15 bh 14 bm @support')::numeric, 1) AS a_minute_less
FROM ticket;
SELECT sla.untrack('ticket', keep_history => false);
DROP TABLE ticket;

--
-- 10. A customer disputes a deadline: why was it due then?
--
INSERT INTO sla.holiday (calendar, day, name) VALUES ('support', '2026-06-04', 'Corpus Christi');
CREATE TABLE ticket (id int PRIMARY KEY, priority int, status text, updated_at timestamptz);
SELECT sla.track('ticket', at => 'updated_at');
INSERT INTO sla.metric (relation, name, stop_when, pause_when, pause_reason) VALUES
	('ticket', 'resolution', $$status = 'resolved'$$, $$status LIKE 'waiting%'$$, 'status');
INSERT INTO sla.policy (relation, name, applies_when, rank, description) VALUES
	('ticket', 'gold', 'priority = 1', 1, 'production is down'), ('ticket', 'standard', 'true', 2, 'anything else');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES
	('ticket', 'gold', 'resolution', '4 business hours @support'), ('ticket', 'standard', 'resolution', '8 business hours @support');
INSERT INTO ticket VALUES (4711, 2, 'open', '2026-06-02 16:00+02');
UPDATE ticket SET status = 'waiting for customer', updated_at = '2026-06-03 10:00+02';
UPDATE ticket SET status = 'open', updated_at = '2026-06-03 13:00+02';
UPDATE ticket SET status = 'resolved', updated_at = '2026-06-05 10:15+02';
-- 1.5 hours on Tuesday, 1 and 4.5 on Wednesday, none on Thursday's holiday: Friday 10:00
SELECT due_at, stopped_at, verdict FROM sla.clock WHERE relation = 'ticket'::regclass;
SELECT seq, to_char(from_at, 'Dy DD HH24:MI') AS from, to_char(to_at, 'Dy DD HH24:MI') AS to, what,
	regexp_replace(detail, 'version of .*?(?= TZ)', 'version of today:') AS detail, counted_seconds / 3600 AS counted, used_seconds / 3600 AS used
FROM sla.explain('ticket', '4711', 'resolution');
SELECT sla.untrack('ticket', keep_history => false);
DROP TABLE ticket;

-- nothing is left
DELETE FROM sla.calendar;
DELETE FROM sla.calendar_history;
SELECT (SELECT count(*) FROM sla.tracked) AS tracked, (SELECT count(*) FROM sla.metric) AS metrics, (SELECT count(*) FROM sla.policy) AS policies,
	(SELECT count(*) FROM sla.target) AS targets, (SELECT count(*) FROM sla.source) AS sources, (SELECT count(*) FROM sla.clock) AS clocks;
