/*-------------------------------------------------------------------------
 *
 * business_interval.c
 *	  The type business_interval: an interval counted in business time.
 *
 * This has all functions that do not need opening hours: input and output, comparison,
 * hashing, arithmetic, aggregates, casts and accessors.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include <float.h>
#include <math.h>

#include "common/hashfn.h"
#include "core/interval_text.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/sortsupport.h"
#include "utils/timestamp.h"

#ifndef HAVE_INT128
#error "sla_tracker requires a compiler with 128-bit integers"
#endif

StaticAssertDecl(BI_MAX_CALENDAR == INTERVAL_MAX_CALENDAR,
				 "the core and the type disagree on the length of a name");

/* The nominal length of a business day, which is used only for ordering */
#define NOMINAL_USECS_PER_DAY	(8 * USECS_PER_HOUR)

/* 2^63, which a double represents exactly */
#define TWO_TO_63	9223372036854775808.0

/*
 * The state of sum() and avg().  It has no pointers, so that its bytes are
 * its serialised form.
 */
typedef struct SumState
{
	int64		count;			/* number of values */
	int64		named;			/* how many of them name a calendar */
	int128		days;
	int128		time;
	int32		calendar_len;	/* this and "calendar" are undefined if named
								 * = 0 */
	char		calendar[BI_MAX_CALENDAR];
} SumState;


/*-------------------------------------------------------------------------
 * Values
 *-------------------------------------------------------------------------
 */

BusinessInterval *
business_interval_make(int32 days, int64 time, const char *calendar,
					   int calendar_len)
{
	BusinessInterval *result;

	Assert(calendar_len >= 0 && calendar_len <= BI_MAX_CALENDAR);

	result = palloc(BI_HEADER_SIZE + calendar_len);
	SET_VARSIZE(result, BI_HEADER_SIZE + calendar_len);
	result->days = days;
	result->time = time;
	if (calendar_len > 0)
		memcpy(result->calendar, calendar, calendar_len);
	return result;
}

/*
 * Make the result of arithmetic.  If a field is out of range the error is 22008, as for
 * interval.
 */
static BusinessInterval *
make_checked(int128 days, int128 time, const char *calendar, int calendar_len)
{
	if (days < PG_INT32_MIN || days > PG_INT32_MAX ||
		time < PG_INT64_MIN || time > PG_INT64_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("business_interval out of range")));
	return business_interval_make((int32) days, (int64) time,
								  calendar, calendar_len);
}

/* Get the name of a calendar from a text argument; error 22023 if it is not valid. */
static const char *
calendar_argument(text *name, int *length)
{
	*length = VARSIZE_ANY_EXHDR(name);
	if (*length == 0 || *length > BI_MAX_CALENDAR)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid calendar name: \"%s\"", text_to_cstring(name)),
				 errdetail("A calendar's name has 1 to %d bytes.",
						   BI_MAX_CALENDAR)));
	return VARDATA_ANY(name);
}

/* Raise an error (22023) if two names, which are not empty, differ. */
static void
check_same_calendar(const char *a, int a_len, const char *b, int b_len)
{
	if (a_len != b_len || memcmp(a, b, a_len) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot combine business intervals of different calendars"),
				 errdetail("One value names calendar \"%.*s\", another \"%.*s\".",
						   a_len, a, b_len, b),
				 errhint("Use at_calendar() to give them the same calendar, or none.")));
}

static void
fail_fraction(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("fractional business day"),
			 errdetail("A business day has no fixed length, so it cannot be divided."),
			 errhint("Count in business hours instead.")));
}

static int128
nominal_usecs(int64 days, int128 time)
{
	return (int128) days * NOMINAL_USECS_PER_DAY + time;
}


/*-------------------------------------------------------------------------
 * Input and output
 *-------------------------------------------------------------------------
 */

