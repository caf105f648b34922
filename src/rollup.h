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

/* What counts of a group, between each two of some edges. */
typedef struct TallyGroup
{
	const char *grp;			/* key; "" is none */
	int64	   *total;			/* one more than there are intervals: the */
	int64	   *good;			/* last is for what is of none */
	uint32		hash;
	char		status;
} TallyGroup;

typedef struct Tally
{
	int			nedges;
	const TimestampTz *edges;	/* ascending */
	MemoryContext context;		/* of what is below */
	struct groups_hash *groups;
	TallyGroup *last;			/* the one last asked for */
} Tally;

extern void tally_init(Tally *tally, const TimestampTz *edges, int nedges);
extern void tally_add(Tally *tally, const char *grp, int interval, int64 total, int64 good);

/* The same of what a part of a cover holds: to one interval, and off another. */
extern void tally_add_part(Tally *tally, const char *grp, const CoverPart *part, int64 total, int64 good);

/* All groups, in any order; start with *cursor 0, ends with NULL. */
extern TallyGroup *tally_next(Tally *tally, void **cursor);

/*
 * Who counts what is written: a trigger of the table, or of sla.clock_state
 * whoever writes it.
 */
typedef enum RollupOf
{
	ROLLUP_OF_TABLE,
	ROLLUP_OF_CLOCKS
} RollupOf;

/*
 * Count by the rollup of an objective whose relation is open, as the active
 * snapshot sees it; returns why that cannot be done, or NULL.  The pieces of buckets
 * that edges cut are left to the caller.
 */
extern const char *rollup_counts(Relation rel, RollupOf of, int32 objective, Tally *tally,
								 CoverPart **pieces, int *npieces);

/* Why an objective's rollup is not used, or NULL. */
extern const char *rollup_problem(Relation rel, RollupOf of, int32 objective);

/* Why none can be built now, or NULL. */
extern const char *rollup_obstacle(Relation rel, RollupOf of, int32 objective);

#endif							/* SLA_ROLLUP_H */
