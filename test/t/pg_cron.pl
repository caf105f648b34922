# Without the background worker: pg_cron, or psql in a crontab, comes to the same
# alerts.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('pg_cron');
$node->init;
$node->start;

my $definitions = q{
	CREATE EXTENSION sla_tracker;
	INSERT INTO sla.calendar (name, hours) VALUES ('always', '24/7');
	CREATE TABLE ticket (id int PRIMARY KEY, opened timestamptz, status text DEFAULT 'open');
	SELECT sla.track('ticket', item => 'id');
	INSERT INTO sla.metric (relation, name, start_at, stop_when) VALUES ('ticket', 'resolution', 'opened', $$status = 'closed'$$);
	INSERT INTO sla.policy (relation, name, applies_when, rank) VALUES ('ticket', 'all', 'true', 1);
	INSERT INTO sla.target (relation, policy, metric, goal, alert_at) VALUES ('ticket', 'all', 'resolution', '1 hour @always', '{1}');
	INSERT INTO ticket SELECT i, clock_timestamp() - interval '1 hour' + i * interval '700 ms' FROM generate_series(1, 5) i;
};
my $alerts = q{SELECT string_agg(concat_ws(' ', kind, at_fraction, item), ', ' ORDER BY item) FROM sla.alert};
my $expected = join ', ', map { "breach 1 $_" } 1 .. 5;

# psql, as in a crontab

$node->safe_psql('postgres', 'CREATE DATABASE by_psql');
$node->safe_psql('by_psql', $definitions);
$node->poll_query_until('by_psql', q{SELECT max(due_at) < now() FROM sla.clock});
$node->command_ok([ 'psql', '-XAqt', '-d', $node->connstr('by_psql'), '-c', 'SELECT sla.tick()' ], 'psql, as in a crontab') foreach (1 .. 2);
is($node->safe_psql('by_psql', $alerts), $expected, 'and its alerts');

# pg_cron

SKIP:
{
	skip 'pg_cron is not installed', 1
	  if $node->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_cron'}) eq '0';
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_cron'\ncron.database_name = 'postgres'\ncron.use_background_workers = on");
	$node->restart;
	$node->safe_psql('postgres', $definitions);
	$node->safe_psql('postgres', 'CREATE EXTENSION pg_cron');

	# (before 1.5 a minute was its shortest beat)
	my $beat = $node->safe_psql('postgres', q{SELECT CASE WHEN substring(extversion, '^\d+[.]\d+')::numeric >= 1.5 THEN '1 second' ELSE '* * * * *' END FROM pg_extension WHERE extname = 'pg_cron'});
	$node->poll_query_until('postgres', q{SELECT max(due_at) < now() FROM sla.clock});
	$node->safe_psql('postgres', "SELECT cron.schedule('sla_tracker', '$beat', 'SELECT sla.tick()')");
	$node->poll_query_until('postgres', 'SELECT count(*) > 0 FROM sla.alert');
	is($node->safe_psql('postgres', $alerts), $expected, 'pg_cron comes to the same');
}

$node->stop;
done_testing();
