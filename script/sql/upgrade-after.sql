-- After pg_upgrade: writes go on, nothing is left to heal, and it can be dumped.
SET timezone = 'UTC';
SET search_path = public, "Odd schema";
SET client_min_messages = warning;
\o /dev/null
ALTER EXTENSION sla_tracker UPDATE;
-- (pg_upgrade runs no triggers: the functions of expressions are to be tied to their tables)
DO $$
BEGIN
	ASSERT (SELECT count(*) FROM sla.status() WHERE status = 'loose') >= 2, 'sla.status() tells that functions are loose';
END
$$;
SELECT sla.track(relation) FROM sla.tracked;
UPDATE sla.objective SET name = name;
INSERT INTO ticket (id) VALUES (1001);
UPDATE ticket SET "select" = 'waiting', changed_at = '2020-11-20 10:00Z' WHERE id = 1001;
INSERT INTO message (ticket) VALUES (3);
UPDATE job SET status = 'done', changed_at = '2020-11-24 15:00Z' WHERE id = 1;
INSERT INTO sla.policy (relation, name) VALUES ('job', 'more');
INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('more', 'job', 'changed_at', 'true', 90);
SELECT sla.refresh();
SELECT sla.fold();
SELECT sla.tick();
DO $$
BEGIN
	ASSERT (SELECT state FROM sla.clock WHERE item = '1001' AND metric = 'done') = 'paused', 'a new clock';
	ASSERT (SELECT state FROM sla.clock WHERE relation = 'job'::regclass AND item = '(1,us)') = 'stopped', 'an old clock';
	ASSERT (SELECT due FROM ticket WHERE id = 1001) = '2020-11-20 11:00Z', 'a deadline by trigger';
	ASSERT NOT EXISTS (SELECT FROM sla.tracked t, sla.verify(t.relation) v), 'sla.verify() finds nothing';
	ASSERT (SELECT sum(s.started + s.changed + s.cancelled + s.errors) FROM sla.tracked t, sla.sync(t.relation) s) = 0, 'sla.sync() finds nothing';
	ASSERT NOT EXISTS (SELECT FROM sla.status() WHERE status <> 'ok'),
		(SELECT 'sla.status() tells nothing, but: ' || string_agg(concat_ws(' ', subject, status, detail), '; ') FROM sla.status() WHERE status <> 'ok');
	ASSERT (SELECT max(id) FROM sla.objective) = 3, 'numbers of new definitions are new';
END
$$;
DROP TABLE job;
DROP VIEW late;
ALTER TABLE ticket DROP COLUMN due_too;
SELECT sla.detach();
DROP EXTENSION sla_tracker;
