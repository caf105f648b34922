/*-------------------------------------------------------------------------
 *
 * clock_store.c
 *	  Access to the rows of sla.clock_state.
 *
 * New rows are gathered and inserted many at a time.  The more of them, the closer
 * together are the entries that are written to an index (see own_indexes.c).
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "clock_store.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "own_relation.h"

/* The columns, as defined in sql/1.0/70-clocks.sql. */
enum
{
	COL_CLOCK_ID,
	COL_ENDED_AT,
	COL_DUE_AT,
	COL_LATE_AT,
	COL_PROMISE_ID,
	COL_RELATION,
	COL_LEVELS,
	COL_STATE,
	COL_IS_EXCEPTED,
	COL_IS_WAIVED,
	COL_AGREEMENT_ID,
	COL_GROSS_DUE_AT,
	COL_GROSS_LATE_AT,
	COL_STARTED_AT,
	COL_LAST_AT,
	COL_PAUSED,
	COL_REVISION,
	COL_METRIC_ID,
	COL_CYCLE,
	COL_TURNED_AT,
	COL_PROMISED_AT,
	COL_RISK_AT,
	COL_BUDGET,
	COL_ELAPSED,
	COL_GROSS_ELAPSED,
	COL_ITEM,
	COL_PER,
	COL_OWNER,
	COL_PARTY,
	COL_LABELS,
	COL_BREACH_OWNER,
	COL_BREACH_LABELS,
	COL_PAUSES,
	COL_PAUSE_REASONS,
	COL_SIGNAL_REASON,
	COL_EXTENDED,
	NCOLUMNS
};

/* Maximal number of rows inserted by one table_multi_insert() */
#define MAX_SLOTS	100

/* Number of hints for sla.tick() that are gathered before they are written */
#define MAX_HINTS	500

/* What represents the end of a pause without end in the array of pauses */
#define PAUSE_END	DT_NOEND

void
clock_store_open(ClockStore *store)
{
	memset(store, 0, sizeof(ClockStore));
	store->context = CurrentMemoryContext;
	store->rel = table_open(own_relation(OWN_CLOCK_STATE), RowExclusiveLock);
	store->item_index = index_open(own_relation(OWN_CLOCK_STATE_ITEM_IDX), AccessShareLock);
	store->sequence = own_relation(OWN_CLOCK_STATE_CLOCK_ID_SEQ);
	store->slot = table_slot_create(store->rel, NULL);
	store->max_size = (Size) work_mem * 1024;
	due_queue_init(&store->due);
	if (RelationGetDescr(store->rel)->natts < NCOLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table sla.clock_state has %d columns, and the library knows %d",
						RelationGetDescr(store->rel)->natts, NCOLUMNS),
				 errhint("ALTER EXTENSION sla_tracker UPDATE.")));
}

/* Open what is needed only for writing; many statements change no clock. */
static void
open_for_writing(ClockStore *store)
{
	MemoryContext old;

	if (store->writing)
		return;
	old = MemoryContextSwitchTo(store->context);
	own_indexes_open(&store->indexes, store->rel);
	store->writing = true;
	MemoryContextSwitchTo(old);
}

void
clock_store_close(ClockStore *store)
{
	clock_store_flush(store);
	due_queue_flush(&store->due);
	if (store->writing)
		own_indexes_close(&store->indexes);
	for (int i = 0; i < store->nslots; i++)
		ExecDropSingleTupleTableSlot(store->slots[i]);
	ExecDropSingleTupleTableSlot(store->slot);
	index_close(store->item_index, NoLock);
	table_close(store->rel, NoLock);
}

/*
 * Conversion between values of columns and a StoredClock
 */

static int64
instant(const Datum *values, const bool *nulls, int column)
{
	return nulls[column] ? CLOCK_NONE : DatumGetTimestampTz(values[column]);
}

static const char *
string(const Datum *values, const bool *nulls, int column)
{
	return nulls[column] ? NULL : TextDatumGetCString(values[column]);
}

