/*-------------------------------------------------------------------------
 *
 * test_hours.c
 *	  Unit test of the parser and printer of opening hours, and of the civil
 *	  calendar; no server needed.  Exits 1 when something fails.
 *
 *	cc -g -Isrc/core test/unit/test_hours.c src/core/core.c \
 *		src/core/hours_lex.c src/core/hours_select.c \
 *		src/core/hours_parse.c src/core/hours_print.c \
 *		src/core/hours_expr.c -o /tmp/test_hours
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "hours.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int	failures;
static int	blocks_left;		/* allocations until memory runs out */

/* All that was given out, freed at the end, as a memory context would be. */
typedef union Block
{
	union Block *next;
	long double alignment;
} Block;

static Block *blocks;

static void *
test_alloc(void *context, size_t size)
{
	Block	   *block;

	(void) context;
	if (blocks_left-- <= 0)
		return NULL;
	block = malloc(sizeof(Block) + size);
	block->next = blocks;
	blocks = block;
	return block + 1;
}

static void
free_blocks(void)
{
	while (blocks != NULL)
	{
		Block	   *next = blocks->next;

		free(blocks);
		blocks = next;
	}
}

static CoreMem mem = {test_alloc, NULL, NULL};

#define CHECK(condition, ...) \
	do { \
		if (!(condition)) \
		{ \
			failures++; \
			printf("line %d: ", __LINE__); \
			printf(__VA_ARGS__); \
			printf("\n"); \
		} \
	} while (0)

/* The canonical text of a text, or NULL. */
static char *
canonical(const char *text, size_t length, CoreError *error)
{
	HoursExpr  *expr = hours_parse(text, length, &mem, error);
	size_t		printed;

	return expr == NULL ? NULL : hours_print(expr, &mem, &printed);
}

/* Accepted texts and what they become; the result is a fixed point. */
static const struct
{
	const char *text;
	const char *canonical;
}			accepted[] =

