# A physical standby serves every view and question, as the primary does, and
# follows calendars; promoted, it is written to.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->start;
$primary->safe_psql('postgres', q{
	SET timezone = 'UTC';
	CREATE ROLE regress_sla_reader LOGIN;
	CREATE EXTENSION sla_tracker;
	SELECT sla.grant_to('regress_sla_reader', 'reader');
	INSERT INTO sla.calendar (name, hours) VALUES ('desk', 'TZ=UTC Mo-Fr 09:00-17:00; PH off');
	CREATE TABLE ticket (id int PRIMARY KEY, team text DEFAULT 'red', status text DEFAULT 'new', created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z');
	SELECT sla.track('ticket', at => 'changed_at', labels => 'jsonb_build_object(''team'', team)', owner => 'team');
	INSERT INTO sla.metric (relation, name, start_at, stop_when, pause_when) VALUES ('ticket', 'done', 'created_at', 'status = ''done''', 'status = ''waiting''');
	INSERT INTO sla.policy (relation, name) VALUES ('ticket', 'any');
	INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'any', 'done', '4 bh @desk');
	INSERT INTO sla.objective (name, kind, relation, metric, target_percent, window_length) VALUES ('tickets', 'clock', 'ticket', 'done', 50, 'month');
	INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('fresh', 'ticket', 'changed_at', 'status <> ''waiting''', 50);
	INSERT INTO ticket (id) SELECT generate_series(1, 60);
	UPDATE ticket SET status = 'waiting', changed_at = '2020-11-20 10:00Z' WHERE id % 3 = 0;
	UPDATE ticket SET status = 'done', changed_at = '2020-11-20 12:00Z' WHERE id % 3 = 1;
	UPDATE ticket SET status = 'done', changed_at = '2020-11-23 12:00Z' WHERE id % 6 = 2;
});
$primary->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'backup', has_streaming => 1);
$standby->start;

sub caught_up
{
	$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
	return;
}

# What does not depend on the instant of the question.
my $questions = q{
	SET timezone = 'UTC';
	SET ROLE regress_sla_reader;
	SELECT clock_id, item, metric, policy, goal, owner, labels, started_at, stopped_at, due_at, state, verdict, is_stale FROM sla.clock ORDER BY clock_id;
	SELECT clock_id, due_at, is_breached FROM sla.report_open ORDER BY clock_id;
	SELECT clock_id, breached_at, late_seconds FROM sla.report_breach WHERE NOT is_open ORDER BY clock_id;
	SELECT * FROM sla.report_attainment WHERE period_start = '2020-11-01';
	SELECT * FROM sla.report_owner WHERE period_start = '2020-11-01';
	SELECT * FROM sla.report_attainment_by_label WHERE period_start = '2020-11-01';
	SELECT * FROM sla.explain('ticket', '1', 'done');
	SELECT * FROM sla.what_if('ticket', 'done', '2 bh @desk', '(,)');
	SELECT sla.suggest_goal('ticket', 'done', 90, 'desk');
	SELECT clock_id, due_at FROM sla.clock_at('ticket', '2020-11-20 11:00Z') ORDER BY clock_id;
	SELECT * FROM sla.slo_status('tickets', '2020-11-25 00:00Z');
	SELECT * FROM sla.slo_status('fresh', '2020-11-25 00:00Z');
	SELECT timestamptz '2020-11-20 16:00Z' + business_interval '2 bh @desk';
};
my $views = join '', map { "SELECT count(*) FROM $_ WHERE false;\nSELECT * FROM $_ LIMIT 3;\n" } split /\n/,
  $primary->safe_psql('postgres', q{SELECT oid::regclass FROM pg_class WHERE relnamespace = 'sla'::regnamespace AND relkind = 'v' AND obj_description(oid, 'pg_class') !~ '^(private|operator|administrator): '});

