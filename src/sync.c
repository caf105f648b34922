/*-------------------------------------------------------------------------
 *
 * sync.c
 *	  sla.sync(): bringing clocks in line with a tracked table and its sources.
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
#include "executor/executor.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "attempt.h"
#include "fence.h"
#include "follow.h"
#include "item_set.h"
#include "judge.h"
#include "signals.h"

/*
 * Rows of the table
 */

typedef struct Sync
{
	Follow		follow;
	RowReader	reader;
	int64		errors;			/* counted if on_error = 'warn' */
} Sync;

/*
 * Lock a row, so that nobody else works on its item, and follow its latest version,
 * unless it has been deleted.
 */
static void
follow_locked(Sync *sync, Follow *follow, RowSource *source, TupleTableSlot *slot)
{
	ItemPointerData tid = slot->tts_tid;
	TM_FailureData failure;
	TM_Result	result = table_tuple_lock(source->rel, &tid, GetActiveSnapshot(), slot,
										  GetCurrentCommandId(true), LockTupleNoKeyExclusive,
										  LockWaitBlock, TUPLE_LOCK_FLAG_FIND_LAST_VERSION,
										  &failure);

	if (result == TM_Deleted || result == TM_SelfModified || result == TM_Invisible)
		return;
	if (result != TM_Ok)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent update")));
	if (failure.traversed && IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent update")));
	follow_renew(follow);		/* see what the last holder of the lock did */
	slot = rows_of_root(&sync->reader, source, slot);
	if (failure.traversed)
		follow_row(follow, slot);
	else
		follow_last_row(follow, slot);
}

/*
 * With on_error = 'warn', each row is worked on with a Follow of its own, in a
 * subtransaction, so that an error affects only this row.
 */
typedef struct OneRow
{
	Sync	   *sync;
	RowSource  *source;
	TupleTableSlot *slot;
	char	   *item;			/* set when known */
	FollowCounts counts;
} OneRow;

static void
sync_apart(void *argument)
{
	OneRow	   *one = argument;
	TupleTableSlot *row = rows_of_root(&one->sync->reader, one->source, one->slot);
	Follow		follow;

	follow_begin(&follow, one->sync->follow.def->id);
	follow.by_edit = true;
	follow.is_starting = one->sync->follow.is_starting;
	follow.starting = one->sync->follow.starting;
	follow.fresh = one->sync->follow.fresh;
	one->item = pstrdup(follow_item_of(&follow, row));
	follow_note_item(&one->sync->follow, one->item);
	if (follow_would_write(&follow, row))
		follow_locked(one->sync, &follow, one->source, one->slot);
	follow_end(&follow);
	one->counts = follow.counts;
}

/* Add the counts of one row or event, or record its error. */
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
	sync->follow.counts.taken_up += counts->taken_up;
}

static void
sync_row(Sync *sync, RowSource *source, TupleTableSlot *slot)
{
	if (sync->follow.def->warn)
	{
		OneRow		one = {sync, source, slot, NULL, {0}};
		MemoryContext old = MemoryContextSwitchTo(sync->follow.item_context);
		int			sqlstate = attempt(sync_apart, &one);

		MemoryContextSwitchTo(old);
		count_apart(sync, one.item, sqlstate, &one.counts);
	}
	else if (follow_would_write(&sync->follow, rows_of_root(&sync->reader, source, slot)))
		follow_locked(sync, &sync->follow, source, slot);
}

static void
note_row(Sync *sync, RowSource *source, TupleTableSlot *slot)
{
	follow_note_item(&sync->follow, follow_item_of(&sync->follow, rows_of_root(&sync->reader, source, slot)));
}

typedef void (*RowFunction) (Sync *sync, RowSource *source, TupleTableSlot *slot);

/* Call a function for all rows of the table, its partitions and children. */
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

/* The same for one item of a list. */
typedef struct OneItem
{
	int32		tracked_id;
	char	   *item;
	const Follow *whole;		/* that of the entire sync */
	FollowCounts counts;
} OneItem;

static void
sync_item(Follow *follow, RowReader *reader, const char *item)
{
	TupleTableSlot *row = rows_by_item(reader, follow->def, item, ROW_READ);

	if (row == NULL || strcmp(follow_item_of(follow, row), item) != 0)
		follow_gone(follow, item, follow->now);
	if (row != NULL && follow_would_write(follow, row))
	{
		row = rows_by_item(reader, follow->def, item, ROW_LOCK);
		follow_renew(follow);
		if (row != NULL)
			follow_row(follow, row);
	}
}

static void
sync_item_apart(void *argument)
{
	OneItem    *one = argument;
	Follow		follow;
	RowReader	reader;

	follow_begin(&follow, one->tracked_id);
	follow.by_edit = true;
	follow.is_starting = one->whole->is_starting;
	follow.starting = one->whole->starting;
	follow.fresh = one->whole->fresh;
	rows_open(&reader, follow.def->relid);
	sync_item(&follow, &reader, one->item);
	rows_close(&reader);
	follow_end(&follow);
	one->counts = follow.counts;
}

