-- One session's view of changed calendars: own changes, rollbacks, savepoints,
-- TRUNCATE, functions of several statements, cursors, prepared statements.
-- (Other sessions: test/specs; replication and parallel workers: test/t.)
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
\set ECHO all
SET timezone = 'UTC';
INSERT INTO sla.calendar (name, hours) VALUES ('c', 'Mo-Su 09:00-17:00');
CREATE FUNCTION open_hours() RETURNS float8 STABLE LANGUAGE sql AS
	$$SELECT business_seconds('2026-11-20 00:00Z', '2026-11-21 00:00Z', 'c') / 3600$$;
SELECT open_hours();
-- the own transaction sees its own change, at once
BEGIN;
UPDATE sla.calendar SET hours = 'Mo-Su 09:00-18:00' WHERE name = 'c';
SELECT open_hours() AS nine;
UPDATE sla.calendar SET hours = 'Mo-Su 09:00-19:00' WHERE name = 'c';
SELECT open_hours() AS ten;
INSERT INTO sla.holiday (calendar, day) VALUES ('c', '2026-11-20');
SELECT open_hours() AS holiday;
UPDATE sla.holiday SET hours = '09:00-10:00' WHERE calendar = 'c';
SELECT open_hours() AS one;
DELETE FROM sla.holiday WHERE calendar = 'c';
SELECT open_hours() AS ten;
ROLLBACK;
SELECT open_hours() AS eight;
-- rolled back to a savepoint, also by an exception
BEGIN;
UPDATE sla.calendar SET hours = 'Mo-Su 09:00-18:00' WHERE name = 'c';
SAVEPOINT s;
UPDATE sla.calendar SET hours = 'Mo-Su 09:00-19:00' WHERE name = 'c';
SELECT open_hours() AS ten;
ROLLBACK TO s;
SELECT open_hours() AS nine;
SAVEPOINT s2;
UPDATE sla.calendar SET hours = 'Mo-Su 09:00-20:00' WHERE name = 'c';
SELECT open_hours() AS eleven;
RELEASE s2;
SELECT open_hours() AS eleven;
ROLLBACK TO s;
SELECT open_hours() AS nine;
DO $$
BEGIN
	BEGIN
		UPDATE sla.calendar SET hours = 'off' WHERE name = 'c';
		RAISE NOTICE 'within: %', open_hours();
		RAISE EXCEPTION 'undo';
	EXCEPTION WHEN raise_exception THEN
		NULL;
	END;
	RAISE NOTICE 'after: %', open_hours();
