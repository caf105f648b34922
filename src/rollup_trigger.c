/*-------------------------------------------------------------------------
 *
 * rollup_trigger.c
 *	  What a transaction's writes change of the objectives over a table.
 *
 * The row trigger counts the old and the new version of each row written, in
 * memory; when the transaction commits, the sums are appended to
 * sla.rollup_delta, one row for each objective, bucket and group.  Nothing that
 * another transaction writes is touched, so that nobody waits.
 *
 * What the trigger needs to know is in its arguments, five for each objective:
 * its number, the generation of its rollup, its time zone, and its bounds or
 * empty strings.  Who changes an objective's expressions replaces the trigger,
 * under a lock that waits for writers: each counts by one definition, the one
 * whose generation it writes down.
 *
 * A write never fails for an objective's sake: where an expression does, the
 * rollup is void.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "rollup_trigger.h"

#include "access/heapam.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/tupconvert.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "common/hashfn.h"
#include "executor/executor.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "attempt.h"
#include "fence.h"
#include "own_indexes.h"
#include "own_relation.h"
#include "relation_watch.h"
#include "rules.h"

/*
 * Sums that are not written yet
 */

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

/* Those of one transaction or subtransaction. */
typedef struct Pending
{
	int			nest_level;
	CommandId	last;			/* the latest command that added something */
	deltas_hash *sums;
	struct Pending *outer;
} Pending;

static Pending *pending = NULL; /* the innermost; in TopTransactionContext */

/* So many are written at once. */
#define MAX_PENDING		20000
#define MAX_SUM			INT64_C(1000000000)
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

/* Forget the innermost. */
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
 * Those of the running subtransaction.  One that committed left its own, which
 * are of this level now: they are put together here, where memory may be asked
 * for.
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

/* Where deltas are written. */
typedef struct DeltaWriter
{
	Relation	rel;
	OwnIndexes	indexes;
	TupleTableSlot *slots[CHUNK];
	int			nslots;			/* that are made */
	int			n;				/* that are filled */
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
	own_indexes_insert(&writer->indexes, writer->slots, writer->n);
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

/* Write down one level's sums, and forget them. */
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
	deltas_start_iterate(of->sums, &i);
	while ((delta = deltas_iterate(of->sums, &i)) != NULL)
		pfree(delta->key.grp);
	deltas_reset(of->sums);
}

static void
count_delta(int32 objective, int64 generation, TimestampTz bucket, const char *grp,
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
 * So that a statement after this one sees them.  What was counted before a
 * subtransaction began cannot be written in it, which may yet be rolled back:
 * then nothing is, and it returns false.
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
			/* (the server wants one where a value might be toasted) */
			PushActiveSnapshot(GetTransactionSnapshot());
			for (; pending != NULL; pop_pending())
				write_pending(pending);
			PopActiveSnapshot();
			break;
		case XACT_EVENT_ABORT:
			pending = NULL;
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

/*
 * What a trigger counts
 */

/* An objective, as the arguments of the trigger say. */
typedef struct Measure
{
	int32		id;
	int64		generation;
	char	   *time_zone;
	bool		has_at_most;
	bool		has_at_least;
	double		at_most;
	double		at_least;
	ExprState  *at;
	ExprState  *total;			/* the rest may be NULL */
	ExprState  *good;
	ExprState  *value;
	ExprState  *group;
	bool		is_tame;		/* all of these are */
} Measure;

#define ARGUMENTS	5

/* A trigger of a table, or of one of its partitions. */
typedef struct Rolled
{
	Oid			trigger;		/* key */
	Oid			relid;
	Oid			root;			/* the table that the objectives are over */
	Oid			owner;
	bool		is_stale;
	bool		is_busy;		/* evaluating, or failed at it */
	MemoryContext context;
	ExprContext *econtext;
	Bitmapset  *columns;		/* that expressions read, offset; of this
								 * table */
	bool		whole_row;
	AttrMap    *map;			/* of its rows to the root's, or NULL */
	TupleTableSlot *slot;
	int			sqlstate;		/* why nothing can be counted, or 0 */
	int			nmeasures;
	Measure    *measures;
} Rolled;

typedef struct RolledSlot
{
	Oid			trigger;
	Rolled	   *rolled;
} RolledSlot;

static HTAB *all_rolled = NULL; /* by trigger: RolledSlot */

static void
forget_rolled(Oid relid)
{
	HASH_SEQ_STATUS status;
	RolledSlot *slot;

	if (all_rolled == NULL)
		return;
	hash_seq_init(&status, all_rolled);
	while ((slot = hash_seq_search(&status)) != NULL)
		if (slot->rolled != NULL &&
			(!OidIsValid(relid) || slot->rolled->relid == relid || slot->rolled->root == relid))
			slot->rolled->is_stale = true;
}

static void
relation_changed(Oid relid)
{
	forget_rolled(relid);
}

static void
syscache_callback(Datum arg, int cacheid, uint32 hashvalue)
{
	(void) arg;
	(void) cacheid;
	(void) hashvalue;
	forget_rolled(InvalidOid);
}

void
rollup_trigger_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
	relation_watch(relation_changed);
	CacheRegisterSyscacheCallback(PROCOID, syscache_callback, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHOID, syscache_callback, (Datum) 0);
}

