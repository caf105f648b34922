/*-------------------------------------------------------------------------
 *
 * relation_watch.c
 *	  Being told that a relation changed.
 *
 * A backend has ten places for relcache callbacks, for the server itself and
 * all extensions together, and ends when they are used up.  Ours take one.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "relation_watch.h"

#include "utils/inval.h"

#define MAX_WATCHERS 16

static RelationWatcher watchers[MAX_WATCHERS];
static int	watchers_n;

static void
relcache_callback(Datum arg, Oid relid)
{
	(void) arg;
	for (int i = 0; i < watchers_n; i++)
		watchers[i] (relid);
}

void
relation_watch(RelationWatcher watcher)
{
	Assert(watchers_n < MAX_WATCHERS);
	if (watchers_n == 0)
		CacheRegisterRelcacheCallback(relcache_callback, (Datum) 0);
	watchers[watchers_n++] = watcher;
}
