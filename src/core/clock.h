/*-------------------------------------------------------------------------
 *
 * clock.h
 *	  The clock of a promise: its facts, what is derived from them, and how
 *	  rows and signals change them.
 *
 * The facts of a clock are its start, its end, its pauses, and the terms of
 * the promise.  Deadline, elapsed time and breach are a pure function of these
 * (clock_evaluate) and can be derived again at any time.
 *
 * clock_apply_row() brings the facts in line with what a row says now.  It
 * looks at conditions, not at their changes, so applying the same row twice
 * changes nothing.  A signal (clock_apply_signal) tells what no row shows, and
 * stays in effect until the opposite signal.  For each of the conditions stop,
 * pause and cancel a clock keeps two levels, one set by the row and one set by
 * signals; the condition holds while at least one of them is set.
 *
 * An event whose time lies before the last known fact is applied at the time
 * of that fact and reported as late.  It is not an error, and no duration ever
 * becomes negative.
 *
 * The array of pauses is copied before it is changed; reasons are never
 * copied, only pointed to.  Running out of memory cannot be reported here, so
 * the alloc function of the CoreMem must not return NULL.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_CLOCK_H
#define SLA_CLOCK_H

#include "core.h"

/* In place of an instant: there is none, or none yet. */
#define CLOCK_NONE	INT64_MIN

