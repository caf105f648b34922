/*-------------------------------------------------------------------------
 *
 * questions.c
 *	  Support functions of reports and questions about clocks.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include <math.h>

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "calendar.h"
#include "clock_store.h"
#include "core/clock.h"
#include "definition.h"
#include "derive.h"
#include "exception_spans.h"
#include "fence.h"
#include "open_spans.h"
#include "tracked_row.h"

/*
 * sla.duration_text(double precision) -> text
 *
 * Format a duration as hours and minutes, or as seconds if it is less than a minute.
 * Fractions of the smallest unit are truncated.
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
 * Clocks under another goal or calendar
 */

/* Get the elements of an array that consists of pairs of instants. */
static TimestampTz *
pairs_of_array(ArrayType *array, int *npairs)
{
	int			n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));

	if (ARR_ELEMTYPE(array) != TIMESTAMPTZOID || ARR_HASNULL(array) || n % 2 != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("spans must be pairs of instants")));
	*npairs = n / 2;
	return (TimestampTz *) SLA_ARRAY_DATA(array);
}

#define SOME_PAUSES		8

/*
 * Make a finished clock from the arguments started_at, ended_at and pauses.  The caller
 * supplies memory for SOME_PAUSES pauses.
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
 * Would a clock with these facts have met a goal?  The calendar is used if the goal names
 * none.
 *
 * To save time the deadline is computed only if the elapsed time equals the budget: with
 * less the goal was met, and with more it was not.
 */
PG_FUNCTION_INFO_V1(sla_kept_by);
Datum
sla_kept_by(PG_FUNCTION_ARGS)
{
	CallCache  *cache = call_cache(fcinfo, 3);
	ClockPause	some[SOME_PAUSES];
	Clock		clock;
	ClockTerms	terms = {0};
	ClockTime	time;
	HoursImage *image;
	const BusinessInterval *goal;
	int64		budget;
	int64		used;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	goal = PG_GETARG_BUSINESS_INTERVAL_P(3);
	if (BI_CALENDAR_LEN(goal) > 0)
		image = calendar_image(cache, goal->calendar, BI_CALENDAR_LEN(goal), false);
	else if (!PG_ARGISNULL(4))
	{
		text	   *calendar = PG_GETARG_TEXT_PP(4);

		image = calendar_image(cache, VARDATA_ANY(calendar),
							   VARSIZE_ANY_EXHDR(calendar), false);
	}
	else
		PG_RETURN_NULL();
	time = clock_time_of(image);
	finished_clock(fcinfo, &clock, some);

	terms.goal_at = hours_add_interval(image, clock.start, goal->days, goal->time);
	if (clock.end <= terms.goal_at)
		PG_RETURN_BOOL(true);
	if (clock.npauses == 0)
		PG_RETURN_BOOL(false);
	terms.goal_at = Max(terms.goal_at, clock.start);
	budget = hours_between(image, clock.start, terms.goal_at);
	used = clock_elapsed(&clock, &terms, &time, clock.end);
	if (used != budget)
		PG_RETURN_BOOL(used < budget);
	PG_RETURN_BOOL(clock.end <= clock_reach(&clock, &terms, &time, budget));
}

/*
 * sla.used_time(started_at, ended_at, pauses, calendar) -> bigint
 *
 * The smallest goal, in microseconds of business time, that a clock with these facts would
 * have met.  That is the elapsed time, plus one if the clock ended while closed or paused:
 * a goal equal to the elapsed time would have been due before that.
 */
PG_FUNCTION_INFO_V1(sla_used_time);
Datum
sla_used_time(PG_FUNCTION_ARGS)
{
	CallCache  *cache = call_cache(fcinfo, 3);
	ClockPause	some[SOME_PAUSES];
	Clock		clock;
	ClockTerms	terms = {0};
	ClockTime	time;
	HoursImage *image;
	text	   *calendar;
	int64		used;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	calendar = PG_GETARG_TEXT_PP(3);
	image = calendar_image(cache, VARDATA_ANY(calendar), VARSIZE_ANY_EXHDR(calendar),
						   cache->constant);
	time = clock_time_of(image);
	finished_clock(fcinfo, &clock, some);
	used = clock_elapsed(&clock, &terms, &time, clock.end);
	if (clock_reach(&clock, &terms, &time, used) < clock.end)
		used++;
	PG_RETURN_INT64(used);
}

