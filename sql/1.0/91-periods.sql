--
-- Closed periods
--
-- What was told of a period stays: close_after its end it is frozen with the
-- version and the target that judged it, and with what counted then.  The facts
-- may move on; to let the report follow takes a revision, with its reason, and
-- the earlier ones stay beside it.
--

CREATE TABLE sla.closed_period (
	objective text NOT NULL,
	from_at timestamptz NOT NULL,
	revision integer NOT NULL CHECK (revision > 0),
	to_at timestamptz NOT NULL,
	period_start date NOT NULL,
	valid_from timestamptz NOT NULL,
	objective_id integer NOT NULL,
	kind text NOT NULL,
	has_groups boolean NOT NULL,
	party text,
	agreement text,
	target_percent numeric NOT NULL,
	closed_at timestamptz NOT NULL DEFAULT now(),
	closed_by text NOT NULL,
	reason text,
	PRIMARY KEY (objective, from_at, revision)
);
COMMENT ON TABLE sla.closed_period IS 'periods of objectives that are closed, each revision; written by the extension';
COMMENT ON COLUMN sla.closed_period.objective IS 'name of the objective';
COMMENT ON COLUMN sla.closed_period.from_at IS 'when the period begins';
COMMENT ON COLUMN sla.closed_period.revision IS '1, and one more each time that it is closed anew; the last one counts';
COMMENT ON COLUMN sla.closed_period.to_at IS 'when the period ends';
COMMENT ON COLUMN sla.closed_period.period_start IS 'first day of the period';
COMMENT ON COLUMN sla.closed_period.valid_from IS 'from when the version was in force that judged it';
COMMENT ON COLUMN sla.closed_period.objective_id IS 'number of that version';
COMMENT ON COLUMN sla.closed_period.kind IS 'its kind then, and so what its figures count';
COMMENT ON COLUMN sla.closed_period.has_groups IS 'it had a group_by then';
COMMENT ON COLUMN sla.closed_period.party IS 'the customer';
COMMENT ON COLUMN sla.closed_period.agreement IS 'name of the party''s agreement';
COMMENT ON COLUMN sla.closed_period.target_percent IS 'what was promised';
COMMENT ON COLUMN sla.closed_period.closed_at IS 'when it was closed';
COMMENT ON COLUMN sla.closed_period.closed_by IS 'the role that closed it';
COMMENT ON COLUMN sla.closed_period.reason IS 'why it was closed anew';

CREATE TABLE sla.closed_group (
	objective text NOT NULL,
	from_at timestamptz NOT NULL,
	revision integer NOT NULL,
	group_value text NOT NULL,
	total double precision NOT NULL,
	good double precision NOT NULL,
	budget double precision NOT NULL,
	coverage_percent double precision,
	PRIMARY KEY (objective, from_at, revision, group_value)
);
COMMENT ON TABLE sla.closed_group IS 'what counted in closed periods, each group';
COMMENT ON COLUMN sla.closed_group.objective IS 'as in sla.closed_period';
COMMENT ON COLUMN sla.closed_group.from_at IS 'as in sla.closed_period';
COMMENT ON COLUMN sla.closed_group.revision IS 'as in sla.closed_period';
COMMENT ON COLUMN sla.closed_group.group_value IS 'value of the objective''s group_by; empty: it has none';
COMMENT ON COLUMN sla.closed_group.total IS 'what counted';
COMMENT ON COLUMN sla.closed_group.good IS 'what of it was good';
COMMENT ON COLUMN sla.closed_group.budget IS 'how much of it might be bad';
COMMENT ON COLUMN sla.closed_group.coverage_percent IS 'the percentage of days, or slices, with anything that counts';
SELECT pg_catalog.pg_extension_config_dump('sla.closed_period', '');
SELECT pg_catalog.pg_extension_config_dump('sla.closed_group', '');

