-- Objectives over relations and clocks, against plain SQL.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
\set ECHO all
SET extra_float_digits = 0;
SELECT setseed(0.4);
INSERT INTO sla.calendar (name, hours) VALUES ('ob_office', 'TZ=Europe/Berlin Mo-Fr 09:00-17:00');
CREATE TABLE ob_request (id int PRIMARY KEY, at timestamptz, status int, ms float8, region text);
INSERT INTO ob_request
	SELECT i, timestamptz '2026-01-01' + i * interval '13 minutes', CASE WHEN random() < 0.02 THEN 500 ELSE 200 END, 400 * random(), (ARRAY['eu', 'us', NULL])[1 + i % 3]
	FROM generate_series(0, 9999) i;
INSERT INTO ob_request VALUES (10000, NULL, 500, NULL, 'eu');
CREATE TABLE ob_outage (service text, began timestamptz, ended timestamptz, planned bool);
INSERT INTO ob_outage VALUES
	('web', '2026-03-02 10:00', '2026-03-02 11:00', false), ('web', '2026-03-02 10:30', '2026-03-02 11:30', false), -- overlap
	('web', '2026-02-28 23:00', '2026-03-01 01:00', false), -- over the turn of the month
	('web', '2026-03-05 02:00', '2026-03-05 03:00', false), -- at night
	('web', '2026-03-06 02:00', '2026-03-06 12:00', true),
	('web', '2026-03-07 02:00', '2026-03-07 01:00', false), ('none', '2025-11-07 02:00', '2025-11-07 01:00', false), -- none
	('db', '2026-03-10 11:00', NULL, false), ('mail', '2025-12-10 11:00', '2025-12-10 12:00', false);
INSERT INTO sla.objective (name, kind, relation, at, total_when, good_when, value, at_most, at_least, slice, slice_target_percent, target_percent, window_length, window_start, time_zone, calendar, group_by) VALUES
	('rolling', 'event', 'ob_request', 'at', NULL, 'status < 500', NULL, NULL, NULL, NULL, NULL, 98, '28 days', NULL, 'UTC', NULL, NULL),
	('month', 'event', 'ob_request', 'at', 'region IS NOT NULL', 'status < 500', NULL, NULL, NULL, NULL, NULL, 98, 'month', NULL, 'Europe/Berlin', NULL, NULL),
	('office', 'event', 'ob_request', 'at', NULL, 'status < 500', NULL, NULL, NULL, NULL, NULL, 97.5, 'month', NULL, 'Europe/Berlin', 'ob_office', NULL),
	('by_region', 'event', 'ob_request', 'at', NULL, 'status < 500', NULL, NULL, NULL, NULL, NULL, 98, 'week', NULL, 'UTC', NULL, 'region'),
	('fast', 'value', 'ob_request', 'at', NULL, NULL, 'ms', 300, NULL, NULL, NULL, 70, 'quarter', '2026-02-01', 'UTC', NULL, NULL),
	('neither', 'value', 'ob_request', 'at', NULL, NULL, 'ms', 300, 100, NULL, NULL, 70, 'year', NULL, 'UTC', NULL, NULL),
	('hours', 'slice', 'ob_request', 'at', NULL, 'status < 500', NULL, NULL, NULL, '1 hour', 100, 95, 'month', NULL, 'UTC', NULL, NULL),
	('office_hours', 'slice', 'ob_request', 'at', NULL, NULL, 'ms', 300, NULL, '30 min', NULL, 75, '7 days', NULL, 'Europe/Berlin', 'ob_office', NULL);
INSERT INTO sla.objective (name, kind, relation, outage_from, outage_to, total_when, group_by, target_percent, window_length, calendar, valid_from) VALUES
	('up', 'outage', 'ob_outage', 'began', 'ended', NULL, NULL, 99.9, 'month', NULL, '-infinity'),
	('up_office', 'outage', 'ob_outage', 'began', 'ended', 'NOT planned', 'service', 99, 'month', 'ob_office', '-infinity'),
	('up_rolling', 'outage', 'ob_outage', 'began', 'ended', NULL, 'service', 99, '30 days', NULL, '-infinity');
\set at '''2026-03-20 15:00+00'''
SELECT o.name, s.group_value, s.window_from, s.window_until, s.total, s.good, round(s.sli_percent::numeric, 6) AS sli, round(s.budget::numeric, 6) AS budget, round(s.budget_remaining::numeric, 6) AS remaining, round(s.consumed_percent::numeric, 6) AS consumed, s.status
FROM sla.objective o, LATERAL sla.slo_status(o.name, :at) s ORDER BY o.id, s.group_value;
SELECT o.name, s.group_value, round(s.burn_rate::numeric, 6) AS burn, s.window_seconds / 3600 AS hours, round(s.budget_seconds::numeric / 60, 6) AS budget_min, round(s.budget_remaining_seconds::numeric / 60, 6) AS remaining_min, round(s.exhaustion_seconds::numeric / 3600, 6) AS exhaustion_h, round(s.projected_percent::numeric, 6) AS projected, round(s.coverage_percent::numeric, 4) AS coverage
FROM sla.objective o, LATERAL sla.slo_status(o.name, :at) s ORDER BY o.id, s.group_value;

