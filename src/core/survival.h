/*-------------------------------------------------------------------------
 *
 * survival.h
 *	  How long things last, some of which last still: the estimator of Kaplan
 *	  and Meier.
 *
 * A sample says how long one thing lasted: until its event, or at least so
 * long (it is censored: it lasts still, or was taken away).  A curve tells the
 * probability that a thing lasts longer than t.  At each time of an event it
 * falls by the part of those still at risk that the event came to; what is
 * censored at the very time of an event was at risk then.  After the last
 * sample it stays where it is.
 *
 * What has lasted for a time "since" is compared with the samples that lasted
 * no less: an event right at that time may still be to come.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_SURVIVAL_H
#define SLA_SURVIVAL_H

#include <math.h>

#include "core.h"

/* No such probability: there is nothing to compare with. */
#define SURVIVAL_NOTHING		NAN

/* No such time. */
#define SURVIVAL_NONE			INT64_MIN

typedef struct SurvivalSample
{
	int64_t		time;
	int32_t		group;
	bool		event;			/* else censored */
} SurvivalSample;

/* After all samples of one time. */
typedef struct SurvivalStep
{
	int64_t		time;
	double		surviving;
	int64_t		samples;		/* of a later time */
	int64_t		events;			/* of these */
} SurvivalStep;

typedef struct SurvivalCurve
{
	int64_t		samples;
	int64_t		events;
	int64_t		nsteps;
	SurvivalStep *steps;
	double		base;			/* (of its making: since the last censored
								 * sample it is base x at risk / base_at_risk) */
	int64_t		base_at_risk;
} SurvivalCurve;

/* Sort samples as survival_curves() wants them.  False when memory ran out. */
extern bool survival_sort(SurvivalSample *samples, size_t n, const CoreMem *mem);

/*
 * The curves of sorted samples, in one pass: curve[curve_of[group]] gets the
 * samples of a group, where that is not negative.  False when memory ran out.
 */
extern bool survival_curves(const SurvivalSample *samples, size_t n, const int32_t *curve_of,
							SurvivalCurve *curves, int32_t ncurves, const CoreMem *mem);

/* How many samples lasted no less than that, and how many of these had the event. */
extern void survival_at_risk(const SurvivalCurve *curve, int64_t since,
							 int64_t *samples, int64_t *events);

/*
 * The probability that what has lasted "since" lasts longer than "until"; 1
 * when that is past.  SURVIVAL_NOTHING where no sample lasted no less.
 */
extern double survival_beyond(const SurvivalCurve *curve, int64_t since, int64_t until);

/*
 * How much longer half of what has lasted "since" lasts at most, or
 * SURVIVAL_NONE when the curve does not fall so far.
 */
extern int64_t survival_median_left(const SurvivalCurve *curve, int64_t since);

#endif							/* SLA_SURVIVAL_H */
