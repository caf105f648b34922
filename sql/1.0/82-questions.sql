--
-- Questions about clocks
--
-- They read what the views read, with the rights of the extension's owner, and
-- of clocks what whoever asks may see: sla.NAME() has sla.NAME_answer() run as
-- the owner (src/ask.c).  Nobody else may ask before the database's administrator
-- grants it, as in
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

CREATE FUNCTION sla.goal_instant(started_at timestamptz, goal @extschema@.business_interval, has_due_by boolean, due_by time,
	cutoff time, calendar text)
RETURNS timestamptz
AS 'MODULE_PATHNAME', 'sla_goal_instant'
LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION sla.goal_instant(timestamptz, @extschema@.business_interval, boolean, time, time, text) IS
'private: when a goal is due of a clock without pauses; due by a time of the day, or by its closing (NULL), where it has due_by';

/*
 * History under another goal.  Clocks count by their stop, which no goal
 * changes, and without exceptions.
 */
CREATE FUNCTION sla.what_if_answer(
	relation regclass,
	metric text,
	goal @extschema@.business_interval,
	during tstzrange,
	labels jsonb,
	by text,
	OUT label text,
	OUT clocks bigint,
	OUT met_before bigint,
	OUT met_after bigint,
	OUT before_percent double precision,
	OUT after_percent double precision)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 10000 ROWS 10
SET search_path = pg_catalog, pg_temp
SET jit = off
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
	-- (no clock is later, and it is far from the last instant)
	last CONSTANT timestamptz := '2500-01-01 UTC';
	since CONSTANT timestamptz := least(coalesce(lower(during), '-infinity'), last)
		+ CASE WHEN lower_inc(during) THEN interval '0' ELSE interval '1 us' END;
	until CONSTANT timestamptz := least(coalesce(upper(during), 'infinity'), last)
		+ CASE WHEN upper_inc(during) THEN interval '1 us' ELSE interval '0' END;
BEGIN
	PERFORM sla.is_known(what_if_answer.relation, what_if_answer.metric);
	IF what_if_answer.metric IS NULL OR goal IS NULL THEN
		RAISE EXCEPTION '% must not be null', CASE WHEN goal IS NULL THEN 'goal' ELSE 'metric' END
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF isempty(during) THEN
		RETURN;
	END IF;
	-- (planned for these very bounds: a few clocks are found by an index, and all without)
	RETURN QUERY
	SELECT
		h.label,
		count(*),
		count(*) FILTER (WHERE h.before),
		count(*) FILTER (WHERE h.after),
		@extschema@.attainment(h.before),
		@extschema@.attainment(h.after)
	FROM (
		SELECT
			c.labels ->> what_if_answer.by AS label,
			c.ended_at <= CASE WHEN c.is_excepted THEN c.gross_due_at ELSE c.due_at END AS before,
			sla.kept_by(c.started_at, c.ended_at, c.pauses, what_if_answer.goal, p.counted_in) AS after
		FROM sla.clock_seen AS c
		JOIN (
			SELECT p.id, sla.calendar_of(p.goal, p.calendar) AS counted_in
			FROM sla.promise AS p
			WHERE p.relation = what_if_answer.relation AND p.metric = what_if_answer.metric
			OFFSET 0
		) AS p ON p.id = c.promise_id
		WHERE c.state = 's'
			AND c.ended_at >= since
			AND c.ended_at < until
			AND (coalesce(what_if_answer.labels, '{}') = '{}' OR c.labels @> what_if_answer.labels)
		OFFSET 0
	) AS h
	GROUP BY h.label
	ORDER BY h.label;
END
$$;
COMMENT ON FUNCTION sla.what_if_answer(regclass, text, @extschema@.business_interval, tstzrange, jsonb, text) IS 'private: the answer of sla.what_if()';
REVOKE ALL ON FUNCTION sla.what_if_answer(regclass, text, @extschema@.business_interval, tstzrange, jsonb, text) FROM PUBLIC;

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
AS 'MODULE_PATHNAME', 'sla_ask'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000 ROWS 10;
COMMENT ON FUNCTION sla.what_if(regclass, text, @extschema@.business_interval, tstzrange, jsonb, text) IS
'how often clocks that stopped in a time met their goal, and would have met another; by the value of a label if one is named; a goal without a calendar is counted in that of each clock';
REVOKE ALL ON FUNCTION sla.what_if(regclass, text, @extschema@.business_interval, tstzrange, jsonb, text) FROM PUBLIC;

