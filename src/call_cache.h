/*-------------------------------------------------------------------------
 *
 * call_cache.h
 *	  What a function caches in fn_extra between calls.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_CALL_CACHE_H
#define SLA_CALL_CACHE_H

#include "postgres.h"

#include "fmgr.h"

struct HoursImage;
struct CalendarEntry;

/*
 * fn_extra may outlive a statement (for a simple expression of PL/pgSQL it lasts
 * as long as the transaction), so its contents must be validated before use: an
 * image by its epoch, a calendar as described in calendar.h.  If "one_snapshot"
 * is set it is known not to outlive the query, so that the snapshot need not be
 * checked again for a calendar that was found once.
 */
typedef struct CallCache
{
	bool		constant;		/* the argument is a constant in the query */
	bool		named;			/* it is text, the name of a calendar, rather
								 * than business_hours */
	bool		one_snapshot;	/* the cache lives for one run of a query */
	struct HoursImage *image;
	uint64		image_epoch;	/* image is valid while hours_image_epoch is
								 * this ... */
	uint64		statement;		/* ... or, for a constant calendar, in this
								 * statement (calendar_statement.number) */

	/*
	 * While "turn" equals hours_turn, the following is valid without any
	 * further check: the timeline of a constant calendar, if it is narrow
	 * (else NULL), and the CalendarSlots of calendar.h.
	 */
	uint64		turn;
	const struct Timeline *timeline;
	uint64		calendar_epoch;
	struct CalendarEntry *calendar;
} CallCache;

extern CallCache *call_cache_create(FmgrInfo *flinfo, int argno);

/* The cache of this call site; argument argno is the one that gives the hours. */
static inline CallCache *
call_cache(FunctionCallInfo fcinfo, int argno)
{
	CallCache  *cache = fcinfo->flinfo->fn_extra;

	return likely(cache != NULL) ? cache : call_cache_create(fcinfo->flinfo, argno);
}

#endif							/* SLA_CALL_CACHE_H */
