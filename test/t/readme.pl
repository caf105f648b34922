# README.md tells the truth: every example in it is executed here, in order and
# in one session, and its output compared; every statement of the tables of
# grammar and errors is executed; the reference tables agree with the catalog.
#
# A ```sql block is followed by a ```text block with what psql prints, or by
# none when it prints nothing; an ```ics block is the file holidays.ics of the
# session's directory.  HTML comments right above a block or a table, which no
# reader sees, say more:
#
#	output varies	only the first line and the number of lines are compared
#	back to the first database	where an example has gone to another one
#	needs libical	a build without it refuses the last statement
#	accepted: SQL	%s stands for what is in backticks in the first column
#	refused: SQL	the same, and the second column is the SQLSTATE
#	functions		H stands for business_hours and for text
#	operators
#	settings
#	messages	what is in backticks in the first column stands in an output
#
# When an output differs, tmp_check/README.md is the file as it should be.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename;
use IPC::Run qw(run);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = abs_path(dirname(__FILE__) . '/../..');
my $readme = slurp_file("$top/README.md");

my $node = PostgreSQL::Test::Cluster->new('readme');
$node->init(extra => [ '--encoding', 'UTF8', '--locale', 'C' ]);
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE readme');

# One psql, to whose input statements may be written; its output and messages.
sub psql
{
	my ($database, $input) = @_;
	my $output = '';

	local $ENV{PGOPTIONS} = '-c datestyle=ISO -c intervalstyle=postgres -c timezone=UTC';
	run([ 'psql', '-X', '-q', '-P', 'footer=off', '-v', 'SHOW_CONTEXT=never', '-d', $node->connstr($database) ],
		'<', \$input, '>', \$output, '2>&1');
	return $output;
}

sub without_trailing_space
{
	my ($text) = @_;

	$text =~ s/[ \t]+$//mg;
	$text =~ s/\n+\z/\n/;
	return $text;
}

# The parts of the file: [ kind, text, comment ], kind being that of a block.