CREATE FUNCTION sla.suggest_goal_answer(relation regclass, metric text, percent double precision, calendar text)
RETURNS @extschema@.business_interval
LANGUAGE plpgsql STABLE STRICT PARALLEL RESTRICTED COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	needed bigint;
BEGIN
	IF percent NOT BETWEEN 0 AND 100 THEN
		RAISE EXCEPTION 'percent must be between 0 and 100'
			USING ERRCODE = 'numeric_value_out_of_range',
				DETAIL = format('It is %s.', percent);
	END IF;
	PERFORM sla.is_known(suggest_goal_answer.relation, suggest_goal_answer.metric);
	PERFORM sla.calendar_hours(suggest_goal_answer.calendar);
	SELECT percentile_disc(percent / 100) WITHIN GROUP (
		ORDER BY sla.used_time(c.started_at, c.ended_at, c.pauses, suggest_goal_answer.calendar))
	INTO needed
	FROM sla.promise AS p
	JOIN sla.clock_seen AS c ON c.promise_id = p.id AND c.state = 's'
	WHERE p.relation = suggest_goal_answer.relation AND p.metric = suggest_goal_answer.metric;

	-- in whole minutes
	RETURN CASE WHEN needed IS NOT NULL THEN @extschema@.make_business_interval(
		mins => (needed / 60000000 + CASE WHEN needed % 60000000 > 0 THEN 1 ELSE 0 END)::integer,
		calendar => suggest_goal_answer.calendar) END;
END
$$;
COMMENT ON FUNCTION sla.suggest_goal_answer(regclass, text, double precision, text) IS 'private: the answer of sla.suggest_goal()';
REVOKE ALL ON FUNCTION sla.suggest_goal_answer(regclass, text, double precision, text) FROM PUBLIC;

CREATE FUNCTION sla.suggest_goal(relation regclass, metric text, percent double precision, calendar text)
RETURNS @extschema@.business_interval
AS 'MODULE_PATHNAME', 'sla_ask'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 10000;
COMMENT ON FUNCTION sla.suggest_goal(regclass, text, double precision, text) IS
'the goal, in whole minutes of a calendar, that the clocks which have stopped would have met that often; NULL where none has';
REVOKE ALL ON FUNCTION sla.suggest_goal(regclass, text, double precision, text) FROM PUBLIC;

CREATE FUNCTION sla.clock_spans(
	started_at timestamptz,
	until timestamptz,
	cuts timestamptz[],
	pauses timestamptz[],
	reasons text[],
	excluded timestamptz[],
	excluded_reasons text[],
	calendar text,
	before timestamptz,
	OUT from_at timestamptz,
	OUT to_at timestamptz,
	OUT what text,
	OUT detail text,
	OUT counted_seconds double precision,
	OUT used_seconds double precision)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sla_clock_spans'
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 100;
COMMENT ON FUNCTION sla.clock_spans(timestamptz, timestamptz, timestamptz[], timestamptz[], text[], timestamptz[], text[], text, timestamptz) IS
'private: the way of a clock: open, closed, holiday, paused and excluded spans, by the calendar in force just before an instant';

CREATE FUNCTION sla.calendar_hours_before(calendar text, before timestamptz)
RETURNS @extschema@.business_hours
AS 'MODULE_PATHNAME', 'sla_calendar_hours_before'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.calendar_hours_before(text, timestamptz) IS
'private: a named calendar as a value, as it was in force just before an instant';
REVOKE ALL ON FUNCTION sla.calendar_hours_before(text, timestamptz) FROM PUBLIC;

