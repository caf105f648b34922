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

#include "funcapi.h"

#include "derive.h"
#include "follow.h"

/*
 * sla.derived(sla.clock_state) -> sla.clock_state
 *
 * An open clock as it is by the definitions that this statement sees.  Where
 * another promise might hold by now its row is followed, else only what is
 * derived is derived again.  A clock that ended keeps what it has.
 */
PG_FUNCTION_INFO_V1(sla_derived);
Datum
sla_derived(PG_FUNCTION_ARGS)
{
	HeapTupleHeader row = PG_GETARG_HEAPTUPLEHEADER(0);
	StoredClock *clock = clock_store_deform(row);
	Definition *def;
	TupleDesc	desc;

	if (!clock_is_open(&clock->clock))
		PG_RETURN_DATUM(PointerGetDatum(row));
	def = definition_of_table(clock->relation);
	if (def == NULL || def->suspended)
		PG_RETURN_DATUM(PointerGetDatum(row));
	if (follow_is_outdated(def, clock))
		follow_preview(def, clock);
	else
		derive(def, clock);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	PG_RETURN_DATUM(HeapTupleGetDatum(clock_store_form(clock, desc)));
}
