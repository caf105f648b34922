/*-------------------------------------------------------------------------
 *
 * hours_days.c
 *	  Evaluation of a leaf of opening hours to what it opens on each local date.
 *
 * The semantics are those of opening_hours.js 3.15 (its getStatePair()).  Rules
 * are applied to a date in order.  A rule whose selectors match the date acts
 * with its spans cut off at 24:00 (its own part); then, if its selectors match
 * the previous date, with the parts of its spans after 24:00 (its spill).  The
 * own part of an open rule with date selectors replaces what was there before.
 * The own part of an additional rule, and any spill, is added to it.  An "off"
 * rule removes its spans or, if it has none, everything.  Spill is applied even
 * if another rule has replaced or closed the previous date.
 *
 * Evaluation proceeds by years, and the dates that a rule matches are a bit set.
 * A first pass, from the last rule to the first, finds the dates on which each
 * rule matters, that is, those that no later rule replaces or closes entirely.
 * The second pass applies the rules, in order, to these dates.  Meanwhile the
 * state of a date is either a shape or, after actions that depend on what was
 * there, a node, which represents a chain of actions on a shape.  Only the nodes
 * that are the final state of a date are converted to shapes.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "hours.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define YEAR_WORDS		6		/* 384 bits hold the days of a year */
#define MAX_YEAR_DAYS	366

#define MAX_SHAPES		65535
#define MAX_PIECES		(4 * 1024 * 1024)	/* in all shapes of a plan */
#define FIRST_NODE		65536	/* states from here on are nodes */
#define MANY_NODES		(512 * 1024)	/* convert to shapes and discard nodes
										 * if there are more */

#define MANY_RULES		24		/* look for classes of days from here on */
#define FEW_CLASSES		16		/* up to this many always pay */
#define MAX_CLASSES		96

#define RULES_PER_CHECK 1024	/* rules between checks for interrupts */

/*
 * Limit of work per leaf.  An action counts as ACTION_WORK plus the number of
 * spans it acts on.  MAX_WORK takes well under a second.
 */
#define ACTION_WORK		24
#define MAX_WORK		INT64_C(150000000)

#define NO_SHAPE		UINT32_MAX

/* A set of days of a year; bit 0 is January 1st. */
typedef struct DaySet
{
	uint64_t	word[YEAR_WORDS];
} DaySet;

/* A rule, with what can be determined once for all years. */
typedef struct PlanRule
{
	const HoursRule *rule;
	int16_t		first_year;		/* it matches no date outside these years */
	int16_t		last_year;
	int16_t		eve_year;		/* the year for which on_eve is valid, or 0 */
	bool		on_eve;			/* does it match December 31st of that year? */
	uint8_t		weekdays;		/* its weekdays without [n]; bit 0 = Monday */
	bool		nth;			/* some weekdays have [n] */
	bool		holidays;		/* PH is among its weekdays */
	bool		dated;			/* it names single days and no weekdays */
	bool		settles;		/* its own part replaces or closes a date
								 * entirely */
	bool		spills;			/* some span ends after 24:00 */
	uint32_t	shape;			/* shape of its own part, if it settles, or
								 * NO_SHAPE if not made yet */
} PlanRule;

/* A rule that matters in the current year, and the days on which it acts. */
typedef struct LiveRule
{
	int			rule;
	DaySet		own;
	DaySet		spill;
} LiveRule;

/*
 * The result of an action on a state.  The low bit of "action" is set if the
 * action is the spill of a rule, and clear if it is its own part; the other
 * bits are the index of the rule.
 */
typedef struct Node
{
	uint32_t	from;			/* the state acted on */
	uint32_t	action;
	uint32_t	shape;			/* the resulting shape, or NO_SHAPE if not
								 * computed yet */
} Node;

/* A growing array of sorted, disjoint spans. */
typedef struct SpanList
{
	HoursSpan  *span;
	int			n;
	int			size;
} SpanList;

typedef struct Planner
{
	const HoursExpr *leaf;
	CoreMem    *mem;
	CoreError  *error;
	DayPlan    *plan;

	PlanRule   *rules;
	bool		names_holidays; /* some rule has PH */
	int			checked;		/* rules since the last check for interrupts */
	int64_t		work;			/* done so far; see MAX_WORK */

	/* The current year. */
	int			year;
	int32_t		new_year;		/* its first date */
	int			ndays;
	int			weekday;		/* of January 1st */
	DaySet		window;			/* the days to be evaluated */
	uint32_t	state[MAX_YEAR_DAYS];
	DaySet		dated;			/* days whose hours come from a dated rule */
	DaySet		ruled;			/* days that a rule with PH replaced or closed */
	int			nlive;
	int			live_size;
	LiveRule   *live;
	int			nclasses;		/* 0 if classes are not used */
	DaySet		class[MAX_CLASSES]; /* days on which the same rules act */

	/* Computed when first needed; leap years have index 1. */
	bool		nth_known[2];
	DaySet		nth[2][10];
	int			holidays_year;	/* the year for which holidays is valid, or 0 */
	DaySet		holidays;

	/* Interned shapes. */
	int			shapes_size;
	int			npieces;
	int			shape_slots;	/* a power of two; a slot is an index plus 1 */
	uint32_t   *shape_slot;

	/* Nodes, hashed by the state they come from and the action. */
	int			nnodes;
	int			nodes_size;
	Node	   *node;
	int			node_slots;
	uint32_t   *node_slot;

	/* Work space for computing a shape. */
	SpanList	own;
	SpanList	spill;
	SpanList	merged;
	SpanList	operand;
	DayPiece   *piece;
	int			pieces_size;
	uint32_t   *chain;
	int			chain_size;
} Planner;

