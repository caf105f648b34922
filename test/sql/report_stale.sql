-- Stored rows that are older than their promise: every view shows them as they
-- are, before anything has stored them, to whoever may read the view.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
\set ECHO all
INSERT INTO sla.calendar (name, hours, holidays_until) VALUES ('office', 'TZ=Europe/Berlin Mo-Fr 09:00-17:00; PH off', '2026-12-31');
CREATE TABLE rs_ticket (id bigint PRIMARY KEY, status text, customer text, opened_at timestamptz, closed_at timestamptz, changed_at timestamptz);
SELECT sla.track('rs_ticket', at => 'changed_at', party => 'customer', time_zone => 'Europe/Berlin');
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at, pause_when, pause_reason) VALUES
	('rs_ticket', 'solve', 'opened_at', 'closed_at IS NOT NULL', 'closed_at', 'status = ''waiting''', 'status');
INSERT INTO sla.policy (relation, name) VALUES ('rs_ticket', 'all');
INSERT INTO sla.target (relation, policy, metric, goal, threshold) VALUES ('rs_ticket', 'all', 'solve', '8 bh @office', '16 bh @office');
INSERT INTO rs_ticket VALUES
	(1, 'new', 'a', '2026-05-04 08:00Z', NULL, '2026-05-04 08:00Z'),
	(2, 'new', 'a', '2026-05-04 08:00Z', '2026-05-05 09:00Z', '2026-05-05 09:00Z'),
	(3, 'new', 'b', '2026-05-04 08:00Z', NULL, '2026-05-04 08:00Z');
UPDATE rs_ticket SET status = 'waiting', changed_at = '2026-05-04 09:00Z' WHERE id = 3;
SELECT item, state, due_at, threshold_at, verdict, breached_at, is_stale FROM sla.clock ORDER BY item;

-- a holiday moves the open ones only, at once
INSERT INTO sla.holiday (calendar, day, name) VALUES ('office', '2026-05-05', 'Day of the Office');
SELECT item, due_at, threshold_at, breached_at, is_stale FROM sla.clock ORDER BY item;
SELECT item, due_at, is_breached, is_paused FROM sla.report_open ORDER BY item;
SELECT item, due_at, breached_at, is_open FROM sla.report_breach ORDER BY item;
SELECT period_start, clocks, met, tolerated, breached FROM sla.report_attainment;
SELECT period_start, clocks, met, tolerated, breached FROM sla.report_attainment_history;
-- each of the two is derived once, or once net and once gross, however many months there are
SET track_functions = 'all';
BEGIN;
SELECT count(*) > 0 AS any FROM sla.report_attainment;
SELECT calls FROM pg_stat_xact_user_functions WHERE schemaname = 'sla' AND funcname = 'derived';
SELECT count(*) > 0 AS any FROM sla.report_owner;
SELECT calls FROM pg_stat_xact_user_functions WHERE schemaname = 'sla' AND funcname = 'derived';
COMMIT;
RESET track_functions;
-- also found by what identifies it, and by the deadline that it has now
SELECT item FROM sla.clock WHERE relation = 'rs_ticket'::regclass AND item = '1' AND is_stale;
SELECT item FROM sla.report_open WHERE due_at = '2026-05-06 08:00Z';
SELECT count(*) FROM sla.report_open WHERE due_at = '2026-05-05 08:00Z';
-- what is shown is what will be stored
CREATE TEMP TABLE shown AS SELECT clock_id, due_at, threshold_at, breached_at, elapsed_seconds, budget_seconds, paused_seconds FROM sla.clock WHERE state <> 'running';
SELECT sla.refresh() AS refreshed;
SELECT count(*) AS stale FROM sla.clock WHERE is_stale;
SELECT count(*) AS differ FROM (TABLE shown EXCEPT SELECT clock_id, due_at, threshold_at, breached_at, elapsed_seconds, budget_seconds, paused_seconds FROM sla.clock) x;
SELECT item, due_at, threshold_at, breached_at FROM sla.clock ORDER BY item;

-- pauses, too
BEGIN;
UPDATE sla.metric SET pause_when = 'false';
CREATE VIEW rs_pause AS
	SELECT p.item, upper_inf(p.during) AS lasts, r.is_lasting, c.state, c.is_stale
	FROM sla.pause p JOIN sla.report_pause r ON r.clock_id = p.clock JOIN sla.clock c ON c.clock_id = p.clock;
TABLE rs_pause;
SELECT sla.refresh() AS refreshed;
TABLE rs_pause;
ROLLBACK;

