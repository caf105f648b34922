/*-------------------------------------------------------------------------
 *
 * test_recur.c
 *	  Unit test of recurrence rules: the examples of RFC 5545, 3.8.5.3, and
 *	  rules that are not taken.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "core/recur.h"

#define MAX_DATES	12

static int	checks = 0;
static int	failures = 0;

#define CHECK(ok, ...) \
	do { \
		checks++; \
		if (!(ok)) \
		{ \
			failures++; \
			printf("line %d: ", __LINE__); \
			printf(__VA_ARGS__); \
			printf("\n"); \
		} \
	} while (0)

/* A rule, its DTSTART, and the first dates it gives up to 2020. */
static const struct
{
	const char *rule;
	int			start;
	int			date[MAX_DATES + 1];	/* 0 ends the list */
	bool		more;			/* it goes on */
}			given[] = {
	{"FREQ=DAILY;COUNT=3", 19970902, {19970902, 19970903, 19970904}, false},
	{"FREQ=DAILY;INTERVAL=10;COUNT=5", 19970902, {19970902, 19970912, 19970922, 19971002, 19971012}, false},
	{"FREQ=DAILY;INTERVAL=2", 19970902, {19970902, 19970904, 19970906}, true},
	{"FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", 19970902,
	{19970902, 19970904, 19970916, 19970918, 19970930, 19971002, 19971014, 19971016}, false},
	{"FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", 19970805,
	{19970805, 19970810, 19970819, 19970824}, false},
	{"FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", 19970805,
	{19970805, 19970817, 19970819, 19970831}, false},
	{"FREQ=MONTHLY;COUNT=10;BYDAY=1FR", 19970905,
	{19970905, 19971003, 19971107, 19971205, 19980102, 19980206, 19980306, 19980403, 19980501, 19980605}, false},
	{"FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU", 19970907,
	{19970907, 19970928, 19971102, 19971130, 19980104, 19980125, 19980301, 19980329, 19980503, 19980531}, false},
	{"FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", 19970922,
	{19970922, 19971020, 19971117, 19971222, 19980119, 19980216}, false},
	{"FREQ=MONTHLY;BYMONTHDAY=-3", 19970928,
	{19970928, 19971029, 19971128, 19971229, 19980129, 19980226}, true},
	{"FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1", 19970930,
	{19970930, 19971001, 19971031, 19971101, 19971130, 19971201, 19971231, 19980101, 19980131, 19980201}, false},
	{"FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", 20070115,
	{20070115, 20070130, 20070215, 20070315, 20070330}, false},
	{"FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", 19970902,
	{19980213, 19980313, 19981113, 19990813, 20001013}, true},
	{"FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", 19970904,
	{19970904, 19971007, 19971106}, false},
	{"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", 19970929,
	{19970929, 19971030, 19971127, 19971230, 19980129, 19980226, 19980330}, true},
	{"FREQ=YEARLY;COUNT=10;BYMONTH=6,7", 19970610,
	{19970610, 19970710, 19980610, 19980710, 19990610, 19990710, 20000610, 20000710, 20010610, 20010710}, false},
	{"FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200", 19970101,
	{19970101, 19970410, 19970719, 20000101, 20000409, 20000718, 20030101, 20030410, 20030719, 20060101}, false},
	{"FREQ=YEARLY;BYDAY=20MO", 19970519, {19970519, 19980518, 19990517}, true},
	{"FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", 19970512, {19970512, 19980511, 19990517}, true},
	{"FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", 19961105,
	{19961105, 20001107, 20041102}, true},
	/* days that not every year or month has */
	{"FREQ=YEARLY", 20000229, {20000229, 20040229, 20080229, 20120229, 20160229}, false},
	{"FREQ=MONTHLY", 19970131, {19970131, 19970331, 19970531, 19970731, 19970831}, true},
};

static const char *const refused[] = {
	"", "DAILY", "FREQ=", "FREQ=FORTNIGHTLY", "FREQ=DAILY;FREQ=DAILY", "COUNT=3",
	"FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=-1", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;COUNT=99999999999999999999",
	"FREQ=DAILY;COUNT=3;UNTIL=20261231", "FREQ=DAILY;UNTIL=20260231", "FREQ=DAILY;UNTIL=tomorrow",
	"FREQ=MONTHLY;BYMONTHDAY=0", "FREQ=MONTHLY;BYMONTHDAY=32", "FREQ=YEARLY;BYMONTH=13",
	"FREQ=YEARLY;BYYEARDAY=367", "FREQ=YEARLY;BYWEEKNO=54", "FREQ=WEEKLY;BYDAY=XX", "FREQ=MONTHLY;BYDAY=54MO",
	"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYDAY=", "FREQ=DAILY;;COUNT=1", "FREQ=DAILY;X=1",
};

