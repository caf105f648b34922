/*-------------------------------------------------------------------------
 *
 * business_dates.c
 *	  Arithmetic in business days.
 *
 * A business date owns spans: those that its own rules open, including the part
 * after midnight.  A time "on the clock of a date" may therefore be 27:00.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "timeline.h"

/*
 * All spans of a date end within this many days after it begins.  A span ends
 * at 48:00 at the latest; the third day allows for changes of the offset.
 */
#define REACH_DAYS		3

/* Iterator over the spans that a business date owns. */
typedef struct OwnSpans
{
	const Timeline *tl;
	int32_t		k;
	int64_t		next;			/* composed value: where to continue */
	int64_t		midnight;		/* leaf: local midnight that pieces refer to */
	const DayShape *shape;		/* leaf: the pieces; else NULL */
	int			piece;
	bool		spill;			/* looking at the pieces after midnight, in
								 * the next date's shape */
} OwnSpans;

/* Convert a local time of business date k, or of the days after it, to UTC. */
static inline int64_t
date_instant(const Timeline *tl, int32_t k, int64_t local)
{
	int32_t		offset = tl->dates->offset[k];

	return offset != TIMELINE_NO_OFFSET ? local - offset * CORE_USECS_PER_SEC :
		zone_instant(&tl->zone, local);
}

static OwnSpans
own_spans(const Timeline *tl, int32_t k)
{
	const BusinessDates *dates = tl->dates;
	OwnSpans	own = {0};

	own.tl = tl;
	own.k = k;
	own.next = dates->first[k];
	if (dates->shape != NULL)
	{
		own.midnight = dates->date[k] * CORE_USECS_PER_DAY;
		own.shape = &dates->shapes[dates->shape[dates->date[k] - tl->first_date]];
	}
	return own;
}

/*
 * Get the next span.  In a leaf a date owns its "own" pieces and those of the
 * next date that are not.  In a composed value it owns all that is open from
 * its first opening to that of the next business date.
 */
static bool
own_spans_next(OwnSpans *own, OpenSpan *span)
{
	const Timeline *tl = own->tl;
	const BusinessDates *dates = tl->dates;

	if (own->shape == NULL)
	{
		int64_t		limit = own->k + 1 < dates->n ? dates->first[own->k + 1] : tl->end;

		if (own->next >= limit ||
			timeline_next_open(tl, own->next, &span->from) != TIMELINE_OK ||
			span->from >= limit)
			return false;
		if (timeline_next_close(tl, span->from, &span->to) != TIMELINE_OK ||
			span->to > limit)
			span->to = limit;
		own->next = span->to;
		return true;
	}

	for (;;)
	{
		while (own->piece < own->shape->npieces)
		{
			const DayPiece *piece = &own->shape->pieces[own->piece++];

			if (piece->own == own->spill)
				continue;
			/* the next date may not exist (see date_exists) */
			if (own->spill && date_instant(tl, own->k, own->midnight) >=
				date_instant(tl, own->k, own->midnight + CORE_USECS_PER_DAY))
				return false;
			span->from = date_instant(tl, own->k, own->midnight + piece->from);
			span->to = date_instant(tl, own->k, own->midnight + piece->to);
			if (span->from < span->to)
				return true;
		}
		if (own->spill || !dates->spills)
			return false;
		own->spill = true;
		own->piece = 0;
		own->midnight += CORE_USECS_PER_DAY;
		own->shape = &dates->shapes[dates->shape[dates->date[own->k] + 1 - tl->first_date]];
	}
}

/* Does date k own a span that contains t, [from, to) or, backward, (from, to]? */
static bool
date_holds(const Timeline *tl, int32_t k, int64_t t, bool forward)
{
	OwnSpans	own = own_spans(tl, k);
	OpenSpan	span;

	if (!forward)
		t--;
	while (own_spans_next(&own, &span))
		if (span.from <= t && t < span.to)
			return true;
	return false;
}

/* The number of business dates whose first opening is not later than t. */
static int32_t
dates_opened(const Timeline *tl, int64_t t)
{
	const BusinessDates *dates = tl->dates;
	int32_t		n = (int32_t) dates->rank[(t - tl->base) / CORE_USECS_PER_DAY];

	while (n < dates->n && dates->first[n] <= t)
		n++;
	return n;
}

/*
 * The number of the date that owns a span that contains t, or -1.  There may be
 * several such dates, if a night shift overlaps the next morning's early shift;
 * "last" tells whether to return the last or the first of them.  "opened" is
 * dates_opened(t).
 */
