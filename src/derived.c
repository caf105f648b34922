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
 * What owners wrote keeps who reads no longer than it does a tick: of one who has had
 * his time in this statement clocks are shown as they are stored.
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

/* NULL: there is no limit for him. */
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
		i--;					/* not told apart */
	else if (i == patience.n)
	{
		patience.owners[i].role = owner;
		patience.owners[i].spent = 0;
		patience.n++;
	}
	return &patience.owners[i].spent;
}

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
		attempt_in_time(clock->relation, derive_now, &derivation) != 0 || !derivation.derived)
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

/* What an open clock has used. */
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
	if (follow_is_outdated(def, usage->clock))
		follow_preview(def, usage->clock);
	usage->used = derive_elapsed(def, usage->clock, usage->at);
	usage->known = true;
}

/*
 * sla.excepted_elapsed(clock_id, relation, item, started_at, at) -> bigint
 *
 * What a clock has used at an instant, in microseconds, without the time that
 * exceptions take out: how much of that lies behind it only the exceptions tell.
 * As with sla.derived() everybody may call this who knows the clock.
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
 * The same of a clock as given.
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

/* Storing what is derived. */
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

	/* a writer who has a clock may want others that are locked here */
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

/* Store all; where one cannot be derived, each half apart. */
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
 * Stores what sla.derived() says of open clocks; of finished ones the net
 * verdict.  Says of how many, and how many somebody else works on: not counted is
 * what is not there, or cannot be derived.
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
