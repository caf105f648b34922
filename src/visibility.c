/*-------------------------------------------------------------------------
 *
 * visibility.c
 *	  Restricting the clocks that a reader sees by the row-level security of their
 *	  tables.
 *
 * Views of clocks have a condition sla.seen(relation, item) on the table they read.  The
 * planner support function of sla.seen() replaces it.  While sla.row_security is empty
 * it is replaced by true, so that plans are as without it.  Otherwise it becomes a
 * security qual of that table, like the rewriter does with a policy.  Such a qual is
 * checked before any function of the reader that is not leakproof, such functions do
 * not see statistics, and indexes can still be used with leakproof operators.
 *
 * A security barrier view would also be safe, but it is planned separately, without
 * regard to ORDER BY or joins outside.  A policy on sla.clock_state itself would have no
 * effect, because the views read it with the rights of their owner, who is exempt.
 *
 * The row of an item is looked up as the owner of its table, who wrote the expression
 * for the item.  Then a query for its TID, run as the reader, tells whether the reader
 * sees it; the plan is kept for the statement.  After so many such queries that reading
 * the entire table would have been cheaper, it is read once as both roles, and the items
 * that the reader sees are remembered.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "visibility.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "common/hashfn.h"
#include "executor/nodeHash.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "parser/parsetree.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "attempt.h"
#include "definition.h"
#include "fence.h"
#include "kept_plan.h"
#include "own_relation.h"
#include "relation_watch.h"
#include "tracked_row.h"

/*
 * The tables in sla.row_security.  They are read with a new snapshot, since an old one
 * must not let a reader see more.
 */
static Oid *guarded = NULL;
static int	nguarded = 0;
static bool guarded_known = false;
static Oid	guarded_in = InvalidOid;	/* OID of sla.row_security */

static void
relation_changed(Oid relid)
{
	if (!OidIsValid(relid) || relid == guarded_in)
		guarded_known = false;
}

void
visibility_init(void)
{
	relation_watch(relation_changed);
}

static void
find_guarded(void)
{
	Relation	rel;
	SysScanDesc scan;
	HeapTuple	tuple;
	int			n = 0;
	int			size = 0;

	if (guarded_known)
		return;
	guarded_in = own_relation(OWN_ROW_SECURITY);
	rel = table_open(guarded_in, AccessShareLock);
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	nguarded = 0;
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;

		if (n == size)
		{
			size = 2 * size + 8;
			guarded = guarded == NULL ? MemoryContextAlloc(TopMemoryContext, size * sizeof(Oid)) :
				repalloc(guarded, size * sizeof(Oid));
		}
		guarded[n++] = DatumGetObjectId(heap_getattr(tuple, 1, RelationGetDescr(rel), &isnull));
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	nguarded = n;
	guarded_known = true;
}

static bool
is_guarded(Oid relid)
{
	find_guarded();
	for (int i = 0; i < nguarded; i++)
		if (guarded[i] == relid)
			return true;
	return false;
}

/*
 * Trigger on sla.row_security, which invalidates plans in all sessions.
 */
PG_FUNCTION_INFO_V1(sla_row_security_changed);
Datum
sla_row_security_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("sla.row_security_changed() must be called as a trigger")));
	CacheInvalidateRelcache(((TriggerData *) fcinfo->context)->tg_relation);
	return PointerGetDatum(NULL);
}

/*
 * Planning
 */

/* The OID of sla.may_see(); this does not require USAGE of the schema. */
static Oid
may_see_function(void)
{
	Oid			types[] = {REGCLASSOID, TEXTOID};
	Oid			function = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum("may_see"),
										   PointerGetDatum(buildoidvector(types, lengthof(types))),
										   ObjectIdGetDatum(get_namespace_oid("sla", false)));

	if (!OidIsValid(function))
		elog(ERROR, "function sla.may_see() does not exist");
	return function;
}

