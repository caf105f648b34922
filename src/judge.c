/*-------------------------------------------------------------------------
 *
 * judge.c
 *	  Verifying, correcting and rejudging clocks, for the owner of their table.
 *
 * The functions here check the privileges of the caller.  The work itself, which only
 * the extension may do, is done by internal SQL functions or by direct access to rows.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "judge.h"

#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "derive.h"
#include "fence.h"
#include "follow.h"
#include "rules.h"

void
check_may_define(Oid relid)
{
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table with OID %u does not exist", relid)));
	if (!pg_class_ownercheck_compat(relid, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(get_rel_relkind(relid)),
					   get_rel_name(relid));
}

/*
 * Run a query as the extension's owner, after checking that the caller owns the table.
 * If the SQL function returns a set, the rows of the query are its result.
 */
static void
run_for_owner(FunctionCallInfo fcinfo, Oid relid, const char *query, int nargs, Oid *types,
			  Datum *values)
{
	ReturnSetInfo *result = fcinfo->flinfo->fn_retset ? (ReturnSetInfo *) fcinfo->resultinfo : NULL;
	Fence		fence;

	check_may_define(relid);
	if (result != NULL)
		InitMaterializedSRF(fcinfo, 0);
	fence_enter(&fence, fence_extension_owner());
	fence_settings(NULL);
	SPI_connect();
	if (SPI_execute_with_args(query, nargs, types, values, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not execute \"%s\"", query);
	if (result != NULL)
		for (uint64 i = 0; i < SPI_processed; i++)
			tuplestore_puttuple(result->setResult, SPI_tuptable->vals[i]);
	SPI_finish();
	fence_leave(&fence);
}

/* sla.untrack(relation, keep_history) */
PG_FUNCTION_INFO_V1(sla_untrack);
Datum
sla_untrack(PG_FUNCTION_ARGS)
{
	Oid			types[] = {REGCLASSOID, BOOLOID};
	Datum		values[] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)};

	run_for_owner(fcinfo, PG_GETARG_OID(0), "SELECT sla.untrack_table($1, $2)", 2, types, values);
	PG_RETURN_VOID();
}

/*
 * sla.check_none_left(relation, is_open) -> void
 *
 * For a table that nobody writes to any more: raise a serialization error if there are
 * clocks of it, or open ones, because the transaction's snapshot does not see them.
 */
PG_FUNCTION_INFO_V1(sla_check_none_left);
Datum
sla_check_none_left(PG_FUNCTION_ARGS)
{
	Oid			types[] = {OIDOID, BOOLOID};
	Datum		values[] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)};

	if (!IsolationUsesXactSnapshot())
		PG_RETURN_VOID();
	PushActiveSnapshot(GetLatestSnapshot());
	SPI_connect();
	SPI_execute_with_args("SELECT FROM sla.clock_state AS c WHERE c.relation::oid = $1 AND (c.ended_at IS NULL OR NOT $2)",
						  lengthof(types), types, values, NULL, true, 1);
	if (SPI_processed > 0)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent update")));
	SPI_finish();
	PopActiveSnapshot();
	PG_RETURN_VOID();
}

/* sla.verify(relation) -> setof (clock_id, item, metric, cycle, problem) */
PG_FUNCTION_INFO_V1(sla_verify);
Datum
sla_verify(PG_FUNCTION_ARGS)
{
	Oid			types[] = {REGCLASSOID};
	Datum		values[] = {PG_GETARG_DATUM(0)};

	run_for_owner(fcinfo, PG_GETARG_OID(0), "SELECT * FROM sla.verify_table($1)", 1, types, values);
	return (Datum) 0;
}

/* sla.recompute(relation, during, dry_run) -> setof changes */
PG_FUNCTION_INFO_V1(sla_recompute);
Datum
sla_recompute(PG_FUNCTION_ARGS)
{
	Oid			types[] = {REGCLASSOID, TSTZRANGEOID, BOOLOID};
	Datum		values[] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), PG_GETARG_DATUM(2)};

	run_for_owner(fcinfo, PG_GETARG_OID(0), "SELECT * FROM sla.recompute_table($1, $2, $3)", 3, types, values);
	return (Datum) 0;
}

