/*-------------------------------------------------------------------------
 *
 * escalate.c
 *	  Calling the procedures of escalations.
 *
 * Each is called as the role that made the escalation, in a fence and in a
 * subtransaction of its own, for a limited time.  What it does wrong is its own
 * failure; only a cancel of the tick itself goes on.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "access/xact.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/resowner.h"
#include "utils/syscache.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "attempt.h"
#include "fence.h"

/* So long may one call take, in milliseconds. */
#define CALL_LIMIT	10000

static volatile sig_atomic_t timed_out;

static void
take_too_long(void)
{
	timed_out = true;
	QueryCancelPending = true;
	InterruptPending = true;
	SetLatch(MyLatch);
}

/* The limit on one call; an outer one goes on when an inner is over. */
static TimeoutId
call_timeout(void)
{
	static TimeoutId id = MAX_TIMEOUTS;

	if (id == MAX_TIMEOUTS)
		id = RegisterTimeout(USER_TIMEOUT, take_too_long);
	return id;
}

/* The right to be told, as when the escalation was made. */
static void
check_role(Oid role, Oid relid)
{
	if (!SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(role)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("the role that made the escalation does not exist"),
				 errhint("Whoever deletes the escalation and writes it anew is asked from then on.")));
	if (OidIsValid(relid))
	{
		HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
		Oid			owner = InvalidOid;

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
}

static void
call_procedure(const char *signature, int64 alert)
{
	Oid			procedure = DatumGetObjectId(DirectFunctionCall1(regprocedurein, CStringGetDatum(signature)));
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

/* The arguments are those of sla.call_escalation(). */
static void
call_as_role(FunctionCallInfo fcinfo)
{
	Oid			role = PG_GETARG_OID(0);
	Fence		fence;

	check_role(role, PG_ARGISNULL(1) ? InvalidOid : PG_GETARG_OID(1));
	fence_enter(&fence, role);
	fence_settings("UTC");
	/* (again and again, for who takes a cancel for an error) */
	enable_timeout_every(call_timeout(),
						 TimestampTzPlusMilliseconds(GetCurrentTimestamp(), CALL_LIMIT), 1000);
	call_procedure(text_to_cstring(PG_GETARG_TEXT_PP(2)), PG_GETARG_INT64(3));
	disable_timeout(call_timeout(), false);
	fence_leave(&fence);
}

/*
 * sla.call_escalation(role, relation, procedure, alert) -> text[]
 *
 * SQLSTATE and message of the error by which the procedure failed, or NULL.
 */
PG_FUNCTION_INFO_V1(sla_call_escalation);
Datum
sla_call_escalation(PG_FUNCTION_ARGS)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;
	Datum		said[2];

	timed_out = false;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		call_as_role(fcinfo);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		disable_timeout(call_timeout(), false);
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	if (error == NULL)
	{
		/* it was done at the last moment */
		if (timed_out)
			QueryCancelPending = false;
		PG_RETURN_NULL();
	}
	if (error->sqlerrcode == ERRCODE_QUERY_CANCELED && !timed_out && !error_is_raised(error))
		ReThrowError(error);
	said[0] = CStringGetTextDatum(unpack_sql_state(error->sqlerrcode));
	said[1] = CStringGetTextDatum(timed_out ? "it took longer than 10 seconds" : error->message);
	PG_RETURN_ARRAYTYPE_P(construct_array(said, 2, TEXTOID, -1, false, TYPALIGN_INT));
}
