--
-- Escalations and objectives of hostile owners: as who they are called, of what
-- they hear, and what their errors keep from others
--
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
CREATE ROLE regress_sla_mallory;
CREATE ROLE regress_sla_victim;
GRANT USAGE ON SCHEMA sla TO regress_sla_mallory, regress_sla_victim;
CREATE SCHEMA mallory AUTHORIZATION regress_sla_mallory;
CREATE SCHEMA victim AUTHORIZATION regress_sla_victim;
CREATE FUNCTION tick() RETURNS TABLE (step text, problem text) LANGUAGE sql AS $$
	SELECT step, problem FROM sla.tick() WHERE step IN ('escalations', 'burn rates', 'fold', 'clocks') AND (done > 0 AND step <> 'fold' OR problem IS NOT NULL)
$$;

SET ROLE regress_sla_mallory;
CREATE TABLE mallory.ticket (id int PRIMARY KEY, opened timestamptz);
CREATE TABLE mallory.log (n int GENERATED ALWAYS AS IDENTITY, who text);
CREATE PROCEDURE mallory.note(alert bigint) LANGUAGE sql AS 'INSERT INTO mallory.log (who) VALUES (current_user)';
SELECT sla.track('mallory.ticket');
INSERT INTO sla.metric (relation, name, start_at) VALUES ('mallory.ticket', 'repair', 'opened');
INSERT INTO sla.policy (relation, name) VALUES ('mallory.ticket', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('mallory.ticket', 'all', 'repair', '1 bh @24/7');
INSERT INTO sla.escalation (relation, notify, run) VALUES ('mallory.ticket', 'mallory', 'mallory.note');
RESET ROLE;

-- who edits it does not put his name to what it calls
UPDATE sla.escalation SET notify = 'mallory and friends';
SELECT made_by, run, notify FROM sla.escalation;
INSERT INTO mallory.ticket VALUES (1, now() - interval '2 hours');
SELECT * FROM tick();
SELECT * FROM tick();
SELECT who FROM mallory.log;
-- unless he says what is called
UPDATE sla.escalation SET run = 'pg_catalog.int8abs';
SELECT made_by = current_user::regrole AS mine, run FROM sla.escalation;
DELETE FROM sla.escalation;
-- nor is one taken for another whose name is the same but for its case, or is nobody for the signs in it
CREATE ROLE "regress_sla_Mallory" IN ROLE regress_sla_mallory;
CREATE ROLE "regress_sla.""m""" IN ROLE regress_sla_mallory;
SET ROLE "regress_sla_Mallory";
INSERT INTO sla.escalation (relation, notify, run) VALUES ('mallory.ticket', 'mallory', 'mallory.note');
SET ROLE "regress_sla.""m""";
INSERT INTO sla.escalation (relation, notify, run) VALUES ('mallory.ticket', 'mallory', 'mallory.note');
RESET ROLE;
SELECT made_by, run_owner FROM sla.escalation ORDER BY id;
SELECT r, r::sla.role AS role, r::sla.role = 0 AS nobody
FROM unnest(ARRAY['regress_sla_mallory', '"regress_sla_Mallory"', '"regress_sla.""m"""', 'regress_sla_gone', '"regress_sla_mallory', '"regress_sla_Gone"', '10', '-', '', '"']) AS r;
DELETE FROM sla.escalation;
DROP ROLE "regress_sla_Mallory", "regress_sla.""m""";

-- nor does who owns the schema put something else in the place of what is called
CREATE SCHEMA shared AUTHORIZATION regress_sla_mallory;
GRANT USAGE, CREATE ON SCHEMA shared TO regress_sla_victim;
SET ROLE regress_sla_victim;
CREATE TABLE victim.ticket (id int PRIMARY KEY, opened timestamptz);
CREATE TABLE victim.secret (who text);
SELECT sla.track('victim.ticket');
INSERT INTO sla.metric (relation, name, start_at) VALUES ('victim.ticket', 'repair', 'opened');
INSERT INTO sla.policy (relation, name) VALUES ('victim.ticket', 'all');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('victim.ticket', 'all', 'repair', '1 bh @24/7');
CREATE PROCEDURE shared.page(alert bigint) LANGUAGE sql AS 'INSERT INTO victim.secret VALUES (''as it should'')';
INSERT INTO sla.escalation (relation, run) VALUES ('victim.ticket', 'shared.page');
SELECT run, run_owner, made_by FROM sla.escalation;
UPDATE sla.escalation SET run_owner = 'regress_sla_mallory';
SET ROLE regress_sla_mallory;
DROP PROCEDURE shared.page;
CREATE PROCEDURE shared.page(alert bigint) LANGUAGE plpgsql AS $$ BEGIN INSERT INTO victim.secret VALUES ('by mallory'); END $$;
RESET ROLE;
INSERT INTO victim.ticket VALUES (1, now() - interval '2 hours');
SELECT * FROM tick();
SELECT * FROM tick();
SELECT * FROM victim.secret;
SELECT r.sqlstate, r.message FROM sla.escalation_run AS r JOIN sla.escalation AS e ON e.id = r.escalation;
SELECT status, detail FROM sla.status() WHERE subject LIKE 'escalation %';
-- until it is confirmed, or what it was is there again
SET ROLE regress_sla_mallory;
DROP PROCEDURE shared.page;
SET ROLE regress_sla_victim;
CREATE PROCEDURE shared.page(alert bigint) LANGUAGE sql AS 'INSERT INTO victim.secret VALUES (''as it should'')';
RESET ROLE;
UPDATE sla.escalation_run SET next_at = '-infinity' WHERE next_at IS NOT NULL;
SELECT * FROM tick();
SELECT * FROM victim.secret;
SELECT count(*) FROM sla.status() WHERE subject LIKE 'escalation %';
DELETE FROM sla.escalation;
DELETE FROM sla.escalation_run;
DROP TABLE victim.ticket;
DROP SCHEMA shared CASCADE;

-- another's objective
SET ROLE regress_sla_victim;
CREATE TABLE victim.event (id int PRIMARY KEY, at timestamptz, ok boolean);
INSERT INTO victim.event SELECT n, now() - n * interval '1 minute', false FROM generate_series(1, 120) n;
INSERT INTO sla.objective (name, kind, relation, at, good_when, target_percent, window_length) VALUES ('victim', 'event', 'victim.event', 'at', 'ok', 99, '28 days');
INSERT INTO sla.burn_rule (objective, name, long_window, short_window, budget_percent, severity) VALUES ('victim', 'fast', '1 hour', '5 minutes', 0.5, 'page');
SET ROLE regress_sla_mallory;
INSERT INTO sla.escalation (relation, objective, notify, run) VALUES ('mallory.ticket', 'victim', 'mallory', 'mallory.note');
INSERT INTO sla.escalation (objective, notify, run) VALUES ('victim', 'mallory', 'mallory.note');
RESET ROLE;
-- nor by another's hand, over a table that it is not of
INSERT INTO sla.escalation (relation, objective, notify) VALUES ('mallory.ticket', 'victim', 'mallory'), ('victim.event', 'victim', 'victim'), (NULL, 'victim', 'all');
SELECT * FROM tick();
SELECT objective, notify FROM sla.alert WHERE kind = 'burn_rate';

-- errors that PL/pgSQL's OTHERS does not catch, or that ask for a new transaction
SET ROLE regress_sla_mallory;
CREATE FUNCTION mallory.fails(bigint) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'failed on purpose' USING ERRCODE = current_setting('mallory.sqlstate');
END
$$;
CREATE OR REPLACE PROCEDURE mallory.note(alert bigint) LANGUAGE plpgsql AS $$ BEGIN PERFORM mallory.fails(alert); END $$;
INSERT INTO sla.escalation (relation, run) VALUES ('mallory.ticket', 'mallory.note');
INSERT INTO sla.objective (name, kind, relation, at, good_when, target_percent, window_length)
VALUES ('mallory', 'event', 'mallory.ticket', 'opened', 'mallory.fails(id)', 99, '28 days');
INSERT INTO sla.burn_rule (objective, name, long_window, short_window, budget_percent, severity) VALUES ('mallory', 'fast', '3 hours', '5 minutes', 2, 'page');
RESET ROLE;
SET mallory.sqlstate = '57014';
INSERT INTO mallory.ticket VALUES (2, now() - interval '2 hours');
SELECT * FROM tick();
SELECT * FROM tick();
SELECT sqlstate, message FROM sla.escalation_run WHERE done_at IS NULL AND tries > 0;
SELECT problem FROM sla.rollup WHERE problem IS NOT NULL;
-- (that burn rules cannot be evaluated is logged when that begins, and not each time)
UPDATE sla.burn_look SET looked_at = '-infinity';
SELECT * FROM tick();
SELECT objective, problem FROM sla.burn_look ORDER BY 1;
SET mallory.sqlstate = 'P0004';
UPDATE sla.escalation_run SET next_at = '-infinity' WHERE done_at IS NULL AND tries > 0;
UPDATE sla.burn_look SET looked_at = '-infinity';
UPDATE sla.rollup SET tried_at = '-infinity', is_built = false;
SELECT * FROM tick();
SELECT sqlstate, message FROM sla.escalation_run WHERE done_at IS NULL AND tries > 0;
SELECT problem FROM sla.rollup WHERE problem IS NOT NULL;
SET mallory.sqlstate = '40001';
UPDATE sla.escalation_run SET next_at = '-infinity' WHERE done_at IS NULL AND tries > 0;
UPDATE sla.burn_look SET looked_at = '-infinity';
UPDATE sla.rollup SET tried_at = '-infinity', is_built = false;
SELECT * FROM tick();
SELECT sqlstate, message FROM sla.escalation_run WHERE done_at IS NULL AND tries > 0;

-- nor does it write as if a dump was restored, even if row-level security is not for him
ALTER ROLE regress_sla_mallory BYPASSRLS;
DELETE FROM sla.escalation;
SET ROLE regress_sla_mallory;
CREATE PROCEDURE mallory.steps_up(alert bigint) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('check_function_bodies', 'off', true), set_config('row_security', 'off', true);
	INSERT INTO sla.escalation (relation, run, made_by, run_owner) SELECT 'mallory.ticket', 'mallory.note', oid, 'regress_sla_mallory' FROM pg_roles WHERE oid = 10;
END
$$;
INSERT INTO sla.escalation (relation, run) VALUES ('mallory.ticket', 'mallory.steps_up');
RESET ROLE;
INSERT INTO mallory.ticket VALUES (3, now() - interval '2 hours');
SELECT * FROM tick();
SELECT * FROM tick();
SELECT run, made_by FROM sla.escalation ORDER BY id;
SELECT count(*) FROM sla.restoring_session;

DROP FUNCTION tick;
DELETE FROM sla.escalation;
DROP SCHEMA mallory, victim CASCADE;
DELETE FROM sla.alert WHERE kind = 'burn_rate';
DELETE FROM sla.escalation_run;
REVOKE USAGE ON SCHEMA sla FROM regress_sla_mallory, regress_sla_victim;
DROP ROLE regress_sla_mallory, regress_sla_victim;
