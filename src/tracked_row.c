/*-------------------------------------------------------------------------
 *
 * tracked_row.c
 *	  Reading rows of a tracked table.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "tracked_row.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "attempt.h"
#include "fence.h"
#include "kept_plan.h"
#include "owner_watch.h"
#include "rule_properties.h"

void
rows_open(RowReader *reader, Oid root)
{
	memset(reader, 0, sizeof(RowReader));
	reader->context = CurrentMemoryContext;
	reader->root = owner_watch_open(root);
}

/* The slot for converted rows; rows of the root itself do not need it. */
static TupleTableSlot *
root_slot(RowReader *reader)
{
	MemoryContext old;

	if (reader->slot == NULL)
	{
		old = MemoryContextSwitchTo(reader->context);
		reader->slot = MakeSingleTupleTableSlot(CreateTupleDescCopy(RelationGetDescr(reader->root)),
												&TTSOpsVirtual);
		MemoryContextSwitchTo(old);
	}
	return reader->slot;
}

void
rows_close(RowReader *reader)
{
	ListCell   *cell;

	foreach(cell, reader->sources)
	{
		RowSource  *source = lfirst(cell);

		ExecDropSingleTupleTableSlot(source->slot);
		table_close(source->rel, NoLock);
	}
	if (reader->slot != NULL)
		ExecDropSingleTupleTableSlot(reader->slot);
	table_close(reader->root, NoLock);
}

RowSource *
rows_source(RowReader *reader, Oid relid)
{
	MemoryContext old;
	RowSource  *source;
	ListCell   *cell;

	foreach(cell, reader->sources)
	{
		source = lfirst(cell);
		if (RelationGetRelid(source->rel) == relid)
			return source;
	}
	old = MemoryContextSwitchTo(reader->context);
	source = palloc0(sizeof(RowSource));
	source->rel = owner_watch_open(relid);
	source->slot = table_slot_create(source->rel, NULL);
	if (relid != RelationGetRelid(reader->root))
		source->map = build_attrmap_by_name_if_req_compat(RelationGetDescr(source->rel),
														  RelationGetDescr(reader->root));
	reader->sources = lcons(source, reader->sources);
	MemoryContextSwitchTo(old);
	return source;
}

TupleTableSlot *
rows_of_root(RowReader *reader, RowSource *source, TupleTableSlot *slot)
{
	if (source->map == NULL)
		return slot;
	return execute_attr_map_slot(source->map, slot, root_slot(reader));
}

TupleTableSlot *
rows_fetch(RowReader *reader, Oid relid, ItemPointer tid, Snapshot snapshot)
{
	RowSource  *source = rows_source(reader, relid);

	if (!table_tuple_fetch_row_version(source->rel, tid, snapshot, source->slot))
		return NULL;
	return rows_of_root(reader, source, source->slot);
}

/*
 * Looking up with SQL
 */

/* Get the row that a query of rows_query() returned, or NULL. */
static TupleTableSlot *
take_row(RowReader *reader)
{
	HeapTupleHeader row;
	HeapTupleData tuple;
	MemoryContext old;
	bool		isnull;

	if (SPI_processed == 0)
		return NULL;
	if (SPI_gettypeid(SPI_tuptable->tupdesc, 1) != reader->root->rd_rel->reltype)
		elog(ERROR, "a row of table \"%s\" is of another type", RelationGetRelationName(reader->root));
	row = DatumGetHeapTupleHeader(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = row;
	reader->found_in = DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull));
	reader->found_at = *(ItemPointer) DatumGetPointer(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3, &isnull));
	old = MemoryContextSwitchTo(reader->context);
	ExecForceStoreHeapTuple(heap_copytuple(&tuple), root_slot(reader), true);
	MemoryContextSwitchTo(old);
	return reader->slot;
}

/* "column = $n", with the default equality operator of the type's B-tree indexes. */
static char *
column_equals(Form_pg_attribute att, int n)
{
	TypeCacheEntry *type = lookup_type_cache(att->atttypid, TYPECACHE_EQ_OPR);
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(type->eq_opr));
	Form_pg_operator operator;
	char	   *condition;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator %u", type->eq_opr);
	operator = (Form_pg_operator) GETSTRUCT(tuple);
	condition = psprintf("r.%s OPERATOR(%s.%s) $%d", quote_identifier(NameStr(att->attname)),
						 quote_identifier(get_namespace_name(operator->oprnamespace)),
						 NameStr(operator->oprname), n);
	ReleaseSysCache(tuple);
	return condition;
}

char *
rows_root_name(const RowReader *reader)
{
	return quote_qualified_identifier(get_namespace_name(RelationGetNamespace(reader->root)),
									  RelationGetRelationName(reader->root));
}

/*
 * A query for the rows of the root that satisfy a condition: each as a composite
 * value, with its table and TID.
 */
