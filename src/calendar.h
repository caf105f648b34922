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

/*
 * All holidays of a calendar, of the members in order if it combines others;
 * those in force just before an instant, or now (DT_NOEND).
 */
extern List *calendar_holidays(const char *name, int length, TimestampTz before);

/*
 * The image of a calendar as it was in force just before an instant, or is now
 * (DT_NOEND), and when it had last changed: before that it was another, unless
 * there is no earlier change (DT_NOBEGIN).  NULL: then it was not there, or a
 * calendar that it combines was not.  Not cached.
 */
extern HoursImage *calendar_image_before(const char *name, int length, TimestampTz before,
										 TimestampTz *changed);

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
 * Names that come from a column are looked up per row: in a table of small
 * slots that lead straight to the timeline.  A slot is good as long as its
 * turn is hours_turn, for a call site whose turn it is, too.
 *
 * The key is the name in two words, filled up with zero bytes, which no name
 * has; longer names are not kept here.
 */
typedef struct CalendarSlot
{
	uint64		head;
	uint64		tail;
	const Timeline *timeline;
	uint64		turn;			/* 0 when free */
} CalendarSlot;

#define CALENDAR_SLOT_NAME	16

typedef struct CalendarSlots
{
	CalendarSlot *slot;
	uint32		mask;			/* their number, a power of two, less one */
	uint32		shift;			/* 64 less its logarithm */
	uint32		used;
} CalendarSlots;

extern CalendarSlots calendar_slots;

/* Keep the timeline of a calendar, just found, in the table. */
extern void calendar_keep(const char *name, int length, const Timeline *timeline);

CORE_INLINE void
calendar_slot_key(const char *name, int length, uint64 *head, uint64 *tail)
{
	*head = *tail = 0;
#ifndef WORDS_BIGENDIAN
	if (likely(length >= 8))
	{
		int			half = 4 * (16 - length);

		memcpy(head, name, 8);
		memcpy(tail, name + length - 8, 8);
		*tail = *tail >> half >> half;
		return;
	}
	if (likely(length >= 4))
	{
		uint32		first;
		uint32		last;

		memcpy(&first, name, 4);
		memcpy(&last, name + length - 4, 4);
		*head = first | (uint64) last << 8 * (length - 4);
		return;
	}
#endif
	for (int i = 0; i < length; i++)
	{
		uint64		byte = (unsigned char) name[i];

		if (i < 8)
			*head |= byte << 8 * i;
		else
			*tail |= byte << 8 * (i - 8);
	}
}

/*
 * Where to look first.  Numbered names differ in one byte only, anywhere; the
 * highest bits of the product depend on all of them.
 */
CORE_INLINE uint32
calendar_slot_home(uint64 head, uint64 tail)
{
	return (uint32) (((head ^ (tail << 29 | tail >> 35)) * UINT64CONST(0x9E3779B97F4A7C15)) >>
					 calendar_slots.shift);
}

CORE_INLINE const Timeline *
calendar_timeline_at_hand(const char *name, int length)
{
	uint64		head;
	uint64		tail;
	uint32		i;

	if (unlikely(length > CALENDAR_SLOT_NAME))
		return NULL;
	calendar_slot_key(name, length, &head, &tail);
	for (i = calendar_slot_home(head, tail);; i++)
	{
		const CalendarSlot *slot = &calendar_slots.slot[i & calendar_slots.mask];

		if (likely(slot->head == head && slot->tail == tail))
			return likely(slot->turn == hours_turn) ? slot->timeline : NULL;
		if (slot->turn == 0)
			return NULL;
	}
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
