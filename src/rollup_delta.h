/*-------------------------------------------------------------------------
 *
 * rollup_delta.h
 *	  What a transaction changes of the objectives that it counts.
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
 * The bucket of a delta which says that something could not be counted: its
 * rollup is void.
 */
#define VOID_BUCKET		DT_NOBEGIN

/*
 * Deltas of this objective and generation are marks: in the month of such a day
 * something was changed of what sla.month_kept has.
 */
#define MARK_OBJECTIVE	0
#define MARK_GENERATION 0

/* A longer value of group_by makes a rollup void. */
#define MAX_GROUP_BYTES 1000

/* The buckets of the finest level. */
#define ROLLUP_STEP		(5 * USECS_PER_MINUTE)

extern void rollup_delta_init(void);

/*
 * Count in a bucket of a rollup.  In VOID_BUCKET, with an SQLSTATE for the group:
 * something could not be counted.
 */
extern void rollup_count(int32 objective, int64 generation, TimestampTz bucket, const char *grp,
						 int64 total, int64 good);

/*
 * What this transaction's writes have counted of a rollup and not yet written
 * down.  Returns false when a snapshot sees it only in part.
 */
typedef void (*PendingFunction) (void *argument, TimestampTz bucket, const char *grp,
								 int64 total, int64 good);
extern bool rollup_pending(int64 generation, Snapshot snapshot,
						   PendingFunction function, void *argument);

#endif							/* SLA_ROLLUP_DELTA_H */
