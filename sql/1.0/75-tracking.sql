--
-- Tracking: the triggers of tracked tables and of definitions
--

/*
 * A restore brings definitions, functions, promises and clocks that belong
 * together, in an order of its own: what triggers would check or make is left
 * alone then.  A superuser's session that runs what pg_dump wrote has these settings; should
 * it be another, sla.status() tells what is missing and sla.track() makes it.
 */
CREATE FUNCTION sla.restoring()
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT NOT pg_catalog.current_setting('check_function_bodies')::boolean
		AND NOT pg_catalog.current_setting('row_security')::boolean
		AND (SELECT r.rolsuper FROM pg_catalog.pg_roles AS r WHERE r.rolname = session_user);
END;
COMMENT ON FUNCTION sla.restoring() IS 'private: is this session restoring a dump?';

/*
 * Edits of definitions come one after the other: whoever makes clocks stale has to
 * see every promise, and numbers of revisions have to be in the order of commits.
 */
CREATE FUNCTION sla.edit_alone()
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM FROM sla.revision FOR UPDATE;
END
$$;
COMMENT ON FUNCTION sla.edit_alone() IS 'private: waits until every other edit of definitions is committed, and lets none begin before this one is';
REVOKE ALL ON FUNCTION sla.edit_alone() FROM PUBLIC;

CREATE FUNCTION sla.track_row()
RETURNS trigger
AS 'MODULE_PATHNAME', 'sla_track_row'
LANGUAGE C;
COMMENT ON FUNCTION sla.track_row() IS 'AFTER ROW trigger of a tracked table: notes a row that was written';

CREATE FUNCTION sla.track_statement()
RETURNS trigger
AS 'MODULE_PATHNAME', 'sla_track_statement'
LANGUAGE C;
COMMENT ON FUNCTION sla.track_statement() IS 'STATEMENT trigger of a tracked table: brings the clocks of the rows written up to date';

CREATE FUNCTION sla.track_truncate()
RETURNS trigger
AS 'MODULE_PATHNAME', 'sla_track_truncate'
LANGUAGE C;
COMMENT ON FUNCTION sla.track_truncate() IS 'AFTER TRUNCATE trigger of a tracked table: cancels open clocks';

CREATE FUNCTION sla.track_source()
RETURNS trigger
AS 'MODULE_PATHNAME', 'sla_track_source'
LANGUAGE C;
COMMENT ON FUNCTION sla.track_source() IS 'AFTER INSERT ROW trigger of a source: the row is a signal';

CREATE FUNCTION sla.derived(clock sla.clock_state)
RETURNS sla.clock_state
AS 'MODULE_PATHNAME', 'sla_derived'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION sla.derived(sla.clock_state) IS 'private: an open clock as it is by the definitions that the statement sees';
REVOKE ALL ON FUNCTION sla.derived(sla.clock_state) FROM PUBLIC;

CREATE FUNCTION sla.excepted_elapsed(clock_id bigint, relation regclass, item text, started_at timestamptz, at timestamptz)
RETURNS bigint
AS 'MODULE_PATHNAME', 'sla_excepted_elapsed'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sla.excepted_elapsed(bigint, regclass, text, timestamptz, timestamptz) IS
'private: what a clock has used at an instant, in microseconds, without the time that exceptions take out';
-- (in views, which call it with the rights of their readers)

CREATE FUNCTION sla.elapsed_at(clock sla.clock_state, at timestamptz)
RETURNS bigint
AS 'MODULE_PATHNAME', 'sla_elapsed_at'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sla.elapsed_at(sla.clock_state, timestamptz) IS 'private: the same of a clock as given';
REVOKE ALL ON FUNCTION sla.elapsed_at(sla.clock_state, timestamptz) FROM PUBLIC;

CREATE FUNCTION sla.cannot_derive(clock sla.clock_state)
RETURNS text
AS 'MODULE_PATHNAME', 'sla_cannot_derive'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION sla.cannot_derive(sla.clock_state) IS 'private: the SQLSTATE of the error for which an open clock cannot be derived, or NULL';
REVOKE ALL ON FUNCTION sla.cannot_derive(sla.clock_state) FROM PUBLIC;

CREATE FUNCTION sla.refresh_clocks(relation regclass, clocks bigint[], OUT refreshed bigint, OUT busy bigint)
AS 'MODULE_PATHNAME', 'sla_refresh_clocks'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION sla.refresh_clocks(regclass, bigint[]) IS
'private: derives clocks by the present definitions and stores them, and says how many, and how many it left since somebody works on them; of a finished clock only the net verdict moves';
REVOKE ALL ON FUNCTION sla.refresh_clocks(regclass, bigint[]) FROM PUBLIC;

CREATE FUNCTION sla.sync(
	relation regclass,
	items text[] DEFAULT NULL,
	OUT items bigint,
	OUT started bigint,
	OUT changed bigint,
	OUT cancelled bigint,
	OUT errors bigint)
AS 'MODULE_PATHNAME', 'sla_sync'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000;

CREATE FUNCTION sla.set_trigger_columns(relation regclass, widening boolean DEFAULT false, passing boolean DEFAULT false)
RETURNS void
AS 'MODULE_PATHNAME', 'sla_set_trigger_columns'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION sla.set_trigger_columns(regclass, boolean, boolean) IS
'private: lets the row trigger of a tracked table fire only for updates of columns that expressions read, where that is safe';
REVOKE ALL ON FUNCTION sla.set_trigger_columns(regclass, boolean, boolean) FROM PUBLIC;

CREATE FUNCTION sla.widen_triggers(tables oid[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM sla.set_trigger_columns(t.relation, true)
	FROM sla.tracked AS t
	WHERE t.relation IN (
		WITH RECURSIVE above (oid) AS (
			SELECT u.oid FROM unnest(tables) AS u (oid)
			UNION
			SELECT i.inhparent FROM above AS a JOIN pg_inherits AS i ON i.inhrelid = a.oid
		)
		SELECT a.oid FROM above AS a);
END
$$;
COMMENT ON FUNCTION sla.widen_triggers(oid[]) IS 'private: lets the row triggers of tracked tables, among these tables or above them, fire for more updates where they must';
REVOKE ALL ON FUNCTION sla.widen_triggers(oid[]) FROM PUBLIC;

/*
 * Which table is tracked
 */

CREATE FUNCTION sla.make_triggers(relation regclass)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	number text := (SELECT t.id FROM sla.tracked AS t WHERE t.relation = make_triggers.relation);
	tables regclass[];
	tab regclass;
BEGIN
	-- a partitioned table hands its row triggers down; children by inheritance
	-- do not get them
	WITH RECURSIVE family (oid) AS (
		SELECT relation::oid
		UNION
		SELECT i.inhrelid
		FROM family AS f
		JOIN pg_class AS parent ON parent.oid = f.oid AND parent.relkind = 'r'
		JOIN pg_inherits AS i ON i.inhparent = f.oid
	)
	SELECT array_agg(f.oid::regclass) INTO tables FROM family AS f;
	FOREACH tab IN ARRAY tables LOOP
		CONTINUE WHEN EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = tab AND t.tgname = 'sla_track_row');
		EXECUTE format('CREATE TRIGGER sla_track_begin BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION sla.track_statement(%L)', tab, number);
		EXECUTE format('CREATE TRIGGER sla_track_row AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION sla.track_row(%L)', tab, number);
		EXECUTE format('CREATE TRIGGER sla_track_end AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION sla.track_statement(%L)', tab, number);
	END LOOP;

	-- TRUNCATE has statement triggers only, which no partition inherits
	FOR tab IN
		WITH RECURSIVE family (oid) AS (
			SELECT relation::oid
			UNION
			SELECT i.inhrelid FROM family AS f JOIN pg_inherits AS i ON i.inhparent = f.oid
		)
		SELECT c.oid::regclass
		FROM family AS f
		JOIN pg_class AS c ON c.oid = f.oid AND c.relkind IN ('r', 'p')
		WHERE NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = c.oid AND t.tgname = 'sla_track_truncate')
	LOOP
		EXECUTE format('CREATE TRIGGER sla_track_truncate AFTER TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION sla.track_truncate(%L)', tab, number);
	END LOOP;
END
$$;
COMMENT ON FUNCTION sla.make_triggers(regclass) IS 'private: makes the triggers of a tracked table where they are missing';

/*
 * A table that becomes a partition of a tracked one is followed when it is
 * truncated, too.
 */
CREATE FUNCTION sla.follow_partition()
RETURNS event_trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	trigger record;
BEGIN
	IF NOT sla.restoring() THEN
		-- (a child keeps the triggers that were made for it, as do its own)
		FOR trigger IN
			WITH RECURSIVE below (oid) AS (
				SELECT d.objid FROM pg_event_trigger_ddl_commands() AS d WHERE d.classid = 'pg_class'::regclass
				UNION
				SELECT i.inhrelid FROM below AS b JOIN pg_inherits AS i ON i.inhparent = b.oid
			)
			SELECT t.tgname, b.oid::regclass AS tab
			FROM below AS b
			JOIN pg_trigger AS t ON t.tgrelid = b.oid AND t.tgparentid = 0
				AND t.tgname IN ('sla_track_begin', 'sla_track_row', 'sla_track_end', 'sla_track_truncate')
			JOIN pg_proc AS p ON p.oid = t.tgfoid AND p.pronamespace = 'sla'::regnamespace
			WHERE EXISTS (SELECT FROM pg_trigger AS r WHERE r.tgrelid = b.oid AND r.tgparentid = 0 AND r.tgname = 'sla_track_row')
				AND NOT EXISTS (
					WITH RECURSIVE above (oid) AS (
						SELECT b.oid
						UNION
						SELECT i.inhparent FROM above AS a JOIN pg_inherits AS i ON i.inhrelid = a.oid
					)
					SELECT FROM above AS a JOIN sla.tracked AS k ON k.relation = a.oid)
		LOOP
			EXECUTE format('DROP TRIGGER %I ON %s', trigger.tgname, trigger.tab);
		END LOOP;
		PERFORM sla.make_triggers(r.relation)
		FROM (
			SELECT DISTINCT t.relation
			FROM pg_event_trigger_ddl_commands() AS d
			CROSS JOIN LATERAL pg_partition_ancestors(d.objid::regclass) AS a (relid)
			JOIN sla.tracked AS t ON t.relation = a.relid
			WHERE d.classid = 'pg_class'::regclass
		) AS r;
	END IF;
END
$$;
COMMENT ON FUNCTION sla.follow_partition() IS 'private: makes the triggers of new partitions that they do not inherit, and drops those of children that are none any more';
REVOKE ALL ON FUNCTION sla.follow_partition() FROM PUBLIC;
CREATE EVENT TRIGGER sla_tracker_follow_partition ON ddl_command_end
	WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE', 'CREATE SCHEMA')
	EXECUTE FUNCTION sla.follow_partition();
COMMENT ON EVENT TRIGGER sla_tracker_follow_partition IS 'follows new partitions of tracked tables, and leaves children that are none any more';

