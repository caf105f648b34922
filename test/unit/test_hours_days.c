/*-------------------------------------------------------------------------
 *
 * test_hours_days.c
 *	  Unit test of what opening hours open on local dates.
 *
 * The examples give the pieces of a date in their order, those that spill
 * over from the date before with a "~".  They agree with opening_hours.js
 * 3.15, apart from those it cannot read (open-ended dates, holidays that no
 * rule names or that have hours) and those marked.  Then hours_plan() is compared with a slow evaluation of
 * random rules, date by date and half hour by half hour.
 *
 * cc -Isrc test/unit/test_hours_days.c src/core/hours_*.c src/core/core.c
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/hours.h"

#define SLOT			(30 * CORE_USECS_PER_MINUTE)	/* random spans end on
														 * these */
#define SLOTS			48
#define ARENA_SIZE	((size_t) 256 * 1024 * 1024)

static char *arena;
static size_t arena_used = 0;
static size_t arena_limit = ARENA_SIZE;
static int	interrupts = 0;
static int	checks = 0;
static int	failures = 0;

static void *
arena_alloc(void *context, size_t size)
{
	void	   *block = arena + arena_used;

	size = (size + 15) & ~(size_t) 15;
	if (size > arena_limit - arena_used)
		return NULL;
	arena_used += size;
	memset(block, 0xA5, size);
	return block;
}

static void
count_interrupt(void)
{
	interrupts++;
}

/* Enough rules that hours_plan() looks for days alike. */
#define TEN_RULES \
	", 20:00-20:01 off, 20:01-20:02 off, 20:02-20:03 off, 20:03-20:04 off" \
	", 20:04-20:05 off, 20:05-20:06 off, 20:06-20:07 off, 20:07-20:08 off" \
	", 20:08-20:09 off, 20:09-20:10 off"

static CoreMem mem = {arena_alloc, count_interrupt, NULL};

