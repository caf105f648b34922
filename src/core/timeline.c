/*-------------------------------------------------------------------------
 *
 * timeline.c
 *	  Queries on a compiled timeline.
 *
 * They are based on two functions: position() computes B(t), and find_bucket()
 * finds the bucket in which B reaches a given value.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "timeline.h"

/*
 * The functions with an argument "form" are inlined with a constant, so that
 * there is specialized code for each form of timeline.
 */

/* The bucket of an instant inside the window. */
CORE_INLINE int32_t
bucket_of(const Timeline *tl, int64_t t)
{
	return (int32_t) ((uint64_t) (t - tl->base) / CORE_USECS_PER_DAY);
}

CORE_INLINE int64_t
bucket_start(const Timeline *tl, int32_t i)
{
	return tl->base + i * CORE_USECS_PER_DAY;
}

/* The entry of bucket i; not for the wide form. */
CORE_INLINE NarrowDay
bucket_entry(const Timeline *tl, int32_t i, const TimelineForm form)
{
	NarrowDay	day;

	if (form == TIMELINE_WEEKS)
	{
		uint32_t	w = (uint32_t) i / 7;
		uint32_t	k = (uint32_t) i - 7 * w;
		const Week *week = &tl->day.week[w];
		const WeekShape *shape = &tl->week_shapes[week->shape];

		day.cum = week->cum + shape->cum[k];
		day.open = shape->open[k];
		day.close = shape->close[k];
	}
	else
		day = tl->day.narrow[i];
	return day;
}

/*
 * B at the start of bucket i, in units: microseconds in the wide form, minutes
 * in the others.
 */
CORE_INLINE int64_t
bucket_units(const Timeline *tl, int32_t i, const TimelineForm form)
{
	return form == TIMELINE_WIDE ? tl->day.wide[i].cum :
		(int64_t) bucket_entry(tl, i, form).cum;
}

CORE_INLINE int64_t
unit_usecs(const TimelineForm form)
{
	return form == TIMELINE_WIDE ? 1 : CORE_USECS_PER_MINUTE;
}

/*
 * The shape of bucket i.  If its entry contains the only span, return NULL and
 * copy the entry to *plain.
 */
CORE_INLINE const BucketShape *
bucket_shape(const Timeline *tl, int32_t i, const TimelineForm form, NarrowDay *plain)
{
	if (form == TIMELINE_WIDE)
		return &tl->shapes[tl->day.wide[i].shape];
	*plain = bucket_entry(tl, i, form);
	return plain->open == TIMELINE_SHAPED ? &tl->shapes[plain->close] : NULL;
}

/* The part of a span that lies before a time of its bucket. */
CORE_INLINE int64_t
span_before(const ShapeSpan *span, int64_t time)
{
	time = time < span->from ? span->from : time;
	return (time < span->to ? time : span->to) - span->from;
}

/* The open time in bucket i before a time of it. */
CORE_INLINE int64_t
open_before(const Timeline *tl, int32_t i, int64_t time, const TimelineForm form)
{
	NarrowDay	plain = {0, 0, 0};
	const BucketShape *shape = bucket_shape(tl, i, form, &plain);
	const ShapeSpan *span;
	int64_t		before = 0;

	if (shape == NULL)
		return timeline_clamp(&plain, time) - plain.open * CORE_USECS_PER_MINUTE;

	/* compute two spans without branches, which would be mispredicted */
	span = &tl->spans[shape->first];
	if (shape->nspans <= TIMELINE_SHAPE_ROOM)
		return span_before(&span[0], time) + span_before(&span[1], time);
	for (uint32_t k = 0; k < shape->nspans && span[k].from < time; k++)
		before = span[k].before + span_before(&span[k], time);
	return before;
}

CORE_INLINE int64_t
position(const Timeline *tl, int64_t t, const TimelineForm form)
{
	int32_t		i = bucket_of(tl, t);

	return bucket_units(tl, i, form) * unit_usecs(form) +
		open_before(tl, i, t - bucket_start(tl, i), form);
}

