/*-------------------------------------------------------------------------
 *
 * own_indexes.c
 *	  Maintenance of the indexes on the extension's own tables.
 *
 * The executor builds an IndexInfo for each index in each statement.  Most of that
 * is compiling the predicates of partial indexes; when a single row is written it
 * costs as much as an index insertion.  So here IndexInfos are cached until the
 * table changes, and an index is opened only if a row belongs in it.
 *
 * If consecutive rows have random keys, each index insertion touches a page that is
 * not in the CPU's cache, and that is most of its cost.  So if the entries of an
 * index are small they are gathered first, and inserted in the order of their keys;
 * but not in a unique index, where a conflict is to be reported immediately.
 *
 * Unlike the executor this ignores that a unique constraint is deferrable, and does
 * not support exclusion constraints.  Our tables have neither.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "own_indexes.h"

#include "access/genam.h"
#include "catalog/index.h"
#include "catalog/pg_am.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/sortsupport.h"

#include "relation_watch.h"

/* Entries are gathered only if they have at most this many columns, all by-value */
#define MAX_GATHERED_KEYS	2

typedef struct IndexEntry
{
	Datum		values[MAX_GATHERED_KEYS];
	ItemPointerData tid;
	bool		nulls[MAX_GATHERED_KEYS];
} IndexEntry;

/* The entries gathered for one index. */
typedef struct GatheredEntries
{
	int			n;
	int			max;
	IndexEntry *entries;
} GatheredEntries;

/* Fewer entries than this are not sorted: they are rarely close to each other. */
#define MIN_SORTED	100

#define ST_SORT sort_entries
#define ST_ELEMENT_TYPE IndexEntry
#define ST_COMPARE_ARG_TYPE SortSupportData
#define ST_COMPARE(a, b, order) compare_entries(a, b, order)
#define ST_SCOPE static
#define ST_DECLARE
#define ST_DEFINE
static inline int compare_entries(const IndexEntry *a, const IndexEntry *b, SortSupport order);
#include "lib/sort_template.h"

/* The cache entry of a table: its indexes. */
typedef struct Known
{
	Oid			heap;
	bool		valid;
	MemoryContext context;		/* contains all of the following */
	int			n;
	Oid		   *oid;
	bool	   *gathers;
	IndexInfo  *info;			/* with all expressions compiled */
	struct Known *next;
} Known;

static Known *known_tables = NULL;

/* Counts relcache invalidations. */
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

/*
 * Clear a cache entry.  As a calling statement may still use it in an OwnIndexes,
 * the memory is freed only at the end of the transaction.
 */
static void
forget(Known *known)
{
	if (known->context != NULL)
		MemoryContextSetParent(known->context, TopTransactionContext);
	known->context = NULL;
	known->n = 0;
}

/* Are entries of this index to be gathered? */
static bool
gathers_entries(Relation index, const IndexInfo *info)
{
	TupleDesc	desc = RelationGetDescr(index);

	if (index->rd_rel->relam != BTREE_AM_OID || info->ii_Unique || desc->natts > MAX_GATHERED_KEYS)
		return false;
	for (int i = 0; i < desc->natts; i++)
		if (!TupleDescAttr(desc, i)->attbyval)
			return false;
	return true;
}

/*
 * Fill a cache entry.  If there is an error it is left empty and invalid.  If any
 * relation is invalidated while we do this, the entry serves only the current
 * statement: it remains invalid, so that the next one fills it again.
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
	bool	   *gathers = palloc(n * sizeof(bool));
	IndexInfo  *info = palloc(n * sizeof(IndexInfo));

	forget(known);
	for (int i = 0; i < n; i++)
	{
		Relation	index = index_open(list_nth_oid(oids, i), RowExclusiveLock);

		oid[i] = RelationGetRelid(index);
		info[i] = *BuildIndexInfo(index);
		info[i].ii_PredicateState = ExecPrepareQual(info[i].ii_Predicate, estate);
		info[i].ii_ExpressionsState = ExecPrepareExprList(info[i].ii_Expressions, estate);
		gathers[i] = gathers_entries(index, &info[i]);
		index_close(index, NoLock);
	}
	MemoryContextSwitchTo(old);
	MemoryContextSetParent(context, TopMemoryContext);
	known->context = context;
	known->n = n;
	known->oid = oid;
	known->gathers = gathers;
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
	indexes->context = CurrentMemoryContext;
	indexes->before = NULL;
	indexes->estate = CreateExecutorState();
	indexes->n = known->n;
	indexes->oid = known->oid;
	indexes->gathers = known->gathers;
	indexes->index = palloc0(known->n * sizeof(Relation));
	indexes->gathered = palloc0(known->n * sizeof(GatheredEntries));
	indexes->info = palloc(known->n * sizeof(IndexInfo));
	memcpy(indexes->info, known->info, known->n * sizeof(IndexInfo));
	for (int i = 0; i < known->n; i++)
		indexes->info[i].ii_Context = CurrentMemoryContext;
}

/*
 * Insert an entry into index i.  "is_unchanged" is a hint to the index that it has
 * an equal entry for another version of the same row.
 */
static void
write_entry(OwnIndexes *indexes, int i, Datum *values, bool *nulls, ItemPointer tid, bool is_unchanged)
{
	IndexInfo  *info = &indexes->info[i];

	(void) index_insert(indexes->index[i], values, nulls, tid, indexes->heap,
						info->ii_Unique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO, is_unchanged, info);
}

