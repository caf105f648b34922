-- Section "peers": the same answers without the extension.  Each form runs
-- over a sample that it can do in about a second at most; ours over all of t.

-- A query over each sample that yields (id, answer).
CREATE TABLE bench.peer (
    ord    int GENERATED ALWAYS AS IDENTITY,
    name   text PRIMARY KEY,
    kind   text NOT NULL,           -- which of our answers it must equal
    rows   int NOT NULL,
    goal   float8,                  -- at least so many times ours
    query  text NOT NULL,           -- {sample}: the condition that picks the sample
    exact  bool NOT NULL DEFAULT true
);

-- Ours, by kind: over the table t, or t_minute for what walks minutes.
CREATE TABLE bench.ours (kind text PRIMARY KEY, source text NOT NULL, answer text NOT NULL,
                         timed_as text NOT NULL REFERENCES bench.statement);
CALL bench.add_statement('peers', 'ours, add 8 bh',
    $$SELECT max(opened_at + business_interval '8 bh @support') FROM t$$, :rows);
CALL bench.add_statement('peers', 'ours, add 80 bh',
    $$SELECT max(opened_at + business_interval '80 bh @support') FROM t$$, :rows);
CALL bench.add_statement('peers', 'ours, between',
    $$SELECT max(business_seconds(opened_at, closed_at, 'support')) FROM t$$, :rows);
CALL bench.add_statement('peers', 'ours, between, no holidays',
    $$SELECT max(business_seconds(opened_at, closed_at, 'weekdays')) FROM t$$, :rows);
INSERT INTO bench.ours VALUES
    ('add 8 h',           't',        $$opened_at + business_interval '8 bh @support'$$,     'ours, add 8 bh'),
    ('add 80 h',          't',        $$opened_at + business_interval '80 bh @support'$$,    'ours, add 80 bh'),
    ('between',           't',        $$business_seconds(opened_at, closed_at, 'support')$$, 'ours, between'),
    ('between, weekdays', 't',        $$business_seconds(opened_at, closed_at, 'weekdays')$$, 'ours, between, no holidays'),
    ('add 8 h, minutes',  't_minute', $$opened_at + business_interval '8 bh @support'$$,     'ours, add 8 bh'),
    ('between, minutes',  't_minute', $$business_seconds(opened_at, closed_at, 'support')$$, 'ours, between');

INSERT INTO bench.peer (name, kind, rows, goal, query) VALUES
('PL/pgSQL day loop, add 8 h', 'add 8 h', 20000, 200,
 $$SELECT id, peer.add_day_loop(opened_at, '8 hours') AS answer FROM t WHERE {sample}$$),
('PL/pgSQL day loop, add 80 h', 'add 80 h', 5000, 200,
 $$SELECT id, peer.add_day_loop(opened_at, '80 hours') AS answer FROM t WHERE {sample}$$),
('PL/pgSQL day loop, between', 'between', 5000, 1500,
 $$SELECT id, peer.between_day_loop(opened_at, closed_at) AS answer FROM t WHERE {sample}$$),
('PL/pgSQL minute loop, add 8 h', 'add 8 h, minutes', 100, NULL,
 $$SELECT id, peer.add_minute_loop(opened_at, 480) AS answer FROM t_minute WHERE {sample}$$),
('generate_series of minutes, add 8 h', 'add 8 h, minutes', 100, 200000,
 $$SELECT id, (SELECT m + interval '1 minute'
               FROM generate_series(opened_at, opened_at + interval '21 days', interval '1 minute') m,
                    LATERAL (SELECT m AT TIME ZONE 'Europe/Berlin' AS local) l
               WHERE local::time >= '09:00' AND local::time < '17:00' AND extract(isodow FROM local) < 6
                 AND local::date NOT IN (SELECT day FROM peer.holiday)
               ORDER BY m OFFSET 479 LIMIT 1) AS answer
   FROM t_minute WHERE {sample}$$),
('generate_series of minutes, between', 'between, minutes', 100, 200000,
 $$SELECT id, (SELECT count(*) * 60::float8
               FROM generate_series(opened_at, closed_at - interval '1 minute', interval '1 minute') m,
                    LATERAL (SELECT m AT TIME ZONE 'Europe/Berlin' AS local) l
               WHERE local::time >= '09:00' AND local::time < '17:00' AND extract(isodow FROM local) < 6
                 AND local::date NOT IN (SELECT day FROM peer.holiday)) AS answer
   FROM t_minute WHERE {sample}$$),
