# script/replay: what is a log, which lines count, and who kept the promise.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename;
use IPC::Run qw(run);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $script = abs_path(dirname(__FILE__) . '/../../script');
my $dir    = PostgreSQL::Test::Utils::tempdir;

my @header = qw(number ident_state active reassignment_count reopen_count
  sys_mod_count made_sla caller_id opened_by opened_at sys_created_by
  sys_created_at sys_updated_by sys_updated_at contact_type location category
  category u_symptom cmdb_ci impact urgency priority assignment_group
  assigned_to knowledge u_priority_confirmation notify problem_id rfc vendor
  caused_by closed_code resolved_by resolved_at closed_at);

# One line of a log; what is not given is a plain value.
sub row
{
	my %value = (
		ident_state    => 'New',
		active         => 'true',
		made_sla       => 'true',
		opened_at      => '29/2/2016 09:00',
		sys_updated_at => '29/2/2016 09:00',
		priority       => 3,
		(map { $_ => 0 } qw(reassignment_count reopen_count sys_mod_count)),
		@_);

	return join(',', map { $value{$_} // '?' } @header);
}

sub file_of
{
	my ($name, $content) = @_;

	open(my $fh, '>:raw', "$dir/$name") or die $!;
	print $fh $content;
	close $fh;
	return "$dir/$name";
}

# Exit status, output and messages of a script.
sub outcome
{
	my @command = @_;
	my ($out, $err) = ('', '');

	run(\@command, '<', \'', '>', \$out, '2>', \$err);
	return ($? >> 8, $out, $err);
}

my $header = join(',', @header);

# What is no log is refused.

my $good = "$header\n" . row(number => 'A') . "\n";
for my $case (
	[ 'missing', undef, qr/cannot be opened: No such file/ ],
	[ 'empty', '', qr/is empty/ ],
	[ 'binary', "\x7fELF\0\0\0\1" x 50, qr/does not begin with a line of text/ ],
	[ 'endless', 'x' x 3_000_000, qr/does not begin with a line of text/ ],
	[ 'utf16', "\xff\xfen\0u\0m\0", qr/does not begin with a line of text/ ],
	[ 'latin1', "number,\xe9tat\n", qr/first line is not UTF-8/ ],
	[ 'other', "id,name\n1,x\n", qr/lacks the columns number, ident_state, active,/ ],
	[ 'semicolons', $good =~ tr/,/;/r, qr/columns must be separated by commas/ ],
	[ 'one short', $good =~ s/,priority,/,prio,/r, qr/lacks the column priority$/m ],
	[ 'twice', $good =~ s/,knowledge,/,number,/r, qr/names column "number" twice/ ],
	[ 'quote', "\"number,state\n", qr/first line has a quote that is not closed/ ],
	[ 'header only', "$header\n", qr/holds no event that can be used \(0 bad lines\)/ ],
	[ 'all bad', "$header\nx\n", qr/holds no event that can be used \(1 bad lines\)/ ])
{
	my ($name, $content, $message) = @$case;
	my $file = defined $content ? file_of($name, $content) : "$dir/$name";
	my ($status, $out, $err) = outcome("$script/replay", $file);

	is($status, 2, "$name: refused");
	like($err, $message, "$name: the reason");
	like($err, qr/^replay: \Q$file\E: /m, "$name: the file is named");
	is($out, '', "$name: nothing printed");
}
like((outcome("$script/replay", $dir))[2], qr/is a directory/, 'a directory');
like((outcome("$script/replay"))[2], qr/FILE is missing/, 'no file');
like((outcome("$script/replay", '--what', 'x'))[2], qr/no option --what/, 'no such option');
like((outcome("$script/replay", '--goal', '7=1 bh', 'x'))[2], qr/a goal is given as/, 'a bad goal');

my $many = $good . join('', map { row(number => $_ * 7919 % 10007) . "\n" } 1 .. 2000);
my $packed;
run([ 'gzip', '-c' ], '<', \$many, '>', \$packed) or die;
file_of('whole.gz', $packed);
file_of('cut.gz', substr($packed, 0, length($packed) / 2));
my ($status, $out, $err) = outcome("$script/replay", "$dir/cut.gz");
is($status, 2, 'a truncated gzip file: refused');
like($err, qr/gzip could not unpack it to its end/, 'a truncated gzip file: the reason');
is((outcome("$script/lib/read-log", "$dir/whole.gz"))[1],
	(outcome("$script/lib/read-log", file_of('whole', $many)))[1],
	'gzip and plain read alike');

# Lines: some are good however strange, others are told and skipped.

my $injection = q{'); DROP TABLE incident; --};
my @lines = (
	"\xef\xbb\xbf$header",
	row(number => 'plain'),
	row(number => '"a ""quoted"", one"', assignment_group => '"Desk, first"'),
	row(number => $injection, assignment_group => '$$; \! touch ' . "$dir/pwned"),
	row(number => '\.', ident_state => '\N', assignment_group => ':top \\t'),
	row(number => "Z\xc3\xbcrich", priority => '2 - High'),
	row(number => 'split', u_symptom => "\"two\r\nlines, and \"\"more\"\"\""),
	row(number => 'iso', opened_at => '2016-02-29 09:00:30', sys_updated_at => '2016-02-29T09:01'),
	'',
	row(number => ''),
	row(number => '?'),
	row(number => 'n', ident_state => ''),
	row(number => 'n', priority => 0),
	row(number => 'n', priority => '3x'),
	row(number => 'n', priority => '?'),
	row(number => 'n', opened_at => '30/2/2016 09:00'),
	row(number => 'n', opened_at => '2/29/2016 09:00'),
	row(number => 'n', opened_at => '?'),
	row(number => 'n', sys_updated_at => '29/2/2015 09:00'),
	row(number => 'n', sys_updated_at => '28/2/2016 24:00'),
	row(number => 'n', sys_updated_at => '1/1/2151 00:00'),
	row(number => 'n', resolved_at => 'yesterday'),
	row(number => 'n', sys_mod_count => -1),
	row(number => 'n', reopen_count => 10_000_000_000),
	row(number => 'n', active => 'maybe'),
	row(number => 'n', made_sla => 1),
	row(number => 'n') . ',one more',
	'n,New',
	row(number => "bad \xe9"),
	row(number => "surrogate \xed\xa0\x80"),
	row(number => "nul \0 byte"),
	row(number => "bell \a"),
	row(number => "csi \xc2\x9b2J"),
	row(number => 'x' x 129),
	row(number => 'n', u_symptom => 'a "quote" within'),
	row(number => 'n', u_symptom => '"closed" early'),
	row(number => 'n', u_symptom => '"never closed'),
	row(number => 'after'),
	row(number => 'n', u_symptom => 'x' x 1_048_576),
	$header,
	row(number => 'last'));
my $hostile = file_of('hostile', join("\r\n", @lines));
($status, $out, $err) = outcome("$script/lib/read-log", $hostile);
is($status, 0, 'hostile lines: read');
is($out, join('', map { "$_\n" }
	"2	plain	New	f	0	0	0	true	2016-02-29 09:00:00	2016-02-29 09:00:00	3	\\N	\\N",
	"3	a \"quoted\", one	New	f	0	0	0	true	2016-02-29 09:00:00	2016-02-29 09:00:00	3	Desk, first	\\N",
	"4	$injection	New	f	0	0	0	true	2016-02-29 09:00:00	2016-02-29 09:00:00	3	\$\$; \\\\! touch $dir/pwned	\\N",
	"5	\\\\.	\\\\N	f	0	0	0	true	2016-02-29 09:00:00	2016-02-29 09:00:00	3	:top \\\\t	\\N",
	"6	Z\xc3\xbcrich	New	f	0	0	0	true	2016-02-29 09:00:00	2016-02-29 09:00:00	2	\\N	\\N",
	"7	split	New	f	0	0	0	true	2016-02-29 09:00:00	2016-02-29 09:00:00	3	\\N	\\N",
	"9	iso	New	f	0	0	0	true	2016-02-29 09:00:30	2016-02-29 09:01:00	3	\\N	\\N",
	"39	after	New	f	0	0	0	true	2016-02-29 09:00:00	2016-02-29 09:00:00	3	\\N	\\N",
	"42	last	New	f	0	0	0	true	2016-02-29 09:00:00	2016-02-29 09:00:00	3	\\N	\\N"),
	'hostile lines: the good ones');
is($err, <<'EOE', 'hostile lines: the bad ones, with the reason');
line 11 has no incident number
line 12 has no incident number
line 13 has no state
line 14 has a bad priority "0"
line 15 has a bad priority "3x"
line 16 has a bad priority "?"
line 17 has a bad opened_at "30/2/2016 09:00"
line 18 has a bad opened_at "2/29/2016 09:00"
line 19 has a bad opened_at "?"
line 20 has a bad sys_updated_at "29/2/2015 09:00"
line 21 has a bad sys_updated_at "28/2/2016 24:00"
line 22 has a bad sys_updated_at "1/1/2151 00:00"
line 23 has a bad resolved_at "yesterday"
line 24 has a bad sys_mod_count "-1"
line 25 has a bad reopen_count "10000000000"
line 26 has a bad active "maybe"
line 27 has a bad made_sla "1"
line 28 has 37 fields, not 36
line 29 has 2 fields, not 36
line 30 is not UTF-8
line 31 is not UTF-8
line 32 has a NUL byte
line 33 has a control character in its number "bell \x07"
line 34 has a control character in its number "csi \xc2\x9b2J"
line 35 has a number of more than 128 characters
line 36 has a quote out of place in field 19
line 37 has a quote out of place in field 19
line 38 has a quote that is not closed
line 40 is longer than 65536 bytes
line 41 has a bad reassignment_count "reassignment_count"
read-log: 9 events, 30 bad lines
EOE

# Real runs.

my $node = PostgreSQL::Test::Cluster->new('replay');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION sla_tracker');
my @replay = ("$script/replay", '--database', $node->connstr('postgres'));

sub verdicts
{
	return $node->safe_psql('postgres', q{
		SET timezone = 'UTC'; SET datestyle = 'ISO';
		SELECT number, priority, to_char(due_at, 'DD HH24:MI'), to_char(resolved_at, 'DD HH24:MI'), met
		FROM sla_replay.verdict ORDER BY number COLLATE "C"});
}

sub clear
{
	$node->safe_psql('postgres', q{DROP SCHEMA sla_replay CASCADE; DELETE FROM sla.holiday; DELETE FROM sla.calendar});
	return;
}

($status, $out, $err) = outcome(@replay, $hostile);
is($status, 0, 'the hostile log is replayed');
like($out, qr/^Log +9 events of 9 incidents/m, 'its good lines count');
like($out, qr/^Skipped +30 bad lines$/m, 'and the bad ones are told');
like($err, qr/^line 11 has no incident number\n(?:line .*\n)+line 41 has a bad reassignment_count/, 'on standard error');
unlike($err, qr/\e|ERROR/, 'and nothing else');
ok(!-e "$dir/pwned", 'no text of the log is obeyed');
is($node->safe_psql('postgres', q{SELECT to_regnamespace('sla_replay') IS NULL, count(*) FROM sla.calendar}),
	't|0', 'nothing is left behind');

# Each incident's story, and what must come of it.  2016-02-29 is a Monday;
# priority 1 has 4 opening hours, 2 has 8, 3 has 40 (08:00 to 18:00).
sub event
{
	my ($number, $revision, $at, $state, @more) = @_;

	return row(
		number         => $number,
		sys_mod_count  => $revision,
		sys_updated_at => $at,
		ident_state    => $state,
		active         => $state eq 'Closed' ? 'false' : 'true',
		priority       => 1,
		@more);
}
my @resolved_4th = (resolved_at => '29/2/2016 13:00', closed_at => '5/3/2016 12:00');
my $story = join("\n", $header,
	# exactly on the deadline
	event('on time', 0, '29/2/2016 09:00', 'New', @resolved_4th),
	event('on time', 1, '29/2/2016 13:00', 'Resolved', @resolved_4th),
	event('on time', 2, '5/3/2016 12:00', 'Closed', @resolved_4th),
	# a minute late, and no resolved_at in the log
	event('late', 0, '29/2/2016 09:00', 'New'),
	event('late', 1, '29/2/2016 13:01', 'Resolved', made_sla => 'false'),
	# lines out of order: revision decides within a minute
	event('shuffled', 2, '29/2/2016 10:00', 'Closed'),
	event('shuffled', 1, '29/2/2016 10:00', 'Active'),
	event('shuffled', 0, '29/2/2016 09:30', 'New'),
	# resolved in time, reopened, resolved late; the log knows the last one
	event('reopened', 0, '29/2/2016 09:00', 'New', resolved_at => '1/3/2016 09:00'),
	event('reopened', 1, '29/2/2016 11:00', 'Resolved', resolved_at => '1/3/2016 09:00'),
	event('reopened', 2, '29/2/2016 17:00', 'Active', resolved_at => '1/3/2016 09:00'),
	event('reopened', 3, '1/3/2016 09:00', 'Resolved', resolved_at => '1/3/2016 09:00'),
	# reopened, and the log's resolved_at is that of the first time
	event('stale', 0, '29/2/2016 09:00', 'New', resolved_at => '29/2/2016 11:00'),
	event('stale', 1, '29/2/2016 11:00', 'Resolved', resolved_at => '29/2/2016 11:00'),
	event('stale', 2, '29/2/2016 11:10', 'Active', resolved_at => '29/2/2016 11:00'),
	event('stale', 3, '1/3/2016 12:00', 'Closed', resolved_at => '29/2/2016 11:00'),
	# resolved before it was opened
	event('backwards', 0, '29/2/2016 09:00', 'New', resolved_at => '28/2/2016 09:00'),
	event('backwards', 1, '29/2/2016 12:00', 'Resolved', resolved_at => '28/2/2016 09:00'),
	# another promise on the way
	event('raised', 0, '29/2/2016 09:00', 'New', priority => 3),
	event('raised', 1, '29/2/2016 10:00', 'Active', priority => 1),
	event('raised', 2, '29/2/2016 14:00', 'Resolved', priority => 1),
	# never resolved: late, due at the log's last event, due later
	event('open late', 0, '8/3/2016 11:00', '-100', opened_at => '8/3/2016 10:59'),
	event('open at end', 0, '8/3/2016 11:00', 'New', opened_at => '8/3/2016 11:00'),
	event('open', 0, '8/3/2016 11:01', 'New', opened_at => '8/3/2016 11:01'),
	# inactive is done, whatever it is called
	event('cancelled', 0, '29/2/2016 09:00', 'New'),
	event('cancelled', 1, '29/2/2016 12:00', 'Cancelled', active => 'false'),
	# a weekend, a night and a holiday (Monday the 7th) in between
	event('long', 0, '4/3/2016 17:00', 'New', opened_at => '4/3/2016 17:00', priority => 2),
	event('long', 1, '8/3/2016 15:00', 'Resolved', opened_at => '4/3/2016 17:00', priority => 2), '');
my $expected = <<'EOE';
backwards|1|29 13:00|29 12:00|t
cancelled|1|29 13:00|29 12:00|t
late|1|29 13:00|29 13:01|f
long|2|08 15:00|08 15:00|t
on time|1|29 13:00|29 13:00|t
open|1|08 15:01||
open at end|1|08 15:00||
open late|1|08 14:59||f
raised|1|29 13:00|29 14:00|f
reopened|1|29 13:00|01 09:00|f
shuffled|1|29 13:00|29 10:00|t
stale|1|29 13:00|01 12:00|f
EOE
chomp $expected;

# The log of the past, the same told of days to come (weekdays and leap years
# repeat after 28 years), and with the lines in another order.
for my $case (
	[ 'in the past', $story ],
	[ 'in the future', $story =~ s{/2016 }{/2072 }gr ],
	[ 'upside down', join("\n", $header, reverse((split /\n/, $story)[ 1 .. ($story =~ tr/\n//) - 1 ]), '') ])
{
	my ($name, $content) = @$case;
	my $day = $name =~ /future/ ? '2072-03-07' : '2016-03-07';

	($status, $out, $err) = outcome(@replay, '--keep', '--holiday', $day, file_of('story', $content));
	is($status, 0, "a log $name is replayed");
	is($err, '', "a log $name: no complaint");
	is(verdicts(), $expected, "a log $name: the verdicts");
	clear();
}

# The whole report on that log.
($status, $out, $err) =
  outcome(@replay, '--top=2', '--holiday=2016-03-07', '--goal=2=1 bd', "$dir/story");
$out =~ s/[ ]+$//mg;
is($out =~ s/ in [0-9.]+ s: [0-9,]+ events a second//r, <<'EOE', 'the report');
Log         28 events of 12 incidents, 2016-02-29 09:00 to 2016-03-08 15:00
Skipped     0 bad lines
Calendar    support = TZ=UTC Mo-Fr 08:00-18:00
Holidays    1
Goals       P1 4 bh, P2 1 bd

Attainment: percent of incidents resolved in time, by month and priority
  month  |  P1  |  P2   | all  | judged | breached
---------+------+-------+------+--------+----------
 2016-02 | 50.0 |       | 50.0 |      8 |        4
 2016-03 |  0.0 | 100.0 | 50.0 |      2 |        1
 all     | 44.4 | 100.0 | 50.0 |     10 |        5

A month is that of the verdict: of the resolution when met, of the deadline when not.

The desk's own verdict (made_sla) against ours, resolved incidents
 priority | resolved | both met | both missed | desk: missed | desk: met | % agree
----------+----------+----------+-------------+--------------+-----------+---------
 P1       |        8 |        4 |           1 |            0 |         3 |    62.5
 P2       |        1 |        1 |           0 |            0 |         0 |   100.0
 all      |        9 |        5 |           1 |            0 |         3 |    66.7

Breaches: 5 (the worst first, by opening hours late)
  number  | prio | group |      opened      |       due        |     resolved     | bh late
----------+------+-------+------------------+------------------+------------------+---------
 stale    | P1   | -     | 2016-02-29 09:00 | 2016-02-29 13:00 | 2016-03-01 12:00 |     9.0
 reopened | P1   | -     | 2016-02-29 09:00 | 2016-02-29 13:00 | 2016-03-01 09:00 |     6.0

Open at the end of the log: 3 (the longest late first, then the first to be due)
   number    | prio | group | state |      opened      |       due        | bh left
-------------+------+-------+-------+------------------+------------------+---------
 open late   | P1   | -     | -100  | 2016-03-08 10:59 | 2016-03-08 14:59 |     0.0
 open at end | P1   | -     | New   | 2016-03-08 11:00 | 2016-03-08 15:00 |     0.0

Kept 50.0 percent of 10 promises.
Replayed 28 events.
EOE
is($err, '', 'the report: no complaint');

# A database that is not ours alone.

like((outcome(@replay, '--zone', 'Mars/Crater', "$dir/story"))[2],
	qr/^replay: ERROR:  invalid value for parameter "TimeZone": "Mars.Crater"/, 'no such zone');
like((outcome(@replay, '--goal', q{1=4 bh'; DROP TABLE x; --}, "$dir/story"))[2],
	qr/^replay: ERROR:  invalid input syntax for type business_interval/, 'no such goal');
like((outcome("$script/replay", '--database', $node->connstr('template1'), "$dir/story"))[2],
	qr/^replay: ERROR:  extension "sla_tracker" is not installed in database "template1"\nHINT/,
	'a database without the extension');

$node->safe_psql('postgres',
	q{INSERT INTO sla.calendar (name, hours) VALUES ('support', 'TZ=UTC 24/7')});
($status, $out, $err) = outcome(@replay, '--hours', 'Mo 08:00-18:00', "$dir/story");
is($status, 1, 'a calendar that exists is not changed');
like($err, qr/^replay: ERROR:  the calendar exists in database "postgres"/, 'and that is told');
($status, $out, $err) = outcome(@replay, '--keep', "$dir/story");
is($status, 0, 'it can be used as it is');
like(verdicts(), qr/^on time\|1\|29 13:00\|29 13:00\|t\nopen\|1\|08 15:01\|\|$/m, 'and is');
($status, $out, $err) = outcome(@replay, "$dir/story");
is($status, 1, 'a schema that exists is not touched');
like($err, qr/^replay: ERROR:  schema "sla_replay" exists .*\n.*\nHINT:  .*DROP SCHEMA/, 'and that is told');
clear();

# Deadlines of many incidents against plain arithmetic on a week of five days
# of ten hours (UTC has no summer time), and a made-up log is always the same.

$node->safe_psql('postgres', <<'EOS');
CREATE SCHEMA reference;
CREATE FUNCTION reference.due(opened timestamptz, hours int) RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
	-- minutes since Monday 1970-01-05
	t bigint := extract(epoch FROM opened) / 60 - 4 * 1440;
	weekday bigint := t / 1440 % 7;
	due bigint := t / 10080 * 3000 + least(weekday, 5) * 600 + hours * 60
		+ CASE WHEN weekday < 5 THEN least(greatest(t % 1440 - 480, 0), 600) ELSE 0 END;
	day bigint := (due - 1) / 600;
BEGIN
	RETURN to_timestamp(60 * (4 * 1440 + day / 5 * 10080 + day % 5 * 1440 + 480 + due - day * 600));
END
$$;
EOS

sub check_deadlines
{
	my ($name) = @_;

	is($node->safe_psql('postgres', q{
		SELECT count(*) FILTER (WHERE due_at IS DISTINCT FROM due),
			   count(*) FILTER (WHERE resolved_at IS NOT NULL AND breached IS DISTINCT FROM (resolved_at > due)),
			   count(*) FILTER (WHERE resolved_at IS NULL
									  AND met IS DISTINCT FROM CASE WHEN due < log_end.at THEN false END),
			   count(*) FILTER (WHERE met) > 0 AND count(*) FILTER (WHERE NOT met) > 0
		FROM sla_replay.verdict CROSS JOIN sla_replay.log_end,
			 LATERAL reference.due(opened_at, (ARRAY[4, 8, 40, 80])[priority]) AS due}),
		'0|0|0|t', "$name: deadlines and verdicts by plain arithmetic");
	return;
}

my (undef, $made_up)    = outcome("$script/generate-log");
my (undef, $once_more)  = outcome("$script/generate-log");
my (undef, $other_seed) = outcome("$script/generate-log", '--seed', 1, '--tickets', 100);
ok($made_up eq $once_more, 'the same seed makes the same log');
ok($other_seed ne $made_up && $other_seed =~ /^0000099,/m && $other_seed !~ /^0000101,/m,
	'another seed makes another, as long as asked for');
($status, $out, $err) = outcome(@replay, '--keep', file_of('made-up', $made_up));
is($status, 0, 'a made-up log is replayed');
is($err, '', 'a made-up log has no bad line');
check_deadlines('a made-up log');
clear();

SKIP:
{
	my $real = ($ENV{SLA_SHARED} // '') . '/data/incident_event_log.csv.gz';
	skip 'the real log is not here', 5 unless -f $real;

	my $began = time;
	($status, $out, $err) = outcome(@replay, '--keep', $real);
	is($status, 0, 'the real log is replayed');
	is($err, '', 'the real log has no bad line');
	like($out, qr/^Log +141,712 events of 24,918 incidents, 2016-02-29 01:23 to 2017-02-18 15:00$/m,
		'the real log is read whole');
	cmp_ok(time - $began, '<', 120, 'in less than two minutes');
	check_deadlines('the real log');
}

done_testing();
