/*-------------------------------------------------------------------------
 *
 * sync.c
 *	  Clocks brought in line with what tables and sources say, and signals.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "track.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "attempt.h"
#include "fence.h"
#include "follow.h"
#include "judge.h"
#include "rules.h"
#include "tracked_row.h"

static int32
tracked_id_of(Oid relid)
{
	Definition *def = definition_of_table(relid);

	if (def == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" is not tracked", get_rel_name(relid)),
				 errhint("SELECT sla.track('%s').", get_rel_name(relid))));
	return def->id;
}

/*
 * All rows of a table
 */

typedef struct Sync
{
	Follow		follow;
	RowReader	reader;
	HTAB	   *items;			/* that the table has, or NULL */
	int64		errors;			/* where on_error is warn */
} Sync;

/*
 * The row as it is now, locked so that no writer is on it; NULL when it was
 * deleted meanwhile.
 */
static TupleTableSlot *
lock_row(Sync *sync, Follow *follow, RowSource *source, TupleTableSlot *slot)
{
	ItemPointerData tid = slot->tts_tid;
	TM_FailureData failure;
	TM_Result	result = table_tuple_lock(source->rel, &tid, GetActiveSnapshot(), slot,
										  GetCurrentCommandId(true), LockTupleNoKeyExclusive,
										  LockWaitBlock, TUPLE_LOCK_FLAG_FIND_LAST_VERSION,
										  &failure);

	if (result == TM_Deleted || result == TM_SelfModified || result == TM_Invisible)
		return NULL;
	if (result != TM_Ok)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent update")));
	if (failure.traversed && IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent update")));
	follow_renew(follow);		/* what the lock's last holder did */
	return rows_of_root(&sync->reader, source, slot);
}

/*
 * One row.  Where on_error is warn each is worked on apart from the others, so
 * that its error is its own.
 */
typedef struct OneRow
{
	Sync	   *sync;
	RowSource  *source;
	TupleTableSlot *slot;
	char	   *item;			/* once it is known */
	FollowCounts counts;
} OneRow;

/* The table has this item. */
static void
remember_item(Sync *sync, const char *item)
{
	uint64		key = follow_hash(item);

	(void) hash_search(sync->items, &key, HASH_ENTER, NULL);
}

static void
remember_row(Sync *sync, RowSource *source, TupleTableSlot *slot)
{
	remember_item(sync, follow_item_of(&sync->follow, rows_of_root(&sync->reader, source, slot)));
}

static void
sync_slot(Sync *sync, Follow *follow, RowSource *source, TupleTableSlot *slot)
{
	TupleTableSlot *row = rows_of_root(&sync->reader, source, slot);

	if (!follow_would_write(follow, row))
		return;
	row = lock_row(sync, follow, source, slot);
	if (row != NULL)
		follow_row(follow, row);
}

static void
sync_apart(void *argument)
{
	OneRow	   *one = argument;
	TupleTableSlot *row = rows_of_root(&one->sync->reader, one->source, one->slot);
	Follow		follow;

	follow_begin(&follow, one->sync->follow.def->id);
	follow.by_edit = true;
	follow.starting = one->sync->follow.starting;
	one->item = MemoryContextStrdup(one->sync->follow.item_context, follow_item_of(&follow, row));
	remember_item(one->sync, one->item);
	sync_slot(one->sync, &follow, one->source, one->slot);
	follow_end(&follow);
	one->counts = follow.counts;
}

/* What was done apart counts, too; an error is noted. */
static void
count_apart(Sync *sync, const char *item, int sqlstate, const FollowCounts *counts)
{
	if (sqlstate != 0)
	{
		sync->errors++;
		track_note_error(sync->follow.def, item, sqlstate);
		return;
	}
	sync->follow.counts.started += counts->started;
	sync->follow.counts.changed += counts->changed;
	sync->follow.counts.cancelled += counts->cancelled;
}

static void
sync_row(Sync *sync, RowSource *source, TupleTableSlot *slot)
{
	if (sync->follow.def->warn)
	{
		OneRow		one = {sync, source, slot, NULL, {0}};
		int			sqlstate = attempt(sync_apart, &one);

		count_apart(sync, one.item, sqlstate, &one.counts);
	}
	else
	{
		remember_row(sync, source, slot);
		sync_slot(sync, &sync->follow, source, slot);
	}
}

typedef void (*RowFunction) (Sync *sync, RowSource *source, TupleTableSlot *slot);

/* All rows of the table, and of its partitions and children. */
static void
scan_rows(Sync *sync, RowFunction function)
{
	List	   *relids = find_all_inheritors(sync->follow.def->relid, AccessShareLock, NULL);
	ListCell   *cell;

	foreach(cell, relids)
	{
		RowSource  *source;
		Snapshot	snapshot;
		TableScanDesc scan;
		TupleTableSlot *slot;

		if (get_rel_relkind(lfirst_oid(cell)) != RELKIND_RELATION)
			continue;
		source = rows_source(&sync->reader, lfirst_oid(cell));
		snapshot = RegisterSnapshot(GetActiveSnapshot());
		slot = table_slot_create(source->rel, NULL);
		scan = table_beginscan(source->rel, snapshot, 0, NULL);
		while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
		{
			CHECK_FOR_INTERRUPTS();
			function(sync, source, slot);
			follow_next(&sync->follow);
		}
		table_endscan(scan);
		ExecDropSingleTupleTableSlot(slot);
		UnregisterSnapshot(snapshot);
	}
}

/* One item, likewise. */
typedef struct OneItem
{
	int32		tracked_id;
	char	   *item;
	const bool *starting;
	FollowCounts counts;
} OneItem;

static void
sync_item(Follow *follow, RowReader *reader, const char *item)
{
	TupleTableSlot *row = rows_by_item(reader, follow->def, item, false);

	if (row == NULL)
		follow_gone(follow, item);
	else if (follow_would_write(follow, row))
	{
		row = rows_by_item(reader, follow->def, item, true);
		follow_renew(follow);
		if (row != NULL)
			follow_row(follow, row);
	}
	follow_next(follow);
}

static void
sync_item_apart(void *argument)
{
	OneItem    *one = argument;
	Follow		follow;
	RowReader	reader;

	follow_begin(&follow, one->tracked_id);
	follow.by_edit = true;
	follow.starting = one->starting;
	rows_open(&reader, follow.def->relid);
	sync_item(&follow, &reader, one->item);
	rows_close(&reader);
	follow_end(&follow);
	one->counts = follow.counts;
}

/* The rows of some items. */
static void
sync_items(Sync *sync, ArrayType *items)
{
	Datum	   *values;
	bool	   *nulls;
	int			n;

	deconstruct_array(items, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		char	   *item;

		if (nulls[i])
			continue;
		item = TextDatumGetCString(values[i]);
		if (sync->follow.def->warn)
		{
			OneItem		one = {sync->follow.def->id, item, sync->follow.starting, {0}};
			int			sqlstate = attempt(sync_item_apart, &one);

			count_apart(sync, item, sqlstate, &one.counts);
		}
		else
			sync_item(&sync->follow, &sync->reader, item);
	}
}

/* What was noted of the items is history now, unless it was noted just so. */
static void
heal_errors(Oid relid, ArrayType *items, TimestampTz since)
{
	Oid			types[] = {OIDOID, TEXTARRAYOID, TIMESTAMPTZOID};
	Datum		values[] = {ObjectIdGetDatum(relid), PointerGetDatum(items), TimestampTzGetDatum(since)};
	char		nulls[] = {' ', items == NULL ? 'n' : ' ', ' ', '\0'};
	Fence		fence;

	fence_enter(&fence, fence_extension_owner());
	fence_settings(NULL);
	SPI_connect();
	if (SPI_execute_with_args("UPDATE sla.sync_error SET is_healed = true WHERE relation::oid = $1 "
							  "AND NOT is_healed AND ($2 IS NULL OR item = ANY ($2)) AND at < $3",
							  lengthof(types), types, values, nulls, false, 0) != SPI_OK_UPDATE)
		elog(ERROR, "could not write sla.sync_error");
	SPI_finish();
	fence_leave(&fence);
}

/*
 * Events of sources, in order of their time
 */

typedef struct SourceEvent
{
	TimestampTz at;
	char	   *item;
	char	   *metric;
	char	   *reason;
	ClockAction action;
} SourceEvent;

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
} Source;

