-- The reports against slow plain SQL over sla.clock: clocks of every kind, with
-- months in several time zones, written as rows by chance from a fixed seed.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
\set ECHO all
SELECT setseed(0.42);
INSERT INTO sla.calendar (name, hours, holidays_until) VALUES
	('office', 'TZ=Europe/Berlin Mo-Fr 09:00-17:00; PH off', '2026-12-31'),
	('round', 'TZ=UTC 24/7', NULL);
INSERT INTO sla.calendar (name, combines) VALUES ('either', 'office + round');
CREATE TABLE rv_ticket (id bigint PRIMARY KEY, team text, customer text);
CREATE TABLE rv_order (id bigint PRIMARY KEY);
SELECT sla.track('rv_ticket', labels => 'jsonb_build_object(''team'', team)', time_zone => 'Europe/Berlin');
SELECT sla.track('rv_order');
INSERT INTO sla.metric (relation, name) VALUES ('rv_ticket', 'reply'), ('rv_ticket', 'solve'), ('rv_order', 'ship');
INSERT INTO sla.policy (relation, name, rank) VALUES ('rv_ticket', 'gold', 1), ('rv_ticket', 'iron', 2), ('rv_order', 'all', 1);
INSERT INTO sla.target (relation, policy, metric, goal, threshold) VALUES
	('rv_ticket', 'gold', 'reply', '30 bm @round', '60 bm @round'),
	('rv_ticket', 'gold', 'solve', '8 bh @office', NULL),
	('rv_ticket', 'iron', 'reply', NULL, NULL),
	('rv_ticket', 'iron', 'solve', '2 bd @either', NULL),
	('rv_order', 'all', 'ship', '1 bd @office', '3 bd @office');
INSERT INTO sla.agreement (party, name, time_zone) VALUES
	('a', 'main', 'Pacific/Kiritimati'), ('b', 'main', 'Pacific/Pago_Pago'), ('c', 'main', NULL), ('d', 'main', 'America/New_York');
-- one row in twenty lies around the turn of a month; a half of them is excepted
INSERT INTO sla.clock_state (started_at, ended_at, last_at, due_at, late_at, risk_at, gross_due_at, gross_late_at,
	budget, paused, elapsed, revision, relation, metric_id, promise_id, agreement_id, cycle, levels, state,
	is_excepted, is_waived, item, per, owner, party, labels, breach_owner, breach_labels, pauses, pause_reasons)
SELECT s, e, coalesce(e, s), d, l, d - interval '1 hour',
	CASE WHEN x THEN d - gap END, CASE WHEN x THEN l - gap END,
	3600000000, 0, CASE WHEN e IS NOT NULL THEN 1800000000 END, s.last_value, p.relation, p.metric_id, p.id, a.id, 1, 0,
	CASE WHEN e IS NULL THEN CASE WHEN d IS NULL AND p.goal IS NOT NULL THEN 'p' ELSE 'r' END WHEN c < 0.1 THEN 'c' ELSE 's' END::"char",
	x, c > 0.8 AND x, i::text, CASE WHEN i % 7 = 0 THEN 'x' ELSE '' END,
	(ARRAY['ann', 'bob', NULL])[1 + i % 3], a.party,
	CASE WHEN i % 11 > 0 THEN jsonb_build_object('team', 't' || i % 4, 'prio', i % 2) END,
	CASE WHEN i % 13 = 0 THEN 'eve' END, CASE WHEN i % 17 = 0 THEN '{"team": "t9"}'::jsonb WHEN i % 13 = 0 THEN '{}' END,
	CASE WHEN e IS NULL AND d IS NULL AND p.goal IS NOT NULL THEN ARRAY[s + interval '1 hour', 'infinity'] END,
	CASE WHEN e IS NULL AND d IS NULL AND p.goal IS NOT NULL THEN ARRAY['because'] END
