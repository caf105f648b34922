/*-------------------------------------------------------------------------
 *
 * follow.h
 *	  Clocks follow their item: what its row says, or a signal, is applied and
 *	  stored.
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

/* What was done. */
typedef struct FollowCounts
{
	int64		items;
	int64		started;
	int64		changed;
	int64		cancelled;
	int64		taken_up;		/* clocks that sla.untrack() had ended, looked
								 * at */
} FollowCounts;

/*
 * Work on one tracked table under one snapshot: the latest of a READ COMMITTED
 * transaction, the transaction's own else.  Whoever calls holds the lock of
 * each item's row, so that nobody else works on the item.
 */
typedef struct Follow
{
	Definition *def;			/* NULL: the table is not tracked */
	ClockStore	store;
	MemoryContext context;		/* of all */
	MemoryContext item_context; /* of one item */
	struct Work *last;			/* of follow_would_write(), for this item, */
	bool		last_holds;		/* and is it still what is to be written? */
	bool		renewed;		/* the snapshot may see other definitions */
	TimestampTz now;			/* the event time where none is told */
	bool		by_edit;		/* rows may be as they were, and definitions
								 * have changed: that happens now */
	bool		is_starting;	/* rows only begin the first cycle, */
	const Bitmapset *starting;	/* of these metrics (sync of sources) */
	bool		no_wait;		/* a clock that somebody else has is an error */
	ItemSet    *fresh;			/* the clocks that did not exist before a sync
								 * of sources, as hashes; else NULL */
	uint64		first;			/* items that were seen, as hashes: the */
	bool		any;			/* first, if any, */
	ItemSet    *seen;			/* and the others */
	FollowCounts counts;
} Follow;

extern void follow_begin(Follow *follow, int32 tracked_id);
extern void follow_end(Follow *follow);

/* The key of a row of the tracked table's row type, in the memory of the item. */
extern const char *follow_item_of(Follow *follow, TupleTableSlot *slot);

/* When such a row says that it changed. */
extern TimestampTz follow_at_of(Follow *follow, TupleTableSlot *slot);

/*
 * The row of an item, or NULL.  A key may be equal to another and not be the same
 * item: 1.0 and 1.00.
 */
extern TupleTableSlot *follow_find_row(Follow *follow, RowReader *reader, const char *item,
									   RowLock lock);

/*
 * Bring the clocks of a row's item in line with the row.
 */
extern void follow_row(Follow *follow, TupleTableSlot *slot);

/*
 * Was the item worked on, or asked or told about, since follow_begin() or
 * follow_flush()?
 */
extern bool follow_was_seen(Follow *follow, const char *item);
extern void follow_note_item(Follow *follow, const char *item);

/*
 * Would that change or begin any clock?  And to follow the row that was asked
 * about last, mostly without evaluating it again.
 */
extern bool follow_would_write(Follow *follow, TupleTableSlot *slot);
extern void follow_last_row(Follow *follow, TupleTableSlot *slot);

/*
 * See what others have committed since.  New clocks of items that were worked
 * on may still wait to be written: an item that comes again sees to its own.
 */
extern void follow_renew(Follow *follow);

/* The same, with all that was done here written. */
extern void follow_flush(Follow *follow);

/* The item was deleted, then. */
extern void follow_gone(Follow *follow, const char *item, TimestampTz at);

/*
 * A signal; the row is that of the item, for the promise.  In a sync ("fresh" is
 * set), unless the clock has facts as late as that, which were made of it: those
 * of a clock that the sync began were not, where they are just as late.
 */
extern void follow_signal(Follow *follow, TupleTableSlot *slot, const char *metric,
						  ClockAction action, TimestampTz at, const char *reason,
						  ItemSet *fresh);

/*
 * A clock as it would be if its row were followed now, in the definition given;
 * nothing is written.  For clocks whose definitions changed.
 */
extern void follow_preview(Definition *def, StoredClock *clock);

/* A clock as it is by the definition given, by its row where that is wanted. */
extern void follow_bring_up_to_date(Definition *def, StoredClock *clock);

/* Might another promise hold for an open clock, by a change of definitions? */
extern bool follow_is_outdated(const Definition *def, const StoredClock *clock);

/*
 * Derive a clock afresh and store it when that changes it, unless somebody works on
 * it.
 */
typedef enum FollowRefreshed
{
	REFRESHED,
	REFRESH_GONE,				/* there is no such clock */
	REFRESH_BUSY				/* a writer is on its row, or has the clock */
} FollowRefreshed;

extern FollowRefreshed follow_refresh(Follow *follow, int64 clock_id);

/* Facts of a clock told by hand; CLOCK_NONE: as they are. */
typedef struct FollowFacts
{
	int64		start;
	int64		stop;
	const char *reason;
} FollowFacts;

/*
 * Set facts of a clock, or none (NULL), judge it anew by its promise and store
 * it; what changes is told in sla.clock_change.
 */
extern void follow_facts(Follow *follow, int64 clock_id, const FollowFacts *facts);

/* Done with an item. */
extern void follow_next(Follow *follow);

#endif							/* SLA_FOLLOW_H */
