--
-- Service credits
--
-- What an agreement gives back for a month: of the lowest tier reached its
-- percentage of the monthly fee, and an amount for each breach, together no more
-- than the agreement's cap.  Like agreements these are the administrator's.
--

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
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('below_percent is %s, credit_percent is %s.', coalesce(NEW.below_percent::text, 'null'), coalesce(NEW.credit_percent::text, 'null'));
	END IF;
	IF NEW.credit_percent IS NULL AND NEW.per_breach IS NULL AND NEW.remedy IS NULL THEN
		RAISE EXCEPTION 'a service credit gives nothing'
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Give it credit_percent, per_breach or remedy.';
	END IF;
	IF NOT sla.is_percentage(NEW.below_percent) OR NEW.below_percent = 0
		OR NOT sla.is_percentage(NEW.credit_percent)
	THEN
		RAISE EXCEPTION 'percentage of a service credit is out of range'
			USING ERRCODE = 'numeric_value_out_of_range',
				DETAIL = format('below_percent is %s, credit_percent is %s: they are between 0 and 100, with up to 12 decimals.',
					left(NEW.below_percent::text, 24), left(NEW.credit_percent::text, 24));
	END IF;
	IF NOT (NEW.per_breach >= 0 AND NEW.per_breach < 'Infinity') THEN
		RAISE EXCEPTION 'per_breach of a service credit is out of range: %', NEW.per_breach
			USING ERRCODE = 'numeric_value_out_of_range', DETAIL = 'It must be a finite amount and not negative.';
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