-- the same in plain SQL
CREATE TEMP TABLE counted AS
	SELECT 'rolling' AS name, NULL AS grp, count(*) AS total, count(*) FILTER (WHERE status < 500) AS good FROM ob_request WHERE at >= timestamptz :at - interval '28 days' AND at < :at
	UNION ALL SELECT 'month', NULL, count(*), count(*) FILTER (WHERE status < 500) FROM ob_request WHERE at >= '2026-03-01 00:00 Europe/Berlin' AND at < :at AND region IS NOT NULL
	UNION ALL SELECT 'office', NULL, count(*), count(*) FILTER (WHERE status < 500) FROM ob_request WHERE at >= '2026-03-01 00:00 Europe/Berlin' AND at < :at AND is_open(at, 'ob_office')
	UNION ALL SELECT 'by_region', region, count(*), count(*) FILTER (WHERE status < 500) FROM ob_request WHERE at >= '2026-03-16' AND at < :at GROUP BY region
	UNION ALL SELECT 'fast', NULL, count(*), count(*) FILTER (WHERE ms <= 300) FROM ob_request WHERE at >= '2026-02-01' AND at < :at
	UNION ALL SELECT 'neither', NULL, count(*), count(*) FILTER (WHERE ms BETWEEN 100 AND 300) FROM ob_request WHERE at >= '2026-01-01' AND at < :at
	UNION ALL SELECT 'hours', NULL, count(*), count(*) FILTER (WHERE good) FROM (SELECT date_trunc('hour', at), bool_and(status < 500) AS good FROM ob_request WHERE at >= '2026-03-01' AND at < :at GROUP BY 1) s
	UNION ALL SELECT 'office_hours', NULL, count(*), count(*) FILTER (WHERE good >= 0.75) FROM (SELECT floor(extract(epoch FROM at) / 1800), avg((ms <= 300)::int) AS good FROM ob_request WHERE at >= timestamptz :at - interval '7 days' AND at < :at AND is_open(at, 'ob_office') GROUP BY 1) s;
SELECT c.* FROM counted c
WHERE NOT EXISTS (SELECT FROM sla.slo_status(c.name, :at) s WHERE s.group_value IS NOT DISTINCT FROM c.grp AND s.total = c.total AND s.good = c.good AND s.bad = c.total - c.good);
SELECT count(*) FROM counted;
-- outages by the minute: down while any of the group's lasts
SELECT u.name, u.service, count(*) AS minutes, count(*) FILTER (WHERE down) AS down
FROM (
	SELECT o.name, g.service, m,
		EXISTS (SELECT FROM ob_outage x WHERE (g.service IS NULL OR x.service = g.service) AND x.began <= m AND m < coalesce(x.ended, 'infinity') AND (o.name <> 'up_office' OR NOT planned)) AS down
	FROM (VALUES ('up', timestamptz '2026-03-01'), ('up_office', '2026-03-01'), ('up_rolling', timestamptz :at - interval '30 days')) o (name, since)
	JOIN (VALUES (NULL), ('web'), ('db'), ('mail')) g (service) ON (g.service IS NULL) = (o.name = 'up')
	CROSS JOIN generate_series(o.since, timestamptz :at - interval '1 minute', interval '1 minute') m
	WHERE o.name <> 'up_office' OR is_open(m, 'ob_office')) u
GROUP BY u.name, u.service
EXCEPT
SELECT v.name, s.group_value, s.total::bigint / 60, s.bad::bigint / 60 FROM (VALUES ('up'), ('up_office'), ('up_rolling')) v (name), LATERAL sla.slo_status(v.name, :at) s;

-- periods: each event is in one of its own, and the sums are right
SELECT o.name, count(*) AS periods, sum(p.total) AS total, sum(p.good) AS good, bool_and(p.is_over = (p.to_at <= :at)) AS over, bool_and(p.is_settled = (p.to_at + interval '5 days' <= :at)) AS settled
FROM sla.objective o, LATERAL sla.slo_periods(o.name, :at) p WHERE o.kind IN ('event', 'value') GROUP BY o.id, o.name ORDER BY o.id;
SELECT count(*), count(*) FILTER (WHERE status < 500) FROM ob_request WHERE at < :at;
SELECT p.period_start, p.group_value, p.from_at, p.to_at, p.total, p.bad, round(p.budget::numeric, 6) AS budget, p.is_met, p.is_over, p.is_settled FROM sla.slo_periods('up_office', :at) p ORDER BY 1, 2;
SELECT p.period_start, p.total, p.bad, round(p.budget::numeric, 6) AS budget, p.is_met FROM sla.slo_periods('hours', :at) p ORDER BY 1;
-- the series ends where the status is
SELECT o.name, s.group_value, count(*) AS days, max(x.total) = sum(s.total) AND max(x.good) = sum(s.good) AS same,
	(array_agg(s.so_far_percent ORDER BY s."time" DESC))[1] IS NOT DISTINCT FROM max(x.sli_percent) AS same_percent
