/*-------------------------------------------------------------------------
 *
 * hours_select.c
 *	  Parser of the selectors in opening hours: spans of time, years, weeks,
 *	  dates and weekdays.
 *
 * As in opening_hours.js, a comma continues the list in which it occurs.
 * Selectors are brought into canonical form here (weekdays sorted and joined,
 * spans sorted and merged), so that hours_print() need not do that.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "hours_parse.h"

#include <string.h>

#define MAX_SPAN_END	(48 * CORE_USECS_PER_HOUR)

void *
hours_allocate(HoursParser *parser, size_t size)
{
	void	   *memory = parser->mem->alloc(parser->mem->context, size);

	if (memory == NULL)
		core_fail(parser->lex.error, CORE_NOMEM, -1, 0,
				  "Not enough memory for opening hours.", "");
	return memory;
}

void *
hours_make_room(HoursParser *parser, void *array, int count, int *capacity, size_t size)
{
	void	   *larger;

	if (count < *capacity)
		return array;
	larger = hours_allocate(parser, (count == 0 ? 4 : 2 * (size_t) count) * size);
	if (larger == NULL)
		return NULL;
	if (count > 0)
		memcpy(larger, array, count * size);
	*capacity = count == 0 ? 4 : 2 * count;
	return larger;
}

/* Heap sort, after a check for input that is already sorted, as most is. */
void
hours_sort(void *items, int count, size_t size,
		   int (*compare) (const void *a, const void *b))
{
	char	   *base = items;
	char		held[32];
	int			sorted;
	int			begin;
	int			end;

	for (sorted = 1; sorted < count; sorted++)
		if (compare(base + (sorted - 1) * size, base + sorted * size) > 0)
			break;
	if (sorted >= count)
		return;

	begin = count / 2;
	end = count;
	for (;;)
	{
		size_t		hole;
		size_t		child;

		if (begin > 0)
		{
			begin--;
			memcpy(held, base + begin * size, size);
		}
		else
		{
			if (--end == 0)
				break;
			memcpy(held, base + end * size, size);
			memcpy(base + end * size, base, size);
		}
		hole = begin;
		while ((child = 2 * hole + 1) < (size_t) end)
		{
			if (child + 1 < (size_t) end &&
				compare(base + child * size, base + (child + 1) * size) < 0)
				child++;
			if (compare(base + child * size, held) <= 0)
				break;
			memcpy(base + hole * size, base + child * size, size);
			hole = child;
		}
		memcpy(base + hole * size, held, size);
	}
}

/*
 * Parse a number from "least" to "most", with at most two digits.
 */
static bool
parse_number(HoursParser *parser, int least, int most, const char *expected,
			 const char *problem, const char *hint, int *value)
{
	HoursLexer *lex = &parser->lex;

	if (lex->kind != HOURS_NUMBER && lex->kind != HOURS_YEAR)
		return hours_unexpected(lex, expected);
	if (lex->value < least || lex->value > most || lex->end - lex->start > 2)
		return fail_token(parser, CORE_RANGE, problem, "%s", hint);
	*value = lex->value;
	next_token(parser);
	return true;
}

static bool
parse_year(HoursParser *parser, int *year)
{
	if (TOKEN(parser) != HOURS_YEAR)
		return hours_unexpected(&parser->lex, "a year of four digits");
	if (parser->lex.value < CORE_MIN_YEAR || parser->lex.value >= CORE_MAX_YEAR)
		return fail_token(parser, CORE_RANGE, "is not a supported year",
						  "Years go from %d to %d.", CORE_MIN_YEAR, CORE_MAX_YEAR - 1);
	*year = parser->lex.value;
	next_token(parser);
	return true;
}

/*
 * Spans of time: "09:00-12:30,13:00-17:30".
 */

static int
compare_spans(const void *a, const void *b)
{
	const HoursSpan *left = a;
	const HoursSpan *right = b;

	if (left->from != right->from)
		return left->from < right->from ? -1 : 1;
	return (left->to > right->to) - (left->to < right->to);
}