CREATE FUNCTION sla.drop_triggers(relation regclass, dropping_deadlines boolean DEFAULT false)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	trigger record;
BEGIN
	-- those of partitions go with their parent's
	FOR trigger IN
		WITH RECURSIVE family (oid) AS (
			SELECT relation::oid
			UNION
			SELECT i.inhrelid FROM family AS f JOIN pg_inherits AS i ON i.inhparent = f.oid
		)
		SELECT t.tgname, t.tgrelid::regclass AS tab
		FROM family AS f
		JOIN pg_trigger AS t ON t.tgrelid = f.oid
		JOIN pg_proc AS p ON p.oid = t.tgfoid
		WHERE t.tgparentid = 0
			AND (p.pronamespace = 'sla'::regnamespace AND p.proname LIKE E'track\\_%'
				OR dropping_deadlines AND (p.oid = '@extschema@.sla_deadline()'::regprocedure
					OR p.pronamespace = 'sla'::regnamespace AND p.proname = 'rollup_row'))
	LOOP
		EXECUTE format('DROP TRIGGER %I ON %s', trigger.tgname, trigger.tab);
	END LOOP;
END
$$;
COMMENT ON FUNCTION sla.drop_triggers(regclass, boolean) IS 'private: drops the triggers of tracking on a table, its partitions and children, and those of sla_deadline() if so told';

/*
 * (Without a search path of its own: expressions mean what they mean to the
 * caller.  So every name and operator in it is qualified.)
 */
CREATE FUNCTION sla.track(
	relation regclass,
	item text DEFAULT NULL,
	at text DEFAULT NULL,
	labels text DEFAULT NULL,
	owner text DEFAULT NULL,
	party text DEFAULT NULL,
	time_zone text DEFAULT NULL,
	on_error text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
BEGIN
	IF relation IS NULL THEN
		RAISE EXCEPTION 'relation must not be null'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.oid OPERATOR(pg_catalog.=) track.relation) THEN
		RAISE EXCEPTION 'table with OID % does not exist', relation::pg_catalog.oid
			USING ERRCODE = 'undefined_table';
	END IF;
	IF sla.may_define(relation) IS NOT TRUE THEN
		RAISE EXCEPTION 'must be owner of table %', relation
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	-- a new owner of the table confirms what the old one defined
	UPDATE sla.metric AS m SET name = m.name WHERE m.relation OPERATOR(pg_catalog.=) track.relation;
	UPDATE sla.policy AS p SET name = p.name WHERE p.relation OPERATOR(pg_catalog.=) track.relation;
	UPDATE sla.source AS s SET metric = s.metric WHERE s.relation OPERATOR(pg_catalog.=) track.relation;

	UPDATE sla.tracked AS t
	SET item = coalesce(track.item, t.item),
		at = coalesce(track.at, t.at),
		labels = coalesce(track.labels, t.labels),
		owner = coalesce(track.owner, t.owner),
		party = coalesce(track.party, t.party),
		time_zone = coalesce(track.time_zone, t.time_zone),
		on_error = coalesce(track.on_error, t.on_error)
	WHERE t.relation OPERATOR(pg_catalog.=) track.relation;
	IF NOT FOUND THEN
		INSERT INTO sla.tracked (relation, item, at, labels, owner, party, time_zone, on_error)
		VALUES (relation, item, at, labels, owner, party,
			coalesce(time_zone, 'UTC'), coalesce(on_error, 'error'));
	END IF;

	PERFORM sla.make_triggers(relation);
END
$$;
COMMENT ON FUNCTION sla.track(regclass, text, text, text, text, text, text, text) IS
'puts a table under watch, or changes how it is watched; the new owner of a table confirms its definitions by it';

CREATE FUNCTION sla.untrack_table(relation regclass, keep_history boolean)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
	PERFORM sla.drop_triggers(relation);
	DELETE FROM sla.source AS s WHERE s.relation = untrack_table.relation;
	DELETE FROM sla.target AS t WHERE t.relation = untrack_table.relation;
	DELETE FROM sla.policy AS p WHERE p.relation = untrack_table.relation;
	DELETE FROM sla.metric AS m WHERE m.relation = untrack_table.relation;
	PERFORM sla.refresh_clocks(untrack_table.relation, ARRAY(
		SELECT c.clock_id
		FROM sla.clock_state AS c
		WHERE c.relation = untrack_table.relation AND c.ended_at IS NULL
		FOR UPDATE));

	-- also where an expression fails for its row, or is gone (what it has used is
	-- not known then)
	UPDATE sla.clock_state AS c
	SET state = 'c', ended_at = e.at, last_at = e.at, turned_at = e.at, levels = c.levels | 4,
		pauses = CASE
			WHEN e.paused IS NULL THEN c.pauses
			WHEN e.paused < e.at THEN c.pauses[:cardinality(c.pauses) - 1] || e.at
			ELSE nullif(c.pauses[:cardinality(c.pauses) - 2], '{}')
		END,
		pause_reasons = CASE
			WHEN e.paused >= e.at THEN nullif(c.pause_reasons[:cardinality(c.pause_reasons) - 1], '{}')
			ELSE c.pause_reasons
		END
	FROM (
		SELECT o.clock_id, greatest(clock_timestamp(), o.last_at) AS at,
			CASE WHEN o.state = 'p' THEN o.pauses[cardinality(o.pauses) - 1] END AS paused
		FROM sla.clock_state AS o
		WHERE o.relation = untrack_table.relation AND o.ended_at IS NULL
	) AS e
	WHERE c.clock_id = e.clock_id;
	DELETE FROM sla.tracked AS t WHERE t.relation = untrack_table.relation;
	IF NOT keep_history THEN
		PERFORM sla.forget(relation);
	END IF;
END
$$;
COMMENT ON FUNCTION sla.untrack_table(regclass, boolean) IS 'private: what sla.untrack() does, for the owner of the extension';
REVOKE ALL ON FUNCTION sla.untrack_table(regclass, boolean) FROM PUBLIC;

CREATE FUNCTION sla.forget(relation regclass)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
	DELETE FROM sla.clock_change AS h
	USING sla.clock_state AS c
	WHERE c.relation = forget.relation AND h.clock = c.clock_id;
	DELETE FROM sla.clock_state AS c WHERE c.relation = forget.relation;
	DELETE FROM sla.escalation_run AS r
	USING sla.alert AS a
	WHERE a.relation = forget.relation AND r.alert = a.id;
	DELETE FROM sla.alert AS a WHERE a.relation = forget.relation;
	DELETE FROM sla.promise AS p WHERE p.relation = forget.relation;
	DELETE FROM sla.sync_error AS e WHERE e.relation = forget.relation;
END
$$;
COMMENT ON FUNCTION sla.forget(regclass) IS 'private: deletes all clocks of a table';
REVOKE ALL ON FUNCTION sla.forget(regclass) FROM PUBLIC;

CREATE FUNCTION sla.untrack(relation regclass, keep_history boolean DEFAULT true)
RETURNS void
AS 'MODULE_PATHNAME', 'sla_untrack'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION sla.untrack(regclass, boolean) IS
'ends the watch over a table and deletes its definitions; open clocks are cancelled, and all are deleted unless the history is kept';

CREATE FUNCTION sla.detach()
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	tab regclass;
	rule regprocedure;
	col record;
	index regclass;
