/*-------------------------------------------------------------------------
 *
 * slo.c
 *	  The arithmetic of service-level objectives.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "slo.h"

/* Relative difference up to which two amounts are regarded as equal */
#define SAME	1e-12

/* Relative error of amounts, for comparing a difference of two nearly equal ones */
#define ROUNDING	1e-15

double
slo_sli_percent(double good, double total)
{
	if (!(total > 0))
		return SLO_NOTHING;
	/* because of rounding, 100 * x / x is not always 100 */
	return good >= total ? 100 : fmin(100 * good / total, 100);
}

/*
 * Targets are decimal numbers, and in binary 100 - 99.9 is not 0.1.  If the difference
 * is within rounding error of a number with ten decimals, return that one.
 */
double
slo_allowed_percent(double target)
{
	double		allowed = 100 - target;
	double decimal = round(allowed * 1e10) / 1e10;

	return fabs(decimal -allowed) < 3e-14 ? decimal : allowed;
}

double
slo_budget(double total, double target)
{
	return total * slo_allowed_percent(target) / 100;
}

double
slo_remaining(double good, double total, double target)
{
	return slo_budget(total, target) - (total - good);
}

double
slo_consumed_percent(double good, double total, double target)
{
	return 100 * slo_burn_rate(good, total, target);
}

double
slo_burn_rate(double good, double total, double target)
{
	double		bad = total - good;
	double		budget = slo_budget(total, target);

	if (!(total > 0))
		return SLO_NOTHING;
	if (bad <= 0)
		return 0;
	return budget > 0 ? bad / budget : INFINITY;
}

double
slo_max_burn_rate(double target)
{
	double		allowed = slo_allowed_percent(target);

	return allowed > 0 ? 100 / allowed : INFINITY;
}

/*
 * Is the bad part of a total within its budget?  Allows for the rounding errors of good
 * and total, which can be a large part of their difference if almost all is good.
 */
static bool
is_within(double good, double total, double target)
{
	return total - good <= slo_budget(total, target) * (1 + SAME) + total * ROUNDING;
}

bool
slo_is_met(double good, double total, double target)
{
	return total > 0 && is_within(good, total, target);
}

double
slo_alert_factor(double budget_percent, double window, double long_window)
{
	if (!(long_window > 0))
		return SLO_NOTHING;
	return budget_percent * window / (100 * long_window);
}

bool
slo_can_fire(double factor, double target)
{
	return factor <= slo_max_burn_rate(target) * (1 + SAME);
}

bool
slo_fires(double burn_rate, double factor)
{
	return !slo_is_nothing(burn_rate) && burn_rate > factor * (1 + SAME);
}

double
slo_alert_percent(double factor, double target)
{
	return factor * slo_allowed_percent(target);
}

double
slo_burnt_percent(double burn_rate, double lasting, double window)
{
	if (!(window > 0))
		return SLO_NOTHING;
	return 100 * burn_rate * lasting / window;
}

double
slo_exhaustion(double remaining_percent, double burn_rate, double window)
{
	if (!(remaining_percent > 0) || !(burn_rate > 0))
		return SLO_NOTHING;
	return remaining_percent * window / (100 * burn_rate);
}

bool
slo_detection(double factor, double target, double window, double error_percent,
			  double *fires_after, double *ends_after)
{
	double		threshold = slo_alert_percent(factor, target);

	if (!(error_percent > 0) || error_percent < threshold * (1 - SAME))
		return false;
	*fires_after = fmin(threshold * window / error_percent, window);
	*ends_after = window - *fires_after;
	return true;
}

/*
 * The usual rules for 28 days (times are in minutes), scaled to another window and
 * rounded to whole minutes.
 */
