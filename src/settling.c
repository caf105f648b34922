/*-------------------------------------------------------------------------
 *
 * settling.c
 *	  When all transactions know of a change.
 *
 * A transaction may write by definitions from before a change that committed
 * meanwhile: it took its snapshot before.  It may even take its number after the
 * change's, and drop the snapshot long before it ends.  So there are two times
 * to wait for: first until nobody holds a snapshot from before the change, and
 * then until all transactions with a number from before that have ended.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "access/table.h"
#include "access/transam.h"
#include "storage/procarray.h"
#include "utils/rel.h"
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
