/*-------------------------------------------------------------------------
 *
 * open_spans.c
 *	  The open spans in a window of time, as a multirange or as rows, and the
 *	  rows that explain a deadline.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/multirangetypes.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "business_time.h"
#include "calendar.h"
#include "open_spans.h"
#include "zone_source.h"

/* A window with finite bounds. */
typedef struct Window
{
	TimestampTz from;
	TimestampTz to;
	bool		from_inclusive;
	bool		to_inclusive;
} Window;

/* Get the bounds of a range; false if it is empty. */
static bool
window_of_range(TypeCacheEntry *typcache, RangeType *range, Window *window)
{
	RangeBound	lower;
	RangeBound	upper;
	bool		empty;

	range_deserialize(typcache, range, &lower, &upper, &empty);
	if (empty)
		return false;
	window->from = DatumGetTimestampTz(lower.val);
	window->to = DatumGetTimestampTz(upper.val);
	window->from_inclusive = lower.inclusive;
	window->to_inclusive = upper.inclusive;
	if (lower.infinite || upper.infinite ||
		TIMESTAMP_NOT_FINITE(window->from) || TIMESTAMP_NOT_FINITE(window->to))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("range must be bounded and finite"),
				 errhint("Give both ends of the window.")));
	return true;
}

/* The end of the open span around t, but at most "limit". */
static TimestampTz
span_end(const Timeline *timeline, TimestampTz t, TimestampTz limit)
{
	int64		end;

	if (timeline_next_close(timeline, t, &end) != TIMELINE_OK || end > limit)
		return limit;
	return end;
}

/* The first open instant from t on, but at most "limit". */
static TimestampTz
open_from(const Timeline *timeline, TimestampTz t, TimestampTz limit)
{
	int64		start;

	if (timeline_next_open(timeline, t, &start) != TIMELINE_OK || start > limit)
		return limit;
	return start;
}

/*
 * Get the first open span of the window from t on; false if there is none.  If the
 * window includes its upper bound and it is open then, so does the span.
 */
static bool
next_span(const Timeline *timeline, const Window *window, TimestampTz t,
		  TimestampTz *from, TimestampTz *to, bool *to_inclusive)
{
	CHECK_FOR_INTERRUPTS();
	*from = open_from(timeline, t, window->to);
	*to = span_end(timeline, *from, window->to);
	*to_inclusive = *to == window->to && window->to_inclusive &&
		timeline_is_open(timeline, *to);
	return *from < *to || *to_inclusive;
}

static RangeType *
span_range(TypeCacheEntry *typcache, const Window *window, TimestampTz from,
		   TimestampTz to, bool to_inclusive)
{
	RangeBound	lower = {0};
	RangeBound	upper = {0};

	lower.val = TimestampTzGetDatum(from);
	lower.inclusive = from > window->from || window->from_inclusive;
	lower.lower = true;
	upper.val = TimestampTzGetDatum(to);
	upper.inclusive = to_inclusive;
	return make_range(typcache, &lower, &upper, false
#if PG_VERSION_NUM >= 160000
					  ,NULL
#endif
		);
}

/* open_ranges(tstzrange, hours or calendar) -> tstzmultirange */
PG_FUNCTION_INFO_V1(business_open_ranges);
Datum
business_open_ranges(PG_FUNCTION_ARGS)
{
	RangeType  *range = PG_GETARG_RANGE_P(0);
	HoursImage *image = image_of_arg(fcinfo, 1);
	TypeCacheEntry *typcache = lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO);
	Window		window;
	RangeType **spans = NULL;
	int			n = 0;
	int			size = 64;

	if (window_of_range(typcache, range, &window))
	{
		const Timeline *timeline = hours_cover(image, window.from, window.to);
		TimestampTz t = window.from;
		TimestampTz from;
		bool		inclusive;

		spans = palloc(size * sizeof(RangeType *));
		while (next_span(timeline, &window, t, &from, &t, &inclusive))
		{
			if (n == size)
			{
				size *= 2;
				spans = repalloc_huge(spans, size * sizeof(RangeType *));
			}
			spans[n++] = span_range(typcache, &window, from, t, inclusive);
			if (t == window.to)
				break;
		}
	}
	PG_RETURN_MULTIRANGE_P(make_multirange(TSTZMULTIRANGEOID, typcache, n, spans));
}