typedef struct Dates
{
	int			n;
	int32_t		date[MAX_DATES];
} Dates;

static void
collect(void *state, int32_t date)
{
	Dates	   *dates = state;

	if (dates->n < MAX_DATES)
		dates->date[dates->n] = date;
	dates->n++;
}

static int32_t
date_of(int number)
{
	return core_date(number / 10000, number / 100 % 100, number % 100);
}

static void
test_given(int i)
{
	static const CoreMem mem = {NULL, NULL, NULL};
	const char *rule = given[i].rule;
	int32_t		start = date_of(given[i].start);
	int64_t		budget = 10000000;
	int64_t		little = 2;
	Dates		dates = {0};
	CoreError	error = {0};
	Recur		recur;
	int			n = 0;

	CHECK(recur_parse(rule, &recur, &error), "%s: %s", rule, error.detail);
	CHECK(recur_expand(&recur, start, start, start, date_of(20200101), &budget, collect, &dates, &mem, &error),
		  "%s: %s", rule, error.detail);
	for (; given[i].date[n] != 0; n++)
	{
		int			year;
		int			month;
		int			day;

		if (n >= dates.n)
			break;
		core_civil(dates.date[n], &year, &month, &day);
		CHECK(dates.date[n] == date_of(given[i].date[n]), "%s: date %d is %04d-%02d-%02d", rule, n, year, month, day);
	}
	CHECK(given[i].date[n] == 0 && (given[i].more ? dates.n > n : dates.n == n), "%s: %d dates", rule, dates.n);

	/* the same of a window only, from the second date on */
	if (n > 1 && n < MAX_DATES)
	{
		int			all = dates.n;

		dates.n = 0;
		CHECK(recur_expand(&recur, start, start, date_of(given[i].date[1]), date_of(20200101), &budget,
						   collect, &dates, &mem, &error), "%s: window", rule);
		CHECK(dates.n == all - 1 && dates.date[0] == date_of(given[i].date[1]), "%s: %d of %d dates in the window", rule, dates.n, all);
	}

	CHECK(!recur_expand(&recur, start, start, start, date_of(20200101), &little, collect, &dates, &mem, &error) &&
		  error.kind == CORE_LIMIT, "%s: within no budget", rule);
}

static void
test_times(void)
{
	int64_t		seconds;
	RecurUntil	kind;
	Recur		recur;
	CoreError	error = {0};

	CHECK(recur_parse_time("20000102", 8, &seconds, &kind) && seconds == 86400 && kind == RECUR_UNTIL_DATE, "a date");
	CHECK(recur_parse_time("19991231T235958", 15, &seconds, &kind) && seconds == -2 && kind == RECUR_UNTIL_LOCAL, "a local time");
	CHECK(recur_parse_time("20000101T000001Z", 16, &seconds, &kind) && seconds == 1 && kind == RECUR_UNTIL_UTC, "a UTC time");
	CHECK(!recur_parse_time("20000230", 8, &seconds, &kind), "February 30th");
	CHECK(!recur_parse_time("20000101T240000", 15, &seconds, &kind), "24 o'clock");
	CHECK(!recur_parse_time("20000101T0000", 13, &seconds, &kind), "no seconds");
	CHECK(!recur_parse_time("", 0, &seconds, &kind), "nothing");
	CHECK(recur_parse("FREQ=WEEKLY;UNTIL=19991231T235958Z", &recur, &error) && recur.until == -2 &&
		  recur.until_kind == RECUR_UNTIL_UTC && recur.count == 0 && recur.week_start == 0, "until");
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		test_given((int) i);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
	{
		CoreError	error = {0};
		Recur		recur;

		CHECK(!recur_parse(refused[i], &recur, &error) && error.kind != CORE_OK, "taken: %s", refused[i]);
	}
	test_times();
	printf("test_recur: %d checks, %d failures\n", checks, failures);
	return failures ? 1 : 0;
}
