/*-------------------------------------------------------------------------
 *
 * clock_apply.c
 *	  Applying rows and signals to the facts of a clock.
 *
 * fact_time() determines the time of every change, so that no fact is ever
 * placed before the last one.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "clock.h"

#include <string.h>

#define CLOCK_ROW		(CLOCK_ROW_STOP | CLOCK_ROW_PAUSE | CLOCK_ROW_CANCEL)
#define CLOCK_SIGNAL_END	(CLOCK_SIGNAL_STOP | CLOCK_SIGNAL_CANCEL | CLOCK_CORRECTED)
#define CLOCK_SIGNAL	(CLOCK_SIGNAL_PAUSE | CLOCK_SIGNAL_END)

/*
 * The time of a fact that is claimed to have happened at "at": if that is
 * before the last fact, it is late, and takes the time of the last fact.
 */
static int64_t
fact_time(const Clock *clock, int64_t at, ClockOutcome *outcome)
{
	if (at < clock->last)
	{
		outcome->late = true;
		outcome->told = at;
	}
	return later_of(at, clock->last);
}

/*
 * Likewise for a change of levels.  The start of a clock may lie in the future;
 * a level set before then takes effect at the start, and is not late (but see
 * row_on_open).
 */
static int64_t
level_time(const Clock *clock, int64_t at, ClockOutcome *outcome)
{
	return fact_time(clock, later_of(at, clock->start), outcome);
}

