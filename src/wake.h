/*-------------------------------------------------------------------------
 *
 * wake.h
 *	  Shared memory through which writers wake the background worker.
 *
 * For each database it contains the plan, which is the instant at which its worker will
 * next be started.  A transaction that stores clocks notes the earliest instant at which
 * something becomes due.  If that is before the plan when it commits, it lowers the plan
 * and wakes whoever is in charge of the database: the worker if it is running, else the
 * launcher.
 *
 * No wakeup is lost: a worker sets the plan to WAKE_NEVER before it takes the snapshot
 * with which it looks for the next instant, and then lowers the plan to that.  A
 * transaction that is not visible to the snapshot commits later than this, and therefore
 * lowers the plan itself.
 *
 * The shared memory exists only if the library was preloaded.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_WAKE_H
#define SLA_WAKE_H

#include "sla_tracker.h"

#include "datatype/timestamp.h"
#include "port/atomics.h"
#include "storage/latch.h"
#include "storage/spin.h"

/* Special instants in a plan */
#define WAKE_NEVER		PG_INT64_MAX
#define WAKE_AT_ONCE	PG_INT64_MIN

/* Maximal number of databases */
#define WAKE_DATABASES	1024

#define WAKE_ERROR_LENGTH	256

/* A database. */
typedef struct WakeSlot
{
	Oid			database;		/* InvalidOid if the slot is free */
	pg_atomic_uint64 plan;		/* an instant */
	slock_t		mutex;			/* protects all that follows, and writing the
								 * plan */
	Latch	   *latch;			/* of the worker, while it is in charge */
	int			pid;			/* of the worker, or 0 */
	bool		finished;		/* the worker ended regularly, or reported an
								 * error */
	bool		has_extension;	/* the database has the extension */
	int			failures;		/* in a row, since the last success */
	TimestampTz not_before;		/* earliest start after a failure; else 0 */
	TimestampTz planned_at;		/* 0 if never, as the following */
	TimestampTz ticked_at;
	TimestampTz ticking_since;	/* 0 if no tick is running */
	bool		is_sent_away;	/* the launcher has cancelled its tick */
	TimestampTz failed_at;		/* 0 if never */
	int64		visits;			/* workers started */
	int64		ticks;
	int64		items;
	int64		errors;
	int			sqlstate;		/* of the last error; 0 if the process ended,
								 * or a step of a tick failed */
	char		message[WAKE_ERROR_LENGTH]; /* of the last error */
} WakeSlot;

typedef struct WakeShared
{
	slock_t		mutex;			/* protects all that follows, and allocation
								 * of slots */
	Latch	   *launcher;		/* NULL if it is not running */
	int			launcher_pid;
	bool		rescan;			/* a database was created, altered or dropped */
	bool		crowded;		/* some database waits because the maximal
								 * number of workers is running */
	int64		launcher_wakes;
	WakeSlot	slots[WAKE_DATABASES];
} WakeShared;

/* NULL if the library was not preloaded. */
extern PGDLLEXPORT WakeShared *wake_shared;

/*
 * The earliest instant noted in this transaction, or WAKE_NEVER.  In a process that does
 * not wake anybody it is always WAKE_AT_ONCE, so that wake_note() has no effect.
 */
extern int64 wake_earliest;

/* Note that something will be due at an instant if the transaction commits. */
static inline void
wake_note(int64 instant)
{
	if (unlikely(instant < wake_earliest))
		wake_earliest = instant;
}

/* Initialize; to be called while libraries are preloaded. */
extern void wake_init(void);

/* From now on, do not wake anybody because of changes by this process. */
extern void wake_nobody(void);

/* Find the slot of a database, or allocate one if "make"; NULL if that fails. */
extern WakeSlot *wake_slot(Oid database, bool make);

/* Free the slot of a database that was dropped. */
extern void wake_free_slot(WakeSlot *slot);

static inline int64
wake_plan(WakeSlot *slot)
{
	return (int64) pg_atomic_read_u64(&slot->plan);
}

/* Lower the plan to an instant, and wake whoever is in charge.  Raises no errors. */
extern void wake_at(WakeSlot *slot, int64 instant);

/*
 * A worker is in charge of its database from wake_enter(), which returns false if there
 * already is another worker, until wake_leave(), which returns false if the plan is
 * lower than "planned", so that it must not leave yet.  wake_exit() tells the launcher
 * that the process ends.
 */
extern bool wake_enter(WakeSlot *slot);
extern bool wake_leave(WakeSlot *slot, int64 planned);
extern void wake_exit(WakeSlot *slot);

/* To be called before and after looking for the next instant; see above. */
extern void wake_begin_plan(WakeSlot *slot);
extern void wake_end_plan(WakeSlot *slot, int64 planned);

/* Set latch and PID of the launcher; NULL and 0 when it ends. */
extern void wake_launcher_is(Latch *latch, int pid);

/* Was a database created, altered or dropped since the last call? */
extern bool wake_take_rescan(void);

#endif							/* SLA_WAKE_H */
