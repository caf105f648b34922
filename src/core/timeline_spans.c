/*-------------------------------------------------------------------------
 *
 * timeline_spans.c
 *	  Evaluation of opening hours to spans of instants: local spans are converted
 *	  to UTC, and the spans of subexpressions are combined.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "timeline_work.h"

#include <stdio.h>
#include <string.h>

/*
 * The maximal number of spans in a window.  It permits hours that open every
 * minute of the day, but not over centuries.
 */
#define MAX_SPANS		(4 * 1024 * 1024)

/* Load the transitions of a zone for this much more than the dates. */
#define ZONE_MARGIN		(3 * CORE_USECS_PER_DAY)

void *
timeline_alloc(CoreMem *mem, size_t size, CoreError *error)
{
	void	   *p = mem->alloc(mem->context, size);

	if (p == NULL)
		core_fail(error, CORE_NOMEM, -1, 0, "Not enough memory for a calendar.", "");
	return p;
}

bool
leaf_zone(const Compiler *c, const char *name, ZoneMap *map, CoreMem *mem)
{
	return c->zones->load(c->zones->context, name,
						  (c->first_date - MARGIN_DAYS) * CORE_USECS_PER_DAY - ZONE_MARGIN,
						  (c->first_date + c->ndays + MARGIN_DAYS) * CORE_USECS_PER_DAY + ZONE_MARGIN,
						  mem, map, c->error);
}

/*
 * Span lists
 */

bool
spans_init(Compiler *c, SpanList *list, int64_t size)
{
	list->n = 0;
	list->size = size;
	list->span = timeline_alloc(c->mem, size * sizeof(OpenSpan), c->error);
	return list->span != NULL;
}

static bool
spans_grow(Compiler *c, SpanList *list)
{
	OpenSpan   *old = list->span;

	if (list->n >= MAX_SPANS)
	{
		core_fail(c->error, CORE_LIMIT, -1, 0,
				  "Over the %d days that the answer needs they have more than %d spans.",
				  "Ask for a shorter time, or write fewer spans a day.",
				  (int) c->ndays, MAX_SPANS);
		snprintf(c->error->message, sizeof(c->error->message), "opening hours too complex");
		return false;
	}
	list->size *= 2;
	list->span = timeline_alloc(c->mem, list->size * sizeof(OpenSpan), c->error);
	if (list->span == NULL)
		return false;
	memcpy(list->span, old, list->n * sizeof(OpenSpan));
	return true;
}

/*
 * Append a span, merging it with those that it overlaps or touches.  Spans come
 * nearly in order: one begins before the last one only next to a gap in local
 * time.
 */
static bool
spans_merge(Compiler *c, SpanList *list, int64_t from, int64_t to)
{
	while (list->n > 0 && from <= list->span[list->n - 1].to)
	{
		const OpenSpan *last = &list->span[list->n - 1];

		if (to < last->from)
		{
			/* entirely before the last one: insert it there */
			OpenSpan	saved = *last;

			list->n--;
			return spans_merge(c, list, from, to) &&
				spans_merge(c, list, saved.from, saved.to);
		}
		if (last->from < from)
			from = last->from;
		if (last->to > to)
			to = last->to;
		list->n--;
	}
	if (list->n == list->size && !spans_grow(c, list))
		return false;
	list->span[list->n].from = from;
	list->span[list->n].to = to;
	list->n++;
	return true;
}

static inline bool
spans_push(Compiler *c, SpanList *list, int64_t from, int64_t to)
{
	int64_t		n = list->n;

	if (n == 0 || n == list->size || from <= list->span[n - 1].to)
		return spans_merge(c, list, from, to);
	list->span[n].from = from;
	list->span[n].to = to;
	list->n = n + 1;
	return true;
}

/* Is an expression of this kind open where its operands are (a, b)? */
static inline bool
combined(HoursKind kind, bool a, bool b)
{
	switch (kind)
	{
		case HOURS_UNION:
			return a || b;
		case HOURS_INTERSECTION:
			return a && b;
		case HOURS_DIFFERENCE:
			return a && !b;
		case HOURS_LEAF:
			break;
	}
	return false;
}