{
	/* the zone */
	{"Mo", "TZ=UTC Mo"},
	{"TZ=Europe/Berlin Mo", "TZ=Europe/Berlin Mo"},
	{" tz=Etc/GMT+3\tMo ", "TZ=Etc/GMT+3 Mo"},

	/* always and never */
	{"24/7", "TZ=UTC 24/7"},
	{"open", "TZ=UTC 24/7"},
	{"off", "TZ=UTC off"},
	{"closed", "TZ=UTC off"},
	{"24/7 off", "TZ=UTC off"},
	{"Mo,We 24/7", "TZ=UTC Mo,We 00:00-24:00"},

	/* weekdays */
	{"Mo-Fr", "TZ=UTC Mo-Fr"},
	{"mo-fR", "TZ=UTC Mo-Fr"},
	{"Mo,Tu,We,Th,Fr", "TZ=UTC Mo-Fr"},
	{"Mo,We,Fr", "TZ=UTC Mo,We,Fr"},
	{"Fr,Mo,We", "TZ=UTC Mo,We,Fr"},
	{"Sa-Mo", "TZ=UTC Sa-Mo"},
	{"Sa,Su", "TZ=UTC Sa-Su"},
	{"Mo,Th,Sa-Su", "TZ=UTC Th,Sa-Mo"},
	{"Tu-Mo", "TZ=UTC Mo-Su"},
	{"Mo-Mo", "TZ=UTC Mo"},
	{"Mo[1]", "TZ=UTC Mo[1]"},
	{"Th[4],Fr[-1]", "TZ=UTC Th[4],Fr[-1]"},
	{"We[4,5]", "TZ=UTC We[4-5]"},
	{"We[-2,5,1,2,3,-1]", "TZ=UTC We[1-3,5,-1,-2]"},
	{"Mo[1],Mo[3],Mo[-1]", "TZ=UTC Mo[1,3,-1]"},
	{"Mo[1],Mo-We", "TZ=UTC Mo-We"},
	{"PH off", "TZ=UTC PH off"},
	{"PH,Mo-Fr 09:00-12:00", "TZ=UTC Mo-Fr,PH 09:00-12:00"},
	{"PH: 09:00-12:00", "TZ=UTC PH 09:00-12:00"},
	{"PH Fr,We off", "TZ=UTC PH We,Fr off"},
	{"PH: We,Fr", "TZ=UTC PH We,Fr"},
	{"PH Mo,PH off", "TZ=UTC PH off"},
	{"PH Mo-Su off", "TZ=UTC PH off"},

	/* months, dates, years, weeks, easter */
	{"Dec", "TZ=UTC Dec"},
	{"jun-AUG", "TZ=UTC Jun-Aug"},
	{"Dec-Feb,Jun", "TZ=UTC Dec-Feb,Jun"},
	{"Dec 25", "TZ=UTC Dec 25"},
	{"Dec 5", "TZ=UTC Dec 05"},
	{"Feb 29", "TZ=UTC Feb 29"},
	{"2028 Feb 29", "TZ=UTC 2028 Feb 29"},
	{"Dec 24-26", "TZ=UTC Dec 24-26"},
	{"Dec 24 - Dec 26", "TZ=UTC Dec 24-26"},
	{"Dec 26-Dec 24", "TZ=UTC Dec 26-Dec 24"},
	{"Dec 24-Jan 02", "TZ=UTC Dec 24-Jan 02"},
	{"Dec 24,26,31,Jan 1", "TZ=UTC Dec 24,26,31,Jan 01"},
	{"2026 Dec 24", "TZ=UTC 2026 Dec 24"},
	{"2026 Dec 24,26-28,2027 Jan 01", "TZ=UTC 2026 Dec 24,2026 Dec 26-28,2027 Jan 01"},
	{"2026 Dec 25,Jan 06", "TZ=UTC 2026 Dec 25,Jan 06"},
	{"2026 Dec 24-2027 Jan 02", "TZ=UTC 2026 Dec 24-2027 Jan 02"},
	{"2026 Nov 01+ Mo-Fr 09:00-17:00", "TZ=UTC 2026 Nov 01+ Mo-Fr 09:00-17:00"},
	{"2026", "TZ=UTC 2026"},
	{"2026-2028", "TZ=UTC 2026-2028"},
	{"2026-2036/2,2026,2026", "TZ=UTC 2026,2026-2036/2"},
	{"2026-2026/3", "TZ=UTC 2026"},
	{"2027+", "TZ=UTC 2027+"},
	{"2026 Dec", "TZ=UTC 2026 Dec"},
	{"2026: Dec-Feb", "TZ=UTC 2026: Dec-Feb"},
	{"2026: Dec 25", "TZ=UTC 2026: Dec 25"},
	{"2026 Dec,Jan 06", "TZ=UTC 2026 Dec,Jan 06"},
	{"2026 week 2 Dec 9-easter", "TZ=UTC 2026: Dec 09-easter week 2"},
	{"2026-2026 easter-Jan 5", "TZ=UTC 2026: easter-Jan 05"},
	{"2026 week 2 Dec 24-Jan 02", "TZ=UTC 2026: Dec 24-Jan 02 week 2"},
	{"2026: Jan 06,Dec", "TZ=UTC 2026: Jan 06,Dec"},
	{"2026-2028 Dec 25", "TZ=UTC 2026-2028 Dec 25"},
	{"2026,2028 Dec 25", "TZ=UTC 2026,2028 Dec 25"},
	{"week 1-26", "TZ=UTC week 1-26"},
	{"week 02-52/2", "TZ=UTC week 2-52/2"},
	{"week 2-24/7", "TZ=UTC week 2-24/7"},
	{"week 03,week 01: 00:00-24:00", "TZ=UTC week 1,3 00:00-24:00"},
	{"week 1-26: Mo-Fr 09:00-17:00", "TZ=UTC week 1-26 Mo-Fr 09:00-17:00"},
	{"easter", "TZ=UTC easter"},
	{"Easter+1 day", "TZ=UTC easter +1 day"},
	{"easter -2 days", "TZ=UTC easter -2 days"},
	{"easter -1 days", "TZ=UTC easter -1 day"},
	{"easter +0 days", "TZ=UTC easter"},
	{"2026 easter", "TZ=UTC 2026 easter"},
	{"easter -2 days-easter +1 day off", "TZ=UTC easter -2 days-easter +1 day off"},
	{"easter-Dec 24", "TZ=UTC easter-Dec 24"},
	{"Mo Dec", "TZ=UTC Dec Mo"},
	{"Mo week 3-5 Dec 24-26", "TZ=UTC Dec 24-26 week 3-5 Mo"},

	/* times */
	{"09:00-12:30,13:00-17:30", "TZ=UTC 09:00-12:30,13:00-17:30"},
	{"13:00-17:30 , 9:00 - 12:30", "TZ=UTC 09:00-12:30,13:00-17:30"},
	{"08:00-12:00,12:00-17:00", "TZ=UTC 08:00-17:00"},
	{"00:00-24:00,12:00-13:00", "TZ=UTC 00:00-24:00"},
	{"Mo12:00-14:00", "TZ=UTC Mo 12:00-14:00"},
	{"Jun 10:00-12:00", "TZ=UTC Jun 10:00-12:00"},
	{"Jun 10: 10:00-12:00", "TZ=UTC Jun 10 10:00-12:00"},
	{"Jun: 10:10:30-12:00", "TZ=UTC Jun: 10:10:30-12:00"},
	{"22:00-06:00", "TZ=UTC 22:00-06:00"},
	{"22:00-30:00", "TZ=UTC 22:00-06:00"},
	{"22:00-6:00", "TZ=UTC 22:00-06:00"},
	{"We 22:00-22:00", "TZ=UTC We 22:00-46:00"},
	{"00:00-00:00", "TZ=UTC 00:00-24:00"},
	{"23:59-48:00", "TZ=UTC 23:59-48:00"},
	{"09:00:30-09:00:30.5", "TZ=UTC 09:00:30-09:00:30.5"},
	{"09:00:00.000001-10:00:00.100000", "TZ=UTC 09:00:00.000001-10:00:00.1"},
	{"10:00-12:00,", "TZ=UTC 10:00-12:00"},
	{"10:00-12:00;", "TZ=UTC 10:00-12:00"},
	{"22:00-02:00,01:00-03:00", "TZ=UTC 01:00-03:00,22:00-02:00"},
	{"22:00-02:00,23:00-03:00", "TZ=UTC 22:00-03:00"},

	/* several rules */
	{"Mo-Fr 09:00-17:00; Sa 10:00-14:00 open; PH OFF; dec 25 Closed",
	"TZ=UTC Mo-Fr 09:00-17:00; Sa 10:00-14:00; PH off; Dec 25 off"},
	{"Mo-Fr 09:00-17:00, We 19:00-21:00", "TZ=UTC Mo-Fr 09:00-17:00, We 19:00-21:00"},
	{"Mo-Fr 09:00-17:00,We 19:00-21:00", "TZ=UTC Mo-Fr 09:00-17:00, We 19:00-21:00"},
	{";; Mo ;; Tu 10:00-12:00 ,; We", "TZ=UTC Mo; Tu 10:00-12:00; We"},
	{"Mo off,10:00-12:00", "TZ=UTC Mo off, 10:00-12:00"},
	{"Mo 10:00-12:00 open, 13:00-14:00", "TZ=UTC Mo 10:00-12:00 open, 13:00-14:00"},
	{"Mo 10:00-12:00 open, Tu 13:00-14:00", "TZ=UTC Mo 10:00-12:00, Tu 13:00-14:00"},
	{"Mo open, Tu 10:00-12:00", "TZ=UTC Mo open, Tu 10:00-12:00"},
	{"Mo 10:00-12:00, 24/7", "TZ=UTC Mo 10:00-12:00, 24/7"},
	{"open, Mo off", "TZ=UTC 24/7 open, Mo off"},

	/* baked holidays */
	{"TZ=UTC PH=2026-12-25,2026-12-24[09:00-12:00], 2026-12-26[off] Mo-Fr 09:00-17:00",
	"TZ=UTC PH=2026-12-24[09:00-12:00],2026-12-25,2026-12-26[off] Mo-Fr 09:00-17:00"},
	{"ph=2026-12-25,2026-12-25 PH off", "TZ=UTC PH=2026-12-25 PH off"},
	{"PH=2026-12-25[13:00-14:00,09:00-12:00],2026-12-25[09:00-12:00,13:00-14:00] Mo",
	"TZ=UTC PH=2026-12-25[09:00-12:00,13:00-14:00] Mo"},
	{"PH=2028-02-29[closed] off", "TZ=UTC PH=2028-02-29[off] off"},

	/* expressions */
	{"(TZ=Europe/Berlin Mo-Fr 09:00-17:00) + (TZ=America/Denver Mo-Fr 09:00-17:00)",
	"(TZ=Europe/Berlin Mo-Fr 09:00-17:00) + (TZ=America/Denver Mo-Fr 09:00-17:00)"},
	{"(Mo)+(Tu)-(We)", "(TZ=UTC Mo) + (TZ=UTC Tu) - (TZ=UTC We)"},
	{"(Mo)-((Tu)-(We))", "(TZ=UTC Mo) - ((TZ=UTC Tu) - (TZ=UTC We))"},
	{"(Mo)+(Tu)*(We)*(Th)", "(TZ=UTC Mo) + ((TZ=UTC Tu) * (TZ=UTC We) * (TZ=UTC Th))"},
	{"(Mo)*(Tu)+(We)", "((TZ=UTC Mo) * (TZ=UTC Tu)) + (TZ=UTC We)"},
	{"((Mo)+(Tu))*(We)", "((TZ=UTC Mo) + (TZ=UTC Tu)) * (TZ=UTC We)"},
	{"(((Mo)))", "TZ=UTC Mo"},
	{"TZ=Asia/Tokyo ((TZ=Europe/Berlin Mo)+(TZ=UTC Tu))",
	"TZ=Asia/Tokyo ((TZ=Europe/Berlin Mo) + (TZ=UTC Tu))"},
	{"TZ=Europe/Berlin ((TZ=Europe/Berlin Mo)+(TZ=UTC Tu))",
	"(TZ=Europe/Berlin Mo) + (TZ=UTC Tu)"},
	{"(TZ=Asia/Tokyo ((TZ=UTC Mo)+(TZ=UTC Tu)))+(We)",
	"(TZ=Asia/Tokyo ((TZ=UTC Mo) + (TZ=UTC Tu))) + (TZ=UTC We)"},
	{"(easter -2 days) - (2027+)", "(TZ=UTC easter -2 days) - (TZ=UTC 2027+)"},
	{"(PH=2026-12-25 PH off)*(24/7)", "(TZ=UTC PH=2026-12-25 PH off) * (TZ=UTC 24/7)"}
};

