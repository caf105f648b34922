-- "Meaning, exactly": each sentence of it, as cases with the answer beside.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set check :abs_srcdir '/sql/include/check.sql'
\set ECHO none
\i :setup
\i :check
\set ECHO all
SET timezone = 'Europe/Berlin';
-- office: Mo-Fr 9 to 17; lunch: with a break; shop: shorter on Fridays, longer
-- on Mondays; night: over midnight.  2026-11-20 is a Friday.
CREATE FUNCTION office() RETURNS business_hours IMMUTABLE LANGUAGE sql AS
	$$SELECT business_hours 'TZ=Europe/Berlin Mo-Fr 09:00-17:00'$$;
CREATE FUNCTION lunch() RETURNS business_hours IMMUTABLE LANGUAGE sql AS
	$$SELECT business_hours 'TZ=Europe/Berlin Mo-Fr 09:00-12:00,13:00-17:00'$$;
CREATE FUNCTION shop() RETURNS business_hours IMMUTABLE LANGUAGE sql AS
	$$SELECT business_hours 'TZ=Europe/Berlin Mo 08:00-18:00; Tu-Th 10:00-18:00; Fr 10:00-12:00,13:00-15:00'$$;
CREATE FUNCTION night() RETURNS business_hours IMMUTABLE LANGUAGE sql AS
	$$SELECT business_hours 'TZ=Europe/Berlin Mo-Fr 22:00-06:00'$$;
-- between is B(b) - B(a); the result names no calendar
INSERT INTO cases (expr, want) VALUES
	('business_between(''2026-11-20 16:00'', ''2026-11-23 10:00'', office())', '2 bh'),
	('business_between(''2026-11-23 10:00'', ''2026-11-20 16:00'', office())', '-2 bh'),
	('business_between(''2026-11-21 16:00'', ''2026-11-22 10:00'', office())', '0 bh'),
	('business_between(''2026-11-20 11:30'', ''2026-11-20 13:15'', lunch())', '45 bm'),
	('business_between(''2026-01-01'', ''2027-01-01'', office())', '2088 bh'),
	('calendar(business_between(''2026-11-20 16:00'', ''2026-11-23 10:00'', office()))', 'NULL'),
	('business_seconds(''2026-11-20 16:00'', ''2026-11-23 10:00:00.5'', office())', '7200.5'),
	('business_seconds(''2026-11-23 10:00:00.5'', ''2026-11-20 16:00'', office())', '-7200.5'),
	('business_seconds(''2026-11-20 16:00'', ''2026-11-20 16:00'', office())', '0');
SELECT * FROM run();
-- add, d > 0: the earliest instant; d < 0: the latest; d = 0: the instant itself
INSERT INTO cases (expr, want) VALUES
	('business_add(''2026-11-20 16:00'', ''1 bh'', office())', '2026-11-20 17:00:00+01'),
	('next_open(business_add(''2026-11-20 16:00'', ''1 bh'', office()), office())', '2026-11-23 09:00:00+01'),
	('business_add(''2026-11-20 16:00'', ''1 bh 0.000001 bs'', office())', '2026-11-23 09:00:00.000001+01'),
	('business_add(''2026-11-20 17:00'', ''1 bh'', office())', '2026-11-23 10:00:00+01'),
	('business_add(''2026-11-21 12:00'', ''1 bh'', office())', '2026-11-23 10:00:00+01'),
	('business_add(''2026-11-21 12:00'', ''0 bh'', office())', '2026-11-21 12:00:00+01'),
	('business_add(''2026-11-20 11:30'', ''30 bm'', lunch())', '2026-11-20 12:00:00+01'),
	('business_add(''2026-11-20 11:30'', ''31 bm'', lunch())', '2026-11-20 13:01:00+01'),
	('business_add(''2026-11-23 10:00'', ''-1 bh'', office())', '2026-11-23 09:00:00+01'),
	('business_add(''2026-11-23 09:00'', ''-1 bh'', office())', '2026-11-20 16:00:00+01'),
	('business_add(''2026-11-21 12:00'', ''-8 bh'', office())', '2026-11-20 09:00:00+01'),
	('business_add(''2026-11-21 12:00'', ''-8 bh -1 bs'', office())', '2026-11-19 16:59:59+01'),
	('business_add(''2026-11-20 16:00'', ''2080 bh'', office())', '2027-11-19 16:00:00+01');
