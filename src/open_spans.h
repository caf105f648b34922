/*-------------------------------------------------------------------------
 *
 * open_spans.h
 *	  Iterating over open, closed and holiday spans, for explanations.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_OPEN_SPANS_H
#define SLA_OPEN_SPANS_H

#include "sla_tracker.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "core/timeline.h"

/* Receives a span; "what" is open, closed or holiday.  "holiday" is its name, or NULL. */
typedef void (*SpanReceiver) (void *context, TimestampTz from, TimestampTz to,
							  const char *what, const char *holiday);

/*
 * Call a function for all spans between two instants, in order.  The timeline must cover
 * both.  "holidays" is a list of CalendarHoliday.
 */
extern void walk_spans(const Timeline *timeline, List *holidays, TimestampTz from,
					   TimestampTz to, SpanReceiver receive, void *context);

#endif							/* SLA_OPEN_SPANS_H */