void
clock_store_get_pauses(Clock *clock, const Datum *values, const bool *nulls)
{
	Datum	   *ends;
	int			nends;
	Datum	   *reasons = NULL;
	bool	   *reason_nulls;
	int			nreasons = 0;

	clock->npauses = 0;
	if (nulls[0])
		return;
	deconstruct_array(DatumGetArrayTypeP(values[0]), TIMESTAMPTZOID, 8, FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &ends, NULL, &nends);
	clock->npauses = nends / 2;
	clock->pauses = palloc0(clock->npauses * sizeof(ClockPause));
	if (!nulls[1])
		deconstruct_array(DatumGetArrayTypePCopy(values[1]), TEXTOID, -1, false,
						  TYPALIGN_INT, &reasons, &reason_nulls, &nreasons);
	for (int i = 0; i < clock->npauses; i++)
	{
		ClockPause *pause = &clock->pauses[i];
		TimestampTz to = DatumGetTimestampTz(ends[2 * i + 1]);

		pause->during.from = DatumGetTimestampTz(ends[2 * i]);
		pause->during.to = to == PAUSE_END ? CLOCK_NONE : to;
		if (i < nreasons && !reason_nulls[i])
			pause->reason = TextDatumGetCString(reasons[i]);
	}
}

/* The instant of a clock's verdict: its end, or its breach if that came before. */
static TimestampTz
told_at(int64 end, int64 late)
{
	return late != CLOCK_NONE && late < end ? late : end;
}

/*
 * The verdict on a clock that objectives count, net of exceptions.  Like in
 * sla.judgement, its instant is the stop if the promise was kept, else the breach.
 */
static Verdict
verdict_of(const StoredClock *stored)
{
	const Clock *clock = &stored->clock;
	bool		breached;
	bool		kept;
	Verdict		verdict = {0};

	if (clock_is_open(clock))
		return verdict;
	verdict.ended = true;
	verdict.net_at = told_at(clock->end, stored->late);
	verdict.gross_at = stored->excepted ? told_at(clock->end, stored->gross_late) : verdict.net_at;
	breached = stored->late != CLOCK_NONE && clock->end > stored->late;
	kept = clock->state == CLOCK_STOPPED && stored->late != CLOCK_NONE && !breached;
	if (!breached && !kept)
		return verdict;
	verdict.at = verdict.net_at;
	verdict.counts = !TIMESTAMP_NOT_FINITE(verdict.at);
	verdict.is_good = kept || stored->waived;
	verdict.promise = clock->promise;
	verdict.party = stored->party;
	verdict.labels = breached && stored->breach_labels != NULL ? stored->breach_labels : stored->labels;
	return verdict;
}

/* Remember what determines alerts and objectives, as it is now stored. */
static void
remember(StoredClock *stored)
{
	stored->was.verdict = verdict_of(stored);
	stored->had_ended = !clock_is_open(&stored->clock);
	stored->was.promise = stored->clock.promise;
	stored->was.revision = stored->revision;
	stored->was.end = stored->clock.end;
	stored->was.due = stored->due;
	stored->was.late = stored->late;
	stored->was.risk = stored->risk;
	stored->was.waived = stored->waived;
	stored->was.extended = stored->extended;
}

static Jsonb *
jsonb_copy(const Datum *values, const bool *nulls, int column)
{
	return nulls[column] ? NULL : DatumGetJsonbPCopy(values[column]);
}

