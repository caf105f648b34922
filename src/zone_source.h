/*-------------------------------------------------------------------------
 *
 * zone_source.h
 *	  The server's time zones, for the core.
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

/* The zone of an IANA name, or NULL; POSIX strings are not taken. */
extern pg_tz *sla_zone_lookup(const char *name);

#endif							/* SLA_ZONE_SOURCE_H */
