/*-------------------------------------------------------------------------
 *
 * rollup.c
 *	  Reading objectives from their rollups.
 *
 * A rollup is exact at any time: the counts are the sum of the buckets, the deltas that
 * have not been folded into them yet, and what the transaction itself has not written
 * yet.  All of this is read with one snapshot, and folding moves counts from deltas to
 * buckets in one transaction.  If an edge cuts a bucket, the caller counts all pieces of
 * it but one from the facts; that one is what remains (see core/cover.c).
 *
 * A rollup is used only if it is certain that every write was counted.  Other changes of
 * a table (TRUNCATE, attaching and detaching partitions, a rewrite) change its set of
 * files.  To notice that, a fingerprint of the files is stored.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "rollup.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "partitioning/partdesc.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "own_relation.h"
#include "owner_watch.h"
#include "rollup_delta.h"
#include "rollup_trigger.h"

/*
 * Tallies
 */

static inline uint32
hash_group(const char *grp)
{
	return hash_bytes((const unsigned char *) grp, strlen(grp));
}

#define SH_PREFIX		groups
#define SH_ELEMENT_TYPE	TallyGroup
#define SH_KEY_TYPE		const char *
#define SH_KEY			grp
#define SH_HASH_KEY(tb, key)	hash_group(key)
#define SH_EQUAL(tb, a, b)		(strcmp(a, b) == 0)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a)		(a)->hash
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

void
tally_init(Tally *tally, const TimestampTz *edges, int nedges)
{
	tally->nedges = nedges;
	tally->edges = edges;
	tally->context = CurrentMemoryContext;
	tally->groups = groups_create(tally->context, 16, NULL);
	tally->last = NULL;
}

void
tally_add(Tally *tally, const char *grp, int interval, int64 total, int64 good)
{
	TallyGroup *group = tally->last;
	bool		found;

	if (interval < 0)
		return;
	if (group == NULL || strcmp(group->grp, grp) != 0)
	{
		group = groups_insert(tally->groups, grp, &found);
		if (!found)
		{
			group->grp = MemoryContextStrdup(tally->context, grp);
			group->total = MemoryContextAllocZero(tally->context, tally->nedges * sizeof(int64));
			group->good = MemoryContextAllocZero(tally->context, tally->nedges * sizeof(int64));
		}
		tally->last = group;
	}
	group->total[interval] += total;
	group->good[interval] += good;
}

void
tally_add_part(Tally *tally, const char *grp, const CoverPart *part, int64 total, int64 good)
{
	tally_add(tally, grp, part->add, total, good);
	tally_add(tally, grp, part->subtract, -total, -good);
}

TallyGroup *
tally_next(Tally *tally, void **cursor)
{
	groups_iterator *i = *cursor;

	if (i == NULL)
	{
		i = palloc(sizeof(groups_iterator));
		groups_start_iterate(tally->groups, i);
		*cursor = i;
	}
	return groups_iterate(tally->groups, i);
}

/*
 * Files
 */

static void
add_to_fingerprint(uint64 *fingerprint, Oid relid, Form_pg_class form)
{
	*fingerprint ^= hash_bytes_uint32_extended(relid, form->relfilenode);
}

/*
 * Compute the fingerprint of the files of a table and its partitions, which does not
 * depend on their order.  Returns NULL, or the reason why the table cannot have rollups.
 * If has_new_file is not NULL, set it if a file was created in this transaction.
 */
static const char *
fingerprint_of(Relation rel, uint64 *fingerprint, bool *has_new_file)
{
	PartitionDesc partitions;

	add_to_fingerprint(fingerprint, RelationGetRelid(rel), rel->rd_rel);
	if (has_new_file != NULL)
		*has_new_file |= rel->rd_createSubid != InvalidSubTransactionId || rel_has_new_file(rel);
	if (rel->rd_rel->relpersistence != RELPERSISTENCE_PERMANENT)
		return "the table is not logged";
	switch (rel->rd_rel->relkind)
	{
		case RELKIND_RELATION:
			if (rel->rd_rel->relhassubclass &&
				find_inheritance_children(RelationGetRelid(rel), NoLock) != NIL)
				return "the table has children by inheritance";
			return NULL;
		case RELKIND_FOREIGN_TABLE:
			return "a table is foreign";
		case RELKIND_PARTITIONED_TABLE:
			break;
		default:
			return "it is not a table";
	}
	partitions = RelationGetPartitionDesc(rel, true);
	for (int i = 0; i < partitions->nparts; i++)
	{
		const char *problem = NULL;

		if (partitions->is_leaf[i] && has_new_file == NULL)
		{
			HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(partitions->oids[i]));

			if (!HeapTupleIsValid(tuple))
				return "the table is being changed";
			add_to_fingerprint(fingerprint, partitions->oids[i], (Form_pg_class) GETSTRUCT(tuple));
			ReleaseSysCache(tuple);
		}
		else
		{
			Relation	partition = owner_watch_open(partitions->oids[i]);

			problem = fingerprint_of(partition, fingerprint, has_new_file);
			relation_close(partition, NoLock);
		}
		if (problem != NULL)
			return problem;
	}
	return NULL;
}

