/*-------------------------------------------------------------------------
 *
 * derive.c
 *	  Deriving deadlines and verdicts from the facts of a clock, by its promise,
 *	  the calendar and the exceptions.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "derive.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

/* The calendar of a promise without goal, if none is given */
#define MEASURE_CALENDAR	"24/7"

static int64_t
time_between(void *context, int64_t a, int64_t b)
{
	return hours_between(context, a, b);
}

static int64_t
time_add(void *context, int64_t t, int64_t d)
{
	return hours_add_interval(context, t, 0, d);
}

ClockTime
clock_time_of(HoursImage *image)
{
	ClockTime	time = {image, time_between, time_add};

	return time;
}

/* The name of a promise's calendar. */
static const char *
promise_calendar(const Promise *promise, int *length)
{
	const char *name = promise->calendar[0] != '\0' ? promise->calendar : MEASURE_CALENDAR;

	if (promise->goal != NULL)
	{
		*length = BI_CALENDAR_LEN(promise->goal);
		return promise->goal->calendar;
	}
	*length = (int) strlen(name);
	return name;
}

/* The hours of a promise's calendar, as the active snapshot sees them. */
static HoursImage *
promise_hours(Promise *promise)
{
	HoursImage *image = calendar_image_at_hand(&promise->hours);
	const char *name;
	int			length;

	if (image != NULL)
		return image;
	name = promise_calendar(promise, &length);
	return calendar_image(&promise->hours, name, length, true);
}

int64
derive_goal_at(HoursImage *image, int64 start, const BusinessInterval *goal, bool has_due_by,
			   int64 cutoff, int64 due)
{
	int64		at = has_due_by ? hours_due_by(image, start, goal->days, cutoff, due) :
		hours_add_interval(image, start, goal->days, goal->time);

	return Max(at, start);
}

/* When a goal, or the threshold, of a promise is due. */
static int64
goal_instant(const Promise *promise, HoursImage *image, const BusinessInterval *goal, int64 start)
{
	bool		has_due_by = promise->due_by != NULL;

	return derive_goal_at(image, start, goal, has_due_by,
						  promise->has_cutoff ? promise->cutoff : TIMELINE_CLOSE,
						  !has_due_by || strcmp(promise->due_by, "close") == 0 ? TIMELINE_CLOSE : promise->due_time);
}

/*
 * The gross terms (without exceptions) of a promise for a clock that started at
 * "start".  "promised" is the date promised by hand, or CLOCK_NONE.
 */
static ClockTerms
promise_terms(const Promise *promise, HoursImage *image, int64 start, int64 promised)
{
	ClockTerms	terms = {0};

	terms.goal_at = terms.threshold_at = CLOCK_NONE;
	terms.risk = promise->risk;
	if (promised != CLOCK_NONE)
	{
		terms.goal_at = terms.threshold_at = promised;
		terms.by_hand = true;
	}
	else if (promise->goal != NULL)
	{
		terms.goal_at = goal_instant(promise, image, promise->goal, start);
		terms.threshold_at = promise->threshold == NULL ? terms.goal_at :
			Max(terms.goal_at, goal_instant(promise, image, promise->threshold, start));
	}
	return terms;
}

/*
 * Exceptions
 */

static bool
bears_on(const char *scope, const char *value)
{
	return scope == NULL || (value != NULL && strcmp(scope, value) == 0);
}

static bool
labels_contain(Jsonb *labels, Jsonb *scope)
{
	if (scope == NULL)
		return true;
	return labels != NULL &&
		DatumGetBool(DirectFunctionCall2(jsonb_contains, JsonbPGetDatum(labels), JsonbPGetDatum(scope)));
}

static bool
exception_bears_on(const Exception *exception, const Promise *promise, const StoredClock *clock)
{
	return bears_on(exception->policy, promise->policy) &&
		bears_on(exception->metric, promise->metric) &&
		bears_on(exception->party, clock->party) &&
		bears_on(exception->item, clock->item) &&
		labels_contain(clock->labels, exception->labels);
}