my @parts;
my $comment = '';
while ($readme =~ /\G(?:```(\w+)\n(.*?)^```\n|<!-- (.*?) -->\n|([^\n]*\n))/gms)
{
	my ($kind, $block, $note, $line) = ($1, $2, $3, $4);

	push @parts, [ $kind // ($note ? 'comment' : 'line'), $block // $note // $line, $comment ];
	if (defined $note)
	{
		$comment = $note;
	}
	elsif (defined $block || $line !~ /^\s*$/)
	{
		$comment = '';
	}
}

# The examples.

my $without_libical = psql('readme', q{
	CREATE EXTENSION sla_tracker;
	\set VERBOSITY sqlstate
	SELECT sla.import_holidays('none', '', '2026-01-01', '2027-01-01');
	DROP EXTENSION sla_tracker;
	DROP SCHEMA IF EXISTS sla}) =~ /0A000/;

my $directory = PostgreSQL::Test::Utils::tempdir;
my $mark = '-- end of a block of README.md --';
my @examples = grep { $_->[0] eq 'sql' } @parts;
my $session = "\\set first :DBNAME\n" . join('', map {
	$_->[0] eq 'sql' ? "$_->[1]\\echo '$mark'\n"
	  : $_->[1] eq 'back to the first database' ? "\\c :first\nSET timezone = 'Europe/Berlin';\n" : '' } @parts);
foreach my $feed (grep { $_->[0] eq 'ics' } @parts)
{
	open(my $file, '>', "$directory/holidays.ics") or die $!;
	print $file $feed->[1];
	close $file;
}
chdir $directory or die $!;
my @outputs = split /^\Q$mark\E\n/m,
  psql('readme', $session), -1;
is(scalar @outputs, @examples + 1, 'the session came to its end');
is(pop @outputs, '', 'and ended quietly');

cmp_ok(scalar @examples, '>', 20, 'there are examples');
my $differs = 0;
for (my $i = 0; $i < @parts; $i++)
{
	next if $parts[$i][0] ne 'sql';

	my (undef, $sql, $note) = @{ $parts[$i] };
	my ($next) = grep { $parts[$_][0] ne 'line' || $parts[$_][1] !~ /^\s*$/ } $i + 1 .. $#parts;
	my $has_text = defined $next && $parts[$next][0] eq 'text';
	my $expected = $has_text ? $parts[$next][1] : '';
	my $actual = without_trailing_space(shift @outputs);
	my ($title) = $sql =~ /(\w[^\n]*)/;

	if ($note eq 'needs libical' && $without_libical)
	{
		like($actual, qr/ERROR:  importing iCalendar data is not supported/, $title);
		next;
	}
	if ($note eq 'output not shown')
	{
		unlike($actual, qr/^(?:ERROR|FATAL|PANIC|WARNING)/m, $title);
		next;
	}
	if ($note eq 'output varies')
	{
		my ($first, @rest) = split /\n/, $expected || "?\n";

		next if like($actual, qr/\A\Q$first\E\n(?:[^\n]*\n){${\scalar @rest}}\z/, $title);
	}
	else
	{
		next if is($actual, $expected, $title);
	}

	$differs = 1;
	splice @parts, $i + 1, 0, [ 'line', "\n" ], [ 'text', '' ] unless $has_text;
	$next = $i + 2 unless $has_text;
	$parts[$next][1] = $actual;
}
if ($differs)
{
	my $file = "$PostgreSQL::Test::Utils::tmp_check/README.md";

	open(my $fh, '>', $file) or die $!;
	print $fh map {
		my ($kind, $text) = @$_;
		$kind eq 'line' ? $text : $kind eq 'comment' ? "<!-- $text -->\n"
		  : $kind eq 'text' && $text eq '' ? '' : "```$kind\n$text```\n" } @parts;
	close $fh;
	diag("with these outputs: $file");
}

# The tables: [ comment, heading, row... ], a row being its cells.

my @tables;
foreach my $part (@parts)
{
	my ($kind, $text, $note) = @$part;

	if ($kind ne 'line' || $text !~ /^\|/)
	{
		push @tables, [] if @tables && @{ $tables[-1] };
		$tables[-1][0] = $text if $kind eq 'comment' && @tables;
		@tables = ([$text]) if $kind eq 'comment' && !@tables;
		next;
	}
	chomp $text;
	$text =~ s/^\|\s*|\s*\|$//g;
	push @tables, [''] unless @tables;
	$tables[-1][0] //= '';
	push @{ $tables[-1] }, [ split /\s*(?<!\\)\|\s*/, $text ];
}

sub rows_of
{
	my ($kind) = @_;

	return map { my ($note, undef, undef, @rows) = @$_; map { [ $note, @$_ ] } @rows }
	  grep { ($_->[0] // '') =~ /^$kind/ } @tables;
}

# What is in backticks in a cell.
sub code_of { return map { s/\\\|/|/gr } $_[0] =~ /`([^`]+)`/g }

# A database as the examples leave it, with the extension.
$node->safe_psql('postgres', 'CREATE DATABASE reference');
psql('reference', $session =~ s/^CREATE ROLE.*\n//mr =~ s/^DROP EXTENSION.*\n//mr =~ s/^SELECT sla\.detach.*\n//mr);

my $statements = 0;
foreach my $kind ('accepted', 'refused')
{
	foreach my $row (rows_of($kind))
	{
		my ($note, $examples, $second) = @$row;
		my ($form) = $note =~ /^$kind: (.*)/s;
		my ($state) = $second =~ /`(\w{5})`/;

		foreach my $example (code_of($examples))
		{
			my $output = psql('reference', "\\set VERBOSITY sqlstate\n\\pset tuples_only\n\\pset format unaligned\n"
				. $form =~ s/%s/$example/r . ";\n");

			$statements++;
			if ($kind eq 'accepted')
			{
				unlike($output, qr/^(?:ERROR|FATAL|PANIC|server)/m, "accepted: $example");
				my $printed = $second =~ /^`([^`]+)`$/ ? $1 : $second =~ /^the same/ ? $example : next;
				is($output, "$printed\n", "and printed as $printed");
			}
			else
			{
				is($output, "ERROR:  $state\n", "refused: $example");
			}
		}
	}
}
cmp_ok($statements, '>', 50, 'there are statements in tables');

# The reference, both ways.

sub list { return split /\n/, $node->safe_psql('reference', $_[0]) }

my $ours = q{d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
	AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'sla_tracker')};
my %volatility = map { my ($key, @rest) = split /\|/, $_, -1; ($key => \@rest) } list(qq{
	SELECT (p.oid::regprocedure)::text, format_type(p.prorettype, NULL),
		CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END,
		coalesce(concat_ws(', ', VARIADIC p.proargnames[1:p.pronargs]), ''),
		regexp_replace(coalesce(pg_get_expr(p.proargdefaults, 0), ''), '::[a-z ]+(\\[\\])?', '', 'g'),
		(SELECT string_agg(a.name, ', ' ORDER BY a.ord)
		 FROM unnest(p.proargnames, p.proargmodes) WITH ORDINALITY AS a (name, mode, ord) WHERE a.mode IN ('o', 't'))
	FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND $ours});
