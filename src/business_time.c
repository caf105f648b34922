/*-------------------------------------------------------------------------
 *
 * business_time.c
 *	  The SQL functions that do arithmetic in business time.
 *
 * A function that takes a calendar argument has two overloads in SQL, one for
 * business_hours and one for text (the name of a calendar); both use the same
 * C function.
 *
 * An infinite timestamptz yields an infinite result where the result type is
 * timestamptz or float8; elsewhere it is an error (22008).  So is a finite one
 * outside the supported range of dates (see core/core.h).
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/timestamp.h"

#include "business_time.h"
#include "calendar.h"

HoursImage *
image_of_arg(FunctionCallInfo fcinfo, int argno)
{
	CallCache  *cache = call_cache(fcinfo, argno);
	text	   *name;

	if (!cache->named)
		return hours_image_of_arg(fcinfo, argno);
	name = PG_GETARG_TEXT_PP(argno);
	return calendar_image(cache, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name),
						  cache->constant);
}

/*
 * The hours of the calendar that a business_interval argument names, or of the
 * default calendar (sla_tracker.calendar) if it names none.
 */
static HoursImage *
image_of_interval(FunctionCallInfo fcinfo, int argno)
{
	const BusinessInterval *bi = PG_GETARG_BUSINESS_INTERVAL_P(argno);
	CallCache  *cache = call_cache(fcinfo, argno);
	int			length = BI_CALENDAR_LEN(bi);
	const char *name;

	if (likely(length > 0))
		return calendar_image(cache, bi->calendar, length, cache->constant);
	name = calendar_default(&length);
	return calendar_image(cache, name, length, false);
}

/*
 * Functions that may be called for every row of a large query look for their
 * compiled hours in three places, fastest first: the call cache, if the
 * calendar is constant and its timeline narrow; the table of calendar names
 * (calendar.h); and finally the general lookup, image_the_long_way().
 * keep_at_hand() then remembers the result for the first two.
 */
CORE_INLINE const Timeline *
timeline_at_hand(FunctionCallInfo fcinfo)
{
	const CallCache *cache = fcinfo->flinfo->fn_extra;

	return likely(cache != NULL && cache->turn == hours_turn) ? cache->timeline : NULL;
}

/*
 * The name of the calendar in an argument; NULL if it names none, or if it
 * would have to be detoasted.
 */
CORE_INLINE const char *
calendar_name(FunctionCallInfo fcinfo, int argno, bool in_interval, int *length)
{
	if (in_interval)
	{
		const BusinessInterval *bi = PG_GETARG_BUSINESS_INTERVAL_P(argno);

		*length = BI_CALENDAR_LEN(bi);
		return *length > 0 ? bi->calendar : NULL;
	}
	else
	{
		const char *name = PG_GETARG_POINTER(argno);

		if (likely(VARATT_IS_SHORT(name)))
			*length = (int) VARSIZE_SHORT(name) - VARHDRSZ_SHORT;
		else if (VARATT_IS_4B_U(name))
			*length = (int) VARSIZE(name) - VARHDRSZ;
		else
			*length = 0;		/* compressed or out of line */
		return *length > 0 ? VARDATA_ANY(name) : NULL;
	}
}

/*
 * The timeline of the calendar that an argument names; NULL if the table of
 * names does not have it.
 */
CORE_INLINE const Timeline *
timeline_by_name(FunctionCallInfo fcinfo, int argno, bool in_interval)
{
	const CallCache *cache = fcinfo->flinfo->fn_extra;
	const char *name;
	int			length;

	if (cache == NULL || cache->turn != hours_turn || !(in_interval || cache->named))
		return NULL;
	name = calendar_name(fcinfo, argno, in_interval, &length);
	return name != NULL ? calendar_timeline_at_hand(name, length) : NULL;
}

static HoursImage *
image_the_long_way(FunctionCallInfo fcinfo, int argno, bool in_interval)
{
	const CallCache *cache = fcinfo->flinfo->fn_extra;
	HoursImage *image = cache == NULL ? NULL : calendar_image_at_hand(cache);

	if (image != NULL)
		return image;
	return in_interval ? image_of_interval(fcinfo, argno) : image_of_arg(fcinfo, argno);
}

/*
 * Remember what image_the_long_way() found, once its timeline has been
 * compiled.  The default calendar is not remembered, because the setting may
 * change from row to row.
 */
static void
keep_at_hand(FunctionCallInfo fcinfo, int argno, bool in_interval, const HoursImage *image)
{
	CallCache  *cache = fcinfo->flinfo->fn_extra;
	const char *name;
	int			length;

	if (!cache->one_snapshot || !(in_interval || cache->named) ||
		image->timeline == NULL || !calendar_statement_is_current() ||
		(cache->constant && cache->turn == hours_turn))
		return;
	name = calendar_name(fcinfo, argno, in_interval, &length);
	if (name == NULL)
		return;
	cache->turn = hours_turn;
	cache->timeline = cache->constant && image->timeline->form == TIMELINE_NARROW ?
		image->timeline : NULL;
	calendar_keep(name, length, image->timeline);
}

