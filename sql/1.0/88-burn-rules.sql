--
-- Burn rules
--
-- A rule fires when the error budget burns faster than its factor in a long
-- window, and still does in a short one.  The factor is computed: the rate that
-- uses up budget_percent of the objective's budget within the long window.  Of an
-- objective with a calendar the windows are of open time.
--

CREATE TABLE sla.burn_rule (
	objective text NOT NULL,
	name text NOT NULL CONSTRAINT name_is_not_empty CHECK (name <> ''),
	budget_percent numeric NOT NULL,
	long_window interval NOT NULL,
	short_window interval NOT NULL,
	min_events double precision NOT NULL DEFAULT 1,
	hold_for interval NOT NULL DEFAULT '0',
	cooldown interval NOT NULL DEFAULT '0',
	severity text NOT NULL DEFAULT 'page' CONSTRAINT severity_is_not_empty CHECK (severity <> ''),
	PRIMARY KEY (objective, name)
);
COMMENT ON TABLE sla.burn_rule IS 'when the error budget of an objective burns too fast';
COMMENT ON COLUMN sla.burn_rule.objective IS 'name of the objective';
COMMENT ON COLUMN sla.burn_rule.name IS 'name of the rule';
COMMENT ON COLUMN sla.burn_rule.budget_percent IS 'the percentage of the error budget that may be used up within the long window';
COMMENT ON COLUMN sla.burn_rule.long_window IS 'the long window';
COMMENT ON COLUMN sla.burn_rule.short_window IS 'the short window, by which it ends soon after the trouble does';
COMMENT ON COLUMN sla.burn_rule.min_events IS 'with less than this in the long window nothing is said';
COMMENT ON COLUMN sla.burn_rule.hold_for IS 'how long it must have been so: at its beginning, at its end and at each quarter between';
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
	length double precision;
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
		-- (of open time one that rolls has more on some days of the week than on others)
		length := (
			SELECT max(sla.nominal_window(o, now() - d * interval '1 day'))
			FROM generate_series(0, CASE WHEN o.calendar IS NULL OR sla.is_calendar_window(o.window_length) THEN 0 ELSE 6 END) AS d);
		factor := sla.alert_factor(rule.budget_percent::double precision,
			greatest(length, 1), extract(epoch FROM rule.long_window)::double precision);
		-- (it fires above its factor, and nothing burns faster than that)
		IF NOT sla.fires(sla.max_burn_rate(o.target_percent::double precision), factor) THEN
			RAISE EXCEPTION 'rule "%" of objective "%" can never fire', rule.name, rule.objective
				USING ERRCODE = 'invalid_parameter_value',
					DETAIL = format('It fires above a factor of %s, and with everything bad a target of %s %% burns at a rate of %s.',
						round(factor::numeric, 2), o.target_percent,
						round(sla.max_burn_rate(o.target_percent::double precision)::numeric, 2)),
					HINT = 'Lower its budget_percent or lengthen its long window; sla.add_burn_rules() has rules for low targets.';
		END IF;
		IF extract(epoch FROM rule.long_window) > length THEN
			RAISE EXCEPTION 'long window of rule "%" is longer than the window of objective "%"', rule.name, rule.objective
				USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is "%s".', rule.long_window),
					HINT = 'A rule looks at the window of its objective at most.';
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION sla.refuse_silent_rule(sla.burn_rule) IS 'private: an error when a rule can never fire';
REVOKE ALL ON FUNCTION sla.refuse_silent_rule(sla.burn_rule) FROM PUBLIC;