/* What rules open on a date: "" is nothing. */
static const struct
{
	const char *hours;
	int			year;
	int			month;
	int			day;
	const char *pieces;
}			examples[] = {

	/* weekdays; 2026-11-02 is a Monday */
	{"Mo-Fr 09:00-17:00", 2026, 11, 2, "09:00-17:00"},
	{"Mo-Fr 09:00-17:00", 2026, 11, 1, ""},
	{"Sa-Mo 10:00-12:00", 2026, 11, 2, "10:00-12:00"},
	{"Sa-Mo 10:00-12:00", 2026, 11, 3, ""},
	{"Mo,We,Fr", 2026, 11, 4, "00:00-24:00"},
	{"24/7", 2026, 11, 4, "00:00-24:00"},
	{"Mo[1] 10:00-12:00", 2026, 11, 2, "10:00-12:00"},
	{"Mo[1] 10:00-12:00", 2026, 11, 9, ""},
	{"Mo[5] 10:00-12:00", 2026, 11, 30, "10:00-12:00"},
	{"Tu[5] 10:00-12:00", 2026, 12, 1, ""},
	{"Mo[-1] 10:00-12:00", 2026, 11, 30, "10:00-12:00"},
	{"Mo[-5] 10:00-12:00", 2026, 11, 2, "10:00-12:00"},
	{"Tu[-5] 10:00-12:00", 2026, 11, 3, ""},
	/* a later rule replaces, an additional one adds, off takes away */
	{"Mo-Fr 09:00-17:00; We 12:00-18:00", 2026, 11, 4, "12:00-18:00"},
	{"Mo-Fr 09:00-17:00, We 16:00-21:00", 2026, 11, 4, "09:00-21:00"},
	{"Mo-Fr 09:00-17:00; 12:00-13:00 off", 2026, 11, 4, "09:00-12:00 13:00-17:00"},
	{"Mo-Fr 09:00-17:00; We off", 2026, 11, 4, ""},
	{"Mo-Fr 09:00-17:00; We off, We 20:00-21:00", 2026, 11, 4, "20:00-21:00"},
	{"We off; Mo-Fr 09:00-17:00", 2026, 11, 4, "09:00-17:00"},
	/* without date selectors: replaces only after a rule without */
	{"10:00-12:00; 14:00-16:00", 2026, 11, 4, "14:00-16:00"},
	{"Mo-Fr 10:00-12:00; 14:00-16:00", 2026, 11, 4, "10:00-12:00 14:00-16:00"},
	{"24/7; 14:00-16:00", 2026, 11, 4, "14:00-16:00"},
	/* over midnight */
	{"Mo 22:00-06:00", 2026, 11, 2, "22:00-24:00"},
	{"Mo 22:00-06:00", 2026, 11, 3, "00:00-06:00~"},
	{"Mo 22:00-30:00", 2026, 11, 3, "00:00-06:00~"},
	{"22:00-06:00", 2026, 11, 3, "00:00-06:00~ 22:00-24:00"},
	{"Mo 22:00-22:00", 2026, 11, 3, "00:00-22:00~"},
	{"Mo 23:59-48:00", 2026, 11, 3, "00:00-24:00~"},
	{"Mo-Fr 00:00-12:00,20:00-02:00", 2026, 11, 3, "00:00-02:00~ 00:00-12:00 20:00-24:00"},
	{"22:00-02:00; Tu 12:00-14:00", 2026, 11, 3, "12:00-14:00"},
	{"22:00-02:00; Tu 12:00-14:00", 2026, 11, 4, "00:00-02:00~ 22:00-24:00"},
	{"22:00-02:00; Tu off", 2026, 11, 3, ""},
	{"22:00-02:00; Tu 01:00-23:00 off", 2026, 11, 3, "00:00-01:00~ 23:00-24:00"},
	{"24/7; Mo 22:00-02:00 off", 2026, 11, 2, "00:00-22:00"},
	{"24/7; Mo 22:00-02:00 off", 2026, 11, 3, "02:00-24:00"},
	{"Dec 31 22:00-04:00", 2027, 1, 1, "00:00-04:00~"},
	{"2026 22:00-04:00", 2027, 1, 1, "00:00-04:00~"},
	{"2027 22:00-04:00", 2027, 1, 1, "22:00-24:00"},
	{"2027 22:00-04:00", 2027, 1, 2, "00:00-04:00~ 22:00-24:00"},
	/* months, dates, years */
	{"Jun-Aug 10:00-11:00", 2026, 8, 31, "10:00-11:00"},
	{"Jun-Aug 10:00-11:00", 2026, 9, 1, ""},
	{"Nov-Feb 10:00-11:00", 2026, 2, 28, "10:00-11:00"},
	{"Dec-Nov 10:00-11:00", 2026, 2, 28, "10:00-11:00"},
	{"Dec 24-Jan 02 off; 24/7", 2026, 1, 2, "00:00-24:00"},
	{"24/7; Dec 24-Jan 02 off", 2026, 1, 2, ""},
	{"24/7; Dec 24-Jan 02 off", 2026, 1, 3, "00:00-24:00"},
	{"Dec 24-26,31 10:00-11:00", 2026, 12, 31, "10:00-11:00"},
	{"Dec 24-26,31 10:00-11:00", 2026, 12, 27, ""},
	{"2026 Dec 24-2027 Jan 02 10:00-11:00", 2027, 1, 2, "10:00-11:00"},
	{"2026 Dec 24-2027 Jan 02 10:00-11:00", 2027, 12, 24, ""},
	{"2026 Nov 01+ 10:00-11:00", 2026, 10, 31, ""},
	{"2026 Nov 01+ 10:00-11:00", 2026, 11, 1, "10:00-11:00"},
	{"2026 Nov 01+ 10:00-11:00", 2499, 12, 31, "10:00-11:00"},
	{"Feb 29 10:00-11:00", 2028, 2, 29, "10:00-11:00"},
	{"Feb 29 10:00-11:00", 2027, 3, 1, ""},
	{"2026-2028 10:00-11:00", 2028, 12, 31, "10:00-11:00"},
	{"2026-2028 10:00-11:00", 2029, 1, 1, ""},
	{"2027+ Dec 10:00-11:00", 2030, 12, 1, "10:00-11:00"},
	/* not so in opening_hours.js, which loses dates past a month's end */
	{"Feb 01-28 10:00-11:00", 2027, 2, 10, "10:00-11:00"},
	{"Feb 20-29 10:00-11:00", 2028, 2, 29, "10:00-11:00"},
	{"Jan 05-Feb 29 10:00-11:00", 2027, 3, 1, ""},
	{"Apr 01-Mar 31 10:00-11:00", 2026, 7, 1, "10:00-11:00"},
	/* weeks; 2026-12-28 to 2027-01-03 is week 53 of 2026 */
	{"week 53 10:00-11:00", 2027, 1, 3, "10:00-11:00"},
	{"week 53 10:00-11:00", 2026, 12, 27, ""},
	{"week 01 10:00-11:00", 2024, 12, 30, "10:00-11:00"},
	{"week 2-52/2 10:00-11:00", 2026, 1, 5, "10:00-11:00"},
	{"week 2-52/2 10:00-11:00", 2026, 1, 12, ""},
	{"week 01-53 10:00-11:00", 2027, 1, 3, "10:00-11:00"},
	/* easter: 2026-04-05; as the end of a range it is outside */
	{"easter 10:00-11:00", 2026, 4, 5, "10:00-11:00"},
	{"easter +1 day 10:00-11:00", 2026, 4, 6, "10:00-11:00"},
	{"easter -2 days 10:00-11:00", 2026, 4, 3, "10:00-11:00"},
	{"2026 easter 10:00-11:00", 2026, 4, 5, "10:00-11:00"},
	/* opening_hours.js has April 5th in all later years */
	{"2026 easter 10:00-11:00", 2027, 4, 5, ""},
	{"easter -2 days-easter +1 day 10:00-11:00", 2026, 4, 5, "10:00-11:00"},
	{"easter -2 days-easter +1 day 10:00-11:00", 2026, 4, 6, ""},
	/* combinations */
	{"2026 Dec Mo-Fr 10:00-11:00", 2026, 12, 1, "10:00-11:00"},
	{"2026 Dec Mo-Fr 10:00-11:00", 2026, 12, 5, ""},
	{"week 01-26 Mo 08:00-16:00; week 27-53 Mo 09:00-17:00", 2026, 11, 2, "09:00-17:00"},
	/* holidays and PH */
	{"PH=2026-11-02 Mo-Fr 09:00-17:00; PH off", 2026, 11, 2, ""},
	{"PH=2026-11-02 Mo-Fr 09:00-17:00; PH 10:00-12:00", 2026, 11, 2, "10:00-12:00"},
	{"PH=2026-11-02 PH 10:00-12:00; Mo-Fr 09:00-17:00", 2026, 11, 2, "09:00-17:00"},
	{"PH=2026-11-01 Mo-Fr,PH 09:00-17:00", 2026, 11, 1, "09:00-17:00"},
	{"PH=2026-11-01,2026-11-02 PH Mo 09:00-17:00", 2026, 11, 1, ""},
	{"PH=2026-11-01,2026-11-02 PH Mo 09:00-17:00", 2026, 11, 2, "09:00-17:00"},
	{"PH=2026-11-03 Mo-Fr 22:00-06:00; PH off", 2026, 11, 3, ""},
	{"PH=2026-11-03 Mo-Fr 22:00-06:00; PH off", 2026, 11, 4, "00:00-06:00~ 22:00-24:00"},
	/* holidays that no rule names close, after all rules */
	{"PH=2026-11-02 Mo-Fr 09:00-17:00", 2026, 11, 2, ""},
	{"PH=2026-11-02 24/7", 2026, 11, 2, ""},
	{"PH=2026-11-03 Mo-Fr 22:00-06:00", 2026, 11, 3, ""},
	{"PH=2026-11-03 Mo-Fr 22:00-06:00", 2026, 11, 4, "00:00-06:00~ 22:00-24:00"},
	/* ... but not the hours of a dated rule */
	{"PH=2026-11-02 Mo-Fr 09:00-17:00; 2026 Nov 02 09:00-12:00", 2026, 11, 2, "09:00-12:00"},
	{"PH=2026-11-02 2026 Nov 02 09:00-12:00; Mo-Fr 09:00-17:00", 2026, 11, 2, ""},
	{"PH=2026-11-02[10:00-11:00] Mo-Fr 09:00-17:00; Nov 01-05 off", 2026, 11, 2, "10:00-11:00"},
	{"PH=2026-11-02[10:00-11:00] 2026 Nov 02; Mo off", 2026, 11, 2, "10:00-11:00"},
	{"PH=2026-04-05 easter 09:00-12:00", 2026, 4, 5, "09:00-12:00"},
	{"PH=2026-11-03,2026-11-09 Mo-Su 08:00-21:00; Nov 01-05 09:00-21:00; 20:00-20:01 off" TEN_RULES TEN_RULES TEN_RULES,
	2026, 11, 3, "09:00-20:00 20:10-21:00"},
	{"PH=2026-11-03,2026-11-09 Mo-Su 08:00-21:00; Nov 01-05 09:00-21:00; 20:00-20:01 off" TEN_RULES TEN_RULES TEN_RULES,
	2026, 11, 9, ""},
	{"PH=2026-11-02 Nov 09:00-12:00", 2026, 11, 2, ""},
	{"PH=2026-11-02 2026 Nov 01+ 09:00-12:00", 2026, 11, 2, ""},
	/* ... nor what a holiday with hours of its own opens */
	{"PH=2026-11-02[10:00-11:00] Mo-Fr 09:00-17:00", 2026, 11, 2, "10:00-11:00"},
	{"PH=2026-11-02[10:00-11:00] Mo-Fr 09:00-17:00; PH off", 2026, 11, 2, "10:00-11:00"},
	{"PH=2026-11-02[off] Mo-Fr 09:00-17:00; PH 12:00-13:00", 2026, 11, 2, ""},
	{"PH=2026-11-02[10:00-11:00] Mo-Fr 09:00-17:00; 2026 Nov 02 12:00-13:00", 2026, 11, 2, "12:00-13:00"},
	{"PH=2026-11-02[20:00-03:00] Mo-Fr 09:00-17:00", 2026, 11, 3, "00:00-03:00~ 09:00-17:00"},
	{"PH=2026-11-02[20:00-07:00] 22:00-06:00", 2026, 11, 3, "00:00-07:00~ 22:00-24:00"},
	{"PH=2026-11-02[20:00-07:00],2026-11-03 22:00-06:00", 2026, 11, 3, ""},
	{"PH=2026-11-02[20:00-07:00],2026-11-03 22:00-06:00; PH off", 2026, 11, 3, ""},
	{"PH=2026-11-02[20:00-07:00],2026-11-03 22:00-06:00; Mo-Fr,PH 10:00-12:00", 2026, 11, 3, "10:00-12:00"},
	{"PH=2026-11-02[20:00-07:00] 22:00-06:00; Mo-Fr,PH 10:00-12:00", 2026, 11, 3, "00:00-07:00~ 10:00-12:00"},
	{"PH=2026-11-02[20:00-07:00],2026-11-03 PH off; Mo-Su 22:00-06:00", 2026, 11, 3, "00:00-07:00~ 22:00-24:00"},
	{"PH=2026-12-31[20:00-07:00],2027-01-01 22:00-06:00; PH off", 2027, 1, 1, ""},
	{"PH=2026-11-02[20:00-07:00],2026-11-03[10:00-12:00] 22:00-06:00", 2026, 11, 3, "10:00-12:00"},
	{"PH=2026-12-31[20:00-03:00] Mo-Fr 09:00-17:00", 2027, 1, 1, "00:00-03:00~ 09:00-17:00"},
};

