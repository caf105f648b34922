--
-- How tracking stands, for the database's administrator
--

CREATE FUNCTION sla.library_version()
RETURNS text
AS 'MODULE_PATHNAME', 'sla_library_version'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.library_version() IS 'private: the version of the library that this session has loaded';

CREATE VIEW sla.status_server (subject, status, detail) AS
SELECT 'version', CASE WHEN e.extversion = sla.library_version() THEN 'ok' ELSE 'mismatch' END,
	pg_catalog.format('SQL %s, library %s', e.extversion, sla.library_version())
FROM pg_catalog.pg_extension AS e
WHERE e.extname = 'sla_tracker'
UNION ALL
SELECT 'worker',
	CASE w.status WHEN 'failing' THEN 'failed' WHEN 'no launcher' THEN 'stopped' ELSE 'ok' END,
	CASE w.status
		WHEN 'not preloaded' THEN 'there is none: shared_preload_libraries does not name sla_tracker'
		WHEN 'failing' THEN pg_catalog.format('failed %s times, is to come again at %s: %s', w.failures, w.retry_at, w.last_error)
		WHEN 'no launcher' THEN 'its launcher does not run: see the server''s log'
		ELSE pg_catalog.concat_ws(', ', w.status, 'last tick ' || w.last_tick_at, 'to come at ' || w.next_wake_at) END
FROM sla.worker_state() AS w
UNION ALL
SELECT 'restore', 'running',
	pg_catalog.format('sla.tick() does nothing until these sessions have ended: %s', pg_catalog.string_agg(r.pid::text, ', '))
FROM sla.restoring_session AS r
HAVING count(*) > 0
UNION ALL
SELECT 'subscription ' || s.name, 'ok', 'it brings alerts: sla.tick() does nothing here'
FROM sla.alert_subscription AS s;
COMMENT ON VIEW sla.status_server IS 'private: versions, the background worker, sessions that restore a dump, and subscriptions of alerts';

CREATE VIEW sla.status_tables (subject, status, detail) AS
-- every table that holds rows of a tracked one has the row trigger
SELECT 'table ' || f.tab::text,
	CASE WHEN t.oid IS NULL THEN 'gap' WHEN t.tgenabled IN ('O', 'A') THEN 'ok' ELSE 'disabled' END,
	CASE WHEN t.oid IS NULL THEN pg_catalog.format('no trigger follows its rows: SELECT sla.track(%L)', f.tracked)
		WHEN t.tgenabled NOT IN ('O', 'A') THEN 'its trigger is disabled'
		ELSE pg_catalog.format('rows are followed for %s', f.tracked) END
FROM (SELECT r.relation, sla.tables_below(r.relation) FROM sla.tracked AS r) AS f (tracked, tab)
LEFT JOIN pg_catalog.pg_trigger AS t ON t.tgrelid = f.tab AND t.tgname = 'sla_track_row'
UNION ALL
-- and of a source
SELECT 'source ' || f.tab::text,
	CASE WHEN t.oid IS NULL THEN 'gap' WHEN t.tgenabled IN ('O', 'A') THEN 'ok' ELSE 'disabled' END,
	CASE WHEN t.oid IS NULL THEN pg_catalog.format('no trigger takes its rows for events: UPDATE sla.source SET action = action WHERE source = %L::regclass', f.source)
		WHEN t.tgenabled NOT IN ('O', 'A') THEN 'its trigger is disabled'
		ELSE pg_catalog.format('rows are events, as those of %s', f.source) END
FROM (SELECT DISTINCT s.source, sla.tables_below(s.source) FROM sla.source AS s) AS f (source, tab)
LEFT JOIN pg_catalog.pg_trigger AS t ON t.tgrelid = f.tab AND t.tgname = 'sla_track_source'
UNION ALL
SELECT DISTINCT 'table ' || m.relation::text, 'gap',
	pg_catalog.format('it has metrics, and is not tracked: SELECT sla.track(%L)', m.relation)
FROM sla.metric AS m
WHERE NOT EXISTS (SELECT FROM sla.tracked AS r WHERE r.relation = m.relation)
UNION ALL
SELECT 'table ' || f.tab::text, 'gap',
	pg_catalog.format('TRUNCATE of it alone is not followed: SELECT sla.track(%L)', f.tracked)