-- an exception: gross stays, net moves, and the month with it
INSERT INTO sla.exception (kind, relation, item, during, reason, approved_by, approved_at)
	VALUES ('force_majeure', 'rs_ticket', '1', '[2026-05-04 08:00Z,2026-05-29 15:00Z)', 'flood', 'boss', now());
SELECT item, due_at, gross_due_at, breached_at, gross_breached_at, verdict, gross_verdict FROM sla.clock WHERE item = '1';
SELECT period_start, clocks, breached, gross_clocks, gross_breached FROM sla.report_attainment ORDER BY 1;
-- what it used and has left, of what counts: 8 hours a day from the first of June
SELECT abs(elapsed_seconds - business_seconds('2026-06-01', now(), 'office')) < 0.001 AS used FROM sla.clock WHERE item = '1';
SELECT kind, relation, item, from_at, to_at, is_approved, is_waiver, is_lasting FROM sla.report_exception;
-- no infinite instants
BEGIN;
INSERT INTO sla.exception (kind, during, reason, approved_by, approved_at) VALUES ('x', '[infinity,infinity]', 'x', 'me', 'infinity'), ('x', '[-infinity,-infinity]', 'x', 'me', '-infinity');
SELECT "time", from_at, to_at, approved_at, is_approved FROM sla.report_exception WHERE kind = 'x';
ROLLBACK;

-- a waiver
INSERT INTO sla.exception (kind, relation, item, waive, approved_by, approved_at) VALUES ('goodwill', 'rs_ticket', '1', true, 'boss', now());
SELECT verdict, gross_verdict, is_waived, breached_at IS NOT NULL AS is_breached FROM sla.clock WHERE item = '1';
SELECT item, is_waived FROM sla.report_breach;
SELECT period_start, clocks, breached, waived, net_percent, gross_percent FROM sla.report_attainment ORDER BY 1;
SELECT period_start, clocks, breached, waived, net_percent, gross_percent FROM sla.report_attainment_history ORDER BY 1;

-- who may read a view reads it with its owner's rights, and nothing else
CREATE ROLE regress_sla_reader;
SET ROLE regress_sla_reader;
SELECT count(*) FROM sla.report_open;
SELECT count(*) FROM sla.clock_state;
SELECT * FROM sla.explain('rs_ticket', '1', 'solve');
SELECT * FROM sla.clock_at('rs_ticket', now());
SELECT * FROM sla.what_if('rs_ticket', 'solve', '1 bh @office', NULL);
SELECT sla.suggest_goal('rs_ticket', 'solve', 90, 'office');
RESET ROLE;
GRANT SELECT ON sla.report_open, sla.report_attainment TO regress_sla_reader;
INSERT INTO sla.holiday (calendar, day, name) VALUES ('office', '2026-06-01', 'Day after the Flood');
SET ROLE regress_sla_reader;
SELECT item, due_at FROM sla.report_open ORDER BY item;
SELECT count(*) FROM sla.report_attainment;
SELECT count(*) FROM sla.clock;
RESET ROLE;
REVOKE ALL ON sla.report_open, sla.report_attainment FROM regress_sla_reader;
DROP ROLE regress_sla_reader;

