/*-------------------------------------------------------------------------
 *
 * hours_lex.c
 *	  Lexical analysis of opening hours, and reporting of syntax errors.
 *
 * Tokens are those of opening_hours.js, but that repairs sloppy input ("9-17",
 * "Monday") and issues a warning.  Here such input is an error, and the hint
 * shows the repaired text.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "hours_lex.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define IS_DIGIT(c)		((c) >= '0' && (c) <= '9')
#define IS_LETTER(c)	(((c) | 0x20) >= 'a' && ((c) | 0x20) <= 'z')
#define IS_SPACE(c)		((c) == ' ' || ((c) >= '\t' && (c) <= '\r'))

const char *const hours_weekday_names[7] = {
	"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"
};

const char *const hours_month_names[12] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
};

/* A word of up to four letters as an integer. */
#define WORD2(a, b)			((uint32_t) (a) << 8 | (b))
#define WORD3(a, b, c)		(WORD2(a, b) << 8 | (c))
#define WORD4(a, b, c, d)	(WORD3(a, b, c) << 8 | (d))

static const struct
{
	uint32_t	word;
	HoursTokenKind kind;
	int			value;
}			short_words[] =

{
	{WORD2('m', 'o'), HOURS_WEEKDAY, 0},
	{WORD2('t', 'u'), HOURS_WEEKDAY, 1},
	{WORD2('w', 'e'), HOURS_WEEKDAY, 2},
	{WORD2('t', 'h'), HOURS_WEEKDAY, 3},
	{WORD2('f', 'r'), HOURS_WEEKDAY, 4},
	{WORD2('s', 'a'), HOURS_WEEKDAY, 5},
	{WORD2('s', 'u'), HOURS_WEEKDAY, 6},
	{WORD2('t', 'z'), HOURS_TZ, 0},
	{WORD2('p', 'h'), HOURS_PH, 0},
	{WORD3('o', 'f', 'f'), HOURS_OFF, 0},
	{WORD3('j', 'a', 'n'), HOURS_MONTH, 1},
	{WORD3('f', 'e', 'b'), HOURS_MONTH, 2},
	{WORD3('m', 'a', 'r'), HOURS_MONTH, 3},
	{WORD3('a', 'p', 'r'), HOURS_MONTH, 4},
	{WORD3('m', 'a', 'y'), HOURS_MONTH, 5},
	{WORD3('j', 'u', 'n'), HOURS_MONTH, 6},
	{WORD3('j', 'u', 'l'), HOURS_MONTH, 7},
	{WORD3('a', 'u', 'g'), HOURS_MONTH, 8},
	{WORD3('s', 'e', 'p'), HOURS_MONTH, 9},
	{WORD3('o', 'c', 't'), HOURS_MONTH, 10},
	{WORD3('n', 'o', 'v'), HOURS_MONTH, 11},
	{WORD3('d', 'e', 'c'), HOURS_MONTH, 12},
	{WORD3('d', 'a', 'y'), HOURS_DAYS, 0},
	{WORD4('d', 'a', 'y', 's'), HOURS_DAYS, 0},
	{WORD4('w', 'e', 'e', 'k'), HOURS_WEEK, 0},
	{WORD4('o', 'p', 'e', 'n'), HOURS_OPEN, 0}
};

/* Words that are likely to be tried: what is wrong, and what to write instead. */
static const struct
{
	const char *word;
	CoreErrorKind kind;
	const char *problem;
	const char *hint;
}			foreign_words[] =