/* Parse the start or end of a span; "most" is inclusive. */
static bool
parse_time(HoursParser *parser, int64_t most, const char *hint, int64_t *time)
{
	HoursLexer *lex = &parser->lex;
	HoursLexer	first;

	if (lex->kind != HOURS_TIME)
		return hours_unexpected(lex, "a time of day such as 09:00");
	if (lex->time < 0 || lex->time > most)
		return fail_token(parser, CORE_RANGE, "is not a time of day here", "%s", hint);
	first = *lex;
	*time = lex->time;
	next_token(parser);

	/* "9:00 am", "9:00 p.m." */
	if (lex->kind == HOURS_WORD &&
		((lex->text[lex->start] | 0x20) == 'a' || (lex->text[lex->start] | 0x20) == 'p') &&
		(lex->start + 1 == lex->end || (lex->text[lex->start + 1] | 0x20) == 'm'))
		return hours_unexpected(&first, "a time of day such as 09:00");
	return true;
}

static bool
parse_span(HoursParser *parser, HoursSpan *span)
{
	HoursLexer *lex = &parser->lex;
	HoursLexer	first = *lex;
	HoursLexer	last;

	if (!parse_time(parser, CORE_USECS_PER_DAY - 1,
					"A span begins before 24:00; minutes and seconds go to 59, fractions to six digits.",
					&span->from))
		return false;
	if (lex->kind == '+')
		return hours_fail(lex, CORE_UNSUPPORTED, first.start, lex->end,
						  "has no end, which is not supported",
						  "Write the end, as in \"%.*s-24:00\".",
						  first.end - first.start, first.text +first.start);
	if (lex->kind != '-')
	{
		if (lex->kind == HOURS_JUNK || lex->kind == HOURS_WORD)
			return hours_unexpected(lex, "\"-\" and the end of the span");
		return hours_fail(lex, CORE_SYNTAX, first.start, first.end,
						  "is a point in time, not a span",
						  "Write begin and end, as in \"09:00-17:00\".");
	}
	next_token(parser);

	last = *lex;
	if (!parse_time(parser, MAX_SPAN_END,
					"A span ends at 48:00 of its day or before; minutes and seconds go to 59, fractions to six digits.",
					&span->to))
		return false;
	if (lex->kind == '+')
		return hours_fail(lex, CORE_UNSUPPORTED, first.start, lex->end,
						  "has an open end, which is not supported",
						  "Leave the \"+\" out, or write when it ends.");
	if (lex->kind == '/')
		return hours_fail(lex, CORE_UNSUPPORTED, first.start, lex->end,
						  "begins an interval of points in time, which is not supported",
						  "Write spans, as in \"09:00-12:00,13:00-17:00\".");

	if (span->to <= span->from)
	{
		/*
		 * Someone who writes 9:00-5:00 probably means 17:00, not the whole
		 * night.
		 */
		if (last.short_hour && span->to + 12 * CORE_USECS_PER_HOUR > span->from)
			return hours_fail(lex, CORE_SYNTAX, last.start, last.end,
							  "is ambiguous, as the span begins later",
							  "Write \"0%.*s\" for the next morning, or hours from 0 to 24.",
							  last.end - last.start, last.text +last.start);
		span->to += CORE_USECS_PER_DAY;
	}
	return true;
}

/*
 * Parse spans, sort them, and merge those that overlap or touch.  A comma that is
 * not followed by a time is not consumed.
 */
bool
hours_parse_span_list(HoursParser *parser, int *nspans, HoursSpan **spans)
{
	HoursSpan  *span = NULL;
	int			capacity = 0;
	int			count = 0;
	int			kept = 0;
	int			i;

	for (;;)
	{
		HoursLexer	comma;

		span = hours_make_room(parser, span, count, &capacity, sizeof(HoursSpan));
		if (span == NULL || !parse_span(parser, &span[count]))
			return false;
		count++;
		if (TOKEN(parser) != ',')
			break;
		comma = parser->lex;
		next_token(parser);
		if (TOKEN(parser) != HOURS_TIME)
		{
			parser->lex = comma;
			break;
		}
	}

	hours_sort(span, count, sizeof(HoursSpan), compare_spans);
	for (i = 1; i < count; i++)
	{
		if (span[i].from > span[kept].to)
			span[++kept] = span[i];
		else if (span[i].to > span[kept].to)
			span[kept].to = span[i].to;
	}
	*nspans = kept + 1;
	*spans = span;
	return true;
}

/*
 * Years and weeks: "2026", "2026-2028", "2027+", "week 2-52/2,53".
 */

static int
compare_steps(const void *a, const void *b)
{
	const HoursStep *left = a;
	const HoursStep *right = b;

	if (left->from != right->from)
		return left->from < right->from ? -1 : 1;
	if (left->to != right->to)
		return left->to < right->to ? -1 : 1;
	return (left->step > right->step) - (left->step < right->step);
}