END
$$;
COMMIT;
SELECT open_hours() AS nine;
-- deleted, and put back
BEGIN;
DELETE FROM sla.calendar WHERE name = 'c';
SAVEPOINT s;
SELECT open_hours();
ROLLBACK TO s;
INSERT INTO sla.calendar (name, hours) VALUES ('c', 'Mo-Su 09:00-10:00');
SELECT open_hours() AS one;
ROLLBACK;
SELECT open_hours() AS nine;
-- a calendar that was not there, then is: also a miss is forgotten
SELECT is_open('2026-11-20 10:00Z', 'later');
INSERT INTO sla.calendar (name, hours) VALUES ('later', '24/7');
SELECT is_open('2026-11-20 10:00Z', 'later');
BEGIN;
DELETE FROM sla.calendar WHERE name = 'later';
ROLLBACK;
SELECT is_open('2026-11-20 10:00Z', 'later');
DELETE FROM sla.calendar WHERE name = 'later';
SELECT is_open('2026-11-20 10:00Z', 'later');
-- TRUNCATE
BEGIN;
INSERT INTO sla.holiday (calendar, day) VALUES ('c', '2026-11-20');
SELECT open_hours() AS holiday;
TRUNCATE sla.holiday;
SELECT open_hours() AS nine;
SAVEPOINT s;
TRUNCATE sla.calendar CASCADE;
SAVEPOINT t;
SELECT open_hours();
ROLLBACK TO s;
SELECT open_hours() AS nine;
ROLLBACK;
SELECT open_hours() AS nine;
-- what a combination is made of
INSERT INTO sla.calendar (name, hours) VALUES ('d', 'Mo-Su 20:00-22:00');
INSERT INTO sla.calendar (name, combines) VALUES ('cd', 'c + d'), ('cdd', 'cd - d');
SELECT business_seconds('2026-11-20', '2026-11-21', 'cd') / 3600 AS eleven, business_seconds('2026-11-20', '2026-11-21', 'cdd') / 3600 AS nine;
UPDATE sla.calendar SET hours = 'Mo-Su 08:00-12:00' WHERE name = 'c';
SELECT business_seconds('2026-11-20', '2026-11-21', 'cd') / 3600 AS six, business_seconds('2026-11-20', '2026-11-21', 'cdd') / 3600 AS four;
INSERT INTO sla.holiday (calendar, day) VALUES ('c', '2026-11-20');
SELECT business_seconds('2026-11-20', '2026-11-21', 'cd') / 3600 AS two, business_seconds('2026-11-20', '2026-11-21', 'cdd') / 3600 AS zero;
DELETE FROM sla.holiday;
UPDATE sla.calendar SET combines = 'd' WHERE name = 'cd';
SELECT business_seconds('2026-11-20', '2026-11-21', 'cd') / 3600 AS two, business_seconds('2026-11-20', '2026-11-21', 'cdd') / 3600 AS zero;
DELETE FROM sla.calendar WHERE name = 'cdd';
DELETE FROM sla.calendar WHERE name = 'cd';
DELETE FROM sla.calendar WHERE name = 'd';
UPDATE sla.calendar SET hours = 'Mo-Su 09:00-18:00' WHERE name = 'c';
-- a volatile function of several statements sees each change, in the same expression
CREATE FUNCTION several() RETURNS text VOLATILE LANGUAGE plpgsql AS $$
DECLARE
	res text := '';
BEGIN
	FOR i IN 10 .. 14 LOOP
		UPDATE sla.calendar SET hours = ('Mo-Su 09:00-' || i || ':00')::business_hours WHERE name = 'c';
		res := res || ' ' || business_seconds('2026-11-20 00:00Z', '2026-11-21 00:00Z', 'c') / 3600;
	END LOOP;
	RETURN res;
END
$$;
SELECT several();
SELECT several(), open_hours() AS of_the_statement;
-- a stable one keeps to its caller's snapshot
CREATE FUNCTION change(i int) RETURNS int VOLATILE LANGUAGE plpgsql AS $$
BEGIN
	UPDATE sla.calendar SET hours = ('Mo-Su 09:00-' || i || ':00')::business_hours WHERE name = 'c';
	RETURN i;
END
$$;
CREATE FUNCTION stable_hours(i int) RETURNS float8 STABLE LANGUAGE plpgsql AS $$
BEGIN
	RETURN business_seconds('2026-11-20 00:00Z', '2026-11-21 00:00Z', 'c') / 3600;
END
$$;
CREATE FUNCTION volatile_hours(i int) RETURNS float8 VOLATILE LANGUAGE plpgsql AS $$
BEGIN
	RETURN business_seconds('2026-11-20 00:00Z', '2026-11-21 00:00Z', 'c') / 3600;
END
$$;
UPDATE sla.calendar SET hours = 'Mo-Su 09:00-17:00' WHERE name = 'c';
SELECT i, change(i) AS changed, stable_hours(i) AS stable, volatile_hours(i) AS volatile,
	business_seconds('2026-11-20 00:00Z'::timestamptz + i * interval '0', '2026-11-21 00:00Z', 'c') / 3600 AS direct
FROM generate_series(10, 12) i;
SELECT open_hours() AS three;
-- and so does a query that PL/pgSQL runs, and each of them sees what was before it
DO $$
DECLARE
	r record;
	direct float8[];
