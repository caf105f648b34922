/*-------------------------------------------------------------------------
 *
 * clock.c
 *	  Derivation of elapsed time and deadlines from the facts of a clock.
 *
 * The functions walk over the time that counts, that is, the stretches between
 * pauses and excluded spans.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "clock.h"

#include <float.h>
#include <math.h>

/* The pauses and excluded spans that the walk has not passed yet. */
typedef struct Uncounted
{
	int			npauses;
	const ClockPause *pause;
	int			nexcluded;
	const ClockSpan *excluded;
} Uncounted;

static Uncounted
uncounted(const Clock *clock, const ClockTerms *terms)
{
	Uncounted	walk;

	walk.npauses = clock->npauses;
	walk.pause = clock->pauses;
	walk.nexcluded = terms->nexcluded;
	walk.excluded = terms->excluded;
	return walk;
}

/*
 * Get the first pause or excluded span that ends after t; false if there is
 * none.  It may begin before t, because pauses and excluded spans can overlap
 * each other.
 */
static bool
next_uncounted(Uncounted *walk, int64_t t, ClockSpan *span)
{
	while (walk->npauses > 0 && walk->pause->during.to != CLOCK_NONE &&
		   walk->pause->during.to <= t)
	{
		walk->npauses--;
		walk->pause++;
	}
	while (walk->nexcluded > 0 && walk->excluded->to <= t)
	{
		walk->nexcluded--;
		walk->excluded++;
	}

	if (walk->npauses > 0 &&
		(walk->nexcluded == 0 || walk->pause->during.from <= walk->excluded->from))
		*span = walk->pause->during;
	else if (walk->nexcluded > 0)
		*span = *walk->excluded;
	else
		return false;
	return true;
}

static int64_t
open_between(const ClockTime *time, int64_t a, int64_t b)
{
	return a < b ? time->between(time->context, a, b) : 0;
}

int64_t
clock_elapsed(const Clock *clock, const ClockTerms *terms,
			  const ClockTime *time, int64_t at)
{
	Uncounted	walk = uncounted(clock, terms);
	ClockSpan	span;
	int64_t		t = clock->start;
	int64_t		elapsed = 0;

	if (clock->end != CLOCK_NONE)
		at = earlier_of(at, clock->end);
	while (next_uncounted(&walk, t, &span) && span.from < at)
	{
		elapsed += open_between(time, t, span.from);
		if (span.to == CLOCK_NONE)
			return elapsed;
		t = span.to;
	}
	return elapsed + open_between(time, t, at);
}

int64_t
clock_reach(const Clock *clock, const ClockTerms *terms,
			const ClockTime *time, int64_t elapsed)
{
	Uncounted	walk = uncounted(clock, terms);
	ClockSpan	span;
	int64_t		t = clock->start;

	if (elapsed <= 0)
		return t;
	while (next_uncounted(&walk, t, &span))
	{
		int64_t		open = open_between(time, t, span.from);

		/* we want the earliest instant: the end of a stretch belongs to it */
		if (open >= elapsed)
			break;
		if (span.to == CLOCK_NONE)
			return CLOCK_NONE;
		elapsed -= open;
		t = span.to;
	}
	return time->add(time->context, t, elapsed);
}

/* Move a promised date by the pauses and exclusions before it is reached. */
static int64_t
deadline(const Clock *clock, const ClockTerms *terms, const ClockTime *time,
		 int64_t promised)
{
	int64_t		reached;

	/* if all time counts, the budget is used up by then */
	if (promised == CLOCK_NONE || terms->by_hand ||
		(clock->npauses == 0 && terms->nexcluded == 0))
		return promised;
	reached = clock_reach(clock, terms, time,
						  open_between(time, clock->start, promised));
	return reached == CLOCK_NONE ? CLOCK_NONE : later_of(reached, promised);
}

/*
 * risk x budget, rounded up.  "risk" was given as a decimal fraction, which a
 * double only approximates: 0.07 x 100 must be 7, although the double nearest
 * to 0.07 is slightly larger.  Hence a product within rounding error of an
 * integer is taken to be that integer, which can be a microsecond too little
 * for a budget of years.
 */
static int64_t
risk_budget(double risk, int64_t budget)
{
	double		whole = floor(risk);
	double		most = risk * (double) budget;
	double		part;

	if (budget == 0)
		return 0;
	/* avoid overflow; the caller's add() reports that it is out of range */
	if (most >= (double) (INT64_MAX / 2))
		return INT64_MAX / 2;

	/* a double may be too imprecise for the whole multiples of the budget */
	part = (risk - whole) * (double) budget;
	if (fabs(part - rint(part)) > most * 2 * DBL_EPSILON)
		part = ceil(part);
	return (int64_t) whole * budget + (int64_t) rint(part);
}

int64_t
clock_fraction_at(const Clock *clock, const ClockTerms *terms,
				  const ClockTime *time, int64_t budget, double fraction)
{
	int64_t		elapsed;
	int64_t		reached;

	if (terms->goal_at == CLOCK_NONE)
		return CLOCK_NONE;

	/* a date promised by hand that had passed at the start leaves no budget */
	if (terms->by_hand && terms->goal_at < clock->start)
		return terms->goal_at;
	elapsed = risk_budget(fraction, budget);
	reached = terms->by_hand ? time->add(time->context, clock->start, elapsed) :
		clock_reach(clock, terms, time, elapsed);
	if (reached == CLOCK_NONE || fraction < 1)
		return reached;
	return later_of(reached, terms->goal_at);
}

/* The open time in pauses that have ended, less what of it is excluded. */
static int64_t
paused_time(const Clock *clock, const ClockTerms *terms, const ClockTime *time)
{
	int64_t		paused = 0;
	int			first = 0;

	for (int i = 0; i < clock->npauses; i++)
	{
		const ClockSpan *span = &clock->pauses[i].during;

		if (span->to == CLOCK_NONE)
			break;
		paused += open_between(time, span->from, span->to);
		while (first < terms->nexcluded && terms->excluded[first].to <= span->from)
			first++;
		for (int k = first; k < terms->nexcluded && terms->excluded[k].from < span->to; k++)
			paused -= open_between(time, later_of(span->from, terms->excluded[k].from),
								   earlier_of(span->to, terms->excluded[k].to));
	}
	return paused;
}

void
clock_evaluate(const Clock *clock, const ClockTerms *terms,
			   const ClockTime *time, ClockResult *result)
{
	result->budget = terms->goal_at == CLOCK_NONE ? 0 :
		open_between(time, clock->start, terms->goal_at);
	result->paused = paused_time(clock, terms, time);
	result->due = deadline(clock, terms, time, terms->goal_at);
	result->late = terms->goal_at == CLOCK_NONE ? CLOCK_NONE :
		terms->threshold_at == terms->goal_at ? result->due :
		deadline(clock, terms, time, terms->threshold_at);
	result->risk = clock_fraction_at(clock, terms, time, result->budget, terms->risk);
}