FROM (
	SELECT i, p, s, c, x, gap, agreement,
		CASE WHEN open THEN NULL ELSE s + random() * interval '3 days' END AS e,
		CASE WHEN p.goal IS NULL OR (open AND i % 9 = 0) THEN NULL
			WHEN open AND i % 7 = 0 THEN timestamptz '2199-01-01' ELSE d END AS d,
		CASE WHEN p.goal IS NULL OR (open AND i % 9 = 0) THEN NULL
			WHEN open AND i % 7 = 0 THEN timestamptz '2199-01-01'
			ELSE d + CASE WHEN p.threshold IS NULL OR i % 3 = 0 THEN interval '0' ELSE random() * interval '1 day' END END AS l
	FROM (
		SELECT i, s, random() AS c, random() < 0.5 AS x, random() * interval '1 day' AS gap, random() < 0.2 AS open,
			s + random() * interval '2 days' AS d, 1 + i % 6 AS agreement
		FROM (SELECT i, CASE WHEN i % 20 = 0 THEN timestamptz '2026-03-01' + (i % 3) * interval '1 month' - random() * interval '3 days'
				ELSE timestamptz '2026-01-01' + random() * interval '150 days' END AS s
			FROM generate_series(1, 4000) i) a
	) b
	JOIN LATERAL (SELECT * FROM (SELECT p.*, row_number() OVER (ORDER BY p.policy, p.metric, p.id) AS n, count(*) OVER () AS of FROM sla.promise p) p
		WHERE p.n = 1 + b.i % p.of) p ON true
) r
LEFT JOIN (SELECT row_number() OVER (ORDER BY party) AS n, * FROM sla.agreement) a ON a.n = r.agreement
CROSS JOIN LATERAL (SELECT (r.p).*) p
CROSS JOIN sla.promise_revision_seq s;
SELECT verdict, count(*) > 30 AS many FROM sla.clock GROUP BY verdict ORDER BY verdict;
SELECT gross_verdict, count(*) > 30 AS many FROM sla.clock GROUP BY gross_verdict ORDER BY gross_verdict;

-- the attainment of each month, in so many words
CREATE TEMP VIEW judged AS
	SELECT c.*, CASE WHEN f.breach_labels IS NULL THEN c.owner ELSE f.breach_owner END AS breach_owner,
		coalesce(f.breach_labels, c.labels) AS breach_labels, coalesce(a.time_zone, t.time_zone) AS zone,
		CASE WHEN c.verdict IN ('met', 'tolerated') THEN c.stopped_at WHEN c.verdict IN ('breached', 'waived') THEN c.breached_at END AS at,
		CASE WHEN c.gross_verdict IN ('met', 'tolerated') THEN c.stopped_at WHEN c.gross_verdict = 'breached' THEN c.gross_breached_at END AS gross_at
	FROM sla.clock c
	JOIN sla.clock_state f USING (clock_id)
	JOIN sla.tracked t ON t.relation = c.relation
	LEFT JOIN sla.agreement a ON a.id = f.agreement_id;
CREATE TEMP VIEW net_month AS
	SELECT date_trunc('month', at AT TIME ZONE zone)::date AS period_start, relation::text, policy, metric,
		count(*) AS clocks, count(*) FILTER (WHERE verdict = 'met') AS met, count(*) FILTER (WHERE verdict = 'tolerated') AS tolerated,
		count(*) FILTER (WHERE verdict = 'breached') AS breached, count(*) FILTER (WHERE verdict = 'waived') AS waived
	FROM judged WHERE at IS NOT NULL GROUP BY 1, 2, 3, 4;
CREATE TEMP VIEW gross_month AS
	SELECT date_trunc('month', gross_at AT TIME ZONE zone)::date AS period_start, relation::text, policy, metric,
		count(*) AS gross_clocks, count(*) FILTER (WHERE gross_verdict = 'breached') AS gross_breached
	FROM judged WHERE gross_at IS NOT NULL GROUP BY 1, 2, 3, 4;
CREATE TEMP TABLE attainment_got AS SELECT * FROM sla.report_attainment;
SELECT count(*) > 20 AS many, count(DISTINCT period_start) >= 6 AS months FROM attainment_got WHERE relation ~ '^rv_';
SELECT count(*) AS wrong FROM (
	SELECT period_start, relation, policy, metric, clocks, met, tolerated, breached, waived FROM attainment_got WHERE clocks > 0
	EXCEPT SELECT * FROM net_month) x;
SELECT count(*) AS missing FROM (
	SELECT * FROM net_month
	EXCEPT SELECT period_start, relation, policy, metric, clocks, met, tolerated, breached, waived FROM attainment_got) x;
SELECT count(*) AS wrong FROM (
	SELECT period_start, relation, policy, metric, gross_clocks, gross_breached FROM attainment_got WHERE gross_clocks > 0
	EXCEPT SELECT * FROM gross_month) x;
SELECT count(*) AS missing FROM (
	SELECT * FROM gross_month
	EXCEPT SELECT period_start, relation, policy, metric, gross_clocks, gross_breached FROM attainment_got) x;
SELECT count(*) AS wrong FROM attainment_got
WHERE met_percent IS DISTINCT FROM 100.0::float8 * met / nullif(clocks, 0)
	OR net_percent IS DISTINCT FROM 100.0::float8 * (clocks - breached) / nullif(clocks, 0)
	OR gross_percent IS DISTINCT FROM 100.0::float8 * (gross_clocks - gross_breached) / nullif(gross_clocks, 0)
	OR "time" <> (period_start::timestamp AT TIME ZONE CASE relation WHEN 'rv_ticket' THEN 'Europe/Berlin' ELSE 'UTC' END);
