/*-------------------------------------------------------------------------
 *
 * call_cache.c
 *	  What a function keeps in fn_extra between the rows of a statement.
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

/* An argument of the call as the parser saw it, or NULL. */
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
 * Is this memory that of one run of a query, by a portal or by SPI?  Such a
 * run has one snapshot from its start to its end; and what PL/pgSQL keeps for
 * its simple expressions hangs elsewhere (under the transaction, or beside
 * the queries that SPI runs).
 */
static bool
is_query_run(MemoryContext context)
{
	return strcmp(context->name, "ExecutorState") == 0 && context->parent != NULL &&
		(context->parent == PortalContext || strcmp(context->parent->name, "SPI Exec") == 0);
}

/*
 * Only a Const is taken for constant: a parameter may change between two
 * evaluations of one expression.
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
