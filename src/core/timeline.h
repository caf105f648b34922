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
 * calendar has a handful of them.
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

/* Entries behind the last bucket, so that a search may look ahead freely. */
#define TIMELINE_SENTINELS	16

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

typedef struct BucketShape
{
	uint32_t	first;			/* in Timeline.spans */
	uint32_t	nspans;
} BucketShape;

/*
 * The business dates of a window, for arithmetic in business days: made on
 * first use.  A business date is a local date whose own rules open it; of a
 * composed value, a date on which an open span begins or that is open all
 * day.
 */
typedef struct BusinessDates
{
	int32_t		n;
	int32_t    *date;			/* ascending */
	int64_t    *first;			/* the first opening of each */
	uint32_t   *rank;			/* per bucket (and one more): dates whose
								 * first opening lies before the bucket */
	uint16_t   *shape;			/* of a leaf: per local date (and one more)
								 * the shape of its plan; else NULL */
	DayShape   *shapes;
} BusinessDates;

typedef struct Timeline
{
	int64_t		from;			/* the instants covered: from here, */
	int64_t		length;			/* so long */
	int64_t		base;			/* start of bucket 0 */
	int64_t		end;			/* end of the last bucket */
	int32_t		first_date;		/* the local date that begins at base */
	int32_t		ndays;
	bool		wide;
	uint8_t		index_shift;	/* an index step is 2^index_shift units */
	uint8_t		index_scale;	/* an index entry counts 2^index_scale days */
	uint32_t	nindex;
	int64_t		total;			/* open microseconds of the window */
	union
	{
		NarrowDay  *narrow;
		WideDay    *wide;		/* ndays entries and sentinels behind */
	}			day;
	uint16_t   *index;			/* where to begin looking for each step */
	BucketShape *shapes;
	ShapeSpan  *spans;
	ZoneMap		zone;			/* of the value: for local dates */
	BusinessDates *dates;		/* NULL until asked for */
	size_t		bytes;			/* memory of all this */
} Timeline;

/*
 * Compile "expr" over ndays dates from first_date on (CORE_MIN_DATE to
 * CORE_MAX_DATE).  What is kept comes from "result", the rest from "scratch",
 * which the caller throws away.
 */
extern Timeline *timeline_compile(const HoursExpr *expr, int32_t first_date,
								  int32_t ndays, const ZoneSource *zones,
								  CoreMem *scratch, CoreMem *result,
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
 * at which another date opens.
 */
extern bool timeline_date_at(const Timeline *tl, int64_t t, int32_t *date,
							 int64_t *until);

/* The number of business dates before "date", counted from the window's start. */
extern int32_t timeline_dates_before(const Timeline *tl, int32_t date);

#endif							/* SLA_TIMELINE_H */