/* Parse an optional "/step" after "from-to". */
static bool
parse_step(HoursParser *parser, HoursStep *range)
{
	range->step = 1;
	if (TOKEN(parser) == '/')
	{
		next_token(parser);
		if (!parse_number(parser, 1, 99, "a number", "is not a step",
						  "Write a step of 2 or more, as in \"week 2-52/2\".",
						  &range->step))
			return false;
	}
	if (range->from == range->to)
		range->step = 1;
	return true;
}

bool
hours_parse_years(HoursParser *parser, HoursRule *rule)
{
	HoursLexer *lex = &parser->lex;
	int			capacity = 0;

	for (;;)
	{
		int			start = lex->start;
		HoursStep  *range;

		rule->years = hours_make_room(parser, rule->years, rule->nyears, &capacity,
									  sizeof(HoursStep));
		if (rule->years == NULL)
			return false;
		range = &rule->years[rule->nyears];
		if (!parse_year(parser, &range->from))
			return false;
		range->to = range->from;
		range->step = 1;
		range->open_ended = false;
		if (lex->kind == '-')
		{
			next_token(parser);
			if (!parse_year(parser, &range->to))
				return false;
			if (range->to < range->from)
				return hours_fail(lex, CORE_SYNTAX, start, lex->start,
								  "goes backwards", "Write the earlier year first.");
			if (!parse_step(parser, range))
				return false;
		}
		else if (lex->kind == '+')
		{
			range->to = CORE_MAX_YEAR;
			range->open_ended = true;
			next_token(parser);
		}
		else if (lex->kind == '/')
			return fail_token(parser, CORE_SYNTAX, "follows a single year",
							  "Write a range, as in \"%d-%d/2\".",
							  range->from, CORE_MAX_YEAR - 1);
		rule->nyears++;
		if (lex->kind != ',')
			break;
		next_token(parser);
	}
	return true;
}

bool
hours_parse_weeks(HoursParser *parser, HoursRule *rule)
{
	static const char *const hint = "Weeks go from 1 to 53.";
	HoursLexer *lex = &parser->lex;
	int			capacity = 0;

	for (;;)
	{
		int			start;
		HoursStep  *range;

		if (lex->kind == HOURS_WEEK)
			next_token(parser);
		start = lex->start;
		rule->weeks = hours_make_room(parser, rule->weeks, rule->nweeks, &capacity,
									  sizeof(HoursStep));
		if (rule->weeks == NULL)
			return false;
		range = &rule->weeks[rule->nweeks];
		if (!parse_number(parser, 1, 53, "the number of a week",
						  "is not a week", hint, &range->from))
			return false;
		range->to = range->from;
		range->step = 1;
		range->open_ended = false;
		if (lex->kind == '-')
		{
			next_token(parser);
			if (!parse_number(parser, 1, 53, "the number of a week",
							  "is not a week", hint, &range->to))
				return false;
			if (range->to < range->from)
				return hours_fail(lex, CORE_SYNTAX, start, lex->start,
								  "goes backwards",
								  "Write \"week %d-53,1-%d\".", range->from, range->to);
			if (!parse_step(parser, range))
				return false;
		}
		rule->nweeks++;
		if (lex->kind != ',')
			break;
		next_token(parser);
	}
	return true;
}

void
hours_order_steps(HoursStep *steps, int *count)
{
	int			kept = 0;
	int			i;

	if (*count < 2)
		return;
	hours_sort(steps, *count, sizeof(HoursStep), compare_steps);
	for (i = 1; i < *count; i++)
		if (compare_steps(&steps[i], &steps[kept]) != 0)
			steps[++kept] = steps[i];
	*count = kept + 1;
}

/*
 * Dates: "Dec", "Jun-Aug", "Dec 24-26,31", "2026 Dec 24-2027 Jan 02",
 * "2026 Nov 01+", "easter -2 days".
 */

