/*-------------------------------------------------------------------------
 *
 * follow.c
 *	  Bringing the clocks of an item in line with its row, or applying a signal
 *	  to them.
 *
 * There are three steps for each item: evaluate the expressions for its row, as
 * the owner of the table (row_says.c); read its clocks and apply the rules
 * (follow_apply.c); write what changed.  If someone else has changed a clock
 * meanwhile (a refresh or a correction, which do not always lock the row), the
 * last two steps are repeated.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "follow_work.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "derive.h"
#include "item_set.h"
#include "rules.h"

/*
 * Beginning and end
 */

static void
take_snapshot(void)
{
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
}

void
follow_begin(Follow *follow, int32 tracked_id)
{
	memset(follow, 0, sizeof(Follow));
	take_snapshot();
	follow->def = definition_of(tracked_id);
	if (follow->def != NULL && follow->def->suspended)
		rule_suspended(get_rel_name(follow->def->relid));
	follow->now = GetCurrentTimestamp();
	follow->context = CurrentMemoryContext;
	follow->item_context = AllocSetContextCreate(CurrentMemoryContext, "sla_tracker item",
												 ALLOCSET_DEFAULT_SIZES);
	clock_store_open(&follow->store);
}

void
follow_end(Follow *follow)
{
	clock_store_close(&follow->store);
	MemoryContextDelete(follow->item_context);
	PopActiveSnapshot();
	CommandCounterIncrement();
}

void
follow_next(Follow *follow)
{
	follow->last = NULL;
	MemoryContextReset(follow->item_context);
	follow->counts.items++;
}

/* A new snapshot, or that of the transaction if its isolation level demands it. */
static Snapshot
latest_snapshot(void)
{
	return IsolationUsesXactSnapshot() ? GetTransactionSnapshot() : GetLatestSnapshot();
}

void
follow_renew_snapshot(Follow *follow, bool latest)
{
	clock_store_flush(&follow->store);
	CommandCounterIncrement();
	PopActiveSnapshot();
	PushActiveSnapshot(latest ? latest_snapshot() : GetTransactionSnapshot());
	follow->last_holds = false;
	follow->renewed = true;
}

void
follow_flush(Follow *follow)
{
	follow_renew_snapshot(follow, true);
	follow->any = false;
	follow->seen = NULL;
}

static bool
same_xids(const TransactionId *a, const TransactionId *b, uint32 n)
{
	return n == 0 || memcmp(a, b, n * sizeof(TransactionId)) == 0;
}

/* Do two snapshots see the same changes of other transactions? */
static bool
see_the_same(Snapshot a, Snapshot b)
{
	if (a->xmin != b->xmin || a->xmax != b->xmax ||
		a->xcnt != b->xcnt || !same_xids(a->xip, b->xip, a->xcnt))
		return false;

	/* if suboverflowed, subxip is not used */
	if (a->suboverflowed || b->suboverflowed)
		return a->suboverflowed && b->suboverflowed;
	return a->subxcnt == b->subxcnt && same_xids(a->subxip, b->subxip, a->subxcnt);
}

void
follow_renew(Follow *follow)
{
	/* usually nobody has committed anything, and no new command has begun */
	if (GetActiveSnapshot()->curcid == GetCurrentCommandId(false) &&
		see_the_same(GetActiveSnapshot(), latest_snapshot()))
		return;
	CommandCounterIncrement();
	PopActiveSnapshot();
	PushActiveSnapshot(latest_snapshot());
	follow->last_holds = false;
	follow->renewed = true;
}

bool
follow_was_seen(Follow *follow, const char *item)
{
	uint64		key = item_hash(item);

	return follow->any && (follow->first == key ||
						   (follow->seen != NULL && item_set_has(follow->seen, key)));
}

/* Note that an item was seen; returns whether it is the first time. */
static bool
note_item(Follow *follow, const char *item)
{
	uint64		key = item_hash(item);
	MemoryContext old;

	if (!follow->any)
	{
		follow->any = true;
		follow->first = key;
		return true;
	}
	if (follow->first == key)
		return false;
	if (follow->seen == NULL)
	{
		old = MemoryContextSwitchTo(follow->context);
		follow->seen = item_set_create();
		MemoryContextSwitchTo(old);
	}
	return item_set_add(follow->seen, key);
}

