-- What a session keeps, used while every cache is dropped all the time: only where
-- script/cassert --discard-caches wants it, since each statement then takes minutes.
\getenv dropped SLA_DROP_CACHES
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
CREATE SCHEMA dropped;
SET search_path = dropped, public;
\pset format unaligned
\pset tuples_only on
INSERT INTO sla.calendar (name, hours) VALUES ('dc', 'TZ=Europe/Berlin Mo-Fr 09:00-17:00; PH off'), ('dc_east', 'TZ=Asia/Tokyo Mo-Fr 09:00-17:00');
INSERT INTO sla.calendar (name, combines) VALUES ('dc_both', 'dc + dc_east');
CREATE TABLE claim (id int PRIMARY KEY, opened timestamptz, due timestamptz, late boolean);
CREATE TRIGGER due BEFORE INSERT OR UPDATE ON claim FOR EACH ROW EXECUTE FUNCTION sla_deadline('opened', '4 bh @dc', 'due');
CREATE TRIGGER late BEFORE INSERT OR UPDATE ON claim FOR EACH ROW EXECUTE FUNCTION sla_deadline('opened', '4 bh @dc', 'due', 'opened', 'late');
CREATE TABLE ticket (id int PRIMARY KEY, status text, tier text, opened timestamptz, changed timestamptz);
CREATE TABLE mail (ticket int, at timestamptz);
SELECT sla.track('ticket', at => 'changed');
INSERT INTO sla.metric (relation, name, start_at, stop_when, pause_when) VALUES
	('ticket', 'solve', 'opened', $$status = 'done'$$, $$status = 'waiting'$$), ('ticket', 'answer', 'opened', NULL, NULL);
INSERT INTO sla.policy (relation, name, applies_when) VALUES ('ticket', 'gold', $$tier = 'gold'$$);
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'gold', 'solve', '4 bh @dc'), ('ticket', 'gold', 'answer', '1 bh @dc_both');
INSERT INTO sla.source (relation, source, item, metric, action, at) VALUES ('ticket', 'mail', 'ticket', 'answer', 'stop', 'at');
INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('dc events', 'mail', 'at', 'ticket > 1', 90);
INSERT INTO sla.objective (name, kind, relation, metric, target_percent) VALUES ('dc clocks', 'clock', 'ticket', 'solve', 90);
SELECT is_built FROM sla.rebuild('dc events');
-- each is kept by now
CREATE PROCEDURE a_day(n int) LANGUAGE sql BEGIN ATOMIC
	INSERT INTO claim VALUES (n, '2026-01-05 09:00');
	INSERT INTO ticket VALUES (n, 'new', 'gold', '2026-01-05 09:00', '2026-01-05 09:00');
	UPDATE ticket SET status = 'waiting', changed = '2026-01-05 10:00' WHERE id = n;
	UPDATE ticket SET status = 'new', changed = '2026-01-05 11:00' WHERE id = n;
	INSERT INTO mail VALUES (n, '2026-01-05 09:30');
	UPDATE ticket SET status = 'done', changed = '2026-01-05 15:00' WHERE id = n;
END;
CALL a_day(1);
PREPARE seen AS
	SELECT 'claim', id::text, due::text FROM claim
	UNION ALL SELECT metric, item, concat_ws(', ', state, due_at, verdict, elapsed_seconds) FROM sla.clock WHERE relation = 'ticket'::regclass
	UNION ALL SELECT name, concat(total, '|', good), s.problem FROM (VALUES ('dc events'), ('dc clocks')) n (name), LATERAL sla.slo_status(name, '2026-01-10') s
	UNION ALL SELECT 'hours', c, concat_ws(', ', business_add('2026-01-05 07:00', '3 bh', c), business_seconds('2026-01-05', '2026-01-07', c), is_open('2026-01-05 05:00', c)) FROM unnest('{dc, dc_east, dc_both}'::text[]) c
	ORDER BY 1, 2;
EXECUTE seen;
-- dropped all the time
\set ECHO none
\if :{?dropped}
SET debug_discard_caches = 1;
\endif
\set ECHO all
CALL a_day(2);
SELECT sla.signal('ticket', '1', 'solve', 'resume', '2026-01-05 16:00');
UPDATE claim SET opened = '2026-01-05 14:30' WHERE id = 1;
INSERT INTO sla.holiday (calendar, day) VALUES ('dc', '2026-01-06');
EXECUTE seen;
DELETE FROM ticket WHERE id = 1;
RESET debug_discard_caches;
EXECUTE seen;
SELECT count(*) FROM sla.verify('ticket');
SELECT count(*) FROM sla.verify_objective('dc events') v WHERE v.total <> v.counted_total;
SELECT sla.untrack('ticket', false);
DELETE FROM sla.objective WHERE name LIKE 'dc %';
SET client_min_messages = warning;
DROP SCHEMA dropped CASCADE;
DELETE FROM sla.calendar WHERE name = 'dc_both';
DELETE FROM sla.calendar WHERE name LIKE 'dc%';