CREATE FUNCTION sla.calendar_version(calendar text, before timestamptz, OUT since timestamptz, OUT until timestamptz, OUT hours text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	WITH RECURSIVE version AS (
		SELECT c.name, c.since, c.hours::text AS hours, c.combines
		FROM sla.calendar AS c
		WHERE c.since < before
		UNION ALL
		SELECT o.calendar, o.since, o.hours, o.combines
		FROM sla.calendar_history AS o
		WHERE o.since < before AND o.until >= before AND o.day IS NULL
	), reached (name) AS (
		SELECT calendar_version.calendar COLLATE "C"
		UNION
		SELECT m.name COLLATE "C"
		FROM reached AS r
		JOIN version AS v ON v.name = r.name
		CROSS JOIN LATERAL pg_catalog.unnest(sla.combined_calendars(v.combines)) AS m (name)
	)
	SELECT greatest(v.since, h.changed), nullif(before, 'infinity'), coalesce(v.hours, v.combines)
	FROM version AS v
	CROSS JOIN LATERAL (
		SELECT max(t.at) AS changed
		FROM (
			SELECT m.since AS at FROM version AS m JOIN reached AS r ON r.name = m.name
			UNION ALL
			SELECT d.since FROM sla.holiday AS d JOIN reached AS r ON r.name = d.calendar
			UNION ALL
			SELECT i.at
			FROM sla.calendar_history AS o
			JOIN reached AS r ON r.name = o.calendar
			CROSS JOIN LATERAL (VALUES (o.since), (o.until)) AS i (at)
		) AS t
		WHERE t.at < before
	) AS h
	WHERE v.name = calendar_version.calendar;
END;
COMMENT ON FUNCTION sla.calendar_version(text, timestamptz) IS
'private: since when and until when a calendar, and what it combines, was as it was just before an instant, and its own hours';
REVOKE ALL ON FUNCTION sla.calendar_version(text, timestamptz) FROM PUBLIC;

CREATE FUNCTION sla.judged_before(clock sla.clock_state)
RETURNS timestamptz
AS 'MODULE_PATHNAME', 'sla_judged_before'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 1000;
COMMENT ON FUNCTION sla.judged_before(sla.clock_state) IS
'private: a finished clock was judged by its calendar as in force just before that; infinity: by the present one';
REVOKE ALL ON FUNCTION sla.judged_before(sla.clock_state) FROM PUBLIC;

CREATE FUNCTION sla.item_policies(relation regclass, item text, OUT policy_id integer, OUT applies boolean)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sla_item_policies'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 1000 ROWS 10;
COMMENT ON FUNCTION sla.item_policies(regclass, text) IS
'private: which policies'' conditions hold for the row of an item as it is now';
REVOKE ALL ON FUNCTION sla.item_policies(regclass, text) FROM PUBLIC;

/* An instant as people of a time zone write it. */
CREATE FUNCTION sla.local_text(at timestamptz, time_zone text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN pg_catalog.to_char(pg_catalog.timezone(time_zone, at), 'Dy YYYY-MM-DD HH24:MI');
COMMENT ON FUNCTION sla.local_text(timestamptz, text) IS 'private: an instant as it is written in a time zone';

CREATE FUNCTION sla.fact_text(name text, value text, time_zone text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN name LIKE E'%\\_at' THEN sla.local_text(value::timestamptz, time_zone) ELSE value END;
COMMENT ON FUNCTION sla.fact_text(text, text, text) IS 'private: a fact of sla.clock_change in words, instants as in a time zone';
REVOKE ALL ON FUNCTION sla.fact_text(text, text, text) FROM PUBLIC;

CREATE FUNCTION sla.occurrences(during tstzrange, rrule text, time_zone text,
	OUT from_at timestamptz, OUT to_at timestamptz)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sla_occurrences'
LANGUAGE C STABLE PARALLEL SAFE COST 100 ROWS 10;
COMMENT ON FUNCTION sla.occurrences(tstzrange, text, text) IS
'private: the times of an exception, each time it recurs';

/* As src/derive.c has it. */
CREATE FUNCTION sla.bears_on(e sla.exception, relation regclass, policy text, metric text, party text, item text, labels jsonb)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN e.approved_at IS NOT NULL
	AND e.objective IS NULL
	AND (e.relation IS NULL OR e.relation = relation)
	AND (e.policy IS NULL OR coalesce(e.policy = policy, false))
	AND (e.metric IS NULL OR coalesce(e.metric = metric, false))
	AND (e.party IS NULL OR coalesce(e.party = party, false))
	AND (e.item IS NULL OR coalesce(e.item = item, false))
	AND (e.labels IS NULL OR coalesce(labels @> e.labels, false));
COMMENT ON FUNCTION sla.bears_on(sla.exception, regclass, text, text, text, text, jsonb) IS
'private: does an exception bear on clocks with these properties?';

CREATE FUNCTION sla.explain_answer(
	relation regclass,
	item text,
	metric text,
	cycle integer,
	time_zone text,
	OUT seq integer,
	OUT from_at timestamptz,
	OUT to_at timestamptz,
	OUT what text,
	OUT detail text,
	OUT counted_seconds double precision,
	OUT used_seconds double precision)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 100000 ROWS 50
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	c record;
	zone text;
	before timestamptz;
	upto timestamptz;
	excluded timestamptz[];
	excluded_reasons text[];
BEGIN
	SELECT f.*, p.policy, p.policy_from, p.rank, p.target_from, p.goal, p.threshold, p.due_by, p.cutoff, p.target_id,
		p.metric, sla.calendar_of(p.goal, p.calendar) AS calendar,
		a.name AS agreement, a.plan, t.time_zone
	INTO c
	FROM sla.clock_fresh AS f
	JOIN sla.promise AS p ON p.id = f.promise_id
	LEFT JOIN sla.agreement AS a ON a.id = f.agreement_id
	LEFT JOIN sla.tracked AS t ON t.relation = f.relation
	WHERE f.relation = explain_answer.relation AND f.item = explain_answer.item AND p.metric = explain_answer.metric
		AND (f.cycle = explain_answer.cycle OR explain_answer.cycle IS NULL)
	ORDER BY f.cycle DESC, f.ended_at DESC NULLS FIRST, f.clock_id DESC
	LIMIT 1;
	IF NOT FOUND THEN
		PERFORM sla.is_known(explain_answer.relation, explain_answer.metric);
		IF explain_answer.item IS NULL OR explain_answer.metric IS NULL THEN
			RAISE EXCEPTION '% must not be null', CASE WHEN explain_answer.item IS NULL THEN 'item' ELSE 'metric' END
				USING ERRCODE = 'null_value_not_allowed';
		END IF;
		RAISE EXCEPTION 'item "%" of table % has no clock of metric "%"', explain_answer.item, explain_answer.relation, explain_answer.metric
			USING ERRCODE = 'undefined_object',
				DETAIL = CASE
					WHEN explain_answer.cycle IS NULL THEN 'No policy with a target for the metric has applied to it.'
					ELSE format('It has none of cycle %s.', explain_answer.cycle)
				END,
				HINT = 'See sla.clock for the clocks that there are.';
	END IF;
	before := coalesce((
		SELECT sla.judged_before(s)
		FROM sla.clock_state AS s
		WHERE s.clock_id = c.clock_id AND s.ended_at IS NOT NULL), 'infinity');
	zone := coalesce(explain_answer.time_zone,
		substring(sla.calendar_hours_before(c.calendar, before)::text FROM E'TZ=(\\S+)'), c.time_zone, 'UTC');
	-- (an unknown one is told here, and not from the depth of the query)
	PERFORM timezone(zone, c.started_at);
	upto := coalesce(greatest(c.ended_at, c.due_at, c.late_at), greatest(now(), c.started_at));

	SELECT array_agg(x.instant ORDER BY x.from_at, x.id, x.n),
		array_agg(x.words ORDER BY x.from_at, x.id) FILTER (WHERE x.n = 1)
	INTO excluded, excluded_reasons
	FROM (
		SELECT o.from_at, e.id, i.n,
			CASE i.n WHEN 1 THEN o.from_at ELSE o.to_at END AS instant,
			concat_ws(': ', e.kind, e.reason) AS words
		FROM sla.exception AS e
		CROSS JOIN LATERAL sla.occurrences(e.during, e.rrule, coalesce(c.time_zone, 'UTC')) AS o
		CROSS JOIN generate_series(1, 2) AS i (n)
		WHERE sla.bears_on(e, c.relation, c.policy, c.metric, c.party, c.item, c.labels)
			AND o.to_at > c.started_at AND o.from_at < upto
	) AS x;

	RETURN QUERY
	WITH span AS MATERIALIZED (
		SELECT *
		FROM sla.clock_spans(c.started_at, upto, array_remove(ARRAY[c.due_at, c.late_at], NULL), c.pauses, c.pause_reasons,
			excluded, excluded_reasons, c.calendar, before)
	)
	SELECT (row_number() OVER (ORDER BY r.part, r.from_at, r.place, r.words))::integer,
		r.from_at, r.to_at, r.what, r.words, r.counted, r.used
	FROM (
		SELECT 1 AS part, c.started_at AS from_at, NULL::timestamptz AS to_at, 1 AS place, 'promise' AS what,
			format('policy "%s", rank %s%s; target%s: %s%s%s%s', c.policy, c.rank,
				CASE WHEN isfinite(c.policy_from) THEN ', version of ' || sla.local_text(c.policy_from, zone) ELSE '' END,
				CASE WHEN isfinite(c.target_from) THEN ' of ' || sla.local_text(c.target_from, zone) ELSE '' END,
				coalesce('goal ' || c.goal::text, 'no goal, measured only'),
				', acceptable ' || nullif(c.threshold::text, c.goal::text),
				', due by ' || c.due_by,
				', cutoff ' || c.cutoff::text) AS words,
			NULL::double precision AS counted, NULL::double precision AS used
		UNION ALL
		SELECT 1, c.started_at, NULL, 2, 'promise',
			format('promised by hand: %s', sla.local_text(c.promised_at, zone)), NULL, NULL
		WHERE c.promised_at IS NOT NULL
		UNION ALL
		SELECT 1, c.started_at, NULL, 3, 'promise',
			format('agreement "%s" of party "%s"%s', c.agreement, c.party, ', plan "' || c.plan || '"'), NULL, NULL
		WHERE c.agreement IS NOT NULL
		UNION ALL
		SELECT 1, c.started_at, NULL, 4, 'promise',
			format('calendar "%s"%s%s', c.calendar,
				', version of ' || sla.local_text(k.since, zone) || coalesce(' until ' || sla.local_text(k.until, zone), ''),
				': ' || k.hours), NULL, NULL
		FROM (VALUES (1)) AS one
		LEFT JOIN sla.calendar_version(c.calendar, before) AS k ON true
		UNION ALL
		-- better ranks, or of the same the names before, of which the condition is that of the row as it is now
		SELECT 1, c.started_at, NULL, 10 + row_number() OVER (ORDER BY b.rank, b.name), 'promise',
			format('policy "%s", rank %s, does not apply: %s', b.name, b.rank,
				CASE WHEN coalesce(i.applies, b.applies_when = 'true') THEN coalesce('it asks for the plan "' || b.plan || '"', 'its condition holds now, and did not when the promise was made')
					ELSE b.applies_when END),
			NULL, NULL
		FROM (
			SELECT p.*, lead(p.valid_from) OVER (PARTITION BY p.name ORDER BY p.valid_from) AS valid_until
			FROM sla.policy AS p
			WHERE p.relation = c.relation
		) AS b
		LEFT JOIN sla.item_policies(c.relation, c.item) AS i ON i.policy_id = b.id
		WHERE (b.rank, b.name) < (c.rank, c.policy)
			AND b.valid_from <= c.started_at AND c.started_at < coalesce(b.valid_until, 'infinity')
			AND EXISTS (
				SELECT FROM sla.target AS t
				WHERE t.relation = c.relation AND t.policy = b.name AND t.metric = c.metric
					AND t.valid_from <= c.started_at)
		UNION ALL
		-- extensions are told below, as they are now
		SELECT 2, h.at, NULL, 1, 'retarget',
			concat_ws(': ', h.kind,
				(SELECT string_agg(format('%s %s -> %s', k.key,
						coalesce(sla.fact_text(k.key, h.before ->> k.key, zone), '-'),
						coalesce(sla.fact_text(k.key, h.after ->> k.key, zone), '-')), ', ' ORDER BY k.key)
				 FROM jsonb_object_keys(coalesce(h.before, '{}') || coalesce(h.after, '{}')) AS k (key)
				 WHERE k.key NOT IN ('promise', 'pauses', 'pause_reasons') AND h.before ->> k.key IS DISTINCT FROM h.after ->> k.key),
				h.reason),
			NULL, NULL
		FROM sla.clock_change AS h
		WHERE h.clock = c.clock_id AND h.kind <> 'extend'
		UNION ALL
		SELECT 2, CASE WHEN c.is_excepted THEN c.gross_due_at ELSE c.due_at END, c.due_at, 2, 'extended',
			concat_ws(': ', format('by %s', e.extend_by), e.kind, e.reason), NULL, NULL
		FROM sla.exception AS e
		WHERE e.extend_by IS NOT NULL AND (c.goal IS NOT NULL OR c.promised_at IS NOT NULL)
			AND sla.bears_on(e, c.relation, c.policy, c.metric, c.party, c.item, c.labels)
		UNION ALL
		SELECT 2, c.due_at, c.due_at, 3, 'due', sla.local_text(c.due_at, zone) || ' ' || zone,
			NULL, coalesce((SELECT max(s.used_seconds) FROM span AS s WHERE s.to_at <= c.due_at), 0)
		WHERE c.due_at IS NOT NULL
		UNION ALL
		SELECT 2, c.late_at, c.ended_at, 4, 'breach',
			concat_ws(', ', sla.local_text(c.late_at, zone) || ' ' || zone,
				CASE c.state WHEN 's' THEN 'stopped ' || sla.local_text(c.ended_at, zone)
					WHEN 'c' THEN 'cancelled ' || sla.local_text(c.ended_at, zone) END,
				CASE WHEN c.is_waived THEN 'waived' END), NULL, NULL
		WHERE c.late_at < coalesce(c.ended_at, now())
		UNION ALL
		SELECT 2, s.from_at, s.to_at, 5, s.what, s.detail, s.counted_seconds, s.used_seconds
		FROM span AS s
	) AS r
	ORDER BY 1;
END
$$;
COMMENT ON FUNCTION sla.explain_answer(regclass, text, text, integer, text) IS 'private: the answer of sla.explain()';
REVOKE ALL ON FUNCTION sla.explain_answer(regclass, text, text, integer, text) FROM PUBLIC;

CREATE FUNCTION sla.explain(
	relation regclass,
	item text,
	metric text,
	cycle integer DEFAULT NULL,
	time_zone text DEFAULT NULL,
	OUT seq integer,
	OUT from_at timestamptz,
	OUT to_at timestamptz,
	OUT what text,
	OUT detail text,
	OUT counted_seconds double precision,
	OUT used_seconds double precision)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sla_ask'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 50;
COMMENT ON FUNCTION sla.explain(regclass, text, text, integer, text) IS
'the promise behind a clock, and every open, closed, holiday, paused and excluded span on the way to its deadline; words are in the calendar''s time zone unless another is named';
REVOKE ALL ON FUNCTION sla.explain(regclass, text, text, integer, text) FROM PUBLIC;

/*
 * What was recorded later, and a promise made later, is undone: what the first
 * such row of sla.clock_change to change it has as "before" was so until then.
 * (By what is known now nothing was recorded later: what the transaction itself
 * has recorded, and what it sees of others, counts.)
 */
CREATE FUNCTION sla.clock_as_of(clock sla.clock_state, at timestamptz,
	started_at timestamptz, ended_at timestamptz, was_cancelled boolean, promise_id integer, promised_at timestamptz,
	pauses timestamptz[], pause_reasons text[])
RETURNS sla.clock_state
AS 'MODULE_PATHNAME', 'sla_clock_as_of'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000;
COMMENT ON FUNCTION sla.clock_as_of(sla.clock_state, timestamptz, timestamptz, timestamptz, boolean, integer, timestamptz, timestamptz[], text[]) IS
'private: a clock as it stood at an instant, with another start, end, promise, date promised by hand or other pauses where they are given';
REVOKE ALL ON FUNCTION sla.clock_as_of(sla.clock_state, timestamptz, timestamptz, timestamptz, boolean, integer, timestamptz, timestamptz[], text[]) FROM PUBLIC;

CREATE FUNCTION sla.clocks_as_of(relation regclass, at timestamptz, known_at timestamptz,
	since timestamptz DEFAULT '-infinity', item text DEFAULT NULL)
RETURNS SETOF sla.clock_state
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 100000 ROWS 1000
BEGIN ATOMIC
	SELECT (r.c).*
	FROM (
		SELECT sla.clock_as_of(s.stored, clocks_as_of.at, u.started_at, u.ended_at, u.was_cancelled, u.promise_id, u.promised_at,
			pg_catalog.translate(u.paused ->> 'pauses', '[]', '{}')::timestamptz[],
			CASE WHEN u.paused IS NOT NULL THEN ARRAY(SELECT pg_catalog.jsonb_array_elements_text(u.paused -> 'pause_reasons')) END) AS c
		FROM (
			SELECT c AS stored, c.clock_id, c.relation, c.item, c.metric_id, c.started_at, c.ended_at
			FROM sla.clock_state AS c
			WHERE clocks_as_of.item IS NULL
			UNION ALL
			SELECT c, c.clock_id, c.relation, c.item, c.metric_id, c.started_at, c.ended_at
			FROM sla.clock_state AS c
			WHERE c.item = clocks_as_of.item
		) AS s
		LEFT JOIN LATERAL (
			SELECT
				(array_agg((h.before ->> 'started_at')::timestamptz ORDER BY h.recorded_at, h.at)
					FILTER (WHERE h.before ->> 'started_at' <> h.after ->> 'started_at'))[1] AS started_at,
				(array_agg(coalesce(h.before ->> 'stopped_at', h.before ->> 'cancelled_at', 'infinity')::timestamptz ORDER BY h.recorded_at, h.at)
					FILTER (WHERE n.ends))[1] AS ended_at,
				(array_agg(h.before ? 'cancelled_at' ORDER BY h.recorded_at, h.at)
					FILTER (WHERE n.ends))[1] AS was_cancelled,
				(array_agg(
					coalesce((h.before ->> 'promise')::integer, (
						SELECT max(p.id)
						FROM sla.promise AS p
						WHERE p.relation = s.relation
							AND p.metric_id = s.metric_id
							AND p.policy = h.before ->> 'policy'
							AND p.goal::text IS NOT DISTINCT FROM h.before ->> 'goal'))
					ORDER BY h.recorded_at, h.at)
					FILTER (WHERE h.before -> 'promise' IS DISTINCT FROM h.after -> 'promise'
						OR h.before -> 'policy' IS DISTINCT FROM h.after -> 'policy'
						OR h.before -> 'goal' IS DISTINCT FROM h.after -> 'goal'))[1] AS promise_id,
				(array_agg(coalesce((h.before ->> 'promised_at')::timestamptz, 'infinity') ORDER BY h.recorded_at, h.at)
					FILTER (WHERE h.before ->> 'promised_at' IS DISTINCT FROM h.after ->> 'promised_at'))[1] AS promised_at,
				(array_agg(h.before ORDER BY h.recorded_at, h.at) FILTER (WHERE h.before ? 'pauses'))[1] AS paused
			FROM sla.clock_change AS h
			CROSS JOIN LATERAL (SELECT h.recorded_at > known_at AND known_at < pg_catalog.now()) AS k (later)
			-- (a stop before a retarget is told by the pause made of it, and corrected there, unless that was dropped; one
			-- before a correction never is, as pauses are those of then)
			CROSS JOIN LATERAL (
				SELECT CASE h.before ->> 'stopped_at' IS DISTINCT FROM h.after ->> 'stopped_at'
					WHEN true THEN k.later OR h.before ->> 'started_at' <> h.after ->> 'started_at'
					ELSE h.kind = 'correct' AND h.before ->> 'stopped_at' IS NOT NULL
				END
			) AS n (ends)
			WHERE h.clock = s.clock_id
				AND h.kind <> 'late_event'
				AND ((h.kind = 'retarget' AND h.at > clocks_as_of.at) OR k.later)
		) AS u ON true
		WHERE s.relation = clocks_as_of.relation
			AND sla.seen(s.relation, s.item)
			AND coalesce(u.started_at, s.started_at) <= clocks_as_of.at
			AND (coalesce(u.started_at, s.started_at) >= since
				OR coalesce(u.ended_at, s.ended_at, 'infinity') > clocks_as_of.at)
		OFFSET 0
	) AS r;
END;
COMMENT ON FUNCTION sla.clocks_as_of(regclass, timestamptz, timestamptz, timestamptz, text) IS
'private: clocks of a table, or of an item, as they stood at an instant, by the facts known at another; those that were open then, or had started since a third';
REVOKE ALL ON FUNCTION sla.clocks_as_of(regclass, timestamptz, timestamptz, timestamptz, text) FROM PUBLIC;

CREATE FUNCTION sla.clock_at_answer(relation regclass, at timestamptz, known_at timestamptz, item text)
RETURNS SETOF sla.clock
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 100000 ROWS 1000
SET search_path = pg_catalog, pg_temp
SET jit = off
BEGIN ATOMIC
	SELECT
		c.clock_id,
		c.relation,
		c.item,
		p.metric,
		nullif(c.per, '') AS per,
		c.cycle,
		p.policy,
		p.policy_from,
		p.target_from,
		p.goal,
		coalesce(p.threshold, p.goal) AS threshold,
		a.name AS agreement,
		c.party,
		c.owner,
		c.labels,
		c.started_at,
		CASE WHEN c.state = 's' THEN c.ended_at END AS stopped_at,
		CASE WHEN c.state = 'c' THEN c.ended_at END AS cancelled_at,
		CASE c.state
			WHEN 'r' THEN 'running'
			WHEN 'p' THEN 'paused'
			WHEN 's' THEN 'stopped'
			ELSE 'cancelled'
		END AS state,
		c.due_at,
		CASE WHEN c.is_excepted THEN c.gross_due_at ELSE c.due_at END AS gross_due_at,
		c.late_at AS threshold_at,
		CASE WHEN c.late_at < coalesce(c.ended_at, clock_at_answer.at) THEN c.late_at END AS breached_at,
		CASE
			WHEN NOT c.is_excepted THEN
				CASE WHEN c.late_at < coalesce(c.ended_at, clock_at_answer.at) THEN c.late_at END
			WHEN c.gross_late_at < coalesce(c.ended_at, clock_at_answer.at) THEN c.gross_late_at
		END AS gross_breached_at,
		sla.verdict(c.state, p.goal IS NOT NULL OR c.promised_at IS NOT NULL, c.ended_at,
			c.due_at, c.late_at, c.is_waived, clock_at_answer.at) AS verdict,
		sla.verdict(c.state, p.goal IS NOT NULL OR c.promised_at IS NOT NULL, c.ended_at,
			CASE WHEN c.is_excepted THEN c.gross_due_at ELSE c.due_at END,
			CASE WHEN c.is_excepted THEN c.gross_late_at ELSE c.late_at END, false, clock_at_answer.at) AS gross_verdict,
		CASE
			WHEN c.elapsed IS NOT NULL THEN c.elapsed / 1000000.0::double precision
			WHEN c.is_excepted THEN
				sla.elapsed_at(c, clock_at_answer.at) / 1000000.0::double precision
			ELSE
				(sla.business_usecs(
					c.started_at, sla.counts_until(c.state, c.started_at, c.pauses, clock_at_answer.at),
					sla.calendar_of(p.goal, p.calendar)) - c.paused)
				/ 1000000.0::double precision
		END AS elapsed_seconds,
		c.budget / 1000000.0::double precision AS budget_seconds,
		c.paused / 1000000.0::double precision AS paused_seconds,
		c.is_waived,
		false
	FROM sla.clocks_as_of(relation, at, known_at, item => clock_at_answer.item) AS c
	LEFT JOIN sla.promise AS p ON p.id = c.promise_id
	LEFT JOIN sla.agreement AS a ON a.id = c.agreement_id
	WHERE clock_at_answer.relation IS NOT NULL
		AND clock_at_answer.known_at IS NOT NULL
		AND sla.is_finite(clock_at_answer.at)
		AND sla.is_known(clock_at_answer.relation, NULL);
END;
COMMENT ON FUNCTION sla.clock_at_answer(regclass, timestamptz, timestamptz, text) IS 'private: the answer of sla.clock_at()';
REVOKE ALL ON FUNCTION sla.clock_at_answer(regclass, timestamptz, timestamptz, text) FROM PUBLIC;

CREATE FUNCTION sla.clock_at(relation regclass, at timestamptz, known_at timestamptz DEFAULT pg_catalog.now(),
	item text DEFAULT NULL)
RETURNS SETOF sla.clock
AS 'MODULE_PATHNAME', 'sla_ask'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 1000;
COMMENT ON FUNCTION sla.clock_at(regclass, timestamptz, timestamptz, text) IS
'every clock of a table, or those of one item, as they stood at an instant, by the facts that are known now, or were known then; its labels are those of the last change';
REVOKE ALL ON FUNCTION sla.clock_at(regclass, timestamptz, timestamptz, text) FROM PUBLIC;
