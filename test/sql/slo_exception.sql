-- Time that exceptions take out of objectives, ten minutes by ten minutes against plain SQL.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
\set ECHO all
INSERT INTO sla.calendar (name, hours) VALUES ('ex_office', 'TZ=Europe/Berlin Mo-Fr 09:00-17:00; Sa 10:00-12:00');
-- an event every ten minutes of a year, and an outage of each first half hour of the day
CREATE TABLE ex_event (at timestamptz, ok bool);
INSERT INTO ex_event SELECT m, extract(minute FROM m) > 0 FROM generate_series(timestamptz '2026-01-01', '2026-12-31 23:50', interval '10 minutes') m;
CREATE TABLE ex_outage (began timestamptz, ended timestamptz);
INSERT INTO ex_outage SELECT d, d + interval '30 minutes' FROM generate_series(timestamptz '2026-01-01', '2026-12-31', interval '1 day') d;
INSERT INTO sla.objective (name, relation, at, good_when, target_percent, window_length, time_zone, calendar) VALUES
	('events', 'ex_event', 'at', 'ok', 90, 'month', 'Europe/Berlin', NULL), ('office', 'ex_event', 'at', 'ok', 90, 'month', 'Europe/Berlin', 'ex_office');
INSERT INTO sla.objective (name, kind, relation, at, good_when, slice, target_percent, window_length, time_zone) VALUES ('hours', 'slice', 'ex_event', 'at', 'ok', '1 hour', 90, 'month', 'Europe/Berlin');
INSERT INTO sla.objective (name, kind, relation, outage_from, outage_to, target_percent, window_length, time_zone, calendar) VALUES
	('up', 'outage', 'ex_outage', 'began', 'ended', 90, 'month', 'Europe/Berlin', NULL), ('up_office', 'outage', 'ex_outage', 'began', 'ended', 90, 'month', 'Europe/Berlin', 'ex_office');
-- two that overlap, one within another, one that touches, one that begins before the month and one that never ends; a night that recurs over
-- both changes of the clock, every second Friday evening over midnight, and the last day of each month; and one that is not approved
INSERT INTO sla.exception (kind, during, rrule, approved_by, approved_at) VALUES
	('overlap', '[2026-03-03 10:00, 2026-03-03 14:00)', NULL, 'me', now()), ('overlap', '[2026-03-03 12:30, 2026-03-03 16:10)', NULL, 'me', now()),
	('within', '[2026-03-03 13:00, 2026-03-03 13:30)', NULL, 'me', now()), ('touches', '[2026-03-03 16:10, 2026-03-03 17:00)', NULL, 'me', now()),
	('before', '[2026-02-27 12:00, 2026-03-01 06:00)', NULL, 'me', now()), ('no end', '[2026-11-20,)', NULL, 'me', now()), ('inclusive', '[2026-05-05 10:00, 2026-05-05 11:00]', NULL, 'me', now()),
	('sundays', '[2026-03-01 02:00 Europe/Berlin, 2026-03-01 04:00 Europe/Berlin)', 'FREQ=WEEKLY;BYDAY=SU', 'me', now()),
	('fridays', '[2026-01-02 22:00 Europe/Berlin, 2026-01-03 02:30 Europe/Berlin)', 'FREQ=WEEKLY;INTERVAL=2;COUNT=20', 'me', now()),
	('month ends', '[2026-01-31 00:00 Europe/Berlin, 2026-02-01 00:00 Europe/Berlin)', 'FREQ=MONTHLY;BYMONTHDAY=-1;UNTIL=20260901', 'me', now());
INSERT INTO sla.exception (kind, during) VALUES ('not approved', '[2026-06-01, 2026-07-01)');
-- by ten minutes; local times become instants as those of AT TIME ZONE do
CREATE TEMP TABLE excepted AS
	SELECT m, l.local, bool_or(
		m >= '2026-03-03 10:00' AND m < '2026-03-03 17:00' OR m >= '2026-02-27 12:00' AND m < '2026-03-01 06:00' OR m >= '2026-11-20' OR m >= '2026-05-05 10:00' AND m < '2026-05-05 11:00'
		OR l.local >= '2026-03-01' AND extract(dow FROM l.local) = 0
			AND m >= (date_trunc('day', l.local) + interval '2 hours') AT TIME ZONE 'Europe/Berlin' AND m < (date_trunc('day', l.local) + interval '4 hours') AT TIME ZONE 'Europe/Berlin'
		OR l.local >= '2026-01-02 22:00' AND l.local < timestamp '2026-01-02 22:00' + 20 * interval '14 days' AND (extract(epoch FROM l.local - timestamp '2026-01-02 22:00')::int % (14 * 86400)) < 4.5 * 3600
		OR l.local >= '2026-01-31' AND l.local < '2026-09-01' AND extract(day FROM l.local + interval '1 day') = 1) AS is_out
	FROM generate_series(timestamptz '2026-01-01', '2026-12-31 23:50', interval '10 minutes') m, LATERAL (SELECT m AT TIME ZONE 'Europe/Berlin') l (local)
	GROUP BY 1, 2;
CREATE TEMP TABLE wanted AS
	SELECT o.name, date_trunc('month', e.local)::date AS month, 10 * count(*) FILTER (WHERE NOT is_out) AS minutes,
		10 * count(*) FILTER (WHERE NOT is_out AND extract(hour FROM m) = 0 AND extract(minute FROM m) < 30) AS down,
		count(*) FILTER (WHERE NOT is_out) AS events,
		count(*) FILTER (WHERE NOT is_out AND extract(minute FROM m) > 0) AS good
	FROM excepted e, sla.objective o
	WHERE o.calendar IS NULL OR is_open(e.m, 'ex_office')
	GROUP BY 1, 2;