int64_t
timeline_position(const Timeline *tl, int64_t t)
{
	switch (tl->form)
	{
		case TIMELINE_WIDE:
			return position(tl, t, TIMELINE_WIDE);
		case TIMELINE_WEEKS:
			return position(tl, t, TIMELINE_WEEKS);
		case TIMELINE_NARROW:
			break;
	}
	return position(tl, t, TIMELINE_NARROW);
}

int64_t
timeline_between(const Timeline *tl, int64_t a, int64_t b)
{
	switch (tl->form)
	{
		case TIMELINE_WIDE:
			return position(tl, b, TIMELINE_WIDE) - position(tl, a, TIMELINE_WIDE);
		case TIMELINE_WEEKS:
			return position(tl, b, TIMELINE_WEEKS) - position(tl, a, TIMELINE_WEEKS);
		case TIMELINE_NARROW:
			break;
	}
	return position(tl, b, TIMELINE_NARROW) - position(tl, a, TIMELINE_NARROW);
}

/* At how many of the buckets i + 1 to i + TIMELINE_STRIDE is B less than "units"? */
CORE_INLINE int
passed_of_stride(const Timeline *tl, int32_t i, int64_t units, const bool wide)
{
	const WideDay *day = tl->day.wide + i;

	if (!wide)
		return timeline_passed(tl->day.narrow + i, (uint32_t) units);
	return (day[1].cum < units) + (day[2].cum < units) +
		(day[3].cum < units) + (day[4].cum < units) +
		(day[5].cum < units) + (day[6].cum < units) +
		(day[7].cum < units) + (day[8].cum < units);
}

/* find_bucket() for the form of weeks */
CORE_INLINE int32_t
find_bucket_of_weeks(const Timeline *tl, uint32_t units, int32_t near)
{
	uint32_t	w = (uint32_t) near / 7;
	const Week *week = &tl->day.week[w];
	const uint16_t *cum;

	if (week->cum >= units || week[TIMELINE_WEEKS_AHEAD].cum < units)
	{
		w = (uint32_t) tl->index[(units - 1) >> tl->index_shift] << tl->index_scale;
		while (tl->day.week[w + TIMELINE_WEEKS_AHEAD].cum < units)
			w += TIMELINE_WEEKS_AHEAD;
		week = &tl->day.week[w];
	}
	w = (uint32_t) ((week[1].cum < units) + (week[2].cum < units));
	week += w;
	units -= week->cum;
	cum = tl->week_shapes[week->shape].cum;
	return (int32_t) (week - tl->day.week) * 7 +
		(cum[1] < units) + (cum[2] < units) + (cum[3] < units) +
		(cum[4] < units) + (cum[5] < units) + (cum[6] < units);
}

/*
 * The first bucket at whose end B has reached p or, if "reach" is false,
 * exceeds it.  This must be inside the window.  The buckets after "near" are
 * tried first; the index is used if the result is not among them.
 */
CORE_INLINE int32_t
find_bucket(const Timeline *tl, int64_t p, int32_t near, bool reach,
			const TimelineForm form)
{
	uint64_t	unit = unit_usecs(form);
	int64_t		units = reach ? ((uint64_t) p + unit - 1) / unit : (uint64_t) p / unit + 1;
	const bool	wide = form == TIMELINE_WIDE;
	int32_t		i = near;
	int			passed;

	if (form == TIMELINE_WEEKS)
		return find_bucket_of_weeks(tl, (uint32_t) units, near);
	if (bucket_units(tl, i, form) >= units || bucket_units(tl, i + TIMELINE_STRIDE, form) < units)
		i = tl->index[(uint64_t) (units - 1) >> tl->index_shift] << tl->index_scale;
	while ((passed = passed_of_stride(tl, i, units, wide)) == TIMELINE_STRIDE)
		i += TIMELINE_STRIDE;
	return i + passed;
}