static bool
parse_day(HoursParser *parser, HoursDate *date)
{
	HoursLexer *lex = &parser->lex;
	HoursLexer	number = *lex;
	int			days = date->year != 0 ? core_month_days(date->year, date->month) :
		core_month_days(2000, date->month);

	if (lex->kind == HOURS_NUMBER &&
		(lex->value < 1 || lex->value > days || lex->end - lex->start > 2))
		return fail_token(parser, CORE_RANGE, "is not a day of its month",
						  "%s has the days 1 to %d%s.",
						  hours_month_names[date->month - 1], days,
						  date->month == 2 && date->year != 0 ? " in that year" : "");
	date->kind = HOURS_DATE_DAY;
	if (!parse_number(parser, 1, 31, "a day of the month", "is not a day",
					  "Days go from 1 to 31.", &date->day))
		return false;

	/* in "26th", "th" would be read as Thursday */
	if (lex->start == number.end &&
		(lex->kind == HOURS_WORD || (lex->kind == HOURS_WEEKDAY && lex->value == 3)))
		return hours_fail(lex, CORE_SYNTAX, number.start, lex->end, "is not a day of a month",
						  "Write \"%d\".", date->day);
	return true;
}

/* Parse "+1 day" or "-2 days" after "easter", unless the sign denotes a range. */
static bool
parse_offset(HoursParser *parser, HoursDate *date)
{
	HoursLexer *lex = &parser->lex;
	HoursLexer	sign = *lex;
	int			offset;

	if (lex->kind != '+' && lex->kind != '-')
		return true;
	next_token(parser);
	if (lex->kind != HOURS_NUMBER)
	{
		parser->lex = sign;
		return true;
	}
	offset = sign.kind == '-' ? -lex->value : lex->value;
	if (offset < -80 || offset > 200)
		return hours_fail(lex, CORE_RANGE, sign.start, lex->end,
						  "is too far from easter",
						  "Write from -80 to +200 days.");
	next_token(parser);
	if (lex->kind != HOURS_DAYS)
		return hours_unexpected(lex, "\"day\" or \"days\"");
	date->offset = offset;
	next_token(parser);
	return true;
}

/* Parse one end of a date selector. */
static bool
parse_date(HoursParser *parser, HoursDate *date)
{
	HoursLexer *lex = &parser->lex;
	HoursLexer	first = *lex;

	memset(date, 0, sizeof(*date));
	if (lex->kind == HOURS_YEAR && !parse_year(parser, &date->year))
		return false;
	if (lex->kind == HOURS_EASTER)
	{
		date->kind = HOURS_DATE_EASTER;
		next_token(parser);
		return parse_offset(parser, date);
	}
	if (lex->kind != HOURS_MONTH)
		return hours_unexpected(lex, date->year != 0 ?
								"a month or easter after the year" :
								"a date such as Dec 24, a month or easter");
	date->kind = HOURS_DATE_MONTH;
	date->month = lex->value;
	next_token(parser);
	if (lex->kind == HOURS_NUMBER)
		return parse_day(parser, date);
	if (date->year != 0)
		return hours_fail(lex, CORE_SYNTAX, first.start, lex->start,
						  "is a month of one year inside a list or range of dates",
						  "Write \"%d %s 01-%d\".", date->year,
						  hours_month_names[date->month - 1],
						  core_month_days(date->year, date->month));
	return true;
}

/* The date denoted by one end, which must have a year and be a single day. */
static int32_t
date_of(const HoursDate *date)
{
	if (date->kind == HOURS_DATE_EASTER)
		return core_easter(date->year) + date->offset;
	return core_date(date->year, date->month, date->day);
}

/* Parse the second date of a range, after the "-". */
static bool
parse_range_end(HoursParser *parser, HoursDateRange *range, int start)
{
	HoursLexer *lex = &parser->lex;

	if (lex->kind == HOURS_NUMBER && range->from.kind == HOURS_DATE_DAY)
	{
		if (!parse_day(parser, &range->to))
			return false;
		if (range->to.day < range->from.day)
			return hours_fail(lex, CORE_SYNTAX, start, lex->start, "goes backwards",
							  "Write the earlier day first, or both dates in full.");
		return true;
	}

	if (!parse_date(parser, &range->to))
		return false;
	if ((range->from.kind == HOURS_DATE_MONTH) != (range->to.kind == HOURS_DATE_MONTH))
		return hours_fail(lex, CORE_SYNTAX, start, lex->start,
						  "mixes a month with a date",
						  "Write both ends as dates, as in \"Jun 01-Aug 15\", or both as months.");
	if ((range->from.year != 0) != (range->to.year != 0))
		return hours_fail(lex, CORE_SYNTAX, start, lex->start,
						  "has a year at one end only",
						  "Write the year at both ends, as in \"2026 Dec 24-2027 Jan 02\".");
	if (range->from.year != 0 && date_of(&range->to) < date_of(&range->from))
		return hours_fail(lex, CORE_SYNTAX, start, lex->start, "goes backwards",
						  "Write the earlier date first.");
	return true;
}

