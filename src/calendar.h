/*-------------------------------------------------------------------------
 *
 * calendar.h
 *	  Named calendars: a cache over sla.calendar and sla.holiday that is
 *	  consistent with the snapshot of each statement.
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
 * What a snapshot can see, in a form that can be compared.  The snapshots that
 * a backend takes are totally ordered: a later one has a higher xmax, or the
 * same xmax and fewer transactions in progress, or differs only in the command
 * counter of our own transaction.
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
	HoursImage *image;			/* NULL if never loaded */
	uint64		statement;		/* the last statement for which it was valid */

	/* when the image was loaded: */
	SnapshotReach reach;		/* the snapshot */
	uint64		generation;		/* value of calendar_generation */
	bool		settled;		/* there was no newer version, committed or
								 * not */
} CalendarEntry;

/*
 * The current statement, in the sense that a new one begins when a calendar is
 * requested under another snapshot.
 */
typedef struct CalendarStatement
{
	uint64		number;
	SnapshotReach reach;
	uint64		generation;
} CalendarStatement;

extern CalendarStatement calendar_statement;
extern uint64 calendar_generation;	/* counts invalidations */
extern uint64 calendar_epoch;	/* changes when entries are freed; pointers to
								 * them are then invalid */
extern char *sla_calendar_setting;	/* sla_tracker.calendar */

extern void calendar_init(void);
extern void calendar_begin_statement(void);
extern CalendarEntry *calendar_find(const char *name, int length);
extern void calendar_refresh(CalendarEntry *entry);

/* A holiday of a calendar, or of one that it combines, for explanations. */
typedef struct CalendarHoliday
{
	int32		date;
	const char *zone;
	const char *name;			/* or NULL */
} CalendarHoliday;

/*
 * All holidays of a calendar, as a list of CalendarHoliday; if it combines
 * others, theirs in that order.  They are as they were just before an instant,
 * or as they are now (DT_NOEND).
 */
extern List *calendar_holidays(const char *name, int length, TimestampTz before);

/*
 * The image of a calendar as it was just before an instant, or as it is now
 * (DT_NOEND); NULL if the calendar, or one that it combines, did not exist then.
 * *changed is set to the time of the last change before that, or to DT_NOBEGIN
 * if there is none.  Not cached.
 */
extern HoursImage *calendar_image_before(const char *name, int length, TimestampTz before,
										 TimestampTz *changed);

/* The default calendar, sla_tracker.calendar; an error if that is not set. */
extern const char *calendar_default(int *length);

/* Is the active snapshot still that of calendar_statement? */
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
 * If the name of a calendar comes from a column it is looked up for every row.
 * This hash table leads directly from the name to the timeline.  A slot is valid
 * as long as its "turn" equals hours_turn; the caller has to check that the same
 * is true of its CallCache.
 *
 * The key is the name as two words, padded with zero bytes, which do not occur
 * in names.  Names longer than CALENDAR_SLOT_NAME are not in this table.
 */
typedef struct CalendarSlot
{
	uint64		head;
	uint64		tail;
	const Timeline *timeline;
	uint64		turn;			/* 0 if the slot is free */
} CalendarSlot;

#define CALENDAR_SLOT_NAME	16

typedef struct CalendarSlots
{
	CalendarSlot *slot;
	uint32		mask;			/* number of slots, a power of two, minus 1 */
	uint32		shift;			/* 64 minus the logarithm of that number */
	uint32		used;
} CalendarSlots;

extern CalendarSlots calendar_slots;

/* Put the timeline of a calendar, which must be current, into the table. */
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
 * The slot at which to begin probing.  Names that end in a number often differ
 * in a single byte; the highest bits of the product depend on all bytes.
 */
CORE_INLINE uint32
calendar_slot_home(uint64 head, uint64 tail)
{
	return (uint32) (((head ^ (tail << 29 | tail >> 35)) * UINT64CONST(0x9E3779B97F4A7C15)) >>
					 calendar_slots.shift);
}

/* The timeline in the table for a name, or NULL. */
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
 * The image of a constant calendar if this call site has already looked it up in
 * the current statement; else NULL.
 */
static inline HoursImage *
calendar_image_at_hand(const CallCache *cache)
{
	return likely(cache->statement == calendar_statement.number &&
				  (cache->one_snapshot || calendar_statement_is_current())) ?
		cache->image : NULL;
}

/*
 * The image of a named calendar as the active snapshot sees it; an error if it
 * does not exist.  "constant" tells that this call site always uses the same
 * name.
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
