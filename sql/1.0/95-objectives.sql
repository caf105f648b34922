--
-- Objectives: service levels over clocks and over any relation
--

/*
 * Arithmetic.  Amounts, "good" of a "total", are of any one unit: events, slices
 * of time, or seconds.  Percentages are 0 to 100.
 */

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
 * from the 15th.  A window begins and ends at local midnight.
 */
CREATE FUNCTION sla.calendar_window(unit text, anchor date, time_zone text, at timestamptz,
	OUT from_at timestamptz, OUT to_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT pg_catalog.timezone(time_zone, f.start), pg_catalog.timezone(time_zone, f.next)
	FROM (
		-- the day of the instant, its distance from the anchor, in days or in months
		SELECT pg_catalog.timezone(time_zone, at)::date AS day,
			coalesce(anchor, CASE unit WHEN 'week' THEN date '2001-01-01' ELSE date '2000-01-01' END) AS anchor,
			CASE unit WHEN 'month' THEN 1 WHEN 'quarter' THEN 3 WHEN 'year' THEN 12 END AS months
	) AS d
	CROSS JOIN LATERAL (
		SELECT pg_catalog.floor((
			12 * (extract(year FROM d.day) - extract(year FROM d.anchor))
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
	) AS f
	WHERE d.day >= f.start AND d.day < f.next;
END;
COMMENT ON FUNCTION sla.calendar_window(text, date, text, timestamptz) IS
'the week, month, quarter or year of a time zone that holds an instant; counted from an anchor when one is given';

/*
 * Objectives
 *
 * A row is in force until the next of its name, as in the other definitions, and
 * the expressions are kept as theirs are (60-definitions.sql).  They are evaluated
 * as the owner of the relation; who owns it may define.
 */

CREATE TABLE sla.objective (
	name text NOT NULL CHECK (name <> ''),
	valid_from timestamptz NOT NULL DEFAULT '-infinity',
	party text,
	agreement text,
	kind text NOT NULL DEFAULT 'event' CHECK (kind IN ('clock', 'event', 'value', 'outage', 'slice')),
	relation regclass NOT NULL,
	metric text,
	at text,
	total_when text,
	good_when text,
	value text,
	at_most double precision,
	at_least double precision,
	outage_from text,
	outage_to text,
	group_by text,
	target_percent numeric NOT NULL,
	window_length text NOT NULL DEFAULT '28 days',
	window_start date,
	time_zone text NOT NULL DEFAULT 'UTC',
	calendar text,
	slice interval,
	slice_target_percent numeric,
	close_after interval NOT NULL DEFAULT '5 days',
	description text,
	id integer GENERATED BY DEFAULT AS IDENTITY UNIQUE CHECK (id > 0),
	confirmed_by regrole,
	PRIMARY KEY (name, valid_from)
);
COMMENT ON TABLE sla.objective IS 'service level objectives; a row is in force until the next of its name';
COMMENT ON COLUMN sla.objective.name IS 'name of the objective';
COMMENT ON COLUMN sla.objective.valid_from IS 'from when this version is in force: what came before does not count in it';
COMMENT ON COLUMN sla.objective.party IS 'the customer; of clocks only this party''s count';
COMMENT ON COLUMN sla.objective.agreement IS 'name of the party''s agreement that it belongs to';
COMMENT ON COLUMN sla.objective.kind IS
'clock (clocks kept), event (good events of all), value (values within bounds), outage (time without outage) or slice (good slices of time)';
COMMENT ON COLUMN sla.objective.relation IS 'the table or view; of clocks the tracked table';
COMMENT ON COLUMN sla.objective.metric IS 'of clocks: what is measured';
COMMENT ON COLUMN sla.objective.at IS 'expression: when the event was; NULL: it does not count';
COMMENT ON COLUMN sla.objective.total_when IS 'condition: which rows count; by default all';
COMMENT ON COLUMN sla.objective.good_when IS 'condition: which of them are good';
COMMENT ON COLUMN sla.objective.value IS 'expression: a number to be within at_most and at_least; NULL: it does not count';
COMMENT ON COLUMN sla.objective.at_most IS 'a value up to this is good';
COMMENT ON COLUMN sla.objective.at_least IS 'a value from this on is good';
COMMENT ON COLUMN sla.objective.outage_from IS 'expression: when an outage began';
COMMENT ON COLUMN sla.objective.outage_to IS 'expression: when it ended; NULL while it lasts. One that ends before it begins is none';
COMMENT ON COLUMN sla.objective.group_by IS 'expression: the indicator is of each of its values; of clocks the name of a label';
COMMENT ON COLUMN sla.objective.target_percent IS 'what is promised, 0 to 100';
COMMENT ON COLUMN sla.objective.window_length IS
'an interval, such as 28 days, which ends now (rolling); or a week, month, quarter or year of the calendar';
COMMENT ON COLUMN sla.objective.window_start IS 'a day on which a week, month, quarter or year begins';
COMMENT ON COLUMN sla.objective.time_zone IS 'expressions are evaluated under it, and windows and days begin in it';
COMMENT ON COLUMN sla.objective.calendar IS 'only its open time counts: in windows, slices and the budget';
COMMENT ON COLUMN sla.objective.slice IS 'the length of a slice: less than a day, or whole days';
COMMENT ON COLUMN sla.objective.slice_target_percent IS 'a slice is good from this percentage of good events on; by default the target';
COMMENT ON COLUMN sla.objective.close_after IS 'how long after its end a period may still change';
COMMENT ON COLUMN sla.objective.description IS 'free text';
COMMENT ON COLUMN sla.objective.id IS 'number in the names of the functions that hold the expressions';
COMMENT ON COLUMN sla.objective.confirmed_by IS 'the owner of the relation for whom the definition holds; set by the extension';

ALTER TABLE sla.objective ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON sla.objective USING (sla.may_define(relation));
COMMENT ON POLICY owner ON sla.objective IS 'who owns the relation';
GRANT SELECT, INSERT, UPDATE, DELETE ON sla.objective TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('sla.objective', '');
SELECT pg_catalog.pg_extension_config_dump('sla.objective_id_seq', '');

CREATE FUNCTION sla.is_calendar_window(window_length text)
RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN window_length IN ('week', 'month', 'quarter', 'year');
COMMENT ON FUNCTION sla.is_calendar_window(text) IS 'private: is this length of a window one of the calendar, not a rolling one?';

CREATE FUNCTION sla.check_objective()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	given text[] := array_remove(ARRAY[
		CASE WHEN NEW.metric IS NOT NULL THEN 'metric' END,
		CASE WHEN NEW.at IS NOT NULL THEN 'at' END,
		CASE WHEN NEW.total_when IS NOT NULL THEN 'total_when' END,
		CASE WHEN NEW.good_when IS NOT NULL THEN 'good_when' END,
		CASE WHEN NEW.value IS NOT NULL THEN 'value' END,
		CASE WHEN NEW.at_most IS NOT NULL OR NEW.at_least IS NOT NULL THEN 'at_most or at_least' END,
		CASE WHEN NEW.outage_from IS NOT NULL THEN 'outage_from' END,
		CASE WHEN NEW.outage_to IS NOT NULL THEN 'outage_to' END,
		CASE WHEN NEW.slice IS NOT NULL THEN 'slice' END,
		CASE WHEN NEW.slice_target_percent IS NOT NULL THEN 'slice_target_percent' END], NULL);
	by_value boolean := NEW.kind = 'value' OR NEW.kind = 'slice' AND NEW.value IS NOT NULL;
	wanted text[] := CASE
		WHEN NEW.kind = 'clock' THEN '{metric}'
		WHEN NEW.kind = 'event' THEN '{at,good_when}'
		WHEN NEW.kind = 'outage' THEN '{outage_from}'
		WHEN NEW.kind = 'value' THEN '{at,value,"at_most or at_least"}'
		WHEN by_value THEN '{at,value,"at_most or at_least",slice}'
		ELSE '{at,good_when,slice}'
	END::text[];
	allowed text[] := wanted || CASE NEW.kind
		WHEN 'clock' THEN '{}'
		WHEN 'outage' THEN '{total_when,outage_to}'
		WHEN 'slice' THEN '{total_when,slice_target_percent}'
		ELSE '{total_when}'
	END::text[];
	bad text;
	length interval;
BEGIN
	IF NEW.kind NOT IN ('clock', 'event', 'value', 'outage', 'slice') THEN
		RETURN NEW;				-- a constraint refuses it
	END IF;
	bad := (SELECT w FROM unnest(wanted) AS w WHERE w <> ALL (given) LIMIT 1);
	IF bad IS NOT NULL THEN
		RAISE EXCEPTION 'objective "%" of kind % has no %', NEW.name, NEW.kind, bad
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('An objective of this kind needs %s.', array_to_string(wanted, ', '));
	END IF;
	bad := (SELECT g FROM unnest(given) AS g WHERE g <> ALL (allowed) LIMIT 1);
	IF bad IS NOT NULL THEN
		RAISE EXCEPTION 'objective "%" of kind % takes no %', NEW.name, NEW.kind, bad
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('An objective of this kind takes %s.', array_to_string(allowed, ', '));
	END IF;
	IF NEW.target_percent NOT BETWEEN 0 AND 100 THEN
		RAISE EXCEPTION 'target of objective "%" is out of range: %', NEW.name, NEW.target_percent
			USING ERRCODE = 'numeric_value_out_of_range',
				DETAIL = 'It must be between 0 and 100.',
				HINT = 'A target is a percentage, such as 99.9.';
	END IF;
	IF NEW.slice_target_percent NOT BETWEEN 0 AND 100 THEN
		RAISE EXCEPTION 'slice target of objective "%" is out of range: %', NEW.name, NEW.slice_target_percent
			USING ERRCODE = 'numeric_value_out_of_range',
				DETAIL = 'It must be between 0 and 100.';
	END IF;
	IF NEW.at_most = 'NaN' OR NEW.at_least = 'NaN' OR NEW.at_most < NEW.at_least THEN
		RAISE EXCEPTION 'no value is within the bounds of objective "%"', NEW.name
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('at_least is %s, at_most is %s.', NEW.at_least, NEW.at_most);
	END IF;
	IF NOT EXISTS (SELECT FROM pg_timezone_names AS z WHERE z.name = NEW.time_zone) THEN
		RAISE EXCEPTION 'time zone "%" not recognized', NEW.time_zone
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Use a name of pg_timezone_names, such as Europe/Berlin.';
	END IF;

	-- the window
	IF NOT sla.is_calendar_window(NEW.window_length) THEN
		BEGIN
			length := NEW.window_length::interval;
		EXCEPTION WHEN data_exception THEN
			RAISE EXCEPTION 'invalid window of objective "%": "%"', NEW.name, NEW.window_length
				USING ERRCODE = 'invalid_parameter_value',
					HINT = 'Write an interval, as in "28 days", or week, month, quarter or year.';
		END;
		IF length < interval '1 minute' OR length > interval '10 years' THEN
			RAISE EXCEPTION 'window of objective "%" is out of range: "%"', NEW.name, NEW.window_length
				USING ERRCODE = 'invalid_parameter_value',
					DETAIL = 'It must be between a minute and ten years.';
		END IF;
		IF NEW.window_start IS NOT NULL THEN
			RAISE EXCEPTION 'a rolling window has no start'
				USING ERRCODE = 'invalid_parameter_value',
					DETAIL = format('The window of objective "%s" is the last %s.', NEW.name, NEW.window_length),
					HINT = 'Windows that begin on a day are week, month, quarter and year.';
		END IF;
		NEW.window_length := length::text;
	END IF;
	IF NOT isfinite(NEW.window_start) THEN
		RAISE EXCEPTION 'start of the window of objective "%" is infinite', NEW.name
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF NEW.slice < interval '1 second' OR NEW.slice > interval '31 days' OR extract(month FROM NEW.slice) <> 0
		OR (NEW.slice >= interval '1 day' AND NEW.slice <> date_trunc('day', justify_hours(NEW.slice)))
	THEN
		RAISE EXCEPTION 'slice of objective "%" is out of range: "%"', NEW.name, NEW.slice
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = 'It must be between a second and a day, or a number of whole days up to 31.';
	END IF;
	IF extract(epoch FROM NEW.slice) * 50000 < extract(epoch FROM (
		CASE NEW.window_length
			WHEN 'week' THEN interval '7 days'
			WHEN 'month' THEN interval '31 days'
			WHEN 'quarter' THEN interval '92 days'
			WHEN 'year' THEN interval '366 days'
			ELSE greatest(length, interval '31 days')
		END))
	THEN
		RAISE EXCEPTION 'window of objective "%" has too many slices', NEW.name
			USING ERRCODE = 'program_limit_exceeded',
				DETAIL = 'It may have 50000.',
				HINT = 'Choose longer slices.';
	END IF;
	IF NEW.close_after < interval '0' THEN
		RAISE EXCEPTION 'close_after of objective "%" is negative', NEW.name
			USING ERRCODE = 'invalid_parameter_value';
	END IF;

	-- names
	IF sla.restoring() THEN
		RETURN NEW;
	END IF;
	IF NOT sla.calendar_exists(NEW.calendar) THEN
		RAISE EXCEPTION 'calendar "%" does not exist', NEW.calendar
			USING ERRCODE = 'undefined_object',
				DETAIL = format('Objective "%s" names it.', NEW.name),
				HINT = 'Insert it into sla.calendar first.';
	END IF;
	IF NEW.kind = 'clock' AND NOT EXISTS (
		SELECT FROM sla.metric AS m WHERE m.relation = NEW.relation AND m.name = NEW.metric)
	THEN
		RAISE EXCEPTION 'metric "%" of table % does not exist', NEW.metric, NEW.relation
			USING ERRCODE = 'undefined_object', HINT = 'Insert it into sla.metric first.';
	END IF;
	IF EXISTS (
		SELECT
		FROM sla.objective AS o
		JOIN pg_class AS c ON c.oid = o.relation
		JOIN pg_class AS n ON n.oid = NEW.relation
		WHERE o.name = NEW.name AND o.id <> NEW.id AND c.relowner <> n.relowner)
	THEN
		RAISE EXCEPTION 'objective "%" is taken', NEW.name
			USING ERRCODE = 'insufficient_privilege',
				DETAIL = 'Versions of an objective are over relations of one owner.';
	END IF;
	IF NEW.agreement IS NOT NULL AND NEW.party IS NULL THEN
		RAISE EXCEPTION 'objective "%" has an agreement and no party', NEW.name
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Name the party whose agreement it is.';
	END IF;
	IF NEW.agreement IS NOT NULL AND NOT EXISTS (
		SELECT FROM sla.agreement AS a WHERE a.party = NEW.party AND a.name = NEW.agreement)
	THEN
		RAISE EXCEPTION 'agreement "%" of party "%" does not exist', NEW.agreement, NEW.party
			USING ERRCODE = 'undefined_object', HINT = 'Insert it into sla.agreement first.';
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION sla.check_objective() IS 'checks an objective';
REVOKE ALL ON FUNCTION sla.check_objective() FROM PUBLIC;
CREATE TRIGGER check_objective
	BEFORE INSERT OR UPDATE ON sla.objective
	FOR EACH ROW EXECUTE FUNCTION sla.check_objective();
CREATE TRIGGER check_rules
	BEFORE INSERT OR UPDATE OR DELETE ON sla.objective
	FOR EACH ROW EXECUTE FUNCTION sla.check_rules();
COMMENT ON TRIGGER check_objective ON sla.objective IS 'checks an objective';
COMMENT ON TRIGGER check_rules ON sla.objective IS 'checks expressions';

CREATE FUNCTION sla.orphans_dropped()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT sla.restoring() THEN
		PERFORM sla.drop_orphans();
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.orphans_dropped() IS 'drops functions of expressions that belong to no objective';
REVOKE ALL ON FUNCTION sla.orphans_dropped() FROM PUBLIC;
CREATE TRIGGER orphans_dropped
	AFTER INSERT ON sla.objective
	FOR EACH STATEMENT EXECUTE FUNCTION sla.orphans_dropped();
COMMENT ON TRIGGER orphans_dropped ON sla.objective IS 'drops functions that belong to no row';

/*
 * What counts
 */

CREATE FUNCTION sla.objective_counts(objective integer, edges timestamptz[],
	OUT grp text, OUT bucket integer, OUT total bigint, OUT good bigint)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sla_objective_counts'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 10000 ROWS 100;
COMMENT ON FUNCTION sla.objective_counts(integer, timestamptz[]) IS
'private: the events of an objective''s relation between each two edges';
REVOKE ALL ON FUNCTION sla.objective_counts(integer, timestamptz[]) FROM PUBLIC;

CREATE FUNCTION sla.objective_outages(objective integer, from_at timestamptz, to_at timestamptz,
	OUT grp text, OUT from_at timestamptz, OUT to_at timestamptz)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sla_objective_outages'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 10000 ROWS 100;
COMMENT ON FUNCTION sla.objective_outages(integer, timestamptz, timestamptz) IS
'private: the outages of an objective''s relation, cut at the ends of a window';
REVOKE ALL ON FUNCTION sla.objective_outages(integer, timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION sla.clock_counts(o sla.objective, edges timestamptz[],
	OUT grp text, OUT bucket integer, OUT total bigint, OUT good bigint)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 100
BEGIN ATOMIC
	SELECT coalesce(j.labels ->> o.group_by, ''), pg_catalog.width_bucket(j.at, edges),
		count(*), count(*) FILTER (WHERE j.net <> 3)
	FROM sla.judgement AS j
	JOIN sla.promise AS p ON p.id = j.promise_id
	WHERE j.net > 0
		AND j.at >= edges[1] AND j.at < edges[pg_catalog.array_upper(edges, 1)]
		AND p.relation = o.relation
		-- also by a name that the metric had before
		AND (p.metric = o.metric OR p.metric_id = (
			SELECT m.id FROM sla.metric AS m WHERE m.relation = o.relation AND m.name = o.metric))
		AND (o.party IS NULL OR j.party = o.party)
	GROUP BY 1, 2;
END;
COMMENT ON FUNCTION sla.clock_counts(sla.objective, timestamptz[]) IS
'private: clocks by the instant of their verdict, and those kept, between each two edges';
REVOKE ALL ON FUNCTION sla.clock_counts(sla.objective, timestamptz[]) FROM PUBLIC;

/*
 * The time that counts in a span: the calendar's open time less what exceptions
 * take out.  The verdicts of clocks have theirs in them already: for an objective
 * over clocks only those count that name it.
 */
CREATE FUNCTION sla.objective_time(o sla.objective, during tstzrange)
RETURNS tstzmultirange
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000
BEGIN ATOMIC
	SELECT CASE WHEN o.calendar IS NULL THEN pg_catalog.tstzmultirange(during)
			ELSE @extschema@.open_ranges(during, o.calendar) END
		- coalesce((
			SELECT pg_catalog.range_agg(pg_catalog.tstzrange(x.from_at, x.to_at))
			FROM sla.exception AS e
			CROSS JOIN LATERAL sla.occurrences(e.during, e.rrule, o.time_zone) AS x
			WHERE e.approved_at IS NOT NULL AND e.during IS NOT NULL
				AND x.from_at < x.to_at
				AND CASE
					WHEN e.objective IS NOT NULL THEN e.objective = o.name
					ELSE o.kind <> 'clock' AND e.policy IS NULL AND e.metric IS NULL AND e.item IS NULL
						AND e.labels IS NULL
				END
				AND (e.relation IS NULL OR e.relation = o.relation)
				AND (e.party IS NULL OR e.party = o.party)
		), '{}')
	WHERE NOT pg_catalog.isempty(during);
END;
COMMENT ON FUNCTION sla.objective_time(sla.objective, tstzrange) IS
'private: the time of a span that counts for an objective';
REVOKE ALL ON FUNCTION sla.objective_time(sla.objective, tstzrange) FROM PUBLIC;

CREATE FUNCTION sla.total_seconds(spans tstzmultirange)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT coalesce(sum(extract(epoch FROM upper(s) - lower(s))), 0) FROM pg_catalog.unnest(spans) AS s;
END;
COMMENT ON FUNCTION sla.total_seconds(tstzmultirange) IS 'private: the length of spans together';

/* Local midnights, or other steps of local time, within a span. */
CREATE FUNCTION sla.steps(step interval, time_zone text, from_at timestamptz, to_at timestamptz)
RETURNS SETOF timestamptz
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
	-- of less than a day, in time that elapses; of days, by local dates
	SELECT s.at
	FROM pg_catalog.generate_series(
		pg_catalog.date_bin(step, from_at, pg_catalog.timezone(time_zone, timestamp '2001-01-01')), to_at, step) AS s (at)
	WHERE step < interval '1 day' AND s.at > from_at AND s.at < to_at
	UNION ALL
	SELECT pg_catalog.timezone(time_zone, s.local)
	FROM pg_catalog.generate_series(
		pg_catalog.date_bin(step, pg_catalog.timezone(time_zone, from_at), timestamp '2001-01-01'),
		pg_catalog.timezone(time_zone, to_at), step) AS s (local)
	WHERE step >= interval '1 day'
		AND pg_catalog.timezone(time_zone, s.local) > from_at AND pg_catalog.timezone(time_zone, s.local) < to_at;
END;
COMMENT ON FUNCTION sla.steps(interval, text, timestamptz, timestamptz) IS
'private: where days or other steps of local time begin, after the one instant and before the other';

/*
 * An objective between each two of "cuts", which ascend: of each group what
 * counts (events, clocks, slices that have any event, seconds) and what of it is
 * good.  A slice belongs to where it begins.
 */
CREATE FUNCTION sla.objective_tally(o sla.objective, cuts timestamptz[])
RETURNS TABLE (grp text, n integer, total double precision, good double precision)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 10000 ROWS 100
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	first timestamptz := cuts[1];
	last timestamptz := cuts[cardinality(cuts)];
	counted tstzmultirange;
	edges timestamptz[];
	slices timestamptz[];
BEGIN
	IF cardinality(cuts) < 2 OR first >= last THEN
		RETURN;
	END IF;
	counted := sla.objective_time(o, tstzrange(first, last));
	IF o.kind = 'outage' THEN
		RETURN QUERY
		WITH outage AS (
			SELECT x.grp, coalesce(range_agg(tstzrange(x.from_at, x.to_at)) FILTER (WHERE x.from_at < x.to_at), '{}') AS down
			FROM sla.objective_outages(o.id, first, last) AS x
			GROUP BY x.grp
		), span AS (
			SELECT i.i AS n, counted * tstzmultirange(tstzrange(cuts[i.i], cuts[i.i + 1])) AS span
			FROM generate_series(1, cardinality(cuts) - 1) AS i (i)
		)
		SELECT g.grp, s.n, sla.total_seconds(s.span)::double precision,
			(sla.total_seconds(s.span) - sla.total_seconds(s.span * g.down))::double precision
		FROM span AS s
		CROSS JOIN (
			SELECT * FROM outage
			UNION ALL
			SELECT '', '{}' WHERE o.group_by IS NULL AND NOT EXISTS (SELECT FROM outage)
		) AS g;
		RETURN;
	END IF;

	IF o.kind = 'slice' THEN
		slices := first || ARRAY(SELECT s FROM sla.steps(o.slice, o.time_zone, first, last) AS s ORDER BY s);
	END IF;
	edges := ARRAY(
		SELECT c FROM unnest(cuts) AS c
		UNION
		SELECT c FROM unnest(slices) AS c
		UNION
		SELECT b
		FROM unnest(counted) AS s
		CROSS JOIN LATERAL (VALUES (lower(s)), (upper(s))) AS v (b)
		ORDER BY 1);
	RETURN QUERY
	WITH counts AS (
		SELECT * FROM sla.objective_counts(o.id, edges) WHERE o.kind <> 'clock'
		UNION ALL
		SELECT * FROM sla.clock_counts(o, edges) WHERE o.kind = 'clock'
	), piece AS (
		SELECT c.grp, edges[c.bucket] AS at, c.total, c.good
		FROM counts AS c
		WHERE counted @> edges[c.bucket]
	)
	SELECT p.grp, width_bucket(p.at, cuts), sum(p.total)::double precision, sum(p.good)::double precision
	FROM piece AS p
	WHERE o.kind <> 'slice'
	GROUP BY 1, 2
	UNION ALL
	SELECT s.grp, width_bucket(s.at, cuts), count(*)::double precision,
		count(*) FILTER (WHERE sla.is_met(s.good, s.total, coalesce(o.slice_target_percent, o.target_percent)::double precision))::double precision
	FROM (
		SELECT p.grp, slices[width_bucket(p.at, slices)] AS at, sum(p.total)::double precision AS total, sum(p.good)::double precision AS good
		FROM piece AS p
		WHERE o.kind = 'slice'
		GROUP BY 1, 2
	) AS s
	GROUP BY 1, 2;
END
$$;
COMMENT ON FUNCTION sla.objective_tally(sla.objective, timestamptz[]) IS
'private: what counts and what is good of an objective, between each two cuts';
REVOKE ALL ON FUNCTION sla.objective_tally(sla.objective, timestamptz[]) FROM PUBLIC;

/* How many slices of a span have time that counts. */
CREATE FUNCTION sla.expected_steps(o sla.objective, step interval, from_at timestamptz, to_at timestamptz)
RETURNS double precision
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 10000
BEGIN ATOMIC
	SELECT count(*) FILTER (WHERE t.counted && pg_catalog.tstzrange(s.at, s.next))::double precision
	FROM (SELECT sla.objective_time(o, pg_catalog.tstzrange(from_at, to_at))) AS t (counted)
	CROSS JOIN LATERAL (
		SELECT b.at, pg_catalog.lead(b.at, 1, to_at) OVER (ORDER BY b.at) AS next
		FROM (
			SELECT from_at AS at
			UNION ALL
			SELECT sla.steps(step, o.time_zone, from_at, to_at)
		) AS b
	) AS s;
END;
COMMENT ON FUNCTION sla.expected_steps(sla.objective, interval, timestamptz, timestamptz) IS
'private: how many days, or slices, have time that counts';
REVOKE ALL ON FUNCTION sla.expected_steps(sla.objective, interval, timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION sla.objective_at(objective text, at timestamptz)
RETURNS SETOF sla.objective
LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 1
BEGIN ATOMIC
	SELECT o.*
	FROM sla.objective AS o
	WHERE o.name = objective AND o.valid_from <= objective_at.at
	ORDER BY o.valid_from DESC
	LIMIT 1;
END;
COMMENT ON FUNCTION sla.objective_at(text, timestamptz) IS 'private: the version of an objective in force at an instant';
REVOKE ALL ON FUNCTION sla.objective_at(text, timestamptz) FROM PUBLIC;

/* The window of an objective at an instant, and the whole of it before its version cuts it. */
CREATE FUNCTION sla.objective_window(o sla.objective, at timestamptz,
	OUT from_at timestamptz, OUT to_at timestamptz)
LANGUAGE sql STABLE PARALLEL RESTRICTED
BEGIN ATOMIC
	SELECT w.from_at, w.to_at
	FROM sla.calendar_window(o.window_length, o.window_start, o.time_zone, at) AS w
	WHERE sla.is_calendar_window(o.window_length)
	UNION ALL
	SELECT pg_catalog.timezone(o.time_zone, pg_catalog.timezone(o.time_zone, at) - CASE
			WHEN sla.is_calendar_window(o.window_length) THEN interval '0'
			ELSE o.window_length::interval END), at
	WHERE NOT sla.is_calendar_window(o.window_length);
END;
COMMENT ON FUNCTION sla.objective_window(sla.objective, timestamptz) IS 'private: the window of an objective at an instant';

/*
 * The budget of a window whose whole is known beforehand: of outages and slices
 * in one of the calendar.  Else it is of what counted so far.
 */
CREATE FUNCTION sla.whole_budget(o sla.objective, from_at timestamptz, to_at timestamptz)
RETURNS double precision
LANGUAGE sql STABLE PARALLEL RESTRICTED
RETURN CASE
	WHEN NOT sla.is_calendar_window(o.window_length) THEN NULL
	WHEN o.kind = 'outage' THEN
		sla.error_budget(sla.total_seconds(sla.objective_time(o, pg_catalog.tstzrange(from_at, to_at)))::double precision,
			o.target_percent::double precision)
	WHEN o.kind = 'slice' THEN
		sla.error_budget(sla.expected_steps(o, o.slice, from_at, to_at), o.target_percent::double precision)
END;
COMMENT ON FUNCTION sla.whole_budget(sla.objective, timestamptz, timestamptz) IS
'private: the error budget of a window of which it is known beforehand, else NULL';
REVOKE ALL ON FUNCTION sla.whole_budget(sla.objective, timestamptz, timestamptz) FROM PUBLIC;

/*
 * How an objective stands.  The pace is that of the last 28th of the window.
 */
CREATE FUNCTION sla.objective_status(objective text, at timestamptz)
RETURNS TABLE (
	group_value text, valid_from timestamptz, window_from timestamptz, window_until timestamptz,
	total double precision, good double precision, bad double precision, sli_percent double precision,
	budget double precision, budget_remaining double precision, consumed_percent double precision,
	burn_rate double precision, window_seconds double precision, budget_seconds double precision,
	budget_remaining_seconds double precision, exhaustion_seconds double precision,
	projected_percent double precision, coverage_percent double precision, status text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 10000 ROWS 10
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	o sla.objective;
	target double precision;
	w record;
	began timestamptz;
	until timestamptz;
	recent timestamptz;
	days timestamptz[];
	cuts timestamptz[];
	whole double precision;
	elapsed double precision;
	whole_budget double precision;
	expected double precision;
BEGIN
	SELECT * INTO o FROM sla.objective_at(objective, at);
	IF NOT FOUND THEN
		RETURN;
	END IF;
	target := o.target_percent;
	SELECT * INTO w FROM sla.objective_window(o, at);
	began := greatest(w.from_at, o.valid_from);
	until := least(w.to_at, at);
	recent := greatest(began, until - (w.to_at - w.from_at) / 28);
	days := began || ARRAY(SELECT d FROM sla.steps('1 day', o.time_zone, began, until) AS d ORDER BY d);
	cuts := ARRAY(SELECT d FROM unnest(days || recent || until) AS d WHERE d <= until GROUP BY d ORDER BY d);
	whole := sla.total_seconds(sla.objective_time(o, tstzrange(began, w.to_at)));
	elapsed := CASE WHEN w.to_at = until THEN whole
		ELSE sla.total_seconds(sla.objective_time(o, tstzrange(began, until))) END;
	IF o.kind IN ('event', 'value') THEN
		expected := sla.expected_steps(o, '1 day', began, until);
	ELSIF o.kind = 'slice' THEN
		expected := sla.expected_steps(o, o.slice, began, until);
	END IF;
	whole_budget := sla.whole_budget(o, began, w.to_at);
	RETURN QUERY
	WITH tally AS (
		SELECT t.grp, sum(t.total) AS total, sum(t.good) AS good,
			coalesce(sum(t.total) FILTER (WHERE cuts[t.n] >= recent), 0) AS recent_total,
			coalesce(sum(t.good) FILTER (WHERE cuts[t.n] >= recent), 0) AS recent_good,
			count(DISTINCT width_bucket(cuts[t.n], days)) FILTER (WHERE t.total > 0) AS days
		FROM sla.objective_tally(o, cuts) AS t
		GROUP BY t.grp
		UNION ALL
		SELECT '', 0, 0, 0, 0, 0
		WHERE o.group_by IS NULL
	), sums AS (
		SELECT t.grp, sum(t.total) AS total, sum(t.good) AS good, sum(t.days)::double precision AS days,
			sla.burn_rate(sum(t.recent_good), sum(t.recent_total), target) AS burn
		FROM tally AS t
		GROUP BY t.grp
	)
	SELECT nullif(s.grp, ''), o.valid_from, began, w.to_at, s.total, s.good, s.total - s.good,
		sla.sli_percent(s.good, s.total), b.budget, b.budget - (s.total - s.good), c.consumed,
		nullif(s.burn, 'Infinity'), whole, sla.error_budget(whole, target),
		sla.error_budget(whole, target) * (1 - c.consumed / 100),
		CASE WHEN whole > 0 AND s.burn < 'Infinity' THEN sla.exhaustion_seconds(100 - c.consumed, s.burn, whole) END,
		CASE WHEN sla.is_calendar_window(o.window_length) AND whole > 0 AND s.burn < 'Infinity' THEN
			c.consumed * CASE WHEN whole_budget IS NULL THEN elapsed / whole ELSE 1 END
			+ 100 * s.burn * greatest(whole - elapsed, 0) / whole
		END,
		CASE o.kind
			WHEN 'slice' THEN sla.coverage_percent(s.total, expected)
			WHEN 'event' THEN sla.coverage_percent(s.days, expected)
			WHEN 'value' THEN sla.coverage_percent(s.days, expected)
		END,
		sla.slo_state(sla.sli_percent(s.good, s.total), target, b.budget - (s.total - s.good))
	FROM sums AS s
	CROSS JOIN LATERAL (SELECT coalesce(whole_budget, sla.error_budget(s.total, target))) AS b (budget)
	CROSS JOIN LATERAL (
		SELECT CASE
			WHEN s.total = 0 THEN NULL
			WHEN s.good = s.total THEN 0
			WHEN b.budget > 0 THEN 100 * (s.total - s.good) / b.budget
		END) AS c (consumed);
END
$$;
COMMENT ON FUNCTION sla.objective_status(text, timestamptz) IS 'what sla.slo_status() says, for the owner of the extension';
REVOKE ALL ON FUNCTION sla.objective_status(text, timestamptz) FROM PUBLIC;

/*
 * The periods of an objective, the latest two years and a bit: the windows of
 * the calendar, or months where the window rolls.  A period in which another
 * version came into force is one for each.
 */
CREATE FUNCTION sla.objective_periods(objective text, at timestamptz)
RETURNS TABLE (
	period_start date, valid_from timestamptz, group_value text, from_at timestamptz, to_at timestamptz,
	party text, agreement text, target_percent double precision,
	total double precision, good double precision, bad double precision, sli_percent double precision,
	budget double precision, budget_remaining double precision, consumed_percent double precision,
	is_met boolean, is_over boolean, is_settled boolean)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 10000 ROWS 100
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	version record;
	o sla.objective;
	next_from timestamptz;
	unit text;
	began timestamptz;
	until timestamptz;
	w record;
	cuts timestamptz[];
	target double precision;
BEGIN
	FOR version IN
		SELECT v AS objective, lead(v.valid_from) OVER (ORDER BY v.valid_from) AS next_from
		FROM sla.objective AS v
		WHERE v.name = objective AND v.valid_from < objective_periods.at
	LOOP
		o := version.objective;
		next_from := version.next_from;
		target := o.target_percent;
		unit := CASE WHEN sla.is_calendar_window(o.window_length) THEN o.window_length ELSE 'month' END;
		until := least(next_from, at);

		-- when periods begin, the latest first
		cuts := '{}';
		began := until;
		WHILE cardinality(cuts) < 25 AND began > o.valid_from LOOP
			SELECT * INTO w FROM sla.calendar_window(unit, o.window_start, o.time_zone, began - interval '1 us');
			began := greatest(w.from_at, o.valid_from);
			cuts := began || cuts;
		END LOOP;
		CONTINUE WHEN cuts = '{}';
		IF o.kind = 'outage' AND NOT isfinite(o.valid_from) THEN
			-- before the first outage nothing is known
			began := (SELECT min(x.from_at) FROM sla.objective_outages(o.id, '-infinity', until) AS x);
			cuts := ARRAY(
				SELECT c.at
				FROM (SELECT c.at, lead(c.at, 1, until) OVER (ORDER BY c.at) AS next FROM unnest(cuts) AS c (at)) AS c
				WHERE c.next > coalesce(began, cuts[cardinality(cuts)])
				ORDER BY c.at);
		END IF;
		RETURN QUERY
		SELECT timezone(o.time_zone, p.from_at)::date, o.valid_from, nullif(t.grp, ''), p.from_at, p.to_at,
			o.party, o.agreement, target, t.total, t.good, t.total - t.good, sla.sli_percent(t.good, t.total),
			b.budget, b.budget - (t.total - t.good),
			CASE
				WHEN t.total = 0 THEN NULL
				WHEN t.good = t.total THEN 0
				WHEN b.budget > 0 THEN 100 * (t.total - t.good) / b.budget
			END,
			sla.is_met(t.good, t.total, target), p.to_at <= at, p.to_at + o.close_after <= at
		FROM (
			SELECT s.n, cuts[s.n] AS from_at,
				least((sla.calendar_window(unit, o.window_start, o.time_zone, cuts[s.n])).to_at, next_from) AS to_at
			FROM generate_subscripts(cuts, 1) AS s (n)
		) AS p
		JOIN (
			SELECT y.grp, y.n, sum(y.total) AS total, sum(y.good) AS good
			FROM (
				SELECT * FROM sla.objective_tally(o, cuts || until)
				UNION ALL
				-- the present one, also where nothing happened yet
				SELECT '', cardinality(cuts), 0, 0 WHERE o.group_by IS NULL AND next_from IS NULL
			) AS y
			GROUP BY y.grp, y.n
		) AS t ON t.n = p.n
		CROSS JOIN LATERAL (
			SELECT coalesce(sla.whole_budget(o, p.from_at, p.to_at), sla.error_budget(t.total, target))
		) AS b (budget);
	END LOOP;
END
$$;
COMMENT ON FUNCTION sla.objective_periods(text, timestamptz) IS 'what sla.slo_periods() says, for the owner of the extension';
REVOKE ALL ON FUNCTION sla.objective_periods(text, timestamptz) FROM PUBLIC;

/* The days of the window, and the budget as it was at the end of each. */
CREATE FUNCTION sla.objective_series(objective text, at timestamptz)
RETURNS TABLE (
	group_value text, "time" timestamptz, total double precision, good double precision, bad double precision,
	sli_percent double precision, so_far_percent double precision, budget_remaining_percent double precision)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 10000 ROWS 100
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	o sla.objective;
	target double precision;
	w record;
	began timestamptz;
	until timestamptz;
	cuts timestamptz[];
BEGIN
	SELECT * INTO o FROM sla.objective_at(objective, at);
	IF NOT FOUND THEN
		RETURN;
	END IF;
	target := o.target_percent;
	SELECT * INTO w FROM sla.objective_window(o, at);
	began := greatest(w.from_at, o.valid_from);
	until := least(w.to_at, at);
	cuts := began || ARRAY(SELECT d FROM sla.steps('1 day', o.time_zone, began, until) AS d ORDER BY d);
	RETURN QUERY
	WITH tally AS (
		SELECT * FROM sla.objective_tally(o, cuts || until)
	), days AS (
		SELECT g.grp, d.n, coalesce(t.total, 0) AS total, coalesce(t.good, 0) AS good,
			sum(t.total) OVER w AS all_total, sum(t.good) OVER w AS all_good,
			sum(t.total) OVER (PARTITION BY g.grp) AS whole_total
		FROM (SELECT DISTINCT t.grp FROM tally AS t UNION SELECT '' WHERE o.group_by IS NULL) AS g
		CROSS JOIN generate_subscripts(cuts, 1) AS d (n)
		LEFT JOIN tally AS t ON t.grp = g.grp AND t.n = d.n
		WINDOW w AS (PARTITION BY g.grp ORDER BY d.n)
	)
	SELECT nullif(d.grp, ''), cuts[d.n], d.total, d.good, d.total - d.good, sla.sli_percent(d.good, d.total),
		sla.sli_percent(d.all_good, d.all_total),
		100 - 100 * (d.all_total - d.all_good) / nullif(sla.error_budget(d.whole_total, target), 0)
	FROM days AS d
	ORDER BY d.grp, d.n;
END
$$;
COMMENT ON FUNCTION sla.objective_series(text, timestamptz) IS 'what sla.slo_series() says, for the owner of the extension';
REVOKE ALL ON FUNCTION sla.objective_series(text, timestamptz) FROM PUBLIC;

/*
 * For readers: who may read the view of the same rows, or owns the relation.
 * These run the above as the owner of the extension.  The views are lenient: an
 * objective whose expressions fail does not fail the others with it, but says so.
 */

CREATE FUNCTION sla.slo_status(
	objective text,
	at timestamptz DEFAULT now(),
	is_lenient boolean DEFAULT false,
	OUT group_value text,
	OUT valid_from timestamptz,
	OUT window_from timestamptz,
	OUT window_until timestamptz,
	OUT total double precision,
	OUT good double precision,
	OUT bad double precision,
	OUT sli_percent double precision,
	OUT budget double precision,
	OUT budget_remaining double precision,
	OUT consumed_percent double precision,
	OUT burn_rate double precision,
	OUT window_seconds double precision,
	OUT budget_seconds double precision,
	OUT budget_remaining_seconds double precision,
	OUT exhaustion_seconds double precision,
	OUT projected_percent double precision,
	OUT coverage_percent double precision,
	OUT status text,
	OUT problem text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sla_slo_status'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 10000 ROWS 10;
COMMENT ON FUNCTION sla.slo_status(text, timestamptz, boolean) IS
'how an objective stands at an instant, each group: the version in force then, by what is known now';

CREATE FUNCTION sla.slo_periods(
	objective text,
	at timestamptz DEFAULT now(),
	is_lenient boolean DEFAULT false,
	OUT period_start date,
	OUT valid_from timestamptz,
	OUT group_value text,
	OUT from_at timestamptz,
	OUT to_at timestamptz,
	OUT party text,
	OUT agreement text,
	OUT target_percent double precision,
	OUT total double precision,
	OUT good double precision,
	OUT bad double precision,
	OUT sli_percent double precision,
	OUT budget double precision,
	OUT budget_remaining double precision,
	OUT consumed_percent double precision,
	OUT is_met boolean,
	OUT is_over boolean,
	OUT is_settled boolean)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sla_slo_periods'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 10000 ROWS 10;
COMMENT ON FUNCTION sla.slo_periods(text, timestamptz, boolean) IS
'the latest periods of an objective up to an instant, each group';

CREATE FUNCTION sla.slo_series(
	objective text,
	at timestamptz DEFAULT now(),
	is_lenient boolean DEFAULT false,
	OUT group_value text,
	OUT "time" timestamptz,
	OUT total double precision,
	OUT good double precision,
	OUT bad double precision,
	OUT sli_percent double precision,
	OUT so_far_percent double precision,
	OUT budget_remaining_percent double precision)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sla_slo_series'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 10000 ROWS 10;
COMMENT ON FUNCTION sla.slo_series(text, timestamptz, boolean) IS
'the days of the window of an objective at an instant, each group';

CREATE VIEW sla.report_slo_status AS
SELECT
	o.name AS objective,
	s.group_value,
	o.party,
	o.agreement,
	o.kind,
	o.relation::text AS relation,
	o.metric,
	o.valid_from,
	o.target_percent::double precision AS target_percent,
	s.window_from,
	s.window_until,
	s.total,
	s.good,
	s.bad,
	s.sli_percent,
	s.budget,
	s.budget_remaining,
	s.consumed_percent,
	s.burn_rate,
	s.window_seconds,
	sla.duration_text(s.window_seconds) AS window_text,
	s.budget_seconds,
	sla.duration_text(s.budget_seconds) AS budget_text,
	s.budget_remaining_seconds,
	sla.duration_text(s.budget_remaining_seconds) AS budget_remaining_text,
	s.exhaustion_seconds,
	sla.duration_text(s.exhaustion_seconds) AS exhaustion_text,
	s.projected_percent,
	s.coverage_percent,
	s.status,
	s.problem
FROM (
	SELECT o.*, pg_catalog.lead(o.valid_from, 1, 'infinity') OVER (PARTITION BY o.name ORDER BY o.valid_from) AS valid_until
	FROM sla.objective AS o
) AS o
CROSS JOIN LATERAL sla.slo_status(o.name, pg_catalog.now(), true) AS s
WHERE o.valid_from <= pg_catalog.now() AND pg_catalog.now() < o.valid_until;

CREATE VIEW sla.report_slo_period AS
SELECT
	p.period_start,
	o.name AS objective,
	p.group_value,
	p.valid_from,
	p.from_at AS "time",
	p.from_at,
	p.to_at,
	p.party,
	p.agreement,
	p.target_percent,
	p.total,
	p.good,
	p.bad,
	p.sli_percent,
	p.budget,
	p.budget_remaining,
	p.consumed_percent,
	p.is_met,
	p.is_over,
	p.is_settled
FROM (SELECT DISTINCT o.name FROM sla.objective AS o) AS o
CROSS JOIN LATERAL sla.slo_periods(o.name, pg_catalog.now(), true) AS p;

CREATE VIEW sla.report_slo_series AS
SELECT
	o.name AS objective,
	s.group_value,
	s."time",
	s.total,
	s.good,
	s.bad,
	s.sli_percent,
	s.so_far_percent,
	s.budget_remaining_percent
FROM (SELECT DISTINCT o.name FROM sla.objective AS o) AS o
CROSS JOIN LATERAL sla.slo_series(o.name, pg_catalog.now(), true) AS s;

COMMENT ON VIEW sla.report_slo_status IS
'objectives as they stand now, each group';
COMMENT ON COLUMN sla.report_slo_status.objective IS 'name of the objective';
COMMENT ON COLUMN sla.report_slo_status.group_value IS 'value of the objective''s group_by; NULL: it has none';
COMMENT ON COLUMN sla.report_slo_status.party IS 'the customer';
COMMENT ON COLUMN sla.report_slo_status.agreement IS 'name of the party''s agreement';
COMMENT ON COLUMN sla.report_slo_status.kind IS 'clock, event, value, outage or slice';
COMMENT ON COLUMN sla.report_slo_status.relation IS 'the table or view that it is of';
COMMENT ON COLUMN sla.report_slo_status.metric IS 'of clocks: what is measured';
COMMENT ON COLUMN sla.report_slo_status.valid_from IS 'from when this version is in force';
COMMENT ON COLUMN sla.report_slo_status.target_percent IS 'what is promised';
COMMENT ON COLUMN sla.report_slo_status.window_from IS 'when the window begins; not before this version';
COMMENT ON COLUMN sla.report_slo_status.window_until IS 'when it ends: now, where it rolls';
COMMENT ON COLUMN sla.report_slo_status.total IS 'what counts: events, values, clocks, slices that have events, or seconds';
COMMENT ON COLUMN sla.report_slo_status.good IS 'what of it is good';
COMMENT ON COLUMN sla.report_slo_status.bad IS 'what of it is not';
COMMENT ON COLUMN sla.report_slo_status.sli_percent IS 'the indicator: the percentage that is good; NULL when nothing counts';
COMMENT ON COLUMN sla.report_slo_status.budget IS 'how much may be bad, in the unit of the total: of what counted so far, or of the whole where that is known beforehand (outages and slices in a window of the calendar)';
COMMENT ON COLUMN sla.report_slo_status.budget_remaining IS 'the budget less what was bad; negative when overspent';
COMMENT ON COLUMN sla.report_slo_status.consumed_percent IS 'the percentage of the budget that is used up; NULL when nothing counts or the target leaves no budget';
COMMENT ON COLUMN sla.report_slo_status.burn_rate IS 'how many times faster than allowed it was used up in the last 28th of the window; NULL when nothing counts there, or the target leaves no budget';
COMMENT ON COLUMN sla.report_slo_status.window_seconds IS 'the time of the window that counts: open, and not excepted';
COMMENT ON COLUMN sla.report_slo_status.window_text IS 'the same in words';
COMMENT ON COLUMN sla.report_slo_status.budget_seconds IS 'the budget as time: how long everything may be bad';
COMMENT ON COLUMN sla.report_slo_status.budget_text IS 'the same in words';
COMMENT ON COLUMN sla.report_slo_status.budget_remaining_seconds IS 'the time that is left of it; negative when overspent';
COMMENT ON COLUMN sla.report_slo_status.budget_remaining_text IS 'the same in words';
COMMENT ON COLUMN sla.report_slo_status.exhaustion_seconds IS 'the time that counts until nothing is left, at the present burn rate; NULL: past, or never';
COMMENT ON COLUMN sla.report_slo_status.exhaustion_text IS 'the same in words';
COMMENT ON COLUMN sla.report_slo_status.projected_percent IS 'the percentage of the budget used up at the end of the window, at the present burn rate; NULL where it rolls';
COMMENT ON COLUMN sla.report_slo_status.coverage_percent IS 'the percentage of days, or slices, with anything that counts; NULL of clocks and outages';
COMMENT ON COLUMN sla.report_slo_status.status IS 'no_data, healthy, degrading (below the target, but some budget remains), violated; or error: it cannot be read';
COMMENT ON COLUMN sla.report_slo_status.problem IS 'with which SQLSTATE reading it failed; sla.slo_status() tells the whole error';

COMMENT ON VIEW sla.report_slo_period IS
'objectives by period, the latest 25: windows of the calendar, or months where the window rolls';
COMMENT ON COLUMN sla.report_slo_period.period_start IS 'first day of the period; of a version that came into force within it, its first day';
COMMENT ON COLUMN sla.report_slo_period.objective IS 'name of the objective';
COMMENT ON COLUMN sla.report_slo_period.group_value IS 'value of the objective''s group_by; NULL: it has none';
COMMENT ON COLUMN sla.report_slo_period.valid_from IS 'from when the version is in force that judges it';
COMMENT ON COLUMN sla.report_slo_period."time" IS 'when the period begins';
COMMENT ON COLUMN sla.report_slo_period.from_at IS 'when the period begins';
COMMENT ON COLUMN sla.report_slo_period.to_at IS 'when it ends';
COMMENT ON COLUMN sla.report_slo_period.party IS 'the customer';
COMMENT ON COLUMN sla.report_slo_period.agreement IS 'name of the party''s agreement';
COMMENT ON COLUMN sla.report_slo_period.target_percent IS 'what was promised';
COMMENT ON COLUMN sla.report_slo_period.total IS 'what counts: events, values, clocks, slices that have events, or seconds';
COMMENT ON COLUMN sla.report_slo_period.good IS 'what of it is good';
COMMENT ON COLUMN sla.report_slo_period.bad IS 'what of it is not';
COMMENT ON COLUMN sla.report_slo_period.sli_percent IS 'the percentage that is good; NULL when nothing counts';
COMMENT ON COLUMN sla.report_slo_period.budget IS 'how much of what counted may be bad';
COMMENT ON COLUMN sla.report_slo_period.budget_remaining IS 'the budget less what was bad; negative when overspent';
COMMENT ON COLUMN sla.report_slo_period.consumed_percent IS 'the percentage of the budget that is used up; NULL when nothing counts or the target leaves no budget';
COMMENT ON COLUMN sla.report_slo_period.is_met IS 'the target is reached; NULL when nothing counts';
COMMENT ON COLUMN sla.report_slo_period.is_over IS 'the period is over';
COMMENT ON COLUMN sla.report_slo_period.is_settled IS 'it has been over for as long as the objective may still change';

COMMENT ON VIEW sla.report_slo_series IS
'objectives by day of the present window: for a burn-down of the error budget';
COMMENT ON COLUMN sla.report_slo_series.objective IS 'name of the objective';
COMMENT ON COLUMN sla.report_slo_series.group_value IS 'value of the objective''s group_by; NULL: it has none';
COMMENT ON COLUMN sla.report_slo_series."time" IS 'when the day begins; the first can begin later, with the window';
COMMENT ON COLUMN sla.report_slo_series.total IS 'what counts of the day: events, values, clocks, slices that have events, or seconds';
COMMENT ON COLUMN sla.report_slo_series.good IS 'what of it is good';
COMMENT ON COLUMN sla.report_slo_series.bad IS 'what of it is not';
COMMENT ON COLUMN sla.report_slo_series.sli_percent IS 'the percentage of the day that is good; NULL when nothing counts';
COMMENT ON COLUMN sla.report_slo_series.so_far_percent IS 'the percentage since the window began';
COMMENT ON COLUMN sla.report_slo_series.budget_remaining_percent IS 'the percentage of the budget of the whole window that is left after this day; negative when overspent';

/*
 * Burn rules
 *
 * A rule fires when the error budget burns faster than its factor in a long
 * window, and still does in a short one.  The factor is computed: the rate that
 * uses up budget_percent of the objective's budget within the long window.  Of an
 * objective with a calendar the windows are of open time.
 */

CREATE TABLE sla.burn_rule (
	objective text NOT NULL,
	name text NOT NULL CHECK (name <> ''),
	budget_percent numeric NOT NULL,
	long_window interval NOT NULL,
	short_window interval NOT NULL,
	min_events double precision NOT NULL DEFAULT 1,
	hold_for interval NOT NULL DEFAULT '0',
	cooldown interval NOT NULL DEFAULT '0',
	severity text NOT NULL DEFAULT 'page' CHECK (severity <> ''),
	PRIMARY KEY (objective, name)
);
COMMENT ON TABLE sla.burn_rule IS 'when the error budget of an objective burns too fast';
COMMENT ON COLUMN sla.burn_rule.objective IS 'name of the objective';
COMMENT ON COLUMN sla.burn_rule.name IS 'name of the rule';
COMMENT ON COLUMN sla.burn_rule.budget_percent IS 'the percentage of the error budget that may be used up within the long window';
COMMENT ON COLUMN sla.burn_rule.long_window IS 'the long window';
COMMENT ON COLUMN sla.burn_rule.short_window IS 'the short window, by which it ends soon after the trouble does';
COMMENT ON COLUMN sla.burn_rule.min_events IS 'with less than this in the long window nothing is said';
COMMENT ON COLUMN sla.burn_rule.hold_for IS 'how long it must have been so';
COMMENT ON COLUMN sla.burn_rule.cooldown IS 'for so long after an alert there is no other';
COMMENT ON COLUMN sla.burn_rule.severity IS 'such as page or ticket';

ALTER TABLE sla.burn_rule ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON sla.burn_rule USING (
	EXISTS (SELECT FROM sla.objective AS o WHERE o.name = burn_rule.objective));
COMMENT ON POLICY owner ON sla.burn_rule IS 'who may define the objective';
GRANT SELECT, INSERT, UPDATE, DELETE ON sla.burn_rule TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('sla.burn_rule', '');

/*
 * The length of an objective's window in seconds that count: of the calendar's
 * months thirty days, of its years 365, or the open time of its present one.
 */
CREATE FUNCTION sla.nominal_window(o sla.objective, at timestamptz)
RETURNS double precision
LANGUAGE sql STABLE PARALLEL RESTRICTED
BEGIN ATOMIC
	SELECT CASE
		WHEN o.calendar IS NOT NULL THEN @extschema@.business_seconds(w.from_at, w.to_at, o.calendar)
		WHEN o.window_length = 'week' THEN 7 * 86400
		WHEN o.window_length = 'month' THEN 30 * 86400
		WHEN o.window_length = 'quarter' THEN 91 * 86400
		WHEN o.window_length = 'year' THEN 365 * 86400
		ELSE extract(epoch FROM w.to_at - w.from_at)::double precision
	END
	FROM sla.objective_window(o, at) AS w;
END;
COMMENT ON FUNCTION sla.nominal_window(sla.objective, timestamptz) IS
'private: the length of an objective''s window in seconds that count';

CREATE FUNCTION sla.refuse_silent_rule(rule sla.burn_rule)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	o sla.objective;
	factor double precision;
BEGIN
	-- by the versions that are, or will be, in force
	FOR o IN
		SELECT v.*
		FROM sla.objective AS v
		WHERE v.name = rule.objective
			AND NOT EXISTS (
				SELECT FROM sla.objective AS later
				WHERE later.name = v.name AND later.valid_from > v.valid_from AND later.valid_from <= now())
		ORDER BY v.valid_from
	LOOP
		factor := sla.alert_factor(rule.budget_percent::double precision,
			greatest(sla.nominal_window(o, now()), 1), extract(epoch FROM rule.long_window)::double precision);
		IF NOT sla.can_fire(factor, o.target_percent::double precision) THEN
			RAISE EXCEPTION 'rule "%" of objective "%" can never fire', rule.name, rule.objective
				USING ERRCODE = 'invalid_parameter_value',
					DETAIL = format('Its factor is %s, and with everything bad a target of %s %% burns at a rate of %s.',
						round(factor::numeric, 2), o.target_percent,
						round(sla.max_burn_rate(o.target_percent::double precision)::numeric, 2)),
					HINT = 'Lower its budget_percent or lengthen its long window; sla.add_burn_rules() has rules for low targets.';
		END IF;
		IF extract(epoch FROM rule.long_window) > sla.nominal_window(o, now()) THEN
			RAISE EXCEPTION 'long window of rule "%" is longer than the window of objective "%"', rule.name, rule.objective
				USING ERRCODE = 'invalid_parameter_value';
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION sla.refuse_silent_rule(sla.burn_rule) IS 'private: an error when a rule can never fire';
REVOKE ALL ON FUNCTION sla.refuse_silent_rule(sla.burn_rule) FROM PUBLIC;

CREATE FUNCTION sla.check_burn_rule()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NEW.budget_percent NOT BETWEEN 0 AND 100 OR NEW.budget_percent = 0 THEN
		RAISE EXCEPTION 'budget_percent of rule "%" is out of range: %', NEW.name, NEW.budget_percent
			USING ERRCODE = 'numeric_value_out_of_range',
				DETAIL = 'It must be greater than 0 and at most 100.';
	END IF;
	IF NEW.short_window < interval '1 second' OR NEW.long_window < NEW.short_window THEN
		RAISE EXCEPTION 'windows of rule "%" are out of range: "%" and "%"', NEW.name, NEW.long_window, NEW.short_window
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = 'The short one must be at least a second, and the long one not shorter than it.';
	END IF;
	IF NEW.hold_for < interval '0' OR NEW.cooldown < interval '0' THEN
		RAISE EXCEPTION 'hold_for and cooldown of rule "%" must not be negative', NEW.name
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF NEW.hold_for > NEW.long_window THEN
		RAISE EXCEPTION 'hold_for of rule "%" is longer than its long window', NEW.name
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF NOT NEW.min_events >= 0 OR NEW.min_events = 'NaN' THEN
		RAISE EXCEPTION 'min_events of rule "%" is out of range: %', NEW.name, NEW.min_events
			USING ERRCODE = 'numeric_value_out_of_range';
	END IF;
	IF sla.restoring() THEN
		RETURN NEW;
	END IF;
	IF NOT EXISTS (SELECT FROM sla.objective AS o WHERE o.name = NEW.objective) THEN
		RAISE EXCEPTION 'objective "%" does not exist', NEW.objective
			USING ERRCODE = 'undefined_object', HINT = 'Insert it into sla.objective first.';
	END IF;
	PERFORM sla.refuse_silent_rule(NEW);
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION sla.check_burn_rule() IS 'checks a burn rule';
REVOKE ALL ON FUNCTION sla.check_burn_rule() FROM PUBLIC;
CREATE TRIGGER check_burn_rule
	BEFORE INSERT OR UPDATE ON sla.burn_rule
	FOR EACH ROW EXECUTE FUNCTION sla.check_burn_rule();
COMMENT ON TRIGGER check_burn_rule ON sla.burn_rule IS 'checks a burn rule';

/* What refers to an objective by its name: the last version takes it along. */
CREATE FUNCTION sla.objective_moved()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF sla.restoring() THEN
		RETURN NULL;
	END IF;
	IF TG_OP <> 'INSERT' AND NOT EXISTS (SELECT FROM sla.objective AS o WHERE o.name = OLD.name) THEN
		IF TG_OP = 'DELETE' THEN
			DELETE FROM sla.burn_rule AS r WHERE r.objective = OLD.name;
			DELETE FROM sla.credit AS c WHERE c.objective = OLD.name;
		ELSE
			UPDATE sla.burn_rule AS r SET objective = NEW.name WHERE r.objective = OLD.name;
			UPDATE sla.credit AS c SET objective = NEW.name WHERE c.objective = OLD.name;
			UPDATE sla.exception AS e SET objective = NEW.name WHERE e.objective = OLD.name;
		END IF;
	END IF;
	IF TG_OP <> 'DELETE' THEN
		PERFORM sla.refuse_silent_rule(r) FROM sla.burn_rule AS r WHERE r.objective = NEW.name;
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.objective_moved() IS
'lets burn rules, credits and exceptions follow a renamed objective, deletes the rules and credits of a deleted one, and refuses a target by which one could never fire';
REVOKE ALL ON FUNCTION sla.objective_moved() FROM PUBLIC;
CREATE TRIGGER objective_moved
	AFTER INSERT OR UPDATE OR DELETE ON sla.objective
	FOR EACH ROW EXECUTE FUNCTION sla.objective_moved();
COMMENT ON TRIGGER objective_moved ON sla.objective IS 'burn rules, credits and exceptions follow';

CREATE VIEW sla.burn_rule_set AS
SELECT s.rule_set, s.name, s.budget_percent, s.long_window::interval AS long_window, s.short_window::interval AS short_window,
	s.min_events::double precision AS min_events, s.hold_for::interval AS hold_for, s.severity
FROM (VALUES
	('high', 'page_fast', 2::numeric, '1 hour', '5 minutes', 1, '0', 'page'),
	('high', 'page_slow', 5, '6 hours', '30 minutes', 1, '0', 'page'),
	('high', 'ticket_fast', 10, '1 day', '2 hours', 1, '0', 'ticket'),
	('high', 'ticket_slow', 10, '3 days', '6 hours', 1, '0', 'ticket'),
	('helpdesk', 'urgent_day', 10, '1 day', '4 hours', 10, '0', 'page'),
	('helpdesk', 'ticket_3_days', 20, '3 days', '12 hours', 10, '0', 'ticket'),
	('helpdesk', 'ticket_week', 30, '7 days', '1 day', 10, '0', 'ticket')
) AS s (rule_set, name, budget_percent, long_window, short_window, min_events, hold_for, severity);
COMMENT ON VIEW sla.burn_rule_set IS 'sets of burn rules for sla.add_burn_rules(): for high targets, and for those of a help desk';
COMMENT ON COLUMN sla.burn_rule_set.rule_set IS 'high (targets from about 99) or helpdesk (such as 95)';
COMMENT ON COLUMN sla.burn_rule_set.name IS 'name of the rule';
COMMENT ON COLUMN sla.burn_rule_set.budget_percent IS 'as in sla.burn_rule';
COMMENT ON COLUMN sla.burn_rule_set.long_window IS 'as in sla.burn_rule';
COMMENT ON COLUMN sla.burn_rule_set.short_window IS 'as in sla.burn_rule';
COMMENT ON COLUMN sla.burn_rule_set.min_events IS 'as in sla.burn_rule';
COMMENT ON COLUMN sla.burn_rule_set.hold_for IS 'as in sla.burn_rule';
COMMENT ON COLUMN sla.burn_rule_set.severity IS 'as in sla.burn_rule';
GRANT SELECT ON sla.burn_rule_set TO PUBLIC;

/* With the rights of the caller: what may not be inserted is not. */
CREATE FUNCTION sla.add_burn_rules(objective text, rule_set text DEFAULT NULL)
RETURNS SETOF sla.burn_rule
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	o sla.objective;
	chosen text := rule_set;
	scale double precision;
BEGIN
	-- the version in force, or else the first to come
	SELECT v.* INTO o
	FROM sla.objective AS v
	WHERE v.name = add_burn_rules.objective
	ORDER BY CASE WHEN v.valid_from <= now() THEN v.valid_from END DESC NULLS LAST, v.valid_from
	LIMIT 1;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'objective "%" does not exist', add_burn_rules.objective
			USING ERRCODE = 'undefined_object', HINT = 'Insert it into sla.objective first.';
	END IF;
	IF chosen IS NULL THEN
		chosen := CASE WHEN o.calendar IS NULL AND o.target_percent >= 99 THEN 'high' ELSE 'helpdesk' END;
	END IF;
	IF NOT EXISTS (SELECT FROM sla.burn_rule_set AS s WHERE s.rule_set = chosen) THEN
		RAISE EXCEPTION 'there is no set of burn rules "%"', chosen
			USING ERRCODE = 'undefined_object',
				HINT = 'Sets are ' || (SELECT string_agg(DISTINCT s.rule_set, ', ') FROM sla.burn_rule_set AS s) || '.';
	END IF;
	-- of open time the windows have their share, in whole minutes
	scale := CASE WHEN o.calendar IS NULL THEN 1 ELSE (
		SELECT sla.nominal_window(o, now()) / extract(epoch FROM w.to_at - w.from_at)::double precision
		FROM sla.objective_window(o, now()) AS w) END;
	RETURN QUERY
	INSERT INTO sla.burn_rule (objective, name, budget_percent, long_window, short_window, min_events, hold_for, severity)
	SELECT o.name, s.name, s.budget_percent,
		CASE WHEN o.calendar IS NULL THEN s.long_window
			ELSE interval '1 minute' * greatest(ceil(extract(epoch FROM s.long_window)::double precision / 60 * scale), 1) END,
		CASE WHEN o.calendar IS NULL THEN s.short_window
			ELSE interval '1 minute' * greatest(ceil(extract(epoch FROM s.short_window)::double precision / 60 * scale), 1) END,
		s.min_events, s.hold_for, s.severity
	FROM sla.burn_rule_set AS s
	WHERE s.rule_set = chosen
	RETURNING *;
END
$$;
COMMENT ON FUNCTION sla.add_burn_rules(text, text) IS
'gives an objective a set of burn rules: "high", "helpdesk", or by default the one that its target wants';

/* So far back from an instant, in time that elapses or in open time. */
CREATE FUNCTION sla.back_from(o sla.objective, at timestamptz, back interval)
RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL RESTRICTED
RETURN CASE
	WHEN o.calendar IS NULL THEN at - pg_catalog.make_interval(secs => extract(epoch FROM back)::double precision)
	ELSE @extschema@.business_add(at, @extschema@.make_business_interval(secs => -extract(epoch FROM back)::double precision), o.calendar)
END;
COMMENT ON FUNCTION sla.back_from(sla.objective, timestamptz, interval) IS
'private: the instant from which such a time that counts leads to another';
REVOKE ALL ON FUNCTION sla.back_from(sla.objective, timestamptz, interval) FROM PUBLIC;

/*
 * The rules of an objective at an instant.  Where a window holds nothing, or less
 * than min_events, its burn rate is NULL; so is then what follows from it, and an
 * alert stays as it is.  That a rule has held for a time is asked at five instants.
 */
CREATE FUNCTION sla.objective_alerts(objective text, at timestamptz)
RETURNS TABLE (
	rule text, group_value text, severity text, factor double precision,
	long_from timestamptz, short_from timestamptz, long_total double precision, long_burn_rate double precision,
	short_total double precision, short_burn_rate double precision, coverage_percent double precision,
	is_above boolean, is_firing boolean)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 10000 ROWS 10
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	o sla.objective;
	target double precision;
	length double precision;
	cuts timestamptz[];
	last integer;
BEGIN
	SELECT * INTO o FROM sla.objective_at(objective, at);
	IF NOT FOUND THEN
		RETURN;
	END IF;
	target := o.target_percent;
	length := greatest(sla.nominal_window(o, at), 1);
	cuts := ARRAY(
		SELECT DISTINCT greatest(c.at, o.valid_from)
		FROM sla.burn_rule AS r
		CROSS JOIN generate_series(0, CASE WHEN r.hold_for > interval '0' THEN 4 ELSE 0 END) AS s (s)
		CROSS JOIN LATERAL (SELECT sla.back_from(o, at, r.hold_for * (s.s / 4.0::double precision))) AS e (at)
		CROSS JOIN LATERAL (
			SELECT e.at
			UNION ALL
			SELECT sla.back_from(o, e.at, r.short_window)
			UNION ALL
			SELECT sla.back_from(o, e.at, r.long_window)
			UNION ALL
			-- parts of the long window, for coverage
			SELECT sla.back_from(o, at, r.long_window * (p.p / 12.0::double precision))
			FROM generate_series(1, 11) AS p (p)
			WHERE s.s = 0
		) AS c (at)
		WHERE r.objective = o.name
		ORDER BY 1);
	IF cardinality(cuts) < 2 THEN
		RETURN;
	END IF;
	RETURN QUERY
	WITH tally AS (
		SELECT t.grp, cuts[t.n] AS at, t.total, t.good FROM sla.objective_tally(o, cuts) AS t
	), grp AS (
		SELECT DISTINCT t.grp FROM tally AS t
		UNION
		SELECT '' WHERE o.group_by IS NULL
	), sample AS (
		SELECT r.name, r.severity, r.min_events, g.grp, s.s, f.factor, b.at AS until, w.long_from, w.short_from,
			m.long_total, m.short_total,
			CASE WHEN m.long_total >= r.min_events THEN sla.burn_rate(m.long_good, m.long_total, target) END AS long_burn,
			CASE WHEN m.long_total >= r.min_events THEN sla.burn_rate(m.short_good, m.short_total, target) END AS short_burn,
			m.parts
		FROM sla.burn_rule AS r
		CROSS JOIN grp AS g
		CROSS JOIN LATERAL (
			SELECT sla.alert_factor(r.budget_percent::double precision, length, extract(epoch FROM r.long_window)::double precision)
		) AS f (factor)
		CROSS JOIN generate_series(0, CASE WHEN r.hold_for > interval '0' THEN 4 ELSE 0 END) AS s (s)
		CROSS JOIN LATERAL (SELECT sla.back_from(o, at, r.hold_for * (s.s / 4.0::double precision))) AS b (at)
		CROSS JOIN LATERAL (
			SELECT greatest(sla.back_from(o, b.at, r.long_window), o.valid_from) AS long_from,
				greatest(sla.back_from(o, b.at, r.short_window), o.valid_from) AS short_from
		) AS w
		CROSS JOIN LATERAL (
			SELECT coalesce(sum(t.total), 0) AS long_total, coalesce(sum(t.good), 0) AS long_good,
				coalesce(sum(t.total) FILTER (WHERE t.at >= w.short_from), 0) AS short_total,
				coalesce(sum(t.good) FILTER (WHERE t.at >= w.short_from), 0) AS short_good,
				count(DISTINCT width_bucket(t.at, ARRAY(
					SELECT sla.back_from(o, b.at, r.long_window * (p.p / 12.0::double precision))
					FROM generate_series(12, 1, -1) AS p (p)))) FILTER (WHERE t.total > 0) AS parts
			FROM tally AS t
			WHERE t.grp = g.grp AND t.at >= w.long_from AND t.at < b.at
		) AS m
		WHERE r.objective = o.name
	), judged AS (
		SELECT s.*, sla.fires(s.long_burn, s.factor) AND sla.fires(s.short_burn, s.factor) AS above FROM sample AS s
	)
	SELECT j.name, nullif(j.grp, ''), j.severity, j.factor, j.long_from, j.short_from,
		j.long_total, nullif(j.long_burn, 'Infinity'), j.short_total, nullif(j.short_burn, 'Infinity'),
		CASE WHEN o.kind IN ('event', 'value', 'slice') THEN sla.coverage_percent(j.parts::double precision, 12) END,
		j.above,
		(SELECT CASE WHEN bool_or(NOT h.above) THEN false WHEN count(*) = count(h.above) THEN true END
		 FROM judged AS h WHERE h.name = j.name AND h.grp = j.grp)
	FROM judged AS j
	WHERE j.s = 0
	ORDER BY j.name, j.grp;
END
$$;
COMMENT ON FUNCTION sla.objective_alerts(text, timestamptz) IS 'what sla.slo_alerts() says, for the owner of the extension';
REVOKE ALL ON FUNCTION sla.objective_alerts(text, timestamptz) FROM PUBLIC;

CREATE FUNCTION sla.slo_alerts(
	objective text,
	at timestamptz DEFAULT now(),
	is_lenient boolean DEFAULT false,
	OUT rule text,
	OUT group_value text,
	OUT severity text,
	OUT factor double precision,
	OUT long_from timestamptz,
	OUT short_from timestamptz,
	OUT long_total double precision,
	OUT long_burn_rate double precision,
	OUT short_total double precision,
	OUT short_burn_rate double precision,
	OUT coverage_percent double precision,
	OUT is_above boolean,
	OUT is_firing boolean)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sla_slo_alerts'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 10000 ROWS 10;
COMMENT ON FUNCTION sla.slo_alerts(text, timestamptz, boolean) IS
'the burn rules of an objective at an instant, each group; where nothing can be said "is_firing" is NULL, and an alert stays as it is';

CREATE VIEW sla.report_slo_alert AS
SELECT
	o.name AS objective,
	a.rule,
	a.group_value,
	a.severity,
	a.factor,
	a.long_from,
	a.short_from,
	a.long_total,
	a.long_burn_rate,
	a.short_total,
	a.short_burn_rate,
	a.coverage_percent,
	a.is_above,
	a.is_firing
FROM (SELECT DISTINCT r.objective FROM sla.burn_rule AS r) AS o (name)
CROSS JOIN LATERAL sla.slo_alerts(o.name, pg_catalog.now(), true) AS a;

COMMENT ON VIEW sla.report_slo_alert IS
'burn rules as they stand now, each group';
COMMENT ON COLUMN sla.report_slo_alert.objective IS 'name of the objective';
COMMENT ON COLUMN sla.report_slo_alert.rule IS 'name of the rule';
COMMENT ON COLUMN sla.report_slo_alert.group_value IS 'value of the objective''s group_by; NULL: it has none';
COMMENT ON COLUMN sla.report_slo_alert.severity IS 'such as page or ticket';
COMMENT ON COLUMN sla.report_slo_alert.factor IS 'the burn rate above which it fires';
COMMENT ON COLUMN sla.report_slo_alert.long_from IS 'when the long window begins';
COMMENT ON COLUMN sla.report_slo_alert.short_from IS 'when the short window begins';
COMMENT ON COLUMN sla.report_slo_alert.long_total IS 'what counts in the long window';
COMMENT ON COLUMN sla.report_slo_alert.long_burn_rate IS 'its burn rate; NULL: nothing counts there, or less than min_events, or the target leaves no budget';
COMMENT ON COLUMN sla.report_slo_alert.short_total IS 'what counts in the short window';
COMMENT ON COLUMN sla.report_slo_alert.short_burn_rate IS 'its burn rate';
COMMENT ON COLUMN sla.report_slo_alert.coverage_percent IS 'the percentage of twelfths of the long window with anything that counts; NULL of clocks and outages';
COMMENT ON COLUMN sla.report_slo_alert.is_above IS 'both burn rates are above the factor; NULL: that cannot be said';
COMMENT ON COLUMN sla.report_slo_alert.is_firing IS 'so it has been for as long as the rule wants; NULL: that cannot be said, and an alert stays as it is';

/*
 * Service credits
 *
 * What an agreement gives back for a month: of the lowest tier reached its
 * percentage of the monthly fee, and an amount for each breach, together no more
 * than the agreement's cap.  Like agreements these are the administrator's.
 */

CREATE TABLE sla.credit (
	party text NOT NULL,
	agreement text NOT NULL,
	objective text NOT NULL,
	below_percent numeric,
	credit_percent numeric,
	per_breach numeric,
	remedy text,
	UNIQUE NULLS NOT DISTINCT (party, agreement, objective, below_percent)
);
COMMENT ON TABLE sla.credit IS 'service credits of agreements: tiers, amounts for each breach, and remedies in words';
COMMENT ON COLUMN sla.credit.party IS 'the customer';
COMMENT ON COLUMN sla.credit.agreement IS 'name of the party''s agreement';
COMMENT ON COLUMN sla.credit.objective IS 'name of the objective; of one over the clocks of all parties, the party''s count';
COMMENT ON COLUMN sla.credit.below_percent IS 'the tier is reached when the month''s percentage is below this';
COMMENT ON COLUMN sla.credit.credit_percent IS 'the percentage of the monthly fee that it gives back';
COMMENT ON COLUMN sla.credit.per_breach IS 'the amount for each breached clock of the month; where there is a tier, once it is reached';
COMMENT ON COLUMN sla.credit.remedy IS 'what else follows, in words, such as a right to terminate';
SELECT pg_catalog.pg_extension_config_dump('sla.credit', '');

CREATE FUNCTION sla.check_credit()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	other sla.credit;
BEGIN
	IF (NEW.below_percent IS NULL) <> (NEW.credit_percent IS NULL)
		AND NOT (NEW.credit_percent IS NULL AND (NEW.per_breach IS NOT NULL OR NEW.remedy IS NOT NULL))
	THEN
		RAISE EXCEPTION 'a tier of service credits needs below_percent and credit_percent'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF NEW.credit_percent IS NULL AND NEW.per_breach IS NULL AND NEW.remedy IS NULL THEN
		RAISE EXCEPTION 'a service credit gives nothing'
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Give it credit_percent, per_breach or remedy.';
	END IF;
	IF NEW.below_percent NOT BETWEEN 0 AND 100 OR NEW.below_percent = 0
		OR NEW.credit_percent NOT BETWEEN 0 AND 100
	THEN
		RAISE EXCEPTION 'percentage of a service credit is out of range'
			USING ERRCODE = 'numeric_value_out_of_range',
				DETAIL = format('below_percent is %s, credit_percent is %s.', NEW.below_percent, NEW.credit_percent);
	END IF;
	IF NOT (NEW.per_breach >= 0 AND NEW.per_breach < 'Infinity') THEN
		RAISE EXCEPTION 'per_breach of a service credit is out of range: %', NEW.per_breach
			USING ERRCODE = 'numeric_value_out_of_range';
	END IF;
	IF sla.restoring() THEN
		RETURN NEW;
	END IF;
	IF NOT EXISTS (SELECT FROM sla.agreement AS a WHERE a.party = NEW.party AND a.name = NEW.agreement) THEN
		RAISE EXCEPTION 'agreement "%" of party "%" does not exist', NEW.agreement, NEW.party
			USING ERRCODE = 'undefined_object', HINT = 'Insert it into sla.agreement first.';
	END IF;
	IF NOT EXISTS (SELECT FROM sla.objective AS o WHERE o.name = NEW.objective) THEN
		RAISE EXCEPTION 'objective "%" does not exist', NEW.objective
			USING ERRCODE = 'undefined_object', HINT = 'Insert it into sla.objective first.';
	END IF;
	IF NEW.per_breach IS NOT NULL AND EXISTS (
		SELECT FROM sla.objective AS o WHERE o.name = NEW.objective AND o.kind <> 'clock')
	THEN
		RAISE EXCEPTION 'objective "%" has no breaches', NEW.objective
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = 'It is not over clocks, and per_breach is for each breached clock.';
	END IF;
	IF EXISTS (
		SELECT FROM sla.objective AS o
		WHERE o.name = NEW.objective AND o.party IS NOT NULL AND o.party <> NEW.party)
	THEN
		RAISE EXCEPTION 'objective "%" is of another party than "%"', NEW.objective, NEW.party
			USING ERRCODE = 'invalid_parameter_value';
	END IF;

	-- who falls lower does not get less
	SELECT c.* INTO other
	FROM sla.credit AS c
	WHERE c.party = NEW.party AND c.agreement = NEW.agreement AND c.objective = NEW.objective
		AND (TG_OP = 'INSERT' OR c IS DISTINCT FROM OLD)
		AND (c.below_percent < NEW.below_percent AND c.credit_percent < NEW.credit_percent
			OR c.below_percent > NEW.below_percent AND c.credit_percent > NEW.credit_percent)
	LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'tiers of service credits contradict each other'
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('Below %s %% it is %s %%, and below %s %% it is %s %%.',
					NEW.below_percent, NEW.credit_percent, other.below_percent, other.credit_percent),
				HINT = 'The lower the percentage, the higher the credit.';
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION sla.check_credit() IS 'checks a service credit';
REVOKE ALL ON FUNCTION sla.check_credit() FROM PUBLIC;
CREATE TRIGGER check_credit
	BEFORE INSERT OR UPDATE ON sla.credit
	FOR EACH ROW EXECUTE FUNCTION sla.check_credit();
COMMENT ON TRIGGER check_credit ON sla.credit IS 'checks a service credit';

/*
 * The months of an agreement, the present and the twelve before, each version for
 * its part of the month and its share of the fee, by days; and in each what every
 * objective gives.  All versions of an objective count, each for its time; of
 * groups the worst decides the tier, and the breaches of all count.
 */
CREATE FUNCTION sla.agreement_credits(party text, agreement text, at timestamptz)
RETURNS TABLE (
	period_start date, valid_from timestamptz, from_at timestamptz, to_at timestamptz, objective text,
	total double precision, good double precision, bad double precision, sli_percent double precision,
	fee numeric, currency text, cap_percent double precision, below_percent double precision, credit_percent double precision,
	tier_amount numeric, breach_amount numeric, remedy text, is_over boolean)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 10000 ROWS 100
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	zone text;
	since timestamp;
	spans jsonb;
	goal text;
	o sla.objective;
	cuts timestamptz[];
	until timestamptz;
	tallies jsonb;
BEGIN
	-- months are those of the zone of the version in force, or of the latest
	SELECT coalesce(a.time_zone, 'UTC') INTO zone
	FROM sla.agreement AS a
	WHERE a.party = agreement_credits.party AND a.name = agreement_credits.agreement
	ORDER BY a.valid_from <= at DESC, a.valid_from DESC
	LIMIT 1;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	since := date_trunc('month', timezone(zone, at)) - interval '12 months';
	FOR goal IN
		SELECT DISTINCT c.objective
		FROM sla.credit AS c
		WHERE c.party = agreement_credits.party AND c.agreement = agreement_credits.agreement
		ORDER BY 1
	LOOP
		-- the instants at which a month, or a version of the agreement, begins or ends
		cuts := ARRAY(
			SELECT b.at
			FROM (
				SELECT timezone(zone, m) AS at FROM generate_series(since, since + interval '13 months', interval '1 month') AS m
				UNION
				SELECT v.at
				FROM sla.agreement AS a
				CROSS JOIN LATERAL (VALUES (a.valid_from), (a.ends_at)) AS v (at)
				WHERE a.party = agreement_credits.party AND a.name = agreement_credits.agreement
					AND v.at > timezone(zone, since) AND v.at < timezone(zone, since + interval '13 months')
			) AS b
			ORDER BY 1);
		tallies := '[]';
		FOR o IN SELECT b.* FROM sla.objective AS b WHERE b.name = goal LOOP
			until := least(agreement_credits.at, (SELECT min(n.valid_from) FROM sla.objective AS n WHERE n.name = goal AND n.valid_from > o.valid_from));
			IF o.kind = 'clock' THEN
				o.party := agreement_credits.party;
			END IF;
			tallies := tallies || coalesce((
				SELECT jsonb_agg(jsonb_build_object('grp', t.grp, 'at', width_bucket(c.bounds[t.n], cuts), 'total', t.total, 'good', t.good))
				FROM (SELECT ARRAY(SELECT DISTINCT least(greatest(k, o.valid_from), until) FROM unnest(cuts) AS k ORDER BY 1)) AS c (bounds)
				CROSS JOIN LATERAL sla.objective_tally(o, c.bounds) AS t), '[]');
		END LOOP;
		RETURN QUERY
		WITH version AS (
			SELECT a.*, least(coalesce(a.ends_at, 'infinity'),
				lead(a.valid_from, 1, 'infinity') OVER (ORDER BY a.valid_from)) AS valid_until
			FROM sla.agreement AS a
			WHERE a.party = agreement_credits.party AND a.name = agreement_credits.agreement
		), part AS (
			SELECT v.valid_from, s.n, cuts[s.n] AS from_at, cuts[s.n + 1] AS to_at, v.currency, v.credit_cap_percent,
				date_trunc('month', timezone(zone, cuts[s.n])) AS month,
				v.monthly_fee * (timezone(zone, cuts[s.n + 1])::date - timezone(zone, cuts[s.n])::date)
					/ extract(day FROM date_trunc('month', timezone(zone, cuts[s.n])) + interval '1 month' - interval '1 day') AS fee
			FROM generate_series(1, cardinality(cuts) - 1) AS s (n)
			JOIN version AS v ON v.valid_from <= cuts[s.n] AND cuts[s.n] < v.valid_until
			WHERE cuts[s.n] < agreement_credits.at
		), measured AS (
			SELECT g.n, sum(g.total) AS total, sum(g.good) AS good, min(sla.sli_percent(g.good, g.total)) AS worst
			FROM (
				SELECT (t ->> 'at')::integer AS n, t ->> 'grp' AS grp, sum((t ->> 'total')::double precision) AS total, sum((t ->> 'good')::double precision) AS good
				FROM jsonb_array_elements(tallies) AS t
				GROUP BY 1, 2
			) AS g
			GROUP BY g.n
		)
		SELECT p.month::date, p.valid_from, p.from_at, p.to_at, goal,
			coalesce(m.total, 0), coalesce(m.good, 0), coalesce(m.total - m.good, 0), m.worst,
			round(p.fee, 2), p.currency, p.credit_cap_percent::double precision,
			tier.below_percent::double precision, coalesce(tier.credit_percent, 0)::double precision,
			round(p.fee * coalesce(tier.credit_percent, 0) / 100, 2),
			round(coalesce(each.per_breach, 0) * (coalesce(m.total - m.good, 0))::numeric, 2),
			each.remedies, p.to_at <= agreement_credits.at
		FROM part AS p
		LEFT JOIN measured AS m ON m.n = p.n
		LEFT JOIN LATERAL (
			SELECT c.*
			FROM sla.credit AS c
			WHERE c.party = agreement_credits.party AND c.agreement = agreement_credits.agreement AND c.objective = goal
				AND c.credit_percent IS NOT NULL
				AND m.worst < c.below_percent
			ORDER BY c.below_percent
			LIMIT 1
		) AS tier ON true
		LEFT JOIN LATERAL (
			SELECT sum(c.per_breach) AS per_breach, string_agg(c.remedy, '; ' ORDER BY c.below_percent DESC) AS remedies
			FROM sla.credit AS c
			WHERE c.party = agreement_credits.party AND c.agreement = agreement_credits.agreement AND c.objective = goal
				AND (c.below_percent IS NULL AND (c.per_breach IS NOT NULL OR m.total > m.good) OR m.worst < c.below_percent)
		) AS each ON true;
	END LOOP;
END
$$;
COMMENT ON FUNCTION sla.agreement_credits(text, text, timestamptz) IS 'what sla.service_credits() says, for the owner of the extension';
REVOKE ALL ON FUNCTION sla.agreement_credits(text, text, timestamptz) FROM PUBLIC;

CREATE FUNCTION sla.service_credits(
	party text,
	agreement text,
	at timestamptz DEFAULT now(),
	OUT period_start date,
	OUT valid_from timestamptz,
	OUT from_at timestamptz,
	OUT to_at timestamptz,
	OUT objective text,
	OUT total double precision,
	OUT good double precision,
	OUT bad double precision,
	OUT sli_percent double precision,
	OUT fee numeric,
	OUT currency text,
	OUT cap_percent double precision,
	OUT below_percent double precision,
	OUT credit_percent double precision,
	OUT tier_amount numeric,
	OUT breach_amount numeric,
	OUT remedy text,
	OUT is_over boolean)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sla_service_credits'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 10000 ROWS 100;
COMMENT ON FUNCTION sla.service_credits(text, text, timestamptz) IS
'what each objective of an agreement gives back, for the month of an instant and the twelve before, before the cap; by what is known now';

CREATE VIEW sla.report_service_credit AS
SELECT
	s.period_start,
	a.party,
	a.agreement,
	s.valid_from,
	s.from_at AS "time",
	s.from_at,
	s.to_at,
	s.fee,
	s.currency,
	s.cap_percent,
	sum(s.tier_amount) AS tier_amount,
	sum(s.breach_amount) AS breach_amount,
	sum(s.bad) FILTER (WHERE s.breach_amount > 0) AS breaches,
	least(sum(s.tier_amount + s.breach_amount), pg_catalog.round(s.fee * s.cap_percent::numeric / 100, 2)) AS amount,
	pg_catalog.string_agg(pg_catalog.concat(s.objective, ': ', s.remedy), '; ' ORDER BY s.objective)
		FILTER (WHERE s.remedy IS NOT NULL) AS remedies,
	coalesce(sum(s.tier_amount + s.breach_amount) > pg_catalog.round(s.fee * s.cap_percent::numeric / 100, 2), false) AS is_capped,
	s.is_over
FROM (SELECT DISTINCT c.party, c.agreement FROM sla.credit AS c) AS a
CROSS JOIN LATERAL sla.service_credits(a.party, a.agreement, pg_catalog.now()) AS s
GROUP BY s.period_start, a.party, a.agreement, s.valid_from, s.from_at, s.to_at, s.fee, s.currency, s.cap_percent, s.is_over;

CREATE VIEW sla.report_service_credit_objective AS
SELECT
	s.period_start,
	a.party,
	a.agreement,
	s.valid_from,
	s.objective,
	s.from_at AS "time",
	s.from_at,
	s.to_at,
	s.total,
	s.good,
	s.bad,
	s.sli_percent,
	s.below_percent,
	s.credit_percent,
	s.tier_amount,
	s.breach_amount,
	s.currency,
	s.remedy,
	s.is_over
FROM (SELECT DISTINCT c.party, c.agreement FROM sla.credit AS c) AS a
CROSS JOIN LATERAL sla.service_credits(a.party, a.agreement, pg_catalog.now()) AS s;

COMMENT ON VIEW sla.report_service_credit IS
'service credits of agreements, the present month and the twelve before; of a month in which the agreement was renewed one row for each version';
COMMENT ON VIEW sla.report_service_credit_objective IS
'what each objective contributes to report_service_credit, before the cap';
COMMENT ON COLUMN sla.report_service_credit.period_start IS 'first day of the month';
COMMENT ON COLUMN sla.report_service_credit.party IS 'the customer';
COMMENT ON COLUMN sla.report_service_credit.agreement IS 'name of the agreement';
COMMENT ON COLUMN sla.report_service_credit.valid_from IS 'the version of the agreement';
COMMENT ON COLUMN sla.report_service_credit."time" IS 'when the month, or the versions part of it, begins';
COMMENT ON COLUMN sla.report_service_credit.from_at IS 'when the month, or the version''s part of it, begins';
COMMENT ON COLUMN sla.report_service_credit.to_at IS 'when it ends';
COMMENT ON COLUMN sla.report_service_credit.fee IS 'the monthly fee, of a part its share by days';
COMMENT ON COLUMN sla.report_service_credit.currency IS 'the currency of the amounts';
COMMENT ON COLUMN sla.report_service_credit.cap_percent IS 'credits are at most this percentage of the fee; NULL: there is no cap';
COMMENT ON COLUMN sla.report_service_credit.tier_amount IS 'by tiers, before the cap';
COMMENT ON COLUMN sla.report_service_credit.breach_amount IS 'for breaches, before the cap';
COMMENT ON COLUMN sla.report_service_credit.breaches IS 'how many breaches are paid for';
COMMENT ON COLUMN sla.report_service_credit.amount IS 'what is given back: both, up to the cap; in hundredths of the currency';
COMMENT ON COLUMN sla.report_service_credit.remedies IS 'what else follows, by objective';
COMMENT ON COLUMN sla.report_service_credit.is_capped IS 'the cap makes it less';
COMMENT ON COLUMN sla.report_service_credit.is_over IS 'it is over: else the amount is what is due so far';
COMMENT ON COLUMN sla.report_service_credit_objective.period_start IS 'first day of the month';
COMMENT ON COLUMN sla.report_service_credit_objective.party IS 'the customer';
COMMENT ON COLUMN sla.report_service_credit_objective.agreement IS 'name of the agreement';
COMMENT ON COLUMN sla.report_service_credit_objective.valid_from IS 'the version of the agreement';
COMMENT ON COLUMN sla.report_service_credit_objective.objective IS 'name of the objective';
COMMENT ON COLUMN sla.report_service_credit_objective."time" IS 'when the month, or the versions part of it, begins';
COMMENT ON COLUMN sla.report_service_credit_objective.from_at IS 'when the month, or the version''s part of it, begins';
COMMENT ON COLUMN sla.report_service_credit_objective.to_at IS 'when it ends';
COMMENT ON COLUMN sla.report_service_credit_objective.total IS 'what counts';
COMMENT ON COLUMN sla.report_service_credit_objective.good IS 'what of it is good';
COMMENT ON COLUMN sla.report_service_credit_objective.bad IS 'what of it is not: of clocks the breaches';
COMMENT ON COLUMN sla.report_service_credit_objective.sli_percent IS 'the percentage that decides the tier: of groups the worst; NULL when nothing counts';
COMMENT ON COLUMN sla.report_service_credit_objective.below_percent IS 'the tier reached; NULL: none';
COMMENT ON COLUMN sla.report_service_credit_objective.credit_percent IS 'the percentage of the fee that it gives back';
COMMENT ON COLUMN sla.report_service_credit_objective.tier_amount IS 'the same as an amount';
COMMENT ON COLUMN sla.report_service_credit_objective.breach_amount IS 'for breaches';
COMMENT ON COLUMN sla.report_service_credit_objective.currency IS 'the currency of the amounts';
COMMENT ON COLUMN sla.report_service_credit_objective.remedy IS 'what else follows';
COMMENT ON COLUMN sla.report_service_credit_objective.is_over IS 'it is over: else the amount is what is due so far';
