/*-------------------------------------------------------------------------
 *
 * recur.h
 *	  Recurrence rules of RFC 5545, section 3.3.10, over local dates.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_RECUR_H
#define SLA_RECUR_H

#include "core.h"

typedef enum RecurFrequency
{
	RECUR_DAILY,
	RECUR_WEEKLY,
	RECUR_MONTHLY,
	RECUR_YEARLY
} RecurFrequency;

typedef enum RecurUntil
{
	RECUR_FOREVER,				/* no UNTIL */
	RECUR_UNTIL_DATE,			/* UNTIL=20261231 */
	RECUR_UNTIL_LOCAL,			/* UNTIL=20261231T120000 */
	RECUR_UNTIL_UTC				/* UNTIL=20261231T120000Z */
} RecurUntil;

/*
 * A parsed rule.  A BY list is a set, indexed by value plus the highest
 * value, so that negative values (counted from the end) have their place; it
 * is meaningful only when its has_ flag is set.
 */
typedef struct Recur
{
	RecurFrequency freq;
	int			interval;
	int			count;			/* 0: no COUNT */
	RecurUntil	until_kind;
	int64_t		until;			/* seconds since 2000-01-01, as written */
	int			week_start;		/* WKST, 0 = Monday, which is the default */
	int			hour;			/* BYHOUR, BYMINUTE, BYSECOND: -1 when not
								 * given; a list of several is not taken */
	int			minute;
	int			second;
	bool		has_month;
	bool		has_week_no;
	bool		has_year_day;
	bool		has_month_day;
	bool		has_day;
	bool		has_set_pos;
	bool		month[2 * 12 + 1];
	bool		week_no[2 * 53 + 1];
	bool		year_day[2 * 366 + 1];
	bool		month_day[2 * 31 + 1];
	bool		day[7][2 * 53 + 1]; /* [weekday][53]: every one */
	bool		set_pos[2 * 366 + 1];
} Recur;

/* Parse the terminated text of a rule; on failure fill *error, return false. */
extern bool recur_parse(const char *text, Recur *recur, CoreError *error);

/*
 * Does the rule leave the time of day as it is?  If not, fill *error: for who
 * has no use of BYHOUR, BYMINUTE and BYSECOND.
 */
extern bool recur_keeps_time(const Recur *recur, CoreError *error);

/*
 * Read "20261231", "20261231T120000" or "20261231T120000Z" (length bytes) as
 * seconds since 2000-01-01.  Returns false when it is none of these or no
 * real time between the years 1 and 9999.
 */
extern bool recur_parse_time(const char *text, size_t length, int64_t *seconds,
							 RecurUntil *kind);

/*
 * Hand the dates of a rule to emit, in order: those not before "first" and in
 * [from, to), "to" being the day after UNTIL at the latest.  What the rule
 * leaves open is taken from the date "start" (DTSTART), and COUNT counts from
 * "first" on.  DTSTART itself is emitted only if the rule says so.
 * *budget is what may be spent in tests of one date; it is reduced, and when
 * it is used up the call fails with CORE_LIMIT.
 */
extern bool recur_expand(const Recur *recur, int32_t start, int32_t first,
						 int32_t from, int32_t to, int64_t *budget,
						 void (*emit) (void *state, int32_t date), void *state,
						 const CoreMem *mem, CoreError *error);

#endif							/* SLA_RECUR_H */