/* Sync the given items only. */
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
			OneItem		one = {sync->follow.def->id, item, &sync->follow, {0}};
			MemoryContext old = MemoryContextSwitchTo(sync->follow.item_context);
			int			sqlstate = attempt(sync_item_apart, &one);

			MemoryContextSwitchTo(old);
			count_apart(sync, item, sqlstate, &one.counts);
		}
		else
			sync_item(&sync->follow, &sync->reader, item);
		follow_next(&sync->follow);
	}
}

/* Mark errors of these items (or all) as healed, if recorded before this sync. */
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
 * Events of sources
 */
typedef struct OneEvent
{
	int32		tracked_id;
	const SourceEvent *event;
	ItemSet    *fresh;
	FollowCounts counts;
} OneEvent;

static void
apply_event(void *argument)
{
	OneEvent   *one = argument;

	source_event_apply(one->tracked_id, one->event, one->fresh, &one->counts);
}

/*
 * Apply the events of all sources of a table, for the given items or all of them, in
 * order of time.  Events that were applied before have no effect.
 */
static void
sync_sources(Sync *sync, const List *sources, ArrayType *items)
{
	ListCell   *cell;

	foreach(cell, source_events(sources, items, sync->follow.def, sync->follow.now, &sync->errors))
	{
		OneEvent	one = {sync->follow.def->id, lfirst(cell), sync->follow.fresh, {0}};
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

/*
 * The items with open clocks that were not seen.  If there were clocks ended by
 * sla.untrack(), look at these too: if their item is gone, they must not be reopened
 * for a later row with the same key.
 */
static List *
missing_items(Follow *follow)
{
	ItemSet    *known = item_set_create();
	List	   *gone = NIL;
	Oid			type = OIDOID;
	Datum		value = ObjectIdGetDatum(follow->def->relid);
	MemoryContext context = CurrentMemoryContext;
	Portal		portal;
	Fence		fence;

	fence_enter(&fence, fence_extension_owner());
	fence_settings(NULL);
	SPI_connect();
	portal = SPI_cursor_open_with_args(NULL, follow->counts.taken_up == 0 ?
									   "SELECT item FROM sla.clock_state WHERE relation::oid = $1 AND ended_at IS NULL" :
									   psprintf("SELECT item FROM sla.clock_state WHERE relation::oid = $1 AND (ended_at IS NULL OR levels & %d <> 0)", CLOCK_UNTRACKED),
									   1, &type, &value, NULL, true, 0);
	for (;;)
	{
		SPI_cursor_fetch(portal, true, 1000);
		if (SPI_processed == 0)
			break;
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			bool		isnull;
			char	   *item = TextDatumGetCString(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));

			if (!follow_was_seen(follow, item) && item_set_add(known, item_hash(item)))
			{
				MemoryContext old = MemoryContextSwitchTo(context);

				gone = lappend(gone, pstrdup(item));
				MemoryContextSwitchTo(old);
			}
			pfree(item);
		}
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(portal);
	SPI_finish();
	fence_leave(&fence);
	return gone;
}

/* Cancel the clocks of these items, but for those whose row was inserted since. */
static void
cancel_missing(Follow *follow, RowReader *reader, const List *gone)
{
	ListCell   *cell;

	foreach(cell, gone)
	{
		const char *item = lfirst(cell);

		if (follow_find_row(follow, reader, item, ROW_READ) == NULL)
			follow_gone(follow, item, follow->now);
		follow_next(follow);
	}
}

void
track_missing(int32 tracked_id)
{
	Sync		sync = {0};
	List	   *gone;

	follow_begin(&sync.follow, tracked_id);
	if (sync.follow.def != NULL)
	{
		/*
		 * TRUNCATE ONLY does not affect children: see which rows there still
		 * are.  It removes also what an older snapshot does not see; a clock
		 * of that is a serialization error.
		 */
		rows_open(&sync.reader, sync.follow.def->relid);
		PushActiveSnapshot(GetLatestSnapshot());
		scan_rows(&sync, note_row);
		gone = missing_items(&sync.follow);
		PopActiveSnapshot();
		cancel_missing(&sync.follow, &sync.reader, gone);
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
	follow_begin(&sync.follow, definition_of_tracked(relid)->id);
	sync.follow.by_edit = true;

	/* a bulk operation, like building an index */
	sync.follow.store.max_size = (Size) maintenance_work_mem * 1024;
	rows_open(&sync.reader, relid);
	sources = sources_of_tracked(relid);
	if (sources != NIL)
		sync.follow.fresh = item_set_create();

	/*
	 * If there are sources: first begin clocks by the rows, then apply the
	 * events of the sources, and last the present state of the rows.
	 */
	for (int pass = sources != NIL ? 0 : 1; pass < 2; pass++)
	{
		sync.follow.is_starting = pass == 0;
		sync.follow.starting = source_metrics(sources, sync.follow.def);
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
		cancel_missing(&sync.follow, &sync.reader, missing_items(&sync.follow));
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
