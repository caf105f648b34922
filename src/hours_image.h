/*-------------------------------------------------------------------------
 *
 * hours_image.h
 *	  Cache of compiled opening hours, with limited memory.
 *
 * An image represents a business_hours value in this backend: its text, the
 * parsed expression, and a timeline for a window of time, which grows as needed.
 * Equal values share an image.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_HOURS_IMAGE_H
#define SLA_HOURS_IMAGE_H

#include "sla_tracker.h"

#include "datatype/timestamp.h"

#include "core/hours.h"
#include "core/timeline.h"

typedef struct HoursImage
{
	int			length;
	const char *text;			/* canonical, not terminated; the hash key */
	HoursExpr  *expr;
	Timeline   *timeline;		/* NULL until needed, and after eviction */
	MemoryContext context;		/* of text and expr */
	MemoryContext window;		/* of the timeline */
	uint64		last_used;		/* for eviction */
	int			nrefs;			/* number of CalendarEntry that refer to this
								 * image; not freed while > 0 */
	int			ncompiles;
	double		compile_usecs;	/* of the last compilation */
} HoursImage;

/*
 * Changes when an image is freed: a pointer to an image is valid only as long as
 * this stays the same, unless its holder is counted in nrefs.
 */
extern uint64 hours_image_epoch;

/*
 * Changes when a timeline is freed, and when a new calendar_statement begins.
 * Timelines cached elsewhere are valid only as long as this stays the same.
 */
extern uint64 hours_turn;

extern int	sla_calendar_cache_kb;	/* sla_tracker.calendar_cache */

/* Find or make the image of a canonical text; an error if it is not valid. */
extern HoursImage *hours_image(const char *text, int length);

/* The image of a business_hours argument, cached in fn_extra. */
extern HoursImage *hours_image_of_arg(FunctionCallInfo fcinfo, int argno);

/* Memory used by all images, in bytes. */
extern size_t hours_images_bytes(void);

/* Iterate over all images; start with *cursor = 0.  NULL at the end. */
extern HoursImage *hours_image_next(uint32 *cursor);

/*
 * Get a timeline that covers [from, to]; an error (22008) if that is outside the
 * supported dates.
 */
extern const Timeline *hours_cover(HoursImage *image, TimestampTz from,
								   TimestampTz to);

/* The same, with business dates. */
extern const Timeline *hours_cover_dates(HoursImage *image, TimestampTz from,
										 TimestampTz to);

/*
 * Enlarge the window on the side that "status" tells; it has business dates if it
 * had them before.  NULL if it already extends to the end of the supported dates.
 */
extern const Timeline *hours_grow(HoursImage *image, TimelineStatus status);

/* Get a timeline that covers t. */
static inline const Timeline *
hours_at(HoursImage *image, TimestampTz t)
{
	if (likely(image->timeline != NULL && timeline_covers(image->timeline, t)))
		return image->timeline;
	return hours_cover(image, t, t);
}

/*
 * Arithmetic on finite instants.  If there is no result within the supported
 * dates, an error (22008) tells why.
 */

/* t plus d microseconds of business time; either sign */
extern TimestampTz hours_add(HoursImage *image, TimestampTz t, int64 d);

/* t plus n business days; either sign */
extern TimestampTz hours_add_days(HoursImage *image, TimestampTz t, int32 n);

/* see timeline_due_by() */
extern TimestampTz hours_due_by(HoursImage *image, TimestampTz t, int32 n,
								int64 cutoff, int64 due);

/*
 * Raise the error that there is no result up to the end of the supported dates
 * on the side that "status" tells, after hours_grow() has returned NULL.
 */
extern void hours_no_answer(HoursImage *image, TimelineStatus status);

/* Raise an error unless t is within the supported dates. */
extern void hours_check_instant(TimestampTz t);

extern TimestampTz hours_add_interval_slow(HoursImage *image, TimestampTz t,
										   int32 days, int64 time);
extern int64 hours_between_slow(HoursImage *image, TimestampTz a, TimestampTz b);

/*
 * t plus business days, and then business time in microseconds.  If t is
 * infinite, so is the result.
 */
static inline TimestampTz
hours_add_interval(HoursImage *image, TimestampTz t, int32 days, int64 time)
{
	const Timeline *timeline = image->timeline;

	if (likely(days == 0 && timeline != NULL && timeline_covers(timeline, t)))
	{
		TimestampTz result = timeline_add(timeline, t, time);

		if (likely(result != TIMELINE_OUTSIDE))
			return result;
	}
	return hours_add_interval_slow(image, t, days, time);
}

/* business time from a to b in microseconds; negative if b < a */
static inline int64
hours_between(HoursImage *image, TimestampTz a, TimestampTz b)
{
	const Timeline *timeline = image->timeline;

	if (likely(timeline != NULL && timeline_covers(timeline, a) &&
			   timeline_covers(timeline, b)))
		return timeline_between(timeline, a, b);
	return hours_between_slow(image, a, b);
}

#endif							/* SLA_HOURS_IMAGE_H */
