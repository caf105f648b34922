/*-------------------------------------------------------------------------
 *
 * refresh.c
 *	  Deriving or judging clocks afresh because something other than their row has
 *	  changed: definitions, exceptions, or a fact that was corrected.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "follow_work.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "derive.h"

/*
 * Change a clock in memory into what it would be if its row were followed now.
 */
static void
preview(Definition *def, StoredClock *clock)
{
	Follow		follow = {.def = def,.by_edit = true,.context = CurrentMemoryContext,.item_context = CurrentMemoryContext};
	Work		work = {.follow = &follow,.item = clock->item};
	RowReader	reader;
	TupleTableSlot *row;
	RowSays    *says;

	follow.now = GetCurrentTransactionStartTimestamp();
	work.clocks = list_make1(clock);
	rows_open(&reader, def->relid);
	row = follow_find_row(&follow, &reader, clock->item, ROW_READ);
	if (row == NULL)
		follow_gone_clock(&work, clock, follow.now);
	else
	{
		says = row_says(&follow, row);
		work.says = says;
		work.at = says->at;
		for (work.metric = 0; work.metric < def->nmetrics; work.metric++)
			if (def->metrics[work.metric].id == clock->metric_id)
				follow_metric(&work);
		follow_orphans(&work);
	}
	rows_close(&reader);
	derive(follow.def, clock);
}

void
follow_bring_up_to_date(Definition *def, StoredClock *clock)
{
	if (follow_is_outdated(def, clock))
		preview(def, clock);
	else
		derive(def, clock);
}

static bool
same_derived(const StoredClock *a, const StoredClock *b)
{
	return a->due == b->due && a->late == b->late && a->risk == b->risk &&
		a->budget == b->budget && a->paused == b->paused && a->elapsed == b->elapsed &&
		a->excepted == b->excepted && a->waived == b->waived &&
		clock_store_same_extension(a->extended, b->extended) &&
		(!a->excepted || (a->gross_due == b->gross_due && a->gross_late == b->gross_late &&
						  a->gross_elapsed == b->gross_elapsed));
}

/*
 * Derive a finished clock afresh after exceptions have changed.  Only the net
 * verdict may change: the gross one is preserved, and the calendar is the version
 * by which the clock was judged.
 */
static void
rejudge(Follow *follow, StoredClock *stored)
{
	int64		due = stored->excepted ? stored->gross_due : stored->due;
	int64		late = stored->excepted ? stored->gross_late : stored->late;
	int64		elapsed = stored->excepted ? stored->gross_elapsed : stored->elapsed;
	int64		revision = stored->revision;

	derive_as_judged(follow->def, stored, derive_judged_before(follow->def, stored));
	stored->revision = revision;
	if (stored->excepted)
	{
		stored->gross_due = due;
		stored->gross_late = late;
		stored->gross_elapsed = elapsed;
	}
	else
	{
		stored->due = due;
		stored->late = late;
		stored->elapsed = elapsed;
	}
}

/*
 * Follow the row of a clock, or cancel its clocks if the row is gone.  Returns
 * false if "lock" is ROW_LOCK_OR_SKIP and the row is locked; then nothing is done.
 */
static bool
refresh_by_row(Follow *follow, const StoredClock *stored, RowLock lock)
{
	TupleTableSlot *row;
	RowReader	reader;
	bool		followed = true;

	rows_open(&reader, follow->def->relid);
	row = follow_find_row(follow, &reader, stored->item, ROW_READ);
	follow->by_edit = true;
	if (row == NULL)
		follow_gone(follow, stored->item, follow->now);
	else
	{
		row = follow_find_row(follow, &reader, stored->item, lock);
		follow_renew_snapshot(follow, true);
		followed = row != NULL;
		if (followed)
			follow_row(follow, row);
	}
	rows_close(&reader);

	/* this may have written other clocks of the item: make them visible */
	follow_renew_snapshot(follow, false);
	return followed;
}

/* Was a clock derived under the present definitions? */
static bool
is_current(const Definition *def, const StoredClock *clock)
{
	const Promise *promise = definition_promise(def, clock->clock.promise);

	return promise != NULL && clock->revision >= promise->revision &&
		clock->revision >= definition_party_revision(def, clock->party);
}

FollowRefreshed
follow_refresh(Follow *follow, int64 clock_id)
{
	MemoryContext old = MemoryContextSwitchTo(follow->item_context);
	StoredClock *stored;
	FollowRefreshed refreshed = REFRESHED;

	for (;;)
	{
		Work		work = {.follow = follow};

		(void) follow_renew_definition(follow);
		stored = clock_store_find(&follow->store, clock_id, GetActiveSnapshot());
		if (stored == NULL)
		{
			refreshed = REFRESH_GONE;
			break;
		}
		if (follow_is_outdated(follow->def, stored))
		{
			/*
			 * Do not wait for the row: whoever has it may wait for the clock,
			 * which our caller may have locked.
			 */
			if (!refresh_by_row(follow, stored, ROW_LOCK_OR_SKIP))
				refreshed = REFRESH_BUSY;
			break;
		}
		if (clock_is_open(&stored->clock))
		{
			derive(follow->def, stored);
			follow_lost_breach(stored, follow->now);
		}
		else
		{
			StoredClock before = *stored;

			/*
			 * it may be current although judged by an older version of the
			 * calendar
			 */
			if (is_current(follow->def, stored))
				break;
			rejudge(follow, stored);
			if (same_derived(stored, &before))
				break;
		}
		if (!clock_store_lock_or_skip(&follow->store, stored))
		{
			refreshed = REFRESH_BUSY;
			break;
		}
		note_extension(&work, stored, follow->now);
		if (clock_store_update(&follow->store, stored))
		{
			write_changes(work.changes);
			break;
		}
		CHECK_FOR_INTERRUPTS();
		follow_renew_snapshot(follow, true);
	}
	MemoryContextSwitchTo(old);
	return refreshed;
}

