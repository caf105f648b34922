--
-- Escalations, burn rates and reviews: what tick does besides the clocks
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
\set ECHO all
\set SHOW_CONTEXT never
CREATE ROLE regress_desk;
CREATE ROLE regress_stranger;
GRANT USAGE ON SCHEMA sla TO regress_desk, regress_stranger;
CREATE SCHEMA desk AUTHORIZATION regress_desk;
GRANT USAGE ON SCHEMA desk TO regress_stranger;
CREATE FUNCTION tick(at timestamptz) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(step || ' ' || done || coalesce(' ' || problem, ''), ', ') FROM sla.tick(tick.at)
	WHERE step IN ('escalations', 'burn rates', 'reviews', 'clocks') AND done > 0 OR problem IS NOT NULL
$$;
SET ROLE regress_desk;
CREATE TABLE desk.ticket (id int PRIMARY KEY, opened timestamptz DEFAULT '2020-06-01 09:00');
CREATE TABLE desk.called (alert bigint, by text, how text, settings text);
SELECT sla.track('desk.ticket', at => 'opened');
INSERT INTO sla.metric (relation, name, start_at) VALUES ('desk.ticket', 'resolution', 'opened');
INSERT INTO sla.policy (relation, name) VALUES ('desk.ticket', 'all');
INSERT INTO sla.target (relation, policy, metric, goal, alert_at) VALUES ('desk.ticket', 'all', 'resolution', '4 bh @24/7', '{0.5,1,2}');
CREATE PROCEDURE desk.page(alert bigint) LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO desk.called VALUES (alert, current_user, 'procedure', current_setting('search_path'));
END $$;
CREATE FUNCTION desk."Odd ""Name"""(bigint) RETURNS void LANGUAGE sql AS $$ INSERT INTO desk.called VALUES ($1, current_user, 'function') $$;
INSERT INTO sla.escalation (relation, at_fraction, notify) VALUES ('desk.ticket', 0.5, 'the team'), ('desk.ticket', 2, 'the boss');
INSERT INTO sla.escalation (relation, policy, metric, notify, run) VALUES ('desk.ticket', 'all', 'resolution', 'the lead', 'desk.page');
INSERT INTO sla.escalation (relation, policy, notify, run) VALUES ('desk.ticket', 'none', 'nobody', 'desk.page');
INSERT INTO sla.escalation (relation, run) VALUES ('desk.ticket', 'desk."Odd ""Name"""(bigint)');
SELECT at_fraction, notify, run, made_by FROM sla.escalation ORDER BY id;
-- what is refused
INSERT INTO sla.escalation (relation) VALUES ('desk.ticket');
INSERT INTO sla.escalation (relation, run) VALUES ('desk.ticket', 'nowhere');
INSERT INTO sla.escalation (relation, run) VALUES ('desk.ticket', 'abs(int)');
INSERT INTO sla.escalation (relation, run) VALUES ('desk.ticket', 'pg_catalog.max(bigint)');
CREATE PROCEDURE desk.gives_back(alert bigint, OUT paged boolean) LANGUAGE sql AS 'SELECT true';
INSERT INTO sla.escalation (relation, run) VALUES ('desk.ticket', 'desk.gives_back(bigint)');
DROP PROCEDURE desk.gives_back(bigint);
INSERT INTO sla.escalation (notify) VALUES ('everybody');
SET ROLE regress_stranger;
INSERT INTO sla.escalation (relation, notify) VALUES ('desk.ticket', 'me');
SELECT count(*) FROM sla.escalation;
RESET ROLE;
-- who calls himself another is not
SET ROLE regress_desk;
UPDATE sla.escalation SET made_by = (SELECT oid FROM pg_roles WHERE rolsuper ORDER BY oid LIMIT 1) WHERE notify = 'the boss';
SELECT made_by FROM sla.escalation WHERE notify = 'the boss';
RESET ROLE;