static void
test_accepted(void)
{
	size_t		i;

	for (i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++)
	{
		CoreError	error = {CORE_OK};
		const char *text = accepted[i].text;
		const char *want = accepted[i].canonical;
		char	   *got = canonical(text, strlen(text), &error);

		CHECK(got != NULL && strcmp(got, want) == 0,
			  "\"%s\" became \"%s\", expected \"%s\": %s",
			  text, got == NULL ? "" : got, want, error.detail);
		got = canonical(want, strlen(want), &error);
		CHECK(got != NULL && strcmp(got, want) == 0,
			  "\"%s\" is no fixed point: \"%s\"", want, got == NULL ? "" : got);
	}
}

/* Refused texts: kind, byte offset, and what detail and hint contain. */
static const struct
{
	const char *text;
	CoreErrorKind kind;
	int			position;
	const char *detail;
	const char *hint;
}			refused[] =

{
	/* what OSM has and this does not */
	{"sunrise-sunset", CORE_UNSUPPORTED, 0, "\"sunrise\" at position 1 ", "06:30"},
	{"Mo 09:00-dusk", CORE_UNSUPPORTED, 9, "\"dusk\" at position 10 ", "19:00"},
	{"(sunrise+01:00)-18:00", CORE_UNSUPPORTED, 1, "\"sunrise\" at position 2 ", ""},
	{"Mo \"by appointment\"", CORE_UNSUPPORTED, 3, "at position 4 begins a comment", ""},
	{"Mo || Tu", CORE_UNSUPPORTED, 3, "\"||\" at position 4 is a fallback rule", "\";\""},
	{"Mo unknown", CORE_UNSUPPORTED, 3, "\"unknown\" at position 4 ", "\"off\""},
	{"Mo 18:00+", CORE_UNSUPPORTED, 3, "\"18:00+\" at position 4 has no end", "\"18:00-24:00\""},
	{"18:00-20:00+", CORE_UNSUPPORTED, 0, "open end", ""},
	{"10:00-16:00/90", CORE_UNSUPPORTED, 0, "interval", ""},
	{"Mo off; SH off", CORE_UNSUPPORTED, 8, "\"SH\" at position 9 ", "dates"},
	{"PH +1 day off", CORE_UNSUPPORTED, 3, "\"+\" at position 4 ", ""},
	{"Su[1] -1 day off", CORE_UNSUPPORTED, 6, "\"-\" at position 7 ", ""},
	{"Dec Su[-1]-Dec 31", CORE_UNSUPPORTED, 10, "at position 11 ", ""},
	{"Dec 25 +1 day", CORE_UNSUPPORTED, 0, "easter only", ""},
	{"Dec 1-31/2", CORE_UNSUPPORTED, 8, "\"/\" at position 9 ", ""},

	/* sloppy writing */
	{"Mo-Fr 9-17", CORE_SYNTAX, 6, "\"9-17\" at position 7 ", "\"09:00-17:00\""},
	{"Mo-Fr 9-5", CORE_SYNTAX, 6, "\"9-5\" at position 7 ", "\"09:00-17:00\""},
	{"9am-5pm", CORE_SYNTAX, 0, "\"9am-5pm\" at position 1 ", "\"09:00-17:00\""},
	{"9:00 a.m. - 12:30 PM", CORE_SYNTAX, 0, "at position 1 ", "\"09:00-12:30\""},
	{"12am-12pm", CORE_SYNTAX, 0, "at position 1 ", "\"00:00-12:00\""},
	{"09.00-17.00", CORE_SYNTAX, 0, "\"09.00-17.00\" at position 1 ", "\"09:00-17:00\""},
	{"Mo 0900-1700", CORE_SYNTAX, 3, "\"0900-1700\" at position 4 ", "\"09:00-17:00\""},
	{"09h30-17h", CORE_SYNTAX, 0, "at position 1 ", "\"09:30-17:00\""},
	{"Mo 09:00-17", CORE_SYNTAX, 9, "\"17\" at position 10 ", "\"17:00\""},
	{"24h", CORE_SYNTAX, 0, "\"24h\" at position 1 ", "\"24/7\""},
	{"24x7", CORE_SYNTAX, 0, "\"24\" at position 1 ", "\"24/7\""},
	{"Mo to Fr", CORE_SYNTAX, 3, "\"to\" at position 4 ", "\"-\""},
	{"09:00 until 17:00", CORE_SYNTAX, 6, "\"until\" at position 7 ", "\"-\""},
	{"Monday", CORE_SYNTAX, 0, "\"Monday\" at position 1 ", "\"Mo\""},
	{"Mo-Friday", CORE_SYNTAX, 3, "\"Friday\" at position 4 ", "\"Fr\""},
	{"thurs", CORE_SYNTAX, 0, "\"thurs\" at position 1 ", "\"Th\""},
	{"Wednesdays", CORE_SYNTAX, 0, "\"Wednesdays\" at position 1 ", "\"We\""},
	{"Sept 10", CORE_SYNTAX, 0, "\"Sept\" at position 1 ", "\"Sep\""},
	{"weekdays 09:00-17:00", CORE_SYNTAX, 0, "\"weekdays\" at position 1 ", "\"Mo-Fr\""},
	{"Mo\xE2\x80\x93" "Fr", CORE_SYNTAX, 2, "\"\xE2\x80\x93\" at position 3 ", "\"-\""},
	{"M\xC3\xA4rz; 9-17", CORE_SYNTAX, 0, "\"M\xC3\xA4rz\" at position 1 ", ""},
	{"Mo;\xC2\xA0Tu", CORE_SYNTAX, 3, "no-break space", ""},
	{"Mo & Tu", CORE_SYNTAX, 3, "\"&\" at position 4 ", "\",\""},
	{"Di", CORE_SYNTAX, 0, "\"Di\" at position 1 ", "Mo, Tu"},
	{"9:00-5:00", CORE_SYNTAX, 5, "\"5:00\" at position 6 is ambiguous", "\"05:00\""},
	{"Jun 10:10:00-12:00", CORE_SYNTAX, 4, "ambiguous", "Jun 10 10:00-12:00"},
	{"2026 Dec-Feb", CORE_SYNTAX, 5, "\"Dec-Feb\"", "2026 Dec 01-2027 Feb 28"},

	/* dates of other places */
	{"Mo-Fr; 25 Dec off", CORE_SYNTAX, 7, "\"25 Dec\" at position 8 is not a date", "\"Dec 25\""},
	{"1. January off", CORE_SYNTAX, 0, "\"1. January\" at position 1 ", "\"Jan 01\""},
	{"4th Jul off", CORE_SYNTAX, 0, "\"4th Jul\" at position 1 ", "\"Jul 04\""},
	{"Mo-Fr; 2026-12-25 off", CORE_SYNTAX, 7, "\"2026-12-25\" at position 8 is not a date", "\"2026 Dec 25\""},
	{"12/25 off", CORE_SYNTAX, 0, "\"12/25\" at position 1 is not a date", "month by its name"},
	{"24.12. off", CORE_SYNTAX, 0, "\"24.12\" at position 1 is not a date", "month by its name"},
	{"Jan 26th off", CORE_SYNTAX, 4, "\"26th\" at position 5 is not a day", "\"26\""},
	{"Jan 1st-3rd off", CORE_SYNTAX, 4, "\"1st\" at position 5 is not a day", "\"1\""},
	{"Mo 17 Decor", CORE_SYNTAX, 3, "\"17\" at position 4 is not a time", "\"17:00\""},

	/* fields out of range */
	{"Feb 30", CORE_RANGE, 4, "\"30\" at position 5 ", "Feb has the days 1 to 29"},
	{"2026 Feb 29", CORE_RANGE, 9, "\"29\" at position 10 ", "1 to 28 in that year"},
	{"Apr 31", CORE_RANGE, 4, "\"31\"", "1 to 30"},
	{"Dec 0", CORE_RANGE, 4, "\"0\"", ""},
	{"Dec 032", CORE_RANGE, 4, "\"032\"", ""},
	{"week 54", CORE_RANGE, 5, "\"54\" at position 6 ", "1 to 53"},
	{"week 0", CORE_RANGE, 5, "\"0\"", ""},
	{"week 1-10/0", CORE_RANGE, 10, "\"0\"", ""},
	{"Mo[6]", CORE_RANGE, 3, "\"6\" at position 4 ", "-1 to -5"},
	{"Mo[0]", CORE_RANGE, 3, "\"0\"", ""},
	{"Mo[-6]", CORE_RANGE, 4, "\"6\"", ""},
	{"Mo[3-1]", CORE_RANGE, 5, "\"1\"", ""},
	{"24:00-25:00", CORE_RANGE, 0, "\"24:00\" at position 1 ", ""},
	{"25:00-26:00", CORE_RANGE, 0, "\"25:00\" at position 1 ", ""},
	{"10:00-48:01", CORE_RANGE, 6, "\"48:01\" at position 7 ", "48:00"},
	{"10:60-12:00", CORE_RANGE, 0, "\"10:60\"", ""},
	{"10:00-12:00:60", CORE_RANGE, 6, "\"12:00:60\"", ""},
	{"10:00:00.0000001-12:00", CORE_RANGE, 0, "", "six digits"},
	{"2500", CORE_RANGE, 0, "\"2500\" at position 1 ", "2499"},
	{"easter +201 days", CORE_RANGE, 7, "\"+201\" at position 8 ", "+200"},
	{"easter -81 days", CORE_RANGE, 7, "\"-81\" at position 8 ", "-80"},
	{"PH=2026-02-29 off", CORE_RANGE, 3, "\"2026-02-29\" at position 4 ", ""},
	{"PH=2500-01-01 off", CORE_RANGE, 3, "\"2500-01-01\"", ""},

	/* structure */
	{"", CORE_SYNTAX, 0, "The text ends where a rule", "Mo-Fr 09:00-17:00"},
	{" ; ; ", CORE_SYNTAX, 5, "The text ends where a rule", ""},
	{"TZ=Europe/Berlin", CORE_SYNTAX, 16, "The text ends", "Mo-Fr 09:00-17:00"},
	{"TZ Mo", CORE_SYNTAX, 0, "\"TZ\"", "TZ=Europe/Berlin"},
	{"TZ= Mo", CORE_SYNTAX, 0, "names no time zone", ""},
	{"TZ=+3 Mo", CORE_SYNTAX, 0, "names no time zone", ""},
	{"TZ=<+03>-3 Mo", CORE_SYNTAX, 3, "\"<\" at position 4 ", ""},
	{"TZ=../etc Mo", CORE_SYNTAX, 3, "\".\" at position 4 ", ""},
	{"TZ=a123456789b123456789c123456789d123456789e123456789f123456789g123 Mo",
	CORE_SYNTAX, 0, "names no time zone", ""},
	{"Mo TZ=UTC Tu", CORE_SYNTAX, 3, "\"TZ\" at position 4 ", "first"},
	{"Mo 09:00-17:00 Tu off", CORE_SYNTAX, 15, "\"Tu\" at position 16 ", "\";\""},
	{"Mo 09:00-17:00 PH off", CORE_SYNTAX, 15, "\"PH\" at position 16 ", "\";\""},
	{"Mo PH off", CORE_SYNTAX, 3, "\"PH\" at position 4 ", "\"Mo,PH\""},
	{"Mo Tu", CORE_SYNTAX, 3, "\"Tu\" at position 4 ", "\",\""},
	{"Mo, 10:00-12:00", CORE_SYNTAX, 4, "\"10:00\" at position 5 ", ""},
	{"Dec,Mo", CORE_SYNTAX, 4, "\"Mo\" at position 5 ", ""},
	{"24/7, Mo off", CORE_SYNTAX, 4, "\",\" at position 5 ", "\";\""},
	{", Mo", CORE_SYNTAX, 0, "\",\" at position 1 ", ""},
	{"10:00-12:00,,13:00-14:00", CORE_SYNTAX, 12, "\",\" at position 13 ", ""},
	{"Mo 10:00", CORE_SYNTAX, 3, "\"10:00\" at position 4 is a point in time", ""},
	{"Mo:", CORE_SYNTAX, 3, "The text ends", ""},
	{"Mo-Fr[1]", CORE_SYNTAX, 5, "\"[\" at position 6 ", "Mo[1],Tu[1]"},
	{"2028-2026", CORE_SYNTAX, 0, "goes backwards", ""},
	{"2026/2", CORE_SYNTAX, 4, "\"/\"", "2026-2499/2"},
	{"week 26-1", CORE_SYNTAX, 5, "\"26-1\" at position 6 ", "week 26-53,1-1"},
	{"Dec 26-24", CORE_SYNTAX, 0, "goes backwards", ""},
	{"2027 Jan 02-2026 Dec 24", CORE_SYNTAX, 0, "goes backwards", ""},
	{"2026 Dec 24-Jan 02", CORE_SYNTAX, 0, "a year at one end", "2027 Jan 02"},
	{"Jun-Aug 15", CORE_SYNTAX, 0, "mixes a month with a date", ""},
	{"Jan 06,2026 Dec", CORE_SYNTAX, 7, "\"2026 Dec\" at position 8 ", "2026 Dec 01-31"},
	{"Dec 25 2026", CORE_SYNTAX, 7, "\"2026\" at position 8 ", "2026 Dec 24"},
	{"Nov 01+", CORE_SYNTAX, 0, "\"Nov 01+\" at position 1 ", "2026 Nov 01+"},
	{"easter +2", CORE_SYNTAX, 9, "The text ends where \"day\"", ""},
	{"PH=25.12.2026 off", CORE_SYNTAX, 3, "\"25\" at position 4 ", "2026-12-25"},
	{"PH=2026-1-2 off", CORE_SYNTAX, 3, "\"2026-1\" at position 4 ", "2026-12-25"},
	{"PH=2026-12-25,2026-12-25[off] off", CORE_SYNTAX, 3, "different hours", "2026-12-25 once"},
	{"PH=2026-12-25[09:00-12:00 off", CORE_SYNTAX, 26, "\"off\" at position 27 ", "\"]\""},
	{"Mo)", CORE_SYNTAX, 2, "\")\" at position 3 ", ""},
	{"(Mo", CORE_SYNTAX, 3, "The text ends where \")\"", ""},
	{"(Mo) +", CORE_SYNTAX, 6, "The text ends where an operand", ""},
	{"(Mo) + Tu", CORE_SYNTAX, 7, "\"Tu\" at position 8 ", "parentheses"},
	{"(Mo) (Tu)", CORE_SYNTAX, 5, "\"(\" at position 6 ", ""},
	{"Mo + Tu", CORE_SYNTAX, 3, "\"+\" at position 4 ", "(TZ=Europe/Berlin Mo"},
	{"TZ=UTC (Mo)", CORE_SYNTAX, 8, "without a zone", ""},
	{"TZ=UTC (TZ=UTC Mo)", CORE_SYNTAX, 0, "two zones", ""},
	{"TZ=UTC ((TZ=UTC Mo)+(Tu))", CORE_SYNTAX, 21, "\"Tu\" at position 22 ", ""},
	{"TZ=UTC ((TZ=UTC Mo)+(TZ=UTC Tu))+(We)", CORE_SYNTAX, 32, "\"+\" at position 33 ", ""},
	{"Mo \x01", CORE_SYNTAX, 3, "\"\\x01\" at position 4 ", ""},
	{"Mo \xFF", CORE_SYNTAX, 3, "\"\\xff\" at position 4 ", ""}
};

