/*-------------------------------------------------------------------------
 *
 * zone_source.h
 *	  Access to the server's time zones, for the core.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_ZONE_SOURCE_H
#define SLA_ZONE_SOURCE_H

#include "pgtime.h"

#include "core/zone.h"

extern const ZoneSource sla_zones;

/* Look up a zone by its IANA name; NULL if there is none, or for POSIX strings. */
extern pg_tz *sla_zone_lookup(const char *name);

#endif							/* SLA_ZONE_SOURCE_H */
