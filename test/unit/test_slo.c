/*-------------------------------------------------------------------------
 *
 * test_slo.c
 *	  Unit test of the arithmetic of objectives.
 *
 * cc -Isrc test/unit/test_slo.c src/core/slo.c -lm
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>

#include "core/slo.h"

static int	checks = 0;
static int	failures = 0;

static void
check(bool condition, const char *what)
{
	checks++;
	if (!condition)
	{
		failures++;
		printf("not ok: %s\n", what);
	}
}

/* Equal to 1e-12 of the value, or both nothing. */
static bool
same(double a, double b)
{
	if (slo_is_nothing(a) || slo_is_nothing(b))
		return slo_is_nothing(a) && slo_is_nothing(b);
	return a == b || fabs(a - b) <= 1e-12 * fmax(fabs(a), fabs(b));
}

#define IS(expr, want) \
	do { \
		double		_got = (expr); \
		char		_what[200]; \
		snprintf(_what, sizeof(_what), "%s is %.17g, not %.17g", #expr, _got, (double) (want)); \
		check(same(_got, want), _what); \
	} while (0)
#define YES(expr)	check(expr, #expr)
#define NO(expr)	check(!(expr), "not " #expr)

/* What is allowed is what the decimals say, exactly. */
static void
test_targets(void)
{
	static const struct
	{
		double		target;
		double		allowed;
	}			targets[] = {
		{99.9, 0.1}, {99.99, 0.01}, {99.999, 0.001}, {99.9999, 0.0001}, {99.5, 0.5},
		{99.95, 0.05}, {95, 5}, {90, 10}, {33.3, 66.7}, {0, 100}, {100, 0}, {99.0001, 0.9999},
	};

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		check(slo_allowed_percent(targets[i].target) == targets[i].allowed, "allowed percent");
	IS(slo_allowed_percent(100.0 / 3), 200.0 / 3);
}

static void
test_budgets(void)
{
	IS(slo_sli_percent(0, 0), SLO_NOTHING);
	IS(slo_sli_percent(0, 7), 0);
	IS(slo_sli_percent(7, 7), 100);
	for (int i = 1; i <= 100000; i++)
	{
		double		seconds = i * 29.123457;

		check(slo_sli_percent(seconds, seconds) == 100 && slo_sli_percent(nextafter(seconds, 0), seconds) <= 100,
			  "all of fractions of seconds");
	}
	IS(slo_budget(1000000, 99), 10000);
	IS(slo_budget(0, 99), 0);
	IS(slo_budget(1000, 100), 0);
	IS(slo_remaining(90, 100, 95), -5);
	IS(slo_remaining(100, 100, 95), 5);
	IS(slo_remaining(0, 0, 95), 0);
	IS(slo_consumed_percent(90, 100, 95), 200);
	IS(slo_consumed_percent(0, 0, 95), SLO_NOTHING);
	IS(slo_burn_rate(999999, 1000000, 99.999), 0.1);
	IS(slo_burn_rate(0, 0, 99.9), SLO_NOTHING);
	IS(slo_burn_rate(10, 10, 100), 0);
	IS(slo_burn_rate(9, 10, 100), INFINITY);
	IS(slo_burn_rate(0, 10, 0), 1);
	IS(slo_max_burn_rate(99.999), 100000);
	IS(slo_max_burn_rate(100), INFINITY);

	/* just kept, with budgets that are no binary fractions */
	YES(slo_is_met(999, 1000, 99.9));
	NO(slo_is_met(998, 1000, 99.9));
	YES(slo_is_met(2997, 3000, 99.9));
	YES(slo_is_met(6993, 7000, 99.9));
	YES(slo_is_met(10, 10, 100));
	NO(slo_is_met(9, 10, 100));
	NO(slo_is_met(0, 0, 50));
	for (int thousands = 1; thousands < 5000; thousands++)
	{
		if (!slo_is_met(thousands * 999, thousands * 1000, 99.9) ||
			slo_is_met(thousands * 999 - 1, thousands * 1000, 99.9))
		{
			check(false, "a budget that is just used up");
			break;
		}
	}
}

static void
test_alerts(void)
{
	double		fires;
	double		ends;

	IS(slo_alert_factor(2, 30 * 24, 1), 14.4);
	IS(slo_alert_factor(5, 30 * 24, 6), 6);
	IS(slo_alert_factor(10, 30 * 24, 24), 3);
	IS(slo_alert_factor(10, 30 * 24, 72), 1);
	IS(slo_alert_factor(1, 30, 0), SLO_NOTHING);
	YES(slo_can_fire(14.4, 99));
	YES(slo_can_fire(100, 99));
	YES(slo_can_fire(1000, 99.9));
	NO(slo_can_fire(100.001, 99));
	NO(slo_can_fire(14.4, 95 - 2));
	NO(slo_can_fire(14.4, 90));
	YES(slo_can_fire(1e9, 100));
	NO(slo_fires(slo_burn_rate(98560, 100000, 99.9), 14.4));
	YES(slo_fires(slo_burn_rate(98559, 100000, 99.9), 14.4));
	NO(slo_fires(0, 0));
	NO(slo_fires(SLO_NOTHING, 0));
	YES(slo_fires(INFINITY, 14.4));
	IS(slo_alert_percent(13.44, 99.9), 1.344);
	IS(slo_burnt_percent(14.4, 1, 720), 2);
	IS(slo_burnt_percent(1, 1, 0), SLO_NOTHING);
	IS(slo_exhaustion(100, 14, 28 * 86400), 2 * 86400);
	IS(slo_exhaustion(100, 0, 1), SLO_NOTHING);
	IS(slo_exhaustion(0, 1, 1), SLO_NOTHING);
	IS(slo_exhaustion(-1, 1, 1), SLO_NOTHING);
	IS(slo_exhaustion(100, SLO_NOTHING, 1), SLO_NOTHING);
	IS(slo_exhaustion(100, INFINITY, 1), 0);

	YES(slo_detection(36, 99.9, 3600, 100, &fires, &ends));
	IS(fires, 129.6);
	IS(ends, 3470.4);
	NO(slo_detection(36, 99.9, 3600, 1, &fires, &ends));
	NO(slo_detection(36, 99.9, 3600, 0, &fires, &ends));
	YES(slo_detection(1, 99, 3600, 1, &fires, &ends));
	IS(fires, 3600);
	IS(ends, 0);

	for (int i = 0; i < SLO_SCALED_RULES; i++)
	{
		SloScaledRule month = slo_scaled_rule(i, 28 * 86400);
		SloScaledRule half = slo_scaled_rule(i, 14 * 86400);

		check(month.short_window < month.long_window && month.hold_for < month.long_window, "scaled rule");
		check(fabs(half.long_window - month.long_window / 2) <= 30, "half a scaled rule");
	}
	IS(slo_scaled_rule(3, 14 * 86400).hold_for, 5400);
	IS(slo_scaled_rule(0, 28 * 86400).short_window, 300);
}

static void
test_judging(void)
{
	static const double below[] = {99.0, 99.9, 95.0};
	static const double credits[] = {25, 10, 100};
	static const double good[] = {95, 94, 100, 1, 0};
	static const double total[] = {100, 100, 100, 1, 0};
	static const double percents[] = {99.5, NAN, 98};
	static const double weights[] = {3, 7, 1};
	static const double hundreds[] = {100, 100, 100};
	static const double tenths[] = {0.3, 0.3, 0.3};
	double		by[3];

	check(slo_state(SLO_NOTHING, 90, 5) == SLO_NO_DATA, "no data");
	check(slo_state(99.9, 99.9, 0) == SLO_HEALTHY, "just healthy");
	for (int i = 900000; i < 1000000; i++)
	{
		double		percent = i / 1e4;

		if (slo_state(slo_sli_percent(i, 1e6), percent, 0) != SLO_HEALTHY ||
			slo_state(slo_sli_percent(i - 1, 1e6), percent, 0) != SLO_VIOLATED ||
			!slo_is_met(i / 1e6 * 2592000, 2592000, percent) ||
			slo_is_met(i / 1e6 * 2592000 - 1e-6, 2592000, percent))
			check(false, "just healthy");
	}
	check(slo_state(80, 90, 0.01) == SLO_DEGRADING, "degrading");
	check(slo_state(80, 90, 0) == SLO_VIOLATED, "violated");
	check(slo_state(99.99, 100, 0) == SLO_VIOLATED, "violated at 100");

	check(slo_observation(0, 0, 0, false, 80) == SLO_BELOW_COVERAGE, "nothing expected");
	check(slo_observation(80, 100, 1, false, 80) == SLO_OBSERVED, "just covered");
	check(slo_observation(79, 100, 1, false, 80) == SLO_BELOW_COVERAGE, "not covered");
	check(slo_observation(80, 100, 0, false, 80) == SLO_ZERO_TOTAL, "nothing happened");
	check(slo_observation(1, 100, 0, true, 80) == SLO_STALE, "stale");
	IS(slo_coverage_percent(1, 0), 0);

	slo_slices(good, total, 5, 95, SLO_EMPTY_EXCLUDED, &by[0], &by[1], &by[2]);
	IS(by[0], 100 * 290.0 / 301);
	IS(by[1], 75);
	IS(by[2], 97.25);
	slo_slices(good, total, 5, 95, SLO_EMPTY_GOOD, &by[0], &by[1], &by[2]);
	IS(by[1], 80);
	IS(by[2], 97.8);
	slo_slices(good, total, 5, 95, SLO_EMPTY_BAD, &by[0], &by[1], &by[2]);
	IS(by[1], 60);
	IS(by[2], 77.8);
	slo_slices(good, total, 0, 95, SLO_EMPTY_GOOD, &by[0], &by[1], &by[2]);
	IS(by[0], SLO_NOTHING);
	IS(by[1], SLO_NOTHING);
	IS(by[2], SLO_NOTHING);

	IS(slo_weighted_percent(percents, weights, 3), (3 * 99.5 + 98) / 4);
	IS(slo_weighted_percent(percents + 1, weights, 1), SLO_NOTHING);
	IS(slo_weighted_percent(percents, weights, 0), SLO_NOTHING);
	check(slo_weighted_percent(hundreds, tenths, 3) == 100, "a mean is not above all");
	IS(slo_added_percent(percents, weights, 3), 100 - 1.5 - 2);
	IS(slo_added_percent(percents + 1, weights, 1), SLO_NOTHING);

	/* the tiers in any order; at a boundary the better one */
	IS(slo_credit_percent(99.9, below, credits, 3), 0);
	IS(slo_credit_percent(99.8999, below, credits, 3), 10);
	IS(slo_credit_percent(99, below, credits, 3), 10);
	IS(slo_credit_percent(98.99, below, credits, 3), 25);
	IS(slo_credit_percent(95, below, credits, 3), 25);
	IS(slo_credit_percent(0, below, credits, 3), 100);
	IS(slo_credit_percent(50, below, credits, 0), 0);
	IS(slo_credit_percent(SLO_NOTHING, below, credits, 3), SLO_NOTHING);
}

int
main(void)
{
	test_targets();
	test_budgets();
	test_alerts();
	test_judging();
	printf("%d checks, %d failures\n", checks, failures);
	return failures != 0;
}