static void
test_refused(void)
{
	size_t		i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
	{
		CoreError	error = {CORE_OK};
		const char *text = refused[i].text;
		char	   *got = canonical(text, strlen(text), &error);

		CHECK(got == NULL, "\"%s\" became \"%s\"", text, got);
		CHECK(error.kind == refused[i].kind && error.position == refused[i].position &&
			  strstr(error.detail, refused[i].detail) != NULL &&
			  strstr(error.hint, refused[i].hint) != NULL,
			  "\"%s\": kind %d at %d: %s %s", text, error.kind, error.position,
			  error.detail, error.hint);
		CHECK(error.hint[0] != '\0', "\"%s\": no hint", text);
	}
}

/* Bytes that a string cannot hold; no error wanted. */
static void
test_bytes(void)
{
	CoreError	error = {CORE_OK};

	CHECK(canonical("Mo\0Tu", 5, &error) == NULL, "a NUL byte is taken");
	CHECK(error.position == 2 && strstr(error.detail, "\"\\x00\"") != NULL,
		  "a NUL byte: %s", error.detail);
	CHECK(canonical("Mo-Fr", 2, &error) != NULL, "the length is not kept");
	CHECK(canonical("Mo\0Tu", 5, NULL) == NULL, "an error nobody wants");
}

