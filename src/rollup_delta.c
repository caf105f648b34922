/*-------------------------------------------------------------------------
 *
 * rollup_delta.c
 *	  Collecting the changes that a transaction makes to rollups.
 *
 * They are summed up in memory.  When the transaction commits, the sums are inserted into
 * sla.rollup_delta, with a row for each objective, bucket and group.  As no existing rows
 * are updated, transactions do not wait for each other.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "rollup_delta.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "common/hashfn.h"
#include "executor/tuptable.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "own_indexes.h"
#include "own_relation.h"

typedef struct DeltaKey
{
	int64		generation;
	TimestampTz bucket;
	char	   *grp;
} DeltaKey;

typedef struct Delta
{
	DeltaKey	key;
	int32		objective;
	int64		total;
	int64		good;
	uint32		hash;
	char		status;
} Delta;

static inline uint32
hash_delta(DeltaKey key)
{
	uint32		hash = hash_bytes((const unsigned char *) key.grp, strlen(key.grp));

	return hash_combine(hash_combine(hash, murmurhash32((uint32) key.generation)),
						murmurhash32((uint32) (key.bucket / ROLLUP_STEP)));
}

static inline bool
same_delta(DeltaKey a, DeltaKey b)
{
	return a.generation == b.generation && a.bucket == b.bucket && strcmp(a.grp, b.grp) == 0;
}

#define SH_PREFIX		deltas
#define SH_ELEMENT_TYPE	Delta
#define SH_KEY_TYPE		DeltaKey
#define SH_KEY			key
#define SH_HASH_KEY(tb, key)	hash_delta(key)
#define SH_EQUAL(tb, a, b)		same_delta(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a)		(a)->hash
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* The deltas of a transaction or subtransaction. */
typedef struct Pending
{
	int			nest_level;
	CommandId	last;			/* the last command that added something */
	deltas_hash *sums;
	struct Pending *outer;
} Pending;

static Pending *pending = NULL; /* the innermost; in TopTransactionContext */

/* The last command of this transaction that wrote deltas, if any */
static CommandId written;
static bool any_written = false;

/* Write deltas before commit once there are this many, or a sum is this large. */
#define MAX_PENDING		20000
#define MAX_SUM			INT64_C(1000000000)

/* Number of rows inserted at once */
#define CHUNK			500

static Delta *
add_delta(Pending *to, int32 objective, DeltaKey key, int64 total, int64 good)
{
	bool		found;
	Delta	   *delta = deltas_insert(to->sums, key, &found);

	if (!found)
	{
		delta->key.grp = MemoryContextStrdup(TopTransactionContext, key.grp);
		delta->objective = objective;
		delta->total = delta->good = 0;
	}
	delta->total += total;
	delta->good += good;
	return delta;
}

/* Discard the innermost level. */
static void
pop_pending(void)
{
	Pending    *gone = pending;
	deltas_iterator i;
	Delta	   *delta;

	pending = gone->outer;
	deltas_start_iterate(gone->sums, &i);
	while ((delta = deltas_iterate(gone->sums, &i)) != NULL)
		pfree(delta->key.grp);
	deltas_destroy(gone->sums);
	pfree(gone);
}

/*
 * Get the level of the current subtransaction.  Levels of committed subtransactions now
 * belong to their parent; they are merged here rather than in the callback, where memory
 * should not be allocated.
 */
static Pending *
current_pending(void)
{
	int			level = GetCurrentTransactionNestLevel();
	Pending    *new;

	while (pending != NULL && pending->outer != NULL &&
		   pending->nest_level == pending->outer->nest_level)
	{
		Pending    *outer = pending->outer;
		deltas_iterator i;
		Delta	   *delta;

		deltas_start_iterate(pending->sums, &i);
		while ((delta = deltas_iterate(pending->sums, &i)) != NULL)
			(void) add_delta(outer, delta->objective, delta->key, delta->total, delta->good);
		outer->last = pending->last;
		pop_pending();
	}
	if (pending != NULL && pending->nest_level == level)
		return pending;
	new = MemoryContextAllocZero(TopTransactionContext, sizeof(Pending));
	new->nest_level = level;
	new->sums = deltas_create(TopTransactionContext, 16, NULL);
	new->outer = pending;
	pending = new;
	return new;
}

static bool
is_void(const Delta *delta)
{
	return delta->key.bucket == VOID_BUCKET;
}

/* State of writing deltas. */
typedef struct DeltaWriter
{
	Relation	rel;
	OwnIndexes	indexes;
	TupleTableSlot *slots[CHUNK];
	int			nslots;			/* number of slots created */
	int			n;				/* number of slots filled */
} DeltaWriter;

static void
open_writer(DeltaWriter *writer)
{
	writer->rel = table_open(own_relation(OWN_ROLLUP_DELTA), RowExclusiveLock);
	own_indexes_open(&writer->indexes, writer->rel);
	writer->nslots = writer->n = 0;
}

static void
flush_writer(DeltaWriter *writer)
{
	if (writer->n == 0)
		return;
	table_multi_insert(writer->rel, writer->slots, writer->n, GetCurrentCommandId(true), 0, NULL);
	own_indexes_add(&writer->indexes, writer->slots, writer->n);
	own_indexes_flush(&writer->indexes);
	for (int i = 0; i < writer->n; i++)
		ExecClearTuple(writer->slots[i]);
	writer->n = 0;
}

