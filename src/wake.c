/*-------------------------------------------------------------------------
 *
 * wake.c
 *	  Shared memory through which writers wake the background worker.
 *
 * To avoid contention, a transaction that has stored clocks only reads the plan at its
 * commit, and takes a lock only if it has to lower it.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "wake.h"

#include "access/xact.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_database.h"
#include "catalog/pg_extension.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"

WakeShared *wake_shared = NULL;
int64		wake_earliest = WAKE_AT_ONCE;

static bool wakes_nobody = true;	/* this process */
static WakeSlot *my_slot = NULL;	/* of this session's database */
static bool databases_changed = false;	/* in this transaction */

static shmem_request_hook_type next_shmem_request = NULL;
static shmem_startup_hook_type next_shmem_startup = NULL;
static object_access_hook_type next_object_access = NULL;

/*
 * Slots.  A slot belongs to its database until that is dropped, so sessions in the
 * database can keep a pointer to it.
 */

WakeSlot *
wake_slot(Oid database, bool make)
{
	WakeSlot   *found = NULL;
	WakeSlot   *unused = NULL;

	SpinLockAcquire(&wake_shared->mutex);
	for (int i = 0; i < WAKE_DATABASES && found == NULL; i++)
	{
		WakeSlot   *slot = &wake_shared->slots[i];

		if (slot->database == database)
			found = slot;
		else if (unused == NULL && !OidIsValid(slot->database))
			unused = slot;
	}
	if (found == NULL && make && unused != NULL)
	{
		found = unused;
		found->database = database;
	}
	SpinLockRelease(&wake_shared->mutex);
	return found;
}

/* Initialize a free slot; its plan is that a worker is to be started immediately. */
static void
clear_slot(WakeSlot *slot)
{
	memset(slot, 0, sizeof(WakeSlot));
	SpinLockInit(&slot->mutex);
	pg_atomic_init_u64(&slot->plan, (uint64) WAKE_AT_ONCE);
}

void
wake_free_slot(WakeSlot *slot)
{
	SpinLockAcquire(&wake_shared->mutex);
	clear_slot(slot);
	SpinLockRelease(&wake_shared->mutex);
}

/*
 * The plan
 */

void
wake_at(WakeSlot *slot, int64 instant)
{
	Latch	   *latch = NULL;

	if (instant >= wake_plan(slot))
		return;
	SpinLockAcquire(&slot->mutex);
	if (instant < wake_plan(slot))
	{
		pg_atomic_write_u64(&slot->plan, (uint64) instant);
		latch = slot->latch != NULL ? slot->latch : wake_shared->launcher;
	}
	SpinLockRelease(&slot->mutex);
	if (latch != NULL)
		SetLatch(latch);
}

bool
wake_enter(WakeSlot *slot)
{
	bool		is_free;

	SpinLockAcquire(&slot->mutex);
	is_free = slot->pid == 0;
	if (is_free)
	{
		slot->pid = MyProcPid;
		slot->latch = MyLatch;
		slot->finished = false;
		slot->ticking_since = 0;
		slot->is_sent_away = false;
		slot->visits++;
	}
	SpinLockRelease(&slot->mutex);
	return is_free;
}

bool
wake_leave(WakeSlot *slot, int64 planned)
{
	bool		may_go;

	SpinLockAcquire(&slot->mutex);
	may_go = wake_plan(slot) >= planned;
	if (may_go)
	{
		slot->latch = NULL;
		slot->finished = true;
	}
	SpinLockRelease(&slot->mutex);
	return may_go;
}

void
wake_exit(WakeSlot *slot)
{
	Latch	   *latch;

	SpinLockAcquire(&slot->mutex);
	slot->pid = 0;
	slot->latch = NULL;
	SpinLockRelease(&slot->mutex);
	latch = wake_shared->launcher;
	if (latch != NULL)
		SetLatch(latch);
}

void
wake_begin_plan(WakeSlot *slot)
{
	SpinLockAcquire(&slot->mutex);
	pg_atomic_write_u64(&slot->plan, (uint64) WAKE_NEVER);
	SpinLockRelease(&slot->mutex);
	pg_memory_barrier();
}

void
wake_end_plan(WakeSlot *slot, int64 planned)
{
	SpinLockAcquire(&slot->mutex);
	if (planned < wake_plan(slot))
		pg_atomic_write_u64(&slot->plan, (uint64) planned);
	SpinLockRelease(&slot->mutex);
}

/*
 * The launcher
 */

