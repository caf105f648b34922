/*-------------------------------------------------------------------------
 *
 * alerts.c
 *	  Deciding which alerts are to be raised for clocks, and which to be withdrawn.
 *
 * A clock has a threshold at each fraction in alert_at of its promise, and one at which
 * it is breached.  Like a breach, a threshold is passed from the microsecond after its
 * instant on.  An alert is raised for the highest threshold that has been passed, unless
 * one at least as high has already been raised; so if sla.tick() is late only the worst
 * is reported, once.  An alert that is no longer true is withdrawn, and its threshold
 * can be passed again.
 *
 * sla.tick() determines the clocks to look at, the decisions are made here, and SQL
 * stores the result.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "access/genam.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "attempt.h"
#include "derive.h"
#include "follow.h"
#include "own_relation.h"

/* When to look again at a clock that someone is changing, or raises an alert for */
#define BUSY_WAIT	USECS_PER_SEC

/* When to look again at a clock whose derivation failed */
#define FAILED_WAIT	(5 * USECS_PER_MINUTE)

/* An alert that was raised and has not been withdrawn. */
typedef struct Told
{
	int64		id;
	double		fraction;
	bool		breach;
	TimestampTz raised_at;
} Told;

/* A threshold, to be ordered by its instant; CLOCK_NONE for none. */
typedef struct Level
{
	int64		at;
	bool		breach;			/* higher than a fraction at the same instant */
} Level;

/* What is to be found out about one clock, and the result. */
typedef struct Look
{
	int64		clock_id;
	bool		in_time;		/* the clock existed before the alert was due */
	int			ntold;
	const Told *told;			/* alerts raised so far */

	/* result */
	int32		promise;
	Level		raise;			/* the alert to be raised */
	int			raised;			/* its number in alert_at, or 0 */
	int			npassed;		/* numbers of all thresholds passed that were
								 * not raised */
	Datum	   *passed;
	bool		passed_breach;	/* likewise the breach */
	int64		due;
	int64		next;			/* when to look again, or CLOCK_NONE */
	int			nuntrue;
	Datum	   *untrue;			/* ids of alerts to be withdrawn */
} Look;

static bool
is_higher(Level a, Level b)
{
	return a.at != CLOCK_NONE &&
		(b.at == CLOCK_NONE || a.at > b.at || (a.at == b.at && a.breach && !b.breach));
}

/* Has an instant (or CLOCK_NONE) been passed at another one? */
static bool
is_passed(int64 instant, int64 at)
{
	return instant != CLOCK_NONE && instant < at;
}

/* Look again at an instant, if not earlier. */
static void
note_next(Look *look, int64 instant)
{
	if (instant != CLOCK_NONE && (look->next == CLOCK_NONE || instant < look->next))
		look->next = instant;
}

/* Is the breach waived, and is this threshold at or after it? */
static bool
is_forgiven(const StoredClock *clock, Level level)
{
	return clock->waived && clock->late != CLOCK_NONE && level.at >= clock->late;
}

/* Is an alert still true, at the later one of "at" and when it was raised? */
static bool
is_true(const StoredClock *clock, const Told *told, Level level, int64 at)
{
	bool		breached;

	at = Max(at, told->raised_at);
	if (clock->clock.end != CLOCK_NONE)
		at = clock->clock.end;
	breached = is_passed(clock->late, at);
	if (told->breach)
		return breached && !clock->waived;

	/* a cancelled clock counts nowhere, unless it was breached before */
	if ((clock->clock.state == CLOCK_CANCELLED && !breached) || is_forgiven(clock, level))
		return false;
	return is_passed(level.at, at);
}

/*
 * The instants of the n fractions of the promise, followed by those of the alerts raised.
 */
static int64 *
instants_of(const Look *look, Definition *def, StoredClock *clock, const Promise *promise, int n)
{
	int			nall = n + look->ntold;
	double	   *fractions = palloc(Max(nall, 1) * sizeof(double));
	int64	   *instants = palloc(Max(nall, 1) * sizeof(int64));

	for (int i = 0; i < n; i++)
		fractions[i] = promise->alerts[i];
	for (int i = 0; i < look->ntold; i++)
		fractions[n + i] = look->told[i].breach ? 1 : look->told[i].fraction;
	if (promise != NULL)
		derive_fractions(def, clock, fractions, nall, instants);
	else
		for (int i = 0; i < nall; i++)
			instants[i] = clock->risk;	/* the table is no longer tracked */
	return instants;
}