FROM (SELECT r.relation, sla.tables_below(r.relation) FROM sla.tracked AS r) AS f (tracked, tab)
JOIN pg_catalog.pg_class AS c ON c.oid = f.tab AND c.relkind IN ('r', 'p')
WHERE EXISTS (SELECT FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid = f.tab AND t.tgname = 'sla_track_row')
	AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid = f.tab AND t.tgname = 'sla_track_truncate')
UNION ALL
-- (a dump brings them with their table, also where the definitions stay behind)
SELECT 'table ' || t.tgrelid::regclass::text, 'gap',
	pg_catalog.format('its triggers are of definitions that are not there: SELECT sla.track(%L) makes them anew', t.tgrelid::regclass)
FROM pg_catalog.pg_trigger AS t
WHERE t.tgfoid = 'sla.track_row'::regproc AND t.tgparentid = 0
	AND NOT EXISTS (
		SELECT FROM sla.tracked AS r
		WHERE pg_catalog.encode(t.tgargs, 'escape') = r.id::text || E'\\000')
	AND NOT EXISTS (SELECT FROM sla.metric AS m WHERE m.relation = t.tgrelid)
UNION ALL
SELECT 'definitions of ' || r.relation::text, 'suspended',
	pg_catalog.format('made for another owner, %s: SELECT sla.track(%L) confirms them, and sla.sync(%L) follows what was written since',
		r.confirmed_by, r.relation, r.relation)
FROM sla.tracked AS r
JOIN pg_catalog.pg_class AS c ON c.oid = r.relation AND c.relowner <> r.confirmed_by
UNION ALL
SELECT DISTINCT 'source ' || s.source::text, 'suspended',
	pg_catalog.format('made for another owner, %s: UPDATE sla.source SET action = action WHERE source = %L::regclass confirms it, and sla.sync(%L) follows what was written since',
		s.confirmed_by, s.source, s.relation)
FROM sla.source AS s
JOIN pg_catalog.pg_class AS c ON c.oid = s.source AND c.relowner <> s.confirmed_by
UNION ALL
-- (a column was dropped with CASCADE: each write fails, or is noted in sla.sync_error)
SELECT d.subject, 'missing',
	pg_catalog.format('expressions of sla.%s are missing (%s): update the rows with expressions written anew, then SELECT sla.sync(%L)',
		d.definition, pg_catalog.string_agg(pg_catalog.format('%s of "%s"', e.key, d.name), ', ' ORDER BY d.id, e.key), d.relation)
FROM (
	SELECT 'definitions of ' || t.relation::text, 'tracked', t.id, t.relation::text, t.relation, t.relation, pg_catalog.to_jsonb(t),
		ARRAY['item', 'at', 'labels', 'owner', 'party']
	FROM sla.tracked AS t
	UNION ALL
	SELECT 'definitions of ' || m.relation::text, 'metric', m.id, m.name, m.relation, m.relation, pg_catalog.to_jsonb(m),
		ARRAY['start_when', 'stop_when', 'pause_when', 'cancel_when', 'start_at', 'stop_at', 'due_at', 'per', 'pause_reason']
	FROM sla.metric AS m
	UNION ALL
	SELECT 'definitions of ' || p.relation::text, 'policy', p.id, p.name, p.relation, p.relation, pg_catalog.to_jsonb(p),
		ARRAY['applies_when']
	FROM sla.policy AS p
	UNION ALL
	SELECT 'source ' || s.source::text, 'source', s.id, s.metric, s.relation, s.source, pg_catalog.to_jsonb(s),
		ARRAY['item', 'applies_when', 'at', 'reason']
	FROM sla.source AS s
) AS d (subject, definition, id, name, relation, tab, text_of, columns)
CROSS JOIN LATERAL pg_catalog.jsonb_each_text(d.text_of) AS e (key, text)
WHERE e.key = ANY (d.columns) AND e.text IS NOT NULL
	AND NOT EXISTS (
		SELECT
		FROM pg_catalog.pg_proc AS f
		JOIN pg_catalog.pg_namespace AS n ON n.oid = f.pronamespace AND n.nspname = 'sla'
		WHERE f.proname = pg_catalog.format('%s_%s_%s', d.definition, d.id, e.key))
	-- (else it was detached)
	AND EXISTS (
		SELECT FROM pg_catalog.pg_trigger AS t
		WHERE t.tgrelid = d.tab AND t.tgname IN ('sla_track_row', 'sla_track_source'))
