/*-------------------------------------------------------------------------
 *
 * sources.c
 *	  Sources: tables whose rows are events of the items of tracked tables.
 *
 * Each backend caches the sources of a table, with a plan for evaluating their
 * expressions for one row, until any definition changes.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sources.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/tupconvert.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "attempt.h"
#include "fence.h"
#include "kept_plan.h"
#include "relation_watch.h"
#include "track.h"

/* Cache entry: the sources for a table, which may be below the sources' table. */
typedef struct SourceTable
{
	Oid			relid;			/* key */
	int64		revision;		/* of all definitions; 0 if invalid */
	MemoryContext context;
	List	   *sources;
} SourceTable;

static HTAB *source_tables = NULL;

ClockAction
source_action(const char *action)
{
	static const struct
	{
		const char *name;
		ClockAction action;
	}			actions[] = {
		{"start", CLOCK_DO_START}, {"pause", CLOCK_DO_PAUSE}, {"resume", CLOCK_DO_RESUME},
		{"stop", CLOCK_DO_STOP}, {"cancel", CLOCK_DO_CANCEL}, {"reset", CLOCK_DO_RESET},
	};

	for (size_t i = 0; i < lengthof(actions); i++)
		if (strcmp(actions[i].name, action) == 0)
			return actions[i].action;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown action: \"%s\"", action),
			 errhint("Actions are start, pause, resume, stop, cancel and reset.")));
	return CLOCK_DO_START;		/* keep compiler quiet */
}

/*
 * Read the sources that satisfy a condition on sla.source AS s, in which $1 is relid,
 * into a memory context.
 */
