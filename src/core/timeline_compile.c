/*-------------------------------------------------------------------------
 *
 * timeline_compile.c
 *	  Compilation of open spans into a timeline.
 *
 * Spans are cut into buckets.  Weeks that are alike are cut only once.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "timeline_work.h"

#include <string.h>

/*
 * Buckets
 */

/* The hash table of shapes, while buckets are being cut. */
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
	uint32_t	last;			/* the shape returned last */
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

/* The number of spans allocated for a shape of n. */
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
		table->shapes = timeline_alloc(c->mem, table->shapes_size * sizeof(BucketShape), c->error);
		slots = timeline_alloc(c->mem, nslots * sizeof(uint32_t), c->error);
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
				copy = timeline_alloc(c->mem, shape->nspans * sizeof(OpenSpan), c->error);
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
		table->spans = timeline_alloc(c->mem, table->spans_size * sizeof(ShapeSpan), c->error);
		if (table->spans == NULL)
			return false;
		memcpy(table->spans, spans, table->nspans * sizeof(ShapeSpan));
	}
	return true;
}

/* Append a shape, after shapes_reserve(), and return its number. */
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

/* Find or make the shape that consists of these spans. */
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
	table->shapes = timeline_alloc(c->mem, table->shapes_size * sizeof(BucketShape), c->error);
	table->spans = timeline_alloc(c->mem, table->spans_size * sizeof(ShapeSpan), c->error);
	table->slots = timeline_alloc(c->mem, table->nslots * sizeof(uint32_t), c->error);
	if (table->shapes == NULL || table->spans == NULL || table->slots == NULL)
		return false;
	memset(table->slots, 0, table->nslots * sizeof(uint32_t));

	/* shape number 0 is the empty one */
	(void) shape_append(table, NULL, 0);
	return true;
}

/* State of cutting a list of spans into consecutive buckets. */
typedef struct Cutter
{
	const OpenSpan *span;		/* the next one */
	const OpenSpan *end;
	OpenSpan   *piece;			/* the pieces in the current bucket */
} Cutter;

static bool
cutter_init(Compiler *c, Cutter *cutter, const SpanList *list)
{
	cutter->span = list->span;
	cutter->end = list->span + list->n;
	cutter->piece = timeline_alloc(c->mem, (list->n + 1) * sizeof(OpenSpan), c->error);
	return cutter->piece != NULL;
}

/*
 * Cut the bucket that begins at "start": put the pieces of spans in it into
 * cutter->piece, relative to "start", and return their number; *length is their
 * total.  Nothing after the end of the window is returned.
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
 * Cut the spans into wide entries, followed by sentinels, which are empty
 * entries with all open time before them.
 */
static bool
make_wide(Compiler *c, Timeline *tl, ShapeTable *table, const SpanList *list, CoreMem *result)
{
	int32_t		nentries = tl->ndays + 1 + TIMELINE_SENTINELS;
	Cutter		cutter;

	tl->form = TIMELINE_WIDE;
	tl->day.wide = timeline_alloc(result, nentries * sizeof(WideDay), c->error);
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
 * Make the index: for each step of 2^index_shift units of open time, the first
 * bucket (or week) at whose end B exceeds the start of the step, rounded down
 * to a multiple of 2^index_scale.  A step is four to eight average days, or
 * two to four weeks, so that a search from there takes few steps.
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
	tl->index = timeline_alloc(result, tl->nindex * sizeof(uint16_t), c->error);
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

	/*
	 * leave pace 0 if it is open for about a second a day or less: it would
	 * overflow
	 */
	if (tl->total >> TIMELINE_PACE_SHIFT >= tl->ndays)
		tl->pace = (uint32_t) (((uint64_t) tl->ndays << 32) / (uint64_t) (tl->total >> TIMELINE_PACE_SHIFT) - 1);
	return true;
}

/*
 * Weeks
 *
 * If all edges are whole minutes, buckets are cut by weeks of seven, most of
 * which are like others.
 */

/* The weeks of a window and the hash table of their shapes. */
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
	table->weeks = timeline_alloc(c->mem, nweeks * sizeof(Week), c->error);
	table->shapes = timeline_alloc(c->mem, table->shapes_size * sizeof(WeekShape), c->error);
	table->slots = timeline_alloc(c->mem, table->nslots * sizeof(uint32_t), c->error);
	if (table->weeks == NULL || table->shapes == NULL || table->slots == NULL)
		return false;
	memset(table->slots, 0, table->nslots * sizeof(uint32_t));

	/* shape number 0 is the empty one */
	memset(table->shapes, 0, sizeof(WeekShape));
	table->nshapes = 1;
	return true;
}