static void
test_spans(void)
{
	CoreError	error = {CORE_OK};
	HoursSpan  *spans;
	int			nspans = -1;

	CHECK(hours_parse_spans("13:00-17:00, 09:00-12:00", 24, &mem, &nspans, &spans, &error) &&
		  nspans == 2 && spans[0].from == 9 * CORE_USECS_PER_HOUR &&
		  spans[0].to == 12 * CORE_USECS_PER_HOUR &&
		  spans[1].to == 17 * CORE_USECS_PER_HOUR, "two spans");
	CHECK(hours_parse_spans("22:00-06:00", 11, &mem, &nspans, &spans, &error) &&
		  nspans == 1 && spans[0].to == 30 * CORE_USECS_PER_HOUR, "over midnight");
	CHECK(hours_parse_spans(" Closed ", 8, &mem, &nspans, &spans, &error) && nspans == 0, "off");
	CHECK(!hours_parse_spans("", 0, &mem, &nspans, &spans, &error), "nothing");
	CHECK(!hours_parse_spans("Mo 09:00-12:00", 14, &mem, &nspans, &spans, &error) &&
		  error.position == 0, "a weekday");
	CHECK(!hours_parse_spans("09:00-12:00; off", 16, &mem, &nspans, &spans, &error) &&
		  error.position == 11, "two rules");
}

