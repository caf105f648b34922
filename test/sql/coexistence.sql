--
-- Installing the extension must not change what any expression means.
--
-- In a database of its own, a long list of expressions is run before and
-- after CREATE EXTENSION: the ones people write every day, and the operators
-- and aggregates with untyped operands beside every built-in type.
--
SELECT current_database() AS start_database \gset
SET client_min_messages = warning;
DROP DATABASE IF EXISTS regress_sla_coexistence;
RESET client_min_messages;
CREATE DATABASE regress_sla_coexistence TEMPLATE template0;
\c regress_sla_coexistence
SET timezone = 'Europe/Berlin';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET lc_monetary = 'C';
SET extra_float_digits = 1;

CREATE TABLE ticket (
	id int PRIMARY KEY,
	opened_at timestamptz NOT NULL DEFAULT now(),
	closed_at timestamp,
	due date,
	goal interval,
	span tstzrange,
	spans tstzmultirange,
	days daterange,
	slots int4range,
	price numeric,
	score float8,
	label text,
	tags text[],
	at time,
	zoned timetz,
	data jsonb
);
INSERT INTO ticket VALUES
	(1, '2026-11-20 16:00+01', '2026-11-23 10:00', '2026-11-24', '1 day 04:00', '[2026-11-20 16:00+01,2026-11-23 10:00+01)',
	 '{[2026-11-20 16:00+01,2026-11-23 10:00+01)}', '[2026-11-20,2026-11-24)', '[1,5)', 12.50, 0.5, 'a', '{x,y}', '09:00', '09:00+01', '{"at": "2026-11-20", "n": [1, 2]}'),
	(2, '2026-11-21 09:00+01', NULL, NULL, '04:30', 'empty', '{}', '[2026-11-21,)', NULL, NULL, -2, '1 day', '{}', '17:00', '17:00+00', '{}');

CREATE TABLE expression (id int GENERATED ALWAYS AS IDENTITY, kind text NOT NULL, body text NOT NULL);
CREATE TABLE answer (run text, id int, type text, value text);

