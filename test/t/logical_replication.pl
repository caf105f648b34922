# A calendar that logical replication changes: a session of the subscriber that
# has it in its cache sees the change.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $publisher = PostgreSQL::Test::Cluster->new('publisher');
$publisher->init(allows_streaming => 'logical');
$publisher->start;
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init(allows_streaming => 'logical');
$subscriber->start;

$_->safe_psql('postgres', 'CREATE EXTENSION sla_tracker') foreach ($publisher, $subscriber);
$publisher->safe_psql('postgres', q{
	INSERT INTO sla.calendar (name, hours) VALUES ('c', 'TZ=UTC Mo-Su 09:00-17:00'), ('d', 'TZ=UTC Mo-Su 20:00-21:00');
	INSERT INTO sla.calendar (name, combines) VALUES ('cd', 'c + d');
	CREATE PUBLICATION p FOR TABLE sla.calendar, sla.holiday;
});
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION s CONNECTION \$c\$" . $publisher->connstr('postgres') . "\$c\$ PUBLICATION p");
$subscriber->wait_for_subscription_sync($publisher, 's') if $subscriber->can('wait_for_subscription_sync');
$subscriber->poll_query_until('postgres', q{SELECT count(*) = 3 FROM sla.calendar})
  or die 'the first copy did not arrive';

sub hours
{
	my ($c) = @_;

	return "SELECT business_seconds('2026-11-20 00:00Z', '2026-11-21 00:00Z', '$c') / 3600;";
}

# A session that stays.  (background_psql's interface differs between majors.)
my ($in, $out) = ('', '');
my $timer = IPC::Run::timer($PostgreSQL::Test::Utils::timeout_default);
my $psql = IPC::Run::start(['psql', '-XAtq', '-d', $subscriber->connstr('postgres')], '<', \$in, '>', \$out, $timer);

sub ask
{
	my ($sql) = @_;

	$out = '';
	$in = "$sql\n\\echo <done>\n";
	$psql->pump until $out =~ /<done>/;
	$out =~ s/<done>\s*$//;
	$out =~ s/\s+$//;
	return $out;
}

sub arrived
{
	$publisher->wait_for_catchup('s');
	return;
}

is(ask(hours('c')), '8', 'before');
is(ask(hours('cd')), '9', 'before, combination');
is(ask(hours('later')), '', 'no such calendar yet');

$publisher->safe_psql('postgres', q{UPDATE sla.calendar SET hours = 'TZ=UTC Mo-Su 09:00-18:00' WHERE name = 'c'});
arrived();
is(ask(hours('c')), '9', 'UPDATE applied');
is(ask(hours('cd')), '10', 'UPDATE applied, combination');

ask('BEGIN;');
is(ask(hours('c')), '9', 'in a transaction');
$publisher->safe_psql('postgres', q{INSERT INTO sla.holiday (calendar, day, hours) VALUES ('c', '2026-11-20', '09:00-10:00')});
arrived();
is(ask(hours('c')), '1', 'INSERT of a holiday applied, seen inside a transaction');
ask('COMMIT;');

ask('BEGIN ISOLATION LEVEL REPEATABLE READ;');
is(ask(hours('c')), '1', 'in a REPEATABLE READ transaction');
$publisher->safe_psql('postgres', q{DELETE FROM sla.holiday});
arrived();
is(ask(hours('c')), '1', 'DELETE applied, the transaction keeps its view');
ask('COMMIT;');
is(ask(hours('c')), '9', 'and sees it afterwards');

$publisher->safe_psql('postgres', q{INSERT INTO sla.calendar (name, hours) VALUES ('later', '24/7')});
arrived();
is(ask(hours('later')), '24', 'INSERT of a calendar applied');

$publisher->safe_psql('postgres', q{INSERT INTO sla.holiday (calendar, day) VALUES ('c', '2026-11-20')});
arrived();
is(ask(hours('c')), '0', 'holiday applied');
$publisher->safe_psql('postgres', q{TRUNCATE sla.holiday});
arrived();
is(ask(hours('c')), '9', 'TRUNCATE applied');

$publisher->safe_psql('postgres', q{DELETE FROM sla.calendar WHERE name = 'later'});
arrived();
is(ask(hours('later')), '', 'DELETE of a calendar applied');

$in = "\\q\n";
$psql->finish;
$subscriber->safe_psql('postgres', 'DROP SUBSCRIPTION s');
$subscriber->stop;
$publisher->stop;
done_testing();
