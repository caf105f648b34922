/*-------------------------------------------------------------------------
 *
 * track.c
 *	  The triggers of a tracked table.
 *
 * The row trigger only notes which rows a statement wrote; the statement trigger
 * follows them all (see follow.h) at the end of the statement.  A write directly
 * into a partition, or one applied by logical replication, does not fire the
 * statement triggers of the tracked table; then the row trigger follows its row
 * immediately.
 *
 * As triggers of the application may have changed a row again, the version noted is
 * followed only if it is still the current one; otherwise the current one is.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "track.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "access/tupconvert.h"
#include "access/xact.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "attempt.h"
#include "fence.h"
#include "follow.h"
#include "rule_properties.h"
#include "tracked_row.h"

/*
 * A row that was written.  Both TIDs refer to the same table; "old" is invalid for
 * an INSERT, "new" for a DELETE.
 */
typedef struct Event
{
	Oid			relid;
	ItemPointerData old;
	ItemPointerData new;
	bool		moved;			/* an update that may have changed the key */
	SubTransactionId subid;		/* that wrote it */
	SubTransactionId followed_in;	/* that followed it before the end of its
									 * statement; else invalid */
} Event;

/* A running statement on a tracked table. */
typedef struct Statement
{
	int			nest_level;		/* transaction nesting level */
	Oid			relid;			/* the table whose trigger announced it */
	bool		is_followed;	/* relid is known to be the tracked table, or
								 * below it */
	int			first;			/* index of its first event */
	struct Statement *outer;
} Statement;

/*
 * The tracked table or one below it, with the columns that matter, by their numbers
 * in that table.
 */
typedef struct KnownTable
{
	Oid			relid;
	const Definition *def;		/* the definition that the columns are from */
	Bitmapset  *columns;		/* read by any expression; offset by
								 * FirstLowInvalidHeapAttributeNumber */
	Bitmapset  *item_columns;	/* read by the expression for the item */
	struct KnownTable *next;
} KnownTable;

/* What has been noted for one tracked table in this transaction. */
typedef struct Batch
{
	int32		tracked_id;
	Statement  *statement;		/* the innermost, or NULL */
	Definition *def;			/* for the running statement, or NULL */
	KnownTable *known;
	Event	   *events;
	int			nevents;
	int			nfollowed;		/* number of the first events that were
								 * followed before the end of their statement */
	int			maxevents;
	struct Batch *next;
} Batch;

static Batch *batches = NULL;	/* in TopTransactionContext */
static ExecutorStart_hook_type next_executor_start = NULL;

/* Follow the events collected so far once a statement has this many. */
#define MAX_EVENTS	100000

/* At commit, no event may be left: that means that a statement trigger is missing. */
static void
check_all_followed(void)
{
	for (Batch *batch = batches; batch != NULL; batch = batch->next)
		if (batch->nevents > 0)
			ereport(ERROR,
					(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
					 errmsg("a row of table \"%s\" was written and not followed", get_rel_name(batch->events[0].relid)),
					 errdetail("The statement trigger that ends its statement is missing or disabled."),
					 errhint("Triggers of tracked tables are made by sla.track().")));
}

static void
forget_batches(XactEvent event, void *arg)
{
	(void) arg;
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE)
		check_all_followed();
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
		event == XACT_EVENT_PREPARE || event == XACT_EVENT_PARALLEL_ABORT ||
		event == XACT_EVENT_PARALLEL_COMMIT)
		batches = NULL;
}

/* Forget the statements and events of a subtransaction that was aborted. */
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
		batch->known = NULL;
		while (batch->statement != NULL && batch->statement->nest_level >= level)
			batch->statement = batch->statement->outer;
		while (batch->nevents > 0 && batch->events[batch->nevents - 1].subid >= subid)
			batch->nevents--;
		batch->nfollowed = Min(batch->nfollowed, batch->nevents);
		while (batch->nfollowed > 0 && batch->events[batch->nfollowed - 1].followed_in >= subid)
			batch->nfollowed--;
		batch->def = NULL;
	}
}

/*
 * ExecutorStart hook: process invalidation messages before a statement that may
 * write.  The columns for which a row trigger fires can be changed without locking
 * out writers (trigger_columns.c).  A statement whose plan is made and whose table
 * is locked already would not necessarily process messages by itself.  It would use
 * old triggers together with a new definition.
 */
static void
see_changed_triggers(QueryDesc *query, int eflags)
{
	if (query->operation != CMD_SELECT || query->plannedstmt->hasModifyingCTE)
		AcceptInvalidationMessages();
	if (next_executor_start != NULL)
		next_executor_start(query, eflags);
	else
		standard_ExecutorStart(query, eflags);
}

