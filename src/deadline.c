/*-------------------------------------------------------------------------
 *
 * deadline.c
 *	  The trigger function sla_deadline(), which maintains a deadline and a breach
 *	  flag in the row itself.
 *
 * The arguments of a trigger are resolved once per backend, and cached until its table
 * changes.
 *
 * A table may have several such triggers.  If they are fired one after the other without
 * any other trigger in between, the first one does the work of all, so that the row is
 * deformed and formed only once.  When the others are fired they find nothing to change.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "access/htup_details.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "calendar.h"
#include "core/interval_text.h"
#include "deadline.h"
#include "relation_watch.h"

/* Arguments of the trigger. */
enum
{
	ARG_START,
	ARG_GOAL,
	ARG_DUE,
	ARG_STOP,
	ARG_BREACHED,
	NARGS
};

/* A trigger whose arguments have been resolved. */
typedef struct DeadlineTrigger
{
	Oid			tgoid;			/* hash key */
	Oid			relid;
	bool		valid;
	bool		text_goal;		/* the goal is in a column of type text */
	int			attnum[NARGS];	/* 0 if not given, or if the goal is constant */
	int32		due_typmod;		/* of the deadline column */
	BusinessInterval *goal;		/* the constant goal, or NULL */
	CallCache	cache;			/* for its calendar */
	NameData	name;			/* for errors */
	struct DeadlineTrigger *next;	/* the next trigger, if its work is to be
									 * done too, or NULL */
} DeadlineTrigger;

static HTAB *triggers = NULL;

/* Relcache callback: the arguments of the table's triggers must be resolved again. */
static void
relation_changed(Oid relid)
{
	HASH_SEQ_STATUS status;
	DeadlineTrigger *trigger;

	if (triggers == NULL)
		return;
	hash_seq_init(&status, triggers);
	while ((trigger = hash_seq_search(&status)) != NULL)
		if (relid == InvalidOid || trigger->relid == relid)
			trigger->valid = false;
}

void
deadline_init(void)
{
	relation_watch(relation_changed);
}

static void
check_protocol(FunctionCallInfo fcinfo)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	const char *problem = NULL;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by trigger manager", "sla_deadline")));
	if (!TRIGGER_FIRED_BEFORE(trigdata->tg_event))
		problem = "must be fired BEFORE";
	else if (!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event))
		problem = "must be fired FOR EACH ROW";
	else if (!TRIGGER_FIRED_BY_INSERT(trigdata->tg_event) &&
			 !TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
		problem = "must be fired by INSERT or UPDATE";
	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\": function \"sla_deadline\" %s",
						trigdata->tg_trigger->tgname, problem),
				 errhint("Create it as BEFORE INSERT OR UPDATE ... FOR EACH ROW.")));
}

static void
check_arguments(const Trigger *tg)
{
	if (tg->tgnargs < ARG_STOP || tg->tgnargs > NARGS)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\": function \"sla_deadline\" takes three to five arguments, not %d",
						tg->tgname, tg->tgnargs),
				 errhint("The arguments are the start column, the goal or its column, the deadline column, and optionally the stop column and the breach column.")));
}

/*
 * The number of the column that an argument names.  A column that is written must have
 * exactly the given type; one that is read may also have a domain over it.
 */
static int
find_column(const Trigger *tg, Relation rel, int argno, Oid type)
{
	const char *name = tg->tgargs[argno];
	int			attnum = SPI_fnumber(RelationGetDescr(rel), name);
	bool		written = argno == ARG_DUE || argno == ARG_BREACHED;
	Form_pg_attribute att;

	if (attnum <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("trigger \"%s\": column \"%s\" of table \"%s\" does not exist",
						tg->tgname, name, RelationGetRelationName(rel)),
				 errdetail("It is argument %d of sla_deadline.", argno + 1)));
	att = TupleDescAttr(RelationGetDescr(rel), attnum - 1);
	if (written ? att->atttypid != type : getBaseType(att->atttypid) != type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("trigger \"%s\": column \"%s\" of table \"%s\" is of type %s, not %s",
						tg->tgname, name, RelationGetRelationName(rel),
						format_type_be(att->atttypid), format_type_be(type)),
				 errdetail("It is argument %d of sla_deadline.", argno + 1)));
	if (att->attgenerated)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_COLUMN_DEFINITION),
				 errmsg("trigger \"%s\": column \"%s\" of table \"%s\" is a generated column",
						tg->tgname, name, RelationGetRelationName(rel)),
				 errdetail("Generated columns are computed after BEFORE triggers.")));
	return attnum;
}

