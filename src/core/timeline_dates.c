/*-------------------------------------------------------------------------
 *
 * timeline_dates.c
 *	  Compilation of the business dates of a timeline.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "timeline_work.h"

#include <string.h>

/*
 * Append a business date that first opens at the instant "first", unless that
 * is outside the window or the date is there already.
 */
static void
put_date(Timeline *tl, int32_t date, int64_t first)
{
	BusinessDates *dates = tl->dates;

	if (first < tl->base || first >= tl->end)
		return;
	if (dates->n > 0 && dates->date[dates->n - 1] >= date)
		return;
	dates->date[dates->n] = date;
	dates->first[dates->n] = first;
	dates->n++;
}

/* Copy the plan of a leaf, which tells the spans that belong to each date. */
static bool
keep_plan(Compiler *c, Timeline *tl, const DayPlan *plan, CoreMem *result)
{
	BusinessDates *dates = tl->dates;
	size_t		dates_bytes = plan->ndates * sizeof(uint16_t);
	size_t		shapes_bytes = plan->nshapes * sizeof(DayShape);
	DayPiece   *pieces;
	size_t		npieces = 0;

	for (int i = 0; i < plan->nshapes; i++)
		npieces += plan->shapes[i].npieces;
	dates->shape = timeline_alloc(result, dates_bytes, c->error);
	dates->shapes = timeline_alloc(result, shapes_bytes, c->error);
	pieces = timeline_alloc(result, npieces * sizeof(DayPiece) + 1, c->error);
	if (dates->shape == NULL || dates->shapes == NULL || pieces == NULL)
		return false;
	memcpy(dates->shape, plan->shape, dates_bytes);
	memcpy(dates->shapes, plan->shapes, shapes_bytes);
	for (int i = 0; i < plan->nshapes; i++)
	{
		DayShape   *shape = &dates->shapes[i];

		if (shape->npieces > 0)
			memcpy(pieces, shape->pieces, shape->npieces * sizeof(DayPiece));
		for (int k = 0; k < shape->npieces; k++)
			dates->spills |= !pieces[k].own || pieces[k].to > CORE_USECS_PER_DAY;
		shape->pieces = pieces;
		pieces += shape->npieces;
	}
	tl->bytes += dates_bytes + shapes_bytes + npieces * sizeof(DayPiece);
	return true;
}

/* The business dates of a leaf: those that are open by their own rules. */
static bool
leaf_dates(Compiler *c, Timeline *tl, const HoursExpr *leaf, CoreMem *result)
{
	/*
	 * The window is ndays times 24 hours.  If clocks were put forward in it,
	 * it extends into one more local date.
	 */
	int32_t		ndates = c->first_date + c->ndays < CORE_MAX_DATE ? c->ndays + 2 : c->ndays + 1;
	ZoneCursor	cursor;
	DayPlan		plan;

	if (!hours_plan(leaf, c->first_date, ndates + 1, c->mem, &plan, c->error) ||
		!keep_plan(c, tl, &plan, result))
		return false;
	zone_cursor_init(&cursor, &tl->zone);
	for (int32_t i = 0; i < ndates; i++)
	{
		const DayShape *shape = &plan.shapes[plan.shape[i]];
		int64_t		midnight = (plan.first + (int64_t) i) * CORE_USECS_PER_DAY;
		int64_t		first = INT64_MAX;

		if (shape->npieces == 0 || !date_exists(&cursor, midnight))
			continue;
		for (int k = 0; k < shape->npieces; k++)
		{
			int64_t		from = zone_cursor_instant(&cursor, midnight + shape->pieces[k].from);
			int64_t		to = zone_cursor_instant(&cursor, midnight + shape->pieces[k].to);

			/*
			 * Look at all pieces: if one begins in a gap of local time, a
			 * later one may come before it.
			 */
			if (shape->pieces[k].own && from < to && from < first)
				first = from;
		}
		if (first < INT64_MAX)
			put_date(tl, plan.first + i, first);
	}
	return true;
}