static HoursExpr *
parse(const char *text)
{
	CoreError	error = {0};
	HoursExpr  *expr = hours_parse(text, strlen(text), &mem, &error);

	if (expr == NULL)
	{
		printf("\"%s\" is refused: %s %s\n", text, error.detail, error.hint);
		failures++;
	}
	return expr;
}

static void
print_shape(char *out, const DayShape *shape)
{
	int			i;

	*out = '\0';
	for (i = 0; i < shape->npieces; i++)
	{
		int			from = (int) (shape->pieces[i].from / CORE_USECS_PER_MINUTE);
		int			to = (int) (shape->pieces[i].to / CORE_USECS_PER_MINUTE);

		out += sprintf(out, "%s%02d:%02d-%02d:%02d%s", i > 0 ? " " : "",
					   from / 60, from % 60, to / 60, to % 60,
					   shape->pieces[i].own ? "" : "~");
	}
}

/* Each example asked for alone, and inside a plan of some years. */
static void
check_examples(void)
{
	size_t		i;

	for (i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
	{
		int32_t		date = core_date(examples[i].year, examples[i].month,
									 examples[i].day);
		HoursExpr  *expr;
		int			before;

		arena_used = 0;
		expr = parse(examples[i].hours);
		if (expr == NULL)
			continue;
		for (before = 0; before <= 1200; before += 400)
		{
			DayPlan		plan;
			CoreError	error = {0};
			char		found[400];

			checks++;
			if (!hours_plan(expr, date - before, 2 * before + 1, &mem, &plan, &error))
			{
				printf("\"%s\" fails: %s\n", examples[i].hours, error.detail);
				failures++;
				continue;
			}
			print_shape(found, &plan.shapes[plan.shape[before]]);
			if (strcmp(found, examples[i].pieces) != 0)
			{
				printf("\"%s\" on %d-%02d-%02d: \"%s\" instead of \"%s\"\n",
					   examples[i].hours, examples[i].year, examples[i].month,
					   examples[i].day, found, examples[i].pieces);
				failures++;
			}
		}
	}
}

/*
 * The slow evaluation
 */

typedef struct Slots
{
	bool		own[SLOTS];
	bool		spill[SLOTS];
	bool		dated;			/* the own hours come from a dated rule */
	bool		ruled;			/* the last rule that replaced all names PH */
} Slots;

static int
iso_week(int32_t date)
{
	int32_t		thursday = date - core_weekday(date) + 3;
	int			year;
	int			month;
	int			day;

	core_civil(thursday, &year, &month, &day);
	return (thursday - core_date(year, 1, 1)) / 7 + 1;
}

static bool
slow_range_matches(const HoursDateRange *range, int32_t date)
{
	const HoursDate *ends[2] = {&range->from, &range->to};
	int			key[2];
	int			this_key;
	int			year;
	int			month;
	int			day;
	int			i;

	core_civil(date, &year, &month, &day);
	this_key = month * 100 + day;
	if (range->from.year != 0)
		this_key += year * 10000;
	for (i = 0; i < 2; i++)
	{
		if (ends[i]->kind == HOURS_DATE_EASTER)
		{
			int			y;
			int			m;
			int			d;

			/* the end is the day before, unless it is the start too */
			core_civil(core_easter(ends[i]->year != 0 ? ends[i]->year : year) +
					   ends[i]->offset - (i == 1), &y, &m, &d);
			key[i] = m * 100 + d;
			if (i == 1 && range->from.kind == HOURS_DATE_EASTER &&
				range->from.year == range->to.year &&
				range->from.offset == range->to.offset)
				key[i] = key[0] % 10000;
		}
		else if (ends[i]->kind == HOURS_DATE_MONTH)
			key[i] = ends[i]->month * 100 + (i == 0 ? 1 : 31);
		else
			key[i] = ends[i]->month * 100 + ends[i]->day;
		if (range->from.year != 0)
			key[i] += ends[i]->year * 10000;
	}
	if (range->open_ended)
		return this_key >= key[0];
	if (key[0] <= key[1])
		return key[0] <= this_key && this_key <= key[1];
	if (range->from.year != 0)
		return false;
	/* "Apr 10-easter" where easter is the 10th or the day after is no date */
	if (range->to.kind == HOURS_DATE_EASTER && range->from.kind != range->to.kind)
	{
		int32_t		start = core_date(year, range->from.month,
									  range->from.kind == HOURS_DATE_DAY ? range->from.day : 1);

		if (core_easter(year) + range->to.offset == start)
			return false;
	}
	else if (range->to.kind == HOURS_DATE_EASTER &&
			 range->to.offset == range->from.offset)
		return false;
	return this_key >= key[0] || this_key <= key[1];
}

static bool
is_holiday(const HoursExpr *leaf, int32_t date, const HoursHoliday **holiday)
{
	int			i;

	for (i = 0; i < leaf->nholidays; i++)
	{
		if (leaf->holidays[i].date != date)
			continue;
		*holiday = &leaf->holidays[i];
		return true;
	}
	return false;
}

static bool
slow_matches(const HoursExpr *leaf, const HoursRule *rule, int32_t date)
{
	const HoursHoliday *holiday;
	bool		match;
	int			year;
	int			month;
	int			day;
	int			i;

	core_civil(date, &year, &month, &day);
	match = rule->nyears == 0;
	for (i = 0; i < rule->nyears; i++)
		match |= rule->years[i].from <= year && year <= rule->years[i].to &&
			(year - rule->years[i].from) % rule->years[i].step == 0;
	if (!match)
		return false;
	match = rule->nweeks == 0;
	for (i = 0; i < rule->nweeks; i++)
		match |= rule->weeks[i].from <= iso_week(date) &&
			iso_week(date) <= rule->weeks[i].to &&
			(iso_week(date) - rule->weeks[i].from) % rule->weeks[i].step == 0;
	if (!match)
		return false;
	match = rule->ndates == 0;
	for (i = 0; i < rule->ndates; i++)
		match |= slow_range_matches(&rule->dates[i], date);
	if (!match)
		return false;
	match = rule->nweekdays == 0;
	for (i = 0; i < rule->nweekdays; i++)
	{
		const HoursWeekday *w = &rule->weekdays[i];
		int			nth = (day - 1) / 7;
		int			nth_last = (core_month_days(year, month) - day) / 7;

		if (w->holiday)
			match |= is_holiday(leaf, date, &holiday);
		else
			match |= (w->from <= w->to ?
					  w->from <= core_weekday(date) && core_weekday(date) <= w->to :
					  w->from <= core_weekday(date) || core_weekday(date) <= w->to) &&
				(w->nth == 0 || (w->nth >> nth & 1) || (w->nth >> (5 + nth_last) & 1));
	}
	return match && (!rule->only_holidays || is_holiday(leaf, date, &holiday));
}

static bool
has_selectors(const HoursRule *rule)
{
	return rule->nyears + rule->nweeks + rule->ndates + rule->nweekdays > 0;
}

/* Set what spans have in their date, or (shift) in the next one. */
static void
set_slots(bool *slots, int nspans, const HoursSpan *spans, int64_t shift, bool value)
{
	int			i;
	int			m;

	for (m = 0; m < SLOTS; m++)
	{
		int64_t		time = m * SLOT + shift;

		if (nspans == 0 && shift == 0)
			slots[m] = value;
		for (i = 0; i < nspans; i++)
			if (spans[i].from <= time && time < spans[i].to)
				slots[m] = value;
	}
}

static bool
names_holidays(const HoursRule *rule)
{
	int			i;

	for (i = 0; i < rule->nweekdays; i++)
		if (rule->weekdays[i].holiday)
			return true;
	return rule->only_holidays;
}

static void
slow_rules(const HoursExpr *leaf, int32_t date, Slots *slots)
{
	int			r;

	memset(slots, 0, sizeof(*slots));
	for (r = 0; r < leaf->nrules; r++)
	{
		const HoursRule *rule = &leaf->rules[r];

		if (slow_matches(leaf, rule, date))
		{
			bool		dated = false;
			int			i;

			for (i = 0; i < rule->ndates; i++)
				dated |= rule->dates[i].from.kind != HOURS_DATE_MONTH &&
					!rule->dates[i].open_ended && rule->nweekdays == 0;
			if (!rule->off && !rule->additional &&
				(has_selectors(rule) || r == 0 || !has_selectors(rule - 1)))
			{
				memset(slots, 0, sizeof(*slots));
				slots->ruled = names_holidays(rule);
			}
			if (rule->off && rule->nspans == 0)
				slots->ruled = names_holidays(rule);
			set_slots(slots->own, rule->nspans, rule->spans, 0, !rule->off);
			if (rule->off)
				set_slots(slots->spill, rule->nspans, rule->spans, 0, false);
			if (rule->off && rule->nspans == 0)
				slots->dated = false;
			slots->dated |= dated && !rule->off;
		}
		if (slow_matches(leaf, rule, date - 1))
		{
			set_slots(slots->spill, rule->nspans, rule->spans,
					  CORE_USECS_PER_DAY, !rule->off);
			if (rule->off)
				set_slots(slots->own, rule->nspans, rule->spans,
						  CORE_USECS_PER_DAY, false);
		}
	}
}

/* Does a holiday have the last word on a date whose rules gave "slots"? */
static bool
holiday_rules(const HoursExpr *leaf, int32_t date, const Slots *slots,
			  const HoursHoliday **holiday)
{
	int			r;
	int			m;

	if (!is_holiday(leaf, date, holiday))
		return false;
	for (m = 0; m < SLOTS && !slots->own[m]; m++)
		;
	if (slots->dated && m < SLOTS)
		return false;
	if ((*holiday)->nspans >= 0)
		return true;
	for (r = 0; r < leaf->nrules; r++)
		if (names_holidays(&leaf->rules[r]))
			return false;
	return true;
}

static void
slow_day(const HoursExpr *leaf, int32_t date, Slots *slots)
{
	const HoursHoliday *holiday;
	Slots		before;

	slow_rules(leaf, date, slots);
	if (holiday_rules(leaf, date, slots, &holiday))
	{
		memset(slots, 0, sizeof(*slots));
		if (holiday->nspans > 0)
			set_slots(slots->own, holiday->nspans, holiday->spans, 0, true);
		return;
	}
	if (slots->ruled && is_holiday(leaf, date, &holiday))
		return;
	if (!is_holiday(leaf, date - 1, &holiday))
		return;
	slow_rules(leaf, date - 1, &before);
	if (holiday_rules(leaf, date - 1, &before, &holiday) && holiday->nspans > 0)
		set_slots(slots->spill, holiday->nspans, holiday->spans,
				  CORE_USECS_PER_DAY, true);
}

/*
 * Random rules
 */

static uint64_t seed;

static int
below(int n)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (int) ((seed >> 33) % (uint64_t) n);
}

