/*-------------------------------------------------------------------------
 *
 * call_cache.h
 *	  What a function keeps in fn_extra between the rows of a statement.
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
 * fn_extra may outlive a statement (a simple expression of PL/pgSQL keeps it
 * for the transaction), so that nothing in it is good without its checks: an
 * image as long as its epoch is the current one, a calendar as calendar.h
 * says.  "one_snapshot" is set where it is known that it does not: there a
 * calendar found once needs no look at the snapshot again.
 */
typedef struct CallCache
{
	bool		constant;		/* the argument is a literal in the query */
	bool		named;			/* it is text, a calendar's name, not hours */
	bool		one_snapshot;	/* the cache lives for one run of a query */
	struct HoursImage *image;
	uint64		image_epoch;	/* image is good in this epoch, */
	uint64		statement;		/* or, of a constant calendar, in this
								 * statement */

	/*
	 * As long as "turn" is hours_turn, what was found for the running
	 * statement is good without a look at anything else: the narrow timeline
	 * of a constant calendar, and the slots of calendar.h.
	 */
	uint64		turn;
	const struct Timeline *timeline;
	uint64		calendar_epoch;
	struct CalendarEntry *calendar;
} CallCache;

extern CallCache *call_cache_create(FmgrInfo *flinfo, int argno);

/* The cache of this call site; argument argno says which hours are meant. */
static inline CallCache *
call_cache(FunctionCallInfo fcinfo, int argno)
{
	CallCache  *cache = fcinfo->flinfo->fn_extra;

	return likely(cache != NULL) ? cache : call_cache_create(fcinfo->flinfo, argno);
}

#endif							/* SLA_CALL_CACHE_H */
