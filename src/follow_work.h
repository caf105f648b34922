/*-------------------------------------------------------------------------
 *
 * follow_work.h
 *	  Private declarations of follow.c, follow_apply.c, row_says.c, clock_change.c and
 *	  refresh.c.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_FOLLOW_WORK_H
#define SLA_FOLLOW_WORK_H

#include "follow.h"

/* What a row says for one metric: the values of the metric's expressions. */
typedef struct MetricSays
{
	bool		start;
	bool		stop;
	bool		pause;
	bool		cancel;
	int64		start_at;
	int64		stop_at;
	int64		due_at;
	const char *per;			/* who has the item, if handed on; may be NULL */
	const char *reason;			/* of the pause, or NULL */
} MetricSays;

/* What a row says: the values of all expressions. */
typedef struct RowSays
{
	const char *item;
	int64		at;				/* the event time: what the row tells, or now */
	int64		told_at;		/* CLOCK_NONE if it tells none */
	Jsonb	   *labels;
	const char *owner;
	const char *party;
	bool	   *applies;		/* for each policy */
	MetricSays *metrics;		/* for each metric */
} RowSays;

/* A change to be recorded in sla.clock_change. */
typedef struct Change
{
	StoredClock *clock;
	const char *kind;
	int64		at;				/* event time; of a late event the time that
								 * it claimed */
	int32		old_promise;
	int64		old_due;
	int64		old_late;
	int64		old_start;
	int64		old_end;
	int64		old_stop;
	int64		old_promised;
	BusinessInterval *old_extended;
	Clock		old_pauses;		/* only its pauses, if they were dropped or
								 * cut, or it is a correction */
	const char *reason;
} Change;

typedef void (*WorkFunction) (struct Work *work);

/* The state of work on one item. */
typedef struct Work
{
	Follow	   *follow;
	TupleTableSlot *row;		/* NULL if the item is gone */
	const RowSays *says;		/* what the row says, or NULL */
	const char *item;
	int64		at;				/* event time */
	List	   *clocks;			/* StoredClock that exist */
	List	   *new;			/* StoredClock that are to be inserted */
	List	   *changes;		/* Change */
	const char *reason;			/* for the changes, or NULL */
	int			started;
	int			cancelled;
	WorkFunction function;		/* what to do with the clocks */
	const void *argument;		/* for that function, or NULL */
	/* the current metric */
	int			metric;			/* index in the definition */
	int32		promise;		/* that find_promise() found last, or 0 ... */
	const Agreement *agreement; /* ... and its agreement, or NULL */
} Work;

/* The argument of follow_apply_signal() */
typedef struct Signal
{
	const char *metric;
	ClockSignal says;
	bool		untimed;		/* of a source that tells no time */
	ItemSet    *fresh;			/* as in Follow; NULL unless in a sync */
} Signal;

/* row_says.c: evaluate all expressions for a row, as the owner of its table. */
extern RowSays *row_says(Follow *follow, TupleTableSlot *slot);

/*
 * clock_change.c: note a change of a clock; note that the deadline of a clock, which
 * is about to be written, is extended by another amount than was stored; and write the
 * changes noted, which must wait until new clocks have been inserted.
 */
extern void note_change(Work *work, StoredClock *stored, const StoredClock *before, const char *kind, int64 at);
extern void note_extension(Work *work, StoredClock *stored, int64 at);
extern void write_changes(const List *changes);

/*
 * follow.c: write what was worked out and take a new snapshot, which sees what
 * others have committed since if "latest".  Then follow_renew_definition() gets
 * the definition that the snapshot sees, and tells whether that is another one.
 */
extern void follow_renew_snapshot(Follow *follow, bool latest);
extern bool follow_renew_definition(Follow *follow);

/*
 * follow_apply.c: forget the labels and owner at a breach if the clock, as it was
 * derived, has not been breached by "at", because its deadline has moved.
 */
extern void follow_lost_breach(StoredClock *stored, int64 at);

/*
 * follow_apply.c: bring the clocks of the current metric in line with the row; cancel
 * open clocks whose metric is not defined any more, or not per value; cancel an open
 * clock at an instant; apply a signal.
 */
extern void follow_metric(Work *work);
extern void follow_orphans(Work *work);
extern void follow_gone_clock(Work *work, StoredClock *stored, int64 at);
extern void follow_apply_signal(Work *work);

#endif							/* SLA_FOLLOW_WORK_H */