/* Find or make the shape of a week that equals this one. */
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
			table->shapes = timeline_alloc(c->mem, table->shapes_size * sizeof(WeekShape), c->error);
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

/*
 * Make a narrow entry of the spans of a bucket, with a shape if there are
 * several or if "shaped".  Returns false if memory ran out, which is an error,
 * or if the numbers of shapes did, which is not.
 */
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
 * What determines the shape of a week of a leaf: the plan's shapes for its
 * dates and the dates around that may extend into it, and the offset of the
 * zone.
 */
typedef struct WeekKey
{
	const uint16_t *dates;		/* WEEK_DATES shapes of a plan */
	int64_t		before;			/* the offset at the beginning */
	int64_t		after;			/* the offset that it changes to, if it does */
	int64_t		since;			/* time of that change, relative to the start
								 * of the week; 0 if there is none */
} WeekKey;

#define WEEK_DATES	(MARGIN_DAYS + 7 + MARGIN_DAYS)

/*
 * A transition of the zone that is at least this long before or after the
 * start of a week does not affect the dates of its key.
 */
#define WEEK_ZONE_BEFORE	(5 * CORE_USECS_PER_DAY)
#define WEEK_ZONE_AFTER		(13 * CORE_USECS_PER_DAY)

/*
 * Get the key of week w.  *passed counts the transitions that precede it, and
 * is advanced from week to week.  Returns false if several transitions affect
 * the week, which a key cannot express.
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

/* Get word i (0 to 2) of the key's shapes; the last two words overlap. */
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

/*
 * Make the weeks of a leaf.  Weeks with the same key are cut only once, as long
 * as the key remains in a small cache.
 */
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
		if (!spans_of_dates(c, leaf, first, end, &list) ||
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

/* Make the weeks of a list of spans. */
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
 * If more than an eighth of the buckets have several spans, give shapes to all
 * others, too.  Returns false if narrow_bucket() does.
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

/*
 * Make the final entries of a timeline of weeks and their shapes, which are
 * aligned to cache lines, in one chunk.
 */
static bool
keep_weeks(Compiler *c, Timeline *tl, const WeekTable *table, int32_t nweeks, CoreMem *result)
{
	size_t		shapes_bytes = table->nshapes * sizeof(WeekShape);
	size_t		nentries = (size_t) nweeks + 1 + TIMELINE_WEEKS_AHEAD;
	size_t		bytes = sizeof(WeekShape) + shapes_bytes + nentries * sizeof(Week);
	char	   *kept = timeline_alloc(result, bytes, c->error);

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

/* Make the final narrow entries, one for each bucket, and the sentinels after them. */
static bool
keep_days(Compiler *c, Timeline *tl, const WeekTable *table, CoreMem *result)
{
	int32_t		nentries = tl->ndays + 1 + TIMELINE_SENTINELS;
	size_t		bytes = nentries * sizeof(NarrowDay);
	NarrowDay  *day = timeline_alloc(result, bytes, c->error);
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
 * Make a timeline of narrow entries from a leaf or, if that is NULL, from a
 * list of spans; make one of weeks if "small" and there are enough equal
 * weeks.  Returns false if narrow_bucket() does: unless there is an error, the
 * caller can still make wide entries.
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

/* Make the final entries, shapes and index. */
static bool
make_buckets(Compiler *c, Timeline *tl, Leaf *leaf, SpanList *list, bool small, CoreMem *result)
{
	ShapeTable	table;
	size_t		shapes_bytes;
	size_t		spans_bytes;

	if (!(c->whole_minutes && make_narrow(c, tl, &table, leaf, list, small, result)) &&
		!(c->error->kind == CORE_OK &&
		  (leaf == NULL || spans_of_leaf(c, leaf, list)) &&
		  make_wide(c, tl, &table, list, result)))
		return false;

	shapes_bytes = table.nshapes * sizeof(BucketShape);
	spans_bytes = table.nspans * sizeof(ShapeSpan);
	tl->shapes = timeline_alloc(result, shapes_bytes, c->error);
	tl->spans = timeline_alloc(result, spans_bytes + 1, c->error);
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
	tl = timeline_alloc(result, sizeof(Timeline), error);
	if (tl == NULL)
		return NULL;
	memset(tl, 0, sizeof(Timeline));
	c.zone = &tl->zone;
	if (!leaf_zone(&c, c.zone_name, &tl->zone, result) ||
		!(plain ? leaf_plan(&c, expr, &leaf) : spans_of_expr(&c, expr, &list)))
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
