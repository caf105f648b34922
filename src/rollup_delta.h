/*-------------------------------------------------------------------------
 *
 * rollup_delta.h
 *	  Collecting the changes that a transaction makes to rollups.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_ROLLUP_DELTA_H
#define SLA_ROLLUP_DELTA_H

#include "sla_tracker.h"

#include "utils/snapshot.h"
#include "utils/timestamp.h"

/* The columns of sla.rollup_delta. */
enum
{
	DELTA_OBJECTIVE,
	DELTA_TOTAL,
	DELTA_GOOD,
	DELTA_GENERATION,
	DELTA_BUCKET,
	DELTA_GRP,
	DELTA_NCOLUMNS
};

/*
 * The bucket of a delta which tells that something could not be counted, so that the
 * rollup is void.
 */
#define VOID_BUCKET		DT_NOBEGIN

/*
 * Deltas with this objective and generation are marks.  Their bucket is a day; something
 * in its month has changed that sla.month_kept contains.
 */
#define MARK_OBJECTIVE	0
#define MARK_GENERATION 0

/* Maximal length of a group's name; a longer one makes a rollup void. */
#define MAX_GROUP_BYTES 1000

/* The size of buckets of the finest level. */
#define ROLLUP_STEP		(5 * USECS_PER_MINUTE)

extern void rollup_delta_init(void);

/*
 * Add counts (may be negative) to a bucket of a rollup.  If something could not be
 * counted, the bucket is VOID_BUCKET and grp is the SQLSTATE.
 */
extern void rollup_count(int32 objective, int64 generation, TimestampTz bucket, const char *grp,
						 int64 total, int64 good);

/*
 * Call a function for all counts of a rollup that this transaction has not written yet.
 * Returns false if they cannot be used because the snapshot sees only a part of the
 * changes.
 */
typedef void (*PendingFunction) (void *argument, TimestampTz bucket, const char *grp,
								 int64 total, int64 good);
extern bool rollup_pending(int64 generation, Snapshot snapshot,
						   PendingFunction function, void *argument);

#endif							/* SLA_ROLLUP_DELTA_H */
