--
-- Functions of expressions that somebody else may have made or changed
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
\set ECHO all
\set VERBOSITY terse
CREATE ROLE regress_rules_mallory;
CREATE ROLE regress_rules_victim;
CREATE SCHEMA rules_attack;
GRANT ALL ON SCHEMA rules_attack TO regress_rules_mallory, regress_rules_victim;
SET search_path = rules_attack, public;
SET ROLE regress_rules_mallory;
CREATE FUNCTION evil(int) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE WARNING 'evil as %', current_user; RETURN false; END$$;
CREATE TABLE mine (id int PRIMARY KEY, done boolean);
SELECT sla.track('mine');
INSERT INTO sla.metric (relation, name, id) VALUES ('mine', 'm', -99000);
-- rows that are discarded leave no functions behind
INSERT INTO sla.metric (relation, name, stop_when)
SELECT 'mine', 'm', 'evil(id)' FROM generate_series(1, 20) ON CONFLICT DO NOTHING;
SELECT count(*) FROM pg_proc WHERE proname LIKE 'metric\_%' AND proargtypes[0] = 'mine'::regtype;
INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('regress_mine', 'mine', 'now()', 'done', 99);
INSERT INTO sla.objective (name, relation, at, good_when, target_percent)
SELECT 'regress_mine', 'mine', 'now()', 'evil(id)', 99 FROM generate_series(1, 20) ON CONFLICT DO NOTHING;
SELECT count(*) FROM pg_proc WHERE proname LIKE 'objective\_%\_good%' AND proargtypes[0] = 'mine'::regtype;

-- settings of a function do not outlive its owner, nor does an expression's meaning
UPDATE sla.metric SET stop_when = 'done' WHERE relation = 'mine'::regclass;
ALTER FUNCTION sla."metric_-99000_stop_when"(mine) SET search_path = rules_attack;
RESET ROLE;
ALTER TABLE mine OWNER TO regress_rules_victim;
SET ROLE regress_rules_victim;
SELECT sla.track('mine');
SELECT proowner::regrole, proconfig FROM pg_proc WHERE proname = 'metric_-99000_stop_when';
RESET ROLE;

-- who renames what a source or an objective names does not confirm it for the new owner of its table
SET ROLE regress_rules_mallory;
CREATE TABLE job (id int PRIMARY KEY);
CREATE TABLE said (job int, at timestamptz);
SELECT sla.track('job');
INSERT INTO sla.metric (relation, name) VALUES ('job', 'm');
INSERT INTO sla.source (source, relation, item, metric, action, applies_when, at) VALUES ('said', 'job', 'job', 'm', 'stop', 'rules_attack.evil(job)', 'at');
RESET ROLE;
INSERT INTO sla.agreement (party, name) VALUES ('regress_rules', 'old');
INSERT INTO sla.objective (name, relation, at, good_when, target_percent, party, agreement)
VALUES ('regress_said', 'said', 'at', 'rules_attack.evil(job)', 99, 'regress_rules', 'old');
ALTER TABLE said OWNER TO regress_rules_victim;
UPDATE sla.agreement SET name = 'new' WHERE party = 'regress_rules';
SET ROLE regress_rules_mallory;
UPDATE sla.metric SET name = 'n' WHERE relation = 'job'::regclass;
RESET ROLE;
SELECT metric, confirmed_by FROM sla.source WHERE source = 'said'::regclass
UNION ALL SELECT agreement, confirmed_by FROM sla.objective WHERE name = 'regress_said';
SET ROLE regress_rules_victim;
INSERT INTO said VALUES (1, '2026-01-05 10:00+00');
RESET ROLE;
DELETE FROM sla.objective WHERE name = 'regress_said';
DELETE FROM sla.agreement WHERE party = 'regress_rules';

-- nobody but a superuser restores
SET SESSION AUTHORIZATION regress_rules_mallory;
SET check_function_bodies = off;
SET row_security = off;
SELECT sla.restoring();
RESET check_function_bodies;
RESET row_security;
RESET SESSION AUTHORIZATION;
DROP SCHEMA rules_attack CASCADE;
DELETE FROM sla.objective WHERE name = 'regress_mine';
DROP ROLE regress_rules_mallory, regress_rules_victim;