static int32_t
date_of(int64_t local)
{
	int64_t		day = local / CORE_USECS_PER_DAY;

	return (int32_t) (local % CORE_USECS_PER_DAY < 0 ? day - 1 : day);
}

/*
 * The business dates of a composed value: those on which a span begins, and
 * those that lie entirely inside a span.  Without the latter, 24/7 minus an hour
 * of maintenance on Sundays would have one business date a week.
 */
static bool
composed_dates(Compiler *c, Timeline *tl, const HoursExpr *expr)
{
	SpanList	list;

	if (!spans_of_expr(c, expr, &list))
		return false;
	for (int64_t i = 0; i < list.n; i++)
	{
		int64_t		from = list.span[i].from > tl->base ? list.span[i].from : tl->base;
		int64_t		to = list.span[i].to;	/* may be after the window */
		int32_t		date;

		if (from >= to || from >= tl->end)
			continue;
		if (from == list.span[i].from)
		{
			date = date_of(zone_local(&tl->zone, from));
			put_date(tl, date, from);
		}
		else
			date = tl->first_date - 1;
		for (;;)
		{
			int64_t		midnight = zone_instant(&tl->zone, ++date * CORE_USECS_PER_DAY);
			int64_t		next = zone_instant(&tl->zone, (date + INT64_C(1)) * CORE_USECS_PER_DAY);

			if (next > to)
				break;
			if (midnight < next)
				put_date(tl, date, midnight);
		}
	}
	return true;
}

/*
 * Note the zone's offset on each date if it is constant from some days before
 * it until after the last instant that its spans may reach, so that arithmetic
 * on that date need not search the zone map.
 */
static void
note_offsets(const Timeline *tl)
{
	BusinessDates *dates = tl->dates;
	const ZoneMap *zone = &tl->zone;
	int			i = 0;

	for (int32_t k = 0; k < dates->n; k++)
	{
		int64_t		midnight = dates->date[k] * CORE_USECS_PER_DAY;

		while (i < zone->nbreaks && zone->breaks[i].at < midnight - 3 * CORE_USECS_PER_DAY)
			i++;
		dates->offset[k] = i < zone->nbreaks && zone->breaks[i].at < midnight + 6 * CORE_USECS_PER_DAY ?
			TIMELINE_NO_OFFSET : (int32_t) (zone_offset_before(zone, i) / CORE_USECS_PER_SEC);
	}
}

bool
timeline_compile_dates(Timeline *tl, const HoursExpr *expr,
					   const ZoneSource *zones, CoreMem *scratch,
					   CoreMem *result, CoreError *error)
{
	Compiler	c = {zones, scratch, error, tl->first_date, tl->ndays, true, hours_zone(expr), &tl->zone};
	BusinessDates *dates;
	size_t		n = (size_t) tl->ndays + 2;
	int32_t		k = 0;

	error->kind = CORE_OK;
	dates = timeline_alloc(result, sizeof(BusinessDates), error);
	if (dates == NULL)
		return false;
	memset(dates, 0, sizeof(BusinessDates));
	dates->date = timeline_alloc(result, n * sizeof(int32_t), error);
	dates->first = timeline_alloc(result, n * sizeof(int64_t), error);
	dates->offset = timeline_alloc(result, n * sizeof(int32_t), error);
	dates->rank = timeline_alloc(result, n * sizeof(uint32_t), error);
	if (dates->date == NULL || dates->first == NULL || dates->offset == NULL || dates->rank == NULL)
		return false;

	tl->dates = dates;
	if (!(expr->kind == HOURS_LEAF ? leaf_dates(&c, tl, expr, result) : composed_dates(&c, tl, expr)))
	{
		tl->dates = NULL;
		return false;
	}
	note_offsets(tl);
	for (int32_t i = 0; i <= tl->ndays; i++)
	{
		while (k < dates->n && dates->first[k] < tl->base + i * CORE_USECS_PER_DAY)
			k++;
		dates->rank[i] = (uint32_t) k;
	}
	tl->bytes += sizeof(BusinessDates) +
		n * (2 * sizeof(int32_t) + sizeof(int64_t) + sizeof(uint32_t));
	return true;
}
