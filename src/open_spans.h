/*-------------------------------------------------------------------------
 *
 * open_spans.h
 *	  Open, closed and holiday spans, for explanations.
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

/* A span; "what" is open, closed or holiday, which may have a name. */
typedef void (*SpanReceiver) (void *context, TimestampTz from, TimestampTz to,
							  const char *what, const char *holiday);

/*
 * All spans from one instant to another, in order; the timeline covers both.
 * Holidays are of CalendarHoliday.
 */
extern void walk_spans(const Timeline *timeline, List *holidays, TimestampTz from,
					   TimestampTz to, SpanReceiver receive, void *context);

#endif							/* SLA_OPEN_SPANS_H */
