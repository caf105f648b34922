--
-- Operations: who may do what, and for how long history is kept
--

/*
 * Levels.  An extension cannot own roles, so the administrator has roles of his
 * own and gives them a level.  What belongs to a level is read from the catalog:
 *
 *	reader		views, and functions that only ask
 *	operator	besides, functions that act, and what there is to read in tables
 *
 * Not what everybody may use anyway, and nothing whose comment begins with
 * "private: " or "administrator: ".  One of "operator: " makes a function that
 * only asks one for operators.  test/sql/privileges.sql lists what each may.
 */
CREATE VIEW sla.level_right AS
SELECT r.level, r.what, pg_catalog.format('%s ON %s %s', r.privilege, r.sort, r.object) AS grant_text
FROM (
	SELECT CASE c.relkind WHEN 'v' THEN 'reader' ELSE 'operator' END AS level, c.oid::regclass::text AS what,
		'SELECT' AS privilege, 'TABLE' AS sort, pg_catalog.format('sla.%I', c.relname) AS object,
		pg_catalog.obj_description(c.oid, 'pg_class') AS comment
	FROM pg_catalog.pg_class AS c
	JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
	JOIN pg_catalog.pg_extension AS e ON d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.refobjid = e.oid
	WHERE e.extname = 'sla_tracker' AND c.relkind IN ('v', 'r', 'p')
		AND NOT pg_catalog.has_table_privilege('public', c.oid, 'SELECT')
	UNION ALL
	SELECT CASE WHEN p.provolatile = 'v' OR pg_catalog.obj_description(p.oid, 'pg_proc') LIKE 'operator: %'
			THEN 'operator' ELSE 'reader' END, p.oid::regprocedure::text,
		'EXECUTE', 'FUNCTION', p.oid::regprocedure::text,
		pg_catalog.obj_description(p.oid, 'pg_proc')
	FROM pg_catalog.pg_proc AS p
	JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace AND n.nspname = 'sla'
	JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	JOIN pg_catalog.pg_extension AS e ON d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.refobjid = e.oid
	WHERE e.extname = 'sla_tracker'
		AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
		AND NOT pg_catalog.has_function_privilege('public', p.oid, 'EXECUTE')
) AS r
WHERE r.comment NOT LIKE 'private: %' AND r.comment NOT LIKE 'administrator: %';
COMMENT ON VIEW sla.level_right IS 'private: what the levels reader and operator add, from the catalog';

CREATE FUNCTION sla.check_level(role regrole, level text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF level IS NULL OR level NOT IN ('reader', 'operator') THEN
		RAISE EXCEPTION 'there is no level "%"', level
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Levels are reader and operator.';
	END IF;
	IF NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.oid = role) THEN
		RAISE EXCEPTION 'role with OID % does not exist', role::oid
			USING ERRCODE = 'undefined_object', HINT = 'Name a role, as in ''reporting''.';
	END IF;
END
$$;
COMMENT ON FUNCTION sla.check_level(regrole, text) IS 'private: an error when there is no such role or level';
REVOKE ALL ON FUNCTION sla.check_level(regrole, text) FROM PUBLIC;

CREATE FUNCTION sla.grant_to(role regrole, level text)
RETURNS void
LANGUAGE plpgsql STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	granted text;
BEGIN
	PERFORM sla.check_level(role, level);
	FOR granted IN
		SELECT r.grant_text FROM sla.level_right AS r WHERE r.level IN (grant_to.level, 'reader')
	LOOP
		EXECUTE format('GRANT %s TO %s', granted, role);
	END LOOP;
END
$$;
COMMENT ON FUNCTION sla.grant_to(regrole, text) IS
'administrator: gives a role a level, reader or operator; to be called again after an update of the extension';
REVOKE ALL ON FUNCTION sla.grant_to(regrole, text) FROM PUBLIC;

CREATE FUNCTION sla.revoke_from(role regrole, level text)
RETURNS void
LANGUAGE plpgsql STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	granted text;
BEGIN
	PERFORM sla.check_level(role, level);
	FOR granted IN
		SELECT r.grant_text FROM sla.level_right AS r WHERE r.level IN (revoke_from.level, 'operator')
	LOOP
		EXECUTE format('REVOKE %s FROM %s', granted, role);
	END LOOP;
END
$$;
COMMENT ON FUNCTION sla.revoke_from(regrole, text) IS
'administrator: takes a level away, and the one above: without operator a role is a reader still, without reader nothing';
REVOKE ALL ON FUNCTION sla.revoke_from(regrole, text) FROM PUBLIC;