CREATE FUNCTION sla.check_burn_rule()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT sla.is_percentage(NEW.budget_percent) OR NEW.budget_percent = 0 THEN
		RAISE EXCEPTION 'budget_percent of rule "%" is out of range: %', NEW.name, left(NEW.budget_percent::text, 24)
			USING ERRCODE = 'numeric_value_out_of_range',
				DETAIL = 'It must be greater than 0 and at most 100, with up to 12 decimals.';
	END IF;
	IF NEW.short_window < interval '1 second' OR NEW.long_window < NEW.short_window THEN
		RAISE EXCEPTION 'windows of rule "%" are out of range: "%" and "%"', NEW.name, NEW.long_window, NEW.short_window
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = 'The short one must be at least a second, and the long one not shorter than it.';
	END IF;
	IF NEW.hold_for < interval '0' OR NEW.cooldown < interval '0' THEN
		RAISE EXCEPTION 'hold_for and cooldown of rule "%" must not be negative', NEW.name
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('They are "%s" and "%s".', NEW.hold_for, NEW.cooldown);
	END IF;
	IF NEW.cooldown > interval '10 years' THEN
		RAISE EXCEPTION 'cooldown of rule "%" is out of range: "%"', NEW.name, NEW.cooldown
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = 'It must not be longer than ten years.';
	END IF;
	IF NEW.hold_for > NEW.long_window THEN
		RAISE EXCEPTION 'hold_for of rule "%" is longer than its long window', NEW.name
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('They are "%s" and "%s".', NEW.hold_for, NEW.long_window);
	END IF;
	IF NOT (NEW.min_events >= 0 AND NEW.min_events < 'Infinity') THEN
		RAISE EXCEPTION 'min_events of rule "%" is out of range: %', NEW.name, NEW.min_events
			USING ERRCODE = 'numeric_value_out_of_range', DETAIL = 'It must be a finite number and not negative.';
	END IF;
	IF sla.restoring() THEN
		RETURN NEW;
	END IF;
	IF NOT EXISTS (SELECT FROM sla.objective AS o WHERE o.name = NEW.objective) THEN
		RAISE EXCEPTION 'objective "%" does not exist', NEW.objective
			USING ERRCODE = 'undefined_object', HINT = 'Insert it into sla.objective first.';
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION sla.check_burn_rule() IS 'checks a burn rule';
REVOKE ALL ON FUNCTION sla.check_burn_rule() FROM PUBLIC;
CREATE TRIGGER edit_begins
	BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON sla.burn_rule
	FOR EACH STATEMENT EXECUTE FUNCTION sla.edit_begins();
COMMENT ON TRIGGER edit_begins ON sla.burn_rule IS 'waits until other edits are over';
CREATE TRIGGER check_burn_rule
	BEFORE INSERT OR UPDATE ON sla.burn_rule
	FOR EACH ROW EXECUTE FUNCTION sla.check_burn_rule();
COMMENT ON TRIGGER check_burn_rule ON sla.burn_rule IS 'checks a burn rule';

-- what tells of the objective comes after row-level security
CREATE FUNCTION sla.check_burn_rule_fires()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT sla.restoring() THEN
		PERFORM sla.refuse_silent_rule(NEW);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.check_burn_rule_fires() IS 'refuses a burn rule that can never fire';
REVOKE ALL ON FUNCTION sla.check_burn_rule_fires() FROM PUBLIC;
CREATE TRIGGER check_burn_rule_fires
	AFTER INSERT OR UPDATE ON sla.burn_rule
	FOR EACH ROW EXECUTE FUNCTION sla.check_burn_rule_fires();
COMMENT ON TRIGGER check_burn_rule_fires ON sla.burn_rule IS 'refuses one that can never fire';

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
			DELETE FROM sla.silence AS s WHERE s.objective = OLD.name;
			DELETE FROM sla.escalation AS e WHERE e.objective = OLD.name;
		END IF;
		-- (those of rules that are gone, as a tick does: they are in the way of another objective that takes the name)
		UPDATE sla.alert AS a
		SET withdrawn_at = now()
		WHERE a.kind = 'burn_rate' AND a.objective IN (OLD.name, NEW.name) AND a.withdrawn_at IS NULL
			AND NOT EXISTS (SELECT FROM sla.burn_rule AS r WHERE r.objective = a.objective AND r.name = a.rule);
		IF TG_OP = 'UPDATE' THEN
			IF EXISTS (SELECT FROM sla.closed_period AS p WHERE p.objective = OLD.name)
				AND EXISTS (SELECT FROM sla.closed_period AS p WHERE p.objective = NEW.name)
			THEN
				RAISE EXCEPTION 'objective "%" has closed periods of its own', NEW.name
					USING ERRCODE = 'duplicate_object',
						DETAIL = format('Those of objective "%s" would be taken for its.', OLD.name),
						HINT = 'Choose another name.';
			END IF;
			UPDATE sla.burn_rule AS r SET objective = NEW.name WHERE r.objective = OLD.name;
			UPDATE sla.credit AS c SET objective = NEW.name WHERE c.objective = OLD.name;
			UPDATE sla.exception AS e SET objective = NEW.name WHERE e.objective = OLD.name;
			UPDATE sla.composite AS m SET member = NEW.name WHERE m.member = OLD.name;
			UPDATE sla.silence AS s SET objective = NEW.name WHERE s.objective = OLD.name;
			UPDATE sla.escalation AS e SET objective = NEW.name WHERE e.objective = OLD.name;
			UPDATE sla.alert AS a SET objective = NEW.name WHERE a.kind = 'burn_rate' AND a.objective = OLD.name;
			UPDATE sla.closed_period AS p SET objective = NEW.name WHERE p.objective = OLD.name;
			UPDATE sla.closed_group AS g SET objective = NEW.name WHERE g.objective = OLD.name;
			UPDATE sla.closed_part AS p SET objective = NEW.name WHERE p.objective = OLD.name;
			UPDATE sla.objective_name AS n
			SET taken_at = o.taken_at
			FROM sla.objective_name AS o
			WHERE n.name = NEW.name AND o.name = OLD.name AND o.taken_at < n.taken_at;
		END IF;
		DELETE FROM sla.objective_name AS n
		WHERE n.name = OLD.name
			AND NOT EXISTS (SELECT FROM sla.credit AS c WHERE c.objective = OLD.name)
			AND NOT EXISTS (SELECT FROM sla.composite AS m WHERE m.member = OLD.name)
			AND NOT EXISTS (SELECT FROM sla.closed_period AS p WHERE p.objective = OLD.name);
	END IF;
	-- (groups of another group_by do not come again; of other versions a tick withdraws them)
	IF TG_OP = 'UPDATE' AND OLD.group_by IS DISTINCT FROM NEW.group_by THEN
		UPDATE sla.alert AS a
		SET withdrawn_at = now()
		WHERE a.kind = 'burn_rate' AND a.objective = NEW.name AND a.withdrawn_at IS NULL
			AND (SELECT v.valid_from FROM sla.objective_at(NEW.name, a.raised_at) AS v) = NEW.valid_from;
	END IF;
	IF TG_OP <> 'DELETE' THEN
		PERFORM sla.refuse_silent_rule(o.r)
		FROM (SELECT r FROM sla.burn_rule AS r WHERE r.objective = NEW.name ORDER BY r.name) AS o;
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.objective_moved() IS
'lets what names an objective follow when it is renamed, deletes the burn rules, silences and escalations of a deleted one (credits are the administrator''s), and refuses a target by which a rule could never fire';
REVOKE ALL ON FUNCTION sla.objective_moved() FROM PUBLIC;
CREATE TRIGGER objective_moved
	AFTER INSERT OR UPDATE OR DELETE ON sla.objective
	FOR EACH ROW EXECUTE FUNCTION sla.objective_moved();
