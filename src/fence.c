/*-------------------------------------------------------------------------
 *
 * fence.c
 *	  Acting as another role, so that nothing of it leaks either way.
 *
 * Two holes that were met elsewhere say what a fence is made of: with a bare
 * switch of the role a deferred trigger that an expression queues runs at
 * commit as the caller (hence SECURITY_RESTRICTED_OPERATION), and set_config()
 * in an expression goes on outside (hence the nest level of settings).
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "fence.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/bytea.h"
#include "utils/float.h"
#include "utils/guc.h"
#include "utils/syscache.h"

/*
 * Behind which fence the session is.  An error leaves it as it is, but ends the
 * subtransaction (or transaction) that it was entered in.
 */
static volatile Oid innermost;
static volatile SubTransactionId innermost_subid;

static void
enter(Fence *fence, Oid role, int flags)
{
	GetUserIdAndSecContext(&fence->role, &fence->security);
	fence->outer = innermost;
	fence->outer_subid = innermost_subid;
	innermost = role;
	innermost_subid = GetCurrentSubTransactionId();
	SetUserIdAndSecContext(role, fence->security | SECURITY_RESTRICTED_OPERATION | flags);
	fence->guc_level = NewGUCNestLevel();
	fence->read_only = XactReadOnly;
}

void
fence_enter(Fence *fence, Oid role)
{
	enter(fence, role, 0);
}

void
fence_enter_no_rls(Fence *fence, Oid role)
{
	enter(fence, role, SECURITY_NOFORCE_RLS);
}

/*
 * (Not by the setting, which a function may not set for itself.  After an error
 * the end of the transaction or subtransaction restores this, too; inside, nobody
 * can take it back.)
 */
void
fence_enter_read_only(Fence *fence, Oid role)
{
	enter(fence, role, 0);
	XactReadOnly = true;
}

void
fence_leave(const Fence *fence)
{
	XactReadOnly = fence->read_only;
	AtEOXact_GUC(false, fence->guc_level);
	SetUserIdAndSecContext(fence->role, fence->security);
	innermost = fence->outer;
	innermost_subid = fence->outer_subid;
}

Oid
fence_role(void)
{
	Oid			role;
	int			security;

	GetUserIdAndSecContext(&role, &security);
	if (!(security & SECURITY_RESTRICTED_OPERATION))
		return InvalidOid;
	return SubTransactionIsActive(innermost_subid) ? innermost : role;
}

static void
set(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_SUSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/* Mostly it is that already, and to look costs nothing. */
static void
set_unless(bool is_set, const char *name, const char *value)
{
	if (!is_set)
		set(name, value);
}

void
fence_settings(const char *time_zone)
{
	set("search_path", "pg_catalog, pg_temp");
	set("DateStyle", "ISO, YMD");
	set("IntervalStyle", "postgres");
	if (time_zone != NULL)
		set("TimeZone", time_zone);

	/* what else the text of a value depends on: keys are compared as text */
	set_unless(extra_float_digits == 1, "extra_float_digits", "1");
	set_unless(bytea_output == BYTEA_OUTPUT_HEX, "bytea_output", "hex");
	set_unless(!quote_all_identifiers, "quote_all_identifiers", "off");
}

void
fence_no_jit(void)
{
	set("jit", "off");
}

void
fence_by_index(void)
{
	set("enable_seqscan", "off");
	fence_no_jit();				/* where there is no index after all */
}

Oid
fence_extension_owner(void)
{
	Oid			schema = get_namespace_oid("sla", false);
	HeapTuple	tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for schema %u", schema);
	owner = ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner;
	ReleaseSysCache(tuple);
	return owner;
}

Oid
fence_function_owner(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	return owner;
}
