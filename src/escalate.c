/*-------------------------------------------------------------------------
 *
 * escalate.c
 *	  Calling the procedures of escalations.
 *
 * Each one is called as the role that created the escalation, in a fence, in a
 * subtransaction, and for a limited time.  Its errors are recorded as its own failure;
 * only a cancel of the tick itself is raised again.
 *
 * If a procedure catches its cancels, the session is terminated, and what the tick has
 * done is rolled back; so it is if a procedure crashes the server.  The next tick learns
 * that from a sequence whose value tells which call is running, because sequences are
 * not rolled back.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/resowner.h"
#include "utils/syscache.h"

#include "attempt.h"
#include "fence.h"
#include "time_limit.h"

/* Time limit of a call, in milliseconds */
#define CALL_LIMIT	10000

/* The arguments of sla.call_escalation(). */
enum
{
	ARG_RUNNING,
	ARG_MARK,
	ARG_ROLE,
	ARG_RELATION,
	ARG_PROCEDURE,
	ARG_OWNER,
	ARG_ALERT
};

/* Check that a role still has the privileges required to create the escalation. */
static void
check_role(Oid role, Oid relid)
{
	HeapTuple	tuple;
	Oid			owner = InvalidOid;

	if (!SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(role)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("the role that made the escalation does not exist"),
				 errhint("Whoever deletes the escalation and writes it anew is asked from then on.")));
	if (!OidIsValid(relid))
	{
		/* for alerts of all tables, the role must bypass row-level security */
		if (!has_bypassrls_privilege(role) && !has_privs_of_role(role, fence_extension_owner()))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("the role that made the escalation is not an administrator any more")));
		return;
	}
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
		ReleaseSysCache(tuple);
	}
	if (!OidIsValid(owner) || !has_privs_of_role(role, owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the role that made the escalation does not own the table any more")));
}

/*
 * Find and lock the procedure.  The owner of its schema could replace it by another of
 * the same name, so check that its owner is the same as when the escalation was created.
 */
static Oid
find_procedure(const char *signature, Oid owner)
{
	Oid			procedure = DatumGetObjectId(DirectFunctionCall1(regprocedurein, CStringGetDatum(signature)));

	LockDatabaseObject(ProcedureRelationId, procedure, 0, AccessShareLock);
	if (DatumGetObjectId(DirectFunctionCall1(regprocedurein, CStringGetDatum(signature))) != procedure ||
		fence_function_owner(procedure) != owner)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("%s is owned by another role than when the escalation was written", signature),
				 errhint("Whoever deletes the escalation and writes it anew confirms it.")));
	return procedure;
}

static void
call_procedure(Oid procedure, int64 alert)
{
	char	   *name = quote_qualified_identifier(get_namespace_name(get_func_namespace(procedure)),
												  get_func_name(procedure));
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(alert)};

	SPI_connect();
	SPI_execute_with_args(psprintf("%s %s($1)",
								   get_func_prokind(procedure) == PROKIND_PROCEDURE ? "CALL" : "SELECT", name),
						  1, types, values, NULL, false, 0);
	SPI_finish();
}

/* Error context, so that the log tells which call caused the end of a session. */
static void
name_call(void *argument)
{
	FunctionCallInfo fcinfo = argument;

	errcontext("call of %s for an escalation made by role %u",
			   text_to_cstring(PG_GETARG_TEXT_PP(ARG_PROCEDURE)), PG_GETARG_OID(ARG_ROLE));
}

static void
call_as_role(FunctionCallInfo fcinfo)
{
	Oid			role = PG_GETARG_OID(ARG_ROLE);
	ErrorContextCallback context = {error_context_stack, name_call, fcinfo};
	Oid			procedure;
	Fence		fence;

	check_role(role, PG_ARGISNULL(ARG_RELATION) ? InvalidOid : PG_GETARG_OID(ARG_RELATION));
	procedure = find_procedure(text_to_cstring(PG_GETARG_TEXT_PP(ARG_PROCEDURE)),
							   PG_ARGISNULL(ARG_OWNER) ? InvalidOid : PG_GETARG_OID(ARG_OWNER));
	error_context_stack = &context;
	fence_enter(&fence, role);
	fence_settings("UTC");
	call_procedure(procedure, PG_GETARG_INT64(ARG_ALERT));
	fence_leave(&fence);
	error_context_stack = context.previous;
}

/*
 * Record which call is running in the sequence; 0 means none.  If the call crashes the
 * server, that must be known after its recovery.
 */
static void
note_running(FunctionCallInfo fcinfo, int64 mark)
{
	DirectFunctionCall2(setval_oid, PG_GETARG_DATUM(ARG_RUNNING), Int64GetDatum(mark));
	if (mark != 0)
		XLogFlush(XactLastRecEnd);
}

/* Maximal length of an error message that is kept, in bytes */
#define MAX_MESSAGE	1000

/*
 * sla.call_escalation(running, mark, role, relation, procedure, owner, alert) -> text[]
 *
 * Call a procedure.  Returns SQLSTATE and message of its error, or NULL.
 */
PG_FUNCTION_INFO_V1(sla_call_escalation);
Datum
sla_call_escalation(PG_FUNCTION_ARGS)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;
	volatile TimeLimitState limit = TIME_LIMIT_KEPT;
	bool		is_limited;
	const char *message;
	Datum		said[2];

	note_running(fcinfo, PG_GETARG_INT64(ARG_MARK));
	is_limited = time_limit_begin(CALL_LIMIT);
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		call_as_role(fcinfo);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	if (is_limited)
		limit = time_limit_end();
	if (limit != TIME_LIMIT_ENDED)
		note_running(fcinfo, 0);
	if (error == NULL)
		PG_RETURN_NULL();
	if (error->sqlerrcode == ERRCODE_QUERY_CANCELED && limit == TIME_LIMIT_KEPT && !error_is_raised(error))
		ReThrowError(error);
	message = limit != TIME_LIMIT_KEPT ? "it took longer than 10 seconds" : error->message != NULL ? error->message : "";
	said[0] = CStringGetTextDatum(unpack_sql_state(error->sqlerrcode));
	said[1] = PointerGetDatum(cstring_to_text_with_len(message, pg_mbcliplen(message, strlen(message), MAX_MESSAGE)));
	PG_RETURN_ARRAYTYPE_P(construct_array(said, 2, TEXTOID, -1, false, TYPALIGN_INT));
}
