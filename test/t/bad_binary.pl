# Mutated binary values, through COPY BINARY and so through recv: they are
# refused or read as a proper value, never an internal error, never a crash.  Text of
# another encoding than UTF-8.

use strict;
use warnings;

use File::Spec;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('binary');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION sla_tracker');
srand(20261231);

my $dir = File::Spec->rel2abs(PostgreSQL::Test::Utils::tempdir);
my $signature = "PGCOPY\n\xff\r\n\0" . pack('N N', 0, 0);

sub spill
{
	my ($file, $bytes) = @_;

	open my $fh, '>:raw', $file or die "$file: $!";
	print $fh $bytes;
	close $fh;
	return;
}

# What the server sends for a value.
sub sent
{
	my ($type, $text) = @_;
	my $hex = $node->safe_psql('postgres', "SELECT encode(${type}_send(\$v\$$text\$v\$), 'hex')");

	return pack('H*', $hex);
}

sub mutate
{
	my ($bytes) = @_;
	my $n = 1 + int(rand(3));

	for (1 .. $n)
	{
		my $at = int(rand(length($bytes) + 1));
		my $kind = int(rand(6));

		if ($kind == 0 && $at < length $bytes) { substr($bytes, $at, 1) = chr(ord(substr($bytes, $at, 1)) ^ (1 << int(rand(8)))); }
		elsif ($kind == 1 && $at < length $bytes) { substr($bytes, $at, 1) = chr(int(rand(256))); }
		elsif ($kind == 2) { $bytes = substr($bytes, 0, $at); }
		elsif ($kind == 3) { substr($bytes, $at, 0) = chr(int(rand(256))) x (1 + int(rand(8))); }
		elsif ($kind == 4 && $at + 8 <= length $bytes) { substr($bytes, $at, 8) = ("\x7f" . "\xff" x 7, "\x80" . "\0" x 7, "\0" x 8, "\xff" x 8)[ int(rand(4)) ]; }
		else { $bytes .= substr($bytes, 0, int(rand(1 + length $bytes))); }
	}
	return $bytes;
}

my %values = (
	business_interval => ['4 bh', '1 bd 4 bh 30 bm 15.5 bs @support', '-2 bd', '0 bh @"a b"', '2147483647 bd', '1 bh @' . 'x' x 63],
	business_hours => ['24/7', 'TZ=Europe/Berlin Mo-Fr 09:00-17:00; PH off; 2026 Dec 24-26 off', '((TZ=UTC Mo-Fr 09:00-17:00) + (TZ=Asia/Tokyo Mo 08:00-30:00)) - (TZ=UTC easter off)', 'off']);

foreach my $type (sort keys %values)
{
	my @originals = map { sent($type, $_) } @{ $values{$type} };

	# a loop in the server: each mutation is one COPY of one row
	my $n = 3000;
	my @lines;
	for my $i (1 .. $n)
	{
		my $bytes = mutate($originals[ $i % @originals ]);
		spill("$dir/$type.$i", $signature . pack('n N', 1, length $bytes) . $bytes . pack('n', 0xffff));
	}
	$node->safe_psql('postgres', qq{
		CREATE TABLE ${type}_read (v $type);
		CREATE TABLE ${type}_verdict (i int, state text, message text);
		DO \$do\$
		DECLARE
			state text;
			message text;
		BEGIN
			FOR i IN 1 .. $n LOOP
				BEGIN
					EXECUTE format('COPY ${type}_read FROM %L WITH (FORMAT binary)', '$dir/$type.' || i);
					INSERT INTO ${type}_verdict VALUES (i, 'read');
				EXCEPTION WHEN OTHERS THEN
					GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
					INSERT INTO ${type}_verdict VALUES (i, state, message);
				END;
			END LOOP;
		END
		\$do\$;
	});
	my $internal = $node->safe_psql('postgres', "SELECT count(*) FROM ${type}_verdict WHERE state LIKE 'XX%'");
	is($internal, '0', "$type: no internal error")
	  or diag($node->safe_psql('postgres', "SELECT state, message, count(*) FROM ${type}_verdict WHERE state LIKE 'XX%' GROUP BY 1, 2"));
	cmp_ok($node->safe_psql('postgres', "SELECT count(*) FROM ${type}_verdict WHERE state <> 'read'"), '>', $n / 20, "$type: many are refused");
	cmp_ok($node->safe_psql('postgres', "SELECT count(*) FROM ${type}_read"), '>', 0, "$type: some are read");
	is($node->safe_psql('postgres', "SELECT count(*) FROM ${type}_read WHERE v::text::${type} <> v OR v::text::${type}::text <> v::text"),
		'0', "$type: what is read prints and reads back as the same value");
	is($node->safe_psql('postgres', "SELECT count(*) FROM ${type}_read a WHERE NOT (v = v AND v >= v) OR ${type}_send(v) <> ${type}_send(v::text::${type})"),
		'0', "$type: ... and is canonical");
}

# whole values, sent and received
$node->safe_psql('postgres', q{
	CREATE TABLE whole (i business_interval, h business_hours);
	INSERT INTO whole SELECT make_business_interval(days => k - 50, mins => k * 7, secs => k / 3.0, calendar => CASE WHEN k % 3 = 0 THEN 'c ' || k END),
		('TZ=Europe/Berlin Mo-Fr 09:00-' || 10 + k % 14 || ':00')::business_hours FROM generate_series(1, 100) k;
	CREATE TABLE whole2 (LIKE whole);
});
$node->safe_psql('postgres', "COPY whole TO '$dir/whole' WITH (FORMAT binary); COPY whole2 FROM '$dir/whole' WITH (FORMAT binary)");
is($node->safe_psql('postgres', 'SELECT count(*) FROM (SELECT i, h FROM whole EXCEPT SELECT i, h FROM whole2) x'), '0', 'what is sent is received');

# What the core quotes of a text that is not UTF-8 may be no text: E4 B8 B8 looks like a
# character, and B8 A1 is one.
$node->safe_psql('postgres', q{CREATE DATABASE euc_jp TEMPLATE template0 ENCODING 'EUC_JP' LOCALE 'C'});
$node->safe_psql('euc_jp', 'CREATE EXTENSION sla_tracker');
foreach my $type (sort keys %values)
{
	my ($status, $out, $error) = $node->psql('euc_jp', qq{SET client_encoding = 'UTF8'; SELECT convert_from('\\xe4b8b8a1', 'EUC_JP')::$type});

	like($error, qr/invalid input syntax for type $type/, "$type: an error that is text in EUC_JP");
}

# The server lives.
is($node->safe_psql('postgres', 'SELECT 1'), '1', 'the server lives');
unlike(slurp_file($node->logfile), qr/terminated by signal|PANIC|TRAP/, 'nothing crashed');
$node->stop;
done_testing();