/*
 * Memory
 */

static void *
plan_alloc(Planner *p, size_t size)
{
	void	   *block = p->mem->alloc(p->mem->context, size);

	if (block == NULL)
		core_fail(p->error, CORE_NOMEM, -1, 0, "Not enough memory for opening hours.", "");
	return block;
}

/*
 * Make room for at least "wanted" elements in an array, keeping the first
 * "used".  Returns false if out of memory.
 */
static bool
grow(Planner *p, void **array, int *size, int used, int wanted, size_t element)
{
	int			new_size = *size > 0 ? *size : 16;
	void	   *larger;

	if (wanted <= *size)
		return true;
	while (new_size < wanted)
		new_size *= 2;
	larger = plan_alloc(p, (size_t) new_size * element);
	if (larger == NULL)
		return false;
	if (used > 0)
		memcpy(larger, *array, (size_t) used * element);
	*array = larger;
	*size = new_size;
	return true;
}

static void
look_at_interrupts(Planner *p)
{
	if (++p->checked < RULES_PER_CHECK)
		return;
	p->checked = 0;
	if (p->mem->check_interrupts != NULL)
		p->mem->check_interrupts();
}

/*
 * Sets of days
 */

/* Add the days [from, to), ignoring those outside the year. */
static void
add_days(DaySet *set, int from, int to, int ndays)
{
	int			word;

	if (from < 0)
		from = 0;
	if (to > ndays)
		to = ndays;
	if (from >= to)
		return;
	for (word = from / 64; word <= (to - 1) / 64; word++)
	{
		uint64_t	bits = ~UINT64_C(0);

		if (from > word * 64)
			bits &= ~UINT64_C(0) << (from - word * 64);
		if (to < word * 64 + 64)
			bits &= ~UINT64_C(0) >> (word * 64 + 64 - to);
		set->word[word] |= bits;
	}
}

static int
count_days(const DaySet *set)
{
	int			n = 0;
	int			i;

	for (i = 0; i < YEAR_WORDS; i++)
		n += __builtin_popcountll(set->word[i]);
	return n;
}

static bool
has_day(const DaySet *set, int day)
{
	return (set->word[day / 64] >> (day % 64)) & 1;
}

/* *set &= ~minus; returns whether the result is not empty. */
static bool
remove_days(DaySet *set, const DaySet *minus)
{
	uint64_t	left = 0;
	int			i;

	for (i = 0; i < YEAR_WORDS; i++)
		left |= set->word[i] &= ~minus->word[i];
	return left != 0;
}

/* *set &= with; returns whether the result is not empty. */
static bool
keep_days(DaySet *set, const DaySet *with)
{
	uint64_t	left = 0;
	int			i;

	for (i = 0; i < YEAR_WORDS; i++)
		left |= set->word[i] &= with->word[i];
	return left != 0;
}

static void
join_days(DaySet *set, const DaySet *with)
{
	int			i;

	for (i = 0; i < YEAR_WORDS; i++)
		set->word[i] |= with->word[i];
}

/* The days after each of "set", plus January 1st if "new_year". */
static void
next_days(DaySet *next, const DaySet *set, bool new_year)
{
	uint64_t	carry = new_year ? 1 : 0;
	int			i;

	for (i = 0; i < YEAR_WORDS; i++)
	{
		next->word[i] = set->word[i] << 1 | carry;
		carry = set->word[i] >> 63;
	}
}

/*
 * Matching of selectors to the days of a year
 */

static bool
is_leap(int year)
{
	return core_month_days(year, 2) == 29;
}

/*
 * The first date denoted by "date" in a year; date_stop() is the one after the
 * last.
 */
static int32_t
date_start(const HoursDate *date, int year)
{
	if (date->year != 0)
		year = date->year;
	if (date->kind == HOURS_DATE_EASTER)
		return core_easter(year) + date->offset;
	return core_date(year, date->month,
					 date->kind == HOURS_DATE_DAY ? date->day : 1);
}

static int32_t
date_stop(const HoursDate *date, int year)
{
	if (date->kind == HOURS_DATE_EASTER)
		return date_start(date, year) + 1;
	if (date->year != 0)
		year = date->year;
	if (date->kind == HOURS_DATE_DAY &&
		date->day <= core_month_days(year, date->month))
		return core_date(year, date->month, date->day + 1);
	return core_date(year, date->month + 1, 1);
}

static bool
same_date(const HoursDate *a, const HoursDate *b)
{
	return a->kind == b->kind && a->year == b->year && a->month == b->month &&
		a->day == b->day && a->offset == b->offset;
}

/*
 * Add the days of a year that a date range matches.
 *
 * A range without years whose end comes before its start wraps around the end
 * of the year; both dates are determined for the given year.  "easter" as the
 * end of a range is exclusive, as in opening_hours.js; all other ends are
 * inclusive.  In a year without February 29th, a range that starts then starts
 * on March 1st, one that ends then ends with February, and the single day
 * matches nothing.
 */