/* sla.rollup_fingerprint(relation) -> bigint */
PG_FUNCTION_INFO_V1(sla_rollup_fingerprint);
Datum
sla_rollup_fingerprint(PG_FUNCTION_ARGS)
{
	Relation	rel = owner_watch_open(PG_GETARG_OID(0));
	uint64		fingerprint = 0;

	(void) fingerprint_of(rel, &fingerprint, NULL);
	relation_close(rel, NoLock);
	PG_RETURN_INT64((int64) fingerprint);
}

/*
 * The state of a rollup
 */

/* The columns of sla.rollup, up to the last one read here. */
enum
{
	ROLLUP_OBJECTIVE,
	ROLLUP_GENERATION,
	ROLLUP_FINGERPRINT,
	ROLLUP_IS_BUILT,
	ROLLUP_NCOLUMNS
};

typedef struct RollupState
{
	int64		generation;
	uint64		fingerprint;
	bool		is_built;
} RollupState;

static bool
read_state(int32 objective, RollupState *state)
{
	Relation	rel = table_open(own_relation(OWN_ROLLUP), AccessShareLock);
	Relation	index = index_open(own_relation(OWN_ROLLUP_PKEY), AccessShareLock);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	IndexScanDesc scan = index_beginscan_compat(rel, index, GetActiveSnapshot(), 1);
	ScanKeyData key;
	bool		found;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(objective));
	index_rescan(scan, &key, 1, NULL, 0);
	found = index_getnext_slot(scan, ForwardScanDirection, slot);
	if (found)
	{
		slot_getsomeattrs(slot, ROLLUP_NCOLUMNS);
		state->generation = DatumGetInt64(slot->tts_values[ROLLUP_GENERATION]);
		state->fingerprint = (uint64) DatumGetInt64(slot->tts_values[ROLLUP_FINGERPRINT]);
		state->is_built = DatumGetBool(slot->tts_values[ROLLUP_IS_BUILT]);
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, NoLock);
	table_close(rel, NoLock);
	return found;
}

/*
 * Why it is not certain that all writes have been counted, or NULL.
 */
static const char *
why_not_followed(Relation rel, RollupOf of, int32 objective, int64 generation)
{
	if (of == ROLLUP_OF_CLOCKS)
		return NULL;
	if (!rollup_is_followed(rel, objective, generation))
		return "its trigger is missing or disabled";

	/*
	 * a running statement may have written rows whose triggers have not fired
	 * yet
	 */
	if (rel->rd_refcnt > 1)
		return "a running statement uses the table";
	return NULL;
}

/* Why a rollup cannot be used, or NULL; also reads its state. */
static const char *
why_not(Relation rel, RollupOf of, int32 objective, RollupState *state)
{
	const char *problem;
	uint64		fingerprint = 0;

	if (!read_state(objective, state))
		return "there is none";
	if (!state->is_built)
		return "it is not built";
	problem = fingerprint_of(rel, &fingerprint, NULL);
	if (problem != NULL)
		return problem;
	if (fingerprint != state->fingerprint)
		return "the table was changed otherwise than by writing rows";
	return why_not_followed(rel, of, objective, state->generation);
}

const char *
rollup_problem(Relation rel, RollupOf of, int32 objective)
{
	RollupState state;

	return why_not(rel, of, objective, &state);
}

const char *
rollup_obstacle(Relation rel, RollupOf of, int32 objective)
{
	RollupState state;
	uint64		fingerprint = 0;
	bool		has_new_file = false;
	const char *problem = fingerprint_of(rel, &fingerprint, &has_new_file);

	if (problem != NULL)
		return problem;
	if (!read_state(objective, &state))
		return "there is none";
	/* a new table can be truncated in place, which would go unnoticed */
	if (has_new_file)
		return "the table is new in this transaction";
	return why_not_followed(rel, of, objective, state.generation);
}

/*
 * Planning
 */

/* Sizes of the buckets of each level in sla.rollup_bucket */
static const int64 steps[] = {USECS_PER_DAY, USECS_PER_HOUR, ROLLUP_STEP};

