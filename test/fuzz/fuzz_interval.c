/*-------------------------------------------------------------------------
 *
 * fuzz_interval.c
 *	  libFuzzer target: what interval_parse() takes prints to a text that
 *	  parses to the same value and prints to itself; what it refuses has a
 *	  reason.
 *
 * clang -g -fsanitize=fuzzer,address,undefined -Isrc test/fuzz/fuzz_interval.c \
 *	  src/core/interval_text.c src/core/core.c -o fuzz_interval
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "core/interval_text.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect(bool condition)
{
	if (!condition)
		abort();
}

static void
check_round_trip(int32_t days, int64_t time, const char *calendar, int length)
{
	char text[	INTERVAL_MAX_TEXT];
	char		again[INTERVAL_MAX_TEXT];
	size_t		n = interval_print(days, time, calendar, length, text);
	IntervalValue value;

	expect(n < sizeof(text) && text[n] == '\0');
	expect(interval_parse(text, n, &value, NULL));
	expect(value.days == days && value.time == time);
	expect(value.calendar_len == length &&
		   (length == 0 || memcmp(value.calendar, calendar, (size_t) length) == 0));
	expect(interval_print(value.days, value.time, value.calendar,
						  value.calendar_len, again) == n);
	expect(memcmp(text, again, n + 1) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	IntervalValue value;
	CoreError	error;

	/* the bytes as a text */
	if (interval_parse((const char *) data, size, &value, &error))
		check_round_trip(value.days, value.time, value.calendar,
						 value.calendar_len);
	else
	{
		expect(error.kind != CORE_OK && error.detail[0] != '\0');
		expect(error.position >= 0 && error.length >= 0 &&
			   (size_t) error.position + (size_t) error.length <= size);
	}

	/* the bytes as a value: days, time, name */
	if (size >= 12 && size - 12 <= INTERVAL_MAX_CALENDAR &&
		memchr(data + 12, '\0', size - 12) == NULL)
	{
		int32_t		days;
		int64_t		time;

		memcpy(&days, data, sizeof(days));
		memcpy(&time, data + 4, sizeof(time));
		check_round_trip(days, time, (const char *) data + 12,
						 (int) (size - 12));
	}
	return 0;
}
