--
-- Questions about clocks
--
-- They read what the views read, with their owner's rights: nobody else may ask
-- before the database's administrator grants it, as in
--
--	GRANT EXECUTE ON FUNCTION sla.explain TO support;
--

CREATE FUNCTION sla.kept_by(started_at timestamptz, ended_at timestamptz, pauses timestamptz[],
	goal @extschema@.business_interval, calendar text)
RETURNS boolean
AS 'MODULE_PATHNAME', 'sla_kept_by'
LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION sla.kept_by(timestamptz, timestamptz, timestamptz[], @extschema@.business_interval, text) IS
'private: would a goal have been met; the calendar counts where the goal names none';

CREATE FUNCTION sla.used_time(started_at timestamptz, ended_at timestamptz, pauses timestamptz[], calendar text)
RETURNS bigint
AS 'MODULE_PATHNAME', 'sla_used_time'
LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION sla.used_time(timestamptz, timestamptz, timestamptz[], text) IS
'private: the business time in microseconds that a goal needs so that it is met';

/*
 * History under another goal.  Clocks count by their stop, which no goal
 * changes, and without exceptions.
 */
CREATE FUNCTION sla.what_if(
	relation regclass,
	metric text,
	goal @extschema@.business_interval,
	during tstzrange,
	labels jsonb DEFAULT '{}',
	by text DEFAULT NULL,
	OUT label text,
	OUT clocks bigint,
	OUT met_before bigint,
	OUT met_after bigint,
	OUT before_percent double precision,
	OUT after_percent double precision)
RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE COST 10000 ROWS 10
SET search_path = pg_catalog, pg_temp
SET enable_nestloop = off
BEGIN ATOMIC
	SELECT g.*
	FROM (
		SELECT
			h.label,
			count(*),
			count(*) FILTER (WHERE h.before),
			count(*) FILTER (WHERE h.after),
			@extschema@.attainment(h.before),
			@extschema@.attainment(h.after)
		FROM (
			SELECT
				c.labels ->> by AS label,
				c.ended_at <= CASE WHEN c.is_excepted THEN c.gross_due_at ELSE c.due_at END AS before,
				sla.kept_by(c.started_at, c.ended_at, c.pauses, goal, p.counted_in) AS after
			FROM sla.clock_state AS c
			JOIN (
				SELECT p.id, sla.calendar_of(p.goal, p.calendar) AS counted_in
				FROM sla.promise AS p
				WHERE p.relation = what_if.relation AND p.metric = what_if.metric
				OFFSET 0
			) AS p ON p.id = c.promise_id
			WHERE c.state = 's'
				AND c.ended_at >= (
					SELECT coalesce(lower(during) + CASE WHEN lower_inc(during) THEN interval '0' ELSE interval '1 us' END,
						'-infinity')
					WHERE isempty(during) IS NOT TRUE)
				AND c.ended_at < (
					SELECT coalesce(upper(during) + CASE WHEN upper_inc(during) THEN interval '1 us' ELSE interval '0' END,
						'infinity'))
				AND ((SELECT what_if.labels = '{}') OR c.labels @> what_if.labels)
			OFFSET 0
		) AS h
		GROUP BY h.label
		OFFSET 0
	) AS g
	ORDER BY g.label;
END;
COMMENT ON FUNCTION sla.what_if(regclass, text, @extschema@.business_interval, tstzrange, jsonb, text) IS
'how often clocks that stopped in a time met their goal, and would have met another; by the value of a label if one is named; a goal without a calendar is counted in that of each clock';
REVOKE ALL ON FUNCTION sla.what_if(regclass, text, @extschema@.business_interval, tstzrange, jsonb, text) FROM PUBLIC;

CREATE FUNCTION sla.suggest_goal(relation regclass, metric text, percent double precision, calendar text)
RETURNS @extschema@.business_interval
LANGUAGE sql STABLE STRICT SECURITY DEFINER PARALLEL SAFE COST 10000
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT @extschema@.make_business_interval(
		mins => (g.needed / 60000000 + CASE WHEN g.needed % 60000000 > 0 THEN 1 ELSE 0 END)::integer,
		calendar => suggest_goal.calendar)
	FROM (
		SELECT percentile_disc(percent / 100) WITHIN GROUP (
			ORDER BY sla.used_time(c.started_at, c.ended_at, c.pauses, suggest_goal.calendar)) AS needed
		FROM sla.promise AS p
		JOIN sla.clock_state AS c ON c.promise_id = p.id AND c.state = 's'
		WHERE p.relation = suggest_goal.relation AND p.metric = suggest_goal.metric
	) AS g
	WHERE g.needed IS NOT NULL;
END;
COMMENT ON FUNCTION sla.suggest_goal(regclass, text, double precision, text) IS
'the goal, in whole minutes of a calendar, that the clocks which have stopped would have met that often; NULL where none has';
REVOKE ALL ON FUNCTION sla.suggest_goal(regclass, text, double precision, text) FROM PUBLIC;

