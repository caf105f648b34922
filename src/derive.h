/*-------------------------------------------------------------------------
 *
 * derive.h
 *	  What follows from the facts of a clock, by its promise, the calendar and
 *	  the exceptions.
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

/* Business time of opening hours, for the core. */
extern ClockTime clock_time_of(HoursImage *image);

/*
 * Set what is derived of a clock, from its facts.  Its promise must be in the
 * definition; one that is not current any more is replaced by its heir.
 */
extern void derive(Definition *def, StoredClock *clock);

/*
 * derive(), a finished clock by what its policy promises now for one that started
 * then, if it does.  (Which policy holds is not asked again: the row may say
 * something else since.)
 */
extern void derive_anew(Definition *def, StoredClock *clock);

/* The business time that a clock has used at an instant, net of exceptions. */
extern int64 derive_elapsed(const Definition *def, const StoredClock *clock, int64 at);

/*
 * By which version of its calendar a finished clock was judged: the one in force
 * just before the instant returned, or the present one (DT_NOEND), also where
 * none is known.  It is the one in force at the end if the gross verdict follows
 * by it, else the last one by which it does.
 */
extern TimestampTz derive_judged_before(Definition *def, const StoredClock *clock);

/* derive() by that version. */
extern void derive_as_judged(Definition *def, StoredClock *clock, TimestampTz before);

/*
 * When fractions of the goal's budget are used up, net of exceptions, by the
 * promise that the clock has, and the calendar that judged it; CLOCK_NONE: there
 * is no goal, or the clock is paused before.
 */
extern void derive_fractions(Definition *def, const StoredClock *clock,
							 const double *fractions, int n, int64 *at);

#endif							/* SLA_DERIVE_H */
