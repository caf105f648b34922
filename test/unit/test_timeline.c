/*-------------------------------------------------------------------------
 *
 * test_timeline.c
 *	  Unit test of timelines, business dates, time zones and expressions over
 *	  names; no server needed.  Exits 1 when something fails.
 *
 * Random opening hours in random time zones are compiled over random windows.
 * What the timeline answers is compared with a list of open spans that is made
 * the long way: the edges of all leaves in order, and between each two of them
 * the question whether the expression holds there.
 *
 *	cc -g -Isrc/core test/unit/test_timeline.c src/core/[a-z]*.c -lm
 *
 * A number as argument is another seed; a second one, how many calendars.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "combine.h"
#include "timeline.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY			CORE_USECS_PER_DAY
#define HOUR		CORE_USECS_PER_HOUR
#define MINUTE		CORE_USECS_PER_MINUTE

static long checks;
static int	failures;
static char context[41000];		/* what is being tested */

static void
fail(int line, const char *format,...)
{
	va_list		args;

	if (failures++ > 20)
		return;
	printf("line %d: ", line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n  in %s\n", context);
}

#define CHECK(condition, ...) \
	do { checks++; if (!(condition)) fail(__LINE__, __VA_ARGS__); } while (0)

/* Equality of two integers, with a name. */
#define SAME(got, expected, ...) \
	do { \
		int64_t		got_ = (got); \
		int64_t		expected_ = (expected); \
		checks++; \
		if (got_ != expected_) \
		{ \
			char		what_[200]; \
			snprintf(what_, sizeof(what_), __VA_ARGS__); \
			fail(__LINE__, "%s: got %" PRId64 ", expected %" PRId64, what_, got_, expected_); \
		} \
	} while (0)

/*
 * Memory: every block apart, so that the address sanitizer sees its ends
 */

static void **blocks;
static int	nblocks;
static int	blocks_size;
static int	blocks_left = INT32_MAX;	/* allocations until memory runs out */

static void *
test_alloc(void *unused, size_t size)
{
	if (blocks_left-- <= 0)
		return NULL;
	if (nblocks == blocks_size)
	{
		blocks_size = blocks_size * 2 + 1000;
		blocks = realloc(blocks, blocks_size * sizeof(void *));
	}
	blocks[nblocks] = malloc(size);
	memset(blocks[nblocks], 0xA5, size);
	return blocks[nblocks++];
}

static void
free_blocks(void)
{
	while (nblocks > 0)
		free(blocks[--nblocks]);
}

static int	interrupts;
static int	nweeks;				/* timelines folded into weeks */
static long quick_answers;		/* given by timeline_add_ahead() */

static void
count_interrupt(void)
{
	interrupts++;
}

static CoreMem mem = {test_alloc, NULL, NULL};

/*
 * Chance
 */

static uint64_t seed = 20261122;

static uint64_t
random_bits(void)
{
	uint64_t	z = (seed += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/* 0 to n - 1 */
static int64_t
rnd(int64_t n)
{
	return (int64_t) (random_bits() % (uint64_t) n);
}

static bool
one_in(int n)
{
	return rnd(n) == 0;
}

/*
 * Time zones: a few of them, made anew for each calendar
 */

#define NZONES		4
#define MAX_BREAKS	400

typedef struct Zone
{
	int			n;
	ZoneBreak	breaks[MAX_BREAKS];
	int64_t		offset;
} Zone;

static Zone zones[NZONES];

/* Kinds of clock changes. */
static void
random_zone(Zone *zone, int32_t first_date, int32_t last_date, bool plain)
{
	static const int64_t changes[] = {
		HOUR, HOUR, HOUR, 30 * MINUTE, 2 * HOUR, 20 * MINUTE, 24 * HOUR, 23 * MINUTE + 28 * CORE_USECS_PER_SEC
	};
	int64_t		offset = (rnd(25) - 12) * HOUR + (one_in(4) ? rnd(4) * 15 * MINUTE : 0);
	int64_t		at = (first_date - 20) * DAY;
	int64_t		change = changes[rnd(plain ? 6 : 8)];
	bool		summer = false;

	if (!plain && one_in(3))
		offset += 53 * MINUTE + 28 * CORE_USECS_PER_SEC;	/* local mean time */
	zone->offset = offset;
	zone->n = 0;
	if (one_in(4))
		return;
	while (zone->n < MAX_BREAKS)
	{
		ZoneBreak  *b = &zone->breaks[zone->n];

		/*
		 * At some local hour, often near midnight, 4 days apart at least. The
		 * date line is crossed at midnight, as it was wherever it was.
		 */
		if (one_in(3))
			change = changes[rnd(plain ? 6 : 8)];
		at += (4 + (one_in(3) ? rnd(5) : rnd(300))) * DAY;
		if (at > (last_date + 20) * DAY)
			break;
		at -= (((at + offset) % DAY) + DAY) % DAY;
		if (change < DAY)
			at += one_in(2) ? (rnd(9) - 4) * 30 * MINUTE : one_in(2) ? MINUTE : rnd(24) * HOUR;
		b->at = at;
		b->before = offset;
		offset += summer ? -change : change;
		if (offset < -14 * HOUR || offset > 15 * HOUR)
			offset = 2 * b->before - offset;
		if (offset < -14 * HOUR || offset > 15 * HOUR)
			offset = b->before > 0 ? b->before - HOUR : b->before + HOUR;
		summer = !summer;
		b->after = offset;
		zone->n++;
	}
}

static bool
load_zone(void *unused, const char *name, int64_t from, int64_t to, CoreMem *m,
		  ZoneMap *map, CoreError *error)
{
	const Zone *zone = &zones[name[strlen(name) - 1] - '0'];

	if (strncmp(name, "Test/", 5) != 0)
		return core_fail(error, CORE_SYNTAX, -1, 0, "Time zone \"%s\" is not recognized.", "", name);
	map->offset = zone->offset;
	map->nbreaks = 0;
	map->breaks = m->alloc(m->context, zone->n * sizeof(ZoneBreak) + 1);
	if (map->breaks == NULL)
		return core_fail(error, CORE_NOMEM, -1, 0, "Out of memory.", "");
	for (int i = 0; i < zone->n; i++)
	{
		if (zone->breaks[i].at <= from)
			map->offset = zone->breaks[i].after;
		else if (zone->breaks[i].at <= to)
			map->breaks[map->nbreaks++] = zone->breaks[i];
	}
	return true;
}

static const ZoneSource source = {load_zone, NULL};

static int64_t
slow_local(const Zone *zone, int64_t t)
{
	int64_t		offset = zone->offset;

	for (int i = 0; i < zone->n; i++)
		if (zone->breaks[i].at <= t)
			offset = zone->breaks[i].after;
	return t + offset;
}

/* The later instant with this local time; in a gap, by the offset before it. */
static int64_t
slow_instant(const Zone *zone, int64_t local)
{
	int64_t		latest = INT64_MIN;

	for (int i = -1; i < zone->n; i++)
	{
		int64_t		t = local - (i < 0 ? zone->offset : zone->breaks[i].after);

		if (slow_local(zone, t) == local && t > latest)
			latest = t;
	}
	for (int i = 0; i < zone->n && latest == INT64_MIN; i++)
	{
		const ZoneBreak *b = &zone->breaks[i];

		if (local >= b->at + b->before && local < b->at + b->after)
			return local - b->before;
	}
	return latest;
}

/* The lowest local time from now on. */
static int64_t
slow_clock(const Zone *zone, int64_t t)
{
	int64_t		clock = slow_local(zone, t);

	for (int i = 0; i < zone->n; i++)
		if (zone->breaks[i].at > t && zone->breaks[i].at + zone->breaks[i].after < clock)
			clock = zone->breaks[i].at + zone->breaks[i].after;
	return clock;
}

static int64_t
slow_instant_of_clock(const Zone *zone, int64_t local)
{
	for (int i = 0; i < zone->n; i++)
		if (local >= zone->breaks[i].at + zone->breaks[i].before &&
			local < zone->breaks[i].at + zone->breaks[i].after)
			return zone->breaks[i].at;
	return slow_instant(zone, local);
}

static const Zone *
zone_named(const char *name)
{
	return &zones[name[strlen(name) - 1] - '0'];
}

static int32_t
date_of(int64_t local)
{
	return (int32_t) ((local - ((local % DAY) + DAY) % DAY) / DAY);
}

/*
 * Random opening hours
 */

typedef struct Text
{
	char		bytes[40000];
	int			length;
} Text;

static void
put(Text *text, const char *format,...)
{
	va_list		args;

	va_start(args, format);
	text	  ->length += vsnprintf(text->bytes + text->length, sizeof(text->bytes) - text->length, format, args);

	va_end(args);
	if (text->length >= (int) sizeof(text->bytes))
		abort();
}

static const char *const weekdays[] = {"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"};
static const char *const months[] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
};

static void
put_spans(Text *text)
{
	for (int n = (int) rnd(3); n >= 0; n--)
	{
		int			from = one_in(5) ? 0 : (int) rnd(48) * 30;
		int			to = one_in(5) ? 1440 : (int) rnd(96) * 30;

		if (to <= from && to > 0 && one_in(2))
			to = from + 30;
		if (to == 0 || to > 2880 || (to > 1440 && to <= from))
			to = from + 15;
		put(text, "%s%02d:%02d", text->bytes[text->length - 1] == ' ' ? "" : ",", from / 60, from % 60);
		if (one_in(12))
			put(text, ":%02d", (int) rnd(60));
		put(text, "-%02d:%02d", to / 60, to % 60);
	}
}

static void
put_leaf(Text *text, bool plain)
{
	bool		has_spans = false;	/* the rule before */

	put(text, "TZ=Test/%d ", (int) rnd(plain ? 2 : NZONES));
	for (int nrules = 1 + (int) rnd(4), i = 0; i < nrules; i++)
	{
		int			kind = (int) rnd(8);

		if (i > 0)
			put(text, has_spans && kind > 0 && one_in(4) ? ", " : "; ");
		has_spans = false;
		switch (kind)
		{
			case 0:
				put(text, "24/7");
				continue;
			case 1:
				put(text, "%s %02d-%02d ", months[rnd(12)], 1 + (int) rnd(14), 15 + (int) rnd(14));
				break;
			case 2:
				put(text, "2026 %s %02d ", months[rnd(12)], 1 + (int) rnd(28));
				break;
			case 3:
				put(text, "PH ");
				break;
			default:
				put(text, "%s-%s ", weekdays[rnd(7)], weekdays[rnd(7)]);
		}
		if (one_in(5))
			put(text, "off");
		else if (!one_in(6))
		{
			put_spans(text);
			has_spans = true;
		}
	}
}

static void
put_hours(Text *text, int depth, bool plain)
{
	if (depth == 0 || one_in(3))
	{
		put_leaf(text, plain);
		return;
	}
	if (one_in(4))
		put(text, "TZ=Test/%d ", (int) rnd(NZONES));
	put(text, "((");
	put_hours(text, depth - 1, plain);
	put(text, ") %c (", "+*-+"[rnd(4)]);
	put_hours(text, depth - 1, plain);
	put(text, "))");
}

static HoursExpr *
parse(const char *text)
{
	CoreError	error = {0};
	HoursExpr  *expr = hours_parse(text, strlen(text), &mem, &error);

	if (expr == NULL)
		fail(__LINE__, "not parsed: %s: %s", text, error.detail);
	return expr;
}

/* Hours that no text has: microseconds. */
static void
add_microseconds(HoursExpr *expr)
{
	if (expr->kind != HOURS_LEAF)
	{
		add_microseconds(expr->left);
		add_microseconds(expr->right);
		return;
	}
	for (int i = 0; i < expr->nrules; i++)
		for (int k = 0; k < expr->rules[i].nspans; k++)
			if (one_in(2) && expr->rules[i].spans[k].to - expr->rules[i].spans[k].from > 2000000)
				expr->rules[i].spans[k].from += rnd(1000000);
}

static void
random_holidays(HoursExpr *expr)
{
	HoursHoliday holidays[5];
	int			n = 0;

	for (int32_t date = core_date(2026, 1, 1) + (int32_t) rnd(100); n < 5; date += 1 + (int32_t) rnd(90))
	{
		holidays[n].date = date;
		holidays[n].nspans = one_in(3) ? 0 : -1;
		holidays[n++].spans = NULL;
	}
	hours_bake(expr, holidays, n, &mem);
}

/*
 * The reference: open spans over more than the window
 */

#define MAX_SPANS	100000
#define REF_MARGIN	8			/* days on both sides */

typedef struct Leaf
{
	const HoursExpr *expr;
	const Zone *zone;
	DayPlan		plan;
	int			n;
	OpenSpan   *span;			/* as they come, overlapping */
} Leaf;

typedef struct Reference
{
	int32_t		first;			/* the dates looked at */
	int32_t		ndays;
	int			nleaves;
	Leaf		leaf[16];
	int			n;
	OpenSpan   *span;			/* what is open, sorted and merged */
	int64_t    *before;			/* open time before each */
	const Zone *zone;
	int			ndates;
	int32_t    *date;
	int64_t    *opens;
} Reference;

static bool
slow_date_exists(const Zone *zone, int32_t date)
{
	return slow_instant(zone, date * DAY) < slow_instant(zone, (date + 1) * DAY);
}

/* The spans of one date's pieces, its own or the others. */
static int
date_spans(const Leaf *leaf, int32_t date, bool own, OpenSpan *span)
{
	const DayShape *shape = &leaf->plan.shapes[leaf->plan.shape[date - leaf->plan.first]];
	int			n = 0;

	if (!slow_date_exists(leaf->zone, date))
		return 0;
	for (int k = 0; k < shape->npieces; k++)
	{
		span[n].from = slow_instant(leaf->zone, date * DAY + shape->pieces[k].from);
		span[n].to = slow_instant(leaf->zone, date * DAY + shape->pieces[k].to);
		if (shape->pieces[k].own == own && span[n].from < span[n].to)
			n++;
	}
	return n;
}

static void
reference_leaves(Reference *ref, const HoursExpr *expr)
{
	Leaf	   *leaf;
	CoreError	error = {0};

	if (expr->kind != HOURS_LEAF)
	{
		reference_leaves(ref, expr->left);
		reference_leaves(ref, expr->right);
		return;
	}
	leaf = &ref->leaf[ref->nleaves++];
	leaf->expr = expr;
	leaf->zone = zone_named(expr->zone);
	leaf->n = 0;
	leaf->span = test_alloc(NULL, (size_t) ref->ndays * 24 * sizeof(OpenSpan));
	if (!hours_plan(expr, ref->first, ref->ndays, &mem, &leaf->plan, &error))
		abort();
	for (int32_t i = 0; i < ref->ndays; i++)
	{
		leaf->n += date_spans(leaf, ref->first + i, true, leaf->span + leaf->n);
		leaf->n += date_spans(leaf, ref->first + i, false, leaf->span + leaf->n);
	}
}

/* Is the expression open at an instant?  Takes the leaves in their order. */
static bool
open_at(const Reference *ref, const HoursExpr *expr, int64_t t, int *leaf)
{
	bool		left;
	bool		right;

	if (expr->kind == HOURS_LEAF)
	{
		const Leaf *l = &ref->leaf[(*leaf)++];

		for (int i = 0; i < l->n; i++)
			if (l->span[i].from <= t && t < l->span[i].to)
				return true;
		return false;
	}
	left = open_at(ref, expr->left, t, leaf);
	right = open_at(ref, expr->right, t, leaf);
	return expr->kind == HOURS_UNION ? left || right :
		expr->kind == HOURS_INTERSECTION ? left && right : left && !right;
}

static int
compare_instants(const void *a, const void *b)
{
	int64_t		ia = *(const int64_t *) a;
	int64_t		ib = *(const int64_t *) b;

	return ia < ib ? -1 : ia > ib;
}

static void
reference_sum(Reference *ref)
{
	int64_t		sum = 0;

	ref->before = test_alloc(NULL, (ref->n + 1) * sizeof(int64_t));
	for (int i = 0; i < ref->n; i++)
	{
		ref->before[i] = sum;
		sum += ref->span[i].to - ref->span[i].from;
	}
}

static void
reference_dates(Reference *ref, const HoursExpr *expr)
{
	ref->zone = zone_named(hours_zone(expr));
	ref->ndates = 0;
	ref->date = test_alloc(NULL, (ref->ndays + 10) * sizeof(int32_t));
	ref->opens = test_alloc(NULL, (ref->ndays + 10) * sizeof(int64_t));
	for (int32_t date = ref->first + 2; date < ref->first + ref->ndays - 2; date++)
	{
		int64_t		midnight = slow_instant(ref->zone, date * DAY);
		int64_t		next = slow_instant(ref->zone, (date + 1) * DAY);
		OpenSpan	own[100];
		bool		found = false;
		int64_t		opens = 0;

		if (expr->kind == HOURS_LEAF)
		{
			int			nown = date_spans(&ref->leaf[0], date, true, own);

			qsort(own, nown, sizeof(OpenSpan), compare_instants);
			found = nown > 0;
			opens = own[0].from;
		}
		else
			for (int i = 0; i < ref->n && !found; i++)
			{
				const OpenSpan *s = &ref->span[i];

				if (date_of(slow_local(ref->zone, s->from)) == date)
				{
					found = true;
					opens = s->from;
				}
				else if (midnight < next && s->from <= midnight && next <= s->to)
				{
					found = true;
					opens = midnight;
				}
			}
		/* a clock put back over midnight shows the date before once more */
		if (!found || (ref->ndates > 0 && opens < ref->opens[ref->ndates - 1]))
			continue;
		ref->date[ref->ndates] = date;
		ref->opens[ref->ndates++] = opens;
	}
}

static void
make_reference(Reference *ref, const HoursExpr *expr, int32_t first, int32_t ndays)
{
	int64_t    *edge;
	int			nedges = 0;

	ref->first = first - REF_MARGIN;
	ref->ndays = ndays + 2 * REF_MARGIN;
	ref->nleaves = 0;
	reference_leaves(ref, expr);
	for (int i = 0; i < ref->nleaves; i++)
		nedges += 2 * ref->leaf[i].n;
	edge = test_alloc(NULL, (nedges + 1) * sizeof(int64_t));
	nedges = 0;
	for (int i = 0; i < ref->nleaves; i++)
		for (int k = 0; k < ref->leaf[i].n; k++)
		{
			edge[nedges++] = ref->leaf[i].span[k].from;
			edge[nedges++] = ref->leaf[i].span[k].to;
		}
	qsort(edge, nedges, sizeof(int64_t), compare_instants);
	ref->n = 0;
	ref->span = test_alloc(NULL, (nedges + 1) * sizeof(OpenSpan));
	for (int i = 0; i + 1 < nedges; i++)
	{
		int			leaf = 0;

		if (edge[i] == edge[i + 1] || !open_at(ref, expr, edge[i], &leaf))
			continue;
		if (ref->n > 0 && ref->span[ref->n - 1].to == edge[i])
			ref->span[ref->n - 1].to = edge[i + 1];
		else
		{
			ref->span[ref->n].from = edge[i];
			ref->span[ref->n++].to = edge[i + 1];
		}
	}
	reference_sum(ref);
	reference_dates(ref, expr);
}

/* The first span that ends later than t, or n. */
static int
span_after(const Reference *ref, int64_t t)
{
	int			low = 0;
	int			high = ref->n;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (ref->span[middle].to > t)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* B(t), from the start of the reference. */
static int64_t
slow_position(const Reference *ref, int64_t t)
{
	int			i = span_after(ref, t);

	if (i == ref->n)
		return i == 0 ? 0 : ref->before[i - 1] + ref->span[i - 1].to - ref->span[i - 1].from;
	return ref->before[i] + (t > ref->span[i].from ? t - ref->span[i].from : 0);
}

/* Compare an answer that must be inside the window, else be refused. */
static void
check_answer(int line, const Timeline *tl, const char *what, int64_t t,
			 TimelineStatus status, int64_t got, bool inside,
			 TimelineStatus outside, int64_t expected)
{
	checks++;
	if (inside ? status != TIMELINE_OK || got != expected : status != outside)
		fail(line, "%s at base%+" PRId64 ": got status %d, base%+" PRId64 ", expected %s%d, base%+" PRId64,
			 what, t - tl->base, status, status == TIMELINE_OK ? got - tl->base : 0,
			 inside ? "0 not " : "", outside, expected - tl->base);
}

/*
 * What the timeline says about one instant
 */
static void
check_instant(const Timeline *tl, const Reference *ref, int64_t t)
{
	int64_t		start = slow_position(ref, tl->base);
	int64_t		p = slow_position(ref, t) - start;
	int64_t		total = slow_position(ref, tl->end) - start;
	int			i = span_after(ref, t);
	bool		open = i < ref->n && ref->span[i].from <= t;
	int			k = span_after(ref, t - 1);
	bool		open_before = t > tl->base && k < ref->n && ref->span[k].from < t;
	int64_t		u = 0;
	TimelineStatus status;

	SAME(tl->total, total, "total");
	SAME(timeline_position(tl, t), p, "position at base%+" PRId64, t - tl->base);
	if (t == tl->end)
		return;
	SAME(timeline_is_open(tl, t), open, "is_open at base%+" PRId64, t - tl->base);
	SAME(timeline_is_open_before(tl, t), open_before, "is_open_before at base%+" PRId64, t - tl->base);

	/*
	 * edges: those at the ends of the window cannot be told from an
	 * interrupted span
	 */
	status = timeline_next_open(tl, t, &u);
	check_answer(__LINE__, tl, "next_open", t, status, u,
				 open || (i < ref->n && ref->span[i].from < tl->end), TIMELINE_LATER,
				 open ? t : i < ref->n ? ref->span[i].from : 0);
	status = timeline_next_close(tl, t, &u);
	check_answer(__LINE__, tl, "next_close", t, status, u,
				 i < ref->n && ref->span[i].to < tl->end, TIMELINE_LATER,
				 i < ref->n ? ref->span[i].to : 0);
	k = open ? i : i - 1;
	status = timeline_previous_open(tl, t, &u);
	check_answer(__LINE__, tl, "previous_open", t, status, u,
				 k >= 0 && ref->span[k].from > tl->base, TIMELINE_EARLIER,
				 k >= 0 ? ref->span[k].from : 0);
	status = timeline_previous_close(tl, t, &u);
	check_answer(__LINE__, tl, "previous_close", t, status, u,
				 i > 0 && ref->span[i - 1].to > tl->base, TIMELINE_EARLIER,
				 i > 0 ? ref->span[i - 1].to : 0);

	/* sums: around the ends of the window and of spans, and anywhere */
	for (int n = 0; n < 10; n++)
	{
		int64_t		d;
		int64_t		target;
		int64_t		expected = 0;
		int64_t		quick;

		switch (n)
		{
			case 0:
				d = total - p + rnd(3) - 1;
				break;
			case 1:
				d = -p + rnd(3) - 1;
				break;
			case 2:
				d = 0;
				break;
			case 3:
				d = one_in(2) ? INT64_MAX : INT64_MIN;
				break;
			case 4:
			case 5:
			case 6:
				/* up to an edge */
				d = ref->n == 0 ? 1 : ref->before[rnd(ref->n)] - start - p + rnd(3) - 1;
				break;
			default:
				d = rnd(2 * total + 1) - total;
		}
		u = timeline_add(tl, t, d);
		if (d > 0 && tl->form == TIMELINE_NARROW && timeline_add_ahead(tl, t, d, &quick))
		{
			SAME(quick, u, "add ahead at base%+" PRId64, t - tl->base);
			quick_answers++;
		}
		status = u != TIMELINE_OUTSIDE ? TIMELINE_OK :
			d > 0 ? TIMELINE_LATER : TIMELINE_EARLIER;
		if (d == 0)
		{
			check_answer(__LINE__, tl, "add 0", t, status, u, true, TIMELINE_OK, t);
			continue;
		}
		if (d > total - p || d < -p)
		{
			check_answer(__LINE__, tl, "add beyond", t, status, u, false,
						 d > 0 ? TIMELINE_LATER : TIMELINE_EARLIER, 0);
			continue;
		}
		/* the earliest instant where B is that, or the latest */
		target = p + start + d;
		if (d > 0)
		{
			for (k = 0; ref->before[k] + ref->span[k].to - ref->span[k].from < target; k++)
				if (k + 64 < ref->n && ref->before[k + 64] < target)
					k += 63;
		}
		else
		{
			for (k = ref->n - 1; ref->before[k] > target; k--)
				if (k - 64 > 0 && ref->before[k - 63] > target)
					k -= 63;
		}
		expected = ref->span[k].from + target - ref->before[k];
		check_answer(__LINE__, tl, d > 0 ? "add" : "subtract", t, status, u, true, TIMELINE_OK, expected);
		SAME(timeline_between(tl, t, u), d, "between(t, t + d) at base%+" PRId64, t - tl->base);
		SAME(timeline_between(tl, u, t), -d, "between(t + d, t) at base%+" PRId64, t - tl->base);
		if (tl->form == TIMELINE_NARROW && timeline_between_plain(tl, t, u, &quick))
			SAME(quick, d, "plain between(t, t + d) at base%+" PRId64, t - tl->base);
	}
}

/*
 * Business dates
 */

/* The own spans of business date k. */
static int
own_spans(const Reference *ref, const HoursExpr *expr, int k, OpenSpan *own)
{
	int			n = 0;

	if (expr->kind == HOURS_LEAF)
	{
		n = date_spans(&ref->leaf[0], ref->date[k], true, own);
		n += date_spans(&ref->leaf[0], ref->date[k] + 1, false, own + n);
		qsort(own, n, sizeof(OpenSpan), compare_instants);
		return n;
	}
	for (int i = 0; i < ref->n; i++)
	{
		int64_t		from = ref->span[i].from > ref->opens[k] ? ref->span[i].from : ref->opens[k];
		int64_t		to = k + 1 < ref->ndates && ref->opens[k + 1] < ref->span[i].to ?
			ref->opens[k + 1] : ref->span[i].to;

		if (from < to)
		{
			own[n].from = from;
			own[n++].to = to;
		}
	}
	return n;
}

/* The first or last date whose own span holds t, [from, to) or (from, to], or -1. */
static int
holder(const Reference *ref, const HoursExpr *expr, int64_t t, bool forward, bool last)
{
	int			found = -1;

	for (int k = ref->ndates - 1; k >= 0; k--)
	{
		OpenSpan	own[400];
		int			n;

		if (ref->opens[k] > t || ref->opens[k] < t - 9 * DAY)
			continue;
		n = own_spans(ref, expr, k, own);
		for (int i = 0; i < n; i++)
			if (forward ? own[i].from <= t && t < own[i].to : own[i].from < t && t <= own[i].to)
			{
				if (last)
					return k;
				found = k;
			}
	}
	return found;
}

/* t plus n business days by its own anchor; false when the reference does not reach. */
static bool
anchored_add_days(const Reference *ref, const HoursExpr *expr, int64_t t, int n, int64_t *u, int64_t *w, int *date)
{
	bool		forward = n > 0;
	int			i = forward ? span_after(ref, t) : span_after(ref, t - 1);
	int			k;
	int64_t		place;
	OpenSpan	own[400];
	int			nown;

	if (forward)
	{
		if (i == ref->n)
			return false;
		*w = t < ref->span[i].from ? ref->span[i].from : t;
	}
	else if (i < ref->n && ref->span[i].from < t)
		*w = t;
	else
	{
		if (i == 0)
			return false;
		*w = ref->span[i - 1].to;
	}
	k = holder(ref, expr, *w, forward, false);
	if (k < 0)
	{
		for (k = ref->ndates - 1; k >= 0 && (forward ? ref->opens[k] > *w : ref->opens[k] >= *w); k--)
			;
		nown = k < 0 ? 0 : own_spans(ref, expr, k, own);
		if (!forward && nown > 0 && own[nown - 1].to < *w)
			*w = own[nown - 1].to;
	}
	if (k < 0 || k + n < 0 || k + n >= ref->ndates - 1)
		return false;
	place = slow_instant_of_clock(ref->zone, slow_clock(ref->zone, *w) + (ref->date[k + n] - ref->date[k]) * DAY);
	*date = ref->date[k + n];
	nown = own_spans(ref, expr, k + n, own);
	if (nown == 0)
		return false;
	*u = forward ? own[nown - 1].to : ref->opens[k + n];
	for (i = 0; forward && i < nown; i++)
		if (place < own[i].to)
		{
			*u = place < own[i].from ? own[i].from : place;
			return true;
		}
	for (i = nown - 1; !forward && i >= 0; i--)
		if (place > own[i].from)
		{
			*u = place > own[i].to ? own[i].to : place;
			return true;
		}
	return true;
}

/* The same, or what a later instant gives if that is earlier; mirrored for n < 0. */
static bool
slow_add_days(const Reference *ref, const HoursExpr *expr, int64_t t, int n, int64_t *u, int64_t *w, int *date)
{
	if (!anchored_add_days(ref, expr, t, n, u, w, date))
		return false;
	for (int k = 0; k < ref->ndates; k++)
	{
		OpenSpan	own[400];
		int			nown;

		/* dates from a little before to a little after t */
		if ((k + 3 < ref->ndates && ref->opens[k + 3] < t) || (k >= 4 && ref->opens[k - 4] > t))
			continue;
		nown = own_spans(ref, expr, k, own);
		for (int i = 0; i < 2 * nown; i++)
		{
			int64_t		other = i & 1 ? own[i / 2].to : own[i / 2].from;
			int64_t		other_w;
			int			other_date;

			if ((n > 0 ? other > t : other < t) &&
				anchored_add_days(ref, expr, other, n, &other, &other_w, &other_date) &&
				(n > 0 ? other < *u : other > *u))
				*u = other;
		}
	}
	return true;
}

static void
check_days(const Timeline *tl, const HoursExpr *expr, const Reference *ref, int64_t t)
{
	int32_t		date;
	int64_t		until;
	int64_t		expected_until;
	int			k;

	if (t < tl->base + 4 * DAY || t >= tl->end)
		return;
	k = holder(ref, expr, t, true, true);
	SAME(timeline_date_at(tl, t, &date, &until), k >= 0, "date_at base%+" PRId64, t - tl->base);
	if (k >= 0)
		SAME(date, ref->date[k], "date at base%+" PRId64, t - tl->base);
	expected_until = tl->end;
	for (int i = 0; i < ref->ndates; i++)
	{
		OpenSpan	own[400];
		int64_t		end = t;

		if ((i + 4 < ref->ndates && ref->opens[i + 4] < t) || i < k)
			continue;
		for (int j = 0, nown = own_spans(ref, expr, i, own); j < nown; j++)
			if (i == k && own[j].from <= end && end < own[j].to)
				end = own[j].to;
			else if (i > k && own[j].from > t && own[j].from < expected_until)
				expected_until = own[j].from;
		if (i == k && end < expected_until)
			expected_until = end;
		if (ref->opens[i] > t)
			break;
	}
	SAME(until, expected_until, "until at base%+" PRId64, t - tl->base);

	for (int n = -3; n <= 3; n++)
	{
		int			days = n * (one_in(3) ? (int) rnd(20) : 1);
		int64_t		expected = t;
		int64_t		w = t;
		int64_t		u = 0;
		bool		known;
		TimelineStatus status = timeline_add_days(tl, t, days, &u);

		date = 0;
		known = days == 0 || slow_add_days(ref, expr, t, days, &expected, &w, &date);
		checks++;
		if (status == TIMELINE_OK)
		{
			if (known ? u != expected : days < 0 || ref->ndates == 0 || u < ref->opens[ref->ndates - 1])
				fail(__LINE__, "%d days from base%+" PRId64 ": got base%+" PRId64 ", expected base%+" PRId64,
					 days, t - tl->base, u - tl->base, expected - tl->base);
		}
		else if (days == 0 || status != (days > 0 ? TIMELINE_LATER : TIMELINE_EARLIER))
		{
			/* the last date that opened by w lies before the window */
			for (k = 0; k < ref->ndates && (ref->opens[k] < tl->base || ref->opens[k] > w); k++)
				;
			if (days == 0 || (days > 0 && k < ref->ndates && known) ||
				(days < 0 && known && w < tl->end - 4 * DAY && date < tl->first_date + tl->ndays - 4))
				fail(__LINE__, "%d days from base%+" PRId64 ": got status %d", days, t - tl->base, status);
		}
		else if (known && w >= tl->base + 4 * DAY && w < tl->end - 4 * DAY &&
				 date > tl->first_date + 4 && date < tl->first_date + tl->ndays - 4)
			fail(__LINE__, "%d days from base%+" PRId64 ": got status %d, expected base%+" PRId64,
				 days, t - tl->base, status, expected - tl->base);
	}
}

static void
check_dates(const Timeline *tl, const Reference *ref)
{
	int64_t		last[2] = {INT64_MIN, INT64_MIN};

	for (int i = 0; i < 20; i++)
	{
		int32_t		a = tl->first_date + 1 + (int32_t) rnd(tl->ndays);
		int32_t		b = tl->first_date + 1 + (int32_t) rnd(tl->ndays);
		int			n = 0;

		if (a > tl->first_date + tl->ndays - 3 || b > tl->first_date + tl->ndays - 3)
			continue;
		for (int k = 0; k < ref->ndates; k++)
		{
			n += ref->date[k] >= a && ref->date[k] < b;
			n -= ref->date[k] >= b && ref->date[k] < a;
		}
		SAME(timeline_dates_before(tl, b) - timeline_dates_before(tl, a), n, "dates from %d to %d", a, b);
	}

	/* monotone in t */
	for (int64_t t = tl->base + 4 * DAY; t < tl->end && t < tl->base + 40 * DAY; t += 1 + rnd(40 * MINUTE))
		for (int back = 0; back < 2; back++)
		{
			int64_t		u;

			if (timeline_add_days(tl, t, back ? -1 : 1, &u) != TIMELINE_OK)
				continue;
			CHECK(u >= last[back], "%d day from base%+" PRId64 ": base%+" PRId64 " after base%+" PRId64,
				  back ? -1 : 1, t - tl->base, u - tl->base, last[back] - tl->base);
			last[back] = u;
		}
}

/*
 * One calendar, a window, and many instants
 */
static void
check_calendar(const char *text, int32_t first, int32_t ndays)
{
	HoursExpr  *expr = parse(text);
	Reference	ref;
	CoreError	error = {0};
	Timeline   *tl;

	if (expr == NULL)
		return;
	if (one_in(8))
		add_microseconds(expr);
	if (one_in(3))
		random_holidays(expr);
	make_reference(&ref, expr, first, ndays);
	tl = timeline_compile(expr, first, ndays, one_in(2), &source, &mem, &mem, &error);
	if (tl == NULL || !timeline_compile_dates(tl, expr, &source, &mem, &mem, &error))
	{
		fail(__LINE__, "not compiled: %s", error.detail);
		return;
	}
	nweeks += tl->form == TIMELINE_WEEKS;
	SAME(tl->base, slow_instant(ref.zone, first * DAY), "base");
	SAME(tl->end, tl->base + ndays * DAY, "end");
	check_instant(tl, &ref, tl->base);
	check_instant(tl, &ref, tl->end);
	check_instant(tl, &ref, tl->end - 1);
	for (int i = 0; i < 60; i++)
	{
		int64_t		t = tl->base + rnd(tl->end - tl->base + 1);

		if (ref.n > 0 && one_in(2))
		{
			const OpenSpan *s = &ref.span[rnd(ref.n)];

			t = (one_in(2) ? s->from : s->to) + rnd(3) - 1;
		}
		else if (ref.zone->n > 0 && one_in(2))
			t = ref.zone->breaks[rnd(ref.zone->n)].at + (one_in(2) ? 0 : (rnd(8) - 4) * 15 * MINUTE);
		if (t < tl->base || t > tl->end)
			continue;
		check_instant(tl, &ref, t);
		check_days(tl, expr, &ref, t);
	}
	for (int i = 0; i < 6; i++)
		check_days(tl, expr, &ref, tl->end - 1 - rnd(40) * HOUR);
	check_dates(tl, &ref);
}

static void
test_random(int ncalendars)
{
	for (int i = 0; i < ncalendars; i++)
	{
		int32_t		first = core_date(2025 + (int) rnd(3), 1, 1) + (int32_t) rnd(400);
		int32_t		ndays = one_in(4) ? 1 + (int32_t) rnd(12) : 12 + (int32_t) rnd(200);
		bool		plain = one_in(2);
		Text text = {.length = 0};

		for (int z = 0; z < NZONES; z++)
			random_zone(&zones[z], first, first + ndays, plain);
		put_hours(&text, one_in(2) ? 0 : 1 + (int) rnd(3), plain);
		snprintf(context, sizeof(context), "calendar %d: %s from %d over %d days", i, text.bytes, first, ndays);
		check_calendar(text.bytes, first, ndays);
		free_blocks();
	}
}

/*
 * Years in which most weeks are like others: those around the changes of a zone
 * are so now and then
 */

static void
regular_zone(Zone *zone, int32_t first_date, int32_t last_date)
{
	int64_t		change = one_in(2) ? HOUR : 30 * MINUTE;
	int64_t		at = (first_date - 20 + rnd(14)) * DAY + rnd(24) * HOUR;

	zone->offset = (rnd(25) - 12) * HOUR;
	for (zone->n = 0; zone->n < MAX_BREAKS && at < (last_date + 20) * DAY; zone->n++)
	{
		ZoneBreak  *b = &zone->breaks[zone->n];

		b->at = at;
		b->before = zone->n > 0 ? b[-1].after : zone->offset;
		if (one_in(8))
			change = one_in(2) ? HOUR : 2 * HOUR;
		b->after = b->before > zone->offset ? zone->offset : zone->offset + change;
		at += one_in(6) ? (6 + rnd(9)) * DAY : 26 * 7 * DAY;
		if (one_in(6))
			at += (rnd(7) - 3) * 12 * HOUR;
	}
}

static void
test_years(int ncalendars)
{
	for (int i = 0; i < ncalendars; i++)
	{
		int32_t		first = core_date(2020 + (int) rnd(3), 1, 1) + (int32_t) rnd(400);
		int32_t		ndays = 500 + (int32_t) rnd(1500);
		Text text = {.length = 0};
		HoursExpr  *expr;
		Reference	ref;
		CoreError	error = {0};
		Timeline   *tl;
		int64_t		start;

		for (int z = 0; z < NZONES; z++)
			regular_zone(&zones[z], first, first + ndays);
		if (one_in(2))
			put_hours(&text, 0, true);
		else
			put(&text, "TZ=Test/0 Mo-Su 00:00-0%d:30,0%d:15-%d:00; %s 22:00-26:00", (int) rnd(3),
				3 + (int) rnd(5), 12 + (int) rnd(13), weekdays[rnd(7)]);
		snprintf(context, sizeof(context), "years %d: %s from %d over %d days", i, text.bytes, first, ndays);
		expr = parse(text.bytes);
		if (expr == NULL)
			continue;
		if (one_in(3))
			random_holidays(expr);
		make_reference(&ref, expr, first, ndays);
		tl = timeline_compile(expr, first, ndays, one_in(2), &source, &mem, &mem, &error);
		if (tl == NULL)
		{
			fail(__LINE__, "not compiled: %s", error.detail);
			return;
		}
		start = slow_position(&ref, tl->base);
		for (int k = 0; k < 2 * ref.n; k++)
		{
			int64_t		t = (k & 1 ? ref.span[k / 2].to : ref.span[k / 2].from) + rnd(3) - 1;

			if (t >= tl->base && t <= tl->end)
				SAME(timeline_position(tl, t), slow_position(&ref, t) - start, "position at base%+" PRId64, t - tl->base);
		}
		free_blocks();
	}
}

/*
 * More shapes than a narrow timeline has numbers for: each date of 700 years
 * is open in its own way
 */

static int64_t
many_spans(int32_t date, OpenSpan *span)
{
	int			year;
	int			month;
	int			day;

	core_civil(date, &year, &month, &day);
	span[0].from = (date * INT64_C(1440) + (month - 1) * 31 + day) * MINUTE;
	span[0].to = date * DAY + 8 * HOUR;
	span[1].from = date * DAY + 9 * HOUR;
	span[1].to = span[1].from + (year - CORE_MIN_YEAR + 1) * MINUTE;
	span[2].from = date * DAY + 21 * HOUR;
	span[2].to = span[2].from + (core_weekday(date) + 1) * MINUTE;
	return 3;
}

static void
test_many_shapes(void)
{
	Text text = {.length = 0};
	Reference	ref = {0};
	HoursExpr  *expr;
	CoreError	error = {0};

	put(&text, "(TZ=Test/0 ");
	for (int month = 1; month <= 12; month++)
		for (int day = 1; day <= core_month_days(2024, month); day++)
			put(&text, "%s%s %02d %02d:%02d-08:00",
				month + day > 2 ? "; " : "", months[month - 1], day,
				((month - 1) * 31 + day) / 60, ((month - 1) * 31 + day) % 60);
	put(&text, ") + (TZ=Test/0 ");
	for (int year = CORE_MIN_YEAR; year < CORE_MAX_YEAR; year++)
	{
		int			to = 9 * 60 + year - CORE_MIN_YEAR + 1;

		put(&text, "%s%d 09:00-%02d:%02d",
			year > CORE_MIN_YEAR ? "; " : "", year, to / 60, to % 60);
	}
	put(&text, ") + (TZ=Test/0 ");
	for (int day = 0; day < 7; day++)
		put(&text, "%s%s 21:00-21:%02d", day ? "; " : "", weekdays[day], day + 1);
	put(&text, ")");

	memset(zones, 0, sizeof(zones));
	expr = parse(text.bytes);
	if (expr == NULL)
		return;
	for (int i = 0; i < 3; i++)
	{
		int32_t		first = i == 0 ? CORE_MIN_DATE : CORE_MIN_DATE + (int32_t) rnd(70000);
		int32_t		ndays = i == 0 ? CORE_MAX_DATE - CORE_MIN_DATE : i == 1 ? 66000 : 65000;
		Timeline   *tl = timeline_compile(expr, first, ndays, true, &source, &mem, &mem, &error);

		snprintf(context, sizeof(context), "many shapes over %d days from %d", ndays, first);
		if (tl == NULL)
		{
			fail(__LINE__, "not compiled: %s", error.detail);
			break;
		}
		SAME(tl->form == TIMELINE_WIDE, i < 2, "wide");
		ref.n = 0;
		ref.span = test_alloc(NULL, (size_t) (ndays + 20) * 3 * sizeof(OpenSpan));
		for (int32_t date = first - 2; date < first + ndays + 2; date++)
			if (date >= CORE_MIN_DATE && date < CORE_MAX_DATE)
				ref.n += (int) many_spans(date, ref.span + ref.n);
		reference_sum(&ref);
		for (int k = 0; k < 150; k++)
			check_instant(tl, &ref, k == 0 ? tl->base : tl->base + rnd(ndays * DAY));
	}
	free_blocks();
}

/*
 * Always open and never, over long windows
 */
static void
test_always(void)
{
	static const char *const texts[] = {
		"TZ=Test/0 24/7", "(TZ=Test/0 24/7) + (TZ=Test/1 Mo-Fr)", "TZ=Test/0 off",
		"(TZ=Test/0 24/7) - (TZ=Test/0 24/7)", "TZ=Test/0 2026 Jun 15 12:00-13:00",
		"(TZ=Test/0 24/7) - (TZ=Test/0 2026 Jun 15 12:00-13:00)", "TZ=Test/0 Mo-Su 00:00-24:00; 2027 off"
	};

	for (int i = 0; i < 7 * 4; i++)
	{
		memset(zones, 0, sizeof(zones));
		if (i >= 7)
			for (int z = 0; z < 2; z++)
				random_zone(&zones[z], core_date(2026, 1, 1), core_date(2029, 1, 1), i < 14);
		snprintf(context, sizeof(context), "%s, time %d", texts[i % 7], i / 7);
		check_calendar(texts[i % 7], core_date(2026, 1, 1), i < 14 ? 365 + 366 : 3);
		free_blocks();
	}
}

/*
 * Spans that a gap puts behind later ones or turns round; shapes of many spans
 */
static void
test_awkward(void)
{
	static const char *const texts[] = {
		"TZ=Test/0 02:10-02:20,03:00-03:05",
		"TZ=Test/0 01:30-02:30,02:40-03:10,03:20-03:30",
		"TZ=Test/0 02:15-03:10; Mo 02:50-02:55,03:15-03:20",
		"TZ=Test/0 22:00-26:30,02:45-03:20",
		"((TZ=Test/0 02:10-02:20,03:00-03:05) + (TZ=Test/1 03:02-03:12)) - (TZ=Test/0 02:15-03:03)"
	};
	Text text = {.length = 0};

	memset(zones, 0, sizeof(zones));
	zones[0].n = 2;
	zones[0].breaks[0] = (ZoneBreak)
	{
		9500	   *DAY + 2 * HOUR,
					0,
					HOUR
	};
	zones[0].breaks[1] = (ZoneBreak)
	{
		9507	   *DAY + HOUR,
					HOUR,
					0
	};
	for (int i = 0; i < 5 * 10; i++)
	{
		snprintf(context, sizeof(context), "%s, time %d", texts[i % 5], i / 5);
		check_calendar(texts[i % 5], 9490 + i / 5, 30);
		free_blocks();
	}

	put(&text, "(TZ=Test/0 ");
	for (int i = 0; i < 20; i++)
		put(&text, "%s%02d:00-%02d:30", i ? "," : "", i, i);
	put(&text, ") + (TZ=Test/0 ");
	for (int i = 0; i < 300; i++)
		put(&text, "%s%s %02d 21:00-%02d:%02d", i ? "; " : "", months[i / 28], i % 28 + 1, 21 + (i + 5) / 120, (i + 5) / 2 % 60);
	put(&text, ")");
	snprintf(context, sizeof(context), "many spans");
	check_calendar(text.bytes, 9500, 90);
	free_blocks();
}

/*
 * Time zones
 */
static void
test_zones(void)
{
	for (int i = 0; i < 300; i++)
	{
		Zone	   *zone = &zones[0];
		ZoneMap		map;
		ZoneCursor	cursor;
		CoreError	error = {0};
		int64_t		last = INT64_MIN;
		int64_t		last_clock = INT64_MIN;

		random_zone(zone, 0, 500, i % 2);
		snprintf(context, sizeof(context), "zone %d", i);
		load_zone(NULL, "Test/0", -30 * DAY, 530 * DAY, &mem, &map, &error);
		zone_cursor_init(&cursor, &map);
		for (int64_t t = -25 * DAY; t < 525 * DAY; t += 1 + rnd(one_in(20) ? 9 * DAY : 3 * HOUR))
		{
			int64_t		local = zone->n > 0 && one_in(3) ?
				zone->breaks[rnd(zone->n)].at + zone->breaks[rnd(zone->n)].after + (rnd(5) - 2) : t;
			int64_t		clock;

			SAME(zone_local(&map, t), slow_local(zone, t), "local of %" PRId64, t);
			SAME(zone_instant(&map, local), slow_instant(zone, local), "instant of %" PRId64, local);
			SAME(zone_cursor_instant(&cursor, local), slow_instant(zone, local), "cursor at %" PRId64, local);
			SAME(zone_clock(&map, t), slow_clock(zone, t), "clock of %" PRId64, t);
			SAME(zone_instant_of_clock(&map, local), slow_instant_of_clock(zone, local), "instant of clock %" PRId64, local);
			clock = zone_clock(&map, t);
			CHECK(clock >= last_clock, "clock of %" PRId64 " runs back", t);
			last_clock = clock;
			clock = zone_instant_of_clock(&map, t);
			CHECK(clock >= last, "instant of clock %" PRId64 " runs back", t);
			last = clock;
		}
		free_blocks();
	}
}

/*
 * Memory that runs out at any place; an unknown zone
 */
static void
test_failures(void)
{
	static const char *const texts[] = {
		"TZ=Test/0 Mo-Fr 09:00-12:00,13:00-17:00; PH off",
		"(TZ=Test/0 Mo-Fr 22:00-06:00) + (TZ=Test/1 Sa 10:00-10:20:30) - (TZ=Test/0 Dec 25)"
	};
	CoreError	error = {0};

	for (int i = 0; i < 2; i++)
	{
		HoursExpr  *expr = parse(texts[i]);
		int			n;

		for (int z = 0; z < 2; z++)
			random_zone(&zones[z], 0, 400, false);
		snprintf(context, sizeof(context), "out of memory: %s", texts[i]);
		for (n = 0; n < 10000; n++)
		{
			Timeline   *tl;
			bool		done;

			error.kind = CORE_OK;
			blocks_left = n;
			tl = timeline_compile(expr, 0, 400, i == 0, &source, &mem, &mem, &error);
			done = tl != NULL && timeline_compile_dates(tl, expr, &source, &mem, &mem, &error);
			blocks_left = INT32_MAX;
			if (done)
				break;
			CHECK(error.kind == CORE_NOMEM, "block %d: error %d", n, error.kind);
			CHECK(tl == NULL || tl->dates == NULL, "block %d: half-made dates", n);
		}
		CHECK(n > 10, "only %d blocks", n);
	}
	snprintf(context, sizeof(context), "unknown zone");
	CHECK(timeline_compile(parse("TZ=Test/0 Mo; Tu"), 0, 10, false, &source, &mem, &mem, &error) != NULL, "known");
	CHECK(timeline_compile(parse("TZ=Nowhere/0 Mo; Tu"), 0, 10, false, &source, &mem, &mem, &error) == NULL &&
		  error.kind == CORE_SYNTAX, "unknown");

	/*
	 * a span a minute for all time is too much, and is interruptible until
	 * then
	 */
	{
		Text text = {.length = 0};
		Timeline   *tl;

		put(&text, "TZ=Test/2 ");
		for (int i = 0; i < 1440; i++)
			put(&text, "%s%02d:%02d:00-%02d:%02d:30", i ? "," : "", i / 60, i % 60, i / 60, i % 60);
		mem.check_interrupts = count_interrupt;
		tl = timeline_compile(parse(text.bytes), CORE_MIN_DATE, CORE_MAX_DATE - CORE_MIN_DATE, true, &source, &mem, &mem, &error);
		mem.check_interrupts = NULL;
		CHECK(tl == NULL && error.kind == CORE_LIMIT && error.message[0] && error.detail[0], "a span a minute");
		CHECK(interrupts > 0, "not interruptible");
	}
	free_blocks();
}

/*
 * Expressions over names
 */

static void
print_node(Text *text, const CombineNode *node)
{
	if (node->kind == HOURS_LEAF)
	{
		put(text, "[%s]", node->name);
		return;
	}
	put(text, "(");
	print_node(text, node->left);
	put(text, node->kind == HOURS_UNION ? "+" : node->kind == HOURS_INTERSECTION ? "*" : "-");
	print_node(text, node->right);
	put(text, ")");
}

static void
test_combine(void)
{
	static const struct
	{
		const char *text;
		const char *tree;		/* NULL: refused */
		int			position;	/* of the offending character */
	}			cases[] = {
		{"a", "[a]", -1},
		{" \ta\r\n", "[a]", -1},
		{"a+b", "([a]+[b])", -1},
		{"a - b + c", "(([a]-[b])+[c])", -1},
		{"a - b * c", "([a]-([b]*[c]))", -1},
		{"a * b * c - d", "((([a]*[b])*[c])-[d])", -1},
		{"(a - b) * c", "(([a]-[b])*[c])", -1},
		{"((a))", "[a]", -1},
		{"24/7 - Europe/Berlin:x_1.2", "([24/7]-[Europe/Berlin:x_1.2])", -1},
		{"\"a b\" + \"c\"\"d\" + \"a-b\"", "(([a b]+[c\"d])+[a-b])", -1},
		{"\xc3\xa9t\xc3\xa9", "[\xc3\xa9t\xc3\xa9]", -1},
		{"a-b", "([a]-[b])", -1},
		{"", NULL, 0},
		{"  ", NULL, 2},
		{"a +", NULL, 3},
		{"a + + b", NULL, 4},
		{"a b", NULL, 2},
		{"(a", NULL, 2},
		{"(a b)", NULL, 3},
		{"a)", NULL, 1},
		{"()", NULL, 1},
		{"\"a", NULL, 2},
		{"\"\"", NULL, 2},
		{"a + \"b", NULL, 6},
		{"a & b", NULL, 2},
		{"- a", NULL, 0}
	};
	Text text;
	char		deep[3000];
	CoreError	error;

	for (int i = 0; i < (int) (sizeof(cases) / sizeof(cases[0])); i++)
	{
		CombineNode *node;

		error.kind = CORE_OK;
		node = combine_parse(cases[i].text, strlen(cases[i].text), &mem, &error);
		snprintf(context, sizeof(context), "combination '%s'", cases[i].text);
		text.		length = 0;
		text.		bytes[0] = '\0';

		if (node != NULL)
			print_node(&text, node);
		CHECK((node == NULL) == (cases[i].tree == NULL), "accepted or refused");
		if (node != NULL)
			CHECK(strcmp(text.bytes, cases[i].tree) == 0, "got %s", text.bytes);
		else
		{
			SAME(error.kind, CORE_SYNTAX, "kind");
			SAME(error.position, cases[i].position, "position");
			CHECK(error.detail[0] && error.hint[0], "no detail or hint");
		}
	}

	/* a zero byte is no character of a name, bare or quoted */
	CHECK(combine_parse("a\0b", 3, &mem, &error) == NULL && error.position == 1, "zero byte");
	CHECK(combine_parse("\"a\0b\"", 5, &mem, &error) == NULL && error.position == 2, "quoted zero byte");

	/* limits: depth, and the number of names */
	for (int depth = HOURS_MAX_DEPTH; depth <= HOURS_MAX_DEPTH + 1; depth++)
	{
		memset(deep, '(', depth);
		deep[depth] = 'a';
		memset(deep + depth + 1, ')', depth);
		error.kind = CORE_OK;
		CHECK((combine_parse(deep, 2 * depth + 1, &mem, &error) != NULL) == (depth == HOURS_MAX_DEPTH), "depth %d", depth);
		SAME(error.kind, depth == HOURS_MAX_DEPTH ? CORE_OK : CORE_LIMIT, "kind at depth %d", depth);
	}
	for (int names = 1000; names <= 1001; names++)
	{
		for (int i = 0; i < names; i++)
			memcpy(deep + 2 * i, "a+", 2);
		error.kind = CORE_OK;
		CHECK((combine_parse(deep, 2 * names - 1, &mem, &error) != NULL) == (names == 1000), "%d names", names);
		SAME(error.kind, names == 1000 ? CORE_OK : CORE_LIMIT, "kind at %d names", names);
	}

	/* out of memory */
	for (blocks_left = 0;; blocks_left = -blocks_left)
	{
		static int	n = 0;

		blocks_left = n++;
		error.kind = CORE_OK;
		if (combine_parse("a + (b - c) * d", 15, &mem, &error) != NULL)
			break;
		CHECK(error.kind == CORE_NOMEM, "out of memory gives %d", error.kind);
	}
	blocks_left = INT32_MAX;
	free_blocks();
}

/*
 * Holidays and zones of expressions
 */
static void
test_expr(void)
{
	HoursSpan	morning = {9 * HOUR, 12 * HOUR};
	HoursExpr  *expr = parse("((TZ=Test/1 PH=2026-01-01,2026-01-06 Mo) + (TZ=Test/2 Tu)) - (TZ=Test/3 We)");

	snprintf(context, sizeof(context), "expression");
	CHECK(strcmp(hours_zone(expr), "Test/1") == 0, "leftmost zone");
	CHECK(strcmp(hours_zone(parse("TZ=Test/3 ((TZ=Test/1 Mo) + (TZ=Test/2 Tu))")), "Test/3") == 0, "own zone");

	/* merged by date; the new one of a date holds */
	for (int i = 0; i < 200; i++)
	{
		HoursHoliday a[8];
		HoursHoliday b[8];
		int			na = 0;
		int			nb = 0;
		int			n = 0;
		HoursExpr  *leaf = parse("TZ=Test/1 Mo");

		for (int32_t date = 0; date < 8; date++)
		{
			if (one_in(2))
				a[na++] = (HoursHoliday)
			{
				date, -1, NULL
			};
			if (one_in(2))
				b[nb++] = (HoursHoliday)
			{
				date, 1, &morning
			};
		}
		hours_bake(leaf, a, na, &mem);
		hours_bake(leaf, b, nb, &mem);
		for (int32_t date = 0; date < 8; date++)
		{
			bool		in_a = false;
			bool		in_b = false;

			for (int k = 0; k < na; k++)
				in_a = in_a || a[k].date == date;
			for (int k = 0; k < nb; k++)
				in_b = in_b || b[k].date == date;
			if (!in_a && !in_b)
				continue;
			CHECK(n < leaf->nholidays && leaf->holidays[n].date == date &&
				  leaf->holidays[n].nspans == (in_b ? 1 : -1), "holiday %d of merge %d", date, i);
			n++;
		}
		SAME(leaf->nholidays, n, "holidays of merge %d", i);
	}
	for (int n = 0; n < 3; n++)
	{
		HoursHoliday one = {0, -1, NULL};

		blocks_left = n;
		CHECK(!hours_bake(expr, &one, 1, &mem), "baked with %d blocks", n);
		blocks_left = INT32_MAX;
	}
	free_blocks();
}

int
main(int argc, char **argv)
{
	if (argc > 1)
		seed = strtoull(argv[1], NULL, 10);
	setvbuf(stdout, NULL, _IOLBF, 0);
	test_combine();
	test_expr();
	test_zones();
	test_failures();
	test_always();
	test_awkward();
	test_random(argc > 2 ? atoi(argv[2]) : 180);
	test_years(argc > 2 ? atoi(argv[2]) : 100);
	test_many_shapes();
	free(blocks);
	CHECK(nweeks > 5, "%d timelines in weeks", nweeks);
	CHECK(quick_answers > 1000, "%ld quick answers", quick_answers);
	printf("test_timeline: %ld checks, %d failures\n", checks, failures);
	return failures ? 1 : 0;
}
