/*-------------------------------------------------------------------------
 *
 * fence.c
 *	  Running code as another role, in isolation from the session.
 *
 * Just switching the role would leave two holes: a deferred trigger queued by an
 * expression would run at commit, as the caller (hence
 * SECURITY_RESTRICTED_OPERATION), and set_config() in an expression would have an
 * effect outside (hence the GUC nest level).
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
 * Role and subtransaction of the innermost fence.  They are not reset after an
 * error; but then that subtransaction is no longer active.
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
 * Set XactReadOnly directly: the parameter transaction_read_only cannot be set in a
 * function.  It is restored at the abort of the transaction or subtransaction, too,
 * and cannot be reset from inside.
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

/* Set a parameter unless it already has that value, which is cheap to check. */
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

	/*
	 * keys are compared as text: fix whatever else affects the output of a
	 * value
	 */
	set_unless(extra_float_digits == 1, "extra_float_digits", "1");
	set_unless(bytea_output == BYTEA_OUTPUT_HEX, "bytea_output", "hex");
	set_unless(!quote_all_identifiers, "quote_all_identifiers", "off");
}

void
fence_settings_of(const char *search_path, const char *time_zone)
{
	set("search_path", search_path);
	set("TimeZone", time_zone);
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
	fence_no_jit();				/* the high cost of a sequential scan, if
								 * there is no index, would trigger JIT */
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
