# Citus, on one node: deadlines on distributed tables, and objectives over what a
# view of the coordinator makes of them.  Only where its library is installed.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($pkglibdir) = `pg_config --pkglibdir` =~ /(.*)/;
plan skip_all => 'Citus is not installed' unless -e "$pkglibdir/citus.so";

my $node = PostgreSQL::Test::Cluster->new('citus');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'citus'");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION citus;
	CREATE EXTENSION sla_tracker;
	SELECT citus_set_coordinator_host('localhost', current_setting('port')::int);
	INSERT INTO sla.calendar (name, hours) VALUES ('desk', 'TZ=UTC Mo-Fr 09:00-17:00');
	CREATE TABLE request (tenant int, id int, created_at timestamptz, done_at timestamptz,
		due_at timestamptz GENERATED ALWAYS AS (business_add(created_at, '4 bh'::business_interval, 'TZ=UTC Mo-Fr 09:00-17:00'::business_hours)) STORED,
		PRIMARY KEY (tenant, id));
	SELECT create_distributed_table('request', 'tenant');
	INSERT INTO request (tenant, id, created_at, done_at)
		SELECT i % 8, i, '2020-11-20 09:00Z', '2020-11-20 09:00Z'::timestamptz + i % 10 * interval '1 hour' FROM generate_series(1, 100) i;
});
is($node->safe_psql('postgres', q{SET timezone = 'UTC'; SELECT DISTINCT due_at FROM request}), '2020-11-20 13:00:00+00', 'a generated column');
is($node->safe_psql('postgres', q{SELECT count(*) FROM request WHERE business_seconds(created_at, done_at, 'desk') <= 14400}), '50', 'functions of a named calendar');
is($node->safe_psql('postgres', q{SELECT attainment(done_at <= due_at) FROM request}), '50', 'the aggregate');

# the own trigger, which Citus wants to be told that one means it
$node->safe_psql('postgres', q{
	SET citus.enable_unsafe_triggers = on;
	CREATE TABLE claim (tenant int, id int, created_at timestamptz, due timestamptz, PRIMARY KEY (tenant, id));
	SELECT create_distributed_table('claim', 'tenant');
	SELECT run_command_on_shards('claim', $$CREATE TRIGGER deadline BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION sla_deadline(created_at, '2 bh @desk', due)$$);
	INSERT INTO claim (tenant, id, created_at) SELECT i % 8, i, '2020-11-20 09:00Z' FROM generate_series(1, 20) i;
});
is($node->safe_psql('postgres', q{SET timezone = 'UTC'; SELECT DISTINCT due FROM claim}), '2020-11-20 11:00:00+00', 'sla_deadline() on the shards');

# objectives read a view, whose query Citus distributes
$node->safe_psql('postgres', q{
	CREATE VIEW request_seen AS SELECT created_at, done_at <= due_at AS in_time FROM request OFFSET 0;
	INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('in time', 'request_seen', 'created_at', 'in_time', 60);
});
is($node->safe_psql('postgres', q{SELECT total, good, problem FROM sla.slo_status('in time', '2020-11-25')}), '100|50|', 'an objective over a distributed table');

$node->stop;
done_testing();
