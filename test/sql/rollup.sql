-- Rollups of objectives: when they are void, what heals them, and what has none.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
CREATE SCHEMA test;
-- an objective's total by its rollup and by the facts, and why the former is not used
CREATE FUNCTION test.state(objective text, OUT total bigint, OUT good bigint, OUT same boolean, OUT problem text) LANGUAGE sql STABLE AS $$
	SELECT coalesce(sum(c.total), 0), coalesce(sum(c.good), 0),
		NOT EXISTS (SELECT FROM sla.objective_facts(o.id, '{2026-01-01,2026-01-02 10:07,2027-01-01}') f
			WHERE NOT EXISTS (SELECT FROM sla.objective_counts(o.id, '{2026-01-01,2026-01-02 10:07,2027-01-01}') x WHERE x = f)),
		sla.rollup_problem(o.id)
	FROM sla.objective o LEFT JOIN LATERAL sla.objective_counts(o.id, '{2026-01-01,2026-01-02 10:07,2027-01-01}') c ON true
	WHERE o.name = objective GROUP BY o.id $$;
CREATE FUNCTION test.refusal(command text, OUT state text, OUT message text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
	state := 'none';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
END
$$;
SET search_path = public, test;
SELECT sla.fold() \g /dev/null
\set ECHO all
CREATE TABLE ru_event (id int PRIMARY KEY, at timestamptz, ok bool, ms float8, kind text);
CREATE INDEX ON ru_event (at);
INSERT INTO ru_event SELECT i, timestamptz '2026-01-01' + i * interval '7 minutes', i % 10 > 0, i, i % 3 FROM generate_series(1, 1000) i;
INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('ru', 'ru_event', 'at', 'ok', 99);
-- void until it is built
SELECT * FROM state('ru');
SELECT * FROM sla.rebuild('ru');
SELECT * FROM state('ru');
SELECT level, count(*), sum(total), sum(good) FROM sla.rollup_bucket GROUP BY 1 ORDER BY 1;
-- a write appends a delta, a column that nobody reads does not
INSERT INTO ru_event VALUES (1001, '2026-01-05 12:03', true), (1002, '2026-01-05 12:04', false), (1003, '2026-01-05 12:06', true);
UPDATE ru_event SET ms = ms + 1;
SELECT d.bucket, d.total, d.good FROM sla.rollup_delta d ORDER BY d.bucket;
SELECT * FROM state('ru');
SELECT sla.fold();
SELECT * FROM state('ru');
SELECT * FROM sla.verify_objective('ru');

-- what is applied when reading leaves it as it is
UPDATE sla.objective SET target_percent = 95, window_length = 'month', valid_from = '2025-01-01', description = 'x', party = 'p' WHERE name = 'ru';
SELECT * FROM state('ru');
-- what it counts by does not
CREATE FUNCTION test.change(change text) RETURNS TABLE (good bigint, same boolean, problem text, rebuilt_good bigint, rebuilt_same boolean, rebuilt_problem text) LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN
	EXECUTE format('UPDATE sla.objective SET %s WHERE name = ''ru''', change);
	SELECT x.good, x.same, x.problem INTO good, same, problem FROM test.state('ru') x;
	PERFORM sla.fold();
	SELECT x.good, x.same, x.problem INTO rebuilt_good, rebuilt_same, rebuilt_problem FROM test.state('ru') x;
	RETURN NEXT;
END $$;
SELECT n, c.* FROM unnest('{"good_when = ''id > 3''", "at = ''at + interval $$1 hour$$''", "total_when = ''kind > $$0$$''", "group_by = ''kind''", "kind = ''value'', good_when = NULL, value = ''ms / 3'', at_most = 200", "at_most = 133.33333333333334", "at_least = 0.1", "time_zone = ''Asia/Tokyo''", "kind = ''event'', value = NULL, at_most = NULL, at_least = NULL, good_when = ''ok'', at = ''at'', total_when = NULL, group_by = NULL"}'::text[]) WITH ORDINALITY u (s, n), LATERAL change(u.s) c ORDER BY n;
SELECT r.problem FROM sla.objective o, sla.rebuild('ru') r WHERE o.name = 'ru';

-- TRUNCATE, and what rewrites the table
CREATE FUNCTION test.command(command text, OUT total bigint, OUT same boolean, OUT problem text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
	SELECT x.total, x.same, x.problem INTO total, same, problem FROM test.state('ru') x;
END $$;
CREATE TABLE ru_copy AS TABLE ru_event;
SELECT * FROM command('TRUNCATE ru_event');
SELECT * FROM command('INSERT INTO ru_event TABLE ru_copy');
SELECT sla.fold();
SELECT * FROM state('ru');
SELECT * FROM command('ALTER TABLE ru_event ADD extra float8 DEFAULT random()');
SELECT sla.fold();
SELECT * FROM state('ru');
-- a table that is new or rewritten in this transaction is not built
BEGIN;
TRUNCATE ru_event;
INSERT INTO ru_event VALUES (1, '2026-01-05 12:03', true);
SELECT * FROM sla.rebuild('ru');
TRUNCATE ru_event;
COMMIT;
SELECT * FROM state('ru');
INSERT INTO ru_event TABLE ru_copy;
SELECT problem FROM sla.rebuild('ru');
SELECT * FROM state('ru');

-- a trigger that is disabled or gone; session_replication_role does not pass it by
SET session_replication_role = replica;
DELETE FROM ru_event WHERE id < 10;
RESET session_replication_role;
SELECT * FROM state('ru');
SELECT format('ALTER TABLE ru_event DISABLE TRIGGER %I', tgname) AS disable, format('ALTER TABLE ru_event ENABLE ALWAYS TRIGGER %I', tgname) AS enable, format('DROP TRIGGER %I ON ru_event', tgname) AS drop FROM pg_trigger WHERE tgrelid = 'ru_event'::regclass \gset
:disable;
DELETE FROM ru_event WHERE id < 20;
SELECT * FROM state('ru');
:enable;
SELECT total, good, problem FROM state('ru');
SELECT v.step, v.total, v.good, v.counted_total, v.counted_good FROM sla.verify_objective('ru') v WHERE step > '5 min' ORDER BY 1, v.time;
SELECT * FROM sla.rebuild('ru');
SELECT count(*) FROM sla.verify_objective('ru');
SELECT * FROM state('ru');
:drop;
SELECT * FROM state('ru');
SELECT sla.fold();
SELECT * FROM state('ru');
SELECT * FROM sla.rebuild('ru');
SELECT * FROM state('ru');

-- an expression that fails does not fail the write; the rollup is void
UPDATE sla.objective SET good_when = '100 / (id - 500) > 0' WHERE name = 'ru';
SELECT * FROM sla.rebuild('ru');
DELETE FROM ru_event WHERE id = 500;
SELECT * FROM sla.rebuild('ru');
SELECT * FROM state('ru');
INSERT INTO ru_event VALUES (500, '2026-01-05 12:03', true);
SELECT sla.fold();
SELECT problem FROM sla.rollup;
DELETE FROM ru_event WHERE id = 500;
UPDATE sla.rollup SET tried_at = tried_at - interval '1 hour';
SELECT sla.fold();
SELECT * FROM state('ru');
-- so does a value of group_by that is too long
UPDATE sla.objective SET good_when = 'ok', group_by = 'kind' WHERE name = 'ru';
SELECT * FROM sla.rebuild('ru');
UPDATE ru_event SET kind = repeat('k', 1000) WHERE id = 600;
SELECT * FROM state('ru');
SELECT sla.fold();
SELECT * FROM state('ru');
UPDATE ru_event SET kind = repeat('k', 1001) WHERE id = 600;
SELECT sla.fold();
SELECT * FROM state('ru');
SELECT * FROM sla.rebuild('ru');
UPDATE ru_event SET kind = 'k' WHERE id = 600;
SELECT * FROM sla.rebuild('ru');
SELECT * FROM state('ru');

-- within a transaction: what it wrote itself counts, as far as the snapshot sees it
BEGIN;
INSERT INTO ru_event VALUES (2000, '2026-01-05 12:03', true, 1, 'k');
SELECT * FROM state('ru');
SELECT * FROM sla.rebuild('ru');
SELECT * FROM state('ru');
SAVEPOINT a;
DELETE FROM ru_event WHERE kind = 'k';
SELECT * FROM state('ru');
ROLLBACK TO a;
DECLARE old CURSOR FOR SELECT * FROM state('ru');
INSERT INTO ru_event VALUES (2001, '2026-01-05 12:03', true, 1, 'k');
FETCH old;
SELECT * FROM state('ru');
SAVEPOINT b;
INSERT INTO ru_event VALUES (2002, '2026-01-05 12:03', true, 1, 'k');
RELEASE b;
SELECT * FROM state('ru');
SELECT sla.fold();
INSERT INTO ru_event VALUES (2003, '2026-01-05 12:03', true, 1, 'k');
SELECT * FROM state('ru');
COMMIT;
SELECT * FROM state('ru');
SELECT count(*) FROM sla.verify_objective('ru');
-- within the statement that writes, too
CREATE FUNCTION test.look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE '% %: %', TG_WHEN, TG_LEVEL, (SELECT s FROM test.state('ru') s);
	RETURN NULL;
END $$;
CREATE TRIGGER aaa AFTER INSERT ON ru_event FOR EACH ROW EXECUTE FUNCTION test.look();
CREATE TRIGGER zzz AFTER INSERT ON ru_event FOR EACH STATEMENT EXECUTE FUNCTION test.look();
INSERT INTO ru_event VALUES (3000, '2026-01-05 12:03', true, 1, 'k'), (3001, '2026-01-05 12:03', true, 1, 'k');
DROP TRIGGER aaa ON ru_event;
DROP TRIGGER zzz ON ru_event;
-- a prepared transaction and a large one
BEGIN;
INSERT INTO ru_event SELECT i, timestamptz '2026-02-01' + i * interval '1 minute', true, 1, i FROM generate_series(10000, 35000) i;
SELECT count(*) > 10000 AS written_early FROM sla.rollup_delta;
ROLLBACK;
SELECT * FROM state('ru');
INSERT INTO ru_event SELECT i, timestamptz '2026-02-01' + i * interval '1 minute', true, 1, i FROM generate_series(10000, 35000) i;
SELECT * FROM state('ru');
SELECT count(*) FROM sla.verify_objective('ru');
DELETE FROM ru_event WHERE id >= 10000;
SELECT sla.fold() > 40000 AS folded;
SELECT * FROM state('ru');
-- with the rows that are deleted their buckets go
DELETE FROM ru_event WHERE id = 300;
SELECT sla.fold() > 0 AS folded;
SELECT count(*) FILTER (WHERE b.total = 0) AS empty, count(*) > 100 AS others FROM sla.rollup_bucket AS b;

-- what can have none
CREATE FUNCTION test.not_fixed(text) RETURNS bool LANGUAGE plpgsql STABLE AS 'BEGIN RETURN true; END';
INSERT INTO sla.calendar (name, hours) VALUES ('ru', 'TZ=UTC 24/7');
CREATE FUNCTION test.fixed(text) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN true; END';
CREATE VIEW ru_view AS TABLE ru_event;
CREATE UNLOGGED TABLE ru_unlogged (at timestamptz, ok bool);
CREATE TABLE ru_parent (at timestamptz, ok bool);
CREATE TABLE ru_child () INHERITS (ru_parent);
INSERT INTO sla.objective (name, kind, relation, at, good_when, outage_from, target_percent) VALUES
	('of now', 'event', 'ru_event', 'at', 'at < now()', NULL, 99), ('of today', 'event', 'ru_event', 'at', 'at::date <= current_date', NULL, 99),
	('of random', 'event', 'ru_event', 'at', 'random() < 2', NULL, 99), ('of stable', 'event', 'ru_event', 'at', 'test.not_fixed(kind)', NULL, 99), ('of text', 'event', 'ru_event', 'kind::timestamptz', 'ok', NULL, 99),
	('of hours', 'event', 'ru_event', 'at', 'is_open(at, ''ru'')', NULL, 99),
	('of view', 'event', 'ru_view', 'at', 'ok', NULL, 99), ('of outages', 'outage', 'ru_event', NULL, NULL, 'at', 99),
	('of unlogged', 'event', 'ru_unlogged', 'at', 'ok', NULL, 99), ('of parent', 'event', 'ru_parent', 'at', 'ok', NULL, 99),
	-- but these can
	('of fixed', 'event', 'ru_event', 'at', 'test.fixed(kind)', NULL, 99), ('of local', 'event', 'ru_event', 'at', 'extract(hour FROM at) < 12 AND at::date > ''2026-01-02'' AND at + interval ''1 day'' < ''2026-01-20''', NULL, 99);
SELECT o.name, r.is_built, r.problem FROM sla.objective o, LATERAL sla.rebuild(o.name) r WHERE o.name LIKE 'of %' ORDER BY o.id;
SELECT o.name, s.* FROM sla.objective o, LATERAL state(o.name) s WHERE o.name LIKE 'of %' AND o.name NOT IN ('of text', 'of outages') ORDER BY o.id;
INSERT INTO ru_event VALUES (4000, '2026-01-05 12:03', true, 1, 'k');
SELECT DISTINCT s.same FROM sla.objective o, LATERAL state(o.name) s WHERE o.name LIKE 'of %' AND o.name NOT IN ('of text', 'of outages');
SELECT subject, status, detail FROM sla.status() WHERE subject LIKE 'rollup%' ORDER BY 1;
DELETE FROM sla.objective WHERE name LIKE 'of %';
DELETE FROM sla.calendar WHERE name = 'ru';
SELECT count(*) FROM pg_trigger WHERE tgfoid = 'sla.rollup_row()'::regprocedure;
DROP TABLE ru_unlogged, ru_child, ru_parent;

-- partitions: made, attached, detached, truncated, written alone
CREATE TABLE ru_part (at timestamptz, ok bool) PARTITION BY RANGE (at);
CREATE TABLE ru_part_1 PARTITION OF ru_part FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
INSERT INTO ru_part SELECT timestamptz '2026-01-01' + i * interval '1 hour', true FROM generate_series(1, 100) i;
INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('part', 'ru_part', 'at', 'ok', 99), ('leaf', 'ru_part_1', 'at', 'ok', 99);
SELECT o.name, r.* FROM sla.objective o, LATERAL sla.rebuild(o.name) r ORDER BY 1;
CREATE TABLE ru_part_2 PARTITION OF ru_part FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
SELECT * FROM state('part');
INSERT INTO ru_part VALUES ('2026-02-03', false);
INSERT INTO ru_part_2 VALUES ('2026-02-04', false);
INSERT INTO ru_part_1 VALUES ('2026-01-04', false);
SELECT * FROM state('part');
SELECT * FROM state('leaf');
CREATE TABLE ru_part_3 (ok bool, at timestamptz);
INSERT INTO ru_part_3 VALUES (true, '2026-03-03');
ALTER TABLE ru_part ATTACH PARTITION ru_part_3 FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');
SELECT * FROM state('part');
SELECT sla.fold() >= 0;
INSERT INTO ru_part VALUES ('2026-03-04', true);
UPDATE ru_part SET at = at + interval '1 month' WHERE at < '2026-01-02';
SELECT * FROM state('part');
SELECT * FROM state('leaf');
TRUNCATE ru_part_1;
SELECT * FROM state('part');
SELECT * FROM state('leaf');
SELECT sla.fold() >= 0;
ALTER TABLE ru_part DETACH PARTITION ru_part_2;
SELECT * FROM state('part');
SELECT sla.fold() >= 0;
SELECT * FROM state('part');
-- an objective that takes the number of one that was truncated does not take its rollup
BEGIN;
SELECT id FROM sla.objective WHERE name = 'part' \gset
TRUNCATE sla.objective;
INSERT INTO sla.objective (id, name, relation, at, good_when, target_percent) VALUES (:id, 'part', 'ru_part', 'at', 'NOT ok', 99);
SELECT * FROM state('part');
ROLLBACK;
-- one that is truncated in the transaction that made it keeps its file
BEGIN;
CREATE TABLE ru_part_4 PARTITION OF ru_part FOR VALUES FROM ('2026-04-01') TO ('2026-05-01');
INSERT INTO ru_part VALUES ('2026-04-04', true), ('2026-04-05', false);
SAVEPOINT s;
TRUNCATE ru_part;
ROLLBACK TO s;
RELEASE s;
SELECT * FROM state('part');
TRUNCATE ru_part_4;
SELECT * FROM state('part');
COMMIT;
SELECT * FROM state('part');
SELECT sla.fold() >= 0;
SELECT * FROM state('part');
DROP TABLE ru_part_4;
SELECT sla.fold() >= 0;
-- one leaves, is written, and comes back with the same files
ALTER TABLE ru_part ATTACH PARTITION ru_part_2 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
SELECT sla.fold() >= 0;
SELECT * FROM state('part');
ALTER TABLE ru_part DETACH PARTITION ru_part_2;
INSERT INTO ru_part_2 VALUES ('2026-02-06', true);
ALTER TABLE ru_part ATTACH PARTITION ru_part_2 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
SELECT * FROM state('part');
SELECT sla.fold() >= 0;
SELECT * FROM state('part');
ALTER TABLE ru_part DETACH PARTITION ru_part_2;
SELECT sla.fold() >= 0;
-- the trigger of one is disabled, in which something is written, and enabled again
ALTER TABLE ru_part_3 DISABLE TRIGGER ALL;
SELECT * FROM state('part');
INSERT INTO ru_part VALUES ('2026-03-05', true);
ALTER TABLE ru_part_3 ENABLE TRIGGER ALL;
SELECT * FROM state('part');
SELECT sla.fold() >= 0;
INSERT INTO ru_part VALUES ('2026-03-06', true);
SELECT * FROM state('part');
SELECT subject, status, detail FROM sla.status() WHERE subject LIKE 'rollup%part%';
SELECT * FROM sla.rebuild('part');
INSERT INTO ru_part VALUES ('2026-03-07', true);
SELECT * FROM state('part');
SELECT count(*) FROM sla.fold(), sla.verify_objective('part');
DROP TABLE ru_part_3;
SELECT * FROM state('part');
SELECT count(*) FROM sla.fold(), sla.verify_objective('part');
INSERT INTO ru_part_2 VALUES ('2026-02-05', true);
SELECT * FROM state('part');
DROP TABLE ru_part, ru_part_2;

-- whose they are
CREATE ROLE regress_ru_owner;
CREATE ROLE regress_ru_other;
GRANT USAGE ON SCHEMA sla, test TO regress_ru_owner, regress_ru_other;
GRANT CREATE ON SCHEMA public TO regress_ru_owner, regress_ru_other;
SET ROLE regress_ru_owner;
CREATE TABLE ru_mine (at timestamptz, ok bool, hidden bool DEFAULT false);
ALTER TABLE ru_mine ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON ru_mine USING (NOT hidden) WITH CHECK (true);
GRANT INSERT ON ru_mine TO regress_ru_other;
CREATE FUNCTION public.ru_who(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN concat_ws('' '', current_user, current_setting(''search_path''), current_setting(''timezone'')); END';
INSERT INTO sla.objective (name, relation, at, good_when, group_by, target_percent, time_zone) VALUES ('mine', 'ru_mine', 'at', 'ok', 'ru_who('''')', 90, 'Asia/Tokyo');
SELECT * FROM sla.rebuild('mine');
SELECT * FROM refusal($$SELECT sla.rebuild('ru')$$);
SELECT * FROM refusal($$SELECT sla.verify_objective('ru')$$);
SELECT * FROM refusal($$SELECT sla.fold()$$);
SELECT * FROM refusal($$SELECT FROM sla.rollup_delta$$);
SELECT * FROM refusal($$CREATE TRIGGER t AFTER INSERT ON ru_mine FOR EACH ROW EXECUTE FUNCTION sla.rollup_row('1', '1', 'UTC', '', '')$$);
SET ROLE regress_ru_other;
INSERT INTO ru_mine VALUES ('2026-01-05 12:03', true, false), ('2026-01-05 12:04', true, true);
RESET ROLE;
SELECT total, good, grp FROM sla.rollup_delta d JOIN sla.objective o ON o.id = d.objective WHERE o.name = 'mine';
SELECT * FROM state('mine');
-- the expressions of another owner count nothing, until he confirms them
ALTER TABLE ru_mine OWNER TO regress_ru_other;
INSERT INTO ru_mine VALUES ('2026-01-05 12:03', true);
SELECT * FROM refusal($$SELECT state('mine')$$);
SELECT sla.fold() >= 0;
GRANT EXECUTE ON FUNCTION ru_who TO regress_ru_other;
SET ROLE regress_ru_other;
UPDATE sla.objective SET name = name WHERE name = 'mine';
INSERT INTO ru_mine VALUES ('2026-01-05 12:03', true);
RESET ROLE;
SELECT * FROM state('mine');
SELECT sla.fold() >= 0;
INSERT INTO ru_mine VALUES ('2026-01-05 12:03', true);
SELECT * FROM state('mine');
-- what is gone leaves nothing
DROP TABLE ru_mine;
DELETE FROM sla.objective WHERE name = 'ru';
SELECT count(*) FROM pg_trigger WHERE tgfoid = 'sla.rollup_row()'::regprocedure;
SELECT sla.fold() >= 0;
SELECT (SELECT count(*) FROM sla.rollup) AS rollups, (SELECT count(*) FROM sla.rollup_bucket) AS buckets, (SELECT count(*) FROM sla.rollup_delta) AS deltas;
DROP TABLE ru_event, ru_copy CASCADE;
DROP FUNCTION ru_who;
DROP OWNED BY regress_ru_owner, regress_ru_other;
DROP ROLE regress_ru_owner, regress_ru_other;
SET client_min_messages = warning;
DROP SCHEMA test CASCADE;