static int32_t
date_holding(const Timeline *tl, int32_t opened, int64_t t, bool forward,
			 bool last)
{
	const BusinessDates *dates = tl->dates;
	int32_t		low = opened > REACH_DAYS ? opened - REACH_DAYS : 0;

	/*
	 * if no spans extend beyond midnight, only the last date opened can hold
	 * t
	 */
	if (dates->shape != NULL && !dates->spills && opened > 0 &&
		dates->offset[opened - 1] != TIMELINE_NO_OFFSET)
		while (low < opened - 1 && dates->offset[low] != TIMELINE_NO_OFFSET)
			low++;
	for (int32_t i = low; i < opened; i++)
	{
		int32_t		k = last ? opened - 1 - (i - low) : i;

		if (date_holds(tl, k, t, forward))
			return k;
	}
	return -1;
}

bool
timeline_date_at(const Timeline *tl, int64_t t, int32_t *date, int64_t *until)
{
	const BusinessDates *dates = tl->dates;
	int32_t		opened = dates_opened(tl, t);
	int32_t		k = date_holding(tl, opened, t, true, true);
	int64_t		end = t;

	*until = opened < dates->n ? dates->first[opened] : tl->end;

	/*
	 * The span may end before the next date opens, but a night shift may also
	 * outlast the spans of the next date, or be owned by no date.
	 */
	for (int32_t i = k >= 0 ? k : opened - REACH_DAYS > 0 ? opened - REACH_DAYS : 0; i < opened; i++)
	{
		OwnSpans	own = own_spans(tl, i);
		OpenSpan	span;

		while (own_spans_next(&own, &span))
		{
			if (i == k && span.from <= end && end < span.to)
				end = span.to;
			else if (i > k && t < span.from && span.from < *until)
				*until = span.from;
		}
	}
	if (k >= 0)
	{
		*date = dates->date[k];
		*until = end < *until ? end : *until;
	}
	return k >= 0;
}

int32_t
timeline_dates_before(const Timeline *tl, int32_t date)
{
	const BusinessDates *dates = tl->dates;
	int32_t		i = date - tl->first_date;
	int32_t		k;

	i = i < 0 ? 0 : (i > tl->ndays ? tl->ndays : i);
	k = (int32_t) dates->rank[i];
	while (k > 0 && dates->date[k - 1] >= date)
		k--;
	while (k < dates->n && dates->date[k] < date)
		k++;
	return k;
}

/*
 * Move t into the spans of date k if it is outside them.  Forward: to the next
 * opening, or to the last closing if there is none.  Backward: to the previous
 * closing, or to the first opening if there is none.  Spans may be out of order
 * because of a gap in local time.
 */
static int64_t
place(const Timeline *tl, int32_t k, int64_t t, bool forward)
{
	OwnSpans	own = own_spans(tl, k);
	OpenSpan	span;
	int64_t		closing = tl->dates->first[k];
	int64_t		result = forward ? INT64_MAX : INT64_MIN;

	while (own_spans_next(&own, &span))
	{
		if (span.to > closing)
			closing = span.to;
		if (forward && t < span.to)
		{
			span.from = t > span.from ? t : span.from;
			result = span.from < result ? span.from : result;
		}
		else if (!forward && t > span.from)
		{
			span.to = t < span.to ? t : span.to;
			result = span.to > result ? span.to : result;
		}
	}
	if (forward)
		return result < INT64_MAX ? result : closing;
	return result > INT64_MIN ? result : tl->dates->first[k];
}

/*
 * Carry the instant w from date k to the date that is n business dates later,
 * keeping its time on the clock of the date.
 */
static int64_t
carry(const Timeline *tl, int32_t k, int32_t n, int64_t w, bool forward)
{
	const BusinessDates *dates = tl->dates;
	int64_t		change = (dates->date[k + n] - dates->date[k]) * CORE_USECS_PER_DAY;

	/* the offset is constant only near the date; w may be far after date k */
	if (dates->offset[k] != TIMELINE_NO_OFFSET && dates->offset[k + n] != TIMELINE_NO_OFFSET &&
		w - dates->first[k] < REACH_DAYS * CORE_USECS_PER_DAY)
		w += change + (dates->offset[k] - dates->offset[k + n]) * CORE_USECS_PER_SEC;
	else
		w = zone_instant_of_clock(&tl->zone, zone_clock(&tl->zone, w) + change);
	return place(tl, k + n, w, forward);
}

static int64_t
last_closing(const Timeline *tl, int32_t k)
{
	return place(tl, k, INT64_MAX, true);
}

/* The instant from which on no date before k owns anything. */
static int64_t
closing_before(const Timeline *tl, int32_t k)
{
	int64_t		closing = tl->base;

	for (int32_t i = k - 1; i >= 0 && i >= k - REACH_DAYS; i--)
		closing = last_closing(tl, i) > closing ? last_closing(tl, i) : closing;
	return closing;
}

/*
 * Make timeline_add_days() monotonic for n > 0.  If the spans of the target date
 * extend beyond the next date's opening, a later instant, with a later anchor,
 * may have an earlier result.  Then return that one.
 */
