-- sla_deadline(): a deadline and a breach flag in one's own table.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
\set ECHO all
SET timezone = 'UTC';
INSERT INTO sla.calendar (name, hours) VALUES ('support', 'TZ=UTC Mo-Fr 09:00-17:00');
CREATE TABLE ticket (
	id int PRIMARY KEY,
	opened_at timestamptz,
	closed_at timestamptz,
	goal business_interval,
	goal_text text,
	due_at timestamptz,
	breached boolean
);
-- a constant goal; no stop column, no flag
CREATE TRIGGER deadline BEFORE INSERT OR UPDATE ON ticket
	FOR EACH ROW EXECUTE FUNCTION sla_deadline('opened_at', '4 bh @support', 'due_at');
INSERT INTO ticket (id, opened_at) VALUES (1, '2020-11-20 15:00Z'), (2, NULL), (3, 'infinity');
SELECT id, due_at, breached FROM ticket ORDER BY id;
UPDATE ticket SET opened_at = '2020-11-20 09:00Z' WHERE id = 1;
UPDATE ticket SET due_at = '2020-01-01' WHERE id = 1 RETURNING id, due_at AS computed_again;
UPDATE ticket SET opened_at = NULL WHERE id = 1 RETURNING id, due_at IS NULL AS no_start_no_deadline;
DROP TRIGGER deadline ON ticket;
TRUNCATE ticket;
-- with stop column and flag: stopped late, or not stopped and already past
CREATE TRIGGER deadline BEFORE INSERT OR UPDATE ON ticket
	FOR EACH ROW EXECUTE FUNCTION sla_deadline('opened_at', '4 bh @support', 'due_at', 'closed_at', 'breached');
INSERT INTO ticket (id, opened_at, closed_at) VALUES
	(1, '2020-11-20 15:00Z', '2020-11-23 11:00Z'),			-- exactly on the deadline: met
	(2, '2020-11-20 15:00Z', '2020-11-23 11:00:00.000001Z'),	-- late
	(3, '2020-11-20 13:00Z', '2020-11-20 17:00Z'),			-- at Friday's closing: met
	(4, '2020-11-20 13:00Z', '2020-11-21 12:00Z'),			-- on Saturday: late
	(5, '2020-11-20 15:00Z', NULL),						-- not stopped, past
	(6, '2199-11-20 15:00Z', NULL),						-- not stopped, not yet
	(7, '2199-11-20 15:00Z', '2199-11-20 16:00Z'),
	(8, NULL, '2020-11-20 16:00Z'),
	(9, '2020-11-20 15:00Z', 'infinity');
SELECT id, due_at, breached FROM ticket ORDER BY id;
UPDATE ticket SET closed_at = '2020-11-20 16:00Z' WHERE id = 5 RETURNING id, breached;
UPDATE ticket SET closed_at = NULL WHERE id = 5 RETURNING id, breached;
-- the calendar in force at the write; time passing alone writes nothing
UPDATE sla.calendar SET hours = 'TZ=UTC Mo-Fr 09:00-18:00' WHERE name = 'support';
SELECT id, due_at, breached FROM ticket WHERE id = 2;
UPDATE ticket SET id = id WHERE id = 2 RETURNING id, due_at, breached;
UPDATE sla.calendar SET hours = 'TZ=UTC Mo-Fr 09:00-17:00' WHERE name = 'support';
DROP TRIGGER deadline ON ticket;
TRUNCATE ticket;
-- the goal from a column
CREATE TRIGGER deadline BEFORE INSERT OR UPDATE ON ticket
	FOR EACH ROW EXECUTE FUNCTION sla_deadline('opened_at', 'goal', 'due_at', 'closed_at', 'breached');
INSERT INTO ticket (id, opened_at, goal) VALUES (1, '2020-11-20 15:00Z', '4 bh @support'), (2, '2020-11-20 15:00Z', '1 bd @support'), (3, '2020-11-20 15:00Z', NULL),
	(4, '2020-11-20 15:00Z', '4 bh @24/7');
