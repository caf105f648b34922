--
-- What script/fuzz-server needs in its database: a world of every kind of
-- definition with a little data, and functions that make random statements of it.
--
-- fuzz.call(): a call of a public function, with arguments of every sort
-- fuzz.edit(): an edit of a table of definitions, or of a tracked table
-- fuzz.probe(): what must succeed, whatever was edited before
--
\set ON_ERROR_STOP 1
SET client_min_messages = warning;

CREATE TABLE ticket (id int PRIMARY KEY, customer text, team text, status text, priority text,
	opened_at timestamptz, solved_at timestamptz, updated_at timestamptz);
CREATE TABLE message (id int PRIMARY KEY, ticket int, by_customer boolean, sent_at timestamptz);
CREATE TABLE request (id int PRIMARY KEY, customer text, grp text, ms double precision, failed boolean, at timestamptz);
CREATE TABLE outage (id int PRIMARY KEY, grp text, began_at timestamptz, ended_at timestamptz);

INSERT INTO sla.calendar (name, hours) VALUES
	('support', 'TZ=Europe/Berlin Mo-Fr 09:00-17:00; PH off'),
	('night', 'Mo-Su 20:00-06:00');
INSERT INTO sla.calendar (name, combines) VALUES ('both', 'support + night');
INSERT INTO sla.holiday (calendar, day, name) VALUES ('support', '2026-01-06', 'Epiphany');

SELECT sla.track('ticket', at => 'updated_at', owner => 'team', party => 'customer',
	labels => $$jsonb_build_object('priority', priority)$$, time_zone => 'Europe/Berlin');
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at, pause_when, pause_reason, repeats) VALUES
	('ticket', 'solution', 'opened_at', 'status = ''solved''', 'solved_at', 'status = ''waiting''', 'status', false),
	('ticket', 'reply', NULL, 'status = ''solved''', NULL, NULL, NULL, true);
INSERT INTO sla.metric (relation, name, per, stop_when, kind) VALUES ('ticket', 'hand-off', 'team', 'status = ''solved''', 'ola');
INSERT INTO sla.policy (relation, name, applies_when, rank) VALUES
	('ticket', 'urgent', 'priority = ''high''', 1), ('ticket', 'normal', 'true', 2);
INSERT INTO sla.target (relation, policy, metric, goal, threshold) VALUES
	('ticket', 'urgent', 'solution', '4 bh @support', NULL),
	('ticket', 'normal', 'solution', '2 bd @both', '3 bd @both'),
	('ticket', 'normal', 'reply', '2 bh @support', NULL),
	('ticket', 'urgent', 'hand-off', '30 bm', NULL);
INSERT INTO sla.source (source, relation, item, metric, action, applies_when, at) VALUES
	('message', 'ticket', 'ticket', 'reply', 'start', 'by_customer', 'sent_at'),
	('message', 'ticket', 'ticket', 'reply', 'stop', 'NOT by_customer', 'sent_at');
INSERT INTO sla.agreement (party, name, calendar, time_zone, monthly_fee, currency, review_every) VALUES
	('acme', 'gold', 'support', 'Europe/Berlin', 1000, 'EUR', '90 days'),
	('brill', 'silver', NULL, NULL, 10, 'JPY', NULL);
INSERT INTO sla.objective (name, kind, relation, metric, party, agreement, target_percent, window_length, time_zone) VALUES
	('solved', 'clock', 'ticket', 'solution', 'acme', 'gold', 90, 'month', 'Europe/Berlin');
INSERT INTO sla.objective (name, kind, relation, at, total_when, good_when, group_by, target_percent, window_length) VALUES
	('answered', 'event', 'request', 'at', NULL, 'NOT failed', 'grp', 99, '28 days');
INSERT INTO sla.objective (name, kind, relation, at, value, at_most, target_percent, window_length) VALUES
	('quick', 'value', 'request', 'at', 'ms', 300, 95, 'week');
INSERT INTO sla.objective (name, kind, relation, outage_from, outage_to, group_by, target_percent, window_length, calendar) VALUES
	('up', 'outage', 'outage', 'began_at', 'ended_at', 'grp', 99.5, 'quarter', 'support');
INSERT INTO sla.objective (name, kind, relation, at, good_when, target_percent, window_length, slice, slice_target_percent) VALUES
	('steady', 'slice', 'request', 'at', 'NOT failed', 99, '7 days', '15 minutes', 95);