{
	{"sunrise", CORE_UNSUPPORTED, "varies with the place and the date, which is not supported", "Write a clock time such as \"06:30\"."},
	{"sunset", CORE_UNSUPPORTED, "varies with the place and the date, which is not supported", "Write a clock time such as \"18:30\"."},
	{"dawn", CORE_UNSUPPORTED, "varies with the place and the date, which is not supported", "Write a clock time such as \"06:00\"."},
	{"dusk", CORE_UNSUPPORTED, "varies with the place and the date, which is not supported", "Write a clock time such as \"19:00\"."},
	{"unknown", CORE_UNSUPPORTED, "is neither open nor closed, which is not supported", "Write \"off\", or leave the rule out."},
	{"SH", CORE_UNSUPPORTED, "stands for school holidays, which are not supported", "Write their dates, as in \"2026 Jul 01-2026 Aug 12 off\"."},
	{"to", CORE_SYNTAX, "is not a word of opening hours", "Write \"-\", as in \"Mo-Fr\" or \"09:00-17:00\"."},
	{"till", CORE_SYNTAX, "is not a word of opening hours", "Write \"-\", as in \"Mo-Fr\" or \"09:00-17:00\"."},
	{"until", CORE_SYNTAX, "is not a word of opening hours", "Write \"-\", as in \"Mo-Fr\" or \"09:00-17:00\"."},
	{"thru", CORE_SYNTAX, "is not a word of opening hours", "Write \"-\", as in \"Mo-Fr\" or \"09:00-17:00\"."},
	{"through", CORE_SYNTAX, "is not a word of opening hours", "Write \"-\", as in \"Mo-Fr\" or \"09:00-17:00\"."},
	{"and", CORE_SYNTAX, "is not a word of opening hours", "Write \",\", as in \"Mo,We\" or \"09:00-12:00,13:00-17:00\"."},
	{"or", CORE_SYNTAX, "is not a word of opening hours", "Write \",\", as in \"Mo,We\" or \"09:00-12:00,13:00-17:00\"."},
	{"daily", CORE_SYNTAX, "is not a word of opening hours", "Write \"Mo-Su\"."},
	{"everyday", CORE_SYNTAX, "is not a word of opening hours", "Write \"Mo-Su\"."},
	{"weekday", CORE_SYNTAX, "is not a word of opening hours", "Write \"Mo-Fr\"."},
	{"weekdays", CORE_SYNTAX, "is not a word of opening hours", "Write \"Mo-Fr\"."},
	{"weekend", CORE_SYNTAX, "is not a word of opening hours", "Write \"Sa-Su\"."},
	{"weekends", CORE_SYNTAX, "is not a word of opening hours", "Write \"Sa-Su\"."},
	{"weeks", CORE_SYNTAX, "is not a word of opening hours", "Write \"week\", as in \"week 1-26\"."},
	{"holiday", CORE_SYNTAX, "is not a word of opening hours", "Write \"PH\" for public holidays."},
	{"holidays", CORE_SYNTAX, "is not a word of opening hours", "Write \"PH\" for public holidays."},
	{"always", CORE_SYNTAX, "is not a word of opening hours", "Write \"24/7\"."},
	{"never", CORE_SYNTAX, "is not a word of opening hours", "Write \"off\"."},
	{"close", CORE_SYNTAX, "is not a word of opening hours", "Write \"off\" or \"closed\"."},
	{"noon", CORE_SYNTAX, "is not a word of opening hours", "Write \"12:00\"."},
	{"midnight", CORE_SYNTAX, "is not a word of opening hours", "Write \"00:00\" where a span begins and \"24:00\" where it ends."}
};

static int
character_length(const HoursLexer *lex, int at)
{
	return core_char_length(lex->text +at, lex->length - at);
}

static void
lex_word(HoursLexer *lex)
{
	const unsigned char *text = (const unsigned char *) lex->text;
	uint32_t	word = 0;
	int			at = lex->start;
	int			letters;
	int			i;

	while (at < lex->length && IS_LETTER(text[at]))
		word = word << 8 | (text[at++] | 0x20);
	lex->end = at;
	letters = at - lex->start;

	lex->kind = HOURS_WORD;
	if (letters >= 2 && letters <= 4)
	{
		for (i = 0; i < (int) (sizeof(short_words) / sizeof(short_words[0])); i++)
			if (short_words[i].word == word)
			{
				lex->kind = short_words[i].kind;
				lex->value = short_words[i].value;
				return;
			}
	}
	else if (letters == 6)
	{
		/* "word" has only the last four letters */
		if (word == WORD4('s', 't', 'e', 'r') &&
			(text[lex->start] | 0x20) == 'e' && (text[lex->start + 1] | 0x20) == 'a')
			lex->kind = HOURS_EASTER;
		else if (word == WORD4('o', 's', 'e', 'd') &&
				 (text[lex->start] | 0x20) == 'c' && (text[lex->start + 1] | 0x20) == 'l')
			lex->kind = HOURS_OFF;
	}
}

/* Are there two digits at text[at]?  Set *value to their number if so. */
static bool
two_digits(const HoursLexer *lex, int at, int *value)
{
	if (at + 2 > lex->length || !IS_DIGIT(lex->text[at]) || !IS_DIGIT(lex->text[at + 1]))
		return false;
	*value = (lex->text[at] - '0') *10 + lex->text[at + 1] - '0';
	return true;
}

