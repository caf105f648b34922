/*-------------------------------------------------------------------------
 *
 * launcher.c
 *	  The process that starts a worker for each database in which something is due.
 *
 * It is not connected to any database, reads only pg_database, and sleeps until the
 * earliest of all plans (wake.h), or until woken if there is none.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "worker.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "storage/sinval.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "wake.h"

/* Since 15.4, a database whose DROP DATABASE was interrupted is marked as invalid. */
#ifndef DATCONNLIMIT_INVALID_DB
#define DATCONNLIMIT_INVALID_DB	(-2)
#endif

/* Configuration parameters */
char	   *sla_worker_databases = NULL;
char	   *sla_worker_role = NULL;
int			sla_worker_naptime = 3600;	/* seconds */

/* Seconds after which the launcher is restarted if there was an error */
#define LAUNCHER_RESTART	5

/* A tick that takes longer than this is cancelled if someone has locked its database. */
#define LONG_TICK	USECS_PER_SEC

/* A database to be looked after. */
typedef struct Database
{
	Oid			oid;
	WakeSlot   *slot;
	BackgroundWorkerHandle *handle; /* of its worker, or NULL */
	bool		is_wanted;		/* it allows connections, and is not excluded
								 * by sla_tracker.databases */
} Database;

static List *databases = NIL;	/* in TopMemoryContext */

/* Failures in a row to register a worker, and when to try again */
static int	slot_failures = 0;
static TimestampTz slot_retry_at = 0;

/* Was it logged that there are too many databases? */
static bool told_of_overflow = false;

/* Was it logged which names in sla_tracker.databases do not exist? */
static bool told_of_names = false;

/*
 * Configuration parameters
 */

static bool
check_databases(char **newval, void **extra, GucSource source)
{
	char	   *copy;
	List	   *names;
	bool		ok;

	(void) extra;
	(void) source;
	if (*newval == NULL)
		return true;
	copy = pstrdup(*newval);
	ok = SplitIdentifierString(copy, ',', &names);
	if (!ok)
	{
		GUC_check_errdetail("List syntax is invalid.");
		GUC_check_errhint("Write names of databases with commas between them, those with capitals in double quotes, or nothing for all databases.");
	}
	list_free(names);
	pfree(copy);
	return ok;
}

static bool
check_role(char **newval, void **extra, GucSource source)
{
	(void) extra;
	(void) source;
	if (*newval == NULL || strlen(*newval) < NAMEDATALEN)
		return true;
	GUC_check_errdetail("The name of a role has at most %d bytes.", NAMEDATALEN - 1);
	return false;
}

/*
 * The name by which the library was preloaded.  By using it for our processes too, they
 * find the library that is already loaded, even if it is in an unusual place or was
 * replaced on disk.
 */
static const char *
library_name(void)
{
	List	   *names;
	ListCell   *cell;

	(void) SplitDirectoriesString(pstrdup(shared_preload_libraries_string), ',', &names);
	foreach(cell, names)
	{
		const char *name = lfirst(cell);
		const char *last = last_dir_separator(name);

		if (strncmp(last != NULL ? last + 1 : name, "sla_tracker", strlen("sla_tracker")) == 0)
			return name;
	}
	return "sla_tracker";
}

static void
describe_process(BackgroundWorker *worker, const char *name, const char *function)
{
	memset(worker, 0, sizeof(BackgroundWorker));
	worker->bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker->bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker->bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker->bgw_library_name, library_name(), sizeof(worker->bgw_library_name));
	strlcpy(worker->bgw_function_name, function, BGW_MAXLEN);
	strlcpy(worker->bgw_name, name, BGW_MAXLEN);
	strlcpy(worker->bgw_type, name, BGW_MAXLEN);
}

