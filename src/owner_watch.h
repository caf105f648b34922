/*-------------------------------------------------------------------------
 *
 * owner_watch.h
 *	  Limiting the time that sla.tick() spends on code of table owners.
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

/* The limit, in seconds; 0 means no limit. */
extern int	owner_watch_limit(void);

/*
 * Open a table with AccessShareLock.  Within sla.tick(), raise an error rather than
 * wait for the lock for more than a second (in total).
 */
extern Relation owner_watch_open(Oid table);

#endif							/* SLA_OWNER_WATCH_H */