/*
 * Read a number or, if a colon and two digits follow it immediately, a time of
 * day: "09:00", "09:00:30", "09:00:30.25".
 */
static void
lex_number(HoursLexer *lex)
{
	const char *text = lex->text;
	int			at = lex->start;
	int			digits;
	int			minute;
	int			second = 0;
	int			fraction = 0;
	int			fraction_digits = 0;

	lex->value = 0;
	for (; at < lex->length && IS_DIGIT(text[at]); at++)
		if (at - lex->start < 4)
			lex->value = lex->value * 10 + text[at] - '0';

	digits = at - lex->start;
	lex->end = at;

	if (digits > 2 || at >= lex->length || text[at] != ':' ||
		!two_digits(lex, at + 1, &minute))
	{
		lex->kind = digits <= 3 ? HOURS_NUMBER :
			digits == 4 ? HOURS_YEAR : HOURS_JUNK;
		return;
	}

	at += 3;
	lex->short_hour = digits == 1;
	lex->has_seconds = at < lex->length && text[at] == ':' &&
		two_digits(lex, at + 1, &second);

	if (lex->has_seconds)
	{
		at += 3;
		if (at + 1 < lex->length && text[at] == '.' && IS_DIGIT(text[at + 1]))
		{
			int			unit = 100000;

			for (at++; at < lex->length && IS_DIGIT(text[at]); at++)
			{
				fraction += (text[at] - '0') *unit;
				unit /= 10;
				if (++fraction_digits > 6)
					minute = 60;	/* finer than microseconds: make it out of
									 * range */
			}
		}
	}
	lex->kind = HOURS_TIME;
	if (at < lex->length && IS_DIGIT(text[at]))
	{
		lex->kind = HOURS_JUNK;
		while (at < lex->length && IS_DIGIT(text[at]))
			at++;
	}
	lex->end = at;
	if (minute > 59 || second > 59)
		lex->time = -1;
	else
		lex->time = lex->value * CORE_USECS_PER_HOUR +
			minute * CORE_USECS_PER_MINUTE +
			second * CORE_USECS_PER_SEC + fraction;
}

void
hours_next(HoursLexer *lex)
{
	int			at = lex->end;
	unsigned char c;

	while (at < lex->length && IS_SPACE(lex->text[at]))
		at++;
	lex->start = lex->end = at;
	if (at >= lex->length)
	{
		lex->kind = HOURS_END;
		return;
	}

	c = (unsigned char) lex->text[at];
	if (IS_LETTER(c))
		lex_word(lex);
	else if (IS_DIGIT(c))
		lex_number(lex);
	else
	{
		switch (c)
		{
			case '-':
			case '+':
			case '*':
			case ',':
			case ';':
			case ':':
			case '/':
			case '[':
			case ']':
			case '(':
			case ')':
			case '=':
				lex->kind = c;
				lex->end = at + 1;
				break;
			default:
				lex->kind = HOURS_JUNK;
				lex->end = at + character_length(lex, at);
				break;
		}
	}
}

bool
hours_fail(HoursLexer *lex, CoreErrorKind kind, int start, int end,
		   const char *problem, const char *hint,...)
{
	char		token[CORE_QUOTED_SIZE];
	const char *message = "";
	va_list		args;

	if (lex->error == NULL)
		return false;

	while (end > start + 1 && IS_SPACE(lex->text[end - 1]))
		end--;
	core_quote(lex->text +start, end - start, token);
	core_fail(lex->error, kind, start, end - start,
			  "\"%s\" at position %d %s.", "",
			  token, core_position(lex->text, start), problem);
	va_start(args, hint);
	vsnprintf(lex->error->hint, sizeof(lex->error->hint), hint, args);
	va_end(args);

	if (kind == CORE_UNSUPPORTED)
		message = "unsupported opening hours";
	else if (kind == CORE_RANGE)
		message = "opening hours out of range";
	else if (kind == CORE_LIMIT)
		message = "opening hours too complex";
	snprintf(lex->error->message, sizeof(lex->error->message), "%s", message);
	return false;
}

