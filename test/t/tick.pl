# What sla.tick() raises survives: a kill of the ticking backend at any moment,
# a crash of who delivers alerts, a dump and a restore.

use strict;
use warnings;

use IPC::Run qw(start);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $node = PostgreSQL::Test::Cluster->new('tick');
$node->init;
$node->append_conf('postgresql.conf', "restart_after_crash = on\nfsync = off\nautovacuum = off");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION sla_tracker;
	CREATE TABLE ticket (id int PRIMARY KEY, opened timestamptz DEFAULT '2020-06-01 09:00Z');
	SELECT sla.track('ticket', at => 'opened');
	INSERT INTO sla.metric (relation, name, start_at) VALUES ('ticket', 'resolution', 'opened');
	INSERT INTO sla.policy (relation, name) VALUES ('ticket', 'all');
	INSERT INTO sla.target (relation, policy, metric, goal, alert_at) VALUES ('ticket', 'all', 'resolution', '4 bh @24/7', '{0.5,1}');
});

# The server starts again by itself after a kill, once it has seen that.
sub up_after
{
	my ($pid) = @_;

	for (1 .. 600)
	{
		if (slurp_file($node->logfile) =~ /\(PID $pid\) was terminated by signal/)
		{
			my ($ret) = $node->psql('postgres', 'SELECT 1');
			return if $ret == 0;
		}
		sleep 0.05;
	}
	die 'the server is not there';
}

# Killed fifty times at moments of chance.
my $tickets = 0;
srand(1);
foreach my $round (1 .. 50)
{
	$node->safe_psql('postgres', "INSERT INTO ticket SELECT $tickets + i FROM generate_series(1, 40) i");
	$tickets += 40;
	my ($in, $out, $err) = ('', '', '');
	my $psql = start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], '<', \$in, '>', \$out, '2>', \$err);
	$in = "SELECT pg_backend_pid();\n";
	$psql->pump until $out =~ /(\d+)\n/;
	my $pid = $1;
	$in .= "SELECT sla.tick('2020-06-01 11:01Z', 7);\n" x 40;
	$psql->pump_nb;
	sleep rand(0.04);
	kill 'KILL', $pid;
	eval { $psql->finish };
	up_after($pid);
}
$node->safe_psql('postgres', "SELECT sla.tick('2020-06-01 11:01Z') FROM generate_series(1, 3)") for 1 .. 3;
is($node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT item), min(at_fraction), max(at_fraction) FROM sla.alert'),
	"$tickets|$tickets|0.5|0.5", 'fifty kills: each clock is told of once');
is($node->safe_psql('postgres', 'SELECT count(DISTINCT clock_id) FROM sla.clock_hint'), $tickets, 'and each waits for the next');

# Who delivers: an example for one's own.  It marks what it has delivered in the
# transaction that takes it, and delivers where a second time does no harm: here
# in a table with the number of the alert as its key.
$node->safe_psql('postgres', 'CREATE TABLE delivered (alert bigint PRIMARY KEY, by text)');
my $deliver = q{
	WITH taken AS (
		SELECT a.id
		FROM sla.alert AS a
		WHERE a.delivered_at IS NULL AND a.withdrawn_at IS NULL AND a.silence IS NULL
		ORDER BY a.id
		LIMIT 20
		FOR UPDATE SKIP LOCKED
	), sent AS (
		INSERT INTO delivered SELECT id, pg_backend_pid()::text FROM taken
	)
	UPDATE sla.alert AS a SET delivered_at = clock_timestamp() FROM taken WHERE a.id = taken.id;
};
foreach my $round (1 .. 10)
{
	my @consumers = map {
		my ($in, $out, $err) = ("LISTEN sla_alert; SELECT pg_backend_pid();\n", '', '');
		my $psql = start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], '<', \$in, '>', \$out, '2>', \$err);
		$psql->pump until $out =~ /(\d+)\n/;
		my $pid = $1;
		$in .= $deliver x 10;
		$psql->pump_nb;
		[ $psql, $pid ] } 1 .. 2;
	sleep rand(0.03);
	# one ends in the middle, as a client whose machine fails
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($consumers[0][1])");
	eval { $_->[0]->finish } foreach @consumers;
}
$node->safe_psql('postgres', $deliver) for 1 .. $tickets / 20 + 1;
is($node->safe_psql('postgres', 'SELECT count(*), (SELECT count(*) FROM sla.alert WHERE delivered_at IS NULL), count(DISTINCT alert) FROM delivered'),
	"$tickets|0|$tickets", 'each is delivered once');
