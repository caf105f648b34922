# Citus, a coordinator and a worker: what README.md says of it.  Only where its
# library is installed.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($pkglibdir) = `pg_config --pkglibdir` =~ /(.*)/;
plan skip_all => 'Citus is not installed' unless -e "$pkglibdir/citus.so";

my ($node, $worker) = map { PostgreSQL::Test::Cluster->new($_) } qw(coordinator worker);
foreach ($node, $worker)
{
	$_->init;
	$_->append_conf('postgresql.conf', "timezone = 'UTC'\ncitus.local_hostname = '" . $_->host . "'\nshared_preload_libraries = 'citus'");
	$_->start;
	my $library = $_->safe_psql('postgres', q{SELECT CASE current_setting('dynamic_library_path') WHEN '$libdir' THEN '$libdir/' ELSE '' END || 'sla_tracker'});
	$_->append_conf('postgresql.conf', "shared_preload_libraries = 'citus, $library'");
	$_->restart;
	$_->safe_psql('postgres', 'CREATE EXTENSION citus');
}

sub fails
{
	my ($sql, $message, $name) = @_;
	my (undef, undef, $stderr) = $node->psql('postgres', $sql);

	like($stderr, $message, $name);
}

$node->safe_psql('postgres', sprintf(q{
	SELECT citus_set_coordinator_host('%s', %d);
	SELECT citus_add_node('%s', %d);
	CREATE EXTENSION sla_tracker;
}, $node->host, $node->port, $worker->host, $worker->port));
is($worker->safe_psql('postgres', q{SELECT extversion = sla.library_version() FROM pg_extension WHERE extname = 'sla_tracker'}), 't', 'CREATE EXTENSION goes to the worker');

# values, generated columns, the aggregate
$node->safe_psql('postgres', q{
	CREATE TABLE request (tenant int, id int, created_at timestamptz, done_at timestamptz,
		due_at timestamptz GENERATED ALWAYS AS (business_add(created_at, '4 bh'::business_interval, 'TZ=UTC Mo-Fr 09:00-17:00'::business_hours)) STORED,
		PRIMARY KEY (tenant, id));
	SELECT create_distributed_table('request', 'tenant');
	INSERT INTO request (tenant, id, created_at, done_at)
		SELECT i % 8, i, '2020-11-20 09:00Z', '2020-11-20 09:00Z'::timestamptz + i % 10 * interval '1 hour' FROM generate_series(1, 100) i;
});
is($node->safe_psql('postgres', q{SELECT nodeport, count(*) > 1 FROM citus_shards WHERE table_name = 'request'::regclass GROUP BY 1}), $worker->port . '|t', 'the shards are the worker\'s');
is($node->safe_psql('postgres', q{SELECT DISTINCT due_at FROM request}), '2020-11-20 13:00:00+00', 'a generated column');
is($node->safe_psql('postgres', q{SELECT attainment(done_at <= due_at) FROM request}), '50', 'the aggregate, on the coordinator');
is($node->safe_psql('postgres', q{SELECT tenant, attainment(done_at <= due_at) FROM request GROUP BY tenant ORDER BY tenant LIMIT 2}), "0|50\n1|38.46153846153846", 'the aggregate, on the worker');

# the name of a calendar
$node->safe_psql('postgres', q{INSERT INTO sla.calendar (name, hours) VALUES ('desk', 'TZ=UTC Mo-Fr 09:00-17:00')});
my $count = q{SELECT count(*) FROM request WHERE business_seconds(created_at, done_at, 'desk') <= 14400};
fails($count, qr/calendar "desk" does not exist/, 'a calendar of the coordinator is not the worker\'s');
$node->safe_psql('postgres', q{SELECT run_command_on_workers($$INSERT INTO sla.calendar (name, hours) VALUES ('desk', 'TZ=UTC Mo-Fr 09:00-17:00')$$)});
is($node->safe_psql('postgres', $count), '50', 'it is known where it was written');
fails(q{UPDATE request SET done_at = business_add(created_at, '2 bh', 'desk')}, qr/STABLE functions used in UPDATE queries cannot be called with column references/, 'by name over columns in UPDATE');
fails(q{SELECT create_reference_table('sla.calendar')}, qr/cannot distribute relation "calendar" because it has triggers/, 'calendars are no reference table');

# the own trigger, which Citus wants to be told that one means it
my $claim = 'CREATE TABLE claim (tenant int, id int, created_at timestamptz, due timestamptz, PRIMARY KEY (tenant, id))';
my $trigger = q{CREATE TRIGGER deadline BEFORE INSERT OR UPDATE ON claim FOR EACH ROW EXECUTE FUNCTION sla_deadline(created_at, '2 bh @desk', due)};
my $rows = q{INSERT INTO claim (tenant, id, created_at) SELECT i % 8, i, '2020-11-20 09:00Z' FROM generate_series(1, 20) i};
$node->safe_psql('postgres', "$claim; SELECT create_distributed_table('claim', 'tenant')");
fails($trigger, qr/triggers are not supported on distributed tables/, 'sla_deadline() without the setting');
$node->safe_psql('postgres', "SET citus.enable_unsafe_triggers = on; $trigger");
$node->safe_psql('postgres', $rows);
is($node->safe_psql('postgres', q{SELECT DISTINCT due FROM claim}), '2020-11-20 11:00:00+00', 'sla_deadline() on the shards');
$node->safe_psql('postgres', "DROP TABLE claim; $claim; $trigger; SET citus.enable_unsafe_triggers = on; SELECT create_distributed_table('claim', 'tenant'); $rows");
is($node->safe_psql('postgres', q{SELECT DISTINCT due FROM claim}), '2020-11-20 11:00:00+00', 'sla_deadline() of a table that is distributed later');