/*
 * sla.goal_instant(started_at, goal, has_due_by, due_by, cutoff, calendar) -> timestamptz
 *
 * When a goal that was promised at an instant is due, by the due_by rule if there is one
 * (a null "due_by" is the closing).
 */
PG_FUNCTION_INFO_V1(sla_goal_instant);
Datum
sla_goal_instant(PG_FUNCTION_ARGS)
{
	CallCache  *cache = call_cache(fcinfo, 5);
	TimestampTz start;
	const BusinessInterval *goal;
	text	   *calendar;
	HoursImage *image;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(5))
		PG_RETURN_NULL();
	start = PG_GETARG_TIMESTAMPTZ(0);
	goal = PG_GETARG_BUSINESS_INTERVAL_P(1);
	calendar = PG_GETARG_TEXT_PP(5);
	image = calendar_image(cache, VARDATA_ANY(calendar), VARSIZE_ANY_EXHDR(calendar),
						   cache->constant);
	hours_check_instant(start);
	PG_RETURN_TIMESTAMPTZ(derive_goal_at(image, start, goal, PG_GETARG_BOOL(2),
										 PG_ARGISNULL(4) ? TIMELINE_CLOSE : PG_GETARG_TIMEADT(4),
										 PG_ARGISNULL(3) ? TIMELINE_CLOSE : PG_GETARG_TIMEADT(3)));
}

/*
 * Explaining
 */

/* Spans with their reasons, sorted by start; they may overlap. */
typedef struct ReasonedSpans
{
	int			n;
	TimestampTz *instants;		/* pairs of from and to */
	char	  **reasons;		/* elements may be NULL */
} ReasonedSpans;

/* State of span_row() */
typedef struct SpanRows
{
	ReturnSetInfo *result;
	int64		used;			/* business time used so far */
} SpanRows;

static ReasonedSpans
reasoned_spans(FunctionCallInfo fcinfo, int spans_arg, int reasons_arg)
{
	ReasonedSpans spans = {0};
	Datum	   *reasons = NULL;
	bool	   *nulls = NULL;
	int			nreasons = 0;

	if (PG_ARGISNULL(spans_arg))
		return spans;
	spans.instants = pairs_of_array(PG_GETARG_ARRAYTYPE_P(spans_arg), &spans.n);
	spans.reasons = palloc0(Max(spans.n, 1) * sizeof(char *));
	if (!PG_ARGISNULL(reasons_arg))
		deconstruct_array(PG_GETARG_ARRAYTYPE_P(reasons_arg), TEXTOID, -1, false, TYPALIGN_INT,
						  &reasons, &nulls, &nreasons);
	for (int i = 0; i < Min(spans.n, nreasons); i++)
		spans.reasons[i] = nulls[i] ? NULL : TextDatumGetCString(reasons[i]);
	return spans;
}

/*
 * Find a span that contains t, and get its reason.  *until is lowered to the end of that
 * span or, if there is none, to the start of the next one; then the result is false.
 */
static bool
span_at(const ReasonedSpans *spans, TimestampTz t, TimestampTz *until, const char **reason)
{
	for (int i = 0; i < spans->n; i++)
	{
		if (spans->instants[2 * i] <= t && t < spans->instants[2 * i + 1])
		{
			*until = Min(*until, spans->instants[2 * i + 1]);
			*reason = spans->reasons[i];
			return true;
		}
		if (spans->instants[2 * i] > t)
			*until = Min(*until, spans->instants[2 * i]);
	}
	return false;
}

static void
span_row(void *context, TimestampTz from, TimestampTz to, const char *what, const char *detail)
{
	SpanRows   *rows = context;
	int64		counted = strcmp(what, "open") == 0 ? to - from : 0;
	Datum		values[6];
	bool		nulls[6] = {false, false, false, detail == NULL, false, false};

	rows->used += counted;
	values[0] = TimestampTzGetDatum(from);
	values[1] = TimestampTzGetDatum(to);
	values[2] = CStringGetTextDatum(what);
	values[3] = detail ? CStringGetTextDatum(detail) : (Datum) 0;
	values[4] = Float8GetDatum((float8) counted / USECS_PER_SEC);
	values[5] = Float8GetDatum((float8) rows->used / USECS_PER_SEC);
	tuplestore_putvalues(rows->result->setResult, rows->result->setDesc, values, nulls);
}