/* Is "qual" among a table's security quals?  Preprocessing turns each into a list. */
static bool
is_guarded_by(RangeTblEntry *rte, Expr *qual)
{
	ListCell   *cell;

	foreach(cell, rte->securityQuals)
	{
		Node	   *node = lfirst(cell);

		if (equal(node, qual) || (node != NULL && IsA(node, List) && list_member((List *) node, qual)))
			return true;
	}
	return false;
}

/*
 * Turn a call of sla.seen() on columns of a table into a security qual of that table.
 * Returns false if that is not possible.
 */
static bool
guard(PlannerInfo *root, Oid function, FuncExpr *call, Expr *relation, Expr *item)
{
	Var		   *var = (Var *) relation;
	RangeTblEntry *rte;
	Expr	   *qual;
	ListCell   *cell;
	bool		all = true;

	if (!IsA(relation, Var) || !IsA(item, Var) || var->varlevelsup != 0 || ((Var *) item)->varlevelsup != 0 ||
		var->varno != ((Var *) item)->varno || var->varno < 1 || var->varno > list_length(root->parse->rtable))
		return false;
	rte = rt_fetch(var->varno, root->parse->rtable);
	if (list_member(rte->securityQuals, call))
		return false;			/* it is in the table's policy */
	if (rte->rtekind == RTE_RELATION)
	{
		qual = (Expr *) makeFuncExpr(function, BOOLOID, list_make2(copyObject(relation), copyObject(item)),
									 InvalidOid, exprCollation((Node *) item), COERCE_EXPLICIT_CALL);
		if (is_guarded_by(rte, qual))
			return true;
		if (root->simple_rel_array != NULL)
			return false;		/* too late: quals have been distributed
								 * already */
		rte->securityQuals = lappend(rte->securityQuals, qual);
		root->qual_security_level = Max(root->qual_security_level, (Index) list_length(rte->securityQuals));
		return true;
	}

	/* if it is a UNION ALL, do it for each of its tables */
	if (rte->rtekind != RTE_SUBQUERY || !rte->inh)
		return false;
	foreach(cell, root->append_rel_list)
	{
		AppendRelInfo *child = lfirst(cell);

		if (child->parent_relid == (Index) var->varno &&
			!guard(root, function, call, list_nth(child->translated_vars, var->varattno - 1),
				   list_nth(child->translated_vars, ((Var *) item)->varattno - 1)))
			all = false;
	}
	return all;
}

/*
 * Planner support function of sla.seen(relation, item).  Makes the plan depend on
 * sla.row_security.  If the condition cannot become a security qual it remains an
 * ordinary one; in these cases the table is guarded by other means.
 */
PG_FUNCTION_INFO_V1(sla_seen_support);
Datum
sla_seen_support(PG_FUNCTION_ARGS)
{
	SupportRequestSimplify *request = (SupportRequestSimplify *) PG_GETARG_POINTER(0);
	bool		is_true;

	if (!IsA(request, SupportRequestSimplify) || request->root == NULL)
		PG_RETURN_POINTER(NULL);
	find_guarded();
	request->root->glob->relationOids = list_append_unique_oid(request->root->glob->relationOids, guarded_in);
	is_true = nguarded == 0 ||
		guard(request->root, may_see_function(), request->fcall,
			  linitial(request->fcall->args), lsecond(request->fcall->args));
	PG_RETURN_POINTER(is_true ? makeBoolConst(true, false) : NULL);
}

/*
 * Reading
 */

/* Whom the extension's owner answers. */
static Asker asker;

static bool
is_answering(void)
{
	return OidIsValid(asker.role) && GetUserId() == fence_extension_owner();
}

/*
 * The reader: the current role or, inside sla.NAME_answer() (see ask.c), the role that
 * has called sla.NAME().
 */
static Oid
present_reader(void)
{
	return is_answering() ? asker.role : GetUserId();
}

Asker
visibility_answer(void)
{
	Asker		before = asker;

	if (is_answering())
		return before;
	asker.role = GetUserId();
	asker.search_path = pstrdup(GetConfigOption("search_path", false, false));
	asker.time_zone = pstrdup(GetConfigOption("TimeZone", false, false));
	return before;
}