FROM sla.objective o, LATERAL sla.slo_series(o.name, :at) s, LATERAL sla.slo_status(o.name, :at) x
WHERE x.group_value IS NOT DISTINCT FROM s.group_value
GROUP BY o.id, o.name, s.group_value ORDER BY o.id, s.group_value;

-- nothing is nothing
SELECT o.name, s.total, s.sli_percent, s.consumed_percent, s.burn_rate, s.status, s.coverage_percent FROM sla.objective o, LATERAL sla.slo_status(o.name, '2025-06-15') s ORDER BY o.id;
SELECT r.is_built, s.group_value, s.total, s.status FROM sla.rebuild('by_region') r, LATERAL sla.slo_status('by_region', '2020-01-01') s;
SELECT * FROM sla.slo_status('there is none', :at);
-- a burn-down ends where the status is
SELECT o.name, s.group_value, round(s.consumed_percent::numeric, 6) AS consumed, round(100 - d.budget_remaining_percent::numeric, 6) AS by_series
FROM sla.objective o, LATERAL sla.slo_status(o.name, :at) s,
	LATERAL (SELECT DISTINCT ON (d.group_value) d.* FROM sla.slo_series(o.name, :at) d ORDER BY d.group_value, d."time" DESC) d
WHERE d.group_value IS NOT DISTINCT FROM s.group_value AND abs(s.consumed_percent - 100 + d.budget_remaining_percent) > 1e-9 ORDER BY 1, 2;
-- a slice over the end of a month is cut there, in all reports alike
INSERT INTO sla.objective (name, kind, relation, at, good_when, slice, target_percent, window_length, time_zone)
VALUES ('weeks', 'slice', 'ob_request', 'at', 'status < 500', '7 days', 98, 'month', 'UTC');
SELECT p.period_start, p.total, p.good, s.total AS alone, s.good AS good_alone, p.coverage_percent
FROM sla.slo_periods('weeks', '2026-04-01') p, LATERAL sla.slo_status('weeks', p.to_at - interval '1 us') s WHERE p.period_start >= '2026-01-01' ORDER BY 1;
DELETE FROM sla.objective WHERE name = 'weeks';
-- at its end a window is projected to be what it is, also where slices are empty
INSERT INTO sla.objective (name, kind, relation, at, good_when, slice, target_percent, window_length)
VALUES ('sparse', 'slice', 'ob_request', 'at', 'status < 500', '1 minute', 98, 'week');
SELECT s.coverage_percent < 50 AS is_sparse, abs(s.projected_sli_percent - s.sli_percent) < 0.001 AS same, abs(s.projected_percent - s.consumed_percent) < 0.001 AS same_budget
FROM sla.slo_status('sparse', '2026-03-15 23:59:59.999999+00') s;
DELETE FROM sla.objective WHERE name = 'sparse';
-- the pace is that of open time: on Monday morning that of Friday, not of the night
SELECT w.recent, b.total, b.bad, round(s.burn_rate::numeric, 6) = round((b.bad / b.total / 0.025)::numeric, 6) AS same
FROM sla.slo_status('office', '2026-03-16 07:00+00') s,
	LATERAL (SELECT business_add('2026-03-16 07:00+00', make_business_interval(secs => -business_seconds('2026-03-01 00:00 Europe/Berlin', '2026-04-01 00:00 Europe/Berlin', 'ob_office') / 28), 'ob_office') AS recent) w,
	LATERAL (SELECT count(*)::float8 AS total, (count(*) FILTER (WHERE status >= 500))::float8 AS bad FROM ob_request WHERE at >= w.recent AND at < '2026-03-16 07:00+00' AND is_open(at, 'ob_office')) b;
-- a slice that counts by its share of good events: the mean of the shares
INSERT INTO sla.objective (name, kind, relation, at, good_when, slice, slice_ratio, target_percent, window_length)
VALUES ('shares', 'slice', 'ob_request', 'at', 'status < 500', '6 hours', true, 98, 'month');
SELECT s.total, round(s.good::numeric, 6) AS good, round(s.sli_percent::numeric, 6) AS sli, round(s.budget::numeric, 6) AS budget, round(s.consumed_percent::numeric, 6) AS consumed, s.coverage_percent, s.status FROM sla.slo_status('shares', :at) s;
SELECT round(p.ratio_percent::numeric, 6) AS sli
FROM (SELECT array_agg(good) AS good, array_agg(total) AS total
	FROM (SELECT count(*)::float8 AS total, (count(*) FILTER (WHERE status < 500))::float8 AS good FROM ob_request WHERE at >= '2026-03-01' AND at < :at GROUP BY date_bin('6 hours', at, '2026-03-01')) b) a,
	LATERAL sla.slice_percents(a.good, a.total, 98) p;
