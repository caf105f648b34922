/*-------------------------------------------------------------------------
 *
 * sources.h
 *	  Sources: tables whose rows are events of the items of tracked tables.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_SOURCES_H
#define SLA_SOURCES_H

#include "sla_tracker.h"

#include "executor/spi.h"
#include "utils/array.h"
#include "utils/rel.h"

#include "core/clock.h"
#include "definition.h"

/* A row of sla.source. */
typedef struct Source
{
	int32		id;
	Oid			source;
	int32		tracked_id;
	char	   *metric;
	ClockAction action;
	char	   *time_zone;
	Oid			confirmed_by;
	bool		has_condition;
	bool		has_at;
	bool		has_reason;
	MemoryContext context;		/* contains all of this */
	SPIPlanPtr	row_plan;		/* gets the event of one row; NULL until
								 * needed */
} Source;

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

/* A row of a source that is read by itself */
typedef struct SourceRow
{
	Source	   *source;
	Relation	table;
	HeapTuple	tuple;
	TimestampTz now;
	MemoryContext context;		/* of the events */
	List	   *events;
	const char *item;			/* set when known */
} SourceRow;

extern void sources_init(void);

/* The sources of a tracked table, in the current memory context. */
extern List *sources_of_tracked(Oid relid);

/* The ids of the metrics that sources refer to. */
extern Bitmapset *source_metrics(const List *sources, const Definition *def);

/*
 * All events of sources, or those of some items if "items" is not NULL, as a list of
 * SourceEvent ordered by time, and then by the place of the row.  "now" is the time of
 * events that do not tell theirs.  If on_error of the table is "warn", rows that cannot
 * be read are left out; their errors are noted, and added to *errors.
 */
extern List *source_events(const List *sources, ArrayType *items, const Definition *def,
						   TimestampTz now, int64 *errors);

/*
 * The sources for a table, or for one above it, as the active snapshot sees them; valid
 * until the end of the transaction.
 */
extern List *sources_of_table(Oid relid);

/*
 * Read the event of a SourceRow, if it satisfies the source's condition, or only tell its
 * item if that fails.  These are AttemptFunctions.
 */
extern void source_read_row(void *row);
extern void source_find_item(void *row);

/* The action of that name; an error if there is none. */
extern ClockAction source_action(const char *name);

#endif							/* SLA_SOURCES_H */
