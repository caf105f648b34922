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
like((outcome("$script/replay", '--response', '1 bh', 'x'))[2], qr/a goal is given as --response/, 'a bad goal to respond');
like((outcome("$script/replay", '--commit-every', '9', 'x'))[2], qr/--commit-every goes with --keep/, 'a commit to be undone');

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
		SELECT item, policy, to_char(due_at, 'DD HH24:MI'), to_char(stopped_at, 'DD HH24:MI'), met
		FROM sla_replay.verdict WHERE metric = 'resolution' ORDER BY item COLLATE "C"});
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
	# resolved, reopened and resolved again, in time since the closed hours do
	# not count; the log knows the last one
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
backwards|P1|29 13:00|29 12:00|t
cancelled|P1|29 13:00|29 12:00|t
late|P1|29 13:00|29 13:01|f
long|P2|08 15:00|08 15:00|t
on time|P1|29 13:00|29 13:00|t
open|P1|08 15:01||
open at end|P1|08 15:00||
open late|P1|08 14:59||f
raised|P1|29 13:00|29 14:00|f
reopened|P1|01 09:00|01 09:00|t
shuffled|P1|29 13:00|29 10:00|t
stale|P1|29 13:10|01 12:00|f
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
Log             28 events of 12 incidents, 2016-02-29 09:00 to 2016-03-08 15:00
Skipped         0 bad lines
Calendar        support = TZ=UTC Mo-Fr 08:00-18:00
Holidays        1
First response  P1 30 bm, P2 1 bh
Resolution      P1 4 bh, P2 1 bd
Group time      16 bh for each group that has the incident in turn

Attainment: percent of incidents resolved in time, by month and priority (sla.report_attainment)
  month  |  P1  |  P2   | all  | judged | breached
---------+------+-------+------+--------+----------
 2016-02 | 57.1 |       | 57.1 |      7 |        3
 2016-03 | 50.0 | 100.0 | 66.7 |      3 |        1
 all     | 55.6 | 100.0 | 60.0 |     10 |        4

A month is that of the verdict: of the resolution when met, of the breach when not.

All promises
     metric     | clocks | judged | breached | % met
----------------+--------+--------+----------+-------
 first_response |     12 |     12 |       10 |  16.7
 resolution     |     12 |     10 |        4 |  60.0

The desk's own verdict (made_sla) against ours, resolved incidents
 priority | resolved | both met | both missed | desk: missed | desk: met | % agree
----------+----------+----------+-------------+--------------+-----------+---------
 P1       |        8 |        5 |           1 |            0 |         2 |    75.0
 P2       |        1 |        1 |           0 |            0 |         0 |   100.0
 all      |        9 |        6 |           1 |            0 |         2 |    77.8

Not resolved in time: 4 (the worst first, by opening hours late; sla.report_breach)
 number | prio | group |      opened      |       due        |     resolved     | bh late
--------+------+-------+------------------+------------------+------------------+---------
 stale  | P1   | -     | 2016-02-29 09:00 | 2016-02-29 13:10 | 2016-03-01 12:00 |     8.8
 raised | P1   | -     | 2016-02-29 09:00 | 2016-02-29 13:00 | 2016-02-29 14:00 |     1.0

Who kept resolutions waiting, in opening hours until the end of the log (sla.report_pause)
 waiting | pauses | incidents | bh  | median
---------+--------+-----------+-----+--------
 closed  |      2 |         2 | 6.2 |    3.1

Groups: resolutions that each answered for (sla.report_owner), and its own time
 group | resolutions | % met | own part | own % met
-------+-------------+-------+----------+-----------
 -     |          10 |  60.0 |        - |         -

Forecasts of breaches, at each tenth of the log, of all clocks open then (sla.forecast_backtest)
     metric     | forecasts | % predicted | % breached | Brier score | of base rate | skill
----------------+-----------+-------------+------------+-------------+--------------+--------
 first_response |         2 |        82.5 |      100.0 |       0.036 |        0.028 | -0.303
 resolution     |        20 |        69.2 |       50.0 |       0.289 |        0.493 |  0.413
 all            |        22 |        70.4 |       54.5 |       0.266 |        0.451 |  0.409

Of what was said of resolutions, how much came true
  % said  | forecasts | % predicted | % breached
----------+-----------+-------------+------------
 10 to 20 |         1 |        12.5 |        0.0
 20 to 30 |         1 |        22.2 |        0.0
 40 to 50 |         1 |        44.4 |      100.0
 50 to 60 |         1 |        50.0 |        0.0
 60 to 70 |         3 |        66.7 |      100.0
 70 to 80 |         5 |        71.4 |       40.0
 80 to 90 |         8 |        87.3 |       50.0

