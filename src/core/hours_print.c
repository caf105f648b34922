/*-------------------------------------------------------------------------
 *
 * hours_print.c
 *	  Printing of opening hours as canonical text.
 *
 * The canonical text is what is stored, compared and hashed.  Do not change it
 * after 1.0, as that would break existing values.  It can be parsed back to the
 * same value, and opening_hours.js understands the rules in it in the same way.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "hours_lex.h"

#include <string.h>

/* A growing text.  Once out of memory, all calls are no-ops. */
typedef struct HoursText
{
	CoreMem    *mem;
	char	   *bytes;			/* NULL: out of memory */
	size_t		used;
	size_t		size;
} HoursText;

static void
put_bytes(HoursText *text, const char *bytes, size_t length)
{
	if (text->bytes == NULL)
		return;
	if (text->used + length >= text->size)
	{
		size_t		size = 2 * (text->used + length);
		char	   *larger = text->mem->alloc(text->mem->context, size);

		if (larger != NULL)
			memcpy(larger, text->bytes, text->used);
		text	  ->bytes = larger;
		text	  ->size = size;

		if (larger == NULL)
			return;
	}
	memcpy(text->bytes + text->used, bytes, length);
	text	  ->used += length;
}

static void
put_string(HoursText *text, const char *string)
{
	put_bytes(text, string, strlen(string));
}

static void
put_char(HoursText *text, char c)
{
	put_bytes(text, &c, 1);
}

/* Print a number (>= 0) with at least "width" digits. */
static void
put_number(HoursText *text, int number, int width)
{
	char		digits[12];
	int			at = sizeof(digits);

	do
	{
		digits[--at] = '0' + number % 10;
		number /= 10;
		width--;
	} while (number > 0 || width > 0);
	put_bytes(text, digits + at, sizeof(digits) - at);
}

static void
put_time(HoursText *text, int64_t time)
{
	int			fraction = (int) (time % CORE_USECS_PER_SEC);
	int			seconds = (int) (time / CORE_USECS_PER_SEC);

	put_number(text, seconds / 3600, 2);
	put_char(text, ':');
	put_number(text, seconds / 60 % 60, 2);
	if (seconds % 60 == 0 && fraction == 0)
		return;
	put_char(text, ':');
	put_number(text, seconds % 60, 2);
	if (fraction != 0)
	{
		int			width = 6;

		for (; fraction % 10 == 0; fraction /= 10)
			width--;
		put_char(text, '.');
		put_number(text, fraction, width);
	}
}

/*
 * Print spans.  One that extends into the next day is printed like 22:00-06:00
 * if it is shorter than a day, else like 10:00-34:00.
 */
static void
put_spans(HoursText *text, const HoursSpan *spans, int count)
{
	int			i;

	for (i = 0; i < count; i++)
	{
		int64_t		to = spans[i].to;

		if (to > CORE_USECS_PER_DAY && to - CORE_USECS_PER_DAY < spans[i].from)
			to -= CORE_USECS_PER_DAY;
		if (i > 0)
			put_char(text, ',');
		put_time(text, spans[i].from);
		put_char(text, '-');
		put_time(text, to);
	}
}

/* Print years or weeks. */
static void
put_steps(HoursText *text, const HoursStep *steps, int count)
{
	int			i;

	for (i = 0; i < count; i++)
	{
		if (i > 0)
			put_char(text, ',');
		put_number(text, steps[i].from, 1);
		if (steps[i].open_ended)
			put_char(text, '+');
		else if (steps[i].to != steps[i].from)
		{
			put_char(text, '-');
			put_number(text, steps[i].to, 1);
		}
		if (steps[i].step != 1)
		{
			put_char(text, '/');
			put_number(text, steps[i].step, 1);
		}
	}
}

static void
put_date(HoursText *text, const HoursDate *date)
{
	if (date->year != 0)
	{
		put_number(text, date->year, 4);
		put_char(text, ' ');
	}
	if (date->kind == HOURS_DATE_EASTER)
	{
		int			days = date->offset < 0 ? -date->offset : date->offset;

		put_string(text, "easter");
		if (days != 0)
		{
			put_string(text, date->offset < 0 ? " -" : " +");
			put_number(text, days, 1);
			put_string(text, days == 1 ? " day" : " days");
		}
		return;
	}
	put_string(text, hours_month_names[date->month - 1]);
	if (date->kind == HOURS_DATE_DAY)
	{
		put_char(text, ' ');
		put_number(text, date->day, 2);
	}
}