static StoredClock *
from_values(const Datum *values, const bool *nulls)
{
	StoredClock *stored = palloc0(sizeof(StoredClock));
	Clock	   *clock = &stored->clock;

	clock->state = (ClockState) DatumGetChar(values[COL_STATE]);
	clock->cycle = DatumGetInt32(values[COL_CYCLE]);
	clock->promise = DatumGetInt32(values[COL_PROMISE_ID]);
	clock->levels = DatumGetInt16(values[COL_LEVELS]);
	clock->start = DatumGetTimestampTz(values[COL_STARTED_AT]);
	clock->end = instant(values, nulls, COL_ENDED_AT);
	clock->last = DatumGetTimestampTz(values[COL_LAST_AT]);
	clock->turned = instant(values, nulls, COL_TURNED_AT);
	clock->signal_reason = string(values, nulls, COL_SIGNAL_REASON);
	clock_store_get_pauses(clock, &values[COL_PAUSES], &nulls[COL_PAUSES]);
	stored->id = DatumGetInt64(values[COL_CLOCK_ID]);
	stored->relation = DatumGetObjectId(values[COL_RELATION]);
	stored->metric_id = DatumGetInt32(values[COL_METRIC_ID]);
	stored->agreement_id = nulls[COL_AGREEMENT_ID] ? 0 : DatumGetInt32(values[COL_AGREEMENT_ID]);
	stored->item = string(values, nulls, COL_ITEM);
	stored->per = string(values, nulls, COL_PER);
	stored->owner = string(values, nulls, COL_OWNER);
	stored->party = string(values, nulls, COL_PARTY);
	stored->labels = jsonb_copy(values, nulls, COL_LABELS);
	stored->breach_owner = string(values, nulls, COL_BREACH_OWNER);
	stored->breach_labels = jsonb_copy(values, nulls, COL_BREACH_LABELS);
	stored->promised = instant(values, nulls, COL_PROMISED_AT);
	stored->revision = DatumGetInt64(values[COL_REVISION]);
	stored->due = instant(values, nulls, COL_DUE_AT);
	stored->late = instant(values, nulls, COL_LATE_AT);
	stored->risk = instant(values, nulls, COL_RISK_AT);
	stored->gross_due = instant(values, nulls, COL_GROSS_DUE_AT);
	stored->gross_late = instant(values, nulls, COL_GROSS_LATE_AT);
	stored->has_goal = !nulls[COL_BUDGET];
	stored->budget = nulls[COL_BUDGET] ? 0 : DatumGetInt64(values[COL_BUDGET]);
	stored->paused = DatumGetInt64(values[COL_PAUSED]);
	stored->elapsed = nulls[COL_ELAPSED] ? 0 : DatumGetInt64(values[COL_ELAPSED]);
	stored->gross_elapsed = nulls[COL_GROSS_ELAPSED] ? 0 : DatumGetInt64(values[COL_GROSS_ELAPSED]);
	stored->excepted = DatumGetBool(values[COL_IS_EXCEPTED]);
	stored->waived = DatumGetBool(values[COL_IS_WAIVED]);
	if (!nulls[COL_EXTENDED])
		stored->extended = DatumGetBusinessIntervalP(datumCopy(values[COL_EXTENDED], false, -1));
	remember(stored);
	return stored;
}

static void
put_instant(Datum *values, bool *nulls, int column, int64 value)
{
	values[column] = TimestampTzGetDatum(value);
	nulls[column] = value == CLOCK_NONE;
}

static void
put_string(Datum *values, bool *nulls, int column, const char *value)
{
	nulls[column] = value == NULL;
	values[column] = value == NULL ? (Datum) 0 : CStringGetTextDatum(value);
}

static void
put_jsonb(Datum *values, bool *nulls, int column, const Jsonb *value)
{
	nulls[column] = value == NULL;
	values[column] = PointerGetDatum(value);
}

