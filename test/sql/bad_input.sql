-- Bad input: random and mutated strings for both types, mutated binary values,
-- absurd values.  No internal error (XX000), no wrong answer, no hang.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set check :abs_srcdir '/sql/include/check.sql'
\set ECHO none
\i :setup
\i :check
\set ECHO all
SELECT setseed(0.123456);
-- Pieces of valid input, from which strings are put together and mutated.
CREATE TABLE word (kind text, w text[]);
INSERT INTO word VALUES
	('business_interval', ARRAY['4', '1', '-30', '0.5', '1e3', '2147483647', '9223372036854775807', '1e400', 'nan', 'inf', ' ', ' ', ' ', 'bh', 'bd', 'bm', 'bs', ' business hours', 'business day', 'days', 'h', 'min', 'P', 'PT', 'T', '4H', '2D', '30M', '1W', '1Y', 'weeks', 'months', '@support', '@24/7', '@"a b"', '@"', '"', '@', ':', '04:30:00', '-04:30', '+', '-', '.', ',', 'ago', E'\n', E'\t', 'ä', '€', '١', '%s', '%n', '\', '''', repeat('x', 63), repeat('9', 30)]),
	('business_hours', ARRAY['TZ=Europe/Berlin ', 'TZ=UTC ', 'TZ=', 'TZ=Brlin5 ', 'TZ=../../etc/passwd ', 'Mo-Fr', 'Mo', 'Su', 'PH', 'SH', 'Mo[1]', 'Fr[-1]', '[', ']', 'Dec', 'Dec 24', 'Jan-Mar', '2026', '2026+', '2026 Dec 24-2027 Jan 02', '-', '+', '*', '(', ')', 'week 1-26', 'week 2-52/2', '/2', 'easter', 'easter -2 days', ' +1 day', '24/7', '09:00-17:00', '22:00-06:00', '00:00-24:00', '48:00', '25:61', '9-17', '9am', ',', ', ', ';', '; ', ' ', ' ', ' off', ' closed', 'open', 'unknown', '||', '"comment"', 'sunrise', 'dawn-dusk', 'PH=2026-12-25', 'PH=2026-12-24[09:00-12:00],2026-12-25 ', ':', '.', '.5', '0', '99999999999', E'\n', 'ä', '€', '%s', '%n', '\', '''', 'TZ=Asia/Tokyo (', 'Feb 29', 'Feb 30', 'Th[6]', 'Jan 00']);
CREATE FUNCTION random_string(w text[], n int) RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT string_agg(CASE WHEN random() < 0.08 THEN chr(32 + floor(random() * 95)::int)
						   ELSE w[1 + floor(random() * cardinality(w))::int] END, '')
	FROM generate_series(1, n)
$$;
-- What input says of each string: "valid" (and then the text reads back as the
-- same value) or the SQLSTATE.
CREATE FUNCTION verdict(kind text, s text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	i business_interval;
	h business_hours;
	state text;
BEGIN
	IF kind = 'business_interval' THEN
		i := s::business_interval;
		IF i::text::business_interval <> i OR i::text::business_interval::text <> i::text THEN
			RETURN 'does not read back';
		END IF;
	ELSE
		h := s::business_hours;
		IF h::text::business_hours::text <> h::text THEN
			RETURN 'does not read back';
		END IF;
	END IF;
	RETURN 'valid';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE;
	RETURN state;
END
$$;
CREATE TABLE sample AS
	SELECT kind, random_string(w, 1 + i % 12) AS s FROM word, generate_series(1, 10000) i;
-- a mutation of what is valid: a character less, more or other
INSERT INTO sample
	SELECT kind, CASE k % 3 WHEN 0 THEN overlay(s PLACING '' FROM at FOR 1) WHEN 1 THEN overlay(s PLACING c FROM at FOR 0) ELSE overlay(s PLACING c FROM at FOR 1) END
	FROM (VALUES ('business_interval', '1 bd 4 bh 30 bm 15.5 bs @support'), ('business_interval', 'P2DT4H30M'), ('business_interval', '-04:30:00.25 @"a b"'),
		('business_hours', 'TZ=Europe/Berlin Mo-Fr 09:00-12:30,13:00-17:30; PH off; 2026 Dec 24-26 off; Sa[1,-1] 22:00-06:00'),
		('business_hours', 'TZ=America/New_York week 2-52/2 Mo-Fr 09:00:30-24:00, We 19:00-21:00; easter -2 days off; 2026 Nov 01+ Mo 08:00-12:00'),
		('business_hours', '((TZ=Europe/Berlin Mo-Fr 09:00-17:00) + (TZ=UTC 24/7)) * (TZ=Asia/Tokyo Jan-Jun off)')) v(kind, s),
		generate_series(1, 2000) k,
		LATERAL (SELECT 1 + floor(random() * length(s))::int + k * 0 AS at, chr(32 + floor(random() * 95)::int + k * 0) AS c) r;
CREATE TABLE seen AS SELECT kind, s, verdict(kind, s) AS v FROM sample;
SELECT kind, count(*) FILTER (WHERE v = 'valid') > 100 AS some_valid, count(*) FILTER (WHERE v <> 'valid') > 2500 AS most_not,
	count(*) FILTER (WHERE v = 'does not read back') AS not_read_back,
	count(*) FILTER (WHERE v NOT IN ('valid', 'does not read back', '22P02', '22008', '22015', '22023', '0A000', '54000', '22003', '42704')) AS unexpected
FROM seen GROUP BY kind ORDER BY kind;
SELECT DISTINCT ON (kind, v) kind, v, s FROM seen
WHERE v NOT IN ('valid', '22P02', '22008', '22015', '22023', '0A000', '54000', '22003', '42704') ORDER BY kind, v, s;
-- soft errors, where the server has them, agree with the hard ones
CREATE FUNCTION soft_and_hard_differ() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	res bigint := 0;
BEGIN
	IF current_setting('server_version_num')::int >= 160000 THEN
		EXECUTE 'SELECT count(*) FROM test.seen WHERE pg_input_is_valid(s, kind) <> (v = ''valid'')' INTO res;
	END IF;
	RETURN res;
END
$$;
SELECT soft_and_hard_differ();
-- A million strings in all, on servers with soft errors; fewer before.
CREATE FUNCTION storm(k text, n int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	res bigint;
	words text[] := (SELECT w FROM word WHERE kind = k);
BEGIN
	IF current_setting('server_version_num')::int >= 160000 THEN
		EXECUTE 'SELECT count(*) FILTER (WHERE pg_input_is_valid(test.random_string($1, 1 + i % 8), $2) IS NOT NULL) FROM generate_series(1, $3) i'
			INTO res USING words, k, n;
		RETURN n - res;
	END IF;
	SELECT count(*) FILTER (WHERE test.verdict(k, test.random_string(words, 1 + i % 8)) LIKE 'XX%') INTO res FROM generate_series(1, n / 25) i;
	RETURN res;
END
$$;
SELECT storm('business_interval', 500000) AS internal_errors, storm('business_hours', 500000) AS internal_errors;
-- absurd but valid: answered or refused within a second (generously: five)
SET statement_timeout = '300s';
CREATE TABLE absurd (what text, h text);
INSERT INTO absurd VALUES
	('10,000 rules', (SELECT 'TZ=UTC ' || string_agg(to_char(date '2000-01-01' + i, 'YYYY Mon DD') || ' 09:00-10:00', '; ') FROM generate_series(1, 10000) i)),
	('10,000 rules of weekdays', (SELECT 'TZ=UTC ' || string_agg(format('%s %s:00-%s:30', ('{Mo,Tu,We,Th,Fr,Sa,Su}'::text[])[1 + i % 7], to_char(i % 23, 'FM00'), to_char(i % 23, 'FM00')), ', ') FROM generate_series(1, 10000) i)),
	('a span per minute', (SELECT 'TZ=UTC ' || string_agg(format('%s:%s:00-%s:%s:30', to_char(i / 60, 'FM00'), to_char(i % 60, 'FM00'), to_char(i / 60, 'FM00'), to_char(i % 60, 'FM00')), ',') FROM generate_series(0, 1439) i)),
	('one second in four years', 'TZ=Europe/Berlin Feb 29 12:00:00-12:00:01'),
	('open in one far year', 'TZ=UTC 2199 Dec 31 23:59:59-24:00:00'),
	('deep', repeat('(', 50) || '(TZ=UTC Mo-Fr 09:00-17:00)' || repeat(' + (TZ=UTC Sa 09:00-12:00))', 50)),
	('10,000 overnight rules of dates', (SELECT 'TZ=UTC ' || string_agg(format('%s-%s %s:%s-%s:%s', to_char(date '2001-01-01' + i % 300, 'Mon DD'), to_char(date '2001-12-31' - i % 60, 'Mon DD'),
		18 + i % 6, to_char(i % 60, 'FM00'), 24 + i % 20, to_char(i * 7 % 60, 'FM00')), ', ' ORDER BY i) FROM generate_series(1, 10000) i)),
	('too deep', repeat('(', 100000) || '24/7' || repeat(')', 100000)),
	('too deep, unclosed', repeat('(', 1000000)),
	('wide', (SELECT string_agg('(TZ=UTC Mo-Fr 09:00-17:00)', ' + ') FROM generate_series(1, 50))),
	('long', repeat(' ', 10000000) || '24/7'),
	('long word', repeat('x', 10000000)),
	('many selectors', 'TZ=UTC ' || (SELECT string_agg('Mo[' || 1 + i % 5 || ']', ',') FROM generate_series(1, 50000) i) || ' 09:00-17:00');
-- seconds on a CPU where the kernel tells, since others may keep it busy
CREATE FUNCTION spent() RETURNS float8 LANGUAGE sql AS $$
	SELECT coalesce(split_part(pg_read_file('/proc/self/schedstat', 0, 100, true), ' ', 1)::float8 / 1e9,
		extract(epoch FROM clock_timestamp()))
$$;
CREATE FUNCTION outcome(expr text, h text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	res text;
	state text;
	began float8 := spent();
BEGIN
	BEGIN
		EXECUTE 'SELECT (' || expr || ')::text' INTO res USING h;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE;
		res := CASE WHEN state LIKE 'XX%' OR state = '57014' THEN 'WRONG ' || state ELSE 'refused' END;
	END;
	RETURN CASE WHEN res LIKE 'WRONG%' THEN res
				WHEN spent() - began > 5 THEN 'slow'
				WHEN res = 'refused' THEN res ELSE 'answered' END;
END
$$;
SELECT what, outcome('length($1::business_hours::text)', h) AS read,
	outcome('business_add(''2026-11-20 12:00Z'', ''1 bh'', $1::business_hours)', h) AS add,
	outcome('business_add(''2026-11-20 12:00Z'', ''100000 bh'', $1::business_hours)', h) AS add_long,
	outcome('business_add(''2026-11-20 12:00Z'', ''-100 bd'', $1::business_hours)', h) AS days_back,
	outcome('business_between(''1900-01-01 00:00Z'', ''2200-01-01 00:00Z'', $1::business_hours)', h) AS between,
	outcome('next_open(''1900-01-01 00:00Z'', $1::business_hours)', h) AS next_open,
	outcome('previous_close(''2200-01-01 00:00Z'', $1::business_hours)', h) AS previous_close
FROM absurd ORDER BY what;
RESET statement_timeout;
SELECT business_between('1900-01-01 00:00Z', '2200-01-01 00:00Z', h::business_hours) FROM absurd WHERE what LIKE 'one second%';
SELECT next_open('1900-01-01 00:00Z', h::business_hours) AT TIME ZONE 'UTC' FROM absurd WHERE what LIKE 'open in one far%';
-- a thousand years of interval, either way
SELECT try($$business_add('2026-11-20 12:00Z', make_business_interval(days => 261 * 1000), 'Mo-Fr 09:00-17:00'::business_hours)$$) AS days,
	try($$business_add('2026-11-20 12:00Z', make_business_interval(hours => 24 * 366 * 1000), '24/7'::business_hours)$$) AS hours,
	try($$business_add('2026-11-20 12:00Z', make_business_interval(hours => -24 * 366 * 1000), '24/7'::business_hours)$$) AS back;
-- it can be cancelled
SET statement_timeout = '200ms';
SELECT count(business_between('1900-01-01 00:00Z', '2200-01-01 00:00Z', (format('TZ=UTC Mo-Fr 09:00-%s:%s:%s', 10 + i % 14, to_char(i / 14 % 60, 'FM00'), to_char(i / 840 % 60, 'FM00')))::business_hours)) FROM generate_series(1, 1000000) i;
RESET statement_timeout;
SET client_min_messages = warning;
DROP SCHEMA test CASCADE;
