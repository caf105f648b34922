--
-- Indicators: what of an objective's relation, or of its clocks, counts and is good
--

CREATE FUNCTION sla.objective_counts(objective integer, edges timestamptz[], party text DEFAULT NULL,
	OUT grp text, OUT bucket integer, OUT total bigint, OUT good bigint)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sla_objective_counts'
LANGUAGE C STABLE PARALLEL UNSAFE COST 10000 ROWS 100;
COMMENT ON FUNCTION sla.objective_counts(integer, timestamptz[], text) IS
'private: what counts in an objective, events or clocks, between each two edges; of clocks only a party''s, if one is told';
REVOKE ALL ON FUNCTION sla.objective_counts(integer, timestamptz[], text) FROM PUBLIC;

CREATE FUNCTION sla.objective_outages(objective integer, from_at timestamptz, to_at timestamptz,
	OUT grp text, OUT from_at timestamptz, OUT to_at timestamptz)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sla_objective_outages'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 10000 ROWS 100;
COMMENT ON FUNCTION sla.objective_outages(integer, timestamptz, timestamptz) IS
'private: the outages of an objective''s relation, cut at the ends of a window';
REVOKE ALL ON FUNCTION sla.objective_outages(integer, timestamptz, timestamptz) FROM PUBLIC;

CREATE VIEW sla.objective_promise AS
SELECT o.id AS objective, p.id AS promise_id
FROM sla.objective AS o
JOIN sla.promise AS p
	ON p.relation = o.relation
	-- also of a name that the metric had before
	AND (p.metric = o.metric
		OR p.metric_id = (SELECT m.id FROM sla.metric AS m WHERE m.relation = o.relation AND m.name = o.metric))
WHERE o.kind = 'clock';
COMMENT ON VIEW sla.objective_promise IS 'private: promises whose clocks count in an objective';

/*
 * With a plan that is kept: to make one takes longer than to read ten thousand
 * clocks.
 */
CREATE FUNCTION sla.clock_counts(promises integer[], party text, label text, edges timestamptz[], is_open boolean,
	OUT grp text, OUT bucket integer, OUT total bigint, OUT good bigint)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL UNSAFE COST 10000 ROWS 100
SET search_path = pg_catalog, pg_temp
SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
	first timestamptz := edges[1];
	last timestamptz := edges[cardinality(edges)];
BEGIN
	RETURN QUERY
	SELECT coalesce(j.labels ->> clock_counts.label, ''), width_bucket(j.at, edges), count(*), count(*) FILTER (WHERE j.net <> 3)
	FROM sla.judgement AS j
	-- (only the branches of which that is true are executed)
	WHERE j.is_open = clock_counts.is_open
		AND j.net > 0 AND j.at >= first AND j.at < last AND j.promise_id = ANY (promises)
		AND (clock_counts.party IS NULL OR j.party = clock_counts.party)
	GROUP BY 1, 2;
END
$$;
COMMENT ON FUNCTION sla.clock_counts(integer[], text, text, timestamptz[], boolean) IS
'private: clocks that are open, or have ended, by the instant of their verdict, and those kept, between each two edges';
REVOKE ALL ON FUNCTION sla.clock_counts(integer[], text, text, timestamptz[], boolean) FROM PUBLIC;

CREATE FUNCTION sla.clock_buckets(promises integer[], party text, label text)
RETURNS TABLE (grp text, bucket timestamptz, total bigint, good bigint)
LANGUAGE sql STABLE PARALLEL UNSAFE COST 100000 ROWS 10000
BEGIN ATOMIC
	SELECT coalesce(j.labels ->> clock_buckets.label, ''), pg_catalog.date_bin('5 minutes', j.at, '2000-01-01 00:00+00'),
		count(*), count(*) FILTER (WHERE j.net <> 3)
	FROM sla.judgement AS j
	WHERE NOT j.is_open AND j.net > 0 AND pg_catalog.isfinite(j.at) AND j.promise_id = ANY (promises)
		AND (clock_buckets.party IS NULL OR j.party = clock_buckets.party)
	GROUP BY 1, 2;
