--
-- Rollups of clocks, and months that are kept
--
-- Whoever writes a clock counts what has ended (src/clock_store.c), by what its
-- snapshot sees of rollups, and marks the days of months that are kept.
--

/*
 * Clocks need no trigger: whoever writes one knows of the rollups by sla.revision.
 */
CREATE FUNCTION sla.make_clock_rollups()
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO sla.rollup (objective)
	SELECT o.id
	FROM sla.objective AS o
	WHERE o.kind = 'clock' AND NOT EXISTS (SELECT FROM sla.rollup AS r WHERE r.objective = o.id)
	ON CONFLICT DO NOTHING;
	IF FOUND THEN
		UPDATE sla.revision SET number = nextval('sla.revision_seq');
	END IF;
END
$$;
COMMENT ON FUNCTION sla.make_clock_rollups() IS 'private: brings the rollups of clocks in line with the objectives over them';
REVOKE ALL ON FUNCTION sla.make_clock_rollups() FROM PUBLIC;

/*
 * What metric a name is of tells which promises an objective is about.
 */
CREATE FUNCTION sla.metric_rollups_follow()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM sla.void_rollup(o.id)
	FROM sla.objective AS o
	WHERE o.kind = 'clock' AND o.relation = OLD.relation AND o.metric IN (OLD.name, NEW.name);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.metric_rollups_follow() IS 'lets rollups of clocks follow the names of metrics';
REVOKE ALL ON FUNCTION sla.metric_rollups_follow() FROM PUBLIC;
CREATE TRIGGER rollups_follow
	AFTER DELETE OR UPDATE OF name ON sla.metric
	FOR EACH ROW EXECUTE FUNCTION sla.metric_rollups_follow();
COMMENT ON TRIGGER rollups_follow ON sla.metric IS 'rollups of clocks are void when a name is of another metric';

/* Where objectives are copied to, by logical replication, the rollups are of their own. */
CREATE FUNCTION sla.rollups_applied()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		PERFORM sla.drop_rollup(OLD.id);
	ELSE
		PERFORM sla.void_rollup(NEW.id);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.rollups_applied() IS 'lets rollups of clocks follow objectives that logical replication brings';
REVOKE ALL ON FUNCTION sla.rollups_applied() FROM PUBLIC;
CREATE TRIGGER rollups_applied
	AFTER UPDATE OR DELETE ON sla.objective
	FOR EACH ROW EXECUTE FUNCTION sla.rollups_applied();
ALTER TABLE sla.objective ENABLE REPLICA TRIGGER rollups_applied;
ALTER TABLE sla.metric ENABLE ALWAYS TRIGGER rollups_follow;
COMMENT ON TRIGGER rollups_applied ON sla.objective IS 'rollups of clocks follow, under logical replication';

/*
 * Clocks are counted by whoever writes them (src/clock_store.c); these are for the
 * few statements that delete some, and for what logical replication brings.
 */
CREATE FUNCTION sla.clock_written()
RETURNS trigger
AS 'MODULE_PATHNAME', 'sla_clock_written'
LANGUAGE C;
COMMENT ON FUNCTION sla.clock_written() IS 'counts clocks in objectives that SQL writes';
REVOKE ALL ON FUNCTION sla.clock_written() FROM PUBLIC;
CREATE TRIGGER clock_written
	AFTER DELETE OR UPDATE OF ended_at, due_at, late_at, promise_id, state, is_excepted, is_waived, agreement_id, gross_due_at, gross_late_at,
		party, labels, breach_labels ON sla.clock_state
	FOR EACH ROW EXECUTE FUNCTION sla.clock_written();
CREATE TRIGGER clock_copied
	AFTER INSERT ON sla.clock_state
	FOR EACH ROW EXECUTE FUNCTION sla.clock_written();
ALTER TABLE sla.clock_state ENABLE ALWAYS TRIGGER clock_written;
ALTER TABLE sla.clock_state ENABLE REPLICA TRIGGER clock_copied;

/* Rows that are inserted otherwise, as when data alone is restored, nobody counts. */
CREATE FUNCTION sla.clocks_inserted()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM sla.void_rollup(r.objective)
	FROM sla.rollup AS r
	JOIN sla.objective AS o ON o.id = r.objective AND o.kind = 'clock';
	IF FOUND THEN
		UPDATE sla.revision SET number = nextval('sla.revision_seq');
	END IF;
	INSERT INTO sla.rollup_delta (objective, total, good, generation, bucket, grp)
	VALUES (0, 1, 0, 0, '-infinity', '');
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.clocks_inserted() IS 'has clocks counted anew that nobody counted';
REVOKE ALL ON FUNCTION sla.clocks_inserted() FROM PUBLIC;
CREATE TRIGGER clocks_inserted
	AFTER INSERT ON sla.clock_state
	FOR EACH STATEMENT EXECUTE FUNCTION sla.clocks_inserted();
