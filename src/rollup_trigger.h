/*-------------------------------------------------------------------------
 *
 * rollup_trigger.h
 *	  What a transaction's writes change of the objectives over a table.
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

/* Has a table the trigger that follows an objective's rollup, and fires it? */
extern bool rollup_is_followed(Relation rel, int32 objective, int64 generation);

/*
 * Objectives over a table that are counted in one pass over its rows: all go by
 * the same instant, of which there is an index, and have expressions that anybody
 * may evaluate.
 */
typedef struct RollupPass
{
	const Bitmapset *columns;	/* that are read, offset */
	int			n;
	int32	   *objectives;
	struct Rolled *rolled;
	struct Measure **measures;
} RollupPass;

/* Those with this one, which is followed; NULL when it is none such. */
extern RollupPass *rollup_pass(Relation rel, int32 objective);

/*
 * Tell of each objective, by its number in the pass, for which a row counts.  The
 * group is good until the function returns.
 */
typedef void (*PassFunction) (void *argument, int i, TimestampTz at, const char *grp, bool is_good);
extern void rollup_pass_row(const RollupPass *pass, TupleTableSlot *slot,
							PassFunction function, void *argument);

#endif							/* SLA_ROLLUP_TRIGGER_H */