static void
match_dates(DaySet *set, const HoursDateRange *range, int year, int32_t new_year,
			int ndays)
{
	const HoursDate *from = &range->from;
	const HoursDate *to = &range->to;
	int32_t		start;
	int32_t		stop;
	bool		wraps;

	if (from->year != 0 && (year < from->year ||
							(year > to->year && !range->open_ended)))
		return;
	start = date_start(from, year) - new_year;
	if (range->open_ended)
	{
		add_days(set, start, ndays, ndays);
		return;
	}

	if (to->kind != HOURS_DATE_EASTER || same_date(from, to))
		stop = date_stop(to, year) - new_year;
	else
		stop = date_start(to, year) - new_year;

	if (from->year != 0)
		wraps = false;
	else if (from->kind == HOURS_DATE_EASTER || to->kind == HOURS_DATE_EASTER)
		wraps = stop < start;
	else
		wraps = to->month < from->month ||
			(to->month == from->month && to->day < from->day);

	if (wraps)
	{
		add_days(set, 0, stop, ndays);
		add_days(set, start, ndays, ndays);
	}
	else
		add_days(set, start, stop, ndays);
}

/* Add the days of a year that ISO weeks match. */
static void
match_weeks(DaySet *set, const HoursStep *weeks, int year, int32_t new_year,
			int ndays)
{
	int			iso_year;

	for (iso_year = year - 1; iso_year <= year + 1; iso_year++)
	{
		/* Week 1 is the one with January 4th. */
		int32_t		start = core_date(iso_year, 1, 4);
		int32_t		next = core_date(iso_year + 1, 1, 4);
		int			last;
		int			week;

		start -= core_weekday(start);
		next -= core_weekday(next);
		last = (next - start) / 7;
		if (weeks->to < last)
			last = weeks->to;
		if (weeks->step == 1)
			add_days(set, start + (weeks->from - 1) * 7 - new_year,
					 start + last * 7 - new_year, ndays);
		else
			for (week = weeks->from; week <= last; week += weeks->step)
				add_days(set, start + (week - 1) * 7 - new_year,
						 start + week * 7 - new_year, ndays);
	}
}

/* Set *set to certain weekdays of a year that begins on "first_weekday". */
static void
weekday_days(DaySet *set, unsigned weekdays, int first_weekday)
{
	int			i;

	/*
	 * The multiplier has the bits 0, 7, 14, ... 63.  As 64 % 7 = 1, each word
	 * begins one weekday later than the previous one.
	 */
	for (i = 0; i < YEAR_WORDS; i++)
	{
		int			turn = (first_weekday + i) % 7;
		uint64_t	week = (weekdays >> turn | weekdays << (7 - turn)) & 0x7f;

		set->word[i] = week * UINT64_C(0x8102040810204081);
	}
}

/*
 * Add the days that are the n-th, or n-th last, of their weekday in the month,
 * for any n of the bits of "nth".
 */
static void
match_nth(Planner *p, DaySet *set, uint32_t nth, int year, int ndays)
{
	int			leap = ndays - 365;
	int			i;

	if (!p->nth_known[leap])
	{
		int			month;
		int			day = 0;

		memset(p->nth[leap], 0, sizeof(p->nth[leap]));
		for (month = 1; month <= 12; month++)
		{
			int			next = day + core_month_days(year, month);

			for (i = 0; i < 5; i++)
			{
				int			to = day + 7 * i + 7;
				int			from = next - 7 * i - 7;

				add_days(&p->nth[leap][i], day + 7 * i,
						 to < next ? to : next, ndays);
				add_days(&p->nth[leap][5 + i], from > day ? from : day,
						 next - 7 * i, ndays);
			}
			day = next;
		}
		p->nth_known[leap] = true;
	}
	for (i = 0; i < 10; i++)
		if (nth >> i & 1)
			join_days(set, &p->nth[leap][i]);
}