static double
seconds_since(clock_t start)
{
	return (double) (clock() - start) / CLOCKS_PER_SEC;
}

/* "text" repeated. */
static char *
repeated(const char *text, int count)
{
	size_t		length = strlen(text);
	char	   *result = malloc(length * count + 1);
	int			i;

	for (i = 0; i < count; i++)
		memcpy(result + length * i, text, length);
	result[length * count] = '\0';
	return result;
}

/*
 * The limits, and time that grows no faster than the text (the bounds leave
 * room for a slow machine and a sanitizer).
 */
static void
test_limits(void)
{
	CoreError	error = {CORE_OK};
	clock_t		start = clock();
	char	   *text;
	char	   *more;
	int			i;

	text = repeated("2026 Dec 24 09:00-12:00;", HOURS_MAX_RULES);

	CHECK(canonical(text, strlen(text), &error) != NULL, "as many rules as may be");
	CHECK(canonical("Mo;", 3, &error) != NULL, "one rule");
	free(text);
	text = repeated("Mo;", HOURS_MAX_RULES + 1);

	CHECK(canonical(text, strlen(text), &error) == NULL && error.kind == CORE_LIMIT,
		  "a rule too many: %s", error.detail);
	free(text);
	text = repeated(" ", HOURS_MAX_TEXT + 1);

	memcpy(text, "Mo", 2);
	CHECK(canonical(text, HOURS_MAX_TEXT, &error) != NULL, "as many bytes as may be");
	CHECK(canonical(text, HOURS_MAX_TEXT + 1, &error) == NULL && error.kind == CORE_LIMIT,
		  "a byte too many: %s", error.detail);
	free(text);

	text = repeated(",1", HOURS_MAX_TEXT / 4);

	more = malloc(strlen(text) + 16);
	strcpy(more, "2026 Dec 1");
	strcat(more, text);
	CHECK(canonical(more, strlen(more), &error) == NULL && error.kind == CORE_LIMIT,
		  "a canonical text too long: %s", error.detail);
	free(text);
	free(more);

	/* spans of descending start, the worst order */
	text = malloc(86400 * 18 + 1);
	more = text;

	for (i = 86398; i >= 0; i -= 2)
		more += sprintf(more, "%s%02d:%02d:%02d-%02d:%02d:%02d", i < 86398 ? "," : "",
						i / 3600, i / 60 % 60, i % 60,
						(i + 1) / 3600, (i + 1) / 60 % 60, (i + 1) % 60);
	CHECK(canonical(text, strlen(text), &error) != NULL, "43200 spans: %s", error.detail);
	free(text);

	/* chains and nests of operators */
	text = repeated("(Mo)+", HOURS_MAX_DEPTH + 2);

	CHECK(canonical(text, 5 * (HOURS_MAX_DEPTH + 1) - 1, &error) != NULL,
		  "the longest chain: %s", error.detail);
	CHECK(canonical(text, 5 * (HOURS_MAX_DEPTH + 2) - 1, &error) == NULL &&
		  error.kind == CORE_LIMIT, "a chain too long: %s", error.detail);
	free(text);
	text = repeated("(", 3000000);

	CHECK(canonical(text, 3000000, &error) == NULL && error.kind == CORE_LIMIT,
		  "a nest too deep: %s", error.detail);
	free(text);

	/* the deepest nest with zones reads back */
	text = repeated("TZ=Asia/Tokyo ((TZ=UTC Mo)+(", HOURS_MAX_DEPTH);

	more = malloc(strlen(text) + 2 * HOURS_MAX_DEPTH + 16);
	strcpy(more, text);
	strcat(more, "TZ=UTC Tu");
	for (i = 0; i < HOURS_MAX_DEPTH; i++)
		strcat(more, "))");
	free(text);
	text = canonical(more, strlen(more), &error);

	CHECK(text !=NULL, "the deepest nest: %s", error.detail);
	if (text !=NULL)
		CHECK(canonical(text, strlen(text), &error) != NULL,
			  "the deepest nest does not read back: %s", error.detail);
	free(more);

	CHECK(seconds_since(start) < 5, "large values took %.1f s", seconds_since(start));
}