/* Time later than this after the start of a clock is not excepted; keeps it finite */
#define EXCEPTION_REACH	(200 * 366 * USECS_PER_DAY)

static int
compare_spans(const void *a, const void *b)
{
	const ClockSpan *sa = a;
	const ClockSpan *sb = b;

	return sa->from < sb->from ? -1 : sa->from > sb->from;
}

/* Sort spans, and merge those that overlap or touch; returns the new number. */
static int
merge_spans(ClockSpan *spans, int n)
{
	int			merged = 0;

	qsort(spans, n, sizeof(ClockSpan), compare_spans);
	for (int i = 0; i < n; i++)
	{
		if (merged > 0 && spans[i].from <= spans[merged - 1].to)
			spans[merged - 1].to = Max(spans[merged - 1].to, spans[i].to);
		else
			spans[merged++] = spans[i];
	}
	return merged;
}

/*
 * Turn gross terms into net ones, by the exceptions that apply to the clock.  Also
 * sets clock->waived and clock->extended.  Returns whether there are any such exceptions.
 */
static bool
net_terms(const Definition *def, const Promise *promise, HoursImage *image, StoredClock *clock,
		  ClockTerms *terms)
{
	ClockSpan  *spans;
	bool		excepted = false;
	int			n = 0;

	clock->waived = false;
	clock->extended = NULL;
	if (def->nexceptions == 0)
		return false;
	for (int i = 0; i < def->nexceptions; i++)
		n += def->exceptions[i].nspans;
	spans = palloc(Max(n, 1) * sizeof(ClockSpan));
	n = 0;
	for (int i = 0; i < def->nexceptions; i++)
	{
		const Exception *exception = &def->exceptions[i];
		const BusinessInterval *by = exception->extend_by;

		if (!exception_bears_on(exception, promise, clock))
			continue;
		excepted = true;
		clock->waived |= exception->waive;
		for (int j = 0; j < exception->nspans; j++)
		{
			spans[n].from = Max(exception->spans[j].from, clock->clock.start);
			spans[n].to = Min(exception->spans[j].to, clock->clock.start + EXCEPTION_REACH);
			if (spans[n].from < spans[n].to)
				n++;
		}
		if (by != NULL && terms->goal_at != CLOCK_NONE)
		{
			terms->goal_at = hours_add_interval(image, terms->goal_at, by->days, by->time);
			terms->threshold_at = hours_add_interval(image, terms->threshold_at, by->days, by->time);
			clock->extended = clock->extended == NULL ? business_interval_make(by->days, by->time, NULL, 0) :
				business_interval_plus(clock->extended, by);
		}
	}
	terms->nexcluded = merge_spans(spans, n);
	terms->excluded = spans;
	return excepted;
}

/* The promise of a clock; an error if it does not exist. */
static Promise *
promise_of(const Definition *def, const StoredClock *clock)
{
	Promise    *promise = definition_promise(def, clock->clock.promise);

	if (promise == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("promise %d of item \"%s\" does not exist", clock->clock.promise, clock->item),
				 errhint("Restore sla.promise, or untrack the table and track it again.")));
	return promise;
}

/* Set the derived fields of a clock, by a promise and the hours of its calendar. */
static void
derive_by(Definition *def, Promise *promise, HoursImage *image, StoredClock *clock)
{
	ClockTime	time = clock_time_of(image);
	ClockTerms	gross = promise_terms(promise, image, clock->clock.start, clock->promised);
	ClockTerms	net = gross;
	ClockResult result;

	clock->excepted = net_terms(def, promise, image, clock, &net);
	clock_evaluate(&clock->clock, &net, &time, &result);
	clock->due = result.due;
	clock->late = result.late;
	clock->risk = result.risk;
	clock->more_alerts = promise->nalerts > 2 ||
		(promise->nalerts == 2 && promise->alerts[1] != 1);
	clock->budget = result.budget;
	clock->paused = result.paused;
	clock->has_goal = gross.goal_at != CLOCK_NONE;
	clock->elapsed = clock_is_open(&clock->clock) ? 0 :
		clock_elapsed(&clock->clock, &net, &time, clock->clock.end);
	clock->revision = Max(promise->revision, definition_party_revision(def, clock->party));
	clock->gross_elapsed = 0;
	if (clock->excepted)
	{
		clock_evaluate(&clock->clock, &gross, &time, &result);
		clock->gross_due = result.due;
		clock->gross_late = result.late;
		if (!clock_is_open(&clock->clock))
			clock->gross_elapsed = clock_elapsed(&clock->clock, &gross, &time, clock->clock.end);
	}
}