SELECT * FROM run();
-- business days: the anchor, its clock, openings, breaks and closings
INSERT INTO cases (expr, want) VALUES
	('business_add(''2026-11-20 12:00'', ''1 bd'', office())', '2026-11-23 12:00:00+01'),
	('business_add(''2026-11-20 07:00'', ''1 bd'', office())', '2026-11-23 09:00:00+01'),
	('business_add(''2026-11-20 17:00'', ''1 bd'', office())', '2026-11-24 09:00:00+01'),
	('business_add(''2026-11-20 18:00'', ''1 bd'', office())', '2026-11-24 09:00:00+01'),
	('business_add(''2026-11-21 12:00'', ''5 bd'', office())', '2026-11-30 09:00:00+01'),
	('business_add(''2026-11-21 12:00'', ''0 bd'', office())', '2026-11-21 12:00:00+01'),
	('business_add(''2026-11-19 12:30'', ''1 bd'', lunch())', '2026-11-20 13:00:00+01'),
	('business_add(''2026-11-19 12:30'', ''1 bd'', shop())', '2026-11-20 13:00:00+01'),
	('business_add(''2026-11-19 12:00'', ''1 bd'', shop())', '2026-11-20 13:00:00+01'),
	('business_add(''2026-11-19 11:59:59'', ''1 bd'', shop())', '2026-11-20 11:59:59+01'),
	('business_add(''2026-11-19 15:00'', ''1 bd'', shop())', '2026-11-20 15:00:00+01'),
	('business_add(''2026-11-19 17:00'', ''1 bd'', shop())', '2026-11-20 15:00:00+01'),
	('business_add(''2026-11-16 08:30'', ''1 bd'', shop())', '2026-11-17 10:00:00+01'),
	('business_add(''2026-11-16 08:30'', ''5 bd'', shop())', '2026-11-23 08:30:00+01'),
	('business_add(''2026-11-23 12:00'', ''-1 bd'', office())', '2026-11-20 12:00:00+01'),
	('business_add(''2026-11-21 12:00'', ''-1 bd'', office())', '2026-11-19 17:00:00+01'),
	('business_add(''2026-11-20 17:00'', ''-1 bd'', office())', '2026-11-19 17:00:00+01'),
	('business_add(''2026-11-20 09:00'', ''-1 bd'', office())', '2026-11-18 17:00:00+01'),
	('business_add(''2026-11-20 09:00:01'', ''-1 bd'', office())', '2026-11-19 09:00:01+01'),
	('business_add(''2026-11-23 12:30'', ''-1 bd'', shop())', '2026-11-20 12:00:00+01'),
	('business_add(''2026-11-23 16:00'', ''-1 bd'', shop())', '2026-11-20 15:00:00+01'),
	('business_add(''2026-11-23 08:30'', ''-1 bd'', shop())', '2026-11-20 10:00:00+01');
SELECT * FROM run();
-- days are applied first, then time; each field has its own sign
INSERT INTO cases (expr, want) VALUES
	('business_add(''2026-11-20 16:00'', ''1 bd 2 bh'', office())', '2026-11-24 10:00:00+01'),
	('business_add(''2026-11-19 17:00'', ''1 bd 1 bh'', shop())', '2026-11-23 09:00:00+01'),
	('business_add(''2026-11-20 16:00'', ''1 bd -2 bh'', office())', '2026-11-23 14:00:00+01'),
	('business_add(''2026-11-20 16:00'', ''-1 bd 2 bh'', office())', '2026-11-20 10:00:00+01'),
	('business_add(''2026-11-21 12:00'', ''-1 bd 1 bm'', office())', '2026-11-20 09:01:00+01');
