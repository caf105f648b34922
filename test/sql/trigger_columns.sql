-- For which updates the triggers of a tracked table fire.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
\set ECHO all
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';

-- the columns of each trigger, of the table and those below it
CREATE FUNCTION fires_for(tab regclass) RETURNS TABLE (relation regclass, trigger text, columns text, enabled "char")
LANGUAGE sql AS $$
	WITH RECURSIVE family (oid) AS (
		SELECT $1::oid UNION SELECT i.inhrelid FROM family AS f JOIN pg_inherits AS i ON i.inhparent = f.oid)
	SELECT t.tgrelid::regclass, string_agg(substring(t.tgname FROM '[a-z]+$'), ', ' ORDER BY t.tgname),
		(SELECT string_agg(a.attname, ', ' ORDER BY a.attname)
			FROM unnest(t.tgattr) AS n JOIN pg_attribute AS a ON a.attrelid = t.tgrelid AND a.attnum = n),
		t.tgenabled
	FROM family AS f JOIN pg_trigger AS t ON t.tgrelid = f.oid AND t.tgname ~ '^sla_track_(begin|row|end)$'
	GROUP BY t.tgrelid, 3, t.tgenabled, t.tgattr
	ORDER BY t.tgrelid::regclass::text, 2
$$;
-- what an update makes the triggers do, by table
CREATE FUNCTION fired(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) ' || statement LOOP
		IF line LIKE 'Trigger sla%' THEN
			RETURN NEXT line;
		END IF;
	END LOOP;
END
$$;
CREATE FUNCTION clocks() RETURNS TABLE (item text, policy text, state text, due text)
LANGUAGE sql AS $$
	SELECT c.item, c.policy, c.state, to_char(c.due_at, 'DD HH24:MI') FROM sla.clock AS c ORDER BY c.item
$$;
CREATE FUNCTION unfollowed(tab regclass) RETURNS text LANGUAGE sql AS $$
	SELECT (SELECT count(*) FROM sla.verify(tab)) || ' differ, ' || s.started + s.changed + s.cancelled || ' were behind' FROM sla.sync(tab) AS s
$$;
INSERT INTO sla.calendar (name, hours) VALUES ('desk', 'TZ=UTC Mo-Fr 09:00-17:00');

--
-- Which columns
--

CREATE TABLE ticket (
	id int PRIMARY KEY,
	gone text,
	impact int DEFAULT 3,
	urgency int DEFAULT 3,
	priority int GENERATED ALWAYS AS (impact + urgency) STORED,
	status text DEFAULT 'new',
	created_at timestamptz DEFAULT '2026-03-02 09:00Z',
	changed_at timestamptz DEFAULT '2026-03-02 09:00Z',
	note text
);
ALTER TABLE ticket DROP COLUMN gone;
SELECT sla.track('ticket', at => 'changed_at');
SELECT * FROM fires_for('ticket');
INSERT INTO sla.metric (relation, name, start_at, stop_when) VALUES ('ticket', 'm', 'created_at', 'status = ''done''');
INSERT INTO sla.policy (relation, name, applies_when, rank) VALUES ('ticket', 'high', 'priority <= 3', 1), ('ticket', 'all', 'true', 9);
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'high', 'm', '2 bh @desk'), ('ticket', 'all', 'm', '8 bh @desk');
-- (of a generated column those that make it)
SELECT * FROM fires_for('ticket');
SELECT regexp_replace(pg_get_triggerdef(oid), '\d+', 'N') FROM pg_trigger WHERE tgrelid = 'ticket'::regclass AND tgname = 'sla_track_row';

