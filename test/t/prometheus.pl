# integrations/prometheus: the rules by promtool's own tests; the queries by the
# real prometheus-postgres-exporter, as the role that README.md makes for it, read
# over HTTP and compared with the database; and the rules over that by a real
# Prometheus.  What is not installed is skipped.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename;
use HTTP::Tiny;
use IPC::Run qw(run start);
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $top = abs_path(dirname(__FILE__) . '/../..');
my $folder = "$top/integrations/prometheus";

sub installed
{
	my ($program) = @_;

	return grep { -x "$_/$program" } split /:/, $ENV{PATH};
}

SKIP:
{
	skip 'promtool is not installed', 3 unless installed('promtool');
	foreach my $arguments ([ 'check', 'rules', "$folder/alerts.yml", "$folder/burn-rate.yml" ], [ 'test', 'rules', "$folder/test.yml" ])
	{
		my $output;
		ok(run([ 'promtool', @$arguments ], '>', \$output, '2>&1'), "promtool @$arguments[0, 1]") or diag($output);
	}

	# each alert is put to the test
	my ($alerts, $tests) = map { slurp_file("$folder/$_") } ('alerts.yml', 'test.yml');
	is_deeply([ grep { $tests !~ /alertname: $_\n +exp_alerts:/ } $alerts =~ /^ +- alert: (\w+)/mg ], [], 'every alert is tested');
}

if (!installed('prometheus-postgres-exporter'))
{
	note('prometheus-postgres-exporter is not installed');
	done_testing();
	exit;
}

my ($role) = slurp_file("$top/README.md") =~ /^(CREATE \w+ sla_exporter LOGIN;.*?)^$/ms;
$role =~ s/sla_exporter/regress_exporter/g;

my $node = PostgreSQL::Test::Cluster->new('prometheus');
$node->init(extra => [ '--encoding', 'UTF8', '--locale', 'C' ]);
$node->start;
$node->safe_psql('postgres', "CREATE EXTENSION sla_tracker; $role");
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-f', "$top/integrations/demo.sql" ],
	'the data to look at');
# an agreement that was renewed within the last month has one credit for it
$node->safe_psql('postgres', q{
	INSERT INTO sla.agreement (party, name, valid_from, time_zone, monthly_fee, currency, credit_cap_percent)
	SELECT a.party, a.name, date_trunc('month', now()) - interval '28 days', a.time_zone, a.monthly_fee, a.currency, a.credit_cap_percent
	FROM sla.agreement a});

# The body of a page, as soon as there is one that holds what is looked for.
my $http = HTTP::Tiny->new(timeout => 60);

sub page
{
	my ($url, $like) = @_;
	my $response;

	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		$response = $http->get($url);
		last if $response->{success} && $response->{content} =~ $like;
		usleep(100_000);
	}
	return $response->{content};
}

my $port = PostgreSQL::Test::Cluster::get_free_port();
my ($log, $prometheus_log) = ('', '');
my ($exporter, $prometheus);
END
{
	my $status = $?;

	$_->kill_kill(grace => 5) foreach grep { $_ } $prometheus, $exporter;
	$? = $status;
}
{
	local $ENV{DATA_SOURCE_NAME} = 'host=' . $node->host . ' port=' . $node->port . ' user=regress_exporter dbname=postgres';
	$exporter = start([ 'prometheus-postgres-exporter', "--web.listen-address=127.0.0.1:$port", '--disable-default-metrics',
			'--disable-settings-metrics', '--no-collector.database', '--no-collector.bgwriter', "--extend.query-path=$folder/queries.yml" ],
		'>', \$log, '2>&1');
}
my $metrics = page("http://127.0.0.1:$port/metrics", qr/^pg_up /m);
like($metrics, qr/^pg_exporter_last_scrape_error 0$/m, 'every query ran');
like($metrics, qr/^pg_exporter_user_queries_load_error\{.*\} 0$/m, 'the file of queries was read');

# What a metric says, "label value..." => number.
sub metric
{
	my ($name) = @_;
	my %values;

	while ($metrics =~ /^$name\{(.*)\} (\S+)$/mg)
	{
		my ($labels, $value) = ($1, $2);
		my %label = $labels =~ /(\w+)="((?:[^"\\]|\\.)*)"/g;
		s{\\(.)}{$1}g for values %label;
		delete $label{server};
		$values{ join '|', map { $label{$_} } sort keys %label } = 0 + $value;
	}
	return \%values;
}

# Labels stand in the order of their names.
sub compare
{
	my ($name, $sql) = @_;
	my %expected = map { /^(.*)\|(.*)$/; ($1 => 0 + $2) } split /\n/, $node->safe_psql('postgres', $sql);

	cmp_ok(scalar keys %expected, '>', 0, "$name: there are some");
	is_deeply(metric($name), \%expected, "$name, by the database");
}

