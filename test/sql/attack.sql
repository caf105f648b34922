-- What once was slow, wrong or left lying about.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
\set ECHO all
SET timezone = 'UTC';
SET statement_timeout = '60s';
-- a run without a closed moment is no matter of its length
SELECT count(*) FROM open_spans('[1810-01-01,2490-01-01)', '24/7');
SELECT count(*), min(t) FROM (SELECT next_close('2026-01-01'::timestamptz + i * interval '1 hour', 'TZ=UTC 24/7; 2400 off'::business_hours) AS t FROM generate_series(1, 5000) i) x;
SELECT count(*), max(t) FROM (SELECT previous_open('2300-01-01'::timestamptz + i * interval '1 hour', 'TZ=UTC 1900+ 00:00-24:00'::business_hours) AS t FROM generate_series(1, 5000) i) x;
SELECT count(*), max(t) FROM (SELECT business_add('2026-01-01'::timestamptz + i * interval '1 hour', '3 bd', '24/7'::business_hours + '24/7'::business_hours) AS t FROM generate_series(1, 10000) i) x;
RESET statement_timeout;
-- closed for ever, and first open, far from the instant asked about
SELECT business_add('2026-11-20', '1 bh', 'TZ=UTC 1990 Mo-Fr 09:00-17:00'::business_hours);
SELECT business_add('2026-11-20', '1 bd', 'TZ=UTC 1990 Mo-Fr 09:00-17:00'::business_hours);
SELECT add_business_days('2026-11-20', 1, 'TZ=UTC 1990 Mo-Fr 09:00-17:00'::business_hours);
SELECT business_add('2000-11-20', '-1 bh', 'TZ=UTC 2040 Mo-Fr 09:00-17:00'::business_hours);
SELECT business_add('2026-11-20', '1 bd', 'TZ=UTC off'::business_hours);
-- business days at the end of what is compiled, where clocks went forward:
-- the window ends an hour into a first of January
SELECT count(*) FILTER (WHERE business_add(t, '-1 bd', 'TZ=Europe/Istanbul 00:00-24:00'::business_hours) <> t - interval '1 day') AS wrong, count(*)
FROM generate_series('2015-06-01'::timestamptz, '2016-01-01', '30 min') t
WHERE t < '2015-06-02';
SELECT t, business_add(t, '-1 bd', 'TZ=Europe/Istanbul 00:00-24:00'::business_hours)
FROM (SELECT to_at + d * interval '30 min' AS t FROM sla.cache_stats(), generate_series(-3, 1) d WHERE hours = 'TZ=Europe/Istanbul 00:00-24:00') x ORDER BY t;
-- monotone in days where a night overlaps the next date's own hours
SELECT day, t, u, u >= lag(u, 1, '-infinity') OVER (PARTITION BY day ORDER BY t) AS monotone
FROM (SELECT day, t, business_add(t, make_business_interval(days => day), 'TZ=UTC We-Sa 15:00-09:30,06:00-31:30'::business_hours) AS u
	  FROM unnest('{1,-1}'::int[]) day, generate_series('2026-11-22 00:00'::timestamptz, '2026-11-25 08:00', '4 hours') t) x ORDER BY 1, 2;
-- what compiling needed is given back; names that do not exist count, too
SELECT business_seconds('1810-01-01', '2490-01-01', 'TZ=Europe/Berlin 01:00-02:00,03:00-04:00,05:00-06:00,07:00-08:00,10:00-11:00'::business_hours) > 0 AS compiled;
SELECT sum(total_bytes) < 1024 * 1024 AS given_back FROM pg_backend_memory_contexts WHERE name = 'sla_tracker compiler';
SET sla_tracker.calendar_cache = '1MB';
DO $$
BEGIN
	FOR i IN 1 .. 20000 LOOP
		BEGIN
			PERFORM is_open('2026-11-20', 'no such calendar ' || i);
		EXCEPTION WHEN undefined_object THEN
			NULL;
		END;
	END LOOP;
END
$$;
SELECT sum(total_bytes) < 4 * 1024 * 1024 AS bounded FROM pg_backend_memory_contexts WHERE name = 'sla_tracker calendar names';
RESET sla_tracker.calendar_cache;
-- cancelled in the middle of a compilation: the next call answers
SET statement_timeout = '20ms';
DO $$
BEGIN
	FOR i IN 0 .. 59 LOOP
		PERFORM business_seconds('1810-01-01', '2490-01-01', format('TZ=Europe/Berlin 01:00-02:00,03:00-04:%s,05:00-06:00', to_char(i, 'FM00'))::business_hours);
	END LOOP;
	RAISE NOTICE 'not cancelled';
EXCEPTION WHEN query_canceled THEN
	NULL;
END
$$;
RESET statement_timeout;
SELECT business_seconds('2026-01-01', '2026-01-02', 'TZ=Europe/Berlin 01:00-02:00,03:00-04:00,05:00-06:00'::business_hours) / 3600 AS three;

-- what is out of range is so whether or not a compiled window reaches there
SELECT is_open('1800-01-02', 'TZ=UTC 24/7'::business_hours);
SELECT is_open('1800-01-04', 'TZ=UTC 24/7'::business_hours);
SELECT is_open('1800-01-02', 'TZ=UTC 24/7'::business_hours);

-- a window that includes its last instant has it, as rows and as a multirange
SELECT during, range_agg(span) = open_ranges(during, h) AS equal, count(*) AS spans
FROM (VALUES ('TZ=UTC 24/7'::business_hours), ('TZ=UTC Mo-Fr 09:00-17:00')) AS hours (h),
	unnest('{"[2026-12-22,2026-12-24]","[2026-12-22,2026-12-22]","(2026-12-22 09:00,2026-12-22 17:00]","[2026-12-22 08:00,2026-12-22 09:00]"}'::tstzrange[]) AS during,
	LATERAL open_spans(during, h)
GROUP BY during, h ORDER BY h, during;
