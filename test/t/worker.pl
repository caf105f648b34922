# The background worker from its first to its last day: where there is nothing to
# do it does nothing, where something is due it is there, and whatever happens to
# databases, processes and the server it neither stands in the way nor spins.
#
# sla.tick() and sla.next_tick() are stand-ins here that serve a table of
# instants: what is tested is who calls them, when, and as who.

use strict;
use warnings;

use File::Copy;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $node = PostgreSQL::Test::Cluster->new('worker');
$node->init(allows_streaming => 1);
$node->start;
my $major = $node->safe_psql('postgres', q{SELECT current_setting('server_version_num')::int / 10000});

# The stand-ins; every insertion wakes.
my $standins = q{
	CREATE TABLE public.due (at timestamptz, done_at timestamptz, done_by text);
	CREATE TABLE public.trouble (message text);
	CREATE OR REPLACE FUNCTION sla.tick(at timestamptz DEFAULT now(), max_items integer DEFAULT 1000)
	RETURNS TABLE (step text, done bigint, problem text) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	BEGIN
		IF EXISTS (SELECT FROM public.trouble WHERE message !~ 'step') THEN
			RAISE EXCEPTION '%', (SELECT message FROM public.trouble LIMIT 1);
		END IF;
		IF EXISTS (SELECT FROM public.trouble WHERE message = 'a long step') THEN
			PERFORM pg_sleep(60);
		END IF;
		UPDATE public.due AS d SET done_at = clock_timestamp(), done_by = session_user WHERE d.at <= tick.at AND d.done_at IS NULL;
		GET DIAGNOSTICS done = ROW_COUNT;
		step := 'all';
		problem := (SELECT message FROM public.trouble LIMIT 1);
		RETURN NEXT;
	END
	$$;
	CREATE OR REPLACE FUNCTION sla.next_tick() RETURNS timestamptz
	LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS $$ SELECT min(d.at) FROM public.due AS d WHERE d.done_at IS NULL $$;
	REVOKE ALL ON FUNCTION sla.tick(timestamptz, integer), sla.next_tick() FROM PUBLIC;
	CREATE TRIGGER wake AFTER INSERT ON public.due FOR EACH STATEMENT EXECUTE FUNCTION sla.wake();
};
sub worker
{
	my ($database, $columns, $server) = @_;

	return ($server // $node)->safe_psql($database, "SELECT $columns FROM sla.worker");
}

# Once the condition on sla.worker holds; the time it took.
sub until_worker
{
	my ($database, $condition, $server) = @_;
	my $began = time;

	($server // $node)->poll_query_until($database, "SELECT coalesce(($condition), false) FROM sla.worker")
	  or diag(worker($database, 'worker', $server));
	return time - $began;
}

# Once nothing is left to be done that is due.
sub until_done
{
	my ($database, $server) = @_;

	return ($server // $node)->poll_query_until($database, q{SELECT count(*) = 0 FROM due WHERE done_at IS NULL AND at <= now()});
}

sub make_database
{
	my ($database, $server) = @_;

	$server //= $node;
	$server->safe_psql('postgres', "CREATE DATABASE $database");
	$server->safe_psql($database, "BEGIN; CREATE EXTENSION sla_tracker; $standins COMMIT");
}

# Fatal errors but those of processes that were told to end.
sub fatal
{
	return join("\n", grep { /FATAL:/ && !/administrator command/ } split /\n/, slurp_file($node->logfile));
}

sub log_lines
{
	my ($pattern, $server) = @_;

	return scalar grep { /$pattern/ } split /\n/, slurp_file(($server // $node)->logfile);
}

# Not preloaded

$node->safe_psql('postgres', 'CREATE EXTENSION sla_tracker');
is(worker('postgres', 'status, launcher_pid, visits'), 'not preloaded||0', 'without the preloaded library there is no worker');
is($node->safe_psql('postgres', q{SELECT FROM sla.worker; SELECT string_agg(name || '=' || setting || ' ' || context, ', ' ORDER BY name COLLATE "C") FROM pg_settings WHERE name ~ '^sla_tracker[.](databases|naptime|role)$'}),
	'sla_tracker.databases= sighup, sla_tracker.naptime=3600 sighup, sla_tracker.role= sighup', 'its settings are there');
is($node->safe_psql('postgres', q{INSERT INTO sla.calendar (name, hours) VALUES ('c', '24/7'); SELECT count(*) FROM sla.calendar}), '1', 'definitions can be edited');

foreach my $case (
	[ q{sla_tracker.databases = 'a,,b'}, qr/invalid value for parameter "sla_tracker.databases".*List syntax is invalid.*HINT:.*commas/s ],
	[ q{sla_tracker.databases = '"a'}, qr/List syntax is invalid/ ],
	[ q{sla_tracker.naptime = 0}, qr/outside the valid range/ ],
	[ q{sla_tracker.role = 'x} . 'x' x 64 . q{'}, qr/invalid value for parameter "sla_tracker.role".*at most 63 bytes/s ])
{
	my ($setting, $message) = @$case;
	my (undef, undef, $stderr) = $node->psql('postgres', "SELECT FROM sla.worker; ALTER SYSTEM SET $setting");
	like($stderr, $message, "refused: $setting");
}
# Sessions that do not look at the worker do not define them, unless one is configured.
my (undef, $shown, $said) = $node->psql('postgres', q{SELECT FROM sla.cache_stats(); SHOW sla_tracker.naptime});
like($said, qr/unrecognized configuration parameter "sla_tracker.naptime"/, 'settings that nobody asked for');
$node->safe_psql('postgres', q{SELECT FROM sla.worker; ALTER SYSTEM SET sla_tracker.naptime = 60});
$node->reload;
$node->poll_query_until('postgres', q{SELECT current_setting('sla_tracker.naptime', true) = '60'});
(undef, $shown, $said) = $node->psql('postgres', q{SELECT FROM sla.cache_stats(); SHOW sla_tracker.naptime});
is("$shown$said", '1min', 'a setting that is configured');
$node->safe_psql('postgres', q{SELECT FROM sla.worker; ALTER SYSTEM RESET sla_tracker.naptime});
$node->safe_psql('postgres', 'DROP EXTENSION sla_tracker');

# Preloaded

my $library = $node->safe_psql('postgres', q{SELECT CASE current_setting('dynamic_library_path') WHEN '$libdir' THEN '$libdir/' ELSE '' END || 'sla_tracker'});
$node->append_conf('postgresql.conf', "shared_preload_libraries = '$library'\nmax_prepared_transactions = 2\nrestart_after_crash = on");
$node->restart;

sub processes
{
	my ($server) = @_;

	return ($server // $node)->safe_psql('postgres', q{SELECT string_agg(concat_ws('|', backend_type, application_name, datname), ', ' ORDER BY 1, pid) FROM pg_stat_activity WHERE backend_type ~ 'sla_tracker'});
}

$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type ~ 'sla_tracker'});
is(processes(), 'sla_tracker launcher|sla_tracker launcher', 'the launcher is there, and where the extension is not no worker stays');
is($node->safe_psql('postgres', q{SELECT wait_event_type, wait_event FROM pg_stat_activity WHERE backend_type = 'sla_tracker launcher'}),
	'Extension|' . ($major >= 17 ? 'SlaTrackerLauncherMain' : 'Extension'), 'and sleeps under its own name');

# Functions of that name that are not the extension's are never called

$node->safe_psql('postgres', q{
	CREATE DATABASE bait;
	\c bait
	CREATE SCHEMA sla;
	CREATE TABLE caught (by text);
	CREATE FUNCTION sla.tick(at timestamptz DEFAULT now(), max_items integer DEFAULT 1) RETURNS integer LANGUAGE sql AS $$ INSERT INTO public.caught VALUES (session_user); SELECT 1 $$;
	CREATE FUNCTION sla.next_tick() RETURNS timestamptz LANGUAGE sql AS $$ INSERT INTO public.caught VALUES (session_user); SELECT now() $$;
});

# CREATE EXTENSION is enough

make_database('one');
until_worker('one', q{next_wake_at > now()});
is(worker('one', q{status, launcher_pid = (SELECT pid FROM pg_stat_activity WHERE backend_type = 'sla_tracker launcher'), worker_pid, ticks, errors, next_wake_at BETWEEN last_tick_at AND last_tick_at + interval '1 hour'}),
	'waiting|t||1|0|t', 'CREATE EXTENSION brings the worker, which plans and goes');

# In time

my @late;
foreach my $i (1 .. 5)
{
	$node->safe_psql('one', q{INSERT INTO due VALUES (clock_timestamp() + interval '1 second')});
	$node->poll_query_until('one', q{SELECT count(*) = 0 FROM due WHERE done_at IS NULL});
}
@late = sort { $a <=> $b } split /\n/, $node->safe_psql('one', q{SELECT extract(epoch FROM done_at - at) * 1000 FROM due});
note("a second ahead, in ms late: @late");
cmp_ok($late[0], '>=', 0, 'never before the instant');
cmp_ok($late[2], '<', 100, 'an instant a second away is served within 100 ms (median of 5)');
is($node->safe_psql('one', q{SELECT DISTINCT done_by = (SELECT extowner::regrole::text FROM pg_extension WHERE extname = 'sla_tracker') FROM due}), 't', 'as the owner of the extension');
is(worker('one', 'items'), '5', 'and counted');

# Idle

sleep 0.5;
$node->safe_psql('one', q{INSERT INTO due VALUES (clock_timestamp() + interval '59 minutes')});
until_worker('one', q{next_wake_at = (SELECT max(at) FROM due)});
sleep 0.5;
my $wakes = worker('one', 'launcher_wakes, visits');
$node->safe_psql('one', q{BEGIN; INSERT INTO due VALUES (clock_timestamp()); ROLLBACK});
$node->safe_psql('one', q{BEGIN; SAVEPOINT s; ROLLBACK TO s; CREATE TABLE nothing (); DROP TABLE nothing; COMMIT});
sleep 5;
is(worker('one', 'launcher_wakes, visits'), $wakes, 'no wake-up for an instant far away, a rollback, or other work');

# The memory of the launcher

sub launcher_memory
{
	my $offset = -s $node->logfile;
	my $pattern = qr/TopMemoryContext: .* (\d+) used/;

	$node->safe_psql('one', 'SELECT pg_log_backend_memory_contexts(launcher_pid) FROM sla.worker');
	$node->wait_for_log($pattern, $offset);
	return (substr(slurp_file($node->logfile), $offset) =~ $pattern)[0];
}

sub visit
{
	my $visits = worker('one', 'visits');

	until_worker('one', 'worker_pid IS NULL');
	$node->safe_psql('one', q{INSERT INTO due VALUES (clock_timestamp())});
	until_done('one');
	until_worker('one', "visits > $visits AND worker_pid IS NULL");
	return;
}

visit();
my $memory = launcher_memory();
visit() foreach (1 .. 10);
cmp_ok(launcher_memory() - $memory, '<', 1000, 'the launcher needs no more memory with each worker that it starts');

# A prepared transaction

$node->safe_psql('one', q{BEGIN; INSERT INTO due VALUES (clock_timestamp() + interval '2 seconds'); PREPARE TRANSACTION 'p'});
sleep 1;
is($node->safe_psql('one', q{SELECT count(*) FROM due WHERE at < now() + interval '1 minute' AND done_at IS NULL}), '0', 'not committed yet');
sleep 2;
$node->safe_psql('one', q{COMMIT PREPARED 'p'});
until_done('one');
is($node->safe_psql('one', q{SELECT done_at - at < interval '20 seconds' FROM due ORDER BY at DESC OFFSET 2 LIMIT 1}), 't', 'what was prepared is served soon after');

# Databases

$node->safe_psql('postgres', 'CREATE DATABASE two TEMPLATE one');
$node->safe_psql('two', q{INSERT INTO due VALUES (clock_timestamp())});
ok(until_done('two'), 'a copy of a database is looked after');
$node->safe_psql('postgres', 'ALTER DATABASE two RENAME TO deux');
$node->safe_psql('deux', q{INSERT INTO due VALUES (clock_timestamp())});
ok(until_done('deux'), 'and still when it is renamed');

# the worker is inside, waiting for what is near
foreach my $command ('ALTER DATABASE deux RENAME TO two', 'CREATE DATABASE three TEMPLATE two', 'DROP DATABASE two')
{
	my ($database) = $command =~ /(\w+)(?: RENAME.*)?$/;

	$node->safe_psql($database, q{INSERT INTO due SELECT clock_timestamp() + i * interval '900 ms' FROM generate_series(1, 10) i});
	until_worker($database, 'worker_pid IS NOT NULL AND last_plan_at > now() - interval \'1 second\'');
	my $began = time;
	$node->safe_psql('postgres', $command);
	cmp_ok(time - $began, '<', 4, "$command does not wait for the worker");
}
$node->safe_psql('three', q{INSERT INTO due VALUES (clock_timestamp())});
ok(until_done('three'), 'the copy lives on');

# the worker is in a tick that lasts
$node->safe_psql('three', q{INSERT INTO trouble VALUES ('a long step'); INSERT INTO due VALUES (clock_timestamp())});
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'sla_tracker worker' AND datname = 'three' AND query = 'SELECT sla.tick()'});
foreach my $command ('CREATE DATABASE copied TEMPLATE three', 'DROP DATABASE three')
{
	my $began = time;

	sleep 2;
	$node->safe_psql('postgres', $command);
	cmp_ok(time - $began, '<', 6, "$command does not wait for a long tick");
	is(worker('three', 'errors'), '0', 'which is no error') if $command =~ /^CREATE/;
}
is(fatal(), '', 'all that without a fatal error');
is(log_lines('ERROR:  canceling statement'), 0, 'nor any other');
$node->safe_psql('postgres', 'DROP DATABASE copied (FORCE)');

# DROP EXTENSION, and again

make_database('four');
$node->safe_psql('four', q{INSERT INTO due VALUES (clock_timestamp() + interval '30 minutes')});
until_worker('four', q{next_wake_at > now() + interval '20 minutes'});
$node->safe_psql('four', 'DROP EXTENSION sla_tracker CASCADE; DROP TABLE due, trouble');
$node->safe_psql('four', "BEGIN; CREATE EXTENSION sla_tracker; $standins COMMIT");
$node->safe_psql('four', q{INSERT INTO due VALUES (clock_timestamp())});
ok(until_done('four'), 'DROP EXTENSION and CREATE EXTENSION');
is(worker('four', 'errors'), '0', 'without an error');

# Who may not be connected to, and templates

$node->safe_psql('postgres', q{
	CREATE DATABASE closed TEMPLATE four;
	CREATE DATABASE pattern TEMPLATE four;
});
sleep 0.5;
$node->safe_psql('postgres', q{
	ALTER DATABASE closed ALLOW_CONNECTIONS false;
	ALTER DATABASE pattern IS_TEMPLATE true;
});
sleep 0.5;
$node->safe_psql('postgres', q{ALTER DATABASE pattern IS_TEMPLATE false; DROP DATABASE pattern});
is(fatal(), '', 'neither is tried');
$node->safe_psql('postgres', q{UPDATE pg_database SET datallowconn = false WHERE datname = 'four'});
$node->restart;
sleep 0.5;
is(fatal(), '', 'nor after a start');
$node->safe_psql('postgres', q{ALTER DATABASE closed ALLOW_CONNECTIONS true; ALTER DATABASE four ALLOW_CONNECTIONS true; DROP DATABASE closed});

# Settings at run time

sub set
{
	my ($name, $value) = @_;

	$node->safe_psql('postgres', qq{ALTER SYSTEM SET "$name" = '$value'});
	$node->reload;
	$node->poll_query_until('one', "SELECT setting = '$value' FROM pg_settings WHERE name = '$name'");
	return;
}

set('sla_tracker.databases', 'one, "Not There"');
$node->safe_psql($_, q{INSERT INTO due VALUES (clock_timestamp())}) foreach ('one', 'four');
ok(until_done('one'), 'sla_tracker.databases: who is named is looked after');
sleep 0.5;
is($node->safe_psql('four', q{SELECT count(*) FROM due WHERE done_at IS NULL}), '1', 'the others are not');
is(worker('four', 'status'), 'left out', 'and told so');
is(log_lines('database "Not There" of "sla_tracker.databases" does not exist'), 1, 'a name that is none is logged once');
set('sla_tracker.databases', '');
ok(until_done('four'), 'all again');
set('sla_tracker.naptime', '2');
my $visits = worker('one', 'visits');
until_worker('one', "visits >= $visits + 2");
is(worker('one', q{next_wake_at - last_tick_at <= interval '2 seconds'}), 't', 'sla_tracker.naptime is the longest sleep');
set('sla_tracker.naptime', '3600');

# Roles

$node->safe_psql('postgres', 'CREATE ROLE regress_worker NOLOGIN');
set('sla_tracker.role', 'regress_nobody');
$node->safe_psql('one', q{INSERT INTO due VALUES (clock_timestamp())});
until_worker('one', 'failures > 0');
like(worker('one', 'status, last_sqlstate, last_error'), qr/^failing\|42704\|role "regress_nobody" of "sla_tracker.role" does not exist$/, 'a role that is none');
set('sla_tracker.role', 'regress_worker');
until_worker('one', q{last_sqlstate = '42501'});
like(worker('one', 'last_error'), qr/permission denied for schema sla|permission denied for function/, 'a role without the right');
$node->safe_psql('one', q{SELECT sla.grant_to('regress_worker', 'operator')});
ok(until_done('one'), 'and with it');
is($node->safe_psql('one', q{SELECT done_by FROM due WHERE done_at IS NOT NULL ORDER BY done_at DESC LIMIT 1}), 'regress_worker', 'it acts as that role, which need not be able to log in');
is(worker('one', 'status, failures'), 'waiting|0', 'no failure is left');
set('sla_tracker.role', '');
$node->safe_psql('one', q{CREATE ROLE regress_sessions; GRANT SELECT, INSERT ON due TO regress_sessions; ALTER DATABASE one SET role = regress_sessions});
$node->safe_psql('one', q{INSERT INTO due VALUES (clock_timestamp())});
ok(until_done('one'), 'the role that the database sets for sessions is not for the worker');
$node->safe_psql('postgres', 'ALTER DATABASE one RESET role');

# Errors

my $errors = worker('one', 'errors');
$node->safe_psql('one', q{INSERT INTO trouble VALUES ('this is a test'); INSERT INTO due VALUES (clock_timestamp())});
until_worker('one', 'failures >= 3');
is(worker('one', q{status, last_sqlstate, last_error, retry_at > last_error_at, errors - } . $errors . q{ = failures}), 'failing|P0001|this is a test|t|t', 'errors are told');
cmp_ok(worker('one', q{extract(epoch FROM retry_at - last_error_at)}), '>=', 4, 'it waits longer each time');
$node->safe_psql('one', q{INSERT INTO due VALUES (clock_timestamp())}) foreach (1 .. 5);
cmp_ok(worker('one', 'failures'), '<=', 4, 'also when others wake it meanwhile');
$node->safe_psql('one', 'DELETE FROM trouble');
ok(until_done('one'), 'and comes through when the cause is gone');
is(worker('one', 'status, failures'), 'waiting|0', 'as if nothing had been');

# a step that failed in its own subtransaction
$node->safe_psql('one', q{INSERT INTO trouble VALUES ('a step of it'); INSERT INTO due VALUES (clock_timestamp())});
until_done('one');
is(worker('one', 'status, failures, last_error'), 'waiting|0|all: a step of it', 'a step that fails is told, and the others go on');
$node->safe_psql('one', q{INSERT INTO due VALUES (clock_timestamp())});
until_done('one');
is(log_lines('a step of sla.tick\(\) failed in database "one"'), 1, 'it is logged once');
$node->safe_psql('one', 'DELETE FROM trouble');

# nothing left, but due all the same: no spinning
$node->safe_psql('one', q{CREATE RULE never AS ON UPDATE TO due DO INSTEAD NOTHING; INSERT INTO due VALUES (clock_timestamp())});
sleep 0.5;
my $ticks = worker('one', 'ticks');
sleep 3;
cmp_ok(worker('one', "ticks - $ticks"), '<=', 25, 'a tick that comes to nothing is not tried all the time');
$node->safe_psql('one', 'DROP RULE never ON due');
until_done('one');

# Processes that are ended

my $launcher = worker('one', 'launcher_pid');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($launcher)");
until_worker('one', "launcher_pid <> $launcher");
$node->safe_psql('one', q{INSERT INTO due VALUES (clock_timestamp())});
ok(until_done('one'), 'a launcher that was ended comes back');

$node->safe_psql('one', q{INSERT INTO due SELECT clock_timestamp() + i * interval '500 ms' FROM generate_series(1, 20) i});
until_worker('one', 'worker_pid IS NOT NULL');
$node->safe_psql('one', 'SELECT pg_terminate_backend(worker_pid) FROM sla.worker WHERE worker_pid IS NOT NULL');
until_worker('one', 'worker_pid IS NOT NULL AND failures = 0 AND errors > 0');
ok($node->poll_query_until('one', q{SELECT count(*) = 0 FROM due WHERE done_at IS NULL AND at < now()}), 'so does a worker');

$node->safe_psql('one', q{INSERT INTO due SELECT clock_timestamp() + i * interval '500 ms' FROM generate_series(1, 20) i});
until_worker('one', 'worker_pid IS NOT NULL');
my $worker = worker('one', 'worker_pid') or die 'no worker';
kill 'KILL', $worker;
sleep 1;
$node->poll_query_until('postgres', 'SELECT true');
ok(until_done('one'), 'killed, with the whole server after it');
$node->stop('immediate');
$node->start;
$node->safe_psql('one', q{INSERT INTO due VALUES (clock_timestamp())});
ok(until_done('one'), 'an immediate shutdown');

# Another library in the place of the one that runs

SKIP:
{
	my $file = $node->safe_psql('postgres', q{SELECT setting FROM pg_config WHERE name = 'PKGLIBDIR'}) . '/sla_tracker.so';
	my ($stage) = map { /^\s*extension_destdir\s*=\s*'(.*)'/ ? $1 : () } split /\n/, -r ($ENV{TEMP_CONFIG} // '') ? slurp_file($ENV{TEMP_CONFIG}) : '';

	$file = "$stage$file" if defined $stage;
	skip 'the library is not ours to replace', 1 unless -w $file;
	copy($file, "$file.new") && chmod(0755, "$file.new") && rename("$file.new", $file) or die "$file: $!";
	$node->safe_psql('one', q{INSERT INTO due VALUES (clock_timestamp())});
	ok(until_done('one'), 'a library that was replaced');
}

# A standby

$node->backup('b');
my $standby = PostgreSQL::Test::Cluster->new('worker_standby');
$standby->init_from_backup($node, 'b', has_streaming => 1);
$standby->start;
$node->safe_psql('one', q{INSERT INTO due VALUES (clock_timestamp() + interval '3 seconds')});
$node->wait_for_catchup($standby);
is(processes($standby), '', 'on a standby there is nothing');
is(worker('one', 'status', $standby), 'standby', 'and told so');
$node->stop;
$standby->promote;
ok($standby->poll_query_until('one', q{SELECT count(*) = 0 FROM due WHERE done_at IS NULL AND at < now() + interval '10 minutes'}), 'promoted, it goes on where the other stopped');

# No free slot: told once, and tried again until there is one

$standby->append_conf('postgresql.conf', "max_worker_processes = 3\nmax_parallel_workers = 8");
$standby->restart;
my $force = $major >= 16 ? 'debug_parallel_query' : 'force_parallel_mode';
until_worker('one', q{last_plan_at IS NOT NULL AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'sla_tracker worker')}, $standby);
sleep 1;
my $out = '';
my $psql = IPC::Run::start([ 'psql', '-XAtq', '-d', $standby->connstr('one'), '-c', "SET $force = on", '-c', 'SELECT pg_sleep(5)' ], '>', \$out);
$standby->poll_query_until('one', q{SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'parallel worker'}) or diag($out);
$standby->safe_psql('one', q{INSERT INTO due VALUES (clock_timestamp())});
ok(until_done('one', $standby), 'with all slots taken, it comes when one is free');
$psql->finish;
is(log_lines('could not start a worker: all background worker slots are in use', $standby), 1, 'that was logged once');
is($standby->safe_psql('bait', 'SELECT count(*) FROM caught'), '0', 'functions of others were never called');
$standby->stop;
done_testing();
