/*-------------------------------------------------------------------------
 *
 * zone.h
 *	  Local time and UTC, by PostgreSQL's own rule.
 *
 * A ZoneMap is the list of a zone's transitions over a window of time; where
 * it comes from (in the server: pg_next_dst_boundary) is the caller's affair.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_ZONE_H
#define SLA_ZONE_H

#include "core.h"

/* One transition; offsets are microseconds east of UTC. */
typedef struct ZoneBreak
{
	int64_t		at;				/* the instant from which "after" holds */
	int64_t		before;
	int64_t		after;
} ZoneBreak;

typedef struct ZoneMap
{
	int			nbreaks;
	ZoneBreak  *breaks;			/* ascending */
	int64_t		offset;			/* the offset where there is no break at all */
} ZoneMap;

/*
 * Where maps come from: all transitions of "zone" in [from, to].  Returns
 * false with *error filled when the zone is not known.
 */
typedef struct ZoneSource
{
	bool		(*load) (void *context, const char *zone, int64_t from,
						 int64_t to, CoreMem *mem, ZoneMap *map,
						 CoreError *error);
	void	   *context;
} ZoneSource;

/* The offset between the breaks i - 1 and i. */
static inline int64_t
zone_offset_before(const ZoneMap *map, int i)
{
	if (map->nbreaks == 0)
		return map->offset;
	return i < map->nbreaks ? map->breaks[i].before : map->breaks[i - 1].after;
}

/* UTC to wall clock. */
extern int64_t zone_local(const ZoneMap *map, int64_t instant);

/*
 * Wall clock to UTC: in a gap the offset before the transition holds, in an
 * overlap the one after it (PostgreSQL's DetermineTimeZoneOffset).
 */
extern int64_t zone_instant(const ZoneMap *map, int64_t local);

/*
 * The two as functions that never decrease, for clock times that are carried
 * from one date to another: an instant before a repeated stretch of wall clock
 * is over reads as its start at most, a wall clock time in a gap means the
 * gap's end.
 */
extern int64_t zone_clock(const ZoneMap *map, int64_t instant);
extern int64_t zone_instant_of_clock(const ZoneMap *map, int64_t local);

/* zone_instant() for ascending local times, remembering where the last one was. */
typedef struct ZoneCursor
{
	const ZoneMap *map;
	int64_t		from;			/* [from, to): local times of one plain offset */
	int64_t		to;
	int64_t		offset;
} ZoneCursor;

extern void zone_cursor_init(ZoneCursor *cursor, const ZoneMap *map);
extern int64_t zone_cursor_seek(ZoneCursor *cursor, int64_t local);

static inline bool
zone_cursor_holds(const ZoneCursor *cursor, int64_t local)
{
	return local >= cursor->from && local < cursor->to;
}

static inline int64_t
zone_cursor_instant(ZoneCursor *cursor, int64_t local)
{
	if (zone_cursor_holds(cursor, local))
		return local - cursor->offset;
	return zone_cursor_seek(cursor, local);
}

#endif							/* SLA_ZONE_H */