bool
hours_parse_dates(HoursParser *parser, HoursRule *rule)
{
	HoursLexer *lex = &parser->lex;
	int			capacity = 0;
	bool		days_follow = false;	/* after "Dec 24" or "Dec 24-26": a
										 * number is another day of that month */

	for (;;)
	{
		int			start = lex->start;
		HoursDateRange *range;

		rule->dates = hours_make_room(parser, rule->dates, rule->ndates, &capacity,
									  sizeof(HoursDateRange));
		if (rule->dates == NULL)
			return false;
		range = &rule->dates[rule->ndates];
		if (days_follow && lex->kind == HOURS_NUMBER)
		{
			range->from = range[-1].from;
			if (!parse_day(parser, &range->from))
				return false;
		}
		else if (!parse_date(parser, &range->from))
			return false;
		range->to = range->from;
		range->open_ended = false;

		if (lex->kind == '-')
		{
			next_token(parser);
			if (!parse_range_end(parser, range, start))
				return false;
		}
		else if (lex->kind == '+')
		{
			if (range->from.kind == HOURS_DATE_MONTH || range->from.year == 0)
			{
				next_token(parser);
				if (lex->kind == HOURS_NUMBER)
					return hours_fail(lex, CORE_UNSUPPORTED, start, lex->end,
									  "counts days from a date, which is supported for easter only",
									  "Write the date itself.");
				return hours_fail(lex, CORE_SYNTAX, start, lex->start,
								  "has no first day",
								  "Write year, month and day, as in \"2026 Nov 01+\".");
			}
			range->open_ended = true;
			next_token(parser);
		}
		if (lex->kind == '/')
			return fail_token(parser, CORE_UNSUPPORTED,
							  "is a step of days, which is not supported",
							  "Write the days, as in \"Dec 1,3,5\".");

		days_follow = range->from.kind == HOURS_DATE_DAY &&
			range->to.kind == HOURS_DATE_DAY && !range->open_ended &&
			range->from.year == range->to.year &&
			range->from.month == range->to.month &&
			range->from.day <= range->to.day;
		rule->ndates++;
		if (lex->kind != ',')
			break;
		next_token(parser);
	}
	return true;
}

bool
hours_year_begins_date(const HoursParser *parser)
{
	HoursLexer	ahead = parser->lex;

	hours_next(&ahead);
	if (ahead.kind == HOURS_EASTER)
		return true;
	if (ahead.kind != HOURS_MONTH)
		return false;
	hours_next(&ahead);
	return ahead.kind == HOURS_NUMBER;
}

/*
 * Weekdays: "Mo-Fr", "Mo,We,PH", "Fr[-1]", "Th[1-2,4]".
 */

/* What a list of weekdays selects; bit 0 of "every" is Monday. */
typedef struct WeekdaySet
{
	unsigned	every;
	uint32_t	nth[7];
	bool		holiday;
} WeekdaySet;

/* Parse "[1,3-5,-1]" after a weekday; "[" is the current token. */
static bool
parse_nth(HoursParser *parser, uint32_t *nth)
{
	static const char *const problem = "is not the number of a weekday in its month";
	static const char *const hint = "Write 1 to 5, or -1 to -5 from the end of the month.";
	HoursLexer *lex = &parser->lex;

	do
	{
		int			from;
		int			to;

		next_token(parser);		/* "[" or "," */
		if (lex->kind == '-')
		{
			next_token(parser);
			if (!parse_number(parser, 1, 5, "a number", problem, hint, &from))
				return false;
			*nth |= 1u << (4 + from);
			continue;
		}
		if (!parse_number(parser, 1, 5, "a number", problem, hint, &from))
			return false;
		to = from;
		if (lex->kind == '-')
		{
			next_token(parser);
			if (!parse_number(parser, from, 5, "a number", problem,
							  "Write the smaller number first, from 1 to 5.", &to))
				return false;
		}
		for (; from <= to; from++)
			*nth |= 1u << (from - 1);
	} while (lex->kind == ',');

	if (lex->kind != ']')
		return hours_unexpected(lex, "\"]\"");
	next_token(parser);
	if (lex->kind == '+' || lex->kind == '-')
		return fail_token(parser, CORE_UNSUPPORTED,
						  "counts from a weekday of the month, which is not supported",
						  "Write the days themselves, as in \"Mo[1],Tu[2]\", or dates.");
	return true;
}

