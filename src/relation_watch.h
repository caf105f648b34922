/*-------------------------------------------------------------------------
 *
 * relation_watch.h
 *	  Being told that a relation changed.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef RELATION_WATCH_H
#define RELATION_WATCH_H

#include "postgres.h"

/* "relid" is InvalidOid when any relation may have changed */
typedef void (*RelationWatcher) (Oid relid);

extern void relation_watch(RelationWatcher watcher);

#endif							/* RELATION_WATCH_H */
