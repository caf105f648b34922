/*-------------------------------------------------------------------------
 *
 * due_queue.c
 *	  When sla.tick() is to look at which clock: the rows of sla.clock_due.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "due_queue.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "own_relation.h"
#include "wake.h"

/* The columns, as sql/1.0/70-clocks.sql has them. */
enum
{
	COL_AT,
	COL_CLOCK_ID,
	NCOLUMNS
};

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

void
due_queue_flush(DueQueue *queue, EState *estate)
{
	Relation	rel;
	ResultRelInfo *result;
	TupleTableSlot **slots;

	if (queue->n == 0)
		return;
	rel = table_open(own_relation(OWN_CLOCK_DUE), RowExclusiveLock);
	result = makeNode(ResultRelInfo);
	InitResultRelInfo(result, rel, 0, NULL, 0);
	ExecOpenIndices(result, false);
	slots = palloc(queue->n * sizeof(TupleTableSlot *));
	for (int i = 0; i < queue->n; i++)
	{
		slots[i] = table_slot_create(rel, NULL);
		memset(slots[i]->tts_isnull, true, RelationGetDescr(rel)->natts * sizeof(bool));
		slots[i]->tts_values[COL_AT] = TimestampTzGetDatum(queue->at[i]);
		slots[i]->tts_values[COL_CLOCK_ID] = Int64GetDatum(queue->clocks[i]);
		slots[i]->tts_isnull[COL_AT] = slots[i]->tts_isnull[COL_CLOCK_ID] = false;
		ExecStoreVirtualTuple(slots[i]);
	}
	table_multi_insert(rel, slots, queue->n, GetCurrentCommandId(true), 0, NULL);
	for (int i = 0; i < queue->n; i++)
	{
		(void) ExecInsertIndexTuplesCompat(result, slots[i], estate, false, SLA_NO_INDEXES);
		ResetPerTupleExprContext(estate);
		ExecDropSingleTupleTableSlot(slots[i]);
	}
	pfree(slots);
	for (int i = 0; i < result->ri_NumIndices; i++)
	{
		index_insert_cleanup_compat(result->ri_IndexRelationDescs[i], result->ri_IndexRelationInfo[i]);
		index_close(result->ri_IndexRelationDescs[i], NoLock);
	}
	table_close(rel, NoLock);
	queue->n = 0;
}