void
visibility_answered(Asker before)
{
	asker = before;
}

/*
 * Read a table as the reader.  The functions that answer have settings of their own, but
 * policies are to be evaluated under those of whoever asks.
 */
static void
enter_as_reader(Fence *fence, Oid reader)
{
	bool		answering = is_answering();

	fence_enter_read_only(fence, reader);
	if (answering)
		fence_settings_of(asker.search_path, asker.time_zone);
}

typedef enum Sight
{
	SEES_ALL,
	SEES_NOTHING,
	SEES_ROWS
} Sight;

typedef struct Place
{
	Oid			relid;
	ItemPointerData tid;
} Place;

/* Element of the hash table of items that a reader sees. */
typedef struct SeenItem
{
	char	   *item;			/* the key */
	uint32		hash;
	char		status;
} SeenItem;

#define SH_PREFIX seen
#define SH_ELEMENT_TYPE SeenItem
#define SH_KEY_TYPE char *
#define SH_KEY item
#define SH_HASH_KEY(tb, key) hash_bytes((const unsigned char *) key, strlen(key))
#define SH_EQUAL(tb, a, b) (strcmp(a, b) == 0)
#define SH_SCOPE static inline
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) a->hash
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct SeenTable
{
	Oid			relid;
	Sight		sight;
	Definition *def;
	SPIPlanPtr	plan;			/* tests whether the reader sees a TID */
	double		rows;			/* estimated rows of the table; -1 if too many
								 * to remember */
	double		asked;			/* number of items looked up */
	char	   *last;			/* the last item looked up ... */
	bool		last_seen;		/* ... and the result */
	seen_hash  *items;			/* all items that the reader sees; NULL if not
								 * read */
} SeenTable;

/* The cache of a call site, in fn_extra. */
typedef struct Seen
{
	Oid			reader;
	MemoryContext context;
	List	   *tables;			/* SeenTable */
	SeenTable  *last;
} Seen;

typedef struct FindDefinition
{
	Oid			relid;
	Definition *def;
} FindDefinition;

static void
find_definition(void *argument)
{
	FindDefinition *find = argument;

	find->def = definition_of_table(find->relid);
}

/*
 * What the reader sees of a table's clocks.  Policies do not apply to superusers, roles
 * with BYPASSRLS, and the table's owner unless forced.  If the rows of items cannot be
 * found, because there are no definitions, or they are suspended or raise an error, the
 * reader sees nothing.
 */
static Sight
sight_of(Oid relid, Oid reader, Definition **def)
{
	Oid			schema = get_rel_namespace(relid);
	FindDefinition find = {0};

	if (!is_guarded(relid) ||
		pg_class_ownercheck_compat(own_relation(OWN_CLOCK_STATE), reader))
		return SEES_ALL;
	if (!OidIsValid(schema) || !pg_namespace_usage_compat(schema, reader) ||
		pg_class_aclcheck(relid, reader, ACL_SELECT) != ACLCHECK_OK)
		return SEES_NOTHING;
	if (check_enable_rls(relid, reader, true) != RLS_ENABLED)
		return SEES_ALL;
	find.relid = relid;
	if (attempt(find_definition, &find) != 0 || find.def == NULL || find.def->suspended)
		return SEES_NOTHING;
	*def = find.def;
	return SEES_ROWS;
}

/* Estimate the number of rows of a table with its partitions and children. */
static double
estimate_rows(Oid relid)
{
	double		rows = 0;
	ListCell   *cell;

	foreach(cell, find_all_inheritors(relid, NoLock, NULL))
	{
		HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(lfirst_oid(cell)));

		if (!HeapTupleIsValid(tuple))
			continue;
		rows += Max(((Form_pg_class) GETSTRUCT(tuple))->reltuples, 0);
		ReleaseSysCache(tuple);
	}
	return rows;
}