/*
 * Verifying
 */

static char *
instant_text(int64 instant)
{
	return instant == CLOCK_NONE ? "NULL" : pstrdup(timestamptz_to_str(instant));
}

static const char *
extension_text(const BusinessInterval *extended)
{
	return extended == NULL ? "NULL" : business_interval_text(extended);
}

/* Describe the first difference between two derivations; NULL if there is none. */
static char *
difference(const StoredClock *stored, const StoredClock *derived)
{
	const struct
	{
		const char *name;
		int64		stored;
		int64		derived;
	}			instants[] = {
		{"due_at", stored->due, derived->due},
		{"late_at", stored->late, derived->late},
		{"risk_at", stored->risk, derived->risk},
		{"gross_due_at", stored->gross_due, derived->gross_due},
		{"gross_late_at", stored->gross_late, derived->gross_late},
	},			amounts[] = {
		{"budget", stored->budget, derived->budget},
		{"paused", stored->paused, derived->paused},
		{"elapsed", stored->elapsed, derived->elapsed},
		{"gross_elapsed", stored->gross_elapsed, derived->gross_elapsed},
		{"is_excepted", stored->excepted, derived->excepted},
		{"is_waived", stored->waived, derived->waived},
	};

	for (size_t i = 0; i < lengthof(instants); i++)
		if (instants[i].stored != instants[i].derived)
			return psprintf("%s is %s, and its facts say %s", instants[i].name,
							instant_text(instants[i].stored), instant_text(instants[i].derived));
	for (size_t i = 0; i < lengthof(amounts); i++)
		if (amounts[i].stored != amounts[i].derived)
			return psprintf("%s is " INT64_FORMAT ", and its facts say " INT64_FORMAT, amounts[i].name,
							amounts[i].stored, amounts[i].derived);
	if (!clock_store_same_extension(stored->extended, derived->extended))
		return psprintf("extended is %s, and its facts say %s", extension_text(stored->extended),
						extension_text(derived->extended));
	return NULL;
}

/* Describe an inconsistency of the facts themselves; NULL if there is none. */
static const char *
contradiction(const Clock *clock)
{
	int64		edge = clock->start;

	if ((clock->end == CLOCK_NONE) != clock_is_open(clock))
		return "its state and its end contradict each other";
	if (clock->end != CLOCK_NONE && clock->end < clock->start)
		return "it ended before it started";
	for (int i = 0; i < clock->npauses; i++)
	{
		const ClockSpan *pause = &clock->pauses[i].during;
		bool		lasts = pause->to == CLOCK_NONE;

		if (pause->from < edge || (!lasts && pause->to <= pause->from))
			return "its pauses are not in order";
		if (lasts && (i < clock->npauses - 1 || clock->state != CLOCK_PAUSED))
			return "a pause lasts that is over";
		edge = lasts ? pause->from : pause->to;
	}
	if (clock->state == CLOCK_PAUSED &&
		(clock->npauses == 0 || clock->pauses[clock->npauses - 1].during.to != CLOCK_NONE))
		return "it is paused and no pause lasts";
	return NULL;
}

/*
 * sla.problem_of(sla.clock_state) -> text
 *
 * How a row differs from what follows from its facts, or NULL.  It is no problem if the
 * clock is stale because of a change of definitions, or if it is finished and its
 * calendar has changed since.
 */
PG_FUNCTION_INFO_V1(sla_problem_of);
Datum
sla_problem_of(PG_FUNCTION_ARGS)
{
	StoredClock *stored = clock_store_deform(PG_GETARG_HEAPTUPLEHEADER(0));
	StoredClock derived = *stored;
	Definition *def = definition_of_table(stored->relation);
	Promise    *promise = def == NULL ? NULL : definition_promise(def, stored->clock.promise);
	const char *problem = contradiction(&stored->clock);

	if (def != NULL && def->suspended)
		rule_suspended(get_rel_name(def->relid));
	if (problem == NULL && def != NULL && promise == NULL)
		problem = "its promise does not exist";
	if (problem == NULL && promise != NULL &&
		stored->revision >= Max(promise->revision, definition_party_revision(def, stored->party)))
	{
		derive(def, &derived);
		problem = difference(stored, &derived);
	}
	if (problem == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(problem));
}

