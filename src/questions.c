/*-------------------------------------------------------------------------
 *
 * questions.c
 *	  What reports and questions about clocks need beyond SQL.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "calendar.h"
#include "core/clock.h"

/*
 * sla.duration_text(double precision) -> text
 *
 * Hours and minutes, or seconds where there is less than a minute; what is
 * less than the unit shown is left out.
 */
PG_FUNCTION_INFO_V1(sla_duration_text);
Datum
sla_duration_text(PG_FUNCTION_ARGS)
{
	float8		seconds = PG_GETARG_FLOAT8(0);
	const char *sign = seconds < 0 ? "-" : "";
	int64		minutes;
	char		buffer[64];

	if (!isfinite(seconds) || fabs(seconds) > 1e15)
		PG_RETURN_TEXT_P(cstring_to_text(isnan(seconds) ? "unknown" :
										 seconds < 0 ? "-infinity" : "infinity"));
	seconds = fabs(seconds);
	minutes = (int64) (seconds / SECS_PER_MINUTE);
	if (minutes == 0)
		snprintf(buffer, sizeof(buffer), "%s%d s", seconds < 1 ? "" : sign, (int) seconds);
	else if (minutes < MINS_PER_HOUR)
		snprintf(buffer, sizeof(buffer), "%s%d min", sign, (int) minutes);
	else if (minutes % MINS_PER_HOUR == 0)
		snprintf(buffer, sizeof(buffer), "%s" INT64_FORMAT " h", sign, minutes / MINS_PER_HOUR);
	else
		snprintf(buffer, sizeof(buffer), "%s" INT64_FORMAT " h %d min", sign,
				 minutes / MINS_PER_HOUR, (int) (minutes % MINS_PER_HOUR));
	PG_RETURN_TEXT_P(cstring_to_text(buffer));
}

/*
 * sla.tally(promise, net, gross): judgements counted by promise
 *
 * What GROUP BY would do, at a third of the cost: reports of history count
 * millions of clocks of a few promises.  The result has, of each promise, its
 * number and the counts: net met, tolerated, breached, waived; gross met,
 * tolerated, breached.
 */
#define TALLY_COUNTS	7
#define TALLY_NET		4

typedef struct TallyEntry
{
	int32		promise;		/* key */
	char		status;
	int64		counts[TALLY_COUNTS];
} TallyEntry;

#define SH_PREFIX		tally
#define SH_ELEMENT_TYPE	TallyEntry
#define SH_KEY_TYPE		int32
#define SH_KEY			promise
#define SH_HASH_KEY(tb, key)	murmurhash32((uint32) (key))
#define SH_EQUAL(tb, a, b)		((a) == (b))
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct Tally
{
	tally_hash *entries;
	TallyEntry *last;			/* good until the next insertion */
} Tally;

PG_FUNCTION_INFO_V1(sla_tally_accum);
Datum
sla_tally_accum(PG_FUNCTION_ARGS)
{
	Tally	   *tally = PG_ARGISNULL(0) ? NULL : (Tally *) PG_GETARG_POINTER(0);
	int32		promise = PG_GETARG_INT32(1);
	int32		net = PG_GETARG_INT32(2);
	int32		gross = PG_GETARG_INT32(3);

	if (unlikely(tally == NULL))
	{
		MemoryContext context;

		if (!AggCheckCallContext(fcinfo, &context))
			elog(ERROR, "sla_tally_accum called in non-aggregate context");
		tally = MemoryContextAllocZero(context, sizeof(Tally));
		tally->entries = tally_create(context, 64, NULL);
	}
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		PG_RETURN_POINTER(tally);
	if (tally->last == NULL || tally->last->promise != promise)
	{
		bool		found;

		tally->last = tally_insert(tally->entries, promise, &found);
		if (!found)
			memset(tally->last->counts, 0, sizeof(tally->last->counts));
	}
	if (net >= 1 && net <= TALLY_NET)
		tally->last->counts[net - 1]++;
	if (gross >= 1 && gross <= TALLY_COUNTS - TALLY_NET)
		tally->last->counts[TALLY_NET + gross - 1]++;
	PG_RETURN_POINTER(tally);
}

PG_FUNCTION_INFO_V1(sla_tally_final);
Datum
sla_tally_final(PG_FUNCTION_ARGS)
{
	Tally	   *tally = PG_ARGISNULL(0) ? NULL : (Tally *) PG_GETARG_POINTER(0);
	tally_iterator iterator;
	TallyEntry *entry;
	Datum	   *values;
	int			n = 0;

	if (tally == NULL)
		PG_RETURN_NULL();
	values = palloc(sizeof(Datum) * (TALLY_COUNTS + 1) * tally->entries->members);
	tally_start_iterate(tally->entries, &iterator);
	while ((entry = tally_iterate(tally->entries, &iterator)) != NULL)
	{
		values[n++] = Int64GetDatum(entry->promise);
		for (int i = 0; i < TALLY_COUNTS; i++)
			values[n++] = Int64GetDatum(entry->counts[i]);
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(values, n, INT8OID, sizeof(int64),
										  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/*
 * Clocks under another goal or calendar
 */

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

/* The instants of an array: pairs of from and to. */
static TimestampTz *
pairs_of_array(ArrayType *array, int *npairs)
{
	int			n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));

	if (ARR_ELEMTYPE(array) != TIMESTAMPTZOID || ARR_HASNULL(array) || n % 2 != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("spans must be pairs of instants")));
	*npairs = n / 2;
	return (TimestampTz *) ARR_DATA_PTR(array);
}

