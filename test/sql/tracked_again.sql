-- A table that is tracked again after sla.untrack(), and a metric that is deleted
-- and made again
SET timezone = 'UTC';
INSERT INTO sla.calendar (name, hours) VALUES ('ta_desk', 'TZ=UTC Mo-Fr 09:00-17:00');

CREATE TABLE ta_job (id int PRIMARY KEY, at timestamptz, status text, done_at timestamptz, team text);

CREATE FUNCTION ta_define() RETURNS void
LANGUAGE sql AS $$
	INSERT INTO sla.metric (relation, name, stop_when, stop_at, pause_when, pause_reason, cancel_when) VALUES
		('ta_job', 'fix', $_$status = 'done'$_$, 'done_at', $_$status LIKE 'wait%'$_$, 'status', $_$status = 'void'$_$);
	INSERT INTO sla.metric (relation, name, stop_when, pause_when, per, on_retarget) VALUES
		('ta_job', 'hold', $_$status = 'done'$_$, $_$status LIKE 'wait%'$_$, 'team', 'restart');
	INSERT INTO sla.policy (relation, name) VALUES ('ta_job', 'all');
	INSERT INTO sla.target (relation, policy, metric, goal) VALUES
		('ta_job', 'all', 'fix', '8 bh @ta_desk'), ('ta_job', 'all', 'hold', '2 bh @ta_desk');
