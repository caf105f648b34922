/*-------------------------------------------------------------------------
 *
 * hours_match.c
 *	  Which days of a year the selectors of a rule match.
 *
 * The semantics are those of opening_hours.js 3.15, as in hours_days.c.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "hours_match.h"

#include <string.h>

Year
hours_year(int year)
{
	Year		result;

	result.year = year;
	result.first = core_date(year, 1, 1);
	result.ndays = core_month_days(year, 2) == 29 ? 366 : 365;
	result.weekday = core_weekday(result.first);
	return result;
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
match_dates(DaySet *set, const HoursDateRange *range, const Year *year)
{
	const HoursDate *from = &range->from;
	const HoursDate *to = &range->to;
	int32_t		start;
	int32_t		stop;
	bool		wraps;

	if (from->year != 0 && (year->year < from->year ||
							(year->year > to->year && !range->open_ended)))
		return;
	start = date_start(from, year->year) - year->first;
	if (range->open_ended)
	{
		add_days(set, start, year->ndays, year->ndays);
		return;
	}

	if (to->kind != HOURS_DATE_EASTER || same_date(from, to))
		stop = date_stop(to, year->year) - year->first;
	else
		stop = date_start(to, year->year) - year->first;

	if (from->year != 0)
		wraps = false;
	else if (from->kind == HOURS_DATE_EASTER || to->kind == HOURS_DATE_EASTER)
		wraps = stop < start;
	else
		wraps = to->month < from->month ||
			(to->month == from->month && to->day < from->day);

	if (wraps)
	{
		add_days(set, 0, stop, year->ndays);
		add_days(set, start, year->ndays, year->ndays);
	}
	else
		add_days(set, start, stop, year->ndays);
}

/* Add the days of a year that ISO weeks match. */
static void
match_weeks(DaySet *set, const HoursStep *weeks, const Year *year)
{
	int			iso_year;

	for (iso_year = year->year - 1; iso_year <= year->year + 1; iso_year++)
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
			add_days(set, start + (weeks->from - 1) * 7 - year->first,
					 start + last * 7 - year->first, year->ndays);
		else
			for (week = weeks->from; week <= last; week += weeks->step)
				add_days(set, start + (week - 1) * 7 - year->first,
						 start + week * 7 - year->first, year->ndays);
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
match_nth(Matcher *matcher, DaySet *set, uint32_t nth, const Year *year)
{
	int			leap = year->ndays - 365;
	int			i;

	if (!matcher->nth_known[leap])
	{
		int			month;
		int			day = 0;

		memset(matcher->nth[leap], 0, sizeof(matcher->nth[leap]));
		for (month = 1; month <= 12; month++)
		{
			int			next = day + core_month_days(year->year, month);

			for (i = 0; i < 5; i++)
			{
				int			to = day + 7 * i + 7;
				int			from = next - 7 * i - 7;

				add_days(&matcher->nth[leap][i], day + 7 * i,
						 to < next ? to : next, year->ndays);
				add_days(&matcher->nth[leap][5 + i], from > day ? from : day,
						 next - 7 * i, year->ndays);
			}
			day = next;
		}
		matcher->nth_known[leap] = true;
	}
	for (i = 0; i < 10; i++)
		if (nth >> i & 1)
			join_days(set, &matcher->nth[leap][i]);
}

int
hours_first_holiday(const HoursExpr *leaf, int32_t date)
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

const DaySet *
hours_match_holidays(Matcher *matcher, const Year *year)
{
	const HoursExpr *leaf = matcher->leaf;

	if (matcher->holidays_year != year->year)
	{
		memset(&matcher->holidays, 0, sizeof(matcher->holidays));
		for (int i = hours_first_holiday(leaf, year->first);
			 i < leaf->nholidays && leaf->holidays[i].date < year->first + year->ndays;
			 i++)
		{
			int			day = leaf->holidays[i].date - year->first;

			add_days(&matcher->holidays, day, day + 1, year->ndays);
		}
		matcher->holidays_year = year->year;
	}
	return &matcher->holidays;
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
match_weekdays(Matcher *matcher, DaySet *set, const Selectors *s, const Year *year)
{
	int			i;

	weekday_days(set, s->weekdays, year->weekday);
	if (s->holidays)
		join_days(set, hours_match_holidays(matcher, year));
	for (i = 0; s->nth && i < s->rule->nweekdays; i++)
	{
		const HoursWeekday *weekday = &s->rule->weekdays[i];
		DaySet		days = {{0}};
		DaySet		on;

		if (weekday->holiday || weekday->nth == 0)
			continue;
		match_nth(matcher, &days, weekday->nth, year);
		weekday_days(&on, weekday_bits(weekday), year->weekday);
		keep_days(&days, &on);
		join_days(set, &days);
	}
}

bool
hours_match(Matcher *matcher, DaySet *set, const Selectors *selectors, const Year *year)
{
	const HoursRule *rule = selectors->rule;
	DaySet		days;
	int			i;

	if (year->year < selectors->first_year || year->year > selectors->last_year)
		return false;
	if (rule->nyears > 0)
	{
		for (i = 0; i < rule->nyears; i++)
			if (year->year >= rule->years[i].from && year->year <= rule->years[i].to &&
				(year->year - rule->years[i].from) % rule->years[i].step == 0)
				break;
		if (i == rule->nyears)
			return false;
	}
	if (rule->ndates > 0)
	{
		memset(&days, 0, sizeof(days));
		for (i = 0; i < rule->ndates; i++)
			match_dates(&days, &rule->dates[i], year);
		if (!keep_days(set, &days))
			return false;
	}
	if (rule->nweeks > 0)
	{
		memset(&days, 0, sizeof(days));
		for (i = 0; i < rule->nweeks; i++)
			match_weeks(&days, &rule->weeks[i], year);
		if (!keep_days(set, &days))
			return false;
	}
	if (rule->only_holidays &&
		!keep_days(set, hours_match_holidays(matcher, year)))
		return false;
	if (rule->nweekdays > 0)
	{
		match_weekdays(matcher, &days, selectors, year);
		return keep_days(set, &days);
	}
	return true;
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

Selectors
hours_selectors(const HoursRule *rule)
{
	Selectors	s = {0};
	int			first = INT16_MIN;
	int			last = INT16_MAX;
	int			first_date = INT16_MIN;
	int			last_date = INT16_MAX;
	int			i;

	s.rule = rule;
	for (i = 0; i < rule->nweekdays; i++)
	{
		const HoursWeekday *weekday = &rule->weekdays[i];

		if (weekday->holiday)
			s.holidays = true;
		else if (weekday->nth != 0)
			s.nth = true;
		else
			s.weekdays |= weekday_bits(weekday);
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
			s.dated = true;
		if (range->from.year == 0)
			include_years(&first_date, &last_date, INT16_MIN, INT16_MAX);
		else
			include_years(&first_date, &last_date, range->from.year,
						  range->open_ended ? INT16_MAX : range->to.year);
	}
	s.first_year = clamp_year(first > first_date ? first : first_date);
	s.last_year = clamp_year(last < last_date ? last : last_date);
	return s;
}