INSERT INTO sla.burn_rule (objective, name, budget_percent, long_window, short_window) VALUES
	('answered', 'quick', 2, '1 hour', '5 minutes'), ('solved', 'slow', 10, '3 days', '6 hours');
INSERT INTO sla.credit (party, agreement, objective, below_percent, credit_percent) VALUES ('acme', 'gold', 'solved', 90, 5);
INSERT INTO sla.composite (name, member) VALUES ('all', 'quick'), ('all', 'up');
INSERT INTO sla.exception (kind, relation, during, reason) VALUES
	('maintenance', 'ticket', tstzrange(now() - interval '3 days', now() - interval '2 days'), 'move');
INSERT INTO sla.silence (relation, during) VALUES ('ticket', tstzrange(now(), now() + interval '1 hour'));
INSERT INTO sla.escalation (relation, metric, notify) VALUES ('ticket', 'solution', 'lead');
INSERT INTO sla.retention (kind, relation, keep) VALUES ('clock', 'ticket', '1 year');

SELECT setseed(0);
INSERT INTO ticket
SELECT i, (ARRAY['acme', 'brill', 'other'])[1 + i % 3], (ARRAY['a', 'b'])[1 + i % 2], 'new', (ARRAY['high', 'low'])[1 + i % 2],
	at, NULL, at
FROM generate_series(1, 60) AS i, LATERAL (SELECT now() - random() * interval '100 days' + i * interval '0' AS at) AS a;
INSERT INTO message SELECT i, 1 + i % 60, i % 3 > 0, now() - random() * interval '20 days' FROM generate_series(1, 100) AS i;
INSERT INTO request
SELECT i, (ARRAY['acme', 'brill'])[1 + i % 2], (ARRAY['x', 'y', NULL])[1 + i % 3], random() * 400, random() < 0.1, now() - random() * interval '60 days'
FROM generate_series(1, 500) AS i;
INSERT INTO outage SELECT i, (ARRAY['x', 'y'])[1 + i % 2], at, at + random() * interval '3 hours'
FROM generate_series(1, 10) AS i, LATERAL (SELECT now() - random() * interval '60 days' + i * interval '0' AS at) AS a;
UPDATE ticket SET status = 'waiting', updated_at = updated_at + interval '1 hour' WHERE id % 4 = 0;
UPDATE ticket SET status = 'solved', solved_at = updated_at + interval '9 hours', updated_at = updated_at + interval '9 hours' WHERE id % 3 = 0;
SELECT sla.tick() \g /dev/null

/*
 * Words
 */
CREATE SCHEMA fuzz;

