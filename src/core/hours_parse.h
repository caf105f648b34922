/*-------------------------------------------------------------------------
 *
 * hours_parse.h
 *	  Declarations shared by the two files of the parser of opening hours.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_HOURS_PARSE_H
#define SLA_HOURS_PARSE_H

#include "hours_lex.h"

typedef struct HoursParser
{
	HoursLexer	lex;
	CoreMem    *mem;
	int			nrules;			/* in all leaves so far */
	int			parens;			/* currently open */
	bool		in_zone;		/* inside "TZ=zone (...)" */
} HoursParser;

/* The kind of the current token. */
#define TOKEN(parser)	((parser)->lex.kind)

/* Report an error at the current token; the hint is a format. */
#define fail_token(parser, kind, problem, ...) \
	hours_fail(&(parser)->lex, kind, (parser)->lex.start, (parser)->lex.end, \
			   problem, __VA_ARGS__)

static inline void
next_token(HoursParser *parser)
{
	hours_next(&parser->lex);
}

/* Allocate memory; on failure set the error and return NULL. */
extern void *hours_allocate(HoursParser *parser, size_t size);

/*
 * Make room for one more item of "size" bytes in an array with "count" items and
 * room for *capacity.  Returns the array, which may have moved; on failure sets
 * the error and returns NULL.
 */
extern void *hours_make_room(HoursParser *parser, void *array, int count,
							 int *capacity, size_t size);

/* Sort "count" items of "size" bytes (at most 32) in place. */
extern void hours_sort(void *items, int count, size_t size,
					   int (*compare) (const void *a, const void *b));

/*
 * Parse a selector that begins at the current token.  On failure these set the
 * error and return false.
 */
extern bool hours_parse_span_list(HoursParser *parser, int *nspans,
								  HoursSpan **spans);
extern bool hours_parse_years(HoursParser *parser, HoursRule *rule);
extern bool hours_parse_weeks(HoursParser *parser, HoursRule *rule);
extern bool hours_parse_dates(HoursParser *parser, HoursRule *rule);
extern bool hours_parse_weekdays(HoursParser *parser, HoursRule *rule);

/* Sort years or weeks and remove duplicates. */
extern void hours_order_steps(HoursStep *steps, int *count);

/*
 * Does the year at the current token belong to a date ("2026 Dec 24",
 * "2026 easter")?  Otherwise it is a selector of its own ("2026", "2026 Dec",
 * "2026-2028 Dec 24").
 */
extern bool hours_year_begins_date(const HoursParser *parser);

#endif							/* SLA_HOURS_PARSE_H */
