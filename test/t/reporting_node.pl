# A reporting node by logical replication: the tables of the extension that hold
# anything are published, and the tables that are reported on, whose triggers do
# not fire there.  All views work on the subscriber.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $publisher = PostgreSQL::Test::Cluster->new('publisher');
$publisher->init(allows_streaming => 'logical');
$publisher->start;
my $subscriber = PostgreSQL::Test::Cluster->new('reporting');
$subscriber->init(allows_streaming => 'logical');
$subscriber->start;

my $schema = q{
	CREATE EXTENSION sla_tracker;
	CREATE SCHEMA app;
	CREATE TABLE app."Odd ticket" (id int PRIMARY KEY, team text DEFAULT 'red', customer text DEFAULT 'acme', status text DEFAULT 'new', created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z');
	CREATE TABLE app.message (id serial PRIMARY KEY, ticket int, at timestamptz DEFAULT '2020-11-20 10:00Z');
	CREATE TABLE app.request (id serial PRIMARY KEY, at timestamptz, ok boolean);
	CREATE ROLE regress_sla_owner;
	GRANT USAGE ON SCHEMA app TO regress_sla_owner;
	ALTER TABLE app.request OWNER TO regress_sla_owner;
};
$publisher->safe_psql('postgres', $schema . q{
	SET timezone = 'UTC';
	INSERT INTO sla.calendar (name, hours) VALUES ('desk', 'TZ=UTC Mo-Fr 09:00-17:00; PH off'), ('night', 'TZ=UTC 20:00-24:00');
	INSERT INTO sla.calendar (name, combines) VALUES ('both', 'desk + night');
	INSERT INTO sla.holiday (calendar, day) VALUES ('desk', '2020-12-25');
	SELECT sla.track('app."Odd ticket"', at => 'changed_at', labels => 'jsonb_build_object(''team'', team)', owner => 'team', party => 'customer');
	INSERT INTO sla.metric (relation, name, start_at, stop_when, pause_when) VALUES ('app."Odd ticket"', 'done', 'created_at', 'status = ''done''', 'status = ''waiting''');
	INSERT INTO sla.policy (relation, name, plan, rank) VALUES ('app."Odd ticket"', 'gold', 'big', 1), ('app."Odd ticket"', 'any', NULL, 9);
	INSERT INTO sla.agreement (party, name, plan, calendar, monthly_fee, currency) VALUES ('acme', '2020', 'big', 'both', 1000, 'EUR');
	INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('app."Odd ticket"', 'gold', 'done', '4 bh'), ('app."Odd ticket"', 'any', 'done', '1 bd @desk');
	INSERT INTO sla.source (source, relation, item, metric, action, at) VALUES ('app.message', 'app."Odd ticket"', 'ticket', 'done', 'pause', 'at');
	INSERT INTO sla.objective (name, kind, relation, metric, party, agreement, target_percent, window_length) VALUES ('tickets', 'clock', 'app."Odd ticket"', 'done', 'acme', '2020', 50, 'month');
	INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('requests', 'app.request', 'at', 'ok', 90);
	SELECT count(*) FROM sla.add_burn_rules('requests');
	INSERT INTO sla.credit (party, agreement, objective, below_percent, credit_percent) VALUES ('acme', '2020', 'tickets', 99, 5);
	INSERT INTO sla.exception (relation, kind, during, reason, approved_by, approved_at) VALUES ('app."Odd ticket"', 'maintenance', '[2020-11-20 10:00Z,2020-11-20 11:00Z)', 'x', 'me', '2020-11-20 00:00Z');
	CREATE FUNCTION app.page(alert bigint) RETURNS void LANGUAGE sql AS 'SELECT';
	INSERT INTO sla.escalation (relation, run) VALUES ('app."Odd ticket"', 'app.page');
	INSERT INTO app."Odd ticket" (id, customer) SELECT i, (ARRAY['acme', 'other'])[1 + i % 2] FROM generate_series(1, 100) i;
	UPDATE app."Odd ticket" SET status = 'waiting', changed_at = '2020-11-20 10:00Z' WHERE id % 3 = 0;
	UPDATE app."Odd ticket" SET status = 'done', changed_at = '2020-11-20 12:00Z' WHERE id % 3 = 1;
	INSERT INTO app.message (ticket) VALUES (2);
	INSERT INTO app.request (at, ok) SELECT '2020-11-20 09:00Z'::timestamptz + i * interval '1 minute', i % 10 <> 0 FROM generate_series(1, 500) i;
});
$subscriber->safe_psql('postgres', $schema . q{CREATE ROLE regress_sla_reader; SELECT sla.grant_to('regress_sla_reader', 'reader')});

# What to publish: what pg_dump dumps, but for what is to be done.
my $tables = $publisher->safe_psql('postgres', q{
	SELECT string_agg(c.oid::regclass::text, ', ' ORDER BY c.relname)
	FROM pg_extension e, unnest(e.extconfig) t, pg_class c
	WHERE e.extname = 'sla_tracker' AND c.oid = t AND c.relkind = 'r' AND c.relname NOT LIKE 'clock\_due%'});
like($tables, qr/sla\.agreement.*sla\.clock_change.*sla\.clock_state.*sla\.tracked/, "published: $tables");
$publisher->safe_psql('postgres', "CREATE PUBLICATION reporting FOR TABLE $tables, app.\"Odd ticket\", app.request");
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION reporting CONNECTION \$c\$" . $publisher->connstr('postgres') . "\$c\$ PUBLICATION reporting");
$subscriber->poll_query_until('postgres', q{SELECT count(*) > 0 AND bool_and(srsubstate IN ('r', 's')) FROM pg_subscription_rel})
  or die 'the first copy did not arrive';

# (but for what moves while the desk is open: when what is paused is due, and how late
# what is cancelled as of now is, and until when what was paused is to have been as of now)
my $questions = q{
	SET timezone = 'UTC';
	SELECT clock_id, relation, item, metric, policy, goal, agreement, owner, labels, started_at, stopped_at, CASE WHEN due_at < now() THEN due_at END, CASE WHEN gross_due_at < now() THEN gross_due_at END, state, verdict, gross_verdict FROM sla.clock ORDER BY clock_id;
	SELECT p.clock, CASE WHEN c.is_stale THEN lower(p.during)::text ELSE p.during::text END, upper_inf(p.during), p.reason FROM sla.pause p JOIN sla.clock c ON c.clock_id = p.clock ORDER BY 1, p.during;
	SELECT clock_id, CASE WHEN due_at < now() THEN due_at END, is_breached FROM sla.report_open ORDER BY clock_id;
	SELECT clock_id, breached_at, CASE WHEN stopped_at IS NOT NULL THEN late_seconds END FROM sla.report_breach WHERE NOT is_open ORDER BY clock_id;
	SELECT * FROM sla.report_attainment WHERE period_start = '2020-11-01' ORDER BY policy;
	SELECT * FROM sla.report_owner WHERE period_start = '2020-11-01';
	SELECT * FROM sla.report_promise ORDER BY 1, 2, 3, 4, 5;
	SELECT * FROM sla.report_agreement;
	SELECT * FROM sla.report_exception;
	SELECT * FROM sla.slo_status('tickets', '2020-11-25 00:00Z');
	SELECT * FROM sla.slo_status('requests', '2020-11-25 00:00Z');
	SELECT * FROM sla.slo_alerts('requests', '2020-11-20 18:00Z') ORDER BY rule;
	SELECT * FROM sla.service_credits('acme', '2020', '2020-12-10 00:00Z') WHERE period_start = '2020-11-01';
	SELECT from_at, to_at, what, detail, counted_seconds, used_seconds FROM sla.explain('app."Odd ticket"', '1', 'done');
	SELECT * FROM sla.what_if('app."Odd ticket"', 'done', '2 bh @desk', '(,)');
	SELECT clock, at, kind, reason, before, after FROM sla.clock_change ORDER BY 1, 2, 3;
};
my @views = split /\n/,
  $publisher->safe_psql('postgres', q{SELECT oid::regclass FROM pg_class WHERE relnamespace = 'sla'::regnamespace AND relkind = 'v' AND obj_description(oid, 'pg_class') !~ '^(private|operator|administrator): ' ORDER BY 1});

# the lines that are not in both, a few of them
sub differences
{
	my ($theirs, $ours) = @_;
	my %seen;
	my @lines;

	$seen{$_}++ foreach split /\n/, $theirs;
	$seen{$_}-- foreach split /\n/, $ours;
	@lines = map { ($seen{$_} > 0 ? '< ' : '> ') . $_ } grep { $seen{$_} != 0 } sort keys %seen;
	splice @lines, 10 if @lines > 10;
	return join "\n", @lines;
}

sub alike
{
	my ($name) = @_;

	$publisher->wait_for_catchup('reporting');
	my $asked = $publisher->safe_psql('postgres', $questions);
	cmp_ok(length $asked, '>', 10000, "$name: there is something to compare");
	is(differences($asked, $subscriber->safe_psql('postgres', $questions)), '', "$name: the reporting node answers alike");
	my ($code, $out, $err) = $subscriber->psql('postgres', "SET ROLE regress_sla_reader;\n" . join('', map { "SELECT * FROM $_ LIMIT 3;\n" } @views), on_error_stop => 0);
	is($err, '', "$name: it serves every view");
	return;
}
alike('the first copy');

# Rollups of clocks and months that are kept are the node's own, and follow what comes.
sub folded
{
	my ($name) = @_;

	ok( $subscriber->poll_query_until(
			'postgres', q{
		SELECT FROM sla.fold();
		SELECT EXISTS (SELECT FROM sla.month_state AS m WHERE m.period_start = '2020-11-01' AND m.tally IS NOT NULL)
			AND (SELECT bool_and(sla.rollup_problem(o.id) IS NULL) FROM sla.objective AS o WHERE o.kind = 'clock')}),
		"$name: folded");
	alike($name);
	return;
}
folded('folded');
is($subscriber->safe_psql('postgres', q{SELECT problem FROM sla.report_slo_status WHERE problem IS NOT NULL}), '', 'no objective has a problem');

# Work, changes of what is promised, of calendars, and of history go on.
$publisher->safe_psql('postgres', q{
	SET timezone = 'UTC';
	INSERT INTO app."Odd ticket" (id) SELECT generate_series(201, 220);
	UPDATE app."Odd ticket" SET status = 'done', changed_at = '2020-11-23 12:00Z' WHERE id % 6 = 2;
	DELETE FROM app."Odd ticket" WHERE id = 5;
	INSERT INTO app.request (at, ok) VALUES ('2020-11-20 18:00Z', false);
	SELECT sla.correct(clock_id, NULL, '2020-11-20 11:00Z', 'a correction') FROM sla.clock WHERE item = '1';
});
alike('work');

# Also where all tables are published, as for change data capture, nothing is refused.
$publisher->safe_psql('postgres', 'CREATE PUBLICATION everything FOR ALL TABLES');
is($publisher->safe_psql('postgres', q{SELECT sum(done) > 0, string_agg(step || ': ' || problem, ', ') FROM sla.tick()}), 't|', 'sla.tick() works');
alike('ticked');
# Who ticks is the publisher: here, where a worker or a cron may be, nothing is told again.
is($subscriber->safe_psql('postgres', q{
	SELECT count(*) FROM sla.tick();
	SELECT sla.next_tick() IS NULL;
	SELECT status, detail FROM sla.status() WHERE subject = 'subscription reporting'}),
	"0\nt\nok|it brings alerts: sla.tick() does nothing here", 'sla.tick() does nothing on the reporting node');
is($subscriber->safe_psql('postgres', q{SELECT string_agg(DISTINCT status, ',') FROM sla.status() WHERE status NOT IN ('ok', 'gap')}), '', 'nor is anything amiss there');
$publisher->safe_psql('postgres', q{UPDATE sla.target SET goal = '6 bh' WHERE goal::text = '4 bh'});
alike('another goal');
$publisher->safe_psql('postgres', q{INSERT INTO sla.holiday (calendar, day) VALUES ('desk', '2020-11-23')});
alike('a holiday');
$publisher->safe_psql('postgres', q{UPDATE sla.calendar SET hours = 'TZ=UTC Mo-Fr 08:00-17:00; PH off' WHERE name = 'desk'});
alike('other hours');
$publisher->safe_psql('postgres', q{SELECT sla.refresh()});
alike('refreshed');
is($subscriber->safe_psql('postgres', q{SELECT count(*) FROM sla.clock WHERE is_stale}), '0', 'nothing is stale on the reporting node then');
$publisher->safe_psql('postgres', q{UPDATE sla.objective SET party = NULL, agreement = NULL WHERE name = 'tickets'});
alike('an objective over the clocks of all');
folded('folded again');
$publisher->safe_psql('postgres', q{
	INSERT INTO sla.metric (relation, name, start_at, stop_when) VALUES ('app."Odd ticket"', 'seen', 'created_at', 'status <> ''new''');
	INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('app."Odd ticket"', 'any', 'seen', '1 bh @desk');
	UPDATE sla.metric SET name = 'resolved' WHERE name = 'done';
	SELECT sla.sync('app."Odd ticket"');
	UPDATE sla.metric SET name = 'done' WHERE name = 'resolved';
	UPDATE sla.objective SET good_when = 'ok IS NOT FALSE', target_percent = 80 WHERE name = 'requests';
	DELETE FROM sla.burn_rule WHERE name = 'page_fast';
	UPDATE sla.agreement SET monthly_fee = 500;
	UPDATE sla.credit SET credit_percent = 10;
	SELECT sla.refresh();
});
alike('definitions');
$publisher->safe_psql('postgres', q{UPDATE sla.policy SET applies_when = 'id % 2 = 0' WHERE name = 'any'});
alike('another condition, before anything is refreshed');
# clocks that are deleted by age are deleted there, with their changes
$publisher->safe_psql('postgres', q{
	INSERT INTO sla.retention (kind, keep) VALUES ('clock', '10 days'), ('change', '10 days');
	DELETE FROM app."Odd ticket" WHERE id BETWEEN 7 AND 30;
	SELECT sla.retain('2021-02-01', 10000);
});
alike('retention');
is($subscriber->safe_psql('postgres', q{SELECT string_agg(item, ',' ORDER BY item) FROM sla.clock WHERE item IN ('4', '7', '10') AND metric = 'done'}), '4', 'some are gone');
# Row-level security is asked for there, too; policies are the node's own.
$publisher->safe_psql('postgres', q{INSERT INTO sla.row_security VALUES ('app."Odd ticket"')});
$publisher->wait_for_catchup('reporting');
my $all = $subscriber->safe_psql('postgres', 'SELECT count(*) FROM sla.clock');
my $as_reader = 'SET ROLE regress_sla_reader; SELECT count(*) FROM sla.clock';
is($subscriber->safe_psql('postgres', $as_reader), '0', 'who may not read the table sees nothing');
$subscriber->safe_psql('postgres', q{GRANT USAGE ON SCHEMA app TO regress_sla_reader; GRANT SELECT ON app."Odd ticket" TO regress_sla_reader});
is($subscriber->safe_psql('postgres', $as_reader), $all, 'who may sees all');
$subscriber->safe_psql('postgres', q{ALTER TABLE app."Odd ticket" ENABLE ROW LEVEL SECURITY; CREATE POLICY but_one ON app."Odd ticket" USING (id <> 4)});
is( $subscriber->safe_psql('postgres', $as_reader),
	$subscriber->safe_psql('postgres', q{SELECT count(*) FROM sla.clock WHERE item IN (SELECT t.id::text FROM app."Odd ticket" AS t WHERE t.id <> 4)}),
	'who is bound by a policy sees what it lets him');
is($subscriber->safe_psql('postgres', q{SET ROLE regress_sla_reader; SELECT count(*) FROM sla.clock WHERE item = '4'}), '0', 'and not the one');
is($subscriber->safe_psql('postgres', 'SELECT count(*) FROM sla.clock'), $all, 'who is not bound sees all');
$subscriber->safe_psql('postgres', 'DROP SUBSCRIPTION reporting');
is($subscriber->safe_psql('postgres', 'SELECT count(*) > 0 FROM sla.tick()'), 't', 'without the subscription it ticks itself');

$subscriber->stop;
$publisher->stop;
done_testing();
