/*-------------------------------------------------------------------------
 *
 * ical.h
 *	  From the text of an iCalendar feed to dates.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_ICAL_H
#define SLA_ICAL_H

#include "postgres.h"

#include "pgtime.h"
#include "utils/date.h"

/* A date that an event of the feed covers. */
typedef struct IcalDay
{
	DateADT		date;
	int			event;			/* its place in the feed */
	const char *summary;		/* NULL: the event has none */
} IcalDay;

/*
 * The dates in [since, until) that the events of the feed cover, sorted and
 * each once, named by the event that comes first in the feed; in the current
 * memory context.  "zone" is where an event in UTC, or in a zone that nobody
 * knows, takes place.  Raises an error when the feed is not well formed or
 * holds what is not supported.
 */
extern IcalDay *ical_days(const char *ics, DateADT since, DateADT until,
						  pg_tz *zone, int *ndays);

#endif							/* SLA_ICAL_H */