void
clock_store_put_pauses(const Clock *clock, Datum *values, bool *nulls)
{
	Datum	   *ends;
	Datum	   *reasons;
	bool	   *reason_nulls;
	bool		any_reason = false;
	int			dims[1];
	int			lower[1] = {1};

	nulls[0] = nulls[1] = true;
	if (clock->npauses == 0)
		return;
	ends = palloc(2 * clock->npauses * sizeof(Datum));
	reasons = palloc0(clock->npauses * sizeof(Datum));
	reason_nulls = palloc0(clock->npauses * sizeof(bool));
	for (int i = 0; i < clock->npauses; i++)
	{
		const ClockPause *pause = &clock->pauses[i];

		ends[2 * i] = TimestampTzGetDatum(pause->during.from);
		ends[2 * i + 1] = TimestampTzGetDatum(pause->during.to == CLOCK_NONE ?
											  PAUSE_END : pause->during.to);
		reason_nulls[i] = pause->reason == NULL;
		if (pause->reason != NULL)
		{
			reasons[i] = CStringGetTextDatum(pause->reason);
			any_reason = true;
		}
	}
	values[0] = PointerGetDatum(construct_array(ends, 2 * clock->npauses, TIMESTAMPTZOID, 8,
												FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	nulls[0] = false;
	if (!any_reason)
		return;
	dims[0] = clock->npauses;
	values[1] = PointerGetDatum(construct_md_array(reasons, reason_nulls, 1, dims, lower,
												   TEXTOID, -1, false, TYPALIGN_INT));
	nulls[1] = false;
}

static void
to_values(const StoredClock *stored, Datum *values, bool *nulls)
{
	const Clock *clock = &stored->clock;
	bool		open = clock_is_open(clock);

	memset(nulls, 0, NCOLUMNS * sizeof(bool));
	values[COL_CLOCK_ID] = Int64GetDatum(stored->id);
	values[COL_STARTED_AT] = TimestampTzGetDatum(clock->start);
	put_instant(values, nulls, COL_ENDED_AT, clock->end);
	values[COL_LAST_AT] = TimestampTzGetDatum(clock->last);
	put_instant(values, nulls, COL_TURNED_AT, clock->turned);
	put_instant(values, nulls, COL_PROMISED_AT, stored->promised);
	put_instant(values, nulls, COL_DUE_AT, stored->due);
	put_instant(values, nulls, COL_LATE_AT, stored->late);
	put_instant(values, nulls, COL_RISK_AT, stored->risk);
	put_instant(values, nulls, COL_GROSS_DUE_AT, stored->excepted ? stored->gross_due : CLOCK_NONE);
	put_instant(values, nulls, COL_GROSS_LATE_AT, stored->excepted ? stored->gross_late : CLOCK_NONE);
	values[COL_BUDGET] = Int64GetDatum(stored->budget);
	nulls[COL_BUDGET] = !stored->has_goal;
	values[COL_PAUSED] = Int64GetDatum(stored->paused);
	values[COL_ELAPSED] = Int64GetDatum(stored->elapsed);
	nulls[COL_ELAPSED] = open;
	values[COL_REVISION] = Int64GetDatum(stored->revision);
	values[COL_RELATION] = ObjectIdGetDatum(stored->relation);
	values[COL_METRIC_ID] = Int32GetDatum(stored->metric_id);
	values[COL_PROMISE_ID] = Int32GetDatum(clock->promise);
	values[COL_AGREEMENT_ID] = Int32GetDatum(stored->agreement_id);
	nulls[COL_AGREEMENT_ID] = stored->agreement_id == 0;
	values[COL_CYCLE] = Int32GetDatum(clock->cycle);
	values[COL_LEVELS] = Int16GetDatum((int16) clock->levels);
	values[COL_STATE] = CharGetDatum((char) clock->state);
	values[COL_IS_EXCEPTED] = BoolGetDatum(stored->excepted);
	values[COL_IS_WAIVED] = BoolGetDatum(stored->waived);
	put_string(values, nulls, COL_ITEM, stored->item);
	put_string(values, nulls, COL_PER, stored->per);
	put_string(values, nulls, COL_OWNER, stored->owner);
	put_string(values, nulls, COL_PARTY, stored->party);
	put_jsonb(values, nulls, COL_LABELS, stored->labels);
	put_string(values, nulls, COL_BREACH_OWNER, stored->breach_owner);
	put_jsonb(values, nulls, COL_BREACH_LABELS, stored->breach_labels);
	clock_store_put_pauses(clock, &values[COL_PAUSES], &nulls[COL_PAUSES]);
	put_string(values, nulls, COL_SIGNAL_REASON, clock->signal_reason);
	values[COL_GROSS_ELAPSED] = Int64GetDatum(stored->gross_elapsed);
	nulls[COL_GROSS_ELAPSED] = open || !stored->excepted;
	values[COL_EXTENDED] = PointerGetDatum(stored->extended);
	nulls[COL_EXTENDED] = stored->extended == NULL;
}

bool
clock_store_same_extension(const BusinessInterval *a, const BusinessInterval *b)
{
	return a == b ||
		(a != NULL && b != NULL && datumIsEqual(PointerGetDatum(a), PointerGetDatum(b), false, -1));
}

HeapTuple
clock_store_form(const StoredClock *clock, TupleDesc desc)
{
	Datum		values[MaxTupleAttributeNumber];
	bool		nulls[MaxTupleAttributeNumber];

	memset(nulls, true, desc->natts * sizeof(bool));
	to_values(clock, values, nulls);
	return heap_form_tuple(desc, values, nulls);
}

StoredClock *
clock_store_deform(HeapTupleHeader row)
{
	Oid			type = HeapTupleHeaderGetTypeId(row);
	TupleDesc	desc = lookup_rowtype_tupdesc(type, HeapTupleHeaderGetTypMod(row));
	Datum		values[MaxTupleAttributeNumber];
	bool		nulls[MaxTupleAttributeNumber];
	HeapTupleData tuple;

	if (desc->natts < NCOLUMNS || get_typ_typrelid(type) != own_relation(OWN_CLOCK_STATE))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("not a row of sla.clock_state")));
	tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = row;
	heap_deform_tuple(&tuple, desc, values, nulls);
	ReleaseTupleDesc(desc);
	return from_values(values, nulls);
}

