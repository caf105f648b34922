/*-------------------------------------------------------------------------
 *
 * hours_lex.h
 *	  Lexical analysis of opening hours, and reporting of syntax errors.
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

/* The kind of a token; a token that is one of -+*,;:/[]()= has its own code. */
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
	int64_t		time;			/* microseconds; -1 if out of range */
	bool		short_hour;		/* the hour of a time has one digit */
	bool		has_seconds;	/* a time was written with seconds */
} HoursLexer;

/* Advance to the next token. */
extern void hours_next(HoursLexer *lex);

/*
 * Report an error at text[start, end).  The detail message quotes that text and
 * its position, followed by "problem"; "hint" is a format.  Always returns
 * false.
 */
extern bool hours_fail(HoursLexer *lex, CoreErrorKind kind, int start, int end,
					   const char *problem, const char *hint,...)
			__attribute__((format(printf, 6, 7)));

/*
 * Report that the current token is not the "expected" one; if the intended
 * meaning can be guessed, the hint shows how to write it.  Always returns false.
 */
extern bool hours_unexpected(HoursLexer *lex, const char *expected);

extern const char *const hours_weekday_names[7];
extern const char *const hours_month_names[12];

#endif							/* SLA_HOURS_LEX_H */