-- Type and value of each expression, or the SQLSTATE and message of its error.
CREATE FUNCTION answer_all(name text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	e expression;
	type text;
	value text;
BEGIN
	FOR e IN TABLE expression ORDER BY id LOOP
		BEGIN
			IF e.kind = 'value' THEN			-- one expression over a ticket
				EXECUTE format('SELECT pg_typeof(x)::text, x::text FROM ticket, LATERAL (SELECT (%s)) AS q (x) WHERE id = 1', e.body)
				INTO type, value;
			ELSIF e.kind = 'query' THEN			-- a whole query
				EXECUTE format('SELECT string_agg(pg_typeof(x)::text, '';''), string_agg(x::text, '';'') FROM (%s) AS q (x)', e.body)
				INTO type, value;
			ELSIF e.kind = 'type' THEN			-- only the type of the result, the operands are NULL
				EXECUTE format('SELECT pg_typeof(%s)::text', e.body) INTO type;
				value := '';
			ELSE								-- the types given to untyped parameters
				EXECUTE 'PREPARE coexistence AS ' || e.body;
				SELECT parameter_types::text INTO type FROM pg_prepared_statements WHERE pg_prepared_statements.name = 'coexistence';
				value := '';
				DEALLOCATE coexistence;
			END IF;
		EXCEPTION WHEN OTHERS THEN
			type := SQLSTATE;
			value := SQLERRM;
		END;
		INSERT INTO answer VALUES (name, e.id, type, value);
	END LOOP;
END $$;

INSERT INTO expression (kind, body)
SELECT 'value', body FROM regexp_split_to_table($list$
opened_at + '1 day'
'1 day' + opened_at
opened_at - '1 day'
opened_at - '2026-11-19'
'2026-11-23' - opened_at
opened_at + '4 hours'
opened_at + NULL
NULL + opened_at
opened_at - NULL
NULL - opened_at
opened_at + interval '4 hours'
opened_at + goal
goal + opened_at
opened_at - goal
opened_at - opened_at
closed_at + '1 day'
closed_at - '1 day'
closed_at - opened_at
closed_at + NULL
due + 1
1 + due
due + '1'
due + '1 day'
due - '1'
due - '2026-11-20'
due - due
due + NULL
due + interval '1 day'
due + at
due + time '09:00'
due - interval '1 month'
at + '1 hour'
at - '08:00'
at - time '08:00'
at + due
zoned + '1 hour'
zoned - '1 hour'
current_date + 1 - current_date
(now() + '1 day') - now()
(current_timestamp - '1 hour') < now()
now() - interval '1 day' < now()
localtimestamp + '1 day' > localtimestamp
pg_typeof(now() + '1 day')
pg_typeof(now() - '1 day')
pg_typeof(now() - '2026-01-01')
pg_typeof(current_date + '1')
pg_typeof('1 day' + now())
pg_typeof(NULL + now())
- '1 day'
- interval '1 day'
+ '1'
- goal
'1 day' + '1 day'
'1 day' - '1 day'
'1 day' * 2
2 * '1 day'
'1 day' * 2.5
2.5 * '1 day'
'1 day' * '2'
'1 day' / 2
interval '1 day' * 2
2 * interval '1 day'
0.5 * interval '1 day'
goal * 1.5
goal * '2'
'2' * goal
goal / 2
goal / '2'
goal + '1 day'
'1 day' + goal
goal - '1 day'
'1 day' - goal
goal + NULL
goal * NULL
goal = '1 day 4 hours'
'28 hours' = goal
goal <> '1 day'
goal < '2 days'
goal <= '2 days'
goal > '2 days'
goal >= NULL
goal = NULL
goal IN ('1 day', '28:00')
goal NOT IN ('1 day', NULL)
goal BETWEEN '1 day' AND '2 days'
goal BETWEEN SYMMETRIC '2 days' AND '1 day'
goal IS DISTINCT FROM '1 day'
goal = ANY ('{1 day,28:00}')
goal = ANY (ARRAY['1 day', '28:00'])
goal = ANY (ARRAY['1 day', '28:00']::interval[])
'1 day' = '24 hours'
'1 day' < '24 hours'
'4 bh' = '4 bh'
'a' < 'b'
NULL = NULL
1 = '1'
'1' + 1
1 + '1'
1 - '1'
2 * '3'
7 / '2'
- '5'
1.5 + '1'
'1.5' * 2.0
score * '2'
'2' * score
score / '2'
score + NULL
price * 2
price + '1'
price / '3'
price - NULL
opened_at = '2026-11-20 16:00+01'
opened_at < '2026-11-21'
'2026-11-21' > opened_at
opened_at >= NULL
opened_at <> due
opened_at < due
closed_at < due
opened_at BETWEEN '2026-11-01' AND '2026-12-01'
opened_at BETWEEN due AND '2026-12-01'
opened_at IN ('2026-11-20 16:00+01', '2026-11-21')
opened_at = ANY ('{2026-11-20 16:00+01}')
opened_at AT TIME ZONE 'UTC'
opened_at AT TIME ZONE '1 hour'
closed_at AT TIME ZONE 'Europe/Berlin'
timezone('UTC', opened_at)
timezone(interval '1 hour', opened_at)
date_trunc('day', opened_at)
date_trunc('day', opened_at, 'UTC')
date_trunc('hour', goal)
date_trunc('hour', '1 day 04:30')
date_trunc('month', due)
date_part('hour', goal)
date_part('day', '2 days')
extract(epoch FROM goal)
extract(epoch FROM opened_at - '2026-11-20')
extract(dow FROM due)
date_bin('15 minutes', opened_at, '2026-01-01')
age(opened_at, '2026-01-01')
age(closed_at, due)
to_char(goal, 'HH24:MI')
to_char(opened_at, 'YYYY-MM')
justify_hours('28:00')
justify_days('40 days')
make_interval(days => 1)
make_timestamptz(2026, 11, 20, 16, 0, 0)
isfinite('1 day'::interval)
isfinite(opened_at)
(opened_at, goal) OVERLAPS ('2026-11-21', '1 day')
(opened_at, '1 day') OVERLAPS ('2026-11-21', '1 day')
(opened_at, opened_at + '1 day') OVERLAPS ('2026-11-21', '2026-11-22')
(due, due + 1) OVERLAPS (due, '2 days')
(at, '1 hour') OVERLAPS ('09:30', '1 hour')
greatest(goal, '2 days')
least('1 hour', goal)
greatest(opened_at, '2026-11-21')
greatest('1 day', '2 hours')
coalesce(goal, '1 day')
coalesce(NULL, '1 day')
nullif(goal, '28:00')
nullif('a', 'b')
CASE WHEN true THEN goal ELSE '1 day' END
CASE goal WHEN '28:00' THEN 'yes' ELSE 'no' END
CASE WHEN false THEN '4 bh' END
ARRAY[goal, '1 day']
ARRAY['1 day', '2 days']
ARRAY['1 day', NULL, goal]
ARRAY[goal] || '1 day'
'1 day' || ARRAY[goal]
ARRAY[goal] || NULL
ARRAY[1] || 2
ARRAY[1] || '{2}'
tags || 'z'
'z' || tags
tags || '{z}'
tags @> '{x}'
tags @> ARRAY['x']
'{x}' <@ tags
tags && '{x}'
ARRAY[goal] @> ARRAY['28:00'::interval]
ARRAY[goal] @> '{28:00}'
tags = '{x,y}'
label || 'b'
'b' || label
'a' || 'b'
label || 1
1 || label
label || goal
goal || ''
'due ' || due
label || opened_at
'opened ' || opened_at || '.'
label || NULL
NULL || NULL
concat(label, goal, NULL)
label LIKE 'a%'
'1 day' LIKE '1%'
label = 'a'
label < 'b'
label IN ('a', 'b')
label = ANY ('{a,b}')
span @> '2026-11-21'
span @> '[2026-11-21,2026-11-22)'
'[2026-11-21,2026-11-22)' <@ span
'2026-11-21' <@ span
opened_at <@ span
opened_at <@ '[2026-11-20,2026-11-21)'
'[2026-11-20,2026-11-21)' @> opened_at
span @> opened_at
span @> NULL
NULL @> span
NULL <@ span
opened_at <@ NULL
NULL @> opened_at
span && '[2026-11-21,2026-11-22)'
span && NULL
span * '[2026-11-21,2026-11-22)'
'[2026-11-21,2026-11-22)' * span
span * NULL
NULL * span
span + '[2026-11-21,2026-11-22)'
span + NULL
span - '[2026-11-21,2027-11-22)'
'[2026-11-21,2027-11-22)' - span
span - NULL
span = '[2026-11-20 16:00+01,2026-11-23 10:00+01)'
span < '[2026-11-21,2026-11-22)'
span -|- '[2026-11-23 10:00+01,)'
span << '[2027-01-01,)'
span * span
span + span
span - span
spans * '{[2026-11-21,2026-11-22)}'
'{[2026-11-21,2026-11-22)}' * spans
spans * NULL
NULL + spans
spans + '{[2026-11-21,2027-11-22)}'
spans - '{[2026-11-21,2027-11-22)}'
spans - NULL
spans @> '2026-11-21'
spans @> '[2026-11-21,2026-11-22)'
spans && '[2026-11-21,2026-11-22)'
opened_at <@ spans
spans @> opened_at
spans @> span
'2026-11-21' <@ spans
days @> '2026-11-21'
days @> due
due <@ days
due <@ '[2026-11-24,2026-11-25)'
days * '[2026-11-21,)'
days + '[2026-11-21,2026-11-25)'
days - NULL
slots @> 2
slots @> '2'
2 <@ slots
slots * '[2,3]'
slots + NULL
lower(span) + '1 day'
upper(span) - lower(span)
lower('A')
tstzrange(opened_at, '2026-12-01')
tstzrange('2026-11-01', '2026-12-01') @> opened_at
tstzmultirange(span) * tstzmultirange(tstzrange('2026-11-21', NULL))
range_merge(span, '[2027-01-01,2027-01-02)')
data -> 'n'
data -> 'n' -> 0
data ->> 'at'
data @> '{"at": "2026-11-20"}'
'{"at": "2026-11-20"}' <@ data
data || '{"x": 1}'
data - 'at'
data - '{at}'
data #> '{n,0}'
data ? 'at'
(data ->> 'at')::date + 1
(data ->> 'at')::timestamptz + '1 day'
data = '{}'
point '(1,2)' <@ circle '((0,0),5)'
point '(1,2)' <@ '((0,0),(5,5))'
point '(1,2)' + '(1,1)'
box '((0,0),(5,5))' @> point '(1,2)'
circle '((0,0),5)' @> '((1,1),1)'
circle '((0,0),5)' + '(1,1)'
circle '((0,0),5)' * NULL
inet '10.0.0.1' + 1
inet '10.0.0.9' - '10.0.0.1'
'12.50'::money * 2
money '12.50' / '2'
money '12.50' + '1'
'2026-11-20'::date + '04:00'::time
to_timestamp(0) + '1 day'
generate_series('2026-11-20'::timestamptz, '2026-11-22', '1 day')
row(opened_at, '1 day') = row('2026-11-20 16:00+01', '1 day')
(goal, due) < ('2 days', '2026-11-24')
(opened_at, due) = ('2026-11-20 16:00+01', '2026-11-24')
exists (SELECT FROM ticket t WHERE t.opened_at > ticket.opened_at - '1 day')
interval '1 day' > '4 hours' AND opened_at > '2026-01-01'
round(score) + '1'
abs('-1')
length('1 day')
upper('a')
min_scale('1.10')
sqrt('4')
date '2026-11-20' - '1 day'::interval
timestamp '2026-11-20' + '1 mon'
timestamptz '2026-11-20' + '-1 day'
timestamptz '2026-11-20' + ''
timestamptz '2026-11-20' + '4 bh'
timestamptz '2026-11-20' - '4 bh'
interval '4 bh'
$list$, '\n') body WHERE body <> '';

INSERT INTO expression (kind, body)
SELECT 'query', body FROM regexp_split_to_table($list$
SELECT sum(goal) FROM ticket
SELECT avg(goal) FROM ticket
SELECT min(goal) FROM ticket
SELECT max(goal) FROM ticket
SELECT max(opened_at + '1 day') FROM ticket
SELECT min(opened_at) FROM ticket
SELECT max(closed_at - opened_at) FROM ticket
SELECT sum('1 hour'::interval) FROM ticket
SELECT avg('1 hour'::interval) FROM ticket
SELECT sum('1 hour') FROM ticket
SELECT avg('1') FROM ticket
SELECT avg(x) FROM (SELECT '1' AS x) s
SELECT sum(NULL) FROM ticket
SELECT avg(NULL) FROM ticket
SELECT min(NULL) FROM ticket
SELECT max('1 day') FROM ticket
SELECT max(label) FROM ticket
SELECT sum(price) FROM ticket
SELECT avg(score) FROM ticket
SELECT avg(id) FROM ticket
SELECT count(*) FROM ticket WHERE opened_at > now() - '1 day'
SELECT count(*) FROM ticket WHERE now() - opened_at > '1 day'
SELECT id FROM ticket WHERE opened_at + goal < '2026-11-21 20:01+01' ORDER BY id
SELECT id FROM ticket WHERE goal IN (SELECT '28:00'::interval)
SELECT id FROM ticket WHERE '2026-11-21' <@ span
SELECT sum(goal) OVER (ORDER BY id) FROM ticket
SELECT sum(score) OVER (ORDER BY opened_at RANGE '1 day' PRECEDING) FROM ticket
SELECT sum(score) OVER (ORDER BY opened_at RANGE BETWEEN '1 hour' PRECEDING AND '1 day' FOLLOWING) FROM ticket
SELECT count(*) OVER (ORDER BY due RANGE '1 day' PRECEDING) FROM ticket
SELECT count(*) OVER (ORDER BY goal RANGE '1 day' PRECEDING) FROM ticket
SELECT count(*) OVER (ORDER BY score RANGE '1' PRECEDING) FROM ticket
SELECT lag(goal, 1, '1 day') OVER (ORDER BY id) FROM ticket
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY goal) FROM ticket
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY opened_at) FROM ticket
SELECT generate_series('2026-11-20'::date, '2026-11-22', '1 day')
SELECT generate_series(1, '3')
SELECT goal FROM ticket UNION SELECT '1 day' ORDER BY 1
SELECT '1 day' UNION SELECT '2 days' ORDER BY 1
SELECT NULL UNION SELECT goal FROM ticket ORDER BY 1
VALUES ('1 day'), ('2 days')
VALUES (interval '1 day'), ('2 days')
SELECT range_agg(span) FROM ticket
SELECT range_agg(span) * '{[2026-11-21,)}' FROM ticket
SELECT unnest(spans) * '[2026-11-21,)' FROM ticket
SELECT array_agg(goal) || '1 day' FROM ticket
SELECT goal FROM ticket ORDER BY goal
SELECT DISTINCT goal FROM ticket ORDER BY goal
SELECT sum(upper(span) - lower(span)) FROM ticket
SELECT (SELECT sum(goal) FROM ticket) / 2
SELECT bool_and(opened_at > '2026-01-01') FROM ticket
SELECT string_agg(goal::text, ', ' ORDER BY id) FROM ticket
WITH RECURSIVE t (x) AS (SELECT timestamptz '2026-11-20' UNION ALL SELECT x + '1 day' FROM t WHERE x < '2026-11-23') SELECT x FROM t
$list$, '\n') body WHERE body <> '';

