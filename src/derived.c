/*-------------------------------------------------------------------------
 *
 * derived.c
 *	  Clocks as they are by the definitions of a statement: for readers.
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

#include "attempt.h"
#include "derive.h"
#include "follow.h"

typedef struct Derivation
{
	Definition *def;
	StoredClock *clock;
} Derivation;

static void
derive_now(void *argument)
{
	Derivation *derivation = argument;

	if (follow_is_outdated(derivation->def, derivation->clock))
		follow_preview(derivation->def, derivation->clock);
	else
		derive(derivation->def, derivation->clock);
}

/*
 * sla.derived(sla.clock_state) -> sla.clock_state
 *
 * An open clock as it is by the definitions that this statement sees.  Where
 * another promise might hold by now its row is followed, else only what is
 * derived is derived again.  A clock that ended keeps what it has, as does one
 * that cannot be derived: a calendar that is closed for ever must not take the
 * reports of all others along.
 */
PG_FUNCTION_INFO_V1(sla_derived);
Datum
sla_derived(PG_FUNCTION_ARGS)
{
	HeapTupleHeader row = PG_GETARG_HEAPTUPLEHEADER(0);
	StoredClock *clock = clock_store_deform(row);
	Derivation	derivation = {NULL, clock};
	TupleDesc	desc;

	if (!clock_is_open(&clock->clock))
		PG_RETURN_DATUM(PointerGetDatum(row));
	derivation.def = definition_of_table(clock->relation);
	if (derivation.def == NULL || derivation.def->suspended ||
		attempt(derive_now, &derivation) != 0)
		PG_RETURN_DATUM(PointerGetDatum(row));
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	PG_RETURN_DATUM(HeapTupleGetDatum(clock_store_form(clock, desc)));
}

/*
 * sla.cannot_derive(sla.clock_state) -> text
 *
 * The SQLSTATE of the error that sla.derived() passes over, or NULL.
 */
PG_FUNCTION_INFO_V1(sla_cannot_derive);
Datum
sla_cannot_derive(PG_FUNCTION_ARGS)
{
	StoredClock *clock = clock_store_deform(PG_GETARG_HEAPTUPLEHEADER(0));
	Derivation	derivation = {definition_of_table(clock->relation), clock};
	int			sqlstate;

	if (!clock_is_open(&clock->clock) || derivation.def == NULL || derivation.def->suspended)
		PG_RETURN_NULL();
	sqlstate = attempt(derive_now, &derivation);
	if (sqlstate == 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(unpack_sql_state(sqlstate)));
}

/* Storing what is derived. */
typedef struct Refresh
{
	int32		tracked_id;
	const int64 *clocks;
	int			n;
	int			done;
} Refresh;

static void
refresh(void *argument)
{
	Refresh    *work = argument;
	Follow		follow;

	follow_begin(&follow, work->tracked_id);
	for (int i = 0; i < work->n; i++)
	{
		if (follow_refresh(&follow, work->clocks[i]))
			work->done++;
		follow_next(&follow);
	}
	follow_end(&follow);
}

/* Store all; where one cannot be derived, each half apart. */
static int
refresh_all(int32 tracked_id, const int64 *clocks, int n)
{
	Refresh		work = {tracked_id, clocks, n, 0};

	if (n == 0)
		return 0;
	if (attempt(refresh, &work) == 0)
		return work.done;
	if (n == 1)
		return 0;
	return refresh_all(tracked_id, clocks, n / 2) + refresh_all(tracked_id, clocks + n / 2, n - n / 2);
}

/*
 * sla.refresh_clocks(relation, clocks) -> bigint
 *
 * Stores what sla.derived() says of open clocks; of finished ones the net
 * verdict.  Says how many: not counted is what is not there, or cannot be
 * derived.
 */
PG_FUNCTION_INFO_V1(sla_refresh_clocks);
Datum
sla_refresh_clocks(PG_FUNCTION_ARGS)
{
	Definition *def = definition_of_table(PG_GETARG_OID(0));
	Datum	   *values;
	int64	   *clocks;
	int			n;

	if (def == NULL || def->suspended)
		PG_RETURN_INT64(0);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &values, NULL, &n);
	clocks = palloc(n * sizeof(int64));
	for (int i = 0; i < n; i++)
		clocks[i] = DatumGetInt64(values[i]);
	PG_RETURN_INT64(refresh_all(def->id, clocks, n));
}
