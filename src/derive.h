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

#endif							/* SLA_DERIVE_H */
