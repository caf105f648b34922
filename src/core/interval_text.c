/*-------------------------------------------------------------------------
 *
 * interval_text.c
 *	  The text form of a business_interval: parser and printer.
 *
 *	  value    = ( fields | iso ) [ "@" name ]
 *	  fields   = field { field }
 *	  field    = [ sign ] number [ "business" ] unit
 *			   | [ sign ] hours ":" minutes [ ":" seconds ]
 *	  iso      = "P" [ days "D" ] [ "T" [ hours "H" ] [ minutes "M" ] [ seconds "S" ] ]
 *	  name     = one or more of A-Z a-z 0-9 _ . / : + - or non-ASCII bytes
 *			   | '"' any bytes, a double quote doubled '"'
 *
 * White space is allowed between any two of these, but not inside an ISO duration or
 * after "@".  Units are those of PostgreSQL's interval and the short forms bd, bh, bm
 * and bs; case does not matter.  Fields can be in any order, each at most once, and
 * each has its own sign.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "interval_text.h"

#include <stdio.h>
#include <string.h>

#define HINT_FORM \
	"Write it as in \"1 bd 4 bh 30 bm\", \"2 business days @support\", \"-04:30:00\" or \"P2DT4H30M\"."
#define HINT_UNITS \
	"Units are business days (bd), hours (bh), minutes (bm) and seconds (bs)."
#define HINT_LONG_UNITS \
	"Use business days, for example \"5 bd\", or the type interval."
#define HINT_RANGE \
	"Business days go up to 2147483647, business time up to 2562047788 hours."
#define HINT_QUOTE \
	"Write a name of other than letters, digits and _./:+- in double quotes: @\"my calendar\"."

typedef enum Unit
{
	UNIT_DAY,
	UNIT_HOUR,
	UNIT_MINUTE,
	UNIT_SECOND,
	UNIT_MILLISECOND,
	UNIT_MICROSECOND,
	/* recognized, but not supported */
	UNIT_WEEK,
	UNIT_MONTH,
	UNIT_YEAR,
	UNIT_UNKNOWN
} Unit;

#define SEEN_TIME	(1 << UNIT_HOUR | 1 << UNIT_MINUTE | 1 << UNIT_SECOND)

static const uint64_t unit_usecs[] = {
	[UNIT_HOUR] = CORE_USECS_PER_HOUR,
	[UNIT_MINUTE] = CORE_USECS_PER_MINUTE,
	[UNIT_SECOND] = CORE_USECS_PER_SEC,
	[UNIT_MILLISECOND] = 1000,
	[UNIT_MICROSECOND] = 1
};

static const char *const unit_names[] = {
	[UNIT_DAY] = "days",
	[UNIT_HOUR] = "hours",
	[UNIT_MINUTE] = "minutes",
	[UNIT_SECOND] = "seconds",
	[UNIT_MILLISECOND] = "milliseconds",
	[UNIT_MICROSECOND] = "microseconds",
	[UNIT_WEEK] = "Weeks",
	[UNIT_MONTH] = "Months",
	[UNIT_YEAR] = "Years and longer units"
};

/*
 * The words of PostgreSQL's deltatktbl (datetime.c), in full where that truncates them,
 * except those for time zones.
 */
