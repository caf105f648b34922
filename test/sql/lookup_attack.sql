--
-- Rows are looked up as the table's owner: planning runs functions of his
--
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
CREATE ROLE regress_sla_planner;
CREATE SCHEMA planner AUTHORIZATION regress_sla_planner;
SET SESSION AUTHORIZATION regress_sla_planner;
CREATE TABLE planner.ticket (id int PRIMARY KEY, name text, created_at timestamptz NOT NULL DEFAULT '2026-01-05 10:00+00');
CREATE FUNCTION planner.look(text) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
	IF current_user <> 'regress_sla_planner' THEN
		RAISE WARNING '% runs as another', $1;
	END IF;
	RETURN 1;
END
$$;
CREATE INDEX ON planner.ticket (name) WHERE planner.look('a predicate') = 1;
CREATE INDEX ON planner.ticket ((planner.look('an index expression') + id));
CREATE STATISTICS planner.looking ON (planner.look('a statistic') + id), name FROM planner.ticket;
ALTER TABLE planner.ticket ADD CHECK (planner.look('a constraint') + id <> 0);
ANALYZE planner.ticket;
SELECT sla.track('planner.ticket');
INSERT INTO sla.metric (relation, name, start_at) VALUES ('planner.ticket', 'repair', 'created_at');
INSERT INTO sla.policy (relation, name) VALUES ('planner.ticket', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('planner.ticket', 'all', 'repair', '8 business hours @24/7');
INSERT INTO planner.ticket (id) VALUES (1);
-- who owns a table need not force row-level security upon himself
ALTER TABLE planner.ticket ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- a session that has not planned anything over the table yet
\c -
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET constraint_exclusion = on;
SET SESSION AUTHORIZATION regress_sla_planner;
SELECT sla.signal('planner.ticket', '1', 'repair', 'pause', '2026-01-05 11:00+00');
\c -
SET timezone = 'UTC';
SET constraint_exclusion = on;
SET SESSION AUTHORIZATION regress_sla_planner;
SELECT * FROM sla.sync('planner.ticket', ARRAY['1', '2']);
RESET SESSION AUTHORIZATION;
SELECT item, state FROM sla.clock WHERE relation = 'planner.ticket'::regclass;

SET client_min_messages = warning;
DROP SCHEMA planner CASCADE;
DROP ROLE regress_sla_planner;