SELECT * FROM run();
-- over midnight: short for two dates; the night belongs to the date it began on
INSERT INTO cases (expr, want) VALUES
	('open_ranges(''[2026-11-20, 2026-11-23)'', night())',
	 '{["2026-11-20 00:00:00+01","2026-11-20 06:00:00+01"),["2026-11-20 22:00:00+01","2026-11-21 06:00:00+01")}'),
	('open_ranges(''[2026-11-20, 2026-11-23)'', ''TZ=Europe/Berlin Mo-Fr 22:00-30:00''::business_hours) = open_ranges(''[2026-11-20, 2026-11-23)'', night())', 'true'),
	('is_business_day(''2026-11-20'', night())', 'true'),
	('is_business_day(''2026-11-21'', night())', 'false'),
	('business_add(''2026-11-20 23:00'', ''1 bd'', night())', '2026-11-23 23:00:00+01'),
	('business_add(''2026-11-21 03:00'', ''1 bd'', night())', '2026-11-24 03:00:00+01'),
	('business_add(''2026-11-18 03:00'', ''1 bd'', night())', '2026-11-19 03:00:00+01'),
	('business_add(''2026-11-21 12:00'', ''1 bd'', night())', '2026-11-24 22:00:00+01'),
	('business_add(''2026-11-24 03:00'', ''-1 bd'', night())', '2026-11-21 03:00:00+01'),
	('business_add(''2026-11-22 12:00'', ''-1 bd'', night())', '2026-11-20 06:00:00+01'),
	-- a rule that replaces or closes a date takes the whole local date with it
	('open_ranges(''[2026-11-24, 2026-11-28)'', ''TZ=Europe/Berlin Mo-Fr 22:00-06:00; 2026 Nov 26 off''::business_hours)',
	 '{["2026-11-24 00:00:00+01","2026-11-24 06:00:00+01"),["2026-11-24 22:00:00+01","2026-11-25 06:00:00+01"),["2026-11-25 22:00:00+01","2026-11-26 00:00:00+01"),["2026-11-27 00:00:00+01","2026-11-27 06:00:00+01"),["2026-11-27 22:00:00+01","2026-11-28 00:00:00+01")}'),
	('open_ranges(''[2026-11-24, 2026-11-26)'', ''TZ=Europe/Berlin Tu 22:00-06:00; We 09:00-17:00''::business_hours)',
	 '{["2026-11-24 22:00:00+01","2026-11-25 00:00:00+01"),["2026-11-25 09:00:00+01","2026-11-25 17:00:00+01")}'),
	('open_ranges(''[2026-11-24, 2026-11-26)'', ''TZ=Europe/Berlin Tu 22:00-06:00, We 09:00-17:00''::business_hours)',
	 '{["2026-11-24 22:00:00+01","2026-11-25 06:00:00+01"),["2026-11-25 09:00:00+01","2026-11-25 17:00:00+01")}');
SELECT * FROM run();
-- time zones: a span across a change of clocks lasts what the wall clock says
INSERT INTO cases (expr, want) VALUES
	('business_between(''2026-03-28 12:00'', ''2026-03-29 12:00'', ''TZ=Europe/Berlin 22:00-06:00''::business_hours)', '7 bh'),
	('business_between(''2026-10-24 12:00'', ''2026-10-25 12:00'', ''TZ=Europe/Berlin 22:00-06:00''::business_hours)', '9 bh'),
	('business_between(''2026-07-24 12:00'', ''2026-07-25 12:00'', ''TZ=Europe/Berlin 22:00-06:00''::business_hours)', '8 bh'),
	('business_between(''2026-03-29'', ''2026-03-30'', ''TZ=Europe/Berlin 00:00-24:00''::business_hours)', '23 bh'),
	-- inverted by the gap: empty
	('open_ranges(''[2026-03-29, 2026-03-30)'', ''TZ=Europe/Berlin 02:00-03:00''::business_hours)', '{}'),
	('open_ranges(''[2026-03-29, 2026-03-30)'', ''TZ=Europe/Berlin 02:30-03:15''::business_hours)', '{}'),
	('open_ranges(''[2026-03-29, 2026-03-30)'', ''TZ=Europe/Berlin 02:30-04:00''::business_hours)',
	 '{["2026-03-29 03:30:00+02","2026-03-29 04:00:00+02")}'),
	('open_ranges(''[2026-03-29, 2026-03-30)'', ''TZ=Europe/Berlin 01:00-02:30''::business_hours)',
	 '{["2026-03-29 01:00:00+01","2026-03-29 03:30:00+02")}'),
	-- in the repeated hour the second showing counts
	('open_ranges(''[2026-10-25, 2026-10-26)'', ''TZ=Europe/Berlin 02:00-03:00''::business_hours)',
	 '{["2026-10-25 02:00:00+01","2026-10-25 03:00:00+01")}'),
	-- a local date that does not exist
	('is_business_day(''2011-12-30'', ''TZ=Pacific/Apia Mo-Su 09:00-17:00''::business_hours)', 'false'),
	('business_days_between(''2011-12-26'', ''2012-01-02'', ''TZ=Pacific/Apia Mo-Su 09:00-17:00''::business_hours)', '6'),
	('add_business_days(''2011-12-29'', 1, ''TZ=Pacific/Apia Mo-Su 09:00-17:00''::business_hours)', '2011-12-31'),
	('open_ranges(''[2011-12-30 00:00Z, 2012-01-01 00:00Z)'', ''TZ=Pacific/Apia Fr 09:00-17:00''::business_hours)', '{}'),
	('business_add(''2011-12-29 10:00-10'', ''1 bd'', ''TZ=Pacific/Apia 09:00-17:00''::business_hours) = ''2011-12-31 10:00+14''', 'true');