static void
no_calendar(const char *name, const BusinessInterval *goal)
{
	if (BI_CALENDAR_LEN(goal) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("trigger \"%s\": the goal names no calendar", name),
				 errdetail("A session's setting does not decide a stored deadline."),
				 errhint("Write the calendar into the goal, as in \"4 bh @support\".")));
}

/* Convert text to a goal. */
static BusinessInterval *
parse_goal(const char *input, int length)
{
	CoreError	error = {0};
	IntervalValue value;

	if (!interval_parse(input, length, &value, &error))
		sla_report(&error, "business_interval", input, length, NULL);
	return business_interval_make(value.days, value.time, value.calendar, value.calendar_len);
}

/* Explain an error in a constant, which may be a misspelled name of a column. */
static void
constant_error_callback(void *arg)
{
	const Trigger *tg = arg;

	errcontext("trigger \"%s\": argument %d of sla_deadline, since there is no column \"%s\"",
			   tg->tgname, ARG_GOAL + 1, tg->tgargs[ARG_GOAL]);
}

/* Resolve the goal argument: a column if there is one of that name, else a constant. */
static void
understand_goal(DeadlineTrigger *trigger, const Trigger *tg, Relation rel, Oid interval_type)
{
	const char *arg = tg->tgargs[ARG_GOAL];
	int			attnum = SPI_fnumber(RelationGetDescr(rel), arg);
	MemoryContext old;
	Oid			type;

	if (attnum <= 0)
	{
		ErrorContextCallback callback = {error_context_stack, constant_error_callback, unconstify(Trigger *, tg)};
		BusinessInterval *goal;

		error_context_stack = &callback;
		goal = parse_goal(arg, (int) strlen(arg));
		error_context_stack = callback.previous;
		no_calendar(tg->tgname, goal);
		old = MemoryContextSwitchTo(CacheMemoryContext);
		trigger->goal = (BusinessInterval *) DatumGetPointer(datumCopy(PointerGetDatum(goal), false, -1));
		MemoryContextSwitchTo(old);
		return;
	}
	type = getBaseType(TupleDescAttr(RelationGetDescr(rel), attnum - 1)->atttypid);
	trigger->text_goal = type == TEXTOID || type == VARCHAROID;
	if (!trigger->text_goal && type != interval_type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("trigger \"%s\": column \"%s\" of table \"%s\" is of type %s, not business_interval",
						tg->tgname, arg, RelationGetRelationName(rel), format_type_be(type)),
				 errdetail("It is argument %d of sla_deadline.", ARG_GOAL + 1)));
	trigger->attnum[ARG_GOAL] = find_column(tg, rel, ARG_GOAL, type);
}

/* The type business_interval, which is in the same schema as this function. */
static Oid
business_interval_type(Oid function)
{
	return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
						   CStringGetDatum("business_interval"),
						   ObjectIdGetDatum(get_func_namespace(function)));
}

/*
 * The trigger that is fired next for the same row, if it also calls this function, and
 * does so whenever this one does; else NULL.
 */
static const Trigger *
next_alike(const TriggerDesc *desc, Oid tgoid, Oid function)
{
	const Trigger *tg = NULL;
	int16		events = 0;

	for (int i = 0; i < desc->numtriggers; i++)
	{
		const Trigger *next = &desc->triggers[i];

		if (next->tgoid == tgoid)
		{
			tg = next;
			events = tg->tgtype & (TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE);
		}
		else if (tg != NULL && TRIGGER_FOR_ROW(next->tgtype) && TRIGGER_FOR_BEFORE(next->tgtype) &&
				 (next->tgtype & events) != 0)
			return next->tgfoid == function && (next->tgtype & events) == events &&
				next->tgenabled == tg->tgenabled && next->tgqual == NULL && next->tgnattr == 0 ? next : NULL;
	}
	return NULL;
}

