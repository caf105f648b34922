/*-------------------------------------------------------------------------
 *
 * zone.h
 *	  Conversion between local time and UTC, by the same rules as PostgreSQL.
 *
 * A ZoneMap lists the transitions of a zone within some window of time.  It is
 * supplied by the caller (in the server it comes from pg_next_dst_boundary).
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
	int64_t		offset;			/* the offset if nbreaks is 0 */
} ZoneMap;

/*
 * Supplier of zone maps.  "load" gets all transitions of "zone" in [from, to];
 * it returns false and fills in *error if there is no such zone.
 */
typedef struct ZoneSource
{
	bool		(*load) (void *context, const char *zone, int64_t from,
						 int64_t to, CoreMem *mem, ZoneMap *map,
						 CoreError *error);
	void	   *context;
} ZoneSource;

/* The offset in force between breaks i - 1 and i; 0 <= i <= nbreaks. */
static inline int64_t
zone_offset_before(const ZoneMap *map, int i)
{
	if (map->nbreaks == 0)
		return map->offset;
	return i < map->nbreaks ? map->breaks[i].before : map->breaks[i - 1].after;
}

/* Convert UTC to local time. */
extern int64_t zone_local(const ZoneMap *map, int64_t instant);

/*
 * Convert local time to UTC, as PostgreSQL's DetermineTimeZoneOffset() does: in
 * a gap the offset before the transition is used, in an overlap the one after
 * it.
 */
extern int64_t zone_instant(const ZoneMap *map, int64_t local);

/*
 * Monotonic variants of the above, for carrying a time of day from one date to
 * another.  zone_clock(): where local time is about to be repeated, the result
 * does not go beyond the start of the repeated stretch.
 * zone_instant_of_clock(): a local time in a gap yields the end of the gap.
 */
extern int64_t zone_clock(const ZoneMap *map, int64_t instant);
extern int64_t zone_instant_of_clock(const ZoneMap *map, int64_t local);

/* Faster zone_instant() for local times that come mostly in order. */
typedef struct ZoneCursor
{
	const ZoneMap *map;
	int64_t		from;			/* local times in [from, to) ... */
	int64_t		to;
	int64_t		offset;			/* ... have this offset, without ambiguity */
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
