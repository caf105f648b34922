-- The functions as the catalog and the parser see them: labels, overloads, the
-- calendar that is used, infinity and NULL; and use in a database's objects.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set check :abs_srcdir '/sql/include/check.sql'
\set ECHO none
\i :setup
\i :check
\set ECHO all
SET timezone = 'UTC';
-- every function that takes business_hours has a text twin; IMMUTABLE with the
-- one, STABLE with the other, all STRICT and PARALLEL SAFE
CREATE VIEW functions AS
	SELECT p.oid, p.proname, p.pronargs, p.provolatile, p.proisstrict, p.proparallel, p.procost,
		pg_get_function_identity_arguments(p.oid) AS args,
		(SELECT array_agg(t.typname ORDER BY o) FROM unnest(p.proargtypes) WITH ORDINALITY a(t_oid, o) JOIN pg_type t ON t.oid = a.t_oid) AS types
	FROM pg_proc p
	JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
	WHERE e.extname = 'sla_tracker' AND p.proname IN
		('business_add', 'business_between', 'business_seconds', 'business_days_between', 'add_business_days',
		 'is_business_day', 'is_open', 'next_open', 'next_close', 'previous_open', 'previous_close', 'open_ranges',
		 'open_spans', 'business_timeline');
SELECT f.proname, f.types, f.provolatile, f.proisstrict, f.proparallel
FROM functions f WHERE 'business_hours' = ANY (f.types) OR 'text' = ANY (f.types) ORDER BY 1, 2;
SELECT f.proname, f.types AS no_twin FROM functions f
WHERE 'business_hours' = ANY (f.types)
	AND NOT EXISTS (SELECT FROM functions g WHERE g.proname = f.proname
					AND g.types = array_replace(f.types, 'business_hours', 'text'));
-- no function of the extension is without truthful labels: what takes a name
-- reads a table, what is not listed here is pure
SELECT p.proname, pg_get_function_identity_arguments(p.oid) AS args, p.provolatile, p.proparallel
FROM pg_proc p
JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass AND e.extname = 'sla_tracker'
JOIN pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f' AND l.lanname = 'c'
	AND p.prorettype <> 'trigger'::regtype AND p.proname NOT IN (SELECT proname FROM functions)
	AND (p.provolatile <> 'i' OR p.proparallel <> 's' OR NOT p.proisstrict)
ORDER BY 1, 2;
-- the operators are STABLE where a name may have to be looked up
SELECT o.oid::regoperator, p.provolatile, p.proisstrict, p.proparallel, o.oprcom::regoperator
FROM pg_operator o JOIN pg_proc p ON p.oid = o.oprcode
JOIN pg_depend d ON d.classid = 'pg_operator'::regclass AND d.objid = o.oid AND d.deptype = 'e'
WHERE 'timestamptz'::regtype IN (o.oprleft, o.oprright) ORDER BY o.oprname, o.oprleft::regtype::text;
-- no operator of ours between a built-in range and anything
SELECT o.oid::regoperator FROM pg_operator o
JOIN pg_depend d ON d.classid = 'pg_operator'::regclass AND d.objid = o.oid AND d.deptype = 'e'
WHERE EXISTS (SELECT FROM pg_range r WHERE rngtypid IN (o.oprleft, o.oprright) OR rngmultitypid IN (o.oprleft, o.oprright));
SELECT typname, typcategory, typispreferred FROM pg_type WHERE typname IN ('business_interval', 'business_hours') ORDER BY 1;
-- which calendar: the explicit one, else the value's, else the setting
INSERT INTO sla.calendar (name, hours) VALUES
	('nine', 'TZ=UTC Mo-Fr 09:00-17:00'), ('ten', 'TZ=UTC Mo-Fr 10:00-18:00'), ('Nine', 'TZ=UTC Mo-Fr 11:00-12:00');
