/*-------------------------------------------------------------------------
 *
 * ical.h
 *	  Converting an iCalendar feed (RFC 5545) to dates.
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
	int			event;			/* position of the event in the feed */
	const char *summary;		/* or NULL */
} IcalDay;

/*
 * Get the dates in [since, until) that events of the feed cover, sorted and without
 * duplicates; if several events cover a date, the first one in the feed gives its name.
 * "zone" is the time zone for events in UTC or in an unknown zone.  An error if the feed
 * is not well-formed or uses unsupported features.
 */
extern IcalDay *ical_days(const char *ics, DateADT since, DateADT until,
						  pg_tz *zone, int *ndays);

#endif							/* SLA_ICAL_H */