CORE_INLINE int64_t
add(const Timeline *tl, int64_t t, int64_t d, const TimelineForm form)
{
	int32_t		i = bucket_of(tl, t);
	bool		forward = d > 0;
	int64_t		p = position(tl, t, form);
	NarrowDay	plain = {0, 0, 0};
	const BucketShape *shape;
	const ShapeSpan *span;
	int64_t		rest;

	if (forward)
	{
		if (d > tl->total - p)
			return TIMELINE_OUTSIDE;
	}
	else
	{
		if (d < -p)
			return TIMELINE_OUTSIDE;
		i = i >= TIMELINE_STRIDE ? i - TIMELINE_STRIDE + 1 : 0;
	}
	p += d;
	i = find_bucket(tl, p, i, forward, form);
	rest = p - bucket_units(tl, i, form) * unit_usecs(form);
	shape = bucket_shape(tl, i, form, &plain);
	if (shape == NULL)
		return bucket_start(tl, i) + plain.open * CORE_USECS_PER_MINUTE + rest;

	/*
	 * the first span at whose end the open time reaches (exceeds, going back)
	 * the rest
	 */
	span = &tl->spans[shape->first];
	if (shape->nspans <= TIMELINE_SHAPE_ROOM)
		span += span->to - span->from < rest + (forward ? 0 : 1);
	else
		while (span->before + (span->to - span->from) < rest + (forward ? 0 : 1))
			span++;
	return bucket_start(tl, i) + span->from + rest - span->before;
}

static __attribute__((noinline))
int64_t
add_wide(const Timeline *tl, int64_t t, int64_t d)
{
	return add(tl, t, d, TIMELINE_WIDE);
}

static __attribute__((noinline))
int64_t
add_weeks(const Timeline *tl, int64_t t, int64_t d)
{
	return add(tl, t, d, TIMELINE_WEEKS);
}

int64_t
timeline_add(const Timeline *tl, int64_t t, int64_t d)
{
	if (d == 0)
		return t;
	switch (tl->form)
	{
		case TIMELINE_WIDE:
			return add_wide(tl, t, d);
		case TIMELINE_WEEKS:
			return add_weeks(tl, t, d);
		case TIMELINE_NARROW:
			break;
	}
	return add(tl, t, d, TIMELINE_NARROW);
}

/*
 * The spans of bucket i.  If its entry contains the only one, it is returned
 * in *one.
 */
static const ShapeSpan *
bucket_spans(const Timeline *tl, int32_t i, ShapeSpan *one, int *nspans)
{
	NarrowDay	plain = {0, 0, 0};
	const BucketShape *shape = bucket_shape(tl, i, tl->form, &plain);

	if (shape == NULL)
	{
		one->from = plain.open * CORE_USECS_PER_MINUTE;
		one->to = plain.close * CORE_USECS_PER_MINUTE;
		one->before = 0;
		*nspans = plain.open < plain.close ? 1 : 0;
		return one;
	}
	*nspans = (int) shape->nspans;
	return &tl->spans[shape->first];
}

bool
timeline_is_open(const Timeline *tl, int64_t t)
{
	int32_t		i = bucket_of(tl, t);
	int64_t		time = t - bucket_start(tl, i);
	int			nspans;
	ShapeSpan	one;
	const ShapeSpan *span = bucket_spans(tl, i, &one, &nspans);

	for (; nspans > 0 && span->from <= time; nspans--, span++)
		if (time < span->to)
			return true;
	return false;
}

bool
timeline_is_open_before(const Timeline *tl, int64_t t)
{
	return t > tl->base && timeline_is_open(tl, t - 1);
}

TimelineStatus
timeline_next_open(const Timeline *tl, int64_t t, int64_t *u)
{
	int64_t		p;
	int32_t		i;
	int			nspans;
	ShapeSpan	one;

	if (timeline_is_open(tl, t))
	{
		*u = t;
		return TIMELINE_OK;
	}
	p = timeline_position(tl, t);
	if (p >= tl->total)
		return TIMELINE_LATER;

	/* the next span begins where B exceeds its value at t */
	i = find_bucket(tl, p, bucket_of(tl, t), false, tl->form);
	p -= bucket_units(tl, i, tl->form) * unit_usecs(tl->form);
	for (const ShapeSpan *span = bucket_spans(tl, i, &one, &nspans);; span++)
	{
		if (span->before >= p)
		{
			*u = bucket_start(tl, i) + span->from;
			return TIMELINE_OK;
		}
	}
}

