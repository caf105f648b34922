/*-------------------------------------------------------------------------
 *
 * worker.c
 *	  The background worker of one database, which calls sla.tick() when something
 *	  is due.
 *
 * If there is an error it exits, and the launcher starts another one after some time,
 * which increases with each failure.
 *
 * It connects as the bootstrap superuser, to look whether the extension exists, and then
 * changes its session user to sla_tracker.role or the owner of the extension.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "worker.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/twophase.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/dependency.h"
#include "catalog/pg_database.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "parser/parse_func.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "wake.h"

/*
 * While there are prepared transactions, plan again after this time, as they may have
 * clocks that are due earlier.
 */
#define PREPARED_NAP	(5 * USECS_PER_SEC)

/* Maximal number of ticks in a row that do nothing although something is due */
#define MAX_FRUITLESS	6

static WakeSlot *slot;

/*
 * Transactions
 */

static void
begin(const char *activity)
{
	SetCurrentStatementStartTimestamp();
	debug_query_string = activity;
	pgstat_report_activity(STATE_RUNNING, activity);
	StartTransactionCommand();
	SPI_connect();
	PushActiveSnapshot(GetTransactionSnapshot());
}

static void
commit(void)
{
	SPI_finish();
	PopActiveSnapshot();
	CommitTransactionCommand();
	debug_query_string = NULL;
	pgstat_report_stat(false);
	pgstat_report_activity(STATE_IDLE, NULL);
}

/* Get the first column of the single row that a query returns. */
static Datum
ask(const char *query, bool *isnull)
{
	if (SPI_execute(query, false, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "unexpected result of \"%s\"", query);
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, isnull);
}

/*
 * The database
 */

/* Does a function of schema sla exist, as a member of the extension? */
static bool
is_ours(Oid extension, char *name, int nargs, const Oid *argtypes)
{
	Oid			function = LookupFuncName(list_make2(makeString("sla"), makeString(name)),
										  nargs, argtypes, true);

	return OidIsValid(function) && getExtensionOfObject(ProcedureRelationId, function) == extension;
}

/*
 * The extension, if it has the functions that a worker calls; else InvalidOid.  Without
 * the extension, anyone could have created a schema and functions with these names.
 */
static Oid
find_extension(void)
{
	Oid			extension = get_extension_oid("sla_tracker", true);
	Oid			of_tick[] = {TIMESTAMPTZOID, INT4OID};

	if (OidIsValid(extension) &&
		is_ours(extension, "tick", 2, of_tick) &&
		is_ours(extension, "next_tick", 0, NULL))
		return extension;
	return InvalidOid;
}

/*
 * Begin a transaction that calls functions of the extension.  Returns the extension, or
 * InvalidOid if it does not exist.  DROP EXTENSION locks the extension before its
 * members; to avoid a deadlock we lock it first, too.
 */
static Oid
begin_call(const char *activity)
{
	Oid			extension;
	Oid			locked = InvalidOid;

	begin(activity);
	while ((extension = find_extension()) != locked && OidIsValid(extension))
	{
		LockDatabaseObject(ExtensionRelationId, extension, 0, AccessShareLock);
		locked = extension;
	}
	return extension;
}

static Oid
extension_owner(Oid extension)
{
	Relation	rel = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			owner = InvalidOid;

	ScanKeyInit(&key, Anum_pg_extension_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(extension));
	scan = systable_beginscan(rel, ExtensionOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		owner = ((Form_pg_extension) GETSTRUCT(tuple))->extowner;
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return owner;
}

/* The role to act as. */
static Oid
find_role(Oid extension)
{
	Oid			role;

	if (sla_worker_role[0] == '\0')
		return extension_owner(extension);
	role = get_role_oid(sla_worker_role, true);
	if (!OidIsValid(role))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role \"%s\" of \"sla_tracker.role\" does not exist", sla_worker_role),
				 errhint("Create it, or name another one and reload the configuration.")));
	return role;
}

/*
 * Act as a role from now on.  Also override parameters that may have been set for the
 * database.
 */
