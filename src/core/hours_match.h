/*-------------------------------------------------------------------------
 *
 * hours_match.h
 *	  Which days of a year the selectors of a rule match.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_HOURS_MATCH_H
#define SLA_HOURS_MATCH_H

#include "hours_year.h"

/* The selectors of a rule, with what can be determined once for all years. */
typedef struct Selectors
{
	const HoursRule *rule;
	int16_t		first_year;		/* they match no date outside these years */
	int16_t		last_year;
	uint8_t		weekdays;		/* the weekdays without [n]; bit 0 = Monday */
	bool		nth;			/* some weekdays have [n] */
	bool		holidays;		/* PH is among the weekdays */
	bool		dated;			/* they name single days and no weekdays */
} Selectors;

/* For matching the rules of a leaf; zeroes but for the leaf at first. */
typedef struct Matcher
{
	const HoursExpr *leaf;

	/* computed when first needed; leap years have index 1 */
	bool		nth_known[2];
	DaySet		nth[2][10];
	int			holidays_year;	/* the year for which holidays is valid, or 0 */
	DaySet		holidays;
} Matcher;

extern Year hours_year(int year);
extern Selectors hours_selectors(const HoursRule *rule);

/*
 * Remove from *set, which contains days of a year, those that a rule does not
 * match.  Returns whether any are left.
 */
extern bool hours_match(Matcher *matcher, DaySet *set, const Selectors *selectors,
						const Year *year);

/* The holidays of a year. */
extern const DaySet *hours_match_holidays(Matcher *matcher, const Year *year);

/* The index of the first holiday of a leaf on or after a date. */
extern int	hours_first_holiday(const HoursExpr *leaf, int32_t date);

#endif							/* SLA_HOURS_MATCH_H */
