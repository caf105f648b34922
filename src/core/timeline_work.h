/*-------------------------------------------------------------------------
 *
 * timeline_work.h
 *	  Private declarations of the timeline_*.c files that compile timelines.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_TIMELINE_WORK_H
#define SLA_TIMELINE_WORK_H

#include "timeline.h"

/* A growing list of spans, which are sorted, disjoint and do not touch. */
typedef struct SpanList
{
	int64_t		n;
	int64_t		size;
	OpenSpan   *span;
} SpanList;

/* The state of one compilation. */
typedef struct Compiler
{
	const ZoneSource *zones;
	CoreMem    *mem;			/* scratch */
	CoreError  *error;
	int32_t		first_date;
	int32_t		ndays;
	bool		whole_minutes;	/* all edges seen so far are whole minutes */
	const char *zone_name;		/* zone of the whole value */
	const ZoneMap *zone;		/* its map */
} Compiler;

/*
 * Number of local dates before and after those of the window that may extend
 * into it, given that leaves can have different zones.
 */
#define MARGIN_DAYS		2

/* A leaf, with what it opens on all dates that may extend into the window. */
typedef struct Leaf
{
	ZoneMap		zone;
	DayPlan		plan;
	ZoneCursor	cursor;
} Leaf;

/* Allocate memory; on failure fill in *error and return NULL. */
extern void *timeline_alloc(CoreMem *mem, size_t size, CoreError *error);

/* Load the map of a zone for the dates of the compilation. */
extern bool leaf_zone(const Compiler *c, const char *name, ZoneMap *map, CoreMem *mem);

/* Evaluate "expr", which is a leaf, and note whether its edges are whole minutes. */
extern bool leaf_plan(Compiler *c, const HoursExpr *expr, Leaf *leaf);

/* Initialize an empty list with room for "size" spans. */
extern bool spans_init(Compiler *c, SpanList *list, int64_t size);

/* Append the open spans of a leaf on the dates number first to end - 1 of its plan. */
extern bool spans_of_dates(Compiler *c, Leaf *leaf, int32_t first, int32_t end, SpanList *list);

/* Initialize a list with all open spans of a leaf, or of any expression. */
extern bool spans_of_leaf(Compiler *c, Leaf *leaf, SpanList *list);
extern bool spans_of_expr(Compiler *c, const HoursExpr *expr, SpanList *list);

static inline bool
whole_minute(int64_t t)
{
	return t % CORE_USECS_PER_MINUTE == 0;
}

/*
 * Does the date that begins at "midnight" (local time) exist in the zone?  A
 * zone that moves across the date line skips one: Pacific/Apia has no
 * 2011-12-30.
 */
static inline bool
date_exists(ZoneCursor *cursor, int64_t midnight)
{
	int64_t		next = midnight + CORE_USECS_PER_DAY;

	return (zone_cursor_holds(cursor, midnight) && zone_cursor_holds(cursor, next)) ||
		zone_instant(cursor->map, midnight) < zone_instant(cursor->map, next);
}

#endif							/* SLA_TIMELINE_WORK_H */
