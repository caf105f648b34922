--
-- Tracking: tables, and the triggers that follow their rows
--

/*
 * A restore brings definitions, functions, promises and clocks that belong
 * together, in an order of its own: what triggers would check or make is left
 * alone then.  A superuser's session that runs what pg_dump wrote has these settings; should
 * it be another, sla.status() tells what is missing and sla.track() makes it.
 */
CREATE FUNCTION sla.restoring()
RETURNS boolean
AS 'MODULE_PATHNAME', 'sla_restoring'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
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
COMMENT ON FUNCTION sla.sync(regclass, text[]) IS
'brings every clock of a table, or of some items, to what its row and its sources say';

CREATE FUNCTION sla.set_trigger_columns(relation regclass, widening boolean DEFAULT false, passing boolean DEFAULT false)
RETURNS void
AS 'MODULE_PATHNAME', 'sla_set_trigger_columns'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION sla.set_trigger_columns(regclass, boolean, boolean) IS
'private: lets the row trigger of a tracked table fire only for updates of columns that expressions read, where that is safe';
REVOKE ALL ON FUNCTION sla.set_trigger_columns(regclass, boolean, boolean) FROM PUBLIC;

CREATE FUNCTION sla.free_triggers(relation oid)
RETURNS void
AS 'MODULE_PATHNAME', 'sla_free_triggers'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION sla.free_triggers(oid) IS
'private: lets new row triggers of a tracked table, and of those below it, depend on no column';
REVOKE ALL ON FUNCTION sla.free_triggers(oid) FROM PUBLIC;

/*
 * A table with its partitions and children, and theirs; and with what it is a
 * partition or a child of.  (No lock is waited for.)
 */
CREATE FUNCTION sla.tables_below(relation oid)
RETURNS SETOF regclass
LANGUAGE sql STABLE ROWS 10
BEGIN ATOMIC
	WITH RECURSIVE below (oid) AS (
		SELECT c.oid FROM pg_catalog.pg_class AS c WHERE c.oid = tables_below.relation
		UNION
		SELECT i.inhrelid FROM below AS b JOIN pg_catalog.pg_inherits AS i ON i.inhparent = b.oid
	)
	SELECT b.oid::regclass FROM below AS b;
END;
COMMENT ON FUNCTION sla.tables_below(oid) IS 'private: a table, its partitions and children, and theirs';

CREATE FUNCTION sla.tables_above(relation oid)
RETURNS SETOF regclass
LANGUAGE sql STABLE ROWS 2
BEGIN ATOMIC
	WITH RECURSIVE above (oid) AS (
		SELECT c.oid FROM pg_catalog.pg_class AS c WHERE c.oid = tables_above.relation
		UNION
		SELECT i.inhparent FROM above AS a JOIN pg_catalog.pg_inherits AS i ON i.inhrelid = a.oid
	)
	SELECT a.oid::regclass FROM above AS a;
END;
COMMENT ON FUNCTION sla.tables_above(oid) IS 'private: a table, and those that it is a partition or a child of';

