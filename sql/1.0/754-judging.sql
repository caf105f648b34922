--
-- Verifying, correcting, judging again; signals
--

CREATE FUNCTION sla.problem_of(clock sla.clock_state)
RETURNS text
AS 'MODULE_PATHNAME', 'sla_problem_of'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 1000;
COMMENT ON FUNCTION sla.problem_of(sla.clock_state) IS 'private: how a stored clock differs from what its facts say, or NULL';
REVOKE ALL ON FUNCTION sla.problem_of(sla.clock_state) FROM PUBLIC;

/* What is asked of a table: an error unless it is tracked, or was and left clocks. */
CREATE FUNCTION sla.is_known(relation regclass, metric text)
RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF relation IS NULL THEN
		RAISE EXCEPTION 'relation must not be null'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF NOT EXISTS (SELECT FROM sla.tracked AS t WHERE t.relation = is_known.relation)
		AND NOT EXISTS (SELECT FROM sla.promise AS p WHERE p.relation = is_known.relation)
	THEN
		IF NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = relation) THEN
			RAISE EXCEPTION 'table with OID % does not exist', relation::oid
				USING ERRCODE = 'undefined_table';
		END IF;
		RAISE EXCEPTION 'table % is not tracked', relation
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = format('SELECT sla.track(%L).', relation);
	END IF;
	IF NOT EXISTS (SELECT FROM sla.metric AS m WHERE m.relation = is_known.relation AND m.name = is_known.metric)
		AND NOT EXISTS (SELECT FROM sla.promise AS p WHERE p.relation = is_known.relation AND p.metric = is_known.metric)
		AND metric IS NOT NULL
	THEN
		RAISE EXCEPTION 'metric "%" of table % does not exist', metric, relation
			USING ERRCODE = 'undefined_object', HINT = 'Metrics are the rows of sla.metric.';
	END IF;
	RETURN true;
END
$$;
COMMENT ON FUNCTION sla.is_known(regclass, text) IS 'private: true, or an error when there is no such tracked table or metric';
REVOKE ALL ON FUNCTION sla.is_known(regclass, text) FROM PUBLIC;

CREATE FUNCTION sla.is_finite(at timestamptz)
RETURNS boolean
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT isfinite(at) THEN
		RAISE EXCEPTION 'at must be finite'
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('It is %s.', at);
	END IF;
	RETURN true;
END
$$;
COMMENT ON FUNCTION sla.is_finite(timestamptz) IS 'private: true, or an error when an instant that is asked about is infinite';
REVOKE ALL ON FUNCTION sla.is_finite(timestamptz) FROM PUBLIC;

CREATE FUNCTION sla.verify_table(relation regclass)
RETURNS TABLE (clock_id bigint, item text, metric text, cycle integer, problem text)
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT c.clock_id, c.item, p.metric, c.cycle, found.problem
	FROM sla.clock_state AS c
	LEFT JOIN sla.promise AS p ON p.id = c.promise_id
	CROSS JOIN LATERAL (
		SELECT coalesce(sla.problem_of(c),
			CASE WHEN c.ended_at IS NULL AND c.revision < p.revision
				THEN 'it cannot be derived, by an error of SQLSTATE ' || sla.cannot_derive(c)
			END)
	) AS found (problem)
	WHERE sla.is_known(verify_table.relation, NULL) AND c.relation = verify_table.relation AND found.problem IS NOT NULL
	ORDER BY c.clock_id;
END;
COMMENT ON FUNCTION sla.verify_table(regclass) IS 'private: what sla.verify() lists, for the owner of the extension';
REVOKE ALL ON FUNCTION sla.verify_table(regclass) FROM PUBLIC;