/*
 * The hours of a calendar as they were just before an instant, or as they are now
 * (infinity, or if the calendar did not exist then).
 */
static HoursImage *
hours_before(FunctionCallInfo fcinfo, int argno, TimestampTz before)
{
	text	   *name = PG_GETARG_TEXT_PP(argno);
	HoursImage *image = NULL;
	TimestampTz changed;

	if (!TIMESTAMP_IS_NOEND(before))
		image = calendar_image_before(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), before, &changed);
	if (image == NULL)
		image = calendar_image(call_cache(fcinfo, argno), VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), false);
	return image;
}

/*
 * sla.calendar_hours_before(calendar, before) -> business_hours
 */
PG_FUNCTION_INFO_V1(sla_calendar_hours_before);
Datum
sla_calendar_hours_before(PG_FUNCTION_ARGS)
{
	HoursImage *image = hours_before(fcinfo, 0, PG_GETARG_TIMESTAMPTZ(1));

	PG_RETURN_TEXT_P(cstring_to_text_with_len(image->text, image->length));
}

/*
 * sla.judged_before(sla.clock_state) -> timestamptz
 *
 * The instant just before which the version of the calendar was in force by which a
 * finished clock was judged; infinity for the present version.
 */
PG_FUNCTION_INFO_V1(sla_judged_before);
Datum
sla_judged_before(PG_FUNCTION_ARGS)
{
	StoredClock *clock = clock_store_deform(PG_GETARG_HEAPTUPLEHEADER(0));
	Definition *def = definition_of_table(clock->relation);

	if (def == NULL || definition_promise(def, clock->clock.promise) == NULL)
		PG_RETURN_TIMESTAMPTZ(DT_NOEND);
	PG_RETURN_TIMESTAMPTZ(derive_judged_before(def, clock));
}

/*
 * sla.clock_spans(started_at, until, cuts, pauses, reasons, excluded,
 *				   excluded_reasons, calendar, before)
 *		-> rows (from_at, to_at, what, detail, counted_seconds, used_seconds)
 *
 * Explain the course of a clock as spans that are paused, else excluded, else open, closed
 * or a holiday, by the calendar as it was just before an instant.  Spans are split at the
 * instants in "cuts".
 */
PG_FUNCTION_INFO_V1(sla_clock_spans);
Datum
sla_clock_spans(PG_FUNCTION_ARGS)
{
	TimestampTz t;
	TimestampTz to;
	TimestampTz before;
	TimestampTz *cuts = NULL;
	int			ncuts = 0;
	ReasonedSpans pauses;
	ReasonedSpans excluded;
	text	   *calendar;
	HoursImage *image;
	const Timeline *timeline;
	List	   *holidays;
	SpanRows	rows = {0};

	InitMaterializedSRF(fcinfo, 0);
	rows.result = (ReturnSetInfo *) fcinfo->resultinfo;
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(7) || PG_ARGISNULL(8))
		return (Datum) 0;
	before = PG_GETARG_TIMESTAMPTZ(8);
	t = PG_GETARG_TIMESTAMPTZ(0);
	to = PG_GETARG_TIMESTAMPTZ(1);
	if (t >= to)
		return (Datum) 0;
	if (!PG_ARGISNULL(2))
	{
		ArrayType  *array = PG_GETARG_ARRAYTYPE_P(2);

		if (ARR_HASNULL(array))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("instants must not be null")));
		ncuts = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
		cuts = (TimestampTz *) SLA_ARRAY_DATA(array);
	}
	pauses = reasoned_spans(fcinfo, 3, 4);
	excluded = reasoned_spans(fcinfo, 5, 6);
	calendar = PG_GETARG_TEXT_PP(7);
	image = hours_before(fcinfo, 7, before);
	holidays = calendar_holidays(VARDATA_ANY(calendar), VARSIZE_ANY_EXHDR(calendar), before);
	timeline = hours_cover(image, t, to);

	while (t < to)
	{
		TimestampTz until = to;
		const char *reason;

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < ncuts; i++)
			if (cuts[i] > t)
				until = Min(until, cuts[i]);
		if (span_at(&pauses, t, &until, &reason))
			span_row(&rows, t, until, "paused", reason);
		else if (span_at(&excluded, t, &until, &reason))
			span_row(&rows, t, until, "excluded", reason);
		else
			walk_spans(timeline, holidays, t, until, span_row, &rows);
		t = until;
	}
	return (Datum) 0;
}