static const struct
{
	const char *word;
	Unit		unit;
}			unit_words[] = {
	{"d", UNIT_DAY}, {"day", UNIT_DAY}, {"days", UNIT_DAY},
	{"h", UNIT_HOUR}, {"hr", UNIT_HOUR}, {"hrs", UNIT_HOUR},
	{"hour", UNIT_HOUR}, {"hours", UNIT_HOUR},
	{"m", UNIT_MINUTE}, {"min", UNIT_MINUTE}, {"mins", UNIT_MINUTE},
	{"minute", UNIT_MINUTE}, {"minutes", UNIT_MINUTE},
	{"s", UNIT_SECOND}, {"sec", UNIT_SECOND}, {"secs", UNIT_SECOND},
	{"second", UNIT_SECOND}, {"seconds", UNIT_SECOND},
	{"ms", UNIT_MILLISECOND}, {"msec", UNIT_MILLISECOND},
	{"msecs", UNIT_MILLISECOND}, {"msecond", UNIT_MILLISECOND},
	{"mseconds", UNIT_MILLISECOND}, {"millisecond", UNIT_MILLISECOND},
	{"milliseconds", UNIT_MILLISECOND},
	{"us", UNIT_MICROSECOND}, {"usec", UNIT_MICROSECOND},
	{"usecs", UNIT_MICROSECOND}, {"usecond", UNIT_MICROSECOND},
	{"useconds", UNIT_MICROSECOND}, {"microsecond", UNIT_MICROSECOND},
	{"microseconds", UNIT_MICROSECOND},
	{"w", UNIT_WEEK}, {"week", UNIT_WEEK}, {"weeks", UNIT_WEEK},
	{"bw", UNIT_WEEK},
	{"mon", UNIT_MONTH}, {"mons", UNIT_MONTH}, {"month", UNIT_MONTH},
	{"months", UNIT_MONTH}, {"qtr", UNIT_MONTH}, {"quarter", UNIT_MONTH},
	{"quarters", UNIT_MONTH},
	{"y", UNIT_YEAR}, {"yr", UNIT_YEAR}, {"yrs", UNIT_YEAR},
	{"year", UNIT_YEAR}, {"years", UNIT_YEAR}, {"by", UNIT_YEAR},
	{"dec", UNIT_YEAR}, {"decs", UNIT_YEAR}, {"decade", UNIT_YEAR},
	{"decades", UNIT_YEAR}, {"c", UNIT_YEAR}, {"cent", UNIT_YEAR},
	{"century", UNIT_YEAR}, {"centuries", UNIT_YEAR}, {"mil", UNIT_YEAR},
	{"mils", UNIT_YEAR}, {"millennium", UNIT_YEAR}, {"millennia", UNIT_YEAR}
};

#define NUM_UNIT_WORDS	(sizeof(unit_words) / sizeof(unit_words[0]))

typedef struct Scan
{
	const char *start;
	const char *next;
	const char *end;
	unsigned	seen;			/* bit per Unit */
	IntervalValue *value;
	CoreError  *error;
} Scan;

/*
 * A decimal number, without loss: whole + fraction[0] / 10^9 + fraction[1] / 10^18, and
 * something less than 10^-18 if "more".
 */
typedef struct Number
{
	const char *start;			/* its sign or first digit in the text */
	bool		negative;
	bool		more;			/* there is a non-zero digit after the 18th */
	uint64_t	whole;
	uint32_t	fraction[2];
} Number;

static inline bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Convert an ASCII letter to lower case. */
static inline char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c;
}

/* Is this an ASCII letter, or a byte of a non-ASCII character? */
static inline bool
is_letter(char c)
{
	return (lower(c) >= 'a' && lower(c) <= 'z') || (c & 0x80) != 0;
}

static inline bool
is_plain_name_char(char c)
{
	return (lower(c) >= 'a' && lower(c) <= 'z') || is_digit(c) ||
		(c != '\0' && strchr("_./:+-", c) != NULL);
}

static inline void
skip_space(Scan *scan)
{
	while (scan->next < scan->end && is_space(*scan->next))
		scan->next++;
}

/* Report an error at [from, to); the detail is "what", that text and its position. */
static bool
fail_token(Scan *scan, CoreErrorKind kind, const char *from, const char *to,
		   const char *what, const char *hint)
{
	char		token[CORE_QUOTED_SIZE];
	int			start = (int) (from - scan->start);

	if (scan->error == NULL)
		return false;
	core_quote(from, (int) (to - from), token);
	return core_fail(scan->error, kind, start, (int) (to - from), "%s \"%s\" at position %d.", hint,
					 what, token, core_position(scan->start, start));
}