SELECT * FROM run();
-- holidays: closed, or other hours; a dated rule with hours beats them
INSERT INTO cases (expr, want) VALUES
	('is_open(''2026-12-25 10:00'', with_holidays(office(), ''{2026-12-25}''))', 'false'),
	('is_open(''2026-12-24 10:00'', with_holidays(office(), ''{2026-12-25}''))', 'true'),
	('is_business_day(''2026-12-25'', with_holidays(office(), ''{2026-12-25}''))', 'false'),
	('business_between(''2026-12-24'', ''2026-12-29'', with_holidays(office(), ''{2026-12-25}''))', '16 bh'),
	('open_ranges(''[2026-12-24, 2026-12-26)'', with_holidays(''TZ=Europe/Berlin Mo-Fr 09:00-17:00; 2026 Dec 25 10:00-12:00''::business_hours, ''{2026-12-24,2026-12-25}''))',
	 '{["2026-12-25 10:00:00+01","2026-12-25 12:00:00+01")}'),
	('open_ranges(''[2026-12-24, 2026-12-26)'', with_holidays(''TZ=Europe/Berlin Mo-Fr 09:00-17:00; PH 10:00-12:00''::business_hours, ''{2026-12-24}''))',
	 '{["2026-12-24 10:00:00+01","2026-12-24 12:00:00+01"),["2026-12-25 09:00:00+01","2026-12-25 17:00:00+01")}'),
	('with_holidays(office(), ''{}'') = office()', 'true'),
	('with_holidays(office(), ''{2026-12-25,2026-12-24,2026-12-25}'') = with_holidays(office(), ''{2026-12-24,2026-12-25}'')', 'true'),
	('with_holidays(office(), ''{2026-12-25}'')::text::business_hours = with_holidays(office(), ''{2026-12-25}'')', 'true');
SELECT * FROM run();
-- spans that overlap or touch merge
INSERT INTO cases (expr, want) VALUES
	('open_ranges(''[2026-11-23, 2026-11-25)'', ''TZ=UTC Mo 12:00-24:00; Tu 00:00-06:00''::business_hours)',
	 '{["2026-11-23 13:00:00+01","2026-11-24 07:00:00+01")}'),
	('open_ranges(''[2026-11-23, 2026-11-25)'', ''TZ=UTC Mo 09:00-13:00,12:00-17:00,17:00-18:00''::business_hours)',
	 '{["2026-11-23 10:00:00+01","2026-11-23 19:00:00+01")}'),
	('next_close(''2026-11-23 13:00'', ''TZ=UTC Mo 12:00-24:00; Tu 00:00-06:00''::business_hours)', '2026-11-24 07:00:00+01'),
	('previous_open(''2026-11-24 03:00'', ''TZ=UTC Mo 12:00-24:00; Tu 00:00-06:00''::business_hours)', '2026-11-23 13:00:00+01');
SELECT * FROM run();
-- open then, and the edges around an instant
INSERT INTO cases (expr, want) VALUES
	('is_open(''2026-11-20 09:00'', office())', 'true'),
	('is_open(''2026-11-20 17:00'', office())', 'false'),
	('timestamptz ''2026-11-20 16:59:59.999999'' <@ office()', 'true'),
	('office() @> timestamptz ''2026-11-20 08:59:59.999999''', 'false'),
	('next_open(''2026-11-20 12:00'', office())', '2026-11-20 12:00:00+01'),
	('next_open(''2026-11-20 17:00'', office())', '2026-11-23 09:00:00+01'),
	('next_close(''2026-11-20 12:00'', office())', '2026-11-20 17:00:00+01'),
	('next_close(''2026-11-21 12:00'', office())', '2026-11-23 17:00:00+01'),
	('previous_open(''2026-11-20 12:00'', office())', '2026-11-20 09:00:00+01'),
	('previous_open(''2026-11-21 12:00'', office())', '2026-11-20 09:00:00+01'),
	('previous_close(''2026-11-20 12:00'', office())', '2026-11-19 17:00:00+01'),
	('previous_close(''2026-11-21 12:00'', office())', '2026-11-20 17:00:00+01'),
	('previous_close(''2026-11-20 17:00'', office())', '2026-11-20 17:00:00+01');
