# sla.import_holidays against an oracle of recurrence rules, and feeds torn
# apart at random: whatever the feed, the backend answers or refuses.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('ical');
$node->init(extra => [ '--encoding', 'UTF8', '--locale', 'C' ]);
$node->append_conf('postgresql.conf', "statement_timeout = '60s'");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION sla_tracker;
	INSERT INTO sla.calendar (name, hours)
	SELECT n, 'TZ=Europe/Berlin Mo-Fr 09:00-17:00; PH off' FROM generate_series(0, 4999) n;
});

my ($ret, $out, $err) = $node->psql('postgres',
	q{\set VERBOSITY sqlstate
	SELECT sla.import_holidays('0', E'BEGIN:VCALENDAR\nEND:VCALENDAR', '2026-01-01', '2027-01-01')});
plan skip_all => 'built without libical' if $err =~ /0A000/;

# The dates of [since, until) that each of the feeds gives, or its SQLSTATE.
$node->safe_psql('postgres', q{
	CREATE TABLE feed (id int PRIMARY KEY, ics text);
	CREATE FUNCTION dates(cal text, ics text, since date, until date) RETURNS text
	LANGUAGE plpgsql AS $$
	DECLARE
		n int;
		dates text;
	BEGIN
		BEGIN
			n := sla.import_holidays(cal, ics, since, until);
			SELECT string_agg(to_char(day, 'YYYY-MM-DD'), ',' ORDER BY day) INTO dates FROM sla.holiday WHERE calendar = cal;
			IF n <> (SELECT count(*) FROM sla.holiday WHERE calendar = cal) THEN
				RAISE EXCEPTION 'counted %', n;
			END IF;
		EXCEPTION WHEN OTHERS THEN
			IF EXISTS (SELECT FROM sla.holiday WHERE calendar = cal) THEN
				RAISE EXCEPTION 'an error imported something';
			END IF;
			RETURN SQLSTATE;
		END;
		RETURN coalesce(dates, '-');
	END $$;
});

sub event
{
	return join("\r\n", 'BEGIN:VCALENDAR', 'VERSION:2.0', 'BEGIN:VEVENT', @_,
		'END:VEVENT', 'END:VCALENDAR', '');
}

# A query that calls dates() for each feed of a list.
sub dates
{
	my ($since, $until, @feeds) = @_;
	my $sql = 'TRUNCATE feed, sla.holiday; INSERT INTO feed VALUES ';

	$sql .= join(",\n", map { "($_, \$feed\$$feeds[$_]\$feed\$)" } 0 .. $#feeds);
	$sql .= ";\nSELECT dates(id::text, ics, '$since', '$until') FROM feed ORDER BY id;";
	return split /\n/, $node->safe_psql('postgres', $sql);
}

is_deeply(
	[
		dates(
			'2026-01-01', '2027-01-01',
			"\xEF\xBB\xBF" . event('DTSTART:20261225'),
			event('DTSTART:20261225', "SUMMARY:caf\\\xC3\xA9"))
	],
	[ '2026-12-25', '22021' ],
	'a byte order mark, a torn character');

SKIP:
{
	my $file = ($ENV{SLA_SHARED} // '') . '/oracle/ical_rrule.tsv.gz';

	skip 'no oracle in SLA_SHARED', 1 unless -r $file;
	open my $oracle, '-|', 'gzip', '-dc', $file or die $!;
	my (@rules, @expected, @feeds);
	while (<$oracle>)
	{
		chomp;
		my ($dtstart, $rule, $dates) = split /\t/;
		next if $dtstart eq 'dtstart';
		push @rules, "$dtstart $rule";
		# a rule that never matches is an error of ours
		push @expected, $dates eq 'ERROR' ? '22P02' : $dates;
		push @feeds, event("DTSTART;VALUE=DATE:$dtstart", "RRULE:$rule");
	}
	close $oracle or die "gzip: $!";
	my @got = dates('2015-01-01', '2036-01-01', @feeds);
	my @wrong = grep { $got[$_] ne $expected[$_] } 0 .. $#expected;
	diag("$rules[$_]: $got[$_], expected $expected[$_]") for @wrong;
	ok(@expected > 300 && !@wrong, scalar(@expected) . ' rules of the oracle');
}

# Feeds torn apart, always the same ones.
my $seed = event(
	'UID:1', "SUMMARY:f\xC3\xAAte\\, \\n2", 'DTSTART;TZID="Europe/Berlin":20260101T100000',
	'DURATION:P1DT2H', 'RRULE:FREQ=MONTHLY;BYDAY=-1MO,2TU;BYSETPOS=1,-1;COUNT=9;WKST=SU',
	'EXDATE;VALUE=DATE:20260301,20260401', 'RDATE;VALUE=PERIOD:20260501T000000Z/PT36H,20260601T000000/20260602T000000',
	'STATUS:CONFIRMED', 'END:VEVENT', 'BEGIN:VEVENT', 'UID:1', 'RECURRENCE-ID:20260126T100000',
	'DTSTART;VALUE=DATE:20260127', 'DTEND;VALUE=DATE:20260129', 'RRULE:FREQ=YEARLY;BYWEEKNO=1,-1;UNTIL=20300101T000000Z');
my @pieces = ("\r\n", "\n", "\n ", ';', ':', ',', '=', '"', '\\', '-1', '99999999999', 'Z', 'P', '/',
	'BEGIN:VEVENT', 'END:VEVENT', 'END:VCALENDAR', 'VALUE=DATE', 'TZID=', 'TZID=UTC0', 'BYDAY=', "\t", '%s%n', '00000000');
my (@torn, $random);
$random = 20260101;
sub pick
{
	$random = ($random * 1103515245 + 12345) % 2147483648;
	return int($random / 65536) % $_[0];
}
for (1 .. 3000)
{
	my $feed = $seed;
	for (0 .. pick(2))
	{
		my $at = pick(length $feed);
		my $length = pick(3) ? pick(4) : pick(40);

		# only ASCII is cut, so that the text stays valid
		next if substr($feed, $at, $length) =~ /[^\x00-\x7f]/ || substr($feed, $at) =~ /^[\x80-\xbf]/;
		substr($feed, $at, $length) = pick(4) ? $pieces[ pick(scalar @pieces) ] : '';
	}
	push @torn, $feed;
}
my %states;
$states{ /^[0-9-]{10}|^-$/ ? 'dates' : $_ }++ for dates('2026-01-01', '2030-01-01', @torn);
note(join ', ', map { "$_: $states{$_}" } sort keys %states);
ok($states{dates} > 100 && $states{'22P02'} > 100, 'torn feeds give dates or are refused');
is_deeply([ grep { !/^(dates|22P02|22021|0A000|54000)$/ } sort keys %states ], [], 'and by no other error');
is($node->safe_psql('postgres', 'SELECT 1'), '1', 'the server is still there');

done_testing();
