/*-------------------------------------------------------------------------
 *
 * cover.c
 *	  How to count between instants by buckets of several sizes.
 *
 * A bucket that edges cut belongs to several intervals.  It is added to one of
 * them, its owner, and then each other part of it is added to the interval in which
 * it is and taken off the owner, by the next level in the same way; the facts are
 * the last.  So local days cost the days of UTC and the hours between the two
 * midnights, not all hours.  Of what is in the bucket but in no interval nothing is
 * added; and the owner may be none, when that leaves least to be looked at.
 *
 * What the next level is given to do is thus always the same: each instant is to
 * go from "owner", which has it by now, to where it is.
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

/* The interval between the edge before this one and it. */
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
 * Who is given a bucket that the edges from "first" to before "last" cut: who is in
 * it for most of the time that may hold anything, or "owner", if nobody is for longer.
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

/* Whole buckets of a level, all of them "owner"'s; "next" is the first edge after "from". */
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
