/*-------------------------------------------------------------------------
 *
 * own_indexes.c
 *	  Writing to the indexes of tables of the extension's own.
 *
 * The executor makes what it needs to know of each index anew in each statement;
 * compiling the conditions of partial ones is most of that, and for a single row
 * as dear as writing to one of them.  So here it is kept until the table changes,
 * and an index is opened once a row belongs there.  Many rows are written to one
 * index after the other.
 *
 * A unique index is checked at once, also one that somebody has made deferrable,
 * and constraints of exclusion are not: these tables have neither.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "own_indexes.h"

#include "access/genam.h"
#include "catalog/index.h"
#include "executor/executor.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "relation_watch.h"

/* What is known of a table's indexes. */
typedef struct Known
{
	Oid			heap;
	bool		valid;
	MemoryContext context;		/* of what follows */
	int			n;
	Oid		   *oid;
	IndexInfo  *info;			/* with all expressions compiled */
	struct Known *next;
} Known;

static Known *known_tables = NULL;

/* Counts changes of any relation. */
static uint64 changes;

static void
relation_changed(Oid relid)
{
	changes++;
	for (Known *known = known_tables; known != NULL; known = known->next)
	{
		bool		changed = !OidIsValid(relid) || known->heap == relid;

		for (int i = 0; i < known->n && !changed; i++)
			changed = known->oid[i] == relid;
		if (changed)
			known->valid = false;
	}
}

void
own_indexes_init(void)
{
	relation_watch(relation_changed);
}

static Known *
known_of(Oid heap)
{
	Known	   *known = known_tables;

	while (known != NULL && known->heap != heap)
		known = known->next;
	if (known == NULL)
	{
		known = MemoryContextAllocZero(TopMemoryContext, sizeof(Known));
		known->heap = heap;
		known->next = known_tables;
		known_tables = known;
	}
	return known;
}

/* What is open around us goes on with what was known before: that stays for the transaction. */
static void
forget(Known *known)
{
	if (known->context != NULL)
		MemoryContextSetParent(known->context, TopTransactionContext);
	known->context = NULL;
	known->n = 0;
}

/*
 * An error leaves nothing known; and what changes meanwhile, also another relation,
 * has this done once more by the next statement.
 */
static void
get_to_know(Known *known, Relation heap)
{
	uint64		before = changes;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "sla_tracker indexes",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	List	   *oids = RelationGetIndexList(heap);
	EState	   *estate = CreateExecutorState();
	int			n = list_length(oids);
	Oid		   *oid = palloc(n * sizeof(Oid));
	IndexInfo  *info = palloc(n * sizeof(IndexInfo));

	forget(known);
	for (int i = 0; i < n; i++)
	{
		Relation	index = index_open(list_nth_oid(oids, i), RowExclusiveLock);

		oid[i] = RelationGetRelid(index);
		info[i] = *BuildIndexInfo(index);
		info[i].ii_PredicateState = ExecPrepareQual(info[i].ii_Predicate, estate);
		info[i].ii_ExpressionsState = ExecPrepareExprList(info[i].ii_Expressions, estate);
		index_close(index, NoLock);
	}
	MemoryContextSwitchTo(old);
	MemoryContextSetParent(context, TopMemoryContext);
	known->context = context;
	known->n = n;
	known->oid = oid;
	known->info = info;
	known->valid = changes == before;
}

void
own_indexes_open(OwnIndexes *indexes, Relation heap)
{
	Known	   *known = known_of(RelationGetRelid(heap));

	if (!known->valid)
		get_to_know(known, heap);
	indexes->heap = heap;
	indexes->estate = CreateExecutorState();
	indexes->n = known->n;
	indexes->oid = known->oid;
	indexes->index = palloc0(known->n * sizeof(Relation));
	indexes->info = palloc(known->n * sizeof(IndexInfo));
	memcpy(indexes->info, known->info, known->n * sizeof(IndexInfo));
	for (int i = 0; i < known->n; i++)
		indexes->info[i].ii_Context = CurrentMemoryContext;
}

/* Write rows to one of the indexes, where they belong there. */
static void
insert_into(OwnIndexes *indexes, int i, TupleTableSlot **slots, int nslots, bool is_update)
{
	IndexInfo  *info = &indexes->info[i];
	ExprContext *econtext = GetPerTupleExprContext(indexes->estate);
	Datum		values[INDEX_MAX_KEYS];
	bool		nulls[INDEX_MAX_KEYS];

	if (!info->ii_ReadyForInserts)
		return;
	for (int j = 0; j < nslots; j++)
	{
		econtext->ecxt_scantuple = slots[j];
		if (!ExecQual(info->ii_PredicateState, econtext))
			continue;
		if (indexes->index[i] == NULL)
			indexes->index[i] = index_open(indexes->oid[i], RowExclusiveLock);
		FormIndexDatum(info, slots[j], indexes->estate, values, nulls);
		(void) index_insert(indexes->index[i], values, nulls, &slots[j]->tts_tid, indexes->heap,
							info->ii_Unique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO, is_update, info);
		ResetExprContext(econtext);
	}
}

void
own_indexes_insert(OwnIndexes *indexes, TupleTableSlot **slots, int nslots)
{
	for (int i = 0; i < indexes->n; i++)
		insert_into(indexes, i, slots, nslots, false);
}

void
own_indexes_update(OwnIndexes *indexes, TupleTableSlot *slot, SLA_UPDATE_INDEXES which)
{
	for (int i = 0; i < indexes->n; i++)
		if (SLA_UPDATES_INDEX(which, &indexes->info[i]))
			insert_into(indexes, i, &slot, 1, true);
}

void
own_indexes_close(OwnIndexes *indexes)
{
	for (int i = 0; i < indexes->n; i++)
	{
		if (indexes->index[i] == NULL)
			continue;
		index_insert_cleanup_compat(indexes->index[i], &indexes->info[i]);
		index_close(indexes->index[i], NoLock);
	}
	FreeExecutorState(indexes->estate);
}