--
-- Who is to be told, and calls in the tick after
--
SELECT tick('2020-06-01 09:00') IS NOT NULL AS ok;
INSERT INTO desk.ticket VALUES (1);
SELECT tick('2020-06-01 11:01');
SELECT tick('2020-06-01 13:01');
SELECT count(*) FROM desk.called;
SELECT tick('2020-06-01 13:02');
SELECT item, kind, at_fraction, notify FROM sla.alert ORDER BY id;
SELECT a.kind, c.by, c.how, c.settings FROM desk.called c JOIN sla.alert a ON a.id = c.alert ORDER BY how;
SELECT tries, next_at, done_at IS NOT NULL AS is_done, sqlstate, message FROM sla.escalation_run;
SELECT tick('2020-06-01 13:03');
-- found late: who was passed over is told with the highest
INSERT INTO desk.ticket VALUES (2);
SELECT tick('2020-06-02 09:00');
SELECT item, kind, at_fraction, notify FROM sla.alert WHERE item = '2';
SELECT tick('2020-06-02 09:01');
SELECT count(*) FROM desk.called;

--
-- What procedures must not do.  Each failure is its own, and is tried again.
--
DELETE FROM sla.escalation;
DELETE FROM desk.called;
CREATE TABLE secret (t text);
SET ROLE regress_desk;
CREATE PROCEDURE desk.bad1(alert bigint) LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.secret VALUES ('x'); END $$;
CREATE PROCEDURE desk.bad2(alert bigint) LANGUAGE plpgsql AS $$ BEGIN RESET ROLE; END $$;
CREATE PROCEDURE desk.bad3(alert bigint) LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;
CREATE PROCEDURE desk.bad4(alert bigint) LANGUAGE plpgsql AS $$ BEGIN CALL desk.bad4(alert); END $$;
CREATE PROCEDURE desk.bad5(alert bigint) LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(30); END $$;
CREATE FUNCTION desk.later() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.secret VALUES (current_user); RETURN NULL; END $$;
CREATE TABLE desk.trap (id int);
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON desk.trap DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION desk.later();
CREATE PROCEDURE desk.bad6(alert bigint) LANGUAGE plpgsql AS $$ BEGIN INSERT INTO desk.trap VALUES (1); END $$;
CREATE PROCEDURE desk.bad7(alert bigint) LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('search_path', 'desk', false), set_config('statement_timeout', '1', false); RAISE EXCEPTION 'alert % is not mine: %', 7, repeat('x', 1200) USING ERRCODE = 'XX123'; END $$;
CREATE PROCEDURE desk.bad8(alert bigint) LANGUAGE plpgsql AS $$ BEGIN SET LOCAL SESSION AUTHORIZATION DEFAULT; END $$;
CREATE PROCEDURE desk.gone(alert bigint) LANGUAGE plpgsql AS $$ BEGIN END $$;
INSERT INTO sla.escalation (relation, run) SELECT 'desk.ticket', 'desk.bad' || i FROM generate_series(1, 8) i ORDER BY i;
INSERT INTO sla.escalation (relation, run) VALUES ('desk.ticket', 'desk.gone'), ('desk.ticket', 'desk.page');
DROP PROCEDURE desk.gone;
RESET ROLE;
REVOKE EXECUTE ON PROCEDURE desk.page FROM PUBLIC, regress_desk;
INSERT INTO desk.ticket VALUES (3);
SELECT tick('2020-06-01 13:03');
-- (one of them takes the ten seconds that a role has in one tick)
SELECT tick('2020-06-01 13:04');
SELECT tick('2020-06-01 13:04');
SELECT e.run, r.tries, r.done_at IS NULL AS failed, r.next_at > now() AS again, r.sqlstate, left(r.message, 70) AS message, octet_length(r.message) AS bytes
FROM sla.escalation_run r JOIN sla.escalation e ON e.id = r.escalation ORDER BY e.id;
SELECT count(*) FROM secret;
SHOW search_path;
SHOW statement_timeout;
SELECT current_user = session_user AS same;
-- eight tries, and no more
SELECT min(id) AS first FROM sla.escalation \gset
DELETE FROM sla.escalation WHERE id <> :first;
DELETE FROM sla.escalation_run WHERE escalation <> :first;
DO $$
BEGIN
	FOR i IN 1 .. 10 LOOP
		UPDATE sla.escalation_run SET next_at = '-infinity' WHERE next_at IS NOT NULL;
		PERFORM FROM sla.tick('2020-06-01 13:04');
	END LOOP;