static bool
same_date(const HoursDate *a, const HoursDate *b)
{
	return a->kind == b->kind && a->year == b->year && a->month == b->month &&
		a->day == b->day && a->offset == b->offset;
}

/* Is this a range of days in one month, "Dec 24" or "Dec 24-26"? */
static bool
in_one_month(const HoursDateRange *range)
{
	return range->from.kind == HOURS_DATE_DAY && range->to.kind == HOURS_DATE_DAY &&
		!range->open_ended && range->from.year == range->to.year &&
		range->from.month == range->to.month && range->from.day <= range->to.day;
}

static void
put_dates(HoursText *text, const HoursDateRange *dates, int count)
{
	int			i;

	for (i = 0; i < count; i++)
	{
		const HoursDateRange *range = &dates[i];
		bool		one_month = in_one_month(range);

		if (i > 0)
			put_char(text, ',');
		/* with a year, opening_hours.js does not understand "2026 Dec 24,26" */
		if (i > 0 && one_month && in_one_month(range - 1) &&
			range->from.year == 0 && range[-1].from.year == 0 &&
			range->from.month == range[-1].from.month)
			put_number(text, range->from.day, 2);
		else
			put_date(text, &range->from);
		if (range->open_ended)
			put_char(text, '+');
		else if (!same_date(&range->from, &range->to))
		{
			put_char(text, '-');
			if (one_month)
				put_number(text, range->to.day, 2);
			else
				put_date(text, &range->to);
		}
	}
}

static void
put_weekdays(HoursText *text, const HoursWeekday *weekdays, int count)
{
	int			i;

	for (i = 0; i < count; i++)
	{
		const HoursWeekday *weekday = &weekdays[i];
		char		separator = '[';
		int			n;

		if (i > 0)
			put_char(text, ',');
		if (weekday->holiday)
		{
			put_string(text, "PH");
			continue;
		}
		put_string(text, hours_weekday_names[weekday->from]);
		if (weekday->to != weekday->from)
		{
			put_char(text, '-');
			put_string(text, hours_weekday_names[weekday->to]);
		}
		if (weekday->nth == 0)
			continue;
		for (n = 1; n <= 5; n++)
		{
			if ((weekday->nth >> (n - 1) & 1) == 0)
				continue;
			put_char(text, separator);
			put_number(text, n, 1);
			separator = ',';
			if (n < 5 && (weekday->nth >> n & 1) != 0)
			{
				while (n < 5 && (weekday->nth >> n & 1) != 0)
					n++;
				put_char(text, '-');
				put_number(text, n, 1);
			}
		}
		for (n = 1; n <= 5; n++)
		{
			if ((weekday->nth >> (4 + n) & 1) == 0)
				continue;
			put_char(text, separator);
			put_char(text, '-');
			put_number(text, n, 1);
			separator = ',';
		}
		put_char(text, ']');
	}
}

/*
 * Is a colon needed between a single year and the dates after it?  Without it,
 * "2026 Dec 24" and "2026 Dec-Feb" would be parsed as dates with a year.
 */
static bool
year_needs_colon(const HoursRule *rule)
{
	const HoursStep *year = rule->years;
	const HoursDateRange *first = rule->dates;

	if (rule->nyears != 1 || rule->ndates == 0 || year->open_ended || year->from != year->to)
		return false;
	return first->from.kind != HOURS_DATE_MONTH || first->to.month < first->from.month;
}

/*
 * Is a colon needed between a month and the spans after it?  With seconds,
 * "Jun 10:10:30-11:00" would be ambiguous.
 */
static bool
month_needs_colon(const HoursRule *rule)
{
	return rule->ndates > 0 && rule->nweeks == 0 && rule->nweekdays == 0 &&
		rule->dates[rule->ndates - 1].to.kind == HOURS_DATE_MONTH &&
		rule->nspans > 0 && !rule->always &&
		rule->spans[0].from % CORE_USECS_PER_MINUTE != 0;
}

static bool
has_days(const HoursRule *rule)
{
	return rule->nyears + rule->ndates + rule->nweeks + rule->nweekdays > 0;
}

