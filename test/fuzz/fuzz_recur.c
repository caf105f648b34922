/*-------------------------------------------------------------------------
 *
 * fuzz_recur.c
 *	  libFuzzer target: a recurrence rule that recur_parse() takes gives dates
 *	  in order and within its bounds, a part of the span gives the same dates
 *	  of it, and no budget is overspent; what is refused has a reason.
 *
 * clang -g -fsanitize=fuzzer,address,undefined -Isrc test/fuzz/fuzz_recur.c \
 *	  src/core/recur.c src/core/core.c -o fuzz_recur
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "core/recur.h"

#define MAX_DATES	1000
#define BUDGET		20000

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const CoreMem mem = {NULL, NULL, NULL};

typedef struct Dates
{
	int32_t		from;
	int32_t		to;
	int32_t		last;
	int			n;
	int32_t		date[MAX_DATES];
} Dates;

static void
expect(bool condition)
{
	if (!condition)
		abort();
}

static void
collect(void *state, int32_t date)
{
	Dates	   *dates = state;

	expect(date >= dates->from && date < dates->to);
	expect(dates->n == 0 || date > dates->last);
	dates->last = date;
	if (dates->n < MAX_DATES)
		dates->date[dates->n] = date;
	dates->n++;
}

/* The dates of [from, to), none before "first"; false: the budget was used up. */
static bool
expand(const Recur *recur, int32_t start, int32_t first, int32_t from, int32_t to, Dates *dates)
{
	int64_t		budget = BUDGET;
	CoreError	error = {0};

	memset(dates, 0, sizeof(*dates));
	dates->from = first > from ? first : from;
	dates->to = to;
	if (recur_expand(recur, start, first, from, to, &budget, collect, dates, &mem, &error))
	{
		expect(budget >= 0 && budget <= BUDGET);
		expect(recur->count == 0 || dates->n <= recur->count);
		return true;
	}
	expect(error.kind == CORE_LIMIT);
	return false;
}

/* Two bytes as a number of days. */
static int32_t
days(const uint8_t *data)
{
	return (int32_t) data[0] << 8 | data[1];
}

static void
check_rule(const uint8_t *data, const char *text)
{
	static Dates whole;
	static Dates part;
	int32_t		start = days(data) - 32768;
	int32_t		first = start + days(data + 2) % 1000;
	int32_t		from = start + days(data + 4) % 2000;
	int32_t		to = from + days(data + 6) % 4000;
	int32_t		middle = from + (to - from) / 3;
	Recur		recur;
	CoreError	error = {0};

	if (!recur_parse(text, &recur, &error))
	{
		expect(error.kind != CORE_OK && error.detail[0] != '\0');
		return;
	}
	expect(recur.interval > 0 && recur.count >= 0);
	if (recur.until_kind != RECUR_FOREVER && recur.until / 86400 + 1 < to)
		return;					/* (the caller's) */
	if (!expand(&recur, start, first, from, to, &whole) ||
		!expand(&recur, start, first, middle, to, &part))
		return;
	expect(part.n <= whole.n);
	for (int i = 0; i < part.n && whole.n <= MAX_DATES; i++)
		expect(part.date[i] == whole.date[whole.n - part.n + i]);
	expect(part.n == whole.n || whole.n > MAX_DATES || whole.date[whole.n - part.n - 1] < middle);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int64_t		seconds;
	RecurUntil	kind;
	char	   *text;

	(void) recur_parse_time((const char *) data, size, &seconds, &kind);
	if (size < 8)
		return 0;
	text = malloc(size - 8 + 1);

	memcpy(text, data + 8, size - 8);
	text[		size - 8] = '\0';

	check_rule(data, text);
	free(text);
	return 0;
}
