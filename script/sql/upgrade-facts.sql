-- What must be the same before and after pg_upgrade.
SET timezone = 'UTC';
SET search_path = public, "Odd schema";
SELECT 'tracked', t FROM sla.tracked t ORDER BY id;
SELECT 'metric', m FROM sla.metric m ORDER BY id;
SELECT 'agreement', a FROM sla.agreement a ORDER BY id;
SELECT 'policy', p FROM sla.policy p ORDER BY id;
SELECT 'target', t FROM sla.target t ORDER BY id;
SELECT 'source', s FROM sla.source s ORDER BY id;
SELECT 'objective', o FROM sla.objective o ORDER BY id;
SELECT 'rule', r FROM sla.burn_rule r ORDER BY name;
SELECT 'credit', c FROM sla.credit c;
SELECT 'retention', r FROM sla.retention r;
SELECT 'exception', id, kind, relation, during, reason FROM sla.exception e ORDER BY id;
SELECT 'history', calendar, day, hours FROM sla.calendar_history ORDER BY 2, 3, 4;
SELECT 'clock', clock_id, relation, item, metric, per, cycle, policy, goal, threshold, agreement, party, owner, labels,
	started_at, stopped_at, due_at, gross_due_at, threshold_at, breached_at, state, verdict, gross_verdict, paused_seconds, budget_seconds, is_stale
FROM sla.clock ORDER BY clock_id;
SELECT 'pause', clock, during, reason FROM sla.pause ORDER BY clock, during;
SELECT 'change', clock, at, recorded_at, kind, before, after, by, reason FROM sla.clock_change ORDER BY clock, recorded_at, kind;
SELECT 'ticket', id, goal, due, hours, due_too FROM ticket ORDER BY id;
SELECT 'late', late FROM late ORDER BY id;
SELECT 'attainment', a FROM sla.report_attainment a WHERE period_start < '2021-01-01' ORDER BY a::text;
SELECT 'slo', s FROM sla.slo_status('tickets', '2020-11-25 00:00Z') s;
SELECT 'slo', s FROM sla.slo_status('jobs', '2020-11-25 00:00Z') s ORDER BY s.group_value;
SELECT 'credits', s FROM sla.service_credits('acme', '2020', '2020-12-10 00:00Z') s;
SELECT 'explain', e FROM sla.explain('ticket', '6', 'done') e;
SELECT 'role', has_table_privilege('app_reader', 'sla.report_open', 'SELECT'), has_function_privilege('app_reader', 'sla.is_operator()', 'EXECUTE');
SELECT 'function', p.oid::regprocedure, p.proowner::regrole FROM pg_proc p WHERE pronamespace = 'sla'::regnamespace AND proname ~ '^(tracked|metric|policy|source|objective)_[0-9]+_' ORDER BY p.oid::regprocedure::text;
SELECT 'trigger', tgrelid::regclass, tgname, tgenabled FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT tgisinternal AND relnamespace = 'public'::regnamespace ORDER BY tgrelid::regclass::text, tgname;