/*
 * Reading
 */

static StoredClock *
from_slot(TupleTableSlot *slot)
{
	StoredClock *stored;

	slot_getallattrs(slot);
	stored = from_values(slot->tts_values, slot->tts_isnull);
	stored->tid = slot->tts_tid;
	return stored;
}

List *
clock_store_fetch(ClockStore *store, Oid relation, const char *item, Snapshot snapshot)
{
	List	   *clocks = NIL;
	IndexScanDesc scan;
	ScanKeyData keys[2];

	ScanKeyEntryInitialize(&keys[0], 0, 1, BTEqualStrategyNumber, InvalidOid, C_COLLATION_OID,
						   F_TEXTEQ, CStringGetTextDatum(item));
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
	scan = index_beginscan_compat(store->rel, store->item_index, snapshot, 2);
	index_rescan(scan, keys, 2, NULL, 0);
	while (index_getnext_slot(scan, ForwardScanDirection, store->slot))
		clocks = lappend(clocks, from_slot(store->slot));
	index_endscan(scan);
	return clocks;
}

static StoredClock *
find_by_id(Relation rel, TupleTableSlot *slot, int64 id, Snapshot snapshot)
{
	Relation	index = index_open(own_relation(OWN_CLOCK_STATE_PKEY), AccessShareLock);
	StoredClock *stored = NULL;
	IndexScanDesc scan;
	ScanKeyData key;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(id));
	scan = index_beginscan_compat(rel, index, snapshot, 1);
	index_rescan(scan, &key, 1, NULL, 0);
	if (index_getnext_slot(scan, ForwardScanDirection, slot))
		stored = from_slot(slot);
	index_endscan(scan);
	index_close(index, NoLock);
	return stored;
}

StoredClock *
clock_store_peek(ClockStore *store, int64 id, bool *busy)
{
	Relation	index = index_open(own_relation(OWN_CLOCK_STATE_PKEY), AccessShareLock);
	StoredClock *stored = NULL;
	SnapshotData dirty;
	IndexScanDesc scan;
	ScanKeyData key;

	InitDirtySnapshot(dirty);
	*busy = false;
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(id));
	scan = index_beginscan_compat(store->rel, index, &dirty, 1);
	index_rescan(scan, &key, 1, NULL, 0);
	while (index_getnext_slot(scan, ForwardScanDirection, store->slot))
	{
		/* if an update is in progress we get both versions */
		if (TransactionIdIsValid(dirty.xmin) || TransactionIdIsValid(dirty.xmax))
			*busy = true;
		else
			stored = from_slot(store->slot);
	}
	index_endscan(scan);
	index_close(index, NoLock);
	return stored;
}

StoredClock *
clock_store_find(ClockStore *store, int64 id, Snapshot snapshot)
{
	return find_by_id(store->rel, store->slot, id, snapshot);
}