END $$;
SELECT tries, next_at, sqlstate FROM sla.escalation_run;
SELECT status, regexp_replace(detail, '(alert|escalation =) \d+', '\1 N', 'g') AS detail FROM sla.status() WHERE subject = 'escalation ' || :first;
-- a tick within one does nothing
DELETE FROM sla.escalation;
GRANT EXECUTE ON FUNCTION sla.tick TO regress_desk;
SET ROLE regress_desk;
CREATE PROCEDURE desk.ticks(alert bigint) LANGUAGE plpgsql AS $$ BEGIN PERFORM FROM sla.tick(); IF FOUND THEN RAISE 'ticked'; END IF; END $$;
INSERT INTO sla.escalation (relation, run) VALUES ('desk.ticket', 'desk.ticks');
RESET ROLE;
INSERT INTO desk.ticket VALUES (10);
SELECT tick('2020-06-01 13:04');
SELECT tick('2020-06-01 13:04');
SELECT tries, done_at IS NOT NULL AS done, message FROM sla.escalation_run WHERE escalation = (SELECT id FROM sla.escalation);
SELECT count(*) FROM sla.role_pause;
REVOKE EXECUTE ON FUNCTION sla.tick FROM regress_desk;
DELETE FROM desk.ticket WHERE id = 10;
-- one that an earlier call of the same tick deleted is not called
DELETE FROM sla.escalation;
GRANT EXECUTE ON PROCEDURE desk.page TO PUBLIC;
SET ROLE regress_desk;
DELETE FROM desk.called;
CREATE PROCEDURE desk.takes_over(alert bigint) LANGUAGE sql AS $$ DELETE FROM sla.escalation WHERE run = 'desk.page(bigint)' $$;
INSERT INTO sla.escalation (relation, run) VALUES ('desk.ticket', 'desk.takes_over');
INSERT INTO sla.escalation (relation, run) VALUES ('desk.ticket', 'desk.page');
RESET ROLE;
INSERT INTO desk.ticket VALUES (11);
SELECT tick('2020-06-01 13:04');
SELECT tick('2020-06-01 13:04');
SELECT count(*) FROM desk.called;
SELECT tries, next_at, done_at IS NOT NULL AS done FROM sla.escalation_run ORDER BY id DESC LIMIT 2;
REVOKE EXECUTE ON PROCEDURE desk.page FROM PUBLIC;
DELETE FROM desk.ticket WHERE id = 11;
-- of a role that is gone, or owns the table no more
DELETE FROM sla.escalation;
GRANT EXECUTE ON PROCEDURE desk.page TO PUBLIC;
SET ROLE regress_desk;
INSERT INTO sla.escalation (relation, run) VALUES ('desk.ticket', 'desk.page');
RESET ROLE;
INSERT INTO desk.ticket VALUES (4);
SELECT tick('2020-06-01 13:04');
ALTER TABLE desk.ticket OWNER TO regress_stranger;
SELECT tick('2020-06-01 13:05');
SELECT tries, sqlstate, message FROM sla.escalation_run WHERE escalation = (SELECT id FROM sla.escalation);
ALTER TABLE desk.ticket OWNER TO regress_desk;
-- silenced and withdrawn alerts call nobody
INSERT INTO sla.silence (relation, item, during) VALUES ('desk.ticket', '5', '(,)');
INSERT INTO desk.ticket VALUES (5);
DELETE FROM sla.escalation_run;
SELECT tick('2020-06-01 13:06');
SELECT tick('2020-06-01 13:07');
SELECT tries, next_at, done_at FROM sla.escalation_run;
SELECT count(*) FROM desk.called;