('generate_series of days, between', 'between', 5000, NULL,
 $$SELECT id, (SELECT coalesce(sum(extract(epoch FROM least(closed_at, closes) - greatest(opened_at, opens))), 0)::float8
               FROM generate_series((opened_at AT TIME ZONE 'Europe/Berlin')::date::timestamp,
                                    closed_at AT TIME ZONE 'Europe/Berlin', '1 day') d,
                    LATERAL (SELECT (d + interval '9 hours') AT TIME ZONE 'Europe/Berlin' AS opens,
                                    (d + interval '17 hours') AT TIME ZONE 'Europe/Berlin' AS closes) s
               WHERE extract(isodow FROM d) < 6 AND d::date NOT IN (SELECT day FROM peer.holiday)
                 AND least(closed_at, closes) > greatest(opened_at, opens)) AS answer
   FROM t WHERE {sample}$$),
('prefix sums, SQL function, add 8 h', 'add 8 h', 20000, 60,
 $$SELECT id, peer.add_prefix(opened_at, '8 hours') AS answer FROM t WHERE {sample}$$),
('prefix sums, SQL function, between', 'between', 20000, 60,
 $$SELECT id, peer.between_prefix(opened_at, closed_at) AS answer FROM t WHERE {sample}$$),
('prefix sums, LATERAL, add 8 h', 'add 8 h', 100000, 60,
 $$SELECT id, e.opens + (p.target - e.before) AS answer
   FROM t,
        LATERAL (SELECT before + (least(opened_at, closes) - opens) + interval '8 hours' AS target
                 FROM peer.span WHERE opens <= opened_at ORDER BY opens DESC LIMIT 1) p,
        LATERAL (SELECT opens, before FROM peer.span
                 WHERE before < p.target ORDER BY before DESC LIMIT 1) e
   WHERE {sample}$$),
('prefix sums, LATERAL, between', 'between', 100000, 60,
 $$SELECT id, extract(epoch FROM b.open - a.open)::float8 AS answer
   FROM t,
        LATERAL (SELECT before + (least(opened_at, closes) - opens) AS open
                 FROM peer.span WHERE opens <= opened_at ORDER BY opens DESC LIMIT 1) a,
        LATERAL (SELECT before + (least(closed_at, closes) - opens) AS open
                 FROM peer.span WHERE opens <= closed_at ORDER BY opens DESC LIMIT 1) b
   WHERE {sample}$$),
('overlap join, btree, between', 'between', 10000, 60,
 $$SELECT id, coalesce(extract(epoch FROM sum(least(closed_at, closes) - greatest(opened_at, opens))
                                      FILTER (WHERE opens IS NOT NULL)), 0)::float8 AS answer
   FROM t LEFT JOIN peer.span s
     ON s.opens < closed_at AND s.closes > opened_at AND s.opens > opened_at - interval '1 day'
   WHERE {sample} GROUP BY id$$),
('overlap join, LATERAL sum, between', 'between', 10000, 60,
 $$SELECT id, coalesce(extract(epoch FROM open), 0)::float8 AS answer
   FROM t, LATERAL (SELECT sum(least(closed_at, closes) - greatest(opened_at, opens)) AS open FROM peer.span s
                    WHERE s.opens < closed_at AND s.closes > opened_at
                      AND s.opens > opened_at - interval '1 day') s
   WHERE {sample}$$),
('overlap join, GiST, between', 'between', 10000, 60,
 $$SELECT id, coalesce(extract(epoch FROM sum(least(closed_at, closes) - greatest(opened_at, opens))
                                      FILTER (WHERE opens IS NOT NULL)), 0)::float8 AS answer
   FROM t LEFT JOIN peer.span s ON s.span && tstzrange(opened_at, closed_at)
   WHERE {sample} GROUP BY id$$),
('stored multirange *, between', 'between', 200, 600,
 $$SELECT id, (SELECT coalesce(extract(epoch FROM sum(upper(r) - lower(r))), 0)::float8
               FROM unnest(hours * tstzmultirange(tstzrange(opened_at, closed_at))) r) AS answer
   FROM t, peer.timeline WHERE {sample}$$),
('range_agg of the window, then *, between', 'between', 2000, 600,
 $$SELECT id, (SELECT coalesce(extract(epoch FROM sum(upper(r) - lower(r))), 0)::float8
               FROM unnest((SELECT range_agg(span) FROM peer.span
                            WHERE opens < closed_at AND opens > opened_at - interval '1 day')
                           * tstzmultirange(tstzrange(opened_at, closed_at))) r) AS answer
   FROM t WHERE {sample}$$),
