/*-------------------------------------------------------------------------
 *
 * timeline.h
 *	  The compiled form of opening hours: B(t), the open time before t, and
 *	  its inverse, both in constant time.
 *
 * A timeline covers a window of time, cut into buckets of 24 hours of UTC
 * from "base" on.  An entry per bucket holds the open time before it and
 * what is open in it.  When every edge is a whole minute the entries are
 * narrow: eight bytes with the one span of the bucket in them, or with the
 * number of a shape when there are several.  Otherwise they are wide:
 * microseconds, and always a shape.  Shapes are interned, so that a regular
 * calendar has a handful of them.  Where several spans are usual, all buckets
 * have shapes.
 *
 * Of many calendars each is wanted small rather than fast: then the narrow
 * entries are folded into weeks, of which a regular calendar has a few dozen
 * different ones.
 *
 * Whatever cannot be answered inside the window says on which side more is
 * needed; the caller compiles a larger window and asks again.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_TIMELINE_H
#define SLA_TIMELINE_H

#include "core.h"
#include "hours.h"
#include "zone.h"

typedef enum TimelineStatus
{
	TIMELINE_OK,
	TIMELINE_EARLIER,			/* the answer lies before the window */
	TIMELINE_LATER				/* the answer lies behind the window */
} TimelineStatus;

/* An open span of instants, [from, to). */
typedef struct OpenSpan
{
	int64_t		from;
	int64_t		to;
} OpenSpan;

typedef struct NarrowDay
{
	uint32_t	cum;			/* open minutes before the bucket */
	uint16_t	open;			/* minute of the bucket, or TIMELINE_SHAPED */
	uint16_t	close;			/* minute of the bucket, or number of a shape */
} NarrowDay;

#define TIMELINE_SHAPED		UINT16_MAX

/* A search looks at so many buckets at once, without a branch. */
#define TIMELINE_STRIDE		8

/* It begins so many buckets before where its end is expected. */
#define TIMELINE_EARLY		3

#define TIMELINE_PACE_SHIFT	20

/* Entries behind the last bucket, so that a search may look ahead freely. */
#define TIMELINE_SENTINELS	(2 * TIMELINE_STRIDE)

/* Seven buckets: what their narrow entries say, and one entry for each week. */
typedef struct WeekShape
{
	uint16_t	cum[8];			/* open minutes of the week before each, and
								 * of all */
	uint16_t	open[8];		/* as in NarrowDay */
	uint16_t	close[8];
	uint16_t	unused[8];		/* a cache line each */
} WeekShape;

typedef struct Week
{
	uint32_t	cum;			/* open minutes before the week */
	uint32_t	shape;			/* 0 is the empty one */
} Week;

/* A search looks at so many weeks before it asks the index. */
#define TIMELINE_WEEKS_AHEAD	3

typedef enum TimelineForm
{
	TIMELINE_NARROW,
	TIMELINE_WIDE,
	TIMELINE_WEEKS
} TimelineForm;

typedef struct WideDay
{
	int64_t		cum;			/* open microseconds before the bucket */
	uint32_t	shape;			/* 0 is the empty one */
	uint32_t	unused;
} WideDay;

/* One span of a bucket's shape, microseconds after the bucket's start. */
typedef struct ShapeSpan
{
	int64_t		from;
	int64_t		to;
	int64_t		before;			/* open time of the bucket before "from" */
} ShapeSpan;

/*
 * A shape has room for two spans at least: those that it lacks are empty ones
 * at the bucket's end, so that the usual shapes are all looked at alike.
 */
typedef struct BucketShape
{
	uint32_t	first;			/* in Timeline.spans */
	uint32_t	nspans;
} BucketShape;

#define TIMELINE_SHAPE_ROOM	2

/*
 * The business dates of a window, for arithmetic in business days: made on
 * first use.  A business date is a local date whose own rules open it; of a
 * composed value, a date on which an open span begins or that is open all
 * day.
 */
#define TIMELINE_NO_OFFSET	INT32_MIN

typedef struct BusinessDates
{
	int32_t		n;
	int32_t    *date;			/* ascending */
	int64_t    *first;			/* the first opening of each */
	int32_t    *offset;			/* seconds east of UTC on each and the days
								 * around, or TIMELINE_NO_OFFSET: it changes */
	uint32_t   *rank;			/* per bucket (and one more): dates whose
								 * first opening lies before the bucket */
	uint16_t   *shape;			/* of a leaf: per local date (and one more)
								 * the shape of its plan; else NULL */
	DayShape   *shapes;
	bool		spills;			/* pieces of a leaf reach behind their date */
} BusinessDates;

