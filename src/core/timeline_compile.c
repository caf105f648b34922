/*-------------------------------------------------------------------------
 *
 * timeline_compile.c
 *	  From opening hours to a timeline: local dates become spans of instants,
 *	  spans are combined, and the result is cut into buckets; of weeks that are
 *	  alike, one.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "timeline.h"

/* Sorted, disjoint spans that do not touch. */
typedef struct SpanList
{
	int64_t		n;
	int64_t		size;
	OpenSpan   *span;
} SpanList;

/* What all steps of one compilation share. */
typedef struct Compiler
{
	const ZoneSource *zones;
	CoreMem    *mem;			/* scratch */
	CoreError  *error;
	int32_t		first_date;
	int32_t		ndays;
	bool		whole_minutes;	/* all edges are, so far */
	const char *zone_name;		/* of the value, */
	const ZoneMap *zone;		/* its map */
} Compiler;

/* Local dates of any zone that may reach into the window. */
#define MARGIN_DAYS		2

/*
 * A window has so many spans at most: hours that open every minute of the day
 * are allowed, but not for centuries.
 */
#define MAX_SPANS		(4 * 1024 * 1024)

/* Transitions are wanted somewhat beyond the dates in hand. */
#define ZONE_MARGIN		(3 * CORE_USECS_PER_DAY)

static void *
core_alloc(CoreMem *mem, size_t size, CoreError *error)
{
	void	   *p = mem->alloc(mem->context, size);

	if (p == NULL)
		core_fail(error, CORE_NOMEM, -1, 0, "Not enough memory for a calendar.", "");
	return p;
}

static bool
load_zone(const Compiler *c, const char *name, ZoneMap *map, CoreMem *mem)
{
	return c->zones->load(c->zones->context, name,
						  (c->first_date - MARGIN_DAYS) * CORE_USECS_PER_DAY - ZONE_MARGIN,
						  (c->first_date + c->ndays + MARGIN_DAYS) * CORE_USECS_PER_DAY + ZONE_MARGIN,
						  mem, map, c->error);
}

/*
 * Span lists
 */

static bool
spans_init(Compiler *c, SpanList *list, int64_t size)
{
	list->n = 0;
	list->size = size;
	list->span = core_alloc(c->mem, size * sizeof(OpenSpan), c->error);
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
	list->span = core_alloc(c->mem, list->size * sizeof(OpenSpan), c->error);
	if (list->span == NULL)
		return false;
	memcpy(list->span, old, list->n * sizeof(OpenSpan));
	return true;
}

/*
 * Append a span, merging it with those that it overlaps or touches.  Spans
 * come nearly in order: only a gap in local time makes one begin before the
 * last.
 */