CREATE FUNCTION sla.is_operator()
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN true;
COMMENT ON FUNCTION sla.is_operator() IS
'operator: who may execute this may correct clocks of every table, see sla.correct()';
REVOKE ALL ON FUNCTION sla.is_operator() FROM PUBLIC;

/*
 * Retention.  What is finished is deleted by age, so much at a time.  Nothing is
 * as long as there is no row here.
 */
CREATE TABLE sla.retention (
	kind text NOT NULL CONSTRAINT kind_is_clock_change_error_or_alert CHECK (kind IN ('clock', 'change', 'error', 'alert')),
	relation regclass NOT NULL DEFAULT '-',
	keep interval NOT NULL CONSTRAINT keep_is_from_1_day_to_1000_years CHECK (keep BETWEEN interval '1 day' AND interval '1000 years'),
	PRIMARY KEY (kind, relation)
);
COMMENT ON TABLE sla.retention IS 'for how long history is kept; what has no row here is kept for ever';
COMMENT ON COLUMN sla.retention.kind IS
'clock (finished clocks with their changes), change (rows of sla.clock_change), error (healed rows of sla.sync_error) or alert (rows of sla.alert that are withdrawn, or whose clock is deleted, with the calls of escalations)';
COMMENT ON COLUMN sla.retention.relation IS 'the tracked table; "-": every table that has no row of its own';
COMMENT ON COLUMN sla.retention.keep IS 'at least for so long: of clocks from their end on';
ALTER TABLE sla.retention ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON sla.retention USING (sla.may_define(relation));
COMMENT ON POLICY owner ON sla.retention IS 'who owns the table; a superuser where it is "-"';
GRANT SELECT, INSERT, UPDATE, DELETE ON sla.retention TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('sla.retention', '');

/*
 * How far a pass over the finished clocks of a table, or over all alerts, has come.  What
 * must stay is not looked at again until the next pass, a day later.
 */
CREATE TABLE sla.retention_pass (
	relation regclass NOT NULL,
	kind text NOT NULL,
	began_at timestamptz NOT NULL,
	is_over boolean NOT NULL DEFAULT false,
	seen_at timestamptz NOT NULL DEFAULT '-infinity',
	seen_id bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (relation, kind)
);
COMMENT ON TABLE sla.retention_pass IS 'private: how far sla.retain() has come with the clocks of a table, and with alerts';
COMMENT ON COLUMN sla.retention_pass.relation IS 'the tracked table; "-" of alerts';
COMMENT ON COLUMN sla.retention_pass.kind IS 'clock or alert';
COMMENT ON COLUMN sla.retention_pass.began_at IS 'when the pass began';
COMMENT ON COLUMN sla.retention_pass.is_over IS 'nothing is left to look at';
COMMENT ON COLUMN sla.retention_pass.seen_at IS 'the end of the clock that was looked at last';
COMMENT ON COLUMN sla.retention_pass.seen_id IS 'its number, or that of the alert';

CREATE INDEX clock_change_recorded_idx ON sla.clock_change (recorded_at);

CREATE FUNCTION sla.items_present(relation regclass, items text[])
RETURNS boolean[]
AS 'MODULE_PATHNAME', 'sla_items_present'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 100000;
COMMENT ON FUNCTION sla.items_present(regclass, text[]) IS
'private: which of these items a tracked table still has';
REVOKE ALL ON FUNCTION sla.items_present(regclass, text[]) FROM PUBLIC;

/*
 * The instant from which on clocks that ended are needed: the first of the months
 * and windows that may still change, of the long windows of burn rules, and of the
 * periods that are to be closed, whatever keeps them from it.  A verdict is never later than the end.
 */
