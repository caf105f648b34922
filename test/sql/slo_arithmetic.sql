-- The arithmetic of objectives: indicators, budgets, burn rates, credits.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set check :abs_srcdir '/sql/include/check.sql'
\set ECHO none
\i :setup
\i :check
\set ECHO all
SET extra_float_digits = 0;
-- nothing is NULL, never 0 or 100
INSERT INTO cases (expr, want) VALUES
	('sla.sli_percent(0, 0)', 'NULL'),
	('sla.sli_percent(0, 5)', '0'),
	('sla.sli_percent(5, 5)', '100'),
	('sla.sli_percent(990, 1000)', '99'),
	('sla.sli_percent(NULL, 1)', 'NULL'),
	('sla.burn_rate(0, 0, 99)', 'NULL'),
	('sla.budget_consumed_percent(0, 0, 99)', 'NULL'),
	('sla.is_met(0, 0, 99)', 'NULL'),
	('sla.error_budget(0, 99)', '0'),
	('sla.budget_remaining(0, 0, 99)', '0'),
	('sla.slo_state(NULL, 99, NULL)', 'no_data'),
	('sla.weighted_percent(''{NULL,NULL}'', ''{1,2}'')', 'NULL'),
	('sla.added_percent(''{}'', ''{}'')', 'NULL');
SELECT * FROM run();
-- budgets in events and in minutes, signed
INSERT INTO cases (expr, want) VALUES
	('sla.error_budget(1000000, 99.9)', '1000'),
	('sla.error_budget(30 * 1440, 99.9)', '43.2'),
	('sla.error_budget(1000, 100)', '0'),
	('sla.budget_remaining(998, 1000, 99.9)', '-1'),
	('sla.budget_remaining(1000, 1000, 99.9)', '1'),
	('sla.budget_consumed_percent(998, 1000, 99.9)', '200'),
	('sla.burn_rate(998, 1000, 99.9)', '2'),
	('sla.burn_rate(1000, 1000, 100)', '0'),
	('sla.burn_rate(999, 1000, 100)', 'Infinity'),
	('sla.is_met(999, 1000, 99.9)', 'true'),
	('sla.is_met(998, 1000, 99.9)', 'false'),
	('sla.slo_state(99.9, 99.9, 0)', 'healthy'),
	('sla.slo_state(99, 99.9, 3)', 'degrading'),
	('sla.slo_state(99, 99.9, -3)', 'violated');
SELECT * FROM run();
-- alerts: the factors of 30 days are 14.4, 6, 3 and 1
INSERT INTO cases (expr, want) VALUES
	('sla.alert_factor(2, 30 * 86400, 3600)', '14.4'),
	('sla.alert_factor(5, 30 * 86400, 6 * 3600)', '6'),
	('sla.alert_factor(10, 30 * 86400, 86400)', '3'),
	('sla.alert_factor(10, 30 * 86400, 3 * 86400)', '1'),
	('sla.max_burn_rate(95)', '20'),
	('sla.max_burn_rate(100)', 'Infinity'),
	('sla.can_fire(14.4, 95)', 'true'),
	('sla.can_fire(14.4, 90)', 'false'),
	('sla.fires(14.4, 14.4)', 'false'),
	('sla.fires(14.5, 14.4)', 'true'),
	('sla.fires(''Infinity'', 14.4)', 'true'),
	('sla.alert_percent(14.4, 99.9)', '1.44'),
	('sla.budget_burnt_percent(14.4, 3600, 30 * 86400)', '2'),
	('sla.exhaustion_seconds(50, 2, 28 * 86400) / 86400', '7'),
	('sla.exhaustion_seconds(50, 0, 28 * 86400)', 'NULL'),
	('sla.exhaustion_seconds(-1, 2, 28 * 86400)', 'NULL'),
	('sla.alert_detection(36, 99.9, 3600, 100)', '(129.6,3470.4)'),
	('sla.alert_detection(36, 99.9, 3600, 1)', '(,)');
SELECT * FROM run();
SELECT * FROM sla.scaled_rules(28 * 86400);
SELECT * FROM sla.scaled_rules(7 * 86400);
-- slices, composites, coverage, credits
INSERT INTO cases (expr, want) VALUES
	('sla.slice_percents(''{95,94,100,0}'', ''{100,100,100,0}'', 95)', '(96.3333333333333,66.6666666666667,96.3333333333333)'),
	('sla.slice_percents(''{95,94,100,0}'', ''{100,100,100,0}'', 95, ''good'')', '(96.3333333333333,75,97.25)'),
	('sla.slice_percents(''{95,94,100,0}'', ''{100,100,100,0}'', 95, ''bad'')', '(96.3333333333333,50,72.25)'),
	('sla.slice_percents(''{}'', ''{}'', 95, ''good'')', '(,,)'),
	('sla.slice_percents(''{1}'', ''{1,2}'', 95)', 'ERROR 2202E'),
	('sla.slice_percents(''{3}'', ''{2}'', 95)', 'ERROR 22003'),
	('sla.slice_percents(''{3}'', ''{3}'', 95, ''zero'')', 'ERROR 22023'),
	('sla.slice_percents(''{{3}}'', ''{{3}}'', 95)', 'ERROR 2202E'),
	('sla.weighted_percent(''{99.5,NULL,98}'', ''{3,7,1}'')', '99.125'),
	('sla.weighted_percent(''{99.5}'', ''{0}'')', 'NULL'),
	('sla.weighted_percent(''{99.5}'', ''{NULL}'')', 'ERROR 22003'),
	('sla.added_percent(''{95,95}'', ''{1,1}'')', '90'),
	('sla.coverage_percent(3, 4)', '75'),
	('sla.coverage_percent(0, 0)', '0'),
	('sla.observation(80, 100, 7, false, 80)', 'observed'),
	('sla.observation(79, 100, 7, false, 80)', 'below_coverage'),
	('sla.observation(80, 100, 0, false, 80)', 'zero_total'),
	('sla.observation(80, 100, 7, true, 80)', 'stale'),
	('sla.credit_percent(99.95, ''{99.9,99,95}'', ''{10,25,100}'')', '0'),
	('sla.credit_percent(99.9, ''{99.9,99,95}'', ''{10,25,100}'')', '0'),
	('sla.credit_percent(99.89, ''{95,99.9,99}'', ''{100,10,25}'')', '10'),
	('sla.credit_percent(94.9, ''{99.9,99,95}'', ''{10,25,100}'')', '100'),
	('sla.credit_percent(94.9, ''{}'', ''{}'')', '0');