static void
gather_entry(OwnIndexes *indexes, int i, const Datum *values, const bool *nulls, ItemPointer tid)
{
	GatheredEntries *gathered = &indexes->gathered[i];
	IndexEntry *entry;

	if (gathered->max == 0)
	{
		gathered->max = 16;
		gathered->entries = MemoryContextAlloc(indexes->context, gathered->max * sizeof(IndexEntry));
	}
	else if (gathered->n == gathered->max)
	{
		gathered->max *= 2;
		gathered->entries = repalloc_huge(gathered->entries, gathered->max * sizeof(IndexEntry));
	}
	entry = &gathered->entries[gathered->n++];
	for (int k = 0; k < indexes->info[i].ii_NumIndexAttrs; k++)
	{
		entry->values[k] = values[k];
		entry->nulls[k] = nulls[k];
	}
	entry->tid = *tid;
}

/* Does index i have an equal entry for the version of the row before an update? */
static bool
has_entry(OwnIndexes *indexes, int i, TupleTableSlot *before, const Datum *values, const bool *nulls)
{
	IndexInfo  *info = &indexes->info[i];
	TupleDesc	desc = RelationGetDescr(indexes->index[i]);
	Datum		old_values[INDEX_MAX_KEYS];
	bool		old_nulls[INDEX_MAX_KEYS];

	GetPerTupleExprContext(indexes->estate)->ecxt_scantuple = before;
	if (!ExecQual(info->ii_PredicateState, GetPerTupleExprContext(indexes->estate)))
		return false;
	FormIndexDatum(info, before, indexes->estate, old_values, old_nulls);
	for (int k = 0; k < desc->natts; k++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, k);

		if (nulls[k] != old_nulls[k] ||
			(!nulls[k] && !datum_image_eq(values[k], old_values[k], att->attbyval, att->attlen)))
			return false;
	}
	return true;
}

/*
 * Insert or gather entries for rows into index i, if they satisfy its predicate.
 * For an update, "before" is the old version of the single row.
 */
static void
insert_into(OwnIndexes *indexes, int i, TupleTableSlot **slots, int nslots, TupleTableSlot *before)
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
		if (before != NULL)
			write_entry(indexes, i, values, nulls, &slots[j]->tts_tid, has_entry(indexes, i, before, values, nulls));
		else if (indexes->gathers[i])
			gather_entry(indexes, i, values, nulls, &slots[j]->tts_tid);
		else
			write_entry(indexes, i, values, nulls, &slots[j]->tts_tid, false);
		ResetExprContext(econtext);
	}
}

void
own_indexes_add(OwnIndexes *indexes, TupleTableSlot **slots, int nslots)
{
	for (int i = 0; i < indexes->n; i++)
		insert_into(indexes, i, slots, nslots, NULL);
}

static inline int
compare_entries(const IndexEntry *a, const IndexEntry *b, SortSupport order)
{
	int			first = ApplySortComparator(a->values[0], a->nulls[0], b->values[0], b->nulls[0], order);

	return first != 0 ? first : ItemPointerCompare(unconstify(ItemPointerData *, &a->tid), unconstify(ItemPointerData *, &b->tid));
}

/* Sort gathered entries by their first column, and then by TID. */
static void
sort_gathered(GatheredEntries *gathered, Relation index)
{
	SortSupportData order = {0};

	if (gathered->n < MIN_SORTED)
		return;
	order.ssup_cxt = CurrentMemoryContext;
	order.ssup_collation = index->rd_indcollation[0];
	order.ssup_attno = 1;
	PrepareSortSupportFromIndexRel(index, BTLessStrategyNumber, &order);
	sort_entries(gathered->entries, gathered->n, &order);
}

void
own_indexes_flush(OwnIndexes *indexes)
{
	for (int i = 0; i < indexes->n; i++)
	{
		GatheredEntries *gathered = &indexes->gathered[i];

		sort_gathered(gathered, indexes->index[i]);
		for (int j = 0; j < gathered->n; j++)
		{
			IndexEntry *entry = &gathered->entries[j];

			CHECK_FOR_INTERRUPTS();
			write_entry(indexes, i, entry->values, entry->nulls, &entry->tid, false);
		}
		gathered->n = 0;
	}
}

/* Fetch the version of a row before it was updated. */
static TupleTableSlot *
version_at(OwnIndexes *indexes, ItemPointer tid)
{
	MemoryContext old;

	if (indexes->before == NULL)
	{
		old = MemoryContextSwitchTo(indexes->context);
		indexes->before = table_slot_create(indexes->heap, NULL);
		MemoryContextSwitchTo(old);
	}
	if (!table_tuple_fetch_row_version(indexes->heap, tid, SnapshotAny, indexes->before))
		elog(ERROR, "could not fetch the version of a row that was updated");
	return indexes->before;
}

/*
 * If an entry is inserted as unchanged, a B-tree tries to delete entries of old
 * versions before it splits a page.  That is expensive, and futile if keys change
 * from version to version.  So compare the entries instead of guessing.
 */
void
own_indexes_update(OwnIndexes *indexes, ItemPointer before, TupleTableSlot *slot, SLA_UPDATE_INDEXES which)
{
	TupleTableSlot *version = NULL;

	for (int i = 0; i < indexes->n; i++)
	{
		if (!SLA_UPDATES_INDEX(which, &indexes->info[i]))
			continue;
		if (version == NULL)
			version = version_at(indexes, before);
		insert_into(indexes, i, &slot, 1, version);
	}
	if (version != NULL)
		ExecClearTuple(version);
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
	if (indexes->before != NULL)
		ExecDropSingleTupleTableSlot(indexes->before);
	FreeExecutorState(indexes->estate);
}
