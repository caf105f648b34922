--
-- business_interval: I/O, comparison, index and window support, arithmetic,
-- aggregates, casts, accessors
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sla_tracker;
RESET client_min_messages;
SET timezone = 'UTC';
SET datestyle = 'ISO, MDY';
SET intervalstyle = 'postgres';
SET extra_float_digits = 1;

-- What an SQL expression gives: its value, or SQLSTATE, message, detail, hint.
CREATE FUNCTION pg_temp.try(expression text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  result text;
  message text;
  detail text;
  hint text;
BEGIN
  EXECUTE 'SELECT (' || expression || ')::text' INTO result;
  RETURN coalesce(result, '<NULL>');
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RETURN concat_ws(E'\n', SQLSTATE || ' ' || message, '  ' || nullif(detail, ''), '  ' || nullif(hint, ''));
END $$;

-- Same for a text as business_interval.
CREATE FUNCTION pg_temp.try_input(input text) RETURNS text
LANGUAGE sql AS $$ SELECT pg_temp.try(format('%L::business_interval', input)) $$;

--
-- Input and output
--
SELECT input, input::business_interval AS output,
       input::business_interval::text::business_interval = input::business_interval AS same
FROM (VALUES
  (1, '4 business hours'), (2, '4bh'), (3, '1 bd 4 bh 30 bm @support'),
  (4, '2 business days @emea'), (5, '-30 bm'), (6, '90.5 bs'),
  (7, '04:30:00 @support'), (8, 'P2DT4H30M'), (9, '15.5 bs'),
  (10, '-4 bh @support'), (11, '0 bh'), (12, '1 day 2 hours 3 minutes 4 seconds'),
  (13, '1 D 2 HR 3 Min 4 s 5 ms 6 us'), (14, '2 days -04:30:00.25'),
  (15, '-1 bd 4 bh'), (16, '1 bd - 4 bh 30 bm'), (17, 'P-1DT-0.5H@24/7'),
  (18, '1 bh @"my calendar"'), (19, '1 bh @"say ""hi"""'), (20, '1 bh @münchen'),
  (21, '  1bh@a.b/c:d+e-f_g  '), (22, '-2147483648 bd -2562047788 bh -54.775808 bs'),
  (23, '2147483647 bd 9223372036854775807 us'), (24, '0.0000005 bh'), (25, '1.000 bd')
) AS v (n, input) ORDER BY n;

SELECT pg_temp.try_input(input)
FROM unnest(ARRAY[
  '', '   ', '@support', '4', '1 04:30:00', '4 fortnights', '4 business bh', '1 bh 2',
  '1 week', '2 business months @x', '1 year', 'P1Y', 'P1M', 'P2W',
  '1.5 bd', 'P0.5D', 'NaN', 'infinity', '1 bh ago', '1e3 bs', '--4 bh', '1 bd, 4 bh',
  '1 bh 30 bm 1 bh', '1 bh 04:30', '04:60', '30:15.5', 'P', 'P1DT', 'PT1H x',
  '2147483648 bd', '-2147483649 bd', '9223372036854775808 us', '2562047788 bh 1 bm',
  '99999999999999999999 bs', '1 bh @', '1 bh @ x', '1 bh @""', '1 bh @"x', '1 bh @x y', '1 bh @x@y',
  '1 bh @' || repeat('x', 64), repeat('ü', 300)
]) WITH ORDINALITY AS v (input, n) ORDER BY n;

SELECT length(calendar(('1 bh @' || repeat('x', 63))::business_interval)) AS longest_name;

-- soft errors, where the server has them
SELECT CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'true' ELSE pg_temp.try($$
  SELECT bool_and(pg_input_is_valid(input, 'business_interval') = valid)
  FROM (VALUES ('4 bh', true), ('4', false), ('1 week', false), ('1.5 bd', false),
               ('2147483648 bd', false), ('', false), ('1 bh @"x', false)) AS v (input, valid)$$) END AS soft;

-- settings of interval do not matter
SET intervalstyle = 'iso_8601';
SELECT business_interval '1 bd -4 bh @support';
RESET intervalstyle;

-- binary form
SELECT business_interval_send('1 bd -4 bh @été');
SET client_encoding = 'LATIN1';
SELECT business_interval_send(U&'1 bd -4 bh @\00e9t\00e9');
RESET client_encoding;
CREATE TEMP TABLE source (v business_interval);
INSERT INTO source VALUES
  ('0 bh'), ('1 bd'), ('8 bh'), ('-1 bd 8 bh'), ('1 bd @a'), ('8 bh @a'), ('8 bh @b'), ('8 bh @ab'), ('-8 bh'), (NULL),
  ('1.000001 bs @"x y"'), ('2147483647 bd 9223372036854775807 us @z'), ('-2147483648 bd -9223372036854775808 us'),
  ('2147483647 bd -9223372036854775808 us'), ('-2147483648 bd 9223372036854775807 us'), ('1 bh @ü');
CREATE TEMP TABLE received (v business_interval);
-- what recv makes of a message: a row of one column in the form of COPY BINARY
CREATE FUNCTION pg_temp.recv(message bytea) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  file bytea := '\x5047434f50590aff0d0a00' || int4send(0) || int4send(0) || int2send(1::int2)
                || int4send(length(message)) || message || int2send((-1)::int2);
  octal text;
  result text;
BEGIN
  SELECT string_agg(format('\%s%s%s', b / 64, b / 8 % 8, b % 8), '' ORDER BY i) INTO octal
  FROM generate_series(0, length(file) - 1) i, LATERAL (SELECT get_byte(file, i)) AS g (b);
  TRUNCATE received;
  EXECUTE format('COPY received FROM PROGRAM %L (FORMAT binary)', 'printf ''' || octal || '''');
  SELECT v::text INTO result FROM received;
  RETURN result;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT count(*) AS values, count(*) FILTER (WHERE pg_temp.recv(business_interval_send(v)) = v::text) AS same
FROM source WHERE v IS NOT NULL;
SELECT what, pg_temp.recv(message)
FROM (VALUES
  (1, 'no name', int8send(3600000000) || int4send(1) || int4send(0)),
  (2, 'name', int8send(3600000000) || int4send(1) || int4send(2) || 'ab'),
  (3, '63 bytes', int8send(0) || int4send(0) || int4send(63) || repeat('x', 63)::bytea),
  (4, '64 bytes', int8send(0) || int4send(0) || int4send(64) || repeat('x', 64)::bytea),
  (5, 'zero byte', int8send(0) || int4send(0) || int4send(3) || '\x610062'),
  (6, 'zero byte first', int8send(0) || int4send(0) || int4send(1) || '\x00'),
  (7, 'bad encoding', int8send(0) || int4send(0) || int4send(1) || '\xff'),
  (8, 'length below zero', int8send(0) || int4send(0) || int4send(-1)),
  (9, 'length too long', int8send(0) || int4send(0) || int4send(2) || 'a'),
  (10, 'trailing bytes', int8send(0) || int4send(0) || int4send(1) || 'ab'),
  (11, 'cut', int8send(0) || int4send(0)),
  (12, 'empty', ''::bytea)
) AS v (n, what, message) ORDER BY n;

--
-- Comparison: by nominal length, then days, then time, then the name's bytes
--
SELECT v FROM source ORDER BY v;
SELECT count(*) AS wrong
FROM source a, source b
WHERE (a.v < b.v) <> (business_interval_cmp(a.v, b.v) < 0)
   OR (a.v <= b.v) <> (business_interval_cmp(a.v, b.v) <= 0)
   OR (a.v > b.v) <> (business_interval_cmp(a.v, b.v) > 0)
   OR (a.v >= b.v) <> (business_interval_cmp(a.v, b.v) >= 0)
   OR (a.v = b.v) <> (business_interval_cmp(a.v, b.v) = 0)
   OR (a.v <> b.v) <> (business_interval_cmp(a.v, b.v) <> 0)
   OR (a.v = b.v) <> (a.v::text = b.v::text)
   OR business_interval_cmp(a.v, b.v) <> -business_interval_cmp(b.v, a.v)
   OR (a.v = b.v AND business_interval_hash(a.v) <> business_interval_hash(b.v))
   OR (a.v = b.v AND business_interval_hash_extended(a.v, 5) <> business_interval_hash_extended(b.v, 5))
   OR (business_interval_hash_extended(a.v, 0) & 4294967295) <> (business_interval_hash(a.v)::bigint & 4294967295);
SELECT count(*) AS intransitive
FROM source a, source b, source c
WHERE a.v <= b.v AND b.v <= c.v AND NOT a.v <= c.v;
SELECT business_interval '1 bd' = '8 bh' AS equal, business_interval '1 bd' > '8 bh' AS greater;
SELECT count(DISTINCT business_interval_hash(format('%s bh @%s', i % 100, i)::business_interval)) > 9990 AS spread
FROM generate_series(1, 10000) i;
SELECT amname, opcname, amvalidate(c.oid)
FROM pg_opclass c JOIN pg_am a ON opcmethod = a.oid
WHERE opcintype = 'business_interval'::regtype ORDER BY amname;

-- indexes, joins, partitions
CREATE TABLE promise (id int, goal business_interval);
INSERT INTO promise
SELECT i, make_business_interval(days => i % 5, mins => i % 97, calendar => CASE i % 3 WHEN 0 THEN 'support' WHEN 1 THEN 'Emea' END)
FROM generate_series(1, 3000) i;
CREATE INDEX promise_btree ON promise (goal);
CREATE INDEX promise_hash ON promise USING hash (goal);
ANALYZE promise;
CREATE FUNCTION pg_temp.plan(query text) RETURNS SETOF text
LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query;
END $$;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT plan FROM pg_temp.plan('SELECT goal FROM promise WHERE goal > ''4 bd 95 bm'' ORDER BY goal') plan;
SELECT goal, count(*) FROM promise WHERE goal > '4 bd 95 bm' GROUP BY goal ORDER BY goal;
SELECT count(*) AS by_index FROM pg_temp.plan('SELECT max(goal) FROM promise') plan
WHERE plan ~ 'Index Only Scan Backward using promise_btree';
SELECT min(goal), max(goal) FROM promise;
DROP INDEX promise_btree;
SELECT plan FROM pg_temp.plan('SELECT id FROM promise WHERE goal = ''96 bm @support''') plan;
SELECT count(*) FROM promise WHERE goal = '96 bm @support';
RESET enable_seqscan;
RESET enable_bitmapscan;
SET enable_hashjoin = off;
SET enable_nestloop = off;
SELECT plan ~ 'Merge Cond' AS merge_join
FROM pg_temp.plan('SELECT count(*) FROM promise a JOIN promise b USING (goal)') plan WHERE plan ~ 'Merge Cond';
SELECT count(*) AS merged FROM promise a JOIN promise b USING (goal);
RESET enable_hashjoin;
SET enable_mergejoin = off;
SELECT plan ~ 'Hash Cond' AS hash_join
FROM pg_temp.plan('SELECT count(*) FROM promise a JOIN promise b USING (goal)') plan WHERE plan ~ 'Hash Cond';
SELECT count(*) AS hashed FROM promise a JOIN promise b USING (goal);
RESET enable_mergejoin;
RESET enable_nestloop;
SELECT sum(n * n) AS grouped FROM (SELECT count(*) FROM promise GROUP BY goal) AS g (n);
SELECT count(*) AS distinct_values FROM (SELECT DISTINCT goal FROM promise) d;
CREATE TABLE by_hash (goal business_interval) PARTITION BY HASH (goal);
CREATE TABLE by_hash_0 PARTITION OF by_hash FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE by_hash_1 PARTITION OF by_hash FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO by_hash SELECT goal FROM promise;
SELECT count(DISTINCT tableoid) AS used, count(*) AS rows, count(DISTINCT goal) AS goals FROM by_hash;
SELECT count(*) FROM pg_temp.plan('SELECT FROM by_hash WHERE goal = ''96 bm @support''') plan WHERE plan ~ 'Scan';
CREATE TABLE by_range (goal business_interval PRIMARY KEY) PARTITION BY RANGE (goal);
CREATE TABLE by_range_0 PARTITION OF by_range FOR VALUES FROM (MINVALUE) TO ('1 bd');
CREATE TABLE by_range_1 PARTITION OF by_range FOR VALUES FROM ('1 bd') TO (MAXVALUE);
INSERT INTO by_range VALUES ('8 bh'), ('1 bd'), ('1 bd @a'), ('-1 bd');
SELECT tableoid::regclass, goal FROM by_range ORDER BY goal;
INSERT INTO by_range VALUES ('P1D @"a"');

-- RANGE frames: as if compared with base +- offset without calendars
SELECT v, array_agg(v) OVER (ORDER BY v RANGE BETWEEN '30 bm' PRECEDING AND '1 bh' FOLLOWING) AS frame
FROM (VALUES ('1 bh'), ('90 bm @a'), ('2 bh'), ('150 bm @b'), ('8 bh'), ('1 bd'), ('1 bd 30 bm'), (NULL)) AS s (t),
     LATERAL (SELECT t::business_interval) AS c (v);
WITH drop_name AS (SELECT at_calendar(v, NULL) AS v FROM source
                   WHERE business_days(v) BETWEEN -10 AND 10),
     frames AS (SELECT v, count(*) OVER (ORDER BY v RANGE BETWEEN '1 bd -1 bh' PRECEDING AND '8 bh' FOLLOWING) AS n FROM drop_name)
SELECT count(*) AS rows,
       count(*) FILTER (WHERE n <> (SELECT count(*) FROM drop_name b
                                    WHERE b.v BETWEEN f.v - '1 bd -1 bh' AND f.v + '8 bh'
                                       OR b.v IS NULL AND f.v IS NULL)) AS wrong
FROM frames f;
-- at the ends of the range nothing overflows
SELECT v, count(*) OVER (ORDER BY v RANGE BETWEEN '2147483647 bd 2562047788 bh' PRECEDING AND '2147483647 bd 2562047788 bh' FOLLOWING)
FROM source ORDER BY v;
SELECT sum(v) OVER (ORDER BY v RANGE '-1 bh' PRECEDING) FROM source;
SELECT sum(v) OVER (ORDER BY v RANGE '-1 bd 8 bh' PRECEDING) FROM source;

--
-- Arithmetic
--
SELECT expression, pg_temp.try(expression)
FROM unnest(ARRAY[
  $$business_interval '1 bd 4 bh' + '2 bd -30 bm'$$,
  $$business_interval '1 bd 4 bh @a' + '1 bh'$$,
  $$business_interval '1 bd 4 bh' + '1 bh @a'$$,
  $$business_interval '1 bd 4 bh @a' + '1 bh @a'$$,
  $$business_interval '1 bh @a' + '1 bh @b'$$,
  $$business_interval '1 bh @a' - '1 bh @A'$$,
  $$business_interval '1 bd 4 bh' - '2 bd 5 bh @a'$$,
  $$- business_interval '1 bd -4 bh @a'$$,
  $$- business_interval '-2147483648 bd'$$,
  $$- business_interval '-9223372036854775808 us'$$,
  $$business_interval '2147483647 bd' + '1 bd'$$,
  $$business_interval '-9223372036854775808 us' - '1 us'$$,
  $$business_interval '-9223372036854775808 us' + '9223372036854775807 us'$$,
  $$business_interval '1 bd' + '8 bh' = '2 bd'$$,
  $$business_interval '1 bd 4 bh @a' * 2$$,
  $$2.5 * business_interval '2 bd 3 bh @a'$$,
  $$-1 * business_interval '1 bd 3 bh'$$,
  $$0 * business_interval '1 bd 3 bh @a'$$,
  $$business_interval '1 bd' * 0.5$$,
  $$business_interval '1 bd' / 2$$,
  $$business_interval '7 bd' / 3.5$$,
  $$business_interval '100 bd' * 0.07$$,
  $$business_interval '100 bd' * 0.070001$$,
  $$business_interval '3 bd' * (1.0 / 3)$$,
  $$business_interval '9223372036854775807 us' * 1$$,
  $$business_interval '9223372036854775807 us' / 1$$,
  $$business_interval '-9223372036854775808 us' / -1$$,
  $$business_interval '9223372036854775807 us' * 2$$,
  $$business_interval '1 bh' * 1e300$$,
  $$business_interval '1 bh' / 1e-300$$,
  $$business_interval '1 bd' * 1e300$$,
  $$business_interval '2 us' * 0.25$$,
  $$business_interval '2 us' * 0.75$$,
  $$business_interval '3 us' / 2$$,
  $$business_interval '5 us' / -2$$,
  $$business_interval '-4 us' / 3$$,
  $$business_interval '-5 us' / 3$$,
  $$business_interval '1 bh' / 0$$,
  $$business_interval '0 bh' / 0$$,
  $$business_interval '1 bh' * 'NaN'::float8$$,
  $$business_interval '1 bh' * 'inf'::float8$$,
  $$business_interval '1 bh' / '-inf'::float8$$,
  $$business_interval '0 bh' / 'NaN'::float8$$,
  $$business_interval '1 bh' * NULL::float8$$
]) WITH ORDINALITY AS v (expression, n) ORDER BY n;
-- laws, wherever both sides have a value
SELECT count(*) AS tried,
       count(*) FILTER (WHERE a + b <> b + a) AS commutative,
       count(*) FILTER (WHERE at_calendar((a + b) - b, NULL) <> at_calendar(a, NULL)) AS inverse,
       count(*) FILTER (WHERE a - b <> a + (- b)) AS minus,
       count(*) FILTER (WHERE - (- a) <> a) AS twice,
       count(*) FILTER (WHERE (a * 3) / 3 <> a) AS times
FROM (SELECT a.v, b.v FROM source a, source b
      WHERE abs(business_days(a.v)::bigint) < 100 AND abs(business_days(b.v)::bigint) < 100
        AND (calendar(a.v) = calendar(b.v)) IS NOT FALSE) AS s (a, b);

--
-- Aggregates
--
SELECT sum(v), avg(v), min(v), max(v) FROM source WHERE false;
SELECT sum(v), avg(v), min(v), max(v) FROM (SELECT NULL::business_interval) AS s (v);
SELECT sum(v), avg(v), min(v), max(v)
FROM unnest('{2 bd 1 bh, 4 bd 2 bh @a, NULL, 3 bd @a}'::business_interval[]) v;
SELECT expression, pg_temp.try('SELECT ' || expression || ' v')
FROM unnest(ARRAY[
  $$sum(v) FROM unnest('{1 bh @a, 1 bh @b}'::business_interval[])$$,
  $$avg(v) FROM unnest('{1 bd, 2 bd}'::business_interval[])$$,
  $$avg(v) FROM unnest('{1 bd, 2 bd 1 us, 3 bd}'::business_interval[])$$,
  $$avg(v) FROM unnest('{1 us, 2 us}'::business_interval[])$$,
  $$avg(v) FROM unnest('{-1 us, -4 us}'::business_interval[])$$,
  $$sum(v) FROM unnest('{2147483647 bd, 1 bd}'::business_interval[])$$,
  $$sum(v) FROM unnest('{9223372036854775807 us, 1 us}'::business_interval[])$$,
  $$sum(v) FROM unnest('{2147483647 bd 9223372036854775807 us, 1 bd 1 us, -1 bd -1 us}'::business_interval[])$$,
  $$avg(v) FROM unnest('{2147483647 bd 9223372036854775807 us, 2147483647 bd 9223372036854775807 us}'::business_interval[])$$
]) WITH ORDINALITY AS v (expression, n) ORDER BY n;

-- a moving frame: the same as summing each frame anew, and a name leaves with its rows
SELECT n, v, sum(v) OVER w AS sum, avg(v) OVER w AS avg, min(v) OVER w AS min, max(v) OVER w AS max
FROM unnest('{1 bd 1 bh, 3 bd 2 bh @a, NULL, 4 bd @a, 7 bh, 3 bh, NULL, 1 bh @b, 2562047787 bh}'::business_interval[])
     WITH ORDINALITY AS s (v, n)
WINDOW w AS (ORDER BY n ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) ORDER BY n;
WITH s AS (SELECT id, at_calendar(goal, CASE WHEN id <= 1000 THEN 'a' WHEN id >= 1500 THEN 'b' END) AS v FROM promise),
     moving AS (SELECT id, sum(v) OVER (ORDER BY id ROWS BETWEEN 40 PRECEDING AND 5 FOLLOWING) AS result FROM s)
SELECT count(*) AS rows,
       count(*) FILTER (WHERE result IS DISTINCT FROM (SELECT sum(v) FROM s WHERE s.id BETWEEN m.id - 40 AND m.id + 5)) AS wrong
FROM moving m WHERE id % 50 = 0;

-- parallel: the same as serial
SELECT sum(at_calendar(goal, 'x')), avg(at_calendar(goal, 'x') * 3000), min(goal), max(goal) FROM promise;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT count(*) AS partial
FROM pg_temp.plan('SELECT sum(at_calendar(goal, ''x'')), avg(at_calendar(goal, ''x'')), min(goal), max(goal) FROM promise') plan
WHERE plan ~ 'Partial Aggregate';
SELECT sum(at_calendar(goal, 'x')), avg(at_calendar(goal, 'x') * 3000), min(goal), max(goal) FROM promise;
SELECT pg_temp.try('SELECT sum(goal) FROM promise') ~ '^22023' AS mixed;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;

--
-- Casts
--
SELECT castsource::regtype, casttarget::regtype, castcontext
FROM pg_cast WHERE 'business_interval'::regtype IN (castsource, casttarget)
  AND 'interval'::regtype IN (castsource, casttarget) ORDER BY 1;
SELECT expression, pg_temp.try(expression)
FROM unnest(ARRAY[
  $$(interval '1 day -04:30')::business_interval$$,
  $$(interval '1 mon')::business_interval$$,
  $$(interval '-1 year 12 mons 1 day')::business_interval$$,
  $$(business_interval '2 bd -30 bm @support')::interval$$,
  $$'4 bh'::text::business_interval$$,
  $$(business_interval '4 bh @a')::varchar$$,
  $$'now: ' || business_interval '4 bh @a'$$,
  $$business_interval('4 bh @a')$$,
  $$interval '1 day' = business_interval '1 bd'$$
]) WITH ORDINALITY AS v (expression, n) ORDER BY n;
SELECT sign, CASE WHEN current_setting('server_version_num')::int < 170000 THEN 'refused'
            WHEN pg_temp.try(format('(interval %L)::business_interval', sign || 'infinity')) ~ '^22008 cannot cast an infinite' THEN 'refused' END AS infinity
FROM unnest('{+,-}'::text[]) sign;
CREATE TEMP TABLE target (v business_interval);
INSERT INTO target SELECT interval '1 day';

--
-- Accessors and construction
--
SELECT v, business_days(v), business_seconds(v), calendar(v)
FROM unnest(ARRAY['1 bd -90.000001 bs @a', '2 bd', '-4 bh @"x y"']::business_interval[]) v;
SELECT expression, pg_temp.try(expression)
FROM unnest(ARRAY[
  $$at_calendar('4 bh', 'a b')$$,
  $$at_calendar('4 bh @a', NULL)$$,
  $$at_calendar(NULL, 'a')$$,
  $$at_calendar('4 bh', '')$$,
  $$at_calendar('4 bh', repeat('x', 63)) = '4 bh'$$,
  $$at_calendar('4 bh', repeat('x', 64))$$,
  $$make_business_interval()$$,
  $$make_business_interval(1, 2, 3, 4.5, 'a')$$,
  $$make_business_interval(hours => -4)$$,
  $$make_business_interval(days => 2, calendar => 'support')$$,
  $$make_business_interval(mins => 90, calendar => NULL)$$,
  $$make_business_interval(days => NULL)$$,
  $$make_business_interval(secs => NULL, calendar => 'a')$$,
  $$make_business_interval(secs => 0.0000015)$$,
  $$make_business_interval(secs => 'NaN')$$,
  $$make_business_interval(secs => '-inf')$$,
  $$make_business_interval(secs => 9223372036855)$$,
  $$make_business_interval(hours => 2147483647, secs => 5e12)$$,
  $$make_business_interval(hours => 2147483647, mins => 2147483647)$$,
  $$make_business_interval(calendar => '')$$
]) WITH ORDINALITY AS v (expression, n) ORDER BY n;

-- in other types
SELECT ARRAY['1 bh @a', '2 bh @"x,y"']::business_interval[], ROW('1 bd @"a b"'::business_interval);
SELECT to_jsonb(business_interval '1 bd @a'), jsonb_build_object('goal', business_interval '1 bd 4 bh');
CREATE TYPE goal_range AS RANGE (subtype = business_interval);
SELECT goal_range('1 bh', '1 bd') @> business_interval '8 bh' AS inside, goal_range('1 bh', '1 bd') * '[4 bh,)' AS common;

-- every object has a comment, every function says what it is
SELECT count(*) AS undocumented
FROM pg_depend d, LATERAL (SELECT obj_description(objid, classid::regclass::name)) AS c (comment)
WHERE refclassid = 'pg_extension'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'sla_tracker')
  AND classid IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_type'::regclass, 'pg_opclass'::regclass, 'pg_cast'::regclass)
  AND comment IS NULL AND NOT (classid = 'pg_type'::regclass AND (SELECT typelem <> 0 OR typrelid <> 0 FROM pg_type t WHERE t.oid = objid));
SELECT proname, provolatile, proparallel
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_extension'::regclass
WHERE proname LIKE 'business\_interval%' AND (provolatile <> 'i' OR proparallel <> 's') ORDER BY 1;

DROP TABLE promise, by_hash, by_range;
DROP TYPE goal_range;