/* Combine two lists, by a sweep over the edges of both. */
static bool
spans_combine(Compiler *c, HoursKind kind, const SpanList *a, const SpanList *b,
			  SpanList *result)
{
	int64_t		i = 0;			/* edge numbers: span i / 2, its end if odd */
	int64_t		j = 0;
	bool		open = false;
	int64_t		from = 0;

	if (!spans_init(c, result, a->n + b->n + 1))
		return false;
	while (i < 2 * a->n || j < 2 * b->n)
	{
		int64_t		ea = i >= 2 * a->n ? INT64_MAX :
			(i & 1) ? a->span[i / 2].to : a->span[i / 2].from;
		int64_t		eb = j >= 2 * b->n ? INT64_MAX :
			(j & 1) ? b->span[j / 2].to : b->span[j / 2].from;
		int64_t		at = ea < eb ? ea : eb;

		i += ea == at;
		j += eb == at;
		if (combined(kind, i & 1, j & 1) == open)
			continue;
		if (!open)
			from = at;
		else if (!spans_push(c, result, from, at))
			return false;
		open = !open;
	}
	return true;
}

/* Are all edges of the plan whole minutes of UTC, whatever the offset? */
static bool
whole_minutes(const DayPlan *plan, const ZoneMap *zone)
{
	if (!whole_minute(zone->offset))
		return false;
	for (int i = 0; i < zone->nbreaks; i++)
		if (!whole_minute(zone->breaks[i].before) || !whole_minute(zone->breaks[i].after))
			return false;
	for (int i = 0; i < plan->nshapes; i++)
		for (int k = 0; k < plan->shapes[i].npieces; k++)
			if (!whole_minute(plan->shapes[i].pieces[k].from) ||
				!whole_minute(plan->shapes[i].pieces[k].to))
				return false;
	return true;
}

bool
leaf_plan(Compiler *c, const HoursExpr *expr, Leaf *leaf)
{
	if (strcmp(expr->zone, c->zone_name) == 0)
		leaf->zone = *c->zone;
	else if (!leaf_zone(c, expr->zone, &leaf->zone, c->mem))
		return false;
	zone_cursor_init(&leaf->cursor, &leaf->zone);
	if (!hours_plan(expr, c->first_date - MARGIN_DAYS, c->ndays + 2 * MARGIN_DAYS,
					c->mem, &leaf->plan, c->error))
		return false;
	c->whole_minutes = c->whole_minutes && whole_minutes(&leaf->plan, &leaf->zone);
	return true;
}

bool
spans_of_dates(Compiler *c, Leaf *leaf, int32_t first, int32_t end, SpanList *list)
{
	const DayPlan *plan = &leaf->plan;

	for (int32_t i = first; i < end; i++)
	{
		const DayShape *shape = &plan->shapes[plan->shape[i]];
		int64_t		midnight = (plan->first + (int64_t) i) * CORE_USECS_PER_DAY;

		if (i % 1024 == 0 && c->mem->check_interrupts != NULL)
			c->mem->check_interrupts();
		if (shape->npieces == 0 || !date_exists(&leaf->cursor, midnight))
			continue;
		for (const DayPiece *piece = shape->pieces; piece < shape->pieces + shape->npieces; piece++)
		{
			int64_t		from = zone_cursor_instant(&leaf->cursor, midnight + piece->from);
			int64_t		to = zone_cursor_instant(&leaf->cursor, midnight + piece->to);

			if (from < to && !spans_push(c, list, from, to))
				return false;
		}
	}
	return true;
}

bool
spans_of_leaf(Compiler *c, Leaf *leaf, SpanList *list)
{
	return spans_init(c, list, leaf->plan.ndates + 1) &&
		spans_of_dates(c, leaf, 0, leaf->plan.ndates, list);
}

bool
spans_of_expr(Compiler *c, const HoursExpr *expr, SpanList *list)
{
	SpanList	left;
	SpanList	right;

	if (expr->kind == HOURS_LEAF)
	{
		Leaf		leaf;

		return leaf_plan(c, expr, &leaf) && spans_of_leaf(c, &leaf, list);
	}
	return spans_of_expr(c, expr->left, &left) &&
		spans_of_expr(c, expr->right, &right) &&
		spans_combine(c, expr->kind, &left, &right, list);
}
