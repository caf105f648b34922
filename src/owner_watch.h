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

extern void owner_watch_init(void);

#endif							/* SLA_OWNER_WATCH_H */
