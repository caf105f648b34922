/*-------------------------------------------------------------------------
 *
 * wake.h
 *	  Shared memory by which writers wake the worker, and which tells of it.
 *
 * For each database there is the instant at which its worker is to come next.
 * Who stores a clock notes the earliest instant at which something of it is
 * due; when the transaction has committed and that is before the planned
 * instant, the plan is moved and whoever is in charge of the database is woken:
 * its worker while it is there, the launcher otherwise.
 *
 * No wake-up is lost: a worker makes its plan unreachable (WAKE_NEVER) before
 * it takes the snapshot that it plans by, and lowers it to what it found.  A
 * transaction that the snapshot does not see commits after that, and lowers the
 * plan itself.
 *
 * All of it is there only when the library was preloaded.
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

/* Instants of a plan. */
#define WAKE_NEVER		PG_INT64_MAX
#define WAKE_AT_ONCE	PG_INT64_MIN

/* So many databases can be looked after. */
#define WAKE_DATABASES	1024

#define WAKE_ERROR_LENGTH	256

/* A database. */
typedef struct WakeSlot
{
	Oid			database;		/* 0: the slot is free */
	pg_atomic_uint64 plan;		/* an instant */
	slock_t		mutex;			/* of all that follows, and of lowering the
								 * plan */
	Latch	   *latch;			/* of the worker while it is in charge */
	int			pid;			/* of the worker, or 0 */
	bool		finished;		/* the worker came to its end, or told of an
								 * error */
	bool		has_extension;	/* with what a worker needs */
	int			failures;		/* since the last success */
	TimestampTz not_before;		/* after a failure; 0: at any time */
	TimestampTz planned_at;		/* 0: never */
	TimestampTz ticked_at;		/* 0: never */
	TimestampTz ticking_since;	/* 0: no tick runs */
	bool		is_sent_away;	/* by the launcher, from a tick */
	TimestampTz failed_at;		/* 0: never */
	int64		visits;			/* workers started */
	int64		ticks;
	int64		items;
	int64		errors;
	int			sqlstate;		/* of the last error; 0: the process ended */
	char		message[WAKE_ERROR_LENGTH]; /* of the last error */
} WakeSlot;

/* What there is once. */
typedef struct WakeShared
{
	slock_t		mutex;			/* of all that follows, and of taking slots */
	Latch	   *launcher;		/* NULL: it does not run */
	int			launcher_pid;
	bool		rescan;			/* databases came, went or changed */
	bool		crowded;		/* a database waits for a worker's place */
	int64		launcher_wakes;
	WakeSlot	slots[WAKE_DATABASES];
} WakeShared;

/* NULL: the library was not preloaded. */
extern PGDLLEXPORT WakeShared *wake_shared;

/*
 * The earliest instant noted in this transaction.  (Where nobody is to be woken
 * it stays at WAKE_AT_ONCE, below which there is nothing.)
 */
extern int64 wake_earliest;

/* Something is due at this instant once the transaction commits. */
static inline void
wake_note(int64 instant)
{
	if (unlikely(instant < wake_earliest))
		wake_earliest = instant;
}

/* To be called while libraries are preloaded. */
extern void wake_init(void);

/* Nothing that this process does wakes anybody. */
extern void wake_nobody(void);

/* The slot of a database; NULL when there is none and "make" is false, or all are taken. */
extern WakeSlot *wake_slot(Oid database, bool make);

/* Of a database that is no more. */
extern void wake_free_slot(WakeSlot *slot);

static inline int64
wake_plan(WakeSlot *slot)
{
	return (int64) pg_atomic_read_u64(&slot->plan);
}

/* Lower the plan, waking who is in charge.  Errors are not raised here. */
extern void wake_at(WakeSlot *slot, int64 instant);

/*
 * The worker comes and goes: it is in charge from wake_enter() on, false when
 * another one is there; until wake_leave(), false when somebody has lowered the
 * plan below "planned" meanwhile.  wake_exit() tells the launcher that the
 * process ends.
 */
extern bool wake_enter(WakeSlot *slot);
extern bool wake_leave(WakeSlot *slot, int64 planned);
extern void wake_exit(WakeSlot *slot);

/* Around planning: nobody's instant is lost in between. */
extern void wake_begin_plan(WakeSlot *slot);
extern void wake_end_plan(WakeSlot *slot, int64 planned);

/* The launcher's latch, or NULL when it ends. */
extern void wake_launcher_is(Latch *latch, int pid);

/* Whether databases came, went or changed since it was asked last. */
extern bool wake_take_rescan(void);

#endif							/* SLA_WAKE_H */