COMMENT ON TRIGGER objective_moved ON sla.objective IS 'burn rules, credits and whatever else names it follow';

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
	span double precision;
	scale double precision := 1;
BEGIN
	IF objective IS NULL THEN
		RAISE EXCEPTION 'objective must not be null'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
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
	SELECT extract(epoch FROM w.to_at - w.from_at) INTO span
	FROM sla.objective_window(o, now()) AS w;
	-- the sets are made for a month: in a longer window one that could never fire looks as much farther back
	IF EXISTS (
		SELECT FROM sla.burn_rule_set AS s
		WHERE s.rule_set = chosen AND NOT sla.fires(sla.max_burn_rate(o.target_percent::double precision),
			sla.alert_factor(s.budget_percent::double precision, span, extract(epoch FROM s.long_window)::double precision)))
	THEN
		scale := greatest(span / extract(epoch FROM interval '30 days')::double precision, 1);
	END IF;
	-- of open time the windows have their share, in whole minutes
	IF o.calendar IS NOT NULL THEN
		scale := scale * sla.nominal_window(o, now()) / span;
	END IF;
	RETURN QUERY
	INSERT INTO sla.burn_rule (objective, name, budget_percent, long_window, short_window, min_events, hold_for, severity)
	SELECT o.name, s.name, s.budget_percent,
		-- (a window shorter than a slice is empty until the next one begins)
		greatest(o.slice, CASE WHEN scale = 1 THEN s.long_window
			ELSE interval '1 minute' * greatest(ceil(extract(epoch FROM s.long_window)::double precision / 60 * scale), 1) END),
		greatest(o.slice, CASE WHEN scale = 1 THEN s.short_window
			ELSE interval '1 minute' * greatest(ceil(extract(epoch FROM s.short_window)::double precision / 60 * scale), 1) END),
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
 * Where the last so many twelfths of a long window begin, for coverage: with a
 * bucket of rollups, where these are short enough for that.
 */
CREATE FUNCTION sla.part_from(o sla.objective, at timestamptz, long_window interval, part integer)
RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL RESTRICTED
RETURN CASE
	WHEN part = 12 OR long_window < interval '1 hour' THEN sla.back_from(o, at, long_window * (part / 12.0::double precision))
	ELSE pg_catalog.date_bin('5 minutes', sla.back_from(o, at, long_window * (part / 12.0::double precision)), '2000-01-01 00:00+00')