static List *
read_sources(const char *condition, Oid relid, MemoryContext context)
{
	List	   *sources = NIL;
	Oid			type = OIDOID;
	Datum		value = ObjectIdGetDatum(relid);
	Fence		fence;

	fence_enter(&fence, fence_extension_owner());
	fence_settings(NULL);
	SPI_connect();
	if (SPI_execute_with_args(psprintf("SELECT s.id, s.source::oid, t.id, s.metric, s.action, "
									   "s.applies_when IS NOT NULL, s.at IS NOT NULL, s.reason IS NOT NULL, t.time_zone, s.confirmed_by::oid "
									   "FROM sla.source AS s JOIN sla.tracked AS t ON t.relation = s.relation "
									   "WHERE %s ORDER BY s.id", condition),
							  1, &type, &value, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read sla.source");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		MemoryContext old = MemoryContextSwitchTo(context);
		Source	   *source = palloc0(sizeof(Source));
		bool		isnull;

		source->context = context;
		source->id = DatumGetInt32(SPI_getbinval(tuple, desc, 1, &isnull));
		source->source = DatumGetObjectId(SPI_getbinval(tuple, desc, 2, &isnull));
		source->tracked_id = DatumGetInt32(SPI_getbinval(tuple, desc, 3, &isnull));
		source->metric = TextDatumGetCString(SPI_getbinval(tuple, desc, 4, &isnull));
		source->action = source_action(TextDatumGetCString(SPI_getbinval(tuple, desc, 5, &isnull)));
		source->has_condition = DatumGetBool(SPI_getbinval(tuple, desc, 6, &isnull));
		source->has_at = DatumGetBool(SPI_getbinval(tuple, desc, 7, &isnull));
		source->has_reason = DatumGetBool(SPI_getbinval(tuple, desc, 8, &isnull));
		source->time_zone = TextDatumGetCString(SPI_getbinval(tuple, desc, 9, &isnull));
		source->confirmed_by = DatumGetObjectId(SPI_getbinval(tuple, desc, 10, &isnull));
		sources = lappend(sources, source);
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	fence_leave(&fence);
	return sources;
}

List *
sources_of_tracked(Oid relid)
{
	return read_sources("s.relation::oid = $1", relid, CurrentMemoryContext);
}

/* Relcache callback: the table may have been attached to another one, or detached. */
static void
forget_sources(Oid relid)
{
	HASH_SEQ_STATUS status;
	SourceTable *table;

	if (source_tables == NULL)
		return;
	hash_seq_init(&status, source_tables);
	while ((table = hash_seq_search(&status)) != NULL)
		if (table->relid == relid || !OidIsValid(relid))
			table->revision = 0;
}

void
sources_init(void)
{
	relation_watch(forget_sources);
}

List *
sources_of_table(Oid relid)
{
	int64		revision = definition_revision();
	SourceTable *table;
	MemoryContext context;
	List	   *sources;
	bool		found;

	if (source_tables == NULL)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = sizeof(Oid);
		ctl.entrysize = sizeof(SourceTable);
		source_tables = hash_create("sla_tracker sources", 16, &ctl, HASH_ELEM | HASH_BLOBS);
	}
	table = hash_search(source_tables, &relid, HASH_FIND, NULL);
	if (table != NULL && table->revision == revision)
		return table->sources;
	context = AllocSetContextCreate(CurrentMemoryContext, "sla_tracker sources", ALLOCSET_SMALL_SIZES);
	sources = read_sources("s.source IN (SELECT sla.tables_above($1))", relid, context);

	/*
	 * old ones may still be in use: keep them until the end of the
	 * transaction
	 */
	MemoryContextSetParent(context, CacheMemoryContext);
	table = hash_search(source_tables, &relid, HASH_ENTER, &found);
	if (found)
		MemoryContextSetParent(table->context, TopTransactionContext);
	table->context = context;
	table->sources = sources;
	table->revision = revision;
	return sources;
}

Bitmapset *
source_metrics(const List *sources, const Definition *def)
{
	Bitmapset  *sourced = NULL;
	const ListCell *cell;

	foreach(cell, sources)
	{
		const Source *source = lfirst(cell);

		for (int i = 0; i < def->nmetrics; i++)
			if (strcmp(def->metrics[i].name, source->metric) == 0)
				sourced = bms_add_member(sourced, def->metrics[i].id);
	}
	return sourced;
}

/*
 * Events
 */

static const char no_place[] = "NULL::oid, NULL::tid";

/*
 * A query for the events of a source: time, item, reason and place of the rows that
 * satisfy its condition.
 */
static char *
events_query(const Source *source, const char *from, const char *row, const char *place)
{
	return psprintf("SELECT %s, sla.\"source_%d_item\"(%s), %s, %s FROM %s WHERE %s",
					source->has_at ? psprintf("sla.\"source_%d_at\"(%s)", source->id, row) : "NULL::timestamptz",
					source->id, row,
					source->has_reason ? psprintf("sla.\"source_%d_reason\"(%s)", source->id, row) : "NULL::text",
					place, from,
					source->has_condition ? psprintf("sla.\"source_%d_applies_when\"(%s)", source->id, row) : "true");
}

/*
 * Begin to read a source, as its owner.  Returns the relation, or NULL if its owner has
 * changed since somebody defined or confirmed the source.
 */
static Relation
enter_source(const Source *source, Fence *fence)
{
	Relation	rel = table_open(source->source, AccessShareLock);

	if (rel->rd_rel->relowner != source->confirmed_by)
	{
		table_close(rel, AccessShareLock);
		return NULL;
	}
	fence_enter_no_rls(fence, rel->rd_rel->relowner);
	fence_settings(source->time_zone);
	SPI_connect();
	return rel;
}

/* An error if the owner of a source has changed. */
static void
check_confirmed(const Source *source)
{
	Relation	rel = table_open(source->source, AccessShareLock);

	if (rel->rd_rel->relowner != source->confirmed_by)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("source \"%s\" is suspended", RelationGetRelationName(rel)),
				 errdetail("It was defined under another owner of the table."),
				 errhint("UPDATE sla.source SET action = action confirms it.")));
	table_close(rel, NoLock);
}

static void
leave_source(Relation rel, const Fence *fence)
{
	SPI_finish();
	fence_leave(fence);
	table_close(rel, NoLock);
}