BEGIN
	UPDATE sla.calendar SET hours = 'Mo-Su 09:00-17:00' WHERE name = 'c';
	FOR n IN 1 .. 2 LOOP
		EXECUTE $q$
			SELECT array_agg(business_seconds('2026-11-20 00:00Z'::timestamptz + change(i) * interval '0', '2026-11-21 00:00Z', 'c') / 3600)
			FROM generate_series(10, 12) i$q$ INTO direct;
		RAISE NOTICE '%', direct;
	END LOOP;
	FOR r IN SELECT i, business_seconds('2026-11-20 00:00Z'::timestamptz + i * interval '0', '2026-11-21 00:00Z', 'c') / 3600 AS h
		FROM generate_series(14, 16) i LOOP
		PERFORM change(r.i);
		RAISE NOTICE '% in the loop''s query, % now', r.h, open_hours();
	END LOOP;
	PERFORM change(12);
END
$$;
-- a cursor keeps to the snapshot it was opened with
BEGIN;
DECLARE cur CURSOR FOR SELECT i, business_seconds('2026-11-20 00:00Z'::timestamptz + i * interval '0', '2026-11-21 00:00Z', 'c') / 3600 AS three FROM generate_series(1, 3) i;
FETCH 1 FROM cur;
UPDATE sla.calendar SET hours = 'Mo-Su 09:00-17:00' WHERE name = 'c';
FETCH 1 FROM cur;
SELECT open_hours() AS eight;
FETCH 1 FROM cur;
COMMIT;
SELECT open_hours() AS eight;
-- opened but not fetched from before the change
BEGIN;
DECLARE cur CURSOR FOR SELECT open_hours() AS eight FROM generate_series(1, 2);
UPDATE sla.calendar SET hours = 'Mo-Su 09:00-18:00' WHERE name = 'c';
SELECT open_hours() AS nine;
FETCH ALL FROM cur;
SELECT open_hours() AS nine;
ROLLBACK;
-- prepared statements, generic plans too
SET plan_cache_mode = force_generic_plan;
PREPARE hours(timestamptz) AS SELECT business_seconds($1, '2026-11-21 00:00Z', 'c') / 3600 AS hours;
EXECUTE hours('2026-11-20 00:00Z');
UPDATE sla.calendar SET hours = 'Mo-Su 09:00-11:00' WHERE name = 'c';
EXECUTE hours('2026-11-20 00:00Z');
BEGIN;
UPDATE sla.calendar SET hours = 'Mo-Su 09:00-12:00' WHERE name = 'c';
EXECUTE hours('2026-11-20 00:00Z');
ROLLBACK;
EXECUTE hours('2026-11-20 00:00Z');
RESET plan_cache_mode;
DEALLOCATE hours;
-- triggers: the statement's own rows
CREATE TABLE item (id int, opened timestamptz, hours float8);
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.hours := business_seconds(NEW.opened, '2026-11-21 00:00Z', 'c') / 3600;
	RETURN NEW;
END
$$;
CREATE TRIGGER stamp BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION stamp();
INSERT INTO item VALUES (1, '2026-11-20 00:00Z');
BEGIN;
UPDATE sla.calendar SET hours = 'Mo-Su 09:00-12:00' WHERE name = 'c';
INSERT INTO item VALUES (2, '2026-11-20 00:00Z');
ROLLBACK;
INSERT INTO item VALUES (3, '2026-11-20 00:00Z');
SELECT id, hours FROM item ORDER BY id;
DROP TABLE item;
DROP FUNCTION stamp();
-- thousands of calendars through a cache of no size: still right
INSERT INTO sla.calendar (name, hours)
	SELECT 'many ' || i, format('TZ=UTC Mo-Su %s:%s-%s:00', to_char(i % 12, 'FM00'), to_char(i % 60, 'FM00'), to_char(13 + i % 11, 'FM00'))::business_hours
	FROM generate_series(1, 3000) i;
