/*-------------------------------------------------------------------------
 *
 * ical.c
 *	  Converting an iCalendar feed (RFC 5545) to dates.
 *
 * Semantics:
 * - An all-day event covers its dates as written, without conversion.
 * - An event with a time covers all dates on which it takes place, in its own time zone
 *   (TZID, or floating) or, if it is in UTC, in that of the calendar.  It does not cover
 *   the date at whose midnight it ends.
 * - RRULE, RDATE, EXDATE, and EXRULE of RFC 2445 are supported.  With an RRULE, DTSTART
 *   is an occurrence only if it matches the rule.
 * - A changed occurrence (RECURRENCE-ID) replaces the original one.
 * - Events with STATUS:CANCELLED, or in a calendar with METHOD:CANCEL, cover nothing.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "ical.h"

#ifdef USE_LIBICAL

#include "datatype/timestamp.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "ical_read.h"
#include "sla_tracker.h"

#define MAX_DAYS		1000000 /* dates covered by all events of a feed */
#define MAX_STEPS		INT64CONST(20000000)	/* dates tested for rules of a
												 * feed */

/* The dates so far, and what they are made of. */
typedef struct IcalDates
{
	IcalEvent  *events;
	pg_tz	   *zone;			/* of events in UTC */
	DateADT		since;
	DateADT		until;
	int64		budget;			/* dates that may still be tested */
	IcalDay    *days;
	int			ndays;
} IcalDates;

/* Excluded occurrences of an event: by their start, or all those of a date; sorted. */
typedef struct Exclusions
{
	int64	   *starts;
	int			nstarts;
	int64	   *dates;
	int			ndates;
} Exclusions;

typedef struct Expansion		/* state of add_occurrence */
{
	IcalDates  *dates;
	IcalEvent  *event;
	Exclusions *exclusions;
	int64		time_of_day;	/* of the rule's occurrences, in seconds */
	bool		exclude;
} Expansion;

static int
compare_int64(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return (x > y) - (x < y);
}

static void
add_exclusion(Exclusions *exclusions, const IcalTime *t, const IcalTime *start)
{
	int64		secs = ical_on_clock_of(t, start);
	int64		date = ical_date(secs);

	if (t->clock == CLOCK_DATE || start->clock == CLOCK_DATE)
		APPEND(exclusions->dates, exclusions->ndates, date);
	else
		APPEND(exclusions->starts, exclusions->nstarts, secs);
}

static bool
is_excluded(const Exclusions *exclusions, int64 start)
{
	int64		date = ical_date(start);

	return (exclusions->nstarts > 0 &&
			bsearch(&start, exclusions->starts, exclusions->nstarts,
					sizeof(int64), compare_int64) != NULL) ||
		(exclusions->ndates > 0 &&
		 bsearch(&date, exclusions->dates, exclusions->ndates,
				 sizeof(int64), compare_int64) != NULL);
}

/* Add the dates covered by an occurrence; start is on the event's clock. */
static void
add_days(IcalDates *dates, IcalEvent *event, int64 start, int64 length)
{
	int64		end = start + length;
	DateADT		first;
	DateADT		last;

	if (event->start.clock == CLOCK_UTC)
	{
		start = ical_local_secs(start, dates->zone);
		end = ical_local_secs(end, dates->zone);
	}
	first = Max(ical_date(start), dates->since);
	last = Max(ical_date(start), ical_date(end - 1));
	last = Min(last, dates->until - 1);
	for (DateADT date = first; date <= last; date++)
	{
		IcalDay		day;

		if (dates->ndays == MAX_DAYS)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("iCalendar data covers too many dates"),
					 errdetail("Its events together cover more than %d dates.", MAX_DAYS),
					 errhint("Import a shorter range of dates.")));
		day.date = date;
		day.event = event - dates->events;
		day.summary = event->summary;
		APPEND(dates->days, dates->ndays, day);
	}
}

/* Add an occurrence by an RRULE, or exclude it by an EXRULE. */
static void
add_occurrence(void *state, int32_t date)
{
	Expansion  *expansion = (Expansion *) state;
	int64		start = SECS_PER_DAY_64 * date + expansion->time_of_day;

	if (expansion->exclude)
		APPEND(expansion->exclusions->starts, expansion->exclusions->nstarts, start);
	else if (!is_excluded(expansion->exclusions, start))
		add_days(expansion->dates, expansion->event, start, expansion->event->length);
}

static void
expand_rule(IcalDates *dates, IcalEvent *event, const IcalRule *rule,
			Exclusions *exclusions)
{
	Expansion	expansion = {dates, event, exclusions, 0, rule->exclude};
	const Recur *recur = &rule->recur;
	const IcalTime *start = &event->start;
	DateADT		start_date = ical_date(start->secs);
	int64		start_time = start->secs - SECS_PER_DAY_64 * start_date;
	int64		from;
	int64		to = (int64) dates->until + 1;
	CoreMem		mem = sla_core_mem();
	CoreError	error;

	/* RFC 5545: BYHOUR etc. are ignored for all-day events. */
	if (start->clock != CLOCK_DATE)
	{
		int			hour = recur->hour >= 0 ? recur->hour : start_time / SECS_PER_HOUR;
		int			minute = recur->minute >= 0 ? recur->minute :
			start_time / SECS_PER_MINUTE % 60;
		int			second = recur->second >= 0 ? recur->second : start_time % 60;

		expansion.time_of_day = hour * SECS_PER_HOUR + minute * SECS_PER_MINUTE + second;
	}
	/* an occurrence that began earlier may extend into the range */
	from = dates->since - 1 - event->length / SECS_PER_DAY_64 - 1;
	if (recur->until_kind != RECUR_FOREVER)
	{
		IcalTime	until;

		until.secs = recur->until;
		until.clock = recur->until_kind == RECUR_UNTIL_DATE ? CLOCK_DATE :
			recur->until_kind == RECUR_UNTIL_UTC ? CLOCK_UTC : CLOCK_LOCAL;
		/* as in RFC 2445, a time without a zone has that of DTSTART */
		until.zone = start->zone;
		if (start->clock == CLOCK_UTC && until.clock == CLOCK_LOCAL)
			until.clock = CLOCK_UTC;
		until.secs = ical_on_clock_of(&until, start);
		if (until.clock != CLOCK_DATE && start->clock != CLOCK_DATE)
			until.secs -= expansion.time_of_day;
		to = Min(to, (int64) ical_date(until.secs) + 1);
	}
	if (from < core_date(1, 1, 1))
		from = core_date(1, 1, 1);
	if (to <= from)
		return;
	if (!recur_expand(recur, start_date,
					  start_date + (expansion.time_of_day < start_time ? 1 : 0),
					  (int32) from, (int32) to, &dates->budget,
					  add_occurrence, &expansion, &mem, &error))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("iCalendar data is too large"),
				 errdetail("Line %d: %s", rule->line, error.detail),
				 errhint("%s", error.hint)));
}

