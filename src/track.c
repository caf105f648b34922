/*-------------------------------------------------------------------------
 *
 * track.c
 *	  The triggers of a tracked table.
 *
 * The row trigger only notes which rows a statement wrote; at the end of the
 * statement the statement trigger follows them all.  A write straight into a
 * partition, or one that logical replication applies, fires no statement
 * trigger of the tracked table: then the row trigger follows its row at once.
 *
 * An image is followed only if it is still the row's current version: an
 * application's own trigger may have changed the row again.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "track.h"

#include "access/sysattr.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "fence.h"
#include "follow.h"
#include "rules.h"
#include "tracked_row.h"

/* A row written.  Both places are of the same table; one may be invalid. */
typedef struct Event
{
	Oid			relid;
	ItemPointerData old;
	ItemPointerData new;
	bool		moved;			/* an update that may have changed the key */
	SubTransactionId subid;
} Event;

/* A statement on a tracked table that has begun and not ended. */
typedef struct Statement
{
	int			nest_level;		/* of the transaction */
	struct Statement *outer;
} Statement;

/* What is noted for one tracked table in this transaction. */
typedef struct Batch
{
	int32		tracked_id;
	Statement  *statement;		/* the innermost, or NULL */
	Definition *def;			/* as the running statement sees it, or NULL */
	Event	   *events;
	int			nevents;
	int			maxevents;
	struct Batch *next;
} Batch;

static Batch *batches = NULL;	/* in TopTransactionContext */

/* A batch is followed when it has grown so large. */
#define MAX_EVENTS	100000

static void
forget_batches(XactEvent event, void *arg)
{
	(void) arg;
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
		event == XACT_EVENT_PREPARE || event == XACT_EVENT_PARALLEL_ABORT ||
		event == XACT_EVENT_PARALLEL_COMMIT)
		batches = NULL;
}

/* What an aborted subtransaction began and wrote is undone. */
static void
undo_subtransaction(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	int			level = GetCurrentTransactionNestLevel();

	(void) parent;
	(void) arg;
	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	for (Batch *batch = batches; batch != NULL; batch = batch->next)
	{
		while (batch->statement != NULL && batch->statement->nest_level >= level)
			batch->statement = batch->statement->outer;
		while (batch->nevents > 0 && batch->events[batch->nevents - 1].subid >= subid)
			batch->nevents--;
		batch->def = NULL;
	}
}

void
track_init(void)
{
	RegisterXactCallback(forget_batches, NULL);
	RegisterSubXactCallback(undo_subtransaction, NULL);
}

static Batch *
batch_of(int32 tracked_id)
{
	Batch	   *batch;

	for (batch = batches; batch != NULL; batch = batch->next)
		if (batch->tracked_id == tracked_id)
			return batch;
	batch = MemoryContextAllocZero(TopTransactionContext, sizeof(Batch));
	batch->tracked_id = tracked_id;
	batch->next = batches;
	batches = batch;
	return batch;
}

/*
 * Following a batch
 */

/* The row's item is gone, unless a row has its key again. */
static void
follow_old(Follow *follow, RowReader *reader, Event *event)
{
	TupleTableSlot *row = rows_fetch(reader, event->relid, &event->old, SnapshotAny);
	char	   *item;

	if (row == NULL)
		return;
	item = MemoryContextStrdup(follow->econtext->ecxt_per_tuple_memory, follow_item_of(follow, row));
	row = rows_by_key(reader, follow->def, row);
	if (row == NULL)
		follow_gone(follow, item);
	else
		follow_row(follow, row);
}

static void
follow_event(Follow *follow, RowReader *reader, Event *event)
{
	TupleTableSlot *row = NULL;

	if (ItemPointerIsValid(&event->old) && (event->moved || !ItemPointerIsValid(&event->new)))
	{
		follow_old(follow, reader, event);
		follow_next(follow);
	}
	if (!ItemPointerIsValid(&event->new))
		return;
	row = rows_fetch(reader, event->relid, &event->new, SnapshotSelf);
	if (row == NULL)
	{
		/* written again since: by its key, as it is now */
		row = rows_fetch(reader, event->relid, &event->new, SnapshotAny);
		if (row != NULL)
			row = rows_by_key(reader, follow->def, row);
	}
	if (row != NULL)
		follow_row(follow, row);
	follow_next(follow);
}

static void
follow_events(int32 tracked_id, Event *events, int n)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "sla_tracker batch",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Follow		follow;
	RowReader	reader;

	follow_begin(&follow, tracked_id);
	if (follow.def != NULL)
	{
		rows_open(&reader, follow.def->relid);
		for (int i = 0; i < n; i++)
			follow_event(&follow, &reader, &events[i]);
		rows_close(&reader);
	}
	follow_end(&follow);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/*
 * on_error = warn
 */

