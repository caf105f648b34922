/*-------------------------------------------------------------------------
 *
 * follow_apply.c
 *	  What a row or a signal does to the clocks of an item: which promise holds for
 *	  them, and the rules of core/clock_apply.c applied to each, for every value of
 *	  "per".
 *
 * Nothing here reads or writes the clocks: see follow.c.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "follow_work.h"

#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

#include "derive.h"
#include "item_set.h"

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

	work->promise = 0;
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
		{
			work->promise = promise->id;
			break;
		}
	}
	return work->promise;
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

/*
 * Set the agreement of a clock to the one that find_promise() found, unless the clock
 * has kept another promise.
 */
static void
follow_agreement(Work *work, StoredClock *stored)
{
	int32		id = work->agreement != NULL ? work->agreement->id : 0;

	if (stored->agreement_id != id && stored->clock.promise == work->promise)
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

/*
 * The time of the last edit for which an open clock is to be followed anew, or CLOCK_NONE
 * if there was none since; INT64_MAX if it is not known.
 */
static int64
last_edit(const Definition *def, const StoredClock *clock)
{
	const Promise *promise = definition_promise(def, clock->clock.promise);
	const MovedParty *party = definition_moved_party(def, clock->party);
	int64		at = CLOCK_NONE;

	/* one just reopened after sla.untrack() continues at the row's time */
	if (!clock_is_open(&clock->clock) || clock->taken_up)
		return CLOCK_NONE;
	if (promise == NULL)
		return PG_INT64_MAX;
	if (clock->revision < 0)
		at = -clock->revision;	/* see sla.party_settled() */
	if (clock->revision < promise->resync)
		at = Max(at, promise->resync_at);
	if (party != NULL && clock->revision < party->revision)
		at = Max(at, party->edited_at);
	return at;
}

bool
follow_is_outdated(const Definition *def, const StoredClock *clock)
{
	return last_edit(def, clock) != CLOCK_NONE;
}

/*
 * From when the edits hold for which a clock is outdated: the last of them, or the last
 * fact that is known.  CLOCK_NONE if it is not outdated.
 */
static int64
edited_at(const Follow *follow, const StoredClock *clock)
{
	int64		at = last_edit(follow->def, clock);

	return at == CLOCK_NONE ? at : Max(Min(at, follow->now), clock->clock.last);
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
 * calendar that an edit has given to its agreement, or its target: that was always so,
 * and is no other promise for on_retarget.  The row may be promised something else by
 * now, which the clock ignores or is then retargeted to.
 */
static void
follow_calendar_of_agreement(Work *work, StoredClock *stored)
{
	const Definition *def = work->follow->def;
	const Promise *was = definition_promise(def, stored->clock.promise);
	const Agreement *agreement = definition_agreement_by_id(def, stored->agreement_id);
	int64		start = stored->clock.start;

	for (int i = 0; was != NULL && agreement != NULL && i < def->ntargets; i++)
	{
		const Target *target = &def->targets[i];
		const Policy *policy = &def->policies[target->policy];
		const Promise *is;

		if (target->id != was->target_id || policy->id != was->policy_id || target->metric != work->metric ||
			start < policy->from || start >= policy->until || start < target->from || start >= target->until)
			continue;
		is = definition_promise_of_target(target, agreement);
		if (is != NULL && is != was)
		{
			stored->clock.promise = is->id;
			stored->dirty = true;
		}
	}
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
	StoredClock before;
	ClockOutcome outcome;

	if (stored != NULL)
	{
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
 * From when the edits hold for which clocks of the current metric are outdated, or
 * CLOCK_NONE if none is.
 */
static int64
edits_since(const Work *work)
{
	int64		at = CLOCK_NONE;
	ListCell   *cell;

	foreach(cell, last_cycles(work))
		at = Max(at, edited_at(work->follow, lfirst(cell)));
	return at;
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
	/* a stop may have begun the next cycle of those who had the item before */
	from = handed_from(holder == NULL ? cycles : last_cycles(work));
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
	if (work->follow->by_edit)
	{
		int64		edited = edits_since(work);

		/* an edit holds from when it was made, if the row is not newer */
		if (edited != CLOCK_NONE)
			row.at = Max(work->says->told_at, edited);
	}
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
 * Signals
 */

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
	 * a reset clock has the agreement of its new start, also where the
	 * promise is the same
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
void
follow_apply_signal(Work *work)
{
	const Signal *signal = work->argument;
	ClockSignal says = signal->says;
	const Metric *metric;
	const char *per;
	bool		row_is_known = signal->fresh == NULL;
	int64		at = work->at;
	bool		changed = false;
	bool		open;
	int64		edited;
	ClockRow	row;
	StoredClock *holder;
	List	   *cycles;
	ListCell   *cell;

	work->metric = metric_of(work->follow->def, signal->metric);
	metric = &work->follow->def->metrics[work->metric];
	per = metric->per.state == NULL ? "" : work->says->metrics[work->metric].per;
	take_up_clocks(work);
	holder = per == NULL ? NULL : last_cycle(work, per);
	edited = edits_since(work);

	/* unless in a sync, the row may be new and not followed yet */
	if (row_is_known ? holder == NULL || (metric->per.state != NULL && edited == CLOCK_NONE) : row_comes_before(work, holder))
	{
		row_is_known = true;
		follow_metric_at(work, work->says->at);
		holder = per == NULL ? NULL : last_cycle(work, per);
	}
	/* an edit holds from when it was made, before or after the signal */
	if (edited != CLOCK_NONE && signal->fresh == NULL && edited <= at)
	{
		follow_metric_at(work, edited);
		edited = CLOCK_NONE;
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
	if (edited != CLOCK_NONE && signal->fresh == NULL)
		follow_metric_at(work, edited);
	else if (changed && row_is_known && metric->per.state != NULL)
		follow_metric(work);
}
