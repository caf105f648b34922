/*-------------------------------------------------------------------------
 *
 * rollup_trigger.c
 *	  The trigger that counts writes to a table for the rollups of objectives.
 *
 * This row trigger subtracts the old version of each row written and adds the new one
 * (see rollup_delta.c).
 *
 * The trigger has five arguments for each objective: its id, the generation of its
 * rollup, its time zone, and its two bounds, which may be empty.  When an objective is
 * changed the trigger is replaced, with a lock that waits for writers.  So each writer
 * uses the definition that belongs to the generation under which it counts.
 *
 * Writes never fail because of an objective.  If an expression raises an error, the
 * rollup becomes void.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "rollup_trigger.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/tupconvert.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/partition.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "attempt.h"
#include "fence.h"
#include "relation_watch.h"
#include "rollup_delta.h"
#include "rule_properties.h"
#include "rules.h"

/*
 * What a trigger counts
 */

/* An objective, from the arguments of the trigger, with its expressions. */
typedef struct Measure
{
	int32		id;
	int64		generation;
	char	   *time_zone;
	bool		has_at_most;
	bool		has_at_least;
	double		at_most;
	double		at_least;
	Expr	   *instant;		/* expression for the instant */
	ExprState  *at;				/* its state */
	ExprState  *total;			/* this and the following may be NULL */
	ExprState  *good;
	ExprState  *value;
	ExprState  *group;
	bool		is_tame;		/* all expressions are; see rule_is_tame() */
} Measure;

#define ARGUMENTS	5

/* Cache entry: a trigger on a table or one of its partitions. */
typedef struct Rolled
{
	Oid			trigger;		/* key */
	Oid			relid;
	Oid			root;			/* the table that the objectives are over */
	Oid			owner;
	bool		is_stale;
	bool		is_busy;		/* an expression is being evaluated, or has
								 * failed */
	MemoryContext context;
	ExprContext *econtext;
	Bitmapset  *columns;		/* that expressions read, numbered as in this
								 * table; offset by
								 * FirstLowInvalidHeapAttributeNumber */
	bool		whole_row;		/* some expression reads the whole row */
	AttrMap    *map;			/* converts rows to the root's type, or NULL */
	TupleTableSlot *slot;		/* for converted rows */
	int			sqlstate;		/* of an error in compiling, or 0 */
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

static object_access_hook_type next_object_access = NULL;

static Oid
trigger_function(void)
{
	return LookupFuncName(list_make2(makeString("sla"), makeString("rollup_row")), 0, NULL, true);
}

/*
 * TRUNCATE of a table that is new in this transaction leaves it its file, so that it does
 * not show in the fingerprint (see rollup.c).  Make the rollups of this table void, which
 * may be a partition.
 */
static void
void_if_new(Oid relid)
{
	Relation	rel = RelationIdGetRelation(relid);
	TriggerDesc *triggers = RelationIsValid(rel) && rel->rd_createSubid != InvalidSubTransactionId ? rel->trigdesc : NULL;
	Oid			function = triggers == NULL ? InvalidOid : trigger_function();

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		for (int j = 0; trigger->tgfoid == function && j + ARGUMENTS <= trigger->tgnargs; j += ARGUMENTS)
			rollup_count(pg_strtoint32(trigger->tgargs[j]), pg_strtoint64(trigger->tgargs[j + 1]), VOID_BUCKET, "", 1, 0);
	}
	if (RelationIsValid(rel))
		RelationClose(rel);
}

static void
object_access(ObjectAccessType access, Oid classid, Oid objectid, int subid, void *arg)
{
	if (next_object_access != NULL)
		next_object_access(access, classid, objectid, subid, arg);
	if (access == OAT_TRUNCATE && classid == RelationRelationId)
		void_if_new(objectid);
}

void
rollup_trigger_init(void)
{
	next_object_access = object_access_hook;
	object_access_hook = object_access;
	relation_watch(relation_changed);
	CacheRegisterSyscacheCallback(PROCOID, syscache_callback, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHOID, syscache_callback, (Datum) 0);
}