/* Append the events that the query returned to a list. */
static List *
take_events(List *events, const Source *source, int table, Relation rel, TimestampTz now, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		SourceEvent *event = palloc0(sizeof(SourceEvent));
		bool		isnull;
		Datum		value;

		value = SPI_getbinval(tuple, desc, 2, &isnull);
		event->item = isnull ? NULL : TextDatumGetCString(value);
		event->at = DatumGetTimestampTz(SPI_getbinval(tuple, desc, 1, &event->untimed));
		if (event->untimed)
			event->at = now;
		value = SPI_getbinval(tuple, desc, 3, &isnull);
		event->reason = isnull ? NULL : TextDatumGetCString(value);
		value = SPI_getbinval(tuple, desc, 4, &isnull);
		event->partition = DatumGetObjectId(value);
		value = SPI_getbinval(tuple, desc, 5, &isnull);
		if (!isnull)
			event->place = *(ItemPointer) DatumGetPointer(value);
		event->table = table;
		event->n = list_length(events);
		event->metric = source->metric;
		event->action = source->action;
		if (TIMESTAMP_NOT_FINITE(event->at))
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("at of a row of table \"%s\" is infinite", RelationGetRelationName(rel))));
		hours_check_instant(event->at);
		if (event->item != NULL)
			events = lappend(events, event);
	}
	MemoryContextSwitchTo(old);
	return events;
}

/*
 * Order events by time.  At the same time, rows of a table come in physical order,
 * usually that of insertion, regardless of which of the table's sources they are for.
 */
static int
compare_events(const ListCell *a, const ListCell *b)
{
	const SourceEvent *ea = lfirst(a);
	const SourceEvent *eb = lfirst(b);

	int			order;

	if (ea->at != eb->at)
		return ea->at < eb->at ? -1 : 1;
	if (ea->table != eb->table)
		return ea->table < eb->table ? -1 : 1;
	if (ea->partition != eb->partition)
		return ea->partition < eb->partition ? -1 : 1;
	order = ItemPointerCompare((ItemPointer) &ea->place, (ItemPointer) &eb->place);
	return order != 0 ? order : ea->n < eb->n ? -1 : ea->n > eb->n;
}

/* The index of the first source in a list that is for the same table as this one. */
static int
first_of_table(const List *sources, const Source *source)
{
	int			i = 0;

	while (((const Source *) list_nth(sources, i))->source != source->source)
		i++;
	return i;
}

/* Convert a row to the row type of the source, which its table may be below. */
static Datum
row_of_source(Relation source, Relation rel, HeapTuple tuple)
{
	TupleConversionMap *map = NULL;

	if (RelationGetRelid(rel) != RelationGetRelid(source))
		map = convert_tuples_by_name(RelationGetDescr(rel), RelationGetDescr(source));
	return heap_copy_tuple_as_datum(map != NULL ? execute_attr_map_tuple(tuple, map) : tuple, RelationGetDescr(source));
}

