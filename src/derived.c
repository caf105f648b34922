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
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "attempt.h"
#include "derive.h"
#include "follow.h"

typedef struct Derivation
{
	StoredClock *clock;
	bool		derived;
} Derivation;

static void
derive_now(void *argument)
{
	Derivation *derivation = argument;
	StoredClock *clock = derivation->clock;
	Definition *def = definition_of_table(clock->relation);

	if (def == NULL || def->suspended)
		return;
	if (follow_is_outdated(def, clock))
		follow_preview(def, clock);
	else
		derive(def, clock);
	derivation->derived = true;
}

/*
 * Is that a row of the table?  Everybody may call sla.derived(), since who may
 * read a view that does must be able to; but it is no oracle for rows made up.
 */
static bool
is_stored(const StoredClock *clock)
{
	const StoredClock *stored = clock_store_read(clock->id, GetActiveSnapshot());

	return stored != NULL && stored->relation == clock->relation &&
		strcmp(stored->item, clock->item) == 0 && strcmp(stored->per, clock->per) == 0 &&
		stored->metric_id == clock->metric_id && stored->clock.cycle == clock->clock.cycle &&
		stored->clock.promise == clock->clock.promise && stored->revision == clock->revision &&
		stored->clock.start == clock->clock.start && stored->clock.last == clock->clock.last &&
		stored->due == clock->due && stored->late == clock->late &&
		stored->promised == clock->promised && stored->clock.npauses == clock->clock.npauses;
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
	Derivation	derivation = {clock, false};
	TupleDesc	desc;

	if (!clock_is_open(&clock->clock) || !is_stored(clock) ||
		attempt(derive_now, &derivation) != 0 || !derivation.derived)
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
	Derivation	derivation = {clock, false};
	int			sqlstate;

	if (!clock_is_open(&clock->clock))
		PG_RETURN_NULL();
	sqlstate = attempt(derive_now, &derivation);
	if (sqlstate == 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(unpack_sql_state(sqlstate)));
}

/* Storing what is derived. */
typedef struct Refresh
{
	Oid			relation;
	int64		clock_id;
	bool		done;
} Refresh;

static void
refresh(void *argument)
{
	Refresh    *work = argument;
	Definition *def = definition_of_table(work->relation);
	Follow		follow;

	if (def == NULL || def->suspended)
		return;
	follow_begin(&follow, def->id);
	work->done = follow_refresh(&follow, work->clock_id);
	follow_end(&follow);
}

/*
 * sla.refresh_clock(relation, clock_id) -> bool
 *
 * Stores what sla.derived() says of an open clock; of a finished one the net
 * verdict.  False when there is no such clock, or it cannot be derived.
 */
PG_FUNCTION_INFO_V1(sla_refresh_clock);
Datum
sla_refresh_clock(PG_FUNCTION_ARGS)
{
	Refresh		work = {PG_GETARG_OID(0), PG_GETARG_INT64(1), false};

	PG_RETURN_BOOL(attempt(refresh, &work) == 0 && work.done);
}
