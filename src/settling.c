/*-------------------------------------------------------------------------
 *
 * settling.c
 *	  Finding out when all transactions know of a change, and using that in plans.
 *
 * A transaction whose snapshot is older than a change of definitions may write clocks
 * by the old definitions even after the change has committed.  It may get its XID after
 * that of the change, and may release the snapshot long before it ends.  So a change
 * has settled after two steps: first no snapshot from before the change is in use any
 * more, and then all transactions with an XID from before that point have ended.
 *
 * Usually all changes have settled, and no clock is stale.  Views use
 * sla.may_be_stale() as a condition for looking for stale clocks; in that case the
 * planner support function replaces it by false, and the plan is just a scan of the
 * stored rows.  Such plans are invalidated when there is a change, and when it has
 * settled.  A statement planned before the commit of a change sees what was there
 * before.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "settling.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/memnodes.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "tcop/utility.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/xid8.h"

#include "own_relation.h"

/*
 * sla.settling_in(changed xid8) -> xid8
 *
 * The first step.  NULL while a snapshot is in use that does not see what the committed
 * transaction "changed" has done.  Otherwise an XID: all transactions that may write
 * without knowing of the change have a lower one.
 */
PG_FUNCTION_INFO_V1(sla_settling_in);
Datum
sla_settling_in(PG_FUNCTION_ARGS)
{
	FullTransactionId changed = PG_GETARG_FULLTRANSACTIONID(0);
	FullTransactionId next;
	TransactionId oldest;
	Relation	rel = table_open(own_relation(OWN_CLOCK_STATE), AccessShareLock);

	/* XIDs before this are visible to all snapshots */
	oldest = GetOldestNonRemovableTransactionId(rel);
	table_close(rel, AccessShareLock);
	next = ReadNextFullTransactionId();
	if (U64FromFullTransactionId(next) - U64FromFullTransactionId(changed) >
		(uint32) (XidFromFullTransactionId(next) - oldest))
		PG_RETURN_FULLTRANSACTIONID(next);
	PG_RETURN_NULL();
}

/*
 * sla.has_settled(number xid8) -> boolean
 *
 * The second step.  True if all transactions with an XID lower than "number" have ended,
 * except this one, and their changes are visible to us.
 */
PG_FUNCTION_INFO_V1(sla_has_settled);
Datum
sla_has_settled(PG_FUNCTION_ARGS)
{
	FullTransactionId number = PG_GETARG_FULLTRANSACTIONID(0);
	TransactionId until = XidFromFullTransactionId(number);
	Snapshot	snapshot = GetActiveSnapshot();

	/*
	 * 32-bit XIDs cannot be compared at this distance; no transaction lasts
	 * so long
	 */
	if (U64FromFullTransactionId(ReadNextFullTransactionId()) - U64FromFullTransactionId(number) > (UINT64CONST(1) << 31))
		PG_RETURN_BOOL(true);
	for (uint32 i = 0; i < snapshot->xcnt; i++)
		if (TransactionIdPrecedes(snapshot->xip[i], until))
			PG_RETURN_BOOL(false);
	/* also check those that began after the snapshot was taken */
	for (TransactionId xid = snapshot->xmax; TransactionIdPrecedes(xid, until);)
	{
		if (!TransactionIdIsCurrentTransactionId(xid) &&
			(IsolationUsesXactSnapshot() || TransactionIdIsInProgress(xid)))
			PG_RETURN_BOOL(false);
		TransactionIdAdvance(xid);
	}
	PG_RETURN_BOOL(true);
}

/*
 * OID of sla.promise, set as soon as this session has made a plan that does not look for
 * stale clocks.
 */
static Oid	promise_of_plans = InvalidOid;

static ExecutorStart_hook_type next_executor_start = NULL;
static ExecutorEnd_hook_type next_executor_end = NULL;
static ProcessUtility_hook_type next_utility = NULL;

/*
 * A cached plan is revalidated when its relations are locked.  But if the transaction
 * already holds the lock, the server does not process invalidation messages then.
 * Force it to, by clearing lockCleared of our lock on sla.promise.  As any statement
 * that locks sla.promise sets that again, this is called at the start and end of every
 * statement.
 */
static void
look_again(void)
{
	LOCKTAG		tag;
	LOCALLOCK  *lock;
	LockAcquireResult result;

	if (!OidIsValid(promise_of_plans))
		return;
	SET_LOCKTAG_RELATION(tag, MyDatabaseId, promise_of_plans);
#if PG_VERSION_NUM >= 180000
	result = LockAcquireExtended(&tag, AccessShareLock, false, true, false, &lock, false);
#else
	result = LockAcquireExtended(&tag, AccessShareLock, false, true, false, &lock);
#endif
	if (result == LOCKACQUIRE_NOT_AVAIL)
		return;
	lock->lockCleared = false;
	LockRelease(&tag, AccessShareLock, false);
}

static void
settling_executor_start(QueryDesc *query, int eflags)
{
	look_again();
	if (next_executor_start != NULL)
		next_executor_start(query, eflags);
	else
		standard_ExecutorStart(query, eflags);
}

static void
settling_executor_end(QueryDesc *query)
{
	if (next_executor_end != NULL)
		next_executor_end(query);
	else
		standard_ExecutorEnd(query);
	look_again();
}

/*
 * The row description of an EXECUTE is made after the executor has ended, and locks the
 * relations again.
 */