Open at the end of the log: 3 (the longest late first, then the first to be due; sla.report_open)
   number    | prio | group | state |      opened      |       due        | bh left
-------------+------+-------+-------+------------------+------------------+---------
 open late   | P1   | -     | -100  | 2016-03-08 10:59 | 2016-03-08 14:59 |     0.0
 open at end | P1   | -     | New   | 2016-03-08 11:00 | 2016-03-08 15:00 |     0.0

Kept 36.4 percent of 22 promises.
Verified 24 clocks: each is what its facts and its row say (sla.verify, sla.sync).
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
like(verdicts(), qr/^on time\|P1\|29 13:00\|29 13:00\|t\nopen\|P1\|08 15:01\|\|$/m, 'and is');
($status, $out, $err) = outcome(@replay, "$dir/story");
is($status, 1, 'a schema that exists is not touched');
like($err, qr/^replay: ERROR:  schema "sla_replay" exists .*\n.*\nHINT:  .*DROP SCHEMA/, 'and that is told');
clear();

# Clocks of many incidents against plain arithmetic on a week of five days of
# ten hours (UTC has no summer time), from the events alone.

$node->safe_psql('postgres', <<'EOS');
SET check_function_bodies = off;
CREATE SCHEMA reference;

-- opening minutes from Monday 1970-01-05 to an instant, and the first instant
-- at which there have been so many
CREATE FUNCTION reference.worked(at timestamptz) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
	t bigint := extract(epoch FROM at) / 60 - 4 * 1440;
	weekday bigint := t / 1440 % 7;
BEGIN
	RETURN t / 10080 * 3000 + least(weekday, 5) * 600
		+ CASE WHEN weekday < 5 THEN least(greatest(t % 1440 - 480, 0), 600) ELSE 0 END;
END
$$;
CREATE FUNCTION reference.instant(worked bigint) RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
	day bigint := (worked - 1) / 600;
BEGIN
	RETURN to_timestamp(60 * (4 * 1440 + day / 5 * 10080 + day % 5 * 1440 + 480 + worked - day * 600));
END
$$;

-- what the incidents' story says, of those that were never reopened; a promise
-- is that of before the stop
CREATE FUNCTION reference.stories() RETURNS TABLE (
	number text, opened_at timestamptz, stop timestamptz, stop_priority int,
	response timestamptz, response_priority int)
LANGUAGE sql
AS $$
	SELECT e.number, min(i.opened_at), min(i.resolved_at),
		coalesce((array_agg(e.before ORDER BY e.n) FILTER (WHERE e.done))[1], (array_agg(e.priority ORDER BY e.n DESC))[1]),
		min(CASE WHEN i.responded_at IS NOT NULL THEN greatest(i.opened_at, i.responded_at) END),
		coalesce((array_agg(e.before ORDER BY e.n) FILTER (WHERE e.state <> 'New' OR e.reassignments > 0))[1],
			(array_agg(e.priority ORDER BY e.n DESC))[1])
	FROM (SELECT *, row_number() OVER story AS n, lead(done) OVER story AS then_done,
				 coalesce(lag(priority) OVER story, priority) AS before
		  FROM sla_replay.event
		  WINDOW story AS (PARTITION BY number ORDER BY at, revision, line)) AS e
	JOIN sla_replay.incident AS i ON i.number = e.number
	GROUP BY e.number
	HAVING NOT bool_or(e.done AND NOT e.then_done)
$$;
CREATE FUNCTION reference.waits() RETURNS TABLE (number text, from_at timestamptz, to_at timestamptz, reason text)
LANGUAGE sql
AS $$
	SELECT number, from_at, to_at, state
	FROM (SELECT e.number, e.state,
				 greatest(e.at AT TIME ZONE 'UTC', s.opened_at) AS from_at,
				 least(coalesce(lead(e.at) OVER (PARTITION BY e.number ORDER BY e.at, e.revision, e.line) AT TIME ZONE 'UTC', 'infinity'),
					   coalesce(s.stop, 'infinity')) AS to_at
		  FROM sla_replay.event AS e JOIN reference.stories() AS s USING (number)) AS e
	WHERE state LIKE 'Awaiting%' AND from_at < to_at
$$;