/* The index of the first holiday on or after a date. */
static int
first_holiday(const HoursExpr *leaf, int32_t date)
{
	int			low = 0;
	int			high = leaf->nholidays;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (leaf->holidays[middle].date < date)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const DaySet *
match_holidays(Planner *p, int year, int32_t new_year, int ndays)
{
	int			i;

	if (p->holidays_year != year)
	{
		memset(&p->holidays, 0, sizeof(p->holidays));
		for (i = first_holiday(p->leaf, new_year);
			 i < p->leaf->nholidays && p->leaf->holidays[i].date < new_year + ndays;
			 i++)
		{
			int			day = p->leaf->holidays[i].date - new_year;

			add_days(&p->holidays, day, day + 1, ndays);
		}
		p->holidays_year = year;
	}
	return &p->holidays;
}

/* The weekdays of a range as a bit mask; bit 0 = Monday. */
static unsigned
weekday_bits(const HoursWeekday *range)
{
	unsigned	bits = 1u << range->to;
	int			w;

	for (w = range->from; w != range->to; w = (w + 1) % 7)
		bits |= 1u << w;
	return bits;
}

static void
match_weekdays(Planner *p, DaySet *set, const PlanRule *r, int year,
			   int32_t new_year, int ndays, int first_weekday)
{
	int			i;

	weekday_days(set, r->weekdays, first_weekday);
	if (r->holidays)
		join_days(set, match_holidays(p, year, new_year, ndays));
	for (i = 0; r->nth && i < r->rule->nweekdays; i++)
	{
		const HoursWeekday *weekday = &r->rule->weekdays[i];
		DaySet		days = {{0}};
		DaySet		on;

		if (weekday->holiday || weekday->nth == 0)
			continue;
		match_nth(p, &days, weekday->nth, year, ndays);
		weekday_days(&on, weekday_bits(weekday), first_weekday);
		keep_days(&days, &on);
		join_days(set, &days);
	}
}

/*
 * Remove from *set, which contains days of a year, those that a rule does not
 * match.  Returns whether any are left.
 */
static bool
match_rule(Planner *p, DaySet *set, const PlanRule *r, int year,
		   int32_t new_year, int ndays, int first_weekday)
{
	const HoursRule *rule = r->rule;
	DaySet		days;
	int			i;

	if (year < r->first_year || year > r->last_year)
		return false;
	if (rule->nyears > 0)
	{
		for (i = 0; i < rule->nyears; i++)
			if (year >= rule->years[i].from && year <= rule->years[i].to &&
				(year - rule->years[i].from) % rule->years[i].step == 0)
				break;
		if (i == rule->nyears)
			return false;
	}
	if (rule->ndates > 0)
	{
		memset(&days, 0, sizeof(days));
		for (i = 0; i < rule->ndates; i++)
			match_dates(&days, &rule->dates[i], year, new_year, ndays);
		if (!keep_days(set, &days))
			return false;
	}
	if (rule->nweeks > 0)
	{
		memset(&days, 0, sizeof(days));
		for (i = 0; i < rule->nweeks; i++)
			match_weeks(&days, &rule->weeks[i], year, new_year, ndays);
		if (!keep_days(set, &days))
			return false;
	}
	if (rule->only_holidays &&
		!keep_days(set, match_holidays(p, year, new_year, ndays)))
		return false;
	if (rule->nweekdays > 0)
	{
		match_weekdays(p, &days, r, year, new_year, ndays, first_weekday);
		return keep_days(set, &days);
	}
	return true;
}

/* Does a rule match December 31st of the year before? */
static bool
matches_eve(Planner *p, PlanRule *r)
{
	int			year = p->year - 1;

	if (r->eve_year != year)
	{
		int			ndays = is_leap(year) ? 366 : 365;
		DaySet		days = {{0}};

		add_days(&days, ndays - 1, ndays, ndays);
		r->on_eve = match_rule(p, &days, r, year, p->new_year - ndays, ndays,
							   (p->weekday + 371 - ndays) % 7);
		r->eve_year = year;
	}
	return r->on_eve;
}

/*
 * Shapes
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
append_span(SpanList *list, int64_t from, int64_t to)
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
reserve_spans(Planner *p, SpanList *list, int n)
{
	list->n = 0;
	return grow(p, (void **) &list->span, &list->size, 0, n, sizeof(HoursSpan));
}

/*
 * Get the parts of spans that lie inside their date or, if "spill", after it,
 * sorted and merged.  No spans at all mean the whole day.
 */
static bool
cut_spans(Planner *p, SpanList *list, int nspans, const HoursSpan *spans,
		  bool spill)
{
	int			n = 0;
	int			i;

	if (!reserve_spans(p, list, nspans + 1))
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

/* Set *list to its union with *with. */
static bool
add_spans(Planner *p, SpanList *list, const SpanList *with)
{
	SpanList	result = p->merged;
	int			a = 0;
	int			b = 0;

	if (!reserve_spans(p, &result, list->n + with->n))
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
	p->merged = *list;
	*list = result;
	return true;
}

/* Subtract *minus from *list. */
static bool
subtract_spans(Planner *p, SpanList *list, const SpanList *minus)
{
	SpanList	result = p->merged;
	int			a;
	int			b = 0;

	if (!reserve_spans(p, &result, list->n + minus->n))
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
	p->merged = *list;
	*list = result;
	return true;
}

static uint64_t
mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
	return hash ^ hash >> 32;
}

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
		hash = mix(mix(hash, (uint64_t) piece[i].from),
				   (uint64_t) piece[i].to << 1 | (piece[i].own ? 1 : 0));
	return hash;
}

/* Make an empty hash table of twice the size.  Returns false if out of memory. */
static bool
grow_slots(Planner *p, uint32_t **slot, int *slots)
{
	int			new_slots = *slots > 0 ? *slots * 2 : 64;
	uint32_t   *larger = plan_alloc(p, (size_t) new_slots * sizeof(uint32_t));

	if (larger == NULL)
		return false;
	memset(larger, 0, (size_t) new_slots * sizeof(uint32_t));
	*slot = larger;
	*slots = new_slots;
	return true;
}

/*
 * Find or make the shape that consists of p->own and p->spill.  Returns NO_SHAPE
 * on failure.
 */
static uint32_t
intern_shape(Planner *p)
{
	DayPlan    *plan = p->plan;
	int			n = p->own.n + p->spill.n;
	int			a = 0;
	int			b = 0;
	int			i;
	uint32_t	slot;
	DayShape   *shape;

	if (!grow(p, (void **) &p->piece, &p->pieces_size, 0, n, sizeof(DayPiece)))
		return NO_SHAPE;
	for (i = 0; i < n; i++)
	{
		const HoursSpan *next;
		DayPiece   *piece = &p->piece[i];

		piece->own = a < p->own.n &&
			(b == p->spill.n || p->own.span[a].from < p->spill.span[b].from);
		next = piece->own ? &p->own.span[a++] : &p->spill.span[b++];
		piece->from = next->from;
		piece->to = next->to;
	}

	if (plan->nshapes * 2 >= p->shape_slots)
	{
		if (!grow_slots(p, &p->shape_slot, &p->shape_slots))
			return NO_SHAPE;
		for (i = 0; i < plan->nshapes; i++)
		{
			slot = (uint32_t) hash_pieces(plan->shapes[i].pieces,
										  plan->shapes[i].npieces);
			while (p->shape_slot[slot & (p->shape_slots - 1)] != 0)
				slot++;
			p->shape_slot[slot & (p->shape_slots - 1)] = (uint32_t) i + 1;
		}
	}
	slot = (uint32_t) hash_pieces(p->piece, n);
	for (;; slot++)
	{
		uint32_t	found = p->shape_slot[slot & (p->shape_slots - 1)];

		if (found == 0)
			break;
		if (plan->shapes[found - 1].npieces == n &&
			same_pieces(plan->shapes[found - 1].pieces, p->piece, n))
			return found - 1;
	}

	p->npieces += n;
	if (plan->nshapes == MAX_SHAPES || p->npieces > MAX_PIECES)
	{
		core_fail(p->error, CORE_LIMIT, -1, 0,
				  "The rules make more than %d different days, or days of more than %d spans.",
				  "Split the value into several that are joined by \"+\".",
				  MAX_SHAPES, MAX_PIECES);
		return NO_SHAPE;
	}
	if (!grow(p, (void **) &plan->shapes, &p->shapes_size, plan->nshapes,
			  plan->nshapes + 1, sizeof(DayShape)))
		return NO_SHAPE;
	shape = &plan->shapes[plan->nshapes];
	shape->npieces = n;
	shape->pieces = NULL;
	if (n > 0)
	{
		shape->pieces = plan_alloc(p, (size_t) n * sizeof(DayPiece));
		if (shape->pieces == NULL)
			return NO_SHAPE;
		memcpy(shape->pieces, p->piece, (size_t) n * sizeof(DayPiece));
	}
	p->shape_slot[slot & (p->shape_slots - 1)] = (uint32_t) plan->nshapes + 1;
	return (uint32_t) plan->nshapes++;
}

