/*-------------------------------------------------------------------------
 *
 * test_survival.c
 *	  Unit test of survival curves: tables worked out by hand, and random
 *	  samples against the definition.
 *
 * cc -Isrc test/unit/test_survival.c src/core/survival.c -lm
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/survival.h"

#define MAX_SAMPLES	400
#define MAX_CURVES	3

static int	checks = 0;
static int	failures = 0;

#define CHECK(ok, ...) \
	do { \
		checks++; \
		if (!(ok)) \
		{ \
			failures++; \
			printf("line %d: ", __LINE__); \
			printf(__VA_ARGS__); \
			printf("\n"); \
		} \
	} while (0)

static void *blocks[MAX_SAMPLES];
static int	nblocks = 0;

static void *
keep(void *context, size_t size)
{
	if (context != NULL)
		return NULL;
	return blocks[nblocks++] = malloc(size);
}

static void
forget(void)
{
	while (nblocks > 0)
		free(blocks[--nblocks]);
}

static const CoreMem mem = {keep, NULL, NULL};

static bool
same(double a, double b)
{
	return isnan(a) ? isnan(b) : fabs(a - b) <= 1e-12;
}

/* The curve of samples in any order; a negative time is censored. */
static SurvivalCurve
curve_of(const int *times, int n)
{
	static const int32_t first = 0;
	SurvivalSample samples[MAX_SAMPLES];
	SurvivalCurve curve;

	for (int i = 0; i < n; i++)
	{
		samples[i].time = abs(times[i]) - 1;
		samples[i].event = times[i] > 0;
		samples[i].group = 0;
	}
	if (!survival_sort(samples, n, &mem) ||
		!survival_curves(samples, n, &first, &curve, 1, &mem))
		abort();
	return curve;
}

/* (Times are told from 1 on, so that 0 can be censored, too.) */
#define CURVE(...) \
	curve_of((const int[]) {__VA_ARGS__}, sizeof((const int[]) {__VA_ARGS__}) / sizeof(int))

static void
is_at_risk(const SurvivalCurve *curve, int64_t since, int64_t samples, int64_t events)
{
	int64_t		n;
	int64_t		d;

	survival_at_risk(curve, since, &n, &d);
	CHECK(n == samples && d == events, "at risk at %d: %d, %d", (int) since, (int) n, (int) d);
}

#define BEYOND(curve, since, until, want) \
	do { \
		double		_got = survival_beyond(&(curve), since, until); \
		CHECK(same(_got, want), "beyond %d since %d: %.17g", (int) (until), (int) (since), _got); \
	} while (0)
#define LEFT(curve, since, want) \
	do { \
		int64_t		_got = survival_median_left(&(curve), since); \
		CHECK(_got == (want), "left since %d: %ld", (int) (since), (long) _got); \
	} while (0)

/* The remissions of Freireich (1963), on which the books show the method. */
static void
test_book(void)
{
	static const int table[][2] = {
		{6, 8571}, {7, 8067}, {9, 8067}, {10, 7529}, {13, 6902}, {16, 6275}, {22, 5378}, {23, 4482}, {35, 4482},
	};
	SurvivalCurve curve = CURVE(7, 7, 7, -7, 8, -10, 11, -11, -12, 14, 17, -18, -20, -21, 23, 24, -26, -33, -33, -35, -36);

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
	{
		double		got = survival_beyond(&curve, 0, table[i][0]);

		CHECK(round(got * 10000) == table[i][1], "Freireich at %d: %g", table[i][0], got);
	}
	CHECK(curve.samples == 21 && curve.events == 9, "Freireich: counts");
	is_at_risk(&curve, 0, 21, 9);
	is_at_risk(&curve, 6, 21, 9);
	is_at_risk(&curve, 7, 17, 6);
	is_at_risk(&curve, 35, 1, 0);
	is_at_risk(&curve, 36, 0, 0);
	BEYOND(curve, 7, 15, 16.0 / 17 * 14 / 15 * 11 / 12 / 1);
	BEYOND(curve, 35, 40, 1);
	BEYOND(curve, 36, 40, SURVIVAL_NOTHING);
	LEFT(curve, 0, 23);
	LEFT(curve, 10, SURVIVAL_NONE);
	LEFT(curve, 36, SURVIVAL_NONE);
}

