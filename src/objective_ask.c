/*-------------------------------------------------------------------------
 *
 * objective_ask.c
 *	  SQL functions for reports of objectives: privileges and error handling.
 *
 * Queries run as the extension's owner.  Their rows are returned to roles that may read
 * the view of a report, or own the relation of the objective.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "attempt.h"
#include "fence.h"
#include "objective_report.h"

/*
 * Queries as the extension's owner
 */

/* Run a query; its rows are in SPI_tuptable until query_end(). */
static void
query_begin(Fence *fence, const char *query, int nargs, Oid *types, Datum *values, bool read_only)
{
	fence_enter(fence, fence_extension_owner());
	fence_settings(NULL);
	SPI_connect();
	if (SPI_execute_with_args(query, nargs, types, values, NULL, read_only, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not execute \"%s\"", query);
}

static Datum
query_value(uint64 row)
{
	bool		isnull;

	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, 1, &isnull);
}

static void
query_end(const Fence *fence)
{
	SPI_finish();
	fence_leave(fence);
}

/* Return all rows of a query as the result of the SQL function. */
static void
query_rows(ReturnSetInfo *result, const char *query, int nargs, Oid *types, Datum *values, bool read_only)
{
	Fence		fence;

	query_begin(&fence, query, nargs, types, values, read_only);
	for (uint64 i = 0; i < SPI_processed; i++)
		tuplestore_puttuple(result->setResult, SPI_tuptable->vals[i]);
	query_end(&fence);
}

/* Does a query return any row? */
static bool
query_any(const char *query, int nargs, Oid *types, Datum *values)
{
	bool		any;
	Fence		fence;

	query_begin(&fence, query, nargs, types, values, true);
	any = SPI_processed > 0;
	query_end(&fence);
	return any;
}

/*
 * Privileges
 */

static Oid
sla_view(const char *name)
{
	return get_relname_relid(name, get_namespace_oid("sla", false));
}

static bool
may_read(const char *view)
{
	return pg_class_aclcheck(sla_view(view), GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

/* Does the current role own the relations of all versions of an objective? */
static bool
owns_objective(Datum name)
{
	Oid			role = GetUserId();
	Oid			type = TEXTOID;
	bool		owned;
	Fence		fence;

	query_begin(&fence, "SELECT DISTINCT o.relation::oid FROM sla.objective AS o WHERE o.name = $1",
				1, &type, &name, true);
	owned = SPI_processed > 0;
	for (uint64 i = 0; i < SPI_processed && owned; i++)
		owned = pg_class_ownercheck_compat(DatumGetObjectId(query_value(i)), role);
	query_end(&fence);
	return owned;
}

/*
 * Raise an error if there is no objective of this name, nor closed periods of a deleted
 * one.  Only for roles that may read the reports of all objectives; others must not
 * learn whether a name exists.
 */
static void
refuse_unknown(Datum name)
{
	Oid			type = TEXTOID;

	if (may_read("report_slo_status") &&
		!query_any("SELECT FROM sla.objective AS o WHERE o.name = $1 "
				   "UNION ALL SELECT FROM sla.closed_period AS c WHERE c.objective = $1", 1, &type, &name))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("objective \"%s\" does not exist", TextDatumGetCString(name)),
				 errhint("Objectives are the rows of sla.objective; names are case-sensitive.")));
}

/*
 * Rollups
 */

/* Run a query with an objective's name, if the caller owns its relation. */
static void
run_for_owner(FunctionCallInfo fcinfo, const char *query)
{
	Oid			type = TEXTOID;
	Datum		name = PG_GETARG_DATUM(0);

	if (!owns_objective(name))
	{
		refuse_unknown(name);
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of the relation of objective \"%s\"", TextDatumGetCString(name))));
	}
	InitMaterializedSRF(fcinfo, 0);
	query_rows((ReturnSetInfo *) fcinfo->resultinfo, query, 1, &type, &name, false);
}

/* sla.rebuild(objective) -> setof (valid_from, is_built, problem) */
PG_FUNCTION_INFO_V1(sla_rebuild);
Datum
sla_rebuild(PG_FUNCTION_ARGS)
{
	run_for_owner(fcinfo, "SELECT * FROM sla.rebuild_objective($1)");
	return (Datum) 0;
}

