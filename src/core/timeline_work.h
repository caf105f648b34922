/*-------------------------------------------------------------------------
 *
 * timeline_work.h
 *	  One compilation: what the files that make timelines share, and nobody else.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_TIMELINE_WORK_H
#define SLA_TIMELINE_WORK_H

#include "timeline.h"

/* Sorted, disjoint spans that do not touch. */
typedef struct SpanList
{
	int64_t		n;
	int64_t		size;
	OpenSpan   *span;
} SpanList;

/* What all steps of one compilation share. */
typedef struct Compiler
{
	const ZoneSource *zones;
	CoreMem    *mem;			/* scratch */
	CoreError  *error;
	int32_t		first_date;
	int32_t		ndays;
	bool		whole_minutes;	/* all edges are, so far */
	const char *zone_name;		/* of the value, */
	const ZoneMap *zone;		/* its map */
} Compiler;

/* Local dates of any zone that may reach into the window. */
#define MARGIN_DAYS		2

/* What a leaf opens on the dates that may reach into the window. */
typedef struct Leaf
{
	ZoneMap		zone;
	DayPlan		plan;
	ZoneCursor	cursor;
} Leaf;

/* Scratch or lasting memory; NULL, and an error, when there is none. */
extern void *timeline_alloc(CoreMem *mem, size_t size, CoreError *error);

/* The map of a zone for the dates of the compilation. */
extern bool leaf_zone(const Compiler *c, const char *name, ZoneMap *map, CoreMem *mem);

/* The leaf of such hours. */
extern bool leaf_plan(Compiler *c, const HoursExpr *expr, Leaf *leaf);

extern bool spans_init(Compiler *c, SpanList *list, int64_t size);

/* The open spans of a leaf on the dates [first, end) of its plan are appended. */
extern bool spans_of_dates(Compiler *c, Leaf *leaf, int32_t first, int32_t end, SpanList *list);

/* All of a leaf, and of any hours, in a new list. */
extern bool spans_of_leaf(Compiler *c, Leaf *leaf, SpanList *list);
extern bool spans_of_expr(Compiler *c, const HoursExpr *expr, SpanList *list);

static inline bool
whole_minute(int64_t t)
{
	return t % CORE_USECS_PER_MINUTE == 0;
}

/*
 * Is there such a date in the zone?  Where a zone crossed the date line there
 * may be none (Apia has no 2011-12-30).
 */
static inline bool
date_exists(ZoneCursor *cursor, int64_t midnight)
{
	int64_t		next = midnight + CORE_USECS_PER_DAY;

	return (zone_cursor_holds(cursor, midnight) && zone_cursor_holds(cursor, next)) ||
		zone_instant(cursor->map, midnight) < zone_instant(cursor->map, next);
}

#endif							/* SLA_TIMELINE_WORK_H */
