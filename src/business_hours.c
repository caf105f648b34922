/*-------------------------------------------------------------------------
 *
 * business_hours.c
 *	  The type business_hours: input and output, comparison, composition.
 *
 * A value is stored as its canonical text.  Input parses the text and prints it; all
 * comparisons then work on the bytes.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "common/hashfn.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/varlena.h"
#include "catalog/pg_type.h"

#include "core/hours.h"
#include "zone_source.h"

/*
 * Check that all time zones exist, and replace their names by the canonical spelling, so
 * that europe/berlin equals Europe/Berlin.
 */
static bool
check_zones(HoursExpr *expr, const char *input, CoreError *error)
{
	check_stack_depth();
	if (expr->zone[0] != '\0')
	{
		pg_tz	   *zone = sla_zone_lookup(expr->zone);

		if (zone == NULL)
			return core_fail(error, CORE_SYNTAX, expr->zone_at, (int) strlen(expr->zone),
							 "Time zone \"%s\" at position %d is not recognized.",
							 "Use a name of pg_timezone_names, such as Europe/Berlin.",
							 expr->zone, core_position(input, expr->zone_at));
		strlcpy(expr->zone, pg_get_timezone_name(zone), sizeof(expr->zone));
	}
	return expr->kind == HOURS_LEAF ||
		(check_zones(expr->left, input, error) && check_zones(expr->right, input, error));
}

static text *
hours_text(const HoursExpr *expr)
{
	CoreMem		mem = sla_core_mem();
	size_t		length;
	char	   *canonical = hours_print(expr, &mem, &length);

	return cstring_to_text_with_len(canonical, (int) length);
}

/* Convert text to a value; NULL after a soft error. */
static text *
hours_from_text(const char *input, int length, Node *escontext)
{
	CoreMem		mem = sla_core_mem();
	CoreError	error = {0};
	HoursExpr  *expr = hours_parse(input, length, &mem, &error);

	if (expr == NULL || !check_zones(expr, input, &error))
	{
		sla_report(&error, "business_hours", input, length, escontext);
		return NULL;
	}
	return hours_text(expr);
}

PG_FUNCTION_INFO_V1(business_hours_in);
Datum
business_hours_in(PG_FUNCTION_ARGS)
{
	char	   *input = PG_GETARG_CSTRING(0);
	text	   *result = hours_from_text(input, (int) strlen(input), SLA_ESCONTEXT(fcinfo));

	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(result);
}

PG_FUNCTION_INFO_V1(business_hours_out);
Datum
business_hours_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(TextDatumGetCString(PG_GETARG_DATUM(0)));
}

/* The binary format is the text. */
PG_FUNCTION_INFO_V1(business_hours_recv);
Datum
business_hours_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buffer = (StringInfo) PG_GETARG_POINTER(0);
	int			length;
	char	   *input = pq_getmsgtext(buffer, buffer->len - buffer->cursor, &length);

	PG_RETURN_TEXT_P(hours_from_text(input, length, NULL));
}

PG_FUNCTION_INFO_V1(business_hours_send);
Datum
business_hours_send(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	StringInfoData buffer;

	pq_begintypsend(&buffer);
	pq_sendtext(&buffer, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

/*
 * Comparison of the canonical text, byte by byte
 */

static int
compare(FunctionCallInfo fcinfo)
{
	text	   *a = PG_GETARG_TEXT_PP(0);
	text	   *b = PG_GETARG_TEXT_PP(1);
	int			la = VARSIZE_ANY_EXHDR(a);
	int			lb = VARSIZE_ANY_EXHDR(b);
	int			order = memcmp(VARDATA_ANY(a), VARDATA_ANY(b), Min(la, lb));

	if (order == 0)
		order = la - lb;
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return order < 0 ? -1 : (order > 0 ? 1 : 0);
}

#define COMPARISON(name, op) \
PG_FUNCTION_INFO_V1(business_hours_##name); \
Datum \
business_hours_##name(PG_FUNCTION_ARGS) \
{ \
	PG_RETURN_BOOL(compare(fcinfo) op 0); \
}

COMPARISON(eq, ==)
COMPARISON(ne, !=)
COMPARISON(lt, <)
COMPARISON(le, <=)
COMPARISON(gt, >)
COMPARISON(ge, >=)

PG_FUNCTION_INFO_V1(business_hours_cmp);
Datum
business_hours_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare(fcinfo));
}

PG_FUNCTION_INFO_V1(business_hours_hash);
Datum
business_hours_hash(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	Datum		result = hash_any((unsigned char *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));

	PG_FREE_IF_COPY(value, 0);
	return result;
}

PG_FUNCTION_INFO_V1(business_hours_hash_extended);
Datum
business_hours_hash_extended(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	Datum		result = hash_any_extended((unsigned char *) VARDATA_ANY(value),
										   VARSIZE_ANY_EXHDR(value), PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(value, 0);
	return result;
}

/*
 * Composition
 */

static HoursExpr *
parse_value(text *value)
{
	CoreMem		mem = sla_core_mem();
	CoreError	error = {0};
	HoursExpr  *expr = hours_parse(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), &mem, &error);

	if (expr == NULL)
		sla_report(&error, "business_hours", VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), NULL);
	return expr;
}