#define SOME_PAUSES		8

/*
 * A finished clock from the arguments started_at, ended_at and pauses; the
 * memory for a few pauses is the caller's.
 */
static void
finished_clock(FunctionCallInfo fcinfo, Clock *clock, ClockPause *some)
{
	memset(clock, 0, sizeof(Clock));
	clock->state = CLOCK_STOPPED;
	clock->start = PG_GETARG_TIMESTAMPTZ(0);
	clock->end = PG_GETARG_TIMESTAMPTZ(1);
	if (TIMESTAMP_NOT_FINITE(clock->start) || TIMESTAMP_NOT_FINITE(clock->end))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp must be finite")));
	clock->pauses = some;
	if (!PG_ARGISNULL(2))
	{
		TimestampTz *instants = pairs_of_array(PG_GETARG_ARRAYTYPE_P(2), &clock->npauses);

		if (clock->npauses > SOME_PAUSES)
			clock->pauses = palloc(clock->npauses * sizeof(ClockPause));
		for (int i = 0; i < clock->npauses; i++)
		{
			clock->pauses[i].during.from = instants[2 * i];
			clock->pauses[i].during.to = Min(instants[2 * i + 1], clock->end);
			clock->pauses[i].reason = NULL;
		}
	}
}

/*
 * sla.kept_by(started_at, ended_at, pauses, goal, calendar) -> boolean
 *
 * Would a goal have been met by a clock with these facts?  The calendar counts
 * where the goal names none.
 *
 * The deadline is looked for only where the time used is just the budget: with
 * less it was met, with more it was not.
 */
PG_FUNCTION_INFO_V1(sla_kept_by);
Datum
sla_kept_by(PG_FUNCTION_ARGS)
{
	CallCache  *cache = call_cache(fcinfo, 3);
	ClockPause	some[SOME_PAUSES];
	Clock		clock;
	ClockTerms	terms = {0};
	ClockTime	time = {NULL, time_between, time_add};
	const BusinessInterval *goal;
	int64		budget;
	int64		used;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	goal = PG_GETARG_BUSINESS_INTERVAL_P(3);
	if (BI_CALENDAR_LEN(goal) > 0)
		time.context = calendar_image(cache, goal->calendar, BI_CALENDAR_LEN(goal), false);
	else if (!PG_ARGISNULL(4))
	{
		text	   *calendar = PG_GETARG_TEXT_PP(4);

		time.context = calendar_image(cache, VARDATA_ANY(calendar),
									  VARSIZE_ANY_EXHDR(calendar), false);
	}
	else
		PG_RETURN_NULL();
	finished_clock(fcinfo, &clock, some);

	terms.goal_at = hours_add_interval(time.context, clock.start, goal->days, goal->time);
	if (clock.end <= terms.goal_at)
		PG_RETURN_BOOL(true);
	if (clock.npauses == 0)
		PG_RETURN_BOOL(false);
	terms.goal_at = Max(terms.goal_at, clock.start);
	budget = hours_between(time.context, clock.start, terms.goal_at);
	used = clock_elapsed(&clock, &terms, &time, clock.end);
	if (used != budget)
		PG_RETURN_BOOL(used < budget);
	PG_RETURN_BOOL(clock.end <= clock_reach(&clock, &terms, &time, budget));
}

/*
 * sla.used_time(started_at, ended_at, pauses, calendar) -> bigint
 *
 * The business time, in microseconds, that a goal needs so that a clock with
 * these facts meets it: what was used; and one more where it ended while closed
 * or paused, for then a goal of just that is due before.
 */
PG_FUNCTION_INFO_V1(sla_used_time);
Datum
sla_used_time(PG_FUNCTION_ARGS)
{
	CallCache  *cache = call_cache(fcinfo, 3);
	ClockPause	some[SOME_PAUSES];
	Clock		clock;
	ClockTerms	terms = {0};
	ClockTime	time = {NULL, time_between, time_add};
	text	   *calendar;
	int64		used;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	calendar = PG_GETARG_TEXT_PP(3);
	time.context = calendar_image(cache, VARDATA_ANY(calendar), VARSIZE_ANY_EXHDR(calendar),
								  cache->constant);
	finished_clock(fcinfo, &clock, some);
	used = clock_elapsed(&clock, &terms, &time, clock.end);
	if (clock_reach(&clock, &terms, &time, used) < clock.end)
		used++;
	PG_RETURN_INT64(used);
}