CREATE FUNCTION sla.widen_triggers(tables oid[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM sla.set_trigger_columns(t.relation, true)
	FROM sla.tracked AS t
	WHERE t.relation IN (SELECT a.tab FROM unnest(tables) AS u (oid) CROSS JOIN LATERAL sla.tables_above(u.oid) AS a (tab));
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
	tab regclass;
	trigger text;
BEGIN
	-- a restore may have brought triggers without the definitions that they are of, and
	-- a partition those of what it was a partition of before
	FOR tab, trigger IN
		SELECT t.tgrelid, t.tgname
		FROM sla.tables_below(relation) AS b (tab)
		JOIN pg_class AS c ON c.oid = b.tab AND (c.oid = relation OR c.relispartition)
		JOIN pg_trigger AS t ON t.tgrelid = b.tab AND t.tgparentid = 0
		JOIN pg_proc AS p ON p.oid = t.tgfoid AND p.pronamespace = 'sla'::regnamespace
		WHERE p.proname IN ('track_row', 'track_statement', 'track_truncate')
			AND NOT EXISTS (
				SELECT
				FROM sla.tables_above(b.tab) AS a (tab)
				JOIN sla.tracked AS k ON k.relation = a.tab
				WHERE encode(t.tgargs, 'escape') = k.id || E'\\000')
	LOOP
		EXECUTE format('DROP TRIGGER %I ON %s', trigger, tab);
	END LOOP;

	-- a partitioned table hands its row triggers down; children by inheritance
	-- do not get them
	FOR tab IN
		SELECT c.oid
		FROM sla.tables_below(relation) AS b (tab)
		JOIN pg_class AS c ON c.oid = b.tab
		WHERE (c.oid = relation OR NOT c.relispartition)
			AND NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = c.oid AND t.tgname = 'sla_track_row')
	LOOP
		EXECUTE format('CREATE TRIGGER sla_track_begin BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION sla.track_statement(%L)', tab, number);
		EXECUTE format('CREATE TRIGGER sla_track_row AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION sla.track_row(%L)', tab, number);
		EXECUTE format('CREATE TRIGGER sla_track_end AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION sla.track_statement(%L)', tab, number);
	END LOOP;

	-- TRUNCATE has statement triggers only, which no partition inherits
	FOR tab IN
		SELECT c.oid
		FROM sla.tables_below(relation) AS b (tab)
		JOIN pg_class AS c ON c.oid = b.tab AND c.relkind IN ('r', 'p')
		WHERE NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = c.oid AND t.tgname = 'sla_track_truncate')
	LOOP
		EXECUTE format('CREATE TRIGGER sla_track_truncate AFTER TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION sla.track_truncate(%L)', tab, number);
	END LOOP;

	-- those that are no copies of the table's own fire under logical replication, too, where that does
	FOR tab, trigger IN
		SELECT t.tgrelid, t.tgname
		FROM sla.tables_below(relation) AS b (tab)
		JOIN pg_trigger AS t ON t.tgrelid = b.tab AND t.tgparentid = 0 AND t.tgenabled = 'O'
		JOIN pg_trigger AS own ON own.tgrelid = relation AND own.tgname = t.tgname AND own.tgfoid = t.tgfoid AND own.tgenabled = 'A'
		JOIN pg_proc AS p ON p.oid = t.tgfoid AND p.pronamespace = 'sla'::regnamespace AND p.proname LIKE E'track\\_%'
	LOOP
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', tab, trigger);
	END LOOP;
END
$$;
COMMENT ON FUNCTION sla.make_triggers(regclass) IS 'private: makes the triggers of a tracked table where they are missing, and has them fire when the table''s own do';

/*
 * The trigger of a source.  A partitioned table hands it down, and takes those of
 * partitions that were sources of their own; children by inheritance do not get it.
 */
CREATE FUNCTION sla.make_source_trigger(source regclass)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	tab regclass;
BEGIN
	FOR tab IN
		SELECT c.oid
		FROM sla.tables_below(source) AS b (tab)
		JOIN pg_class AS c ON c.oid = b.tab AND c.oid <> source AND c.relispartition
		JOIN pg_trigger AS t ON t.tgrelid = c.oid AND t.tgname = 'sla_track_source' AND t.tgparentid = 0
	LOOP
		EXECUTE format('DROP TRIGGER sla_track_source ON %s', tab);
	END LOOP;
	FOR tab IN
		SELECT c.oid
		FROM sla.tables_below(source) AS b (tab)
		JOIN pg_class AS c ON c.oid = b.tab
		WHERE (c.oid = source OR NOT c.relispartition)
			AND NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = c.oid AND t.tgname = 'sla_track_source')
	LOOP
		EXECUTE format('CREATE TRIGGER sla_track_source AFTER INSERT ON %s FOR EACH ROW EXECUTE FUNCTION sla.track_source()', tab);
	END LOOP;
END
$$;
COMMENT ON FUNCTION sla.make_source_trigger(regclass) IS 'private: makes the trigger of a source, and of its children, where it is missing';

/* Drop it where no other source needs it. */
CREATE FUNCTION sla.drop_source_trigger(source regclass)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	tab regclass;
BEGIN
	FOR tab IN
		SELECT t.tgrelid
		FROM sla.tables_below(source) AS b (tab)
		JOIN pg_trigger AS t ON t.tgrelid = b.tab AND t.tgname = 'sla_track_source' AND t.tgparentid = 0
	LOOP
		EXECUTE format('DROP TRIGGER sla_track_source ON %s', tab);
	END LOOP;
	PERFORM sla.make_source_trigger(s.source) FROM (SELECT DISTINCT o.source FROM sla.source AS o WHERE o.source <> drop_source_trigger.source) AS s;
END
$$;
COMMENT ON FUNCTION sla.drop_source_trigger(regclass) IS 'private: drops the trigger of a table that is no source any more';