/* Load a shape into p->own and p->spill. */
static bool
load_shape(Planner *p, uint32_t number)
{
	const DayShape *shape = &p->plan->shapes[number];
	int			i;

	if (!reserve_spans(p, &p->own, shape->npieces) ||
		!reserve_spans(p, &p->spill, shape->npieces))
		return false;
	for (i = 0; i < shape->npieces; i++)
		append_span(shape->pieces[i].own ? &p->own : &p->spill,
					shape->pieces[i].from, shape->pieces[i].to);
	return true;
}

static bool
has_own_hours(const DayPlan *plan, uint32_t shape)
{
	int			i;

	for (i = 0; i < plan->shapes[shape].npieces; i++)
		if (plan->shapes[shape].pieces[i].own)
			return true;
	return false;
}

/* The shape of the own part of a rule or holiday, without spill. */
static uint32_t
shape_of_spans(Planner *p, int nspans, const HoursSpan *spans)
{
	p->spill.n = 0;
	if (!cut_spans(p, &p->own, nspans, spans, false))
		return NO_SHAPE;
	return intern_shape(p);
}

static uint32_t
empty_shape(Planner *p)
{
	p->own.n = 0;
	p->spill.n = 0;
	return intern_shape(p);
}

/*
 * Nodes
 */

static bool
grow_nodes(Planner *p)
{
	int			i;

	if (!grow(p, (void **) &p->node, &p->nodes_size, p->nnodes, p->nnodes + 1,
			  sizeof(Node)))
		return false;
	if (p->nnodes * 2 < p->node_slots)
		return true;
	if (!grow_slots(p, &p->node_slot, &p->node_slots))
		return false;
	for (i = 0; i < p->nnodes; i++)
	{
		uint32_t	slot = (uint32_t) mix((uint64_t) p->node[i].from << 32, p->node[i].action);

		while (p->node_slot[slot & (p->node_slots - 1)] != 0)
			slot++;
		p->node_slot[slot & (p->node_slots - 1)] = (uint32_t) i + 1;
	}
	return true;
}

/* The state that results from an action on a state; NO_SHAPE on failure. */
static uint32_t
act(Planner *p, uint32_t from, uint32_t action)
{
	uint32_t	slot = (uint32_t) mix((uint64_t) from << 32, action);

	if ((p->nnodes == p->nodes_size || p->nnodes * 2 >= p->node_slots) &&
		!grow_nodes(p))
		return NO_SHAPE;
	for (;; slot++)
	{
		uint32_t	found = p->node_slot[slot & (p->node_slots - 1)];

		if (found == 0)
			break;
		if (p->node[found - 1].from == from && p->node[found - 1].action == action)
			return FIRST_NODE + found - 1;
	}
	p->node[p->nnodes].from = from;
	p->node[p->nnodes].action = action;
	p->node[p->nnodes].shape = NO_SHAPE;
	p->node_slot[slot & (p->node_slots - 1)] = (uint32_t) p->nnodes + 1;
	return FIRST_NODE + (uint32_t) p->nnodes++;
}

/* Count the work of one action; fails if it becomes too much. */
static bool
count_work(Planner *p)
{
	p->work += ACTION_WORK + p->own.n + p->spill.n;
	if (p->work <= MAX_WORK)
		return true;
	core_fail(p->error, CORE_LIMIT, -1, 0,
			  "Too many rules add to one another, over the %d dates that the answer needs.",
			  "Ask for a shorter time, or write fewer rules that add hours to a date.",
			  (int) p->plan->ndates);
	snprintf(p->error->message, sizeof(p->error->message), "opening hours too complex");
	return false;
}