/* Report that the text is incomplete. */
static bool
fail_end(Scan *scan, const char *what)
{
	return core_fail(scan->error, CORE_SYNTAX,
					 (int) (scan->end - scan->start), 0, "%s", HINT_FORM, what);
}

/* Report an error at scan->next, up to the next white space. */
static bool
fail_here(Scan *scan, const char *what, const char *hint)
{
	const char *to = scan->next + 1;

	while (to < scan->end && !is_space(*to))
		to++;
	return fail_token(scan, CORE_SYNTAX, scan->next, to, what, hint);
}

/* Report that a field, or the sum of fields, is out of range. */
static bool
fail_range(Scan *scan, const char *from, const char *hint)
{
	fail_token(scan, CORE_FIELD_RANGE, from, scan->next,
			   "The field is too large:", hint);
	if (scan->error != NULL)
		strcpy(scan->error->message, "business_interval field value out of range");
	return false;
}

/*
 * Read [sign] digits [. digits] at scan->next; white space is allowed after the sign.
 * Returns false, without reporting an error, if there is no digit.  *fits is set to
 * false if the whole part exceeds 64 bits.
 */
static bool
scan_number(Scan *scan, Number *number, bool *fits)
{
	const char *p = scan->next;
	const char *digits;
	uint64_t	whole = 0;

	number->start = p;
	number->negative = false;
	number->more = false;
	number->fraction[0] = number->fraction[1] = 0;
	*fits = true;

	if (p < scan->end && (*p == '-' || *p == '+'))
	{
		number->negative = *p == '-';
		p++;
		while (p < scan->end && is_space(*p))
			p++;
	}

	digits = p;
	for (; p < scan->end && is_digit(*p); p++)
	{
		if (whole > (UINT64_MAX - 9) / 10)
			*fits = false;
		else
			whole = whole * 10 + (uint64_t) (*p - '0');
	}
	number->whole = whole;

	if (p < scan->end && *p == '.')
	{
		static const uint32_t scale[] = {
			1000000000, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1
		};
		int			n = 0;

		digits++;				/* the point is not a digit */
		for (p++; p < scan->end && is_digit(*p); p++, n++)
		{
			if (n < 18)
				number->fraction[n / 9] = number->fraction[n / 9] * 10 +
					(uint32_t) (*p - '0');
			else if (*p != '0')
				number->more = true;
		}
		if (n < 9)
			number->fraction[0] *= scale[n];
		else if (n < 18)
			number->fraction[1] *= scale[n - 9];
	}

	if (p <= digits)
		return false;
	scan->next = p;
	return true;
}

/*
 * The fraction of a number of units, in microseconds, computed exactly and rounded half
 * to even.  Nothing overflows, since "unit" is at most 3.6 * 10^9.
 */
static uint64_t
fraction_usecs(const Number *number, uint64_t unit)
{
	const uint64_t e9 = UINT64_C(1000000000);
	const uint64_t half = e9 * e9 / 2;
	uint64_t	high = number->fraction[0] * unit;
	uint64_t	low = high % e9 * e9 + number->fraction[1] * unit;
	uint64_t	usecs = high / e9 + low / (e9 * e9);
	uint64_t	rest = low % (e9 * e9);

	if (rest > half || (rest == half && (number->more || (usecs & 1) != 0)))
		usecs++;
	return usecs;
}

/* Add microseconds to, or if negative subtract them from, the value's time. */
static bool
add_time(Scan *scan, const char *from, bool negative, uint64_t usecs)
{
	int64_t    *time = &scan->value->time;

	if (negative ? __builtin_sub_overflow(*time, usecs, time) :
		__builtin_add_overflow(*time, usecs, time))
		return fail_range(scan, from, HINT_RANGE);
	return true;
}

