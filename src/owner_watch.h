/*-------------------------------------------------------------------------
 *
 * owner_watch.h
 *	  How long sla.tick() spends on what owners of tables wrote.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_OWNER_WATCH_H
#define SLA_OWNER_WATCH_H

#include "sla_tracker.h"

#include "utils/relcache.h"

extern void owner_watch_init(void);

/* How long, in seconds; 0: there is no limit. */
extern int	owner_watch_limit(void);

/* Open a table for reading; within sla.tick() nobody's lock is waited for long. */
extern Relation owner_watch_open(Oid table);

#endif							/* SLA_OWNER_WATCH_H */