PG_FUNCTION_INFO_V1(business_interval_in);
Datum
business_interval_in(PG_FUNCTION_ARGS)
{
	char	   *input = PG_GETARG_CSTRING(0);
	size_t		length = strlen(input);
	IntervalValue value;
	CoreError	error;

	if (!interval_parse(input, length, &value, &error))
	{
		sla_report(&error, "business_interval", input, (int) length,
				   SLA_ESCONTEXT(fcinfo));
		PG_RETURN_NULL();
	}
	PG_RETURN_BUSINESS_INTERVAL_P(business_interval_make(value.days, value.time,
														 value.calendar,
														 value.calendar_len));
}

char *
business_interval_text(const BusinessInterval *value)
{
	char		buffer[INTERVAL_MAX_TEXT];
	size_t		length = interval_print(value->days, value->time,
										value->calendar,
										BI_CALENDAR_LEN(value), buffer);

	return pnstrdup(buffer, length);
}

PG_FUNCTION_INFO_V1(business_interval_out);
Datum
business_interval_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(business_interval_text(PG_GETARG_BUSINESS_INTERVAL_P(0)));
}

/*
 * External binary form: time in microseconds (int64), days (int32), and the
 * calendar's name as its length in bytes (int32) and the bytes, in the
 * client's encoding.
 */
PG_FUNCTION_INFO_V1(business_interval_recv);
Datum
business_interval_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int64		time = pq_getmsgint64(buf);
	int32		days = (int32) pq_getmsgint(buf, sizeof(int32));
	int32		sent = (int32) pq_getmsgint(buf, sizeof(int32));
	const char *bytes = pq_getmsgbytes(buf, sent);	/* refuses sent < 0 */
	const char *calendar = NULL;
	int			calendar_len = 0;

	if (sent > 0)
	{
		/* this also verifies the encoding */
		calendar = pg_client_to_server(bytes, sent);
		calendar_len = calendar == bytes ? sent : (int) strlen(calendar);
	}
	if (calendar_len > BI_MAX_CALENDAR ||
		(calendar_len > 0 && memchr(calendar, '\0', calendar_len) != NULL))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid calendar name in external \"business_interval\" value"),
				 errdetail("A calendar's name has at most %d bytes, none of them zero.",
						   BI_MAX_CALENDAR)));
	PG_RETURN_BUSINESS_INTERVAL_P(business_interval_make(days, time, calendar,
														 calendar_len));
}

PG_FUNCTION_INFO_V1(business_interval_send);
Datum
business_interval_send(PG_FUNCTION_ARGS)
{
	BusinessInterval *value = PG_GETARG_BUSINESS_INTERVAL_P(0);
	int			length = BI_CALENDAR_LEN(value);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint64(&buf, value->time);
	pq_sendint32(&buf, value->days);
	if (length == 0)
		pq_sendint32(&buf, 0);
	else
	{
		char	   *sent = pg_server_to_client(value->calendar, length);

		if (sent != value->calendar)
			length = (int) strlen(sent);
		pq_sendint32(&buf, length);
		pq_sendbytes(&buf, sent, length);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}


/*-------------------------------------------------------------------------
 * Comparison
 *
 * Values are ordered by their nominal length (a day counts as 8 hours), then by days,
 * which determines the time as well, then by the bytes of the calendar's name; no name
 * comes first.  Values are equal only if all their bytes are.
 *-------------------------------------------------------------------------
 */

static int
bi_compare(const BusinessInterval *a, const BusinessInterval *b)
{
	int128		a_nominal = nominal_usecs(a->days, a->time);
	int128		b_nominal = nominal_usecs(b->days, b->time);
	int			a_len;
	int			b_len;
	int			result;

	if (a_nominal != b_nominal)
		return a_nominal < b_nominal ? -1 : 1;
	if (a->days != b->days)
		return a->days < b->days ? -1 : 1;

	a_len = BI_CALENDAR_LEN(a);
	b_len = BI_CALENDAR_LEN(b);
	result = memcmp(a->calendar, b->calendar, Min(a_len, b_len));
	if (result == 0)
		result = a_len - b_len;
	return result < 0 ? -1 : result > 0;
}

static bool
bi_equal(const BusinessInterval *a, const BusinessInterval *b)
{
	return VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0;
}

PG_FUNCTION_INFO_V1(business_interval_eq);
Datum
business_interval_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(bi_equal(PG_GETARG_BUSINESS_INTERVAL_P(0),
							PG_GETARG_BUSINESS_INTERVAL_P(1)));
}