END;
COMMENT ON FUNCTION sla.clock_buckets(integer[], text, text) IS
'private: clocks that have ended, by five minutes of the instant of their verdict, and those kept';
REVOKE ALL ON FUNCTION sla.clock_buckets(integer[], text, text) FROM PUBLIC;

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
				AND x.from_at < x.to_at AND pg_catalog.tstzrange(x.from_at, x.to_at) && objective_time.during
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
	SELECT sla.day_begins(time_zone, s.local)
	FROM pg_catalog.generate_series(
		pg_catalog.date_bin(step, pg_catalog.timezone(time_zone, from_at), timestamp '2001-01-01'),
		pg_catalog.timezone(time_zone, to_at), step) AS s (local)
	WHERE step >= interval '1 day'
		AND sla.day_begins(time_zone, s.local) > from_at AND sla.day_begins(time_zone, s.local) < to_at;
END;
COMMENT ON FUNCTION sla.steps(interval, text, timestamptz, timestamptz) IS
'private: where days or other steps of local time begin, after the one instant and before the other';

/*
 * An objective between each two of "cuts", which ascend: of each group what
 * counts (events, clocks, slices that have any event, seconds) and what of it is
 * good.  A slice belongs to where it begins.  (Its fractions are added up in one
 * order, so that the sum is the same each time.)
 */
CREATE FUNCTION sla.objective_tally(o sla.objective, cuts timestamptz[])
RETURNS TABLE (grp text, n integer, total double precision, good double precision)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE COST 10000 ROWS 100
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
		SELECT * FROM sla.objective_counts(o.id, edges, o.party)
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
		CASE WHEN o.slice_ratio THEN sum(s.good / s.total ORDER BY s.at)
			ELSE count(*) FILTER (WHERE sla.is_met(s.good, s.total, coalesce(o.slice_target_percent, o.target_percent)::double precision))
		END::double precision
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

/*
 * The same between periods, each by itself: a slice over the end of one is cut
 * there, as it is where the period is looked at alone.
 */
CREATE FUNCTION sla.tally_apart(o sla.objective, cuts timestamptz[])
RETURNS TABLE (grp text, n integer, total double precision, good double precision)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE COST 10000 ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	IF o.kind <> 'slice' THEN
		RETURN QUERY SELECT t.grp, t.n, t.total, t.good FROM sla.objective_tally(o, cuts) AS t;
		RETURN;
	END IF;
	RETURN QUERY
	SELECT t.grp, i.i, t.total, t.good
	FROM generate_series(1, cardinality(cuts) - 1) AS i (i)
	CROSS JOIN LATERAL sla.objective_tally(o, cuts[i.i : i.i + 1]) AS t;
END
$$;
COMMENT ON FUNCTION sla.tally_apart(sla.objective, timestamptz[]) IS
'private: what counts and what is good of an objective in each period between two cuts';
REVOKE ALL ON FUNCTION sla.tally_apart(sla.objective, timestamptz[]) FROM PUBLIC;

/* How many slices of a span have time that counts. */
CREATE FUNCTION sla.expected_steps(o sla.objective, step interval, from_at timestamptz, to_at timestamptz)
RETURNS double precision
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 10000
BEGIN ATOMIC
	-- (once, not for each step)
	WITH t AS MATERIALIZED (
		SELECT sla.objective_time(o, pg_catalog.tstzrange(from_at, to_at)) AS counted
	)
	SELECT count(*) FILTER (WHERE t.counted && pg_catalog.tstzrange(s.at, s.next))::double precision
	FROM t
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
	FROM sla.calendar_window(CASE WHEN sla.is_calendar_window(o.window_length) THEN o.window_length END,
		o.window_start, o.time_zone, at) AS w
	WHERE sla.is_calendar_window(o.window_length)
	UNION ALL
	-- days are those of the calendar, what is less than a day elapses
	SELECT CASE WHEN l.days = interval '0' THEN at
			ELSE pg_catalog.timezone(o.time_zone, pg_catalog.timezone(o.time_zone, at) - l.days)
		END - (l.length - l.days), at
	FROM (
		SELECT w.length, pg_catalog.date_trunc('day', w.length) AS days
		FROM (SELECT CASE WHEN NOT sla.is_calendar_window(o.window_length) THEN o.window_length::interval END) AS w (length)
	) AS l
	WHERE l.length IS NOT NULL;
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