static char *
rows_query(RowReader *reader, const char *condition, RowLock lock)
{
	char	   *root = rows_root_name(reader);

	return psprintf("SELECT (r.*)::%s, r.tableoid, r.ctid FROM %s AS r WHERE %s%s", root, root, condition,
					lock == ROW_READ ? "" : lock == ROW_LOCK ? " FOR NO KEY UPDATE" : " FOR NO KEY UPDATE SKIP LOCKED");
}

/*
 * Look up the row that satisfies a condition.  This runs as the table's owner, since
 * even planning may call his functions, for instance in index predicates.  The plan
 * is kept in the definition.
 */
static TupleTableSlot *
look_up(RowReader *reader, SPIPlanPtr *plan, Definition *def, const char *condition, int nargs,
		Oid *types, Datum *values, RowLock lock)
{
	TupleTableSlot *row;
	int			result;
	Fence		fence;

	fence_enter_no_rls(&fence, def->owner);
	fence_settings(def->time_zone);
	fence_by_index();
	SPI_connect();
	if (*plan == NULL)
		*plan = kept_plan(def->context, rows_query(reader, condition, lock), nargs, types);
	result = SPI_execute_plan(*plan, values, NULL, lock == ROW_READ, 1);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "could not look up an item: %s", SPI_result_code_string(result));
	row = take_row(reader);
	SPI_finish();
	fence_leave(&fence);
	return row;
}

/*
 * Can rows be looked up by the columns that the item's expression reads?  Not if it
 * reads the whole row, or too many columns, or one whose type has no equality.
 */
static bool
has_key_columns(const RowReader *reader, const Definition *def)
{
	int			i = -1;

	if (rule_reads_row(def->item_columns) || bms_num_members(def->item_columns) > INDEX_MAX_KEYS)
		return false;
	while ((i = bms_next_member(def->item_columns, i)) >= 0)
	{
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(reader->root), i + FirstLowInvalidHeapAttributeNumber - 1);

		if (!OidIsValid(lookup_type_cache(att->atttypid, TYPECACHE_EQ_OPR)->eq_opr))
			return false;
	}
	return true;
}

/* Look up a row by the columns that the item's expression reads, in column order. */
static TupleTableSlot *
by_columns(RowReader *reader, Definition *def, Datum *values, RowLock lock)
{
	SPIPlanPtr *plan = &def->by_columns[lock];
	TupleDesc	desc = RelationGetDescr(reader->root);
	Oid			types[INDEX_MAX_KEYS];
	StringInfoData condition;
	int			nargs = 0;
	int			i = -1;

	initStringInfo(&condition);
	while (*plan == NULL && (i = bms_next_member(def->item_columns, i)) >= 0)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i + FirstLowInvalidHeapAttributeNumber - 1);

		types[nargs++] = att->atttypid;
		appendStringInfo(&condition, "%s%s", nargs > 1 ? " AND " : "", column_equals(att, nargs));
	}
	return look_up(reader, plan, def, condition.data, nargs, types, values, lock);
}

bool
rows_by_key(RowReader *reader, Definition *def, TupleTableSlot *row, TupleTableSlot **found)
{
	Datum		values[INDEX_MAX_KEYS];
	int			n = 0;
	int			i = -1;

	*found = NULL;
	if (!has_key_columns(reader, def))
		return false;
	while ((i = bms_next_member(def->item_columns, i)) >= 0)
	{
		AttrNumber	attnum = i + FirstLowInvalidHeapAttributeNumber;
		Form_pg_attribute att = TupleDescAttr(row->tts_tupleDescriptor, attnum - 1);
		bool		isnull;
		Datum		value = slot_getattr(row, attnum, &isnull);

		if (isnull)				/* if nulls are distinct, there is no such row */
			return bms_is_member(i, def->item_nullable);
		values[n++] = datumCopy(value, att->attbyval, att->attlen);
	}
	*found = by_columns(reader, def, values, ROW_READ);
	return true;
}

/* The column number, if an expression is just a column; else 0. */
static AttrNumber
plain_column(Expr *expr)
{
	while (IsA(expr, RelabelType))
		expr = ((RelabelType *) expr)->arg;
	return IsA(expr, Var) ? ((Var *) expr)->varattno : 0;
}

/*
 * Get the columns of which an item is the text: a single column, or a row of
 * columns, like the default for a composite key.  Returns their number, or 0 if the
 * item's expression has another form.
 */
static int
item_columns(Expr *item, AttrNumber *columns)
{
	List	   *args;
	ListCell   *cell;
	int			n = 0;

	if (IsA(item, CoerceViaIO))
		item = ((CoerceViaIO *) item)->arg;
	if (IsA(item, RowExpr))
		args = ((RowExpr *) item)->args;
	else
		args = list_make1(item);
	if (list_length(args) > INDEX_MAX_KEYS)
		return 0;
	foreach(cell, args)
	{
		columns[n] = plain_column(lfirst(cell));
		if (columns[n++] <= 0)
			return 0;
	}
	return n;
}