/* Does one of the triggers after this one write a column that this one reads? */
static bool
is_fed_from_behind(const DeadlineTrigger *trigger)
{
	for (const DeadlineTrigger *behind = trigger->next; behind != NULL; behind = behind->next)
		if (behind->attnum[ARG_DUE] == trigger->attnum[ARG_START] ||
			behind->attnum[ARG_DUE] == trigger->attnum[ARG_STOP])
			return true;
	return false;
}

/*
 * Resolve the arguments of a trigger.  "desc" is a copy of the table's triggers, since
 * looking up a type may cause the relcache entry to be rebuilt.
 */
static DeadlineTrigger *
understand(const Trigger *tg, const TriggerDesc *desc, Relation rel, Oid function)
{
	DeadlineTrigger *trigger;
	const Trigger *next;
	bool		found;

	if (triggers == NULL)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = sizeof(Oid);
		ctl.entrysize = sizeof(DeadlineTrigger);
		triggers = hash_create("sla_deadline triggers", 16, &ctl, HASH_ELEM | HASH_BLOBS);
	}
	trigger = hash_search(triggers, &tg->tgoid, HASH_ENTER, &found);
	if (found && trigger->valid)
		return trigger;
	if (found && trigger->goal != NULL)
		pfree(trigger->goal);
	memset((char *) trigger + sizeof(Oid), 0, sizeof(DeadlineTrigger) - sizeof(Oid));
	trigger->relid = RelationGetRelid(rel);
	namestrcpy(&trigger->name, tg->tgname);

	check_arguments(tg);
	trigger->attnum[ARG_START] = find_column(tg, rel, ARG_START, TIMESTAMPTZOID);
	trigger->attnum[ARG_DUE] = find_column(tg, rel, ARG_DUE, TIMESTAMPTZOID);
	trigger->due_typmod = TupleDescAttr(RelationGetDescr(rel), trigger->attnum[ARG_DUE] - 1)->atttypmod;
	if (tg->tgnargs > ARG_STOP)
		trigger->attnum[ARG_STOP] = find_column(tg, rel, ARG_STOP, TIMESTAMPTZOID);
	if (tg->tgnargs > ARG_BREACHED)
		trigger->attnum[ARG_BREACHED] = find_column(tg, rel, ARG_BREACHED, BOOLOID);
	if (trigger->attnum[ARG_DUE] == trigger->attnum[ARG_START] ||
		trigger->attnum[ARG_DUE] == trigger->attnum[ARG_STOP])
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("trigger \"%s\": column \"%s\" is both read and written",
						tg->tgname, tg->tgargs[ARG_DUE])));
	understand_goal(trigger, tg, rel, business_interval_type(function));
	trigger->cache.constant = trigger->goal != NULL;
	next = next_alike(desc, tg->tgoid, function);
	if (next != NULL)
	{
		trigger->next = understand(next, desc, rel, function);
		/* the later ones would change the result when this one is fired again */
		if (is_fed_from_behind(trigger))
			trigger->next = NULL;
	}
	trigger->valid = true;
	return trigger;
}

/* The goal of a row, or NULL. */
static const BusinessInterval *
row_goal(const DeadlineTrigger *trigger, const Datum *values, const bool *nulls)
{
	const BusinessInterval *goal = trigger->goal;
	int			i = trigger->attnum[ARG_GOAL] - 1;

	if (goal != NULL)
		return goal;
	if (nulls[i])
		return NULL;
	if (trigger->text_goal)
	{
		text	   *input = DatumGetTextPP(values[i]);

		goal = parse_goal(VARDATA_ANY(input), VARSIZE_ANY_EXHDR(input));
	}
	else
		goal = DatumGetBusinessIntervalP(values[i]);
	no_calendar(NameStr(trigger->name), goal);
	return goal;
}

/* Set a column; returns whether that changes it.  "same" is for non-null values. */
static bool
set_column(Datum *values, bool *nulls, int attnum, bool isnull, Datum value,
		   bool same)
{
	int			i = attnum - 1;

	if (nulls[i] == isnull && (isnull || same))
		return false;
	nulls[i] = isnull;
	values[i] = value;
	return true;
}