/* sla.verify_objective(objective) -> setof ... */
PG_FUNCTION_INFO_V1(sla_verify_objective);
Datum
sla_verify_objective(PG_FUNCTION_ARGS)
{
	run_for_owner(fcinfo, "SELECT * FROM sla.objective_differences($1)");
	return (Datum) 0;
}

/*
 * Reports
 */

static void
check_instant(TimestampTz at)
{
	if (TIMESTAMP_NOT_FINITE(at))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("a report is of a finite instant"),
				 errdetail("It is %s.", TIMESTAMP_IS_NOBEGIN(at) ? "-infinity" : "infinity")));
}

/* A query whose rows are the result of an SQL function. */
typedef struct Report
{
	ReturnSetInfo *result;
	const char *query;
	int			nargs;
	Oid		   *types;
	Datum	   *values;
	/* tries to produce the rows without the query; or NULL */
	bool		(*rows) (ReturnSetInfo *result, Datum name, TimestampTz at, PieceCounts *counts);
	PieceCounts *counts;
} Report;

/* Try to produce the rows without the query. */
static bool
has_rows(const Report *report)
{
	bool		found;
	Fence		fence;

	if (report->rows == NULL)
		return false;
	fence_enter(&fence, fence_extension_owner());
	fence_settings(NULL);
	found = report->rows(report->result, report->values[0], DatumGetTimestampTz(report->values[1]), report->counts);
	fence_leave(&fence);
	return found;
}

static void
run_report(void *argument)
{
	Report	   *report = argument;

	if (!has_rows(report))
		query_rows(report->result, report->query, report->nargs, report->types, report->values, true);
}

/*
 * Run a report.  If it fails return the SQLSTATE, or raise an error unless "is_lenient".
 * Only the owner of the objective gets the original error, as its message may contain
 * data of the relation.
 */
static int
try_report(Report *report, Datum objective, bool is_lenient)
{
	int			sqlstate;

	if (!is_lenient && owns_objective(objective))
	{
		run_report(report);
		return 0;
	}
	sqlstate = attempt(run_report, report);
	if (sqlstate != 0 && !is_lenient)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("objective \"%s\" cannot be read", TextDatumGetCString(objective)),
				 errdetail("Reading it failed with SQLSTATE %s.", unpack_sql_state(sqlstate)),
				 errhint("The owner of its relation sees the error itself.")));
	return sqlstate;
}

/*
 * Return the rows of a report, if the caller may read the view or owns the relation.
 * Arguments of the SQL function are the objective's name, an instant, "is_lenient" and
 * perhaps another instant.  If lenient, an error does not affect the other objectives in
 * the view: its SQLSTATE is returned, or 0.
 */
static int
report_objective(FunctionCallInfo fcinfo, const char *view, const char *query,
				 bool (*rows) (ReturnSetInfo *result, Datum name, TimestampTz at, PieceCounts *counts))
{
	Oid			types[] = {TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID};
	Datum		values[] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), PG_NARGS() > 3 ? PG_GETARG_DATUM(3) : 0};
	Report		report = {(ReturnSetInfo *) fcinfo->resultinfo, query, Min(PG_NARGS(), 4) - 1, types, values, rows, piece_counts_of(fcinfo)};
	int			sqlstate;

	if (!may_read(view) && !owns_objective(values[0]))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_VIEW, view);
	check_instant(PG_GETARG_TIMESTAMPTZ(1));
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	sqlstate = try_report(&report, values[0], PG_GETARG_BOOL(2));
	if (sqlstate == 0 && !PG_GETARG_BOOL(2) && tuplestore_tuple_count(report.result->setResult) == 0)
		refuse_unknown(values[0]);
	return sqlstate;
}

static void
warn_of_failure(FunctionCallInfo fcinfo, int sqlstate)
{
	if (sqlstate != 0)
		ereport(WARNING,
				(errmsg("objective \"%s\" is left out", text_to_cstring(PG_GETARG_TEXT_PP(0))),
				 errdetail("Reading it failed with SQLSTATE %s.", unpack_sql_state(sqlstate))));
}

/*
 * If a report failed, return a row that says so in its last column and, if "status" is
 * not NULL, has that in the column before.
 */
