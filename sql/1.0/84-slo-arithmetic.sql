--
-- The arithmetic of service levels
--
-- Amounts, "good" of a "total", are of any one unit: events, slices of time, or
-- seconds.  Percentages are 0 to 100.
--

CREATE FUNCTION sla.sli_percent(good double precision, total double precision)
RETURNS double precision
AS 'MODULE_PATHNAME', 'sla_sli_percent'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.sli_percent(double precision, double precision) IS
'the indicator: the percentage of the total that is good; NULL of nothing';

CREATE FUNCTION sla.error_budget(total double precision, target_percent double precision)
RETURNS double precision
AS 'MODULE_PATHNAME', 'sla_error_budget'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.error_budget(double precision, double precision) IS
'how much of a total may be bad: of events, of slices, or of seconds (the allowed downtime)';

CREATE FUNCTION sla.budget_remaining(good double precision, total double precision, target_percent double precision)
RETURNS double precision
AS 'MODULE_PATHNAME', 'sla_budget_remaining'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.budget_remaining(double precision, double precision, double precision) IS
'the error budget less what was bad; negative when it is overspent';

CREATE FUNCTION sla.budget_consumed_percent(good double precision, total double precision, target_percent double precision)
RETURNS double precision
AS 'MODULE_PATHNAME', 'sla_budget_consumed_percent'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.budget_consumed_percent(double precision, double precision, double precision) IS
'the percentage of the error budget that is used up, above 100 when it is overspent; NULL of nothing, infinite where the target leaves none';

CREATE FUNCTION sla.burn_rate(good double precision, total double precision, target_percent double precision)
RETURNS double precision
AS 'MODULE_PATHNAME', 'sla_burn_rate'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.burn_rate(double precision, double precision, double precision) IS
'how many times faster than allowed the error budget is used up; NULL of nothing, infinite where the target leaves none';

CREATE FUNCTION sla.max_burn_rate(target_percent double precision)
RETURNS double precision
AS 'MODULE_PATHNAME', 'sla_max_burn_rate'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.max_burn_rate(double precision) IS
'the burn rate when everything is bad';

CREATE FUNCTION sla.is_met(good double precision, total double precision, target_percent double precision)
RETURNS boolean
AS 'MODULE_PATHNAME', 'sla_is_met'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.is_met(double precision, double precision, double precision) IS
'is the target reached; NULL of nothing';

CREATE FUNCTION sla.alert_factor(budget_percent double precision, window_seconds double precision, long_seconds double precision)
RETURNS double precision
AS 'MODULE_PATHNAME', 'sla_alert_factor'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.alert_factor(double precision, double precision, double precision) IS
'the burn rate that uses up such a percentage of an objective''s error budget within the long window of a rule';

CREATE FUNCTION sla.can_fire(factor double precision, target_percent double precision)
RETURNS boolean
AS 'MODULE_PATHNAME', 'sla_can_fire'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.can_fire(double precision, double precision) IS
'can a burn rate ever reach this factor';

CREATE FUNCTION sla.fires(burn_rate double precision, factor double precision)
RETURNS boolean
AS 'MODULE_PATHNAME', 'sla_fires'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.fires(double precision, double precision) IS
'is a burn rate above the factor of a rule';

CREATE FUNCTION sla.alert_percent(factor double precision, target_percent double precision)
RETURNS double precision
AS 'MODULE_PATHNAME', 'sla_alert_percent'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.alert_percent(double precision, double precision) IS
'the percentage of bad events at which a rule of this factor fires';

CREATE FUNCTION sla.budget_burnt_percent(burn_rate double precision, lasting_seconds double precision, window_seconds double precision)
RETURNS double precision
AS 'MODULE_PATHNAME', 'sla_budget_burnt_percent'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.budget_burnt_percent(double precision, double precision, double precision) IS
'the percentage of the error budget that a burn rate uses up in a time';

CREATE FUNCTION sla.exhaustion_seconds(remaining_percent double precision, burn_rate double precision, window_seconds double precision)
RETURNS double precision
AS 'MODULE_PATHNAME', 'sla_exhaustion_seconds'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.exhaustion_seconds(double precision, double precision, double precision) IS
'the time until no error budget remains; NULL when that is past, or never comes';

CREATE FUNCTION sla.alert_detection(factor double precision, target_percent double precision, window_seconds double precision, error_percent double precision,
	OUT fires_seconds double precision, OUT ends_seconds double precision)
AS 'MODULE_PATHNAME', 'sla_alert_detection'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.alert_detection(double precision, double precision, double precision, double precision) IS
'how long after a failure of such a percentage begins a rule of one window fires, and how long after its end that ceases; NULL: never';

CREATE FUNCTION sla.scaled_rules(window_seconds double precision,
	OUT severity text, OUT factor double precision, OUT long_seconds double precision, OUT short_seconds double precision,
	OUT hold_seconds double precision)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sla_scaled_rules'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 4;
COMMENT ON FUNCTION sla.scaled_rules(double precision) IS
'burn rules that are usual for 28 days, their windows scaled to those of an objective';