BEGIN
	-- (else a column's new type would make the server complain of a function that is not immutable)
	FOR index IN
		SELECT i.indexrelid::regclass
		FROM pg_index AS i
		JOIN pg_class AS c ON c.oid = i.indexrelid AND c.relnamespace <> 'sla'::regnamespace
		JOIN pg_depend AS f ON f.classid = 'pg_class'::regclass AND f.objid = i.indexrelid AND f.refclassid = 'pg_proc'::regclass
		JOIN pg_depend AS d ON d.classid = f.refclassid AND d.objid = f.refobjid AND d.deptype = 'e'
		JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
		WHERE e.extname = 'sla_tracker'
	LOOP
		RAISE EXCEPTION 'index % calls functions of extension sla_tracker', index
			USING ERRCODE = 'dependent_objects_still_exist', HINT = 'Drop it first.';
	END LOOP;

	-- triggers, also those of sla_deadline()
	FOR tab IN
		SELECT DISTINCT t.tgrelid::regclass
		FROM pg_trigger AS t
		JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = t.tgfoid AND d.deptype = 'e'
		JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
		WHERE e.extname = 'sla_tracker' AND t.tgparentid = 0
			AND NOT EXISTS (
				SELECT FROM pg_depend AS own
				WHERE own.classid = 'pg_class'::regclass AND own.objid = t.tgrelid AND own.deptype = 'e'
					AND own.refclassid = 'pg_extension'::regclass AND own.refobjid = e.oid)
	LOOP
		PERFORM sla.drop_triggers(tab, true);
	END LOOP;

	FOR rule IN
		SELECT p.oid::regprocedure
		FROM pg_proc AS p
		WHERE p.pronamespace = 'sla'::regnamespace
			AND p.proname ~ '^(tracked|metric|policy|source|objective)_[0-9]+_'
			AND NOT EXISTS (
				SELECT FROM pg_depend AS d
				WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
	LOOP
		EXECUTE format('DROP FUNCTION %s', rule);
	END LOOP;

	-- columns of the extension's types become text, with their plain defaults
	FOR col IN
		SELECT a.attrelid::regclass AS tab, a.attname,
			CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'text[]' ELSE 'text' END AS type,
			d.oid IS NOT NULL AS has_default,
			substring(pg_get_expr(d.adbin, d.adrelid) FROM E'^(''(?:[^'']|'''')*'')::(?:[a-z_"]+\\.)?business_(?:interval|hours)$') AS literal
		FROM pg_attribute AS a
		JOIN pg_class AS c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p') AND NOT c.relispartition
		JOIN pg_type AS t ON t.oid = a.atttypid
		LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
		WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attinhcount = 0 AND a.attgenerated = ''
			AND ('@extschema@.business_interval'::regtype IN (t.oid, t.typelem)
				OR '@extschema@.business_hours'::regtype IN (t.oid, t.typelem))
			AND c.relnamespace <> 'sla'::regnamespace
	LOOP
		IF col.has_default THEN
			EXECUTE format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', col.tab, col.attname);
		END IF;
		EXECUTE format('ALTER TABLE %s ALTER COLUMN %I TYPE %s', col.tab, col.attname, col.type);
		IF col.literal IS NOT NULL THEN
			EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s', col.tab, col.attname, col.literal);
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION sla.detach() IS
'administrator: takes triggers and functions off all tables and makes text of columns of the extension''s types, so that DROP EXTENSION needs no CASCADE; sla.track() puts triggers back';
REVOKE ALL ON FUNCTION sla.detach() FROM PUBLIC;

CREATE FUNCTION sla.forget_dropped()
RETURNS event_trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	dropped oid;
BEGIN
	FOR dropped IN
		SELECT o.objid
		FROM pg_event_trigger_dropped_objects() AS o
		WHERE o.classid = 'pg_class'::regclass AND o.objsubid = 0
			AND (EXISTS (SELECT FROM sla.tracked AS t WHERE t.relation = o.objid)
				OR EXISTS (SELECT FROM sla.metric AS m WHERE m.relation = o.objid)
				OR EXISTS (SELECT FROM sla.policy AS p WHERE p.relation = o.objid)
				OR EXISTS (SELECT FROM sla.promise AS p WHERE p.relation = o.objid)
				OR EXISTS (SELECT FROM sla.source AS s WHERE s.source = o.objid OR s.relation = o.objid)
				OR EXISTS (SELECT FROM sla.retention AS k WHERE k.relation = o.objid)
				OR EXISTS (SELECT FROM sla.row_security AS r WHERE r.relation = o.objid)
				OR EXISTS (SELECT FROM sla.objective AS b WHERE b.relation = o.objid)
				OR EXISTS (SELECT FROM sla.silence AS s WHERE s.relation = o.objid)
				OR EXISTS (SELECT FROM sla.escalation AS e WHERE e.relation = o.objid))
	LOOP
		DELETE FROM sla.retention AS k WHERE k.relation = dropped;
		DELETE FROM sla.retention_pass AS k WHERE k.relation = dropped;
		DELETE FROM sla.objective AS b WHERE b.relation = dropped;
		PERFORM sla.forget(dropped);
		DELETE FROM sla.source AS s WHERE s.relation = dropped OR s.source = dropped;
		DELETE FROM sla.target AS t WHERE t.relation = dropped;
		DELETE FROM sla.policy AS p WHERE p.relation = dropped;
		DELETE FROM sla.metric AS m WHERE m.relation = dropped;
		DELETE FROM sla.exception AS e WHERE e.relation = dropped;
		DELETE FROM sla.silence AS s WHERE s.relation = dropped;
		DELETE FROM sla.escalation AS e WHERE e.relation = dropped;
		DELETE FROM sla.tracked AS t WHERE t.relation = dropped;
		DELETE FROM sla.promise AS p WHERE p.relation = dropped;
		DELETE FROM sla.row_security AS r WHERE r.relation = dropped;
	END LOOP;

	-- (a trigger for updates of a column that is gone could not be restored)
	PERFORM sla.widen_triggers(ARRAY(
		SELECT o.objid
		FROM pg_event_trigger_dropped_objects() AS o
		WHERE o.classid = 'pg_class'::regclass AND o.objsubid > 0));
END
$$;
COMMENT ON FUNCTION sla.forget_dropped() IS 'deletes definitions and clocks of tables that are dropped; tells triggers of columns that are';
REVOKE ALL ON FUNCTION sla.forget_dropped() FROM PUBLIC;

CREATE EVENT TRIGGER sla_tracker_forget_dropped ON sql_drop
	EXECUTE FUNCTION sla.forget_dropped();
COMMENT ON EVENT TRIGGER sla_tracker_forget_dropped IS 'deletes definitions and clocks of tables that are dropped';

/*
 * Whoever makes a BEFORE ROW trigger for a tracked table, or brings a partition
 * or a child that has one, makes each update matter (src/trigger_columns.c).
 * (CREATE SCHEMA may do so by what it contains.)
 */
CREATE FUNCTION sla.follow_triggers()
RETURNS event_trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF sla.restoring() THEN
		RETURN;
	END IF;
	PERFORM sla.widen_triggers(ARRAY(
		SELECT coalesce(t.tgrelid, c.objid)
		FROM pg_event_trigger_ddl_commands() AS c
		LEFT JOIN pg_trigger AS t ON c.classid = 'pg_trigger'::regclass AND t.oid = c.objid));
END
$$;
COMMENT ON FUNCTION sla.follow_triggers() IS 'private: lets the row trigger of a tracked table fire for every update once it has BEFORE ROW triggers';
REVOKE ALL ON FUNCTION sla.follow_triggers() FROM PUBLIC;

CREATE EVENT TRIGGER sla_tracker_follow_triggers ON ddl_command_end
	WHEN TAG IN ('CREATE TRIGGER', 'ALTER TABLE', 'ALTER FOREIGN TABLE', 'CREATE SCHEMA')
	EXECUTE FUNCTION sla.follow_triggers();
COMMENT ON EVENT TRIGGER sla_tracker_follow_triggers IS 'lets the row trigger of a tracked table fire for every update once it has BEFORE ROW triggers';

/*
 * Definitions
 */

CREATE FUNCTION sla.check_rules()
RETURNS trigger
AS 'MODULE_PATHNAME', 'sla_check_rules'
LANGUAGE C;
COMMENT ON FUNCTION sla.check_rules() IS 'checks the expressions of a definition and keeps the functions that hold them';
REVOKE ALL ON FUNCTION sla.check_rules() FROM PUBLIC;

CREATE TRIGGER check_rules
	BEFORE INSERT OR UPDATE OR DELETE ON sla.tracked
	FOR EACH ROW EXECUTE FUNCTION sla.check_rules();
CREATE TRIGGER check_rules
	BEFORE INSERT OR UPDATE OR DELETE ON sla.metric
	FOR EACH ROW EXECUTE FUNCTION sla.check_rules();
CREATE TRIGGER check_rules
	BEFORE INSERT OR UPDATE OR DELETE ON sla.policy
	FOR EACH ROW EXECUTE FUNCTION sla.check_rules();
CREATE TRIGGER check_rules
	BEFORE INSERT OR UPDATE OR DELETE ON sla.source
	FOR EACH ROW EXECUTE FUNCTION sla.check_rules();
-- (logical replication brings rows, and their functions have to be made)
ALTER TABLE sla.tracked ENABLE ALWAYS TRIGGER check_rules;
ALTER TABLE sla.metric ENABLE ALWAYS TRIGGER check_rules;
ALTER TABLE sla.policy ENABLE ALWAYS TRIGGER check_rules;
ALTER TABLE sla.source ENABLE ALWAYS TRIGGER check_rules;
COMMENT ON TRIGGER check_rules ON sla.tracked IS 'checks expressions';
COMMENT ON TRIGGER check_rules ON sla.metric IS 'checks expressions';
COMMENT ON TRIGGER check_rules ON sla.policy IS 'checks expressions';
COMMENT ON TRIGGER check_rules ON sla.source IS 'checks expressions';

CREATE FUNCTION sla.calendar_exists(calendar text)
RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT calendar = '24/7' OR EXISTS (SELECT FROM sla.calendar AS c WHERE c.name = calendar_exists.calendar);
END;
COMMENT ON FUNCTION sla.calendar_exists(text) IS 'private: is there a calendar of this name?';

CREATE FUNCTION sla.check_tracked()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM sla.check_time_zone(NEW.time_zone);
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION sla.check_tracked() IS 'checks the time zone of a tracked table or an agreement';
CREATE TRIGGER check_tracked
	BEFORE INSERT OR UPDATE OF time_zone ON sla.tracked
	FOR EACH ROW WHEN (NEW.time_zone <> 'UTC') EXECUTE FUNCTION sla.check_tracked();
COMMENT ON TRIGGER check_tracked ON sla.tracked IS 'checks the time zone';
CREATE TRIGGER check_tracked
	BEFORE INSERT OR UPDATE OF time_zone ON sla.agreement
	FOR EACH ROW WHEN (NEW.time_zone <> 'UTC') EXECUTE FUNCTION sla.check_tracked();
COMMENT ON TRIGGER check_tracked ON sla.agreement IS 'checks the time zone';

/*
 * A row is followed for one table only: for the one that was tracked, or for one
 * above or below it.
 */
CREATE FUNCTION sla.check_family()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	other regclass;
BEGIN
	IF sla.restoring() THEN
		RETURN NEW;
	END IF;
	IF EXISTS (SELECT FROM pg_class AS c WHERE c.oid = NEW.relation AND c.relnamespace = 'sla'::regnamespace) THEN
		RAISE EXCEPTION 'table % is one of sla_tracker itself', NEW.relation
			USING ERRCODE = 'wrong_object_type',
				HINT = 'Track a table of your own.';
	END IF;
	WITH RECURSIVE above (oid) AS (
		SELECT NEW.relation::oid
		UNION
		SELECT i.inhparent FROM above AS a JOIN pg_inherits AS i ON i.inhrelid = a.oid
	), below (oid) AS (
		SELECT NEW.relation::oid
		UNION
		SELECT i.inhrelid FROM below AS b JOIN pg_inherits AS i ON i.inhparent = b.oid
	)
	SELECT t.relation INTO other
	FROM sla.tracked AS t
	WHERE t.relation <> NEW.relation
		AND t.relation IN (SELECT a.oid FROM above AS a UNION ALL SELECT b.oid FROM below AS b)
	ORDER BY t.id
	LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'table % cannot be tracked beside table %', NEW.relation, other
			USING ERRCODE = 'object_not_in_prerequisite_state',
				DETAIL = 'One is a partition or a child of the other, and a row is followed for one table only.',
				HINT = format('Untrack it first: SELECT sla.untrack(%L);', other);
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION sla.check_family() IS 'refuses to track a table beside its partition or child, or one of the extension''s own';
REVOKE ALL ON FUNCTION sla.check_family() FROM PUBLIC;
CREATE TRIGGER check_family
	BEFORE INSERT ON sla.tracked
	FOR EACH ROW EXECUTE FUNCTION sla.check_family();
COMMENT ON TRIGGER check_family ON sla.tracked IS 'a row is followed for one table only';

CREATE FUNCTION sla.check_agreement()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT sla.restoring() AND NOT sla.calendar_exists(NEW.calendar) THEN
		RAISE EXCEPTION 'calendar "%" does not exist', NEW.calendar
			USING ERRCODE = 'undefined_object',
				DETAIL = format('Agreement "%s" of party "%s" names it.', NEW.name, NEW.party),
				HINT = 'Insert it into sla.calendar first.';
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION sla.check_agreement() IS 'checks the calendar of an agreement';
REVOKE ALL ON FUNCTION sla.check_agreement() FROM PUBLIC;
CREATE TRIGGER check_agreement
	BEFORE INSERT OR UPDATE ON sla.agreement
	FOR EACH ROW EXECUTE FUNCTION sla.check_agreement();
COMMENT ON TRIGGER check_agreement ON sla.agreement IS 'checks the calendar';

CREATE FUNCTION sla.check_target()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	goal_calendar text := @extschema@.calendar(NEW.goal);
	threshold_calendar text := @extschema@.calendar(NEW.threshold);
	whole interval;
BEGIN
	IF sla.restoring() OR NEW.relation IS NULL THEN
		RETURN NEW;
	END IF;
	IF NOT sla.may_define(NEW.relation) THEN
		RAISE EXCEPTION 'must be owner of table %', NEW.relation
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	IF NOT EXISTS (SELECT FROM sla.policy AS p WHERE p.relation = NEW.relation AND p.name = NEW.policy) THEN
		RAISE EXCEPTION 'policy "%" of table % does not exist', NEW.policy, NEW.relation
			USING ERRCODE = 'undefined_object', HINT = 'Insert it into sla.policy first.';
	END IF;
	IF NOT EXISTS (SELECT FROM sla.metric AS m WHERE m.relation = NEW.relation AND m.name = NEW.metric) THEN
		RAISE EXCEPTION 'metric "%" of table % does not exist', NEW.metric, NEW.relation
			USING ERRCODE = 'undefined_object', HINT = 'Insert it into sla.metric first.';
	END IF;
	IF NEW.goal IS NULL AND (NEW.threshold IS NOT NULL OR NEW.due_by IS NOT NULL) THEN
		RAISE EXCEPTION 'target has no goal'
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = 'A threshold and a due_by are nothing without a goal.';
	END IF;
	IF @extschema@.business_days(NEW.goal) < 0 OR @extschema@.business_seconds(NEW.goal) < 0 THEN
		RAISE EXCEPTION 'goal "%" is negative', NEW.goal
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF NEW.goal IS NOT NULL AND goal_calendar IS NULL AND NOT EXISTS (
		SELECT FROM sla.tracked AS t
		WHERE t.relation = NEW.relation AND t.party IS NOT NULL)
	THEN
		RAISE EXCEPTION 'goal "%" has no calendar', NEW.goal
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = 'It names none, and the table has no party whose agreement could.',
				HINT = 'Write the calendar into the goal, as in "4 bh @support", or track the table with a party.';
	END IF;
	IF NOT sla.calendar_exists(goal_calendar) THEN
		RAISE EXCEPTION 'calendar "%" does not exist', goal_calendar
			USING ERRCODE = 'undefined_object',
				DETAIL = format('Goal "%s" names it.', NEW.goal),
				HINT = 'Insert it into sla.calendar first.';
	END IF;
	IF threshold_calendar <> goal_calendar OR (threshold_calendar IS NOT NULL AND goal_calendar IS NULL) THEN
		RAISE EXCEPTION 'threshold "%" names another calendar than the goal', NEW.threshold
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Leave the calendar out of the threshold.';
	END IF;
	IF @extschema@.business_days(NEW.threshold) * 28800 + @extschema@.business_seconds(NEW.threshold)
		< @extschema@.business_days(NEW.goal) * 28800 + @extschema@.business_seconds(NEW.goal)
	THEN
		RAISE EXCEPTION 'threshold "%" is less than the goal "%"', NEW.threshold, NEW.goal
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF NEW.due_by IS NOT NULL THEN
		IF NEW.due_by <> 'close' THEN
			BEGIN
				PERFORM NEW.due_by::time;
			EXCEPTION WHEN data_exception THEN
				RAISE EXCEPTION 'invalid due_by: "%"', NEW.due_by
					USING ERRCODE = 'invalid_datetime_format',
						HINT = 'Write a local time, as in "16:00", or "close".';
			END;
		END IF;
		IF @extschema@.business_seconds(NEW.goal) <> 0
			OR @extschema@.business_seconds(NEW.threshold) <> 0
		THEN
			RAISE EXCEPTION 'goal "%" is not of whole business days', NEW.goal
				USING ERRCODE = 'invalid_parameter_value',
					DETAIL = 'due_by goes with whole business days only.';
		END IF;
	END IF;
	IF NEW.cutoff IS NOT NULL AND NEW.due_by IS NULL THEN
		RAISE EXCEPTION 'cutoff without due_by'
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Say by which time of the day it is due, or "close".';
	END IF;
	IF EXISTS (SELECT FROM unnest(NEW.alert_at) AS a WHERE a IS NULL OR a <= 0 OR a = 'NaN' OR a > 1000) THEN
		RAISE EXCEPTION 'invalid alert_at: %', NEW.alert_at
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Write fractions of the goal, as in {0.75,1}.';
	END IF;
	NEW.alert_at := ARRAY(SELECT DISTINCT a FROM unnest(NEW.alert_at) AS a ORDER BY a);
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION sla.check_target() IS 'checks a target';
CREATE TRIGGER check_target
	BEFORE INSERT OR UPDATE ON sla.target
	FOR EACH ROW EXECUTE FUNCTION sla.check_target();
COMMENT ON TRIGGER check_target ON sla.target IS 'checks a target';

CREATE FUNCTION sla.keep_named()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- another version may still have the name
	IF TG_TABLE_NAME = 'policy' AND EXISTS (
		SELECT FROM sla.policy AS p WHERE p.relation = OLD.relation AND p.name = OLD.name)
	THEN
		RETURN NULL;
	END IF;
	IF TG_OP = 'UPDATE' THEN
		UPDATE sla.target AS t
		SET policy = CASE TG_TABLE_NAME WHEN 'policy' THEN NEW.name ELSE t.policy END,
			metric = CASE TG_TABLE_NAME WHEN 'metric' THEN NEW.name ELSE t.metric END
		WHERE t.relation = OLD.relation
			AND OLD.name = CASE TG_TABLE_NAME WHEN 'policy' THEN t.policy ELSE t.metric END;
		UPDATE sla.source AS s
		SET metric = NEW.name
		WHERE TG_TABLE_NAME = 'metric' AND s.relation = OLD.relation AND s.metric = OLD.name;
		UPDATE sla.objective AS o
		SET metric = NEW.name
		WHERE TG_TABLE_NAME = 'metric' AND o.relation = OLD.relation AND o.metric = OLD.name;
		-- (first what clocks go by, also those that ended: an exception follows both)
		UPDATE sla.promise AS p
		SET policy = CASE TG_TABLE_NAME WHEN 'policy' THEN NEW.name ELSE p.policy END,
			metric = CASE TG_TABLE_NAME WHEN 'metric' THEN NEW.name ELSE p.metric END
		WHERE p.relation = OLD.relation
			AND OLD.name = CASE TG_TABLE_NAME WHEN 'policy' THEN p.policy ELSE p.metric END;
		UPDATE sla.exception AS e
		SET policy = CASE TG_TABLE_NAME WHEN 'policy' THEN NEW.name ELSE e.policy END,
			metric = CASE TG_TABLE_NAME WHEN 'metric' THEN NEW.name ELSE e.metric END
		WHERE e.relation = OLD.relation
			AND OLD.name = CASE TG_TABLE_NAME WHEN 'policy' THEN e.policy ELSE e.metric END;
		UPDATE sla.silence AS s
		SET policy = CASE TG_TABLE_NAME WHEN 'policy' THEN NEW.name ELSE s.policy END,
			metric = CASE TG_TABLE_NAME WHEN 'metric' THEN NEW.name ELSE s.metric END
		WHERE s.relation = OLD.relation
			AND OLD.name = CASE TG_TABLE_NAME WHEN 'policy' THEN s.policy ELSE s.metric END;
		UPDATE sla.escalation AS e
		SET policy = CASE TG_TABLE_NAME WHEN 'policy' THEN NEW.name ELSE e.policy END,
			metric = CASE TG_TABLE_NAME WHEN 'metric' THEN NEW.name ELSE e.metric END
		WHERE e.relation = OLD.relation
			AND OLD.name = CASE TG_TABLE_NAME WHEN 'policy' THEN e.policy ELSE e.metric END;
	ELSIF EXISTS (
		SELECT
		FROM sla.target AS t
		WHERE t.relation = OLD.relation
			AND OLD.name = CASE TG_TABLE_NAME WHEN 'policy' THEN t.policy ELSE t.metric END)
	THEN
		RAISE EXCEPTION '% "%" of table % has targets', TG_TABLE_NAME, OLD.name, OLD.relation
			USING ERRCODE = 'dependent_objects_still_exist',
				HINT = 'Delete its rows of sla.target first.';
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.keep_named() IS 'lets what names a renamed policy or metric of its table follow, and refuses to delete one that has targets';
REVOKE ALL ON FUNCTION sla.keep_named() FROM PUBLIC;
CREATE TRIGGER keep_named_deleted
	AFTER DELETE ON sla.policy
	FOR EACH ROW EXECUTE FUNCTION sla.keep_named();
CREATE TRIGGER keep_named_renamed
	AFTER UPDATE OF name ON sla.policy
	FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION sla.keep_named();
CREATE TRIGGER keep_named_deleted
	AFTER DELETE ON sla.metric
	FOR EACH ROW EXECUTE FUNCTION sla.keep_named();
CREATE TRIGGER keep_named_renamed
	AFTER UPDATE OF name ON sla.metric
	FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION sla.keep_named();
COMMENT ON TRIGGER keep_named_deleted ON sla.policy IS 'refuses to delete a policy that has targets';
COMMENT ON TRIGGER keep_named_renamed ON sla.policy IS 'targets, exceptions, silences and escalations follow';
COMMENT ON TRIGGER keep_named_deleted ON sla.metric IS 'refuses to delete a metric that has targets';
COMMENT ON TRIGGER keep_named_renamed ON sla.metric IS 'targets, sources, objectives, exceptions, silences and escalations follow';

CREATE FUNCTION sla.check_source()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		IF NOT EXISTS (SELECT FROM sla.source AS s WHERE s.source = OLD.source AND s.id <> OLD.id)
			AND EXISTS (SELECT FROM pg_class AS c WHERE c.oid = OLD.source)
		THEN
			EXECUTE format('DROP TRIGGER IF EXISTS sla_track_source ON %s', OLD.source);
		END IF;
		RETURN OLD;
	END IF;
	IF sla.restoring() THEN
		RETURN NEW;
	END IF;
	IF NOT EXISTS (SELECT FROM sla.metric AS m WHERE m.relation = NEW.relation AND m.name = NEW.metric) THEN
		RAISE EXCEPTION 'metric "%" of table % does not exist', NEW.metric, NEW.relation
			USING ERRCODE = 'undefined_object', HINT = 'Insert it into sla.metric first.';
	END IF;
	IF NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = NEW.source AND t.tgname = 'sla_track_source') THEN
		EXECUTE format('CREATE TRIGGER sla_track_source AFTER INSERT ON %s FOR EACH ROW EXECUTE FUNCTION sla.track_source()', NEW.source);
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION sla.check_source() IS 'checks a source and makes its trigger';
CREATE TRIGGER check_source
	BEFORE INSERT OR UPDATE OR DELETE ON sla.source
	FOR EACH ROW EXECUTE FUNCTION sla.check_source();
COMMENT ON TRIGGER check_source ON sla.source IS 'checks a source and makes its trigger';

/*
 * Promises
 */

CREATE VIEW sla.promise_wanted AS
SELECT t.relation, p.id AS policy_id, t.id AS target_id, m.id AS metric_id, a.calendar,
	p.name AS policy, p.valid_from AS policy_from, p.rank, m.name AS metric, t.valid_from AS target_from,
	CASE WHEN a.calendar = '' THEN t.goal ELSE @extschema@.at_calendar(t.goal, a.calendar) END AS goal,
	t.threshold, t.due_by, t.cutoff, t.alert_at
FROM sla.target AS t
JOIN sla.policy AS p ON p.relation = t.relation AND p.name = t.policy
JOIN sla.metric AS m ON m.relation = t.relation AND m.name = t.metric
CROSS JOIN LATERAL (
	SELECT ''
	WHERE t.goal IS NULL OR @extschema@.calendar(t.goal) IS NOT NULL
	UNION
	SELECT g.calendar
	FROM sla.agreement AS g
	WHERE g.calendar IS NOT NULL AND @extschema@.calendar(t.goal) IS NULL
) AS a (calendar);
COMMENT ON VIEW sla.promise_wanted IS 'private: the promises that policies, targets and agreements make';

CREATE FUNCTION sla.make_promises()
RETURNS void
LANGUAGE sql
SECURITY DEFINER
BEGIN ATOMIC
	-- (a promise of other content is another promise)
	UPDATE sla.promise AS p
	SET is_current = false, revision = nextval('sla.promise_revision_seq')
	WHERE p.is_current
		AND NOT EXISTS (
			SELECT
			FROM sla.promise_wanted AS w
			WHERE w.policy_id = p.policy_id AND w.target_id = p.target_id
				AND w.metric_id = p.metric_id AND w.calendar = p.calendar
				AND (w.policy, w.policy_from, w.rank, w.metric, w.target_from,
						w.due_by, w.cutoff, w.alert_at, w.goal::text, w.threshold::text)
					IS NOT DISTINCT FROM
					(p.policy, p.policy_from, p.rank, p.metric, p.target_from,
						p.due_by, p.cutoff, p.alert_at, p.goal::text, p.threshold::text));
	INSERT INTO sla.promise (relation, policy_id, target_id, metric_id, calendar, policy, policy_from,
		rank, metric, target_from, goal, threshold, due_by, cutoff, alert_at)
	SELECT w.relation, w.policy_id, w.target_id, w.metric_id, w.calendar, w.policy, w.policy_from,
		w.rank, w.metric, w.target_from, w.goal, w.threshold, w.due_by, w.cutoff, w.alert_at
	FROM sla.promise_wanted AS w
	WHERE NOT EXISTS (
		SELECT
		FROM sla.promise AS o
		WHERE o.is_current AND o.policy_id = w.policy_id AND o.target_id = w.target_id
			AND o.metric_id = w.metric_id AND o.calendar = w.calendar);
END;
COMMENT ON FUNCTION sla.make_promises() IS 'private: brings sla.promise in line with policies, targets and agreements';
REVOKE ALL ON FUNCTION sla.make_promises() FROM PUBLIC;

-- numbers of transactions are of another cluster after a restore
CREATE FUNCTION sla.promise_restored()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	NEW.settling := NULL;
	NEW.settling_in := NULL;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION sla.promise_restored() IS 'private: lets a restored promise settle again';
REVOKE ALL ON FUNCTION sla.promise_restored() FROM PUBLIC;
CREATE TRIGGER promise_restored
	BEFORE INSERT ON sla.promise
	FOR EACH ROW WHEN (NEW.settling_in IS NOT NULL) EXECUTE FUNCTION sla.promise_restored();
COMMENT ON TRIGGER promise_restored ON sla.promise IS 'lets a restored promise settle again';

CREATE FUNCTION sla.moved_party_restored()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	NEW.edited_in := '3';
	NEW.settling_in := '3';
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION sla.moved_party_restored() IS 'private: all who did not know of a change are gone after a restore';
REVOKE ALL ON FUNCTION sla.moved_party_restored() FROM PUBLIC;
CREATE TRIGGER moved_party_restored
	BEFORE INSERT ON sla.moved_party
	FOR EACH ROW WHEN (sla.restoring()) EXECUTE FUNCTION sla.moved_party_restored();
COMMENT ON TRIGGER moved_party_restored ON sla.moved_party IS 'all who did not know of the change are gone';

CREATE SEQUENCE sla.revision_seq START 2;
COMMENT ON SEQUENCE sla.revision_seq IS 'numbers for sla.revision that were never used before, not even by what was rolled back';

CREATE FUNCTION sla.drop_orphans()
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	rule regprocedure;
BEGIN
	-- (of rows that ON CONFLICT DO NOTHING discarded)
	FOR rule IN
		SELECT p.oid::regprocedure
		FROM pg_proc AS p
		CROSS JOIN LATERAL regexp_match(p.proname, '^(tracked|metric|policy|source|objective)_(-?[0-9]+)_') AS n (part)
		WHERE p.pronamespace = 'sla'::regnamespace
			AND n.part IS NOT NULL
			AND NOT EXISTS (
				SELECT FROM pg_depend AS d
				WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
			AND NOT CASE n.part[1]
				WHEN 'tracked' THEN EXISTS (SELECT FROM sla.tracked AS t WHERE t.id = n.part[2]::integer)
				WHEN 'metric' THEN EXISTS (SELECT FROM sla.metric AS m WHERE m.id = n.part[2]::integer)
				WHEN 'policy' THEN EXISTS (SELECT FROM sla.policy AS o WHERE o.id = n.part[2]::integer)
				WHEN 'source' THEN EXISTS (SELECT FROM sla.source AS s WHERE s.id = n.part[2]::integer)
				ELSE EXISTS (SELECT FROM sla.objective AS j WHERE j.id = n.part[2]::integer)
			END
	LOOP
		EXECUTE format('DROP FUNCTION %s', rule);
	END LOOP;
END
$$;
COMMENT ON FUNCTION sla.drop_orphans() IS 'private: drops functions of expressions that belong to no definition';
REVOKE ALL ON FUNCTION sla.drop_orphans() FROM PUBLIC;

CREATE FUNCTION sla.definitions_changed()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	UPDATE sla.revision SET number = nextval('sla.revision_seq');
	IF NOT sla.restoring() AND TG_TABLE_NAME <> 'exception' THEN
		PERFORM sla.make_promises();
		PERFORM sla.drop_orphans();
		IF TG_TABLE_NAME IN ('tracked', 'metric', 'policy') THEN
			PERFORM sla.set_trigger_columns(t.relation, passing => true) FROM sla.tracked AS t;
		END IF;
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.definitions_changed() IS 'tells all sessions that definitions changed, and makes promises and the columns of triggers anew';
REVOKE ALL ON FUNCTION sla.definitions_changed() FROM PUBLIC;

CREATE FUNCTION sla.definitions_applied()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	UPDATE sla.revision SET number = nextval('sla.revision_seq');
	IF TG_TABLE_NAME IN ('tracked', 'metric', 'policy') THEN
		PERFORM sla.set_trigger_columns(coalesce(NEW.relation, OLD.relation));
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.definitions_applied() IS 'tells all sessions of a definition that logical replication brought';
REVOKE ALL ON FUNCTION sla.definitions_applied() FROM PUBLIC;

-- (logical replication fires row triggers only, and of these the ones that are
-- enabled for it)
CREATE TRIGGER definitions_applied
	AFTER INSERT OR UPDATE OR DELETE ON sla.tracked
	FOR EACH ROW EXECUTE FUNCTION sla.definitions_applied();
CREATE TRIGGER definitions_applied
	AFTER INSERT OR UPDATE OR DELETE ON sla.metric
	FOR EACH ROW EXECUTE FUNCTION sla.definitions_applied();
CREATE TRIGGER definitions_applied
	AFTER INSERT OR UPDATE OR DELETE ON sla.agreement
	FOR EACH ROW EXECUTE FUNCTION sla.definitions_applied();
CREATE TRIGGER definitions_applied
	AFTER INSERT OR UPDATE OR DELETE ON sla.policy
	FOR EACH ROW EXECUTE FUNCTION sla.definitions_applied();
CREATE TRIGGER definitions_applied
	AFTER INSERT OR UPDATE OR DELETE ON sla.target
	FOR EACH ROW EXECUTE FUNCTION sla.definitions_applied();
CREATE TRIGGER definitions_applied
	AFTER INSERT OR UPDATE OR DELETE ON sla.exception
	FOR EACH ROW EXECUTE FUNCTION sla.definitions_applied();
CREATE TRIGGER definitions_applied
	AFTER INSERT OR UPDATE OR DELETE ON sla.source
	FOR EACH ROW EXECUTE FUNCTION sla.definitions_applied();
CREATE TRIGGER definitions_applied
	AFTER INSERT OR UPDATE OR DELETE ON sla.promise
	FOR EACH ROW EXECUTE FUNCTION sla.definitions_applied();
ALTER TABLE sla.tracked ENABLE REPLICA TRIGGER definitions_applied;
ALTER TABLE sla.metric ENABLE REPLICA TRIGGER definitions_applied;
ALTER TABLE sla.agreement ENABLE REPLICA TRIGGER definitions_applied;
ALTER TABLE sla.policy ENABLE REPLICA TRIGGER definitions_applied;
ALTER TABLE sla.target ENABLE REPLICA TRIGGER definitions_applied;
ALTER TABLE sla.exception ENABLE REPLICA TRIGGER definitions_applied;
ALTER TABLE sla.source ENABLE REPLICA TRIGGER definitions_applied;
ALTER TABLE sla.promise ENABLE REPLICA TRIGGER definitions_applied;
COMMENT ON TRIGGER definitions_applied ON sla.tracked IS 'tells all sessions, under logical replication';
COMMENT ON TRIGGER definitions_applied ON sla.metric IS 'tells all sessions, under logical replication';
COMMENT ON TRIGGER definitions_applied ON sla.agreement IS 'tells all sessions, under logical replication';
COMMENT ON TRIGGER definitions_applied ON sla.policy IS 'tells all sessions, under logical replication';
COMMENT ON TRIGGER definitions_applied ON sla.target IS 'tells all sessions, under logical replication';
COMMENT ON TRIGGER definitions_applied ON sla.exception IS 'tells all sessions, under logical replication';
COMMENT ON TRIGGER definitions_applied ON sla.source IS 'tells all sessions, under logical replication';
COMMENT ON TRIGGER definitions_applied ON sla.promise IS 'tells all sessions, under logical replication';

CREATE TRIGGER definitions_changed
	AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON sla.tracked
	FOR EACH STATEMENT EXECUTE FUNCTION sla.definitions_changed();
CREATE TRIGGER definitions_changed
	AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON sla.metric
	FOR EACH STATEMENT EXECUTE FUNCTION sla.definitions_changed();
CREATE TRIGGER definitions_changed
	AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON sla.agreement
	FOR EACH STATEMENT EXECUTE FUNCTION sla.definitions_changed();
CREATE TRIGGER definitions_changed
	AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON sla.policy
	FOR EACH STATEMENT EXECUTE FUNCTION sla.definitions_changed();
CREATE TRIGGER definitions_changed
	AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON sla.target
	FOR EACH STATEMENT EXECUTE FUNCTION sla.definitions_changed();
CREATE TRIGGER definitions_changed
	AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON sla.source
	FOR EACH STATEMENT EXECUTE FUNCTION sla.definitions_changed();
CREATE TRIGGER definitions_changed
	AFTER INSERT OR DELETE OR TRUNCATE
		OR UPDATE OF relation, policy, metric, party, item, objective, labels, during, rrule, extend_by, waive, approved_at
	ON sla.exception
	FOR EACH STATEMENT EXECUTE FUNCTION sla.definitions_changed();
COMMENT ON TRIGGER definitions_changed ON sla.tracked IS 'tells all sessions';
COMMENT ON TRIGGER definitions_changed ON sla.metric IS 'tells all sessions, and makes promises anew';
COMMENT ON TRIGGER definitions_changed ON sla.agreement IS 'tells all sessions, and makes promises anew';
COMMENT ON TRIGGER definitions_changed ON sla.policy IS 'tells all sessions, and makes promises anew';
COMMENT ON TRIGGER definitions_changed ON sla.target IS 'tells all sessions, and makes promises anew';
COMMENT ON TRIGGER definitions_changed ON sla.source IS 'tells all sessions';
COMMENT ON TRIGGER definitions_changed ON sla.exception IS 'tells all sessions';

/*
 * When definitions change so that another promise may hold, or a row say
 * something else, the open clocks of the table are followed anew when they are
 * read next, and stored by sla.refresh() or the next write.
 */

CREATE FUNCTION sla.definition_moved()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	moved regclass[];
BEGIN
	IF TG_OP = 'INSERT' THEN
		SELECT array_agg(DISTINCT n.relation) INTO moved FROM new_rows AS n;
	ELSIF TG_OP = 'DELETE' THEN
		SELECT array_agg(DISTINCT o.relation) INTO moved FROM old_rows AS o;
	ELSE
		-- (what only describes, and a goal that is another one, moves no promise)
		SELECT array_agg(DISTINCT n.relation) INTO moved
		FROM (SELECT o.relation, o.id, to_jsonb(o) AS row FROM old_rows AS o) AS o
		JOIN (SELECT n.id, n.relation, to_jsonb(n) AS row FROM new_rows AS n) AS n USING (id)
		WHERE o.row - '{description,goal,threshold,due_by,cutoff,alert_at,confirmed_by}'::text[]
				IS DISTINCT FROM n.row - '{description,goal,threshold,due_by,cutoff,alert_at,confirmed_by}'::text[]
			OR (o.row ->> 'goal' IS NULL) <> (n.row ->> 'goal' IS NULL);
	END IF;
	IF moved IS NOT NULL AND NOT sla.restoring() THEN
		PERFORM sla.edit_alone();
		UPDATE sla.promise AS p
		SET (revision, resync) = (SELECT n.n, n.n FROM nextval('sla.promise_revision_seq') AS n (n) WHERE p.id > 0)
		WHERE p.relation = ANY (moved);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.definition_moved() IS 'makes the open clocks of a table be followed anew';
REVOKE ALL ON FUNCTION sla.definition_moved() FROM PUBLIC;

CREATE TRIGGER definition_moved_insert
	AFTER INSERT ON sla.metric
	REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION sla.definition_moved();
CREATE TRIGGER definition_moved_update
	AFTER UPDATE ON sla.metric
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION sla.definition_moved();
CREATE TRIGGER definition_moved_delete
	AFTER DELETE ON sla.metric
	REFERENCING OLD TABLE AS old_rows
	FOR EACH STATEMENT EXECUTE FUNCTION sla.definition_moved();
COMMENT ON TRIGGER definition_moved_insert ON sla.metric IS 'open clocks follow';
COMMENT ON TRIGGER definition_moved_update ON sla.metric IS 'open clocks follow';
COMMENT ON TRIGGER definition_moved_delete ON sla.metric IS 'open clocks follow';
CREATE TRIGGER definition_moved_insert
	AFTER INSERT ON sla.policy
	REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION sla.definition_moved();
CREATE TRIGGER definition_moved_update
	AFTER UPDATE ON sla.policy
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION sla.definition_moved();
CREATE TRIGGER definition_moved_delete
	AFTER DELETE ON sla.policy
	REFERENCING OLD TABLE AS old_rows
	FOR EACH STATEMENT EXECUTE FUNCTION sla.definition_moved();
COMMENT ON TRIGGER definition_moved_insert ON sla.policy IS 'open clocks follow';
COMMENT ON TRIGGER definition_moved_update ON sla.policy IS 'open clocks follow';
COMMENT ON TRIGGER definition_moved_delete ON sla.policy IS 'open clocks follow';
CREATE TRIGGER definition_moved_insert
	AFTER INSERT ON sla.target
	REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION sla.definition_moved();
CREATE TRIGGER definition_moved_update
	AFTER UPDATE ON sla.target
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION sla.definition_moved();
CREATE TRIGGER definition_moved_delete
	AFTER DELETE ON sla.target
	REFERENCING OLD TABLE AS old_rows
	FOR EACH STATEMENT EXECUTE FUNCTION sla.definition_moved();
COMMENT ON TRIGGER definition_moved_insert ON sla.target IS 'open clocks follow';
COMMENT ON TRIGGER definition_moved_update ON sla.target IS 'open clocks follow';
COMMENT ON TRIGGER definition_moved_delete ON sla.target IS 'open clocks follow';
CREATE TRIGGER definition_moved_update
	AFTER UPDATE ON sla.tracked
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION sla.definition_moved();
COMMENT ON TRIGGER definition_moved_update ON sla.tracked IS 'open clocks follow';

CREATE FUNCTION sla.agreement_moved()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT sla.restoring() THEN
		PERFORM sla.edit_alone();
		INSERT INTO sla.moved_party (party)
		SELECT DISTINCT p.party
		FROM (VALUES (CASE WHEN TG_OP <> 'INSERT' THEN OLD.party END), (CASE WHEN TG_OP <> 'DELETE' THEN NEW.party END)) AS p (party)
		WHERE p.party IS NOT NULL;
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.agreement_moved() IS 'makes the open clocks of a party be followed anew';
REVOKE ALL ON FUNCTION sla.agreement_moved() FROM PUBLIC;
CREATE TRIGGER agreement_moved
	AFTER INSERT OR DELETE ON sla.agreement
	FOR EACH ROW EXECUTE FUNCTION sla.agreement_moved();
CREATE TRIGGER agreement_moved_update
	AFTER UPDATE ON sla.agreement
	FOR EACH ROW WHEN (
		(OLD.party, OLD.name, OLD.valid_from, OLD.plan, OLD.calendar, OLD.ends_at)
		IS DISTINCT FROM (NEW.party, NEW.name, NEW.valid_from, NEW.plan, NEW.calendar, NEW.ends_at))
	EXECUTE FUNCTION sla.agreement_moved();
COMMENT ON TRIGGER agreement_moved ON sla.agreement IS 'open clocks follow';
COMMENT ON TRIGGER agreement_moved_update ON sla.agreement IS 'open clocks follow';

/*
 * When the ground moves: calendars and exceptions
 */

CREATE FUNCTION sla.raise_revisions(calendars text[])
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- (promises may be there before the calendars, and the sequence is not)
	IF sla.restoring() THEN
		RETURN;
	END IF;
	PERFORM sla.edit_alone();
	-- also of calendars that combine these
	WITH RECURSIVE affected (name) AS (
		SELECT unnest(calendars) COLLATE "C"
		UNION
		SELECT c.name
		FROM affected AS a
		JOIN sla.calendar AS c ON a.name = ANY (sla.combined_calendars(c.combines))
	)
	UPDATE sla.promise AS p
	SET revision = nextval('sla.promise_revision_seq')
	FROM affected AS a
	WHERE a.name = coalesce(@extschema@.calendar(p.goal), p.calendar);
	IF FOUND THEN
		UPDATE sla.revision SET number = nextval('sla.revision_seq');
	END IF;
END
$$;
COMMENT ON FUNCTION sla.raise_revisions(text[]) IS 'private: makes open clocks of these calendars be derived again';
REVOKE ALL ON FUNCTION sla.raise_revisions(text[]) FROM PUBLIC;

CREATE FUNCTION sla.calendars_moved()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	calendars text[];
BEGIN
	IF TG_TABLE_NAME = 'calendar' THEN
		IF TG_OP <> 'INSERT' THEN
			SELECT array_agg(name) INTO calendars FROM old_rows;
		END IF;
		IF TG_OP <> 'DELETE' THEN
			SELECT calendars || array_agg(name) INTO calendars FROM new_rows;
		END IF;
	ELSE
		IF TG_OP <> 'INSERT' THEN
			SELECT array_agg(DISTINCT calendar) INTO calendars FROM old_rows;
		END IF;
		IF TG_OP <> 'DELETE' THEN
			SELECT calendars || array_agg(DISTINCT calendar) INTO calendars FROM new_rows;
		END IF;
	END IF;
	IF calendars IS NOT NULL THEN
		PERFORM sla.raise_revisions(calendars);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.calendars_moved() IS 'makes open clocks of changed calendars be derived again';
REVOKE ALL ON FUNCTION sla.calendars_moved() FROM PUBLIC;

CREATE TRIGGER calendars_moved_insert
	AFTER INSERT ON sla.calendar
	REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION sla.calendars_moved();
CREATE TRIGGER calendars_moved_update
	AFTER UPDATE ON sla.calendar
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION sla.calendars_moved();
CREATE TRIGGER calendars_moved_delete
	AFTER DELETE ON sla.calendar
	REFERENCING OLD TABLE AS old_rows
	FOR EACH STATEMENT EXECUTE FUNCTION sla.calendars_moved();
CREATE TRIGGER calendars_moved_insert
	AFTER INSERT ON sla.holiday
	REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION sla.calendars_moved();
CREATE TRIGGER calendars_moved_update
	AFTER UPDATE ON sla.holiday
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION sla.calendars_moved();
CREATE TRIGGER calendars_moved_delete
	AFTER DELETE ON sla.holiday
	REFERENCING OLD TABLE AS old_rows
	FOR EACH STATEMENT EXECUTE FUNCTION sla.calendars_moved();
COMMENT ON TRIGGER calendars_moved_insert ON sla.calendar IS 'open clocks follow';
COMMENT ON TRIGGER calendars_moved_update ON sla.calendar IS 'open clocks follow';
COMMENT ON TRIGGER calendars_moved_delete ON sla.calendar IS 'open clocks follow';
COMMENT ON TRIGGER calendars_moved_insert ON sla.holiday IS 'open clocks follow';
COMMENT ON TRIGGER calendars_moved_update ON sla.holiday IS 'open clocks follow';
COMMENT ON TRIGGER calendars_moved_delete ON sla.holiday IS 'open clocks follow';

CREATE FUNCTION sla.all_calendars_moved()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT sla.restoring() THEN
		UPDATE sla.revision SET number = nextval('sla.revision_seq');
		UPDATE sla.promise SET revision = nextval('sla.promise_revision_seq');
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.all_calendars_moved() IS 'makes all open clocks be derived again';
REVOKE ALL ON FUNCTION sla.all_calendars_moved() FROM PUBLIC;
CREATE TRIGGER calendars_moved_truncate
	AFTER TRUNCATE ON sla.calendar
	FOR EACH STATEMENT EXECUTE FUNCTION sla.all_calendars_moved();
CREATE TRIGGER calendars_moved_truncate
	AFTER TRUNCATE ON sla.holiday
	FOR EACH STATEMENT EXECUTE FUNCTION sla.all_calendars_moved();
COMMENT ON TRIGGER calendars_moved_truncate ON sla.calendar IS 'open clocks follow';
COMMENT ON TRIGGER calendars_moved_truncate ON sla.holiday IS 'open clocks follow';

CREATE FUNCTION sla.calendar_applied()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_TABLE_NAME = 'calendar' THEN
		PERFORM sla.raise_revisions(ARRAY[
			CASE WHEN TG_OP <> 'INSERT' THEN OLD.name END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.name END]);
	ELSE
		PERFORM sla.raise_revisions(ARRAY[
			CASE WHEN TG_OP <> 'INSERT' THEN OLD.calendar END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.calendar END]);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.calendar_applied() IS 'makes open clocks follow a calendar that logical replication brought';
REVOKE ALL ON FUNCTION sla.calendar_applied() FROM PUBLIC;
CREATE TRIGGER calendar_applied
	AFTER INSERT OR UPDATE OR DELETE ON sla.calendar
	FOR EACH ROW EXECUTE FUNCTION sla.calendar_applied();
CREATE TRIGGER calendar_applied
	AFTER INSERT OR UPDATE OR DELETE ON sla.holiday
	FOR EACH ROW EXECUTE FUNCTION sla.calendar_applied();
ALTER TABLE sla.calendar ENABLE REPLICA TRIGGER calendar_applied;
ALTER TABLE sla.holiday ENABLE REPLICA TRIGGER calendar_applied;
COMMENT ON TRIGGER calendar_applied ON sla.calendar IS 'open clocks follow, under logical replication';
COMMENT ON TRIGGER calendar_applied ON sla.holiday IS 'open clocks follow, under logical replication';

CREATE FUNCTION sla.keep_used_calendar()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	by_whom text;
BEGIN
	SELECT format('Target "%s" of policy "%s" of table %s names it.', t.metric, t.policy, t.relation) INTO by_whom
	FROM sla.target AS t
	WHERE OLD.name IN (@extschema@.calendar(t.goal), @extschema@.calendar(t.threshold))
	LIMIT 1;
	IF NOT FOUND THEN
		SELECT format('Agreement "%s" of party "%s" names it.', a.name, a.party) INTO by_whom
		FROM sla.agreement AS a
		WHERE a.calendar = OLD.name
		LIMIT 1;
	END IF;
	IF NOT FOUND THEN
		SELECT format('An open clock of item "%s" of table %s runs by it.', c.item, c.relation) INTO by_whom
		FROM sla.promise AS p
		JOIN sla.clock_state AS c ON c.promise_id = p.id AND c.ended_at IS NULL
		WHERE OLD.name = coalesce(@extschema@.calendar(p.goal), p.calendar)
		LIMIT 1;
	END IF;
	IF NOT FOUND THEN
		SELECT format('Objective "%s" names it.', o.name) INTO by_whom
		FROM sla.objective AS o
		WHERE o.calendar = OLD.name
		LIMIT 1;
	END IF;
	IF by_whom IS NOT NULL THEN
		RAISE EXCEPTION 'calendar "%" is in use', OLD.name
			USING ERRCODE = 'dependent_objects_still_exist', DETAIL = by_whom;
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.keep_used_calendar() IS 'refuses to rename or delete a calendar that promises name';
REVOKE ALL ON FUNCTION sla.keep_used_calendar() FROM PUBLIC;
CREATE TRIGGER keep_used_deleted
	AFTER DELETE ON sla.calendar
	FOR EACH ROW EXECUTE FUNCTION sla.keep_used_calendar();
CREATE TRIGGER keep_used_renamed
	AFTER UPDATE OF name ON sla.calendar
	FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION sla.keep_used_calendar();
COMMENT ON TRIGGER keep_used_deleted ON sla.calendar IS 'refuses to delete a calendar in use';
COMMENT ON TRIGGER keep_used_renamed ON sla.calendar IS 'refuses to rename a calendar in use';

CREATE FUNCTION sla.settling_in(changed xid8)
RETURNS xid8
AS 'MODULE_PATHNAME', 'sla_settling_in'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION sla.settling_in(xid8) IS
'private: a number that no transaction reaches that does not know of a change; NULL while such a one could still take its number';
REVOKE ALL ON FUNCTION sla.settling_in(xid8) FROM PUBLIC;

CREATE FUNCTION sla.has_settled(number xid8)
RETURNS boolean
AS 'MODULE_PATHNAME', 'sla_has_settled'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION sla.has_settled(xid8) IS
'private: whether all transactions with a lower number have ended but for this one, and what is read next sees what they wrote';
REVOKE ALL ON FUNCTION sla.has_settled(xid8) FROM PUBLIC;

CREATE FUNCTION sla.settling_changed()
RETURNS trigger
AS 'MODULE_PATHNAME', 'sla_settling_changed'
LANGUAGE C;
COMMENT ON FUNCTION sla.settling_changed() IS 'private: has every session plan its queries anew';
REVOKE ALL ON FUNCTION sla.settling_changed() FROM PUBLIC;

-- (always: where rows come by replication sessions have plans, too)
CREATE TRIGGER settling_changed
	AFTER INSERT OR DELETE OR UPDATE OF revision, settled ON sla.promise
	FOR EACH ROW EXECUTE FUNCTION sla.settling_changed();
CREATE TRIGGER settling_changed
	AFTER INSERT OR DELETE ON sla.moved_party
	FOR EACH ROW EXECUTE FUNCTION sla.settling_changed();
ALTER TABLE sla.promise ENABLE ALWAYS TRIGGER settling_changed;
ALTER TABLE sla.moved_party ENABLE ALWAYS TRIGGER settling_changed;
COMMENT ON TRIGGER settling_changed ON sla.promise IS 'has every session plan its queries anew';
COMMENT ON TRIGGER settling_changed ON sla.moved_party IS 'has every session plan its queries anew';

CREATE FUNCTION sla.full_xid(xmin xid)
RETURNS xid8
LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	-- a transaction in the past, less than half of all numbers ago
	SELECT (x.latest - ((x.latest - x.short) % 4294967296 + 4294967296) % 4294967296)::text::xid8
	FROM (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint, xmin::text::bigint) AS x (latest, short);
END;
COMMENT ON FUNCTION sla.full_xid(xid) IS 'private: the full number of the transaction that wrote a row';

CREATE FUNCTION sla.apply_exception(moved sla.exception, edited_in xid8 DEFAULT NULL, edited_under pg_snapshot DEFAULT NULL)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- (the number of a subtransaction is in no snapshot, and greater than that of
	-- its transaction)
	RETURN (
		SELECT coalesce(sum(r.busy), 0) = 0
		FROM (
			SELECT c.relation, array_agg(c.clock_id) AS clocks
			FROM sla.clock_state AS c
			JOIN sla.promise AS p ON p.id = c.promise_id
			WHERE c.ended_at IS NOT NULL
				AND (moved.relation IS NULL OR c.relation = moved.relation)
				AND (moved.policy IS NULL OR p.policy = moved.policy)
				AND (moved.metric IS NULL OR p.metric = moved.metric)
				AND (moved.party IS NULL OR c.party = moved.party)
				AND (moved.item IS NULL OR c.item = moved.item)
				AND (moved.labels IS NULL OR c.labels @> moved.labels)
				AND (moved.extend_by IS NOT NULL OR moved.waive OR moved.rrule IS NOT NULL
					OR moved.during && tstzrange(c.started_at, greatest(c.ended_at, c.late_at, c.gross_late_at), '[]'))
				AND (apply_exception.edited_in IS NULL
					OR sla.full_xid(c.xmin) <> apply_exception.edited_in
						AND sla.full_xid(c.xmin) >= pg_snapshot_xmin(apply_exception.edited_under))
			GROUP BY c.relation
			OFFSET 0
		) AS f
		CROSS JOIN LATERAL sla.refresh_clocks(f.relation, f.clocks) AS r);
END
$$;
COMMENT ON FUNCTION sla.apply_exception(sla.exception, xid8, pg_snapshot) IS
'private: lets finished clocks follow an exception: all, or those that a transaction which edited it under a snapshot may not have seen; false: some are left, since somebody works on them';
REVOKE ALL ON FUNCTION sla.apply_exception(sla.exception, xid8, pg_snapshot) FROM PUBLIC;

/*
 * A clock that ends in a transaction that does not see the exception yet is not
 * seen here either: sla.refresh() looks again when all those are over.
 */
CREATE FUNCTION sla.exceptions_moved()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	moved sla.exception;
	applied boolean := true;
BEGIN
	IF sla.restoring() THEN
		RETURN NULL;
	END IF;
	FOREACH moved IN ARRAY CASE TG_OP WHEN 'INSERT' THEN ARRAY[NEW] WHEN 'DELETE' THEN ARRAY[OLD] ELSE ARRAY[OLD, NEW] END
	LOOP
		CONTINUE WHEN moved.approved_at IS NULL OR moved.objective IS NOT NULL;
		UPDATE sla.revision SET number = nextval('sla.revision_seq');
		UPDATE sla.promise AS p
		SET revision = nextval('sla.promise_revision_seq')
		WHERE (moved.relation IS NULL OR p.relation = moved.relation)
			AND (moved.policy IS NULL OR p.policy = moved.policy)
			AND (moved.metric IS NULL OR p.metric = moved.metric);
		IF NOT sla.apply_exception(moved) THEN
			applied := false;
		END IF;
	END LOOP;

	-- (where some are left it is as if none had been seen)
	IF TG_OP <> 'INSERT' AND OLD.approved_at IS NOT NULL AND OLD.objective IS NULL THEN
		INSERT INTO sla.moved_exception (moved, edited_under)
		VALUES (OLD, CASE WHEN applied THEN pg_current_snapshot() ELSE '3:3:' END);
	END IF;
	IF TG_OP <> 'DELETE' AND NOT applied THEN
		UPDATE sla.exception AS e SET edited_under = '3:3:' WHERE e.id = NEW.id;
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.exceptions_moved() IS 'lets clocks follow an exception: open ones when they are read, finished ones at once';
REVOKE ALL ON FUNCTION sla.exceptions_moved() FROM PUBLIC;
CREATE FUNCTION sla.stamp_exception()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT sla.restoring() THEN
		NEW.edited_in := pg_current_xact_id();
		NEW.edited_under := pg_current_snapshot();
		NEW.settling_in := NULL;
	ELSIF NEW.edited_in IS NOT NULL THEN
		-- numbers of transactions are of another cluster now: all of it is over
		NEW.edited_in := '3';
		NEW.edited_under := '3:3:';
		NEW.settling_in := '3';
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION sla.stamp_exception() IS 'notes the transaction that edits an exception';
CREATE TRIGGER stamp_exception
	BEFORE INSERT ON sla.moved_exception
	FOR EACH ROW WHEN (sla.restoring()) EXECUTE FUNCTION sla.stamp_exception();
COMMENT ON TRIGGER stamp_exception ON sla.moved_exception IS 'all who did not know of the change are gone after a restore';
CREATE TRIGGER stamp_exception
	BEFORE INSERT OR UPDATE OF relation, policy, metric, party, item, objective, labels, during, rrule, extend_by, waive, approved_at
	ON sla.exception
	FOR EACH ROW EXECUTE FUNCTION sla.stamp_exception();
COMMENT ON TRIGGER stamp_exception ON sla.exception IS 'notes the transaction that edits it';

CREATE TRIGGER exceptions_moved
	AFTER INSERT OR DELETE OR UPDATE OF relation, policy, metric, party, item, objective, labels, during, rrule, extend_by, waive, approved_at
	ON sla.exception
	FOR EACH ROW EXECUTE FUNCTION sla.exceptions_moved();
COMMENT ON TRIGGER exceptions_moved ON sla.exception IS 'clocks follow';

CREATE FUNCTION sla.party_settled(moved sla.moved_party)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	clocks bigint[];
	promises integer[];
BEGIN
	-- all of them, or another time: nothing waits here for a writer or an edit
	SELECT array_agg(c.clock_id), array_agg(DISTINCT c.promise_id) INTO clocks, promises
	FROM (
		SELECT s.clock_id, s.promise_id
		FROM sla.clock_state AS s
		WHERE s.ended_at IS NULL AND s.party = moved.party AND s.revision < moved.revision
		FOR UPDATE SKIP LOCKED
	) AS c;
	IF coalesce(cardinality(clocks), 0) < (
			SELECT count(*)
			FROM sla.clock_state AS s
			WHERE s.ended_at IS NULL AND s.party = moved.party AND s.revision < moved.revision)
		OR cardinality(promises) > (
			SELECT count(*)
			FROM (SELECT FROM sla.promise AS p WHERE p.id = ANY (promises) FOR UPDATE SKIP LOCKED) AS l)
	THEN
		RETURN;
	END IF;
	UPDATE sla.clock_state AS c SET revision = -1 WHERE c.clock_id = ANY (clocks);
	UPDATE sla.promise AS p SET settled = 0, settling = NULL WHERE p.id = ANY (promises);
	DELETE FROM sla.moved_party AS m WHERE m.revision = moved.revision;
END
$$;
COMMENT ON FUNCTION sla.party_settled(sla.moved_party) IS
'private: makes the open clocks of a party be followed anew, now that all who write know its agreements';
REVOKE ALL ON FUNCTION sla.party_settled(sla.moved_party) FROM PUBLIC;

/*
 * (By the index of what is open, however many are guessed: between the first
 * and the last of them may be all that ended in years.)
 */
CREATE FUNCTION sla.lock_stale_clocks(max_items integer)
RETURNS TABLE (relation regclass, clock_id bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT s.relation, s.clock_id
	FROM sla.promise AS p
	CROSS JOIN LATERAL (
		SELECT c.relation, c.clock_id
		FROM sla.clock_state AS c
		WHERE c.promise_id = p.id AND c.ended_at IS NULL AND c.revision < p.revision
		LIMIT max_items
		FOR UPDATE SKIP LOCKED
	) AS s
	WHERE p.settled < p.revision AND NOT sla.owner_is_paused(p.relation)
	LIMIT max_items;
END
$$;
COMMENT ON FUNCTION sla.lock_stale_clocks(integer) IS
'private: open clocks derived by an earlier revision of their promise, so many at most, locked but for those that somebody works on';
REVOKE ALL ON FUNCTION sla.lock_stale_clocks(integer) FROM PUBLIC;

CREATE FUNCTION sla.refresh(max_items integer DEFAULT 10000)
RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	refreshed bigint;
	edited sla.exception;
	gone sla.moved_exception;
	moved sla.moved_party;
BEGIN
	FOR moved IN
		SELECT *
		FROM sla.moved_party AS m
		FOR UPDATE SKIP LOCKED
	LOOP
		IF moved.settling_in IS NULL THEN
			UPDATE sla.moved_party AS m SET settling_in = sla.settling_in(m.edited_in) WHERE m.revision = moved.revision;
		ELSIF sla.has_settled(moved.settling_in) THEN
			PERFORM sla.party_settled(moved);
		END IF;
	END LOOP;
	SELECT coalesce(sum(r.refreshed), 0) INTO refreshed
	FROM (
		SELECT s.relation, array_agg(s.clock_id) AS clocks
		FROM sla.lock_stale_clocks(max_items) AS s
		GROUP BY s.relation
		OFFSET 0
	) AS t
	CROSS JOIN LATERAL sla.refresh_clocks(t.relation, t.clocks) AS r;
	-- when all who write know of a change, what has not followed it is all there is
	UPDATE sla.promise AS p
	SET settling = p.revision, settling_in = n.number
	FROM (
		SELECT q.id, sla.settling_in(sla.full_xid(q.xmin)) AS number
		FROM sla.promise AS q
		WHERE q.settled < q.revision AND (q.settling <> q.revision OR q.settling IS NULL)
		FOR UPDATE SKIP LOCKED
	) AS n
	WHERE p.id = n.id AND n.number IS NOT NULL;
	UPDATE sla.promise AS p
	SET settled = p.revision
	FROM (
		SELECT q.id
		FROM sla.promise AS q
		WHERE q.settled < q.revision AND q.settling = q.revision
			AND sla.has_settled(q.settling_in)
			AND NOT EXISTS (
				SELECT
				FROM sla.clock_state AS c
				WHERE c.promise_id = q.id AND c.ended_at IS NULL AND c.revision < q.revision)
		FOR UPDATE SKIP LOCKED
	) AS n
	WHERE p.id = n.id;
	FOR edited IN
		SELECT *
		FROM sla.exception AS e
		WHERE e.edited_in IS NOT NULL
		FOR UPDATE SKIP LOCKED
	LOOP
		IF edited.settling_in IS NULL THEN
			UPDATE sla.exception AS e SET settling_in = sla.settling_in(e.edited_in) WHERE e.id = edited.id;
		ELSIF sla.has_settled(edited.settling_in) THEN
			CONTINUE WHEN edited.approved_at IS NOT NULL AND edited.objective IS NULL
				AND NOT sla.apply_exception(edited, edited.edited_in, edited.edited_under);
			UPDATE sla.exception AS e SET edited_in = NULL, edited_under = NULL, settling_in = NULL WHERE e.id = edited.id;
		END IF;
	END LOOP;
	FOR gone IN
		SELECT *
		FROM sla.moved_exception AS e
		FOR UPDATE SKIP LOCKED
	LOOP
		IF gone.settling_in IS NULL THEN
			UPDATE sla.moved_exception AS e SET settling_in = sla.settling_in(e.edited_in) WHERE e.id = gone.id;
		ELSIF sla.has_settled(gone.settling_in) THEN
			CONTINUE WHEN NOT sla.apply_exception(gone.moved, gone.edited_in, gone.edited_under);
			DELETE FROM sla.moved_exception AS e WHERE e.id = gone.id;
		END IF;
	END LOOP;
	RETURN refreshed;
END
$$;
COMMENT ON FUNCTION sla.refresh(integer) IS
'stores open clocks that were derived by earlier definitions, so many at most, and leaves out those that somebody works on';
REVOKE ALL ON FUNCTION sla.refresh(integer) FROM PUBLIC;

CREATE FUNCTION sla.count_occurrences(from_at timestamptz, to_at timestamptz, rrule text, time_zone text)
RETURNS integer
AS 'MODULE_PATHNAME', 'sla_count_occurrences'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION sla.count_occurrences(timestamptz, timestamptz, text, text) IS
'private: how often a span recurs by a rule of RFC 5545, up to five years from now; an error when it is not one';

CREATE FUNCTION sla.check_exception()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM sla.count_occurrences(coalesce(lower(NEW.during), '-infinity'),
		coalesce(upper(NEW.during), 'infinity'), NEW.rrule, 'UTC');
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION sla.check_exception() IS 'checks the recurrence rule of an exception';
CREATE TRIGGER check_exception
	BEFORE INSERT OR UPDATE ON sla.exception
	FOR EACH ROW WHEN (NEW.rrule IS NOT NULL) EXECUTE FUNCTION sla.check_exception();
COMMENT ON TRIGGER check_exception ON sla.exception IS 'checks the recurrence rule';

/*
 * Verifying, correcting, judging again
 */

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
'private: a clock as it would be judged by its promise and the present calendars and exceptions';
REVOKE ALL ON FUNCTION sla.rejudged(sla.clock_state) FROM PUBLIC;

CREATE FUNCTION sla.rejudge(relation regclass, clock_id bigint)
RETURNS void
AS 'MODULE_PATHNAME', 'sla_rejudge'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION sla.rejudge(regclass, bigint) IS 'private: stores what sla.rejudged() says of a clock';
REVOKE ALL ON FUNCTION sla.rejudge(regclass, bigint) FROM PUBLIC;

CREATE FUNCTION sla.verdict_of(clock sla.clock_state)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE
		WHEN clock.late_at < coalesce(clock.ended_at, pg_catalog.now())
			THEN CASE WHEN clock.is_waived THEN 'waived' ELSE 'breached' END
		WHEN clock.state = 'c' OR clock.budget IS NULL THEN NULL
		WHEN clock.state <> 's' THEN 'pending'
		WHEN clock.ended_at <= clock.due_at THEN 'met'
		ELSE 'tolerated'
	END;
END;
COMMENT ON FUNCTION sla.verdict_of(sla.clock_state) IS 'private: the verdict of a stored clock, net of exceptions';
REVOKE ALL ON FUNCTION sla.verdict_of(sla.clock_state) FROM PUBLIC;

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
	SELECT c.clock_id, c.item, p.metric, c.due_at, d.due_at, sla.verdict_of(c), sla.verdict_of(d)
	FROM sla.clock_state AS c
	LEFT JOIN sla.promise AS p ON p.id = c.promise_id
	CROSS JOIN LATERAL sla.rejudged(c) AS d
	WHERE c.relation = recompute_table.relation
		AND recompute_table.during && tstzrange(c.started_at, coalesce(c.ended_at, 'infinity'), '[]')
		AND (d.due_at, d.late_at, coalesce(d.gross_due_at, d.due_at), coalesce(d.gross_late_at, d.late_at), d.is_waived)
			IS DISTINCT FROM (c.due_at, c.late_at, coalesce(c.gross_due_at, c.due_at), coalesce(c.gross_late_at, c.late_at), c.is_waived)
	ORDER BY c.clock_id;
	IF NOT dry_run THEN
		-- (in the order in which writers take an item's clocks)
		PERFORM sla.rejudge(changed.relation, changed.clock_id)
		FROM (
			SELECT c.relation, c.clock_id
			FROM sla.clock_state AS c
			CROSS JOIN LATERAL sla.rejudged(c) AS d
			WHERE c.relation = recompute_table.relation
				AND recompute_table.during && tstzrange(c.started_at, coalesce(c.ended_at, 'infinity'), '[]')
				AND (d.due_at, d.late_at, coalesce(d.gross_due_at, d.due_at), coalesce(d.gross_late_at, d.late_at), d.is_waived)
					IS DISTINCT FROM (c.due_at, c.late_at, coalesce(c.gross_due_at, c.due_at), coalesce(c.gross_late_at, c.late_at), c.is_waived)
			ORDER BY c.item, c.metric_id, c.per, c.cycle
			OFFSET 0
		) AS changed;
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
'judges the clocks that ran in a time again, by the present calendars, and says what that changes; unless dry_run, it is stored';

CREATE FUNCTION sla.correct(clock_id bigint, started_at timestamptz, stopped_at timestamptz, reason text)
RETURNS void
AS 'MODULE_PATHNAME', 'sla_correct'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION sla.correct(bigint, timestamptz, timestamptz, text) IS
'sets facts of a clock (NULL: as they are) and judges it anew; noted in sla.clock_change; for the table''s owner and operators';

/*
 * Sync and signals
 */

COMMENT ON FUNCTION sla.sync(regclass, text[]) IS
'brings every clock of a table, or of some items, to what its row and its sources say';

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