/* This does not name the item, which the user may not be allowed to see. */
static void
derive_error_callback(void *arg)
{
	const Promise *promise = arg;
	int			length;
	const char *calendar = promise_calendar(promise, &length);

	errcontext("clock of metric \"%s\" of policy \"%s\", by calendar \"%.*s\"",
			   promise->metric, promise->policy, length, calendar);
}

void
derive(Definition *def, StoredClock *clock)
{
	Promise    *promise = promise_of(def, clock);
	ErrorContextCallback callback = {error_context_stack, derive_error_callback};

	if (clock_is_open(&clock->clock) && !promise->is_current)
	{
		Promise    *heir = definition_heir(def, promise);

		if (heir != NULL)
		{
			promise = heir;
			clock->clock.promise = heir->id;
		}
	}
	callback.arg = promise;
	error_context_stack = &callback;
	derive_by(def, promise, promise_hours(promise), clock);
	error_context_stack = callback.previous;
}

void
derive_anew(Definition *def, StoredClock *clock)
{
	const Promise *promise = promise_of(def, clock);
	int64		start = clock->clock.start;
	const Agreement *agreement = definition_agreement_by_id(def, clock->agreement_id);

	/* the write that ended it may have given it to another party */
	const char *party = agreement != NULL ? agreement->party : clock->party;

	for (int i = 0; i < def->ntargets && !clock_is_open(&clock->clock); i++)
	{
		const Target *target = &def->targets[i];
		const Policy *policy = &def->policies[target->policy];
		const Promise *present;

		if (def->metrics[target->metric].id != promise->metric_id ||
			(policy->id != promise->policy_id && strcmp(policy->name, promise->policy) != 0) ||
			start < policy->from || start >= policy->until ||
			start < target->from || start >= target->until)
			continue;
		present = definition_promise_of_target(target, definition_agreement(def, party, start, policy->plan));
		if (present != NULL)
			clock->clock.promise = present->id;
	}
	derive(def, clock);
}

/*
 * Past versions of calendars
 */

/* A version of a calendar. */
typedef struct PastHours
{
	int			length;
	char		name[BI_MAX_CALENDAR + 1];
	TimestampTz before;			/* an instant just before which it was in
								 * force */
	TimestampTz changed;		/* in force since then */
	HoursImage *image;			/* NULL if there was no such calendar */
} PastHours;

#define MAX_PAST_HOURS	64

/* Cache of versions of calendars, read in this statement. */
static struct
{
	uint64		statement;		/* valid only in this statement, ... */
	uint64		epoch;			/* ... while hours_image_epoch is this */
	int			n;
	PastHours	version[MAX_PAST_HOURS];
}			past;

/* Get the version of a calendar that was in force just before an instant. */
static PastHours
past_hours(const char *name, int length, TimestampTz before)
{
	PastHours	version = {length,.before = before};

	if (!calendar_statement_is_current())
		calendar_begin_statement();
	if (past.statement != calendar_statement.number || past.epoch != hours_image_epoch)
		past.n = 0;
	for (int i = 0; i < past.n; i++)
	{
		const PastHours *known = &past.version[i];

		if (known->before == before && known->length == length && memcmp(known->name, name, length) == 0)
			return *known;
	}

	version.image = calendar_image_before(name, length, before, &version.changed);
	if (past.epoch != hours_image_epoch || past.n == MAX_PAST_HOURS)
		past.n = 0;
	past.statement = calendar_statement.number;
	past.epoch = hours_image_epoch;
	memcpy(version.name, name, length);
	past.version[past.n++] = version;
	return version;
}