SloScaledRule
slo_scaled_rule(int i, double window)
{
	static const struct
	{
		bool		urgent;
		double		factor;
		double		long_window;
		double		short_window;
		double		hold_for;
	}			rules[SLO_SCALED_RULES] = {
		{true, 14, 60, 5, 2},
		{true, 7, 6 * 60, 30, 15},
		{false, 2, 24 * 60, 2 * 60, 60},
		{false, 1, 4 * 24 * 60, 6 * 60, 3 * 60},
	};
	double		scale = window / (28 * 24 * 3600);
	SloScaledRule rule;

	rule.urgent = rules[i].urgent;
	rule.factor = rules[i].factor;
	rule.long_window = 60 * round(rules[i].long_window * scale);
	rule.short_window = 60 * round(rules[i].short_window * scale);
	rule.hold_for = 60 * round(rules[i].hold_for * scale);
	return rule;
}

SloState
slo_state(double sli_percent, double target, double remaining)
{
	if (slo_is_nothing(sli_percent))
		return SLO_NO_DATA;
	if (is_within(sli_percent, 100, target))
		return SLO_HEALTHY;
	return remaining > 0 ? SLO_DEGRADING : SLO_VIOLATED;
}

double
slo_coverage_percent(double observed, double expected)
{
	return expected > 0 ? 100 * observed / expected : 0;
}

SloObservation
slo_observation(double observed, double expected, double total, bool stale, double floor_percent)
{
	if (stale)
		return SLO_STALE;
	if (!(expected > 0) ||
		slo_coverage_percent(observed, expected) < floor_percent * (1 - SAME))
		return SLO_BELOW_COVERAGE;
	return total > 0 ? SLO_OBSERVED : SLO_ZERO_TOTAL;
}

void
slo_slices(const double *good, const double *total, int n, double target,
		   SloEmptySlice empty, double *occurrences, double *slices, double *ratio)
{
	double		all_good = 0;
	double		all = 0;
	double		sum = 0;
	int			met = 0;
	int			counted = 0;

	for (int i = 0; i < n; i++)
	{
		all_good += good[i];
		all += total[i];
		if (total[i] > 0)
		{
			counted++;
			met += slo_is_met(good[i], total[i], target) ? 1 : 0;
			sum += slo_sli_percent(good[i], total[i]);
		}
		else if (empty != SLO_EMPTY_EXCLUDED)
		{
			counted++;
			met += empty == SLO_EMPTY_GOOD ? 1 : 0;
			sum += empty == SLO_EMPTY_GOOD ? 100 : 0;
		}
	}
	*occurrences = slo_sli_percent(all_good, all);
	*slices = slo_sli_percent(met, counted);
	*ratio = counted > 0 ? sum / counted : SLO_NOTHING;
}

double
slo_weighted_percent(const double *percents, const double *weights, int n)
{
	double		sum = 0;
	double		weight = 0;
	double		least = INFINITY;
	double		most = -INFINITY;

	for (int i = 0; i < n; i++)
	{
		if (slo_is_nothing(percents[i]))
			continue;
		sum += percents[i] * weights[i];
		weight += weights[i];
		least = fmin(least, percents[i]);
		most = fmax(most, percents[i]);
	}
	/* despite rounding, the mean must be between the minimum and the maximum */
	return weight > 0 ? fmax(least, fmin(sum / weight, most)) : SLO_NOTHING;
}

double
slo_added_percent(const double *percents, const double *weights, int n)
{
	double		lack = 0;
	bool		known = false;

	for (int i = 0; i < n; i++)
	{
		if (slo_is_nothing(percents[i]))
			continue;
		lack += weights[i] * slo_allowed_percent(percents[i]);
		known = true;
	}
	return known ? 100 - lack : SLO_NOTHING;
}

double
slo_credit_percent(double percent, const double *below, const double *credits, int n)
{
	int			tier = -1;

	if (slo_is_nothing(percent))
		return SLO_NOTHING;
	for (int i = 0; i < n; i++)
		if (percent < below[i] * (1 - SAME) && (tier < 0 || below[i] < below[tier]))
			tier = i;
	return tier < 0 ? 0 : credits[tier];
}