CREATE FUNCTION sla.needed_from(relation regclass, at timestamptz)
RETURNS timestamptz
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT min(f.from_at)
	FROM (
		-- in any time zone
		SELECT pg_catalog.timezone('UTC', pg_catalog.date_trunc('month',
			pg_catalog.timezone('UTC', needed_from.at - interval '5 days') - interval '16 hours') - interval '16 hours')
		UNION ALL
		SELECT least(w.from_at, m.from_at)
		FROM sla.objective AS o
		CROSS JOIN LATERAL sla.objective_window(o, needed_from.at - o.close_after) AS w
		CROSS JOIN LATERAL sla.calendar_window('month', NULL, o.time_zone, needed_from.at - o.close_after) AS m
		WHERE o.kind = 'clock' AND o.relation = needed_from.relation
		UNION ALL
		-- (of open time a rule wants no more than the window before has)
		SELECT CASE
			WHEN o.calendar IS NULL THEN sla.back_from(o, needed_from.at, r.long_window + r.hold_for)
			ELSE (sla.objective_window(o, w.from_at - interval '1 us')).from_at
		END
		FROM sla.burn_rule AS r
		JOIN sla.objective AS o ON o.name = r.objective
		CROSS JOIN LATERAL sla.objective_window(o, needed_from.at) AS w
		WHERE o.kind = 'clock' AND o.relation = needed_from.relation
		UNION ALL
		-- (service credits tell the month that it begins in by what is known, as long as it is not closed)
		SELECT least(p.from_at, (
			SELECT min(m.from_at)
			FROM sla.credit AS c
			JOIN sla.agreement AS a ON a.party = c.party AND a.name = c.agreement
			CROSS JOIN LATERAL sla.calendar_window('month', NULL, coalesce(a.time_zone, 'UTC'), p.from_at) AS m
			WHERE c.objective = n.name))
		FROM sla.objective_name AS n
		CROSS JOIN LATERAL sla.period_at(n.name, sla.closed_until(n)) AS p
		WHERE EXISTS (
			SELECT
			FROM sla.objective AS o
			WHERE o.name = n.name AND o.kind = 'clock' AND o.relation = needed_from.relation)
	) AS f (from_at);
END;
COMMENT ON FUNCTION sla.needed_from(regclass, timestamptz) IS
'private: clocks that ended from here on count in a period that is not over, or in a burn rate';
REVOKE ALL ON FUNCTION sla.needed_from(regclass, timestamptz) FROM PUBLIC;

/* The pass of a table, from its beginning when the last was a day ago; NULL: not now. */
CREATE FUNCTION sla.take_pass(relation regclass, kind text, at timestamptz)
RETURNS sla.retention_pass
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	pass sla.retention_pass;
BEGIN
	-- (whoever drops the table has deleted it: that is not waited for)
	IF NOT EXISTS (SELECT FROM sla.retention_pass AS p WHERE p.relation = take_pass.relation AND p.kind = take_pass.kind) THEN
		INSERT INTO sla.retention_pass (relation, kind, began_at)
		VALUES (take_pass.relation, take_pass.kind, at)
		ON CONFLICT DO NOTHING;
	END IF;
	SELECT * INTO pass
	FROM sla.retention_pass AS p
	WHERE p.relation = take_pass.relation AND p.kind = take_pass.kind
		AND (NOT p.is_over OR p.began_at NOT BETWEEN at - interval '1 day' AND at)
	FOR UPDATE SKIP LOCKED;
	IF pass.is_over THEN
		pass.began_at := at;
		pass.seen_at := '-infinity';
		pass.seen_id := 0;
	END IF;
	RETURN pass;
END
$$;
COMMENT ON FUNCTION sla.take_pass(regclass, text, timestamptz) IS
'private: how far the pass of a table has come, locked; NULL when it is over, or another session is at it';
REVOKE ALL ON FUNCTION sla.take_pass(regclass, text, timestamptz) FROM PUBLIC;

/*
 * A finished clock of a row that is still there stays: at the next write of the
 * row, or sla.sync(), it would begin anew.
 */
CREATE FUNCTION sla.retain_clocks(relation regclass, keep interval, at timestamptz, max_items integer)
RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	pass sla.retention_pass := sla.take_pass(relation, 'clock', at);
	until timestamptz;
	batch record;
	gone bigint[];
	deleted integer;
BEGIN
	IF pass.relation IS NULL THEN
		RETURN 0;
	END IF;
	until := least(at - keep, sla.needed_from(relation, at));

	SELECT array_agg(c.clock_id) AS clocks, array_agg(c.item) AS items, count(*) AS n,
		max(c.ended_at) AS ended_at, (array_agg(c.clock_id ORDER BY c.ended_at DESC, c.clock_id DESC))[1] AS clock_id
	INTO batch
	FROM (
		SELECT s.clock_id, s.item, s.ended_at
		FROM sla.clock_state AS s
		WHERE s.relation = retain_clocks.relation
			AND s.ended_at IS NOT NULL AND s.ended_at < until
			AND (s.ended_at, s.clock_id) > (pass.seen_at, pass.seen_id)
		ORDER BY s.ended_at, s.clock_id
		LIMIT max_items
	) AS c;

	-- (what somebody works on, in the next pass; who had it before has written his
	-- changes by the time that these are deleted)
	gone := ARRAY(
		SELECT l.clock_id
		FROM sla.clock_state AS l
		JOIN unnest(batch.clocks, sla.items_present(retain_clocks.relation, batch.items)) AS f (clock_id, is_present)
			ON f.clock_id = l.clock_id
		WHERE NOT f.is_present AND l.ended_at < until
		FOR UPDATE OF l SKIP LOCKED);
	DELETE FROM sla.clock_change AS h WHERE h.clock = ANY (gone);
	DELETE FROM sla.clock_state AS c WHERE c.clock_id = ANY (gone);
	GET DIAGNOSTICS deleted = ROW_COUNT;

	UPDATE sla.retention_pass AS p
	SET began_at = pass.began_at,
		is_over = batch.n < max_items,
		seen_at = coalesce(batch.ended_at, pass.seen_at),
		seen_id = coalesce(batch.clock_id, pass.seen_id)
	WHERE p.relation = pass.relation AND p.kind = pass.kind;
	RETURN deleted;
