/*-------------------------------------------------------------------------
 *
 * attempt.c
 *	  Calling what may fail.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "attempt.h"

#include "access/xact.h"
#include "utils/resowner.h"

/* The SQLSTATE of the error that was caught, unless it is nobody's to swallow. */
static int
caught_sqlstate(MemoryContext context)
{
	ErrorData  *error;
	int			class;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	class = ERRCODE_TO_CATEGORY(error->sqlerrcode);
	if (class == ERRCODE_TO_CATEGORY(ERRCODE_T_R_SERIALIZATION_FAILURE) ||
		class == ERRCODE_TO_CATEGORY(ERRCODE_QUERY_CANCELED) ||
		class == ERRCODE_TO_CATEGORY(ERRCODE_INSUFFICIENT_RESOURCES))
		ReThrowError(error);
	FlushErrorState();
	return error->sqlerrcode;
}

int
attempt(AttemptFunction function, void *argument)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile int sqlstate = 0;

	if (IsInParallelMode())
	{
		function(argument);
		return 0;
	}
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		function(argument);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		sqlstate = caught_sqlstate(context);
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return sqlstate;
}
