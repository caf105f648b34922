/*-------------------------------------------------------------------------
 *
 * due_queue.h
 *	  When sla.tick() is to look at which clock: the rows of sla.clock_due.
 *
 * A row is a hint and no more.  Of a clock that could raise an alert there is
 * one that comes not later than that, and after a change by which alerts may
 * not be true any more there is one that comes at once.  There may be more.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_DUE_QUEUE_H
#define SLA_DUE_QUEUE_H

#include "sla_tracker.h"

#include "datatype/timestamp.h"

/* Hints that are gathered. */
typedef struct DueQueue
{
	MemoryContext context;
	int			n;
	int			max;
	int64	   *clocks;
	TimestampTz *at;
} DueQueue;

extern void due_queue_setting(void);

extern void due_queue_init(DueQueue *queue);
extern void due_queue_add(DueQueue *queue, int64 clock_id, TimestampTz at);

/* Write what was gathered. */
extern void due_queue_flush(DueQueue *queue);

#endif							/* SLA_DUE_QUEUE_H */
