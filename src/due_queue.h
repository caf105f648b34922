/*-------------------------------------------------------------------------
 *
 * due_queue.h
 *	  Hints that tell sla.tick() when to look at which clock.
 *
 * For a clock that can raise an alert there is a hint for that instant, or an earlier
 * one.  After a change that may invalidate alerts there is a hint to look immediately.
 * There may be superfluous hints.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_DUE_QUEUE_H
#define SLA_DUE_QUEUE_H

#include "sla_tracker.h"

#include "datatype/timestamp.h"

/* Hints that are being gathered. */
typedef struct DueQueue
{
	MemoryContext context;
	int			n;
	int			max;
	int64	   *clocks;
	TimestampTz *at;
} DueQueue;

/* Define the configuration parameter. */
extern void due_queue_setting(void);

extern void due_queue_init(DueQueue *queue);

/* Add a hint to look at a clock at an instant, which may be an infinity. */
extern void due_queue_add(DueQueue *queue, int64 clock_id, TimestampTz at);

/* Write the hints gathered. */
extern void due_queue_flush(DueQueue *queue);

#endif							/* SLA_DUE_QUEUE_H */