static void
put_problem(FunctionCallInfo fcinfo, const char *status, int sqlstate)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int			natts = result->setDesc->natts;
	Datum	   *values;
	bool	   *nulls;

	if (sqlstate == 0)
		return;
	values = palloc0(natts * sizeof(Datum));
	nulls = palloc(natts * sizeof(bool));
	memset(nulls, true, natts * sizeof(bool));
	nulls[natts - 1] = false;
	values[natts - 1] = CStringGetTextDatum(psprintf("SQLSTATE %s", unpack_sql_state(sqlstate)));
	if (status != NULL)
	{
		nulls[natts - 2] = false;
		values[natts - 2] = CStringGetTextDatum(status);
	}
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * sla.slo_status(objective, at, is_lenient) -> setof ..., status, problem
 *
 * If an objective fails there is one row, which says so.
 */
PG_FUNCTION_INFO_V1(sla_slo_status);
Datum
sla_slo_status(PG_FUNCTION_ARGS)
{
	put_problem(fcinfo, "error",
				report_objective(fcinfo, "report_slo_status",
								 "SELECT s.*, NULL::text FROM sla.objective_status($1, $2) AS s", objective_status_rows));
	return (Datum) 0;
}

/*
 * sla.slo_periods(objective, at, is_lenient, since) -> setof ..., problem
 *
 * If an objective fails there is one row, which says so.
 */
PG_FUNCTION_INFO_V1(sla_slo_periods);
Datum
sla_slo_periods(PG_FUNCTION_ARGS)
{
	int			sqlstate = report_objective(fcinfo, "report_slo_period",
											"SELECT p.*, NULL::text FROM sla.objective_periods($1, $2, $3) AS p", NULL);

	warn_of_failure(fcinfo, sqlstate);
	put_problem(fcinfo, NULL, sqlstate);
	return (Datum) 0;
}

/*
 * sla.parts_to_close(objective, to_at, is_lenient, from_at) -> setof ..., problem
 *
 * For sla.tick(), for the version in force at from_at.  If an objective fails there is
 * one row, which says so.
 */
PG_FUNCTION_INFO_V1(sla_parts_to_close);
Datum
sla_parts_to_close(PG_FUNCTION_ARGS)
{
	put_problem(fcinfo, NULL,
				report_objective(fcinfo, "report_service_credit",
								 "SELECT p.*, NULL::text FROM sla.objective_at($1, $3) AS o, sla.credit_parts(o, $3, $2) AS p", NULL));
	return (Datum) 0;
}

/* sla.slo_series(objective, at, is_lenient) -> setof ... */
PG_FUNCTION_INFO_V1(sla_slo_series);
Datum
sla_slo_series(PG_FUNCTION_ARGS)
{
	warn_of_failure(fcinfo, report_objective(fcinfo, "report_slo_series",
											 "SELECT * FROM sla.objective_series($1, $2)", NULL));
	return (Datum) 0;
}

/* sla.slo_slots(objective, at, is_lenient) -> setof ... */
PG_FUNCTION_INFO_V1(sla_slo_slots);
Datum
sla_slo_slots(PG_FUNCTION_ARGS)
{
	warn_of_failure(fcinfo, report_objective(fcinfo, "report_slo_slot",
											 "SELECT * FROM sla.objective_slots($1, $2)", NULL));
	return (Datum) 0;
}

/* sla.slo_alerts(objective, at, is_lenient) -> setof ... */
PG_FUNCTION_INFO_V1(sla_slo_alerts);
Datum
sla_slo_alerts(PG_FUNCTION_ARGS)
{
	warn_of_failure(fcinfo, report_objective(fcinfo, "report_slo_alert",
											 "SELECT * FROM sla.objective_alerts($1, $2)", objective_alert_rows));
	return (Datum) 0;
}

/*
 * sla.burn_rules_at(objective, at, is_lenient) -> setof ..., problem
 *
 * The same for sla.tick(): if an objective fails there is one row, which says so.
 */
PG_FUNCTION_INFO_V1(sla_burn_rules_at);
Datum
sla_burn_rules_at(PG_FUNCTION_ARGS)
{
	put_problem(fcinfo, NULL,
				report_objective(fcinfo, "report_slo_alert",
								 "SELECT a.*, NULL::text FROM sla.objective_alerts($1, $2) AS a", objective_alert_rows));
	return (Datum) 0;
}

/*
 * sla.verify_periods(objective) -> setof ...
 *
 * Compare closed periods with what the facts now yield.
 */
