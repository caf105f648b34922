/*-------------------------------------------------------------------------
 *
 * follow.c
 *	  Bringing the clocks of an item in line with its row, or applying a signal
 *	  to them.
 *
 * There are three steps for each item: evaluate the expressions for its row, as
 * the owner of the table (row_says.c); read its clocks and apply the rules of
 * core/clock_apply.c; write what changed.  If someone else has changed a clock
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
#include "utils/fmgrprotos.h"
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
 * Finding the promise
 */

/*
 * The best promise for a cycle of the current metric that starts at "start",
 * or 0. A ClockPromise function; also sets work->agreement.
 */
static int32
find_promise(void *context, int64 start)
{
	Work	   *work = context;
	const Definition *def = work->follow->def;

	for (int i = 0; i < def->ntargets; i++)
	{
		const Target *target = &def->targets[i];
		const Policy *policy = &def->policies[target->policy];
		const Promise *promise;

		if (target->metric != work->metric || !work->says->applies[target->policy] ||
			start < policy->from || start >= policy->until ||
			start < target->from || start >= target->until)
			continue;
		work->agreement = definition_agreement(def, work->says->party, start, policy->plan);
		if (policy->plan != NULL && work->agreement == NULL)
			continue;
		promise = definition_promise_of_target(target, work->agreement);
		if (promise != NULL)
			return promise->id;
	}
	return 0;
}

/*
 * Applying rows
 */