static bool
parse_weekday_list(HoursParser *parser, WeekdaySet *set)
{
	HoursLexer *lex = &parser->lex;

	for (;;)
	{
		if (lex->kind == HOURS_PH)
		{
			set->holiday = true;
			next_token(parser);
			if (lex->kind == '+' || lex->kind == '-')
				return fail_token(parser, CORE_UNSUPPORTED,
								  "counts from a public holiday, which is not supported",
								  "Write the dates, or hours for them in the list of holidays.");
		}
		else if (lex->kind == HOURS_WEEKDAY)
		{
			int			from = lex->value;
			int			to = from;

			next_token(parser);
			if (lex->kind == '[')
			{
				if (!parse_nth(parser, &set->nth[from]))
					return false;
			}
			else
			{
				if (lex->kind == '-')
				{
					next_token(parser);
					if (lex->kind != HOURS_WEEKDAY)
						return hours_unexpected(lex, "a weekday such as Fr");
					to = lex->value;
					next_token(parser);
					if (lex->kind == '[')
						return fail_token(parser, CORE_SYNTAX, "follows a range",
										  "Write each weekday with its numbers, as in \"Mo[1],Tu[1]\".");
				}
				for (; from != to; from = (from + 1) % 7)
					set->every |= 1u << from;
				set->every |= 1u << to;
			}
		}
		else
			return hours_unexpected(lex, "a weekday such as Mo, or PH");
		if (lex->kind != ',')
			break;
		next_token(parser);
	}
	return true;
}

/* Convert a set to the canonical list of weekdays. */
static bool
store_weekdays(HoursParser *parser, const WeekdaySet *set, HoursRule *rule)
{
	HoursWeekday list[15];		/* at most 3 ranges, 7 n-ths and PH */
	int			count = 0;
	int			day;

	memset(list, 0, sizeof(list));
	if (set->every == 0x7F)
		list[count++].to = 6;
	else
	{
		for (day = 0; day < 7; day++)
		{
			int			to = day;

			if ((set->every >> day & 1) == 0 || (set->every >> (day + 6) % 7 & 1) != 0)
				continue;
			while ((set->every >> (to + 1) % 7 & 1) != 0)
				to = (to + 1) % 7;
			list[count].from = day;
			list[count++].to = to;
		}
	}
	for (day = 0; day < 7; day++)
	{
		if (set->nth[day] == 0 || (set->every >> day & 1) != 0)
			continue;
		list[count].from = list[count].to = day;
		list[count++].nth = set->nth[day];
	}
	if (set->holiday)
		list[count++].holiday = true;

	rule->weekdays = hours_allocate(parser, count * sizeof(HoursWeekday));
	if (rule->weekdays == NULL)
		return false;
	memcpy(rule->weekdays, list, count * sizeof(HoursWeekday));
	rule->nweekdays = count;
	return true;
}

/*
 * Parse the weekdays of a rule.  As in opening_hours.js, "PH,Mo" matches public
 * holidays and Mondays, but "PH Mo" only Mondays that are public holidays.
 */
bool
hours_parse_weekdays(HoursParser *parser, HoursRule *rule)
{
	HoursLexer *lex = &parser->lex;
	WeekdaySet	set = {0};

	if (lex->kind == HOURS_PH)
	{
		HoursLexer	ahead = *lex;

		hours_next(&ahead);
		if (ahead.kind == ':')
			hours_next(&ahead);
		if (ahead.kind == HOURS_WEEKDAY)
		{
			parser->lex = ahead;
			rule->only_holidays = true;
		}
	}
	if (!parse_weekday_list(parser, &set))
		return false;
	if (lex->kind == HOURS_PH)
		return fail_token(parser, CORE_SYNTAX, "follows weekdays",
						  "Write \"Mo,PH\" for either, \"PH Mo\" for a Monday that is a public holiday too, or \";\" before another rule.");
	if (rule->only_holidays && (set.holiday || set.every == 0x7F))
	{
		memset(&set, 0, sizeof(set));
		set.holiday = true;
		rule->only_holidays = false;
	}
	return store_weekdays(parser, &set, rule);
}