/* Set corrected facts, and cut off pauses that lie outside them. */
static void
set_facts(StoredClock *stored, const FollowFacts *facts)
{
	Clock	   *clock = &stored->clock;
	int64		start = facts->start != CLOCK_NONE ? facts->start : clock->start;
	int64		stop = facts->stop != CLOCK_NONE ? facts->stop : clock->end;
	ClockPause *pauses = palloc(clock->npauses * sizeof(ClockPause));
	int			n = 0;

	if (stop != CLOCK_NONE && stop < start)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("clock " INT64_FORMAT " would stop before it starts", stored->id)));
	for (int i = 0; i < clock->npauses; i++)
	{
		ClockPause	pause = clock->pauses[i];

		pause.during.from = Max(pause.during.from, start);
		if (stop != CLOCK_NONE && (pause.during.to == CLOCK_NONE || pause.during.to > stop))
			pause.during.to = stop;
		if (pause.during.to == CLOCK_NONE || pause.during.from < pause.during.to)
			pauses[n++] = pause;
	}
	clock->pauses = pauses;
	clock->npauses = n;
	clock->start = start;
	clock->end = stop;
	if (facts->stop != CLOCK_NONE)
	{
		/* let the correction hold even if the row does not say stop */
		clock->levels &= ~CLOCK_UNTRACKED;
		if (clock->state != CLOCK_STOPPED)
			clock->levels |= CLOCK_SIGNAL_STOP | CLOCK_CORRECTED;
		clock->state = CLOCK_STOPPED;
		clock->last = clock->turned = stop;
	}
	clock->last = Max(clock->last, start);
}

/*
 * Lock the row of an item, if there is one.  Returns false if "lock" is
 * ROW_LOCK_OR_SKIP and the row is locked.
 */
static bool
lock_row(Follow *follow, const char *item, RowLock lock)
{
	RowReader	reader;
	bool		locked;

	rows_open(&reader, follow->def->relid);
	locked = rows_by_item(&reader, follow->def, item, ROW_READ) == NULL ||
		rows_by_item(&reader, follow->def, item, lock) != NULL || lock != ROW_LOCK_OR_SKIP;
	rows_close(&reader);
	follow_renew_snapshot(follow, true);
	return locked;
}

void
follow_facts(Follow *follow, int64 clock_id, const FollowFacts *facts)
{
	MemoryContext old = MemoryContextSwitchTo(follow->item_context);
	bool		row_is_locked = false;
	bool		refreshed = false;

	for (;;)
	{
		StoredClock *stored;
		Work		work = {.follow = follow,.at = follow->now};
		StoredClock before;
		bool		outdated;
		bool		by_row;

		(void) follow_renew_definition(follow);
		stored = clock_store_find(&follow->store, clock_id, GetActiveSnapshot());
		if (stored == NULL)
		{
			if (facts != NULL)
				ereport(ERROR,
						(errcode(ERRCODE_NO_DATA_FOUND),
						 errmsg("clock " INT64_FORMAT " does not exist", clock_id)));
			break;
		}

		/* an open clock may get another promise, by its new start or its row */
		outdated = follow_is_outdated(follow->def, stored);
		by_row = clock_is_open(&stored->clock) && (facts != NULL || outdated);
		if (by_row && !row_is_locked)
		{
			/*
			 * Writers lock the row first, and then its clocks.  When judging
			 * anew, our caller may already have locked other clocks of the
			 * item, so we must not wait for the row.  If it is locked leave
			 * this clock alone; like all outdated clocks it is refreshed
			 * later.
			 */
			row_is_locked = lock_row(follow, stored->item, facts != NULL ? ROW_LOCK : ROW_LOCK_OR_SKIP);
			if (!row_is_locked)
				break;
			continue;
		}
		if (outdated && !refreshed)
		{
			/* what was edited holds before and whatever the facts */
			refreshed = true;
			(void) refresh_by_row(follow, stored, ROW_LOCK);
			continue;
		}
		/* a correction is judged by the promise as it was edited */
		if (facts != NULL && clock_is_open(&stored->clock))
			derive(follow->def, stored);
		before = *stored;
		if (facts != NULL)
		{
			TimestampTz judged = derive_judged_before(follow->def, stored);

			set_facts(stored, facts);
			work.reason = facts->reason;
			derive_as_judged(follow->def, stored, judged);
			follow_lost_breach(stored, follow->now);
			if (!TIMESTAMP_IS_NOEND(judged))
				stored->revision = before.revision;
		}
		else
			derive_anew(follow->def, stored);
		if (facts == NULL && same_derived(stored, &before))
			break;
		note_change(&work, stored, &before, facts != NULL ? "correct" : "recompute", follow->now);
		if (clock_store_update(&follow->store, stored))
		{
			write_changes(work.changes);
			if (by_row && clock_is_open(&stored->clock))
				(void) refresh_by_row(follow, stored, ROW_LOCK);
			break;
		}
		CHECK_FOR_INTERRUPTS();
		follow_renew_snapshot(follow, true);
	}
	MemoryContextSwitchTo(old);
}