static void
not_finite(const char *type)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("%s must be finite", type)));
}

/* Numbers of the arguments of a function that adds. */
typedef struct AddArgs
{
	int			t;
	int			interval;
	int			hours;			/* same as "interval" if the calendar is the
								 * one that the interval names */
	bool		negate;
} AddArgs;

static pg_noinline Datum
add_the_long_way(FunctionCallInfo fcinfo, const AddArgs *args, const Timeline *timeline)
{
	TimestampTz t = PG_GETARG_TIMESTAMPTZ(args->t);
	const BusinessInterval *bi = PG_GETARG_BUSINESS_INTERVAL_P(args->interval);
	bool		in_interval = args->hours == args->interval;
	HoursImage *image;
	int32		days = bi->days;
	int64		time = bi->time;

	/*
	 * Negating the smallest value would overflow.  The largest one does
	 * instead: either is far outside the supported range of dates, so the
	 * result is the same error.
	 */
	if (args->negate)
	{
		days = days == PG_INT32_MIN ? PG_INT32_MAX : -days;
		time = time == PG_INT64_MIN ? PG_INT64_MAX : -time;
	}
	if (likely(timeline != NULL && days == 0 && timeline_covers(timeline, t)))
	{
		TimestampTz result = timeline_add(timeline, t, time);

		if (likely(result != TIMELINE_OUTSIDE))
			PG_RETURN_TIMESTAMPTZ(result);
	}
	image = image_the_long_way(fcinfo, args->hours, in_interval);
	t = hours_add_interval(image, t, days, time);
	keep_at_hand(fcinfo, args->hours, in_interval, image);
	PG_RETURN_TIMESTAMPTZ(t);
}

/*
 * The fast path: t + bi on a narrow timeline.  It makes no calls, so that the
 * compiler need not save registers; everything else is left to
 * add_the_long_way().
 */
CORE_INLINE Datum
add_in(FunctionCallInfo fcinfo, const AddArgs *args, TimestampTz t, const BusinessInterval *bi,
	   const Timeline *timeline)
{
	TimestampTz result;

	if (likely(timeline != NULL && bi->days == 0 && bi->time > 0 && !args->negate &&
			   timeline_add_ahead(timeline, t, bi->time, &result)))
		PG_RETURN_TIMESTAMPTZ(result);
	return add_the_long_way(fcinfo, args, timeline);
}

static pg_noinline Datum
add_at_hand(FunctionCallInfo fcinfo, const AddArgs *args, TimestampTz t, const BusinessInterval *bi,
			const Timeline *timeline)
{
	return add_in(fcinfo, args, t, bi, timeline);
}

/* The calendar is named by the interval, and may differ from row to row. */
static pg_noinline Datum
add_by_name_in_interval(FunctionCallInfo fcinfo, const AddArgs *args, TimestampTz t, const BusinessInterval *bi)
{
	return add_in(fcinfo, args, t, bi, timeline_by_name(fcinfo, args->hours, true));
}

/* The same with the calendar's name in an argument of its own. */
static pg_noinline Datum
add_by_name_in_text(FunctionCallInfo fcinfo, const AddArgs *args, TimestampTz t, const BusinessInterval *bi)
{
	return add_in(fcinfo, args, t, bi, timeline_by_name(fcinfo, args->hours, false));
}

/* t + bi, or t - bi */
CORE_INLINE Datum
add(FunctionCallInfo fcinfo, const AddArgs *args)
{
	TimestampTz t = PG_GETARG_TIMESTAMPTZ(args->t);
	const BusinessInterval *bi = PG_GETARG_BUSINESS_INTERVAL_P(args->interval);
	const Timeline *timeline = timeline_at_hand(fcinfo);

	if (likely(timeline != NULL))
		return add_at_hand(fcinfo, args, t, bi, timeline);
	return args->hours == args->interval ? add_by_name_in_interval(fcinfo, args, t, bi) :
		add_by_name_in_text(fcinfo, args, t, bi);
}

PG_FUNCTION_INFO_V1(timestamptz_pl_business_interval);
Datum
timestamptz_pl_business_interval(PG_FUNCTION_ARGS)
{
	static const AddArgs args = {.t = 0,.interval = 1,.hours = 1};

	return add(fcinfo, &args);
}

PG_FUNCTION_INFO_V1(business_interval_pl_timestamptz);
Datum
business_interval_pl_timestamptz(PG_FUNCTION_ARGS)
{
	static const AddArgs args = {.t = 1,.interval = 0,.hours = 0};

	return add(fcinfo, &args);
}