/* The error that was caught, unless it is one that is nobody's to swallow. */
static int
caught_sqlstate(MemoryContext context)
{
	ErrorData  *error;
	int			class;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	class = ERRCODE_TO_CATEGORY(error->sqlerrcode);
	if (class == ERRCODE_TO_CATEGORY(ERRCODE_T_R_SERIALIZATION_FAILURE) ||
		class == ERRCODE_TO_CATEGORY(ERRCODE_QUERY_CANCELED) ||
		class == ERRCODE_TO_CATEGORY(ERRCODE_INSUFFICIENT_RESOURCES))
		ReThrowError(error);
	FlushErrorState();
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("sla_tracker could not follow a row: %s", error->message),
			 errhint("It is noted in sla.sync_error; sla.sync() heals it.")));
	return error->sqlerrcode;
}

/* Follow in a subtransaction; returns the SQLSTATE, 0 when all went well. */
static int
try_events(int32 tracked_id, Event *events, int n)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile int sqlstate = 0;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		follow_events(tracked_id, events, n);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		RollbackAndReleaseCurrentSubTransaction();
		CurrentResourceOwner = owner;
		sqlstate = caught_sqlstate(context);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return sqlstate;
}

/* The item of an event as text, or NULL where even that fails. */
static char *
try_item(const Definition *def, Event *event)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	char	   *volatile item = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		Follow		follow;
		RowReader	reader;
		TupleTableSlot *row;
		ItemPointerData tid = ItemPointerIsValid(&event->new) ? event->new : event->old;

		follow_begin(&follow, def->id);
		rows_open(&reader, def->relid);
		row = rows_fetch(&reader, event->relid, &tid, SnapshotAny);
		if (row != NULL)
			item = MemoryContextStrdup(context, follow_item_of(&follow, row));
		rows_close(&reader);
		follow_end(&follow);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return item;
}

static void
note_error(const Definition *def, Event *event, int sqlstate)
{
	char	   *item = try_item(def, event);
	Oid			types[] = {OIDOID, TEXTOID, TEXTOID};
	Datum		values[] = {ObjectIdGetDatum(def->relid),
		item != NULL ? CStringGetTextDatum(item) : (Datum) 0,
	CStringGetTextDatum(unpack_sql_state(sqlstate))};
	char		nulls[] = {' ', item != NULL ? ' ' : 'n', ' ', '\0'};
	Fence		fence;

	fence_enter(&fence, fence_extension_owner());
	fence_settings(NULL);
	SPI_connect();
	if (SPI_execute_with_args("INSERT INTO sla.sync_error (relation, item, sqlstate) VALUES ($1, $2, $3)",
							  lengthof(types), types, values, nulls, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "could not write sla.sync_error");
	SPI_finish();
	fence_leave(&fence);
}

/* Follow what can be followed, and note the rest. */
static void
follow_or_note(const Definition *def, Event *events, int n)
{
	if (n > 1 && try_events(def->id, events, n) == 0)
		return;
	for (int i = 0; i < n; i++)
	{
		int			sqlstate = try_events(def->id, &events[i], 1);

		if (sqlstate != 0)
			note_error(def, &events[i], sqlstate);
	}
}

/* How errors of a table are treated must be told even when its definition fails. */
static void
follow_all(Definition *def, int32 tracked_id, Event *events, int n)
{
	if (def != NULL && def->warn)
		follow_or_note(def, events, n);
	else
		follow_events(tracked_id, events, n);
}

static void
follow_batch(Batch *batch)
{
	Event	   *events = batch->events;
	int			n = batch->nevents;
	Definition *def = batch->def;

	if (n == 0)
		return;

	/* what following writes may come back here */
	batch->events = NULL;
	batch->nevents = batch->maxevents = 0;
	follow_all(def, batch->tracked_id, events, n);
	pfree(events);
}

static void
add_event(Batch *batch, const Event *event)
{
	if (batch->nevents == MAX_EVENTS)
		follow_batch(batch);
	if (batch->nevents == batch->maxevents)
	{
		batch->maxevents = batch->maxevents == 0 ? 8 : batch->maxevents * 2;
		if (batch->events == NULL)
			batch->events = MemoryContextAlloc(TopTransactionContext, batch->maxevents * sizeof(Event));
		else
			batch->events = repalloc(batch->events, batch->maxevents * sizeof(Event));
	}
	batch->events[batch->nevents++] = *event;
}

/*
 * The triggers
 */

static TriggerData *
trigger_data(FunctionCallInfo fcinfo, const char *function)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by trigger manager", function)));
	if (trigdata->tg_trigger->tgnargs != 1)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\": function \"%s\" takes one argument",
						trigdata->tg_trigger->tgname, function),
				 errhint("Triggers of tracked tables are made by sla.track().")));
	return trigdata;
}

static int32
tracked_id(const TriggerData *trigdata)
{
	return pg_strtoint32(trigdata->tg_trigger->tgargs[0]);
}

