/*-------------------------------------------------------------------------
 *
 * test_cover.c
 *	  Unit test of how intervals are counted by buckets.
 *
 * cc -Isrc test/unit/test_cover.c src/core/cover.c
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cover.h"

#define HOUR	INT64_C(12)		/* in the finest steps of ten */
#define LEVELS	3
static const int64_t steps[LEVELS] = {24 * HOUR * 10, HOUR * 10, 10};

#define MAX_EDGES	60
#define MAX_FACTS	300

static int	checks = 0;
static int	failures = 0;

static void
check(bool condition, const char *what, int64_t round)
{
	checks++;
	if (!condition)
	{
		failures++;
		printf("not ok: %s (%lld)\n", what, (long long) round);
	}
}

static CoverPart parts_of[LEVELS + 1][COVER_MAX_PARTS(MAX_EDGES)];
static CoverPart *parts[] = {parts_of[0], parts_of[1], parts_of[2], parts_of[3]};
static int	nparts[LEVELS + 1];
static CoverCut cuts[COVER_MAX_CUTS(MAX_EDGES)];

static Cover
cover_of(const int64_t *edges, int nedges, int64_t now)
{
	Cover		cover = {edges, nedges, steps, LEVELS, parts, nparts, cuts, 0};

	cover_plan(&cover, now);
	return cover;
}

/* Where an instant is: slow and obvious. */
static int
interval_of(const int64_t *edges, int nedges, int64_t at)
{
	for (int i = 0; i + 1 < nedges; i++)
		if (edges[i] <= at && at < edges[i + 1])
			return i;
	return COVER_NONE;
}

static void
add(int *counts, int interval, int n)
{
	if (interval != COVER_NONE)
		counts[interval] += n;
}

/* Random edges, many of them at the ends of buckets, and what is to be where. */
static void
test_counts(int64_t round)
{
	int64_t		edges[MAX_EDGES];
	int			wanted[MAX_EDGES] = {0};
	int			got[MAX_EDGES] = {0};
	int			pending[MAX_EDGES] = {0};
	int			nedges = 1 + rand() % (rand() % 4 == 0 ? MAX_EDGES : 6);
	int64_t		wide = steps[rand() % LEVELS] * (1 + rand() % 5);
	int64_t		start = (rand() % 2001 - 1000) * steps[rand() % LEVELS];
	int64_t		now = start + rand() % (2 * wide);
	Cover		cover;
	int			n = 0;

	for (int i = 0; i < nedges; i++)
		edges[i] = start + core_floor(rand() % wide, rand() % 2 == 0 ? 1 : steps[rand() % LEVELS]);
	for (int i = 0; i < nedges; i++)
		for (int j = i + 1; j < nedges; j++)
			if (edges[j] < edges[i])
			{
				int64_t		edge = edges[i];

				edges[i] = edges[j];
				edges[j] = edge;
			}
	for (int i = 0; i < nedges; i++)
		if (n == 0 || edges[i] > edges[n - 1])
			edges[n++] = edges[i];
	nedges = n;
	cover = cover_of(edges, nedges, now);

	for (int i = 0; i < MAX_FACTS; i++)
	{
		int64_t		at = start - steps[0] + rand() % (wide + 2 * steps[0]);

		add(wanted, interval_of(edges, nedges, at), 1);
		add(pending, cover_interval(&cover, core_floor(at, steps[LEVELS - 1])), 1);
		for (int level = 0; level <= LEVELS; level++)
			for (int j = 0; j < nparts[level]; j++)
				if (parts[level][j].from <= at && at < parts[level][j].to)
				{
					add(got, parts[level][j].add, 1);
					add(got, parts[level][j].subtract, -1);
					if (level == LEVELS)
					{
						add(pending, parts[level][j].add, 1);
						add(pending, parts[level][j].subtract, -1);
					}
				}
	}
	check(memcmp(wanted, got, sizeof(wanted)) == 0, "all is counted once", round);
	/* what is not in the buckets yet goes where they would lead */
	check(memcmp(wanted, pending, sizeof(wanted)) == 0, "what is pending goes the same way", round);

	for (int level = 0; level <= LEVELS; level++)
	{
		check(nparts[level] <= COVER_MAX_PARTS(nedges), "there is room for the parts", round);
		for (int j = 0; j < nparts[level]; j++)
		{
			const CoverPart *part = &parts[level][j];

			check(part->from < part->to, "a part is not empty", round);
			check(part->add != part->subtract, "a part does something", round);
			check(j == 0 || parts[level][j - 1].to <= part->from, "parts ascend", round);
			check(level == LEVELS || (part->from % steps[level] == 0 && part->to % steps[level] == 0),
				  "a part is of whole buckets", round);
		}
	}
	check(cover.ncuts <= COVER_MAX_CUTS(nedges), "there is room for the cuts", round);
}

/* How many buckets are looked at. */
static int64_t
buckets_of(int level)
{
	int64_t		n = 0;

	for (int j = 0; j < nparts[level]; j++)
		n += (parts[level][j].to - parts[level][j].from) / steps[level];
	return n;
}

#define IS(got, want) check((got) == (want), #got " is " #want, (int64_t) (got))

/* What it costs to count days of another zone than UTC, and a window that rolls. */
static void
test_costs(void)
{
	int64_t		edges[29];
	int64_t		now;

	/* whole days, an hour before those of UTC */
	for (int i = 0; i < 29; i++)
		edges[i] = i * steps[0] - steps[1];
	(void) cover_of(edges, 29, INT64_MAX);
	IS(buckets_of(0), 28);
	IS(buckets_of(1), 29);
	IS(nparts[2], 0);
	IS(nparts[3], 0);

	/* days of UTC */
	for (int i = 0; i < 29; i++)
		edges[i] = i * steps[0];
	(void) cover_of(edges, 29, INT64_MAX);
	IS(buckets_of(0), 28);
	IS(nparts[1], 0);

	/*
	 * a window that ends now: two pieces of buckets are counted, one of them
	 * in the future
	 */
	now = 1000 * steps[0] + 17 * steps[1] + 3;
	edges[0] = now - 28 * steps[0];
	edges[1] = now;
	(void) cover_of(edges, 2, now);
	IS(buckets_of(0), 28);
	IS(nparts[3], 2);
	IS(parts[3][1].from, now);
	IS(parts[3][1].add, COVER_NONE);
	IS(parts[3][1].subtract, 0);
}

int
main(void)
{
	srand(1);
	test_costs();
	for (int64_t round = 0; round < 20000; round++)
		test_counts(round);
	printf("test_cover: %d checks, %d failures\n", checks, failures);
	return failures != 0;
}
