/*-------------------------------------------------------------------------
 *
 * time_limit.h
 *	  What others wrote may run for so long and no longer.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_TIME_LIMIT_H
#define SLA_TIME_LIMIT_H

#include "sla_tracker.h"

/* So long is canceled again and again, in milliseconds, before the session is ended. */
#define TIME_LIMIT_GRACE	5000

typedef enum TimeLimitState
{
	TIME_LIMIT_KEPT,			/* it was over in time */
	TIME_LIMIT_CANCELED,		/* it was canceled, once or more */
	TIME_LIMIT_ENDED			/* the session ends */
} TimeLimitState;

/*
 * After so many milliseconds what runs is canceled, as by a user.  Who takes that
 * for an error of his ends the session, as pg_terminate_backend() would.  Inside
 * another limit this one is none: false.
 */
extern bool time_limit_begin(int limit);

/* The limit is over, also after an error. */
extern TimeLimitState time_limit_end(void);

#endif							/* SLA_TIME_LIMIT_H */