/*
 * Judging again
 */

/*
 * sla.rejudged(sla.clock_state) -> sla.clock_state
 *
 * A clock as it would be judged by the present promise of its policy, calendars and
 * exceptions.
 */
PG_FUNCTION_INFO_V1(sla_rejudged);
Datum
sla_rejudged(PG_FUNCTION_ARGS)
{
	StoredClock *stored = clock_store_deform(PG_GETARG_HEAPTUPLEHEADER(0));
	Definition *def = definition_of_table(stored->relation);
	TupleDesc	desc;

	if (def != NULL && definition_promise(def, stored->clock.promise) != NULL)
		derive_anew(def, stored);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	PG_RETURN_DATUM(HeapTupleGetDatum(clock_store_form(stored, desc)));
}

/* sla.rejudge(relation, clock_id): store the result of sla.rejudged() */
PG_FUNCTION_INFO_V1(sla_rejudge);
Datum
sla_rejudge(PG_FUNCTION_ARGS)
{
	Definition *def = definition_of_table(PG_GETARG_OID(0));
	Follow		follow;

	if (def == NULL)
		PG_RETURN_VOID();
	follow_begin(&follow, def->id);
	follow_facts(&follow, PG_GETARG_INT64(1), NULL);
	follow_end(&follow);
	PG_RETURN_VOID();
}

/* Does the caller have the privileges of an operator, for all tables? */
static bool
is_operator(void)
{
	Oid			mark = LookupFuncName(list_make2(makeString("sla"), makeString("is_operator")), 0, NULL, false);

	return pg_proc_execcheck_compat(mark, GetUserId());
}

/* The table of a clock; an error if there is no such clock. */
static Oid
relation_of_clock(int64 clock_id)
{
	ClockStore	store;
	StoredClock *clock;

	clock_store_open(&store);
	clock = clock_store_find(&store, clock_id, GetActiveSnapshot());
	clock_store_close(&store);
	/* do not reveal to everybody that there is no such clock */
	if (clock == NULL && !superuser() && !is_operator())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for clock " INT64_FORMAT, clock_id)));
	if (clock == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("clock " INT64_FORMAT " does not exist", clock_id)));
	return clock->relation;
}

static int64
given_instant(FunctionCallInfo fcinfo, int argno, const char *name)
{
	TimestampTz value;

	if (PG_ARGISNULL(argno))
		return CLOCK_NONE;
	value = PG_GETARG_TIMESTAMPTZ(argno);
	if (TIMESTAMP_NOT_FINITE(value))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s must be finite", name)));
	hours_check_instant(value);
	return value;
}

/*
 * sla.correct(clock_id, started_at, stopped_at, reason)
 *
 * Correct facts of a clock (NULL leaves one as it is), derive it afresh, and record that
 * in sla.clock_change.
 */
PG_FUNCTION_INFO_V1(sla_correct);
Datum
sla_correct(PG_FUNCTION_ARGS)
{
	FollowFacts facts;
	Definition *def;
	Follow		follow;
	Oid			relid;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a correction needs a clock and a reason")));
	relid = relation_of_clock(PG_GETARG_INT64(0));
	if (!is_operator())
		check_may_define(relid);
	def = definition_of_table(relid);
	if (def == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" is not tracked", get_rel_name(relid))));
	facts.start = given_instant(fcinfo, 1, "started_at");
	facts.stop = given_instant(fcinfo, 2, "stopped_at");
	facts.reason = text_to_cstring(PG_GETARG_TEXT_PP(3));
	follow_begin(&follow, def->id);
	follow_facts(&follow, PG_GETARG_INT64(0), &facts);
	follow_end(&follow);
	PG_RETURN_VOID();
}
