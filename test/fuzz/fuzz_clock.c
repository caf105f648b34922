/*-------------------------------------------------------------------------
 *
 * fuzz_clock.c
 *	  libFuzzer target: rows and signals made of bytes move a clock.  After
 *	  each its facts are in order, the same again changes nothing, and what
 *	  follows from the facts agrees with the elapsed time.
 *
 * clang -g -fsanitize=fuzzer,address,undefined -Isrc test/fuzz/fuzz_clock.c \
 *	  src/core/clock.c src/core/clock_apply.c -lm -o fuzz_clock
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect(bool condition)
{
	if (!condition)
		abort();
}

/* The bytes; 0 when there are no more. */
static const uint8_t *bytes;
static size_t nbytes;

static int
byte(void)
{
	if (nbytes == 0)
		return 0;
	nbytes--;
	return *bytes++;
}

/* Every block apart, and all of them freed at the end. */
static void *blocks[20000];
static int	nblocks;

static void *
fuzz_alloc(void *context, size_t size)
{
	expect(nblocks < (int) (sizeof(blocks) / sizeof(blocks[0])));
	blocks[nblocks] = malloc(size);
	memset(blocks[nblocks], 0xA5, size);
	return blocks[nblocks++];
}

static CoreMem mem = {fuzz_alloc, NULL, NULL};

/* Time is open for the first 8 units of each 24; from 0 on. */
static int64_t
position(int64_t t)
{
	return t / 24 * 8 + (t % 24 < 8 ? t % 24 : 8);
}

static int64_t
between(void *context, int64_t a, int64_t b)
{
	expect(0 <= a && a <= b);
	return position(b) - position(a);
}

static int64_t
add(void *context, int64_t t, int64_t d)
{
	int64_t		p = position(t) + d;

	expect(t >= 0 && d >= 0);
	return d == 0 ? t : (p - 1) / 8 * 24 + (p - 1) % 8 + 1;
}

static const ClockTime business = {NULL, between, add};