CREATE TABLE sla.closed_part (
	objective text NOT NULL,
	from_at timestamptz NOT NULL,
	revision integer NOT NULL,
	party text NOT NULL,
	agreement text NOT NULL,
	part_from timestamptz NOT NULL,
	part_to timestamptz NOT NULL,
	group_value text NOT NULL,
	total double precision NOT NULL,
	good double precision NOT NULL,
	PRIMARY KEY (objective, from_at, revision, party, agreement, part_from, group_value)
);
COMMENT ON TABLE sla.closed_part IS 'what counted in closed periods for service credits of an agreement, where that is not the whole period';
COMMENT ON COLUMN sla.closed_part.objective IS 'as in sla.closed_period';
COMMENT ON COLUMN sla.closed_part.from_at IS 'as in sla.closed_period';
COMMENT ON COLUMN sla.closed_part.revision IS 'as in sla.closed_period';
COMMENT ON COLUMN sla.closed_part.party IS 'the customer';
COMMENT ON COLUMN sla.closed_part.agreement IS 'name of the party''s agreement that gives the credits';
COMMENT ON COLUMN sla.closed_part.part_from IS 'when the part begins: with the period, a month of the agreement, or a version of it';
COMMENT ON COLUMN sla.closed_part.part_to IS 'when the part ends';
COMMENT ON COLUMN sla.closed_part.group_value IS 'as in sla.closed_group; empty also for nothing';
COMMENT ON COLUMN sla.closed_part.total IS 'what counted; of an objective over the clocks of all parties, the party''s';
COMMENT ON COLUMN sla.closed_part.good IS 'what of it was good';
SELECT pg_catalog.pg_extension_config_dump('sla.closed_part', '');

/*
 * What counts in a period of an objective for each agreement that gives credits
 * for it and does not see it as a whole: because a month or a version of the
 * agreement begins within, or only the party's clocks count; or groups may become
 * known after it.  Each part has a row, of nothing if nothing counts.
 */
CREATE FUNCTION sla.credit_parts(o sla.objective, from_at timestamptz, to_at timestamptz)
RETURNS TABLE (
	party text, agreement text, part_from timestamptz, part_to timestamptz, group_value text,
	total double precision, good double precision)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE COST 10000 ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	is_of_all boolean := o.kind = 'clock' AND o.party IS NULL;
	is_of_groups boolean := o.kind = 'outage' AND o.group_by IS NOT NULL;
	a record;
BEGIN
	FOR a IN
		SELECT k.party, k.agreement, credit_parts.from_at
			|| (array_agg(DISTINCT c.at ORDER BY c.at) FILTER (WHERE c.at > credit_parts.from_at AND c.at < credit_parts.to_at))
			|| credit_parts.to_at AS cuts
		FROM (
			SELECT DISTINCT g.party, g.agreement
			FROM sla.credit AS g
			WHERE g.objective = o.name AND (o.party IS NULL OR o.party = g.party)
		) AS k
		-- (a period is a year at most)
		CROSS JOIN LATERAL sla.agreement_parts(k.party, k.agreement, credit_parts.to_at) AS p
		CROSS JOIN LATERAL (VALUES (p.from_at), (p.to_at)) AS c (at)
		WHERE p.to_at > credit_parts.from_at
		GROUP BY k.party, k.agreement
	LOOP
		CONTINUE WHEN cardinality(a.cuts) = 2 AND NOT is_of_all AND NOT is_of_groups;
		RETURN QUERY
		SELECT a.party, a.agreement, a.cuts[t.n], a.cuts[t.n + 1], t.grp, sum(t.total), sum(t.good)
		FROM (
			SELECT t.grp, t.n, t.total, t.good
			FROM sla.tally_apart(sla.as_credited(o, a.party), a.cuts) AS t
			UNION ALL
			SELECT '', s.n, 0, 0
			FROM generate_series(1, cardinality(a.cuts) - 1) AS s (n)
		) AS t
		GROUP BY t.grp, t.n;
	END LOOP;
