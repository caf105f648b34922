--
-- Forecasts: how probable it is that an open clock will be breached
--
-- A clock that has used so much business time is compared with those that took
-- no less: the probability is the part of these, by the estimator of Kaplan and
-- Meier, that took longer than its promise allows.  Finished clocks and open
-- ones are compared alike: one that still runs, or was cancelled, took at least
-- what it has used.  They are those that have started within the time looked
-- back on: chosen by their end, the quick and the slow ones would not be there
-- as often as they come.
--

CREATE TYPE sla.survival_answer AS (
	clock_id bigint,
	compared_by "char",
	compared bigint,
	compared_stopped bigint,
	breach_probability double precision,
	resume_probability double precision,
	time_left bigint
);
COMMENT ON TYPE sla.survival_answer IS 'private: what sla.survival() says of a clock';

CREATE FUNCTION sla.survival_accum(internal, promises integer[], promise_id integer, label text, clock_id bigint,
	used bigint, allowed bigint, stopped boolean, until timestamptz, pauses timestamptz[], pause_reasons text[], at_least integer)
RETURNS internal
AS 'MODULE_PATHNAME', 'sla_survival_accum'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION sla.survival_accum(internal, integer[], integer, text, bigint, bigint, bigint, boolean, timestamptz, timestamptz[], text[], integer) IS
'aggregate transition function';

CREATE FUNCTION sla.survival_final(internal)
RETURNS sla.survival_answer[]
AS 'MODULE_PATHNAME', 'sla_survival_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION sla.survival_final(internal) IS 'aggregate final function';