/* Note that the field [from, scan->next) has the units in "mask"; an error if seen before. */
static bool
note_seen(Scan *scan, unsigned mask, const char *from)
{
	if ((scan->seen & mask) != 0)
	{
		char		what[64];

		/* the mask has one bit, except for hours:minutes:seconds */
		snprintf(what, sizeof(what), "A second field for %s:",
				 mask == SEEN_TIME ? "the time" :
				 unit_names[__builtin_ctz(mask)]);
		return fail_token(scan, CORE_SYNTAX, from, scan->next, what,
						  "Give each unit once.");
	}
	scan->seen |= mask;
	return true;
}

/* Add a number of units to the value; scan->next is after the field. */
static bool
add_field(Scan *scan, const Number *number, bool fits, Unit unit)
{
	uint64_t	usecs;

	if (!note_seen(scan, 1u << unit, number->start))
		return false;

	if (unit == UNIT_DAY)
	{
		if (number->fraction[0] != 0 || number->fraction[1] != 0 || number->more)
		{
			fail_token(scan, CORE_FRACTION, number->start, scan->next,
					   "Business days are counted whole, not as in",
					   "Write the rest in business hours, for example \"1 bd 4 bh\".");
			if (scan->error != NULL)
				strcpy(scan->error->message, "fractional business day");
			return false;
		}
		if (!fits || number->whole > (uint64_t) INT32_MAX + number->negative)
			return fail_range(scan, number->start, HINT_RANGE);
		scan->value->days = (int32_t)
			(number->negative ? -(int64_t) number->whole : (int64_t) number->whole);
		return true;
	}

	if (!fits ||
		__builtin_mul_overflow(number->whole, unit_usecs[unit], &usecs) ||
		__builtin_add_overflow(usecs, fraction_usecs(number, unit_usecs[unit]),
							   &usecs))
		return fail_range(scan, number->start, HINT_RANGE);
	return add_time(scan, number->start, number->negative, usecs);
}

/* Read ":minutes[:seconds]" after the hours, and add the time. */
static bool
scan_clock(Scan *scan, const Number *hours, bool fits)
{
	Number		part[2];		/* minutes, seconds */
	int			nparts = 0;
	uint64_t	usecs;

	memset(part, 0, sizeof(part));
	do
	{
		bool		part_fits;

		scan->next++;
		if (scan->next >= scan->end || !is_digit(*scan->next))
			return scan->next >= scan->end ?
				fail_end(scan, "The value ends in a colon.") :
				fail_here(scan, "Expected digits after the colon, not", HINT_FORM);
		(void) scan_number(scan, &part[nparts++], &part_fits);
		if (!part_fits || part[nparts - 1].whole > 59)
			return fail_range(scan, hours->start,
							  "Minutes and seconds of a clock time go up to 59.");
	} while (nparts < 2 && scan->next < scan->end && *scan->next == ':');

	if (hours->fraction[0] != 0 || hours->fraction[1] != 0 || hours->more ||
		part[0].fraction[0] != 0 || part[0].fraction[1] != 0 || part[0].more)
		return fail_token(scan, CORE_SYNTAX, hours->start, scan->next,
						  "Only the seconds take a fraction:",
						  "Write hours:minutes:seconds, for example \"00:30:15.5\".");
	if (!note_seen(scan, SEEN_TIME, hours->start))
		return false;
	if (!fits ||
		__builtin_mul_overflow(hours->whole, unit_usecs[UNIT_HOUR], &usecs) ||
		__builtin_add_overflow(usecs,
							   part[0].whole * unit_usecs[UNIT_MINUTE] +
							   part[1].whole * unit_usecs[UNIT_SECOND] +
							   fraction_usecs(&part[1], unit_usecs[UNIT_SECOND]),
							   &usecs))
		return fail_range(scan, hours->start, HINT_RANGE);
	return add_time(scan, hours->start, hours->negative, usecs);
}