-- the deadline of a resolution: its goal used up in the spans between waits
CREATE FUNCTION reference.resolutions() RETURNS TABLE (number text, due timestamptz, stop timestamptz)
LANGUAGE sql
AS $$
	WITH edge (number, goal, stop, wait_from, from_at) AS (
		SELECT number, 60 * (ARRAY[4, 8, 40, 80])[stop_priority], stop, '-infinity'::timestamptz, opened_at
		FROM reference.stories()
		UNION ALL
		SELECT number, 60 * (ARRAY[4, 8, 40, 80])[stop_priority], stop, from_at, to_at
		FROM reference.waits() JOIN reference.stories() USING (number)
	), span AS (
		SELECT number, goal, stop, from_at,
			lead(wait_from) OVER (PARTITION BY number ORDER BY wait_from, from_at) AS to_at
		FROM edge
	), used AS (
		SELECT number, goal, stop, from_at,
			CASE WHEN to_at IS NULL THEN 1e9::bigint ELSE reference.worked(to_at) - reference.worked(from_at) END AS here
		FROM span
		WHERE from_at < 'infinity'
	), summed AS (
		SELECT *, sum(here) OVER (PARTITION BY number ORDER BY from_at, here ROWS UNBOUNDED PRECEDING) AS used FROM used
	)
	SELECT s.number, min(reference.instant((reference.worked(from_at) + goal - (used - here))::bigint)) FILTER (WHERE used >= goal), min(stop)
	FROM summed AS s
	GROUP BY s.number
$$;

-- the working minutes of each group that had the incident; the first had it
-- since it was opened
CREATE FUNCTION reference.parts() RETURNS TABLE (number text, per text, minutes bigint)
LANGUAGE sql
AS $$
	SELECT number, assignment_group, sum(
		CASE WHEN is_first THEN reference.worked(from_at) - reference.worked(opened_at) ELSE 0 END
		+ CASE WHEN state LIKE 'Awaiting%' THEN 0 ELSE reference.worked(greatest(from_at, to_at)) - reference.worked(from_at) END)
	FROM (SELECT e.number, e.assignment_group, e.state, s.opened_at, least(s.stop, greatest(e.at AT TIME ZONE 'UTC', s.opened_at)) AS from_at,
				 least(lead(e.at) OVER story AT TIME ZONE 'UTC', s.stop) AS to_at,
				 e.assignment_group IS NOT NULL AND count(e.assignment_group) OVER story = 1
					AND lag(e.assignment_group) OVER story IS NULL AS is_first
		  FROM sla_replay.event AS e JOIN reference.stories() AS s USING (number)
		  WHERE s.stop IS NOT NULL
		  WINDOW story AS (PARTITION BY number ORDER BY at, revision, line)) AS e
	WHERE assignment_group IS NOT NULL
	GROUP BY number, assignment_group
$$;

-- clocks as facts, and what is derived of them but for the present time
CREATE FUNCTION reference.clocks(tab text) RETURNS TABLE (
	item text, metric text, per text, cycle int, policy text, owner text, labels jsonb, state text,
	started_at timestamptz, stopped_at timestamptz, due_at timestamptz, threshold_at timestamptz,
	elapsed float8, budget float8, paused float8, pauses text)
LANGUAGE sql
AS $$
	SELECT item, metric, per, cycle, policy, owner, labels, state, started_at, stopped_at, due_at, threshold_at,
		CASE WHEN stopped_at IS NOT NULL THEN elapsed_seconds END, budget_seconds, paused_seconds,
		(SELECT string_agg(p.during || ' ' || p.reason, ', ' ORDER BY p.during) FROM sla.pause AS p WHERE p.clock = c.clock_id)
	FROM sla.clock AS c
	WHERE relation = tab::regclass
$$;
EOS

