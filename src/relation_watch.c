/*-------------------------------------------------------------------------
 *
 * relation_watch.c
 *	  Callbacks for relcache invalidations.
 *
 * A backend can register only ten relcache callbacks (MAX_RELCACHE_CALLBACKS), for the
 * server and all extensions together, and more are a fatal error.  So ours share one.
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
