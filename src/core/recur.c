/*-------------------------------------------------------------------------
 *
 * recur.c
 *	  Recurrence rules of RFC 5545, section 3.3.10, over local dates.
 *
 * A rule is evaluated literally: look at every INTERVAL-th period (year, month, week or
 * day), in each of them find the dates that satisfy all BY parts, and take those that
 * BYSETPOS selects.  Frequencies finer than a day make no sense for dates, and are
 * rejected.
 *
 * We cannot use the iterator of libical.  It cannot be interrupted while it searches for
 * the next match (FREQ=SECONDLY with a February 30 takes minutes).  Also, libical 3.0.16
 * silently returns wrong results for BYSETPOS with FREQ=WEEKLY or DAILY, for a negative
 * BYMONTHDAY with FREQ=DAILY, and for FREQ=YEARLY with BYMONTHDAY but no BYMONTH.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "recur.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

#define MAX_PERIOD	366			/* days in the longest period */
#define lengthof_list(list)	((int) (sizeof(list) / 2))	/* highest value in a
														 * list */
#define HINT_RULE	"Write it as in RFC 5545, for example \"FREQ=WEEKLY;BYDAY=MO,WE\"."

static const char *const weekday_names[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Convert exactly ndigits digits; returns false if there are others. */
static bool
parse_digits(const char *text, int ndigits, int *value)
{
	*value = 0;
	for (int i = 0; i < ndigits; i++)
	{
		if (!is_digit(text[i]))
			return false;
		*value = *value * 10 + (text[i] - '0');
	}
	return true;
}

bool
recur_parse_time(const char *text, size_t length, int64_t *seconds, RecurUntil *kind)
{
	int			year;
	int			month;
	int			day;
	int			hour = 0;
	int			minute = 0;
	int			second = 0;

	if (length != 8 && length != 15 && !(length == 16 && text[15] == 'Z'))
		return false;
	if (!parse_digits(text, 4, &year) || !parse_digits(text +4, 2, &month) ||
		!parse_digits(text +6, 2, &day) ||
		year < 1 || month < 1 || month > 12 ||
		day < 1 || day > core_month_days(year, month))
		return false;
	if (length > 8 &&
		(text[8] != 'T' || !parse_digits(text +9, 2, &hour) ||
		 !parse_digits(text +11, 2, &minute) ||
		 !parse_digits(text +13, 2, &second) ||
		 hour > 23 || minute > 59 || second > 60))
		return false;
	*seconds = INT64_C(86400) * core_date(year, month, day) +
		hour * 3600 + minute * 60 + second;
	*kind = length == 8 ? RECUR_UNTIL_DATE :
		length == 15 ? RECUR_UNTIL_LOCAL : RECUR_UNTIL_UTC;
	return true;
}

/* Convert a number from 1 to max, which must be the entire text. */
static bool
parse_number(const char *text, size_t length, int max, int *value)
{
	int64_t		number = 0;

	if (length == 0 || length > 10)
		return false;
	for (size_t i = 0; i < length; i++)
	{
		if (!is_digit(text[i]))
			return false;
		number = number * 10 + (text[i] - '0');
	}
	*value = (int) (number > INT_MAX ? INT_MAX : number);
	return number >= 1 && number <= max;
}

static bool
parse_weekday(const char *text, size_t length, int *weekday)
{
	for (*weekday = 0; *weekday < 7; (*weekday)++)
	{
		if (length == 2 && strncasecmp(text, weekday_names[*weekday], 2) == 0)
			return true;
	}
	return false;
}

/*
 * Add an element of a list to its set: "5", "-1" (if "negative"), or if "weekdays" "MO",
 * "+1MO" or "-1MO"; then "list" is seven consecutive sets.  max is the highest value.
 */
static bool
parse_element(const char *text, size_t length, bool weekdays, bool negative,
			  int max, bool *list)
{
	int			sign = 1;
	int			weekday = 0;
	int			value = 0;

	if (weekdays)
	{
		if (length < 2 || !parse_weekday(text +length - 2, 2, &weekday))
			return false;
		length -= 2;
		list += weekday * (2 * max + 1);
		if (length == 0)
		{
			list[max] = true;
			return true;
		}
	}
	if (length > 0 && (*text == '+' || (*text == '-' && negative)))
	{
		sign = *text == '-' ? -1 : 1;
		text	  ++;

		length--;
	}
	if (!parse_number(text, length, max, &value))
		return false;
	list[max + sign * value] = true;
	return true;
}

/* Parse a comma-separated list; returns false if an element is invalid. */
static bool
parse_list(const char *text, size_t length, bool weekdays, bool negative,
		   int max, bool *list)
{
	for (;;)
	{
		const char *comma = memchr(text, ',', length);
		size_t		part = comma != NULL ? (size_t) (comma - text) : length;

		if (!parse_element(text, part, weekdays, negative, max, list))
			return false;
		if (comma == NULL)
			return true;
		text	  +=part + 1;

		length -= part + 1;
	}
}

/* Parse a clause NAME=value; *unsupported tells why it failed. */
static bool
parse_clause(const char *name, size_t name_length, const char *value,
			 size_t length, Recur *recur, bool *unsupported)
{
	static const struct
	{
		const char *name;
		int			freq;		/* -1 if finer than a day */
	}			freqs[] = {
		{"DAILY", RECUR_DAILY}, {"WEEKLY", RECUR_WEEKLY},
		{"MONTHLY", RECUR_MONTHLY}, {"YEARLY", RECUR_YEARLY},
		{"HOURLY", -1}, {"MINUTELY", -1}, {"SECONDLY", -1}
	};

#define IS(word) (name_length == strlen(word) && strncasecmp(name, word, name_length) == 0)
	if (IS("FREQ"))
	{
		for (size_t i = 0; i < sizeof(freqs) / sizeof(freqs[0]); i++)
		{
			if (length == strlen(freqs[i].name) &&
				strncasecmp(value, freqs[i].name, length) == 0)
			{
				*unsupported = freqs[i].freq < 0;
				recur->freq = (RecurFrequency) freqs[i].freq;
				return !*unsupported;
			}
		}
		return false;
	}
	if (IS("INTERVAL"))
		return parse_number(value, length, INT_MAX, &recur->interval);
	if (IS("COUNT"))
		return parse_number(value, length, INT_MAX, &recur->count);
	if (IS("UNTIL"))
		return recur_parse_time(value, length, &recur->until, &recur->until_kind);
	if (IS("WKST"))
		return parse_weekday(value, length, &recur->week_start);
	if (IS("BYHOUR") || IS("BYMINUTE") || IS("BYSECOND"))
	{
		bool		hour = IS("BYHOUR");
		int		   *field = hour ? &recur->hour :
			IS("BYMINUTE") ? &recur->minute : &recur->second;

		/* parse_number() does not accept zero */
		if (length == 1 && *value == '0')
			*field = 0;
		else if (length == 2 && memcmp(value, "00", 2) == 0)
			*field = 0;
		else if (!parse_number(value, length, hour ? 23 : 59, field))
		{
			*unsupported = memchr(value, ',', length) != NULL;
			return false;
		}
		return true;
	}
	if (IS("BYMONTH"))
	{
		recur->has_month = true;
		return parse_list(value, length, false, false,
						  lengthof_list(recur->month), recur->month);
	}
	if (IS("BYWEEKNO"))
	{
		recur->has_week_no = true;
		return parse_list(value, length, false, true,
						  lengthof_list(recur->week_no), recur->week_no);
	}
	if (IS("BYYEARDAY"))
	{
		recur->has_year_day = true;
		return parse_list(value, length, false, true,
						  lengthof_list(recur->year_day), recur->year_day);
	}
	if (IS("BYMONTHDAY"))
	{
		recur->has_month_day = true;
		return parse_list(value, length, false, true,
						  lengthof_list(recur->month_day), recur->month_day);
	}
	if (IS("BYDAY"))
	{
		recur->has_day = true;
		return parse_list(value, length, true, true,
						  lengthof_list(recur->day[0]), recur->day[0]);
	}
	if (IS("BYSETPOS"))
	{
		recur->has_set_pos = true;
		return parse_list(value, length, false, true,
						  lengthof_list(recur->set_pos), recur->set_pos);
	}
	*unsupported = IS("RSCALE") || IS("SKIP");
	return false;
#undef IS
}

/* Is there a month of BYMONTH that has a day of BYMONTHDAY? */
static bool
has_some_day(const Recur *recur)
{
	const int	max = lengthof_list(recur->month_day);

	for (int month = 1; month <= 12; month++)
	{
		if (recur->has_month && !recur->month[12 + month])
			continue;
		for (int day = 1; day <= core_month_days(2000, month); day++)
		{
			if (recur->month_day[max + day] || recur->month_day[max - day])
				return true;
		}
	}
	return false;
}

/* Does BYDAY have numbers, as in 1MO? */
static bool
has_counted_day(const Recur *recur)
{
	const int	max = lengthof_list(recur->day[0]);

	for (int weekday = 0; weekday < 7; weekday++)
	{
		for (int n = 1; n <= max; n++)
		{
			if (recur->day[weekday][max + n] || recur->day[weekday][max - n])
				return true;
		}
	}
	return false;
}

bool
recur_parse(const char *text, Recur *recur, CoreError *error)
{
	const char *clause = text;
	const char *names[20];
	size_t		lengths[20];
	int			nclauses = 0;
	bool		has_freq = false;

	memset(recur, 0, sizeof(*recur));
	recur->interval = 1;
	recur->hour = recur->minute = recur->second = -1;

	while (*clause != '\0')
	{
		size_t		length = strcspn(clause, ";");
		const char *equals = memchr(clause, '=', length);
		size_t		name_length = equals != NULL ? (size_t) (equals - clause) : length;
		int			position = (int) (clause - text);
		bool		unsupported = false;

		for (int i = 0; i < nclauses; i++)
		{
			if (lengths[i] == name_length &&
				strncasecmp(names[i], clause, name_length) == 0)
				return core_fail(error, CORE_SYNTAX, position, (int) length,
								 "The recurrence rule has more than one %.*s.", "",
								 (int) (name_length > 40 ? 40 : name_length), clause);
		}
		if (equals == NULL || nclauses == (int) (sizeof(names) / sizeof(names[0])) ||
			!parse_clause(clause, name_length, equals + 1,
						  length - name_length - 1, recur, &unsupported))
		{
			char		part[CORE_QUOTED_SIZE];

			core_quote(clause, (int) length, part);
			return core_fail(error, unsupported ? CORE_UNSUPPORTED : CORE_SYNTAX,
							 position, (int) length,
							 unsupported ?
							 "The part \"%s\" of the recurrence rule is not supported." :
							 "The part \"%s\" of the recurrence rule is not valid.",
							 unsupported ? "" : HINT_RULE, part);
		}
		names[nclauses] = clause;
		lengths[nclauses++] = name_length;
		has_freq |= name_length == 4 && strncasecmp(clause, "FREQ", 4) == 0;
		clause += length;
		if (*clause == ';')
			clause++;
	}

	if (!has_freq)
		return core_fail(error, CORE_SYNTAX, 0, 0,
						 "The recurrence rule has no FREQ.", HINT_RULE);
	if (recur->count > 0 && recur->until_kind != RECUR_FOREVER)
		return core_fail(error, CORE_SYNTAX, 0, 0,
						 "The recurrence rule has both COUNT and UNTIL.", "");
	if (recur->has_day && has_counted_day(recur) &&
		(recur->freq < RECUR_MONTHLY || recur->has_week_no))
		return core_fail(error, CORE_SYNTAX, 0, 0,
						 "A BYDAY with a number needs FREQ=MONTHLY, or FREQ=YEARLY without BYWEEKNO.", "");
	if (recur->has_month_day && !has_some_day(recur))
		return core_fail(error, CORE_SYNTAX, 0, 0,
						 "No month of the recurrence rule has a day of its BYMONTHDAY.", "");
	return true;
}

bool
recur_keeps_time(const Recur *recur, CoreError *error)
{
	if (recur->hour < 0 && recur->minute < 0 && recur->second < 0)
		return true;
	return core_fail(error, CORE_UNSUPPORTED, 0, 0,
					 "A recurrence rule with BYHOUR, BYMINUTE or BYSECOND is not supported here.",
					 "Leave it out: the time of day is that of the first occurrence.");
}

static int
year_days(int year)
{
	return 337 + core_month_days(year, 2);
}

/* The number of the period that contains a date, such that INTERVAL is a step. */
static int
period_number(const Recur *recur, int32_t date)
{
	int			year;
	int			month;
	int			day;

	switch (recur->freq)
	{
		case RECUR_DAILY:
			return date;
		case RECUR_WEEKLY:
			date -= (core_weekday(date) - recur->week_start + 7) % 7;
			/* 2000-01-03 was a Monday; the division is exact */
			return (date - 2 - recur->week_start) / 7;
		case RECUR_MONTHLY:
			core_civil(date, &year, &month, &day);
			return year * 12 + month - 1;
		case RECUR_YEARLY:
			break;
	}
	core_civil(date, &year, &month, &day);
	return year;
}

static int32_t
period_start(const Recur *recur, int number)
{
	switch (recur->freq)
	{
		case RECUR_DAILY:
			return number;
		case RECUR_WEEKLY:
			return number * 7 + 2 + recur->week_start;
		case RECUR_MONTHLY:
			return core_date(number / 12, number % 12 + 1, 1);
		case RECUR_YEARLY:
			break;
	}
	return core_date(number, 1, 1);
}

/* Is a value (1 to total) in the set, counted from the start or from the end? */
static bool
in_list(const bool *list, int max, int value, int total)
{
	return (value <= max && list[max + value]) ||
		(total + 1 - value <= max && list[max - (total + 1 - value)]);
}

/* Is the week of a date in BYWEEKNO?  With WKST=MO these are ISO 8601 weeks. */
static bool
in_week_no(const Recur *recur, int32_t date)
{
	int32_t		fourth;			/* day 4 of the week, whose year is that of
								 * the week */
	int			year;
	int			month;
	int			day;
	int32_t		week_one[2];

	fourth = date - (core_weekday(date) - recur->week_start + 7) % 7 + 3;
	core_civil(fourth, &year, &month, &day);
	for (int i = 0; i < 2; i++)
	{
		int32_t		january4 = core_date(year + i, 1, 4);

		week_one[i] = january4 - (core_weekday(january4) - recur->week_start + 7) % 7;
	}
	return in_list(recur->week_no, lengthof_list(recur->week_no),
				   (fourth - week_one[0]) / 7 + 1, (week_one[1] - week_one[0]) / 7);
}

/* Does a date satisfy all BY parts (except BYSETPOS)? */
static bool
date_matches(const Recur *recur, int32_t date, int year, int month, int day)
{
	int			month_days = core_month_days(year, month);

	if (recur->has_month && !recur->month[12 + month])
		return false;
	if (recur->has_month_day &&
		!in_list(recur->month_day, lengthof_list(recur->month_day), day, month_days))
		return false;
	if (recur->has_year_day &&
		!in_list(recur->year_day, lengthof_list(recur->year_day),
				 date - core_date(year, 1, 1) + 1, year_days(year)))
		return false;
	if (recur->has_day)
	{
		const int	max = lengthof_list(recur->day[0]);
		const bool *days = recur->day[core_weekday(date)];

		if (!days[max])
		{
			bool		of_month = recur->freq == RECUR_MONTHLY || recur->has_month;
			int			offset = of_month ? day - 1 : date - core_date(year, 1, 1);
			int			total = of_month ? month_days : year_days(year);

			if (!days[max + offset / 7 + 1] &&
				!days[max - ((total - 1 - offset) / 7 + 1)])
				return false;
		}
	}
	return !recur->has_week_no || in_week_no(recur, date);
}

/* Complete a rule by what it does not specify, from DTSTART. */
static void
fill_from_start(Recur *recur, int32_t start)
{
	int			year;
	int			month;
	int			day;

	if (recur->freq == RECUR_DAILY || recur->has_day || recur->has_month_day ||
		recur->has_year_day)
		return;
	core_civil(start, &year, &month, &day);
	if (recur->freq == RECUR_WEEKLY || recur->has_week_no)
	{
		recur->has_day = true;
		recur->day[core_weekday(start)][lengthof_list(recur->day[0])] = true;
		return;
	}
	recur->has_month_day = true;
	recur->month_day[lengthof_list(recur->month_day) + day] = true;
	if (recur->freq == RECUR_YEARLY && !recur->has_month)
	{
		recur->has_month = true;
		recur->month[12 + month] = true;
	}
}

/* Find the matching dates in [date, end); returns their number. */
static int
period_dates(const Recur *recur, int32_t date, int32_t end, int64_t *budget,
			 int32_t *dates)
{
	int			year;
	int			month;
	int			day;
	int			ndates = 0;

	core_civil(date, &year, &month, &day);
	while (date < end)
	{
		int			month_days = core_month_days(year, month);

		if (recur->has_month && !recur->month[12 + month])
		{
			date += month_days - day + 1;
			(*budget)--;
		}
		else
		{
			for (; day <= month_days && date < end; day++, date++)
			{
				(*budget)--;
				if (date_matches(recur, date, year, month, day))
					dates[ndates++] = date;
			}
		}
		day = 1;
		if (++month > 12)
		{
			month = 1;
			year++;
		}
	}
	return ndates;
}

bool
recur_expand(const Recur *rule, int32_t start, int32_t first, int32_t from,
			 int32_t to, int64_t *budget,
			 void (*emit) (void *state, int32_t date), void *state,
			 const CoreMem *mem, CoreError *error)
{
	Recur		recur = *rule;
	int64_t		number;
	int			count = 0;

	fill_from_start(&recur, start);
	number = period_number(&recur, start);
	if (from > start && recur.count == 0)
	{
		/* without COUNT, skip all periods before "from" */
		int64_t		skipped = period_number(&recur, from) - number;

		number += skipped - skipped % recur.interval;
	}
	for (; number <= period_number(&recur, to); number += recur.interval)
	{
		int32_t		dates[MAX_PERIOD];
		int32_t		begin = period_start(&recur, (int) number);
		int			ndates;

		if (begin >= to)
			break;
		if (mem->check_interrupts != NULL)
			mem->check_interrupts();
		ndates = period_dates(&recur, begin, period_start(&recur, (int) number + 1),
							  budget, dates);
		if (*budget < 0)
			return core_fail(error, CORE_LIMIT, 0, 0,
							 "The recurrence rules take too long to expand.",
							 "Import a shorter range of dates or fewer events.");
		for (int i = 0; i < ndates; i++)
		{
			if (recur.has_set_pos &&
				!in_list(recur.set_pos, lengthof_list(recur.set_pos), i + 1, ndates))
				continue;
			if (dates[i] < first)
				continue;
			if (dates[i] >= to)
				return true;
			if (dates[i] >= from)
				emit(state, dates[i]);
			if (++count == recur.count)
				return true;
		}
	}
	return true;
}