/*
 * sla.track_statement('id') -> trigger
 *
 * BEFORE and AFTER STATEMENT: begins a batch, and follows it.
 */
PG_FUNCTION_INFO_V1(sla_track_statement);
Datum
sla_track_statement(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = trigger_data(fcinfo, "track_statement");
	Batch	   *batch = batch_of(tracked_id(trigdata));

	if (!TRIGGER_FIRED_FOR_STATEMENT(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\": function \"%s\" must be fired FOR EACH STATEMENT",
						trigdata->tg_trigger->tgname, "track_statement")));
	if (TRIGGER_FIRED_BEFORE(trigdata->tg_event))
	{
		Statement  *statement = MemoryContextAlloc(TopTransactionContext, sizeof(Statement));

		statement->nest_level = GetCurrentTransactionNestLevel();
		statement->outer = batch->statement;
		batch->statement = statement;
		batch->def = NULL;
	}
	else
	{
		if (batch->statement != NULL)
		{
			Statement  *ended = batch->statement;

			batch->statement = ended->outer;
			pfree(ended);
		}
		follow_batch(batch);
		batch->def = NULL;
	}
	return PointerGetDatum(NULL);
}

/* Do two versions of a row differ in one of these columns? */
static bool
columns_differ(Relation rel, const Bitmapset *columns, TupleTableSlot *old, TupleTableSlot *new)
{
	TupleDesc	desc = RelationGetDescr(rel);
	int			i = -1;

	while ((i = bms_next_member(columns, i)) >= 0)
	{
		AttrNumber	attnum = i + FirstLowInvalidHeapAttributeNumber;
		Form_pg_attribute att;
		bool		old_null;
		bool		new_null;
		Datum		old_value;
		Datum		new_value;

		if (attnum <= 0)
			continue;
		att = TupleDescAttr(desc, attnum - 1);
		old_value = slot_getattr(old, attnum, &old_null);
		new_value = slot_getattr(new, attnum, &new_null);
		if (old_null != new_null ||
			(!old_null && !datum_image_eq(old_value, new_value, att->attbyval, att->attlen)))
			return true;
	}
	return false;
}

/*
 * Does an update matter: does it change what an expression reads?  Rows of
 * partitions have their columns in another order perhaps: there all updates
 * matter.
 */
static bool
update_matters(const Definition *def, const TriggerData *trigdata, bool *moved)
{
	Relation	rel = trigdata->tg_relation;

	*moved = true;
	if (def == NULL || RelationGetRelid(rel) != def->relid || def->whole_row)
		return true;
	if (!columns_differ(rel, def->columns, trigdata->tg_trigslot, trigdata->tg_newslot))
		return false;
	*moved = columns_differ(rel, def->item_columns, trigdata->tg_trigslot, trigdata->tg_newslot);
	return true;
}

/*
 * sla.track_row('id') -> trigger
 *
 * AFTER ROW: notes a row that was written.
 */
PG_FUNCTION_INFO_V1(sla_track_row);
Datum
sla_track_row(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = trigger_data(fcinfo, "track_row");
	Batch	   *batch = batch_of(tracked_id(trigdata));
	Event		event;

	if (!TRIGGER_FIRED_AFTER(trigdata->tg_event) || !TRIGGER_FIRED_FOR_ROW(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\": function \"%s\" must be fired AFTER, FOR EACH ROW",
						trigdata->tg_trigger->tgname, "track_row")));
	if (batch->def == NULL || batch->statement == NULL)
		batch->def = definition_of(batch->tracked_id);
	if (batch->def == NULL)
		return PointerGetDatum(NULL);
	event.relid = RelationGetRelid(trigdata->tg_relation);
	event.subid = GetCurrentSubTransactionId();
	event.moved = false;
	ItemPointerSetInvalid(&event.old);
	ItemPointerSetInvalid(&event.new);
	if (TRIGGER_FIRED_BY_INSERT(trigdata->tg_event))
		event.new = trigdata->tg_trigtuple->t_self;
	else if (TRIGGER_FIRED_BY_DELETE(trigdata->tg_event))
		event.old = trigdata->tg_trigtuple->t_self;
	else
	{
		if (!update_matters(batch->def, trigdata, &event.moved))
			return PointerGetDatum(NULL);
		event.old = trigdata->tg_trigtuple->t_self;
		event.new = trigdata->tg_newtuple->t_self;
	}
	if (batch->statement != NULL)
		add_event(batch, &event);
	else
		follow_all(batch->def, batch->tracked_id, &event, 1);
	return PointerGetDatum(NULL);
}

/*
 * sla.track_truncate('id') -> trigger
 *
 * AFTER TRUNCATE: all items that are gone.
 */
PG_FUNCTION_INFO_V1(sla_track_truncate);
Datum
sla_track_truncate(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = trigger_data(fcinfo, "track_truncate");

	track_missing(tracked_id(trigdata));
	return PointerGetDatum(NULL);
}
