# Other engines' answers, when the folder with them is there (SLA_SHARED).
#
# business_time.tsv.gz: every row.  numpy_busday.tsv.gz: busday_count, and
# busday_offset with roll forward or backward.  opening_hours.jsonl.gz: every row,
# whether the second engine agrees or not, but for those explained below.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = defined $ENV{SLA_SHARED} ? "$ENV{SLA_SHARED}/oracle" : '';
my @names = ('business_time.tsv.gz', 'opening_hours.jsonl.gz', 'numpy_busday.tsv.gz');

plan skip_all => 'SLA_SHARED names no folder with oracles'
  if grep { $dir eq '' || !-r "$dir/$_" } @names;

# Rows of opening_hours.jsonl in which we differ from opening_hours.js: begin,
# zone and expression, what of its answer ours lacks and what ours has beside, and why.
#
# "fold": an end of a span lies in a repeated hour.  opening_hours.js takes the
# first showing, PostgreSQL's rule, which is ours, the second.
# "24 h": to learn which night spills into a date, opening_hours.js goes 24
# hours back; after a day of 23 or 23.5 hours it looks at the wrong date for
# the first hour of the next.  Ours goes back one local date.
my @explained = (
	[ '2024-10-22 Europe/Berlin Sa-Su 02:00-03:00',
		'{["2024-10-27 00:00:00+00","2024-10-27 01:00:00+00")}', '{}', 'fold' ],
	[ '2024-10-21 Europe/Berlin Mo-Fr 00:30-04:00,06:30-12:00,19:00-21:15; Jan 15-Aug 01 Sa-Su 00:00-24:00; Fr-Mo 21:00-26:30; Th,Fr 09:30-12:30',
		'{}', '{["2024-10-27 00:30:00+00","2024-10-27 01:30:00+00")}', 'fold' ],
	[ '2024-10-19 Europe/Berlin Sep-Jun Su-Th 02:30-07:30, Tu,Fr,Sa 08:30-15:30; PH off',
		'{["2024-10-27 00:30:00+00","2024-10-27 01:30:00+00")}', '{}', 'fold' ],
	[ '2024-12-15 Europe/Berlin Jan 13-22 Su-Th 05:00-11:30; Mo-Sa 18:00-06:30',
		'{["2025-03-30 22:00:00+00","2025-03-30 23:00:00+00")}', '{}', '24 h' ],
	[ '2024-06-09 Australia/Lord_Howe Sep 20-Jan 01 Tu,We,Su 22:00-06:30',
		'{}', '{["2024-10-06 13:00:00+00","2024-10-06 13:30:00+00")}', '24 h' ]);

my $node = PostgreSQL::Test::Cluster->new('oracle');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION sla_tracker;
	ALTER DATABASE postgres SET timezone = 'UTC';
	ALTER DATABASE postgres SET datestyle = 'ISO, YMD';
	CREATE FUNCTION try(expr text, VARIADIC args text[]) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		res text;
	BEGIN
		EXECUTE 'SELECT (' || expr || ')::text' INTO res USING args;
		RETURN res;
	EXCEPTION WHEN OTHERS THEN
		RETURN 'ERROR: ' || SQLERRM;
	END
	$$;
});