PG_FUNCTION_INFO_V1(timestamptz_mi_business_interval);
Datum
timestamptz_mi_business_interval(PG_FUNCTION_ARGS)
{
	static const AddArgs args = {.t = 0,.interval = 1,.hours = 1,.negate = true};

	return add(fcinfo, &args);
}

/* business_add(timestamptz, business_interval, hours or calendar) */
PG_FUNCTION_INFO_V1(business_add);
Datum
business_add(PG_FUNCTION_ARGS)
{
	static const AddArgs args = {.t = 0,.interval = 1,.hours = 2};

	return add(fcinfo, &args);
}

/* business_between(timestamptz, timestamptz, hours or calendar) */
PG_FUNCTION_INFO_V1(business_between);
Datum
business_between(PG_FUNCTION_ARGS)
{
	TimestampTz a = PG_GETARG_TIMESTAMPTZ(0);
	TimestampTz b = PG_GETARG_TIMESTAMPTZ(1);

	if (TIMESTAMP_NOT_FINITE(a) || TIMESTAMP_NOT_FINITE(b))
		not_finite("timestamp");
	PG_RETURN_BUSINESS_INTERVAL_P(business_interval_make(0, hours_between(image_of_arg(fcinfo, 2), a, b),
														 NULL, 0));
}

static pg_noinline Datum
seconds_the_long_way(FunctionCallInfo fcinfo, const Timeline *timeline)
{
	TimestampTz a = PG_GETARG_TIMESTAMPTZ(0);
	TimestampTz b = PG_GETARG_TIMESTAMPTZ(1);
	HoursImage *image;
	int64		usecs;

	if (likely(timeline != NULL && timeline_covers(timeline, a) && timeline_covers(timeline, b)))
		PG_RETURN_FLOAT8((float8) timeline_between(timeline, a, b) / USECS_PER_SEC);
	image = image_the_long_way(fcinfo, 2, false);
	if (TIMESTAMP_NOT_FINITE(a) || TIMESTAMP_NOT_FINITE(b))
	{
		if (a == b)
			not_finite("timestamp");
		PG_RETURN_FLOAT8(a < b ? get_float8_infinity() : -get_float8_infinity());
	}
	usecs = hours_between(image, a, b);
	keep_at_hand(fcinfo, 2, false, image);
	PG_RETURN_FLOAT8((float8) usecs / USECS_PER_SEC);
}

static pg_noinline Datum
seconds_by_name(FunctionCallInfo fcinfo)
{
	TimestampTz a = PG_GETARG_TIMESTAMPTZ(0);
	TimestampTz b = PG_GETARG_TIMESTAMPTZ(1);
	const Timeline *timeline = timeline_by_name(fcinfo, 2, false);
	int64		usecs;

	if (likely(timeline != NULL && timeline_between_plain(timeline, a, b, &usecs)))
		PG_RETURN_FLOAT8((float8) usecs / USECS_PER_SEC);
	return seconds_the_long_way(fcinfo, timeline);
}

/*
 * business_seconds(timestamptz, timestamptz, hours or calendar)
 *
 * If one end is infinite, or both are and differ, the result is infinite.
 * From an infinity to itself is an error.
 */
PG_FUNCTION_INFO_V1(business_seconds_between);
Datum
business_seconds_between(PG_FUNCTION_ARGS)
{
	TimestampTz a = PG_GETARG_TIMESTAMPTZ(0);
	TimestampTz b = PG_GETARG_TIMESTAMPTZ(1);
	const Timeline *timeline = timeline_at_hand(fcinfo);
	int64		usecs;

	if (likely(timeline != NULL && timeline_between_plain(timeline, a, b, &usecs)))
		PG_RETURN_FLOAT8((float8) usecs / USECS_PER_SEC);
	return timeline != NULL ? seconds_the_long_way(fcinfo, timeline) : seconds_by_name(fcinfo);
}

/*
 * Whether it is open, and when it opens or closes around an instant
 */

static bool
open_at(HoursImage *image, TimestampTz t)
{
	if (TIMESTAMP_NOT_FINITE(t))
		not_finite("timestamp");
	return timeline_is_open(hours_at(image, t), t);
}

/* is_open(timestamptz, hours or calendar), timestamptz <@ business_hours */
PG_FUNCTION_INFO_V1(business_is_open);
Datum
business_is_open(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(open_at(image_of_arg(fcinfo, 1), PG_GETARG_TIMESTAMPTZ(0)));
}

/* business_hours @> timestamptz */
PG_FUNCTION_INFO_V1(business_hours_contains);
Datum
business_hours_contains(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(open_at(image_of_arg(fcinfo, 0), PG_GETARG_TIMESTAMPTZ(1)));
}

typedef TimelineStatus (*EdgeFunction) (const Timeline *tl, int64_t t, int64_t *u);