GROUP BY d.subject, d.definition, d.relation
UNION ALL
-- (its function reads the columns of the item)
SELECT 'item of ' || r.relation::text, 'not unique',
	pg_catalog.format('no unique index has only columns of %s: two rows may be one item, and each is looked for in the whole table', r.item)
FROM sla.tracked AS r
WHERE NOT EXISTS (
	SELECT
	FROM pg_catalog.pg_index AS i
	WHERE i.indrelid = r.relation AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL
		AND NOT EXISTS (
			SELECT
			FROM pg_catalog.generate_series(0, i.indnkeyatts - 1) AS k (n)
			WHERE NOT EXISTS (
				SELECT
				FROM pg_catalog.pg_depend AS d
				JOIN pg_catalog.pg_proc AS f ON f.oid = d.objid AND f.proname = 'tracked_' || r.id || '_item'
				JOIN pg_catalog.pg_namespace AS s ON s.oid = f.pronamespace AND s.nspname = 'sla'
				WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
					AND d.refobjid = r.relation AND d.refobjsubid = i.indkey[k.n] AND d.refobjsubid > 0)))
	-- (else it was detached)
	AND EXISTS (
		SELECT
		FROM pg_catalog.pg_proc AS f
		JOIN pg_catalog.pg_namespace AS s ON s.oid = f.pronamespace AND s.nspname = 'sla'
		WHERE f.proname = 'tracked_' || r.id || '_item')
UNION ALL
-- (restored with triggers disabled, or by pg_upgrade)
SELECT DISTINCT 'functions of ' || r.relation::text, 'loose',
	pg_catalog.format('they would keep the table from being dropped: %s ties them to it', r.remedy)
FROM (
	SELECT t.relation, pg_catalog.format('SELECT sla.track(%L)', t.relation) AS remedy FROM sla.tracked AS t
	UNION ALL
	SELECT o.relation, pg_catalog.format('UPDATE sla.objective SET name = name WHERE relation = %L::regclass', o.relation)
	FROM sla.objective AS o
) AS r
JOIN pg_catalog.pg_class AS c ON c.oid = r.relation
JOIN pg_catalog.pg_depend AS d
	ON d.refclassid = 'pg_catalog.pg_type'::regclass AND d.refobjid = c.reltype
		AND d.classid = 'pg_catalog.pg_proc'::regclass AND d.deptype = 'n'
JOIN pg_catalog.pg_proc AS f ON f.oid = d.objid
	AND f.proname ~ CASE WHEN r.remedy LIKE 'UPDATE%' THEN '^objective_[0-9]+_' ELSE '^(tracked|metric|policy|source)_[0-9]+_' END
JOIN pg_catalog.pg_namespace AS n ON n.oid = f.pronamespace AND n.nspname = 'sla';
COMMENT ON VIEW sla.status_tables IS 'private: tracked tables: their triggers, owners, keys and functions';

CREATE VIEW sla.status_promises (subject, status, detail) AS
SELECT 'stale clocks', CASE WHEN s.n = 0 THEN 'ok' ELSE 'behind' END,
	pg_catalog.format('%s open clocks are derived afresh by each reader; sla.refresh() stores them', s.n)
FROM (
	SELECT pg_catalog.count(*) FROM sla.clock_outdated AS c
) AS s (n)
UNION ALL
SELECT 'clocks of ' || c.relation::text, 'failed',
	pg_catalog.format('%s open clocks cannot be derived: SELECT * FROM sla.verify(%L)', pg_catalog.count(*), c.relation)
FROM sla.promise AS p
JOIN sla.clock_state AS c ON c.promise_id = p.id AND c.ended_at IS NULL AND c.revision < p.revision
WHERE sla.cannot_derive(c) IS NOT NULL
GROUP BY c.relation
UNION ALL
SELECT 'promises', 'missing',
	pg_catalog.format('policy "%s" of table %s makes none for metric "%s" yet: SELECT sla.track(%L)', w.policy, w.relation, w.metric, w.relation)