/* Print a rule; "next" is the one after it, or NULL. */
static void
put_rule(HoursText *text, const HoursRule *rule, const HoursRule *next)
{
	const char *space = "";

	if (rule->nyears > 0)
	{
		put_steps(text, rule->years, rule->nyears);
		space = year_needs_colon(rule) ? ": " : " ";
	}
	if (rule->ndates > 0)
	{
		put_string(text, space);
		put_dates(text, rule->dates, rule->ndates);
		space = month_needs_colon(rule) ? ": " : " ";
	}
	if (rule->nweeks > 0)
	{
		put_string(text, space);
		put_string(text, "week ");
		put_steps(text, rule->weeks, rule->nweeks);
		space = " ";
	}
	if (rule->nweekdays > 0)
	{
		put_string(text, space);
		if (rule->only_holidays)
			put_string(text, "PH ");
		put_weekdays(text, rule->weekdays, rule->nweekdays);
		space = " ";
	}
	if (rule->nspans > 0)
	{
		put_string(text, space);
		if (rule->always)
			put_string(text, "24/7");
		else
			put_spans(text, rule->spans, rule->nspans);
		space = " ";
	}
	if (rule->off)
	{
		put_string(text, space);
		put_string(text, "off");
	}
	else if (next != NULL && next->additional &&
			 (rule->nspans == 0 || rule->always ||
			  (!has_days(next) && next->nspans > 0 && !next->always)))
	{
		/* without "open", the comma would continue a list */
		put_string(text, space);
		put_string(text, "open");
	}
}

static void
put_leaf(HoursText *text, const HoursExpr *leaf)
{
	int			i;

	put_string(text, "TZ=");
	put_string(text, leaf->zone);
	put_char(text, ' ');
	for (i = 0; i < leaf->nholidays; i++)
	{
		const HoursHoliday *holiday = &leaf->holidays[i];
		int			year;
		int			month;
		int			day;

		put_string(text, i == 0 ? "PH=" : ",");
		core_civil(holiday->date, &year, &month, &day);
		put_number(text, year, 4);
		put_char(text, '-');
		put_number(text, month, 2);
		put_char(text, '-');
		put_number(text, day, 2);
		if (holiday->nspans >= 0)
		{
			put_char(text, '[');
			if (holiday->nspans == 0)
				put_string(text, "off");
			else
				put_spans(text, holiday->spans, holiday->nspans);
			put_char(text, ']');
		}
	}
	if (leaf->nholidays > 0)
		put_char(text, ' ');
	for (i = 0; i < leaf->nrules; i++)
	{
		if (i > 0)
			put_string(text, leaf->rules[i].additional ? ", " : "; ");
		put_rule(text, &leaf->rules[i],
				 i + 1 < leaf->nrules ? &leaf->rules[i + 1] : NULL);
	}
}

/*
 * Print an expression.  Every operand has parentheses, but a left operand with
 * operators of the same precedence has none of its own: (a) + (b) - (c),
 * (a) * (b) * (c), (a) + ((b) * (c)).  hours_parse() limits the depth of the
 * recursion.
 */
static void
put_expr(HoursText *text, const HoursExpr *expr)
{
	bool		zoned;

	if (expr->kind == HOURS_LEAF)
	{
		put_leaf(text, expr);
		return;
	}

	zoned = expr->zone[0] != '\0' && strcmp(expr->zone, hours_zone(expr->left)) != 0;
	if (zoned)
	{
		put_string(text, "TZ=");
		put_string(text, expr->zone);
		put_string(text, " (");
	}
	if (expr->left->kind != HOURS_LEAF &&
		(expr->left->zone[0] == '\0' ||
		 strcmp(expr->left->zone, hours_zone(expr->left->left)) == 0) &&
		(expr->left->kind == HOURS_INTERSECTION) == (expr->kind == HOURS_INTERSECTION))
		put_expr(text, expr->left);
	else
	{
		put_char(text, '(');
		put_expr(text, expr->left);
		put_char(text, ')');
	}
	put_string(text, expr->kind == HOURS_UNION ? " + (" :
			   expr->kind == HOURS_INTERSECTION ? " * (" : " - (");
	put_expr(text, expr->right);
	put_char(text, ')');
	if (zoned)
		put_char(text, ')');
}

char *
hours_print(const HoursExpr *expr, CoreMem *mem, size_t *length)
{
	HoursText text;

	text.		mem = mem;
	text.		used = 0;
	text.		size = 128;
	text.		bytes = mem->alloc(mem->context, text.size);

	put_expr(&text, expr);
	*length = text.used;

	put_char(&text, '\0');
	return text.bytes;
}
