/*-------------------------------------------------------------------------
 *
 * test_interval.c
 *	  Unit test of the text form of a business_interval.
 *
 * cc -Isrc test/unit/test_interval.c src/core/interval_text.c src/core/core.c
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/interval_text.h"

#define SEC		CORE_USECS_PER_SEC
#define MIN		CORE_USECS_PER_MINUTE
#define HOUR	CORE_USECS_PER_HOUR

static int	checks = 0;
static int	failures = 0;

/* Texts that are taken, their value, and what it prints as. */
static const struct
{
	const char *text;
	int32_t		days;
	int64_t		time;
	const char *calendar;
	const char *printed;
}			taken[] = {

	/* the forms of the contract */
	{"4 business hours", 0, 4 * HOUR, "", "4 bh"},
	{"4bh", 0, 4 * HOUR, "", "4 bh"},
	{"1 bd 4 bh 30 bm @support", 1, 4 * HOUR + 30 * MIN, "support", "1 bd 4 bh 30 bm @support"},
	{"2 business days @emea", 2, 0, "emea", "2 bd @emea"},
	{"-30 bm", 0, -30 * MIN, "", "-30 bm"},
	{"90.5 bs", 0, 90 * SEC + 500000, "", "1 bm 30.5 bs"},
	{"04:30:00 @support", 0, 4 * HOUR + 30 * MIN, "support", "4 bh 30 bm @support"},
	{"P2DT4H30M", 2, 4 * HOUR + 30 * MIN, "", "2 bd 4 bh 30 bm"},
	{"15.5 bs", 0, 15 * SEC + 500000, "", "15.5 bs"},
	{"-4 bh @support", 0, -4 * HOUR, "support", "-4 bh @support"},
	{"0 bh", 0, 0, "", "0 bh"},
	/* words, case, spacing, order */
	{"1day2hours3minutes4seconds", 1, 2 * HOUR + 3 * MIN + 4 * SEC, "", "1 bd 2 bh 3 bm 4 bs"},
	{"4 S 3 Min 2 HRS 1 D", 1, 2 * HOUR + 3 * MIN + 4 * SEC, "", "1 bd 2 bh 3 bm 4 bs"},
	{"1 m", 0, MIN, "", "1 bm"},
	{"1 BUSINESS day 2business Hour", 1, 2 * HOUR, "", "1 bd 2 bh"},
	{" \t\n1 bh \r\n", 0, HOUR, "", "1 bh"},
	{"1 bh@a", 0, HOUR, "a", "1 bh @a"},
	{"3 ms 4 us", 0, 3004, "", "0.003004 bs"},
	{"1.5 msec 2 microseconds 1 sec", 0, SEC + 1502, "", "1.001502 bs"},
	{"90 bm", 0, 90 * MIN, "", "1 bh 30 bm"},
	{"36 h", 0, 36 * HOUR, "", "36 bh"},
	/* signs: each field its own */
	{"-1 bd 4 bh", -1, 4 * HOUR, "", "-1 bd 4 bh"},
	{"1 bd -4 bh -30 bm", 1, -4 * HOUR - 30 * MIN, "", "1 bd -4 bh -30 bm"},
	{"+1 bd - 4 bh 30 bm", 1, -4 * HOUR + 30 * MIN, "", "1 bd -3 bh -30 bm"},
	{"2 days -04:30", 2, -4 * HOUR - 30 * MIN, "", "2 bd -4 bh -30 bm"},
	{"-0 bh", 0, 0, "", "0 bh"},
	/* clock time */
	{"2 days 04:30:00", 2, 4 * HOUR + 30 * MIN, "", "2 bd 4 bh 30 bm"},
	{"4:5", 0, 4 * HOUR + 5 * MIN, "", "4 bh 5 bm"},
	{"100:00:59.999999", 0, 101 * HOUR - HOUR + 59 * SEC + 999999, "", "100 bh 59.999999 bs"},
	{"0:59:59.9999999", 0, HOUR, "", "1 bh"},
	/* fractions: exact, half to even */
	{"0.1 bh", 0, 6 * MIN, "", "6 bm"},
	{".5h", 0, 30 * MIN, "", "30 bm"},
	{"5. s", 0, 5 * SEC, "", "5 bs"},
	{"1.0 bd", 1, 0, "", "1 bd"},
	{"0.0000005 s", 0, 0, "", "0 bh"},
	{"0.0000015 s", 0, 2, "", "0.000002 bs"},
	{"0.00000050000000000000000001 s", 0, 1, "", "0.000001 bs"},
	{"0.000000000138888888 h", 0, 0, "", "0 bh"},
	{"0.000000000138888889 h", 0, 1, "", "0.000001 bs"},
	{"0.000000001388 h", 0, 5, "", "0.000005 bs"},
	{"-0.0000015 s", 0, -2, "", "-0.000002 bs"},
	{"0.9999999999999999999999 h", 0, HOUR, "", "1 bh"},
	/* ISO 8601 */
	{"P1D", 1, 0, "", "1 bd"},
	{"PT0S", 0, 0, "", "0 bh"},
	{"PT1.5H", 0, 90 * MIN, "", "1 bh 30 bm"},
	{"P-1DT-2H+3M", -1, -2 * HOUR + 3 * MIN, "", "-1 bd -1 bh -57 bm"},
	{"p1dt2h@x", 1, 2 * HOUR, "x", "1 bd 2 bh @x"},
	{" PT1M @x ", 0, MIN, "x", "1 bm @x"},
	/* names */
	{"1 h @24/7", 0, HOUR, "24/7", "1 bh @24/7"},
	{"1 h @\"my cal\"", 0, HOUR, "my cal", "1 bh @\"my cal\""},
	{"1 h @\"plain\"", 0, HOUR, "plain", "1 bh @plain"},
	{"1 h @\"a\"\"b\"", 0, HOUR, "a\"b", "1 bh @\"a\"\"b\""},
	{"1 h @\"\"\"\"", 0, HOUR, "\"", "1 bh @\"\"\"\""},
	{"1 h @\"@\"", 0, HOUR, "@", "1 bh @\"@\""},
	{"1 h @m\xc3\xbcnchen", 0, HOUR, "m\xc3\xbcnchen", "1 bh @\"m\xc3\xbcnchen\""},
	{"1 h @AZaz09_./:+-", 0, HOUR, "AZaz09_./:+-", "1 bh @AZaz09_./:+-"},
	/* limits */
	{"2147483647 bd", INT32_MAX, 0, "", "2147483647 bd"},
	{"-2147483648 bd", INT32_MIN, 0, "", "-2147483648 bd"},
	{"9223372036854775807 us", 0, INT64_MAX, "", "2562047788 bh 54.775807 bs"},
	{"-9223372036854775808 us", 0, INT64_MIN, "", "-2562047788 bh -54.775808 bs"},
	{"-2562047788:00:54.775808", 0, INT64_MIN, "", "-2562047788 bh -54.775808 bs"}
};