/*
 * Compose two values.  The result is parsed once, to check that it does not exceed the
 * limits of a value (depth, rules, bytes).
 */
static Datum
compose(FunctionCallInfo fcinfo, HoursKind kind)
{
	HoursExpr	expr = {0};
	text	   *result;

	expr.kind = kind;
	expr.left = parse_value(PG_GETARG_TEXT_PP(0));
	expr.right = parse_value(PG_GETARG_TEXT_PP(1));
	result = hours_text(&expr);
	(void) parse_value(result);
	return PointerGetDatum(result);
}

PG_FUNCTION_INFO_V1(business_hours_union);
Datum
business_hours_union(PG_FUNCTION_ARGS)
{
	return compose(fcinfo, HOURS_UNION);
}

PG_FUNCTION_INFO_V1(business_hours_intersection);
Datum
business_hours_intersection(PG_FUNCTION_ARGS)
{
	return compose(fcinfo, HOURS_INTERSECTION);
}

PG_FUNCTION_INFO_V1(business_hours_difference);
Datum
business_hours_difference(PG_FUNCTION_ARGS)
{
	return compose(fcinfo, HOURS_DIFFERENCE);
}

/*
 * with_holidays(business_hours, date[])
 *
 * Add public holidays to every leaf of the value.  Its rules with PH apply on these
 * dates; a leaf without such rules is closed.  Null elements and dates outside the
 * supported range are errors.
 */
PG_FUNCTION_INFO_V1(business_hours_with_holidays);
Datum
business_hours_with_holidays(PG_FUNCTION_ARGS)
{
	HoursExpr  *expr = parse_value(PG_GETARG_TEXT_PP(0));
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(1);
	CoreMem		mem = sla_core_mem();
	HoursHoliday *holidays;
	Datum	   *dates;
	bool	   *nulls;
	int			ndates;
	int			n = 0;
	text	   *result;

	deconstruct_array(array, DATEOID, sizeof(DateADT), true, TYPALIGN_INT,
					  &dates, &nulls, &ndates);
	holidays = palloc0(Max(ndates, 1) * sizeof(HoursHoliday));
	for (int i = 0; i < ndates; i++)
	{
		DateADT		date;

		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("holidays must not be null")));
		date = DatumGetDateADT(dates[i]);
		if (date < CORE_MIN_DATE || date >= CORE_MAX_DATE)
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("holiday out of range"),
					 errdetail("Holidays are dates of the years %d to %d.",
							   CORE_MIN_YEAR, CORE_MAX_YEAR - 1)));
		holidays[i].date = date;
		holidays[i].nspans = -1;
	}
	qsort(holidays, ndates, sizeof(HoursHoliday), hours_compare_holidays);
	for (int i = 0; i < ndates; i++)
		if (n == 0 || holidays[n - 1].date != holidays[i].date)
			holidays[n++] = holidays[i];

	hours_bake(expr, holidays, n, &mem);
	result = hours_text(expr);
	(void) parse_value(result);
	PG_RETURN_TEXT_P(result);
}