static int64_t
not_later_than_next(const Timeline *tl, int32_t anchor, int32_t n, int64_t u)
{
	const BusinessDates *dates = tl->dates;

	for (int32_t k = anchor + 1; k + n < dates->n && dates->first[k + n] < u; k++)
	{
		int64_t		closing = closing_before(tl, k);
		int64_t		w = place(tl, k, closing > dates->first[k] ? closing : dates->first[k], true);

		if (date_holds(tl, k, w, true))
		{
			w = carry(tl, k, n, w, true);
			u = w < u ? w : u;
		}
	}
	return u;
}

/* The same for n < 0, where an earlier instant may have a later result. */
static int64_t
not_earlier_than_last(const Timeline *tl, int32_t anchor, int32_t n, int64_t u)
{
	for (int32_t k = anchor - 1; k + n >= 0 && k >= anchor - REACH_DAYS; k--)
	{
		int64_t		w = last_closing(tl, k);

		if (last_closing(tl, k + n) > u && w > closing_before(tl, k))
		{
			w = carry(tl, k, n, w, false);
			u = w > u ? w : u;
		}
	}
	return u;
}

/*
 * Forward, let w be t if it is open then, else the next opening.  The anchor is
 * the business date that owns w, the first one if there are several.  The result
 * is n business dates later, at w's time on the clock of the anchor.
 *
 * Backward mirrors that: w is t if it is open just before it, else the previous
 * closing.
 *
 * The result is a monotonic function of t.  That takes zone_clock(), where
 * clocks are put forward or back, and the two functions above.
 */
TimelineStatus
timeline_add_days(const Timeline *tl, int64_t t, int32_t n, int64_t *u)
{
	const BusinessDates *dates = tl->dates;
	bool		forward = n > 0;
	TimelineStatus status;
	int64_t		w = t;
	int32_t		opened;
	int32_t		anchor;
	int64_t		k;

	if (n == 0)
	{
		*u = t;
		return TIMELINE_OK;
	}
	if (forward)
		status = timeline_next_open(tl, t, &w);
	else if (timeline_is_open_before(tl, t))
		status = TIMELINE_OK;
	else
		status = timeline_previous_close(tl, t, &w);
	if (status != TIMELINE_OK)
		return status;

	/*
	 * Time that no date owns (the part after midnight of a date that is
	 * itself closed) counts as that of the last date that opened.
	 */
	opened = dates_opened(tl, forward ? w : w - 1);
	anchor = date_holding(tl, opened, w, forward, false);
	if (anchor < 0)
	{
		anchor = opened - 1;
		if (anchor < 0)
			return TIMELINE_EARLIER;
		if (!forward && last_closing(tl, anchor) < w)
			w = last_closing(tl, anchor);
	}
	k = (int64_t) anchor + n;
	if (k < 0)
		return TIMELINE_EARLIER;
	if (k >= dates->n || dates->date[k] + REACH_DAYS >= tl->first_date + tl->ndays)
		return TIMELINE_LATER;
	*u = carry(tl, anchor, n, w, forward);
	if (forward)
		*u = not_later_than_next(tl, anchor, n, *u);
	else if (k == 0 && *u < tl->base + REACH_DAYS * CORE_USECS_PER_DAY)
		return TIMELINE_EARLIER;
	else
		*u = not_earlier_than_last(tl, anchor, n, *u);
	return TIMELINE_OK;
}

TimelineStatus
timeline_due_by(const Timeline *tl, int64_t t, int32_t n, int64_t cutoff,
				int64_t due, int64_t *u)
{
	const BusinessDates *dates = tl->dates;
	int64_t		local = zone_local(&tl->zone, t);
	int32_t		date = (int32_t) (local / CORE_USECS_PER_DAY);
	int64_t		time;
	int64_t		k;
	bool		business;

	if (date * CORE_USECS_PER_DAY > local)
		date--;
	time = local - date * CORE_USECS_PER_DAY;
	k = timeline_dates_before(tl, date);
	business = k < dates->n && dates->date[k] == date;
	if (cutoff == TIMELINE_CLOSE ? !business || t >= last_closing(tl, (int32_t) k) : time >= cutoff)
		k += business ? 1 : 0;	/* received on the next business date */
	else if (!business && n > 0)
		k--;					/* received on a closed date: n dates after it */
	k += n;
	if (k < 0)
		return TIMELINE_EARLIER;
	if (k >= dates->n || dates->date[k] + REACH_DAYS >= tl->first_date + tl->ndays)
		return TIMELINE_LATER;
	*u = due == TIMELINE_CLOSE ? last_closing(tl, (int32_t) k) :
		zone_instant(&tl->zone, dates->date[k] * CORE_USECS_PER_DAY + due);
	return TIMELINE_OK;
}