void
follow_note_item(Follow *follow, const char *item)
{
	(void) note_item(follow, item);
}

/*
 * Before working on an item, make sure that the snapshot sees what we wrote for
 * it earlier.  follow_would_write() may just have done that.
 */
static void
see_item(Follow *follow, const char *item)
{
	if (follow->last != NULL && strcmp(follow->last->item, item) == 0)
		return;
	if (!note_item(follow, item))
		follow_renew_snapshot(follow, false);
}

/*
 * Writing
 */

/* Write the clocks of the item; false if someone else has changed one. */
static bool
write_clocks(Work *work)
{
	Follow	   *follow = work->follow;
	ListCell   *cell;

	foreach(cell, work->clocks)
	{
		StoredClock *stored = lfirst(cell);

		if (!stored->dirty)
			continue;

		/*
		 * a clock that had ended before and has not gone on since keeps its
		 * verdict
		 */
		if (stored->clock.end != stored->was.end || stored->taken_up || clock_is_open(&stored->clock))
		{
			derive(follow->def, stored);
			follow_lost_breach(stored, work->at);
			note_extension(work, stored, work->at);
		}
		if (follow->no_wait && !clock_store_lock_or_skip(&follow->store, stored))
			ereport(ERROR,
					(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
					 errmsg("clock " INT64_FORMAT " is in use", stored->id)));
		if (!clock_store_update(&follow->store, stored))
			return false;
		follow->counts.changed++;
	}
	foreach(cell, work->new)
	{
		StoredClock *stored = lfirst(cell);

		derive(follow->def, stored);
		clock_store_insert(&follow->store, stored);
	}
	return true;
}

/*
 * Clocks that a new snapshot sees may have been stored under the definitions that
 * it sees, so these must be used from then on.
 */
bool
follow_renew_definition(Follow *follow)
{
	Definition *def;

	if (!follow->renewed)
		return false;
	follow->renewed = false;
	def = definition_of(follow->def->id);
	if (def == NULL || def == follow->def)
		return false;
	if (def->suspended)
		rule_suspended(get_rel_name(def->relid));
	follow->def = def;
	return true;
}

/*
 * In a transaction that keeps its snapshot, raise a serialization error if there
 * is a clock of the item that the snapshot does not see, or if we begin a cycle
 * after one that has changed.  The server does not detect that: a signal or a sync
 * in another transaction only locks the row, so we can still update it afterwards.
 * A clock that both change is detected by clock_store_update().
 */
static void
check_serializable(const Work *work)
{
	CommandId	curcid = GetActiveSnapshot()->curcid;
	List	   *clocks;
	ListCell   *cell;
	ListCell   *other;

	if (!IsolationUsesXactSnapshot())
		return;
	PushActiveSnapshot(GetLatestSnapshot());
	GetActiveSnapshot()->curcid = curcid;
	clocks = clock_store_fetch(&work->follow->store, work->follow->def->relid, work->item, GetActiveSnapshot());
	PopActiveSnapshot();
	foreach(cell, clocks)
	{
		StoredClock *latest = lfirst(cell);
		bool		seen = false;

		foreach(other, work->clocks)
		{
			StoredClock *stored = lfirst(other);

			seen |= stored->id == latest->id &&
				(work->new == NIL || ItemPointerEquals(&stored->tid, &latest->tid));
		}
		if (!seen)
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("could not serialize access due to concurrent update")));
	}
}

/* Read the clocks of the item, and apply work->function to them. */
static void
work_out(Work *work)
{
	Follow	   *follow = work->follow;

	if (follow_renew_definition(follow) && work->row != NULL)
	{
		work->says = row_says(follow, work->row);
		work->item = work->says->item;
	}
	work->new = work->changes = NIL;
	work->started = work->cancelled = 0;
	work->clocks = clock_store_fetch(&follow->store, follow->def->relid, work->item, GetActiveSnapshot());
	work->function(work);
	check_serializable(work);
}

