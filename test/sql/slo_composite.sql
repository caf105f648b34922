-- Composites: several objectives told as one.
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set ECHO none
\i :setup
\set ECHO all
CREATE TABLE co_request (at timestamptz, ok bool, region text, part text);
-- 2, 10 and 50 % of a hundred each are bad; of "none" there is nothing
INSERT INTO co_request SELECT now() - i * interval '1 minute', i > n, CASE WHEN i % 2 = 0 THEN 'a' ELSE 'b' END, part FROM (VALUES ('good', 2), ('fair', 10), ('bad', 50)) p (part, n), generate_series(1, 100) i;
INSERT INTO sla.objective (name, relation, at, good_when, total_when, target_percent) SELECT 'co_' || part, 'co_request', 'at', 'ok', format('part = %L', part), target FROM (VALUES ('good', 95), ('fair', 80), ('bad', 90), ('none', 99)) p (part, target);
INSERT INTO sla.objective (name, relation, at, good_when, total_when, group_by, target_percent) VALUES ('co_groups', 'co_request', 'at', 'ok', 'part = ''good'' OR region = ''a'' AND part = ''bad''', 'region', 95);
INSERT INTO sla.objective (name, relation, at, good_when, total_when, target_percent) VALUES ('co_all', 'co_request', 'at', 'ok', 'part = ''good''', 100);
INSERT INTO sla.composite (name, member, weight, method) VALUES
	('shop', 'co_good', 3, 'weighted'), ('shop', 'co_fair', 1, 'weighted'), ('shop with nothing', 'co_good', 3, 'weighted'), ('shop with nothing', 'co_none', 100, 'weighted'),
	('worst', 'co_good', 1, 'worst'), ('worst', 'co_bad', 1, 'worst'), ('worst', 'co_fair', 1, 'worst'), ('nothing', 'co_none', 1, 'weighted'), ('nothing worst', 'co_none', 1, 'worst'),
	('no budget', 'co_all', 1, 'worst'), ('no budget', 'co_bad', 1, 'worst'), ('groups', 'co_groups', 1, 'weighted');
SELECT composite, method, members AS n, told_members AS told, round(sli_percent::numeric, 6) AS sli, target_percent AS target, round(consumed_percent::numeric, 6) AS consumed, status, worst_member, problem FROM sla.report_slo_composite ORDER BY 1;
-- by the functions
SELECT sla.weighted_percent('{98,90}', '{3,1}') AS sli, sla.budget_consumed_percent(sla.weighted_percent('{98,90}', '{3,1}'), 100, (3 * 95 + 80) / 4.0) AS consumed;
-- members of which there is no row: no group has anything, or none is in force yet
INSERT INTO sla.objective (name, relation, at, good_when, total_when, group_by, valid_from, target_percent) VALUES ('co_no_groups', 'co_request', 'at', 'ok', 'false', 'region', '-infinity', 95), ('co_to_come', 'co_request', 'at', 'ok', NULL, NULL, now() + interval '1 year', 95);
INSERT INTO sla.composite (name, member) VALUES ('quiet', 'co_no_groups'), ('quiet', 'co_good'), ('silent', 'co_no_groups'), ('silent', 'co_to_come');
SELECT composite, members, told_members, round(sli_percent::numeric, 6) AS sli, status, worst_member, problem FROM sla.report_slo_composite WHERE composite IN ('quiet', 'silent') ORDER BY 1;
DELETE FROM sla.composite WHERE name IN ('quiet', 'silent');
DELETE FROM sla.objective WHERE name IN ('co_no_groups', 'co_to_come');
-- all that is good is not more than all, whatever the weights
INSERT INTO sla.objective (name, relation, at, good_when, target_percent) SELECT 'co_sure_' || i, 'co_request', 'at', 'true', 100 FROM generate_series(1, 3) i;
INSERT INTO sla.composite (name, member, weight) SELECT 'sure', 'co_sure_' || i, 0.3 FROM generate_series(1, 3) i;
SELECT composite, sli_percent, target_percent, consumed_percent, status FROM sla.report_slo_composite WHERE composite = 'sure';
DELETE FROM sla.objective WHERE name LIKE 'co\_sure\_%';
DELETE FROM sla.composite WHERE name = 'sure';
-- a member that fails, one that is gone, one that is renamed
UPDATE sla.objective SET good_when = '1 / (0 * length(part)) > 0' WHERE name = 'co_fair';
UPDATE sla.objective SET name = 'co_renamed' WHERE name = 'co_bad';
DELETE FROM sla.objective WHERE name = 'co_none';
SELECT composite, members, sli_percent IS NULL AS untold, status, worst_member, problem FROM sla.report_slo_composite ORDER BY 1;
SELECT subject, status, detail FROM sla.status() WHERE subject LIKE 'composite%' ORDER BY 1, 3;
-- bad input
\set VERBOSITY terse
INSERT INTO sla.composite (name, member) VALUES ('shop', 'co_of_nobody');
INSERT INTO sla.composite (name, member, method) VALUES ('shop', 'co_all', 'worst');
INSERT INTO sla.composite (name, member, method) VALUES ('shop', 'co_all', 'best');
INSERT INTO sla.composite (name, member, weight) VALUES ('shop', 'co_all', 0);
INSERT INTO sla.composite (name, member, weight) VALUES ('shop', 'co_all', 'NaN');
UPDATE sla.composite SET method = 'worst' WHERE name = 'shop';
SELECT DISTINCT method FROM sla.report_slo_composite WHERE composite = 'shop';
-- they are the administrator's
CREATE ROLE regress_co_owner;
GRANT USAGE ON SCHEMA sla TO regress_co_owner;
GRANT CREATE ON SCHEMA public TO regress_co_owner;
SET ROLE regress_co_owner;
INSERT INTO sla.composite (name, member) VALUES ('mine', 'co_good');
-- nor does anybody else become a member under the name of one that is gone
CREATE TABLE co_mine (at timestamptz);
INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('co_none', 'co_mine', 'at', 'true', 0);
RESET ROLE;
GRANT SELECT ON sla.report_slo_composite, sla.report_slo_status TO regress_co_owner;
SET ROLE regress_co_owner;
SELECT count(*) > 0 AS readable FROM sla.report_slo_composite;
RESET ROLE;
DELETE FROM sla.composite;
DROP TABLE co_request, co_mine;
DELETE FROM sla.objective_name;
DROP OWNED BY regress_co_owner;
DROP ROLE regress_co_owner;
