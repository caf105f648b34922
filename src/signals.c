/*-------------------------------------------------------------------------
 *
 * signals.c
 *	  Events that are not visible in the row of an item: sla.signal(), and rows of
 *	  sources.
 *
 * Each backend caches the sources of a table, with a plan for evaluating their
 * expressions for one row, until any definition changes.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "signals.h"

#include "access/table.h"
#include "access/tupconvert.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "attempt.h"
#include "fence.h"
#include "kept_plan.h"
#include "relation_watch.h"
#include "rules.h"
#include "track.h"
#include "tracked_row.h"

/*
 * Sources
 */

/* A row of sla.source. */
typedef struct Source
{
	int32		id;
	Oid			source;
	int32		tracked_id;
	char	   *metric;
	ClockAction action;
	char	   *time_zone;
	Oid			confirmed_by;
	bool		has_condition;
	bool		has_at;
	bool		has_reason;
	MemoryContext context;		/* contains all of this */
	SPIPlanPtr	row_plan;		/* gets the event of one row; NULL until
								 * needed */
} Source;

/* Cache entry: the sources for a table, which may be below the sources' table. */
typedef struct SourceTable
{
	Oid			relid;			/* key */
	int64		revision;		/* of all definitions; 0 if invalid */
	MemoryContext context;
	List	   *sources;
} SourceTable;

static HTAB *source_tables = NULL;

static ClockAction
action_of(const char *action)
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
		source->action = action_of(TextDatumGetCString(SPI_getbinval(tuple, desc, 5, &isnull)));
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
signals_init(void)
{
	relation_watch(forget_sources);
}

/* The sources for a table, or for one above it, as the active snapshot sees them. */
static List *
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

List *
source_events(const List *sources, ArrayType *items, TimestampTz now)
{
	MemoryContext context = CurrentMemoryContext;
	List	   *events = NIL;
	const ListCell *cell;

	foreach(cell, sources)
	{
		const Source *source = lfirst(cell);
		Oid			type = TEXTARRAYOID;
		Datum		value = PointerGetDatum(items);
		char	   *query;
		Fence		fence;
		Relation	rel = enter_source(source, &fence);

		if (rel == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("source \"%s\" is suspended", get_rel_name(source->source)),
					 errdetail("It was defined under another owner of the table."),
					 errhint("UPDATE sla.source SET action = action confirms it.")));
		query = events_query(source, psprintf("%s AS r",
											  quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
																		 RelationGetRelationName(rel))),
							 "r.*",
							 rel->rd_rel->relkind == RELKIND_FOREIGN_TABLE ? no_place : "r.tableoid, r.ctid");
		if (items != NULL)
			query = psprintf("%s AND sla.\"source_%d_item\"(r.*) = ANY ($1)", query, source->id);
		if (SPI_execute_with_args(query, items != NULL ? 1 : 0, &type, &value, NULL, true, 0) != SPI_OK_SELECT)
			elog(ERROR, "could not read a source");
		events = take_events(events, source, first_of_table(sources, source), rel, now, context);
		leave_source(rel, &fence);
	}
	list_sort(events, compare_events);
	return events;
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