/* Write what was worked out; false if someone else has changed a clock. */
static bool
write_down(Work *work)
{
	Follow	   *follow = work->follow;

	if (!write_clocks(work))
		return false;
	follow->counts.started += work->started;
	follow->counts.cancelled += work->cancelled;
	if (work->changes != NIL)
	{
		clock_store_flush(&follow->store);
		write_changes(work->changes);
	}
	return true;
}

/* Work on an item, and again until no clock was changed in between. */
static void
work_on(Work *work, bool is_worked_out)
{
	if (!is_worked_out)
		work_out(work);
	while (!write_down(work))
	{
		CHECK_FOR_INTERRUPTS();
		follow_renew_snapshot(work->follow, true);
		work_out(work);
	}
}

/* The WorkFunction of a row. */
static void
apply_all(Work *work)
{
	for (work->metric = 0; work->metric < work->follow->def->nmetrics; work->metric++)
	{
		work->agreement = NULL;
		follow_metric(work);
	}
	if (!work->follow->is_starting)
		follow_orphans(work);
}

/* The WorkFunction of an item that is gone. */
static void
apply_gone_to_all(Work *work)
{
	ListCell   *cell;

	foreach(cell, work->clocks)
	{
		StoredClock *stored = lfirst(cell);

		if (stored->clock.levels & CLOCK_UNTRACKED)
		{
			/* a row that has this key later is another item: do not reopen */
			stored->clock.levels &= ~CLOCK_UNTRACKED;
			stored->dirty = true;
		}
		follow_gone_clock(work, stored, work->at);
	}
}

void
follow_row(Follow *follow, TupleTableSlot *slot)
{
	MemoryContext old = MemoryContextSwitchTo(follow->item_context);
	RowSays    *says = row_says(follow, slot);
	Work		work = {.follow = follow,.row = slot,.says = says,.item = says->item,.at = says->at,.function = apply_all};

	see_item(follow, says->item);
	work_on(&work, false);
	MemoryContextSwitchTo(old);
}

void
follow_gone(Follow *follow, const char *item, TimestampTz at)
{
	MemoryContext old = MemoryContextSwitchTo(follow->item_context);
	Work		work = {.follow = follow,.item = item,.at = at,.function = apply_gone_to_all};

	see_item(follow, item);
	work_on(&work, false);
	MemoryContextSwitchTo(old);
}

bool
follow_would_write(Follow *follow, TupleTableSlot *slot)
{
	MemoryContext old = MemoryContextSwitchTo(follow->item_context);
	RowSays    *says = row_says(follow, slot);
	Work	   *work = palloc0(sizeof(Work));
	bool		found;
	ListCell   *cell;

	work->follow = follow;
	work->row = slot;
	work->says = says;
	work->item = says->item;
	work->at = says->at;
	work->function = apply_all;
	see_item(follow, says->item);
	work_out(work);
	found = work->new != NIL;
	foreach(cell, work->clocks)
		found |= ((StoredClock *) lfirst(cell))->dirty;
	follow->last = work;
	follow->last_holds = true;
	MemoryContextSwitchTo(old);
	return found;
}

void
follow_last_row(Follow *follow, TupleTableSlot *slot)
{
	MemoryContext old = MemoryContextSwitchTo(follow->item_context);

	follow->last->row = slot;
	work_on(follow->last, follow->last_holds);
	MemoryContextSwitchTo(old);
}

void
follow_signal(Follow *follow, TupleTableSlot *slot, const char *metric, ClockAction action,
			  TimestampTz at, bool untimed, const char *reason, ItemSet *fresh)
{
	MemoryContext old = MemoryContextSwitchTo(follow->item_context);
	RowSays    *says = row_says(follow, slot);
	Signal		signal = {metric, {.action = action,.at = at,.reason = reason}, untimed, fresh};
	Work		work = {.follow = follow,.row = slot,.says = says,.item = says->item,.at = at,.function = follow_apply_signal,
	.argument = &signal};

	see_item(follow, says->item);
	work_on(&work, false);
	MemoryContextSwitchTo(old);
}