static void *
array(int n, size_t size)
{
	void	   *block = arena_alloc(NULL, n * size + 1);

	memset(block, 0, n * size);
	return block;
}

static void
random_spans(int n, HoursSpan **spans)
{
	int			i;

	*spans = array(n, sizeof(HoursSpan));
	for (i = 0; i < n; i++)
	{
		(*spans)[i].from = below(SLOTS) * SLOT;
		(*spans)[i].to = (*spans)[i].from + (1 + below(SLOTS)) * SLOT;
	}
}

static void
random_date(HoursDate *date, int kind, int year)
{
	memset(date, 0, sizeof(*date));
	date->kind = kind;
	date->year = year;
	if (kind == HOURS_DATE_EASTER)
		date->offset = below(3) == 0 ? below(280) - 80 : below(5) - 2;
	else
		date->month = 1 + below(12);
	if (kind == HOURS_DATE_DAY)
		date->day = 1 + below(core_month_days(year != 0 ? year : 2000, date->month));
}

static void
random_range(HoursDateRange *range, int first_year)
{
	int			year = below(3) == 0 ? first_year + below(3) : 0;
	int			kind = below(3);

	if (kind == HOURS_DATE_MONTH)
		year = 0;
	random_date(&range->from, kind, year);
	range->to = range->from;
	range->open_ended = year != 0 && below(4) == 0;
	if (range->open_ended || below(2) == 0)
		return;
	random_date(&range->to, kind == HOURS_DATE_MONTH ? kind : 1 + below(2),
				year == 0 ? 0 : year + 1);
}

