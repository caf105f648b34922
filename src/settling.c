/*-------------------------------------------------------------------------
 *
 * settling.c
 *	  When all transactions know of a change, and what plans make of that.
 *
 * A transaction may write by definitions from before a change that committed
 * meanwhile: it took its snapshot before.  It may even take its number after the
 * change's, and drop the snapshot long before it ends.  So there are two times
 * to wait for: first until nobody holds a snapshot from before the change, and
 * then until all transactions with a number from before that have ended.
 *
 * Most of the time all changes are settled, and no clock is stale.  Views ask
 * sla.may_be_stale() before they look for such, which the planner then finds to be
 * false: what they are planned to is a plain scan of the stored rows.  Whoever
 * makes a change, or settles one, has these plans made anew.  A statement that was
 * planned before the commit of a change reads as if it had run before.
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
 * NULL while a snapshot is held that does not see what a committed transaction
 * changed.  Else a number: who writes without knowing of the change has a lower
 * one.
 */
PG_FUNCTION_INFO_V1(sla_settling_in);
Datum
sla_settling_in(PG_FUNCTION_ARGS)
{
	FullTransactionId changed = PG_GETARG_FULLTRANSACTIONID(0);
	FullTransactionId next;
	TransactionId oldest;
	Relation	rel = table_open(own_relation(OWN_CLOCK_STATE), AccessShareLock);

	/* that is older than what any snapshot, or transaction, still needs */
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
 * Have all transactions with a lower number ended, but for this one, and does what
 * is read from here on see all that they wrote?
 */
PG_FUNCTION_INFO_V1(sla_has_settled);
Datum
sla_has_settled(PG_FUNCTION_ARGS)
{
	FullTransactionId number = PG_GETARG_FULLTRANSACTIONID(0);
	TransactionId until = XidFromFullTransactionId(number);
	Snapshot	snapshot = GetActiveSnapshot();

	/* none lasts so long: numbers could not be told apart any more */
	if (U64FromFullTransactionId(ReadNextFullTransactionId()) - U64FromFullTransactionId(number) > (UINT64CONST(1) << 31))
		PG_RETURN_BOOL(true);
	for (uint32 i = 0; i < snapshot->xcnt; i++)
		if (TransactionIdPrecedes(snapshot->xip[i], until))
			PG_RETURN_BOOL(false);
	/* those that the snapshot takes to be of the future */
	for (TransactionId xid = snapshot->xmax; TransactionIdPrecedes(xid, until);)
	{
		if (!TransactionIdIsCurrentTransactionId(xid) &&
			(IsolationUsesXactSnapshot() || TransactionIdIsInProgress(xid)))
			PG_RETURN_BOOL(false);
		TransactionIdAdvance(xid);
	}
	PG_RETURN_BOOL(true);
}

/* sla.promise, once a plan was made here that does not look for stale clocks. */
static Oid	promise_of_plans = InvalidOid;

static ExecutorStart_hook_type next_executor_start = NULL;
static ExecutorEnd_hook_type next_executor_end = NULL;
static ProcessUtility_hook_type next_utility = NULL;

/*
 * A plan that is kept is looked at again when its relations are locked, but in a
 * transaction that has them locked already the server need not hear of changes
 * then.  It is made to: the lock counts as one since which there may have been
 * some.  (Whatever locks sla.promise undoes that; so this is done where each
 * statement begins and ends.)
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
 * (The row description of what EXECUTE returned is made after its end, and locks
 * the relations once more.)
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
 * Has the relation a row that the snapshot sees; NULL: the latest one; SnapshotAny:
 * that any snapshot may see which is in use here?
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

static bool
has_unsettled(Snapshot snapshot)
{
	return has_row(OWN_PROMISE, own_relation(OWN_PROMISE_UNSETTLED_IDX), snapshot) ||
		has_row(OWN_MOVED_PARTY, InvalidOid, snapshot);
}

/*
 * May what is planned be run again without being planned anew?  Before 18 an SQL
 * function's plans last as long as the call does in the plan of its caller, and in
 * PL/pgSQL that may be a transaction.  Its memory is all that tells.
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
 * A statement in whose midst this is planned has a snapshot of its own, and a plan
 * that is kept may be run under that, too, when it calls a function that is STABLE.
 */
static bool
has_unsettled_outside(Snapshot snapshot)
{
	return TransactionIdPrecedes(MyProc->xmin, snapshot->xmin) && has_unsettled(SnapshotAny);
}

/*
 * sla.may_be_stale() -> boolean
 *
 * True; what it says is for the planner.
 */
PG_FUNCTION_INFO_V1(sla_may_be_stale);
Datum
sla_may_be_stale(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(true);
}

/*
 * A view asks several times, and must be told the same each time, whatever is
 * committed meanwhile: else it shows a clock twice, or not at all.  So the answer is
 * kept until what the planner knows of the statement is freed.
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
	 * if only an older snapshot sees a change, no message will come that it
	 * has settled
	 */
	if (settled && !answer)
		planned->transientPlan = true;
}

/*
 * Planner support of sla.may_be_stale(): false when nothing was changed that has
 * not settled, by the latest snapshot nor by an older one that is in use here, and
 * the plan is made anew should something be.
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
 * Trigger of sla.promise and sla.moved_party: plans are made anew, in every
 * session.  (All that ask sla.may_be_stale() read sla.promise otherwise.)
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