/* Is [from, to) equal to a lower-case word, ignoring case? */
static bool
is_word(const char *from, const char *to, const char *word)
{
	while (from < to && lower(*from) == *word)
	{
		from++;
		word++;
	}
	return from == to && *word == '\0';
}

/* Find the unit that a non-empty word denotes. */
static Unit
find_unit(const char *from, const char *to)
{
	if (to - from == 2 && lower(from[0]) == 'b')
	{
		switch (lower(from[1]))
		{
			case 'd':
				return UNIT_DAY;
			case 'h':
				return UNIT_HOUR;
			case 'm':
				return UNIT_MINUTE;
			case 's':
				return UNIT_SECOND;
		}
	}
	for (size_t i = 0; i < NUM_UNIT_WORDS; i++)
	{
		if (unit_words[i].word[0] == lower(*from) &&
			is_word(from, to, unit_words[i].word))
			return unit_words[i].unit;
	}
	return UNIT_UNKNOWN;
}

/* Report an unknown or unsupported unit. */
static bool
fail_unit(Scan *scan, Unit unit, const char *from, const char *to)
{
	char		what[64];

	if (unit == UNIT_UNKNOWN)
		return fail_token(scan, CORE_SYNTAX, from, to, "Unknown unit", HINT_UNITS);
	snprintf(what, sizeof(what), "%s are not counted in business time:",
			 unit_names[unit]);
	return fail_token(scan, CORE_UNSUPPORTED, from, to, what, HINT_LONG_UNITS);
}

/* Find the end of the word at scan->next. */
static const char *
scan_word(Scan *scan)
{
	const char *p = scan->next;

	while (p < scan->end && is_letter(*p))
		p++;
	return p;
}

/* Read one field of the traditional form. */
static bool
scan_field(Scan *scan)
{
	Number		number;
	bool		fits;
	Unit		unit;
	const char *number_end;
	const char *word_end;
	bool		business;

	if (!scan_number(scan, &number, &fits))
	{
		word_end = scan_word(scan);
		if (is_word(scan->next, word_end, "ago"))
			return fail_here(scan, "Not understood:",
							 "Write a sign before each number, for example \"-4 bh\".");
		return fail_here(scan, "Expected a number, not", HINT_FORM);
	}
	if (scan->next < scan->end && *scan->next == ':')
		return scan_clock(scan, &number, fits);

	number_end = scan->next;
	skip_space(scan);
	word_end = scan_word(scan);
	business = is_word(scan->next, word_end, "business");
	if (business)
	{
		scan->next = word_end;
		skip_space(scan);
		word_end = scan_word(scan);
	}
	if (word_end == scan->next)
	{
		if (business)
			number_end = scan->next;
		return fail_token(scan, CORE_SYNTAX, number.start, number_end,
						  "A number without a unit:", HINT_UNITS);
	}

	/* do not accept "business bd" */
	unit = business && lower(*scan->next) == 'b' ? UNIT_UNKNOWN :
		find_unit(scan->next, word_end);
	if (unit >= UNIT_WEEK)
		return fail_unit(scan, unit, scan->next, word_end);
	scan->next = word_end;
	return add_field(scan, &number, fits, unit);
}