/* Arguments of read_item() */
typedef struct ReadItem
{
	Definition *def;
	TupleDesc	desc;			/* of the item's columns */
	char	   *text;			/* of the item */
	MemoryContext context;
	Datum	   *values;
	bool	   *nulls;
} ReadItem;

/* Convert the text of an item to the values of its columns, as the table's owner. */
static void
read_item(void *argument)
{
	ReadItem   *read = argument;
	MemoryContext old = MemoryContextSwitchTo(read->context);
	Fence		fence;

	fence_enter(&fence, read->def->owner);
	fence_settings(read->def->time_zone);
	if (read->desc->natts == 1)
	{
		Oid			input;
		Oid			ioparam;

		getTypeInputInfo(TupleDescAttr(read->desc, 0)->atttypid, &input, &ioparam);
		read->values[0] = OidInputFunctionCall(input, read->text, ioparam, -1);
		read->nulls[0] = false;
	}
	else
	{
		HeapTupleData tuple = {0};

		tuple.t_data = DatumGetHeapTupleHeader(OidInputFunctionCall(F_RECORD_IN, read->text, RECORDOID,
																	read->desc->tdtypmod));
		tuple.t_len = HeapTupleHeaderGetDatumLength(tuple.t_data);
		heap_deform_tuple(&tuple, read->desc, read->values, read->nulls);
	}
	fence_leave(&fence);
	MemoryContextSwitchTo(old);
}

/* Look up a row by the text of the item, which works for any expression. */
static TupleTableSlot *
by_text(RowReader *reader, Definition *def, const char *item, RowLock lock)
{
	Oid			type = TEXTOID;
	Datum		value = CStringGetTextDatum(item);

	return look_up(reader, &def->by_text[lock], def,
				   psprintf("sla.\"tracked_%d_item\"(r.*) = $1", def->id), 1, &type, &value, lock);
}

TupleTableSlot *
rows_by_item(RowReader *reader, Definition *def, const char *item, RowLock lock)
{
	TupleDesc	root = RelationGetDescr(reader->root);
	AttrNumber	columns[INDEX_MAX_KEYS];
	Datum		values[INDEX_MAX_KEYS];
	bool		nulls[INDEX_MAX_KEYS];
	Datum		ordered[INDEX_MAX_KEYS];
	int			n = item_columns(def->item.expr, columns);
	ReadItem	read = {def, NULL, pstrdup(item), CurrentMemoryContext, values, nulls};

	if (n == 0 || n != bms_num_members(def->item_columns) || !has_key_columns(reader, def))
		return by_text(reader, def, item, lock);
	read.desc = CreateTemplateTupleDesc(n);
	for (int i = 0; i < n; i++)
		TupleDescInitEntry(read.desc, i + 1, NULL, TupleDescAttr(root, columns[i] - 1)->atttypid, -1, 0);
	if (n > 1)
		read.desc = BlessTupleDesc(read.desc);

	/* if the text is not valid for the type, there can be no such row */
	if (attempt(read_item, &read) != 0)
		return NULL;
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			return by_text(reader, def, item, lock);
		ordered[bms_member_index(def->item_columns, columns[i] - FirstLowInvalidHeapAttributeNumber)] = values[i];
	}
	return by_columns(reader, def, ordered, lock);
}

/*
 * If there may be an index on the item's columns look up one item after the other;
 * else all at once, so that the table is read only once.
 */
void
rows_have_items(RowReader *reader, Definition *def, int nitems, char **items, bool *found)
{
	AttrNumber	columns[INDEX_MAX_KEYS];
	Oid			type = TEXTARRAYOID;
	Datum	   *texts = palloc(nitems * sizeof(Datum));
	Datum		array;
	Fence		fence;

	for (int i = 0; i < nitems; i++)
		texts[i] = CStringGetTextDatum(items[i]);
	if (item_columns(def->item.expr, columns) > 0)
	{
		for (int i = 0; i < nitems; i++)
			found[i] = rows_by_item(reader, def, items[i], ROW_READ) != NULL;
		return;
	}
	array = PointerGetDatum(construct_array(texts, nitems, TEXTOID, -1, false, TYPALIGN_INT));
	fence_enter_no_rls(&fence, def->owner);
	fence_settings(def->time_zone);
	SPI_connect();
	if (SPI_execute_with_args(psprintf("SELECT u.n::integer FROM pg_catalog.unnest($1) WITH ORDINALITY AS u (item, n) "
									   "WHERE u.item IN (SELECT sla.\"tracked_%d_item\"(r.*) FROM %s AS r)",
									   def->id, rows_root_name(reader)),
							  1, &type, &array, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not look up items");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;

		found[DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull)) - 1] = true;
	}
	SPI_finish();
	fence_leave(&fence);
}