/* Texts that are refused, how, and where. */
static const struct
{
	const char *text;
	CoreErrorKind kind;
	int			position;
	const char *detail;			/* a part of it */
}			refused[] = {
	{"", CORE_SYNTAX, 0, "empty"},
	{"  ", CORE_SYNTAX, 2, "empty"},
	{"@support", CORE_SYNTAX, 0, "\"@support\""},
	{"4", CORE_SYNTAX, 0, "without a unit: \"4\""},
	{"1 bd 4 @x", CORE_SYNTAX, 5, "without a unit: \"4\""},
	{"1 04:30:00", CORE_SYNTAX, 0, "without a unit: \"1\""},
	{"4 business", CORE_SYNTAX, 0, "without a unit: \"4 business\""},
	{"4 business bh", CORE_SYNTAX, 11, "Unknown unit \"bh\""},
	{"4 fortnights", CORE_SYNTAX, 2, "Unknown unit \"fortnights\" at position 3."},
	{"4 \xc2\xb5s", CORE_SYNTAX, 2, "Unknown unit \"\xc2\xb5s\" at position 3."},
	{"4 bh \xe2\x82\xac\xe2\x82\xac @x", CORE_SYNTAX, 5, "\"\xe2\x82\xac\xe2\x82\xac\" at position 6."},
	{"4 bh \xe2\x82\xac\xe2\x82\xac x", CORE_SYNTAX, 5, "\"\xe2\x82\xac\xe2\x82\xac\" at position 6."},
	{"4 bh @\xe2\x82\xac\xe2\x82\xac !", CORE_SYNTAX, 13, "\"!\" at position 10."},
	{"4 \xc2 \x01", CORE_SYNTAX, 2, "Unknown unit \"\\xc2\" at position 3."},
	{"4 bh \xf0\x9f\x98", CORE_SYNTAX, 5, "\"\\xf0\\x9f\\x98\" at position 6."},
	{"4 \xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc", CORE_SYNTAX, 2, "\xc3\xbc...\" at position 3."},
	{"1 week", CORE_UNSUPPORTED, 2, "Weeks"},
	{"1 bd 2 mons", CORE_UNSUPPORTED, 7, "Months"},
	{"1Year", CORE_UNSUPPORTED, 1, "Years"},
	{"1 business week", CORE_UNSUPPORTED, 11, "Weeks"},
	{"P1W", CORE_UNSUPPORTED, 1, "Weeks"},
	{"P1M", CORE_UNSUPPORTED, 1, "Months"},
	{"P1Y2D", CORE_UNSUPPORTED, 1, "Years"},
	{"1.5 bd", CORE_FRACTION, 0, "\"1.5 bd\""},
	{"P0.5D", CORE_FRACTION, 1, "\"0.5D\""},
	{"0.0000000000000000000000001 bd", CORE_FRACTION, 0, "whole"},
	{"NaN", CORE_SYNTAX, 0, "\"NaN\""},
	{"nan bh", CORE_SYNTAX, 0, "\"nan\""},
	{"infinity", CORE_SYNTAX, 0, "\"infinity\""},
	{"1 bh ago", CORE_SYNTAX, 5, "\"ago\""},
	{"--1 bh", CORE_SYNTAX, 0, "\"--1\""},
	{"-", CORE_SYNTAX, 0, "\"-\""},
	{".bh", CORE_SYNTAX, 0, "\".bh\""},
	{"1e3 bs", CORE_SYNTAX, 1, "Unknown unit \"e\""},
	{"0x10 bh", CORE_SYNTAX, 1, "Unknown unit \"x\""},
	{"1,5 bh", CORE_SYNTAX, 0, "without a unit: \"1\""},
	{"1 bd, 2 bh", CORE_SYNTAX, 4, "\",\""},
	{"1 bh 2 bh", CORE_SYNTAX, 5, "hours: \"2 bh\""},
	{"1 bh 04:30", CORE_SYNTAX, 5, "the time: \"04:30\""},
	{"04:30 5 s", CORE_SYNTAX, 6, "seconds: \"5 s\""},
	{"PT1H1H", CORE_SYNTAX, 4, "hours: \"1H\""},
	{"4:", CORE_SYNTAX, 2, "colon"},
	{"4:x", CORE_SYNTAX, 2, "colon"},
	{"4:-30", CORE_SYNTAX, 2, "colon"},
	{"30:15.5", CORE_SYNTAX, 0, "Only the seconds"},
	{"1.5:30", CORE_SYNTAX, 0, "Only the seconds"},
	{"4:60", CORE_FIELD_RANGE, 0, "\"4:60\""},
	{"4:00:60", CORE_FIELD_RANGE, 0, "\"4:00:60\""},
	{"1:2:3:4", CORE_SYNTAX, 5, "\":4\""},
	{"04:30:00 bh", CORE_SYNTAX, 9, "\"bh\""},
	{"P", CORE_SYNTAX, 1, "incomplete"},
	{"PT", CORE_SYNTAX, 2, "incomplete"},
	{"P1DT", CORE_SYNTAX, 4, "incomplete"},
	{"P1", CORE_SYNTAX, 1, "without a unit"},
	{"P1H", CORE_SYNTAX, 0, "\"P1H\""},
	{"P1D2", CORE_SYNTAX, 3, "without a unit"},
	{"PT1D", CORE_SYNTAX, 0, "\"PT1D\""},
	{"P 1D", CORE_SYNTAX, 1, "number"},
	{"PT1H 1 bd", CORE_SYNTAX, 5, "\"1\""},
	{"-P1D", CORE_SYNTAX, 0, "\"-P1D\""},
	{"2147483648 bd", CORE_FIELD_RANGE, 0, "2147483648 bd"},
	{"-2147483649 bd", CORE_FIELD_RANGE, 0, "-2147483649 bd"},
	{"9223372036854775808 us", CORE_FIELD_RANGE, 0, "9223372036854775808 us"},
	{"-9223372036854775809 us", CORE_FIELD_RANGE, 0, "-9223372036854775809 us"},
	{"2562047789 bh", CORE_FIELD_RANGE, 0, "2562047789 bh"},
	{"2562047788 bh 1 bm", CORE_FIELD_RANGE, 14, "1 bm"},
	{"2562047788:01", CORE_FIELD_RANGE, 0, "2562047788:01"},
	{"18446744073709551616 bs", CORE_FIELD_RANGE, 0, "18446744073709551616 bs"},
	{"99999999999999999999999999:00", CORE_FIELD_RANGE, 0, "too large"},
	{"1 bh @", CORE_SYNTAX, 5, "missing"},
	{"1 bh @ x", CORE_SYNTAX, 5, "missing"},
	{"1 bh @\"\"", CORE_SYNTAX, 5, "missing"},
	{"1 bh @\"x", CORE_SYNTAX, 8, "closing"},
	{"1 bh @\"x\"\"", CORE_SYNTAX, 10, "closing"},
	{"1 bh @x y", CORE_SYNTAX, 8, "\"y\""},
	{"1 bh @x@y", CORE_SYNTAX, 7, "\"@y\""},
	{"1 bh @x\"y\"", CORE_SYNTAX, 7, "\"\"y\"\""},
	{"1 bh @\"x\"y", CORE_SYNTAX, 9, "\"y\""}
};

