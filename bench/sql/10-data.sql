-- Tables: :rows tickets opened over 2020-2029, closed up to 30 days later.
SELECT setseed(0.42) \g /dev/null

CREATE TABLE t (id int8, opened_at timestamptz, closed_at timestamptz);
INSERT INTO t
SELECT id, opened, opened + floor(random() * 30 * 86400e6) * interval '1 microsecond'
FROM (SELECT id, timestamptz '2020-01-01 00:00+00'
                 + floor(random() * 3653 * 86400e6) * interval '1 microsecond' AS opened
      FROM generate_series(1, :rows) id) s;

-- For what walks whole minutes.
CREATE TABLE t_minute (id int8, opened_at timestamptz, closed_at timestamptz);
INSERT INTO t_minute
SELECT id, date_trunc('minute', opened_at), date_trunc('minute', closed_at) FROM t WHERE id <= 200;

-- The holidays of the main calendar: ten a year, on weekdays.
CREATE TABLE bench.holiday (day date PRIMARY KEY);
INSERT INTO bench.holiday
SELECT day FROM (
    SELECT d::date AS day,
           row_number() OVER (PARTITION BY extract(year FROM d) ORDER BY random()) AS n
    FROM generate_series(timestamp '2020-01-01', '2029-12-31', '1 day') d
    WHERE extract(isodow FROM d) < 6) s
WHERE n <= 10;

VACUUM (FREEZE, ANALYZE) t, t_minute, bench.holiday;