INSERT INTO expression (kind, body)
SELECT 'parameters', body FROM regexp_split_to_table($list$
SELECT opened_at + $1 FROM ticket
SELECT $1 + opened_at FROM ticket
SELECT opened_at - $1 FROM ticket
SELECT $1 - opened_at FROM ticket
SELECT now() + $1
SELECT now() - $1
SELECT due + $1 FROM ticket
SELECT due - $1 FROM ticket
SELECT closed_at + $1, closed_at - $2 FROM ticket
SELECT goal + $1, $2 + goal, goal - $3, $4 - goal FROM ticket
SELECT goal * $1, $2 * goal, goal / $3 FROM ticket
SELECT - $1
SELECT $1 + $2
SELECT $1 * 2, 2.5 * $2
SELECT sum($1)
SELECT min($1), max($2)
SELECT id FROM ticket WHERE opened_at > $1 AND goal < $2 AND due = $3
SELECT id FROM ticket WHERE opened_at BETWEEN $1 AND $2
SELECT id FROM ticket WHERE opened_at > now() - $1
SELECT id FROM ticket WHERE goal IN ($1, $2)
SELECT id FROM ticket WHERE goal = ANY ($1)
SELECT id FROM ticket WHERE opened_at <@ $1
SELECT id FROM ticket WHERE $1 @> opened_at
SELECT id FROM ticket WHERE $1 <@ span
SELECT id FROM ticket WHERE span @> $1
SELECT id FROM ticket WHERE span && $1
SELECT span * $1, span + $2, span - $3 FROM ticket
SELECT $1 * span, $2 + span, $3 - span FROM ticket
SELECT spans * $1, spans + $2, spans - $3 FROM ticket
SELECT tags || $1, label || $2, data || $3 FROM ticket
SELECT date_trunc($1, opened_at), date_part($2, goal) FROM ticket
SELECT opened_at AT TIME ZONE $1 FROM ticket
SELECT coalesce($1, goal), greatest($2, opened_at) FROM ticket
SELECT (opened_at, $1) OVERLAPS ($2, $3) FROM ticket
SELECT sum(score) OVER (ORDER BY opened_at RANGE $1 PRECEDING) FROM ticket
INSERT INTO ticket (id, opened_at, goal) VALUES ($1, $2, $3)
UPDATE ticket SET opened_at = opened_at + $1, goal = goal * $2 WHERE span @> $3
$list$, '\n') body WHERE body <> '';