PG_FUNCTION_INFO_V1(sla_verify_periods);
Datum
sla_verify_periods(PG_FUNCTION_ARGS)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {PG_GETARG_DATUM(0)};
	Report		report = {(ReturnSetInfo *) fcinfo->resultinfo, "SELECT * FROM sla.compare_periods($1)",
	lengthof(types), types, values};

	if (!may_read("report_slo_period") && !owns_objective(values[0]))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_VIEW, "report_slo_period");
	InitMaterializedSRF(fcinfo, 0);
	(void) try_report(&report, values[0], false);
	if (tuplestore_tuple_count(report.result->setResult) == 0)
		refuse_unknown(values[0]);
	return (Datum) 0;
}

/*
 * sla.reclose(objective, period, reason) -> int
 *
 * Only for the owner of the objective's relation.
 */
PG_FUNCTION_INFO_V1(sla_reclose);
Datum
sla_reclose(PG_FUNCTION_ARGS)
{
	Oid			types[] = {TEXTOID, DATEOID, TEXTOID, TEXTOID};
	Datum		values[] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), PG_GETARG_DATUM(2),
	CStringGetTextDatum(GetUserNameFromId(GetUserId(), false))};
	int32		revision;
	Fence		fence;

	if (!owns_objective(values[0]))
	{
		refuse_unknown(values[0]);
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("objective \"%s\" is not yours", TextDatumGetCString(values[0])),
				 errdetail("Who owns its relation may close a period of it anew.")));
	}
	query_begin(&fence, "SELECT sla.reclose_period($1, $2, $3, $4)", lengthof(types), types, values, false);
	revision = DatumGetInt32(query_value(0));
	query_end(&fence);
	PG_RETURN_INT32(revision);
}

static void
refuse_unknown_agreement(Datum party, Datum agreement)
{
	Oid			types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {party, agreement};

	if (!query_any("SELECT FROM sla.agreement AS a WHERE a.party = $1 AND a.name = $2",
				   lengthof(types), types, values))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("agreement \"%s\" of party \"%s\" does not exist", TextDatumGetCString(agreement), TextDatumGetCString(party)),
				 errhint("Agreements are the rows of sla.agreement; names are case-sensitive.")));
}

/* The names of the objectives that an agreement's service credits refer to. */
static List *
credited_objectives(Datum party, Datum agreement)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext old;
	Oid			types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {party, agreement};
	List	   *names = NIL;
	Fence		fence;

	query_begin(&fence, "SELECT DISTINCT c.objective FROM sla.credit AS c WHERE c.party = $1 AND c.agreement = $2 ORDER BY 1",
				lengthof(types), types, values, true);
	old = MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < SPI_processed; i++)
		names = lappend(names, PG_DETOAST_DATUM_COPY(query_value(i)));
	MemoryContextSwitchTo(old);
	query_end(&fence);
	return names;
}

/*
 * sla.service_credits(party, agreement, at, is_lenient) -> setof ..., problem
 *
 * If an objective fails, its rows say so.
 */
PG_FUNCTION_INFO_V1(sla_service_credits);
Datum
sla_service_credits(PG_FUNCTION_ARGS)
{
	Oid			types[] = {TEXTOID, TEXTOID, TIMESTAMPTZOID, TEXTOID, TEXTOID};
	Datum		values[] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), PG_GETARG_DATUM(2), 0, 0};
	Report		report = {NULL, "SELECT * FROM sla.agreement_credits($1, $2, $3, $4, nullif($5, ''))",
	lengthof(types), types, values};
	List	   *names;
	ListCell   *cell;

	if (!may_read("report_service_credit"))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_VIEW, "report_service_credit");
	check_instant(PG_GETARG_TIMESTAMPTZ(2));
	InitMaterializedSRF(fcinfo, 0);
	report.result = (ReturnSetInfo *) fcinfo->resultinfo;
	names = credited_objectives(values[0], values[1]);
	foreach(cell, names)
	{
		int			sqlstate;

		values[3] = PointerGetDatum(lfirst(cell));
		values[4] = CStringGetTextDatum("");
		sqlstate = try_report(&report, values[3], PG_GETARG_BOOL(3));
		if (sqlstate == 0)
			continue;
		values[4] = CStringGetTextDatum(psprintf("SQLSTATE %s", unpack_sql_state(sqlstate)));
		run_report(&report);
	}
	if (names == NIL && !PG_GETARG_BOOL(3))
		refuse_unknown_agreement(values[0], values[1]);
	return (Datum) 0;
}
