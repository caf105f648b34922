/*-------------------------------------------------------------------------
 *
 * worker.h
 *	  The optional background worker.
 *
 * The launcher sleeps until something is due in some database, and then starts a worker
 * for that database.  The worker calls sla.tick() until nothing is left to do, plans the
 * next start by sla.next_tick(), and exits; if that instant is near it stays until then.
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
 * In microseconds: how long before the planned instant a worker is started, and up to
 * which time until the next one it stays.
 */
#define WORKER_LEAD		(200 * INT64CONST(1000))
#define WORKER_STAY		(1000 * INT64CONST(1000))

/* Interval at which launcher and worker check whether a database is locked, in microseconds */
#define WORKER_SLICE	(250 * INT64CONST(1000))

/* Configuration parameters (launcher.c) */
extern char *sla_worker_databases;
extern char *sla_worker_role;
extern int	sla_worker_naptime;

/* Define the parameters where they are needed and, if preloaded, register the launcher. */
extern void worker_init(void);

/* Define the parameters unless this session knows them. */
extern void worker_define_parameters(void);

/*
 * Is a database locked, by someone who waits for sessions in it to end because he wants
 * to drop, rename, move or copy it?
 */
extern bool worker_database_is_locked(Oid database);

/* How long to wait after a number of failures in a row, in microseconds. */
extern int64 worker_backoff(int failures);

/* The wait event of a sleeping process; has the name from version 17 on. */
extern uint32 worker_wait_event(const char *name);

extern PGDLLEXPORT void sla_launcher_main(Datum arg);
extern PGDLLEXPORT void sla_worker_main(Datum database);

#endif							/* SLA_WORKER_H */
