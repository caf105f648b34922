/*-------------------------------------------------------------------------
 *
 * timeline.c
 *	  Answers from a compiled timeline.
 *
 * Everything rests on two functions: position(), which is B(t), and
 * find_bucket(), which finds where B reaches a value.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "timeline.h"

/*
 * The functions with a constant "wide" are expanded once for each form of
 * timeline.
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

/* B at the start of bucket i, in units: microseconds when wide, else minutes. */
CORE_INLINE int64_t
bucket_units(const Timeline *tl, int32_t i, const bool wide)
{
	return wide ? tl->day.wide[i].cum : (int64_t) tl->day.narrow[i].cum;
}

CORE_INLINE int64_t
unit_usecs(const bool wide)
{
	return wide ? 1 : CORE_USECS_PER_MINUTE;
}

/* Does bucket i consist of one span at most, held in its entry? */
CORE_INLINE bool
is_plain(const Timeline *tl, int32_t i, const bool wide)
{
	return !wide && tl->day.narrow[i].open != TIMELINE_SHAPED;
}

CORE_INLINE const BucketShape *
bucket_shape(const Timeline *tl, int32_t i, const bool wide)
{
	return &tl->shapes[wide ? tl->day.wide[i].shape : tl->day.narrow[i].close];
}

/* Open time of a span before a time of its bucket. */
CORE_INLINE int64_t
span_before(const ShapeSpan *span, int64_t time)
{
	time = time < span->from ? span->from : time;
	return (time < span->to ? time : span->to) - span->from;
}

/* Open time of bucket i before a time of it. */
CORE_INLINE int64_t
open_before(const Timeline *tl, int32_t i, int64_t time, const bool wide)
{
	if (is_plain(tl, i, wide))
	{
		const NarrowDay *day = &tl->day.narrow[i];

		return timeline_clamp(day, time) - day->open * CORE_USECS_PER_MINUTE;
	}
	else
	{
		const BucketShape *shape = bucket_shape(tl, i, wide);
		const ShapeSpan *span = &tl->spans[shape->first];
		int64_t		before = 0;

		/* two are looked at without a branch, which nobody could foresee */
		if (shape->nspans <= TIMELINE_SHAPE_ROOM)
			return span_before(&span[0], time) + span_before(&span[1], time);
		for (uint32_t k = 0; k < shape->nspans && span[k].from < time; k++)
			before = span[k].before + span_before(&span[k], time);
		return before;
	}
}

CORE_INLINE int64_t
position(const Timeline *tl, int64_t t, const bool wide)
{
	int32_t		i = bucket_of(tl, t);

	return bucket_units(tl, i, wide) * unit_usecs(wide) +
		open_before(tl, i, t - bucket_start(tl, i), wide);
}

int64_t
timeline_position(const Timeline *tl, int64_t t)
{
	return tl->wide ? position(tl, t, true) : position(tl, t, false);
}

int64_t
timeline_between(const Timeline *tl, int64_t a, int64_t b)
{
	return tl->wide ? position(tl, b, true) - position(tl, a, true) :
		position(tl, b, false) - position(tl, a, false);
}

/* How many of the buckets i to i + TIMELINE_STRIDE - 1 end with B less than "units"? */
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

/*
 * Where B reaches p (reach), or goes beyond it: the first bucket at whose end
 * it has.  p is inside the window.  The answer is looked for near a bucket at
 * whose start B is less; when it is not among the next few, the index tells
 * where it is.
 */
CORE_INLINE int32_t
find_bucket(const Timeline *tl, int64_t p, int32_t near, bool reach,
			const bool wide)
{
	uint64_t	unit = unit_usecs(wide);
	int64_t		units = reach ? ((uint64_t) p + unit - 1) / unit : (uint64_t) p / unit + 1;
	int32_t		i = near;
	int			passed;

	if (bucket_units(tl, i, wide) >= units || bucket_units(tl, i + TIMELINE_STRIDE, wide) < units)
		i = tl->index[(uint64_t) (units - 1) >> tl->index_shift] << tl->index_scale;
	while ((passed = passed_of_stride(tl, i, units, wide)) == TIMELINE_STRIDE)
		i += TIMELINE_STRIDE;
	return i + passed;
}

CORE_INLINE int64_t
add(const Timeline *tl, int64_t t, int64_t d, const bool wide)
{
	int32_t		i = bucket_of(tl, t);
	bool		forward = d > 0;
	int64_t		p = position(tl, t, wide);
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
	i = find_bucket(tl, p, i, forward, wide);
	rest = p - bucket_units(tl, i, wide) * unit_usecs(wide);
	if (is_plain(tl, i, wide))
		return bucket_start(tl, i) + tl->day.narrow[i].open * CORE_USECS_PER_MINUTE + rest;

	/* the first span that reaches, or going back exceeds, the rest */
	shape = bucket_shape(tl, i, wide);
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
	return add(tl, t, d, true);
}

int64_t
timeline_add(const Timeline *tl, int64_t t, int64_t d)
{
	if (d == 0)
		return t;
	return tl->wide ? add_wide(tl, t, d) : add(tl, t, d, false);
}

/*
 * The spans of bucket i.  The one span of a plain bucket is put into *one.
 */
static const ShapeSpan *
bucket_spans(const Timeline *tl, int32_t i, ShapeSpan *one, int *nspans)
{
	const BucketShape *shape;

	if (is_plain(tl, i, tl->wide))
	{
		const NarrowDay *day = &tl->day.narrow[i];

		one->from = day->open * CORE_USECS_PER_MINUTE;
		one->to = day->close * CORE_USECS_PER_MINUTE;
		one->before = 0;
		*nspans = day->open < day->close ? 1 : 0;
		return one;
	}
	shape = bucket_shape(tl, i, tl->wide);
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

	/* where B goes beyond its value at t, the next span begins */
	i = find_bucket(tl, p, bucket_of(tl, t), false, tl->wide);
	p -= bucket_units(tl, i, tl->wide) * unit_usecs(tl->wide);
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
 * The last bucket of a run without a closed moment, from bucket i on in steps
 * of 1 or -1; bucket i itself is taken for the first of it.
 */
static int32_t
last_of_run(const Timeline *tl, int32_t i, int32_t step)
{
	int32_t		most = step > 0 ? tl->ndays - 1 - i : i;
	int32_t		edge = step > 0 ? i + 1 : i;	/* from where the run goes on */
	int64_t		day = CORE_USECS_PER_DAY / unit_usecs(tl->wide);
	int32_t		n = 0;
	int32_t		jump = 1;
	bool		growing = true;

	/* B grows as much as time passes only where it is open all through */
	while (jump > 0)
	{
		if (n + jump <= most &&
			bucket_units(tl, edge + step * (n + jump), tl->wide) -
			bucket_units(tl, edge, tl->wide) == step * (n + jump) * day)
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

	/* to the end of the span, which may go on in the buckets that follow */
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

	/* closed at t: B was reached at the last closing */
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

		/* an instant of the last span */
		if (p == 0)
			return TIMELINE_EARLIER;
		t = timeline_add(tl, tl->base, p) - 1;
	}

	/* to the start of the span, which may begin in an earlier bucket */
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