static void
settling_utility(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
				 ProcessUtilityContext context, ParamListInfo params, QueryEnvironment *queryEnv,
				 DestReceiver *dest, QueryCompletion *qc)
{
	if (IsA(pstmt->utilityStmt, ExecuteStmt))
		look_again();
	if (next_utility != NULL)
		next_utility(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
	else
		standard_ProcessUtility(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
}

void
settling_init(void)
{
	next_utility = ProcessUtility_hook;
	ProcessUtility_hook = settling_utility;
	next_executor_start = ExecutorStart_hook;
	ExecutorStart_hook = settling_executor_start;
	next_executor_end = ExecutorEnd_hook;
	ExecutorEnd_hook = settling_executor_end;
}

/*
 * Does a relation have a row that is visible to the snapshot?  NULL stands for a new
 * catalog snapshot, and SnapshotAny for any snapshot in use in this session.
 */
static bool
has_row(OwnRelation which, Oid index, Snapshot snapshot)
{
	Relation	rel = table_open(own_relation(which), AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, index, OidIsValid(index), snapshot, 0, NULL);
	bool		has = false;
	HeapTuple	row;

	while (!has && HeapTupleIsValid(row = systable_getnext(scan)))
	{
		TransactionId gone = HeapTupleHeaderGetRawXmax(row->t_data);

		has = snapshot != SnapshotAny || !TransactionIdIsValid(gone) ||
			!TransactionIdPrecedes(gone, MyProc->xmin);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return has;
}

/* Are there changes that have not settled, as seen by a snapshot (see has_row)? */
static bool
has_unsettled(Snapshot snapshot)
{
	return has_row(OWN_PROMISE, own_relation(OWN_PROMISE_UNSETTLED_IDX), snapshot) ||
		has_row(OWN_MOVED_PARTY, InvalidOid, snapshot);
}

/*
 * May the current plan be executed again without revalidation?  Before version 18, the
 * plans of an SQL function live as long as the FmgrInfo of the call, which in PL/pgSQL
 * can be an entire transaction.  The only way to recognize this is the memory context.
 */
static bool
is_kept_by_function(void)
{
#if PG_VERSION_NUM < 180000
	return strcmp(CurrentMemoryContext->name, "SQL function") == 0;
#else
	return false;
#endif
}

/*
 * Are there changes that have not settled for an older snapshot of a calling statement?
 * A cached plan may later be executed with that one, if it is in a STABLE function.
 */
static bool
has_unsettled_outside(Snapshot snapshot)
{
	return TransactionIdPrecedes(MyProc->xmin, snapshot->xmin) && has_unsettled(SnapshotAny);
}

/*
 * sla.may_be_stale() -> boolean
 *
 * Always true; what matters is the planner support function.
 */
PG_FUNCTION_INFO_V1(sla_may_be_stale);
Datum
sla_may_be_stale(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(true);
}

/*
 * The answer for the statement being planned.  A view contains sla.may_be_stale()
 * several times, and all calls must get the same answer, whatever is committed
 * meanwhile; else it could return a clock twice, or not at all.  So the answer is kept
 * until the PlannerGlobal that it was given for is freed.
 */
static const PlannerGlobal *answered = NULL;
static bool answer;

static void
planning_is_over(void *planned)
{
	if (answered == planned)
		answered = NULL;
}

static void
find_answer(PlannerGlobal *planned)
{
	MemoryContextCallback *callback = MemoryContextAlloc(GetMemoryChunkContext(planned),
														 sizeof(MemoryContextCallback));
	bool		settled = !has_unsettled(NULL);

	callback->func = planning_is_over;
	callback->arg = planned;
	MemoryContextRegisterResetCallback(GetMemoryChunkContext(planned), callback);
	answered = planned;
	answer = settled && !is_kept_by_function() && ActiveSnapshotSet() &&
		!has_unsettled(GetActiveSnapshot()) && !has_unsettled_outside(GetActiveSnapshot());

	/*
	 * If only an older snapshot sees a change that has not settled, there
	 * will be no invalidation later, so do not let the plan be kept.
	 */
	if (settled && !answer)
		planned->transientPlan = true;
}

/*
 * Planner support function of sla.may_be_stale(), which replaces it by false if there
 * are no changes that have not settled, neither for the latest snapshot nor for an older
 * one in use in this session.  The plan is invalidated by the next change.
 */
PG_FUNCTION_INFO_V1(sla_may_be_stale_support);
Datum
sla_may_be_stale_support(PG_FUNCTION_ARGS)
{
	SupportRequestSimplify *request = (SupportRequestSimplify *) PG_GETARG_POINTER(0);

	if (!IsA(request, SupportRequestSimplify) || request->root == NULL)
		PG_RETURN_POINTER(NULL);
	if (answered != request->root->glob)
		find_answer(request->root->glob);
	if (!answer)
		PG_RETURN_POINTER(NULL);
	promise_of_plans = own_relation(OWN_PROMISE);
	PG_RETURN_POINTER(makeBoolConst(false, false));
}

/*
 * Trigger on sla.promise and sla.moved_party, which invalidates plans in all sessions.
 * All queries with sla.may_be_stale() use sla.promise as well.
 */
PG_FUNCTION_INFO_V1(sla_settling_changed);
Datum
sla_settling_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("sla.settling_changed() must be called as a trigger")));
	CacheInvalidateRelcacheByRelid(own_relation(OWN_PROMISE));
	return PointerGetDatum(NULL);
}
