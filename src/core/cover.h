/*-------------------------------------------------------------------------
 *
 * cover.h
 *	  How to count between instants by buckets of several sizes.
 *
 * Between ascending instants, the edges, lie intervals, numbered from 0; what
 * is before the first or after the last is in none of them.  What is wanted is
 * a count for each, from buckets that are counted already, of as few as there
 * can be, and of what is not: the facts.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_COVER_H
#define SLA_COVER_H

#include "core.h"

#define COVER_NONE	(-1)

/* Whole buckets of a level, or facts: what they hold is added to one interval and taken off another. */
typedef struct CoverPart
{
	int64_t		from;
	int64_t		to;
	int			add;
	int			subtract;
} CoverPart;

/* A bucket of the finest level that an edge cuts, and the interval that it is added to. */
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
	const int64_t *steps;		/* of the levels, each a multiple of the next */
	int			nlevels;
	CoverPart **parts;			/* nlevels + 1 arrays; the last is of facts */
	int		   *nparts;
	CoverCut   *cuts;
	/* the result besides */
	int			ncuts;
} Cover;

/* The room that each array of parts must have, and that of cuts. */
#define COVER_MAX_PARTS(nedges)	(3 * (nedges) + 1)
#define COVER_MAX_CUTS(nedges)	(nedges)

/* How many of some ascending instants are not after this one. */
extern int	instants_until(const int64_t *instants, int n, int64_t at);

/*
 * Find the parts, ascending in each level.  Little is thought to happen after
 * "now".
 */
extern void cover_plan(Cover *cover, int64_t now);

/*
 * Where what one bucket of the finest level holds goes in the end, when each
 * level has it: an interval or COVER_NONE.
 */
extern int	cover_interval(const Cover *cover, int64_t bucket);

#endif							/* SLA_COVER_H */
