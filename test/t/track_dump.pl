# Dump and restore of a database with tracked tables, definitions, clocks and
# pauses, and logical replication into a tracked table.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('track_dump');
$node->init(allows_streaming => 'logical');
$node->start;

$node->safe_psql('postgres', 'CREATE DATABASE source');
$node->safe_psql('postgres', 'CREATE ROLE regress_sla_owner');
my $tables = q{
	SET timezone = 'UTC';
	CREATE EXTENSION sla_tracker;
	INSERT INTO sla.calendar (name, hours) VALUES ('desk', 'TZ=Europe/Berlin Mo-Fr 09:00-17:00; PH off'), ('Ünï "q"', 'TZ=UTC 24/7');
	INSERT INTO sla.holiday (calendar, day) VALUES ('desk', '2020-12-25');
	CREATE FUNCTION public.is_done(s text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$SELECT s = 'done'$$;
	/* schemas that sort before and after sla */
	CREATE SCHEMA aaa AUTHORIZATION regress_sla_owner;
	CREATE SCHEMA zzz;
	CREATE TABLE aaa."Odd ""Name""" (dropped int, id int PRIMARY KEY, "select" text DEFAULT 'new', tier text DEFAULT 'gold', customer text DEFAULT 'acme',
		created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z');
	ALTER TABLE aaa."Odd ""Name""" DROP COLUMN dropped, OWNER TO regress_sla_owner;
	CREATE TABLE zzz.parted (id int, region text, status text DEFAULT 'new', created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z',
		PRIMARY KEY (id, region)) PARTITION BY LIST (region);
	CREATE TABLE zzz.parted_eu PARTITION OF zzz.parted FOR VALUES IN ('eu');
	CREATE TABLE zzz.parted_us PARTITION OF zzz.parted FOR VALUES IN ('us');
};
my $definitions = q{
	SELECT sla.track('aaa."Odd ""Name"""', at => 'changed_at', labels => 'jsonb_build_object(''tier'', tier)', party => 'customer', time_zone => 'Europe/Berlin');
	INSERT INTO sla.metric (relation, name, start_at, stop_when, pause_when, pause_reason, per) VALUES
		('aaa."Odd ""Name"""', 'resolution', 'created_at', 'is_done("select")', '"select" = ''waiting''', '''for '' || customer', NULL),
		('aaa."Odd ""Name"""', 'group', 'created_at', 'is_done("select")', NULL, NULL, 'tier');
	INSERT INTO sla.policy (relation, name, applies_when, plan, rank) VALUES ('aaa."Odd ""Name"""', 'gold', 'tier = ''gold''', 'big', 1), ('aaa."Odd ""Name"""', 'all', 'true', NULL, 9);
	INSERT INTO sla.agreement (party, name, plan, calendar, time_zone) VALUES ('acme', '2020', 'big', 'desk', 'America/Denver');
	INSERT INTO sla.target (relation, policy, metric, goal, threshold, alert_at) VALUES
		('aaa."Odd ""Name"""', 'gold', 'resolution', '4 bh', '5 bh', '{0.5,1}'), ('aaa."Odd ""Name"""', 'all', 'resolution', '2 bd @desk', NULL, DEFAULT),
		('aaa."Odd ""Name"""', 'all', 'group', '3 bh @"Ünï ""q"""', NULL, DEFAULT);
	INSERT INTO sla.target (relation, policy, metric, valid_from, goal) VALUES ('aaa."Odd ""Name"""', 'gold', 'resolution', '2020-11-23', '6 bh');
	SELECT sla.track('zzz.parted', item => 'id || region', at => 'changed_at', on_error => 'warn');
	INSERT INTO sla.metric (relation, name, start_at, stop_when) VALUES ('zzz.parted', 'resolution', 'created_at', 'status = ''done''');
	INSERT INTO sla.policy (relation, name) VALUES ('zzz.parted', 'all');
	INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('zzz.parted', 'all', 'resolution', '1 bd @desk');
	INSERT INTO sla.exception (relation, kind, during, reason, approved_by, approved_at) VALUES ('zzz.parted', 'maintenance', '[2020-11-20 10:00Z,2020-11-20 11:00Z)', 'x', 'me', '2020-11-20 00:00Z');
};
$node->safe_psql('source', $tables . $definitions . q{
	INSERT INTO aaa."Odd ""Name""" (id, tier, created_at, changed_at)
		SELECT i, (ARRAY['gold', 'silver'])[1 + i % 2], t, t FROM (SELECT i, timestamptz '2020-11-19 09:00Z' + i * interval '1 hour' AS t FROM generate_series(1, 200) i) x;
	UPDATE aaa."Odd ""Name""" SET "select" = 'waiting', changed_at = changed_at + interval '1 hour' WHERE id % 3 = 0;
	UPDATE aaa."Odd ""Name""" SET "select" = 'new', tier = 'silver', changed_at = changed_at + interval '1 hour' WHERE id % 6 = 0;
	UPDATE aaa."Odd ""Name""" SET "select" = 'done', changed_at = changed_at + interval '2 hours' WHERE id % 5 = 0;
	DELETE FROM aaa."Odd ""Name""" WHERE id % 17 = 0;
	INSERT INTO zzz.parted (id, region) SELECT i, (ARRAY['eu', 'us'])[1 + i % 2] FROM generate_series(1, 50) i;
	UPDATE zzz.parted SET status = 'done', changed_at = '2020-11-20 15:30Z' WHERE id % 7 = 0;
	SELECT sla.signal('zzz.parted', '2eu', 'resolution', 'pause', '2020-11-20 12:00Z', 'by hand');
	/* an edit after which clocks are stale in the dump */
	INSERT INTO sla.holiday (calendar, day) VALUES ('desk', '2020-11-23');
});

# everything that must come back, as text
$node->safe_psql('source', q{
	INSERT INTO sla.breach_review (clock_id, cause, reviewed_by, reviewed_at)
	SELECT min(clock_id), 'staffing', 'somebody else', '2026-01-01' FROM sla.report_breach;
	INSERT INTO sla.annotation (subject, key, text, author)
	SELECT 'breach', clock_id::text, 'brought from elsewhere', 'somebody else' FROM sla.breach_review;
	SELECT 1 / count(*) FROM sla.annotation;
});
my $facts = q{
	SET timezone = 'UTC';
	SELECT 'tracked', t::text FROM sla.tracked t ORDER BY id;
	SELECT 'metric', m::text FROM sla.metric m ORDER BY id;
	SELECT 'agreement', a::text FROM sla.agreement a ORDER BY id;
	SELECT 'policy', p::text FROM sla.policy p ORDER BY id;
	SELECT 'target', t::text FROM sla.target t ORDER BY id;
	-- (what sla.refresh() needs of transactions is another in another cluster)
	SELECT 'exception', (to_jsonb(e) - '{edited_in,edited_under,settling_in}'::text[])::text FROM sla.exception e ORDER BY id;
	SELECT 'clock', clock_id, relation, item, metric, per, cycle, policy, policy_from, target_from, goal, threshold, agreement, party, owner, labels,
		started_at, stopped_at, due_at, gross_due_at, threshold_at, breached_at, state, verdict, gross_verdict, paused_seconds, budget_seconds
	FROM sla.clock ORDER BY clock_id;
	SELECT 'pause', clock, during, reason FROM sla.pause ORDER BY clock, during;
	SELECT 'annotation', n::text FROM sla.annotation n ORDER BY id;
	SELECT 'review', r::text FROM sla.breach_review r ORDER BY clock_id;
	SELECT 'promise', id, revision, resync, is_current FROM sla.promise ORDER BY id;
	-- (triggers depend on no column, so that one may be dropped)
	SELECT 'trigger', t.tgrelid::regclass, t.tgname, t.tgattr = '' AS of_all, (SELECT count(*) FROM pg_depend d WHERE d.objid = t.oid AND d.refobjsubid > 0)
	FROM pg_trigger t WHERE t.tgname ~ '^sla_track';
	SELECT 'change', clock, at, recorded_at, kind, before, after, by, reason FROM sla.clock_change ORDER BY clock, recorded_at;
};
my $source = $node->safe_psql('source', $facts);
cmp_ok(scalar(() = $source =~ /^clock\|/mg), '>', 300, 'there are clocks to compare');
cmp_ok(scalar(() = $source =~ /^pause\|/mg), '>', 50, 'and pauses');
like($source, qr/^change\|/m, 'and changes');
# the lines that are not in both, a few of them
sub differences
{
	my ($restored) = @_;
	my %seen;
	my @lines;

	$seen{$_}++ foreach split /\n/, $source;
	$seen{$_}-- foreach split /\n/, $restored;
	@lines = map { ($seen{$_} > 0 ? '< ' : '> ') . $_ } grep { $seen{$_} != 0 } sort keys %seen;
	splice @lines, 10 if @lines > 10;
	return join "\n", @lines;
}

my $agrees = q{
	SELECT (SELECT count(*) FROM sla.verify(t.relation)), s.started, s.changed, s.cancelled, s.errors
	FROM sla.tracked t, LATERAL sla.sync(t.relation) s ORDER BY t.id
};
my $nothing = "0|0|0|0|0\n0|0|0|0|0";

my $dir = $node->backup_dir;
mkdir $dir;
my @from = ('-d', $node->connstr('source'));
$node->command_ok(['pg_dump', @from, '-f', "$dir/plain.sql"], 'pg_dump, plain');
$node->command_ok(['pg_dump', @from, '-Fc', '-f', "$dir/custom.dump"], 'pg_dump, custom');
$node->command_ok(['pg_dump', @from, '--inserts', '-f', "$dir/inserts.sql"], 'pg_dump, inserts');
$node->command_ok(['pg_dump', @from, '-Fc', '--schema-only', '-f', "$dir/schema.dump"], 'pg_dump, schema only');
$node->command_ok(['pg_dump', @from, '-Fc', '--data-only', '-f', "$dir/data.dump"], 'pg_dump, data only');

foreach my $way ('plain', 'custom', 'custom_jobs', 'inserts', 'sections', 'apart', 'again', 'disordered')
{
	my $db = "restored_$way";
	$node->safe_psql('postgres', "CREATE DATABASE $db");
	my $to = $node->connstr($db);

	if ($way eq 'plain' || $way eq 'inserts')
	{
		$node->command_ok(['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $to, '-f', "$dir/$way.sql"], "restore, $way");
	}
	elsif ($way eq 'sections')
	{
		foreach my $section ('pre-data', 'data', 'post-data')
		{
			$node->command_ok(['pg_restore', '-e', "--section=$section", '-d', $to, "$dir/custom.dump"], "restore, $section");
		}
	}
	elsif ($way eq 'apart')
	{
		# schema and data apart: the triggers are there while the data comes,
		# so the documented way is to disable them
		$node->command_ok(['pg_restore', '-e', '-d', $to, "$dir/schema.dump"], 'restore, schema alone');
		$node->command_ok(['pg_restore', '-e', '--disable-triggers', '-d', $to, "$dir/data.dump"], 'restore, data alone');
	}
	elsif ($way eq 'disordered')
	{
		# as several jobs may happen to do it: promises before calendars, sequences last
		my @entries = grep { !/^;/ } split /\n/, `pg_restore -l "$dir/custom.dump"`;
		my $number = sub { return $_[0] =~ /TABLE DATA sla promise / ? 0 : $_[0] =~ /SEQUENCE SET sla / ? 2 : 1 };
		my @data = grep { /; \d+ \d+ (TABLE DATA|SEQUENCE SET) / } @entries;
		my @sorted = sort { $number->($a) <=> $number->($b) } @data;

		append_to_file("$dir/disordered.list", "$_\n") foreach map { /; \d+ \d+ (TABLE DATA|SEQUENCE SET) / ? shift @sorted : $_ } @entries;
		$node->command_ok(['pg_restore', '-e', '-L', "$dir/disordered.list", '-d', $to, "$dir/custom.dump"], "restore, $way");
	}
	elsif ($way eq 'again')
	{
		# a dump of what was restored
		$node->command_ok(['pg_restore', '-e', '-d', $to, "$dir/again.dump"], 'restore, again');
	}
	else
	{
		my @jobs = $way eq 'custom_jobs' ? ('-j', '2') : ();
		$node->command_ok(['pg_restore', '-e', @jobs, '-d', $to, "$dir/custom.dump"], "restore, $way");
	}
	$node->command_ok(['pg_dump', '-d', $to, '-Fc', '-f', "$dir/again.dump"], 'pg_dump of the restored') if $way eq 'plain';
	is(differences($node->safe_psql($db, $facts)), '', "$way: everything came back");

	# it goes on, before anything is repaired
	is($node->safe_psql($db, q{
		SET timezone = 'UTC';
		INSERT INTO aaa."Odd ""Name""" (id) VALUES (1001);
		UPDATE aaa."Odd ""Name""" SET "select" = 'waiting', changed_at = '2020-11-20 10:00Z' WHERE id = 1001;
		INSERT INTO zzz.parted_us (id, region) VALUES (1001, 'us');
		UPDATE zzz.parted SET status = 'done', changed_at = '2020-11-24 15:00Z' WHERE id = 1;
		SELECT relation, item, metric, state, to_char(due_at, 'DD HH24:MI') FROM sla.clock WHERE item IN ('1001', '1001us', '1us') ORDER BY relation::text, item, metric;
		}), join("\n",
			'aaa."Odd ""Name"""|1001|group|running|20 12:00',
			'aaa."Odd ""Name"""|1001|resolution|paused|',
			'zzz.parted|1001us|resolution|running|24 10:00',
			'zzz.parted|1us|resolution|stopped|24 10:00'),
		"$way: writes go on");
	$node->safe_psql($db, 'SELECT sla.refresh()');
	is($node->safe_psql($db, $agrees), $nothing, "$way: sla.verify() and sla.sync() find nothing");
	is($node->safe_psql($db, $agrees), $nothing, "$way: and nothing again");
	is($node->safe_psql($db, q{
		INSERT INTO sla.policy (relation, name) VALUES ('zzz.parted', 'more');
		INSERT INTO sla.metric (relation, name) VALUES ('zzz.parted', 'more');
		SELECT count(*) FROM sla.metric}), '4', "$way: numbers of new definitions are new");
	if ($way eq 'apart')
	{
		is($node->safe_psql($db, q{SELECT count(*) FROM sla.status() WHERE status = 'loose'}), '2',
			"$way: sla.status() tells what triggers that were disabled did not do");
		$node->safe_psql($db, 'SELECT sla.track(relation) FROM sla.tracked');
	}
	# (it takes some calls until all is stored, and more where autovacuum runs)
	ok($node->poll_query_until($db, q{
		SELECT sla.refresh() IS NOT NULL AND NOT EXISTS (SELECT FROM sla.status() WHERE status <> 'ok')}),
		"$way: sla.status() tells no gap");
	# columns are guarded as before, a rename follows, and a table can be dropped
	my ($code, $out, $err) = $node->psql($db, 'ALTER TABLE zzz.parted DROP COLUMN changed_at');
	like($err, qr/depends on column changed_at/, "$way: a used column cannot be dropped");
	is($node->safe_psql($db, q{
		ALTER TABLE zzz.parted RENAME COLUMN status TO state;
		UPDATE zzz.parted SET state = 'done' WHERE id = 2;
		SELECT state FROM sla.clock WHERE item = '2eu'}), 'stopped', "$way: a renamed column is followed");
	($code, $out, $err) = $node->psql($db, q{
		DROP TABLE zzz.parted;
		SELECT count(*) FROM sla.tracked;
		SELECT count(*) FROM sla.policy WHERE relation::text !~ 'Odd'});
	is("$out$err", "1\n0", "$way: a tracked table can be dropped");
	($code, $out, $err) = $node->psql($db, q{
		SET client_min_messages = warning;
		SELECT sla.detach();
		DROP EXTENSION sla_tracker;
		SELECT count(*) FROM aaa."Odd ""Name"""});
	is("$out$err", "\n190", "$way: detached and gone");
}

# Logical replication into a tracked table: where the DBA enables the triggers
# always, the clocks of the subscriber follow.
$node->safe_psql('postgres', 'CREATE DATABASE subscriber');
$node->safe_psql('subscriber', $tables . $definitions);
my $triggers = $node->safe_psql('subscriber', q{
	SELECT format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I;', tgrelid::regclass, tgname)
	FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text ~ '^(aaa|zzz)' AND tgparentid = 0});
like($triggers, qr/ENABLE ALWAYS/, 'there are triggers');
$node->safe_psql('subscriber', $triggers);
$node->safe_psql('source', q{
	CREATE PUBLICATION p FOR TABLE aaa."Odd ""Name""";
	CREATE PUBLICATION q FOR TABLE zzz.parted WITH (publish_via_partition_root = true);
	SELECT pg_create_logical_replication_slot('s', 'pgoutput');
});
$node->safe_psql('subscriber', sprintf(q{CREATE SUBSCRIPTION s CONNECTION $c$%s$c$ PUBLICATION p, q WITH (create_slot = false, slot_name = 's', copy_data = true)}, $node->connstr('source')));
$node->poll_query_until('subscriber', q{SELECT count(*) > 0 AND bool_and(srsubstate IN ('r', 's')) FROM pg_subscription_rel}) or die 'the first copy did not arrive';
my $clocks = q{
	SET timezone = 'UTC';
	SELECT relation, item, metric, per, policy, goal, state, started_at, due_at, stopped_at FROM sla.clock
	WHERE item ~ '^2...' ORDER BY relation::text, item, metric, per;
};
# the initial copy fires the triggers, too
is($node->safe_psql('subscriber', q{SELECT count(*) > 200 FROM sla.clock}), 't', 'clocks of the first copy');
is($node->safe_psql('subscriber', $agrees), $nothing, 'sync finds nothing to do after the first copy');
$node->safe_psql('subscriber', q{INSERT INTO sla.holiday (calendar, day) VALUES ('desk', '2020-11-23')});
$node->safe_psql('source', q{
	SET timezone = 'UTC';
	INSERT INTO aaa."Odd ""Name""" (id, tier) VALUES (2001, 'gold'), (2002, 'silver'), (2003, 'gold'), (2004, 'gold');
	INSERT INTO zzz.parted (id, region) VALUES (2001, 'eu'), (2002, 'us');
	UPDATE aaa."Odd ""Name""" SET "select" = 'waiting', changed_at = '2020-11-20 10:00Z' WHERE id = 2001;
	UPDATE aaa."Odd ""Name""" SET "select" = 'done', changed_at = '2020-11-20 12:00Z' WHERE id = 2002;
	UPDATE aaa."Odd ""Name""" SET id = 2005 WHERE id = 2003;
	DELETE FROM aaa."Odd ""Name""" WHERE id = 2004;
	UPDATE zzz.parted SET region = 'us' WHERE id = 2001;
	UPDATE zzz.parted SET status = 'done', changed_at = '2020-11-20 12:00Z' WHERE id = 2002;
	BEGIN; INSERT INTO aaa."Odd ""Name""" (id) VALUES (2099); ROLLBACK;
});
$node->wait_for_catchup('s');
is($node->safe_psql('subscriber', $clocks), $node->safe_psql('source', $clocks), 'what was applied has the same clocks');
$node->safe_psql('subscriber', 'SELECT sla.refresh()');
is($node->safe_psql('subscriber', $agrees), $nothing, 'sync finds nothing to do');
$node->safe_psql('subscriber', 'DROP SUBSCRIPTION s');

$node->stop;
done_testing();
