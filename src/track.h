/*-------------------------------------------------------------------------
 *
 * track.h
 *	  The triggers of a tracked table.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_TRACK_H
#define SLA_TRACK_H

#include "sla_tracker.h"

#include "definition.h"

extern void track_init(void);

/* Follow the rows that the running statements have written so far. */
extern void track_follow_noted(int32 tracked_id);

/* Record in sla.sync_error, with a warning, that a row could not be followed. */
extern void track_note_error(const Definition *def, const char *item, int sqlstate);

/* Cancel the open clocks of items that are no longer in the table. */
extern void track_missing(int32 tracked_id);

#endif							/* SLA_TRACK_H */