static ExprState *
compile(Rolled *rolled, Relation root, Measure *measure, const char *column)
{
	Expr	   *expr;

	if (!rule_exists(root->rd_rel->reltype, "objective", measure->id, column))
		return NULL;
	expr = rule_expression(root, "objective", measure->id, column);
	rolled->columns = rule_columns(rolled->columns, expr);
	measure->is_tame &= rule_is_tame(expr);
	return ExecInitExpr(expr, NULL);
}

/* The table, of this one and those it is a partition of, that an objective is over. */
static Oid
find_root(Relation rel, int32 objective)
{
	List	   *tables = list_make1_oid(RelationGetRelid(rel));
	ListCell   *cell;

	if (rel->rd_rel->relispartition)
		tables = list_concat(tables, get_partition_ancestors(RelationGetRelid(rel)));
	foreach(cell, tables)
		if (rule_exists(get_rel_type_id(lfirst_oid(cell)), "objective", objective, "at"))
		return lfirst_oid(cell);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_FUNCTION),
			 errmsg("objective %d is not over table \"%s\"", objective, RelationGetRelationName(rel))));
}

typedef struct CompileTask
{
	Rolled	   *rolled;
	Relation	rel;
} CompileTask;

static void
compile_measures(void *argument)
{
	CompileTask *task = argument;
	Rolled	   *rolled = task->rolled;
	MemoryContext old = MemoryContextSwitchTo(rolled->context);
	Relation	root;
	Fence		fence;

	rolled->root = find_root(task->rel, rolled->measures[0].id);
	root = table_open(rolled->root, AccessShareLock);
	rolled->owner = root->rd_rel->relowner;
	rolled->econtext = CreateStandaloneExprContext();
	for (int i = 0; i < rolled->nmeasures; i++)
	{
		Measure    *measure = &rolled->measures[i];

		fence_enter(&fence, rolled->owner);
		fence_settings(measure->time_zone);
		measure->is_tame = true;
		measure->at = compile(rolled, root, measure, "at");
		if (measure->at == NULL)
			(void) rule_expression(root, "objective", measure->id, "at");	/* raises the error */
		measure->total = compile(rolled, root, measure, "total_when");
		measure->good = compile(rolled, root, measure, "good_when");
		measure->value = compile(rolled, root, measure, "value");
		measure->group = compile(rolled, root, measure, "group_by");
		fence_leave(&fence);
	}
	rolled->whole_row = bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, rolled->columns);
	if (rolled->root != rolled->relid)
	{
		AttrMap    *columns = build_attrmap_by_name_compat(RelationGetDescr(task->rel), RelationGetDescr(root));

		rolled->columns = rule_map_columns(rolled->columns, columns);
		rolled->map = build_attrmap_by_name_if_req_compat(RelationGetDescr(task->rel), RelationGetDescr(root));
		if (rolled->map != NULL)
			rolled->slot = MakeSingleTupleTableSlot(CreateTupleDescCopy(RelationGetDescr(root)),
													&TTSOpsVirtual);
	}
	table_close(root, NoLock);
	MemoryContextSwitchTo(old);
}

