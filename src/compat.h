/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  All differences between PostgreSQL 15 and 18 that affect us.
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
/* Soft errors were added in 16; before that, an input error is always hard. */
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

/* 16 distinguishes summarizing indexes from others */
#if PG_VERSION_NUM >= 160000
#define SLA_UPDATE_INDEXES	TU_UpdateIndexes
#define SLA_UPDATES_INDEX(which, info) \
	((which) == TU_All || ((which) == TU_Summarizing && (info)->ii_Summarizing))
#else
#define SLA_UPDATE_INDEXES	bool
#define SLA_UPDATES_INDEX(which, info)	(which)
#endif

/* 16 added an argument to ignore missing columns */
#if PG_VERSION_NUM >= 160000
#define build_attrmap_by_name_compat(in, out) build_attrmap_by_name(in, out, false)
#define build_attrmap_by_name_if_req_compat(in, out) build_attrmap_by_name_if_req(in, out, false)
#else
#define build_attrmap_by_name_compat(in, out) build_attrmap_by_name(in, out)
#define build_attrmap_by_name_if_req_compat(in, out) build_attrmap_by_name_if_req(in, out)
#endif

/* index_beginscan() has an argument for instrumentation in 18 */
#if PG_VERSION_NUM >= 180000
#define index_beginscan_compat(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, NULL, nkeys, 0)
#else
#define index_beginscan_compat(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, nkeys, 0)
#endif

/* 17 added a call that frees what an index AM caches between insertions */
#if PG_VERSION_NUM >= 170000
#define index_insert_cleanup_compat(index, info)	index_insert_cleanup(index, info)
#else
#define index_insert_cleanup_compat(index, info)	((void) 0)
#endif

/* Create an SQL function with one argument; 18 added an argument for transforms */
#if PG_VERSION_NUM >= 180000
#define SLA_NO_TRANSFORMS	PointerGetDatum(NULL), NIL
#else
#define SLA_NO_TRANSFORMS	PointerGetDatum(NULL)
#endif
#define ProcedureCreateCompat(name, schema, type, owner, body, argtypes, argnames) \
	ProcedureCreate(name, schema, false, false, type, owner, SQLlanguageId, InvalidOid, "", NULL, body, \
					PROKIND_FUNCTION, false, false, false, PROVOLATILE_VOLATILE, PROPARALLEL_UNSAFE, \
					argtypes, PointerGetDatum(NULL), PointerGetDatum(NULL), argnames, NIL, \
					SLA_NO_TRANSFORMS, PointerGetDatum(NULL), InvalidOid, 100, 0)

/* 18 added virtual generated columns */
#if PG_VERSION_NUM >= 180000
#include "rewrite/rewriteHandler.h"
#define expand_virtual_columns(expr, rel, varno)	expand_generated_columns_in_expr(expr, rel, varno)
#else
#define expand_virtual_columns(expr, rel, varno)	(expr)
#endif

/* ARR_DATA_PTR() for an array without nulls; avoids a compiler warning */
#define SLA_ARRAY_DATA(array)	((char *) (array) + ARR_OVERHEAD_NONULLS(ARR_NDIM(array)))

/* Checks of ownership and privileges became one function each in 16 */
#if PG_VERSION_NUM >= 160000
#define pg_class_ownercheck_compat(relid, role) \
	object_ownercheck(RelationRelationId, relid, role)
#define pg_namespace_usage_compat(schema, role) \
	(object_aclcheck(NamespaceRelationId, schema, role, ACL_USAGE) == ACLCHECK_OK)
#define pg_proc_execcheck_compat(function, role) \
	(object_aclcheck(ProcedureRelationId, function, role, ACL_EXECUTE) == ACLCHECK_OK)
#else
#define pg_class_ownercheck_compat(relid, role) \
	pg_class_ownercheck(relid, role)
#define pg_namespace_usage_compat(schema, role) \
	(pg_namespace_aclcheck(schema, role, ACL_USAGE) == ACLCHECK_OK)
#define pg_proc_execcheck_compat(function, role) \
	(pg_proc_aclcheck(function, role, ACL_EXECUTE) == ACLCHECK_OK)
#endif

/* Relfilenodes were renamed in 16 */
#if PG_VERSION_NUM >= 160000
#define rel_has_new_file(rel)	((rel)->rd_firstRelfilelocatorSubid != InvalidSubTransactionId)
#else
#define rel_has_new_file(rel)	((rel)->rd_firstRelfilenodeSubid != InvalidSubTransactionId)
#endif

/* transaction_timeout was added in 17 */
#if PG_VERSION_NUM < 170000
#define TransactionTimeout	0
#endif

/* 18 added an argument for deferrable primary keys */
#if PG_VERSION_NUM >= 180000
#define RelationGetPrimaryKeyIndexCompat(rel)	RelationGetPrimaryKeyIndex(rel, false)
#else
#define RelationGetPrimaryKeyIndexCompat(rel)	RelationGetPrimaryKeyIndex(rel)
#endif

#endif							/* SLA_COMPAT_H */