RESET sla_tracker.calendar;
INSERT INTO cases (expr, want) VALUES
	('timestamptz ''2026-11-20 08:00'' + business_interval ''1 bh @nine''', '2026-11-20 10:00:00+00'),
	('timestamptz ''2026-11-20 08:00'' + business_interval ''1 bh @ten''', '2026-11-20 11:00:00+00'),
	('timestamptz ''2026-11-20 08:00'' + business_interval ''1 bh @Nine''', '2026-11-20 12:00:00+00'),
	('business_interval ''1 bh @nine'' + timestamptz ''2026-11-20 08:00''', '2026-11-20 10:00:00+00'),
	('timestamptz ''2026-11-20 11:00'' - business_interval ''1 bh @nine''', '2026-11-20 10:00:00+00'),
	('timestamptz ''2026-11-20 11:00'' - business_interval ''1 bd 1 bh @nine''', '2026-11-19 10:00:00+00'),
	('timestamptz ''2026-11-20 08:00'' + business_interval ''1 bh @24/7''', '2026-11-20 09:00:00+00'),
	('timestamptz ''2026-11-20 08:00'' + business_interval ''1 bh''', 'ERROR %'),
	('timestamptz ''2026-11-20 08:00'' + business_interval ''1 bh @nowhere''', 'ERROR 42704'),
	('business_add(''2026-11-20 08:00'', ''1 bh @nine'', ''ten'')', '2026-11-20 11:00:00+00'),
	('business_add(''2026-11-20 08:00'', ''1 bh @nine'', ''Mo-Fr 12:00-13:00''::business_hours)', '2026-11-20 13:00:00+00'),
	('business_add(''2026-11-20 08:00'', ''1 bh @nowhere'', ''ten'')', '2026-11-20 11:00:00+00'),
	('business_add(''2026-11-20 08:00'', ''1 bh'', ''Mo-Fr 12:00-13:00'')', 'ERROR 42704'),
	('business_between(''2026-11-20 08:00'', ''2026-11-20 11:00'', ''nine'')', '2 bh'),
	('business_between(''2026-11-20 08:00'', ''2026-11-20 11:00'', ''24/7'')', '3 bh'),
	('business_between(''2026-11-20 08:00'', ''2026-11-20 11:00'', ''24/7''::business_hours)', '3 bh'),
	('business_between(''2026-11-20 08:00'', ''2026-11-20 11:00'', ''nowhere'')', 'ERROR 42704'),
	('business_between(''2026-11-20 08:00'', ''2026-11-20 11:00'', '''')', 'ERROR 42704'),
	('is_open(''2026-11-20 09:30'', ''nine'')', 'true'),
	('is_open(''2026-11-20 09:30'', ''ten'')', 'false'),
	('business_seconds(''2026-11-20 08:00'', ''2026-11-20 11:00'', ''ten'')', '3600'),
	('business_days_between(''2026-11-20'', ''2026-11-24'', ''ten'')', '2'),
	('add_business_days(''2026-11-20'', 2, ''ten'')', '2026-11-24'),
	('is_business_day(''2026-11-21'', ''ten'')', 'false'),
	('next_open(''2026-11-20 20:00'', ''ten'')', '2026-11-23 10:00:00+00'),
	('next_close(''2026-11-20 20:00'', ''ten'')', '2026-11-23 18:00:00+00'),
	('previous_open(''2026-11-20 20:00'', ''ten'')', '2026-11-20 10:00:00+00'),
	('previous_close(''2026-11-20 20:00'', ''ten'')', '2026-11-20 18:00:00+00'),
	('open_ranges(''[2026-11-20, 2026-11-21)'', ''ten'')', '{["2026-11-20 10:00:00+00","2026-11-20 18:00:00+00")}'),
	('(SELECT s FROM open_spans(''[2026-11-20, 2026-11-21)'', ''ten'') s)', '("[""2026-11-20 10:00:00+00"",""2026-11-20 18:00:00+00"")",2026-11-20)'),
	('(SELECT count(*) > 1 FROM business_timeline(''2026-11-20 08:00'', ''12 bh'', ''ten''))', 'true');
SELECT * FROM run();
SET sla_tracker.calendar = 'ten';
INSERT INTO cases (expr, want) VALUES
	('timestamptz ''2026-11-20 08:00'' + business_interval ''1 bh''', '2026-11-20 11:00:00+00'),
	('timestamptz ''2026-11-20 20:00'' - business_interval ''1 bh''', '2026-11-20 17:00:00+00'),
	('timestamptz ''2026-11-20 08:00'' + business_interval ''1 bh @nine''', '2026-11-20 10:00:00+00'),
	('business_add(''2026-11-20 08:00'', ''1 bh'', ''nine'')', '2026-11-20 10:00:00+00');
