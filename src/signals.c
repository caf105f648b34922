/*-------------------------------------------------------------------------
 *
 * signals.c
 *	  Applying events that are not visible in the row of an item: sla.signal(), and
 *	  rows of sources.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "signals.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "attempt.h"
#include "fence.h"
#include "track.h"
#include "tracked_row.h"

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
	event.action = source_action(text_to_cstring(PG_GETARG_TEXT_PP(3)));
	event.reason = PG_ARGISNULL(5) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(5));
	if (!signal_item(GetUserId(), tracked_id, &event, NULL, NULL))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("item \"%s\" of table \"%s\" does not exist", event.item, get_rel_name(relid))));
	PG_RETURN_VOID();
}

/* Apply the event of a row of a source, if there is one. */
static void
signal_row(void *argument)
{
	SourceRow  *signal = argument;
	ListCell   *cell;

	source_read_row(signal);
	foreach(cell, signal->events)
	{
		const SourceEvent *event = lfirst(cell);

		signal->item = event->item;
		source_event_apply(signal->source->tracked_id, event, NULL, NULL);
	}
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
		SourceRow	signal = {lfirst(cell), trigdata->tg_relation, trigdata->tg_trigtuple, GetCurrentTimestamp(), CurrentMemoryContext};
		Definition *def = definition_of(signal.source->tracked_id);

		if (def == NULL || def->suspended)
			continue;
		track_follow_noted(def->id);
		if (def->warn)
		{
			int			sqlstate = attempt(signal_row, &signal);

			if (sqlstate != 0 && signal.item == NULL)
				(void) attempt(source_find_item, &signal);
			if (sqlstate != 0)
				track_note_error(def, signal.item, sqlstate);
		}
		else
			signal_row(&signal);
	}
	PopActiveSnapshot();
	return PointerGetDatum(NULL);
}