SELECT round(p.sli_percent::numeric, 6) AS sli, p.is_met FROM sla.slo_periods('shares', :at) p WHERE p.period_start = '2026-03-01';
DELETE FROM sla.objective WHERE name = 'shares';
SELECT o.name, p.period_start, p.total, p.is_met FROM sla.objective o, LATERAL sla.slo_periods(o.name, '2025-06-15') p WHERE o.name IN ('month', 'up', 'by_region') ORDER BY 1, 2;

-- a target of 100 leaves no budget; one of 0 cannot be missed
INSERT INTO sla.objective (name, relation, at, good_when, target_percent, window_length) VALUES
	('all', 'ob_request', 'at', 'status < 500', 100, 'month'), ('any', 'ob_request', 'at', 'status < 500', 0, 'month');
SELECT v.name, s.total, s.bad, s.budget, s.budget_remaining, s.consumed_percent, s.burn_rate, s.status FROM (VALUES ('all'), ('any')) v (name), LATERAL sla.slo_status(v.name, :at) s;

-- the projection to the window's end: what is, and the pace of the last 28th of the window for the rest of it
CREATE TEMP TABLE projected AS
	SELECT v.name, v.target, v.whole, v.elapsed, 100 * avg(good::int) AS so_far, 100 * avg(good::int) FILTER (WHERE r.at >= date_bin('5 minutes', timestamptz :at - v.whole / 28 * interval '1 s', '2000-01-01 00:00+00')) AS pace, count(*) AS total
	FROM (
		SELECT name, target, from_at, extract(epoch FROM to_at - from_at)::float8 AS whole, extract(epoch FROM timestamptz :at - from_at)::float8 AS elapsed
		FROM (VALUES ('month', 98, timestamptz '2026-03-01 00:00 Europe/Berlin', timestamptz '2026-04-01 00:00 Europe/Berlin'), ('all', 100, '2026-03-01', '2026-04-01'), ('any', 0, '2026-03-01', '2026-04-01')) v (name, target, from_at, to_at)
	) v
	JOIN (SELECT at, status < 500 AS good, region FROM ob_request) r ON r.at >= v.from_at AND r.at < :at AND (v.name <> 'month' OR r.region IS NOT NULL)
	GROUP BY v.name, v.target, v.whole, v.elapsed;
SELECT p.name, round(s.projected_sli_percent::numeric, 6) AS sli, round(s.projected_remaining::numeric, 6) AS remaining,
	abs(s.projected_sli_percent - (so_far * elapsed + pace * (whole - elapsed)) / whole) < 1e-9 AS sli_same,
	abs(s.projected_remaining - (p.total * whole / elapsed * (s.projected_sli_percent - target) / 100)) < 1e-6 AS remaining_same,
	abs(s.projected_percent - (100 - s.projected_sli_percent) / nullif(100 - target, 0) * 100) < 1e-6 AS consistent
FROM projected p, LATERAL sla.slo_status(p.name, :at) s ORDER BY 1;
-- what is exhausted within the window is overspent at its end, and what is not is not
SELECT count(*) AS windows, count(*) FILTER (WHERE s.exhaustion_seconds < extract(epoch FROM s.window_until - a.at)) AS exhausted, count(*) FILTER (WHERE (s.exhaustion_seconds < extract(epoch FROM s.window_until - a.at)) <> (s.projected_percent > 100)) AS contradictory
FROM sla.objective o, generate_series(timestamptz '2026-03-03', '2026-03-29', '7 hours') a (at), LATERAL sla.slo_status(o.name, a.at) s
WHERE o.calendar IS NULL AND s.exhaustion_seconds IS NOT NULL AND s.projected_percent IS NOT NULL;
-- of outages the budget of the whole month is known; of the last 28th of it nothing was down, then half
SELECT round(s.projected_sli_percent::numeric, 6) AS sli, round((100 * (1 - s.bad / (31 * 86400)))::numeric, 6) AS by_hand, s.projected_remaining / 60 AS remaining_min FROM sla.slo_status('up', '2026-03-09 12:00') s;
SELECT round(s.projected_sli_percent::numeric, 6) AS sli, round((100 * (1 - (s.bad + 0.5 * extract(epoch FROM '2026-04-01' - x.at)::float8) / (31 * 86400)))::numeric, 6) AS by_hand
FROM (VALUES (timestamptz '2026-03-10 11:00' + interval '31 days' / 56)) x (at), LATERAL sla.slo_status('up', x.at) s;