/* Find the alerts that are no longer true; returns the highest level of the others. */
static Level
judge_told(Look *look, const StoredClock *clock, const int64 *instants, TimestampTz at)
{
	Level		heard = {CLOCK_NONE, false};

	for (int i = 0; i < look->ntold; i++)
	{
		const Told *told = &look->told[i];
		Level		level = {told->breach ? clock->late : instants[i], told->breach};

		if (!is_true(clock, told, level, at))
			look->untrue[look->nuntrue++] = Int64GetDatum(told->id);
		else if (is_higher(level, heard))
			heard = level;
	}
	return heard;
}

/*
 * A finished clock: report its breach, if it existed before that was due, or if an alert
 * is withdrawn.
 */
static void
judge_ended(Look *look, const StoredClock *clock, const int64 *instants, int n, Level breach, Level heard)
{
	if (!(look->in_time || look->nuntrue > 0) || !is_passed(breach.at, clock->clock.end) || !is_higher(breach, heard))
		return;
	look->raise = breach;
	look->passed_breach = true;
	for (int i = 0; i < n; i++)
	{
		Level		level = {instants[i], instants[i] == breach.at};

		if (level.breach)
			look->raised = i + 1;
		if (!is_higher(level, breach) && is_higher(level, heard))
			look->passed[look->npassed++] = Int32GetDatum(i + 1);
	}
}

/* An open clock: find what has been passed, and when to look again. */
static void
judge_open(Look *look, const StoredClock *clock, const int64 *instants, int n, Level breach, Level heard,
		   TimestampTz at)
{
	for (int i = 0; i < n; i++)
	{
		Level		level = {instants[i], instants[i] == breach.at};

		if (is_forgiven(clock, level))
			continue;
		if (!is_passed(level.at, at))
			note_next(look, level.at);
		else if (is_higher(level, heard))
		{
			look->passed[look->npassed++] = Int32GetDatum(i + 1);

			/* if several have the same instant, the last one wins */
			if (!is_higher(look->raise, level))
			{
				look->raise = level;
				look->raised = i + 1;
			}
		}
	}
	if (!is_passed(breach.at, at))
		note_next(look, breach.at);
	else if (is_higher(breach, heard))
	{
		look->passed_breach = true;
		if (is_higher(breach, look->raise))
		{
			look->raise = breach;
			look->raised = 0;
		}
	}
}

/* Look at one clock; lists in the result are allocated in the context "results". */
static void
judge(Look *look, StoredClock *clock, TimestampTz at, MemoryContext results)
{
	Definition *def = definition_of_table(clock->relation);
	const Promise *promise;
	int64	   *instants;
	Level		heard;
	Level		breach = {CLOCK_NONE, true};
	int			n;

	/* a finished clock keeps its verdict */
	if (clock_is_open(&clock->clock) && def != NULL && !def->suspended)
		follow_bring_up_to_date(def, clock);
	else if (clock_is_open(&clock->clock))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the table of clock " INT64_FORMAT " is not followed", clock->id)));

	/* for most finished clocks we can avoid determining how they were judged */
	if (!clock_is_open(&clock->clock) && look->ntold == 0 &&
		!(look->in_time && is_passed(clock->late, clock->clock.end)))
		return;

	promise = def == NULL ? NULL : definition_promise(def, clock->clock.promise);
	n = promise == NULL ? 0 : promise->nalerts;
	instants = instants_of(look, def, clock, promise, n);
	look->promise = clock->clock.promise;
	look->due = clock->due;
	look->passed = MemoryContextAlloc(results, Max(n, 1) * sizeof(Datum));
	look->untrue = MemoryContextAlloc(results, Max(look->ntold, 1) * sizeof(Datum));
	heard = judge_told(look, clock, instants + n, at);
	if (!clock->waived)
		breach.at = clock->late;
	if (clock_is_open(&clock->clock))
		judge_open(look, clock, instants, n, breach, heard, at);
	else
		judge_ended(look, clock, instants, n, breach, heard);
}