--
-- Burn rates
--
CREATE TABLE request (at timestamptz, ok boolean);
INSERT INTO request SELECT timestamptz '2020-06-01 00:00' + n * interval '1 minute', true FROM generate_series(0, 720) n;
INSERT INTO sla.objective (name, relation, at, good_when, target_percent, valid_from) VALUES ('api', 'request', 'at', 'ok', 99.9, '2020-01-01');
INSERT INTO sla.burn_rule (objective, name, budget_percent, long_window, short_window, cooldown) VALUES ('api', 'fast', 2, '1 hour', '5 minutes', '30 minutes');
INSERT INTO sla.escalation (objective, notify) VALUES ('api', 'on call');
SELECT tick('2020-06-01 12:00');
UPDATE request SET ok = false WHERE at >= '2020-06-01 11:40';
SELECT tick('2020-06-01 12:00');
SELECT tick('2020-06-01 12:02');
SELECT tick('2020-06-01 12:04');
INSERT INTO request SELECT timestamptz '2020-06-01 12:01' + n * interval '1 second', true FROM generate_series(0, 1800) n;
SELECT tick('2020-06-01 12:20');
-- again, within the cooldown and after it
UPDATE request SET ok = false WHERE at >= '2020-06-01 12:20';
SELECT tick('2020-06-01 12:26');
SELECT tick('2020-06-01 12:33');
-- no data freezes it
SELECT tick('2020-06-01 14:00');
SELECT objective, rule, severity, notify, to_char(at, 'HH24:MI') AS at, to_char(withdrawn_at, 'HH24:MI') AS withdrawn FROM sla.alert WHERE kind = 'burn_rate' ORDER BY id;
-- what is called is called as who may still define the objective
SET ROLE regress_desk;
CREATE TABLE desk.request (at timestamptz, ok boolean);
INSERT INTO desk.request SELECT timestamptz '2020-06-01 00:00' + n * interval '1 minute', false FROM generate_series(0, 720) n;
INSERT INTO sla.objective (name, relation, at, good_when, target_percent, valid_from) VALUES ('desk api', 'desk.request', 'at', 'ok', 99.9, '2020-01-01');
INSERT INTO sla.burn_rule (objective, name, budget_percent, long_window, short_window) VALUES ('desk api', 'fast', 2, '1 hour', '5 minutes');
INSERT INTO sla.escalation (objective, run) VALUES ('desk api', 'desk.page');
RESET ROLE;
ALTER TABLE desk.request OWNER TO regress_stranger;
UPDATE sla.objective SET name = name WHERE name = 'desk api';
DELETE FROM sla.escalation_run;
SELECT tick('2020-06-01 12:00');
SELECT tick('2020-06-01 12:00');
SELECT tries, sqlstate, message FROM sla.escalation_run;
-- and of all tables, as an administrator
CREATE ROLE regress_boss SUPERUSER;
SET ROLE regress_boss;
INSERT INTO sla.escalation (run) VALUES ('desk.page');
RESET ROLE;
ALTER ROLE regress_boss NOSUPERUSER;
UPDATE sla.escalation_run SET next_at = now(), escalation = (SELECT max(id) FROM sla.escalation);
SELECT tick('2020-06-01 12:00');
SELECT tries, sqlstate, message FROM sla.escalation_run;
DELETE FROM sla.objective WHERE name = 'desk api';
-- a new name changes nothing: it is told already, to whom it was, and silences hold
INSERT INTO sla.silence (objective, during, author) VALUES ('api', '(,)', 'regress_desk');
UPDATE sla.objective SET name = 'web' WHERE name = 'api';
SELECT tick('2020-06-01 14:01');
SELECT objective, count(*), count(withdrawn_at) AS withdrawn FROM sla.alert WHERE kind = 'burn_rate' AND relation = 'request'::regclass GROUP BY objective;
SELECT objective, notify FROM sla.escalation WHERE objective IS NOT NULL;
SELECT objective, author FROM sla.silence WHERE objective IS NOT NULL;
-- a quicker rule that is new is not looked at as seldom as the others were
UPDATE sla.burn_rule SET long_window = '7 days', short_window = '1 day';
SELECT tick('2020-06-01 15:02');
INSERT INTO sla.burn_rule (objective, name, budget_percent, long_window, short_window, min_events) VALUES ('web', 'quick', 2, '3 hours', '3 hours', 0);
SELECT tick('2020-06-01 15:20');
SELECT rule, to_char(at, 'HH24:MI') AS at FROM sla.alert WHERE kind = 'burn_rate' AND withdrawn_at IS NULL ORDER BY id;
-- nor is what fired in the way of an objective that takes the name of one that is gone
INSERT INTO sla.objective (name, relation, at, good_when, target_percent, valid_from) VALUES ('new web', 'request', 'at', 'ok', 99.9, '2020-01-01');
INSERT INTO sla.burn_rule (objective, name, budget_percent, long_window, short_window) VALUES ('new web', 'quick', 2, '3 hours', '3 hours');
SELECT tick('2020-06-01 15:21');
DELETE FROM sla.objective WHERE name = 'web';
UPDATE sla.objective SET name = 'web' WHERE name = 'new web';
SELECT tick('2020-06-01 15:22');
SELECT objective, rule, to_char(at, 'HH24:MI') AS at, withdrawn_at IS NULL AS is_true FROM sla.alert WHERE kind = 'burn_rate' AND rule = 'quick' ORDER BY id;
-- nor do groups fire for ever that an objective has no more
ALTER TABLE request ADD COLUMN region text DEFAULT 'eu';
INSERT INTO request SELECT timestamptz '2020-06-01 15:00' + n * interval '1 minute', false FROM generate_series(0, 30) n;
UPDATE sla.objective SET group_by = 'region' WHERE name = 'web';
SELECT tick('2020-06-01 15:41');
SELECT group_value, to_char(at, 'HH24:MI') AS at, withdrawn_at IS NULL AS is_true FROM sla.alert WHERE kind = 'burn_rate' AND objective = 'web' AND rule = 'quick' AND at >= '2020-06-01 15:22' ORDER BY id;
INSERT INTO sla.objective (name, relation, at, good_when, target_percent, valid_from) VALUES ('web', 'request', 'at', 'ok', 99.9, '2020-06-01 15:45');
SELECT tick('2020-06-01 15:50');
SELECT group_value, to_char(at, 'HH24:MI') AS at, withdrawn_at IS NULL AS is_true FROM sla.alert WHERE kind = 'burn_rate' AND objective = 'web' AND rule = 'quick' AND at >= '2020-06-01 15:22' ORDER BY id;
-- a rule that is gone fires no more
DELETE FROM sla.burn_rule;
SELECT tick('2020-06-01 15:51');
-- who makes an objective of the name of one that is gone has none of these
DELETE FROM sla.objective;
SELECT (SELECT count(*) FROM sla.escalation WHERE objective IS NOT NULL) AS escalations, (SELECT count(*) FROM sla.silence WHERE objective IS NOT NULL) AS silences;
-- what it told goes with its table
SELECT count(*) > 0 AS kept FROM sla.alert WHERE relation = 'request'::regclass;
DROP TABLE request;
SELECT count(*) FROM sla.alert WHERE kind = 'burn_rate' AND objective = 'web';

