/*-------------------------------------------------------------------------
 *
 * clock.h
 *	  A clock of a promise: its facts, what follows from them, and how what
 *	  is said about an item moves it.
 *
 * A clock is a pure function of facts: start, end, pauses and the terms of
 * the promise.  Deadline, elapsed time and breach are derived and can be
 * derived again at any time (clock_evaluate).
 *
 * Facts are brought in line with what a row says now (clock_apply_row), which
 * is level-driven: saying the same twice changes nothing.  A signal
 * (clock_apply_signal) says what no row shows, and holds until its opposite.
 * A clock keeps both levels of each condition; a condition holds while either
 * says so.
 *
 * Times that run backwards are applied at the time of the last fact and
 * reported as late; they are never an error and never a negative duration.
 *
 * An array of pauses is copied before it changes; reasons are pointed to and
 * never copied.  There is no way to report that memory ran out: the alloc of
 * the CoreMem must not return NULL here.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_CLOCK_H
#define SLA_CLOCK_H

#include "core.h"

/* No such instant, or not yet. */
#define CLOCK_NONE	INT64_MIN

/* (of CLOCK_NONE and an instant, the instant is the later one) */
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
 * Business time, supplied by the caller; may longjmp.  Instants are finite.
 */
typedef struct ClockTime
{
	void	   *context;

	/* open time from a to b, for a <= b */
	int64_t		(*between) (void *context, int64_t a, int64_t b);

	/* the earliest u >= t with open time d from t to u; t itself for d = 0 */
	int64_t		(*add) (void *context, int64_t t, int64_t d);
} ClockTime;

typedef struct ClockSpan
{
	int64_t		from;
	int64_t		to;				/* CLOCK_NONE while it lasts */
} ClockSpan;

typedef struct ClockPause
{
	ClockSpan	during;
	const char *reason;			/* may be NULL */
} ClockPause;

typedef enum ClockState
{
	CLOCK_RUNNING = 'r',
	CLOCK_PAUSED = 'p',
	CLOCK_STOPPED = 's',
	CLOCK_CANCELLED = 'c'
} ClockState;

/* Which conditions hold, by the row and by signals. */
#define CLOCK_ROW_STOP		0x01
#define CLOCK_ROW_PAUSE		0x02
#define CLOCK_ROW_CANCEL	0x04
#define CLOCK_SIGNAL_STOP	0x10
#define CLOCK_SIGNAL_PAUSE	0x20
#define CLOCK_SIGNAL_CANCEL	0x40
#define CLOCK_CORRECTED		0x80	/* its CLOCK_SIGNAL_STOP is of it alone,
									 * not of the item */
#define CLOCK_UNTRACKED		0x100	/* cancelled because its table was no
									 * longer tracked; the other levels are of
									 * then */
#define CLOCK_STOP			(CLOCK_ROW_STOP | CLOCK_SIGNAL_STOP)
#define CLOCK_PAUSE			(CLOCK_ROW_PAUSE | CLOCK_SIGNAL_PAUSE)
#define CLOCK_CANCEL		(CLOCK_ROW_CANCEL | CLOCK_SIGNAL_CANCEL)

/*
 * The facts of one cycle.  Pauses are in order and do not overlap; they may
 * touch when their reasons differ.  Only the last may still last, and does so
 * exactly when the state is CLOCK_PAUSED.
 */
