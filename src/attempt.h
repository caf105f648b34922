/*-------------------------------------------------------------------------
 *
 * attempt.h
 *	  Calling what may fail.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_ATTEMPT_H
#define SLA_ATTEMPT_H

#include "sla_tracker.h"

/*
 * Call a function in a subtransaction; returns the SQLSTATE of the error that
 * rolled it back, or 0.  Errors that ask for the whole transaction (a cancel, a
 * conflict of serializable transactions, no resources) are raised.  Not in
 * parallel mode, which has no subtransactions: there every error is raised.
 */
typedef void (*AttemptFunction) (void *argument);
extern int	attempt(AttemptFunction function, void *argument);

/* The same, for so many milliseconds: then it is canceled, which is an error like others. */
extern int	attempt_within(int limit, AttemptFunction function, void *argument);

/* Did an owner's code give itself the SQLSTATE of a caught error? */
extern bool error_is_raised(const ErrorData *error);

/*
 * Raise the error again that was caught: as an ordinary one where an owner's code
 * gave itself a SQLSTATE that PL/pgSQL's OTHERS does not catch, or that asks for
 * the whole transaction.  In the memory context of the caller, not of the error.
 */
extern void rethrow_tamed(void);

#endif							/* SLA_ATTEMPT_H */