SET sla_tracker.calendar_cache = '256kB';
SELECT count(*) FILTER (WHERE business_seconds('2026-11-20 00:00Z', '2026-11-21 00:00Z', 'many ' || i)
						<> ((13 + i % 11) * 60 - (i % 12 * 60 + i % 60)) * 60) AS wrong, count(*)
FROM generate_series(1, 3000) i, generate_series(1, 2) again;
SET sla_tracker.calendar_cache = '100MB';
SELECT count(*) FILTER (WHERE business_seconds('2026-11-20 00:00Z', '2026-11-21 00:00Z', 'many ' || i)
						<> ((13 + i % 11) * 60 - (i % 12 * 60 + i % 60)) * 60) AS wrong, count(*)
FROM generate_series(1, 2) again, generate_series(1, 3000) i;
SET sla_tracker.calendar_cache = '256kB';
BEGIN;
UPDATE sla.calendar SET hours = 'Mo-Su 00:00-24:00' WHERE name LIKE 'many %0';
SELECT count(*) FILTER (WHERE business_seconds('2026-11-20 00:00Z', '2026-11-21 00:00Z', 'many ' || i)
						<> CASE i % 10 WHEN 0 THEN 86400 ELSE ((13 + i % 11) * 60 - (i % 12 * 60 + i % 60)) * 60 END) AS wrong
FROM generate_series(1, 3000) i;
ROLLBACK;
SELECT count(*) FILTER (WHERE business_seconds('2026-11-20 00:00Z', '2026-11-21 00:00Z', 'many ' || i)
						<> ((13 + i % 11) * 60 - (i % 12 * 60 + i % 60)) * 60) AS wrong
FROM generate_series(1, 3000) i;
-- names of all lengths that differ in one byte, or in their length, from a column
INSERT INTO sla.calendar (name, hours)
SELECT overlay(repeat('x', n) placing 'y' from k for 1), ('Mo-Su 00:00-' || to_char(time '00:00' + (n * 20 + k % 20) * interval '1 minute', 'HH24:MI'))::business_hours
FROM generate_series(1, 63) n, generate_series(1, n) k WHERE n IN (1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 24, 63);
SELECT count(*) AS names, count(*) FILTER (WHERE got <> wanted OR added <> wanted) AS wrong
FROM (SELECT (n * 20 + k % 20) * 60 AS wanted,
			 business_seconds('2026-11-20 00:00Z', '2026-11-21 00:00Z', name) AS got,
			 extract(epoch FROM '2026-11-20 00:00Z'::timestamptz + make_business_interval(secs => (n * 20 + k % 20) * 60, calendar => name) - '2026-11-20 00:00Z') AS added
	  FROM (SELECT n, k, overlay(repeat('x', n) placing 'y' from k for 1) AS name
			FROM generate_series(1, 2) twice, generate_series(1, 63) n, generate_series(1, n) k
			WHERE n IN (1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 24, 63) ORDER BY twice, k, n) s) t;
-- the setting may change from row to row
SELECT i, '2026-11-20 00:00Z'::timestamptz + business_interval '25 bm' AS due,
	set_config('sla_tracker.calendar', repeat('x', i - 1) || 'y', false)
FROM generate_series(1, 4) i, set_config('sla_tracker.calendar', 'y', false);
RESET sla_tracker.calendar;
-- and bounded: its memory, over all contexts of ours
SELECT count(*) > 0 AS named, sum(total_bytes) < 8 * 1024 * 1024 AS bounded FROM pg_backend_memory_contexts WHERE name ~* 'sla|calendar';
SELECT name, setting, unit, vartype FROM pg_settings WHERE name LIKE 'sla_tracker.calendar%' ORDER BY name;
RESET sla_tracker.calendar_cache;
DELETE FROM sla.calendar;
DELETE FROM sla.calendar_history;
DROP FUNCTION open_hours(), several(), change(int), stable_hours(int), volatile_hours(int);
