/*-------------------------------------------------------------------------
 *
 * survival.c
 *	  Estimation of how long things last: the Kaplan-Meier estimator.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "survival.h"

#include <string.h>

/* Relative difference up to which two probabilities are regarded as equal */
#define SAME	1e-12

/*
 * Samples are sorted by time, with events before censored samples of the same time.
 * Together these are a 65-bit number, on which we do a radix sort.
 */
#define DIGIT_BITS	11
#define DIGITS		6
#define BUCKETS		(1 << DIGIT_BITS)

static inline uint32_t
digit_of(const SurvivalSample *sample, int digit)
{
	uint64_t	time = (uint64_t) sample->time ^ UINT64_C(1) << 63;

	return (uint32_t) (digit == 0 ? time << 1 | !sample->event :
					   time >> (digit * DIGIT_BITS - 1)) & (BUCKETS - 1);
}

bool
survival_sort(SurvivalSample *samples, size_t n, const CoreMem *mem)
{
	SurvivalSample *from = samples;
	SurvivalSample *to;

	if (n < 2)
		return true;
	to = mem->alloc(mem->context, n * sizeof(SurvivalSample));
	if (to == NULL)
		return false;
	for (int digit = 0; digit < DIGITS; digit++)
	{
		size_t		place[BUCKETS] = {0};
		size_t		next = 0;
		SurvivalSample *sorted = to;

		if (mem->check_interrupts != NULL)
			mem->check_interrupts();
		for (size_t i = 0; i < n; i++)
			place[digit_of(&from[i], digit)]++;
		if (place[digit_of(from, digit)] == n)
			continue;			/* this digit is the same in all samples */
		for (int b = 0; b < BUCKETS; b++)
		{
			size_t		count = place[b];

			place[b] = next;
			next += count;
		}
		for (size_t i = 0; i < n; i++)
			sorted[place[digit_of(&from[i], digit)]++] = from[i];
		to = from;
		from = sorted;
	}
	if (from != samples)
		memcpy(samples, from, n * sizeof(SurvivalSample));
	return true;
}

/*
 * Add a sample to a curve.  Between censored samples the product of the Kaplan-Meier
 * factors telescopes to a fraction of two integers, which avoids rounding errors.
 */
static void
add_sample(SurvivalCurve *curve, const SurvivalSample *sample)
{
	SurvivalStep *step = curve->steps + curve->nsteps;

	if (curve->nsteps == 0)
	{
		step->surviving = curve->base = 1;
		step->samples = curve->base_at_risk = curve->samples;
		step->events = curve->events;
		curve->nsteps++;
	}
	else if (step[-1].time != sample->time)
	{
		step[0] = step[-1];
		curve->nsteps++;
	}
	else
		step--;

	step->time = sample->time;
	step->samples--;
	if (sample->event)
	{
		step->events--;
		step->surviving = curve->base * (double) step->samples / (double) curve->base_at_risk;
	}
	else
	{
		curve->base = step->surviving;
		curve->base_at_risk = step->samples;
	}
}

bool
survival_curves(const SurvivalSample *samples, size_t n, const int32_t *curve_of,
				SurvivalCurve *curves, int32_t ncurves, const CoreMem *mem)
{
	SurvivalStep *steps;
	int64_t		total = 0;

	memset(curves, 0, ncurves * sizeof(SurvivalCurve));
	for (size_t i = 0; i < n; i++)
	{
		int32_t		c = curve_of[samples[i].group];

		if (c < 0)
			continue;
		curves[c].samples++;
		curves[c].events += samples[i].event;
		total++;
	}

	steps = mem->alloc(mem->context, (total > 0 ? total : 1) * sizeof(SurvivalStep));
	if (steps == NULL)
		return false;
	for (int32_t c = 0; c < ncurves; c++)
	{
		curves[c].steps = steps;
		steps += curves[c].samples;
	}
	for (size_t i = 0; i < n; i++)
	{
		int32_t		c = curve_of[samples[i].group];

		if (mem->check_interrupts != NULL && i % 65536 == 0)
			mem->check_interrupts();
		if (c >= 0)
			add_sample(&curves[c], &samples[i]);
	}
	return true;
}

/* The number of steps before t, or if "at" until t inclusively. */
static int64_t
steps_before(const SurvivalCurve *curve, int64_t t, bool at)
{
	int64_t		low = 0;
	int64_t		high = curve->nsteps;

	while (low < high)
	{
		int64_t		middle = low + (high - low) / 2;

		if (curve->steps[middle].time < t || (at && curve->steps[middle].time == t))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static double
surviving(const SurvivalCurve *curve, int64_t nsteps)
{
	return nsteps == 0 ? 1 : curve->steps[nsteps - 1].surviving;
}

void
survival_at_risk(const SurvivalCurve *curve, int64_t since, int64_t *samples, int64_t *events)
{
	int64_t		before = steps_before(curve, since, false);

	*samples = before == 0 ? curve->samples : curve->steps[before - 1].samples;
	*events = before == 0 ? curve->events : curve->steps[before - 1].events;
}

double
survival_beyond(const SurvivalCurve *curve, int64_t since, int64_t until)
{
	int64_t		before = steps_before(curve, since, false);

	if (before == curve->nsteps)
		return SURVIVAL_NOTHING;
	if (until < since)
		return 1;
	return surviving(curve, steps_before(curve, until, true)) / surviving(curve, before);
}

int64_t
survival_median_left(const SurvivalCurve *curve, int64_t since)
{
	int64_t		low = steps_before(curve, since, false);
	int64_t		high = curve->nsteps;
	double		half = surviving(curve, low) / 2 * (1 + SAME);

	if (low == curve->nsteps)
		return SURVIVAL_NONE;
	while (low < high)
	{
		int64_t		middle = low + (high - low) / 2;

		if (curve->steps[middle].surviving > half)
			low = middle + 1;
		else
			high = middle;
	}
	return low == curve->nsteps ? SURVIVAL_NONE : curve->steps[low].time - since;
}