void
wake_launcher_is(Latch *latch, int pid)
{
	SpinLockAcquire(&wake_shared->mutex);
	wake_shared->launcher = latch;
	wake_shared->launcher_pid = pid;
	SpinLockRelease(&wake_shared->mutex);
}

static void
wake_launcher_for_databases(void)
{
	Latch	   *latch;

	SpinLockAcquire(&wake_shared->mutex);
	wake_shared->rescan = true;
	latch = wake_shared->launcher;
	SpinLockRelease(&wake_shared->mutex);
	if (latch != NULL)
		SetLatch(latch);
}

bool
wake_take_rescan(void)
{
	bool		rescan;

	SpinLockAcquire(&wake_shared->mutex);
	rescan = wake_shared->rescan;
	wake_shared->rescan = false;
	SpinLockRelease(&wake_shared->mutex);
	return rescan;
}

/*
 * At the end of a transaction
 */

void
wake_nobody(void)
{
	wakes_nobody = true;
	wake_earliest = WAKE_AT_ONCE;
}

/*
 * The clocks of a prepared transaction become visible when it is committed, possibly by
 * another session.  We wake the worker at PREPARE; it looks for such transactions.
 */
static void
at_end_of_transaction(XactEvent event, void *arg)
{
	(void) arg;
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE)
	{
		if (wake_earliest != WAKE_NEVER && !wakes_nobody)
		{
			if (my_slot == NULL && OidIsValid(MyDatabaseId))
				my_slot = wake_slot(MyDatabaseId, true);
			if (my_slot != NULL)
				wake_at(my_slot, wake_earliest);
		}
		if (databases_changed)
			wake_launcher_for_databases();
	}
	else if (event != XACT_EVENT_ABORT)
		return;
	if (!wakes_nobody)
		wake_earliest = WAKE_NEVER;
	databases_changed = false;
}

/*
 * Object access hook: notice changes of databases and extensions.  DROP DATABASE calls
 * this after it has locked the database and before it waits for sessions in it to end;
 * the worker that we wake sees the lock, and leaves.
 */
static void
object_access(ObjectAccessType access, Oid classid, Oid objectid, int subid, void *arg)
{
	if (next_object_access != NULL)
		next_object_access(access, classid, objectid, subid, arg);
	if (access != OAT_POST_CREATE && access != OAT_POST_ALTER && access != OAT_DROP)
		return;
	if (classid == ExtensionRelationId)
		wake_note(WAKE_AT_ONCE);
	else if (classid == DatabaseRelationId)
	{
		databases_changed = true;
		if (access == OAT_DROP)
		{
			WakeSlot   *slot = wake_slot(objectid, false);
			Latch	   *latch = NULL;

			if (slot != NULL)
			{
				SpinLockAcquire(&slot->mutex);
				latch = slot->latch;
				SpinLockRelease(&slot->mutex);
			}
			if (latch != NULL)
				SetLatch(latch);
		}
	}
}

/*
 * sla.wake() -> trigger
 *
 * Trigger on the tables of definitions, which makes the worker look for the next instant
 * again.
 */
PG_FUNCTION_INFO_V1(sla_wake);
Datum
sla_wake(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by trigger manager", "wake")));
	wake_note(WAKE_AT_ONCE);
	return PointerGetDatum(NULL);
}

/*
 * Initialization
 */

static void
shmem_request(void)
{
	if (next_shmem_request != NULL)
		next_shmem_request();
	RequestAddinShmemSpace(MAXALIGN(sizeof(WakeShared)));
}

static void
shmem_startup(void)
{
	bool		found;

	if (next_shmem_startup != NULL)
		next_shmem_startup();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	wake_shared = ShmemInitStruct("sla_tracker", sizeof(WakeShared), &found);
	if (!found)
	{
		memset(wake_shared, 0, offsetof(WakeShared, slots));
		SpinLockInit(&wake_shared->mutex);
		for (int i = 0; i < WAKE_DATABASES; i++)
			clear_slot(&wake_shared->slots[i]);
	}
	LWLockRelease(AddinShmemInitLock);
}

void
wake_init(void)
{
	wakes_nobody = false;
	wake_earliest = WAKE_NEVER;
	next_shmem_request = shmem_request_hook;
	shmem_request_hook = shmem_request;
	next_shmem_startup = shmem_startup_hook;
	shmem_startup_hook = shmem_startup;
	next_object_access = object_access_hook;
	object_access_hook = object_access;
	RegisterXactCallback(at_end_of_transaction, NULL);
}