static void
test_edges(void)
{
	SurvivalCurve curve;

	/* nothing at all */
	curve = curve_of(NULL, 0);
	BEYOND(curve, 0, 10, SURVIVAL_NOTHING);
	LEFT(curve, 0, SURVIVAL_NONE);
	is_at_risk(&curve, 0, 0, 0);

	/* one */
	curve = CURVE(6);
	BEYOND(curve, 0, 4, 1);
	BEYOND(curve, 0, 5, 0);
	BEYOND(curve, 5, 5, 0);
	BEYOND(curve, 5, 4, 1);
	BEYOND(curve, 6, 9, SURVIVAL_NOTHING);
	LEFT(curve, 2, 3);
	LEFT(curve, 5, 0);
	curve = CURVE(-6);
	BEYOND(curve, 0, 9, 1);
	BEYOND(curve, 5, 9, 1);
	LEFT(curve, 0, SURVIVAL_NONE);

	/* all censored: none has ended, and that is all that is known */
	curve = CURVE(-1, -2, -2, -9);
	BEYOND(curve, 0, 100, 1);
	is_at_risk(&curve, 1, 3, 0);
	LEFT(curve, 0, SURVIVAL_NONE);

	/* all of no duration */
	curve = CURVE(1, 1, 1);
	BEYOND(curve, 0, 0, 0);
	BEYOND(curve, 1, 2, SURVIVAL_NOTHING);
	LEFT(curve, 0, 0);

	/* half of no duration: who has just begun may be one of them */
	curve = CURVE(1, 1, 11, 11);
	BEYOND(curve, 0, 5, 0.5);
	BEYOND(curve, 1, 5, 1);
	LEFT(curve, 0, 0);
	LEFT(curve, 1, 9);

	/* censored at the time of an event: at risk then, whatever the order */
	curve = CURVE(-6, 6, 11);
	BEYOND(curve, 0, 5, 2.0 / 3);
	BEYOND(curve, 0, 10, 0);
	curve = CURVE(11, 6, -6);
	BEYOND(curve, 0, 5, 2.0 / 3);

	/* ties */
	curve = CURVE(6, 6, 6, -6, 9, 9, -12);
	BEYOND(curve, 0, 5, 4.0 / 7);
	BEYOND(curve, 0, 8, 4.0 / 7 * 1 / 3);
	is_at_risk(&curve, 5, 7, 5);
	is_at_risk(&curve, 6, 3, 2);

	/* without anything censored it is the part that is left, exactly */
	curve = CURVE(2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
	for (int t = 0; t <= 10; t++)
	{
		double		got = survival_beyond(&curve, 0, t);

		CHECK(got == (10 - t) / 10.0, "exact at %d: %.17g", t, got);
	}
	LEFT(curve, 0, 5);
}

/* By the definition, over all distinct times. */
static double
slow_beyond(const SurvivalSample *samples, int n, int32_t group, int64_t since, int64_t until)
{
	double		surviving = 1;
	bool		any = false;

	for (int i = 0; i < n; i++)
		any |= samples[i].time >= since && (group < 0 || samples[i].group == group);
	if (!any)
		return SURVIVAL_NOTHING;
	for (int64_t t = since; t <= until; t++)
	{
		int			at_risk = 0;
		int			events = 0;

		for (int i = 0; i < n; i++)
		{
			if (group >= 0 && samples[i].group != group)
				continue;
			at_risk += samples[i].time >= t;
			events += samples[i].time == t && samples[i].event;
		}
		if (events > 0)
			surviving *= 1 - (double) events / at_risk;
	}
	return surviving;
}

static void
test_random(void)
{
	static const int32_t each[] = {0, 1, 2};
	static const int32_t all[] = {0, 0, 0};
	static const int32_t not_the_first[] = {-1, 0, 1};

	srand(7);
	for (int round = 0; round < 300; round++)
	{
		SurvivalSample samples[MAX_SAMPLES];
		SurvivalCurve curves[MAX_CURVES];
		SurvivalCurve some[MAX_CURVES];
		SurvivalCurve whole;
		int			n = rand() % (round % 10 == 0 ? MAX_SAMPLES : 30);
		int			spread = 1 + rand() % 60;

		for (int i = 0; i < n; i++)
		{
			samples[i].time = rand() % spread;
			samples[i].event = rand() % 3 > 0;
			samples[i].group = rand() % 3;
		}
		survival_sort(samples, n, &mem);
		survival_curves(samples, n, each, curves, 3, &mem);
		survival_curves(samples, n, not_the_first, some, 2, &mem);
		survival_curves(samples, n, all, &whole, 1, &mem);
		for (int i = 0; i < 40; i++)
		{
			int			since = rand() % (spread + 2);
			int			until = since + rand() % (spread + 2);
			int			group = rand() % 3;
			int64_t		left = survival_median_left(&whole, since);
			double		want = slow_beyond(samples, n, group, since, until);

			BEYOND(curves[group], since, until, want);
			if (group > 0)
				BEYOND(some[group - 1], since, until, want);
			BEYOND(whole, since, until, slow_beyond(samples, n, -1, since, until));
			if (left == SURVIVAL_NONE)
				CHECK(!(slow_beyond(samples, n, -1, since, 1000) <= 0.5), "no half after all");
			else
				CHECK(slow_beyond(samples, n, -1, since, since + left) <= 0.5 + 1e-9 &&
					  (left == 0 || slow_beyond(samples, n, -1, since, since + left - 1) > 0.5 - 1e-9),
					  "half since %d: %ld", since, (long) left);
		}
		forget();
	}
}

/* Times of all magnitudes, the first and the last among them; the group tells where a sample was. */
static void
test_sort(void)
{
	srand(8);
	for (int round = 0; round < 300; round++)
	{
		SurvivalSample samples[MAX_SAMPLES];
		bool		seen[MAX_SAMPLES] = {false};
		int64_t		times[MAX_SAMPLES];
		int			n = rand() % (round % 10 == 0 ? MAX_SAMPLES : 30);
		int			shift = rand() % 64;

		for (int i = 0; i < n; i++)
		{
			times[i] = (int64_t) (((uint64_t) rand() << 42 ^ (uint64_t) rand() << 21 ^ (uint64_t) rand()) >> shift);
			if (rand() % 4 == 0)
				times[i] = rand() % 2 == 0 ? INT64_MIN + rand() % 3 : INT64_MAX - rand() % 3;
			samples[i].time = times[i];
			samples[i].event = rand() % 2;
			samples[i].group = i;
		}
		survival_sort(samples, n, &mem);
		for (int i = 0; i < n; i++)
		{
			const SurvivalSample *sample = &samples[i];

			CHECK(!seen[sample->group] && sample->time == times[sample->group], "a sample is another");
			seen[sample->group] = true;
			CHECK(i == 0 || sample[-1].time < sample->time ||
				  (sample[-1].time == sample->time && sample[-1].event >= sample->event), "not in order");
		}
		forget();
	}
}

static void
test_memory(void)
{
	static const int32_t first = 0;
	CoreMem		none = {keep, NULL, &checks};
	SurvivalSample samples[] = {{5, 0, true}, {4, 0, true}};
	SurvivalCurve curve;

	CHECK(!survival_sort(samples, 2, &none), "memory ran out");
	CHECK(!survival_curves(samples, 1, &first, &curve, 1, &none), "memory ran out");
}

int
main(void)
{
	test_book();
	test_edges();
	forget();
	test_random();
	test_sort();
	test_memory();
	printf("test_survival: %d checks, %d failures\n", checks, failures);
	return failures > 0;
}