static bool
same_string(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_labels(const Jsonb *a, const Jsonb *b)
{
	return a == b || (a != NULL && b != NULL && VARSIZE(a) == VARSIZE(b) &&
					  memcmp(a, b, VARSIZE(a)) == 0);
}

/*
 * Update labels, owner, party and the promised date of an open clock from the
 * row.  If the clock had been breached by "until", up to when the old values held,
 * keep the labels and owner that it had at the breach; empty labels stand for none,
 * so that breach_labels tell whether they are kept.
 */
static void
follow_attributes(Work *work, StoredClock *stored, int64 until)
{
	const RowSays *says = work->says;
	int64		promised = says->metrics[work->metric].due_at;

	if (!same_labels(stored->labels, says->labels) || !same_string(stored->owner, says->owner))
	{
		if (stored->late != CLOCK_NONE && stored->late < until && stored->breach_labels == NULL)
		{
			stored->breach_labels = stored->labels != NULL ? stored->labels :
				DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
			stored->breach_owner = stored->owner;
		}
		stored->labels = says->labels;
		stored->owner = says->owner;
		stored->dirty = true;
	}
	if (!same_string(stored->party, says->party))
	{
		stored->party = says->party;
		stored->dirty = true;
	}
	if (stored->promised != promised)
	{
		stored->promised = promised;
		stored->dirty = true;
	}
}

static bool
is_reached(int64 deadline, int64 at)
{
	return deadline != CLOCK_NONE && deadline <= at;
}

void
follow_lost_breach(StoredClock *stored, int64 at)
{
	at = Max(at, stored->clock.last);
	if (stored->late != stored->was.late && !is_reached(stored->late, Max(at, stored->was.late)) &&
		!(stored->excepted && is_reached(stored->gross_late, at)))
	{
		stored->breach_labels = NULL;
		stored->breach_owner = NULL;
	}
}

/* Set the agreement of a clock to the one that find_promise() found. */
static void
follow_agreement(Work *work, StoredClock *stored)
{
	int32		id = work->agreement != NULL ? work->agreement->id : 0;

	if (stored->agreement_id != id)
	{
		stored->agreement_id = id;
		stored->dirty = true;
	}
}

/* Make a StoredClock for a cycle that began. */
static StoredClock *
new_clock(Work *work, const Clock *clock, const char *per)
{
	const Definition *def = work->follow->def;
	StoredClock *stored = palloc0(sizeof(StoredClock));

	stored->clock = *clock;
	stored->relation = def->relid;
	stored->metric_id = def->metrics[work->metric].id;
	stored->agreement_id = work->agreement != NULL ? work->agreement->id : 0;
	stored->item = work->item;
	stored->per = per;
	stored->owner = work->says->owner;
	stored->party = work->says->party;
	stored->labels = work->says->labels;
	stored->promised = work->says->metrics[work->metric].due_at;
	work->new = lappend(work->new, stored);
	work->started++;
	return stored;
}

/*
 * Process the outcome of applying a row or signal at "at" to a clock (NULL if
 * there was none), which was like "before".  Returns the new cycle, if one began.
 */
static StoredClock *
take_outcome(Work *work, StoredClock *stored, const StoredClock *before,
			 const ClockOutcome *outcome, const char *per, int64 at)
{
	StoredClock *next;

	if (stored != NULL)
	{
		if (outcome->changed)
		{
			stored->dirty = true;
			if (stored->clock.state == CLOCK_CANCELLED && before->clock.state != CLOCK_CANCELLED)
				work->cancelled++;
		}
		if (stored->clock.promise != before->clock.promise || outcome->restarted ||
			stored->promised != before->promised)
			note_change(work, stored, before, "retarget", outcome->restarted ? stored->clock.start : at);
		if (outcome->late)
			note_change(work, stored, before, "late_event", outcome->told);
	}
	if (!outcome->begins)
		return NULL;
	next = new_clock(work, &outcome->next, per);
	if (stored == NULL && outcome->late)
		note_change(work, next, next, "late_event", outcome->told);
	return next;
}

bool
follow_is_outdated(const Definition *def, const StoredClock *clock)
{
	const Promise *promise = definition_promise(def, clock->clock.promise);

	/* one just reopened after sla.untrack() continues at the row's time */
	return clock_is_open(&clock->clock) && !clock->taken_up &&
		(clock->revision < 0 || promise == NULL || clock->revision < promise->resync ||
		 clock->revision < definition_party_revision(def, clock->party));
}

/*
 * From when the edits hold for which an outdated clock is followed anew: since the last
 * one of them, or the last fact that is known.
 */
static int64
edited_at(const Follow *follow, const StoredClock *clock)
{
	const Promise *promise = definition_promise(follow->def, clock->clock.promise);
	const MovedParty *party = definition_moved_party(follow->def, clock->party);
	int64		at = CLOCK_NONE;

	if (promise == NULL)
		return follow->now;
	if (clock->revision < 0)
		at = -clock->revision;	/* see sla.party_settled() */
	if (clock->revision < promise->resync)
		at = Max(at, promise->resync_at);
	if (party != NULL && clock->revision < party->revision)
		at = Max(at, party->edited_at);
	return Max(Min(at, follow->now), clock->clock.last);
}

/* Derive an open clock afresh if its promise has changed since. */
static void
refresh_if_stale(Work *work, StoredClock *stored)
{
	Definition *def = work->follow->def;
	Promise    *promise = definition_promise(def, stored->clock.promise);

	if (clock_is_open(&stored->clock) &&
		(promise == NULL || stored->revision < promise->revision))
	{
		derive(def, stored);
		stored->dirty = true;
	}
}

/*
 * Before a row is applied to a finished clock, replace its promise by the edited
 * version of the same, so that a clock that goes on is not taken to be retargeted.
 */
static void
follow_heir(Work *work, StoredClock *stored)
{
	const Definition *def = work->follow->def;
	const Promise *promise = definition_promise(def, stored->clock.promise);
	const Promise *heir = promise == NULL || promise->is_current ? NULL : definition_heir(def, promise);

	if (heir != NULL)
		stored->clock.promise = heir->id;
}

/*
 * Before a row is applied to an open clock, replace its promise by the one for the
 * calendar that an edit has given to its agreement: that was always so, and is no other
 * promise for on_retarget.
 */
static void
follow_calendar_of_agreement(Work *work, StoredClock *stored)
{
	const Definition *def = work->follow->def;
	const Promise *was = definition_promise(def, stored->clock.promise);
	const Promise *is = was == NULL ? NULL : definition_promise(def, find_promise(work, stored->clock.start));

	if (is == NULL || is == was || is->policy_id != was->policy_id || is->target_id != was->target_id ||
		work->agreement == NULL || work->agreement->id != stored->agreement_id)
		return;
	stored->clock.promise = is->id;
	stored->dirty = true;
}

/*
 * Bring one clock (NULL if there is none) in line with a row, and begin further
 * cycles.  "elsewhere" tells that the item has been handed on to another value of
 * "per"; then the clock does not take over the row's labels and the like.
 */
static void
apply_row(Work *work, StoredClock *stored, const ClockRow *row, const char *per, bool elsewhere)
{
	const Metric *metric = &work->follow->def->metrics[work->metric];
	CoreMem		mem = sla_core_mem();
	ClockRow	edited = *row;
	StoredClock before;
	ClockOutcome outcome;

	if (stored != NULL)
	{
		if (work->follow->by_edit && follow_is_outdated(work->follow->def, stored))
		{
			/* an edit holds from when it was made, if the row is not newer */
			edited.at = Max(work->says->told_at, edited_at(work->follow, stored));
			row = &edited;
		}
		if (clock_is_open(&stored->clock) && !row->gone && stored->agreement_id != 0 &&
			follow_is_outdated(work->follow->def, stored))
			follow_calendar_of_agreement(work, stored);
		refresh_if_stale(work, stored);
		before = *stored;
		if (!clock_is_open(&stored->clock))
			follow_heir(work, stored);
		else if (!row->gone && !elsewhere)
			follow_attributes(work, stored, work->at);
	}
	work->agreement = NULL;
	clock_apply_row(stored != NULL ? &stored->clock : NULL, &metric->rules, row, &mem, &outcome);
	if (stored != NULL && clock_is_open(&stored->clock) && !row->gone)
	{
		follow_agreement(work, stored);

		/* reopened: take over the row's labels and the like again */
		if (!clock_is_open(&before.clock) && !elsewhere)
			follow_attributes(work, stored, before.clock.end);
	}
	else if (stored != NULL)
	{
		/* a finished clock remains judged by the promise that it had */
		stored->promised = before.promised;
		stored->clock.promise = before.clock.promise;
	}
	stored = take_outcome(work, stored, &before, &outcome, per, row->at);

	/* a metric that repeats: the row may end the new cycle as well, and so on */
	while (stored != NULL)
	{
		clock_apply_row(&stored->clock, &metric->rules, row, &mem, &outcome);
		stored = take_outcome(work, NULL, NULL, &outcome, per, row->at);
	}
}

/* The last cycle of the current metric for a value of "per", or NULL. */
static StoredClock *
last_cycle(const Work *work, const char *per)
{
	int32		metric_id = work->follow->def->metrics[work->metric].id;
	const List *lists[] = {work->clocks, work->new};
	StoredClock *last = NULL;
	ListCell   *cell;

	for (int i = 0; i < (int) lengthof(lists); i++)
	{
		foreach(cell, lists[i])
		{
			StoredClock *stored = lfirst(cell);

			if (stored->metric_id == metric_id && strcmp(stored->per, per) == 0 &&
				(last == NULL || stored->clock.cycle > last->clock.cycle))
				last = stored;
		}
	}
	return last;
}

/* Does the item have any stored clock of the current metric? */
static bool
has_clock(const Work *work)
{
	int32		metric_id = work->follow->def->metrics[work->metric].id;
	ListCell   *cell;

	foreach(cell, work->clocks)
	{
		if (((StoredClock *) lfirst(cell))->metric_id == metric_id)
			return true;
	}
	return false;
}

/*
 * The last cycle of the current metric for each value of "per", or the only one if
 * the metric has no "per".  At most one of them may run at any time, even if events
 * are late, so the last fact of each is set to the last one of all.
 */
static List *
last_cycles(const Work *work)
{
	const Metric *metric = &work->follow->def->metrics[work->metric];
	int32		metric_id = metric->id;
	const List *lists[] = {work->clocks, work->new};
	List	   *cycles = NIL;
	int64		last = CLOCK_NONE;
	StoredClock *only;
	ListCell   *cell;

	if (metric->per.state == NULL)
	{
		only = last_cycle(work, "");
		return only == NULL ? NIL : list_make1(only);
	}
	for (int i = 0; i < (int) lengthof(lists); i++)
	{
		foreach(cell, lists[i])
		{
			StoredClock *stored = lfirst(cell);

			if (stored->metric_id != metric_id || last_cycle(work, stored->per) != stored)
				continue;
			cycles = lappend(cycles, stored);
			last = Max(last, stored->clock.last);
		}
	}
	foreach(cell, cycles)
		((StoredClock *) lfirst(cell))->clock.last = last;
	return cycles;
}

/*
 * The clock from which another value of "per" takes over the item: the one that
 * was stopped, cancelled or reopened last, preferably one that is open.  NULL if
 * there is none.
 */
static Clock *
handed_from(const List *cycles)
{
	Clock	   *from = NULL;
	ListCell   *cell;

	foreach(cell, cycles)
	{
		Clock	   *clock = &((StoredClock *) lfirst(cell))->clock;

		if (from == NULL || (clock_is_open(clock) == clock_is_open(from) ?
							 clock->turned > from->turned : clock_is_open(clock)))
			from = clock;
	}
	return from;
}

/*
 * Apply a row if the metric has "per": there is one clock for each value of it.
 * The clock for the present value ("per", which may be NULL) follows the row; the
 * others are paused.
 */
static void
apply_handoff(Work *work, const ClockRow *row, const char *per)
{
	StoredClock *holder = per == NULL ? NULL : last_cycle(work, per);
	List	   *cycles = last_cycles(work);
	ClockRow	other = *row;
	ClockRow	own = *row;
	Clock	   *from;
	bool		open = false;
	bool		stopped;
	ListCell   *cell;

	other.start = false;
	other.pause = true;
	other.reason = per == NULL ? "elsewhere" : psprintf("elsewhere: %s", per);
	foreach(cell, cycles)
	{
		StoredClock *stored = lfirst(cell);

		open |= clock_is_open(&stored->clock);
		if (stored != holder)
			apply_row(work, stored, &other, stored->per, true);
		open |= clock_is_open(&stored->clock);
	}
	if (per == NULL)
		return;
	from = handed_from(cycles);
	stopped = row->stop || (from != NULL && clock_item_is_stopped(from));

	/*
	 * with on_reopen = ignore, reopening does not begin a clock for a new
	 * value
	 */
	if (holder == NULL && from != NULL && !open && !stopped &&
		work->follow->def->metrics[work->metric].rules.on_reopen == CLOCK_IGNORE)
		return;

	/* a cycle of the item goes on, whether or not start_when still holds */
	own.start |= open;

	/*
	 * the row's start_at is that of the item, not when this value took it
	 * over
	 */
	if (open || (from != NULL && stopped))
		own.start_at = CLOCK_NONE;
	own.from = from;
	apply_row(work, holder, &own, per, false);
}

/* Hash of the item and the current metric, for Follow.fresh. */
static uint64
clock_hash(const Work *work)
{
	return item_hash(work->item) ^ (uint64) work->follow->def->metrics[work->metric].id;
}

/* What the row says for the current metric, as input for clock_apply_row(). */
static ClockRow
row_of(Work *work)
{
	const MetricSays *says = &work->says->metrics[work->metric];
	ClockRow	row = {0};

	row.at = work->at;
	row.start = says->start;
	row.stop = says->stop;
	row.pause = says->pause;
	row.cancel = says->cancel;
	row.start_at = says->start_at;
	row.stop_at = says->stop_at;
	row.reason = says->reason;
	row.promise = find_promise;
	row.context = work;
	return row;
}

/*
 * Is a clock one of a metric, as that is defined?  One for a value of "per" is not if
 * the metric has none any more.
 */
static bool
is_of_metric(const StoredClock *stored, const Metric *metric)
{
	return stored->metric_id == metric->id && (metric->per.state != NULL || stored->per[0] == '\0');
}

/*
 * Reopen the clocks of the current metric that were ended by sla.untrack(), or when the
 * metric was deleted.  Then they are brought in line with the row like any other.
 */
static void
take_up_clocks(Work *work)
{
	CoreMem		mem = sla_core_mem();
	ListCell   *cell;

	foreach(cell, work->clocks)
	{
		StoredClock *stored = lfirst(cell);

		if (!is_of_metric(stored, &work->follow->def->metrics[work->metric]) ||
			!clock_take_up(&stored->clock, find_promise, work, &mem))
			continue;
		stored->taken_up = true;
		stored->dirty = true;
		work->follow->counts.taken_up++;
	}
}

void
follow_metric(Work *work)
{
	const Metric *metric = &work->follow->def->metrics[work->metric];
	ClockRow	row = row_of(work);

	take_up_clocks(work);
	if (work->follow->is_starting)
	{
		if (!bms_is_member(metric->id, work->follow->starting) || row.cancel || has_clock(work))
			return;
		(void) item_set_add(work->follow->fresh, clock_hash(work));
		row.stop = row.pause = false;
	}
	if (metric->per.state != NULL)
		apply_handoff(work, &row, work->says->metrics[work->metric].per);
	else
		apply_row(work, last_cycle(work, ""), &row, "", false);
}

void
follow_gone_clock(Work *work, StoredClock *stored, int64 at)
{
	ClockRow	row = {.at = at,.gone = true};
	ClockRules	rules = {0};
	CoreMem		mem = sla_core_mem();
	StoredClock before;
	ClockOutcome outcome;

	if (!clock_is_open(&stored->clock))
		return;
	refresh_if_stale(work, stored);
	before = *stored;
	clock_apply_row(&stored->clock, &rules, &row, &mem, &outcome);
	(void) take_outcome(work, stored, &before, &outcome, stored->per, row.at);
}

/*
 * Cancel the open clocks of metrics that are gone so that they go on if the metric is
 * created again, as sla.untrack() does; likewise those for values of "per" of a metric
 * that has none any more.
 */
void
follow_orphans(Work *work)
{
	const Definition *def = work->follow->def;
	ListCell   *cell;

	foreach(cell, work->clocks)
	{
		StoredClock *stored = lfirst(cell);
		Clock		was = stored->clock;
		bool		found = false;

		for (int i = 0; i < def->nmetrics && !found; i++)
			found = is_of_metric(stored, &def->metrics[i]);
		if (found || !clock_is_open(&was))
			continue;
		follow_gone_clock(work, stored, follow_is_outdated(def, stored) ? edited_at(work->follow, stored) : work->follow->now);
		stored->clock.levels = was.levels | CLOCK_UNTRACKED;
		stored->clock.last = was.last;
		stored->clock.turned = was.turned;
	}
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

typedef struct Signal
{
	const char *metric;
	ClockSignal says;
	bool		untimed;
	ItemSet    *fresh;
} Signal;

/*
 * In a sync of sources, must the row be applied before this event?  Usually the
 * present state of the row comes after all events.  But it comes before if the row
 * tells an earlier time, unless the clock is outdated: an edit holds from when it was
 * made.
 */
static bool
row_comes_before(const Work *work, const StoredClock *stored)
{
	const MetricSays *says = &work->says->metrics[work->metric];
	int64		at = work->says->at;

	if (says->stop && !says->cancel &&
		says->stop_at > (stored != NULL ? stored->clock.turned : CLOCK_NONE))
		at = says->stop_at;
	return at < work->at &&
		(stored == NULL || !follow_is_outdated(work->follow->def, stored));
}

static int
metric_of(const Definition *def, const char *name)
{
	int			metric = 0;

	while (metric < def->nmetrics && strcmp(def->metrics[metric].name, name) != 0)
		metric++;
	if (metric == def->nmetrics)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("metric \"%s\" of table \"%s\" does not exist", name,
						get_rel_name(def->relid)),
				 errhint("Metrics are the rows of sla.metric.")));
	return metric;
}

