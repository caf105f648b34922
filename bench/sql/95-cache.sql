-- Section "compiling and memory".  A session of its own; :psql is the program.
INSERT INTO bench.figure (section, label, value, unit, goal)
SELECT 'compiling and memory', what, percentile_cont(0.5) WITHIN GROUP (ORDER BY us), 'us',
       CASE what WHEN 'first use in a session' THEN 1500 END
FROM bench.first_use
GROUP BY what ORDER BY array_position(ARRAY['built-in + interval', 'first use in a session',
    'first use of one more calendar', 'first use over thirty years'], what);

CREATE FUNCTION bench.cache_memory() RETURNS float8 LANGUAGE sql AS $$
    SELECT coalesce(sum(total_bytes), 0) / 1024.0 FROM pg_backend_memory_contexts WHERE name LIKE 'sla\_tracker%'
$$;

-- Thirty years of each of a hundred calendars, and of the main one first.
SELECT business_seconds(timestamptz '2011-06-01 00:00+00', '2037-06-01 00:00+00', name)
FROM (SELECT name FROM sla.calendar WHERE name = 'support' OR name LIKE 'cal\_00%' ORDER BY name DESC) s \g /dev/null
INSERT INTO bench.figure (section, label, value, unit, goal)
SELECT 'compiling and memory', x.* FROM (
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY compile_microseconds) AS us, avg(bytes) / 1000.0 AS kb,
           max(bytes) / 1000.0 AS most
    FROM sla.cache_stats() WHERE to_at - from_at >= interval '10950 days') s,
    LATERAL (VALUES ('compiling thirty years, median of 101 calendars', us, 'us', 150),
                    ('memory of thirty years, mean', kb, 'kB', 100),
                    ('memory of thirty years, most', most, 'kB', 100)) x(label, value, unit, goal);
INSERT INTO bench.checked
SELECT 'thirty years are compiled at once', count(*), count(*) FILTER (WHERE compilations <> 1)
FROM sla.cache_stats() WHERE to_at - from_at >= interval '10950 days';

-- A session that meets a thousand calendars over ten years of data; then
-- another session edits one of them.
\c -
CREATE TEMP TABLE edited (compilations int8, cold float8, warm float8, after float8);
CREATE FUNCTION pg_temp.scan() RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
    cpu int8 := bench.cpu();
BEGIN
    PERFORM max(opened_at + goal) FROM tc1000;
    RETURN (bench.cpu() - cpu) / 1000.0;
END $$;
SELECT bench.cache_memory() AS memory_before \gset
SELECT pg_temp.scan() AS cold \gset
SELECT pg_temp.scan() AS warm \gset
SELECT sum(compilations) AS compilations, count(*) AS images FROM sla.cache_stats() \gset
SELECT bench.cache_memory() AS memory_after \gset
\set output `:psql -X -q -v ON_ERROR_STOP=1 -c "UPDATE sla.holiday SET day = day + 400 WHERE calendar = 'cal_0500' AND day = (SELECT max(day) FROM sla.holiday WHERE calendar = 'cal_0500')"`
SELECT pg_temp.scan() AS after \gset
SELECT sum(compilations) - :compilations AS recompiled FROM sla.cache_stats() \gset
SELECT sum(compilations) - :compilations AS recompiled FROM sla.cache_stats() \gset
INSERT INTO bench.figure (section, label, value, unit, goal, against, base) VALUES
    ('compiling and memory', 'meeting 1,000 calendars in a scan', (:cold - :warm) / 1000, 'us/calendar', NULL, NULL, NULL),
    ('compiling and memory', 'compilations a calendar in it', :compilations / 1000.0, '', NULL, NULL, NULL),
    ('compiling and memory', 'memory a calendar', (:memory_after - :memory_before) / 1000, 'KiB', NULL, NULL, NULL),
    ('compiling and memory', 'memory of the session', :memory_after, 'KiB', NULL, NULL, NULL),
    ('compiling and memory', 'calendars compiled again after one of 1,000 was edited', :recompiled, '', 3, NULL, NULL),
    ('compiling and memory', 'looking at 1,000 names again after that edit', (:after - :warm) / 1000, 'us/calendar', NULL, NULL, NULL);
