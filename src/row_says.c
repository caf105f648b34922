/*-------------------------------------------------------------------------
 *
 * row_says.c
 *	  Evaluation of the expressions of definitions for a row.
 *
 * The expressions run in a fence (fence.h): with the rights of the table's owner,
 * and independent of the settings of the session.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "follow_work.h"

#include "access/sysattr.h"
#include "executor/executor.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "fence.h"

/* For the error context. */
typedef struct Evaluation
{
	const Definition *def;
	const Rule *rule;
} Evaluation;

/* The user who writes a row may not even know of the expression that fails. */
static void
evaluation_error_callback(void *arg)
{
	const Evaluation *evaluation = arg;

	errcontext("column \"%s\" of sla.%s, for a row of table \"%s\"", evaluation->rule->column,
			   evaluation->rule->definition, evaluation->def->table);
}

static Datum
evaluate(Follow *follow, const Rule *rule, bool *isnull)
{
	Evaluation	evaluation = {follow->def, rule};
	ErrorContextCallback callback;
	Datum		value;

	callback.callback = evaluation_error_callback;
	callback.arg = &evaluation;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	value = ExecEvalExpr(rule->state, follow->def->econtext, isnull);
	error_context_stack = callback.previous;
	return value;
}

static bool
condition(Follow *follow, const Rule *rule, bool otherwise)
{
	bool		isnull;
	Datum		value;

	if (rule->state == NULL)
		return otherwise;
	value = evaluate(follow, rule, &isnull);
	return !isnull && DatumGetBool(value);
}

static const char *
string(Follow *follow, const Rule *rule)
{
	bool		isnull;
	Datum		value;

	if (rule->state == NULL)
		return NULL;
	value = evaluate(follow, rule, &isnull);
	return isnull ? NULL : TextDatumGetCString(value);
}

static int64
instant(Follow *follow, const Rule *rule, const char *column)
{
	bool		isnull;
	TimestampTz value;

	if (rule->state == NULL)
		return CLOCK_NONE;
	value = DatumGetTimestampTz(evaluate(follow, rule, &isnull));
	if (isnull)
		return CLOCK_NONE;
	if (TIMESTAMP_NOT_FINITE(value))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s of a row of table \"%s\" is infinite", column,
						get_rel_name(follow->def->relid)),
				 errhint("Let the expression be NULL where the time is not known.")));
	hours_check_instant(value);
	return value;
}

static Jsonb *
labels_of(Follow *follow)
{
	bool		isnull;
	Datum		value;
	Jsonb	   *labels;

	if (follow->def->labels.state == NULL)
		return NULL;
	value = evaluate(follow, &follow->def->labels, &isnull);
	if (isnull)
		return NULL;
	labels = DatumGetJsonbPCopy(value);
	if (!JB_ROOT_IS_OBJECT(labels))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("labels of a row of table \"%s\" are not a JSON object",
						get_rel_name(follow->def->relid)),
				 errhint("Write an expression such as jsonb_build_object('team', team).")));
	return labels;
}

/* Is any nullable column of the key null in the current row? */
static bool
key_has_null(const Definition *def)
{
	int			i = -1;

	while ((i = bms_next_member(def->item_nullable, i)) >= 0)
		if (slot_attisnull(def->econtext->ecxt_scantuple, i + FirstLowInvalidHeapAttributeNumber))
			return true;
	return false;
}

static const char *
item_of(Follow *follow)
{
	const char *item = string(follow, &follow->def->item);

	if (item == NULL || key_has_null(follow->def))
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("the item of a row of table \"%s\" is null", get_rel_name(follow->def->relid)),
				 errdetail("The key of a tracked row must not be null.")));
	return item;
}

/* The event time; sets *told to it, or to CLOCK_NONE if the row tells none. */
static TimestampTz
at_of(Follow *follow, int64 *told)
{
	*told = instant(follow, &follow->def->at, "at");
	return *told != CLOCK_NONE ? *told : follow->now;
}

/* Begin to evaluate expressions for a row; leave_owner() must follow. */
static void
enter_owner(Follow *follow, Fence *fence, TupleTableSlot *slot)
{
	/*
	 * If this definition is busy, an expression of it is being evaluated
	 * further up, or has failed.  Get one with expressions of its own.
	 */
	if (follow->def->busy)
		follow->def = definition_of(follow->def->id);
	follow->def->busy = true;
	follow->def->econtext->ecxt_scantuple = slot;
	fence_enter(fence, follow->def->owner);
	if (follow->def->wants_settings)
		fence_settings(follow->def->time_zone);
}

static void
leave_owner(Follow *follow, const Fence *fence)
{
	fence_leave(fence);
	ResetExprContext(follow->def->econtext);
	follow->def->busy = false;
}

const char *
follow_item_of(Follow *follow, TupleTableSlot *slot)
{
	MemoryContext old = MemoryContextSwitchTo(follow->item_context);
	const char *item;
	Fence		fence;

	enter_owner(follow, &fence, slot);
	item = item_of(follow);
	leave_owner(follow, &fence);
	MemoryContextSwitchTo(old);
	return item;
}

TimestampTz
follow_at_of(Follow *follow, TupleTableSlot *slot)
{
	TimestampTz at;
	int64		told;
	Fence		fence;

	enter_owner(follow, &fence, slot);
	at = at_of(follow, &told);
	leave_owner(follow, &fence);
	return at;
}

TupleTableSlot *
follow_find_row(Follow *follow, RowReader *reader, const char *item, RowLock lock)
{
	TupleTableSlot *row = rows_by_item(reader, follow->def, item, lock);

	return row != NULL && strcmp(follow_item_of(follow, row), item) == 0 ? row : NULL;
}

RowSays *
row_says(Follow *follow, TupleTableSlot *slot)
{
	const Definition *def;
	RowSays    *says = palloc(sizeof(RowSays));
	Fence		fence;

	enter_owner(follow, &fence, slot);
	def = follow->def;
	says->applies = palloc(def->npolicies * sizeof(bool));
	says->metrics = palloc(def->nmetrics * sizeof(MetricSays));
	says->item = item_of(follow);
	says->at = at_of(follow, &says->told_at);
	says->labels = labels_of(follow);
	says->owner = string(follow, &def->responsible);
	says->party = string(follow, &def->party);
	for (int i = 0; i < def->npolicies; i++)
		says->applies[i] = condition(follow, &def->policies[i].applies, true);
	for (int i = 0; i < def->nmetrics; i++)
	{
		const Metric *metric = &def->metrics[i];
		MetricSays *m = &says->metrics[i];

		m->start = condition(follow, &metric->start, true);
		m->stop = condition(follow, &metric->stop, false);
		m->pause = condition(follow, &metric->pause, false);
		m->cancel = condition(follow, &metric->cancel, false);
		m->start_at = instant(follow, &metric->start_at, "start_at");
		m->stop_at = instant(follow, &metric->stop_at, "stop_at");
		m->due_at = instant(follow, &metric->due_at, "due_at");
		m->per = string(follow, &metric->per);
		m->reason = m->pause ? string(follow, &metric->reason) : NULL;
	}
	leave_owner(follow, &fence);
	return says;
}