static bool
same_reason(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/*
 * Copy the pauses before they are changed, as the array may be shared.  The
 * copy has room for one more.
 */
static void
copy_pauses(Clock *clock, CoreMem *mem)
{
	ClockPause *pauses = mem->alloc(mem->context,
									((size_t) clock->npauses + 1) * sizeof(ClockPause));

	if (clock->npauses > 0)
		memcpy(pauses, clock->pauses, (size_t) clock->npauses * sizeof(ClockPause));
	clock->pauses = pauses;
}

/* End the last pause, or drop it if it has no length; after copy_pauses(). */
static void
end_pause(Clock *clock, int64_t t)
{
	ClockPause *pause = &clock->pauses[clock->npauses - 1];

	if (pause->during.from == t)
		clock->npauses--;
	else
		pause->during.to = t;
	clock->state = CLOCK_RUNNING;
}

/*
 * Add a pause, or extend the last one if they touch and have the same reason;
 * after copy_pauses().
 */
static void
add_pause(Clock *clock, int64_t from, int64_t to, const char *reason)
{
	ClockPause *pause = &clock->pauses[clock->npauses];

	if (clock->npauses > 0 && pause[-1].during.to == from &&
		same_reason(pause[-1].reason, reason))
		pause[-1].during.to = to;
	else
	{
		pause->during.from = from;
		pause->during.to = to;
		pause->reason = reason;
		clock->npauses++;
	}
}

/*
 * Set the levels of an open clock, and pause or resume it accordingly.
 * "row_reason" is the reason if the row pauses it.  Returns whether anything
 * changed.
 *
 * A change of either pause level is a fact even if the clock stays paused
 * because of the other one: it advances clock->last, so that an event that
 * comes late cannot change what was paused until then.
 */
static bool
set_levels(Clock *clock, int levels, const char *row_reason, int64_t at,
		   CoreMem *mem, ClockOutcome *outcome)
{
	const char *reason = levels & CLOCK_ROW_PAUSE ? row_reason : clock->signal_reason;
	bool		pause = (levels & CLOCK_PAUSE) != 0;
	bool		paused = clock->state == CLOCK_PAUSED;
	bool		changed = levels != clock->levels;
	bool		said = ((levels ^ clock->levels) & CLOCK_PAUSE) != 0;
	bool		agrees = pause == paused &&
		(!paused || same_reason(clock->pauses[clock->npauses - 1].reason, reason));

	clock->levels = levels;
	if (agrees && !said)
		return changed;

	clock->last = level_time(clock, at, outcome);
	if (!agrees)
	{
		copy_pauses(clock, mem);
		if (paused)
			end_pause(clock, clock->last);
		if (pause)
		{
			add_pause(clock, clock->last, CLOCK_NONE, reason);
			clock->state = CLOCK_PAUSED;
		}
	}
	return true;
}

/* Stop or cancel an open clock. */
static void
finish(Clock *clock, ClockState state, int64_t at, CoreMem *mem,
	   ClockOutcome *outcome)
{
	int64_t		t = fact_time(clock, at, outcome);

	if (clock->state == CLOCK_PAUSED)
	{
		copy_pauses(clock, mem);
		end_pause(clock, t);
	}
	clock->state = state;
	clock->end = clock->last = clock->turned = t;
}

/* Restart an open clock, unless that is its start already. */
static void
restart(Clock *clock, int64_t at, CoreMem *mem, ClockOutcome *outcome)
{
	int64_t		t = level_time(clock, at, outcome);

	/* t is not before the last fact, so no pause has ended yet */
	if (t == clock->start)
		return;
	outcome->changed = outcome->restarted = true;

	if (clock->state == CLOCK_PAUSED)
	{
		const char *reason = clock->pauses[clock->npauses - 1].reason;

		clock->npauses = 0;
		copy_pauses(clock, mem);
		add_pause(clock, t, CLOCK_NONE, reason);
	}
	else
		clock->npauses = 0;
	clock->start = clock->last = t;
}

/* Set the promise of an open clock. */
static void
set_promise(Clock *clock, int32_t promise, ClockOutcome *outcome)
{
	if (promise == clock->promise)
		return;
	outcome->changed = outcome->retargeted = true;
	outcome->old_promise = clock->promise;
	clock->promise = promise;
}

/*
 * Begin the cycle after "before" (the first one if that is NULL) in
 * outcome->next.  If the clock "known" (may be NULL) is paused by a signal, so
 * is the new cycle; otherwise it is running.
 */
static void
begin(const Clock *before, const Clock *known, int64_t start, int32_t promise,
	  CoreMem *mem, ClockOutcome *outcome)
{
	Clock	   *next = &outcome->next;

	next->state = CLOCK_RUNNING;
	next->cycle = before == NULL ? 1 : before->cycle + 1;
	next->promise = promise;
	next->start = start;
	next->end = CLOCK_NONE;
	next->last = start;
	next->turned = known == NULL ? CLOCK_NONE : start;
	outcome->begins = true;
	if (known != NULL)
	{
		next->signal_reason = known->signal_reason;
		set_levels(next, known->levels & CLOCK_SIGNAL_PAUSE, NULL, start,
				   mem, outcome);
	}
}

/*
 * Begin the cycle that follows a stopped one if the metric repeats, if there
 * is a promise for it.  It inherits the row's levels, so that the row's
 * present stop does not stop it too (see stop_is_news).  The row's pause is
 * that of before, or begins now, "at".
 */
static void
begin_repeat(const Clock *clock, int levels, const char *row_reason, int64_t at,
			 ClockPromise promise, void *context, CoreMem *mem,
			 ClockOutcome *outcome)
{
	int32_t		promised = promise(context, clock->end);

	if (promised == 0)
		return;
	begin(clock, clock, clock->end, promised, mem, outcome);
	set_levels(&outcome->next, levels & (CLOCK_ROW | CLOCK_SIGNAL_PAUSE),
			   row_reason, later_of(at, clock->end), mem, outcome);
}

bool
clock_take_up(Clock *clock, ClockPromise promise, void *context, CoreMem *mem)
{
	if (!(clock->levels & CLOCK_UNTRACKED) || promise(context, clock->start) == 0)
		return false;
	clock->levels &= ~CLOCK_UNTRACKED;
	clock->state = CLOCK_RUNNING;
	if ((clock->levels & CLOCK_PAUSE) && clock->npauses > 0 &&
		clock->pauses[clock->npauses - 1].during.to == clock->end)
	{
		copy_pauses(clock, mem);
		clock->pauses[clock->npauses - 1].during.to = CLOCK_NONE;
		clock->state = CLOCK_PAUSED;
	}
	clock->end = CLOCK_NONE;
	return true;
}

/*
 * Rows
 */

static int
row_levels(const ClockRow *row)
{
	if (row->gone)
		return CLOCK_ROW_CANCEL;
	return (row->stop ? CLOCK_ROW_STOP : 0) |
		(row->pause ? CLOCK_ROW_PAUSE : 0) |
		(row->cancel ? CLOCK_ROW_CANCEL : 0);
}

/* The time that the row tells, or that of the event if it is stale or none. */
static int64_t
told_time(const ClockRow *row, int64_t told, int64_t turned)
{
	return told > turned ? told : row->at;
}

/*
 * Does the row's stop stop this cycle?  Not if the row already showed it when
 * the cycle began, unless its time says that it is a later one.
 */
static bool
stop_is_news(const Clock *clock, const ClockRow *row)
{
	return row->stop &&
		((clock->levels & CLOCK_ROW_STOP) == 0 ||
		 (row->stop_at > clock->turned && row->stop_at >= clock->start));
}

/* Begin a cycle started by the row, after "before" or as the first (NULL). */
static void
begin_by_row(const Clock *before, const ClockRow *row, CoreMem *mem,
			 ClockOutcome *outcome)
{
	Clock	   *next = &outcome->next;
	const Clock *known = row->from != NULL ? row->from : before;
	int64_t		told = told_time(row, row->start_at,
								 known == NULL ? CLOCK_NONE : known->turned);
	int64_t		start = before == NULL ? told : later_of(told, later_of(before->last, before->end));
	int			levels = row_levels(row);
	int32_t		promised;

	if (row->from != NULL)
	{
		/* an item cancelled by a signal gets no new clock when handed on */
		if (row->from->levels & CLOCK_SIGNAL_CANCEL)
			return;
		if (clock_item_is_stopped(row->from))
			levels |= CLOCK_SIGNAL_STOP;
		/* nor does one that was cancelled and is done */
		if (row->from->state == CLOCK_CANCELLED && (levels & CLOCK_STOP))
			return;
		start = later_of(start, row->from->last);
	}
	promised = row->promise(row->context, start);
	if (promised == 0)
		return;
	if (told < start)
	{
		outcome->late = true;
		outcome->told = told;
	}
	begin(before, known, start, promised, mem, outcome);

	/* a stop from before the item was handed on does not stop this clock */
	if (row->from != NULL)
		next->turned = clock_is_open(row->from) ? row->from->turned : start;

	/* nor does one in spite of which the previous clock is still open */
	if ((levels & CLOCK_STOP) && (row->from == NULL || !clock_is_open(row->from)))
	{
		next->levels |= levels;
		finish(next, CLOCK_STOPPED,
			   row->stop ? told_time(row, row->stop_at, next->turned) : row->at,
			   mem, outcome);
	}
	else
		set_levels(next, row_levels(row) | next->levels, row->reason, row->at,
				   mem, outcome);
}

/*
 * Apply on_retarget if the promise for an open clock has changed.  A restarted
 * clock gets the promise for its new start: with that for the old start, the
 * next row would restart it again.
 */
static void
retarget(Clock *clock, const ClockRules *rules, const ClockRow *row,
		 int32_t promise, CoreMem *mem, ClockOutcome *outcome)
{
	if (promise == clock->promise || rules->on_retarget == CLOCK_KEEP_PROMISE)
		return;

	outcome->changed = true;
	if (rules->on_retarget == CLOCK_RESTART)
	{
		promise = row->promise(row->context, later_of(row->at, clock->last));
		if (promise == 0)
		{
			finish(clock, CLOCK_CANCELLED, row->at, mem, outcome);
			return;
		}
		restart(clock, row->at, mem, outcome);
	}
	set_promise(clock, promise, outcome);
}

/* Apply a row to an open clock. */
static void
row_on_open(Clock *clock, const ClockRules *rules, const ClockRow *row,
			CoreMem *mem, ClockOutcome *outcome)
{
	int32_t		promise = row->gone ? 0 : row->promise(row->context, clock->start);
	int			levels = row_levels(row) | (clock->levels & CLOCK_SIGNAL);

	/* if a signal began this cycle despite the row's cancel, ignore that */
	if (promise == 0 || (row->cancel && (clock->levels & CLOCK_ROW_CANCEL) == 0))
	{
		finish(clock, CLOCK_CANCELLED, row->at, mem, outcome);
		clock->levels = levels;
		outcome->changed = true;
	}
	else if (stop_is_news(clock, row))
	{
		finish(clock, CLOCK_STOPPED, told_time(row, row->stop_at, clock->turned),
			   mem, outcome);
		clock->levels = levels;
		outcome->changed = true;
	}
	else
	{
		bool		said = ((levels ^ clock->levels) & CLOCK_ROW_PAUSE) != 0;

		outcome->changed = set_levels(clock, levels, row->reason, row->at, mem,
									  outcome);
		if (said && rules->starts_by_event && row->at < clock->start)
		{
			outcome->late = true;
			outcome->told = row->at;
		}
		retarget(clock, rules, row, promise, mem, outcome);
	}
}

/* Reopen a stopped clock, turning the time since the stop into a pause. */
static void
continue_stopped(Clock *clock, const ClockRules *rules, const ClockRow *row,
				 CoreMem *mem, ClockOutcome *outcome)
{
	int32_t		promise = row->promise(row->context, clock->start);
	int64_t		t;

	if (promise == 0)
		return;
	t = fact_time(clock, row->at, outcome);
	if (t > clock->end)
	{
		copy_pauses(clock, mem);
		add_pause(clock, clock->end, t, CLOCK_CLOSED_REASON);
	}
	clock->state = CLOCK_RUNNING;
	clock->end = CLOCK_NONE;
	clock->last = clock->turned = t;
	outcome->changed = true;
	set_levels(clock, row_levels(row) | (clock->levels & CLOCK_SIGNAL),
			   row->reason, t, mem, outcome);
	retarget(clock, rules, row, promise, mem, outcome);
}

/* Apply a row to a finished clock; "before" are its levels before this row. */
static void
row_on_finished(Clock *clock, const ClockRules *rules, const ClockRow *row,
				int before, CoreMem *mem, ClockOutcome *outcome)
{
	int			levels = row_levels(row) | (clock->levels & CLOCK_SIGNAL);
	bool		stopped = clock->state == CLOCK_STOPPED;

	if (levels & CLOCK_CANCEL)
		 /* nothing begins */ ;
	else if (row->stop && row->from != NULL && clock_is_open(row->from))
	{
		/* handed on in a cycle that goes on in spite of the row's stop */
		if ((levels & CLOCK_SIGNAL_STOP) == 0 &&
			(rules->repeats || rules->on_reopen != CLOCK_IGNORE))
			begin_by_row(clock, row, mem, outcome);
	}
	else if (levels & CLOCK_STOP)
	{
		/* a metric that repeats: the next cycle begins at the stop */
		if (stopped && rules->repeats && row->stop)
			begin_repeat(clock, levels, row->reason,
						 before & CLOCK_ROW_PAUSE ? clock->end : row->at,
						 row->promise, row->context, mem, outcome);
	}
	else if (stopped && rules->on_reopen == CLOCK_CONTINUE && !rules->repeats)
		continue_stopped(clock, rules, row, mem, outcome);
	else if (row->start && rules->on_reopen != CLOCK_IGNORE)
		begin_by_row(clock, row, mem, outcome);

	/* if another cycle begins, this one keeps the levels that it ended with */
	if (!outcome->begins && !(clock->levels & CLOCK_UNTRACKED) && clock->levels != levels)
	{
		clock->levels = levels;
		outcome->changed = true;
	}
}

void
clock_apply_row(Clock *clock, const ClockRules *rules, const ClockRow *row,
				CoreMem *mem, ClockOutcome *outcome)
{
	int			before;

	memset(outcome, 0, sizeof(*outcome));
	if (clock == NULL)
	{
		if (row->start && !row->gone && !row->cancel)
			begin_by_row(NULL, row, mem, outcome);
		return;
	}

	/*
	 * If the clock has just ended, another cycle may begin at once: because
	 * the metric repeats, or because there is a promise for a clock that
	 * starts now, but no longer for the old start.
	 */
	before = clock->levels;
	if (clock_is_open(clock))
		row_on_open(clock, rules, row, mem, outcome);
	else
		row_on_finished(clock, rules, row, before, mem, outcome);
	if (outcome->changed && !clock_is_open(clock) && !outcome->begins)
		row_on_finished(clock, rules, row, before, mem, outcome);
}

/*
 * Signals
 */

/*
 * The reason for which the row pauses a clock (may be NULL), as far as it can
 * be told without the row: that of the pause it is in, or was in when it ended.
 */
static const char *
known_row_reason(const Clock *clock)
{
	const ClockPause *pause;

	if (clock == NULL || (clock->levels & CLOCK_ROW_PAUSE) == 0 || clock->npauses == 0)
		return NULL;
	pause = &clock->pauses[clock->npauses - 1];
	return pause->during.to == clock->end ? pause->reason : NULL;
}

/* "start", if there is no clock (NULL) or a finished one */
static void
signal_start(Clock *clock, const ClockRules *rules, const ClockSignal *signal,
			 CoreMem *mem, ClockOutcome *outcome)
{
	const Clock *known = clock != NULL ? clock : signal->from;
	int64_t		start = known == NULL ? signal->at : later_of(signal->at, known->last);
	const ClockRow *row = signal->row;
	int32_t		promised = 0;
	int			levels;

	if (!signal->elsewhere && (known == NULL || rules->on_reopen != CLOCK_IGNORE))
		promised = signal->promise(signal->context, start);
	if (promised != 0)
	{
		begin(clock, known, start, promised, mem, outcome);
		outcome->late = signal->at < start;
		outcome->told = signal->at;
		levels = outcome->next.levels;
		if (clock != NULL)
			levels |= clock->levels & CLOCK_ROW;
		else if (row != NULL)
			levels |= row_levels(row);
		set_levels(&outcome->next, levels,
				   row != NULL ? row->reason : known_row_reason(clock),
				   start, mem, outcome);
	}
	else if (clock != NULL && (clock->levels & CLOCK_SIGNAL_END))
	{
		clock->levels &= ~CLOCK_SIGNAL_END;
		outcome->changed = true;
	}
}

/* "pause", or "resume", which has no reason */
static void
signal_pause(Clock *clock, const ClockSignal *signal, CoreMem *mem,
			 ClockOutcome *outcome)
{
	bool		pause = signal->action == CLOCK_DO_PAUSE;
	const char *reason = pause ? signal->reason : NULL;
	const char *row_reason = known_row_reason(clock);
	int			levels = pause ? clock->levels | CLOCK_SIGNAL_PAUSE :
		clock->levels & ~CLOCK_SIGNAL_PAUSE;

	outcome->changed = levels != clock->levels ||
		!same_reason(clock->signal_reason, reason);
	if (!outcome->changed)
		return;
	clock->signal_reason = reason;
	if (clock_is_open(clock))
	{
		/* advance clock->last even if only the signal's reason changed */
		clock->last = level_time(clock, signal->at, outcome);
		set_levels(clock, levels, row_reason, clock->last, mem, outcome);
	}
	else
		clock->levels = levels;
}

/* "stop" or "cancel" */
static void
signal_finish(Clock *clock, const ClockRules *rules, const ClockSignal *signal,
			  CoreMem *mem, ClockOutcome *outcome)
{
	bool		stop = signal->action == CLOCK_DO_STOP;
	bool		pulse = stop && rules->repeats;
	bool		open = clock_is_open(clock);
	int			levels = clock->levels;
	const char *row_reason = known_row_reason(clock);

	if (!pulse)
		levels = (levels & ~CLOCK_CORRECTED) | (stop ? CLOCK_SIGNAL_STOP : CLOCK_SIGNAL_CANCEL);
	outcome->changed = open || levels != clock->levels;
	clock->levels = levels;
	if (!open)
		return;
	finish(clock, stop ? CLOCK_STOPPED : CLOCK_CANCELLED, signal->at, mem, outcome);
	if (pulse)
		begin_repeat(clock, levels, row_reason, clock->end, signal->promise,
					 signal->context, mem, outcome);
}

/* "reset": as in retarget(), no promise for the new start ends the clock. */
static void
signal_reset(Clock *clock, const ClockRules *rules, const ClockSignal *signal,
			 CoreMem *mem, ClockOutcome *outcome)
{
	int32_t		promised;

	restart(clock, signal->at, mem, outcome);
	if (!outcome->restarted)
		return;
	promised = signal->promise(signal->context, clock->start);
	if (promised == 0)
		finish(clock, CLOCK_CANCELLED, clock->start, mem, outcome);
	else if (rules->on_retarget != CLOCK_KEEP_PROMISE)
		set_promise(clock, promised, outcome);
}

void
clock_apply_signal(Clock *clock, const ClockRules *rules,
				   const ClockSignal *signal, CoreMem *mem,
				   ClockOutcome *outcome)
{
	bool		open = clock != NULL && clock_is_open(clock);

	memset(outcome, 0, sizeof(*outcome));
	if (clock == NULL && signal->action != CLOCK_DO_START)
		return;

	switch (signal->action)
	{
		case CLOCK_DO_START:
			if (!open)
				signal_start(clock, rules, signal, mem, outcome);
			break;
		case CLOCK_DO_PAUSE:
		case CLOCK_DO_RESUME:
			signal_pause(clock, signal, mem, outcome);
			break;
		case CLOCK_DO_STOP:
		case CLOCK_DO_CANCEL:
			signal_finish(clock, rules, signal, mem, outcome);
			break;
		case CLOCK_DO_RESET:
			if (open)
				signal_reset(clock, rules, signal, mem, outcome);
			break;
	}

	/* on a finished clock, the next cycle must not begin before the signal */
	if (!open && outcome->changed)
		clock->last = later_of(clock->last, signal->at);
}
