# Facts about objectives as other tools have them, when the folder with them is
# there (SLA_SHARED): every case of slo_facts.jsonl.gz, to 1e-9.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = defined $ENV{SLA_SHARED} ? "$ENV{SLA_SHARED}/oracle" : '';
my $file = "$dir/slo_facts.jsonl.gz";

plan skip_all => 'SLA_SHARED names no folder with slo_facts.jsonl.gz' if $dir eq '' || !-r $file;

my $node = PostgreSQL::Test::Cluster->new('slo_facts');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION sla_tracker;
	ALTER DATABASE postgres SET timezone = 'UTC';
	ALTER DATABASE postgres SET datestyle = 'ISO, YMD';
	CREATE TABLE fact (line text, id text GENERATED ALWAYS AS ((line::jsonb) ->> 'id') STORED,
		kind text GENERATED ALWAYS AS ((line::jsonb) ->> 'kind') STORED,
		i jsonb GENERATED ALWAYS AS ((line::jsonb) -> 'input') STORED,
		want jsonb GENERATED ALWAYS AS ((line::jsonb) -> 'expect') STORED);
});

# COPY takes what gzip prints; nothing of the file goes through a shell.
$node->safe_psql('postgres',
	q{COPY fact (line) FROM PROGRAM 'gzip -dc } . ($file =~ s/'/''/gr) . q{' WITH (FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02')});
my $rows = $node->safe_psql('postgres', 'SELECT count(*) FROM fact');
cmp_ok($rows, '>', 0, "$rows facts");