INSERT INTO ticket (id) SELECT generate_series(1, 5);
SELECT * FROM fired('UPDATE ticket SET note = ''x''');
SELECT * FROM fired('UPDATE ticket SET changed_at = ''2026-03-02 10:00Z''');
SELECT * FROM fired('UPDATE ticket SET impact = 1 WHERE id = 1');
SELECT * FROM fired('UPDATE ticket SET urgency = -1, note = ''y'' WHERE id = 2');
SELECT * FROM fired('UPDATE ticket SET status = ''done'', changed_at = ''2026-03-02 11:00Z'' WHERE id = 3');
SELECT * FROM fired('INSERT INTO ticket (id) VALUES (4), (6) ON CONFLICT (id) DO UPDATE SET impact = 0');
SELECT * FROM fired($$MERGE INTO ticket USING (VALUES (5), (7)) AS v (id) ON v.id = ticket.id
	WHEN MATCHED THEN UPDATE SET urgency = 0 WHEN NOT MATCHED THEN INSERT (id) VALUES (v.id)$$);
SELECT * FROM clocks();
SELECT unfollowed('ticket');

-- an update by a foreign key, and a renamed column
CREATE TABLE customer (id int PRIMARY KEY);
INSERT INTO customer VALUES (1), (3);
ALTER TABLE ticket ADD FOREIGN KEY (impact) REFERENCES customer ON UPDATE CASCADE NOT VALID;
UPDATE customer SET id = -5 WHERE id = 1;
SELECT * FROM clocks() WHERE item = '1';
ALTER TABLE ticket RENAME COLUMN impact TO reach;
SELECT * FROM fires_for('ticket');
SELECT * FROM fired('UPDATE ticket SET reach = 3 WHERE id = 1');
SELECT unfollowed('ticket');

-- definitions that go, and one that reads all
BEGIN;
UPDATE sla.policy SET applies_when = 'priority < 3 AND note IS NULL' WHERE name = 'high';
SELECT * FROM fires_for('ticket');
ROLLBACK;
SELECT * FROM fires_for('ticket');
BEGIN;
UPDATE sla.policy SET applies_when = 'ticket IS NOT NULL' WHERE name = 'high';
SELECT * FROM fires_for('ticket');
ROLLBACK;
DELETE FROM sla.target WHERE policy = 'high';
DELETE FROM sla.policy WHERE name = 'high';
SELECT * FROM fires_for('ticket');

--
-- BEFORE ROW triggers may set what the statement does not
--

CREATE FUNCTION close_it() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.note = 'closed' THEN
		NEW.status := 'done';
		NEW.changed_at := '2026-03-02 12:00Z';
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER after_it AFTER UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION close_it();
CREATE TRIGGER before_it BEFORE UPDATE ON ticket FOR EACH STATEMENT EXECUTE FUNCTION close_it();
CREATE TRIGGER before_insert BEFORE INSERT OR DELETE ON ticket FOR EACH ROW EXECUTE FUNCTION close_it();
SELECT * FROM fires_for('ticket');
BEGIN;
SET LOCAL session_replication_role = replica;
CREATE TRIGGER closes BEFORE UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION close_it();
SELECT * FROM fires_for('ticket');
ROLLBACK;
CREATE TRIGGER closes BEFORE UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION close_it();
SELECT * FROM fires_for('ticket');
SELECT changed FROM sla.sync('ticket');
UPDATE ticket SET note = 'closed' WHERE id = 4;
SELECT * FROM clocks() WHERE item = '4';
SELECT unfollowed('ticket');
-- without it the next definition narrows them again
DROP TRIGGER closes ON ticket;
SELECT * FROM fires_for('ticket');
SELECT sla.track('ticket');
SELECT * FROM fires_for('ticket');
-- whoever may make a trigger, may he define or not
CREATE ROLE regress_sla_maker;
GRANT TRIGGER ON ticket TO regress_sla_maker;
SET ROLE regress_sla_maker;
CREATE TRIGGER closes BEFORE UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION public.close_it();
RESET ROLE;
SELECT * FROM fires_for('ticket');
DROP TRIGGER closes ON ticket;
-- a deadline of the row itself is set by such a trigger
ALTER TABLE ticket ADD due_at timestamptz;
CREATE TRIGGER deadline BEFORE INSERT OR UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION sla_deadline('due_at', 'created_at', '4 bh @desk');
SELECT * FROM fires_for('ticket');
DROP TRIGGER deadline ON ticket;