# objectives read a view, whose query Citus distributes
$node->safe_psql('postgres', q{
	CREATE VIEW request_plain AS SELECT created_at, done_at <= due_at AS in_time FROM request;
	CREATE VIEW request_seen AS SELECT created_at, done_at <= due_at AS in_time FROM request OFFSET 0;
	CREATE MATERIALIZED VIEW request_kept AS SELECT created_at, done_at <= due_at AS in_time FROM request;
	INSERT INTO sla.objective (name, relation, at, good_when, target_percent)
		SELECT relation, 'request_' || relation, 'created_at', 'in_time', 60 FROM unnest('{plain, seen, kept}'::text[]) relation;
});
is($node->safe_psql('postgres', qq{SELECT total, good, problem FROM sla.slo_status('$_', '2020-11-25')}), '100|50|', "an objective over request_$_") foreach qw(seen kept);
fails(q{SELECT sla.slo_status('plain', '2020-11-25')}, qr/function sla.objective_\d+_at\(record\) does not exist/, 'but not where Citus takes the expression to the worker');
fails(q{INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('direct', 'request', 'created_at', 'done_at <= due_at', 60)},
	qr/triggers are not supported on distributed tables/, 'nor over the distributed table');

# clocks are of tables that are the coordinator's alone
$node->safe_psql('postgres', q{
	CREATE TABLE place (id int PRIMARY KEY, created_at timestamptz);
	SELECT create_reference_table('place');
	CREATE TABLE claim_line (id int PRIMARY KEY, created_at timestamptz);
	SELECT create_distributed_table('claim_line', 'id');
	CREATE SCHEMA team;
	SELECT citus_schema_distribute('team');
	CREATE TABLE team.task (id int PRIMARY KEY, created_at timestamptz);
	CREATE TABLE ticket (id int PRIMARY KEY, created_at timestamptz, is_done bool DEFAULT false, place int);
	SELECT sla.track('ticket');
	INSERT INTO sla.metric (relation, name, stop_when) VALUES ('ticket', 'done', 'is_done');
	INSERT INTO sla.policy (relation, name) VALUES ('ticket', 'any');
	INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'any', 'done', '1 bh @desk');
	INSERT INTO place VALUES (1);
	INSERT INTO ticket VALUES (1, '2020-11-20 09:00Z', true, 1);
});
fails("SELECT sla.track('$_')", qr/triggers are not supported on (distributed|reference) tables/, "sla.track('$_')") foreach qw(place claim_line team.task);
is($node->safe_psql('postgres', q{SELECT item, due_at > started_at FROM sla.clock}), '1|t', 'a tracked local table');
fails(q{SELECT create_distributed_table('ticket', 'id')}, qr/cannot distribute relation "ticket" because it has triggers/, 'it stays local');
is($node->safe_psql('postgres', q{SELECT count(*) FROM sla.status() WHERE status IN ('gap', 'failed') AND subject <> 'objective "plain"'}), '0', 'sla.status() has nothing to say');
is($worker->safe_psql('postgres', q{SELECT count(*) FROM sla.tracked}), '0', 'the worker\'s tables are empty');

# one that refers to a reference table is a shard, which Citus hides
$node->safe_psql('postgres', 'ALTER TABLE ticket ADD FOREIGN KEY (place) REFERENCES place');
like($node->safe_psql('postgres', q{INSERT INTO ticket VALUES (2, '2020-11-20 09:00Z', true, 1); SELECT DISTINCT relation, count(*) FROM sla.clock GROUP BY 1}), qr/^ticket_\d+\|2$/, 'made a shard, it is tracked under that name');
$node->safe_psql('postgres', q{
	CREATE TABLE job (id int PRIMARY KEY, created_at timestamptz, place int REFERENCES place);
	SELECT sla.track('job');
});
fails(q{INSERT INTO job VALUES (1)}, qr/trigger "sla_track_row_\d+" of table "job_\d+" is for another table/, 'and not one that is a shard already');

$node->safe_psql('postgres', 'DROP TABLE job, ticket; DROP VIEW request_plain, request_seen; DROP MATERIALIZED VIEW request_kept; DROP TABLE claim, request; DROP EXTENSION sla_tracker');
is($worker->safe_psql('postgres', q{SELECT count(*) FROM pg_extension WHERE extname = 'sla_tracker'}), '0', 'DROP EXTENSION goes to the worker');

$_->stop foreach ($worker, $node);
done_testing();
