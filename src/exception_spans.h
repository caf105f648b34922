/*-------------------------------------------------------------------------
 *
 * exception_spans.h
 *	  The time that an exception excludes, once or by a recurrence rule.
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
 * Get [from, to) and its recurrences by an RFC 5545 rule (may be NULL), up to some years
 * from now.  Each recurrence begins and ends at the same local times in "zone".  The
 * spans are sorted; returns their number.  An error if the rule is not valid.
 */
extern int	exception_spans(TimestampTz from, TimestampTz to, const char *rrule,
							const char *zone, ClockSpan **spans);

#endif							/* SLA_EXCEPTION_SPANS_H */
