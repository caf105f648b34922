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
 * A parsed rule.  A BY list is represented as a set, indexed by value plus the highest
 * possible value, because values can be negative (counted from the end).  It is valid
 * only if its has_ flag is set.
 */
typedef struct Recur
{
	RecurFrequency freq;
	int			interval;
	int			count;			/* 0 if there is no COUNT */
	RecurUntil	until_kind;
	int64_t		until;			/* seconds since 2000-01-01, as written */
	int			week_start;		/* WKST; 0 = Monday, which is the default */
	int			hour;			/* BYHOUR, BYMINUTE, BYSECOND; -1 if not
								 * given. Lists are not supported. */
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
	bool		day[7][2 * 53 + 1]; /* [weekday][53] is set for all of them */
	bool		set_pos[2 * 366 + 1];
} Recur;

/* Parse a rule (NUL-terminated).  Returns false and fills in *error on failure. */
extern bool recur_parse(const char *text, Recur *recur, CoreError *error);

/*
 * For callers that do not support BYHOUR, BYMINUTE and BYSECOND: returns false and fills
 * in *error if the rule has any of these.
 */
extern bool recur_keeps_time(const Recur *recur, CoreError *error);

/*
 * Convert "20261231", "20261231T120000" or "20261231T120000Z" ("length" bytes) to
 * seconds since 2000-01-01.  Returns false if it does not have one of these forms, or is
 * not a valid time in the years 1 to 9999.
 */
extern bool recur_parse_time(const char *text, size_t length, int64_t *seconds,
							 RecurUntil *kind);

/*
 * Call "emit" for the dates of a rule, in order: those that are in [from, to) and not
 * before "first".  The caller must have limited "to" to the day after UNTIL.  What the
 * rule does not specify is taken from the date "start" (DTSTART), and COUNT counts from
 * "first" on.  DTSTART itself is emitted only if it matches the rule.
 *
 * The number of dates tested is subtracted from *budget; if that becomes negative the
 * call fails with CORE_LIMIT.
 */
extern bool recur_expand(const Recur *recur, int32_t start, int32_t first,
						 int32_t from, int32_t to, int64_t *budget,
						 void (*emit) (void *state, int32_t date), void *state,
						 const CoreMem *mem, CoreError *error);

#endif							/* SLA_RECUR_H */
