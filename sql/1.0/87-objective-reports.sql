--
-- How objectives stand: functions for readers, and views
--

/* The percentage of a budget that is used up; of nothing, or where there is none, NULL. */
CREATE FUNCTION sla.consumed_percent(total double precision, good double precision, budget double precision)
RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
	WHEN total = 0 THEN NULL
	WHEN good = total THEN 0
	WHEN budget > 0 THEN 100 * (total - good) / budget
END;
COMMENT ON FUNCTION sla.consumed_percent(double precision, double precision, double precision) IS
'private: the percentage of an error budget that is used up';

CREATE FUNCTION sla.version_until(o sla.objective)
RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT min(v.valid_from) FROM sla.objective AS v WHERE v.name = o.name AND v.valid_from > o.valid_from;
END;
COMMENT ON FUNCTION sla.version_until(sla.objective) IS 'private: when the next version of an objective comes into force; NULL: never';
REVOKE ALL ON FUNCTION sla.version_until(sla.objective) FROM PUBLIC;

/*
 * How an objective stands.  The pace is that of the last 28th of the window, or of
 * its open time; of what has rollups it begins with a bucket, if it is an hour or
 * more, so that none is cut for it.  At the window's end there will be as much, in
 * proportion, as there was so far.
 */
CREATE FUNCTION sla.objective_status(objective text, at timestamptz)
RETURNS TABLE (
	group_value text, valid_from timestamptz, window_from timestamptz, window_until timestamptz,
	total double precision, good double precision, bad double precision, sli_percent double precision,
	budget double precision, budget_remaining double precision, consumed_percent double precision,
	burn_rate double precision, window_seconds double precision, budget_seconds double precision,
	budget_remaining_seconds double precision, exhaustion_seconds double precision,
	projected_percent double precision, projected_sli_percent double precision, projected_remaining double precision,
	coverage_percent double precision, status text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE COST 10000 ROWS 10
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
	ends timestamptz;
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
	ends := least(w.to_at, sla.version_until(o));
	whole := sla.total_seconds(sla.objective_time(o, tstzrange(began, ends)));
	elapsed := CASE WHEN ends = until THEN whole
		ELSE sla.total_seconds(sla.objective_time(o, tstzrange(began, until))) END;
	recent := CASE
		WHEN o.calendar IS NULL THEN until - make_interval(secs => extract(epoch FROM w.to_at - w.from_at)::double precision / 28)
		WHEN elapsed <= sla.nominal_window(o, at) / 28 THEN began
		ELSE sla.back_from(o, until, make_interval(secs => sla.nominal_window(o, at) / 28))
	END;
	IF o.kind IN ('event', 'value', 'clock') AND o.calendar IS NULL AND w.to_at - w.from_at >= interval '28 hours' THEN
		recent := date_bin('5 minutes', recent, '2000-01-01 00:00+00');
	END IF;
	recent := greatest(recent, began);
	days := began || ARRAY(SELECT d FROM sla.steps('1 day', o.time_zone, began, until) AS d ORDER BY d);
	cuts := ARRAY(SELECT d FROM unnest(days || recent || until) AS d WHERE d <= until GROUP BY d ORDER BY d);
	IF o.kind IN ('event', 'value') THEN
		expected := sla.expected_steps(o, '1 day', began, until);
	ELSIF o.kind = 'slice' THEN
		expected := sla.expected_steps(o, o.slice, began, until);
	END IF;
	whole_budget := sla.whole_budget(o, began, ends);
	RETURN QUERY
	WITH counted AS MATERIALIZED (
		SELECT t.grp, sum(t.total) AS total, sum(t.good) AS good,
			coalesce(sum(t.total) FILTER (WHERE cuts[t.n] >= recent), 0) AS recent_total,
			coalesce(sum(t.good) FILTER (WHERE cuts[t.n] >= recent), 0) AS recent_good,
			count(DISTINCT width_bucket(cuts[t.n], days)) FILTER (WHERE t.total > 0) AS days
		FROM sla.objective_tally(o, cuts) AS t
		GROUP BY t.grp
	), tally AS (
		SELECT * FROM counted
		UNION ALL
		-- (where no group has anything, that is said, too)
		SELECT '', 0, 0, 0, 0, 0
		WHERE o.group_by IS NULL OR NOT EXISTS (SELECT FROM counted)
	), sums AS (
		SELECT t.grp, sum(t.total) AS total, sum(t.good) AS good, sum(t.days)::double precision AS days,
			sla.burn_rate(sum(t.recent_good), sum(t.recent_total), target) AS burn,
			sla.sli_percent(sum(t.recent_good), sum(t.recent_total)) AS pace
		FROM tally AS t
		GROUP BY t.grp
	)
	SELECT nullif(s.grp, ''), o.valid_from, began, ends, s.total, s.good, s.total - s.good,
		sla.sli_percent(s.good, s.total), b.budget, b.budget - (s.total - s.good), c.consumed,
		nullif(s.burn, 'Infinity'), whole, sla.error_budget(whole, target),
		sla.error_budget(whole, target) * (1 - c.consumed / 100),
		CASE WHEN whole > 0 AND s.burn < 'Infinity' AND c.consumed < 100 THEN sla.exhaustion_seconds(100 - u.used, s.burn, whole) END,
		projected.consumed, projected.sli,
		CASE WHEN whole_budget IS NOT NULL THEN whole_budget ELSE b.budget * whole / nullif(elapsed, 0) END * (1 - projected.consumed / 100),
		CASE o.kind
			WHEN 'slice' THEN sla.coverage_percent(s.total, expected)
			WHEN 'event' THEN sla.coverage_percent(s.days, expected)
			WHEN 'value' THEN sla.coverage_percent(s.days, expected)
		END,
		sla.slo_state(sla.sli_percent(s.good, s.total), target, b.budget - (s.total - s.good))
	FROM sums AS s
	CROSS JOIN LATERAL (SELECT coalesce(whole_budget, sla.error_budget(s.total, target))) AS b (budget)
	CROSS JOIN LATERAL (SELECT sla.consumed_percent(s.total, s.good, b.budget)) AS c (consumed)
	CROSS JOIN LATERAL (
		-- of the whole window's budget; one that is of what counted so far grows until
		-- then (nullif() since a CASE does not keep the planner from dividing)
		SELECT c.consumed * CASE
			WHEN whole_budget IS NULL AND sla.is_calendar_window(o.window_length) THEN elapsed / nullif(whole, 0)
			ELSE 1
		END
	) AS u (used)
	LEFT JOIN LATERAL (
		SELECT CASE WHEN s.burn < 'Infinity' THEN u.used + 100 * s.burn * greatest(whole - elapsed, 0) / nullif(whole, 0) END,
			CASE WHEN s.pace IS NOT NULL THEN
				sla.weighted_percent(ARRAY[sla.sli_percent(s.good, s.total), s.pace], ARRAY[elapsed, greatest(whole - elapsed, 0)])
			END
		WHERE sla.is_calendar_window(o.window_length)
	) AS projected (consumed, sli) ON true;
END
$$;
COMMENT ON FUNCTION sla.objective_status(text, timestamptz) IS 'private: what sla.slo_status() says, for the owner of the extension';
REVOKE ALL ON FUNCTION sla.objective_status(text, timestamptz) FROM PUBLIC;

/*
 * An objective between each two of "cuts", with the percentage of days, or of
 * slices, that have anything that counts.
 */
CREATE FUNCTION sla.period_tally(o sla.objective, cuts timestamptz[])
RETURNS TABLE (grp text, n integer, total double precision, good double precision, coverage_percent double precision)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE COST 10000 ROWS 100
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	step interval := CASE WHEN o.kind IN ('event', 'value') THEN interval '1 day' WHEN o.kind = 'slice' THEN o.slice END;
	steps timestamptz[] := ARRAY(
		SELECT c FROM unnest(cuts) AS c
		UNION
		SELECT s FROM sla.steps(step, o.time_zone, cuts[1], cuts[cardinality(cuts)]) AS s
		ORDER BY 1);
	edges timestamptz[] := CASE WHEN o.kind = 'slice' THEN cuts ELSE steps END;
	counted tstzmultirange := sla.objective_time(o, tstzrange(cuts[1], cuts[cardinality(cuts)]));
BEGIN
	RETURN QUERY
	WITH expected AS (
		SELECT width_bucket(s.at, cuts) AS n, count(*)::double precision AS steps
		FROM (SELECT s.at, lead(s.at) OVER (ORDER BY s.at) AS next FROM unnest(steps) AS s (at)) AS s
		WHERE step IS NOT NULL AND counted && tstzrange(s.at, s.next)
		GROUP BY 1
	)
	SELECT t.grp, t.n, t.total, t.good,
		CASE WHEN step IS NOT NULL THEN
			sla.coverage_percent(CASE WHEN o.kind = 'slice' THEN t.total ELSE t.days END, coalesce(e.steps, 0))
		END
	FROM (
		SELECT t.grp, width_bucket(edges[t.n], cuts) AS n, sum(t.total) AS total, sum(t.good) AS good,
			(count(*) FILTER (WHERE t.total > 0))::double precision AS days
		FROM sla.tally_apart(o, edges) AS t
		GROUP BY 1, 2
	) AS t
	LEFT JOIN expected AS e ON e.n = t.n;
END
$$;
COMMENT ON FUNCTION sla.period_tally(sla.objective, timestamptz[]) IS
'private: what counts and what is good of an objective between each two cuts, and on how much of it there was anything';
REVOKE ALL ON FUNCTION sla.period_tally(sla.objective, timestamptz[]) FROM PUBLIC;

/* From when on a period may be closed, by the objective's local time and not the session's. */
CREATE FUNCTION sla.settles_at(o sla.objective, period_ends timestamptz)
RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN pg_catalog.timezone(o.time_zone, pg_catalog.timezone(o.time_zone, period_ends) + o.close_after);
COMMENT ON FUNCTION sla.settles_at(sla.objective, timestamptz) IS 'private: from when on a period of an objective may be closed';
REVOKE ALL ON FUNCTION sla.settles_at(sla.objective, timestamptz) FROM PUBLIC;

/*
 * The periods of an objective, the latest two years and a bit: the windows of
 * the calendar, or months where the window rolls.  A period in which another
 * version came into force is one for each.  What was before "since" is left out.
 */
CREATE FUNCTION sla.objective_periods(objective text, at timestamptz, since timestamptz)
RETURNS TABLE (
	period_start date, valid_from timestamptz, group_value text, from_at timestamptz, to_at timestamptz,
	party text, agreement text, target_percent double precision,
	total double precision, good double precision, bad double precision, sli_percent double precision,
	budget double precision, budget_remaining double precision, consumed_percent double precision,
	is_met boolean, is_over boolean, is_settled boolean, coverage_percent double precision)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE COST 10000 ROWS 100
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	o sla.objective;
	next_from timestamptz;
	unit text;
	began timestamptz;
	until timestamptz;
	w record;
	cuts timestamptz[];
	target double precision;
BEGIN
	FOR o IN
		SELECT *
		FROM sla.objective AS v
		WHERE v.name = objective AND v.valid_from < objective_periods.at
		ORDER BY v.valid_from
	LOOP
		next_from := sla.version_until(o);
		target := o.target_percent;
		unit := CASE WHEN sla.is_calendar_window(o.window_length) THEN o.window_length ELSE 'month' END;
		until := least(next_from, at);

		-- when periods begin, the latest first
		cuts := '{}';
		began := until;
		WHILE cardinality(cuts) < 25 AND began > greatest(o.valid_from, since) LOOP
			SELECT * INTO w FROM sla.calendar_window(unit, o.window_start, o.time_zone, began - interval '1 us');
			began := greatest(w.from_at, o.valid_from, since);
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
		IF o.kind = 'slice' THEN
			-- before the first event no slice is worth looking for: there are very many
			cuts := cuts[coalesce((SELECT min(c.bucket) FROM sla.objective_counts(o.id, cuts || until, NULL) AS c), cardinality(cuts)):];
		END IF;
		RETURN QUERY
		SELECT timezone(o.time_zone, p.from_at)::date, o.valid_from, nullif(t.grp, ''), p.from_at, p.to_at,
			o.party, o.agreement, target, t.total, t.good, t.total - t.good, sla.sli_percent(t.good, t.total),
			b.budget, b.budget - (t.total - t.good),
			sla.consumed_percent(t.total, t.good, b.budget),
			sla.is_met(t.good, t.total, target), p.to_at <= at, sla.settles_at(o, p.to_at) <= at, t.coverage_percent
		FROM (
			SELECT s.n, cuts[s.n] AS from_at,
				least((sla.calendar_window(unit, o.window_start, o.time_zone, cuts[s.n])).to_at, next_from) AS to_at
			FROM generate_subscripts(cuts, 1) AS s (n)
		) AS p
		JOIN (
			SELECT y.grp, y.n, sum(y.total) AS total, sum(y.good) AS good, max(y.coverage_percent) AS coverage_percent
			FROM (
				SELECT * FROM sla.period_tally(o, cuts || until)
				UNION ALL
				-- the present one, also where nothing happened yet
				SELECT '', cardinality(cuts), 0, 0, NULL WHERE o.group_by IS NULL AND until = at
			) AS y
			GROUP BY y.grp, y.n
		) AS t ON t.n = p.n
		CROSS JOIN LATERAL (
			SELECT coalesce(sla.whole_budget(o, p.from_at, p.to_at), sla.error_budget(t.total, target))
		) AS b (budget)
		-- a group is known from its first outage on
		LEFT JOIN (
			SELECT x.grp, min(x.from_at) AS from_at
			FROM sla.objective_outages(o.id, cuts[1], until) AS x
			WHERE o.kind = 'outage' AND o.group_by IS NOT NULL
			GROUP BY x.grp
		) AS g ON g.grp = t.grp
		WHERE g.from_at < p.to_at OR g.from_at IS NULL;
	END LOOP;
END
$$;
COMMENT ON FUNCTION sla.objective_periods(text, timestamptz, timestamptz) IS 'private: what sla.slo_periods() says, for the owner of the extension';
REVOKE ALL ON FUNCTION sla.objective_periods(text, timestamptz, timestamptz) FROM PUBLIC;

/* The days of the window, and the budget as it was at the end of each. */
CREATE FUNCTION sla.objective_series(objective text, at timestamptz)
RETURNS TABLE (
	group_value text, "time" timestamptz, total double precision, good double precision, bad double precision,
	sli_percent double precision, so_far_percent double precision, budget_remaining_percent double precision)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE COST 10000 ROWS 100
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
	whole_budget double precision;
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
	whole_budget := sla.whole_budget(o, began, least(w.to_at, sla.version_until(o)));
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
		100 - 100 * coalesce(d.all_total - d.all_good, 0) / nullif(coalesce(whole_budget, sla.error_budget(d.whole_total, target)), 0)
	FROM days AS d
	ORDER BY d.grp, d.n;
END
$$;
COMMENT ON FUNCTION sla.objective_series(text, timestamptz) IS 'private: what sla.slo_series() says, for the owner of the extension';
REVOKE ALL ON FUNCTION sla.objective_series(text, timestamptz) FROM PUBLIC;

/*
 * The hours of the week, in local time, by what was bad in them: of the window, or
 * of the last year of a longer one.
 */
CREATE FUNCTION sla.objective_slots(objective text, at timestamptz)
RETURNS TABLE (
	group_value text, rank integer, weekday integer, hour integer, slot text,
	total double precision, good double precision, bad double precision, sli_percent double precision,
	bad_percent double precision)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE COST 10000 ROWS 100
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	o sla.objective;
	w record;
	began timestamptz;
	until timestamptz;
	cuts timestamptz[];
BEGIN
	SELECT * INTO o FROM sla.objective_at(objective, at);
	IF NOT FOUND THEN
		RETURN;
	END IF;
	SELECT * INTO w FROM sla.objective_window(o, at);
	until := least(w.to_at, at);
	began := greatest(w.from_at, o.valid_from, until - interval '8784 hours');
	cuts := began || ARRAY(SELECT h FROM sla.steps('1 hour', o.time_zone, began, until) AS h ORDER BY h);
	IF EXISTS (SELECT FROM unnest(cuts[2:]) AS h WHERE extract(minute FROM timezone(o.time_zone, h)) <> 0) THEN
		-- the zone has moved by half an hour since steps are counted, or does so twice a year
		cuts := began || ARRAY(SELECT h FROM sla.steps('30 minutes', o.time_zone, began, until) AS h ORDER BY h);
	END IF;
	RETURN QUERY
	-- (sums of fractions of seconds that are alike differ by their rounding)
	SELECT nullif(s.grp, ''), (rank() OVER (PARTITION BY s.grp ORDER BY round((s.total - s.good)::numeric, 6) DESC))::integer,
		s.slot / 24 + 1, s.slot % 24,
		format('%s %s:00', (ARRAY['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su'])[s.slot / 24 + 1], lpad((s.slot % 24)::text, 2, '0')),
		s.total, s.good, s.total - s.good, sla.sli_percent(s.good, s.total),
		100 * (s.total - s.good) / nullif(sum(s.total - s.good) OVER (PARTITION BY s.grp), 0)
	FROM (
		SELECT t.grp, (24 * (extract(isodow FROM l.local) - 1) + extract(hour FROM l.local))::integer AS slot,
			sum(t.total) AS total, sum(t.good) AS good
		FROM sla.objective_tally(o, cuts || until) AS t
		CROSS JOIN LATERAL (SELECT timezone(o.time_zone, cuts[t.n])) AS l (local)
		WHERE t.total > 0
		GROUP BY 1, 2
	) AS s
	ORDER BY s.grp, 2, s.slot;
END
$$;
COMMENT ON FUNCTION sla.objective_slots(text, timestamptz) IS 'private: what sla.slo_slots() says, for the owner of the extension';
REVOKE ALL ON FUNCTION sla.objective_slots(text, timestamptz) FROM PUBLIC;

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
	OUT projected_sli_percent double precision,
	OUT projected_remaining double precision,
	OUT coverage_percent double precision,
	OUT status text,
	OUT problem text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sla_slo_status'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 10000 ROWS 10;
COMMENT ON FUNCTION sla.slo_status(text, timestamptz, boolean) IS
'how an objective stands at an instant, each group: the version in force then, by what is known now';

CREATE FUNCTION sla.slo_periods(
	objective text,
	at timestamptz DEFAULT now(),
	is_lenient boolean DEFAULT false,
	since timestamptz DEFAULT '-infinity',
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
	OUT is_settled boolean,
	OUT coverage_percent double precision,
	OUT problem text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sla_slo_periods'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 10000 ROWS 10;
COMMENT ON FUNCTION sla.slo_periods(text, timestamptz, boolean, timestamptz) IS
'the latest periods of an objective up to an instant and not before another, each group; by what is known now, also where a period is closed';

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
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 10000 ROWS 10;
COMMENT ON FUNCTION sla.slo_series(text, timestamptz, boolean) IS
'the days of the window of an objective at an instant, each group';

CREATE FUNCTION sla.slo_slots(
	objective text,
	at timestamptz DEFAULT now(),
	is_lenient boolean DEFAULT false,
	OUT group_value text,
	OUT rank integer,
	OUT weekday integer,
	OUT hour integer,
	OUT slot text,
	OUT total double precision,
	OUT good double precision,
	OUT bad double precision,
	OUT sli_percent double precision,
	OUT bad_percent double precision)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sla_slo_slots'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 10000 ROWS 100;
COMMENT ON FUNCTION sla.slo_slots(text, timestamptz, boolean) IS
'the hours of the week in which an objective had most that was bad, in its window at an instant, each group';

CREATE VIEW sla.report_slo_status AS
SELECT
	o.name AS objective,
	s.group_value,
	o.party,
	o.agreement,
	o.kind,
	o.relation::text AS relation,
	o.metric,
	nullif(o.valid_from, '-infinity') AS valid_from,
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
	s.problem,
	s.projected_sli_percent,
	s.projected_remaining
FROM (
	SELECT o.*, pg_catalog.lead(o.valid_from, 1, 'infinity') OVER (PARTITION BY o.name ORDER BY o.valid_from) AS valid_until
	FROM sla.objective AS o
) AS o,
	LATERAL sla.slo_status(o.name, pg_catalog.now(), true) AS s
WHERE o.valid_from <= pg_catalog.now() AND pg_catalog.now() < o.valid_until;

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

CREATE VIEW sla.report_slo_slot AS
SELECT
	o.name AS objective,
	s.group_value,
	s.rank,
	s.weekday,
	s.hour,
	s.slot,
	s.total,
	s.good,
	s.bad,
	s.sli_percent,
	s.bad_percent
FROM (SELECT DISTINCT o.name FROM sla.objective AS o) AS o
CROSS JOIN LATERAL sla.slo_slots(o.name, pg_catalog.now(), true) AS s
WHERE s.bad > 0;

COMMENT ON VIEW sla.report_slo_status IS
'objectives as they stand now, each group';
COMMENT ON COLUMN sla.report_slo_status.objective IS 'name of the objective';
COMMENT ON COLUMN sla.report_slo_status.group_value IS 'value of the objective''s group_by; NULL: it has none, or no group has anything in the window';
COMMENT ON COLUMN sla.report_slo_status.party IS 'the customer';
COMMENT ON COLUMN sla.report_slo_status.agreement IS 'name of the party''s agreement';
COMMENT ON COLUMN sla.report_slo_status.kind IS 'clock, event, value, outage or slice';
COMMENT ON COLUMN sla.report_slo_status.relation IS 'the table or view that it is of';
COMMENT ON COLUMN sla.report_slo_status.metric IS 'of clocks: what is measured';
COMMENT ON COLUMN sla.report_slo_status.valid_from IS 'from when this version is in force; NULL: from ever';
COMMENT ON COLUMN sla.report_slo_status.target_percent IS 'what is promised';
COMMENT ON COLUMN sla.report_slo_status.window_from IS 'when the window begins; not before this version';
COMMENT ON COLUMN sla.report_slo_status.window_until IS 'when it ends, or the next version comes into force: now, where it rolls';
COMMENT ON COLUMN sla.report_slo_status.total IS 'what counts: events, values, clocks, slices that have events, or seconds';
COMMENT ON COLUMN sla.report_slo_status.good IS 'what of it is good';
COMMENT ON COLUMN sla.report_slo_status.bad IS 'what of it is not';
COMMENT ON COLUMN sla.report_slo_status.sli_percent IS 'the indicator: the percentage that is good; NULL when nothing counts';
COMMENT ON COLUMN sla.report_slo_status.budget IS 'how much may be bad, in the unit of the total: of what counted so far, or of the whole where that is known beforehand (outages and slices in a window of the calendar)';
COMMENT ON COLUMN sla.report_slo_status.budget_remaining IS 'the budget less what was bad; negative when overspent';
COMMENT ON COLUMN sla.report_slo_status.consumed_percent IS 'the percentage of the budget that is used up; NULL when nothing counts or the target leaves no budget';
COMMENT ON COLUMN sla.report_slo_status.burn_rate IS 'how many times faster than allowed it was used up in the last 28th of the window, or of its open time; NULL when nothing counts there, or the target leaves no budget';
COMMENT ON COLUMN sla.report_slo_status.window_seconds IS 'the time of the window that counts: open, and not excepted';
COMMENT ON COLUMN sla.report_slo_status.window_text IS 'the same in words';
COMMENT ON COLUMN sla.report_slo_status.budget_seconds IS 'the budget as time: how long everything may be bad';
COMMENT ON COLUMN sla.report_slo_status.budget_text IS 'the same in words';
COMMENT ON COLUMN sla.report_slo_status.budget_remaining_seconds IS 'the time that is left of it; negative when overspent';
COMMENT ON COLUMN sla.report_slo_status.budget_remaining_text IS 'the same in words';
COMMENT ON COLUMN sla.report_slo_status.exhaustion_seconds IS 'the time that counts until nothing is left of the whole window''s budget, at the present burn rate; NULL: past, or never';
COMMENT ON COLUMN sla.report_slo_status.exhaustion_text IS 'the same in words';
COMMENT ON COLUMN sla.report_slo_status.projected_percent IS 'the percentage of the budget used up at the end of the window, at the present burn rate; NULL where it rolls';
COMMENT ON COLUMN sla.report_slo_status.coverage_percent IS 'the percentage of days, or slices, with anything that counts; NULL of clocks and outages';
COMMENT ON COLUMN sla.report_slo_status.status IS 'no_data, healthy, degrading (below the target, but some budget remains), violated; or error: it cannot be read';
COMMENT ON COLUMN sla.report_slo_status.projected_sli_percent IS 'the indicator at the end of the window, at the present burn rate; NULL where it rolls';
COMMENT ON COLUMN sla.report_slo_status.projected_remaining IS 'what will be left of the budget then, in the unit of the total; negative when overspent';
COMMENT ON COLUMN sla.report_slo_status.problem IS 'with which SQLSTATE reading it failed; sla.slo_status() tells the whole error';

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

COMMENT ON VIEW sla.report_slo_slot IS
'the hours of the week in which objectives had what was bad, in the present window';
COMMENT ON COLUMN sla.report_slo_slot.objective IS 'name of the objective';
COMMENT ON COLUMN sla.report_slo_slot.group_value IS 'value of the objective''s group_by; NULL: it has none';
COMMENT ON COLUMN sla.report_slo_slot.rank IS '1 is the hour with most that is bad; those alike have the same';
COMMENT ON COLUMN sla.report_slo_slot.weekday IS '1 is Monday, in the objective''s time zone';
COMMENT ON COLUMN sla.report_slo_slot.hour IS 'the hour of the day, 0 to 23';
COMMENT ON COLUMN sla.report_slo_slot.slot IS 'both in words, such as Mo 09:00';
COMMENT ON COLUMN sla.report_slo_slot.total IS 'what counts of such hours: events, values, clocks, slices that begin in them, or seconds';
COMMENT ON COLUMN sla.report_slo_slot.good IS 'what of it is good';
COMMENT ON COLUMN sla.report_slo_slot.bad IS 'what of it is not';
COMMENT ON COLUMN sla.report_slo_slot.sli_percent IS 'the percentage that is good';
COMMENT ON COLUMN sla.report_slo_slot.bad_percent IS 'its share of all that is bad';