static void
random_leaf(HoursExpr *leaf, int first_year, int nrules)
{
	int			first_date = core_date(first_year, 1, 1) - 2;
	int			r;
	int			i;

	memset(leaf, 0, sizeof(*leaf));
	leaf->kind = HOURS_LEAF;
	leaf->nrules = nrules;
	leaf->rules = array(nrules, sizeof(HoursRule));
	for (r = 0; r < nrules; r++)
	{
		HoursRule  *rule = &leaf->rules[r];

		rule->off = below(4) == 0;
		rule->additional = r > 0 && below(3) == 0;
		rule->nyears = below(5) == 0 ? 1 + below(2) : 0;
		rule->nweeks = below(5) == 0 ? 1 + below(2) : 0;
		rule->ndates = below(3) == 0 ? 1 + below(3) : 0;
		rule->nweekdays = below(2) == 0 ? 1 + below(3) : 0;
		rule->nspans = below(4) > 0 ? 1 + below(3) : 0;
		rule->years = array(rule->nyears, sizeof(HoursStep));
		for (i = 0; i < rule->nyears; i++)
		{
			rule->years[i].from = first_year + below(3);
			rule->years[i].to = rule->years[i].from + below(3);
			rule->years[i].step = 1 + below(2);
		}
		rule->weeks = array(rule->nweeks, sizeof(HoursStep));
		for (i = 0; i < rule->nweeks; i++)
		{
			rule->weeks[i].from = 1 + below(53);
			rule->weeks[i].to = rule->weeks[i].from + below(54 - rule->weeks[i].from);
			rule->weeks[i].step = 1 + below(3);
		}
		rule->dates = array(rule->ndates, sizeof(HoursDateRange));
		for (i = 0; i < rule->ndates; i++)
			random_range(&rule->dates[i], first_year);
		rule->weekdays = array(rule->nweekdays, sizeof(HoursWeekday));
		for (i = 0; i < rule->nweekdays; i++)
		{
			rule->weekdays[i].from = below(7);
			rule->weekdays[i].to = below(7);
			if (below(4) == 0)
			{
				rule->weekdays[i].to = rule->weekdays[i].from;
				rule->weekdays[i].nth = 1u << below(10) | 1u << below(10);
			}
			rule->weekdays[i].holiday = below(10) == 0;
		}
		rule->only_holidays = rule->nweekdays > 0 && below(20) == 0;
		random_spans(rule->nspans, &rule->spans);
	}
	leaf->holidays = array(100, sizeof(HoursHoliday));
	for (first_date += below(90); leaf->nholidays < 100 && below(40) > 0; first_date += 1 + below(2) * below(90))
	{
		HoursHoliday *holiday = &leaf->holidays[leaf->nholidays++];

		holiday->date = first_date;
		holiday->nspans = below(3) - 1;
		if (holiday->nspans > 0)
			random_spans(holiday->nspans, &holiday->spans);
	}
}