FROM sla.promise_wanted AS w
WHERE NOT EXISTS (
	SELECT FROM sla.promise AS p
	WHERE p.is_current AND p.policy_id = w.policy_id AND p.target_id = w.target_id
		AND p.metric_id = w.metric_id AND p.calendar = w.calendar)
UNION ALL
SELECT 'promises', 'missing',
	pg_catalog.format('goal "%s" of policy "%s" of table %s for metric "%s" has no calendar, and no agreement has one: write it into the goal, or into sla.agreement',
		t.goal, t.policy, t.relation, t.metric)
FROM sla.target AS t
WHERE @extschema@.calendar(t.goal) IS NULL AND t.goal IS NOT NULL
	AND NOT EXISTS (SELECT FROM sla.agreement AS a WHERE a.calendar IS NOT NULL)
UNION ALL
SELECT 'promises', 'missing',
	pg_catalog.format('goal "%s" of policy "%s" of table %s for metric "%s" has no calendar, and neither has agreement "%s" of party "%s"%s: write it into sla.agreement',
		t.goal, t.policy, t.relation, t.metric, a.first[2], a.first[1],
		CASE WHEN a.n > 1 THEN pg_catalog.format(', nor %s more', a.n - 1) END)
FROM sla.target AS t
CROSS JOIN LATERAL (
	SELECT count(*) AS n, min(ARRAY[g.party, g.name]) AS first
	FROM (
		SELECT g.*, lead(g.valid_from) OVER (PARTITION BY g.party, g.name ORDER BY g.valid_from) AS until
		FROM sla.agreement AS g
	) AS g
	WHERE g.calendar IS NULL
		AND g.valid_from <= pg_catalog.now() AND (g.until > pg_catalog.now() OR g.until IS NULL)
		AND (g.ends_at > pg_catalog.now() OR g.ends_at IS NULL)
		AND EXISTS (
			SELECT
			FROM sla.policy AS p
			WHERE p.relation = t.relation AND p.name = t.policy AND (p.plan = g.plan OR p.plan IS NULL))
) AS a
WHERE @extschema@.calendar(t.goal) IS NULL AND t.goal IS NOT NULL AND a.n > 0
	AND EXISTS (SELECT FROM sla.agreement AS k WHERE k.calendar IS NOT NULL);
COMMENT ON VIEW sla.status_promises IS 'private: stale clocks, and promises that are missing';

CREATE VIEW sla.status_names (subject, status, detail) AS
SELECT pg_catalog.format('%s %s', r.subject, r.id), 'missing',
	pg_catalog.format('there is no %s "%s"%s, for which alone it is', n.kind, n.name, ' of table ' || r.relation::text)
FROM (
	SELECT 'exception', e.id, e.relation, e.policy, e.metric, e.objective FROM sla.exception AS e
	UNION ALL
	SELECT 'silence', s.id, s.relation, s.policy, s.metric, s.objective FROM sla.silence AS s
	WHERE pg_catalog.upper(s.during) > pg_catalog.now() OR pg_catalog.upper_inf(s.during)
	UNION ALL
	SELECT 'escalation', e.id, e.relation, e.policy, e.metric, e.objective FROM sla.escalation AS e
) AS r (subject, id, relation, policy, metric, objective)
CROSS JOIN LATERAL (VALUES ('policy', r.policy), ('metric', r.metric), ('objective', r.objective)) AS n (kind, name)
WHERE n.name IS NOT NULL
	-- (clocks of what was deleted keep its name, and so do closed periods)
	AND NOT CASE n.kind
		WHEN 'policy' THEN
			EXISTS (SELECT FROM sla.policy AS p WHERE p.name = n.name AND (p.relation = r.relation OR r.relation IS NULL))
			OR EXISTS (SELECT FROM sla.promise AS p WHERE p.policy = n.name AND (p.relation = r.relation OR r.relation IS NULL))
		WHEN 'metric' THEN
			EXISTS (SELECT FROM sla.metric AS m WHERE m.name = n.name AND (m.relation = r.relation OR r.relation IS NULL))
			OR EXISTS (SELECT FROM sla.promise AS p WHERE p.metric = n.name AND (p.relation = r.relation OR r.relation IS NULL))
		ELSE
			EXISTS (SELECT FROM sla.objective AS o WHERE o.name = n.name)
			OR EXISTS (SELECT FROM sla.closed_period AS c WHERE c.objective = n.name)
		END;