/* qsort() comparator for changed occurrences, by UID */
static int
compare_uids(const void *a, const void *b)
{
	return strcmp((*(IcalEvent *const *) a)->uid, (*(IcalEvent *const *) b)->uid);
}

static void
expand_event(IcalDates *dates, IcalEvent *event, IcalEvent **changes, int nchanges)
{
	Exclusions	exclusions = {NULL, 0, NULL, 0};
	bool		has_rule = false;

	if (!event->is_change)
	{
		int			low = 0;
		int			high = nchanges;

		while (low < high)
		{
			int			middle = low + (high - low) / 2;

			if (compare_uids(&changes[middle], &event) < 0)
				low = middle + 1;
			else
				high = middle;
		}
		for (; low < nchanges && event->uid[0] != '\0' &&
			 strcmp(changes[low]->uid, event->uid) == 0; low++)
		{
			if (--dates->budget < 0)
				ereport(ERROR,
						(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						 errmsg("iCalendar data is too large"),
						 errdetail("Line %d: Too many events have this UID.", event->line)));
			add_exclusion(&exclusions, &changes[low]->replaces, &event->start);
		}
	}
	for (int i = 0; i < event->nexdates; i++)
		add_exclusion(&exclusions, &event->exdates[i].time, &event->start);
	for (int i = 0; i < event->nrules; i++)
	{
		if (event->rules[i].exclude)
			expand_rule(dates, event, &event->rules[i], &exclusions);
		else
			has_rule = true;
	}
	if (exclusions.nstarts > 0)
		qsort(exclusions.starts, exclusions.nstarts, sizeof(int64), compare_int64);
	if (exclusions.ndates > 0)
		qsort(exclusions.dates, exclusions.ndates, sizeof(int64), compare_int64);

	for (int i = 0; i < event->nrules; i++)
	{
		if (!event->rules[i].exclude)
			expand_rule(dates, event, &event->rules[i], &exclusions);
	}
	if (!has_rule && !is_excluded(&exclusions, event->start.secs))
		add_days(dates, event, event->start.secs, event->length);
	for (int i = 0; i < event->nrdates; i++)
	{
		const IcalDate *rdate = &event->rdates[i];
		int64		start = ical_on_clock_of(&rdate->time, &event->start);

		/*
		 * a date gets the time of DTSTART; in an all-day event a time loses
		 * its own
		 */
		if (event->start.clock == CLOCK_DATE || rdate->time.clock == CLOCK_DATE)
			start = SECS_PER_DAY_64 * ical_date(start) + event->start.secs -
				SECS_PER_DAY_64 * ical_date(event->start.secs);
		if (!is_excluded(&exclusions, start))
			add_days(dates, event, start,
					 rdate->length >= 0 ? rdate->length : event->length);
	}
}

static int
compare_days(const void *a, const void *b)
{
	const IcalDay *x = (const IcalDay *) a;
	const IcalDay *y = (const IcalDay *) b;

	if (x->date != y->date)
		return x->date < y->date ? -1 : 1;
	return (x->event > y->event) - (x->event < y->event);
}

IcalDay *
ical_days(const char *ics, DateADT since, DateADT until, pg_tz *zone, int *ndays)
{
	IcalDates	dates = {0};
	int			nevents;
	IcalEvent **changes = NULL;
	int			nchanges = 0;

	dates.zone = zone;
	dates.since = Max(since, CORE_MIN_DATE);
	dates.until = Min(until, CORE_MAX_DATE);
	dates.budget = MAX_STEPS;
	dates.events = ical_read(ics, zone, &nevents);

	for (int i = 0; i < nevents; i++)
	{
		IcalEvent  *event = &dates.events[i];

		if (event->is_change)
			APPEND(changes, nchanges, event);
	}
	if (nchanges > 0)
		qsort(changes, nchanges, sizeof(IcalEvent *), compare_uids);
	for (int i = 0; i < nevents; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!dates.events[i].cancelled)
			expand_event(&dates, &dates.events[i], changes, nchanges);
	}

	*ndays = 0;
	if (dates.ndays > 0)
		qsort(dates.days, dates.ndays, sizeof(IcalDay), compare_days);
	for (int i = 0; i < dates.ndays; i++)
	{
		if (i == 0 || dates.days[i].date != dates.days[i - 1].date)
			dates.days[(*ndays)++] = dates.days[i];
	}
	return dates.days;
}

#endif							/* USE_LIBICAL */