static void
become(Oid role, bool is_superuser)
{
	static const char *const settings[][2] = {
		{"role", "none"},
		{"search_path", "pg_catalog, pg_temp"},
		{"default_transaction_isolation", "read committed"},
		{"default_transaction_read_only", "off"},
		{"default_transaction_deferrable", "off"},
		{"statement_timeout", "0"},
		{"lock_timeout", "0"},
		{"idle_in_transaction_session_timeout", "0"},
#if PG_VERSION_NUM >= 170000
		{"transaction_timeout", "0"},
#endif
		{"session_replication_role", "origin"},
		{"row_security", "on"},
	};

	for (size_t i = 0; i < lengthof(settings); i++)
		SetConfigOption(settings[i][0], settings[i][1], PGC_SUSET, PGC_S_OVERRIDE);
	SetSessionAuthorization(role, is_superuser);
}

bool
worker_database_is_locked(Oid database)
{
	MemoryContext context = CurrentMemoryContext;
	LOCKTAG		tag;
	bool		is_locked;

	StartTransactionCommand();
	SET_LOCKTAG_OBJECT(tag, InvalidOid, DatabaseRelationId, database, 0);
	is_locked = LockAcquire(&tag, RowExclusiveLock, false, true) == LOCKACQUIRE_NOT_AVAIL;
	CommitTransactionCommand();
	MemoryContextSwitchTo(context); /* the commit may have left another one */
	return is_locked;
}

/*
 * The work
 */

/* Determine the next instant at which something is due, and publish it as the plan. */
static int64
plan(void)
{
	static bool is_role_set = false;
	Oid			extension;
	int64		planned = WAKE_NEVER;

	wake_begin_plan(slot);
	begin("looking for the extension sla_tracker");
	extension = find_extension();
	if (OidIsValid(extension) && !is_role_set)
	{
		Oid			role = find_role(extension);
		bool		is_superuser = superuser_arg(role);

		commit();
		become(role, is_superuser);
		is_role_set = true;
	}
	else
		commit();
	if (OidIsValid(extension))
	{
		bool		isnull;
		Datum		next;

		extension = begin_call("SELECT sla.next_tick()");
		if (OidIsValid(extension))
		{
			next = ask("SELECT sla.next_tick()", &isnull);
			if (!isnull)
				planned = DatumGetTimestampTz(next);
		}
		if (OidIsValid(extension) && max_prepared_xacts > 0 &&
			DatumGetBool(ask("SELECT EXISTS (SELECT FROM pg_catalog.pg_prepared_xacts AS p"
							 " WHERE p.database OPERATOR(pg_catalog.=) pg_catalog.current_database())", &isnull)))
			planned = Min(planned, GetCurrentTimestamp() + PREPARED_NAP);
		commit();
	}
	SpinLockAcquire(&slot->mutex);
	slot->has_extension = OidIsValid(extension);
	slot->planned_at = GetCurrentTimestamp();
	SpinLockRelease(&slot->mutex);
	wake_end_plan(slot, planned);
	return planned;
}

/*
 * Record an error in shared memory.  Returns whether it is worth logging, that is,
 * whether it differs from the last one, or that was long ago.
 */
static bool
note_error(int sqlstate, const char *text)
{
	char		message[WAKE_ERROR_LENGTH] = "";
	TimestampTz now = GetCurrentTimestamp();
	bool		is_news;

	memcpy(message, text, pg_mbcliplen(text, strlen(text), WAKE_ERROR_LENGTH - 1));
	SpinLockAcquire(&slot->mutex);
	is_news = now - slot->failed_at > sla_worker_naptime * USECS_PER_SEC ||
		strcmp(slot->message, message) != 0;
	slot->errors++;
	slot->failed_at = now;
	slot->sqlstate = sqlstate;
	memcpy(slot->message, message, sizeof(message));
	SpinLockRelease(&slot->mutex);
	return is_news;
}

/*
 * Call sla.tick(), and return the number of things done.  The failure of a step does not
 * affect the others; sla.next_tick() accounts for when to try it again.
 */
static int64
tick(void)
{
	static const char query[] = "SELECT coalesce(pg_catalog.sum(t.done), 0)::pg_catalog.int8,"
		" pg_catalog.string_agg(pg_catalog.format('%s: %s', t.step, t.problem), '; ') FILTER (WHERE t.problem IS NOT NULL)"
		" FROM sla.tick() AS t";
	bool		isnull;
	int64		items;
	Datum		problem;
	char	   *message;

	if (!OidIsValid(begin_call("SELECT sla.tick()")))
	{
		commit();
		return 0;
	}
	SpinLockAcquire(&slot->mutex);
	slot->ticking_since = GetCurrentTimestamp();
	SpinLockRelease(&slot->mutex);
	items = DatumGetInt64(ask(query, &isnull));
	problem = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull);
	message = isnull ? NULL : TextDatumGetCString(problem);
	if (message != NULL && note_error(0, message))
		ereport(LOG,
				(errmsg("a step of sla.tick() failed in database \"%s\"", get_database_name(MyDatabaseId)),
				 errdetail_log("%s", message)));
	SpinLockAcquire(&slot->mutex);
	slot->ticking_since = 0;
	slot->ticked_at = GetCurrentTimestamp();
	slot->ticks++;
	slot->items += items;
	SpinLockRelease(&slot->mutex);
	commit();
	return items;
}