my ($said) = ('');
$node->psql('postgres', "LISTEN sla_alert; SELECT FROM sla.tick('2020-06-01 13:01Z')", stdout => \$said);
like($said, qr/Asynchronous notification "sla_alert"/, 'who listens is told');
unlike($said, qr/notification.*notification/s, 'once');

# A dump takes what was raised along, and what is still to come.
my $facts = q{SELECT kind, clock_id, at_fraction, at, raised_at, delivered_at IS NULL, withdrawn_at FROM sla.alert ORDER BY id};
$node->safe_psql('postgres', "INSERT INTO ticket VALUES (0); CREATE TABLE noted (alert bigint);"
	. "CREATE PROCEDURE note(alert bigint) LANGUAGE sql AS 'INSERT INTO public.noted VALUES (alert)';"
	. "INSERT INTO sla.escalation (relation, notify, run) VALUES ('ticket', 'ann', 'note');"
	. "INSERT INTO sla.silence (relation, item, during) VALUES ('ticket', '0', '(,)');");
my $before = $node->safe_psql('postgres', $facts);
my $file = $node->backup_dir;
mkdir $file;
$node->command_ok([ 'pg_dump', '-d', $node->connstr('postgres'), '-Fc', '-f', "$file/dump" ], 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'pg_restore', '-e', '-j', '2', '-d', $node->connstr('restored'), "$file/dump" ], 'pg_restore');
is($node->safe_psql('restored', $facts), $before, 'the outbox came back');
is($node->safe_psql('restored', q{SELECT made_by::text = current_user, notify FROM sla.escalation}), 't|ann', 'and escalations');
$node->safe_psql('restored', "SELECT sla.tick('2020-06-01 13:01Z')") for 1 .. 3;
is($node->safe_psql('restored', q{SELECT count(*), count(DISTINCT (clock_id, at_fraction)), count(*) FILTER (WHERE item = '0'), count(*) FILTER (WHERE silence IS NOT NULL) FROM sla.alert}),
	(2 * $tickets + 1) . '|' . (2 * $tickets + 1) . '|1|1', 'nothing is doubled, nothing lost');

$node->safe_psql('restored', 'INSERT INTO ticket VALUES (-1)');
$node->safe_psql('restored', "SELECT sla.tick('2020-06-01 13:01Z')") for 1 .. 2;
is($node->safe_psql('restored', q{SELECT count(*) FROM noted}), '1', 'what is called is called');
is($node->safe_psql('restored', q{SELECT count(*) FROM sla.escalation_run WHERE sqlstate IS NOT NULL}), '0', 'without a failure');

# While a session restores, whatever fails in it, nobody ticks: what a tick acts on is not there yet.
my $tick = q{psql -XAtq -v ON_ERROR_STOP=1 -d "} . $node->connstr('restored')
  . q{" -c "SELECT count(*) FROM sla.tick()" -c "SELECT status FROM sla.status() WHERE subject = 'restore'"};
my ($held, $messages) = ('', '');
$node->psql('restored', "SET check_function_bodies = off; SET row_security = off;\n\\! $tick\n"
	. "COPY sla.retention (kind, keep) FROM stdin;\nerror\t10 days\n\\.\nSELECT 1 / 0;\n\\! $tick\n",
	on_error_stop => 0, stdout => \$held, stderr => \$messages);
like($messages, qr/\A[^\n]*division by zero\s*\z/, 'the session has one error');
is($held, "8\n0\nrunning", 'no tick while it lasts');
is($node->safe_psql('restored', 'SELECT count(*) FROM sla.tick()'), '8', 'and again when it has ended');

$node->stop;
done_testing();
