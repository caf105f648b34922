/*-------------------------------------------------------------------------
 *
 * business_dates.c
 *	  Arithmetic in business days.
 *
 * A business date owns spans: what its own rules open, the part behind its
 * midnight included.  A time "on the clock of a date" may therefore be 27:00.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "timeline.h"

/* A span lasts into the second date at most, and windows end at midnights. */
#define REACH_DAYS		3

/* Runs over the own spans of a business date, in order. */
typedef struct OwnSpans
{
	const Timeline *tl;
	int32_t		k;
	int64_t		next;			/* composed: where to look on */
	int64_t		midnight;		/* leaf: local midnight of the pieces */
	const DayShape *shape;
	int			piece;
	bool		spill;			/* now the pieces behind midnight */
} OwnSpans;

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
 * Of a leaf: the date's own pieces, then the next date's pieces that are
 * spill.  Of a composed value: what is open from the date's first opening up
 * to the next date's.
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
			span->from = zone_instant(&tl->zone, own->midnight + piece->from);
			span->to = zone_instant(&tl->zone, own->midnight + piece->to);
			if (span->from < span->to)
				return true;
		}
		if (own->spill)
			return false;
		own->spill = true;
		own->piece = 0;
		own->midnight += CORE_USECS_PER_DAY;
		own->shape = &dates->shapes[dates->shape[dates->date[own->k] + 1 - tl->first_date]];
	}
}

/* Is t in an own span of date k: [from, to), or going back (from, to]? */
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
 * The date whose own span holds t, the last one if there are several (a night
 * may overlap the next morning's early shift), or -1.  "opened" dates have
 * opened by then.
 */
static int32_t
date_holding(const Timeline *tl, int32_t opened, int64_t t, bool forward)
{
	for (int32_t k = opened - 1; k >= 0 && k >= opened - REACH_DAYS; k--)
		if (date_holds(tl, k, t, forward))
			return k;
	return -1;
}

bool
timeline_date_at(const Timeline *tl, int64_t t, int32_t *date, int64_t *until)
{
	const BusinessDates *dates = tl->dates;
	int32_t		opened = dates_opened(tl, t);
	int32_t		k = date_holding(tl, opened, t, true);

	*until = opened < dates->n ? dates->first[opened] : tl->end;
	if (k >= 0)
		*date = dates->date[k];
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
 * Where t falls on date k.  Forward: before an opening or in a break that
 * opening, after the last closing that closing.  Going back: after a closing
 * or in a break that closing, before the first opening that opening.
 */
static int64_t
place(const Timeline *tl, int32_t k, int64_t t, bool forward)
{
	OwnSpans	own = own_spans(tl, k);
	OpenSpan	span;
	int64_t		closing = tl->dates->first[k];

	while (own_spans_next(&own, &span))
	{
		if (forward ? t < span.from : t <= span.from)
			return forward ? span.from : closing;
		if (forward ? t < span.to : t <= span.to)
			return t;
		closing = span.to;
	}
	return closing;
}

/*
 * Days forward: take w, t itself when open, else the next opening.  The anchor
 * is the business date whose own span holds w.  Go n dates on and keep w's
 * time on the clock of the anchor; where clocks are changed, so that the result
 * never decreases when t grows.
 *
 * Days back mirror that: w is t itself when open time lies before it, else the
 * previous closing.
 */
TimelineStatus
timeline_add_days(const Timeline *tl, int64_t t, int32_t n, int64_t *u)
{
	const BusinessDates *dates = tl->dates;
	bool		forward = n > 0;
	TimelineStatus status;
	int64_t		w = t;
	int64_t		clock;
	int32_t		opened;
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

	/* what no date owns (a night whose date is closed) counts for the last one */
	opened = dates_opened(tl, forward ? w : w - 1);
	k = date_holding(tl, opened, w, forward);
	if (k < 0)
		k = opened - 1;
	if (k < 0)
		return TIMELINE_EARLIER;
	clock = zone_clock(&tl->zone, w) - dates->date[k] * CORE_USECS_PER_DAY;
	k += n;
	if (k < 0)
		return TIMELINE_EARLIER;
	if (k >= dates->n || dates->date[k] + REACH_DAYS >= tl->first_date + tl->ndays)
		return TIMELINE_LATER;
	*u = place(tl, (int32_t) k,
			   zone_instant_of_clock(&tl->zone, dates->date[k] * CORE_USECS_PER_DAY + clock),
			   forward);
	return TIMELINE_OK;
}