/* The event of a row, as a list, which is empty if there is none. */
static List *
row_event(Source *source, Relation table, HeapTuple tuple)
{
	MemoryContext context = CurrentMemoryContext;
	List	   *events;
	Fence		fence;
	Relation	rel = enter_source(source, &fence);
	Datum		row;

	if (rel == NULL)
		return NIL;
	row = row_of_source(rel, table, tuple);
	if (source->row_plan == NULL)
		source->row_plan = kept_plan(source->context, events_query(source, "(SELECT) AS nothing", "$1", no_place),
									 1, &rel->rd_rel->reltype);
	if (SPI_execute_plan(source->row_plan, &row, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read a row of a source");
	events = take_events(NIL, source, 0, rel, GetCurrentTimestamp(), context);
	leave_source(rel, &fence);
	return events;
}

/*
 * Signals
 */

/*
 * Does row-level security allow a role to UPDATE the row that was found last?  This is
 * checked as the role, with the settings of the session, like in an UPDATE.  The
 * table's owner is exempt, just as in sla.sync().
 */
static bool
may_update(const RowReader *reader, Oid role)
{
	Oid			types[] = {OIDOID, TIDOID};
	Datum		values[] = {ObjectIdGetDatum(reader->found_in), PointerGetDatum(&reader->found_at)};
	bool		may;
	Fence		fence;

	if (pg_class_ownercheck_compat(RelationGetRelid(reader->root), role) ||
		check_enable_rls(RelationGetRelid(reader->root), role, true) != RLS_ENABLED)
		return true;
	fence_enter(&fence, role);
	SPI_connect();
	if (SPI_execute_with_args(psprintf("SELECT FROM %s AS r WHERE r.tableoid OPERATOR(pg_catalog.=) $1 "
									   "AND r.ctid OPERATOR(pg_catalog.=) $2 FOR NO KEY UPDATE", rows_root_name(reader)),
							  2, types, values, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not look up a row");
	may = SPI_processed > 0;
	SPI_finish();
	fence_leave(&fence);
	return may;
}

/*
 * Apply one signal.  Returns false if there is no such item, or if the role may not
 * UPDATE it, which is not checked if that is InvalidOid.
 */
static bool
signal_item(Oid role, int32 tracked_id, const SourceEvent *event, ItemSet *fresh, FollowCounts *counts)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "sla_tracker signal",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	TupleTableSlot *row;
	Follow		follow;
	RowReader	reader;

	follow_begin(&follow, tracked_id);
	if (follow.def == NULL)
		row = NULL;
	else
	{
		rows_open(&reader, follow.def->relid);
		row = rows_by_item(&reader, follow.def, event->item, ROW_LOCK);
		if (row != NULL && OidIsValid(role) && !may_update(&reader, role))
			row = NULL;
		if (row != NULL)
		{
			/* see what was committed before we got the lock */
			follow_renew(&follow);
			follow_signal(&follow, row, event->metric, event->action, event->at, event->untimed, event->reason, fresh);
		}
		rows_close(&reader);
	}
	follow_end(&follow);
	if (counts != NULL)
		*counts = follow.counts;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return row != NULL;
}

void
source_event_apply(int32 tracked_id, const SourceEvent *event, ItemSet *fresh, FollowCounts *counts)
{
	(void) signal_item(InvalidOid, tracked_id, event, fresh, counts);
}

/*
 * sla.signal(relation, item, metric, action, at, reason)
 *
 * Requires the right to UPDATE the row in the tracked table.
 */
PG_FUNCTION_INFO_V1(sla_signal);
Datum
sla_signal(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"relation", "item", "metric", "action", "at"};
	Oid			relid;
	int32		tracked_id;
	SourceEvent event = {0};
	AclResult	acl;

	for (int i = 0; i < (int) lengthof(names); i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s of a signal must not be null", names[i])));
	relid = PG_GETARG_OID(0);
	event.item = text_to_cstring(PG_GETARG_TEXT_PP(1));
	event.at = PG_GETARG_TIMESTAMPTZ(4);
	acl = pg_class_aclcheck(relid, GetUserId(), ACL_UPDATE);
	if (acl != ACLCHECK_OK)
		aclcheck_error(acl, get_relkind_objtype(get_rel_relkind(relid)), get_rel_name(relid));
	if (TIMESTAMP_NOT_FINITE(event.at))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("at of a signal must be finite")));
	hours_check_instant(event.at);
	tracked_id = definition_of_tracked(relid)->id;
	track_follow_noted(tracked_id);
	event.metric = text_to_cstring(PG_GETARG_TEXT_PP(2));
	event.action = action_of(text_to_cstring(PG_GETARG_TEXT_PP(3)));
	event.reason = PG_ARGISNULL(5) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(5));
	if (!signal_item(GetUserId(), tracked_id, &event, NULL, NULL))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("item \"%s\" of table \"%s\" does not exist", event.item, get_rel_name(relid))));
	PG_RETURN_VOID();
}

/* Arguments of signal_row() */
typedef struct SourceRow
{
	Source	   *source;
	Relation	table;
	HeapTuple	tuple;
	const char *item;			/* set when known */
} SourceRow;

/* Apply the event of a row of a source, if there is one. */
static void
signal_row(void *argument)
{
	SourceRow  *signal = argument;
	ListCell   *cell;

	foreach(cell, row_event(signal->source, signal->table, signal->tuple))
	{
		const SourceEvent *event = lfirst(cell);

		signal->item = event->item;
		source_event_apply(signal->source->tracked_id, event, NULL, NULL);
	}
}

/* Set the item of a row whose event could not be read. */
static void
find_signal_item(void *argument)
{
	SourceRow  *signal = argument;
	MemoryContext context = CurrentMemoryContext;
	Fence		fence;
	Relation	rel = enter_source(signal->source, &fence);
	Datum		row;
	bool		isnull;
	Datum		item;

	if (rel == NULL)
		return;
	row = row_of_source(rel, signal->table, signal->tuple);
	if (SPI_execute_with_args(psprintf("SELECT sla.\"source_%d_item\"($1)", signal->source->id),
							  1, &rel->rd_rel->reltype, &row, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read a row of a source");
	item = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (!isnull)
		signal->item = MemoryContextStrdup(context, TextDatumGetCString(item));
	leave_source(rel, &fence);
}

/*
 * sla.track_source() -> trigger
 *
 * AFTER INSERT trigger FOR EACH ROW of a source, which applies the row as a signal.
 */
PG_FUNCTION_INFO_V1(sla_track_source);
Datum
sla_track_source(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	List	   *sources;
	ListCell   *cell;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by trigger manager", "track_source")));
	if (!TRIGGER_FIRED_AFTER(trigdata->tg_event) || !TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) ||
		!TRIGGER_FIRED_BY_INSERT(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\": function \"%s\" must be fired AFTER INSERT, FOR EACH ROW",
						trigdata->tg_trigger->tgname, "track_source")));
	PushActiveSnapshot(GetTransactionSnapshot());
	sources = sources_of_table(RelationGetRelid(trigdata->tg_relation));
	foreach(cell, sources)
	{
		SourceRow	signal = {lfirst(cell), trigdata->tg_relation, trigdata->tg_trigtuple};
		Definition *def = definition_of(signal.source->tracked_id);

		if (def == NULL || def->suspended)
			continue;
		track_follow_noted(def->id);
		if (def->warn)
		{
			int			sqlstate = attempt(signal_row, &signal);

			if (sqlstate != 0 && signal.item == NULL)
				(void) attempt(find_signal_item, &signal);
			if (sqlstate != 0)
				track_note_error(def, signal.item, sqlstate);
		}
		else
			signal_row(&signal);
	}
	PopActiveSnapshot();
	return PointerGetDatum(NULL);
}