typedef struct Timeline
{
	/* what is needed per row comes first */
	int64_t		base;			/* start of bucket 0 */
	int64_t		narrow_length;	/* how far from base on the instants are
								 * covered by narrow buckets; or 0 */
	union
	{
		NarrowDay  *narrow;
		WideDay    *wide;		/* ndays entries and sentinels behind */
		Week	   *week;
	}			day;
	WeekShape  *week_shapes;
	uint16_t   *index;			/* where to begin looking for each step */
	uint32_t	pace;			/* days that 2^TIMELINE_PACE_SHIFT open
								 * microseconds take on average, by 2^32 */
	int32_t		ndays;
	TimelineForm form;
	uint8_t		index_shift;	/* an index step is 2^index_shift units */
	uint8_t		index_scale;	/* an index entry counts 2^index_scale days,
								 * or weeks */
	uint32_t	nindex;
	int64_t		from;			/* the instants covered: from here, */
	int64_t		length;			/* so long */
	int64_t		total;			/* open microseconds of the window */
	BucketShape *shapes;
	ShapeSpan  *spans;
	int64_t		end;			/* end of the last bucket */
	int32_t		first_date;		/* the local date that begins at base */
	ZoneMap		zone;			/* of the value: for local dates */
	BusinessDates *dates;		/* NULL until asked for */
	size_t		bytes;			/* memory of all this */
} Timeline;

/*
 * Compile "expr" over ndays dates from first_date on (CORE_MIN_DATE to
 * CORE_MAX_DATE), into weeks if it is to be "small" and can be.  What is kept
 * comes from "result", the rest from "scratch", which the caller throws away.
 */
extern Timeline *timeline_compile(const HoursExpr *expr, int32_t first_date,
								  int32_t ndays, bool small,
								  const ZoneSource *zones, CoreMem *scratch,
								  CoreMem *result,
								  CoreError *error);

/* Add the business dates to a timeline compiled from the same expression. */
extern bool timeline_compile_dates(Timeline *tl, const HoursExpr *expr,
								   const ZoneSource *zones, CoreMem *scratch,
								   CoreMem *result, CoreError *error);

static inline bool
timeline_covers(const Timeline *tl, int64_t t)
{
	return (uint64_t) t - (uint64_t) tl->from < (uint64_t) tl->length;
}

/* Let it cover only instants of [from, to). */
static inline void
timeline_limit(Timeline *tl, int64_t from, int64_t to)
{
	tl->from = from > tl->base ? from : tl->base;
	tl->length = (to < tl->end ? to : tl->end) - tl->from;
	tl->narrow_length = tl->form == TIMELINE_NARROW && tl->from == tl->base ? tl->length : 0;
}

/* B(t) counted from the window's start; t must be covered (or be its end). */
extern int64_t timeline_position(const Timeline *tl, int64_t t);

/* B(b) - B(a); both must be covered. */
extern int64_t timeline_between(const Timeline *tl, int64_t a, int64_t b);

/*
 * t + d for a covered t.  d > 0: the earliest u with B(u) - B(t) = d; d < 0:
 * the latest u with B(t) - B(u) = -d; d = 0: t.  TIMELINE_OUTSIDE when that
 * is not in the window: later when d > 0, earlier when d < 0.
 */
#define TIMELINE_OUTSIDE	INT64_MIN
extern int64_t timeline_add(const Timeline *tl, int64_t t, int64_t d);

/* Is it open at, or just before, a covered t? */
extern bool timeline_is_open(const Timeline *tl, int64_t t);
extern bool timeline_is_open_before(const Timeline *tl, int64_t t);

/*
 * The edges around a covered t.  next_open: t itself when open, else the
 * next opening.  next_close: the first closing later than t.  previous_open
 * and previous_close: the last opening and the last closing not later than t.
 */
extern TimelineStatus timeline_next_open(const Timeline *tl, int64_t t, int64_t *u);
extern TimelineStatus timeline_next_close(const Timeline *tl, int64_t t, int64_t *u);
extern TimelineStatus timeline_previous_open(const Timeline *tl, int64_t t, int64_t *u);
extern TimelineStatus timeline_previous_close(const Timeline *tl, int64_t t, int64_t *u);

/*
 * Business days; the timeline must have its dates.  Dates are numbered as in
 * tl->dates.
 */

/* t plus n business days */
extern TimelineStatus timeline_add_days(const Timeline *tl, int64_t t,
										int32_t n, int64_t *u);

/*
 * The deadline of what is received at t and due by a local time of a business
 * date.  What is received before "cutoff" counts as received that local date,
 * also when that is closed; later, as received the next business date.  It is
 * due n business dates after the date it was received, at "due".  Both are
 * times of day in microseconds, or TIMELINE_CLOSE for the date's last closing (a
 * closed date has none: received the next business date).
 */
#define TIMELINE_CLOSE		(-1)
extern TimelineStatus timeline_due_by(const Timeline *tl, int64_t t, int32_t n,
									  int64_t cutoff, int64_t due, int64_t *u);

