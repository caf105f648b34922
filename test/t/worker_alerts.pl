# What the background worker is for: alerts at their instant, whoever makes them
# due, and nothing for those who write while it sleeps.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $node = PostgreSQL::Test::Cluster->new('worker_alerts');
$node->init;
$node->start;
my $library = $node->safe_psql('postgres', q{SELECT CASE current_setting('dynamic_library_path') WHEN '$libdir' THEN '$libdir/' ELSE '' END || 'sla_tracker'});
$node->append_conf('postgresql.conf', "shared_preload_libraries = '$library'");
$node->restart;

sub psql { return $node->safe_psql('postgres', $_[0]) }

sub until_true
{
	my ($condition) = @_;

	return $node->poll_query_until('postgres', "SELECT coalesce(($condition), false)");
}

psql(q{
	CREATE EXTENSION sla_tracker;
	INSERT INTO sla.calendar (name, hours) VALUES ('always', '24/7');
	CREATE TABLE ticket (id int PRIMARY KEY, opened timestamptz, status text DEFAULT 'open', note text, written_at timestamptz DEFAULT clock_timestamp());
	SELECT sla.track('ticket', item => 'id');
	INSERT INTO sla.metric (relation, name, start_at, stop_when) VALUES ('ticket', 'resolution', 'opened', $$status = 'closed'$$);
	INSERT INTO sla.policy (relation, name, applies_when, rank) VALUES ('ticket', 'all', 'true', 1);
	INSERT INTO sla.target (relation, policy, metric, goal, alert_at) VALUES ('ticket', 'all', 'resolution', '1 hour @always', '{1}');
});
until_true('SELECT ticks > 0 AND worker_pid IS NULL FROM sla.worker');
sleep 1;

# In time: a ticket that is due in a second, while the worker sleeps an hour

is(psql(q{SELECT next_wake_at > now() + interval '50 minutes' FROM sla.worker}), 't', 'at first it sleeps long');
foreach my $i (1 .. 5)
{
	psql("INSERT INTO ticket VALUES ($i, clock_timestamp() - interval '59 minutes 59 seconds')");
	until_true("SELECT count(*) = $i FROM sla.alert");
}
my @late = sort { $a <=> $b } split /\n/, psql(q{SELECT extract(epoch FROM raised_at - at) * 1000 FROM sla.alert WHERE kind = 'breach'});
note("a second ahead, in ms late: @late");
is(scalar @late, 5, 'one alert for each');
cmp_ok($late[0], '>=', 0, 'never before the deadline');
cmp_ok($late[2], '<', 100, 'within 100 ms of the deadline (median of 5)');

# Nothing that is further away wakes it, nor does what changes no deadline

sleep 0.5;
psql(q{INSERT INTO ticket VALUES (10, clock_timestamp() - interval '20 minutes')});
until_true(q{SELECT next_wake_at < now() + interval '41 minutes' AND worker_pid IS NULL FROM sla.worker});
sleep 0.5;
my $wakes = psql('SELECT launcher_wakes, visits FROM sla.worker');
foreach my $i (11 .. 60)
{
	psql("INSERT INTO ticket VALUES ($i, clock_timestamp() - interval '10 minutes')");
}
psql(q{UPDATE ticket SET note = 'later'});
psql(q{BEGIN; INSERT INTO ticket VALUES (70, clock_timestamp() - interval '59 minutes 59 seconds'); ROLLBACK});
psql(q{UPDATE ticket SET status = 'closed' WHERE id > 30});
sleep 2;
is(psql('SELECT launcher_wakes, visits FROM sla.worker'), $wakes, 'no wake-up for deadlines further away, a rollback, an end, or another column');

# What moves a deadline to the front

psql(q{SELECT sla.correct(clock_id, clock_timestamp() - interval '59 minutes 59 seconds', NULL, 'it began earlier') FROM sla.clock WHERE item = '11'});
ok(until_true(q{SELECT count(*) = 1 FROM sla.alert WHERE item = '11'}), 'a ticket whose start is corrected');
psql(q{UPDATE sla.target SET goal = '5 minutes @always'});
ok(until_true(q{SELECT count(*) = 1 FROM sla.alert WHERE item = '20'}), 'a goal that is shortened') or diag(psql('SELECT * FROM sla.tick_state'));

