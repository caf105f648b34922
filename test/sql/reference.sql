-- The extension against a slow, independent reference (include/reference.sql):
-- random calendars in zones and at days where clocks change.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set reference :abs_srcdir '/sql/include/reference.sql'
\set ECHO none
\i :setup
\i :reference
\set ECHO all
SELECT setseed(0.20261231);
DO $$
DECLARE
	p record;
	n int := 0;
BEGIN
	FOR p IN SELECT place.* FROM ref.place, generate_series(1, 2) LOOP
		n := n + 1;
		CALL ref.random_calendar(n, p.zone, p.center, 60);
	END LOOP;
END
$$;
CREATE INDEX ON ref.span (calendar, lo);
CREATE INDEX ON ref.piece (calendar, owner);
CREATE INDEX ON ref.business_date (calendar, idx);
CREATE INDEX ON ref.business_date (calendar, day);
ANALYZE ref.span, ref.piece, ref.business_date;
-- The reference itself: office hours, which no change of clocks touches, by
-- asking every quarter of an hour what the local clock shows.
INSERT INTO ref.calendar VALUES (9001, 'Europe/Berlin', '2024-03-31', '2024-03-20', '2024-04-10', '{2024-04-01}'),
	(9002, 'America/Sao_Paulo', '2018-11-04', '2018-10-25', '2018-11-14', '{}'),
	(9003, 'Pacific/Apia', '2011-12-30', '2011-12-20', '2012-01-10', '{}');
INSERT INTO ref.rule (calendar, ord, weekdays, spans) VALUES
	(9001, 1, 31, '{[32400,45000),[46800,61200)}'),
	(9002, 1, 127, '{[32400,61200)}'),
	(9003, 1, 31, '{[32400,61200)}');
CALL ref.build(9001);
CALL ref.build(9002);
CALL ref.build(9003);
SELECT c.id, count(*) AS quarters, count(*) FILTER (WHERE ref.is_open(c.id, q)) AS open,
	count(*) FILTER (WHERE ref.is_open(c.id, q) IS DISTINCT FROM
		(EXISTS (SELECT FROM ref.rule r, unnest(r.spans) s
				 WHERE r.calendar = c.id AND ref.matches(r, (q AT TIME ZONE c.zone)::date, c.holidays)
				 AND extract(epoch FROM (q AT TIME ZONE c.zone)::time)::int <@ s)
		 AND (q AT TIME ZONE c.zone)::date <> ALL (c.holidays))) AS wrong
FROM ref.calendar c,
	generate_series(c.first::timestamp AT TIME ZONE c.zone, c.last::timestamp AT TIME ZONE c.zone - interval '15 min', interval '15 min') q
WHERE c.id > 9000
GROUP BY c.id ORDER BY c.id;
-- What is compared: 30 instants per calendar, most of them at an edge of a span
-- or near the day on which clocks change, each with a duration and days.
CREATE TABLE ref.hours AS
	SELECT id, with_holidays(ref.hours_text(id)::business_hours, holidays) AS h FROM ref.calendar;
CREATE TABLE ref.probe AS
	SELECT c.id AS cal, c.zone, h.h, t, t2,
		CASE WHEN k % 7 = 0 THEN ref.between(c.id, t, t2)
			 ELSE ((random() - 0.5) * 10 ^ (4 + ref.rnd(9)))::bigint END AS us,
		ref.rnd(13) - 6 AS n,
		t AT TIME ZONE c.zone AS local
	FROM ref.calendar c
	JOIN ref.hours h USING (id)
	CROSS JOIN generate_series(1, 30) k
	CROSS JOIN LATERAL (
		SELECT CASE k % 4
			WHEN 0 THEN (SELECT lo FROM ref.span WHERE calendar = c.id AND lo > (c.center - 5 + ref.rnd(8))::timestamp AT TIME ZONE c.zone ORDER BY lo LIMIT 1)
			WHEN 1 THEN (SELECT hi FROM ref.span WHERE calendar = c.id AND hi > (c.center - 5 + ref.rnd(8))::timestamp AT TIME ZONE c.zone ORDER BY lo LIMIT 1)
			WHEN 2 THEN c.center::timestamp AT TIME ZONE c.zone + (ref.rnd(2880) - 720) * interval '1 min'
			ELSE c.center::timestamp AT TIME ZONE c.zone + (random() - 0.5) * interval '40 days' END
			+ CASE ref.rnd(4) WHEN 0 THEN interval '1 microsecond' WHEN 1 THEN interval '-1 microsecond' ELSE '0' END AS t,
			c.center::timestamp AT TIME ZONE c.zone + (random() - 0.5) * interval '60 days' + k * interval '0' AS t2
		OFFSET 0) x
	WHERE t IS NOT NULL AND c.id < 9000;