static ExprState *
compile(Rolled *rolled, Measure *measure, Expr *expr)
{
	rolled->columns = rule_columns(rolled->columns, expr);
	measure->is_tame &= rule_is_tame(expr);
	return ExecInitExpr(expr, NULL);
}

static ExprState *
compile_column(Rolled *rolled, Relation root, Measure *measure, const char *column)
{
	if (!rule_exists(root->rd_rel->reltype, "objective", measure->id, column))
		return NULL;
	return compile(rolled, measure, rule_expression(root, "objective", measure->id, column));
}

/* The table that an objective is over: this one, or one that it is a partition of. */
static Oid
find_root(Relation rel, int32 objective)
{
	List	   *tables = list_make1_oid(RelationGetRelid(rel));
	ListCell   *cell;

	if (rel->rd_rel->relispartition)
		tables = list_concat(tables, get_partition_ancestors(RelationGetRelid(rel)));
	foreach(cell, tables)
	{
		if (rule_exists(get_rel_type_id(lfirst_oid(cell)), "objective", objective, "at"))
			return lfirst_oid(cell);
	}
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
		measure->instant = rule_expression(root, "objective", measure->id, "at");
		measure->at = compile(rolled, measure, measure->instant);
		measure->total = compile_column(rolled, root, measure, "total_when");
		measure->good = compile_column(rolled, root, measure, "good_when");
		measure->value = compile_column(rolled, root, measure, "value");
		measure->group = compile_column(rolled, root, measure, "group_by");
		fence_leave(&fence);
	}
	rolled->whole_row = rule_reads_row(rolled->columns);
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
read_trigger(Relation rel, const Trigger *trigger)
{
	MemoryContext context = AllocSetContextCreate(TopTransactionContext, "sla_tracker rollup",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Rolled	   *rolled = palloc0(sizeof(Rolled));
	CompileTask task = {rolled, rel};

	rolled->trigger = trigger->tgoid;
	rolled->relid = RelationGetRelid(rel);
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

/* Get the cache entry of a trigger.  If that is busy or stale, make another one. */
static Rolled *
rolled_of(Relation rel, const Trigger *trigger)
{
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
	slot = hash_search(all_rolled, &trigger->tgoid, HASH_FIND, NULL);
	if (slot != NULL && slot->rolled != NULL && !slot->rolled->is_stale && !slot->rolled->is_busy)
		return slot->rolled;
	rolled = read_trigger(rel, trigger);
	slot = hash_search(all_rolled, &trigger->tgoid, HASH_ENTER, &found);
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

	/* results */
	bool		counts;
	bool		is_good;
	TimestampTz at;
	const char *grp;
	MemoryContext context;		/* where to allocate grp */
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

/* Determine whether and how a row counts for an objective. */
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
		/* NaN is greater than all numbers, and not within any bounds */
		task->is_good = float8_le(number, measure->has_at_most ? measure->at_most : get_float8_infinity()) &&
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

/* The same, as the table's owner. */
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

/* Add (sign = 1) or subtract (sign = -1) a version of a row, for all objectives. */
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
			rollup_count(measure->id, measure->generation, VOID_BUCKET, unpack_sql_state(sqlstate), 1, 0);
		else if (task.counts)
			rollup_count(measure->id, measure->generation, core_floor(task.at, ROLLUP_STEP), task.grp,
						 sign, task.is_good ? sign : 0);
	}
	ResetExprContext(rolled->econtext);
}

/*
 * sla.rollup_row(objective, generation, time_zone, at_most, at_least, ...) -> trigger
 *
 * The AFTER ROW trigger.
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
	rolled = rolled_of(trigdata->tg_relation, trigdata->tg_trigger);
	if (rolled->sqlstate != 0)
	{
		for (int i = 0; i < rolled->nmeasures; i++)
			rollup_count(rolled->measures[i].id, rolled->measures[i].generation, VOID_BUCKET,
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

/*
 * Find the enabled trigger that maintains a generation of an objective's rollup, or any
 * generation if that is -1; NULL if there is none.
 */
static const Trigger *
find_trigger(Relation rel, int32 objective, int64 generation)
{
	TriggerDesc *triggers = rel->trigdesc;
	Oid			function;

	if (triggers == NULL)
		return NULL;
	function = trigger_function();
	for (int i = 0; i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if (trigger->tgfoid != function || trigger->tgenabled != TRIGGER_FIRES_ALWAYS)
			continue;
		for (int j = 0; j + ARGUMENTS <= trigger->tgnargs; j += ARGUMENTS)
			if (pg_strtoint32(trigger->tgargs[j]) == objective &&
				(generation == -1 || pg_strtoint64(trigger->tgargs[j + 1]) == generation))
				return trigger;
	}
	return NULL;
}

bool
rollup_is_followed(Relation rel, int32 objective, int64 generation)
{
	return find_trigger(rel, objective, generation) != NULL;
}

/*
 * Reading
 */

static Measure *
measure_of(const Rolled *rolled, int32 objective)
{
	for (int i = 0; i < rolled->nmeasures; i++)
		if (rolled->measures[i].id == objective)
			return &rolled->measures[i];
	return NULL;
}

/*
 * Is there an index whose first column is the instant, and which is not partial?  Other
 * indexes may serve to find the rows of one objective, but not those of all.
 */
static bool
has_index_on(Relation rel, const Expr *instant)
{
	ListCell   *cell;
	bool		found = false;

	foreach(cell, RelationGetIndexList(rel))
	{
		Relation	index = index_open(lfirst_oid(cell), AccessShareLock);
		AttrNumber	column = index->rd_index->indkey.values[0];

		if (index->rd_rel->relam == BTREE_AM_OID && index->rd_index->indisvalid &&
			heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL))
			found |= column != 0 ? IsA(instant, Var) && ((const Var *) instant)->varattno == column :
				equal(linitial(RelationGetIndexExpressions(index)), instant);
		index_close(index, NoLock);
	}
	return found;
}

