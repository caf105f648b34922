# Every report_ view, read as tools read it: through psycopg, node-postgres and
# the JDBC driver.  Each column comes out as what the driver has for numbers, text,
# booleans, times and JSON, without being told anything about the extension.  A
# driver that is not installed is skipped.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename;
use IPC::Run qw(run);
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = abs_path(dirname(__FILE__) . '/../..');

# What a driver makes of each type of column.  (node-postgres leaves to the caller
# what a double cannot hold, and its later versions dates, too; JDBC has no JSON,
# its text is in a PGobject.)
my %wanted = (
	psycopg => {
		'text' => 'str', 'boolean' => 'bool', 'integer' => 'int', 'bigint' => 'int', 'double precision' => 'float', 'numeric' => 'Decimal',
		'timestamp with time zone' => 'datetime', 'date' => 'date', 'jsonb' => 'dict'
	},
	node => {
		'text' => 'string', 'boolean' => 'boolean', 'integer' => 'number', 'bigint' => 'string', 'double precision' => 'number', 'numeric' => 'string',
		'timestamp with time zone' => 'Date', 'date' => 'Date|string', 'jsonb' => 'Object'
	},
	jdbc => {
		'text' => 'String', 'boolean' => 'Boolean', 'integer' => 'Integer', 'bigint' => 'Long', 'double precision' => 'Double', 'numeric' => 'BigDecimal',
		'timestamp with time zone' => 'Timestamp', 'date' => 'Date', 'jsonb' => 'PGobject'
	});

# Each prints "VIEW COLUMN CLASS" for the values of all rows, NULL being none.
my %program = (
	psycopg => [ 'views.py', <<'EOF_PYTHON' ],
import os, sys
try:
    import psycopg2 as driver
except ImportError:
    import psycopg as driver
connection = driver.connect(os.environ['DSN'])
cursor = connection.cursor()
for view in sys.argv[1:]:
    cursor.execute('SELECT * FROM sla.' + view)
    names = [column[0] for column in cursor.description]
    seen = {(name, type(value).__name__) for row in cursor.fetchall() for name, value in zip(names, row) if value is not None}
    for name, kind in sorted(seen):
        print(view, name, kind)
EOF_PYTHON
	node => [ 'views.js', <<'EOF_JAVASCRIPT' ],
const { Client } = require('pg');
(async () => {
	const client = new Client({ host: process.env.PGHOST, port: +process.env.PGPORT, user: process.env.PGUSER, database: 'postgres' });
	await client.connect();
	for (const view of process.argv.slice(2)) {
		const seen = new Set();
		for (const row of (await client.query('SELECT * FROM sla.' + view)).rows)
			for (const [name, value] of Object.entries(row))
				if (value !== null)
					seen.add(name + ' ' + (typeof value === 'object' ? value.constructor.name : typeof value));
		for (const line of [...seen].sort())
			console.log(view, line);
	}
	await client.end();
})().catch(error => { console.error(error); process.exit(1); });
EOF_JAVASCRIPT
	jdbc => [ 'Views.java', <<'EOF_JAVA' ]);
import java.sql.*;
import java.util.TreeSet;

public class Views {
	public static void main(String[] views) throws Exception {
		try (Connection connection = DriverManager.getConnection(System.getenv("JDBC_URL"))) {
			for (String view : views) {
				TreeSet<String> seen = new TreeSet<>();
				try (ResultSet rows = connection.createStatement().executeQuery("SELECT * FROM sla." + view)) {
					ResultSetMetaData columns = rows.getMetaData();
					while (rows.next())
						for (int i = 1; i <= columns.getColumnCount(); i++)
							if (rows.getObject(i) != null)
								seen.add(columns.getColumnName(i) + " " + rows.getObject(i).getClass().getSimpleName());
				}
				for (String line : seen)
					System.out.println(view + " " + line);
			}
		}
	}
}
EOF_JAVA

