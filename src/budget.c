/*-------------------------------------------------------------------------
 *
 * budget.c
 *	  SQL functions for the arithmetic of objectives (core/slo.h).
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "core/slo.h"

/* Return a float8, or null for SLO_NOTHING. */
#define RETURN_AMOUNT(amount) \
	do { \
		double		_amount = (amount); \
		if (slo_is_nothing(_amount)) \
			PG_RETURN_NULL(); \
		PG_RETURN_FLOAT8(_amount); \
	} while (0)

static void
out_of_range(const char *what, double value, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("%s is out of range: %g", what, value),
			 errdetail("%s", detail)));
}

/* Get an argument that must be finite and not negative. */
static double
amount_arg(FunctionCallInfo fcinfo, int n, const char *what)
{
	double		value = PG_GETARG_FLOAT8(n);

	if (!(value >= 0) || isinf(value))
		out_of_range(what, value, "It must be a number and not negative.");
	return value;
}

static double
percent_arg(FunctionCallInfo fcinfo, int n, const char *what)
{
	double		value = PG_GETARG_FLOAT8(n);

	if (!(value >= 0 && value <= 100))
		out_of_range(what, value, "It must be between 0 and 100.");
	return value;
}

static double
length_arg(FunctionCallInfo fcinfo, int n, const char *what)
{
	double		value = PG_GETARG_FLOAT8(n);

	if (!(value > 0) || isinf(value))
		out_of_range(what, value, "It must be a number of seconds greater than 0.");
	return value;
}

/* Get an argument that may be negative or infinite, but not NaN. */
static double
number_arg(FunctionCallInfo fcinfo, int n, const char *what)
{
	double		value = PG_GETARG_FLOAT8(n);

	if (isnan(value))
		out_of_range(what, value, "It must be a number.");
	return value;
}

/* Get arguments 0 and 1, "good" of "total". */
static void
ratio_args(FunctionCallInfo fcinfo, double *good, double *total)
{
	*good = amount_arg(fcinfo, 0, "good");
	*total = amount_arg(fcinfo, 1, "total");
	if (*good > *total)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("good is more than the total"),
				 errdetail("It is %g of %g.", *good, *total)));
}

/* sla.sli_percent(good, total) */
PG_FUNCTION_INFO_V1(sla_sli_percent);
Datum
sla_sli_percent(PG_FUNCTION_ARGS)
{
	double		good;
	double		total;

	ratio_args(fcinfo, &good, &total);
	RETURN_AMOUNT(slo_sli_percent(good, total));
}

/* sla.error_budget(total, target_percent) */
PG_FUNCTION_INFO_V1(sla_error_budget);
Datum
sla_error_budget(PG_FUNCTION_ARGS)
{
	RETURN_AMOUNT(slo_budget(amount_arg(fcinfo, 0, "total"), percent_arg(fcinfo, 1, "target")));
}

/* sla.budget_remaining(good, total, target_percent) */
PG_FUNCTION_INFO_V1(sla_budget_remaining);
Datum
sla_budget_remaining(PG_FUNCTION_ARGS)
{
	double		good;
	double		total;

	ratio_args(fcinfo, &good, &total);
	RETURN_AMOUNT(slo_remaining(good, total, percent_arg(fcinfo, 2, "target")));
}

/* sla.budget_consumed_percent(good, total, target_percent) */
PG_FUNCTION_INFO_V1(sla_budget_consumed_percent);
Datum
sla_budget_consumed_percent(PG_FUNCTION_ARGS)
{
	double		good;
	double		total;

	ratio_args(fcinfo, &good, &total);
	RETURN_AMOUNT(slo_consumed_percent(good, total, percent_arg(fcinfo, 2, "target")));
}

/* sla.burn_rate(good, total, target_percent) */
PG_FUNCTION_INFO_V1(sla_burn_rate);
Datum
sla_burn_rate(PG_FUNCTION_ARGS)
{
	double		good;
	double		total;

	ratio_args(fcinfo, &good, &total);
	RETURN_AMOUNT(slo_burn_rate(good, total, percent_arg(fcinfo, 2, "target")));
}

/* sla.max_burn_rate(target_percent) */
PG_FUNCTION_INFO_V1(sla_max_burn_rate);
Datum
sla_max_burn_rate(PG_FUNCTION_ARGS)
{
	RETURN_AMOUNT(slo_max_burn_rate(percent_arg(fcinfo, 0, "target")));
}

/* sla.is_met(good, total, target_percent) */
PG_FUNCTION_INFO_V1(sla_is_met);
Datum
sla_is_met(PG_FUNCTION_ARGS)
{
	double		good;
	double		total;
	double		target = percent_arg(fcinfo, 2, "target");

	ratio_args(fcinfo, &good, &total);
	if (total == 0)
		PG_RETURN_NULL();
	PG_RETURN_BOOL(slo_is_met(good, total, target));
}

