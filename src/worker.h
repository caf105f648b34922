/*-------------------------------------------------------------------------
 *
 * worker.h
 *	  The optional background worker.
 *
 * A launcher, which sleeps until something is due in some database, starts a
 * worker for that database; the worker calls sla.tick() until nothing is left,
 * asks sla.next_tick() when to come again, and goes.  It stays while the next
 * instant is near.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_WORKER_H
#define SLA_WORKER_H

#include "sla_tracker.h"

#include "datatype/timestamp.h"

/*
 * A worker is started so long before the instant that it comes for, and stays
 * when the next one is not further away than that, in microseconds.
 */
#define WORKER_LEAD		(200 * INT64CONST(1000))
#define WORKER_STAY		(1000 * INT64CONST(1000))

/* Both look so often whether others want the database. */
#define WORKER_SLICE	(250 * INT64CONST(1000))

/* Settings (launcher.c). */
extern char *sla_worker_databases;
extern char *sla_worker_role;
extern int	sla_worker_naptime;

/* Define the settings, and when preloaded register the launcher. */
extern void worker_init(void);

/*
 * Who is about to drop, rename, move or copy a database has it locked, and waits
 * for others to go.
 */
extern bool worker_database_is_locked(Oid database);

/* How long to wait after so many failures in a row, in microseconds. */
extern int64 worker_backoff(int failures);

/* The wait event of a process that sleeps: its name, where the server takes one. */
extern uint32 worker_wait_event(const char *name);

extern PGDLLEXPORT void sla_launcher_main(Datum arg);
extern PGDLLEXPORT void sla_worker_main(Datum database);

#endif							/* SLA_WORKER_H */