-- operators, those of the extension among them, beside every built-in type
CREATE TABLE operator_name (name text PRIMARY KEY);
INSERT INTO operator_name
VALUES ('+'), ('-'), ('*'), ('/'), ('='), ('<>'), ('<'), ('<='), ('>'), ('>='), ('@>'), ('<@'), ('&&'), ('||');
INSERT INTO expression (kind, body)
SELECT 'type', body
FROM operator_name,
     (SELECT format_type(oid, NULL) AS t FROM pg_type
      WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype IN ('b', 'r', 'm') AND typelem = 0
        AND typname !~ '^(_|pg_|reg)') t,
     LATERAL (VALUES (format('NULL::%s %s NULL', t, name)),
                     (format('NULL %s NULL::%s', name, t)),
                     (format('NULL::%s %s NULL::%s', t, name, t)),
                     (format('NULL::%s %s NULL::timestamptz', t, name)),
                     (format('NULL::interval %s NULL::%s', name, t))) AS b (body)
ORDER BY body;
INSERT INTO expression (kind, body)
SELECT 'type', body
FROM operator_name,
     LATERAL (VALUES (format('NULL %s NULL', name)), (format('%s NULL', name))) AS b (body)
ORDER BY body;
-- every one-argument aggregate with every type it takes, with text, and untyped
INSERT INTO expression (kind, body)
SELECT DISTINCT 'type', format('(SELECT %I(%s) FROM ticket WHERE false)', proname, arg)
FROM pg_proc, LATERAL (VALUES ('NULL'), ('label'), (format('NULL::%s', CASE WHEN format_type(proargtypes[0], NULL) ~ '^any' THEN 'interval[]' ELSE format_type(proargtypes[0], NULL) END))) AS a (arg)
WHERE prokind = 'a' AND pronargs = 1 AND proargtypes[0] <> '"any"'::regtype
ORDER BY 2;

