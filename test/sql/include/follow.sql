/*
 * For tests of tracked tables, after check.sql.  follow() puts a table with the
 * columns status, created_at and changed_at under watch: 4 business hours of
 * 09:00-17:00, paused while "waiting", stopped by "done".  clocks() answers its
 * clocks; synced() what sla.sync() would still do and sla.verify() finds, which
 * is nothing when the triggers did all.  fails() answers the whole error of a
 * statement.
 */
INSERT INTO sla.calendar (name, hours) VALUES ('track_desk', 'TZ=UTC Mo-Su 09:00-17:00');

CREATE FUNCTION test.follow(relation regclass, item text DEFAULT NULL, goal text DEFAULT '4 bh @track_desk')
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sla.track(relation, item => item, at => 'changed_at');
	INSERT INTO sla.metric (relation, name, start_at, stop_when, pause_when, cancel_when)
		VALUES (relation, 'resolution', 'created_at', $e$status = 'done'$e$, $e$status = 'waiting'$e$, $e$status = 'void'$e$);
	INSERT INTO sla.policy (relation, name) VALUES (relation, 'all');
	INSERT INTO sla.target (relation, policy, metric, goal) VALUES (relation, 'all', 'resolution', goal::business_interval);
END
$$;

CREATE FUNCTION test.clocks(of regclass) RETURNS TABLE (item text, metric text, cycle int, state text, started text, due text, stopped text, verdict text, pauses text)
LANGUAGE sql STABLE AS $$
	SELECT c.item, c.metric, c.cycle, c.state, to_char(c.started_at, 'DD HH24:MI'), to_char(c.due_at, 'DD HH24:MI'), to_char(c.stopped_at, 'DD HH24:MI'), c.verdict,
		(SELECT string_agg(to_char(lower(p.during), 'HH24:MI') || '-' || coalesce(to_char(upper(p.during), 'HH24:MI'), ''), ' ' ORDER BY p.during)
		 FROM sla.pause p WHERE p.clock = c.clock_id)
	FROM sla.clock c WHERE c.relation = of
	ORDER BY c.item COLLATE "C", c.metric, c.cycle
$$;

CREATE FUNCTION test.synced(of regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	s record;
	v text;
BEGIN
	SELECT * INTO s FROM sla.sync(of);
	SELECT string_agg(format(' %s: %s', y.item, y.problem), ',') INTO v FROM sla.verify(of) y;
	IF s.started = 0 AND s.changed = 0 AND s.cancelled = 0 AND s.errors = 0 AND v IS NULL THEN
		RETURN 'yes';
	END IF;
	RETURN format('NO: %s started, %s changed, %s cancelled, %s errors%s', s.started, s.changed, s.cancelled, s.errors, v);
END
$$;

CREATE FUNCTION test.fails(statement text, OUT state text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	state := 'none';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
		detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END
$$;

/* the SQLSTATE alone, where the rest is the server's own text */
CREATE FUNCTION test.state(statement text) RETURNS text LANGUAGE sql AS $$
	SELECT state FROM test.fails(statement)
$$;

/* what of the test's is left in sla once its tables are gone */
CREATE FUNCTION test.left_behind() RETURNS TABLE (what text, n bigint) LANGUAGE sql AS $$
	SELECT * FROM (
		SELECT 'tracked', count(*) FROM sla.tracked
		UNION ALL SELECT 'metric', count(*) FROM sla.metric
		UNION ALL SELECT 'policy', count(*) FROM sla.policy
		UNION ALL SELECT 'target', count(*) FROM sla.target
		UNION ALL SELECT 'source', count(*) FROM sla.source
		UNION ALL SELECT 'exception', count(*) FROM sla.exception
		UNION ALL SELECT 'agreement', count(*) FROM sla.agreement
		UNION ALL SELECT 'promise', count(*) FROM sla.promise
		UNION ALL SELECT 'clock', count(*) FROM sla.clock
		UNION ALL SELECT 'clock_change', count(*) FROM sla.clock_change
		UNION ALL SELECT 'sync_error', count(*) FROM sla.sync_error
		UNION ALL SELECT 'functions', count(*) FROM pg_proc p
			WHERE pronamespace = 'sla'::regnamespace
			AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
		UNION ALL SELECT 'triggers', count(*) FROM pg_trigger t
			WHERE tgfoid IN (SELECT oid FROM pg_proc WHERE pronamespace = 'sla'::regnamespace)
			AND tgrelid NOT IN (SELECT oid FROM pg_class WHERE relnamespace = 'sla'::regnamespace)) l(what, n)
	WHERE l.n > 0
$$;