/*
 * Looking at many clocks
 */

typedef struct Looks
{
	Look	   *looks;
	int			n;
	TimestampTz at;
	const Oid  *left_out;		/* relations whose clocks are to be skipped */
	const TimestampTz *left_until;	/* until when, of each */
	int			nleft_out;
} Looks;

/*
 * Has another tick raised an alert that we have not read, and possibly not committed it
 * yet?  Otherwise we would not know whether it is still true, and lose the hint for it.
 */
static bool
has_other_alerts(Relation rel, Relation index, TupleTableSlot *slot, const Look *look)
{
	SnapshotData dirty;
	IndexScanDesc scan;
	ScanKeyData key;
	bool		found = false;

	InitDirtySnapshot(dirty);
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(look->clock_id));
	scan = index_beginscan_compat(rel, index, &dirty, 1);
	index_rescan(scan, &key, 1, NULL, 0);
	while (!found && index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;
		int64		id = DatumGetInt64(slot_getattr(slot, 1, &isnull));
		int			i = 0;

		while (i < look->ntold && look->told[i].id != id)
			i++;
		found = i == look->ntold;
	}
	index_endscan(scan);
	return found;
}

/* Until when the clocks of a relation are to be skipped, or CLOCK_NONE. */
static int64
left_until(const Looks *work, Oid relation)
{
	for (int i = 0; i < work->nleft_out; i++)
		if (work->left_out[i] == relation)
			return work->left_until[i];
	return CLOCK_NONE;
}

static void
look_at(void *argument)
{
	const Looks *work = argument;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "sla_tracker look",
												  ALLOCSET_DEFAULT_SIZES);
	Relation	alerts = table_open(own_relation(OWN_ALERT), AccessShareLock);
	Relation	index = index_open(own_relation(OWN_ALERT_CLOCK_IDX), AccessShareLock);
	TupleTableSlot *slot = table_slot_create(alerts, NULL);
	ClockStore	store;

	clock_store_open(&store);
	for (int i = 0; i < work->n; i++)
	{
		Look	   *look = &work->looks[i];
		MemoryContext old = MemoryContextSwitchTo(context);
		StoredClock *clock;
		bool		busy;

		CHECK_FOR_INTERRUPTS();
		look->raise.at = look->next = look->due = CLOCK_NONE;
		look->npassed = look->nuntrue = look->raised = 0;
		look->passed_breach = false;
		clock = clock_store_peek(&store, look->clock_id, &busy);
		if (busy || (clock != NULL && has_other_alerts(alerts, index, slot, look)))
			look->next = work->at + BUSY_WAIT;
		else if (clock != NULL)
		{
			look->next = left_until(work, clock->relation);
			if (look->next == CLOCK_NONE)
				judge(look, clock, work->at, old);
		}
		MemoryContextSwitchTo(old);
		MemoryContextReset(context);
	}
	clock_store_close(&store);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, NoLock);
	table_close(alerts, NoLock);
	MemoryContextDelete(context);
}

/* Look at all clocks; if one of them fails, try each half separately. */
static void
look_at_all(Looks work)
{
	Looks		half = work;
	int			sqlstate;

	if (work.n == 0 || (sqlstate = attempt(look_at, &work)) == 0)
		return;
	if (work.n == 1)
	{
		work.looks->raise.at = CLOCK_NONE;
		work.looks->nuntrue = 0;
		work.looks->next = work.at + (sqlstate == ERRCODE_LOCK_NOT_AVAILABLE ? BUSY_WAIT : FAILED_WAIT);
		return;
	}
	half.n = work.n / 2;
	look_at_all(half);
	half.looks += half.n;
	half.n = work.n - half.n;
	look_at_all(half);
}

/* The elements of an array without nulls. */
static void *
elements(FunctionCallInfo fcinfo, int argument, int *n)
{
	ArrayType  *array;

	*n = 0;
	if (PG_ARGISNULL(argument))
		return NULL;
	array = PG_GETARG_ARRAYTYPE_P(argument);
	sla_refuse_nulls(array);
	*n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	return SLA_ARRAY_DATA(array);
}

