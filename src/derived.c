/*-------------------------------------------------------------------------
 *
 * derived.c
 *	  SQL functions that derive clocks afresh: for readers, as the definitions are in
 *	  their statement, and to be stored.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "attempt.h"
#include "derive.h"
#include "fence.h"
#include "follow.h"
#include "owner_watch.h"

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
	follow_bring_up_to_date(def, clock);
	derivation->derived = true;
}

/*
 * Code of table owners may delay a reader no longer than a tick (see owner_watch.c).  If
 * an owner has used up his time in this statement, further clocks of his tables are
 * returned as they are stored.
 */
#define MAX_OWNERS	32

static struct
{
	TimestampTz statement;
	int			n;
	struct
	{
		Oid			role;
		int64		spent;
	}			owners[MAX_OWNERS];
}			patience;

/* The time spent on code of a table's owner, in microseconds; NULL if not limited. */
static int64 *
spent_on(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner = InvalidOid;
	int			i = 0;

	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
		ReleaseSysCache(tuple);
	}
	if (owner_watch_limit() == 0 || !OidIsValid(owner) || owner == fence_extension_owner())
		return NULL;
	if (patience.statement != GetCurrentStatementStartTimestamp())
	{
		patience.statement = GetCurrentStatementStartTimestamp();
		patience.n = 0;
	}
	while (i < patience.n && patience.owners[i].role != owner)
		i++;
	if (i == MAX_OWNERS)
		i--;					/* all further owners count as one */
	else if (i == patience.n)
	{
		patience.owners[i].role = owner;
		patience.owners[i].spent = 0;
		patience.n++;
	}
	return &patience.owners[i].spent;
}

/* attempt(), with the time that is left for the owner of a table. */
static int
attempt_in_time(Oid relid, AttemptFunction function, void *argument)
{
	int64	   *spent = spent_on(relid);
	TimestampTz began;
	int64		left;
	int			sqlstate;

	if (spent == NULL)
		return attempt(function, argument);
	left = owner_watch_limit() * INT64CONST(1000) - *spent / 1000;
	if (left <= 0)
		return ERRCODE_QUERY_CANCELED;
	began = GetCurrentTimestamp();
	sqlstate = attempt_within((int) left, function, argument);
	*spent += GetCurrentTimestamp() - began;
	return sqlstate;
}

/*
 * Is this a row of the table?  Anyone can call sla.derived(), because readers of views
 * that use it must be able to.  But it must not tell anything about made-up rows.
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
 * An open clock as it is under the definitions that this statement sees.  If it may have
 * another promise by now its row is followed, else only the derived columns are computed
 * again.  A finished clock is returned as it is.  So is one whose derivation raises an
 * error: for example, a calendar that is closed for ever must not break the reports on
 * all others.
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
		attempt_in_time(clock->relation, derive_now, &derivation) != 0 || !derivation.derived)
		PG_RETURN_DATUM(PointerGetDatum(row));
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	PG_RETURN_DATUM(HeapTupleGetDatum(clock_store_form(clock, desc)));
}

/*
 * sla.cannot_derive(sla.clock_state) -> text
 *
 * The SQLSTATE of the error that sla.derived() ignores, or NULL.
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

/* Arguments and result of find_usage() */
typedef struct Usage
{
	StoredClock *clock;
	TimestampTz at;
	int64		used;
	bool		known;
} Usage;

static void
find_usage(void *argument)
{
	Usage	   *usage = argument;
	Definition *def = definition_of_table(usage->clock->relation);

	if (def == NULL || def->suspended)
		return;
	if (clock_is_open(&usage->clock->clock))
		follow_bring_up_to_date(def, usage->clock);
	usage->used = derive_elapsed(def, usage->clock, usage->at);
	usage->known = true;
}