# What we say in each case, in the words of the fact.  A number of the input
# may be written as a string.
$node->safe_psql('postgres', q{
	CREATE FUNCTION n(i jsonb, key text) RETURNS float8 IMMUTABLE RETURN (i ->> key)::float8;
	CREATE FUNCTION days(i jsonb) RETURNS float8 IMMUTABLE RETURN (i ->> 'slo_window_days')::float8 * 86400;

	CREATE FUNCTION credit(percent float8, tiers jsonb) RETURNS float8 IMMUTABLE RETURN (
		SELECT sla.credit_percent(percent, array_agg(n(t, 'below')), array_agg(n(t, 'credit_percent')))
		FROM jsonb_array_elements(tiers) t);

	/* the alerts of the usual table, all of one objective */
	CREATE FUNCTION alerts(i jsonb) RETURNS jsonb IMMUTABLE RETURN (
		SELECT jsonb_object_agg(name, is_firing) || jsonb_build_object('severity',
			CASE WHEN bool_or(is_firing AND name LIKE 'page%') THEN 'page' WHEN bool_or(is_firing) THEN 'ticket' ELSE 'none' END)
		FROM (
			SELECT name, bool_and(sla.fires(sla.burn_rate(1 - (i -> 'error_ratio_by_window' ->> w)::float8, 1, n(i, 'target_percent')), factor)) AS is_firing
			FROM (VALUES ('page_quick', 2, 3600, '{1h,5m}'::text[]), ('page_slow', 5, 21600, '{6h,30m}'),
				('ticket_quick', 10, 86400, '{1d,2h}'), ('ticket_slow', 10, 259200, '{3d,6h}')) r (name, budget, long, windows),
				LATERAL sla.alert_factor(budget, days(i), long) factor, unnest(windows) w
			GROUP BY name) a);

	CREATE FUNCTION say(kind text, i jsonb, want jsonb) RETURNS jsonb STABLE RETURN CASE kind
		WHEN 'allowed_downtime' THEN jsonb_build_object('budget_seconds', sla.error_budget(n(i, 'window_seconds'), n(i, 'target_percent')))
		WHEN 'burn_rate_factor' THEN jsonb_build_object('burn_rate_factor', sla.alert_factor(n(i, 'budget_percent_consumed'), days(i), n(i, 'long_window_minutes') * 60))
		WHEN 'budget_consumed_by_burn' THEN jsonb_build_object('budget_percent_consumed', sla.budget_burnt_percent(n(i, 'burn_rate'), n(i, 'lasting_hours') * 3600, days(i)))
		WHEN 'burn_rate' THEN jsonb_build_object('sli_percent', sla.sli_percent(n(i, 'good'), n(i, 'total')), 'burn_rate', sla.burn_rate(n(i, 'good'), n(i, 'total'), n(i, 'target_percent')),
			'budget_consumed_percent', sla.budget_consumed_percent(n(i, 'good'), n(i, 'total'), n(i, 'target_percent')),
			'budget_remaining_percent', 100 - sla.budget_consumed_percent(n(i, 'good'), n(i, 'total'), n(i, 'target_percent')),
			'met', sla.is_met(n(i, 'good'), n(i, 'total'), n(i, 'target_percent')))
		WHEN 'max_burn_rate' THEN jsonb_build_object('max_burn_rate', sla.max_burn_rate(n(i, 'target_percent')))
		WHEN 'burn_threshold_reachable' THEN jsonb_build_object('reachable', sla.can_fire(n(i, 'burn_rate_threshold'), n(i, 'target_percent')))
		WHEN 'error_budget_events' THEN jsonb_build_object('allowed_bad_events', sla.error_budget(n(i, 'total_events'), n(i, 'target_percent')))
		WHEN 'timeslice_budget' THEN (
			SELECT jsonb_build_object('total_slices', slices, 'bad_slices_allowed', sla.error_budget(slices, n(i, 'target_percent')),
				'bad_time_seconds', sla.error_budget(n(i, 'window_days') * 86400, n(i, 'target_percent')))
			FROM (VALUES (n(i, 'window_days') * 86400 / n(i, 'slice_seconds'))) s (slices))
		WHEN 'budgeting_methods' THEN (
			SELECT to_jsonb(p)
			FROM (SELECT array_agg((s ->> 0)::float8 ORDER BY o) AS good, array_agg((s ->> 1)::float8 ORDER BY o) AS total
				FROM jsonb_array_elements(i -> 'slices_good_total') WITH ORDINALITY s (s, o)) s,
				LATERAL (SELECT occurrences_percent, slices_percent AS timeslices_percent, ratio_percent AS ratio_timeslices_percent
					FROM sla.slice_percents(good, total, n(i, 'timeslice_target_percent'), i ->> 'empty_slice')) p)
		WHEN 'time_to_exhaustion_full_budget' THEN jsonb_build_object('seconds', sla.exhaustion_seconds(n(i, 'remaining_percent'), n(i, 'burn_rate'), days(i)))
		WHEN 'single_window_detection' THEN (
			SELECT jsonb_build_object('fires_after_seconds', fires_seconds, 'resets_after_recovery_seconds', ends_seconds)
			FROM sla.alert_detection(n(i, 'burn_rate_threshold'), n(i, 'target_percent'), n(i, 'window_minutes') * 60, n(i, 'error_ratio') * 100))
		WHEN 'alert_error_ratio_threshold' THEN jsonb_build_object('error_ratio_percent', sla.alert_percent(n(i, 'burn_rate_threshold'), n(i, 'target_percent')))
		WHEN 'mwmb_alert' THEN alerts(i)
		WHEN 'pyrra_windows' THEN (
			SELECT jsonb_build_object('rows', jsonb_agg(jsonb_build_object('severity', CASE severity WHEN 'page' THEN 'critical' ELSE 'warning' END,
				'for_s', hold_seconds, 'long_s', long_seconds, 'short_s', short_seconds, 'factor', factor)))
			FROM sla.scaled_rules(days(i)))
		WHEN 'slo_report' THEN (
			SELECT jsonb_build_object('sli', sli / 100, 'gap', (sli - goal) / 100, 'error_budget_target', sla.error_budget(100, goal) / 100,
				'error_budget_minutes', sla.error_budget(w, goal) / 60, 'error_minutes', (w - g) / 60,
				'error_budget_remaining_minutes', sla.budget_remaining(g, w, goal) / 60, 'burn_rate', sla.burn_rate(g, w, goal),
				'consumed_percent', sla.budget_consumed_percent(g, w, goal), 'alert', sla.fires(sla.burn_rate(g, w, goal), n(i, 'burn_rate_threshold')))
			FROM sla.sli_percent(n(i, 'good'), n(i, 'good') + n(i, 'bad')) sli, LATERAL (VALUES (n(i, 'window_seconds'), n(i, 'window_seconds') * sli / 100, n(i, 'goal') * 100)) v (w, g, goal))
		WHEN 'slo_report_valid' THEN (
			SELECT jsonb_build_object('valid', valid, 'sli', CASE WHEN valid THEN sla.sli_percent(n(i, 'good'), n(i, 'good') + n(i, 'bad')) / 100 END)
			FROM (VALUES (n(i, 'good') + n(i, 'bad') >= n(i, 'min_events'))) v (valid))
		WHEN 'status' THEN jsonb_build_object('status', upper(sla.slo_state(n(i, 'sli') * 100, n(i, 'target') * 100, n(i, 'remaining_budget_ratio'))))
		WHEN 'composite_weighted' THEN (
			SELECT jsonb_strip_nulls(jsonb_build_object('status', upper(sla.slo_state(sli, goal, sla.budget_remaining(sli, 100, goal))),
				'consumed_ratio', sla.budget_consumed_percent(sli, 100, goal) / 100)) || jsonb_build_object('sli', sli / 100)
			FROM (SELECT sla.weighted_percent(coalesce(array_agg(n(m, 'sli') * 100), '{}'), coalesce(array_agg(n(m, 'weight')), '{}')), n(i, 'target') * 100
				FROM jsonb_array_elements(i -> 'members') m) m (sli, goal))
		WHEN 'composite_ratio_timeslices' THEN (
			SELECT jsonb_build_object('percent', sla.added_percent(array_agg(n(m, 'percent')), array_agg(n(m, 'weight')))) FROM jsonb_array_elements(i -> 'members') m)
		WHEN 'composite_timeslices' THEN (
			SELECT jsonb_build_object('bad_slices', bad, 'percent', sla.sli_percent(n(i, 'total_slices') - bad, n(i, 'total_slices')))
			FROM (SELECT count(DISTINCT s) FROM jsonb_array_elements(i -> 'members_bad_slices') m, jsonb_array_elements(m) s) b (bad))
		WHEN 'coverage' THEN jsonb_build_object('coverage', sla.coverage_percent(n(i, 'observed_slices'), n(i, 'expected_slices')) / 100,
			'result', sla.observation(n(i, 'observed_slices'), n(i, 'expected_slices'), n(i, 'total'), (i -> 'watermark_stale')::bool, n(i, 'floor') * 100))
		WHEN 'sparse_burn' THEN jsonb_build_object('burn_rate_dense', sla.burn_rate(n(i, 'expected_slices') - n(i, 'bad_slices_observed'), n(i, 'expected_slices'), n(i, 'target_percent')),
			'burn_rate_naive', sla.burn_rate(0, n(i, 'bad_slices_observed'), n(i, 'target_percent')))
		WHEN 'calendar_window' THEN (
			SELECT jsonb_build_object('start_utc', to_char(f, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'end_utc', to_char(t, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
				'seconds', extract(epoch FROM t - f), 'budget_seconds_at_99_9', sla.error_budget(extract(epoch FROM t - f)::float8, 99.9))
			FROM (VALUES ((i ->> 'first_day')::timestamp AT TIME ZONE (i ->> 'zone'))) d (day),
				LATERAL sla.calendar_window(replace(i ->> 'unit', 'iso_', ''), NULL, i ->> 'zone', day + interval '7 hours') w (f, t))
		WHEN 'service_credit' THEN jsonb_build_object('credit_percent', credit(n(i, 'uptime_percent'), i -> 'tiers_below_percent_credit'))
		WHEN 'downtime_to_credit' THEN (
			SELECT jsonb_build_object('uptime_percent', up, 'credit_percent',
				credit(up, '[{"below": 99.9, "credit_percent": 10}, {"below": 99, "credit_percent": 25}, {"below": 95, "credit_percent": 100}]'))
			FROM sla.sli_percent(n(i, 'month_days') * 1440 - n(i, 'downtime_minutes'), n(i, 'month_days') * 1440) up)
		WHEN 'exclusion' THEN (
			SELECT jsonb_build_object('uptime_percent', sla.sli_percent(g, w), 'budget_minutes', sla.error_budget(w, n(i, 'target_percent')),
				'budget_remaining_minutes', sla.budget_remaining(g, w, n(i, 'target_percent')))
			FROM (VALUES (n(i, 'window_minutes') - n(i, 'excluded_minutes'))) w (w),
				LATERAL (VALUES (w - (n(i, 'down_minutes') - n(i, 'down_inside_excluded_minutes')))) g (g))
		END;

	/* equal: numbers to 1e-9 of their size; of what is expected, texts that say how a number was published are no facts */
	CREATE FUNCTION agree(got jsonb, want jsonb) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$
	BEGIN
		IF jsonb_typeof(want) = 'number' AND jsonb_typeof(got) = 'number' THEN
			RETURN abs(got::numeric - want::numeric) <= 1e-9 * greatest(1, abs(want::numeric));
		ELSIF jsonb_typeof(want) = 'array' AND jsonb_typeof(got) = 'array' THEN
			RETURN jsonb_array_length(want) = jsonb_array_length(got)
				AND (SELECT bool_and(agree(got -> o, want -> o)) FROM generate_series(0, jsonb_array_length(want) - 1) o);
		ELSIF jsonb_typeof(want) = 'object' AND jsonb_typeof(got) = 'object' THEN
			RETURN (SELECT bool_and(got ? key AND agree(got -> key, value)) FROM jsonb_each(want) WHERE key <> 'published');
		END IF;
		RETURN got IS NOT DISTINCT FROM want;
	END
	$$;
});

foreach my $kind (split /\n/, $node->safe_psql('postgres', 'SELECT DISTINCT kind FROM fact ORDER BY 1'))
{
	my $wrong = "SELECT id, i, want, say(kind, i, want) FROM fact WHERE kind = '$kind' AND agree(say(kind, i, want), want) IS NOT TRUE";

	is($node->safe_psql('postgres', "SELECT count(*) FROM ($wrong) w"), '0',
		"$kind: " . $node->safe_psql('postgres', "SELECT count(*) FROM fact WHERE kind = '$kind'") . ' facts')
	  or diag($node->safe_psql('postgres', "$wrong LIMIT 5"));
}

$node->stop;
done_testing();
