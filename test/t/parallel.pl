# Parallel workers: they answer as the leader does, also right after the
# transaction's own change, inside REPEATABLE READ, and with holidays.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('parallel');
$node->init;
# (each worker would compile what it runs once)
$node->append_conf('postgresql.conf', 'jit = off');
$node->start;
my $major = $node->safe_psql('postgres', q{SELECT current_setting('server_version_num')::int / 10000});
my $force = $major >= 16 ? 'debug_parallel_query' : 'force_parallel_mode';

$node->safe_psql('postgres', q{
	CREATE EXTENSION sla_tracker;
	INSERT INTO sla.calendar (name, hours) VALUES ('c', 'TZ=UTC Mo-Su 09:00-17:00'), ('d', 'TZ=UTC Mo-Su 20:00-21:00');
	INSERT INTO sla.calendar (name, combines) VALUES ('cd', 'c + d');
	INSERT INTO sla.calendar (name, hours) SELECT 'n' || i, format('TZ=UTC Mo-Su 00:00-%s:30', to_char(i, 'FM00'))::business_hours FROM generate_series(0, 23) i;
	CREATE TABLE big AS SELECT i, timestamptz '2026-11-20 00:00Z' AS a, timestamptz '2026-11-21 00:00Z' AS b, 'n' || i % 24 AS cal, i % 24 * 3600 + 1800 AS want
		FROM generate_series(1, 50000) i;
	ALTER TABLE big SET (parallel_workers = 3);
	ANALYZE big;
});
my $parallel = q{
	SET max_parallel_workers_per_gather = 3;
	SET parallel_setup_cost = 0;
	SET parallel_tuple_cost = 0;
	SET min_parallel_table_scan_size = 0;
};
my $sum = sub {
	my ($c) = @_;
	return "SELECT avg(business_seconds(a, b, '$c')) / 3600 FROM big;";
};

like($node->safe_psql('postgres', "$parallel EXPLAIN (COSTS OFF) " . $sum->('c')), qr/Gather.*Parallel Seq Scan/s, 'the plan is parallel');
like($node->safe_psql('postgres', "$parallel EXPLAIN (COSTS OFF) SELECT max(a + business_interval '1 bd \@c') FROM big"), qr/Gather.*Parallel Seq Scan/s, 'of the operator, too');
like($node->safe_psql('postgres', "$parallel EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) " . $sum->('c')), qr/Workers Launched: [123]/, 'and has workers');

is($node->safe_psql('postgres', $parallel . $sum->('c')), '8', 'as it is');
is($node->safe_psql('postgres', $parallel . $sum->('cd')), '9', 'a combination');
is($node->safe_psql('postgres', "$parallel SET sla_tracker.calendar = 'd'; SELECT DISTINCT a + business_interval '1 bh' = '2026-11-20 21:00Z' FROM big"), 't', 'the setting reaches the workers');
is($node->safe_psql('postgres', "$parallel SELECT count(*) FILTER (WHERE business_seconds(a, b, cal) <> want) FROM big"), '0', 'calendars by a column');
is($node->safe_psql('postgres', "$parallel SELECT sum(business_between(a, b, cal)) = make_business_interval(secs => sum(want)) FROM big"), 't', 'the sum is parallel, too');

is($node->safe_psql('postgres', "$parallel BEGIN; UPDATE sla.calendar SET hours = 'TZ=UTC Mo-Su 09:00-18:00' WHERE name = 'c'; " . $sum->('c') . $sum->('cd')
	. "INSERT INTO sla.holiday (calendar, day) VALUES ('c', '2026-11-20'); " . $sum->('c') . 'SAVEPOINT s; DELETE FROM sla.holiday; ' . $sum->('c') . 'ROLLBACK TO s; ' . $sum->('c')
	. 'ROLLBACK; ' . $sum->('c')), "9\n10\n0\n9\n0\n8", 'right after own uncommitted changes');
is($node->safe_psql('postgres', "$parallel BEGIN ISOLATION LEVEL REPEATABLE READ; " . $sum->('c') . "UPDATE sla.calendar SET hours = 'TZ=UTC Mo-Su 09:00-18:00' WHERE name = 'c'; " . $sum->('c') . 'ROLLBACK; ' . $sum->('c')),
	"8\n9\n8", 'in REPEATABLE READ');

