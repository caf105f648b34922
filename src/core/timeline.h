/*-------------------------------------------------------------------------
 *
 * timeline.h
 *	  The compiled form of opening hours, which computes B(t), the open time
 *	  before t, and its inverse, both in constant time.
 *
 * A timeline covers a window of time, divided into buckets of 24 hours (of
 * UTC, not local days) that begin at "base".  Each bucket has an entry with
 * the open time before the bucket and the open spans in it.  If all edges of
 * spans are whole minutes, entries are narrow: they have eight bytes and
 * contain either the single span of the bucket or, if it has several, the
 * number of a shape.  Otherwise entries are wide: they count microseconds and
 * always refer to a shape.  Shapes are interned, and a regular calendar has
 * only a handful.  If many buckets have several spans, narrow entries refer to
 * shapes throughout, which makes branches predictable.
 *
 * If there are many calendars, timelines should be small rather than fast.
 * Then narrow entries are folded into weeks, of which a regular calendar has a
 * few dozen different ones.
 *
 * If the answer to a question lies outside the window, the status tells on
 * which side; the caller compiles a larger window and asks again.
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
	TIMELINE_LATER				/* the answer lies after the window */
} TimelineStatus;

/* An open span of instants, [from, to). */
typedef struct OpenSpan
{
	int64_t		from;
	int64_t		to;
} OpenSpan;

/* The entry of a bucket whose edges are whole minutes. */
typedef struct NarrowDay
{
	uint32_t	cum;			/* open minutes before the bucket */
	uint16_t	open;			/* minute of the bucket at which its span
								 * begins, or TIMELINE_SHAPED */
	uint16_t	close;			/* minute at which it ends, or number of the
								 * shape */
} NarrowDay;

#define TIMELINE_SHAPED		UINT16_MAX

/* Number of buckets that a search compares at once, without a branch */
#define TIMELINE_STRIDE		8

/* Number of buckets before the expected result at which a search begins */
#define TIMELINE_EARLY		3

/* Binary digits of open microseconds that Timeline.pace disregards */
#define TIMELINE_PACE_SHIFT	20

/* Entries after the last bucket, so that a search need not check for the end */
#define TIMELINE_SENTINELS	(2 * TIMELINE_STRIDE)

/* The narrow entries of seven buckets, and the entry of a week with that shape. */
typedef struct WeekShape
{
	uint16_t	cum[8];			/* open minutes of the week before each bucket
								 * and, last, in all of it */
	uint16_t	open[8];		/* as in NarrowDay */
	uint16_t	close[8];
	uint16_t	unused[8];		/* pad to the size of a cache line */
} WeekShape;

typedef struct Week
{
	uint32_t	cum;			/* open minutes before the week */
	uint32_t	shape;			/* 0 is the empty one */
} Week;

/* Number of weeks that a search looks at before it resorts to the index */
#define TIMELINE_WEEKS_AHEAD	3

typedef enum TimelineForm
{
	TIMELINE_NARROW,
	TIMELINE_WIDE,
	TIMELINE_WEEKS
} TimelineForm;

/* The entry of a bucket if not all edges are whole minutes. */
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
 * A shape has room for at least two spans; missing ones are empty spans at the
 * end of the bucket.  So shapes of up to two spans need no case distinction.
 */
typedef struct BucketShape
{
	uint32_t	first;			/* in Timeline.spans */
	uint32_t	nspans;
} BucketShape;

#define TIMELINE_SHAPE_ROOM	2

/*
 * The business dates of a window, for arithmetic in business days; made on
 * first use.  A business date is a local date that is open by the rules for
 * that date, not just because a span of the night before extends into it.  In
 * a composed value it is a date on which an open span begins or that is open
 * all day.
 */
#define TIMELINE_NO_OFFSET	INT32_MIN