static SeenTable *
find_table(Seen *seen, Oid relid)
{
	MemoryContext old;
	SeenTable  *table;
	ListCell   *cell;

	foreach(cell, seen->tables)
	{
		table = lfirst(cell);
		if (table->relid == relid)
			return table;
	}
	old = MemoryContextSwitchTo(seen->context);
	table = palloc0(sizeof(SeenTable));
	table->relid = relid;
	table->sight = sight_of(relid, seen->reader, &table->def);
	if (table->sight == SEES_ROWS)
		table->rows = estimate_rows(relid);
	seen->tables = lappend(seen->tables, table);
	MemoryContextSwitchTo(old);
	return table;
}

/*
 * Is this the row of an item?  Its key may be equal to that of an item which is gone,
 * but be written differently, like 1.0 and 1.00.
 */
static bool
is_row_of(Definition *def, TupleTableSlot *row, const char *item)
{
	ExprContext *econtext = CreateStandaloneExprContext();
	Fence		fence;
	Datum		value;
	bool		isnull;
	bool		result;

	econtext->ecxt_scantuple = row;
	def->busy = true;
	fence_enter(&fence, def->owner);
	fence_settings(def->time_zone);
	value = ExecEvalExprSwitchContext(def->item.state, econtext, &isnull);
	result = !isnull && strcmp(TextDatumGetCString(value), item) == 0;
	fence_leave(&fence);
	def->busy = false;
	FreeExprContext(econtext, true);
	return result;
}

/* Does the reader see the row of an item? */
static bool
see_item(Seen *seen, SeenTable *table, const char *item)
{
	RowReader	rows;
	Fence		fence;
	Oid			types[] = {OIDOID, TIDOID};
	Datum		values[2];
	TupleTableSlot *row;
	bool		result = false;

	rows_open(&rows, table->relid);
	row = rows_by_item(&rows, table->def, item, ROW_READ);
	if (row != NULL && is_row_of(table->def, row, item))
	{
		enter_as_reader(&fence, seen->reader);
		SPI_connect();
		if (table->plan == NULL)
			table->plan = kept_plan(seen->context,
									psprintf("SELECT FROM %s AS r WHERE r.tableoid OPERATOR(pg_catalog.=) $1 AND r.ctid OPERATOR(pg_catalog.=) $2",
											 rows_root_name(&rows)),
									2, types);
		values[0] = ObjectIdGetDatum(rows.found_in);
		values[1] = PointerGetDatum(&rows.found_at);
		if (SPI_execute_plan(table->plan, values, NULL, true, 1) != SPI_OK_SELECT)
			elog(ERROR, "could not look up a row");
		result = SPI_processed > 0;
		SPI_finish();
		fence_leave(&fence);
	}
	rows_close(&rows);
	return result;
}

/*
 * Call a function for all rows of a query, which is read in batches.  Stops and returns
 * false if the function does.
 */
#define BATCH 1000

typedef bool (*TakeRow) (void *argument, HeapTuple row, TupleDesc desc);

static bool
read_all(const char *query, TakeRow take, void *argument)
{
	Portal		portal;
	bool		taken = true;

	SPI_connect();
	portal = SPI_cursor_open_with_args(NULL, query, 0, NULL, NULL, NULL, true, 0);
	do
	{
		SPI_cursor_fetch(portal, true, BATCH);
		for (uint64 i = 0; i < SPI_processed && taken; i++)
			taken = take(argument, SPI_tuptable->vals[i], SPI_tuptable->tupdesc);
		SPI_freetuptable(SPI_tuptable);
	} while (taken && SPI_processed == BATCH);
	SPI_cursor_close(portal);
	SPI_finish();
	return taken;
}

typedef struct ReadItems
{
	HTAB	   *places;
	seen_hash  *items;
	MemoryContext context;
	Size		room;			/* bytes left of the limit for hash tables */
} ReadItems;

static bool
has_room(ReadItems *read, Size bytes)
{
	if (read->room < bytes)
		return false;
	read->room -= bytes;
	return true;
}