ALTER TABLE ref.probe ADD want_add timestamptz, ADD want_days timestamptz;
UPDATE ref.probe SET want_add = ref.add(cal, t, us), want_days = ref.add_days(cal, t, n);
SELECT count(*) > 2400 AS enough FROM ref.probe;
CREATE FUNCTION ref.bi(us bigint) RETURNS business_interval LANGUAGE sql IMMUTABLE AS $$
	SELECT (us * interval '1 microsecond')::business_interval
$$;
CREATE FUNCTION ref.edge(cal int, t timestamptz) RETURNS bool LANGUAGE sql STABLE AS $$
	SELECT EXISTS (SELECT FROM ref.span WHERE calendar = cal AND (lo = t OR hi = t))
$$;
CREATE TABLE ref.result (op text, cal int, input text, want text, got text);
INSERT INTO ref.result
	SELECT 'is_open', cal, t::text, ref.is_open(cal, t)::text, is_open(t, h)::text FROM ref.probe
	UNION ALL
	SELECT '<@', cal, t::text, ref.is_open(cal, t)::text, (t <@ h)::text FROM ref.probe
	UNION ALL
	SELECT '@>', cal, t::text, ref.is_open(cal, t)::text, (h @> t)::text FROM ref.probe
	UNION ALL
	SELECT 'business_between', cal, t || ' .. ' || t2, ref.between(cal, t, t2)::text, ref.us(business_between(t, t2, h)::interval)::text FROM ref.probe
	UNION ALL
	SELECT 'business_seconds', cal, t || ' .. ' || t2, (ref.between(cal, t, t2) / 1e6)::float8::text, business_seconds(t, t2, h)::text FROM ref.probe
	UNION ALL
	SELECT CASE WHEN us < 0 THEN 'add -' ELSE 'add +' END, cal, t || ' + ' || us, want_add::text, business_add(t, ref.bi(us), h)::text
	FROM ref.probe WHERE want_add IS NOT NULL
	UNION ALL
	SELECT 'next_open', cal, t::text, ref.next_open(cal, t)::text, next_open(t, h)::text FROM ref.probe
	UNION ALL
	SELECT 'next_close', cal, t::text, ref.next_close(cal, t)::text, next_close(t, h)::text FROM ref.probe
	UNION ALL
	SELECT 'previous_open', cal, t::text, ref.previous_open(cal, t)::text, previous_open(t, h)::text FROM ref.probe
	UNION ALL
	SELECT 'previous_close', cal, t::text, ref.previous_close(cal, t)::text, previous_close(t, h)::text FROM ref.probe
	UNION ALL
	SELECT CASE WHEN n < 0 THEN 'days -' ELSE 'days +' END, cal, t || ' + ' || n || ' bd', want_days::text,
		business_add(t, make_business_interval(days => n), h)::text
	FROM ref.probe WHERE want_days IS NOT NULL
	UNION ALL
	SELECT 'days and time', cal, t || ' + ' || n || ' bd ' || us, want::text,
		business_add(t, make_business_interval(days => n) + ref.bi(us), h)::text
	FROM ref.probe, LATERAL (SELECT ref.add(cal, want_days, us) AS want OFFSET 0) w WHERE want IS NOT NULL
	UNION ALL
	SELECT 'is_business_day', cal, local::date::text,
		EXISTS (SELECT FROM ref.business_date WHERE calendar = cal AND day = local::date)::text,
		is_business_day(local::date, h)::text
	FROM ref.probe
	UNION ALL
	SELECT 'business_days_between', cal, local::date || ' .. ' || (t2 AT TIME ZONE zone)::date,
		(SELECT count(*) FILTER (WHERE day >= local::date AND day < (t2 AT TIME ZONE zone)::date)
			  - count(*) FILTER (WHERE day < local::date AND day >= (t2 AT TIME ZONE zone)::date)
		 FROM ref.business_date WHERE calendar = cal)::text,
		business_days_between(local::date, (t2 AT TIME ZONE zone)::date, h)::text
	FROM ref.probe
	UNION ALL
	SELECT 'add_business_days', cal, local::date || ' + ' || n, want::text, add_business_days(local::date, n, h)::text
	FROM ref.probe, LATERAL (
		/* counted from the date itself or, when it is none, from the next business date (back: the one before) */
		SELECT b.day AS want FROM ref.business_date b
		WHERE b.calendar = cal AND n <> 0 AND b.idx = n +
			CASE WHEN n > 0 THEN (SELECT min(idx) FROM ref.business_date WHERE calendar = cal AND day >= local::date)
				 ELSE (SELECT max(idx) FROM ref.business_date WHERE calendar = cal AND day <= local::date) END) w
	UNION ALL
	SELECT 'open_ranges', cal, tstzrange(least(t, t2), greatest(t, t2))::text,
		coalesce((SELECT range_agg(tstzrange(lo, hi) * tstzrange(least(t, t2), greatest(t, t2)))
				  FROM ref.span WHERE calendar = cal AND tstzrange(lo, hi) && tstzrange(least(t, t2), greatest(t, t2))), '{}')::text,
		open_ranges(tstzrange(least(t, t2), greatest(t, t2)), h)::text
	FROM ref.probe
	UNION ALL
	SELECT 'open_spans, merged', cal, t || ' .. ' || t + interval '20 days',
		open_ranges(tstzrange(t, t + interval '20 days'), h)::text,
		(SELECT range_agg(span) FROM open_spans(tstzrange(t, t + interval '20 days'), h))::text
	FROM ref.probe WHERE n > 3
	UNION ALL
	/* whole spans that belong to one date only */
	SELECT 'open_spans, date', p.cal, o.span::text, d.owners::text, ARRAY[o.business_date]::text
	FROM ref.probe p
	CROSS JOIN open_spans(tstzrange(p.t, p.t + interval '20 days'), p.h) o
	JOIN ref.span s ON s.calendar = p.cal AND s.lo = lower(o.span) AND s.hi = upper(o.span)
	CROSS JOIN LATERAL (SELECT array_agg(DISTINCT x.owner) AS owners FROM ref.piece x
						WHERE x.calendar = p.cal AND x.lo < s.hi AND x.hi > s.lo) d
	JOIN ref.business_date b ON b.calendar = p.cal AND b.day = d.owners[1]
	WHERE p.n < -3 AND cardinality(d.owners) = 1;
-- Nothing is wrong, and each operation was compared often enough to say so.
SELECT op, count(*) > 300 AS enough, count(*) FILTER (WHERE got IS DISTINCT FROM want) AS wrong
FROM ref.result GROUP BY op ORDER BY op;
SELECT DISTINCT ON (op) op, cal, input, left(want, 200) AS want, left(got, 200) AS got, h.h AS hours
FROM ref.result JOIN ref.hours h ON h.id = cal
WHERE got IS DISTINCT FROM want ORDER BY op, cal, input;
SET client_min_messages = warning;
DROP SCHEMA ref CASCADE;