static double
bound(const char *argument, bool *given)
{
	*given = argument[0] != '\0';
	return *given ? DatumGetFloat8(DirectFunctionCall1(float8in, CStringGetDatum(argument))) : 0;
}

static Rolled *
read_trigger(const TriggerData *trigdata)
{
	const Trigger *trigger = trigdata->tg_trigger;
	MemoryContext context = AllocSetContextCreate(TopTransactionContext, "sla_tracker rollup",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Rolled	   *rolled = palloc0(sizeof(Rolled));
	CompileTask task = {rolled, trigdata->tg_relation};

	rolled->trigger = trigger->tgoid;
	rolled->relid = RelationGetRelid(trigdata->tg_relation);
	rolled->context = context;
	rolled->nmeasures = trigger->tgnargs / ARGUMENTS;
	rolled->measures = palloc0(rolled->nmeasures * sizeof(Measure));
	for (int i = 0; i < rolled->nmeasures; i++)
	{
		char	  **arguments = &trigger->tgargs[i * ARGUMENTS];
		Measure    *measure = &rolled->measures[i];

		measure->id = pg_strtoint32(arguments[0]);
		measure->generation = pg_strtoint64(arguments[1]);
		measure->time_zone = pstrdup(arguments[2]);
		measure->at_most = bound(arguments[3], &measure->has_at_most);
		measure->at_least = bound(arguments[4], &measure->has_at_least);
	}
	MemoryContextSwitchTo(old);
	rolled->sqlstate = attempt(compile_measures, &task);
	return rolled;
}

/* What a trigger counts; that which is being evaluated is left alone and read anew. */
static Rolled *
rolled_of(const TriggerData *trigdata)
{
	Oid			trigger = trigdata->tg_trigger->tgoid;
	RolledSlot *slot;
	Rolled	   *rolled;
	bool		found;

	if (all_rolled == NULL)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = sizeof(Oid);
		ctl.entrysize = sizeof(RolledSlot);
		all_rolled = hash_create("sla_tracker rollups", 16, &ctl, HASH_ELEM | HASH_BLOBS);
	}
	slot = hash_search(all_rolled, &trigger, HASH_FIND, NULL);
	if (slot != NULL && slot->rolled != NULL && !slot->rolled->is_stale && !slot->rolled->is_busy)
		return slot->rolled;
	rolled = read_trigger(trigdata);
	slot = hash_search(all_rolled, &trigger, HASH_ENTER, &found);
	if (found && slot->rolled != NULL)
		MemoryContextSetParent(slot->rolled->context, TopTransactionContext);
	slot->rolled = rolled;
	MemoryContextSetParent(rolled->context, CacheMemoryContext);
	return rolled;
}

/*
 * Counting
 */

typedef struct CountTask
{
	Rolled	   *rolled;
	Measure    *measure;
	TupleTableSlot *slot;		/* of the root's type */
	bool		counts;			/* results */
	bool		is_good;
	TimestampTz at;
	const char *grp;
	MemoryContext context;		/* for that */
} CountTask;

static Datum
evaluate(CountTask *task, ExprState *expr, bool *isnull)
{
	return ExecEvalExprSwitchContext(expr, task->rolled->econtext, isnull);
}

static bool
condition(CountTask *task, ExprState *expr)
{
	bool		isnull;
	Datum		value = evaluate(task, expr, &isnull);

	return !isnull && DatumGetBool(value);
}

static void
count_row(void *argument)
{
	CountTask  *task = argument;
	Measure    *measure = task->measure;
	bool		isnull;
	Datum		value;

	task->rolled->econtext->ecxt_scantuple = task->slot;
	task->counts = false;
	value = evaluate(task, measure->at, &isnull);
	if (isnull || TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(value)))
		return;
	task->at = DatumGetTimestampTz(value);
	if (measure->total != NULL && !condition(task, measure->total))
		return;
	if (measure->value != NULL)
	{
		double		number;

		value = evaluate(task, measure->value, &isnull);
		if (isnull)
			return;
		number = DatumGetFloat8(value);
		task->is_good = (!measure->has_at_most || float8_le(number, measure->at_most)) &&
			(!measure->has_at_least || float8_ge(number, measure->at_least));
	}
	else
		task->is_good = condition(task, measure->good);
	task->grp = "";
	if (measure->group != NULL)
	{
		value = evaluate(task, measure->group, &isnull);
		if (!isnull)
			task->grp = MemoryContextStrdup(task->context, TextDatumGetCString(value));
	}
	task->counts = true;
}