# COPY takes what gzip prints; nothing of the file goes through a shell.
sub load
{
	my ($table, $file, $options) = @_;

	$node->safe_psql('postgres',
		"COPY $table FROM PROGRAM 'gzip -dc " . ($dir =~ s/'/''/gr) . "/$file' WITH ($options)");
	return;
}

# Nothing is wrong; say what the first are.
sub none_wrong
{
	my ($query, $name) = @_;
	my $wrong = $node->safe_psql('postgres', "SELECT count(*) FROM ($query) w");

	is($wrong, '0', $name)
	  or diag($node->safe_psql('postgres', "$query LIMIT 12"));
	return;
}

# --- business time ---------------------------------------------------------

$node->safe_psql('postgres', q{
	CREATE TABLE bt (id text, hours text, holidays text, minus text, op text, start timestamptz, arg text, expected text)});
load('bt', 'business_time.tsv.gz', q{FORMAT csv, DELIMITER E'\t', QUOTE E'\b', NULL '-'});
my $rows = $node->safe_psql('postgres', 'SELECT count(*) FROM bt');
cmp_ok($rows, '>', 1000, "business_time: $rows rows");

# The answers know that Morocco gave up its summer time in 2026.  With older
# zones the server is right to differ there.
if ($node->safe_psql('postgres', q{SELECT timestamptz '2027-12-20 09:00Z' AT TIME ZONE 'Africa/Casablanca'}) ne '2027-12-20 09:00:00')
{
	my $old = $node->safe_psql('postgres', q{
		WITH gone AS (DELETE FROM bt WHERE hours ~ 'Casablanca' OR minus ~ 'Casablanca' RETURNING 1)
		SELECT count(*) FROM gone});
	diag("this machine's tzdata is older than 2026: $old rows of Africa/Casablanca are left out");
	$rows -= $old;
}

$node->safe_psql('postgres', q{
	CREATE TABLE bt_hours AS
		SELECT hours, holidays, minus,
			CASE WHEN coalesce(minus, '') = '' THEN w ELSE w - minus::business_hours END AS h
		FROM (SELECT DISTINCT hours, holidays, minus FROM bt) d,
			LATERAL (SELECT with_holidays(hours::business_hours, coalesce(string_to_array(nullif(holidays, ''), ','), '{}')::date[]) AS w) w;
	CREATE TABLE bt_got AS
		SELECT bt.*, CASE op
			WHEN 'add' THEN try('business_add($1[1]::timestamptz, make_business_interval(secs => $1[2]::float8), $1[3]::business_hours)', start::text, arg, h::text)
			WHEN 'sub' THEN try('business_add($1[1]::timestamptz, -make_business_interval(secs => $1[2]::float8), $1[3]::business_hours)', start::text, arg, h::text)
			WHEN 'diff' THEN try('business_seconds($1[1]::timestamptz, $1[2]::timestamptz, $1[3]::business_hours)', start::text, arg, h::text)
			WHEN 'open' THEN try('is_open($1[1]::timestamptz, $1[2]::business_hours)', start::text, h::text)
			WHEN 'adddays' THEN try('business_add($1[1]::timestamptz, make_business_interval(days => $1[2]::int), $1[3]::business_hours)', start::text, arg, h::text)
			WHEN 'subdays' THEN try('business_add($1[1]::timestamptz, make_business_interval(days => -$1[2]::int), $1[3]::business_hours)', start::text, arg, h::text)
			END AS got
		FROM bt JOIN bt_hours b ON b.hours = bt.hours
			AND b.holidays IS NOT DISTINCT FROM bt.holidays AND b.minus IS NOT DISTINCT FROM bt.minus;
});
is($node->safe_psql('postgres', 'SELECT count(*) FROM bt_got WHERE got IS NOT NULL'), $rows, 'business_time: every row was evaluated');
foreach my $op (split /\n/, $node->safe_psql('postgres', 'SELECT DISTINCT op FROM bt ORDER BY 1'))
{
	none_wrong(qq{SELECT id, hours, minus, op, start, arg, expected, got FROM bt_got WHERE op = '$op' AND
		CASE WHEN got LIKE 'ERROR%' THEN true
			WHEN op IN ('add', 'sub', 'adddays', 'subdays') THEN got::timestamptz <> expected::timestamptz
			WHEN op = 'diff' THEN got::float8 <> expected::float8
			ELSE left(got, 1) <> expected END ORDER BY id}, "business_time: $op");
}

# --- opening_hours.js ------------------------------------------------------

$node->safe_psql('postgres', 'CREATE TABLE oh_line (line int GENERATED ALWAYS AS IDENTITY, j jsonb)');
load('oh_line (j)', 'opening_hours.jsonl.gz', q{FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02'});
$node->safe_psql('postgres', q{
	CREATE TABLE oh AS
		SELECT line, j->>'tz' AS tz, j->>'expr' AS expr, j->>'kde' AS kde, j->>'note' AS note,
			tstzrange((j->>'from')::timestamptz, (j->>'to')::timestamptz) AS span,
			(SELECT coalesce(array_agg(x::date), '{}') FROM jsonb_array_elements_text(CASE WHEN jsonb_typeof(j->'holidays') = 'array' THEN j->'holidays' ELSE '[]' END) x) AS holidays,
			(SELECT coalesce(range_agg(tstzrange((x->>0)::timestamptz, (x->>1)::timestamptz)), '{}') FROM jsonb_array_elements(j->'open') x) AS expected
		FROM oh_line;
	CREATE TABLE oh_got AS
		SELECT *, try('open_ranges($1[1]::tstzrange, with_holidays(($1[2])::business_hours, $1[3]::date[]))', span::text, 'TZ=' || tz || ' ' || expr, holidays::text) AS got
		FROM oh;
	CREATE VIEW oh_diff AS
		SELECT *, lower(span)::date || ' ' || tz || ' ' || expr AS row,
			CASE WHEN got LIKE 'ERROR%' THEN got ELSE 'missing ' || (expected - got::tstzmultirange)::text || ', too much ' || (got::tstzmultirange - expected)::text END AS differs
		FROM oh_got;
});
foreach my $e (@explained)
{
	my ($row, $missing, $too_much, $why) = @$e;
	my $q = $row =~ s/'/''/gr;

	is($node->safe_psql('postgres', qq{SELECT differs FROM oh_diff WHERE row = '$q'}),
		"missing $missing, too much $too_much", "opening_hours: differs as explained ($why): $row");
}
my $list = join ', ', map { "'" . $_->[0] =~ s/'/''/gr . "'" } @explained;
foreach my $kde ('agree', 'differ', 'error')
{
	none_wrong(qq{SELECT line, tz, expr, note, holidays, differs FROM oh_diff
		WHERE kde = '$kde' AND row NOT IN ($list)
		AND CASE WHEN got LIKE 'ERROR%' THEN true ELSE got::tstzmultirange <> expected END ORDER BY line},
		"opening_hours: rows on which the second engine says: $kde");
}
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM oh_got'), '>', 100, 'opening_hours: the file has its rows');

# --- numpy -----------------------------------------------------------------

$node->safe_psql('postgres', q{
	CREATE TABLE np (op text, weekmask text, holidays text, date date, arg text, roll text, expected text, note text)});
load('np', 'numpy_busday.tsv.gz', q{FORMAT csv, DELIMITER E'\t', QUOTE E'\b', NULL '-', HEADER true});
$node->safe_psql('postgres', q{
	CREATE TABLE np_hours AS
		SELECT weekmask, holidays, with_holidays(('TZ=UTC ' ||
			(SELECT string_agg(('{Mo,Tu,We,Th,Fr,Sa,Su}'::text[])[i], ',' ORDER BY i) FROM generate_series(1, 7) i WHERE substr(weekmask, i, 1) = '1')
			|| ' 09:00-17:00')::business_hours, coalesce(string_to_array(holidays, ','), '{}')::date[]) AS h
		FROM (SELECT DISTINCT weekmask, holidays FROM np WHERE weekmask LIKE '%1%') d;
	CREATE TABLE np_got AS
		SELECT np.*, CASE op
			WHEN 'busday_count' THEN try('business_days_between($1[1]::date, $1[2]::date, $1[3]::business_hours)', date::text, arg, h::text)
			/* roll first, by asking day after day; then count */
			ELSE try('add_business_days((SELECT $1[1]::date + $1[4]::int * i FROM generate_series(0, 400) i WHERE is_business_day($1[1]::date + $1[4]::int * i, $1[3]::business_hours) ORDER BY i LIMIT 1), $1[2]::int, $1[3]::business_hours)',
				date::text, arg, h::text, CASE roll WHEN 'forward' THEN '1' ELSE '-1' END) END AS got
		FROM np JOIN np_hours n ON n.weekmask = np.weekmask AND n.holidays IS NOT DISTINCT FROM np.holidays
		WHERE op = 'busday_count' OR (op = 'busday_offset' AND roll IN ('forward', 'backward'));
});
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM np_got'), '>', 500, 'numpy: rows that bear on us');
none_wrong(q{SELECT op, weekmask, holidays, date, arg, roll, expected, got, note FROM np_got WHERE got IS DISTINCT FROM expected ORDER BY op, date},
	'numpy: busday_count and busday_offset');

$node->stop;
done_testing();
