/*-------------------------------------------------------------------------
 *
 * hours_shapes.c
 *	  The different days that a leaf of opening hours makes, each kept once.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "hours_shapes.h"

#include <stdlib.h>
#include <string.h>

#define MAX_SHAPES		65535
#define MAX_PIECES		(4 * 1024 * 1024)	/* in all shapes of a plan */

/*
 * Spans
 */

static int
compare_spans(const void *a, const void *b)
{
	const HoursSpan *x = a;
	const HoursSpan *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

/* Append a span that does not start before the last one of the list. */
static void
append_span(DaySpans *list, int64_t from, int64_t to)
{
	if (list->n > 0 && from <= list->span[list->n - 1].to)
	{
		if (to > list->span[list->n - 1].to)
			list->span[list->n - 1].to = to;
		return;
	}
	list->span[list->n].from = from;
	list->span[list->n].to = to;
	list->n++;
}

static bool
reserve_spans(DayShapes *s, DaySpans *list, int n)
{
	list->n = 0;
	return plan_grow(&s->memory, (void **) &list->span, &list->size, 0, n, sizeof(HoursSpan));
}

bool
day_spans_cut(DayShapes *s, DaySpans *list, int nspans, const HoursSpan *spans,
			  bool spill)
{
	int			n = 0;
	int			i;

	if (!reserve_spans(s, list, nspans + 1))
		return false;
	if (nspans == 0 && !spill)
		append_span(list, 0, CORE_USECS_PER_DAY);
	for (i = 0; i < nspans; i++)
	{
		int64_t		from = spill ? 0 : spans[i].from;
		int64_t		to = spans[i].to;

		if (spill)
			to -= CORE_USECS_PER_DAY;
		else if (to > CORE_USECS_PER_DAY)
			to = CORE_USECS_PER_DAY;
		if (from >= to)
			continue;
		list->span[n].from = from;
		list->span[n].to = to;
		n++;
	}
	qsort(list->span, n, sizeof(HoursSpan), compare_spans);
	for (i = 0; i < n; i++)
		append_span(list, list->span[i].from, list->span[i].to);
	return true;
}

bool
day_spans_add(DayShapes *s, DaySpans *list, const DaySpans *with)
{
	DaySpans	result = s->merged;
	int			a = 0;
	int			b = 0;

	if (!reserve_spans(s, &result, list->n + with->n))
		return false;
	while (a < list->n || b < with->n)
	{
		const HoursSpan *next;

		if (b == with->n ||
			(a < list->n && list->span[a].from <= with->span[b].from))
			next = &list->span[a++];
		else
			next = &with->span[b++];
		append_span(&result, next->from, next->to);
	}
	s->merged = *list;
	*list = result;
	return true;
}

bool
day_spans_subtract(DayShapes *s, DaySpans *list, const DaySpans *minus)
{
	DaySpans	result = s->merged;
	int			a;
	int			b = 0;

	if (!reserve_spans(s, &result, list->n + minus->n))
		return false;
	for (a = 0; a < list->n; a++)
	{
		int64_t		from = list->span[a].from;
		int64_t		to = list->span[a].to;

		while (b < minus->n && minus->span[b].to <= from)
			b++;
		while (b < minus->n && minus->span[b].from < to)
		{
			if (minus->span[b].from > from)
				append_span(&result, from, minus->span[b].from);
			from = minus->span[b].to;
			if (from >= to)
				break;
			b++;
		}
		if (from < to)
			append_span(&result, from, to);
	}
	s->merged = *list;
	*list = result;
	return true;
}

/*
 * Shapes
 */

static bool
same_pieces(const DayPiece *a, const DayPiece *b, int n)
{
	int			i;

	for (i = 0; i < n; i++)
		if (a[i].from != b[i].from || a[i].to != b[i].to || a[i].own != b[i].own)
			return false;
	return true;
}

static uint64_t
hash_pieces(const DayPiece *piece, int n)
{
	uint64_t	hash = (uint64_t) n;
	int			i;

	for (i = 0; i < n; i++)
		hash = plan_mix(plan_mix(hash, (uint64_t) piece[i].from),
						(uint64_t) piece[i].to << 1 | (piece[i].own ? 1 : 0));
	return hash;
}

uint32_t
day_shapes_intern(DayShapes *s)
{
	DayPlan    *plan = s->plan;
	int			n = s->own.n + s->spill.n;
	int			a = 0;
	int			b = 0;
	int			i;
	uint32_t	slot;
	DayShape   *shape;

	if (!plan_grow(&s->memory, (void **) &s->piece, &s->pieces_size, 0, n, sizeof(DayPiece)))
		return NO_SHAPE;
	for (i = 0; i < n; i++)
	{
		const HoursSpan *next;
		DayPiece   *piece = &s->piece[i];

		piece->own = a < s->own.n &&
			(b == s->spill.n || s->own.span[a].from < s->spill.span[b].from);
		next = piece->own ? &s->own.span[a++] : &s->spill.span[b++];
		piece->from = next->from;
		piece->to = next->to;
	}

	if (plan->nshapes * 2 >= s->slots)
	{
		if (!plan_grow_slots(&s->memory, &s->slot, &s->slots))
			return NO_SHAPE;
		for (i = 0; i < plan->nshapes; i++)
		{
			slot = (uint32_t) hash_pieces(plan->shapes[i].pieces,
										  plan->shapes[i].npieces);
			while (s->slot[slot & (s->slots - 1)] != 0)
				slot++;
			s->slot[slot & (s->slots - 1)] = (uint32_t) i + 1;
		}
	}
	slot = (uint32_t) hash_pieces(s->piece, n);
	for (;; slot++)
	{
		uint32_t	found = s->slot[slot & (s->slots - 1)];

		if (found == 0)
			break;
		if (plan->shapes[found - 1].npieces == n &&
			same_pieces(plan->shapes[found - 1].pieces, s->piece, n))
			return found - 1;
	}

	s->npieces += n;
	if (plan->nshapes == MAX_SHAPES || s->npieces > MAX_PIECES)
	{
		core_fail(s->memory.error, CORE_LIMIT, -1, 0,
				  "The rules make more than %d different days, or days of more than %d spans.",
				  "Split the value into several that are joined by \"+\".",
				  MAX_SHAPES, MAX_PIECES);
		return NO_SHAPE;
	}
	if (!plan_grow(&s->memory, (void **) &plan->shapes, &s->size, plan->nshapes,
				   plan->nshapes + 1, sizeof(DayShape)))
		return NO_SHAPE;
	shape = &plan->shapes[plan->nshapes];
	shape->npieces = n;
	shape->pieces = NULL;
	if (n > 0)
	{
		shape->pieces = plan_alloc(&s->memory, (size_t) n * sizeof(DayPiece));
		if (shape->pieces == NULL)
			return NO_SHAPE;
		memcpy(shape->pieces, s->piece, (size_t) n * sizeof(DayPiece));
	}
	s->slot[slot & (s->slots - 1)] = (uint32_t) plan->nshapes + 1;
	return (uint32_t) plan->nshapes++;
}

bool
day_shapes_load(DayShapes *s, uint32_t number)
{
	const DayShape *shape = &s->plan->shapes[number];
	int			i;

	if (!reserve_spans(s, &s->own, shape->npieces) ||
		!reserve_spans(s, &s->spill, shape->npieces))
		return false;
	for (i = 0; i < shape->npieces; i++)
		append_span(shape->pieces[i].own ? &s->own : &s->spill,
					shape->pieces[i].from, shape->pieces[i].to);
	return true;
}

bool
day_shapes_has_own(const DayShapes *s, uint32_t shape)
{
	const DayPlan *plan = s->plan;
	int			i;

	for (i = 0; i < plan->shapes[shape].npieces; i++)
		if (plan->shapes[shape].pieces[i].own)
			return true;
	return false;
}

uint32_t
day_shapes_of_spans(DayShapes *s, int nspans, const HoursSpan *spans)
{
	s->spill.n = 0;
	if (!day_spans_cut(s, &s->own, nspans, spans, false))
		return NO_SHAPE;
	return day_shapes_intern(s);
}

uint32_t
day_shapes_empty(DayShapes *s)
{
	s->own.n = 0;
	s->spill.n = 0;
	return day_shapes_intern(s);
}
