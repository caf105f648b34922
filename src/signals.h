/*-------------------------------------------------------------------------
 *
 * signals.h
 *	  Events that are not visible in the row of an item: sla.signal(), and rows of
 *	  sources.
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

/* The event that a row of a source represents. */
typedef struct SourceEvent
{
	TimestampTz at;
	bool		untimed;		/* its row does not tell when it happened */
	int			table;			/* number of the source's table among those
								 * read */
	Oid			partition;		/* table in which the row is stored ... */
	ItemPointerData place;		/* ... and its TID */
	int			n;				/* number of the event among those read */
	char	   *item;
	char	   *metric;
	char	   *reason;			/* or NULL */
	ClockAction action;
} SourceEvent;

extern void signals_init(void);

/* The sources of a tracked table, in the current memory context. */
extern List *sources_of_tracked(Oid relid);

/* The ids of the metrics that sources refer to. */
extern Bitmapset *source_metrics(const List *sources, const Definition *def);

/*
 * All events of sources, or those of some items if "items" is not NULL, as a list of
 * SourceEvent ordered by time, and then by the place of the row.  "now" is the time of
 * events that do not tell theirs.
 */
extern List *source_events(const List *sources, ArrayType *items, TimestampTz now);

/* Apply an event; "fresh" is as in follow_signal(). */
extern void source_event_apply(int32 tracked_id, const SourceEvent *event, ItemSet *fresh,
							   FollowCounts *counts);

#endif							/* SLA_SIGNALS_H */