/* Do these hours yield the gross verdict that a finished clock has? */
static bool
judged_by(const Promise *promise, HoursImage *image, const StoredClock *clock)
{
	ClockTime	time = clock_time_of(image);
	ClockTerms	gross = promise_terms(promise, image, clock->clock.start, clock->promised);
	ClockResult result;

	clock_evaluate(&clock->clock, &gross, &time, &result);
	return result.due == (clock->excepted ? clock->gross_due : clock->due) &&
		result.late == (clock->excepted ? clock->gross_late : clock->late) &&
		clock_elapsed(&clock->clock, &gross, &time, clock->clock.end) ==
		(clock->excepted ? clock->gross_elapsed : clock->elapsed);
}

TimestampTz
derive_judged_before(Definition *def, const StoredClock *clock)
{
	const Promise *promise = promise_of(def, clock);
	PastHours	version = {0};
	TimestampTz found = DT_NOEND;
	bool		any = false;
	int			length;
	const char *name = promise_calendar(promise, &length);

	if (clock_is_open(&clock->clock))
		return DT_NOEND;
	version.changed = DT_NOEND;
	do
	{
		version = past_hours(name, length, version.changed);
		if (version.image != NULL && judged_by(promise, version.image, clock))
		{
			if (version.changed <= clock->clock.end)
				return version.before;
			if (!any)
				found = version.before;
			any = true;
		}
		else if (any && version.changed <= clock->clock.end)
			break;
	} while (version.changed != DT_NOBEGIN);
	return found;
}

/* The hours for a result of derive_judged_before(). */
static HoursImage *
judging_hours(Promise *promise, TimestampTz before)
{
	int			length;
	const char *name = promise_calendar(promise, &length);

	return TIMESTAMP_IS_NOEND(before) ? promise_hours(promise) : past_hours(name, length, before).image;
}

void
derive_as_judged(Definition *def, StoredClock *clock, TimestampTz before)
{
	Promise    *promise = promise_of(def, clock);

	if (TIMESTAMP_IS_NOEND(before))
		derive(def, clock);
	else
		derive_by(def, promise, judging_hours(promise, before), clock);
}

/*
 * Get the net terms of a clock, and the business time, by a version of its calendar
 * (see derive_judged_before).  Does not change the clock.
 */
static ClockTerms
net_terms_of(const Definition *def, const StoredClock *clock, TimestampTz before, ClockTime *time)
{
	Promise    *promise = promise_of(def, clock);
	StoredClock copy = *clock;
	HoursImage *image = judging_hours(promise, before);
	ClockTerms	net = promise_terms(promise, image, clock->clock.start, clock->promised);

	(void) net_terms(def, promise, image, &copy, &net);
	*time = clock_time_of(image);
	return net;
}

int64
derive_elapsed(const Definition *def, const StoredClock *clock, int64 at)
{
	ClockTime	time;
	ClockTerms	net = net_terms_of(def, clock, DT_NOEND, &time);

	return clock_elapsed(&clock->clock, &net, &time, at);
}

void
derive_fractions(Definition *def, const StoredClock *clock, const double *fractions, int n, int64 *at)
{
	Promise    *promise = promise_of(def, clock);
	TimestampTz before = DT_NOEND;
	ClockTime	time;
	ClockTerms	net;

	/* avoid the search if the present version of the calendar yields the same */
	if (!clock_is_open(&clock->clock) && !judged_by(promise, promise_hours(promise), clock))
		before = derive_judged_before(def, clock);
	net = net_terms_of(def, clock, before, &time);
	for (int i = 0; i < n; i++)
		at[i] = clock_fraction_at(&clock->clock, &net, &time, clock->budget, fractions[i]);
}