-- the worst hours of the week, in local time
SELECT rank, weekday, hour, slot, total, bad, round(bad_percent::numeric, 4) AS share FROM sla.slo_slots('month', '2026-03-10 11:00') WHERE rank <= 3;
SELECT count(*) AS slots, sum(s.total) AS total, sum(s.bad) AS bad, count(*) FILTER (WHERE s.bad <> p.bad OR s.total <> p.total OR p.total IS NULL) AS wrong, round(sum(s.bad_percent)) AS shares
FROM sla.slo_slots('rolling', :at) s
LEFT JOIN (SELECT extract(isodow FROM at) AS weekday, extract(hour FROM at) AS hour, count(*) AS total, count(*) FILTER (WHERE status >= 500) AS bad FROM ob_request WHERE at >= timestamptz :at - interval '28 days' AND at < :at GROUP BY 1, 2) p
	ON p.weekday = s.weekday AND p.hour = s.hour;
SELECT group_value, rank, slot, bad / 60 AS minutes FROM sla.slo_slots('up_office', :at) WHERE bad > 0 AND rank <= 2 ORDER BY 1, 2, weekday, hour;
-- over a change of the clock: the day has 23 hours, or the hour comes twice
CREATE TABLE ob_dst (at timestamptz, ok bool);
INSERT INTO ob_dst SELECT h, extract(hour FROM h AT TIME ZONE 'Europe/Berlin') <> 2 FROM generate_series(timestamptz '2025-10-26 00:00 Europe/Berlin', '2025-10-26 05:00 Europe/Berlin', interval '30 min') h;
INSERT INTO sla.objective (name, relation, at, good_when, target_percent, window_length, time_zone) VALUES ('clock_change', 'ob_dst', 'at', 'ok', 90, 'month', 'Europe/Berlin');
SELECT rank, slot, total, bad FROM sla.slo_slots('clock_change', '2025-10-31') ORDER BY weekday, hour;
-- hours of a rolling window elapse, days are local ones; read by rows, and by the rollup
INSERT INTO ob_dst SELECT m, true FROM generate_series(timestamptz '2026-03-28 00:30', '2026-03-29 04:00', interval '10 min') m;
INSERT INTO sla.objective (name, relation, at, good_when, target_percent, window_length, time_zone) VALUES
	('half_hour', 'ob_dst', 'at', 'true', 90, '30 minutes', 'Europe/Berlin'), ('hour_half', 'ob_dst', 'at', 'true', 90, '90 minutes', 'Europe/Berlin'), ('day_hour', 'ob_dst', 'at', 'true', 90, '1 day 1 hour', 'Europe/Berlin');
CREATE TEMP TABLE ob_short AS
	SELECT name, at, s.window_from, s.total FROM unnest('{half_hour,hour_half,day_hour}'::text[]) name,
		unnest('{2025-10-26 00:30+00,2025-10-26 01:30+00,2026-03-29 01:15+00}'::timestamptz[]) at, LATERAL sla.slo_status(name, at) s;
TABLE ob_short ORDER BY name, at;
SELECT bool_and(r.is_built) AS built FROM unnest('{half_hour,hour_half,day_hour}'::text[]) name, LATERAL sla.rebuild(name) r;
SELECT count(*) AS other FROM ob_short b, LATERAL sla.slo_status(b.name, b.at) s WHERE (s.window_from, s.total) IS DISTINCT FROM (b.window_from, b.total);
DELETE FROM sla.objective WHERE name IN ('half_hour', 'hour_half', 'day_hour');
DROP TABLE ob_short;
-- the day on which midnight comes twice begins with the first one
UPDATE sla.objective SET time_zone = 'Atlantic/Azores' WHERE name = 'clock_change';
SELECT "time" FROM sla.slo_series('clock_change', '2025-10-28') WHERE "time" > '2025-10-25' ORDER BY 1;
-- in zones that have moved by half an hour, and where the clock is changed by that (2026-04-04 15:00 UTC)
TRUNCATE ob_dst;
INSERT INTO ob_dst SELECT at, true FROM unnest('{2026-04-06 03:40+00,2026-04-06 04:20+00,2026-04-04 22:10+00,2026-04-04 22:40+00}'::timestamptz[]) at;
UPDATE sla.objective SET time_zone = 'Asia/Colombo', good_when = 'NOT ok' WHERE name = 'clock_change';
SELECT slot, total, bad FROM sla.slo_slots('clock_change', '2026-04-30') WHERE weekday = 1 ORDER BY hour;
UPDATE sla.objective SET time_zone = 'Australia/Lord_Howe' WHERE name = 'clock_change';
SELECT slot, total, bad FROM sla.slo_slots('clock_change', '2026-04-30') ORDER BY weekday, hour;
DELETE FROM sla.objective WHERE name = 'clock_change';
DROP TABLE ob_dst;

