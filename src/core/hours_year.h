/*-------------------------------------------------------------------------
 *
 * hours_year.h
 *	  The days of a year, and sets of them.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_HOURS_YEAR_H
#define SLA_HOURS_YEAR_H

#include "hours.h"

#define YEAR_WORDS		6		/* 384 bits hold the days of a year */
#define MAX_YEAR_DAYS	366

/* A year; days are numbered from 0. */
typedef struct Year
{
	int			year;
	int32_t		first;			/* the date of January 1st */
	int			ndays;
	int			weekday;		/* of January 1st; 0 = Monday */
} Year;

/* A set of days of a year; bit 0 is January 1st. */
typedef struct DaySet
{
	uint64_t	word[YEAR_WORDS];
} DaySet;

/* Add the days [from, to), ignoring those outside the year. */
static inline void
add_days(DaySet *set, int from, int to, int ndays)
{
	int			word;

	if (from < 0)
		from = 0;
	if (to > ndays)
		to = ndays;
	if (from >= to)
		return;
	for (word = from / 64; word <= (to - 1) / 64; word++)
	{
		uint64_t	bits = ~UINT64_C(0);

		if (from > word * 64)
			bits &= ~UINT64_C(0) << (from - word * 64);
		if (to < word * 64 + 64)
			bits &= ~UINT64_C(0) >> (word * 64 + 64 - to);
		set->word[word] |= bits;
	}
}

static inline int
count_days(const DaySet *set)
{
	int			n = 0;
	int			i;

	for (i = 0; i < YEAR_WORDS; i++)
		n += __builtin_popcountll(set->word[i]);
	return n;
}

static inline bool
has_day(const DaySet *set, int day)
{
	return (set->word[day / 64] >> (day % 64)) & 1;
}

/* The first day of a non-empty set. */
static inline int
first_day(const DaySet *set)
{
	int			i = 0;

	while (set->word[i] == 0)
		i++;
	return i * 64 + __builtin_ctzll(set->word[i]);
}

/* *set &= ~minus; returns whether the result is not empty. */
static inline bool
remove_days(DaySet *set, const DaySet *minus)
{
	uint64_t	left = 0;
	int			i;

	for (i = 0; i < YEAR_WORDS; i++)
		left |= set->word[i] &= ~minus->word[i];
	return left != 0;
}

/* *set &= with; returns whether the result is not empty. */
static inline bool
keep_days(DaySet *set, const DaySet *with)
{
	uint64_t	left = 0;
	int			i;

	for (i = 0; i < YEAR_WORDS; i++)
		left |= set->word[i] &= with->word[i];
	return left != 0;
}

static inline void
join_days(DaySet *set, const DaySet *with)
{
	int			i;

	for (i = 0; i < YEAR_WORDS; i++)
		set->word[i] |= with->word[i];
}

/* The days after each of "set", plus January 1st if "new_year". */
static inline void
next_days(DaySet *next, const DaySet *set, bool new_year)
{
	uint64_t	carry = new_year ? 1 : 0;
	int			i;

	for (i = 0; i < YEAR_WORDS; i++)
	{
		next->word[i] = set->word[i] << 1 | carry;
		carry = set->word[i] >> 63;
	}
}

#endif							/* SLA_HOURS_YEAR_H */