typedef struct BusinessDates
{
	int32_t		n;
	int32_t    *date;			/* ascending */
	int64_t    *first;			/* instant at which each of them first opens */
	int32_t    *offset;			/* seconds east of UTC on each of them, or
								 * TIMELINE_NO_OFFSET if that changes on the
								 * date or the days around it */
	uint32_t   *rank;			/* for each bucket, and for the window's end:
								 * number of dates that first open before it */
	uint16_t   *shape;			/* for each local date of the window and the
								 * one after it: index in "shapes" of what a
								 * leaf opens on it; NULL for a composed value */
	DayShape   *shapes;
	bool		spills;			/* some shape extends beyond its date */
} BusinessDates;

typedef struct Timeline
{
	/* the fields that the per-row functions need come first */
	int64_t		base;			/* start of bucket 0 */
	int64_t		narrow_length;	/* microseconds after base that are covered
								 * and have narrow entries; 0 if the per-row
								 * functions cannot be used */
	union
	{
		NarrowDay  *narrow;
		WideDay    *wide;		/* ndays entries, then sentinels */
		Week	   *week;
	}			day;
	WeekShape  *week_shapes;
	uint16_t   *index;			/* for each step of open time, the bucket at
								 * which to begin a search for it */
	uint32_t	pace;			/* average number of days that
								 * 2^TIMELINE_PACE_SHIFT open microseconds
								 * take, multiplied by 2^32 */
	int32_t		ndays;
	TimelineForm form;
	uint8_t		index_shift;	/* an index step is 2^index_shift units
								 * (minutes, or microseconds if wide) */
	uint8_t		index_scale;	/* an index entry counts 2^index_scale days,
								 * or weeks */
	uint32_t	nindex;
	int64_t		from;			/* the first instant covered */
	int64_t		length;			/* microseconds covered from there on */
	int64_t		total;			/* open microseconds of the window */
	BucketShape *shapes;
	ShapeSpan  *spans;
	int64_t		end;			/* end of the last bucket */
	int32_t		first_date;		/* the local date that begins at base */
	ZoneMap		zone;			/* the zone whose local dates count */
	BusinessDates *dates;		/* NULL until asked for */
	size_t		bytes;			/* memory of all this */
} Timeline;

/*
 * Compile "expr" for ndays local dates beginning with first_date, which must
 * be within CORE_MIN_DATE and CORE_MAX_DATE.  If "small", try to fold the
 * entries into weeks.  The timeline is allocated from "result"; "scratch"
 * serves for working memory, which the caller frees.  Returns NULL and fills
 * in *error on failure.
 */
extern Timeline *timeline_compile(const HoursExpr *expr, int32_t first_date,
								  int32_t ndays, bool small,
								  const ZoneSource *zones, CoreMem *scratch,
								  CoreMem *result,
								  CoreError *error);

/*
 * Add the business dates to a timeline; "expr" must be the expression that it
 * was compiled from.  Returns false and fills in *error on failure.
 */
extern bool timeline_compile_dates(Timeline *tl, const HoursExpr *expr,
								   const ZoneSource *zones, CoreMem *scratch,
								   CoreMem *result, CoreError *error);

static inline bool
timeline_covers(const Timeline *tl, int64_t t)
{
	return (uint64_t) t - (uint64_t) tl->from < (uint64_t) tl->length;
}

/* Reduce the instants covered to those in [from, to). */
static inline void
timeline_limit(Timeline *tl, int64_t from, int64_t to)
{
	tl->from = from > tl->base ? from : tl->base;
	tl->length = (to < tl->end ? to : tl->end) - tl->from;
	tl->narrow_length = tl->form == TIMELINE_NARROW && tl->from == tl->base ? tl->length : 0;
}

/*
 * B(t), in microseconds since the start of the window; t must be covered or be
 * the window's end.
 */
extern int64_t timeline_position(const Timeline *tl, int64_t t);

/* B(b) - B(a) in microseconds; both must be covered. */
extern int64_t timeline_between(const Timeline *tl, int64_t a, int64_t b);

/*
 * Add d open microseconds to a covered t: for d > 0, the earliest u with
 * B(u) - B(t) = d; for d < 0, the latest u with B(t) - B(u) = -d; for d = 0, t
 * itself.  TIMELINE_OUTSIDE if that lies outside the window (after it if
 * d > 0, before it if d < 0).
 */
