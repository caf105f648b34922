/*-------------------------------------------------------------------------
 *
 * timeline.c
 *	  Answers from a compiled timeline.
 *
 * Everything rests on two functions: timeline_position(), which is B(t), and
 * find_day(), which finds the bucket in which B reaches a value.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "timeline.h"

/* find_day() looks at so many buckets at once, without a branch. */
#define STRIDE	TIMELINE_SENTINELS

/* The bucket of an instant inside the window. */
static inline int32_t
bucket_of(const Timeline *tl, int64_t t)
{
	return (int32_t) ((uint64_t) (t - tl->base) / CORE_USECS_PER_DAY);
}

static inline int64_t
bucket_start(const Timeline *tl, int32_t i)
{
	return tl->base + i * CORE_USECS_PER_DAY;
}

/* B at the start of bucket i; i = ndays is the end of the window. */
static inline int64_t
bucket_cum(const Timeline *tl, int32_t i)
{
	return tl->wide ? tl->day.wide[i].cum :
		tl->day.narrow[i].cum * CORE_USECS_PER_MINUTE;
}

/*
 * The spans of bucket i.  The one span of a narrow bucket is put into *one.
 */
static inline const ShapeSpan *
bucket_spans(const Timeline *tl, int32_t i, ShapeSpan *one, int *nspans)
{
	const BucketShape *shape;

	if (tl->wide)
		shape = &tl->shapes[tl->day.wide[i].shape];
	else
	{
		const NarrowDay *day = &tl->day.narrow[i];

		if (day->open != TIMELINE_SHAPED)
		{
			one->from = day->open * CORE_USECS_PER_MINUTE;
			one->to = day->close * CORE_USECS_PER_MINUTE;
			one->before = 0;
			*nspans = day->open < day->close ? 1 : 0;
			return one;
		}
		shape = &tl->shapes[day->close];
	}
	*nspans = (int) shape->nspans;
	return &tl->spans[shape->first];
}

/* Open time of a shape before a time of its bucket. */
static inline int64_t
shape_position(const Timeline *tl, uint32_t number, int64_t time)
{
	const BucketShape *shape = &tl->shapes[number];
	const ShapeSpan *span = &tl->spans[shape->first];
	int64_t		open = 0;

	for (uint32_t i = 0; i < shape->nspans && span[i].from < time; i++)
		open = span[i].before + (time < span[i].to ? time : span[i].to) - span[i].from;
	return open;
}

int64_t
timeline_position(const Timeline *tl, int64_t t)
{
	int32_t		i = bucket_of(tl, t);
	int64_t		time = t - bucket_start(tl, i);

	if (tl->wide)
	{
		const WideDay *day = &tl->day.wide[i];

		return day->cum + shape_position(tl, day->shape, time);
	}
	else
	{
		const NarrowDay *day = &tl->day.narrow[i];
		int64_t		cum = day->cum * CORE_USECS_PER_MINUTE;
		int64_t		open;
		int64_t		close;

		if (day->open == TIMELINE_SHAPED)
			return cum + shape_position(tl, day->close, time);
		open = day->open * CORE_USECS_PER_MINUTE;
		close = day->close * CORE_USECS_PER_MINUTE;
		time = time < open ? open : time;
		time = time > close ? close : time;
		return cum + time - open;
	}
}

/*
 * The first bucket at whose end B reaches "units" (minutes in a narrow
 * timeline, microseconds in a wide one), with 0 < units <= that of the whole
 * window.  "near" is a bucket from which on to look first; when the answer is
 * not among the next few, the index tells where it is.
 */
static inline int32_t
find_day(const Timeline *tl, int64_t units, int32_t near, const bool wide)
{
#define CUM(i)	(wide ? tl->day.wide[i].cum : (int64_t) tl->day.narrow[i].cum)
	int32_t		i = near;

	if (CUM(i) >= units || CUM(i + STRIDE) < units)
		i = (int32_t) tl->index[(uint64_t) (units - 1) >> tl->index_shift];
	for (;;)
	{
		int			passed = 0;

		for (int k = 1; k <= STRIDE; k++)
			passed += CUM(i + k) < units;
		i += passed;
		if (passed < STRIDE)
			return i;
	}
#undef CUM
}

/* The bucket in which B reaches (forward) or goes beyond (backward) p. */
static inline int32_t
find_position(const Timeline *tl, int64_t p, int32_t near, bool forward)
{
	if (tl->wide)
		return find_day(tl, forward ? p : p + 1, near, true);
	else
	{
		uint64_t	up = (uint64_t) p;

		return find_day(tl,
						forward ?
						(int64_t) ((up + CORE_USECS_PER_MINUTE - 1) / CORE_USECS_PER_MINUTE) :
						(int64_t) (up / CORE_USECS_PER_MINUTE) + 1,
						near, false);
	}
}