typedef struct Clock
{
	ClockState	state;
	int32_t		cycle;			/* from 1 */
	int32_t		promise;		/* which one; the caller's number, not 0 */
	int			levels;			/* CLOCK_ROW_STOP ... */
	int64_t		start;
	int64_t		end;			/* of the stop or the cancellation, or
								 * CLOCK_NONE */
	int64_t		last;			/* the last fact: nothing comes before it */
	int64_t		turned;			/* the last stop or cancellation or reopening
								 * (of a later cycle: at least its start), or
								 * CLOCK_NONE */
	const char *signal_reason;	/* why signals pause it, or NULL */
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
 * What is promised, worked out for one clock, and what does not count.
 */
typedef struct ClockTerms
{
	int64_t		goal_at;		/* the deadline if there were no pauses, not
								 * before the start unless by hand;
								 * CLOCK_NONE: measure only */
	int64_t		threshold_at;	/* the same of what is still acceptable, not
								 * before goal_at */
	bool		by_hand;		/* dates promised by hand: they stay where
								 * they are, whatever is paused or excluded */
	double		risk;			/* the fraction of the budget from which on it
								 * is at risk; 0 < risk */
	int			nexcluded;		/* time that does not count, in order and */
	const ClockSpan *excluded;	/* disjoint; all ends are finite */
} ClockTerms;

typedef struct ClockResult
{
	int64_t		budget;			/* open time from the start to goal_at; 0 when
								 * there is no goal */
	int64_t		paused;			/* open time of the pauses that are over, what
								 * is excluded not counted again */
	int64_t		due;			/* CLOCK_NONE: no goal, or paused before the
								 * budget is used up */
	int64_t		late;			/* the same for the threshold */
	int64_t		risk;			/* the same for risk x budget */
} ClockResult;

/*
 * What follows from the facts.  The deadline is the earliest instant, not
 * before goal_at, at which the elapsed time reaches the budget; elapsed is
 * the open time from the start on that is neither paused nor excluded.  A
 * clock is breached when it went on after "late".  risk is at least goal_at only
 * where it is 1 or more (then it is the instant at which elapsed reaches
 * risk x budget, not before goal_at).
 *
 * Of a finished clock this is what would have followed had it gone on.  Where
 * dates are promised by hand, due, late and risk take no notice of pauses and
 * exclusions; elapsed time (and clock_reach) does.
 */
extern void clock_evaluate(const Clock *clock, const ClockTerms *terms,
						   const ClockTime *time, ClockResult *result);

/*
 * The instant from which on a fraction of the budget is used up: what "risk"
 * is of terms->risk.
 */
extern int64_t clock_fraction_at(const Clock *clock, const ClockTerms *terms,
								 const ClockTime *time, int64_t budget,
								 double fraction);

/*
 * The elapsed time at an instant, or at the end if that is earlier; 0 before
 * the start.
 */
extern int64_t clock_elapsed(const Clock *clock, const ClockTerms *terms,
							 const ClockTime *time, int64_t at);

/*
 * The earliest instant at which the elapsed time reaches "elapsed" if the clock
 * goes on as it is (of a finished one: had gone on), or CLOCK_NONE when it is
 * paused before.  The start for 0.
 */
extern int64_t clock_reach(const Clock *clock, const ClockTerms *terms,
						   const ClockTime *time, int64_t elapsed);

typedef enum ClockReopen
{
	CLOCK_CONTINUE,				/* the closed time becomes a pause */
	CLOCK_NEW_CYCLE,
	CLOCK_IGNORE				/* never another cycle */
} ClockReopen;

typedef enum ClockRetarget
{
	CLOCK_KEEP,					/* elapsed time and pauses */
	CLOCK_RESTART,				/* from the event on */
	CLOCK_KEEP_PROMISE			/* the old promise stays */
} ClockRetarget;

/* Of the metric. */
typedef struct ClockRules
{
	bool		repeats;		/* a stop begins the next cycle at once */
	ClockReopen on_reopen;
	ClockRetarget on_retarget;
} ClockRules;

/* The promise for a cycle that starts then, or 0 for none. */
typedef int32_t (*ClockPromise) (void *context, int64_t start);

/* What a row says of an item. */
typedef struct ClockRow
{
	int64_t		at;				/* the event time */
	bool		gone;			/* the item was deleted; the rest is not read */
	bool		start;
	bool		stop;
	bool		pause;
	bool		cancel;
	int64_t		start_at;		/* CLOCK_NONE: not told */
	int64_t		stop_at;
	const char *reason;			/* of the pause, or NULL */
	const Clock *from;			/* the clock of the item that knows of the
								 * last fact and of signals, where it is
								 * handed on to another */
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
	bool		elsewhere;		/* another clock of the item is the one that a
								 * start begins */
	const char *reason;			/* of the pause, or NULL */
	const ClockRow *row;		/* as it is, or NULL where that is not known */
	const Clock *from;			/* as in ClockRow */
	ClockPromise promise;
	void	   *context;
} ClockSignal;

/* What happened to a clock. */
typedef struct ClockOutcome
{
	bool		changed;		/* its facts are others now */
	bool		late;			/* something came late, and was applied at the
								 * last fact's time */
	int64_t		told;			/* when that was said to be */
	bool		retargeted;		/* to clock->promise, */
	int32_t		old_promise;	/* from this one */
	bool		restarted;		/* by on_retarget or reset */
	bool		begins;			/* another cycle begins: */
	Clock		next;
} ClockOutcome;

/*
 * A clock that ended because its table was no longer tracked goes on where it was,
 * if something is promised for it again; true if so.  For each clock of an item that
 * is not gone, before rows or signals are applied: to what is handed on it matters
 * which others are open.
 */
extern bool clock_take_up(Clock *clock, ClockPromise promise, void *context,
						  CoreMem *mem);

/*
 * Bring a clock in line with what its row says.  "clock" is the last cycle of
 * the item's metric, changed in place; NULL when there was none, and then only
 * outcome->next can come of it (which may be finished from the outset).  With
 * repeats a clock may stop and outcome->next go on in one call; should that
 * next cycle itself have another behind it (an import), the caller calls again
 * with outcome->next until nothing changes (with another outcome: it is cleared
 * first).  A finished clock that another cycle follows is left as it was.
 *
 * The rules, in this order (design: level-driven):
 * - gone, cancel, or no promise any more for its start: an open clock is
 *   cancelled.  In the last case the next cycle may begin in the same call, when
 *   something is promised for a clock that starts now.
 * - stop: an open clock stops, at stop_at unless that is CLOCK_NONE or stale,
 *   that is not later than "turned"; else at the event time.  A stop that the
 *   row showed already when the cycle began (with repeats, or after the signal
 *   start) is none of this cycle until it is shown anew or told to be later.
 * - pause or not: an open clock is paused or runs on, at the event time; another
 *   reason ends one pause and begins the next; a pause of no length is dropped.
 * - start, and neither stop nor an open clock: a cycle begins at start_at, or at
 *   the event time when that is CLOCK_NONE or stale; paused from the event on
 *   when pause holds.  Start and stop and no clock at all: a finished one.
 * - of a stopped clock stop held and does no longer (nor by a signal): on_reopen.
 *   CLOCK_CONTINUE puts a pause "closed" from the stop to the event time; where
 *   nothing is promised any more for its start, the clock stays stopped.  What
 *   repeats is never continued.
 * - another promise holds than before for an open clock: on_retarget.  A
 *   restarted clock has the promise for its new start; none cancels it.
 */
extern void clock_apply_row(Clock *clock, const ClockRules *rules,
							const ClockRow *row, CoreMem *mem,
							ClockOutcome *outcome);

/*
 * The same for a signal.  A start on a stopped or cancelled clock begins the
 * next cycle (unless CLOCK_IGNORE) and ends the signals stop and cancel; stop,
 * pause and cancel hold until start or resume.  A resume does not reopen.  A
 * stop with repeats is a pulse: it holds for no time.  While signals and the
 * row pause at once the reason is the row's.  A reset clock has the promise for
 * its new start (unless CLOCK_KEEP_PROMISE); none cancels it.
 *
 * A first cycle that a signal begins goes by the row, if it is known: that pauses
 * it, as signals may, from its beginning, and its stop and cancel are no news.
 *
 * Where an item has several clocks, a signal is applied to the last cycle of each.
 */
extern void clock_apply_signal(Clock *clock, const ClockRules *rules,
							   const ClockSignal *signal, CoreMem *mem,
							   ClockOutcome *outcome);

#endif							/* SLA_CLOCK_H */
