/*-------------------------------------------------------------------------
 *
 * core.c
 *	  Support shared by all files of the core: errors, quoting of input in
 *	  them, and the civil calendar.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "core.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DAYS_PER_ERA	146097	/* 400 years */
#define EPOCH			730425	/* days from 0000-03-01 to 2000-01-01 */

/*
 * core_fail
 *
 * Fill in *error, if not NULL.  "detail" is a format for the arguments after
 * "hint"; "hint" is taken literally; either may be "".  The message is left
 * empty, which selects the caller's standard one.  Text that does not fit is
 * truncated, without regard to multibyte characters: pass quoted input through
 * core_quote() first.  Always returns false, so that callers can return that.
 */
bool
core_fail(CoreError *error, CoreErrorKind kind, int position, int length,
		  const char *detail, const char *hint,...)
{
	va_list		args;

	if (error == NULL)
		return false;

	error->kind = kind;
	error->position = position;
	error->length = length;
	error->message[0] = '\0';
	va_start(args, hint);
	vsnprintf(error->detail, sizeof(error->detail), detail, args);
	va_end(args);
	snprintf(error->hint, sizeof(error->hint), "%s", hint);
	return false;
}

int
core_char_length(const char *text, int left)
{
	unsigned char c = (unsigned char) text[0];
	int			length;
	int			i;

	if (c < 0xC2 || c > 0xF4)
		return 1;
	length = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
	if (length > left)
		return 1;
	for (i = 1; i < length; i++)
	{
		unsigned char next = (unsigned char) text[i];

		if ((next & 0xC0) != 0x80)
			return 1;
		if (i == 1 && ((c == 0xE0 && next < 0xA0) || (c == 0xED && next > 0x9F) ||
					   (c == 0xF0 && next < 0x90) || (c == 0xF4 && next > 0x8F)))
			return 1;
	}
	return length;
}

int
core_position(const char *text, int offset)
{
	int			position = 1;
	int			at;

	for (at = 0; at < offset; at += core_char_length(text +at, offset - at))
		position++;
	return position;
}

void
core_quote(const char *token, int length, char *to)
{
	int			at = 0;

	while (at < length && at < CORE_MAX_QUOTED)
	{
		unsigned char c = (unsigned char) token[at];
		int			bytes = core_char_length(token + at, length - at);

		if (bytes > 1 || (c >= ' ' && c < 0x7F))
		{
			memcpy(to, token + at, bytes);
			to += bytes;
		}
		else
			to += snprintf(to, 5, "\\x%02x", c);
		at += bytes;
	}
	strcpy(to, at < length ? "..." : "");
}

/*
 * core_date
 *
 * The date of a year, month (1-12) and day, as days since 2000-01-01.  The
 * day may lie outside the month: day 0 is the last day of the previous month,
 * and so on.  Internally years begin in March, so that a leap day is the last
 * day of its year.
 */
int32_t
core_date(int year, int month, int day)
{
	int			march_year = month > 2 ? year : year - 1;
	int			march_month = month > 2 ? month - 3 : month + 9;
	int			era = (march_year >= 0 ? march_year : march_year - 399) / 400;
	int			year_of_era = march_year - era * 400;
	int			day_of_year = (153 * march_month + 2) / 5 + day - 1;

	return era * DAYS_PER_ERA + year_of_era * 365 + year_of_era / 4 -
		year_of_era / 100 + day_of_year - EPOCH;
}

/*
 * core_civil
 *
 * The inverse of core_date().
 */
void
core_civil(int32_t date, int *year, int *month, int *day)
{
	int			days = date + EPOCH;
	int			era = (days >= 0 ? days : days - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
	int			day_of_era = days - era * DAYS_PER_ERA;
	int			year_of_era = (day_of_era - day_of_era / 1460 +
							   day_of_era / 36524 - day_of_era / 146096) / 365;
	int			day_of_year = day_of_era - (365 * year_of_era +
											year_of_era / 4 -
											year_of_era / 100);
	int			march_month = (5 * day_of_year + 2) / 153;

	*day = day_of_year - (153 * march_month + 2) / 5 + 1;
	*month = march_month < 10 ? march_month + 3 : march_month - 9;
	*year = era * 400 + year_of_era + (*month <= 2 ? 1 : 0);
}

/*
 * core_month_days
 *
 * The number of days in a month (1-12).
 */
int
core_month_days(int year, int month)
{
	static const int8_t days[12] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
	};

	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return days[month - 1];
}

/*
 * core_easter
 *
 * The date of Western Easter Sunday of a Gregorian year, by the anonymous
 * algorithm as published in Nature, 20 April 1876 (Meeus/Jones/Butcher).
 */
int32_t
core_easter(int year)
{
	int			golden = year % 19;
	int			century = year / 100;
	int			rest = year % 100;
	int			moon_shift = (century - (century + 8) / 25 + 1) / 3;
	int			epact = (19 * golden + century - century / 4 - moon_shift + 15) % 30;
	int			weekday = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact -
						   rest % 4) % 7;
	int			late = (golden + 11 * epact + 22 * weekday) / 451;
	int			sum = epact + weekday - 7 * late + 114;

	return core_date(year, sum / 31, sum % 31 + 1);
}