/* The same as the table's owner. */
static void
count_row_fenced(void *argument)
{
	CountTask  *task = argument;
	Fence		fence;

	fence_enter_no_rls(&fence, task->rolled->owner);
	fence_settings(task->measure->time_zone);
	count_row(task);
	fence_leave(&fence);
}

/* Count one version of a row, with a sign. */
static void
count_version(Rolled *rolled, TupleTableSlot *slot, int sign)
{
	CountTask	task = {rolled};

	task.slot = rolled->map == NULL ? slot : execute_attr_map_slot(rolled->map, slot, rolled->slot);
	task.context = rolled->econtext->ecxt_per_tuple_memory;
	for (int i = 0; i < rolled->nmeasures; i++)
	{
		Measure    *measure = &rolled->measures[i];
		int			sqlstate = 0;

		task.measure = measure;
		if (measure->is_tame)
			count_row(&task);
		else
			sqlstate = attempt(count_row_fenced, &task);
		if (sqlstate == 0 && task.counts && strlen(task.grp) > MAX_GROUP_BYTES)
			sqlstate = ERRCODE_PROGRAM_LIMIT_EXCEEDED;
		if (sqlstate != 0)
			count_delta(measure->id, measure->generation, VOID_BUCKET, unpack_sql_state(sqlstate), 1, 0);
		else if (task.counts)
			count_delta(measure->id, measure->generation, rollup_floor(task.at, ROLLUP_STEP), task.grp,
						sign, task.is_good ? sign : 0);
	}
	ResetExprContext(rolled->econtext);
}

/*
 * sla.rollup_row(objective, generation, time_zone, at_most, at_least, ...) -> trigger
 *
 * AFTER ROW.
 */
PG_FUNCTION_INFO_V1(sla_rollup_row);
Datum
sla_rollup_row(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	Rolled	   *rolled;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigdata->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired AFTER, FOR EACH ROW", "rollup_row")));
	if (trigdata->tg_trigger->tgnargs == 0 || trigdata->tg_trigger->tgnargs % ARGUMENTS != 0)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\": function \"%s\" takes %d arguments for each objective",
						trigdata->tg_trigger->tgname, "rollup_row", ARGUMENTS)));
	rolled = rolled_of(trigdata);
	if (rolled->sqlstate != 0)
	{
		for (int i = 0; i < rolled->nmeasures; i++)
			count_delta(rolled->measures[i].id, rolled->measures[i].generation, VOID_BUCKET,
						unpack_sql_state(rolled->sqlstate), 1, 0);
		return PointerGetDatum(NULL);
	}
	if (TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) && !rolled->whole_row &&
		!rule_columns_differ(trigdata->tg_relation, rolled->columns, trigdata->tg_trigslot, trigdata->tg_newslot))
		return PointerGetDatum(NULL);
	rolled->is_busy = true;
	count_version(rolled, trigdata->tg_trigslot, TRIGGER_FIRED_BY_INSERT(trigdata->tg_event) ? 1 : -1);
	if (TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
		count_version(rolled, trigdata->tg_newslot, 1);
	rolled->is_busy = false;
	return PointerGetDatum(NULL);
}

bool
rollup_is_followed(Relation rel, int32 objective, int64 generation)
{
	TriggerDesc *triggers = rel->trigdesc;
	Oid			function;

	if (triggers == NULL)
		return false;
	function = LookupFuncName(list_make2(makeString("sla"), makeString("rollup_row")), 0, NULL, true);
	for (int i = 0; i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];

		if (trigger->tgfoid != function || trigger->tgenabled != TRIGGER_FIRES_ALWAYS)
			continue;
		for (int j = 0; j + ARGUMENTS <= trigger->tgnargs; j += ARGUMENTS)
			if (pg_strtoint32(trigger->tgargs[j]) == objective &&
				pg_strtoint64(trigger->tgargs[j + 1]) == generation)
				return true;
	}
	return false;
}