PG_FUNCTION_INFO_V1(business_interval_ne);
Datum
business_interval_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!bi_equal(PG_GETARG_BUSINESS_INTERVAL_P(0),
							 PG_GETARG_BUSINESS_INTERVAL_P(1)));
}

PG_FUNCTION_INFO_V1(business_interval_lt);
Datum
business_interval_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(bi_compare(PG_GETARG_BUSINESS_INTERVAL_P(0),
							  PG_GETARG_BUSINESS_INTERVAL_P(1)) < 0);
}

PG_FUNCTION_INFO_V1(business_interval_le);
Datum
business_interval_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(bi_compare(PG_GETARG_BUSINESS_INTERVAL_P(0),
							  PG_GETARG_BUSINESS_INTERVAL_P(1)) <= 0);
}

PG_FUNCTION_INFO_V1(business_interval_ge);
Datum
business_interval_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(bi_compare(PG_GETARG_BUSINESS_INTERVAL_P(0),
							  PG_GETARG_BUSINESS_INTERVAL_P(1)) >= 0);
}

PG_FUNCTION_INFO_V1(business_interval_gt);
Datum
business_interval_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(bi_compare(PG_GETARG_BUSINESS_INTERVAL_P(0),
							  PG_GETARG_BUSINESS_INTERVAL_P(1)) > 0);
}

PG_FUNCTION_INFO_V1(business_interval_cmp);
Datum
business_interval_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(bi_compare(PG_GETARG_BUSINESS_INTERVAL_P(0),
							   PG_GETARG_BUSINESS_INTERVAL_P(1)));
}

static int
bi_fastcmp(Datum a, Datum b, SortSupport ssup)
{
	return bi_compare(DatumGetBusinessIntervalP(a), DatumGetBusinessIntervalP(b));
}

PG_FUNCTION_INFO_V1(business_interval_sortsupport);
Datum
business_interval_sortsupport(PG_FUNCTION_ARGS)
{
	((SortSupport) PG_GETARG_POINTER(0))->comparator = bi_fastcmp;
	PG_RETURN_VOID();
}

/*
 * in_range(value, base, offset, sub, less): support for RANGE frames.  Calendars are
 * ignored, and nothing overflows.  A negative offset is error 22013, as for interval.
 */
PG_FUNCTION_INFO_V1(business_interval_in_range);
Datum
business_interval_in_range(PG_FUNCTION_ARGS)
{
	BusinessInterval *value = PG_GETARG_BUSINESS_INTERVAL_P(0);
	BusinessInterval *base = PG_GETARG_BUSINESS_INTERVAL_P(1);
	BusinessInterval *offset = PG_GETARG_BUSINESS_INTERVAL_P(2);
	bool		sub = PG_GETARG_BOOL(3);
	bool		less = PG_GETARG_BOOL(4);
	int128		offset_nominal = nominal_usecs(offset->days, offset->time);
	int64		days = (int64) base->days + (sub ? -(int64) offset->days : offset->days);
	int128		nominal = nominal_usecs(base->days, base->time);
	int128		value_nominal = nominal_usecs(value->days, value->time);

	if (offset_nominal < 0 || (offset_nominal == 0 && offset->days < 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PRECEDING_OR_FOLLOWING_SIZE),
				 errmsg("invalid preceding or following size in window function")));

	nominal += sub ? -offset_nominal : offset_nominal;
	if (value_nominal != nominal)
		PG_RETURN_BOOL((value_nominal < nominal) == less);
	PG_RETURN_BOOL(less ? value->days <= days : value->days >= days);
}