void
worker_define_parameters(void)
{
	static bool defined = false;

	if (defined)
		return;
	defined = true;
	DefineCustomStringVariable("sla_tracker.databases",
							   "Databases that the background worker looks after; none named: all that have the extension.",
							   NULL, &sla_worker_databases, "",
							   PGC_SIGHUP, GUC_LIST_INPUT, check_databases, NULL, NULL);
	DefineCustomIntVariable("sla_tracker.naptime",
							"Longest time between two visits of the background worker.",
							NULL, &sla_worker_naptime, 3600, 1, 7 * SECS_PER_DAY,
							PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomStringVariable("sla_tracker.role",
							   "Role that the background worker acts as; none: the owner of the extension.",
							   NULL, &sla_worker_role, "",
							   PGC_SIGHUP, 0, check_role, NULL, NULL);
}

/*
 * Before version 16 the server sorts all parameters when one is defined, which takes
 * nearly a tenth of a millisecond.  So sessions that have to load the library define
 * those of the worker, which have no effect there, only if one is configured, or when
 * they look at the worker.
 */
void
worker_init(void)
{
	BackgroundWorker launcher;

	if (process_shared_preload_libraries_in_progress ||
		GetConfigOption("sla_tracker.databases", true, false) != NULL ||
		GetConfigOption("sla_tracker.naptime", true, false) != NULL ||
		GetConfigOption("sla_tracker.role", true, false) != NULL)
		worker_define_parameters();

	/* during pg_upgrade, nothing must be changed in the background */
	if (!process_shared_preload_libraries_in_progress || IsBinaryUpgrade)
		return;
	wake_init();
	describe_process(&launcher, "sla_tracker launcher", "sla_launcher_main");
	launcher.bgw_restart_time = LAUNCHER_RESTART;
	RegisterBackgroundWorker(&launcher);
}

int64
worker_backoff(int failures)
{
	return USECS_PER_SEC << Min(failures - 1, 8);
}

uint32
worker_wait_event(const char *name)
{
#if PG_VERSION_NUM >= 170000
	return WaitEventExtensionNew(name);
#else
	(void) name;
	return PG_WAIT_EXTENSION;
#endif
}

/*
 * The databases
 */

static Database *
database_of(Oid oid)
{
	ListCell   *cell;
	Database   *db;
	MemoryContext old;
	WakeSlot   *slot;

	foreach(cell, databases)
	{
		db = lfirst(cell);
		if (db->oid == oid)
			return db;
	}
	slot = wake_slot(oid, true);
	if (slot == NULL)
	{
		if (!told_of_overflow)
			ereport(LOG,
					(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
					 errmsg("sla_tracker looks after no more than %d databases", WAKE_DATABASES),
					 errhint("Name in \"sla_tracker.databases\" those that matter, and restart the server.")));
		told_of_overflow = true;
		return NULL;
	}
	old = MemoryContextSwitchTo(TopMemoryContext);
	db = palloc0(sizeof(Database));
	db->oid = oid;
	db->slot = slot;
	databases = lappend(databases, db);
	MemoryContextSwitchTo(old);
	return db;
}

static bool
is_named(List *names, const char *name)
{
	ListCell   *cell;

	foreach(cell, names)
	{
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	}
	return false;
}

/* Log which of the databases named were not found. */
static void
tell_missing(List *names, List *found)
{
	ListCell   *cell;

	if (told_of_names)
		return;
	told_of_names = true;
	foreach(cell, names)
	{
		if (!is_named(found, lfirst(cell)))
			ereport(LOG,
					(errcode(ERRCODE_UNDEFINED_DATABASE),
					 errmsg("database \"%s\" of \"sla_tracker.databases\" does not exist or allows no connections",
							(char *) lfirst(cell))));
	}
}

/* Update the list of databases; returns the OIDs of all existing ones. */
static List *
scan_databases(void)
{
	MemoryContext context = CurrentMemoryContext;
	char	   *setting = pstrdup(sla_worker_databases);
	List	   *names = NIL;
	List	   *found = NIL;
	List	   *oids = NIL;
	Relation	rel;
	TableScanDesc scan;
	HeapTuple	tuple;
	ListCell   *cell;

	(void) SplitIdentifierString(setting, ',', &names); /* already checked */
	foreach(cell, databases)
		((Database *) lfirst(cell))->is_wanted = false;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	rel = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(rel, 0, NULL);
	while (HeapTupleIsValid(tuple = heap_getnext(scan, ForwardScanDirection)))
	{
		Form_pg_database form = (Form_pg_database) GETSTRUCT(tuple);
		MemoryContext old;
		Database   *db;

		old = MemoryContextSwitchTo(context);
		oids = lappend_oid(oids, form->oid);
		MemoryContextSwitchTo(old);
		if (!form->datallowconn || form->datistemplate || form->datconnlimit == DATCONNLIMIT_INVALID_DB ||
			(names != NIL && !is_named(names, NameStr(form->datname))))
			continue;
		old = MemoryContextSwitchTo(context);
		found = lappend(found, pstrdup(NameStr(form->datname)));
		MemoryContextSwitchTo(old);
		db = database_of(form->oid);
		if (db != NULL)
			db->is_wanted = true;
	}
	table_endscan(scan);
	table_close(rel, AccessShareLock);
	CommitTransactionCommand();
	MemoryContextSwitchTo(context);
	tell_missing(names, found);
	return oids;
}

/*
 * Running workers
 */

/* Note that a worker has ended; that is a failure if it did not report anything. */
static void
note_end(Database *db)
{
	WakeSlot   *slot = db->slot;
	TimestampTz now = GetCurrentTimestamp();

	SpinLockAcquire(&slot->mutex);
	if (!slot->finished)
	{
		slot->failures++;
		slot->errors++;
		slot->failed_at = now;
		slot->not_before = now + worker_backoff(slot->failures);
		slot->sqlstate = 0;
		strlcpy(slot->message, "the process ended before its work did: see the server's log", WAKE_ERROR_LENGTH);
	}
	slot->finished = true;
	SpinLockRelease(&slot->mutex);
}

/* Is a worker of this database running, or starting? */
static bool
is_running(Database *db)
{
	pid_t		pid;

	if (db->handle != NULL)
	{
		if (GetBackgroundWorkerPid(db->handle, &pid) != BGWH_STOPPED)
			return true;
		pfree(db->handle);
		db->handle = NULL;
		note_end(db);
	}
	return db->slot->pid != 0;	/* it may be one started by a previous
								 * launcher */
}

/*
 * Cancel a long tick if someone has locked the database.  During a tick, the worker does
 * not check that itself.
 */
static void
send_away(Database *db, TimestampTz now)
{
	WakeSlot   *slot = db->slot;
	int			pid = 0;

	if (slot->ticking_since == 0 || now - slot->ticking_since < LONG_TICK || !worker_database_is_locked(db->oid))
		return;
	SpinLockAcquire(&slot->mutex);
	if (slot->ticking_since != 0)
	{
		slot->is_sent_away = true;
		pid = slot->pid;
	}
	SpinLockRelease(&slot->mutex);
	if (pid != 0)
		(void) kill(pid, SIGINT);
}

/*
 * Starting workers
 */

static void
start_worker(Database *db, TimestampTz now)
{
	BackgroundWorker worker;
	MemoryContext old;
	bool		registered;

	describe_process(&worker, "sla_tracker worker", "sla_worker_main");
	worker.bgw_main_arg = ObjectIdGetDatum(db->oid);
	worker.bgw_notify_pid = MyProcPid;

	SpinLockAcquire(&db->slot->mutex);
	db->slot->finished = false;
	SpinLockRelease(&db->slot->mutex);
	old = MemoryContextSwitchTo(TopMemoryContext);
	registered = RegisterDynamicBackgroundWorker(&worker, &db->handle);
	MemoryContextSwitchTo(old);
	if (registered)
	{
		slot_failures = 0;
		return;
	}
	db->handle = NULL;
	if (slot_failures++ == 0)
		ereport(LOG,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("sla_tracker could not start a worker: all background worker slots are in use"),
				 errdetail("It is tried again until one is free."),
				 errhint("Increase \"max_worker_processes\" (currently %d).", max_worker_processes)));
	slot_retry_at = now + Min(worker_backoff(slot_failures), 30 * USECS_PER_SEC);
}