/* Convert a state to a shape; NO_SHAPE on failure. */
static uint32_t
resolve(Planner *p, uint32_t state)
{
	uint32_t	last = state;
	int			n = 0;

	while (state >= FIRST_NODE && p->node[state - FIRST_NODE].shape == NO_SHAPE)
	{
		if (!grow(p, (void **) &p->chain, &p->chain_size, n, n + 1,
				  sizeof(uint32_t)))
			return NO_SHAPE;
		p->chain[n++] = p->node[state - FIRST_NODE].action;
		state = p->node[state - FIRST_NODE].from;
	}
	if (state >= FIRST_NODE)
		state = p->node[state - FIRST_NODE].shape;
	if (n == 0)
		return state;

	if (!load_shape(p, state))
		return NO_SHAPE;
	while (n-- > 0)
	{
		const HoursRule *rule = p->rules[p->chain[n] / 2].rule;
		bool		spill = p->chain[n] % 2 != 0;

		look_at_interrupts(p);
		if (!count_work(p) ||
			!cut_spans(p, &p->operand, rule->nspans, rule->spans, spill))
			return NO_SHAPE;
		if (rule->off)
		{
			if (!subtract_spans(p, &p->own, &p->operand) ||
				!subtract_spans(p, &p->spill, &p->operand))
				return NO_SHAPE;
		}
		else if (!add_spans(p, spill ? &p->spill : &p->own, &p->operand))
			return NO_SHAPE;
	}
	state = intern_shape(p);
	p->node[last - FIRST_NODE].shape = state;
	return state;
}

/* Turn the states of the year's days into shapes. */
static bool
resolve_year(Planner *p)
{
	int			day;

	if (p->nnodes == 0)
		return true;
	for (day = 0; day < p->ndays; day++)
	{
		if (p->state[day] < FIRST_NODE)
			continue;
		p->state[day] = resolve(p, p->state[day]);
		if (p->state[day] == NO_SHAPE)
			return false;
	}
	if (p->nnodes > MANY_NODES)
	{
		p->nnodes = 0;
		memset(p->node_slot, 0, (size_t) p->node_slots * sizeof(uint32_t));
	}
	return true;
}

/*
 * A year
 */

/* Apply an action whose result depends on what was there to days of the year. */
static bool
apply_action(Planner *p, const DaySet *days, uint32_t action)
{
	uint32_t	from = NO_SHAPE;
	uint32_t	to = NO_SHAPE;
	int			i;

	for (i = 0; i < YEAR_WORDS; i++)
	{
		uint64_t	bits = days->word[i];

		for (; bits != 0; bits &= bits - 1)
		{
			uint32_t   *state = &p->state[i * 64 + __builtin_ctzll(bits)];

			if (*state != from)
			{
				from = *state;
				to = act(p, from, action);
				if (to == NO_SHAPE)
					return false;
			}
			*state = to;
		}
	}
	return p->nnodes <= MANY_NODES || resolve_year(p);
}

/* Set the state of days of the year to a shape. */
static void
apply_shape(Planner *p, const DaySet *days, uint32_t shape)
{
	int			i;

	for (i = 0; i < YEAR_WORDS; i++)
	{
		uint64_t	bits = days->word[i];

		for (; bits != 0; bits &= bits - 1)
			p->state[i * 64 + __builtin_ctzll(bits)] = shape;
	}
}

/* Find the rules that matter in the current year: into p->live, last rule first. */
static bool
find_live_rules(Planner *p)
{
	DaySet		settled;
	int			i;
	int			w;

	for (w = 0; w < YEAR_WORDS; w++)
		settled.word[w] = ~p->window.word[w];

	p->nlive = 0;
	for (i = p->leaf->nrules - 1; i >= 0; i--)
	{
		PlanRule   *r = &p->rules[i];
		LiveRule   *live;
		bool		own;
		bool		spill = false;

		look_at_interrupts(p);
		if (p->year < r->first_year || p->year - (r->spills ? 1 : 0) > r->last_year)
			continue;
		if (!grow(p, (void **) &p->live, &p->live_size, p->nlive, p->nlive + 1,
				  sizeof(LiveRule)))
			return false;
		live = &p->live[p->nlive];
		live->rule = i;
		memset(&live->own, 0, sizeof(DaySet));
		add_days(&live->own, 0, p->ndays, p->ndays);
		own = match_rule(p, &live->own, r, p->year, p->new_year, p->ndays,
						 p->weekday);
		if (!own)
			memset(&live->own, 0, sizeof(DaySet));
		if (r->spills)
		{
			bool		eve = has_day(&p->window, 0) && matches_eve(p, r);

			r->eve_year = (int16_t) p->year;
			r->on_eve = own && has_day(&live->own, p->ndays - 1);
			next_days(&live->spill, &live->own, eve);
			spill = remove_days(&live->spill, &settled);
		}
		own = own && remove_days(&live->own, &settled);
		if (!own && !spill)
			continue;
		if (!spill)
			memset(&live->spill, 0, sizeof(DaySet));
		p->nlive++;
		if (own && r->settles)
		{
			uint64_t	open = 0;

			join_days(&settled, &live->own);
			for (w = 0; w < YEAR_WORDS; w++)
				open |= ~settled.word[w];
			if (open == 0)
				break;
		}
	}
	return true;
}

/* The first day of a non-empty set. */
static int
first_day(const DaySet *set)
{
	int			i = 0;

	while (set->word[i] == 0)
		i++;
	return i * 64 + __builtin_ctzll(set->word[i]);
}

/*
 * Split each class of days into those in a set and those not in it.  Returns
 * false if there are too many classes.
 */
static bool
split_classes(Planner *p, const DaySet *set)
{
	int			n = p->nclasses;
	int			i;

	for (i = 0; i < n; i++)
	{
		DaySet		inside = p->class[i];
		DaySet		outside = p->class[i];

		if (!keep_days(&inside, set) || !remove_days(&outside, set))
			continue;
		if (p->nclasses == MAX_CLASSES)
			return false;
		p->class[i] = inside;
		p->class[p->nclasses++] = outside;
	}
	return true;
}

/*
 * If many rules matter in the year, often the same ones act on many days.  Then
 * apply them to only one day of each such class.  Give up if finding the classes
 * is more work than it saves.
 */