sub check_clocks
{
	my ($name) = @_;

	is($node->safe_psql('postgres', q{
		SELECT count(*) FILTER (WHERE v.stopped_at IS DISTINCT FROM r.stop),
			   count(*) FILTER (WHERE v.due_at IS DISTINCT FROM r.due),
			   count(*) FILTER (WHERE v.met IS DISTINCT FROM
								CASE WHEN r.due < coalesce(r.stop, log_end.at) THEN false WHEN r.stop IS NOT NULL THEN true END),
			   count(*) FILTER (WHERE v.met) > 100 AND count(*) FILTER (WHERE NOT v.met) > 100
		FROM reference.resolutions() AS r CROSS JOIN sla_replay.log_end
		LEFT JOIN sla_replay.verdict AS v ON v.item = r.number AND v.metric = 'resolution'}),
		'0|0|0|t', "$name: resolutions by plain arithmetic");
	is($node->safe_psql('postgres', q{
		SELECT count(*) FILTER (WHERE v.stopped_at IS DISTINCT FROM s.response),
			   count(*) FILTER (WHERE v.due_at IS DISTINCT FROM due),
			   count(*) > 1000
		FROM reference.stories() AS s
		LEFT JOIN sla_replay.verdict AS v ON v.item = s.number AND v.metric = 'first_response',
			 LATERAL reference.instant(reference.worked(s.opened_at) + (ARRAY[30, 60, 240, 480])[s.response_priority]) AS due}),
		'0|0|t', "$name: first responses by plain arithmetic");
	is($node->safe_psql('postgres', q{
		SELECT count(*) FILTER (WHERE c.elapsed_seconds IS DISTINCT FROM p.minutes * 60), count(*) > 1000
		FROM reference.parts() AS p
		LEFT JOIN sla.clock AS c ON c.relation = 'sla_replay.incident'::regclass AND c.metric = 'group_time'
			AND c.item = p.number AND c.per = p.per}),
		'0|t', "$name: each group's time by plain arithmetic");
	is($node->safe_psql('postgres', q{
		SELECT count(*) FILTER (WHERE w.spans IS DISTINCT FROM p.spans), count(*) > 100
		FROM (SELECT number, reason, range_agg(tstzrange(from_at, nullif(to_at, 'infinity'))) AS spans
			  FROM reference.waits() GROUP BY 1, 2) AS w
		FULL JOIN (SELECT item AS number, reason, range_agg(tstzrange(from_at, to_at)) AS spans
				   FROM sla.report_pause JOIN reference.stories() AS s ON s.number = item
				   WHERE relation = 'sla_replay.incident' AND metric = 'resolution' GROUP BY 1, 2) AS p USING (number, reason)}),
		'0|t', "$name: who kept it waiting");
	return;
}

# Keep the clocks, and compare those of another run with them.

sub keep_clocks
{
	$node->safe_psql('postgres', q{
		DROP TABLE IF EXISTS reference.kept;
		CREATE TABLE reference.kept AS SELECT * FROM reference.clocks('sla_replay.incident')});
	return;
}

sub same_clocks
{
	my ($name, $years) = (@_, 0);

	is($node->safe_psql('postgres', qq{
		SET timezone = 'UTC';
		CREATE TEMPORARY TABLE now AS SELECT * FROM reference.clocks('sla_replay.incident');
		UPDATE now SET started_at = started_at - interval '$years years', stopped_at = stopped_at - interval '$years years',
			due_at = due_at - interval '$years years', threshold_at = threshold_at - interval '$years years',
			pauses = (SELECT string_agg(CASE WHEN part ~ '^2[0-9]{3}\$' THEN (part::int - $years)::text ELSE part END, '' ORDER BY n)
					  FROM regexp_split_to_table(pauses, '(?<=["])(?=2)|(?<=["]2[0-9]{3})') WITH ORDINALITY AS p (part, n))
		WHERE $years > 0;
		SELECT (SELECT count(*) FROM (TABLE now EXCEPT ALL TABLE reference.kept) AS more),
			   (SELECT count(*) FROM (TABLE reference.kept EXCEPT ALL TABLE now) AS less),
			   count(*) > 10000 FROM now}),
		'0|0|t', "$name: the same clocks");
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
like($out, qr/^Verified 1[0-9],[0-9]{3} clocks: each is what its facts and its row say/m, 'a made-up log: sla.verify finds nothing');
check_clocks('a made-up log');
keep_clocks();

# What is over by the log's end is in the reports as it is in the clocks.
is($node->safe_psql('postgres', q{
	SELECT count(*), count(*) FILTER (WHERE (a.met, a.breached) IS DISTINCT FROM (v.met, v.breached))
	FROM sla.report_attainment AS a
	FULL JOIN (SELECT date_trunc('month', verdict_at)::date AS period_start, metric, policy,
					  count(*) FILTER (WHERE met) AS met, count(*) FILTER (WHERE NOT met) AS breached
			   FROM sla_replay.verdict WHERE met IS NOT NULL GROUP BY 1, 2, 3) AS v USING (period_start, metric, policy)
	WHERE period_start < '2026-03-01'}),
	'18|0', 'the attainment of months that are over is that of the clocks');

# Fed twice: nothing is written the second time, and nothing changes.
my @psql = ('psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'));
local $ENV{PGOPTIONS} = '-c search_path=sla_replay,public -c timezone=UTC';
my $changes = $node->safe_psql('postgres', 'SELECT count(*) FROM sla.clock_change');
($status, $out, $err) = outcome(@psql, '-c', q{CALL play('UTC', NULL, false)});
is($status, 0, 'fed a second time');
same_clocks('fed a second time');
is($node->safe_psql('postgres', 'SELECT count(*) FROM sla.clock_change'), $changes, 'fed a second time: no change is noted');