COMMENT ON TRIGGER clocks_inserted ON sla.clock_state IS 'rollups of clocks are void';
COMMENT ON TRIGGER clock_written ON sla.clock_state IS 'objectives follow';
COMMENT ON TRIGGER clock_copied ON sla.clock_state IS 'objectives follow, under logical replication';

/*
 * Who writes a clock counts by what its snapshot sees of rollups, and nobody makes
 * it wait.  So a generation is not built before all know of it that may yet commit
 * something.  The caller has locked the rollup's row.
 */
CREATE FUNCTION sla.settle_rollup(objective integer)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	number xid8;
BEGIN
	SELECT coalesce(r.settling_in, sla.settling_in(r.made_in)) INTO number
	FROM sla.rollup AS r
	JOIN sla.objective AS o ON o.id = r.objective
	WHERE r.objective = settle_rollup.objective AND o.kind = 'clock';
	IF NOT FOUND THEN
		RETURN true;
	END IF;
	UPDATE sla.rollup AS r
	SET settling_in = number
	WHERE r.objective = settle_rollup.objective AND r.settling_in IS NULL AND number IS NOT NULL;
	RETURN coalesce(sla.has_settled(number), false);
END
$$;
COMMENT ON FUNCTION sla.settle_rollup(integer) IS
'private: whether all who may yet write what the rollup counts know of its generation';
REVOKE ALL ON FUNCTION sla.settle_rollup(integer) FROM PUBLIC;

/*
 * Months before the last one are kept.  What changes in them while they are counted
 * leaves a mark that the statement which deletes the marks does not see.
 */
CREATE FUNCTION sla.keep_months()
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
	wanted date := date_trunc('month', timezone('UTC', now())) - interval '1 month';
	kept sla.month_keeping;
	found_zones text[] := (SELECT z.zones FROM sla.month_zones AS z);
	found_print bigint := sla.rollup_fingerprint('sla.clock_state');
BEGIN
	-- (under an older snapshot the row may have been changed since)
	IF NOT sla.write_rollup_deltas() OR current_setting('transaction_isolation') <> 'read committed' THEN
		RETURN;
	END IF;
	SELECT * INTO kept FROM sla.month_keeping AS k FOR UPDATE SKIP LOCKED;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	-- nobody reads what is kept
	IF EXISTS (SELECT FROM sla.row_security) THEN
		DELETE FROM sla.month_kept;
		DELETE FROM sla.rollup_delta AS d WHERE d.objective = 0;
		RETURN;
	END IF;
	IF kept.until < wanted THEN
		-- (who edits definitions has it locked: another time)
		PERFORM FROM sla.revision FOR UPDATE SKIP LOCKED;
		IF NOT FOUND THEN
			RETURN;
		END IF;
		UPDATE sla.month_keeping AS k
		SET until = wanted, made_in = pg_current_xact_id(), settling_in = NULL;
		UPDATE sla.revision SET number = nextval('sla.revision_seq');
		RETURN;
	END IF;
	kept.settling_in := coalesce(kept.settling_in, sla.settling_in(kept.made_in));
	UPDATE sla.month_keeping AS k
	SET settling_in = kept.settling_in
	WHERE k.settling_in IS DISTINCT FROM kept.settling_in;
	IF sla.has_settled(kept.settling_in) IS NOT TRUE THEN
		RETURN;
	END IF;
	IF (kept.zones, kept.fingerprint) IS DISTINCT FROM (found_zones, found_print) THEN
		DELETE FROM sla.month_kept;
		UPDATE sla.month_keeping AS k SET zones = found_zones, fingerprint = found_print;
	END IF;
	WITH gone AS (
		DELETE FROM sla.rollup_delta AS d WHERE d.objective = 0 RETURNING d.bucket
	)
	-- (sla.month has none from before the first clock there is)
	DELETE FROM sla.month_kept AS k
	WHERE EXISTS (SELECT FROM gone AS g WHERE sla.is_marked(k.period_start, g.bucket));
	INSERT INTO sla.month_kept (period_start, tally)
	SELECT e.period_start, coalesce(e.tally, '{}')
	FROM sla.month_ended AS e
	WHERE e.period_start < kept.until
		AND (SELECT z.zones FROM sla.month_zones AS z) IS NOT DISTINCT FROM found_zones
	ON CONFLICT (period_start) DO UPDATE SET tally = excluded.tally;
END
$$;
COMMENT ON FUNCTION sla.keep_months() IS 'private: counts months that are over and not kept, or were changed';
REVOKE ALL ON FUNCTION sla.keep_months() FROM PUBLIC;