void
track_init(void)
{
	next_executor_start = ExecutorStart_hook;
	ExecutorStart_hook = see_changed_triggers;
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

/* The current row with the key of the given one, or NULL. */
static TupleTableSlot *
row_now(Follow *follow, RowReader *reader, TupleTableSlot *row)
{
	TupleTableSlot *now;

	if (rows_by_key(reader, follow->def, row, &now))
		return now;
	return rows_by_item(reader, follow->def, follow_item_of(follow, row), ROW_READ);
}

/* Follow a row that was written, as it is now. */
static void
follow_new(Follow *follow, RowReader *reader, Event *event)
{
	TupleTableSlot *row = rows_fetch(reader, event->relid, &event->new, SnapshotSelf);

	if (row == NULL)
	{
		/*
		 * it has been written again since: find the current version by its
		 * key
		 */
		row = rows_fetch(reader, event->relid, &event->new, SnapshotAny);
		if (row != NULL)
			row = row_now(follow, reader, row);
	}
	if (row != NULL)
		follow_row(follow, row);
}

/*
 * Follow the item of the old version of a row that was deleted or whose key
 * changed: it is gone, unless there is another row with it.  If its key changed the
 * event time is that of the new version, provided it is later than that of the old
 * one; else it is now.
 */
static void
follow_old(Follow *follow, RowReader *reader, Event *event)
{
	TupleTableSlot *row;
	const char *item;
	TimestampTz at = follow->now;

	if (ItemPointerIsValid(&event->new))
	{
		row = rows_fetch(reader, event->relid, &event->new, SnapshotAny);
		if (row != NULL)
			at = follow_at_of(follow, row);
	}
	row = rows_fetch(reader, event->relid, &event->old, SnapshotAny);
	if (row == NULL)
		return;
	item = follow_item_of(follow, row);
	if (follow_was_seen(follow, item))
		return;
	if (ItemPointerIsValid(&event->new) && at <= follow_at_of(follow, row))
		at = follow->now;
	row = row_now(follow, reader, row);
	if (row == NULL || strcmp(follow_item_of(follow, row), item) != 0)
		follow_gone(follow, item, at);
	else
		follow_row(follow, row);
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
		{
			if (!ItemPointerIsValid(&events[i].new))
				continue;
			follow_new(&follow, &reader, &events[i]);
			follow_next(&follow);
		}
		for (int i = 0; i < n; i++)
		{
			if (!ItemPointerIsValid(&events[i].old) ||
				(ItemPointerIsValid(&events[i].new) && !events[i].moved))
				continue;
			follow_old(&follow, &reader, &events[i]);
			follow_next(&follow);
		}
		rows_close(&reader);
	}
	follow_end(&follow);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/*
 * on_error = warn
 */

/* The message of the error is not shown: it may contain data of the table's owner. */
void
track_note_error(const Definition *def, const char *item, int sqlstate)
{
	Oid			types[] = {OIDOID, TEXTOID, TEXTOID};
	Datum		values[] = {ObjectIdGetDatum(def->relid),
		item != NULL ? CStringGetTextDatum(item) : (Datum) 0,
	CStringGetTextDatum(unpack_sql_state(sqlstate))};
	char		nulls[] = {' ', item != NULL ? ' ' : 'n', ' ', '\0'};
	Fence		fence;

	ereport(WARNING,
			(errcode(sqlstate),
			 errmsg("sla_tracker could not follow a row of table \"%s\"", get_rel_name(def->relid)),
			 errdetail("The error was of SQLSTATE %s, and is noted in sla.sync_error.", unpack_sql_state(sqlstate)),
			 errhint("Once its cause is gone sla.sync() heals it.")));
	fence_enter(&fence, fence_extension_owner());
	fence_settings(NULL);
	SPI_connect();
	if (SPI_execute_with_args("INSERT INTO sla.sync_error (relation, item, sqlstate) VALUES ($1, $2, $3)",
							  lengthof(types), types, values, nulls, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "could not write sla.sync_error");
	SPI_finish();
	fence_leave(&fence);
}

typedef struct EventList
{
	const Definition *def;
	Event	   *events;
	int			n;
	MemoryContext context;
	char	   *item;			/* set by find_item() */
} EventList;

static void
follow_list(void *argument)
{
	EventList  *list = argument;

	follow_events(list->def->id, list->events, list->n);
}

static void
find_item(void *argument)
{
	EventList  *list = argument;
	Event	   *event = list->events;
	Follow		follow;
	RowReader	reader;
	TupleTableSlot *row;

	follow_begin(&follow, list->def->id);
	rows_open(&reader, list->def->relid);
	row = rows_fetch(&reader, event->relid, ItemPointerIsValid(&event->new) ? &event->new : &event->old,
					 SnapshotAny);
	if (row != NULL)
		list->item = MemoryContextStrdup(list->context, follow_item_of(&follow, row));
	rows_close(&reader);
	follow_end(&follow);
}

/*
 * Follow all events that can be followed, and record errors of the others.  As each
 * attempt is a subtransaction, failing events are isolated by bisection.
 */
static void
follow_or_note(const Definition *def, Event *events, int n)
{
	EventList	list = {def, events, n, CurrentMemoryContext, NULL};
	int			sqlstate = attempt(follow_list, &list);
	int			part = n > 16 ? n / 2 + 1 : 1;

	if (sqlstate != 0 && n == 1)
	{
		(void) attempt(find_item, &list);
		track_note_error(def, list.item, sqlstate);
	}
	else if (sqlstate != 0)
		for (int first = 0; first < n; first += part)
			follow_or_note(def, events + first, Min(part, n - first));
}

static void
follow_all(const Definition *def, Event *events, int n)
{
	if (def->warn)
		follow_or_note(def, events, n);
	else
		follow_events(def->id, events, n);
}

/* Follow a copy of some events: following may add to the array of the batch. */
static void
follow_copy(const Definition *def, const Event *noted, int n)
{
	Event	   *events = palloc(n * sizeof(Event));

	memcpy(events, noted, n * sizeof(Event));
	follow_all(def, events, n);
	pfree(events);
}

/*
 * Follow the events from "first" on, which are those of the statement that ends,
 * and remove them.  Those of a calling statement remain: if they were followed here
 * and the subtransaction were rolled back, that would be lost.
 */
static void
follow_batch(Batch *batch, int first)
{
	int			from = Max(first, batch->nfollowed);
	int			n = batch->nevents - from;

	batch->nevents = Min(batch->nevents, first);
	batch->nfollowed = Min(batch->nfollowed, first);
	if (n > 0)
		follow_copy(batch->def != NULL ? batch->def : definition_of(batch->tracked_id), batch->events + from, n);
}

/*
 * Follow all events noted so far, of all running statements.  This is called before
 * a signal is applied: it may be about a row that was written by the same statement
 * or by one whose triggers are running.  If the subtransaction is rolled back, the
 * events count as not followed again.
 */
void
track_follow_noted(int32 tracked_id)
{
	Batch	   *batch = batch_of(tracked_id);
	Definition *def;
	int			first = batch->nfollowed;

	if (first >= batch->nevents || (def = definition_of(tracked_id)) == NULL || def->suspended)
		return;
	for (; batch->nfollowed < batch->nevents; batch->nfollowed++)
		batch->events[batch->nfollowed].followed_in = GetCurrentSubTransactionId();
	follow_copy(def, batch->events + first, batch->nfollowed - first);
}

static void
add_event(Batch *batch, const Event *event)
{
	if (batch->nevents - batch->statement->first >= MAX_EVENTS)
		follow_batch(batch, batch->statement->first);
	if (batch->nevents == batch->maxevents)
	{
		batch->maxevents = batch->maxevents == 0 ? 8 : batch->maxevents * 2;
		if (batch->events == NULL)
			batch->events = MemoryContextAlloc(TopTransactionContext, batch->maxevents * sizeof(Event));
		else
			batch->events = repalloc_huge(batch->events, batch->maxevents * sizeof(Event));
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

/* Is a table the tracked one, or below it?  Anyone can put our triggers on others. */
static bool
is_followed(Oid relid, const Definition *def)
{
	return relid == def->relid || list_member_oid(find_all_inheritors(def->relid, NoLock, NULL), relid);
}

static void
check_table(const TriggerData *trigdata, const Definition *def)
{
	if (!is_followed(RelationGetRelid(trigdata->tg_relation), def))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" of table \"%s\" is for another table",
						trigdata->tg_trigger->tgname, RelationGetRelationName(trigdata->tg_relation)),
				 errhint("Triggers of tracked tables are made by sla.track().")));
}

/*
 * Is there a running statement, to which a row written to table relid can be
 * added?  Discard statements on tables that are not followed: anyone can put the
 * trigger that begins a statement on a table of his own, without the one that ends
 * it.
 */
static bool
in_statement(Batch *batch, Oid relid)
{
	while (batch->statement != NULL && !batch->statement->is_followed)
	{
		Statement  *statement = batch->statement;

		if (statement->relid == relid || is_followed(statement->relid, batch->def))
			statement->is_followed = true;
		else
		{
			batch->statement = statement->outer;
			pfree(statement);
		}
	}
	return batch->statement != NULL;
}

/* Find or make the KnownTable of a trigger's table; an error if it is not followed. */
static const KnownTable *
known_table(Batch *batch, const TriggerData *trigdata)
{
	Relation	rel = trigdata->tg_relation;
	const Definition *def = batch->def;
	KnownTable *known = batch->known;
	MemoryContext old;

	while (known != NULL && known->relid != RelationGetRelid(rel))
		known = known->next;
	if (known != NULL && known->def == def)
		return known;
	old = MemoryContextSwitchTo(TopTransactionContext);
	if (known == NULL)
	{
		check_table(trigdata, def);
		known = palloc0(sizeof(KnownTable));
		known->relid = RelationGetRelid(rel);
		known->next = batch->known;
		batch->known = known;
	}
	known->def = def;
	known->columns = def->columns;
	known->item_columns = def->item_columns;
	if (known->relid != def->relid)
	{
		Relation	root = table_open(def->relid, AccessShareLock);
		AttrMap    *map = build_attrmap_by_name_compat(RelationGetDescr(rel), RelationGetDescr(root));

		known->columns = rule_map_columns(def->columns, map);
		known->item_columns = rule_map_columns(def->item_columns, map);
		table_close(root, NoLock);
	}
	MemoryContextSwitchTo(old);
	return known;
}

/*
 * Does an update change any column that an expression reads?  *moved is set if that
 * may have changed the key.
 */
static bool
update_matters(const KnownTable *known, const TriggerData *trigdata, bool *moved)
{
	Relation	rel = trigdata->tg_relation;
	TupleTableSlot *old = trigdata->tg_trigslot;
	TupleTableSlot *new = trigdata->tg_newslot;

	if (!known->def->whole_row && !rule_columns_differ(rel, known->columns, old, new))
		return false;
	*moved = rule_reads_row(known->def->item_columns) ||
		rule_columns_differ(rel, known->item_columns, old, new);
	return true;
}

/*
 * sla.track_statement('id') -> trigger
 *
 * The BEFORE STATEMENT trigger begins a Statement; the AFTER STATEMENT trigger ends
 * it, and follows its events.
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
		statement->relid = RelationGetRelid(trigdata->tg_relation);
		statement->is_followed = false;
		statement->first = batch->nevents;
		statement->outer = batch->statement;
		batch->statement = statement;
		batch->def = NULL;
	}
	else if (batch->statement != NULL)
	{
		Statement  *ended = batch->statement;
		int			first = ended->first;

		batch->statement = ended->outer;
		pfree(ended);
		follow_batch(batch, first);
		batch->def = NULL;
	}
	return PointerGetDatum(NULL);
}

/*
 * sla.track_row('id') -> trigger
 *
 * The AFTER ROW trigger notes a row that was written.
 */
PG_FUNCTION_INFO_V1(sla_track_row);
Datum
sla_track_row(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = trigger_data(fcinfo, "track_row");
	Batch	   *batch = batch_of(tracked_id(trigdata));
	const KnownTable *known;
	Event		event;

	if (!TRIGGER_FIRED_AFTER(trigdata->tg_event) || !TRIGGER_FIRED_FOR_ROW(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\": function \"%s\" must be fired AFTER, FOR EACH ROW",
						trigdata->tg_trigger->tgname, "track_row")));
	if (batch->def == NULL || batch->statement == NULL)
		batch->def = definition_of(batch->tracked_id);

	/*
	 * A table is not followed if it has a new owner who has not confirmed
	 * that yet; sla.status() reports this.
	 */
	if (batch->def == NULL || batch->def->suspended)
		return PointerGetDatum(NULL);
	known = known_table(batch, trigdata);
	event.relid = RelationGetRelid(trigdata->tg_relation);
	event.subid = GetCurrentSubTransactionId();
	event.moved = false;
	event.followed_in = InvalidSubTransactionId;
	ItemPointerSetInvalid(&event.old);
	ItemPointerSetInvalid(&event.new);
	if (TRIGGER_FIRED_BY_INSERT(trigdata->tg_event))
		event.new = trigdata->tg_trigtuple->t_self;
	else if (TRIGGER_FIRED_BY_DELETE(trigdata->tg_event))
		event.old = trigdata->tg_trigtuple->t_self;
	else
	{
		if (!update_matters(known, trigdata, &event.moved))
			return PointerGetDatum(NULL);
		event.old = trigdata->tg_trigtuple->t_self;
		event.new = trigdata->tg_newtuple->t_self;
	}
	if (in_statement(batch, event.relid))
		add_event(batch, &event);
	else
		follow_all(batch->def, &event, 1);
	return PointerGetDatum(NULL);
}

/*
 * sla.track_truncate('id') -> trigger
 *
 * The AFTER TRUNCATE trigger cancels the clocks of all items that are gone.
 */
PG_FUNCTION_INFO_V1(sla_track_truncate);
Datum
sla_track_truncate(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = trigger_data(fcinfo, "track_truncate");
	Definition *def = definition_of(tracked_id(trigdata));

	/* a partition that was detached still has the trigger */
	if (def != NULL && !def->suspended && is_followed(RelationGetRelid(trigdata->tg_relation), def))
		track_missing(def->id);
	return PointerGetDatum(NULL);
}