static void
find_classes(Planner *p)
{
	DaySet		first = {{0}};
	int			saved = 0;
	int			i;

	p->nclasses = 0;
	if (p->nlive < MANY_RULES)
		return;
	p->class[p->nclasses++] = p->window;
	for (i = 0; i < p->nlive; i++)
	{
		const LiveRule *live = &p->live[i];
		bool		spills = p->rules[live->rule].spills;

		look_at_interrupts(p);
		if (p->nclasses > FEW_CLASSES)
			saved += count_days(&live->own) +
				(spills ? count_days(&live->spill) : 0) - p->nclasses / 2;
		if (saved < -MAX_CLASSES * MAX_CLASSES ||
			!split_classes(p, &live->own) ||
			(spills && !split_classes(p, &live->spill)))
		{
			p->nclasses = 0;
			return;
		}
	}
	for (i = 0; i < p->nclasses; i++)
	{
		int			day = first_day(&p->class[i]);

		add_days(&first, day, day + 1, p->ndays);
	}
	for (i = 0; i < p->nlive; i++)
	{
		keep_days(&p->live[i].own, &first);
		keep_days(&p->live[i].spill, &first);
	}
}

/* Copy the state of the first day of each class to all its days. */
static void
spread_classes(Planner *p)
{
	int			i;

	for (i = 0; i < p->nclasses; i++)
	{
		int			day = first_day(&p->class[i]);

		apply_shape(p, &p->class[i], p->state[day]);
		if (has_day(&p->dated, day))
			join_days(&p->dated, &p->class[i]);
		if (has_day(&p->ruled, day))
			join_days(&p->ruled, &p->class[i]);
	}
}

/* Apply the rules that matter in the current year, in order. */
static bool
apply_live_rules(Planner *p)
{
	int			i;

	memset(p->state, 0, sizeof(p->state));
	memset(&p->dated, 0, sizeof(p->dated));
	memset(&p->ruled, 0, sizeof(p->ruled));
	for (i = p->nlive - 1; i >= 0; i--)
	{
		const LiveRule *live = &p->live[i];
		PlanRule   *r = &p->rules[live->rule];

		look_at_interrupts(p);
		if (r->settles)
		{
			if (r->shape == NO_SHAPE)
				r->shape = r->rule->off ? empty_shape(p) :
					shape_of_spans(p, r->rule->nspans, r->rule->spans);
			if (r->shape == NO_SHAPE)
				return false;
			apply_shape(p, &live->own, r->shape);
			if (r->holidays || r->rule->only_holidays)
				join_days(&p->ruled, &live->own);
			else
				remove_days(&p->ruled, &live->own);
		}
		else if (!apply_action(p, &live->own, (uint32_t) live->rule * 2))
			return false;
		if (r->dated && !r->rule->off)
			join_days(&p->dated, &live->own);
		if (r->spills &&
			!apply_action(p, &live->spill, (uint32_t) live->rule * 2 + 1))
			return false;
	}
	if (!resolve_year(p))
		return false;
	spread_classes(p);
	return true;
}

/*
 * Add the spill of a holiday to the day after it, unless that is a holiday whose
 * hours come from a rule with PH.
 */
static bool
add_spill(Planner *p, int day, const HoursHoliday *holiday)
{
	if (has_day(&p->ruled, day))
		return true;
	if (!load_shape(p, p->state[day]) ||
		!cut_spans(p, &p->operand, holiday->nspans, holiday->spans, true) ||
		!add_spans(p, &p->spill, &p->operand))
		return false;
	p->state[day] = intern_shape(p);
	return p->state[day] != NO_SHAPE;
}

/*
 * Apply the holidays of the year on top of all rules.  A holiday with hours of
 * its own replaces the hours of its date; one without closes it if no rule names
 * PH.  Dates whose hours come from a dated rule stay as they are.  The spill of
 * a holiday's own hours is discarded if the next date is replaced in this way,
 * too.  *eve is the holiday on December 31st that spills into the next year, or
 * NULL.
 */
static bool
apply_holidays(Planner *p, const HoursHoliday **eve)
{
	const HoursExpr *leaf = p->leaf;
	int			i;

	/* a rule like "Mo-Fr,PH" also replaced days that are no holidays */
	keep_days(&p->ruled, match_holidays(p, p->year, p->new_year, p->ndays));
	if (*eve != NULL && !add_spill(p, 0, *eve))
		return false;
	*eve = NULL;
	for (i = first_holiday(leaf, p->new_year);
		 i < leaf->nholidays && leaf->holidays[i].date < p->new_year + p->ndays;
		 i++)
	{
		const HoursHoliday *holiday = &leaf->holidays[i];
		int			day = holiday->date - p->new_year;
		uint32_t	shape;
		int			s;

		if (!has_day(&p->window, day) ||
			(holiday->nspans < 0 && p->names_holidays) ||
			(has_day(&p->dated, day) && has_own_hours(p->plan, p->state[day])))
			continue;
		shape = holiday->nspans <= 0 ? empty_shape(p) :
			shape_of_spans(p, holiday->nspans, holiday->spans);
		if (shape == NO_SHAPE)
			return false;
		p->state[day] = shape;

		for (s = 0; s < holiday->nspans; s++)
			if (holiday->spans[s].to > CORE_USECS_PER_DAY)
				break;
		if (s >= holiday->nspans)
			continue;
		if (day + 1 == p->ndays)
			*eve = holiday;
		else if (!add_spill(p, day + 1, holiday))
			return false;
	}
	return true;
}

