/*-------------------------------------------------------------------------
 *
 * call_cache.c
 *	  What a function caches in fn_extra between calls.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "call_cache.h"

#include "catalog/pg_type.h"
#include "nodes/primnodes.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* The expression of an argument of the call, or NULL if not known. */
static Node *
argument_node(FmgrInfo *flinfo, int argno)
{
	Node	   *call = flinfo->fn_expr;
	List	   *args = NIL;

	if (call != NULL && IsA(call, FuncExpr))
		args = ((FuncExpr *) call)->args;
	else if (call != NULL && IsA(call, OpExpr))
		args = ((OpExpr *) call)->args;
	return argno < list_length(args) ? list_nth(args, argno) : NULL;
}

/*
 * Is this the memory context of a single execution of a query, by a portal or by
 * SPI?  Such an execution uses the same snapshot from start to end.  The EState
 * that PL/pgSQL keeps for simple expressions has another parent.
 */
static bool
is_query_run(MemoryContext context)
{
	return strcmp(context->name, "ExecutorState") == 0 && context->parent != NULL &&
		(context->parent == PortalContext || strcmp(context->parent->name, "SPI Exec") == 0);
}

/*
 * Make the cache of a call site.  Only a Const counts as constant: a parameter
 * may change between two evaluations of an expression.
 */
CallCache *
call_cache_create(FmgrInfo *flinfo, int argno)
{
	CallCache  *cache = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(CallCache));
	Node	   *arg = argument_node(flinfo, argno);
	Oid		   *argtypes;
	int			nargs;

	(void) get_func_signature(flinfo->fn_oid, &argtypes, &nargs);
	cache->constant = arg != NULL && IsA(arg, Const);
	cache->named = argtypes[argno] == TEXTOID;
	cache->one_snapshot = is_query_run(flinfo->fn_mcxt);
	flinfo->fn_extra = cache;
	return cache;
}