StoredClock *
clock_store_read(int64 id, Snapshot snapshot)
{
	Relation	rel = table_open(own_relation(OWN_CLOCK_STATE), AccessShareLock);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	StoredClock *stored = find_by_id(rel, slot, id, snapshot);

	ExecDropSingleTupleTableSlot(slot);
	table_close(rel, AccessShareLock);
	return stored;
}

/*
 * Alerts: hints to sla.tick() when to look at a clock
 *
 * No alert is raised before the first instant of a clock (at risk or late), nor
 * while someone is changing the clock (clock_store_peek()).  So if that instant
 * has not come when a change is written, no alert has been raised yet, and the
 * existing hint will also do if the instant becomes later.  The exception is an
 * alert that was raised at a fraction which has since been removed, or for another
 * promise; we look for such alerts if the promise has been redefined, or the clock
 * is cancelled.
 */

/* Allowance for the difference of system clocks after a failover */
#define CLOCK_SKEW	USECS_PER_MINUTE

/* The first instant at which there can be an alert, or CLOCK_NONE. */
static int64
first_instant(int64 risk, int64 late)
{
	return risk == CLOCK_NONE || (late != CLOCK_NONE && late < risk) ? late : risk;
}

/* Add a hint to look at a clock at an instant. */
static void
queue(ClockStore *store, const StoredClock *clock, TimestampTz at)
{
	if (store->due.n == MAX_HINTS)
		due_queue_flush(&store->due);
	due_queue_add(&store->due, clock->id, at);
}

/*
 * Add a hint for the first alert of an open clock.  If that is due already, but its
 * breach is not, the hint is so old that even a tick in this transaction looks at it,
 * and says that the clock was known in time.  If the breach is due, too, it is
 * -infinity.  A clock that was inserted as finished raises no alerts.
 */
static void
queue_first(ClockStore *store, const StoredClock *clock)
{
	int64		first = first_instant(clock->risk, clock->late);
	TimestampTz now;

	if (!clock_is_open(&clock->clock) || first == CLOCK_NONE)
		return;
	now = GetCurrentTimestamp();
	if (first > now)
		queue(store, clock, first);
	else
		queue(store, clock, clock->late != CLOCK_NONE && clock->late > now ?
			  GetCurrentTransactionStartTimestamp() - 1 : DT_NOBEGIN);
}

/* May one of the alerts of a clock be in a span? */
static bool
alerts_within(const StoredClock *clock, int64 from, int64 to)
{
	return clock->more_alerts ||
		(clock->risk != CLOCK_NONE && clock->risk >= from && clock->risk < to) ||
		(clock->due != CLOCK_NONE && clock->due >= from && clock->due < to) ||
		(clock->late != CLOCK_NONE && clock->late >= from && clock->late < to);
}

/* Has any alert been raised for a clock? */
static bool
is_told(const StoredClock *clock)
{
	Relation	rel = table_open(own_relation(OWN_ALERT), AccessShareLock);
	Relation	index = index_open(own_relation(OWN_ALERT_CLOCK_IDX), AccessShareLock);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	IndexScanDesc scan = index_beginscan_compat(rel, index, GetActiveSnapshot(), 1);
	ScanKeyData key;
	bool		found;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(clock->id));
	index_rescan(scan, &key, 1, NULL, 0);
	found = index_getnext_slot(scan, ForwardScanDirection, slot);
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, NoLock);
	table_close(rel, NoLock);
	return found;
}

