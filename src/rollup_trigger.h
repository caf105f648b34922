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

#include "utils/rel.h"

extern void rollup_trigger_init(void);

/* Has a table the trigger that follows an objective's rollup, and fires it? */
extern bool rollup_is_followed(Relation rel, int32 objective, int64 generation);

#endif							/* SLA_ROLLUP_TRIGGER_H */