/* sla.alert_factor(budget_percent, window_seconds, long_seconds) */
PG_FUNCTION_INFO_V1(sla_alert_factor);
Datum
sla_alert_factor(PG_FUNCTION_ARGS)
{
	RETURN_AMOUNT(slo_alert_factor(amount_arg(fcinfo, 0, "budget"), length_arg(fcinfo, 1, "window"),
								   length_arg(fcinfo, 2, "long window")));
}

/* sla.can_fire(factor, target_percent) */
PG_FUNCTION_INFO_V1(sla_can_fire);
Datum
sla_can_fire(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(slo_can_fire(amount_arg(fcinfo, 0, "factor"), percent_arg(fcinfo, 1, "target")));
}

/* sla.fires(burn_rate, factor) */
PG_FUNCTION_INFO_V1(sla_fires);
Datum
sla_fires(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(slo_fires(number_arg(fcinfo, 0, "burn rate"), amount_arg(fcinfo, 1, "factor")));
}

/* sla.alert_percent(factor, target_percent) */
PG_FUNCTION_INFO_V1(sla_alert_percent);
Datum
sla_alert_percent(PG_FUNCTION_ARGS)
{
	RETURN_AMOUNT(slo_alert_percent(amount_arg(fcinfo, 0, "factor"), percent_arg(fcinfo, 1, "target")));
}

/* sla.budget_burnt_percent(burn_rate, lasting_seconds, window_seconds) */
PG_FUNCTION_INFO_V1(sla_budget_burnt_percent);
Datum
sla_budget_burnt_percent(PG_FUNCTION_ARGS)
{
	RETURN_AMOUNT(slo_burnt_percent(number_arg(fcinfo, 0, "burn rate"), amount_arg(fcinfo, 1, "time"),
									length_arg(fcinfo, 2, "window")));
}

/* sla.exhaustion_seconds(remaining_percent, burn_rate, window_seconds) */
PG_FUNCTION_INFO_V1(sla_exhaustion_seconds);
Datum
sla_exhaustion_seconds(PG_FUNCTION_ARGS)
{
	RETURN_AMOUNT(slo_exhaustion(number_arg(fcinfo, 0, "remaining budget"), number_arg(fcinfo, 1, "burn rate"),
								 length_arg(fcinfo, 2, "window")));
}

/*
 * sla.alert_detection(factor, target_percent, window_seconds, error_percent)
 *	-> (fires_seconds, ends_seconds)
 */
PG_FUNCTION_INFO_V1(sla_alert_detection);
Datum
sla_alert_detection(PG_FUNCTION_ARGS)
{
	double		times[2] = {0};
	bool		never = !slo_detection(amount_arg(fcinfo, 0, "factor"), percent_arg(fcinfo, 1, "target"),
									   length_arg(fcinfo, 2, "window"), percent_arg(fcinfo, 3, "error rate"),
									   &times[0], &times[1]);
	Datum		values[] = {Float8GetDatum(times[0]), Float8GetDatum(times[1])};
	bool		nulls[] = {never, never};
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/*
 * sla.scaled_rules(window_seconds)
 *	-> setof (severity, factor, long_seconds, short_seconds, hold_seconds)
 */
PG_FUNCTION_INFO_V1(sla_scaled_rules);
Datum
sla_scaled_rules(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	double		window = length_arg(fcinfo, 0, "window");

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < SLO_SCALED_RULES; i++)
	{
		SloScaledRule rule = slo_scaled_rule(i, window);
		Datum		values[] = {
			CStringGetTextDatum(rule.urgent ? "page" : "ticket"),
			Float8GetDatum(rule.factor), Float8GetDatum(rule.long_window),
			Float8GetDatum(rule.short_window), Float8GetDatum(rule.hold_for),
		};
		bool		nulls[lengthof(values)] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* sla.slo_state(sli_percent, target_percent, remaining) -> text */
PG_FUNCTION_INFO_V1(sla_slo_state);
Datum
sla_slo_state(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"no_data", "healthy", "degrading", "violated"};
	double		sli;
	double		remaining;

	if (PG_ARGISNULL(1))
		PG_RETURN_NULL();
	sli = PG_ARGISNULL(0) ? SLO_NOTHING : percent_arg(fcinfo, 0, "indicator");
	remaining = PG_ARGISNULL(2) ? 0 : number_arg(fcinfo, 2, "remaining budget");
	PG_RETURN_TEXT_P(cstring_to_text(names[slo_state(sli, percent_arg(fcinfo, 1, "target"), remaining)]));
}

/* sla.coverage_percent(observed, expected) */
PG_FUNCTION_INFO_V1(sla_coverage_percent);
Datum
sla_coverage_percent(PG_FUNCTION_ARGS)
{
	RETURN_AMOUNT(slo_coverage_percent(amount_arg(fcinfo, 0, "observed"), amount_arg(fcinfo, 1, "expected")));
}

/* sla.observation(observed, expected, total, is_stale, floor_percent) -> text */
PG_FUNCTION_INFO_V1(sla_observation);
Datum
sla_observation(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"observed", "stale", "below_coverage", "zero_total"};

	PG_RETURN_TEXT_P(cstring_to_text(names[slo_observation(amount_arg(fcinfo, 0, "observed"),
														   amount_arg(fcinfo, 1, "expected"),
														   amount_arg(fcinfo, 2, "total"), PG_GETARG_BOOL(3),
														   percent_arg(fcinfo, 4, "floor"))]));
}

