# A procedure of an escalation that takes cancels for errors of its own ends the
# session of the tick that calls it.  Other alerts and calls go on: the next tick
# knows which call that was, and leaves its role alone for a while.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('escalation_limit');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\nrestart_after_crash = on");
$node->start;
sub psql { return $node->safe_psql('postgres', $_[0]) }

psql('CREATE EXTENSION sla_tracker');
foreach my $schema ('mallory', 'victim')
{
	psql(qq{
		CREATE ROLE regress_$schema;
		GRANT USAGE ON SCHEMA sla TO regress_$schema;
		CREATE SCHEMA $schema AUTHORIZATION regress_$schema;
		SET ROLE regress_$schema;
		CREATE TABLE $schema.ticket (id int PRIMARY KEY, opened timestamptz);
		CREATE TABLE $schema.called (alert bigint);
		SELECT sla.track('$schema.ticket');
		INSERT INTO sla.metric (relation, name, start_at) VALUES ('$schema.ticket', 'repair', 'opened');
		INSERT INTO sla.policy (relation, name) VALUES ('$schema.ticket', 'all');
		INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('$schema.ticket', 'all', 'repair', '1 bh \@24/7');
		CREATE PROCEDURE $schema.note(alert bigint) LANGUAGE sql AS 'INSERT INTO $schema.called VALUES (alert)';
	});
}
psql(q{
	CREATE PROCEDURE mallory.forever(alert bigint) LANGUAGE plpgsql AS $$
	BEGIN
		LOOP
			BEGIN
				PERFORM pg_sleep(100);
			EXCEPTION WHEN query_canceled THEN NULL;
			END;
		END LOOP;
	END $$;
	SET ROLE regress_mallory;
	INSERT INTO sla.escalation (relation, run) VALUES ('mallory.ticket', 'mallory.forever'), ('mallory.ticket', 'mallory.note');
	INSERT INTO mallory.ticket SELECT i, now() - interval '2 hours' FROM generate_series(1, 3) i;
	SET ROLE regress_victim;
	INSERT INTO sla.escalation (relation, run) VALUES ('victim.ticket', 'victim.note');
	INSERT INTO victim.ticket SELECT i, now() - interval '2 hours' FROM generate_series(1, 3) i;
});

psql('SELECT sla.tick()');
is(psql('SELECT count(*) FROM sla.alert'), '6', 'all are breached');
my ($ret, $out, $err) = $node->psql('postgres', 'SELECT sla.tick()');
isnt($ret, 0, 'the tick that calls it ends');
like($err, qr/FATAL:.*terminating connection/, 'with its session');
like($err, qr/call of mallory\.forever\(bigint\) for an escalation made by role \d+/, 'and says what it called');
is(psql(q{SELECT count(*) FROM victim.called}), '0', 'what it has done before is rolled back');

# What was noted lasts, also when the next tick does not.
psql('BEGIN; SELECT sla.tick(); ROLLBACK');
psql('SELECT sla.tick()');
is(psql(q{SELECT e.run, r.tries, r.next_at > now(), r.sqlstate, r.message FROM sla.escalation_run r JOIN sla.escalation e ON e.id = r.escalation WHERE r.tries > 0}),
	'mallory.forever(bigint)|1|t|57P01|the session of sla.tick() ended while it ran', 'the next knows which call that was');
psql('SELECT sla.tick()') for 1 .. 2;
is(psql(q{SELECT count(*), count(DISTINCT alert) FROM victim.called}), '3|3', 'the calls of others are made, once');
is(psql(q{SELECT count(*) FROM mallory.called}), '0', 'those of the same role wait');
is(psql(q{SELECT status FROM sla.status() WHERE subject = 'role regress_mallory'}), 'paused', 'as sla.status() tells');
is(psql(q{SELECT sla.next_tick() > now() + interval '10 seconds'}), 't', 'nobody is called before');

# After that they are called again.  The role is not made to wait for ever.
psql(q{
	CREATE OR REPLACE PROCEDURE mallory.forever(alert bigint) LANGUAGE sql AS 'SELECT 1';
	UPDATE sla.role_pause SET until = now();
	UPDATE sla.escalation_run SET next_at = now() WHERE next_at IS NOT NULL;
});
psql('SELECT sla.tick()');
is(psql(q{SELECT count(*) FROM mallory.called}), '3', 'after a while they are called');
is(psql(q{SELECT count(*) FROM sla.escalation_run WHERE next_at IS NOT NULL}), '0', 'and nothing is left');

# Who takes long has his turn in each tick, and the others theirs.
psql(q{
	CREATE OR REPLACE PROCEDURE mallory.note(alert bigint) LANGUAGE sql AS 'SELECT pg_sleep(6)';
	DELETE FROM sla.escalation WHERE run LIKE 'mallory.forever%';
	INSERT INTO mallory.ticket SELECT i, now() - interval '2 hours' FROM generate_series(11, 14) i;
});
psql(q{INSERT INTO victim.ticket SELECT i, now() - interval '2 hours' FROM generate_series(11, 14) i});
psql('SELECT sla.tick()') for 1 .. 2;
is(psql(q{SELECT e.run, count(*) FROM sla.escalation_run r JOIN sla.escalation e ON e.id = r.escalation WHERE r.next_at IS NOT NULL GROUP BY 1}),
	'mallory.note(bigint)|2', 'ten seconds of slow calls in one tick');
