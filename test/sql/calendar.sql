-- sla.calendar, sla.holiday and sla.calendar_history: definitions as rows.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set check :abs_srcdir '/sql/include/check.sql'
\set ECHO none
\i :setup
\i :check
\set ECHO all
SET timezone = 'UTC';
SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull
FROM pg_attribute a WHERE attrelid = 'sla.calendar'::regclass AND attnum BETWEEN 1 AND 5 ORDER BY attnum;
SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull
FROM pg_attribute a WHERE attrelid = 'sla.holiday'::regclass AND attnum BETWEEN 1 AND 4 ORDER BY attnum;
SELECT count(*) AS shipped_rows FROM sla.calendar;
-- exactly one of hours and combines
CREATE FUNCTION dml(cmd text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
BEGIN
	EXECUTE cmd;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE;
	RETURN 'ERROR ' || state;
END
$$;
CREATE TABLE steps (n int GENERATED ALWAYS AS IDENTITY, cmd text, want text);
CREATE FUNCTION go() RETURNS TABLE (command text, result text, wrong text) LANGUAGE plpgsql AS $$
DECLARE
	s record;
BEGIN
	FOR s IN SELECT * FROM steps ORDER BY n LOOP
		command := s.cmd;
		result := dml(s.cmd);
		wrong := CASE WHEN result LIKE s.want THEN '' ELSE 'WANTED ' || s.want END;
		RETURN NEXT;
	END LOOP;
	DELETE FROM steps;
END
$$;
INSERT INTO steps (cmd, want) VALUES
	($$INSERT INTO sla.calendar (name, hours) VALUES ('berlin', 'TZ=Europe/Berlin Mo-Fr 09:00-17:00')$$, 'ok'),
	($$INSERT INTO sla.calendar (name, hours) VALUES ('denver', 'TZ=America/Denver Mo-Fr 09:00-17:00')$$, 'ok'),
	($$INSERT INTO sla.calendar (name, hours) VALUES ('sydney', 'TZ=Australia/Sydney Mo-Fr 09:00-17:00; PH 10:00-12:00')$$, 'ok'),
	($$INSERT INTO sla.calendar (name, combines) VALUES ('sun', 'berlin + denver + sydney')$$, 'ok'),
	($$INSERT INTO sla.calendar (name, hours) VALUES ('shutdown', 'TZ=Europe/Berlin 2026 Dec 21-2027 Jan 03')$$, 'ok'),
	($$INSERT INTO sla.calendar (name, combines) VALUES ('office', 'berlin - shutdown')$$, 'ok'),
	($$INSERT INTO sla.calendar (name, combines) VALUES ('both', '(berlin * denver) + (sydney - shutdown)')$$, 'ok'),
	($$INSERT INTO sla.calendar (name, combines) VALUES ('always but', '24/7 - shutdown')$$, 'ok'),
	($$INSERT INTO sla.calendar (name, combines) VALUES ('quoted', '"always but" * berlin')$$, 'ok'),
	($$INSERT INTO sla.calendar (name) VALUES ('neither')$$, 'ERROR 23514'),
	($$INSERT INTO sla.calendar (name, hours, combines) VALUES ('two', '24/7', 'berlin')$$, 'ERROR 23514'),
	($$INSERT INTO sla.calendar (name, hours) VALUES ('berlin', '24/7')$$, 'ERROR 23505'),
	($$INSERT INTO sla.calendar (name, hours) VALUES ('24/7', 'off')$$, 'ERROR %'),
	($$INSERT INTO sla.calendar (name, hours) VALUES ('', '24/7')$$, 'ERROR %'),
	($$INSERT INTO sla.calendar (name, hours) VALUES (NULL, '24/7')$$, 'ERROR 23502'),
	($$INSERT INTO sla.calendar (name, hours) VALUES (repeat('x', 63), '24/7')$$, 'ok'),
	($$INSERT INTO sla.calendar (name, hours) VALUES (repeat('x', 64), '24/7')$$, 'ERROR %'),
	($$INSERT INTO sla.calendar (name, hours) VALUES (repeat('ä', 32), '24/7')$$, 'ERROR %'),
	($$INSERT INTO sla.calendar (name, hours) VALUES ('bad', 'Mo-Fr 9-17')$$, 'ERROR 22P02'),
	($$INSERT INTO sla.calendar (name, combines) VALUES ('bad', '')$$, 'ERROR %'),
	($$INSERT INTO sla.calendar (name, combines) VALUES ('bad', 'berlin +')$$, 'ERROR 22P02'),
	($$INSERT INTO sla.calendar (name, combines) VALUES ('bad', 'berlin denver')$$, 'ERROR 22P02'),
	($$INSERT INTO sla.calendar (name, combines) VALUES ('bad', '(berlin')$$, 'ERROR 22P02'),
	($$INSERT INTO sla.calendar (name, combines) VALUES ('bad', 'berlin + nowhere')$$, 'ok'),
	($$UPDATE sla.calendar SET combines = 'nowhere + berlin' WHERE name = 'bad'$$, 'ERROR 42704'),
	($$DO 'BEGIN PERFORM public.is_open(now(), ''bad''); END'$$, 'ERROR 42704'),
	($$DELETE FROM sla.calendar WHERE name = 'bad'$$, 'ok'),
	($$DELETE FROM sla.calendar WHERE name = repeat('x', 63)$$, 'ok');
SELECT * FROM go();
-- (characters are counted, not bytes)
SELECT sla.combined_calendars('köln berlin');
SELECT sla.combined_calendars('(köln)über');
INSERT INTO cases (expr, want) VALUES
	('business_between(''2026-11-20 00:00Z'', ''2026-11-21 00:00Z'', ''sun'')', '22 bh'),
	('business_between(''2026-12-21 00:00Z'', ''2026-12-22 00:00Z'', ''office'')', '0 bh'),
	('business_between(''2026-12-18 00:00Z'', ''2026-12-19 00:00Z'', ''office'')', '8 bh'),
	('business_between(''2026-11-20 00:00Z'', ''2026-11-21 00:00Z'', ''both'')', '6 bh'),
	('business_between(''2026-12-18 00:00Z'', ''2026-12-19 00:00Z'', ''quoted'')', '8 bh'),
	('business_between(''2026-12-21 00:00Z'', ''2026-12-22 00:00Z'', ''quoted'')', '0 bh'),
	('timestamptz ''2026-12-18 15:00Z'' + business_interval ''2 bh @"always but"''', '2026-12-18 17:00:00+00');
SELECT * FROM run();
-- each calendar has its own holidays, which its combinations follow
INSERT INTO steps (cmd, want) VALUES
	($$INSERT INTO sla.holiday (calendar, day, name) VALUES ('berlin', '2026-12-25', 'Weihnachten')$$, 'ok'),
	($$INSERT INTO sla.holiday (calendar, day, name, hours) VALUES ('berlin', '2026-12-24', 'Heiligabend', '09:00-12:00')$$, 'ok'),
	($$INSERT INTO sla.holiday (calendar, day) VALUES ('sydney', '2026-12-28')$$, 'ok'),
	($$INSERT INTO sla.holiday (calendar, day) VALUES ('sydney', '2026-12-28')$$, 'ERROR 23505'),
	($$INSERT INTO sla.holiday (calendar, day) VALUES ('nowhere', '2026-12-28')$$, 'ERROR 23503'),
	($$INSERT INTO sla.holiday (calendar, day) VALUES ('24/7', '2026-12-28')$$, 'ERROR 55000'),
	($$INSERT INTO sla.holiday (calendar, day) VALUES (NULL, '2026-12-28')$$, 'ERROR 23502'),
	($$INSERT INTO sla.holiday (calendar, day) VALUES ('denver', 'infinity')$$, 'ERROR %'),
	($$INSERT INTO sla.holiday (calendar, day, hours) VALUES ('denver', '2026-12-24', '9-12')$$, 'ERROR 22P02'),
	($$INSERT INTO sla.holiday (calendar, day, hours) VALUES ('denver', '2026-12-24', 'Mo 09:00-12:00')$$, 'ERROR 22P02'),
	($$INSERT INTO sla.holiday (calendar, day, name) VALUES ('sun', '2026-12-28', 'of a combination')$$, 'ERROR 55000'),
	($$UPDATE sla.calendar SET hours = NULL, combines = 'denver' WHERE name = 'sydney'$$, 'ERROR 55000');
SELECT * FROM go();
INSERT INTO cases (expr, want) VALUES
	('open_ranges(''[2026-12-24 00:00+01, 2026-12-26 00:00+01)'', ''berlin'')', '{["2026-12-24 08:00:00+00","2026-12-24 11:00:00+00")}'),
	('is_business_day(''2026-12-25'', ''berlin'')', 'false'),
	('is_business_day(''2026-12-24'', ''berlin'')', 'true'),
	('is_business_day(''2026-12-25'', ''denver'')', 'true'),
	('business_between(''2026-12-25 00:00Z'', ''2026-12-26 00:00Z'', ''sun'')', '14 bh'),
	('business_between(''2026-12-27 20:00Z'', ''2026-12-28 07:00Z'', ''sydney'')', '2 bh');
SELECT * FROM run();
UPDATE sla.holiday SET hours = '10:00-11:00' WHERE calendar = 'berlin' AND day = '2026-12-25';
INSERT INTO cases (expr, want) VALUES
	('business_between(''2026-12-25 00:00+01'', ''2026-12-26 00:00+01'', ''berlin'')', '1 bh'),
	('business_between(''2026-12-25 00:00Z'', ''2026-12-26 00:00Z'', ''sun'')', '15 bh');
SELECT * FROM run();
-- a holiday's hours over midnight, off, and beside dated rules
INSERT INTO sla.calendar (name, hours) VALUES ('rules', 'TZ=UTC Mo-Su 09:00-17:00; 2026 Dec 26 12:00-13:00');
INSERT INTO sla.holiday (calendar, day, hours) VALUES ('rules', '2026-12-24', '22:00-02:00'), ('rules', '2026-12-26', NULL), ('rules', '2026-12-28', 'off');
INSERT INTO cases (expr, want) VALUES
	('open_ranges(''[2026-12-24 00:00Z, 2026-12-25 12:00Z)'', ''rules'')', '{["2026-12-24 22:00:00+00","2026-12-25 02:00:00+00"),["2026-12-25 09:00:00+00","2026-12-25 12:00:00+00")}'),
	('open_ranges(''[2026-12-26 00:00Z, 2026-12-27 00:00Z)'', ''rules'')', '{["2026-12-26 12:00:00+00","2026-12-26 13:00:00+00")}'),
	('open_ranges(''[2026-12-28 00:00Z, 2026-12-29 00:00Z)'', ''rules'')', '{}');
SELECT * FROM run();
-- cycles are refused, also by UPDATE and by rename
INSERT INTO steps (cmd, want) VALUES
	($$INSERT INTO sla.calendar (name, combines) VALUES ('ring', 'ring + berlin')$$, 'ERROR %'),
	($$INSERT INTO sla.calendar (name, combines) VALUES ('ring1', 'berlin')$$, 'ok'),
	($$INSERT INTO sla.calendar (name, combines) VALUES ('ring2', 'ring1 + denver')$$, 'ok'),
	($$INSERT INTO sla.calendar (name, combines) VALUES ('ring3', 'ring2 * sydney')$$, 'ok'),
	($$UPDATE sla.calendar SET combines = 'ring3' WHERE name = 'ring1'$$, 'ERROR %'),
	($$UPDATE sla.calendar SET combines = 'ring2' WHERE name = 'ring1'$$, 'ERROR %'),
	($$UPDATE sla.calendar SET combines = 'ring1' WHERE name = 'ring1'$$, 'ERROR %'),
	($$UPDATE sla.calendar SET combines = 'denver' WHERE name = 'ring1'$$, 'ok'),
-- what others combine is not deleted nor renamed away
	($$DELETE FROM sla.calendar WHERE name = 'ring1'$$, 'ERROR %'),
	($$UPDATE sla.calendar SET name = 'ring9' WHERE name = 'ring1'$$, 'ERROR %'),
	($$DELETE FROM sla.calendar WHERE name = 'berlin'$$, 'ERROR %'),
	($$UPDATE sla.calendar SET name = 'ring9' WHERE name = 'ring3'$$, 'ok'),
	($$DELETE FROM sla.calendar WHERE name = 'ring9'$$, 'ok'),
	($$DELETE FROM sla.calendar WHERE name = 'ring2'$$, 'ok'),
	($$DELETE FROM sla.calendar WHERE name = 'ring1'$$, 'ok'),
	($$DELETE FROM sla.calendar WHERE name = 'rules'$$, 'ok');
SELECT * FROM go();
SELECT count(*) AS orphans FROM sla.holiday WHERE calendar = 'rules';
-- a renamed calendar takes its holidays along
UPDATE sla.calendar SET name = 'acme/shutdown' WHERE name = 'shutdown' AND NOT EXISTS (SELECT FROM sla.calendar WHERE combines LIKE '%shutdown%');
INSERT INTO sla.calendar (name, hours) VALUES ('old', 'Mo-Fr 09:00-17:00');
INSERT INTO sla.holiday (calendar, day) VALUES ('old', '2026-12-25');
UPDATE sla.calendar SET name = 'new' WHERE name = 'old';
SELECT calendar, day FROM sla.holiday WHERE calendar IN ('old', 'new');
SELECT is_business_day('2026-12-25', 'new') AS new, try($$is_business_day('2026-12-25', 'old')$$) AS old;
-- readable by everybody, written by whom the owner lets
CREATE ROLE regress_sla_reader;
SET ROLE regress_sla_reader;
SELECT public.business_between('2026-11-20 00:00Z', '2026-11-21 00:00Z', 'berlin');
SELECT count(*) > 0 AS readable FROM sla.calendar;
SELECT count(*) > 0 AS readable FROM sla.holiday;
SELECT count(*) >= 0 AS readable FROM sla.calendar_history;
INSERT INTO sla.calendar (name, hours) VALUES ('mine', '24/7');
DELETE FROM sla.holiday;
UPDATE sla.calendar SET hours = '24/7';
DELETE FROM sla.calendar_history;
RESET ROLE;
DROP ROLE regress_sla_reader;
-- the search path decides nothing
BEGIN;
CREATE TABLE public.calendar (name text, hours text);
CREATE FUNCTION test.eq(text, text) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR test.= (LEFTARG = text, RIGHTARG = text, FUNCTION = test.eq);
SET LOCAL search_path = test, public, pg_catalog;
SELECT public.business_between('2026-11-20 00:00Z', '2026-11-21 00:00Z', 'new'), test.try($$public.business_between('2026-11-20 00:00Z', '2026-11-21 00:00Z', 'nowhere')$$);
ROLLBACK;
-- history: every version with the time it was in force
DELETE FROM sla.calendar WHERE name = 'new';
SELECT attname FROM pg_attribute WHERE attrelid = 'sla.calendar'::regclass AND attname = 'since';
DELETE FROM sla.calendar_history;
CREATE VIEW history AS
	SELECT calendar, day, name, hours, combines, description, since < until AS in_force, until <= now() AS over, changed_by = session_user AS by_me
	FROM sla.calendar_history ORDER BY until, day;
INSERT INTO sla.calendar (name, hours, description) VALUES ('kept', 'Mo-Fr 09:00-17:00', 'first');
SELECT count(*) AS none_by_insert FROM sla.calendar_history;
UPDATE sla.calendar SET hours = 'Mo-Fr 10:00-17:00' WHERE name = 'kept';
INSERT INTO sla.holiday (calendar, day, name) VALUES ('kept', '2026-12-25', 'first name');
SELECT count(*) AS one_by_update FROM sla.calendar_history;
UPDATE sla.holiday SET name = 'second name', hours = '10:00-11:00' WHERE calendar = 'kept';
UPDATE sla.calendar SET description = 'second' WHERE name = 'kept';
DELETE FROM sla.holiday WHERE calendar = 'kept';
DELETE FROM sla.calendar WHERE name = 'kept';
SELECT * FROM history;
-- the versions of a thing follow each other without a gap, and end where the present one begins
INSERT INTO sla.calendar (name, hours) VALUES ('chain', 'Mo-Fr 09:00-17:00');
UPDATE sla.calendar SET hours = 'Mo-Fr 10:00-17:00' WHERE name = 'chain';
UPDATE sla.calendar SET hours = 'Mo-Fr 11:00-17:00' WHERE name = 'chain';
SELECT count(*) AS versions, count(*) FILTER (WHERE until <> next) AS gaps
FROM (SELECT h.until, lead(h.since, 1, c.since) OVER (ORDER BY h.since) AS next
	  FROM sla.calendar_history h JOIN sla.calendar c ON c.name = h.calendar
	  WHERE h.calendar = 'chain') x;
-- "since" is the extension's to set
UPDATE sla.calendar SET since = '2000-01-01' WHERE name = 'chain';
SELECT since > '2001-01-01' AS not_taken FROM sla.calendar WHERE name = 'chain';
DELETE FROM sla.calendar WHERE name = 'chain';
DELETE FROM sla.calendar_history;
-- an update that changes nothing writes none, nor does a rolled-back one
INSERT INTO sla.calendar (name, hours) VALUES ('still', '24/7');
UPDATE sla.calendar SET hours = '24/7' WHERE name = 'still';
BEGIN;
UPDATE sla.calendar SET hours = 'off' WHERE name = 'still';
ROLLBACK;
SELECT count(*) AS none FROM sla.calendar_history;
-- until when the holidays are known
UPDATE sla.calendar SET holidays_until = '2027-12-31' WHERE name = 'berlin';
SELECT name, holidays_until FROM sla.calendar WHERE holidays_until IS NOT NULL;
-- what is too much is refused at once, also where it is combined
INSERT INTO sla.calendar (name, hours) SELECT 'm' || i, 'Mo-Fr 09:00-17:00' FROM generate_series(1, 66) i;
\set VERBOSITY sqlstate
INSERT INTO sla.calendar (name, combines) SELECT 'all', string_agg('m' || i, ' + ') FROM generate_series(1, 66) i;
INSERT INTO sla.calendar (name, combines) SELECT 'all', string_agg('m' || i, ' + ') FROM generate_series(1, 64) i;
INSERT INTO sla.calendar (name, combines) VALUES ('one', 'm1'), ('some', 'all - one');
UPDATE sla.calendar SET combines = combines || ' + m65' WHERE name = 'all';
\set VERBOSITY default
-- everything comes back with a dump
\pset footer off
SELECT c.oid::regclass, coalesce(x.extcondition, '') FROM pg_extension e, unnest(e.extconfig, e.extcondition) x(oid, extcondition) JOIN pg_class c ON c.oid = x.oid
WHERE e.extname = 'sla_tracker' AND c.relnamespace = 'sla'::regnamespace ORDER BY c.relname COLLATE "C";
\pset footer on
DELETE FROM sla.calendar WHERE combines IS NOT NULL AND name NOT IN ('always but');
DELETE FROM sla.calendar WHERE combines IS NOT NULL;
DELETE FROM sla.calendar;
DELETE FROM sla.calendar_history;
SELECT count(*) FROM sla.holiday;
SET client_min_messages = warning;
DROP SCHEMA test CASCADE;
