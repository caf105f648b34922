-- Section "input and output": COPY of a column to a file and back.
-- :dir is a directory that the server may write.
CREATE TABLE bench.io_interval (v interval);
CREATE TABLE bench.io_business_interval (v business_interval);
CREATE TABLE bench.io_tstzmultirange (v tstzmultirange);
CREATE TABLE bench.io_business_hours (v business_hours);
INSERT INTO bench.io_interval
SELECT make_interval(days => i % 5, mins => i % 600, secs => i % 7) FROM generate_series(1, :rows) i;
INSERT INTO bench.io_business_interval
SELECT make_business_interval(days => i % 5, mins => i % 600, secs => i % 7,
                              calendar => CASE WHEN i % 2 = 0 THEN 'support' END)
FROM generate_series(1, :rows) i;
-- 54 bytes of text a value
INSERT INTO bench.io_tstzmultirange
SELECT tstzmultirange(tstzrange(opened_at, opened_at + interval '8 hours'))
FROM (SELECT date_trunc('second', opened_at) AS opened_at FROM t) s;
-- 45 to 60 bytes
INSERT INTO bench.io_business_hours
SELECT format('TZ=%s Mo-Fr 0%s:00-12:30,13:00-%s:00; PH off', z.name, i % 10, 14 + i % 11)::business_hours
FROM generate_series(1, :rows) i JOIN bench.zone z ON z.n = i % 20;
SELECT format('CREATE UNLOGGED TABLE bench.%s_in (LIKE bench.%1$s)', x)
FROM unnest(ARRAY['io_interval', 'io_business_interval', 'io_tstzmultirange', 'io_business_hours']) x \gexec
VACUUM (FREEZE, ANALYZE) bench.io_interval, bench.io_business_interval, bench.io_tstzmultirange, bench.io_business_hours;

SELECT format('CALL bench.add_statement(''io'', %L, %L, %s)', 'COPY to a file, ' || x,
              format('COPY bench.io_%s TO %L', x, :'dir' || '/' || x), :rows)
FROM unnest(ARRAY['interval', 'business_interval', 'tstzmultirange', 'business_hours']) x \gexec
SELECT format('CALL bench.add_statement(''io'', %L, %L, %s, %L)', 'COPY from a file, ' || x,
              format('COPY bench.io_%s_in FROM %L', x, :'dir' || '/' || x), :rows,
              format('TRUNCATE bench.io_%s_in', x))
FROM unnest(ARRAY['interval', 'business_interval', 'tstzmultirange', 'business_hours']) x \gexec

INSERT INTO bench.comparison (section, ours, base, goal)
SELECT 'input and output', x.way || y.ours, x.way || y.base, 1.5
FROM (VALUES ('COPY to a file, '), ('COPY from a file, ')) x(way),
     (VALUES ('business_interval', 'interval'), ('business_hours', 'tstzmultirange')) y(ours, base)
ORDER BY y.base, x.way DESC;

CALL bench.measure('io', :rounds);

SELECT format('CALL bench.check_equal(%L, %L, %L)', x || ' comes back from a file',
              format('SELECT row_number() OVER () AS id, v AS answer FROM bench.io_%s', x),
              format('SELECT row_number() OVER () AS id, v AS answer FROM bench.io_%s_in', x))
FROM unnest(ARRAY['business_interval', 'business_hours']) x \gexec
DROP TABLE bench.io_interval, bench.io_business_interval, bench.io_tstzmultirange, bench.io_business_hours,
           bench.io_interval_in, bench.io_business_interval_in, bench.io_tstzmultirange_in, bench.io_business_hours_in;