my ($jar) = grep { -e } '/usr/share/java/postgresql.jar', '/usr/share/java/postgresql-jdbc/postgresql.jar', split /:/, $ENV{CLASSPATH} // '';
my %command = (
	psycopg => [ -x '/usr/bin/python3' ? '/usr/bin/python3' : 'python3' ],
	node => ['node'],
	jdbc => [ 'java', '-cp', $jar // '' ]);
local $ENV{NODE_PATH} = join ':', grep { $_ } $ENV{NODE_PATH}, '/usr/share/nodejs', '/usr/lib/nodejs', '/usr/lib/node_modules', '/usr/local/lib/node_modules';

my %there = (
	psycopg => quiet([ @{ $command{psycopg} }, '-c', "try:\n import psycopg2\nexcept ImportError:\n import psycopg" ]),
	node => quiet([ 'node', '-e', q{require('pg')} ]),
	jdbc => defined $jar && quiet([ 'java', '--list-modules' ], qr/^jdk\.compiler\b/m));

# Whether a command can be run, and prints what is looked for.
sub quiet
{
	my ($command, $like) = @_;
	my $output = '';

	return eval { run($command, '>', \$output, '2>', \my $error) } && (!$like || $output =~ $like);
}

plan skip_all => 'no driver is installed' unless grep { $_ } values %there;

my $node = PostgreSQL::Test::Cluster->new('drivers');
$node->init(extra => [ '--encoding', 'UTF8', '--locale', 'C' ]);
$node->append_conf('postgresql.conf', "listen_addresses = '127.0.0.1'");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION sla_tracker');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-f', "$top/integrations/demo.sql" ],
	'the data to read');

my %type;
my @views = split /\n/, $node->safe_psql('postgres',
	q{SELECT relname FROM pg_class WHERE relnamespace = 'sla'::regnamespace AND relname LIKE 'report\_%' ORDER BY 1});
foreach my $line (split /\n/, $node->safe_psql('postgres',
	q{SELECT c.relname || ' ' || a.attname, format_type(a.atttypid, NULL) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
	WHERE c.relnamespace = 'sla'::regnamespace AND c.relname LIKE 'report\_%'}))
{
	my ($column, $type) = split /\|/, $line;
	$type{$column} = $type;
}

# The columns of a view that have a value at all, to know that all were looked at.
my %filled = map { $_ => 1 } map {
	my $view = $_;
	map { "$view $_" } split /\n/, $node->safe_psql('postgres',
		"SELECT DISTINCT k FROM sla.$view v, jsonb_each(to_jsonb(v)) j (k, x) WHERE x <> 'null'")
} @views;
cmp_ok(scalar keys %filled, '>', 150, 'there is something to read');

# Drivers differ in what they make of an infinite instant, if anything.
is_deeply([ grep { $_ ne '' } map { $node->safe_psql('postgres',
	"SELECT DISTINCT '$_.' || k FROM sla.$_ v, jsonb_each(to_jsonb(v)) j (k, x) WHERE x #>> '{}' IN ('infinity', '-infinity')") } @views ],
	[], 'no instant is infinite');

my $dir = PostgreSQL::Test::Utils::tempdir;
$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;
$ENV{PGUSER} = $node->safe_psql('postgres', 'SELECT current_user');
$ENV{DSN} = $node->connstr('postgres');
$ENV{JDBC_URL} = "jdbc:postgresql://127.0.0.1:$ENV{PGPORT}/postgres?user=$ENV{PGUSER}";

foreach my $driver (sort keys %program)
{
	SKIP:
	{
		skip "$driver is not installed", 3 unless $there{$driver};

		my ($file, $source) = @{ $program{$driver} };
		append_to_file("$dir/$file", $source);
		my ($output, $error);
		ok(run([ @{ $command{$driver} }, "$dir/$file", @views ], '>', \$output, '2>', \$error), "$driver reads every view") or diag($error);
		my @seen = map { [/^(\S+ \S+) (\S+)$/] } split /\n/, $output;
		is_deeply([ map { "$_->[0] ($type{$_->[0]}) is a $_->[1]" } grep { index('|' . ($wanted{$driver}{ $type{ $_->[0] } } // '') . '|', "|$_->[1]|") < 0 } @seen ],
			[], "$driver: values of basic types");
		is_deeply([ sort map { $_->[0] } @seen ], [ sort keys %filled ], "$driver: of every column");
	}
}

$node->stop;
done_testing();
