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
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off");
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
is(psql(q{SELECT sla.next_tick() > now() + interval '10 seconds'}), 't', 'nobody is called before');

# After that they are called again.  The role is not made to wait for ever.
psql(q{
	CREATE OR REPLACE PROCEDURE mallory.forever(alert bigint) LANGUAGE sql AS 'SELECT 1';
	UPDATE sla.escalation_pause SET until = now();
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

$node->stop;
done_testing();