CREATE FUNCTION sla.verify(
	relation regclass,
	OUT clock_id bigint,
	OUT item text,
	OUT metric text,
	OUT cycle integer,
	OUT problem text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sla_verify'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 100000;
COMMENT ON FUNCTION sla.verify(regclass) IS 'clocks of a table whose stored values differ from what their facts say';

CREATE FUNCTION sla.rejudged(clock sla.clock_state)
RETURNS sla.clock_state
AS 'MODULE_PATHNAME', 'sla_rejudged'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 1000;
COMMENT ON FUNCTION sla.rejudged(sla.clock_state) IS
'private: a clock as it would be judged by what its policy promises now, and the present calendars and exceptions';
REVOKE ALL ON FUNCTION sla.rejudged(sla.clock_state) FROM PUBLIC;

CREATE FUNCTION sla.rejudge(relation regclass, clock_id bigint)
RETURNS void
AS 'MODULE_PATHNAME', 'sla_rejudge'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION sla.rejudge(regclass, bigint) IS 'private: stores what sla.rejudged() says of a clock';
REVOKE ALL ON FUNCTION sla.rejudge(regclass, bigint) FROM PUBLIC;

/* (Inlined into the views, so that a condition on the verdict reads no more clocks.) */
CREATE FUNCTION sla.verdict(state "char", is_promised boolean, ended_at timestamptz,
	due_at timestamptz, late_at timestamptz, is_waived boolean, at timestamptz)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
	WHEN late_at < coalesce(ended_at, at) THEN
		CASE WHEN is_waived THEN 'waived' ELSE 'breached' END
	WHEN state = 'c' OR NOT is_promised THEN NULL
	WHEN state <> 's' THEN 'pending'
	WHEN ended_at <= due_at THEN 'met'
	ELSE 'tolerated'
END;
COMMENT ON FUNCTION sla.verdict("char", boolean, timestamptz, timestamptz, timestamptz, boolean, timestamptz) IS
'private: the verdict of a clock at an instant, by its deadline and that of what is acceptable';

CREATE FUNCTION sla.verdict_of(clock sla.clock_state)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN sla.verdict(clock.state, clock.budget IS NOT NULL, clock.ended_at, clock.due_at, clock.late_at, clock.is_waived, pg_catalog.now());
COMMENT ON FUNCTION sla.verdict_of(sla.clock_state) IS 'private: the verdict of a stored clock, net of exceptions';
REVOKE ALL ON FUNCTION sla.verdict_of(sla.clock_state) FROM PUBLIC;

/* Clocks of a table that were open in a span, and are other by the present definitions. */
CREATE FUNCTION sla.judged_otherwise(relation regclass, during tstzrange,
	OUT stored sla.clock_state, OUT judged sla.clock_state)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL UNSAFE COST 10000 ROWS 100
BEGIN ATOMIC
	SELECT c, d
	FROM sla.clock_state AS c
	CROSS JOIN LATERAL sla.rejudged(c) AS d
	WHERE c.relation = judged_otherwise.relation
		AND judged_otherwise.during && pg_catalog.tstzrange(c.started_at, coalesce(c.ended_at, 'infinity'), '[]')
		AND (d.due_at, d.late_at, coalesce(d.gross_due_at, d.due_at), coalesce(d.gross_late_at, d.late_at), d.is_waived)
			IS DISTINCT FROM (c.due_at, c.late_at, coalesce(c.gross_due_at, c.due_at), coalesce(c.gross_late_at, c.late_at), c.is_waived);
END;
COMMENT ON FUNCTION sla.judged_otherwise(regclass, tstzrange) IS
'private: clocks of a table that were open in a span, as they are stored and as the present definitions judge them, where that differs';
REVOKE ALL ON FUNCTION sla.judged_otherwise(regclass, tstzrange) FROM PUBLIC;

CREATE FUNCTION sla.recompute_table(relation regclass, during tstzrange, dry_run boolean)
RETURNS TABLE (
	clock_id bigint, item text, metric text, before_due_at timestamptz, after_due_at timestamptz,
	before_verdict text, after_verdict text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM sla.is_known(recompute_table.relation, NULL);
	RETURN QUERY
	SELECT (j.stored).clock_id, (j.stored).item, p.metric, (j.stored).due_at, (j.judged).due_at,
		sla.verdict_of(j.stored), sla.verdict_of(j.judged)
	FROM sla.judged_otherwise(recompute_table.relation, recompute_table.during) AS j
	LEFT JOIN sla.promise AS p ON p.id = (j.stored).promise_id
	ORDER BY 1;
	IF NOT dry_run THEN
		-- (in the order in which writers take an item's clocks)
		PERFORM sla.rejudge((o.stored).relation, (o.stored).clock_id)
		FROM (
			SELECT j.stored
			FROM sla.judged_otherwise(recompute_table.relation, recompute_table.during) AS j
			ORDER BY (j.stored).item, (j.stored).metric_id, (j.stored).per, (j.stored).cycle
			OFFSET 0
		) AS o;
	END IF;
END
$$;
COMMENT ON FUNCTION sla.recompute_table(regclass, tstzrange, boolean) IS 'private: what sla.recompute() does, for the owner of the extension';
REVOKE ALL ON FUNCTION sla.recompute_table(regclass, tstzrange, boolean) FROM PUBLIC;

CREATE FUNCTION sla.recompute(
	relation regclass,
	during tstzrange,
	dry_run boolean DEFAULT true,
	OUT clock_id bigint,
	OUT item text,
	OUT metric text,
	OUT before_due_at timestamptz,
	OUT after_due_at timestamptz,
	OUT before_verdict text,
	OUT after_verdict text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sla_recompute'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 100000;
COMMENT ON FUNCTION sla.recompute(regclass, tstzrange, boolean) IS
'judges the clocks that ran in a time again, by the present goals and calendars, and says what that changes; unless dry_run, it is stored';

CREATE FUNCTION sla.correct(clock_id bigint, started_at timestamptz, stopped_at timestamptz, reason text)
RETURNS void
AS 'MODULE_PATHNAME', 'sla_correct'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION sla.correct(bigint, timestamptz, timestamptz, text) IS
'sets facts of a clock (NULL: as they are) and judges it anew; noted in sla.clock_change; for the table''s owner and operators';

CREATE FUNCTION sla.signal(
	relation regclass,
	item text,
	metric text,
	action text,
	at timestamptz DEFAULT now(),
	reason text DEFAULT NULL)
RETURNS void
AS 'MODULE_PATHNAME', 'sla_signal'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION sla.signal(regclass, text, text, text, timestamptz, text) IS
'an event that the row does not show: start, pause, resume, stop, cancel or reset; for who may UPDATE the table';