/* Note that there was no error. */
static void
succeed(void)
{
	SpinLockAcquire(&slot->mutex);
	slot->failures = 0;
	slot->not_before = 0;
	SpinLockRelease(&slot->mutex);
}

/* Let the next worker start a second later: someone else works on what is due. */
static void
come_later(void)
{
	SpinLockAcquire(&slot->mutex);
	slot->not_before = GetCurrentTimestamp() + USECS_PER_SEC;
	slot->latch = NULL;
	slot->finished = true;
	SpinLockRelease(&slot->mutex);
}

/* Record the error that ends this worker, and let the next one start later. */
static void
fail(const ErrorData *error)
{
	(void) note_error(error->sqlerrcode, error->message);
	SpinLockAcquire(&slot->mutex);
	slot->failures++;
	slot->not_before = slot->failed_at + worker_backoff(slot->failures);
	slot->finished = true;
	SpinLockRelease(&slot->mutex);
	wake_at(slot, WAKE_AT_ONCE);
}

/* Sleep until an instant, or for WORKER_SLICE. */
static void
nap(TimestampTz now, TimestampTz until)
{
	static uint32 wait_event = 0;

	if (wait_event == 0)
		wait_event = worker_wait_event("SlaTrackerWorkerMain");
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 TimestampDifferenceMilliseconds(now, Min(until, now + WORKER_SLICE)), wait_event);
	ResetLatch(MyLatch);
}

/*
 * Must this worker exit, because of a new configuration, or because others wait for its
 * place or for the database?  Another worker will continue.
 */
static bool
must_go(bool is_due)
{
	return ConfigReloadPending || (wake_shared->crowded && !is_due) ||
		worker_database_is_locked(MyDatabaseId);
}

static void
work(void)
{
	int64		planned = plan();
	int			fruitless = 0;	/* ticks in a row that did nothing */

	for (;;)
	{
		TimestampTz now = GetCurrentTimestamp();
		bool		is_due = planned <= now || (slot->has_extension &&
												now - slot->ticked_at >= sla_worker_naptime * USECS_PER_SEC);

		CHECK_FOR_INTERRUPTS();
		if (wake_plan(slot) < planned)
			planned = plan();
		else if (must_go(is_due))
		{
			(void) wake_leave(slot, WAKE_AT_ONCE);
			return;
		}
		else if (is_due)
		{
			int64		was = planned;
			int64		items = tick();

			succeed();
			planned = plan();
			fruitless = items > 0 || planned != was ? 0 : fruitless + 1;
			if (fruitless > 0 && planned <= now)
				nap(now, now + ((USECS_PER_SEC / 100) << fruitless));
			if (fruitless > MAX_FRUITLESS)
			{
				come_later();
				return;
			}
		}
		else if (planned - now <= WORKER_STAY)
			nap(now, planned);
		else
		{
			succeed();
			if (wake_leave(slot, planned))
				return;
		}
	}
}

static void
worker_exit(int code, Datum arg)
{
	(void) code;
	(void) arg;
	wake_exit(slot);
}

void
sla_worker_main(Datum database)
{
	MemoryContext context = CurrentMemoryContext;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	slot = wake_slot(DatumGetObjectId(database), false);
	if (slot == NULL || !wake_enter(slot))
		proc_exit(0);
	before_shmem_exit(worker_exit, (Datum) 0);
	BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(database), InvalidOid, 0);
	SetConfigOption("application_name", MyBgworkerEntry->bgw_name, PGC_BACKEND, PGC_S_OVERRIDE);
	wake_nobody();
	PG_TRY();
	{
		work();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (slot->is_sent_away && error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		{
			FlushErrorState();
			AbortOutOfAnyTransaction();
			(void) wake_leave(slot, WAKE_AT_ONCE);
		}
		else
		{
			EmitErrorReport();
			FlushErrorState();
			AbortOutOfAnyTransaction();
			fail(error);
		}
	}
	PG_END_TRY();
	proc_exit(0);
}