/*
 * Get an array of finite numbers that are not negative.  Nulls become SLO_NOTHING, or
 * are an error unless "maybe_null".
 */
static double *
numbers_arg(FunctionCallInfo fcinfo, int n, const char *what, bool maybe_null, int *count)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(n);
	Datum	   *values;
	bool	   *nulls;
	double	   *numbers;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s must be an array of one dimension", what)));
	deconstruct_array(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
					  &values, &nulls, count);
	numbers = palloc(Max(*count, 1) * sizeof(double));
	for (int i = 0; i < *count; i++)
	{
		numbers[i] = nulls[i] ? SLO_NOTHING : DatumGetFloat8(values[i]);
		if (nulls[i] ? !maybe_null : !(numbers[i] >= 0) || isinf(numbers[i]))
			out_of_range(what, numbers[i], "Each must be a number and not negative.");
	}
	return numbers;
}

static void
check_same_length(int a, int b, const char *what)
{
	if (a != b)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s are not of one length", what),
				 errdetail("They have %d and %d elements.", a, b)));
}

/*
 * sla.slice_percents(good, total, target_percent, empty)
 *	-> (occurrences_percent, slices_percent, ratio_percent)
 */
PG_FUNCTION_INFO_V1(sla_slice_percents);
Datum
sla_slice_percents(PG_FUNCTION_ARGS)
{
	int			ngood;
	int			ntotal;
	double	   *good = numbers_arg(fcinfo, 0, "good", false, &ngood);
	double	   *total = numbers_arg(fcinfo, 1, "total", false, &ntotal);
	char	   *empty = text_to_cstring(PG_GETARG_TEXT_PP(3));
	SloEmptySlice policy = strcmp(empty, "good") == 0 ? SLO_EMPTY_GOOD :
		strcmp(empty, "bad") == 0 ? SLO_EMPTY_BAD : SLO_EMPTY_EXCLUDED;
	double		percents[3];
	Datum		values[3];
	bool		nulls[3];
	TupleDesc	desc;

	if (policy == SLO_EMPTY_EXCLUDED && strcmp(empty, "exclude") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown rule for empty slices: \"%s\"", empty),
				 errhint("It is exclude, good or bad.")));
	check_same_length(ngood, ntotal, "good and total");
	for (int i = 0; i < ngood; i++)
		if (good[i] > total[i])
			out_of_range("good", good[i], "It is more than the total of its slice.");
	slo_slices(good, total, ngood, percent_arg(fcinfo, 2, "target"), policy,
			   &percents[0], &percents[1], &percents[2]);
	for (int i = 0; i < 3; i++)
	{
		nulls[i] = slo_is_nothing(percents[i]);
		values[i] = Float8GetDatum(percents[i]);
	}
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/* sla.weighted_percent(percents, weights) */
PG_FUNCTION_INFO_V1(sla_weighted_percent);
Datum
sla_weighted_percent(PG_FUNCTION_ARGS)
{
	int			npercents;
	int			nweights;
	double	   *percents = numbers_arg(fcinfo, 0, "percents", true, &npercents);
	double	   *weights = numbers_arg(fcinfo, 1, "weights", false, &nweights);

	check_same_length(npercents, nweights, "percents and weights");
	RETURN_AMOUNT(slo_weighted_percent(percents, weights, npercents));
}

/* sla.added_percent(percents, weights) */
PG_FUNCTION_INFO_V1(sla_added_percent);
Datum
sla_added_percent(PG_FUNCTION_ARGS)
{
	int			npercents;
	int			nweights;
	double	   *percents = numbers_arg(fcinfo, 0, "percents", true, &npercents);
	double	   *weights = numbers_arg(fcinfo, 1, "weights", false, &nweights);

	check_same_length(npercents, nweights, "percents and weights");
	RETURN_AMOUNT(slo_added_percent(percents, weights, npercents));
}

/* sla.credit_percent(percent, below, credits) */
PG_FUNCTION_INFO_V1(sla_credit_percent);
Datum
sla_credit_percent(PG_FUNCTION_ARGS)
{
	int			nbelow;
	int			ncredits;
	double	   *below = numbers_arg(fcinfo, 1, "below", false, &nbelow);
	double	   *credits = numbers_arg(fcinfo, 2, "credits", false, &ncredits);

	check_same_length(nbelow, ncredits, "tiers and credits");
	RETURN_AMOUNT(slo_credit_percent(percent_arg(fcinfo, 0, "percent"), below, credits, nbelow));
}
