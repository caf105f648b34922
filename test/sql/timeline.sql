-- business_timeline(): why a deadline is where it is.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set check :abs_srcdir '/sql/include/check.sql'
\set random_hours :abs_srcdir '/sql/include/random_hours.sql'
\set ECHO none
\i :setup
\i :check
\i :random_hours
\set ECHO all
SET timezone = 'Europe/Berlin';
INSERT INTO sla.calendar (name, hours) VALUES ('support', 'TZ=Europe/Berlin Mo-Fr 09:00-17:30; PH off');
INSERT INTO sla.holiday (calendar, day, name) VALUES ('support', '2026-12-25', 'Christmas Day');
-- the example of the overview
SELECT timestamptz '2026-12-24 16:00+01' + business_interval '4 business hours @support' AS due;
SELECT * FROM business_timeline('2026-12-24 16:00+01', '4 bh', 'support');
SELECT * FROM business_timeline('2026-12-24 16:00+01', '1 bd 1 bh', 'support');
SELECT * FROM business_timeline('2026-12-28 11:30+01', '-4 bh', 'support');
SELECT * FROM business_timeline('2026-12-28 11:30+01', '-1 bd', 'support');
SELECT * FROM business_timeline('2026-12-26 12:00+01', '0 bh', 'support');
SELECT * FROM business_timeline('2026-12-24 16:00+01', '1 bh', 'TZ=UTC Mo-Fr 09:00-12:00,13:00-17:00'::business_hours);
-- one date in two zones: the holiday that begins first comes first, whatever the order of the calendars
INSERT INTO sla.calendar (name, hours) VALUES ('denver', 'TZ=America/Denver Mo-Fr 09:00-17:00'), ('sydney', 'TZ=Australia/Sydney Mo-Fr 09:00-17:00');
INSERT INTO sla.calendar (name, combines) VALUES ('west and east', 'denver + sydney'), ('east and west', 'sydney + denver');
INSERT INTO sla.holiday (calendar, day, name) VALUES ('denver', '2025-11-28', 'Day after Thanksgiving'), ('sydney', '2025-11-28', 'Moving day');
SELECT span, state, holiday FROM business_timeline('2025-11-28 00:00+01', '2 bh', 'west and east');
SELECT * FROM business_timeline('2025-11-28 00:00+01', '2 bh', 'west and east')
EXCEPT SELECT * FROM business_timeline('2025-11-28 00:00+01', '2 bh', 'east and west');
-- laws: the rows begin at t, touch, end at the deadline; open time adds up
SELECT setseed(0.5);
CREATE TABLE sample AS
	SELECT row_number() OVER () AS id, t, d, random_hours() AS h
	FROM (SELECT random_instant(random_center()) AS t, CASE i % 3 WHEN 0 THEN bi(floor(10 ^ (random() * 11.5))::bigint) WHEN 1 THEN make_business_interval(days => rnd(6), mins => rnd(500)) ELSE bi(rnd(100000000)::bigint * 1000) END AS d
		  FROM generate_series(1, 400) i) x;
CREATE TABLE row AS
	SELECT s.id, s.t, s.d, s.h, l.*, row_number() OVER (PARTITION BY s.id ORDER BY l.span) AS k
	FROM sample s, business_timeline(t, d, h) l WHERE add(t, d, h) IS NOT NULL;
SELECT count(*) FILTER (WHERE span IS NULL OR lower_inf(span) OR upper_inf(span) OR isempty(span)) AS bad_span,
	count(*) FILTER (WHERE state NOT IN ('open', 'closed', 'holiday')) AS bad_state,
	count(*) FILTER (WHERE state = 'open' AND NOT is_open(lower(span), h)) AS not_open,
	count(*) FILTER (WHERE state <> 'open' AND (is_open(lower(span), h) OR business_seconds(lower(span), upper(span), h) <> 0)) AS not_closed,
	count(*) > 1000 AS enough FROM row;
SELECT count(*) FILTER (WHERE first <> least(t, due)) AS wrong_begin, count(*) FILTER (WHERE last <> greatest(t, due)) AS wrong_end,
	count(*) FILTER (WHERE NOT whole) AS gaps, count(*) FILTER (WHERE sum_used <> business_between(t, due, h) OR total <> business_between(t, due, h)) AS wrong_sum,
	count(*) > 200 AS enough
FROM (SELECT id, t, h, add(t, d, h) AS due, min(lower(span)) AS first, max(upper(span)) AS last,
		range_agg(span) = tstzmultirange(tstzrange(min(lower(span)), max(upper(span)))) AND sum(upper(span) - lower(span)) = max(upper(span)) - min(lower(span)) AS whole,
		sum(used) AS sum_used, (array_agg(cumulative ORDER BY span DESC))[1] AS total
	  FROM row GROUP BY id, t, d, h) x WHERE t <> due;
DELETE FROM sla.calendar;
DELETE FROM sla.calendar_history;
SET client_min_messages = warning;
DROP SCHEMA test CASCADE;
