/*-------------------------------------------------------------------------
 *
 * time_limit.h
 *	  Limiting the time that code of others may run.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_TIME_LIMIT_H
#define SLA_TIME_LIMIT_H

#include "sla_tracker.h"

/* After the limit, cancel repeatedly for this many ms before terminating the session. */
#define TIME_LIMIT_GRACE	5000

typedef enum TimeLimitState
{
	TIME_LIMIT_KEPT,			/* finished in time */
	TIME_LIMIT_CANCELED,		/* canceled at least once */
	TIME_LIMIT_ENDED			/* the session is being terminated */
} TimeLimitState;

/*
 * Begin a limit: after "limit" milliseconds, what runs is canceled, as by
 * pg_cancel_backend().  If it catches that and continues, the session is terminated,
 * as by pg_terminate_backend().  Limits do not nest: inside another one this does
 * nothing, and returns false.
 */
extern bool time_limit_begin(int limit);

/* End a limit; must be called after an error as well. */
extern TimeLimitState time_limit_end(void);

#endif							/* SLA_TIME_LIMIT_H */