-- a month asked for alone is the same
SELECT count(*) AS differ FROM (
	SELECT * FROM attainment_got WHERE period_start = '2026-03-01'
	EXCEPT SELECT * FROM sla.report_attainment WHERE period_start = '2026-03-01') x;
-- all months at once are the same
SELECT count(*) AS differ FROM (TABLE attainment_got EXCEPT SELECT * FROM sla.report_attainment_history) x;
SELECT count(*) AS differ FROM (SELECT * FROM sla.report_attainment_history EXCEPT TABLE attainment_got) x;
-- by label: the labels of a breach are those at its instant; by owner, likewise
CREATE TEMP TABLE label_got AS SELECT * FROM sla.report_attainment_by_label;
CREATE TEMP VIEW label_want AS
	SELECT date_trunc('month', at AT TIME ZONE zone)::date AS period_start, relation::text, metric, l.key AS label, l.value,
		count(*) AS clocks, count(*) FILTER (WHERE verdict = 'met') AS met, count(*) FILTER (WHERE verdict = 'breached') AS breached
	FROM judged j, jsonb_each_text(CASE WHEN verdict IN ('breached', 'waived') THEN breach_labels ELSE labels END) l
	WHERE at IS NOT NULL GROUP BY 1, 2, 3, 4, 5;
SELECT count(*) AS wrong FROM (SELECT period_start, relation, metric, label, value, clocks, met, breached FROM label_got WHERE clocks > 0 EXCEPT SELECT * FROM label_want) x;
SELECT count(*) AS missing FROM (SELECT * FROM label_want EXCEPT SELECT period_start, relation, metric, label, value, clocks, met, breached FROM label_got) x;
CREATE TEMP TABLE owner_got AS SELECT * FROM sla.report_owner;
CREATE TEMP VIEW owner_want AS
	SELECT date_trunc('month', at AT TIME ZONE zone)::date AS period_start, relation::text,
		CASE WHEN verdict IN ('breached', 'waived') THEN breach_owner ELSE owner END AS owner, metric,
		count(*) AS clocks, count(*) FILTER (WHERE verdict = 'met') AS met, count(*) FILTER (WHERE verdict = 'breached') AS breached
	FROM judged j
	WHERE at IS NOT NULL GROUP BY 1, 2, 3, 4;
SELECT count(*) AS wrong FROM (SELECT period_start, relation, owner, metric, clocks, met, breached FROM owner_got WHERE clocks > 0 EXCEPT SELECT * FROM owner_want) x;
SELECT count(*) AS missing FROM (SELECT * FROM owner_want EXCEPT SELECT period_start, relation, owner, metric, clocks, met, breached FROM owner_got) x;

-- breaches are those of sla.clock, each once
SELECT count(*) > 100 AS many, count(*) = count(DISTINCT clock_id) AS once FROM sla.report_breach;
SELECT count(*) AS wrong FROM (
	SELECT clock_id, breached_at, is_waived, is_open FROM sla.report_breach
	EXCEPT SELECT clock_id, breached_at, is_waived, state IN ('running', 'paused') FROM sla.clock) x;
SELECT count(*) AS missing FROM sla.clock c WHERE breached_at IS NOT NULL AND NOT EXISTS (SELECT FROM sla.report_breach b WHERE b.clock_id = c.clock_id);
SELECT count(*) AS wrong FROM sla.report_breach WHERE "time" >= '2026-03-01' AND "time" < '2026-03-02'
	AND NOT (breached_at >= '2026-03-01' AND breached_at < '2026-03-02');
SELECT count(*) AS wrong FROM sla.report_breach b JOIN sla.clock_state c USING (clock_id)
WHERE b.owner IS DISTINCT FROM CASE WHEN c.breach_labels IS NULL THEN c.owner ELSE c.breach_owner END
	OR b.labels IS DISTINCT FROM CASE WHEN c.breach_labels IS NULL THEN c.labels WHEN c.breach_labels <> '{}' THEN c.breach_labels END;

-- open clocks
SELECT count(*) AS wrong FROM (SELECT clock_id, due_at FROM sla.report_open EXCEPT SELECT clock_id, due_at FROM sla.clock WHERE state IN ('running', 'paused')) x;
SELECT count(*) AS missing FROM (SELECT clock_id, due_at FROM sla.clock WHERE state IN ('running', 'paused') EXCEPT SELECT clock_id, due_at FROM sla.report_open) x;
SELECT count(*) AS wrong FROM sla.report_open o JOIN sla.clock c USING (clock_id)
WHERE o.is_breached <> (c.breached_at IS NOT NULL) OR o.is_paused <> (c.state = 'paused')
	OR (o.remaining_seconds IS NULL) <> (c.due_at IS NULL)
	OR (o.remaining_seconds < 0 AND c.due_at > now()) OR (o.remaining_seconds > 0 AND c.due_at < now())
	OR o.used_percent IS DISTINCT FROM 100 * c.elapsed_seconds / c.budget_seconds;