static void
put_instant(Datum *values, bool *nulls, int column, int64 value)
{
	values[column] = TimestampTzGetDatum(value);
	nulls[column] = value == CLOCK_NONE;
}

static void
put_array(Datum *values, bool *nulls, int column, Datum *elems, int n, Oid type)
{
	nulls[column] = n == 0;
	if (n > 0)
		values[column] = PointerGetDatum(construct_array(elems, n, type, type == INT8OID ? 8 : 4, FLOAT8PASSBYVAL,
														 type == INT8OID ? TYPALIGN_DOUBLE : TYPALIGN_INT));
}

/*
 * sla.look_at_clocks(clocks, in_time, told_of, told, fractions, raised_at, at,
 *		left_out, left_until)
 *		-> setof (clock_id, promise_id, kind, ord, at, due_at, passed,
 *		passed_breach, next_at, untrue)
 *
 * "clocks" and "in_time" are parallel arrays, as are the arrays of alerts raised so far
 * (told_of is the clock, a negative fraction stands for a breach).  All are sorted by
 * clock.  Clocks of the relations left out are only put off, until the instant given
 * for each.  A clock for which there is nothing to do has no row in the result.
 */
PG_FUNCTION_INFO_V1(sla_look_at_clocks);
Datum
sla_look_at_clocks(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int			n;
	int			nin_time;
	int			ntold[4];
	int			nleft_out[2];
	const int64 *clocks = elements(fcinfo, 0, &n);
	const bool *in_time = elements(fcinfo, 1, &nin_time);
	const int64 *told_of = elements(fcinfo, 2, &ntold[0]);
	const int64 *ids = elements(fcinfo, 3, &ntold[1]);
	const float8 *fractions = elements(fcinfo, 4, &ntold[2]);
	const TimestampTz *raised_at = elements(fcinfo, 5, &ntold[3]);
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(6);
	Look	   *looks = palloc0(Max(n, 1) * sizeof(Look));
	Told	   *told = palloc(Max(ntold[0], 1) * sizeof(Told));
	Looks		work = {looks, n, at};

	work.left_out = elements(fcinfo, 7, &nleft_out[0]);
	work.left_until = elements(fcinfo, 8, &nleft_out[1]);
	work.nleft_out = nleft_out[0];
	if (n != nin_time || nleft_out[0] != nleft_out[1] || ntold[0] != ntold[1] || ntold[0] != ntold[2] || ntold[0] != ntold[3])
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("arrays must have the same length")));
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0, j = 0; i < n; i++)
	{
		looks[i].clock_id = clocks[i];
		looks[i].in_time = in_time[i];
		while (j < ntold[0] && told_of[j] < clocks[i])
			j++;
		looks[i].told = &told[j];
		for (; j < ntold[0] && told_of[j] == clocks[i]; j++)
		{
			told[j].id = ids[j];
			told[j].fraction = fractions[j];
			told[j].breach = fractions[j] < 0;
			told[j].raised_at = raised_at[j];
			looks[i].ntold++;
		}
	}
	PushActiveSnapshot(IsolationUsesXactSnapshot() ? GetTransactionSnapshot() : GetLatestSnapshot());
	look_at_all(work);
	PopActiveSnapshot();
	for (int i = 0; i < n; i++)
	{
		const Look *look = &looks[i];
		Datum		values[10];
		bool		nulls[10] = {0};

		if (look->raise.at == CLOCK_NONE && look->next == CLOCK_NONE && look->nuntrue == 0)
			continue;
		values[0] = Int64GetDatum(look->clock_id);
		values[1] = Int32GetDatum(look->promise);
		nulls[2] = look->raise.at == CLOCK_NONE;
		if (!nulls[2])
			values[2] = CStringGetTextDatum(look->raise.breach ? "breach" : "threshold");
		values[3] = Int32GetDatum(look->raised);
		nulls[3] = look->raised == 0;
		put_instant(values, nulls, 4, look->raise.at);
		put_instant(values, nulls, 5, look->due);
		put_array(values, nulls, 6, look->passed, look->npassed, INT4OID);
		values[7] = BoolGetDatum(look->passed_breach);
		put_instant(values, nulls, 8, look->next);
		put_array(values, nulls, 9, look->untrue, look->nuntrue, INT8OID);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