/*
 * The opening or closing around t that "function" finds, or an infinity if
 * there is none, such as next_close() of 24/7.
 */
static TimestampTz
edge(HoursImage *image, TimestampTz t, EdgeFunction function)
{
	const Timeline *timeline;
	TimelineStatus status;
	TimestampTz result;

	if (TIMESTAMP_NOT_FINITE(t))
		return t;
	timeline = hours_at(image, t);
	while ((status = function(timeline, t, &result)) != TIMELINE_OK)
	{
		timeline = hours_grow(image, status);
		if (timeline == NULL)
			return status == TIMELINE_LATER ? DT_NOEND : DT_NOBEGIN;
	}
	return result;
}

PG_FUNCTION_INFO_V1(business_next_open);
Datum
business_next_open(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(edge(image_of_arg(fcinfo, 1), PG_GETARG_TIMESTAMPTZ(0),
							   timeline_next_open));
}

PG_FUNCTION_INFO_V1(business_next_close);
Datum
business_next_close(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(edge(image_of_arg(fcinfo, 1), PG_GETARG_TIMESTAMPTZ(0),
							   timeline_next_close));
}

PG_FUNCTION_INFO_V1(business_previous_open);
Datum
business_previous_open(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(edge(image_of_arg(fcinfo, 1), PG_GETARG_TIMESTAMPTZ(0),
							   timeline_previous_open));
}

PG_FUNCTION_INFO_V1(business_previous_close);
Datum
business_previous_close(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(edge(image_of_arg(fcinfo, 1), PG_GETARG_TIMESTAMPTZ(0),
							   timeline_previous_close));
}

/*
 * Business dates
 */

/*
 * Get a timeline with business dates that covers the dates from a to b (in
 * either order) and some days around them.
 */
static const Timeline *
dates_around(HoursImage *image, DateADT a, DateADT b)
{
	DateADT		low = Min(a, b);
	DateADT		high = Max(a, b);

	if (DATE_NOT_FINITE(a) || DATE_NOT_FINITE(b))
		not_finite("date");
	if (low < CORE_MIN_DATE + 5 || high > CORE_MAX_DATE - 6)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("date out of range for business time"),
				 errdetail("Business dates are counted from %d-01-06 to %d-12-26.",
						   CORE_MIN_YEAR, CORE_MAX_YEAR - 1)));
	return hours_cover_dates(image, (low - 3) * USECS_PER_DAY, (high + 3) * USECS_PER_DAY);
}

/*
 * business_days_between(date, date, hours or calendar)
 *
 * The number of business dates in [a, b); negative if b < a.
 */
PG_FUNCTION_INFO_V1(business_days_between);
Datum
business_days_between(PG_FUNCTION_ARGS)
{
	DateADT		a = PG_GETARG_DATEADT(0);
	DateADT		b = PG_GETARG_DATEADT(1);
	const Timeline *timeline = dates_around(image_of_arg(fcinfo, 2), a, b);

	PG_RETURN_INT32(timeline_dates_before(timeline, b) - timeline_dates_before(timeline, a));
}

/* is_business_day(date, hours or calendar) */
PG_FUNCTION_INFO_V1(is_business_day);
Datum
is_business_day(PG_FUNCTION_ARGS)
{
	DateADT		date = PG_GETARG_DATEADT(0);
	const Timeline *timeline = dates_around(image_of_arg(fcinfo, 1), date, date);

	PG_RETURN_BOOL(timeline_dates_before(timeline, date + 1) > timeline_dates_before(timeline, date));
}

/*
 * add_business_days(date, int, hours or calendar)
 *
 * The n-th business date after the given date (before it, if n < 0).  If that
 * is no business date, count from the next one (the previous one, if n < 0).
 * With n = 0 the date is returned as it is.
 */
PG_FUNCTION_INFO_V1(add_business_days);
Datum
add_business_days(PG_FUNCTION_ARGS)
{
	DateADT		date = PG_GETARG_DATEADT(0);
	int32		n = PG_GETARG_INT32(1);
	HoursImage *image = image_of_arg(fcinfo, 2);
	const Timeline *timeline;

	if (n == 0)
		PG_RETURN_DATEADT(date);
	timeline = dates_around(image, date, date);
	for (;;)
	{
		/* number of the first business date >= date, or of the last <= date */
		int64		k = timeline_dates_before(timeline, n > 0 ? date : date + 1) -
			(n > 0 ? 0 : 1);
		TimelineStatus status;

		if (k + n >= 0 && k + n < timeline->dates->n && k < timeline->dates->n && k >= 0)
			PG_RETURN_DATEADT(timeline->dates->date[k + n]);
		status = n > 0 ? TIMELINE_LATER : TIMELINE_EARLIER;
		timeline = hours_grow(image, status);
		if (timeline == NULL)
			hours_no_answer(image, status);
	}
}
