/*-------------------------------------------------------------------------
 *
 * objective.c
 *	  What objectives read of their relations, and reports for their readers.
 *
 * The expressions of an objective are functions over the rows of its relation
 * (see rules.c).  They are evaluated in one query, as the relation's owner and
 * never as the reader: who may read a report needs no rights on what it is of.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "attempt.h"
#include "fence.h"

/* What reading an objective's relation needs of its definition. */
typedef struct Objective
{
	int32		id;
	char	   *name;
	Oid			relid;
	char	   *time_zone;
	bool		has_total;
	bool		has_value;
	bool		has_group;
	bool		has_end;
	Oid			confirmed_by;
	Datum		at_most;
	Datum		at_least;
	bool		no_at_most;
	bool		no_at_least;
} Objective;

static Objective *
objective_of(int32 id)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext old;
	Objective  *objective;
	Oid			type = INT4OID;
	Datum		value = Int32GetDatum(id);
	TupleDesc	desc;
	HeapTuple	row;
	Fence		fence;
	bool		isnull;

	fence_enter(&fence, fence_extension_owner());
	fence_settings(NULL);
	SPI_connect();
	if (SPI_execute_with_args("SELECT o.name, o.relation::oid, o.time_zone, o.total_when IS NOT NULL, o.value IS NOT NULL, "
							  "o.group_by IS NOT NULL, o.outage_to IS NOT NULL, o.at_most, o.at_least, o.confirmed_by::oid "
							  "FROM sla.objective AS o WHERE o.id = $1 AND o.kind <> 'clock'",
							  1, &type, &value, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read sla.objective");
	if (SPI_processed != 1)
		elog(ERROR, "objective %d does not exist", id);
	row = SPI_tuptable->vals[0];
	desc = SPI_tuptable->tupdesc;
	old = MemoryContextSwitchTo(context);
	objective = palloc0(sizeof(Objective));
	objective->id = id;
	objective->name = TextDatumGetCString(SPI_getbinval(row, desc, 1, &isnull));
	objective->relid = DatumGetObjectId(SPI_getbinval(row, desc, 2, &isnull));
	objective->time_zone = TextDatumGetCString(SPI_getbinval(row, desc, 3, &isnull));
	objective->has_total = DatumGetBool(SPI_getbinval(row, desc, 4, &isnull));
	objective->has_value = DatumGetBool(SPI_getbinval(row, desc, 5, &isnull));
	objective->has_group = DatumGetBool(SPI_getbinval(row, desc, 6, &isnull));
	objective->has_end = DatumGetBool(SPI_getbinval(row, desc, 7, &isnull));
	objective->confirmed_by = DatumGetObjectId(SPI_getbinval(row, desc, 10, &isnull));
	objective->at_most = SPI_getbinval(row, desc, 8, &objective->no_at_most);
	objective->at_least = SPI_getbinval(row, desc, 9, &objective->no_at_least);
	if (!objective->no_at_most)
		objective->at_most = Float8GetDatum(DatumGetFloat8(objective->at_most));
	if (!objective->no_at_least)
		objective->at_least = Float8GetDatum(DatumGetFloat8(objective->at_least));
	MemoryContextSwitchTo(old);
	SPI_finish();
	fence_leave(&fence);
	return objective;
}

static void
reading_error_callback(void *arg)
{
	errcontext("objective \"%s\"", ((Objective *) arg)->name);
}

/* One of the objective's expressions over the row r. */
static char *
expression(const Objective *objective, const char *column)
{
	return psprintf("sla.objective_%d_%s(r.*)", objective->id, column);
}

/* Run a query as the owner of the objective's relation; return its rows. */
static void
read_relation(FunctionCallInfo fcinfo, Objective *objective, const char *what, const char *condition,
			  const char *wrap, const char *group_clause, int nargs, Oid *types, Datum *values,
			  const char *nulls)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ErrorContextCallback callback = {error_context_stack, reading_error_callback, objective};
	Relation	rel;
	char	   *query;
	Fence		fence;

	InitMaterializedSRF(fcinfo, 0);
	error_context_stack = &callback;
	rel = relation_open(objective->relid, AccessShareLock);
	if (rel->rd_rel->relowner != objective->confirmed_by)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("objective \"%s\" is suspended", objective->name),
				 errdetail("It was defined by another owner of \"%s\".", RelationGetRelationName(rel)),
				 errhint("The new owner confirms it with UPDATE sla.objective SET name = name WHERE name = %s.",
						 quote_literal_cstr(objective->name))));
	query = psprintf("SELECT %s FROM (SELECT %s FROM %s AS r WHERE %s) AS e%s", wrap, what,
					 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
												RelationGetRelationName(rel)),
					 condition, group_clause);
	fence_enter_no_rls(&fence, rel->rd_rel->relowner);
	fence_settings(objective->time_zone);
	SPI_connect();
	if (SPI_execute_with_args(query, nargs, types, values, nulls, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the relation of an objective");
	for (uint64 i = 0; i < SPI_processed; i++)
		tuplestore_puttuple(result->setResult, SPI_tuptable->vals[i]);
	SPI_finish();
	fence_leave(&fence);
	relation_close(rel, NoLock);
	error_context_stack = callback.previous;
}

/*
 * sla.objective_counts(objective, edges) -> setof (grp, bucket, total, good)
 *
 * The events from the first edge to before the last, counted between each two
 * of them: one scan, whatever their number.  The edges ascend.
 */
PG_FUNCTION_INFO_V1(sla_objective_counts);
Datum
sla_objective_counts(PG_FUNCTION_ARGS)
{
	Objective  *objective = objective_of(PG_GETARG_INT32(0));
	ArrayType  *edges = PG_GETARG_ARRAYTYPE_P(1);
	Oid			types[] = {TIMESTAMPTZARRAYOID, TIMESTAMPTZOID, TIMESTAMPTZOID, FLOAT8OID, FLOAT8OID};
	Datum		values[lengthof(types)];
	char		nulls[lengthof(types) + 1] = "     ";
	Datum	   *bounds;
	bool	   *bound_nulls;
	int			n;
	char	   *at = expression(objective, "at");
	char	   *value = objective->has_value ? expression(objective, "value") : NULL;
	StringInfoData condition;

	deconstruct_array(edges, TIMESTAMPTZOID, sizeof(TimestampTz), true, TYPALIGN_DOUBLE,
					  &bounds, &bound_nulls, &n);
	if (n < 2)
		elog(ERROR, "an objective is counted between two edges at least");
	values[0] = PointerGetDatum(edges);
	values[1] = bounds[0];
	values[2] = bounds[n - 1];
	values[3] = objective->at_most;
	values[4] = objective->at_least;
	nulls[3] = objective->no_at_most ? 'n' : ' ';
	nulls[4] = objective->no_at_least ? 'n' : ' ';

	initStringInfo(&condition);
	appendStringInfo(&condition, "%s >= $2 AND %s < $3", at, at);
	if (objective->has_total)
		appendStringInfo(&condition, " AND %s", expression(objective, "total_when"));
	if (value != NULL)
		appendStringInfo(&condition, " AND %s IS NOT NULL", value);
	read_relation(fcinfo, objective,
				  psprintf("%s AS grp, %s AS at, %s AS good",
						   objective->has_group ? psprintf("coalesce(%s, '')", expression(objective, "group_by")) : "''::text", at,
						   value != NULL ?
						   psprintf("($4 IS NULL OR %s <= $4) AND ($5 IS NULL OR %s >= $5)", value, value) :
						   expression(objective, "good_when")),
				  condition.data,
				  "e.grp, width_bucket(e.at, $1), count(*), count(*) FILTER (WHERE e.good)",
				  " GROUP BY 1, 2", lengthof(types), types, values, nulls);
	return (Datum) 0;
}

/*
 * sla.objective_outages(objective, from, to) -> setof (grp, from_at, to_at)
 *
 * Outages that began before "to", cut to [from, to): one that is over before
 * "from" only tells that there is its group, and ends before it begins.
 */
PG_FUNCTION_INFO_V1(sla_objective_outages);
Datum
sla_objective_outages(PG_FUNCTION_ARGS)
{
	Objective  *objective = objective_of(PG_GETARG_INT32(0));
	Oid			types[] = {TIMESTAMPTZOID, TIMESTAMPTZOID};
	Datum		values[] = {PG_GETARG_DATUM(1), PG_GETARG_DATUM(2)};
	char	   *end = objective->has_end ? expression(objective, "outage_to") : "NULL::timestamptz";
	StringInfoData condition;

	initStringInfo(&condition);
	appendStringInfo(&condition, "%s < $2", expression(objective, "outage_from"));
	if (objective->has_total)
		appendStringInfo(&condition, " AND %s", expression(objective, "total_when"));
	if (!objective->has_group)
		appendStringInfo(&condition, " AND coalesce(%s > $1, true)", end);
	read_relation(fcinfo, objective,
				  psprintf("%s AS grp, %s AS from_at, %s AS to_at",
						   objective->has_group ? psprintf("coalesce(%s, '')", expression(objective, "group_by")) : "''::text",
						   expression(objective, "outage_from"), end),
				  condition.data,
				  "e.grp, greatest(e.from_at, $1), least(e.to_at, $2)",
				  "", lengthof(types), types, values, NULL);
	return (Datum) 0;
}

/*
 * Reports
 */

static Oid
sla_view(const char *name)
{
	return get_relname_relid(name, get_namespace_oid("sla", false));
}

/* Does the current role own what the versions of an objective are of? */
static bool
owns_objective(Datum name)
{
	Oid			role = GetUserId();
	Oid			type = TEXTOID;
	bool		owned;
	Fence		fence;

	fence_enter(&fence, fence_extension_owner());
	fence_settings(NULL);
	SPI_connect();
	if (SPI_execute_with_args("SELECT DISTINCT o.relation::oid FROM sla.objective AS o WHERE o.name = $1",
							  1, &type, &name, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read sla.objective");
	owned = SPI_processed > 0;
	for (uint64 i = 0; i < SPI_processed && owned; i++)
	{
		bool		isnull;

		owned = pg_class_ownercheck_compat(DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[i],
																		  SPI_tuptable->tupdesc, 1, &isnull)), role);
	}
	SPI_finish();
	fence_leave(&fence);
	return owned;
}

static bool
may_read(const char *view)
{
	return pg_class_aclcheck(sla_view(view), GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

static void
check_instant(TimestampTz at)
{
	if (TIMESTAMP_NOT_FINITE(at))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("a report is of a finite instant")));
}

/* A query whose rows are a function's result. */
typedef struct Report
{
	ReturnSetInfo *result;
	const char *query;
	int			nargs;
	Oid		   *types;
	Datum	   *values;
} Report;

/* Run it as the extension's owner. */
static void
run_report(void *argument)
{
	Report	   *report = argument;
	Fence		fence;

	fence_enter(&fence, fence_extension_owner());
	fence_settings(NULL);
	SPI_connect();
	if (SPI_execute_with_args(report->query, report->nargs, report->types, report->values, NULL,
							  true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not execute \"%s\"", report->query);
	for (uint64 i = 0; i < SPI_processed; i++)
		tuplestore_puttuple(report->result->setResult, SPI_tuptable->vals[i]);
	SPI_finish();
	fence_leave(&fence);
}

/*
 * Run it, or return the SQLSTATE of the error for which that cannot be.  A person
 * gets the error: its text, which may hold what is in the rows, only the owner of
 * the objective.
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
 * The rows of a query of an objective's name, an instant, and maybe another, for
 * who may read a view or owns what it is of.  Where the third argument says so,
 * an objective that fails does not fail the others of the view with it: returns
 * the SQLSTATE, or 0.
 */
static int
report_objective(FunctionCallInfo fcinfo, const char *view, const char *query)
{
	Oid			types[] = {TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID};
	Datum		values[] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), PG_NARGS() > 3 ? PG_GETARG_DATUM(3) : 0};
	Report		report = {(ReturnSetInfo *) fcinfo->resultinfo, query, Min(PG_NARGS(), 4) - 1, types, values};

	if (!may_read(view) && !owns_objective(values[0]))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_VIEW, view);
	check_instant(PG_GETARG_TIMESTAMPTZ(1));
	InitMaterializedSRF(fcinfo, 0);
	return try_report(&report, values[0], PG_GETARG_BOOL(2));
}

