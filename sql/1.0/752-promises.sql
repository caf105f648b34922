--
-- Promises: made from definitions, and what follows when these change
--

CREATE VIEW sla.promise_wanted AS
SELECT w.*, p.id AS promise_id
FROM (
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
	) AS a (calendar)
) AS w
LEFT JOIN sla.promise AS p ON p.relation = w.relation AND p.policy_id = w.policy_id AND p.target_id = w.target_id
	AND p.metric_id = w.metric_id AND p.calendar = w.calendar
	AND (p.policy, p.policy_from, p.rank, p.metric, p.target_from, p.due_by, p.cutoff, p.alert_at, p.goal::text, p.threshold::text)
		IS NOT DISTINCT FROM
		(w.policy, w.policy_from, w.rank, w.metric, w.target_from, w.due_by, w.cutoff, w.alert_at, w.goal::text, w.threshold::text);
COMMENT ON VIEW sla.promise_wanted IS 'private: the promises that policies, targets and agreements make, and the stored one of that content';

CREATE FUNCTION sla.make_promises()
RETURNS void
LANGUAGE sql
SECURITY DEFINER
BEGIN ATOMIC
	-- (a promise of other content is another promise, and one made again the same)
	UPDATE sla.promise AS p
	SET is_current = false, revision = nextval('sla.promise_revision_seq')
	WHERE p.is_current AND NOT EXISTS (SELECT FROM sla.promise_wanted AS w WHERE w.promise_id = p.id);
	UPDATE sla.promise AS p
	SET is_current = true
	WHERE NOT p.is_current AND EXISTS (SELECT FROM sla.promise_wanted AS w WHERE w.promise_id = p.id);
	INSERT INTO sla.promise (relation, policy_id, target_id, metric_id, calendar, policy, policy_from,
		rank, metric, target_from, goal, threshold, due_by, cutoff, alert_at)
	SELECT w.relation, w.policy_id, w.target_id, w.metric_id, w.calendar, w.policy, w.policy_from,
		w.rank, w.metric, w.target_from, w.goal, w.threshold, w.due_by, w.cutoff, w.alert_at
	FROM sla.promise_wanted AS w
	WHERE w.promise_id IS NULL;
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
			-- (one that is counted in the agreement's calendar, or no longer, is)
			OR (o.row ->> 'goal') LIKE '%@%' IS DISTINCT FROM (n.row ->> 'goal') LIKE '%@%';
	END IF;
	IF moved IS NOT NULL AND NOT sla.restoring() THEN
		UPDATE sla.promise AS p
		SET (revision, resync, resync_at) = (
			SELECT n.n, n.n, clock_timestamp() FROM nextval('sla.promise_revision_seq') AS n (n) WHERE p.id > 0)
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