/* The sources that a query over sla.source and sla.tracked selects by an oid. */
static List *
sources_of(const char *condition, Oid relid)
{
	MemoryContext context = CurrentMemoryContext;
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
		Source	   *source = palloc(sizeof(Source));
		bool		isnull;

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

/*
 * The query for the events of a source: time, item and reason of its rows, by
 * the functions of its expressions.
 */
static char *
events_query(const Source *source, const char *from, const char *row)
{
	return psprintf("SELECT %s, sla.source_%d_item(%s), %s FROM %s WHERE %s",
					source->has_at ? psprintf("sla.source_%d_at(%s)", source->id, row) : "NULL::timestamptz",
					source->id, row,
					source->has_reason ? psprintf("sla.source_%d_reason(%s)", source->id, row) : "NULL::text",
					from,
					source->has_condition ? psprintf("sla.source_%d_applies_when(%s)", source->id, row) : "true");
}

/* Append the events that a query returns; "now" where none tells its time. */
static List *
take_events(List *events, const Source *source, const char *query, TimestampTz now,
			int nargs, Oid *types, Datum *values, MemoryContext context)
{
	Relation	rel = table_open(source->source, AccessShareLock);
	Fence		fence;

	if (rel->rd_rel->relowner != source->confirmed_by)
		rule_suspended(RelationGetRelationName(rel));
	fence_enter_no_rls(&fence, rel->rd_rel->relowner);
	fence_settings(source->time_zone);
	SPI_connect();
	if (SPI_execute_with_args(query, nargs, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read a source");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		MemoryContext old = MemoryContextSwitchTo(context);
		SourceEvent *event = palloc0(sizeof(SourceEvent));
		bool		isnull;
		Datum		value;

		value = SPI_getbinval(tuple, desc, 2, &isnull);
		event->item = isnull ? NULL : TextDatumGetCString(value);
		event->at = DatumGetTimestampTz(SPI_getbinval(tuple, desc, 1, &isnull));
		if (isnull)
			event->at = now;
		value = SPI_getbinval(tuple, desc, 3, &isnull);
		event->reason = isnull ? NULL : TextDatumGetCString(value);
		event->metric = source->metric;
		event->action = source->action;
		if (TIMESTAMP_NOT_FINITE(event->at))
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("at of a row of table \"%s\" is infinite", RelationGetRelationName(rel))));
		if (event->item != NULL)
			events = lappend(events, event);
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	fence_leave(&fence);
	table_close(rel, NoLock);
	return events;
}

/* For each metric, whether a source names it. */
static bool *
sourced_metrics(const Definition *def, const List *sources)
{
	bool	   *sourced = palloc0(Max(def->nmetrics, 1) * sizeof(bool));
	const ListCell *cell;

	foreach(cell, sources)
	{
		const Source *source = lfirst(cell);

		for (int i = 0; i < def->nmetrics; i++)
			sourced[i] |= strcmp(def->metrics[i].name, source->metric) == 0;
	}
	return sourced;
}

static int
compare_events(const ListCell *a, const ListCell *b)
{
	const SourceEvent *ea = lfirst(a);
	const SourceEvent *eb = lfirst(b);

	return ea->at < eb->at ? -1 : ea->at > eb->at;
}

/* Apply one signal; false when there is no such item. */
static bool
signal_item(int32 tracked_id, const char *item, const char *metric, ClockAction action,
			TimestampTz at, const char *reason, bool only_later, FollowCounts *counts)
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
		row = rows_by_item(&reader, follow.def, item, true);
		if (row != NULL)
		{
			/* what was committed before the lock was ours */
			follow_renew(&follow);
			follow_signal(&follow, row, metric, action, at, reason, only_later);
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

/* An event of a source that sync reads back: unless it was applied before. */
typedef struct OneEvent
{
	int32		tracked_id;
	const SourceEvent *event;
	FollowCounts counts;
} OneEvent;

static void
apply_event(void *argument)
{
	OneEvent   *one = argument;
	const SourceEvent *event = one->event;

	(void) signal_item(one->tracked_id, event->item, event->metric, event->action, event->at,
					   event->reason, true, &one->counts);
}

/* Apply the events of all sources of a table, of some items or of all. */
static void
sync_sources(Sync *sync, const List *sources, ArrayType *items)
{
	List	   *events = NIL;
	ListCell   *cell;

	foreach(cell, (List *) sources)
	{
		const Source *source = lfirst(cell);
		char	   *name = quote_qualified_identifier(get_namespace_name(get_rel_namespace(source->source)),
													  get_rel_name(source->source));
		char	   *query = events_query(source, psprintf("%s AS r", name), "r.*");
		Oid			type = TEXTARRAYOID;
		Datum		value = PointerGetDatum(items);

		if (items != NULL)
			query = psprintf("%s AND sla.source_%d_item(r.*) = ANY ($1)", query, source->id);
		events = take_events(events, source, query, sync->follow.now, items != NULL ? 1 : 0,
							 &type, &value, CurrentMemoryContext);
	}
	list_sort(events, compare_events);
	foreach(cell, events)
	{
		OneEvent	one = {sync->follow.def->id, lfirst(cell), {0}};
		int			sqlstate = 0;

		CHECK_FOR_INTERRUPTS();
		if (sync->follow.def->warn)
			sqlstate = attempt(apply_event, &one);
		else
			apply_event(&one);
		count_apart(sync, one.event->item, sqlstate, &one.counts);
	}
}

/*
 * Items that are gone
 */

/* Cancel the open clocks of a table whose item is not in the set. */
static void
cancel_missing(Follow *follow, RowReader *reader, HTAB *items)
{
	List	   *gone = NIL;
	Oid			type = OIDOID;
	Datum		value = ObjectIdGetDatum(follow->def->relid);
	MemoryContext context = CurrentMemoryContext;
	ListCell   *cell;
	Fence		fence;

	fence_enter(&fence, fence_extension_owner());
	fence_settings(NULL);
	SPI_connect();
	if (SPI_execute_with_args("SELECT DISTINCT item FROM sla.clock_state WHERE relation::oid = $1 AND ended_at IS NULL",
							  1, &type, &value, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read sla.clock_state");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		MemoryContext old = MemoryContextSwitchTo(context);
		char	   *item = TextDatumGetCString(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
		uint64		key = follow_hash(item);

		if (hash_search(items, &key, HASH_FIND, NULL) == NULL)
			gone = lappend(gone, item);
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	fence_leave(&fence);
	foreach(cell, gone)
	{
		const char *item = lfirst(cell);

		/* the set may be older than the clock */
		if (rows_by_item(reader, follow->def, item, false) == NULL)
			follow_gone(follow, item);
		follow_next(follow);
	}
}

static HTAB *
item_set(void)
{
	HASHCTL		ctl = {0};

	ctl.keysize = sizeof(uint64);
	ctl.entrysize = sizeof(uint64);
	ctl.hcxt = CurrentMemoryContext;
	return hash_create("sla_tracker items", 1024, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

void
track_missing(int32 tracked_id)
{
	Sync		sync = {0};

	follow_begin(&sync.follow, tracked_id);
	if (sync.follow.def != NULL)
	{
		/* TRUNCATE may have spared a child */
		sync.items = item_set();
		rows_open(&sync.reader, sync.follow.def->relid);
		scan_rows(&sync, remember_row);
		cancel_missing(&sync.follow, &sync.reader, sync.items);
		rows_close(&sync.reader);
	}
	follow_end(&sync.follow);
}

/*
 * sla.sync(regclass, text[]) -> (items, started, changed, cancelled, errors)
 */
PG_FUNCTION_INFO_V1(sla_sync);
Datum
sla_sync(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	ArrayType  *items = PG_ARGISNULL(1) ? NULL : PG_GETARG_ARRAYTYPE_P(1);
	MemoryContext context;
	MemoryContext old;
	List	   *sources;
	Sync		sync = {0};
	TupleDesc	desc;
	Datum		values[5];
	bool		nulls[5] = {0};

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("relation must not be null")));
	check_may_define(relid);
	context = AllocSetContextCreate(CurrentMemoryContext, "sla_tracker sync", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	follow_begin(&sync.follow, tracked_id_of(relid));
	sync.follow.by_edit = true;
	rows_open(&sync.reader, relid);
	sources = sources_of("s.relation::oid = $1", relid);
	if (items == NULL)
		sync.items = item_set();

	/* begin, then what the sources tell in order, then as the rows are now */
	for (int pass = sources != NIL ? 0 : 1; pass < 2; pass++)
	{
		sync.follow.starting = pass == 0 ? sourced_metrics(sync.follow.def, sources) : NULL;
		if (items == NULL)
			scan_rows(&sync, sync_row);
		else
			sync_items(&sync, items);
		if (pass == 0)
		{
			follow_flush(&sync.follow);
			sync_sources(&sync, sources, items);
			sync.follow.counts.items = 0;
			follow_flush(&sync.follow);
		}
	}
	if (items == NULL)
		cancel_missing(&sync.follow, &sync.reader, sync.items);
	rows_close(&sync.reader);
	follow_end(&sync.follow);
	heal_errors(relid, items, sync.follow.now);
	MemoryContextSwitchTo(old);

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = Int64GetDatum(sync.follow.counts.items);
	values[1] = Int64GetDatum(sync.follow.counts.started);
	values[2] = Int64GetDatum(sync.follow.counts.changed);
	values[3] = Int64GetDatum(sync.follow.counts.cancelled);
	values[4] = Int64GetDatum(sync.errors);
	MemoryContextDelete(context);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/*
 * Signals
 */

/*
 * sla.signal(relation, item, metric, action, at, reason)
 *
 * For roles that may UPDATE the tracked table.
 */
PG_FUNCTION_INFO_V1(sla_signal);
Datum
sla_signal(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"relation", "item", "metric", "action", "at"};
	Oid			relid;
	char	   *item;
	TimestampTz at;
	AclResult	acl;

	for (int i = 0; i < (int) lengthof(names); i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s of a signal must not be null", names[i])));
	relid = PG_GETARG_OID(0);
	item = text_to_cstring(PG_GETARG_TEXT_PP(1));
	at = PG_GETARG_TIMESTAMPTZ(4);
	acl = pg_class_aclcheck(relid, GetUserId(), ACL_UPDATE);
	if (acl != ACLCHECK_OK)
		aclcheck_error(acl, get_relkind_objtype(get_rel_relkind(relid)), get_rel_name(relid));
	if (TIMESTAMP_NOT_FINITE(at))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("at of a signal must be finite")));
	if (!signal_item(tracked_id_of(relid), item, text_to_cstring(PG_GETARG_TEXT_PP(2)),
					 action_of(text_to_cstring(PG_GETARG_TEXT_PP(3))), at,
					 PG_ARGISNULL(5) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(5)), false, NULL))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("item \"%s\" of table \"%s\" does not exist", item, get_rel_name(relid))));
	PG_RETURN_VOID();
}

/* A row of a source. */
typedef struct SourceRow
{
	const Source *source;
	Oid			type;
	Datum		row;
	const char *item;			/* once it is known */
} SourceRow;

/* Apply the signal that a row of a source is, if it is one. */
static void
signal_row(void *argument)
{
	SourceRow  *signal = argument;
	const Source *source = signal->source;
	List	   *events = take_events(NIL, source, events_query(source, "(SELECT) AS nothing", "$1"),
									 GetCurrentTimestamp(), 1, &signal->type, &signal->row,
									 CurrentMemoryContext);
	ListCell   *cell;

	foreach(cell, events)
	{
		const SourceEvent *event = lfirst(cell);

		signal->item = event->item;
		(void) signal_item(source->tracked_id, event->item, event->metric, event->action,
						   event->at, event->reason, false, NULL);
	}
}

/*
 * sla.track_source() -> trigger
 *
 * AFTER INSERT FOR EACH ROW of a source: the row is a signal.
 */
PG_FUNCTION_INFO_V1(sla_track_source);
Datum
sla_track_source(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	Relation	rel;
	List	   *sources;
	ListCell   *cell;
	Oid			type;
	Datum		row;

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
	rel = trigdata->tg_relation;
	type = rel->rd_rel->reltype;
	row = heap_copy_tuple_as_datum(trigdata->tg_trigtuple, RelationGetDescr(rel));
	PushActiveSnapshot(GetTransactionSnapshot());
	sources = sources_of("s.source::oid = $1", RelationGetRelid(rel));
	foreach(cell, sources)
	{
		SourceRow	signal = {lfirst(cell), type, row};
		Definition *def = definition_of(signal.source->tracked_id);

		if (def == NULL)
			continue;
		if (def->warn)
		{
			int			sqlstate = attempt(signal_row, &signal);

			if (sqlstate != 0)
				track_note_error(def, signal.item, sqlstate);
		}
		else
			signal_row(&signal);
	}
	PopActiveSnapshot();
	return PointerGetDatum(NULL);
}