PG_FUNCTION_INFO_V1(business_interval_hash);
Datum
business_interval_hash(PG_FUNCTION_ARGS)
{
	BusinessInterval *value = PG_GETARG_BUSINESS_INTERVAL_P(0);

	return hash_any((unsigned char *) VARDATA(value), VARSIZE(value) - VARHDRSZ);
}

PG_FUNCTION_INFO_V1(business_interval_hash_extended);
Datum
business_interval_hash_extended(PG_FUNCTION_ARGS)
{
	BusinessInterval *value = PG_GETARG_BUSINESS_INTERVAL_P(0);

	return hash_any_extended((unsigned char *) VARDATA(value),
							 VARSIZE(value) - VARHDRSZ, PG_GETARG_INT64(1));
}


/*-------------------------------------------------------------------------
 * Arithmetic
 *
 * Days and time are added and scaled separately.  If only one value names a calendar,
 * the result has that one; two different names are an error.
 *-------------------------------------------------------------------------
 */

/* a + sign * b */
static BusinessInterval *
bi_add(const BusinessInterval *a, const BusinessInterval *b, int sign)
{
	const BusinessInterval *named = BI_CALENDAR_LEN(a) > 0 ? a : b;

	if (BI_CALENDAR_LEN(a) > 0 && BI_CALENDAR_LEN(b) > 0)
		check_same_calendar(a->calendar, BI_CALENDAR_LEN(a),
							b->calendar, BI_CALENDAR_LEN(b));
	return make_checked((int128) a->days + sign * (int128) b->days,
						(int128) a->time + sign * (int128) b->time,
						named->calendar, BI_CALENDAR_LEN(named));
}

BusinessInterval *
business_interval_plus(const BusinessInterval *a, const BusinessInterval *b)
{
	return bi_add(a, b, 1);
}

PG_FUNCTION_INFO_V1(business_interval_pl);
Datum
business_interval_pl(PG_FUNCTION_ARGS)
{
	PG_RETURN_BUSINESS_INTERVAL_P(business_interval_plus(PG_GETARG_BUSINESS_INTERVAL_P(0),
														 PG_GETARG_BUSINESS_INTERVAL_P(1)));
}

PG_FUNCTION_INFO_V1(business_interval_mi);
Datum
business_interval_mi(PG_FUNCTION_ARGS)
{
	PG_RETURN_BUSINESS_INTERVAL_P(bi_add(PG_GETARG_BUSINESS_INTERVAL_P(0),
										 PG_GETARG_BUSINESS_INTERVAL_P(1), -1));
}

PG_FUNCTION_INFO_V1(business_interval_um);
Datum
business_interval_um(PG_FUNCTION_ARGS)
{
	BusinessInterval *value = PG_GETARG_BUSINESS_INTERVAL_P(0);

	PG_RETURN_BUSINESS_INTERVAL_P(make_checked(-(int128) value->days,
											   -(int128) value->time,
											   value->calendar,
											   BI_CALENDAR_LEN(value)));
}

/*
 * a / n, rounded half to even.  If "whole" and n does not divide a, error 22003.
 */
static int128
divide_field(int128 a, int64 n, bool whole)
{
	int128		quotient = a / n;
	int128		rest = a % n;
	int128		excess;

	if (rest == 0)
		return quotient;
	if (whole)
		fail_fraction();

	/* compare the absolute values of the remainder and half of n */
	excess = 2 * (rest < 0 ? -rest : rest) - (n < 0 ? -(int128) n : n);
	if (excess > 0 || (excess == 0 && quotient % 2 != 0))
		quotient += (a < 0) == (n < 0) ? 1 : -1;
	return quotient;
}