COMMENT ON VIEW sla.status_names IS 'private: exceptions, silences and escalations that are for something that is not there';

CREATE VIEW sla.status_work (subject, status, detail) AS
SELECT 'calendar cache', 'ok',
	pg_catalog.format('%s compiled calendars of this session, %s bytes of %s', count(*), coalesce(sum(k.bytes), 0),
		pg_catalog.current_setting('sla_tracker.calendar_cache'))
FROM sla.cache_stats() AS k
UNION ALL
SELECT CASE t.step WHEN 'tick' THEN 'tick' ELSE pg_catalog.format('step %s of sla.tick()', t.step) END,
	CASE WHEN t.failed_at IS NOT NULL THEN 'failed' ELSE 'ok' END,
	CASE WHEN t.failed_at IS NOT NULL THEN pg_catalog.format('failed at %s, SQLSTATE %s: %s', t.failed_at, t.sqlstate, t.message)
		WHEN t.done_at IS NULL THEN 'sla.tick() was never called'
		ELSE pg_catalog.format('sla.tick() was last called at %s', t.done_at) END
FROM sla.tick_state AS t
WHERE t.step = 'tick' OR t.failed_at IS NOT NULL
UNION ALL
SELECT 'backlog', CASE WHEN t.is_called THEN 'ok' ELSE 'behind' END,
	pg_catalog.format('%s clocks are due to be looked at by sla.tick()%s, and burn rules of %s objectives; %s alerts are not delivered%s',
		d.n, ', the first since ' || d.since, r.n,
		(SELECT count(*) FROM sla.alert AS a WHERE a.delivered_at IS NULL AND a.withdrawn_at IS NULL),
		CASE WHEN NOT t.is_called THEN '. Nobody has called it for an hour, or at all: see "Who calls sla.tick()" in the README' END)
FROM (
	SELECT count(*)
	FROM sla.burn_due AS b
	WHERE greatest(b.due_at, b.paused_until) < pg_catalog.now()
		AND NOT EXISTS (SELECT FROM sla.alert_subscription)
) AS r (n)
CROSS JOIN LATERAL (
	-- (who has not asked for what a tick does is told when they gather)
	SELECT coalesce(s.done_at > pg_catalog.now() - interval '1 hour',
		pg_catalog.pg_relation_size('sla.clock_due_new') < 10000000 AND r.n = 0
			AND NOT EXISTS (SELECT FROM sla.escalation) AND NOT EXISTS (SELECT FROM sla.retention))
	FROM sla.tick_state AS s
	WHERE s.step = 'tick'
) AS t (is_called)
CROSS JOIN (
	SELECT count(*), min(c.at) FILTER (WHERE pg_catalog.isfinite(c.at)) FROM sla.clock_hint AS c WHERE c.at < pg_catalog.now()
) AS d (n, since)
WHERE d.n > 0 OR r.n > 0
UNION ALL
SELECT pg_catalog.format('escalation %s', e.id), 'suspended',
	pg_catalog.format('%s %s: who deletes it and writes it anew confirms it', e.run, w.why)