CREATE AGGREGATE sla.survival(promises integer[], promise_id integer, label text, clock_id bigint,
	used bigint, allowed bigint, stopped boolean, until timestamptz, pauses timestamptz[], pause_reasons text[], at_least integer) (
	SFUNC = sla.survival_accum,
	STYPE = internal,
	SSPACE = 8192,
	FINALFUNC = sla.survival_final,
	FINALFUNC_MODIFY = READ_WRITE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sla.survival(integer[], integer, text, bigint, bigint, bigint, boolean, timestamptz, timestamptz[], text[], integer) IS
'private: by how long the clocks of a metric took, how probable it is that open ones take longer than is allowed; see src/forecast.c';

/*
 * What sla.survival() wants to know of promises.  Those of one policy are
 * comparable, whatever the version.
 */
CREATE VIEW sla.promise_groups AS
SELECT pg_catalog.array_agg(ARRAY[p.id, p.metric_id, p.policy_number] ORDER BY p.id) AS promises
FROM (
	SELECT p.id, p.metric_id, pg_catalog.dense_rank() OVER (ORDER BY p.policy)::integer AS policy_number
	FROM sla.promise AS p
) AS p;
COMMENT ON VIEW sla.promise_groups IS 'private: in one array the number, the metric and the number of the policy of each promise, in order';

/*
 * Clocks with the business time that they took, and that their promise allows
 * before it is breached.  What an open one has used is as in sla.clock.  What
 * is allowed is the budget of the threshold; of a date promised by hand, what
 * is left until then if it runs from now on.
 */
CREATE VIEW sla.clock_time AS
SELECT
	c.clock_id,
	c.relation,
	c.item,
	c.promise_id,
	nullif(c.per, '') AS per,
	c.cycle,
	c.owner,
	c.party,
	c.labels,
	c.started_at,
	c.ended_at,
	c.due_at,
	c.state,
	c.is_waived,
	coalesce(c.late_at < pg_catalog.now(), false) AS is_breached,
	u.used,
	CASE
		WHEN c.promised_at IS NOT NULL THEN
			u.used + sla.business_usecs(greatest(c.started_at, pg_catalog.now()), c.late_at, p.counted_in)
		WHEN p.threshold IS NULL THEN c.budget
		ELSE c.budget + greatest(0, sla.business_usecs(
			sla.goal_instant(c.started_at, p.goal, p.due_by IS NOT NULL, p.due_time, p.cutoff, p.counted_in),
			sla.goal_instant(c.started_at, p.threshold, p.due_by IS NOT NULL, p.due_time, p.cutoff, p.counted_in),
			p.counted_in))
	END AS allowed,
	true AS is_open,
	pg_catalog.now() AS until,
	c.pauses,
	c.pause_reasons
FROM sla.clock_open AS c
JOIN (
	SELECT p.*, sla.calendar_of(p.goal, p.calendar) AS counted_in, nullif(p.due_by, 'close')::time AS due_time
	FROM sla.promise AS p
	OFFSET 0
) AS p ON p.id = c.promise_id
CROSS JOIN LATERAL (
	SELECT greatest(0,
		CASE
			WHEN c.is_excepted THEN
				sla.excepted_elapsed(c.clock_id, c.relation, c.item, c.started_at, pg_catalog.now())
			ELSE
				sla.business_usecs(
					c.started_at, sla.counts_until(c.state, c.started_at, c.pauses, pg_catalog.now()), p.counted_in)
				- c.paused
		END) AS used
) AS u
UNION ALL
SELECT
	c.clock_id,
	c.relation,
	c.item,
	c.promise_id,
	nullif(c.per, ''),
	c.cycle,
	c.owner,
	c.party,
	c.labels,
	c.started_at,
	c.ended_at,
	c.due_at,
	c.state,
	c.is_waived,
	coalesce(c.late_at < c.ended_at, false),
	c.elapsed,
	NULL,
	false,
	c.ended_at,
	c.pauses,
	c.pause_reasons
FROM sla.clock_seen AS c
WHERE c.ended_at IS NOT NULL;
COMMENT ON VIEW sla.clock_time IS 'private: clocks with the business time that they took and, of open ones, that is allowed';

CREATE FUNCTION sla.clock_time_as_of(relation regclass, at timestamptz, known_at timestamptz, since timestamptz)
RETURNS SETOF sla.clock_time
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 100000 ROWS 1000
BEGIN ATOMIC
	SELECT
		c.clock_id,
		c.relation,
		c.item,
		c.promise_id,
		nullif(c.per, ''),
		c.cycle,
		c.owner,
		c.party,
		c.labels,
		c.started_at,
		c.ended_at,
		c.due_at,
		c.state,
		c.is_waived,
		coalesce(c.late_at < coalesce(c.ended_at, clock_time_as_of.at), false),
		u.used,
		CASE
			WHEN c.ended_at IS NOT NULL THEN NULL
			WHEN c.promised_at IS NOT NULL THEN
				u.used + sla.business_usecs(greatest(c.started_at, clock_time_as_of.at), c.late_at, p.counted_in)
			WHEN p.threshold IS NULL THEN c.budget
			ELSE c.budget + greatest(0, sla.business_usecs(
				sla.goal_instant(c.started_at, p.goal, p.due_by IS NOT NULL, p.due_time, p.cutoff, p.counted_in),
				sla.goal_instant(c.started_at, p.threshold, p.due_by IS NOT NULL, p.due_time, p.cutoff, p.counted_in),
				p.counted_in))
		END,
		c.ended_at IS NULL,
		coalesce(c.ended_at, clock_time_as_of.at),
		c.pauses,
		c.pause_reasons
	FROM sla.clocks_as_of(relation, at, known_at, since) AS c
	JOIN (
		SELECT p.*, sla.calendar_of(p.goal, p.calendar) AS counted_in, nullif(p.due_by, 'close')::time AS due_time
		FROM sla.promise AS p
		OFFSET 0
	) AS p ON p.id = c.promise_id
	CROSS JOIN LATERAL (
		SELECT CASE
			WHEN c.elapsed IS NOT NULL THEN c.elapsed
			ELSE greatest(0,
				CASE
					WHEN c.is_excepted THEN
						sla.elapsed_at(c, clock_time_as_of.at)
					ELSE
						sla.business_usecs(
							c.started_at, sla.counts_until(c.state, c.started_at, c.pauses, clock_time_as_of.at), p.counted_in)
						- c.paused
				END)
		END AS used
	) AS u;
END;
COMMENT ON FUNCTION sla.clock_time_as_of(regclass, timestamptz, timestamptz, timestamptz) IS
'private: sla.clock_time of a table as it was at an instant, by the facts known at another: clocks that were open, or had started since a third';
REVOKE ALL ON FUNCTION sla.clock_time_as_of(regclass, timestamptz, timestamptz, timestamptz) FROM PUBLIC;

-- (A year in hours: days would be counted in a time zone, for each clock.)
CREATE VIEW sla.report_forecast AS
SELECT
	c.clock_id,
	c.relation::text AS relation,
	c.item,
	p.metric,
	c.per,
	p.policy,
	c.owner,
	c.party,
	c.cycle,
	c.started_at,
	c.due_at,
	c.used / 1000000.0::double precision AS elapsed_seconds,
	sla.duration_text(c.used / 1000000.0::double precision) AS elapsed_text,
	c.allowed / 1000000.0::double precision AS budget_seconds,
	sla.duration_text(c.allowed / 1000000.0::double precision) AS budget_text,
	CASE WHEN c.is_breached THEN 1 ELSE a.breach_probability END AS breach_probability,
	a.resume_probability,
	a.time_left / 1000000.0::double precision AS left_seconds,
	sla.duration_text(a.time_left / 1000000.0::double precision) AS left_text,
	CASE a.compared_by WHEN 'l' THEN 'label' WHEN 'p' THEN 'policy' WHEN 'm' THEN 'metric' END AS compared_by,
	a.compared,
	a.compared_stopped,
	c.state = 'p' AS is_paused,
	c.is_breached,
	c.is_waived,
	c.labels
FROM sla.clock_time AS c
JOIN sla.promise AS p ON p.id = c.promise_id
JOIN (
	SELECT a.*
	FROM (
		SELECT sla.survival((SELECT g.promises FROM sla.promise_groups AS g), t.promise_id, NULL,
			CASE WHEN t.is_open THEN t.clock_id END, t.used, t.allowed,
			CASE WHEN t.started_at >= pg_catalog.now() - interval '8760 hours' THEN t.state = 's' END, t.until, t.pauses,
			t.pause_reasons, 30) AS answers
		FROM sla.clock_time AS t
		WHERE t.is_open
			OR (t.ended_at >= pg_catalog.now() - interval '8760 hours'
				AND t.started_at >= pg_catalog.now() - interval '8760 hours')
	) AS g
	CROSS JOIN LATERAL pg_catalog.unnest(g.answers) AS a
) AS a ON a.clock_id = c.clock_id
WHERE c.is_open;
COMMENT ON VIEW sla.report_forecast IS
'open clocks with a promise, and how probable it is that each will be breached, by how long clocks of its metric took that have started within 365 days; sla.forecast() compares by a label, too';
COMMENT ON COLUMN sla.report_forecast.clock_id IS 'number of the clock';
COMMENT ON COLUMN sla.report_forecast.relation IS 'the tracked table';
COMMENT ON COLUMN sla.report_forecast.item IS 'the key of the row, as text';
COMMENT ON COLUMN sla.report_forecast.metric IS 'what is measured';
COMMENT ON COLUMN sla.report_forecast.per IS 'the value of a metric with hand-offs; else NULL';
COMMENT ON COLUMN sla.report_forecast.policy IS 'the policy that holds';
COMMENT ON COLUMN sla.report_forecast.owner IS 'who is responsible';
COMMENT ON COLUMN sla.report_forecast.party IS 'the customer';
COMMENT ON COLUMN sla.report_forecast.cycle IS 'number of the cycle, from 1';
COMMENT ON COLUMN sla.report_forecast.started_at IS 'when it started';
COMMENT ON COLUMN sla.report_forecast.due_at IS 'the deadline by the goal; NULL: paused before the budget is used up';
COMMENT ON COLUMN sla.report_forecast.elapsed_seconds IS 'business time used, without pauses';
COMMENT ON COLUMN sla.report_forecast.elapsed_text IS 'the same in words';
COMMENT ON COLUMN sla.report_forecast.budget_seconds IS 'business time after which it is breached';
COMMENT ON COLUMN sla.report_forecast.budget_text IS 'the same in words';
COMMENT ON COLUMN sla.report_forecast.breach_probability IS
'how probable it is, from 0 to 1, that it will be breached; 1 when it is; NULL: no clock that took so long has stopped';
COMMENT ON COLUMN sla.report_forecast.resume_probability IS
'of a paused clock: how probable it is that it runs on, and is not stopped while paused, by the pauses that lasted as long';
COMMENT ON COLUMN sla.report_forecast.left_seconds IS
'business time in which half of those compared stopped from here on; NULL: fewer did';
COMMENT ON COLUMN sla.report_forecast.left_text IS 'the same in words';
COMMENT ON COLUMN sla.report_forecast.compared_by IS
'with which clocks of its metric it is compared: of its label and policy, of its policy, or all ("metric"); the narrowest of which 30 took as long and stopped';
COMMENT ON COLUMN sla.report_forecast.compared IS 'how many other clocks, finished or open, took no less until now';
COMMENT ON COLUMN sla.report_forecast.compared_stopped IS 'how many of these have stopped';
COMMENT ON COLUMN sla.report_forecast.is_paused IS 'it is paused: what is told holds for when it runs on';
COMMENT ON COLUMN sla.report_forecast.is_breached IS 'the threshold is passed';
COMMENT ON COLUMN sla.report_forecast.is_waived IS 'an exception forgives a breach';
COMMENT ON COLUMN sla.report_forecast.labels IS 'labels of the row';

/*
 * Now is what the view is of.  Any other instant is known by going back.
 */
CREATE FUNCTION sla.forecast_answer(
	relation regclass,
	at timestamptz,
	by text,
	look_back interval,
	at_least integer,
	known_at timestamptz)
RETURNS SETOF sla.report_forecast
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 1000
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET jit = off
AS $$
DECLARE
	since timestamptz := at - look_back;
	is_now boolean := at = now() AND coalesce(known_at >= now(), true);
BEGIN
	IF at IS NULL OR look_back IS NULL OR at_least IS NULL THEN
		RAISE EXCEPTION '% must not be null', CASE WHEN at IS NULL THEN 'at' WHEN look_back IS NULL THEN 'look_back' ELSE 'at_least' END
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM sla.is_finite(at);
	PERFORM sla.is_known(relation, NULL);
	IF since >= at THEN
		RAISE EXCEPTION 'look_back must be positive'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', look_back),
				HINT = 'Say how far back clocks to compare with may have started, such as ''365 days''.';
	END IF;
	IF at_least <= 0 THEN
		RAISE EXCEPTION 'at_least must be positive'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', at_least),
				HINT = 'Say how many clocks to compare with are enough, such as 30.';
	END IF;
	RETURN QUERY EXECUTE 'WITH clocks AS ' || CASE WHEN is_now THEN $query$NOT MATERIALIZED (
		SELECT t.*
		FROM sla.clock_time AS t
		WHERE t.relation = $1 AND (t.is_open OR (t.ended_at >= $4 AND t.started_at >= $4))
	)$query$ ELSE $query$MATERIALIZED (
		SELECT t.*
		FROM sla.clock_time_as_of($1, $2, $3, $4) AS t
	)$query$ END || $query$
	SELECT
		c.clock_id,
		c.relation::text,
		c.item,
		p.metric,
		c.per,
		p.policy,
		c.owner,
		c.party,
		c.cycle,
		c.started_at,
		c.due_at,
		c.used / 1000000.0::double precision,
		sla.duration_text(c.used / 1000000.0::double precision),
		c.allowed / 1000000.0::double precision,
		sla.duration_text(c.allowed / 1000000.0::double precision),
		CASE WHEN c.is_breached THEN 1 ELSE a.breach_probability END,
		a.resume_probability,
		a.time_left / 1000000.0::double precision,
		sla.duration_text(a.time_left / 1000000.0::double precision),
		CASE a.compared_by WHEN 'l' THEN 'label' WHEN 'p' THEN 'policy' WHEN 'm' THEN 'metric' END,
		a.compared,
		a.compared_stopped,
		c.state = 'p',
		c.is_breached,
		c.is_waived,
		c.labels
	FROM clocks AS c
	JOIN sla.promise AS p ON p.id = c.promise_id
	JOIN (
		SELECT a.*
		FROM (
			SELECT sla.survival((SELECT g.promises FROM sla.promise_groups AS g), t.promise_id,
				t.labels ->> $5, CASE WHEN t.is_open THEN t.clock_id END, t.used, t.allowed,
				CASE WHEN t.started_at >= $4 THEN t.state = 's' END, t.until, t.pauses, t.pause_reasons, $6) AS answers
			FROM clocks AS t
		) AS g
		CROSS JOIN LATERAL unnest(g.answers) AS a
	) AS a ON a.clock_id = c.clock_id
	WHERE c.is_open
	$query$
	USING relation, at, coalesce(known_at, at), since, by, at_least;
END
$$;
COMMENT ON FUNCTION sla.forecast_answer(regclass, timestamptz, text, interval, integer, timestamptz) IS 'private: the answer of sla.forecast()';
REVOKE ALL ON FUNCTION sla.forecast_answer(regclass, timestamptz, text, interval, integer, timestamptz) FROM PUBLIC;

CREATE FUNCTION sla.forecast(
	relation regclass,
	at timestamptz DEFAULT pg_catalog.now(),
	by text DEFAULT NULL,
	look_back interval DEFAULT '365 days',
	at_least integer DEFAULT 30,
	known_at timestamptz DEFAULT NULL)
RETURNS SETOF sla.report_forecast
AS 'MODULE_PATHNAME', 'sla_ask'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 1000;
COMMENT ON FUNCTION sla.forecast(regclass, timestamptz, text, interval, integer, timestamptz) IS
'for every open clock of a table how probable it is that it will be breached, as seen at an instant, by what was known then or at "known_at": compared with clocks of its metric, policy and label that had started within "look_back"; where fewer than "at_least" of them took as long and stopped, with all of its policy, else of its metric';
REVOKE ALL ON FUNCTION sla.forecast(regclass, timestamptz, text, interval, integer, timestamptz) FROM PUBLIC;

/*
 * Forecasts as they would have been, and what came of them.  The base rate is
 * how often the clocks of the metric were breached that had started within the
 * time looked back on and were judged by then.
 */
CREATE FUNCTION sla.forecast_backtest_answer(
	relation regclass,
	instants timestamptz[],
	by text,
	look_back interval,
	at_least integer,
	known_at timestamptz,
	until timestamptz,
	OUT metric text,
	OUT bin integer,
	OUT clocks bigint,
	OUT predicted double precision,
	OUT breached double precision,
	OUT base_rate double precision,
	OUT brier double precision,
	OUT base_brier double precision,
	OUT skill double precision)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET jit = off
BEGIN ATOMIC
	-- (Made apart, as the planner thinks them so dear that any join beside them looks cheap.)
	WITH instant AS (
		SELECT u.at FROM unnest(instants) AS u (at) WHERE u.at IS NOT NULL
	), said AS MATERIALIZED (
		SELECT i.at, f.clock_id, f.metric, f.breach_probability
		FROM instant AS i
		CROSS JOIN LATERAL sla.forecast(relation, i.at, by, look_back, at_least, coalesce(known_at, i.at)) AS f
		WHERE NOT f.is_breached AND f.breach_probability IS NOT NULL
	), base AS MATERIALIZED (
		-- (counted by promise first: else each clock would be compared with every promise)
		SELECT n.at, p.metric, (sum(n.breached) / sum(n.clocks))::double precision AS rate
		FROM (
			SELECT i.at, c.promise_id, count(*) AS clocks, count(*) FILTER (WHERE c.late_at < coalesce(c.ended_at, i.at)) AS breached
			FROM instant AS i
			CROSS JOIN LATERAL sla.clocks_as_of(relation, i.at, coalesce(known_at, i.at), i.at - look_back) AS c
			WHERE (c.late_at < coalesce(c.ended_at, i.at) OR c.state = 's') AND c.started_at >= i.at - look_back
			GROUP BY i.at, c.promise_id
		) AS n
		JOIN sla.promise AS p ON p.id = n.promise_id
		GROUP BY n.at, p.metric
	)
	SELECT s.metric, s.bin, s.clocks, s.predicted, s.breached, s.base_rate, s.brier, s.base_brier,
		CASE WHEN s.bin IS NULL THEN 1 - s.brier / nullif(s.base_brier, 0) END
	FROM (
		SELECT f.metric, f.bin, count(*) AS clocks, avg(f.p) AS predicted, avg(f.y) AS breached, avg(f.base) AS base_rate,
			avg((f.p - f.y) ^ 2) AS brier, avg((f.base - f.y) ^ 2) AS base_brier
		FROM (
			-- (up to the error of rounding)
			SELECT f.metric, least(floor(10 * f.breach_probability * (1 + 1e-12))::integer, 9) + 1 AS bin,
				f.breach_probability AS p, b.rate AS base,
				CASE
					WHEN c.late_at < least(coalesce(c.ended_at, until), until) THEN 1
					WHEN c.state = 's' AND c.ended_at <= until THEN 0
				END::double precision AS y
			FROM said AS f
			JOIN base AS b USING (at, metric)
			JOIN sla.clock_fresh AS c ON c.clock_id = f.clock_id
		) AS f
		WHERE sla.is_known(forecast_backtest_answer.relation, NULL) AND f.y IS NOT NULL
		GROUP BY GROUPING SETS ((f.metric, f.bin), (f.metric), ())
		HAVING count(*) > 0
	) AS s
	ORDER BY s.metric, s.bin;
END;
COMMENT ON FUNCTION sla.forecast_backtest_answer(regclass, timestamptz[], text, interval, integer, timestamptz, timestamptz) IS 'private: the answer of sla.forecast_backtest()';
REVOKE ALL ON FUNCTION sla.forecast_backtest_answer(regclass, timestamptz[], text, interval, integer, timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION sla.forecast_backtest(
	relation regclass,
	instants timestamptz[],
	by text DEFAULT NULL,
	look_back interval DEFAULT '365 days',
	at_least integer DEFAULT 30,
	known_at timestamptz DEFAULT NULL,
	until timestamptz DEFAULT pg_catalog.now(),
	OUT metric text,
	OUT bin integer,
	OUT clocks bigint,
	OUT predicted double precision,
	OUT breached double precision,
	OUT base_rate double precision,
	OUT brier double precision,
	OUT base_brier double precision,
	OUT skill double precision)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sla_ask'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100;
COMMENT ON FUNCTION sla.forecast_backtest(regclass, timestamptz[], text, interval, integer, timestamptz, timestamptz) IS
'what sla.forecast() would have said at instants of open clocks not yet breached, and what had come of these "until" another: by metric and tenth of the probability (bin 1 to 10), each metric (bin NULL), and all; Brier scores beside those of the base rate, which is how often clocks of the metric judged by then were breached';
REVOKE ALL ON FUNCTION sla.forecast_backtest(regclass, timestamptz[], text, interval, integer, timestamptz, timestamptz) FROM PUBLIC;