SELECT kind, count(*) > 30 AS many FROM expression GROUP BY kind ORDER BY kind;

SELECT answer_all('before');
CREATE EXTENSION sla_tracker;
SELECT answer_all('after');

SELECT DISTINCT oprname AS untested
FROM pg_operator o JOIN pg_depend d ON d.classid = 'pg_operator'::regclass AND d.objid = o.oid AND d.deptype = 'e'
WHERE oprname NOT IN (SELECT name FROM operator_name);
SELECT body, b.type AS type_before, b.value AS value_before, a.type AS type_after, a.value AS value_after
FROM expression JOIN answer b USING (id) JOIN answer a USING (id)
WHERE b.run = 'before' AND a.run = 'after' AND (b.type, b.value) IS DISTINCT FROM (a.type, a.value)
  AND b.type !~ '^\d'	-- what was an error had no meaning
ORDER BY id;

-- that the comparison sees what it should: the types are there, the answers are
SELECT count(*) FILTER (WHERE type ~ '^\d') > 0 AS errors, count(*) FILTER (WHERE type !~ '^\d') > 1000 AS values,
       count(*) FILTER (WHERE run = 'before') = count(*) FILTER (WHERE run = 'after') AS complete
FROM answer;
SELECT body, type, CASE WHEN type ~ '^\d' THEN '' ELSE value END AS value
FROM expression JOIN answer USING (id) WHERE run = 'after' AND kind = 'value' ORDER BY id;
SELECT body, type, CASE WHEN type ~ '^\d' THEN '' ELSE value END AS value
FROM expression JOIN answer USING (id) WHERE run = 'after' AND kind = 'query' ORDER BY id;
SELECT body, type FROM expression JOIN answer USING (id) WHERE run = 'after' AND kind = 'parameters' ORDER BY id;

-- dropped and made anew, the session knows nothing of what was defined before
CREATE TABLE before_it (id int PRIMARY KEY, at timestamptz DEFAULT '2026-01-05', good boolean);
CREATE TABLE after_it (LIKE before_it INCLUDING ALL);
INSERT INTO before_it (id, good) VALUES (1, true);
INSERT INTO after_it (id, good) VALUES (1, false), (2, false);
INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('o', 'before_it', 'at', 'good', 99);
SELECT total, good FROM sla.slo_status('o', '2026-01-06', false);
SET client_min_messages = warning;
DROP EXTENSION sla_tracker CASCADE;
CREATE EXTENSION sla_tracker;
INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('o', 'after_it', 'at', 'good', 99);
SELECT total, good FROM sla.slo_status('o', '2026-01-06', false);

\c :start_database
DROP DATABASE regress_sla_coexistence;
