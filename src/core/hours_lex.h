/*-------------------------------------------------------------------------
 *
 * hours_lex.h
 *	  Tokens of opening hours, and the errors about them.
 *
 * Private to the parser and the printer.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_HOURS_LEX_H
#define SLA_HOURS_LEX_H

#include "hours.h"

/* A token's kind is its character when it is one of -+*,;:/[]()= */
typedef enum HoursTokenKind
{
	HOURS_END = 256,			/* the end of the text */
	HOURS_NUMBER,				/* one to three digits: value */
	HOURS_YEAR,					/* four digits: value */
	HOURS_TIME,					/* "09:00", "9:00", "09:00:30.5": time */
	HOURS_WEEKDAY,				/* "Mo": value 0-6 */
	HOURS_MONTH,				/* "Jan": value 1-12 */
	HOURS_PH,
	HOURS_EASTER,
	HOURS_WEEK,
	HOURS_DAYS,					/* "day", "days" */
	HOURS_OFF,					/* "off", "closed" */
	HOURS_OPEN,
	HOURS_TZ,
	HOURS_WORD,					/* any other word */
	HOURS_JUNK					/* any other character or number */
} HoursTokenKind;

typedef struct HoursLexer
{
	const char *text;
	int			length;
	CoreError  *error;
	/* the current token: text[start, end) */
	int			kind;
	int			start;
	int			end;
	int			value;
	int64_t		time;			/* microseconds; -1 when out of range */
	bool		short_hour;		/* of a time: one digit */
	bool		has_seconds;	/* of a time: as written */
} HoursLexer;

/* Move on to the next token. */
extern void hours_next(HoursLexer *lex);

/*
 * Fail about the token text[start, end): the detail is "<token>" at position
 * n, and then "problem".  "hint" is a format.  Always returns false.
 */
extern bool hours_fail(HoursLexer *lex, CoreErrorKind kind, int start, int end,
					   const char *problem, const char *hint,...)
			__attribute__((format(printf, 6, 7)));

/*
 * Fail about the current token, where "expected" should stand; says what is
 * meant where that can be guessed.  Always returns false.
 */
extern bool hours_unexpected(HoursLexer *lex, const char *expected);

extern const char *const hours_weekday_names[7];
extern const char *const hours_month_names[12];

#endif							/* SLA_HOURS_LEX_H */