compare('sla_clocks_open', q{SELECT metric, policy, relation, count(*) FROM sla.clock WHERE state IN ('running', 'paused') GROUP BY 1, 2, 3});
compare('sla_clocks_paused', q{SELECT metric, policy, relation, count(*) FILTER (WHERE state = 'paused') FROM sla.clock WHERE state IN ('running', 'paused') GROUP BY 1, 2, 3});
compare('sla_clocks_late', q{SELECT metric, policy, relation, count(breached_at) FROM sla.clock WHERE state IN ('running', 'paused') GROUP BY 1, 2, 3});
compare('sla_month_breached', q{SELECT metric, to_char(period_start, 'YYYY-MM'), policy, relation, breached FROM sla.report_attainment
	WHERE period_start >= date_trunc('month', now()) - interval '1 month'});
compare('sla_objective_target_ratio', q{SELECT g.g, o.name, o.target_percent / 100 FROM sla.objective o, unnest(CASE WHEN o.group_by IS NULL THEN '{""}' ELSE '{eu,us}'::text[] END) g (g)});
compare('sla_sli_total', q{
	SELECT region, 'service answers', to_char(m, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), count(*)
	FROM (SELECT region, date_trunc('month', created_at AT TIME ZONE 'UTC') m FROM request WHERE created_at <= now()) r
	WHERE m >= date_trunc('month', now() AT TIME ZONE 'UTC') - interval '1 month' GROUP BY 1, 3
	UNION ALL
	SELECT '', 'resolved in time', to_char(m, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), count(*)
	FROM (SELECT date_trunc('month', CASE WHEN verdict = 'met' THEN stopped_at ELSE breached_at END AT TIME ZONE 'UTC') m
		FROM sla.clock WHERE metric = 'resolution' AND verdict IN ('met', 'breached')) c
	WHERE m >= date_trunc('month', now() AT TIME ZONE 'UTC') - interval '1 month' GROUP BY 3});
compare('sla_burn_rule_firing', q{SELECT coalesce(group_value, ''), objective, rule, severity, coalesce(is_firing::int::text, 'nan') FROM sla.report_slo_alert});
compare('sla_credit_amount', q{SELECT agreement, currency, to_char(period_start, 'YYYY-MM'), party, sum(amount) FROM sla.report_service_credit
	WHERE period_start >= date_trunc('month', now()) - interval '1 month' GROUP BY 1, 2, 3, 4});
compare('sla_credit_fee', q{SELECT agreement, currency, to_char(period_start, 'YYYY-MM'), party, sum(fee) FROM sla.report_service_credit
	WHERE period_start >= date_trunc('month', now()) - interval '1 month' GROUP BY 1, 2, 3, 4});
compare('sla_tick_backlog', q{SELECT '', (min(at) = '-infinity')::int FROM sla.clock_hint});
compare('sla_status_trouble', q{SELECT subject, (status <> 'ok')::int FROM sla.status()});

SKIP:
{
	skip 'prometheus is not installed', 6 unless installed('prometheus');

	my $dir = PostgreSQL::Test::Utils::tempdir;
	my $web = PostgreSQL::Test::Cluster::get_free_port();
	append_to_file("$dir/prometheus.yml", <<"EOC");
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: ["$folder/alerts.yml", "$folder/burn-rate.yml"]
scrape_configs: [{job_name: sla, static_configs: [{targets: ["127.0.0.1:$port"]}]}]
EOC
	$prometheus = start([ 'prometheus', "--config.file=$dir/prometheus.yml", "--storage.tsdb.path=$dir/tsdb", "--web.listen-address=127.0.0.1:$web" ],
		'>', \$prometheus_log, '2>&1');
	my $api = "http://127.0.0.1:$web/api/v1";
	my $answer = page("$api/query?query=sla_objective_target_ratio%3E0.99", qr/"value"/);
	is(scalar(() = $answer =~ /"objective":"service answers"/g), 2, 'Prometheus has what the exporter says') or diag($answer, $prometheus_log);
	$answer = page("$api/query?query=ALERTS%7Balertname%3D%22SlaClockLate%22%7D", qr/"value"/);
	like($answer, qr/"alertname":"SlaClockLate","alertstate":"firing".*"policy":"gold".*"severity":"page"/, 'a late clock is announced');
	$answer = page("$api/query?query=ALERTS%7Balertname%3D%22SlaBurnRule%22%2Crule%3D%22ticket_slow%22%7D", qr/"value"/);
	like($answer, qr/"alertstate":"firing".*"severity":"ticket"/, 'so is a burn rule, with its own severity');
	my $rules = decode_json(page("$api/rules", qr/"lastError"|"health":"ok"/));
	my @rules = map { @{ $_->{rules} } } @{ $rules->{data}{groups} };
	cmp_ok(scalar @rules, '>', 15, 'rules');
	is_deeply([ grep { ($_->{health} // '') eq 'err' } @rules ], [], 'none of them fails');
	is_deeply([ map { $_->{lastError} } grep { $_->{lastError} } @{ decode_json(page("$api/targets", qr/activeTargets/))->{data}{activeTargets} } ], [], 'nor does reading');
}

unlike($log, qr/level=(?:error|warn)/, 'the exporter is content') or diag($log);

$node->stop;
done_testing();
