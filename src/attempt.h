/*-------------------------------------------------------------------------
 *
 * attempt.h
 *	  Calling functions that may fail.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_ATTEMPT_H
#define SLA_ATTEMPT_H

#include "sla_tracker.h"

/*
 * Call a function in a subtransaction.  If there is an error it is rolled back, and the
 * SQLSTATE is returned; otherwise the result is 0.  Errors that concern the entire
 * transaction (a cancel, a serialization failure, insufficient resources) are raised
 * again.  In parallel mode there are no subtransactions, and all errors are raised.
 */
typedef void (*AttemptFunction) (void *argument);
extern int	attempt(AttemptFunction function, void *argument);

/* The same, but cancel the function after "limit" ms, which is an error like others. */
extern int	attempt_within(int limit, AttemptFunction function, void *argument);

/* Was an error raised by PL/pgSQL's RAISE or ASSERT, which can use any SQLSTATE? */
extern bool error_is_raised(const ErrorData *error);

/*
 * Raise the current error again, after it was caught.  If RAISE or ASSERT gave it an
 * SQLSTATE that concerns the entire transaction, or that WHEN OTHERS does not catch,
 * raise it as an ordinary exception.  To be called in the caller's memory context, not
 * in ErrorContext.
 */
extern void rethrow_tamed(void);

#endif							/* SLA_ATTEMPT_H */