/*
 * sla.worker_state() -> record
 *
 * The state of the worker of this database.
 */

static bool
is_left_out(void)
{
	List	   *names;
	ListCell   *cell;
	const char *name = get_database_name(MyDatabaseId);

	(void) SplitIdentifierString(pstrdup(sla_worker_databases), ',', &names);
	if (names == NIL || name == NULL)
		return false;
	foreach(cell, names)
	{
		if (strcmp(lfirst(cell), name) == 0)
			return false;
	}
	return true;
}

static const char *
status_of(const WakeSlot *state)
{
	if (wake_shared == NULL)
		return "not preloaded";
	if (RecoveryInProgress())
		return "standby";
	if (wake_shared->launcher == NULL)
		return "no launcher";
	if (is_left_out())
		return "left out";
	if (state->failures > 0)
		return "failing";
	return state->pid != 0 ? "working" : "waiting";
}

static void
put_time(Datum *values, bool *nulls, int column, TimestampTz at)
{
	values[column] = TimestampTzGetDatum(at);
	nulls[column] = at == 0;
}

PG_FUNCTION_INFO_V1(sla_worker_state);
Datum
sla_worker_state(PG_FUNCTION_ARGS)
{
	enum
	{
		STATUS, LAUNCHER_PID, WORKER_PID, NEXT_WAKE_AT, PLANNED_AT, TICKED_AT, VISITS, TICKS, ITEMS,
		LAUNCHER_WAKES, ERRORS, FAILURES, RETRY_AT, FAILED_AT, SQLSTATE, MESSAGE, NCOLUMNS
	};
	TupleDesc	desc;
	Datum		values[NCOLUMNS] = {0};
	bool		nulls[NCOLUMNS] = {0};
	WakeSlot	state = {0};
	WakeSlot   *found = wake_shared != NULL ? wake_slot(MyDatabaseId, false) : NULL;
	int64		next = WAKE_NEVER;

	worker_define_parameters();
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (found != NULL)
	{
		SpinLockAcquire(&found->mutex);
		memcpy(&state, found, sizeof(WakeSlot));
		SpinLockRelease(&found->mutex);
		next = wake_plan(&state);
		if (state.has_extension)
			next = Min(next, state.ticked_at + sla_worker_naptime * USECS_PER_SEC);
	}
	values[STATUS] = CStringGetTextDatum(status_of(&state));
	values[LAUNCHER_PID] = Int32GetDatum(wake_shared != NULL ? wake_shared->launcher_pid : 0);
	nulls[LAUNCHER_PID] = DatumGetInt32(values[LAUNCHER_PID]) == 0;
	values[WORKER_PID] = Int32GetDatum(state.pid);
	nulls[WORKER_PID] = state.pid == 0;
	values[NEXT_WAKE_AT] = TimestampTzGetDatum(next == WAKE_AT_ONCE ? GetCurrentTimestamp() : next);
	nulls[NEXT_WAKE_AT] = next == WAKE_NEVER;
	put_time(values, nulls, PLANNED_AT, state.planned_at);
	put_time(values, nulls, TICKED_AT, state.ticked_at);
	values[VISITS] = Int64GetDatum(state.visits);
	values[TICKS] = Int64GetDatum(state.ticks);
	values[ITEMS] = Int64GetDatum(state.items);
	values[LAUNCHER_WAKES] = Int64GetDatum(wake_shared != NULL ? wake_shared->launcher_wakes : 0);
	values[ERRORS] = Int64GetDatum(state.errors);
	values[FAILURES] = Int32GetDatum(state.failures);
	put_time(values, nulls, RETRY_AT, state.failures > 0 ? state.not_before : 0);
	put_time(values, nulls, FAILED_AT, state.failed_at);
	nulls[SQLSTATE] = nulls[MESSAGE] = state.failed_at == 0;
	if (state.failed_at != 0)
	{
		if (state.sqlstate != 0)
			values[SQLSTATE] = CStringGetTextDatum(unpack_sql_state(state.sqlstate));
		nulls[SQLSTATE] = state.sqlstate == 0;
		values[MESSAGE] = CStringGetTextDatum(state.message);
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
