/*-------------------------------------------------------------------------
 *
 * attempt.c
 *	  Calling functions that may fail.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "attempt.h"

#include "access/xact.h"
#include "utils/resowner.h"

#include "fence.h"
#include "time_limit.h"

/* Does an error concern the entire transaction? */
static bool
is_for_all(int sqlstate)
{
	int			class = ERRCODE_TO_CATEGORY(sqlstate);

	return class == ERRCODE_TO_CATEGORY(ERRCODE_T_R_SERIALIZATION_FAILURE) ||
		class == ERRCODE_TO_CATEGORY(ERRCODE_QUERY_CANCELED) ||
		class == ERRCODE_TO_CATEGORY(ERRCODE_INSUFFICIENT_RESOURCES);
}

/*
 * Is this nevertheless only an error of the code of the fenced role?  If that runs out
 * of resources or into a deadlock, others must not suffer from it.  A serialization
 * failure is different: the transaction cannot continue, whoever caused it.
 */
static bool
is_owners(int sqlstate, Oid fenced)
{
	return OidIsValid(fenced) && fenced != fence_extension_owner() &&
		(sqlstate == ERRCODE_T_R_DEADLOCK_DETECTED ||
		 ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_TO_CATEGORY(ERRCODE_INSUFFICIENT_RESOURCES));
}

bool
error_is_raised(const ErrorData *error)
{
	return error->funcname != NULL &&
		(strcmp(error->funcname, "exec_stmt_raise") == 0 || strcmp(error->funcname, "exec_stmt_assert") == 0);
}

void
rethrow_tamed(void)
{
	ErrorData  *error = CopyErrorData();

	if (!error_is_raised(error) ||
		!(is_for_all(error->sqlerrcode) || error->sqlerrcode == ERRCODE_ASSERT_FAILURE))
		PG_RE_THROW();
	FlushErrorState();
	error->sqlerrcode = ERRCODE_RAISE_EXCEPTION;
	ReThrowError(error);
}

/* Call a function in a subtransaction; returns its error, or NULL. */
static ErrorData *
error_of(AttemptFunction function, void *argument, Oid *fenced)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		function(argument);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		*fenced = fence_role();
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return error;
}

int
attempt(AttemptFunction function, void *argument)
{
	return attempt_within(0, function, argument);
}

int
attempt_within(int limit, AttemptFunction function, void *argument)
{
	Oid			fenced = InvalidOid;
	ErrorData  *error;
	bool		is_limited;
	bool		is_late;

	if (IsInParallelMode())
	{
		function(argument);
		return 0;
	}
	is_limited = limit > 0 && time_limit_begin(limit);
	error = error_of(function, argument, &fenced);
	is_late = is_limited && time_limit_end() != TIME_LIMIT_KEPT;
	if (error == NULL)
		return 0;
	if (is_for_all(error->sqlerrcode) && !error_is_raised(error) && !is_owners(error->sqlerrcode, fenced) &&
		!(is_late && error->sqlerrcode == ERRCODE_QUERY_CANCELED))
		ReThrowError(error);
	return error->sqlerrcode;
}
