/*-------------------------------------------------------------------------
 *
 * kept_plan.c
 *	  Prepared statements that live as long as a memory context.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "kept_plan.h"

static void
free_plan(void *plan)
{
	SPI_freeplan((SPIPlanPtr) plan);
}

SPIPlanPtr
kept_plan(MemoryContext context, const char *query, int nargs, Oid *types)
{
	MemoryContextCallback *callback = MemoryContextAlloc(context, sizeof(MemoryContextCallback));
	SPIPlanPtr	plan = SPI_prepare(query, nargs, types);

	if (plan == NULL || SPI_keepplan(plan) != 0)
		elog(ERROR, "could not prepare a query: %s", SPI_result_code_string(SPI_result));
	callback->func = free_plan;
	callback->arg = plan;
	MemoryContextRegisterResetCallback(context, callback);
	return plan;
}