('closed form, no holidays, between', 'between, weekdays', 100000, NULL,
 $$SELECT id, round((b.open - a.open) * 1e6) / 1e6 AS answer
   FROM t,
        LATERAL (SELECT opened_at AT TIME ZONE 'Europe/Berlin' AS at) la,
        LATERAL (SELECT la.at::date - date '2001-01-01' AS day) da,
        LATERAL (SELECT (da.day / 7 * 5 + least(da.day % 7, 5)) * 28800
                        + CASE WHEN da.day % 7 < 5
                               THEN extract(epoch FROM least(greatest(la.at::time, '09:00'), '17:00') - time '09:00')::float8
                               ELSE 0 END AS open) a,
        LATERAL (SELECT closed_at AT TIME ZONE 'Europe/Berlin' AS at) lb,
        LATERAL (SELECT lb.at::date - date '2001-01-01' AS day) db,
        LATERAL (SELECT (db.day / 7 * 5 + least(db.day % 7, 5)) * 28800
                        + CASE WHEN db.day % 7 < 5
                               THEN extract(epoch FROM least(greatest(lb.at::time, '09:00'), '17:00') - time '09:00')::float8
                               ELSE 0 END AS open) b
   WHERE {sample}$$);
INSERT INTO bench.peer (name, kind, rows, goal, query, exact) VALUES
('generate_series of hours, between (inexact)', 'between', 500, NULL,
 $$SELECT id, (SELECT count(*) * 3600::float8
               FROM generate_series(opened_at, closed_at - interval '1 microsecond', interval '1 hour') m,
                    LATERAL (SELECT m AT TIME ZONE 'Europe/Berlin' AS local) l
               WHERE local::time >= '09:00' AND local::time < '17:00' AND extract(isodow FROM local) < 6
                 AND local::date NOT IN (SELECT day FROM peer.holiday)) AS answer
   FROM t WHERE {sample}$$, false);

-- orafce counts whole days only and takes at most 50 holidays: without any
-- here.  It has rules of its own for Easter and for a start on a weekend, so
-- that the answers are not compared.  Optional: Debian's postgresql-NN-orafce.
SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'orafce') AS have_orafce \gset
\if :have_orafce
CREATE EXTENSION orafce;
CALL bench.add_statement('peers', 'ours, add_business_days 10',
    $$SELECT max(add_business_days(opened_at::date, 10, 'weekdays')) FROM t$$, :rows);
CALL bench.add_statement('peers', 'ours, business_days_between',
    $$SELECT max(business_days_between(opened_at::date, closed_at::date, 'weekdays')) FROM t$$, :rows);
INSERT INTO bench.ours VALUES
    ('add 10 d',     't', $$add_business_days(opened_at::date, 10, 'weekdays')$$, 'ours, add_business_days 10'),
    ('days between', 't', $$business_days_between(opened_at::date, closed_at::date, 'weekdays')$$, 'ours, business_days_between');
INSERT INTO bench.peer (name, kind, rows, query, exact) VALUES
('orafce, add_bizdays 10', 'add 10 d', 100000,
 $$SELECT id, plvdate.add_bizdays(opened_at::date, 10) AS answer FROM t WHERE {sample}$$, false),
('orafce, bizdays_between', 'days between', 100000,
 $$SELECT id, plvdate.bizdays_between(opened_at::date, closed_at::date) AS answer FROM t WHERE {sample}$$, false);
\endif

UPDATE bench.peer SET rows = greatest(least(rows / :scale, :rows), 20);

DO $$
DECLARE
    p record;
BEGIN
    FOR p IN SELECT x.*, o.source, o.answer, o.timed_as
             FROM bench.peer x JOIN bench.ours o USING (kind) ORDER BY x.ord
    LOOP
        IF p.exact THEN
            CALL bench.check_equal(p.name, replace(p.query, '{sample}', 'id <= ' || p.rows),
                                   format('SELECT id, %s AS answer FROM %I WHERE id <= %s', p.answer, p.source, p.rows));
        END IF;
        CALL bench.add_statement('peers', p.name,
            format('SELECT max(answer) FROM (%s) s', replace(p.query, '{sample}', 'id <= ' || p.rows)), p.rows);
        INSERT INTO bench.comparison (section, ours, base, goal, times)
        VALUES ('peers', p.timed_as, p.name, p.goal, true);
    END LOOP;
END $$;

CALL bench.measure('peers', :rounds);
