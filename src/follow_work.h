/*-------------------------------------------------------------------------
 *
 * follow_work.h
 *	  The item in work: what follow.c shares with its neighbours, and nobody else.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_FOLLOW_WORK_H
#define SLA_FOLLOW_WORK_H

#include "follow.h"

/* What a row says for one metric. */
typedef struct MetricSays
{
	bool		start;
	bool		stop;
	bool		pause;
	bool		cancel;
	int64		start_at;
	int64		stop_at;
	int64		due_at;
	const char *per;
	const char *reason;
} MetricSays;

/* What a row says. */
typedef struct RowSays
{
	const char *item;
	int64		at;
	Jsonb	   *labels;
	const char *owner;
	const char *party;
	bool	   *applies;		/* for each policy */
	MetricSays *metrics;
} RowSays;

/* A change to be told in sla.clock_change. */
typedef struct Change
{
	StoredClock *clock;
	const char *kind;
	int64		at;				/* as it was told */
	int32		old_promise;
	int64		old_due;
	int64		old_late;
	int64		old_start;
	int64		old_end;
	int64		old_stop;
	int64		old_promised;
	const char *reason;
} Change;

typedef void (*WorkFunction) (struct Work *work);

/* The item in work. */
typedef struct Work
{
	Follow	   *follow;
	TupleTableSlot *row;		/* NULL: gone */
	const RowSays *says;		/* what the row says, or NULL */
	const char *item;
	int64		at;
	List	   *clocks;			/* that are stored */
	List	   *new;			/* that are not yet */
	List	   *changes;
	const char *reason;			/* of these */
	int			started;
	int			cancelled;
	WorkFunction function;		/* what is to be done, */
	const void *argument;		/* and of what */
	/* of the metric in work */
	int			metric;
	const Agreement *agreement; /* found with the last promise */
} Work;

/* row_says.c: the expressions of a row, evaluated as the owner of its table. */
extern RowSays *row_says(Follow *follow, TupleTableSlot *slot);

/* clock_change.c: a change is noted, and told when the clock is stored. */
extern void note_change(Work *work, StoredClock *stored, const StoredClock *before, const char *kind, int64 at);
extern void write_changes(const List *changes);

/*
 * follow.c.  See what was written, also by others when "latest"; and the definitions
 * that are seen then, true when they are others.
 */
extern void follow_renew_snapshot(Follow *follow, bool latest);
extern bool follow_renew_definition(Follow *follow);

/*
 * Bring the clocks of the metric in work in line with the row; of metrics that are
 * not defined any more; a clock of an item that is gone.
 */
extern void follow_metric(Work *work);
extern void follow_orphans(Work *work);
extern void follow_gone_clock(Work *work, StoredClock *stored, int64 at);

#endif							/* SLA_FOLLOW_WORK_H */
