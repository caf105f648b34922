/*-------------------------------------------------------------------------
 *
 * rollup_trigger.h
 *	  The trigger that counts writes to a table for the rollups of objectives.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_ROLLUP_TRIGGER_H
#define SLA_ROLLUP_TRIGGER_H

#include "sla_tracker.h"

#include "executor/tuptable.h"
#include "nodes/bitmapset.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

extern void rollup_trigger_init(void);

/* Does a table have an enabled trigger that maintains this rollup of an objective? */
extern bool rollup_is_followed(Relation rel, int32 objective, int64 generation);

/*
 * Objectives over a table that can be counted in one pass over its rows: they have the
 * same expression for the instant, which has an index, and only expressions that can be
 * evaluated as any role.
 */
typedef struct RollupPass
{
	const Bitmapset *columns;	/* that are read; offset by
								 * FirstLowInvalidHeapAttributeNumber */
	int			n;
	int32	   *objectives;
	struct Rolled *rolled;
	struct Measure **measures;
} RollupPass;

/* All objectives that can be counted together with this one; NULL if it cannot. */
extern RollupPass *rollup_pass(Relation rel, int32 objective);

/*
 * Call a function for each objective for which a row counts, with the objective's number
 * in the pass.  "grp" is valid only until it returns.
 */
typedef void (*PassFunction) (void *argument, int i, TimestampTz at, const char *grp, bool is_good);
extern void rollup_pass_row(const RollupPass *pass, TupleTableSlot *slot,
							PassFunction function, void *argument);

#endif							/* SLA_ROLLUP_TRIGGER_H */