#define TIMELINE_OUTSIDE	INT64_MIN
extern int64_t timeline_add(const Timeline *tl, int64_t t, int64_t d);

/* Is it open at a covered t, or in the microsecond before it? */
extern bool timeline_is_open(const Timeline *tl, int64_t t);
extern bool timeline_is_open_before(const Timeline *tl, int64_t t);

/*
 * The openings and closings around a covered t.  next_open: t itself if it is
 * open then, else the next opening.  next_close: the first closing later than
 * t.  previous_open and previous_close: the last opening and the last closing
 * not later than t.
 */
extern TimelineStatus timeline_next_open(const Timeline *tl, int64_t t, int64_t *u);
extern TimelineStatus timeline_next_close(const Timeline *tl, int64_t t, int64_t *u);
extern TimelineStatus timeline_previous_open(const Timeline *tl, int64_t t, int64_t *u);
extern TimelineStatus timeline_previous_close(const Timeline *tl, int64_t t, int64_t *u);

/*
 * Business days; the timeline must have its dates.  Dates are numbered as in
 * tl->dates.
 */

/* Add n business days (may be negative) to t; business_dates.c has the rules. */
extern TimelineStatus timeline_add_days(const Timeline *tl, int64_t t,
										int32_t n, int64_t *u);

/*
 * The deadline of something that is received at t and due at a local time of a
 * business date.  If received before "cutoff" it counts as received on that
 * local date, even if that is closed; otherwise as received on the next
 * business date.  It is due at "due", n business dates after the date it counts
 * as received on.  Both are times of day in microseconds, or TIMELINE_CLOSE for
 * the last closing of the date.  With a "cutoff" of TIMELINE_CLOSE, what is
 * received on a closed date counts as received on the next business date.
 */
#define TIMELINE_CLOSE		(-1)
extern TimelineStatus timeline_due_by(const Timeline *tl, int64_t t, int32_t n,
									  int64_t cutoff, int64_t due, int64_t *u);

/*
 * The business date to which the open span around a covered t belongs; false
 * if there is none.  *until is the next instant at which the answer may be
 * another one.
 */
extern bool timeline_date_at(const Timeline *tl, int64_t t, int32_t *date,
							 int64_t *until);

/* The number of business dates of the window before "date". */
extern int32_t timeline_dates_before(const Timeline *tl, int32_t date);

/*
 * Functions that are called per row, for timelines with narrow entries; to be
 * inlined.
 */

/* How many of the next TIMELINE_STRIDE buckets have less than "units" before them? */
CORE_INLINE int
timeline_passed(const NarrowDay *day, uint32_t units)
{
	return (day[1].cum < units) + (day[2].cum < units) +
		(day[3].cum < units) + (day[4].cum < units) +
		(day[5].cum < units) + (day[6].cum < units) +
		(day[7].cum < units) + (day[8].cum < units);
}

/*
 * Limit a time of a bucket with a single span to that span, so that the open
 * time before it is its distance from the span's start.
 */
CORE_INLINE int64_t
timeline_clamp(const NarrowDay *day, int64_t time)
{
	int64_t		open = day->open * CORE_USECS_PER_MINUTE;
	int64_t		close = day->close * CORE_USECS_PER_MINUTE;

	time = time < open ? open : time;
	return time < close ? time : close;
}

/*
 * A fast timeline_add() for d > 0.  Returns false if t is not covered by narrow
 * entries, the result lies outside the window, or the bucket of t or of the
 * result has several spans; the caller then has to use timeline_add().
 *
 * It first looks for the bucket of the result where that would be if all days
 * were alike, and uses the index only if it is not near there.
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

	/* the open time to reach, counted from the start of the bucket of t */
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
 * A fast timeline_between().  Returns false if a or b is not covered by narrow
 * entries, or the bucket of either has several spans; the caller then has to
 * use timeline_between().
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