END
$$;
COMMENT ON FUNCTION sla.retain_clocks(regclass, interval, timestamptz, integer) IS
'private: looks at so many finished clocks of a table, and deletes those that nothing needs';
REVOKE ALL ON FUNCTION sla.retain_clocks(regclass, interval, timestamptz, integer) FROM PUBLIC;

/*
 * Alerts that are not true any more, and of clocks that are no more: while its
 * clock is there one that is true would be raised again.  Calls go with them.
 * Alerts are numbered as they are raised, so a pass is over where they are young for
 * any table; those that a rehearsal left may be of the future.
 */
CREATE FUNCTION sla.retain_alerts(at timestamptz, max_items integer)
RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $$
DECLARE
	shortest interval := (SELECT min(k.keep) FROM sla.retention AS k WHERE k.kind = 'alert');
	of_all interval := (SELECT k.keep FROM sla.retention AS k WHERE k.kind = 'alert' AND k.relation = 0);
	pass sla.retention_pass;
	batch record;
	deleted integer;
BEGIN
	IF shortest IS NULL THEN
		RETURN 0;
	END IF;
	pass := sla.take_pass(0, 'alert', at);
	IF pass.relation IS NULL THEN
		RETURN 0;
	END IF;
	SELECT count(*) AS n, max(a.id) AS id,
		bool_or(a.raised_at >= retain_alerts.at - shortest AND a.raised_at <= retain_alerts.at) AS is_young,
		array_agg(a.id) FILTER (WHERE a.is_old AND a.withdrawn_at IS NOT NULL) AS untrue,
		array_agg(a.id) FILTER (WHERE a.is_old AND a.withdrawn_at IS NULL AND a.clock_id IS NOT NULL) AS of_clocks,
		array_agg(a.clock_id) FILTER (WHERE a.is_old AND a.withdrawn_at IS NULL AND a.clock_id IS NOT NULL) AS clocks
	INTO batch
	FROM (
		-- (the row of the table, else the one of all others)
		SELECT d.id, d.raised_at, d.withdrawn_at, d.clock_id,
			d.raised_at < retain_alerts.at - coalesce(k.keep, of_all)
			-- (while it keeps a burn rule from firing)
			AND NOT (d.kind = 'burn_rate' AND EXISTS (
				SELECT
				FROM sla.burn_rule AS r
				WHERE r.objective = d.objective AND r.name = d.rule
					AND d.raised_at + make_interval(secs => extract(epoch FROM r.cooldown)::double precision) > retain_alerts.at)) AS is_old
		FROM (
			SELECT l.id, l.kind, l.relation, l.objective, l.rule, l.raised_at, l.withdrawn_at, l.clock_id
			FROM sla.alert AS l
			WHERE l.id > pass.seen_id
			ORDER BY l.id
			LIMIT max_items
		) AS d
		LEFT JOIN sla.retention AS k ON k.kind = 'alert' AND k.relation = d.relation
	) AS a;

	WITH gone AS (
		DELETE FROM sla.alert AS a
		WHERE a.id = ANY (ARRAY(
			SELECT d.id
			FROM sla.alert AS d
			WHERE d.id = ANY (batch.untrue || ARRAY(
				SELECT o.id
				FROM unnest(batch.of_clocks, batch.clocks) AS o (id, clock_id)
				WHERE NOT EXISTS (SELECT FROM sla.clock_state AS c WHERE c.clock_id = o.clock_id)))
			FOR UPDATE SKIP LOCKED))
		RETURNING a.id
	), forgotten AS (
		DELETE FROM sla.escalation_run AS r USING gone AS g WHERE r.alert = g.id
	)
	SELECT count(*) INTO deleted FROM gone;

	UPDATE sla.retention_pass AS p
	SET began_at = pass.began_at,
		is_over = batch.n < max_items OR batch.is_young,
		seen_id = coalesce(batch.id, pass.seen_id)
	WHERE p.relation = pass.relation AND p.kind = pass.kind;
	RETURN deleted;
