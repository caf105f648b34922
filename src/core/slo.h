/*-------------------------------------------------------------------------
 *
 * slo.h
 *	  The arithmetic of service-level objectives: indicators, error budgets,
 *	  burn rates, alert factors and service credits.
 *
 * Amounts ("good", "total") are of any one unit: events, slices, or seconds.
 * Percentages are 0 to 100.  What nothing can be said of, such as a ratio of
 * no events, is SLO_NOTHING and never a number.  A target of 100 per cent has
 * no budget: any bad event burns infinitely more than that.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_SLO_H
#define SLA_SLO_H

#include <math.h>

#include "core.h"

#define SLO_NOTHING			((double) NAN)
#define slo_is_nothing(x)	isnan(x)

/* 100 * good / total */
extern double slo_sli_percent(double good, double total);

/* What may fail: 100 less the target, as the decimals of the target say it. */
extern double slo_allowed_percent(double target);

/* How much of a total may be bad: the error budget. */
extern double slo_budget(double total, double target);

/* The budget less what was bad: negative when it is overspent. */
extern double slo_remaining(double good, double total, double target);
extern double slo_consumed_percent(double good, double total, double target);

/* How many times faster than allowed: 1 uses up the budget just in the window. */
extern double slo_burn_rate(double good, double total, double target);
extern double slo_max_burn_rate(double target);

/* The objective is kept; false also of nothing. */
extern bool slo_is_met(double good, double total, double target);

/*
 * Alerts.  The factor of a rule is the burn rate that uses "budget_percent" of
 * the budget of "window" within the rule's long window.
 */
extern double slo_alert_factor(double budget_percent, double window, double long_window);
extern bool slo_can_fire(double factor, double target);

/* A rule fires above its factor, not at it. */
extern bool slo_fires(double burn_rate, double factor);

/* The percentage of bad events at which a rule fires. */
extern double slo_alert_percent(double factor, double target);

/* The percentage of a budget that a burn rate uses up in a time. */
extern double slo_burnt_percent(double burn_rate, double lasting, double window);

/* The time until nothing remains; nothing when it never comes or is past. */
extern double slo_exhaustion(double remaining_percent, double burn_rate, double window);

/*
 * How long after a full recovery-to-failure step, "error_percent" failing, a
 * rule of one window fires, and how long after recovery it ends.  False: never.
 */
extern bool slo_detection(double factor, double target, double window, double error_percent,
						  double *fires_after, double *ends_after);

/* A rule whose windows are fractions of the objective's, in seconds. */
typedef struct SloScaledRule
{
	bool		urgent;
	double		factor;
	double		long_window;
	double		short_window;
	double		hold_for;
} SloScaledRule;

#define SLO_SCALED_RULES	4

extern SloScaledRule slo_scaled_rule(int i, double window);

/* How an objective stands. */
typedef enum SloState
{
	SLO_NO_DATA,
	SLO_HEALTHY,				/* the target is reached */
	SLO_DEGRADING,				/* it is not, and some budget remains */
	SLO_VIOLATED				/* and none does */
} SloState;

extern SloState slo_state(double sli_percent, double target, double remaining);

/* What is to be thought of a measurement. */
typedef enum SloObservation
{
	SLO_OBSERVED,
	SLO_STALE,					/* nothing came in lately */
	SLO_BELOW_COVERAGE,			/* too little of the time was observed */
	SLO_ZERO_TOTAL				/* observed, and nothing happened */
} SloObservation;

extern double slo_coverage_percent(double observed, double expected);
extern SloObservation slo_observation(double observed, double expected, double total,
									  bool stale, double floor_percent);

/*
 * Slices: by all their events together, by slices that reach the target, and by
 * the mean of the slices' percentages.
 */
typedef enum SloEmptySlice
{
	SLO_EMPTY_EXCLUDED,
	SLO_EMPTY_GOOD,
	SLO_EMPTY_BAD
} SloEmptySlice;

extern void slo_slices(const double *good, const double *total, int n, double target,
					   SloEmptySlice empty, double *occurrences, double *slices, double *ratio);

/* Composites: the weighted mean of members of which something is known. */
extern double slo_weighted_percent(const double *percents, const double *weights, int n);

/* All that any member lacks, together. */
extern double slo_added_percent(const double *percents, const double *weights, int n);

/*
 * Service credits: the credit of the lowest tier, "below" such a percentage,
 * that was reached; 0 when none was.
 */
extern double slo_credit_percent(double percent, const double *below, const double *credits, int n);

#endif							/* SLA_SLO_H */
