/*-------------------------------------------------------------------------
 *
 * hours.h
 *	  Opening hours: the parsed form, its text, and its evaluation to local
 *	  dates.
 *
 * The grammar is a subset of OpenStreetMap's opening_hours; the reference
 * evaluator is opening_hours.js.  A value is an expression whose leaves are
 * lists of rules with a time zone.  What a leaf opens on a local date is a
 * DayShape; timeline.h converts that to instants.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_HOURS_H
#define SLA_HOURS_H

#include "core.h"

#define HOURS_MAX_ZONE		63	/* bytes of a zone name */
#define HOURS_MAX_RULES		20000	/* rules of a value, in all its leaves */
#define HOURS_MAX_DEPTH		64	/* operators above a leaf */
#define HOURS_MAX_TEXT		(4 * 1024 * 1024)	/* bytes of text */

/*
 * A span of a day, in microseconds after midnight; 0 <= from < 24 h and
 * from < to <= 48 h.
 */
typedef struct HoursSpan
{
	int64_t		from;
	int64_t		to;
} HoursSpan;

/* One end of a date selector. */
typedef enum HoursDateKind
{
	HOURS_DATE_MONTH,			/* "Dec": the whole month */
	HOURS_DATE_DAY,				/* "Dec 24" */
	HOURS_DATE_EASTER			/* "easter" */
} HoursDateKind;

typedef struct HoursDate
{
	HoursDateKind kind;
	int			year;			/* 0: every year */
	int			month;			/* 1-12 */
	int			day;			/* 1-31 */
	int			offset;			/* "+1 day", "-2 days" */
} HoursDate;

typedef struct HoursDateRange	/* "Dec 24-Jan 02", "2026 Nov 01+", "Dec" */
{
	HoursDate	from;
	HoursDate	to;				/* same as from when there is no "-" */
	bool		open_ended;		/* "+": from then on (needs a year) */
} HoursDateRange;

typedef struct HoursStep		/* years "2026-2028", "2027+"; weeks "2-52/2" */
{
	int			from;
	int			to;				/* CORE_MAX_YEAR when open-ended */
	int			step;			/* 1 when none was given */
	bool		open_ended;
} HoursStep;

typedef struct HoursWeekday		/* "Mo-Fr", "Mo", "Fr[-1]", "PH" */
{
	bool		holiday;		/* PH: the rest is unused */
	int			from;			/* 0 = Monday */
	int			to;				/* if less than from, the range wraps */
	uint32_t	nth;			/* 0: all; bit n - 1 (n = 1..5): the n-th of
								 * the month, bit 4 + n: the n-th last */
} HoursWeekday;

typedef struct HoursRule
{
	bool		additional;		/* joined by ", ": adds to the rules before */
	bool		off;			/* "off", "closed" */
	bool		always;			/* written "24/7"; spans contain 00:00-24:00 */
	bool		only_holidays;	/* "PH We,Fr": these weekdays, but only if
								 * they are public holidays */
	int			nyears;
	int			nweeks;
	int			ndates;
	int			nweekdays;
	int			nspans;			/* 0: the whole day */
	HoursStep  *years;
	HoursStep  *weeks;
	HoursDateRange *dates;
	HoursWeekday *weekdays;
	HoursSpan  *spans;
} HoursRule;

/*
 * A public holiday in a leaf ("PH=2026-12-25,2026-12-24[09:00-12:00]").  If
 * nspans < 0 it has no hours of its own: the rules with PH apply, or it is
 * closed if there are none.  If nspans = 0 it is closed whatever those rules
 * say ("[off]").
 */
typedef struct HoursHoliday
{
	int32_t		date;
	int			nspans;
	HoursSpan  *spans;
} HoursHoliday;

typedef enum HoursKind
{
	HOURS_LEAF,
	HOURS_UNION,				/* a + b */
	HOURS_INTERSECTION,			/* a * b */
	HOURS_DIFFERENCE			/* a - b */
} HoursKind;

typedef struct HoursExpr
{
	HoursKind	kind;
	char		zone[HOURS_MAX_ZONE + 1];	/* empty if a composed value has
											 * no TZ of its own, see
											 * hours_zone(); never empty in a
											 * leaf */
	int			zone_at;		/* byte offset of its name in the text */
	/* composed */
	struct HoursExpr *left;
	struct HoursExpr *right;
	/* leaf */
	int			nrules;
	int			nholidays;		/* sorted by date, no duplicates */
	HoursRule  *rules;
	HoursHoliday *holidays;
} HoursExpr;

/*
 * Parse "text" ("length" bytes, need not be terminated).  Zone names are only
 * checked for valid characters; the caller has to check that the zones exist.
 * Returns NULL and fills in *error on failure.
 */
extern HoursExpr *hours_parse(const char *text, size_t length, CoreMem *mem,
							  CoreError *error);

/*
 * Print the canonical text, NUL-terminated; *length is set to its length
 * without the NUL.  Returns NULL if out of memory.
 */
extern char *hours_print(const HoursExpr *expr, CoreMem *mem, size_t *length);

/*
 * Parse the own hours of a holiday: "09:00-12:00,13:00-17:00" or "off", for
 * which *nspans is 0.  Returns false and fills in *error on failure.
 */
extern bool hours_parse_spans(const char *text, size_t length, CoreMem *mem,
							  int *nspans, HoursSpan **spans, CoreError *error);

/* The zone of an expression: its own, or that of its leftmost leaf. */
extern const char *hours_zone(const HoursExpr *expr);

/* qsort() comparator for HoursHoliday, by date */
extern int	hours_compare_holidays(const void *a, const void *b);

/*
 * Add public holidays to every leaf, replacing those on the same date.
 * "holidays" must be sorted by date and have no duplicates.  Returns false if
 * out of memory.
 */
extern bool hours_bake(HoursExpr *expr, const HoursHoliday *holidays, int n,
					   CoreMem *mem);

/*
 * What a leaf opens on local dates.
 *
 * A shape is a set of pieces inside [00:00, 24:00) of a date.  Pieces that are
 * "own" come from the rules for that date; the others are the spill, that is,
 * the parts after midnight of the previous date's spans.  Pieces of the same
 * kind are disjoint and do not touch, but may overlap pieces of the other kind.
 * All pieces are sorted by their start.
 */
typedef struct DayPiece
{
	int64_t		from;
	int64_t		to;
	bool		own;
} DayPiece;

typedef struct DayShape
{
	int			npieces;
	DayPiece   *pieces;
} DayShape;

typedef struct DayPlan
{
	int32_t		first;			/* the first date */
	int32_t		ndates;
	uint16_t   *shape;			/* index in "shapes" for each date; 0 is the
								 * empty shape */
	int			nshapes;
	DayShape   *shapes;
} DayPlan;

/*
 * Evaluate a leaf for the dates [first, first + ndates), which must be within
 * [CORE_MIN_DATE - 2, CORE_MAX_DATE + 2].  Returns false and fills in *error on
 * failure.  This takes about 100 ns per rule and year and 1 to 2 ns per date
 * that a rule matches.
 */
extern bool hours_plan(const HoursExpr *leaf, int32_t first, int32_t ndates,
					   CoreMem *mem, DayPlan *plan, CoreError *error);

#endif							/* SLA_HOURS_H */