SELECT id, due_at, breached FROM ticket ORDER BY id;
UPDATE ticket SET goal = NULL WHERE id = 1 RETURNING id, due_at, breached;
INSERT INTO ticket (id, opened_at, goal) VALUES (5, '2020-11-20 15:00Z', '4 bh');
-- (a session's setting never decides a stored deadline)
SET sla_tracker.calendar = 'support';
INSERT INTO ticket (id, opened_at, goal) VALUES (5, '2020-11-20 15:00Z', '4 bh') RETURNING id, due_at;
RESET sla_tracker.calendar;
DROP TRIGGER deadline ON ticket;
TRUNCATE ticket;
-- ... of type text
CREATE TRIGGER deadline BEFORE INSERT OR UPDATE ON ticket
	FOR EACH ROW EXECUTE FUNCTION sla_deadline('opened_at', 'goal_text', 'due_at');
INSERT INTO ticket (id, opened_at, goal_text) VALUES (1, '2020-11-20 15:00Z', '4 business hours @support'), (2, '2020-11-20 15:00Z', NULL) RETURNING id, due_at;
INSERT INTO ticket (id, opened_at, goal_text) VALUES (3, '2020-11-20 15:00Z', '4 fortnights');
DROP TRIGGER deadline ON ticket;
TRUNCATE ticket;
-- COPY, ON CONFLICT, INSERT ... SELECT, a partitioned table
CREATE TRIGGER deadline BEFORE INSERT OR UPDATE ON ticket
	FOR EACH ROW EXECUTE FUNCTION sla_deadline('opened_at', '4 bh @support', 'due_at', 'closed_at', 'breached');
COPY ticket (id, opened_at, closed_at) FROM stdin;
1	2020-11-20 15:00Z	2020-11-23 11:00Z
2	2020-11-20 15:00Z	\N
\.
INSERT INTO ticket (id, opened_at) VALUES (1, '2020-11-20 15:00Z') ON CONFLICT (id) DO UPDATE SET opened_at = '2020-11-19 15:00Z';
INSERT INTO ticket (id, opened_at, closed_at) SELECT i, timestamptz '2020-11-20 15:00Z' + i * interval '1 hour', timestamptz '2020-11-23 12:00Z' FROM generate_series(3, 1000) i;
SELECT id, due_at, breached FROM ticket WHERE id <= 5 ORDER BY id;
SELECT count(*) AS rows, count(*) FILTER (WHERE due_at IS DISTINCT FROM opened_at + business_interval '4 bh @support' OR breached IS DISTINCT FROM (closed_at > due_at)) AS wrong
FROM ticket WHERE closed_at IS NOT NULL;
DROP TABLE ticket;
CREATE TABLE parted (id int, opened_at timestamptz, due_at timestamptz, at date) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
CREATE TABLE parted_2 (at date, due_at timestamptz, gone int, opened_at timestamptz, id int);
ALTER TABLE parted_2 DROP COLUMN gone;
ALTER TABLE parted ATTACH PARTITION parted_2 FOR VALUES FROM (10) TO (20);
CREATE TRIGGER deadline BEFORE INSERT OR UPDATE ON parted
	FOR EACH ROW EXECUTE FUNCTION sla_deadline('opened_at', '4 bh @support', 'due_at');
INSERT INTO parted (id, opened_at) VALUES (1, '2020-11-20 15:00Z'), (11, '2020-11-20 15:00Z'), (2, '2020-11-20 16:00Z');
SELECT id, due_at FROM parted ORDER BY id;
DROP TABLE parted;
-- a column that holds whole seconds gets them, and they are what counts
CREATE TABLE whole (opened_at timestamptz, due_at timestamptz(0), closed_at timestamptz, breached boolean);
CREATE TRIGGER deadline BEFORE INSERT OR UPDATE ON whole
	FOR EACH ROW EXECUTE FUNCTION sla_deadline('opened_at', '4 bh @support', 'due_at', 'closed_at', 'breached');
INSERT INTO whole (opened_at, closed_at) VALUES ('2020-11-20 10:00:00.6Z', '2020-11-20 14:00:01Z'), ('2020-11-20 10:00:00.4Z', '2020-11-20 14:00:00.1Z'),
	('infinity', NULL) RETURNING due_at, breached;
DROP TABLE whole;
-- several triggers: one that stands beside another does its work too, and only then
CREATE TABLE several (id int, opened_at timestamptz, reply_due timestamptz, due timestamptz, seen timestamptz, last_due timestamptz, breached boolean);
CREATE FUNCTION looks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.seen := NEW.due;
	NEW.opened_at := NEW.opened_at + interval '1 hour';
	RETURN NEW;
END
$$;
CREATE TRIGGER a BEFORE INSERT OR UPDATE ON several FOR EACH ROW EXECUTE FUNCTION sla_deadline('opened_at', '1 bh @support', 'reply_due');
CREATE TRIGGER c BEFORE INSERT OR UPDATE ON several FOR EACH ROW EXECUTE FUNCTION sla_deadline('reply_due', '2 bh @support', 'due');
CREATE TRIGGER e BEFORE INSERT OR UPDATE ON several FOR EACH ROW EXECUTE FUNCTION sla_deadline('due', '3 bh @support', 'last_due', 'due', 'breached');
INSERT INTO several (id, opened_at) VALUES (1, '2020-11-20 09:00Z') RETURNING *;
UPDATE several SET opened_at = '2020-11-20 10:00Z' RETURNING *;
UPDATE several SET due = NULL, last_due = NULL RETURNING *;
-- with another in between
CREATE TRIGGER b BEFORE INSERT OR UPDATE ON several FOR EACH ROW EXECUTE FUNCTION looks();
INSERT INTO several (id, opened_at) VALUES (2, '2020-11-20 09:00Z') RETURNING *;
-- one of another event is not in between
DROP TRIGGER b ON several;
CREATE TRIGGER b BEFORE DELETE ON several FOR EACH ROW EXECUTE FUNCTION looks();
CREATE TRIGGER d AFTER INSERT ON several FOR EACH ROW EXECUTE FUNCTION looks();
INSERT INTO several (id, opened_at) VALUES (3, '2020-11-20 09:00Z') RETURNING *;
-- one that is not always fired
ALTER TABLE several DISABLE TRIGGER c;
INSERT INTO several (id, opened_at) VALUES (4, '2020-11-20 09:00Z') RETURNING *;
ALTER TABLE several ENABLE ALWAYS TRIGGER c;
INSERT INTO several (id, opened_at) VALUES (5, '2020-11-20 09:00Z') RETURNING *;
CREATE OR REPLACE TRIGGER c BEFORE INSERT OR UPDATE ON several FOR EACH ROW WHEN (NEW.id <> 6) EXECUTE FUNCTION sla_deadline('reply_due', '2 bh @support', 'due');
INSERT INTO several (id, opened_at) VALUES (6, '2020-11-20 09:00Z'), (7, '2020-11-20 09:00Z') RETURNING *;
CREATE OR REPLACE TRIGGER c BEFORE INSERT OR UPDATE OF id ON several FOR EACH ROW EXECUTE FUNCTION sla_deadline('reply_due', '2 bh @support', 'due');
UPDATE several SET opened_at = '2020-11-20 11:00Z' WHERE id = 7 RETURNING *;
UPDATE several SET id = 8 WHERE id = 7 RETURNING *;
CREATE OR REPLACE TRIGGER c BEFORE INSERT ON several FOR EACH ROW EXECUTE FUNCTION sla_deadline('reply_due', '2 bh @support', 'due');
UPDATE several SET opened_at = '2020-11-20 12:00Z' WHERE id = 8 RETURNING *;
-- an error is that of the trigger that is wrong
CREATE OR REPLACE TRIGGER c BEFORE INSERT OR UPDATE ON several FOR EACH ROW EXECUTE FUNCTION sla_deadline('reply_due', '2 bh @support', 'overdue');
INSERT INTO several (id, opened_at) VALUES (9, '2020-11-20 09:00Z');
DROP TRIGGER c ON several;
INSERT INTO several (id, opened_at, due) VALUES (10, '2020-11-20 09:00Z', '2020-11-20 10:00Z') RETURNING *;
CREATE TRIGGER c BEFORE INSERT OR UPDATE ON several FOR EACH ROW EXECUTE FUNCTION sla_deadline();
INSERT INTO several (id, opened_at) VALUES (11, '2020-11-20 09:00Z');
CREATE OR REPLACE TRIGGER c BEFORE INSERT OR UPDATE ON several FOR EACH ROW EXECUTE FUNCTION sla_deadline('opened_at', '1 bh @support', 'due', 'seen', 'breached', 'id');
INSERT INTO several (id, opened_at) VALUES (12, '2020-11-20 09:00Z');
-- what a trigger reads may be written by one that is fired later: then it read what was there before
CREATE OR REPLACE TRIGGER c BEFORE INSERT OR UPDATE ON several FOR EACH ROW EXECUTE FUNCTION sla_deadline('seen', '1 bh @support', 'due');
CREATE OR REPLACE TRIGGER e BEFORE INSERT OR UPDATE ON several FOR EACH ROW EXECUTE FUNCTION sla_deadline('opened_at', '3 bh @support', 'seen');
INSERT INTO several (id, opened_at, seen) VALUES (13, '2020-11-20 09:00Z', '2020-11-20 09:00Z') RETURNING *;
CREATE OR REPLACE TRIGGER c BEFORE INSERT OR UPDATE ON several FOR EACH ROW EXECUTE FUNCTION sla_deadline('opened_at', '1 bh @support', 'due', 'seen', 'breached');
INSERT INTO several (id, opened_at, seen) VALUES (14, '2020-11-20 09:00Z', '2020-11-20 09:00Z') RETURNING *;
CREATE TRIGGER d1 BEFORE INSERT OR UPDATE ON several FOR EACH ROW EXECUTE FUNCTION sla_deadline('opened_at', '2 bh @support', 'last_due');
INSERT INTO several (id, opened_at, seen) VALUES (15, '2020-11-20 09:00Z', '2020-11-20 09:00Z') RETURNING *;
DROP TABLE several;
DROP FUNCTION looks();
-- a column that is dropped or renamed after the trigger was used
CREATE TABLE moving (a int, opened timestamptz, due timestamptz);
CREATE TRIGGER deadline BEFORE INSERT OR UPDATE ON moving
	FOR EACH ROW EXECUTE FUNCTION sla_deadline('opened', '4 bh @support', 'due');
INSERT INTO moving VALUES (1, '2020-11-20 15:00Z') RETURNING due;
ALTER TABLE moving DROP COLUMN a;
INSERT INTO moving VALUES ('2020-11-20 15:00Z') RETURNING due;
ALTER TABLE moving RENAME COLUMN due TO due_at;
INSERT INTO moving VALUES ('2020-11-20 15:00Z');
ALTER TABLE moving RENAME COLUMN due_at TO due;
ALTER TABLE moving ALTER COLUMN due TYPE text;
INSERT INTO moving VALUES ('2020-11-20 15:00Z');
DROP TABLE moving;
-- what is refused, at the first firing, and how
CREATE TABLE wrong (id int, opened_at timestamptz, due_at timestamptz, closed_at timestamptz, breached bool, goal interval, at timestamp);
CREATE FUNCTION attempt(args text, firing text DEFAULT 'BEFORE INSERT', per text DEFAULT 'ROW', cmd text DEFAULT 'INSERT INTO wrong (id, opened_at) VALUES (1, ''2020-11-20 15:00Z'')',
	OUT state text, OUT message text, OUT detail text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TRIGGER deadline %s ON wrong FOR EACH %s EXECUTE FUNCTION sla_deadline(%s)', firing, per, args);
	EXECUTE cmd;
	RAISE EXCEPTION 'not refused';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END
$$;
\x on
SELECT * FROM attempt('');
SELECT * FROM attempt($$'opened_at', '4 bh @support'$$);
SELECT * FROM attempt($$'opened_at', '4 bh @support', 'due_at', 'closed_at', 'breached', 'more'$$);
SELECT * FROM attempt($$'opened', '4 bh @support', 'due_at'$$);
SELECT * FROM attempt($$'opened_at', '4 bh @support', 'due'$$);
SELECT * FROM attempt($$'opened_at', '4 bh @support', 'due_at', 'closed'$$);
SELECT * FROM attempt($$'opened_at', '4 bh @support', 'due_at', 'closed_at', 'late'$$);
SELECT * FROM attempt($$'opened_at', 'gaol', 'due_at'$$);
SELECT * FROM attempt($$'opened_at', 'goal', 'due_at'$$);
SELECT * FROM attempt($$'at', '4 bh @support', 'due_at'$$);
SELECT * FROM attempt($$'opened_at', '4 bh @support', 'at'$$);
SELECT * FROM attempt($$'opened_at', '4 bh @support', 'due_at', 'breached', 'breached'$$);
SELECT * FROM attempt($$'opened_at', '4 bh @support', 'due_at', 'closed_at', 'id'$$);
SELECT * FROM attempt($$'ctid', '4 bh @support', 'due_at'$$);
SELECT * FROM attempt($$'opened_at', '4 bh @nowhere', 'due_at'$$);
SELECT * FROM attempt($$'opened_at', '4 bh @support', 'due_at'$$, 'AFTER INSERT');
SELECT * FROM attempt($$'opened_at', '4 bh @support', 'due_at'$$, 'BEFORE INSERT', 'STATEMENT');
SELECT * FROM attempt($$'opened_at', '4 bh @support', 'due_at'$$, 'BEFORE DELETE', 'ROW', 'WITH x AS (INSERT INTO wrong (id) VALUES (1)) SELECT 1; DELETE FROM wrong');
\x off
-- a column's name that is misspelled is said to be none
CREATE TRIGGER deadline BEFORE INSERT ON wrong FOR EACH ROW EXECUTE FUNCTION sla_deadline('opened_at', 'gaol', 'due_at');
INSERT INTO wrong (id) VALUES (1);
SELECT sla_deadline();
DROP FUNCTION attempt;
DROP TABLE wrong;
DELETE FROM sla.calendar;
DELETE FROM sla.calendar_history;