# everything in a worker
my $forced = "SET $force = on;";
is($node->safe_psql('postgres', "$forced SELECT business_seconds('2026-11-20 00:00Z', '2026-11-21 00:00Z', 'cd') / 3600"), '9', "$force: a lookup in a worker alone");
is($node->safe_psql('postgres', "$forced BEGIN; UPDATE sla.calendar SET hours = 'TZ=UTC Mo-Su 09:00-18:00' WHERE name = 'c';
	SELECT business_seconds('2026-11-20 00:00Z', '2026-11-21 00:00Z', 'cd') / 3600;
	SELECT attainment(is_open(a, 'c')) FROM big; ROLLBACK; SELECT business_seconds('2026-11-20 00:00Z', '2026-11-21 00:00Z', 'cd') / 3600"), "10\n0\n9", "$force: after an own change");
is($node->safe_psql('postgres', "$forced BEGIN; SELECT timestamptz '2026-11-20 10:00Z' + business_interval '1 bh \@c' = '2026-11-20 11:00Z';
	DELETE FROM sla.calendar WHERE name = 'cd'; SELECT try_c FROM (SELECT is_open('2026-11-20 10:00Z', 'c') AS try_c) x; COMMIT; SELECT count(*) FROM sla.calendar WHERE name = 'cd'"), "t\nt\n0", "$force: beside a deletion");
my ($rc, $stdout, $stderr) = $node->psql('postgres', "$forced SELECT is_open('2026-11-20 10:00Z', 'nowhere')");
like($stderr, qr/nowhere/, "$force: an error comes through");
unlike($stderr, qr/ERROR:.*parallel/, "$force: ... and is ours");

# what evaluates an owner's expressions is not for parallel plans: it may do what only the leader alone can
is($node->safe_psql('postgres', q{
	CREATE TABLE request (at timestamptz, ok bool);
	INSERT INTO request SELECT now() - i * interval '1 hour', i % 10 > 0 FROM generate_series(1, 200) i;
	INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('good', 'request', 'at', 'ok', 80);
	CREATE FUNCTION odd(n int) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RETURN 1 / n > 0; EXCEPTION WHEN OTHERS THEN RETURN false; END$$;
	CREATE FUNCTION bad(n int) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RETURN 1 / n > 0; END$$;
	INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('odd', 'request', 'at', 'odd(ok::int)', 80), ('bad', 'request', 'at', 'bad(ok::int)', 80);
	INSERT INTO sla.agreement (party, name, monthly_fee) VALUES ('acme', 'main', 100);
	INSERT INTO sla.credit (party, agreement, objective, below_percent, credit_percent) VALUES ('acme', 'main', 'good', 99, 10), ('acme', 'main', 'bad', 99, 10);
	SELECT count(*) FROM sla.add_burn_rules('good') UNION ALL SELECT count(*) FROM sla.add_burn_rules('bad');
}), "3\n3", 'objectives to read in parallel');
# (where one part of a plan is parallel, all of it is executed in parallel mode)
my $beside = 'CROSS JOIN (SELECT count(*) FROM big) b';
foreach my $how ('off', 'on', 'regress')
{
	my $all = "$parallel SET $force = $how; SET client_min_messages = error;";

	is($node->safe_psql('postgres', "$all SELECT objective, total, good, status, problem FROM sla.report_slo_status $beside ORDER BY 1"),
		"bad||||SQLSTATE 22012\ngood|200|180|healthy|\nodd|200|180|healthy|" =~ s/\|\|\|\|SQL/|||error|SQL/r, "$force = $how: status");
	is($node->safe_psql('postgres', "$all SELECT objective, sum(total) FROM sla.report_slo_period $beside GROUP BY 1 ORDER BY 1"), "good|200\nodd|200", "$force = $how: periods");
	is($node->safe_psql('postgres', "$all SELECT objective, sum(total) FROM sla.report_slo_series $beside GROUP BY 1 ORDER BY 1"), "good|200\nodd|200", "$force = $how: series");
	is($node->safe_psql('postgres', "$all SELECT objective, count(*) FROM sla.report_slo_alert $beside GROUP BY 1 ORDER BY 1"), "good|3", "$force = $how: alerts");
	is($node->safe_psql('postgres', "$all SELECT objective, count(DISTINCT coalesce(problem, 'none')), min(problem) FROM sla.report_service_credit_objective $beside GROUP BY 1 ORDER BY 1"),
		"bad|1|SQLSTATE 22012\ngood|1|", "$force = $how: credits");
}

$node->stop;
done_testing();