/*
 * What can be determined once for all years
 */

static bool
has_date_selectors(const HoursRule *rule)
{
	return rule->nyears > 0 || rule->ndates > 0 || rule->nweeks > 0 ||
		rule->nweekdays > 0 || rule->only_holidays;
}

static void
include_years(int *first, int *last, int from, int to)
{
	if (from < *first)
		*first = from;
	if (to > *last)
		*last = to;
}

static int16_t
clamp_year(int year)
{
	if (year < CORE_MIN_YEAR - 2)
		return CORE_MIN_YEAR - 2;
	if (year > CORE_MAX_YEAR + 2)
		return CORE_MAX_YEAR + 2;
	return (int16_t) year;
}

static void
prepare_rule(Planner *p, int number)
{
	const HoursRule *rule = &p->leaf->rules[number];
	PlanRule   *r = &p->rules[number];
	int			first = INT16_MIN;
	int			last = INT16_MAX;
	int			first_date = INT16_MIN;
	int			last_date = INT16_MAX;
	int			i;

	memset(r, 0, sizeof(PlanRule));
	r->rule = rule;
	r->shape = NO_SHAPE;
	if (rule->off)
		r->settles = rule->nspans == 0;
	else
		r->settles = !rule->additional &&
			(number == 0 || has_date_selectors(rule) ||
			 !has_date_selectors(rule - 1));
	for (i = 0; i < rule->nspans; i++)
		if (rule->spans[i].to > CORE_USECS_PER_DAY)
			r->spills = true;

	if (rule->only_holidays)
		p->names_holidays = true;
	for (i = 0; i < rule->nweekdays; i++)
	{
		const HoursWeekday *weekday = &rule->weekdays[i];

		if (weekday->holiday)
			r->holidays = p->names_holidays = true;
		else if (weekday->nth != 0)
			r->nth = true;
		else
			r->weekdays |= weekday_bits(weekday);
	}

	/* Determine the years that the rule can match. */
	if (rule->nyears > 0)
	{
		first = INT16_MAX;
		last = INT16_MIN;
	}
	for (i = 0; i < rule->nyears; i++)
		include_years(&first, &last, rule->years[i].from, rule->years[i].to);
	if (rule->ndates > 0)
	{
		first_date = INT16_MAX;
		last_date = INT16_MIN;
	}
	for (i = 0; i < rule->ndates; i++)
	{
		const HoursDateRange *range = &rule->dates[i];

		/* with weekdays, like "Apr 15-Oct 15 Mo-Fr", a range is just a season */
		if (range->from.kind != HOURS_DATE_MONTH && !range->open_ended &&
			rule->nweekdays == 0)
			r->dated = true;
		if (range->from.year == 0)
			include_years(&first_date, &last_date, INT16_MIN, INT16_MAX);
		else
			include_years(&first_date, &last_date, range->from.year,
						  range->open_ended ? INT16_MAX : range->to.year);
	}
	r->first_year = clamp_year(first > first_date ? first : first_date);
	r->last_year = clamp_year(last < last_date ? last : last_date);
}

/*
 * hours_plan
 *
 * Evaluate a leaf for the dates [first, first + ndates); see hours.h.  Fails
 * with CORE_LIMIT if the dates have too many different shapes, pieces in all
 * shapes, or too many rules add to one another; and with CORE_NOMEM.
 */
bool
hours_plan(const HoursExpr *leaf, int32_t first, int32_t ndates, CoreMem *mem,
		   DayPlan *plan, CoreError *error)
{
	Planner		planner;
	Planner    *p = &planner;
	const HoursHoliday *eve = NULL;
	int32_t		date = first;
	int32_t		end = first + ndates;
	uint16_t   *shape;
	int			month;
	int			day;
	int			i;

	memset(p, 0, sizeof(Planner));
	p->leaf = leaf;
	p->mem = mem;
	p->error = error;
	p->plan = plan;

	/* A holiday on the date before may spill into the first. */
	i = first_holiday(leaf, first - 1);
	if (i < leaf->nholidays && leaf->holidays[i].date == first - 1 &&
		leaf->holidays[i].nspans > 0)
		date--;

	memset(plan, 0, sizeof(DayPlan));
	plan->first = first;
	plan->ndates = ndates;
	shape = plan_alloc(p, ((size_t) (end - date) + 1) * sizeof(uint16_t));
	p->rules = plan_alloc(p, (size_t) (leaf->nrules + 1) * sizeof(PlanRule));
	if (shape == NULL || p->rules == NULL)
		return false;
	plan->shape = shape + (first - date);
	for (i = 0; i < leaf->nrules; i++)
		prepare_rule(p, i);
	if (empty_shape(p) == NO_SHAPE)
		return false;

	while (date < end)
	{
		int			from;
		int			to;

		core_civil(date, &p->year, &month, &day);
		p->new_year = core_date(p->year, 1, 1);
		p->ndays = is_leap(p->year) ? 366 : 365;
		p->weekday = core_weekday(p->new_year);
		from = date - p->new_year;
		to = end - p->new_year < p->ndays ? end - p->new_year : p->ndays;
		memset(&p->window, 0, sizeof(DaySet));
		add_days(&p->window, from, to, p->ndays);

		if (mem->check_interrupts != NULL)
			mem->check_interrupts();
		if (!find_live_rules(p))
			return false;
		find_classes(p);
		if (!apply_live_rules(p) || !apply_holidays(p, &eve))
			return false;
		for (i = from; i < to; i++)
			*shape++ = (uint16_t) p->state[i];
		date += to - from;
	}
	return true;
}