/* follow_metric(), with another event time. */
static void
follow_metric_at(Work *work, int64 at)
{
	int64		before = work->at;

	work->at = at;
	follow_metric(work);
	work->at = before;
}

/*
 * Apply a signal to one clock or, if that is NULL, where there is none for the
 * row's value of "per".  Returns whether anything changed.
 */
static bool
signal_clock(Work *work, StoredClock *stored, const ClockSignal *says)
{
	const MetricSays *row = &work->says->metrics[work->metric];
	const Metric *metric = &work->follow->def->metrics[work->metric];
	const char *per = stored != NULL ? stored->per : metric->per.state != NULL ? row->per : "";
	CoreMem		mem = sla_core_mem();
	StoredClock before;
	ClockOutcome outcome;

	if (stored != NULL)
	{
		refresh_if_stale(work, stored);
		before = *stored;
	}
	work->agreement = NULL;
	clock_apply_signal(stored != NULL ? &stored->clock : NULL, &metric->rules, says, &mem, &outcome);

	/*
	 * a reset clock has the agreement of its new start, even if it keeps its
	 * promise
	 */
	if (outcome.restarted && clock_is_open(&stored->clock))
		follow_agreement(work, stored);
	/* record a late event only once, for the clock that has the item */
	outcome.late &= !says->elsewhere;
	(void) take_outcome(work, stored, &before, &outcome, per, says->at);
	return outcome.changed || outcome.begins;
}