is(psql(q{SELECT count(*) FROM victim.called}), '7', 'and the others have their turn in it');

# A call that crashes the server is not made again at once.
psql(q{
	DELETE FROM sla.escalation_run;
	DELETE FROM sla.escalation;
	CREATE PROCEDURE crash(alert bigint) LANGUAGE plpgsql AS $$ BEGIN COPY (SELECT 1) TO PROGRAM 'kill -9 $PPID'; PERFORM pg_sleep(5); END $$;
	INSERT INTO sla.escalation (relation, run) VALUES ('victim.ticket', 'public.crash');
	INSERT INTO victim.ticket VALUES (20, now() - interval '2 hours');
	SELECT sla.tick();
});
($ret, $out, $err) = $node->psql('postgres', 'SELECT sla.tick()');
isnt($ret, 0, 'a call crashes the server');
$node->poll_query_until('postgres', 'SELECT true');
psql('SELECT sla.tick()');
is(psql('SELECT tries, next_at > now(), sqlstate FROM sla.escalation_run'), '1|t|57P01', 'which the next tick knows');
psql(q{DELETE FROM sla.role_pause WHERE role = 'postgres'::regrole; DELETE FROM sla.escalation_run});

# Expressions of owners, likewise.
psql(q{
	DELETE FROM sla.escalation;
	CREATE FUNCTION mallory.slow(id int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(100); RETURN true; END $$;
	CREATE FUNCTION mallory.stubborn(id int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
	BEGIN
		LOOP
			BEGIN
				PERFORM pg_sleep(100);
			EXCEPTION WHEN query_canceled THEN NULL;
			END;
		END LOOP;
	END $$;
	CREATE TABLE victim.request (at timestamptz, ok boolean);
	ALTER TABLE victim.request OWNER TO regress_victim;
	INSERT INTO victim.request SELECT now() - n * interval '1 minute', false FROM generate_series(1, 100) n;
	SET ROLE regress_mallory;
	INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('a mallory', 'mallory.ticket', 'opened', 'mallory.slow(id)', 99);
	INSERT INTO sla.burn_rule (objective, name, budget_percent, long_window, short_window) VALUES ('a mallory', 'fast', 2, '3 hours', '5 minutes');
	SET ROLE regress_victim;
	INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('victim', 'victim.request', 'at', 'ok', 99);
	INSERT INTO sla.burn_rule (objective, name, budget_percent, long_window, short_window) VALUES ('victim', 'fast', 2, '1 hour', '5 minutes');
	RESET ROLE;
	ALTER SYSTEM SET sla_tracker.owner_limit = 2;
	SELECT pg_reload_conf();
	INSERT INTO victim.ticket VALUES (21, now() - interval '2 hours');
});
$node->poll_query_until('postgres', q{SELECT current_setting('sla_tracker.owner_limit') IN ('2', '2s')});
is(psql(q{SELECT step, problem FROM sla.tick() WHERE problem IS NOT NULL}),
	'burn rates|what role regress_mallory wrote took too long, and is left alone for a while', 'the time of an owner is limited');
is(psql(q{SELECT count(*) FROM sla.alert WHERE item = '21'}), '1', 'the other steps go on');
is(psql(q{SELECT count(*) FROM sla.tick() WHERE problem IS NOT NULL}), '0', 'the next tick leaves the role alone');
is(psql(q{SELECT count(*) FROM sla.alert WHERE kind = 'burn_rate' AND objective = 'victim'}), '1', 'and does the others');
is(psql(q{SELECT sla.next_tick() > now()}), 't', 'nor is it to come for that role before its time');
psql(q{
	CREATE OR REPLACE FUNCTION mallory.slow(id int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN mallory.stubborn(id); END $$;
	UPDATE sla.role_pause SET until = now();
	UPDATE sla.burn_look SET looked_at = '-infinity';
});
($ret, $out, $err) = $node->psql('postgres', 'SELECT sla.tick()');
like($err, qr/FATAL:.*terminating connection/, 'who outlasts that ends the session');
is(psql(q{SELECT role, times, until > now() FROM sla.role_pause}), 'regress_mallory|3|t', 'which says why, before it ends');
is(psql(q{SELECT count(*) FROM sla.tick() WHERE problem IS NOT NULL}), '0', 'the next tick leaves the role alone');
# a cancel by hand is one
psql(q{CREATE OR REPLACE FUNCTION mallory.slow(id int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(100); RETURN true; END $$});
($ret, $out, $err) = $node->psql('postgres', q{
	UPDATE sla.role_pause SET until = now();
	SET statement_timeout = '1s';
	SELECT sla.tick()});
like($err, qr/canceling statement due to statement timeout/, 'a cancel by hand goes on');

# Who has the session end by a setting is left alone as well, whatever function of
# another's he does it in.
psql(q{
	CREATE FUNCTION public.helper() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN PERFORM pg_sleep(10); RAISE EXCEPTION 'helper'; END $$;
	GRANT EXECUTE ON FUNCTION public.helper() TO PUBLIC;
});
my %ways = (exit_on_error => q{PERFORM set_config('exit_on_error', 'on', false); RETURN 1 / (id - id) > 0});
$ways{'exit_on_error in a function of another'} = q{PERFORM set_config('exit_on_error', 'on', false); RETURN public.helper()};
$ways{transaction_timeout} = q{PERFORM set_config('transaction_timeout', '10', false); RETURN pg_sleep(10) IS NULL}
  if psql(q{SELECT current_setting('server_version_num')::int >= 170000}) eq 't';
foreach my $way (sort keys %ways)
{
	psql(qq{
		CREATE OR REPLACE FUNCTION mallory.slow(id int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS \$\$ BEGIN $ways{$way}; END \$\$;
		DELETE FROM sla.role_pause;
		UPDATE sla.burn_look SET looked_at = '-infinity';
	});
	($ret, $out, $err) = $node->psql('postgres', 'SELECT sla.tick()');
	isnt($ret, 0, "$way: the session ends");
	is(psql(q{SELECT role, until > now() FROM sla.role_pause}), 'regress_mallory|t', 'which says why');
	is(psql(q{SELECT count(*) FROM sla.tick() WHERE problem IS NOT NULL}), '0', 'the next tick goes on');
}

# Nor does it take longer in there.
psql(q{
	CREATE OR REPLACE FUNCTION mallory.slow(id int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN public.helper(); END $$;
	DELETE FROM sla.role_pause;
	UPDATE sla.burn_look SET looked_at = '-infinity';
});
is(psql(q{SELECT problem FROM sla.tick() WHERE problem IS NOT NULL}),
	'what role regress_mallory wrote took too long, and is left alone for a while', 'the time in functions of others is his');

# Nor where another's fence was left by an error.
psql(q{
	SELECT sla.grant_to('regress_mallory', 'reader');
	UPDATE sla.objective SET good_when = '1 / (ok::int * 0) > 0' WHERE name = 'victim';
	CREATE OR REPLACE FUNCTION mallory.slow(id int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM sla.slo_status('victim', now(), true);
		BEGIN PERFORM pg_sleep(100); EXCEPTION WHEN division_by_zero THEN NULL; END;
		RETURN true;
	END $$;
	DELETE FROM sla.role_pause;
	UPDATE sla.burn_look SET looked_at = '-infinity';
});
is(psql(q{SELECT problem FROM sla.tick() WHERE problem LIKE '%too long%'}),
	'what role regress_mallory wrote took too long, and is left alone for a while', 'the time behind a fence is not his who has the one before');

# Whoever keeps the queue of NOTIFY from being emptied keeps nobody from being told.
SKIP:
{
	skip 'the queue is too long to be filled', 4 unless psql(q{SELECT current_setting('server_version_num')::int >= 170000}) eq 't';
	$node->append_conf('postgresql.conf', 'max_notify_queue_pages = 64');
	$node->restart;
	psql(q{
		DELETE FROM sla.objective;
		UPDATE sla.escalation_run SET next_at = NULL;
		CREATE OR REPLACE PROCEDURE victim.note(alert bigint) LANGUAGE plpgsql AS $$ BEGIN INSERT INTO victim.called VALUES (alert); PERFORM pg_notify('victim', alert::text); END $$;
		SET ROLE regress_victim;
		INSERT INTO sla.escalation (relation, run) VALUES ('victim.ticket', 'victim.note');
		TRUNCATE victim.called;
	});
	my $listener = $node->background_psql('postgres');
	$listener->query_safe('LISTEN nothing');
	$listener->query_safe('BEGIN; SELECT 1');
	$node->psql('postgres', q{SELECT pg_notify('nothing', repeat('x', 7900) || i) FROM generate_series(1, 4) i}) for 1 .. 16;
	cmp_ok(psql('SELECT pg_notification_queue_usage()'), '>', 0.9, 'the queue is full');
	psql(q{INSERT INTO victim.ticket VALUES (31, now() - interval '2 hours')});
	psql('SELECT sla.tick()');
	is(psql(q{SELECT count(*) FROM sla.alert WHERE item = '31'}), '1', 'alerts are raised all the same');
	is(psql('SELECT problem FROM sla.tick() WHERE problem IS NOT NULL'), 'escalations are not called while the queue of NOTIFY is full', 'calls wait');
	$listener->quit;
	psql('SELECT sla.tick()');
	is(psql('SELECT count(*) FROM victim.called'), '1', 'and are made when it is not');
}

$node->stop;
done_testing();