SELECT * FROM run();
SET sla_tracker.calendar = 'nine';
SELECT timestamptz '2026-11-20 08:00' + business_interval '1 bh' AS nine;
PREPARE plus AS SELECT timestamptz '2026-11-20 08:00' + business_interval '1 bh' AS due;
EXECUTE plus;
SET sla_tracker.calendar = 'ten';
EXECUTE plus;
BEGIN;
SET LOCAL sla_tracker.calendar = 'Nine';
EXECUTE plus;
ROLLBACK;
EXECUTE plus;
SET sla_tracker.calendar = 'nowhere';
SELECT state, message LIKE '%"nowhere"%' AS names_it, hint IS NOT NULL AS has_hint
FROM failure($$timestamptz '2026-11-20 08:00' + business_interval '1 bh'$$);
RESET sla_tracker.calendar;
SELECT state, hint LIKE '%sla_tracker.calendar%' AS hint_names_setting
FROM failure($$timestamptz '2026-11-20 08:00' + business_interval '1 bh'$$);
-- infinity passes through where the result is an instant or seconds
INSERT INTO cases (expr, want)
	SELECT format(e, i, t), format(w, i)
	FROM (VALUES
		('business_add(''%1$s'', ''1 bd 1 bh'', %2$s)', '%s'),
		('business_add(''%1$s'', ''-1 bd 1 bh'', %2$s)', '%s'),
		('timestamptz ''%1$s'' + business_interval ''1 bh @nine''', '%s'),
		('timestamptz ''%1$s'' - business_interval ''1 bh @nine''', '%s'),
		('next_open(''%1$s'', %2$s)', '%s'),
		('next_close(''%1$s'', %2$s)', '%s'),
		('previous_open(''%1$s'', %2$s)', '%s'),
		('previous_close(''%1$s'', %2$s)', '%s'),
		('is_open(''%1$s'', %2$s)', 'ERROR 22008'),
		('business_between(''2026-11-20'', ''%1$s'', %2$s)', 'ERROR 22008'),
		('business_between(''%1$s'', ''2026-11-20'', %2$s)', 'ERROR 22008'),
		('business_days_between(''2026-11-20'', ''%1$s'', %2$s)', 'ERROR 22008'),
		('business_days_between(''%1$s'', ''2026-11-20'', %2$s)', 'ERROR 22008'),
		('add_business_days(''%1$s'', 1, %2$s)', 'ERROR 22008'),
		('is_business_day(''%1$s'', %2$s)', 'ERROR 22008')) v(e, w),
		unnest('{infinity,-infinity}'::text[]) i,
		unnest(ARRAY['''nine''', '''nine''::business_hours']) t0,
		LATERAL (SELECT replace(t0, '''nine''::', '''Mo-Fr 09:00-17:00''::') AS t) x
	WHERE NOT (e LIKE '%nine%' AND t <> '''nine''')
	ORDER BY t, e, i DESC;
SELECT * FROM run();
INSERT INTO cases (expr, want) VALUES
	('business_seconds(''2026-11-20'', ''infinity'', ''nine'')', 'Infinity'),
	('business_seconds(''infinity'', ''2026-11-20'', ''nine'')', '-Infinity'),
	('business_seconds(''2026-11-20'', ''-infinity'', ''nine'')', '-Infinity'),
	('business_seconds(''-infinity'', ''2026-11-20'', ''nine'')', 'Infinity'),
	('business_seconds(''-infinity'', ''infinity'', ''nine'')', 'Infinity');
SELECT * FROM run();
-- out of range, never a wrong answer
INSERT INTO cases (expr, want) VALUES
	('business_add(''2026-11-20'', make_business_interval(days => 2147483647), ''nine'')', 'ERROR 22008'),
	('business_add(''2026-11-20'', make_business_interval(days => -2147483648), ''nine'')', 'ERROR 22008'),
	('business_add(''2026-11-20'', ''1000000000 bh'', ''nine'')', 'ERROR 22008'),
	('business_add(''2026-11-20'', ''-1000000000 bh'', ''nine'')', 'ERROR 22008'),
	('business_add(''294276-12-31'', ''1 bh'', ''nine'')', 'ERROR 22008'),
	('business_add(''4713-01-01 BC'', ''-1 bh'', ''nine'')', 'ERROR 22008'),
	('add_business_days(''2026-11-20'', 2147483647, ''nine'')', 'ERROR 22008'),
	('add_business_days(''5874897-01-01'', 1, ''nine'')', 'ERROR 22008'),
	('business_days_between(''4713-01-01 BC'', ''5874897-01-01'', ''nine'')', 'ERROR 22008'),
	('is_business_day(''5874897-01-01'', ''nine'')', 'ERROR 22008'),
	('is_open(''294276-12-31'', ''nine'')', 'ERROR 22008'),
	('open_ranges(''[4713-01-01 BC, 294276-12-31)'', ''nine'')', 'ERROR 22008'),
	('timestamptz ''2026-11-20'' - make_business_interval(days => -2147483648, calendar => ''nine'')', 'ERROR 22008');
SELECT * FROM run();
-- the error says which dates there are
SELECT is_business_day('1800-01-05', 'nine');
SELECT is_business_day('1800-01-06', '24/7') AND is_business_day('2499-12-26', '24/7') AS first_and_last;
SELECT is_business_day('2499-12-27', 'nine');
-- STRICT
SELECT business_add(NULL, '1 bh', 'nine') IS NULL AND business_add('2026-11-20', NULL, 'nine') IS NULL
	AND business_add('2026-11-20', '1 bh', NULL::text) IS NULL AND business_add('2026-11-20', '1 bh', NULL::business_hours) IS NULL
	AND business_between('2026-11-20', NULL, 'nine') IS NULL AND is_open(NULL, 'nine') IS NULL
	AND (NULL::timestamptz + business_interval '1 bh') IS NULL AND (now() + NULL::business_interval) IS NULL
	AND open_ranges(NULL, 'nine') IS NULL AND with_holidays('24/7', NULL) IS NULL AS all_null;
SELECT count(*) FROM open_spans(NULL, 'nine');
SELECT count(*) FROM business_timeline(NULL, '1 bh', 'nine');
-- with an explicit calendar: generated columns and indexes
CREATE TABLE ticket (
	id int PRIMARY KEY,
	opened timestamptz NOT NULL,
	closed timestamptz,
	goal business_interval NOT NULL DEFAULT '8 bh',
	due timestamptz GENERATED ALWAYS AS (business_add(opened, goal, 'TZ=Europe/Berlin Mo-Fr 09:00-17:00'::business_hours)) STORED,
	took float8 GENERATED ALWAYS AS (business_seconds(opened, closed, 'TZ=Europe/Berlin Mo-Fr 09:00-17:00'::business_hours)) STORED
);
INSERT INTO ticket (id, opened, closed)
	SELECT i, timestamptz '2026-01-01 00:00Z' + i * interval '97 minutes', timestamptz '2026-01-01 00:00Z' + i * interval '101 minutes'
	FROM generate_series(1, 5000) i;
SELECT id, due, took FROM ticket WHERE id IN (1, 100, 5000) ORDER BY id;
CREATE INDEX ticket_age ON ticket ((business_days_between((opened AT TIME ZONE 'UTC')::date, (closed AT TIME ZONE 'UTC')::date, 'Mo-Fr 09:00-17:00'::business_hours)));
CREATE INDEX ticket_open ON ticket (id) WHERE is_open(opened, 'Mo-Fr 09:00-17:00'::business_hours);
ANALYZE ticket;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM ticket
	WHERE business_days_between((opened AT TIME ZONE 'UTC')::date, (closed AT TIME ZONE 'UTC')::date, 'Mo-Fr 09:00-17:00'::business_hours) = 3;
SELECT count(*) FROM ticket
	WHERE business_days_between((opened AT TIME ZONE 'UTC')::date, (closed AT TIME ZONE 'UTC')::date, 'Mo-Fr 09:00-17:00'::business_hours) = 3;
SET enable_seqscan = on;
SET enable_indexscan = off;
SET enable_indexonlyscan = off;
SELECT count(*) FROM ticket
	WHERE business_days_between((opened AT TIME ZONE 'UTC')::date, (closed AT TIME ZONE 'UTC')::date, 'Mo-Fr 09:00-17:00'::business_hours) = 3;
RESET enable_indexscan;
RESET enable_bitmapscan;
RESET enable_indexonlyscan;
-- with a name they are refused, for they would go stale
CREATE INDEX ON ticket ((business_between(opened, closed, 'nine')));
ALTER TABLE ticket ADD COLUMN bad timestamptz GENERATED ALWAYS AS (opened + goal) STORED;
-- partitioned by hash; every value is found again
CREATE TABLE promise (goal business_interval, n int) PARTITION BY HASH (goal);
CREATE TABLE promise_0 PARTITION OF promise FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE promise_1 PARTITION OF promise FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE promise_2 PARTITION OF promise FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO promise
	SELECT make_business_interval(days => i % 7, mins => i, calendar => c), i
	FROM generate_series(1, 300) i, unnest('{nine,ten}'::text[]) c;
SELECT count(*) FILTER (WHERE tableoid = 'promise_0'::regclass) > 100 AS p0, count(*) FILTER (WHERE tableoid = 'promise_1'::regclass) > 100 AS p1,
	count(*) FILTER (WHERE tableoid = 'promise_2'::regclass) > 100 AS p2, count(*) FROM promise;
SELECT n FROM promise WHERE goal = business_interval '3 bd 17 bm @ten';
SELECT count(*) FROM promise a JOIN promise b USING (goal);
SET enable_hashjoin = off;
SET enable_nestloop = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM promise_0 a JOIN promise_0 b USING (goal);
SELECT count(*) = (SELECT count(*) FROM promise_0) AS merged FROM promise_0 a JOIN promise_0 b USING (goal);
RESET enable_hashjoin;
RESET enable_nestloop;
-- a RANGE frame ordered by it
SELECT g, count(*) OVER w AS near, min(g) OVER w AS first, max(g) OVER w AS last
FROM unnest('{1 bh,2 bh,150 bm,4 bh,1 bd,1 bd 30 bm,-3 bh}'::business_interval[]) g
WINDOW w AS (ORDER BY g RANGE BETWEEN business_interval '1 bh' PRECEDING AND business_interval '30 bm' FOLLOWING) ORDER BY g;
SELECT g, count(*) OVER (ORDER BY g RANGE BETWEEN business_interval '-1 bh' PRECEDING AND CURRENT ROW) FROM unnest('{1 bh}'::business_interval[]) g;
DROP TABLE ticket, promise;
DELETE FROM sla.calendar;
SET client_min_messages = warning;
DROP SCHEMA test CASCADE;