-- deadlines behind the holidays that are known: of a combination, of all its members
SELECT policy, metric, is_provisional, count(*) > 5 AS many FROM sla.report_open WHERE due_at > '2100-01-01' GROUP BY 1, 2, 3 ORDER BY 1, 2;
SELECT count(*) AS provisional FROM sla.report_open WHERE due_at < '2026-12-01' AND is_provisional;
BEGIN;
UPDATE sla.calendar SET holidays_until = '5874897-12-31';
SELECT count(*) > 0 AS open, bool_or(is_provisional) AS provisional FROM sla.report_open;
ROLLBACK;

-- pauses
SELECT count(*) > 10 AS many, bool_and(is_lasting AND to_at IS NULL AND reason = 'because' AND paused_seconds > 0) AS lasting FROM sla.report_pause;
SELECT count(*) AS wrong FROM sla.pause p JOIN sla.report_pause r ON r.clock_id = p.clock
WHERE lower(p.during) <> r.from_at OR NOT upper_inf(p.during) OR p.reason <> r.reason;

-- the next deadlines are read by the index, in its order, and so are breaches
CREATE FUNCTION pg_temp.plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	plan text := '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		plan := plan || line || E'\n';
	END LOOP;
	RETURN plan;
END
$$;
ANALYZE sla.clock_state, sla.promise;
SELECT pg_temp.plan_of('SELECT item, metric, due_at, remaining_seconds FROM sla.report_open ORDER BY due_at LIMIT 10')
	~ 'Merge Append\s+Sort Key: [^\n]*due_at\s+->  Index Scan using clock_state_due_idx' AS in_order;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT pg_temp.plan_of('SELECT item FROM sla.report_breach WHERE breached_at >= ''2026-03-01'' AND breached_at < ''2026-03-02''')
	~ 'clock_state_breached_idx[^\n]*\s+Index Cond: \(\(late_at >=' AS by_index;
-- the latest ones are read by the indexes, in their order
SELECT pg_temp.plan_of('SELECT item FROM sla.report_breach ORDER BY breached_at DESC LIMIT 10')
	~ 'Merge Append(.*Index Scan Backward){3}' AS in_order;
-- those of open clocks with a threshold, too
SELECT pg_temp.plan_of('SELECT item FROM sla.report_breach WHERE breached_at >= ''2026-03-01'' AND breached_at < ''2026-03-02''')
	~ 'clock_state_late_idx[^\n]*\s+Index Cond: [^\n]*late_at >=' AS by_index;
SELECT pg_temp.plan_of('SELECT * FROM sla.clock WHERE relation = ''rv_ticket''::regclass AND item = ''77''')
	!~ 'Seq Scan on clock_state' AS by_index;
SELECT pg_temp.plan_of('SELECT * FROM sla.report_clock WHERE item = ''77''')
	!~ 'Seq Scan on clock_state|Index Cond: [^\n]*relation' AS by_item_alone;
RESET enable_seqscan;
RESET enable_bitmapscan;
-- a month whose first midnight comes twice begins with the first of them, in every report
UPDATE sla.tracked SET time_zone = 'America/Havana' WHERE relation = 'rv_order'::regclass;
UPDATE sla.clock_state SET started_at = '2020-10-31 12:00+00', last_at = '2020-10-31 12:00+00', ended_at = '2020-11-01 04:30+00', state = 's',
	due_at = '2020-11-05', late_at = '2020-11-05', is_excepted = false, gross_due_at = NULL, gross_late_at = NULL, agreement_id = NULL, labels = '{"team": "t1"}'
WHERE clock_id = (SELECT min(c.clock_id) FROM sla.clock_state AS c WHERE c.relation = 'rv_order'::regclass);
SELECT r.*
FROM (
	SELECT 'month' AS report, period_start, "time", clocks FROM sla.report_attainment
	UNION ALL SELECT 'history', period_start, "time", clocks FROM sla.report_attainment_history
	UNION ALL SELECT 'label', period_start, "time", clocks FROM sla.report_attainment_by_label
	UNION ALL SELECT 'owner', period_start, "time", clocks FROM sla.report_owner) AS r
WHERE period_start IN ('2020-10-01', '2020-11-01') ORDER BY report;
SELECT sla.detach();
DROP TABLE rv_ticket, rv_order;
DELETE FROM sla.agreement;
DELETE FROM sla.calendar WHERE name = 'either';
DELETE FROM sla.calendar;