/* Add a hint after a clock was changed, if one is needed. */
static void
queue_changed(ClockStore *store, const StoredClock *clock)
{
	int64		was = first_instant(clock->was.risk, clock->was.late);
	int64		first = first_instant(clock->risk, clock->late);

	/*
	 * after the deadline, a pause may move further alerts, but no stored
	 * column
	 */
	bool		moved = clock->risk != clock->was.risk || clock->due != clock->was.due ||
		clock->late != clock->was.late || clock->clock.promise != clock->was.promise ||
		clock->waived != clock->was.waived || clock->more_alerts;
	bool		redefined = clock->clock.promise != clock->was.promise || clock->revision != clock->was.revision;
	bool		open = clock_is_open(&clock->clock);
	bool		ends = !open && !clock->had_ended;
	TimestampTz now;
	bool		told = false;

	if (!moved && clock->clock.end == clock->was.end)
		return;
	now = GetCurrentTimestamp();
	if (was == CLOCK_NONE || was > now + CLOCK_SKEW)
	{
		told = (redefined || clock->clock.state == CLOCK_CANCELLED) && is_told(clock);
		if (!told)
		{
			if (was == CLOCK_NONE || clock->had_ended || (first != CLOCK_NONE && first < was))
				queue_first(store, clock);

			/*
			 * it was known in time, and an edit has moved that instant to
			 * before its end
			 */
			if (ends && first != CLOCK_NONE && first < clock->clock.end)
				queue(store, clock, GetCurrentTransactionStartTimestamp() - 1);
			return;
		}
	}
	if (told || moved || open || clock->had_ended || clock->clock.state == CLOCK_CANCELLED ||
		alerts_within(clock, clock->clock.end, now + CLOCK_SKEW))
	{
		/* was it known before its breach? */
		bool		in_time = open ? clock->late != CLOCK_NONE && clock->late > now :
			ends && (clock->was.late == CLOCK_NONE || clock->was.late > now);

		queue(store, clock, in_time ? GetCurrentTransactionStartTimestamp() - 1 : DT_NOBEGIN);
	}
}

/*
 * Objectives
 */

static const ClockMeasures *
measures_of(ClockStore *store)
{
	if (store->measures == NULL)
		store->measures = clock_measures();
	return store->measures;
}

static void
count_verdict(ClockStore *store, const Verdict *verdict, int sign)
{
	if (verdict->ended)
		clock_rollup_count(measures_of(store), verdict, sign);
}

static void
count_row(const ClockMeasures *measures, TupleTableSlot *slot, int sign)
{
	clock_rollup_count(measures, &from_slot(slot)->was.verdict, sign);
}

/* The earlier one of "at" and the instant in a column, if that is not null. */
static TimestampTz
earlier(TimestampTz at, TupleTableSlot *slot, int column)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, column + 1, &isnull);

	return isnull ? at : Min(at, DatumGetTimestampTz(value));
}

