-- Section "compiling and memory".  A session of its own; :psql is the program.
INSERT INTO bench.figure (section, label, value, unit, goal)
SELECT 'compiling and memory', what, percentile_cont(0.5) WITHIN GROUP (ORDER BY us), 'us',
       CASE what WHEN 'first + business_interval of a session' THEN 1500 END
FROM bench.first_use
GROUP BY what ORDER BY array_position(ARRAY['first + interval of a session', 'first + business_interval of a session',
    'first use of one more calendar', 'first use of one more, in another zone', 'first use of one more, over thirty years'], what);

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
CREATE TEMP TABLE stats AS SELECT * FROM sla.cache_stats();
SELECT bench.cache_memory() AS memory_after \gset
\set output `:psql -X -q -v ON_ERROR_STOP=1 -c "UPDATE sla.holiday SET day = day + 400 WHERE calendar = 'cal_0500' AND day = (SELECT max(day) FROM sla.holiday WHERE calendar = 'cal_0500')"`
SELECT pg_temp.scan() AS after \gset
CREATE TEMP TABLE stats_after AS SELECT * FROM sla.cache_stats();
INSERT INTO bench.figure (section, label, value, unit, goal)
SELECT 'compiling and memory', x.*
FROM (SELECT sum(compilations)::float8 / count(*) AS compilations, avg(bytes) / 1024.0 AS kib FROM stats) s,
     (SELECT count(*)::float8 AS changed FROM stats_after a LEFT JOIN stats b USING (hours)
      WHERE a.compilations <> coalesce(b.compilations, 0)) c,
     LATERAL (VALUES
        ('meeting 1,000 calendars in a scan of ten years', (:cold - :warm) / 1000, 'us each', NULL::float8),
        ('compilations in it', compilations, 'each', NULL),
        ('memory of their timelines', kib, 'KiB each', NULL),
        ('memory of all contexts', (:memory_after - :memory_before) / 1000, 'KiB each', NULL),
        ('memory of the session', :memory_after / 1024, 'MiB', NULL),
        ('calendars compiled again after one of 1,000 was edited', changed, '', 1),
        ('looking at 1,000 names again after it', greatest(:after - :warm, 0) / 1000, 'us each', NULL)) x;
INSERT INTO bench.checked SELECT 'the edited calendar is compiled again', 1, (changed = 0)::int
FROM (SELECT count(*) AS changed FROM stats_after a LEFT JOIN stats b USING (hours)
      WHERE a.compilations <> coalesce(b.compilations, 0)) c;
