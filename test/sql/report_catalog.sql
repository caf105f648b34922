-- The contract for reporting views, enforced over the catalog: every view whose
-- name begins with report_ is checked, also those that come later.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
\set ECHO all
CREATE TEMP VIEW report_view AS
	SELECT c.oid, c.relname, c.relkind, c.reloptions
	FROM pg_class c
	WHERE c.relnamespace = 'sla'::regnamespace AND c.relname LIKE 'report\_%' AND c.relkind <> 'i';
CREATE TEMP VIEW report_column AS
	SELECT v.relname, a.attname, a.attnum, t.typname, t.oid AS typid, t.typtype, t.typcategory, t.typnamespace,
		col_description(v.oid, a.attnum) AS description
	FROM report_view v
	JOIN pg_attribute a ON a.attrelid = v.oid AND a.attnum > 0 AND NOT a.attisdropped
	JOIN pg_type t ON t.oid = a.atttypid;
-- these are there
SELECT name AS missing
FROM unnest('{report_clock,report_open,report_breach,report_attainment,report_attainment_by_label,report_owner,report_pause,report_promise,report_exception,report_agreement,report_slo_status,report_slo_period,report_slo_series,report_slo_alert,report_service_credit,report_service_credit_objective,report_annotation,report_breach_review,report_breach_pareto,report_slo_closed,report_slo_slot,report_alert,report_slo_composite,report_forecast,report_attainment_history}'::text[]) name
WHERE NOT EXISTS (SELECT FROM report_view WHERE relname = name);
-- all are views, members of the extension, and commented on
SELECT relname FROM report_view WHERE relkind <> 'v';
SELECT relname FROM report_view v
WHERE NOT EXISTS (SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
		WHERE d.classid = 'pg_class'::regclass AND d.objid = v.oid AND d.deptype = 'e' AND e.extname = 'sla_tracker');
SELECT relname FROM report_view WHERE coalesce(obj_description(oid, 'pg_class'), '') = '';
SELECT relname, attname FROM report_column WHERE coalesce(description, '') = '';
-- they run with the rights of their owner, and nobody else may read them yet
SELECT relname, reloptions FROM report_view WHERE reloptions::text LIKE '%security_invoker%';
SELECT relname, role FROM report_view, unnest('{public}'::text[]) role WHERE has_table_privilege(role, oid, 'SELECT');
-- only types that any client knows
SELECT relname, attname, typname FROM report_column
WHERE typname NOT IN ('text', 'bool', 'int4', 'int8', 'float8', 'numeric', 'timestamptz', 'date', 'jsonb')
	OR typnamespace <> 'pg_catalog'::regnamespace OR typtype <> 'b' OR typcategory = 'A';
-- a duration is a double, in seconds, and stands in words beside itself
SELECT relname, attname, typname FROM report_column WHERE attname LIKE '%\_seconds' AND typname <> 'float8';
SELECT relname, attname FROM report_column c
WHERE attname LIKE '%\_seconds'
	AND NOT EXISTS (SELECT FROM report_column d WHERE d.relname = c.relname
		AND d.attname = regexp_replace(c.attname, '_seconds$', '_text') AND d.attnum = c.attnum + 1);
SELECT relname, attname FROM report_column WHERE attname LIKE '%\_text' AND typname <> 'text';
-- a percentage is a double
SELECT relname, attname FROM report_column WHERE attname LIKE '%\_percent' AND typname <> 'float8';
SELECT relname, attname FROM report_column WHERE attname ~ 'percentage|ratio|fraction|_pct';
-- a boolean says so by its name, and nothing else does
SELECT relname, attname FROM report_column WHERE (attname ~ '^(is|has)_') <> (typname = 'bool');
-- an instant is a timestamptz named ..._at, ..._from or ..._until, or the time of a series
SELECT relname, attname, typname FROM report_column
WHERE (typname = 'timestamptz') <> (attname ~ '(_at|_from|_until)$' OR attname = 'time');
-- a series, which has a period or events in time, has a column "time"
SELECT DISTINCT relname FROM report_column c
WHERE (attname = 'period_start' OR relname = 'report_breach' OR relname = 'report_annotation' OR relname = 'report_breach_review' OR relname = 'report_pause' OR relname LIKE '%\_series')
	AND NOT EXISTS (SELECT FROM report_column d WHERE d.relname = c.relname AND d.attname = 'time');
-- the columns of the key come first: nothing measured stands before the last of them
SELECT k.relname, k.attname AS key, m.attname AS before_it
FROM report_column k
JOIN report_column m ON m.relname = k.relname AND m.attnum < k.attnum
WHERE k.attname IN ('period_start', 'clock_id', 'relation', 'item', 'metric', 'per', 'policy', 'label', 'value', 'objective')
	AND m.attname ~ '(_seconds|_percent|_text|_at)$|^(is|has)_|^time$';
-- names are plain: lower case, no need for quotes but for "time"
SELECT relname, attname FROM report_column WHERE attname !~ '^[a-z][a-z0-9_]*$' OR quote_ident(attname) <> attname AND attname <> 'time';
-- what they call, and what the private views below them call, only reads and may
-- be called by whoever may read them; in parallel, unless it evaluates what an
-- owner wrote
CREATE TEMP VIEW report_function AS
	WITH RECURSIVE below (report, oid) AS (
		SELECT relname, oid FROM report_view
		UNION
		SELECT b.report, d.refobjid
		FROM below b
		JOIN pg_rewrite w ON w.ev_class = b.oid
		JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
		JOIN pg_class c ON c.oid = d.refobjid AND c.relkind = 'v'
	)
	SELECT DISTINCT p.oid, p.oid::regprocedure AS function, p.provolatile, p.proparallel
	FROM below b
	JOIN pg_rewrite w ON w.ev_class = b.oid
	JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_proc'::regclass
	JOIN pg_proc p ON p.oid = d.refobjid;
SELECT function FROM report_function WHERE NOT has_function_privilege('public', oid, 'EXECUTE');
SELECT function, provolatile, proparallel FROM report_function WHERE provolatile = 'v' OR (proparallel = 'u' AND function::text !~ '^sla\.(derived|slo_[a-z]+|service_credits)\(');
-- columns are only ever appended: these come first, in this order
\pset format unaligned
\pset tuples_only on
SELECT relname || ': ' || string_agg(attname || ' ' || typname, ', ' ORDER BY attnum)
FROM report_column GROUP BY relname ORDER BY relname;