/* Is text[start, end) equal to "word", ignoring case? */
static bool
same_word(const HoursLexer *lex, int start, int end, const char *word)
{
	int			at;

	for (at = start; at < end; at++, word++)
		if (*word == '\0' || (lex->text[at] | 0x20) !=(*word | 0x20))
			return false;
	return *word == '\0';
}

/* Is text[start, end) a prefix of "name", ignoring case? */
static bool
begins_name(const HoursLexer *lex, int start, int end, const char *name)
{
	int			at;

	for (at = start; at < end; at++, name++)
		if (*name == '\0' || (lex->text[at] | 0x20) !=(*name | 0x20))
			return false;
	return true;
}

/*
 * The name of a weekday or month that is not abbreviated to our form: "Mo" for
 * "Monday", "Mon" or "mondays", "Sep" for "Sept"; else NULL.
 */
static const char *
short_name(const HoursLexer *lex, int start, int end)
{
	static const char *const weekdays[7] = {
		"monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
		"sunday"
	};
	static const char *const months[12] = {
		"january", "february", "march", "april", "may", "june", "july",
		"august", "september", "october", "november", "december"
	};
	int			round;
	int			i;

	for (round = 0; round < 2 && end - start >= 3; round++, end--)
	{
		if (round == 1 && (lex->text[end] | 0x20) !='s')
			break;
		for (i = 0; i < 7; i++)
			if (begins_name(lex, start, end, weekdays[i]))
				return hours_weekday_names[i];
		for (i = 0; i < 12; i++)
			if (begins_name(lex, start, end, months[i]))
				return hours_month_names[i];
	}
	return NULL;
}

static int
skip_space(const HoursLexer *lex, int at)
{
	while (at < lex->length && IS_SPACE(lex->text[at]))
		at++;
	return at;
}

/*
 * The number of bytes of a dash of any kind, or the word "to", at text[at]; 0
 * if there is none.
 */
static int
dash_length(const HoursLexer *lex, int at)
{
	const unsigned char *text = (const unsigned char *) lex->text +at;
	int			rest = lex->length - at;

	if (rest >= 1 && text[0] == '-')
		return 1;
	/* U+2010 to U+2015, U+2212 */
	if (rest >= 3 && text[0] == 0xE2 &&
		((text[1] == 0x80 && text[2] >= 0x90 && text[2] <= 0x95) ||
		 (text[1] == 0x88 && text[2] == 0x92)))
		return 3;
	if (rest >= 2 && begins_name(lex, at, at + 2, "to"))
		return 2;
	return 0;
}

/* A time of day in sloppy notation. */
typedef struct SloppyTime
{
	int			hour;
	int			minute;
	bool		meridiem;		/* am or pm was given */
} SloppyTime;

/*
 * Read a time like "9", "9:00", "09.00", "9h30", "0900", "9am" or "9:00 p.m." at
 * text[at].  Returns the offset of its end, or 0 if there is none.
 */
static int
sloppy_time(const HoursLexer *lex, int at, SloppyTime *time)
{
	const char *text = lex->text;
	int			number = 0;
	int			digits = 0;
	int			after;

	for (; at < lex->length && IS_DIGIT(text[at]) && digits <= 4; at++, digits++)
		number = number * 10 + text[at] - '0';

	if (digits == 0 || digits > 4)
		return 0;
	time->hour = digits > 2 ? number / 100 : number;
	time->minute = digits > 2 ? number % 100 : 0;
	if (digits <= 2 && at < lex->length &&
		(text[at] == ':' || text[at] == '.' || (text[at] | 0x20) == 'h'))
	{
		at++;
		if (two_digits(lex, at, &time->minute))
			at += 2;
	}

	time->meridiem = false;
	after = skip_space(lex, at);
	if (after < lex->length && ((text[after] | 0x20) == 'a' || (text[after] | 0x20) == 'p'))
	{
		bool		pm = (text[after] | 0x20) == 'p';

		after++;
		if (after < lex->length && text[after] == '.')
			after++;
		if (after < lex->length && (text[after] | 0x20) == 'm')
		{
			after++;
			if (after < lex->length && text[after] == '.')
				after++;
			if (time->hour >= 1 && time->hour <= 12)
				time->hour = time->hour % 12 + (pm ? 12 : 0);
			time->meridiem = true;
			at = after;
		}
	}
	return time->minute < 60 && time->hour <= 48 ? at : 0;
}

