/*-------------------------------------------------------------------------
 *
 * derive.h
 *	  Deriving deadlines and verdicts from the facts of a clock, by its promise,
 *	  the calendar and the exceptions.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_DERIVE_H
#define SLA_DERIVE_H

#include "sla_tracker.h"

#include "clock_store.h"
#include "definition.h"

/* Business time by given opening hours, for the core. */
extern ClockTime clock_time_of(HoursImage *image);

/*
 * start + goal or, if has_due_by, when so many business days are due (see
 * timeline_due_by()); not before the start.
 */
extern int64 derive_goal_at(HoursImage *image, int64 start, const BusinessInterval *goal,
							bool has_due_by, int64 cutoff, int64 due);

/*
 * Set the derived fields of a clock.  The promise of an open clock is replaced by
 * the current version of it.  An error if the promise is not in the definition.
 */
extern void derive(Definition *def, StoredClock *clock);

/*
 * derive(), but replace the promise of a finished clock by what its policy now
 * promises for a clock with this start, if it does.  The policy itself stays the
 * same, because the row may have changed since.
 */
extern void derive_anew(Definition *def, StoredClock *clock);

/* The elapsed time of a clock, in microseconds, at an instant; net of exceptions. */
extern int64 derive_elapsed(const Definition *def, const StoredClock *clock, int64 at);

/*
 * Determine the version of its calendar by which a finished clock was judged.  The
 * result is an instant just before which that version was in force, or DT_NOEND for
 * the present version, also if no version can be determined.  It is the version in
 * force at the end of the clock if that yields its gross verdict, else the latest
 * one that does.
 */
extern TimestampTz derive_judged_before(Definition *def, const StoredClock *clock);

/* derive() with that version of the calendar. */
extern void derive_as_judged(Definition *def, StoredClock *clock, TimestampTz before);

/*
 * Determine the instants at which n fractions of the budget are used up, net of
 * exceptions, by the clock's promise and the calendar by which it was judged.
 * CLOCK_NONE if there is no goal, or the clock is paused before that.
 */
extern void derive_fractions(Definition *def, const StoredClock *clock,
							 const double *fractions, int n, int64 *at);

#endif							/* SLA_DERIVE_H */