FROM sla.escalation AS e
LEFT JOIN pg_catalog.pg_proc AS p ON p.oid = pg_catalog.to_regprocedure(e.run)
LEFT JOIN pg_catalog.pg_roles AS m ON m.oid = e.made_by::oid
LEFT JOIN pg_catalog.pg_class AS t ON t.oid = coalesce(e.relation, (SELECT o.relation FROM sla.objective_at(e.objective, pg_catalog.now()) AS o))
-- (what src/escalate.c asks before it calls)
CROSS JOIN LATERAL (SELECT CASE
	WHEN p.oid IS NULL THEN 'is not there'
	WHEN p.proowner IS DISTINCT FROM e.run_owner::oid THEN
		pg_catalog.format('is of %s, and was of %s when that was written', p.proowner::regrole, e.run_owner)
	WHEN m.oid IS NULL THEN 'is called as a role that is gone'
	WHEN NOT pg_catalog.has_function_privilege(m.oid, p.oid, 'EXECUTE') THEN
		pg_catalog.format('is called as %I, who may not execute it any more', m.rolname)
	WHEN NOT CASE WHEN t.oid IS NOT NULL THEN pg_catalog.pg_has_role(m.oid, t.relowner, 'USAGE')
			ELSE e.objective IS NOT NULL OR m.rolsuper OR m.rolbypassrls
				OR pg_catalog.pg_has_role(m.oid, (SELECT n.nspowner FROM pg_catalog.pg_namespace AS n WHERE n.nspname = 'sla'), 'USAGE') END THEN
		pg_catalog.format('is called as %I, who may not be told any more', m.rolname)
END) AS w (why)
WHERE e.run IS NOT NULL AND w.why IS NOT NULL
	AND NOT EXISTS (SELECT FROM sla.alert_subscription)
UNION ALL
SELECT pg_catalog.format('escalation %s', e.id), 'failed',
	pg_catalog.format('%s calls of %s were given up, the last of alert %s, SQLSTATE %s: UPDATE sla.escalation_run SET tries = 0, next_at = now() WHERE escalation = %s AND next_at IS NULL AND done_at IS NULL',
		g.n, e.run, g.last, g.sqlstate, e.id)
FROM (
	SELECT r.escalation, count(*), max(r.alert), (pg_catalog.array_agg(r.sqlstate ORDER BY r.alert DESC))[1]
	FROM sla.escalation_run AS r
	JOIN sla.alert AS a ON a.id = r.alert AND a.withdrawn_at IS NULL
	WHERE r.next_at IS NULL AND r.done_at IS NULL AND r.sqlstate IS NOT NULL
	GROUP BY r.escalation
) AS g (escalation, n, last, sqlstate)
JOIN sla.escalation AS e ON e.id = g.escalation
UNION ALL
SELECT pg_catalog.format('role %s', p.role), 'paused',
	pg_catalog.format('what it wrote took too long, or ended a session of sla.tick(), %s times: nothing is done for it until %s', p.times, p.until)
FROM sla.role_pause AS p
WHERE p.until > pg_catalog.now()
UNION ALL
SELECT CASE p.kind WHEN 'alert' THEN 'retention of alerts' ELSE 'retention of ' || p.relation::text END,
	CASE WHEN NOT p.is_over AND p.began_at < pg_catalog.now() - interval '1 day' THEN 'behind' ELSE 'ok' END,
	CASE WHEN p.is_over THEN
			pg_catalog.format('the last pass over %s began at %s and is over', CASE p.kind WHEN 'alert' THEN 'alerts' ELSE 'finished clocks' END, p.began_at)
		WHEN p.kind = 'alert' THEN pg_catalog.format('the pass that began at %s has come to alert %s', p.began_at, p.seen_id)
		ELSE pg_catalog.format('the pass that began at %s has come to clocks that ended at %s', p.began_at, p.seen_at) END
FROM sla.retention_pass AS p
UNION ALL
SELECT 'errors of ' || s.relation::text, 'open',
	pg_catalog.format('%s rows could not be followed since %s: SELECT sla.sync(%L)', pg_catalog.count(*), pg_catalog.min(s.at), s.relation)
FROM sla.sync_error AS s
JOIN sla.tracked AS t ON t.relation = s.relation
WHERE NOT s.is_healed
GROUP BY s.relation;
COMMENT ON VIEW sla.status_work IS 'private: what is done from time to time: ticks, escalations, retention, errors that wait for sla.sync()';

CREATE VIEW sla.status_objectives (subject, status, detail) AS
SELECT pg_catalog.format('objective "%s"', o.name), 'suspended',
	pg_catalog.format('made for another owner of %s, %s: UPDATE sla.objective SET name = name WHERE name = %L', o.relation, o.confirmed_by, o.name)
FROM sla.objective AS o
JOIN pg_catalog.pg_class AS c ON c.oid = o.relation AND c.relowner <> o.confirmed_by
WHERE o.kind <> 'clock'
UNION ALL
SELECT pg_catalog.format('objective "%s"', o.name), 'failed',
	pg_catalog.format('it cannot be read, %s: SELECT * FROM sla.slo_status(%L)', s.problem, o.name)
