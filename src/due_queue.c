/*-------------------------------------------------------------------------
 *
 * due_queue.c
 *	  Writing hints for sla.tick() to sla.clock_due_new.
 *
 * If nobody calls sla.tick() the table would grow for ever.  So beyond a certain size
 * no hints are written, and a tick that finds the table that large looks at all clocks.
 * It first empties the table, with a lock that waits for transactions that have written
 * hints, or have refrained from doing so.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "due_queue.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "storage/bufmgr.h"
#include "utils/array.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "own_relation.h"
#include "wake.h"

/* The columns, as defined in sql/1.0/70-clocks.sql. */
enum
{
	COL_FIRST_AT,
	COL_AT,
	COL_CLOCKS,
	NCOLUMNS
};

/* sla_tracker.queue_limit: the maximal size of the table, in blocks */
static int	queue_limit;

/* Maximal number of hints in a row; few enough not to be toasted */
#define ROW_HINTS	100

void
due_queue_setting(void)
{
	DefineCustomIntVariable("sla_tracker.queue_limit",
							"The most that gathers for sla.tick() where nobody calls it.",
							NULL, &queue_limit, 131072, 1, INT_MAX / 2,
							PGC_SUSET, GUC_UNIT_BLOCKS, NULL, NULL, NULL);
}

void
due_queue_init(DueQueue *queue)
{
	memset(queue, 0, sizeof(DueQueue));
	queue->context = CurrentMemoryContext;
}

void
due_queue_add(DueQueue *queue, int64 clock_id, TimestampTz at)
{
	if (queue->max == 0)
	{
		queue->max = 16;
		queue->clocks = MemoryContextAlloc(queue->context, queue->max * sizeof(int64));
		queue->at = MemoryContextAlloc(queue->context, queue->max * sizeof(TimestampTz));
	}
	else if (queue->n == queue->max)
	{
		queue->max *= 2;
		queue->clocks = repalloc(queue->clocks, queue->max * sizeof(int64));
		queue->at = repalloc(queue->at, queue->max * sizeof(TimestampTz));
	}
	queue->clocks[queue->n] = clock_id;
	queue->at[queue->n++] = at;
	wake_note(at);
}

/* Make an array of n 64-bit values (at most ROW_HINTS). */
static Datum
array_of(const int64 *values, int n, Oid type)
{
	Datum		elems[ROW_HINTS];

	for (int i = 0; i < n; i++)
		elems[i] = Int64GetDatum(values[i]);
	return PointerGetDatum(construct_array(elems, n, type, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

void
due_queue_flush(DueQueue *queue)
{
	static bool is_full = false;	/* was it full when we wrote last? */
	Relation	rel;
	TupleTableSlot *slot;

	if (queue->n == 0)
		return;
	rel = table_open(own_relation(OWN_CLOCK_DUE_NEW), RowExclusiveLock);
	if (is_full && RelationGetNumberOfBlocks(rel) >= (BlockNumber) queue_limit)
	{
		table_close(rel, NoLock);
		queue->n = 0;
		return;
	}
	slot = table_slot_create(rel, NULL);
	for (int i = 0; i < queue->n; i += ROW_HINTS)
	{
		int			n = Min(queue->n - i, ROW_HINTS);
		TimestampTz first = queue->at[i];

		for (int j = 1; j < n; j++)
			first = Min(first, queue->at[i + j]);
		ExecClearTuple(slot);
		memset(slot->tts_isnull, true, RelationGetDescr(rel)->natts * sizeof(bool));
		memset(slot->tts_isnull, false, NCOLUMNS * sizeof(bool));
		slot->tts_values[COL_FIRST_AT] = TimestampTzGetDatum(first);
		slot->tts_values[COL_AT] = array_of(&queue->at[i], n, TIMESTAMPTZOID);
		slot->tts_values[COL_CLOCKS] = array_of(&queue->clocks[i], n, INT8OID);
		ExecStoreVirtualTuple(slot);
		table_tuple_insert(rel, slot, GetCurrentCommandId(true), 0, NULL);
		is_full = ItemPointerGetBlockNumber(&slot->tts_tid) + 1 >= (BlockNumber) queue_limit;
		pfree(DatumGetPointer(slot->tts_values[COL_AT]));
		pfree(DatumGetPointer(slot->tts_values[COL_CLOCKS]));
	}
	ExecDropSingleTupleTableSlot(slot);
	table_close(rel, NoLock);
	queue->n = 0;
}
