/*-------------------------------------------------------------------------
 *
 * calendar.h
 *	  Named calendars: sla.calendar and sla.holiday through a cache that
 *	  answers every statement by that statement's own snapshot.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_CALENDAR_H
#define SLA_CALENDAR_H

#include "sla_tracker.h"

#include "utils/snapmgr.h"

#include "call_cache.h"
#include "hours_image.h"

/*
 * How far a snapshot sees.  The snapshots that one backend takes are in a
 * line: a later one has a higher xmax, or the same xmax and fewer transactions
 * in progress, or is the same but for the own transaction's command counter.
 */
typedef struct SnapshotReach
{
	TransactionId xmax;
	uint32		nrunning;
	CommandId	curcid;
} SnapshotReach;

typedef struct CalendarEntry
{
	int			length;
	char		name[BI_MAX_CALENDAR + 1];
	HoursImage *image;			/* NULL when never loaded */
	uint64		statement;		/* the last statement that found it good */

	/* what was loaded */
	SnapshotReach reach;		/* by this snapshot */
	uint64		generation;		/* after these invalidations */
	bool		settled;		/* and no newer version existed then */
} CalendarEntry;

/* The state of the running statement. */
typedef struct CalendarStatement
{
	uint64		number;
	SnapshotReach reach;
	uint64		generation;
} CalendarStatement;

extern CalendarStatement calendar_statement;
extern uint64 calendar_generation;	/* counts invalidations */
extern uint64 calendar_epoch;	/* changes when entries are freed */
extern char *sla_calendar_setting;	/* sla_tracker.calendar */

extern void calendar_init(void);
extern void calendar_begin_statement(void);
extern CalendarEntry *calendar_find(const char *name, int length);
extern void calendar_refresh(CalendarEntry *entry);

/* A holiday of a calendar or of a member of it, for explanations. */
typedef struct CalendarHoliday
{
	int32		date;
	const char *zone;
	const char *name;			/* NULL when it has none */
} CalendarHoliday;

/* All holidays of a calendar, of the members in order if it combines others. */
extern List *calendar_holidays(const char *name, int length);

/* The calendar meant where neither argument nor value names one. */
extern const char *calendar_default(int *length);

static inline bool
calendar_statement_is_current(void)
{
	Snapshot	snapshot;

	if (unlikely(!ActiveSnapshotSet()))
		return false;
	snapshot = GetActiveSnapshot();
	return snapshot->xmax == calendar_statement.reach.xmax &&
		snapshot->curcid == calendar_statement.reach.curcid &&
		snapshot->xcnt + (snapshot->takenDuringRecovery ? snapshot->subxcnt : 0) ==
		calendar_statement.reach.nrunning &&
		calendar_generation == calendar_statement.generation;
}

/*
 * The image of a constant calendar, when this call site has met it in the
 * running statement already; else NULL.
 */
static inline HoursImage *
calendar_image_at_hand(const CallCache *cache)
{
	return likely(cache->statement == calendar_statement.number &&
				  (cache->one_snapshot || calendar_statement_is_current())) ?
		cache->image : NULL;
}

/*
 * The image of a named calendar as the active snapshot sees it.  "constant"
 * says that this call site always asks for the same name.
 */
static inline HoursImage *
calendar_image(CallCache *cache, const char *name, int length, bool constant)
{
	CalendarEntry *entry = cache->calendar;

	if (unlikely(!calendar_statement_is_current()))
		calendar_begin_statement();
	if (unlikely(cache->calendar_epoch != calendar_epoch) ||
		!(entry->length == length && memcmp(entry->name, name, length) == 0))
	{
		entry = calendar_find(name, length);
		cache->calendar = entry;
		cache->calendar_epoch = calendar_epoch;
	}
	if (unlikely(entry->statement != calendar_statement.number))
		calendar_refresh(entry);
	if (constant)
	{
		cache->image = entry->image;
		cache->statement = calendar_statement.number;
	}
	return entry->image;
}

#endif							/* SLA_CALENDAR_H */