CREATE TABLE fuzz.word (type text, names text, words text[]);
INSERT INTO fuzz.word VALUES
	('text', NULL, ARRAY['', ' ', 'x', 'ticket', '0', '-1', E'a\nb', 'ü€', '''', '"', '%s', '$1', '\', 'NULL', 'null', repeat('x', 70), repeat('é', 40)]),
	('text', 'name|policy|metric|rule', ARRAY['solution', 'reply', 'hand-off', 'urgent', 'normal', 'gold', 'silver', 'quick', 'slow']),
	('text', 'party|customer', ARRAY['acme', 'brill', 'other']),
	('text', 'agreement', ARRAY['gold', 'silver']),
	('text', 'objective|key|member', ARRAY['solved', 'answered', 'quick', 'up', 'steady', 'all']),
	('text', 'calendar|cal', ARRAY['support', 'night', 'both', '24/7', 'support + night', 'nowhere']),
	('text', 'combines|expression', ARRAY['support + night', 'support * night', 'both - support', 'both', '24/7 - support', 'support +', '(support', '24/7']),
	('text', 'hours', ARRAY['09:00-12:00', '00:00-24:00', '22:00-26:00', 'off', '12:00-09:00']),
	('text', 'item|ticket', ARRAY['1', '2', '3', '17', '60', '61', '(1,2)', 'id', 'ticket']),
	('text', 'at|start_at|stop_at|due_at|outage_from|outage_to', ARRAY['updated_at', 'opened_at', 'solved_at', 'at', 'began_at', 'ended_at', 'sent_at', 'NULL', 'now()',
		'updated_at + interval ''1 day''', '''infinity''::timestamptz', '''-infinity''::timestamptz', 'status']),
	('text', 'start_when|stop_when|pause_when|cancel_when|applies_when|total_when|good_when', ARRAY['true', 'false', 'NULL', 'status = ''solved''', 'status = ''waiting''',
		'priority = ''high''', 'by_customer', 'NOT failed', 'ms < 100', '1 / (id - 7) = 0', 'status', 'id > 30', 'team = ''a''']),
	('text', 'value', ARRAY['ms', 'ms / 0', '''NaN''::float8', '''Infinity''::float8', 'id', 'NULL', 'grp']),
	('text', 'labels|group_by|owner|per|pause_reason|reason|by', ARRAY['grp', 'team', 'status', 'customer', 'NULL', 'priority', 'jsonb_build_object(''priority'', priority)',
		'jsonb_build_object(''a'', ''NaN''::float8)', 'id']),
	('text', 'time_zone|zone', ARRAY['UTC', 'Europe/Berlin', 'America/Havana', 'Pacific/Apia', 'Australia/Lord_Howe', 'Europe/Dublin', 'nowhere', '+05:30', 'EST5EDT']),
	('text', 'window_length', ARRAY['28 days', 'week', 'month', 'quarter', 'year', '1 hour', '1 us', '1000 years', '-1 day', '0', '1 month', 'day']),
	('text', 'rrule', ARRAY['FREQ=DAILY', 'FREQ=WEEKLY;BYDAY=MO', 'FREQ=YEARLY;COUNT=3', 'FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20300101', 'FREQ=DAILY;INTERVAL=0', 'FREQ=SECONDLY']),
	('text', 'due_by', ARRAY['next business day 16:00', '16:00', 'end of day', '+1 bd 16:00', '24:00', '25:00']),
	('text', 'kind|action|method|on_reopen|on_retarget|on_error|subject|severity', ARRAY['clock', 'event', 'value', 'outage', 'slice', 'sla', 'ola', 'uc', 'start', 'stop', 'pause', 'resume',
		'cancel', 'reset', 'weighted', 'worst', 'continue', 'new_cycle', 'ignore', 'keep', 'restart', 'error', 'warn', 'breach', 'objective', 'period', 'exception', 'note', 'maintenance', 'alert', 'change', 'page']),
	('text', 'currency', ARRAY['EUR', 'JPY', 'USD', 'euro', '€']),
	('text', 'status', ARRAY['new', 'waiting', 'solved', 'open']),
	('text', 'team|grp', ARRAY['a', 'b', 'x', 'y', '']),
	('text', 'priority', ARRAY['high', 'low']),
	('text', 'run', ARRAY['public.nothing(sla.alert)', 'nothing']),
	('regclass', NULL, ARRAY['ticket', 'message', 'request', 'outage', 'pg_class', 'sla.clock', 'sla.clock_state', 'ticket_pkey', '-', '0', '4294967295']),
	('integer', NULL, ARRAY['0', '1', '-1', '2', '3', '7', '100', '2147483647', '-2147483648']),
	('bigint', NULL, ARRAY['0', '1', '-1', '2', '17', '1000', '9223372036854775807', '-9223372036854775808', '4294967296']),
	('numeric', NULL, ARRAY['0', '1', '-1', '0.5', '99.9', '100', '100.0001', '1e-9', '1e30', 'NaN', 'Infinity', '-Infinity', '0.75']),
	('double precision', NULL, ARRAY['0', '-0', '1', '-1', '0.5', '99.9', '100', '1e-300', '1e300', 'NaN', 'Infinity', '-Infinity']),
	('boolean', NULL, ARRAY['true', 'false']),
	('date', NULL, ARRAY['today', 'tomorrow', '2026-01-06', '2024-02-29', 'infinity', '-infinity', '4713-01-01 BC', '5874897-12-31', '1800-01-01', '2499-12-31', '1582-10-10']),
	('timestamp without time zone', NULL, ARRAY['2026-03-29 02:30', 'infinity', '-infinity', '294276-12-31', '4713-01-01 BC', '2026-01-01']),
	('time without time zone', NULL, ARRAY['00:00', '16:00', '24:00', '23:59:59.999999', '02:30']),
	('interval', NULL, ARRAY['0', '1 hour', '-1 hour', '1 day', '1 month', '28 days', '1 us', '1000 years', '178000000 years', '-178000000 years', '5 minutes', '3 days -1 hour', '15 minutes']),
	('timestamp with time zone', NULL, ARRAY['now', 'yesterday', 'tomorrow', '2026-03-29 01:30+01', '2026-10-25 01:30+00', '2026-01-01', 'infinity', '-infinity', '294276-12-31 23:59:59.999999+00',
		'4713-01-01 BC', '1800-01-01', '2499-12-31', '2500-01-02', '2026-11-01', '1970-01-01']),
	('tstzrange', NULL, ARRAY['empty', '(,)', '[2026-01-01,)', '(,2026-01-01)', '[2026-01-01,2026-02-01)', '[2026-01-01,2026-01-01]', '[-infinity,infinity]', '(2026-03-29,2026-03-30]', '[2025-01-01,2027-01-01)']),
	('tstzmultirange', NULL, ARRAY['{}', '{(,)}', '{[2026-01-01,2026-02-01),[2026-03-01,2026-04-01)}', '{[2026-01-01,infinity]}']),
	('daterange', NULL, ARRAY['empty', '(,)', '[2026-01-01,2026-02-01)', '[2026-01-01,infinity)']),
	('jsonb', NULL, ARRAY['{}', '[]', 'null', '1', '"x"', '{"priority": "high"}', '{"a": {"b": [1, null]}}', '{"": ""}', '[{"name": "x"}]']),
	('json', NULL, ARRAY['{}', '[]', 'null', '{"apiVersion": "openslo/v1", "kind": "SLO"}']),
	('business_interval', NULL, ARRAY['0 bh', '2 bh @support', '1 bd @both', '-3 bh', '30 bm', '1 bd 2 bh @night', '1 us', '1000000 bd @support', '2562047788 bh', '1 bs @24/7', '5 bd @nowhere']),
	('business_hours', NULL, ARRAY['24/7', 'off', 'Mo-Fr 09:00-17:00', 'TZ=America/New_York Mo-Su 22:00-06:00; PH off', 'easter -2 days off; Mo 00:00-24:00', 'Jan 01 00:00-00:01', '2026 week 1-53/2 Mo 09:00-10:00',
		'Mo[-1] 09:00-17:00', 'TZ=Australia/Lord_Howe 01:45-02:15', 'Feb 29 12:00-13:00']),
	('uuid', NULL, ARRAY['00000000-0000-0000-0000-000000000000']),
	('sla.role', NULL, ARRAY['postgres', 'nobody_at_all', '']),
	('xid8', NULL, ARRAY['1', '18446744073709551615']),
	('sla.clock_state', NULL, ARRAY[]::text[]),
	('name', NULL, ARRAY['x', 'public', '']);

-- one of them, a null now and then, as a literal
CREATE FUNCTION fuzz.any(of_type oid, called text)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
	element oid := (SELECT t.typelem FROM pg_type AS t WHERE t.oid = of_type AND t.typcategory = 'A');
	word text;
BEGIN
	IF random() < 0.08 THEN
		RETURN 'NULL::' || format_type(of_type, NULL);
	ELSIF element IS NOT NULL THEN
		RETURN (SELECT format('ARRAY[%s]::%s', coalesce(string_agg(fuzz.any(element, called), ', '), ''), format_type(of_type, NULL))
			FROM generate_series(1, floor(random() * 4)::int));
	END IF;
	SELECT w.words[1 + floor(random() * cardinality(w.words))::int] INTO word
	FROM fuzz.word AS w
	WHERE w.type = format_type(of_type, NULL) AND (w.names IS NULL OR called ~ ('^(' || w.names || ')$'))
	ORDER BY random() * CASE WHEN w.names IS NULL THEN 0.2 ELSE 1 END DESC
	LIMIT 1;
	RETURN format('%L::%s', word, format_type(of_type, NULL));
END
$$;

/*
 * A call of a public function
 */
CREATE FUNCTION fuzz.call()
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
	f record;
	arguments text;
BEGIN
	SELECT p.oid, p.proname, n.nspname, p.proargtypes::oid[] AS types, p.proargnames AS names, p.pronargs - floor(random() * (p.pronargdefaults + 1))::int AS count
	INTO f
	FROM pg_proc AS p
	JOIN pg_namespace AS n ON n.oid = p.pronamespace
	JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'sla_tracker'
	WHERE p.prokind = 'f' AND p.prorettype <> 'trigger'::regtype
		-- (after it nothing works until all tables are tracked again)
		AND p.proname <> 'detach'
		AND obj_description(p.oid, 'pg_proc') !~ '^private'
		AND NOT EXISTS (SELECT FROM unnest(p.proargtypes) AS t JOIN pg_type AS y ON y.oid = t WHERE y.typtype = 'p')
	ORDER BY random() LIMIT 1;
	SELECT string_agg(fuzz.any(f.types[i - 1], coalesce(f.names[i], '')), ', ' ORDER BY i) INTO arguments
	FROM generate_series(1, f.count) AS i;
	RETURN format('SELECT count(x::text) FROM (SELECT f FROM %I.%I(%s) AS f LIMIT 1000) AS x', f.nspname, f.proname, arguments);
END
$$;

/*
 * An edit: half of the values are such as other rows have.
 */
CREATE FUNCTION fuzz.any_of(relation regclass, attribute pg_attribute)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
	found text;
BEGIN
	IF random() < 0.5 THEN
		EXECUTE format('SELECT quote_nullable(t.%I::text) FROM %s AS t ORDER BY random() LIMIT 1', attribute.attname, relation) INTO found;
		IF found IS NOT NULL THEN
			RETURN found || '::' || format_type(attribute.atttypid, NULL);
		END IF;
	END IF;
	RETURN fuzz.any(attribute.atttypid, attribute.attname::text);
END
$$;

CREATE FUNCTION fuzz.edit()
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
	relation regclass := (ARRAY['sla.calendar', 'sla.holiday', 'sla.tracked', 'sla.metric', 'sla.agreement', 'sla.policy', 'sla.target', 'sla.source',
		'sla.exception', 'sla.objective', 'sla.burn_rule', 'sla.credit', 'sla.composite', 'sla.silence', 'sla.escalation', 'sla.retention',
		'ticket', 'ticket', 'message', 'request', 'outage'])[1 + floor(random() * 21)::int];
	columns text;
	expressions text;
	changes text;
	row_id text;
	kind double precision := random();
BEGIN
	EXECUTE format('SELECT quote_literal(t.ctid) FROM %s AS t ORDER BY random() LIMIT 1', relation) INTO row_id;
	SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum), string_agg(fuzz.any_of(relation, a), ', ' ORDER BY a.attnum)
	INTO columns, expressions
	FROM (
		SELECT * FROM pg_attribute AS a
		WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attname NOT IN ('edited_in', 'edited_under', 'settling_in')
			AND (a.attnotnull OR random() < 0.6) AND (a.attname <> 'id' OR relation::text !~ '^sla' OR random() < 0.1)
	) AS a;
	SELECT string_agg(format('%I = %s', a.attname, fuzz.any_of(relation, a)), ', ') INTO changes
	FROM (
		SELECT * FROM pg_attribute AS a
		WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped
		ORDER BY random() LIMIT 1 + floor(random() * random() * 3)::int
	) AS a;
	RETURN CASE
		WHEN kind < 0.4 THEN format('INSERT INTO %s (%s) VALUES (%s)', relation, columns, expressions)
		WHEN kind < 0.9 THEN format('UPDATE %s SET %s WHERE ctid = %s', relation, changes, coalesce(row_id, '''(0,1)'''))
		ELSE format('DELETE FROM %s WHERE ctid = %s', relation, coalesce(row_id, '''(0,1)'''))
	END;
END
$$;

/*
 * What readers and the scheduler do
 */
CREATE FUNCTION fuzz.probe()
RETURNS SETOF text
LANGUAGE sql
AS $$
	SELECT format('SELECT count(v::text) FROM %s AS v', c.oid::regclass)
	FROM pg_class AS c
	WHERE c.relnamespace = 'sla'::regnamespace AND c.relkind = 'v' AND (c.relname ~ '^report_' OR c.relname IN ('clock', 'pause'))
	UNION ALL SELECT 'SELECT sla.tick()'
	UNION ALL SELECT 'SELECT count(s::text) FROM sla.status() AS s'
	UNION ALL SELECT 'SELECT count(x::text) FROM sla.tracked AS t, sla.verify(t.relation) AS x'
$$;
