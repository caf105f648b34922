/*-------------------------------------------------------------------------
 *
 * piece_counts.c
 *	  Sharing counts of pieces of buckets among the objectives of a statement.
 *
 * A dashboard reads all objectives, and often many are over the same table.  The edges of
 * their windows then cut the same buckets, and the rows in these pieces would be read
 * again for each.  So when a second objective needs the same pieces, their rows are read
 * once for all objectives that the table's trigger counts by the same instant.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "piece_counts.h"

#include "access/htup_details.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* Identifies a snapshot. */
typedef struct SnapshotKey
{
	TransactionId xmin;
	TransactionId xmax;
	uint32		xcnt;
	CommandId	curcid;
	uint64		completed;
} SnapshotKey;

struct PieceCounts
{
	MemoryContext context;		/* of pieces, objectives and tallies */
	Oid			relid;			/* InvalidOid if nothing was counted yet */
	SnapshotKey snapshot;
	int			npieces;
	CoverPart  *pieces;			/* sorted */
	int64		rows;			/* maximal number of rows that an objective
								 * had in them */
	int			nobjectives;	/* number of objectives counted */
	int32	   *objectives;
	Tally	   *tallies;		/* for each objective, by piece */
};

PieceCounts *
piece_counts_of(FunctionCallInfo fcinfo)
{
	if (fcinfo->flinfo->fn_extra == NULL)
	{
		PieceCounts *counts = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(PieceCounts));

		counts->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "sla_tracker pieces", ALLOCSET_SMALL_SIZES);
		fcinfo->flinfo->fn_extra = counts;
	}
	return fcinfo->flinfo->fn_extra;
}

static SnapshotKey
snapshot_key(void)
{
	Snapshot	snapshot = GetActiveSnapshot();
	SnapshotKey key;

	memset(&key, 0, sizeof(key));
	key.xmin = snapshot->xmin;
	key.xmax = snapshot->xmax;
	key.xcnt = snapshot->xcnt;
	key.curcid = snapshot->curcid;
	key.completed = snapshot->snapXactCompletionCount;
	return key;
}

bool
piece_counts_again(PieceCounts *counts, Relation rel, const CoverPart *pieces, int n)
{
	SnapshotKey snapshot = snapshot_key();
	bool		same = counts->relid == RelationGetRelid(rel) && counts->npieces == n &&
		memcmp(&counts->snapshot, &snapshot, sizeof(snapshot)) == 0;

	for (int i = 0; i < n && same; i++)
		same = counts->pieces[i].from == pieces[i].from && counts->pieces[i].to == pieces[i].to;
	if (same)
		return true;
	MemoryContextReset(counts->context);
	counts->relid = RelationGetRelid(rel);
	counts->snapshot = snapshot;
	counts->npieces = n;
	counts->pieces = MemoryContextAlloc(counts->context, n * sizeof(CoverPart));
	memcpy(counts->pieces, pieces, n * sizeof(CoverPart));
	counts->rows = 0;
	counts->nobjectives = 0;
	return false;
}

void
piece_counts_told(PieceCounts *counts, int64 rows)
{
	counts->rows = Max(counts->rows, rows);
}

bool
piece_counts_is_worth(const PieceCounts *counts, const RollupPass *pass)
{
	return counts->nobjectives == 0 && pass->n > 1 && counts->rows <= PIECE_COUNTS_MAX / pass->n;
}

static void
count_one(void *argument, int i, TimestampTz at, const char *grp, bool is_good)
{
	PieceCounts *counts = argument;

	for (int piece = 0; piece < counts->npieces; piece++)
		if (at >= counts->pieces[piece].from && at < counts->pieces[piece].to)
			tally_add(&counts->tallies[i], grp, piece, 1, is_good ? 1 : 0);
}

void
piece_counts_rows(PieceCounts *counts, Relation rel, const RollupPass *pass)
{
	TupleDesc	desc = SPI_tuptable->tupdesc;
	TupleTableSlot *slot;
	MemoryContext old;

	piece_counts_told(counts, SPI_processed);
	if (!piece_counts_is_worth(counts, pass))
		return;
	old = MemoryContextSwitchTo(counts->context);
	slot = MakeSingleTupleTableSlot(RelationGetDescr(rel), &TTSOpsVirtual);
	counts->objectives = palloc(pass->n * sizeof(int32));
	memcpy(counts->objectives, pass->objectives, pass->n * sizeof(int32));
	counts->tallies = palloc(pass->n * sizeof(Tally));
	for (int i = 0; i < pass->n; i++)
		tally_init(&counts->tallies[i], NULL, counts->npieces + 1);
	memset(slot->tts_isnull, true, RelationGetDescr(rel)->natts * sizeof(bool));
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		ExecClearTuple(slot);
		heap_deform_tuple(SPI_tuptable->vals[row], desc, slot->tts_values, slot->tts_isnull);
		ExecStoreVirtualTuple(slot);
		rollup_pass_row(pass, slot, count_one, counts);
	}
	ExecDropSingleTupleTableSlot(slot);
	counts->nobjectives = pass->n;
	MemoryContextSwitchTo(old);
}

bool
piece_counts_add(PieceCounts *counts, int32 objective, Tally *tally, const CoverPart *pieces)
{
	for (int i = 0; i < counts->nobjectives; i++)
	{
		void	   *cursor = NULL;
		TallyGroup *group;

		if (counts->objectives[i] != objective)
			continue;
		while ((group = tally_next(&counts->tallies[i], &cursor)) != NULL)
			for (int piece = 0; piece < counts->npieces; piece++)
				tally_add_part(tally, group->grp, &pieces[piece], group->total[piece], group->good[piece]);
		return true;
	}
	return false;
}