/*
 * Multiply or divide a field by a finite factor.  An integral factor is applied exactly;
 * others in float8.  If "whole", the result must be an integer up to the rounding errors
 * of the factor and of the result (consider 100 * 0.07); else error 22003.
 */
static int128
scale_field(int64 field, double factor, bool by_division, bool whole)
{
	double		result;

	if (factor == rint(factor) && fabs(factor) < TWO_TO_63)
		return by_division ? divide_field(field, (int64) factor, whole) :
			(int128) field * (int64) factor;

	result = by_division ? field / factor : field * factor;
	if (!(fabs(result) < TWO_TO_63))
		return PG_INT64_MAX + (int128) 1;	/* out of range of any field */
	if (whole && fabs(result - rint(result)) > 2 * DBL_EPSILON * fabs(result))
		fail_fraction();
	return (int128) rint(result);
}

static BusinessInterval *
bi_scale(const BusinessInterval *value, double factor, bool by_division)
{
	if (isnan(factor) || isinf(factor))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("business_interval out of range"),
				 errdetail("A business_interval cannot be multiplied or divided by NaN or infinity.")));
	if (by_division && factor == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DIVISION_BY_ZERO),
				 errmsg("division by zero")));
	return make_checked(scale_field(value->days, factor, by_division, true),
						scale_field(value->time, factor, by_division, false),
						value->calendar, BI_CALENDAR_LEN(value));
}

PG_FUNCTION_INFO_V1(business_interval_mul);
Datum
business_interval_mul(PG_FUNCTION_ARGS)
{
	PG_RETURN_BUSINESS_INTERVAL_P(bi_scale(PG_GETARG_BUSINESS_INTERVAL_P(0),
										   PG_GETARG_FLOAT8(1), false));
}

PG_FUNCTION_INFO_V1(mul_business_interval);
Datum
mul_business_interval(PG_FUNCTION_ARGS)
{
	PG_RETURN_BUSINESS_INTERVAL_P(bi_scale(PG_GETARG_BUSINESS_INTERVAL_P(1),
										   PG_GETARG_FLOAT8(0), false));
}

PG_FUNCTION_INFO_V1(business_interval_div);
Datum
business_interval_div(PG_FUNCTION_ARGS)
{
	PG_RETURN_BUSINESS_INTERVAL_P(bi_scale(PG_GETARG_BUSINESS_INTERVAL_P(0),
										   PG_GETARG_FLOAT8(1), true));
}


/*-------------------------------------------------------------------------
 * Aggregates
 *
 * sum() and avg() have the same state.  It uses 128 bits, so that only the result can be
 * out of range, not a partial sum, and removing a value from a moving frame is exact.
 * The calendar is forgotten when the last value that names it is removed.
 *-------------------------------------------------------------------------
 */

PG_FUNCTION_INFO_V1(business_interval_larger);
Datum
business_interval_larger(PG_FUNCTION_ARGS)
{
	BusinessInterval *a = PG_GETARG_BUSINESS_INTERVAL_P(0);
	BusinessInterval *b = PG_GETARG_BUSINESS_INTERVAL_P(1);

	PG_RETURN_BUSINESS_INTERVAL_P(bi_compare(a, b) >= 0 ? a : b);
}

PG_FUNCTION_INFO_V1(business_interval_smaller);
Datum
business_interval_smaller(PG_FUNCTION_ARGS)
{
	BusinessInterval *a = PG_GETARG_BUSINESS_INTERVAL_P(0);
	BusinessInterval *b = PG_GETARG_BUSINESS_INTERVAL_P(1);

	PG_RETURN_BUSINESS_INTERVAL_P(bi_compare(a, b) <= 0 ? a : b);
}

/* The state in argument 0, or a new one if that is null. */
static SumState *
sum_state(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	if (!PG_ARGISNULL(0))
		return (SumState *) PG_GETARG_POINTER(0);
	return MemoryContextAllocZero(context, sizeof(SumState));
}

