/*-------------------------------------------------------------------------
 *
 * follow.h
 *	  Bringing the clocks of an item in line with its row, or applying a signal
 *	  to them.
 *
 * The clocks of an item "follow" its row: whatever the row says is applied to
 * them and stored.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_FOLLOW_H
#define SLA_FOLLOW_H

#include "sla_tracker.h"

#include "executor/tuptable.h"

#include "clock_store.h"
#include "definition.h"
#include "item_set.h"
#include "tracked_row.h"

/* What was done, in numbers of items or clocks. */
typedef struct FollowCounts
{
	int64		items;
	int64		started;
	int64		changed;
	int64		cancelled;
	int64		taken_up;		/* reopened after sla.untrack(), written or
								 * not */
} FollowCounts;

/*
 * State of working on the items of one tracked table, under one snapshot: the
 * latest one in a READ COMMITTED transaction, else that of the transaction.  The
 * caller holds a lock on the row of each item, so that nobody else works on the
 * item at the same time.
 */
typedef struct Follow
{
	Definition *def;			/* NULL if the table is not tracked */
	ClockStore	store;
	MemoryContext context;		/* lasts as long as this struct */
	MemoryContext item_context; /* reset after each item */
	struct Work *last;			/* what follow_would_write() worked out for
								 * the current item, or NULL */
	bool		last_holds;		/* can "last" be written as it is? */
	bool		renewed;		/* a new snapshot was taken, which may see
								 * other definitions */
	TimestampTz now;			/* the event time if the row does not tell */
	bool		by_edit;		/* rows are followed because definitions may
								 * have changed; the effect of that on a clock
								 * takes place now, not at the row's time */
	bool		is_starting;	/* in a sync of sources: rows only begin the
								 * first cycle ... */
	const Bitmapset *starting;	/* ... of these metrics */
	bool		no_wait;		/* raise an error if a clock is locked */
	ItemSet    *fresh;			/* in a sync of sources: the clocks that did
								 * not exist before it, as hashes; else NULL */
	uint64		first;			/* hash of the first item seen ... */
	bool		any;			/* ... if there was any */
	ItemSet    *seen;			/* hashes of further items seen, or NULL */
	FollowCounts counts;
} Follow;

/*
 * Begin and end work on a tracked table.  In between there is an active snapshot;
 * follow_end() writes what is still to be written.
 */
extern void follow_begin(Follow *follow, int32 tracked_id);
extern void follow_end(Follow *follow);

/*
 * The item (key) of a row, which must have the tracked table's row type; allocated
 * in item_context.  An error if it is null.
 */
extern const char *follow_item_of(Follow *follow, TupleTableSlot *slot);

/* The event time that such a row tells; follow->now if it tells none. */
extern TimestampTz follow_at_of(Follow *follow, TupleTableSlot *slot);

/*
 * Find the row of an item; NULL if there is none.  This compares the text of the
 * item: the keys 1.0 and 1.00 are equal, but not the same item.
 */
extern TupleTableSlot *follow_find_row(Follow *follow, RowReader *reader, const char *item,
									   RowLock lock);

/*
 * Bring the clocks of a row's item in line with the row.
 */
extern void follow_row(Follow *follow, TupleTableSlot *slot);

/*
 * Has the item been worked on, or noted by follow_note_item(), since
 * follow_begin() or follow_flush()?
 */
extern bool follow_was_seen(Follow *follow, const char *item);
extern void follow_note_item(Follow *follow, const char *item);

/*
 * follow_would_write() tells whether follow_row() would change or begin any clock.
 * follow_last_row() then does that for the same item, usually without evaluating
 * the row again.
 */
extern bool follow_would_write(Follow *follow, TupleTableSlot *slot);
extern void follow_last_row(Follow *follow, TupleTableSlot *slot);

/*
 * Take a new snapshot, to see what others have committed.  New clocks that were
 * worked out before are not necessarily written by this; if an item occurs again
 * its own clocks are.
 */
extern void follow_renew(Follow *follow);

/* Write all that was worked out, take a new snapshot, and forget the items seen. */
extern void follow_flush(Follow *follow);

/* Cancel the open clocks of an item that was deleted at an instant. */
extern void follow_gone(Follow *follow, const char *item, TimestampTz at);

/*
 * Apply a signal to the clocks of the item of a row, which must be its present
 * row.  In a sync of sources, which "fresh" is for, the signal is skipped if a
 * clock has facts that are as late or later, because then it was applied before;
 * so is an "untimed" one, whose time is only that of the sync.  If this sync began the
 * clock, neither its start as the row told it nor facts at exactly the same time count.
 */
extern void follow_signal(Follow *follow, TupleTableSlot *slot, const char *metric,
						  ClockAction action, TimestampTz at, bool untimed,
						  const char *reason, ItemSet *fresh);

/*
 * Derive a clock afresh in memory, under the given definition; if it is outdated,
 * as its row would have it if that were followed now.  Nothing is written.
 */
extern void follow_bring_up_to_date(Definition *def, StoredClock *clock);

/*
 * Is this an open clock for which there may be another promise, because
 * definitions changed since it was derived?  Then its row must be followed.
 */
extern bool follow_is_outdated(const Definition *def, const StoredClock *clock);

/*
 * Derive a clock afresh and store it if it changed, unless somebody else works on
 * it.
 */
typedef enum FollowRefreshed
{
	REFRESHED,
	REFRESH_GONE,				/* there is no such clock */
	REFRESH_BUSY				/* its row or the clock is locked */
} FollowRefreshed;

extern FollowRefreshed follow_refresh(Follow *follow, int64 clock_id);

/* Corrected facts of a clock; CLOCK_NONE leaves one as it is. */
typedef struct FollowFacts
{
	int64		start;
	int64		stop;
	const char *reason;
} FollowFacts;

/*
 * Correct facts of a clock and derive it afresh; or, if "facts" is NULL, judge it
 * anew by its present promise.  The change is recorded in sla.clock_change.
 */
extern void follow_facts(Follow *follow, int64 clock_id, const FollowFacts *facts);

/* Free the memory of an item when done with it. */
extern void follow_next(Follow *follow);

#endif							/* SLA_FOLLOW_H */
