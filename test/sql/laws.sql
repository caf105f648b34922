-- The laws at the end of "Meaning, exactly", for random opening hours of the
-- whole grammar and compositions of them, at random and at awkward instants.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set check :abs_srcdir '/sql/include/check.sql'
\set random_hours :abs_srcdir '/sql/include/random_hours.sql'
\set ECHO none
\i :setup
\i :check
\i :random_hours
\set ECHO all
SELECT setseed(0.31415926);
CREATE TABLE h AS
	SELECT i AS id, random_hours() AS h, random_hours() AS g, CASE WHEN i % 12 > 0 THEN random_center() END AS center
	FROM generate_series(1, 100) i;
CREATE TABLE probe AS
	SELECT h.id, h.h, h.g, a, b, c, greatest(a, b) AS late, least(a, b) AS early,
		floor(10 ^ (random() * 12))::bigint AS d, floor(10 ^ (random() * 12))::bigint AS e, rnd(21) - 10 AS n
	FROM h, generate_series(1, 12) k,
	LATERAL (SELECT a, CASE WHEN k % 3 = 0 THEN a + rnd(7200) * interval '1 min' ELSE a + (random() - 0.5) * interval '90 days' END AS b,
				a + (random() - 0.5) * interval '900 days' AS c
			 FROM (SELECT random_instant(center) AS a OFFSET k * 0) x) y;