TimelineStatus
timeline_add(const Timeline *tl, int64_t t, int64_t d, int64_t *u)
{
	int64_t		position = timeline_position(tl, t);
	int32_t		near = bucket_of(tl, t);
	bool		forward = d > 0;
	const ShapeSpan *span;
	ShapeSpan	one;
	int			nspans;
	int64_t		rest;
	int64_t		p;
	int32_t		i;

	if (d == 0)
	{
		*u = t;
		return TIMELINE_OK;
	}
	if (forward)
	{
		if (d > tl->total - position)
			return TIMELINE_LATER;
	}
	else
	{
		if (d < -position)
			return TIMELINE_EARLIER;
		near = near >= STRIDE ? near - STRIDE + 1 : 0;
	}
	p = position + d;
	i = find_position(tl, p, near, forward);
	rest = p - bucket_cum(tl, i);

	if (!tl->wide && tl->day.narrow[i].open != TIMELINE_SHAPED)
	{
		*u = bucket_start(tl, i) + tl->day.narrow[i].open * CORE_USECS_PER_MINUTE + rest;
		return TIMELINE_OK;
	}

	/* the span in which the rest is reached, or, going back, begins */
	span = bucket_spans(tl, i, &one, &nspans);
	rest += forward ? 0 : 1;
	while (span->before + (span->to - span->from) < rest)
		span++;
	rest -= forward ? 0 : 1;
	*u = bucket_start(tl, i) + span->from + rest - span->before;
	return TIMELINE_OK;
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
	int64_t		position;
	int32_t		i;
	int			nspans;
	ShapeSpan	one;

	if (timeline_is_open(tl, t))
	{
		*u = t;
		return TIMELINE_OK;
	}
	position = timeline_position(tl, t);
	if (position >= tl->total)
		return TIMELINE_LATER;

	/* where B goes beyond its value at t, the next span begins */
	i = find_position(tl, position, bucket_of(tl, t), false);
	position -= bucket_cum(tl, i);
	for (const ShapeSpan *span = bucket_spans(tl, i, &one, &nspans);; span++)
	{
		if (span->before >= position)
		{
			*u = bucket_start(tl, i) + span->from;
			return TIMELINE_OK;
		}
	}
}

TimelineStatus
timeline_next_close(const Timeline *tl, int64_t t, int64_t *u)
{
	TimelineStatus status = timeline_next_open(tl, t, &t);
	int			nspans;
	ShapeSpan	one;

	if (status != TIMELINE_OK)
		return status;

	/* to the end of the span, which may go on in the buckets that follow */
	for (int32_t i = bucket_of(tl, t); i < tl->ndays; i++)
	{
		int64_t		start = bucket_start(tl, i);
		const ShapeSpan *span = bucket_spans(tl, i, &one, &nspans);

		for (; nspans > 0 && start + span->to <= t; nspans--)
			span++;
		if (nspans == 0 || start + span->from > t)
		{
			*u = t;
			return TIMELINE_OK;
		}
		t = start + span->to;
		if (t < bucket_start(tl, i + 1))
		{
			*u = t;
			return TIMELINE_OK;
		}
	}
	return TIMELINE_LATER;
}

TimelineStatus
timeline_previous_close(const Timeline *tl, int64_t t, int64_t *u)
{
	int64_t		position;

	if (timeline_is_open(tl, t))
	{
		TimelineStatus status = timeline_previous_open(tl, t, &t);

		if (status != TIMELINE_OK)
			return status;
	}

	/* closed at t: B was reached at the last closing */
	position = timeline_position(tl, t);
	if (position == 0)
		return TIMELINE_EARLIER;
	return timeline_add(tl, tl->base, position, u);
}

TimelineStatus
timeline_previous_open(const Timeline *tl, int64_t t, int64_t *u)
{
	int			nspans;
	ShapeSpan	one;

	if (!timeline_is_open(tl, t))
	{
		int64_t		position = timeline_position(tl, t);

		/* an instant of the last span */
		if (position == 0)
			return TIMELINE_EARLIER;
		(void) timeline_add(tl, tl->base, position, &t);
		t--;
	}

	/* to the start of the span, which may begin in an earlier bucket */
	for (int32_t i = bucket_of(tl, t); i >= 0; i--)
	{
		int64_t		start = bucket_start(tl, i);
		const ShapeSpan *span = bucket_spans(tl, i, &one, &nspans);

		span += nspans;
		for (; nspans > 0 && start + span[-1].from > t; nspans--)
			span--;
		if (nspans == 0 || start + span[-1].to <= t)
		{
			/* the bucket before this one held the start */
			*u = t + 1;
			return TIMELINE_OK;
		}
		t = start + span[-1].from;
		if (t > start)
		{
			*u = t;
			return TIMELINE_OK;
		}
		t--;
	}
	return TIMELINE_EARLIER;
}
