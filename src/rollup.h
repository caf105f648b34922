/*-------------------------------------------------------------------------
 *
 * rollup.h
 *	  Reading objectives from their rollups.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_ROLLUP_H
#define SLA_ROLLUP_H

#include "sla_tracker.h"

#include "utils/rel.h"
#include "utils/timestamp.h"

#include "core/cover.h"

/* The counts of a group, for each interval between consecutive edges. */
typedef struct TallyGroup
{
	const char *grp;			/* key; "" if there are no groups */
	int64	   *total;			/* these have one more element than there are */
	int64	   *good;			/* intervals, for events in none of them */
	uint32		hash;
	char		status;
} TallyGroup;

typedef struct Tally
{
	int			nedges;
	const TimestampTz *edges;	/* sorted */
	MemoryContext context;		/* contains the following */
	struct groups_hash *groups;
	TallyGroup *last;			/* the one used last */
} Tally;

/* Initialize an empty tally, in the current memory context. */
extern void tally_init(Tally *tally, const TimestampTz *edges, int nedges);

/* Add counts (may be negative) to an interval; nothing if that is COVER_NONE. */
extern void tally_add(Tally *tally, const char *grp, int interval, int64 total, int64 good);

/* Add the counts of a part of a cover to one interval, and subtract from another. */
extern void tally_add_part(Tally *tally, const char *grp, const CoverPart *part, int64 total, int64 good);

/* Iterate over all groups, in any order; start with *cursor = NULL.  NULL at the end. */
extern TallyGroup *tally_next(Tally *tally, void **cursor);

/*
 * How writes are counted: by a trigger on the table, or for sla.clock_state by
 * clock_store.c.
 */
typedef enum RollupOf
{
	ROLLUP_OF_TABLE,
	ROLLUP_OF_CLOCKS
} RollupOf;

/*
 * Count the events of an objective by its rollup, as the active snapshot sees it.
 * Returns NULL, or the reason why the rollup cannot be used; then the tally is undefined.
 * The caller has to count the pieces of buckets that are returned from the facts.
 */
extern const char *rollup_counts(Relation rel, RollupOf of, int32 objective, Tally *tally,
								 CoverPart **pieces, int *npieces);

/* Why an objective's rollup is not used, or NULL. */
extern const char *rollup_problem(Relation rel, RollupOf of, int32 objective);

/* Why an objective's rollup cannot be built now, or NULL. */
extern const char *rollup_obstacle(Relation rel, RollupOf of, int32 objective);

#endif							/* SLA_ROLLUP_H */