CREATE TABLE law (law text, holds bool, id int, input text);
INSERT INTO law
	SELECT 'between(a,b) = -between(b,a)', business_between(a, b, h) = - business_between(b, a, h), id, a || ' ' || b FROM probe
	UNION ALL
	SELECT 'between is additive', business_between(a, b, h) + business_between(b, c, h) = business_between(a, c, h), id, a || ' ' || b || ' ' || c FROM probe
	UNION ALL
	SELECT 'between(a,a) = 0', business_between(a, a, h) = '0 bh', id, a::text FROM probe
	UNION ALL
	SELECT 'between is not longer than the wall clock', business_between(early, late, h) >= '0 bh'
		AND business_seconds(early, late, h) <= extract(epoch FROM late - early), id, early || ' ' || late FROM probe
	UNION ALL
	SELECT 'business_seconds is between', business_seconds(a, b, h) = business_seconds(business_between(a, b, h)), id, a || ' ' || b FROM probe
	UNION ALL
	SELECT 'add is monotone in t', add(early, v, h) <= add(late, v, h), id, early || ' ' || late || ' + ' || v
	FROM probe, LATERAL (VALUES (bi(d)), (bi(-d)), (make_business_interval(days => n)), (make_business_interval(days => n) + bi(e)), (make_business_interval(days => n) - bi(e))) v(v)
	UNION ALL
	SELECT 'add is monotone in t, minute by minute', bool_and(u >= before), id, a || ' + ' || n || ' bd'
	FROM (SELECT id, a, n, u, lag(u, 1, '-infinity') OVER (PARTITION BY id, a, n ORDER BY t) AS before
		  FROM (SELECT id, a, n, t, add(t, make_business_interval(days => n), h) AS u FROM probe,
				generate_series(a - interval '4 hours', a + interval '4 hours', interval '7 minutes') t WHERE n BETWEEN -1 AND 2) x
		  WHERE u IS NOT NULL) y
	GROUP BY id, a, n
	UNION ALL
	SELECT 'between(t, t+d) = d', business_between(a, add(a, v, h), h) = v, id, a || ' + ' || v
	FROM probe, LATERAL (VALUES (bi(d)), (bi(-d))) v(v)
	UNION ALL
	SELECT '(t+d)+e = t+(d+e)', add(add(a, v, h), w, h) = add(a, v + w, h), id, a || ' + ' || v || ' + ' || w
	FROM probe, LATERAL (VALUES (bi(d), bi(e)), (bi(-d), bi(-e))) v(v, w)
	UNION ALL
	SELECT '(t+d)-d = next_open(t)', add(add(a, bi(d), h), bi(-d), h) = next_open(a, h), id, a || ' + ' || bi(d)
	FROM probe WHERE add(a, bi(d), h) IS NOT NULL
	UNION ALL
	SELECT 'add is monotone in d', add(a, bi(least(v, w)), h) <= add(a, bi(greatest(v, w)), h), id, a || ' + ' || v || ', ' || w
	FROM probe, LATERAL (VALUES (d, e), (-d, e), (-d, -e), (d, 0), (-e, 0)) v(v, w)
	UNION ALL
	SELECT 'add in days is monotone in n', add(a, make_business_interval(days => n), h) <= add(a, make_business_interval(days => n + 1), h), id, a || ' + ' || n
	FROM probe WHERE n > 0
	UNION ALL
	SELECT 't + 0 = t', add(a, '0 bh', h) = a, id, a::text FROM probe
	UNION ALL
	SELECT 'days do not go back', CASE WHEN n > 0 THEN add(a, v, h) >= a ELSE add(a, v, h) <= a END, id, a || ' + ' || v
	FROM probe, LATERAL (SELECT make_business_interval(days => n) AS v) v WHERE n <> 0
	UNION ALL
	SELECT 'is_open = (next_open(t) = t)', is_open(a, h) = (edge('next_open', a, h) IS NOT DISTINCT FROM a), id, a::text FROM probe
	UNION ALL
	SELECT 't <@ h = is_open = h @> t', (a <@ h) = is_open(a, h) AND (h @> a) = is_open(a, h), id, a::text FROM probe
	UNION ALL
	SELECT 'next_open is open, nothing is before', t >= a AND is_open(t, h) AND business_between(a, t, h) = '0 bh', id, a::text
	FROM probe, LATERAL (SELECT edge('next_open', a, h) AS t OFFSET 0) x WHERE t IS NOT NULL
	UNION ALL
	SELECT 'next_close is closed, an instant before it is open', t > a AND NOT is_open(t, h) AND is_open(t - interval '1 us', h), id, a::text
	FROM probe, LATERAL (SELECT edge('next_close', a, h) AS t OFFSET 0) x WHERE t IS NOT NULL
	UNION ALL
	SELECT 'previous_close is closed, an instant before it was open, nothing since', t <= a AND NOT is_open(t, h) AND is_open(t - interval '1 us', h)
		AND (is_open(a, h) OR business_between(t, a, h) = '0 bh'), id, a::text
	FROM probe, LATERAL (SELECT edge('previous_close', a, h) AS t OFFSET 0) x WHERE t IS NOT NULL
	UNION ALL
	SELECT 'previous_open is open, an instant before it was not', t <= a AND is_open(t, h) AND NOT is_open(t - interval '1 us', h), id, a::text
	FROM probe, LATERAL (SELECT edge('previous_open', a, h) AS t OFFSET 0) x WHERE t IS NOT NULL
	UNION ALL
	SELECT 'open_ranges measure what between says', coalesce((SELECT sum(extract(epoch FROM upper(r) - lower(r))) FROM unnest(open_ranges(tstzrange(early, late), h)) r), 0)::float8
		= business_seconds(early, late, h), id, early || ' ' || late FROM probe
	UNION ALL
	SELECT 'open_spans cover open_ranges', coalesce((SELECT range_agg(span) FROM open_spans(tstzrange(early, late), h)), '{}') = open_ranges(tstzrange(early, late), h), id, early || ' ' || late
	FROM probe WHERE late - early < interval '40 days'
	UNION ALL
	SELECT 'a + b is either', open_ranges(w, h + g) = open_ranges(w, h) + open_ranges(w, g), id, w::text || ' ' || g FROM probe, tstzrange(early, late) w
	UNION ALL
	SELECT 'a * b is both', open_ranges(w, h * g) = open_ranges(w, h) * open_ranges(w, g), id, w::text || ' ' || g FROM probe, tstzrange(early, late) w
	UNION ALL
	SELECT 'a - b is a without b', open_ranges(w, h - g) = open_ranges(w, h) - open_ranges(w, g), id, w::text || ' ' || g FROM probe, tstzrange(early, late) w
	UNION ALL
	SELECT 'is_business_day = one business date', is_business_day(x, h) = (business_days_between(x, x + 1, h) = 1), id, x::text FROM probe, LATERAL (SELECT a::date AS x) x
	UNION ALL
	SELECT 'business dates are additive', business_days_between(a::date, b::date, h) + business_days_between(b::date, c::date, h) = business_days_between(a::date, c::date, h), id, a || ' ' || b || ' ' || c FROM probe
	UNION ALL
	SELECT 'n business dates from a business date on', business_days_between(x, add_business_days(x, n, h), h) = n, id, x || ' + ' || n
	FROM probe, LATERAL (SELECT a::date AS x) x
	WHERE is_business_day(x, h) AND x BETWEEN '1950-01-01' AND '2150-01-01' AND abs(business_days_between(x - 3650, x, h)) > 40 AND business_days_between(x, x + 3650, h) > 40
	UNION ALL
	SELECT 'text reads back', h::text::business_hours = h AND h::text::business_hours::text = h::text, id, NULL FROM h
	UNION ALL
	SELECT 'text of a composition reads back', (h + g)::text::business_hours = h + g AND (h * g)::text::business_hours = h * g AND (h - g)::text::business_hours = h - g
		AND (h - (g - h))::text::business_hours = h - (g - h), id, NULL FROM h;
-- Every law was tried often enough and broken never.  (NULL: the calendar ends.)
SELECT law, count(holds) >= 100 AS enough, count(*) FILTER (WHERE NOT holds) AS broken
FROM law GROUP BY law, input IS NULL ORDER BY law COLLATE "C";
SELECT DISTINCT ON (law) law, input, h, g FROM law JOIN h USING (id) WHERE NOT holds ORDER BY law, id, input;
SET client_min_messages = warning;
DROP SCHEMA test CASCADE;