SELECT * FROM run();
-- what is no amount, no percentage
INSERT INTO cases (expr, want) VALUES
	('sla.sli_percent(2, 1)', 'ERROR 22003'),
	('sla.sli_percent(-1, 1)', 'ERROR 22003'),
	('sla.sli_percent(''NaN'', 1)', 'ERROR 22003'),
	('sla.sli_percent(1, ''Infinity'')', 'ERROR 22003'),
	('sla.error_budget(1, 100.1)', 'ERROR 22003'),
	('sla.error_budget(1, -0.1)', 'ERROR 22003'),
	('sla.error_budget(1, ''NaN'')', 'ERROR 22003'),
	('sla.alert_factor(2, 0, 1)', 'ERROR 22003'),
	('sla.alert_factor(2, 1, -1)', 'ERROR 22003'),
	('sla.fires(''NaN'', 1)', 'ERROR 22003'),
	('sla.scaled_rules(0)', 'ERROR 22003'),
	('sla.credit_percent(101, ''{}'', ''{}'')', 'ERROR 22003'),
	('sla.credit_percent(NULL, ''{}'', ''{}'')', 'NULL');
SELECT * FROM run();
SELECT * FROM failure('sla.burn_rate(3, 2, 99)');
SELECT * FROM failure('sla.error_budget(3, 101)');
SELECT * FROM failure('sla.slice_percents(''{3}'', ''{3}'', 95, ''zero'')');
-- windows: weeks, months, quarters and years of a zone, also from an anchor
SELECT unit, anchor, at, w.*
FROM (VALUES
	('week', NULL::date, 'UTC', timestamptz '2026-11-25 12:00'),
	('week', '2026-11-25', 'UTC', '2026-11-24 12:00'),
	('week', NULL, 'America/New_York', '2024-03-10 04:00'),
	('month', NULL, 'Europe/Berlin', '2026-10-31 23:30'),
	('month', NULL, 'Pacific/Kiritimati', '2026-10-31 23:30'),
	('month', '2026-01-15', 'UTC', '2026-03-14 23:59:59.999999'),
	('month', '2026-01-15', 'UTC', '2026-03-15'),
	('month', '2026-01-31', 'UTC', '2026-03-30'),
	('month', '2026-01-31', 'UTC', '2026-02-27'),
	('month', '2030-01-15', 'UTC', '2026-03-14'),
	('quarter', NULL, 'UTC', '2026-11-25'),
	('quarter', '2026-02-01', 'UTC', '2026-11-25'),
	('year', NULL, 'UTC', '2026-11-25'),
	('year', '2026-04-01', 'UTC', '2026-03-31')) v (unit, anchor, zone, at),
	LATERAL sla.calendar_window(unit, anchor, zone, at) w;
-- each instant is in one window, and windows follow upon one another
SELECT unit, anchor, count(*) AS instants,
	count(*) FILTER (WHERE w.from_at <= at AND at < w.to_at AND n.from_at = w.to_at) AS right_ones
FROM unnest('{week,month,quarter,year}'::text[]) unit,
	unnest('{2026-01-31,2024-02-29,2028-12-30}'::date[] || NULL::date) anchor,
	generate_series(timestamptz '2023-12-30', '2028-03-02', '31 hours') at,
	LATERAL sla.calendar_window(unit, anchor, 'America/New_York', at) w,
	LATERAL sla.calendar_window(unit, anchor, 'America/New_York', w.to_at) n
GROUP BY unit, anchor ORDER BY unit, anchor;
-- also where midnight comes twice (to the second of these the clock is put back), or not at all
SELECT zone, unit, w.*, p.to_at = w.from_at AS follows
FROM (VALUES
	('month', NULL::date, 'America/Havana', timestamptz '2020-11-01 04:30'),
	('month', NULL, 'America/Havana', '2020-11-01 05:30'),
	('week', '2001-01-07', 'Atlantic/Azores', '2025-10-26 00:30'),
	('week', '2001-01-05', 'Africa/Cairo', '2025-04-24 22:30'),
	('week', '2001-01-06', 'Pacific/Apia', '2011-12-30 10:30')) v (unit, anchor, zone, at),
	LATERAL sla.calendar_window(unit, anchor, zone, at) w,
	LATERAL sla.calendar_window(unit, anchor, zone, w.from_at - interval '1 us') p;
-- before Christ, too: there is no year 0
SELECT unit, w.* FROM unnest('{week,month,quarter,year}'::text[]) unit, unnest('{0001-01-01 00:00+00,0001-12-31 00:00+00 BC,0005-02-29 12:00+00 BC}'::timestamptz[]) at,
	LATERAL sla.calendar_window(unit, NULL, 'UTC', at) w ORDER BY at, w.to_at;
SELECT unit, w.* FROM unnest('{month,quarter,year}'::text[]) unit, LATERAL sla.calendar_window(unit, '0001-01-31 BC', 'UTC', '2026-11-26') w ORDER BY w.to_at;
DROP SCHEMA test CASCADE;
