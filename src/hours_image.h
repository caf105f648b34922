/*-------------------------------------------------------------------------
 *
 * hours_image.h
 *	  Opening hours compiled, shared by content, within a bound of memory.
 *
 * An image is one business_hours value in this backend: its text, parsed, and
 * a timeline over a window that grows outward from where the data is.  Equal
 * texts share one image.
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
	const char *text;			/* canonical, not terminated; the key */
	HoursExpr  *expr;
	Timeline   *timeline;		/* NULL until needed, or when evicted */
	MemoryContext context;		/* text and expr */
	MemoryContext window;		/* the timeline */
	uint64		last_used;		/* for eviction */
	int			nrefs;			/* named calendars that point here */
	int			ncompiles;
	double		compile_usecs;	/* of the last compilation */
} HoursImage;

/*
 * A pointer to an image is good until this number changes (and always as long
 * as nrefs counts its holder).
 */
extern uint64 hours_image_epoch;

/*
 * Changes whenever a timeline is replaced or thrown away, and when calendars are
 * asked for under another snapshot.
 */
extern uint64 hours_turn;

extern int	sla_calendar_cache_kb;	/* sla_tracker.calendar_cache */

/* The image of a canonical text; raises an error when it is not valid. */
extern HoursImage *hours_image(const char *text, int length);

/* The image that stays at hand in a function call's fn_extra. */
extern HoursImage *hours_image_of_arg(FunctionCallInfo fcinfo, int argno);

/* Memory of all images, in bytes. */
extern size_t hours_images_bytes(void);

/* For introspection: the images one by one; start with *cursor = 0. */
extern HoursImage *hours_image_next(uint32 *cursor);

/* A timeline that covers [from, to]; an error beyond the supported dates. */
extern const Timeline *hours_cover(HoursImage *image, TimestampTz from,
								   TimestampTz to);

/* The same with business dates, covering whole local dates. */
extern const Timeline *hours_cover_dates(HoursImage *image, TimestampTz from,
										 TimestampTz to);

/*
 * A larger window on the side that "status" names, with the business dates if
 * the old one had them; NULL when it already reaches as far as dates go.
 */
extern const Timeline *hours_grow(HoursImage *image, TimelineStatus status);

static inline const Timeline *
hours_at(HoursImage *image, TimestampTz t)
{
	if (likely(image->timeline != NULL && timeline_covers(image->timeline, t)))
		return image->timeline;
	return hours_cover(image, t, t);
}

/*
 * Arithmetic on finite instants; errors are raised.
 */

/* t plus d microseconds of business time */
extern TimestampTz hours_add(HoursImage *image, TimestampTz t, int64 d);

/* t plus n business days */
extern TimestampTz hours_add_days(HoursImage *image, TimestampTz t, int32 n);

/* timeline_due_by() */
extern TimestampTz hours_due_by(HoursImage *image, TimestampTz t, int32 n,
								int64 cutoff, int64 due);

/*
 * Raise the error that there is no answer up to the end of the supported dates
 * on the side that "status" names; hours_grow() has returned NULL.
 */
extern void hours_no_answer(HoursImage *image, TimelineStatus status);

/* An error unless business time can be computed from there. */
extern void hours_check_instant(TimestampTz t);

extern TimestampTz hours_add_interval_slow(HoursImage *image, TimestampTz t,
										   int32 days, int64 time);
extern int64 hours_between_slow(HoursImage *image, TimestampTz a, TimestampTz b);

/* t, which may be infinite, plus business days and then business time */
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

/* business time from a to b in microseconds */
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