SELECT p.period_start, p.total, p.good, w.events, w.good AS ok FROM sla.slo_periods('events', '2027-01-01') p JOIN wanted w ON w.name = 'events' AND w.month = p.period_start ORDER BY 1;
SELECT count(*) AS months, count(*) FILTER (WHERE p.total <> w.events OR p.good <> w.good) AS wrong FROM (VALUES ('events'), ('office')) v (name), LATERAL sla.slo_periods(v.name, '2026-11-20') p JOIN wanted w ON w.month = p.period_start WHERE w.name = v.name;
SELECT count(*) AS months, count(*) FILTER (WHERE p.total <> w.minutes * 60 OR p.bad <> w.down * 60) AS wrong FROM (VALUES ('up'), ('up_office')) v (name), LATERAL sla.slo_periods(v.name, '2026-11-20') p JOIN wanted w ON w.month = p.period_start WHERE w.name = v.name AND p.to_at < '2026-11-01' AND w.month > '2026-01-01';
-- a slice that is excepted in part counts by what is left of it, one that is wholly is none
SELECT p.period_start, p.total, p.coverage_percent FROM sla.slo_periods('hours', '2026-05-01') p WHERE period_start >= '2026-03-01' ORDER BY 1;
SELECT date_trunc('month', local)::date AS month, count(*) FROM (SELECT date_trunc('hour', m), min(local) AS local FROM excepted WHERE NOT is_out GROUP BY 1) h WHERE local >= '2026-03-01' AND local < '2026-05-01' GROUP BY 1 ORDER BY 1;
-- where all of a window is excepted nothing counts
SELECT total, sli_percent, window_seconds, consumed_percent, exhaustion_seconds, projected_percent, projected_sli_percent, status FROM sla.slo_status('events', '2026-12-20');
SELECT total, sli_percent, window_seconds, budget, status FROM sla.slo_status('up', '2026-12-20');
-- it is of the status, the series and the alerts too
SELECT s.total = w.total AND s.good = w.good AS same, s.window_seconds / 60 = w.minutes AS whole
FROM sla.slo_status('office', '2026-03-20') s, (SELECT count(*) FILTER (WHERE e.m < '2026-03-20') AS total, count(*) FILTER (WHERE e.m < '2026-03-20' AND extract(minute FROM m) > 0) AS good, 10 * count(*) AS minutes
	FROM excepted e WHERE NOT is_out AND is_open(e.m, 'ex_office') AND local >= '2026-03-01' AND local < '2026-04-01') w;
SELECT sum(total) = (SELECT total FROM sla.slo_status('office', '2026-03-20')) AS same FROM sla.slo_series('office', '2026-03-20');
INSERT INTO sla.burn_rule (objective, name, budget_percent, long_window, short_window) VALUES ('events', 'r', 50, '3 days', '1 hour');
SELECT a.long_total = count(*) AS same FROM sla.slo_alerts('events', '2026-03-04') a, excepted e WHERE NOT is_out AND m >= '2026-03-01' AND m < '2026-03-04' GROUP BY a.long_total;
-- a change of them is seen at once, and an error in one is refused
DELETE FROM sla.exception WHERE kind = 'no end';
SELECT total > 0 AS counts FROM sla.slo_status('events', '2026-12-20');
INSERT INTO sla.exception (kind, during, rrule, approved_by, approved_at) VALUES ('x', '[2026-03-03 10:00, 2026-03-03 14:00)', 'FREQ=SOMETIMES', 'me', now());
INSERT INTO sla.exception (kind, during, rrule, approved_by, approved_at) VALUES ('x', '[2026-03-03 10:00,)', 'FREQ=DAILY', 'me', now());
DELETE FROM sla.exception;
-- a part of the rule that would move the time of day is refused
INSERT INTO sla.exception (kind, during, rrule, approved_by, approved_at) VALUES ('x', '[2026-03-03 10:00, 2026-03-03 14:00)', 'FREQ=DAILY;BYHOUR=22', 'me', now());
-- the first is as it is written, also where a local time is there twice, and counts when the rule does not say it
SELECT x.* FROM sla.occurrences('[2026-10-25 00:30+00, 2026-10-25 01:45+00)', 'FREQ=WEEKLY;COUNT=2', 'Europe/Berlin') x;
SELECT x.* FROM sla.occurrences('[2026-03-04 10:00+00, 2026-03-04 12:00+00)', 'FREQ=WEEKLY;BYDAY=SA;COUNT=3', 'UTC') x;
-- the last occurrence: UNTIL is a date, a local time or an instant, and includes its own
SELECT u.until, count(*), max(x.from_at) AS last
FROM unnest('{20260331,20260401,20260401T215959,20260401T220000,20260401T195959Z,20260401T200000Z,20251231,20260101,99991231,COUNT}'::text[]) WITH ORDINALITY u (until, n),
	LATERAL sla.occurrences('[2026-01-01 22:00 Europe/Berlin, 2026-01-02 02:00 Europe/Berlin)', 'FREQ=DAILY;' || CASE until WHEN 'COUNT' THEN 'COUNT=3' ELSE 'UNTIL=' || until END, 'Europe/Berlin') x
WHERE x.from_at < '2027-01-01'
GROUP BY n, until ORDER BY n;
DROP TABLE ex_event, ex_outage;
DELETE FROM sla.calendar WHERE name = 'ex_office';