/*
 * open_spans(tstzrange, hours or calendar) -> setof (span, business_date)
 *
 * Like open_ranges(), but each span has its business date, and is split where another
 * business date opens; so 24/7 has a row for each date.  The business date is null for
 * the part after midnight of a date that is itself closed.
 */
PG_FUNCTION_INFO_V1(business_open_spans);
Datum
business_open_spans(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	RangeType  *range = PG_GETARG_RANGE_P(0);
	HoursImage *image = image_of_arg(fcinfo, 1);
	TypeCacheEntry *typcache = lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO);
	Window		window;
	const Timeline *timeline;
	TimestampTz t;
	TimestampTz from;
	bool		inclusive;

	InitMaterializedSRF(fcinfo, 0);
	if (!window_of_range(typcache, range, &window))
		return (Datum) 0;

	/* include some days before, to determine the date of the first span */
	timeline = hours_cover_dates(image, window.from - 3 * USECS_PER_DAY,
								 window.to + USECS_PER_DAY);
	t = window.from;
	while (next_span(timeline, &window, t, &from, &t, &inclusive))
	{
		Datum		values[2];
		bool		nulls[2] = {false, false};
		int32		date;
		int64		change;

		nulls[1] = !timeline_date_at(timeline, from, &date, &change);
		if (change < t || (change == t && inclusive))
		{
			t = change;
			inclusive = false;
		}
		values[0] = RangeTypePGetDatum(span_range(typcache, &window, from, t, inclusive));
		values[1] = nulls[1] ? (Datum) 0 : DateADTGetDatum(date);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		if (t == window.to && (inclusive || !window.to_inclusive))
			break;
	}
	return (Datum) 0;
}

/*
 * Spans with holidays
 */

/* A holiday as a span of instants. */
typedef struct HolidaySpan
{
	TimestampTz from;
	TimestampTz to;
	const char *name;
} HolidaySpan;

static int
compare_holiday_spans(const ListCell *a, const ListCell *b)
{
	TimestampTz ta = ((HolidaySpan *) lfirst(a))->from;
	TimestampTz tb = ((HolidaySpan *) lfirst(b))->from;

	return ta < tb ? -1 : (ta > tb ? 1 : 0);
}

/*
 * The holidays between two instants, sorted by their beginning.  If calendars of several
 * zones are combined, that is not just the order of dates.
 */
static List *
holiday_spans(List *holidays, TimestampTz from, TimestampTz to)
{
	List	   *spans = NIL;
	ListCell   *cell;

	foreach(cell, holidays)
	{
		CalendarHoliday *holiday = lfirst(cell);
		HolidaySpan *span;
		ZoneMap		map;
		CoreMem		mem = sla_core_mem();
		CoreError	error = {0};

		/* for most holidays, avoid looking up the zone */
		if ((holiday->date + INT64CONST(2)) * USECS_PER_DAY <= from ||
			(holiday->date - INT64CONST(1)) * USECS_PER_DAY >= to)
			continue;
		if (!sla_zones.load(sla_zones.context, holiday->zone,
							(holiday->date - INT64CONST(3)) * USECS_PER_DAY,
							(holiday->date + INT64CONST(4)) * USECS_PER_DAY,
							&mem, &map, &error))
			sla_report(&error, "business_hours", holiday->zone, (int) strlen(holiday->zone), NULL);
		span = palloc(sizeof(HolidaySpan));
		span->from = zone_instant(&map, holiday->date * USECS_PER_DAY);
		span->to = zone_instant(&map, (holiday->date + INT64CONST(1)) * USECS_PER_DAY);
		span->name = holiday->name;
		spans = lappend(spans, span);
	}
	list_sort(spans, compare_holiday_spans);
	return spans;
}

/* Split a closed span by the holidays in it. */
static void
walk_closed(List *holidays, TimestampTz from, TimestampTz to, SpanReceiver receive, void *context)
{
	ListCell   *cell;

	foreach(cell, holidays)
	{
		HolidaySpan *holiday = lfirst(cell);
		TimestampTz start = Max(from, holiday->from);
		TimestampTz end = Min(to, holiday->to);

		if (start >= end)
			continue;
		if (from < start)
			receive(context, from, start, "closed", NULL);
		receive(context, start, end, "holiday", holiday->name);
		from = end;
	}
	if (from < to)
		receive(context, from, to, "closed", NULL);
}

