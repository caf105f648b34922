/*-------------------------------------------------------------------------
 *
 * attainment.c
 *	  The aggregate attainment(boolean): the percentage of true values.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "libpq/pqformat.h"
#include "utils/builtins.h"

typedef struct Attainment
{
	int64		total;			/* number of values that are not null */
	int64		met;			/* how many of these are true */
} Attainment;

static Attainment *
new_state(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	return MemoryContextAllocZero(context, sizeof(Attainment));
}

/* Add (sign = 1) or remove (sign = -1) a value, unless it is null. */
static Datum
count(FunctionCallInfo fcinfo, int sign)
{
	Attainment *state = PG_ARGISNULL(0) ? new_state(fcinfo) :
		(Attainment *) PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(1))
	{
		state->total += sign;
		state->met += PG_GETARG_BOOL(1) ? sign : 0;
	}
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(attainment_accum);
Datum
attainment_accum(PG_FUNCTION_ARGS)
{
	return count(fcinfo, 1);
}

PG_FUNCTION_INFO_V1(attainment_accum_inv);
Datum
attainment_accum_inv(PG_FUNCTION_ARGS)
{
	return count(fcinfo, -1);
}

PG_FUNCTION_INFO_V1(attainment_combine);
Datum
attainment_combine(PG_FUNCTION_ARGS)
{
	Attainment *state = PG_ARGISNULL(0) ? new_state(fcinfo) :
		(Attainment *) PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(1))
	{
		const Attainment *other = (Attainment *) PG_GETARG_POINTER(1);

		state->total += other->total;
		state->met += other->met;
	}
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(attainment_serialize);
Datum
attainment_serialize(PG_FUNCTION_ARGS)
{
	const Attainment *state = (Attainment *) PG_GETARG_POINTER(0);
	StringInfoData buffer;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	pq_begintypsend(&buffer);
	pq_sendint64(&buffer, state->total);
	pq_sendint64(&buffer, state->met);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

PG_FUNCTION_INFO_V1(attainment_deserialize);
Datum
attainment_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *value = PG_GETARG_BYTEA_PP(0);
	Attainment *state;
	StringInfoData buffer;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	initStringInfo(&buffer);
	appendBinaryStringInfo(&buffer, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	state = palloc(sizeof(Attainment));
	state->total = pq_getmsgint64(&buffer);
	state->met = pq_getmsgint64(&buffer);
	pq_getmsgend(&buffer);
	pfree(buffer.data);
	PG_RETURN_POINTER(state);
}

/* The result is 0 to 100, or null if there are no values. */
PG_FUNCTION_INFO_V1(attainment_final);
Datum
attainment_final(PG_FUNCTION_ARGS)
{
	const Attainment *state = PG_ARGISNULL(0) ? NULL : (Attainment *) PG_GETARG_POINTER(0);

	if (state == NULL || state->total == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(100.0 * state->met / state->total);
}
