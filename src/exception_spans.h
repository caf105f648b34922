/*-------------------------------------------------------------------------
 *
 * exception_spans.h
 *	  The time that an exception takes out: once, or by a recurrence rule.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_EXCEPTION_SPANS_H
#define SLA_EXCEPTION_SPANS_H

#include "sla_tracker.h"

#include "datatype/timestamp.h"

#include "core/clock.h"

/*
 * The occurrences of [from, to): itself, and those of an RFC 5545 rule (NULL:
 * none) on the dates of a time zone, up to some years from now.  Each lasts from
 * and to the same local times.  In the current memory context, ascending;
 * returns their number.  Raises an error when the rule is not one.
 */
extern int	exception_spans(TimestampTz from, TimestampTz to, const char *rrule,
							const char *zone, ClockSpan **spans);

#endif							/* SLA_EXCEPTION_SPANS_H */