/* Read an ISO 8601 duration; scan->next is at the P. */
static bool
scan_iso(Scan *scan)
{
	const char *start = scan->next++;
	bool		in_time = false;
	bool		complete = false;	/* was there a field since P or T? */

	for (;;)
	{
		Number		number;
		bool		fits;
		Unit		unit;

		if (!in_time && scan->next < scan->end && lower(*scan->next) == 't')
		{
			in_time = true;
			complete = false;
			scan->next++;
		}
		if (complete && (scan->next >= scan->end || is_space(*scan->next) ||
						 *scan->next == '@'))
			return true;
		if (!scan_number(scan, &number, &fits))
			return scan->next >= scan->end ?
				fail_end(scan, "The ISO 8601 duration is incomplete.") :
				fail_here(scan, "Expected a number, not", HINT_FORM);
		if (scan->next >= scan->end)
			return fail_token(scan, CORE_SYNTAX, number.start, scan->end,
							  "A number without a unit:", HINT_FORM);

		unit = UNIT_UNKNOWN;
		switch (lower(*scan->next))
		{
			case 'd':
				unit = in_time ? UNIT_UNKNOWN : UNIT_DAY;
				break;
			case 'h':
				unit = in_time ? UNIT_HOUR : UNIT_UNKNOWN;
				break;
			case 'm':
				unit = in_time ? UNIT_MINUTE : UNIT_MONTH;
				break;
			case 's':
				unit = in_time ? UNIT_SECOND : UNIT_UNKNOWN;
				break;
			case 'w':
				unit = UNIT_WEEK;
				break;
			case 'y':
				unit = UNIT_YEAR;
				break;
		}
		if (unit == UNIT_MONTH)
			return fail_token(scan, CORE_UNSUPPORTED, number.start, scan->next + 1,
							  "Months are not counted in business time:",
							  "Minutes follow a T, as in \"PT30M\"; for months use the type interval.");
		if (unit == UNIT_UNKNOWN)
			return fail_token(scan, CORE_SYNTAX, start, scan->next + core_char_length(scan->next, (int) (scan->end - scan->next)),
							  "Not an ISO 8601 duration in days, hours, minutes and seconds:",
							  HINT_FORM);
		if (unit >= UNIT_WEEK)
			return fail_unit(scan, unit, number.start, scan->next + 1);
		scan->next++;
		if (!add_field(scan, &number, fits, unit))
			return false;
		complete = true;
	}
}

/* Append a byte to the calendar's name. */
static bool
add_name_byte(Scan *scan, const char *from, char c)
{
	if (scan->value->calendar_len >= INTERVAL_MAX_CALENDAR)
		return core_fail(scan->error, CORE_SYNTAX, (int) (from - scan->start), 1,
						 "The calendar's name at position %d has more than %d bytes.",
						 "Give the calendar a shorter name.",
						 core_position(scan->start, (int) (from + 1 - scan->start)),
						 INTERVAL_MAX_CALENDAR);
	scan->value->calendar[scan->value->calendar_len++] = c;
	return true;
}

/* Read a calendar's name; scan->next is at the "@". */
static bool
scan_name(Scan *scan)
{
	const char *start = scan->next++;

	if (scan->next < scan->end && *scan->next == '"')
	{
		for (;;)
		{
			scan->next++;
			if (scan->next >= scan->end)
				return fail_end(scan, "The calendar's name lacks its closing double quote.");
			if (*scan->next == '"' &&
				(++scan->next >= scan->end || *scan->next != '"'))
				break;
			if (*scan->next == '\0')
				return fail_token(scan, CORE_SYNTAX, scan->next, scan->next + 1,
								  "A calendar's name must not have a zero byte:", "");
			if (!add_name_byte(scan, start, *scan->next))
				return false;
		}
	}
	else
	{
		for (; scan->next < scan->end &&
			 (is_plain_name_char(*scan->next) || (*scan->next & 0x80) != 0);
			 scan->next++)
		{
			if (!add_name_byte(scan, start, *scan->next))
				return false;
		}
	}
	if (scan->value->calendar_len == 0)
		return fail_token(scan, CORE_SYNTAX, start, scan->next,
						  "A calendar's name is missing after", HINT_QUOTE);
	return true;
}

