/*-------------------------------------------------------------------------
 *
 * test_clock.c
 *	  Unit test of clocks; no server needed.  Exits 1 when something fails.
 *
 * Examples of every rule come first.  Then what follows from random facts is
 * compared with counting unit by unit, and random sequences of rows and
 * signals move a clock and a naive model of it, which keeps for every unit of
 * time why it does not run.
 *
 *	cc -g -Isrc/core test/unit/test_clock.c src/core/clock.c src/core/clock_apply.c -lm
 *
 * A number as argument is another seed (a failure prints the one to repeat
 * its case alone, with 1 as the second argument); a second one, how many
 * thousands of cases.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "clock.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE		CORE_USECS_PER_MINUTE
#define HOUR		CORE_USECS_PER_HOUR
#define DAY			CORE_USECS_PER_DAY

static long checks;
static int	failures;
static char context[200];		/* what is being tested */

static void
fail(int line, const char *format,...)
{
	va_list		args;

	if (failures++ > 20)
		return;
	printf("line %d: ", line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n  in %s\n", context);
}

#define CHECK(condition, ...) \
	do { checks++; if (!(condition)) fail(__LINE__, __VA_ARGS__); } while (0)

/* Equality of two integers, with a name. */
#define SAME(got, expected, what) \
	do { \
		int64_t		got_ = (got); \
		int64_t		expected_ = (expected); \
		checks++; \
		if (got_ != expected_) \
			fail(__LINE__, "%s: got %" PRId64 ", expected %" PRId64, what, got_, expected_); \
	} while (0)

/*
 * Memory: every block apart, so that the address sanitizer sees its ends
 */

static void **blocks;
static int	nblocks;
static int	blocks_size;

static void *
test_alloc(void *unused, size_t size)
{
	if (nblocks == blocks_size)
	{
		blocks_size = blocks_size * 2 + 1000;
		blocks = realloc(blocks, blocks_size * sizeof(void *));
	}
	blocks[nblocks] = malloc(size);
	memset(blocks[nblocks], 0xA5, size);
	return blocks[nblocks++];
}

static void
free_blocks(void)
{
	while (nblocks > 0)
		free(blocks[--nblocks]);
}

static CoreMem mem = {test_alloc, NULL, NULL};

/*
 * Chance
 */

static uint64_t seed = 20261125;

static uint64_t
random_bits(void)
{
	uint64_t	z = (seed += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/* 0 to n - 1 */
static int64_t
rnd(int64_t n)
{
	return (int64_t) (random_bits() % (uint64_t) n);
}

static bool
one_in(int n)
{
	return rnd(n) == 0;
}

/*
 * Time that is open or closed by units, and open ever after
 */

#define MAX_UNITS	(5 * 7 * 1440)

typedef struct World
{
	int64_t		base;			/* start of unit 0 */
	int64_t		unit;			/* microseconds */
	int			n;
	bool		open[MAX_UNITS];
	int			before[MAX_UNITS + 1];	/* open units before each */
} World;

static World world;

static void
world_sum(void)
{
	int		   *before = world.before;

	for (int i = 0; i < world.n; i++, before++)
		before[1] = before[0] + world.open[i];
}

static int64_t
world_position(int64_t t)
{
	int64_t		i = (t - world.base) / world.unit;
	int64_t		rest = (t - world.base) % world.unit;

	CHECK(t >= world.base, "time before all");
	if (i >= world.n)
		return (world.before[world.n] + i - world.n) * world.unit + rest;
	return world.before[i] * world.unit + (world.open[i] ? rest : 0);
}

static int64_t
world_between(void *unused, int64_t a, int64_t b)
{
	CHECK(a <= b, "between %" PRId64 " and %" PRId64, a, b);
	return world_position(b) - world_position(a);
}

static int64_t
world_add(void *unused, int64_t t, int64_t d)
{
	int64_t		p = world_position(t) + d;
	int			low = 0;
	int			high = world.n;

	CHECK(d >= 0, "add %" PRId64, d);
	if (d == 0)
		return t;
	if (p > world.before[world.n] * world.unit)
		return world.base + world.n * world.unit + p - world.before[world.n] * world.unit;
	while (low < high)			/* the first unit at whose end p is reached */
	{
		int			middle = (low + high) / 2;

		if (world.before[middle + 1] * world.unit >= p)
			high = middle;
		else
			low = middle + 1;
	}
	return world.base + low * world.unit + p - world.before[low] * world.unit;
}

static const ClockTime business = {NULL, world_between, world_add};

/* Mondays to Fridays 09:00 to 17:00, from Monday, 2026-06-01, on */
static void
office_hours(void)
{
	world.base = INT64_C(9648) * DAY;
	world.unit = MINUTE;
	world.n = MAX_UNITS;
	for (int day = 0; day < world.n / 1440; day++)
		for (int minute = 0; minute < 1440; minute++)
			world.open[day * 1440 + minute] = day % 7 < 5 &&
				minute >= 9 * 60 && minute < 17 * 60;
	world_sum();
}

/* Day 0 is a Monday. */
static int64_t
on(int day, int hour, int minute)
{
	return world.base + day * DAY + hour * HOUR + minute * MINUTE;
}

/*
 * Examples of what follows from facts
 */

static ClockPause pauses[10];

static Clock
facts(int64_t start, int npauses,...)
{
	Clock		clock = {.state = CLOCK_RUNNING,.cycle = 1,.promise = 1};
	va_list		args;

	clock.start = clock.last = start;
	clock.end = clock.turned = CLOCK_NONE;
	clock.npauses = npauses;
	clock.pauses = pauses;
	va_start(args, npauses);
	for (int i = 0; i < npauses; i++)
	{
		pauses[i].during.from = va_arg(args, int64_t);
		pauses[i].during.to = va_arg(args, int64_t);
		if (pauses[i].during.to == CLOCK_NONE)
			clock.state = CLOCK_PAUSED;
	}
	va_end(args);
	return clock;
}

static ClockTerms
terms(int64_t goal_at, int64_t threshold_at)
{
	ClockTerms	result = {.goal_at = goal_at,.threshold_at = threshold_at,.risk = 0.75};

	return result;
}

static ClockResult
evaluate(Clock clock, ClockTerms terms)
{
	ClockResult result;

	clock_evaluate(&clock, &terms, &business, &result);
	return result;
}

static void
test_evaluate(void)
{
	Clock		clock;
	ClockTerms	t;
	ClockResult r;
	ClockSpan	excluded[2];

	snprintf(context, sizeof(context), "evaluate");

	/* no pauses: the dates are the promised ones */
	r = evaluate(facts(on(0, 10, 0), 0), terms(on(0, 14, 0), on(0, 16, 0)));
	SAME(r.budget, 4 * HOUR, "budget");
	SAME(r.paused, 0, "paused");
	SAME(r.due, on(0, 14, 0), "due");
	SAME(r.late, on(0, 16, 0), "late");
	SAME(r.risk, on(0, 13, 0), "risk");

	/* a pause moves them, by its open time */
	r = evaluate(facts(on(0, 10, 0), 1, on(0, 12, 0), on(1, 10, 0)), terms(on(0, 14, 0), on(0, 16, 0)));
	SAME(r.paused, 6 * HOUR, "paused overnight");
	SAME(r.due, on(1, 12, 0), "due after a pause");
	SAME(r.late, on(1, 14, 0), "late after a pause");
	SAME(r.risk, on(1, 11, 0), "risk after a pause");

	/* used up at closing time: then, not at the next opening */
	r = evaluate(facts(on(0, 10, 0), 1, on(0, 11, 0), on(0, 12, 0)), terms(on(0, 16, 0), on(0, 16, 0)));
	SAME(r.due, on(0, 17, 0), "due at closing");
	SAME(r.late, on(0, 17, 0), "late at closing");

	/* used up just as a pause begins: before it */
	r = evaluate(facts(on(0, 10, 0), 2, on(0, 10, 0), on(0, 11, 0), on(0, 15, 0), CLOCK_NONE),
				 terms(on(0, 14, 0), on(0, 14, 1)));
	SAME(r.due, on(0, 15, 0), "due at a pause");
	SAME(r.late, CLOCK_NONE, "late in a pause that lasts");
	SAME(r.risk, on(0, 14, 0), "risk before the pause");
	SAME(r.paused, HOUR, "the pause that lasts is not over");

	/* paused before the budget is used up */
	r = evaluate(facts(on(0, 10, 0), 1, on(0, 12, 59), CLOCK_NONE), terms(on(0, 14, 0), on(0, 14, 0)));
	SAME(r.due, CLOCK_NONE, "due while paused");
	SAME(r.late, CLOCK_NONE, "late while paused");
	SAME(r.risk, CLOCK_NONE, "risk while paused");

	/* paused at closing time, the goal being promised for the next opening */
	r = evaluate(facts(on(0, 10, 0), 1, on(0, 18, 0), CLOCK_NONE), terms(on(1, 9, 0), on(1, 10, 0)));
	SAME(r.budget, 7 * HOUR, "budget until the next opening");
	SAME(r.due, on(1, 9, 0), "due not before the goal");
	SAME(r.late, CLOCK_NONE, "late not reached");

	/* not before the goal: Saturday plus one business day is Tuesday, 09:00 */
	r = evaluate(facts(on(5, 12, 0), 0), terms(on(8, 9, 0), on(8, 9, 0)));
	SAME(r.due, on(8, 9, 0), "due of a Saturday's clock");
	r = evaluate(facts(on(5, 12, 0), 1, on(5, 13, 0), on(7, 8, 0)), terms(on(8, 9, 0), on(8, 9, 0)));
	SAME(r.due, on(8, 9, 0), "due of a Saturday's clock after a closed pause");
	SAME(r.paused, 0, "open time of a closed pause");

	/* a budget of 0 */
	r = evaluate(facts(on(0, 10, 0), 1, on(0, 10, 0), CLOCK_NONE), terms(on(0, 10, 0), on(0, 11, 0)));
	SAME(r.due, on(0, 10, 0), "due at the start");
	SAME(r.late, CLOCK_NONE, "late of a budget of 0");
	SAME(r.risk, on(0, 10, 0), "risk at the start");
	r = evaluate(facts(on(0, 17, 0), 1, on(0, 18, 0), CLOCK_NONE), terms(on(1, 9, 0), on(1, 9, 0)));
	SAME(r.budget, 0, "budget of closed time");
	SAME(r.due, on(1, 9, 0), "due after closed time only");

	/* measure only */
	r = evaluate(facts(on(0, 10, 0), 1, on(0, 11, 0), on(0, 12, 0)), terms(CLOCK_NONE, CLOCK_NONE));
	SAME(r.budget, 0, "budget without a goal");
	SAME(r.paused, HOUR, "paused without a goal");
	SAME(r.due, CLOCK_NONE, "due without a goal");
	SAME(r.late, CLOCK_NONE, "late without a goal");
	SAME(r.risk, CLOCK_NONE, "risk without a goal");

	/* exclusions, overlapping pauses from either side */
	t = terms(on(0, 14, 0), on(0, 14, 0));
	excluded[0] = (ClockSpan)
	{
		on(0, 8, 0), on(0, 10, 30)
	};
	excluded[1] = (ClockSpan)
	{
		on(0, 11, 30), on(0, 13, 0)
	};
	t.nexcluded = 2;
	t.excluded = excluded;
	clock = facts(on(0, 10, 0), 2, on(0, 11, 0), on(0, 12, 0), on(0, 12, 30), on(0, 13, 15));
	r = evaluate(clock, t);
	SAME(r.due, on(0, 16, 45), "due after what is excluded");
	SAME(r.paused, 45 * MINUTE, "paused and not excluded");
	SAME(clock_elapsed(&clock, &t, &business, on(0, 14, 0)), 75 * MINUTE, "elapsed");
	SAME(clock_elapsed(&clock, &t, &business, on(0, 9, 0)), 0, "elapsed before the start");
	SAME(clock_elapsed(&clock, &t, &business, on(0, 10, 15)), 0, "elapsed while excluded");
	SAME(clock_elapsed(&clock, &t, &business, on(0, 11, 20)), 30 * MINUTE, "elapsed while paused");
	SAME(clock_reach(&clock, &t, &business, 0), on(0, 10, 0), "reach 0");
	SAME(clock_reach(&clock, &t, &business, 30 * MINUTE), on(0, 11, 0), "reach half an hour");
	SAME(clock_reach(&clock, &t, &business, 31 * MINUTE), on(0, 13, 16), "reach a minute more");

	/* by hand: whatever is paused or excluded */
	t.by_hand = true;
	t.threshold_at = on(0, 15, 0);
	clock = facts(on(0, 10, 0), 1, on(0, 11, 0), CLOCK_NONE);
	r = evaluate(clock, t);
	SAME(r.due, on(0, 14, 0), "due by hand");
	SAME(r.late, on(0, 15, 0), "late by hand");
	SAME(r.risk, on(0, 13, 0), "risk by hand");
	SAME(clock_elapsed(&clock, &t, &business, on(0, 14, 0)), 30 * MINUTE, "elapsed by hand");
	t.goal_at = t.threshold_at = on(0, 9, 30);
	SAME(evaluate(clock, t).risk, on(0, 9, 30), "risk by hand before the start");

	/* risk of 1 or more is not before the goal; less may be */
	t = terms(on(8, 9, 0), on(8, 9, 0));
	t.risk = 1;
	SAME(evaluate(facts(on(5, 12, 0), 0), t).risk, on(8, 9, 0), "risk 1");
	t.risk = 0.5;
	SAME(evaluate(facts(on(5, 12, 0), 0), t).risk, on(7, 13, 0), "risk 0.5");
	t.risk = 1.25;
	SAME(evaluate(facts(on(5, 12, 0), 0), t).risk, on(8, 11, 0), "risk 1.25");

	/* the end ends elapsed time, not what would have followed */
	clock = facts(on(0, 10, 0), 1, on(0, 11, 0), on(0, 12, 0));
	clock.state = CLOCK_STOPPED;
	clock.end = on(0, 12, 0);
	t = terms(on(0, 14, 0), on(0, 15, 0));
	r = evaluate(clock, t);
	SAME(r.due, on(0, 15, 0), "due after the end");
	SAME(r.late, on(0, 16, 0), "late after the end");
	SAME(clock_elapsed(&clock, &t, &business, on(3, 0, 0)), HOUR, "elapsed after the end");
	SAME(clock_reach(&clock, &t, &business, 2 * HOUR), on(0, 13, 0), "reach after the end");
}

/* Fractions of budgets, in a world that is open always. */
static void
test_risk(void)
{
	static const struct
	{
		double		risk;
		int64_t		budget;
		int64_t		expected;
	}			cases[] = {
		{0.75, 4, 3}, {0.75, 5, 4}, {0.07, 100, 7}, {0.07, 101, 8},
		{1.1, 10, 11}, {1.1, 30, 33}, {0.3, 10, 3}, {2.3, 1000, 2300},
		{1e-300, 1000, 1}, {0.9999999, 1, 1}, {0.5, 0, 0}, {7.5, 0, 0},
		{1, INT64_C(20000000000000001), INT64_C(20000000000000001)},
		{3, INT64_C(19999999999999999), INT64_C(59999999999999997)},
		{0.5, INT64_C(20000000000000000), INT64_C(10000000000000000)},
		{1.0 / 3, INT64_C(54000000000), INT64_C(18000000000)},
		{2.0 / 3, INT64_C(54000000000), INT64_C(36000000000)},
		{1e300, 1000, INT64_MAX / 2}, {1e300, 0, 0}
	};

	snprintf(context, sizeof(context), "risk");
	world.base = 0;
	world.unit = 1;
	world.n = 0;
	for (int i = 0; i < (int) (sizeof(cases) / sizeof(cases[0])); i++)
	{
		ClockTerms	t = terms(1000 + cases[i].budget, 1000 + cases[i].budget);

		t.risk = cases[i].risk;
		SAME(evaluate(facts(1000, 0), t).risk, 1000 + cases[i].expected, "risk");
	}
	for (int i = 0; i < 100000; i++)	/* decimals of two places */
	{
		int64_t		percent = 1 + rnd(300);
		int64_t		budget = rnd(INT64_C(1) << (1 + rnd(41)));
		ClockTerms	t = terms(budget, budget);

		t.risk = percent / 100.0;
		SAME(evaluate(facts(0, 0), t).risk, (percent * budget + 99) / 100, "percents");
	}
}

/*
 * Examples of rows and signals.  Time is counted from 1 on; all of it is open.
 */

typedef struct Promises
{
	int32_t		first;
	int64_t		since;			/* for starts from here on: */
	int32_t		then;
} Promises;

static int32_t
promise(void *promises, int64_t start)
{
	const Promises *p = promises;

	return start < p->since ? p->first : p->then;
}

/* What examples work on. */
static Promises promises;
static ClockRules rules;
static ClockRow row;
static ClockOutcome out;
static Clock the_clock;
static Clock *clock_now;		/* NULL, or the_clock */
static Clock before;			/* the cycle before, as it was left */

static void
example(const char *name)
{
	snprintf(context, sizeof(context), "example: %s", name);
	promises = (Promises)
	{
		1, INT64_MAX, 1
	};
	rules = (ClockRules)
	{
		false, CLOCK_CONTINUE, CLOCK_KEEP
	};
	row = (ClockRow)
	{
		.start = true,.start_at = CLOCK_NONE,.stop_at = CLOCK_NONE,
			.promise = promise,.context = &promises
	};
	clock_now = NULL;
	free_blocks();
}

static void
take_next(void)
{
	if (out.begins)
	{
		before = the_clock;
		the_clock = out.next;
		clock_now = &the_clock;
	}
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_facts(const Clock *a, const Clock *b)
{
	if (a->state != b->state || a->cycle != b->cycle || a->promise != b->promise ||
		a->levels != b->levels || a->start != b->start || a->end != b->end ||
		a->last != b->last || a->turned != b->turned ||
		!same_text(a->signal_reason, b->signal_reason) || a->npauses != b->npauses)
		return false;
	for (int i = 0; i < a->npauses; i++)
		if (a->pauses[i].during.from != b->pauses[i].during.from ||
			a->pauses[i].during.to != b->pauses[i].during.to ||
			!same_text(a->pauses[i].reason, b->pauses[i].reason))
			return false;
	return true;
}

/* Nothing changes when the row is applied again, now or later. */
static void
again(int line, int64_t at)
{
	ClockOutcome outcome;
	Clock		clock = the_clock;
	ClockRow	same = row;

	same.at = at;
	clock_apply_row(&clock, &rules, &same, &mem, &outcome);
	checks++;
	if (outcome.changed || outcome.begins || outcome.retargeted || outcome.restarted ||
		!same_facts(&clock, &the_clock))
		fail(line, "the same row changes something when applied again");
}

static void
apply(int line, int64_t at)
{
	row.at = at;
	if (clock_now != NULL && !row.gone)
		(void) clock_take_up(clock_now, promise, &promises, &mem);
	clock_apply_row(clock_now, &rules, &row, &mem, &out);
	take_next();
	if (clock_now != NULL && !(out.begins && rules.repeats))
	{
		again(line, at);
		again(line, at + 3);
	}
}

static void
signal_at(int line, ClockAction action, int64_t at, const char *reason)
{
	ClockSignal signal = {.action = action,.at = at,.reason = reason,.promise = promise,.context = &promises};
	ClockOutcome outcome;
	Clock		clock;

	if (clock_now != NULL)
		(void) clock_take_up(clock_now, promise, &promises, &mem);
	clock_apply_signal(clock_now, &rules, &signal, &mem, &out);
	take_next();
	if (clock_now == NULL || (action == CLOCK_DO_STOP && rules.repeats) || action == CLOCK_DO_RESET)
		return;
	clock = the_clock;
	signal.at += 3;
	clock_apply_signal(&clock, &rules, &signal, &mem, &outcome);
	checks++;
	if (outcome.changed || outcome.begins || !same_facts(&clock, &the_clock))
		fail(line, "the same signal changes something when given again");
}

#define APPLY(at)	apply(__LINE__, at)
#define SIGNAL(action, at, reason)	signal_at(__LINE__, CLOCK_DO_##action, at, reason)

/* The clock in one line: state cycle [start,end) pauses. */
static const char *
printed(const Clock *clock)
{
	static char text[2000];
	int			n;

	n = snprintf(text, sizeof(text), "%c%d %" PRId64, clock->state, clock->cycle, clock->start);
	if (clock->end != CLOCK_NONE)
		n += snprintf(text +n, sizeof(text) - n, "-%" PRId64, clock->end);
	for (int i = 0; i < clock->npauses && n < 1900; i++)
	{
		n += snprintf(text +n, sizeof(text) - n, " (%" PRId64, clock->pauses[i].during.from);
		if (clock->pauses[i].during.to != CLOCK_NONE)
			n += snprintf(text +n, sizeof(text) - n, "-%" PRId64, clock->pauses[i].during.to);
		n += snprintf(text +n, sizeof(text) - n, " %s)",
					  clock->pauses[i].reason ? clock->pauses[i].reason : "null");
	}
	return text;
}

#define IS(expected) \
	do { \
		checks++; \
		if (clock_now == NULL) \
			fail(__LINE__, "no clock, expected %s", expected); \
		else if (strcmp(printed(clock_now), expected) != 0) \
			fail(__LINE__, "got %s, expected %s", printed(clock_now), expected); \
	} while (0)

#define WAS(expected) \
	CHECK(strcmp(printed(&before), expected) == 0, "got %s, expected %s before", printed(&before), expected)

#define NOTHING() \
	CHECK(!out.changed && !out.begins && !out.late, "something happened")

#define LATE(expected)	SAME(out.late, expected, "late")

static void
test_starts(void)
{
	example("start");
	row.start = false;
	APPLY(5);
	CHECK(clock_now == NULL, "begun without start");
	row.start = true;
	APPLY(6);
	IS("r1 6");
	SAME(the_clock.turned, CLOCK_NONE, "turned of a first cycle");
	SAME(the_clock.promise, 1, "promise");
	SAME(out.changed, false, "nothing but a new cycle");
	row.start = false;
	APPLY(8);
	NOTHING();

	example("start at a told time");
	row.start_at = 3;
	APPLY(5);
	IS("r1 3");
	row.start_at = 4;
	APPLY(6);
	NOTHING();

	example("start paused: from the event on");
	row.start_at = 3;
	row.pause = true;
	row.reason = "a";
	APPLY(5);
	IS("p1 3 (5 a)");
	LATE(false);

	example("no promise, cancelled or gone: no clock");
	promises.first = 0;
	APPLY(5);
	CHECK(clock_now == NULL, "begun without a promise");
	promises.first = 1;
	row.cancel = true;
	APPLY(5);
	CHECK(clock_now == NULL, "begun cancelled");
	row.cancel = false;
	row.gone = true;
	APPLY(5);
	CHECK(clock_now == NULL, "begun gone");

	example("import of a finished clock");
	row.stop = true;
	row.start_at = 3;
	row.stop_at = 9;
	APPLY(20);
	IS("s1 3-9");
	LATE(false);
	row.stop = false;
	APPLY(30);
	IS("r1 3 (9-30 closed)");

	example("import of a clock that stopped before its start");
	row.stop = true;
	row.start_at = 3;
	row.stop_at = 2;
	APPLY(20);
	IS("s1 3-3");
	LATE(true);

	example("a start in the future");
	row.start_at = 20;
	row.pause = true;
	APPLY(5);
	IS("p1 20 (20 null)");
	LATE(false);
	row.reason = "b";
	APPLY(6);
	IS("p1 20 (20 b)");
	LATE(false);
	row.pause = false;
	APPLY(7);
	IS("r1 20");
	LATE(false);
	SIGNAL(RESET, 8, NULL);
	NOTHING();
	row.stop = true;
	APPLY(9);
	IS("s1 20-20");
	LATE(true);

	example("a pause before the start");
	rules.starts_by_event = true;
	APPLY(5);
	row.pause = true;
	APPLY(4);
	IS("p1 5 (5 null)");
	LATE(true);
	row.reason = "b";
	APPLY(3);
	IS("p1 5 (5 b)");
	LATE(false);
}

static void
test_pauses(void)
{
	example("pauses");
	APPLY(1);
	row.pause = true;
	row.reason = "a";
	APPLY(3);
	IS("p1 1 (3 a)");
	row.reason = "b";
	APPLY(5);
	IS("p1 1 (3-5 a) (5 b)");
	row.pause = false;
	APPLY(7);
	IS("r1 1 (3-5 a) (5-7 b)");
	SAME(the_clock.last, 7, "last");

	example("a pause of no length is dropped");
	APPLY(1);
	row.pause = true;
	APPLY(3);
	row.pause = false;
	APPLY(3);
	IS("r1 1");

	example("another reason at the same instant; touching pauses merge");
	APPLY(1);
	row.pause = true;
	row.reason = "a";
	APPLY(3);
	row.reason = "b";
	APPLY(5);
	row.reason = "c";
	APPLY(5);
	IS("p1 1 (3-5 a) (5 c)");
	row.reason = "a";
	APPLY(5);
	IS("p1 1 (3 a)");
	row.pause = false;
	APPLY(6);
	row.pause = true;
	APPLY(6);
	IS("p1 1 (3 a)");
	row.reason = NULL;
	APPLY(8);
	IS("p1 1 (3-8 a) (8 null)");

	example("what runs backwards is applied at the last fact, and late");
	APPLY(1);
	row.pause = true;
	APPLY(5);
	row.pause = false;
	APPLY(9);
	row.pause = true;
	APPLY(7);
	IS("p1 1 (5 null)");
	LATE(true);
	row.stop = true;
	row.stop_at = 8;
	APPLY(12);
	IS("s1 1-9 (5-9 null)");
	LATE(true);

	example("a paused clock stops");
	APPLY(1);
	row.pause = true;
	APPLY(5);
	row.stop = true;
	APPLY(8);
	IS("s1 1-8 (5-8 null)");

	example("a clock that stops as it is paused");
	APPLY(1);
	row.pause = true;
	APPLY(5);
	row.stop = true;
	APPLY(5);
	IS("s1 1-5");

	example("the caller's pauses are not written to");
	APPLY(1);
	row.pause = true;
	APPLY(3);
	{
		ClockPause	kept = the_clock.pauses[0];
		ClockPause *theirs = the_clock.pauses;

		row.pause = false;
		APPLY(5);
		CHECK(theirs != the_clock.pauses && theirs[0].during.to == kept.during.to, "written to");
	}

	example("two levels of pause");
	APPLY(1);
	SIGNAL(PAUSE, 3, "s");
	IS("p1 1 (3 s)");
	row.pause = true;
	row.reason = "r";
	APPLY(5);
	IS("p1 1 (3-5 s) (5 r)");
	SIGNAL(PAUSE, 6, "t");
	IS("p1 1 (3-5 s) (5 r)");
	SAME(out.changed, true, "the signal's reason changed");
	row.pause = false;
	APPLY(7);
	IS("p1 1 (3-5 s) (5-7 r) (7 t)");
	SIGNAL(RESUME, 9, NULL);
	IS("r1 1 (3-5 s) (5-7 r) (7-9 t)");
	SIGNAL(RESUME, 10, NULL);
	NOTHING();

	example("the row pauses while the signal ends");
	APPLY(1);
	row.pause = true;
	row.reason = "r";
	APPLY(3);
	SIGNAL(PAUSE, 4, "s");
	SIGNAL(RESUME, 6, NULL);
	IS("p1 1 (3 r)");
	SAME(the_clock.levels, CLOCK_ROW_PAUSE, "levels");
	SIGNAL(PAUSE, 8, "s");
	row.pause = false;
	APPLY(9);
	SIGNAL(RESUME, 7, NULL);
	IS("r1 1 (3-9 r)");
	LATE(true);
}

static void
test_stops(void)
{
	example("stop at a told time");
	APPLY(1);
	row.stop = true;
	row.stop_at = 4;
	APPLY(8);
	IS("s1 1-4");
	SAME(the_clock.turned, 4, "turned");
	row.stop_at = 6;
	APPLY(9);
	NOTHING();

	example("continue, then a stale stop_at");
	APPLY(1);
	row.stop = true;
	row.stop_at = 4;
	APPLY(8);
	row.stop = row.start = false;
	APPLY(10);
	IS("r1 1 (4-10 closed)");
	SAME(the_clock.turned, 10, "turned");
	row.stop = true;
	APPLY(12);
	IS("s1 1-12 (4-10 closed)");
	LATE(false);

	example("continue, then a stop_at of the very reopening is stale");
	APPLY(1);
	row.stop = true;
	APPLY(4);
	row.stop = false;
	APPLY(10);
	row.stop = true;
	row.stop_at = 10;
	APPLY(12);
	IS("s1 1-12 (4-10 closed)");

	example("continue at the instant of the stop");
	APPLY(1);
	row.stop = true;
	APPLY(4);
	row.stop = false;
	APPLY(3);
	IS("r1 1");
	LATE(true);

	example("continue paused, and another promise");
	APPLY(1);
	row.stop = row.pause = true;
	row.reason = "a";
	APPLY(4);
	IS("s1 1-4");
	row.stop = false;
	promises.first = 2;
	APPLY(6);
	IS("p1 1 (4-6 closed) (6 a)");
	SAME(out.retargeted, true, "retargeted");
	SAME(the_clock.promise, 2, "promise");

	example("continue without a promise: stays finished");
	APPLY(1);
	row.stop = true;
	APPLY(4);
	row.stop = false;
	promises.first = 0;
	APPLY(6);
	IS("s1 1-4");
	promises.first = 1;
	APPLY(8);
	IS("r1 1 (4-8 closed)");

	example("new cycle needs start");
	rules.on_reopen = CLOCK_NEW_CYCLE;
	APPLY(1);
	row.stop = true;
	APPLY(4);
	row.stop = row.start = false;
	APPLY(6);
	IS("s1 1-4");
	row.start = true;
	APPLY(8);
	IS("r2 8");
	SAME(the_clock.turned, 8, "turned");

	example("new cycle, its start told or stale");
	rules.on_reopen = CLOCK_NEW_CYCLE;
	row.start_at = 1;
	APPLY(2);
	row.stop = true;
	APPLY(4);
	row.stop = false;
	row.start_at = 4;
	APPLY(8);
	IS("r2 8");
	row.stop = true;
	APPLY(9);
	row.stop = false;
	row.start_at = 10;
	APPLY(12);
	IS("r3 10");
	WAS("s2 8-9");

	example("never another cycle");
	rules.on_reopen = CLOCK_IGNORE;
	APPLY(1);
	row.stop = true;
	APPLY(4);
	row.stop = false;
	APPLY(6);
	SIGNAL(START, 7, NULL);
	IS("s1 1-4");
}

static void
test_cancels(void)
{
	static const char *const how[] = {"cancel", "gone", "no promise"};

	for (int i = 0; i < 3; i++)
	{
		char		name[50];

		snprintf(name, sizeof(name), "cancelled: %s", how[i]);
		example(name);
		row.start_at = 1;
		APPLY(2);
		row.pause = true;
		APPLY(3);
		row.cancel = i == 0;
		row.gone = i == 1;
		row.stop = true;
		promises.first = i == 2 ? 0 : 1;
		APPLY(6);
		IS("c1 1-6 (3-6 null)");
		SAME(the_clock.turned, 6, "turned");
		row.cancel = row.gone = row.pause = false;
		promises.first = 1;
		APPLY(8);
		IS("c1 1-6 (3-6 null)");
		row.stop = false;
		APPLY(10);
		IS("r2 10");
	}

	example("cancelled, and never another cycle");
	rules.on_reopen = CLOCK_IGNORE;
	APPLY(1);
	row.cancel = true;
	APPLY(3);
	row.cancel = false;
	APPLY(5);
	IS("c1 1-3");

	example("nothing promised any more for the old start, but for a new one");
	promises.since = 5;
	APPLY(1);
	promises.first = 0;
	APPLY(7);
	WAS("c1 1-7");
	IS("r2 7");
	SAME(out.changed, true, "changed");

	example("cancelled late");
	APPLY(5);
	row.gone = true;
	APPLY(3);
	IS("c1 5-5");
	LATE(true);

	example("cancelled, a start told");
	APPLY(1);
	row.cancel = true;
	APPLY(3);
	row.cancel = false;
	row.start_at = 4;
	APPLY(7);
	IS("r2 4");

	example("a finished clock is not cancelled");
	APPLY(1);
	row.stop = true;
	APPLY(3);
	row.cancel = true;
	APPLY(5);
	IS("s1 1-3");
	row.gone = true;
	APPLY(6);
	IS("s1 1-3");
}

/* As sla.untrack() leaves it at an instant. */
static void
untrack(int64_t at)
{
	if (the_clock.state == CLOCK_PAUSED)
		the_clock.pauses[the_clock.npauses - 1].during.to = at;
	the_clock.state = CLOCK_CANCELLED;
	the_clock.end = at;
	the_clock.levels |= CLOCK_UNTRACKED;
}

static void
test_untracked(void)
{
	example("tracked again: as if it had been all the time");
	row.start_at = 1;
	APPLY(2);
	untrack(10);
	IS("c1 1-10");
	APPLY(4);
	IS("r1 1");
	SAME(the_clock.levels, 0, "levels");
	row.stop = true;
	row.stop_at = 3;
	APPLY(5);
	IS("s1 1-3");

	example("and stopped meanwhile");
	APPLY(2);
	untrack(10);
	row.stop = true;
	APPLY(7);
	IS("s1 2-7");
	LATE(false);

	example("a pause that ended only by it goes on");
	row.pause = true;
	row.reason = "a";
	APPLY(2);
	untrack(10);
	APPLY(2);
	IS("p1 2 (2 a)");
	untrack(11);
	row.pause = false;
	APPLY(6);
	IS("r1 2 (2-6 a)");
	untrack(12);
	row.pause = true;
	APPLY(8);
	IS("p1 2 (2-6 a) (8 a)");

	example("a pause that was over just then");
	row.pause = true;
	APPLY(2);
	row.pause = false;
	APPLY(10);
	untrack(10);
	APPLY(10);
	IS("r1 2 (2-10 null)");

	example("nothing promised yet: it stays as it is");
	APPLY(2);
	untrack(10);
	promises.first = 0;
	row.pause = true;
	APPLY(4);
	NOTHING();
	IS("c1 2-10");
	promises.first = 1;
	APPLY(5);
	IS("p1 2 (5 null)");

	example("nothing promised for its start any more: the next cycle, not before its end");
	promises.since = 5;
	APPLY(2);
	untrack(10);
	promises.first = 0;
	APPLY(7);
	WAS("c1 2-10");
	IS("r2 10");

	example("gone meanwhile: it ended when it was seen last");
	APPLY(2);
	untrack(10);
	row.gone = true;
	APPLY(12);
	IS("c1 2-10");

	example("taken up by signals");
	APPLY(2);
	untrack(10);
	SIGNAL(STOP, 5, NULL);
	IS("s1 2-5");
	example("taken up by a pause that was told already");
	APPLY(2);
	SIGNAL(PAUSE, 3, "x");
	untrack(10);
	SIGNAL(PAUSE, 6, "x");
	IS("p1 2 (3 x)");
	SAME(the_clock.last, 3, "last");
	example("taken up by a start");
	APPLY(2);
	untrack(10);
	SIGNAL(START, 6, NULL);
	IS("r1 2");
}

static void
test_repeats(void)
{
	example("repeats");
	rules.repeats = true;
	APPLY(1);
	row.stop = true;
	row.stop_at = 4;
	APPLY(6);
	WAS("s1 1-4");
	IS("r2 4");
	SAME(before.levels, CLOCK_ROW_STOP, "levels of the stopped one");
	SAME(the_clock.levels, CLOCK_ROW_STOP, "levels");
	SAME(the_clock.turned, 4, "turned");
	APPLY(8);
	NOTHING();
	row.stop_at = 9;
	APPLY(10);
	WAS("s2 4-9");
	IS("r3 9");
	row.stop_at = 7;
	APPLY(11);
	NOTHING();
	row.stop = false;
	APPLY(12);
	IS("r3 9");
	row.stop = true;
	APPLY(14);
	WAS("s3 9-14");
	IS("r4 14");
	SIGNAL(STOP, 16, NULL);
	WAS("s4 14-16");
	IS("r5 16");
	SAME(the_clock.levels, CLOCK_ROW_STOP, "a pulse is no level");

	example("repeats while paused");
	rules.repeats = true;
	APPLY(1);
	SIGNAL(PAUSE, 2, "s");
	row.stop = true;
	APPLY(6);
	WAS("s1 1-6 (2-6 s)");
	IS("p2 6 (6 s)");
	SIGNAL(RESUME, 8, NULL);
	row.stop = false;
	row.pause = true;
	row.reason = "r";
	APPLY(9);
	row.stop = true;
	APPLY(11);
	WAS("s2 6-11 (6-8 s) (9-11 r)");
	IS("p3 11 (11 r)");
	SIGNAL(STOP, 13, NULL);
	IS("p4 13 (13 r)");
	APPLY(14);
	NOTHING();

	example("repeats: a late stop");
	rules.repeats = true;
	APPLY(1);
	row.pause = true;
	APPLY(5);
	row.pause = false;
	row.stop = true;
	row.stop_at = 3;
	APPLY(9);
	WAS("s1 1-5");
	IS("r2 5");
	LATE(true);
	APPLY(10);
	NOTHING();

	example("repeats: a late stop, and a pause from then on");
	rules.repeats = true;
	APPLY(1);
	row.pause = row.stop = true;
	row.stop_at = 3;
	row.reason = "r";
	APPLY(9);
	WAS("s1 1-3");
	IS("p2 3 (9 r)");
	APPLY(10);
	NOTHING();

	example("repeats: a held stop from before a restart is stale");
	rules.repeats = true;
	rules.on_retarget = CLOCK_RESTART;
	APPLY(1);
	row.stop = true;
	APPLY(3);
	promises.first = 2;
	APPLY(8);
	IS("r2 8");
	row.stop_at = 6;
	APPLY(9);
	NOTHING();

	example("repeats: imported");
	rules.repeats = true;
	row.stop = true;
	row.start_at = 2;
	row.stop_at = 5;
	APPLY(9);
	IS("s1 2-5");
	APPLY(9);
	IS("r2 5");
	WAS("s1 2-5");
	APPLY(9);
	NOTHING();

	example("repeats: nothing is promised any more");
	rules.repeats = true;
	promises.since = 3;
	promises.then = 0;
	APPLY(1);
	row.stop = true;
	APPLY(4);
	IS("s1 1-4");
	APPLY(6);
	NOTHING();
	row.stop = false;
	promises.then = 3;
	APPLY(7);
	IS("r2 7");
	SAME(the_clock.promise, 3, "promise");
}

static void
test_retargets(void)
{
	example("keep");
	APPLY(1);
	row.pause = true;
	APPLY(3);
	promises.first = 2;
	APPLY(5);
	IS("p1 1 (3 null)");
	SAME(out.retargeted, true, "retargeted");
	SAME(out.old_promise, 1, "old promise");
	SAME(out.restarted, false, "restarted");
	SAME(the_clock.promise, 2, "promise");
	SAME(the_clock.last, 3, "last");

	example("restart");
	rules.on_retarget = CLOCK_RESTART;
	APPLY(1);
	row.pause = true;
	row.reason = "a";
	APPLY(3);
	row.pause = false;
	APPLY(4);
	row.pause = true;
	APPLY(5);
	promises.first = 2;
	APPLY(8);
	IS("p1 8 (8 a)");
	SAME(out.retargeted, true, "retargeted");
	SAME(out.restarted, true, "restarted");
	SAME(the_clock.promise, 2, "promise");
	row.pause = false;
	promises.first = 3;
	APPLY(6);
	IS("r1 8");
	LATE(false);

	example("restart, late");
	rules.on_retarget = CLOCK_RESTART;
	APPLY(1);
	row.pause = true;
	APPLY(3);
	row.pause = false;
	APPLY(6);
	promises.first = 2;
	APPLY(4);
	IS("r1 6");
	LATE(true);

	example("restart: the promise for the new start");
	rules.on_retarget = CLOCK_RESTART;
	APPLY(1);
	promises = (Promises)
	{
		2, 5, 3
	};
	APPLY(8);
	IS("r1 8");
	SAME(the_clock.promise, 3, "promise");
	promises = (Promises)
	{
		2, 5, 0
	};
	rules.on_retarget = CLOCK_RESTART;
	the_clock.start = the_clock.last = 4;
	APPLY(9);
	IS("c1 4-9");

	example("the old promise stays");
	rules.on_retarget = CLOCK_KEEP_PROMISE;
	APPLY(1);
	promises.first = 2;
	APPLY(5);
	NOTHING();
	promises.first = 0;
	APPLY(6);
	IS("c1 1-6");

	example("a finished clock keeps its promise");
	APPLY(1);
	row.stop = true;
	APPLY(3);
	promises.first = 2;
	APPLY(5);
	NOTHING();
	SAME(the_clock.promise, 1, "promise");
}

static void
test_signals(void)
{
	example("signals on no clock");
	SIGNAL(STOP, 1, NULL);
	SIGNAL(PAUSE, 1, NULL);
	SIGNAL(RESUME, 1, NULL);
	SIGNAL(CANCEL, 1, NULL);
	SIGNAL(RESET, 1, NULL);
	CHECK(clock_now == NULL, "begun by another signal than start");
	promises.first = 0;
	SIGNAL(START, 2, NULL);
	CHECK(clock_now == NULL, "begun without a promise");
	promises.first = 1;
	SIGNAL(START, 2, NULL);
	IS("r1 2");
	SIGNAL(START, 4, NULL);
	NOTHING();

	example("stopped by a signal");
	APPLY(1);
	SIGNAL(STOP, 4, NULL);
	IS("s1 1-4");
	APPLY(5);
	NOTHING();
	row.stop = true;
	APPLY(6);
	row.stop = false;
	APPLY(7);
	IS("s1 1-4");
	SIGNAL(RESUME, 8, NULL);
	NOTHING();
	SIGNAL(START, 9, NULL);
	IS("r2 9");
	SAME(the_clock.levels, 0, "levels");
	SIGNAL(CANCEL, 8, NULL);
	IS("c2 9-9");
	LATE(true);
	APPLY(10);
	NOTHING();
	SIGNAL(START, 8, NULL);
	IS("r3 9");
	LATE(true);

	example("a stop by the row does not reopen while a signal holds");
	APPLY(1);
	row.stop = true;
	APPLY(3);
	SIGNAL(STOP, 4, NULL);
	SAME(out.changed, true, "a second level");
	row.stop = false;
	APPLY(5);
	IS("s1 1-3");

	example("started by a signal although the row shows a stop");
	APPLY(1);
	row.stop = true;
	row.stop_at = 3;
	APPLY(3);
	SIGNAL(START, 5, NULL);
	IS("r2 5");
	APPLY(7);
	NOTHING();
	row.stop_at = 8;
	APPLY(9);
	IS("s2 5-8");

	example("what signals pause stays paused in the next cycle");
	rules.on_reopen = CLOCK_NEW_CYCLE;
	APPLY(1);
	SIGNAL(PAUSE, 2, "s");
	row.stop = true;
	APPLY(4);
	row.stop = false;
	row.pause = true;
	row.reason = "r";
	row.start_at = 6;
	APPLY(9);
	IS("p2 6 (6-9 s) (9 r)");

	example("a pause signal while stopped");
	APPLY(1);
	row.stop = true;
	APPLY(4);
	SIGNAL(PAUSE, 5, "s");
	SAME(the_clock.last, 5, "last");
	row.stop = false;
	APPLY(6);
	IS("p1 1 (4-6 closed) (6 s)");

	example("reset");
	APPLY(1);
	SIGNAL(PAUSE, 2, "s");
	SIGNAL(RESUME, 3, NULL);
	SIGNAL(PAUSE, 5, "t");
	SIGNAL(RESET, 8, NULL);
	IS("p1 8 (8 t)");
	SAME(out.restarted, true, "restarted");
	SIGNAL(RESET, 8, NULL);
	NOTHING();
	SIGNAL(RESUME, 9, NULL);
	SIGNAL(RESET, 7, NULL);
	IS("r1 9");
	LATE(true);
	SIGNAL(STOP, 10, NULL);
	SIGNAL(RESET, 11, NULL);
	NOTHING();
}

/*
 * What follows from random facts, compared with counting
 */

static bool
in_spans(const ClockSpan *spans, int n, int64_t t)
{
	for (int i = 0; i < n; i++)
		if (spans[i].from <= t && (spans[i].to == CLOCK_NONE || t < spans[i].to))
			return true;
	return false;
}

#define MAX_SPANS	8

/* Random spans of whole units in order; they may touch. */
static int
random_spans(ClockSpan *spans, int64_t from, int64_t to)
{
	int64_t		edges[2 * MAX_SPANS];
	int			n = 0;
	int			wanted = (int) rnd(MAX_SPANS + 1);

	for (int i = 0; i < 2 * wanted; i++)
	{
		int64_t		edge = from + rnd((to - from) / world.unit + 1) * world.unit;
		int			k = i;

		for (; k > 0 && edges[k - 1] > edge; k--)
			edges[k] = edges[k - 1];
		edges[k] = edge;
	}
	for (int i = 0; i < wanted; i++)
		if (edges[2 * i] < edges[2 * i + 1])
			spans[n++] = (ClockSpan)
		{
			edges[2 * i], edges[2 * i + 1]
		};
	return n;
}

/* Does a unit count? */
typedef struct Count
{
	const Clock *clock;
	ClockSpan	paused[MAX_SPANS];
	const ClockTerms *terms;
} Count;

static bool
counts(const Count *count, int i)
{
	int64_t		t = world.base + i * world.unit;

	return (i >= world.n || world.open[i]) &&
		!in_spans(count->paused, count->clock->npauses, t) &&
		!in_spans(count->terms->excluded, count->terms->nexcluded, t);
}

/* The earliest instant with so many microseconds counted, or CLOCK_NONE. */
static int64_t
count_reach(const Count *count, int64_t elapsed)
{
	int			i = (int) ((count->clock->start - world.base) / world.unit);

	if (elapsed == 0)
		return count->clock->start;
	for (;; i++)
	{
		if (i > world.n && count->clock->state == CLOCK_PAUSED)
			return CLOCK_NONE;
		if (!counts(count, i))
			continue;
		if (elapsed <= world.unit)
			return world.base + i * world.unit + elapsed;
		elapsed -= world.unit;
	}
}

static int64_t
count_open(int64_t a, int64_t b)
{
	int64_t		open = 0;

	for (int64_t i = (a - world.base) / world.unit; i < (b - world.base) / world.unit; i++)
		open += world.open[i] ? world.unit : 0;
	return open;
}

static int64_t
count_deadline(const Count *count, int64_t promised)
{
	int64_t		reached;

	if (count->terms->by_hand)
		return promised;
	reached = count_reach(count, count_open(count->clock->start, promised));
	return reached == CLOCK_NONE || reached > promised ? reached : promised;
}

static int64_t
count_risk(const Count *count, int percent, int64_t budget)
{
	Clock		bare = *count->clock;
	ClockTerms	plain = *count->terms;
	Count		by_hand = {&bare, {{0}}, &plain};
	int64_t		elapsed = (percent * budget + 99) / 100;
	int64_t		reached;

	bare.npauses = plain.nexcluded = 0;
	bare.state = CLOCK_RUNNING;
	reached = count_reach(count->terms->by_hand ? &by_hand : count, elapsed);
	if (percent >= 100 && reached != CLOCK_NONE && reached < plain.goal_at)
		return plain.goal_at;
	return reached;
}

static int64_t
random_instant(int64_t from, int64_t to)
{
	return from + rnd((to - from) / world.unit + 1) * world.unit;
}

static void
random_world(void)
{
	static const int64_t units[] = {1, MINUTE, 7 * HOUR};
	int			longest = 1 << rnd(10);

	world.unit = units[rnd(3)];
	world.base = (CORE_MIN_DATE + rnd(CORE_MAX_DATE - CORE_MIN_DATE - 2000)) * DAY + rnd(DAY);
	world.n = 20 + (int) rnd(2000);
	for (int i = 0; i < world.n;)
	{
		bool		open = one_in(2);

		for (int64_t k = 1 + rnd(longest); k > 0 && i < world.n; k--)
			world.open[i++] = open;
	}
	world_sum();
}

static void
check_facts(const Count *count, int percent)
{
	const Clock *clock = count->clock;
	const ClockTerms *t = count->terms;
	int64_t		budget = count_open(clock->start, t->goal_at);
	int64_t		elapsed = 0;
	int64_t		paused = 0;
	int			sample = 1 + (int) rnd(50);
	ClockResult result;

	clock_evaluate(clock, t, &business, &result);
	SAME(result.budget, budget, "budget");
	SAME(result.due, count_deadline(count, t->goal_at), "due");
	SAME(result.late, count_deadline(count, t->threshold_at), "late");
	SAME(result.risk, count_risk(count, percent, budget), "risk");
	for (int i = 0; i < world.n; i++)
	{
		int64_t		at = world.base + i * world.unit;

		if (i % sample == 0)
			SAME(clock_elapsed(clock, t, &business, at), elapsed, "elapsed");
		if (at >= clock->start && (clock->end == CLOCK_NONE || at < clock->end))
			elapsed += counts(count, i) ? world.unit : 0;
		if (world.open[i] && !in_spans(t->excluded, t->nexcluded, at) &&
			in_spans(count->paused, clock->npauses - (clock->state == CLOCK_PAUSED), at))
			paused += world.unit;
	}
	SAME(result.paused, paused, "paused");
	for (int i = 0; i < 5; i++)
	{
		int64_t		d = rnd(world.n * world.unit);

		SAME(clock_reach(clock, t, &business, d), count_reach(count, d), "reach");
	}
}

static void
test_random_facts(int n)
{
	for (int i = 0; i < n; i++)
	{
		Clock		clock = {.state = CLOCK_RUNNING,.cycle = 1,.promise = 1};
		ClockTerms	t = {0};
		ClockPause	clock_pauses[MAX_SPANS];
		ClockSpan	excluded[MAX_SPANS];
		Count		count = {&clock, {{0}}, &t};
		int			percent = one_in(10) ? 100 : 1 + (int) rnd(200);
		int64_t		world_end;

		snprintf(context, sizeof(context), "facts of seed %" PRIu64, seed);
		random_world();
		world_end = world.base + world.n * world.unit;
		clock.start = random_instant(world.base, world_end);
		clock.end = one_in(3) ? random_instant(clock.start, world_end) : CLOCK_NONE;
		clock.npauses = random_spans(count.paused, clock.start,
									 clock.end == CLOCK_NONE ? world_end : clock.end);
		if (clock.end != CLOCK_NONE)
			clock.state = one_in(2) ? CLOCK_STOPPED : CLOCK_CANCELLED;
		else if (clock.npauses > 0 && one_in(2))
		{
			clock.state = CLOCK_PAUSED;
			count.paused[clock.npauses - 1].to = CLOCK_NONE;
		}
		for (int k = 0; k < clock.npauses; k++)
			clock_pauses[k] = (ClockPause)
		{
			count.paused[k], "a"
		};
		clock.pauses = clock_pauses;

		t.goal_at = random_instant(clock.start, one_in(5) ? clock.start + 3 * world.unit : world_end);
		if (t.goal_at > world_end)
			t.goal_at = world_end;
		t.threshold_at = one_in(3) ? t.goal_at : random_instant(t.goal_at, world_end);
		t.by_hand = one_in(5);
		t.risk = percent / 100.0;
		t.excluded = excluded;
		t.nexcluded = one_in(3) ? 0 : random_spans(excluded, world.base, world_end);
		check_facts(&count, percent);
	}
}

/*
 * Random rows and signals, and a model that keeps for each unit of time why
 * the clock does not run then
 */

#define END_OF_TIME	400

static const char *const reasons[] = {"a", "b", NULL};

typedef struct Model
{
	bool		exists;
	bool		open;
	bool		stopped;		/* else cancelled, when not open */
	int			cycle;
	int32_t		promise;
	bool		row_stop;
	bool		row_pause;
	bool		row_cancel;
	bool		signal_stop;
	bool		signal_pause;
	bool		signal_cancel;
	const char *signal_reason;
	int64_t		start;
	int64_t		end;
	int64_t		last;
	int64_t		turned;
	bool		off[END_OF_TIME];
	const char *why[END_OF_TIME];
} Model;

static Model model;
static Model model_before;		/* the cycle that ended when model began */
static bool model_late;
static bool model_begins;

static int64_t
model_time(int64_t at)
{
	if (at < model.last)
		model_late = true;
	return at < model.last ? model.last : at;
}

static void
model_from(int64_t t, bool off, const char *why)
{
	for (int64_t i = t; i < END_OF_TIME; i++)
	{
		model.off[i] = off;
		model.why[i] = why;
	}
}

/* The levels have changed, or not; the row's reason. */
static void
model_pause(const Model *old, int64_t at, const char *why)
{
	bool		off = model.row_pause || model.signal_pause;

	if (!model.row_pause)
		why = model.signal_reason;
	if (old->row_pause == model.row_pause && old->signal_pause == model.signal_pause &&
		same_text(old->signal_reason, model.signal_reason) &&
		off == model.off[END_OF_TIME - 1] && (!off || same_text(why, model.why[END_OF_TIME - 1])))
		return;
	model.last = model_time(at < model.start ? model.start : at);
	model_from(model.last, off, why);
}

static void
model_finish(int64_t at, bool stopped)
{
	model.end = model.turned = model.last = model_time(at);
	model.open = false;
	model.stopped = stopped;
}

/* Another cycle; its row levels are those of the one before. */
static void
model_begin(int64_t start, int32_t promised)
{
	model_begins = true;
	model_before = model;
	model.cycle++;
	model.exists = model.open = true;
	model.promise = promised;
	model.signal_stop = model.signal_cancel = false;
	model.start = model.last = start;
	model.end = CLOCK_NONE;
	model.turned = model.cycle == 1 ? CLOCK_NONE : start;
	model_from(0, false, NULL);
	if (model.signal_pause)
		model_from(start, true, model.signal_reason);
}

/* The row has paused since "at", or, if that is earlier, since the start. */
static void
model_repeat(const char *why, int64_t at)
{
	int32_t		promised = promise(&promises, model.end);
	Model		old;

	if (promised == 0)
		return;
	model_begin(model.end, promised);
	old = model;
	old.row_pause = false;
	model_pause(&old, at < model.start ? model.start : at, why);
}

static void
model_retarget(int32_t promised, int64_t at)
{
	bool		off = model.off[END_OF_TIME - 1];

	if (promised == model.promise || rules.on_retarget == CLOCK_KEEP_PROMISE)
		return;
	if (rules.on_retarget == CLOCK_RESTART)
	{
		if (promise(&promises, at > model.last ? at : model.last) == 0)
		{
			model_finish(at, false);
			return;
		}
		model.start = model.last = model_time(at < model.start ? model.start : at);
		model_from(model.start, off, model.why[END_OF_TIME - 1]);
		promised = promise(&promises, model.start);
	}
	model.promise = promised;
}

static void
model_row(void)
{
	Model		old = model;
	int32_t		promised;

	model_late = model_begins = false;
	if (!model.exists && (!row.start || row.gone || row.cancel))
		return;
	model.row_stop = row.stop && !row.gone;
	model.row_pause = row.pause && !row.gone;
	model.row_cancel = row.cancel || row.gone;
	if (model.exists && model.open)
	{
		bool		told = row.stop_at != CLOCK_NONE && row.stop_at > model.turned;

		promised = promise(&promises, model.start);
		if (row.gone || promised == 0 || (row.cancel && !old.row_cancel))
			model_finish(row.at, false);
		else if (row.stop && (!old.row_stop || (told && row.stop_at >= model.start)))
			model_finish(told ? row.stop_at : row.at, true);
		else
		{
			model_pause(&old, row.at, row.reason);
			model_retarget(promised, row.at);
		}
		if (model.open)
			return;
	}

	if (model.row_cancel || model.signal_cancel)
		return;
	if (model.exists && (model.row_stop || model.signal_stop))
	{
		if (rules.repeats && model.row_stop && model.stopped)
			model_repeat(row.reason, old.row_pause ? model.end : row.at);
		return;
	}
	if (model.exists && model.stopped && rules.on_reopen == CLOCK_CONTINUE && !rules.repeats)
	{
		promised = promise(&promises, model.start);
		if (promised == 0)
			return;
		model.last = model.turned = model_time(row.at);
		model.open = true;
		model_from(model.end, true, "closed");
		model_from(model.turned, model.row_pause || model.signal_pause,
				   model.row_pause ? row.reason : model.signal_reason);
		model.end = CLOCK_NONE;
		model_retarget(promised, row.at);
	}
	else if (row.start && (!model.exists || rules.on_reopen != CLOCK_IGNORE))
	{
		int64_t		start = row.start_at != CLOCK_NONE &&
			(!model.exists || row.start_at > model.turned) ? row.start_at : row.at;
		bool		late = model_late;

		if (model.exists)
			start = model_time(start);
		promised = promise(&promises, start);
		if (promised == 0)
		{
			model_late = late;
			if (!model.exists)
				model = old;
			return;
		}
		model_begin(start, promised);
		if (row.stop)
			model_finish(row.stop_at != CLOCK_NONE ? row.stop_at : row.at, true);
		else
		{
			old = model;
			old.row_pause = false;
			model_pause(&old, row.at, row.reason);
		}
	}
}

/* The reason of the row as the clock shows it. */
static const char *
model_row_reason(void)
{
	int64_t		i = model.open ? END_OF_TIME - 1 : model.end - 1;

	return model.row_pause && i >= model.start && model.off[i] ? model.why[i] : NULL;
}

/* What a signal tells of a clock that has ended. */
static void
model_fact(const Model *old, int64_t at)
{
	if (at > model.last &&
		(model.signal_pause != old->signal_pause || !same_text(model.signal_reason, old->signal_reason) ||
		 model.signal_stop != old->signal_stop || model.signal_cancel != old->signal_cancel))
		model.last = at;
}

static void
model_signal(ClockAction action, int64_t at, const char *reason)
{
	Model		old = model;
	const char *row_reason = model.exists ? model_row_reason() : NULL;

	model_late = model_begins = false;
	if (!model.exists && action != CLOCK_DO_START)
		return;
	switch (action)
	{
		case CLOCK_DO_START:
			if (model.exists && model.open)
				return;
			model.signal_stop = model.signal_cancel = false;
			if (!model.exists || rules.on_reopen != CLOCK_IGNORE)
			{
				int64_t		start = model.exists ? model_time(at) : at;

				if (promise(&promises, start) == 0)
				{
					model_late = false;
					model_fact(&old, at);
					return;
				}
				model_begin(start, promise(&promises, start));
				old = model;
				old.row_pause = false;
				model_pause(&old, start, row_reason);
			}
			else
				model_fact(&old, at);
			break;
		case CLOCK_DO_PAUSE:
		case CLOCK_DO_RESUME:
			model.signal_pause = action == CLOCK_DO_PAUSE;
			model.signal_reason = model.signal_pause ? reason : NULL;
			if (model.open)
				model_pause(&old, at, row_reason);
			else
				model_fact(&old, at);
			break;
		case CLOCK_DO_STOP:
			model.signal_stop = !rules.repeats || model.signal_stop;
			if (model.open)
			{
				model_finish(at, true);
				if (rules.repeats)
					model_repeat(row_reason, model.end);
			}
			else
				model_fact(&old, at);
			break;
		case CLOCK_DO_CANCEL:
			model.signal_cancel = true;
			if (model.open)
				model_finish(at, false);
			else
				model_fact(&old, at);
			break;
		case CLOCK_DO_RESET:
			if (!model.open)
				break;
			model.start = model.last = model_time(at < model.start ? model.start : at);
			model_from(model.start, model.off[END_OF_TIME - 1], model.why[END_OF_TIME - 1]);
			if (model.start == old.start)
				break;
			if (promise(&promises, model.start) == 0)
				model_finish(model.start, false);
			else if (rules.on_retarget != CLOCK_KEEP_PROMISE)
				model.promise = promise(&promises, model.start);
			break;
	}
}

static void
compare_pauses(const Clock *clock, const Model *m)
{
	int64_t		end = m->open ? END_OF_TIME : m->end;
	int			n = 0;

	for (int64_t i = m->start; i < end; i++)
	{
		int64_t		from = i;

		if (!m->off[i])
			continue;
		while (i + 1 < end && m->off[i + 1] && same_text(m->why[i + 1], m->why[from]))
			i++;
		CHECK(n < clock->npauses, "pause %d from %" PRId64 " is missing", n, from);
		if (n >= clock->npauses)
			return;
		SAME(clock->pauses[n].during.from, from, "pause from");
		SAME(clock->pauses[n].during.to, i + 1 == END_OF_TIME ? CLOCK_NONE : i + 1, "pause to");
		CHECK(same_text(clock->pauses[n].reason, m->why[from]), "reason of pause %d", n);
		n++;
	}
	SAME(clock->npauses, n, "pauses");
}

/* A clock and the model of it; one that was left behind by its facts only. */
static void
compare(const Clock *clock, const Model *m, bool left)
{
	SAME(clock->state, m->open ? (m->off[END_OF_TIME - 1] ? CLOCK_PAUSED : CLOCK_RUNNING) :
		 m->stopped ? CLOCK_STOPPED : CLOCK_CANCELLED, "state");
	SAME(clock->cycle, m->cycle, "cycle");
	SAME(clock->promise, m->promise, "promise");
	SAME(clock->start, m->start, "start");
	SAME(clock->end, m->end, "end");
	SAME(clock->last, m->last, "last");
	SAME(clock->turned, m->turned, "turned");
	compare_pauses(clock, m);
	if (left)
		return;
	SAME(clock->levels, (m->row_stop ? CLOCK_ROW_STOP : 0) | (m->row_pause ? CLOCK_ROW_PAUSE : 0) |
		 (m->row_cancel ? CLOCK_ROW_CANCEL : 0) | (m->signal_stop ? CLOCK_SIGNAL_STOP : 0) |
		 (m->signal_pause ? CLOCK_SIGNAL_PAUSE : 0) | (m->signal_cancel ? CLOCK_SIGNAL_CANCEL : 0), "levels");
	CHECK(same_text(clock->signal_reason, m->signal_reason), "signal reason");
}

/* What is true of any clock. */
static void
check_invariants(const Clock *clock)
{
	int64_t		t = clock->start;
	int64_t		elapsed = 0;
	ClockTerms	any = terms(clock->start, clock->start);

	CHECK((clock->end == CLOCK_NONE) == clock_is_open(clock), "an end, or open");
	CHECK(clock->last >= clock->start && clock->last >= clock->turned && clock->last >= clock->end, "last");
	CHECK(clock->end == CLOCK_NONE || clock->end >= clock->start, "end");
	for (int i = 0; i < clock->npauses; i++)
	{
		const ClockSpan *span = &clock->pauses[i].during;
		bool		lasts = clock->state == CLOCK_PAUSED && i == clock->npauses - 1;

		CHECK(span->from >= t && (lasts ? span->to == CLOCK_NONE : span->to > span->from), "pause %d", i);
		CHECK(i == 0 || span->from > t || !same_text(clock->pauses[i].reason, clock->pauses[i - 1].reason),
			  "pauses of one reason touch");
		t = lasts ? span->from : span->to;
	}
	CHECK(clock->state != CLOCK_PAUSED || clock->npauses > 0, "paused without a pause");
	CHECK(t <= clock->last && (clock->end == CLOCK_NONE || t <= clock->end), "a pause after the end");
	if (clock_is_open(clock))
	{
		CHECK(((clock->levels & CLOCK_PAUSE) != 0) == (clock->state == CLOCK_PAUSED), "level of pause");
		CHECK(!(clock->levels & (CLOCK_SIGNAL_STOP | CLOCK_SIGNAL_CANCEL)), "open although a signal ended it");
		CHECK(clock->cycle > 1 || !(clock->levels & (CLOCK_STOP | CLOCK_CANCEL)), "open although a row ended it");
	}
	CHECK((clock->levels & CLOCK_SIGNAL_PAUSE) || clock->signal_reason == NULL, "signal reason");
	for (int64_t at = 0; at < END_OF_TIME; at += 1 + rnd(100))
	{
		int64_t		more = clock_elapsed(clock, &any, &business, at);

		CHECK(more >= elapsed && more - elapsed <= at, "elapsed");
		elapsed = more;
	}
}

/* The clock's pauses as their owner has them, and a copy. */
static ClockPause held[END_OF_TIME];
static ClockPause *held_at;
static size_t held_size;

static void
hold_pauses(void)
{
	held_size = clock_now == NULL ? 0 : the_clock.npauses * sizeof(ClockPause);
	held_at = test_alloc(NULL, held_size);
	if (held_size > 0)
	{
		memcpy(held_at, the_clock.pauses, held_size);
		memcpy(held, the_clock.pauses, held_size);
	}
	the_clock.pauses = held_at;
}

static void
after_step(const Clock *old)
{
	CHECK(held_size == 0 || memcmp(held, held_at, held_size) == 0, "the owner's pauses were written to");

	if (clock_now == NULL)
	{
		CHECK(!out.begins && !model.exists, "a clock, or none");
		return;
	}
	SAME(out.begins, model_begins, "begins");
	SAME(out.late, model_late, "late");
	if (!model.exists)
	{
		fail(__LINE__, "a clock that should not be");
		return;
	}
	if (old != NULL)
	{
		const Clock *left = out.begins ? &before : &the_clock;

		SAME(out.changed, !same_facts(old, left), "changed");
		CHECK(left->last >= old->last, "last runs backwards");
		CHECK(out.restarted == (left->start != old->start), "restarted");
		CHECK(out.retargeted == (left->promise != old->promise), "retargeted");
		CHECK(!out.retargeted || out.old_promise == old->promise, "old promise");
		if (out.begins)
		{
			compare(left, &model_before, true);
			check_invariants(left);
		}
	}
	else
		CHECK(out.begins && !out.changed, "a first clock");
	compare(&the_clock, &model, false);
	check_invariants(&the_clock);
}

static void
random_row(int64_t now)
{
	row.at = one_in(8) && now > 5 ? now - rnd(5) : now;
	if (one_in(3))
		row.start = !one_in(4);
	if (one_in(3))
		row.stop = one_in(3);
	if (one_in(3))
		row.pause = one_in(2);
	if (one_in(10))
		row.cancel = one_in(3);
	row.gone = one_in(25);
	if (one_in(3))
		row.reason = reasons[rnd(3)];
	if (one_in(6))
		row.start_at = one_in(3) ? CLOCK_NONE : now > 10 ? now - 10 + rnd(20) : now;
	if (one_in(4))
		row.stop_at = one_in(3) ? CLOCK_NONE : now > 10 ? now - 10 + rnd(15) : now;
}

/* Apply the row until nothing changes, as callers do. */
static void
step_row(bool steady)
{
	for (int i = 0;; i++)
	{
		bool		had = clock_now != NULL;
		Clock		old;

		CHECK(i < 4, "it never ends");
		hold_pauses();
		old = the_clock;
		clock_apply_row(clock_now, &rules, &row, &mem, &out);
		take_next();
		model_row();
		after_step(had ? &old : NULL);
		if (!out.begins || i == 4)
			break;
	}
	if (clock_now != NULL)
		again(__LINE__, row.at + (steady ? rnd(4) : 0));
}

static void
step_signal(int64_t now)
{
	Clock		old;
	bool		had = clock_now != NULL;
	ClockAction action = (ClockAction) rnd(6);
	const char *reason = reasons[rnd(3)];
	int64_t		at = one_in(8) && now > 5 ? now - rnd(5) : now;
	ClockSignal signal = {.action = action,.at = at,.reason = reason,.promise = promise,.context = &promises};

	hold_pauses();
	old = the_clock;
	clock_apply_signal(clock_now, &rules, &signal, &mem, &out);
	take_next();
	model_signal(action, at, reason);
	after_step(had ? &old : NULL);
}

static void
test_sequences(int n)
{
	world.base = 0;
	world.unit = 1;
	world.n = 0;
	for (int i = 0; i < n; i++)
	{
		char		name[60];
		int64_t		now = 1;
		bool		steady = one_in(2);

		snprintf(name, sizeof(name), "sequence of seed %" PRIu64, seed);
		example(name);
		memset(&model, 0, sizeof(model));
		rules.repeats = one_in(3);
		rules.on_reopen = (ClockReopen) rnd(3);
		rules.on_retarget = (ClockRetarget) rnd(3);
		while (now < END_OF_TIME / 2 && failures < 20)
		{
			if (one_in(8))
			{
				promises.first = (int32_t) (one_in(6) ? 0 : 1 + rnd(3));
				promises.then = steady ? promises.first : (int32_t) rnd(3);
				promises.since = now - 10 + rnd(20);
			}
			if (one_in(4))
				step_signal(now);
			else
			{
				random_row(now);
				step_row(steady);
			}
			now += rnd(5) * rnd(5);
		}
	}
}

int
main(int argc, char **argv)
{
	int			thousands = argc > 2 ? atoi(argv[2]) : 20;

	if (argc > 1)
		seed = strtoull(argv[1], NULL, 10);
	setvbuf(stdout, NULL, _IOLBF, 0);
	office_hours();
	test_evaluate();
	test_starts();
	test_pauses();
	test_stops();
	test_cancels();
	test_untracked();
	test_repeats();
	test_retargets();
	test_signals();
	test_risk();
	test_random_facts(thousands * 1000);
	test_sequences(thousands * 1000);
	free_blocks();
	free(blocks);
	printf("test_clock: %ld checks, %d failures\n", checks, failures);
	return failures ? 1 : 0;
}
