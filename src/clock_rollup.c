/*-------------------------------------------------------------------------
 *
 * clock_rollup.c
 *	  Counting finished clocks in the rollups of objectives.
 *
 * A transaction that writes a clock subtracts what the old version counted and adds what
 * the new one counts, for the objectives that its snapshot sees, under their generations
 * that it sees (see rollup_delta.c).  A rollup is built when all transactions that do
 * not know of its generation have ended.
 *
 * If a clock is reported in a month that is kept, any change of it marks its day (see
 * sql/1.0/70-clocks.sql).
 *
 * An open clock is not counted in rollups even if it is late, since it becomes late just
 * because of time.  Readers look for such clocks themselves.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "clock_rollup.h"

#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "definition.h"
#include "fence.h"
#include "rollup_delta.h"

/* An objective over clocks. */
typedef struct Measure
{
	int32		objective;
	int64		generation;
	char	   *party;			/* counts clocks of this one only; NULL: all */
	text	   *label;			/* groups by the values of this label; or NULL */
} Measure;

/* Clocks with this promise count in this objective. */
typedef struct Counted
{
	int32		promise;
	const Measure *measure;
} Counted;

struct ClockMeasures
{
	MemoryContext context;
	int64		revision;		/* of all definitions, when they were read */
	TimestampTz mark_before;	/* mark days before this: months may be kept */
	int			n;				/* sorted by promise */
	Counted    *counted;
};

static ClockMeasures *known = NULL;

static Datum
field(int row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

static Measure *
read_measure(int row)
{
	Measure    *measure = palloc0(sizeof(Measure));
	bool		isnull;
	Datum		value;

	measure->objective = DatumGetInt32(field(row, 1, &isnull));
	measure->generation = DatumGetInt64(field(row, 3, &isnull));
	value = field(row, 4, &isnull);
	measure->party = isnull ? NULL : TextDatumGetCString(value);
	value = field(row, 5, &isnull);
	measure->label = isnull ? NULL : DatumGetTextPCopy(value);
	return measure;
}

static int
compare_counted(const void *a, const void *b)
{
	int32		x = ((const Counted *) a)->promise;
	int32		y = ((const Counted *) b)->promise;

	return x < y ? -1 : x > y ? 1 : 0;
}

/* Read until when months are kept, taking the latest time zone. */
static void
read_keeping(ClockMeasures *measures)
{
	bool		isnull;

	if (SPI_execute("SELECT CASE WHEN isfinite(k.until) THEN timezone('UTC', k.until::timestamp) + interval '16 hours' "
					"ELSE '-infinity' END FROM sla.month_keeping AS k", true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read which months are kept");
	measures->mark_before = SPI_processed == 0 ? DT_NOBEGIN : DatumGetTimestampTz(field(0, 1, &isnull));
}

static void
read_measures(ClockMeasures *measures)
{
	const Measure *measure = NULL;
	MemoryContext old;
	Fence		fence;

	fence_enter(&fence, fence_extension_owner());
	fence_settings(NULL);
	SPI_connect();
	if (SPI_execute("SELECT p.objective, p.promise_id, r.generation, o.party, o.group_by "
					"FROM sla.rollup AS r "
					"JOIN sla.objective_promise AS p ON p.objective = r.objective "
					"JOIN sla.objective AS o ON o.id = r.objective "
					"ORDER BY p.objective", true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the objectives over clocks");
	old = MemoryContextSwitchTo(measures->context);
	measures->n = (int) SPI_processed;
	measures->counted = palloc((SPI_processed + 1) * sizeof(Counted));
	for (int i = 0; i < measures->n; i++)
	{
		bool		isnull;

		if (measure == NULL || measure->objective != DatumGetInt32(field(i, 1, &isnull)))
			measure = read_measure(i);
		measures->counted[i].measure = measure;
		measures->counted[i].promise = DatumGetInt32(field(i, 2, &isnull));
	}
	MemoryContextSwitchTo(old);
	read_keeping(measures);
	SPI_finish();
	fence_leave(&fence);
	qsort(measures->counted, measures->n, sizeof(Counted), compare_counted);
}

const ClockMeasures *
clock_measures(void)
{
	int64		revision = definition_revision();
	MemoryContext context;
	ClockMeasures *new;

	if (known != NULL && known->revision == revision)
		return known;
	context = AllocSetContextCreate(TopTransactionContext, "sla_tracker measures", ALLOCSET_SMALL_SIZES);
	new = MemoryContextAllocZero(context, sizeof(ClockMeasures));
	new->context = context;
	new->revision = revision;
	read_measures(new);
	if (known != NULL)
		MemoryContextSetParent(known->context, TopTransactionContext);
	MemoryContextSetParent(context, CacheMemoryContext);
	known = new;
	return new;
}

/* The group of a clock: the value of the label as text, or empty. */
static const char *
group_of(const Measure *measure, Jsonb *labels)
{
	LOCAL_FCINFO(fcinfo, 2);
	Datum		value;

	if (measure->label == NULL || labels == NULL)
		return "";
	InitFunctionCallInfoData(*fcinfo, NULL, 2, InvalidOid, NULL, NULL);
	fcinfo->args[0].value = JsonbPGetDatum(labels);
	fcinfo->args[1].value = PointerGetDatum(measure->label);
	fcinfo->args[0].isnull = fcinfo->args[1].isnull = false;
	value = jsonb_object_field_text(fcinfo);
	return fcinfo->isnull ? "" : TextDatumGetCString(value);
}

static void
count_in(const Measure *measure, const Verdict *verdict, int sign)
{
	const char *group = group_of(measure, verdict->labels);

	if (measure->party != NULL && (verdict->party == NULL || strcmp(measure->party, verdict->party) != 0))
		return;
	if (strlen(group) > MAX_GROUP_BYTES)
		rollup_count(measure->objective, measure->generation, VOID_BUCKET,
					 unpack_sql_state(ERRCODE_PROGRAM_LIMIT_EXCEEDED), 1, 0);
	else
		rollup_count(measure->objective, measure->generation, core_floor(verdict->at, ROLLUP_STEP), group,
					 sign, verdict->is_good ? sign : 0);
}

/* The index of the first entry for a promise, or where it would be. */
static int
first_counted(const ClockMeasures *measures, int32 promise)
{
	int			low = 0;
	int			high = measures->n;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (measures->counted[middle].promise < promise)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
clock_is_measured(const ClockMeasures *measures, int32 promise, TimestampTz told_at)
{
	int			first = first_counted(measures, promise);

	return told_at < measures->mark_before ||
		(first < measures->n && measures->counted[first].promise == promise);
}

/* Mark the day of an instant as changed, if its month may be kept. */
static void
mark(const ClockMeasures *measures, TimestampTz at)
{
	if (at < measures->mark_before && !TIMESTAMP_NOT_FINITE(at))
		rollup_count(MARK_OBJECTIVE, MARK_GENERATION, core_floor(at, USECS_PER_DAY), "", 1, 0);
}

void
clock_rollup_count(const ClockMeasures *measures, const Verdict *verdict, int sign)
{
	if (!verdict->ended)
		return;
	mark(measures, verdict->net_at);
	mark(measures, verdict->gross_at);
	if (!verdict->counts)
		return;
	for (int i = first_counted(measures, verdict->promise);
		 i < measures->n && measures->counted[i].promise == verdict->promise; i++)
		count_in(measures->counted[i].measure, verdict, sign);
}