END
$$;
COMMENT ON FUNCTION sla.credit_parts(sla.objective, timestamptz, timestamptz) IS
'private: what counts in a period of an objective for agreements that do not see it as a whole';
REVOKE ALL ON FUNCTION sla.credit_parts(sla.objective, timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION sla.parts_to_close(
	objective text,
	to_at timestamptz,
	is_lenient boolean,
	from_at timestamptz,
	OUT party text,
	OUT agreement text,
	OUT part_from timestamptz,
	OUT part_to timestamptz,
	OUT group_value text,
	OUT total double precision,
	OUT good double precision,
	OUT problem text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sla_parts_to_close'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 10000 ROWS 10;
COMMENT ON FUNCTION sla.parts_to_close(text, timestamptz, boolean, timestamptz) IS
'private: the parts of a period that is closed, or one row that says why they cannot be counted';
REVOKE ALL ON FUNCTION sla.parts_to_close(text, timestamptz, boolean, timestamptz) FROM PUBLIC;

CREATE FUNCTION sla.keep_period(period sla.closed_period, groups sla.closed_group[], parts sla.closed_part[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO sla.closed_period SELECT (period).* ON CONFLICT DO NOTHING;
	IF FOUND THEN
		INSERT INTO sla.closed_group SELECT g.* FROM unnest(groups) AS g;
		INSERT INTO sla.closed_part SELECT p.* FROM unnest(parts) AS p;
	END IF;
END
$$;
COMMENT ON FUNCTION sla.keep_period(sla.closed_period, sla.closed_group[], sla.closed_part[]) IS
'private: stores a closed period, unless somebody else has';
REVOKE ALL ON FUNCTION sla.keep_period(sla.closed_period, sla.closed_group[], sla.closed_part[]) FROM PUBLIC;

/*
 * The period of an objective that holds an instant, of the version then in force
 * or of the first one after.
 */
CREATE FUNCTION sla.period_at(objective text, at timestamptz,
	OUT version sla.objective, OUT from_at timestamptz, OUT to_at timestamptz)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 1
BEGIN ATOMIC
	SELECT v.version, greatest(w.from_at, (v.version).valid_from), least(w.to_at, v.next_from)
	FROM (
		SELECT o AS version, pg_catalog.lead(o.valid_from) OVER (ORDER BY o.valid_from) AS next_from
		FROM sla.objective AS o
		WHERE o.name = objective
	) AS v
	CROSS JOIN LATERAL sla.calendar_window(
		CASE WHEN sla.is_calendar_window((v.version).window_length) THEN (v.version).window_length ELSE 'month' END,
		(v.version).window_start, (v.version).time_zone, greatest(period_at.at, (v.version).valid_from)) AS w
	WHERE v.next_from IS NULL OR v.next_from > period_at.at
	ORDER BY (v.version).valid_from
	LIMIT 1;
END;
COMMENT ON FUNCTION sla.period_at(text, timestamptz) IS 'private: the period of an objective that holds an instant';
REVOKE ALL ON FUNCTION sla.period_at(text, timestamptz) FROM PUBLIC;

CREATE FUNCTION sla.closed_until(name sla.objective_name)
RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT greatest(max(c.to_at), name.taken_at)
	FROM sla.closed_period AS c
	WHERE c.objective = name.name;
END;
COMMENT ON FUNCTION sla.closed_until(sla.objective_name) IS
'private: in the first period of an objective that is to be closed and is not';
REVOKE ALL ON FUNCTION sla.closed_until(sla.objective_name) FROM PUBLIC;

/*
 * Close the periods whose time has come at an instant, the oldest of each
 * objective first, so many at most.  A transaction that began before that time
 * may still bring what belongs to the period: while one runs, it is not closed.
 * What ended before the name was taken was never promised.  Whoever else closes
 * periods of an objective at this moment is not waited for.  Nothing is closed
 * before its time, also where the instant is one to come.
 */
CREATE FUNCTION sla.close_periods(at timestamptz, max_items integer)
RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	oldest timestamptz;
	closed integer := 0;
	name record;
	since timestamptz;
	due timestamptz;
	next record;
	problem text;
	groups sla.closed_group[];
	parts sla.closed_part[];
BEGIN
	-- an older snapshot may not see what ended before the question who still runs
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE WARNING 'periods are closed in READ COMMITTED only';
		RETURN 0;
	END IF;
	oldest := (
		SELECT min(x.began)
		FROM (
			SELECT a.xact_start AS began
			FROM pg_stat_get_activity(NULL) AS a
			WHERE a.datid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
				AND a.pid <> pg_backend_pid() AND a.backend_type <> 'autovacuum worker'
			UNION ALL
			SELECT p.prepared FROM pg_prepared_xacts AS p WHERE p.database = current_database()
		) AS x);
	FOR name IN
		SELECT n.name, n.taken_at
		FROM sla.objective_name AS n
		WHERE EXISTS (SELECT FROM sla.objective AS o WHERE o.name = n.name)
			AND NOT EXISTS (SELECT FROM sla.objective AS o WHERE o.name = n.name AND sla.owner_is_paused(o.relation))
		ORDER BY n.name
	LOOP
		WHILE closed < max_items LOOP
			since := (SELECT max(c.to_at) FROM sla.closed_period AS c WHERE c.objective = name.name);
			SELECT * INTO next FROM sla.period_at(name.name, greatest(since, name.taken_at));
			EXIT WHEN next.to_at IS NULL;
			due := sla.settles_at(next.version, next.to_at);
			EXIT WHEN due > least(at, now()) OR due > oldest;
			-- (it may have been edited since it was read)
			PERFORM FROM sla.objective AS o
			WHERE o.id = (next.version).id AND o IS NOT DISTINCT FROM next.version
			FOR NO KEY UPDATE SKIP LOCKED;
			EXIT WHEN NOT FOUND;
			next.from_at := greatest(next.from_at, since);
			-- (by one snapshot)
			SELECT coalesce(w.problem, p.problem), w.groups, p.parts
			INTO problem, groups, parts
			FROM (
				SELECT max(p.problem) AS problem, array_agg(
					ROW(name.name, next.from_at, 1, coalesce(p.group_value, ''), p.total, p.good, p.budget, p.coverage_percent)::sla.closed_group)
					FILTER (WHERE p.total IS NOT NULL) AS groups
				FROM sla.slo_periods(name.name, next.to_at, true, next.from_at) AS p
			) AS w
			CROSS JOIN (
				SELECT max(p.problem) AS problem, array_agg(
					ROW(name.name, next.from_at, 1, p.party, p.agreement, p.part_from, p.part_to, p.group_value, p.total, p.good)::sla.closed_part)
					FILTER (WHERE p.total IS NOT NULL) AS parts
				FROM sla.parts_to_close(name.name, next.to_at, true, next.from_at) AS p
			) AS p;
			EXIT WHEN problem IS NOT NULL;
			PERFORM sla.keep_period(
				ROW(name.name, next.from_at, 1, next.to_at, timezone((next.version).time_zone, next.from_at)::date,
					(next.version).valid_from, (next.version).id, (next.version).kind, (next.version).group_by IS NOT NULL,
					(next.version).party, (next.version).agreement, (next.version).target_percent,
					clock_timestamp(), current_user, NULL)::sla.closed_period, groups, parts);
			closed := closed + 1;
		END LOOP;
	END LOOP;
	RETURN closed;
END
$$;
COMMENT ON FUNCTION sla.close_periods(timestamptz, integer) IS
'private: closes periods of objectives whose time has come, so many at most';
REVOKE ALL ON FUNCTION sla.close_periods(timestamptz, integer) FROM PUBLIC;

/*
 * A closed period as the facts are now: by the version that judged it, as that is
 * now, or by the one now in force then.
 */
CREATE FUNCTION sla.recount_period(period sla.closed_period)
RETURNS TABLE (version sla.objective, groups sla.closed_group[])
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	o sla.objective;
BEGIN
	SELECT v.* INTO o
	FROM sla.objective AS v
	WHERE v.name = period.objective AND (v.id = period.objective_id OR v.valid_from < period.to_at)
	ORDER BY v.id = period.objective_id DESC, v.valid_from <= period.from_at DESC, v.valid_from DESC
	LIMIT 1;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	RETURN QUERY
	SELECT o, ARRAY(
		SELECT ROW(period.objective, period.from_at, period.revision, t.grp, t.total, t.good,
			coalesce(sla.whole_budget(o, period.from_at, period.to_at), sla.error_budget(t.total, o.target_percent::double precision)),
			t.coverage_percent)::sla.closed_group
		FROM (
			SELECT y.grp, sum(y.total) AS total, sum(y.good) AS good, max(y.coverage_percent) AS coverage_percent
			FROM (
				SELECT t.grp, t.total, t.good, t.coverage_percent
				FROM sla.period_tally(o, ARRAY[period.from_at, period.to_at]) AS t
				UNION ALL
				SELECT '', 0, 0, NULL WHERE o.group_by IS NULL
			) AS y
			GROUP BY y.grp
		) AS t);
END
$$;
COMMENT ON FUNCTION sla.recount_period(sla.closed_period) IS 'private: a closed period as the facts are now';
REVOKE ALL ON FUNCTION sla.recount_period(sla.closed_period) FROM PUBLIC;

CREATE FUNCTION sla.reclose_period(objective text, period date, reason text, author text)
RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	last sla.closed_period;
	now_is record;
	found_any boolean := false;
	revision integer := 0;
BEGIN
	IF coalesce(btrim(reclose_period.reason), '') = '' THEN
		RAISE EXCEPTION 'a period is closed anew for a reason'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Say why, such as "late events of the 31st".';
	END IF;
	-- two at once make two revisions
	PERFORM
	FROM sla.closed_period AS c
	WHERE c.objective = reclose_period.objective AND c.period_start = reclose_period.period
	FOR UPDATE;
	-- (of a version that came into force on that very day there are two)
	FOR last IN
		SELECT DISTINCT ON (c.from_at) c.*
		FROM sla.closed_period AS c
		WHERE c.objective = reclose_period.objective AND c.period_start = reclose_period.period
		ORDER BY c.from_at, c.revision DESC
	LOOP
		found_any := true;
		last.revision := last.revision + 1;
		SELECT r.version, r.groups, p.parts
		INTO now_is
		FROM sla.recount_period(last) AS r
		CROSS JOIN LATERAL (
			SELECT ARRAY(
				SELECT ROW(last.objective, last.from_at, last.revision, p.party, p.agreement, p.part_from, p.part_to, p.group_value, p.total, p.good)::sla.closed_part
				FROM sla.credit_parts(r.version, last.from_at, last.to_at) AS p)
		) AS p (parts);
		IF NOT FOUND THEN
			RAISE EXCEPTION 'objective "%" has no version for its period that begins on %', objective, period
				USING ERRCODE = 'object_not_in_prerequisite_state',
					DETAIL = 'What judged it is gone, and all versions came into force after its end.';
		END IF;
		last.valid_from := (now_is.version).valid_from;
		last.objective_id := (now_is.version).id;
		last.kind := (now_is.version).kind;
		last.has_groups := (now_is.version).group_by IS NOT NULL;
		last.party := (now_is.version).party;
		last.agreement := (now_is.version).agreement;
		last.target_percent := (now_is.version).target_percent;
		last.closed_at := clock_timestamp();
		last.closed_by := reclose_period.author;
		last.reason := reclose_period.reason;
		-- (which an older snapshot does not see: a serialization error)
		PERFORM sla.keep_period(last, now_is.groups, now_is.parts);
		revision := greatest(revision, last.revision);
	END LOOP;
	IF NOT found_any THEN
		RAISE EXCEPTION 'objective "%" has no closed period that begins on %', objective, period
			USING ERRCODE = 'undefined_object',
				HINT = 'sla.report_slo_closed lists those that are.';
	END IF;
	RETURN revision;
END
$$;
COMMENT ON FUNCTION sla.reclose_period(text, date, text, text) IS 'private: what sla.reclose() does, for the owner of the extension';
REVOKE ALL ON FUNCTION sla.reclose_period(text, date, text, text) FROM PUBLIC;

CREATE FUNCTION sla.reclose(objective text, period date, reason text)
RETURNS integer
AS 'MODULE_PATHNAME', 'sla_reclose'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION sla.reclose(text, date, text) IS
'closes the period of an objective that begins on a day anew, as the facts and its version are now; returns the revision, and the earlier ones stay';

CREATE FUNCTION sla.compare_periods(objective text)
RETURNS TABLE (
	period_start date, group_value text, from_at timestamptz, to_at timestamptz, revision integer, closed_at timestamptz,
	target_percent double precision, total double precision, good double precision,
	target_now_percent double precision, total_now double precision, good_now double precision, problem text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	last sla.closed_period;
	n record;
BEGIN
	FOR last IN
		SELECT DISTINCT ON (c.from_at) c.*
		FROM sla.closed_period AS c
		WHERE c.objective = compare_periods.objective
		ORDER BY c.from_at, c.revision DESC
	LOOP
		SELECT * INTO n FROM (SELECT) AS one LEFT JOIN sla.recount_period(last) ON true;
		RETURN QUERY
		SELECT last.period_start, nullif(coalesce(f.group_value, t.group_value), ''), last.from_at, last.to_at, last.revision, last.closed_at,
			last.target_percent::double precision, f.total, f.good,
			(n.version).target_percent::double precision, t.total, t.good,
			CASE
				WHEN (n.version).id IS NULL THEN 'the objective is gone'
				WHEN (n.version).kind <> last.kind THEN 'its kind is another'
				WHEN f.group_value IS NULL THEN 'the group has come since'
				WHEN t.group_value IS NULL THEN 'the group is gone'
				WHEN f.total <> t.total THEN 'another number counts'
				WHEN f.good <> t.good THEN 'another number is good'
				WHEN (n.version).target_percent <> last.target_percent THEN 'the target is another'
				WHEN f.budget <> t.budget THEN 'the budget is another'
			END
		FROM (
			SELECT g.*
			FROM sla.closed_group AS g
			WHERE g.objective = last.objective AND g.from_at = last.from_at AND g.revision = last.revision
		) AS f
		FULL JOIN unnest(n.groups) AS t ON t.group_value = f.group_value
		ORDER BY 2;
	END LOOP;
END
$$;
COMMENT ON FUNCTION sla.compare_periods(text) IS 'private: what sla.verify_periods() says, for the owner of the extension';
REVOKE ALL ON FUNCTION sla.compare_periods(text) FROM PUBLIC;

CREATE FUNCTION sla.verify_periods(
	objective text,
	OUT period_start date,
	OUT group_value text,
	OUT from_at timestamptz,
	OUT to_at timestamptz,
	OUT revision integer,
	OUT closed_at timestamptz,
	OUT target_percent double precision,
	OUT total double precision,
	OUT good double precision,
	OUT target_now_percent double precision,
	OUT total_now double precision,
	OUT good_now double precision,
	OUT problem text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sla_verify_periods'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 10000 ROWS 20;
COMMENT ON FUNCTION sla.verify_periods(text) IS
'closed periods of an objective beside what the facts say now, each group; "problem" is NULL where they agree';

CREATE VIEW sla.report_slo_closed AS
SELECT
	c.period_start,
	c.objective,
	nullif(g.group_value, '') AS group_value,
	c.revision,
	nullif(c.valid_from, '-infinity') AS valid_from,
	c.from_at AS "time",
	c.from_at,
	c.to_at,
	c.party,
	c.agreement,
	c.target_percent::double precision AS target_percent,
	g.total,
	g.good,
	g.total - g.good AS bad,
	sla.sli_percent(g.good, g.total) AS sli_percent,
	g.budget,
	g.budget - (g.total - g.good) AS budget_remaining,
	sla.consumed_percent(g.total, g.good, g.budget) AS consumed_percent,
	sla.is_met(g.good, g.total, c.target_percent::double precision) AS is_met,
	g.coverage_percent,
	c.closed_at,
	c.closed_by,
	c.reason,
	NOT EXISTS (
		SELECT FROM sla.closed_period AS n
		WHERE n.objective = c.objective AND n.from_at = c.from_at AND n.revision > c.revision) AS is_current
FROM sla.closed_period AS c
JOIN sla.closed_group AS g ON g.objective = c.objective AND g.from_at = c.from_at AND g.revision = c.revision;

CREATE VIEW sla.report_slo_period AS
SELECT
	p.period_start,
	o.name AS objective,
	p.group_value,
	nullif(p.valid_from, '-infinity') AS valid_from,
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
	p.is_settled,
	p.coverage_percent,
	false AS is_frozen,
	NULL::integer AS revision,
	NULL::timestamptz AS closed_at
FROM (SELECT DISTINCT o.name FROM sla.objective AS o) AS o
CROSS JOIN LATERAL sla.slo_periods(o.name, pg_catalog.now(), true) AS a
CROSS JOIN LATERAL (
	SELECT max(c.to_at) AS until, coalesce(pg_catalog.bool_or(c.from_at < a.to_at AND c.to_at > a.from_at), false) AS is_closed
	FROM sla.closed_period AS c
	WHERE c.objective = o.name
) AS c
CROSS JOIN LATERAL (
	SELECT a.* WHERE NOT c.is_closed AND (a.from_at < c.until AND a.to_at > c.until) IS NOT TRUE
	UNION ALL
	-- the last that is closed, by another window or time zone, ends within this one: what is left
	SELECT b.*
	FROM sla.slo_periods(o.name, pg_catalog.now(), true, c.until) AS b
	WHERE a.from_at < c.until AND a.to_at > c.until AND b.from_at = c.until AND b.group_value IS NOT DISTINCT FROM a.group_value
) AS p
WHERE p.problem IS NULL
UNION ALL
SELECT
	c.period_start,
	c.objective,
	c.group_value,
	c.valid_from,
	c."time",
	c.from_at,
	c.to_at,
	c.party,
	c.agreement,
	c.target_percent,
	c.total,
	c.good,
	c.bad,
	c.sli_percent,
	c.budget,
	c.budget_remaining,
	c.consumed_percent,
	c.is_met,
	true,
	true,
	c.coverage_percent,
	true,
	c.revision,
	c.closed_at
FROM sla.report_slo_closed AS c
WHERE c.is_current;

COMMENT ON VIEW sla.report_slo_period IS
'objectives by period, the latest 25 and all that are closed: windows of the calendar, or months where the window rolls';
COMMENT ON COLUMN sla.report_slo_period.period_start IS 'first day of the period; of a version that came into force within it, its first day';
COMMENT ON COLUMN sla.report_slo_period.objective IS 'name of the objective';
COMMENT ON COLUMN sla.report_slo_period.group_value IS 'value of the objective''s group_by; NULL: it has none';
COMMENT ON COLUMN sla.report_slo_period.valid_from IS 'from when the version is in force that judges it; NULL: from ever';
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
COMMENT ON COLUMN sla.report_slo_period.coverage_percent IS 'the percentage of days, or slices, with anything that counts; NULL of clocks and outages';
COMMENT ON COLUMN sla.report_slo_period.is_frozen IS 'it is closed: these are the figures of then';
COMMENT ON COLUMN sla.report_slo_period.revision IS 'how often it was closed; NULL: it is not';
COMMENT ON COLUMN sla.report_slo_period.closed_at IS 'when it was closed';

COMMENT ON VIEW sla.report_slo_closed IS
'closed periods of objectives, each revision';
COMMENT ON COLUMN sla.report_slo_closed.period_start IS 'first day of the period';
COMMENT ON COLUMN sla.report_slo_closed.objective IS 'name of the objective; it may be gone';
COMMENT ON COLUMN sla.report_slo_closed.group_value IS 'value of the objective''s group_by; NULL: it has none';
COMMENT ON COLUMN sla.report_slo_closed.revision IS '1, and one more each time that it was closed anew';
COMMENT ON COLUMN sla.report_slo_closed.valid_from IS 'from when the version was in force that judged it; NULL: from ever';
COMMENT ON COLUMN sla.report_slo_closed."time" IS 'when the period begins';
COMMENT ON COLUMN sla.report_slo_closed.from_at IS 'when the period begins';
COMMENT ON COLUMN sla.report_slo_closed.to_at IS 'when it ends';
COMMENT ON COLUMN sla.report_slo_closed.party IS 'the customer';
COMMENT ON COLUMN sla.report_slo_closed.agreement IS 'name of the party''s agreement';
COMMENT ON COLUMN sla.report_slo_closed.target_percent IS 'what was promised';
COMMENT ON COLUMN sla.report_slo_closed.total IS 'what counted';
COMMENT ON COLUMN sla.report_slo_closed.good IS 'what of it was good';
COMMENT ON COLUMN sla.report_slo_closed.bad IS 'what of it was not';
COMMENT ON COLUMN sla.report_slo_closed.sli_percent IS 'the percentage that was good; NULL when nothing counted';
COMMENT ON COLUMN sla.report_slo_closed.budget IS 'how much of what counted might be bad';
COMMENT ON COLUMN sla.report_slo_closed.budget_remaining IS 'the budget less what was bad; negative when overspent';
COMMENT ON COLUMN sla.report_slo_closed.consumed_percent IS 'the percentage of the budget that was used up';
COMMENT ON COLUMN sla.report_slo_closed.is_met IS 'the target was reached; NULL when nothing counted';
COMMENT ON COLUMN sla.report_slo_closed.coverage_percent IS 'the percentage of days, or slices, with anything that counts';
COMMENT ON COLUMN sla.report_slo_closed.closed_at IS 'when it was closed';
COMMENT ON COLUMN sla.report_slo_closed.closed_by IS 'the role that closed it';
COMMENT ON COLUMN sla.report_slo_closed.reason IS 'why it was closed anew';
COMMENT ON COLUMN sla.report_slo_closed.is_current IS 'it is the last revision, which report_slo_period shows';
