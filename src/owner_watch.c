/*-------------------------------------------------------------------------
 *
 * owner_watch.c
 *	  How long sla.tick() spends on what owners of tables wrote.
 *
 * Expressions of owners are evaluated in many places, each in a fence.  So while
 * sla.tick() runs a signal looks every second behind whose the session is.  Who
 * has had his time is canceled.  Whoever takes that for an error of his ends the
 * session; on its way out it notes who that was, in a transaction of its own, so
 * that the next tick leaves him alone.  So it does with who ends it by a setting.
 *
 * What the owner of the extension wrote is not watched.
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

#define LOOK_EVERY	1000

/* More owners than that are not told apart. */
#define MAX_OWNERS	100

typedef struct OwnerTime
{
	Oid			role;
	int			looks;
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

/* (a signal handler) */
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
 * Who has the session end, or InvalidOid.  There are settings by which anybody can
 * have an error, or the time that has passed, end it.
 */
static Oid
who_ends(void)
{
	Oid			role = fence_role();

	if (is_ended)
		return slow_owner;
	return is_running && role != watcher && (ExitOnAnyError || TransactionTimeout > 0) ? role : InvalidOid;
}

/* The session ends: note for whom. */
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

/* sla.tick() and sla.status() have this setting on, so that it is off again however that ends. */
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
 * Whose cancel it was that sla.tick() has caught, or NULL: somebody else's.
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
 * Who locks a table of his own keeps sla.tick() from the clocks of others for no
 * longer than this, in all.
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
							 "Set by sla.tick() and sla.status().",
							 NULL, &is_watching_setting, false,
							 PGC_SUSET, GUC_NO_SHOW_ALL | GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE,
							 NULL, watch, NULL);
}