bool
interval_parse(const char *text, size_t length, IntervalValue *value,
			   CoreError *error)
{
	Scan		scan = {0};

	scan.start = text;
	scan.next = text;
	scan.end = text +length;

	scan.value = value;
	scan.error = error;
	value->days = 0;
	value->time = 0;
	value->calendar_len = 0;

	skip_space(&scan);
	if (scan.next >= scan.end)
		return fail_end(&scan, "The value is empty.");
	if (lower(*scan.next) == 'p')
	{
		if (!scan_iso(&scan))
			return false;
		skip_space(&scan);
		if (scan.next < scan.end && *scan.next != '@')
			return fail_here(&scan, "Unexpected text after the ISO 8601 duration:",
							 HINT_FORM);
	}
	else
	{
		do
		{
			if (!scan_field(&scan))
				return false;
			skip_space(&scan);
		} while (scan.next < scan.end && *scan.next != '@');
	}

	if (scan.next < scan.end)
	{
		if (!scan_name(&scan))
			return false;
		skip_space(&scan);
		if (scan.next < scan.end)
			return fail_here(&scan, "Unexpected text after the calendar's name:",
							 HINT_QUOTE);
	}
	return true;
}

/* Print a number; returns the position after it. */
static char *
print_number(char *out, uint64_t number)
{
	char		digits[20];
	int			n = 0;

	do
	{
		digits[n++] = (char) ('0' + number % 10);
		number /= 10;
	} while (number != 0);
	while (n > 0)
		*out++ = digits[--n];
	return out;
}

/* Print a field like " -30 bm", without the space at the start; nothing if zero. */
static char *
print_field(char *out, const char *start, bool negative, uint64_t number,
			char unit)
{
	if (number == 0)
		return out;
	if (out != start)
		*out++ = ' ';
	if (negative)
		*out++ = '-';
	out = print_number(out, number);
	*out++ = ' ';
	*out++ = 'b';
	*out++ = unit;
	return out;
}

/* Print "@" and a calendar's name, quoted if necessary. */
static char *
print_name(char *out, const char *name, int length)
{
	bool		plain = true;

	for (int i = 0; i < length; i++)
		plain = plain && is_plain_name_char(name[i]);

	*out++ = '@';
	if (plain)
	{
		memcpy(out, name, (size_t) length);
		return out + length;
	}
	*out++ = '"';
	for (int i = 0; i < length; i++)
	{
		if (name[i] == '"')
			*out++ = '"';
		*out++ = name[i];
	}
	*out++ = '"';
	return out;
}

size_t
interval_print(int32_t days, int64_t time, const char *calendar,
			   int calendar_len, char *out)
{
	char	   *start = out;
	bool		negative = time < 0;
	uint64_t	usecs = negative ? -(uint64_t) time : (uint64_t) time;
	uint64_t	seconds = usecs / CORE_USECS_PER_SEC;
	uint32_t	fraction = (uint32_t) (usecs % CORE_USECS_PER_SEC);
	uint64_t	minutes = seconds / 60;

	out = print_field(out, start, days < 0,
					  days < 0 ? -(uint64_t) days : (uint64_t) days, 'd');
	out = print_field(out, start, negative, minutes / 60, 'h');
	out = print_field(out, start, negative, minutes % 60, 'm');
	if (fraction == 0)
		out = print_field(out, start, negative, seconds % 60, 's');
	else
	{
		int			digits = 6;

		if (out != start)
			*out++ = ' ';
		if (negative)
			*out++ = '-';
		out = print_number(out, seconds % 60);
		*out++ = '.';
		for (; fraction % 10 == 0; fraction /= 10)
			digits--;
		for (int i = digits - 1; i >= 0; i--, fraction /= 10)
			out[i] = (char) ('0' + fraction % 10);
		out += digits;
		*out++ = ' ';
		*out++ = 'b';
		*out++ = 's';
	}
	if (out == start)
	{
		memcpy(out, "0 bh", 4);
		out += 4;
	}
	if (calendar_len > 0)
	{
		*out++ = ' ';
		out = print_name(out, calendar, calendar_len);
	}
	*out = '\0';
	return (size_t) (out - start);
}