/* Remember the TID of a row.  Counts four times its size, as hash tables have gaps. */
static bool
take_place(void *argument, HeapTuple row, TupleDesc desc)
{
	ReadItems  *read = argument;
	Place		place = {0};
	bool		isnull;

	place.relid = DatumGetObjectId(SPI_getbinval(row, desc, 1, &isnull));
	place.tid = *(ItemPointer) DatumGetPointer(SPI_getbinval(row, desc, 2, &isnull));
	(void) hash_search(read->places, &place, HASH_ENTER, NULL);
	return has_room(read, 4 * sizeof(Place));
}

/* Remember the item of a row if its TID is among those that the reader sees. */
static bool
take_item(void *argument, HeapTuple row, TupleDesc desc)
{
	ReadItems  *read = argument;
	Place		place = {0};
	char	   *item = SPI_getvalue(row, desc, 3);
	bool		isnull;
	bool		found;

	place.relid = DatumGetObjectId(SPI_getbinval(row, desc, 1, &isnull));
	place.tid = *(ItemPointer) DatumGetPointer(SPI_getbinval(row, desc, 2, &isnull));
	if (item == NULL || hash_search(read->places, &place, HASH_FIND, NULL) == NULL)
		return true;
	(void) seen_insert(read->items, MemoryContextStrdup(read->context, item), &found);
	return has_room(read, strlen(item) + 16 + 2 * sizeof(SeenItem));
}

/*
 * Read all items that the reader sees.  If they need too much memory, forget them and
 * continue to look up items one by one.
 */
static void
read_items(Seen *seen, SeenTable *table)
{
	MemoryContext context = AllocSetContextCreate(seen->context, "sla items seen", ALLOCSET_DEFAULT_SIZES);
	HASHCTL		control = {.keysize = sizeof(Place),.entrysize = sizeof(Place),.hcxt = context};
	ReadItems	read = {NULL, NULL, context, get_hash_memory_limit()};
	RowReader	rows;
	char	   *name;
	Fence		fence;
	bool		all;

	rows_open(&rows, table->relid);
	name = rows_root_name(&rows);
	read.places = hash_create("sla places seen", BATCH, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	read.items = seen_create(context, BATCH, NULL);

	enter_as_reader(&fence, seen->reader);
	all = read_all(psprintf("SELECT r.tableoid, r.ctid FROM %s AS r", name), take_place, &read);
	fence_leave(&fence);
	if (all)
	{
		fence_enter_no_rls(&fence, table->def->owner);
		fence_settings(table->def->time_zone);
		all = read_all(psprintf("SELECT r.tableoid, r.ctid, sla.\"tracked_%d_item\"(r.*) FROM %s AS r", table->def->id, name),
					   take_item, &read);
		fence_leave(&fence);
	}
	rows_close(&rows);
	hash_destroy(read.places);
	if (all)
		table->items = read.items;
	else
	{
		table->rows = -1;
		MemoryContextDelete(context);
	}
}

/* A policy may read clocks, but not of its own table: that is an endless recursion. */
#define MAX_DEPTH 16

static int	depth = 0;

static bool
may_see(Seen *seen, SeenTable *table, const char *item)
{
	if (table->last != NULL && strcmp(table->last, item) == 0)
		return table->last_seen;

	if (table->items != NULL)
		return seen_lookup(table->items, unconstify(char *, item)) != NULL;
	if (depth >= MAX_DEPTH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("infinite recursion detected in row-level security of the clocks of table \"%s\"",
						get_rel_name(table->relid)),
				 errdetail("A policy of the table reads clocks of which the policy decides who may see them.")));
	depth++;
	PG_TRY();
	{
		/* a lookup costs about as much as reading 32 rows */
		if (table->rows >= 0 && ++table->asked > 16 + table->rows / 32)
			read_items(seen, table);
		table->last_seen = table->items != NULL ?
			seen_lookup(table->items, unconstify(char *, item)) != NULL :
			see_item(seen, table, item);
	}
	PG_FINALLY();
	{
		depth--;
	}
	PG_END_TRY();
	if (table->last != NULL)
		pfree(table->last);
	table->last = MemoryContextStrdup(seen->context, item);
	return table->last_seen;
}

