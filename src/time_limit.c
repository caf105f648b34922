/*-------------------------------------------------------------------------
 *
 * time_limit.c
 *	  Limiting the time that code of others may run.
 *
 * PL/pgSQL code can catch a cancel: a loop with EXCEPTION WHEN query_canceled survives
 * any number of them.  It cannot catch the termination of the session.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "time_limit.h"

#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

/* Interval between cancels, in milliseconds */
#define CANCEL_EVERY	1000

static bool is_running = false;
static volatile sig_atomic_t ncancels;

/* The timeout handler; runs in a signal handler. */
static void
time_is_up(void)
{
	if (ncancels < TIME_LIMIT_GRACE / CANCEL_EVERY)
		QueryCancelPending = true;
	else
		ProcDiePending = true;
	ncancels++;
	InterruptPending = true;
	SetLatch(MyLatch);
}

static TimeoutId
timeout_id(void)
{
	static TimeoutId id = MAX_TIMEOUTS;

	if (id == MAX_TIMEOUTS)
		id = RegisterTimeout(USER_TIMEOUT, time_is_up);
	return id;
}

bool
time_limit_begin(int limit)
{
	if (is_running)
		return false;
	ncancels = 0;
	is_running = true;
	enable_timeout_every(timeout_id(), TimestampTzPlusMilliseconds(GetCurrentTimestamp(), limit),
						 CANCEL_EVERY);
	return true;
}

TimeLimitState
time_limit_end(void)
{
	disable_timeout(timeout_id(), false);
	is_running = false;
	if (ncancels == 0)
		return TIME_LIMIT_KEPT;

	/*
	 * forget a cancel that came at the last moment; termination cannot be
	 * undone
	 */
	QueryCancelPending = false;
	return ncancels > TIME_LIMIT_GRACE / CANCEL_EVERY ? TIME_LIMIT_ENDED : TIME_LIMIT_CANCELED;
}
