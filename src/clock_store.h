/*-------------------------------------------------------------------------
 *
 * clock_store.h
 *	  Access to the rows of sla.clock_state.
 *
 * For speed, rows are read and written without SQL, as the triggers on tracked
 * tables do that for each row that is written.  There are no permission checks.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_CLOCK_STORE_H
#define SLA_CLOCK_STORE_H

#include "sla_tracker.h"

#include "access/htup_details.h"
#include "nodes/execnodes.h"
#include "storage/itemptr.h"
#include "utils/jsonb.h"

#include "clock_rollup.h"
#include "core/clock.h"
#include "due_queue.h"
#include "own_indexes.h"

/*
 * A row of sla.clock_state.  The facts are in "clock".  A null instant is
 * represented by CLOCK_NONE.
 */
typedef struct StoredClock
{
	Clock		clock;
	int64		id;				/* 0 if not stored yet */
	ItemPointerData tid;
	Oid			relation;
	int32		metric_id;
	int32		agreement_id;	/* 0 if none */
	const char *item;
	const char *per;			/* empty if none */
	const char *owner;			/* this and the following may be NULL */
	const char *party;
	Jsonb	   *labels;
	const char *breach_owner;
	Jsonb	   *breach_labels;
	int64		promised;		/* the date promised by hand, or CLOCK_NONE */

	/* derived */
	int64		revision;		/* of the promise, when it was derived */
	int64		due;			/* these are net of exceptions */
	int64		late;
	int64		risk;
	int64		gross_due;		/* these are valid only if "excepted"; else
								 * the net ones apply */
	int64		gross_late;
	int64		budget;
	int64		paused;
	int64		elapsed;		/* of a finished clock */
	int64		gross_elapsed;	/* likewise, if "excepted" */
	BusinessInterval *extended; /* by how much exceptions extend the deadline,
								 * or NULL */
	bool		has_goal;
	bool		excepted;		/* some exception applies to it */
	bool		waived;
	bool		more_alerts;	/* there are alerts besides those at risk, due
								 * and late; not stored */

	/* state while it is being worked on */
	bool		had_ended;		/* as it was stored */
	bool		taken_up;		/* was reopened after sla.untrack() */
	struct						/* as it was stored: what determines alerts,
								 * what objectives count, and extensions */
	{
		Verdict		verdict;
		int32		promise;
		int64		revision;
		int64		end;
		int64		due;
		int64		late;
		int64		risk;
		bool		waived;
		BusinessInterval *extended;
	}			was;
	bool		dirty;			/* must be written */
} StoredClock;

/* The table sla.clock_state, open for reading and writing. */
typedef struct ClockStore
{
	MemoryContext context;		/* the one that it was opened in */
	Relation	rel;
	Relation	item_index;
	bool		writing;		/* is "indexes" open? */
	OwnIndexes	indexes;
	TupleTableSlot *slot;		/* for reading, and for writing single rows */
	Oid			sequence;		/* of clock_id */
	int			nnew;			/* rows gathered, to be inserted */
	int			maxnew;
	HeapTuple  *new;
	Size		size;			/* bytes of these rows */
	Size		max_size;		/* insert them when there are more: work_mem */
	int			nslots;			/* for inserting */
	TupleTableSlot **slots;
	DueQueue	due;			/* hints for sla.tick() */
	const ClockMeasures *measures;	/* NULL until needed */
} ClockStore;

extern void clock_store_open(ClockStore *store);

/* Close; also inserts what clock_store_insert() has gathered. */
extern void clock_store_close(ClockStore *store);

/* The clocks of an item, as a list of StoredClock in no particular order. */
extern List *clock_store_fetch(ClockStore *store, Oid relation, const char *item,
							   Snapshot snapshot);

/* Find a clock by its id, or NULL; the second is for use without a ClockStore. */
extern StoredClock *clock_store_find(ClockStore *store, int64 id, Snapshot snapshot);
extern StoredClock *clock_store_read(int64 id, Snapshot snapshot);

/*
 * The latest committed (or our own) version of a clock, or NULL.  *busy tells
 * whether another transaction in progress has changed or inserted it.
 */
extern StoredClock *clock_store_peek(ClockStore *store, int64 id, bool *busy);

/* Assign an id to a new clock, and gather its row to be inserted later. */
extern void clock_store_insert(ClockStore *store, StoredClock *clock);

/* Insert the rows gathered. */
extern void clock_store_flush(ClockStore *store);

/*
 * Lock a clock that was read, without waiting; false if another transaction has
 * locked it.
 */
extern bool clock_store_lock_or_skip(ClockStore *store, StoredClock *clock);

/*
 * Update a clock that was read; false if someone else has changed it since.  In a
 * transaction that keeps its snapshot that is a serialization error instead.
 */
extern bool clock_store_update(ClockStore *store, StoredClock *clock);

/* Is the deadline extended by the same?  Both may be NULL. */
extern bool clock_store_same_extension(const BusinessInterval *a, const BusinessInterval *b);

/*
 * Convert the pauses of a clock to values of the columns pauses and pause_reasons, and
 * back.
 */
extern void clock_store_put_pauses(const Clock *clock, Datum *values, bool *nulls);
extern void clock_store_get_pauses(Clock *clock, const Datum *values, const bool *nulls);

/* Convert a clock to a row as a composite value, and back. */
extern HeapTuple clock_store_form(const StoredClock *clock, TupleDesc desc);
extern StoredClock *clock_store_deform(HeapTupleHeader row);

#endif							/* SLA_CLOCK_STORE_H */