static bool
same_slots(const DayShape *shape, const Slots *slots)
{
	Slots		found;
	int64_t		last[2] = {-1, -1};
	int			i;
	int			m;

	memset(&found, 0, sizeof(found));
	for (i = 0; i < shape->npieces; i++)
	{
		const DayPiece *piece = &shape->pieces[i];

		/* sorted, disjoint and not touching, inside the date */
		if (piece->from >= piece->to || piece->from < 0 ||
			piece->to > CORE_USECS_PER_DAY || piece->from <= last[piece->own] ||
			(i > 0 && piece->from < piece[-1].from))
			return false;
		last[piece->own] = piece->to;
		for (m = (int) (piece->from / SLOT);
			 m < piece->to / SLOT; m++)
			(piece->own ? found.own : found.spill)[m] = true;
	}
	return memcmp(found.own, slots->own, sizeof(found.own)) == 0 &&
		memcmp(found.spill, slots->spill, sizeof(found.spill)) == 0;
}

static void
check_random(int number, int nrules, int ndates)
{
	int			first_year = 1990 + below(40);
	int32_t		first = core_date(first_year, 1, 1) - 3 + (below(3) > 0 ? below(400) : 0);
	HoursExpr	leaf;
	DayPlan		plan;
	CoreError	error = {0};
	int			d;
	int			i;
	int			j;

	random_leaf(&leaf, first_year, nrules);
	checks++;
	if (!hours_plan(&leaf, first, ndates, &mem, &plan, &error))
	{
		printf("random rules %d fail: %s\n", number, error.detail);
		failures++;
		return;
	}
	for (d = 0; d < ndates; d++)
	{
		Slots		slots;

		slow_day(&leaf, first + d, &slots);
		if (!same_slots(&plan.shapes[plan.shape[d]], &slots))
		{
			int			year;
			int			month;
			int			day;

			core_civil(first + d, &year, &month, &day);
			printf("random rules %d differ on %d-%02d-%02d\n", number, year, month, day);
			failures++;
			return;
		}
	}
	/* equal shapes are one */
	for (i = 0; i < plan.nshapes; i++)
		for (j = 0; j < i; j++)
			if (plan.shapes[i].npieces == plan.shapes[j].npieces)
			{
				int			k;

				for (k = 0; k < plan.shapes[i].npieces; k++)
					if (plan.shapes[i].pieces[k].from != plan.shapes[j].pieces[k].from ||
						plan.shapes[i].pieces[k].to != plan.shapes[j].pieces[k].to ||
						plan.shapes[i].pieces[k].own != plan.shapes[j].pieces[k].own)
						break;
				if (k == plan.shapes[i].npieces)
				{
					printf("random rules %d: shapes %d and %d are equal\n", number, i, j);
					failures++;
				}
			}
	if (plan.shapes[0].npieces != 0)
	{
		printf("random rules %d: shape 0 is not empty\n", number);
		failures++;
	}
}