-- where nothing was down, all was up: not a little less or more, whatever the fraction of a second
CREATE TABLE ob_never (began timestamptz);
INSERT INTO sla.objective (name, kind, relation, outage_from, target_percent, window_length) VALUES ('never down', 'outage', 'ob_never', 'began', 100, 'month');
SELECT s.status, s.sli_percent, s.projected_sli_percent, count(*) FROM generate_series(timestamptz '2026-03-20', '2026-03-21', interval '371.123457 s') at, LATERAL sla.slo_status('never down', at) s GROUP BY 1, 2, 3;
DROP TABLE ob_never;
-- what is not a number is within no bounds; by rows, and by the rollup
CREATE TABLE ob_nan (at timestamptz, v float8);
INSERT INTO sla.objective (name, kind, relation, at, value, at_least, at_most, target_percent) VALUES
	('from one', 'value', 'ob_nan', 'at', 'v', 1, NULL, 90), ('up to one', 'value', 'ob_nan', 'at', 'v', NULL, 1, 90);
INSERT INTO ob_nan SELECT '2026-03-09', v FROM unnest('{0,1,Infinity,-Infinity,NaN,NULL}'::float8[]) v;
SELECT name, total, good FROM unnest('{from one,up to one}'::text[]) name, LATERAL sla.slo_status(name, '2026-03-10') ORDER BY 1;
SELECT bool_and(r.is_built) AS built FROM unnest('{from one,up to one}'::text[]) name, LATERAL sla.rebuild(name) r;
INSERT INTO ob_nan SELECT '2026-03-09', v FROM unnest('{0,1,Infinity,-Infinity,NaN,NULL}'::float8[]) v;
SELECT name, total, good FROM unnest('{from one,up to one}'::text[]) name, LATERAL sla.slo_status(name, '2026-03-10') ORDER BY 1;
DROP TABLE ob_nan;

-- versions: each judges from when it came into force
INSERT INTO sla.objective (name, valid_from, relation, at, good_when, target_percent, window_length)
	VALUES ('month', '2026-03-10 12:00', 'ob_request', 'at', 'status < 400', 99, 'month');
SELECT valid_from, window_from, total, good FROM sla.slo_status('month', :at);
SELECT valid_from, window_from, window_until, total, good FROM sla.slo_status('month', '2026-03-10 11:59');
SELECT period_start, valid_from, from_at, to_at, target_percent, total, good FROM sla.slo_periods('month', :at) ORDER BY from_at;
SELECT count(*) FILTER (WHERE region IS NOT NULL AND at < '2026-03-10 12:00' AND at >= '2026-03-01 00:00 Europe/Berlin') AS before, count(*) FILTER (WHERE at >= '2026-03-10 12:00' AND at < :at) AS since FROM ob_request;

-- exceptions take out time: of the objective, of the relation, of everybody; recurring
INSERT INTO sla.exception (kind, objective, during, approved_by, approved_at) VALUES ('maintenance', 'rolling', '[2026-03-02, 2026-03-03)', 'me', now());
INSERT INTO sla.exception (kind, objective, during, rrule, approved_by, approved_at) VALUES ('maintenance', 'rolling', '[2026-02-01 02:00, 2026-02-01 04:00)', 'FREQ=WEEKLY', 'me', now());
INSERT INTO sla.exception (kind, relation, during, approved_by, approved_at) VALUES ('flood', 'ob_request', '[2026-03-04, 2026-03-05)', 'me', now());
INSERT INTO sla.exception (kind, during, approved_by, approved_at) VALUES ('war', '[2026-03-06, 2026-03-07)', 'me', now());
INSERT INTO sla.exception (kind, objective, during) VALUES ('not approved', 'rolling', '[2026-03-08, 2026-03-09)');
INSERT INTO sla.exception (kind, objective, relation, during, approved_by, approved_at) VALUES ('another relation', 'rolling', 'ob_outage', '[2026-03-08, 2026-03-09)', 'me', now());
INSERT INTO sla.exception (kind, relation, metric, during, approved_by, approved_at) VALUES ('of clocks', 'ob_request', 'x', '[2026-03-08, 2026-03-09)', 'me', now());
SELECT s.total, s.good, s.window_seconds / 3600 AS hours FROM sla.slo_status('rolling', :at) s;
SELECT count(*) AS total, count(*) FILTER (WHERE status < 500) AS good FROM ob_request
WHERE at >= timestamptz :at - interval '28 days' AND at < :at AND at::date NOT IN ('2026-03-02', '2026-03-04', '2026-03-06')
	AND NOT (extract(isodow FROM at) = 7 AND at::time >= '02:00' AND at::time < '04:00');
SELECT s.total / 3600 AS hours, s.bad / 3600 AS down FROM sla.slo_status('up', :at) s;
DELETE FROM sla.exception;