SELECT * FROM run();
-- a window may be empty, clipped, exclusive or inclusive; it must be bounded
INSERT INTO cases (expr, want) VALUES
	('open_ranges(''empty'', office())', '{}'),
	('open_ranges(''[2026-11-20 10:00, 2026-11-20 11:00)'', office())', '{["2026-11-20 10:00:00+01","2026-11-20 11:00:00+01")}'),
	('open_ranges(''[2026-11-20 18:00, 2026-11-22)'', office())', '{}'),
	('open_ranges(''(,2026-11-22)'', office())', 'ERROR 220%'),
	('open_ranges(''[2026-11-22,)'', office())', 'ERROR 220%'),
	('open_ranges(''[2026-11-22,infinity)'', office())', 'ERROR 220%'),
	('(SELECT array_agg(business_date ORDER BY span) FROM open_spans(''[2026-11-19, 2026-11-25)'', night()))', '{2026-11-18,2026-11-19,2026-11-20,2026-11-23,2026-11-24}'),
	('(SELECT count(*) FROM open_spans(''empty'', office()))', '0'),
	('(SELECT string_agg(span::text, '' '' ORDER BY span) FROM open_spans(''[2026-11-20, 2026-11-21)'', lunch()))',
	 '["2026-11-20 09:00:00+01","2026-11-20 12:00:00+01") ["2026-11-20 13:00:00+01","2026-11-20 17:00:00+01")');
SELECT * FROM run();
-- a night that outlasts what the next date opens first is that night again after it, wherever the window begins
SELECT span, business_date
FROM (VALUES ('[2026-11-20, 2026-11-22)'::tstzrange), ('[2026-11-21 05:00, 2026-11-22)')) w (during),
	open_spans(during, 'TZ=Europe/Berlin Fr 22:00-31:00, Sa 02:00-04:00,06:00-06:30'::business_hours);
-- arithmetic on dates is half-open
INSERT INTO cases (expr, want) VALUES
	('business_days_between(''2026-11-20'', ''2026-11-23'', office())', '1'),
	('business_days_between(''2026-11-21'', ''2026-11-23'', office())', '0'),
	('business_days_between(''2026-11-20'', ''2026-11-20'', office())', '0'),
	('business_days_between(''2026-11-23'', ''2026-11-20'', office())', '-1'),
	('business_days_between(''2026-01-01'', ''2027-01-01'', office())', '261'),
	('add_business_days(''2026-11-20'', 1, office())', '2026-11-23'),
	('add_business_days(''2026-11-20'', -1, office())', '2026-11-19'),
	('add_business_days(''2026-11-20'', 0, office())', '2026-11-20'),
	('add_business_days(''2026-11-20'', 260, office())', '2027-11-19'),
	('add_business_days(''2026-11-21'', 1, office())', '2026-11-24'),
	('add_business_days(''2026-11-21'', -1, office())', '2026-11-19'),
	('is_business_day(''2026-11-20'', office())', 'true'),
	('is_business_day(''2026-11-21'', office())', 'false'),
	('is_business_day(''2024-02-29'', office())', 'true');
