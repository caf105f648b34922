/*-------------------------------------------------------------------------
 *
 * tracked_row.c
 *	  Rows of a tracked table, as rows of its own type wherever they are
 *	  stored.
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
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "attempt.h"
#include "fence.h"
#include "rules.h"

void
rows_open(RowReader *reader, Oid root)
{
	memset(reader, 0, sizeof(RowReader));
	reader->context = CurrentMemoryContext;
	reader->root = table_open(root, AccessShareLock);
}

/* The slot of the root's type; rows of the root itself do not need it. */
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
	source->rel = table_open(relid, AccessShareLock);
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

/* The one row that a query returned as a composite value, or NULL. */
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
	old = MemoryContextSwitchTo(reader->context);
	ExecForceStoreHeapTuple(heap_copytuple(&tuple), root_slot(reader), true);
	MemoryContextSwitchTo(old);
	return reader->slot;
}

/* Run a query in the fence of a role that is entered. */
static TupleTableSlot *
look_up(RowReader *reader, const char *query, int nargs, Oid *types, Datum *values, bool lock)
{
	TupleTableSlot *row;
	int			result;

	SPI_connect();
	result = SPI_execute_with_args(query, nargs, types, values, NULL, !lock, 1);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "could not look up an item: %s", SPI_result_code_string(result));
	row = take_row(reader);
	SPI_finish();
	return row;
}

/* "column = $n", by the equality that its indexes go by. */
static char *
column_equals(Form_pg_attribute att, int n)
{
	TypeCacheEntry *type = lookup_type_cache(att->atttypid, TYPECACHE_EQ_OPR);
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(type->eq_opr));
	Form_pg_operator operator;
	char	   *condition;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("could not identify an equality operator for type %s",
						format_type_be(att->atttypid))));
	operator = (Form_pg_operator) GETSTRUCT(tuple);
	condition = psprintf("r.%s OPERATOR(%s.%s) $%d", quote_identifier(NameStr(att->attname)),
						 quote_identifier(get_namespace_name(operator->oprnamespace)),
						 NameStr(operator->oprname), n);
	ReleaseSysCache(tuple);
	return condition;
}

static char *
root_name(RowReader *reader)
{
	return quote_qualified_identifier(get_namespace_name(RelationGetNamespace(reader->root)),
									  RelationGetRelationName(reader->root));
}

/* The rows of the root that a condition selects, each as one composite value. */
static char *
rows_query(RowReader *reader, const char *condition, bool lock)
{
	char	   *root = root_name(reader);

	return psprintf("SELECT (r.*)::%s FROM %s AS r WHERE %s%s", root, root, condition,
					lock ? " FOR NO KEY UPDATE" : "");
}

/*
 * Conditions over plain columns run as the extension's owner, whatever the
 * table's owner may read of it.
 */
TupleTableSlot *
rows_by_key(RowReader *reader, Definition *def, TupleTableSlot *row)
{
	TupleDesc	desc = RelationGetDescr(reader->root);
	int			n = bms_num_members(def->item_columns);
	Oid		   *types = palloc(n * sizeof(Oid));
	Datum	   *values = palloc(n * sizeof(Datum));
	StringInfoData condition;
	int			nargs = 0;
	int			i = -1;
	Fence		fence;

	initStringInfo(&condition);
	while ((i = bms_next_member(def->item_columns, i)) >= 0)
	{
		AttrNumber	attnum = i + FirstLowInvalidHeapAttributeNumber;
		Form_pg_attribute att = TupleDescAttr(desc, attnum - 1);
		bool		isnull;
		Datum		value = slot_getattr(row, attnum, &isnull);

		if (isnull)
			return NULL;
		types[nargs] = att->atttypid;
		values[nargs] = datumCopy(value, att->attbyval, att->attlen);
		nargs++;
		appendStringInfo(&condition, "%s%s", nargs > 1 ? " AND " : "", column_equals(att, nargs));
	}
	fence_enter(&fence, fence_extension_owner());
	fence_settings(NULL);
	row = look_up(reader, rows_query(reader, condition.data, false), nargs, types, values, false);
	fence_leave(&fence);
	return row;
}

/* The one column that an item is the text of, or 0 where it is more than that. */
static AttrNumber
plain_column(Expr *item)
{
	for (;;)
	{
		if (IsA(item, Var))
			return ((Var *) item)->varattno;
		if (IsA(item, RelabelType))
			item = ((RelabelType *) item)->arg;
		else if (IsA(item, CoerceViaIO))
			item = ((CoerceViaIO *) item)->arg;
		else
			return 0;
	}
}

/* Reading a value of a column's type, as the table's owner. */
typedef struct ReadValue
{
	Definition *def;
	Oid			type;
	char	   *text;
	MemoryContext context;
	Datum		value;
} ReadValue;

static void
read_value(void *argument)
{
	ReadValue  *read = argument;
	MemoryContext old = MemoryContextSwitchTo(read->context);
	Oid			input;
	Oid			ioparam;
	Fence		fence;

	getTypeInputInfo(read->type, &input, &ioparam);
	fence_enter(&fence, read->def->owner);
	fence_settings(read->def->time_zone);
	read->value = OidInputFunctionCall(input, read->text, ioparam, -1);
	fence_leave(&fence);
	MemoryContextSwitchTo(old);
}

TupleTableSlot *
rows_by_item(RowReader *reader, Definition *def, const char *item, bool lock)
{
	AttrNumber	attnum = plain_column(def->item.expr);
	TupleTableSlot *row;
	Oid			type;
	Datum		value;
	char	   *condition;
	Fence		fence;

	if (attnum > 0)
	{
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(reader->root), attnum - 1);

		ReadValue	read = {def, att->atttypid, pstrdup(item), CurrentMemoryContext, 0};

		/* what is no value of the type is no item */
		if (attempt(read_value, &read) != 0)
			return NULL;
		type = read.type;
		value = read.value;
		condition = column_equals(att, 1);
		fence_enter(&fence, fence_extension_owner());
	}
	else
	{
		type = TEXTOID;
		value = CStringGetTextDatum(item);
		condition = psprintf("sla.tracked_%d_item(r.*) = $1", def->id);
		fence_enter_no_rls(&fence, def->owner);
	}
	fence_settings(def->time_zone);
	row = look_up(reader, rows_query(reader, condition, lock), 1, &type, &value, lock);
	fence_leave(&fence);
	return row;
}