/*
 * A table that becomes a partition of a tracked one is followed when it is
 * truncated, too, and a child of one, or of a source, whatever is done.
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
			SELECT DISTINCT t.tgname, b.tab
			FROM pg_event_trigger_ddl_commands() AS d
			CROSS JOIN LATERAL sla.tables_below(d.objid) AS b (tab)
			JOIN pg_trigger AS t ON t.tgrelid = b.tab AND t.tgparentid = 0
				AND t.tgname IN ('sla_track_begin', 'sla_track_row', 'sla_track_end', 'sla_track_truncate', 'sla_track_source')
			JOIN pg_proc AS p ON p.oid = t.tgfoid AND p.pronamespace = 'sla'::regnamespace
			WHERE d.classid = 'pg_class'::regclass
				AND (t.tgname = 'sla_track_source'
					OR EXISTS (SELECT FROM pg_trigger AS r WHERE r.tgrelid = b.tab AND r.tgparentid = 0 AND r.tgname = 'sla_track_row'))
				AND NOT EXISTS (
					SELECT
					FROM sla.tables_above(b.tab) AS a (tab)
					WHERE CASE t.tgname
						WHEN 'sla_track_source' THEN EXISTS (SELECT FROM sla.source AS k WHERE k.source = a.tab)
						ELSE EXISTS (SELECT FROM sla.tracked AS k WHERE k.relation = a.tab) END)
		LOOP
			EXECUTE format('DROP TRIGGER %I ON %s', trigger.tgname, trigger.tab);
		END LOOP;
		-- (not after sla.detach())
		FOR trigger IN
			SELECT DISTINCT t.tgname, a.tab
			FROM pg_event_trigger_ddl_commands() AS d
			CROSS JOIN LATERAL sla.tables_above(d.objid) AS a (tab)
			JOIN pg_trigger AS t ON t.tgrelid = a.tab AND t.tgname IN ('sla_track_row', 'sla_track_source')
			WHERE d.classid = 'pg_class'::regclass
		LOOP
			IF trigger.tgname = 'sla_track_source' THEN
				PERFORM sla.make_source_trigger(s.source) FROM (SELECT DISTINCT o.source FROM sla.source AS o) AS s WHERE s.source = trigger.tab;
			ELSE
				PERFORM sla.make_triggers(t.relation) FROM sla.tracked AS t WHERE t.relation = trigger.tab;
			END IF;
		END LOOP;
	END IF;
END
$$;
COMMENT ON FUNCTION sla.follow_partition() IS 'private: makes the triggers of new partitions and children that they do not inherit, and drops those of children that are none any more';
REVOKE ALL ON FUNCTION sla.follow_partition() FROM PUBLIC;
CREATE EVENT TRIGGER sla_tracker_follow_partition ON ddl_command_end
	WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE', 'CREATE SCHEMA')
	EXECUTE FUNCTION sla.follow_partition();
COMMENT ON EVENT TRIGGER sla_tracker_follow_partition IS 'follows new partitions and children of tracked tables and sources, and leaves those that are none any more';

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
		SELECT t.tgname, b.tab
		FROM sla.tables_below(relation) AS b (tab)
		JOIN pg_trigger AS t ON t.tgrelid = b.tab
		JOIN pg_proc AS p ON p.oid = t.tgfoid
		WHERE t.tgparentid = 0
			-- (it may be a source of another table)
			AND (p.pronamespace = 'sla'::regnamespace AND p.proname LIKE E'track\\_%' AND (dropping_deadlines OR p.proname <> 'track_source')
				OR dropping_deadlines AND (p.oid = '@extschema@.sla_deadline()'::regprocedure
					OR p.pronamespace = 'sla'::regnamespace AND p.proname = 'rollup_row'))
	LOOP
		EXECUTE format('DROP TRIGGER %I ON %s', trigger.tgname, trigger.tab);
	END LOOP;
END
$$;
COMMENT ON FUNCTION sla.drop_triggers(regclass, boolean) IS 'private: drops the triggers of tracking on a table, its partitions and children, and if so told those of sources and of sla_deadline()';

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

CREATE FUNCTION sla.check_none_left(relation regclass, is_open boolean)
RETURNS void
AS 'MODULE_PATHNAME', 'sla_check_none_left'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION sla.check_none_left(regclass, boolean) IS
'private: a serialization error if a table has clocks, or open ones, that an older snapshot does not see';
REVOKE ALL ON FUNCTION sla.check_none_left(regclass, boolean) FROM PUBLIC;

CREATE FUNCTION sla.untrack_table(relation regclass, keep_history boolean)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	clocks bigint[];
	levels smallint[];
	lasts timestamptz[];
	turns timestamptz[];
BEGIN
	-- (before the table is locked: its writers do not wait for another edit)
	PERFORM sla.edit_alone();
	PERFORM sla.drop_triggers(relation);
	DELETE FROM sla.source AS s WHERE s.relation = untrack_table.relation;
	DELETE FROM sla.target AS t WHERE t.relation = untrack_table.relation;
	DELETE FROM sla.policy AS p WHERE p.relation = untrack_table.relation;
	DELETE FROM sla.metric AS m WHERE m.relation = untrack_table.relation;
	SELECT array_agg(o.clock_id), array_agg(o.levels), array_agg(o.last_at), array_agg(o.turned_at)
	INTO clocks, levels, lasts, turns
	FROM (
		SELECT c.clock_id, c.levels, c.last_at, c.turned_at
		FROM sla.clock_state AS c
		WHERE c.relation = untrack_table.relation AND c.ended_at IS NULL
		FOR UPDATE
	) AS o;
	PERFORM sla.refresh_clocks(untrack_table.relation, clocks);

	-- also where an expression fails for its row, or is gone (what it has used is
	-- not known then)
	UPDATE sla.clock_state AS c
	SET state = 'c', ended_at = e.at,
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
	PERFORM sla.check_none_left(relation, true);
	-- marked, and else what they were, so that they can go on (src/core/clock.h)
	UPDATE sla.clock_state AS c
	SET levels = o.levels | 256, last_at = o.last_at, turned_at = o.turned_at
	FROM unnest(clocks, levels, lasts, turns) AS o (clock_id, levels, last_at, turned_at)
	WHERE c.clock_id = o.clock_id AND c.state = 'c';
	-- (nothing can heal them any more)
	DELETE FROM sla.sync_error AS e WHERE e.relation = untrack_table.relation;
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
	PERFORM sla.check_none_left(relation, false);
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

CREATE FUNCTION sla.rule_text(function regprocedure, text text)
RETURNS text
AS 'MODULE_PATHNAME', 'sla_rule_text'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION sla.rule_text(regprocedure, text) IS
'private: the text of an expression that a function holds, with the names that columns have now';
REVOKE ALL ON FUNCTION sla.rule_text(regprocedure, text) FROM PUBLIC;

CREATE FUNCTION sla.alter_as_owner(relation regclass, action text)
RETURNS void
AS 'MODULE_PATHNAME', 'sla_alter_as_owner'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION sla.alter_as_owner(regclass, text) IS 'private: ALTER TABLE as the owner of the table';
REVOKE ALL ON FUNCTION sla.alter_as_owner(regclass, text) FROM PUBLIC;

CREATE FUNCTION sla.detach()
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	tab regclass;
	rule record;
	col record;
	index regclass;
	rules CONSTANT text := '^(tracked|metric|policy|source|objective)_(-?[0-9]+)_(.*)';
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

	-- functions have followed renamed columns; what was written follows now
	FOR rule IN
		SELECT p.oid::regprocedure AS function, c.relowner AS owner, n.part
		FROM pg_proc AS p
		JOIN pg_class AS c ON c.reltype = p.proargtypes[0] AND c.relowner = p.proowner
		CROSS JOIN LATERAL regexp_match(p.proname, rules) AS n (part)
		WHERE p.pronamespace = 'sla'::regnamespace AND p.pronargs = 1 AND n.part IS NOT NULL
			AND NOT EXISTS (
				SELECT FROM pg_depend AS d
				WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
	LOOP
		-- (who writes a definition confirms it)
		EXECUTE format('UPDATE sla.%I AS d SET %I = sla.rule_text($1, d.%2$I) WHERE d.id = $2 AND d.%2$I <> sla.rule_text($1, d.%2$I) AND %3$s',
				rule.part[1], rule.part[3],
				CASE WHEN rule.part[1] IN ('tracked', 'source') THEN 'd.confirmed_by = $3' ELSE '$3 IS NOT NULL' END)
			USING rule.function, rule.part[2]::integer, rule.owner;
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
		SELECT p.oid::regprocedure AS function
		FROM pg_proc AS p
		WHERE p.pronamespace = 'sla'::regnamespace
			AND p.proname ~ rules
			AND NOT EXISTS (
				SELECT FROM pg_depend AS d
				WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
	LOOP
		EXECUTE format('DROP FUNCTION %s', rule.function);
	END LOOP;

	-- columns of the extension's types become text, with their plain defaults
	FOR col IN
		SELECT a.attrelid::regclass AS tab, a.attname,
			CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'text[]' ELSE 'text' END AS type,
			o.tabs, o.defaults
		FROM pg_attribute AS a
		JOIN pg_class AS c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p') AND NOT c.relispartition
		JOIN pg_type AS t ON t.oid = a.atttypid
		-- (partitions and children may have defaults of their own)
		CROSS JOIN LATERAL (
			SELECT array_agg(b.tab ORDER BY b.n),
				array_agg(CASE pg_get_expr(d.adbin, d.adrelid) WHEN l.literal || '::' || format_type(a.atttypid, NULL) THEN l.literal END ORDER BY b.n)
			FROM sla.tables_below(a.attrelid) WITH ORDINALITY AS b (tab, n)
			JOIN pg_attribute AS h ON h.attrelid = b.tab AND h.attname = a.attname
			LEFT JOIN pg_attrdef AS d ON d.adrelid = h.attrelid AND d.adnum = h.attnum
			LEFT JOIN LATERAL substring(pg_get_expr(d.adbin, d.adrelid) FROM '^(''(?:[^'']|'''')*'')::') AS l (literal) ON true
		) AS o (tabs, defaults)
		WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attinhcount = 0 AND a.attgenerated = ''
			AND ('@extschema@.business_interval'::regtype IN (t.oid, t.typelem)
				OR '@extschema@.business_hours'::regtype IN (t.oid, t.typelem))
			AND c.relnamespace <> 'sla'::regnamespace
	LOOP
		PERFORM sla.alter_as_owner(col.tab, format('ALTER COLUMN %I DROP DEFAULT', col.attname));
		PERFORM sla.alter_as_owner(col.tab, format('ALTER COLUMN %I TYPE %s', col.attname, col.type));
		FOR i IN 1 .. cardinality(col.tabs) LOOP
			PERFORM sla.alter_as_owner(col.tabs[i], format('ALTER COLUMN %I %s', col.attname,
				coalesce('SET DEFAULT ' || col.defaults[i], 'DROP DEFAULT')));
		END LOOP;
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
				OR EXISTS (SELECT FROM sla.exception AS e WHERE e.relation = o.objid)
				OR EXISTS (SELECT FROM sla.retention AS k WHERE k.relation = o.objid)
				OR EXISTS (SELECT FROM sla.row_security AS r WHERE r.relation = o.objid)
				OR EXISTS (SELECT FROM sla.objective AS b WHERE b.relation = o.objid)
				OR EXISTS (SELECT FROM sla.silence AS s WHERE s.relation = o.objid)
				OR EXISTS (SELECT FROM sla.escalation AS e WHERE e.relation = o.objid)
				-- (of objectives that are gone)
				OR EXISTS (SELECT FROM sla.alert AS a WHERE a.kind = 'burn_rate' AND a.relation = o.objid))
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
 * (CREATE SCHEMA may do so by what it contains.)  A new trigger, also one from a
 * dump, and that of a new partition are to depend on no column.
 */