/* CLOCK_NONE counts as earlier than every instant. */
static inline int64_t
later_of(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static inline int64_t
earlier_of(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/*
 * Business time, supplied by the caller.  All instants are finite; the
 * functions may longjmp.
 */
typedef struct ClockTime
{
	void	   *context;

	/* open microseconds from a to b, where a <= b */
	int64_t		(*between) (void *context, int64_t a, int64_t b);

	/* the earliest u >= t with d open microseconds from t to u */
	int64_t		(*add) (void *context, int64_t t, int64_t d);
} ClockTime;

typedef struct ClockSpan
{
	int64_t		from;
	int64_t		to;				/* CLOCK_NONE: not over yet */
} ClockSpan;

typedef struct ClockPause
{
	ClockSpan	during;
	const char *reason;			/* may be NULL */
} ClockPause;

/* The reason of the pause that is made of the time between a stop and its reopening. */
#define CLOCK_CLOSED_REASON	"closed"

typedef enum ClockState
{
	CLOCK_RUNNING = 'r',
	CLOCK_PAUSED = 'p',
	CLOCK_STOPPED = 's',
	CLOCK_CANCELLED = 'c'
} ClockState;

/* The levels of the conditions, as set by the row and by signals. */
#define CLOCK_ROW_STOP		0x01
#define CLOCK_ROW_PAUSE		0x02
#define CLOCK_ROW_CANCEL	0x04
#define CLOCK_SIGNAL_STOP	0x10
#define CLOCK_SIGNAL_PAUSE	0x20
#define CLOCK_SIGNAL_CANCEL	0x40
#define CLOCK_CORRECTED		0x80	/* CLOCK_SIGNAL_STOP was set by a
									 * correction of this clock, not by a
									 * signal for the item */
#define CLOCK_UNTRACKED		0x100	/* cancelled because its table ceased to
									 * be tracked, or its metric was deleted;
									 * the other levels are as they were then */
#define CLOCK_STOP			(CLOCK_ROW_STOP | CLOCK_SIGNAL_STOP)
#define CLOCK_PAUSE			(CLOCK_ROW_PAUSE | CLOCK_SIGNAL_PAUSE)
#define CLOCK_CANCEL		(CLOCK_ROW_CANCEL | CLOCK_SIGNAL_CANCEL)

/*
 * The facts of one cycle.  Pauses are sorted and do not overlap; they may
 * touch if their reasons differ.  The last one is without end if and only if
 * the state is CLOCK_PAUSED; all others have ended.
 */
typedef struct Clock
{
	ClockState	state;
	int32_t		cycle;			/* from 1 */
	int32_t		promise;		/* number given by the caller, not 0 */
	int			levels;			/* CLOCK_ROW_STOP etc. */
	int64_t		start;
	int64_t		end;			/* when it was stopped or cancelled, or
								 * CLOCK_NONE */
	int64_t		last;			/* time of the last fact; no later event is
								 * applied before it */
	int64_t		turned;			/* time of the last stop, cancellation or
								 * reopening, or CLOCK_NONE; in all but the
								 * first cycle at least its start */
	const char *signal_reason;	/* reason of the pause by signal, or NULL */
	int			npauses;
	ClockPause *pauses;
} Clock;

static inline bool
clock_is_open(const Clock *clock)
{
	return clock->state == CLOCK_RUNNING || clock->state == CLOCK_PAUSED;
}

/* Has a signal stopped the item? */
static inline bool
clock_item_is_stopped(const Clock *clock)
{
	return (clock->levels & (CLOCK_SIGNAL_STOP | CLOCK_CORRECTED)) == CLOCK_SIGNAL_STOP;
}

/*
 * The terms of a promise, worked out for one clock.
 */
typedef struct ClockTerms
{
	int64_t		goal_at;		/* the deadline if nothing is paused or
								 * excluded; not before the start unless
								 * by_hand; CLOCK_NONE: there is no goal, only
								 * measure */
	int64_t		threshold_at;	/* likewise the instant after which the
								 * promise is breached; not before goal_at */
	bool		by_hand;		/* the dates were promised explicitly: pauses
								 * and exclusions do not move them */
	double		risk;			/* fraction of the budget after which the
								 * clock is at risk; > 0 */
	int			nexcluded;
	const ClockSpan *excluded;	/* time that does not count: sorted, disjoint,
								 * all ends finite */
} ClockTerms;

typedef struct ClockResult
{
	int64_t		budget;			/* open time from the start to goal_at; 0 if
								 * there is no goal */
	int64_t		paused;			/* open time in pauses that have ended, less
								 * what of it is excluded */
	int64_t		due;			/* the deadline; CLOCK_NONE: no goal, or
								 * paused before the budget is used up */
	int64_t		late;			/* likewise, of the threshold */
	int64_t		risk;			/* likewise, when risk x budget is used up */
} ClockResult;

/*
 * Derive what follows from the facts.  The elapsed time is the open time since
 * the start that is neither paused nor excluded.  The deadline is the earliest
 * instant, not before goal_at, at which the elapsed time reaches the budget.
 * A clock is breached if it was still open after "late".  "risk" is the
 * instant at which the elapsed time reaches terms->risk x budget; if
 * terms->risk >= 1 it is not before goal_at either.
 *
 * For a finished clock the results are those as if it had gone on.  With
 * dates promised by hand, due, late and risk ignore pauses and exclusions,
 * whereas the elapsed time (and clock_reach) respects them.
 */
extern void clock_evaluate(const Clock *clock, const ClockTerms *terms,
						   const ClockTime *time, ClockResult *result);

/*
 * The instant at which a fraction (> 0) of the budget is used up, determined
 * like ClockResult.risk.
 */
extern int64_t clock_fraction_at(const Clock *clock, const ClockTerms *terms,
								 const ClockTime *time, int64_t budget,
								 double fraction);

/*
 * The elapsed time, in microseconds, at an instant or at the clock's end,
 * whichever is earlier; 0 before the start.
 */
extern int64_t clock_elapsed(const Clock *clock, const ClockTerms *terms,
							 const ClockTime *time, int64_t at);

/*
 * The earliest instant at which the elapsed time reaches "elapsed"
 * microseconds if the clock goes on as it is (if finished, had it gone on);
 * the start if that is 0 or less.  CLOCK_NONE if it is paused before and that
 * pause has no end.
 */
extern int64_t clock_reach(const Clock *clock, const ClockTerms *terms,
						   const ClockTime *time, int64_t elapsed);

typedef enum ClockReopen
{
	CLOCK_CONTINUE,				/* the clock goes on; the time since the stop
								 * becomes a pause */
	CLOCK_NEW_CYCLE,
	CLOCK_IGNORE				/* there is never a second cycle */
} ClockReopen;

typedef enum ClockRetarget
{
	CLOCK_KEEP,					/* take the new promise, and keep the elapsed
								 * time and the pauses */
	CLOCK_RESTART,				/* take the new promise, and restart at the
								 * time of the event */
	CLOCK_KEEP_PROMISE			/* keep the old promise */
} ClockRetarget;

/* The rules of a metric. */
typedef struct ClockRules
{
	bool		repeats;		/* a stop begins the next cycle at once */
	ClockReopen on_reopen;
	ClockRetarget on_retarget;
	bool		starts_by_event;	/* a clock starts at the time of an event:
									 * start_at of rows is CLOCK_NONE */
} ClockRules;

/* The promise for a cycle that starts at "start"; 0 if there is none. */
typedef int32_t (*ClockPromise) (void *context, int64_t start);

/* What a row says about an item. */
typedef struct ClockRow
{
	int64_t		at;				/* the event time */
	bool		gone;			/* the item was deleted; the fields that
								 * follow are ignored */
	bool		start;
	bool		stop;
	bool		pause;
	bool		cancel;
	int64_t		start_at;		/* time of the start, or CLOCK_NONE if the row
								 * does not tell */
	int64_t		stop_at;		/* likewise of the stop */
	const char *reason;			/* of the pause, or NULL */
	const Clock *from;			/* if the item is handed on to another party:
								 * its previous clock, which tells the last
								 * fact and the signals in effect; else NULL */
	ClockPromise promise;
	void	   *context;
} ClockRow;

typedef enum ClockAction
{
	CLOCK_DO_START,				/* begin a cycle, unless one is open */
	CLOCK_DO_PAUSE,
	CLOCK_DO_RESUME,
	CLOCK_DO_STOP,
	CLOCK_DO_CANCEL,
	CLOCK_DO_RESET				/* an open cycle starts anew, without pauses */
} ClockAction;

/* A signal about an item. */
typedef struct ClockSignal
{
	ClockAction action;
	int64_t		at;				/* the event time */
	bool		elsewhere;		/* a start begins another clock of the item,
								 * not this one */
	const char *reason;			/* of the pause, or NULL */
	const ClockRow *row;		/* the current row, or NULL if not known */
	const Clock *from;			/* as in ClockRow */
	ClockPromise promise;
	void	   *context;
} ClockSignal;

/* What clock_apply_row() or clock_apply_signal() did. */
typedef struct ClockOutcome
{
	bool		changed;		/* the facts of the clock changed */
	bool		late;			/* an event was late, and was applied at the
								 * time of the last fact */
	int64_t		told;			/* the time that the late event claimed */
	bool		retargeted;		/* the promise changed to clock->promise */
	int32_t		old_promise;	/* the promise before that */
	bool		restarted;		/* by on_retarget or by a reset */
	bool		begins;			/* another cycle begins, ... */
	Clock		next;			/* ... this one */
} ClockOutcome;

/*
 * Reopen a clock that was cancelled because its table ceased to be tracked or
 * its metric was deleted (CLOCK_UNTRACKED), as if that had not happened, if there
 * is a promise for it again.  Returns whether it did.  To be called for all clocks
 * of an item that still exists before a row or signal is applied to any of them,
 * because that depends on which of them are open.
 */
extern bool clock_take_up(Clock *clock, ClockPromise promise, void *context,
						  CoreMem *mem);

/*
 * Bring a clock in line with what its row says.  "clock" is the last cycle of
 * the item's metric and is changed in place; it is NULL if there is none yet,
 * and then the only possible result is outcome->next (which may be finished
 * from the outset).  With rules->repeats, one call may stop the clock and begin
 * outcome->next.  As that cycle may have ended already as well (when rows are
 * imported), the caller then applies the row to outcome->next, with another
 * ClockOutcome, until nothing changes.  A finished clock is left as it is if
 * another cycle begins.
 *
 * The rules, in this order:
 * - If the item is gone, cancel holds, or there is no promise any more for a
 *   clock with this start, an open clock is cancelled.  In the last case the
 *   next cycle may begin in the same call, if there is a promise for a clock
 *   that starts now.
 * - If stop holds, an open clock stops: at stop_at, unless that is CLOCK_NONE
 *   or stale (not later than "turned"), else at the event time.  A stop that
 *   the row already showed when the cycle began (because the metric repeats,
 *   or a signal started it) does not stop this cycle, unless it is withdrawn
 *   and shown again, or gets a later stop_at.
 * - An open clock is paused, or runs on, at the event time, as pause says.  If
 *   the reason changes, one pause ends and another begins.  A pause of zero
 *   length is dropped.
 * - If start holds, stop does not, and no clock is open, a cycle begins: at
 *   start_at, or at the event time if that is CLOCK_NONE or stale.  If pause
 *   holds it is paused from the event time on.  If start and stop hold and
 *   there is no clock yet, the cycle is a finished one.
 * - If the stop of a stopped clock no longer holds, neither by the row nor by
 *   a signal, on_reopen decides.  CLOCK_CONTINUE inserts a pause with the
 *   reason "closed" from the stop to the event time; if there is no promise
 *   any more for the start, the clock stays stopped.  A metric that repeats is
 *   never continued.
 * - If the promise for an open clock changes, on_retarget decides.  A restarted
 *   clock gets the promise for its new start, or is cancelled if there is none.
 */
extern void clock_apply_row(Clock *clock, const ClockRules *rules,
							const ClockRow *row, CoreMem *mem,
							ClockOutcome *outcome);

/*
 * Apply a signal to a clock.  The signals stop and cancel stay in effect until
 * the signal start, and pause until resume.  A start on a finished clock also
 * begins the next cycle (unless CLOCK_IGNORE).  A resume does not reopen a
 * finished clock.  If the metric repeats, a stop ends the current cycle but
 * does not stay in effect.  While both the row and a signal pause the clock,
 * the reason is that of the row.  A reset clock gets the promise for its new
 * start (unless CLOCK_KEEP_PROMISE), or is cancelled if there is none.
 *
 * If a signal begins the first cycle and the row is known, the row's pause is
 * in effect from the start of the cycle, as is a signal's; the row's stop and
 * cancel do not affect this cycle until they are withdrawn and shown again.
 *
 * If an item has several clocks, apply a signal to the last cycle of each.
 */
extern void clock_apply_signal(Clock *clock, const ClockRules *rules,
							   const ClockSignal *signal, CoreMem *mem,
							   ClockOutcome *outcome);

#endif							/* SLA_CLOCK_H */
