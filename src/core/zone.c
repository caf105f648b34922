/*-------------------------------------------------------------------------
 *
 * zone.c
 *	  Conversion between local time and UTC, by the same rules as PostgreSQL.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "zone.h"

/* The number of breaks at or before an instant. */
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
 * Convert a local time to UTC, given the number i of the first transition later
 * than 24 hours before that time taken as UTC.  This is the rule of
 * DetermineTimeZoneOffsetInternal() in src/backend/utils/adt/datetime.c: if both
 * offsets yield an instant before the transition, or both after it, the result
 * is clear.  Otherwise take the later instant, which is that of the offset
 * before the transition in a gap, and of the offset after it in an overlap.
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

	/* clocks are about to be put back to before this local time */
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
 * zone_instant() for a local time that is outside the cursor's range.  Moves
 * the cursor there, unless the time is near a transition.
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
