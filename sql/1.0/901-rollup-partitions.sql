--
-- Rollups of partitioned tables: a partition's own trigger, and a partition that leaves
--

/*
 * The trigger of a partition can be disabled by itself, as a restore of data does:
 * then the rollup has missed what was written, also once it is enabled again (not
 * ALWAYS).  The trigger of the table goes by a generation that is no more, until
 * sla.rebuild() makes it anew.
 *
 * A partition that leaves may come back with the same files, written meanwhile: that
 * the files were others leaves a mark, by which sla.fold() builds the rollup again.
 */
CREATE FUNCTION sla.partition_altered()
RETURNS event_trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM sla.void_rollup(v.objective)
	FROM (
		SELECT DISTINCT r.objective
		FROM pg_event_trigger_ddl_commands() AS d
		JOIN pg_trigger AS t ON t.tgrelid = d.objid AND t.tgfoid = 'sla.rollup_row()'::regprocedure
			AND t.tgparentid <> 0 AND t.tgenabled <> 'A'
		CROSS JOIN LATERAL pg_partition_ancestors(d.objid::regclass) AS a (relid)
		JOIN sla.objective AS o ON o.relation = a.relid
		JOIN sla.rollup AS r ON r.objective = o.id
		WHERE d.classid = 'pg_class'::regclass AND a.relid <> d.objid
		ORDER BY r.objective
	) AS v;
	INSERT INTO sla.rollup_delta (objective, total, good, generation, bucket, grp)
	SELECT DISTINCT r.objective, 1, 0, r.generation, timestamptz '-infinity', ''
	FROM pg_event_trigger_ddl_commands() AS d
	CROSS JOIN LATERAL pg_partition_ancestors(d.objid::regclass) AS a (relid)
	JOIN sla.objective AS o ON o.relation = a.relid
	JOIN sla.rollup AS r ON r.objective = o.id
	WHERE d.classid = 'pg_class'::regclass AND r.is_built AND r.fingerprint <> sla.rollup_fingerprint(o.relation);
END
$$;
COMMENT ON FUNCTION sla.partition_altered() IS 'makes rollups void whose trigger is disabled on a partition, or that lose a partition';
REVOKE ALL ON FUNCTION sla.partition_altered() FROM PUBLIC;
CREATE EVENT TRIGGER sla_tracker_partition_altered ON ddl_command_end
	WHEN TAG IN ('ALTER TABLE')
	EXECUTE FUNCTION sla.partition_altered();
COMMENT ON EVENT TRIGGER sla_tracker_partition_altered IS 'makes rollups void whose trigger is disabled on a partition, or that lose a partition';