# An agreement that is to be reviewed, until it is

psql(q{INSERT INTO sla.agreement (party, name, calendar, valid_from, review_every) VALUES ('acme', 'gold', 'always', now() - interval '1 month' + interval '2 seconds', '1 month')});
ok(until_true(q{SELECT count(*) = 1 AND min(raised_at - at) < interval '5 seconds' FROM sla.alert WHERE kind = 'review'}), 'an agreement that is due for review');
psql(q{INSERT INTO sla.annotation (subject, party, key, kind, text) VALUES ('agreement', 'acme', 'gold', 'review', 'held')});
ok(until_true(q{SELECT withdrawn_at - raised_at < interval '1 minute' FROM sla.alert WHERE kind = 'review'}), 'and was reviewed');

# A call of an escalation that is to be tried once more

psql(q{
	CREATE TABLE called (alert bigint);
	CREATE PROCEDURE call(alert bigint) LANGUAGE sql AS 'INSERT INTO public.called VALUES ($1)';
	INSERT INTO sla.escalation (relation, run) VALUES ('ticket', 'call');
	INSERT INTO ticket VALUES (80, clock_timestamp() - interval '2 hours');
});
ok(until_true('SELECT count(*) = 1 FROM called'), 'an escalation');
until_true('SELECT next_wake_at > now() + interval \'1 minute\' AND worker_pid IS NULL FROM sla.worker');
psql(q{UPDATE sla.escalation_run SET tries = 0, next_at = now()});
ok(until_true('SELECT count(*) = 2 FROM called'), 'and once more');
psql('DELETE FROM sla.escalation');

# A hundred writers at once with deadlines of their own

psql(q{UPDATE ticket SET status = 'closed'});
psql(q{UPDATE sla.target SET goal = '1 hour @always'; DELETE FROM sla.alert});
my $script = $node->basedir . '/writers.sql';
append_to_file($script, q{INSERT INTO ticket SELECT nextval('ids'), clock_timestamp() - interval '1 hour' + random() * interval '4 seconds';});
psql('CREATE SEQUENCE ids START 1000');
$node->command_ok([ 'pgbench', '-n', '-c', '8', '-t', '50', '-f', $script, '-h', $node->host, '-p', $node->port, 'postgres' ], 'writers');
ok(until_true(q{SELECT count(*) = 400 AND count(DISTINCT item) = 400 FROM sla.alert WHERE kind = 'breach'}), 'each has its alert, and one');
my ($median, $worst) = split /\|/, psql(q{SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY late), max(late)
	FROM (SELECT extract(epoch FROM a.raised_at - greatest(a.at, t.written_at)) * 1000 AS late
		FROM sla.alert a JOIN ticket t ON t.id::text = a.item WHERE a.kind = 'breach') x});
note("in ms late: median $median, worst $worst");
cmp_ok($median, '<', 1000, 'in time, too');
is(psql('SELECT errors FROM sla.worker'), '0', 'without an error');
is(psql(q{SELECT status FROM sla.status() WHERE subject = 'worker'}), 'ok', 'sla.status() says so');

# DROP EXTENSION and the worker do not wait for each other, in the midst of its work either

my @failed;
foreach my $i (1 .. 12)
{
	psql(q{
		CREATE TABLE brief (id int PRIMARY KEY, opened timestamptz);
		SELECT sla.track('brief');
		INSERT INTO sla.metric (relation, name, start_at) VALUES ('brief', 'age', 'opened');
		INSERT INTO sla.policy (relation, name) VALUES ('brief', 'all');
		INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('brief', 'all', 'age', '1 bh @24/7');
		INSERT INTO brief SELECT n, clock_timestamp() - interval '1 hour' + n * interval '5 ms' FROM generate_series(1, 300) n;
	});
	sleep 0.1 * ($i % 6);
	my ($code, $out, $error) = $node->psql('postgres', 'DROP TABLE IF EXISTS ticket, brief; DROP EXTENSION sla_tracker');
	push @failed, grep { /ERROR/ } split(/\n/, $error);
	psql('DROP EXTENSION IF EXISTS sla_tracker CASCADE; DROP TABLE IF EXISTS brief; CREATE EXTENSION sla_tracker');
}
is(join("\n", @failed), '', 'DROP EXTENSION while the worker is at work');

$node->stop;
done_testing();
