-- Where clocks change: days and time stay monotone, spans last what the wall
-- clock says, minute by minute around every kind of transition.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set check :abs_srcdir '/sql/include/check.sql'
\set ECHO none
\i :setup
\i :check
\set ECHO all
CREATE TABLE place (zone text, center date);
INSERT INTO place VALUES
	('Europe/Berlin', '2024-03-31'), ('Europe/Berlin', '2024-10-27'),			-- an hour, northern
	('America/New_York', '2025-03-09'), ('America/New_York', '2025-11-02'),
	('Australia/Sydney', '2024-10-06'), ('Australia/Sydney', '2024-04-07'),		-- southern
	('Australia/Lord_Howe', '2024-10-06'), ('Australia/Lord_Howe', '2024-04-07'),	-- half an hour
	('Antarctica/Troll', '2024-03-31'), ('Antarctica/Troll', '2024-10-27'),		-- two hours
	('Africa/Casablanca', '2024-03-10'), ('Africa/Casablanca', '2024-04-14'),		-- negative DST
	('Europe/Dublin', '2024-03-31'), ('Europe/Dublin', '2024-10-27'),
	('America/Sao_Paulo', '2018-11-04'), ('America/Sao_Paulo', '2018-02-18'),		-- at midnight
	('America/Havana', '2024-03-10'), ('America/Havana', '2024-11-03'),
	('Asia/Tehran', '2021-03-22'), ('Asia/Tehran', '2022-09-22'),
	('Pacific/Apia', '2011-12-30'), ('Pacific/Kwajalein', '1993-08-21'),			-- a date is skipped
	('Asia/Kathmandu', '1986-01-01'), ('Asia/Pyongyang', '2018-05-05'),			-- rules changed
	('America/Caracas', '2007-12-09'), ('Europe/Moscow', '2014-10-26'), ('Africa/Monrovia', '1972-01-07');
CREATE TABLE pattern (hours text);
INSERT INTO pattern VALUES ('00:00-24:00'), ('02:30-09:00'), ('00:30-02:15,02:45-12:00'), ('22:00-06:00'), ('01:00-03:00,23:30-24:30'), ('09:00-17:00');
CREATE TABLE walk AS
	SELECT p.zone, p.center, a.hours, ('TZ=' || p.zone || ' Mo-Su ' || a.hours)::business_hours AS h, d, t
	FROM place p, pattern a, unnest('{-2,-1,1,2}'::int[]) d,
		generate_series((p.center - 2)::timestamp AT TIME ZONE p.zone, (p.center + 3)::timestamp AT TIME ZONE p.zone, interval '13 minutes') t;
-- t plus days never decreases when t grows; nor does t plus time
CREATE TABLE falls AS
	SELECT * FROM (
		SELECT *, lag(u) OVER w AS before, lag(t) OVER w AS t_before
		FROM (SELECT *, business_add(t, make_business_interval(days => d), h) AS u FROM walk) x
		WINDOW w AS (PARTITION BY zone, center, hours, d ORDER BY t)) y
	WHERE u < before;
SELECT count(*) AS decreases FROM falls;
SELECT DISTINCT ON (zone, center) zone, hours, d, t_before, before, t, u FROM falls ORDER BY zone, center, hours, d, t;
SELECT count(*) AS decreases FROM (
	SELECT u < lag(u) OVER (PARTITION BY zone, center, hours, d ORDER BY t) AS fell
	FROM (SELECT *, business_add(t, make_business_interval(mins => d * 47), h) AS u FROM walk) x) y
WHERE fell;
-- by days one ends up in open time, or at its end, of another business date
SELECT count(*) FILTER (WHERE NOT is_open(u, h) AND NOT is_open(u - interval '1 us', h)) AS closed,
	count(*) FILTER (WHERE CASE WHEN d > 0 THEN u < t ELSE u > t END) AS backwards
FROM (SELECT *, business_add(t, make_business_interval(days => d), h) AS u FROM walk) x;
-- the hours of a date, and of the night that begins on it
SELECT p.zone, p.center, x.*
FROM place p, LATERAL (
	SELECT business_between(p.center::timestamp AT TIME ZONE p.zone, (p.center + 1)::timestamp AT TIME ZONE p.zone, ('TZ=' || p.zone || ' 00:00-24:00')::business_hours) AS day,
		business_between((p.center - 1 + time '12:00') AT TIME ZONE p.zone, (p.center + time '12:00') AT TIME ZONE p.zone, ('TZ=' || p.zone || ' 22:00-06:00')::business_hours) AS night_before,
		business_between((p.center + time '12:00') AT TIME ZONE p.zone, (p.center + 1 + time '12:00') AT TIME ZONE p.zone, ('TZ=' || p.zone || ' 22:00-06:00')::business_hours) AS night_after) x
WHERE p.zone NOT IN ('Pacific/Apia', 'Pacific/Kwajalein')
ORDER BY p.center, p.zone;
-- ... are what (date + time) AT TIME ZONE says
SELECT count(*) FILTER (WHERE day <> ((center + 1)::timestamp AT TIME ZONE zone) - (center::timestamp AT TIME ZONE zone)) AS wrong_days,
	count(*) FILTER (WHERE night <> ((center + time '06:00') AT TIME ZONE zone) - ((center - 1 + time '22:00') AT TIME ZONE zone)) AS wrong_nights
FROM place p, LATERAL (
	SELECT business_between((p.center - 1)::timestamp AT TIME ZONE p.zone, (p.center + 2)::timestamp AT TIME ZONE p.zone,
			('TZ=' || p.zone || to_char(p.center, ' YYYY Mon DD') || ' 00:00-24:00')::business_hours)::interval AS day,
		business_between((p.center - 1)::timestamp AT TIME ZONE p.zone, (p.center + 2)::timestamp AT TIME ZONE p.zone,
			('TZ=' || p.zone || to_char(p.center - 1, ' YYYY Mon DD') || ' 22:00-06:00')::business_hours)::interval AS night) x
WHERE zone NOT IN ('Pacific/Apia', 'Pacific/Kwajalein');
SET client_min_messages = warning;
DROP SCHEMA test CASCADE;
