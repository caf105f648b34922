/*-------------------------------------------------------------------------
 *
 * signals.h
 *	  Applying events that are not visible in the row of an item.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_SIGNALS_H
#define SLA_SIGNALS_H

#include "sla_tracker.h"

#include "follow.h"
#include "sources.h"

/* Apply an event; "fresh" is as in follow_signal(). */
extern void source_event_apply(int32 tracked_id, const SourceEvent *event, ItemSet *fresh,
							   FollowCounts *counts);

#endif							/* SLA_SIGNALS_H */
