/*-------------------------------------------------------------------------
 *
 * survival.h
 *	  Estimation of how long things last when some of them have not ended yet: the
 *	  Kaplan-Meier estimator.
 *
 * A sample tells how long one thing lasted until its event or, if it is censored, that
 * it lasted at least so long (it has not ended yet, or was removed).  A survival curve
 * gives the probability that a thing lasts longer than t.  At the time of each event it
 * drops by the fraction of the samples still at risk that had an event then.  A sample
 * that is censored at the time of an event counts as at risk.  After the last sample the
 * curve is constant.
 *
 * Something that has already lasted for a time "since" is compared with the samples that
 * lasted at least that long.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_SURVIVAL_H
#define SLA_SURVIVAL_H

#include <math.h>

#include "core.h"

/* In place of a probability: there are no samples to compare with */
#define SURVIVAL_NOTHING		NAN

/* In place of a time: there is none */
#define SURVIVAL_NONE			INT64_MIN

typedef struct SurvivalSample
{
	int64_t		time;
	int32_t		group;
	bool		event;			/* false if censored */
} SurvivalSample;

/* The state of a curve after all samples of one time. */
typedef struct SurvivalStep
{
	int64_t		time;
	double		surviving;		/* probability to last longer than "time" */
	int64_t		samples;		/* number of samples that lasted longer */
	int64_t		events;			/* how many of these had an event */
} SurvivalStep;

typedef struct SurvivalCurve
{
	int64_t		samples;
	int64_t		events;
	int64_t		nsteps;
	SurvivalStep *steps;

	/*
	 * For construction: since the last censored sample, the probability is
	 * base x (samples at risk) / base_at_risk.
	 */
	double		base;
	int64_t		base_at_risk;
} SurvivalCurve;

/* Sort samples for survival_curves().  Returns false if out of memory. */
extern bool survival_sort(SurvivalSample *samples, size_t n, const CoreMem *mem);

/*
 * Make several curves from sorted samples in one pass: the samples of a group are used
 * for curves[curve_of[group]], or ignored if that index is negative.  Returns false if
 * out of memory.
 */
extern bool survival_curves(const SurvivalSample *samples, size_t n, const int32_t *curve_of,
							SurvivalCurve *curves, int32_t ncurves, const CoreMem *mem);

/* The number of samples that lasted at least "since", and how many of these had an event. */
extern void survival_at_risk(const SurvivalCurve *curve, int64_t since,
							 int64_t *samples, int64_t *events);

/*
 * The probability that something that has lasted "since" lasts longer than "until"; 1 if
 * until < since.  SURVIVAL_NOTHING if no sample lasted that long.
 */
extern double survival_beyond(const SurvivalCurve *curve, int64_t since, int64_t until);

/*
 * The median remaining time of something that has lasted "since"; SURVIVAL_NONE if the
 * curve does not drop far enough.
 */
extern int64_t survival_median_left(const SurvivalCurve *curve, int64_t since);

#endif							/* SLA_SURVIVAL_H */
