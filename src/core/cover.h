/*-------------------------------------------------------------------------
 *
 * cover.h
 *	  Planning how to count events in intervals by means of buckets.
 *
 * Given are sorted instants, the edges; between them are intervals, numbered from 0.
 * What is before the first or after the last edge is in no interval.  The events in
 * each interval are to be counted from as few precounted buckets as possible, which
 * exist in several sizes (levels), and where buckets do not fit, from the individual
 * events (the facts).
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_COVER_H
#define SLA_COVER_H

#include "core.h"

#define COVER_NONE	(-1)

/*
 * A part of the plan: the contents of whole buckets of a level, or of facts, in
 * [from, to) are added to one interval and subtracted from another.
 */
typedef struct CoverPart
{
	int64_t		from;
	int64_t		to;
	int			add;			/* an interval or COVER_NONE */
	int			subtract;		/* likewise */
} CoverPart;

/* A bucket of the finest level with an edge inside, and the interval it is added to. */
typedef struct CoverCut
{
	int64_t		bucket;
	int			interval;
} CoverCut;

typedef struct Cover
{
	/* supplied by the caller */
	const int64_t *edges;
	int			nedges;			/* at least one */
	const int64_t *steps;		/* size of the buckets of each level, which is
								 * a multiple of the next one */
	int			nlevels;
	CoverPart **parts;			/* arrays for the result, for each level; the
								 * last one, at nlevels, is for facts */
	int		   *nparts;
	CoverCut   *cuts;

	/* further result */
	int			ncuts;
} Cover;

/* The necessary sizes of each array of parts, and of the array of cuts */
#define COVER_MAX_PARTS(nedges)	(3 * (nedges) + 1)
#define COVER_MAX_CUTS(nedges)	(nedges)

/* The number of elements of a sorted array that are <= at. */
extern int	instants_until(const int64_t *instants, int n, int64_t at);

/*
 * Make the plan; the parts of each level are sorted.  It is optimized on the
 * assumption that there are few events after "now".
 */
extern void cover_plan(Cover *cover, int64_t now);

/*
 * The interval (or COVER_NONE) to which the plan finally adds the contents of a bucket
 * of the finest level, before facts are considered.
 */
extern int	cover_interval(const Cover *cover, int64_t bucket);

#endif							/* SLA_COVER_H */
