/*-------------------------------------------------------------------------
 *
 * hours.h
 *	  Opening hours as a value: the parsed form, its text, and the local
 *	  dates it opens.
 *
 * The grammar is a subset of OpenStreetMap's opening_hours; the reference
 * evaluator is opening_hours.js.  A value is an expression whose leaves are
 * rule lists with a time zone; what one leaf opens on a local date is a
 * DayShape.  Instants are timeline.h's business, tables are nobody's here.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_HOURS_H
#define SLA_HOURS_H

#include "core.h"

#define HOURS_MAX_ZONE		63	/* bytes of a zone name */
#define HOURS_MAX_RULES		20000	/* rules of one value, all leaves */
#define HOURS_MAX_DEPTH		64	/* nesting of a composed value */
#define HOURS_MAX_TEXT		(4 * 1024 * 1024)	/* bytes of text */

/* A span of a day, microseconds after its midnight: 0 <= from < 24 h, from < to <= 48 h. */
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
	int			to;				/* may be below from: wraps */
	uint32_t	nth;			/* 0: every one; bit n-1 (n = 1..5): n-th of
								 * the month, bit 4+n: n-th last */
} HoursWeekday;

typedef struct HoursRule
{
	bool		additional;		/* joined by ", ": adds to the rules before */
	bool		off;			/* "off", "closed" */
	bool		always;			/* "24/7" as written (spans hold 00:00-24:00) */
	bool		only_holidays;	/* "PH We,Fr": the weekdays that are public
								 * holidays as well */
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
 * A public holiday baked into a leaf ("PH=2026-12-25,2026-12-24[09:00-12:00]").
 * nspans < 0: no hours of its own (the PH rules decide; without any, closed).
 * nspans = 0: closed whatever the PH rules say ("[off]").
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
	char		zone[HOURS_MAX_ZONE + 1];	/* empty: a composed value without
											 * TZ of its own (its leftmost
											 * leaf's); never empty in a leaf
											 * ("UTC") */
	int			zone_at;		/* where it was read: bytes before its name */
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
 * Parse "text" (length bytes, need not be terminated).  Zone names are only
 * checked for shape ([A-Za-z0-9_+-/]); whether the zone exists is the
 * caller's to ask.  Returns NULL and fills *error on failure.
 */
extern HoursExpr *hours_parse(const char *text, size_t length, CoreMem *mem,
							  CoreError *error);

/* The canonical text, terminated; *length gets its bytes without the NUL. */
extern char *hours_print(const HoursExpr *expr, CoreMem *mem, size_t *length);

/* Spans alone ("09:00-12:00,13:00-17:00", "off"), for a holiday's own hours. */
extern bool hours_parse_spans(const char *text, size_t length, CoreMem *mem,
							  int *nspans, HoursSpan **spans, CoreError *error);

/* The zone of an expression: its own or its leftmost leaf's. */
extern const char *hours_zone(const HoursExpr *expr);

/* The order of holidays by date, for qsort(). */
extern int	hours_compare_holidays(const void *a, const void *b);

/*
 * Put more public holidays into every leaf; on a date that already is one the
 * new one holds.  "holidays" is sorted by date without duplicates.  Returns
 * false when memory is out.
 */
extern bool hours_bake(HoursExpr *expr, const HoursHoliday *holidays, int n,
					   CoreMem *mem);

/*
 * What one leaf opens on local dates.
 *
 * A shape is a set of pieces inside [00:00, 24:00) of a date.  "own" pieces
 * come from the date's own rules, the others are the spill of the night
 * before.  Pieces of one kind are sorted, disjoint and do not touch; a piece
 * of the other kind may overlap them.  All pieces are sorted by start.
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
	uint16_t   *shape;			/* per date; 0 is always the empty shape */
	int			nshapes;
	DayShape   *shapes;
} DayPlan;

/*
 * Evaluate a leaf over [first, first + ndates), which the caller keeps within
 * [CORE_MIN_DATE - 2, CORE_MAX_DATE + 2].  Cost: some 100 ns per rule and
 * year plus 1 to 2 ns per date matched.
 */
extern bool hours_plan(const HoursExpr *leaf, int32_t first, int32_t ndates,
					   CoreMem *mem, DayPlan *plan, CoreError *error);

#endif							/* SLA_HOURS_H */