-- what is disabled stays so
SELECT sla.track('ticket');
ALTER TABLE ticket ENABLE ALWAYS TRIGGER sla_track_row;
ALTER TABLE ticket DISABLE TRIGGER sla_track_end;
UPDATE sla.metric SET stop_when = 'status = ''done'' OR note = ''void''';
SELECT * FROM fires_for('ticket');
ALTER TABLE ticket ENABLE TRIGGER sla_track_end;

-- nobody but the extension says for what
SET ROLE regress_sla_maker;
SELECT sla.set_trigger_columns('ticket');
RESET ROLE;
SELECT sla.untrack('ticket', false);
SELECT sla.set_trigger_columns('ticket');
DROP TABLE ticket, customer;

--
-- Several updates of the table in one query, of which the server fires statement triggers once
--

CREATE TABLE owner (id int PRIMARY KEY);
CREATE TABLE many (
	id int PRIMARY KEY,
	status text DEFAULT 'new',
	created_at timestamptz DEFAULT '2026-03-02 09:00Z',
	read_1 int REFERENCES owner ON DELETE SET NULL,
	other int REFERENCES owner ON DELETE SET NULL,
	read_2 int REFERENCES owner ON DELETE SET NULL,
	another int REFERENCES owner ON DELETE SET NULL
);
SELECT sla.track('many', at => 'timestamptz ''2026-03-02 12:00Z''');
INSERT INTO sla.metric (relation, name, start_at, stop_when) VALUES ('many', 'm', 'created_at', 'status = ''done'' OR read_1 IS NULL OR read_2 IS NULL');
INSERT INTO sla.policy (relation, name) VALUES ('many', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('many', 'all', 'm', '8 bh @desk');
SELECT * FROM fires_for('many');
INSERT INTO owner SELECT generate_series(1, 9);
INSERT INTO many (id, read_1, other, read_2, another) SELECT i, 1 + (i + 5) % 9, 1 + (i + 2) % 9, 1 + i % 9, 1 + (i + 3) % 9 FROM generate_series(0, 26) i;
-- how many have ended, and what no trigger has followed
CREATE FUNCTION ended() RETURNS text LANGUAGE sql AS
	$$SELECT count(*) FILTER (WHERE c.stopped_at IS NOT NULL) || ' ended, ' || unfollowed('many') FROM sla.clock c WHERE c.relation = 'many'::regclass$$;
BEGIN;
DELETE FROM owner WHERE id = 1;
SELECT ended();
DELETE FROM owner WHERE id IN (2, 3);
SELECT ended();
-- what it has begun is not that of the next statement
UPDATE many SET status = 'done' WHERE id = 9;
SELECT ended();
ROLLBACK;
BEGIN;
WITH a AS (UPDATE many SET status = 'done' WHERE id < 3 RETURNING id), b AS (UPDATE many SET other = NULL WHERE id IN (5, 6) RETURNING id) SELECT count(*) FROM a, b;
SELECT ended();
WITH a AS (UPDATE many SET other = NULL WHERE id IN (7, 8)) UPDATE many SET status = 'done' WHERE id IN (9, 10);
SELECT ended();
WITH a AS (UPDATE many SET status = 'done' WHERE id IN (11, 12)) UPDATE many SET other = NULL WHERE id IN (13, 14);
SELECT ended();
INSERT INTO many (id) VALUES (1), (100) ON CONFLICT (id) DO UPDATE SET other = NULL;
SELECT ended();
MERGE INTO many m USING (VALUES (15, true), (16, false), (17, true)) v (id, is_done) ON v.id = m.id
	WHEN MATCHED AND is_done THEN UPDATE SET status = 'done' WHEN MATCHED THEN UPDATE SET other = NULL;
SELECT ended();
ROLLBACK;
-- statements within one, which its rows' triggers run, fail in part, and follow their own
CREATE FUNCTION others() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF pg_trigger_depth() = 1 THEN
		UPDATE many SET other = NULL WHERE id = NEW.id + 1;
		UPDATE many SET status = 'done' WHERE id = NEW.id + 1;
		ASSERT (SELECT stopped_at IS NOT NULL FROM sla.clock WHERE relation = 'many'::regclass AND item = (NEW.id + 1)::text);
		BEGIN
			DELETE FROM owner WHERE id = 8;
			RAISE 'no';
		EXCEPTION WHEN raise_exception THEN
		END;
		DELETE FROM owner WHERE id = 9;
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER others AFTER UPDATE ON many FOR EACH ROW EXECUTE FUNCTION others();
BEGIN;
UPDATE many SET status = 'done' WHERE id IN (1, 10, 20);
SELECT ended();
UPDATE many SET other = NULL WHERE id IN (3, 15);
SELECT ended();
ROLLBACK;
DROP TRIGGER others ON many;
SELECT sla.untrack('many', false);
DROP TABLE many, owner;

--
-- Partitions and children
--

CREATE TABLE part (id int, region text, status text DEFAULT 'new', created_at timestamptz DEFAULT '2026-03-02 09:00Z', note text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE part_eu (note text, gone int, status text DEFAULT 'new', region text NOT NULL, created_at timestamptz DEFAULT '2026-03-02 09:00Z', id int NOT NULL);
ALTER TABLE part_eu DROP COLUMN gone;
ALTER TABLE part ATTACH PARTITION part_eu FOR VALUES IN ('eu');
CREATE TABLE part_us PARTITION OF part FOR VALUES IN ('us');
SELECT sla.track('part', at => 'timestamptz ''2026-03-02 12:00Z''');
INSERT INTO sla.metric (relation, name, start_at, stop_when) VALUES ('part', 'm', 'created_at', 'status = ''done''');
INSERT INTO sla.policy (relation, name) VALUES ('part', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('part', 'all', 'm', '8 bh @desk');
SELECT * FROM fires_for('part');
INSERT INTO part (id, region) VALUES (1, 'eu'), (2, 'us'), (3, 'eu');
SELECT * FROM fired('UPDATE part SET note = ''x''');
SELECT * FROM fired('UPDATE part_eu SET status = ''done'' WHERE id = 3');
-- from one partition to the other
UPDATE part SET region = 'us' WHERE id = 1;
UPDATE part SET region = 'eu', status = 'done' WHERE id = 2;
SELECT * FROM clocks();
SELECT unfollowed('part');
CREATE TRIGGER closes BEFORE UPDATE ON part_us FOR EACH ROW EXECUTE FUNCTION close_it();
SELECT * FROM fires_for('part');
DROP TRIGGER closes ON part_us;
SELECT sla.track('part');
-- a partition comes with such a trigger of its own, and with its parent's columns
CREATE TABLE part_uk (LIKE part_us, changed_at timestamptz);
ALTER TABLE part_uk DROP COLUMN changed_at;
ALTER TABLE part ATTACH PARTITION part_uk FOR VALUES IN ('uk');
CREATE TABLE part_at PARTITION OF part FOR VALUES IN ('at');
SELECT * FROM fires_for('part');
-- which does not keep a column from being dropped, nor is it dropped with one, as it would be after a restore
BEGIN;
SELECT string_agg(pg_get_triggerdef(oid), '; ') AS restored FROM pg_trigger WHERE tgrelid = 'part'::regclass AND tgname ~ '^sla_track_(begin|row|end)$' \gset
DROP TRIGGER sla_track_begin ON part;
DROP TRIGGER sla_track_row ON part;
DROP TRIGGER sla_track_end ON part;
:restored;
SELECT * FROM fires_for('part');
SET LOCAL client_min_messages = warning;
ALTER TABLE part DROP status CASCADE;
SELECT * FROM fires_for('part');
ROLLBACK;
CREATE TABLE part_ch (LIKE part_us);
CREATE FUNCTION done() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.status := ''done''; RETURN NEW; END';
CREATE TRIGGER closes BEFORE UPDATE ON part_ch FOR EACH ROW EXECUTE FUNCTION done();
ALTER TABLE part ATTACH PARTITION part_ch FOR VALUES IN ('ch');
SELECT DISTINCT trigger, columns FROM fires_for('part');
INSERT INTO part (id, region) VALUES (9, 'ch');
UPDATE part SET note = 'x' WHERE id = 9;
SELECT * FROM clocks() WHERE item LIKE '%9%';
SELECT unfollowed('part');
SELECT sla.untrack('part', false);
DROP TABLE part;

CREATE TABLE parent (id int PRIMARY KEY, status text DEFAULT 'new', created_at timestamptz DEFAULT '2026-03-02 09:00Z', note text);
CREATE TABLE child (extra text) INHERITS (parent);
SELECT sla.track('parent', at => 'timestamptz ''2026-03-02 12:00Z''');
INSERT INTO sla.metric (relation, name, start_at, stop_when) VALUES ('parent', 'm', 'created_at', 'status = ''done''');
INSERT INTO sla.policy (relation, name) VALUES ('parent', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('parent', 'all', 'm', '8 bh @desk');
SELECT * FROM fires_for('parent');
INSERT INTO child (id) VALUES (1), (2);
SELECT * FROM fired('UPDATE parent SET note = ''x''');
SELECT * FROM fired('UPDATE child SET extra = ''x'' WHERE id = 1');
SELECT * FROM fired('UPDATE parent SET status = ''done'' WHERE id = 1');
CREATE TABLE stray (LIKE parent);
CREATE TRIGGER closes BEFORE UPDATE ON stray FOR EACH ROW EXECUTE FUNCTION done();
ALTER TABLE stray INHERIT parent;
SELECT * FROM fires_for('parent');
UPDATE parent SET note = 'y' WHERE id = 2;
SELECT * FROM clocks();
SELECT unfollowed('parent');
SELECT sla.untrack('parent', false);
DROP TABLE parent CASCADE;

--
-- DDL that does not look like it
--

-- a trigger of columns that go with their type could not be restored
CREATE DOMAIN mood AS text;
CREATE TABLE base (id int NOT NULL, m mood, region text NOT NULL, status text DEFAULT 'new', created_at timestamptz DEFAULT '2026-03-02 09:00Z', note text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE base_eu PARTITION OF base FOR VALUES IN ('eu');
SELECT sla.track('base', at => 'timestamptz ''2026-03-02 12:00Z''');
INSERT INTO sla.metric (relation, name, start_at, stop_when) VALUES ('base', 'm', 'created_at', 'status = ''done'' OR m = ''glad''');
INSERT INTO sla.policy (relation, name) VALUES ('base', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('base', 'all', 'm', '8 bh @desk');
SELECT * FROM fires_for('base');
SET client_min_messages = warning;
DROP DOMAIN mood CASCADE;
RESET client_min_messages;
SELECT * FROM fires_for('base');
SELECT count(*) FROM pg_trigger WHERE tgname = 'sla_track_row' AND pg_get_triggerdef(oid) ~ 'dropped';
UPDATE sla.metric SET stop_when = 'status = ''done''' WHERE relation = 'base'::regclass;
SELECT * FROM fires_for('base');
-- a schema with a partition that has a BEFORE ROW trigger
CREATE SCHEMA regress_sla_more
	CREATE TABLE base_us PARTITION OF public.base FOR VALUES IN ('us')
	CREATE TRIGGER closes BEFORE UPDATE ON base_us FOR EACH ROW EXECUTE FUNCTION public.done();
SELECT trigger, columns FROM fires_for('base');
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'regress_sla_more.base_us'::regclass AND tgname = 'sla_track_truncate';
INSERT INTO base (id, region) VALUES (1, 'us');
UPDATE base SET note = 'x' WHERE id = 1;
SELECT * FROM clocks();
SELECT unfollowed('base');
SELECT sla.untrack('base', false);
DROP TABLE base;
DROP SCHEMA regress_sla_more;
DROP ROLE regress_sla_maker;