void
source_read_row(void *argument)
{
	SourceRow  *apart = argument;
	Source	   *source = apart->source;
	Fence		fence;
	Relation	rel = enter_source(source, &fence);
	Datum		row;

	if (rel == NULL)
		return;
	row = row_of_source(rel, apart->table, apart->tuple);
	if (source->row_plan == NULL)
		source->row_plan = kept_plan(source->context, events_query(source, "(SELECT) AS nothing", "$1", no_place),
									 1, &rel->rd_rel->reltype);
	if (SPI_execute_plan(source->row_plan, &row, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read a row of a source");
	apart->events = take_events(NIL, source, 0, rel, apart->now, apart->context);
	leave_source(rel, &fence);
}

/* What is read by source_events(), of one source */
typedef struct SourceRead
{
	Source	   *source;
	ArrayType  *items;			/* or NULL */
	int			table;			/* its number, see SourceEvent */
	TimestampTz now;
	MemoryContext context;		/* of the events */
	List	   *events;			/* those of all sources so far */
} SourceRead;

/* Read all events of a source. */
static void
read_source(void *argument)
{
	SourceRead *read = argument;
	const Source *source = read->source;
	Oid			type = TEXTARRAYOID;
	Datum		value = PointerGetDatum(read->items);
	char	   *query;
	Fence		fence;
	Relation	rel = enter_source(source, &fence);

	if (rel == NULL)
		return;
	query = events_query(source, psprintf("%s AS r",
										  quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
																	 RelationGetRelationName(rel))),
						 "r.*",
						 rel->rd_rel->relkind == RELKIND_FOREIGN_TABLE ? no_place : "r.tableoid, r.ctid");
	if (read->items != NULL)
		query = psprintf("%s AND sla.\"source_%d_item\"(r.*) = ANY ($1)", query, source->id);
	if (SPI_execute_with_args(query, read->items != NULL ? 1 : 0, &type, &value, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read a source");
	read->events = take_events(read->events, source, read->table, rel, read->now, read->context);
	leave_source(rel, &fence);
}

void
source_find_item(void *argument)
{
	SourceRow  *apart = argument;
	MemoryContext context = CurrentMemoryContext;
	Fence		fence;
	Relation	rel = enter_source(apart->source, &fence);
	Datum		row;
	bool		isnull;
	Datum		item;

	if (rel == NULL)
		return;
	row = row_of_source(rel, apart->table, apart->tuple);
	if (SPI_execute_with_args(psprintf("SELECT sla.\"source_%d_item\"($1)", apart->source->id),
							  1, &rel->rd_rel->reltype, &row, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read a row of a source");
	item = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (!isnull)
		apart->item = MemoryContextStrdup(context, TextDatumGetCString(item));
	leave_source(rel, &fence);
}

static bool
is_among(const char *item, ArrayType *items)
{
	Datum		value = CStringGetTextDatum(item);
	ArrayIterator iterator = array_create_iterator(items, 0, NULL);
	Datum		element;
	bool		isnull;
	bool		found = false;

	while (!found && array_iterate(iterator, &element, &isnull))
		found = !isnull && DatumGetBool(DirectFunctionCall2Coll(texteq, C_COLLATION_OID, element, value));
	array_free_iterator(iterator);
	return found;
}

/*
 * Read the events of one table of a source row by row, so that an error affects only
 * its row.
 */
static void
read_rows_apart(SourceRead *read, Relation table, const Definition *def, int64 *errors)
{
	Snapshot	snapshot = RegisterSnapshot(GetActiveSnapshot());
	TupleTableSlot *slot = table_slot_create(table, NULL);
	TableScanDesc scan = table_beginscan(table, snapshot, 0, NULL);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "sla_tracker source row",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		SourceRow	row = {read->source, table, ExecFetchSlotHeapTuple(slot, true, NULL), read->now, read->context};
		int			sqlstate;
		ListCell   *cell;

		CHECK_FOR_INTERRUPTS();
		sqlstate = attempt(source_read_row, &row);
		if (sqlstate != 0)
			(void) attempt(source_find_item, &row);
		if (sqlstate != 0 && (row.item == NULL || read->items == NULL || is_among(row.item, read->items)))
		{
			(*errors)++;
			track_note_error(def, row.item, sqlstate);
		}
		foreach(cell, row.events)
		{
			SourceEvent *event = lfirst(cell);

			if (read->items != NULL && !is_among(event->item, read->items))
				continue;
			event->table = read->table;
			event->partition = RelationGetRelid(table);
			event->place = slot->tts_tid;
			event->n = list_length(read->events);
			MemoryContextSwitchTo(read->context);
			read->events = lappend(read->events, event);
			MemoryContextSwitchTo(context);
		}
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
}

/*
 * Read the events of a source.  If that fails with on_error = 'warn', they are read row
 * by row, and the errors noted and counted.
 */
static void
read_source_or_rows(SourceRead *read, const Definition *def, int64 *errors)
{
	int			n = list_length(read->events);
	ListCell   *cell;

	if (!def->warn)
	{
		read_source(read);
		return;
	}
	if (attempt(read_source, read) == 0)
		return;
	read->events = list_truncate(read->events, n);
	foreach(cell, find_all_inheritors(read->source->source, AccessShareLock, NULL))
	{
		char		kind = get_rel_relkind(lfirst_oid(cell));
		Relation	table;

		if (kind == RELKIND_PARTITIONED_TABLE)
			continue;
		if (kind != RELKIND_RELATION)
		{
			/* its rows cannot be told apart */
			read->events = list_truncate(read->events, n);
			read_source(read);
			return;
		}
		table = table_open(lfirst_oid(cell), AccessShareLock);
		read_rows_apart(read, table, def, errors);
		table_close(table, NoLock);
	}
}

List *
source_events(const List *sources, ArrayType *items, const Definition *def, TimestampTz now, int64 *errors)
{
	SourceRead	read = {.items = items,.now = now,.context = CurrentMemoryContext};
	const ListCell *cell;

	foreach(cell, sources)
	{
		read.source = lfirst(cell);
		read.table = first_of_table(sources, read.source);
		check_confirmed(read.source);
		read_source_or_rows(&read, def, errors);
	}
	list_sort(read.events, compare_events);
	return read.events;
}
