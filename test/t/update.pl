# ALTER EXTENSION UPDATE: from every version that was released, the catalog
# afterwards is that of a fresh installation.  That a difference is seen is proved
# with a version made up here.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Where the extension's files are: below a folder that the configuration names, or
# where the server has its own.
my $config = $ENV{TEMP_CONFIG} && -e $ENV{TEMP_CONFIG} ? slurp_file($ENV{TEMP_CONFIG}) : '';
my ($sharedir) = `pg_config --sharedir` =~ /(.*)/;
my ($stage) = $config =~ /^extension_destdir = '(.*)'/m;
my ($path) = $config =~ /^extension_control_path = '([^:']*)/m;
my $folder = defined $stage ? "$stage$sharedir/extension" : ($path // $sharedir) . '/extension';
my ($version) = slurp_file("$folder/sla_tracker.control") =~ /^default_version = '(.*)'/m;
ok(-e "$folder/sla_tracker--$version.sql", "version $version is installed");

my $node = PostgreSQL::Test::Cluster->new('update');
$node->init;
$node->start;

my $n = 0;

# The catalog of a database with the extension created at one version and brought
# to another: as pg_dump writes it member by member, without numbers.
sub catalog_of
{
	my ($from, $to) = @_;
	my $db = 'catalog_' . $n++;
	my ($dump, $err);

	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$node->safe_psql($db, "CREATE EXTENSION sla_tracker VERSION '$from'");
	$node->safe_psql($db, "ALTER EXTENSION sla_tracker UPDATE TO '$to'") if $from ne $to;
	$node->run_log([ 'pg_dump', '--binary-upgrade', '--schema-only', '-d', $node->connstr($db) ], '>', \$dump, '2>', \$err) or die $err;
	$dump =~ s/^\\(un)?restrict .*\n//mg;
	$dump =~ s/^SELECT pg_catalog\.binary_upgrade_set_next_.*\n//mg;
	$dump =~ s/binary_upgrade_create_empty_extension\([^\n]*/the extension/g;
	$dump =~ s/\Q$db\E/the database/g;
	$dump =~ s/^(SET relfrozenxid = |WHERE oid = )'.*\n//mg;
	$dump =~ s/'\d+'::pg_catalog\.(oid|xid)/a number/g;
	return $dump;
}

# The lines that are in one only, a few of them.
sub differences
{
	my ($one, $other) = @_;
	my %seen;
	my @lines;

	$seen{$_}++ foreach split /\n/, $one;
	$seen{$_}-- foreach split /\n/, $other;
	@lines = map { ($seen{$_} > 0 ? '< ' : '> ') . $_ } grep { $seen{$_} != 0 } sort keys %seen;
	splice @lines, 20 if @lines > 20;
	return join "\n", @lines;
}

my $fresh = catalog_of($version, $version);
cmp_ok(scalar(() = $fresh =~ /^CREATE /mg), '>', 300, 'there is a catalog to compare');
is(differences($fresh, catalog_of($version, $version)), '', 'two fresh installations are alike');

my @released = sort grep { $_ ne $version } map { m{/sla_tracker--([^-]+)\.sql$} } glob "$folder/sla_tracker--*.sql";
foreach my $released (@released)
{
	is(differences($fresh, catalog_of($released, $version)), '', "$released brought to $version is like a fresh $version");
}
note('versions released before ' . $version . ': ' . (@released ? join(', ', @released) : 'none'));

# A next version, right and wrong.
SKIP:
{
	my $knows = $node->safe_psql('postgres', q{SELECT string_agg(name, ',') FROM pg_settings WHERE name IN ('extension_destdir', 'extension_control_path')});
	skip 'this server takes extensions from one folder only', 4 unless $knows;

	my $base = PostgreSQL::Test::Utils::tempdir;
	my $to = $knows =~ /extension_control_path/ ? "$base/extension" : "$base$sharedir/extension";
	system('mkdir', '-p', $to) == 0 or die;
	my $script = slurp_file("$folder/sla_tracker--$version.sql");
	my $more = q{
		CREATE VIEW sla.report_next AS SELECT 1 AS one;
		COMMENT ON VIEW sla.report_next IS 'what is next';
		COMMENT ON COLUMN sla.report_next.one IS 'one';
		ALTER TABLE sla.metric ADD COLUMN next text;
		CREATE FUNCTION sla.next() RETURNS integer LANGUAGE sql RETURN 1;
		REVOKE ALL ON FUNCTION sla.next() FROM PUBLIC;
	};
	my %file = (
		'sla_tracker.control' => slurp_file("$folder/sla_tracker.control"),
		"sla_tracker--$version.sql" => $script,
		'sla_tracker--next.sql' => $script . $more,
		"sla_tracker--$version--next.sql" => $more,
		# forgets a comment, a privilege, and the type of a column
		'sla_tracker--wrong.sql' => $script . $more,
		"sla_tracker--$version--wrong.sql" => $more =~ s/COMMENT ON COLUMN.*\n//r =~ s/REVOKE.*\n//r =~ s/next text/next varchar/r);
	foreach my $name (keys %file)
	{
		open(my $fh, '>', "$to/$name") or die $!;
		print $fh $file{$name};
		close $fh;
	}
	if ($knows =~ /extension_control_path/)
	{
		$node->append_conf('postgresql.conf', "extension_control_path = '$base:\$system'");
	}
	else
	{
		# (this setting moves the library, too)
		my ($pkglibdir) = `pg_config --pkglibdir` =~ /(.*)/;
		system('mkdir', '-p', "$base$pkglibdir") == 0 or die;
		system("cp '" . ($stage // '') . "$pkglibdir'/sla_tracker*.so '$base$pkglibdir/'") == 0 or die;
		$node->append_conf('postgresql.conf', "extension_destdir = '$base'");
	}
	$node->reload;
	is(differences(catalog_of('next', 'next'), catalog_of($version, 'next')), '', 'a right update');
	my $wrong = differences(catalog_of('wrong', 'wrong'), catalog_of($version, 'wrong'));
	like($wrong, qr/^< COMMENT ON COLUMN "?sla"?\."?report_next"?\."?one"?/m, 'a forgotten comment is seen');
	like($wrong, qr/^< REVOKE ALL ON FUNCTION/m, 'and a forgotten privilege');
	like($wrong, qr/character varying/, 'and another type');
}

$node->stop;
done_testing();