/*
 * sla.excepted_elapsed(clock_id, relation, item, started_at, at) -> bigint
 *
 * The elapsed time of a clock at an instant, in microseconds, net of exceptions.  Like
 * sla.derived() this can be called by anyone who knows the clock.
 */
PG_FUNCTION_INFO_V1(sla_excepted_elapsed);
Datum
sla_excepted_elapsed(PG_FUNCTION_ARGS)
{
	StoredClock *clock = clock_store_read(PG_GETARG_INT64(0), GetActiveSnapshot());
	TimestampTz start = PG_GETARG_TIMESTAMPTZ(3);
	Usage		usage = {clock, PG_GETARG_TIMESTAMPTZ(4)};

	if (clock == NULL || clock->relation != PG_GETARG_OID(1) ||
		strcmp(clock->item, text_to_cstring(PG_GETARG_TEXT_PP(2))) != 0 ||
		attempt_in_time(clock->relation, find_usage, &usage) != 0 || !usage.known || clock->clock.start != start)
		PG_RETURN_NULL();
	PG_RETURN_INT64(usage.used);
}

/*
 * sla.elapsed_at(sla.clock_state, at) -> bigint
 *
 * The same for a clock given as a row.
 */
PG_FUNCTION_INFO_V1(sla_elapsed_at);
Datum
sla_elapsed_at(PG_FUNCTION_ARGS)
{
	StoredClock *clock = clock_store_deform(PG_GETARG_HEAPTUPLEHEADER(0));
	Definition *def = definition_of_table(clock->relation);

	if (def == NULL || definition_promise(def, clock->clock.promise) == NULL)
		PG_RETURN_NULL();
	PG_RETURN_INT64(derive_elapsed(def, clock, PG_GETARG_TIMESTAMPTZ(1)));
}

/* Arguments and result of refresh() */
typedef struct Refresh
{
	Oid			relation;
	const int64 *clocks;
	int			n;
	int			done;
	int			busy;
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

	/*
	 * avoid deadlocks: others may hold one clock and want one that we have
	 * locked
	 */
	follow.no_wait = true;
	for (int i = 0; i < work->n; i++)
	{
		switch (follow_refresh(&follow, work->clocks[i]))
		{
			case REFRESHED:
				work->done++;
				break;
			case REFRESH_BUSY:
				work->busy++;
				break;
			case REFRESH_GONE:
				break;
		}
		follow_next(&follow);
	}
	follow_end(&follow);
}

/* Refresh all clocks; if one of them fails, try each half separately. */
static void
refresh_all(Oid relation, const int64 *clocks, int n, Refresh *all)
{
	Refresh		work = {relation, clocks, n};

	if (n == 0)
		return;
	if (attempt(refresh, &work) == 0)
	{
		all->done += work.done;
		all->busy += work.busy;
	}
	else if (n > 1)
	{
		refresh_all(relation, clocks, n / 2, all);
		refresh_all(relation, clocks + n / 2, n - n / 2, all);
	}
}

/*
 * sla.refresh_clocks(relation, clocks) -> (refreshed, busy)
 *
 * Derive clocks afresh and store them; of finished ones only the net verdict.  Returns
 * the number refreshed, and of those that others work on.  Clocks that do not exist or
 * cannot be derived are not counted.
 */
PG_FUNCTION_INFO_V1(sla_refresh_clocks);
Datum
sla_refresh_clocks(PG_FUNCTION_ARGS)
{
	Refresh		all = {0};
	TupleDesc	desc;
	Datum	   *values;
	Datum		counts[2];
	bool		nulls[2] = {0};
	int64	   *clocks;
	int			n;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &values, NULL, &n);
	clocks = palloc(n * sizeof(int64));
	for (int i = 0; i < n; i++)
		clocks[i] = DatumGetInt64(values[i]);
	refresh_all(PG_GETARG_OID(0), clocks, n, &all);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	counts[0] = Int64GetDatum(all.done);
	counts[1] = Int64GetDatum(all.busy);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), counts, nulls)));
}