# Fed as a finished table: what the last state can tell is the same.  It cannot
# tell pauses and reopenings, nor a promise that was another at the stop.
($status, $out, $err) = outcome(@psql, '-v', 'incident=finished', '-v', 'zone=UTC', '-v', 'calendar=support', '-v', 'handoff=16 bh',
	'-c', 'CREATE TABLE finished (LIKE incident INCLUDING ALL)',
	'-c', 'INSERT INTO finished SELECT * FROM incident',
	'-f', "$script/sql/replay-promise.sql",
	'-Atc', q{SELECT items, started > 2 * items, changed, cancelled, errors FROM sla.sync('finished')},
	'-Atc', q{SELECT started, changed, cancelled, errors FROM sla.sync('finished')},
	'-Atc', q{SELECT count(*) FROM sla.verify('finished')});
is($err, '', 'a finished table is synced');
like($out, qr/\A\d+\|t\|0\|0\|0\n0\|0\|0\|0\n0\n\z/, 'a finished table: synced, and done with that');
is($node->safe_psql('postgres', q{
	WITH pair AS (
		SELECT a.metric, a.started_at = b.started_at AND a.stopped_at IS NOT DISTINCT FROM b.stopped_at AS alike,
			   (a.due_at, a.verdict, a.elapsed_seconds) IS NOT DISTINCT FROM (b.due_at, b.verdict, b.elapsed_seconds) AS judged_alike,
			   a.policy <> b.policy AS other_promise,
			   EXISTS (SELECT FROM sla.pause AS p WHERE p.clock = a.clock_id) AS paused
		FROM sla.clock AS a
		JOIN sla.clock AS b ON b.item = a.item AND b.metric = a.metric AND b.cycle = a.cycle
		WHERE a.relation = 'incident'::regclass AND b.relation = 'finished'::regclass
			AND a.metric <> 'group_time' AND a.stopped_at IS NOT NULL)
	SELECT metric, count(*) > 2000, count(*) FILTER (WHERE NOT alike),
		   count(*) FILTER (WHERE NOT judged_alike)
	FROM pair WHERE NOT other_promise AND NOT paused GROUP BY metric ORDER BY metric}),
	"first_response|t|0|0\nresolution|t|0|0", 'a finished table: the verdicts that the last state can tell');
$node->safe_psql('postgres', 'ANALYZE sla.clock_state, incident, finished');
is($node->safe_psql('postgres', q{
	SELECT count(*) FROM sla.clock AS a
	JOIN sla.clock AS b ON b.item = a.item AND b.metric = a.metric AND b.relation = 'finished'::regclass
	JOIN reference.stories() AS s ON s.number = a.item
	JOIN incident AS i ON i.number = a.item
	WHERE a.relation = 'incident'::regclass AND a.metric IN ('first_response', 'resolution') AND a.policy <> b.policy
		AND i.priority = CASE a.metric WHEN 'resolution' THEN s.stop_priority ELSE s.response_priority END}),
	0, 'a finished table: another promise only where the priority was another');
$node->safe_psql('postgres', 'DROP TABLE finished');
delete $ENV{PGOPTIONS};
clear();

# In other transactions, with each line twice, and on other days: a week and a
# leap year come again after 28 years.
my ($first, @rest) = split /\n/, $made_up;
for my $case (
	[ 'in many transactions', $made_up, 0, '--commit-every', 7 ],
	[ 'each line twice', join('', map { "$_\n" } $first, map { ($_, $_) } @rest), 0 ],
	[ '28 years on', $made_up =~ s{/2026 }{/2054 }gr, 28 ])
{
	my ($name, $content, $years, @options) = @$case;

	($status, $out, $err) = outcome(@replay, '--keep', @options, file_of('again', $content));
	is($status, 0, "$name: replayed");
	is($err, '', "$name: no complaint");
	same_clocks($name, $years);
	clear();
}

SKIP:
{
	my $real = ($ENV{SLA_SHARED} // '') . '/data/incident_event_log.csv.gz';
	skip 'the real log is not here', 8 unless -f $real;

	my $began = time;
	($status, $out, $err) = outcome(@replay, '--keep', '--commit-every', 1000, $real);
	is($status, 0, 'the real log is replayed');
	is($err, '', 'the real log has no bad line');
	like($out, qr/^Log +141,712 events of 24,918 incidents, 2016-02-29 01:23 to 2017-02-18 15:00$/m,
		'the real log is read whole');
	cmp_ok(time - $began, '<', 120, 'in less than two minutes');
	check_clocks('the real log');
}

done_testing();
