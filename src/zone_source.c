/*-------------------------------------------------------------------------
 *
 * zone_source.c
 *	  Access to the server's time zones, for the core.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "datatype/timestamp.h"
#include "pgtime.h"
#include "utils/builtins.h"

#include "zone_source.h"

/* Seconds from the Unix epoch to PostgreSQL's */
#define EPOCH_DIFF_SECS		((POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * INT64CONST(86400))

static pg_time_t
unix_seconds(int64 instant)
{
	return instant / USECS_PER_SEC + EPOCH_DIFF_SECS;
}

/*
 * The names in the IANA database that have a digit and no lower-case letter.  All
 * others of that form are POSIX strings.
 */
static const char *const upper_names_with_digits[] = {
	"CST6CDT", "EST5EDT", "GMT+0", "GMT-0", "GMT0", "MST7MDT", "PST8PDT"
};

/*
 * pg_tzset() also accepts POSIX strings: to it, the typo "Brlin5" is a zone five
 * hours west of Greenwich.  They can be recognized because the canonical name
 * that it gives them is in upper case, and contains a digit.
 */
pg_tz *
sla_zone_lookup(const char *name)
{
	pg_tz	   *zone = pg_tzset(name);
	const char *canonical;

	if (zone == NULL || !pg_tz_acceptable(zone))
		return NULL;
	canonical = pg_get_timezone_name(zone);
	if (strpbrk(canonical, "0123456789") != NULL &&
		strpbrk(canonical, "abcdefghijklmnopqrstuvwxyz") == NULL)
	{
		for (size_t i = 0; i < lengthof(upper_names_with_digits); i++)
			if (strcmp(canonical, upper_names_with_digits[i]) == 0)
				return zone;
		return NULL;
	}
	return zone;
}

static bool
load_zone(void *context, const char *name, int64_t from, int64_t to,
		  CoreMem *mem, ZoneMap *map, CoreError *error)
{
	pg_tz	   *zone = sla_zone_lookup(name);
	int			size = 64;
	pg_time_t	time = unix_seconds(from);
	pg_time_t	stop = unix_seconds(to);

	(void) context;

	if (zone == NULL)
		return core_fail(error, CORE_SYNTAX, -1, 0,
						 "Time zone \"%s\" is not recognized.",
						 "Use a name of pg_timezone_names, such as Europe/Berlin.",
						 name);
	map->nbreaks = 0;
	map->offset = 0;
	map->breaks = mem->alloc(mem->context, size * sizeof(ZoneBreak));
	for (;;)
	{
		long		before;
		long		after;
		int			before_isdst;
		int			after_isdst;
		pg_time_t	boundary;
		int			found = pg_next_dst_boundary(&time, &before, &before_isdst,
												 &boundary, &after, &after_isdst, zone);

		if (map->nbreaks == 0)
			map->offset = before * USECS_PER_SEC;
		if (found != 1 || boundary > stop)
			return true;
		if (map->nbreaks == size)
		{
			ZoneBreak  *old = map->breaks;

			size *= 2;
			map->breaks = mem->alloc(mem->context, size * sizeof(ZoneBreak));
			memcpy(map->breaks, old, map->nbreaks * sizeof(ZoneBreak));
		}
		map->breaks[map->nbreaks].at = (boundary - EPOCH_DIFF_SECS) * USECS_PER_SEC;
		map->breaks[map->nbreaks].before = before * USECS_PER_SEC;
		map->breaks[map->nbreaks].after = after * USECS_PER_SEC;
		map->nbreaks++;
		time = boundary;
	}
}

const ZoneSource sla_zones = {load_zone, NULL};

/*
 * Zones whose names are also abbreviations, to which timezone(zone, instant) gives
 * precedence: then they mean winter time all year.
 */
static const char *const ambiguous_zones[] = {"CET", "EET", "MET", "WET"};

/*
 * sla.check_time_zone(name) -> void
 *
 * Raise an error unless "name" is the name of a zone, spelled as in
 * pg_timezone_names, and is not ambiguous.
 */
PG_FUNCTION_INFO_V1(sla_check_time_zone);
Datum
sla_check_time_zone(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	pg_tz	   *zone;

	/* check these names first: not every server has zones of that name */
	for (size_t i = 0; i < lengthof(ambiguous_zones); i++)
		if (strcmp(name, ambiguous_zones[i]) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("time zone \"%s\" is ambiguous", name),
					 errdetail("It is an abbreviation, too, of winter time alone."),
					 errhint("Use the name of a place, such as Europe/Berlin.")));
	zone = sla_zone_lookup(name);
	if (zone == NULL || strcmp(pg_get_timezone_name(zone), name) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" not recognized", name),
				 errhint("Use a name of pg_timezone_names, such as Europe/Berlin.")));
	PG_RETURN_VOID();
}