/* Whenever memory runs out, that is what is reported. */
static void
test_memory(void)
{
	static const char text[] =
		"(TZ=Europe/Berlin PH=2026-12-25[09:00-12:00] 2026 week 3 Dec 24,Jan 01 Mo-Fr 09:00-17:30; PH off) + (24/7)";
	int			blocks;

	for (blocks = 0;; blocks++)
	{
		CoreError	error = {CORE_OK};
		HoursExpr  *expr;
		size_t		length;

		blocks_left = blocks;
		expr = hours_parse(text, sizeof(text) - 1, &mem, &error);
		CHECK(expr != NULL || error.kind == CORE_NOMEM, "out of memory: %s", error.detail);
		if (expr != NULL && hours_print(expr, &mem, &length) != NULL)
			break;
	}
	CHECK(blocks > 5, "%d blocks were enough", blocks);
	blocks_left = 1 << 30;
}

static void
test_calendar(void)
{
	int32_t		date = CORE_MIN_DATE;
	int			year;
	int			month;
	int			day;

	for (year = CORE_MIN_YEAR; year < CORE_MAX_YEAR; year++)
		for (month = 1; month <= 12; month++)
			for (day = 1; day <= core_month_days(year, month); day++, date++)
			{
				int			y;
				int			m;
				int			d;

				core_civil(date, &y, &m, &d);
				if (core_date(year, month, day) != date || y != year || m != month || d != day)
				{
					CHECK(false, "%d-%d-%d is not day %d", year, month, day, date);
					return;
				}
			}
	CHECK(date == CORE_MAX_DATE, "the dates end at %d", date);
	CHECK(core_weekday(0) == 5 && core_weekday(-6) == 6 && core_weekday(2) == 0, "weekdays");
	CHECK(core_easter(2026) == core_date(2026, 4, 5) &&
		  core_easter(2019) == core_date(2019, 4, 21) &&
		  core_easter(1818) == core_date(1818, 3, 22) &&
		  core_easter(2038) == core_date(2038, 4, 25), "easter");
}

int
main(void)
{
	blocks_left = 1 << 30;
	test_accepted();
	test_refused();
	test_bytes();
	test_spans();
	test_limits();
	test_memory();
	test_calendar();
	printf("%s\n", failures == 0 ? "ok" : "FAILED");
	free_blocks();
	return failures == 0 ? 0 : 1;
}