/* The instant at which a worker is needed in this database. */
static int64
due_at(Database *db)
{
	WakeSlot   *slot = db->slot;
	int64		due;

	SpinLockAcquire(&slot->mutex);
	due = wake_plan(slot);
	if (slot->has_extension)
		due = Min(due, slot->ticked_at + sla_worker_naptime * USECS_PER_SEC);
	due = Max(due, slot->not_before);
	SpinLockRelease(&slot->mutex);
	return due;
}

/*
 * Start the workers that are due, and return when to do that again.  At most half of
 * max_worker_processes are used at the same time; if there are more busy databases,
 * "crowded" tells workers not to stay.
 */
static int64
start_workers(void)
{
	int			limit = Max(max_worker_processes / 2, 1);
	int			nrunning = 0;
	bool		crowded = false;
	bool		scanned = false;
	int64		next = WAKE_NEVER;
	TimestampTz now = GetCurrentTimestamp();
	ListCell   *cell;

	foreach(cell, databases)
	{
		if (!is_running(lfirst(cell)))
			continue;
		nrunning++;
		send_away(lfirst(cell), now);
		next = now + LONG_TICK;
	}
	for (int i = 0; i < list_length(databases); i++)
	{
		Database   *db = list_nth(databases, i);
		int64		due;

		if (is_running(db))
			continue;
		due = db->is_wanted ? due_at(db) : WAKE_NEVER;
		if (due > now + WORKER_LEAD)
		{
			if (due != WAKE_NEVER)
				next = Min(next, due - WORKER_LEAD);
			continue;
		}
		if (slot_retry_at > now)
			next = Min(next, slot_retry_at);
		else if (nrunning >= limit)
			crowded = true;
		else
		{
			/* check that the database still exists */
			if (!scanned)
			{
				(void) scan_databases();
				scanned = true;
			}
			if (!db->is_wanted)
				continue;
			if (worker_database_is_locked(db->oid))
			{
				next = Min(next, now + WORKER_SLICE);
				continue;
			}
			start_worker(db, now);
			if (db->handle != NULL)
				nrunning++;
			else
				next = Min(next, slot_retry_at);
		}
	}
	wake_shared->crowded = crowded;
	return next;
}