/*
 * If there is a time or span in sloppy notation at text[start], report an error
 * with the correct notation as the hint, and return true.
 */
static bool
fail_sloppy(HoursLexer *lex, int start)
{
	const char *what = "is not a time of day";
	SloppyTime	from;
	SloppyTime	to;
	char		right[32];
	int			length;
	int			end = sloppy_time(lex, start, &from);
	int			after;
	int			dash;

	if (end == 0)
		return false;
	length = snprintf(right, sizeof(right), "%02d:%02d", from.hour, from.minute);
	after = skip_space(lex, end);
	/* "24h", "24x7", "24 hours" */
	if (from.hour == 24 &&
		((lex->text[end - 1] | 0x20) == 'h' ||
		 (after < lex->length && ((lex->text[after] | 0x20) == 'x' ||
								  (lex->text[after] | 0x20) == 'h'))))
		return !hours_fail(lex, CORE_SYNTAX, start, end,
						   "is not a time of day",
						   "Write \"24/7\".");
	dash = dash_length(lex, after);
	if (dash > 0 && from.hour < 24)
	{
		int			span_end = sloppy_time(lex, skip_space(lex, after + dash), &to);

		if (span_end > 0)
		{
			/* "9-5" is 09:00-17:00 */
			if (!from.meridiem && !to.meridiem && to.hour < from.hour &&
				to.hour + 12 > from.hour && to.hour < 12)
				to.hour += 12;
			what = "is not a span of time";
			end = span_end;
			length += snprintf(right + length, sizeof(right) - length,
							   "-%02d:%02d", to.hour, to.minute);
		}
	}
	if (end - start == length && memcmp(lex->text +start, right, length) == 0)
		return false;			/* it is correct */
	return !hours_fail(lex, CORE_SYNTAX, start, end, what, "Write \"%s\".", right);
}

/* The month that text[start, end) names, like "dec" or "December"; else NULL. */
static const char *
month_name(const HoursLexer *lex, int start, int end)
{
	const char *name = short_name(lex, start, end);
	int			i;

	for (i = 0; i < 12; i++)
		if (name == hours_month_names[i])
			return name;
	return NULL;
}

/*
 * If there is a date in another notation at text[start], or if that is the month
 * of one like "2026-12-25", report an error with the correct notation as the
 * hint, and return true.
 */
static bool
fail_date(HoursLexer *lex, int start)
{
	const char *problem = "is not a date of opening hours";
	const char *text = lex->text;
	const char *month;
	int			number = 0;
	int			day;
	int			at = start;
	int			letters;
	int			end;

	while (at < lex->length && at < start + 2 && IS_DIGIT(text[at]))
		number = number * 10 + text[at++] - '0';

	/* "2026-12-25" */
	if (start >= 5 && text[start - 1] == '-' && at == start + 2 &&
		two_digits(lex, start - 5, &day) && two_digits(lex, start - 3, &day) &&
		number >= 1 && number <= 12 &&
		at < lex->length && text[at] == '-' && two_digits(lex, at + 1, &day))
		return !hours_fail(lex, CORE_SYNTAX, start - 5, at + 3, problem,
						   "Write \"%.4s %s %02d\".", text +start - 5,
						   hours_month_names[number - 1], day);

	/* "25 Dec", "25. December", "25th Dec" */
	end = at;
	if (end + 2 <= lex->length &&
		(begins_name(lex, end, end + 2, "st") || begins_name(lex, end, end + 2, "nd") ||
		 begins_name(lex, end, end + 2, "rd") || begins_name(lex, end, end + 2, "th")))
		end += 2;
	while (end < lex->length && (IS_SPACE(text[end]) || text[end] == '.' || text[end] == '-'))
		end++;
	letters = end;
	while (end < lex->length && IS_LETTER(text[end]))
		end++;
	month = month_name(lex, letters, end);
	if (month != NULL && number >= 1 && number <= 31)
		return !hours_fail(lex, CORE_SYNTAX, start, end, problem,
						   "Write \"%s %02d\".", month, number);

	/* "12/25", "25.12.": which is the month? */
	if (at + 1 < lex->length && (text[at] == '/' || text[at] == '.') &&IS_DIGIT(text[at + 1]))
	{
		for (end = at + 1; end < lex->length && IS_DIGIT(text[end]); end++)
			;
		if (text[at] == '/' || (end < lex->length && text[end] == '.'))
			return !hours_fail(lex, CORE_SYNTAX, start, end, problem,
							   "Write the month by its name, as in \"Dec 25\".");
	}
	return false;
}

