/*-------------------------------------------------------------------------
 *
 * owner_watch.c
 *	  Limiting the time that sla.tick() spends on code of table owners.
 *
 * Expressions of table owners are evaluated in many places, but always in a fence.  So
 * while sla.tick() runs, a timer checks every second whose fence the session is in, and
 * cancels the code of an owner who has used up his time.  If the code catches the
 * cancel and continues, the session is terminated.  When it exits, it records who
 * caused that in a separate transaction, so that the next tick skips this owner.  The
 * same is done if an owner makes the session exit by a setting such as exit_on_error.
 *
 * Code of the extension's owner is not limited.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "owner_watch.h"

#include "access/parallel.h"
#include "access/relation.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "fence.h"
#include "time_limit.h"

/* Interval of the timer, in milliseconds */
#define LOOK_EVERY	1000

/* If there are more owners, the rest of them are counted as one. */
#define MAX_OWNERS	100

typedef struct OwnerTime
{
	Oid			role;
	int			looks;			/* times that the timer met him */
} OwnerTime;

static int	owner_limit;		/* seconds */
static bool is_watching_setting;

static bool is_running = false;
static Oid	watcher;
static OwnerTime owners[MAX_OWNERS];
static int	nowners;
static volatile Oid slow_owner;
static volatile sig_atomic_t is_ended;

int
owner_watch_limit(void)
{
	return owner_limit;
}

/* The timeout handler; runs in a signal handler. */
static void
look(void)
{
	Oid			role = fence_role();
	int			i = 0;
	int			over;

	if (owner_limit == 0 || role == watcher || !OidIsValid(role))
		return;
	while (i < nowners && owners[i].role != role)
		i++;
	if (i == MAX_OWNERS)
		i--;
	else if (i == nowners)
	{
		owners[i].role = role;
		owners[i].looks = 0;
		nowners++;
	}
	over = ++owners[i].looks - owner_limit * (1000 / LOOK_EVERY);
	if (over <= 0)
		return;
	slow_owner = role;
	if (over <= TIME_LIMIT_GRACE / LOOK_EVERY)
		QueryCancelPending = true;
	else
	{
		is_ended = true;
		ProcDiePending = true;
	}
	InterruptPending = true;
	SetLatch(MyLatch);
}

/*
 * The owner who causes the session to exit, or InvalidOid.  By setting exit_on_error or
 * transaction_timeout anyone can make an error, or elapsed time, end the session.
 */
static Oid
who_ends(void)
{
	Oid			role = fence_role();

	if (is_ended)
		return slow_owner;
	return is_running && role != watcher && (ExitOnAnyError || TransactionTimeout > 0) ? role : InvalidOid;
}

/* At exit of the session, record who caused it. */
static void
note_slow_owner(int code, Datum argument)
{
	Oid			role = who_ends();
	Oid			type = OIDOID;
	Datum		value = ObjectIdGetDatum(role);
	Fence		fence;

	(void) code;
	(void) argument;
	if (!OidIsValid(role))
		return;
	is_ended = false;
	AbortOutOfAnyTransaction();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	fence_enter(&fence, fence_extension_owner());
	SPI_connect();
	SPI_execute_with_args("SELECT sla.pause_role($1)", 1, &type, &value, NULL, false, 0);
	SPI_finish();
	fence_leave(&fence);
	PopActiveSnapshot();
	CommitTransactionCommand();
}

/*
 * Assign hook of sla_tracker.is_ticking.  sla.tick(), sla.refresh() and sla.status() set
 * this parameter with a SET clause, so that it is reset however they end.
 */
static void
watch(bool is_on, void *extra)
{
	static TimeoutId id = MAX_TIMEOUTS;

	(void) extra;
	if (is_on == is_running || IsParallelWorker())
		return;
	is_running = is_on;
	if (!is_on)
	{
		disable_timeout(id, false);
		return;
	}
	if (id == MAX_TIMEOUTS)
	{
		id = RegisterTimeout(USER_TIMEOUT, look);
		before_shmem_exit(note_slow_owner, (Datum) 0);
	}
	watcher = GetUserId();
	nowners = 0;
	slow_owner = InvalidOid;
	enable_timeout_every(id, TimestampTzPlusMilliseconds(GetCurrentTimestamp(), LOOK_EVERY), LOOK_EVERY);
}

/*
 * sla.slow_owner() -> oid
 *
 * The owner whose time limit caused the cancel that sla.tick() has just caught; NULL if
 * it had another cause.
 */
PG_FUNCTION_INFO_V1(sla_slow_owner);
Datum
sla_slow_owner(PG_FUNCTION_ARGS)
{
	Oid			role = slow_owner;

	slow_owner = InvalidOid;
	if (!OidIsValid(role))
		PG_RETURN_NULL();
	PG_RETURN_OID(role);
}

/*
 * How long sla.tick() waits, in total, for tables that their owners have locked, and how
 * long it sleeps between attempts; in microseconds.
 */
#define LOCK_PATIENCE	USECS_PER_SEC
#define LOCK_NAP		(10 * USECS_PER_SEC / 1000)

static Relation
existing(Oid table, Relation rel)
{
	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", table),
				 errdetail("It has just been dropped, or was while event triggers were off."),
				 errhint("Delete the rows of sla_tracker's tables that name it.")));
	return rel;
}

Relation
owner_watch_open(Oid table)
{
	static TimestampTz began = 0;
	static int64 waited = 0;

	if (!is_watching_setting)
		return existing(table, try_relation_open(table, AccessShareLock));
	if (began != GetCurrentTransactionStartTimestamp())
	{
		began = GetCurrentTransactionStartTimestamp();
		waited = 0;
	}
	while (!ConditionalLockRelationOid(table, AccessShareLock))
	{
		if (waited >= LOCK_PATIENCE)
			ereport(ERROR,
					(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
					 errmsg("table %u is locked", table)));
		CHECK_FOR_INTERRUPTS();
		pg_usleep(LOCK_NAP);
		waited += LOCK_NAP;
	}
	return existing(table, try_relation_open(table, NoLock));
}

void
owner_watch_init(void)
{
	DefineCustomIntVariable("sla_tracker.owner_limit",
							"The longest time that one sla.tick(), or who reads clocks, spends on what the owner of tables wrote.",
							"0: there is no limit.", &owner_limit, 60, 0, 86400,
							PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomBoolVariable("sla_tracker.is_ticking",
							 "Set by sla.tick(), sla.refresh() and sla.status().",
							 NULL, &is_watching_setting, false,
							 PGC_SUSET, GUC_NO_SHOW_ALL | GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE,
							 NULL, watch, NULL);
}