CREATE FUNCTION sla.follow_triggers()
RETURNS event_trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	tables oid[] := ARRAY(
		SELECT coalesce(t.tgrelid, c.objid)
		FROM pg_event_trigger_ddl_commands() AS c
		LEFT JOIN pg_trigger AS t ON c.classid = 'pg_trigger'::regclass AND t.oid = c.objid
		WHERE c.classid IN ('pg_trigger'::regclass, 'pg_class'::regclass));
BEGIN
	PERFORM sla.free_triggers(u.relid) FROM unnest(tables) AS u (relid);
	IF NOT sla.restoring() THEN
		PERFORM sla.widen_triggers(tables);
	END IF;
END
$$;
COMMENT ON FUNCTION sla.follow_triggers() IS
'private: lets the row trigger of a tracked table fire for every update once it has BEFORE ROW triggers, and new ones depend on no column';
REVOKE ALL ON FUNCTION sla.follow_triggers() FROM PUBLIC;

CREATE EVENT TRIGGER sla_tracker_follow_triggers ON ddl_command_end
	WHEN TAG IN ('CREATE TRIGGER', 'CREATE TABLE', 'ALTER TABLE', 'ALTER FOREIGN TABLE', 'CREATE SCHEMA')
	EXECUTE FUNCTION sla.follow_triggers();
-- (also for what a tool makes under session_replication_role: nothing would find it later)
ALTER EVENT TRIGGER sla_tracker_follow_triggers ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER sla_tracker_follow_triggers IS 'lets the row trigger of a tracked table fire for every update once it has BEFORE ROW triggers';