/* Make a new cache for this call site and reader. */
static Seen *
seen_by(FmgrInfo *flinfo, Oid reader)
{
	Seen	   *seen = flinfo->fn_extra;

	if (seen == NULL)
		flinfo->fn_extra = seen = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(Seen));
	if (seen->context != NULL)
		MemoryContextDelete(seen->context);
	memset(seen, 0, sizeof(Seen));
	seen->reader = reader;
	seen->context = AllocSetContextCreate(flinfo->fn_mcxt, "sla visibility", ALLOCSET_SMALL_SIZES);
	return seen;
}

/*
 * sla.may_see(relation, item) -> boolean, and sla.seen()
 *
 * Does the reader see the clocks of an item?  True if relation or item is null.
 */
PG_FUNCTION_INFO_V1(sla_may_see);
Datum
sla_may_see(PG_FUNCTION_ARGS)
{
	Seen	   *seen = fcinfo->flinfo->fn_extra;
	Oid			reader = present_reader();
	Oid			relid;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_BOOL(true);
	relid = PG_GETARG_OID(0);
	if (seen == NULL || seen->reader != reader)
		seen = seen_by(fcinfo->flinfo, reader);
	if (seen->last == NULL || seen->last->relid != relid)
		seen->last = find_table(seen, relid);
	if (seen->last->sight != SEES_ROWS)
		PG_RETURN_BOOL(seen->last->sight == SEES_ALL);
	PG_RETURN_BOOL(may_see(seen, seen->last, TextDatumGetCString(PG_GETARG_DATUM(1))));
}

/* sla.sees_all(relation) -> boolean: does the reader see all clocks of a table? */
PG_FUNCTION_INFO_V1(sla_sees_all);
Datum
sla_sees_all(PG_FUNCTION_ARGS)
{
	Definition *def;

	PG_RETURN_BOOL(sight_of(PG_GETARG_OID(0), present_reader(), &def) == SEES_ALL);
}

/*
 * sla.may_see_clock(clock_id) -> boolean
 *
 * The same for a clock given by its id; for policies of tables that have only that.
 */
PG_FUNCTION_INFO_V1(sla_may_see_clock);
Datum
sla_may_see_clock(PG_FUNCTION_ARGS)
{
	Oid			reader = present_reader();
	Oid			type = INT8OID;
	Datum		clock = PG_GETARG_DATUM(0);
	Seen	   *seen = fcinfo->flinfo->fn_extra;
	MemoryContext context = CurrentMemoryContext;
	Oid			relid = InvalidOid;
	char	   *item = NULL;
	Fence		fence;

	find_guarded();
	if (nguarded == 0 || pg_class_ownercheck_compat(own_relation(OWN_CLOCK_STATE), reader))
		PG_RETURN_BOOL(true);
	if (seen == NULL || seen->reader != reader)
		seen = seen_by(fcinfo->flinfo, reader);
	fence_enter(&fence, fence_extension_owner());
	SPI_connect();
	if (SPI_execute_with_args("SELECT c.relation::pg_catalog.oid, c.item FROM sla.clock_state AS c "
							  "WHERE c.clock_id OPERATOR(pg_catalog.=) $1", 1, &type, &clock, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not look up a clock");
	if (SPI_processed > 0)
	{
		bool		isnull;

		relid = DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
		item = MemoryContextStrdup(context, SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2));
	}
	SPI_finish();
	fence_leave(&fence);
	if (item == NULL)
		PG_RETURN_BOOL(false);
	if (seen->last == NULL || seen->last->relid != relid)
		seen->last = find_table(seen, relid);
	if (seen->last->sight != SEES_ROWS)
		PG_RETURN_BOOL(seen->last->sight == SEES_ALL);
	PG_RETURN_BOOL(may_see(seen, seen->last, item));
}