/* Set the columns that one trigger writes; returns whether that changes them. */
static bool
set_columns(DeadlineTrigger *trigger, Datum *values, bool *nulls)
{
	const BusinessInterval *goal = row_goal(trigger, values, nulls);
	int			start = trigger->attnum[ARG_START] - 1;
	int			stop = trigger->attnum[ARG_STOP] - 1;
	int			written;
	TimestampTz due = 0;
	bool		due_null = true;
	bool		breached = false;
	bool		changed;

	if (goal != NULL && !nulls[start])
	{
		HoursImage *image = calendar_image_at_hand(&trigger->cache);

		if (image == NULL)
			image = calendar_image(&trigger->cache, goal->calendar,
								   BI_CALENDAR_LEN(goal), trigger->cache.constant);
		due = hours_add_interval(image, DatumGetTimestampTz(values[start]),
								 goal->days, goal->time);

		/*
		 * Round to the precision of the column, like timestamptz(0), before
		 * comparing.
		 */
		if (trigger->due_typmod >= 0)
			due = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_scale, TimestampTzGetDatum(due),
														  Int32GetDatum(trigger->due_typmod)));
		due_null = false;
		if (trigger->attnum[ARG_BREACHED] != 0)
			breached = (stop < 0 || nulls[stop] ? GetCurrentTimestamp() :
						DatumGetTimestampTz(values[stop])) > due;
	}

	/* most updates change neither column */
	written = trigger->attnum[ARG_DUE];
	changed = set_column(values, nulls, written, due_null, TimestampTzGetDatum(due),
						 !nulls[written - 1] && DatumGetTimestampTz(values[written - 1]) == due);
	written = trigger->attnum[ARG_BREACHED];
	if (written != 0)
		changed |= set_column(values, nulls, written, false, BoolGetDatum(breached),
							  !nulls[written - 1] && DatumGetBool(values[written - 1]) == breached);
	return changed;
}

/*
 * sla_deadline(start, goal, due [, stop [, breached]]) -> trigger
 *
 * BEFORE INSERT OR UPDATE trigger FOR EACH ROW.  Sets "due" to start + goal, or null if
 * one of these is null.  Sets "breached" to whether the row was stopped later than that
 * or, if it is not stopped, whether the deadline has passed by now (clock_timestamp);
 * false if there is no deadline.
 */
PG_FUNCTION_INFO_V1(sla_deadline);
Datum
sla_deadline(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	Trigger    *tg;
	Relation	rel;
	TupleDesc	tupdesc;
	HeapTuple	row;
	HeapTuple	result;
	DeadlineTrigger *trigger;
	Datum	   *values;
	bool	   *nulls;
	bool		changed;

	check_protocol(fcinfo);
	tg = trigdata->tg_trigger;
	rel = trigdata->tg_relation;
	tupdesc = RelationGetDescr(rel);
	row = TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ?
		trigdata->tg_newtuple : trigdata->tg_trigtuple;
	trigger = fcinfo->flinfo->fn_extra;
	if (trigger == NULL || trigger->tgoid != tg->tgoid || !trigger->valid)
	{
		trigger = understand(tg, CopyTriggerDesc(rel->trigdesc), rel, fcinfo->flinfo->fn_oid);
		fcinfo->flinfo->fn_extra = trigger;
	}

	values = palloc(tupdesc->natts * (sizeof(Datum) + sizeof(bool)));
	nulls = (bool *) (values + tupdesc->natts);
	heap_deform_tuple(row, tupdesc, values, nulls);

	changed = set_columns(trigger, values, nulls);
	for (; trigger->next != NULL; trigger = trigger->next)
		changed |= set_columns(trigger->next, values, nulls);
	if (!changed)
		return PointerGetDatum(row);

	result = heap_form_tuple(tupdesc, values, nulls);
	result->t_data->t_ctid = row->t_data->t_ctid;
	result->t_self = row->t_self;
	result->t_tableOid = row->t_tableOid;
	return PointerGetDatum(result);
}
