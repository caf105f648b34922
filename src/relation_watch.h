/*-------------------------------------------------------------------------
 *
 * relation_watch.h
 *	  Callbacks for relcache invalidations.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef RELATION_WATCH_H
#define RELATION_WATCH_H

#include "postgres.h"

/* "relid" is the relation that changed; InvalidOid if any may have changed. */
typedef void (*RelationWatcher) (Oid relid);

extern void relation_watch(RelationWatcher watcher);

#endif							/* RELATION_WATCH_H */
