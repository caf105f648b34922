# Away and back: sla.detach() and DROP EXTENSION leave the application's tables
# working, their columns in place; CREATE EXTENSION and restored definitions find
# the way back, with the clocks of before or from the rows alone.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('detach_return');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE regress_sla_owner; CREATE ROLE regress_sla_reader; CREATE DATABASE app');

my $definitions = q{
	SET timezone = 'UTC';
	INSERT INTO sla.calendar (name, hours) VALUES ('desk', 'TZ=UTC Mo-Fr 09:00-17:00; PH off');
	INSERT INTO sla.holiday (calendar, day) VALUES ('desk', '2020-12-25');
	SELECT sla.track('app.ticket', at => 'changed_at', labels => 'jsonb_build_object(''team'', team)', party => 'customer');
	SELECT sla.track('app.job', item => 'id || region', at => 'changed_at');
	INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at, pause_when) VALUES
		('app.ticket', 'done', 'created_at', 'status = ''done''', 'changed_at', 'status = ''waiting'''),
		('app.job', 'done', 'created_at', 'status = ''done''', 'changed_at', NULL);
	INSERT INTO sla.policy (relation, name) VALUES ('app.ticket', 'any'), ('app.job', 'any');
	INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('app.ticket', 'any', 'done', '4 bh @desk'), ('app.job', 'any', 'done', '1 bd @desk');
	INSERT INTO sla.source (source, relation, item, metric, action) VALUES ('app.message', 'app.ticket', 'ticket', 'done', 'pause');
	INSERT INTO sla.objective (name, kind, relation, metric, target_percent) VALUES ('tickets', 'clock', 'app.ticket', 'done', 95);
	INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('jobs', 'app.job', 'changed_at', 'status = ''done''', 95);
};
$node->safe_psql('app', q{
	CREATE EXTENSION sla_tracker;
	CREATE SCHEMA app AUTHORIZATION regress_sla_owner;
	SET ROLE regress_sla_owner;
	CREATE TABLE app.ticket (id int PRIMARY KEY, team text DEFAULT 'red', customer text, status text DEFAULT 'new', created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z',
		goal business_interval NOT NULL DEFAULT '2 bh @desk', hours business_hours, goals business_interval[], due timestamptz, late boolean);
	CREATE TABLE app.job (id int, region text, status text DEFAULT 'new', created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z', PRIMARY KEY (id, region)) PARTITION BY LIST (region);
	CREATE TABLE app.job_eu PARTITION OF app.job FOR VALUES IN ('eu');
	CREATE TABLE app.job_us PARTITION OF app.job FOR VALUES IN ('us');
	CREATE TABLE app.message (id serial, ticket int);
	CREATE TRIGGER deadline BEFORE INSERT OR UPDATE ON app.ticket FOR EACH ROW EXECUTE FUNCTION sla_deadline(created_at, goal, due);
	RESET ROLE;
});
$node->safe_psql('app', $definitions . q{
	SELECT sla.grant_to('regress_sla_reader', 'operator');
	INSERT INTO app.ticket (id, customer) SELECT i, 'c' || i % 3 FROM generate_series(1, 20) i;
	UPDATE app.ticket SET status = 'done', changed_at = '2020-11-20 12:00Z' WHERE id % 4 = 0;
	UPDATE app.ticket SET status = 'waiting', changed_at = '2020-11-20 10:00Z' WHERE id % 4 = 1;
	INSERT INTO app.message (ticket) VALUES (2);
	INSERT INTO app.job (id, region) SELECT i, (ARRAY['eu', 'us'])[1 + i % 2] FROM generate_series(1, 10) i;
	UPDATE app.job SET status = 'done', changed_at = '2020-11-24 12:00Z' WHERE id = 3;
	SELECT sla.correct(clock_id, NULL, '2020-11-20 11:00Z', 'a correction') FROM sla.clock WHERE relation = 'app.ticket'::regclass AND item = '4';
});
my $facts = q{
	SET timezone = 'UTC';
	SELECT clock_id, relation, item, metric, cycle, policy, goal, party, labels, started_at, stopped_at, due_at, threshold_at, state, verdict FROM sla.clock ORDER BY clock_id;
	SELECT clock, during, reason FROM sla.pause ORDER BY 1, 2;
	SELECT clock, at, kind, reason FROM sla.clock_change ORDER BY 1, 2;
	SELECT name, hours FROM sla.calendar;
};
my $before = $node->safe_psql('app', $facts);
my $dump = $node->basedir . '/app.dump';
$node->command_ok([ 'pg_dump', '-Fc', '-d', $node->connstr('app'), '-f', $dump ], 'pg_dump');

sub leave
{
	my ($code, $out, $err) = $node->psql('app', q{
		SET client_min_messages = warning;
		SELECT sla.detach();
		DROP EXTENSION sla_tracker;
	});
	is($err, '', 'away without CASCADE');
	is($node->safe_psql('app', q{
		SELECT count(*) FROM pg_namespace WHERE nspname = 'sla';
		SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = 'app'::regnamespace AND NOT t.tgisinternal;
		SELECT count(*) FROM pg_event_trigger}), "0\n0\n0", 'nothing of it is left');
	return;
}
leave();
is($node->safe_psql('app', q{
	SELECT attname, atttypid::regtype, attnotnull, pg_get_expr(adbin, adrelid)
	FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
	WHERE attrelid = 'app.ticket'::regclass AND attname IN ('goal', 'hours', 'goals', 'due', 'late') ORDER BY attnum;
	SELECT id, goal, due AT TIME ZONE 'UTC' FROM app.ticket WHERE id = 1;
}), join("\n", "goal|text|t|'2 bh \@desk'::text", 'hours|text|f|', 'goals|text[]|f|', 'due|timestamp with time zone|f|', 'late|boolean|f|',
	'1|2 bh @desk|2020-11-20 11:00:00'), 'the columns are in place, with what was in them');
my $meanwhile = q{
	SET ROLE regress_sla_owner;
	INSERT INTO app.ticket (id) VALUES (101), (102);
	UPDATE app.ticket SET status = 'done', changed_at = '2020-11-23 10:00Z' WHERE id IN (3, 102);
	DELETE FROM app.ticket WHERE id = 7;
	INSERT INTO app.job (id, region) VALUES (101, 'eu');
	INSERT INTO app.message (ticket) VALUES (3);
	TRUNCATE app.message;
	ALTER TABLE app.ticket ADD COLUMN more text;
};
$node->safe_psql('app', $meanwhile);
is($node->safe_psql('app', q{SELECT count(*), (SELECT count(*) FROM app.job) FROM app.ticket}), '21|11', 'the application goes on');

# Back, with the clocks of before: what the dump has in the schema sla.
$node->safe_psql('app', 'CREATE EXTENSION sla_tracker');
$node->command_ok([ 'pg_restore', '-e', '-n', 'sla', '-d', $node->connstr('app'), $dump ], 'pg_restore of the schema sla');
is($node->safe_psql('app', $facts), $before, 'what was there is there again');
is($node->safe_psql('app', q{SELECT status, count(DISTINCT subject) FROM sla.status() WHERE subject LIKE 'table %' GROUP BY status}), "gap|4", 'sla.status() tells what is missing');
$node->safe_psql('app', q{
	SELECT sla.track(relation) FROM sla.tracked;
	UPDATE sla.source SET action = action;
	ALTER TABLE app.ticket ALTER COLUMN goal DROP DEFAULT, ALTER COLUMN goal TYPE business_interval USING goal::business_interval, ALTER COLUMN goal SET DEFAULT '2 bh @desk';
	CREATE TRIGGER deadline BEFORE INSERT OR UPDATE ON app.ticket FOR EACH ROW EXECUTE FUNCTION sla_deadline(created_at, goal, due);
});
is($node->safe_psql('app', q{SELECT started, cancelled, errors FROM sla.sync('app.ticket'); SELECT started, cancelled, errors FROM sla.sync('app.job')}),
	"2|1|0\n1|0|0", 'sla.sync() follows what was written meanwhile');
my $agrees = q{
	SELECT (SELECT count(*) FROM sla.verify(t.relation)), s.started, s.changed, s.cancelled, s.errors
	FROM sla.tracked t, LATERAL sla.sync(t.relation) s ORDER BY t.id
};
is($node->safe_psql('app', $agrees), "0|0|0|0|0\n0|0|0|0|0", 'and then nothing is left to do');
is($node->safe_psql('app', q{SELECT count(*) FROM sla.status() WHERE status NOT IN ('ok')}), '0', 'nor to tell');
is($node->safe_psql('app', q{
	SET timezone = 'UTC';
	SET ROLE regress_sla_owner;
	INSERT INTO app.ticket (id) VALUES (201);
	INSERT INTO app.message (ticket) VALUES (201);
	RESET ROLE;
	SELECT state FROM sla.clock WHERE item = '201';
	SELECT due FROM app.ticket WHERE id = 201;
	INSERT INTO sla.metric (relation, name) VALUES ('app.job', 'another');
	SELECT has_table_privilege('regress_sla_reader', 'sla.report_open', 'SELECT')}), "paused\n2020-11-20 11:00:00+00\nf",
	'triggers, sources and deadlines work; grants are given again');
is($node->safe_psql('app', q{SELECT total > 0, problem FROM sla.slo_status('jobs', '2020-11-25')}), 't|', 'so do objectives');

# Back, from definitions and the rows alone.
leave();
$node->safe_psql('app', 'CREATE EXTENSION sla_tracker');
$node->safe_psql('app', $definitions);
is($node->safe_psql('app', q{SELECT started, errors FROM sla.sync('app.ticket'); SELECT started, errors FROM sla.sync('app.job')}), "22|0\n11|0", 'clocks are made of the rows');
is($node->safe_psql('app', $agrees), "0|0|0|0|0\n0|0|0|0|0", 'as they should be');
is($node->safe_psql('app', q{
	SET timezone = 'UTC';
	SELECT item, started_at, stopped_at, due_at, verdict FROM sla.clock WHERE relation = 'app.ticket'::regclass AND item IN ('8', '102') ORDER BY item}),
	"102|2020-11-20 09:00:00+00|2020-11-23 10:00:00+00|2020-11-20 13:00:00+00|breached\n8|2020-11-20 09:00:00+00|2020-11-20 12:00:00+00|2020-11-20 13:00:00+00|met", 'with the verdicts of before');

$node->stop;
done_testing();