END;
COMMENT ON FUNCTION sla.part_from(sla.objective, timestamptz, interval, integer) IS
'private: where a part of a long window begins';
REVOKE ALL ON FUNCTION sla.part_from(sla.objective, timestamptz, interval, integer) FROM PUBLIC;

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
LANGUAGE plpgsql STABLE PARALLEL UNSAFE COST 10000 ROWS 10
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
	-- (in a window that is closed all the time nothing can be said)
	length := nullif(greatest(sla.nominal_window(o, at), 0), 0);
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
			SELECT sla.part_from(o, at, r.long_window, p.p)
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
	), rule AS MATERIALIZED (
		SELECT r.name, r.severity, r.min_events, s.s, f.factor, b.at AS until,
			greatest(sla.back_from(o, b.at, r.long_window), o.valid_from) AS long_from,
			greatest(sla.back_from(o, b.at, r.short_window), o.valid_from) AS short_from,
			ARRAY(SELECT sla.part_from(o, b.at, r.long_window, p.p) FROM generate_series(12, 1, -1) AS p (p)) AS parts
		FROM sla.burn_rule AS r
		CROSS JOIN LATERAL (
			SELECT sla.alert_factor(r.budget_percent::double precision, length, extract(epoch FROM r.long_window)::double precision)
		) AS f (factor)
		CROSS JOIN generate_series(0, CASE WHEN r.hold_for > interval '0' THEN 4 ELSE 0 END) AS s (s)
		CROSS JOIN LATERAL (SELECT sla.back_from(o, at, r.hold_for * (s.s / 4.0::double precision))) AS b (at)
		WHERE r.objective = o.name
	), sums AS (
		SELECT r.name, r.s, t.grp, sum(t.total) AS long_total, sum(t.good) AS long_good,
			sum(t.total) FILTER (WHERE t.at >= r.short_from) AS short_total,
			sum(t.good) FILTER (WHERE t.at >= r.short_from) AS short_good,
			count(DISTINCT width_bucket(t.at, r.parts)) FILTER (WHERE t.total > 0) AS parts
		FROM rule AS r
		JOIN tally AS t ON t.at >= r.long_from AND t.at < r.until
		GROUP BY 1, 2, 3
	), sample AS (
		SELECT r.*, g.grp, coalesce(m.long_total, 0) AS long_total, coalesce(m.short_total, 0) AS short_total,
			CASE WHEN coalesce(m.long_total, 0) >= r.min_events THEN sla.burn_rate(m.long_good, m.long_total, target) END AS long_burn,
			CASE WHEN coalesce(m.long_total, 0) >= r.min_events THEN
				sla.burn_rate(coalesce(m.short_good, 0), coalesce(m.short_total, 0), target)
			END AS short_burn,
			coalesce(m.parts, 0) AS held
		FROM rule AS r
		CROSS JOIN grp AS g
		LEFT JOIN sums AS m ON m.name = r.name AND m.s = r.s AND m.grp = g.grp
	), judged AS (
		SELECT s.*, sla.fires(s.long_burn, s.factor) AND sla.fires(s.short_burn, s.factor) AS above FROM sample AS s
	), firing AS (
		SELECT h.name, h.grp, CASE WHEN bool_or(NOT h.above) THEN false WHEN count(*) = count(h.above) THEN true END AS is_firing
		FROM judged AS h
		GROUP BY 1, 2
	)
	SELECT j.name, nullif(j.grp, ''), j.severity, j.factor, j.long_from, j.short_from,
		j.long_total, nullif(j.long_burn, 'Infinity'), j.short_total, nullif(j.short_burn, 'Infinity'),
		CASE WHEN o.kind IN ('event', 'value', 'slice') THEN sla.coverage_percent(j.held::double precision, 12) END,
		j.above, f.is_firing
	FROM judged AS j
	JOIN firing AS f ON f.name = j.name AND f.grp = j.grp
	WHERE j.s = 0
	ORDER BY j.name, j.grp;
END
$$;
COMMENT ON FUNCTION sla.objective_alerts(text, timestamptz) IS 'private: what sla.slo_alerts() says, for the owner of the extension';
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
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 10000 ROWS 10;
COMMENT ON FUNCTION sla.slo_alerts(text, timestamptz, boolean) IS
'the burn rules of an objective at an instant, each group; where nothing can be said "is_firing" is NULL, and an alert stays as it is';

CREATE FUNCTION sla.burn_rules_at(objective text, at timestamptz, is_lenient boolean)
RETURNS TABLE (
	rule text, group_value text, severity text, factor double precision,
	long_from timestamptz, short_from timestamptz, long_total double precision, long_burn_rate double precision,
	short_total double precision, short_burn_rate double precision, coverage_percent double precision,
	is_above boolean, is_firing boolean, problem text)
AS 'MODULE_PATHNAME', 'sla_burn_rules_at'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 10000 ROWS 10;
COMMENT ON FUNCTION sla.burn_rules_at(text, timestamptz, boolean) IS
'private: what sla.slo_alerts() says, and why it cannot: without a warning';
REVOKE ALL ON FUNCTION sla.burn_rules_at(text, timestamptz, boolean) FROM PUBLIC;

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
FROM (SELECT DISTINCT r.objective FROM sla.burn_rule AS r) AS o (name),
	LATERAL sla.slo_alerts(o.name, pg_catalog.now(), true) AS a;

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