static void
check(bool condition, const char *text, const char *what)
{
	checks++;
	if (!condition)
	{
		failures++;
		printf("not ok: \"%s\": %s\n", text, what);
	}
}

static void
check_taken(const char *text, int32_t days, int64_t time, const char *calendar,
			int calendar_len, const char *printed)
{
	IntervalValue value;
	CoreError	error;
	char		out[INTERVAL_MAX_TEXT];

	if (!interval_parse(text, strlen(text), &value, &error))
	{
		check(false, text, error.detail);
		return;
	}
	check(value.days == days, text, "days");
	check(value.time == time, text, "time");
	check(value.calendar_len == calendar_len &&
		  memcmp(value.calendar, calendar, (size_t) calendar_len) == 0,
		  text, "calendar");
	check(interval_print(value.days, value.time, value.calendar,
						 value.calendar_len, out) == strlen(out), text, "length");
	check(strcmp(out, printed) == 0, text, out);
}

static uint64_t
random_bits(void)
{
	static uint64_t state = UINT64_C(20261122);

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

int
main(void)
{
	char		name[INTERVAL_MAX_CALENDAR + 1];
	char text[	INTERVAL_MAX_TEXT];
	IntervalValue value;
	CoreError	error;

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
	{
		check_taken(taken[i].text, taken[i].days, taken[i].time,
					taken[i].calendar, (int) strlen(taken[i].calendar),
					taken[i].printed);
		check_taken(taken[i].printed, taken[i].days, taken[i].time,
					taken[i].calendar, (int) strlen(taken[i].calendar),
					taken[i].printed);
	}

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
	{
		if (interval_parse(refused[i].text, strlen(refused[i].text), &value, &error))
		{
			check(false, refused[i].text, "taken");
			continue;
		}
		check(error.kind == refused[i].kind, refused[i].text, "kind");
		check(error.position == refused[i].position, refused[i].text, error.detail);
		check(strstr(error.detail, refused[i].detail) != NULL,
			  refused[i].text, error.detail);
		check(!interval_parse(refused[i].text, strlen(refused[i].text), &value, NULL),
			  refused[i].text, "without an error");
	}

	/* the longest text, and a name of one byte more */
	memset(name, '"', sizeof(name));
	check(interval_print(INT32_MIN, -(HOUR * 2562047787 + 59 * MIN + 59 * SEC + 999999),
						 name, INTERVAL_MAX_CALENDAR, text) < sizeof(text),
		  text, "longest");
	check(interval_parse(text, strlen(text), &value, &error) &&
		  value.calendar_len == INTERVAL_MAX_CALENDAR, text, "longest");
	memset(name, 'x', sizeof(name));
	snprintf(text, sizeof(text), "1 bh @%.64s", name);
	check(!interval_parse(text, strlen(text), &value, &error) &&
		  strstr(error.detail, "63 bytes") != NULL, text, "too long a name");
	text[		strlen(text) - 1] = '\0';

	check(interval_parse(text, strlen(text), &value, &error), text, "longest name");

	snprintf(text, sizeof(text), "1 bh @\"%.64s\"", name);
	check(!interval_parse(text, strlen(text), &value, &error) &&
		  strstr(error.detail, "63 bytes") != NULL, text, "too long a quoted name");

	/* zero bytes, and text that is not terminated */
	check(!interval_parse("1 bh\0", 5, &value, &error), "1 bh\\0", "zero byte");
	check(!interval_parse("1 bh @\"\0\"", 9, &value, &error), "@\"\\0\"", "zero byte");
	check(interval_parse("1 bhx", 4, &value, &error), "1 bh", "not terminated");

	/* every value reads back */
	for (int i = 0; i < 1000000; i++)
	{
		int32_t		days = (int32_t) ((int64_t) random_bits() >> (32 + random_bits() % 32));
		int64_t		time = (int64_t) random_bits() >> random_bits() % 64;
		size_t		length = interval_print(days, time, "c", 1, text);

		if (!interval_parse(text, length, &value, &error) ||
			value.days != days || value.time != time)
		{
			check(false, text, "does not read back");
			break;
		}
	}

	printf("%d checks, %d failures\n", checks, failures);
	return failures != 0;
}