/*
 * The business date whose own span holds a covered t; false where no date owns
 * it (the spill of a date that is closed itself).  *until is the next instant
 * at which another date may hold it, or none.
 */
extern bool timeline_date_at(const Timeline *tl, int64_t t, int32_t *date,
							 int64_t *until);

/* The number of business dates before "date", counted from the window's start. */
extern int32_t timeline_dates_before(const Timeline *tl, int32_t date);

/*
 * What is called per row, for narrow windows: to be expanded in the caller.
 */

/* How many of the next buckets begin with less open time than "units"? */
CORE_INLINE int
timeline_passed(const NarrowDay *day, uint32_t units)
{
	return (day[1].cum < units) + (day[2].cum < units) +
		(day[3].cum < units) + (day[4].cum < units) +
		(day[5].cum < units) + (day[6].cum < units) +
		(day[7].cum < units) + (day[8].cum < units);
}

/* A time of a plain bucket: itself where open, else the edge next to it. */
CORE_INLINE int64_t
timeline_clamp(const NarrowDay *day, int64_t time)
{
	int64_t		open = day->open * CORE_USECS_PER_MINUTE;
	int64_t		close = day->close * CORE_USECS_PER_MINUTE;

	time = time < open ? open : time;
	return time < close ? time : close;
}

/*
 * timeline_add() for d > 0 where narrow buckets cover t; false where they do not,
 * when the result lies outside and where buckets of several spans are met: then
 * timeline_add() is to be asked.
 *
 * The bucket of the result is looked for where it would be if all days were
 * alike.  When it is not among those around, the index tells where it is.
 */
CORE_INLINE bool
timeline_add_ahead(const Timeline *tl, int64_t t, int64_t d, int64_t *result)
{
	uint64_t	since = (uint64_t) t - (uint64_t) tl->base;
	uint64_t	i = since / CORE_USECS_PER_DAY;
	int64_t		time = (int64_t) (since - i * CORE_USECS_PER_DAY);
	const NarrowDay *from = tl->day.narrow + i;
	const NarrowDay *day = tl->day.narrow;
	uint64_t	rest;
	uint64_t	units;
	uint64_t	ahead;

	if (since >= (uint64_t) tl->narrow_length || from->open == TIMELINE_SHAPED)
		return false;

	/* the open time to go to, counted from the bucket's start */
	rest = (uint64_t) d + (uint64_t) (timeline_clamp(from, time) - from->open * CORE_USECS_PER_MINUTE);
	units = from->cum + (rest + CORE_USECS_PER_MINUTE - 1) / CORE_USECS_PER_MINUTE;
	ahead = (((uint64_t) d >> TIMELINE_PACE_SHIFT) * tl->pace) >> 32;
	i += ahead > TIMELINE_EARLY ? ahead - TIMELINE_EARLY : 0;
	if (i <= (uint32_t) tl->ndays && day[i].cum < units && day[i + TIMELINE_STRIDE].cum >= units)
		day += i;
	else
	{
		if (units > day[tl->ndays].cum)
			return false;
		day += ((uint32_t) tl->index[(units - 1) >> tl->index_shift] << tl->index_scale);
		while (day[TIMELINE_STRIDE].cum < units)
			day += TIMELINE_STRIDE;
	}
	day += timeline_passed(day, (uint32_t) units);
	if (day->open == TIMELINE_SHAPED)
		return false;
	*result = t - time + (day - from) * CORE_USECS_PER_DAY + (int64_t) rest +
		((int64_t) day->open + from->cum - day->cum) * CORE_USECS_PER_MINUTE;
	return true;
}

/*
 * timeline_between() where narrow buckets cover both; false where they do not, and
 * where buckets of several spans are met.
 */
CORE_INLINE bool
timeline_between_plain(const Timeline *tl, int64_t a, int64_t b, int64_t *result)
{
	uint64_t	since_a = (uint64_t) a - (uint64_t) tl->base;
	uint64_t	since_b = (uint64_t) b - (uint64_t) tl->base;
	uint64_t	i = since_a / CORE_USECS_PER_DAY;
	uint64_t	j = since_b / CORE_USECS_PER_DAY;
	const NarrowDay *day_a = tl->day.narrow + i;
	const NarrowDay *day_b = tl->day.narrow + j;

	if (since_a >= (uint64_t) tl->narrow_length || since_b >= (uint64_t) tl->narrow_length ||
		day_a->open == TIMELINE_SHAPED || day_b->open == TIMELINE_SHAPED)
		return false;
	*result = timeline_clamp(day_b, (int64_t) (since_b - j * CORE_USECS_PER_DAY)) -
		timeline_clamp(day_a, (int64_t) (since_a - i * CORE_USECS_PER_DAY)) +
		((int64_t) day_b->cum - day_b->open - ((int64_t) day_a->cum - day_a->open)) *
		CORE_USECS_PER_MINUTE;
	return true;
}

#endif							/* SLA_TIMELINE_H */