static bool
spans_merge(Compiler *c, SpanList *list, int64_t from, int64_t to)
{
	while (list->n > 0 && from <= list->span[list->n - 1].to)
	{
		const OpenSpan *last = &list->span[list->n - 1];

		if (to < last->from)
		{
			/* wholly before the last one: insert it under that */
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

/* Does this kind of expression hold where a and b do so? */
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

/* Sweep over the edges of both lists. */
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

static inline bool
whole_minute(int64_t t)
{
	return t % CORE_USECS_PER_MINUTE == 0;
}

/* Do all edges of these shapes fall on whole minutes of UTC? */
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

/*
 * Is there such a date in the zone?  Where a zone crossed the date line there
 * may be none (Apia has no 2011-12-30).
 */
static inline bool
date_exists(ZoneCursor *cursor, int64_t midnight)
{
	int64_t		next = midnight + CORE_USECS_PER_DAY;

	return (zone_cursor_holds(cursor, midnight) && zone_cursor_holds(cursor, next)) ||
		zone_instant(cursor->map, midnight) < zone_instant(cursor->map, next);
}

/* What a leaf opens on the dates that may reach into the window. */
typedef struct Leaf
{
	ZoneMap		zone;
	DayPlan		plan;
	ZoneCursor	cursor;
} Leaf;

static bool
plan_leaf(Compiler *c, const HoursExpr *expr, Leaf *leaf)
{
	if (strcmp(expr->zone, c->zone_name) == 0)
		leaf->zone = *c->zone;
	else if (!load_zone(c, expr->zone, &leaf->zone, c->mem))
		return false;
	zone_cursor_init(&leaf->cursor, &leaf->zone);
	if (!hours_plan(expr, c->first_date - MARGIN_DAYS, c->ndays + 2 * MARGIN_DAYS,
					c->mem, &leaf->plan, c->error))
		return false;
	c->whole_minutes = c->whole_minutes && whole_minutes(&leaf->plan, &leaf->zone);
	return true;
}

/* Its open spans on the dates [first, end) of the plan. */
static bool
leaf_spans(Compiler *c, Leaf *leaf, int32_t first, int32_t end, SpanList *list)
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

static bool
all_spans(Compiler *c, Leaf *leaf, SpanList *list)
{
	return spans_init(c, list, leaf->plan.ndates + 1) &&
		leaf_spans(c, leaf, 0, leaf->plan.ndates, list);
}

static bool
expr_spans(Compiler *c, const HoursExpr *expr, SpanList *list)
{
	SpanList	left;
	SpanList	right;

	if (expr->kind == HOURS_LEAF)
	{
		Leaf		leaf;

		return plan_leaf(c, expr, &leaf) && all_spans(c, &leaf, list);
	}
	return expr_spans(c, expr->left, &left) &&
		expr_spans(c, expr->right, &right) &&
		spans_combine(c, expr->kind, &left, &right, list);
}

/*
 * Buckets
 */

/* Interned shapes, while the buckets are cut. */
typedef struct ShapeTable
{
	uint32_t	nshapes;
	uint32_t	nspans;
	uint32_t	shapes_size;
	uint32_t	spans_size;
	uint32_t	nslots;			/* power of two */
	BucketShape *shapes;
	ShapeSpan  *spans;
	uint32_t   *slots;			/* shape number, 0 when free */
	uint32_t	last;			/* the last one given out */
} ShapeTable;

static uint64_t
shape_hash(const OpenSpan *span, int n)
{
	uint64_t	hash = (uint64_t) n;

	for (int i = 0; i < n; i++)
	{
		hash = (hash ^ (uint64_t) span[i].from) * UINT64_C(0x9E3779B97F4A7C15);
		hash = (hash ^ (uint64_t) span[i].to) * UINT64_C(0x9E3779B97F4A7C15);
	}
	return hash ^ (hash >> 32);
}

static bool
shape_equal(const ShapeTable *table, uint32_t number, const OpenSpan *span, int n)
{
	const ShapeSpan *spans = &table->spans[table->shapes[number].first];

	if (table->shapes[number].nspans != (uint32_t) n)
		return false;
	for (int i = 0; i < n; i++)
		if (spans[i].from != span[i].from || spans[i].to != span[i].to)
			return false;
	return true;
}

/* So many spans make up a shape of n. */
static inline uint32_t
shape_room(int n)
{
	return (uint32_t) (n > TIMELINE_SHAPE_ROOM ? n : TIMELINE_SHAPE_ROOM);
}

/* Make room for one shape of n spans. */
static bool
shapes_reserve(Compiler *c, ShapeTable *table, int n)
{
	if (table->nshapes == table->shapes_size)
	{
		BucketShape *shapes = table->shapes;
		uint32_t	nslots = table->nslots * 2;
		uint32_t   *slots;

		table->shapes_size *= 2;
		table->shapes = core_alloc(c->mem, table->shapes_size * sizeof(BucketShape), c->error);
		slots = core_alloc(c->mem, nslots * sizeof(uint32_t), c->error);
		if (table->shapes == NULL || slots == NULL)
			return false;
		memcpy(table->shapes, shapes, table->nshapes * sizeof(BucketShape));
		memset(slots, 0, nslots * sizeof(uint32_t));
		for (uint32_t i = 1; i < table->nshapes; i++)
		{
			const BucketShape *shape = &table->shapes[i];
			OpenSpan	span[8];
			OpenSpan   *copy = span;
			uint32_t	slot;

			if (shape->nspans > 8)
				copy = core_alloc(c->mem, shape->nspans * sizeof(OpenSpan), c->error);
			if (copy == NULL)
				return false;
			for (uint32_t k = 0; k < shape->nspans; k++)
			{
				copy[k].from = table->spans[shape->first + k].from;
				copy[k].to = table->spans[shape->first + k].to;
			}
			slot = (uint32_t) shape_hash(copy, (int) shape->nspans) & (nslots - 1);
			while (slots[slot] != 0)
				slot = (slot + 1) & (nslots - 1);
			slots[slot] = i;
		}
		table->slots = slots;
		table->nslots = nslots;
	}
	while (table->nspans + shape_room(n) > table->spans_size)
	{
		ShapeSpan  *spans = table->spans;

		table->spans_size *= 2;
		table->spans = core_alloc(c->mem, table->spans_size * sizeof(ShapeSpan), c->error);
		if (table->spans == NULL)
			return false;
		memcpy(table->spans, spans, table->nspans * sizeof(ShapeSpan));
	}
	return true;
}

/* A new shape, for which there is room. */
static uint32_t
shape_append(ShapeTable *table, const OpenSpan *span, int n)
{
	BucketShape *shape = &table->shapes[table->nshapes];
	int64_t		open = 0;

	shape->first = table->nspans;
	shape->nspans = (uint32_t) n;
	for (int i = 0; i < (int) shape_room(n); i++)
	{
		ShapeSpan  *s = &table->spans[table->nspans++];

		s->from = i < n ? span[i].from : CORE_USECS_PER_DAY;
		s->to = i < n ? span[i].to : CORE_USECS_PER_DAY;
		s->before = open;
		open += s->to - s->from;
	}
	return table->nshapes++;
}

/* The number of the shape that consists of these spans. */
static bool
shape_intern(Compiler *c, ShapeTable *table, const OpenSpan *span, int n,
			 uint32_t *number)
{
	uint32_t	slot;

	if (shape_equal(table, table->last, span, n))
	{
		*number = table->last;
		return true;
	}
	if (!shapes_reserve(c, table, n))
		return false;
	slot = (uint32_t) shape_hash(span, n) & (table->nslots - 1);
	while (table->slots[slot] != 0 && !shape_equal(table, table->slots[slot], span, n))
		slot = (slot + 1) & (table->nslots - 1);
	*number = table->slots[slot];
	if (*number == 0)
	{
		table->slots[slot] = table->nshapes;
		*number = shape_append(table, span, n);
	}
	table->last = *number;
	return true;
}

static bool
shapes_init(Compiler *c, ShapeTable *table)
{
	memset(table, 0, sizeof(ShapeTable));
	table->shapes_size = 64;
	table->spans_size = 256;
	table->nslots = 256;
	table->shapes = core_alloc(c->mem, table->shapes_size * sizeof(BucketShape), c->error);
	table->spans = core_alloc(c->mem, table->spans_size * sizeof(ShapeSpan), c->error);
	table->slots = core_alloc(c->mem, table->nslots * sizeof(uint32_t), c->error);
	if (table->shapes == NULL || table->spans == NULL || table->slots == NULL)
		return false;
	memset(table->slots, 0, table->nslots * sizeof(uint32_t));

	/* the empty shape is number 0 */
	(void) shape_append(table, NULL, 0);
	return true;
}

/* Spans that are cut into buckets, from the first to the last. */
typedef struct Cutter
{
	const OpenSpan *span;		/* the next one */
	const OpenSpan *end;
	OpenSpan   *piece;			/* of the bucket in hand */
} Cutter;

static bool
cutter_init(Compiler *c, Cutter *cutter, const SpanList *list)
{
	cutter->span = list->span;
	cutter->end = list->span + list->n;
	cutter->piece = core_alloc(c->mem, (list->n + 1) * sizeof(OpenSpan), c->error);
	return cutter->piece != NULL;
}

/*
 * The pieces of the bucket that begins at "start", by the time since then, and
 * how long they are; none are behind the window's end.
 */
static inline int
cut_bucket(Cutter *cutter, const Timeline *tl, int64_t start, int64_t *length)
{
	int64_t		stop = start + CORE_USECS_PER_DAY;
	int64_t		limit = stop < tl->end ? stop : tl->end;
	int			n = 0;

	*length = 0;
	for (; start < limit && cutter->span < cutter->end && cutter->span->from < limit; cutter->span++)
	{
		const OpenSpan *span = cutter->span;

		if (span->to > start)
		{
			OpenSpan   *piece = &cutter->piece[n++];

			piece->from = (span->from > start ? span->from : start) - start;
			piece->to = (span->to < limit ? span->to : limit) - start;
			*length += piece->to - piece->from;
		}
		if (span->to > limit)
			break;
	}
	return n;
}

/*
 * Cut the spans into wide entries.  Those behind the last one repeat its end:
 * they are sentinels.
 */
static bool
make_wide(Compiler *c, Timeline *tl, ShapeTable *table, const SpanList *list, CoreMem *result)
{
	int32_t		nentries = tl->ndays + 1 + TIMELINE_SENTINELS;
	Cutter		cutter;

	tl->form = TIMELINE_WIDE;
	tl->day.wide = core_alloc(result, nentries * sizeof(WideDay), c->error);
	if (tl->day.wide == NULL || !shapes_init(c, table) || !cutter_init(c, &cutter, list))
		return false;
	tl->bytes = sizeof(Timeline) + nentries * sizeof(WideDay);
	tl->total = 0;
	for (int32_t i = 0; i < nentries; i++)
	{
		WideDay    *day = &tl->day.wide[i];
		int64_t		length;
		int			n = cut_bucket(&cutter, tl, tl->base + i * CORE_USECS_PER_DAY, &length);

		day->cum = tl->total;
		day->shape = 0;
		day->unused = 0;
		if (n > 0 && !shape_intern(c, table, cutter.piece, n, &day->shape))
			return false;
		tl->total += length;
	}
	return true;
}

/* B before entry i, in units. */
static inline int64_t
entry_units(const Timeline *tl, int32_t i)
{
	switch (tl->form)
	{
		case TIMELINE_WIDE:
			return tl->day.wide[i].cum;
		case TIMELINE_WEEKS:
			return tl->day.week[i].cum;
		case TIMELINE_NARROW:
			break;
	}
	return tl->day.narrow[i].cum;
}

static inline int32_t
nweeks_of(const Timeline *tl)
{
	return (tl->ndays + 6) / 7;
}

/*
 * The index: for each step of 2^index_shift units, the first bucket (or week) at
 * whose end B exceeds the step's start (in a very long window, one or a few
 * before it).  A step is four to eight average days, or two to four weeks, so
 * that the one wanted is among the next few.
 */
static bool
make_index(Compiler *c, Timeline *tl, CoreMem *result)
{
	int32_t		n = tl->form == TIMELINE_WEEKS ? nweeks_of(tl) : tl->ndays;
	int64_t		units = entry_units(tl, n);
	int32_t		entry = 0;

	tl->index_shift = 0;
	tl->index_scale = 0;
	while ((units >> tl->index_shift) > (tl->form == TIMELINE_WEEKS ? n / 2 : n / 4))
		tl->index_shift++;
	while ((n >> tl->index_scale) > UINT16_MAX)
		tl->index_scale++;
	tl->nindex = (uint32_t) (units >> tl->index_shift) + 1;
	tl->index = core_alloc(result, tl->nindex * sizeof(uint16_t), c->error);
	if (tl->index == NULL)
		return false;
	for (uint32_t i = 0; i < tl->nindex; i++)
	{
		while (entry < n - 1 &&
			   entry_units(tl, entry + 1) <= (int64_t) i << tl->index_shift)
			entry++;
		tl->index[i] = (uint16_t) (entry >> tl->index_scale);
	}
	tl->bytes += tl->nindex * sizeof(uint16_t);

	/* where it is open less than a second in a day, the index serves */
	if (tl->total >> TIMELINE_PACE_SHIFT >= tl->ndays)
		tl->pace = (uint32_t) (((uint64_t) tl->ndays << 32) / (uint64_t) (tl->total >> TIMELINE_PACE_SHIFT) - 1);
	return true;
}

/*
 * Weeks
 *
 * Where all edges are whole minutes, seven buckets make a week, and most weeks are
 * like others.
 */

/* The weeks of a window, while they are made. */
typedef struct WeekTable
{
	Week	   *weeks;
	uint32_t	nshapes;
	uint32_t	shapes_size;
	uint32_t	nslots;			/* power of two */
	WeekShape  *shapes;
	uint32_t   *slots;			/* shape number, 0 when free */
} WeekTable;

static bool
weeks_init(Compiler *c, WeekTable *table, int32_t nweeks)
{
	table->shapes_size = 64;
	table->nslots = 64;
	while (table->nslots < 2 * (uint32_t) nweeks)
		table->nslots *= 2;
	table->weeks = core_alloc(c->mem, nweeks * sizeof(Week), c->error);
	table->shapes = core_alloc(c->mem, table->shapes_size * sizeof(WeekShape), c->error);
	table->slots = core_alloc(c->mem, table->nslots * sizeof(uint32_t), c->error);
	if (table->weeks == NULL || table->shapes == NULL || table->slots == NULL)
		return false;
	memset(table->slots, 0, table->nslots * sizeof(uint32_t));

	/* the empty one is number 0 */
	memset(table->shapes, 0, sizeof(WeekShape));
	table->nshapes = 1;
	return true;
}

/* The number of the shape that is like this one. */
static bool
week_intern(Compiler *c, WeekTable *table, const WeekShape *shape, uint32_t *number)
{
	uint64_t	hash = 0;
	uint32_t	slot;

	for (int k = 0; k < 7; k++)
		hash = (hash ^ shape->open[k] ^ (uint32_t) shape->close[k] << 16) * UINT64_C(0x9E3779B97F4A7C15);
	slot = (uint32_t) (hash >> 32) & (table->nslots - 1);
	while (table->slots[slot] != 0 &&
		   memcmp(&table->shapes[table->slots[slot]], shape, sizeof(WeekShape)) != 0)
		slot = (slot + 1) & (table->nslots - 1);
	if (table->slots[slot] == 0)
	{
		if (table->nshapes == table->shapes_size)
		{
			WeekShape  *shapes = table->shapes;

			table->shapes_size *= 2;
			table->shapes = core_alloc(c->mem, table->shapes_size * sizeof(WeekShape), c->error);
			if (table->shapes == NULL)
				return false;
			memcpy(table->shapes, shapes, table->nshapes * sizeof(WeekShape));
		}
		table->slots[slot] = table->nshapes;
		table->shapes[table->nshapes++] = *shape;
	}
	*number = table->slots[slot];
	return true;
}

/* A bucket as a narrow entry has it; false when memory, or numbers of shapes, are out. */
static inline bool
narrow_bucket(Compiler *c, ShapeTable *table, const OpenSpan *span, int n, bool shaped,
			  uint16_t *open, uint16_t *close)
{
	uint32_t	number;

	if (n <= 1 && !shaped)
	{
		*open = n == 0 ? 0 : (uint16_t) (span->from / CORE_USECS_PER_MINUTE);
		*close = n == 0 ? 0 : (uint16_t) (span->to / CORE_USECS_PER_MINUTE);
		return true;
	}
	if (!shape_intern(c, table, span, n, &number) || number > UINT16_MAX)
		return false;
	*open = TIMELINE_SHAPED;
	*close = (uint16_t) number;
	return true;
}

static inline int64_t
week_start(const Timeline *tl, int32_t w)
{
	return tl->base + 7 * w * CORE_USECS_PER_DAY;
}

/* Cut week w from the spans. */
static bool
cut_week(Compiler *c, const Timeline *tl, ShapeTable *table, Cutter *cutter, WeekTable *weeks,
		 int32_t w)
{
	WeekShape	shape;
	int64_t		total = 0;

	memset(&shape, 0, sizeof(WeekShape));
	for (int k = 0; k < 7; k++)
	{
		int64_t		length;
		int			n = cut_bucket(cutter, tl, week_start(tl, w) + k * CORE_USECS_PER_DAY, &length);

		if (!narrow_bucket(c, table, cutter->piece, n, false, &shape.open[k], &shape.close[k]))
			return false;
		total += length;
		shape.cum[k + 1] = (uint16_t) (total / CORE_USECS_PER_MINUTE);
	}
	return week_intern(c, weeks, &shape, &weeks->weeks[w].shape);
}

/*
 * What a week of a leaf is like follows from the shapes of its dates, of those
 * around it that may reach into it, and from what its zone does meanwhile.
 */
typedef struct WeekKey
{
	const uint16_t *dates;		/* WEEK_DATES shapes of a plan */
	int64_t		before;			/* the offset, */
	int64_t		after;			/* and what it changes to */
	int64_t		since;			/* then, since the week began; 0 if it does
								 * not */
} WeekKey;

#define WEEK_DATES	(MARGIN_DAYS + 7 + MARGIN_DAYS)

/*
 * A transition so far from a week does not matter to its dates: none of their times
 * is that near to one.
 */
#define WEEK_ZONE_BEFORE	(5 * CORE_USECS_PER_DAY)
#define WEEK_ZONE_AFTER		(13 * CORE_USECS_PER_DAY)

/*
 * The key of week w; *passed is the number of transitions before it, and grows.
 * False where there are several at once.
 */
static bool
week_key(const Timeline *tl, const Leaf *leaf, int32_t w, int *passed, WeekKey *key)
{
	const ZoneMap *zone = &leaf->zone;
	int64_t		start = week_start(tl, w);
	int			i = *passed;

	while (i < zone->nbreaks && zone->breaks[i].at <= start - WEEK_ZONE_BEFORE)
		i++;
	*passed = i;
	key->dates = leaf->plan.shape + 7 * w;
	key->before = key->after = zone_offset_before(zone, i);
	key->since = 0;
	if (i < zone->nbreaks && zone->breaks[i].at < start + WEEK_ZONE_AFTER)
	{
		key->after = zone->breaks[i].after;
		key->since = zone->breaks[i].at - start;
		return i + 1 == zone->nbreaks || zone->breaks[i + 1].at >= start + WEEK_ZONE_AFTER;
	}
	return true;
}

/* The shapes of the dates as three words, of which the last two overlap. */
static inline uint64_t
key_word(const WeekKey *key, int i)
{
	uint64_t	word;

	memcpy(&word, key->dates + (i < 2 ? 4 * i : WEEK_DATES - 4), sizeof(word));
	return word;
}

static inline bool
week_keys_equal(const WeekKey *a, const WeekKey *b)
{
	return a->before == b->before && a->after == b->after && a->since == b->since &&
		key_word(a, 0) == key_word(b, 0) && key_word(a, 1) == key_word(b, 1) &&
		key_word(a, 2) == key_word(b, 2);
}

static inline uint32_t
week_key_hash(const WeekKey *key)
{
	uint64_t	hash = (uint64_t) (key->before ^ key->since);

	for (int i = 0; i < 3; i++)
		hash = (hash ^ key_word(key, i)) * UINT64_C(0x9E3779B97F4A7C15);
	return (uint32_t) (hash >> 32);
}

/* Weeks of a leaf: those of a key are cut once, while the key is remembered. */
#define REMEMBERED_WEEKS	256

static bool
leaf_weeks(Compiler *c, const Timeline *tl, ShapeTable *table, Leaf *leaf, WeekTable *weeks,
		   int32_t nweeks)
{
	WeekKey		key[REMEMBERED_WEEKS];
	uint32_t	number[REMEMBERED_WEEKS] = {0};
	SpanList	list;
	int			passed = 0;

	if (!spans_init(c, &list, 64))
		return false;
	for (int32_t w = 0; w < nweeks; w++)
	{
		int32_t		first = 7 * w;
		int32_t		end = first + WEEK_DATES < leaf->plan.ndates ? first + WEEK_DATES : leaf->plan.ndates;
		WeekKey		this_key;
		bool		keyed = week_key(tl, leaf, w, &passed, &this_key) &&
			first + 7 <= tl->ndays;
		uint32_t	slot = keyed ? week_key_hash(&this_key) % REMEMBERED_WEEKS : 0;
		uint32_t   *shape_number = &weeks->weeks[w].shape;
		Cutter		cutter;

		if (keyed && number[slot] != 0 && week_keys_equal(&this_key, &key[slot]))
		{
			*shape_number = number[slot];
			continue;
		}
		list.n = 0;
		if (!leaf_spans(c, leaf, first, end, &list) ||
			!cutter_init(c, &cutter, &list) ||
			!cut_week(c, tl, table, &cutter, weeks, w))
			return false;
		if (keyed)
		{
			key[slot] = this_key;
			number[slot] = *shape_number;
		}
	}
	return true;
}

/* Weeks of spans. */
static bool
span_weeks(Compiler *c, const Timeline *tl, ShapeTable *table, const SpanList *list,
		   WeekTable *weeks, int32_t nweeks)
{
	Cutter		cutter;

	if (!cutter_init(c, &cutter, list))
		return false;
	for (int32_t w = 0; w < nweeks; w++)
		if (!cut_week(c, tl, table, &cutter, weeks, w))
			return false;
	return true;
}

/*
 * Where buckets of several spans are usual: make shapes of the others, too.  False
 * when there is no memory or no number for one.
 */
static bool
shape_all(Compiler *c, ShapeTable *table, WeekTable *weeks, int32_t nweeks, int32_t ndays)
{
	int32_t		nshaped = 0;

	if (table->nspans == shape_room(0))
		return true;
	for (int32_t w = 0; w < nweeks; w++)
		for (int k = 0; k < 7; k++)
			nshaped += weeks->shapes[weeks->weeks[w].shape].open[k] == TIMELINE_SHAPED;
	if (nshaped <= ndays / 8)
		return true;
	for (uint32_t i = 1; i < weeks->nshapes; i++)
		for (int k = 0; k < 7; k++)
		{
			uint16_t   *open = &weeks->shapes[i].open[k];
			uint16_t   *close = &weeks->shapes[i].close[k];
			OpenSpan	span = {*open * CORE_USECS_PER_MINUTE, *close * CORE_USECS_PER_MINUTE};

			if (*open != TIMELINE_SHAPED &&
				!narrow_bucket(c, table, &span, span.from < span.to, true, open, close))
				return false;
		}
	return true;
}

/* The entries of a timeline of weeks, and their shapes, a cache line each, in one piece. */
static bool
keep_weeks(Compiler *c, Timeline *tl, const WeekTable *table, int32_t nweeks, CoreMem *result)
{
	size_t		shapes_bytes = table->nshapes * sizeof(WeekShape);
	size_t		nentries = (size_t) nweeks + 1 + TIMELINE_WEEKS_AHEAD;
	size_t		bytes = sizeof(WeekShape) + shapes_bytes + nentries * sizeof(Week);
	char	   *kept = core_alloc(result, bytes, c->error);

	if (kept == NULL)
		return false;
	kept += (0 - (uintptr_t) kept) % sizeof(WeekShape);
	tl->form = TIMELINE_WEEKS;
	tl->week_shapes = memcpy(kept, table->shapes, shapes_bytes);
	tl->day.week = memcpy(kept + shapes_bytes, table->weeks, nweeks * sizeof(Week));
	for (size_t w = (size_t) nweeks; w < nentries; w++)
	{
		tl->day.week[w].cum = (uint32_t) (tl->total / CORE_USECS_PER_MINUTE);
		tl->day.week[w].shape = 0;
	}
	tl->bytes += bytes;
	return true;
}

/* An entry for each day; those behind the last one repeat its end: they are sentinels. */
static bool
keep_days(Compiler *c, Timeline *tl, const WeekTable *table, CoreMem *result)
{
	int32_t		nentries = tl->ndays + 1 + TIMELINE_SENTINELS;
	size_t		bytes = nentries * sizeof(NarrowDay);
	NarrowDay  *day = core_alloc(result, bytes, c->error);
	NarrowDay	end = {(uint32_t) (tl->total / CORE_USECS_PER_MINUTE), 0, 0};

	if (day == NULL)
		return false;
	tl->form = TIMELINE_NARROW;
	tl->day.narrow = day;
	for (int32_t first = 0; first < tl->ndays; first += 7)
	{
		const Week *week = &table->weeks[first / 7];
		const WeekShape *shape = &table->shapes[week->shape];

		for (int k = 0; k < 7 && first + k < tl->ndays; k++, day++)
		{
			day->cum = week->cum + shape->cum[k];
			day->open = shape->open[k];
			day->close = shape->close[k];
		}
	}
	for (int32_t i = tl->ndays; i < nentries; i++)
		*day++ = end;
	tl->bytes += bytes;
	return true;
}

/*
 * Narrow entries, of a leaf or else of spans; where it is to be small, and is so by
 * them, of weeks.  False when memory is out or numbers for shapes are.
 */
static bool
make_narrow(Compiler *c, Timeline *tl, ShapeTable *table, Leaf *leaf, const SpanList *list,
			bool small, CoreMem *result)
{
	int32_t		nweeks = nweeks_of(tl);
	WeekTable	weeks;
	uint32_t	total = 0;

	if (!shapes_init(c, table) || !weeks_init(c, &weeks, nweeks) ||
		!(leaf != NULL ? leaf_weeks(c, tl, table, leaf, &weeks, nweeks) :
		  span_weeks(c, tl, table, list, &weeks, nweeks)) ||
		!shape_all(c, table, &weeks, nweeks, tl->ndays))
		return false;
	for (int32_t w = 0; w < nweeks; w++)
	{
		weeks.weeks[w].cum = total;
		total += weeks.shapes[weeks.weeks[w].shape].cum[7];
	}
	tl->total = total * CORE_USECS_PER_MINUTE;
	tl->bytes = sizeof(Timeline);
	if (small && weeks.nshapes < (uint32_t) nweeks / 2)
		return keep_weeks(c, tl, &weeks, nweeks, result);
	return keep_days(c, tl, &weeks, result);
}

/* The buckets and their shapes, where they stay. */
static bool
make_buckets(Compiler *c, Timeline *tl, Leaf *leaf, SpanList *list, bool small, CoreMem *result)
{
	ShapeTable	table;
	size_t		shapes_bytes;
	size_t		spans_bytes;

	if (!(c->whole_minutes && make_narrow(c, tl, &table, leaf, list, small, result)) &&
		!(c->error->kind == CORE_OK &&
		  (leaf == NULL || all_spans(c, leaf, list)) &&
		  make_wide(c, tl, &table, list, result)))
		return false;

	shapes_bytes = table.nshapes * sizeof(BucketShape);
	spans_bytes = table.nspans * sizeof(ShapeSpan);
	tl->shapes = core_alloc(result, shapes_bytes, c->error);
	tl->spans = core_alloc(result, spans_bytes + 1, c->error);
	if (tl->shapes == NULL || tl->spans == NULL)
		return false;
	memcpy(tl->shapes, table.shapes, shapes_bytes);
	memcpy(tl->spans, table.spans, spans_bytes);
	tl->bytes += shapes_bytes + spans_bytes;
	return make_index(c, tl, result);
}

Timeline *
timeline_compile(const HoursExpr *expr, int32_t first_date, int32_t ndays,
				 bool small, const ZoneSource *zones, CoreMem *scratch, CoreMem *result,
				 CoreError *error)
{
	Compiler	c = {zones, scratch, error, first_date, ndays, true, hours_zone(expr), NULL};
	bool		plain = expr->kind == HOURS_LEAF;
	Leaf		leaf;
	SpanList	list;
	Timeline   *tl;

	error->kind = CORE_OK;
	tl = core_alloc(result, sizeof(Timeline), error);
	if (tl == NULL)
		return NULL;
	memset(tl, 0, sizeof(Timeline));
	c.zone = &tl->zone;
	if (!load_zone(&c, c.zone_name, &tl->zone, result) ||
		!(plain ? plan_leaf(&c, expr, &leaf) : expr_spans(&c, expr, &list)))
		return NULL;
	tl->first_date = first_date;
	tl->ndays = ndays;
	tl->base = zone_instant(&tl->zone, first_date * CORE_USECS_PER_DAY);
	c.whole_minutes = c.whole_minutes && whole_minute(tl->base);
	tl->end = tl->base + ndays * CORE_USECS_PER_DAY;
	if (!make_buckets(&c, tl, plain ? &leaf : NULL, &list, small, result))
		return NULL;
	timeline_limit(tl, tl->base, tl->end);
	tl->bytes += tl->zone.nbreaks * sizeof(ZoneBreak);
	return tl;
}

/*
 * Business dates
 */

/* Add a date that first opens at an instant; what is outside the window is left out. */
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

/* Keep the plan of a leaf: it tells the own spans of each date. */
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
	dates->shape = core_alloc(result, dates_bytes, c->error);
	dates->shapes = core_alloc(result, shapes_bytes, c->error);
	pieces = core_alloc(result, npieces * sizeof(DayPiece) + 1, c->error);
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

/* Of a leaf: the dates that its own rules open. */
static bool
leaf_dates(Compiler *c, Timeline *tl, const HoursExpr *leaf, CoreMem *result)
{
	/*
	 * where clocks went forward, the window ends on a later date than it
	 * began
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

			/* not always the first one: a gap may put it behind the next */
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
 * Of a composed value: the dates on which a span begins, and those that lie
 * wholly inside one (else 24/7 less a maintenance hour on Sundays would have
 * one business day a week).
 */
static bool
composed_dates(Compiler *c, Timeline *tl, const HoursExpr *expr)
{
	SpanList	list;

	if (!expr_spans(c, expr, &list))
		return false;
	for (int64_t i = 0; i < list.n; i++)
	{
		int64_t		from = list.span[i].from > tl->base ? list.span[i].from : tl->base;
		int64_t		to = list.span[i].to;	/* may lie behind the window */
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
 * The offset of each date, where it is the same from the day before to the time
 * that its spans may reach, so that clocks need no search there.
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
	dates = core_alloc(result, sizeof(BusinessDates), error);
	if (dates == NULL)
		return false;
	memset(dates, 0, sizeof(BusinessDates));
	dates->date = core_alloc(result, n * sizeof(int32_t), error);
	dates->first = core_alloc(result, n * sizeof(int64_t), error);
	dates->offset = core_alloc(result, n * sizeof(int32_t), error);
	dates->rank = core_alloc(result, n * sizeof(uint32_t), error);
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