my %long = (timestamptz => 'timestamp with time zone', int => 'integer', float8 => 'double precision', 'float8[]' => 'double precision[]', 'timestamptz[]' => 'timestamp with time zone[]');
my %told;
foreach my $row (rows_of('functions'))
{
	my (undef, $signature, $returns, $volatility) = @$row;

	foreach my $code (code_of($signature))
	{
		my ($name, $arguments) = $code =~ /^([\w.]+)\((.*)\)$/ or die "not a function: $code";
		my @volatilities = split m{ / }, $volatility;
		my @arguments = split /, /, $arguments;
		my @defaults = map { / DEFAULT (.*)/ ? $1 : () } @arguments;

		foreach my $hours ($arguments =~ /\bH\b/ ? ('business_hours', 'text') : (''))
		{
			my $key = join(',', map { my $type = s/^\w+ (?=\w)//r; $type = $hours if $type eq 'H'; $long{$type} // $type }
				map { s/ DEFAULT .*//r } split /, /, $arguments);
			my $function = $volatility{"$name($key)"};
			my $expected = shift(@volatilities) // '';

			$told{"$name($key)"} = 1;
			ok($function, "$name($key) exists") or next;
			is($function->[1], $expected, "$name($key) is $expected");
			is(join(', ', map { /^(\w+) \w/ ? $1 : $_ eq 'H' ? { business_hours => 'hours', text => 'calendar' }->{$hours} : () } @arguments),
				$function->[2], "names of the arguments of $name($key)");
			is(lc join(', ', @defaults), lc $function->[3], "defaults of $name($key)");
			my ($columns) = $returns =~ /^(?:rows )?\((.*)\)$/;
			is($columns // '', $function->[4] // '', "$name($key) returns these columns") if $returns !~ /^rows of/;
			my ($type) = $returns =~ /^`([\w\[\]]+)`$/;
			is($function->[0], $long{$type} // $type, "$name($key) returns $type") if $type;
		}
	}
}

# Functions that only the extension itself calls, besides those whose comment
# begins with "private".
my $internal = join ',', qw(agreement_credits apply_exception calendar_exists cannot_derive count_occurrences derived drop_triggers duration_text full_xid
	forget library_version make_promises make_triggers may_define objective_alerts objective_periods objective_series objective_status problem_of raise_revisions recompute_table refresh_clocks
	rejudge rejudged restoring survival_accum survival_final tally_accum tally_final untrack_table verdict_of verify_table);
is_deeply([ grep { !$told{$_} } list(qq{
	SELECT p.oid::regprocedure
	FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND $ours
	WHERE NOT EXISTS (SELECT FROM pg_operator WHERE oprcode = p.oid)
		AND NOT EXISTS (SELECT FROM pg_amproc WHERE amproc = p.oid)
		AND NOT EXISTS (SELECT FROM pg_type WHERE p.oid IN (typinput, typoutput, typreceive, typsend))
		AND NOT EXISTS (SELECT FROM pg_cast WHERE castfunc = p.oid)
		AND NOT EXISTS (SELECT FROM pg_aggregate WHERE p.oid IN (aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn, aggminvtransfn, aggmfinalfn))
		AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
		AND obj_description(p.oid, 'pg_proc') NOT LIKE 'private%'
		AND p.proname <> ALL ('{$internal}')}) ],
	[], 'no function is missing from the reference');

my @operators = list(qq{
	SELECT concat_ws(' ', nullif(oprleft, 0)::regtype, oprname, oprright::regtype)
	FROM pg_operator o JOIN pg_depend d ON d.classid = 'pg_operator'::regclass AND d.objid = o.oid AND $ours});
my %operator = map { s/timestamp with time zone/timestamptz/r =~ s/double precision/float8/r => 1 } @operators;
my %told_operator = map { $_ => 1 } map { code_of($_->[1]) } rows_of('operators');
is_deeply([ sort keys %told_operator ], [ sort keys %operator ], 'the operators are all there');

# Tables of columns: "`a` `type`", or "`a`, `b` `type`" of both.
foreach my $table (@tables)
{
	my (undef, $heading, undef, @rows) = @$table;
	my ($relation) = ($heading->[0] // '') =~ /^`(sla\.\w+)`$/ or next;
	my (%told, @untyped);

	foreach my $row (@rows)
	{
		my ($default) = $row->[1] =~ /default `([^`]*)`/;

		foreach my $item (split /, /, $row->[0])
		{
			my ($column, $type) = code_of($item);

			push @untyped, $column;
			next if !defined $type;
			$told{$_} = "$_ $type" . (defined $default ? " $default" : '') foreach @untyped;
			@untyped = ();
		}
	}
	my $id = exists $told{id} ? 'true' : 'false';
	is_deeply([ sort values %told ], [ sort(list(qq{
		SELECT concat_ws(' ', attname,
			replace(replace(replace(format_type(atttypid, NULL), 'timestamp with time zone', 'timestamptz'), 'double precision', 'float8'), 'time without time zone', 'time'),
			CASE WHEN col_description(attrelid, attnum) !~ 'set by the extension'
				THEN regexp_replace(pg_get_expr(adbin, adrelid), '::[a-z ]+(\\[\\])?\$', '') END)
		FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
		WHERE attrelid = '$relation'::regclass AND attnum > 0 AND (attname <> 'id' OR $id)})) ],
		"columns of $relation");
}
foreach my $row (map { my (undef, $heading, undef, @rows) = @$_; ($heading->[2] // '') eq 'columns' ? @rows : () } @tables)
{
	my ($view) = code_of($row->[0]);

	is_deeply([ code_of($row->[2]) ],
		[ list("SELECT attname FROM pg_attribute WHERE attrelid = '$view'::regclass AND attnum > 0 ORDER BY attnum") ], "columns of $view");
}
is_deeply([ map { join ' ', map { s/`//gr } @$_[1 .. 3] } rows_of('settings') ], [ sort(list(q{
	DO 'BEGIN PERFORM FROM sla.worker; END';
	SELECT concat_ws(' ', name, coalesce(nullif(current_setting(name), ''), 'none'), context)
	FROM pg_settings WHERE name LIKE 'sla\\_tracker.%'})) ], 'settings');

foreach my $name (
	list(qq{SELECT DISTINCT tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
		WHERE NOT tgisinternal AND c.relnamespace = 'sla'::regnamespace}),
	list(qq{SELECT name FROM pg_settings WHERE name LIKE 'sla\\_tracker.%'}),
	list(qq{SELECT t.oid::regtype FROM pg_type t JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND $ours
		WHERE typtype = 'b' AND typelem = 0}),
	list(qq{SELECT c.oid::regclass FROM pg_class c JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND $ours
		WHERE relkind IN ('r', 'v') AND obj_description(c.oid, 'pg_class') NOT LIKE 'private%'}),
	list(qq{SELECT DISTINCT attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = a.attrelid AND $ours
		WHERE attnum > 0 AND relkind IN ('r', 'v') AND obj_description(c.oid, 'pg_class') NOT LIKE 'private%'}))
{
	like($readme, qr/`\Q$name\E`/, "$name is there");
}

foreach my $message (map { code_of($_->[1]) } rows_of('messages'))
{
	ok((grep { $_->[0] eq 'text' && $_->[1] =~ /^ERROR:  \Q$message\E$/m } @parts), "an example has the message $message");
}

# Links: headings of this file and files beside it; and the contents name every chapter.

my ($contents) = $readme =~ /^## Contents\n(.*?)^## /ms;
my %anchor;
foreach my $part (@parts)
{
	next if $part->[0] ne 'line' || $part->[1] !~ /^(#+) (.*)/;
	my ($level, $anchor) = (length $1, lc $2);
	$anchor =~ s/[^\w\- ]//g;
	$anchor =~ tr/ /-/;
	$anchor{"#$anchor"} = 1;
	like($contents, qr/\(#\Q$anchor\E\)/, "the contents lead to $anchor") if ($level == 2 || $level == 3) && $anchor ne 'contents';
}
foreach my $link (join('', map { $_->[1] } grep { $_->[0] eq 'line' } @parts) =~ /\]\(([^)]+)\)/g)
{
	next if $link =~ /^https:/;
	ok($link =~ /^#/ ? $anchor{$link} : -e "$top/$link", "$link leads somewhere");
}
foreach my $script ($readme =~ /\b((?:script|bench|\.ci)\/[a-z-]+)\b/g)
{
	ok(-x "$top/$script", "$script can be run");
}

$node->stop;
done_testing();