void
walk_spans(const Timeline *timeline, List *holidays, TimestampTz from, TimestampTz to,
		   SpanReceiver receive, void *context)
{
	holidays = holiday_spans(holidays, from, to);
	while (from < to)
	{
		TimestampTz open = open_from(timeline, from, to);

		CHECK_FOR_INTERRUPTS();
		if (from < open)
			walk_closed(holidays, from, open, receive, context);
		from = to;
		if (open < to)
		{
			from = span_end(timeline, open, to);
			receive(context, open, from, "open", NULL);
		}
	}
}

/* Append the holidays contained in a business_hours value, which have no names. */
static List *
baked_holidays(const HoursExpr *expr, List *list)
{
	if (expr->kind != HOURS_LEAF)
		return baked_holidays(expr->right, baked_holidays(expr->left, list));
	for (int i = 0; i < expr->nholidays; i++)
	{
		CalendarHoliday *holiday = palloc(sizeof(CalendarHoliday));

		holiday->date = expr->holidays[i].date;
		holiday->zone = expr->zone;
		holiday->name = NULL;
		list = lappend(list, holiday);
	}
	return list;
}

/*
 * business_timeline
 */

/* State of explain_row() */
typedef struct Explanation
{
	ReturnSetInfo *result;
	TypeCacheEntry *typcache;
	int64		cumulative;		/* business time used so far */
} Explanation;

static void
explain_row(void *context, TimestampTz from, TimestampTz to, const char *state,
			const char *holiday)
{
	const Window everything = {DT_NOBEGIN, DT_NOEND, true, false};
	Explanation *ex = context;
	int64		used = strcmp(state, "open") == 0 ? to - from : 0;
	Datum		values[5];
	bool		nulls[5] = {false, false, holiday == NULL, false, false};

	ex->cumulative += used;
	values[0] = RangeTypePGetDatum(span_range(ex->typcache, &everything, from, to, false));
	values[1] = CStringGetTextDatum(state);
	values[2] = holiday ? CStringGetTextDatum(holiday) : (Datum) 0;
	values[3] = PointerGetDatum(business_interval_make(0, used, NULL, 0));
	values[4] = PointerGetDatum(business_interval_make(0, ex->cumulative, NULL, 0));
	tuplestore_putvalues(ex->result->setResult, ex->result->setDesc, values, nulls);
}

/*
 * business_timeline(timestamptz, business_interval, hours or calendar)
 *		-> rows (span, state, holiday, used, cumulative)
 *
 * Explain the result of business_add(): all open, closed and holiday spans between the
 * instant and the deadline, with the business time used in each, and the sum so far.
 */
PG_FUNCTION_INFO_V1(business_timeline);
Datum
business_timeline(PG_FUNCTION_ARGS)
{
	TimestampTz t = PG_GETARG_TIMESTAMPTZ(0);
	const BusinessInterval *bi = PG_GETARG_BUSINESS_INTERVAL_P(1);
	HoursImage *image = image_of_arg(fcinfo, 2);
	Explanation ex = {0};
	List	   *holidays;
	TimestampTz due;
	TimestampTz to;

	InitMaterializedSRF(fcinfo, 0);
	if (TIMESTAMP_NOT_FINITE(t))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp must be finite")));
	due = hours_add(image, hours_add_days(image, t, bi->days), bi->time);
	to = Max(t, due);
	t = Min(t, due);

	ex.result = (ReturnSetInfo *) fcinfo->resultinfo;
	ex.typcache = lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO);
	if (call_cache(fcinfo, 2)->named)
	{
		text	   *name = PG_GETARG_TEXT_PP(2);

		holidays = calendar_holidays(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), DT_NOEND);
	}
	else
		holidays = baked_holidays(image->expr, NIL);
	walk_spans(hours_cover(image, t, to), holidays, t, to, explain_row, &ex);
	return (Datum) 0;
}
