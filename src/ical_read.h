/*-------------------------------------------------------------------------
 *
 * ical_read.h
 *	  Reading the events of an iCalendar feed (RFC 5545).
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_ICAL_READ_H
#define SLA_ICAL_READ_H

#include "postgres.h"

#include "pgtime.h"
#include "utils/date.h"

#include "core/recur.h"

#define SECS_PER_DAY_64	INT64CONST(86400)

/* The clock that a time refers to. */
typedef enum IcalClock
{
	CLOCK_DATE,					/* a date, without time of day */
	CLOCK_UTC,
	CLOCK_LOCAL
} IcalClock;

/* A DATE or DATE-TIME: seconds since 2000-01-01 on its own clock. */
typedef struct IcalTime
{
	int64		secs;
	IcalClock	clock;
	pg_tz	   *zone;			/* for CLOCK_LOCAL */
} IcalTime;

typedef struct IcalDate			/* an RDATE or EXDATE */
{
	IcalTime	time;
	int64		length;			/* of a PERIOD, in seconds; else -1 */
} IcalDate;

typedef struct IcalRule
{
	Recur		recur;
	int			line;
	bool		exclude;		/* EXRULE */
} IcalRule;

typedef struct IcalEvent
{
	int			line;			/* of its BEGIN */
	uint32		seen;			/* for ical_read.c: properties seen, a bit per
								 * kind */
	bool		cancelled;
	bool		is_change;		/* it has a RECURRENCE-ID, and replaces an
								 * occurrence */
	char	   *uid;			/* "" if there is none */
	char	   *summary;		/* NULL if there is none */
	IcalTime	start;
	IcalTime	end;
	int64		length;			/* seconds; -1 if not known yet */
	IcalTime	replaces;		/* RECURRENCE-ID */
	IcalDate   *rdates;
	int			nrdates;
	IcalDate   *exdates;
	int			nexdates;
	IcalRule   *rules;
	int			nrules;
} IcalEvent;

/* Append to an array, whose size is doubled when necessary. */
#define APPEND(list, n, item) \
	do { \
		if ((n) == 0) \
			(list) = palloc(sizeof(*(list))); \
		else if (((n) & ((n) - 1)) == 0) \
			(list) = repalloc_huge((list), 2 * (Size) (n) * sizeof(*(list))); \
		(list)[(n)++] = (item); \
	} while (0)

/*
 * Read the events of a feed.  "zone" is the time zone for times in an unknown zone.  An
 * error if the feed is not well-formed or uses unsupported features.
 */
extern IcalEvent *ical_read(const char *ics, pg_tz *zone, int *nevents);

/* Convert UTC to the local time of a zone. */
extern int64 ical_local_secs(int64 utc, pg_tz *zone);

/* Convert a time to the clock of an event's DTSTART, unless one of them is a date. */
extern int64 ical_on_clock_of(const IcalTime *t, const IcalTime *start);

/* The date of a time. */
extern DateADT ical_date(int64 secs);

#endif							/* SLA_ICAL_READ_H */