/* A promise for each time, by the bits of a byte. */
static int32_t
promise(void *context, int64_t start)
{
	const uint8_t *promises = context;

	return *promises >> (start / 64 % 4 * 2) & 3;
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_facts(const Clock *a, const Clock *b)
{
	bool		same = a->state == b->state && a->cycle == b->cycle &&
		a->promise == b->promise && a->levels == b->levels &&
		a->start == b->start && a->end == b->end && a->last == b->last &&
		a->turned == b->turned && a->npauses == b->npauses &&
		same_text(a->signal_reason, b->signal_reason);

	for (int i = 0; same && i < a->npauses; i++)
		same = a->pauses[i].during.from == b->pauses[i].during.from &&
			a->pauses[i].during.to == b->pauses[i].during.to &&
			same_text(a->pauses[i].reason, b->pauses[i].reason);
	return same;
}

static void
check_facts(const Clock *clock)
{
	bool		open = clock_is_open(clock);
	int64_t		t = clock->start;

	expect(clock->cycle > 0 && clock->promise != 0);
	expect(open == (clock->end == CLOCK_NONE));
	expect(open || (clock->start <= clock->end && clock->end <= clock->last));
	expect(clock->start <= clock->last && clock->turned <= clock->last);
	for (int i = 0; i < clock->npauses; i++)
	{
		const ClockPause *pause = &clock->pauses[i];
		bool		lasts = i == clock->npauses - 1 && clock->state == CLOCK_PAUSED;

		expect(t <= pause->during.from);
		expect(lasts ? pause->during.to == CLOCK_NONE : pause->during.from < pause->during.to);
		expect(i == 0 || t < pause->during.from || !same_text(pause[-1].reason, pause->reason));
		t = lasts ? pause->during.from : pause->during.to;
	}
	expect(t <= clock->last && (open || t <= clock->end));
	expect(clock->state != CLOCK_PAUSED || clock->npauses > 0);
	if (open)
	{
		expect(((clock->levels & CLOCK_PAUSE) != 0) == (clock->state == CLOCK_PAUSED));
		expect((clock->levels & (CLOCK_SIGNAL_STOP | CLOCK_SIGNAL_CANCEL)) == 0);
	}
}

/* "due" is the earliest instant, not before "promised", with so much elapsed. */
static void
check_due(const Clock *clock, const ClockTerms *terms, int64_t due,
		  int64_t promised, int64_t budget)
{
	int64_t		far = clock->last + promised + 100000;

	if (due == CLOCK_NONE)
	{
		expect(clock->state == CLOCK_PAUSED);
		expect(clock_elapsed(clock, terms, &business, far) < budget);
		return;
	}
	expect(due >= promised);
	expect(clock_elapsed(clock, terms, &business, due) >= budget);
	expect(due == promised || due == clock->start ||
		   clock_elapsed(clock, terms, &business, due - 1) < budget);
}

static void
check_evaluation(Clock clock)
{
	ClockSpan	excluded[3];
	ClockTerms	terms = {CLOCK_NONE, CLOCK_NONE, false, 0.5, 0, excluded};
	ClockResult result;
	int64_t		budget;
	int64_t		t = 0;
	int			with = byte();

	for (; terms.nexcluded < (with & 3); terms.nexcluded++)
	{
		t += byte();
		excluded[terms.nexcluded].from = t;
		t += byte();
		excluded[terms.nexcluded].to = t;
	}
	terms.by_hand = (with & 0x0C) == 0x0C;
	terms.risk = (with >> 4) / 8.0 + 0.1;
	terms.goal_at = clock.start + byte();
	terms.threshold_at = terms.goal_at + byte();
	clock_evaluate(&clock, &terms, &business, &result);

	/* had it gone on */
	clock.end = CLOCK_NONE;
	budget = between(NULL, clock.start, terms.goal_at);
	expect(result.budget == budget && result.paused >= 0);
	expect(result.risk == CLOCK_NONE || result.risk >= clock.start);
	if (terms.by_hand)
	{
		expect(result.due == terms.goal_at && result.late == terms.threshold_at);
		return;
	}
	check_due(&clock, &terms, result.due, terms.goal_at, budget);
	check_due(&clock, &terms, result.late, terms.threshold_at,
			  between(NULL, clock.start, terms.threshold_at));
	if (terms.risk < 1 && budget > 0)
	{
		int64_t		more = (int64_t) (budget * ((with >> 4) * 10 + 8) + 79) / 80;

		check_due(&clock, &terms, result.risk, clock.start, more);
	}
	expect(result.due != CLOCK_NONE || result.late == CLOCK_NONE);
	expect(result.due == CLOCK_NONE || result.late == CLOCK_NONE || result.due <= result.late);
}

/* What an application did, and the clock to go on with. */
static Clock *
check_outcome(const Clock *old, Clock *clock, const ClockOutcome *outcome)
{
	static Clock current;

	if (old != NULL)
	{
		expect(outcome->changed == !same_facts(old, clock));
		expect(old->last <= clock->last);
		expect(outcome->retargeted == (old->promise != clock->promise));
		expect(outcome->restarted == (old->start != clock->start));
		check_facts(clock);
	}
	if (!outcome->begins)
		return clock;
	expect(old == NULL || (!clock_is_open(clock) && outcome->next.start >= clock->end));
	expect(outcome->next.cycle == (old == NULL ? 1 : old->cycle + 1));
	current = outcome->next;
	check_facts(&current);
	return &current;
}

static const char *const reasons[] = {"a", "b", "closed", NULL};

static int64_t
told(int64_t now)
{
	int			b = byte();

	return b < 128 ? CLOCK_NONE : now + b - 192 > 0 ? now + b - 192 : 0;
}

static Clock *
row_step(Clock *clock, const ClockRules *rules, uint8_t *promises, int64_t now)
{
	int			says = byte();
	ClockRow	row = {.promise = promise,.context = promises};
	ClockOutcome outcome;
	Clock		copy;

	row.at = now;
	row.start = (says & 0x01) == 0;
	row.stop = (says & 0x02) != 0;
	row.pause = (says & 0x04) != 0;
	row.cancel = (says & 0x18) == 0x18;
	row.gone = (says & 0x38) == 0x28;
	row.reason = reasons[says >> 6];
	row.start_at = told(now);
	row.stop_at = told(now);
	for (int i = 0;; i++)
	{
		Clock		old;

		expect(i < 4);
		if (clock != NULL)
			old = *clock;
		clock_apply_row(clock, rules, &row, &mem, &outcome);
		clock = check_outcome(clock == NULL ? NULL : &old, clock, &outcome);
		if (!outcome.begins)
			break;
	}
	if (clock == NULL)
		return NULL;

	copy = *clock;
	clock_apply_row(&copy, rules, &row, &mem, &outcome);
	expect(!outcome.changed && !outcome.begins && same_facts(&copy, clock));
	return clock;
}

static Clock *
signal_step(Clock *clock, const ClockRules *rules, uint8_t *promises, int64_t now)
{
	int			says = byte();
	ClockSignal signal = {.action = (ClockAction) (says % 6),.at = now,.reason = reasons[says >> 6],
	.promise = promise,.context = promises};
	ClockOutcome outcome;
	Clock		old;

	if (clock != NULL)
		old = *clock;
	clock_apply_signal(clock, rules, &signal, &mem, &outcome);
	return check_outcome(clock == NULL ? NULL : &old, clock, &outcome);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ClockRules	rules = {0};
	Clock	   *clock = NULL;
	uint8_t		promises;
	int64_t		now = 0;
	int			rule;

	bytes = data;
	nbytes = size < 4000 ? size : 4000;
	rule = byte();
	rules.repeats = (rule & 1) != 0;
	rules.on_reopen = (ClockReopen) ((rule >> 1) % 3);
	rules.on_retarget = (ClockRetarget) ((rule >> 4) % 3);
	promises = (uint8_t) byte();
	while (nbytes > 0)
	{
		int			step = byte();

		/* now and then back in time */
		now += step >> 3;
		if ((step & 7) == 7)
			now = now > 40 ? now - 40 : 0;
		if ((step & 7) == 6)
			promises = (uint8_t) byte();
		clock = (step & 1) ? signal_step(clock, &rules, &promises, now) :
			row_step(clock, &rules, &promises, now);
		if (clock != NULL && (step & 2))
			check_evaluation(*clock);
	}
	while (nblocks > 0)
		free(blocks[--nblocks]);
	return 0;
}