/*
 * Update the list of databases, and free the slots of databases that no longer exist.
 * Only free slots that were allocated before the databases were listed, as others may
 * belong to databases created since.
 */
static void
refresh_databases(void)
{
	List	   *taken = NIL;
	List	   *oids;
	ListCell   *cell;

	for (int i = 0; i < WAKE_DATABASES; i++)
		if (OidIsValid(wake_shared->slots[i].database))
			taken = lappend_oid(taken, wake_shared->slots[i].database);
	oids = scan_databases();
	foreach(cell, databases)
	{
		Database   *db = lfirst(cell);

		if (!list_member_oid(oids, db->oid) && !is_running(db))
		{
			databases = foreach_delete_current(databases, cell);
			pfree(db);
		}
		else
			taken = list_delete_oid(taken, db->oid);
	}
	foreach(cell, taken)
	{
		WakeSlot   *slot = wake_slot(lfirst_oid(cell), false);

		if (!list_member_oid(oids, lfirst_oid(cell)) && slot != NULL && slot->pid == 0)
			wake_free_slot(slot);
	}
}

static void
reload_settings(void)
{
	char	   *before = pstrdup(sla_worker_databases);

	ConfigReloadPending = false;
	ProcessConfigFile(PGC_SIGHUP);
	if (strcmp(before, sla_worker_databases) != 0)
		told_of_names = false;
	pfree(before);
}

static void
launcher_exit(int code, Datum arg)
{
	(void) code;
	(void) arg;
	wake_launcher_is(NULL, 0);
}

void
sla_launcher_main(Datum arg)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "sla_tracker launcher",
												  ALLOCSET_DEFAULT_SIZES);
	uint32		wait_event;
	bool		scan = true;

	(void) arg;
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	SetConfigOption("application_name", MyBgworkerEntry->bgw_name, PGC_BACKEND, PGC_S_OVERRIDE);
	wake_nobody();
	wait_event = worker_wait_event("SlaTrackerLauncherMain");
	before_shmem_exit(launcher_exit, (Datum) 0);
	wake_launcher_is(MyLatch, MyProcPid);
	ereport(DEBUG1, (errmsg_internal("sla_tracker launcher started")));
	MemoryContextSwitchTo(context);

	for (;;)
	{
		int64		next;
		long		timeout;
		int			events = WL_LATCH_SET | WL_EXIT_ON_PM_DEATH;

		/* exit with an error status, else it would never be restarted */
		if (ShutdownRequestPending)
			proc_exit(1);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			reload_settings();
			scan = true;
		}
		if (catchupInterruptPending)
			ProcessCatchupInterrupt();
		if (wake_take_rescan() || scan)
		{
			refresh_databases();
			scan = false;
		}
		next = start_workers();
		MemoryContextReset(context);

		timeout = -1;
		if (next != WAKE_NEVER)
		{
			timeout = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), next);
			events |= WL_TIMEOUT;
		}
		(void) WaitLatch(MyLatch, events, timeout, wait_event);
		ResetLatch(MyLatch);
		wake_shared->launcher_wakes++;
	}
}
