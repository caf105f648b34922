# Dump and restore: a database whose tables sort before our schema and use the
# types, calendars and functions in every way that a table can.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('dump');
$node->init;
$node->start;

$node->safe_psql('postgres', 'CREATE DATABASE source');
$node->safe_psql('source', q{
	CREATE EXTENSION sla_tracker;
	INSERT INTO sla.calendar (name, hours, holidays_until, description) VALUES
		('support', 'TZ=Europe/Berlin Mo-Fr 09:00-17:30; PH off', '2027-12-31', 'the desk'),
		('Ünï "q"', 'TZ=UTC Mo-Su 10:00-11:00', NULL, NULL);
	INSERT INTO sla.calendar (name, hours) VALUES ('z_last', 'TZ=America/Denver Mo-Fr 09:00-17:00');
	INSERT INTO sla.calendar (name, combines) VALUES ('a_first', 'support + z_last'), ('a_second', 'a_first * support');
	INSERT INTO sla.holiday (calendar, day, name, hours) VALUES
		('support', '2026-12-25', 'Christmas Day', NULL), ('support', '2026-12-24', 'Christmas Eve', '09:00-12:00'), ('z_last', '2026-07-04', 'Independence Day', NULL);
	/* history: an update, a changed holiday, a deleted calendar */
	UPDATE sla.calendar SET hours = 'TZ=Europe/Berlin Mo-Fr 09:00-17:00; PH off' WHERE name = 'support';
	UPDATE sla.holiday SET hours = '09:00-13:00' WHERE day = '2026-12-24';
	INSERT INTO sla.calendar (name, hours) VALUES ('gone', '24/7');
	DELETE FROM sla.calendar WHERE name = 'gone';

	CREATE SCHEMA aaa;
	CREATE TABLE aaa.promise (
		id int PRIMARY KEY,
		goal business_interval NOT NULL CHECK (goal > business_interval '0 bh'),
		hours business_hours NOT NULL DEFAULT 'TZ=UTC Mo-Fr 09:00-17:00',
		opened timestamptz NOT NULL,
		due timestamptz GENERATED ALWAYS AS (business_add(opened, goal, hours)) STORED,
		CHECK (is_open(due - interval '1 microsecond', hours)),
		CHECK (calendar(goal) <> ''));
	CREATE INDEX ON aaa.promise (goal);
	CREATE INDEX ON aaa.promise USING hash (hours);
	CREATE INDEX ON aaa.promise ((business_seconds(opened, due, hours)));
	CREATE UNIQUE INDEX ON aaa.promise ((hours::text), id) WHERE goal > '2 bh';
	INSERT INTO aaa.promise (id, goal, hours, opened)
		SELECT i, make_business_interval(days => i % 3, mins => i, calendar => (ARRAY['support', 'Ünï "q"', 'not there', NULL])[1 + i % 4]),
			('TZ=Europe/Berlin Mo-Fr 09:00-' || 12 + i % 6 || ':00')::business_hours, timestamptz '2026-01-01 00:00Z' + i * interval '1 hour'
		FROM generate_series(1, 500) i;
	CREATE TABLE aaa.parted (goal business_interval, n int) PARTITION BY HASH (goal);
	CREATE TABLE aaa.parted_0 PARTITION OF aaa.parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
	CREATE TABLE aaa.parted_1 PARTITION OF aaa.parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
	INSERT INTO aaa.parted SELECT goal, id FROM aaa.promise;
	CREATE TABLE aaa.ticket (id int, opened timestamptz, due timestamptz);
	CREATE TRIGGER deadline BEFORE INSERT OR UPDATE ON aaa.ticket FOR EACH ROW EXECUTE FUNCTION sla_deadline('opened', '4 bh @support', 'due');
	INSERT INTO aaa.ticket VALUES (1, '2026-12-24 16:00+01');
	CREATE VIEW aaa.late AS SELECT id, opened + business_interval '1 bd @support' AS due FROM aaa.ticket;
	CREATE MATERIALIZED VIEW aaa.seen AS SELECT id, business_seconds(opened, due, 'support') AS used FROM aaa.ticket;
	CREATE DOMAIN aaa.goal AS business_interval CHECK (business_days(VALUE) < 100);
	CREATE TABLE aaa.of_domain (g aaa.goal DEFAULT '1 bd', a business_interval[]);
	INSERT INTO aaa.of_domain VALUES ('2 bd', '{1 bh,"2 bh @x"}');
});

