/*-------------------------------------------------------------------------
 *
 * slo.h
 *	  The arithmetic of service-level objectives: indicators, error budgets,
 *	  burn rates, alert factors and service credits.
 *
 * Amounts ("good", "total") can have any unit: events, slices, or seconds.
 * Percentages range from 0 to 100.  An undefined result, such as a ratio of no events,
 * is SLO_NOTHING (NaN).  A target of 100 percent has no error budget, so any bad event
 * has an infinite burn rate.
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

/* 100 * good / total; SLO_NOTHING if total is 0 */
extern double slo_sli_percent(double good, double total);

/* The percentage that may fail: 100 - target, without binary rounding errors */
extern double slo_allowed_percent(double target);

/* The error budget: how much of a total may be bad */
extern double slo_budget(double total, double target);

/* The budget minus what was bad (may be negative); and what was bad in % of it */
extern double slo_remaining(double good, double total, double target);
extern double slo_consumed_percent(double good, double total, double target);

/*
 * The burn rate: 1 uses up the budget exactly at the end of the window.  The maximal one
 * occurs if everything is bad.
 */
extern double slo_burn_rate(double good, double total, double target);
extern double slo_max_burn_rate(double target);

/* Is the objective met?  False if total is 0. */
extern bool slo_is_met(double good, double total, double target);

/*
 * Alerts.  The factor of a rule is the burn rate that uses up "budget_percent" of the
 * budget of "window" within the rule's long window.  A rule can fire if its factor is
 * at most the maximal burn rate.
 */
extern double slo_alert_factor(double budget_percent, double window, double long_window);
extern bool slo_can_fire(double factor, double target);

/* Does a rule fire?  Only if the burn rate is greater than its factor. */
extern bool slo_fires(double burn_rate, double factor);

/* The percentage of bad events at which a rule fires. */
extern double slo_alert_percent(double factor, double target);

/* The percentage of the budget of "window" that a burn rate lasting so long uses up. */
extern double slo_burnt_percent(double burn_rate, double lasting, double window);

/* The time until the budget is used up; SLO_NOTHING if it already is, or never will be. */
extern double slo_exhaustion(double remaining_percent, double burn_rate, double window);

/*
 * Suppose that "error_percent" suddenly begin to fail: how long after that does a rule
 * with a single window fire, and how long after recovery does it end?  Returns false if
 * it does not fire.
 */
extern bool slo_detection(double factor, double target, double window, double error_percent,
						  double *fires_after, double *ends_after);

/* A default rule, whose windows are scaled to that of the objective; in seconds. */
typedef struct SloScaledRule
{
	bool		urgent;
	double		factor;
	double		long_window;
	double		short_window;
	double		hold_for;
} SloScaledRule;

#define SLO_SCALED_RULES	4

/* Default rule i (0 <= i < SLO_SCALED_RULES) for a window, in seconds. */
extern SloScaledRule slo_scaled_rule(int i, double window);

/* The state of an objective. */
typedef enum SloState
{
	SLO_NO_DATA,
	SLO_HEALTHY,				/* the target is met */
	SLO_DEGRADING,				/* it is not, but some budget remains */
	SLO_VIOLATED				/* it is not, and no budget remains */
} SloState;

extern SloState slo_state(double sli_percent, double target, double remaining);

/* How reliable a measurement is. */
typedef enum SloObservation
{
	SLO_OBSERVED,
	SLO_STALE,					/* there were no recent data */
	SLO_BELOW_COVERAGE,			/* too little of the time was observed */
	SLO_ZERO_TOTAL				/* observed, but there were no events */
} SloObservation;

extern double slo_coverage_percent(double observed, double expected);
extern SloObservation slo_observation(double observed, double expected, double total,
									  bool stale, double floor_percent);

/*
 * Three ways to compute a percentage from n slices: from all events together
 * (*occurrences), from the number of slices that meet the target (*slices), and as the
 * mean of the slices' percentages (*ratio).  "empty" tells how slices without events
 * count in the latter two.
 */
typedef enum SloEmptySlice
{
	SLO_EMPTY_EXCLUDED,
	SLO_EMPTY_GOOD,
	SLO_EMPTY_BAD
} SloEmptySlice;

extern void slo_slices(const double *good, const double *total, int n, double target,
					   SloEmptySlice empty, double *occurrences, double *slices, double *ratio);

/* Composites: the weighted mean of the members that are not SLO_NOTHING. */
extern double slo_weighted_percent(const double *percents, const double *weights, int n);

/* Composites: 100 minus the weighted sum of what the members lack to 100. */
extern double slo_added_percent(const double *percents, const double *weights, int n);

/*
 * Service credits: the credit of the lowest tier whose limit "below" is greater than the
 * percentage; 0 if there is none.
 */
extern double slo_credit_percent(double percent, const double *below, const double *credits, int n);

#endif							/* SLA_SLO_H */