/*
 * The WorkFunction of a signal.  A signal concerns the item, whoever has it: if the
 * metric has "per" it is applied to the clocks of all values, and then the row is
 * applied, which pauses all but one of those that a start has reopened.  Before the
 * signal, the row is applied at its own time if that was not done yet.
 */
static void
apply_signal(Work *work)
{
	const Signal *signal = work->argument;
	ClockSignal says = signal->says;
	const Metric *metric;
	const char *per;
	bool		row_is_known = signal->fresh == NULL;
	int64		at = work->at;
	bool		changed = false;
	bool		open;
	bool		outdated = false;
	int64		edited = CLOCK_NONE;
	ClockRow	row;
	StoredClock *holder;
	List	   *cycles;
	ListCell   *cell;

	work->metric = metric_of(work->follow->def, signal->metric);
	metric = &work->follow->def->metrics[work->metric];
	per = metric->per.state == NULL ? "" : work->says->metrics[work->metric].per;
	take_up_clocks(work);
	holder = per == NULL ? NULL : last_cycle(work, per);
	foreach(cell, last_cycles(work))
	{
		if (!follow_is_outdated(work->follow->def, lfirst(cell)))
			continue;
		outdated = true;
		edited = Max(edited, edited_at(work->follow, lfirst(cell)));
	}

	/* unless in a sync, the row may be new and not followed yet */
	if (row_is_known ? holder == NULL || (metric->per.state != NULL && !outdated) : row_comes_before(work, holder))
	{
		row_is_known = true;
		follow_metric_at(work, work->says->at);
		holder = per == NULL ? NULL : last_cycle(work, per);
	}
	/* an edit holds from when it was made, before or after the signal */
	if (outdated && signal->fresh == NULL && edited <= at)
	{
		outdated = false;
		follow_metric_at(work, edited);
		holder = per == NULL ? NULL : last_cycle(work, per);
	}
	cycles = last_cycles(work);
	if (cycles != NIL && signal->fresh != NULL)
	{
		int64		last = ((StoredClock *) linitial(cycles))->clock.last;

		if (item_set_has(signal->fresh, clock_hash(work)) ?
			at < last && last != work->says->metrics[work->metric].start_at :
			at <= last || signal->untimed)
			return;
	}
	says.from = handed_from(cycles);
	open = holder != NULL ? clock_is_open(&holder->clock) : says.from != NULL && clock_is_open(says.from);
	if (says.action == CLOCK_DO_START && open)
		return;
	row = row_of(work);
	says.row = row_is_known ? &row : NULL;
	says.promise = find_promise;
	says.context = work;
	foreach(cell, cycles)
	{
		says.elsewhere = lfirst(cell) != holder;
		changed |= signal_clock(work, lfirst(cell), &says);
	}
	says.elsewhere = false;
	if (holder == NULL && per != NULL)
		changed |= signal_clock(work, NULL, &says);
	if (outdated && signal->fresh == NULL)
		follow_metric_at(work, edited);
	else if (changed && row_is_known && metric->per.state != NULL)
		follow_metric(work);
}

void
follow_signal(Follow *follow, TupleTableSlot *slot, const char *metric, ClockAction action,
			  TimestampTz at, bool untimed, const char *reason, ItemSet *fresh)
{
	MemoryContext old = MemoryContextSwitchTo(follow->item_context);
	RowSays    *says = row_says(follow, slot);
	Signal		signal = {metric, {.action = action,.at = at,.reason = reason}, untimed, fresh};
	Work		work = {.follow = follow,.row = slot,.says = says,.item = says->item,.at = at,.function = apply_signal,
	.argument = &signal};

	see_item(follow, says->item);
	work_on(&work, false);
	MemoryContextSwitchTo(old);
}