-- clocks, by their verdict; of a party; by a label
CREATE TABLE ob_ticket (id int PRIMARY KEY, opened timestamptz, closed timestamptz, customer text, team text);
SELECT sla.track('ob_ticket', party => 'customer', labels => 'jsonb_build_object(''team'', team)');
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at) VALUES ('ob_ticket', 'solve', 'opened', 'closed IS NOT NULL', 'closed');
INSERT INTO sla.policy (relation, name) VALUES ('ob_ticket', 'all');
INSERT INTO sla.target (relation, policy, metric, goal, threshold) VALUES ('ob_ticket', 'all', 'solve', '4 bh @24/7', '5 bh @24/7');
INSERT INTO ob_ticket
	SELECT i, s, CASE WHEN i % 10 > 0 THEN s + i % 60 * interval '6 minutes' END, (ARRAY['acme', 'bcme'])[1 + i % 2], (ARRAY['a', 'b', NULL])[1 + i % 3]
	FROM generate_series(1, 500) i, LATERAL (SELECT timestamptz '2026-02-20' + i * interval '80 minutes') x (s);
INSERT INTO sla.objective (name, kind, relation, metric, target_percent, window_length, party, group_by) VALUES
	('solved', 'clock', 'ob_ticket', 'solve', 80, 'month', NULL, NULL), ('solved_acme', 'clock', 'ob_ticket', 'solve', 80, '7 days', 'acme', NULL), ('solved_team', 'clock', 'ob_ticket', 'solve', 80, 'month', NULL, 'team');
SELECT o.name, s.group_value, s.total, s.good, s.status, s.coverage_percent FROM sla.objective o, LATERAL sla.slo_status(o.name, '2026-03-15') s WHERE o.kind = 'clock' ORDER BY o.id, s.group_value;
SELECT count(*) FILTER (WHERE at >= '2026-03-01') AS total, count(*) FILTER (WHERE kept AND at >= '2026-03-01') AS good,
	count(*) FILTER (WHERE customer = 'acme') AS acme, count(*) FILTER (WHERE kept AND customer = 'acme') AS acme_good
FROM (SELECT *, coalesce(closed <= opened + interval '5 hours', false) AS kept, CASE WHEN closed <= opened + interval '5 hours' THEN closed ELSE opened + interval '5 hours' END AS at FROM ob_ticket) t
WHERE at < '2026-03-15' AND at >= CASE WHEN customer = 'acme' THEN timestamptz '2026-03-01' ELSE '2026-03-01' END;
SELECT count(*) AS acme_week, count(*) FILTER (WHERE kept) AS acme_week_good
FROM (SELECT *, coalesce(closed <= opened + interval '5 hours', false) AS kept, CASE WHEN closed <= opened + interval '5 hours' THEN closed ELSE opened + interval '5 hours' END AS at FROM ob_ticket) t
WHERE at < '2026-03-15' AND at >= '2026-03-08' AND customer = 'acme';

-- a renamed metric is followed, also by the clocks of before
UPDATE sla.metric SET name = 'solve it' WHERE relation = 'ob_ticket'::regclass;
INSERT INTO ob_ticket VALUES (1000, '2026-03-14', '2026-03-14 01:00', 'acme', 'a');
SELECT o.name, o.metric, s.total, s.good FROM sla.objective o, LATERAL sla.slo_status(o.name, '2026-03-15') s WHERE o.name LIKE 'solved%' AND s.group_value IS NULL ORDER BY o.id;

-- whatever can be selected from
CREATE VIEW ob_view AS SELECT at, status FROM ob_request WHERE region = 'eu';
CREATE MATERIALIZED VIEW ob_matview AS SELECT * FROM ob_view;
CREATE TABLE ob_parted (at timestamptz, status int) PARTITION BY RANGE (at);
CREATE TABLE ob_part PARTITION OF ob_parted DEFAULT;
INSERT INTO ob_parted SELECT * FROM ob_view;
INSERT INTO sla.objective (name, relation, at, good_when, target_percent) SELECT 'of ' || r, r::regclass, 'at', 'status < 500', 98 FROM unnest('{ob_view,ob_matview,ob_parted}'::text[]) r;
SELECT o.name, s.total, s.good FROM sla.objective o, LATERAL sla.slo_status(o.name, :at) s WHERE o.name LIKE 'of %' ORDER BY 1;

-- nothing depends on the session's time zone, and of a midnight that comes twice a day begins with the first
CREATE TABLE ob_edge (at timestamptz, ok boolean);
INSERT INTO ob_edge VALUES ('2026-03-28 12:30+00', false), ('2026-03-29 00:00+00', true), ('2025-11-02 04:30+00', true);
INSERT INTO sla.objective (name, relation, at, good_when, target_percent, window_length, time_zone) VALUES
	('edge', 'ob_edge', 'at', 'ok', 50, '28 days', 'UTC'), ('twice', 'ob_edge', 'at', 'ok', 50, '24 hours', 'America/Havana');