#define LEVELS	((int) lengthof(steps))

/* With more pieces than this, scan the relation instead. */
#define MAX_PIECES	200

typedef struct Plan
{
	Tally	   *tally;
	Cover		cover;
	CoverPart  *parts[LEVELS + 1];
	int			nparts[LEVELS + 1];
} Plan;

static bool
make_plan(Plan *plan, Tally *tally)
{
	int			n = tally->nedges;

	if (TIMESTAMP_NOT_FINITE(tally->edges[0]) || TIMESTAMP_NOT_FINITE(tally->edges[n - 1]))
		return false;
	plan->tally = tally;
	for (int i = 0; i <= LEVELS; i++)
		plan->parts[i] = palloc(COVER_MAX_PARTS(n) * sizeof(CoverPart));
	plan->cover = (Cover)
	{
		tally->edges, n, steps, LEVELS, plan->parts, plan->nparts, palloc(COVER_MAX_CUTS(n) * sizeof(CoverCut)), 0
	};
	cover_plan(&plan->cover, GetCurrentTimestamp());
	return plan->nparts[LEVELS] <= MAX_PIECES;
}

/*
 * Counting
 */

static void
count_bucket(void *argument, TimestampTz bucket, const char *grp, int64 total, int64 good)
{
	Plan	   *plan = argument;

	tally_add(plan->tally, grp, cover_interval(&plan->cover, bucket), total, good);
}

/* Copy the name of a group from a row into a buffer. */
static const char *
group_of(Datum value, char *buffer)
{
	struct varlena *packed = PG_DETOAST_DATUM_PACKED(value);
	int			length = VARSIZE_ANY_EXHDR(packed);

	if (length > MAX_GROUP_BYTES)
		elog(ERROR, "a group of a rollup is too long");
	memcpy(buffer, VARDATA_ANY(packed), length);
	buffer[length] = '\0';
	return buffer;
}

/* The columns of sla.rollup_bucket. */
enum
{
	BUCKET_OBJECTIVE,
	BUCKET_LEVEL,
	BUCKET_BUCKET,
	BUCKET_TOTAL,
	BUCKET_GOOD,
	BUCKET_GRP,
	BUCKET_NCOLUMNS
};

/* An index descent costs about as much as reading this many buckets. */
#define MAX_GAP	12

/* Count the parts of a level, using one index scan for parts that are close together. */
static void
count_level(Plan *plan, int32 objective, int level, IndexScanDesc scan, TupleTableSlot *slot)
{
	const CoverPart *part = plan->parts[level];
	const CoverPart *end = part + plan->nparts[level];
	char		grp[MAX_GROUP_BYTES + 1];

	while (part < end)
	{
		const CoverPart *last = part;
		ScanKeyData keys[4];

		while (last + 1 < end && last[1].from - last->to <= MAX_GAP * steps[level])
			last++;
		ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(objective));
		ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT2EQ, Int16GetDatum((int16) level));
		ScanKeyInit(&keys[2], 3, BTGreaterEqualStrategyNumber, F_TIMESTAMPTZ_GE, TimestampTzGetDatum(part->from));
		ScanKeyInit(&keys[3], 3, BTLessStrategyNumber, F_TIMESTAMPTZ_LT, TimestampTzGetDatum(last->to));
		index_rescan(scan, keys, lengthof(keys), NULL, 0);
		while (index_getnext_slot(scan, ForwardScanDirection, slot))
		{
			TimestampTz bucket;
			const char *group;
			int64		total;
			int64		good;

			slot_getsomeattrs(slot, BUCKET_NCOLUMNS);
			bucket = DatumGetTimestampTz(slot->tts_values[BUCKET_BUCKET]);
			while (part->to <= bucket)
				part++;
			if (bucket < part->from)
				continue;
			group = group_of(slot->tts_values[BUCKET_GRP], grp);
			total = DatumGetInt64(slot->tts_values[BUCKET_TOTAL]);
			good = DatumGetInt64(slot->tts_values[BUCKET_GOOD]);
			tally_add_part(plan->tally, group, part, total, good);
		}
		part = last + 1;
	}
}

static void
count_buckets(Plan *plan, int32 objective)
{
	Relation	rel = table_open(own_relation(OWN_ROLLUP_BUCKET), AccessShareLock);
	Relation	index = index_open(own_relation(OWN_ROLLUP_BUCKET_PKEY), AccessShareLock);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	IndexScanDesc scan = index_beginscan_compat(rel, index, GetActiveSnapshot(), 4);

	for (int level = 0; level < LEVELS; level++)
		count_level(plan, objective, level, scan, slot);
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, NoLock);
	table_close(rel, NoLock);
}