/* Report an error at the current token, which is an unknown word. */
static bool
fail_word(HoursLexer *lex)
{
	const char *name = short_name(lex, lex->start, lex->end);
	int			i;

	if (name != NULL)
		return hours_fail(lex, CORE_SYNTAX, lex->start, lex->end,
						  "is not a word of opening hours", "Write \"%s\".", name);
	for (i = 0; i < (int) (sizeof(foreign_words) / sizeof(foreign_words[0])); i++)
		if (same_word(lex, lex->start, lex->end, foreign_words[i].word))
			return hours_fail(lex, foreign_words[i].kind, lex->start, lex->end,
							  foreign_words[i].problem, "%s", foreign_words[i].hint);
	return hours_fail(lex, CORE_SYNTAX, lex->start, lex->end,
					  "is not a word of opening hours",
					  "Days are Mo, Tu, We, Th, Fr, Sa, Su and PH, months Jan to Dec; other words are easter, week, off and open.");
}

bool
hours_unexpected(HoursLexer *lex, const char *expected)
{
	const char *text = lex->text +lex->start;

	switch (lex->kind)
	{
		case HOURS_END:
			if (lex->error != NULL)
			{
				core_fail(lex->error, CORE_SYNTAX, lex->start, 0,
						  "The text ends where %s is expected.", "", expected);
				snprintf(lex->error->hint, sizeof(lex->error->hint),
						 "A whole value is for example \"TZ=Europe/Berlin Mo-Fr 09:00-17:00; PH off\".");
			}
			return false;
		case HOURS_WORD:
			/* quote the whole word, including letters that are not ASCII */
			while (lex->end < lex->length &&
				   (IS_LETTER(lex->text[lex->end]) ||
					(((unsigned char) lex->text[lex->end] & 0x80) !=0 &&
					 dash_length(lex, lex->end) == 0)))
				lex->end += character_length(lex, lex->end);
			return fail_word(lex);
		case HOURS_NUMBER:
		case HOURS_YEAR:
		case HOURS_TIME:
			if (fail_date(lex, lex->start) || fail_sloppy(lex, lex->start))
				return false;
			break;
		case HOURS_TZ:
			return hours_fail(lex, CORE_SYNTAX, lex->start, lex->end,
							  "is not at the beginning",
							  "The zone comes first; several zones are combined as in \"(TZ=Europe/Berlin Mo-Fr 09:00-17:00) + (TZ=America/Denver Mo-Fr 09:00-17:00)\".");
		case '+':
		case '*':
			return hours_fail(lex, CORE_SYNTAX, lex->start, lex->end,
							  "has no operand in parentheses before it",
							  "Write \"(TZ=Europe/Berlin Mo-Fr 09:00-17:00) %c (TZ=America/Denver Mo-Fr 09:00-17:00)\".",
							  lex->kind);
		case HOURS_JUNK:
			if (*text == '"')
				return hours_fail(lex, CORE_UNSUPPORTED, lex->start, lex->end,
								  "begins a comment, which is not supported",
								  "Leave the comment out.");
			if (*text == '|')
			{
				if (lex->end < lex->length && lex->text[lex->end] == '|')
					lex->end++;
				return hours_fail(lex, CORE_UNSUPPORTED, lex->start, lex->end,
								  "is a fallback rule, which is not supported",
								  "Separate rules with \";\": a later rule replaces the earlier ones on the days it matches.");
			}
			if (*text == '&')
				return hours_fail(lex, CORE_SYNTAX, lex->start, lex->end,
								  "is not a sign of opening hours",
								  "Write \",\", as in \"Mo,We\".");
			if (lex->end == lex->start + 2 && memcmp(text, "\xC2\xA0", 2) == 0)
				return hours_fail(lex, CORE_SYNTAX, lex->start, lex->end,
								  "is a no-break space", "Write a plain space.");
			if (dash_length(lex, lex->start) > 0)
				return hours_fail(lex, CORE_SYNTAX, lex->start, lex->end,
								  "is not a hyphen", "Write \"-\".");
			break;
		default:
			break;
	}

	hours_fail(lex, CORE_SYNTAX, lex->start, lex->end, "is not expected here",
			   "Expected is %s.", expected);
	return false;
}
