/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  The differences between PostgreSQL 15 and 18 that touch us, all of them.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_COMPAT_H
#define SLA_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "sla_tracker requires PostgreSQL 15 or later"
#endif

#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#include "varatt.h"
#define SLA_ESCONTEXT(fcinfo)	((fcinfo)->context)
#else
/* Soft errors came with 16: before that, an input error is always hard. */
#define SLA_ESCONTEXT(fcinfo)	NULL
#define errsave(escontext, ...) \
	do { (void) (escontext); ereport(ERROR, __VA_ARGS__); } while (0)
#endif

/* interval gained infinities in 17 */
#if PG_VERSION_NUM < 170000
#define INTERVAL_NOT_FINITE(i)	false
#endif

/* The local transaction id moved into vxid in 17 */
#if PG_VERSION_NUM >= 170000
#define sla_my_lxid()	(MyProc->vxid.lxid)
#else
#define sla_my_lxid()	(MyProc->lxid)
#endif

/* 18 wants to know about deferrable primary keys */
#if PG_VERSION_NUM >= 180000
#define RelationGetPrimaryKeyIndexCompat(rel)	RelationGetPrimaryKeyIndex(rel, false)
#else
#define RelationGetPrimaryKeyIndexCompat(rel)	RelationGetPrimaryKeyIndex(rel)
#endif

#endif							/* SLA_COMPAT_H */