-- clocks that cannot be derived keep no others from being stored, and an edit is seen to although they are left
DO $$ BEGIN PERFORM sla.tick(max_items => 1000000); END $$;
CREATE TABLE rs_stuck (id int PRIMARY KEY, opened timestamptz, n int);
CREATE TABLE rs_other (id int PRIMARY KEY, opened timestamptz);
SELECT sla.track('rs_stuck'), sla.track('rs_other');
INSERT INTO sla.metric (relation, name, start_at, stop_when) VALUES ('rs_stuck', 'solve', 'opened', 'false'), ('rs_other', 'solve', 'opened', 'false');
INSERT INTO sla.policy (relation, name) VALUES ('rs_stuck', 'all'), ('rs_other', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('rs_stuck', 'all', 'solve', '100 bh @24/7'), ('rs_other', 'all', 'solve', '10 bh @24/7');
INSERT INTO rs_stuck VALUES (1, now(), 0);
INSERT INTO rs_other VALUES (1, now() - interval '3 hours');
CREATE PROCEDURE rs_ticks(n int) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. n LOOP
		PERFORM sla.tick(max_items => 1);
		COMMIT;
	END LOOP;
END
$$;
CALL rs_ticks(100);
UPDATE sla.metric SET stop_when = '1 / n < 0' WHERE relation = 'rs_stuck'::regclass;
CALL rs_ticks(5);
SELECT sla.wants_refresh(), sla.next_tick() > now() AS waits;
UPDATE sla.target SET goal = '1 bh @24/7' WHERE relation = 'rs_other'::regclass;
SELECT sla.next_tick() <= now() AS is_due;
CALL rs_ticks(200);
SELECT is_stale, (SELECT count(*) FROM sla.alert AS a WHERE a.clock_id = c.clock_id AND a.kind = 'breach') AS told FROM sla.clock AS c WHERE relation = 'rs_other'::regclass;
SELECT is_stale FROM sla.clock WHERE relation = 'rs_stuck'::regclass;
DROP PROCEDURE rs_ticks;
DROP TABLE rs_stuck, rs_other;

-- a breach in a month that is before all stored deadlines
CREATE TABLE rs_far (id int PRIMARY KEY, team text, opened timestamptz);
SELECT sla.track('rs_far', owner => 'team', labels => 'jsonb_build_object(''team'', team)');
INSERT INTO sla.metric (relation, name, start_at, stop_when) VALUES ('rs_far', 'solve', 'opened', 'false');
INSERT INTO sla.policy (relation, name) VALUES ('rs_far', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('rs_far', 'all', 'solve', '500000 bh @24/7');
INSERT INTO rs_far VALUES (1, 'red', '2026-01-05');
UPDATE sla.target SET goal = '1 bh @24/7' WHERE relation = 'rs_far'::regclass;
SELECT breached_at, is_stale FROM sla.clock WHERE relation = 'rs_far'::regclass;
SELECT period_start, breached FROM sla.report_attainment WHERE relation = 'rs_far';
SELECT period_start, owner, breached FROM sla.report_owner WHERE relation = 'rs_far';
SELECT period_start, label, value, breached FROM sla.report_attainment_by_label WHERE relation = 'rs_far';
SELECT period_start, value, breaches FROM sla.report_breach_pareto WHERE relation = 'rs_far' AND dimension = 'owner';
DROP TABLE rs_far;

-- what an edit does to open clocks it does when it is made, whoever reads that and whenever it is stored
INSERT INTO sla.agreement (party, name, plan) VALUES ('rs', 'rs', 'a');
CREATE TABLE rs_edit (id int PRIMARY KEY, party text, opened timestamptz);
SELECT sla.track('rs_edit', party => 'party');
INSERT INTO sla.metric (relation, name, start_at, stop_when, on_retarget) VALUES ('rs_edit', 'solve', 'opened', 'false', 'restart'), ('rs_edit', 'end', 'opened', 'false', 'keep');
INSERT INTO sla.policy (relation, name, plan, rank) VALUES ('rs_edit', 'all', NULL, 100), ('rs_edit', 'planned', 'b', 9);
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('rs_edit', 'all', 'solve', '4 bh @24/7'), ('rs_edit', 'planned', 'solve', '3 bh @24/7'),
	('rs_edit', 'all', 'end', '4 bh @24/7');
INSERT INTO sla.metric (relation, name, per) VALUES ('rs_edit', 'hold', 'coalesce(party, ''nobody'')');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('rs_edit', 'all', 'hold', '4 bh @24/7');
INSERT INTO rs_edit VALUES (1, NULL, '2026-01-05'), (2, 'rs', '2026-01-05'), (3, NULL, '2026-01-05');
CREATE VIEW rs_facts AS SELECT item, metric, policy, started_at, stopped_at FROM sla.clock WHERE relation = 'rs_edit'::regclass AND (started_at > '2026-02-01' OR state = 'stopped');
UPDATE sla.agreement SET plan = 'b' WHERE party = 'rs';
INSERT INTO sla.policy (relation, name, rank, applies_when) VALUES ('rs_edit', 'better', 1, 'id = 1');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('rs_edit', 'better', 'solve', '2 bh @24/7');
UPDATE sla.metric SET per = 'CASE WHEN id = 1 THEN ''somebody'' ELSE coalesce(party, ''nobody'') END' WHERE relation = 'rs_edit'::regclass AND name = 'hold';
UPDATE sla.metric SET stop_when = 'id = 3' WHERE relation = 'rs_edit'::regclass AND name = 'end';
SELECT clock_timestamp() AS edited \gset
SELECT pg_sleep(0.01);
CREATE TEMP TABLE rs_shown AS TABLE rs_facts;
SELECT item, metric, policy, coalesce(stopped_at, started_at) BETWEEN :'edited'::timestamptz - interval '1 minute' AND :'edited' AS at_edit FROM rs_shown ORDER BY item, metric;
SELECT count(*) AS differ FROM (TABLE rs_shown EXCEPT TABLE rs_facts) AS x;
-- (a signal before it is stored finds the clock as it is shown)
SELECT sla.signal('rs_edit', '3', 'end', 'pause');
SELECT state FROM sla.clock WHERE relation = 'rs_edit'::regclass AND item = '3' AND metric = 'end';
DO $$
BEGIN
	FOR i IN 1..100 LOOP
		EXIT WHEN sla.refresh() = 0 AND NOT EXISTS (SELECT FROM sla.moved_party);
		COMMIT;
	END LOOP;
END $$;
SELECT count(*) AS stale FROM sla.clock WHERE relation = 'rs_edit'::regclass AND is_stale;
SELECT count(*) AS differ FROM (TABLE rs_shown EXCEPT TABLE rs_facts) AS x;
SELECT * FROM sla.verify('rs_edit');
-- who takes over by an edit does when the other's clock pauses
SELECT c.state, lower(p.during) = o.started_at AS at_once FROM sla.clock c JOIN sla.pause p ON p.clock = c.clock_id
JOIN sla.clock o ON o.relation = c.relation AND o.item = c.item AND o.metric = c.metric AND o.per = 'somebody'
WHERE c.relation = 'rs_edit'::regclass AND c.metric = 'hold';
DROP VIEW rs_facts;
DROP TABLE rs_edit, rs_shown;
DELETE FROM sla.agreement WHERE party = 'rs';
DELETE FROM sla.exception;
DROP TABLE rs_ticket;
DELETE FROM sla.calendar;

-- several parties and promises, each edited several times or not at all: every clock is shown once, and is
-- stale if it was derived before the last edit of either
DO $$ BEGIN PERFORM sla.tick(max_items => 1000000); END $$;
CREATE TABLE rs_many (id int PRIMARY KEY, customer text, policy int, opened timestamptz);
SELECT sla.track('rs_many', party => 'customer');
INSERT INTO sla.agreement (party, name) SELECT p, 'first' FROM unnest('{rs_a,rs_ab,rs_b,rs_bb,"rs_c",""}'::text[]) AS p;
INSERT INTO sla.metric (relation, name, start_at, stop_when) VALUES ('rs_many', 'solve', 'opened', 'false');
INSERT INTO sla.policy (relation, name, applies_when, rank) SELECT 'rs_many', 'p' || i, 'policy = ' || i, i FROM generate_series(1, 6) AS i;
INSERT INTO sla.target (relation, policy, metric, goal) SELECT 'rs_many', 'p' || i, 'solve', '8 bh @24/7' FROM generate_series(1, 6) AS i;
CREATE FUNCTION rs_write(first int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO rs_many SELECT first + row_number() OVER (), p, i, '2026-05-04'
	FROM unnest('{rs_a,rs_ab,rs_b,rs_bb,"rs_c","",rs_none,NULL}'::text[]) AS p, generate_series(1, 6) AS i
$$;
CREATE VIEW rs_wrong AS
SELECT s.item, s.party, p.policy, n.shown, n.stale
FROM sla.clock_state AS s
JOIN sla.promise AS p ON p.id = s.promise_id
CROSS JOIN LATERAL (
	SELECT count(*) AS shown, bool_or(c.is_stale) AS stale FROM sla.clock AS c WHERE c.clock_id = s.clock_id
) AS n
WHERE s.relation = 'rs_many'::regclass
	AND (n.shown <> 1 OR n.stale <> (s.revision < p.revision
		OR EXISTS (SELECT FROM sla.moved_party AS m WHERE m.party = s.party AND m.revision > s.revision)));
SELECT rs_write(0);
UPDATE sla.agreement SET plan = 'x' WHERE party IN ('rs_ab', 'rs_bb', 'rs_c');
UPDATE sla.target SET goal = '9 bh @24/7' WHERE relation = 'rs_many'::regclass AND policy IN ('p2', 'p5');
SELECT rs_write(100);
TABLE rs_wrong;
UPDATE sla.agreement SET plan = 'y' WHERE party IN ('rs_ab', '', 'rs_a');
UPDATE sla.target SET goal = '10 bh @24/7' WHERE relation = 'rs_many'::regclass AND policy IN ('p5', 'p1');
SELECT rs_write(200);
TABLE rs_wrong;
SELECT c.is_stale, count(*), min(c.due_at) FROM sla.clock AS c WHERE relation = 'rs_many'::regclass GROUP BY 1 ORDER BY 1;
SELECT count(*), count(DISTINCT item) FROM sla.report_open WHERE relation = 'rs_many';
-- in workers, too
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET enable_indexscan = off;
SET enable_bitmapscan = off;
TABLE rs_wrong;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET enable_indexscan;
RESET enable_bitmapscan;
DROP VIEW rs_wrong;
DROP FUNCTION rs_write(int);
DROP TABLE rs_many;
DELETE FROM sla.agreement WHERE party IN ('rs_a', 'rs_ab', 'rs_b', 'rs_bb', 'rs_c', '');