RollupPass *
rollup_pass(Relation rel, int32 objective)
{
	const Trigger *trigger = find_trigger(rel, objective, -1);
	Rolled	   *rolled = trigger == NULL ? NULL : rolled_of(rel, trigger);
	const Measure *asked = rolled == NULL || rolled->sqlstate != 0 ? NULL : measure_of(rolled, objective);
	RollupPass *pass;

	/* a number less than 1 is the whole row or a system column */
	if (asked == NULL || !asked->is_tame || rolled->root != rolled->relid ||
		bms_next_member(rolled->columns, -1) + FirstLowInvalidHeapAttributeNumber < 1 ||
		!has_index_on(rel, asked->instant))
		return NULL;
	pass = palloc(sizeof(RollupPass));
	pass->rolled = rolled;
	pass->columns = rolled->columns;
	pass->n = 0;
	pass->objectives = palloc(rolled->nmeasures * sizeof(int32));
	pass->measures = palloc(rolled->nmeasures * sizeof(Measure *));
	for (int i = 0; i < rolled->nmeasures; i++)
	{
		Measure    *measure = &rolled->measures[i];

		if (!measure->is_tame || !equal(measure->instant, asked->instant))
			continue;
		pass->objectives[pass->n] = measure->id;
		pass->measures[pass->n++] = measure;
	}
	return pass;
}

void
rollup_pass_row(const RollupPass *pass, TupleTableSlot *slot, PassFunction function, void *argument)
{
	CountTask	task = {pass->rolled};

	task.slot = slot;
	task.context = pass->rolled->econtext->ecxt_per_tuple_memory;
	for (int i = 0; i < pass->n; i++)
	{
		task.measure = pass->measures[i];
		count_row(&task);
		if (task.counts)
			function(argument, i, task.at, task.grp, task.is_good);
	}
	ResetExprContext(pass->rolled->econtext);
}
