-- The month of an agreement for its client: sla.monthly_summary() and sla.report_html().
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
CREATE SCHEMA test;
SET search_path = test, public;
CREATE FUNCTION test.refusal(command text, OUT state text, OUT message text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
	state := 'none';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
END
$$;
-- well-formed, where this server can tell
CREATE FUNCTION test.is_xml(page text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RETURN xmlparse(document page) IS NOT NULL;
EXCEPTION WHEN feature_not_supported THEN
	RETURN true;
END
$$;
-- the words of a page, a line for each element that has any
CREATE FUNCTION test.words(page text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT line FROM regexp_split_to_table(regexp_replace(regexp_replace(page, '^.*<body>', ''), '</?[a-z][^<>]*>', E'\n', 'g'), '\s*\n\s*') WITH ORDINALITY r (line, n)
	WHERE line <> '' ORDER BY n
$$;
\set ECHO all
-- Text
SELECT sla.html_escape('a<b & "c" ''d'' `e` > f'), sla.html_escape(''), sla.html_escape(NULL);
SELECT sla.html_escape(E'tab\there, line\nhere, bell\u0007, escape\u001b, delete\u007f, return\r, both\r\nof them');
SELECT CASE WHEN getdatabaseencoding() = 'UTF8' THEN sla.html_escape(U&'\00e9 \20ac \+01F600 control \0085 override \202e isolate \2066 hidden \200b joiner \200d none \FFFE tag \+0E0041 mark \200f')
	ELSE '&#233; &#8364; &#128512; control &#65533; override &#65533; isolate &#65533; hidden &#65533; joiner &#8205; none &#65533; tag &#65533; mark &#8207;' END AS escaped;
-- Goals
SELECT sla.goal_in_words(g::business_interval, c, d, t) FROM (VALUES
	(1, '30 min', '24/7', NULL, NULL), (2, '1 bh 30 min @sm_desk', NULL, NULL, NULL), (3, '2 bd 1 bh @sm_desk', NULL, NULL, NULL), (4, '1 bd @sm_desk', NULL, '16:00', '12:00'), (5, '0 bh @sm_desk', NULL, 'close', NULL), (6, NULL, NULL, NULL, NULL)) v (n, g, c, d, t) ORDER BY n;
-- An agreement over March of Berlin, renewed within it with another fee and no cap; the
-- other customer's tickets, of the same table and policy, are nobody else's business.
CREATE TABLE public.sm_ticket (id text PRIMARY KEY, customer text, team text, opened timestamptz, closed timestamptz);
INSERT INTO sla.calendar (name, hours) VALUES ('sm_desk', 'TZ=Europe/Berlin Mo-Fr 08:00-18:00');
SELECT sla.track('sm_ticket', party => 'customer', owner => 'team', time_zone => 'Europe/Berlin');
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at) VALUES ('sm_ticket', 'resolution', 'opened', 'closed IS NOT NULL', 'closed');
INSERT INTO sla.policy (relation, name, plan, rank, description) VALUES ('sm_ticket', 'gold', 'gold', 1, 'All tickets.');
INSERT INTO sla.target (relation, policy, metric, goal, threshold) VALUES ('sm_ticket', 'gold', 'resolution', '4 bh @sm_desk', '5 bh @sm_desk');
INSERT INTO sla.agreement (party, name, valid_from, time_zone, plan, owner, monthly_fee, currency, credit_cap_percent) VALUES
	('Acme', 'support', '2025-01-01', 'Europe/Berlin', 'gold', 'Jana', 3100, 'EUR', 2),
	('Acme', 'support', '2025-03-16 00:00+01', 'Europe/Berlin', 'gold', 'Jana', 6200, 'EUR', NULL),
	('Bolt', 'support', '2025-01-01', 'UTC', 'gold', NULL, NULL, NULL, NULL),
	('Cole', 'support', '2025-01-01', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO sm_ticket
	SELECT (CASE customer WHEN 'Acme' THEN 'A-' ELSE 'B-' END) || i, customer, 'red', opened, opened + CASE WHEN i IN (4, 9, 12) THEN interval '9 hours' ELSE interval '2 hours' END
	FROM generate_series(1, 15) i, unnest('{Acme,Bolt}'::text[]) customer, LATERAL (SELECT timestamptz '2025-02-17 09:00+01' + (i / 5 * 7 + i % 5) * interval '2 days' - (i / 5 * 7) * interval '1 day') x (opened);
SELECT item, to_char(stopped_at AT TIME ZONE 'Europe/Berlin', 'MM-DD HH24:MI') AS stopped, to_char(breached_at AT TIME ZONE 'Europe/Berlin', 'Dy MM-DD HH24:MI') AS breached, verdict FROM sla.clock WHERE party = 'Acme' AND relation = 'sm_ticket'::regclass ORDER BY started_at;
CREATE TABLE public.sm_outage (began timestamptz, ended timestamptz);
INSERT INTO sm_outage VALUES ('2025-03-10 10:00', '2025-03-10 11:00');
INSERT INTO sla.objective (name, kind, relation, outage_from, outage_to, target_percent, window_length, time_zone, valid_from) VALUES ('portal', 'outage', 'sm_outage', 'began', 'ended', 99.9, 'month', 'Europe/Berlin', '2025-01-01');
INSERT INTO sla.objective (name, kind, relation, metric, target_percent, window_length, time_zone, party, agreement, description) VALUES
	('solved', 'clock', 'sm_ticket', 'resolution', 95, 'month', 'Europe/Berlin', 'Acme', 'support', 'Tickets solved in time'),
	('solved for Bolt', 'clock', 'sm_ticket', 'resolution', 95, 'month', 'Europe/Berlin', 'Bolt', 'support', NULL),
	('solved for all', 'clock', 'sm_ticket', 'resolution', 95, 'month', 'Europe/Berlin', NULL, NULL, NULL);
INSERT INTO sla.credit (party, agreement, objective, below_percent, credit_percent, remedy) VALUES ('Acme', 'support', 'portal', 99.9, 10, 'an apology'), ('Acme', 'support', 'solved for all', 5, 5, NULL);
INSERT INTO sla.credit (party, agreement, objective, per_breach) VALUES ('Acme', 'support', 'solved', 20);
INSERT INTO sla.breach_review (clock_id, cause, root_cause, corrective_action)
	SELECT clock_id, 'staffing', customer || ' was forgotten', 'a call' FROM sla.report_breach b JOIN sm_ticket t ON t.id = b.item WHERE item IN ('A-9', 'B-9');
INSERT INTO sla.annotation (subject, key, at, kind, text) SELECT 'clock', clock_id::text, breached_at - interval '10 minutes', 'customer_notice', 'secret words' FROM sla.report_breach WHERE item = 'A-9';
INSERT INTO sla.annotation (subject, key, at, kind, text) SELECT 'clock', clock_id::text, breached_at, 'note', 'internal words' FROM sla.report_breach WHERE item = 'A-9';
INSERT INTO sla.annotation (subject, party, key, at, kind, text) VALUES ('agreement', 'Acme', 'support', '2025-03-31 23:30+02', 'review', E'Held.\nAll is well.'), ('agreement', 'Acme', 'support', '2025-04-01 00:30+02', 'review', 'In April.'),
	('agreement', 'Acme', 'support', '2025-03-20', 'note', 'internal words'), ('agreement', 'Bolt', 'support', '2025-03-20', 'review', 'with Bolt');
INSERT INTO sla.exception (relation, party, item, waive, during, kind, reason, approved_by, approved_at) VALUES
	('sm_ticket', 'Acme', 'A-12', true, NULL, 'customer_delay', 'nobody answered', 'Jana', '2025-03-25'),
	('sm_ticket', 'Bolt', NULL, false, '[2025-03-10 10:00,2025-03-10 12:00)', 'maintenance', 'at Bolt', 'Jana', '2025-03-05'),
	('sm_ticket', NULL, 'B-9', false, '[2025-03-10 10:00,2025-03-10 12:00)', 'maintenance', 'of an item of Bolt', 'Jana', '2025-03-05'),
	('sm_ticket', NULL, NULL, false, '[2025-03-08 10:00,2025-03-08 12:00)', 'maintenance', 'for everybody', 'Jana', '2025-03-05'),
	('sm_ticket', NULL, NULL, false, '[2025-03-08 10:00,2025-03-08 12:00)', 'maintenance', 'not approved', NULL, NULL),
	('sm_ticket', NULL, NULL, false, '[2025-04-08 10:00,2025-04-08 12:00)', 'maintenance', 'in April', 'Jana', '2025-03-05');
-- any day of the month
SELECT section, row_number AS row, string_agg(label || '=' || coalesce(CASE WHEN number IS NOT NULL THEN round(number::numeric, 3)::text ELSE value END, '-'), ', ' ORDER BY label) AS "values"
FROM sla.monthly_summary('Acme', 'support', '2025-03-31')
WHERE label <> 'written_at' AND (section <> 'month' OR row_number >= 11) AND (section <> 'budget' OR value IN ('2025-03-01', '2025-03-10', '2025-03-31') OR label = 'left_percent' AND row_number IN (1, 10, 31))
GROUP BY 1, 2, CASE section WHEN 'agreement' THEN 0 ELSE 1 END ORDER BY 3, 1, 2;
-- the page says the same
SELECT w FROM words(sla.report_html('Acme', 'support', '2025-03-31')) w WHERE w NOT LIKE 'Responsible%' AND w NOT LIKE 'Written on%' AND w NOT LIKE '%Written on%';
-- nothing of others, nothing internal, nothing that is not ASCII
SELECT p ~ 'Bolt|B-9|internal|secret|April|not approved' AS tells, p ~ '[^\x01-\x7f]' AS not_ascii, is_xml(p) FROM sla.report_html('Acme', 'support', '2025-03-31') p;
SELECT string_agg(value, ', ' ORDER BY value) FROM sla.monthly_summary('Bolt', 'support', '2025-03-31') WHERE label IN ('item', 'reason', 'root_cause', 'text');
-- settings of the session change nothing
SELECT md5(regexp_replace(sla.report_html('Acme', 'support', '2025-03-31'), 'Written on [0-9: -]+', '')) AS before \gset
SET timezone = 'Asia/Tokyo'; SET datestyle = 'German'; SET intervalstyle = 'iso_8601'; SET extra_float_digits = -10; SET search_path = pg_temp;
SELECT md5(regexp_replace(sla.report_html('Acme', 'support', '2025-03-31'), 'Written on [0-9: -]+', '')) = :'before' AS same;
SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres'; RESET extra_float_digits; SET search_path = test, public;
-- a tier that is reached, and no fee
BEGIN;
INSERT INTO sla.credit (party, agreement, objective, below_percent, credit_percent) VALUES ('Bolt', 'support', 'solved for Bolt', 95, 10);
SELECT string_agg(coalesce(value, '-'), ', ' ORDER BY label) FROM sla.monthly_summary('Bolt', 'support', '2025-03-31') WHERE section LIKE 'credit%' GROUP BY section ORDER BY section;
SELECT w FROM words(sla.report_html('Bolt', 'support', '2025-03-31')) w WHERE w LIKE '%of the fee' OR w LIKE '%known' OR w LIKE 'No service credit%';
ROLLBACK;
-- what is of the month's last microsecond is of the month (of what rolls only if no version begins then)
BEGIN;
CREATE TABLE public.sm_event (at timestamptz, ok boolean);
INSERT INTO sm_event VALUES ('2025-03-15 12:00+01', true), ('2025-03-31 23:59:59.999999+02', false), ('2025-04-01 00:00+02', true);
INSERT INTO sla.objective (name, relation, at, good_when, target_percent, window_length, time_zone, party)
	SELECT 'by ' || w, 'sm_event', 'at', 'ok', 60, w, 'Europe/Berlin', 'Acme' FROM unnest('{month,quarter,28 days}'::text[]) w;
-- (and where most slices are empty, some of the budget is left, but it is over)
INSERT INTO sla.objective (name, kind, relation, at, good_when, slice, target_percent, window_length, time_zone, party)
	SELECT 'by hours of a ' || w, 'slice', 'sm_event', 'at', 'ok', '1 hour', 60, w, 'Europe/Berlin', 'Acme' FROM unnest('{month,year}'::text[]) w;
INSERT INTO sla.objective (name, valid_from, relation, at, good_when, target_percent, window_length, time_zone, party) VALUES ('by 28 days', '2025-04-01 00:00+02', 'sm_event', 'at', 'true', 10, '28 days', 'Europe/Berlin', 'Acme');
SELECT string_agg(coalesce(value, '-'), ', ' ORDER BY label) FROM sla.monthly_summary('Acme', 'support', '2025-03-31') WHERE section = 'objective' GROUP BY row_number HAVING bool_or(value LIKE 'by %') ORDER BY row_number;
INSERT INTO sla.objective (name, relation, at, good_when, group_by, target_percent, window_length, time_zone, party) VALUES ('by nothing', 'sm_event', 'NULL', 'ok', 'ok::text', 60, 'month', 'Europe/Berlin', 'Acme');
UPDATE sla.objective_name SET taken_at = '2025-03-01' WHERE name IN ('by hours of a month', 'by nothing');
SELECT sla.close_periods('2025-04-10', 10);
SELECT string_agg(coalesce(value, '-'), ', ' ORDER BY label) FROM sla.monthly_summary('Acme', 'support', '2025-03-31') WHERE section = 'objective' GROUP BY row_number HAVING bool_or(value IN ('by hours of a month', 'by nothing')) ORDER BY row_number;
DELETE FROM sla.objective WHERE name = 'by 28 days' AND valid_from > '-infinity';
SELECT string_agg(coalesce(value, '-'), ', ' ORDER BY label) FROM sla.monthly_summary('Acme', 'support', '2025-03-31') WHERE section = 'objective' GROUP BY row_number HAVING bool_or(value = 'by 28 days') ORDER BY row_number;
ROLLBACK;
-- an exception is told where it bears, also when it was approved afterwards; of a recurrence what has recurred
BEGIN;
INSERT INTO sla.exception (relation, party, item, waive, during, rrule, reason, approved_by, approved_at) VALUES
	('sm_ticket', 'Acme', 'A-9', true, NULL, NULL, 'forgiven in April', 'Jana', '2025-04-20'),
	('sm_ticket', 'Acme', NULL, false, '[2025-03-12 10:00,2025-03-12 12:00)', NULL, 'a flood, declared in April', 'Jana', '2025-04-20'),
	('sm_ticket', 'Acme', NULL, false, '[2025-01-05 02:00,2025-01-05 03:00)', 'FREQ=WEEKLY;COUNT=3', 'January''s Sundays', 'Jana', '2025-01-01'),
	('sm_ticket', 'Acme', NULL, false, '[2025-01-05 02:00,2025-01-05 03:00)', 'FREQ=WEEKLY', 'Sundays', 'Jana', '2025-01-01');
-- (not of tables and policies of which the agreement has no clocks and no objectives)
CREATE TABLE public.sm_other (id int);
INSERT INTO sla.exception (relation, policy, during, reason, approved_by, approved_at) VALUES
	('sm_other', NULL, '[2025-03-12 10:00,2025-03-12 12:00)', 'of another table', 'Jana', '2025-03-01'),
	('sm_outage', NULL, '[2025-03-12 10:30,2025-03-12 12:00)', 'of its portal', 'Jana', '2025-03-01'),
	('sm_outage', 'gold', '[2025-03-12 10:00,2025-03-12 12:00)', 'of no clock of another table', 'Jana', '2025-03-01'),
	('sm_ticket', 'silver', '[2025-03-12 10:00,2025-03-12 12:00)', 'of another policy', 'Jana', '2025-03-01'),
	('sm_ticket', 'gold', '[2025-03-12 11:00,2025-03-12 12:00)', 'of its policy', 'Jana', '2025-03-01'),
	(NULL, NULL, '[2025-03-12 11:30,2025-03-12 12:00)', 'of everything', 'Jana', '2025-03-01');
SELECT month, string_agg(value, ', ' ORDER BY row_number) AS reasons
FROM unnest('{2025-01-01,2025-02-01,2025-03-01,2025-04-01}'::date[]) month, LATERAL sla.monthly_summary('Acme', 'support', month)
WHERE section = 'exception' AND label = 'reason' GROUP BY month ORDER BY month;
ROLLBACK;
-- an agreement of nothing, a month with nothing, one before the agreement began, and the present
SELECT w FROM words(sla.report_html('Cole', 'support', '2025-03-01')) w WHERE w NOT LIKE '%Written on%';
SELECT is_xml(p), p LIKE '%No promise came to be judged%' AS nothing FROM sla.report_html('Acme', 'support', '2024-02-01') p;
SELECT is_xml(p), p LIKE '%Preliminary.%' AS preliminary FROM sla.report_html('Acme', 'support', now()::date) p;
-- what is refused
SELECT r.* FROM unnest(ARRAY[$$'Acme', 'none', '2025-03-01'$$, $$'Nobody', 'support', '2025-03-01'$$, $$'Acme', 'support', 'infinity'$$, $$'Acme', 'support', '9999-01-01'$$, $$'Acme', 'support', '1066-01-01'$$]) WITH ORDINALITY u (arguments, n),
	LATERAL refusal('SELECT sla.report_html(' || u.arguments || ')') r ORDER BY n;
SELECT state, regexp_replace(message, '\d{4}-\d\d', 'N') AS message FROM refusal(format('SELECT sla.report_html(%L, %L, %L)', 'Acme', 'support', (now() + interval '40 days')::date));
SELECT sla.report_html('Acme', 'support', NULL) IS NULL AS nothing;
-- Hundreds of breaches: fifty are listed
INSERT INTO sm_ticket SELECT 'M-' || i, 'Bolt', 'red', '2025-06-02 09:00+02', '2025-06-02 18:00+02' FROM generate_series(1, 333) i;
INSERT INTO sla.breach_review (clock_id, cause) SELECT clock_id, 'cause ' || row_number() OVER (ORDER BY clock_id) % 12 FROM sla.report_breach WHERE item LIKE 'M-%';
SELECT is_xml(p), regexp_count, (SELECT w FROM words(p) w WHERE w LIKE 'And %') AS rest, length(p) < 100000 AS is_bounded
FROM sla.report_html('Bolt', 'support', '2025-06-01') p, LATERAL (SELECT count(*) AS regexp_count FROM regexp_matches(p, '<b>M-', 'g')) c;
SELECT string_agg(value, ', ' ORDER BY row_number) FROM sla.monthly_summary('Bolt', 'support', '2025-06-01') WHERE section = 'cause' AND label = 'cause';
-- an objective that cannot be read
ALTER TABLE sm_outage ADD bad int DEFAULT 0;
INSERT INTO sla.objective (name, kind, relation, outage_from, total_when, target_percent, window_length, time_zone, valid_from) VALUES ('portal', 'outage', 'sm_outage', 'began', '1 / bad > 0', 99.9, 'month', 'Europe/Berlin', '2025-01-02');
SET client_min_messages = error;
SELECT w FROM words(sla.report_html('Acme', 'support', '2025-03-31')) w WHERE w LIKE '%read%' OR w LIKE '%not%known%' OR w LIKE '%SQLSTATE%';
-- where that is all, the cap is not what is due
BEGIN;
DELETE FROM sla.credit WHERE party = 'Acme' AND objective <> 'portal';
SELECT label, value FROM sla.monthly_summary('Acme', 'support', '2025-03-31') WHERE section = 'credit_total' ORDER BY 1;
ROLLBACK;
RESET client_min_messages;
-- Who may ask
CREATE ROLE regress_sm_reader;
CREATE ROLE regress_sm_stranger;
GRANT USAGE ON SCHEMA test TO regress_sm_reader, regress_sm_stranger;
SET client_min_messages = warning;
SELECT sla.grant_to('regress_sm_reader', 'reader');
RESET client_min_messages;
SET ROLE regress_sm_stranger;
SELECT state, message FROM refusal($$SELECT sla.report_html('Acme', 'support', '2025-03-31')$$);
SELECT state, message FROM refusal($$SELECT sla.monthly_summary('Acme', 'support', '2025-03-31')$$);
SELECT state, message FROM refusal($$SELECT sla.summary_of('Acme', 'support', '2025-03-31')$$);
SET ROLE regress_sm_reader;
SELECT sla.report_html('Bolt', 'support', '2025-03-31') LIKE '%<bdi>Bolt</bdi>%' AS readable;
RESET ROLE;
-- The promises of a table of which nothing was judged are not told, although they have the names of others.
BEGIN;
CREATE TABLE sm_order (id int PRIMARY KEY, at timestamptz, customer text, done boolean);
CREATE TABLE sm_repair (id int PRIMARY KEY, at timestamptz, customer text, done boolean);
SELECT sla.track(r, at => 'at', party => 'customer', labels => 'jsonb_build_object(''n'', id)') FROM unnest('{sm_order,sm_repair}'::regclass[]) AS r;
INSERT INTO sla.metric (relation, name, stop_when) VALUES ('sm_order', 'done', 'done'), ('sm_repair', 'done', 'done');
INSERT INTO sla.policy (relation, name) VALUES ('sm_order', 'all'), ('sm_repair', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('sm_order', 'all', 'done', '1 bh @24/7'), ('sm_repair', 'all', 'done', '2 bh @24/7');
INSERT INTO sla.agreement (party, name) VALUES ('Dent', 'support');
INSERT INTO sm_order VALUES (1, '2025-03-03 09:00+01', 'Dent', true);
SELECT section, label, value FROM sla.monthly_summary('Dent', 'support', '2025-03-31') WHERE section IN ('kept', 'promise') AND label IN ('metric', 'goal');
-- Exceptions for labels are told if clocks of the month have these, and those of no certain time in each month of such clocks.
INSERT INTO sla.exception (relation, labels, during, extend_by, reason, approved_by, approved_at) VALUES
	('sm_order', '{"n": 1}', NULL, '1 bh', 'of its label', 'Jana', '2025-05-01'), ('sm_order', '{"n": 1}', '[2025-03-12 10:00Z,2025-03-12 12:00Z)', NULL, 'and of a time', 'Jana', '2025-05-01'),
	('sm_order', '{"n": 2}', NULL, '1 bh', 'of another label', 'Jana', '2025-03-05'), ('sm_order', '{"n": 1}', '[2025-04-12 10:00Z,2025-04-12 12:00Z)', NULL, 'of another time', 'Jana', '2025-05-01'),
	('sm_order', NULL, NULL, '1 bh', 'of its table', 'Jana', '2024-05-01'), ('sm_repair', NULL, NULL, '1 bh', 'of another table', 'Jana', '2025-03-05');
SELECT string_agg(value, ' | ' ORDER BY label) FROM sla.monthly_summary('Dent', 'support', '2025-03-31') WHERE section = 'exception' AND label IN ('about', 'reason') GROUP BY row_number ORDER BY row_number;
SELECT count(*) FROM sla.monthly_summary('Dent', 'support', '2025-04-30') WHERE section = 'exception' AND label = 'reason';
ROLLBACK;
-- Attack: every text that people give is one.
SELECT e || E'\u0001\u001b&amp;&#60;' || CASE WHEN getdatabaseencoding() = 'UTF8' THEN U&'\202e\2066' ELSE '' END AS evil FROM (VALUES ($$"'></title></text></style></svg></table><script>alert(1)</script><a href="http://evil" onclick='x'>`$$)) v (e) \gset
INSERT INTO sla.agreement (party, name, time_zone, plan, owner, monthly_fee, currency) VALUES (:'evil', :'evil', 'Europe/Berlin', 'gold', :'evil', 100, :'evil');
UPDATE sla.policy SET description = :'evil' WHERE relation = 'sm_ticket'::regclass;
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at, per) VALUES ('sm_ticket', :'evil', 'opened', 'closed IS NOT NULL', 'closed', 'team');
INSERT INTO sla.policy (relation, name, plan, rank) VALUES ('sm_ticket', :'evil', 'gold', 0);
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('sm_ticket', :'evil', :'evil', '1 bh @sm_desk');
INSERT INTO sm_ticket VALUES (:'evil', :'evil', :'evil', '2025-03-03 09:00+01', '2025-03-03 17:00+01');
INSERT INTO sla.objective (name, kind, relation, metric, target_percent, window_length, time_zone, party, agreement, description, group_by) VALUES (:'evil', 'clock', 'sm_ticket', :'evil', 95, 'month', 'Europe/Berlin', :'evil', :'evil', :'evil', 'team');
INSERT INTO sla.credit (party, agreement, objective, below_percent, credit_percent, remedy) VALUES (:'evil', :'evil', :'evil', 95, 10, :'evil');
INSERT INTO sla.breach_review (clock_id, cause, root_cause, corrective_action, preventive_action) SELECT clock_id, :'evil', :'evil', :'evil', :'evil' FROM sla.report_breach WHERE party = :'evil';
INSERT INTO sla.annotation (subject, key, at, kind, text) SELECT 'breach', clock_id::text, '2025-03-05', 'feedback', :'evil' FROM sla.report_breach WHERE party = :'evil';
INSERT INTO sla.annotation (subject, party, key, at, kind, text) VALUES ('agreement', :'evil', :'evil', '2025-03-05', 'review', :'evil');
INSERT INTO sla.exception (relation, kind, party, item, during, reason, approved_by, approved_at) VALUES ('sm_ticket', :'evil', :'evil', :'evil', '[2025-03-01,2025-03-02)', :'evil', :'evil', '2025-03-01');
SELECT is_xml(p) AS is_xml, p ~* '<script|<a |href="|onclick=''|</style>.*</style>|[\x01-\x08\x0b-\x1f\x7f]' AS breaks_out, p ~ '[^\x01-\x7f]' AS not_ascii, (SELECT count(*) FROM regexp_matches(p, '&#60;script', 'g')) > 25 AS told,
	p ~ '&#(8238|8294|1|27);' AS turns, (SELECT count(*) FROM regexp_matches(p, '<(?!/)', 'g')) = (SELECT count(*) FROM regexp_matches(p, '<(html|head|meta|title|style|body|header|p|h1|h2|bdi|span|main|section|dl|div|dt|dd|small|table|caption|thead|tbody|tr|th|td|b|br|figure|figcaption|svg|desc|line|text|path|circle|rect|footer|!DOCTYPE)[ >]', 'g')) AS known_elements
FROM sla.report_html(:'evil', :'evil', '2025-03-31') p;
-- a goal in business time whose hours nothing says
UPDATE sla.target SET goal = '1 bh' WHERE policy = :'evil';
SELECT p LIKE '%Within 1 business hour.%' AS promised, p LIKE '%Service hours: .%' AS says_nothing FROM sla.report_html(:'evil', :'evil', '2025-03-31') p;
DELETE FROM sla.agreement WHERE party = :'evil';
-- the end
SELECT sla.untrack('sm_ticket', false);
DROP TABLE sm_ticket, sm_outage;
DELETE FROM sla.credit WHERE party IN ('Acme', :'evil');
DELETE FROM sla.agreement WHERE party IN ('Acme', 'Bolt', 'Cole');
DELETE FROM sla.calendar WHERE name = 'sm_desk';
SET client_min_messages = warning;
SELECT sla.revoke_from('regress_sm_reader', 'reader');
DROP OWNED BY regress_sm_reader, regress_sm_stranger;
DROP ROLE regress_sm_reader, regress_sm_stranger;
DROP SCHEMA test CASCADE;