# everything that must come back, as text
my $facts = q{
	SET timezone = 'UTC';
	SELECT 'calendar', c::text FROM sla.calendar c ORDER BY name COLLATE "C";
	SELECT 'holiday', h::text FROM sla.holiday h ORDER BY calendar COLLATE "C", day;
	SELECT 'history', h::text FROM sla.calendar_history h ORDER BY h::text COLLATE "C";
	SELECT 'promise', p::text FROM aaa.promise p ORDER BY id;
	SELECT 'parted', tableoid::regclass, p::text FROM aaa.parted p ORDER BY n;
	SELECT 'ticket', t::text FROM aaa.ticket t ORDER BY id;
	SELECT 'late', l::text FROM aaa.late l ORDER BY id;
	SELECT 'seen', s::text FROM aaa.seen s ORDER BY id;
	SELECT 'domain', d::text FROM aaa.of_domain d;
	SELECT 'answers', n, business_seconds('2026-07-01 00:00Z', '2027-01-01 00:00Z', n)
	FROM (SELECT name FROM sla.calendar) c(n) ORDER BY n COLLATE "C";
};
my $source = $node->safe_psql('source', $facts);
my @history = $source =~ /^history\|/mg;
cmp_ok(scalar @history, '>=', 2, 'there is history to dump');
like($source, qr/^seen\|/m, 'there are facts to compare');

my $dir = $node->backup_dir;
mkdir $dir;
my @from = ('-d', $node->connstr('source'));

$node->command_ok(['pg_dump', @from, '-f', "$dir/plain.sql"], 'pg_dump, plain');
$node->command_ok(['pg_dump', @from, '-Fc', '-f', "$dir/custom.dump"], 'pg_dump, custom');
$node->command_ok(['pg_dump', @from, '--inserts', '-f', "$dir/inserts.sql"], 'pg_dump, inserts');

foreach my $way ('plain', 'custom', 'custom_jobs', 'inserts', 'sections', 'again')
{
	$node->safe_psql('postgres', "CREATE DATABASE restored_$way");
	my $to = $node->connstr("restored_$way");

	if ($way eq 'plain' || $way eq 'inserts')
	{
		$node->command_ok(['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $to, '-f', "$dir/$way.sql"], "restore, $way");
	}
	elsif ($way eq 'sections')
	{
		foreach my $section ('pre-data', 'data', 'post-data')
		{
			$node->command_ok(['pg_restore', '-e', "--section=$section", '-d', $to, "$dir/custom.dump"], "restore, $section");
		}
	}
	elsif ($way eq 'again')
	{
		# a dump of what was restored
		$node->command_ok(['pg_dump', '-d', $node->connstr('restored_plain'), '-Fc', '-f', "$dir/again.dump"], 'pg_dump of the restored');
		$node->command_ok(['pg_restore', '-e', '-d', $to, "$dir/again.dump"], 'restore, again');
	}
	else
	{
		my @jobs = $way eq 'custom_jobs' ? ('-j', '2') : ();
		$node->command_ok(['pg_restore', '-e', @jobs, '-d', $to, "$dir/custom.dump"], "restore, $way");
	}
	is($node->safe_psql("restored_$way", $facts), $source, "$way: everything came back");
	$node->safe_psql("restored_$way", q{SET enable_seqscan = off; SELECT count(*) FROM aaa.promise WHERE goal = '1 bd 4 bm'});
	is($node->safe_psql("restored_$way", q{
		BEGIN;
		UPDATE sla.calendar SET hours = 'TZ=Europe/Berlin Mo-Fr 08:00-17:00; PH off' WHERE name = 'support';
		SELECT business_seconds('2026-12-23 00:00+01', '2026-12-24 00:00+01', 'support') / 3600;
		INSERT INTO aaa.ticket VALUES (2, '2026-12-23 08:00+01') RETURNING due = '2026-12-23 12:00+01';
		ROLLBACK}), "9\nt", "$way: the restored one works");
}

# a data-only restore into a database that has the extension
$node->safe_psql('postgres', 'CREATE DATABASE restored_clean');
$node->safe_psql('restored_clean', 'CREATE EXTENSION sla_tracker');
$node->command_ok(['pg_restore', '-e', '--data-only', '-n', 'sla', '-d', $node->connstr('restored_clean'), "$dir/custom.dump"], 'restore, data of ours alone');
is($node->safe_psql('restored_clean', q{SELECT count(*) FROM sla.calendar}), '5', 'calendars are there');

$node->stop;
done_testing();