/* Too many shapes are refused, and so is too little memory. */
static void
check_limits(void)
{
	HoursExpr	leaf;
	HoursDateRange *days;
	DayPlan		plan;
	CoreError	error = {0};
	size_t		limit;
	int			needed = 0;
	int			i;

	/* Bit by bit of the date's number, a minute more is open: 2 ^ 17 shapes. */
	arena_used = 0;
	memset(&leaf, 0, sizeof(leaf));
	leaf.kind = HOURS_LEAF;
	leaf.nrules = 17;
	leaf.rules = array(leaf.nrules, sizeof(HoursRule));
	for (i = 0; i < leaf.nrules; i++)
	{
		HoursRule  *rule = &leaf.rules[i];
		int			d;

		rule->additional = true;
		rule->nspans = 1;
		rule->spans = array(1, sizeof(HoursSpan));
		rule->spans[0].from = 2 * i * CORE_USECS_PER_MINUTE;
		rule->spans[0].to = rule->spans[0].from + CORE_USECS_PER_MINUTE;
		rule->dates = array(((1 << 17) >> (i + 1)) + 1, sizeof(HoursDateRange));
		for (d = 1 << i; d < 1 << 17; d += 2 << i)
		{
			int			last = d + (1 << i) - 1;

			days = &rule->dates[rule->ndates++];
			days->from.kind = days->to.kind = HOURS_DATE_DAY;
			core_civil(CORE_MIN_DATE + d, &days->from.year, &days->from.month, &days->from.day);
			core_civil(CORE_MIN_DATE + last, &days->to.year, &days->to.month, &days->to.day);
		}
	}
	checks += 2;
	if (!hours_plan(&leaf, CORE_MIN_DATE, 65535, &mem, &plan, &error) ||
		plan.nshapes != 65535)
	{
		printf("65535 shapes are too many: %s\n", error.detail);
		failures++;
	}
	if (hours_plan(&leaf, CORE_MIN_DATE, 65536, &mem, &plan, &error) ||
		error.kind != CORE_LIMIT)
	{
		printf("65536 shapes are not too many\n");
		failures++;
	}

	/* A plan that is given less and less memory fails in an orderly way. */
	seed = 4711;
	arena_used = 0;
	random_leaf(&leaf, 2020, 30);
	for (limit = arena_used; limit < arena_used + 1024 * 1024; limit += 512)
	{
		size_t		used = arena_used;
		bool		done;

		arena_limit = limit;
		error.kind = CORE_OK;
		done = hours_plan(&leaf, core_date(2020, 1, 1), 1000, &mem, &plan, &error);
		arena_used = used;
		checks++;
		if (done)
			break;
		needed++;
		if (error.kind != CORE_NOMEM)
		{
			printf("with little memory: error %d instead of CORE_NOMEM\n", error.kind);
			failures++;
		}
	}
	arena_limit = ARENA_SIZE;
	if (needed < 3)
	{
		printf("30 rules need no memory\n");
		failures++;
	}
}

int
main(void)
{
	int			number;

	arena = malloc(ARENA_SIZE);
	if (arena == NULL)
		return 2;
	check_examples();
	for (number = 0; number < 800; number++)
	{
		seed = (uint64_t) number;
		arena_used = 0;
		/* some with so many rules that days alike are looked for */
		check_random(number, number % 10 == 0 ? 30 + below(40) : 1 + below(7),
					 number % 10 == 0 ? 150 : 500);
	}
	check_limits();
	checks++;
	if (interrupts == 0)
	{
		printf("interrupts are never looked at\n");
		failures++;
	}
	printf("test_hours_days: %d checks, %d failures\n", checks, failures);
	free(arena);
	return failures > 0 ? 1 : 0;
}