$$;
-- (a clock that was cancelled by now, not at an event's time)
CREATE VIEW ta_clock AS
SELECT item, metric, per, cycle, state, started_at, due_at, stopped_at,
	CASE WHEN c.state = 'cancelled' THEN 'some time' END AS cancelled, round(paused_seconds::numeric / 3600, 2) AS paused_h,
	CASE WHEN c.state = 'stopped' THEN round(elapsed_seconds::numeric / 3600, 2) END AS elapsed_h, owner
FROM sla.clock AS c
WHERE relation = 'ta_job'::regclass
ORDER BY length(item), item, metric, per, cycle;

SELECT sla.track('ta_job', at => 'at', owner => 'team');
SELECT ta_define();

-- 1 is stopped, 2 waits, 3 runs, 4 is cancelled, 5 to 9 are as 3 or 2
INSERT INTO ta_job SELECT i, '2026-03-02 10:00', 'new', NULL, 'a' FROM generate_series(1, 9) AS i;
UPDATE ta_job SET status = 'done', at = '2026-03-02 12:00', done_at = '2026-03-02 11:30' WHERE id = 1;
UPDATE ta_job SET status = 'wait for parts', at = '2026-03-02 12:00' WHERE id IN (2, 7, 8);
UPDATE ta_job SET status = 'void', at = '2026-03-02 12:00' WHERE id = 4;
UPDATE ta_job SET team = 'b', at = '2026-03-02 13:00' WHERE id IN (3, 8);
CREATE TABLE ta_before AS SELECT * FROM ta_clock;

SELECT sla.untrack('ta_job');
SELECT state, count(*) FROM ta_clock GROUP BY state ORDER BY state;

-- While nobody watches 5 is stopped (by others), 6 is deleted, 7 runs on, 9 waits, and 10 is new.
UPDATE ta_job SET status = 'done', at = '2026-03-02 15:00', done_at = '2026-03-02 14:00', team = 'c' WHERE id = 5;
DELETE FROM ta_job WHERE id = 6;
UPDATE ta_job SET status = 'new', at = '2026-03-02 16:00' WHERE id = 7;
UPDATE ta_job SET status = 'wait for news', at = '2026-03-02 16:00' WHERE id = 9;
INSERT INTO ta_job VALUES (10, '2026-03-02 16:00', 'new', NULL, 'a');

-- Tracked again, and not yet promised anything: what a write says is no end.
SELECT sla.track('ta_job', at => 'at', owner => 'team');
UPDATE ta_job SET team = team WHERE id = 3;
SELECT items, started, changed, cancelled, errors FROM sla.sync('ta_job');
SELECT state, count(*) FROM ta_clock GROUP BY state ORDER BY state;

SELECT ta_define();
SELECT items, started, changed, cancelled, errors FROM sla.sync('ta_job');
SELECT items, started, changed, cancelled, errors FROM sla.sync('ta_job');
SELECT * FROM sla.verify('ta_job');

-- as they were, where nothing has happened
SELECT count(*) AS kept
FROM ta_before AS b JOIN ta_clock AS c ON c::text = b::text;
TABLE ta_clock EXCEPT TABLE ta_before ORDER BY 1, 2, 3, 4;
SELECT count(*) AS finished_twice FROM ta_clock WHERE cycle > 1;

-- and they go on
UPDATE ta_job SET status = 'new', at = '2026-03-03 10:00' WHERE id IN (2, 9);
UPDATE ta_job SET status = 'done', at = '2026-03-03 11:00', done_at = NULL WHERE id IN (2, 3, 9);
SELECT * FROM ta_clock WHERE item IN ('2', '3', '9');
SELECT items, started, changed, cancelled, errors FROM sla.sync('ta_job');
-- (also one that was finished)
UPDATE ta_job SET status = 'new', at = '2026-03-03 12:00', done_at = NULL WHERE id = 1;
UPDATE ta_job SET status = 'done', at = '2026-03-03 13:00' WHERE id = 1;

-- Reports count what was taken up as what it is.
SELECT r.metric, r.met, r.breached, c.met, c.breached
FROM (SELECT metric, sum(met) AS met, sum(breached) AS breached FROM sla.report_attainment
	WHERE relation = 'ta_job' GROUP BY metric) AS r
FULL JOIN (SELECT metric, count(*) FILTER (WHERE verdict = 'met') AS met, count(*) FILTER (WHERE verdict = 'breached') AS breached
	FROM sla.clock WHERE relation = 'ta_job'::regclass GROUP BY metric) AS c USING (metric)
ORDER BY 1;

-- The same promises are no others.
SELECT count(*) FROM sla.clock_change AS h JOIN sla.clock AS c ON c.clock_id = h.clock WHERE c.relation = 'ta_job'::regclass;

-- A signal takes up a clock, too.
SELECT sla.untrack('ta_job');
SELECT sla.track('ta_job', at => 'at', owner => 'team');
SELECT ta_define();
SELECT sla.signal('ta_job', '7', 'fix', 'stop', '2026-03-03 12:00');
SELECT * FROM ta_clock WHERE item = '7';
-- What was corrected meanwhile is no more to be taken up.
SELECT sla.correct((SELECT clock_id FROM sla.clock WHERE relation = 'ta_job'::regclass AND item = '8' AND metric = 'fix'),
	NULL, '2026-03-03 09:00', 'done by phone');
SELECT items, started, changed, cancelled, errors FROM sla.sync('ta_job');
SELECT state, stopped_at FROM ta_clock WHERE item = '8' AND metric = 'fix';

-- An exception that was made meanwhile, or is gone since, holds for what had finished.
INSERT INTO sla.exception (relation, item, waive, approved_by, approved_at) VALUES ('ta_job', '9', true, 'boss', now());
SELECT sla.untrack('ta_job');
UPDATE sla.exception SET item = '3' WHERE relation = 'ta_job'::regclass;
SELECT sla.track('ta_job', at => 'at', owner => 'team');
SELECT ta_define();
SELECT items, started, changed, cancelled, errors FROM sla.sync('ta_job');
SELECT item, is_waived FROM sla.clock WHERE relation = 'ta_job'::regclass AND item IN ('3', '9') AND metric = 'fix' ORDER BY item;
DELETE FROM sla.exception WHERE relation = 'ta_job'::regclass;
SELECT count(*) FROM sla.clock WHERE relation = 'ta_job'::regclass AND is_waived;

-- A key that is used again is another item: deleted unwatched, deleted since.
INSERT INTO ta_job VALUES (11, '2026-03-02 10:00', 'new', NULL, 'a'), (12, '2026-03-02 10:00', 'new', NULL, 'a'), (13, '2026-03-02 10:00', 'new', NULL, 'a');
SELECT sla.untrack('ta_job');
DELETE FROM ta_job WHERE id = 11;
SELECT sla.track('ta_job', at => 'at');
SELECT ta_define();
DELETE FROM ta_job WHERE id = 12;
SELECT items, errors FROM sla.sync('ta_job');
INSERT INTO ta_job VALUES (11, now(), 'new', NULL, 'a'), (12, now(), 'new', NULL, 'a');
SELECT item, cycle, state FROM ta_clock WHERE item IN ('11', '12', '13') AND metric = 'fix';

-- Deleted and made again, a metric is the same.
BEGIN;
DELETE FROM sla.target WHERE relation = 'ta_job'::regclass;
DELETE FROM sla.policy WHERE relation = 'ta_job'::regclass;
DELETE FROM sla.metric WHERE relation = 'ta_job'::regclass;
SELECT ta_define();
COMMIT;
SELECT items, started, changed, cancelled, errors FROM sla.sync('ta_job');
SELECT * FROM sla.verify('ta_job');
SELECT count(*), count(DISTINCT (item, metric, per, cycle)) FROM ta_clock;

-- Also when that takes a while: its open clocks go on.
CREATE TABLE ta_before_deletion AS SELECT * FROM ta_clock WHERE state IN ('running', 'paused');
BEGIN;
DELETE FROM sla.target WHERE relation = 'ta_job'::regclass;
DELETE FROM sla.policy WHERE relation = 'ta_job'::regclass;
DELETE FROM sla.metric WHERE relation = 'ta_job'::regclass;
COMMIT;
SELECT sla.refresh() > 0 AS refreshed;
SELECT count(*) AS open FROM ta_clock WHERE state IN ('running', 'paused');
SELECT ta_define();
SELECT started, cancelled, errors FROM sla.sync('ta_job');
SELECT * FROM sla.verify('ta_job');
SELECT count(*) > 0 AS went_on FROM ta_before_deletion;
TABLE ta_before_deletion EXCEPT TABLE ta_clock;
SELECT count(*), count(DISTINCT (item, metric, per, cycle)) FROM ta_clock;
DROP TABLE ta_before_deletion;

-- A name that is in use stays with its number; a number that is given is one of no other.
INSERT INTO sla.metric (relation, name, kind) VALUES ('ta_job', 'fix', 'ola')
	ON CONFLICT (relation, name) DO UPDATE SET kind = excluded.kind;
SELECT name, kind, count(DISTINCT c.metric_id), bool_and(m.id = c.metric_id)
FROM sla.metric AS m JOIN sla.clock_state AS c ON c.relation = m.relation
JOIN sla.promise AS p ON p.id = c.promise_id AND p.metric = m.name
WHERE m.relation = 'ta_job'::regclass GROUP BY name, kind ORDER BY name;

SELECT sla.untrack('ta_job', keep_history => false);
DROP VIEW ta_clock;
DROP TABLE ta_before, ta_job;
DROP FUNCTION ta_define();

-- Nobody takes the number of what another table had, nor one that is yet to be given out.
CREATE TABLE ta_mine (id int PRIMARY KEY, done timestamptz);
CREATE TABLE ta_other (id int PRIMARY KEY, done timestamptz);
CREATE FUNCTION ta_define() RETURNS void
LANGUAGE sql AS $$
	SELECT sla.track('ta_mine');
	INSERT INTO sla.metric (relation, name, stop_when) VALUES ('ta_mine', 'm', 'done IS NOT NULL');
	INSERT INTO sla.policy (relation, name) VALUES ('ta_mine', 'p');
	INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ta_mine', 'p', 'm', '4 bh @24/7');
$$;
SELECT ta_define();
INSERT INTO ta_mine VALUES (1, now());
CREATE TABLE ta_number AS
SELECT m.id AS metric, p.id AS policy, t.id AS target
FROM sla.metric AS m JOIN sla.policy AS p USING (relation) JOIN sla.target AS t USING (relation)
WHERE relation = 'ta_mine'::regclass;
SELECT sla.untrack('ta_mine');
SELECT sla.track('ta_other');
INSERT INTO sla.metric (id, relation, name) SELECT metric, 'ta_other', 'mine' FROM ta_number;
INSERT INTO sla.policy (id, relation, name) SELECT policy, 'ta_other', 'mine' FROM ta_number;
INSERT INTO sla.target (id, relation, policy, metric, goal) SELECT target, 'ta_other', 'mine', 'mine', '1 bh @24/7' FROM ta_number;
UPDATE sla.target SET id = n.target FROM ta_number AS n WHERE relation = 'ta_other'::regclass;
SELECT ta_define();
SELECT started, errors FROM sla.sync('ta_mine');
SELECT item, metric, policy, verdict FROM sla.clock WHERE relation = 'ta_mine'::regclass;
INSERT INTO sla.metric (id, relation, name) SELECT pg_sequence_last_value('sla.metric_id_seq') + 1, 'ta_other', 'x';
INSERT INTO sla.metric (relation, name) VALUES ('ta_mine', 'other');
INSERT INTO sla.exception (id, relation, waive) VALUES (2000000000, 'ta_other', true);
SELECT id <= pg_sequence_last_value('sla.exception_id_seq') AS given_out FROM sla.exception WHERE relation = 'ta_other'::regclass;
DELETE FROM sla.exception WHERE relation = 'ta_other'::regclass;
SELECT sla.untrack('ta_mine', keep_history => false), sla.untrack('ta_other', keep_history => false);
DROP TABLE ta_mine, ta_other, ta_number;
DROP FUNCTION ta_define();
DELETE FROM sla.calendar WHERE name = 'ta_desk';
