/*-------------------------------------------------------------------------
 *
 * exception_spans.c
 *	  The time that an exception excludes, once or by a recurrence rule.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "exception_spans.h"

#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/recur.h"
#include "zone_source.h"

/* Recurrences are determined for this many days from now. */
#define DAYS_AHEAD	(5 * 366)

/* Maximal number of dates that may be tested for a rule. */
#define BUDGET		INT64_C(10000000)

typedef struct Occurrences
{
	ZoneMap		zone;
	int64		from;			/* local times of the first occurrence */
	int64		to;
	int32		date;			/* its local date */
	int			left;			/* remaining COUNT, or -1 if unlimited */
	int			n;
	int			max;
	ClockSpan  *spans;
} Occurrences;

static int32
local_date(int64 local)
{
	int32		date = (int32) (local / USECS_PER_DAY);

	return date * USECS_PER_DAY > local ? date - 1 : date;
}

static void
add_occurrence(void *state, int32_t date)
{
	Occurrences *all = state;
	int64		shift = (date - all->date) * USECS_PER_DAY;
	ClockSpan	span;

	/* the first occurrence is there already, and was counted */
	if (date == all->date || all->left == 0)
		return;
	if (all->left > 0)
		all->left--;
	span.from = zone_instant(&all->zone, all->from + shift);
	span.to = zone_instant(&all->zone, all->to + shift);
	if (span.from >= span.to)
		return;
	if (all->n == all->max)
	{
		all->max *= 2;
		all->spans = repalloc(all->spans, all->max * sizeof(ClockSpan));
	}
	all->spans[all->n++] = span;
}

/*
 * The date after the last one on which an occurrence may begin: "last", or earlier if
 * the rule has an UNTIL, which refers to the local time of its beginning.
 */
static int32
day_after_until(const Recur *recur, const Occurrences *all, int32 last)
{
	int64		until = recur->until * USECS_PER_SEC;
	int32		date;

	if (recur->until_kind == RECUR_FOREVER || local_date(until) > last)
		return last;
	if (recur->until_kind == RECUR_UNTIL_UTC)
		until = zone_local(&all->zone, until);
	date = local_date(until);
	if (recur->until_kind != RECUR_UNTIL_DATE &&
		all->from - all->date * USECS_PER_DAY > until - date * USECS_PER_DAY)
		date--;
	return Max(Min(last, date + 1), all->date);
}

int
exception_spans(TimestampTz from, TimestampTz to, const char *rrule, const char *zone,
				ClockSpan **spans)
{
	CoreMem		mem = sla_core_mem();
	CoreError	error = {0};
	Occurrences all = {0};
	int64_t		budget = BUDGET;
	Recur		recur;
	int32		last;

	all.max = 8;
	all.spans = palloc(all.max * sizeof(ClockSpan));
	*spans = all.spans;
	all.spans[0].from = from;
	all.spans[0].to = to;
	all.n = 1;
	if (rrule == NULL)
		return 1;
	if (TIMESTAMP_NOT_FINITE(from) || TIMESTAMP_NOT_FINITE(to))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an exception that recurs needs a bounded \"during\"")));
	last = local_date(Max(from, GetCurrentTransactionStartTimestamp())) + DAYS_AHEAD;
	if (!recur_parse(rrule, &recur, &error) ||
		!recur_keeps_time(&recur, &error) ||
		!sla_zones.load(sla_zones.context, zone, from - USECS_PER_DAY, last * USECS_PER_DAY,
						&mem, &all.zone, &error))
		sla_report(&error, "rrule", rrule, (int) strlen(rrule), NULL);
	all.from = zone_local(&all.zone, from);
	all.to = zone_local(&all.zone, to);
	all.date = local_date(all.from);
	all.left = recur.count - 1;
	last = day_after_until(&recur, &all, last);
	if (!recur_expand(&recur, all.date, all.date, all.date, last, &budget, add_occurrence, &all,
					  &mem, &error))
		sla_report(&error, "rrule", rrule, (int) strlen(rrule), NULL);
	*spans = all.spans;
	return all.n;
}

/*
 * sla.count_occurrences(from, to, rrule, time zone) -> int
 *
 * The number of occurrences; an error if the rule is not valid.
 */
PG_FUNCTION_INFO_V1(sla_count_occurrences);
Datum
sla_count_occurrences(PG_FUNCTION_ARGS)
{
	ClockSpan  *spans;

	PG_RETURN_INT32(exception_spans(PG_GETARG_TIMESTAMPTZ(0), PG_GETARG_TIMESTAMPTZ(1),
									text_to_cstring(PG_GETARG_TEXT_PP(2)),
									text_to_cstring(PG_GETARG_TEXT_PP(3)), &spans));
}
