/*-------------------------------------------------------------------------
 *
 * signals.h
 *	  Events that the row of an item does not show: sla.signal(), and the rows
 *	  of sources.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_SIGNALS_H
#define SLA_SIGNALS_H

#include "sla_tracker.h"

#include "utils/array.h"

#include "follow.h"

/* What a row of a source tells. */
typedef struct SourceEvent
{
	TimestampTz at;
	int			table;			/* of those read, the number of the source's; */
	Oid			partition;		/* where in it the row lies */
	ItemPointerData place;
	int			n;				/* of those read */
	char	   *item;
	char	   *metric;
	char	   *reason;			/* may be NULL */
	ClockAction action;
} SourceEvent;

extern void signals_init(void);

/* The sources of a tracked table: good until the end of the transaction. */
extern List *sources_of_tracked(Oid relid);

/* The metrics that sources name. */
extern Bitmapset *source_metrics(const List *sources, const Definition *def);

/*
 * All events of sources, or those of some items, as SourceEvent, in the order of
 * their times and then of their rows; "now" where no time is told.
 */
extern List *source_events(const List *sources, ArrayType *items, TimestampTz now);

/* Apply an event; as in follow_signal(). */
extern void source_event_apply(int32 tracked_id, const SourceEvent *event, ItemSet *fresh,
							   FollowCounts *counts);

#endif							/* SLA_SIGNALS_H */
