/*-------------------------------------------------------------------------
 *
 * clock_store.h
 *	  The rows of sla.clock_state.
 *
 * They are read and written directly, without SQL: a trigger on a tracked
 * table does it for each changed row.  The rights of the current role do not
 * matter here; nobody but the extension calls this.
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
 * A row: the facts in "clock", the rest beside it.  CLOCK_NONE stands for a
 * NULL instant.
 */
typedef struct StoredClock
{
	Clock		clock;
	int64		id;				/* 0: not stored yet */
	ItemPointerData tid;
	Oid			relation;
	int32		metric_id;
	int32		agreement_id;	/* 0: none */
	const char *item;
	const char *per;			/* empty: none */
	const char *owner;			/* may be NULL, as may the following */
	const char *party;
	Jsonb	   *labels;
	const char *breach_owner;
	Jsonb	   *breach_labels;
	int64		promised;		/* the date promised by hand */
	/* derived */
	int64		revision;		/* of the promise */
	int64		due;			/* net */
	int64		late;
	int64		risk;
	int64		gross_due;		/* CLOCK_NONE and not excepted: the same */
	int64		gross_late;
	int64		budget;
	int64		paused;
	int64		elapsed;		/* of one that ended */
	int64		gross_elapsed;	/* 0 and not excepted: the same */
	bool		has_goal;
	bool		excepted;
	bool		waived;
	bool		more_alerts;	/* beside those at risk, due and late; as
								 * derived */
	/* in work */
	bool		had_ended;		/* when it was read */
	bool		taken_up;		/* what had ended it was sla.untrack() */
	struct						/* and the rest by which alerts go, and what
								 * objectives count */
	{
		Verdict		verdict;
		int32		promise;
		int64		revision;
		int64		end;
		int64		due;
		int64		late;
		int64		risk;
		bool		waived;
	}			was;
	bool		dirty;
} StoredClock;

/* The table and its indexes, open for reading and writing. */
typedef struct ClockStore
{
	MemoryContext context;		/* that it was opened in */
	Relation	rel;
	Relation	item_index;
	bool		writing;
	OwnIndexes	indexes;		/* while writing */
	TupleTableSlot *slot;		/* for reading and single rows */
	Oid			sequence;
	int			nnew;			/* rows to insert */
	int			maxnew;
	HeapTuple  *new;
	Size		size;			/* of these */
	Size		max_size;		/* then they are inserted: work_mem */
	int			nslots;
	TupleTableSlot **slots;
	DueQueue	due;
	const ClockMeasures *measures;	/* NULL until needed */
} ClockStore;

extern void clock_store_open(ClockStore *store);

/* Also inserts what clock_store_insert() has gathered. */
extern void clock_store_close(ClockStore *store);

/* The clocks of an item, in no order: StoredClock, in the current context. */
extern List *clock_store_fetch(ClockStore *store, Oid relation, const char *item,
							   Snapshot snapshot);

/* A clock by its number, or NULL; the second for those who only read. */
extern StoredClock *clock_store_find(ClockStore *store, int64 id, Snapshot snapshot);
extern StoredClock *clock_store_read(int64 id, Snapshot snapshot);

/*
 * The latest of a clock that is committed, or our own.  "busy": somebody is
 * about to change it.
 */
extern StoredClock *clock_store_peek(ClockStore *store, int64 id, bool *busy);

/* Gather a row to insert; gives it its id. */
extern void clock_store_insert(ClockStore *store, StoredClock *clock);

/* Insert what was gathered. */
extern void clock_store_flush(ClockStore *store);

/*
 * Lock a clock that was read before it is changed; false, and nobody waits, while
 * somebody else has it.
 */
extern bool clock_store_lock_or_skip(ClockStore *store, StoredClock *clock);

/* False when the row was changed by somebody else: read again. */
extern bool clock_store_update(ClockStore *store, StoredClock *clock);

/* A row as a composite value, and back. */
extern HeapTuple clock_store_form(const StoredClock *clock, TupleDesc desc);
extern StoredClock *clock_store_deform(HeapTupleHeader row);

#endif							/* SLA_CLOCK_STORE_H */