/*
 * Call a function for all stored deltas of an objective and generation.  Returns false if
 * one says that something could not be counted.
 */
static bool
each_delta(int32 objective, int64 generation, PendingFunction function, void *argument)
{
	Relation	rel = table_open(own_relation(OWN_ROLLUP_DELTA), AccessShareLock);
	Relation	index = index_open(own_relation(OWN_ROLLUP_DELTA_OBJECTIVE_IDX), AccessShareLock);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	IndexScanDesc scan = index_beginscan_compat(rel, index, GetActiveSnapshot(), 1);
	ScanKeyData key;
	bool		is_good = true;
	char		grp[MAX_GROUP_BYTES + 1];

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(objective));
	index_rescan(scan, &key, 1, NULL, 0);
	while (is_good && index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		TimestampTz bucket;

		slot_getsomeattrs(slot, DELTA_NCOLUMNS);
		if (DatumGetInt64(slot->tts_values[DELTA_GENERATION]) != generation)
			continue;
		bucket = DatumGetTimestampTz(slot->tts_values[DELTA_BUCKET]);
		if (bucket == VOID_BUCKET)
			is_good = false;
		else
			function(argument, bucket, group_of(slot->tts_values[DELTA_GRP], grp),
					 DatumGetInt32(slot->tts_values[DELTA_TOTAL]),
					 DatumGetInt32(slot->tts_values[DELTA_GOOD]));
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, NoLock);
	table_close(rel, NoLock);
	return is_good;
}

const char *
rollup_counts(Relation rel, RollupOf of, int32 objective, Tally *tally, CoverPart **pieces, int *npieces)
{
	RollupState state;
	Plan		plan;
	const char *problem = why_not(rel, of, objective, &state);

	if (problem != NULL)
		return problem;
	if (!make_plan(&plan, tally))
		return "the edges do not go by its buckets";
	if (!rollup_pending(state.generation, GetActiveSnapshot(), count_bucket, &plan))
		return "this transaction has written since";
	if (!each_delta(objective, state.generation, count_bucket, &plan))
		return "a row could not be counted";
	count_buckets(&plan, objective);
	*pieces = plan.parts[LEVELS];
	*npieces = plan.nparts[LEVELS];
	return NULL;
}

/*
 * Marks
 */

static void
add_mark(void *argument, TimestampTz bucket, const char *grp, int64 total, int64 good)
{
	ArrayBuildState **marks = argument;

	(void) grp;
	(void) total;
	(void) good;
	*marks = accumArrayResult(*marks, TimestampTzGetDatum(bucket), false, TIMESTAMPTZOID, CurrentMemoryContext);
}

static bool
is_file_of_clocks(uint64 expected)
{
	Relation	rel = table_open(own_relation(OWN_CLOCK_STATE), AccessShareLock);
	uint64		fingerprint = 0;
	const char *problem = fingerprint_of(rel, &fingerprint, NULL);

	table_close(rel, NoLock);
	return problem == NULL && fingerprint == expected;
}

/*
 * May the current role read reports of attainment?  Anyone can call functions that are
 * used in views, but the days marked are information.
 */
static bool
may_read_attainment(void)
{
	static const char *const views[] = {"report_attainment", "report_attainment_history"};
	Oid			schema = get_namespace_oid("sla", false);

	for (size_t i = 0; i < lengthof(views); i++)
		if (pg_class_aclcheck(get_relname_relid(views[i], schema), GetUserId(), ACL_SELECT) == ACLCHECK_OK)
			return true;
	return false;
}

/*
 * sla.month_marks(fingerprint) -> timestamptz[]
 *
 * The days on which clocks in kept months have changed, for readers of attainment.
 * Contains -infinity if they cannot be determined.
 */
PG_FUNCTION_INFO_V1(sla_month_marks);
Datum
sla_month_marks(PG_FUNCTION_ARGS)
{
	ArrayBuildState *marks = initArrayResult(TIMESTAMPTZOID, CurrentMemoryContext, false);

	if (PG_ARGISNULL(0) || !may_read_attainment() || !is_file_of_clocks((uint64) PG_GETARG_INT64(0)) ||
		!rollup_pending(MARK_GENERATION, GetActiveSnapshot(), add_mark, &marks) ||
		!each_delta(MARK_OBJECTIVE, MARK_GENERATION, add_mark, &marks))
		add_mark(&marks, DT_NOBEGIN, "", 1, 0);
	PG_RETURN_DATUM(makeArrayResult(marks, CurrentMemoryContext));
}