/* Count a row that was inserted.  Few of these are finished, so check that first. */
static void
count_new(ClockStore *store, TupleTableSlot *slot)
{
	MemoryContext context;
	MemoryContext old;
	bool		isnull;
	TimestampTz at;

	at = DatumGetTimestampTz(slot_getattr(slot, COL_ENDED_AT + 1, &isnull));
	if (isnull)
		return;
	at = earlier(earlier(at, slot, COL_LATE_AT), slot, COL_GROSS_LATE_AT);
	if (!clock_is_measured(measures_of(store), DatumGetInt32(slot_getattr(slot, COL_PROMISE_ID + 1, &isnull)), at))
		return;
	context = AllocSetContextCreate(CurrentMemoryContext, "sla_tracker verdict", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	count_row(store->measures, slot, 1);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/*
 * Writing
 */

static void
fill_slot(ClockStore *store, TupleTableSlot *slot, const StoredClock *clock)
{
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, RelationGetDescr(store->rel)->natts * sizeof(bool));
	to_values(clock, slot->tts_values, slot->tts_isnull);
	ExecStoreVirtualTuple(slot);
	ExecMaterializeSlot(slot);
}

/* Keep a copy of a row, to be inserted later. */
static void
gather(ClockStore *store, HeapTuple row)
{
	MemoryContext old = MemoryContextSwitchTo(store->context);

	if (store->maxnew == 0)
	{
		store->maxnew = 16;
		store->new = palloc(store->maxnew * sizeof(HeapTuple));
	}
	else if (store->nnew == store->maxnew)
	{
		store->maxnew *= 2;
		store->new = repalloc_huge(store->new, store->maxnew * sizeof(HeapTuple));
	}
	row = heap_copytuple(row);
	store->size += GetMemoryChunkSpace(row);
	store->new[store->nnew++] = row;
	MemoryContextSwitchTo(old);
}

void
clock_store_insert(ClockStore *store, StoredClock *clock)
{
	if (store->size >= store->max_size)
		clock_store_flush(store);
	clock->id = nextval_internal(store->sequence, false);
	gather(store, clock_store_form(clock, RelationGetDescr(store->rel)));
	remember(clock);
	queue_first(store, clock);
}

/* Make sure that there are n slots for inserting. */
static void
make_slots(ClockStore *store, int n)
{
	MemoryContext old = MemoryContextSwitchTo(store->context);

	if (store->slots == NULL)
		store->slots = palloc(MAX_SLOTS * sizeof(TupleTableSlot *));
	while (store->nslots < n)
		store->slots[store->nslots++] = MakeSingleTupleTableSlot(RelationGetDescr(store->rel),
																 &TTSOpsHeapTuple);
	MemoryContextSwitchTo(old);
}

void
clock_store_flush(ClockStore *store)
{
	if (store->nnew == 0)
		return;
	open_for_writing(store);
	make_slots(store, Min(store->nnew, MAX_SLOTS));
	for (int i = 0; i < store->nnew; i += MAX_SLOTS)
	{
		int			n = Min(store->nnew - i, MAX_SLOTS);

		CHECK_FOR_INTERRUPTS();
		for (int j = 0; j < n; j++)
			ExecStoreHeapTuple(store->new[i + j], store->slots[j], true);
		table_multi_insert(store->rel, store->slots, n, GetCurrentCommandId(true), 0, NULL);
		own_indexes_add(&store->indexes, store->slots, n);
		for (int j = 0; j < n; j++)
		{
			count_new(store, store->slots[j]);
			ExecClearTuple(store->slots[j]);
		}
	}
	own_indexes_flush(&store->indexes);
	store->nnew = 0;
	store->size = 0;
}

bool
clock_store_lock_or_skip(ClockStore *store, StoredClock *clock)
{
	TM_FailureData failure;
	TM_Result	result;

	open_for_writing(store);
	result = table_tuple_lock(store->rel, &clock->tid, GetActiveSnapshot(), store->slot,
							  GetCurrentCommandId(true), LockTupleNoKeyExclusive, LockWaitSkip, 0,
							  &failure);

	/* if someone has changed it, clock_store_update() will tell */
	ExecClearTuple(store->slot);
	return result != TM_WouldBlock;
}

bool
clock_store_update(ClockStore *store, StoredClock *clock)
{
	TM_FailureData failure;
	LockTupleMode lockmode;
	SLA_UPDATE_INDEXES indexes;
	TM_Result	result;

	open_for_writing(store);
	fill_slot(store, store->slot, clock);
	result = table_tuple_update(store->rel, &clock->tid, store->slot, GetCurrentCommandId(true),
								GetActiveSnapshot(), InvalidSnapshot, true, &failure, &lockmode,
								&indexes);
	if (result != TM_Ok)
	{
		if (IsolationUsesXactSnapshot())
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("could not serialize access due to concurrent update")));
		return false;
	}
	own_indexes_update(&store->indexes, &clock->tid, store->slot, indexes);
	clock->tid = store->slot->tts_tid;
	ExecClearTuple(store->slot);
	queue_changed(store, clock);
	count_verdict(store, &clock->was.verdict, -1);
	remember(clock);
	count_verdict(store, &clock->was.verdict, 1);
	return true;
}

/*
 * sla.clock_written() -> trigger
 *
 * AFTER ROW trigger that counts for objectives what is written with SQL: deletions
 * by the extension itself, and changes applied by logical replication.
 */
PG_FUNCTION_INFO_V1(sla_clock_written);
Datum
sla_clock_written(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	const ClockMeasures *measures;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigdata->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) ||
		RelationGetRelid(trigdata->tg_relation) != own_relation(OWN_CLOCK_STATE))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired AFTER, FOR EACH ROW of sla.clock_state", "clock_written")));
	measures = clock_measures();
	count_row(measures, trigdata->tg_trigslot, TRIGGER_FIRED_BY_INSERT(trigdata->tg_event) ? 1 : -1);
	if (TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
		count_row(measures, trigdata->tg_newslot, 1);
	return PointerGetDatum(NULL);
}
