/*-------------------------------------------------------------------------
 *
 * fuzz_hours.c
 *	  libFuzzer target: opening hours to and from text.
 *
 * What parses must print, and the canonical text must parse to the same value
 * and print the same; an error must say something.  The same bytes go through
 * the parser of a holiday's hours.
 *
 * From the top of the project, for five minutes:
 *
 *	clang -g -O1 -fsanitize=fuzzer,address,undefined -Isrc/core \
 *		test/fuzz/fuzz_hours.c src/core/core.c src/core/hours_lex.c \
 *		src/core/hours_select.c src/core/hours_parse.c \
 *		src/core/hours_print.c src/core/hours_expr.c -o /tmp/fuzz_hours
 *	mkdir -p /tmp/corpus_hours
 *	/tmp/fuzz_hours -dict=test/fuzz/hours.dict -max_len=400 \
 *		-max_total_time=300 /tmp/corpus_hours
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "hours.h"

#include <stdlib.h>
#include <string.h>

#define MAX_BLOCKS		100000

/* Every block apart, so that the address sanitizer sees its ends. */
static void *blocks[MAX_BLOCKS];
static int	nblocks;

static void *
fuzz_alloc(void *context, size_t size)
{
	if (nblocks == MAX_BLOCKS)
		return NULL;
	return blocks[nblocks++] = malloc(size);
}

static void
check_error(const CoreError *error)
{
	if (error->kind == CORE_OK || error->detail[0] == '\0' ||
		memchr(error->detail, '\0', sizeof(error->detail)) == NULL ||
		memchr(error->hint, '\0', sizeof(error->hint)) == NULL)
		abort();
}

static bool
same_spans(const HoursSpan *a, const HoursSpan *b, int count)
{
	return count <= 0 || memcmp(a, b, count * sizeof(HoursSpan)) == 0;
}

static bool
same_steps(const HoursStep *a, const HoursStep *b, int count)
{
	int			i;

	for (i = 0; i < count; i++)
		if (a[i].from != b[i].from || a[i].to != b[i].to ||
			a[i].step != b[i].step || a[i].open_ended != b[i].open_ended)
			return false;
	return true;
}

static bool
same_date(const HoursDate *a, const HoursDate *b)
{
	return a->kind == b->kind && a->year == b->year && a->month == b->month &&
		a->day == b->day && a->offset == b->offset;
}

static bool
same_rule(const HoursRule *a, const HoursRule *b)
{
	int			i;

	if (a->additional != b->additional || a->off != b->off ||
		a->always != b->always || a->only_holidays != b->only_holidays ||
		a->nyears != b->nyears || a->nweeks != b->nweeks ||
		a->ndates != b->ndates || a->nweekdays != b->nweekdays ||
		a->nspans != b->nspans)
		return false;
	for (i = 0; i < a->ndates; i++)
		if (!same_date(&a->dates[i].from, &b->dates[i].from) ||
			!same_date(&a->dates[i].to, &b->dates[i].to) ||
			a->dates[i].open_ended != b->dates[i].open_ended)
			return false;
	for (i = 0; i < a->nweekdays; i++)
		if (a->weekdays[i].holiday != b->weekdays[i].holiday ||
			a->weekdays[i].from != b->weekdays[i].from ||
			a->weekdays[i].to != b->weekdays[i].to ||
			a->weekdays[i].nth != b->weekdays[i].nth)
			return false;
	return same_steps(a->years, b->years, a->nyears) &&
		same_steps(a->weeks, b->weeks, a->nweeks) &&
		same_spans(a->spans, b->spans, a->nspans);
}

/* A zone may be left out where it is the first operand's. */
static bool
same_expr(const HoursExpr *a, const HoursExpr *b)
{
	int			i;

	if (a->kind != b->kind || strcmp(hours_zone(a), hours_zone(b)) != 0)
		return false;
	if (a->kind != HOURS_LEAF)
		return same_expr(a->left, b->left) && same_expr(a->right, b->right);
	if (a->nrules != b->nrules || a->nholidays != b->nholidays)
		return false;
	for (i = 0; i < a->nrules; i++)
		if (!same_rule(&a->rules[i], &b->rules[i]))
			return false;
	for (i = 0; i < a->nholidays; i++)
		if (a->holidays[i].date != b->holidays[i].date ||
			a->holidays[i].nspans != b->holidays[i].nspans ||
			!same_spans(a->holidays[i].spans, b->holidays[i].spans,
						a->holidays[i].nspans))
			return false;
	return true;
}

int			LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CoreMem		mem = {fuzz_alloc, NULL, NULL};
	CoreError	error = {CORE_OK};
	char	   *text = malloc(size > 0 ? size : 1);
	HoursExpr  *expr;
	HoursExpr  *same;
	HoursSpan  *spans;
	int			nspans;
	int			i;

	memcpy(text, data, size);	/* without a terminator */

	expr = hours_parse(text, size, &mem, &error);
	if (expr == NULL)
		check_error(&error);
	else
	{
		size_t		length;
		size_t		again_length;
		char	   *canonical = hours_print(expr, &mem, &length);
		char	   *again;

		same = hours_parse(canonical, length, &mem, &error);
		if (same == NULL || strlen(canonical) != length || !same_expr(expr, same))
			abort();
		again = hours_print(same, &mem, &again_length);
		if (again_length != length || memcmp(again, canonical, length) != 0)
			abort();
	}

	memset(&error, 0, sizeof(error));
	if (hours_parse_spans(text, size, &mem, &nspans, &spans, &error))
	{
		for (i = 0; i < nspans; i++)
			if (spans[i].from < 0 || spans[i].from >= CORE_USECS_PER_DAY ||
				spans[i].to <= spans[i].from || spans[i].to > 2 * CORE_USECS_PER_DAY ||
				(i > 0 && spans[i].from <= spans[i - 1].to))
				abort();
	}
	else
		check_error(&error);

	while (nblocks > 0)
		free(blocks[--nblocks]);
	free(text);
	return 0;
}