SET timezone = 'Europe/Berlin';
SELECT burn_rate, exhaustion_seconds FROM sla.slo_status('edge', '2026-03-29 12:00+00');
SELECT count(*) AS settled FROM sla.slo_periods('edge', '2026-04-06 00:00+00') WHERE is_settled;
SET timezone = 'UTC';
SELECT burn_rate, exhaustion_seconds FROM sla.slo_status('edge', '2026-03-29 12:00+00');
SELECT coverage_percent FROM sla.slo_status('twice', '2025-11-02 05:00+00');
INSERT INTO sla.exception (objective, during, reason, approved_by, approved_at) VALUES ('edge', '[2020-01-01,2020-01-02)', 'so that it is counted the long way', 'me', now());
SET timezone = 'Europe/Berlin';
SELECT burn_rate, exhaustion_seconds FROM sla.slo_status('edge', '2026-03-29 12:00+00');
SET timezone = 'UTC';
-- the budget is all there before anything counts
SELECT "time", total, so_far_percent, budget_remaining_percent FROM sla.slo_series('edge', '2026-03-29 12:00+00') WHERE "time" IN ('2026-03-02', '2026-03-28', '2026-03-29');
DELETE FROM sla.exception WHERE objective = 'edge';
-- a window ends where the next version comes into force, as its period does
INSERT INTO sla.objective (name, valid_from, kind, relation, at, good_when, outage_from, outage_to, slice, target_percent, window_length)
SELECT k.name, v.valid_from, k.kind, 'ob_edge', k.at, k.good_when, k.outage_from, k.outage_to, k.slice, 90, 'month'
FROM (VALUES ('cut event', 'event', 'at', 'ok', NULL, NULL, NULL), ('cut slowly', 'event', 'at', 'ok', NULL, NULL, NULL),
		('cut outage', 'outage', NULL, NULL, 'at', 'at + interval ''12 hours''', NULL), ('cut slice', 'slice', 'at', 'ok', NULL, NULL, interval '1 hour'))
	AS k (name, kind, at, good_when, outage_from, outage_to, slice),
	(VALUES (timestamptz '-infinity'), ('2026-03-30')) AS v (valid_from);
INSERT INTO sla.exception (objective, during, reason, approved_by, approved_at) VALUES ('cut slowly', '[2020-01-01,2020-01-02)', 'so that it is counted the long way', 'me', now());
SELECT o.name, s.window_until, p.to_at = s.window_until AS as_period, s.total, s.budget, s.budget_remaining = p.budget_remaining AS as_period, s.window_seconds / 86400 AS days,
	s.exhaustion_seconds / 86400 AS exhausted_in, s.projected_percent, s.projected_remaining, d.budget_remaining_percent
FROM (SELECT DISTINCT name FROM sla.objective WHERE name LIKE 'cut %') AS o, sla.slo_status(o.name, '2026-03-29 12:00+00') AS s,
	LATERAL (SELECT p.to_at, p.budget_remaining FROM sla.objective_periods(o.name, '2026-03-29 12:00+00', '-infinity') AS p ORDER BY p.from_at DESC LIMIT 1) AS p,
	LATERAL (SELECT d.budget_remaining_percent FROM sla.slo_series(o.name, '2026-03-29 12:00+00') AS d ORDER BY d."time" DESC LIMIT 1) AS d
ORDER BY o.name;
DELETE FROM sla.exception WHERE objective = 'cut slowly';
DELETE FROM sla.objective WHERE name LIKE 'cut %';
-- hours that are alike have one rank, also the one in which the window ends and begins
INSERT INTO sla.objective (name, kind, relation, outage_from, target_percent, window_length) VALUES ('down', 'outage', 'ob_edge', 'at', 90, '14 days');
SELECT rank, count(*) FROM sla.slo_slots('down', '2026-03-29 12:01:01.405897+00') GROUP BY rank;

-- the views are these functions at now()
SELECT count(*) = count(DISTINCT (objective, group_value)) AS one_each FROM sla.report_slo_status;
SELECT count(*) FROM (SELECT objective, total, good, status FROM sla.report_slo_status EXCEPT SELECT o.name, s.total, s.good, s.status FROM (SELECT DISTINCT name FROM sla.objective) o, LATERAL sla.slo_status(o.name, now()) s) x;
SELECT count(*) FROM (SELECT objective, period_start, group_value, total FROM sla.report_slo_period EXCEPT SELECT o.name, s.period_start, s.group_value, s.total FROM (SELECT DISTINCT name FROM sla.objective) o, LATERAL sla.slo_periods(o.name, now()) s) x;
SELECT count(*) FROM (SELECT objective, "time", group_value, total FROM sla.report_slo_series EXCEPT SELECT o.name, s."time", s.group_value, s.total FROM (SELECT DISTINCT name FROM sla.objective) o, LATERAL sla.slo_series(o.name, now()) s) x;
DELETE FROM sla.objective;
SELECT count(*) FROM pg_proc WHERE pronamespace = 'sla'::regnamespace AND proname LIKE 'objective\_%\_at';
SELECT sla.untrack('ob_ticket', false);
DROP TABLE ob_ticket, ob_parted, ob_outage, ob_request, ob_edge CASCADE;
DELETE FROM sla.calendar WHERE name LIKE 'ob\_%';