/* What an objective of a kind counts: one unit is not added to another. */
CREATE FUNCTION sla.credit_unit(kind text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN kind IN ('event', 'value') THEN 'event' ELSE kind END;
COMMENT ON FUNCTION sla.credit_unit(text) IS 'private: what an objective of a kind counts';
REVOKE ALL ON FUNCTION sla.credit_unit(text) FROM PUBLIC;

/*
 * The months of an agreement, the present and the twelve before, each version for
 * its part of the month and its share of the fee, by days.  A month begins in the
 * zone of the version in force then, or of the first: a renewal elsewhere does not
 * move what was before.
 */
CREATE FUNCTION sla.agreement_parts(party text, agreement text, at timestamptz)
RETURNS TABLE (
	from_at timestamptz, to_at timestamptz, period_start date, valid_from timestamptz,
	fee numeric, currency text, cap_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 14
BEGIN ATOMIC
	WITH version AS (
		SELECT a.valid_from, coalesce(a.time_zone, 'UTC') AS zone, a.monthly_fee, a.currency, a.credit_cap_percent,
			least(coalesce(a.ends_at, 'infinity'), pg_catalog.lead(a.valid_from, 1, 'infinity') OVER (ORDER BY a.valid_from)) AS valid_until
		FROM sla.agreement AS a
		WHERE a.party = agreement_parts.party AND a.name = agreement_parts.agreement
	), present AS (
		SELECT pg_catalog.date_trunc('month', pg_catalog.timezone(v.zone, agreement_parts.at)) AS month
		FROM version AS v
		ORDER BY v.valid_from <= agreement_parts.at DESC, v.valid_from DESC
		LIMIT 1
	), bound AS (
		SELECT m.month, b.zone, b.at
		FROM present AS p
		CROSS JOIN LATERAL pg_catalog.generate_series(p.month - interval '12 months', p.month + interval '2 months', interval '1 month') AS m (month)
		CROSS JOIN LATERAL (
			SELECT v.zone, d.at
			FROM version AS v
			CROSS JOIN LATERAL (SELECT sla.day_begins(v.zone, m.month)) AS d (at)
			ORDER BY v.valid_from <= d.at DESC, CASE WHEN v.valid_from <= d.at THEN v.valid_from END DESC, v.valid_from
			LIMIT 1
		) AS b
	), month AS (
		SELECT b.month AS begins, b.at, n.month AS next, n.at AS next_at, n.zone
		FROM bound AS b
		JOIN bound AS n ON n.month = b.month + interval '1 month'
	), span AS (
		SELECT m.*, v.valid_from, v.monthly_fee, v.currency, v.credit_cap_percent,
			greatest(m.at, v.valid_from) AS from_at, least(m.next_at, v.valid_until) AS to_at
		FROM month AS m
		CROSS JOIN version AS v
	)
	SELECT s.from_at, s.to_at, s.begins::date, s.valid_from,
		s.monthly_fee * (
			CASE WHEN s.to_at = s.next_at THEN s.next ELSE least(s.next, pg_catalog.timezone(s.zone, s.to_at)) END::date
			- CASE WHEN s.from_at = s.at THEN s.begins ELSE greatest(s.begins, pg_catalog.timezone(s.zone, s.from_at)) END::date)
			/ extract(day FROM s.next - interval '1 day'),
		s.currency, s.credit_cap_percent
	FROM span AS s
	WHERE s.from_at < s.to_at AND s.from_at < agreement_parts.at;
END;
COMMENT ON FUNCTION sla.agreement_parts(text, text, timestamptz) IS
'private: the months of an agreement, the present and the twelve before, each version for its part';
REVOKE ALL ON FUNCTION sla.agreement_parts(text, text, timestamptz) FROM PUBLIC;

/*
 * What is closed of an objective for an agreement, by the last revision of each
 * period: the agreement's parts of it, or else the whole (but not of the clocks of
 * all parties).
 */
CREATE FUNCTION sla.closed_shares(party text, agreement text, goal text)
RETURNS TABLE (
	period_from timestamptz, revision integer, kind text, has_groups boolean, is_part boolean,
	from_at timestamptz, to_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT DISTINCT c.from_at, c.revision, c.kind, c.has_groups, d.part_from IS NOT NULL,
		coalesce(d.part_from, c.from_at), coalesce(d.part_to, c.to_at)
	FROM sla.closed_period AS c
	LEFT JOIN sla.closed_part AS d ON d.objective = c.objective AND d.from_at = c.from_at AND d.revision = c.revision
		AND d.party = closed_shares.party AND d.agreement = closed_shares.agreement
	WHERE c.objective = closed_shares.goal
		AND NOT EXISTS (
			SELECT FROM sla.closed_period AS later
			WHERE later.objective = c.objective AND later.from_at = c.from_at AND later.revision > c.revision)
		AND (d.part_from IS NOT NULL
			OR c.party = closed_shares.party
			OR c.party IS NULL AND c.kind <> 'clock');
$$;
COMMENT ON FUNCTION sla.closed_shares(text, text, text) IS 'private: what is closed of an objective for an agreement';
REVOKE ALL ON FUNCTION sla.closed_shares(text, text, text) FROM PUBLIC;

/*
 * An objective as the service credits of a party count it: of clocks only those of
 * the party, and of outages by group the time of no group only where there is none.
 */
CREATE FUNCTION sla.as_credited(o sla.objective, party text)
RETURNS sla.objective
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF o.kind = 'clock' THEN
		o.party := as_credited.party;
	ELSIF o.kind = 'outage' THEN
		o.group_by := NULL;
	END IF;
	RETURN o;
END
$$;
COMMENT ON FUNCTION sla.as_credited(sla.objective, text) IS 'private: an objective as the service credits of a party count it';
REVOKE ALL ON FUNCTION sla.as_credited(sla.objective, text) FROM PUBLIC;

/*
 * What counts of an objective in the spans between cuts, by the one in which it is:
 * all versions of the objective, each for its time, which is its share.  A span that
 * closed shares make up is told as it was closed, and begins in "frozen".
 */
CREATE FUNCTION sla.credit_counts(party text, agreement text, goal text, at timestamptz, cuts timestamptz[], frozen timestamptz[])
RETURNS TABLE (span timestamptz, unit text, share timestamptz, grp text, total double precision, good double precision)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE COST 10000 ROWS 100
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	o sla.objective;
	until timestamptz;
	has_groups boolean;
	-- what is before the first span that is not closed need not be counted
	since timestamptz := (SELECT min(k) FROM unnest(cuts) AS k WHERE k <> ALL (frozen));
	edge timestamptz;
	edges timestamptz[];
BEGIN
	-- (a version that has become another party's counts nothing of this one)
	FOR o IN
		SELECT b.*
		FROM sla.objective AS b
		WHERE b.name = credit_counts.goal AND (b.party IS NULL OR b.party = credit_counts.party)
	LOOP
		until := least(credit_counts.at, (SELECT min(n.valid_from) FROM sla.objective AS n WHERE n.name = o.name AND n.valid_from > o.valid_from));
		has_groups := o.group_by IS NOT NULL;
		o := sla.as_credited(o, credit_counts.party);
		edges := ARRAY(SELECT k FROM unnest(cuts) AS k WHERE k >= since);
		IF o.kind = 'slice' THEN
			-- a slice over the end of a period is cut there, as it is when that is closed
			edge := greatest(since, o.valid_from);
			LOOP
				edge := (SELECT p.to_at FROM sla.period_at(o.name, edge) AS p);
				EXIT WHEN edge IS NULL OR edge >= least(until, cuts[cardinality(cuts)]);
				edges := edges || edge;
			END LOOP;
		END IF;
		RETURN QUERY
		SELECT c.span, sla.credit_unit(o.kind), o.valid_from, CASE WHEN has_groups THEN t.grp END, t.total, t.good
		FROM (SELECT ARRAY(SELECT DISTINCT least(greatest(k, o.valid_from), until) FROM unnest(edges) AS k ORDER BY 1)) AS b (bounds)
		CROSS JOIN LATERAL sla.tally_apart(o, b.bounds) AS t
		CROSS JOIN LATERAL (SELECT cuts[width_bucket(b.bounds[t.n], cuts)]) AS c (span)
		WHERE c.span <> ALL (frozen);
	END LOOP;
	RETURN QUERY
	SELECT cuts[width_bucket(s.from_at, cuts)], sla.credit_unit(s.kind), s.from_at, CASE WHEN s.has_groups THEN f.group_value END, f.total, f.good
	FROM sla.closed_shares(party, agreement, goal) AS s
	CROSS JOIN LATERAL (
		SELECT g.group_value, g.total, g.good
		FROM sla.closed_group AS g
		WHERE NOT s.is_part AND g.objective = credit_counts.goal AND g.from_at = s.period_from AND g.revision = s.revision
		UNION ALL
		SELECT d.group_value, d.total, d.good
		FROM sla.closed_part AS d
		WHERE s.is_part AND d.objective = credit_counts.goal AND d.from_at = s.period_from AND d.revision = s.revision
			AND d.party = credit_counts.party AND d.agreement = credit_counts.agreement AND d.part_from = s.from_at
	) AS f
	WHERE cuts[width_bucket(s.from_at, cuts)] = ANY (frozen);
END
$$;
COMMENT ON FUNCTION sla.credit_counts(text, text, text, timestamptz, timestamptz[], timestamptz[]) IS
'private: what counts of an objective for the service credits of an agreement';
REVOKE ALL ON FUNCTION sla.credit_counts(text, text, text, timestamptz, timestamptz[], timestamptz[]) FROM PUBLIC;

/*
 * What an objective gives in each part of an agreement's months: of groups the worst
 * decides the tier, and the breaches of all count; and so of versions that measure in
 * other units, which cannot be added up.  A percentage is below a tier's where it would
 * not meet that as a target: the error of rounding is nobody's failure.  A part that
 * closed periods make up is told as it was closed.  Where there is a problem nothing is
 * measured, and the rows only say so.
 */
CREATE FUNCTION sla.agreement_credits(party text, agreement text, at timestamptz, goal text, problem text)
RETURNS TABLE (
	period_start date, valid_from timestamptz, from_at timestamptz, to_at timestamptz, objective text,
	total double precision, good double precision, bad double precision, sli_percent double precision,
	fee numeric, currency text, cap_percent double precision, below_percent double precision, credit_percent double precision,
	tier_amount numeric, breach_amount numeric, remedy text, is_over boolean, problem_text text, is_frozen boolean)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE COST 10000 ROWS 100
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	began timestamptz := (SELECT min(o.valid_from) FROM sla.objective AS o WHERE o.name = goal);
	cuts timestamptz[] := ARRAY(
		SELECT DISTINCT c.at
		FROM sla.agreement_parts(party, agreement, at) AS p
		CROSS JOIN LATERAL (VALUES (p.from_at), (p.to_at)) AS c (at)
		ORDER BY 1);
	frozen timestamptz[];
BEGIN
	IF began IS NULL THEN
		problem := 'there is no such objective';
	END IF;
	-- (before its first version nothing counts)
	frozen := ARRAY(
		SELECT p.from_at
		FROM sla.agreement_parts(party, agreement, at) AS p
		JOIN sla.closed_shares(party, agreement, goal) AS s ON s.from_at >= p.from_at AND s.to_at <= p.to_at
		WHERE problem IS NULL
		GROUP BY p.from_at, p.to_at
		HAVING sum(s.to_at - s.from_at) >= p.to_at - greatest(p.from_at, began));
	RETURN QUERY
	WITH counted AS MATERIALIZED (
		SELECT c.* FROM sla.credit_counts(party, agreement, goal, at, cuts, frozen) AS c WHERE problem IS NULL
	), summed AS MATERIALIZED (
		SELECT c.span, c.unit, c.grp, sum(c.total) AS total, sum(c.good) AS good
		FROM counted AS c
		GROUP BY 1, 2, 3
	), time AS (
		SELECT s.span, sum(s.total) AS total
		FROM (SELECT c.span, c.share, max(c.total) AS total FROM counted AS c WHERE c.unit = 'outage' GROUP BY 1, 2) AS s
		GROUP BY 1
	), measured AS (
		SELECT DISTINCT ON (u.span) u.*
		FROM (
			SELECT g.span, sum(g.total) AS total, sum(g.good) AS good, min(sla.sli_percent(g.good, g.total)) AS worst,
				bool_or(bool_or(g.total > g.good)) OVER w AS has_bad,
				coalesce(sum(sum(g.total - g.good) FILTER (WHERE g.unit = 'clock')) OVER w, 0)::numeric AS breaches
			FROM (
				-- a group was up before its first outage was known; the time of no group does not count beside them
				SELECT s.span, s.unit, s.grp, coalesce(t.total, s.total) AS total, coalesce(t.total - (s.total - s.good), s.good) AS good
				FROM summed AS s
				LEFT JOIN time AS t ON t.span = s.span AND s.unit = 'outage' AND s.grp IS NOT NULL
				WHERE s.unit <> 'outage' OR s.grp <> '' OR s.grp IS NULL OR s.good < s.total
					OR NOT EXISTS (SELECT FROM summed AS o WHERE o.span = s.span AND o.unit = 'outage' AND o.grp <> '')
			) AS g
			GROUP BY g.span, g.unit
			WINDOW w AS (PARTITION BY g.span)
		) AS u
		ORDER BY u.span, u.worst
	)
	SELECT p.period_start, p.valid_from, p.from_at, p.to_at, goal,
		CASE WHEN problem IS NULL THEN coalesce(m.total, 0) END,
		CASE WHEN problem IS NULL THEN coalesce(m.good, 0) END,
		CASE WHEN problem IS NULL THEN coalesce(m.total - m.good, 0) END, m.worst,
		round(p.fee, 2), p.currency, p.cap_percent::double precision,
		tier.below_percent::double precision,
		CASE WHEN problem IS NULL THEN coalesce(tier.credit_percent, 0)::double precision END,
		CASE WHEN problem IS NULL THEN CASE WHEN tier.credit_percent > 0 THEN round(p.fee * tier.credit_percent / 100, 2) ELSE 0.00 END END,
		CASE WHEN problem IS NULL THEN round(coalesce(each.per_breach, 0) * coalesce(m.breaches, 0), 2) END,
		CASE WHEN problem IS NULL THEN each.remedies END, p.to_at <= agreement_credits.at, problem,
		p.from_at = ANY (frozen)
	FROM sla.agreement_parts(party, agreement, at) AS p
	LEFT JOIN measured AS m ON m.span = p.from_at
	LEFT JOIN LATERAL (
		SELECT c.*
		FROM sla.credit AS c
		WHERE c.party = agreement_credits.party AND c.agreement = agreement_credits.agreement AND c.objective = goal
			AND c.credit_percent IS NOT NULL
			AND NOT sla.is_met(m.worst, 100, c.below_percent::double precision)
		ORDER BY c.below_percent
		LIMIT 1
	) AS tier ON true
	LEFT JOIN LATERAL (
		SELECT sum(c.per_breach) AS per_breach, string_agg(c.remedy, '; ' ORDER BY c.below_percent DESC) AS remedies
		FROM sla.credit AS c
		WHERE c.party = agreement_credits.party AND c.agreement = agreement_credits.agreement AND c.objective = goal
			AND (c.below_percent IS NULL AND m.has_bad OR NOT sla.is_met(m.worst, 100, c.below_percent::double precision))
	) AS each ON true;
END
$$;
COMMENT ON FUNCTION sla.agreement_credits(text, text, timestamptz, text, text) IS 'private: what sla.service_credits() says, for the owner of the extension';
REVOKE ALL ON FUNCTION sla.agreement_credits(text, text, timestamptz, text, text) FROM PUBLIC;

CREATE FUNCTION sla.service_credits(
	party text,
	agreement text,
	at timestamptz DEFAULT now(),
	is_lenient boolean DEFAULT false,
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
	OUT is_over boolean,
	OUT problem text,
	OUT is_frozen boolean)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sla_service_credits'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 10000 ROWS 100;
COMMENT ON FUNCTION sla.service_credits(text, text, timestamptz, boolean) IS
'what each objective of an agreement gives back, for the month of an instant and the twelve before, before the cap; of closed periods as they were closed, else by what is known now';

CREATE VIEW sla.report_service_credit AS
SELECT
	s.period_start,
	a.party,
	a.agreement,
	nullif(s.valid_from, '-infinity') AS valid_from,
	s.from_at AS "time",
	s.from_at,
	s.to_at,
	s.fee,
	s.currency,
	s.cap_percent,
	sum(s.tier_amount) AS tier_amount,
	sum(s.breach_amount) AS breach_amount,
	sum(s.bad) FILTER (WHERE s.breach_amount > 0) AS breaches,
	-- (not where a part of it is not known)
	CASE WHEN count(*) = count(s.tier_amount) THEN
		least(sum(s.tier_amount + s.breach_amount), pg_catalog.round(s.fee * s.cap_percent::numeric / 100, 2))
	END AS amount,
	pg_catalog.string_agg(pg_catalog.concat(s.objective, ': ', s.remedy), '; ' ORDER BY s.objective)
		FILTER (WHERE s.remedy IS NOT NULL) AS remedies,
	coalesce(sum(s.tier_amount + s.breach_amount) > pg_catalog.round(s.fee * s.cap_percent::numeric / 100, 2), false) AS is_capped,
	s.is_over,
	pg_catalog.string_agg(pg_catalog.concat(s.objective, ': ', s.problem), '; ' ORDER BY s.objective)
		FILTER (WHERE s.problem IS NOT NULL) AS problem,
	pg_catalog.bool_and(s.is_frozen) AS is_frozen
FROM (SELECT DISTINCT c.party, c.agreement FROM sla.credit AS c) AS a
CROSS JOIN LATERAL sla.service_credits(a.party, a.agreement, pg_catalog.now(), true) AS s
GROUP BY s.period_start, a.party, a.agreement, s.valid_from, s.from_at, s.to_at, s.fee, s.currency, s.cap_percent, s.is_over;

CREATE VIEW sla.report_service_credit_objective AS
SELECT
	s.period_start,
	a.party,
	a.agreement,
	nullif(s.valid_from, '-infinity') AS valid_from,
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
	s.is_over,
	s.problem,
	s.is_frozen
FROM (SELECT DISTINCT c.party, c.agreement FROM sla.credit AS c) AS a
CROSS JOIN LATERAL sla.service_credits(a.party, a.agreement, pg_catalog.now(), true) AS s;

COMMENT ON VIEW sla.report_service_credit IS
'service credits of agreements, the present month and the twelve before; of a month in which the agreement was renewed one row for each version';
COMMENT ON VIEW sla.report_service_credit_objective IS
'what each objective contributes to report_service_credit, before the cap';
COMMENT ON COLUMN sla.report_service_credit.period_start IS 'first day of the month';
COMMENT ON COLUMN sla.report_service_credit.party IS 'the customer';
COMMENT ON COLUMN sla.report_service_credit.agreement IS 'name of the agreement';
COMMENT ON COLUMN sla.report_service_credit.valid_from IS 'from when this version of the agreement is in force; NULL: from ever';
COMMENT ON COLUMN sla.report_service_credit."time" IS 'when the month, or the version''s part of it, begins';
COMMENT ON COLUMN sla.report_service_credit.from_at IS 'when the month, or the version''s part of it, begins';
COMMENT ON COLUMN sla.report_service_credit.to_at IS 'when it ends';
COMMENT ON COLUMN sla.report_service_credit.fee IS 'the monthly fee, of a part its share by days';
COMMENT ON COLUMN sla.report_service_credit.currency IS 'the currency of the amounts';
COMMENT ON COLUMN sla.report_service_credit.cap_percent IS 'credits are at most this percentage of the fee; NULL: there is no cap';
COMMENT ON COLUMN sla.report_service_credit.tier_amount IS 'by tiers, before the cap';
COMMENT ON COLUMN sla.report_service_credit.breach_amount IS 'for breaches, before the cap';
COMMENT ON COLUMN sla.report_service_credit.breaches IS 'how many breaches are paid for';
COMMENT ON COLUMN sla.report_service_credit.amount IS 'what is given back: both, up to the cap; in hundredths of the currency. NULL where there is a problem, or a tier is reached and there is no fee';
COMMENT ON COLUMN sla.report_service_credit.remedies IS 'what else follows, by objective';
COMMENT ON COLUMN sla.report_service_credit.is_capped IS 'the cap makes it less';
COMMENT ON COLUMN sla.report_service_credit.is_over IS 'it is over: else the amount is what is due so far';
COMMENT ON COLUMN sla.report_service_credit.problem IS 'objectives of which nothing can be told, and why: the amounts are without them';
COMMENT ON COLUMN sla.report_service_credit.is_frozen IS 'of all objectives the periods are closed: later facts change it by sla.reclose() alone';
COMMENT ON COLUMN sla.report_service_credit_objective.period_start IS 'first day of the month';
COMMENT ON COLUMN sla.report_service_credit_objective.party IS 'the customer';
COMMENT ON COLUMN sla.report_service_credit_objective.agreement IS 'name of the agreement';
COMMENT ON COLUMN sla.report_service_credit_objective.valid_from IS 'from when this version of the agreement is in force; NULL: from ever';
COMMENT ON COLUMN sla.report_service_credit_objective.objective IS 'name of the objective';
COMMENT ON COLUMN sla.report_service_credit_objective."time" IS 'when the month, or the version''s part of it, begins';
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
COMMENT ON COLUMN sla.report_service_credit_objective.problem IS 'why nothing can be told: with which SQLSTATE reading it failed, or that there is no such objective';
COMMENT ON COLUMN sla.report_service_credit_objective.is_frozen IS 'its periods are closed: these are the figures of then';

/*
 * What is promised now: one row for each target in force, and party that it is
 * promised to.  A policy that asks for a plan is promised to those who have it;
 * a goal without a calendar is promised to each party in its own; what is left
 * is promised to everybody.  The credits of the agreement are told, except those
 * for clocks of another metric.
 */
CREATE VIEW sla.report_promise AS
SELECT
	a.party,
	a.name AS agreement,
	coalesce(p.plan, a.plan) AS plan,
	p.relation::text AS relation,
	p.name AS policy,
	t.metric,
	m.kind,
	p.rank,
	p.applies_when,
	p.description,
	t.goal::text AS goal_text,
	coalesce(t.threshold, t.goal)::text AS threshold_text,
	t.due_by,
	t.cutoff::text AS cutoff_text,
	c.calendar,
	coalesce(k.hours::text, k.combines, c.calendar) AS hours_text,
	nullif(pg_catalog.concat_ws('; ', r.words, CASE
		WHEN a.credit_cap_percent IS NULL THEN NULL
		WHEN a.monthly_fee IS NULL THEN pg_catalog.format('at most %s %% of the monthly fee', a.credit_cap_percent::double precision)
		ELSE pg_catalog.format('at most %s %% of the monthly fee of %s', a.credit_cap_percent::double precision,
			pg_catalog.concat_ws(' ', a.monthly_fee::text, a.currency))
	END), '') AS credit_text,
	nullif(greatest(p.valid_from, t.valid_from, a.valid_from), '-infinity') AS valid_from
FROM (
	SELECT
		p.*,
		pg_catalog.lead(p.valid_from) OVER (PARTITION BY p.relation, p.name ORDER BY p.valid_from) AS valid_until
	FROM sla.policy AS p
) AS p
JOIN (
	SELECT
		t.*,
		pg_catalog.lead(t.valid_from) OVER (PARTITION BY t.relation, t.policy, t.metric ORDER BY t.valid_from) AS valid_until
	FROM sla.target AS t
) AS t ON t.relation = p.relation AND t.policy = p.name
LEFT JOIN sla.metric AS m ON m.relation = t.relation AND m.name = t.metric
LEFT JOIN sla.agreement_version AS a
	ON a.is_in_force
	AND (a.plan = p.plan OR (p.plan IS NULL AND t.goal IS NOT NULL AND @extschema@.calendar(t.goal) IS NULL))
CROSS JOIN LATERAL (
	SELECT coalesce(@extschema@.calendar(t.goal), a.calendar, CASE WHEN t.goal IS NULL THEN '24/7' END) AS calendar
) AS c
LEFT JOIN sla.calendar AS k ON k.name = c.calendar
CROSS JOIN LATERAL (
	SELECT pg_catalog.string_agg(pg_catalog.format(
			CASE WHEN d.below_percent IS NULL THEN '%s for objective "%s"' ELSE '%s if objective "%s" is below %s %%' END,
			pg_catalog.concat_ws(', ',
				d.credit_percent::double precision || ' % of the monthly fee',
				d.per_breach || coalesce(' ' || a.currency, '') || ' per breach',
				d.remedy),
			d.objective, d.below_percent::double precision),
		'; ' ORDER BY d.objective, d.below_percent DESC) AS words
	FROM sla.credit AS d
	LEFT JOIN LATERAL (
		SELECT o.kind = 'clock' AND (o.relation, o.metric) <> (p.relation, t.metric) AS is_of_another
		FROM sla.objective AS o
		WHERE o.name = d.objective AND o.valid_from <= pg_catalog.now()
		ORDER BY o.valid_from DESC
		LIMIT 1
	) AS o ON true
	WHERE d.party = a.party AND d.agreement = a.name AND o.is_of_another IS NOT TRUE
) AS r
WHERE p.valid_from <= pg_catalog.now() AND pg_catalog.now() < coalesce(p.valid_until, 'infinity')
	AND t.valid_from <= pg_catalog.now() AND pg_catalog.now() < coalesce(t.valid_until, 'infinity');
COMMENT ON VIEW sla.report_promise IS 'what is promised now, to whom: the service level agreement to hand to a client';
COMMENT ON COLUMN sla.report_promise.party IS 'the customer; NULL: everybody';
COMMENT ON COLUMN sla.report_promise.agreement IS 'name of the agreement';
COMMENT ON COLUMN sla.report_promise.plan IS 'the plan agreed on; NULL: any';
COMMENT ON COLUMN sla.report_promise.relation IS 'the tracked table';
COMMENT ON COLUMN sla.report_promise.policy IS 'the policy';
COMMENT ON COLUMN sla.report_promise.metric IS 'what is measured';
COMMENT ON COLUMN sla.report_promise.kind IS 'service level agreement (sla), operational level agreement (ola) or underpinning contract (uc)';
COMMENT ON COLUMN sla.report_promise.rank IS 'of several policies that apply the lowest wins';
COMMENT ON COLUMN sla.report_promise.applies_when IS 'the condition of the policy';
COMMENT ON COLUMN sla.report_promise.description IS 'description of the policy';
COMMENT ON COLUMN sla.report_promise.goal_text IS 'the time promised; NULL: measured only';
COMMENT ON COLUMN sla.report_promise.threshold_text IS 'the time that is still acceptable';
COMMENT ON COLUMN sla.report_promise.due_by IS 'the local time of the business day by which it is due, or "close"';
COMMENT ON COLUMN sla.report_promise.cutoff_text IS 'received before it counts as received that date';
COMMENT ON COLUMN sla.report_promise.calendar IS 'the calendar in which its time is counted';
COMMENT ON COLUMN sla.report_promise.hours_text IS 'the hours of the calendar';
COMMENT ON COLUMN sla.report_promise.credit_text IS 'service credits in words';
COMMENT ON COLUMN sla.report_promise.valid_from IS 'from when all of this is in force; NULL: from ever';
