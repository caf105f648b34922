/*-------------------------------------------------------------------------
 *
 * zone.c
 *	  Local time and UTC, by PostgreSQL's own rule.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "zone.h"

/* The number of breaks at or before the instant. */
static int
breaks_passed(const ZoneMap *map, int64_t instant)
{
	int			low = 0;
	int			high = map->nbreaks;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (map->breaks[middle].at <= instant)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int64_t
zone_local(const ZoneMap *map, int64_t instant)
{
	return instant + zone_offset_before(map, breaks_passed(map, instant));
}

/*
 * The rule is that of DetermineTimeZoneOffsetInternal() in PostgreSQL's
 * src/backend/utils/adt/datetime.c: look at the first transition later than
 * 24 hours before the local time read as UTC.  If both readings fall before
 * it, or both behind, that settles it; else the later of the two instants is
 * meant in a gap (the offset before) and in an overlap (the offset after).
 */
static int64_t
resolve(const ZoneMap *map, int i, int64_t local)
{
	const ZoneBreak *b;
	int64_t		before;
	int64_t		after;

	if (i >= map->nbreaks)
		return local - zone_offset_before(map, i);

	b = &map->breaks[i];
	before = local - b->before;
	after = local - b->after;
	if (before < b->at && after < b->at)
		return before;
	if (before > b->at && after >= b->at)
		return after;
	return before > after ? before : after;
}

int64_t
zone_instant(const ZoneMap *map, int64_t local)
{
	return resolve(map, breaks_passed(map, local - CORE_USECS_PER_DAY), local);
}

int64_t
zone_clock(const ZoneMap *map, int64_t instant)
{
	int			i = breaks_passed(map, instant);
	int64_t		local = instant + zone_offset_before(map, i);

	/* when the clock is put back, the wall clock comes here once more */
	if (i < map->nbreaks && map->breaks[i].at + map->breaks[i].after < local)
		return map->breaks[i].at + map->breaks[i].after;
	return local;
}

int64_t
zone_instant_of_clock(const ZoneMap *map, int64_t local)
{
	int			i = breaks_passed(map, local - CORE_USECS_PER_DAY);

	if (i < map->nbreaks)
	{
		const ZoneBreak *b = &map->breaks[i];

		if (local >= b->at + b->before && local < b->at + b->after)
			return b->at;
	}
	return resolve(map, i, local);
}

void
zone_cursor_init(ZoneCursor *cursor, const ZoneMap *map)
{
	cursor->map = map;
	cursor->from = 0;
	cursor->to = 0;
	cursor->offset = 0;
}

/*
 * zone_instant() for a local time that the cursor does not hold; move the
 * cursor there when the time lies in a stretch of one plain offset.
 */
int64_t
zone_cursor_seek(ZoneCursor *cursor, int64_t local)
{
	const ZoneMap *map = cursor->map;
	int			i = breaks_passed(map, local - CORE_USECS_PER_DAY);
	int64_t		from = i > 0 ? map->breaks[i - 1].at + CORE_USECS_PER_DAY : INT64_MIN;
	int64_t		to = INT64_MAX;

	if (i < map->nbreaks)
	{
		const ZoneBreak *b = &map->breaks[i];

		to = b->at + (b->before < b->after ? b->before : b->after);
	}
	if (local >= from && local < to)
	{
		cursor->from = from;
		cursor->to = to;
		cursor->offset = zone_offset_before(map, i);
	}
	return resolve(map, i, local);
}