END
$$;
COMMENT ON FUNCTION sla.retain_alerts(timestamptz, integer) IS
'private: looks at so many alerts, deletes those that are older than sla.retention says, and says how many';
REVOKE ALL ON FUNCTION sla.retain_alerts(timestamptz, integer) FROM PUBLIC;

/* How long a day or month is does not depend on who calls. */
CREATE FUNCTION sla.retain(at timestamptz, max_items integer)
RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $$
DECLARE
	kept record;
	needed_from timestamptz;
	deleted integer := sla.retain_alerts(at, max_items);
	n integer;
BEGIN
	FOR kept IN
		-- the row of the table, else the one of all others
		SELECT DISTINCT ON (k.kind, t.relation) k.kind, t.relation, k.keep
		FROM (SELECT p.relation FROM sla.promise AS p UNION SELECT t.relation FROM sla.tracked AS t) AS t
		JOIN sla.retention AS k ON k.relation = t.relation OR k.relation = 0
		WHERE k.kind <> 'alert' AND NOT (k.kind = 'clock' AND sla.owner_is_paused(t.relation))
		ORDER BY k.kind, t.relation, k.relation = t.relation DESC
	LOOP
		EXIT WHEN deleted >= max_items;
		CASE kept.kind
			WHEN 'clock' THEN
				n := sla.retain_clocks(kept.relation, kept.keep, at, max_items - deleted);
			WHEN 'change' THEN
				needed_from := sla.needed_from(kept.relation, at);
				DELETE FROM sla.clock_change AS h
				WHERE h.ctid = ANY (ARRAY(
					SELECT d.ctid
					FROM sla.clock_change AS d
					JOIN sla.clock_state AS c ON c.clock_id = d.clock
					WHERE d.recorded_at < retain.at - kept.keep
						AND c.relation = kept.relation AND c.ended_at < needed_from
					LIMIT max_items - deleted
					FOR UPDATE OF d SKIP LOCKED));
				GET DIAGNOSTICS n = ROW_COUNT;
			ELSE
				DELETE FROM sla.sync_error AS e
				WHERE e.id = ANY (ARRAY(
					SELECT d.id
					FROM sla.sync_error AS d
					WHERE d.is_healed AND d.relation = kept.relation AND d.at < retain.at - kept.keep
					LIMIT max_items - deleted
					FOR UPDATE SKIP LOCKED));
				GET DIAGNOSTICS n = ROW_COUNT;
		END CASE;
		deleted := deleted + n;
	END LOOP;
	RETURN deleted;
END
$$;
COMMENT ON FUNCTION sla.retain(timestamptz, integer) IS
'private: deletes history that is older than sla.retention says, so much at most, and says how much';
REVOKE ALL ON FUNCTION sla.retain(timestamptz, integer) FROM PUBLIC;

CREATE FUNCTION sla.is_retaining()
RETURNS boolean
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT EXISTS (
		SELECT
		FROM sla.retention_pass AS p
		JOIN sla.retention AS k ON k.kind = p.kind AND (p.kind = 'alert' OR k.relation IN (p.relation, 0))
		WHERE NOT p.is_over
			AND (p.kind = 'alert' OR NOT sla.owner_is_paused(p.relation)
				AND (EXISTS (SELECT FROM sla.promise AS m WHERE m.relation = p.relation)
					OR EXISTS (SELECT FROM sla.tracked AS t WHERE t.relation = p.relation))));
END;
COMMENT ON FUNCTION sla.is_retaining() IS 'private: is a pass of sla.retain() under way that its next call goes on with?';
REVOKE ALL ON FUNCTION sla.is_retaining() FROM PUBLIC;

/*
 * Logical replication tells rows apart by a key, and refuses an UPDATE or DELETE of
 * those that are published and have none.  These have none: some are small, and of
 * the others rows are deleted where they are found, by sla.tick().
 */
ALTER TABLE sla.calendar_history REPLICA IDENTITY FULL;
ALTER TABLE sla.credit REPLICA IDENTITY FULL;
ALTER TABLE sla.revision REPLICA IDENTITY FULL;
ALTER TABLE sla.clock_due REPLICA IDENTITY FULL;
ALTER TABLE sla.clock_due_new REPLICA IDENTITY FULL;
ALTER TABLE sla.month_keeping REPLICA IDENTITY FULL;
ALTER TABLE sla.rollup_delta REPLICA IDENTITY FULL;

/*
 * Clocks are updated and deleted all the time: their tables are vacuumed after so
 * many changes rather than by a share of what has gathered in a year.
 */
ALTER TABLE sla.clock_state SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE sla.clock_change SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
