# integrations/grafana: the dashboards are well formed, and each of their queries
# gives rows over the data of integrations/demo.sql, to the role that README.md
# makes for it, in types that Grafana knows.  Macros and variables are put in as
# Grafana's data source for PostgreSQL does it.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = abs_path(dirname(__FILE__) . '/../..');
my $integrations = "$top/integrations";
my ($role) = slurp_file("$top/README.md") =~ /^(CREATE \w+ sla_dashboard LOGIN;.*?)^```/ms;
$role =~ s/sla_dashboard/regress_grafana/g;

my $node = PostgreSQL::Test::Cluster->new('grafana');
$node->init(extra => [ '--encoding', 'UTF8', '--locale', 'C' ]);
$node->start;
$node->safe_psql('postgres', "CREATE EXTENSION sla_tracker; $role");
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-f', "$integrations/demo.sql" ],
	'the data to look at');

my ($from, $to) = split /\|/, $node->safe_psql('postgres',
	q{SELECT to_char(t, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), to_char(t + interval '90 days', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
	FROM (SELECT now() AT TIME ZONE 'UTC' - interval '90 days') s (t)});
my %macro = (
	__timeFilter => sub { "$_[0] BETWEEN '$from' AND '$to'" },
	__timeFrom => sub { "'$from'" },
	__timeTo => sub { "'$to'" },
	__timeGroup => sub {
		my ($column, $interval) = @_;
		my ($n, $unit) = $interval =~ /^(\d+)([smhd])$/ or die "no interval: $interval";
		my $seconds = $n * { s => 1, m => 60, h => 3600, d => 86400 }->{$unit};
		"floor(extract(epoch from $column)/$seconds)*$seconds";
	});
my %values;

sub expand
{
	my ($sql) = @_;

	$sql =~ s/\$__interval\b/6h/g;
	$sql =~ s/\$(\w+)(?=[^\w(]|$)/join(',', map { "'" . s{'}{''}gr . "'" } @{ $values{$1} || die "no variable $1" })/ge;
	$sql =~ s/\$(\w+)\(([^)]*)\)/($macro{$1} || die "no macro $1")->(split m{\s*,\s*}, $2)/ge;
	return $sql;
}

sub ask
{
	my ($sql) = @_;

	return $node->psql('postgres', "SET default_transaction_read_only = on; SET SESSION AUTHORIZATION regress_grafana; $sql");
}

# Columns of a query, [ name, type ].
sub columns
{
	my ($ret, $out) = ask("$_[0] \\gdesc");

	return $ret ? () : map { [ split /\|/ ] } split /\n/, $out;
}

my %known = map { $_ => 1 } ('text', 'boolean', 'integer', 'bigint', 'double precision', 'numeric', 'timestamp with time zone', 'date');
my %number = map { $_ => 1 } ('integer', 'bigint', 'double precision', 'numeric');
my @files = glob("$integrations/grafana/*.json");
cmp_ok(scalar @files, '>', 0, 'there are dashboards');

foreach my $file (@files)
{
	my $name = basename($file);
	my $dashboard = eval { decode_json(slurp_file($file)) } or fail("$name is JSON: $@"), next;

	like($dashboard->{uid}, qr/^[\w-]{1,40}$/, "$name: uid");
	like($dashboard->{title}, qr/\S/, 'title');
	is(ref $dashboard->{tags}, 'ARRAY', 'tags');
	cmp_ok($dashboard->{schemaVersion}, '>=', 36, 'schemaVersion');
	ok(!exists $dashboard->{id}, 'no id of one installation');

	# Variables, each of which may use those before it.
	my %used;
	foreach my $variable (@{ $dashboard->{templating}{list} })
	{
		next if $variable->{type} eq 'datasource';
		is($variable->{type}, 'query', "variable $variable->{name}");
		is($variable->{definition}, $variable->{query}, 'its definition is its query');
		$used{$_} = 1 for $variable->{query} =~ /\$(\w+)/g;
		my ($ret, $out, $err) = ask(expand($variable->{query}));
		is($ret, 0, 'its query runs') or diag($err);
		is(scalar columns(expand($variable->{query})), 1, 'one column');
		$values{ $variable->{name} } = [ split /\n/, $out ];
		isnt($out, '', 'it has values');
	}

	my (%id, %cell);
	foreach my $panel (@{ $dashboard->{panels} })
	{
		my ($title, $type, $at) = @$panel{qw(title type gridPos)};

		ok(!$id{ $panel->{id} }++, "$title: its id is its own");
		my @cells = map { my $x = $_; map { "$x,$_" } $at->{y} .. $at->{y} + $at->{h} - 1 } $at->{x} .. $at->{x} + $at->{w} - 1;
		ok($at->{x} >= 0 && $at->{x} + $at->{w} <= 24 && !grep({ $cell{$_}++ } @cells), 'it has a place of its own');
		next if $type eq 'row';

		like($type, qr/^(?:stat|table|timeseries)$/, 'its type');
		like($panel->{description}, qr/\.$/, 'it is described');
		foreach my $target (@{ $panel->{targets} })
		{
			is($target->{datasource}{uid}, '${datasource}', 'the data source is chosen');
			ok($target->{rawQuery} && $target->{refId}, 'it is a query');
			$used{$_} = 1 for $target->{rawSql} =~ /\$(\w+)/g;

			my $sql = expand($target->{rawSql});
			my ($ret, $out, $err) = ask($sql);
			is($ret, 0, 'its query runs') or diag($err);
			isnt($out, '', 'it gives something');
			my @columns = columns($sql);
			cmp_ok(scalar @columns, '>', 1, 'columns');
			is_deeply([ grep { !$known{ $_->[1] } } @columns ], [], 'types that Grafana knows');

			# what an override is for is there
			my %column = map { $_->[0] => 1 } @columns;
			is_deeply([ grep { !$column{$_} } map { $_->{matcher}{options} } @{ $panel->{fieldConfig}{overrides} } ],
				[], 'overrides of columns');

			is($target->{format}, $type eq 'timeseries' ? 'time_series' : 'table', 'format') or next;
			next if $type ne 'timeseries';
			is($columns[0][0], 'time', 'the first column is the time');
			like($columns[0][1], qr/^(?:timestamp with time zone|numeric)$/, 'an instant, or seconds');
			is(scalar(grep { $number{ $_->[1] } } @columns[ 1 .. $#columns ]), 1, 'one column of values');
			my @times = map { (split /\|/)[0] } split /\n/, $out;
			is_deeply(\@times, [ sort { $columns[0][1] eq 'numeric' ? $a <=> $b : $a cmp $b } @times ], 'in order of time');
			my @keys = map { join '|', (split /\|/)[ 0, 1 ] } split /\n/, $out;
			is(scalar(keys %{ { map { $_ => 1 } @keys } }), scalar @keys, 'one value for each series and time');
		}
	}
	is_deeply([ sort grep { !/^__/ } keys %used ], [ sort keys %values ], 'every variable is used');
}

# What a panel tells is what the clocks say.
my ($overview) = map { decode_json(slurp_file($_)) } "$integrations/grafana/sla-tracker.json";
my %panel = map { $_->{title} => $_ } @{ $overview->{panels} };
my (undef, $open) = ask(expand($panel{'Open clocks'}{targets}[0]{rawSql}));
is($open, $node->safe_psql('postgres', q{
	SELECT count(*), count(*) FILTER (WHERE state = 'paused'),
		count(*) FILTER (WHERE verdict = 'pending' AND elapsed_seconds > 0.75 * budget_seconds), count(*) FILTER (WHERE verdict = 'breached')
	FROM sla.clock WHERE state IN ('running', 'paused')}), 'open clocks, by the clocks themselves');
like($open, qr/^[1-9]\d*\|[1-9]\d*\|[1-9]\d*\|[1-9]\d*$/, 'some of each kind');
my (undef, $breaches) = ask("SELECT sum(breaches) FROM (" . expand($panel{'Breaches'}{targets}[0]{rawSql}) . ") b");
is($breaches, $node->safe_psql('postgres',
	"SELECT count(*) FROM sla.clock WHERE verdict = 'breached' AND breached_at BETWEEN '$from' AND '$to'"), 'breaches, by the clocks themselves');

$node->stop;
done_testing();
