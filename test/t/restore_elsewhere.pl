# Restored where roles of the dump do not exist, without owners, and without the
# schema sla; with the extension, schemas and columns of odd names.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('restore_elsewhere');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
	CREATE ROLE regress_sla_gone;
	CREATE ROLE "regress_sla ""St"".ays";
	CREATE DATABASE app;
});
my $odd = q{"App ""x"".y"."Tick.et"};
$node->safe_psql('app', q{
	CREATE SCHEMA "My.Schema 1";
	CREATE EXTENSION sla_tracker SCHEMA "My.Schema 1";
	GRANT USAGE ON SCHEMA "My.Schema 1" TO PUBLIC;
	INSERT INTO sla.calendar (name, hours) VALUES ('desk', 'TZ=UTC Mo-Su 09:00-17:00');
	CREATE SCHEMA "App ""x"".y" AUTHORIZATION regress_sla_gone;
	CREATE SCHEMA stays AUTHORIZATION "regress_sla ""St"".ays";
	GRANT ALL ON DATABASE app TO PUBLIC;
});

sub define
{
	my ($role, $table, $events, $key) = @_;

	$node->safe_psql('app', qq{
		SET ROLE $role;
		CREATE TABLE $table ($key int PRIMARY KEY, status text DEFAULT 'new', created_at timestamptz DEFAULT '2020-11-20 09:00Z', goal "My.Schema 1".business_interval DEFAULT '4 bh');
		CREATE TABLE $events (of int, at timestamptz);
		SELECT sla.track('$table', labels => 'jsonb_build_object(''k'', $key)');
		INSERT INTO sla.metric (relation, name, start_at, stop_when) VALUES ('$table', 'done', 'created_at', 'status = ''done''');
		INSERT INTO sla.policy (relation, name) VALUES ('$table', 'any');
		INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('$table', 'any', 'done', '4 bh \@desk');
		INSERT INTO sla.source (source, relation, item, metric, action) VALUES ('$events', '$table', 'of', 'done', 'pause');
		INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('$table', '$table', 'created_at', 'status = ''done''', 90);
		CREATE FUNCTION $table(bigint) RETURNS void LANGUAGE sql AS 'SELECT';
		INSERT INTO sla.escalation (relation, run) VALUES ('$table', '$table(bigint)');
		INSERT INTO $table VALUES (1), (2);
	});
	return;
}
define('regress_sla_gone', $odd, q{"App ""x"".y".event}, q{"Id ""x"});
define(q{"regress_sla ""St"".ays"}, 'stays.ticket', 'stays.event', 'id');
my $clocks = q{SELECT relation, item, state FROM sla.clock ORDER BY relation::text COLLATE "C", item};
my $before = $node->safe_psql('app', $clocks);
my $dump = $node->basedir . '/app.dump';
$node->command_ok([ 'pg_dump', '-Fd', '-j2', '-d', $node->connstr('app'), '-f', $dump ], 'pg_dump');
$node->safe_psql('app', q{DROP SCHEMA "App ""x"".y" CASCADE; DROP OWNED BY regress_sla_gone});
$node->safe_psql('postgres', 'DROP ROLE regress_sla_gone');

sub restored
{
	my ($name, @options) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name");
	return $node->run_log([ 'pg_restore', '-j2', @options, '-d', $node->connstr($name), $dump ]);
}
my $definitions = q{
	SELECT (SELECT count(*) FROM sla.tracked), (SELECT count(*) FROM sla.metric), (SELECT count(*) FROM sla.source),
		(SELECT count(*) FROM sla.objective), (SELECT count(*) FROM sla.objective_name), (SELECT count(*) FROM sla.escalation)};
my $told = q{SELECT subject, status FROM sla.status() WHERE subject ~ '^(table|definitions|objective) ' AND status IN ('gap', 'suspended') ORDER BY subject COLLATE "C"};

# One role is gone: nothing but what was its own is the worse for it.
restored('role_gone');
is($node->safe_psql('role_gone', $definitions), '2|2|2|2|2|2', 'a role is gone: all definitions are there');
is($node->safe_psql('role_gone', $clocks), $before, 'and all clocks');
is($node->safe_psql('role_gone', 'SELECT confirmed_by FROM sla.tracked ORDER BY id'), qq{-\n"regress_sla ""St"".ays"}, 'for whom');
is($node->safe_psql('role_gone', $told), qq{definitions of $odd|suspended\nobjective "$odd"|suspended}, 'what was its own is suspended, and that is told');
$node->safe_psql('role_gone', qq{INSERT INTO stays.ticket VALUES (3); INSERT INTO stays.event VALUES (2); INSERT INTO $odd VALUES (3)});
is($node->safe_psql('role_gone', $clocks), ($before =~ s/2\|running\z/2|paused\nstays.ticket|3|running/r), 'the other goes on');
$node->safe_psql('role_gone', qq{SELECT sla.track('$odd'); SELECT sla.sync('$odd')});
like($node->safe_psql('role_gone', $clocks), qr/^\Q$odd\E\|3\|running$/m, 'and so does this one, once it is confirmed');

# Nobody's owners are restored: each table is to be confirmed.
restored('no_owner', '--no-owner', '--no-privileges');
is($node->safe_psql('no_owner', $definitions), '2|2|2|2|2|2', 'without owners: all definitions are there');
is($node->safe_psql('no_owner', $clocks), $before, 'and all clocks');
is($node->safe_psql('no_owner', 'SELECT count(*) FROM sla.escalation WHERE made_by = 0'), '1', 'nobody stands for who is gone');
$node->safe_psql('no_owner', q{SELECT sla.track(relation) FROM sla.tracked; UPDATE sla.objective SET name = name});
is($node->safe_psql('no_owner', $told), '', 'confirmed');
$node->safe_psql('no_owner', qq{INSERT INTO stays.event VALUES (2); UPDATE $odd SET status = 'done' WHERE "Id ""x" = 1});
is($node->safe_psql('no_owner', $clocks), ($before =~ s/1\|running/1|stopped/r =~ s/2\|running\z/2|paused/r), 'all go on');