--
-- Reviews
--
INSERT INTO sla.agreement (party, name, valid_from, owner, review_every) VALUES ('acme', '2020', now() - interval '40 days', 'ann', '1 month'), ('new', '2020', now(), 'bob', '1 month'),
	('quiet', '2020', now() - interval '40 days', 'ann', '1 month');
INSERT INTO sla.silence (party, during) VALUES ('quiet', '(,)');
SELECT tick(now());
SELECT tick(now());
SELECT kind, party, agreement, notify, silence IS NOT NULL AS is_silenced, withdrawn_at FROM sla.alert WHERE kind = 'review' ORDER BY party;
INSERT INTO sla.annotation (subject, party, key, kind, text) VALUES ('agreement', 'acme', '2020', 'review', 'all is well');
SELECT tick(now());
SELECT kind, party, agreement, notify, withdrawn_at IS NULL AS is_true FROM sla.alert WHERE kind = 'review' ORDER BY party;

DELETE FROM sla.agreement;
DELETE FROM sla.annotation;
DELETE FROM sla.alert;
DELETE FROM sla.escalation;
DROP FUNCTION tick;
DROP TABLE secret;
DROP TABLE desk.ticket;
SET client_min_messages = warning;
DROP SCHEMA desk CASCADE;
DELETE FROM sla.escalation_run;
DELETE FROM sla.silence;
REVOKE USAGE ON SCHEMA sla FROM regress_desk, regress_stranger;
DROP ROLE regress_boss, regress_desk, regress_stranger;
