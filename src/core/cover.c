/*-------------------------------------------------------------------------
 *
 * cover.c
 *	  Planning how to count events in intervals by means of buckets.
 *
 * A bucket with edges inside belongs to several intervals.  It is added to one of
 * them, its owner.  Then each part of it that is not in the owner is added to the
 * interval in which it lies and subtracted from the owner, by means of the next level
 * in the same way, and finally of facts.  So counting local days takes the buckets of
 * UTC days, and of the hours between the two midnights, but not those of all hours.  A
 * part that is in no interval is only subtracted.  The owner may also be none, if that
 * leaves the least to be corrected.
 *
 * So the task of each level is always the same: to move everything from its present
 * owner to the interval in which it lies.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "cover.h"

int
instants_until(const int64_t *instants, int n, int64_t at)
{
	int			low = 0;

	while (low < n)
	{
		int			middle = (low + n) / 2;

		if (instants[middle] <= at)
			low = middle + 1;
		else
			n = middle;
	}
	return low;
}

/* The interval that ends at an edge, or COVER_NONE. */
static int
interval_before(const Cover *cover, int edge)
{
	return edge < 1 || edge >= cover->nedges ? COVER_NONE : edge - 1;
}

static void
add_part(Cover *cover, int level, int64_t from, int64_t to, int interval, int owner)
{
	if (interval != owner)
		cover->parts[level][cover->nparts[level]++] = (CoverPart)
	{
		from, to, interval, owner
	};
}

/*
 * Choose the new owner of the bucket [from, to), in which the edges "first" to
 * "last" - 1 lie: the interval (or none) that has most of the bucket's time before
 * "now"; the present owner if none has more.
 */
static int
choose_owner(const Cover *cover, int owner, int64_t from, int64_t to, int first, int last, int64_t now)
{
	int64_t		most = 0;
	int64_t		in_none = 0;
	int64_t		in_owner = 0;
	int			best = owner;

	for (int i = first; i <= last; i++)
	{
		int64_t		begin = i == first ? from : cover->edges[i - 1];
		int64_t		end = i == last ? to : cover->edges[i];
		int64_t		time = (end < now ? end : now) - begin;
		int			interval = interval_before(cover, i);

		if (time <= 0)
			continue;
		if (interval == COVER_NONE)
			time = in_none += time;
		if (interval == owner)
			in_owner = time;
		if (time > most)
		{
			most = time;
			best = interval;
		}
	}
	return most > in_owner ? best : owner;
}

/*
 * Plan for [from, to), which consists of whole buckets of a level and presently belongs
 * to "owner".  "next" is the first edge after "from".
 */
static void
cover_range(Cover *cover, int level, int64_t from, int64_t to, int next, int owner, int64_t now)
{
	int64_t		step = level < cover->nlevels ? cover->steps[level] : 1;

	while (from < to)
	{
		int64_t		until = next < cover->nedges && cover->edges[next] < to ? core_floor(cover->edges[next], step) : to;
		int			last;
		int			given;

		if (until > from)
			add_part(cover, level, from, until, interval_before(cover, next), owner);
		from = until;
		while (next < cover->nedges && cover->edges[next] <= from)
			next++;
		if (from == to || next == cover->nedges || cover->edges[next] >= from + step)
			continue;

		for (last = next; last < cover->nedges && cover->edges[last] < from + step;)
			last++;
		given = choose_owner(cover, owner, from, from + step, next, last, now);
		add_part(cover, level, from, from + step, given, owner);
		if (level == cover->nlevels - 1)
			cover->cuts[cover->ncuts++] = (CoverCut)
		{
			from, given
		};
		cover_range(cover, level + 1, from, from + step, next, given, now);
		from += step;
		next = last;
	}
}

void
cover_plan(Cover *cover, int64_t now)
{
	int64_t		step = cover->steps[0];
	int64_t		first = core_floor(cover->edges[0], step);
	int64_t		last = core_floor(cover->edges[cover->nedges - 1] + step - 1, step);

	for (int i = 0; i <= cover->nlevels; i++)
		cover->nparts[i] = 0;
	cover->ncuts = 0;
	cover_range(cover, 0, first, last, 0, COVER_NONE, now);
}

int
cover_interval(const Cover *cover, int64_t bucket)
{
	int			low = 0;
	int			high = cover->ncuts;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (cover->cuts[middle].bucket < bucket)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < cover->ncuts && cover->cuts[low].bucket == bucket)
		return cover->cuts[low].interval;
	return interval_before(cover, instants_until(cover->edges, cover->nedges, bucket));
}