/* Add "count" values that name a calendar to the state. */
static void
add_calendar(SumState *state, const char *calendar, int length, int64 count)
{
	if (state->named > 0)
		check_same_calendar(state->calendar, state->calendar_len,
							calendar, length);
	else
	{
		state->calendar_len = length;
		memcpy(state->calendar, calendar, length);
	}
	state->named += count;
}

PG_FUNCTION_INFO_V1(business_interval_accum);
Datum
business_interval_accum(PG_FUNCTION_ARGS)
{
	SumState   *state = sum_state(fcinfo);

	if (!PG_ARGISNULL(1))
	{
		BusinessInterval *value = PG_GETARG_BUSINESS_INTERVAL_P(1);

		if (BI_CALENDAR_LEN(value) > 0)
			add_calendar(state, value->calendar, BI_CALENDAR_LEN(value), 1);
		state->count++;
		state->days += value->days;
		state->time += value->time;
	}
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(business_interval_accum_inv);
Datum
business_interval_accum_inv(PG_FUNCTION_ARGS)
{
	SumState   *state = sum_state(fcinfo);

	if (!PG_ARGISNULL(1))
	{
		BusinessInterval *value = PG_GETARG_BUSINESS_INTERVAL_P(1);

		if (BI_CALENDAR_LEN(value) > 0)
			state->named--;
		state->count--;
		state->days -= value->days;
		state->time -= value->time;
	}
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(business_interval_combine);
Datum
business_interval_combine(PG_FUNCTION_ARGS)
{
	SumState   *state = sum_state(fcinfo);

	if (!PG_ARGISNULL(1))
	{
		SumState   *other = (SumState *) PG_GETARG_POINTER(1);

		if (other->named > 0)
			add_calendar(state, other->calendar, other->calendar_len,
						 other->named);
		state->count += other->count;
		state->days += other->days;
		state->time += other->time;
	}
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(business_interval_serialize);
Datum
business_interval_serialize(PG_FUNCTION_ARGS)
{
	bytea	   *result = palloc(VARHDRSZ + sizeof(SumState));

	SET_VARSIZE(result, VARHDRSZ + sizeof(SumState));
	memcpy(VARDATA(result), sum_state(fcinfo), sizeof(SumState));
	PG_RETURN_BYTEA_P(result);
}

PG_FUNCTION_INFO_V1(business_interval_deserialize);
Datum
business_interval_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *serialized = PG_GETARG_BYTEA_PP(0);
	SumState   *state = palloc(sizeof(SumState));

	if (!AggCheckCallContext(fcinfo, NULL) ||
		VARSIZE_ANY_EXHDR(serialized) != sizeof(SumState))
		elog(ERROR, "invalid state of an aggregate");
	memcpy(state, VARDATA_ANY(serialized), sizeof(SumState));
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(business_interval_sum);
Datum
business_interval_sum(PG_FUNCTION_ARGS)
{
	SumState   *state = sum_state(fcinfo);

	if (state->count == 0)
		PG_RETURN_NULL();
	PG_RETURN_BUSINESS_INTERVAL_P(make_checked(state->days, state->time,
											   state->calendar,
											   state->named > 0 ? state->calendar_len : 0));
}

PG_FUNCTION_INFO_V1(business_interval_avg);
Datum
business_interval_avg(PG_FUNCTION_ARGS)
{
	SumState   *state = sum_state(fcinfo);

	if (state->count == 0)
		PG_RETURN_NULL();
	PG_RETURN_BUSINESS_INTERVAL_P(make_checked(divide_field(state->days, state->count, true),
											   divide_field(state->time, state->count, false),
											   state->calendar,
											   state->named > 0 ? state->calendar_len : 0));
}


/*-------------------------------------------------------------------------
 * Casts, accessors, construction
 *-------------------------------------------------------------------------
 */

/* Convert days to business days and time to business time; months are an error. */
PG_FUNCTION_INFO_V1(business_interval_from_interval);
Datum
business_interval_from_interval(PG_FUNCTION_ARGS)
{
	Interval   *value = PG_GETARG_INTERVAL_P(0);

	if (INTERVAL_NOT_FINITE(value))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("cannot cast an infinite interval to business_interval")));
	if (value->month != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot cast an interval with months or years to business_interval"),
				 errhint("Business time is counted in business days and hours, for example \"5 bd\".")));
	PG_RETURN_BUSINESS_INTERVAL_P(business_interval_make(value->day, value->time,
														 NULL, 0));
}