/*
 * The last bucket of a run of buckets that are open throughout, going from
 * bucket i forward or backward ("step" is 1 or -1).  Bucket i itself need only
 * be open at its edge in that direction.  Galloping search.
 */
static int32_t
last_of_run(const Timeline *tl, int32_t i, int32_t step)
{
	int32_t		most = step > 0 ? tl->ndays - 1 - i : i;
	int32_t		edge = step > 0 ? i + 1 : i;	/* bucket at whose start to
												 * begin */
	int64_t		day = CORE_USECS_PER_DAY / unit_usecs(tl->form);
	int32_t		n = 0;
	int32_t		jump = 1;
	bool		growing = true;

	/* buckets are open throughout if B grows by their full length */
	while (jump > 0)
	{
		if (n + jump <= most &&
			bucket_units(tl, edge + step * (n + jump), tl->form) -
			bucket_units(tl, edge, tl->form) == step * (n + jump) * day)
			n += jump;
		else
			growing = false;
		jump = growing ? jump * 2 : jump / 2;
	}
	return i + step * n;
}

TimelineStatus
timeline_next_close(const Timeline *tl, int64_t t, int64_t *u)
{
	TimelineStatus status = timeline_next_open(tl, t, &t);
	const ShapeSpan *span;
	int32_t		i;
	int			nspans;
	ShapeSpan	one;

	if (status != TIMELINE_OK)
		return status;

	/* find the end of the span, which may continue in later buckets */
	i = bucket_of(tl, t);
	span = bucket_spans(tl, i, &one, &nspans);
	while (bucket_start(tl, i) + span->to <= t)
		span++;
	if (span->to == CORE_USECS_PER_DAY)
	{
		i = last_of_run(tl, i, 1) + 1;
		if (i == tl->ndays)
			return TIMELINE_LATER;
		span = bucket_spans(tl, i, &one, &nspans);
		if (nspans == 0 || span->from > 0)
		{
			*u = bucket_start(tl, i);
			return TIMELINE_OK;
		}
	}
	*u = bucket_start(tl, i) + span->to;
	return TIMELINE_OK;
}

TimelineStatus
timeline_previous_close(const Timeline *tl, int64_t t, int64_t *u)
{
	int64_t		p;

	if (timeline_is_open(tl, t))
	{
		TimelineStatus status = timeline_previous_open(tl, t, &t);

		if (status != TIMELINE_OK)
			return status;
	}

	/* it is closed at t, and the last closing is where B reached its value */
	p = timeline_position(tl, t);
	if (p == 0)
		return TIMELINE_EARLIER;
	*u = timeline_add(tl, tl->base, p);
	return TIMELINE_OK;
}

TimelineStatus
timeline_previous_open(const Timeline *tl, int64_t t, int64_t *u)
{
	const ShapeSpan *span;
	int32_t		i;
	int			nspans;
	ShapeSpan	one;

	if (!timeline_is_open(tl, t))
	{
		int64_t		p = timeline_position(tl, t);

		/* go to the last instant of the span before t */
		if (p == 0)
			return TIMELINE_EARLIER;
		t = timeline_add(tl, tl->base, p) - 1;
	}

	/* find the start of the span, which may be in an earlier bucket */
	i = bucket_of(tl, t);
	span = bucket_spans(tl, i, &one, &nspans);
	while (nspans > 1 && bucket_start(tl, i) + span[1].from <= t)
	{
		span++;
		nspans--;
	}
	if (span->from == 0)
	{
		i = last_of_run(tl, i, -1) - 1;
		if (i < 0)
			return TIMELINE_EARLIER;
		span = bucket_spans(tl, i, &one, &nspans) + nspans - 1;
		if (nspans == 0 || span->to < CORE_USECS_PER_DAY)
		{
			*u = bucket_start(tl, i + 1);
			return TIMELINE_OK;
		}
	}
	*u = bucket_start(tl, i) + span->from;
	return TIMELINE_OK;
}