SELECT * FROM run();
-- composition, over time zones; a business date is one of the leftmost zone
INSERT INTO cases (expr, want) VALUES
	('open_ranges(''[2026-11-20 00:00Z, 2026-11-21 00:00Z)'', office() + ''TZ=America/Denver Mo-Fr 09:00-17:00''::business_hours)',
	 '{["2026-11-20 09:00:00+01","2026-11-21 01:00:00+01")}'),
	('business_between(''2026-11-20 00:00'', ''2026-11-21 12:00'', office() + ''TZ=America/Denver Mo-Fr 09:00-17:00''::business_hours)', '17 bh'),
	('business_between(''2026-11-20 00:00'', ''2026-11-21 12:00'', office() * ''TZ=America/New_York Mo-Fr 09:00-17:00''::business_hours)', '2 bh'),
	('business_between(''2026-11-20 00:00'', ''2026-11-21 12:00'', office() - ''TZ=America/New_York Mo-Fr 09:00-17:00''::business_hours)', '6 bh'),
	('business_between(''2026-11-20 00:00'', ''2026-11-21 00:00'', office() - office())', '0 bh'),
	('is_business_day(''2026-11-20'', office() - office())', 'false'),
	('is_business_day(''2026-11-20'', ''TZ=UTC 24/7''::business_hours - office())', 'true'),
	('is_business_day(''2026-11-21'', ''TZ=Australia/Sydney Mo-Fr 09:00-17:00''::business_hours + ''TZ=America/Denver Mo-Fr 09:00-17:00''::business_hours)', 'true'),
	('is_business_day(''2026-11-21'', ''TZ=America/Denver Mo-Fr 09:00-17:00''::business_hours + ''TZ=Australia/Sydney Mo-Fr 09:00-17:00''::business_hours)', 'false'),
	('is_business_day(''2026-11-22'', ''TZ=America/Denver Mo-Fr 09:00-17:00''::business_hours + ''TZ=Australia/Sydney Mo-Fr 09:00-17:00''::business_hours)', 'true'),
	('(office() + night() - shop())::text::business_hours = office() + night() - shop()', 'true'),
	('(office() + (night() * shop()))::text::business_hours = office() + (night() * shop())', 'true'),
	('(office() - (night() - shop()))::text = (office() - night() - shop())::text', 'false'),
	-- PH is each leaf's own affair
	('is_open(''2026-12-25 10:00'', with_holidays(office(), ''{2026-12-25}'') + office())', 'true');
SELECT * FROM run();
-- 1900 to 2200 at least
INSERT INTO cases (expr, want) VALUES
	('business_add(''1900-01-01 12:00Z'', ''1 bd'', ''Mo-Fr 09:00-17:00''::business_hours) = ''1900-01-02 12:00Z''', 'true'),
	('business_add(''2200-01-03 12:00Z'', ''-1 bd'', ''Mo-Fr 09:00-17:00''::business_hours) = ''2200-01-02 12:00Z''', 'true'),
	('business_days_between(''1900-01-01'', ''2200-01-01'', ''Mo-Fr 09:00-17:00''::business_hours)',
	 (SELECT count(*)::text FROM generate_series(timestamp '1900-01-01', '2199-12-31', interval '1 day') d WHERE extract(isodow FROM d) < 6)),
	('business_between(''1900-01-01 00:00Z'', ''2200-01-01 00:00Z'', ''24/7''::business_hours)',
	 (SELECT 24 * (date '2200-01-01' - date '1900-01-01') || ' bh')),
	('business_add(''1900-01-01 00:00Z'', business_between(''1900-01-01 00:00Z'', ''2200-01-01 00:00Z'', office()), office()) = ''2199-12-31 17:00+01''', 'true');
SELECT * FROM run();
-- a calendar that never opens again says from when on
SELECT state, message LIKE '%2020-01-31%' OR detail LIKE '%2020-01-31%' AS says_when, hint IS NOT NULL OR detail IS NOT NULL AS explained
FROM failure($$business_add('2026-11-20 12:00', '1 bh', 'TZ=UTC 2020 Jan 09:00-17:00'::business_hours)$$);
INSERT INTO cases (expr, want) VALUES
	('business_add(''2026-11-20 12:00'', ''0 bh'', ''off''::business_hours)', '2026-11-20 12:00:00+01'),
	('business_between(''2026-11-20 12:00'', ''2027-11-20 12:00'', ''off''::business_hours)', '0 bh'),
	('is_open(''2026-11-20 12:00'', ''off''::business_hours)', 'false'),
	('open_ranges(''[2026-11-20, 2027-11-20)'', ''off''::business_hours)', '{}'),
	('business_add(''2026-11-20 12:00'', ''-1 bh'', ''TZ=UTC 2020 Jan 09:00-17:00''::business_hours)', '2020-01-31 17:00:00+01');
SELECT * FROM run();
SET client_min_messages = warning;
DROP SCHEMA test CASCADE;