/* The reverse; the calendar is lost. */
PG_FUNCTION_INFO_V1(business_interval_to_interval);
Datum
business_interval_to_interval(PG_FUNCTION_ARGS)
{
	BusinessInterval *value = PG_GETARG_BUSINESS_INTERVAL_P(0);
	Interval   *result = palloc(sizeof(Interval));

	result->time = value->time;
	result->day = value->days;
	result->month = 0;
	PG_RETURN_INTERVAL_P(result);
}

/* business_days(business_interval): the number of days */
PG_FUNCTION_INFO_V1(business_interval_days);
Datum
business_interval_days(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(PG_GETARG_BUSINESS_INTERVAL_P(0)->days);
}

/* business_seconds(business_interval): the time without the days */
PG_FUNCTION_INFO_V1(business_interval_seconds);
Datum
business_interval_seconds(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(PG_GETARG_BUSINESS_INTERVAL_P(0)->time / 1000000.0);
}

/* calendar(business_interval): null if the value names none */
PG_FUNCTION_INFO_V1(business_interval_calendar);
Datum
business_interval_calendar(PG_FUNCTION_ARGS)
{
	BusinessInterval *value = PG_GETARG_BUSINESS_INTERVAL_P(0);

	if (BI_CALENDAR_LEN(value) == 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(value->calendar,
											  BI_CALENDAR_LEN(value)));
}

/*
 * at_calendar(business_interval, text): the value with another calendar, or without one
 * if the text is null
 */
PG_FUNCTION_INFO_V1(business_interval_at_calendar);
Datum
business_interval_at_calendar(PG_FUNCTION_ARGS)
{
	BusinessInterval *value;
	const char *calendar = NULL;
	int			length = 0;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	value = PG_GETARG_BUSINESS_INTERVAL_P(0);
	if (!PG_ARGISNULL(1))
		calendar = calendar_argument(PG_GETARG_TEXT_PP(1), &length);
	PG_RETURN_BUSINESS_INTERVAL_P(business_interval_make(value->days, value->time,
														 calendar, length));
}

/*
 * make_business_interval(days, hours, mins, secs, calendar): null if one of the numbers
 * is null; a null calendar means none.  Seconds are rounded to microseconds.  If they
 * are not finite or the sum is out of range, error 22008.
 */
PG_FUNCTION_INFO_V1(make_business_interval);
Datum
make_business_interval(PG_FUNCTION_ARGS)
{
	double		usecs;
	int128		time;
	const char *calendar = NULL;
	int			length = 0;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		PG_RETURN_NULL();

	usecs = rint(PG_GETARG_FLOAT8(3) * USECS_PER_SEC);
	if (!(fabs(usecs) < TWO_TO_63))
		time = PG_INT64_MAX + (int128) 1;	/* out of range */
	else
		time = (int128) usecs +
			PG_GETARG_INT32(1) * (int128) USECS_PER_HOUR +
			PG_GETARG_INT32(2) * (int128) USECS_PER_MINUTE;
	if (!PG_ARGISNULL(4))
		calendar = calendar_argument(PG_GETARG_TEXT_PP(4), &length);
	PG_RETURN_BUSINESS_INTERVAL_P(make_checked(PG_GETARG_INT32(0), time,
											   calendar, length));
}
