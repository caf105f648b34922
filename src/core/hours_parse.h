/*-------------------------------------------------------------------------
 *
 * hours_parse.h
 *	  What the two halves of the parser of opening hours share.
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
	int			nrules;			/* of all leaves */
	int			parens;			/* open now */
	bool		in_zone;		/* inside "TZ=zone (...)" */
} HoursParser;

/* The kind of the current token. */
#define TOKEN(parser)	((parser)->lex.kind)

/* Fail about the current token; the hint is a format. */
#define fail_token(parser, kind, problem, ...) \
	hours_fail(&(parser)->lex, kind, (parser)->lex.start, (parser)->lex.end, \
			   problem, __VA_ARGS__)

static inline void
next_token(HoursParser *parser)
{
	hours_next(&parser->lex);
}

/* Memory, or NULL with the error set. */
extern void *hours_allocate(HoursParser *parser, size_t size);

/*
 * Room for one more item of "size" bytes in an array of *capacity that holds
 * "count": the array, moved when it had to grow, or NULL with the error set.
 */
extern void *hours_make_room(HoursParser *parser, void *array, int count,
							 int *capacity, size_t size);

/* Sort "count" items of "size" (at most 32) bytes in place. */
extern void hours_sort(void *items, int count, size_t size,
					   int (*compare) (const void *a, const void *b));

/*
 * The selectors, each from the current token on.  They return false with the
 * error set.
 */
extern bool hours_parse_span_list(HoursParser *parser, int *nspans,
								  HoursSpan **spans);
extern bool hours_parse_years(HoursParser *parser, HoursRule *rule);
extern bool hours_parse_weeks(HoursParser *parser, HoursRule *rule);
extern bool hours_parse_dates(HoursParser *parser, HoursRule *rule);
extern bool hours_parse_weekdays(HoursParser *parser, HoursRule *rule);

/* Sort years or weeks and drop the repeated ones. */
extern void hours_order_steps(HoursStep *steps, int *count);

/*
 * At a year: does it belong to a date ("2026 Dec 24", "2026 easter"), or is
 * it a selector ("2026", "2026 Dec", "2026-2028 Dec 24")?
 */
extern bool hours_year_begins_date(const HoursParser *parser);

#endif							/* SLA_HOURS_PARSE_H */