FROM (
	SELECT DISTINCT o.name
	FROM sla.objective AS o
	JOIN pg_catalog.pg_class AS c ON c.oid = o.relation AND (c.relowner = o.confirmed_by OR o.kind = 'clock')
) AS o
CROSS JOIN LATERAL sla.slo_status(o.name, pg_catalog.now(), true) AS s
WHERE s.problem IS NOT NULL
UNION ALL
-- (clocks of a metric that was deleted keep its name)
SELECT DISTINCT pg_catalog.format('objective "%s"', o.name), 'missing',
	pg_catalog.format('there is no metric "%s" of table %s, the clocks of which it counts', o.metric, o.relation)
FROM sla.objective AS o
WHERE o.kind = 'clock'
	AND NOT EXISTS (SELECT FROM sla.metric AS m WHERE m.relation = o.relation AND m.name = o.metric)
	AND NOT EXISTS (SELECT FROM sla.promise AS p WHERE p.relation = o.relation AND p.metric = o.metric)
UNION ALL
SELECT pg_catalog.format('service credits of "%s"', c.objective), 'missing',
	pg_catalog.format('there is no such objective: DELETE FROM sla.credit WHERE objective = %L', c.objective)
FROM sla.credit AS c
WHERE NOT EXISTS (SELECT FROM sla.objective AS o WHERE o.name = c.objective)
GROUP BY c.objective
UNION ALL
SELECT pg_catalog.format('service credits of "%s"', c.objective), 'missing',
	pg_catalog.format('party "%s" has no agreement "%s": DELETE FROM sla.credit WHERE party = %L AND agreement = %L', c.party, c.agreement, c.party, c.agreement)
FROM sla.credit AS c
WHERE NOT EXISTS (SELECT FROM sla.agreement AS a WHERE a.party = c.party AND a.name = c.agreement)
GROUP BY c.objective, c.party, c.agreement
UNION ALL
SELECT pg_catalog.format('composite "%s"', m.name), 'missing',
	pg_catalog.format('there is no objective "%s": DELETE FROM sla.composite WHERE name = %L AND member = %L', m.member, m.name, m.member)
FROM sla.composite AS m
WHERE NOT EXISTS (SELECT FROM sla.objective AS o WHERE o.name = m.member)
UNION ALL
-- objectives that are read by scans, though they could have rollups
SELECT pg_catalog.format('rollup of objective "%s"', o.name), 'unused',
	pg_catalog.format('%s: SELECT * FROM sla.rebuild(%L)', coalesce(r.problem, sla.rollup_problem(o.id)), o.name)
FROM sla.rollup AS r
JOIN sla.objective AS o ON o.id = r.objective
JOIN pg_catalog.pg_class AS c ON c.oid = o.relation AND c.relowner = o.confirmed_by
WHERE sla.rollup_problem(o.id) IS NOT NULL;
COMMENT ON VIEW sla.status_objectives IS 'private: objectives, their rollups, and what names one that is not there';

CREATE FUNCTION sla.status(OUT subject text, OUT status text, OUT detail text)
RETURNS SETOF record
LANGUAGE sql STABLE
SECURITY DEFINER
SET sla_tracker.is_ticking = on
BEGIN ATOMIC
	SELECT s.subject, s.status, s.detail FROM sla.status_server AS s
	UNION ALL
	SELECT s.subject, s.status, s.detail FROM sla.status_tables AS s
	UNION ALL
	SELECT s.subject, s.status, s.detail FROM sla.status_promises AS s
	UNION ALL
	SELECT s.subject, s.status, s.detail FROM sla.status_names AS s
	UNION ALL
	SELECT s.subject, s.status, s.detail FROM sla.status_work AS s
	UNION ALL
	SELECT s.subject, s.status, s.detail FROM sla.status_objectives AS s;
END;
COMMENT ON FUNCTION sla.status() IS
'operator: how tracking stands: versions, the background worker and sla.tick(), gaps in triggers, suspended definitions, promises that are missing, stale clocks, calendar cache, retention, errors, objectives';
REVOKE ALL ON FUNCTION sla.status() FROM PUBLIC;