static void
warn_of_failure(FunctionCallInfo fcinfo, int sqlstate)
{
	if (sqlstate != 0)
		ereport(WARNING,
				(errmsg("objective \"%s\" is left out", text_to_cstring(PG_GETARG_TEXT_PP(0))),
				 errdetail("Reading it failed with SQLSTATE %s.", unpack_sql_state(sqlstate))));
}

/* A row that says in its last column what failed; before that, a status. */
static void
put_problem(ReturnSetInfo *result, const char *status, int sqlstate)
{
	int			natts = result->setDesc->natts;
	Datum	   *values = palloc0(natts * sizeof(Datum));
	bool	   *nulls = palloc(natts * sizeof(bool));

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
 * An objective that fails has one row, which says so.
 */
PG_FUNCTION_INFO_V1(sla_slo_status);
Datum
sla_slo_status(PG_FUNCTION_ARGS)
{
	int			sqlstate = report_objective(fcinfo, "report_slo_status",
											"SELECT s.*, NULL::text FROM sla.objective_status($1, $2) AS s");

	if (sqlstate != 0)
		put_problem((ReturnSetInfo *) fcinfo->resultinfo, "error", sqlstate);
	return (Datum) 0;
}

/*
 * sla.slo_periods(objective, at, is_lenient, since) -> setof ..., problem
 *
 * An objective that fails has one row, which says so.
 */
PG_FUNCTION_INFO_V1(sla_slo_periods);
Datum
sla_slo_periods(PG_FUNCTION_ARGS)
{
	int			sqlstate = report_objective(fcinfo, "report_slo_period",
											"SELECT p.*, NULL::text FROM sla.objective_periods($1, $2, $3) AS p");

	warn_of_failure(fcinfo, sqlstate);
	if (sqlstate != 0)
		put_problem((ReturnSetInfo *) fcinfo->resultinfo, NULL, sqlstate);
	return (Datum) 0;
}

/* sla.slo_series(objective, at, is_lenient) -> setof ... */
PG_FUNCTION_INFO_V1(sla_slo_series);
Datum
sla_slo_series(PG_FUNCTION_ARGS)
{
	warn_of_failure(fcinfo, report_objective(fcinfo, "report_slo_series",
											 "SELECT * FROM sla.objective_series($1, $2)"));
	return (Datum) 0;
}

/* sla.slo_slots(objective, at, is_lenient) -> setof ... */
PG_FUNCTION_INFO_V1(sla_slo_slots);
Datum
sla_slo_slots(PG_FUNCTION_ARGS)
{
	warn_of_failure(fcinfo, report_objective(fcinfo, "report_slo_slot",
											 "SELECT * FROM sla.objective_slots($1, $2)"));
	return (Datum) 0;
}

/* sla.slo_alerts(objective, at, is_lenient) -> setof ... */
PG_FUNCTION_INFO_V1(sla_slo_alerts);
Datum
sla_slo_alerts(PG_FUNCTION_ARGS)
{
	warn_of_failure(fcinfo, report_objective(fcinfo, "report_slo_alert",
											 "SELECT * FROM sla.objective_alerts($1, $2)"));
	return (Datum) 0;
}

/*
 * sla.verify_periods(objective) -> setof ...
 *
 * Closed periods, and what the facts say of them now.
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
	return (Datum) 0;
}

/*
 * sla.reclose(objective, period, reason) -> int
 *
 * By who owns what the objective is of.
 */
PG_FUNCTION_INFO_V1(sla_reclose);
Datum
sla_reclose(PG_FUNCTION_ARGS)
{
	Oid			types[] = {TEXTOID, DATEOID, TEXTOID, TEXTOID};
	Datum		values[] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), PG_GETARG_DATUM(2),
	CStringGetTextDatum(GetUserNameFromId(GetUserId(), false))};
	int32		revision;
	bool		isnull;
	Fence		fence;

	if (!owns_objective(values[0]))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("objective \"%s\" is not yours", TextDatumGetCString(values[0])),
				 errdetail("Who owns its relation may close a period of it anew.")));
	fence_enter(&fence, fence_extension_owner());
	fence_settings(NULL);
	SPI_connect();
	if (SPI_execute_with_args("SELECT sla.reclose_period($1, $2, $3, $4)",
							  lengthof(types), types, values, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not close a period anew");
	revision = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	fence_leave(&fence);
	PG_RETURN_INT32(revision);
}

/* The names of the objectives that an agreement's service credits refer to. */
static List *
credited_objectives(Datum party, Datum agreement)
{
	MemoryContext context = CurrentMemoryContext;
	Oid			types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {party, agreement};
	List	   *names = NIL;
	Fence		fence;

	fence_enter(&fence, fence_extension_owner());
	fence_settings(NULL);
	SPI_connect();
	if (SPI_execute_with_args("SELECT DISTINCT c.objective FROM sla.credit AS c WHERE c.party = $1 AND c.agreement = $2 ORDER BY 1",
							  lengthof(types), types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read sla.credit");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(context);
		bool		isnull;
		Datum		name = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull);

		names = lappend(names, PG_DETOAST_DATUM_COPY(name));
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	fence_leave(&fence);
	return names;
}

/*
 * sla.service_credits(party, agreement, at, is_lenient) -> setof ..., problem
 *
 * Of an objective that fails the rows say so.
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
	return (Datum) 0;
}
