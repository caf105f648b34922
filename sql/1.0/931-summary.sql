--
-- The month of an agreement, for its client: as rows, and as a page
--
-- Both say the same, for both stand on sla.summary_of().  They read what the
-- views read, with their owner's rights: nobody else may ask before the
-- administrator grants it.  What they say is of this party alone.
--

CREATE FUNCTION sla.html_escape(text)
RETURNS text
AS 'MODULE_PATHNAME', 'sla_html_escape'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.html_escape(text) IS
'text for HTML and XML, in an element or an attribute: as ASCII, with a replacement mark for control characters and those that turn the direction of writing';

/*
 * Words.  Percentages are cut, not rounded: 99.9996 is not 100.  (But 99.89999999999999
 * is 99.9: that is the error of adding up fractions.)
 */

CREATE FUNCTION sla.percent_text(percent text, decimals integer DEFAULT 3)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.trim_scale(pg_catalog.trunc(pg_catalog.round(percent::numeric, 12), decimals))::text || ' %';
COMMENT ON FUNCTION sla.percent_text(text, integer) IS 'private: a percentage in words';
REVOKE ALL ON FUNCTION sla.percent_text(text, integer) FROM PUBLIC;

CREATE FUNCTION sla.amount_text(amount numeric, currency text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.to_char(amount, 'FM999,999,999,999,990.00') || coalesce(' ' || currency, '');
COMMENT ON FUNCTION sla.amount_text(numeric, text) IS 'private: an amount of money in words';
REVOKE ALL ON FUNCTION sla.amount_text(numeric, text) FROM PUBLIC;

CREATE FUNCTION sla.number_of(n bigint, noun text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN n::text || ' ' || noun || CASE WHEN n = 1 THEN '' WHEN noun ~ '(s|sh|ch)$' THEN 'es' ELSE 's' END;
COMMENT ON FUNCTION sla.number_of(bigint, text) IS 'private: so many things in words';
REVOKE ALL ON FUNCTION sla.number_of(bigint, text) FROM PUBLIC;

CREATE FUNCTION sla.goal_in_words(goal @extschema@.business_interval, calendar text, due_by text, cutoff text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE
		WHEN goal IS NULL THEN 'measured only'
		ELSE pg_catalog.concat('within ', coalesce(nullif(pg_catalog.concat_ws(' and ',
				CASE WHEN v.days > 0 THEN sla.number_of(v.days, v.kind || 'day') END,
				CASE WHEN v.hours > 0 THEN sla.number_of(v.hours, v.kind || 'hour') END,
				CASE WHEN v.minutes > 0 THEN sla.number_of(v.minutes, v.kind || 'minute') END,
				CASE WHEN v.seconds > 0 THEN sla.number_of(v.seconds, v.kind || 'second') END), ''),
				CASE WHEN due_by IS NULL THEN 'no time at all' ELSE 'the same ' || v.kind || 'day' END),
			CASE WHEN due_by = 'close' THEN ', by the close of that day' ELSE ', by ' || due_by || ' of that day' END,
			', what comes before ' || cutoff || ' counting as of its day')
	END
	FROM (
		SELECT @extschema@.business_days(goal)::bigint AS days,
			s.seconds / 3600 AS hours, s.seconds % 3600 / 60 AS minutes, s.seconds % 60 AS seconds,
			CASE WHEN coalesce(@extschema@.calendar(goal), calendar) = '24/7' THEN '' ELSE 'business ' END AS kind
		FROM (SELECT @extschema@.business_seconds(goal)::bigint AS seconds) AS s
	) AS v;
END;
COMMENT ON FUNCTION sla.goal_in_words(@extschema@.business_interval, text, text, text) IS 'private: a goal in words for clients';
REVOKE ALL ON FUNCTION sla.goal_in_words(@extschema@.business_interval, text, text, text) FROM PUBLIC;

/*
 * The month as one document: objects, and arrays of objects, of numbers and
 * text.  Instants are text in the agreement's time zone.
 */

/* How many rows of a kind are told of, at most. */
CREATE FUNCTION sla.summary_rows()
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 50;
COMMENT ON FUNCTION sla.summary_rows() IS 'private: how many breaches, parts of an objective, or exceptions the month tells of';
REVOKE ALL ON FUNCTION sla.summary_rows() FROM PUBLIC;

/* A month of an agreement, by the version in force at its end, or the first. */
CREATE TYPE sla.agreement_month AS (
	party text,
	agreement text,
	version sla.agreement,
	versions integer[],
	zone text,
	first_day timestamp,
	since timestamptz,
	from_at timestamptz,
	to_at timestamptz,
	until timestamptz
);
COMMENT ON TYPE sla.agreement_month IS 'private: a month of an agreement, in its time zone; "since" begins the year that ends with it, "until" is its end or now';

/* An error where there is none, it has not begun, or not all of it may be seen. */
CREATE FUNCTION sla.month_of_agreement(party text, agreement text, period date)
RETURNS sla.agreement_month
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	v sla.agreement;
	wanted sla.agreement_month;
BEGIN
	IF NOT EXISTS (SELECT FROM sla.agreement AS a WHERE a.party = month_of_agreement.party AND a.name = agreement) THEN
		RAISE EXCEPTION 'agreement "%" of party "%" does not exist', agreement, party
			USING ERRCODE = 'undefined_object', HINT = 'Agreements are the rows of sla.agreement; names are case-sensitive.';
	END IF;
	-- (half a month is no month)
	IF EXISTS (SELECT FROM sla.row_security AS r WHERE NOT sla.sees_all(r.relation)) THEN
		RAISE EXCEPTION 'permission denied for the month of an agreement'
			USING ERRCODE = 'insufficient_privilege',
				DETAIL = 'It counts all clocks, and row-level security of a tracked table hides some of them from you.',
				HINT = 'It is for roles that no policy of the tables in sla.row_security binds; others see their part in the report_ views.';
	END IF;
	IF period IS NULL OR NOT isfinite(period) OR period NOT BETWEEN '1900-01-01' AND '9000-01-01' THEN
		RAISE EXCEPTION 'a month is not given, or out of range'
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('It is %s.', coalesce(period::text, 'null')),
				HINT = 'Any day of the month will do.';
	END IF;
	wanted.party := party;
	wanted.agreement := agreement;
	wanted.first_day := date_trunc('month', period::timestamp);
	SELECT a.* INTO v
	FROM sla.agreement AS a
	CROSS JOIN LATERAL (SELECT sla.day_begins(coalesce(a.time_zone, 'UTC'), wanted.first_day + interval '1 month')) AS m (to_at)
	WHERE a.party = month_of_agreement.party AND a.name = agreement
	ORDER BY a.valid_from < m.to_at DESC, CASE WHEN a.valid_from < m.to_at THEN a.valid_from END DESC, a.valid_from
	LIMIT 1;
	wanted.version := v;
	wanted.versions := ARRAY(SELECT a.id FROM sla.agreement AS a WHERE a.party = month_of_agreement.party AND a.name = agreement);
	wanted.zone := coalesce(v.time_zone, 'UTC');
	wanted.since := sla.day_begins(wanted.zone, wanted.first_day - interval '11 months');
	wanted.from_at := sla.day_begins(wanted.zone, wanted.first_day);
	wanted.to_at := sla.day_begins(wanted.zone, wanted.first_day + interval '1 month');
	wanted.until := least(wanted.to_at, now());
	IF wanted.from_at > now() THEN
		RAISE EXCEPTION 'month % has not begun', to_char(wanted.first_day, 'YYYY-MM')
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN wanted;
END
$$;
COMMENT ON FUNCTION sla.month_of_agreement(text, text, date) IS 'private: the month of an agreement that a day is in';
REVOKE ALL ON FUNCTION sla.month_of_agreement(text, text, date) FROM PUBLIC;

/*
 * The agreement itself.
 */
CREATE FUNCTION sla.summary_agreement(wanted sla.agreement_month)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v sla.agreement := wanted.version;
BEGIN
	RETURN jsonb_build_object('agreement', jsonb_build_object(
		'party', wanted.party, 'agreement', wanted.agreement, 'month', to_char(wanted.first_day, 'YYYY-MM'),
		'first_day', to_char(wanted.first_day, 'YYYY-MM-DD'),
		'last_day', to_char(wanted.first_day + interval '1 month' - interval '1 day', 'YYYY-MM-DD'),
		'time_zone', wanted.zone, 'plan', v.plan, 'owner', v.owner,
		'valid_from', CASE WHEN isfinite(v.valid_from) THEN to_char(timezone(wanted.zone, v.valid_from), 'YYYY-MM-DD') END,
		'ends', CASE WHEN isfinite(v.ends_at) THEN to_char(timezone(wanted.zone, v.ends_at), 'YYYY-MM-DD') END,
		'monthly_fee', sla.amount_text(v.monthly_fee, v.currency),
		'is_over', wanted.to_at <= now(), 'written_at', to_char(timezone(wanted.zone, now()), 'YYYY-MM-DD HH24:MI')));
END
$$;
COMMENT ON FUNCTION sla.summary_agreement(sla.agreement_month) IS 'private: what an agreement says of itself in a month of it';
REVOKE ALL ON FUNCTION sla.summary_agreement(sla.agreement_month) FROM PUBLIC;

/*
 * Months, and what was kept in each; this month also by promise.  "judged" says of
 * which table, for summary_promises().
 */
CREATE FUNCTION sla.summary_kept(wanted sla.agreement_month)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	document jsonb;
BEGIN
	WITH judged AS (
		SELECT date_trunc('month', timezone(wanted.zone, j.at)) AS month, j.promise_id, j.net, j.gross, count(*) AS n
		FROM sla.judgement AS j
		WHERE j.agreement_id = ANY (wanted.versions) AND j.at >= wanted.since AND j.at < wanted.to_at
		GROUP BY 1, 2, 3, 4
	), months AS (
		SELECT m.month, coalesce(sum(j.n) FILTER (WHERE j.net > 0), 0) AS clocks, coalesce(sum(j.n) FILTER (WHERE j.net = 3), 0) AS breached,
			coalesce(sum(j.n) FILTER (WHERE j.net = 4), 0) AS waived,
			coalesce(sum(j.n) FILTER (WHERE j.gross > 0), 0) AS gross_clocks, coalesce(sum(j.n) FILTER (WHERE j.gross = 3), 0) AS gross_breached
		FROM generate_series(wanted.first_day, wanted.first_day - interval '11 months', interval '-1 month') AS m (month)
		LEFT JOIN judged AS j ON j.month = m.month
		GROUP BY m.month
	), kept AS (
		SELECT p.metric, p.policy, sla.goal_in_words(p.goal, sla.calendar_of(p.goal, p.calendar), p.due_by, to_char(p.cutoff, 'HH24:MI')) AS goal,
			sum(j.n) AS clocks, coalesce(sum(j.n) FILTER (WHERE j.net = 3), 0) AS breached, coalesce(sum(j.n) FILTER (WHERE j.net = 4), 0) AS waived
		FROM judged AS j
		JOIN sla.promise AS p ON p.id = j.promise_id
		WHERE j.month = wanted.first_day AND j.net > 0
		GROUP BY 1, 2, 3
	)
	SELECT jsonb_build_object(
		'month', (
			SELECT jsonb_agg(jsonb_build_object('month', to_char(m.month, 'YYYY-MM'), 'clocks', m.clocks, 'kept', m.clocks - m.breached,
				'breached', m.breached, 'waived', m.waived,
				'kept_percent', 100 * (m.clocks - m.breached)::double precision / nullif(m.clocks, 0)::double precision,
				'gross_percent', 100 * (m.gross_clocks - m.gross_breached)::double precision / nullif(m.gross_clocks, 0)::double precision)
				ORDER BY m.month)
			FROM months AS m),
		'kept', (
			SELECT jsonb_agg(jsonb_build_object('metric', k.metric, 'policy', k.policy, 'goal', k.goal, 'clocks', k.clocks,
				'kept', k.clocks - k.breached, 'breached', k.breached, 'waived', k.waived,
				'kept_percent', 100 * (k.clocks - k.breached)::double precision / k.clocks::double precision)
				ORDER BY k.metric, k.policy, k.goal)
			FROM kept AS k),
		'judged', (
			SELECT jsonb_agg(DISTINCT jsonb_build_object('relation', p.relation::oid, 'metric', p.metric, 'policy', p.policy))
			FROM judged AS j
			JOIN sla.promise AS p ON p.id = j.promise_id
			WHERE j.month = wanted.first_day AND j.net > 0))
	INTO document;
	RETURN document;
END
$$;
COMMENT ON FUNCTION sla.summary_kept(sla.agreement_month) IS 'private: months, and what was kept of a month of an agreement';
REVOKE ALL ON FUNCTION sla.summary_kept(sla.agreement_month) FROM PUBLIC;

/*
 * What was promised at the end of the month, as sla.report_promise says it of now, and
 * by which hours: of the agreement's plan, and what was kept.
 */
CREATE FUNCTION sla.summary_promises(wanted sla.agreement_month, judged jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
	RETURN jsonb_build_object('promise', (
		SELECT jsonb_agg(jsonb_build_object('metric', t.metric, 'policy', p.name, 'description', p.description,
			'goal', sla.goal_in_words(t.goal, c.calendar, t.due_by, to_char(t.cutoff, 'HH24:MI')),
			'acceptable', CASE WHEN t.threshold::text <> t.goal::text THEN sla.goal_in_words(t.threshold, c.calendar, NULL, NULL) END,
			'hours', CASE WHEN c.calendar = '24/7' THEN 'around the clock'
				ELSE replace(regexp_replace(coalesce(h.hours, k.hours::text, k.combines, c.calendar),
					E'^TZ=(\\S+) (.*)$', E'\\2 (\\1)'), '; PH off', ', closed on public holidays') END)
			ORDER BY t.metric, p.rank, p.name)
		FROM (SELECT wanted.until AS at) AS e
		CROSS JOIN (
			SELECT p.*, lead(p.valid_from, 1, 'infinity') OVER (PARTITION BY p.relation, p.name ORDER BY p.valid_from) AS valid_until
			FROM sla.policy AS p
		) AS p
		JOIN (
			SELECT t.*, lead(t.valid_from, 1, 'infinity') OVER (PARTITION BY t.relation, t.policy, t.metric ORDER BY t.valid_from) AS valid_until
			FROM sla.target AS t
		) AS t ON t.relation = p.relation AND t.policy = p.name
		LEFT JOIN sla.metric AS m ON m.relation = t.relation AND m.name = t.metric
		CROSS JOIN LATERAL (SELECT @extschema@.calendar(t.goal) AS own) AS g
		CROSS JOIN LATERAL (SELECT coalesce(g.own, CASE WHEN t.goal IS NULL THEN '24/7' ELSE (wanted.version).calendar END) AS calendar) AS c
		LEFT JOIN sla.calendar AS k ON k.name = c.calendar
		LEFT JOIN LATERAL (
			SELECT coalesce(h.hours, h.combines) AS hours
			FROM sla.calendar_history AS h
			WHERE h.calendar = c.calendar AND h.day IS NULL AND h.since < e.at AND e.at <= h.until
			ORDER BY h.until DESC
			LIMIT 1
		) AS h ON true
		WHERE p.valid_from < e.at AND e.at <= p.valid_until
			AND t.valid_from < e.at AND e.at <= t.valid_until
			AND m.kind IS DISTINCT FROM 'ola' AND m.kind IS DISTINCT FROM 'uc'
			AND (p.plan = (wanted.version).plan
				OR p.plan IS NULL AND t.goal IS NOT NULL AND g.own IS NULL
				OR p.plan IS NULL
				AND judged @> jsonb_build_array(jsonb_build_object('relation', t.relation::oid, 'metric', t.metric, 'policy', p.name)))));
END
$$;
COMMENT ON FUNCTION sla.summary_promises(sla.agreement_month, jsonb) IS 'private: what was promised of a month of an agreement';
REVOKE ALL ON FUNCTION sla.summary_promises(sla.agreement_month, jsonb) FROM PUBLIC;

/*
 * Objectives as they stood at the end of the month: the party's own, and what all share
 * where the agreement gives credits for it.  (Below the target when its window is over is
 * violated, also where slices of which nothing is known leave some of the budget.)
 */
CREATE FUNCTION sla.summary_objectives(wanted sla.agreement_month)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	document jsonb;
BEGIN
	WITH objective AS (
		SELECT o.name, o.description, o.target_percent, o.window_length, w.from_at, c.revision,
			-- (who rolls ends there, but not by a version that begins there)
			CASE WHEN w.from_at IS NULL AND o.id = (SELECT n.id FROM sla.objective_at(b.name, wanted.until) AS n) THEN wanted.until
				ELSE wanted.until - interval '1 us' END AS at
		FROM (SELECT DISTINCT b.name FROM sla.objective AS b) AS b
		CROSS JOIN LATERAL sla.objective_at(b.name, wanted.until - interval '1 us') AS o
		CROSS JOIN LATERAL (
			-- its period, where windows are of the calendar
			SELECT CASE WHEN sla.is_calendar_window(o.window_length)
				THEN greatest((sla.objective_window(o, wanted.until - interval '1 us')).from_at, o.valid_from) END AS from_at
		) AS w
		LEFT JOIN LATERAL (
			-- where that is closed
			SELECT max(c.revision) AS revision
			FROM sla.closed_period AS c
			WHERE c.objective = o.name AND c.to_at = wanted.until AND c.from_at = w.from_at
		) AS c ON true
		WHERE o.party = wanted.party AND (o.agreement = wanted.agreement OR o.agreement IS NULL)
			OR o.party IS NULL AND o.kind <> 'clock' AND o.group_by IS NULL AND EXISTS (
				SELECT FROM sla.credit AS c
				WHERE c.party = wanted.party AND c.agreement = wanted.agreement AND c.objective = b.name)
	), figure AS (
		-- what was told of a closed period then
		SELECT o.name, o.description, o.target_percent, o.window_length,
			s.group_value, s.sli_percent, s.consumed_percent, s.status
		FROM objective AS o
		CROSS JOIN LATERAL sla.slo_status(o.name, o.at, true) AS s
		WHERE o.from_at IS NULL
		UNION ALL
		SELECT o.name, o.description, o.target_percent, o.window_length, p.group_value, p.sli_percent, p.consumed_percent,
			CASE WHEN p.problem IS NOT NULL THEN 'error'
				ELSE sla.slo_state(p.sli_percent, o.target_percent::double precision, CASE WHEN p.is_over THEN 0 ELSE p.budget_remaining END) END
		FROM objective AS o
		LEFT JOIN LATERAL sla.slo_periods(o.name, wanted.until, true, o.from_at) AS p ON true
		WHERE o.from_at IS NOT NULL AND o.revision IS NULL
		UNION ALL
		SELECT o.name, o.description, coalesce(c.target_percent::numeric, o.target_percent), o.window_length,
			c.group_value, c.sli_percent, c.consumed_percent, sla.slo_state(c.sli_percent, coalesce(c.target_percent, o.target_percent::double precision), 0)
		FROM objective AS o
		-- (no group had anything)
		LEFT JOIN sla.report_slo_closed AS c ON c.objective = o.name AND c.from_at = o.from_at AND c.revision = o.revision
		WHERE o.revision IS NOT NULL
	), status AS (
		SELECT f.*, o.at, row_number() OVER (PARTITION BY f.name ORDER BY f.consumed_percent DESC NULLS LAST, f.group_value) AS place
		FROM figure AS f
		JOIN objective AS o ON o.name = f.name
	)
	SELECT jsonb_build_object(
		'objective', (
			SELECT jsonb_agg(jsonb_build_object('objective', s.name, 'part', s.group_value, 'description', s.description,
				'target_percent', s.target_percent,
				'window', CASE WHEN sla.is_calendar_window(s.window_length) THEN 'calendar ' || s.window_length ELSE s.window_length END,
				'measured_percent', s.sli_percent, 'budget_used_percent', s.consumed_percent, 'status', s.status)
				ORDER BY s.name, s.group_value)
			FROM status AS s
			WHERE s.place <= sla.summary_rows()),
		'budget', (
			SELECT jsonb_agg(jsonb_build_object('objective', s.name, 'part', s.group_value,
				'day', to_char(timezone(wanted.zone, d."time"), 'YYYY-MM-DD'), 'left_percent', d.budget_remaining_percent)
				ORDER BY s.name, d."time")
			FROM status AS s
			CROSS JOIN LATERAL sla.slo_series(s.name, s.at, true) AS d
			WHERE s.place = 1 AND d.group_value IS NOT DISTINCT FROM s.group_value AND d.budget_remaining_percent IS NOT NULL))
	INTO document;
	RETURN document;
END
$$;
COMMENT ON FUNCTION sla.summary_objectives(sla.agreement_month) IS 'private: objectives of a month of an agreement';
REVOKE ALL ON FUNCTION sla.summary_objectives(sla.agreement_month) FROM PUBLIC;

/*
 * Service credits, capped for each version of the agreement.
 */
CREATE FUNCTION sla.summary_credits(wanted sla.agreement_month)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	document jsonb;
BEGIN
	WITH credit AS (
		SELECT *
		FROM sla.service_credits(wanted.party, wanted.agreement, wanted.until, true) AS s
		WHERE s.period_start = wanted.first_day::date
	), capped AS (
		SELECT c.valid_from, c.currency, c.cap_percent, sum(c.tier_amount + c.breach_amount) AS amount,
			round(c.fee * c.cap_percent::numeric / 100, 2) AS most, bool_or(c.tier_amount IS NULL) AS is_unknown
		FROM credit AS c
		GROUP BY c.valid_from, c.currency, c.cap_percent, c.fee
	)
	SELECT jsonb_build_object(
		'credit', (
			SELECT jsonb_agg(jsonb_build_object('objective', c.objective,
				'from', to_char(timezone(wanted.zone, c.from_at), 'YYYY-MM-DD'),
				'measured_percent', c.sli_percent, 'below_percent', c.below_percent, 'credit_percent', c.credit_percent,
				'breaches', CASE WHEN c.breach_amount > 0 THEN c.bad END,
				'amount', sla.amount_text(c.tier_amount + c.breach_amount, c.currency), 'remedy', c.remedy, 'problem', c.problem)
				ORDER BY c.from_at, c.objective)
			FROM credit AS c
			-- (NULL: a tier is reached and there is no fee, or there is a problem)
			WHERE c.tier_amount IS DISTINCT FROM 0 OR c.breach_amount > 0 OR c.remedy IS NOT NULL),
		'credit_total', (
			SELECT jsonb_agg(jsonb_build_object('amount', sla.amount_text(x.due, x.currency), 'is_capped', x.is_capped, 'is_unknown', x.is_unknown)
				ORDER BY x.currency)
			FROM (
				SELECT c.currency, sum(CASE WHEN c.amount IS NOT NULL THEN least(c.amount, c.most) END) AS due, coalesce(bool_or(c.amount > c.most), false) AS is_capped,
					bool_or(c.is_unknown) AS is_unknown
				FROM capped AS c
				GROUP BY c.currency
			) AS x))
	INTO document;
	RETURN document;
END
$$;
COMMENT ON FUNCTION sla.summary_credits(sla.agreement_month) IS 'private: service credits of a month of an agreement';
REVOKE ALL ON FUNCTION sla.summary_credits(sla.agreement_month) FROM PUBLIC;

/*
 * Breaches; the first so many are told of.
 */
CREATE FUNCTION sla.summary_breaches(wanted sla.agreement_month)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	document jsonb;
BEGIN
	WITH breach AS MATERIALIZED (
		SELECT b.clock_id, b.at, b.is_waived
		FROM sla.breach_now AS b
		WHERE b.agreement_id = ANY (wanted.versions) AND b.at >= wanted.from_at AND b.at < wanted.to_at
	), told AS (
		SELECT b.*, r.cause, r.root_cause, r.corrective_action, r.preventive_action,
			r.notices_before, r.notices_after, r.first_notice_text, r.feedback
		FROM sla.report_breach AS b
		JOIN sla.report_breach_review AS r ON r.clock_id = b.clock_id
		WHERE b.clock_id = ANY (ARRAY(SELECT x.clock_id FROM breach AS x ORDER BY x.at, x.clock_id LIMIT sla.summary_rows()))
			AND r.clock_id = ANY (ARRAY(SELECT x.clock_id FROM breach AS x ORDER BY x.at, x.clock_id LIMIT sla.summary_rows()))
	), cause AS (
		SELECT r.cause, count(*) AS n
		FROM breach AS b
		LEFT JOIN sla.breach_review AS r ON r.clock_id = b.clock_id
		WHERE NOT b.is_waived
		GROUP BY r.cause
	), ranked AS (
		SELECT c.*, row_number() OVER (ORDER BY c.cause IS NULL, c.n DESC, c.cause) AS rank FROM cause AS c
	)
	SELECT jsonb_build_object(
		'breach', (
			SELECT jsonb_agg(jsonb_build_object('item', t.item, 'metric', t.metric, 'part', t.per, 'policy', t.policy,
				'due', to_char(timezone(wanted.zone, t.due_at), 'YYYY-MM-DD HH24:MI'), 'breached', to_char(timezone(wanted.zone, t.breached_at), 'YYYY-MM-DD HH24:MI'),
				'ended', to_char(timezone(wanted.zone, t.stopped_at), 'YYYY-MM-DD HH24:MI'), 'late', t.late_text,
				'is_open', t.is_open, 'is_waived', t.is_waived, 'cause', t.cause, 'root_cause', t.root_cause, 'corrective_action', t.corrective_action,
				'preventive_action', t.preventive_action, 'notices_before', t.notices_before, 'notices_after', t.notices_after,
				'told_after', t.first_notice_text, 'feedback', t.feedback)
				ORDER BY t.breached_at, t.clock_id)
			FROM told AS t),
		'breach_count', (SELECT jsonb_build_object('breaches', count(*), 'waived', count(*) FILTER (WHERE b.is_waived), 'told_of', least(count(*), sla.summary_rows())) FROM breach AS b),
		'cause', (
			SELECT jsonb_agg(jsonb_build_object('cause', x.cause, 'breaches', x.n) ORDER BY x.rank)
			FROM (
				SELECT CASE WHEN r.cause IS NULL THEN 'not reviewed' WHEN r.rank > 9 THEN 'other' ELSE r.cause END AS cause,
					sum(r.n) AS n, min(r.rank) AS rank
				FROM ranked AS r
				GROUP BY 1
			) AS x))
	INTO document;
	RETURN document;
END
$$;
COMMENT ON FUNCTION sla.summary_breaches(sla.agreement_month) IS 'private: breaches and their causes of a month of an agreement';
REVOKE ALL ON FUNCTION sla.summary_breaches(sla.agreement_month) FROM PUBLIC;

/*
 * Exceptions in force that bear on the agreement in the month, whenever they were
 * approved: the verdicts have them in them.  And what was said.
 */
CREATE FUNCTION sla.summary_exceptions(wanted sla.agreement_month, objectives jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	document jsonb;
BEGIN
	WITH judged_by AS MATERIALIZED (
		-- of what the agreement has had clocks within the year
		SELECT DISTINCT p.relation, p.policy, p.metric
		FROM sla.clock_state AS c
		JOIN sla.promise AS p ON p.id = c.promise_id
		WHERE c.agreement_id = ANY (wanted.versions) AND c.started_at < wanted.to_at
			AND (c.ended_at IS NULL OR c.ended_at >= wanted.since)
	), present AS MATERIALIZED (
		-- and within the month, with their labels
		SELECT DISTINCT p.relation, p.policy, p.metric, c.labels
		FROM sla.clock_state AS c
		JOIN sla.promise AS p ON p.id = c.promise_id
		WHERE c.agreement_id = ANY (wanted.versions) AND c.started_at < wanted.to_at
			AND (c.ended_at IS NULL OR c.ended_at >= wanted.from_at)
	), bearing AS (
		SELECT e.*
		FROM sla.exception AS e
		WHERE e.approved_at IS NOT NULL
			AND CASE
				WHEN e.during IS NOT NULL THEN EXISTS (
					SELECT FROM sla.occurrences(e.during, e.rrule, wanted.zone) AS x (began, ended)
					WHERE x.began < wanted.to_at AND x.ended > wanted.from_at)
				ELSE e.approved_at >= wanted.from_at AND e.approved_at < wanted.to_at OR EXISTS (
					SELECT FROM sla.clock_state AS c
					WHERE c.item = e.item AND c.relation = coalesce(e.relation, c.relation) AND c.agreement_id = ANY (wanted.versions)
						AND (c.ended_at >= wanted.from_at AND c.ended_at < wanted.to_at OR c.late_at >= wanted.from_at AND c.late_at < wanted.to_at
							OR c.gross_late_at >= wanted.from_at AND c.gross_late_at < wanted.to_at))
					OR e.item IS NULL AND EXISTS (
						SELECT FROM present AS j WHERE sla.bears_on(e, j.relation, j.policy, j.metric, wanted.party, NULL, j.labels))
			END
			AND (e.party = wanted.party
				OR e.party IS NULL AND e.objective IS NULL AND e.item IS NULL AND e.labels IS NULL
					AND (num_nonnulls(e.relation, e.policy, e.metric) = 0 OR EXISTS (
						SELECT FROM judged_by AS j WHERE sla.bears_on(e, j.relation, j.policy, j.metric, NULL, NULL, NULL))
						OR num_nonnulls(e.policy, e.metric) = 0 AND e.relation IN (
							SELECT o.relation
							FROM sla.objective AS o
							JOIN jsonb_array_elements(nullif(objectives, 'null')) AS x ON x ->> 'objective' = o.name
							WHERE o.kind <> 'clock'))
				OR e.party IS NULL AND e.item IS NULL AND e.labels IS NOT NULL AND EXISTS (
					SELECT FROM present AS j WHERE sla.bears_on(e, j.relation, j.policy, j.metric, NULL, NULL, j.labels))
				OR e.party IS NULL AND e.item IS NOT NULL AND EXISTS (
					SELECT FROM sla.clock_state AS c
					WHERE c.relation = e.relation AND c.item = e.item AND c.agreement_id = ANY (wanted.versions))
				OR e.party IS NULL AND e.objective IN (SELECT x ->> 'objective' FROM jsonb_array_elements(nullif(objectives, 'null')) AS x))
	)
	SELECT jsonb_build_object(
		'exception', (
			SELECT jsonb_agg(jsonb_build_object('kind', e.kind,
				'about', nullif(concat_ws(', ', coalesce(e.item, e.objective, e.metric, e.policy), l.words), ''),
				'from', to_char(timezone(wanted.zone, nullif(lower(e.during), '-infinity')), 'YYYY-MM-DD HH24:MI'),
				'to', to_char(timezone(wanted.zone, nullif(upper(e.during), 'infinity')), 'YYYY-MM-DD HH24:MI'),
				'recurs', e.rrule, 'extends_by', e.extend_by::text, 'is_waiver', e.waive, 'reason', e.reason, 'approved_by', e.approved_by)
				ORDER BY coalesce(lower(e.during), e.approved_at), e.id)
			FROM (SELECT * FROM bearing AS b ORDER BY coalesce(lower(b.during), b.approved_at), b.id LIMIT sla.summary_rows()) AS e
			CROSS JOIN LATERAL (
				SELECT string_agg(format('%s: %s', t.key, t.value), ', ' ORDER BY t.key) AS words
				FROM jsonb_each_text(e.labels) AS t
			) AS l),
		'exception_count', jsonb_build_object('exceptions', (SELECT count(*) FROM bearing)),
		'said', (
			SELECT jsonb_agg(jsonb_build_object('at', to_char(timezone(wanted.zone, n.at), 'YYYY-MM-DD HH24:MI'), 'kind', n.kind, 'text', n.text)
				ORDER BY n.at, n.id)
			FROM (
				SELECT *
				FROM sla.annotation AS n
				WHERE n.subject = 'agreement' AND n.party = wanted.party AND n.key = wanted.agreement AND n.kind IN ('review', 'feedback', 'customer_notice')
					AND n.at >= wanted.from_at AND n.at < wanted.to_at
				ORDER BY n.at, n.id
				LIMIT sla.summary_rows()
			) AS n))
	INTO document;
	RETURN document;
END
$$;
COMMENT ON FUNCTION sla.summary_exceptions(sla.agreement_month, jsonb) IS 'private: exceptions, and what was said of a month of an agreement';
REVOKE ALL ON FUNCTION sla.summary_exceptions(sla.agreement_month, jsonb) FROM PUBLIC;

CREATE FUNCTION sla.summary_of(party text, agreement text, period date)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wanted sla.agreement_month := sla.month_of_agreement(party, agreement, period);
	kept jsonb := sla.summary_kept(wanted);
	objectives jsonb := sla.summary_objectives(wanted);
BEGIN
	RETURN sla.summary_agreement(wanted) || (kept - 'judged') || sla.summary_promises(wanted, kept -> 'judged') || objectives
		|| sla.summary_credits(wanted) || sla.summary_breaches(wanted) || sla.summary_exceptions(wanted, objectives -> 'objective');
END
$$;
COMMENT ON FUNCTION sla.summary_of(text, text, date) IS 'private: the month of an agreement as a document, for sla.monthly_summary() and sla.report_html()';
REVOKE ALL ON FUNCTION sla.summary_of(text, text, date) FROM PUBLIC;

CREATE FUNCTION sla.monthly_summary_answer(
	party text,
	agreement text,
	period date,
	OUT section text,
	OUT row_number integer,
	OUT label text,
	OUT value text,
	OUT number double precision)
RETURNS SETOF record
LANGUAGE sql STABLE STRICT COST 100000 ROWS 500
SET search_path = pg_catalog, pg_temp
SET extra_float_digits = 1
BEGIN ATOMIC
	SELECT s.key, r.n::integer, f.key, f.value #>> '{}',
		CASE WHEN pg_catalog.jsonb_typeof(f.value) = 'number' THEN f.value::double precision END
	FROM pg_catalog.jsonb_each(sla.summary_of(party, agreement, period)) AS s
	CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(
		CASE pg_catalog.jsonb_typeof(s.value) WHEN 'array' THEN s.value WHEN 'object' THEN pg_catalog.jsonb_build_array(s.value) ELSE '[]' END)
		WITH ORDINALITY AS r (row, n)
	CROSS JOIN LATERAL pg_catalog.jsonb_each(r.row) AS f
	ORDER BY pg_catalog.array_position('{agreement,month,kept,promise,objective,budget,credit,credit_total,breach,breach_count,cause,exception,exception_count,said}', s.key),
		r.n, f.key;
END;
COMMENT ON FUNCTION sla.monthly_summary_answer(text, text, date) IS 'private: the answer of sla.monthly_summary()';
REVOKE ALL ON FUNCTION sla.monthly_summary_answer(text, text, date) FROM PUBLIC;

CREATE FUNCTION sla.monthly_summary(
	party text,
	agreement text,
	period date,
	OUT section text,
	OUT row_number integer,
	OUT label text,
	OUT value text,
	OUT number double precision)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sla_ask'
LANGUAGE C STABLE STRICT COST 100000 ROWS 500;
COMMENT ON FUNCTION sla.monthly_summary(text, text, date) IS
'the month of an agreement, for its client, as rows: what was kept, objectives and their budgets, credits, breaches, exceptions';
REVOKE ALL ON FUNCTION sla.monthly_summary(text, text, date) FROM PUBLIC;

/*
 * The page
 */

/*
 * A table: headings, of which those that begin with "#" are of numbers, and an
 * array of rows, each an array of text; the first cell of a row is its heading.
 */
CREATE FUNCTION sla.html_table(caption text, headings text[], body jsonb)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT pg_catalog.concat('<div class="scroll"><table><caption>', sla.html_escape(caption), E'</caption>\n<thead><tr>', (
		SELECT pg_catalog.string_agg(pg_catalog.format('<th scope="col"%s>%s</th>', CASE WHEN h.heading LIKE '#%' THEN ' class="n"' END,
			sla.html_escape(pg_catalog.ltrim(h.heading, '#'))), '' ORDER BY h.n)
		FROM pg_catalog.unnest(headings) WITH ORDINALITY AS h (heading, n)
	), E'</tr></thead>\n<tbody>\n', (
		SELECT pg_catalog.string_agg((
			SELECT pg_catalog.concat('<tr>', pg_catalog.string_agg(pg_catalog.format(CASE WHEN c.n = 1 THEN '<th scope="row"><b>%3$s</b>%4$s</th>' ELSE '<td%1$s>%2$s</td>' END,
				CASE WHEN headings[c.n] LIKE '#%' THEN ' class="n"' END, coalesce(t.lines, '&#8211;'),
				pg_catalog.split_part(t.lines, '<br />', 1), pg_catalog.substr(t.lines, pg_catalog.strpos(t.lines || '<br />', '<br />'))), '' ORDER BY c.n), '</tr>')
			FROM pg_catalog.jsonb_array_elements_text(r.row) WITH ORDINALITY AS c (cell, n)
			CROSS JOIN LATERAL (SELECT pg_catalog.replace(sla.html_escape(c.cell), E'\n', '<br />')) AS t (lines)
		), E'\n' ORDER BY r.n)
		FROM pg_catalog.jsonb_array_elements(body) WITH ORDINALITY AS r (row, n)
	), E'\n</tbody></table></div>\n');
END;
COMMENT ON FUNCTION sla.html_table(text, text[], jsonb) IS 'private: a table of sla.report_html()';
REVOKE ALL ON FUNCTION sla.html_table(text, text[], jsonb) FROM PUBLIC;

CREATE FUNCTION sla.html_figure(id text, width integer, height integer, title text, description text, drawing text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN pg_catalog.format('<figure><figcaption>%4$s</figcaption>
<svg role="img" aria-labelledby="%1$s-title %1$s-desc" viewBox="0 0 %2$s %3$s" width="%2$s" height="%3$s" xmlns="http://www.w3.org/2000/svg"><title id="%1$s-title">%4$s</title><desc id="%1$s-desc">%5$s</desc>
%6$s
</svg></figure>
', id, width, height, sla.html_escape(title), sla.html_escape(description), drawing);
COMMENT ON FUNCTION sla.html_figure(text, integer, integer, text, text, text) IS 'private: a figure of sla.report_html(), of a drawing that is SVG already';
REVOKE ALL ON FUNCTION sla.html_figure(text, integer, integer, text, text, text) FROM PUBLIC;

-- What was kept by month: a line from the least round percentage below all to 100.
CREATE FUNCTION sla.html_months(months jsonb)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH month AS (
		SELECT m.n, m.month ->> 'month' AS name, m.month ->> 'kept_percent' AS told, (m.month ->> 'kept_percent')::numeric AS percent,
			pg_catalog.to_date(m.month ->> 'month', 'YYYY-MM') AS day, 76 + 57 * (m.n - 1) AS x
		FROM pg_catalog.jsonb_array_elements(months) WITH ORDINALITY AS m (month, n)
	), scale AS (
		SELECT coalesce(max(b.bottom), 0) AS bottom
		FROM (SELECT min(m.percent) AS least FROM month AS m) AS l
		JOIN (VALUES (95), (90), (80), (50), (0)) AS b (bottom) ON b.bottom + (100 - b.bottom) / 5 <= l.least OR b.bottom = 0
	), point AS (
		SELECT m.*, pg_catalog.round(164 - 130 * (m.percent - s.bottom) / (100 - s.bottom), 1) AS y,
			pg_catalog.lag(m.percent) OVER w AS before, pg_catalog.lead(m.percent) OVER w AS after
		FROM month AS m
		CROSS JOIN scale AS s
		WINDOW w AS (ORDER BY m.n)
	)
	SELECT sla.html_figure('months', 740, 218, 'Promises kept, by month',
		(SELECT pg_catalog.string_agg(pg_catalog.concat(p.name, ': ', coalesce(sla.percent_text(p.told, 2), 'nothing to judge')), '; ' ORDER BY p.n) FROM point AS p),
		pg_catalog.concat_ws(E'\n',
			(SELECT pg_catalog.string_agg(pg_catalog.format('<line class="grid" x1="52" x2="728" y1="%1$s" y2="%1$s"/><text class="tick" x="46" y="%2$s" text-anchor="end">%3$s %%</text>',
				g.y, g.y + 4, pg_catalog.trim_scale(pg_catalog.round(100 - (100 - s.bottom) * (g.y - 34) / 130.0, 1))), E'\n' ORDER BY g.y)
			 FROM scale AS s CROSS JOIN (VALUES (34), (99), (164)) AS g (y)),
			(SELECT '<path class="line" d="' || pg_catalog.string_agg(pg_catalog.concat(CASE WHEN p.before IS NULL THEN 'M' ELSE 'L' END, p.x, ' ', p.y), ' ' ORDER BY p.n) || '"/>'
			 FROM point AS p WHERE p.y IS NOT NULL),
			(SELECT pg_catalog.string_agg(pg_catalog.concat(
				CASE WHEN p.y IS NOT NULL THEN pg_catalog.format('<circle class="%s" cx="%s" cy="%s" r="%s"/><text class="value%s" x="%2$s" y="%6$s" text-anchor="middle">%s</text>',
					CASE WHEN p.n = 12 THEN 'dot now' ELSE 'dot' END, p.x, p.y, CASE WHEN p.n = 12 THEN 5 ELSE 3.5 END, CASE WHEN p.n = 12 THEN ' now' END,
					p.y + CASE WHEN p.y < 150 AND p.percent < p.before AND p.percent < coalesce(p.after, 100) THEN 19 ELSE -11 END,
					pg_catalog.trim_scale(pg_catalog.trunc(p.percent, 1))) END,
				pg_catalog.format('<text class="tick%s" x="%s" y="186" text-anchor="middle">%s</text>', CASE WHEN p.n = 12 THEN ' now' END, p.x, pg_catalog.to_char(p.day, 'Mon')),
				CASE WHEN p.n = 1 OR pg_catalog.to_char(p.day, 'MM') = '01' THEN pg_catalog.format('<text class="tick" x="%s" y="203" text-anchor="middle">%s</text>', p.x, pg_catalog.to_char(p.day, 'YYYY')) END),
				E'\n' ORDER BY p.n)
			 FROM point AS p)));
END;
COMMENT ON FUNCTION sla.html_months(jsonb) IS 'private: the figure of months of sla.report_html()';
REVOKE ALL ON FUNCTION sla.html_months(jsonb) FROM PUBLIC;

-- What is left of an error budget at the end of each day: from 100 % down.
CREATE FUNCTION sla.html_budget(id text, title text, days jsonb)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH day AS (
		SELECT d.n, d.day ->> 'day' AS name, (d.day ->> 'left_percent')::double precision AS told,
			greatest((d.day ->> 'left_percent')::double precision, -300)::numeric AS percent, count(*) OVER () AS days
		FROM pg_catalog.jsonb_array_elements(days) WITH ORDINALITY AS d (day, n)
	), scale AS (
		SELECT least(0, pg_catalog.floor(min(d.percent) / 50) * 50) AS bottom FROM day AS d
	), point AS (
		SELECT d.*, pg_catalog.round(50 + 300.0 * d.n / d.days, 1) AS x, pg_catalog.round(24 + 110 * (100 - d.percent) / (100 - s.bottom), 1) AS y
		FROM day AS d
		CROSS JOIN scale AS s
	), last AS (
		SELECT p.* FROM point AS p ORDER BY p.n DESC LIMIT 1
	), zero AS (
		SELECT pg_catalog.round(24 + 110 * 100 / (100 - s.bottom), 1) AS y FROM scale AS s
	), path AS (
		SELECT 'M50 24 ' || pg_catalog.string_agg(pg_catalog.concat('L', p.x, ' ', p.y), ' ' ORDER BY p.n) AS d FROM point AS p
	)
	SELECT sla.html_figure(id, 400, 168, title,
		pg_catalog.concat('Error budget left, by day from ', (SELECT p.name FROM point AS p WHERE p.n = 1), ' to ', l.name, ': ', sla.percent_text(l.told::text, 1), ' at the end.'),
		pg_catalog.concat_ws(E'\n',
			pg_catalog.format('<path class="area" d="%s L%s %s L50 %3$s Z"/>', t.d, l.x, z.y),
			'<line class="grid" x1="50" x2="350" y1="24" y2="24"/><text class="tick" x="44" y="28" text-anchor="end">100 %</text>',
			pg_catalog.format('<line class="zero" x1="50" x2="350" y1="%1$s" y2="%1$s"/><text class="tick" x="44" y="%2$s" text-anchor="end">0 %%</text>', z.y, z.y + 4),
			pg_catalog.format('<path class="line%1$s" d="%2$s"/><circle class="dot%1$s" cx="%3$s" cy="%4$s" r="3.5"/>', CASE WHEN l.told < 0 THEN ' bad' END, t.d, l.x, l.y),
			-- (beside the line there is room for -100 %)
			pg_catalog.format(CASE WHEN l.told > -100 THEN '<text class="value%s" x="357" y="%s">%s</text>'
					ELSE '<text class="value%s" x="350" y="%s" text-anchor="end">%s</text>' END,
				CASE WHEN l.told < 0 THEN ' bad' END, CASE WHEN l.told > -100 THEN l.y + 4 ELSE l.y - 8 END, sla.percent_text(l.told::text, 0)),
			pg_catalog.format('<text class="tick" x="50" y="158">%s</text><text class="tick" x="350" y="158" text-anchor="end">%s</text>',
				sla.html_escape((SELECT p.name FROM point AS p WHERE p.n = 1)), sla.html_escape(l.name))))
	FROM last AS l CROSS JOIN zero AS z CROSS JOIN path AS t;
END;
COMMENT ON FUNCTION sla.html_budget(text, text, jsonb) IS 'private: the figure of an error budget of sla.report_html()';
REVOKE ALL ON FUNCTION sla.html_budget(text, text, jsonb) FROM PUBLIC;

-- Breaches by cause: bars.
CREATE FUNCTION sla.html_causes(causes jsonb)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH bar AS (
		SELECT c.n, c.cause ->> 'cause' AS cause, (c.cause ->> 'breaches')::bigint AS breaches,
			max((c.cause ->> 'breaches')::bigint) OVER () AS most, 26 * (c.n - 1) AS y, count(*) OVER () AS bars
		FROM pg_catalog.jsonb_array_elements(causes) WITH ORDINALITY AS c (cause, n)
	)
	SELECT sla.html_figure('causes', 740, (26 * max(b.bars) + 4)::integer, 'Breaches by cause',
		pg_catalog.string_agg(pg_catalog.concat(b.cause, ': ', b.breaches), '; ' ORDER BY b.n),
		pg_catalog.string_agg(pg_catalog.format('<text class="name" x="172" y="%s" text-anchor="end">%s</text><rect class="%s" x="182" y="%s" width="%s" height="16"/><text class="value" x="%s" y="%1$s">%7$s</text>',
			b.y + 17, sla.html_escape(CASE WHEN pg_catalog.length(b.cause) > 24 THEN pg_catalog.left(b.cause, 23) || '...' ELSE b.cause END),
			CASE WHEN b.cause = 'not reviewed' THEN 'bar open' ELSE 'bar' END,
			b.y + 5, pg_catalog.round(500.0 * b.breaches / b.most, 1), pg_catalog.round(190 + 500.0 * b.breaches / b.most, 1), b.breaches), E'\n' ORDER BY b.n))
	FROM bar AS b;
END;
COMMENT ON FUNCTION sla.html_causes(jsonb) IS 'private: the figure of causes of sla.report_html()';
REVOKE ALL ON FUNCTION sla.html_causes(jsonb) FROM PUBLIC;

CREATE FUNCTION sla.html_style()
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '
@page { size: A4; margin: 16mm 15mm 18mm; }
* { box-sizing: border-box; }
html { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif; color: #1f2933; background: #fff; }
body { max-width: 50rem; margin: 0 auto; padding: 3rem 1.5rem 4rem; font-variant-numeric: tabular-nums; }
header { border-bottom: 2px solid #1f4e79; padding-bottom: 1.25rem; margin-bottom: 2rem; }
header p { margin: 0; color: #52606d; }
.kind { text-transform: uppercase; letter-spacing: .08em; font-size: .8rem; font-weight: 600; }
h1 { font-size: 2rem; line-height: 1.2; margin: .35rem 0 .5rem; font-weight: 650; }
h1 span { display: block; font-size: 1.25rem; font-weight: 400; margin-top: .3rem; }
h2 { font-size: 1.25rem; line-height: 1.3; margin: 2.75rem 0 .75rem; font-weight: 650; color: #1f4e79; }
p { margin: 0 0 .75rem; max-width: 44rem; }
.quiet { color: #52606d; font-size: .87rem; }
.warn { border-left: 4px solid #9a3412; padding: .4rem .9rem; background: #fff7ed; }
.key { display: grid; grid-template-columns: repeat(4, 1fr); gap: 1rem; margin: 0; }
.key div { border-top: 3px solid #cbd2d9; padding-top: .6rem; }
.key dt { font-size: .87rem; color: #52606d; }
.key dd { margin: 0; font-size: 1.6rem; line-height: 1.25; font-weight: 650; overflow-wrap: anywhere; }
.key dd small { display: block; font-size: .87rem; line-height: 1.4; font-weight: 400; color: #52606d; }
table { border-collapse: collapse; width: 100%; margin: 0 0 1.25rem; font-size: .87rem; }
caption { text-align: left; font-weight: 600; padding-bottom: .4rem; font-size: .93rem; }
th, td { text-align: left; vertical-align: top; padding: .42rem .7rem .42rem 0; border-bottom: 1px solid #e4e7eb; overflow-wrap: anywhere; }
th:last-child, td:last-child { padding-right: 0; }
thead th { border-bottom: 1.5px solid #9aa5b1; color: #52606d; font-weight: 600; overflow-wrap: normal; }
tbody th { font-weight: 400; min-width: 8.3em; } tbody th b { font-weight: 600; }
.n { text-align: right; white-space: nowrap; }
.wide th, .wide td { font-size: .8rem; } .wide td:nth-child(2), .wide td:nth-child(3) { white-space: nowrap; }
figure { margin: 0 0 1.5rem; }
figcaption { font-weight: 600; font-size: .93rem; margin-bottom: .35rem; }
svg { display: block; width: 100%; height: auto; font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif; fill: #1f2933; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 1.5rem; }
.grid { stroke: #e4e7eb; } .zero { stroke: #7b8794; }
.tick { fill: #52606d; } .value { font-weight: 600; } .now { fill: #1f4e79; font-weight: 700; }
.line { fill: none; stroke: #1f4e79; stroke-width: 2; stroke-linejoin: round; } .line.bad { stroke: #9a3412; }
.area { fill: #1f4e79; fill-opacity: .08; } .dot { fill: #fff; stroke: #1f4e79; stroke-width: 2; }
.dot.now { fill: #1f4e79; } .dot.bad { stroke: #9a3412; } .value.bad { fill: #9a3412; } .bar { fill: #1f4e79; } .bar.open { fill: #9aa5b1; }
dl.words { margin: 0 0 1rem; } dl.words dt { font-weight: 600; } dl.words dd { margin: 0 0 .8rem; }
footer { margin-top: 3rem; border-top: 1px solid #cbd2d9; padding-top: 1rem; }
@media (max-width: 40rem) { .key, .pair { grid-template-columns: 1fr 1fr; } .pair { grid-template-columns: 1fr; } .scroll { overflow-x: auto; } .scroll table { min-width: 42rem; } body { padding-top: 1.5rem; } }
@media print { html { font-size: 12px; } th, td { padding-top: .28rem; padding-bottom: .28rem; } body { max-width: none; padding: 0; } h2 { break-after: avoid; margin-top: 2rem; } figure, tr, .key, dl.words div { break-inside: avoid; }
 thead { display: table-header-group; } * { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
';
COMMENT ON FUNCTION sla.html_style() IS 'private: the style sheet of the client''s page';
REVOKE ALL ON FUNCTION sla.html_style() FROM PUBLIC;

CREATE FUNCTION sla.html_key_figures(d jsonb)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	a jsonb := d -> 'agreement';
	now_month jsonb := d -> 'month' -> 11;
	breaches bigint := (d #>> '{breach_count,breaches}')::bigint;
	waived bigint := (d #>> '{breach_count,waived}')::bigint;
	judged_objectives bigint;
	met_objectives bigint;
BEGIN
	SELECT count(*) FILTER (WHERE o ->> 'measured_percent' IS NOT NULL), count(*) FILTER (WHERE o ->> 'status' = 'healthy')
	INTO judged_objectives, met_objectives
	FROM jsonb_array_elements(coalesce(nullif(d -> 'objective', 'null'), '[]')) AS o;

	RETURN format('<section aria-label="Key figures">
<dl class="key">
<div><dt>Promises kept</dt><dd>%s<small>%s</small></dd></div>
<div><dt>Breaches</dt><dd>%s<small>%s</small></dd></div>
<div><dt>Objectives met</dt><dd>%s<small>%s</small></dd></div>
<div><dt>Service credit</dt><dd>%s<small>%s</small></dd></div>
</dl>
</section>
', coalesce(sla.percent_text(now_month ->> 'kept_percent', 2), '&#8211;'),
		CASE WHEN (now_month ->> 'clocks')::bigint = 0 THEN 'nothing was to be judged' ELSE format('%s of %s', now_month ->> 'kept', now_month ->> 'clocks') END,
		breaches - waived,
		CASE WHEN waived > 0 THEN format('and %s waived', waived) WHEN breaches = 0 THEN 'all was in time' ELSE 'none waived' END,
		CASE WHEN judged_objectives > 0 THEN format('%s of %s', met_objectives, judged_objectives) ELSE '&#8211;' END,
		CASE WHEN judged_objectives > 0 THEN 'at the end of the month' WHEN d -> 'objective' = 'null' THEN 'none agreed' ELSE 'nothing was measured' END,
		CASE WHEN d -> 'credit_total' = 'null' THEN '&#8211;'
			ELSE (SELECT string_agg(coalesce(sla.html_escape(c ->> 'amount'), 'not known'), '<br />') FROM jsonb_array_elements(d -> 'credit_total') AS c) END,
		CASE WHEN d -> 'credit_total' = 'null' THEN 'none agreed'
			WHEN jsonb_path_exists(d, '$.credit_total[*].is_unknown ? (@ == true)') THEN 'not all of it is known'
			WHEN jsonb_path_exists(d, '$.credit_total[*].is_capped ? (@ == true)') THEN 'limited by the agreement'
			WHEN NOT (a ->> 'is_over')::boolean THEN 'so far'
			WHEN a ->> 'monthly_fee' IS NOT NULL THEN format('of a fee of %s', sla.html_escape(a ->> 'monthly_fee')) END);
END
$$;
COMMENT ON FUNCTION sla.html_key_figures(jsonb) IS 'private: the month of a client in four figures, as HTML';
REVOKE ALL ON FUNCTION sla.html_key_figures(jsonb) FROM PUBLIC;

CREATE FUNCTION sla.html_kept(d jsonb, month text)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	page text := '';
BEGIN
	page := page || E'<section>\n<h2>How promises were kept</h2>\n';
	IF d -> 'kept' = 'null' THEN
		page := page || E'<p>No promise came to be judged in this month.</p>\n';
	ELSE
		page := page || sla.html_table(format('Promises judged in %s', month), '{Promise,Goal,#Judged,#Kept,#Breached,#Waived,#Attainment}', (
			SELECT jsonb_agg(jsonb_build_array(k ->> 'metric', k ->> 'goal', k ->> 'clocks', k ->> 'kept', k ->> 'breached', k ->> 'waived',
				 sla.percent_text(k ->> 'kept_percent', 2)))
			FROM jsonb_array_elements(d -> 'kept') AS k));
	END IF;
	IF jsonb_path_exists(d, '$.month[*].clocks ? (@ > 0)') THEN
		page := page || sla.html_months(d -> 'month')
			|| sla.html_table('The last twelve months', '{Month,#Judged,#Kept,#Breached,#Waived,#Attainment,"#Without exceptions"}', (
			SELECT jsonb_agg(jsonb_build_array(m ->> 'month', m ->> 'clocks', m ->> 'kept', m ->> 'breached', m ->> 'waived',
				sla.percent_text(m ->> 'kept_percent', 2), sla.percent_text(m ->> 'gross_percent', 2)) ORDER BY m ->> 'month' DESC)
			FROM jsonb_array_elements(d -> 'month') AS m
			WHERE (m ->> 'clocks')::bigint > 0));
	END IF;
	page := page || E'</section>\n';
	RETURN page;
END
$$;
COMMENT ON FUNCTION sla.html_kept(jsonb, text) IS 'private: how promises were kept, as HTML';
REVOKE ALL ON FUNCTION sla.html_kept(jsonb, text) FROM PUBLIC;

CREATE FUNCTION sla.html_objectives(d jsonb, month text)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	page text := '';
BEGIN
	IF d -> 'objective' <> 'null' THEN
		page := page || E'<section>\n<h2>Objectives</h2>\n' || sla.html_table(
			format('Objectives as they stood at the end of %s', month), '{Objective,Window,#Target,#Measured,"#Budget used",Result}', (
			SELECT jsonb_agg(jsonb_build_array(concat_ws(E'\n', concat_ws(': ', o ->> 'objective', o ->> 'part'), o ->> 'description'), o ->> 'window',
				sla.percent_text(o ->> 'target_percent'), sla.percent_text(o ->> 'measured_percent'),
				sla.percent_text(o ->> 'budget_used_percent', 1),
				CASE o ->> 'status' WHEN 'healthy' THEN 'met' WHEN 'violated' THEN 'missed' WHEN 'degrading' THEN 'below the target so far'
					WHEN 'no_data' THEN 'nothing to measure' ELSE 'could not be read' END))
			FROM jsonb_array_elements(d -> 'objective') AS o));
		IF d -> 'budget' <> 'null' THEN
			page := page || E'<p class="quiet">The error budget is what may go wrong without missing the target. It begins at 100 %; below 0 % the target is missed.</p>\n<div class="pair">\n' || (
				SELECT string_agg(sla.html_budget('budget-' || b.n, concat_ws(': ', b.objective, b.part), b.days), '' ORDER BY b.n)
				FROM (
					SELECT x ->> 'objective' AS objective, x ->> 'part' AS part, jsonb_agg(x ORDER BY x ->> 'day') AS days, row_number() OVER (ORDER BY x ->> 'objective') AS n
					FROM jsonb_array_elements(d -> 'budget') AS x
					GROUP BY 1, 2
				) AS b) || E'</div>\n';
		END IF;
		page := page || E'</section>\n';
	END IF;
	RETURN page;
END
$$;
COMMENT ON FUNCTION sla.html_objectives(jsonb, text) IS 'private: objectives and their error budgets, as HTML';
REVOKE ALL ON FUNCTION sla.html_objectives(jsonb, text) FROM PUBLIC;

CREATE FUNCTION sla.html_credits(d jsonb, month text)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	page text := '';
BEGIN
	IF d -> 'credit_total' <> 'null' THEN
		page := page || E'<section>\n<h2>Service credits</h2>\n' || CASE
			WHEN d -> 'credit' = 'null' THEN E'<p>No service credit is due for this month.</p>\n'
			ELSE sla.html_table(format('Credits for %s', month), '{Objective,#Measured,Why,#Amount,Remedy}', (
				SELECT jsonb_agg(jsonb_build_array(concat(c ->> 'objective', CASE WHEN c ->> 'from' <> d #>> '{agreement,first_day}' THEN ', from ' || (c ->> 'from') END),
					sla.percent_text(c ->> 'measured_percent'),
					coalesce(CASE WHEN c ->> 'problem' IS NOT NULL THEN 'could not be read' END, nullif(concat_ws(E'\n',
						CASE WHEN c ->> 'below_percent' IS NOT NULL THEN format('below %s: %s of the fee', sla.percent_text(c ->> 'below_percent'),
							sla.percent_text(c ->> 'credit_percent')) END,
						sla.number_of((c ->> 'breaches')::bigint, 'breach') || ' paid for'), '')), c ->> 'amount', c ->> 'remedy'))
				FROM jsonb_array_elements(d -> 'credit') AS c)) END
			|| CASE WHEN jsonb_path_exists(d, '$.credit_total[*].is_capped ? (@ == true)') THEN format(E'<p>The agreement limits credits: %s are due.</p>\n',
				(SELECT string_agg(sla.html_escape(c ->> 'amount'), ' and ') FROM jsonb_array_elements(d -> 'credit_total') AS c)) ELSE '' END
			|| E'</section>\n';
	END IF;
	RETURN page;
END
$$;
COMMENT ON FUNCTION sla.html_credits(jsonb, text) IS 'private: service credits, as HTML';
REVOKE ALL ON FUNCTION sla.html_credits(jsonb, text) FROM PUBLIC;

CREATE FUNCTION sla.html_breaches(d jsonb, month text)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	page text := '';
	breaches bigint := (d #>> '{breach_count,breaches}')::bigint;
BEGIN
	page := page || E'<section>\n<h2>Breaches</h2>\n';
	IF breaches = 0 THEN
		page := page || E'<p>No promise was broken in this month.</p>\n';
	ELSE
		IF d -> 'cause' <> 'null' THEN
			page := page || sla.html_causes(d -> 'cause');
		END IF;
		page := page || '<div class="wide">' || sla.html_table(format('Breaches in %s', month), '{Reference,"Due, and breached","Ended, late by","Cause, and what was done","Customer told"}', (
			SELECT jsonb_agg(jsonb_build_array(concat_ws(E'\n', b ->> 'item', concat_ws(', ', b ->> 'metric', b ->> 'part')),
				concat_ws(E'\n', b ->> 'due', nullif(b ->> 'breached', b ->> 'due')),
				concat_ws(E'\n', coalesce(b ->> 'ended', CASE WHEN (b ->> 'is_open')::boolean THEN 'still open' ELSE 'cancelled' END), b ->> 'late'),
				nullif(concat_ws(E'\n', CASE WHEN (b ->> 'is_waived')::boolean THEN 'Waived by an exception.' END, concat_ws(': ', b ->> 'cause', b ->> 'root_cause'),
					'Done: ' || (b ->> 'corrective_action'), 'Prevention: ' || (b ->> 'preventive_action'), 'Feedback: ' || (b ->> 'feedback')), ''),
				concat_ws(E'\n', CASE WHEN (b ->> 'notices_before')::bigint > 0 THEN 'before' END, coalesce('after ' || (b ->> 'told_after'),
					CASE WHEN (b ->> 'notices_before')::bigint = 0 THEN 'no' END))))
			FROM jsonb_array_elements(d -> 'breach') AS b)) || E'</div>\n';
		IF breaches > (d #>> '{breach_count,told_of}')::bigint THEN
			page := page || format(E'<p>And %s more, which are not listed here.</p>\n', breaches - (d #>> '{breach_count,told_of}')::bigint);
		END IF;
	END IF;
	page := page || E'</section>\n';
	RETURN page;
END
$$;
COMMENT ON FUNCTION sla.html_breaches(jsonb, text) IS 'private: breaches, as HTML';
REVOKE ALL ON FUNCTION sla.html_breaches(jsonb, text) FROM PUBLIC;

CREATE FUNCTION sla.report_html_answer(party text, agreement text, period date)
RETURNS text
LANGUAGE plpgsql STABLE STRICT COST 100000
SET search_path = pg_catalog, pg_temp
SET extra_float_digits = 1
AS $$
#variable_conflict use_variable
DECLARE
	d jsonb := sla.summary_of(party, agreement, period);
	a jsonb := d -> 'agreement';
	month text := to_char((a ->> 'first_day')::date, 'FMMonth YYYY');
	page text;
BEGIN
	page := format('<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta http-equiv="Content-Security-Policy" content="default-src ''none''; style-src ''unsafe-inline''" />
<title>Service report: %1$s, %2$s, %3$s</title>
<style>%4$s</style>
</head>
<body>
<header>
<p class="kind">Service report</p>
<h1><bdi>%1$s</bdi><span><bdi>%2$s</bdi>, %3$s</span></h1>
<p>%5$s to %6$s%7$s. All times are of %8$s.</p>
</header>
<main>
', sla.html_escape(party), sla.html_escape(agreement), month, sla.html_style(), a ->> 'first_day', a ->> 'last_day',
		CASE WHEN a ->> 'plan' IS NOT NULL THEN format(', plan <bdi>%s</bdi>', sla.html_escape(a ->> 'plan')) END, sla.html_escape(a ->> 'time_zone'));
	IF NOT (a ->> 'is_over')::boolean THEN
		page := page || format(E'<p class="warn"><strong>Preliminary.</strong> The month is not over: this is how it stood on %s.</p>\n', a ->> 'written_at');
	END IF;

	page := page || sla.html_key_figures(d) || sla.html_kept(d, month) || sla.html_objectives(d, month)
		|| sla.html_credits(d, month) || sla.html_breaches(d, month);

	IF d -> 'exception' <> 'null' THEN
		page := page || E'<section>\n<h2>Exceptions</h2>\n' || sla.html_table('Exceptions in force, approved', '{Kind,About,From,To,Effect,"Reason, and approved by"}', (
			SELECT jsonb_agg(jsonb_build_array(replace(e ->> 'kind', '_', ' '), coalesce(e ->> 'about', 'all promises'), e ->> 'from', e ->> 'to',
				concat_ws(E'\n', CASE WHEN e ->> 'from' IS NOT NULL OR e ->> 'to' IS NOT NULL THEN 'the time does not count' END,
					'recurs: ' || (e ->> 'recurs'), 'extended by ' || (e ->> 'extends_by'), CASE WHEN (e ->> 'is_waiver')::boolean THEN 'a breach is waived' END),
				concat_ws(E'\n', e ->> 'reason', e ->> 'approved_by')))
			FROM jsonb_array_elements(d -> 'exception') AS e));
		IF (d #>> '{exception_count,exceptions}')::bigint > jsonb_array_length(d -> 'exception') THEN
			page := page || format(E'<p>And %s more, which are not listed here.</p>\n', (d #>> '{exception_count,exceptions}')::bigint - jsonb_array_length(d -> 'exception'));
		END IF;
		page := page || E'</section>\n';
	END IF;

	IF d -> 'said' <> 'null' THEN
		page := page || E'<section>\n<h2>Reviews and feedback</h2>\n<dl class="words">\n' || (
			SELECT string_agg(format('<div><dt>%s, %s</dt><dd>%s</dd></div>', CASE s ->> 'kind' WHEN 'review' THEN 'Review' WHEN 'feedback' THEN 'Feedback' ELSE 'Notice' END,
				s ->> 'at', replace(sla.html_escape(s ->> 'text'), E'\n', '<br />')), E'\n' ORDER BY s ->> 'at')
			FROM jsonb_array_elements(d -> 'said') AS s) || E'\n</dl>\n</section>\n';
	END IF;

	IF d -> 'promise' <> 'null' THEN
		page := page || E'<section>\n<h2>What ' || CASE WHEN (a -> 'is_over')::boolean THEN 'was' ELSE 'is' END || E' promised</h2>\n<dl class="words">\n' || (
			SELECT string_agg(format('<div><dt>%s</dt><dd>%s%s.%s%s</dd></div>', sla.html_escape(p ->> 'metric'),
				sla.html_escape(upper(left(p ->> 'goal', 1)) || substr(p ->> 'goal', 2)),
				'; acceptable ' || sla.html_escape(p ->> 'acceptable'), ' Service hours: ' || sla.html_escape(p ->> 'hours') || '.',
				'<br /><span class="quiet">' || sla.html_escape(p ->> 'description') || '</span>'), E'\n' ORDER BY n)
			FROM jsonb_array_elements(d -> 'promise') WITH ORDINALITY AS p (p, n)) || E'\n</dl>\n' ||
			CASE WHEN a ->> 'ends' IS NOT NULL THEN format(E'<p>The agreement ends on %s.</p>\n', a ->> 'ends') ELSE '' END || E'</section>\n';
	END IF;

	RETURN page || format('</main>
<footer class="quiet">
<p>A promise counts in the month in which it was kept, or in which it was broken. Kept means by the goal or what is acceptable; approved exceptions are taken into account,
and a breach that is waived counts as kept. Percentages are cut, not rounded. Dates are year-month-day.</p>
<p>%sWritten on %s by sla_tracker.</p>
</footer>
</body>
</html>
', 'Responsible: <bdi>' || sla.html_escape(a ->> 'owner') || '</bdi>. ', a ->> 'written_at');
END
$$;
COMMENT ON FUNCTION sla.report_html_answer(text, text, date) IS 'private: the answer of sla.report_html()';
REVOKE ALL ON FUNCTION sla.report_html_answer(text, text, date) FROM PUBLIC;

CREATE FUNCTION sla.report_html(party text, agreement text, period date)
RETURNS text
AS 'MODULE_PATHNAME', 'sla_ask'
LANGUAGE C STABLE STRICT COST 100000;
COMMENT ON FUNCTION sla.report_html(text, text, date) IS
'the month of an agreement, for its client, as a page of HTML that needs nothing else: what sla.monthly_summary() says, with figures';
REVOKE ALL ON FUNCTION sla.report_html(text, text, date) FROM PUBLIC;