CREATE FUNCTION sla.slo_state(sli_percent double precision, target_percent double precision, remaining double precision)
RETURNS text
AS 'MODULE_PATHNAME', 'sla_slo_state'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION sla.slo_state(double precision, double precision, double precision) IS
'no_data, healthy (the target is reached), degrading (it is not, but some budget remains) or violated';

CREATE FUNCTION sla.coverage_percent(observed double precision, expected double precision)
RETURNS double precision
AS 'MODULE_PATHNAME', 'sla_coverage_percent'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.coverage_percent(double precision, double precision) IS
'the percentage of what was expected that was observed; 0 when nothing was expected';

CREATE FUNCTION sla.observation(observed double precision, expected double precision, total double precision, is_stale boolean, floor_percent double precision)
RETURNS text
AS 'MODULE_PATHNAME', 'sla_observation'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.observation(double precision, double precision, double precision, boolean, double precision) IS
'what is to be thought of a measurement: stale, below_coverage, zero_total, or observed';

CREATE FUNCTION sla.slice_percents(good double precision[], total double precision[], target_percent double precision, empty text DEFAULT 'exclude',
	OUT occurrences_percent double precision, OUT slices_percent double precision, OUT ratio_percent double precision)
AS 'MODULE_PATHNAME', 'sla_slice_percents'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.slice_percents(double precision[], double precision[], double precision, text) IS
'slices of time measured in three ways: all their events together, the slices that reach the target, and the mean of their percentages; an empty one counts as exclude, good or bad says';

CREATE FUNCTION sla.weighted_percent(percents double precision[], weights double precision[])
RETURNS double precision
AS 'MODULE_PATHNAME', 'sla_weighted_percent'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.weighted_percent(double precision[], double precision[]) IS
'a composite: the weighted mean of those that are not NULL';

CREATE FUNCTION sla.added_percent(percents double precision[], weights double precision[])
RETURNS double precision
AS 'MODULE_PATHNAME', 'sla_added_percent'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.added_percent(double precision[], double precision[]) IS
'a composite: 100 less all that its members lack';

CREATE FUNCTION sla.credit_percent(percent double precision, below double precision[], credits double precision[])
RETURNS double precision
AS 'MODULE_PATHNAME', 'sla_credit_percent'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.credit_percent(double precision, double precision[], double precision[]) IS
'the service credit: that of the lowest tier, below such a percentage, that is reached; 0 when none is';

/*
 * Windows.  A unit is week (from Monday), month, quarter or year; from an anchor,
 * a date, it is counted in such units from there: a year from 2026-04-01, a month
 * from the 15th.  A window begins and ends with a local day.
 */
-- (Not immutable: planned with the unit as a constant it would be called then.)
CREATE FUNCTION sla.refuse_window_unit(unit text)
RETURNS timestamp
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'unknown window of the calendar: "%"', unit
		USING ERRCODE = 'invalid_parameter_value', HINT = 'Windows are week, month, quarter and year.';
END
$$;
COMMENT ON FUNCTION sla.refuse_window_unit(text) IS 'private: an error that names what is no window of the calendar';

CREATE FUNCTION sla.calendar_window(unit text, anchor date, time_zone text, at timestamptz,
	OUT from_at timestamptz, OUT to_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT sla.day_begins(time_zone, f.start), sla.day_begins(time_zone, f.next)
	FROM (
		-- the day of the instant, its distance from the anchor, in days or in months
		SELECT pg_catalog.timezone(time_zone, at)::date AS day,
			coalesce(anchor, CASE unit WHEN 'week' THEN date '2001-01-01' ELSE date '2000-01-01' END) AS anchor,
			CASE unit WHEN 'month' THEN 1 WHEN 'quarter' THEN 3 WHEN 'year' THEN 12 END AS months
	) AS d
	CROSS JOIN LATERAL (
		SELECT pg_catalog.floor((
			-- (there is no year 0)
			12 * (extract(year FROM d.day) + (d.day < '0001-01-01')::integer
				- extract(year FROM d.anchor) - (d.anchor < '0001-01-01')::integer)
				+ extract(month FROM d.day) - extract(month FROM d.anchor)) / d.months)::integer AS n
	) AS guess
	CROSS JOIN LATERAL (
		SELECT d.anchor + weeks.n * 7 AS start, d.anchor + weeks.n * 7 + 7 AS next
		FROM (SELECT pg_catalog.floor((d.day - d.anchor) / 7.0)::integer) AS weeks (n)
		WHERE unit = 'week'
		UNION ALL
		SELECT d.anchor + pg_catalog.make_interval(months => (guess.n + k.k) * d.months),
			d.anchor + pg_catalog.make_interval(months => (guess.n + k.k + 1) * d.months)
		FROM pg_catalog.generate_series(-1, 1) AS k (k)
		WHERE unit IN ('month', 'quarter', 'year')
		UNION ALL
		SELECT sla.refuse_window_unit(unit), NULL
		WHERE unit NOT IN ('week', 'month', 'quarter', 'year')
	) AS f
	WHERE d.day >= f.start AND d.day < f.next;
END;
COMMENT ON FUNCTION sla.calendar_window(text, date, text, timestamptz) IS
'the week, month, quarter or year of a time zone that holds an instant; counted from an anchor when one is given';