static void
close_writer(DeltaWriter *writer)
{
	flush_writer(writer);
	for (int i = 0; i < writer->nslots; i++)
		ExecDropSingleTupleTableSlot(writer->slots[i]);
	own_indexes_close(&writer->indexes);
	table_close(writer->rel, NoLock);
}

static void
write_delta(DeltaWriter *writer, const Delta *delta)
{
	TupleTableSlot *slot;

	if (writer->n == CHUNK)
		flush_writer(writer);
	if (writer->n == writer->nslots)
		writer->slots[writer->nslots++] = table_slot_create(writer->rel, NULL);
	slot = writer->slots[writer->n++];
	memset(slot->tts_isnull, false, DELTA_NCOLUMNS * sizeof(bool));
	slot->tts_values[DELTA_OBJECTIVE] = Int32GetDatum(delta->objective);
	slot->tts_values[DELTA_TOTAL] = Int32GetDatum((int32) delta->total);
	slot->tts_values[DELTA_GOOD] = Int32GetDatum((int32) delta->good);
	slot->tts_values[DELTA_GENERATION] = Int64GetDatum(delta->key.generation);
	slot->tts_values[DELTA_BUCKET] = TimestampTzGetDatum(delta->key.bucket);
	slot->tts_values[DELTA_GRP] = CStringGetTextDatum(delta->key.grp);
	ExecStoreVirtualTuple(slot);
}

/* Write the deltas of a level, and clear it. */
static void
write_pending(Pending *of)
{
	DeltaWriter writer;
	deltas_iterator i;
	Delta	   *delta;

	if (of->sums->members == 0)
		return;
	open_writer(&writer);
	deltas_start_iterate(of->sums, &i);
	while ((delta = deltas_iterate(of->sums, &i)) != NULL)
		if (delta->total != 0 || delta->good != 0 || is_void(delta))
			write_delta(&writer, delta);
	close_writer(&writer);
	written = GetCurrentCommandId(false);
	any_written = true;
	deltas_start_iterate(of->sums, &i);
	while ((delta = deltas_iterate(of->sums, &i)) != NULL)
		pfree(delta->key.grp);
	deltas_reset(of->sums);
}

void
rollup_count(int32 objective, int64 generation, TimestampTz bucket, const char *grp,
			 int64 total, int64 good)
{
	Pending    *to = current_pending();
	DeltaKey	key = {generation, bucket, unconstify(char *, grp)};
	Delta	   *delta = add_delta(to, objective, key, total, good);

	to->last = GetCurrentCommandId(false);
	if (to->sums->members >= MAX_PENDING || delta->total >= MAX_SUM || delta->total <= -MAX_SUM)
		write_pending(to);
}

/*
 * sla.write_rollup_deltas() -> boolean
 *
 * Write deltas now, so that a later statement sees them.  If there are deltas from before
 * the current subtransaction they cannot be written in it, since it may be rolled back;
 * then nothing is written, and the result is false.
 */
PG_FUNCTION_INFO_V1(sla_write_rollup_deltas);
Datum
sla_write_rollup_deltas(PG_FUNCTION_ARGS)
{
	Pending    *current;

	if (pending == NULL)
		PG_RETURN_BOOL(true);
	current = current_pending();
	for (Pending *of = current->outer; of != NULL; of = of->outer)
		if (of->sums->members > 0)
			PG_RETURN_BOOL(false);
	write_pending(current);
	PG_RETURN_BOOL(true);
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	(void) arg;
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			if (pending == NULL)
				break;
			/* required by the server if a value might have to be toasted */
			PushActiveSnapshot(GetTransactionSnapshot());
			for (; pending != NULL; pop_pending())
				write_pending(pending);
			PopActiveSnapshot();
			break;
		case XACT_EVENT_ABORT:
			pending = NULL;
			any_written = false;
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PREPARE:
			any_written = false;
			break;
		default:
			break;
	}
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	int			level = GetCurrentTransactionNestLevel();

	(void) subid;
	(void) parent;
	(void) arg;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		while (pending != NULL && pending->nest_level >= level)
			pop_pending();
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		for (Pending *of = pending; of != NULL && of->nest_level >= level; of = of->outer)
			of->nest_level = level - 1;
}

bool
rollup_pending(int64 generation, Snapshot snapshot, PendingFunction function, void *argument)
{
	/*
	 * Deltas of changes that the snapshot sees may be in rows that it does
	 * not see.
	 */
	if (any_written && written >= snapshot->curcid)
		return false;
	for (Pending *of = pending; of != NULL; of = of->outer)
	{
		deltas_iterator i;
		Delta	   *delta;

		deltas_start_iterate(of->sums, &i);
		while ((delta = deltas_iterate(of->sums, &i)) != NULL)
		{
			if (delta->key.generation != generation)
				continue;
			if (of->last >= snapshot->curcid || is_void(delta))
				return false;
			function(argument, delta->key.bucket, delta->key.grp, delta->total, delta->good);
		}
	}
	return true;
}

void
rollup_delta_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}