/*
 * sla.item_policies(relation, item) -> rows (policy_id, applies)
 *
 * For each policy, whether its condition holds for the present row of an item.  No rows
 * if there is no such row.
 */
PG_FUNCTION_INFO_V1(sla_item_policies);
Datum
sla_item_policies(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Definition *def = definition_of_table(PG_GETARG_OID(0));
	char	   *item = text_to_cstring(PG_GETARG_TEXT_PP(1));
	ExprContext *econtext;
	RowReader	reader;
	TupleTableSlot *slot;
	bool	   *applies;
	Fence		fence;

	InitMaterializedSRF(fcinfo, 0);
	if (def == NULL || def->suspended)
		return (Datum) 0;
	applies = palloc0(Max(def->npolicies, 1) * sizeof(bool));
	rows_open(&reader, def->relid);
	slot = rows_by_item(&reader, def, item, ROW_READ);
	if (slot != NULL)
	{
		econtext = CreateStandaloneExprContext();
		econtext->ecxt_scantuple = slot;
		def->busy = true;
		fence_enter(&fence, def->owner);
		fence_settings(def->time_zone);
		for (int i = 0; i < def->npolicies; i++)
		{
			ExprState  *state = def->policies[i].applies.state;
			bool		isnull = false;

			applies[i] = state == NULL ||
				(DatumGetBool(ExecEvalExprSwitchContext(state, econtext, &isnull)) && !isnull);
		}
		fence_leave(&fence);
		def->busy = false;
		FreeExprContext(econtext, true);
		for (int i = 0; i < def->npolicies; i++)
		{
			Datum		values[2] = {Int32GetDatum(def->policies[i].id), BoolGetDatum(applies[i])};
			bool		nulls[2] = {false, false};

			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
	rows_close(&reader);
	return (Datum) 0;
}

/*
 * Clocks at an instant
 */

/*
 * Undo changes of the pauses of a clock after an instant at which it was open, or had
 * stopped and was reopened later.
 */
static void
cut_pauses(Clock *clock, TimestampTz at)
{
	ClockPause *last;

	while (clock->npauses > 0 && clock->pauses[clock->npauses - 1].during.from > at)
		clock->npauses--;
	if (clock->npauses == 0)
		return;
	last = &clock->pauses[clock->npauses - 1];
	if (last->during.to != CLOCK_NONE && last->during.to <= at)
		return;
	if (last->reason != NULL && strcmp(last->reason, CLOCK_CLOSED_REASON) == 0 && last->during.to != CLOCK_NONE)
	{
		clock->state = CLOCK_STOPPED;
		clock->end = last->during.from;
		clock->npauses--;
	}
	else
	{
		clock->state = CLOCK_PAUSED;
		last->during.to = CLOCK_NONE;
	}
}

/*
 * The same for a clock that had ended by then: remove the pause that was made of the time
 * since the stop when it was reopened.
 */
static void
cut_pauses_behind(Clock *clock)
{
	while (clock->npauses > 0 && clock->pauses[clock->npauses - 1].during.from >= clock->end)
		clock->npauses--;
	if (clock->npauses > 0 && clock->pauses[clock->npauses - 1].during.to > clock->end)
		clock->pauses[clock->npauses - 1].during.to = clock->end;
}

/*
 * sla.clock_as_of(clock sla.clock_state, at, started_at, ended_at, was_cancelled,
 *		promise_id, promised_at, pauses, pause_reasons) -> sla.clock_state
 *
 * A clock as it was at an instant; open if it ended later.  If not null, the other
 * arguments replace start, end, promise, the date promised by hand and the pauses; infinity
 * means that there was none.  A clock that has ended since is derived by the version of its
 * calendar by which it was judged, and has "elapsed" up to that instant.
 */
PG_FUNCTION_INFO_V1(sla_clock_as_of);
Datum
sla_clock_as_of(PG_FUNCTION_ARGS)
{
	HeapTupleHeader row;
	TimestampTz at;
	StoredClock *clock;
	StoredClock stored;
	bool		was_open;
	bool		changed = false;
	Definition *def;
	TimestampTz judged = DT_NOEND;
	ClockState	state;
	int64		ended;
	HeapTuple	tuple;
	TupleDesc	desc;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	row = PG_GETARG_HEAPTUPLEHEADER(0);
	at = PG_GETARG_TIMESTAMPTZ(1);
	clock = clock_store_deform(row);
	stored = *clock;
	was_open = clock_is_open(&clock->clock);
	if (!PG_ARGISNULL(2) && PG_GETARG_TIMESTAMPTZ(2) != clock->clock.start)
	{
		clock->clock.start = PG_GETARG_TIMESTAMPTZ(2);
		changed = true;
	}
	if (!PG_ARGISNULL(3))
	{
		TimestampTz end = PG_GETARG_TIMESTAMPTZ(3);
		bool		was_cancelled = PG_GETARG_BOOL(4);

		if (end == DT_NOEND)
			end = CLOCK_NONE;
		if (end != clock->clock.end || was_cancelled)
		{
			changed = true;
			clock->clock.end = end;
			clock->clock.state = was_cancelled ? CLOCK_CANCELLED : CLOCK_STOPPED;
		}
	}
	if (!PG_ARGISNULL(5) && PG_GETARG_INT32(5) != clock->clock.promise)
	{
		clock->clock.promise = PG_GETARG_INT32(5);
		changed = true;
	}
	if (!PG_ARGISNULL(6))
	{
		TimestampTz promised = PG_GETARG_TIMESTAMPTZ(6);

		if (promised == DT_NOEND)
			promised = CLOCK_NONE;
		changed |= promised != clock->promised;
		clock->promised = promised;
	}
	if (!PG_ARGISNULL(7))
	{
		Datum		pauses[] = {PG_GETARG_DATUM(7), PG_GETARG_DATUM(8)};
		bool		nulls[] = {false, PG_ARGISNULL(8)};

		clock_store_get_pauses(&clock->clock, pauses, nulls);
		changed = true;
	}
	if (clock->clock.end != CLOCK_NONE && clock->clock.end <= at && !changed)
		PG_RETURN_DATUM(PointerGetDatum(row));

	def = definition_of_table(clock->relation);
	if (def != NULL && definition_promise(def, clock->clock.promise) == NULL)
		def = NULL;
	if (def != NULL && clock->clock.promise == stored.clock.promise)
		judged = derive_judged_before(def, &stored);
	if (clock->clock.end == CLOCK_NONE || clock->clock.end > at)
	{
		clock->clock.end = CLOCK_NONE;
		clock->clock.state = CLOCK_RUNNING;
		cut_pauses(&clock->clock, at);
	}
	else
		cut_pauses_behind(&clock->clock);
	state = clock->clock.state;
	ended = clock->clock.end;
	if (def != NULL)
	{
		/*
		 * Only a clock that is still open has followed changes of its
		 * promise. For any other, make derive() keep the promise that it had,
		 * as it does for a finished one.
		 */
		if (!was_open || changed)
		{
			clock->clock.state = CLOCK_STOPPED;
			if (ended == CLOCK_NONE)
				clock->clock.end = at;
		}
		derive_as_judged(def, clock, judged);
	}
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	tuple = clock_store_form(clock, desc);
	if (clock->clock.state != state)
	{
		int			columns[] = {SPI_fnumber(desc, "state"), SPI_fnumber(desc, "ended_at")};
		Datum		values[] = {CharGetDatum((char) state), TimestampTzGetDatum(ended)};
		bool		nulls[] = {false, ended == CLOCK_NONE};

		tuple = heap_modify_tuple_by_cols(tuple, desc, 2, columns, values, nulls);
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(tuple));
}

/*
 * sla.occurrences(during, rrule, time_zone) -> rows (from_at, to_at)
 */
PG_FUNCTION_INFO_V1(sla_occurrences);
Datum
sla_occurrences(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	RangeBound	lower;
	RangeBound	upper;
	ClockSpan  *spans;
	bool		empty;
	int			n;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
		return (Datum) 0;
	range_deserialize(lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO),
					  PG_GETARG_RANGE_P(0), &lower, &upper, &empty);
	if (empty)
		return (Datum) 0;
	n = exception_spans(lower.infinite ? DT_NOBEGIN : DatumGetTimestampTz(lower.val),
						upper.infinite ? DT_NOEND : DatumGetTimestampTz(upper.val),
						PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1)),
						text_to_cstring(PG_GETARG_TEXT_PP(2)), &spans);
	for (int i = 0; i < n; i++)
	{
		Datum		values[2] = {TimestampTzGetDatum(spans[i].from), TimestampTzGetDatum(spans[i].to)};
		bool		nulls[2] = {false, false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
