--
-- Signals and sources: items are found by their keys, and sources are known as they are
--
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
CREATE SCHEMA signals;
SET search_path = signals, public;
INSERT INTO sla.calendar (name, hours) VALUES ('signals', 'Mo-Fr 09:00-17:00');

-- a composite key of a text that needs quotes, a number and a date
CREATE TABLE part (
	name text,
	number numeric(10, 2),
	day date,
	note text,
	created_at timestamptz NOT NULL DEFAULT '2026-01-05 10:00+00',
	PRIMARY KEY (day, name, number));
SELECT sla.track('part');
INSERT INTO sla.metric (relation, name, start_at) VALUES ('part', 'repair', 'created_at');
INSERT INTO sla.policy (relation, name) VALUES ('part', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('part', 'all', 'repair', '8 business hours @signals');
INSERT INTO part (name, number, day) VALUES
	('plain', 1, '2026-01-01'), ('', 2.5, '2026-01-01'), ('a "b", (c\d)', 3, '2026-01-01'), ('NULL', 4, '2026-01-01'),
	('plain', 1, '2026-01-02'), (E'two\nlines', 5, '2026-01-01'), ('ä€', 6, '2026-01-01');
-- each is found, and only it
DO $$
DECLARE
	p part;
BEGIN
	FOR p IN SELECT * FROM part LOOP
		PERFORM sla.signal('part', ROW(p.name, p.number, p.day)::text, 'repair', 'pause', '2026-01-05 11:00+00', p.name);
	END LOOP;
END
$$;
SELECT c.item, c.state, p.reason, p.reason = (SELECT name FROM part WHERE ROW(part.name, number, day)::text = c.item) AS is_its_own
FROM sla.clock AS c
LEFT JOIN sla.pause AS p ON p.clock = c.clock_id
WHERE c.relation = 'part'::regclass
ORDER BY c.item COLLATE "C";
-- by the index, also by a plan from when the table was small
INSERT INTO part SELECT 'n' || n, n, '2026-01-03' FROM generate_series(1, 3000) AS n;
DO $$
DECLARE
	before record;
	after record;
BEGIN
	SELECT seq_scan, idx_scan INTO before FROM pg_stat_xact_user_tables WHERE relid = 'part'::regclass;
	PERFORM sla.signal('part', '(plain,1.00,2026-01-01)', 'repair', 'resume', '2026-01-05 12:00+00');
	SELECT seq_scan, idx_scan INTO after FROM pg_stat_xact_user_tables WHERE relid = 'part'::regclass;
	IF after.seq_scan IS DISTINCT FROM before.seq_scan OR (after.idx_scan > before.idx_scan) IS NOT TRUE THEN
		RAISE 'the table was scanned: % before, % after', before, after;
	END IF;
END
$$;
-- what is no key of the table is no item
\set VERBOSITY terse
SELECT sla.signal('part', '(plain,1.00,2026-01-03)', 'repair', 'resume');
SELECT sla.signal('part', '(plain,1)', 'repair', 'resume');
SELECT sla.signal('part', '(plain,1,yesterday or so)', 'repair', 'resume');
SELECT sla.signal('part', '(,,)', 'repair', 'resume');
SELECT sla.signal('part', '', 'repair', 'resume');
SELECT * FROM sla.sync('part', ARRAY['(plain,1.00,2026-01-01)', '("",2.50,2026-01-01)', 'no key']);

-- sources are known as they are
CREATE TABLE ticket (id bigint PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT '2026-01-05 10:00+00');
CREATE TABLE message (ticket_id bigint, at timestamptz, kind text);
SELECT sla.track('ticket');
INSERT INTO sla.metric (relation, name, start_at) VALUES ('ticket', 'answer', 'created_at');
INSERT INTO sla.policy (relation, name) VALUES ('ticket', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'all', 'answer', '8 business hours @signals');
INSERT INTO ticket SELECT generate_series(1, 9);
CREATE FUNCTION state_of(bigint) RETURNS text LANGUAGE sql AS
	'SELECT c.state FROM sla.clock AS c WHERE c.relation = ''ticket''::regclass AND c.item = $1::text';
INSERT INTO sla.source (source, relation, item, metric, action, applies_when, at)
VALUES ('message', 'ticket', 'ticket_id::text', 'answer', 'pause', 'kind = ''wait''', 'at');
INSERT INTO message VALUES (1, '2026-01-05 11:00+00', 'wait');
SELECT state_of(1);
-- changed
UPDATE sla.source SET applies_when = 'kind = ''hold''' WHERE source = 'message'::regclass;
INSERT INTO message VALUES (2, '2026-01-05 11:00+00', 'wait'), (3, '2026-01-05 11:00+00', 'hold');
SELECT state_of(2), state_of(3);
-- changed, and rolled back
BEGIN;
UPDATE sla.source SET action = 'stop' WHERE source = 'message'::regclass;
INSERT INTO message VALUES (4, '2026-01-05 11:00+00', 'hold');
SELECT state_of(4);
SAVEPOINT a;
DELETE FROM sla.source WHERE source = 'message'::regclass;
INSERT INTO message VALUES (5, '2026-01-05 11:00+00', 'hold');
SELECT state_of(5);
ROLLBACK TO a;
INSERT INTO message VALUES (5, '2026-01-05 11:00+00', 'hold');
SELECT state_of(5);
ROLLBACK;
INSERT INTO message VALUES (4, '2026-01-05 11:00+00', 'hold'), (5, '2026-01-05 11:00+00', 'hold');
SELECT state_of(4), state_of(5);
-- of a table, or a source, that has a new owner nothing is followed until that is confirmed, and nobody's write fails
CREATE ROLE regress_signals_heir;
SELECT format('GRANT USAGE ON SCHEMA %I TO regress_signals_heir', current_schema()) \gexec
ALTER TABLE message OWNER TO regress_signals_heir;
INSERT INTO message VALUES (8, '2026-01-05 11:00+00', 'hold');
SELECT state_of(8);
SELECT subject, status, regexp_replace(detail, 'owner, [^:]*', 'owner, NAME') AS detail FROM sla.status() WHERE subject ~ '^source message' AND status <> 'ok';
SELECT sla.sync('ticket');
UPDATE sla.source SET action = action WHERE source = 'message'::regclass;
ALTER TABLE ticket OWNER TO regress_signals_heir;
INSERT INTO message VALUES (9, '2026-01-05 11:00+00', 'hold');
SELECT state_of(9);
SELECT sla.track('ticket');
SELECT changed FROM sla.sync('ticket');
SELECT state_of(8), state_of(9);
ALTER TABLE message OWNER TO CURRENT_USER;
ALTER TABLE ticket OWNER TO CURRENT_USER;
DROP OWNED BY regress_signals_heir;
DROP ROLE regress_signals_heir;
SELECT sla.track('ticket');
-- tables and columns with other names, and more columns
ALTER TABLE message RENAME COLUMN kind TO what;
ALTER TABLE message RENAME TO note;
ALTER TABLE note ADD COLUMN more text DEFAULT 'x';
ALTER TABLE ticket RENAME COLUMN id TO number;
INSERT INTO note VALUES (6, '2026-01-05 11:00+00', 'hold');
SELECT state_of(6);
-- in a schema with another name
ALTER SCHEMA signals RENAME TO signals_2;
SET search_path = signals_2, public;
SELECT sla.signal('ticket', '6', 'answer', 'resume', '2026-01-05 12:00+00');
INSERT INTO note VALUES (6, '2026-01-05 13:00+00', 'hold');
SELECT state_of(6);
ALTER SCHEMA signals_2 RENAME TO signals;
SET search_path = signals, public;
-- no more
DELETE FROM sla.source WHERE source = 'note'::regclass;
INSERT INTO note VALUES (7, '2026-01-05 11:00+00', 'hold');
SELECT state_of(7);

-- what begins the first cycle begins it as the row stands: paused, or in spite of a stop that the row showed before
CREATE TABLE talk (id int PRIMARY KEY, updated_at timestamptz NOT NULL, class text NOT NULL);
SELECT sla.track('talk', at => 'updated_at');
INSERT INTO sla.metric (relation, name, start_when, stop_when, pause_when, pause_reason) VALUES
	('talk', 'reply', 'false', 'class = ''closed''', 'class = ''waiting''', '''for '' || class');
INSERT INTO sla.policy (relation, name) VALUES ('talk', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('talk', 'all', 'reply', '1 bh @signals');
INSERT INTO talk SELECT n, '2026-01-05 10:00+00', c FROM unnest('{waiting,closed,open}'::text[]) WITH ORDINALITY AS u (c, n);
SELECT FROM talk, LATERAL sla.signal('talk', id::text, 'reply', 'start', '2026-01-05 10:30+00') AS s;
CREATE VIEW talks AS SELECT c.item, c.state, c.started_at, c.due_at, p.during, p.reason
	FROM sla.clock AS c LEFT JOIN sla.pause AS p ON p.clock = c.clock_id WHERE c.relation = 'talk'::regclass ORDER BY c.item;
SELECT * FROM talks;
UPDATE talk SET updated_at = '2026-01-05 10:45+00';
SELECT changed FROM sla.sync('talk');
UPDATE talk SET updated_at = '2026-01-05 11:00+00', class = 'open';
SELECT * FROM talks;
-- so does what begins the next one, paused for what the row says by then
INSERT INTO talk VALUES (4, '2026-01-05 11:00+00', 'open');
SELECT sla.signal('talk', '4', 'reply', 'start', '2026-01-05 11:00+00'), sla.signal('talk', '4', 'reply', 'cancel', '2026-01-05 12:00+00') \g /dev/null
UPDATE talk SET updated_at = '2026-01-05 12:10+00', class = 'waiting' WHERE id = 4;
SELECT sla.signal('talk', '4', 'reply', 'start', '2026-01-05 12:20+00') \g /dev/null
SELECT * FROM talks WHERE item = '4' ORDER BY started_at;
SELECT changed FROM sla.sync('talk');
DELETE FROM talk WHERE id = 4;
-- a first sync takes events at the very start, and at the same time, as they were live; another changes nothing
CREATE TABLE said (talk int REFERENCES talk, at timestamptz, who text);
INSERT INTO sla.metric (relation, name, start_at) VALUES ('talk', 'first', 'updated_at');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('talk', 'all', 'first', '1 bh @signals');
-- (whatever their numbers are)
INSERT INTO sla.source (id, source, relation, item, metric, action, applies_when, at) VALUES
	(-2, 'said', 'talk', 'talk', 'first', 'stop', 'who = ''us''', 'at'),
	(-1, 'said', 'talk', 'talk', 'first', 'start', 'who = ''you''', 'at');
ALTER TABLE talk DISABLE TRIGGER ALL;
ALTER TABLE said DISABLE TRIGGER ALL;
DELETE FROM talk;
CREATE TABLE story (n int, at timestamptz, who text);
INSERT INTO story VALUES (1, '2026-01-05 10:00+00', 'us'), (2, '2026-01-05 12:00+00', 'us'), (2, '2026-01-05 12:00+00', 'you'),
	(3, '2026-01-05 12:00+00', 'you'), (3, '2026-01-05 12:00+00', 'us'), (4, '2026-01-05 12:00+00', 'us'), (4, '2026-01-05 12:00+00', 'you'),
	(4, '2026-01-05 12:00+00', 'you'), (4, '2026-01-05 12:00+00', 'us'), (4, '2026-01-05 12:00+00', 'you');
INSERT INTO talk SELECT n, '2026-01-05 10:00+00', 'open' FROM generate_series(11, 14) AS n;
INSERT INTO said SELECT 10 + n, at, who FROM story;
SELECT started, changed FROM sla.sync('talk');
SELECT item, cycle, state, started_at, stopped_at FROM sla.clock WHERE relation = 'talk'::regclass AND metric = 'first' ORDER BY item, cycle;
SELECT started, changed FROM sla.sync('talk');
-- as live
ALTER TABLE talk ENABLE TRIGGER ALL;
ALTER TABLE said ENABLE TRIGGER ALL;
INSERT INTO talk SELECT n, '2026-01-05 10:00+00', 'open' FROM generate_series(21, 24) AS n;
INSERT INTO said SELECT 20 + n, at, who FROM story;
WITH c AS MATERIALIZED (SELECT item::int, cycle, state, started_at, stopped_at FROM sla.clock WHERE relation = 'talk'::regclass AND metric = 'first')
SELECT count(*), count(*) FILTER (WHERE (l.state, l.started_at, l.stopped_at) IS DISTINCT FROM (s.state, s.started_at, s.stopped_at)) AS others
FROM (SELECT * FROM c WHERE item BETWEEN 21 AND 24) AS l
FULL JOIN (SELECT * FROM c WHERE item BETWEEN 11 AND 14) AS s ON s.item + 10 = l.item AND s.cycle = l.cycle;

-- what is told after the row was closed comes after that, in a first sync as it did live
CREATE TABLE done_talk (id int PRIMARY KEY, updated_at timestamptz NOT NULL, class text NOT NULL);
CREATE TABLE said_then (talk int, at timestamptz, who text);
SELECT sla.track('done_talk', at => 'updated_at');
INSERT INTO sla.metric (relation, name, start_when, start_at, stop_when) VALUES
	('done_talk', 'first', NULL, '''2026-01-05 10:00+00''::timestamptz', 'class = ''closed'''), ('done_talk', 'next', 'false', NULL, 'class = ''closed''');
INSERT INTO sla.policy (relation, name) VALUES ('done_talk', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) SELECT 'done_talk', 'all', m, '1 bh @signals' FROM unnest('{first,next}'::text[]) AS m;
INSERT INTO sla.source (source, relation, item, metric, action, applies_when, at)
	SELECT 'said_then', 'done_talk', 'talk', m, a, format('who = %L', w), 'at'
	FROM unnest('{first,next}'::text[]) AS m, unnest('{start,stop,pause,resume}'::text[], '{you,us,hold,on}'::text[]) AS u (a, w);
CREATE VIEW done_talks AS SELECT item::int % 10 AS n, metric, cycle, state, started_at, stopped_at FROM sla.clock WHERE relation = 'done_talk'::regclass;
CREATE PROCEDURE tell(first int) LANGUAGE sql BEGIN ATOMIC
	INSERT INTO done_talk SELECT first + n, '2026-01-05 10:00+00', 'open' FROM generate_series(1, 3) AS n;
	UPDATE done_talk SET updated_at = '2026-01-05 11:00+00', class = 'closed' WHERE id > first;
	INSERT INTO said_then VALUES (first + 1, '2026-01-05 12:00+00', 'you'), (first + 2, '2026-01-05 12:00+00', 'hold'),
		(first + 3, '2026-01-05 12:00+00', 'you'), (first + 3, '2026-01-05 13:00+00', 'us');
END;
CALL tell(10);
CREATE TABLE live AS SELECT * FROM done_talks;
SELECT * FROM live ORDER BY n, metric, cycle;
-- nothing is news
SELECT started, changed FROM sla.sync('done_talk');
ALTER TABLE done_talk DISABLE TRIGGER ALL;
ALTER TABLE said_then DISABLE TRIGGER ALL;
CALL tell(20);
SELECT started FROM sla.sync('done_talk');
SELECT started, changed FROM sla.sync('done_talk');
SELECT count(*) AS others FROM (SELECT n, metric, cycle, state, started_at, stopped_at, count(*) FROM (TABLE live UNION ALL TABLE done_talks) AS c GROUP BY 1, 2, 3, 4, 5, 6) AS c WHERE count <> 3;

-- nor is what paused a clock after its stop, and resumed it
INSERT INTO said_then VALUES (12, '2026-01-05 14:00+00', 'on'), (12, '2026-01-05 15:00+00', 'hold'), (12, '2026-01-05 16:00+00', 'on');
ALTER TABLE said_then ENABLE TRIGGER ALL;
INSERT INTO said_then VALUES (12, '2026-01-05 17:00+00', 'hold'), (12, '2026-01-05 18:00+00', 'on');
SELECT started, changed FROM sla.sync('done_talk');
SELECT started, changed FROM sla.sync('done_talk');

-- what is told for before the start that the row tells is of that start, in a first sync as it was live
CREATE TABLE early_talk (id int PRIMARY KEY, created_at timestamptz);
CREATE TABLE said_before (talk int, at timestamptz, what text);
SELECT sla.track('early_talk', at => 'created_at');
INSERT INTO sla.metric (relation, name, start_at) VALUES ('early_talk', 'm', 'created_at');
INSERT INTO sla.policy (relation, name) VALUES ('early_talk', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('early_talk', 'all', 'm', '1 bh @signals');
INSERT INTO sla.source (source, relation, item, metric, action, applies_when, at)
	SELECT 'said_before', 'early_talk', 'talk', 'm', a, format('what = %L', a), 'at' FROM unnest('{start,stop,pause,resume}'::text[]) AS a;
CREATE PROCEDURE tell_early(first int) LANGUAGE sql BEGIN ATOMIC
	INSERT INTO early_talk SELECT first + n, '2026-01-05 10:00+00' FROM generate_series(1, 4) AS n;
	INSERT INTO said_before VALUES (first + 1, '2026-01-05 09:59+00', 'stop'), (first + 2, '2026-01-05 09:58+00', 'pause'),
		(first + 3, '2026-01-05 09:58+00', 'pause'), (first + 3, '2026-01-05 09:59+00', 'resume'), (first + 3, '2026-01-05 11:00+00', 'stop'),
		(first + 4, '2026-01-05 09:58+00', 'pause'), (first + 4, '2026-01-05 10:30+00', 'resume');
END;
CALL tell_early(10);
ALTER TABLE early_talk DISABLE TRIGGER ALL;
ALTER TABLE said_before DISABLE TRIGGER ALL;
CALL tell_early(20);
SELECT started FROM sla.sync('early_talk');
SELECT started, changed FROM sla.sync('early_talk');
SELECT c.item, c.state, c.started_at, c.stopped_at, p.during
FROM sla.clock AS c LEFT JOIN sla.pause AS p ON p.clock = c.clock_id WHERE c.relation = 'early_talk'::regclass ORDER BY c.item;
SELECT count(*) AS late FROM sla.clock_change AS h JOIN sla.clock AS c ON c.clock_id = h.clock
WHERE c.relation = 'early_talk'::regclass GROUP BY c.item::int / 20;

-- of what does not tell its time a sync knows none, either: it is told to clocks that the sync begins, once
CREATE TABLE when_talk (id int PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT '2026-01-05 10:00+00');
CREATE TABLE said_when (talk int, what text);
SELECT sla.track('when_talk', at => 'created_at');
INSERT INTO sla.metric (relation, name, start_at, repeats) VALUES ('when_talk', 'update', 'created_at', true), ('when_talk', 'repair', 'created_at', false);
INSERT INTO sla.policy (relation, name) VALUES ('when_talk', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) SELECT 'when_talk', 'all', m, '1 bh @signals' FROM unnest('{update,repair}'::text[]) AS m;
INSERT INTO sla.source (source, relation, item, metric, action, applies_when)
	VALUES ('said_when', 'when_talk', 'talk', 'update', 'stop', 'what = ''reply'''), ('said_when', 'when_talk', 'talk', 'repair', 'reset', 'what = ''again''');
INSERT INTO when_talk VALUES (1);
INSERT INTO said_when VALUES (1, 'reply'), (1, 'again');
SELECT started, changed FROM sla.sync('when_talk');
SET session_replication_role = replica;
INSERT INTO when_talk VALUES (2);
INSERT INTO said_when VALUES (2, 'reply'), (2, 'reply'), (2, 'again');
RESET session_replication_role;
SELECT started FROM sla.sync('when_talk');
SELECT started, changed FROM sla.sync('when_talk');
SELECT item, metric, cycle, state, started_at = '2026-01-05 10:00+00' AS from_start FROM sla.clock WHERE relation = 'when_talk'::regclass ORDER BY 1, 2, 3;
-- a metric that a source names is not deleted, so that nobody's write to the source fails
DELETE FROM sla.target WHERE relation = 'when_talk'::regclass;
DELETE FROM sla.metric WHERE relation = 'when_talk'::regclass AND name = 'update';
DELETE FROM sla.source WHERE relation = 'when_talk'::regclass AND metric = 'update';
DELETE FROM sla.metric WHERE relation = 'when_talk'::regclass AND name = 'update';
INSERT INTO said_when VALUES (1, 'reply'), (1, 'again');

-- what the row cancels was not begun live, and is not in a sync
ALTER TABLE done_talk ENABLE TRIGGER ALL;
UPDATE sla.metric SET cancel_when = 'class = ''void''' WHERE relation = 'done_talk'::regclass;
INSERT INTO done_talk VALUES (31, '2026-01-05 10:00+00', 'void');
SELECT started, changed, cancelled FROM sla.sync('done_talk');
SELECT count(*) FROM sla.clock WHERE relation = 'done_talk'::regclass AND item = '31';

-- a source in partitions, whose columns lie otherwise, and one with a child
CREATE TABLE part_talk (id int PRIMARY KEY, created_at timestamptz DEFAULT '2026-01-05 10:00+00');
CREATE TABLE part_said (talk int, who text, at timestamptz NOT NULL, who_twice text GENERATED ALWAYS AS (who || who) STORED) PARTITION BY RANGE (at);
CREATE TABLE part_old (at timestamptz NOT NULL, gone int, who_twice text, talk int, who text) PARTITION BY LIST (who);
ALTER TABLE part_old DROP COLUMN gone, DROP COLUMN who_twice;
ALTER TABLE part_old ADD who_twice text GENERATED ALWAYS AS (who || who) STORED;
CREATE TABLE part_old_us (who text, talk int, at timestamptz NOT NULL, who_twice text GENERATED ALWAYS AS (who || who) STORED);
ALTER TABLE part_old ATTACH PARTITION part_old_us FOR VALUES IN ('us');
CREATE TABLE part_old_rest PARTITION OF part_old DEFAULT;
ALTER TABLE part_said ATTACH PARTITION part_old FOR VALUES FROM (MINVALUE) TO ('2026-01-06');
CREATE TABLE kin_said (talk int, who text, at timestamptz NOT NULL);
CREATE TABLE kin_child (more int) INHERITS (kin_said);
SELECT sla.track('part_talk', at => 'created_at');
INSERT INTO sla.metric (relation, name, start_when) VALUES ('part_talk', 'm', 'false');
INSERT INTO sla.policy (relation, name) VALUES ('part_talk', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('part_talk', 'all', 'm', '1 bh @signals');
INSERT INTO sla.source (source, relation, item, metric, action, applies_when, at)
	SELECT t, 'part_talk', 'talk', 'm', a, 'who = ' || quote_literal(w), 'at'
	FROM unnest('{part_said,kin_said}'::regclass[]) t, unnest('{start,stop,pause,resume}'::text[], '{you,us,hold,on}'::text[]) AS u (a, w);
UPDATE sla.source SET applies_when = 'who_twice = ''usus''' WHERE source = 'part_said'::regclass AND action = 'stop';
CREATE TABLE part_new PARTITION OF part_said DEFAULT;
CREATE FUNCTION of_source() RETURNS TABLE (tab regclass, handed_down boolean) LANGUAGE sql AS
	$$SELECT tgrelid, tgparentid <> 0 FROM pg_trigger WHERE tgname = 'sla_track_source' AND tgrelid::regclass::text ~ '^(part|kin)' ORDER BY tgrelid::regclass::text$$;
SELECT * FROM of_source();
INSERT INTO part_talk SELECT generate_series(1, 5);
INSERT INTO part_said VALUES (1, 'you', '2026-01-05 10:00+00'), (1, 'us', '2026-01-05 10:30+00'), (2, 'you', '2026-01-06 10:00+00'), (2, 'us', '2026-01-06 11:00+00');
INSERT INTO part_old_us (talk, who, at) VALUES (3, 'us', '2026-01-05 11:00+00');
INSERT INTO part_old (talk, who, at) VALUES (3, 'you', '2026-01-05 11:30+00');
INSERT INTO part_new (talk, who, at) VALUES (3, 'hold', '2026-01-07 11:00+00');
INSERT INTO kin_said VALUES (4, 'you', '2026-01-05 10:00+00');
INSERT INTO kin_child VALUES (4, 'us', '2026-01-05 11:00+00', 7), (5, 'you', '2026-01-05 11:00+00', 8);
SELECT item, state, started_at, stopped_at FROM sla.clock WHERE relation = 'part_talk'::regclass ORDER BY item, started_at;
SELECT started, changed FROM sla.sync('part_talk');
SELECT * FROM sla.verify('part_talk');
-- a child that comes later is one, and one that leaves is none
CREATE TABLE kin_later () INHERITS (kin_child);
INSERT INTO kin_later VALUES (5, 'hold', '2026-01-05 12:00+00'), (5, 'on', '2026-01-05 12:10+00');
SELECT c.item, p.during FROM sla.pause p JOIN sla.clock c ON c.clock_id = p.clock WHERE c.relation = 'part_talk'::regclass AND c.item = '5';
ALTER TABLE kin_child NO INHERIT kin_said;
SELECT tab FROM of_source() WHERE tab::text ~ 'kin';
ALTER TABLE kin_child INHERIT kin_said;
SELECT tab FROM of_source() WHERE tab::text ~ 'kin';
SELECT subject, status FROM sla.status() WHERE subject LIKE 'source kin%' ORDER BY 1;
-- a partition that leaves is none, one that comes is, and one that is a source of its own is both
ALTER TABLE part_said DETACH PARTITION part_new;
INSERT INTO part_new (talk, who, at) VALUES (5, 'us', '2026-01-07 12:00+00');
SELECT count(*) FROM sla.clock WHERE relation = 'part_talk'::regclass AND state = 'running';
DELETE FROM part_new WHERE talk = 5;
ALTER TABLE part_said ATTACH PARTITION part_new DEFAULT;
INSERT INTO part_new (talk, who, at) VALUES (5, 'us', '2026-01-07 12:00+00');
SELECT count(*) FROM sla.clock WHERE relation = 'part_talk'::regclass AND state = 'running';
INSERT INTO sla.source (source, relation, item, metric, action, applies_when, at) VALUES ('part_old_us', 'part_talk', 'talk + 1', 'm', 'start', 'talk = 1', 'at');
SELECT * FROM of_source();
INSERT INTO part_old_us (talk, who, at) VALUES (1, 'us', '2026-01-05 13:00+00');
SELECT item, cycle, state, started_at FROM sla.clock WHERE relation = 'part_talk'::regclass AND item = '2' ORDER BY started_at;
DELETE FROM sla.source WHERE source = 'part_said'::regclass;
SELECT * FROM of_source();
INSERT INTO sla.source (source, relation, item, metric, action, at) VALUES ('part_said', 'part_talk', 'talk', 'm', 'start', 'at');
SELECT * FROM of_source();
DELETE FROM sla.source WHERE source = ANY ('{part_said,part_old_us,kin_said}'::regclass[]);
SELECT * FROM of_source();

-- an event of a row of the same statement, or written by its triggers
CREATE TABLE now_talk (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, created_at timestamptz DEFAULT '2026-01-05 10:00+00');
CREATE TABLE now_said (talk int, who text, at timestamptz);
SELECT sla.track('now_talk', at => 'created_at');
INSERT INTO sla.metric (relation, name, start_at) VALUES ('now_talk', 'm', 'created_at');
INSERT INTO sla.policy (relation, name) VALUES ('now_talk', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('now_talk', 'all', 'm', '1 bh @signals');
INSERT INTO sla.source (source, relation, item, metric, action, applies_when, at)
	SELECT 'now_said', 'now_talk', 'talk', 'm', a, format('who = %L', w), 'at' FROM unnest('{start,stop}'::text[], '{you,us}'::text[]) AS u (a, w);
WITH t AS (INSERT INTO now_talk SELECT FROM generate_series(1, 3) RETURNING id) INSERT INTO now_said SELECT id, 'us', '2026-01-05 11:00+00' FROM t;
CREATE FUNCTION greet() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	BEGIN
		INSERT INTO now_said VALUES (NEW.id, 'us', '2026-01-05 12:00+00');
		RAISE 'no';
	EXCEPTION WHEN raise_exception THEN
	END;
	BEGIN
		IF NEW.id % 2 = 0 THEN
			INSERT INTO now_said VALUES (NEW.id, 'us', '2026-01-05 13:00+00'), (NEW.id, 'you', '2026-01-05 14:00+00');
		END IF;
	EXCEPTION WHEN raise_exception THEN
	END;
	IF NEW.id % 3 > 0 THEN
		INSERT INTO now_said VALUES (NEW.id, 'us', '2026-01-05 15:00+00');
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER zz_greet AFTER INSERT ON now_talk FOR EACH ROW EXECUTE FUNCTION greet();
INSERT INTO now_talk SELECT FROM generate_series(1, 6);
SELECT item, cycle, state, stopped_at FROM sla.clock WHERE relation = 'now_talk'::regclass ORDER BY item::int, cycle;
SELECT started, changed FROM sla.sync('now_talk');
SELECT * FROM sla.verify('now_talk');
-- also where they run first
ALTER TRIGGER zz_greet ON now_talk RENAME TO aa_greet;
INSERT INTO now_talk SELECT FROM generate_series(1, 6);
SELECT item, cycle, state, stopped_at FROM sla.clock WHERE relation = 'now_talk'::regclass AND item::int > 9 ORDER BY item::int, cycle;
SELECT started, changed FROM sla.sync('now_talk');
SELECT * FROM sla.verify('now_talk');
CREATE OR REPLACE FUNCTION greet() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sla.signal('now_talk', NEW.id::text, 'm', 'stop', '2026-01-05 16:00+00');
	RETURN NULL;
END
$$;
INSERT INTO now_talk SELECT FROM generate_series(1, 2);
SELECT item, cycle, state, stopped_at FROM sla.clock WHERE relation = 'now_talk'::regclass AND item::int > 15 ORDER BY item::int, cycle;

-- at random, in partitions, from triggers, undone in part: a sync has nothing to do
CREATE TABLE any_talk (id int PRIMARY KEY, created_at timestamptz, changed_at timestamptz, note text);
CREATE TABLE any_said (talk int, what text, at timestamptz NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE any_said_1 PARTITION OF any_said FOR VALUES FROM (MINVALUE) TO ('2026-03-03');
CREATE TABLE any_said_2 (at timestamptz NOT NULL, what text, talk int);
ALTER TABLE any_said ATTACH PARTITION any_said_2 DEFAULT;
SELECT sla.track('any_talk', at => 'changed_at');
INSERT INTO sla.metric (relation, name, start_at, start_when, on_reopen) VALUES
	('any_talk', 'from row', 'created_at', NULL, 'continue'), ('any_talk', 'anew', NULL, 'false', 'new_cycle'), ('any_talk', 'once', NULL, 'false', 'ignore');
UPDATE sla.metric SET pause_when = 'note LIKE ''wait%''', pause_reason = 'note' WHERE relation = 'any_talk'::regclass;
INSERT INTO sla.policy (relation, name) VALUES ('any_talk', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) SELECT 'any_talk', 'all', m, '4 bh @24/7' FROM unnest('{from row,anew,once}'::text[]) m;
INSERT INTO sla.source (source, relation, item, metric, action, applies_when, at, reason)
	SELECT 'any_said', 'any_talk', 'talk', m, a, format('what = %L', a), 'at', 'at::text'
	FROM unnest('{from row,anew,once}'::text[]) m, unnest('{start,pause,resume,stop,cancel,reset}'::text[]) a;
CREATE FUNCTION any_of(VARIADIC a text[] DEFAULT '{start,pause,resume,stop,cancel,reset}') RETURNS text VOLATILE LANGUAGE sql AS 'SELECT a[1 + floor(random() * cardinality(a))::int]';
CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO any_said SELECT NEW.id, any_of('start', 'pause', 'stop'), NEW.created_at WHERE random() < 0.5;
	INSERT INTO any_said SELECT NEW.id, any_of('start', 'pause', 'stop'), NEW.created_at WHERE random() < 0.3;
	IF random() < 0.3 THEN
		RAISE 'no';
	END IF;
	RETURN NULL;
EXCEPTION WHEN raise_exception THEN
	RETURN NULL;
END
$$;
CREATE TRIGGER zz AFTER INSERT ON any_talk FOR EACH ROW EXECUTE FUNCTION say();
CREATE PROCEDURE happen(n int) LANGUAGE plpgsql AS $$
DECLARE
	t timestamptz := '2026-03-02 09:00Z';
	last int;
BEGIN
	FOR i IN 1 .. n LOOP
		t := t + (1 + floor(random() * 120)) * interval '1 minute';
		last := coalesce((SELECT max(id) FROM any_talk), 0);
		BEGIN
			CASE floor(random() * 7)::int
				WHEN 0 THEN INSERT INTO any_talk SELECT last + g, t, t FROM generate_series(1, 3) g;
				WHEN 1 THEN
					WITH x AS (INSERT INTO any_talk SELECT last + g, t, t FROM generate_series(1, 2) g RETURNING id)
					INSERT INTO any_said SELECT id, any_of(), t FROM x;
				WHEN 2, 3, 4 THEN INSERT INTO any_said SELECT id, any_of(), t FROM any_talk WHERE id = 1 + floor(random() * last)::int;
				WHEN 5 THEN INSERT INTO any_said SELECT id, any_of(), t FROM any_talk WHERE random() < 0.3;
				ELSE UPDATE any_talk SET changed_at = t, note = any_of('wait', 'wait more', 'go on') WHERE random() < 0.2;
			END CASE;
			IF random() < 0.15 THEN
				RAISE 'undone';
			END IF;
		EXCEPTION WHEN raise_exception THEN
		END;
		IF random() < 0.3 THEN
			COMMIT;
		END IF;
	END LOOP;
END
$$;
CALL happen(150);
SELECT count(*) > 50 AS many, count(DISTINCT state) > 2 AS in_states FROM sla.clock WHERE relation = 'any_talk'::regclass;
-- (signals that tell but another reason than those before, while the row has its own)
ALTER TABLE any_talk DISABLE TRIGGER zz;
INSERT INTO any_talk VALUES (100000, '2026-05-01 09:00Z', '2026-05-01 09:00Z', 'wait');
INSERT INTO any_said VALUES (100000, 'pause', '2026-05-01 10:00Z'), (100000, 'pause', '2026-05-01 11:00Z'), (100000, 'pause', '2026-05-01 12:00Z');
SELECT started, changed, cancelled FROM sla.sync('any_talk');
SELECT * FROM sla.verify('any_talk');

--
-- Hand-offs: what is told by signals is what a row would say
--
CREATE TABLE by_row (id int PRIMARY KEY, team text, paused boolean, done boolean, dropped boolean, at timestamptz NOT NULL);
CREATE TABLE by_signal (id int PRIMARY KEY, team text, at timestamptz NOT NULL);
SELECT sla.track('by_row', at => 'at', owner => 'team');
SELECT sla.track('by_signal', at => 'at', owner => 'team');
INSERT INTO sla.metric (relation, name, stop_when, pause_when, cancel_when, per, on_reopen) VALUES
	('by_row', 'anew', 'done', 'paused', 'dropped', 'team', 'new_cycle'), ('by_row', 'once', 'done', 'paused', 'dropped', 'team', 'ignore');
INSERT INTO sla.metric (relation, name, per, on_reopen) VALUES
	('by_signal', 'anew', 'team', 'new_cycle'), ('by_signal', 'once', 'team', 'ignore');
INSERT INTO sla.policy (relation, name) VALUES ('by_row', 'all'), ('by_signal', 'all');
INSERT INTO sla.target (relation, policy, metric, goal)
SELECT r, 'all', m, '2 bh @24/7' FROM unnest('{by_row,by_signal}'::regclass[]) r, unnest('{anew,once}'::text[]) m;
CREATE PROCEDURE tell(id int, action text, at timestamptz) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('UPDATE by_row SET at = $2, %s WHERE id = $1', CASE action
		WHEN 'pause' THEN 'paused = true' WHEN 'resume' THEN 'paused = false' WHEN 'stop' THEN 'done = true'
		WHEN 'cancel' THEN 'dropped = true' WHEN 'start' THEN 'done = false, dropped = false' END) USING id, at;
	PERFORM sla.signal('by_signal', id::text, m, action, at) FROM unnest('{anew,once}'::text[]) m;
END $$;
CREATE VIEW told_clocks AS
SELECT relation, item, metric, per, cycle, state, started_at, stopped_at, cancelled_at, due_at, breached_at, elapsed_seconds, paused_seconds
FROM sla.clock WHERE relation IN ('by_row'::regclass, 'by_signal'::regclass);

-- paused while A has it, and resumed while B does; then A has it again, and it is stopped
INSERT INTO by_row VALUES (0, 'A', false, false, false, '2020-06-01 09:00Z');
INSERT INTO by_signal VALUES (0, 'A', '2020-06-01 09:00Z');
CALL tell(0, 'pause', '2020-06-01 10:00Z');
UPDATE by_signal SET team = 'B', at = '2020-06-01 11:00Z' WHERE id = 0;
CALL tell(0, 'resume', '2020-06-01 12:00Z');
UPDATE by_signal SET team = 'A', at = '2020-06-01 13:00Z' WHERE id = 0;
CALL tell(0, 'stop', '2020-06-01 14:00Z');
-- A 9 to 10 and 13 to 14; B 12 to 13
SELECT metric, per, cycle, state, started_at, stopped_at, elapsed_seconds / 3600 AS used FROM told_clocks
WHERE relation = 'by_signal'::regclass ORDER BY metric, per;
-- what was stopped by a signal is stopped for C, who gets it then; started again, it is C's, and A's when A has it
UPDATE by_signal SET team = 'C', at = '2020-06-01 15:00Z' WHERE id = 0;
CALL tell(0, 'start', '2020-06-01 16:00Z');
UPDATE by_signal SET team = 'A', at = '2020-06-01 17:00Z' WHERE id = 0;
SELECT metric, per, cycle, state, started_at, stopped_at, elapsed_seconds / 3600 AS used FROM told_clocks
WHERE relation = 'by_signal'::regclass AND state <> 'running' ORDER BY metric, per, cycle;
SELECT metric, per, cycle, started_at FROM told_clocks WHERE relation = 'by_signal'::regclass AND state = 'running';
-- anew from 18:00: what both have used is forgotten
SELECT sla.signal('by_signal', '0', 'anew', 'reset', '2020-06-01 18:00Z');
SELECT per, state, started_at FROM told_clocks WHERE relation = 'by_signal'::regclass AND metric = 'anew' AND cycle = 2 ORDER BY per;

-- 150 random histories of hand-offs and what is told; nobody has it for a while now and then
SELECT setseed(0.41);
DO $$
DECLARE
	t timestamptz;
	action text;
	new_team text;
BEGIN
	FOR i IN 1 .. 150 LOOP
		t := '2020-06-01Z';
		new_team := (ARRAY['A', 'B', 'C'])[1 + floor(3 * random())];
		INSERT INTO by_row VALUES (i, new_team, false, false, false, t);
		INSERT INTO by_signal VALUES (i, new_team, t);
		FOR j IN 1 .. 14 LOOP
			t := t + floor(random() * 60) * interval '1 minute';
			action := (ARRAY['pause', 'resume', 'stop', 'start', 'start', 'cancel', 'hand', 'hand', 'hand', 'hand'])[1 + floor(10 * random())];
			IF action = 'hand' THEN
				new_team := (ARRAY['A', 'B', 'C', NULL])[1 + floor(4 * random())];
				UPDATE by_row SET team = new_team, at = t WHERE id = i;
				UPDATE by_signal SET team = new_team, at = t WHERE id = i;
			ELSE
				CALL tell(i, action, t);
			END IF;
		END LOOP;
	END LOOP;
END $$;
SELECT count(*) > 500 AS many, count(DISTINCT state) AS states, count(*) FILTER (WHERE cycle > 1) > 50 AS again FROM told_clocks;
SELECT count(*) AS different
FROM (SELECT to_jsonb(c) - 'relation' FROM told_clocks c WHERE relation = 'by_row'::regclass AND item <> '0') r (clock)
FULL JOIN (SELECT to_jsonb(c) - 'relation' FROM told_clocks c WHERE relation = 'by_signal'::regclass AND item <> '0') s (clock) USING (clock)
WHERE r IS NULL OR s IS NULL;
-- what the rows say changes nothing of it
SELECT count(*) AS problems FROM sla.verify('by_signal') v;
UPDATE by_signal SET at = at;
SELECT count(*) AS different
FROM (SELECT to_jsonb(c) - 'relation' FROM told_clocks c WHERE relation = 'by_row'::regclass AND item <> '0') r (clock)
FULL JOIN (SELECT to_jsonb(c) - 'relation' FROM told_clocks c WHERE relation = 'by_signal'::regclass AND item <> '0') s (clock) USING (clock)
WHERE r IS NULL OR s IS NULL;

-- a signal in a trigger that comes before ours: the row is followed first, at its own time
CREATE FUNCTION app() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sla.signal('by_row', NEW.id::text, 'anew', 'resume', '2020-06-01 20:00Z');
	RETURN NULL;
END $$;
CREATE TRIGGER a_app AFTER UPDATE ON by_row FOR EACH ROW WHEN (NEW.id = 1001) EXECUTE FUNCTION app();
INSERT INTO by_row VALUES (1001, 'A', false, false, false, '2020-06-01 09:00Z'), (1002, 'A', false, false, false, '2020-06-01 09:00Z'),
	(1003, 'A', false, false, false, '2020-06-01 09:00Z'), (1004, 'A', false, false, false, '2020-06-01 09:00Z');
UPDATE by_row SET team = 'B', at = '2020-06-01 10:00Z' WHERE id = 1001;
UPDATE by_row SET team = 'A', at = '2020-06-01 11:00Z' WHERE id = 1001;
UPDATE by_row SET done = true, at = '2020-06-01 12:00Z' WHERE id = 1001;
-- what is corrected is one clock: B, who has the item, is as before, and when B gets it afterwards it runs; a start while B
-- has it changes nothing
UPDATE by_row SET team = 'B', at = '2020-06-01 12:00Z' WHERE id = 1002;
SELECT sla.correct(clock_id, NULL, '2020-06-01 10:00Z', 'A was done') FROM sla.clock
WHERE relation = 'by_row'::regclass AND item IN ('1002', '1003') AND metric = 'anew' AND per = 'A';
SELECT sla.signal('by_row', '1002', 'anew', 'start', '2020-06-01 13:00Z');
UPDATE by_row SET team = 'B', at = '2020-06-01 12:00Z' WHERE id = 1003;
UPDATE by_row SET done = true, at = '2020-06-01 14:00Z' WHERE id IN (1002, 1003);
SELECT item, per, cycle, state, started_at, stopped_at, elapsed_seconds / 3600 AS used FROM told_clocks
WHERE relation = 'by_row'::regclass AND item IN ('1001', '1002', '1003') AND metric = 'anew' ORDER BY item, per, cycle;
-- what comes late is noted of who has the item
UPDATE by_row SET team = 'B', at = '2020-06-01 12:00Z' WHERE id = 1004;
SELECT sla.signal('by_row', '1004', 'anew', a, '2020-06-01 11:00Z') FROM unnest('{pause,resume}'::text[]) a;
SELECT count(*) AS late FROM sla.clock_change h JOIN sla.clock c ON c.clock_id = h.clock AND c.item = '1004' AND c.per = 'A';
-- an edit of definitions takes hold, now, with the next signal, also one that changes nothing
UPDATE sla.metric SET pause_when = 'true' WHERE relation = 'by_row'::regclass AND name = 'anew';
SELECT sla.signal('by_row', '1004', 'anew', 'resume', '2020-06-01 15:00Z');
SELECT lower(during) > '2026-01-01' AS now FROM sla.pause WHERE relation = 'by_row'::regclass AND item = '1004' AND metric = 'anew' AND per = 'B';

-- what is handed on when it was done is not late
CREATE TABLE handed (id int PRIMARY KEY, team text, done_at timestamptz, at timestamptz NOT NULL);
SELECT sla.track('handed', at => 'at');
INSERT INTO sla.metric (relation, name, stop_when, stop_at, per) VALUES ('handed', 'm', 'done_at IS NOT NULL', 'done_at', 'team');
INSERT INTO sla.policy (relation, name) VALUES ('handed', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('handed', 'all', 'm', '2 bh @24/7');
INSERT INTO handed VALUES (1, 'A', NULL, '2020-06-01 09:00Z');
UPDATE handed SET done_at = '2020-06-01 10:00Z', at = '2020-06-01 10:30Z';
UPDATE handed SET team = 'B', at = '2020-06-01 11:00Z';
SELECT c.per, c.state, c.started_at, c.stopped_at, h.kind FROM sla.clock AS c LEFT JOIN sla.clock_change AS h ON h.clock = c.clock_id
WHERE c.relation = 'handed'::regclass ORDER BY c.per;
-- without hand-offs there is one clock, and those of the teams are not left open; they go on when there are hand-offs again
INSERT INTO handed VALUES (2, 'A', NULL, '2020-06-01 09:00Z'), (3, 'A', NULL, '2020-06-01 09:00Z');
UPDATE handed SET team = 'B', at = '2020-06-01 10:00Z' WHERE id > 1;
CREATE VIEW handed_clocks AS SELECT item, per, cycle, state, started_at, is_stale FROM sla.clock WHERE relation = 'handed'::regclass AND item <> '1' ORDER BY 1, 2, 3;
UPDATE sla.metric SET per = NULL WHERE relation = 'handed'::regclass;
TABLE handed_clocks;
SELECT sla.refresh() > 0 AS refreshed;
UPDATE handed SET at = '2020-06-01 11:00Z' WHERE id = 2;
UPDATE handed SET done_at = '2020-06-01 12:00Z', at = '2020-06-01 12:00Z' WHERE id = 3;
TABLE handed_clocks;
SELECT started, changed, cancelled FROM sla.sync('handed');
UPDATE sla.metric SET per = 'team' WHERE relation = 'handed'::regclass;
SELECT changed > 0 AS changed FROM sla.sync('handed');
SELECT started, changed FROM sla.sync('handed');
TABLE handed_clocks;
SELECT * FROM sla.verify('handed');

-- what went on and ended again, both unseen, is judged anew
CREATE TABLE late_talk (id int PRIMARY KEY, done boolean, at timestamptz);
CREATE TABLE late_said (talk int, at timestamptz);
SELECT sla.track('late_talk', at => 'at');
INSERT INTO sla.metric (relation, name, stop_when) VALUES ('late_talk', 'm', 'done');
INSERT INTO sla.policy (relation, name) VALUES ('late_talk', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('late_talk', 'all', 'm', '1 bh @signals');
INSERT INTO sla.source (source, relation, item, metric, action, at) VALUES ('late_said', 'late_talk', 'talk', 'm', 'stop', 'at');
INSERT INTO late_talk VALUES (1, false, '2026-01-05 10:00+00');
UPDATE late_talk SET done = true, at = '2026-01-05 10:30+00';
SET session_replication_role = replica;
UPDATE late_talk SET done = false, at = '2026-01-05 12:00+00';
INSERT INTO late_said VALUES (1, '2026-01-05 12:20+00');
RESET session_replication_role;
SELECT started, changed FROM sla.sync('late_talk');
SELECT state, stopped_at, due_at, verdict, elapsed_seconds / 60 AS minutes, paused_seconds / 60 AS paused FROM sla.clock WHERE relation = 'late_talk'::regclass;
SELECT * FROM sla.verify('late_talk');
-- of what cannot be read, where that is noted only, the item is told as far as it can be
SELECT sla.track('late_talk', on_error => 'warn');
UPDATE sla.source SET at = 'at + interval ''1 s'' * (1 / (talk - 2))', item = '10 / (talk - 3)' WHERE source = 'late_said'::regclass;
SET client_min_messages = error;
INSERT INTO late_said VALUES (2, '2026-01-05 13:00+00'), (3, '2026-01-05 13:00+00');
SET client_min_messages = warning;
SELECT item, sqlstate, is_healed FROM sla.sync_error WHERE relation = 'late_talk'::regclass ORDER BY item;
-- and a sync applies what others say, also in tables below
CREATE TABLE late_said_below () INHERITS (late_said);
INSERT INTO late_talk VALUES (10, false, '2026-01-05 09:00+00'), (5, false, '2026-01-05 09:00+00');
SET session_replication_role = replica;
INSERT INTO late_said VALUES (4, '2026-01-05 12:40+00');
INSERT INTO late_said_below VALUES (5, '2026-01-05 12:50+00'), (2, '2026-01-05 12:50+00');
RESET session_replication_role;
SET client_min_messages = error;
SELECT started, changed, errors FROM sla.sync('late_talk', '{10}');
SELECT item, state, stopped_at FROM sla.clock WHERE relation = 'late_talk'::regclass ORDER BY item;
SELECT started, changed, errors FROM sla.sync('late_talk');
SET client_min_messages = warning;
SELECT item, state, stopped_at FROM sla.clock WHERE relation = 'late_talk'::regclass ORDER BY item;
SELECT item, sqlstate, count(*) FROM sla.sync_error WHERE relation = 'late_talk'::regclass AND NOT is_healed GROUP BY 1, 2 ORDER BY 1;

DROP SCHEMA signals CASCADE;
DELETE FROM sla.calendar WHERE name = 'signals';
