/*-------------------------------------------------------------------------
 *
 * clock_change.c
 *	  Recording changes of clocks, other than by the normal course of events, in
 *	  sla.clock_change.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "follow_work.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "fence.h"
#include "kept_plan.h"

static bool
same_pauses(const Clock *a, const Clock *b)
{
	for (int i = 0; i < a->npauses && i < b->npauses; i++)
		if (a->pauses[i].during.from != b->pauses[i].during.from ||
			a->pauses[i].during.to != b->pauses[i].during.to)
			return false;
	return a->npauses == b->npauses;
}

static bool
is_correction(const Change *change)
{
	return strcmp(change->kind, "correct") == 0;
}

void
note_change(Work *work, StoredClock *stored, const StoredClock *before, const char *kind, int64 at)
{
	Change	   *change = palloc0(sizeof(Change));

	change->clock = stored;
	change->kind = kind;
	change->at = at;
	change->old_promise = before->clock.promise;
	change->old_promised = before->promised;
	change->old_extended = stored->was.extended;
	change->old_due = before->due;
	change->old_late = before->late;
	change->old_start = before->clock.start;
	change->old_end = before->clock.end;
	change->old_stop = before->clock.state == CLOCK_STOPPED ? before->clock.end : CLOCK_NONE;
	change->reason = work->reason;

	/*
	 * What else happens to pauses can be told from those that there are then.
	 * After a correction there may be new ones at any time, even if it drops
	 * none.
	 */
	if (is_correction(change) ||
		(stored->clock.start != before->clock.start && !same_pauses(&stored->clock, &before->clock)))
		change->old_pauses = before->clock;
	work->changes = lappend(work->changes, change);
}

void
note_extension(Work *work, StoredClock *stored, int64 at)
{
	StoredClock before;
	const ListCell *cell;

	if (clock_store_same_extension(stored->extended, stored->was.extended))
		return;
	foreach(cell, work->changes)
	{
		const Change *change = lfirst(cell);

		/* what was noted of it tells this, too */
		if (change->clock == stored && strcmp(change->kind, "late_event") != 0)
			return;
	}
	before = *stored;
	before.due = stored->was.due;
	before.late = stored->was.late;
	note_change(work, stored, &before, "extend", at);
}

static Datum
text_of(const BusinessInterval *interval)
{
	return interval == NULL ? (Datum) 0 : CStringGetTextDatum(business_interval_text(interval));
}

static void
write_change(const Change *change)
{
	static SPIPlanPtr plan = NULL;
	static const char *command =
		"INSERT INTO sla.clock_change (clock, at, kind, reason, before, after) SELECT $1, $2, $3, $12, "
		"CASE WHEN $3 = 'late_event' THEN jsonb_build_object('told_at', $2) ELSE "
		"(SELECT jsonb_build_object('promise', id, 'policy', policy, 'goal', goal::text, 'started_at', $5, 'due_at', $6, 'breached_at', $7, 'stopped_at', $13) || "
		"CASE WHEN $15 IS DISTINCT FROM $16 THEN jsonb_build_object('promised_at', $15) ELSE '{}' END || "
		"CASE WHEN $17 IS DISTINCT FROM $18 THEN jsonb_build_object('extended_by', $17) ELSE '{}' END || "
		"CASE WHEN $19 IS NOT NULL THEN jsonb_build_object('cancelled_at', $19) ELSE '{}' END || "
		"jsonb_strip_nulls(jsonb_build_object('pauses', $20, 'pause_reasons', $21)) "
		"FROM sla.promise WHERE id = $4) END, "
		"CASE WHEN $3 = 'late_event' THEN jsonb_build_object('applied_at', $11) ELSE "
		"(SELECT jsonb_build_object('promise', id, 'policy', policy, 'goal', goal::text, 'started_at', $9, 'due_at', $10, 'stopped_at', $14) || "
		"CASE WHEN $15 IS DISTINCT FROM $16 THEN jsonb_build_object('promised_at', $16) ELSE '{}' END || "
		"CASE WHEN $17 IS DISTINCT FROM $18 THEN jsonb_build_object('extended_by', $18) ELSE '{}' END "
		"FROM sla.promise WHERE id = $8) END";
	Oid			types[] = {INT8OID, TIMESTAMPTZOID, TEXTOID, INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID,
		TIMESTAMPTZOID, INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID,
		TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZARRAYOID, TEXTARRAYOID
	};
	const StoredClock *clock = change->clock;
	bool		breached = change->old_late != CLOCK_NONE &&
		change->old_late < (change->old_end != CLOCK_NONE ? change->old_end : change->at);
	bool		is_revived = change->old_end != CLOCK_NONE && change->old_stop == CLOCK_NONE &&
		clock->clock.state != CLOCK_CANCELLED;
	Datum		values[lengthof(types)] = {
		Int64GetDatum(clock->id), TimestampTzGetDatum(change->at), CStringGetTextDatum(change->kind),
		Int32GetDatum(change->old_promise), TimestampTzGetDatum(change->old_start),
		TimestampTzGetDatum(change->old_due), TimestampTzGetDatum(change->old_late),
		Int32GetDatum(clock->clock.promise), TimestampTzGetDatum(clock->clock.start),
		TimestampTzGetDatum(clock->due), TimestampTzGetDatum(clock->clock.last),
		change->reason == NULL ? (Datum) 0 : CStringGetTextDatum(change->reason),
		TimestampTzGetDatum(change->old_stop), TimestampTzGetDatum(clock->clock.end),
		TimestampTzGetDatum(change->old_promised), TimestampTzGetDatum(clock->promised),
		text_of(change->old_extended), text_of(clock->extended), TimestampTzGetDatum(change->old_end)
	};
	char		nulls[lengthof(types) + 1] = "                     ";
	bool		no_pauses[2];

	if (change->old_due == CLOCK_NONE)
		nulls[5] = 'n';
	if (!breached)
		nulls[6] = 'n';
	if (clock->due == CLOCK_NONE)
		nulls[9] = 'n';
	if (change->reason == NULL)
		nulls[11] = 'n';
	if (change->old_stop == CLOCK_NONE)
		nulls[12] = 'n';
	if (clock->clock.state != CLOCK_STOPPED)
		nulls[13] = 'n';
	if (change->old_promised == CLOCK_NONE)
		nulls[14] = 'n';
	if (clock->promised == CLOCK_NONE)
		nulls[15] = 'n';
	if (change->old_extended == NULL)
		nulls[16] = 'n';
	if (clock->extended == NULL)
		nulls[17] = 'n';
	if (!is_revived)
		nulls[18] = 'n';
	clock_store_put_pauses(&change->old_pauses, &values[19], no_pauses);
	if (no_pauses[0] && is_correction(change))
	{
		values[19] = PointerGetDatum(construct_empty_array(TIMESTAMPTZOID));
		no_pauses[0] = false;
	}
	for (int i = 0; i < 2; i++)
		if (no_pauses[i])
			nulls[19 + i] = 'n';
	if (plan == NULL)
		plan = kept_plan(TopMemoryContext, command, lengthof(types), types);
	if (SPI_execute_plan(plan, values, nulls, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "could not write sla.clock_change");
}

void
write_changes(const List *changes)
{
	const ListCell *cell;
	Fence		fence;

	if (changes == NIL)
		return;
	fence_enter(&fence, fence_extension_owner());
	fence_settings("UTC");
	SPI_connect();
	foreach(cell, changes)
		write_change(lfirst(cell));
	SPI_finish();
	fence_leave(&fence);
}
