--
-- Composites: several objectives told as one
--
-- Like agreements these are the administrator's: the members may be of several
-- owners.
--

CREATE TABLE sla.composite (
	name text NOT NULL CONSTRAINT name_is_not_empty CHECK (name <> ''),
	member text NOT NULL,
	weight double precision NOT NULL DEFAULT 1 CONSTRAINT weight_is_positive CHECK (weight > 0 AND weight < 'Infinity'),
	method text NOT NULL DEFAULT 'weighted' CONSTRAINT method_is_weighted_or_worst CHECK (method IN ('weighted', 'worst')),
	PRIMARY KEY (name, member)
);
COMMENT ON TABLE sla.composite IS 'objectives that are told as one; a row for each member';
COMMENT ON COLUMN sla.composite.name IS 'name of the composite';
COMMENT ON COLUMN sla.composite.member IS 'name of an objective; of its groups the worst counts';
COMMENT ON COLUMN sla.composite.weight IS 'how much it counts where the method is weighted';
COMMENT ON COLUMN sla.composite.method IS 'weighted (the mean of the members, by weight) or worst (the member that has used up most of its budget); the same for all members';
SELECT pg_catalog.pg_extension_config_dump('sla.composite', '');

CREATE FUNCTION sla.check_composite()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF sla.restoring() THEN
		RETURN NULL;
	END IF;
	IF NOT EXISTS (SELECT FROM sla.objective AS o WHERE o.name = NEW.member) THEN
		RAISE EXCEPTION 'objective "%" does not exist', NEW.member
			USING ERRCODE = 'undefined_object', HINT = 'Insert it into sla.objective first.';
	END IF;
	IF EXISTS (SELECT FROM sla.composite AS c WHERE c.name = NEW.name AND c.method <> NEW.method) THEN
		RAISE EXCEPTION 'members of composite "%" are not of one method', NEW.name
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Change the method of all of them in one UPDATE.';
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.check_composite() IS 'checks a member of a composite';
REVOKE ALL ON FUNCTION sla.check_composite() FROM PUBLIC;
CREATE TRIGGER check_composite
	AFTER INSERT OR UPDATE ON sla.composite
	FOR EACH ROW EXECUTE FUNCTION sla.check_composite();
COMMENT ON TRIGGER check_composite ON sla.composite IS 'checks a member';

/*
 * What cannot be told of a member is not told of the whole.  One in whose window
 * nothing counts is left out.
 */
CREATE VIEW sla.report_slo_composite AS
SELECT
	c.name AS composite,
	c.method,
	c.members,
	c.told_members,
	t.sli_percent,
	t.target_percent,
	t.consumed_percent,
	CASE
		WHEN c.problem IS NOT NULL THEN 'error'
		ELSE coalesce(sla.slo_state(t.sli_percent, t.target_percent, CASE WHEN t.consumed_percent < 100 THEN 1 ELSE 0 END), 'no_data')
	END AS status,
	CASE WHEN c.problem IS NULL AND c.told_members > 0 THEN c.worst_member END AS worst_member,
	c.problem
FROM (
	SELECT
		m.name,
		max(m.method) AS method,
		count(*)::integer AS members,
		count(m.sli_percent)::integer AS told_members,
		coalesce(pg_catalog.array_agg(m.sli_percent ORDER BY m.member), '{}') AS percents,
		pg_catalog.array_agg(m.weight ORDER BY m.member) AS weights,
		sla.weighted_percent(pg_catalog.array_agg(CASE WHEN m.sli_percent IS NOT NULL THEN m.target_percent END ORDER BY m.member),
			pg_catalog.array_agg(m.weight ORDER BY m.member)) AS target_percent,
		(pg_catalog.array_agg(m.member ORDER BY m.rank))[1] AS worst_member,
		(pg_catalog.array_agg(m.sli_percent ORDER BY m.rank))[1] AS worst_percent,
		(pg_catalog.array_agg(m.target_percent ORDER BY m.rank))[1] AS worst_target,
		(pg_catalog.array_agg(m.consumed_percent ORDER BY m.rank))[1] AS worst_consumed,
		pg_catalog.string_agg(pg_catalog.concat(m.member, ': ', m.problem), '; ' ORDER BY m.member)
			FILTER (WHERE m.problem IS NOT NULL) AS problem
	FROM (
		SELECT c.name, c.method, c.member, c.weight, s.target_percent, s.sli_percent, s.consumed_percent,
			CASE WHEN NOT EXISTS (SELECT FROM sla.objective AS o WHERE o.name = c.member) THEN 'there is no such objective' ELSE s.problem END AS problem,
			pg_catalog.row_number() OVER (PARTITION BY c.name ORDER BY s.used DESC NULLS LAST, s.sli_percent - s.target_percent, c.member) AS rank
		FROM sla.composite AS c
		LEFT JOIN (
			-- of groups the worst
			SELECT DISTINCT ON (r.objective) r.*, u.used
			FROM sla.report_slo_status AS r
			CROSS JOIN LATERAL (
				SELECT CASE WHEN r.consumed_percent IS NULL AND r.sli_percent < r.target_percent THEN 'Infinity' ELSE r.consumed_percent END
			) AS u (used)
			ORDER BY r.objective, r.problem, u.used DESC NULLS LAST, r.sli_percent
		) AS s ON s.objective = c.member
	) AS m
	GROUP BY m.name
) AS c
CROSS JOIN LATERAL (
	SELECT
		CASE WHEN c.problem IS NULL THEN CASE c.method WHEN 'worst' THEN c.worst_percent ELSE sla.weighted_percent(c.percents, c.weights) END END,
		CASE c.method WHEN 'worst' THEN c.worst_target ELSE c.target_percent END
) AS v (sli_percent, target_percent)
CROSS JOIN LATERAL (
	SELECT v.sli_percent, v.target_percent,
		CASE WHEN c.problem IS NULL THEN
			CASE c.method WHEN 'worst' THEN c.worst_consumed ELSE sla.consumed_percent(100, v.sli_percent, 100 - v.target_percent) END
		END
) AS t (sli_percent, target_percent, consumed_percent);

COMMENT ON VIEW sla.report_slo_composite IS
'composites as they stand now; who reads it must be allowed to read report_slo_status too';
COMMENT ON COLUMN sla.report_slo_composite.composite IS 'name of the composite';
COMMENT ON COLUMN sla.report_slo_composite.method IS 'weighted or worst';
COMMENT ON COLUMN sla.report_slo_composite.members IS 'how many objectives it has';
COMMENT ON COLUMN sla.report_slo_composite.told_members IS 'in the windows of how many of them anything counts';
COMMENT ON COLUMN sla.report_slo_composite.sli_percent IS 'the mean of the indicators by weight, or the worst member''s; NULL when nothing counts, or there is a problem';
COMMENT ON COLUMN sla.report_slo_composite.target_percent IS 'the mean of the targets by weight, or the worst member''s';
COMMENT ON COLUMN sla.report_slo_composite.consumed_percent IS 'the percentage of its error budget that is used up';
COMMENT ON COLUMN sla.report_slo_composite.status IS 'no_data, healthy, degrading, violated; or error: a member cannot be read';
COMMENT ON COLUMN sla.report_slo_composite.worst_member IS 'the objective that has used up most of its budget';
COMMENT ON COLUMN sla.report_slo_composite.problem IS 'members of which nothing can be told, and why';
