/*-------------------------------------------------------------------------
 *
 * ask.c
 *	  SQL functions that are called by readers and run as the extension's owner.
 *
 * When sla.NAME(...) is called, this calls sla.NAME_answer(...) as the extension's
 * owner, which can read what the caller has no privileges for.  But for tables in
 * sla.row_security it reads only the clocks that the caller may see.  A SECURITY
 * DEFINER function could not do that, as it would not know its caller.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "executor/spi.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "fence.h"
#include "visibility.h"

/* Make the query SELECT * FROM sla.NAME_answer($1, ...). */
static char *
answer_query(Oid function, int nargs)
{
	char	   *name = get_func_name(function);
	StringInfoData query;

	if (name == NULL)
		elog(ERROR, "cache lookup failed for function %u", function);
	initStringInfo(&query);
	appendStringInfo(&query, "SELECT * FROM sla.%s(", quote_identifier(psprintf("%s_answer", name)));
	for (int i = 0; i < nargs; i++)
		appendStringInfo(&query, "%s$%d", i > 0 ? ", " : "", i + 1);
	appendStringInfoChar(&query, ')');
	return query.data;
}

#define ROWS_AT_ONCE	1000

/* Call sla.NAME_answer().  If that returns a set, the rows go to its tuplestore. */
static Datum
answer(FunctionCallInfo fcinfo, bool *isnull)
{
	ReturnSetInfo *set = fcinfo->flinfo->fn_retset ? (ReturnSetInfo *) fcinfo->resultinfo : NULL;
	Oid		   *types;
	int			nargs;
	Datum	   *values = palloc(fcinfo->nargs * sizeof(Datum));
	char	   *nulls = palloc(fcinfo->nargs);
	Datum		result = (Datum) 0;
	Portal		portal;
	uint64		n;
	Fence		fence;

	(void) get_func_signature(fcinfo->flinfo->fn_oid, &types, &nargs);
	Assert(nargs == fcinfo->nargs);
	for (int i = 0; i < nargs; i++)
	{
		values[i] = fcinfo->args[i].value;
		nulls[i] = fcinfo->args[i].isnull ? 'n' : ' ';
	}
	*isnull = true;
	fence_enter(&fence, fence_extension_owner());
	SPI_connect();

	/* use a cursor, as a large result might not fit into memory */
	portal = SPI_cursor_open_with_args(NULL, answer_query(fcinfo->flinfo->fn_oid, nargs), nargs, types, values, nulls,
									   true, CURSOR_OPT_NO_SCROLL);
	do
	{
		SPI_cursor_fetch(portal, true, set != NULL ? ROWS_AT_ONCE : 1);
		n = SPI_processed;
		if (set != NULL)
			for (uint64 i = 0; i < n; i++)
				tuplestore_puttuple(set->setResult, SPI_tuptable->vals[i]);
		else if (n > 0)
		{
			Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, isnull);
			Oid			type = SPI_gettypeid(SPI_tuptable->tupdesc, 1);

			if (!*isnull)
				result = SPI_datumTransfer(value, get_typbyval(type), get_typlen(type));
		}
		SPI_freetuptable(SPI_tuptable);
	} while (n == ROWS_AT_ONCE);
	SPI_cursor_close(portal);
	SPI_finish();
	fence_leave(&fence);
	return result;
}

/* The C function of all such SQL functions. */
PG_FUNCTION_INFO_V1(sla_ask);
Datum
sla_ask(PG_FUNCTION_ARGS)
{
	Asker		before;
	Datum volatile result = (Datum) 0;
	bool		isnull = false;

	if (fcinfo->flinfo->fn_retset)
		InitMaterializedSRF(fcinfo, 0);
	before = visibility_answer();
	PG_TRY();
	{
		result = answer(fcinfo, &isnull);
	}
	PG_FINALLY();
	{
		visibility_answered(before);
	}
	PG_END_TRY();
	if (isnull && !fcinfo->flinfo->fn_retset)
		PG_RETURN_NULL();
	return result;
}
