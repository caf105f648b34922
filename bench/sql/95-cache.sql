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