# Once more over it.
$node->run_log([ 'pg_restore', '-j2', '--clean', '--if-exists', '--no-owner', '--no-privileges', '-d', $node->connstr('no_owner'), $dump ]);
is($node->safe_psql('no_owner', $clocks), $before, 'cleaned and restored again');

# The application's schema alone, beside an extension that knows nothing of it.
$node->safe_psql('postgres', 'CREATE DATABASE alone');
$node->safe_psql('alone', q{
	CREATE SCHEMA "My.Schema 1";
	CREATE EXTENSION sla_tracker SCHEMA "My.Schema 1";
	CREATE SCHEMA stays;
	INSERT INTO sla.calendar (name, hours) VALUES ('desk', 'TZ=UTC Mo-Su 09:00-17:00');
});
$node->command_ok([ 'pg_restore', '-n', 'stays', '-d', $node->connstr('alone'), $dump ], 'one schema restored');
is($node->safe_psql('alone', $told), 'table stays.ticket|gap', 'triggers without definitions are told of');
$node->safe_psql('alone', q{
	CREATE TABLE first (id int PRIMARY KEY);
	SELECT sla.track('first');
	SELECT sla.track('stays.ticket');
	INSERT INTO sla.metric (relation, name, start_at, stop_when) VALUES ('stays.ticket', 'done', 'created_at', 'status = ''done''');
	INSERT INTO sla.policy (relation, name) VALUES ('stays.ticket', 'any');
	INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('stays.ticket', 'any', 'done', '4 bh @desk');
	INSERT INTO stays.ticket VALUES (7);
});
is($node->safe_psql('alone', $clocks), 'stays.ticket|7|running', 'tracked anew it is followed');
is($node->safe_psql('alone', $told), '', 'and nothing is told');

# What one table lacks is not missed by the others: a column that went with CASCADE,
# and all of a table, dropped while event triggers were off.
$node->safe_psql('postgres', 'CREATE DATABASE lacking');
$node->safe_psql('lacking', q{
	CREATE EXTENSION sla_tracker;
	CREATE TABLE kept (id int PRIMARY KEY, done boolean);
	CREATE TABLE less (id int PRIMARY KEY, done boolean, kind text);
	CREATE TABLE gone (id int PRIMARY KEY, done boolean);
	SELECT sla.track(t::regclass) FROM unnest('{kept,less,gone}'::text[]) AS t;
	INSERT INTO sla.metric (relation, name, stop_when) SELECT relation, 'done', 'done' FROM sla.tracked;
	INSERT INTO sla.policy (relation, name) SELECT relation, 'all' FROM sla.tracked;
	INSERT INTO sla.target (relation, policy, metric, goal) SELECT relation, 'all', 'done', '4 bh @24/7' FROM sla.tracked;
	INSERT INTO sla.objective (name, relation, at, good_when, target_percent) SELECT relation::text, relation, 'now()', 'done', 90 FROM sla.tracked;
	SELECT sla.track('less', labels => $$jsonb_build_object('kind', kind)$$);
	UPDATE sla.objective SET good_when = 'kind IS NULL' WHERE name = 'less';
	UPDATE sla.metric SET start_when = 'kind IS NULL' WHERE relation = 'less'::regclass;
	UPDATE sla.policy SET applies_when = 'kind IS NULL' WHERE relation = 'less'::regclass;
	INSERT INTO kept VALUES (1);
	INSERT INTO less VALUES (1);
	INSERT INTO gone VALUES (1);
	ALTER TABLE less DROP COLUMN kind CASCADE;
	SET session_replication_role = replica;
	DROP TABLE gone;
});
my $lacks = q{SELECT status, count(*) FROM sla.status() WHERE status NOT IN ('ok', 'behind') GROUP BY status ORDER BY status COLLATE "C"};
my $all = q{SELECT (SELECT count(*) FROM sla.tracked), (SELECT count(*) FROM sla.metric), (SELECT count(*) FROM sla.policy), (SELECT count(*) FROM sla.objective), (SELECT count(*) FROM sla.clock_state)};
$node->command_ok([ 'pg_dump', '-Fc', '-d', $node->connstr('lacking'), '-f', "$dump.lacking" ], 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE lacks');
$node->command_ok([ 'pg_restore', '-d', $node->connstr('lacks'), "$dump.lacking" ], 'restored without an error');
is($node->safe_psql('lacks', $all), '3|3|3|3|3', 'with all definitions');
is($node->safe_psql('lacks', $lacks), $node->safe_psql('lacking', $lacks), 'and what is missing is told as before');
is($node->safe_psql('lacks', q{INSERT INTO kept VALUES (2); SELECT count(*) FROM sla.clock WHERE item = '2'}), '1', 'the others are followed');

# Away: defaults of the extension's types stay, in whatever schema these are.
$node->safe_psql('role_gone', 'SELECT sla.detach(); DROP EXTENSION sla_tracker');
is($node->safe_psql('role_gone', q{SELECT atttypid::regtype, pg_get_expr(adbin, adrelid) FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
	WHERE attrelid = 'stays.ticket'::regclass AND attname = 'goal'}), q{text|'4 bh'::text}, 'sla.detach() keeps a default');

$node->stop;
done_testing();