sub alike
{
	my ($name) = @_;
	my $asked;

	caught_up();
	$asked = $primary->safe_psql('postgres', $questions);
	cmp_ok(length $asked, '>', 5000, "$name: there is something to compare");
	is($standby->safe_psql('postgres', $questions), $asked, "$name: the standby answers alike");
	my ($code, $out, $err) = $standby->psql('postgres', "SET ROLE regress_sla_reader;\n$views", on_error_stop => 0);
	is($err, '', "$name: it serves every view");
	return;
}

alike('at first');
is($standby->safe_psql('postgres', q{SELECT pg_is_in_recovery(), count(*) FROM sla.verify('ticket')}), 't|0', 'sla.verify()');
cmp_ok($standby->safe_psql('postgres', q{SELECT count(*) FROM sla.status() WHERE status = 'ok'}), '>', 1, 'sla.status()');

# A calendar and a target that change: clocks that the standby reads are stale in
# the same way, and a session that has the calendar in its cache sees the change.
my ($in, $out) = ('', '');
my $timer = IPC::Run::timer($PostgreSQL::Test::Utils::timeout_default);
my $psql = IPC::Run::start([ 'psql', '-XAtq', '-d', $standby->connstr('postgres') ], '<', \$in, '>', \$out, $timer);

sub ask
{
	my ($sql) = @_;

	$out = '';
	$in = "$sql\n\\echo <done>\n";
	$psql->pump until $out =~ /<done>/;
	return $out =~ s/\s*<done>\s*$//r;
}
my $hours = q{SELECT business_seconds('2020-11-20 00:00Z', '2020-11-21 00:00Z', 'desk') / 3600;};
is(ask($hours), '8', 'a session of the standby');
$primary->safe_psql('postgres', q{INSERT INTO sla.holiday (calendar, day) VALUES ('desk', '2020-11-23')});
caught_up();
is(ask($hours), '8', 'the day itself is as before');
$primary->safe_psql('postgres', q{UPDATE sla.calendar SET hours = 'TZ=UTC Mo-Fr 09:00-18:00; PH off' WHERE name = 'desk'});
caught_up();
is(ask($hours), '9', 'and sees a changed calendar');
is($standby->safe_psql('postgres', q{SELECT count(*) > 0 FROM sla.clock WHERE is_stale}), 't', 'clocks are stale');
alike('stale');
$primary->safe_psql('postgres', q{UPDATE sla.target SET goal = '6 bh @desk'});
alike('another goal');
$primary->safe_psql('postgres', q{SELECT sla.refresh()});
alike('refreshed');

# What writes is refused, as everywhere on a standby.
foreach my $call (q{sla.sync('ticket')}, q{sla.refresh()}, q{sla.signal('ticket', '2', 'done', 'stop')}, q{sla.correct(1, NULL, '2020-11-20 10:30Z', 'x')},
	q{sla.untrack('ticket')}, q{sla.track('ticket')}, q{sla.tick()}, q{sla.fold()})
{
	my ($code, $stdout, $stderr) = $standby->psql('postgres', "SELECT $call");
	like($stderr, qr/in a read-only transaction|during recovery/, "refused: $call");
}

$in = "\\q\n";
$psql->finish;
$primary->stop;
$standby->promote;
is($standby->safe_psql('postgres', q{
	SET timezone = 'UTC';
	INSERT INTO ticket (id) VALUES (1001);
	UPDATE ticket SET status = 'done', changed_at = '2020-11-20 11:00Z' WHERE id = 1001;
	UPDATE ticket SET status = 'done', changed_at = '2020-11-24 11:00Z' WHERE id = 3;
	SELECT item, state, verdict FROM sla.clock WHERE item IN ('1001', '3') ORDER BY item;
	INSERT INTO sla.holiday (calendar, day) VALUES ('desk', '2020-11-24');
	SELECT sla.refresh() > 0;
	SELECT started, changed, cancelled, errors FROM sla.sync('ticket');
	SELECT count(*) FROM sla.verify('ticket');
}), "1001|stopped|met\n3|stopped|met\nt\n0|0|0|0\n0", 'promoted, it is written to');

$standby->stop;
done_testing();
